//! SIP numbers: the vendor rejects a number that another live agent keeps.

use std::collections::BTreeMap;

use super::context::{Context, Draft};
use crate::model::agent::SIP;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::plan::{Action, Change};
use crate::model::reason::{FieldReason, SipHolder};
use crate::model::rule::SIP_HELD;
use crate::model::value::{Sip, Value};

/// Returns the live agent of each number.
pub(super) fn holders<'a>(context: &Context<'a>) -> BTreeMap<&'a str, &'a OperatorId> {
    let agents = context.live.agents.iter().flat_map(|listing| listing.items.iter().chain(&listing.outside));
    agents.filter_map(|(id, live)| Some((live.get(&SIP)?.sip_number()?, id))).collect()
}

/// Removes from the changes the numbers that live agents keep.
///
/// A number is free if no live agent holds it, or if this plan frees it.
pub(super) fn withhold(context: &Context<'_>, draft: &mut Draft) {
    if draft.changes.iter().all(|change| wanted(change).is_none()) {
        return;
    }
    let holders = holders(context);
    // An agent whose number is withheld keeps its own, so another change may need to be withheld too.
    loop {
        let held = draft.changes.iter().enumerate().find_map(|(at, change)| {
            let number = wanted(change)?;
            let holder = *holders.get(number)?;
            (*holder != change.id.name && !frees(draft, holder)).then(|| (at, number.to_owned(), holder))
        });
        let Some((at, number, holder)) = held else { return };
        let change = &draft.changes[at];
        let mut finding =
            Finding::new(&SIP_HELD, FindingKind::SipHeld { number: number.clone(), holder: holder.clone() })
                .about(&change.id);
        finding.source = change.field(&SIP).and_then(|field| field.source.clone());
        draft.find(finding);
        strike(draft, at, &number, holder);
    }
}

/// Returns the number that an agent's change binds.
fn wanted(change: &Change) -> Option<&str> {
    let field = change.field(&SIP)?;
    let number = field.after.as_ref()?.sip_number()?;
    (field.before.as_ref().and_then(Value::sip_number) != Some(number)).then_some(number)
}

/// Returns true if a plan frees the number of an agent.
fn frees(draft: &Draft, holder: &OperatorId) -> bool {
    let id = ResourceId::agent(holder);
    // Before queues are planned, changes are in the order of their ids.
    let at = draft.changes.binary_search_by(|change| change.id.cmp(&id)).ok();
    at.and_then(|at| draft.changes.get(at)).is_some_and(|change| match change.action {
        Action::Delete => true,
        Action::Update => change.field(&SIP).is_some(),
        Action::Replace => change.field(&SIP).is_none_or(|field| field.after != field.before),
        Action::Create => false,
    })
}

/// Removes a number from a change: an agent keeps its account, and a new one gets none.
fn strike(draft: &mut Draft, at: usize, number: &str, holder: &OperatorId) {
    let change = &mut draft.changes[at];
    if change.action == Action::Update {
        change.fields.retain(|field| *field.field != SIP);
        if change.fields.is_empty() {
            draft.changes.remove(at);
        }
        return;
    }
    for field in change.fields.iter_mut().filter(|field| *field.field == SIP) {
        field.after = field.before.clone().or(Some(Value::Sip(Sip::None)));
        let held = SipHolder { number: number.to_owned(), holder: holder.clone() };
        field.reason = Some(FieldReason::SipHeld { held: Box::new(held) });
    }
}
