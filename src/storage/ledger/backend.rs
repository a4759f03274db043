//! Backend of a workspace's ledger and its lock: a folder or an object store.
//!
//! In: bytes, and the version that they replace. Out: the new version. Creation fails if the document exists.
//! Replacement fails if the document has changed since its writer read it. So of two runs that want the lock exactly
//! one gets it, and a run that lost it cannot overwrite another's ledger.

use super::document::{BackendError, Document, Version, Versioned};
use super::file_backend::Folder;
use super::lock_owner::Signs;
use super::object_backend::Bucket;
use crate::model::history::RunId;
use crate::storage::state;

/// Folder or object store.
#[derive(Debug)]
pub(super) enum Backend {
    Folder(Folder),
    Bucket(Bucket),
}

impl Backend {
    /// Returns the location of a document for display.
    pub(super) fn shown(&self, document: Document) -> String {
        match self {
            Self::Folder(folder) => folder.shown(document),
            Self::Bucket(bucket) => bucket.shown(document),
        }
    }

    /// Returns the place in which lock holders give signs that they run.
    pub(super) fn signs(&self) -> Signs {
        match self {
            Self::Folder(folder) => folder.signs(),
            Self::Bucket(_) => {
                Signs::shared(state::folders().iter().map(|folder| folder.join("locks")).collect())
            }
        }
    }

    /// Reads a document; `None` when there is none.
    pub(super) async fn read(&self, document: Document) -> Result<Option<Versioned>, BackendError> {
        match self {
            Self::Folder(folder) => folder.read(document).await,
            Self::Bucket(bucket) => bucket.read(document).await,
        }
    }

    /// Returns the runs that have a record, in no order.
    pub(super) async fn runs(&self) -> Result<Vec<RunId>, BackendError> {
        match self {
            Self::Folder(folder) => folder.runs(),
            Self::Bucket(bucket) => bucket.runs().await,
        }
    }

    /// Creates a document; fails if it exists.
    pub(super) async fn create(&self, document: Document, bytes: &[u8]) -> Result<Version, BackendError> {
        match self {
            Self::Folder(folder) => folder.create(document, bytes),
            Self::Bucket(bucket) => bucket.create(document, bytes).await,
        }
    }

    /// Replaces a document if it is unchanged since it was read.
    pub(super) async fn replace(
        &self,
        document: Document,
        bytes: &[u8],
        read: &Version,
    ) -> Result<Version, BackendError> {
        match self {
            Self::Folder(folder) => folder.replace(document, bytes, read).await,
            Self::Bucket(bucket) => bucket.replace(document, bytes, read).await,
        }
    }

    /// Removes a document if it is unchanged since it was read. Object stores have no conditional delete, so there
    /// `tombstone` replaces the document.
    pub(super) async fn retire(
        &self,
        document: Document,
        tombstone: &[u8],
        read: &Version,
    ) -> Result<(), BackendError> {
        match self {
            Self::Folder(folder) => folder.remove(document, read).await,
            Self::Bucket(bucket) => bucket.replace(document, tombstone, read).await.map(|_| ()),
        }
    }

    /// Tries on a document of its own what a lock needs. A folder needs no trial.
    pub(super) async fn try_writes(&self) -> Result<(), BackendError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.try_writes().await,
        }
    }

    /// Checks that the backend keeps the promises above. Some servers accept conditions and ignore them. Call it
    /// right after a document was written.
    pub(super) async fn prove(&self, document: Document, bytes: &[u8]) -> Result<(), BackendError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.prove(document, bytes).await,
        }
    }
}
