//! Interface of a secret store: errors, reads, writes, and the secrets that a store itself needs.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::config::secret_key::FORMER;
use crate::config::workspace::Settings;
use crate::model::call::Reason;
use crate::model::secret::{Secret, SecretRef};

/// Most stores that lead to one another.
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
    /// The store does not answer, gives no usable answer, or refuses the sign-in.
    #[error("store `{store}`: {why}")]
    Unreachable {
        /// The store.
        store: Arc<str>,
        /// What kept it from being told.
        reason: Reason,
        /// Why.
        why: String,
    },
}

/// The reason for which a store gives or takes no value. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The store is declared wrongly, or its content is no secret.
    Refused(String),
    /// The store does not answer, gives no usable answer, or refuses the sign-in.
    Unreachable(Reason, String),
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

impl Wrong {
    /// Names the store.
    pub(super) fn for_secret(self, secret: &SecretRef) -> SecretError {
        let store = Arc::clone(&secret.store);
        match self {
            Self::Refused(why) => SecretError::Store { store, why },
            Self::Unreachable(reason, why) => SecretError::Unreachable { store, reason, why },
        }
    }
}

/// The result of looking for a key.
#[derive(Debug)]
pub(super) enum Found<S = Secret> {
    /// Its value.
    Value(S),
    /// The store has no such key; and what would make it be there, for people.
    Missing(String),
}

/// Whether a write replaces a value that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// No: a value that is there stays.
    Create,
    /// Yes, and the former value stays beside it until [`SecretStore::settle`]. A rotation that is not settled
    /// yet is gone on with: the value that is there stays.
    Rotate,
}

impl Write {
    /// Whether the value that is there stays. `former` is what stands beside it.
    pub(super) fn leaves(self, now: &Secret, former: Option<&Secret>) -> bool {
        self == Self::Create || former.is_some_and(|former| former.expose() != now.expose())
    }
}

/// A store of secrets.
pub(super) trait SecretStore: Send + Sync {
    /// Reads a key. `own` reads the store's own secret.
    fn get<'a>(&'a self, key: &'a str, own: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>>;

    /// Writes a key. Returns the value that stays there instead, where one does. Stores that are read only keep
    /// this.
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a Secret,
        write: Write,
        own: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        let _ = (key, value, write, own);
        Box::pin(async { Err(Wrong::Refused("it cannot be written".to_owned())) })
    }

    /// Ends a rotation once the vendor has accepted `sent`: the former value goes. Returns the value that the
    /// key holds, and changes nothing, where that is another one.
    fn settle<'a>(
        &'a self,
        key: &'a str,
        sent: &'a Secret,
        own: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        let _ = (key, sent, own);
        Box::pin(async { Ok(None) })
    }
}

/// The name beside a key under which its former value is kept.
pub(super) fn former(key: &str) -> String {
    format!("{key}{FORMER}")
}

/// Reader of the secrets that stores themselves need.
pub(super) trait SecretReader: Send + Sync {
    /// Reads a secret that `depth` stores led to.
    ///
    /// # Errors
    /// As `Secrets::get`.
    fn read<'a>(
        &'a self,
        secret: &'a SecretRef,
        depth: usize,
    ) -> BoxFuture<'a, Result<Arc<Secret>, SecretError>>;
}

/// The way to the secret that a store itself needs (a token, an identity).
#[derive(Clone, Copy)]
pub(super) struct SecretResolver<'a> {
    secrets: &'a dyn SecretReader,
    depth: usize,
}

impl<'a> SecretResolver<'a> {
    /// Returns the resolver of a store that `depth` other stores led to.
    pub(super) fn new(secrets: &'a dyn SecretReader, depth: usize) -> Self {
        Self { secrets, depth }
    }

    pub(super) async fn get(&self, secret: &SecretRef) -> Result<Arc<Secret>, Wrong> {
        if self.depth >= DEEPEST {
            return Err(Wrong::Refused("stores need each other's secrets in a circle".to_owned()));
        }
        self.secrets.read(secret, self.depth + 1).await.map_err(|error| match error {
            SecretError::Unreachable { reason, .. } => Wrong::Unreachable(reason, error.to_string()),
            SecretError::Missing { .. } | SecretError::Store { .. } => Wrong::Refused(error.to_string()),
        })
    }

    /// The secret under a setting, where it is set.
    pub(super) async fn setting(&self, settings: &Settings, key: &str) -> Result<Option<Arc<Secret>>, Wrong> {
        match settings.secret(key) {
            Some(secret) => self.get(secret).await.map(Some),
            None => Ok(None),
        }
    }
}

/// A value without one trailing line break; empty is missing.
pub(super) fn trimmed(mut value: String) -> Option<Secret> {
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    (!value.is_empty()).then(|| Secret::new(value))
}
