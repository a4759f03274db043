//! What is tried again, when, and what never is: one table.
//!
//! | failure | a reading call | a call that changes something |
//! | --- | --- | --- |
//! | never reached the vendor | again | again |
//! | certificate not trusted | never | never |
//! | asked to slow down (429) | again, when the vendor says | again, when the vendor says |
//! | outcome unknown (broken, 5xx) | again | read back first; again only if it was not carried out |
//! | no usable answer (HTML, cut off) | again | likewise; for a new queue both only once the vendor is done with it |
//! | no answer in time | again | likewise; but a new queue is not asked for again: the vendor may still make it |
//! | refused by the vendor | never | never |
//! | sign-in refused | never | never, nor anything else to that system |
//!
//! Pauses grow and are jittered; attempts and total time are bounded by the connection's `retry`, and so is all that is
//! done about an unknown outcome: nothing is sent again after that time, and a new queue is looked for longer only to
//! be certain of one that was asked for again. `Retry-After`, of a 429 as of a 5xx, holds for every call to the
//! system: the connection itself waits for it.

use std::time::Duration;

use crate::model::call::Failure;

/// Bounds of trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most attempts.
    pub attempts: u32,
    /// Longest time for all of them.
    pub total: Duration,
}

/// How long to wait before the next attempt; `None` to give up.
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

/// How long a vendor may take over a call whose client died or whose answer was lost on the way. The connection
/// broke with it: whatever reached the vendor did so before.
pub const ORPHAN: Duration = Duration::from_secs(10);

/// How long a vendor may take to show what it has done.
pub const LATE: Duration = Duration::from_secs(3);

/// Looks that are taken at the least for what may be there in a moment.
const LOOKS: u32 = 3;

/// How often something is looked for so that the pauses before the looks are not less than a time together.
pub fn poll_count(time: Duration) -> u32 {
    let (mut looks, mut waited) = (0, Duration::ZERO);
    while looks < LOOKS || waited < time {
        looks += 1;
        waited += poll_delay(looks, 0.0);
    }
    looks
}

/// How long to wait before one more look, the first being 1: 0.25 s, 0.5 s, 1 s, … up to 4 s, or up to a quarter
/// more.
pub fn poll_delay(look: u32, chance: f64) -> Duration {
    let base = Duration::from_millis(250) * 2u32.pow(look.saturating_sub(1).min(4));
    base.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 4.0)
}

/// 0.25 s, 0.5 s, 1 s, … up to 30 s, each by half more or less.
pub fn backoff(attempt: u32, chance: f64) -> Duration {
    let base = Duration::from_millis(250) * 2u32.saturating_pow(attempt.saturating_sub(1).min(7));
    base.min(Duration::from_secs(30)).mul_f64(0.5 + chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { attempts: 6, total: Duration::from_mins(2) };

    fn again(writes: bool, failure: &Failure) -> bool {
        pause(writes, failure, 1, Duration::ZERO, BOUNDS, 0.5).is_some()
    }

    #[test]
    fn a_write_of_unknown_outcome_is_never_blindly_repeated() {
        let unknown = Failure::Unknown(String::new());
        assert!(again(false, &unknown));
        assert!(!again(true, &unknown));
        assert!(again(true, &Failure::NotSent(String::new())));
        assert!(!again(false, &Failure::Refused(String::new())));
        assert!(!again(false, &Failure::Untrusted(String::new())));
        assert!(!again(false, &Failure::SignIn(String::new())));
    }

    #[test]
    fn the_vendors_own_pause_is_obeyed_and_bounded() {
        let throttled = Failure::Throttled { after: Some(Duration::from_mins(1)), message: String::new() };
        assert_eq!(pause(true, &throttled, 1, Duration::ZERO, BOUNDS, 0.5), Some(Duration::from_mins(1)));
        assert_eq!(pause(true, &throttled, 1, Duration::from_secs(90), BOUNDS, 0.5), None);
        assert_eq!(pause(true, &throttled, 6, Duration::ZERO, BOUNDS, 0.5), None);
        let forever = Failure::Throttled { after: Some(Duration::MAX), message: String::new() };
        assert_eq!(pause(true, &forever, 1, Duration::from_secs(1), BOUNDS, 0.5), None);
    }
}
