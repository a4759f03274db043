//! The file of queues.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::document;
use super::expressible::{Expressed, number_objection, objection};
use super::options::Origin;
use crate::model::agent::MAIN_SKILL_GROUP;
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::live::{Listing, LiveQueue};
use crate::model::manifest_edit::NewEntry;
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::value::Members;
use crate::yaml::placeholder::unfilled;
use crate::yaml::quoting::{quoted, scalar};
use crate::yaml::types::spelled;

/// Fewest agents of a selector.
const SELECTED: usize = 3;
/// Smallest share of a queue's members that a selector stands for, in percent.
const SHARE: usize = 80;

/// Writes the file of queues; `live` is the listing of agents.
pub(super) fn file(
    listing: &Listing<OperatorId, LiveQueue>,
    live: Option<&Listing<OperatorId, Record>>,
    agents: &BTreeMap<&OperatorId, Expressed>,
    origin: Origin<'_>,
) -> String {
    let count = listing.items.len();
    let what = if count == 1 { "1 queue.".to_owned() } else { format!("{count} queues.") };
    let pinned = pinned(listing);
    let mut body = String::new();
    let mut selected = false;
    let mut comma = "";
    let named =
        listing.items.iter().any(|(exten, queue)| pinned.contains_key(exten) && can_be_said(&queue.name));
    let indent = if named { 2 } else { 0 };
    for (exten, queue) in &listing.items {
        body.push_str(comma);
        comma = "\n";
        let Some(pin) = pinned.get(exten).filter(|_| can_be_said(&queue.name)) else {
            let why = "a manifest cannot say its name";
            let text =
                format!("The queue `{exten}` ({}) is live and no manifest can name it: {why}.", queue.name);
            body.push_str(&document::remark(indent, &text));
            continue;
        };
        let members = members(queue, live, agents);
        selected |= members.selector.is_some();
        body.push_str(&one(exten, queue, *pin, &members));
    }
    let more: Vec<String> = selected.then(|| document::SELECTS.to_owned()).into_iter().collect();
    let mut out = document::head(&what, &more, origin);
    if named {
        out.push_str("queues:\n");
    }
    out + &body
}

/// Returns true if a manifest can hold a queue's name.
fn can_be_said(name: &str) -> bool {
    !name.trim().is_empty() && unfilled(name).is_none()
}

/// Returns the queues that a manifest can name. True: the number stands beside the name.
fn pinned(listing: &Listing<OperatorId, LiveQueue>) -> BTreeMap<OperatorId, bool> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for queue in listing.items.values() {
        *names.entry(&queue.name).or_default() += 1;
    }
    let mut ids = BTreeSet::new();
    let mut pinned = BTreeMap::new();
    // A name may look like a pinned queue, `a@1000`; that queue is then pinned as well.
    for pins in [true, false] {
        for (exten, queue) in &listing.items {
            if (names.get(&*queue.name) > Some(&1)) != pins {
                continue;
            }
            for pin in [pins, true] {
                if ids.insert(ResourceId::queue(&queue.name, pin.then_some(exten.as_str()))) {
                    pinned.insert(exten.clone(), pin);
                    break;
                }
            }
        }
    }
    pinned
}

/// The members of a queue, as a manifest declares them.
#[derive(Default)]
struct Said {
    selector: Option<(Arc<str>, i64)>,
    /// Members beside the selector; `None` if the members are not declared.
    listed: Option<Members>,
    remark: Option<String>,
}

fn members(
    queue: &LiveQueue,
    live: Option<&Listing<OperatorId, Record>>,
    agents: &BTreeMap<&OperatorId, Expressed>,
) -> Said {
    let unsaid = |why: String| Said { remark: Some(why), ..Said::default() };
    let Some(members) = queue.members() else {
        return unsaid("Members are not managed: the answer does not tell them.".to_owned());
    };
    let is_outside = |id: &OperatorId| live.is_some_and(|live| live.outside.contains_key(id));
    let outside: Vec<String> = members.keys().filter(|id| is_outside(id)).map(ToString::to_string).collect();
    let members: &Members =
        &members.iter().filter(|(id, _)| !is_outside(id)).map(|(id, p)| (id.clone(), *p)).collect();
    let remark = || {
        let stay =
            format!("Members outside the scope of the workspace stay in the list: {}.", outside.join(", "));
        (!outside.is_empty()).then_some(stay)
    };
    for (id, priority) in members {
        if live.is_some() && !agents.contains_key(id) {
            return unsaid(format!(
                "Members are not managed: {id} serves this queue and is no live agent, which no manifest can ask for."
            ));
        }
        if let Some(objection) = OperatorId::objection(id.as_str()) {
            return unsaid(format!("Members are not managed: no manifest can name `{id}`: {objection}."));
        }
        if let Some(objection) = number_objection(*priority) {
            return unsaid(format!(
                "Members are not managed: the priority of {id} is {priority}, and {objection}."
            ));
        }
    }
    match selector(members, agents) {
        None => Said { listed: Some(Members::clone(members)), remark: remark(), ..Said::default() },
        Some((group, priority)) => {
            let is_told = |id: &OperatorId, own: i64| {
                own == priority
                    && agents.get(id).and_then(|told| told.record.text(&MAIN_SKILL_GROUP)) == Some(&*group)
            };
            let rest = members.iter().filter(|(id, own)| !is_told(id, **own));
            let rest = rest.map(|(id, own)| (id.clone(), *own)).collect();
            Said { selector: Some((group, priority)), listed: Some(rest), remark: remark() }
        }
    }
}

/// Returns the skill group that serves the whole queue, and the priority of most members.
fn selector(members: &Members, agents: &BTreeMap<&OperatorId, Expressed>) -> Option<(Arc<str>, i64)> {
    let group_of = |id: &OperatorId| agents.get(id).and_then(|told| told.record.text(&MAIN_SKILL_GROUP));
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for group in members.keys().filter_map(group_of) {
        *groups.entry(group).or_default() += 1;
    }
    let (group, count) = groups.into_iter().max_by_key(|(_, count)| *count)?;
    let all = agents.iter().filter(|(_, told)| told.objection.is_none());
    let all = all.filter(|(_, told)| told.record.text(&MAIN_SKILL_GROUP) == Some(group)).count();
    if count < SELECTED || count != all || count * 100 < members.len() * SHARE {
        return None;
    }
    let mut priorities: BTreeMap<i64, usize> = BTreeMap::new();
    for (_, priority) in members.iter().filter(|(id, _)| group_of(id) == Some(group)) {
        *priorities.entry(*priority).or_default() += 1;
    }
    let (priority, alike) = priorities.into_iter().max_by_key(|(_, count)| *count)?;
    (alike * 100 >= count * SHARE).then(|| (group.into(), priority))
}

fn one(exten: &OperatorId, queue: &LiveQueue, pin: bool, members: &Said) -> String {
    let mut out = format!("  - displayName: {}\n", scalar(&queue.name));
    if pin {
        out.push_str(&format!("    exten: {}\n", quoted(exten.as_str())));
    }
    let mut remarks = String::new();
    for entry in queue.record.iter().filter(|entry| entry.field.index != ASSIGN_MEMBERS.index) {
        match objection(entry.value, entry.field) {
            None => out.push_str(&format!("    {}: {}\n", entry.field.key, spelled(entry.value))),
            Some(why) => {
                let text = format!("{} is {} and is not said: {why}.", entry.field.key, entry.value.words());
                remarks.push_str(&document::remark(4, &text));
            }
        }
    }
    out.push_str(&remarks);
    if let Some(remark) = &members.remark {
        out.push_str(&document::remark(4, remark));
    }
    if let Some((group, priority)) = &members.selector {
        let priority = if *priority == 0 { String::new() } else { format!(", priority: {priority}") };
        out.push_str(&format!("    memberSelector: {{ mainSkillGroup: {}{priority} }}\n", scalar(group)));
    }
    match &members.listed {
        Some(listed) if listed.is_empty() && members.selector.is_none() => {
            out.push_str("    assignMembers: []\n    allowEmpty: true\n");
        }
        Some(listed) if !listed.is_empty() => {
            let items: Vec<String> = listed.iter().map(|(id, priority)| member(id, *priority)).collect();
            out.push_str(&document::list(4, "assignMembers", &items));
        }
        Some(_) | None => {}
    }
    out
}

/// Returns the keys and values of a queue with all its members listed, in YAML.
pub(super) fn entry(new: &NewEntry) -> Vec<String> {
    let mut pairs = vec![format!("displayName: {}", scalar(&new.name))];
    pairs.extend(new.exten.iter().map(|exten| format!("exten: {}", quoted(exten))));
    let said = new.record.iter().filter(|entry| objection(entry.value, entry.field).is_none());
    pairs.extend(said.map(|entry| format!("{}: {}", entry.field.key, spelled(entry.value))));
    match &new.members {
        Some(all) if all.is_empty() => pairs.push("assignMembers: [], allowEmpty: true".to_owned()),
        Some(all) => {
            let all: Vec<String> = all.iter().map(|(id, priority)| member(id, *priority)).collect();
            pairs.push(format!("assignMembers: [{}]", all.join(", ")));
        }
        None => {}
    }
    pairs
}

fn member(id: &OperatorId, priority: i64) -> String {
    match priority {
        0 => document::number(id.as_str()),
        priority => format!("{{ agentNumber: {}, priority: {priority} }}", document::number(id.as_str())),
    }
}
