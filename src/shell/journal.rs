//! The journal's file: JSON lines. A torn last line is no harm.
//!
//! What is written outlives a program that is killed. A machine that loses its power keeps what was synced, so the
//! intent of a call that cannot simply be made again is synced before the call leaves, and with it all that stands
//! above. One sync does for everybody who waits for one, and it never holds up the thread that drives the calls.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::clock;
use crate::model::call::Failure;
use crate::model::id::OperatorId;
use crate::model::journal::{Ending, Entry};
use crate::model::plan::{Operation, Plan};

/// The journal of a run.
pub struct Journal {
    path: PathBuf,
    file: Arc<File>,
    /// How many lines were written.
    written: Mutex<u64>,
    /// How many of them are synced.
    synced: tokio::sync::Mutex<u64>,
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
        let (written, synced) = (Mutex::default(), tokio::sync::Mutex::default());
        let journal = Self { path: path.to_owned(), file: Arc::new(file), written, synced };
        journal.write(&Entry::Run { plan: Box::new(Plan::clone(plan)) })?;
        journal.file.sync_data()?;
        Ok(journal)
    }

    /// A call is about to leave.
    ///
    /// # Errors
    /// It cannot be written, and the call must not leave.
    pub async fn begin(&self, step: usize, operation: Operation) -> io::Result<()> {
        let line = self.write(&Entry::Begin { step, at_ms: clock::now_ms() })?;
        match operation {
            // Made once more they come to the same.
            Operation::AgentEdit | Operation::AgentPassword => Ok(()),
            Operation::AgentCreate
            | Operation::AgentDelete
            | Operation::QueueCreate
            | Operation::QueueMembers
            | Operation::SecretPut => self.sync(line).await,
        }
    }

    /// The same; without its intent on disk a call does not leave.
    ///
    /// # Errors
    /// `NotSent` when it cannot be written.
    pub async fn intend(&self, step: usize, operation: Operation) -> Result<(), Failure> {
        let unwritten = |error| Failure::NotSent(format!("the journal cannot be written: {error}"));
        self.begin(step, operation).await.map_err(unwritten)
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

    /// Writes a line, and returns which it is.
    fn write(&self, entry: &Entry) -> io::Result<u64> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        (&*self.file).write_all(&line)?;
        *written += 1;
        Ok(*written)
    }

    /// Waits until a line is on disk. Whoever comes while a sync runs waits for the next one, which does for all.
    async fn sync(&self, line: u64) -> io::Result<()> {
        let mut synced = self.synced.lock().await;
        if *synced >= line {
            return Ok(());
        }
        let written = *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let file = Arc::clone(&self.file);
        tokio::task::spawn_blocking(move || file.sync_data()).await.map_err(io::Error::other)??;
        *synced = written;
        Ok(())
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

    #[tokio::test]
    async fn whoever_begins_at_a_time_shares_a_sync_and_every_line_is_there() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = Journal::path(folder.path());
        let file = Arc::new(File::create(&path)?);
        let (written, synced) = (Mutex::default(), tokio::sync::Mutex::default());
        let journal = Journal { path: path.clone(), file, written, synced };
        let all = (0..50).map(|step| journal.begin(step, Operation::AgentCreate));
        futures_util::future::try_join_all(all).await?;
        assert_eq!(*journal.synced.lock().await, 50);
        journal.begin(50, Operation::AgentEdit).await?;
        journal.end(0, &Ok(None));
        assert_eq!((*journal.synced.lock().await, left_behind(&path).len()), (50, 52));
        Ok(())
    }

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
