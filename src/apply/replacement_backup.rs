//! Backup of replaced agents: written into the ledger before the first write, and removed once it is restored.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::write_op::{exten, sent};
use crate::model::agent::PASSWORD;
use crate::model::desired::{Desired, DesiredAgent};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::ledger::{Ledger, ReplacementBackup};
use crate::model::live::Live;
use crate::model::outcome::StepResult;
use crate::model::plan::{Action, Change, FieldDiff, Plan, Verb};
use crate::model::value::Value;

/// Backs up the fields and queues of agents that a plan replaces.
pub fn back_up(ledger: &mut Ledger, plan: &Plan) {
    let mut queues = returns(plan);
    for change in plan.changes.iter().filter(|c| c.id.kind == Kind::Agent && c.action == Action::Replace) {
        let kept = ledger.kept.entry(change.id.key()).or_default();
        (kept.fields, kept.was) = (fields(change), was(change));
        // Queues that an earlier replacement did not restore stay.
        kept.queues.extend(queues.remove(&change.id.name).unwrap_or_default());
        if kept.fields.is_empty() && kept.queues.is_empty() {
            ledger.kept.remove(&change.id.key());
        }
    }
}

/// Returns the fields to restore: undeclared ones, and declared ones that the next manifest may not hold.
fn fields(change: &Change) -> BTreeMap<String, Json> {
    let kept = |diff: &FieldDiff| {
        let value = if diff.source.is_none() { &diff.after } else { &diff.before };
        Some((diff.field.key.to_owned(), value.as_ref()?.to_json()))
    };
    change.fields.iter().filter(|diff| *diff.field != PASSWORD).filter_map(kept).collect()
}

/// Returns the values before the fields that force the replacement.
fn was(change: &Change) -> BTreeMap<String, Json> {
    let forced = change.fields.iter().filter(|diff| diff.forces_replacement);
    forced
        .map(|diff| (diff.field.key.to_owned(), diff.before.as_ref().map_or(Json::Null, Value::to_json)))
        .collect()
}

/// Returns the queues of agents before and after a plan, with the priority before.
fn returns(plan: &Plan) -> BTreeMap<OperatorId, BTreeMap<String, i64>> {
    let mut found: BTreeMap<OperatorId, BTreeMap<String, i64>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.operation.verb == Verb::Members) {
        let Some(target) = step.targets.first() else { continue };
        let Some(exten) = exten(target, plan.change(target)) else { continue };
        // A queue without a change of its own ends with its members before.
        let (before, after) = match plan.list_change(target) {
            Some(change) => (change.members_before(), change.members_after()),
            None => (step.members.as_ref(), step.members.as_ref()),
        };
        let Some((before, after)) = before.zip(after) else { continue };
        for (agent, priority) in before.iter().filter(|(agent, _)| after.contains_key(*agent)) {
            found.entry(agent.clone()).or_default().insert(exten.to_string(), *priority);
        }
    }
    found
}

/// Removes the fields and queues that a run restored.
pub(super) fn mark_restored(ledger: &mut Ledger, plan: &Plan, results: &[StepResult]) {
    let steps = || plan.steps.iter().zip(results);
    for (key, kept) in &mut ledger.kept {
        let Some(id) = ResourceId::parse(key) else { continue };
        let mut made = false;
        let mut open = Vec::new();
        for (step, result) in steps().filter(|(step, _)| step.targets.contains(&id)) {
            let done = result.took(&id);
            match step.operation.verb {
                Verb::Create => made = done,
                Verb::Edit if !done => open.extend(step.fields.iter().copied()),
                Verb::Edit | Verb::Password | Verb::Delete | Verb::Members | Verb::Put => {}
            }
        }
        if made {
            kept.fields.retain(|path, _| open.contains(&path.as_str()));
        }
        for (step, result) in steps().filter(|(step, _)| step.operation.verb == Verb::Members) {
            let Some(target) = step.targets.first().filter(|target| result.took(target)) else { continue };
            let change = plan.change(target);
            let inside = sent(step, change).is_some_and(|members| members.contains_key(&id.name));
            if let Some(exten) = exten(target, change).filter(|_| inside) {
                kept.queues.remove(exten.as_str());
            }
        }
    }
    ledger.kept.retain(|_, kept| {
        *kept != ReplacementBackup { was: kept.was.clone(), ..ReplacementBackup::default() }
    });
}

/// Removes needless backups: the agent is in no manifest, or nothing is left to restore.
pub(super) fn prune_backups(ledger: &mut Ledger, desired: &Desired, live: &Live, plan: &Plan) {
    let in_scope = |id: &ResourceId| plan.targets.is_empty() || plan.targets.contains(id);
    let changing = |kept: &ReplacementBackup| {
        let mut extens = plan.changes.iter().filter_map(|change| change.exten.as_deref());
        extens.any(|exten| kept.queues.contains_key(exten))
    };
    ledger.kept.retain(|key, kept| {
        let Some(id) = ResourceId::parse(key) else { return false };
        if !in_scope(&id) || plan.change(&id).is_some() || changing(kept) {
            return true;
        }
        let declared = desired.agents.get(&id.name).is_some_and(DesiredAgent::is_present);
        let there = live.agents.as_ref().is_some_and(|agents| agents.items.contains_key(&id.name));
        declared && !there
    });
}
