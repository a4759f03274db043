//! Why a queue's selector does not choose a member that leaves the queue.

use std::collections::BTreeMap;

use super::context::Context;
use crate::model::desired::DesiredQueue;
use crate::model::field::Field;
use crate::model::id::OperatorId;
use crate::model::value::Value;

/// Most agents that one reason names.
const NAMED: usize = 5;

/// Says why the selector does not choose some members; `None` where there is no selector.
pub(super) fn reason(context: &Context<'_>, queue: &DesiredQueue, leaving: &[&OperatorId]) -> Option<String> {
    let selector = queue.selector.as_ref()?;
    let mut causes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for id in leaving {
        causes.entry(cause(context, selector.iter(), id)).or_default().push(id.as_str());
    }
    let causes: Vec<String> =
        causes.into_iter().map(|(why, ids)| format!("{}: {why}", named(&ids))).collect();
    (!causes.is_empty()).then(|| format!("the selector does not choose {}", causes.join("; ")))
}

fn named(ids: &[&str]) -> String {
    let more = if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
    ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ") + &more
}

/// The first of the wanted fields that an agent's manifest does not say so.
fn cause<'a>(
    context: &Context<'_>,
    selector: impl Iterator<Item = &'a crate::model::field::Entry>,
    id: &OperatorId,
) -> String {
    let live = context.live.agents.as_ref().and_then(|agents| agents.items.get(id));
    let live = |field: &Field| live.and_then(|record| record.get(field)).map(Value::words);
    let Some(agent) = context.desired.agents.get(id) else {
        return "no manifest declares such an agent".to_owned();
    };
    for want in selector {
        let key = want.field.key;
        match agent.record.get(want.field) {
            Some(said) if *said == want.value => {}
            Some(said) => return format!("the manifest says {key} {}", said.words()),
            None => {
                let live = live(want.field).map(|live| format!("; live it is {live}"));
                return format!("no manifest says the {key}{}", live.unwrap_or_default());
            }
        }
    }
    "the manifest deletes such an agent".to_owned()
}
