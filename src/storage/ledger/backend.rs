//! Where a workspace's ledger and its lock lie: a folder or an object store.
//!
//! In: bytes, and the version that they shall replace. Out: the version that then lies there. A document is
//! made only where there is none, and replaced only while it is still what its writer read: so of two who
//! want the lock exactly one gets it, and a run that lost it cannot write over another's ledger.

use super::document::{BackendError, Document, Version, Versioned};
use super::file_backend::Folder;
use super::lock_owner::Signs;
use super::object_backend::Bucket;
use crate::storage::state;

/// A folder or an object store.
#[derive(Debug)]
pub(super) enum Backend {
    Folder(Folder),
    Bucket(Bucket),
}

impl Backend {
    /// The place of a document, in words.
    pub(super) fn shown(&self, document: Document) -> String {
        match self {
            Self::Folder(folder) => folder.shown(document),
            Self::Bucket(bucket) => bucket.shown(document),
        }
    }

    /// Where those who hold the lock give signs that they run.
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

    /// Makes a document where there is none.
    pub(super) async fn create(&self, document: Document, bytes: &[u8]) -> Result<Version, BackendError> {
        match self {
            Self::Folder(folder) => folder.create(document, bytes),
            Self::Bucket(bucket) => bucket.create(document, bytes).await,
        }
    }

    /// Replaces a document that is still what was read.
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

    /// Takes a document away that is still what was read. Object stores cannot remove on a condition: there
    /// `tombstone` takes its place.
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

    /// Makes sure that the place keeps the promises above, right after a document was written to it: some
    /// servers take conditions and do not look at them.
    pub(super) async fn prove(&self, document: Document, bytes: &[u8]) -> Result<(), BackendError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.prove(document, bytes).await,
        }
    }
}
