//! Presence guard: checks which agents a step disrupts are busy, waits for them, then leaves out those still busy.
//!
//! A step that only takes an agent out of a queue before its deletion counts as a deletion: a deferred agent keeps its
//! queues. The step proceeds for its other agents. A deletion leaves out the busy agents, and a member list keeps them.
//! A queue is not deleted in part: a busy member defers its whole deletion.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::disruption::{Disruptions, disruptions, first_objection};
use super::event::Effect;
use super::machine::Machine;
use super::steps::{Answer, Phase};
use super::write_op;
use super::write_op::WriteOp;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::note::{Allowed, Deferred, Note};
use crate::model::plan::Verb;
use crate::model::presence::{Disruption, Objection, Presence};

/// Returns the pause between two reads while a step waits.
fn interval(wait: Duration) -> Duration {
    (wait / 10).clamp(Duration::from_secs(1), Duration::from_secs(15))
}

impl Machine {
    /// Returns the disruptions of a step that the policy guards, without agents that were deferred or allowed.
    pub(super) fn disruptions(&self, at: usize) -> Disruptions {
        let Some(guard) = &self.options.guard else { return Vec::new() };
        let state = &self.steps[at];
        let spared = |agent: &OperatorId| {
            self.allowed.iter().any(|allowed| allowed.agent == *agent)
                || state.deferred.iter().any(|deferred| deferred.agent == *agent)
                || state.left_out.iter().any(|id| id.name == *agent)
        };
        let steps = &self.plan.steps;
        let is_new = |id: &ResourceId| {
            let creates =
                |at: &usize| steps[*at].operation.verb == Verb::Create && steps[*at].targets.contains(id);
            let confirmed = |at: &usize| self.steps[*at].answer == Answer::Confirmed;
            self.steps.before(at).iter().any(|before| creates(before) && confirmed(before))
        };
        let all = disruptions(&self.plan, &steps[at], &self.deleted, is_new).into_iter();
        all.map(|(agent, disruptions)| {
            (agent, disruptions.into_iter().filter(|disruption| guard.guards(*disruption)).collect())
        })
        .filter(|(agent, disruptions): &(OperatorId, Vec<Disruption>)| {
            !disruptions.is_empty() && !spared(agent)
        })
        .collect()
    }

    /// Defers agents whose deletion was deferred before. Returns true if the step needs a read of presence.
    pub(super) fn step_needs_presence(&mut self, at: usize) -> bool {
        if !matches!(self.steps[at].phase(), Phase::Waiting { guarded: false, .. }) {
            return false;
        }
        for (agent, _) in self.disruptions(at) {
            if let Some(deferred) = self.deferred.iter().find(|deferred| deferred.agent == agent).cloned() {
                self.defer(at, deferred);
            }
        }
        self.steps[at].is_waiting() && !self.disruptions(at).is_empty()
    }

    /// Reads the presence of all agents that steps disrupt.
    pub(super) fn read_presence(&mut self, steps: Vec<usize>) -> Effect {
        let mut agents = BTreeSet::new();
        for at in &steps {
            agents.extend(self.disruptions(*at).into_iter().map(|(agent, _)| agent));
            self.steps.enter(*at, Phase::Guarding { waits_for: BTreeSet::new() });
        }
        Effect::ReadPresence { steps, agents, pause: Duration::ZERO, notice: None }
    }

    /// Judges the presence of agents that steps disrupt; `None` means that the run was interrupted.
    pub(super) fn presence_read(
        &mut self,
        steps: &[usize],
        presence: Option<&Presence>,
        now: Duration,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for at in steps {
            match presence.filter(|_| !self.interrupted) {
                Some(presence) => effects.extend(self.evaluate_presence(*at, presence, now)),
                None => self.end_interrupted(*at),
            }
        }
        effects.extend(self.advance());
        effects
    }

    /// Judges the presence of the agents of one step. Waits for them, defers them or lets the step proceed.
    fn evaluate_presence(&mut self, at: usize, presence: &Presence, now: Duration) -> Option<Effect> {
        let guard = self.options.guard.clone()?;
        // The check before a call read all of them.
        let asked = match self.steps[at].phase() {
            Phase::Guarding { waits_for } => waits_for.clone(),
            Phase::Waiting { .. }
            | Phase::Confirming { .. }
            | Phase::Sent
            | Phase::Unknown(_)
            | Phase::Done(_)
            | Phase::FollowUp { .. }
            | Phase::Ended { .. } => BTreeSet::new(),
        };
        let (mut blocked, mut at_work) = (Vec::new(), Vec::new());
        for (agent, disruptions) in self.disruptions(at) {
            if !asked.is_empty() && !asked.contains(&agent) {
                continue;
            }
            let Some((disruption, why)) = first_objection(&guard, &disruptions, &agent, presence) else {
                continue;
            };
            if self.allow(&agent, &why) {
                continue;
            }
            let deferred = Deferred { agent, disruption, why, waited: None };
            if matches!(deferred.why, Objection::AtWork { .. }) {
                at_work.push(deferred.clone());
            }
            blocked.push(deferred);
        }
        if !at_work.is_empty() {
            let first = self.steps[at].waiting_since.is_none();
            let since = *self.steps[at].waiting_since.get_or_insert(now);
            let left = guard.wait.saturating_sub(now.saturating_sub(since));
            if !left.is_zero() {
                at_work.sort_by(|a, b| a.agent.cmp(&b.agent));
                let agents: BTreeSet<OperatorId> = at_work.iter().map(|one| one.agent.clone()).collect();
                let notice = first.then_some(Note::Waits { wait: guard.wait, deferred: at_work });
                self.steps.enter(at, Phase::Guarding { waits_for: agents.clone() });
                let pause = left.min(interval(guard.wait));
                return Some(Effect::ReadPresence { steps: vec![at], agents, pause, notice });
            }
        }
        if !asked.is_empty() {
            // The presence of the other agents was read before the wait.
            return Some(self.read_presence(vec![at]));
        }
        let waited = self.steps[at].waiting_since.is_some();
        for mut deferred in blocked {
            if waited && !guard.wait.is_zero() && matches!(deferred.why, Objection::AtWork { .. }) {
                deferred.waited = Some(guard.wait);
            }
            self.defer(at, deferred);
        }
        if self.steps[at].is_open() {
            // The queues may have changed during the wait.
            self.steps.enter(at, Phase::Waiting { confirmed: !waited, guarded: true });
        }
        None
    }

    /// Returns true if an allowance lets a step disrupt a busy agent.
    fn allow(&mut self, agent: &OperatorId, why: &Objection) -> bool {
        let allowed = self.plan.allowed.iter().filter(|allowance| allowance.rule == "presence");
        let most = allowed.map(|allowance| allowance.up_to as usize).max().unwrap_or(0);
        if self.allowed.len() >= most {
            return false;
        }
        self.allowed.push(Allowed { agent: agent.clone(), most, why: why.clone() });
        true
    }

    /// Leaves an agent out of a step, or in its queue.
    pub(super) fn defer(&mut self, at: usize, deferred: Deferred) {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[at];
        let id = ResourceId::agent(&deferred.agent);
        let deletes = matches!(step.operation.verb, Verb::Delete | Verb::Members);
        if deletes
            && self.deleted.contains(&deferred.agent)
            && self.deferred.iter().all(|known| known.agent != deferred.agent)
        {
            self.deferred.push(deferred.clone());
        }
        let state = &mut self.steps[at];
        let nothing_left = match &mut state.op {
            Some(WriteOp::Delete { kind: Kind::Agent, ids }) => {
                state.left_out.push(id);
                ids.retain(|agent| *agent != deferred.agent);
                ids.is_empty()
            }
            Some(WriteOp::SetMembers { members, .. }) => {
                let priority = write_op::removed(&plan, step).get(&deferred.agent).copied().unwrap_or(0);
                Arc::make_mut(members).insert(deferred.agent.clone(), priority);
                **members == *write_op::members_before_plan(&plan, step)
            }
            Some(
                WriteOp::Create { .. }
                | WriteOp::Edit { .. }
                | WriteOp::Delete { .. }
                | WriteOp::SetPassword { .. }
                | WriteOp::PutSecret { .. },
            )
            | None => true,
        };
        state.deferred.push(deferred);
        if nothing_left {
            let why = Note::LeftAlone { deferred: state.deferred.clone() };
            let only_deferred = state.leaves_out_busy_only();
            self.skip(at, why, only_deferred);
        }
    }

    /// Returns true if only deferred agents kept a step from taking full effect.
    pub(super) fn only_deferred(&self, at: usize) -> bool {
        let state = &self.steps[at];
        match *state.phase() {
            Phase::Done(_) => !state.deferred.is_empty() && state.leaves_out_busy_only(),
            Phase::Ended { only_deferred, .. } => only_deferred,
            Phase::Waiting { .. }
            | Phase::Confirming { .. }
            | Phase::Guarding { .. }
            | Phase::Sent
            | Phase::Unknown(_)
            | Phase::FollowUp { .. } => false,
        }
    }
}
