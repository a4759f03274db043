//! Stores of secrets behind one trait. A manifest can only name a store and a key; what may be read is
//! what the workspace declares.
//!
//! Each key is read once a run and only when something needs it; many reads run side by side. What was
//! read stays in memory until the run ends, and is wiped then.

mod age;
mod dir;
mod env;
mod exec;
mod generate;
mod sops;
mod tree;
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use tokio::sync::{Mutex, OnceCell};

use crate::manifest::workspace::key_objection;
use crate::model::secret::{Secret, SecretRef};
use crate::model::workspace::{Settings, Store, Workspace};

/// How many reads run side by side.
const SIDE_BY_SIDE: usize = 16;

/// How deep stores may need the secrets of other stores.
const DEEPEST: usize = 4;

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
trait SecretStore: Send + Sync {
    /// Reads a key; `None` when the store has none. `own` reads the store's own secret.
    fn get<'a>(&'a self, key: &'a str, own: Own<'a>) -> BoxFuture<'a, Result<Option<Secret>, String>>;

    /// Writes a key; stores that are read only keep this.
    fn put<'a>(&'a self, key: &'a str, value: &'a Secret, own: Own<'a>) -> BoxFuture<'a, Result<(), String>> {
        let _ = (key, value, own);
        Box::pin(async { Err("it cannot be written".to_owned()) })
    }

    /// What would make a missing key be there, for people.
    fn hint(&self, key: &str) -> String;
}

/// The way to the secret that a store itself needs (a token, an identity).
#[derive(Clone, Copy)]
struct Own<'a> {
    secrets: &'a Secrets,
    depth: usize,
}

impl Own<'_> {
    async fn get(&self, secret: &SecretRef) -> Result<Arc<Secret>, String> {
        if self.depth >= DEEPEST {
            return Err("stores need each other's secrets in a circle".to_owned());
        }
        self.secrets.read(secret, self.depth + 1).await.map_err(|error| error.to_string())
    }

    /// The secret under a setting, where it is set.
    async fn setting(&self, settings: &Settings, key: &str) -> Result<Option<Arc<Secret>>, String> {
        match settings.secret(key) {
            Some(secret) => self.get(secret).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Name of a store and a key.
type Name = (Arc<str>, Arc<str>);

/// A key that is being read, or was.
type Read = Arc<OnceCell<Result<Option<Arc<Secret>>, String>>>;

/// A key that was made in this run.
type Made = Arc<OnceCell<Arc<Secret>>>;

/// The stores of a workspace.
pub struct Secrets {
    stores: BTreeMap<Arc<str>, (Store, Box<dyn SecretStore>)>,
    read: Mutex<BTreeMap<Name, Read>>,
    made: Mutex<BTreeMap<Name, Made>>,
}

impl Secrets {
    /// Opens the stores that a workspace declares; nothing is read yet.
    pub fn of(workspace: &Workspace, folder: &Path) -> Self {
        let stores = workspace.stores.iter().map(|(name, store)| {
            let settings = store.settings.clone();
            let path = folder.join(settings.text("path").unwrap_or_default());
            let open: Box<dyn SecretStore> = match store.kind {
                "env" => Box::new(env::Env::new(settings.text("prefix").unwrap_or_default())),
                "dir" => Box::new(dir::Dir::new(path)),
                "vault" => Box::new(vault::Vault::new(settings, folder)),
                "sops" => Box::new(sops::Sops::new(settings, path)),
                "age" => Box::new(age::Age::new(settings, path)),
                _ => Box::new(exec::Exec::new(&settings, folder)),
            };
            (Arc::clone(name), (store.clone(), open))
        });
        Self { stores: stores.collect(), read: Mutex::default(), made: Mutex::default() }
    }

    /// Reads a secret.
    ///
    /// # Errors
    /// The store is not declared, may not have such a key, cannot be read, or has none.
    pub async fn get(&self, secret: &SecretRef) -> Result<Arc<Secret>, SecretError> {
        self.read(secret, 0).await
    }

    /// Reads a secret that may not be there yet; `None` when the store has none.
    ///
    /// # Errors
    /// As [`Secrets::get`], but for a missing key.
    pub async fn find(&self, secret: &SecretRef) -> Result<Option<Arc<Secret>>, SecretError> {
        match self.get(secret).await {
            Ok(value) => Ok(Some(value)),
            Err(SecretError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads many secrets side by side.
    pub async fn get_all(
        &self,
        wanted: BTreeSet<SecretRef>,
    ) -> BTreeMap<SecretRef, Result<Arc<Secret>, SecretError>> {
        stream::iter(wanted)
            .map(|secret| async move {
                let value = self.get(&secret).await;
                (secret, value)
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await
    }

    /// Writes a secret.
    ///
    /// # Errors
    /// The store is not declared, may not have such a key, or cannot be written.
    pub async fn put(&self, secret: &SecretRef, value: Secret) -> Result<Arc<Secret>, SecretError> {
        let (about, store) = self.store(secret)?;
        let own = Own { secrets: self, depth: 0 };
        store.put(&secret.key, &value, own).await.map_err(|why| refuse(secret, why))?;
        let value = Arc::new(value);
        let cell = OnceCell::new_with(Some(Ok(Some(Arc::clone(&value)))));
        self.read.lock().await.insert(name(about, secret), Arc::new(cell));
        Ok(value)
    }

    /// Makes a strong password and writes it; without `renew` only where the store has none.
    ///
    /// A key is made once a run: two agents may name it, each in its own words, and a second password
    /// would overwrite the first, which an agent may live with already.
    ///
    /// # Errors
    /// As [`Secrets::get`] and [`Secrets::put`], or the operating system gives no random bytes.
    pub async fn make(&self, secret: &SecretRef, renew: bool) -> Result<Arc<Secret>, SecretError> {
        let (about, _) = self.store(secret)?;
        let cell = Arc::clone(self.made.lock().await.entry(name(about, secret)).or_default());
        let make = || async {
            if !renew && let Some(value) = self.find(secret).await? {
                return Ok(value);
            }
            let value = generate::password().map_err(|why| refuse(secret, why))?;
            self.put(secret, value).await
        };
        cell.get_or_try_init(make).await.map(Arc::clone)
    }

    fn store(&self, secret: &SecretRef) -> Result<(&Store, &dyn SecretStore), SecretError> {
        let Some((store, open)) = self.stores.get(&secret.store) else {
            return Err(refuse(secret, "it is not declared in rosterctl.yaml".to_owned()));
        };
        match key_objection(store, &secret.key) {
            Some(objection) => Err(refuse(secret, format!("key `{}`: {objection}", secret.key))),
            None => Ok((store, &**open)),
        }
    }

    /// Boxed, since a store may need the secret of another.
    fn read<'a>(
        &'a self,
        secret: &'a SecretRef,
        depth: usize,
    ) -> BoxFuture<'a, Result<Arc<Secret>, SecretError>> {
        Box::pin(async move {
            let (about, store) = self.store(secret)?;
            let cell = Arc::clone(self.read.lock().await.entry(name(about, secret)).or_default());
            let read = || async {
                let value = store.get(&secret.key, Own { secrets: self, depth }).await;
                value.map(|value| value.map(Arc::new))
            };
            match cell.get_or_init(read).await {
                Ok(Some(value)) => Ok(Arc::clone(value)),
                Ok(None) => Err(SecretError::Missing {
                    store: Arc::clone(&secret.store),
                    key: Arc::clone(&secret.key),
                    hint: store.hint(&secret.key),
                }),
                Err(why) => Err(refuse(secret, why.clone())),
            }
        })
    }
}

/// One name for one secret, however its key is written.
fn name(store: &Store, secret: &SecretRef) -> Name {
    let key = match secret.key.strip_suffix("#value").filter(|_| store.kind == "vault") {
        Some(key) => Arc::from(key),
        None => Arc::clone(&secret.key),
    };
    (Arc::clone(&secret.store), key)
}

fn refuse(secret: &SecretRef, why: String) -> SecretError {
    SecretError::Store { store: Arc::clone(&secret.store), why }
}

/// A value without one trailing line break; empty is missing.
fn trimmed(mut value: String) -> Option<Secret> {
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    (!value.is_empty()).then(|| Secret::new(value))
}
