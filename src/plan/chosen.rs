//! The reason why a member leaves a queue: it is out of its dates, or the selector does not choose it.

use std::collections::BTreeMap;

use super::context::Context;
use crate::model::desired::DesiredQueue;
use crate::model::difference::Difference;
use crate::model::field::Entry;
use crate::model::id::{Kind, OperatorId};
use crate::model::reason::{AwayMembers, ChangeReason, NotChosen, Unchosen};
use crate::model::source::Source;
use crate::model::value::Value;

/// The most agents that one reason names.
const NAMED: usize = 5;

/// Returns why leaving members are out of their dates, or why the selector does not choose them; `None` without either.
pub(super) fn reason(
    context: &Context<'_>,
    queue: &DesiredQueue,
    leaving: &[&OperatorId],
) -> Option<ChangeReason> {
    let mut away: BTreeMap<(&Source, bool), AwayMembers> = BTreeMap::new();
    let mut causes: BTreeMap<Order, NotChosen> = BTreeMap::new();
    for id in leaving {
        let agent = context.desired.agents.get(*id);
        let out = queue.excluded.get(*id).or_else(|| agent?.out_of_date.as_deref());
        if let Some(out) = out {
            let none = || AwayMembers { members: Vec::new(), more: 0, out: out.clone() };
            let group = away.entry((&out.source, out.before)).or_insert_with(none);
            count(id, &mut group.members, &mut group.more);
        } else if let Some(selector) = &queue.selector {
            let why = if queue.except.contains(*id) {
                Unchosen::Excepted
            } else {
                cause(context, selector.iter(), id)
            };
            let cause = causes.entry(order(&why)).or_insert(NotChosen { members: Vec::new(), more: 0, why });
            count(id, &mut cause.members, &mut cause.more);
        }
    }
    let members: Vec<NotChosen> = causes.into_values().collect();
    let unchosen = (!members.is_empty()).then_some(ChangeReason::NotChosen { members });
    if away.is_empty() {
        return unchosen;
    }
    Some(ChangeReason::OutOfDate { members: away.into_values().collect(), reason: unchosen.map(Box::new) })
}

/// Names an agent, or counts it if enough are named.
fn count(id: &OperatorId, members: &mut Vec<OperatorId>, more: &mut usize) {
    if members.len() < NAMED {
        members.push(id.clone());
    } else {
        *more += 1;
    }
}

/// The order of the causes of one reason.
type Order = (u8, &'static str, Option<String>);

fn order(why: &Unchosen) -> Order {
    let words = |value: &Option<Value>| value.as_ref().map(Value::words);
    match why {
        Unchosen::Undeclared => (0, "", None),
        Unchosen::Unset { difference } => (1, difference.field.key, words(&difference.before)),
        Unchosen::Absent => (2, "", None),
        Unchosen::Excepted => (4, "", None),
        Unchosen::Other { difference } => (3, difference.field.key, words(&difference.after)),
    }
}

/// Returns the first field of the selector that an agent's manifest does not match.
fn cause<'a>(context: &Context<'_>, selector: impl Iterator<Item = Entry<'a>>, id: &OperatorId) -> Unchosen {
    let live = context.live.agents.as_ref().and_then(|agents| agents.items.get(id));
    let Some(agent) = context.desired.agents.get(id) else { return Unchosen::Undeclared };
    for want in selector {
        let difference = |before, after| Difference { kind: Kind::Agent, field: want.field, before, after };
        match agent.record.get(want.field) {
            Some(said) if said == want.value => {}
            Some(said) => return Unchosen::Other { difference: difference(None, Some(said.clone())) },
            None => {
                let live = live.and_then(|record| record.get(want.field));
                return Unchosen::Unset { difference: difference(live.cloned(), None) };
            }
        }
    }
    Unchosen::Absent
}
