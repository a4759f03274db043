//! Steps of a run: the phase of each, and which of them may be ready.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Index, IndexMut};
use std::time::Duration;

use super::write_op;
use super::write_op::WriteOp;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::note::{Deferred, Note};
use crate::model::outcome::Status;
use crate::model::plan::{Plan, StepId};

/// The readiness of a step.
pub(super) enum Ready {
    /// A dependency is not over.
    NotYet,
    /// Its dependencies are satisfied.
    Go,
    /// A dependency is over and did not take effect.
    Blocked {
        /// The reason.
        why: Note,
        /// Nothing but the presence guard keeps it from being sent.
        only_deferred: bool,
    },
}

/// The phase of a step.
pub(super) enum Phase {
    /// Its dependencies are open, or one of its checks is.
    Waiting {
        /// The queues and agents of a deletion were read back.
        confirmed: bool,
        /// The presence guard let it pass.
        guarded: bool,
    },
    /// The queues and agents of a deletion are being read back.
    Confirming {
        /// The presence guard let it pass before.
        guarded: bool,
    },
    /// The presence guard reads the presence of its agents.
    Guarding {
        /// Busy agents that it waits for; empty while it asks for all.
        waits_for: BTreeSet<OperatorId>,
    },
    /// Its call is on its way.
    Sent,
    /// The outcome of its call is being read back.
    Unknown(Doubt),
    /// Its call took effect, by the vendor's response or by a read-back.
    Done(Proof),
    /// Edits follow its call.
    FollowUp {
        /// Edits without an answer.
        pending: usize,
        /// The vendor did not confirm one of them.
        failed: bool,
        /// Fields that no operation returns and that they set.
        fields: Vec<String>,
    },
    /// It is over, and was not carried out or not seen to be.
    Ended {
        /// Its status.
        status: Status,
        /// The reason.
        notes: Vec<Note>,
        /// Nothing but the presence guard kept it from being sent.
        only_deferred: bool,
    },
}

/// The reason for an unknown outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// No response that can be read came.
    Lost,
    /// No response came in time: the vendor may still carry the call out.
    Late,
    /// The vendor refused the call with a code that its document does not list.
    Refused,
}

/// The proof that a step took effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The verification is due.
    Due,
    /// Edits followed, and the verification is due once more.
    FollowedUp,
    /// The verification is done.
    Verified,
}

/// The vendor's response to the calls of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// No call of it left.
    None,
    /// A call left, and the vendor confirmed none.
    Unconfirmed {
        /// Time of the first such answer.
        since: Duration,
    },
    /// The vendor confirmed the call.
    Confirmed,
    /// A read-back disproved it.
    Disproved,
}

/// The state of a step.
pub(super) struct StepState {
    phase: Phase,
    /// Its effect, without the targets that it leaves out; `None` when the plan lacks data.
    pub(super) op: Option<WriteOp>,
    pub(super) answer: Answer,
    /// Repetitions of its call.
    pub(super) repetition: u32,
    /// Reads without the expected result: confirmation and outcome share one budget.
    pub(super) polls: u32,
    /// Begin of the wait for busy agents. The guard and the check before a call share one budget.
    pub(super) waiting_since: Option<Duration>,
    /// Number of the queue that it created.
    pub(super) made: Option<OperatorId>,
    /// A listing has shown that queue.
    pub(super) shown: bool,
    /// Targets of a creation that are there.
    pub(super) present: Vec<ResourceId>,
    /// The vendor's own identities of the agents that it created.
    pub(super) identities: Vec<(OperatorId, Identity)>,
    /// Fields that calls after it set again, and that the vendor confirmed.
    pub(super) reset: Vec<String>,
    /// Targets that the vendor confirmed, and that no read-back showed to be missing.
    pub(super) acknowledged: Vec<ResourceId>,
    /// Targets that it leaves out.
    pub(super) left_out: Vec<ResourceId>,
    /// Those of them that wait for busy agents of a step before it.
    pub(super) held: Vec<ResourceId>,
    /// Undeclared members that the vendor dropped.
    pub(super) dropped: Vec<OperatorId>,
    /// Busy agents that it leaves alone.
    pub(super) deferred: Vec<Deferred>,
    /// The last failure, or a target that was left out.
    pub(super) note: Option<Note>,
}

impl StepState {
    fn new(op: Option<WriteOp>) -> Self {
        Self {
            phase: Phase::Waiting { confirmed: false, guarded: false },
            op,
            answer: Answer::None,
            repetition: 0,
            polls: 0,
            waiting_since: None,
            made: None,
            shown: false,
            present: Vec::new(),
            identities: Vec::new(),
            reset: Vec::new(),
            acknowledged: Vec::new(),
            left_out: Vec::new(),
            held: Vec::new(),
            dropped: Vec::new(),
            deferred: Vec::new(),
            note: None,
        }
    }

    /// Returns its phase; [`Steps::enter`] changes it.
    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Returns true if it creates a queue.
    pub(super) fn creates_queue(&self) -> bool {
        self.op.as_ref().is_some_and(|op| op.new_queue().is_some())
    }

    /// Returns true while the step is neither done nor ended.
    pub(super) fn is_open(&self) -> bool {
        match self.phase {
            Phase::Waiting { .. }
            | Phase::Confirming { .. }
            | Phase::Guarding { .. }
            | Phase::Sent
            | Phase::Unknown(_)
            | Phase::FollowUp { .. } => true,
            Phase::Done(_) | Phase::Ended { .. } => false,
        }
    }

    /// Returns true if no check of the step is running and its call is not sent.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// Returns true if it leaves out no target but for busy agents.
    pub(super) fn leaves_out_busy_only(&self) -> bool {
        let is_deferred = |id: &ResourceId| self.deferred.iter().any(|deferred| deferred.agent == id.name);
        self.left_out.iter().all(|id| is_deferred(id) || self.held.contains(id))
    }

    /// Returns true if the step took effect, verified or not.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done(_))
    }

    /// Returns true if the step took effect and its verification is due.
    pub(super) fn awaits_verification(&self) -> bool {
        matches!(self.phase, Phase::Done(Proof::Due | Proof::FollowedUp))
    }
}

/// The steps of a run, in the order of the plan.
///
/// An event costs the steps that it moves, and the dependents of those that it ends.
pub(super) struct Steps {
    states: Vec<StepState>,
    /// Places of the dependencies of each step.
    before: Vec<Vec<usize>>,
    /// Places of the dependents of each step.
    after: Vec<Vec<usize>>,
    /// Number of open dependencies of each step.
    awaited: Vec<usize>,
    /// Steps to look at: those that wait, and have no open dependency or a new reason.
    due: BTreeSet<usize>,
    /// Number of open steps.
    open: usize,
    /// Number of open steps that create a queue.
    open_creations: usize,
}

impl Steps {
    /// Returns the steps of a plan. All of them wait; those without dependencies are due.
    pub(super) fn new(plan: &Plan) -> Self {
        let states: Vec<StepState> = write_op::for_steps(plan).map(StepState::new).collect();
        let places: BTreeMap<StepId, usize> = plan.steps.iter().map(|step| step.id).zip(0..).collect();
        let before = plan
            .steps
            .iter()
            .map(|step| step.after.iter().filter_map(|id| places.get(id).copied()).collect::<Vec<_>>());
        let before: Vec<_> = before.collect();
        let mut after = vec![Vec::new(); states.len()];
        for (at, dependencies) in before.iter().enumerate() {
            for dependency in dependencies {
                after[*dependency].push(at);
            }
        }
        let awaited: Vec<usize> = before.iter().map(Vec::len).collect();
        Self {
            before,
            after,
            due: (0..states.len()).filter(|at| awaited[*at] == 0).collect(),
            awaited,
            open: states.len(),
            open_creations: states.iter().filter(|state| state.creates_queue()).count(),
            states,
        }
    }

    /// Moves a step to a phase. A step that waits is due; so is a dependent whose last dependency is over.
    pub(super) fn enter(&mut self, at: usize, phase: Phase) {
        let state = &mut self.states[at];
        let was_open = state.is_open();
        state.phase = phase;
        let creations = usize::from(state.creates_queue());
        match (was_open, state.is_open()) {
            (true, false) => {
                self.open -= 1;
                self.open_creations -= creations;
                for dependent in &self.after[at] {
                    self.awaited[*dependent] -= 1;
                    if self.awaited[*dependent] == 0 {
                        self.due.insert(*dependent);
                    }
                }
            }
            (false, true) => {
                self.open += 1;
                self.open_creations += creations;
                self.after[at].iter().for_each(|dependent| self.awaited[*dependent] += 1);
            }
            (true, true) | (false, false) => {}
        }
        if self.states[at].is_waiting() {
            self.due.insert(at);
        }
    }

    /// Makes all waiting steps due.
    pub(super) fn recall(&mut self) {
        self.due.extend((0..self.states.len()).filter(|at| self.states[*at].is_waiting()));
    }

    /// Takes the first waiting step from a place on that is due, or the first of all.
    pub(super) fn take_due(&mut self, from: usize) -> Option<usize> {
        loop {
            let next = self.due.range(from..).next().or_else(|| self.due.first()).copied()?;
            self.due.remove(&next);
            if self.states[next].is_waiting() {
                return Some(next);
            }
        }
    }

    /// Returns the places of the dependencies of a step.
    pub(super) fn before(&self, at: usize) -> &[usize] {
        &self.before[at]
    }

    /// Returns the places of the dependents of a step.
    pub(super) fn after(&self, at: usize) -> &[usize] {
        &self.after[at]
    }

    /// Returns the number of steps.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Returns the steps.
    pub(super) fn iter(&self) -> impl Iterator<Item = &StepState> {
        self.states.iter()
    }

    /// Returns true if no step is open.
    pub(super) fn are_over(&self) -> bool {
        self.open == 0
    }

    /// Returns true if a step that creates a queue is open.
    pub(super) fn create_queues(&self) -> bool {
        self.open_creations > 0
    }
}

impl Index<usize> for Steps {
    type Output = StepState;

    fn index(&self, at: usize) -> &StepState {
        &self.states[at]
    }
}

impl IndexMut<usize> for Steps {
    fn index_mut(&mut self, at: usize) -> &mut StepState {
        &mut self.states[at]
    }
}
