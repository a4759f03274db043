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
use crate::model::note::{Disorder, Moved, Stale};
use crate::model::plan::{Operation, Plan, Step, StepId};
use crate::model::support::Supports;
use crate::model::unread::Unread;

/// The content of a step without its agents, and the members that the vendor may drop.
type Content<'a> = (WriteOp, &'a [OperatorId]);

/// The places of a plan's steps by operation and resource.
type Units<'a> = BTreeMap<(Operation, &'a ResourceId), Vec<usize>>;

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
    let (mut open, had) = (units(new), units(saved));
    let (old, contents) = (contents(saved), contents(new));
    let places: BTreeMap<StepId, usize> = new.steps.iter().map(|step| step.id).zip(0..).collect();
    for (step, content) in saved.steps.iter().zip(&old) {
        // A step of the new plan waits for others, each of which must be before the saved step as well.
        let is_before = |needed: &Step| {
            let same = needed.targets.iter().filter_map(|target| had.get(&(needed.operation, target)));
            same.flatten().any(|at| step.after.contains(&saved.steps[*at].id))
        };
        let waits = |other: &Step| {
            let mut needed = other.after.iter().filter_map(|id| places.get(id));
            needed.all(|at| is_before(&new.steps[*at]))
        };
        let fits = |at: usize| content.is_some() && *content == contents[at] && waits(&new.steps[at]);
        for target in &step.targets {
            // Each step of the new plan matches one of the saved plan.
            let held = open.get_mut(&(step.operation, target)).is_some_and(|same| {
                same.iter().position(|at| fits(*at)).map(|found| same.swap_remove(found)).is_some()
            });
            if !held && !stale.iter().any(|moved| moved.id == *target) {
                let what = Moved::NotPlanned { operation: step.operation.to_string().into() };
                stale.push(Stale { id: target.clone(), what });
            }
        }
    }
    Ok(stale)
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
        units.entry(key).or_default().push(at);
    }
    units
}

fn units_of(plan: &Plan) -> impl Iterator<Item = ((Operation, &ResourceId), usize)> {
    plan.steps
        .iter()
        .enumerate()
        .flat_map(|(at, step)| step.targets.iter().map(move |target| ((step.operation, target), at)))
}

/// Returns the content of each step, for each of its targets; `None` where the plan lacks data.
fn contents(plan: &Plan) -> Vec<Option<Content<'_>>> {
    let contents = write_op::for_steps(plan).zip(&plan.steps).map(|(op, step)| {
        let mut op = op?;
        match &mut op {
            WriteOp::Create { ids, .. } | WriteOp::Delete { ids, .. } => ids.clear(),
            // The precondition compares what a list overwrites.
            WriteOp::SetMembers { before, .. } => *before = None,
            WriteOp::Edit { .. } | WriteOp::PutSecret { .. } | WriteOp::SetPassword { .. } => {}
        }
        Some((op, &*step.strangers))
    });
    contents.collect()
}
