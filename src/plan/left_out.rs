//! Findings on agents that a plan leaves out.

use super::context::Context;
use crate::model::agent::NAME;
use crate::model::desired::DesiredAgent;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::live::LiveQueue;
use crate::model::rule::{FOREIGN_AGENT, NO_ROLE, OUTSIDE};

/// Returns the finding for a declared agent that is live outside the scope.
pub(super) fn outside(context: &Context<'_>, resource: &ResourceId, agent: &DesiredAgent) -> Finding {
    Finding::new(&OUTSIDE, FindingKind::OutsideAgent { queues: served(context, &resource.name) })
        .about(resource)
        .at(&agent.source)
}

/// Returns the finding for a new agent without a value that the scope asks for.
pub(super) fn created_outside(resource: &ResourceId, agent: &DesiredAgent, key: &'static str) -> Finding {
    Finding::new(&OUTSIDE, FindingKind::CreatedOutside { key: key.into() }).about(resource).at(&agent.source)
}

/// Returns the finding for an agent that would be created without a role.
pub(super) fn no_role(resource: &ResourceId, agent: &DesiredAgent, again: bool) -> Finding {
    Finding::new(&NO_ROLE, FindingKind::NoRole { again }).about(resource).at(&agent.source)
}

/// Returns the finding for an agent, deleted in the console, that cannot be created again.
pub(super) fn deleted(context: &Context<'_>, resource: &ResourceId, agent: &DesiredAgent) -> Finding {
    let name = agent.record.text(&NAME).map(str::to_owned);
    let queues = served(context, &resource.name);
    Finding::new(&NO_ROLE, FindingKind::DeletedInConsole { name, queues })
        .left_out()
        .about(resource)
        .at(&agent.source)
}

/// Returns the finding for a declared agent of another company.
pub(super) fn foreign(context: &Context<'_>, resource: &ResourceId, agent: &DesiredAgent) -> Finding {
    Finding::new(&FOREIGN_AGENT, FindingKind::ForeignAgent { queues: served(context, &resource.name) })
        .about(resource)
        .at(&agent.source)
}

/// Returns the queues whose manifests name an agent.
fn served(context: &Context<'_>, id: &OperatorId) -> Vec<ResourceId> {
    let queues = context.desired.queues.iter().filter(|(_, queue)| queue.members_or_none().contains_key(id));
    queues.map(|(queue, _)| queue.clone()).collect()
}

/// Returns the finding for an agent that queues outside the scope hold: it cannot leave them.
pub(super) fn held_outside(context: &Context<'_>, id: &OperatorId, again: bool) -> Option<Finding> {
    let outside = &context.live.queues.as_ref()?.outside;
    let holds = |queue: &LiveQueue| queue.members().is_some_and(|members| members.contains_key(id));
    let held = outside.iter().filter(|(_, queue)| holds(queue));
    let queues: Vec<_> =
        held.map(|(exten, queue)| ResourceId::queue(&queue.name, Some(exten.as_str()))).collect();
    (!queues.is_empty()).then(|| Finding::new(&OUTSIDE, FindingKind::HeldOutside { queues, again }))
}
