//! How much one run may change: shares of what is live. Counts up to the floor pass, but for a limit of
//! zero and for a deletion of every live agent. `--allow` lifts one rule up to a number.
//!
//! A refusal points at a line that asks for too much: a review shows it beside the edit. The line of the limit, which
//! no edit touched, stands in for it where no manifest asks, as with `prune`.

use super::context::{Context, Draft};
use crate::config::workspace::Limit;
use crate::model::finding::{Finding, Rule, TOO_MANY_CHANGES, TOO_MANY_DELETES, TOO_MANY_LEAVE};
use crate::model::id::{Kind, ResourceId};
use crate::model::plan::Action;
use crate::model::source::Source;

/// Adds a finding for each limit that the changes go over.
pub(super) fn check(context: &Context<'_>, draft: &mut Draft) {
    let policy = &context.workspace.policy;
    let agents = context.live.agents.as_ref().map_or(0, |listing| listing.items.len());
    let queues = context.live.queues.as_ref().map_or(0, |listing| listing.items.len());
    let deletes = draft.ids(Action::Delete).count();
    let bound = Bound::new(context, "deletes", policy.deletes);
    if deletes > 0 && deletes == agents && !bound.is_lifted(deletes) {
        let message = format!(
            "every live agent ({deletes} of {agents}) would be deleted, which no limit allows; \
             if this is meant, --allow deletes={deletes} lifts the rule for one run"
        );
        let place = place(context, draft, &[Action::Delete]);
        draft.find(Finding { source: place, ..Finding::new(&TOO_MANY_DELETES, message) });
    } else if !bound.passes(deletes, agents) {
        let what = "agents would be deleted";
        let finding = over(&TOO_MANY_DELETES, "deletes", policy.deletes, deletes, agents, what);
        let place = place(context, draft, &[Action::Delete]);
        draft.find(Finding { source: place, ..finding });
    }
    let changed = draft.ids(Action::Update).count() + draft.ids(Action::Replace).count();
    let live = agents + queues;
    if !Bound::new(context, "changes", policy.changes).passes(changed, live) {
        let what = "agents and queues would be changed";
        let finding = over(&TOO_MANY_CHANGES, "changes", policy.changes, changed, live, what);
        let place = place(context, draft, &[Action::Update, Action::Replace]);
        draft.find(Finding { source: place, ..finding });
    }
    let bound = Bound::new(context, "members", policy.member_removals);
    let mut findings = Vec::new();
    for change in draft.changes.iter().filter(|c| c.id.kind == Kind::Queue && c.action == Action::Update) {
        let Some((before, after)) = change.members_before().zip(change.members_after()) else { continue };
        let removed = before.keys().filter(|id| !after.contains_key(*id)).count();
        if !bound.passes(removed, before.len()) {
            let finding = leave(&change.id, policy.member_removals, removed, before.len());
            let place = change.source.as_ref().or(policy.limits_source.as_ref()).cloned();
            findings.push(Finding { source: place, ..finding });
        }
    }
    for finding in findings {
        draft.find(finding);
    }
}

/// Returns the first line that asks for one of some actions, else the line of the limits.
fn place(context: &Context<'_>, draft: &Draft, actions: &[Action]) -> Option<Source> {
    let asked = draft.changes.iter().filter(|change| actions.contains(&change.action));
    let first = asked.filter_map(|change| change.source.as_ref()).min();
    first.or(context.workspace.policy.limits_source.as_ref()).cloned()
}

/// One limit of a run.
struct Bound {
    limit: Limit,
    floor: usize,
    /// The count that `--allow` lifts it to.
    lifted: Option<usize>,
}

impl Bound {
    fn new(context: &Context<'_>, rule: &str, limit: Limit) -> Self {
        let allow = context.options.allow.iter().filter(|a| a.rule == rule);
        let lifted = allow.map(|a| a.up_to as usize).max();
        Self { limit, floor: context.workspace.policy.floor, lifted }
    }

    /// Whether `--allow` lifts it for this count.
    fn is_lifted(&self, count: usize) -> bool {
        self.lifted.is_some_and(|lifted| count <= lifted)
    }

    fn passes(&self, count: usize, of: usize) -> bool {
        let floor = if self.limit.is_zero() { 0 } else { self.floor };
        count <= floor || self.limit.allows(count, of) || self.is_lifted(count)
    }
}

fn over(rule: &Rule, word: &str, limit: Limit, count: usize, of: usize, what: &str) -> Finding {
    Finding::new(
        rule,
        format!(
            "{count} of {of} {what}, more than `policy.limits.{word}: {limit}` allows; \
             if this is meant, --allow {word}={count} lifts the limit for one run"
        ),
    )
}

fn leave(id: &ResourceId, limit: Limit, removed: usize, of: usize) -> Finding {
    Finding::new(
        &TOO_MANY_LEAVE,
        format!(
            "{id} would lose {removed} of its {of} members, more than `policy.limits.memberRemovals: {limit}` \
             allows; if this is meant, --allow members={removed} lifts the limit for one run"
        ),
    )
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
