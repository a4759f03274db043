//! Files of the rate windows, which several processes share.
//!
//! The windows are files under the user's state folder. Each is replaced whole under a lock of the operating system,
//! so a kill leaves either the old or the new state. If a folder cannot be written (no home, a full disk), the next
//! one holds the window. The calls in all folders count.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::state;
use crate::model::digest;
use crate::runtime::clock;
use crate::runtime::rate_limiter::RateStore;
use crate::runtime::rate_window::Window;

/// Rate windows of an account, in folders that processes share.
pub struct FileRateStore {
    /// Folders, best first.
    folders: Vec<PathBuf>,
    account: String,
    /// Windows that no folder can hold.
    own: Mutex<BTreeMap<&'static str, Window>>,
    /// True once the user was warned that no other process shares a window.
    alone: AtomicBool,
}

/// Returns the files of a lock that an account's runs share, best first.
pub fn lock_files(folders: &[PathBuf], account: &str, what: &str) -> Vec<PathBuf> {
    let digest: String = digest::sha256([account.as_bytes()]).chars().take(16).collect();
    folders.iter().map(|folder| folder.join(format!("{what}-{digest}.lock"))).collect()
}

impl FileRateStore {
    /// Returns the windows of an account, shared in folders, best first. Without folders they are private to this
    /// process.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>, account: &str) -> Self {
        let (own, alone) = (Mutex::default(), AtomicBool::default());
        Self { folders: folders.into_iter().collect(), account: account.to_owned(), own, alone }
    }

    /// Returns the name of a window's file, which is the same in every build.
    fn name(&self, operation: &str) -> String {
        let digest = digest::sha256([self.account.as_bytes(), operation.as_bytes()]);
        let digest: String = digest.chars().take(16).collect();
        format!("{operation}-{digest}")
    }
}

impl RateStore for FileRateStore {
    fn change(&self, operation: &'static str, work: &mut dyn FnMut(&mut Window, i64)) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let known = own.remove(operation).unwrap_or_default();
        let start = clock::start().unwrap_or_default();
        let mut refused = None;
        // A folder after the first one is created only if none before it can hold the window.
        let mut spare = false;
        loop {
            let locked = |(at, folder): (usize, &PathBuf)| {
                let place = Place::lock(folder, &self.name(operation), at == 0 || spare);
                place.inspect_err(|error| refused = Some(error.to_string())).ok().flatten()
            };
            let places: Vec<Place> = self.folders.iter().enumerate().filter_map(locked).collect();
            // Read the time after the locks: else the entries of another process would lie in the future.
            let now = clock::since_start_ms();
            let read: Vec<Vec<u8>> = places.iter().filter_map(Place::read).collect();
            let mut window = Window::join(known.clone(), &read, start, now);
            work(&mut window, now);
            let text = window.text(start);
            let stores = |place: &Place| {
                place.write(&text).inspect_err(|error| refused = Some(error.to_string())).is_ok()
            };
            if let Some(at) = places.iter().position(stores) {
                // The window now holds the calls of the other files.
                places
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != at)
                    .for_each(|(_, place)| place.empty());
                return;
            }
            if spare || self.folders.len() < 2 {
                own.insert(operation, window);
                if !self.alone.swap(true, Ordering::Relaxed) && !self.folders.is_empty() {
                    let why = refused.unwrap_or_default();
                    tracing::warn!("the rate limit of {operation} is kept by this process alone: {why}");
                }
                return;
            }
            spare = true;
        }
    }
}

/// A window's file, locked against other processes.
struct Place {
    path: PathBuf,
    _guard: File,
}

impl Place {
    /// Locks a window's file in a folder. Returns `None` if there is none and `make` is false.
    fn lock(folder: &Path, name: &str, make: bool) -> io::Result<Option<Self>> {
        let rate = folder.join("rate");
        let guard = beside(&rate.join(name), "guard");
        if make {
            state::make(folder)?;
            fs::create_dir_all(&rate)?;
        } else if !guard.exists() {
            return Ok(None);
        } else {
            state::make(folder)?;
        }
        let mut open = OpenOptions::new();
        // The locked file is never replaced, unlike the window.
        let guard = open.read(true).write(true).create(make).truncate(false).mode(0o600).open(guard)?;
        guard.lock()?;
        Ok(Some(Self { path: rate.join(name), _guard: guard }))
    }

    /// Returns the stored window; `None` if there is none.
    fn read(&self) -> Option<Vec<u8>> {
        match fs::read(&self.path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            // An unreadable file counts as damaged.
            Err(_) => Some(Vec::new()),
        }
    }

    /// Replaces the file whole. The next write overwrites the file that a kill left beside it.
    fn write(&self, text: &str) -> io::Result<()> {
        let new = beside(&self.path, "new");
        let mut open = OpenOptions::new();
        let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        drop(file);
        fs::rename(&new, &self.path)
    }

    fn empty(&self) {
        // If the file stays, its calls lie in both places but count once.
        let _ = fs::remove_file(&self.path);
    }
}

/// Returns the path of a hidden file beside a window's file.
fn beside(window: &Path, what: &str) -> PathBuf {
    let name = window.file_name().unwrap_or_default().to_string_lossy();
    window.with_file_name(format!(".{name}.{what}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::config::settings::Rate;
    use crate::runtime::clock::SystemClock;
    use crate::runtime::rate_limiter::RateLimiter;

    fn limiter(folders: impl IntoIterator<Item = PathBuf>) -> RateLimiter {
        RateLimiter::new(Box::new(FileRateStore::new(folders, "a")), Rc::new(SystemClock))
    }

    const RATE: Rate = Rate { calls: 3, per: Duration::from_millis(300) };

    async fn sends(pace: &RateLimiter, count: usize) -> Vec<i64> {
        let mut times = Vec::new();
        for _ in 0..count {
            let permit = pace.enter("addQueue", RATE, Duration::from_secs(1)).await;
            times.push(clock::since_start_ms());
            permit.leave();
        }
        times
    }

    #[tokio::test]
    async fn no_window_ever_holds_more_than_its_calls() {
        let folder = tempfile::tempdir().unwrap();
        for pace in [limiter(None), limiter(Some(folder.path().to_owned()))] {
            let times = sends(&pace, 8).await;
            for window in times.windows(4) {
                assert!(window[3] - window[0] >= 300, "{times:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_call_that_never_left_counts_for_nothing() {
        let pace = limiter(None);
        let hour = Rate { calls: 1, per: Duration::from_hours(1) };
        drop(pace.enter("addQueue", hour, Duration::from_secs(1)).await);
        assert_eq!(pace.used("addQueue", hour, Duration::from_secs(1)), 0);
        let mut permit = pace.enter("addQueue", hour, Duration::from_secs(1)).await;
        assert!(permit.renew());
        assert!(permit.sends());
        drop(permit);
        assert_eq!(pace.used("addQueue", hour, Duration::from_secs(1)), 1);
    }

    #[tokio::test]
    async fn two_processes_share_one_window() {
        let folder = tempfile::tempdir().unwrap();
        let one = limiter(Some(folder.path().to_owned()));
        let two = limiter(Some(folder.path().to_owned()));
        let mut times = sends(&one, 3).await;
        times.extend(sends(&two, 1).await);
        assert!(times[3] - times[0] >= 300, "{times:?}");
    }

    /// Limit that no test waits for.
    const HOUR: Rate = Rate { calls: 3, per: Duration::from_hours(1) };

    async fn calls(pace: &RateLimiter, count: usize) {
        for _ in 0..count {
            pace.enter("addQueue", HOUR, Duration::from_secs(1)).await.leave();
        }
    }

    fn used(pace: &RateLimiter) -> usize {
        pace.used("addQueue", HOUR, Duration::from_secs(1))
    }

    fn window_in(folder: &Path) -> PathBuf {
        let files = fs::read_dir(folder.join("rate")).unwrap().map(|entry| entry.unwrap().path());
        let mut windows = files.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
        windows.next().unwrap()
    }

    #[tokio::test]
    async fn what_is_damaged_or_cannot_be_read_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let pace = || limiter(Some(folder.path().to_owned()));
        calls(&pace(), 1).await;
        let file = window_in(folder.path());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        for damage in [b"".as_slice(), b"\xff", b"1 2 3"] {
            fs::write(&file, damage).unwrap();
            assert_eq!(used(&pace()), 3, "{damage:?}");
        }
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(used(&pace()), 3, "a folder in its place");
    }

    #[tokio::test]
    async fn a_window_that_one_folder_does_not_take_is_shared_in_another_and_what_lay_there_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        let pace = || limiter([first.clone(), second.clone()]);
        calls(&pace(), 1).await;
        assert!(!second.exists(), "nothing is made that is not needed");
        // The file beside the window can no longer be written, as with a full disk.
        let blocked = beside(&window_in(&first), "new");
        fs::create_dir(&blocked).unwrap();
        calls(&pace(), 1).await;
        assert_eq!(used(&pace()), 2);
        assert!(window_in(&second).exists());
        // It can be written again: the calls in the second folder count.
        fs::remove_dir(&blocked).unwrap();
        calls(&pace(), 1).await;
        assert_eq!(used(&pace()), 3);
        // No folder can be created at all.
        fs::write(folder.path().join("file"), "").unwrap();
        let nowhere = limiter([folder.path().join("file/a"), folder.path().join("file/b")]);
        calls(&nowhere, 2).await;
        assert_eq!(used(&nowhere), 2);
    }

    #[tokio::test]
    async fn a_place_that_is_gone_lets_no_call_leave() {
        let folder = tempfile::tempdir().unwrap();
        let pace = limiter(Some(folder.path().to_owned()));
        let mut permit = pace.enter("addQueue", HOUR, Duration::from_secs(1)).await;
        fs::remove_file(window_in(folder.path())).unwrap();
        assert!(!permit.sends());
    }
}
