//! Converts steps into write operations.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::agent;
use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Change, FieldDiff, Plan, Step, Verb};
use crate::model::secret::SecretRef;
use crate::model::support::Supports;
use crate::model::value::{Members, NO_MEMBERS, Sip, Value};

pub use crate::model::write_op::WriteOp;

/// Returns true if no operation returns the fields that an operation sets.
pub(super) fn unreadable(supports: &Supports, op: &WriteOp) -> bool {
    match op {
        WriteOp::SetPassword { .. } => true,
        WriteOp::Edit { kind, record, .. } => {
            let support = supports.get(*kind);
            !record.iter().any(|entry| support.is_read(entry.field))
        }
        WriteOp::Create { .. }
        | WriteOp::Delete { .. }
        | WriteOp::PutSecret { .. }
        | WriteOp::SetMembers { .. } => false,
    }
}

/// Returns true if a read-back of its targets proves the outcome of an operation.
pub(super) fn readable(op: &WriteOp) -> bool {
    match op {
        WriteOp::Create { kind, .. } | WriteOp::Edit { kind, .. } => *kind == Kind::Agent,
        WriteOp::Delete { .. } => true,
        WriteOp::SetPassword { .. } | WriteOp::PutSecret { .. } | WriteOp::SetMembers { .. } => false,
    }
}

/// Returns the effect of a step. Returns `None` if the plan lacks data, which no plan of this program does.
pub fn for_step(plan: &Plan, step: &Step) -> Option<WriteOp> {
    let mut others = plan.steps.iter().filter(|other| other.id != step.id);
    convert(plan, step, |step| {
        others.all(|other| other.operation != step.operation || other.targets != step.targets)
    })
}

/// Returns the effect of each step of a plan.
pub(super) fn for_steps(plan: &Plan) -> impl Iterator<Item = Option<WriteOp>> {
    let mut lists: BTreeMap<&[ResourceId], usize> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.operation.verb == Verb::Members) {
        *lists.entry(&step.targets).or_default() += 1;
    }
    plan.steps.iter().map(move |step| convert(plan, step, |step| lists.get(&*step.targets) == Some(&1)))
}

/// Returns the effect of a step; `alone` returns true if no other step replaces the same members.
fn convert(plan: &Plan, step: &Step, alone: impl FnOnce(&Step) -> bool) -> Option<WriteOp> {
    let target = step.targets.first()?;
    let change = plan.change(target);
    let kind = step.operation.kind;
    Some(match step.operation.verb {
        Verb::Create => WriteOp::Create {
            kind,
            ids: step.targets.iter().map(|target| target.name.clone()).collect(),
            record: record(change?, step),
            password: secret(change?, &step.fields),
        },
        Verb::Edit => WriteOp::Edit { kind, id: key(target, change)?, record: record(change?, step) },
        Verb::Password => {
            WriteOp::SetPassword { kind, id: key(target, change)?, password: secret(change?, &step.fields)? }
        }
        Verb::Delete => {
            let keys = step.targets.iter().map(|target| key(target, plan.change(target)));
            WriteOp::Delete { kind, ids: keys.collect::<Option<_>>()? }
        }
        Verb::Put => WriteOp::PutSecret { secret: secret(change?, &step.fields)?, renew: step.renew },
        Verb::Members => WriteOp::SetMembers {
            exten: key(target, change)?,
            members: Arc::clone(sent(step, change)?),
            before: overwritten(step, change, alone),
        },
    })
}

/// Returns the vendor's key of a live resource.
pub fn key(target: &ResourceId, change: Option<&Change>) -> Option<OperatorId> {
    match target.kind {
        Kind::Queue => exten(target, change),
        Kind::Agent | Kind::Seat => Some(target.name.clone()),
    }
}

/// Returns the members that a step overwrites, if the plan saw them.
fn overwritten(
    step: &Step,
    change: Option<&Change>,
    alone: impl FnOnce(&Step) -> bool,
) -> Option<Arc<Members>> {
    let change = change.filter(|_| step.members.is_none() && alone(step))?;
    Some(change.members_before().cloned().unwrap_or_default())
}

/// Returns the number of a queue, from its change or from its id.
pub fn exten(target: &ResourceId, change: Option<&Change>) -> Option<OperatorId> {
    match change.and_then(|change| change.exten.as_deref()) {
        Some(exten) => Some(OperatorId::from(exten)),
        None => target.exten(),
    }
}

/// Returns the fields that a step sends.
fn record(change: &Change, step: &Step) -> Record {
    let mut record = Record::default();
    for diff in change.fields.iter().filter(|diff| diff.is_in(&step.fields)) {
        if let Some(value) = sent_value(step, diff) {
            record.set(diff.field, value.clone(), None);
        }
    }
    record
}

/// Returns the value of a field that a step sends. A step that unbinds sends no SIP account.
pub(super) fn sent_value<'a>(step: &Step, diff: &'a FieldDiff) -> Option<&'a Value> {
    if step.unbind { Some(&Value::Sip(Sip::None)) } else { diff.after.as_ref() }
}

/// Returns the reference of the password that a step sends.
fn secret(change: &Change, keys: &[&'static str]) -> Option<SecretRef> {
    change.field(&agent::PASSWORD).filter(|diff| diff.is_in(keys))?.secret.as_deref().cloned()
}

/// Returns the members that a step sends: its own list, or the final one of the change.
pub fn sent<'a>(step: &'a Step, change: Option<&'a Change>) -> Option<&'a Arc<Members>> {
    step.members.as_ref().or_else(|| change?.members_after())
}

/// Returns undeclared members that the vendor dropped from the list that was sent.
pub fn dropped_by_vendor(strangers: &[OperatorId], sent: &Members, now: &Members) -> Vec<OperatorId> {
    let gone = |id: &&OperatorId| sent.contains_key(*id) && !now.contains_key(*id);
    strangers.iter().filter(gone).cloned().collect()
}

/// Returns the members of a step's queue before the plan changes it.
///
/// A queue without a change of its own ends with them: they are its longest list.
pub fn members_before_plan<'a>(plan: &'a Plan, step: &Step) -> &'a Members {
    let known = if let Some(change) = step.targets.first().and_then(|target| plan.list_change(target)) {
        change.members_before()
    } else {
        let same = plan.steps.iter().filter(|s| s.operation == step.operation && s.targets == step.targets);
        same.filter_map(|step| step.members.as_ref()).max_by_key(|members| members.len())
    };
    known.map_or(&NO_MEMBERS, |members| members)
}

/// Returns the members that a step removes from its queue, with their priorities.
pub fn removed(plan: &Plan, step: &Step) -> Members {
    let after = sent(step, step.targets.first().and_then(|target| plan.change(target)));
    let stays = |agent: &OperatorId| after.is_some_and(|after| after.contains_key(agent));
    let before = members_before_plan(plan, step).iter().filter(|(agent, _)| !stays(agent));
    before.map(|(agent, priority)| (agent.clone(), *priority)).collect()
}
