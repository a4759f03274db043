//! Input and output of the machine: events, effects, the end of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::disruption::Disruptions;
use super::readback::{ReadBack, ReadSet};
use super::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId};
use crate::model::note::{Allowed, Deferred, Note, Stale, Unread};
use crate::model::outcome::StepResult;
use crate::model::presence::{Presence, PresencePolicy};
use crate::model::retry::Bounds;

/// An input of the machine.
#[derive(Debug)]
pub enum Event {
    /// The run begins.
    Begin,
    /// A read of live state ended.
    ReadBack {
        /// Its purpose.
        purpose: ReadPurpose,
        /// Its result.
        seen: ReadBack,
    },
    /// A call was answered; `Ok` holds the number of the queue that it created.
    Answered {
        /// Place of the step in the plan.
        step: usize,
        /// The result.
        result: Result<Option<OperatorId>, Failure>,
    },
    /// The presence of agents was read before steps, or the check before a call found busy agents.
    PresenceRead {
        /// Places of the steps in the plan.
        steps: Vec<usize>,
        /// The answer; `None` when an interrupt came first.
        presence: Option<Presence>,
        /// Time since the begin of the run.
        at: Duration,
    },
    /// The check before a call found that its targets moved since the plan was made.
    Moved {
        /// Place of the step in the plan.
        step: usize,
        /// The targets that moved.
        stale: Vec<Stale>,
    },
    /// An interrupt kept a call from being sent.
    NotStarted {
        /// Place of the step in the plan.
        step: usize,
    },
    /// The operator interrupted the run.
    Interrupted,
}

/// The purpose of a read of live state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPurpose {
    /// The precondition of the plan, before the first write.
    Guard,
    /// The outcome of a call.
    Resolve(usize),
    /// Queues and agents of a deletion, before it is sent.
    Confirm(usize),
    /// The postcondition of each step, at the end.
    Verify,
}

/// An output of the machine.
#[derive(Debug)]
pub enum Effect {
    /// Read live state.
    Read {
        /// The purpose.
        purpose: ReadPurpose,
        /// The resources to read.
        wanted: ReadSet,
        /// Reads before it without the expected result; a pause precedes a repetition.
        again: u32,
    },
    /// Read the presence of agents.
    ReadPresence {
        /// Places of the steps that disrupt them.
        steps: Vec<usize>,
        /// The agents.
        agents: BTreeSet<OperatorId>,
        /// The pause before it.
        pause: Duration,
        /// A message for the operator.
        notice: Option<Note>,
    },
    /// Send a call.
    Send {
        /// Place of the step in the plan.
        step: usize,
        /// Its effect.
        op: WriteOp,
        /// Repetitions before it; a pause precedes a repetition.
        repetition: u32,
        /// It follows the step's own call; the journal holds only the outcome of that one.
        follow_up: bool,
        /// The agents that it disrupts: the check before the call reads their presence again.
        disruptions: Disruptions,
    },
    /// The run is over.
    Finish(Finish),
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Steps were carried out.
    Ran(ApplyOutcome),
    /// Nothing was written: the plan is stale.
    Stale(Vec<Stale>),
    /// Nothing was written: the precondition could not be read.
    Unreadable(Unread),
}

/// The outcome of a run that carried out steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyOutcome {
    /// The results of the steps, in the order of the plan.
    pub results: Vec<StepResult>,
    /// Resources that moved since the plan was made and were left out.
    pub skipped: Vec<Stale>,
    /// Busy agents that were not disrupted.
    pub deferred: Vec<Deferred>,
    /// Busy agents that an allowance let the run disrupt.
    pub allowed: Vec<Allowed>,
    /// The operator interrupted it.
    pub interrupted: bool,
}

/// The options of a run.
#[derive(Clone, Debug, Default)]
pub struct ApplyOptions {
    /// Leave out resources that moved, and carry out the rest.
    pub skip_stale: bool,
    /// Time has passed since the plan was made: the precondition covers new agents, too.
    pub saved: bool,
    /// Bounds of the repetitions of a call, by kind. A call is repeated if its read-back shows no effect.
    ///
    /// Without bounds a call is sent once.
    pub bounds: BTreeMap<Kind, Bounds>,
    /// Time in which a vendor may still create a queue after a lost answer. No creation is repeated before its end.
    pub orphan: Duration,
    /// A connection holds queues: a deleted agent may be in one.
    pub queues: bool,
    /// The policy of the presence guard; `None` disables the guard.
    pub guard: Option<PresencePolicy>,
    /// The read of the precondition, where it was made just now.
    pub seen: Option<ReadBack>,
    /// Resources that are known to have moved since the plan was saved.
    pub moved: Vec<Stale>,
}
