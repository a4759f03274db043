//! Interface of a secret store: errors, reads, writes, and the secrets that a store itself needs.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::config::secret_key::FORMER;
use crate::config::workspace::Settings;
use crate::model::call::Reason;
use crate::model::language::{Localized, localized};
use crate::model::secret::{Secret, SecretRef};

/// Longest chain of stores that need each other's secrets.
const DEEPEST: usize = 4;

/// Reason for which a secret is not available. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// The store has no such key.
    Missing {
        /// The store.
        store: Arc<str>,
        /// The key.
        key: Arc<str>,
        /// The remedy.
        hint: Localized,
    },
    /// The store cannot be read, or may not hold such a key.
    Store {
        /// The store.
        store: Arc<str>,
        /// The reason.
        why: String,
    },
    /// The store does not respond, gives no usable response, or refuses the sign-in.
    Unreachable {
        /// The store.
        store: Arc<str>,
        /// Kind of failure.
        reason: Reason,
        /// The reason.
        why: String,
    },
}

impl SecretError {
    /// Returns the reason. The words of a store's program or server are in no language of ours.
    pub fn words(&self) -> Localized {
        match self {
            Self::Missing { store, key, hint } => localized!(
                hint;
                "store `{store}` has no key `{key}`: {hint}",
                "密钥库 `{store}` 里没有 `{key}`：{hint}",
                "密鑰庫 `{store}` 裡沒有 `{key}`：{hint}"
            ),
            Self::Store { store, why } => localized!(
                "store `{store}`: {why}",
                "密钥库 `{store}` 不能这样用（{why}）",
                "密鑰庫 `{store}` 不能這樣用（{why}）"
            ),
            Self::Unreachable { store, reason, why } => {
                let cn = reason.choose("登录被拒", "连不上", "响应没法用");
                let tw = reason.choose("登入被拒", "連不上", "回應沒法用");
                localized!(
                    "store `{store}`: {why}",
                    "密钥库 `{store}` {cn}（{why}）",
                    "密鑰庫 `{store}` {tw}（{why}）"
                )
            }
        }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().fmt(f)
    }
}

impl std::error::Error for SecretError {}

/// Reason for which a store returns or accepts no value. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The store's declaration is wrong, or its content is no secret.
    Refused(String),
    /// The store does not respond, gives no usable response, or refuses the sign-in.
    Unreachable(Reason, String),
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

impl Wrong {
    /// Adds the name of the store.
    pub(super) fn for_secret(self, secret: &SecretRef) -> SecretError {
        let store = Arc::clone(&secret.store);
        match self {
            Self::Refused(why) => SecretError::Store { store, why },
            Self::Unreachable(reason, why) => SecretError::Unreachable { store, reason, why },
        }
    }
}

/// Result of the search for a key.
#[derive(Debug)]
pub(super) enum Found<S = Secret> {
    /// Its value.
    Value(S),
    /// The store has no such key; with the remedy.
    Missing(Localized),
}

/// Treatment of an existing value by a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// An existing value stays.
    Create,
    /// The new value replaces the existing one, which stays beside it until [`SecretStore::settle`]. A rotation that
    /// is not settled yet continues: its value stays.
    Rotate,
}

impl Write {
    /// Returns true if the existing value stays. `former` is the value beside it.
    pub(super) fn leaves(self, now: &Secret, former: Option<&Secret>) -> bool {
        self == Self::Create || former.is_some_and(|former| former.expose() != now.expose())
    }
}

/// A store of secrets.
pub(super) trait SecretStore: Send + Sync {
    /// Reads a key. `own` reads the store's own secret.
    fn get<'a>(&'a self, key: &'a str, own: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>>;

    /// Writes a key. Returns the value that stays there instead, if one does. Read-only stores keep this default.
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

    /// Removes the former value once the vendor has accepted `sent`. If the key holds another value, returns that and
    /// changes nothing.
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

/// Returns the name, beside a key, of its former value.
pub(super) fn former(key: &str) -> String {
    format!("{key}{FORMER}")
}

/// Reader of the secrets that stores need themselves.
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

/// Access to a secret that a store itself needs (a token, an identity).
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

    /// Returns the secret under a setting, if it is set.
    pub(super) async fn setting(&self, settings: &Settings, key: &str) -> Result<Option<Arc<Secret>>, Wrong> {
        match settings.secret(key) {
            Some(secret) => self.get(secret).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Returns a value without one trailing line break; empty is missing.
pub(super) fn trimmed(mut value: String) -> Option<Secret> {
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    (!value.is_empty()).then(|| Secret::new(value))
}
