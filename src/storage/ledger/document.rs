//! Documents of a ledger in any backend: their versions, and the errors of reading and writing them.

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// What was applied last.
    Ledger,
    /// Who applies now.
    Lock,
}

/// A document as it was read.
#[derive(Debug)]
pub(super) struct Versioned {
    pub(super) bytes: Vec<u8>,
    pub(super) version: Version,
}

/// What tells one state of a document from the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Of a file: a digest of what is in it.
    Digest(Vec<u8>),
    /// Of an object: as its store says.
    Object(object_store::UpdateVersion),
}

/// Why a document was not read or written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BackendError {
    /// It is not what its writer read, or is there already.
    Conflict,
    /// This machine's disk refuses.
    Disk(String),
    /// The store cannot be reached, or refuses.
    Remote(String),
}
