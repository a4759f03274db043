//! Results of a plan's steps.

use std::sync::Arc;

use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::note::Note;
use crate::model::value::Members;

pub use crate::model::note::{Allowed, Deferred, Stale};

/// The result of a step.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that another reader asks for")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// The status.
    pub status: Status,
    /// The reason, if the status does not imply it.
    pub notes: Vec<Note>,
    /// The time of the last answer to its calls, in milliseconds since 1970 UTC, if a call was sent.
    pub answered_ms: Option<i64>,
    /// The number of a created queue.
    pub made: Option<OperatorId>,
    /// True if no listing has shown the created queue.
    pub pending: bool,
    /// The vendor's identities of the created agents.
    pub identities: Vec<(OperatorId, Identity)>,
    /// True if the step was carried out, except for the left-out targets.
    pub carried_out: bool,
    /// The targets that were left out.
    pub left_out: Vec<ResourceId>,
    /// True if only busy agents kept the step from being done in full.
    pub only_deferred: bool,
    /// The agents that the step skipped because they are busy.
    pub spared: Vec<Deferred>,
    /// The written member list, if it differs from the step's.
    pub members: Option<Arc<Members>>,
    /// The members that the vendor dropped: no live agents, and no manifest names them.
    pub dropped: Vec<OperatorId>,
    /// The targets that the vendor confirmed, although the read-back does not show it.
    ///
    /// Of an unread field there is no other evidence.
    pub acknowledged: Vec<ResourceId>,
    /// True if the vendor confirmed the step's call. Without it, unread fields are unknown.
    pub confirmed: bool,
    /// The fields that later calls set again and the vendor confirmed.
    pub reset: Vec<String>,
    /// The targets whose unread fields the call may have set: it was sent, and not reliably confirmed.
    pub doubted: Vec<ResourceId>,
}

impl StepResult {
    /// Returns true if the step is done, and the read-back shows all that it can.
    pub fn is_proved(&self) -> bool {
        self.status == Status::Done && self.carried_out
    }

    /// Returns true if the step took effect on one of its targets.
    pub fn took(&self, target: &ResourceId) -> bool {
        self.carried_out && !self.left_out.contains(target)
    }
}

/// The end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It took effect.
    Done,
    /// It failed, or did not take effect.
    Failed,
    /// It was not tried.
    Skipped,
    /// The effect of the step is not known.
    Unknown,
}

impl Status {
    /// Returns the word in results.
    pub fn word(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Unknown => "unknown",
        }
    }
}
