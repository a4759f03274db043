//! Errors of the ledger and its lock.

use super::document::BackendError;

/// Why the ledger or its lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The setting is wrong, the file is damaged or too new, or this machine's disk refuses.
    #[error("{0}")]
    Unusable(String),
    /// The object store cannot be reached, or refuses.
    #[error("{0}")]
    Unreachable(String),
    /// Another holds the lock.
    #[error("{0}")]
    Locked(String),
    /// The ledger is another workspace's: what it owns is not this one's to delete.
    #[error("{what}; {help}")]
    Others {
        /// Whose it is.
        what: String,
        /// What to do.
        help: String,
    },
    /// The ledger is not what this run read: another run wrote it since. Read it again and record in that.
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
