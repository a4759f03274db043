//! The error that ends a command, as data: [`Console`](super::console::Console) renders it.

use std::fmt::Display;
use std::path::Path;

use super::session::source_cache::SourceCache;
use crate::messages::Message as _;
use crate::model::call::{self, Reason};
use crate::model::diagnostic::Diagnostic;
use crate::model::id::safe;
use crate::model::language::{Language, Localized, localized};
use crate::model::unread::FailedCall;
use crate::report::Failure;
use crate::report::phrases::Phrase;
use crate::storage::ledger::LedgerError;
use crate::storage::secrets::SecretError;

/// Error that ends a command.
pub(super) enum CliError {
    /// Wrong files that people wrote, and the cache with their lines.
    Input(Vec<Diagnostic>, SourceCache),
    /// Manifests that break a rule of policy, now or later, and the cache with their lines.
    Refused(Vec<Diagnostic>, SourceCache),
    /// Error of the command line or of this machine.
    Error(Localized),
    /// A saved plan is stale.
    Stale(Localized),
    /// A system cannot be read; with the reason. A line for each system.
    Unreachable(Localized, Reason),
    /// Another apply holds the lock.
    Locked(Localized),
    /// The operator stopped the run before it changed anything.
    Interrupted,
}

impl CliError {
    /// Returns the error of a part of this program or of a library, in its own words.
    pub(super) fn other(error: impl Into<anyhow::Error>) -> Self {
        Self::Error(format!("{:#}", error.into()).into())
    }

    /// Returns the error of a file that cannot be read.
    pub(super) fn unreadable(path: &Path, error: &impl Display) -> Self {
        let path = path.display();
        Self::Error(localized!(
            "{path} cannot be read: {error}",
            "{path} 读不了（{error}）",
            "{path} 無法讀取（{error}）"
        ))
    }

    /// Returns the error of a file that cannot be written.
    pub(super) fn unwritable(path: &Path, error: &impl Display) -> Self {
        let path = path.display();
        Self::Error(localized!(
            "{path} cannot be written: {error}",
            "{path} 写不了（{error}）",
            "{path} 無法寫入（{error}）"
        ))
    }

    /// Returns the error of a command that wrote nothing, for a reason.
    pub(super) fn nothing_written(why: &impl Display) -> Self {
        Self::Error(localized!(
            "nothing was written: {why}",
            "什么都没有写入（{why}）",
            "什麼都沒有寫入（{why}）"
        ))
    }

    /// Returns the error of a secret that is not available.
    pub(super) fn secret(what: &Localized, error: &SecretError) -> Self {
        let why = error.words();
        let message = localized!(what, why; "{what}: {why}", "{what}：{why}", "{what}：{why}");
        match error {
            SecretError::Unreachable { reason, .. } => Self::Unreachable(message, *reason),
            SecretError::Missing { .. } | SecretError::Store { .. } => Self::Error(message),
        }
    }

    /// Returns the error's sentence.
    pub(super) fn message(&self) -> Localized {
        match self {
            Self::Input(diagnostics, _) => {
                Localized::of(|language| Phrase::WrongFiles(diagnostics.len()).say(language).into_owned())
            }
            Self::Refused(..) => Localized::of(|language| Phrase::RefusedFiles.say(language).into_owned()),
            Self::Error(message)
            | Self::Stale(message)
            | Self::Locked(message)
            | Self::Unreachable(message, _) => message.clone(),
            Self::Interrupted => localized!(
                "interrupted; nothing was changed",
                "已中断；什么都没有改动",
                "已中斷；什麼都沒有更動"
            ),
        }
    }

    /// Returns the failure for a report.
    pub(super) fn failure(&self) -> Failure {
        let message = self.message();
        let (diagnostics, reason) = match self {
            Self::Input(diagnostics, _) | Self::Refused(diagnostics, _) => (diagnostics.clone(), None),
            Self::Unreachable(_, reason) => (Vec::new(), Some(*reason)),
            Self::Error(_) | Self::Stale(_) | Self::Locked(_) | Self::Interrupted => (Vec::new(), None),
        };
        let message = if reason.is_some() { message.map(|text| text.replace('\n', "; ")) } else { message };
        Failure { workspace: None, message, reason, diagnostics }
    }
}

/// Returns the question for a name that is meant, behind a sentence.
pub(super) fn did_you_mean(near: Option<&str>) -> Localized {
    match near.map(safe) {
        Some(near) => localized!("; did you mean `{near}`?", "；是不是 `{near}`？", "；是不是 `{near}`？"),
        None => Localized::default(),
    }
}

impl From<Localized> for CliError {
    fn from(message: Localized) -> Self {
        Self::Error(message)
    }
}

impl From<call::Failure> for CliError {
    fn from(failure: call::Failure) -> Self {
        // Several systems that failed have a line each.
        let several = failure.words().filter(|words| words.text(Language::En).contains('\n'));
        let words = several.cloned().unwrap_or_else(|| FailedCall::from(&failure).localized());
        Self::Unreachable(words, failure.reason())
    }
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        let words = error.words();
        match error {
            LedgerError::Unusable(_) | LedgerError::Moved(_) | LedgerError::Others { .. } => {
                Self::Error(words)
            }
            LedgerError::Unreachable(reason, _) => Self::Unreachable(words, reason),
            LedgerError::Locked(_) => Self::Locked(words),
        }
    }
}
