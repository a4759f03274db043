//! SIP numbers: one that another live agent keeps cannot be bound, since the vendor takes it for in use.

use std::collections::BTreeMap;

use super::context::{Context, Draft};
use crate::model::agent::SIP;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::plan::{Action, Change};
use crate::model::reason::{FieldReason, SipHolder};
use crate::model::rule::SIP_HELD;
use crate::model::value::{Sip, Value};

/// The live agent that has each number.
pub(super) fn holders<'a>(context: &Context<'a>) -> BTreeMap<&'a str, &'a OperatorId> {
    let agents = context.live.agents.iter().flat_map(|listing| &listing.items);
    agents.filter_map(|(id, live)| Some((live.get(&SIP)?.sip_number()?, id))).collect()
}

/// Takes the numbers out of the changes that live agents hold and that this plan does not free.
pub(super) fn withhold(context: &Context<'_>, draft: &mut Draft) {
    if draft.changes.iter().all(|change| wanted(change).is_none()) {
        return;
    }
    let holders = holders(context);
    // One that takes no number gives none up either, so that another may have to be withheld.
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

/// The number that an agent's change binds.
fn wanted(change: &Change) -> Option<&str> {
    let field = change.field(&SIP)?;
    let number = field.after.as_ref()?.sip_number()?;
    (field.before.as_ref().and_then(Value::sip_number) != Some(number)).then_some(number)
}

/// Whether a plan takes the number of an agent from it.
fn frees(draft: &Draft, holder: &OperatorId) -> bool {
    let id = ResourceId::agent(holder);
    // As long as agents alone are decided, changes stand in the order of their ids.
    let at = draft.changes.binary_search_by(|change| change.id.cmp(&id)).ok();
    at.and_then(|at| draft.changes.get(at)).is_some_and(|change| match change.action {
        Action::Delete => true,
        Action::Update => change.field(&SIP).is_some(),
        Action::Replace => change.field(&SIP).is_none_or(|field| field.after != field.before),
        Action::Create => false,
    })
}

/// Leaves a number out of a change: an agent keeps its account, and a new one gets none.
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
