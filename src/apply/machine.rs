//! The state machine of apply: takes events, returns effects, and does nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::event::{ApplyOptions, Effect, Event, Finish, ReadPurpose};
use super::readback::{ReadBack, ReadSet};
use super::write_op::{WriteOp, readable, unreadable};
use super::{disruption, precondition, write_op};
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::outcome::{Deferred, Stale, Status};
use crate::model::plan::{Operation, Plan};
use crate::model::retry::Bounds;

/// Where a step stands with those whom it would hurt.
#[derive(Debug, Default)]
pub(super) struct GuardState {
    /// They were asked for.
    pub(super) asked: bool,
    /// Since when it waits for somebody; counted from the run's begin.
    pub(super) since: Option<Duration>,
    /// Whom alone it asks for while it waits.
    pub(super) waits_for: BTreeSet<OperatorId>,
}

/// Whether a step can go.
pub(super) enum Ready {
    /// What it waits for is not over.
    NotYet,
    /// It can.
    Go,
    /// It never will.
    Blocked {
        /// Why, in words.
        why: String,
        /// For the sake of people at work, and nothing else.
        excused: bool,
    },
}

pub(super) enum State {
    Waiting,
    /// Sent, or being looked at again.
    Running,
    /// The vendor said yes, or reading back did.
    Done,
    Ended(Status, String),
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts about one step")]
pub(super) struct StepState {
    pub(super) state: State,
    pub(super) deed: Option<WriteOp>,
    pub(super) repetition: u32,
    pub(super) made: Option<OperatorId>,
    pub(super) settled: bool,
    /// It was read back already, and took effect.
    pub(super) proved: bool,
    /// Its queues were read back just before it.
    pub(super) confirmed: bool,
    /// No answer came in time: the vendor may still carry it out.
    pub(super) late: bool,
    /// The vendor confirmed the call.
    pub(super) acknowledged: bool,
    /// A call left, and the vendor did not confirm it.
    pub(super) unheard: bool,
    /// The vendor confirmed the call, and reading back showed otherwise: its yes proves nothing.
    pub(super) disproved: bool,
    /// Targets of a creation that are there.
    pub(super) present: Vec<ResourceId>,
    /// Fields that calls after it set again, which the vendor confirmed once none of these calls is open.
    pub(super) reset: Vec<String>,
    /// The vendor said yes, and nobody was seen to be missing since.
    pub(super) told: Vec<ResourceId>,
    /// The vendor said no, in words that its document does not list: reading back has the last word.
    pub(super) refused: bool,
    /// How often it was looked for in vain.
    pub(super) looks: u32,
    /// When its first attempt was over without a certain end.
    pub(super) doubted: Option<Duration>,
    /// A follow-up edit was not confirmed.
    pub(super) refuted: bool,
    /// Answers that are still to come.
    pub(super) pending: usize,
    pub(super) left_out: Vec<ResourceId>,
    /// Members whom nobody asked for and whom the vendor left out.
    pub(super) dropped: Vec<OperatorId>,
    pub(super) attention: GuardState,
    /// Whom it leaves alone.
    pub(super) held: Vec<Deferred>,
    /// It was not tried, for the sake of people at work and nothing else.
    pub(super) excused: bool,
    pub(super) note: Option<String>,
}

/// The machine: events in, effects out.
pub struct Machine {
    pub(super) plan: Arc<Plan>,
    pub(super) conduct: ApplyOptions,
    pub(super) slots: Vec<StepState>,
    /// The places of the steps that each step waits for.
    pub(super) before: Vec<Vec<usize>>,
    pub(super) guarding: ReadSet,
    pub(super) left_out: Vec<Stale>,
    /// Members of each queue, as the guard or a confirmation saw them last.
    pub(super) inside: BTreeMap<OperatorId, BTreeSet<OperatorId>>,
    /// Systems that refused the sign-in.
    pub(super) locked: BTreeSet<Kind>,
    /// Agents that the plan deletes.
    pub(super) doomed: BTreeSet<OperatorId>,
    /// Those of them who are left alone.
    pub(super) held: Vec<Deferred>,
    /// Who was not left alone, as the run was allowed to.
    pub(super) lifted: Vec<Deferred>,
    pub(super) interrupted: bool,
    /// How long the run has gone on.
    pub(super) now: Duration,
    /// How often it was looked in vain, at the end, for what may not be shown yet.
    pub(super) looks: u32,
    pub(super) finished: bool,
}

impl Machine {
    /// A machine for a plan.
    pub fn new(plan: Arc<Plan>, conduct: ApplyOptions) -> Self {
        let slots = plan
            .steps
            .iter()
            .map(|step| StepState {
                state: State::Waiting,
                deed: write_op::for_step(&plan, step),
                repetition: 0,
                made: None,
                settled: false,
                proved: false,
                confirmed: false,
                late: false,
                acknowledged: false,
                unheard: false,
                disproved: false,
                present: Vec::new(),
                reset: Vec::new(),
                told: Vec::new(),
                refused: false,
                looks: 0,
                doubted: None,
                refuted: false,
                pending: 0,
                left_out: Vec::new(),
                dropped: Vec::new(),
                attention: GuardState::default(),
                held: Vec::new(),
                excused: false,
                note: None,
            })
            .collect();
        let places: BTreeMap<&str, usize> = plan.steps.iter().map(|step| &*step.id).zip(0..).collect();
        let before = plan
            .steps
            .iter()
            .map(|step| step.after.iter().filter_map(|id| places.get(id.as_str()).copied()).collect());
        Self {
            before: before.collect(),
            doomed: disruption::deleted_agents(&plan),
            plan,
            conduct,
            slots,
            guarding: ReadSet::default(),
            left_out: Vec::new(),
            inside: BTreeMap::new(),
            locked: BTreeSet::new(),
            held: Vec::new(),
            lifted: Vec::new(),
            interrupted: false,
            now: Duration::ZERO,
            looks: 0,
            finished: false,
        }
    }

    /// Takes down how long the run has gone on: what is taken in next happens now.
    pub fn tick(&mut self, now: Duration) {
        self.now = now;
    }

    /// Takes in what happened and says what to do next.
    pub fn next(&mut self, event: Event) -> Vec<Effect> {
        if let Event::ReadBack { seen, .. } = &event {
            self.locked.extend(&seen.refused);
        }
        match event {
            Event::Begin => {
                self.guarding = precondition::wanted(&self.plan, self.conduct.saved);
                if let Some(seen) = self.conduct.seen.take() {
                    return self.guarded(&seen);
                }
                if self.guarding.is_empty() {
                    return self.guarded(&ReadBack::default());
                }
                vec![Effect::Look { purpose: ReadPurpose::Guard, wanted: self.guarding.clone(), again: 0 }]
            }
            Event::ReadBack { purpose: ReadPurpose::Guard, seen } => self.guarded(&seen),
            Event::ReadBack { purpose: ReadPurpose::Resolve(step), seen } => {
                self.inside.extend(seen.members());
                self.resolved(step, &seen)
            }
            Event::ReadBack { purpose: ReadPurpose::Confirm(step), seen } => self.confirmed(step, &seen),
            Event::ReadBack { purpose: ReadPurpose::Verify, seen } => self.verified(&seen),
            Event::Answered { step, result } => self.answered(step, result),
            Event::Attended { steps, presence, at } => self.attended(&steps, presence.as_ref(), at),
            Event::Moved { step, stale } => self.moved(step, stale),
            Event::NotStarted { step } if self.slots[step].settled => {
                self.answered(step, Err(Failure::NotSent("the run was interrupted".to_owned())))
            }
            Event::NotStarted { step } => {
                self.end(step, Status::Skipped, "the run was interrupted before it");
                self.advance()
            }
            Event::Interrupted => {
                self.interrupted = true;
                Vec::new()
            }
        }
    }

    /// Returns true if a queue is still to be created, or the outcome of a creation is not known yet.
    pub fn creates_queues(&self) -> bool {
        let open = |slot: &StepState| matches!(slot.state, State::Waiting | State::Running);
        self.slots.iter().any(|slot| matches!(slot.deed, Some(WriteOp::CreateQueue { .. })) && open(slot))
    }

    pub(super) fn end(&mut self, step: usize, status: Status, message: impl Into<String>) {
        self.slots[step].state = State::Ended(status, message.into());
    }

    fn guarded(&mut self, seen: &ReadBack) -> Vec<Effect> {
        self.inside.extend(seen.members());
        let mut stale = match precondition::check(&self.plan, &self.guarding, seen) {
            Ok(stale) => stale,
            // The operator stopped it: that is why nothing was read.
            Err(_) if self.interrupted => return self.advance(),
            Err(why) => return vec![self.finish(Finish::Unreadable(why))],
        };
        for moved in std::mem::take(&mut self.conduct.moved) {
            if !stale.iter().any(|known| known.id == moved.id) {
                stale.push(moved);
            }
        }
        if !stale.is_empty() && !self.conduct.skip_stale {
            return vec![self.finish(Finish::Stale(stale))];
        }
        for moved in &stale {
            let plan = Arc::clone(&self.plan);
            for (at, step) in plan.steps.iter().enumerate().filter(|(_, s)| s.targets.contains(&moved.id)) {
                self.exclude_target(at, step.operation, &moved.id, &moved.message);
            }
        }
        self.left_out = stale;
        self.advance()
    }

    /// Sends every step that can go, ends every step that cannot, and verifies when all are over.
    pub(super) fn advance(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut minding = Vec::new();
        loop {
            let mut progress = false;
            for at in 0..self.slots.len() {
                if !matches!(self.slots[at].state, State::Waiting) {
                    continue;
                }
                if self.interrupted {
                    self.end(at, Status::Skipped, "the run was interrupted before it");
                    progress = true;
                    continue;
                }
                match self.ready(at) {
                    Ready::NotYet => {}
                    Ready::Blocked { why, excused } => {
                        self.end(at, Status::Skipped, why);
                        self.slots[at].excused = excused;
                        progress = true;
                    }
                    Ready::Go => {
                        progress = true;
                        if let Some(effect) = self.confirm(at) {
                            effects.push(effect);
                        } else if self.step_needs_presence(at) {
                            minding.push(at);
                            self.slots[at].state = State::Running;
                        } else if matches!(self.slots[at].state, State::Waiting) {
                            effects.extend(self.send(at));
                        }
                    }
                }
            }
            if !progress {
                break;
            }
        }
        if !minding.is_empty() {
            effects.push(self.attend(minding));
        }
        let over = self.slots.iter().all(|s| !matches!(s.state, State::Waiting | State::Running));
        if effects.is_empty() && over && !self.finished {
            effects.push(self.verify(0));
        }
        effects
    }

    pub(super) fn send(&mut self, at: usize) -> Option<Effect> {
        self.stay_inside(at);
        if matches!(self.slots[at].state, State::Ended(..)) {
            return None;
        }
        let slot = &mut self.slots[at];
        let Some(deed) = slot.deed.clone() else {
            self.end(at, Status::Failed, "the plan does not hold what this step needs");
            return None;
        };
        if deed.kind().is_some_and(|kind| self.locked.contains(&kind)) {
            self.shut_out(at, Status::Skipped);
            return None;
        }
        let repetition = slot.repetition;
        slot.state = State::Running;
        slot.pending = 1;
        let harms = self.harms(at);
        Some(Effect::Send { step: at, deed, repetition, follow_up: false, harms })
    }

    fn answered(&mut self, at: usize, result: Result<Option<OperatorId>, Failure>) -> Vec<Effect> {
        let now = self.now;
        let slot = &mut self.slots[at];
        slot.pending = slot.pending.saturating_sub(1);
        if slot.settled {
            // The verification that follows judges what can be read, whatever became of each edit.
            if let Err(failure) = result {
                slot.note = Some(failure.message().to_owned());
                if let (Failure::SignIn(_), Some(deed)) = (&failure, &slot.deed) {
                    self.locked.extend(deed.kind());
                }
                slot.refuted = true;
            }
            if slot.pending > 0 {
                return Vec::new();
            }
            if slot.refuted {
                slot.reset.clear();
            }
            slot.state = State::Done;
            return self.advance();
        }
        self.slots[at].unheard |= match &result {
            Ok(_)
            | Err(Failure::NotSent(_) | Failure::Throttled { .. } | Failure::Halted | Failure::Shut(_)) => {
                false
            }
            Err(
                Failure::Unknown(_)
                | Failure::Late(_)
                | Failure::Garbled(_)
                | Failure::Refused(_)
                | Failure::SignIn(_),
            ) => true,
        };
        match result {
            Ok(made) => {
                self.slots[at].acknowledged = true;
                if made.is_some() {
                    self.slots[at].made = made;
                }
                self.slots[at].state = State::Done;
            }
            Err(failure @ (Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_))) => {
                let why = failure.message().to_owned();
                self.slots[at].late = matches!(failure, Failure::Late(_));
                self.slots[at].doubted.get_or_insert(now);
                self.slots[at].note = Some(why.clone());
                // No operation returns a password, and setting it twice sets it once: send it again.
                if self.plan.steps[at].operation == Operation::AgentPassword {
                    return self.again(at, &why);
                }
                let wanted = self.resolution(at);
                return vec![Effect::Look { purpose: ReadPurpose::Resolve(at), wanted, again: 0 }];
            }
            // agent-config's codes are not documented: one that is no known success may be one.
            Err(Failure::Refused(why)) if self.slots[at].deed.as_ref().is_some_and(readable) => {
                self.slots[at].note = Some(why);
                self.slots[at].refused = true;
                let wanted = self.resolution(at);
                return vec![Effect::Look { purpose: ReadPurpose::Resolve(at), wanted, again: 0 }];
            }
            Err(
                failure @ (Failure::NotSent(_)
                | Failure::Throttled { .. }
                | Failure::Refused(_)
                | Failure::Halted),
            ) => self.end(at, Status::Failed, failure.message()),
            Err(failure @ (Failure::SignIn(_) | Failure::Shut(_))) => {
                let status = match failure {
                    Failure::SignIn(_) => Status::Failed,
                    _ => Status::Skipped,
                };
                // The vendor's words are told once.
                match self.slots[at].deed.as_ref().and_then(WriteOp::kind) {
                    Some(kind) if self.locked.insert(kind) => {
                        self.end(at, Status::Failed, failure.message());
                    }
                    _ => self.shut_out(at, status),
                }
            }
        }
        self.advance()
    }

    /// Leaves out what moved while a call waited, and sends the rest.
    pub(super) fn moved(&mut self, at: usize, stale: Vec<Stale>) -> Vec<Effect> {
        let plan = Arc::clone(&self.plan);
        self.slots[at].pending = 0;
        self.slots[at].state = State::Waiting;
        for moved in stale {
            if !self.slots[at].left_out.contains(&moved.id) {
                self.exclude_target(at, plan.steps[at].operation, &moved.id, &moved.message);
            }
            if !self.left_out.contains(&moved) {
                self.left_out.push(moved);
            }
        }
        self.advance()
    }

    pub(super) fn again(&mut self, at: usize, why: &str) -> Vec<Effect> {
        if self.slots[at].refused {
            self.end(at, Status::Failed, why);
            return self.advance();
        }
        let next = self.slots[at].repetition + 1;
        let most = self.bounds(at).map_or(1, |bounds| bounds.attempts);
        if next >= most || !self.has_time(at, self.repeating(at)) || self.interrupted {
            if self.slots[at].deed.as_ref().is_some_and(unreadable) {
                self.end(at, Status::Unknown, why);
            } else {
                self.end(at, Status::Failed, format!("{why}; it was not carried out"));
            }
            return self.advance();
        }
        self.slots[at].repetition = next;
        match self.send(at) {
            Some(effect) => vec![effect],
            // It cannot be sent any more: others go on, or the run is over.
            None => self.advance(),
        }
    }

    /// Bounds of sending a step's call again.
    fn bounds(&self, at: usize) -> Option<Bounds> {
        let kind = self.slots[at].deed.as_ref().and_then(WriteOp::kind)?;
        self.conduct.bounds.get(&kind).copied()
    }

    /// Whether a step may still be worked on after a pause: all that is done about an outcome that is not known
    /// (waiting, looking, sending again) takes no longer than trying again may.
    pub(super) fn has_time(&self, at: usize, pause: Duration) -> bool {
        let total = self.bounds(at).map_or(Duration::ZERO, |bounds| bounds.total);
        let since = self.slots[at].doubted.unwrap_or(self.now);
        self.now.saturating_sub(since) + pause <= total
    }

    /// Ends a run in which nothing happens any more although it is not over, which no run of this machine is: of
    /// what was not read back nobody can tell.
    pub fn halted(&mut self) -> Vec<Effect> {
        for at in 0..self.slots.len() {
            if !matches!(self.slots[at].state, State::Ended(..)) {
                self.end(at, Status::Unknown, "the run came to a halt");
            }
        }
        vec![self.results()]
    }

    pub(super) fn finish(&mut self, finish: Finish) -> Effect {
        self.finished = true;
        Effect::Finish(finish)
    }
}
