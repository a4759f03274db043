//! `apply --due`: of a plan only what dates brought about since the ledger's last run.
//!
//! What was wanted then is compared with what is wanted now, both by the manifests of now. Edits of the manifests and
//! changes in the console stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agents::is_left_out;
use super::context::{Context, Draft};
use super::{change_origin, chosen};
use crate::model::desired::{DesiredAgent, DesiredQueue, Earlier};
use crate::model::field::Field;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Action, Change, FieldDiff};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::reason::ChangeReason;
use crate::model::rule::{DUE_LEFT, Effect, SIP_HELD, TOO_FEW_MEMBERS};
use crate::model::value::{Members, Value};

/// Keeps the changes that are due, and the findings about them.
pub(super) fn keep(context: &Context<'_>, draft: &mut Draft) {
    let none = Earlier::default();
    let earlier = context.earlier().unwrap_or(&none);
    let mut left = Vec::new();
    let mut changes = std::mem::take(&mut draft.changes);
    changes.retain_mut(|change| change.id.kind != Kind::Agent || agent(context, earlier, change, &mut left));
    let of = |action: Action| {
        let those = changes.iter().filter(|change| change.id.kind == Kind::Agent && change.action == action);
        those.map(|change| change.id.name.clone()).collect::<BTreeSet<_>>()
    };
    let lists = Lists { context, earlier, deleted: of(Action::Delete), made: of(Action::Create) };
    let mut short = Vec::new();
    changes.retain_mut(|change| change.id.kind == Kind::Agent || lists.queue(change, &mut left, &mut short));
    let due = |id: &ResourceId| match id.kind {
        Kind::Agent => earlier.agents.contains_key(&id.name),
        Kind::Queue | Kind::Seat => earlier.queues.contains_key(id),
    };
    draft.findings.retain(|finding| match finding.effect() {
        Effect::Incomplete => true,
        Effect::Invalid | Effect::Partial => finding.id.as_ref().is_some_and(due),
        // The lists are judged again.
        Effect::Refused => finding.code != TOO_FEW_MEMBERS.code && finding.id.as_ref().is_some_and(due),
        Effect::None | Effect::Differs => {
            finding.code == SIP_HELD.code && finding.id.as_ref().is_some_and(due)
        }
    });
    draft.findings.extend(short);
    draft.findings.extend(left);
    draft.changes = changes;
}

/// Returns the finding for a due value that is neither the one before nor the one after.
fn left_alone(
    change: &Change,
    field: &'static Field,
    member: Option<&OperatorId>,
    diff: &FieldDiff,
) -> Finding {
    let what = FindingKind::DueLeft { field: field.key.into(), member: member.cloned() };
    let mut finding = Finding::new(&DUE_LEFT, what).about(&change.id);
    finding.source = diff.source.clone().or_else(|| change.source.clone());
    finding
}

/// Keeps the due part of an agent's change. Returns false if nothing of it is due.
///
/// A run that failed in part is no last run, so the value before may be the one that it set.
fn agent(context: &Context<'_>, earlier: &Earlier, change: &mut Change, left: &mut Vec<Finding>) -> bool {
    let id = &change.id.name;
    let (thens, Some(now)) = (earlier.agent(id), context.desired.agents.get(id)) else { return false };
    let Some(first) = thens.first() else { return false };
    match change.action {
        Action::Create => now.is_present() && thens.iter().any(|then| !then.is_present()),
        Action::Delete => now.out_of_date.is_some() && thens.iter().any(|then| !then.is_absent()),
        // No date brings about a value that an edit cannot set.
        Action::Replace => false,
        // A newcomer who is live already, and a leave.
        Action::Update if !first.is_present() || change.leave => true,
        Action::Update => {
            let mut fields = std::mem::take(&mut change.fields);
            fields.retain(|diff| {
                let after = now.record.get(diff.field);
                let mut befores = thens
                    .iter()
                    .map(|then| then.record.get(diff.field))
                    .filter(|value| *value != after)
                    .peekable();
                if befores.peek().is_none() {
                    return false;
                }
                let is_before = befores.any(|before| before == diff.before.as_ref());
                if !is_before {
                    left.push(left_alone(change, diff.field, None, diff));
                }
                is_before
            });
            change.moved = change_origin::all(&fields);
            change.fields = fields;
            !change.fields.is_empty()
        }
    }
}

/// The member lists of a run of what is due.
struct Lists<'a> {
    context: &'a Context<'a>,
    earlier: &'a Earlier,
    deleted: BTreeSet<OperatorId>,
    made: BTreeSet<OperatorId>,
}

impl Lists<'_> {
    /// Keeps the due members of a queue's change. Returns false if nothing of it is due.
    fn queue(&self, change: &mut Change, left: &mut Vec<Finding>, short: &mut Vec<Finding>) -> bool {
        if change.id.kind != Kind::Queue || change.action != Action::Update {
            return false;
        }
        let Some(diff) = change.field(&ASSIGN_MEMBERS).cloned() else { return false };
        let Some(before) = change.members_before().cloned() else { return false };
        let mut after = Members::clone(&before);
        after.retain(|member, _| !self.deleted.contains(member));
        let now = self.context.desired.queues.get(&change.id);
        if let Some(now) = now {
            let thens = self.earlier.queue(&change.id);
            let mode = self.context.workspace.policy.mode(now);
            for (member, wanted) in due(mode, thens, now) {
                let live = before.get(&member).copied();
                if live == wanted || self.deleted.contains(&member) {
                    continue;
                }
                let befores: Vec<Option<i64>> =
                    thens.iter().map(|then| then.members_or_none().get(&member).copied()).collect();
                // Where lists only add, nothing was asked about a member that no manifest named.
                let open = mode == ListMode::AtLeast && befores.contains(&None);
                if !befores.contains(&live) && !open {
                    left.push(left_alone(change, &ASSIGN_MEMBERS, Some(&member), &diff));
                    continue;
                }
                match wanted {
                    None => {
                        after.remove(&member);
                    }
                    Some(_) if is_left_out(self.context, &member, self.made.contains(&member)) => {}
                    Some(priority) => {
                        after.insert(member, priority);
                    }
                }
            }
            // An agent that left since, or is not there yet, leaves each queue that the manifests hold.
            let wanted = now.members_or_none();
            after.retain(|member, _| wanted.contains_key(member) || now.implied || !self.has_left(member));
        }
        if after == *before {
            return false;
        }
        let gone: Vec<&OperatorId> = before.keys().filter(|id| !after.contains_key(*id)).collect();
        let (deleted, away): (Vec<_>, Vec<_>) = gone.into_iter().partition(|id| self.deleted.contains(*id));
        if let Some((minimum, source)) = now.and_then(|queue| queue.min_members.as_ref())
            && after.len() < *minimum
        {
            let what = FindingKind::TooFewMembers { left: after.len(), minimum: *minimum };
            short.push(Finding::new(&TOO_FEW_MEMBERS, what).about(&change.id).at(source));
        }
        change.reason = match now.and_then(|queue| chosen::reason(self.context, queue, &away)) {
            None if !deleted.is_empty() => {
                Some(ChangeReason::MembersDeleted { members: deleted.into_iter().cloned().collect() })
            }
            reason => reason,
        };
        change.names.retain(|id, _| before.contains_key(id) != after.contains_key(id));
        change.fields = vec![FieldDiff { after: Some(Value::Members(Arc::new(after))), ..diff }];
        change.moved = change_origin::all(&change.fields);
        true
    }

    /// Returns true if a date passed since the ledger's last run outside of which an agent is now.
    fn has_left(&self, member: &OperatorId) -> bool {
        let is_out = |agent: &DesiredAgent| agent.out_of_date.is_some();
        let was_in = self.earlier.agent(member).iter().any(|then| !is_out(then));
        was_in && self.context.desired.agents.get(member).is_some_and(is_out)
    }
}

/// Returns the members of which something else was wanted since the last run, each with its priority now; `None` if it
/// must leave.
fn due(mode: ListMode, thens: &[DesiredQueue], now: &DesiredQueue) -> BTreeMap<OperatorId, Option<i64>> {
    let wanted = now.members_or_none();
    let mut due = BTreeMap::new();
    for then in thens {
        let was = then.members_or_none();
        let differs = |id: &&OperatorId| was.get(*id) != wanted.get(*id);
        // Members that no manifest names any more stay, unless a date takes them out.
        let stays = |id: &&OperatorId| {
            mode == ListMode::AtLeast && !wanted.contains_key(*id) && !now.excluded.contains_key(*id)
        };
        for id in was.keys().chain(wanted.keys()).filter(differs).filter(|id| !stays(id)) {
            due.entry(id.clone()).or_insert_with(|| wanted.get(id).copied());
        }
    }
    due
}
