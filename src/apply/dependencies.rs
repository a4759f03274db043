//! Dependencies: a step is sent when all of them took effect, and skipped when one did not.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::machine::Machine;
use super::steps::{Phase, Ready};
use super::write_op;
use super::write_op::WriteOp;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::message::Word;
use crate::model::note::{Deferred, Moved, Note};
use crate::model::outcome::Status;
use crate::model::plan::{Operation, Verb};
use crate::model::value::Members;

impl Machine {
    /// Leaves a target out of a step; skips a step without targets.
    pub(super) fn exclude_target(&mut self, at: usize, id: &ResourceId, why: Moved) {
        let state = &mut self.steps[at];
        state.left_out.push(id.clone());
        if let Some(WriteOp::Delete { kind: Kind::Agent, ids }) = &mut state.op {
            ids.retain(|agent| *agent != id.name);
            if !ids.is_empty() {
                state.note = Some(Note::LeftOut { id: id.clone(), why });
                return;
            }
        }
        self.end(at, Status::Skipped, Note::TargetMoved { id: id.clone(), why });
    }

    /// Returns the readiness of a step; leaves agents out of a deletion.
    pub(super) fn ready(&mut self, at: usize) -> Ready {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[at];
        let mut failed = Vec::new();
        for before in self.steps.before(at).iter().copied() {
            if self.steps[before].is_open() {
                return Ready::NotYet;
            }
            if !self.satisfies(before, at) {
                failed.push(before);
            }
        }
        if failed.is_empty() {
            return Ready::Go;
        }
        if step.operation != Operation::agent(Verb::Delete) {
            let steps = failed.iter().map(|f| Word::from(plan.steps[*f].id.to_string())).collect();
            if failed.iter().all(|before| self.only_deferred(*before)) {
                let deferred: Vec<Deferred> =
                    failed.iter().flat_map(|f| self.steps[*f].deferred.clone()).collect();
                self.steps[at].deferred.clone_from(&deferred);
                let why = Note::AfterDeferred { steps, deferred };
                return Ready::Blocked { why, only_deferred: true };
            }
            return Ready::Blocked { why: Note::AfterFailed { steps }, only_deferred: false };
        }
        // Only agents that could not leave their queues stay. An agent that a read showed outside has left.
        let mut stay: BTreeMap<OperatorId, Moved> = BTreeMap::new();
        for before in failed {
            let only_deferred = self.only_deferred(before);
            if only_deferred && plan.steps[before].operation == Operation::queue(Verb::Delete) {
                self.hold_members(at, before);
            }
            // The presence guard has left out the agents that it deferred.
            if only_deferred {
                continue;
            }
            for target in &plan.steps[before].targets {
                let change = plan.list_change(target);
                let old = change.and_then(|change| change.members_before());
                let new = change.and_then(|change| change.members_after());
                let has = |list: Option<&Arc<Members>>, id: &OperatorId| {
                    list.is_some_and(|list| list.contains_key(id))
                };
                let seen = write_op::exten(target, plan.change(target))
                    .and_then(|exten| self.queue_members.get(&exten));
                let failed =
                    matches!(self.steps[before].phase(), Phase::Ended { status: Status::Failed, .. });
                // A recreated agent rejoins its queues only after the whole step took effect.
                let last = plan.steps[before].members.is_none();
                let seen = seen.filter(|_| failed && last);
                let is_in = |id: &&OperatorId| seen.is_none_or(|members| members.contains(*id));
                let agents = step.targets.iter().map(|t| &t.name).filter(is_in);
                for agent in agents.filter(|a| change.is_none() || has(old, a) && !has(new, a)) {
                    stay.insert(agent.clone(), Moved::CouldNotLeave { queue: target.clone() });
                }
            }
        }
        for (agent, why) in stay {
            let id = ResourceId::agent(&agent);
            if !self.steps[at].left_out.contains(&id) {
                self.exclude_target(at, &id, why);
            }
        }
        if self.steps[at].is_waiting() { Ready::Go } else { Ready::NotYet }
    }

    /// Leaves out of a deletion the agents that stay in a queue whose own deletion waits for busy members.
    fn hold_members(&mut self, at: usize, before: usize) {
        let plan = Arc::clone(&self.plan);
        let queue = &plan.steps[before];
        let members = queue.targets.iter().filter_map(|id| plan.change(id)?.members_before());
        let members: Vec<&OperatorId> = members.flat_map(|members| members.keys()).collect();
        let deferred = self.steps[before].deferred.clone();
        let state = &mut self.steps[at];
        let stays = |id: &&ResourceId| members.contains(&&id.name) && !state.left_out.contains(id);
        let stay: Vec<ResourceId> = plan.steps[at].targets.iter().filter(stays).cloned().collect();
        if stay.is_empty() {
            return;
        }
        let new = deferred.into_iter().filter(|one| !state.deferred.contains(one)).collect::<Vec<_>>();
        state.deferred.extend(new);
        state.left_out.extend(stay.iter().cloned());
        if let Some(WriteOp::Delete { ids, .. }) = &mut state.op {
            ids.retain(|agent| stay.iter().all(|id| id.name != *agent));
            if !ids.is_empty() {
                state.held.extend(stay);
                return;
            }
        }
        state.held.extend(stay);
        let (steps, deferred) = (vec![Word::from(queue.id.to_string())], state.deferred.clone());
        let only_deferred = state.leaves_out_busy_only();
        self.skip(at, Note::AfterDeferred { steps, deferred }, only_deferred);
    }

    /// Returns true if a step that is over satisfies a dependent one.
    ///
    /// Deferred agents do not block the dependents of the other ones.
    fn satisfies(&self, before: usize, then: usize) -> bool {
        let state = &self.steps[before];
        let done = state.is_done();
        if done && state.left_out.is_empty() && state.deferred.is_empty() {
            return true;
        }
        let (first, then) = (&self.plan.steps[before], &self.plan.steps[then]);
        let deferred =
            |id: &ResourceId| self.deferred.iter().any(|deferred| ResourceId::agent(&deferred.agent) == *id);
        match first.operation.verb {
            // A deleted resource is recreated.
            Verb::Delete => {
                done && then.operation == Operation { verb: Verb::Create, ..first.operation }
                    && !then.targets.iter().any(|id| state.left_out.contains(id))
            }
            // A deferred agent still exists.
            Verb::Create => then.operation.kind == Kind::Queue && first.targets.iter().all(deferred),
            Verb::Members => then.operation.verb == Verb::Members && self.only_deferred(before),
            Verb::Edit | Verb::Password | Verb::Put => false,
        }
    }
}
