//! Edits of manifests: single entries change, and every other byte stays.
//!
//! ```text
//! edits ─entry by entry─▶ splices of a file's text ─fmt, if it was canonical─▶ text ─load─▶ proof
//! ```

mod agents;
mod context;
pub mod name_comments;
mod newcomers;
mod queues;
pub mod settle;
mod splice;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::context::{Edited, EditedFile, Manifests};
use self::context::{Pen, Run, found, named_by};
use self::splice::Splices;
use self::tree::{Entry, Tree};
use super::{format, import};
use crate::manifest;
use crate::model::date::Date;
use crate::model::desired::{Desired, DesiredAgent};
use crate::model::diagnostic::Diagnostics;
use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::manifest_edit::{EditObjection, EntryEdit, LeftEdit, ManifestEdit};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::source::{File, Source};
use crate::yaml::types::spelled;

/// Carries edits out. With `until`, values hold up to that date and then return to the base.
///
/// # Errors
/// The manifests would be wrong after the edits.
pub fn edit(
    manifests: Manifests<'_>,
    edits: &[ManifestEdit],
    until: Option<Date>,
) -> Result<Edited, Diagnostics> {
    let mut run = Run {
        manifests,
        until,
        edited: Edited::default(),
        agents: records(manifests.desired, edits),
        owners: BTreeMap::new(),
        moved: false,
    };
    let works = run.sort(edits);
    let mut texts: BTreeMap<Arc<str>, EditedFile> = BTreeMap::new();
    for (name, work) in &works {
        run.file(name, work, &mut texts);
    }
    newcomers::add(&mut run, edits, &mut texts);
    let Run { mut edited, .. } = run;
    edited.files = texts.into_values().filter(|file| file.before.as_ref() != Some(&file.after)).collect();
    if !edited.files.is_empty() {
        prove(manifests, edits, until, &mut edited)?;
    }
    Ok(edited)
}

/// Loads the manifests after the edits, and reports each edit that they do not show.
fn prove(
    manifests: Manifests<'_>,
    edits: &[ManifestEdit],
    until: Option<Date>,
    edited: &mut Edited,
) -> Result<(), Diagnostics> {
    let mut files: Vec<File> = Vec::new();
    let after = |name: &str| edited.files.iter().find(|file| *file.name == *name);
    for file in manifests.files {
        let bytes = after(&file.name).map_or_else(|| file.bytes.clone(), |after| after.after.clone().into());
        files.push(File { name: Arc::clone(&file.name), bytes });
    }
    for file in edited.files.iter().filter(|file| file.before.is_none()) {
        files.push(File { name: Arc::clone(&file.name), bytes: file.after.clone().into() });
    }
    let desired = manifest::load_at(&files, manifests.workspace, manifests.at)?.desired;
    for edit in edits {
        let known = edited.left.iter().any(|left| left.is_about(edit));
        if known || shows(&desired, &edit.id, &edit.what, until.is_some()) {
            continue;
        }
        let field = edit.field().map(Into::into);
        edited.left.push(LeftEdit { id: edit.id.clone(), field, why: EditObjection::NotReached });
    }
    Ok(())
}

/// Returns true if the manifests show an edit.
fn shows(desired: &Desired, id: &ResourceId, what: &EntryEdit, for_a_time: bool) -> bool {
    let record = || -> Option<&Record> {
        match id.kind {
            Kind::Agent => desired.agents.get(&id.name).map(|agent| &agent.record),
            Kind::Queue => desired.queues.get(id).map(|queue| &queue.record),
            Kind::Seat => desired.seats.get(&id.name).map(|seat| &seat.record),
        }
    };
    match what {
        EntryEdit::Field(field, value) => record().and_then(|record| record.get(field)) == Some(value),
        EntryEdit::Member(agent, priority) => {
            let members = record().and_then(|record| record.get(&ASSIGN_MEMBERS)?.members());
            members.is_none_or(|members| members.get(agent) == priority.as_ref())
        }
        EntryEdit::Absent => match id.kind {
            Kind::Agent => desired.agents.get(&id.name).is_none_or(DesiredAgent::is_absent),
            Kind::Queue => !desired.queues.contains_key(id),
            Kind::Seat => !desired.seats.contains_key(&id.name),
        },
        EntryEdit::Present => desired.agents.get(&id.name).is_some_and(|agent| !agent.is_absent()),
        EntryEdit::Name(name) => desired.queues.values().any(|queue| queue.name == *name),
        EntryEdit::Declare(..) => for_a_time || record().is_some(),
    }
}

/// Returns the fields of the agents that edits change, after them. A tombstone has none.
fn records(desired: &Desired, edits: &[ManifestEdit]) -> BTreeMap<OperatorId, Record> {
    let mut records: BTreeMap<OperatorId, Record> = BTreeMap::new();
    for ManifestEdit { id, what } in edits.iter().filter(|edit| edit.id.kind == Kind::Agent) {
        let before = || desired.agents.get(&id.name).map(|agent| agent.record.clone()).unwrap_or_default();
        let record = records.entry(id.name.clone()).or_insert_with(before);
        match what {
            EntryEdit::Field(field, value) => record.set(field, value.clone(), None),
            EntryEdit::Declare(new) => record.clone_from(&new.record),
            EntryEdit::Absent => *record = Record::default(),
            EntryEdit::Member(..) | EntryEdit::Present | EntryEdit::Name(_) => {}
        }
    }
    records
}

/// The edits of one file, by the place of an entry.
#[derive(Default)]
struct Work {
    agents: BTreeMap<(u32, u32), agents::Edits>,
    queues: BTreeMap<(u32, u32), queues::Edits>,
    seats: BTreeMap<(u32, u32), (ResourceId, Vec<EntryEdit>)>,
}

/// The edits of all files, by name.
type Works = BTreeMap<Arc<str>, Work>;

impl Run<'_> {
    /// Sorts the edits by file and entry.
    fn sort(&mut self, edits: &[ManifestEdit]) -> Works {
        let mut works = Works::new();
        let desired = self.manifests.desired;
        for ManifestEdit { id, what } in edits {
            if matches!(what, EntryEdit::Declare(..)) {
                continue;
            }
            if let EntryEdit::Absent | EntryEdit::Present | EntryEdit::Name(_) = what
                && self.until.is_some()
            {
                self.leave(id, None, EditObjection::NotForATime);
                continue;
            }
            if let EntryEdit::Field(field, value) = what
                && let Some(why) = import::value_objection(value, field)
            {
                let value = value.words();
                self.leave(id, Some(field.key), EditObjection::Unspeakable { value, why });
                continue;
            }
            if let EntryEdit::Member(agent, priority) = what
                && let Some(key) = named_by(self.manifests, id, agent)
            {
                let source = &desired.agents[agent].source;
                let work = works.entry(Arc::from(&*source.file)).or_default();
                let place = (source.line, source.column);
                work.agents.entry(place).or_default().queue(agent, &key, *priority);
            }
            let source = match id.kind {
                Kind::Agent => desired.agents.get(&id.name).map(|agent| &agent.source),
                Kind::Queue => desired.queues.get(id).map(|queue| &queue.source),
                Kind::Seat => desired.seats.get(&id.name).map(|seat| &seat.source),
            };
            let Some(source) = source else {
                self.leave(id, None, EditObjection::Undeclared);
                continue;
            };
            let work = works.entry(Arc::from(&*source.file)).or_default();
            let place = (source.line, source.column);
            match id.kind {
                Kind::Agent => {
                    work.agents.entry(place).or_default().add(&id.name, what);
                    if *what == EntryEdit::Absent {
                        self.gone(&id.name, &mut works);
                    }
                }
                Kind::Queue => work.queues.entry(place).or_default().add(id, what),
                Kind::Seat => {
                    let (_, all) = work.seats.entry(place).or_insert_with(|| (id.clone(), Vec::new()));
                    all.push(what.clone());
                }
            }
        }
        works
    }

    /// Takes an agent that becomes a tombstone out of all lists: no list may name it.
    fn gone(&self, agent: &OperatorId, works: &mut Works) {
        let desired = self.manifests.desired;
        for (id, queue) in &desired.queues {
            let work = works.entry(Arc::from(&*queue.source.file)).or_default();
            let edits = work.queues.entry((queue.source.line, queue.source.column)).or_default();
            edits.gone(id, agent);
        }
    }

    /// Edits one file.
    fn file(&mut self, name: &Arc<str>, work: &Work, texts: &mut BTreeMap<Arc<str>, EditedFile>) {
        let Some(file) = self.manifests.files.iter().find(|file| file.name == *name) else { return };
        let Ok(whole) = std::str::from_utf8(&file.bytes) else { return };
        let (mark, before) = match whole.strip_prefix('\u{feff}') {
            Some(rest) => ("\u{feff}", rest),
            None => ("", whole),
        };
        let canonical = format::format(before).text == before;
        let mut text = before.to_owned();
        self.owners.clear();
        self.moved = false;
        // A value that is reached through an alias is written out first.
        for _ in 0..MOST_ALIASES {
            let Some(tree) = tree::read(&text) else {
                let place = Source::new(name, 1, 1).to_string();
                self.leave_all(work, &EditObjection::Unlocated { place });
                return;
            };
            match self.pass(&tree, work) {
                Pass::Done(Some(after)) => {
                    text = after;
                    break;
                }
                Pass::Done(None) => {
                    let place = Source::new(name, 1, 1).to_string();
                    self.leave_all(work, &EditObjection::Unlocated { place });
                    return;
                }
                Pass::Alias(expanded) => {
                    text = expanded;
                    self.moved = true;
                }
            }
        }
        if canonical {
            text = format::format(&text).text;
        }
        let file = EditedFile {
            name: Arc::clone(name),
            before: Some(whole.to_owned()),
            after: format!("{mark}{text}"),
        };
        texts.insert(Arc::clone(name), file);
    }

    fn leave_all(&mut self, work: &Work, why: &EditObjection) {
        let agents = work.agents.values().flat_map(agents::Edits::ids);
        let queues = work.queues.values().filter_map(queues::Edits::id);
        let seats = work.seats.values().map(|(id, _)| id.clone());
        for id in agents.chain(queues).chain(seats).collect::<Vec<_>>() {
            self.leave(&id, None, why.clone());
        }
    }

    /// Edits a text once.
    fn pass(&mut self, tree: &Tree<'_>, work: &Work) -> Pass {
        let left = self.edited.left.len();
        let mut pen = Pen { splices: Splices::new(tree), tree, aliases: Vec::new() };
        for root in &tree.roots {
            if let Some(list) = root.entry("agents") {
                agents::edit(self, &mut pen, list, &work.agents);
            }
            if let Some(list) = root.entry("queues") {
                queues::edit(self, &mut pen, list, &work.queues);
            }
            if let Some(list) = root.entry("seats") {
                seats(self, &mut pen, list, &work.seats);
            }
        }
        let Pen { splices, mut aliases, .. } = pen;
        // Who shares a value by an alias keeps it as it was.
        aliases.extend(splices.shared());
        if aliases.is_empty() {
            return Pass::Done(splices.text());
        }
        self.edited.left.truncate(left);
        let mut splices = Splices::new(tree);
        for node in aliases {
            splices.replace(node.range.clone(), tree.flow(node, false));
        }
        splices.dedup();
        match splices.text() {
            Some(text) => Pass::Alias(text),
            None => Pass::Done(None),
        }
    }
}

/// Most aliases in one another.
const MOST_ALIASES: usize = 8;

/// The result of one pass over a text.
enum Pass {
    /// The text after the edits; `None` if two of them overlap.
    Done(Option<String>),
    /// The text with aliases written out: the pass has to be repeated.
    Alias(String),
}

/// Edits the entries of voice seats.
fn seats<'t>(
    run: &mut Run<'_>,
    pen: &mut Pen<'t>,
    list: &'t Entry,
    work: &BTreeMap<(u32, u32), (ResourceId, Vec<EntryEdit>)>,
) {
    let mut removed = BTreeSet::new();
    for (at, item, (id, edits)) in found(&list.value, work) {
        let mut keys = Vec::new();
        for edit in edits {
            match edit {
                EntryEdit::Absent => {
                    removed.insert(at);
                }
                EntryEdit::Field(field, _) if run.until.is_some() => {
                    run.leave(id, Some(field.key), EditObjection::NotForATime);
                }
                EntryEdit::Field(field, value) => {
                    keys.push((field.key.to_owned(), Some(spelled(value))));
                }
                EntryEdit::Member(..) | EntryEdit::Present | EntryEdit::Name(_) | EntryEdit::Declare(..) => {}
            }
        }
        if !removed.contains(&at) && !keys.is_empty() {
            pen.splices.keys(&item.value, &keys, &|key| format::rank(format::Entry::Seat, key));
        }
    }
    if !removed.is_empty() {
        pen.splices.items(list.colon, &list.value, &removed, &[]);
    }
}
