//! Entries of resources that no manifest names, where an import would put them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{EditedFile, Run};
use super::splice::Splices;
use super::tree;
use crate::manifest::format;
use crate::manifest::import;
use crate::model::agent::MAIN_SKILL_GROUP;
use crate::model::field::Record;
use crate::model::id::Kind;
use crate::model::manifest_edit::{EditObjection, EntryEdit, ManifestEdit};
use crate::model::source::Source;

/// The first lines of a new file.
const HEAD: &str = "apiVersion: rosterctl/v1\nkind: Roster\n";

/// Adds the entries of new resources to the texts.
pub(super) fn add(run: &mut Run<'_>, edits: &[ManifestEdit], texts: &mut BTreeMap<Arc<str>, EditedFile>) {
    for ManifestEdit { id, what } in edits {
        let EntryEdit::Declare(new) = what else { continue };
        if run.until.is_some() {
            run.leave(id, None, EditObjection::NotForATime);
            continue;
        }
        let (key, name) = match id.kind {
            Kind::Agent => ("agents", agents_file(run, &new.record)),
            Kind::Queue => ("queues", kind_file(run, Kind::Queue)),
            Kind::Seat => ("seats", kind_file(run, Kind::Seat)),
        };
        let entry = format!("{{ {} }}", import::entry(id, new).join(", "));
        let file = texts.entry(Arc::clone(&name)).or_insert_with(|| {
            let found = run.manifests.files.iter().find(|file| file.name == name);
            let before = found.and_then(|file| String::from_utf8(file.bytes.clone()).ok());
            EditedFile { name: Arc::clone(&name), after: before.clone().unwrap_or_default(), before }
        });
        match appended(&file.after, key, &entry) {
            Some(after) => file.after = after,
            None => run.leave(id, None, EditObjection::Unlocated { place: name.to_string() }),
        }
    }
}

/// Returns the file of an agent. It is the one that an import would write, if that is there. Else it is the one that holds
/// most agents of the skill group, or else a new one.
fn agents_file(run: &Run<'_>, record: &Record) -> Arc<str> {
    let group = record.text(&MAIN_SKILL_GROUP);
    let agents = run.manifests.desired.agents.values();
    let alike = agents.filter(|agent| group.is_some() && agent.record.text(&MAIN_SKILL_GROUP) == group);
    place(run, &import::file_name(group), alike.map(|agent| &agent.source))
}

/// Returns the file of queues or seats, by the same rule.
fn kind_file(run: &Run<'_>, kind: Kind) -> Arc<str> {
    let desired = run.manifests.desired;
    match kind {
        Kind::Seat => place(run, "seats.yaml", desired.seats.values().map(|seat| &seat.source)),
        Kind::Agent | Kind::Queue => {
            place(run, "queues.yaml", desired.queues.values().map(|queue| &queue.source))
        }
    }
}

fn place<'a>(run: &Run<'_>, name: &str, alike: impl Iterator<Item = &'a Source>) -> Arc<str> {
    let files = run.manifests.files;
    let own: Option<Arc<str>> = run
        .manifests
        .folder
        .map(|folder| if folder.is_empty() { name.into() } else { format!("{folder}/{name}").into() });
    if let Some(own) = own.iter().find(|own| files.iter().any(|file| file.name == **own)) {
        return Arc::clone(own);
    }
    let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for source in alike {
        *counts.entry(Arc::from(&*source.file)).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name);
    // A workspace that names files alone has no place for a new one.
    most.or(own).or_else(|| files.first().map(|file| Arc::clone(&file.name))).unwrap_or_else(|| name.into())
}

/// Adds an entry to a list of the first document that has one, else of the last document; `None` if the text has no
/// place for it.
fn appended(text: &str, key: &str, entry: &str) -> Option<String> {
    if text.is_empty() {
        return Some(format::format(&format!("{HEAD}{key}:\n  - {entry}\n")).text);
    }
    let (mark, text) = match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    };
    let canonical = format::format(text).text == text;
    let tree = tree::read(text)?;
    let mut splices = Splices::new(&tree);
    let list = tree.roots.iter().find_map(|root| root.entry(key));
    match list {
        Some(list) if !list.value.is_alias() => {
            splices.items(list.colon, &list.value, &BTreeSet::new(), &[entry.to_owned()]);
        }
        _ => {
            let root = tree.roots.last()?;
            let change = (key.to_owned(), Some(format!("[{entry}]")));
            splices.keys(root, &[change], &|key| format::rank(format::Entry::Document, key));
        }
    }
    let after = splices.text()?;
    let after = if canonical { format::format(&after).text } else { after };
    Some(format!("{mark}{after}"))
}
