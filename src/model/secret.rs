//! Secrets: a printable name, and a value that is never shown.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::objection::ValueObjection;
use super::text::{hex, is_hidden};

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
    /// Returns store and key: they identify one secret, whatever its users' other settings.
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
    /// Wraps a value.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Returns the value itself. Only signing, sending to a vendor and writing a store may call this.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns a fingerprint that tells whether the value changed, and nothing else.
    ///
    /// It is an HMAC-SHA-256 under a key, in hex. `of` is the secret's owner, so that two agents with one password
    /// have different fingerprints.
    pub fn fingerprint(&self, key: &Secret, of: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
            .unwrap_or_else(|_| unreachable!("an HMAC takes keys of any length"));
        mac.update(of.as_bytes());
        mac.update(&[0]);
        mac.update(self.expose().as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Returns the length in characters.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }

    /// Returns the reason why the value is not a valid password; `None` if it is.
    pub fn password_objection(&self) -> Option<ValueObjection> {
        // Source: agent-config §2.1.1, `password`. The vendor counts characters.
        if let Some(why) = self.line_objection() {
            Some(why)
        } else if self.0.chars().any(is_hidden) {
            Some(ValueObjection::Hidden)
        } else if !(6..=32).contains(&self.chars()) {
            Some(ValueObjection::Length)
        } else {
            None
        }
    }

    /// Returns the reason why the value cannot be a signing key; `None` if it can.
    pub fn line_objection(&self) -> Option<ValueObjection> {
        if self.0.ends_with(['\n', '\r']) {
            Some(ValueObjection::LineEnd)
        } else if self.0.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
            Some(ValueObjection::LineBreak)
        } else if self.0.chars().any(char::is_control) {
            Some(ValueObjection::Control)
        } else if self.0.starts_with('\u{feff}') {
            Some(ValueObjection::ByteOrderMark)
        } else if self.0.is_empty() {
            Some(ValueObjection::Empty)
        } else {
            None
        }
    }

    /// Returns the reason why the value cannot be a token in a header; `None` if it can.
    pub fn token_objection(&self) -> Option<ValueObjection> {
        if let Some(why) = self.line_objection() {
            Some(why)
        } else if self.0.trim() != self.0.as_str() {
            Some(ValueObjection::Blank)
        } else if !self.0.is_ascii() {
            Some(ValueObjection::NotAscii)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_typed_or_signed_with_are_refused() {
        let secret = |text: &str| Secret::new(text.to_owned());
        for sound in ["123456", " pass word ", "密码密码密码", &"密".repeat(32)] {
            assert_eq!(secret(sound).password_objection(), None, "{sound:?}");
        }
        for wrong in [
            "password\n",
            "password\r\n",
            "pass\nword",
            "pass\tword",
            "pass\u{2028}word",
            "pass\u{85}word",
            "pass\u{200b}word",
            "pass\u{a0}word",
            "pass\u{2800}word",
            "\u{feff}password",
            "12345",
            "密码密码密",
            &"密".repeat(33),
            "",
        ] {
            assert!(secret(wrong).password_objection().is_some(), "{wrong:?}");
        }
        assert_eq!(secret(" key 密 ").line_objection(), None);
        for wrong in ["key\n", "k\ney", "k\u{0}ey", "\u{feff}key", ""] {
            assert!(secret(wrong).line_objection().is_some(), "{wrong:?}");
        }
        assert_eq!(secret("tok en").token_objection(), None);
        for wrong in ["token\r\n", " token", "token ", "tok\u{7f}en", "密"] {
            assert!(secret(wrong).token_objection().is_some(), "{wrong:?}");
        }
    }

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
