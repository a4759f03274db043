//! Who holds a lock, and whether it still runs.
//!
//! A holder keeps a file of its own locked by the operating system for as long as it runs: that lock ends with
//! its process. The file is named by the nonce of the holder's lock, and lies beside a ledger on disk, else in a
//! state folder. A file that is locked proves that the holder lives. One that is free proves that it is dead, to
//! a process of the same host. Where there is none, nothing is known, and the lease alone tells.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::runtime::clock;
use crate::storage::state;

/// A process that holds a lock, or wants to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockOwner {
    /// Name of its host.
    pub host: String,
    /// Who runs it.
    pub user: String,
    /// Its number on that host.
    pub pid: u32,
    /// The program and its version.
    pub program: String,
    /// The start of its host, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

impl LockOwner {
    /// This process.
    pub(super) fn this() -> Self {
        let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            user: user
                .filter(|user| !user.is_empty())
                .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
            pid: std::process::id(),
            program: concat!("rosterctl ", env!("CARGO_PKG_VERSION")).to_owned(),
            boot: clock::start().map(str::to_owned),
        }
    }

    /// The holder in words.
    pub fn words(&self) -> String {
        format!("{}, process {} of {} on {}", self.program, self.pid, self.user, self.host)
    }

    /// Whether it surely runs on the host of another, by evidence of both.
    fn shares_host(&self, other: &Self) -> bool {
        match (&self.boot, &other.boot) {
            (Some(mine), Some(its)) => mine == its,
            (None, None) => self.host == other.host,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// What is known of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It surely runs.
    Alive,
    /// It surely ended.
    Dead,
    /// It may be either.
    Unknown,
}

/// Where holders give signs that they run.
#[derive(Clone, Debug)]
pub(super) struct Signs {
    folders: Vec<PathBuf>,
    make: fn(&Path) -> io::Result<()>,
}

impl Signs {
    /// In the folder of a ledger on disk.
    pub(super) fn beside(folder: &Path) -> Self {
        Self { folders: vec![folder.to_owned()], make: |folder| fs::create_dir_all(folder) }
    }

    /// In folders of this user, best first.
    pub(super) fn shared(folders: Vec<PathBuf>) -> Self {
        Self { folders, make: state::make }
    }

    /// Gives the sign of a lock's holder in the first folder that takes it; `None` where none does.
    pub(super) fn give(&self, nonce: &str) -> Option<Sign> {
        self.folders.iter().find_map(|folder| {
            let path = path(folder, nonce)?;
            (self.make)(folder).ok()?;
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).ok()?;
            // Some file systems of a network lock nothing.
            file.try_lock().ok()?;
            Some(Sign { path, kept: false, _locked: file })
        })
    }

    /// What `me` can prove of the process that holds the lock of a nonce.
    pub(super) fn life(&self, holder: &LockOwner, nonce: &str, me: &LockOwner) -> Life {
        match self.folders.iter().find_map(|folder| is_locked(&path(folder, nonce)?)) {
            Some(true) => Life::Alive,
            Some(false) if holder.shares_host(me) => Life::Dead,
            Some(false) | None => Life::Unknown,
        }
    }

    /// Removes what a dead holder left.
    pub(super) fn clear(&self, nonce: &str) {
        for path in self.folders.iter().filter_map(|folder| path(folder, nonce)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// A sign that a process runs: a file that is locked until it ends.
#[derive(Debug)]
pub(super) struct Sign {
    path: PathBuf,
    kept: bool,
    _locked: File,
}

impl Sign {
    /// Lets the file stay when the process ends, as proof of that, since the lock is its holder's now.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }

    /// Takes the sign away once the lock is free.
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

/// The file of a nonce; `None` for one that rosterctl never made.
fn path(folder: &Path, nonce: &str) -> Option<PathBuf> {
    let sound = !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| folder.join(format!(".rosterctl-holder-{nonce}")))
}

/// Whether a file is locked; `None` when that cannot be told.
fn is_locked(path: &Path) -> Option<bool> {
    // A shared lock for a moment: two who look at a time do not take each other for the holder.
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
