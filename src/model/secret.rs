//! Secrets: a name that may be shown, and a value that cannot be.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::text::hex;

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

impl SecretRef {
    /// Store and key: one secret, whatever else its users say of it.
    pub fn name(&self) -> (Arc<str>, Arc<str>) {
        (Arc::clone(&self.store), Arc::clone(&self.key))
    }
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

    /// Returns a fingerprint that tells whether the value is still the same, and nothing else: an
    /// HMAC-SHA-256 under a key, in hex. `of` is whose secret it is, so that two agents with one
    /// password cannot be told by it.
    pub fn fingerprint(&self, key: &Secret, of: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
            .unwrap_or_else(|_| unreachable!("an HMAC takes keys of any length"));
        mac.update(of.as_bytes());
        mac.update(&[0]);
        mac.update(self.expose().as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Length in characters, for the vendor's bounds.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_key_owner_and_value() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let print = secret("pass").fingerprint(&secret("key"), "8001");
        // printf '8001\0pass' | openssl dgst -sha256 -hmac key
        assert_eq!(print, "8b6ccdde74f0e46276c62a1c74c6a3eab0a634b6ccb976946177b1ac61464cea");
        assert_ne!(print, secret("pass").fingerprint(&secret("key"), "8002"));
        assert_ne!(print, secret("pass").fingerprint(&secret("yek"), "8001"));
        assert_ne!(print, secret("past").fingerprint(&secret("key"), "8001"));
    }
}
