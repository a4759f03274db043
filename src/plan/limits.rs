//! Limits of the changes of one run: shares of the live resources.
//!
//! Agents and queues have a limit of deletions each. Counts up to the floor pass, except for a limit of zero and for a
//! deletion of every live resource of a kind. `--allow` lifts one rule up to a number.
//!
//! A refusal points at a line that causes the excess, so that a review shows it beside the edit. If no manifest
//! causes it, as with `prune`, it points at the line of the limit.

use super::context::{Context, Draft};
use crate::config::workspace::Limit;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Action, Change};
use crate::model::rule::{TOO_MANY_CHANGES, TOO_MANY_DELETES, TOO_MANY_LEAVE};
use crate::model::source::Source;
use crate::model::value::NO_MEMBERS;

/// Adds a finding for each exceeded limit.
pub(super) fn check(context: &Context<'_>, draft: &mut Draft) {
    let policy = &context.workspace.policy;
    let agents = context.live.agents.as_ref().map_or(0, |listing| listing.items.len());
    let queues = context.live.queues.as_ref().map_or(0, |listing| listing.items.len());
    let bound = Bound::new(context, "deletes", policy.deletes);
    for (kind, of) in [(Kind::Agent, agents), (Kind::Queue, queues)] {
        let count = draft.ids(Action::Delete).filter(|id| id.kind == kind).count();
        let all = count > 0 && count == of && !bound.is_lifted(count);
        if !all && bound.passes(count, of) {
            continue;
        }
        let limit = policy.deletes.to_string();
        let what = match (kind, all) {
            (Kind::Queue, true) => FindingKind::AllQueuesDeleted { count, of },
            (Kind::Queue, false) => FindingKind::TooManyQueueDeletes { count, of, limit },
            (Kind::Agent | Kind::Seat, true) => FindingKind::AllDeleted { count, of },
            (Kind::Agent | Kind::Seat, false) => FindingKind::TooManyDeletes { count, of, limit },
        };
        let place = place(context, draft, |change| change.action == Action::Delete && change.id.kind == kind);
        draft.find(Finding { source: place, ..Finding::new(&TOO_MANY_DELETES, what) });
    }
    let changed = draft.ids(Action::Update).count() + draft.ids(Action::Replace).count();
    let live = agents + queues;
    if !Bound::new(context, "changes", policy.changes).passes(changed, live) {
        let limit = policy.changes.to_string();
        let what = FindingKind::TooManyChanges { count: changed, of: live, limit };
        let causes = |change: &Change| matches!(change.action, Action::Update | Action::Replace);
        let place = place(context, draft, causes);
        draft.find(Finding { source: place, ..Finding::new(&TOO_MANY_CHANGES, what) });
    }
    let bound = Bound::new(context, "members", policy.member_removals);
    let mut findings = Vec::new();
    for change in draft.changes.iter().filter(|c| c.id.kind == Kind::Queue) {
        let Some(before) = change.members_before() else { continue };
        let after = change.members_after().map_or(&NO_MEMBERS, |after| after);
        let removed = before.keys().filter(|id| !after.contains_key(*id)).count();
        let outside = context.live.agents.as_ref().map(|listing| &listing.outside);
        let is_outside = |id: &&OperatorId| outside.is_some_and(|outside| outside.contains_key(*id));
        let of = before.len() - before.keys().filter(is_outside).count();
        if !bound.passes(removed, of) {
            let finding = leave(&change.id, policy.member_removals, removed, of);
            let place = change.source.as_ref().or(policy.limits_source.as_ref()).cloned();
            findings.push(Finding { source: place, ..finding });
        }
    }
    for finding in findings {
        draft.find(finding);
    }
}

/// Returns the first line that causes some changes, or else the line of the limits.
fn place(context: &Context<'_>, draft: &Draft, causes: impl Fn(&Change) -> bool) -> Option<Source> {
    let asked = draft.changes.iter().filter(|change| causes(change));
    let first = asked.filter_map(|change| change.source.as_ref()).min();
    first.or(context.workspace.policy.limits_source.as_ref()).cloned()
}

/// One limit of a run.
struct Bound {
    limit: Limit,
    floor: usize,
    /// The count up to which `--allow` lifts it.
    lifted: Option<usize>,
}

impl Bound {
    fn new(context: &Context<'_>, rule: &str, limit: Limit) -> Self {
        let allow = context.options.allow.iter().filter(|a| a.rule == rule);
        let lifted = allow.map(|a| a.up_to as usize).max();
        Self { limit, floor: context.workspace.policy.floor, lifted }
    }

    /// Returns true if `--allow` lifts it for this count.
    fn is_lifted(&self, count: usize) -> bool {
        self.lifted.is_some_and(|lifted| count <= lifted)
    }

    fn passes(&self, count: usize, of: usize) -> bool {
        let floor = if self.limit.is_zero() { 0 } else { self.floor };
        count <= floor || self.limit.allows(count, of) || self.is_lifted(count)
    }
}

fn leave(id: &ResourceId, limit: Limit, removed: usize, of: usize) -> Finding {
    Finding::new(&TOO_MANY_LEAVE, FindingKind::TooManyLeave { count: removed, of, limit: limit.to_string() })
        .about(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_lifts_every_limit_but_zero() {
        let bound = |limit, lifted| Bound { limit, floor: 5, lifted };
        for (limit, passes) in [
            (Limit::Count(1), true),
            (Limit::Percent(1), true),
            (Limit::Count(0), false),
            (Limit::Percent(0), false),
        ] {
            for count in 1..=5 {
                assert_eq!(bound(limit, None).passes(count, 100), passes, "{limit}: {count}");
            }
            assert!(bound(limit, None).passes(0, 100), "{limit}");
            assert!(!bound(limit, None).passes(6, 100), "{limit}");
            assert!(bound(limit, Some(6)).passes(6, 100), "{limit}");
            assert!(!bound(limit, Some(6)).passes(7, 100), "{limit}");
        }
    }
}
