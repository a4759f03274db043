//! Journal file in JSON lines. A torn last line is harmless.
//!
//! A journal belongs to a workspace and its ledger, like the lock. Its file name names both, and its first line holds
//! the workspace's name. A run neither reads nor removes the journal of another workspace.
//!
//! Written lines survive a killed program, and synced lines survive a power loss. Before a call leaves that is not
//! safe to repeat, its intent is synced together with all lines above it. One sync serves all waiting calls, and
//! never blocks the thread that drives the calls.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{self, Place};
use super::ledger;
use futures_util::future::LocalBoxFuture;

use crate::config::workspace::Workspace;
use crate::model::call::Failure;
use crate::model::digest;
use crate::model::history::RunId;
use crate::model::id::{OperatorId, ResourceId, safe};
use crate::model::journal::{Ending, Entry, JournalRemark};
use crate::model::language::{Localized, localized};
use crate::model::plan::{Operation, Plan, Verb};
use crate::runtime::clock;
use crate::runtime::ports::StepJournal;

/// Number of characters of a workspace's name in the file name of its journal.
const SHOWN: usize = 40;

/// Location of a workspace's journal.
pub struct JournalPath {
    workspace: Arc<str>,
    path: PathBuf,
    /// Location of the journal in an earlier rosterctl, shared by all workspaces of the folder.
    before: PathBuf,
}

/// Content at a journal's path.
enum Found {
    Nothing,
    /// Unfinished run of this workspace.
    Ours(Vec<Entry>),
    /// Journal of another workspace, by name.
    Others(String),
    /// Damaged journal: the reason, and the entries before the damage.
    Damaged(String, Vec<Entry>),
}

impl JournalPath {
    /// Returns the location of a workspace's journal.
    pub fn for_workspace(workspace: &Workspace, place: &Place) -> Self {
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

    /// Reads the journal of this workspace's unfinished run; empty if there is none.
    ///
    /// # Errors
    /// The file is the journal of another workspace.
    pub fn unfinished(&self) -> Result<Vec<Entry>, Localized> {
        self.left_behind().map(|(_, entries)| entries)
    }

    /// Returns the unfinished entries with the file that holds them.
    fn left_behind(&self) -> Result<(&Path, Vec<Entry>), Localized> {
        match self.look(&self.path) {
            Found::Ours(entries) | Found::Damaged(_, entries) => Ok((&self.path, entries)),
            Found::Nothing => match self.look(&self.before) {
                Found::Ours(entries) => Ok((&self.before, entries)),
                Found::Nothing | Found::Others(_) | Found::Damaged(..) => Ok((&self.before, Vec::new())),
            },
            Found::Others(other) => {
                let (path, other, mine) = (self.path.display(), safe(&other), &self.workspace);
                Err(localized!(
                    "the journal {path} is of workspace `{other}`, and this workspace is `{mine}`: nothing is done by it; \
                     move it away, back to where that workspace lies, whose next apply finishes what it began",
                    "执行日志 {path} 是工作区 `{other}` 的，这个工作区叫 `{mine}`：不照它办；请把它移回那个工作区，那里下一次 \
                     apply 会做完没做完的",
                    "執行日誌 {path} 是工作區 `{other}` 的，這個工作區叫 `{mine}`：不照它辦；請把它移回那個工作區，那裡下一次 \
                     apply 會做完沒做完的"
                ))
            }
        }
    }

    /// Removes a resource from an unfinished journal. The next run then records no result of it.
    ///
    /// The targets of queue creations stay, so that `apply` still waits for the vendor before it creates the queue.
    ///
    /// # Errors
    /// The file is the journal of another workspace, or the journal cannot be written.
    pub fn forget(&self, id: &ResourceId) -> Result<(), Localized> {
        let (path, entries) = self.left_behind()?;
        let Some(Entry::Run { mut plan, ledger, run }) = entries.into_iter().next() else { return Ok(()) };
        let kept = Arc::make_mut(&mut plan);
        kept.changes.retain(|change| change.id != *id);
        for step in kept.steps.iter_mut().filter(|step| step.operation != Operation::queue(Verb::Create)) {
            step.targets.retain(|target| target != id);
        }
        let write = || -> io::Result<()> {
            let before = fs::read(path)?;
            let mut after = serde_json::to_vec(&Entry::Run { plan, ledger, run })?;
            // The other lines stay unchanged, also a damaged one.
            after.extend(before.iter().skip_while(|byte| **byte != b'\n'));
            files::put(path, &after)
        };
        let path = path.display();
        write().map_err(|error| {
            localized!(
                "{path} cannot be written: {error}",
                "{path} 写不了（{error}）",
                "{path} 無法寫入（{error}）"
            )
        })
    }

    /// Returns a remark on a journal of an earlier rosterctl that does not belong to this workspace.
    pub fn foreign_journal(&self) -> Option<JournalRemark> {
        let path = self.before.display().to_string();
        match self.look(&self.before) {
            Found::Others(other) => Some(JournalRemark::Foreign { path, workspace: safe(&other) }),
            Found::Damaged(..) => Some(JournalRemark::Nameless { path }),
            Found::Ours(_) | Found::Nothing => None,
        }
    }

    /// Returns a remark on a damaged journal: its reason, and the file that keeps it.
    pub fn corruption(&self) -> Option<JournalRemark> {
        let Found::Damaged(why, _) = self.look(&self.path) else { return None };
        let (path, aside) = (self.path.display().to_string(), self.aside().display().to_string());
        Some(JournalRemark::Damaged { path, why, aside })
    }

    /// Returns the time of the last write to a damaged journal. In milliseconds since 1970 UTC.
    pub fn damaged_ms(&self) -> Option<i64> {
        match self.look(&self.path) {
            Found::Damaged(..) => files::written_ms(&self.path),
            Found::Nothing | Found::Ours(_) | Found::Others(_) => None,
        }
    }

    /// Returns the path that keeps a damaged journal.
    fn aside(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let at_ms = files::written_ms(&self.path).unwrap_or_default();
        let mut aside = self.path.with_file_name(format!("unreadable-{at_ms}-{name}"));
        while aside.exists() {
            aside.as_mut_os_string().push("x");
        }
        aside
    }

    fn look(&self, path: &Path) -> Found {
        let (entries, damage) = match fs::read(path) {
            Ok(bytes) => read(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        match (entries.first(), damage) {
            (Some(Entry::Run { plan, .. }), _) if *plan.workspace != *self.workspace => {
                Found::Others(plan.workspace.clone())
            }
            (Some(Entry::Run { .. }), None) => Found::Ours(entries),
            (Some(Entry::Run { .. }), Some(why)) => Found::Damaged(why, entries),
            (Some(Entry::Begin { .. } | Entry::End { .. }), _) => {
                Found::Damaged("its first line is missing".to_owned(), Vec::new())
            }
            (None, why) => Found::Damaged(why.unwrap_or_else(|| "it is empty".to_owned()), Vec::new()),
        }
    }

    /// Starts the journal of a run, with the run's name in the history. `serial` is that of the ledger that the run has
    /// read or written.
    ///
    /// It replaces the journal of this workspace's last run with a new file. A run that lost the lock and still works
    /// continues in the old file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn start(&self, plan: &Arc<Plan>, serial: u64, run: Option<RunId>) -> io::Result<Journal> {
        self.discard();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        let (written, synced) = (Mutex::default(), tokio::sync::Mutex::default());
        let journal = Journal { path: self.path.clone(), file: Arc::new(file), written, synced };
        journal.write(&Entry::Run { plan: Arc::clone(plan), ledger: Some(serial), run })?;
        journal.file.sync_data()?;
        Ok(journal)
    }

    /// Removes this workspace's journal, which is no longer needed. Keeps a damaged one aside.
    pub fn discard(&self) {
        for path in [&self.path, &self.before] {
            match self.look(path) {
                Found::Ours(_) => discard(path),
                // The file at its own path belongs to this workspace.
                Found::Damaged(..) if *path == self.path => {
                    let _ = fs::rename(path, self.aside());
                }
                Found::Nothing | Found::Others(_) | Found::Damaged(..) => {}
            }
        }
    }
}

/// The journal of a run.
pub struct Journal {
    path: PathBuf,
    file: Arc<File>,
    /// Number of lines written.
    written: Mutex<u64>,
    /// Number of lines synced.
    synced: tokio::sync::Mutex<u64>,
}

impl Journal {
    /// Records that a call is about to leave.
    ///
    /// # Errors
    /// The line cannot be written, and the call must not leave.
    pub async fn begin(&self, step: usize, verb: Verb) -> io::Result<()> {
        let line = self.write(&Entry::Begin { step, at_ms: clock::now_ms() })?;
        match verb {
            // Safe to repeat.
            Verb::Edit | Verb::Password => Ok(()),
            Verb::Create | Verb::Delete | Verb::Members | Verb::Put => self.sync(line).await,
        }
    }

    /// Removes the journal: the ledger holds its results. Keeps a journal that has replaced it.
    pub fn finish(&self) {
        let (Ok(mine), Ok(there)) = (self.file.metadata(), fs::metadata(&self.path)) else { return };
        if (mine.dev(), mine.ino()) == (there.dev(), there.ino()) {
            discard(&self.path);
        }
    }

    /// Writes a line, and returns its number.
    fn write(&self, entry: &Entry) -> io::Result<u64> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        // The first line holds the whole plan. The other ones leave in one piece.
        let mut file = BufWriter::new(&*self.file);
        serde_json::to_writer(&mut file, entry)?;
        file.write_all(b"\n")?;
        file.flush()?;
        *written += 1;
        Ok(*written)
    }

    /// Waits until a line is on disk. Calls that arrive during a sync share the next one.
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

impl StepJournal for Journal {
    fn record_intent(&self, step: usize, verb: Verb) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let unwritten =
                |error| Failure::NotSent(format!("the journal cannot be written: {error}").into());
            self.begin(step, verb).await.map_err(unwritten)
        })
    }

    fn end(&self, step: usize, result: &Result<Option<OperatorId>, Failure>) {
        let (ending, made) = match result {
            Ok(made) => (Ending::Done, made.clone()),
            Err(Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_)) => (Ending::Unknown, None),
            Err(
                Failure::NotSent(_)
                | Failure::Untrusted(_)
                | Failure::Throttled { .. }
                | Failure::Refused(_)
                | Failure::SignIn(_)
                | Failure::Shut(_)
                | Failure::Halted,
            ) => (Ending::Failed, None),
        };
        if let Err(error) = self.write(&Entry::End { step, ending, made }) {
            tracing::warn!(%error, "the journal cannot be written");
        }
    }
}

fn discard(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Parses the entries of a journal. Also returns the reason if a line is damaged. A crash may have torn the last
/// line, which is harmless.
fn read(bytes: &[u8]) -> (Vec<Entry>, Option<String>) {
    let mut entries = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match serde_json::from_slice(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if !entries.is_empty() && !line.ends_with(b"\n") => break,
            Err(_) => {
                let why = format!("line {} is none that rosterctl writes", entries.len() + 1);
                return (entries, Some(why));
            }
        }
    }
    (entries, None)
}

#[cfg(test)]
mod tests;
