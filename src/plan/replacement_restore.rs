//! Restore of agents whose replacement did not finish, from the ledger's backups.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Draft};
use super::targets::Scope;
use crate::model::agent::FIELDS;
use crate::model::codec;
use crate::model::desired::DesiredAgent;
use crate::model::equivalence::same;
use crate::model::field::{Field, Record, by_key};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::ledger::ReplacementBackup;
use crate::model::plan::{Action, ChangeOrigin, FieldDiff};
use crate::model::reason::FieldReason;
use crate::model::support::Support;
use crate::model::value::Value;

/// Returns the ledger's backup of a since deleted agent; `None` for an unchanged agent.
pub(super) fn pending_backup<'a>(
    context: &Context<'a>,
    id: &OperatorId,
    live: Option<&Record>,
) -> Option<&'a ReplacementBackup> {
    // Usually there is no backup, and then no agent's id needs to be formatted.
    if context.ledger.kept.is_empty() {
        return None;
    }
    let kept = context.ledger.kept.get(&ResourceId::agent(id).key())?;
    let is_recreated = |live: &Record| {
        kept.was.iter().any(|(path, was)| {
            let row =
                by_key(FIELDS, path).filter(|row| context.supports.agents.is_comparable(row, None, live));
            row.is_some_and(|row| match codec::from_json(row, was).ok().flatten() {
                Some(was) => !same(&was, live.get(row)),
                None => live.get(row).is_some_and(|now| !same(now, None)),
            })
        })
    };
    live.is_none_or(is_recreated).then_some(kept)
}

/// Returns the backup's value of a field, if it can be set.
pub(super) fn value(support: &Support, kept: &ReplacementBackup, row: &'static Field) -> Option<Value> {
    let value = codec::from_json(row, kept.fields.get(row.key)?).ok()??;
    (support.can_create(row, &value) || support.can_edit(row, &value)).then_some(value)
}

/// Returns the fields to restore that no manifest names.
///
/// Of a live agent, these are the fields that differ and can be edited.
pub(super) fn fields(
    support: &Support,
    kept: Option<&ReplacementBackup>,
    said: &Record,
    live: Option<&Record>,
) -> Vec<FieldDiff> {
    let Some(kept) = kept else { return Vec::new() };
    let mut fields = Vec::new();
    for row in FIELDS.iter().copied().filter(|row| said.entry(row).is_none()) {
        let Some(value) = value(support, kept, row) else { continue };
        let before = match live {
            Some(live)
                if !support.is_read(row) || !support.can_edit(row, &value) || same(&value, live.get(row)) =>
            {
                continue;
            }
            Some(live) => live.get(row).cloned(),
            None => None,
        };
        fields.push(FieldDiff {
            reason: Some(FieldReason::Restored),
            ..FieldDiff::new(row, before, Some(value), ChangeOrigin::Unknown)
        });
    }
    fields
}

/// Returns the memberships to restore after replacements, by the queue's number.
///
/// Each is an agent with its priority. The agent is live, or this plan creates it.
pub(super) fn pending_memberships<'a>(
    context: &Context<'a>,
    scope: &Scope,
    draft: &Draft,
) -> BTreeMap<&'a str, Vec<(OperatorId, i64)>> {
    let made: BTreeSet<&ResourceId> = draft.ids(Action::Create).collect();
    let mut queues: BTreeMap<&str, Vec<(OperatorId, i64)>> = BTreeMap::new();
    for (key, kept) in &context.ledger.kept {
        let Some(id) = ResourceId::parse(key).filter(|id| id.kind == Kind::Agent && scope.holds(id)) else {
            continue;
        };
        let declared = context.desired.agents.get(&id.name).is_some_and(DesiredAgent::is_present);
        let live = context.live.agents.as_ref().is_some_and(|agents| agents.items.contains_key(&id.name));
        if declared && (live || made.contains(&id)) {
            for (exten, priority) in &kept.queues {
                queues.entry(exten).or_default().push((id.name.clone(), *priority));
            }
        }
    }
    queues
}
