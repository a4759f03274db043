//! How much one run may change: shares of what is live. Counts up to the floor always pass, and
//! `--allow` lifts one rule up to a number.

use super::{Context, Draft};
use crate::model::finding::{Finding, Rule, TOO_MANY_CHANGES, TOO_MANY_DELETES, TOO_MANY_LEAVE};
use crate::model::id::{Kind, ResourceId};
use crate::model::plan::Action;
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::value::{Members, Value};
use crate::model::workspace::Share;

/// Adds a finding for each limit that the changes go over.
pub(super) fn check(context: &Context<'_>, draft: &mut Draft) {
    let policy = &context.workspace.policy;
    let agents = context.live.agents.as_ref().map_or(0, |listing| listing.items.len());
    let queues = context.live.queues.as_ref().map_or(0, |listing| listing.items.len());
    let deletes = draft.ids(Action::Delete).count();
    if !passes(context, "deletes", policy.deletes, deletes, agents) {
        draft.find(over(
            &TOO_MANY_DELETES,
            "deletes",
            policy.deletes,
            deletes,
            agents,
            "agents would be deleted",
        ));
    }
    let changed = draft.ids(Action::Update).count() + draft.ids(Action::Replace).count();
    let live = agents + queues;
    if !passes(context, "changes", policy.changes, changed, live) {
        draft.find(over(
            &TOO_MANY_CHANGES,
            "changes",
            policy.changes,
            changed,
            live,
            "agents and queues would be changed",
        ));
    }
    let mut findings = Vec::new();
    for change in draft.changes.iter().filter(|c| c.id.kind == Kind::Queue && c.action == Action::Update) {
        let Some(field) = change.field(ASSIGN_MEMBERS.key) else { continue };
        let (before, after) = (members(&field.before), members(&field.after));
        let removed = before.keys().filter(|id| !after.contains_key(*id)).count();
        if !passes(context, "members", policy.member_removals, removed, before.len()) {
            findings.push(leave(&change.id, policy.member_removals, removed, before.len()));
        }
    }
    for finding in findings {
        draft.find(finding);
    }
}

pub(super) fn members(json: &serde_json::Value) -> Members {
    match Value::from_json(ASSIGN_MEMBERS.ty, json) {
        Some(Value::Members(members)) => Members::clone(&members),
        _ => Members::new(),
    }
}

fn passes(context: &Context<'_>, rule: &str, limit: Share, count: usize, of: usize) -> bool {
    let allowed = context.options.allow.iter().filter(|a| a.rule == rule).map(|a| a.up_to as usize).max();
    count <= context.workspace.policy.floor
        || limit.allows(count, of)
        || allowed.is_some_and(|allowed| count <= allowed)
}

fn over(rule: &Rule, word: &str, limit: Share, count: usize, of: usize, what: &str) -> Finding {
    Finding::new(
        rule,
        format!(
            "{count} of {of} {what}, more than `policy.limits.{word}: {limit}` allows; \
             if this is meant, --allow {word}={count} lifts the limit for one run"
        ),
    )
}

fn leave(id: &ResourceId, limit: Share, removed: usize, of: usize) -> Finding {
    Finding::new(
        &TOO_MANY_LEAVE,
        format!(
            "{id} would lose {removed} of its {of} members, more than `policy.limits.memberRemovals: {limit}` \
             allows; if this is meant, --allow members={removed} lifts the limit for one run"
        ),
    )
    .about(id)
}
