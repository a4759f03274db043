//! The signature `auth-v2`, and the bearer token that some sites use instead.
//!
//! Source: vendor-facts §3, "C2 authentication"; test vectors V4 to V8.
//!
//! ```text
//! prefix    = auth-v2/ACCESSKEY/TIME/HEADERS              HEADERS: lower case, sorted, joined by `;`
//! key       = hex(HMAC-SHA256(secret key, prefix))        the second round is keyed with this text
//! signature = hex(HMAC-SHA256(key, METHOD ⏎ path ⏎ [query ⏎] HEADERS ⏎ name:value ⏎ … ⏎ body))
//! header    = prefix/signature
//! ```
//! Names, values and the body are percent-encoded, the path is not. Sites differ in the headers to sign, in
//! milliseconds, and in an empty line in place of a query. The connection sets each of them; the connector never
//! guesses.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::config::workspace::{Connection, Settings};
use crate::model::call::Call;
use crate::model::secret::Secret;
use crate::model::text::hex;

/// Headers that can be signed; `host` always is.
pub const SIGNABLE: &[&str] = &["content-length", "content-type", "host"];

/// A site's variant of the signature.
struct Variant {
    headers: Vec<&'static str>,
    millis: bool,
    empty_query_line: bool,
}

/// The parts of a request that are signed.
struct Signable<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a [(&'static str, String)],
    content_type: &'a str,
    body: &'a [u8],
}

/// Returns true if the connection has a token instead of a key.
pub(super) fn is_bearer(auth: &Settings) -> bool {
    auth.text("scheme") == Some("bearer")
}

/// Signs a call for a moment.
pub fn sign(connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
    let empty = Settings::default();
    let auth = connection.settings.group("auth").unwrap_or(&empty);
    if is_bearer(auth) {
        call.headers.push(("Authorization", format!("Bearer {}", secret.expose())));
        return;
    }
    let wanted = auth.texts("signedHeaders");
    let variant = Variant {
        headers: SIGNABLE
            .iter()
            .copied()
            .filter(|name| *name == "host" || wanted.iter().any(|w| w.eq_ignore_ascii_case(name)))
            .collect(),
        millis: auth.flag("timestampMillis"),
        empty_query_line: auth.flag("emptyQueryLine"),
    };
    // The embedded sandbox needs no key.
    let key = auth.text("accessKey").unwrap_or("sandbox");
    let (host, prefix) = place(connection);
    let path = format!("{prefix}{}", call.path);
    let signable = Signable {
        method: "POST",
        host: &host,
        path: &path,
        query: &call.query,
        content_type: call.header("content-type").unwrap_or_default(),
        body: &call.body,
    };
    let authorization = authorization(&signable, &variant, key, secret, now_ms);
    call.headers.push(("Authorization", authorization));
}

/// Returns the `Host` header, and the path before each call's own.
fn place(connection: &Connection) -> (String, String) {
    let Some(url) = connection.base_url().and_then(|base| url::Url::parse(base).ok()) else {
        return ("sandbox".to_owned(), String::new());
    };
    let host = url.host_str().unwrap_or_default();
    // A default port is not sent; the parser has dropped it already.
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    (host, url.path().trim_end_matches('/').to_owned())
}

fn authorization(
    signable: &Signable<'_>,
    variant: &Variant,
    access_key: &str,
    secret: &Secret,
    now_ms: i64,
) -> String {
    let headers = variant.headers.join(";");
    let prefix = format!("auth-v2/{access_key}/{}/{headers}", timestamp(now_ms, variant.millis));
    let key = Zeroizing::new(mac(secret.expose().as_bytes(), prefix.as_bytes()));
    let signature = mac(key.as_bytes(), canonical(signable, variant, &headers).as_bytes());
    format!("{prefix}/{signature}")
}

fn canonical(signable: &Signable<'_>, variant: &Variant, headers: &str) -> String {
    let mut text = format!("{}\n{}\n", signable.method, signable.path);
    let mut query: Vec<String> =
        signable.query.iter().map(|(k, v)| format!("{}={}", enc(k.as_bytes()), enc(v.as_bytes()))).collect();
    query.sort_unstable();
    if !query.is_empty() || variant.empty_query_line {
        let _ = writeln!(text, "{}", query.join("&"));
    }
    let _ = writeln!(text, "{headers}");
    for name in &variant.headers {
        let value = match *name {
            "content-length" => signable.body.len().to_string(),
            "content-type" => signable.content_type.trim().to_owned(),
            _ => signable.host.to_owned(),
        };
        let _ = writeln!(text, "{}:{}", enc(name.as_bytes()), enc(value.as_bytes()));
    }
    text + &enc(signable.body)
}

/// Formats a moment in UTC, to the second or to the millisecond.
fn timestamp(now_ms: i64, millis: bool) -> String {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    now.strftime(if millis { "%Y-%m-%dT%H:%M:%S.%3fZ" } else { "%Y-%m-%dT%H:%M:%SZ" }).to_string()
}

/// Returns HMAC-SHA256 in lower-case hex.
fn mac(key: &[u8], data: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(data);
    hex(&mac.finalize().into_bytes())
}

/// Percent-encodes all but letters, digits and `-._~`.
fn enc(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moment 2024-08-02T00:00:00Z.
    const THEN: i64 = 1_722_556_800_000;
    const BODY: &[u8] = br#"{"queryParam":{"ccId":1,"vdn":1,"agentId":101}}"#;

    fn post() -> Signable<'static> {
        Signable {
            method: "POST",
            host: "10.22.26.181:28080",
            path: "/rest/cmsapp/v1/openapi/agent/agentbyworkno",
            query: &[],
            content_type: "application/json;charset=UTF-8",
            body: BODY,
        }
    }

    fn signed(signable: &Signable<'_>, headers: &[&'static str], millis: bool, line: bool) -> String {
        let variant = Variant { headers: headers.to_vec(), millis, empty_query_line: line };
        let secret = Secret::new("example-secret-key".to_owned());
        let all = authorization(signable, &variant, "globalaktest", &secret, THEN);
        all.rsplit('/').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn v4_signs_the_host_alone() {
        let variant = Variant { headers: vec!["host"], millis: false, empty_query_line: false };
        let secret = Secret::new("example-secret-key".to_owned());
        assert_eq!(
            canonical(&post(), &variant, "host"),
            "POST\n/rest/cmsapp/v1/openapi/agent/agentbyworkno\nhost\nhost:10.22.26.181%3A28080\n\
             %7B%22queryParam%22%3A%7B%22ccId%22%3A1%2C%22vdn%22%3A1%2C%22agentId%22%3A101%7D%7D"
        );
        assert_eq!(
            authorization(&post(), &variant, "globalaktest", &secret, THEN),
            "auth-v2/globalaktest/2024-08-02T00:00:00Z/host/\
             91f751c1d7912a133dc284e73aa3cf02c7e6b5a107caae83d2f597f9e6be5e53"
        );
    }

    #[test]
    fn v5_to_v8_hold() {
        assert_eq!(
            signed(&post(), SIGNABLE, false, false),
            "603ff41fd8b5f68b0f7c0981dbe1fe50c3e639e3d639dbd69320977b9cdb9d2b"
        );
        let query = [("b", "座席 1".to_owned()), ("a", String::new())];
        let get = Signable { method: "GET", path: "/x/y", query: &query, body: &[], ..post() };
        assert_eq!(
            signed(&get, &["host"], false, false),
            "603e9af94f3e000e4ecb1f066f58167de62bbc489d7a8d4d007e91ba0eb63345"
        );
        assert_eq!(
            signed(&post(), SIGNABLE, true, false),
            "965fdcd9cabec134742464e07872403883c2f081ba0a279dfc690aa0e48cdf72"
        );
        assert_eq!(
            signed(&post(), SIGNABLE, true, true),
            "b445263eee664ea86e0a341480b8f754d0698d9b342b873fbab90965915e6cb0"
        );
    }
}
