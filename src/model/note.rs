//! Notes: messages about the steps of an apply, changed preconditions, and skipped busy agents.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::call::Failure;
use super::difference::Difference;
use super::id::{Kind, OperatorId, ResourceId};
use super::message::{Argument, Rewrite, Word, messages, plain};
use super::presence::{Disruption, Objection};
use super::unread::{FailedCall, Unread};
use crate::model::language::Localized;

messages! {
    /// A sentence about a step. Several of them make up its result.
    read Note {
        /// A call or a store failed, with the words of the failure.
        Failed { why: FailedCall },
        /// The read-back shows that the call was not carried out.
        NotCarriedOut,
        /// The plan lacks data of the step.
        NoData,
        /// The run ended without events.
        CameToHalt,
        /// The run was interrupted before the call; `then`: an attempt preceded it.
        Interrupted { then: bool },
        /// The system refused the sign-in; `then`: an attempt preceded it.
        SignedOut { then: bool },
        /// No agent was deleted, since the queues could not be read.
        QueuesUnread { why: Unread },
        /// No agent was deleted, since the agents could not be read again.
        AgentsUnread { why: Unread },
        /// The target of a creation moved.
        Since { why: Moved },
        /// A target moved, and no target is left.
        TargetMoved { id: ResourceId, why: Moved },
        /// A target was left out of the step.
        LeftOut { id: ResourceId, why: Moved },
        /// Steps before it did not take effect.
        AfterFailed { steps: Vec<Word> },
        /// Steps before it left busy agents alone.
        AfterDeferred { steps: Vec<Word>, deferred: Vec<Deferred> },
        /// Busy agents were left alone.
        LeftAlone { deferred: Vec<Deferred> },
        /// The step was done, but for busy agents.
        InPart { deferred: Vec<Deferred> },
        /// The vendor dropped undeclared members that are no agents.
        Dropped { members: Vec<OperatorId> },
        /// The vendor confirmed the call, and refused the sign-in before its read-back.
        NotReadBack,
        /// The vendor did not confirm the call, and no operation returns some of its fields.
        Unconfirmed { fields: Vec<Word> },
        /// The vendor created the queue, and no listing shows it.
        NotListed { exten: Word },
        /// The read-back does not show the effect. `unsure`: a later read may. `note` is an earlier note on the step.
        NotTaken { what: Vec<Note>, unsure: bool, note: Option<Box<Note>> },
        /// A target is missing.
        Missing { id: ResourceId },
        /// A target could not be read back.
        NotSeen { id: ResourceId, why: Unread },
        /// The outcome of the call could not be read back.
        OutcomeUnread { why: Unread },
        /// The read-back lacks fields.
        Unreturned { fields: Vec<FieldOf> },
        /// A field differs: live before, sent after. `kept`: the vendor keeps the value in another form.
        Differs { id: Option<ResourceId>, difference: Difference, kept: bool },
        /// Fields of an agent are open.
        Open { agent: OperatorId, fields: Vec<Word> },
        /// Deleted agents still exist.
        StillThere { ids: Vec<ResourceId> },
        /// Several queues have the name of a new one.
        Several { id: ResourceId, extens: Vec<Word> },
        /// The vendor skipped members.
        Skipped { id: ResourceId, members: Vec<OperatorId> },
        /// A queue has members that the list lacks.
        Extra { id: ResourceId, members: Vec<OperatorId> },
        /// A member has another priority.
        Priority { id: ResourceId, member: OperatorId, live: i64, sent: i64 },
        /// The target of the call is missing.
        TargetGone { kind: Kind },
        /// Some agents of a creation exist.
        MadeInPart { made: usize, of: usize },
        /// Several queues have one name.
        Namesakes { count: usize },
        /// The vendor may still create the queue.
        MayStillCome,
        /// A step waits for busy agents.
        Waits { wait: Duration, deferred: Vec<Deferred> },
        /// A creation waits for another run that creates queues.
        OtherCreates,
    }
}

messages! {
    /// The difference between a resource and its state in the plan.
    read Moved {
        /// It exists, and the plan creates it.
        Created,
        /// It is missing.
        Gone,
        /// The console created another agent of its number.
        Another,
        /// A field differs.
        Field { difference: Difference },
        /// The agent is in a queue.
        InQueue { exten: Word },
        /// The agent could not leave a queue.
        CouldNotLeave { queue: ResourceId },
        /// Another queue has the name.
        NameTaken { exten: Word },
        /// The queue of the number has another name.
        Renamed { name: String },
        /// The members of a queue differ.
        Members { joined: Vec<OperatorId>, left: Vec<OperatorId>, reordered: Vec<OperatorId> },
        /// A new plan lacks a step of the saved one.
        NotPlanned { operation: Word },
        /// A sentence of a saved result.
        Saved { text: String },
    }
}

messages! {
    /// The reason why a run wrote nothing.
    read Refused {
        /// The plan is stale. `made` is the time of the saved plan.
        Stale { made: Option<Word>, moved: Vec<Stale> },
        /// The precondition could not be read.
        Unreadable { why: Unread },
        /// A policy refuses the plan.
        Policy,
        /// A listing is not proved complete.
        Incomplete,
        /// The manifests do not fit live state.
        Invalid,
        /// The operator did not approve the plan.
        NotApproved,
        /// The command failed, with the words of its error.
        Failed { why: Localized },
    }
}

messages! {
    /// The reason why the steps of a saved plan have no order.
    Disorder {
        /// A step has no targets.
        NoTargets { step: String },
        /// A step comes after one that does not precede it.
        NotBefore { step: String, missing: String },
        /// Two steps have one id.
        Twice { step: String },
    }
}

/// A field of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldOf {
    /// The resource.
    pub id: ResourceId,
    /// The field.
    pub field: Word,
}

plain!(FieldOf);

/// A resource that moved since the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stale {
    /// The resource.
    pub id: ResourceId,
    /// The difference.
    pub what: Moved,
}

/// A busy agent that was left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// The agent.
    pub agent: OperatorId,
    /// The disruption that was left out.
    pub disruption: Disruption,
    /// The reason.
    pub why: Objection,
    /// The time of the wait before, where there was one.
    pub waited: Option<Duration>,
}

/// A busy agent that an allowance did not spare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The agent.
    pub agent: OperatorId,
    /// The number of agents that the allowance does not spare.
    pub most: usize,
    /// The objection that it lifts.
    pub why: Objection,
}

impl Argument for Stale {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        self.what.rewrite(with);
    }
}

impl Argument for Deferred {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        self.why.rewrite(with);
    }
}

impl Argument for Allowed {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        self.why.rewrite(with);
    }
}

impl From<Note> for Vec<Note> {
    fn from(note: Note) -> Self {
        vec![note]
    }
}

impl From<&Failure> for Note {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Halted => Note::Interrupted { then: false },
            failure => Note::Failed { why: failure.into() },
        }
    }
}

impl Note {
    /// Returns true if the read-back differs only in the form of values.
    pub fn is_form(&self) -> bool {
        let Note::NotTaken { what, .. } = self else { return false };
        let is_kept = |note: &Note| matches!(note, Note::Differs { kept: true, .. });
        let is_other =
            |note: &Note| matches!(note, Note::Differs { kept: false, .. } | Note::Priority { .. });
        what.iter().any(is_kept) && !what.iter().any(is_other)
    }

    /// Returns the note on the targets that a step left out.
    #[must_use]
    pub fn for_left_out(&self) -> Note {
        match self {
            Note::InPart { deferred } => Note::LeftAlone { deferred: deferred.clone() },
            note => note.clone(),
        }
    }
}
