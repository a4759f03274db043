//! The table of exit codes; the only place that picks one.

use std::process::ExitCode;

use super::console::Console;
use super::session::load::Input;
use crate::model::call::{self, Reason};
use crate::model::diagnostic::Diagnostic;
use crate::model::finding::Effect;
use crate::model::plan::Plan;
use crate::report::Failure;
use crate::storage::ledger::LedgerError;
use crate::storage::secrets::SecretError;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Success; no difference where that was asked.
    Success = 0,
    /// Bad usage, bad manifest, failed call.
    Error = 1,
    /// Differences, where that was asked.
    Differs = 2,
    /// A saved plan is stale.
    Stale = 3,
    /// Refused by policy.
    Refused = 4,
    /// Applied in part.
    Partial = 5,
    /// A system could not be reached, or gave no usable answer.
    Unreachable = 6,
    /// Another apply holds the lock.
    Locked = 7,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// The code of a plan that is only shown.
    pub(super) fn of_plan(plan: &Plan, detailed: bool) -> Self {
        match Self::refusal(plan) {
            Some(exit) => exit,
            None if detailed && plan.differs() => Self::Differs,
            None => Self::Success,
        }
    }

    /// Why a plan may not be applied; `None` when it may.
    pub(super) fn refusal(plan: &Plan) -> Option<Self> {
        if plan.has(Effect::Incomplete) {
            Some(Self::Unreachable)
        } else if plan.has(Effect::Refused) {
            Some(Self::Refused)
        } else if plan.has(Effect::Invalid) {
            Some(Self::Error)
        } else {
            None
        }
    }

    /// The graver of two: 6, 7, 4, 1, 2, 0.
    #[must_use]
    pub(super) fn graver(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Interrupted => 8,
            Self::Unreachable => 7,
            Self::Locked => 6,
            Self::Partial => 5,
            Self::Stale => 4,
            Self::Refused => 3,
            Self::Error => 2,
            Self::Differs => 1,
            Self::Success => 0,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

const INTERRUPTED: &str = "interrupted; nothing was changed";

/// Why a command gave up.
pub(super) enum CliError {
    /// Files that people wrote are wrong.
    Input(Vec<Diagnostic>, Input),
    /// The command line is wrong, or something on this machine.
    Error(anyhow::Error),
    /// A saved plan is stale.
    Stale(String),
    /// A system cannot be read, and why.
    Unreachable(String, Reason),
    /// Another apply holds the lock.
    Locked(String),
    /// The operator stopped the run before it changed anything.
    Interrupted,
}

impl CliError {
    /// An error in words.
    pub(super) fn error(message: impl Into<String>) -> Self {
        Self::Error(anyhow::Error::msg(message.into()))
    }

    /// A secret that cannot be had, and what for.
    pub(super) fn secret(what: &str, error: &SecretError) -> Self {
        let message = format!("{what}: {error}");
        match error {
            SecretError::Unreachable { reason, .. } => Self::Unreachable(message, *reason),
            SecretError::Missing { .. } | SecretError::Store { .. } => Self::error(message),
        }
    }

    /// What is wrong, for a report.
    pub(super) fn failure(&self) -> Failure {
        let of =
            |message: String| Failure { workspace: None, message, reason: None, diagnostics: Vec::new() };
        match self {
            Self::Input(diagnostics, _) => Failure {
                workspace: None,
                message: match diagnostics.len() {
                    1 => "the workspace or a manifest has an error".to_owned(),
                    count => format!("the workspace and its manifests have {count} errors"),
                },
                reason: None,
                diagnostics: diagnostics.clone(),
            },
            Self::Error(error) => of(format!("{error:#}")),
            Self::Stale(message) | Self::Locked(message) => of(message.clone()),
            Self::Unreachable(message, reason) => {
                Failure { reason: Some(*reason), ..of(message.replace('\n', "; ")) }
            }
            Self::Interrupted => of(INTERRUPTED.to_owned()),
        }
    }

    /// Says what is wrong, and picks the code.
    pub(super) fn report(self, console: &Console) -> Exit {
        match self {
            Self::Input(diagnostics, input) => {
                console.diagnostics(&diagnostics, &input);
                Exit::Error
            }
            Self::Error(error) => {
                console.error(&format!("{error:#}"));
                Exit::Error
            }
            Self::Stale(message) => {
                console.error(&message);
                Exit::Stale
            }
            Self::Unreachable(message, _) => {
                // A line for each system.
                message.lines().for_each(|line| console.error(line));
                Exit::Unreachable
            }
            Self::Locked(message) => {
                console.error(&message);
                Exit::Locked
            }
            Self::Interrupted => {
                console.error(INTERRUPTED);
                Exit::Interrupted
            }
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
            LedgerError::Unreachable(why) => Self::Unreachable(why, Reason::Unreachable),
            LedgerError::Locked(why) => Self::Locked(why),
        }
    }
}
