//! Strangers: members of a queue that are no agents, and that no manifest names.
//!
//! When a list is written, the vendor silently drops a member that does not exist. No manifest names a stranger, so
//! that is no failure; but the plan reports it beforehand. Only a complete listing of agents identifies strangers. A
//! step still sends them: another member's change must not remove them.

use super::agents::is_left_out;
use super::context::Context;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::OperatorId;
use crate::model::plan::{Change, Step};
use crate::model::rule::STRANGER_MEMBER;
use crate::model::value::Members;

/// Returns the strangers of a list; `made` returns true for an agent that this plan creates.
pub(super) fn find(
    context: &Context<'_>,
    members: &Members,
    made: impl Fn(&OperatorId) -> bool,
) -> Vec<OperatorId> {
    let Some(agents) = context.live.agents.as_ref().filter(|agents| agents.incomplete.is_none()) else {
        return Vec::new();
    };
    let asked = |id: &OperatorId| {
        context.desired.queues.values().any(|queue| queue.members_or_none().contains_key(id))
    };
    let stranger = |id: &&OperatorId| {
        let made = made(id);
        let asked = asked(id) && !is_left_out(context, id, made);
        !agents.items.contains_key(*id) && !agents.outside.contains_key(*id) && !made && !asked
    };
    members.keys().filter(stranger).cloned().collect()
}

/// Returns a finding for each queue whose written list has strangers.
pub(super) fn findings(changes: &[Change], steps: &[Step]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for step in steps.iter().filter(|step| !step.strangers.is_empty()) {
        let Some(target) = step.targets.first() else { continue };
        if found.iter().any(|finding| finding.id.as_ref() == Some(target)) {
            continue;
        }
        let what = FindingKind::UnknownMembers { members: step.strangers.clone() };
        let mut finding = Finding::new(&STRANGER_MEMBER, what).about(target);
        finding.source = changes.iter().find(|change| change.id == *target).and_then(|c| c.source.clone());
        found.push(finding);
    }
    found
}
