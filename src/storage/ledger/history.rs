//! Records of runs beside a ledger: written once, read, listed, and copied with the ledger.

use std::path::Path;
use std::sync::PoisonError;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use sha2::{Digest as _, Sha256};

use super::document::{BackendError, Document, Version};
use super::{LedgerError, Store};
use crate::config::workspace::Workspace;
use crate::model::chain::{FoundRecord, History};
use crate::model::history::{FORMAT, HistoryHead, RunId, RunRecord};
use crate::model::language::localized;
use crate::model::ledger::Ledger;
use crate::model::text::hex;
use crate::storage::files::Place;
use crate::storage::paths;

/// Most records that are read at a time.
const AT_A_TIME: usize = 16;

/// Most bytes of a file that may be a ledger.
const LARGEST_LEDGER: u64 = 1 << 30;

impl Store {
    /// Writes the record of this run after the ledger's newest one, and returns the newest record then.
    ///
    /// A run that lost its lock may have a record already, by the run that took up its journal. Then that one stays.
    ///
    /// The ledger names the record once it is saved. A second call, for a ledger that another run wrote meanwhile,
    /// replaces the record of the first one.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn append(
        &self,
        record: &mut RunRecord,
        newest: Option<HistoryHead>,
    ) -> Result<Option<HistoryHead>, LedgerError> {
        self.own_folder();
        (record.previous_run, record.previous) = newest.clone().map(|link| (link.run, link.digest)).unzip();
        for _ in 0..100 {
            let bytes = bytes(record)?;
            match self.write_record(record.run, &bytes).await {
                Ok(version) => {
                    *self.record.lock().unwrap_or_else(PoisonError::into_inner) = Some((record.run, version));
                    return Ok(Some(HistoryHead { run: record.run, digest: digest(&bytes) }));
                }
                Err(BackendError::Conflict) => {
                    let there = self.record(record.run).await?.and_then(|found| found.record.ok());
                    let is_same = |there: RunRecord| there.plan_digest == record.plan_digest;
                    if there.is_some_and(is_same) {
                        return Ok(newest);
                    }
                    // Another workspace of the folder began a run in the same millisecond.
                    record.run = RunId::new(0, Some(record.run));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(BackendError::Conflict.into())
    }

    async fn write_record(&self, run: RunId, bytes: &[u8]) -> Result<Version, BackendError> {
        let document = Document::Record(run);
        let mine = self.record.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let written = match mine.filter(|(mine, _)| *mine == run) {
            Some((_, version)) => self.shelf.replace(document, bytes, &version).await,
            None => self.shelf.create(document, bytes).await,
        };
        match written {
            // The first try succeeded, but its response was lost.
            Err(BackendError::Conflict) => match self.shelf.read(document).await? {
                Some(seen) if seen.bytes == bytes => Ok(seen.version),
                _ => Err(BackendError::Conflict),
            },
            other => other,
        }
    }

    /// Reads the record of a run; `None` if there is none.
    ///
    /// # Errors
    /// The folder or store cannot be read.
    pub async fn record(&self, run: RunId) -> Result<Option<FoundRecord>, LedgerError> {
        let seen = self.shelf.read(Document::Record(run)).await?;
        Ok(seen.map(|seen| FoundRecord { run, digest: digest(&seen.bytes), record: parse(run, &seen.bytes) }))
    }

    /// Reads and checks all records of the workspace, without the content of their reports.
    ///
    /// # Errors
    /// The folder or store cannot be read.
    pub async fn history(&self, ledger: &Ledger) -> Result<History, LedgerError> {
        let mut runs = self.shelf.runs().await?;
        runs.sort_unstable();
        let read = stream::iter(runs).map(async |run| {
            let mut found = self.record(run).await?;
            if let Some(FoundRecord { record: Ok(record), .. }) = &mut found {
                record.drop_report();
            }
            Ok::<_, LedgerError>(found)
        });
        let found: Vec<Option<FoundRecord>> = read.buffered(AT_A_TIME).try_collect().await?;
        let found = found.into_iter().flatten().collect();
        let workspace = ledger.workspace.as_deref().unwrap_or(&self.workspace);
        Ok(History::check(workspace, ledger.history.as_ref(), found))
    }

    /// Copies a ledger with its records to an empty place, whose lock the caller holds.
    ///
    /// The records come first. So an interrupted copy can be repeated.
    ///
    /// # Errors
    /// The place holds a ledger or another record, or it cannot be written.
    pub async fn copy(&self, ledger: &Ledger, to: &Store) -> Result<usize, LedgerError> {
        if to.shelf.read(Document::Ledger).await?.is_some() {
            let there = to.place();
            return Err(LedgerError::Unusable(localized!(
                "{there} holds a ledger, which a copy would overwrite; name an empty place",
                "{there} 已有账本，复制会覆盖它；请另选一个空的位置",
                "{there} 已有帳本，複製會覆寫它；請另選一個空的位置"
            )));
        }
        let runs = self.history(ledger).await?.runs;
        for run in &runs {
            let document = Document::Record(*run);
            let Some(seen) = self.shelf.read(document).await? else { continue };
            match to.shelf.create(document, &seen.bytes).await {
                Err(BackendError::Conflict) => match to.shelf.read(document).await? {
                    Some(there) if there.bytes == seen.bytes => {}
                    _ => {
                        let shown = to.shelf.shown(document);
                        return Err(LedgerError::Unusable(localized!(
                            "{shown} is another run's record, which a copy would overwrite; name an empty place",
                            "{shown} 是另一次执行的记录，复制会覆盖它；请另选一个空的位置",
                            "{shown} 是另一次執行的記錄，複製會覆寫它；請另選一個空的位置"
                        )));
                    }
                },
                other => drop(other?),
            }
        }
        to.amend(&mut Ledger { copied_to: None, ..ledger.clone() }).await?;
        Ok(runs.len())
    }
}

/// A ledger of this workspace in another place than the configured one.
pub struct Stray {
    /// Its location for display.
    pub place: String,
    /// The place that it was copied to last.
    pub copied_to: Option<String>,
}

/// Finds a ledger of this workspace in rosterctl's own folder, if the configured place holds none.
pub fn stray(workspace: &Workspace, place: &Place, configured: &Ledger) -> Option<Stray> {
    // Each written ledger has a serial.
    if configured.serial > 0 {
        return None;
    }
    let entries = std::fs::read_dir(place.own_folder()).ok()?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.iter().find_map(|path| {
        let ledger = ledger_at(path)?;
        let is_own = ledger.workspace.as_deref() == Some(&*workspace.name);
        is_own.then(|| Stray { place: path.display().to_string(), copied_to: ledger.copied_to })
    })
}

fn ledger_at(path: &Path) -> Option<Ledger> {
    let is_json = path.extension().is_some_and(|end| end == "json");
    let file = paths::open(path).ok().filter(|_| is_json)?;
    super::read(&paths::read(file, LARGEST_LEDGER).ok()?, "").ok()
}

fn bytes(record: &RunRecord) -> Result<Vec<u8>, LedgerError> {
    // No run deletes a record, so they are compact.
    let bytes = serde_json::to_vec(record);
    let mut bytes = bytes.map_err(|error| LedgerError::Unusable(error.to_string().into()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Returns the SHA-256 of a file's bytes in hex.
fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Parses a record, which must be that of the run in its file's name.
fn parse(run: RunId, bytes: &[u8]) -> Result<RunRecord, String> {
    let record: RunRecord = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if record.format != FORMAT {
        return Err(format!("its `format` is not {FORMAT}"));
    }
    if record.run != run {
        return Err(format!("it is the record of {}", record.run));
    }
    Ok(record)
}
