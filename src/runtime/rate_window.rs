//! Rate limit of an operation as a window: never more calls than allowed, and no slower.
//!
//! A window is exact, not a bucket. The vendor sees a call at some time between the request and the response, so a
//! call counts for a whole window after its response. A call whose client died has no response. The vendor may have
//! seen it as late as its time limit, and it counts for a window after that.
//!
//! Times are milliseconds since the host's start, which no step of the wall clock moves. Unreadable content may be
//! any number of calls, so the window is full for as long as the last of them could count.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::config::settings::Rate;
use crate::model::text::hex;

/// Format of a stored window.
const FORMAT: &str = "rosterctl.rate/v1";

/// Calls of an operation that still count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    calls: Vec<Sent>,
    /// Time at which missing calls were found.
    full_ms: Option<i64>,
    /// Digests of other stored windows whose calls this one contains.
    absorbed: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    /// Identity of the call.
    id: u64,
    /// Time of the response; until then, the time at which the call took its place.
    at_ms: i64,
    answered: bool,
}

impl Window {
    /// Parses the text of [`Window::text`] at a time after a host's start.
    ///
    /// Calls of another host, or of an earlier start, have no known age and count from now on. Damage leaves the
    /// window full from now on.
    pub fn read(bytes: &[u8], start: &str, now_ms: i64) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
        let told = head.strip_prefix(FORMAT).and_then(|rest| rest.strip_prefix(' ')?.split_once(' '));
        let sound = told.is_some_and(|(sum, _)| sum == checksum(told.map_or("", |(_, start)| start), body));
        let same = told.is_some_and(|(_, written)| written == start);
        let mut window = Self { full_ms: (!sound).then_some(now_ms), ..Self::default() };
        for line in body.lines() {
            if let Some(digest) = line.strip_prefix("absorbed ").filter(|_| sound) {
                window.absorbed.push(digest.to_owned());
                continue;
            }
            match line.split_once(' ').map(|(at, what)| (at.parse::<i64>(), what)) {
                Some((Ok(at_ms), "full")) => {
                    let at_ms = if same { at_ms } else { now_ms };
                    window.full_ms = window.full_ms.max(Some(at_ms));
                }
                Some((Ok(at_ms), what)) => {
                    let (id, answered) = what.strip_suffix('?').map_or((what, true), |id| (id, false));
                    let Ok(id) = u64::from_str_radix(id, 16) else { continue };
                    window.calls.push(Sent { id, at_ms: if same { at_ms } else { now_ms }, answered });
                }
                Some((Err(_), _)) | None => {}
            }
        }
        window
    }

    /// Returns the stored form. The first line holds the format, the checksum and the host's start. Then each call
    /// has a line with its time, its identity, and `?` without a response.
    pub fn text(&self, start: &str) -> String {
        let mut body = String::new();
        for Sent { id, at_ms, answered } in &self.calls {
            // A write to a string cannot fail.
            let _ = writeln!(body, "{at_ms} {id:016x}{}", if *answered { "" } else { "?" });
        }
        if let Some(at_ms) = self.full_ms {
            let _ = writeln!(body, "{at_ms} full");
        }
        for digest in &self.absorbed {
            let _ = writeln!(body, "absorbed {digest}");
        }
        format!("{FORMAT} {} {start}\n{body}", checksum(start, &body))
    }

    /// Joins the windows stored in several places, and the unstored one.
    ///
    /// A place that is no longer writable keeps its old window. The new window notes the digest of that one, so its
    /// calls count once.
    pub fn join(unstored: Self, places: &[Vec<u8>], start: &str, now_ms: i64) -> Self {
        let read: Vec<(String, Self)> =
            places.iter().map(|bytes| (digest(bytes), Self::read(bytes, start, now_ms))).collect();
        let mut joined = unstored;
        let mut absorbed = std::mem::take(&mut joined.absorbed);
        absorbed.extend(read.iter().flat_map(|(_, window)| window.absorbed.iter().cloned()));
        for (digest, window) in read {
            if !absorbed.contains(&digest) {
                joined.add(window);
            }
            joined.absorbed.push(digest);
        }
        joined
    }

    /// Adds the calls of another window that are missing here.
    fn add(&mut self, other: Self) {
        let new = other.calls.into_iter().filter(|sent| self.calls.iter().all(|known| known.id != sent.id));
        let new: Vec<Sent> = new.collect();
        self.calls.extend(new);
        self.full_ms = self.full_ms.max(other.full_ms);
    }

    /// Returns the number of calls that count at a time. `longest_ms` is the time limit of a call.
    pub fn used(&self, rate: Rate, longest_ms: i64, now_ms: i64) -> usize {
        let mut copy = self.clone();
        copy.forget(rate, longest_ms, now_ms);
        if copy.full_ms.is_some() { rate.calls.max(copy.calls.len()) } else { copy.calls.len() }
    }

    /// Drops the calls that no longer count. Returns the ends of the others, soonest first.
    fn forget(&mut self, rate: Rate, longest_ms: i64, now_ms: i64) -> Vec<i64> {
        let per = i64::try_from(rate.per.as_millis()).unwrap_or(i64::MAX / 4);
        // End of a call's count; without a response it counts for at least one more window.
        let until = |sent: &Sent| {
            let seen_by = if sent.answered { sent.at_ms } else { now_ms.min(sent.at_ms + longest_ms) };
            seen_by + per
        };
        for sent in &mut self.calls {
            // A time in the future comes from another start of the host, and counts as now.
            sent.at_ms = sent.at_ms.min(now_ms);
        }
        self.calls.retain(|sent| until(sent) > now_ms);
        self.full_ms = self.full_ms.map(|at| at.min(now_ms)).filter(|at| at + per > now_ms);
        let mut ends: Vec<i64> = self.calls.iter().map(until).collect();
        ends.sort_unstable();
        ends
    }

    /// Takes a place for a call at a time. `longest_ms` is the time limit of a call.
    ///
    /// # Errors
    /// The milliseconds to wait before the next attempt.
    pub fn enter(&mut self, id: u64, rate: Rate, longest_ms: i64, now_ms: i64) -> Result<(), i64> {
        let ends = self.forget(rate, longest_ms, now_ms);
        let per = i64::try_from(rate.per.as_millis()).unwrap_or(i64::MAX / 4);
        let full = self.full_ms.map(|at| at + per);
        let taken = (ends.len() >= rate.calls).then(|| ends.get(ends.len() - rate.calls).copied()).flatten();
        match full.max(taken) {
            None => {
                self.calls.push(Sent { id, at_ms: now_ms, answered: false });
                Ok(())
            }
            Some(until) => Err((until - now_ms).max(1)),
        }
    }

    /// Moves the place of an unsent call to now. Returns false if the place is lost, since it was kept for longer
    /// than the time limit of a call.
    pub fn renew(&mut self, id: u64, now_ms: i64) -> bool {
        let mine = self.calls.iter_mut().find(|sent| sent.id == id && !sent.answered);
        mine.map(|sent| sent.at_ms = now_ms).is_some()
    }

    /// Frees the place of a call that did not leave.
    pub fn cancel(&mut self, id: u64) {
        self.calls.retain(|sent| sent.id != id || sent.answered);
    }

    /// Records the response to a call, which starts its window.
    pub fn leave(&mut self, id: u64, now_ms: i64) {
        let answered = Sent { id, at_ms: now_ms, answered: true };
        match self.calls.iter_mut().find(|sent| sent.id == id) {
            Some(sent) => *sent = answered,
            // The call took longer than its time limit.
            None => self.calls.push(answered),
        }
    }
}

/// Returns the checksum that detects damage of a stored window.
fn checksum(start: &str, body: &str) -> String {
    digest(format!("{start}\n{body}").as_bytes())
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: Rate = Rate { calls: 2, per: Duration::from_millis(100) };
    const START: &str = "this start";

    /// Returns the window after a round trip through its stored form.
    fn stored(window: &Window, now_ms: i64) -> Window {
        Window::read(window.text(START).as_bytes(), START, now_ms)
    }

    #[test]
    fn a_call_counts_until_a_window_after_its_answer() {
        let mut window = Window::default();
        assert_eq!(window.enter(1, RATE, 30, 0), Ok(()));
        assert_eq!(window.enter(2, RATE, 30, 5), Ok(()));
        window.leave(1, 20);
        window.leave(2, 25);
        assert_eq!(window.enter(3, RATE, 30, 50), Err(70));
        assert_eq!(window.enter(3, RATE, 30, 119), Err(1));
        assert_eq!(window.enter(3, RATE, 30, 120), Ok(()));
        assert_eq!(window.enter(4, RATE, 30, 120), Err(5));
    }

    #[test]
    fn an_abandoned_call_counts_until_its_latest_arrival() {
        let mut window = Window::default();
        assert_eq!(window.enter(1, RATE, 30, 0), Ok(()));
        assert_eq!(window.enter(2, RATE, 30, 0), Ok(()));
        window.leave(1, 10);
        let mut window = stored(&window, 110);
        assert_eq!(window.enter(3, RATE, 30, 110), Ok(()));
        assert_eq!(window.enter(4, RATE, 30, 110), Err(20));
        assert_eq!(window.enter(4, RATE, 30, 130), Ok(()));
    }

    #[test]
    fn a_place_is_kept_for_a_call_that_waits_and_given_back_when_none_leaves() {
        let mut window = Window::default();
        assert_eq!(window.enter(1, RATE, 30, 0), Ok(()));
        assert_eq!(window.enter(2, RATE, 30, 0), Ok(()));
        assert!(window.renew(1, 120));
        // The second call no longer counts; the first one counts as if it had taken its place just now.
        assert_eq!(window.enter(3, RATE, 30, 140), Ok(()));
        assert_eq!(window.enter(4, RATE, 30, 140), Err(100));
        window.cancel(3);
        assert_eq!(window.enter(4, RATE, 30, 141), Ok(()));
        assert!(window.renew(1, 150) && !window.renew(3, 150));
        let _ = window.enter(5, RATE, 30, 290);
        assert!(!window.renew(1, 290), "it was kept for too long");
    }

    #[test]
    fn what_is_written_is_read() {
        let mut window = Window::default();
        assert_eq!(window.enter(7, RATE, 30, 12), Ok(()));
        assert_eq!(window.enter(8, RATE, 30, 12), Ok(()));
        window.leave(7, 40);
        window.leave(9, 41);
        assert_eq!(stored(&window, 50), window);
        assert_eq!(stored(&Window::default(), 50), Window::default());
    }

    #[test]
    fn another_start_of_the_host_frees_no_place() {
        let mut window = Window::default();
        assert_eq!(window.enter(1, RATE, 30, 900), Ok(()));
        assert_eq!(window.enter(2, RATE, 30, 900), Ok(()));
        window.leave(1, 900);
        window.leave(2, 900);
        for at_ms in [100, 5000] {
            let mut again = Window::read(window.text(START).as_bytes(), "another start", at_ms);
            assert_eq!(again.enter(3, RATE, 30, at_ms), Err(100));
            assert_eq!(again.enter(3, RATE, 30, at_ms + 100), Ok(()));
        }
        // Without an identifier of the start, a time in the future comes from another start.
        assert_eq!(window.enter(3, RATE, 30, 100), Err(100));
    }

    #[test]
    fn no_damage_frees_a_place() {
        let mut window = Window::default();
        assert_eq!(window.enter(1, RATE, 30, 1000), Ok(()));
        assert_eq!(window.enter(2, RATE, 30, 1010), Ok(()));
        window.leave(1, 1020);
        let sound = window.text(START).into_bytes();
        let mut damaged: Vec<Vec<u8>> = (0..sound.len()).map(|end| sound[..end].to_vec()).collect();
        for at in 0..sound.len() {
            for byte in [0, b'0', b'9', b'?', b'\n', 0xff] {
                let mut bytes = sound.clone();
                bytes[at] = byte;
                damaged.push(bytes);
            }
        }
        for bytes in damaged.into_iter().filter(|bytes| *bytes != sound) {
            let mut read = Window::read(&bytes, START, 1050);
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(read.used(RATE, 30, 1050), 2, "{shown}");
            assert!(read.enter(3, RATE, 30, 1149).is_err(), "{shown}");
            // The full window survives storage, and ends.
            let mut read = stored(&read, 1149);
            assert_eq!(read.enter(3, RATE, 30, 1200), Ok(()), "{shown}");
        }
    }

    #[test]
    fn places_come_together_without_counting_a_call_twice() {
        let text = |window: &Window| window.text(START).into_bytes();
        let mut first = Window::default();
        assert_eq!(first.enter(1, RATE, 30, 0), Ok(()));
        first.leave(1, 0);
        let first = text(&first);
        let mut both = Window::join(Window::default(), std::slice::from_ref(&first), START, 10);
        assert_eq!(both.enter(2, RATE, 30, 10), Ok(()));
        both.leave(2, 10);
        let joined = |places: &[Vec<u8>], now| Window::join(Window::default(), places, START, now);
        assert_eq!(joined(&[first, text(&both)], 10).used(RATE, 30, 10), 2);
    }

    #[test]
    fn a_place_that_stays_as_it_is_counts_once() {
        let foreign = Window::read(b"", "another start", 0).text("another start").into_bytes();
        for stuck in [foreign, b"damaged".to_vec()] {
            // One place keeps its old window, another one holds the new window.
            let mut stored = Vec::new();
            for now in [1000, 1050] {
                let places = [stuck.clone()].into_iter().chain(stored.clone()).collect::<Vec<_>>();
                let window = Window::join(Window::default(), &places, START, now);
                assert_eq!(window.used(RATE, 30, now), 2, "{now}");
                stored = vec![window.text(START).into_bytes()];
            }
            let places = [stuck.clone(), stored[0].clone()];
            assert_eq!(Window::join(Window::default(), &places, START, 1100).used(RATE, 30, 1100), 0);
            // The same holds if no place can be written.
            let unstored = Window::join(Window::default(), std::slice::from_ref(&stuck), START, 1000);
            assert_eq!(Window::join(unstored, &[stuck], START, 1100).used(RATE, 30, 1100), 0);
        }
    }
}
