//! Faults on the way to a simulator and back, by seed.
//!
//! In: a seed, a probability for each fault, and the paths of the requests in order. Out: one fault, or none, a
//! request. The same seed and the same requests give the same faults, so that a failing run replays. The server
//! carries them out.

use serde::{Deserialize, Serialize};

use super::random::Random;

/// A schedule of faults.
///
/// One value is drawn a request, and the probabilities share it: their sum is at most 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Faults {
    /// The seed of the schedule.
    pub seed: u64,
    /// The response is late.
    pub delay_ms: Delay,
    /// The connection breaks before the request is carried out.
    pub drop_before: f64,
    /// The connection breaks after the request was carried out.
    pub drop_after: f64,
    /// HTTP 429; not carried out.
    pub too_many: f64,
    /// HTTP 500; carried out half of the time.
    pub server_error: f64,
    /// Carried out, and half of the body arrives.
    pub truncate: f64,
    /// A gateway's page with HTTP 200; carried out half of the time.
    pub html: f64,
    /// The operations to disturb (`create/v2`, `addQueue`); all if empty.
    pub only: Vec<String>,
    /// The number of requests before the first fault; only those that `only` selects count.
    pub after: u64,
    /// The position in the schedule. Not stored: it is at the start when a server starts.
    #[serde(skip)]
    pub progress: Progress,
}

/// A late response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Delay {
    /// The probability, 0 to 1.
    pub probability: f64,
    /// The shortest delay in milliseconds; not above the longest.
    pub min: u32,
    /// The longest delay in milliseconds.
    pub max: u32,
}

/// A position in a schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    seen: u64,
    random: Option<Random>,
}

/// The fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    None,
    /// Answer after a delay in milliseconds.
    Delay(u32),
    /// Close the connection and do not carry the request out.
    DropBefore,
    /// Carry the request out and close the connection.
    DropAfter,
    /// Answer HTTP 429.
    TooMany,
    /// Answer HTTP 500.
    ServerError {
        /// True if the request is carried out first.
        carried_out: bool,
    },
    /// Carry the request out, promise the whole body, send half of it.
    Truncate,
    /// Answer an HTML page with HTTP 200.
    Html {
        /// True if the request is carried out first.
        carried_out: bool,
    },
}

impl Faults {
    /// Returns the error in the schedule, if any.
    pub fn problem(&self) -> Option<String> {
        let all = self.probabilities();
        if all.iter().any(|p| !(0.0..=1.0).contains(p)) {
            return Some("a probability of `faults` is not between 0 and 1".into());
        }
        // Tolerates rounding: ten tenths are a little more than one.
        (all.iter().sum::<f64>() > 1.000_001)
            .then(|| "the probabilities of `faults` are more than 1 together".into())
    }

    /// Draws the fault of the next request.
    pub fn decide(&mut self, path: &str) -> Fault {
        let [delay, before, after, too_many, server_error, truncate, html] = self.probabilities();
        if !self.only.is_empty() && !self.only.iter().any(|operation| names(path, operation)) {
            return Fault::None;
        }
        self.progress.seen += 1;
        if self.progress.seen <= self.after {
            return Fault::None;
        }
        let seed = self.seed;
        let random = self.progress.random.get_or_insert_with(|| Random::new(seed));
        // Always three draws, so that one changed probability does not shift all later faults.
        let (mut roll, length, coin) = (random.fraction(), random.draw(), random.draw() & 1 == 0);
        let mut falls_into = |probability: f64| {
            let hit = roll < probability;
            roll -= probability;
            hit
        };
        if falls_into(delay) {
            let Delay { min, max, .. } = self.delay_ms;
            let length = u64::from(min) + length % (u64::from(max.saturating_sub(min)) + 1);
            Fault::Delay(u32::try_from(length).unwrap_or(max))
        } else if falls_into(before) {
            Fault::DropBefore
        } else if falls_into(after) {
            Fault::DropAfter
        } else if falls_into(too_many) {
            Fault::TooMany
        } else if falls_into(server_error) {
            Fault::ServerError { carried_out: coin }
        } else if falls_into(truncate) {
            Fault::Truncate
        } else if falls_into(html) {
            Fault::Html { carried_out: coin }
        } else {
            Fault::None
        }
    }

    fn probabilities(&self) -> [f64; 7] {
        [
            self.delay_ms.probability,
            self.drop_before,
            self.drop_after,
            self.too_many,
            self.server_error,
            self.truncate,
            self.html,
        ]
    }
}

/// Returns true if a path is an operation's: whole segments, with or without an account after them.
fn names(path: &str, operation: &str) -> bool {
    format!("{path}/").contains(&format!("/{operation}/"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn run(faults: &Faults, paths: &[&str]) -> Vec<Fault> {
        let mut faults = faults.clone();
        paths.iter().map(|path| faults.decide(path)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let faults = Faults { seed: 3, drop_after: 0.3, too_many: 0.3, html: 0.2, ..Faults::default() };
        let paths = ["/a"; 50];
        assert_eq!(run(&faults, &paths), run(&faults, &paths));
        assert_ne!(run(&faults, &paths), run(&Faults { seed: 4, ..faults.clone() }, &paths));
        for fault in [Fault::DropAfter, Fault::TooMany, Fault::None] {
            assert!(run(&faults, &paths).contains(&fault), "{fault:?}");
        }
        assert!(!run(&faults, &paths).contains(&Fault::DropBefore));
    }

    #[test]
    fn only_and_after_select_requests() {
        let faults =
            Faults { drop_before: 1.0, only: vec!["agent/create/v2".into()], after: 1, ..Faults::default() };
        let create = "/api/v1/config/openapi/agent/create/v2";
        let page = "/api/v1/config/openapi/agent/page";
        let none = Fault::None;
        assert_eq!(
            run(&faults, &[page, create, page, create, create]),
            [none, none, none, Fault::DropBefore, Fault::DropBefore]
        );
        let faults = Faults { html: 1.0, only: vec!["addQueue".into()], ..Faults::default() };
        assert_eq!(run(&faults, &["/v20210827/webChat/queueQueue/N1"]), [none]);
        assert_ne!(run(&faults, &["/v20210827/webChat/addQueue/N1"]), [none]);
    }

    #[test]
    fn a_delay_stays_within_its_bound() {
        let faults = |min| {
            let delay_ms = Delay { probability: 1.0, min, max: 5 };
            run(&Faults { delay_ms, ..Faults::default() }, &["/a"; 100])
        };
        let short = |fault: &Fault| matches!(fault, Fault::Delay(0..3));
        assert!(faults(0).iter().all(|fault| matches!(fault, Fault::Delay(0..=5))));
        assert!(faults(0).iter().any(short) && !faults(3).iter().any(short));
        assert!(faults(5).iter().all(|fault| *fault == Fault::Delay(5)));
    }

    #[test]
    fn impossible_probabilities_are_told() {
        assert_eq!(Faults::default().problem(), None);
        assert!(Faults { html: 1.5, ..Faults::default() }.problem().is_some());
        assert!(Faults { html: -0.1, ..Faults::default() }.problem().is_some());
        assert!(Faults { html: f64::NAN, ..Faults::default() }.problem().is_some());
        assert!(Faults { html: 0.6, truncate: 0.6, ..Faults::default() }.problem().is_some());
    }
}
