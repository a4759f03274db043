//! Edits of the entries of queues: their attributes, and their members one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Pen, Run, during, found, named_by};
use super::splice::{KeyChange, Splices};
use super::tree::{Entry, Item, Node};
use crate::manifest::format;
use crate::model::date::Date;
use crate::model::desired::DesiredQueue;
use crate::model::field::{Field, Record};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::manifest_edit::{EditObjection, EntryEdit};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::source::Source;
use crate::model::value::Value;
use crate::yaml::quoting::{quoted, scalar};
use crate::yaml::types::spelled;

/// The edits of a queue's entry.
#[derive(Default)]
pub(super) struct Edits {
    id: Option<ResourceId>,
    fields: Vec<(&'static Field, Value)>,
    members: BTreeMap<OperatorId, Option<i64>>,
    name: Option<Arc<str>>,
    absent: bool,
    /// Agents that no list may name.
    gone: BTreeSet<OperatorId>,
}

impl Edits {
    /// Adds an edit.
    pub(super) fn add(&mut self, id: &ResourceId, what: &EntryEdit) {
        self.id = Some(id.clone());
        match what {
            EntryEdit::Field(field, value) => self.fields.push((field, value.clone())),
            EntryEdit::Member(agent, priority) => {
                self.members.insert(agent.clone(), *priority);
            }
            EntryEdit::Name(name) => self.name = Some(Arc::clone(name)),
            EntryEdit::Absent => self.absent = true,
            EntryEdit::Present | EntryEdit::Declare(..) => {}
        }
    }

    /// Adds an agent that no list may name.
    pub(super) fn gone(&mut self, id: &ResourceId, agent: &OperatorId) {
        self.id = Some(id.clone());
        self.gone.insert(agent.clone());
    }

    /// Returns the queue.
    pub(super) fn id(&self) -> Option<ResourceId> {
        self.id.clone()
    }
}

/// Edits the entries of a list of queues.
pub(super) fn edit<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    list: &'t Entry,
    work: &BTreeMap<(u32, u32), Edits>,
) {
    let mut removed = BTreeSet::new();
    for (at, item, edits) in found(&list.value, work) {
        if edits.absent {
            removed.insert(at);
            continue;
        }
        let desired = run.manifests.desired;
        let Some(queue) = edits.id.as_ref().and_then(|id| desired.queues.get(id)) else { continue };
        one(run, pen, &item.value, queue, edits);
    }
    if !removed.is_empty() {
        pen.splices.items(list.colon, &list.value, &removed, &[]);
    }
}

/// The changes of a list or a selector.
#[derive(Default)]
struct ListEdit<'t> {
    removed: BTreeSet<usize>,
    added: Vec<String>,
    /// The map that holds the list.
    owner: Option<&'t Node>,
}

fn one<'t>(run: &mut Run<'_>, pen: &mut Pen<'t>, map: &'t Node, queue: &DesiredQueue, edits: &Edits) {
    let id = queue.id();
    let mut keys: Vec<KeyChange> = Vec::new();
    for (field, value) in &edits.fields {
        if run.until.is_some() {
            run.leave(&id, Some(field.key), EditObjection::NotForATime);
        } else {
            keys.push((field.key.to_owned(), Some(spelled(value))));
        }
    }
    if let Some(name) = &edits.name {
        keys.push(("displayName".to_owned(), Some(scalar(name))));
        if map.entry("was").is_some() {
            keys.push(("was".to_owned(), None));
        }
    }
    gone(pen, map, edits);
    if !edits.members.is_empty() && members(run, pen, map, queue, edits, &mut keys).is_none() {
        return;
    }
    if !keys.is_empty() {
        pen.splices.keys(map, &keys, &|key| format::rank(format::Entry::Queue, key));
    }
}

/// Returns the maps of a queue that hold a list or a selector: its own, and the entries of its `during`.
fn maps(map: &Node) -> impl Iterator<Item = &Node> {
    let during = map.entry("during").into_iter().flat_map(|during| during.value.items());
    std::iter::once(map).chain(during.map(|item| &item.value))
}

/// Removes tombstones from all lists, except from the one that [`members`] edits.
fn gone<'t>(pen: &mut Pen<'t>, map: &'t Node, edits: &Edits) {
    for owner in maps(map) {
        let Some(list) = owner.entry("assignMembers") else { continue };
        let names = |item: &Item| number(pen, item).is_some_and(|id| edits.gone.contains(&id));
        let value = pen.tree.meant(&list.value).unwrap_or(&list.value);
        let removed: BTreeSet<usize> =
            value.items().iter().enumerate().filter(|(_, item)| names(item)).map(|(at, _)| at).collect();
        // The list that `members` edits is changed there, once.
        if removed.is_empty() || !edits.members.is_empty() {
            continue;
        }
        if pen.open(list).is_none() {
            return;
        }
        pen.splices.items(list.colon, &list.value, &removed, &[]);
        if removed.len() == value.items().len() && owner.entry("memberSelector").is_none() {
            allow_empty(pen, owner);
        }
    }
}

fn allow_empty<'t>(pen: &mut Pen<'t>, owner: &'t Node) {
    let keys = [("allowEmpty".to_owned(), Some("true".to_owned()))];
    pen.splices.keys(owner, &keys, &|key| format::rank(format::Entry::Queue, key));
}

/// Returns the number of a member's entry.
fn number(pen: &Pen<'_>, item: &Item) -> Option<OperatorId> {
    let value = pen.tree.meant(&item.value)?;
    let id = value.entry("agentNumber").map_or(value, |entry| &entry.value);
    pen.tree.scalar(id).map(OperatorId::from)
}

fn place(source: &Source) -> (u32, u32) {
    (source.line, source.column)
}

/// Returns true if a value, or one in it, stands at a place.
fn holds(node: &Node, at: (u32, u32)) -> bool {
    let mut found = false;
    node.walk(&mut |node| found |= node.place == at);
    found
}

/// Edits the members. Returns `None` if an alias has to be written out first.
fn members<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    map: &'t Node,
    queue: &DesiredQueue,
    edits: &Edits,
    keys: &mut Vec<KeyChange>,
) -> Option<()> {
    let id = queue.id();
    let own = queue.record.entry(&ASSIGN_MEMBERS)?;
    let (Some(now), Some(own)) = (own.value.members(), own.source) else { return Some(()) };
    // The list and the selector that hold at the instant.
    let at = place(own);
    let list = maps(map).find_map(|owner| {
        let list = owner.entry("assignMembers")?;
        let value = pen.tree.meant(&list.value)?;
        (value.place == at).then_some((owner, list))
    });
    let selectors: Vec<(&Node, &Entry)> =
        maps(map).filter_map(|owner| Some((owner, owner.entry("memberSelector")?))).collect();
    let is_used = |entry: &Entry| {
        let at = pen.tree.meant(&entry.value).map(|node| node.place);
        let sources = queue.member_sources.values().map(place).chain(list.is_none().then_some(place(own)));
        let mut sources = sources;
        at.is_some_and(|at| sources.any(|source| source == at))
    };
    let selector = selectors.iter().find(|(_, entry)| is_used(entry)).or(selectors.first()).copied();
    let owner = list.map(|(owner, _)| owner).or(selector.map(|(owner, _)| owner)).unwrap_or(map);
    let items = match list {
        Some((_, entry)) => pen.open(entry)?.items(),
        None => &[],
    };
    let mut change = ListEdit { owner: Some(owner), ..ListEdit::default() };
    let (mut except, mut unexcept) = (Vec::new(), BTreeSet::new());
    let mut count = now.len();
    let wanted = edits.members.iter().map(|(agent, priority)| (agent, *priority));
    let gone = edits.gone.iter().filter(|agent| !edits.members.contains_key(*agent));
    for (agent, priority) in wanted.chain(gone.map(|agent| (agent, None))) {
        let named = queue.member_sources.get(agent).map(place);
        let entries: Vec<(usize, &Item)> =
            items.iter().enumerate().filter(|(_, item)| number(pen, item).as_ref() == Some(agent)).collect();
        let joins = named_by(run.manifests, &id, agent).is_some();
        let current = named.and_then(|at| {
            let here = entries.iter().copied().find(|(_, item)| {
                pen.tree.meant(&item.value).is_some_and(|value| holds(value, at)) || holds(&item.value, at)
            });
            // The place may be that of the agent's own `queues`.
            here.or_else(|| entries.first().copied().filter(|_| joins))
        });
        let selected = |priority: Option<i64>| {
            let (_, entry) = selector?;
            let value = pen.tree.meant(&entry.value)?;
            let own = value.entry("priority").and_then(|entry| pen.tree.scalar(&entry.value));
            let own = own.map_or(Some(0), |own| own.parse::<i64>().ok())?;
            (matches(run, queue, agent) && priority.is_none_or(|priority| priority == own)).then_some(())
        };
        match (priority, current) {
            (None, Some((at, item))) => {
                match (run.until, edits.gone.contains(agent)) {
                    (Some(until), false) => {
                        if !begin_after(pen, item, agent, until) {
                            let place = format!("{}:{}", item.value.place.0, item.value.place.1);
                            run.leave(&id, Some(ASSIGN_MEMBERS.key), EditObjection::Dated { place });
                            continue;
                        }
                    }
                    (_, gone) => {
                        change.removed.insert(at);
                        if gone {
                            change.removed.extend(entries.iter().map(|(at, _)| *at));
                        }
                    }
                }
                count = count.saturating_sub(1);
                if selected(None).is_some() && !queue.except.contains(agent) {
                    except.push(agent.clone());
                }
            }
            (None, None) => {
                if edits.gone.contains(agent) {
                    change.removed.extend(entries.iter().map(|(at, _)| *at));
                } else if selected(None).is_some() && !queue.except.contains(agent) {
                    except.push(agent.clone());
                    count = count.saturating_sub(1);
                }
            }
            (Some(priority), Some((_, item))) => {
                let base = now.get(agent).copied().unwrap_or(0);
                priority_of(pen, item, agent, base, priority, run.until, named)?;
            }
            (Some(_), None) if joins => {}
            (Some(priority), None) => {
                count += usize::from(named.is_none());
                let out = queue.excluded.get(agent);
                if let Some((at, item)) = entries.first().filter(|_| out.is_some()) {
                    // Its dates keep it out: they go.
                    let _ = at;
                    let value = pen.tree.meant(&item.value)?;
                    let dated = value.entry("from").or(value.entry("until")).is_some();
                    if run.until.is_some() || !dated {
                        let place = format!("{}:{}", value.place.0, value.place.1);
                        run.leave(&id, Some(ASSIGN_MEMBERS.key), EditObjection::Dated { place });
                        continue;
                    }
                    change.removed.extend(entries.iter().map(|(at, _)| *at));
                    change.added.push(spelled_member(agent, priority, None));
                } else if queue.except.contains(agent)
                    && selected(Some(priority)).is_some()
                    && run.until.is_none()
                {
                    unexcept.insert(agent.clone());
                } else {
                    change.added.push(spelled_member(agent, priority, run.until));
                }
            }
        }
    }
    write_list(pen, &change, list.map(|(_, entry)| entry), map, keys);
    if !except.is_empty() || !unexcept.is_empty() {
        let (holder, entry) = selector?;
        exceptions(run, pen, map, (holder, entry), &except, &unexcept, keys)?;
    }
    let left = items.len() + change.added.len() - change.removed.len();
    let empty = if selector.is_some() { count == 0 } else { left == 0 };
    if empty && !queue.allow_empty {
        if std::ptr::eq(owner, map) {
            keys.push(("allowEmpty".to_owned(), Some("true".to_owned())));
        } else {
            allow_empty(pen, owner);
        }
    }
    Some(())
}

/// Writes the items of a list that go and come.
fn write_list<'t>(
    pen: &mut Pen<'t>,
    change: &ListEdit<'t>,
    list: Option<&'t Entry>,
    map: &'t Node,
    keys: &mut Vec<KeyChange>,
) {
    if change.removed.is_empty() && change.added.is_empty() {
        return;
    }
    if let Some(entry) = list {
        pen.splices.items(entry.colon, &entry.value, &change.removed, &change.added);
        return;
    }
    let added = ("assignMembers".to_owned(), Some(format!("[{}]", change.added.join(", "))));
    match change.owner.filter(|owner| !std::ptr::eq(*owner, map)) {
        None => keys.push(added),
        Some(owner) => {
            pen.splices.keys(owner, &[added], &|key| format::rank(format::Entry::Queue, key));
        }
    }
}

/// Excepts agents from a selector, or no longer.
fn exceptions<'t>(
    run: &Run<'_>,
    pen: &mut Pen<'t>,
    map: &'t Node,
    (holder, entry): (&'t Node, &'t Entry),
    except: &[OperatorId],
    unexcept: &BTreeSet<OperatorId>,
    keys: &mut Vec<KeyChange>,
) -> Option<()> {
    let added: Vec<String> = except.iter().map(|id| quoted(id.as_str())).collect();
    if let Some(until) = run.until {
        let value = pen.tree.meant(&entry.value)?;
        let mut pairs = Vec::new();
        let mut all = added;
        for key in value.entries() {
            if key.name == "except" {
                let items = pen.tree.meant(&key.value)?.items();
                all.splice(0..0, items.iter().map(|item| pen.tree.flow(&item.value, false)));
            } else {
                pairs.push(format!("{}: {}", key.name, pen.tree.flow(&key.value, false)));
            }
        }
        let at = pairs.iter().position(|pair| pair.starts_with("priority:")).unwrap_or(pairs.len());
        pairs.insert(at, format!("except: [{}]", all.join(", ")));
        let text = format!("{{ until: {until}, memberSelector: {{ {} }} }}", pairs.join(", "));
        let mut splices = std::mem::replace(&mut pen.splices, Splices::new(pen.tree));
        let done = during(pen, &mut splices, map, text, keys);
        pen.splices = splices;
        return done.then_some(());
    }
    let _ = holder;
    let selector = pen.open(entry)?;
    match selector.entry("except") {
        None => {
            let change = ("except".to_owned(), Some(format!("[{}]", added.join(", "))));
            pen.splices.keys(selector, &[change], &|key| format::rank(format::Entry::Selector, key));
        }
        Some(list) => {
            let value = pen.open(list)?;
            let removed: BTreeSet<usize> = value
                .items()
                .iter()
                .enumerate()
                .filter(|(_, item)| number(pen, item).is_some_and(|id| unexcept.contains(&id)))
                .map(|(at, _)| at)
                .collect();
            if removed.len() == value.items().len() && added.is_empty() {
                let change = ("except".to_owned(), None);
                pen.splices.keys(selector, &[change], &|key| format::rank(format::Entry::Selector, key));
            } else {
                pen.splices.items(list.colon, value, &removed, &added);
            }
        }
    }
    Some(())
}

/// Returns true if the selector's fields choose an agent, whatever it excepts.
fn matches(run: &Run<'_>, queue: &DesiredQueue, agent: &OperatorId) -> bool {
    let Some(wanted) = &queue.selector else { return false };
    let agents = &run.manifests.desired.agents;
    let record: Option<&Record> =
        agents.get(agent).filter(|agent| agent.is_present()).map(|agent| &agent.record);
    record.is_some_and(|record| wanted.iter().all(|want| record.get(want.field) == Some(want.value)))
}

/// Returns the spelling of a member, which may hold up to a date.
fn spelled_member(agent: &OperatorId, priority: i64, until: Option<Date>) -> String {
    let number = quoted(agent.as_str());
    match (priority, until) {
        (0, None) => number,
        (0, Some(until)) => format!("{{ agentNumber: {number}, until: {until} }}"),
        (priority, None) => format!("{{ agentNumber: {number}, priority: {priority} }}"),
        (priority, Some(until)) => {
            format!("{{ agentNumber: {number}, priority: {priority}, until: {until} }}")
        }
    }
}

/// Lets a member's entry begin after a date. Returns false if it begins at another one.
fn begin_after<'t>(pen: &mut Pen<'t>, item: &'t Item, agent: &OperatorId, until: Date) -> bool {
    let from = match until {
        Date::Day(day) => day.tomorrow().map_or(until, Date::Day),
        Date::Moment(..) => until,
    };
    let value = pen.tree.meant(&item.value).unwrap_or(&item.value);
    if value.entry("from").is_some() {
        return false;
    }
    if item.value.entries().is_empty() {
        let text = if value.entries().is_empty() {
            format!("{{ agentNumber: {}, from: {from} }}", quoted(agent.as_str()))
        } else {
            let flow = pen.tree.flow(value, false);
            format!("{}, from: {from} }}", flow.trim_end_matches([' ', '}']))
        };
        pen.splices.replace(item.value.range.clone(), text);
    } else {
        let change = ("from".to_owned(), Some(from.to_string()));
        pen.splices.keys(&item.value, &[change], &|key| format::rank(format::Entry::Member, key));
    }
    true
}

/// Gives a member's entry another priority. Returns `None` if an alias has to be written out first.
fn priority_of<'t>(
    pen: &mut Pen<'t>,
    item: &'t Item,
    agent: &OperatorId,
    base: i64,
    priority: i64,
    until: Option<Date>,
    named: Option<(u32, u32)>,
) -> Option<()> {
    if item.value.is_alias() {
        pen.aliases.push(&item.value);
        return None;
    }
    let during_entry = until.map(|until| format!("{{ until: {until}, priority: {priority} }}"));
    if item.value.entries().is_empty() {
        let text = match during_entry {
            None => spelled_member(agent, priority, None),
            Some(entry) => {
                format!("{{ agentNumber: {}, priority: {base}, during: [{entry}] }}", quoted(agent.as_str()))
            }
        };
        pen.splices.replace(item.value.range.clone(), text);
        return Some(());
    }
    let mut keys: Vec<KeyChange> = Vec::new();
    if let Some(entry) = during_entry {
        let mut splices = std::mem::replace(&mut pen.splices, Splices::new(pen.tree));
        let done = during(pen, &mut splices, &item.value, entry, &mut keys);
        pen.splices = splices;
        done.then_some(())?;
    } else {
        let dated = item.value.entry("during").into_iter().flat_map(|during| during.value.items());
        let mut dated = dated.filter_map(|entry| entry.value.entry("priority"));
        match dated.find(|entry| Some(entry.value.place) == named) {
            Some(entry) => pen.splices.value(entry, &priority.to_string()),
            None => keys.push(("priority".to_owned(), Some(priority.to_string()))),
        }
    }
    pen.splices.keys(&item.value, &keys, &|key| format::rank(format::Entry::Member, key));
    Some(())
}
