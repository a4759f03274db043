//! What became of the steps of a plan.

use std::sync::Arc;

use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::note::Note;
use crate::model::value::Members;

pub use crate::model::note::{Allowed, Deferred, Stale};

/// What became of a step.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that another reader asks for")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Its end.
    pub status: Status,
    /// The reason, where the status does not say it.
    pub notes: Vec<Note>,
    /// The number of a queue that it made.
    pub made: Option<OperatorId>,
    /// No listing has shown the queue that it made.
    pub pending: bool,
    /// The vendor's own identities of the agents that it made.
    pub identities: Vec<(OperatorId, Identity)>,
    /// The step was carried out, but for the targets that were left out.
    pub carried_out: bool,
    /// Targets that were left out.
    pub left_out: Vec<ResourceId>,
    /// Nothing but people at work kept it from being done in full.
    pub only_deferred: bool,
    /// Agents that the step left alone because they are at work.
    pub spared: Vec<Deferred>,
    /// The member list that was written, where it is not the one of the step.
    pub members: Option<Arc<Members>>,
    /// Queue members that are no live agents, that no manifest asks for and that the vendor left out.
    pub dropped: Vec<OperatorId>,
    /// Targets for which the vendor said yes, although reading back did not show it: of what no operation returns
    /// nothing else ever tells.
    pub acknowledged: Vec<ResourceId>,
    /// The vendor confirmed the step's call. Without it nothing is known of fields that no operation returns.
    pub confirmed: bool,
    /// Fields that calls after it set again, which the vendor confirmed.
    pub reset: Vec<String>,
    /// Targets of which the call may have set what no operation returns: it left, and no yes that holds was heard.
    pub doubted: Vec<ResourceId>,
}

impl StepResult {
    /// Whether the step is done, and was seen to be as far as anything shows it.
    pub fn is_proved(&self) -> bool {
        self.status == Status::Done && self.carried_out
    }

    /// Whether the step took effect on one of its targets.
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
    /// The word in results.
    pub fn word(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Unknown => "unknown",
        }
    }
}
