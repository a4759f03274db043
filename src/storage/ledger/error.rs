//! Errors of the ledger and its lock.

use super::document::BackendError;

/// Reason for which the ledger or its lock is not available.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The setting is wrong, the file is damaged or too new, or this machine's disk failed.
    #[error("{0}")]
    Unusable(String),
    /// The object store is unreachable, or refuses.
    #[error("{0}")]
    Unreachable(String),
    /// Another process holds the lock.
    #[error("{0}")]
    Locked(String),
    /// The ledger belongs to another workspace or tenant. This run must not delete its resources.
    #[error("{what}; {help}")]
    Others {
        /// The ledger and its owner.
        what: String,
        /// The remedy.
        help: String,
    },
    /// Another run wrote the ledger since this run read it. Read it again and record in that.
    #[error("the ledger {0} was changed by another run since it was read, and was not written over")]
    Moved(String),
}

impl From<BackendError> for LedgerError {
    fn from(trouble: BackendError) -> Self {
        match trouble {
            BackendError::Conflict => {
                Self::Unusable("the ledger is changed by others all the time".to_owned())
            }
            BackendError::Disk(why) => Self::Unusable(why),
            BackendError::Remote(why) => Self::Unreachable(why),
        }
    }
}
