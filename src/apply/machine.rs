//! The state machine of apply: takes events, returns effects, and does nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::event::{ApplyOptions, Effect, Event, Finish, ReadPurpose};
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::steps::{Answer, Doubt, Phase, Proof, Ready, Steps};
use super::write_op::{WriteOp, readable, unreadable};
use super::{disruption, precondition};
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId};
use crate::model::note::{Allowed, Deferred, Moved, Note, Stale};
use crate::model::outcome::Status;
use crate::model::plan::{Plan, Verb};
use crate::model::retry::Bounds;
use crate::model::support::Supports;

/// The state machine of a run: it takes events and returns effects.
pub struct Machine {
    pub(super) plan: Arc<Plan>,
    pub(super) supports: Supports,
    pub(super) options: ApplyOptions,
    pub(super) steps: Steps,
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
        Self {
            steps: Steps::new(&plan),
            deleted: disruption::deleted_agents(&plan),
            plan,
            supports,
            options,
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
            Event::NotStarted { step } if matches!(self.steps[step].phase(), Phase::FollowUp { .. }) => {
                self.answered(step, Err(Failure::NotSent("the run was interrupted".to_owned().into())))
            }
            Event::NotStarted { step } => {
                self.end_interrupted(step);
                self.advance()
            }
            Event::Interrupted => {
                self.interrupted = true;
                self.steps.recall();
                Vec::new()
            }
        }
    }

    /// Returns true while a creation of a queue is not sent or its outcome is not known.
    pub fn creates_queues(&self) -> bool {
        self.steps.create_queues()
    }

    /// Ends a step.
    pub(super) fn end(&mut self, step: usize, status: Status, notes: impl Into<Vec<Note>>) {
        self.steps.enter(step, Phase::Ended { status, notes: notes.into(), only_deferred: false });
    }

    /// Ends a step, with the last note on it and another one.
    pub(super) fn end_with(&mut self, step: usize, status: Status, note: Note) {
        let last = self.steps[step].note.clone();
        self.end(step, status, last.into_iter().chain([note]).collect::<Vec<_>>());
    }

    /// Skips a step; `only_deferred` where nothing but the presence guard keeps it from being sent.
    pub(super) fn skip(&mut self, step: usize, why: Note, only_deferred: bool) {
        self.steps.enter(step, Phase::Ended { status: Status::Skipped, notes: vec![why], only_deferred });
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
        let mut from = 0;
        while let Some(at) = self.steps.take_due(from) {
            from = at + 1;
            if self.interrupted {
                self.end_interrupted(at);
                continue;
            }
            match self.ready(at) {
                Ready::NotYet => {}
                Ready::Blocked { why, only_deferred } => self.skip(at, why, only_deferred),
                Ready::Go => {
                    if let Some(effect) = self.confirm(at) {
                        effects.push(effect);
                    } else if self.step_needs_presence(at) {
                        guarded.push(at);
                        self.steps.enter(at, Phase::Guarding { waits_for: BTreeSet::new() });
                    } else if self.steps[at].is_waiting() {
                        effects.extend(self.send(at));
                    }
                }
            }
        }
        if !guarded.is_empty() {
            effects.push(self.read_presence(guarded));
        }
        if effects.is_empty() && self.steps.are_over() && !self.finished {
            effects.push(self.verify(0));
        }
        effects
    }

    /// Sends the call of a step, or ends the step.
    pub(super) fn send(&mut self, at: usize) -> Option<Effect> {
        self.exclude_queue_members(at);
        if matches!(self.steps[at].phase(), Phase::Ended { .. }) {
            return None;
        }
        let state = &self.steps[at];
        let Some(op) = state.op.clone() else {
            self.end(at, Status::Failed, Note::NoData);
            return None;
        };
        if op.kind().is_some_and(|kind| self.refused_kinds.contains(&kind)) {
            self.end_signed_out(at, Status::Skipped);
            return None;
        }
        let repetition = state.repetition;
        self.steps.enter(at, Phase::Sent);
        let disruptions = self.disruptions(at);
        Some(Effect::Send { step: at, op, repetition, follow_up: false, disruptions })
    }

    /// Takes the answer to a call.
    fn answered(&mut self, at: usize, result: Result<Option<OperatorId>, Failure>) -> Vec<Effect> {
        if matches!(self.steps[at].phase(), Phase::FollowUp { .. }) {
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
                self.steps.enter(at, Phase::Done(Proof::Due));
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
            Err(failure @ Failure::Refused(_)) if state.op.as_ref().is_some_and(readable) => {
                state.note = Some(Note::from(&failure));
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
        let guarded = !matches!(self.steps[at].phase(), Phase::Confirming { guarded: false });
        self.steps.enter(at, Phase::Waiting { confirmed: true, guarded });
        for moved in stale {
            if moved.id.kind == Kind::Queue && moved.what == Moved::Gone {
                // Only a deletion reports a queue that is gone. The verification proves it.
                self.steps.enter(at, Phase::Done(Proof::Due));
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
            if !matches!(self.steps[at].phase(), Phase::Ended { .. }) {
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
