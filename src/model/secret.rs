//! Secrets: a name that may be shown, and a value that cannot be.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The name of a secret: a store of the workspace and a key in it. Printable.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// Name of the store, as the workspace declares it.
    pub store: Arc<str>,
    /// Key in that store.
    pub key: Arc<str>,
    /// Make a strong value when the store has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generate: bool,
    /// A change of this number asks for a rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.store, self.key)
    }
}

/// The value of a secret, wiped when dropped.
///
/// It has no `Debug`, `Display`, `Serialize` or `Clone`, so that no message, log line, plan or
/// panic can hold one.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value over.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Returns the value itself. Only signing, telling a vendor and writing a store may call this.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in characters, for the vendor's bounds.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }
}
