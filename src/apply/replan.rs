//! Compares a saved plan with a new plan of the same manifests, and returns steps that only the saved one has.
//!
//! A saved plan may be old, or edited. Live state, the ledger and the manifests make a new plan, and only steps of both
//! are carried out. Steps are compared by content and targets: their numbers may differ, and so may the agents that
//! share one call.

use std::collections::{BTreeMap, BTreeSet};

use super::precondition;
use super::readback::ReadBack;
use super::write_op;
use super::write_op::WriteOp;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::live::Live;
use crate::model::note::{Disorder, Moved, Stale, Unread};
use crate::model::plan::{Operation, Plan, Step, StepId};
use crate::model::support::Supports;

/// The content of a step without its agents, and the members that the vendor may drop.
type Content<'a> = (WriteOp, &'a [OperatorId]);

/// The units of a plan by operation and resource: content, and place of the step.
type Units<'a> = BTreeMap<(Operation, &'a ResourceId), Vec<(Content<'a>, usize)>>;

/// Returns the reason why the steps of a plan have no order. Returns `None` for every plan of this program.
pub fn disorder(plan: &Plan) -> Option<Disorder> {
    let mut before: BTreeSet<StepId> = BTreeSet::new();
    for step in &plan.steps {
        let id = || step.id.to_string();
        if step.targets.is_empty() {
            return Some(Disorder::NoTargets { step: id() });
        }
        if let Some(missing) = step.after.iter().find(|needed| !before.contains(needed)) {
            return Some(Disorder::NotBefore { step: id(), missing: missing.to_string() });
        }
        if !before.insert(step.id) {
            return Some(Disorder::Twice { step: id() });
        }
    }
    None
}

/// Returns the resources that moved since a plan was saved.
///
/// Their values before differ, or the new plan lacks one of their steps.
///
/// # Errors
/// The reason of a failed read.
pub fn moved(saved: &Plan, new: &Plan, supports: &Supports, live: &Live) -> Result<Vec<Stale>, Unread> {
    let wanted = precondition::wanted(saved, supports, true);
    let mut stale = precondition::check(saved, supports, &wanted, &ReadBack::from_live(live, &wanted))?;
    let mut units = units(new);
    let (old, ids) = (by_id(saved), by_id(new));
    for step in &saved.steps {
        let content = content(saved, step);
        let before: Vec<&Step> = step.after.iter().filter_map(|id| old.get(id).copied()).collect();
        for target in &step.targets {
            let fits = |(other, at): &(Content<'_>, usize)| {
                content.as_ref() == Some(other) && waits(&before, &ids, &new.steps[*at])
            };
            // Each step of the new plan matches one of the saved plan.
            let held = units.get_mut(&(step.operation, target)).is_some_and(|same| {
                same.iter().position(fits).map(|found| same.swap_remove(found)).is_some()
            });
            if !held && !stale.iter().any(|moved| moved.id == *target) {
                let what = Moved::NotPlanned { operation: step.operation.to_string().into() };
                stale.push(Stale { id: target.clone(), what });
            }
        }
    }
    Ok(stale)
}

fn by_id(plan: &Plan) -> BTreeMap<StepId, &Step> {
    plan.steps.iter().map(|step| (step.id, step)).collect()
}

/// Returns the resources for which `other` has more steps than `plan`.
pub fn beyond(plan: &Plan, other: &Plan) -> BTreeSet<ResourceId> {
    let counts = |plan| {
        let mut counts: BTreeMap<(Operation, ResourceId), usize> = BTreeMap::new();
        for ((operation, target), _) in units_of(plan) {
            *counts.entry((operation, target.clone())).or_default() += 1;
        }
        counts
    };
    let held = counts(plan);
    let more = counts(other).into_iter().filter(|(key, count)| held.get(key).is_none_or(|held| held < count));
    more.map(|((_, target), _)| target).collect()
}

fn units(plan: &Plan) -> Units<'_> {
    let mut units = Units::new();
    for (key, at) in units_of(plan) {
        if let Some(content) = content(plan, &plan.steps[at]) {
            units.entry(key).or_default().push((content, at));
        }
    }
    units
}

fn units_of(plan: &Plan) -> impl Iterator<Item = ((Operation, &ResourceId), usize)> {
    plan.steps
        .iter()
        .enumerate()
        .flat_map(|(at, step)| step.targets.iter().map(move |target| ((step.operation, target), at)))
}

/// Returns true if a saved step comes after all dependencies of its counterpart in a new plan.
fn waits(before: &[&Step], ids: &BTreeMap<StepId, &Step>, step: &Step) -> bool {
    step.after.iter().all(|id| {
        let Some(needed) = ids.get(id) else { return true };
        before.iter().any(|step| {
            step.operation == needed.operation
                && step.targets.iter().any(|target| needed.targets.contains(target))
        })
    })
}

/// Returns the content of a step for each of its targets. Returns `None` when the plan lacks data.
fn content<'a>(plan: &Plan, step: &'a Step) -> Option<Content<'a>> {
    let mut op = write_op::for_step(plan, step)?;
    match &mut op {
        WriteOp::Create { ids, .. } | WriteOp::Delete { ids, .. } => ids.clear(),
        // The precondition compares what a list overwrites.
        WriteOp::SetMembers { before, .. } => *before = None,
        WriteOp::Edit { .. } | WriteOp::PutSecret { .. } | WriteOp::SetPassword { .. } => {}
    }
    Some((op, &step.strangers))
}
