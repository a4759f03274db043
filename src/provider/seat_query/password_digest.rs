//! The MD5 of a seat's password, which the vendor returns unasked on every row.
//!
//! An attacker could guess the password from it, so it can only be compared. It has no `Debug`, `Display`,
//! `Serialize` or `Clone`, and is wiped when dropped. It is kept beside live state rather than in it, so that no
//! snapshot can hold it.

use zeroize::Zeroizing;

use super::auth::digest;
use crate::model::secret::Secret;
use crate::provider::PasswordDigest;

/// The MD5 of a password that cannot be shown.
pub struct PasswordMd5(Zeroizing<[u8; 16]>);

impl PasswordMd5 {
    /// Parses 32 hex digits; `None` for any other text.
    pub(super) fn parse(hex: &str) -> Option<Self> {
        if hex.len() != 32 || !hex.is_ascii() {
            return None;
        }
        let mut bytes = Zeroizing::new([0; 16]);
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        hex.bytes().all(|b| b.is_ascii_hexdigit()).then_some(Self(bytes))
    }
}

impl PasswordDigest for PasswordMd5 {
    /// Returns true if it is this secret's digest. The comparison takes constant time.
    fn is_of(&self, secret: &Secret) -> bool {
        let digest = digest(secret);
        self.0.iter().zip(digest.iter()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_compared_and_nothing_else() {
        let secret = |text: &str| Secret::new(text.to_owned());
        for hex in ["5ebe2294ecd0e0f08eab7690d2a6ee69", "5EBE2294ECD0E0F08EAB7690D2A6EE69"] {
            let md5 = PasswordMd5::parse(hex);
            assert!(md5.as_ref().is_some_and(|md5| md5.is_of(&secret("secret"))));
            assert!(!md5.is_some_and(|md5| md5.is_of(&secret("Secret"))));
        }
        for bad in ["", "5ebe2294", "zebe2294ecd0e0f08eab7690d2a6ee69", "+ebe2294ecd0e0f08eab7690d2a6ee69"] {
            assert!(PasswordMd5::parse(bad).is_none(), "{bad}");
        }
    }
}
