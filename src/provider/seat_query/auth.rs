//! The signature. Source: seat-query, Request Headers; test vector V3 is the document's own sample.
//!
//! `Sign` is the MD5 of key, secret and timestamp in lower-case hex, `Timestamp` is in seconds. Neither path nor body
//! is signed. A reader of the headers can replay them until the vendor calls them expired (status -16), so they are
//! never printed.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::secret::Secret;
use crate::model::text::hex;

/// Signs a call for a moment.
pub fn sign(connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
    // The embedded sandbox needs no key.
    let key = connection.settings.text("apiKey").unwrap_or("sandbox");
    let timestamp = now_ms.div_euclid(1000).to_string();
    call.headers.push(("Sign", signature(key, secret, &timestamp)));
    call.headers.push(("Timestamp", timestamp));
    call.headers.push(("Api-Key", key.to_owned()));
}

fn signature(key: &str, secret: &Secret, timestamp: &str) -> String {
    let mut md5 = Md5::new();
    md5.update(key);
    md5.update(secret.expose());
    md5.update(timestamp);
    hex(&md5.finalize())
}

/// Returns the MD5 of a secret, to compare with that of a seat's password.
pub(super) fn digest(secret: &Secret) -> Zeroizing<[u8; 16]> {
    Zeroizing::new(Md5::digest(secret.expose()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V3, which the document prints.
    #[test]
    fn the_vendors_own_vector_holds() {
        let secret = Secret::new("7bz1lzh9".to_owned());
        assert_eq!(signature("bDqJFiq9", &secret, "1630468800"), "05d7a50893e22a5c4bb3216ae3396c7c");
    }
}
