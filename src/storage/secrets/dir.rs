//! One file per key, never outside the folder. Only one trailing line break of a value is dropped.
//!
//! A write holds a lock of the folder, so that processes which make or rotate one key write it once. An exclusive
//! link creates a new key, so no value is overwritten even on a file system without locks.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::store::{Found, SecretResolver, SecretStore, Write, Wrong, former, trimmed};
use crate::model::language::localized;
use crate::model::secret::Secret;
use crate::storage::{files, paths};

/// Largest value, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Longest wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause before the next attempt at the lock.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct Dir {
    path: PathBuf,
    /// True if the workspace lies elsewhere, so that Git may ignore this whole folder.
    apart: bool,
}

impl Dir {
    /// Returns a store in a folder, for a workspace.
    pub(super) fn new(path: PathBuf, workspace: &Path) -> Self {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let apart = !real(workspace).starts_with(real(&path));
        Self { path, apart }
    }
}

impl SecretStore for Dir {
    fn get<'a>(&'a self, key: &'a str, _: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move {
            let missing = || {
                let path = self.path.join(key);
                let path = path.display();
                Found::Missing(localized!(
                    "write it to the file {path}",
                    "请写到文件 {path}",
                    "請寫到檔案 {path}"
                ))
            };
            Ok(self.read(key)?.map_or_else(missing, Found::Value))
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a Secret,
        write: Write,
        _: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        Box::pin(async move {
            let path = self.make(key)?;
            let _lock = self.lock().await?;
            Ok(self.write(key, &path, value, write)?)
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a str,
        sent: &'a Secret,
        _: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        Box::pin(async move {
            let _lock = self.lock().await?;
            match self.read(key)? {
                Some(now) if now.expose() == sent.expose() => {}
                other => return Ok(other),
            }
            let beside = self.path.join(former(key));
            // A read-only file system refuses the removal even of a file that does not exist.
            if fs::symlink_metadata(&beside).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
                return Ok(None);
            }
            match fs::remove_file(beside) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(wrong(&former(key), &error).into()),
                _ => Ok(None),
            }
        })
    }
}

fn wrong(key: &str, error: &std::io::Error) -> String {
    format!("key `{key}` cannot be written: {error}")
}

impl Dir {
    fn read(&self, key: &str) -> Result<Option<Secret>, String> {
        let path = self.path.join(key);
        let real = match fs::canonicalize(&path) {
            Ok(real) => real,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(format!("key `{key}` cannot be read: {error}")),
        };
        // The key itself cannot leave the folder; a link in the folder could.
        let root = fs::canonicalize(&self.path).map_err(|error| cannot(&self.path, &error))?;
        if !real.starts_with(&root) {
            return Err(format!("key `{key}` is a link that leads out of the folder"));
        }
        if !paths::is_projected(&root, Path::new(key), &real) {
            return Err(format!("key `{key}` is a link that leads to another key"));
        }
        if !real.is_file() {
            return Err(format!("key `{key}` is not a file"));
        }
        let wrong = |error: std::io::Error| format!("key `{key}` cannot be read: {error}");
        let bytes = paths::open_real(&real).and_then(|file| paths::read(file, LARGEST)).map_err(wrong)?;
        match String::from_utf8(bytes) {
            Ok(value) => Ok(trimmed(value)),
            Err(_) => Err(format!("key `{key}` is not UTF-8")),
        }
    }

    /// Waits for the lock of the folder; `None` if the file system has none. The lock ends with the file, and with
    /// the process.
    async fn lock(&self) -> Result<Option<File>, String> {
        let folder = File::open(&self.path).map_err(|error| cannot(&self.path, &error))?;
        let begun = Instant::now();
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(Some(folder)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(format!(
                        "another process has been writing in {} for {} s: run again once it has ended",
                        self.path.display(),
                        PATIENCE.as_secs()
                    ));
                }
                Err(TryLockError::Error(_)) => return Ok(None),
            }
        }
    }

    /// Creates the folders above a key, and returns its path. Follows no link on the way: it could leave the folder.
    fn make(&self, key: &str) -> Result<PathBuf, String> {
        let wrong = |error: std::io::Error| wrong(key, &error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(wrong)?;
        if self.apart && !self.path.join(".git").exists() {
            files::ignore(&self.path).map_err(wrong)?;
        }
        let mut folder = self.path.clone();
        let parts: Vec<&str> = key.split('/').collect();
        for part in &parts[..parts.len() - 1] {
            folder.push(part);
            if folder.is_symlink() {
                return Err(format!("key `{key}` leads over a link, which is not written through"));
            }
            make_folder(&folder).map_err(wrong)?;
        }
        Ok(folder.join(parts[parts.len() - 1]))
    }

    /// Writes a key for its owner alone. Returns the value that stays there instead, if one does.
    fn write(&self, key: &str, path: &Path, value: &Secret, write: Write) -> Result<Option<Secret>, String> {
        let wrong = |error: std::io::Error| wrong(key, &error);
        let bytes = value.expose().as_bytes();
        let Some(now) = self.read(key)? else {
            if files::create(path, bytes).map_err(wrong)? {
                return Ok(None);
            }
            // Another program created it first, or the file is empty, which is no value.
            let there = self.read(key)?;
            if there.is_none() {
                files::replace(path, bytes).map_err(wrong)?;
            }
            return Ok(there);
        };
        let beside = former(key);
        if write.leaves(&now, self.read(&beside)?.as_ref()) {
            return Ok(Some(now));
        }
        // Keep the former value beside it first: this process may end at any moment.
        files::replace(&self.path.join(&beside), now.expose().as_bytes()).map_err(wrong)?;
        files::replace(path, bytes).map_err(wrong)?;
        Ok(None)
    }
}

fn cannot(folder: &Path, error: &std::io::Error) -> String {
    format!("folder {} cannot be read: {error}", folder.display())
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dir: &Dir, key: &str) -> Result<Option<String>, String> {
        dir.read(key).map(|secret| secret.map(|s| s.expose().to_owned()))
    }

    #[test]
    fn one_line_break_goes_and_links_stay_inside() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = folder.path().join("store");
        fs::create_dir_all(store.join("agents"))?;
        fs::write(store.join("agents/8001"), " pass word \n\n")?;
        fs::write(folder.path().join("outside"), "x")?;
        std::os::unix::fs::symlink(folder.path().join("outside"), store.join("link"))?;
        let dir = Dir::new(store, folder.path());
        assert_eq!(read(&dir, "agents/8001"), Ok(Some(" pass word \n".to_owned())));
        assert_eq!(read(&dir, "agents/8002"), Ok(None));
        assert_eq!(read(&dir, "link"), Err("key `link` is a link that leads out of the folder".to_owned()));
        assert_eq!(read(&dir, "agents"), Err("key `agents` is not a file".to_owned()));
        std::os::unix::fs::symlink("agents/8001", dir.path.join("other"))?;
        std::os::unix::fs::symlink(".", dir.path.join("here"))?;
        fs::create_dir(dir.path.join("..2026_11_30"))?;
        fs::write(dir.path.join("..2026_11_30/projected"), "x")?;
        std::os::unix::fs::symlink("..2026_11_30", dir.path.join("..data"))?;
        std::os::unix::fs::symlink("..data/projected", dir.path.join("projected"))?;
        assert!(read(&dir, "other").is_err() && read(&dir, "here/agents/8001").is_err());
        assert_eq!(read(&dir, "projected"), Ok(Some("x".to_owned())));
        Ok(())
    }
}
