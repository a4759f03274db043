//! Holder of a lock, and the proof that it still runs.
//!
//! A holder keeps its own sign file locked by the operating system for as long as it runs; that lock ends with its
//! process. The file's name has the nonce of the holder's lock. It lies beside a ledger on disk, else in a state
//! folder. A locked file proves that the holder lives. A file without a lock proves to a process of the same host
//! that the holder is dead. Without a file nothing is known, and only the lease counts.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::language::{Localized, localized};
use crate::runtime::clock;
use crate::storage::state;

/// A process that holds or wants a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockOwner {
    /// Name of the host.
    pub host: String,
    /// User that runs the process.
    pub user: String,
    /// Process ID on that host.
    pub pid: u32,
    /// The program and its version.
    pub program: String,
    /// Identifier of the host's start, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

impl LockOwner {
    /// Returns the owner for this process.
    pub(super) fn this() -> Self {
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            user: user(),
            pid: std::process::id(),
            program: concat!("rosterctl ", env!("CARGO_PKG_VERSION")).to_owned(),
            boot: clock::start().map(str::to_owned),
        }
    }

    /// Returns a description of the holder.
    pub fn words(&self) -> Localized {
        let Self { program, pid, user, host, .. } = self;
        localized!(
            "{program}, process {pid} of {user} on {host}",
            "{program}，{host} 上 {user} 的进程 {pid}",
            "{program}，{host} 上 {user} 的行程 {pid}"
        )
    }

    /// Returns true if both processes surely run on one host.
    fn shares_host(&self, other: &Self) -> bool {
        match (&self.boot, &other.boot) {
            (Some(mine), Some(its)) => mine == its,
            (None, None) => self.host == other.host,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// Returns the user that runs this process.
pub fn user() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    user.filter(|user| !user.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// Knowledge about a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It surely runs.
    Alive,
    /// It surely ended.
    Dead,
    /// It may be either.
    Unknown,
}

/// Folders in which holders give signs that they run.
#[derive(Clone, Debug)]
pub(super) struct Signs {
    folders: Vec<PathBuf>,
    make: fn(&Path) -> io::Result<()>,
}

impl Signs {
    /// Returns the signs in the folder of a ledger on disk.
    pub(super) fn beside(folder: &Path) -> Self {
        Self { folders: vec![folder.to_owned()], make: |folder| fs::create_dir_all(folder) }
    }

    /// Returns the signs in folders of this user, best first.
    pub(super) fn shared(folders: Vec<PathBuf>) -> Self {
        Self { folders, make: state::make }
    }

    /// Creates a holder's sign in the first folder that accepts it; `None` if none does.
    pub(super) fn give(&self, nonce: &str) -> Option<Sign> {
        self.folders.iter().find_map(|folder| {
            let path = path(folder, nonce)?;
            (self.make)(folder).ok()?;
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).ok()?;
            // Some network file systems have no locks.
            file.try_lock().ok()?;
            Some(Sign { path, kept: false, _locked: file })
        })
    }

    /// Returns the knowledge that `me` can prove about the holder of a lock.
    pub(super) fn life(&self, holder: &LockOwner, nonce: &str, me: &LockOwner) -> Life {
        match self.folders.iter().find_map(|folder| is_locked(&path(folder, nonce)?)) {
            Some(true) => Life::Alive,
            Some(false) if holder.shares_host(me) => Life::Dead,
            Some(false) | None => Life::Unknown,
        }
    }

    /// Removes the sign of a dead holder.
    pub(super) fn clear(&self, nonce: &str) {
        for path in self.folders.iter().filter_map(|folder| path(folder, nonce)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Sign that a process runs: a file that is locked until the process ends.
#[derive(Debug)]
pub(super) struct Sign {
    path: PathBuf,
    kept: bool,
    _locked: File,
}

impl Sign {
    /// Keeps the file after the process ends, as proof of its end. Call it once the lock is taken.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }

    /// Removes the sign once the lock is free.
    pub(super) fn end(mut self) {
        self.kept = false;
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns the path of a nonce's sign; `None` for a nonce that rosterctl never made.
fn path(folder: &Path, nonce: &str) -> Option<PathBuf> {
    let sound = !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| folder.join(format!(".rosterctl-holder-{nonce}")))
}

/// Returns true if a file is locked; `None` if that is unknown.
fn is_locked(path: &Path) -> Option<bool> {
    // Try a shared lock: two concurrent checks must not mistake each other for the holder.
    match File::open(path).ok()?.try_lock_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_sign_proves_life_and_on_one_host_death() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("none");
        fs::write(&blocked, "a file in the way").unwrap();
        let signs = Signs::shared(vec![blocked, folder.path().to_owned()]);
        let me = LockOwner::this();
        let elsewhere = LockOwner { boot: Some("another start".to_owned()), ..me.clone() };
        let untold = LockOwner { boot: None, ..me.clone() };
        let life = |holder: &LockOwner, of: &LockOwner| signs.life(holder, "ab12", of);
        assert_eq!(life(&me, &me), Life::Unknown, "there is no sign");
        let mut sign = signs.give("ab12").unwrap();
        sign.keep();
        for holder in [&me, &elsewhere, &untold] {
            assert_eq!(life(holder, &me), Life::Alive);
        }
        drop(sign);
        assert_eq!(life(&me, &me), Life::Dead);
        assert_eq!(
            life(&elsewhere, &me),
            Life::Unknown,
            "its sign may be of a host whose locks are not seen"
        );
        assert_eq!(life(&untold, &me), Life::Unknown, "one side alone tells");
        assert_eq!(life(&untold, &untold), Life::Dead);
        let namesake = LockOwner { host: "elsewhere".to_owned(), ..untold.clone() };
        assert_eq!(life(&namesake, &untold), Life::Unknown);
        signs.clear("ab12");
        assert_eq!(life(&me, &me), Life::Unknown);
        drop(signs.give("ab12").unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_nonce_that_leads_elsewhere_names_no_file() {
        for nonce in ["", "../secret", "a/b", "ab12\n"] {
            assert_eq!(path(Path::new("/folder"), nonce), None, "{nonce}");
        }
    }
}
