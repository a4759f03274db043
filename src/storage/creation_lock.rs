//! Lock of a tenant's queue creation, across the processes of one user.
//!
//! A vendor may silently create a duplicate of a queue name, and not every vendor can delete one. So a run holds this lock
//! from before its first creation until the last response. While it holds the lock, no other run creates a queue, so
//! two workspaces of one tenant cannot both find a name free.
//!
//! The file holds a token that changes whenever the lock is taken or released. A run reads the token before it reads
//! live state. If the token is unchanged once the run holds the lock, the live state is current and needs no second
//! read.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::sync::Mutex;

use super::state;
use crate::runtime::clock::{self, Clock};
use crate::runtime::ports::CreationGuard;

/// Interval between attempts while another process holds the lock.
const PAUSE: Duration = Duration::from_millis(100);

/// Queue creation lock of one run.
pub struct CreationLock {
    path: Option<PathBuf>,
    /// Token before the run read live state; `None` if another run held the lock.
    observed: Option<String>,
    /// Time at which the run started to read live state.
    begun: Duration,
    clock: Rc<dyn Clock>,
    held: Mutex<Option<Held>>,
}

struct Held {
    file: File,
    /// State read before this time may predate a creation by another run.
    since: Duration,
}

impl CreationLock {
    /// Returns the untaken lock in the first file that can be written and locked.
    /// Without such a file the run shares the lock with no other run.
    pub fn new(paths: &[PathBuf], clock: Rc<dyn Clock>) -> Self {
        let begun = clock.elapsed();
        let found = paths.iter().find_map(|path| {
            let mut file = open(path).ok()?;
            match file.try_lock() {
                Ok(()) => Some((path.clone(), token(&mut file).ok())),
                Err(TryLockError::WouldBlock) => Some((path.clone(), None)),
                // Some network file systems have no locks.
                Err(TryLockError::Error(_)) => None,
            }
        });
        let (path, observed) = found.unzip();
        Self { path, observed: observed.flatten(), begun, clock, held: Mutex::default() }
    }

    /// Returns the same lock for a run that read live state earlier.
    #[must_use]
    pub fn unobserved(self) -> Self {
        Self { observed: None, ..self }
    }
}

impl CreationGuard for CreationLock {
    fn hold<'a>(&'a self, waiting: &'a dyn Fn()) -> LocalBoxFuture<'a, io::Result<Duration>> {
        Box::pin(async move {
            let Some(path) = &self.path else { return Ok(self.begun) };
            let mut held = self.held.lock().await;
            if let Some(held) = held.as_ref() {
                return Ok(held.since);
            }
            let mut file = open(path)?;
            let mut told = false;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) => {
                        if !std::mem::replace(&mut told, true) {
                            waiting();
                        }
                        self.clock.sleep(PAUSE).await;
                    }
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
            let unchanged = self.observed.is_some() && self.observed == token(&mut file).ok();
            let since = if unchanged { self.begun } else { self.clock.elapsed() };
            renew(&mut file)?;
            *held = Some(Held { file, since });
            Ok(since)
        })
    }

    fn release(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(mut held) = self.held.lock().await.take() {
                // A run that read live state meanwhile must read it again.
                let _ = renew(&mut held.file);
            }
        })
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        state::make(folder)?;
    }
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn token(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(64).read_to_string(&mut text)?;
    Ok(text)
}

fn renew(file: &mut File) -> io::Result<()> {
    let next = format!("{:016x}\n", clock::unique());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(next.as_bytes())?;
    file.set_len(next.len() as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::runtime::clock::SystemClock;

    fn lock(folder: &tempfile::TempDir) -> CreationLock {
        CreationLock::new(&[folder.path().join("create")], Rc::new(SystemClock))
    }

    #[tokio::test]
    async fn a_look_of_before_counts_while_no_other_run_created_a_queue() {
        let folder = tempfile::tempdir().unwrap();
        let one = lock(&folder);
        assert_eq!(one.hold(&|| {}).await.unwrap(), one.begun);
        assert_eq!(one.hold(&|| {}).await.unwrap(), one.begun, "once for a run");
        let during = lock(&folder);
        one.release().await;
        let after = lock(&folder);
        assert!(
            during.hold(&|| {}).await.unwrap() > during.begun,
            "the first run held it when this one looked"
        );
        during.release().await;
        assert!(after.hold(&|| {}).await.unwrap() > after.begun, "another run created since this one looked");
    }

    #[tokio::test]
    async fn a_folder_that_others_can_write_in_is_passed_over() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (open, own) = (folder.path().join("open"), folder.path().join("own"));
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        let lock = CreationLock::new(&[open.join("create"), own.join("create")], Rc::new(SystemClock));
        lock.hold(&|| {}).await.unwrap();
        assert!(!open.join("create").exists() && own.join("create").exists());
    }

    #[tokio::test]
    async fn one_run_holds_it_at_a_time_and_a_dead_one_never() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (lock(&folder), lock(&folder));
        one.hold(&|| {}).await.unwrap();
        assert!(tokio::time::timeout(PAUSE * 3, two.hold(&|| {})).await.is_err());
        drop(one);
        assert!(two.hold(&|| {}).await.unwrap() > two.begun);
    }
}
