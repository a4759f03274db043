//! Documents of a ledger in any backend: their versions and their errors.

use crate::model::call::Reason;
use crate::model::history::RunId;

/// Kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// The state that was applied last.
    Ledger,
    /// The current holder of the lock.
    Lock,
    /// The record of a run.
    Record(RunId),
    /// A trial of the backend; it holds nothing.
    Trial,
}

/// Name of the folder of records beside a ledger.
pub(super) const HISTORY: &str = "history";

/// File name of a trial.
pub(super) const TRIAL: &str = "trial.json";

/// Returns the file name of a record.
pub(super) fn file_name(run: RunId) -> String {
    format!("{run}.json")
}

/// Returns the run of a record's file name; `None` for any other file.
pub(super) fn run_of(file_name: &str) -> Option<RunId> {
    file_name.strip_suffix(".json")?.parse().ok()
}

/// Document as it was read.
#[derive(Debug)]
pub(super) struct Versioned {
    pub(super) bytes: Vec<u8>,
    pub(super) version: Version,
}

/// Version that identifies one state of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Digest of a file's content.
    Digest(Vec<u8>),
    /// Version of an object, as its store reports it.
    Object(object_store::UpdateVersion),
}

/// Reason for which a document was not read or written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BackendError {
    /// The document has changed since its writer read it, or exists already.
    Conflict,
    /// This machine's disk failed.
    Disk(String),
    /// The store is unreachable, gives no answer, or refuses.
    Remote(Reason, String),
}
