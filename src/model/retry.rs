//! The retry policy: one table.
//!
//! | failure | read | write |
//! | --- | --- | --- |
//! | never reached the vendor | retry | retry |
//! | certificate not trusted | never | never |
//! | rate limited (429) | retry, after the vendor's delay | retry, after the vendor's delay |
//! | outcome unknown (broken, 5xx) | retry | read back first; retry only if it was not carried out |
//! | no usable response (HTML, cut off) | retry | likewise; for a new queue both only once the vendor is done with it |
//! | timed out | retry | likewise; but a new queue is not requested again: the vendor may still create it |
//! | refused by the vendor | never | never |
//! | sign-in refused | never | never, nor anything else to that system |
//!
//! Retries back off with jitter. The connection's `retry` bounds attempts and total time. It also bounds the handling
//! of an unknown outcome: no call is sent again after that time. A new queue is looked for longer, only to be certain
//! of one whose creation was retried. `Retry-After`, of a 429 or a 5xx, holds for every call to the system: the
//! connection itself waits.

use std::time::Duration;

use crate::model::call::Failure;

/// The bounds of retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most attempts.
    pub attempts: u32,
    /// The longest time for all attempts.
    pub total: Duration,
}

/// Returns the delay before the next attempt; `None` to give up.
///
/// `attempt` counts from 1, `elapsed` since the first one, `chance` is from 0 to 1.
pub fn pause(
    writes: bool,
    failure: &Failure,
    attempt: u32,
    elapsed: Duration,
    bounds: Bounds,
    chance: f64,
) -> Option<Duration> {
    let growing = backoff(attempt, chance);
    let pause = match failure {
        Failure::NotSent(_) => growing,
        Failure::Throttled { after, .. } => after.map_or(growing * 4, |after| after.max(growing)),
        Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_) if !writes => growing,
        Failure::Unknown(_)
        | Failure::Late(_)
        | Failure::Garbled(_)
        | Failure::Untrusted(_)
        | Failure::Refused(_)
        | Failure::SignIn(_)
        | Failure::Shut(_)
        | Failure::Halted => return None,
    };
    (attempt < bounds.attempts && elapsed.saturating_add(pause) <= bounds.total).then_some(pause)
}

/// The longest time in which a vendor processes a call with a lost client or response.
///
/// The connection broke at that moment, so the vendor received the call before it.
pub const ORPHAN: Duration = Duration::from_secs(10);

/// The longest time until a vendor shows a completed call.
pub const LATE: Duration = Duration::from_secs(3);

/// The fewest polls for a resource that may appear in a moment.
const LOOKS: u32 = 3;

/// Returns the number of polls whose delays add up to at least a time.
pub fn poll_count(time: Duration) -> u32 {
    let (mut looks, mut waited) = (0, Duration::ZERO);
    while looks < LOOKS || waited < time {
        looks += 1;
        waited += poll_delay(looks, 0.0);
    }
    looks
}

/// Returns the delay before a poll, the first being 1.
///
/// It is 0.25 s, 0.5 s, 1 s, … up to 4 s, each longer by up to a quarter.
pub fn poll_delay(look: u32, chance: f64) -> Duration {
    let base = Duration::from_millis(250) * 2u32.pow(look.saturating_sub(1).min(4));
    base.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 4.0)
}

/// Returns the back-off of an attempt: 0.25 s, 0.5 s, 1 s, … up to 30 s, each ±50 %.
pub fn backoff(attempt: u32, chance: f64) -> Duration {
    let base = Duration::from_millis(250) * 2u32.saturating_pow(attempt.saturating_sub(1).min(7));
    base.min(Duration::from_secs(30)).mul_f64(0.5 + chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::language::Localized;

    const BOUNDS: Bounds = Bounds { attempts: 6, total: Duration::from_mins(2) };

    fn again(writes: bool, failure: &Failure) -> bool {
        pause(writes, failure, 1, Duration::ZERO, BOUNDS, 0.5).is_some()
    }

    #[test]
    fn a_write_of_unknown_outcome_is_never_blindly_repeated() {
        let unknown = Failure::Unknown(Localized::default());
        assert!(again(false, &unknown));
        assert!(!again(true, &unknown));
        assert!(again(true, &Failure::NotSent(Localized::default())));
        assert!(!again(false, &Failure::Refused(Localized::default())));
        assert!(!again(false, &Failure::Untrusted(Localized::default())));
        assert!(!again(false, &Failure::SignIn(Localized::default())));
    }

    #[test]
    fn the_vendors_own_pause_is_obeyed_and_bounded() {
        let throttled =
            Failure::Throttled { after: Some(Duration::from_mins(1)), message: Localized::default() };
        assert_eq!(pause(true, &throttled, 1, Duration::ZERO, BOUNDS, 0.5), Some(Duration::from_mins(1)));
        assert_eq!(pause(true, &throttled, 1, Duration::from_secs(90), BOUNDS, 0.5), None);
        assert_eq!(pause(true, &throttled, 6, Duration::ZERO, BOUNDS, 0.5), None);
        let forever = Failure::Throttled { after: Some(Duration::MAX), message: Localized::default() };
        assert_eq!(pause(true, &forever, 1, Duration::from_secs(1), BOUNDS, 0.5), None);
    }
}
