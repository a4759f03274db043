//! Stores of secrets behind one trait. A manifest can only name a store and a key; what may be read is
//! what the workspace declares.

mod dir;
mod env;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::manifest::workspace::key_objection;
use crate::model::secret::{Secret, SecretRef};
use crate::model::workspace::{Store, Workspace};

/// Why a secret cannot be had. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The store has no such key.
    #[error("store `{store}` has no key `{key}`: {hint}")]
    Missing {
        /// The store.
        store: Arc<str>,
        /// The key.
        key: Arc<str>,
        /// What would make it be there.
        hint: String,
    },
    /// The store cannot be read, or may not have such a key.
    #[error("store `{store}`: {why}")]
    Store {
        /// The store.
        store: Arc<str>,
        /// Why.
        why: String,
    },
}

/// A store of secrets.
pub trait SecretStore: Send + Sync {
    /// Reads a key; `None` when the store has none.
    ///
    /// # Errors
    /// Why the store cannot be read, without any secret.
    fn get(&self, key: &str) -> Result<Option<Secret>, String>;

    /// What would make a missing key be there, for people.
    fn hint(&self, key: &str) -> String;
}

/// A declared store, and its reader where this version has one.
type Opened = (Store, Option<Box<dyn SecretStore>>);

/// The stores of a workspace.
pub struct Secrets {
    stores: BTreeMap<Arc<str>, Opened>,
}

impl Secrets {
    /// Opens the stores that a workspace declares; nothing is read yet.
    pub fn of(workspace: &Workspace, folder: &Path) -> Self {
        let stores = workspace.stores.iter().map(|(name, store)| {
            let open: Option<Box<dyn SecretStore>> = match store.kind {
                "env" => Some(Box::new(env::Env::new(store.settings.text("prefix").unwrap_or_default()))),
                "dir" => {
                    let path = folder.join(store.settings.text("path").unwrap_or_default());
                    Some(Box::new(dir::Dir::new(path)))
                }
                _ => None,
            };
            (Arc::clone(name), (store.clone(), open))
        });
        Self { stores: stores.collect() }
    }

    /// Reads a secret.
    ///
    /// # Errors
    /// The store is not declared, may not have such a key, cannot be read, or has none.
    pub fn get(&self, secret: &SecretRef) -> Result<Secret, SecretError> {
        let refuse = |why: String| SecretError::Store { store: Arc::clone(&secret.store), why };
        let Some((store, open)) = self.stores.get(&secret.store) else {
            return Err(refuse("it is not declared in rosterctl.yaml".to_owned()));
        };
        if let Some(objection) = key_objection(store, &secret.key) {
            return Err(refuse(format!("key `{}`: {objection}", secret.key)));
        }
        let Some(open) = open else {
            return Err(refuse(format!(
                "this version of rosterctl does not read stores of type {}; use env or dir",
                store.kind
            )));
        };
        match open.get(&secret.key) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(SecretError::Missing {
                store: Arc::clone(&secret.store),
                key: Arc::clone(&secret.key),
                hint: open.hint(&secret.key),
            }),
            Err(why) => Err(refuse(why)),
        }
    }
}
