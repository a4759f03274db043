//! The state machine of apply: takes events, returns effects, and does nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::event::{ApplyOptions, Effect, Event, Finish, ReadPurpose};
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::write_op::{WriteOp, readable, unreadable};
use super::{disruption, precondition, write_op};
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::note::{Allowed, Deferred, Moved, Note, Stale};
use crate::model::outcome::Status;
use crate::model::plan::{Plan, StepId, Verb};
use crate::model::retry::Bounds;
use crate::model::support::Supports;

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
    pub(super) phase: Phase,
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

/// The state machine of a run: it takes events and returns effects.
pub struct Machine {
    pub(super) plan: Arc<Plan>,
    pub(super) supports: Supports,
    pub(super) options: ApplyOptions,
    pub(super) steps: Vec<StepState>,
    /// Places of the dependencies of each step.
    pub(super) before: Vec<Vec<usize>>,
    /// Resources that the precondition reads before the first write.
    pub(super) guard_reads: ReadSet,
    /// Resources that moved and were left out.
    pub(super) left_out: Vec<Stale>,
    /// Members of each queue by the last read.
    pub(super) queue_members: BTreeMap<OperatorId, BTreeSet<OperatorId>>,
    /// Kinds whose system refused the sign-in.
    pub(super) refused_kinds: BTreeSet<Kind>,
    /// Agents that the plan deletes.
    pub(super) deleted: BTreeSet<OperatorId>,
    /// Agents of `deleted` that were deferred.
    pub(super) deferred: Vec<Deferred>,
    /// Busy agents that an allowance let the run disrupt.
    pub(super) allowed: Vec<Allowed>,
    pub(super) interrupted: bool,
    /// Time since the begin of the run.
    pub(super) now: Duration,
    /// Verifications without the expected result.
    pub(super) polls: u32,
    pub(super) finished: bool,
}

impl Machine {
    /// Creates the machine of a plan.
    pub fn new(plan: Arc<Plan>, supports: Supports, options: ApplyOptions) -> Self {
        let steps = plan.steps.iter().map(|step| StepState::new(write_op::for_step(&plan, step))).collect();
        let places: BTreeMap<StepId, usize> = plan.steps.iter().map(|step| step.id).zip(0..).collect();
        let before = plan
            .steps
            .iter()
            .map(|step| step.after.iter().filter_map(|id| places.get(id).copied()).collect());
        Self {
            before: before.collect(),
            deleted: disruption::deleted_agents(&plan),
            plan,
            supports,
            options,
            steps,
            guard_reads: ReadSet::default(),
            left_out: Vec::new(),
            queue_members: BTreeMap::new(),
            refused_kinds: BTreeSet::new(),
            deferred: Vec::new(),
            allowed: Vec::new(),
            interrupted: false,
            now: Duration::ZERO,
            polls: 0,
            finished: false,
        }
    }

    /// Sets the time since the begin of the run, for the next event.
    pub fn tick(&mut self, now: Duration) {
        self.now = now;
    }

    /// Takes an event and returns its effects.
    pub fn next(&mut self, event: Event) -> Vec<Effect> {
        if let Event::ReadBack { seen, .. } = &event {
            self.refused_kinds.extend(&seen.refused);
        }
        match event {
            Event::Begin => {
                self.guard_reads = precondition::wanted(&self.plan, &self.supports, self.options.saved);
                if let Some(seen) = self.options.seen.take() {
                    return self.guarded(&seen);
                }
                if self.guard_reads.is_empty() {
                    return self.guarded(&ReadBack::default());
                }
                vec![Effect::Read { purpose: ReadPurpose::Guard, wanted: self.guard_reads.clone(), again: 0 }]
            }
            Event::ReadBack { purpose: ReadPurpose::Guard, seen } => self.guarded(&seen),
            Event::ReadBack { purpose: ReadPurpose::Resolve(step), seen } => {
                self.remember_members(&seen);
                self.resolved(step, &seen)
            }
            Event::ReadBack { purpose: ReadPurpose::Confirm(step), seen } => self.confirmed(step, &seen),
            Event::ReadBack { purpose: ReadPurpose::Verify, seen } => self.verified(&seen),
            Event::Answered { step, result } => self.answered(step, result),
            Event::PresenceRead { steps, presence, at } => self.presence_read(&steps, presence.as_ref(), at),
            Event::Moved { step, stale } => self.moved(step, stale),
            Event::NotStarted { step } if matches!(self.steps[step].phase, Phase::FollowUp { .. }) => {
                self.answered(step, Err(Failure::NotSent("the run was interrupted".to_owned())))
            }
            Event::NotStarted { step } => {
                self.end_interrupted(step);
                self.advance()
            }
            Event::Interrupted => {
                self.interrupted = true;
                Vec::new()
            }
        }
    }

    /// Returns true while a creation of a queue is not sent or its outcome is not known.
    pub fn creates_queues(&self) -> bool {
        let creates = |op: &WriteOp| op.new_queue().is_some();
        self.steps.iter().any(|state| state.op.as_ref().is_some_and(creates) && state.is_open())
    }

    /// Ends a step.
    pub(super) fn end(&mut self, step: usize, status: Status, notes: impl Into<Vec<Note>>) {
        self.steps[step].phase = Phase::Ended { status, notes: notes.into(), only_deferred: false };
    }

    /// Ends a step, with the last note on it and another one.
    pub(super) fn end_with(&mut self, step: usize, status: Status, note: Note) {
        let last = self.steps[step].note.clone();
        self.end(step, status, last.into_iter().chain([note]).collect::<Vec<_>>());
    }

    /// Skips a step; `only_deferred` where nothing but the presence guard keeps it from being sent.
    pub(super) fn skip(&mut self, step: usize, why: Note, only_deferred: bool) {
        self.steps[step].phase = Phase::Ended { status: Status::Skipped, notes: vec![why], only_deferred };
    }

    /// Records the members of the queues that were read. Forgets queues that a complete listing lacks.
    pub(super) fn remember_members(&mut self, seen: &ReadBack) {
        if seen.queues(&QueueKey::All).is_ok() {
            self.queue_members.clear();
        }
        self.queue_members.extend(seen.members());
    }

    /// Checks the precondition of the plan, before the first write.
    fn guarded(&mut self, seen: &ReadBack) -> Vec<Effect> {
        self.remember_members(seen);
        let mut stale = match precondition::check(&self.plan, &self.supports, &self.guard_reads, seen) {
            Ok(stale) => stale,
            // The interrupt also stopped the read.
            Err(_) if self.interrupted => return self.advance(),
            Err(why) => return vec![self.finish(Finish::Unreadable(why))],
        };
        for moved in std::mem::take(&mut self.options.moved) {
            if !stale.iter().any(|known| known.id == moved.id) {
                stale.push(moved);
            }
        }
        if !stale.is_empty() && !self.options.skip_stale {
            return vec![self.finish(Finish::Stale(stale))];
        }
        for moved in &stale {
            let plan = Arc::clone(&self.plan);
            for (at, _) in plan.steps.iter().enumerate().filter(|(_, s)| s.targets.contains(&moved.id)) {
                self.exclude_target(at, &moved.id, moved.what.clone());
            }
        }
        self.left_out = stale;
        self.advance()
    }

    /// Sends each step that is ready, ends each blocked one, and verifies when all are over.
    pub(super) fn advance(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut guarded = Vec::new();
        loop {
            let mut progress = false;
            for at in 0..self.steps.len() {
                if !self.steps[at].is_waiting() {
                    continue;
                }
                if self.interrupted {
                    self.end_interrupted(at);
                    progress = true;
                    continue;
                }
                match self.ready(at) {
                    Ready::NotYet => {}
                    Ready::Blocked { why, only_deferred } => {
                        self.skip(at, why, only_deferred);
                        progress = true;
                    }
                    Ready::Go => {
                        progress = true;
                        if let Some(effect) = self.confirm(at) {
                            effects.push(effect);
                        } else if self.step_needs_presence(at) {
                            guarded.push(at);
                            self.steps[at].phase = Phase::Guarding { waits_for: BTreeSet::new() };
                        } else if self.steps[at].is_waiting() {
                            effects.extend(self.send(at));
                        }
                    }
                }
            }
            if !progress {
                break;
            }
        }
        if !guarded.is_empty() {
            effects.push(self.read_presence(guarded));
        }
        let over = !self.steps.iter().any(StepState::is_open);
        if effects.is_empty() && over && !self.finished {
            effects.push(self.verify(0));
        }
        effects
    }

    /// Sends the call of a step, or ends the step.
    pub(super) fn send(&mut self, at: usize) -> Option<Effect> {
        self.exclude_queue_members(at);
        if matches!(self.steps[at].phase, Phase::Ended { .. }) {
            return None;
        }
        let state = &mut self.steps[at];
        let Some(op) = state.op.clone() else {
            self.end(at, Status::Failed, Note::NoData);
            return None;
        };
        if op.kind().is_some_and(|kind| self.refused_kinds.contains(&kind)) {
            self.end_signed_out(at, Status::Skipped);
            return None;
        }
        let repetition = state.repetition;
        state.phase = Phase::Sent;
        let disruptions = self.disruptions(at);
        Some(Effect::Send { step: at, op, repetition, follow_up: false, disruptions })
    }

    /// Takes the answer to a call.
    fn answered(&mut self, at: usize, result: Result<Option<OperatorId>, Failure>) -> Vec<Effect> {
        if matches!(self.steps[at].phase, Phase::FollowUp { .. }) {
            return self.followed_up(at, result.as_ref().err());
        }
        let state = &mut self.steps[at];
        state.answer = match (&result, state.answer) {
            (Ok(_), _) => Answer::Confirmed,
            (
                Err(
                    Failure::Unknown(_)
                    | Failure::Late(_)
                    | Failure::Garbled(_)
                    | Failure::Refused(_)
                    | Failure::SignIn(_),
                ),
                Answer::None,
            ) => Answer::Unconfirmed { since: self.now },
            (Err(_), before) => before,
        };
        match result {
            Ok(made) => {
                if made.is_some() {
                    state.made = made;
                }
                state.phase = Phase::Done(Proof::Due);
            }
            Err(failure @ (Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_))) => {
                state.note = Some(Note::from(&failure));
                // No operation returns a password, and a repetition does no harm: send it again.
                if self.plan.steps[at].operation.verb == Verb::Password {
                    return self.again(at);
                }
                let late = matches!(failure, Failure::Late(_));
                return vec![self.resolve(at, if late { Doubt::Late } else { Doubt::Lost })];
            }
            // agent-config documents no codes: an unknown one may mean success.
            Err(Failure::Refused(why)) if state.op.as_ref().is_some_and(readable) => {
                state.note = Some(Note::Failed { why });
                return vec![self.resolve(at, Doubt::Refused)];
            }
            Err(
                failure @ (Failure::NotSent(_)
                | Failure::Untrusted(_)
                | Failure::Throttled { .. }
                | Failure::Refused(_)
                | Failure::Halted),
            ) => self.end(at, Status::Failed, Note::from(&failure)),
            Err(failure @ (Failure::SignIn(_) | Failure::Shut(_))) => {
                let signed_out = matches!(failure, Failure::SignIn(_));
                let status = if signed_out { Status::Failed } else { Status::Skipped };
                // Only the first step of a kind repeats the vendor's message.
                match self.steps[at].op.as_ref().and_then(WriteOp::kind) {
                    Some(kind) if self.refused_kinds.insert(kind) => {
                        self.end(at, Status::Failed, Note::from(&failure));
                    }
                    _ => self.end_signed_out(at, status),
                }
            }
        }
        self.advance()
    }

    /// Leaves out targets that moved while a call waited, and sends the rest.
    pub(super) fn moved(&mut self, at: usize, stale: Vec<Stale>) -> Vec<Effect> {
        let guarded = !matches!(self.steps[at].phase, Phase::Confirming { guarded: false });
        self.steps[at].phase = Phase::Waiting { confirmed: true, guarded };
        for moved in stale {
            if moved.id.kind == Kind::Queue && moved.what == Moved::Gone {
                // Only a deletion reports a queue that is gone. The verification proves it.
                self.steps[at].phase = Phase::Done(Proof::Due);
                continue;
            }
            if !self.steps[at].left_out.contains(&moved.id) {
                self.exclude_target(at, &moved.id, moved.what.clone());
            }
            if !self.left_out.contains(&moved) {
                self.left_out.push(moved);
            }
        }
        self.advance()
    }

    /// Sends a call again that was not carried out, within its bounds.
    pub(super) fn again(&mut self, at: usize) -> Vec<Effect> {
        let why: Vec<Note> = self.steps[at].note.iter().cloned().collect();
        if self.is_refused(at) {
            self.end(at, Status::Failed, why);
            return self.advance();
        }
        let next = self.steps[at].repetition + 1;
        let most = self.bounds(at).map_or(1, |bounds| bounds.attempts);
        if next >= most || !self.has_time(at, self.repeating(at)) || self.interrupted {
            if self.steps[at].op.as_ref().is_some_and(|op| unreadable(&self.supports, op)) {
                self.end(at, Status::Unknown, why);
            } else {
                self.end_with(at, Status::Failed, Note::NotCarriedOut);
            }
            return self.advance();
        }
        self.steps[at].repetition = next;
        match self.send(at) {
            Some(effect) => vec![effect],
            // The step ended: others go on, or the run is over.
            None => self.advance(),
        }
    }

    /// Returns the bounds of the repetitions of a step's call.
    fn bounds(&self, at: usize) -> Option<Bounds> {
        let kind = self.steps[at].op.as_ref().and_then(WriteOp::kind)?;
        self.options.bounds.get(&kind).copied()
    }

    /// Returns true if the time bound of a step's retries allows a pause.
    ///
    /// Waits, read-backs and repetitions after an unconfirmed call share that bound.
    pub(super) fn has_time(&self, at: usize, pause: Duration) -> bool {
        let total = self.bounds(at).map_or(Duration::ZERO, |bounds| bounds.total);
        let since = match self.steps[at].answer {
            Answer::Unconfirmed { since } => since,
            Answer::None | Answer::Confirmed | Answer::Disproved => self.now,
        };
        self.now.saturating_sub(since) + pause <= total
    }

    /// Ends a run that has no events left. No run of this machine reaches this state.
    ///
    /// The outcome of each step that was not verified is unknown.
    pub fn halted(&mut self) -> Vec<Effect> {
        for at in 0..self.steps.len() {
            if !matches!(self.steps[at].phase, Phase::Ended { .. }) {
                self.end(at, Status::Unknown, Note::CameToHalt);
            }
        }
        vec![self.results()]
    }

    /// Ends the run.
    pub(super) fn finish(&mut self, finish: Finish) -> Effect {
        self.finished = true;
        Effect::Finish(finish)
    }
}
