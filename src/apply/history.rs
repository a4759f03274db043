//! Converts the results of a run to the steps of its record: each written field with the values before and after.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::write_op;
use crate::model::agent::FIELDS;
use crate::model::field::Field;
use crate::model::history::{FieldWrite, StepRecord};
use crate::model::id::{Kind, ResourceId};
use crate::model::ledger::Ledger;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Change, FieldDiff, Plan, Step, Verb};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::value::{Members, Value};

/// Returns true if a step of a run took effect, or may have.
pub fn wrote(results: &[StepResult]) -> bool {
    results.iter().any(|result| {
        let took = result.carried_out || result.confirmed || result.made.is_some();
        let is_open = !result.acknowledged.is_empty() || !result.doubted.is_empty();
        took || is_open || matches!(result.status, Status::Done | Status::Unknown)
    })
}

/// Returns the records of the steps of a run. `ledger` is the one before the run.
pub fn steps(plan: &Plan, results: &[StepResult], ledger: &Ledger) -> Vec<StepRecord> {
    let mut lists = BTreeMap::new();
    let ended = plan.steps.iter().enumerate().zip(results);
    ended.map(|((at, step), result)| record(plan, at, step, result, ledger, &mut lists)).collect()
}

/// Returns the record of a step. `lists` holds the current members of each queue.
fn record<'a>(
    plan: &'a Plan,
    at: usize,
    step: &'a Step,
    result: &StepResult,
    ledger: &Ledger,
    lists: &mut BTreeMap<&'a ResourceId, Arc<Members>>,
) -> StepRecord {
    let is_written = result.carried_out || result.status == Status::Done;
    // A member list may be written without its busy members.
    let is_whole = |id: &ResourceId| step.operation.verb == Verb::Members || !result.left_out.contains(id);
    let took = |id: &ResourceId| is_written && is_whole(id);
    let mut fields = Vec::new();
    for target in &step.targets {
        let change = plan.change(target);
        let mut add = |diff: Option<&FieldDiff>, write: FieldWrite| {
            // A creation after a deletion tells what is wanted.
            let diff = diff.filter(|_| step.operation.verb != Verb::Delete);
            let wanted = diff.and_then(|diff| diff.after.clone());
            let is_last = || !is_written_later(plan, at, step, target);
            let wanted = wanted.filter(|wanted| write.after.as_ref() != Some(wanted) && is_last());
            fields.push(FieldWrite { wanted, ..write });
        };
        for diff in change.map(|change| sent(step, change)).into_iter().flatten() {
            let before = diff.before.clone().filter(|_| step.operation.verb != Verb::Create);
            let after = match step.operation.verb {
                _ if !took(target) => before.clone(),
                Verb::Delete => None,
                Verb::Create if *diff.field == ASSIGN_MEMBERS => written(step, change, result),
                _ => write_op::sent_value(step, diff).cloned(),
            };
            if let Some(Value::Members(members)) = &after {
                lists.insert(target, Arc::clone(members));
            }
            add(
                Some(diff),
                FieldWrite { id: target.clone(), field: diff.field, before, after, wanted: None },
            );
        }
        if step.operation.verb == Verb::Delete && took(target) {
            for (field, before) in known(ledger, target, change) {
                let before = Some(before);
                add(None, FieldWrite { id: target.clone(), field, before, after: None, wanted: None });
            }
        }
        if step.operation.verb == Verb::Members {
            let first = || Arc::new(write_op::members_before_plan(plan, step).clone());
            let before = Some(Value::Members(Arc::clone(lists.entry(target).or_insert_with(first))));
            let after = if took(target) { written(step, change, result) } else { before.clone() };
            if let Some(Value::Members(members)) = &after {
                lists.insert(target, Arc::clone(members));
            }
            let diff = change.and_then(|change| change.field(&ASSIGN_MEMBERS));
            add(diff, FieldWrite { id: target.clone(), field: &ASSIGN_MEMBERS, before, after, wanted: None });
        }
    }
    let notes: Vec<String> = result.notes.iter().map(ToString::to_string).collect();
    StepRecord {
        step: step.id,
        operation: step.operation,
        targets: step.targets.clone(),
        status: result.status,
        left_out: step.targets.iter().filter(|target| !took(target)).cloned().collect(),
        made: result.made.clone(),
        message: (!notes.is_empty()).then(|| notes.join("; ")),
        notes: result.notes.clone(),
        fields,
    }
}

/// Returns the fields of a change that a step writes; all known ones for a deletion.
fn sent<'a>(step: &'a Step, change: &'a Change) -> impl Iterator<Item = &'a FieldDiff> {
    let verb = step.operation.verb;
    change.fields.iter().filter(move |diff| match verb {
        Verb::Create | Verb::Edit | Verb::Password => diff.is_in(&step.fields),
        Verb::Delete => diff.before.is_some(),
        Verb::Members | Verb::Put => false,
    })
}

/// Returns the values of a deleted agent that only the ledger knows, like its role.
fn known(ledger: &Ledger, target: &ResourceId, change: Option<&Change>) -> Vec<(&'static Field, Value)> {
    let (Kind::Agent, Some(change), Some(entry)) = (target.kind, change, ledger.get(target)) else {
        return Vec::new();
    };
    if entry.succeeded || entry.identity.is_another(&change.identity) {
        return Vec::new();
    }
    let untold = FIELDS.iter().copied().filter(|field| change.field(field).is_none());
    untold.filter_map(|field| Some((field, entry.value(field)?))).collect()
}

/// Returns the member list that a step gave its queue.
fn written(step: &Step, change: Option<&Change>, result: &StepResult) -> Option<Value> {
    let mut members = Arc::clone(result.members.as_ref().or_else(|| write_op::sent(step, change))?);
    if !result.dropped.is_empty() {
        Arc::make_mut(&mut members).retain(|id, _| !result.dropped.contains(id));
    }
    Some(Value::Members(members))
}

/// Returns true if a step only prepares a field of a target, which a later step writes again.
fn is_written_later(plan: &Plan, at: usize, step: &Step, target: &ResourceId) -> bool {
    let prepares = step.unbind || step.members.is_some();
    let again = |later: &Step| {
        let same = later.operation == step.operation && later.targets.contains(target);
        same && (later.operation.verb == Verb::Members
            || step.fields.iter().all(|key| later.fields.contains(key)))
    };
    prepares && plan.steps.iter().skip(at + 1).any(again)
}
