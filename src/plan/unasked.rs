//! Agents that the plan would disrupt, and whose presence a protecting system cannot tell.

use std::collections::BTreeMap;

use super::context::Context;
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP};
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::message::Word;
use crate::model::plan::{Action, Change};
use crate::model::presence::{Disruption, PresencePolicy};
use crate::model::rule::UNASKED;
use crate::model::source::Source;
use crate::model::value::Value;

/// Returns a finding for each such agent, once a system.
pub(super) fn findings(context: &Context<'_>, changes: &[Change]) -> Vec<Finding> {
    let guard = &context.workspace.policy.presence;
    let mut found = Vec::new();
    for connection in &context.workspace.connections {
        let name = connection.spec.name;
        let protects = guard.protect.iter().filter(|state| connection.spec.tells(**state));
        let protects: Vec<Word> = protects.map(|state| state.to_string().into()).collect();
        let Some(asks) = connection.spec.asks.filter(|_| !protects.is_empty()) else { continue };
        for (agent, (harm, source)) in hurt(guard, changes).into_iter().filter(|(agent, _)| !asks(agent)) {
            let mut finding = Finding::new(
                &UNASKED,
                FindingKind::Unasked { disruption: harm, system: name.into(), states: protects.clone() },
            )
            .about(&ResourceId::agent(&agent));
            finding.source = source.cloned();
            found.push(finding);
        }
    }
    found
}

/// Returns the agents that changes would disrupt, with the gravest disruption that the guard watches.
fn hurt<'a>(
    guard: &PresencePolicy,
    changes: &'a [Change],
) -> BTreeMap<OperatorId, (Disruption, Option<&'a Source>)> {
    let mut hurt = BTreeMap::new();
    for change in changes {
        let source = change.source.as_ref();
        let mut add = |agent: OperatorId, harm: Disruption| {
            if guard.guards(harm) {
                let known = hurt.entry(agent).or_insert((harm, source));
                if harm < known.0 {
                    *known = (harm, source);
                }
            }
        };
        match (change.id.kind, change.action) {
            (Kind::Agent, Action::Delete | Action::Replace) => {
                add(change.id.name.clone(), Disruption::Delete);
            }
            (Kind::Agent, Action::Update) => {
                if change.field(&ENABLED).is_some_and(|field| field.after == Some(Value::Flag(false))) {
                    add(change.id.name.clone(), Disruption::Disable);
                }
                if change.field(&MAIN_SKILL_GROUP).is_some() {
                    add(change.id.name.clone(), Disruption::Regroup);
                }
            }
            (Kind::Queue, Action::Update | Action::Delete) => {
                let (before, after) = (change.members_before(), change.members_after());
                let stays = |agent: &&OperatorId| after.is_some_and(|after| after.contains_key(*agent));
                for agent in before.into_iter().flat_map(|before| before.keys()).filter(|a| !stays(a)) {
                    add(agent.clone(), Disruption::Unqueue);
                }
            }
            (Kind::Agent | Kind::Queue, Action::Create)
            | (Kind::Queue, Action::Replace)
            | (Kind::Seat, _) => {}
        }
    }
    hurt
}
