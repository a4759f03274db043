//! Strangers: members of a queue who are no agents and whom no manifest asks for.
//!
//! The vendor leaves whoever does not exist out in silence when a list is written. Nobody asked for a stranger, so
//! that is no failure; but it is said beforehand. Only a listing of agents that was proved complete tells who is one.
//! They are sent along all the same: it is not for a change of somebody else to take them out.

use super::agents::is_left_out;
use super::context::Context;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::OperatorId;
use crate::model::plan::{Change, Step};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::rule::STRANGER_MEMBER;
use crate::model::value::{Members, Value};

/// The strangers of a list; `made` says whether this plan makes an agent.
pub(super) fn find(
    context: &Context<'_>,
    members: &Members,
    made: impl Fn(&OperatorId) -> bool,
) -> Vec<OperatorId> {
    let Some(agents) = context.live.agents.as_ref().filter(|agents| agents.incomplete.is_none()) else {
        return Vec::new();
    };
    let asked = |id: &OperatorId| {
        context.desired.queues.values().any(|queue| {
            matches!(queue.record.get(&ASSIGN_MEMBERS), Some(Value::Members(members)) if members.contains_key(id))
        })
    };
    let stranger = |id: &&OperatorId| {
        let made = made(id);
        let asked = asked(id) && !is_left_out(context, id, made);
        !agents.items.contains_key(*id) && !made && !asked
    };
    members.keys().filter(stranger).cloned().collect()
}

/// Says which queues have some whose lists are written.
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
