//! The table of exit codes; the only place that picks one.

use std::process::ExitCode;

use super::error::CliError;
use crate::model::plan::Plan;
use crate::model::rule::Effect;
use crate::report::Run;

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
    pub(super) fn for_plan(plan: &Plan, detailed: bool) -> Self {
        match Self::refusal(plan) {
            Some(exit) => exit,
            None if detailed && plan.differs() => Self::Differs,
            None => Self::Success,
        }
    }

    /// Returns the code of a run; `whole` when it did all that the plan asks for.
    pub(super) fn for_run(run: &Run, whole: bool) -> Self {
        let mut unproved = run.results.iter().filter(|result| !result.is_proved()).peekable();
        if run.interrupted {
            Self::Interrupted
        } else if whole {
            Self::Success
        } else if run.stale.is_empty()
            && unproved.peek().is_some()
            && unproved.all(|result| result.only_deferred)
        {
            Self::Refused
        } else {
            Self::Partial
        }
    }

    /// Returns the code of a command that an error ends.
    pub(super) fn for_error(error: &CliError) -> Self {
        match error {
            CliError::Input(..) | CliError::Error(_) => Self::Error,
            CliError::Stale(_) => Self::Stale,
            CliError::Unreachable(..) => Self::Unreachable,
            CliError::Locked(_) => Self::Locked,
            CliError::Interrupted => Self::Interrupted,
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
