//! Verification: reads every step back, sends edits that settle open fields of agents, and returns the results.

use std::sync::Arc;

use super::disruption;
use super::event::{ApplyOutcome, Effect, Finish, ReadPurpose};
use super::machine::Machine;
use super::postcondition;
use super::postcondition::{Open, Verdict};
use super::readback::{ReadBack, ReadSet};
use super::steps::{Answer, Phase, Proof};
use super::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{Kind, ResourceId};
use crate::model::message::Word;
use crate::model::note::{Deferred, Note};
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Operation, Step, Verb};
use crate::model::retry;

impl Machine {
    /// Returns true if the effect may appear later than `polls` reads, and another read is due.
    pub(super) fn may_be_delayed(&self, polls: u32) -> bool {
        !self.interrupted && polls < retry::poll_count(retry::LATE)
    }

    /// Ends a step whose system refused the sign-in.
    pub(super) fn end_signed_out(&mut self, at: usize, status: Status) {
        self.end_unsent(at, status, |then| Note::SignedOut { then });
    }

    /// Ends a step that the interruption of the run keeps from being sent.
    pub(super) fn end_interrupted(&mut self, at: usize) {
        self.end_unsent(at, Status::Skipped, |then| Note::Interrupted { then });
    }

    /// Ends a step whose call does not leave. Its outcome is unknown if an earlier attempt left.
    ///
    /// A read-back did not show that attempt, but it may appear later.
    fn end_unsent(&mut self, at: usize, status: Status, why: impl Fn(bool) -> Note) {
        let state = &self.steps[at];
        if state.note.is_some() && state.repetition > 0 {
            self.end_with(at, Status::Unknown, why(true));
        } else {
            self.end(at, status, why(false));
        }
    }

    /// Ends a step that did not take effect by its read-back. `late` is true if the effect may appear later.
    pub(super) fn fail_unverified(&mut self, at: usize, what: Vec<Note>, late: bool) {
        let note = self.steps[at].note.take().map(Box::new);
        let unsure = late && self.interrupted;
        let status = if unsure { Status::Unknown } else { Status::Failed };
        self.end(at, status, Note::NotTaken { what, unsure, note });
    }

    /// Reads all steps that took effect back, together; `again` counts the reads before it.
    pub(super) fn verify(&mut self, again: u32) -> Effect {
        let mut wanted = ReadSet::default();
        for (at, step) in
            self.plan.steps.iter().enumerate().filter(|(at, _)| self.steps[*at].awaits_verification())
        {
            let more = postcondition::wanted(&self.plan, step, self.steps[at].made.as_ref());
            wanted.agents.extend(more.agents);
            wanted.queues.extend(more.queues);
        }
        if wanted.is_empty() {
            return self.results();
        }
        Effect::Read { purpose: ReadPurpose::Verify, wanted, again }
    }

    /// Takes the answer to an edit that follows a call.
    ///
    /// The verification after it judges the fields that can be read.
    pub(super) fn followed_up(&mut self, at: usize, failure: Option<&Failure>) -> Vec<Effect> {
        let state = &mut self.steps[at];
        if let Some(failure) = failure {
            state.note = Some(failure.into());
            if let (Failure::SignIn(_), Some(op)) = (failure, &state.op) {
                self.refused_kinds.extend(op.kind());
            }
        }
        let Phase::FollowUp { pending, failed, fields } = state.phase() else { return Vec::new() };
        let (pending, failed) = (pending.saturating_sub(1), *failed || failure.is_some());
        let fields = fields.clone();
        if pending > 0 {
            self.steps.enter(at, Phase::FollowUp { pending, failed, fields });
            return Vec::new();
        }
        if !failed {
            state.reset = fields;
        }
        self.steps.enter(at, Phase::Done(Proof::FollowedUp));
        self.advance()
    }

    /// Judges the postcondition of each step, and ends the run or reads once more.
    pub(super) fn verified(&mut self, seen: &ReadBack) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut late = false;
        let plan = Arc::clone(&self.plan);
        // Computed before a step ends.
        let superseded: Vec<bool> = (0..self.steps.len()).map(|at| self.superseded(at)).collect();
        for (at, step) in plan.steps.iter().enumerate() {
            let Phase::Done(proof @ (Proof::Due | Proof::FollowedUp)) = *self.steps[at].phase() else {
                continue;
            };
            if superseded[at] {
                self.steps.enter(at, Phase::Done(Proof::Verified));
                continue;
            }
            let mut seen_step = step.clone();
            seen_step.targets.retain(|target| !self.steps[at].left_out.contains(target));
            let later = self.later(at);
            let present = seen_step.targets.iter().filter(|id| matches!(seen.agent(&id.name), Ok(Some(_))));
            self.steps[at].present = present.cloned().collect();
            if let Some(made) =
                self.steps[at].made.as_ref().filter(|_| step.operation == Operation::queue(Verb::Create))
            {
                self.steps[at].shown |= postcondition::shows_queue(step, made, seen);
            }
            if step.operation == Operation::agent(Verb::Create) {
                let identity =
                    |id: &ResourceId| Some((id.name.clone(), *seen.agent(&id.name).ok()??.identity()));
                self.steps[at].identities = seen_step.targets.iter().filter_map(identity).collect();
            }
            let state = &self.steps[at];
            let is_confirmed = state.answer == Answer::Confirmed;
            let followed_up = proof == Proof::FollowedUp;
            let sent = state.op.as_ref().and_then(WriteOp::members);
            let gone = |id: &ResourceId| matches!(seen.agent(&id.name), Ok(None));
            let mut acknowledged = Vec::new();
            let sets_fields = [Verb::Create, Verb::Edit].map(Operation::agent).contains(&step.operation);
            if is_confirmed && sets_fields {
                acknowledged.extend(seen_step.targets.iter().filter(|id| !gone(id)).cloned());
            }
            // Without a confirmation one more edit an agent sets the fields that no operation returns.
            let mut unread = if is_confirmed {
                Open::new()
            } else {
                postcondition::unconfirmed(&plan, self.supports.agents, &seen_step, seen)
            };
            for keys in unread.values_mut() {
                keys.retain(|key| !state.reset.iter().any(|reset| reset == key));
            }
            unread.retain(|_, keys| !keys.is_empty());
            let reset: Vec<String> = unread.values().flatten().map(|key| (*key).to_owned()).collect();
            let verdict = postcondition::judge(
                &plan,
                &self.supports,
                &seen_step,
                state.made.as_ref(),
                &later,
                sent,
                seen,
            );
            let verdict = match verdict {
                Verdict::Took if unread.is_empty() => Verdict::Took,
                Verdict::Took if followed_up || self.interrupted => {
                    Verdict::Unseen(Note::Unconfirmed { fields: postcondition::keys(&unread) })
                }
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
                    self.steps[at].dropped = postcondition::dropped(&plan, step, sent, seen);
                    self.steps.enter(at, Phase::Done(Proof::Verified));
                }
                Verdict::Late(_) if self.may_be_delayed(self.polls) => late = true,
                Verdict::Late(what) => {
                    let state = &mut self.steps[at];
                    if let Some(exten) = state.made.clone().filter(|_| !state.shown) {
                        self.end(at, Status::Failed, Note::NotListed { exten: (&exten).into() });
                    } else {
                        state.answer = Answer::Disproved;
                        self.fail_unverified(at, what, true);
                    }
                }
                Verdict::Amiss { what, forms } => {
                    // The vendor accepted a value in another form, and with it the whole call.
                    if forms {
                        self.steps[at].acknowledged = acknowledged;
                    } else {
                        self.steps[at].answer = Answer::Disproved;
                    }
                    self.fail_unverified(at, what, false);
                }
                Verdict::Unseen(why) => {
                    self.steps[at].acknowledged = acknowledged;
                    let state = &self.steps[at];
                    let kind = state.op.as_ref().and_then(WriteOp::kind);
                    let refused = kind.is_some_and(|kind| self.refused_kinds.contains(&kind));
                    if is_confirmed && !followed_up && refused {
                        self.end(at, Status::Done, Note::NotReadBack);
                    } else {
                        self.end(at, Status::Unknown, why);
                    }
                }
                Verdict::Unsettled(agents)
                    if !followed_up
                        && !self.interrupted
                        && !self.undisruptive(is_confirmed, &agents).is_empty() =>
                {
                    let ops = postcondition::follow_ups(&plan, &self.undisruptive(is_confirmed, &agents));
                    let phase = Phase::FollowUp { pending: ops.len(), failed: false, fields: reset };
                    self.steps.enter(at, phase);
                    let follow = |op| {
                        let disruptions = Vec::new();
                        Effect::Send { step: at, op, repetition: 0, follow_up: true, disruptions }
                    };
                    effects.extend(ops.into_iter().map(follow));
                }
                Verdict::Unsettled(_) if self.may_be_delayed(self.polls) => late = true,
                Verdict::Unsettled(agents) => {
                    let open = agents.into_iter().map(|(agent, keys)| Note::Open {
                        agent,
                        fields: keys.into_iter().map(Word::Borrowed).collect(),
                    });
                    self.steps[at].acknowledged = acknowledged;
                    self.fail_unverified(at, open.collect(), true);
                }
            }
        }
        if !effects.is_empty() {
            // The verification after the edits reads late effects again.
            return effects;
        }
        if !late {
            return vec![self.results()];
        }
        self.polls += 1;
        vec![self.verify(self.polls)]
    }

    /// Returns the open fields that a follow-up edit may set without a read of presence.
    ///
    /// After an unconfirmed creation the agent may be one that the console created. Then the next plan updates it,
    /// under the presence guard.
    fn undisruptive(&self, is_confirmed: bool, open: &Open) -> Open {
        let mut open = open.clone();
        if let (Some(guard), false) = (&self.options.guard, is_confirmed) {
            for (id, keys) in &mut open {
                let change = self.plan.change(&ResourceId::agent(id));
                let fields = change.map(|change| &*change.fields).unwrap_or_default();
                let disrupts = |key: &&str| {
                    let diff = fields.iter().find(|diff| diff.field.key == *key);
                    diff.and_then(disruption::disruption_by)
                        .is_some_and(|disruption| guard.guards(disruption))
                };
                keys.retain(|key| !disrupts(key));
            }
            open.retain(|_, keys| !keys.is_empty());
        }
        open
    }

    /// Returns the targets whose unread fields the call may have set without a confirmation that holds.
    fn doubted(&self, at: usize) -> Vec<ResourceId> {
        let state = &self.steps[at];
        match state.answer {
            Answer::None | Answer::Confirmed => return Vec::new(),
            Answer::Unconfirmed { .. } | Answer::Disproved => {}
        }
        let step = &self.plan.steps[at];
        if step.operation.kind != Kind::Agent {
            return Vec::new();
        }
        match step.operation.verb {
            Verb::Create => state.present.clone(),
            Verb::Edit | Verb::Password => {
                step.targets.iter().filter(|id| !state.left_out.contains(id)).cloned().collect()
            }
            Verb::Delete | Verb::Members | Verb::Put => Vec::new(),
        }
    }

    /// Ends the run with the result of each step.
    pub(super) fn results(&mut self) -> Effect {
        let mut results = Vec::with_capacity(self.steps.len());
        let mut deferred: Vec<Deferred> = Vec::new();
        for (at, state) in self.steps.iter().enumerate() {
            let only_deferred = self.only_deferred(at);
            let dropped = Some(Note::Dropped { members: state.dropped.clone() });
            let dropped = dropped.filter(|_| !state.dropped.is_empty()).into_iter();
            let (status, notes) = match state.phase() {
                Phase::Done(_) if state.left_out.is_empty() && state.deferred.is_empty() => {
                    (Status::Done, dropped.collect())
                }
                Phase::Done(_) if only_deferred => {
                    let in_part = Note::InPart { deferred: state.deferred.clone() };
                    (Status::Skipped, std::iter::once(in_part).chain(dropped).collect())
                }
                Phase::Done(_) => (Status::Failed, state.note.iter().cloned().collect()),
                Phase::Ended { status, notes, .. } => (*status, notes.clone()),
                Phase::Waiting { .. }
                | Phase::Confirming { .. }
                | Phase::Guarding { .. }
                | Phase::Sent
                | Phase::Unknown(_)
                | Phase::FollowUp { .. } => (Status::Unknown, Vec::new()),
            };
            let mut left_out = state.left_out.clone();
            if self.plan.steps[at].operation.verb == Verb::Members && !state.deferred.is_empty() {
                // The list that was sent differs from the plan's.
                left_out.extend(self.plan.steps[at].targets.iter().cloned());
            }
            for one in &state.deferred {
                if !deferred.iter().any(|known| known.agent == one.agent) {
                    deferred.push(one.clone());
                }
            }
            results.push(StepResult {
                status,
                notes,
                answered_ms: None,
                made: state.made.clone(),
                pending: state.made.is_some() && !state.shown,
                identities: state.identities.clone(),
                carried_out: state.is_done(),
                left_out,
                only_deferred,
                members: state
                    .op
                    .as_ref()
                    .and_then(WriteOp::members)
                    .filter(|_| !state.deferred.is_empty())
                    .map(|sent| {
                        let stays = sent.iter().filter(|(id, _)| !state.dropped.contains(id));
                        Arc::new(stays.map(|(id, priority)| (id.clone(), *priority)).collect())
                    }),
                spared: state.deferred.clone(),
                dropped: state.dropped.clone(),
                acknowledged: state.acknowledged.clone(),
                confirmed: state.answer == Answer::Confirmed,
                reset: state.reset.clone(),
                doubted: self.doubted(at),
            });
        }
        deferred.sort_by(|a, b| a.agent.cmp(&b.agent));
        let skipped = std::mem::take(&mut self.left_out);
        let allowed = std::mem::take(&mut self.allowed);
        self.finish(Finish::Ran(ApplyOutcome {
            results,
            skipped,
            deferred,
            allowed,
            interrupted: self.interrupted,
        }))
    }

    /// Returns true if a later step replaced the effect: final members, or a recreated agent.
    fn superseded(&self, at: usize) -> bool {
        let step = &self.plan.steps[at];
        let same = |other: &Step| other.operation == step.operation && other.targets == step.targets;
        let recreated = |other: &Step| {
            step.operation.verb == Verb::Delete
                && other.operation == Operation { verb: Verb::Create, ..step.operation }
        };
        let after = self.steps.after(at).iter().copied();
        let mut replaced =
            after.filter(|other| self.steps[*other].is_done()).map(|other| &self.plan.steps[other]);
        replaced.any(|other| same(other) || recreated(other))
    }

    /// Returns the fields of a created agent that a later step sends.
    fn later(&self, at: usize) -> Vec<&'static str> {
        let step = &self.plan.steps[at];
        if step.operation.verb != Verb::Create {
            return Vec::new();
        }
        let after = self.steps.after(at).iter().map(|other| &self.plan.steps[*other]);
        after
            .filter(|other| other.operation.verb == Verb::Edit)
            .flat_map(|other| other.fields.iter().copied())
            .collect()
    }
}
