//! The error that ends a command, as data: [`Console`](super::console::Console) renders it.

use super::session::source_cache::SourceCache;
use crate::model::call::{self, Reason};
use crate::model::diagnostic::Diagnostic;
use crate::model::language::Language;
use crate::report::Failure;
use crate::report::phrases::Phrase;
use crate::storage::ledger::LedgerError;
use crate::storage::secrets::SecretError;

/// Message of [`CliError::Interrupted`].
pub(super) const INTERRUPTED: &str = "interrupted; nothing was changed";

/// Error that ends a command.
pub(super) enum CliError {
    /// Wrong files that people wrote, and the cache with their lines.
    Input(Vec<Diagnostic>, SourceCache),
    /// Manifests that break a rule of policy, now or later, and the cache with their lines.
    Refused(Vec<Diagnostic>, SourceCache),
    /// Error of the command line or of this machine.
    Error(anyhow::Error),
    /// A saved plan is stale.
    Stale(String),
    /// A system cannot be read; with the reason.
    Unreachable(String, Reason),
    /// Another apply holds the lock.
    Locked(String),
    /// The operator stopped the run before it changed anything.
    Interrupted,
}

impl CliError {
    /// Returns an error with a message.
    pub(super) fn error(message: impl Into<String>) -> Self {
        Self::Error(anyhow::Error::msg(message.into()))
    }

    /// Returns the error of a secret that is not available.
    pub(super) fn secret(what: &str, error: &SecretError) -> Self {
        let message = format!("{what}: {error}");
        match error {
            SecretError::Unreachable { reason, .. } => Self::Unreachable(message, *reason),
            SecretError::Missing { .. } | SecretError::Store { .. } => Self::error(message),
        }
    }

    /// Returns the failure for a report.
    pub(super) fn failure(&self) -> Failure {
        let of = |message: String| Failure {
            workspace: None,
            message,
            is_of_policy: false,
            reason: None,
            diagnostics: Vec::new(),
        };
        match self {
            Self::Input(diagnostics, _) => Failure {
                diagnostics: diagnostics.clone(),
                ..of(Phrase::WrongFiles(diagnostics.len()).say(Language::En).into_owned())
            },
            Self::Refused(diagnostics, _) => Failure {
                diagnostics: diagnostics.clone(),
                is_of_policy: true,
                ..of(Phrase::RefusedFiles.say(Language::En).into_owned())
            },
            Self::Error(error) => of(format!("{error:#}")),
            Self::Stale(message) | Self::Locked(message) => of(message.clone()),
            Self::Unreachable(message, reason) => {
                Failure { reason: Some(*reason), ..of(message.replace('\n', "; ")) }
            }
            Self::Interrupted => of(INTERRUPTED.to_owned()),
        }
    }
}

impl From<call::Failure> for CliError {
    fn from(failure: call::Failure) -> Self {
        Self::Unreachable(failure.message().to_owned(), failure.reason())
    }
}

impl From<anyhow::Error> for CliError {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Unusable(_) | LedgerError::Moved(_) | LedgerError::Others { .. } => {
                Self::Error(error.into())
            }
            LedgerError::Unreachable(reason, why) => Self::Unreachable(why, reason),
            LedgerError::Locked(why) => Self::Locked(why),
        }
    }
}
