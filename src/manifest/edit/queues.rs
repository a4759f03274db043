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
struct ListEdit {
    removed: BTreeSet<usize>,
    added: Vec<String>,
    except: Vec<OperatorId>,
    unexcept: BTreeSet<OperatorId>,
    /// The number of members after it.
    count: usize,
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
    gone(run, pen, map, queue, edits, &mut keys);
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
fn gone<'t>(
    run: &Run<'_>,
    pen: &mut Pen<'t>,
    map: &'t Node,
    queue: &DesiredQueue,
    edits: &Edits,
    keys: &mut Vec<KeyChange>,
) {
    // The list that `members` edits is changed there, once.
    if edits.gone.is_empty() || !edits.members.is_empty() {
        return;
    }
    let mut empty = false;
    for owner in maps(map) {
        let Some(list) = owner.entry("assignMembers") else { continue };
        let names = |item: &Item| number(pen, item).is_some_and(|id| edits.gone.contains(&id));
        let value = pen.tree.meant(&list.value).unwrap_or(&list.value);
        let removed: BTreeSet<usize> =
            value.items().iter().enumerate().filter(|(_, item)| names(item)).map(|(at, _)| at).collect();
        if removed.is_empty() {
            continue;
        }
        if pen.open(list).is_none() {
            return;
        }
        if removed.len() == value.items().len() && owner.entry("memberSelector").is_some() {
            set_key(pen, owner, map, ASSIGN_MEMBERS.key, None, keys);
            continue;
        }
        pen.splices.items(list.colon, &list.value, &removed, &[]);
        if removed.len() == value.items().len() {
            if std::ptr::eq(owner, map) {
                empty = true;
            } else {
                set_key(pen, owner, map, "allowEmpty", Some("true".to_owned()), keys);
            }
        }
    }
    // The others of the queue's own list are out of their dates.
    let own = map.entry("assignMembers").and_then(|list| pen.tree.meant(&list.value));
    let held = queue.record.entry(&ASSIGN_MEMBERS);
    let held = held.filter(|held| own.map(|own| own.place) == held.source.map(place));
    let now = held.and_then(|held| held.value.members());
    empty |= now.is_some_and(|now| now.keys().all(|agent| edits.gone.contains(agent)));
    let chosen = |agent: &&OperatorId| matches(run, queue, agent) && !queue.except.contains(*agent);
    empty |= queue.selector.is_some() && candidates(run).find(chosen).is_none();
    if empty && !queue.allow_empty {
        keys.push(("allowEmpty".to_owned(), Some("true".to_owned())));
    }
}

/// Sets a key of a queue, or of an entry of its `during`, or removes it.
fn set_key<'t>(
    pen: &mut Pen<'t>,
    owner: &'t Node,
    map: &'t Node,
    key: &str,
    value: Option<String>,
    keys: &mut Vec<KeyChange>,
) {
    let change = (key.to_owned(), value);
    if std::ptr::eq(owner, map) {
        keys.push(change);
    } else {
        pen.splices.keys(owner, &[change], &|key| format::rank(format::Entry::Queue, key));
    }
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

/// The list and the selector of a queue that hold at the instant.
struct Holders<'t> {
    list: Option<&'t Entry>,
    items: &'t [Item],
    selector: Option<&'t Entry>,
    /// The map that holds the list, or else the selector.
    owner: &'t Node,
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
    let own = queue.record.entry(&ASSIGN_MEMBERS)?;
    let (Some(now), Some(own)) = (own.value.members(), own.source) else { return Some(()) };
    let holders = holders(run, pen, map, queue, place(own))?;
    let mut change = ListEdit { count: now.len(), ..ListEdit::default() };
    let wanted = edits.members.iter().map(|(agent, priority)| (agent, *priority));
    let gone = edits.gone.iter().filter(|agent| !edits.members.contains_key(*agent));
    for (agent, priority) in wanted.chain(gone.map(|agent| (agent, None))) {
        let is_gone = edits.gone.contains(agent);
        member(run, pen, queue, &holders, &mut change, (agent, priority, is_gone))?;
    }
    write_list(pen, &change, &holders, map, keys);
    if !change.except.is_empty() || !change.unexcept.is_empty() {
        exceptions(run, pen, map, holders.selector?, &change, keys)?;
    }
    if !queue.allow_empty && is_emptied(run, queue, &holders, &change) {
        set_key(pen, holders.owner, map, "allowEmpty", Some("true".to_owned()), keys);
    }
    Some(())
}

/// Finds the list and the selector that hold at the instant; `at` is the place of the one by which the queue has
/// members. Returns `None` if an alias has to be written out first.
fn holders<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    map: &'t Node,
    queue: &DesiredQueue,
    at: (u32, u32),
) -> Option<Holders<'t>> {
    let id = queue.id();
    let is_at = |owner: &Node| {
        let value = owner.entry("assignMembers").and_then(|list| pen.tree.meant(&list.value));
        value.is_some_and(|value| value.place == at)
    };
    let holder = match run.owners.get(&id).filter(|_| run.moved) {
        Some(known) => *known,
        None => maps(map).position(is_at),
    };
    run.owners.insert(id, holder);
    let list = holder.and_then(|at| {
        let owner = maps(map).nth(at)?;
        Some((owner, owner.entry("assignMembers")?))
    });
    let selectors: Vec<(&Node, &Entry)> =
        maps(map).filter_map(|owner| Some((owner, owner.entry("memberSelector")?))).collect();
    let is_used = |entry: &Entry| {
        let held = pen.tree.meant(&entry.value).map(|node| node.place);
        let mut sources = queue.member_sources.values().map(place).chain(list.is_none().then_some(at));
        held.is_some_and(|held| sources.any(|source| source == held))
    };
    let selector = selectors.iter().find(|(_, entry)| is_used(entry)).or(selectors.first()).copied();
    let owner = list.or(selector).map_or(map, |(owner, _)| owner);
    let (list, selector) = (list.map(|(_, entry)| entry), selector.map(|(_, entry)| entry));
    let items = match list {
        Some(entry) => pen.open(entry)?.items(),
        None => &[],
    };
    Some(Holders { list, items, selector, owner })
}

/// Edits one member: the agent, its priority (`None` if it leaves), and whether it is gone everywhere. Returns `None`
/// if an alias has to be written out first.
fn member<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    queue: &DesiredQueue,
    holders: &Holders<'t>,
    change: &mut ListEdit,
    (agent, priority, is_gone): (&OperatorId, Option<i64>, bool),
) -> Option<()> {
    let id = queue.id();
    let named = queue.member_sources.get(agent).map(place);
    let is_own = |(_, item): &(usize, &Item)| number(pen, item).as_ref() == Some(agent);
    let entries: Vec<(usize, &Item)> = holders.items.iter().enumerate().filter(is_own).collect();
    let joins = named_by(run.manifests, &id, agent).is_some();
    let current = named.and_then(|at| {
        let here = entries.iter().copied().find(|(_, item)| {
            pen.tree.meant(&item.value).is_some_and(|value| holds(value, at)) || holds(&item.value, at)
        });
        // The place may be that of the agent's own `queues`, or of an alias that was written out.
        here.or_else(|| entries.first().copied().filter(|_| joins || run.moved))
    });
    // True if the selector's fields choose it, with this priority if one is given.
    let selected = chosen(run, pen, queue, holders.selector, agent);
    let selected =
        |priority: Option<i64>| selected.is_some_and(|own| priority.is_none_or(|priority| priority == own));
    let is_excepted = queue.except.contains(agent);
    match (priority, current) {
        (None, Some((at, item))) => {
            match run.until.filter(|_| !is_gone) {
                Some(until) if !begin_after(pen, item, agent, until) => {
                    leave_dated(run, &id, item.value.place);
                    return Some(());
                }
                Some(_) => {}
                None => {
                    change.removed.insert(at);
                    change.removed.extend(entries.iter().map(|(at, _)| *at).filter(|_| is_gone));
                }
            }
            change.count = change.count.saturating_sub(1);
            if selected(None) && !is_excepted {
                change.except.push(agent.clone());
            }
        }
        (None, None) if is_gone => change.removed.extend(entries.iter().map(|(at, _)| *at)),
        (None, None) if selected(None) && !is_excepted => {
            change.except.push(agent.clone());
            change.count = change.count.saturating_sub(1);
        }
        (None, None) => {}
        (Some(priority), Some((_, item))) => {
            let base = queue.members_or_none().get(agent).copied().unwrap_or(0);
            priority_of(pen, item, agent, base, priority, run.until, named)?;
        }
        (Some(_), None) if joins => {}
        // Its new fields let the selector choose it.
        (Some(_), None) if named.is_none() && selected(priority) && !is_excepted => change.count += 1,
        (Some(priority), None) => {
            change.count += usize::from(named.is_none());
            let out = queue.excluded.get(agent);
            if let Some((_, item)) = entries.first().filter(|_| out.is_some()) {
                // Its dates keep it out: they go.
                let value = pen.tree.meant(&item.value)?;
                let dated = value.entry("from").or(value.entry("until")).is_some();
                if run.until.is_some() || !dated {
                    leave_dated(run, &id, value.place);
                    return Some(());
                }
                change.removed.extend(entries.iter().map(|(at, _)| *at));
                change.added.push(spelled_member(agent, priority, None));
            } else if is_excepted && selected(Some(priority)) && run.until.is_none() {
                change.unexcept.insert(agent.clone());
            } else {
                change.added.push(spelled_member(agent, priority, run.until));
            }
        }
    }
    Some(())
}

/// Leaves a member whose entry has dates of its own.
fn leave_dated(run: &mut Run<'_>, id: &ResourceId, (line, column): (u32, u32)) {
    let place = format!("{line}:{column}");
    run.leave(id, Some(ASSIGN_MEMBERS.key), EditObjection::Dated { place });
}

/// Returns the priority that a selector gives an agent that its fields choose, whatever it excepts.
fn chosen(
    run: &Run<'_>,
    pen: &Pen<'_>,
    queue: &DesiredQueue,
    selector: Option<&Entry>,
    agent: &OperatorId,
) -> Option<i64> {
    let value = pen.tree.meant(&selector?.value)?;
    let own = value.entry("priority").and_then(|entry| pen.tree.scalar(&entry.value));
    let own = own.map_or(Some(0), |own| own.parse().ok())?;
    matches(run, queue, agent).then_some(own)
}

/// Returns true if the queue has no members after the edits.
fn is_emptied(run: &Run<'_>, queue: &DesiredQueue, holders: &Holders<'_>, change: &ListEdit) -> bool {
    let excepted = |agent: &OperatorId| {
        (queue.except.contains(agent) && !change.unexcept.contains(agent)) || change.except.contains(agent)
    };
    let chooses_none = || !candidates(run).any(|agent| matches(run, queue, agent) && !excepted(agent));
    match (holders.selector, holders.list) {
        (Some(_), _) => change.count == 0 || chooses_none(),
        (None, Some(_)) => {
            change.count == 0 || holders.items.len() + change.added.len() == change.removed.len()
        }
        // Agents name the queue, and it may have none.
        (None, None) => false,
    }
}

/// Writes the items of a list that go and come.
fn write_list<'t>(
    pen: &mut Pen<'t>,
    change: &ListEdit,
    holders: &Holders<'t>,
    map: &'t Node,
    keys: &mut Vec<KeyChange>,
) {
    if change.removed.is_empty() && change.added.is_empty() {
        return;
    }
    let owner = holders.owner;
    let Some(entry) = holders.list else {
        return set_key(
            pen,
            owner,
            map,
            ASSIGN_MEMBERS.key,
            Some(format!("[{}]", change.added.join(", "))),
            keys,
        );
    };
    let is_emptied = change.added.is_empty() && change.removed.len() == entry.value.items().len();
    if is_emptied && owner.entry("memberSelector").is_some() {
        // The selector alone says who serves the queue.
        set_key(pen, owner, map, ASSIGN_MEMBERS.key, None, keys);
    } else {
        pen.splices.items(entry.colon, &entry.value, &change.removed, &change.added);
    }
}

/// Excepts agents from a selector, or no longer.
fn exceptions<'t>(
    run: &Run<'_>,
    pen: &mut Pen<'t>,
    map: &'t Node,
    entry: &'t Entry,
    change: &ListEdit,
    keys: &mut Vec<KeyChange>,
) -> Option<()> {
    let added: Vec<String> = change.except.iter().map(|id| quoted(id.as_str())).collect();
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
                .filter(|(_, item)| number(pen, item).is_some_and(|id| change.unexcept.contains(&id)))
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

/// Returns true if the selector's fields choose an agent after the edits, whatever it excepts.
fn matches(run: &Run<'_>, queue: &DesiredQueue, agent: &OperatorId) -> bool {
    let Some(wanted) = &queue.selector else { return false };
    let agents = &run.manifests.desired.agents;
    let before = || agents.get(agent).filter(|agent| agent.is_present()).map(|agent| &agent.record);
    let record: Option<&Record> = run.agents.get(agent).or_else(before);
    record.is_some_and(|record| wanted.iter().all(|want| record.get(want.field) == Some(want.value)))
}

/// Returns all agents after the edits.
fn candidates<'r>(run: &'r Run<'_>) -> impl Iterator<Item = &'r OperatorId> {
    let new = run.agents.keys().filter(|id| !run.manifests.desired.agents.contains_key(*id));
    run.manifests.desired.agents.keys().chain(new)
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
