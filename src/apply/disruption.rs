//! Disruptions of agents by a step, and the objections of the presence policy.

use std::collections::{BTreeMap, BTreeSet};

use super::write_op;
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::note::Deferred;
use crate::model::plan::{Action, Change, FieldDiff, Operation, Plan, Step, Verb};
use crate::model::presence::{Disruption, Objection, Presence, PresencePolicy};
use crate::model::value::{Members, Value};

/// The disruptions of a step by agent; the first one that the policy blocks counts.
pub type Disruptions = Vec<(OperatorId, Vec<Disruption>)>;

/// Returns the first disruption that the policy blocks, and its objection.
pub(super) fn first_objection(
    guard: &PresencePolicy,
    disruptions: &[Disruption],
    agent: &OperatorId,
    presence: &Presence,
) -> Option<(Disruption, Objection)> {
    disruptions
        .iter()
        .find_map(|disruption| Some((*disruption, guard.evaluate(*disruption, agent, presence).objection()?)))
}

/// Returns true if the policy objects to a disruption.
pub fn is_objected(guard: &PresencePolicy, disruptions: &Disruptions, presence: &Presence) -> bool {
    disruptions.iter().any(|(agent, found)| first_objection(guard, found, agent, presence).is_some())
}

/// Returns the agents that a plan deletes, for good or before it recreates them.
pub(super) fn deleted_agents(plan: &Plan) -> BTreeSet<OperatorId> {
    let deletes = plan.steps.iter().filter(|step| step.operation == Operation::agent(Verb::Delete));
    deletes.flat_map(|step| &step.targets).map(|id| id.name.clone()).collect()
}

/// Returns true if a step of a plan causes a disruption that the policy guards.
pub fn needs_presence(plan: &Plan, guard: &PresencePolicy) -> bool {
    !guarded(plan, guard).is_empty()
}

/// Returns the agents that a plan disrupts and that the policy guards.
pub fn guarded_agents(plan: &Plan, guard: &PresencePolicy) -> BTreeSet<OperatorId> {
    guarded(plan, guard).into_iter().map(|(agent, _)| agent).collect()
}

/// Returns the agents that the policy would leave alone, each with the gravest disruption that it blocks.
pub fn left_alone(plan: &Plan, guard: &PresencePolicy, presence: &Presence) -> Vec<Deferred> {
    let mut all: BTreeMap<OperatorId, Deferred> = BTreeMap::new();
    for (agent, disruptions) in guarded(plan, guard) {
        let Some((disruption, why)) = first_objection(guard, &disruptions, &agent, presence) else {
            continue;
        };
        let deferred = Deferred { agent: agent.clone(), disruption, why, waited: None };
        let known = all.entry(agent).or_insert_with(|| deferred.clone());
        if disruption == Disruption::Delete {
            *known = deferred;
        }
    }
    all.into_values().collect()
}

/// Returns the disruptions of a plan that the policy guards.
fn guarded(plan: &Plan, guard: &PresencePolicy) -> Disruptions {
    let doomed = deleted_agents(plan);
    let all = plan.steps.iter().flat_map(|step| disruptions(plan, step, &doomed, |_| false));
    let guards =
        |disruptions: Vec<Disruption>| disruptions.into_iter().filter(|one| guard.guards(*one)).collect();
    all.map(|(agent, disruptions)| (agent, guards(disruptions)))
        .filter(|(_, disruptions): &(OperatorId, Vec<Disruption>)| !disruptions.is_empty())
        .collect()
}

/// Returns the disruptions of a step. `is_new` returns true for an agent that this run surely created.
///
/// After an unconfirmed creation the agent may be one that the console created, and may be busy.
pub(super) fn disruptions(
    plan: &Plan,
    step: &Step,
    doomed: &BTreeSet<OperatorId>,
    is_new: impl Fn(&ResourceId) -> bool,
) -> Disruptions {
    // An agent that leaves a queue before its deletion counts as deleted.
    let leave = |members: Members| {
        let harm = |id: OperatorId| {
            let dies = doomed.contains(&id).then_some(Disruption::Delete);
            (id, dies.into_iter().chain([Disruption::Unqueue]).collect())
        };
        members.into_keys().map(harm).collect()
    };
    match step.operation.verb {
        Verb::Delete if step.operation.kind == Kind::Queue => {
            let members = step.targets.iter().filter_map(|id| plan.change(id)?.members_before());
            leave(members.flat_map(|members| members.iter().map(|(id, turn)| (id.clone(), *turn))).collect())
        }
        Verb::Delete => step.targets.iter().map(|id| (id.name.clone(), vec![Disruption::Delete])).collect(),
        Verb::Edit => {
            let change = step.targets.first().and_then(|id| plan.change(id));
            let is_update = |change: &&Change| change.action == Action::Update || !is_new(&change.id);
            let Some(change) = change.filter(is_update) else { return Vec::new() };
            let sent = change.fields.iter().filter(|diff| diff.is_in(&step.fields));
            let disruptions: Vec<Disruption> = sent.filter_map(disruption_by).collect();
            if disruptions.is_empty() { Vec::new() } else { vec![(change.id.name.clone(), disruptions)] }
        }
        Verb::Members => leave(write_op::removed(plan, step)),
        Verb::Create | Verb::Password | Verb::Put => Vec::new(),
    }
}

/// Returns the disruption of an agent by a new value of a field.
pub(super) fn disruption_by(diff: &FieldDiff) -> Option<Disruption> {
    let disables = *diff.field == ENABLED && diff.after == Some(Value::Flag(false));
    let regroups = *diff.field == MAIN_SKILL_GROUP;
    disables.then_some(Disruption::Disable).or(regroups.then_some(Disruption::Regroup))
}
