//! Check of signatures and rates. Source: vendor-facts §1, "Authentication".

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::model::call::Call;
use crate::sandbox::variants::UtcOffset;

/// The lifetime of a signature in milliseconds: five minutes.
const VALID_MS: i64 = 5 * 60 * 1000;

/// The reason why a request's sign-in is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Intruder {
    /// Its form departs from the vendor's page; the client is at fault.
    Malformed(&'static str),
    /// Its form is right, but it is wrong or too old.
    Refused(&'static str),
}

/// Checks `Authorization` and `sig` of a call to an account.
///
/// `accounts` maps accounts to their secrets. If it is empty, any account and any well-formed signature pass.
pub(super) fn check(
    call: &Call,
    account: &str,
    accounts: &BTreeMap<String, String>,
    now: i64,
    offset: UtcOffset,
) -> Result<(), Intruder> {
    use Intruder::{Malformed, Refused};
    let header = call.header("authorization").ok_or(Malformed("no Authorization"))?;
    let text = STANDARD.decode(header).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or(Malformed("Authorization is not Base64 of text"))?;
    let (named, stamp) = text.split_once(':').ok_or(Malformed("Authorization has no colon"))?;
    let then = moment(stamp, offset).ok_or(Malformed("the timestamp is not yyyyMMddHHmmss"))?;
    let sig = call.query("sig").ok_or(Malformed("no sig"))?;
    if sig.len() != 32 || !sig.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')) {
        return Err(Malformed("sig is not 32 upper-case hex characters"));
    }
    if named != account {
        return Err(Refused("account of Authorization and path differ"));
    }
    if (now - then).abs() > VALID_MS {
        return Err(Refused("timestamp expired"));
    }
    if !accounts.is_empty() {
        let secret = accounts.get(account).ok_or(Refused("unknown account"))?;
        if sign(account, secret, stamp) != sig {
            return Err(Refused("sig error"));
        }
    }
    Ok(())
}

/// Returns the upper-case MD5 of account, secret and timestamp.
fn sign(account: &str, secret: &str, stamp: &str) -> String {
    let digest = Md5::digest(format!("{account}{secret}{stamp}").as_bytes());
    digest.iter().fold(String::with_capacity(32), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
        }
        hex
    })
}

/// Parses `yyyyMMddHHmmss` of a time zone as Unix milliseconds.
fn moment(stamp: &str, offset: UtcOffset) -> Option<i64> {
    if stamp.len() != 14 || !stamp.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| stamp[from..to].parse::<i8>().ok();
    let year = stamp[..4].parse::<i16>().ok()?;
    let civil =
        DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    Some(zone(offset).to_timestamp(civil).ok()?.as_millisecond())
}

/// Formats a moment as `yyyy-MM-dd HH:mm:ss` of a time zone, the form of `updateTime`.
pub(super) fn print(now: i64, offset: UtcOffset) -> String {
    let moment = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    zone(offset).to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn zone(offset: UtcOffset) -> Offset {
    Offset::from_seconds(offset.minutes * 60).unwrap_or(Offset::UTC)
}

/// The limits of calls, for each operation and account. Source: webchat-queue, "请求频次".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RateLimit {
    /// The calls of addQueue, updateQueueAssignMembers and queueQueue in a window.
    pub calls: usize,
    /// The calls of queueQueueAgentClaimStatus in a window.
    pub claim_calls: usize,
    /// The length of the sliding window in milliseconds.
    pub per_ms: i64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { calls: 20, claim_calls: 100, per_ms: 60_000 }
    }
}

/// The times of calls, for each operation and account. Refused ones do not count.
#[derive(Clone, Default)]
pub(super) struct Log(BTreeMap<(&'static str, String), VecDeque<i64>>);

impl Log {
    /// Admits a call, or returns the seconds until the next one is admitted.
    pub(super) fn admit(
        &mut self,
        operation: &'static str,
        account: &str,
        now: i64,
        most: usize,
        per_ms: i64,
    ) -> Result<(), u64> {
        let calls = self.0.entry((operation, account.to_owned())).or_default();
        while calls.front().is_some_and(|then| *then <= now - per_ms) {
            calls.pop_front();
        }
        if calls.len() < most {
            calls.push_back(now);
            return Ok(());
        }
        let wait = calls.front().map_or(per_ms, |then| then + per_ms - now);
        Err(u64::try_from(wait.max(1)).unwrap_or(1).div_ceil(1000))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::model::call::Method;

    const CHINA: UtcOffset = UtcOffset { minutes: 480 };

    fn call(authorization: &str, sig: &str) -> Call {
        Call {
            operation: "",
            method: Method::Post,
            path: String::new(),
            query: vec![("sig", sig.into())],
            headers: vec![("Authorization", authorization.into())],
            body: Vec::new(),
        }
    }

    /// The vectors V1 and V2, which the vendor prints.
    #[test]
    fn the_vendors_vectors_are_let_in() {
        let account = "N00000000556";
        let stamp = "20161013113612";
        assert_eq!(sign(account, "secret", stamp), "88996D9907E0EE52C5DAF8EFFCC31CFC");
        let accounts = BTreeMap::from([(account.to_owned(), "secret".to_owned())]);
        let now = "2016-10-13T11:36:12+08:00".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let good = call("TjAwMDAwMDAwNTU2OjIwMTYxMDEzMTEzNjEy", "88996D9907E0EE52C5DAF8EFFCC31CFC");
        let at = |now, offset| check(&good, account, &accounts, now, offset);
        assert_eq!(at(now, CHINA), Ok(()));
        assert_eq!(at(now + VALID_MS, CHINA), Ok(()));
        assert_eq!(at(now + VALID_MS + 1, CHINA), Err(Intruder::Refused("timestamp expired")));
        assert_eq!(at(now - VALID_MS - 1, CHINA), Err(Intruder::Refused("timestamp expired")));
        // A signature of another time zone is eight hours off.
        assert!(at(now, UtcOffset { minutes: 0 }).is_err());
        assert!(at(now + 8 * 3_600_000, UtcOffset { minutes: 0 }).is_ok());
        // Another account, an unknown one, a wrong secret.
        assert!(check(&good, "N1", &accounts, now, CHINA).is_err());
        let other = BTreeMap::from([("N1".to_owned(), "secret".to_owned())]);
        assert_eq!(check(&good, account, &other, now, CHINA), Err(Intruder::Refused("unknown account")));
        let other = BTreeMap::from([(account.to_owned(), "another".to_owned())]);
        assert_eq!(check(&good, account, &other, now, CHINA), Err(Intruder::Refused("sig error")));
        assert_eq!(check(&good, account, &BTreeMap::new(), now, CHINA), Ok(()));
    }

    #[test]
    fn malformed_credentials_are_told_apart() {
        let check = |authorization: &str, sig: &str| {
            check(&call(authorization, sig), "N1", &BTreeMap::new(), 0, CHINA).unwrap_err()
        };
        let sig = "88996D9907E0EE52C5DAF8EFFCC31CFC";
        let good = STANDARD.encode("N1:19700101080000");
        for (authorization, sig) in [
            ("%", sig),
            (&*STANDARD.encode("N1"), sig),
            (&*STANDARD.encode("N1:19701301080000"), sig),
            (&*STANDARD.encode("N1:1970010108000"), sig),
            (&*good, "88996d9907e0ee52c5daf8effcc31cfc"),
            (&*good, ""),
        ] {
            assert!(matches!(check(authorization, sig), Intruder::Malformed(_)), "{authorization} {sig}");
        }
    }

    #[test]
    fn the_window_slides() {
        let mut log = Log::default();
        let mut at = |now| log.admit("addQueue", "N1", now, 2, 60_000);
        assert_eq!((at(0), at(30_000), at(30_000)), (Ok(()), Ok(()), Err(30)));
        assert_eq!(at(59_001), Err(1));
        assert_eq!((at(60_000), at(60_000)), (Ok(()), Err(30)));
        assert_eq!(log.admit("addQueue", "N2", 60_000, 2, 60_000), Ok(()));
        assert_eq!(log.admit("queueQueue", "N1", 60_000, 2, 60_000), Ok(()));
    }

    #[test]
    fn moments_are_printed_in_the_vendors_time_zone() {
        assert_eq!(print(0, CHINA), "1970-01-01 08:00:00");
    }
}
