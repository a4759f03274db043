//! The ledger and its lock as files of one folder.
//!
//! Each file is written whole beside its path and then renamed, readable by its owner alone. The check that a file is
//! unchanged, and the write, happen under an operating system lock of a guard file. That lock is held only for this
//! moment, and ends with its process.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::document::{BackendError, Document, HISTORY, TRIAL, Version, Versioned, file_name, run_of};
use super::lock_owner::Signs;
use crate::model::history::RunId;
use crate::storage::{files, paths};

/// Longest wait for the guard. It is held for milliseconds, unless its holder was stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ledger and lock in a folder.
#[derive(Debug)]
pub(super) struct Folder {
    ledger: PathBuf,
    lock: PathBuf,
    guard: PathBuf,
}

impl Folder {
    /// Returns the backend of a ledger at a path; the lock's name derives from it.
    pub(super) fn of_file(ledger: PathBuf) -> Self {
        let name = ledger.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lock = ledger.with_file_name(format!("{name}.lock"));
        let guard = ledger.with_file_name(format!(".{name}.guard"));
        Self { ledger, lock, guard }
    }

    /// Returns the backend of a folder, with the file names of an object store.
    pub(super) fn of_folder(folder: &Path) -> Self {
        let [ledger, lock, guard] =
            ["ledger.json", "lock.json", ".ledger.json.guard"].map(|name| folder.join(name));
        Self { ledger, lock, guard }
    }

    /// Returns the paths of ledger, lock, guard and the folder of records.
    pub(super) fn paths(self) -> Vec<PathBuf> {
        let history = self.history();
        vec![self.ledger, self.lock, self.guard, history]
    }

    fn history(&self) -> PathBuf {
        self.ledger.with_file_name(HISTORY)
    }

    fn path(&self, document: Document) -> Cow<'_, Path> {
        match document {
            Document::Ledger => Cow::Borrowed(&self.ledger),
            Document::Lock => Cow::Borrowed(&self.lock),
            Document::Record(run) => Cow::Owned(self.history().join(file_name(run))),
            Document::Trial => Cow::Owned(self.ledger.with_file_name(TRIAL)),
        }
    }

    /// Returns the runs that have a record.
    pub(super) fn runs(&self) -> Result<Vec<RunId>, BackendError> {
        let folder = self.history();
        let trouble =
            |error: io::Error| BackendError::Disk(format!("{} cannot be read: {error}", folder.display()));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(trouble(error)),
        };
        let mut runs = Vec::new();
        for entry in entries {
            runs.extend(entry.map_err(trouble)?.file_name().to_str().and_then(run_of));
        }
        Ok(runs)
    }

    pub(super) fn signs(&self) -> Signs {
        Signs::beside(folder_of(&self.lock))
    }

    pub(super) fn shown(&self, document: Document) -> String {
        self.path(document).display().to_string()
    }

    /// Reads a document on a separate thread. Its path may be a pipe without a writer.
    pub(super) async fn read(&self, document: Document) -> Result<Option<Versioned>, BackendError> {
        let path = self.path(document).into_owned();
        let read = tokio::task::spawn_blocking(move || fs::read(path)).await;
        match read.unwrap_or_else(|stopped| Err(io::Error::other(stopped))) {
            Ok(bytes) => Ok(Some(Versioned { version: version(&bytes), bytes })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.trouble(document, "read", &error)),
        }
    }

    pub(super) fn create(&self, document: Document, bytes: &[u8]) -> Result<Version, BackendError> {
        match create(&self.path(document), bytes) {
            Ok(()) => Ok(version(bytes)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(BackendError::Conflict),
            Err(error) => Err(self.trouble(document, "written", &error)),
        }
    }

    pub(super) async fn replace(
        &self,
        document: Document,
        bytes: &[u8],
        read: &Version,
    ) -> Result<Version, BackendError> {
        let _guard = self.guard(document).await?;
        self.unchanged(document, read).await?;
        let path = self.path(document);
        let written = files::replace(&path, bytes).and_then(|()| sync_folder(&path));
        written.map_err(|error| self.trouble(document, "written", &error))?;
        Ok(version(bytes))
    }

    pub(super) async fn remove(&self, document: Document, read: &Version) -> Result<(), BackendError> {
        let _guard = self.guard(document).await?;
        self.unchanged(document, read).await?;
        fs::remove_file(self.path(document)).map_err(|error| self.trouble(document, "removed", &error))
    }

    async fn unchanged(&self, document: Document, read: &Version) -> Result<(), BackendError> {
        match self.read(document).await? {
            Some(now) if now.version == *read => Ok(()),
            _ => Err(BackendError::Conflict),
        }
    }

    /// Blocks other replacements until the returned file is dropped.
    async fn guard(&self, document: Document) -> Result<File, BackendError> {
        let guard = &self.guard;
        let wrong = |error: &io::Error| {
            BackendError::Disk(format!(
                "{} cannot be written: its guard {} cannot be locked: {error}",
                self.shown(document),
                guard.display()
            ))
        };
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(paths::no_follow());
        let file = open.open(guard).map_err(|error| wrong(&error))?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(wrong(&error)),
                Err(TryLockError::WouldBlock) if begin.elapsed() > PATIENCE => {
                    return Err(wrong(&io::Error::new(
                        ErrorKind::TimedOut,
                        "another process has held it for ten seconds",
                    )));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    fn trouble(&self, document: Document, deed: &str, error: &io::Error) -> BackendError {
        BackendError::Disk(format!("{} cannot be {deed}: {error}", self.shown(document)))
    }
}

fn version(bytes: &[u8]) -> Version {
    Version::Digest(Sha256::digest(bytes).to_vec())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes a new file whole; fails if it exists.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".rosterctl-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Syncs the folder, so that a new name survives like the content.
fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(folder_of(path))?.sync_all() {
        // Some file systems cannot sync a folder; the content is safe all the same.
        Err(error) if error.kind() == ErrorKind::InvalidInput || error.kind() == ErrorKind::Unsupported => {
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_document_is_made_once_and_replaced_by_who_read_it_last() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Folder::of_file(folder.path().join("new/ledger.json"));
        assert!(shelf.read(Document::Lock).await.unwrap().is_none());
        let first = shelf.create(Document::Lock, b"one").unwrap();
        assert_eq!(shelf.create(Document::Lock, b"two"), Err(BackendError::Conflict));
        let second = shelf.replace(Document::Lock, b"two", &first).await.unwrap();
        assert_eq!(shelf.replace(Document::Lock, b"three", &first).await, Err(BackendError::Conflict));
        assert_eq!(shelf.remove(Document::Lock, &first).await, Err(BackendError::Conflict));
        assert_eq!(shelf.read(Document::Lock).await.unwrap().unwrap().bytes, b"two");
        shelf.remove(Document::Lock, &second).await.unwrap();
        assert_eq!(shelf.remove(Document::Lock, &second).await, Err(BackendError::Conflict));
        shelf.create(Document::Ledger, b"{}").unwrap();
        for entry in fs::read_dir(folder.path().join("new")).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        }
    }

    #[test]
    fn of_many_takers_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Folder::of_folder(folder.path());
        let old = shelf.create(Document::Lock, b"old").unwrap();
        let won = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..16)
                .map(|taker| {
                    let (shelf, old) = (&shelf, &old);
                    scope.spawn(move || {
                        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
                        let bytes = format!("taker {taker}");
                        runtime.unwrap().block_on(shelf.replace(Document::Lock, bytes.as_bytes(), old))
                    })
                })
                .collect();
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).count()
        });
        assert_eq!(won, 1);
    }
}
