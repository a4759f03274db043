//! Confirmation of a deletion of agents: reads all queues and the agents back before the call.
//!
//! The agents must have left their queues, joined no other one, and be unchanged since the plan was made.

use std::sync::Arc;

use super::event::{Effect, ReadPurpose};
use super::machine::Machine;
use super::postcondition;
use super::postcondition::Verdict;
use super::pre_send;
use super::precondition;
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::steps::{Phase, Proof};
use super::write_op::WriteOp;
use crate::model::note::Note;
use crate::model::outcome::Status;
use crate::model::plan::{Operation, Verb};

impl Machine {
    /// Returns the dependencies of a deletion of agents that were not read back yet.
    pub(super) fn unverified_deps(&self, at: usize) -> Vec<usize> {
        if self.plan.steps[at].operation != Operation::agent(Verb::Delete) {
            return Vec::new();
        }
        self.steps
            .before(at)
            .iter()
            .copied()
            .filter(|before| self.steps[*before].awaits_verification())
            .collect()
    }

    /// Reads back every queue before a deletion of agents.
    ///
    /// The vendor's response proves no departure, and an agent may have joined a queue since the plan was made.
    pub(super) fn confirm(&mut self, at: usize) -> Option<Effect> {
        let Phase::Waiting { confirmed: false, guarded } = *self.steps[at].phase() else { return None };
        if self.plan.steps[at].operation != Operation::agent(Verb::Delete) {
            return None;
        }
        self.steps.enter(at, Phase::Confirming { guarded });
        let wanted = self.confirmation(at);
        Some(Effect::Read { purpose: ReadPurpose::Confirm(at), wanted, again: 0 })
    }

    /// Returns the resources to read before a deletion.
    ///
    /// The executor leaves the agents out while the first read is fresh.
    fn confirmation(&self, at: usize) -> ReadSet {
        let op = self.steps[at].op.as_ref();
        let mut wanted =
            op.map(|op| pre_send::wanted(&self.plan, op, self.options.queues)).unwrap_or_default();
        for before in self.unverified_deps(at) {
            let more =
                postcondition::wanted(&self.plan, &self.plan.steps[before], self.steps[before].made.as_ref());
            wanted.queues.extend(more.queues);
        }
        wanted
    }

    /// Judges the read before a deletion, and sends it or leaves agents out.
    pub(super) fn confirmed(&mut self, at: usize, seen: &ReadBack) -> Vec<Effect> {
        self.remember_members(seen);
        let all = match seen.queues.get(&QueueKey::All).map_or(Ok(&[][..]), |_| seen.queues(&QueueKey::All)) {
            Ok(all) => all,
            Err(why) => {
                self.end(at, Status::Failed, Note::QueuesUnread { why });
                return self.advance();
            }
        };
        // A queue that exists by now is not created a second time.
        for step in 0..self.steps.len() {
            let name = self.steps[step].op.as_ref().and_then(WriteOp::new_queue);
            if let (Phase::Waiting { .. }, Some(name)) = (self.steps[step].phase(), name)
                && let Some(why) = precondition::created_since(name.as_str(), all)
            {
                self.end(step, Status::Failed, Note::Since { why });
            }
        }
        let plan = Arc::clone(&self.plan);
        let mut late = false;
        for before in self.unverified_deps(at) {
            let step = &plan.steps[before];
            let state = &self.steps[before];
            let sent = state.op.as_ref().and_then(WriteOp::members);
            match postcondition::judge(&plan, &self.supports, step, state.made.as_ref(), &[], sent, seen) {
                Verdict::Took | Verdict::Unsettled(_) => {
                    self.steps[before].dropped = postcondition::dropped(&plan, step, sent, seen);
                    self.steps.enter(before, Phase::Done(Proof::Verified));
                }
                Verdict::Late(_) if self.may_be_delayed(self.steps[at].polls) => late = true,
                Verdict::Late(what) => self.fail_unverified(before, what, true),
                Verdict::Amiss { what, .. } => self.fail_unverified(before, what, false),
                Verdict::Unseen(why) => self.end(before, Status::Unknown, why),
            }
        }
        if late {
            self.steps[at].polls += 1;
            let wanted = self.confirmation(at);
            return vec![Effect::Read {
                purpose: ReadPurpose::Confirm(at),
                wanted,
                again: self.steps[at].polls,
            }];
        }
        match precondition::agents_moved(&plan, self.supports.agents, seen) {
            Ok(stale) => self.moved(at, stale),
            Err(why) => {
                self.end(at, Status::Failed, Note::AgentsUnread { why });
                self.advance()
            }
        }
    }

    /// Leaves agents out of a deletion that are in a queue by the last read.
    pub(super) fn exclude_queue_members(&mut self, at: usize) {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[at];
        for id in step.targets.iter().filter(|_| step.operation == Operation::agent(Verb::Delete)) {
            if let Some(why) = precondition::in_queue(&id.name, &self.queue_members)
                && !self.steps[at].left_out.contains(id)
            {
                self.exclude_target(at, id, why);
            }
        }
    }
}
