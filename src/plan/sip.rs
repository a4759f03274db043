//! SIP numbers: one that another live agent keeps cannot be bound, since the vendor takes it for in use.

use std::collections::BTreeMap;

use super::{Context, Draft};
use crate::model::agent::SIP;
use crate::model::finding::{Finding, SIP_HELD};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Action, Change};
use crate::model::value::{Sip, Value};
use serde_json::{Value as Json, json};

/// The number of a SIP account that has one.
pub(super) fn number(sip: &Json) -> Option<String> {
    match Value::from_json(SIP.ty, sip)? {
        Value::Sip(Sip::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

/// The live agent that has each number.
pub(super) fn holders<'a>(context: &Context<'a>) -> BTreeMap<String, &'a OperatorId> {
    let agents = context.live.agents.iter().flat_map(|listing| &listing.items);
    agents.filter_map(|(id, live)| Some((number(&live.get(&SIP)?.to_json())?, id))).collect()
}

/// Takes the numbers out of the changes that live agents hold and that this plan does not free.
pub(super) fn withhold(context: &Context<'_>, draft: &mut Draft) {
    let is_new = |change: &Change| change.id.kind == Kind::Agent && wanted(change).is_some();
    if !draft.changes.iter().any(is_new) {
        return;
    }
    let holders = holders(context);
    // One that takes no number gives none up either, so that another may have to be withheld.
    loop {
        let held = draft.changes.iter().enumerate().find_map(|(at, change)| {
            let number = wanted(change)?;
            let holder = *holders.get(&number)?;
            (*holder != change.id.name && !frees(draft, holder)).then_some((at, number, holder))
        });
        let Some((at, number, holder)) = held else { return };
        let change = &draft.changes[at];
        let mut finding = Finding::new(
            &SIP_HELD,
            format!(
                "{}: the SIP number {number} is held by {}, and this plan does not free it; give that agent another \
                 number, or `sip: none`, or choose another number here",
                change.id,
                ResourceId::agent(holder)
            ),
        )
        .about(&change.id);
        finding.source = change.field(SIP.key).and_then(|field| field.source.clone());
        draft.find(finding);
        strike(draft, at, &number, holder);
    }
}

/// The number that an agent's change binds.
fn wanted(change: &Change) -> Option<String> {
    let field = change.field(SIP.key).filter(|_| change.id.kind == Kind::Agent)?;
    number(&field.after).filter(|after| Some(after) != number(&field.before).as_ref())
}

/// Whether a plan takes the number of an agent from it.
fn frees(draft: &Draft, holder: &OperatorId) -> bool {
    let id = ResourceId::agent(holder);
    // As long as agents alone are decided, changes stand in the order of their ids.
    let at = draft.changes.binary_search_by(|change| change.id.cmp(&id)).ok();
    at.and_then(|at| draft.changes.get(at)).is_some_and(|change| match change.action {
        Action::Delete => true,
        Action::Update => change.field(SIP.key).is_some(),
        Action::Replace => change.field(SIP.key).is_none_or(|field| field.after != field.before),
        Action::Create => false,
    })
}

/// Leaves a number out of a change: an agent keeps its account, and a new one gets none.
fn strike(draft: &mut Draft, at: usize, number: &str, holder: &OperatorId) {
    let change = &mut draft.changes[at];
    if change.action == Action::Update {
        change.fields.retain(|field| field.path != SIP.key);
        if change.fields.is_empty() {
            draft.changes.remove(at);
        }
        return;
    }
    for field in change.fields.iter_mut().filter(|field| field.path == SIP.key) {
        field.after = if field.before.is_null() { json!("none") } else { field.before.clone() };
        field.reason = Some(format!("{number} is held by {holder}"));
    }
}
