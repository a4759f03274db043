//! Time and chance: the only places that they come from.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 UTC.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A number from 0 to 1, for the jitter of pauses.
pub fn chance() -> f64 {
    fastrand::f64()
}

/// Now, as a UTC timestamp to the second.
pub fn timestamp() -> String {
    utc(now_ms())
}

/// A moment, as a UTC timestamp to the second.
pub fn utc(ms: i64) -> String {
    let now = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text that is not made twice.
pub fn nonce() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    // The keys of the hash are drawn from the operating system.
    let draw = |salt: u64| RandomState::new().hash_one((salt, now_ms(), std::process::id()));
    format!("{:016x}{:016x}", draw(1), draw(2))
}
