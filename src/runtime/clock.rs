//! The only sources of time and chance.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::LocalBoxFuture;
use rustix::time::{ClockId, clock_gettime};

/// Source of time, pauses and chance of a run. A simulation has its own.
pub trait Clock {
    /// Returns the milliseconds since 1970 UTC.
    fn now_ms(&self) -> i64;

    /// Returns the time since a fixed moment. No step of the wall clock moves it.
    fn elapsed(&self) -> Duration;

    /// Waits for a time.
    fn sleep(&self, pause: Duration) -> LocalBoxFuture<'static, ()>;

    /// Returns a number from 0 to 1, for the jitter of pauses.
    fn chance(&self) -> f64;

    /// Returns a number that is practically unique.
    fn unique(&self) -> u64;
}

/// Clock of this host.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }

    fn elapsed(&self) -> Duration {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        ORIGIN.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, pause: Duration) -> LocalBoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(pause))
    }

    fn chance(&self) -> f64 {
        chance()
    }

    fn unique(&self) -> u64 {
        unique()
    }
}

/// Returns the milliseconds since 1970 UTC.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Clock that counts a host's sleep and that no step of the wall clock moves.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SINCE_START: ClockId = ClockId::Boottime;
/// On macOS the monotonic clock counts sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SINCE_START: ClockId = ClockId::Monotonic;

/// Returns the milliseconds since this host started, including its sleep.
pub fn since_start_ms() -> i64 {
    let now = clock_gettime(SINCE_START);
    now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
}

/// Returns an identifier of the start that [`since_start_ms`] counts from; `None` if unknown.
pub fn start() -> Option<&'static str> {
    static START: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        // A container may have its own clock.
        let clock = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
        let start = format!("{} {}", boot.trim(), clock.display());
        (!boot.trim().is_empty()).then(|| start.trim().to_owned())
    };
    START.get_or_init(read).as_deref()
}

/// Returns a random number that is practically unique.
///
/// # Panics
/// The operating system gives no random bytes.
pub fn unique() -> u64 {
    getrandom::u64().unwrap_or_else(|error| panic!("no random bytes: {error}"))
}

/// Returns a number from 0 to 1, for the jitter of pauses.
pub fn chance() -> f64 {
    fastrand::f64()
}

/// Returns the current time as a UTC timestamp in seconds.
pub fn timestamp() -> String {
    utc(now_ms())
}

/// Returns a time as a UTC timestamp in seconds.
pub fn utc(ms: i64) -> String {
    let now = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns a text that is practically unique.
pub fn nonce() -> String {
    format!("{:016x}{:016x}", unique(), unique())
}
