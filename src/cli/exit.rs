//! Table of exit codes; the only place that chooses one.

use std::process::ExitCode;

use super::error::CliError;
use crate::model::plan::Plan;
use crate::model::rule::Effect;
use crate::report::Run;

/// Exit code of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Success; no difference if the command checks for one.
    Success = 0,
    /// Bad usage, bad manifest, failed call.
    Error = 1,
    /// Differences, if the command checks for them.
    Differs = 2,
    /// A saved plan is stale.
    Stale = 3,
    /// Refused by policy.
    Refused = 4,
    /// Applied in part.
    Partial = 5,
    /// A system was unreachable, or gave no usable response.
    Unreachable = 6,
    /// Another apply holds the lock.
    Locked = 7,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// Returns the code of a plan that is only shown.
    pub(super) fn for_plan(plan: &Plan, detailed: bool) -> Self {
        match Self::refusal(plan) {
            Some(exit) => exit,
            None if detailed && plan.differs() => Self::Differs,
            None => Self::Success,
        }
    }

    /// Returns the code of a run. `whole` is true if it did all that the plan requests.
    pub(super) fn for_run(run: &Run, whole: bool) -> Self {
        let mut unproved = run.results.iter().filter(|result| !result.is_proved()).peekable();
        if run.interrupted {
            Self::Interrupted
        } else if run.lock_lost.is_some() {
            Self::Partial
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
            CliError::Refused(..) => Self::Refused,
            CliError::Input(..) | CliError::Error(_) => Self::Error,
            CliError::Stale(_) => Self::Stale,
            CliError::Unreachable(..) => Self::Unreachable,
            CliError::Locked(_) => Self::Locked,
            CliError::Interrupted => Self::Interrupted,
        }
    }

    /// Returns the code of a plan that may not be applied; `None` if it may.
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

    /// Returns the graver of two codes. Order: 130, 6, 7, 5, 3, 4, 1, 2, 0.
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
