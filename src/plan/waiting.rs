//! Changes that wait for busy agents: the last run skipped these agents, and the change would still disrupt them.

use std::sync::Arc;

use super::context::Context;
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP};
use crate::model::id::{Kind, OperatorId};
use crate::model::plan::{Action, Change, ChangeOrigin};
use crate::model::reason::{ChangeReason, Waiter};
use crate::model::value::Members;

/// Adds to each change the agents that it waits for.
pub(super) fn explain(context: &Context<'_>, changes: &mut [Change]) {
    let waiting = &context.ledger.waiting;
    for change in changes.iter_mut().filter(|_| !waiting.is_empty()) {
        let Some(marks) = waiting.get(&change.id.key()) else { continue };
        let marks = marks.iter().map(|(agent, state)| Waiter {
            agent: OperatorId::from(agent.as_str()),
            state: state.clone().into(),
        });
        let agents: Vec<Waiter> = marks.filter(|waiter| disrupts(change, &waiter.agent)).collect();
        if agents.is_empty() {
            continue;
        }
        let reason = change.reason.take().map(Box::new);
        change.reason = Some(ChangeReason::Waiting { agents, reason });
        // The ledger may not know the value of a change that was never made; it still comes from the manifest.
        for moved in std::iter::once(&mut change.moved).chain(change.fields.iter_mut().map(|f| &mut f.moved))
        {
            if *moved == ChangeOrigin::Unknown {
                *moved = ChangeOrigin::Manifest;
            }
        }
    }
}

/// Returns true if a change would disrupt an agent.
fn disrupts(change: &Change, agent: &OperatorId) -> bool {
    match (change.id.kind, change.action) {
        (Kind::Queue, _) => {
            let has = |members: Option<&Arc<Members>>| members.is_some_and(|all| all.contains_key(agent));
            has(change.members_before()) && !has(change.members_after())
        }
        (_, Action::Delete | Action::Replace) => change.id.name == *agent,
        (_, Action::Create | Action::Update) => {
            let guarded = [&ENABLED, &MAIN_SKILL_GROUP];
            change.id.name == *agent && guarded.iter().any(|field| change.field(field).is_some())
        }
    }
}
