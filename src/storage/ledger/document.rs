//! Documents of a ledger in any backend: their versions and their errors.

/// Kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// The state that was applied last.
    Ledger,
    /// The current holder of the lock.
    Lock,
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
    /// The store is unreachable, or refuses.
    Remote(String),
}
