//! The journal's file: JSON lines. A torn last line is no harm.
//!
//! A journal belongs to a workspace and its ledger, as the lock does that keeps others out of both: so its file is
//! named after the two, its first line holds the workspace's name, and another's is neither taken up nor removed.
//!
//! What is written outlives a program that is killed. A machine that loses its power keeps what was synced, so the
//! intent of a call that cannot simply be made again is synced before the call leaves, and with it all that stands
//! above. One sync does for everybody who waits for one, and it never holds up the thread that drives the calls.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::files::Place;
use super::{clock, ledger};
use crate::model::call::Failure;
use crate::model::id::{OperatorId, safe};
use crate::model::journal::{Ending, Entry};
use crate::model::plan::{Operation, Plan};
use crate::model::workspace::Workspace;
use crate::plan::digest;

/// How much of a workspace's name its journal's file name shows.
const SHOWN: usize = 40;

/// Where the journal of a workspace lies.
pub struct Desk {
    workspace: Arc<str>,
    path: PathBuf,
    /// Where a rosterctl before this one kept the journal of whichever workspace of the folder.
    before: PathBuf,
}

/// What lies in a journal's place.
enum Found {
    /// Nothing, or nothing that can be read: the first line is on disk before any call leaves.
    Nothing,
    /// What a run of this workspace left behind.
    Ours(Vec<Entry>),
    /// Another workspace's, by name.
    Others(String),
}

impl Desk {
    /// The place of a workspace's journal.
    pub fn of(workspace: &Workspace, place: &Place) -> Self {
        let name = &workspace.name;
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        let shown: String = name.chars().map(safe).take(SHOWN).collect();
        let digest = digest::sha256([name.as_bytes(), ledger::named(workspace).as_bytes()]);
        let digest: String = digest.chars().take(8).collect();
        let folder = place.own_folder();
        Self {
            workspace: Arc::clone(name),
            path: folder.join(format!("journal-{shown}-{digest}.jsonl")),
            before: folder.join("journal.jsonl"),
        }
    }

    /// Reads what a run of this workspace left behind that did not come to its end; empty when there is nothing.
    ///
    /// # Errors
    /// Another workspace's journal lies in its place.
    pub fn left_behind(&self) -> Result<Vec<Entry>, String> {
        match self.look(&self.path) {
            Found::Ours(entries) => Ok(entries),
            Found::Nothing => match self.look(&self.before) {
                Found::Ours(entries) => Ok(entries),
                Found::Nothing | Found::Others(_) => Ok(Vec::new()),
            },
            Found::Others(other) => Err(format!(
                "the journal {} is of workspace `{}`, and this workspace is `{}`: nothing is done by it; move it away, \
                 back to where that workspace lies, whose next apply finishes what it began",
                self.path.display(),
                safe(&other),
                self.workspace
            )),
        }
    }

    /// What to know of a journal of a rosterctl before this one that is not this workspace's.
    pub fn stranger(&self) -> Option<String> {
        let shown = self.before.display();
        match self.look(&self.before) {
            Found::Others(other) => Some(format!(
                "{shown} tells of a run of workspace `{}` that did not come to its end: it is left alone, and the next \
                 apply of that workspace takes it up",
                safe(&other)
            )),
            Found::Nothing if self.before.exists() => Some(format!(
                "{shown} does not tell which workspace it is of, nor of any call: it is left alone; remove it once no \
                 apply runs in this folder"
            )),
            Found::Ours(_) | Found::Nothing => None,
        }
    }

    fn look(&self, path: &Path) -> Found {
        let entries = read(path);
        match entries.first() {
            Some(Entry::Run { plan }) if *plan.workspace == *self.workspace => Found::Ours(entries),
            Some(Entry::Run { plan }) => Found::Others(plan.workspace.clone()),
            Some(Entry::Begin { .. } | Entry::End { .. }) | None => Found::Nothing,
        }
    }

    /// Begins the journal of a run, in place of what this workspace's last run left. A file of its own: who lost
    /// the lock to this run, and is still at work, writes on in the old one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn start(&self, plan: &Arc<Plan>) -> io::Result<Journal> {
        self.discard();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        let (written, synced) = (Mutex::default(), tokio::sync::Mutex::default());
        let journal = Journal { path: self.path.clone(), file: Arc::new(file), written, synced };
        journal.write(&Entry::Run { plan: Box::new(Plan::clone(plan)) })?;
        journal.file.sync_data()?;
        Ok(journal)
    }

    /// Removes this workspace's journal, which has nothing more to say.
    pub fn discard(&self) {
        for path in [&self.path, &self.before] {
            match self.look(path) {
                Found::Ours(_) => discard(path),
                // Torn in its first line; in its own place it can be nobody else's.
                Found::Nothing if *path == self.path => discard(path),
                Found::Nothing | Found::Others(_) => {}
            }
        }
    }
}

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

    /// Ends the journal: the ledger holds what it said. One that took its place is left alone.
    pub fn finish(&self) {
        let (Ok(mine), Ok(there)) = (self.file.metadata(), fs::metadata(&self.path)) else { return };
        if (mine.dev(), mine.ino()) == (there.dev(), there.ino()) {
            discard(&self.path);
        }
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

fn discard(path: &Path) {
    let _ = fs::remove_file(path);
}

fn read(path: &Path) -> Vec<Entry> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    // The first line that does not read was torn by the crash: nothing follows it.
    lines.map_while(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
#[path = "journal/tests.rs"]
mod tests;
