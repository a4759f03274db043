//! Edits of the entries of agents. An agent of a pool is split off.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::{Pen, Run, during, found};
use super::splice::{KeyChange, Splices};
use super::tree::{Body, Entry, Item, Node};
use crate::manifest::format;
use crate::model::field::Field;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::manifest_edit::{EditObjection, EntryEdit};
use crate::model::value::Value;
use crate::yaml::quoting::{quoted, scalar};
use crate::yaml::types::spelled;

/// The edits of an entry, by agent.
#[derive(Default)]
pub(super) struct Edits(BTreeMap<OperatorId, AgentEdit>);

/// The edits of one agent.
#[derive(Clone, Default, PartialEq)]
struct AgentEdit {
    fields: Vec<(&'static Field, Value)>,
    /// The priorities in queues that it names; `None`: it leaves.
    queues: BTreeMap<Arc<str>, Option<i64>>,
    absent: bool,
    present: bool,
}

impl Edits {
    /// Adds an edit of an agent.
    pub(super) fn add(&mut self, id: &OperatorId, what: &EntryEdit) {
        let edit = self.0.entry(id.clone()).or_default();
        match what {
            EntryEdit::Field(field, value) => edit.fields.push((field, value.clone())),
            EntryEdit::Absent => edit.absent = true,
            EntryEdit::Present => edit.present = true,
            EntryEdit::Member(..) | EntryEdit::Name(_) | EntryEdit::Declare(..) => {}
        }
    }

    /// Adds an edit of a queue that an agent names.
    pub(super) fn queue(&mut self, id: &OperatorId, key: &Arc<str>, priority: Option<i64>) {
        self.0.entry(id.clone()).or_default().queues.insert(Arc::clone(key), priority);
    }

    /// Returns the agents.
    pub(super) fn ids(&self) -> impl Iterator<Item = ResourceId> {
        self.0.keys().map(ResourceId::agent)
    }
}

/// Edits the entries of a list of agents.
pub(super) fn edit<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    list: &'t Entry,
    work: &BTreeMap<(u32, u32), Edits>,
) {
    for (_, item, edits) in found(&list.value, work) {
        if let Some(ids) = item.value.entry("operatorIds") {
            split(run, pen, item, ids, edits);
        } else if let Some((id, edit)) = edits.0.first_key_value() {
            let mut splices = std::mem::replace(&mut pen.splices, Splices::new(pen.tree));
            one(run, pen, &mut splices, &item.value, id, edit);
            pen.splices = splices;
        }
    }
}

/// Edits the entry of one agent.
fn one<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    splices: &mut Splices<'t>,
    map: &'t Node,
    id: &OperatorId,
    edit: &AgentEdit,
) {
    let mut keys: Vec<KeyChange> = Vec::new();
    let mut later: Vec<(&'static str, String)> = Vec::new();
    let own = |key: &str| map.entry(key).is_some();
    if edit.absent {
        keys.push(("state".to_owned(), Some("absent".to_owned())));
        let gone = ["from", "until", "during", "queues"].into_iter().filter(|key| own(key));
        keys.extend(gone.map(|key| (key.to_owned(), None)));
    }
    if edit.present && own("state") {
        keys.push(("state".to_owned(), None));
    }
    for (field, value) in edit.fields.iter().filter(|_| !edit.absent) {
        let source = run.manifests.desired.agents.get(id).and_then(|agent| agent.record.entry(field)?.source);
        let dated = source.and_then(|source| during_value(map, field.key, (source.line, source.column)));
        match (run.until, dated) {
            (None, Some(entry)) => {
                if pen.open(entry).is_some() {
                    splices.value(entry, &spelled(value));
                } else {
                    return;
                }
            }
            (Some(_), Some(_)) => {
                let place = source.map(ToString::to_string).unwrap_or_default();
                run.leave(&ResourceId::agent(id), Some(field.key), EditObjection::Dated { place });
            }
            (None, None) => keys.push((field.key.to_owned(), Some(spelled(value)))),
            (Some(_), None) => later.push((field.key, spelled(value))),
        }
    }
    if !edit.queues.is_empty() && !edit.absent {
        match (queues(run, pen, splices, map, id, &edit.queues), run.until) {
            (QueuesEdit::Alias, _) => return,
            (QueuesEdit::InPlace, _) => {}
            (QueuesEdit::New(text), None) => keys.push(("queues".to_owned(), Some(text))),
            (QueuesEdit::New(text), Some(_)) => later.push(("queues", text)),
        }
    }
    if let Some(until) = run.until.filter(|_| !later.is_empty()) {
        let pairs: Vec<String> = later.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let entry = format!("{{ until: {until}, {} }}", pairs.join(", "));
        if !during(pen, splices, map, entry, &mut keys) {
            return;
        }
    }
    if !keys.is_empty() {
        splices.keys(map, &keys, &|key| format::rank(format::Entry::Agent, key));
    }
}

/// The result of an edit of the queues that an agent names.
enum QueuesEdit {
    /// An alias has to be written out first.
    Alias,
    /// The agent's own map was edited.
    InPlace,
    /// The agent needs a map of its own, or one for a time.
    New(String),
}

/// Edits the queues that an agent names.
fn queues<'t>(
    run: &Run<'_>,
    pen: &mut Pen<'t>,
    splices: &mut Splices<'t>,
    map: &'t Node,
    id: &OperatorId,
    edits: &BTreeMap<Arc<str>, Option<i64>>,
) -> QueuesEdit {
    let named = run.manifests.memberships(id);
    let at = named.map(|named| (named.source.line, named.source.column));
    let during = map.entry("during").into_iter().flat_map(|during| during.value.items());
    let own = std::iter::once(map).chain(during.map(|item| &item.value));
    let mut own = own.filter_map(|owner| owner.entry("queues"));
    let held = own.find(|entry| pen.tree.meant(&entry.value).map(|node| node.place) == at);
    if let Some(entry) = held.filter(|_| run.until.is_none()) {
        let Some(value) = pen.open(entry) else { return QueuesEdit::Alias };
        let changes: Vec<KeyChange> = edits
            .iter()
            .map(|(key, priority)| (key.to_string(), priority.map(|priority| priority.to_string())))
            .collect();
        splices.names(value, &changes);
        return QueuesEdit::InPlace;
    }
    let mut all: BTreeMap<&str, i64> = BTreeMap::new();
    let before = named.into_iter().flat_map(|named| &named.queues);
    all.extend(before.map(|(key, (priority, _))| (&**key, *priority)));
    for (key, priority) in edits {
        match priority {
            Some(priority) => all.insert(key, *priority),
            None => all.remove(&**key),
        };
    }
    let pairs: Vec<String> =
        all.iter().map(|(key, priority)| format!("{}: {priority}", scalar(key))).collect();
    QueuesEdit::New(if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) })
}

/// Returns the entry of a key in a map's own `during` whose value stands at a place.
pub(super) fn during_value<'t>(map: &'t Node, key: &str, place: (u32, u32)) -> Option<&'t Entry> {
    let entries = map.entry("during")?.value.items().iter().filter_map(|item| item.value.entry(key));
    entries.into_iter().find(|entry| entry.value.place == place)
}

/// Splits agents off a pool: the entry is repeated for each part of its range.
fn split<'t>(run: &mut Run<'_>, pen: &mut Pen<'t>, item: &'t Item, ids: &'t Entry, edits: &Edits) {
    let tree = pen.tree;
    let Some((first, last, width)) = tree.scalar(&ids.value).and_then(range) else { return };
    let number = |at: u64| OperatorId::from(format!("{at:0width$}").as_str());
    // Neighbours with the same edit stay together.
    let mut parts: Vec<(u64, u64, Option<&AgentEdit>)> = Vec::new();
    let mut at = first;
    for (id, edit) in &edits.0 {
        let Ok(own) = id.as_str().parse::<u64>() else { continue };
        if own > at {
            parts.push((at, own - 1, None));
        }
        match parts.last_mut() {
            Some((_, end, Some(other))) if *end + 1 == own && *other == edit => *end = own,
            _ => parts.push((own, own, Some(edit))),
        }
        at = own + 1;
    }
    if at <= last {
        parts.push((at, last, None));
    }
    // The comment behind the last key of a block stays behind it, in each part.
    let is_block = matches!(item.value.body, Body::Map { flow: false, .. });
    let end = if is_block { tree.line_end(item.value.range.end) } else { item.value.range.end };
    let whole = item.value.range.start..end;
    let mut texts = Vec::new();
    for (from, to, edit) in parts {
        let mut splices = Splices::new(tree);
        if from == to {
            splices.replace(ids.key.clone(), "operatorId");
            splices.value(ids, &quoted(number(from).as_str()));
        } else {
            splices.value(ids, &format!("{}..{}", number(from), number(to)));
        }
        if let Some(edit) = edit {
            one(run, pen, &mut splices, &item.value, &number(from), edit);
        }
        let Some(text) = splices.part(whole.clone()) else {
            let place = format!("{}:{}", item.value.place.0, item.value.place.1);
            run.leave(&ResourceId::agent(&number(from)), None, EditObjection::Unlocated { place });
            return;
        };
        texts.push(text);
    }
    let flow = item.start == item.value.range.start;
    let between =
        if flow { ", ".to_owned() } else { format!("{}{}- ", tree.line_break(), tree.indent(item.start)) };
    pen.splices.replace(whole, texts.join(&between));
}

/// Returns the ends of a pool and the width of its numbers.
pub(super) fn range(text: &str) -> Option<(u64, u64, usize)> {
    let (first, last) = text.split_once("..")?;
    let (first, last) = (first.trim(), last.trim());
    Some((first.parse().ok()?, last.parse().ok()?, first.len()))
}
