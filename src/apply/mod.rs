//! Plan × what happens → what to do next. Decides, and does nothing itself.
//!
//! ```text
//! guard ──▶ run: send ─▶ answer ─┬─ done ──────────────┐
//!   │            ▲               ├─ failed             ├─▶ verify ─▶ (settle ─▶ verify) ─▶ finish
//!   └ stale      └── read back ◀─┴─ outcome unknown ───┘
//! ```
//!
//! A step that fails stops only what depends on it. A call whose outcome is unknown is never repeated
//! before what it was to change has been read back. Success is what was read back, never what the
//! vendor said.

mod confirm;
pub mod deed;
mod depend;
pub mod guard;
pub mod keep;
pub mod observe;
pub mod recover;
pub mod remember;
mod resolve;
pub mod retry;
mod settle;
pub mod verify;
pub mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deed::Deed;
use depend::Ready;
use guard::Stale;
use observe::{Seen, Wanted};

use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Operation, Plan};

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The run begins.
    Begin,
    /// What was asked to be looked at, was.
    Seen {
        /// Why it was asked.
        purpose: Purpose,
        /// What was seen.
        seen: Seen,
    },
    /// A call was answered; `Ok` holds the number of a queue that it made.
    Answered {
        /// Place of the step in the plan.
        step: usize,
        /// The result.
        result: Result<Option<OperatorId>, Failure>,
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
pub enum Purpose {
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
    Look {
        /// Why.
        purpose: Purpose,
        /// At what.
        wanted: Wanted,
        /// How often it was looked at in vain before; a pause goes before another look.
        again: u32,
    },
    /// Tell a vendor.
    Send {
        /// Place of the step in the plan.
        step: usize,
        /// What to tell.
        deed: Deed,
        /// How often it was sent before; a pause goes before a repetition.
        repetition: u32,
    },
    /// The run is over.
    Finish(Finish),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Steps were carried out; each has its result.
    Ran {
        /// One result a step, in the plan's order.
        results: Vec<StepResult>,
        /// What moved since the plan was made and was left out.
        skipped: Vec<Stale>,
        /// The operator stopped it.
        interrupted: bool,
    },
    /// Nothing was written: the plan is stale.
    Stale(Vec<Stale>),
    /// Nothing was written: what the plan would overwrite could not be read.
    Blind(String),
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Its end.
    pub status: Status,
    /// Why, where the status does not say it.
    pub message: Option<String>,
    /// The number of a queue that it made.
    pub made: Option<OperatorId>,
    /// The step was carried out, but for the targets that were left out.
    pub carried_out: bool,
    /// Targets that were left out.
    pub left_out: Vec<ResourceId>,
}

impl StepResult {
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
    /// Nobody can tell.
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

/// How a run may go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conduct {
    /// Leave out what moved, and do the rest.
    pub skip_stale: bool,
    /// Time has passed since the plan was made: look also for things that it wants to make.
    pub saved: bool,
    /// How often a call of unknown outcome is sent again after reading back showed that it was not
    /// carried out.
    pub repetitions: u32,
}

enum State {
    Waiting,
    /// Sent, or being looked at again.
    Running,
    /// The vendor said yes, or reading back did.
    Done,
    Ended(Status, String),
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts about one step")]
struct Slot {
    state: State,
    deed: Option<Deed>,
    repetition: u32,
    made: Option<OperatorId>,
    settled: bool,
    /// It was read back already, and took effect.
    proved: bool,
    /// Its queues were read back just before it.
    confirmed: bool,
    /// No answer came in time: the vendor may still carry it out.
    late: bool,
    /// The vendor said no, in words that its document does not list: reading back has the last word.
    refused: bool,
    /// How often it was looked for in vain.
    looks: u32,
    /// Answers that are still to come.
    pending: usize,
    left_out: Vec<ResourceId>,
    note: Option<String>,
}

/// The machine: events in, effects out.
pub struct Machine {
    plan: Arc<Plan>,
    conduct: Conduct,
    slots: Vec<Slot>,
    guarding: Wanted,
    left_out: Vec<Stale>,
    /// Members of each queue, as the guard or a confirmation saw them last.
    inside: BTreeMap<OperatorId, BTreeSet<OperatorId>>,
    /// Systems that refused the sign-in.
    locked: BTreeSet<Kind>,
    interrupted: bool,
    /// Steps that are settled and being verified again.
    settling: Vec<usize>,
    finished: bool,
}

impl Machine {
    /// A machine for a plan.
    pub fn new(plan: Arc<Plan>, conduct: Conduct) -> Self {
        let slots = plan
            .steps
            .iter()
            .map(|step| Slot {
                state: State::Waiting,
                deed: deed::of(&plan, step),
                repetition: 0,
                made: None,
                settled: false,
                proved: false,
                confirmed: false,
                late: false,
                refused: false,
                looks: 0,
                pending: 0,
                left_out: Vec::new(),
                note: None,
            })
            .collect();
        Self {
            plan,
            conduct,
            slots,
            guarding: Wanted::default(),
            left_out: Vec::new(),
            inside: BTreeMap::new(),
            locked: BTreeSet::new(),
            interrupted: false,
            settling: Vec::new(),
            finished: false,
        }
    }

    /// Takes in what happened and says what to do next.
    pub fn next(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Begin => {
                self.guarding = guard::wanted(&self.plan, self.conduct.saved);
                if self.guarding.is_empty() {
                    return self.advance();
                }
                vec![Effect::Look { purpose: Purpose::Guard, wanted: self.guarding.clone(), again: 0 }]
            }
            Event::Seen { purpose: Purpose::Guard, seen } => self.guarded(&seen),
            Event::Seen { purpose: Purpose::Resolve(step), seen } => {
                self.inside.extend(seen.members());
                self.resolved(step, &seen)
            }
            Event::Seen { purpose: Purpose::Confirm(step), seen } => self.confirmed(step, &seen),
            Event::Seen { purpose: Purpose::Verify, seen } => self.verified(&seen),
            Event::Answered { step, result } => self.answered(step, result),
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

    fn end(&mut self, step: usize, status: Status, message: impl Into<String>) {
        self.slots[step].state = State::Ended(status, message.into());
    }

    fn guarded(&mut self, seen: &Seen) -> Vec<Effect> {
        self.inside.extend(seen.members());
        let stale = match guard::check(&self.plan, &self.guarding, seen) {
            Ok(stale) => stale,
            Err(why) => return vec![self.finish(Finish::Blind(why))],
        };
        if !stale.is_empty() && !self.conduct.skip_stale {
            return vec![self.finish(Finish::Stale(stale))];
        }
        for moved in &stale {
            let plan = Arc::clone(&self.plan);
            for (at, step) in plan.steps.iter().enumerate().filter(|(_, s)| s.targets.contains(&moved.id)) {
                self.leave_out(at, step.operation, &moved.id, &moved.message);
            }
        }
        self.left_out = stale;
        self.advance()
    }

    /// Sends every step that can go, ends every step that cannot, and verifies when all are over.
    fn advance(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
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
                    Ready::Blocked(why) => {
                        self.end(at, Status::Skipped, why);
                        progress = true;
                    }
                    Ready::Go => {
                        effects.extend(self.confirm(at).or_else(|| self.send(at)));
                        progress = true;
                    }
                }
            }
            if !progress {
                break;
            }
        }
        let over = self.slots.iter().all(|s| !matches!(s.state, State::Waiting | State::Running));
        if effects.is_empty() && over && !self.finished {
            effects.push(self.verify());
        }
        effects
    }

    fn send(&mut self, at: usize) -> Option<Effect> {
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
            self.end(at, Status::Skipped, "the system refused the sign-in");
            return None;
        }
        let repetition = slot.repetition;
        slot.state = State::Running;
        slot.pending = 1;
        Some(Effect::Send { step: at, deed, repetition })
    }

    fn answered(&mut self, at: usize, result: Result<Option<OperatorId>, Failure>) -> Vec<Effect> {
        let slot = &mut self.slots[at];
        slot.pending = slot.pending.saturating_sub(1);
        if slot.settled {
            // The verification that follows judges settling edits, whatever became of each.
            if let Err(failure) = result {
                slot.note = Some(failure.message().to_owned());
            }
            if slot.pending > 0 {
                return Vec::new();
            }
            slot.state = State::Done;
            return self.advance();
        }
        match result {
            Ok(made) => {
                if made.is_some() {
                    self.slots[at].made = made;
                }
                self.slots[at].state = State::Done;
            }
            Err(failure @ (Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_))) => {
                let why = failure.message().to_owned();
                self.slots[at].late = matches!(failure, Failure::Late(_));
                self.slots[at].note = Some(why.clone());
                // No operation returns a password, and setting it twice sets it once: send it again.
                if self.plan.steps[at].operation == Operation::AgentPassword {
                    return self.again(at, &why);
                }
                let wanted = self.resolution(at);
                return vec![Effect::Look { purpose: Purpose::Resolve(at), wanted, again: 0 }];
            }
            // agent-config's codes are not documented: one that is no known success may be one.
            Err(Failure::Refused(why)) if self.slots[at].deed.as_ref().is_some_and(readable) => {
                self.slots[at].note = Some(why);
                self.slots[at].refused = true;
                let wanted = self.resolution(at);
                return vec![Effect::Look { purpose: Purpose::Resolve(at), wanted, again: 0 }];
            }
            Err(
                failure @ (Failure::NotSent(_)
                | Failure::Throttled { .. }
                | Failure::Refused(_)
                | Failure::SignIn(_)
                | Failure::Halted),
            ) => {
                if let (Failure::SignIn(_), Some(deed)) = (&failure, &self.slots[at].deed) {
                    self.locked.extend(deed.kind());
                }
                self.end(at, Status::Failed, failure.message());
            }
        }
        self.advance()
    }

    fn again(&mut self, at: usize, why: &str) -> Vec<Effect> {
        if self.slots[at].refused {
            self.end(at, Status::Failed, why);
            return self.advance();
        }
        if self.slots[at].repetition >= self.conduct.repetitions || self.interrupted {
            self.end(at, Status::Failed, format!("{why}; it was not carried out"));
            return self.advance();
        }
        self.slots[at].repetition += 1;
        self.send(at).into_iter().collect()
    }

    fn results(&mut self) -> Effect {
        let results = self
            .slots
            .iter()
            .map(|slot| {
                let (status, message) = match &slot.state {
                    State::Done if slot.left_out.is_empty() => (Status::Done, None),
                    State::Done => (Status::Failed, slot.note.clone()),
                    State::Ended(status, message) => (*status, Some(message.clone())),
                    State::Waiting | State::Running => (Status::Unknown, None),
                };
                StepResult {
                    status,
                    message,
                    made: slot.made.clone(),
                    carried_out: matches!(slot.state, State::Done),
                    left_out: slot.left_out.clone(),
                }
            })
            .collect();
        let skipped = std::mem::take(&mut self.left_out);
        self.finish(Finish::Ran { results, skipped, interrupted: self.interrupted })
    }

    fn finish(&mut self, finish: Finish) -> Effect {
        self.finished = true;
        Effect::Finish(finish)
    }
}

/// Whether reading back tells if an agent's deed was carried out.
fn readable(deed: &Deed) -> bool {
    match deed {
        Deed::CreateAgents { .. } | Deed::EditAgent { .. } | Deed::DeleteAgents { .. } => true,
        Deed::SetPassword { .. }
        | Deed::PutSecret { .. }
        | Deed::CreateQueue { .. }
        | Deed::SetMembers { .. } => false,
    }
}
