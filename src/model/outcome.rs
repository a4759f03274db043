//! Results of a plan's steps.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::language::Localized;
use crate::model::codec;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::note::{Note, Refused};
use crate::model::value::Members;

pub use crate::model::note::{Allowed, Deferred, Stale};

/// The outcome of a plan's steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Run {
    /// One result per step, in the plan's order; empty when nothing was written.
    pub results: Vec<StepResult>,
    /// Resources that changed after the plan was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<Stale>,
    /// Busy agents that the presence guard deferred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Deferred>,
    /// Busy agents that the run was allowed to disrupt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lifted: Vec<Allowed>,
    /// True if the operator stopped the run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The reason for which the run lost its lock and stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_lost: Option<Localized>,
    /// Resources that still need changes beyond the applied saved plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<ResourceId>,
    /// The reason for writing nothing, if nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// The result of a step.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that another reader asks for")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// The status.
    pub status: Status,
    /// The reason, if the status does not imply it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The time of the last answer to its calls, in milliseconds since 1970 UTC, if a call was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<i64>,
    /// The number of a created queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<OperatorId>,
    /// True if no listing has shown the created queue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// The vendor's identities of the created agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<(OperatorId, Identity)>,
    /// True if the step was carried out, except for the left-out targets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried_out: bool,
    /// The targets that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<ResourceId>,
    /// True if only busy agents kept the step from being done in full.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_deferred: bool,
    /// The agents that the step skipped because they are busy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<Deferred>,
    /// The written member list, if it differs from the step's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "codec::serialize_members",
        deserialize_with = "codec::deserialize_members"
    )]
    pub members: Option<Arc<Members>>,
    /// The members that the vendor dropped: no live agents, and no manifest names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<OperatorId>,
    /// The targets that the vendor confirmed, although the read-back does not show it.
    ///
    /// Of an unread field there is no other evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<ResourceId>,
    /// True if the vendor confirmed the step's call. Without it, unread fields are unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// The fields that later calls set again and the vendor confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reset: Vec<String>,
    /// The targets whose unread fields the call may have set: it was sent, and not reliably confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
