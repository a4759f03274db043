//! Holds calls back to the rate: never more than so many in any window, and no slower than that.
//!
//! What counts is [`Window`]'s to say. The windows lie in files under the user's state folder, so that
//! several processes share one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::{clock, progress};
use crate::apply::window::Window;
use crate::model::spec::Rate;
use crate::plan::digest;

/// The windows of an account's operations.
pub struct Pace {
    folder: Option<PathBuf>,
    account: String,
    /// Windows for when there is no folder to share them in.
    own: Mutex<BTreeMap<&'static str, Window>>,
}

/// A place in a window. Dropped before its call left, it is free again; dropped after that and without an answer, it
/// counts for as long as the vendor may see the call.
pub struct Permit<'a> {
    pace: &'a Pace,
    operation: &'static str,
    taken_ms: i64,
    left: bool,
}

impl Permit<'_> {
    /// Keeps the place while the call waits for something else; `false` when it is gone.
    pub fn renew(&mut self) -> bool {
        let taken = self.taken_ms;
        let (kept, now) = self.pace.with(self.operation, |window, now| (window.renew(taken, now), now));
        if kept {
            self.taken_ms = now;
        }
        kept
    }

    /// Says that the call leaves: from now on the place is taken.
    pub fn sends(&mut self) {
        self.left = true;
    }

    /// Says that the answer came: from now on the call's window runs.
    pub fn leave(mut self) {
        self.left = true;
        self.pace.with(self.operation, |window, now| window.leave(self.taken_ms, now));
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.left {
            self.pace.with(self.operation, |window, _| window.cancel(self.taken_ms));
        }
    }
}

impl Pace {
    /// The windows of an account; `folder` is the state folder, if there is one.
    pub fn new(folder: Option<PathBuf>, account: &str) -> Self {
        Self { folder, account: account.to_owned(), own: Mutex::default() }
    }

    /// The state folder: `$XDG_STATE_HOME/rosterctl`, or `~/.local/state/rosterctl`.
    pub fn state_folder() -> Option<PathBuf> {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let base = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
        Some(base.join("rosterctl"))
    }

    /// Returns the file of a lock that an account's runs share, as they share its windows.
    pub fn lock_file(&self, what: &str) -> Option<PathBuf> {
        let digest = digest::sha256([self.account.as_bytes()]);
        Some(self.folder.as_ref()?.join(format!("{what}-{}.lock", digest.get(..16)?)))
    }

    /// Waits for a place in an operation's window; `longest` is how long a call can take.
    pub async fn enter(&self, operation: &'static str, rate: Rate, longest: Duration) -> Permit<'_> {
        loop {
            let entered =
                self.with(operation, |window, now| window.enter(rate, millis(longest), now).map(|()| now));
            match entered {
                Ok(taken_ms) => return Permit { pace: self, operation, taken_ms, left: false },
                Err(wait) => {
                    let wait = Duration::from_millis(wait.unsigned_abs());
                    progress::held(operation, wait);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// How many calls count in an operation's window now; `longest` is how long a call can take.
    pub fn used(&self, operation: &'static str, rate: Rate, longest: Duration) -> usize {
        self.with(operation, |window, now| window.used(rate, millis(longest), now))
    }

    /// Works on an operation's window.
    ///
    /// The time is taken behind the lock: what another process wrote while this one waited for it would
    /// else lie in the future.
    fn with<T>(&self, operation: &'static str, work: impl Fn(&mut Window, i64) -> T) -> T {
        if let Some(mut file) = self.open(operation) {
            let now = clock::now_ms();
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            let mut window = Window::read(&text);
            let result = work(&mut window, now);
            let written = file
                .seek(SeekFrom::Start(0))
                .and_then(|_| file.set_len(0))
                .and_then(|()| file.write_all(window.text().as_bytes()));
            if written.is_ok() {
                return result;
            }
            tracing::warn!(operation, "the rate window cannot be shared with other processes");
        }
        let mut own = self.own.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(own.entry(operation).or_default(), clock::now_ms())
    }

    /// Opens and locks the file of a window.
    fn open(&self, operation: &str) -> Option<File> {
        let folder = self.folder.as_ref()?.join("rate");
        fs::create_dir_all(&folder).ok()?;
        let mut hasher = DefaultHasher::new();
        (&self.account, operation).hash(&mut hasher);
        let path = folder.join(format!("{operation}-{:016x}", hasher.finish()));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).ok()?;
        file.lock().ok()?;
        Some(file)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { calls: 3, per: Duration::from_millis(300) };

    async fn sends(pace: &Pace, count: usize) -> Vec<i64> {
        let mut times = Vec::new();
        for _ in 0..count {
            let permit = pace.enter("addQueue", RATE, Duration::from_secs(1)).await;
            times.push(clock::now_ms());
            permit.leave();
        }
        times
    }

    #[tokio::test]
    async fn no_window_ever_holds_more_than_its_calls() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        for pace in [Pace::new(None, "a"), Pace::new(Some(folder.path().to_owned()), "a")] {
            let times = sends(&pace, 8).await;
            for window in times.windows(4) {
                assert!(window[3] - window[0] >= 300, "{times:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_call_that_never_left_counts_for_nothing() {
        let pace = Pace::new(None, "a");
        let hour = Rate { calls: 1, per: Duration::from_hours(1) };
        drop(pace.enter("addQueue", hour, Duration::from_secs(1)).await);
        assert_eq!(pace.used("addQueue", hour, Duration::from_secs(1)), 0);
        let mut permit = pace.enter("addQueue", hour, Duration::from_secs(1)).await;
        assert!(permit.renew());
        permit.sends();
        drop(permit);
        assert_eq!(pace.used("addQueue", hour, Duration::from_secs(1)), 1);
    }

    #[tokio::test]
    async fn two_processes_share_one_window() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let one = Pace::new(Some(folder.path().to_owned()), "a");
        let two = Pace::new(Some(folder.path().to_owned()), "a");
        let mut times = sends(&one, 3).await;
        times.extend(sends(&two, 1).await);
        assert!(times[3] - times[0] >= 300, "{times:?}");
    }
}
