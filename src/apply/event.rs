//! Input and output of the machine: events, effects, the end of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::disruption::Disruptions;
use super::readback::{ReadBack, ReadSet};
use super::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId};
use crate::model::outcome::{Deferred, Stale, StepResult};
use crate::model::presence::{Presence, PresencePolicy};
use crate::model::retry::Bounds;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The run begins.
    Begin,
    /// What was asked to be looked at, was.
    ReadBack {
        /// Why it was asked.
        purpose: ReadPurpose,
        /// What was seen.
        seen: ReadBack,
    },
    /// A call was answered; `Ok` holds the number of a queue that it made.
    Answered {
        /// Place of the step in the plan.
        step: usize,
        /// The result.
        result: Result<Option<OperatorId>, Failure>,
    },
    /// It was asked who is at work, before some steps; or, of a step that was to be sent, found out just before
    /// its call left that it would hurt somebody.
    PresenceRead {
        /// Places of the steps in the plan.
        steps: Vec<usize>,
        /// What was said; `None` when the run was interrupted before it was asked.
        presence: Option<Presence>,
        /// When, since the run began.
        at: Duration,
    },
    /// Just before a call left it was seen that what its step overwrites is not what the plan saw.
    Moved {
        /// Place of the step in the plan.
        step: usize,
        /// What moved.
        stale: Vec<Stale>,
    },
    /// A call was not sent, since the run was interrupted.
    NotStarted {
        /// Place of the step in the plan.
        step: usize,
    },
    /// The operator asked to stop.
    Interrupted,
}

/// Why something is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPurpose {
    /// Is it still what the plan saw?
    Guard,
    /// Was a step of unknown outcome carried out?
    Resolve(usize),
    /// Have agents left their queues, as the vendor says, before this step deletes them?
    Confirm(usize),
    /// Did everything take effect?
    Verify,
}

/// What to do next.
#[derive(Debug)]
pub enum Effect {
    /// Look at live state.
    Read {
        /// Why.
        purpose: ReadPurpose,
        /// At what.
        wanted: ReadSet,
        /// How often it was looked at in vain before; a pause goes before another look.
        again: u32,
    },
    /// Ask who is at work.
    ReadPresence {
        /// Places of the steps that would hurt them.
        steps: Vec<usize>,
        /// Whom to ask for.
        agents: BTreeSet<OperatorId>,
        /// How long to wait before.
        pause: Duration,
        /// What to tell the operator at once.
        notice: Option<String>,
    },
    /// Tell a vendor.
    Send {
        /// Place of the step in the plan.
        step: usize,
        /// What to tell.
        op: WriteOp,
        /// How often it was sent before; a pause goes before a repetition.
        repetition: u32,
        /// It follows the step's own call: the journal holds that call's outcome, and not this one's.
        follow_up: bool,
        /// What it does to whom: where the call had to wait, they are asked for once more just before it leaves.
        disruptions: Disruptions,
    },
    /// The run is over.
    Finish(Finish),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Steps were carried out.
    Ran(ApplyOutcome),
    /// Nothing was written: the plan is stale.
    Stale(Vec<Stale>),
    /// Nothing was written: what the plan would overwrite could not be read.
    Unreadable(String),
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyOutcome {
    /// One result a step, in the plan's order.
    pub results: Vec<StepResult>,
    /// What moved since the plan was made and was left out.
    pub skipped: Vec<Stale>,
    /// Who was left alone, being at work.
    pub deferred: Vec<Deferred>,
    /// Who was not, although at work, as the run was allowed to.
    pub allowed: Vec<Deferred>,
    /// The operator stopped it.
    pub interrupted: bool,
}

/// How a run may go.
#[derive(Clone, Debug, Default)]
pub struct ApplyOptions {
    /// Leave out what moved, and do the rest.
    pub skip_stale: bool,
    /// Time has passed since the plan was made: look also for things that it wants to make.
    pub saved: bool,
    /// Bounds of sending a call of unknown outcome again after reading back showed that it was not carried out, by
    /// the kind of what it is done to; it is sent once where there are none.
    pub bounds: BTreeMap<Kind, Bounds>,
    /// How long a vendor may take over a new queue after the answer was lost on the way: before that time is over
    /// it is not asked for again.
    pub orphan: Duration,
    /// A system holds queues: whoever is deleted may be in one.
    pub queues: bool,
    /// Whom to leave alone; nobody is asked for without it, as when no connection knows who is at work.
    pub guard: Option<PresencePolicy>,
    /// What was seen just now of what the plan overwrites, so that it is not looked at again before the first write.
    pub seen: Option<ReadBack>,
    /// What is known to have moved since the plan was saved.
    pub moved: Vec<Stale>,
}
