//! The journal's file: JSON lines, each synced before what follows it. A torn last line is no harm.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::clock;
use crate::model::call::Failure;
use crate::model::id::OperatorId;
use crate::model::journal::{Ending, Entry};
use crate::model::plan::Plan;

/// The journal of a run.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Where a workspace's journal lies.
    pub fn path(own_folder: &Path) -> PathBuf {
        own_folder.join("journal.jsonl")
    }

    /// Begins the journal of a run, in place of what was there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn start(path: &Path, plan: &Arc<Plan>) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let journal = Self { path: path.to_owned(), file: Mutex::new(file) };
        journal.write(&Entry::Run { plan: Box::new(Plan::clone(plan)) })?;
        Ok(journal)
    }

    /// A call is about to leave.
    ///
    /// # Errors
    /// It cannot be written, and the call must not leave.
    pub fn begin(&self, step: usize) -> io::Result<()> {
        self.write(&Entry::Begin { step, at_ms: clock::now_ms() })
    }

    /// A call was answered. What cannot be written is read back from live state by the run after a crash.
    pub fn end(&self, step: usize, result: &Result<Option<OperatorId>, Failure>) {
        let (ending, made) = match result {
            Ok(made) => (Ending::Done, made.clone()),
            Err(Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_)) => (Ending::Unknown, None),
            Err(
                Failure::NotSent(_)
                | Failure::Throttled { .. }
                | Failure::Refused(_)
                | Failure::SignIn(_)
                | Failure::Halted,
            ) => (Ending::Failed, None),
        };
        if let Err(error) = self.write(&Entry::End { step, ending, made }) {
            tracing::warn!(%error, "the journal cannot be written");
        }
    }

    /// Ends the journal: the ledger holds what it said.
    pub fn finish(&self) {
        discard(&self.path);
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        file.sync_data()
    }
}

/// Removes a journal that has nothing more to say.
pub fn discard(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Reads what a run left behind that did not come to its end; empty when there is nothing.
pub fn left_behind(path: &Path) -> Vec<Entry> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    // The first line that does not read was torn by the crash: nothing follows it.
    lines.map_while(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_no_harm() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = Journal::path(folder.path());
        fs::write(&path, "{\"entry\":\"begin\",\"step\":0}\n{\"entry\":\"end\",\"st")?;
        assert_eq!(left_behind(&path), [Entry::Begin { step: 0, at_ms: 0 }]);
        assert_eq!(left_behind(&folder.path().join("none")), []);
        Ok(())
    }
}
