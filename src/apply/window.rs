//! The rate limit of an operation as a window: never more calls in any window than allowed, and no slower
//! than that.
//!
//! A window is exact, not a bucket. The vendor sees a call some time between its sending and its answer, so
//! that a call counts until a whole window after its answer came. One whose client died is never answered:
//! the vendor may have seen it as late as a call can take, and it counts until a window after that.

use crate::model::spec::Rate;

/// The calls of an operation that still count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    calls: Vec<Sent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    /// When it was answered; when its place was taken while it is not.
    at_ms: i64,
    answered: bool,
}

impl Window {
    /// Reads what [`Window::text`] wrote; what cannot be read does not count.
    pub fn read(text: &str) -> Self {
        let line = |line: &str| match line.strip_suffix('?') {
            Some(at) => Some(Sent { at_ms: at.parse().ok()?, answered: false }),
            None => Some(Sent { at_ms: line.parse().ok()?, answered: true }),
        };
        Self { calls: text.lines().filter_map(line).collect() }
    }

    /// One line a call: its time in milliseconds, and `?` where no answer came yet.
    pub fn text(&self) -> String {
        let line = |sent: &Sent| format!("{}{}\n", sent.at_ms, if sent.answered { "" } else { "?" });
        self.calls.iter().map(line).collect()
    }

    /// How many calls still count at a moment. `longest_ms` is how long a call can take.
    pub fn used(&self, rate: Rate, longest_ms: i64, now_ms: i64) -> usize {
        let mut copy = self.clone();
        // Whoever enters drops what no longer counts.
        let _ = copy.enter(Rate { calls: usize::MAX, ..rate }, longest_ms, now_ms);
        copy.calls.len().saturating_sub(1)
    }

    /// Takes a place at a moment. `longest_ms` is how long a call can take.
    ///
    /// # Errors
    /// How many milliseconds to wait before asking again.
    pub fn enter(&mut self, rate: Rate, longest_ms: i64, now_ms: i64) -> Result<(), i64> {
        let per = i64::try_from(rate.per.as_millis()).unwrap_or(i64::MAX / 4);
        // When a call stops to count; one that is not answered counts a window more, at least.
        let until = |sent: &Sent| {
            let seen_by = if sent.answered { sent.at_ms } else { now_ms.min(sent.at_ms + longest_ms) };
            seen_by + per
        };
        for sent in &mut self.calls {
            // A clock that was set back leaves times in the future: they count as now.
            sent.at_ms = sent.at_ms.min(now_ms);
        }
        self.calls.retain(|sent| until(sent) > now_ms);
        if self.calls.len() < rate.calls {
            self.calls.push(Sent { at_ms: now_ms, answered: false });
            return Ok(());
        }
        let mut ends: Vec<i64> = self.calls.iter().map(until).collect();
        ends.sort_unstable();
        Err((ends[ends.len() - rate.calls] - now_ms).max(1))
    }

    /// Moves a place that was taken at a moment to now, for a call that leaves only now; `false` when it is gone:
    /// it was kept for longer than a call can take.
    pub fn renew(&mut self, taken_ms: i64, now_ms: i64) -> bool {
        let mine = self.calls.iter_mut().find(|sent| !sent.answered && sent.at_ms == taken_ms);
        mine.map(|sent| sent.at_ms = now_ms).is_some()
    }

    /// Gives back the place that was taken at a moment: no call left.
    pub fn cancel(&mut self, taken_ms: i64) {
        if let Some(at) = self.calls.iter().position(|sent| !sent.answered && sent.at_ms == taken_ms) {
            self.calls.remove(at);
        }
    }

    /// Says that the call whose place was taken at a moment was answered: from now on its window runs.
    pub fn leave(&mut self, taken_ms: i64, now_ms: i64) {
        let mine = |sent: &&mut Sent| !sent.answered && sent.at_ms == taken_ms;
        match self.calls.iter_mut().find(mine) {
            Some(sent) => *sent = Sent { at_ms: now_ms, answered: true },
            // It took longer than a call can take.
            None => self.calls.push(Sent { at_ms: now_ms, answered: true }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: Rate = Rate { calls: 2, per: Duration::from_millis(100) };

    #[test]
    fn a_call_counts_until_a_window_after_its_answer() {
        let mut window = Window::default();
        assert_eq!(window.enter(RATE, 30, 0), Ok(()));
        assert_eq!(window.enter(RATE, 30, 5), Ok(()));
        window.leave(0, 20);
        window.leave(5, 25);
        assert_eq!(window.enter(RATE, 30, 50), Err(70));
        assert_eq!(window.enter(RATE, 30, 119), Err(1));
        assert_eq!(window.enter(RATE, 30, 120), Ok(()));
        assert_eq!(window.enter(RATE, 30, 120), Err(5));
    }

    #[test]
    fn a_call_that_nobody_waits_for_counts_as_late_as_it_may_have_come() {
        let mut window = Window::default();
        assert_eq!(window.enter(RATE, 30, 0), Ok(()));
        assert_eq!(window.enter(RATE, 30, 0), Ok(()));
        window.leave(0, 10);
        let mut window = Window::read(&window.text());
        assert_eq!(window.enter(RATE, 30, 110), Ok(()));
        assert_eq!(window.enter(RATE, 30, 110), Err(20));
        assert_eq!(window.enter(RATE, 30, 130), Ok(()));
    }

    #[test]
    fn a_place_is_kept_for_a_call_that_waits_and_given_back_when_none_leaves() {
        let mut window = Window::default();
        assert_eq!(window.enter(RATE, 30, 0), Ok(()));
        assert_eq!(window.enter(RATE, 30, 0), Ok(()));
        assert!(window.renew(0, 120));
        // The other one counts no more; that one as if its place were taken just now.
        assert_eq!(window.enter(RATE, 30, 140), Ok(()));
        assert_eq!(window.enter(RATE, 30, 140), Err(100));
        window.cancel(140);
        assert_eq!(window.enter(RATE, 30, 141), Ok(()));
        assert!(window.renew(120, 150) && !window.renew(120, 150));
        let _ = window.enter(RATE, 30, 290);
        assert!(!window.renew(150, 290), "it was kept for too long");
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing_for_longer_than_a_window() {
        let mut window = Window::read("900\n900\n");
        assert_eq!(window.enter(RATE, 30, 100), Err(100));
        assert_eq!(window.enter(RATE, 30, 200), Ok(()));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut window = Window::read("12\n34?\nno number\n");
        assert_eq!(window.text(), "12\n34?\n");
        window.leave(34, 40);
        window.leave(33, 41);
        assert_eq!(window.text(), "12\n40\n41\n");
    }
}
