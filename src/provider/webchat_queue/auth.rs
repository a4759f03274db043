//! The signature. Source: the vendor's 接口鉴权 page; test vectors V1 and V2 are the vendor's own.
//!
//! `sig` is the upper-case MD5 of account, secret and timestamp; `Authorization` is the Base64 of account, colon and
//! timestamp. Both carry the same timestamp, which is valid for five minutes and stands in the vendor's time zone,
//! not the host's. Neither path nor body is signed. A reader of `sig` can replay it, so it is never printed.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::Offset;
use md5::{Digest, Md5};

use super::requests::account;
use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::secret::Secret;

/// The offset of the vendor's clock in minutes east of Greenwich.
const BEIJING: i64 = 8 * 60;

/// Signs a call for a moment.
pub fn sign(connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
    let account = account(connection);
    let timestamp = timestamp(now_ms, offset(connection));
    call.query.push(("sig", signature(account, secret, &timestamp)));
    call.headers.push(("Authorization", STANDARD.encode(format!("{account}:{timestamp}"))));
}

/// Returns the offset of the vendor's clock in minutes east of Greenwich.
pub(super) fn offset(connection: &Connection) -> i64 {
    connection.settings.number("utcOffset").unwrap_or(BEIJING)
}

fn signature(account: &str, secret: &Secret, timestamp: &str) -> String {
    let mut md5 = Md5::new();
    md5.update(account);
    md5.update(secret.expose());
    md5.update(timestamp);
    let mut hex = String::with_capacity(32);
    for byte in md5.finalize() {
        let _ = write!(hex, "{byte:02X}");
    }
    hex
}

/// Formats a moment as `yyyyMMddHHmmss` at an offset in minutes.
fn timestamp(now_ms: i64, offset_minutes: i64) -> String {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let seconds = i32::try_from(offset_minutes * 60).unwrap_or_default();
    let offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
    offset.to_datetime(now).strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_own_vectors_hold() {
        let secret = Secret::new("secret".to_owned());
        assert_eq!(signature("N00000000556", &secret, "20161013113612"), "88996D9907E0EE52C5DAF8EFFCC31CFC");
        assert_eq!(STANDARD.encode("N00000000556:20161013113612"), "TjAwMDAwMDAwNTU2OjIwMTYxMDEzMTEzNjEy");
    }

    #[test]
    fn the_timestamp_is_the_vendors_time_not_the_hosts() {
        // 2016-10-13T03:36:12Z
        assert_eq!(timestamp(1_476_329_772_000, 480), "20161013113612");
        assert_eq!(timestamp(1_476_329_772_000, 0), "20161013033612");
    }
}
