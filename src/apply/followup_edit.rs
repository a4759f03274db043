//! Did everything take effect? What a vendor's document leaves open of a new agent is settled by one more edit.

use std::sync::Arc;

use super::event::{ApplyOutcome, Effect, Finish, ReadPurpose};
use super::machine::{Answer, Machine, Phase, Proof};
use super::postcondition;
use super::postcondition::{Open, Verdict};
use super::presence_guard::whys;
use super::readback::{ReadBack, ReadSet};
use super::write_op::{WriteOp, unreadable};
use crate::model::call::Failure;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::outcome::{Deferred, IN_PART, Status, StepResult};
use crate::model::plan::{Operation, Step};
use crate::model::retry;

/// The message of a step that its vendor confirmed and that could not be read back.
const UNREAD: &str = "the vendor confirmed it; it was not read back, since the system refused the sign-in";

impl Machine {
    /// Whether it is worth another look, after a pause, that what was done may not be shown yet; `looks` were taken.
    pub(super) fn may_be_delayed(&self, looks: u32) -> bool {
        !self.interrupted && looks < retry::poll_count(retry::LATE)
    }

    /// Ends a step whose system refused the sign-in.
    pub(super) fn shut_out(&mut self, at: usize, status: Status) {
        const WHY: &str = "the system refused the sign-in";
        let slot = &self.slots[at];
        match &slot.note {
            // It was sent before, and nothing tells what became of that.
            Some(why) if slot.repetition > 0 && slot.deed.as_ref().is_some_and(unreadable) => {
                let message = format!("{why}; then {WHY}");
                self.end(at, Status::Unknown, message);
            }
            _ => self.end(at, status, WHY),
        }
    }

    /// Ends a step that for all that was seen has not taken effect; `late` where it may just not be shown yet.
    pub(super) fn fail_unverified(&mut self, at: usize, what: &str, late: bool) {
        let why = self.slots[at].note.take().map(|note| format!(" ({note})")).unwrap_or_default();
        if late && self.interrupted {
            self.end(at, Status::Unknown, format!("it was not seen to have taken effect: {what}{why}"));
        } else {
            self.end(at, Status::Failed, format!("it did not take effect: {what}{why}"));
        }
    }

    /// Everything that is done is looked at once more, together; `again` when that is not the first look, for what
    /// did not show yet.
    pub(super) fn verify(&mut self, again: u32) -> Effect {
        let mut wanted = ReadSet::default();
        for (at, step) in
            self.plan.steps.iter().enumerate().filter(|(at, _)| self.slots[*at].awaits_verification())
        {
            let more = postcondition::wanted(&self.plan, step, self.slots[at].made.as_ref());
            wanted.agents.extend(more.agents);
            wanted.queues.extend(more.queues);
        }
        if wanted.is_empty() {
            return self.results();
        }
        Effect::Look { purpose: ReadPurpose::Verify, wanted, again }
    }

    /// Takes the answer to an edit that follows a call; the verification after it judges the fields that can be read.
    pub(super) fn followed_up(&mut self, at: usize, failure: Option<Failure>) -> Vec<Effect> {
        let slot = &mut self.slots[at];
        if let Some(failure) = &failure {
            slot.note = Some(failure.message().to_owned());
            if let (Failure::SignIn(_), Some(deed)) = (failure, &slot.deed) {
                self.locked.extend(deed.kind());
            }
        }
        let Phase::FollowUp { pending, failed, fields } = &mut slot.phase else { return Vec::new() };
        *failed |= failure.is_some();
        *pending = pending.saturating_sub(1);
        if *pending > 0 {
            return Vec::new();
        }
        if !*failed {
            slot.reset = std::mem::take(fields);
        }
        slot.phase = Phase::Done(Proof::FollowedUp);
        self.advance()
    }

    pub(super) fn verified(&mut self, seen: &ReadBack) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut late = false;
        let plan = Arc::clone(&self.plan);
        // All before any of them ends.
        let superseded: Vec<bool> = (0..self.slots.len()).map(|at| self.superseded(at)).collect();
        for (at, step) in plan.steps.iter().enumerate() {
            let Phase::Done(proof @ (Proof::Due | Proof::FollowedUp)) = self.slots[at].phase else {
                continue;
            };
            if superseded[at] {
                self.slots[at].phase = Phase::Done(Proof::Verified);
                continue;
            }
            let mut seen_step = step.clone();
            seen_step.targets.retain(|target| !self.slots[at].left_out.contains(target));
            let later = self.later(at);
            let present = seen_step.targets.iter().filter(|id| matches!(seen.agent(&id.name), Ok(Some(_))));
            self.slots[at].present = present.cloned().collect();
            let slot = &self.slots[at];
            let acknowledged = slot.answer == Answer::Confirmed;
            let settled = proof == Proof::FollowedUp;
            let sent = slot.deed.as_ref().and_then(WriteOp::members);
            let gone = |id: &ResourceId| matches!(seen.agent(&id.name), Ok(None));
            let told: Vec<ResourceId> = match step.operation {
                Operation::AgentCreate | Operation::AgentEdit if acknowledged => {
                    seen_step.targets.iter().filter(|id| !gone(id)).cloned().collect()
                }
                Operation::AgentCreate
                | Operation::AgentEdit
                | Operation::AgentPassword
                | Operation::AgentDelete
                | Operation::SecretPut
                | Operation::QueueCreate
                | Operation::QueueMembers => Vec::new(),
            };
            // Without the vendor's yes one more edit each sets what cannot be read.
            let mut unread =
                if acknowledged { Open::new() } else { postcondition::unconfirmed(&plan, &seen_step, seen) };
            for keys in unread.values_mut() {
                keys.retain(|key| !slot.reset.iter().any(|reset| reset == key));
            }
            unread.retain(|_, keys| !keys.is_empty());
            let reset: Vec<String> = unread.values().flatten().map(|key| (*key).to_owned()).collect();
            let verdict = postcondition::judge(&plan, &seen_step, slot.made.as_ref(), &later, sent, seen);
            let verdict = match verdict {
                Verdict::Took if unread.is_empty() => Verdict::Took,
                Verdict::Took if settled || self.interrupted => Verdict::Unseen(format!(
                    "the vendor did not confirm it, and no system returns {}: run apply again",
                    postcondition::keys(&unread)
                )),
                Verdict::Took => Verdict::Unsettled(unread),
                Verdict::Unsettled(mut agents) => {
                    for (id, keys) in unread {
                        agents.entry(id).or_default().extend(keys);
                    }
                    Verdict::Unsettled(agents)
                }
                verdict => verdict,
            };
            match verdict {
                Verdict::Took => {
                    self.slots[at].dropped = postcondition::dropped(&plan, step, sent, seen);
                    self.slots[at].phase = Phase::Done(Proof::Verified);
                }
                Verdict::Late(_) if self.may_be_delayed(self.looks) => late = true,
                Verdict::Late(what) => {
                    self.slots[at].answer = Answer::Disproved;
                    self.fail_unverified(at, &what, true);
                }
                Verdict::Amiss(what) => {
                    // A value in another form was taken, and so was all that came with it.
                    if postcondition::only_forms(&plan, &seen_step, &later, seen) {
                        self.slots[at].told = told;
                    } else {
                        self.slots[at].answer = Answer::Disproved;
                    }
                    self.fail_unverified(at, &what, false);
                }
                Verdict::Unseen(why) => {
                    self.slots[at].told = told;
                    let slot = &self.slots[at];
                    let kind = slot.deed.as_ref().and_then(WriteOp::kind);
                    let refused = kind.is_some_and(|kind| self.locked.contains(&kind));
                    if acknowledged && !settled && refused {
                        self.end(at, Status::Done, UNREAD);
                    } else {
                        self.end(at, Status::Unknown, why);
                    }
                }
                Verdict::Unsettled(agents) if !settled && !self.interrupted => {
                    let deeds = postcondition::follow_ups(&plan, &agents);
                    self.slots[at].phase =
                        Phase::FollowUp { pending: deeds.len(), failed: false, fields: reset };
                    let follow = |deed| {
                        let harms = Vec::new();
                        Effect::Send { step: at, deed, repetition: 0, follow_up: true, harms }
                    };
                    effects.extend(deeds.into_iter().map(follow));
                }
                Verdict::Unsettled(_) if self.may_be_delayed(self.looks) => late = true,
                Verdict::Unsettled(agents) => {
                    let names: Vec<String> =
                        agents.iter().map(|(id, keys)| format!("agent/{id}: {}", keys.join(", "))).collect();
                    self.slots[at].told = told;
                    self.fail_unverified(at, &names.join("; "), true);
                }
            }
        }
        if !effects.is_empty() {
            // What is late is looked at again together with what is being settled.
            return effects;
        }
        if !late {
            return vec![self.results()];
        }
        self.looks += 1;
        vec![self.verify(self.looks)]
    }

    /// Returns the targets of a step whose unread fields its call may have set without a yes that holds.
    fn doubted(&self, at: usize) -> Vec<ResourceId> {
        let slot = &self.slots[at];
        match slot.answer {
            Answer::None | Answer::Confirmed => return Vec::new(),
            Answer::Unconfirmed { .. } | Answer::Disproved => {}
        }
        match self.plan.steps[at].operation {
            Operation::AgentCreate => slot.present.clone(),
            Operation::AgentEdit | Operation::AgentPassword => {
                let targets = self.plan.steps[at].targets.iter();
                targets.filter(|id| !slot.left_out.contains(id)).cloned().collect()
            }
            Operation::AgentDelete
            | Operation::SecretPut
            | Operation::QueueCreate
            | Operation::QueueMembers => Vec::new(),
        }
    }

    /// What became of each step, and the end of the run.
    pub(super) fn results(&mut self) -> Effect {
        let mut results = Vec::with_capacity(self.slots.len());
        let mut held: Vec<Deferred> = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            let excused = self.only_deferred(at);
            let (status, message) = match &slot.phase {
                Phase::Done(_) if slot.left_out.is_empty() && slot.held.is_empty() => {
                    (Status::Done, without(&slot.dropped))
                }
                Phase::Done(_) if excused => {
                    let more = without(&slot.dropped).map(|note| format!("; {note}")).unwrap_or_default();
                    (Status::Skipped, Some(format!("{IN_PART}{}{more}", whys(&slot.held))))
                }
                Phase::Done(_) => (Status::Failed, slot.note.clone()),
                Phase::Ended { status, message, .. } => (*status, Some(message.clone())),
                Phase::Waiting { .. }
                | Phase::Confirming { .. }
                | Phase::Guarding { .. }
                | Phase::Sent
                | Phase::Unknown(_)
                | Phase::FollowUp { .. } => (Status::Unknown, None),
            };
            let mut left_out = slot.left_out.clone();
            if self.plan.steps[at].operation == Operation::QueueMembers && !slot.held.is_empty() {
                // Its list is not the plan's.
                left_out.extend(self.plan.steps[at].targets.iter().cloned());
            }
            for one in &slot.held {
                if !held.iter().any(|known| known.agent == one.agent) {
                    held.push(one.clone());
                }
            }
            results.push(StepResult {
                status,
                message,
                made: slot.made.clone(),
                carried_out: slot.is_done(),
                left_out,
                held: excused,
                spared: slot.held.iter().map(|held| held.agent.clone()).collect(),
                dropped: slot.dropped.clone(),
                told: slot.told.clone(),
                confirmed: slot.answer == Answer::Confirmed,
                reset: slot.reset.clone(),
                doubted: self.doubted(at),
            });
        }
        held.sort_by(|a, b| a.agent.cmp(&b.agent));
        let skipped = std::mem::take(&mut self.left_out);
        let lifted = std::mem::take(&mut self.lifted);
        self.finish(Finish::Ran(ApplyOutcome {
            results,
            skipped,
            held,
            lifted,
            interrupted: self.interrupted,
        }))
    }

    /// A queue that agents left, before another step put its final members in.
    fn superseded(&self, at: usize) -> bool {
        let step = &self.plan.steps[at];
        let same = |other: &Step| {
            other.operation == step.operation
                && other.targets == step.targets
                && other.after.contains(&step.id)
        };
        let recreated = |other: &Step| {
            step.operation == Operation::AgentDelete
                && other.operation == Operation::AgentCreate
                && other.after.contains(&step.id)
        };
        self.plan
            .steps
            .iter()
            .zip(&self.slots)
            .any(|(other, slot)| (same(other) || recreated(other)) && slot.is_done())
    }

    /// Fields of a created agent that a later step sends: they are that step's to answer for.
    fn later(&self, at: usize) -> Vec<String> {
        let step = &self.plan.steps[at];
        if step.operation != Operation::AgentCreate {
            return Vec::new();
        }
        self.plan
            .steps
            .iter()
            .filter(|other| other.operation == Operation::AgentEdit && other.after.contains(&step.id))
            .flat_map(|other| other.fields.iter().cloned())
            .collect()
    }
}

/// Whom the vendor left out of a queue although nobody asked for that, in words.
fn without(dropped: &[OperatorId]) -> Option<String> {
    let ids: Vec<&str> = dropped.iter().map(OperatorId::as_str).collect();
    match ids.as_slice() {
        [] => None,
        [id] => Some(format!("{id} is no agent; the vendor dropped it from the queue")),
        _ => Some(format!("{} are no agents; the vendor dropped them from the queue", ids.join(", "))),
    }
}
