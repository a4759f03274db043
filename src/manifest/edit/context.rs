//! The manifests under edit, and what the edits of all entries share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::splice::{KeyChange, Splices};
use super::tree::{Entry, Item, Node, Tree};
use crate::config::workspace::Workspace;
use crate::manifest::Dates;
use crate::model::date::Date;
use crate::model::desired::{Desired, Memberships};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::manifest_edit::{EditObjection, LeftEdit};
use crate::model::source::File;

/// The edits under way.
pub(super) struct Run<'a> {
    pub manifests: Manifests<'a>,
    /// The date up to which values hold.
    pub until: Option<Date>,
    pub edited: Edited,
}

impl Run<'_> {
    /// Records that an edit was not carried out.
    pub(super) fn leave(&mut self, id: &ResourceId, field: Option<&'static str>, why: EditObjection) {
        self.edited.left.push(LeftEdit { id: id.clone(), field: field.map(Into::into), why });
    }
}

/// A file before and after.
#[derive(Clone, Debug)]
pub struct EditedFile {
    /// Its name, relative to the folder of the workspace.
    pub name: Arc<str>,
    /// Its text before; `None` for a new file.
    pub before: Option<String>,
    /// Its text after.
    pub after: String,
}

/// The result of edits.
#[derive(Debug, Default)]
pub struct Edited {
    /// The files that change, by name.
    pub files: Vec<EditedFile>,
    /// What was not carried out.
    pub left: Vec<LeftEdit>,
}

/// The manifests that are edited.
#[derive(Clone, Copy)]
pub struct Manifests<'a> {
    /// The files, in their order.
    pub files: &'a [File],
    /// The workspace.
    pub workspace: &'a Workspace,
    /// What they want at the instant.
    pub desired: &'a Desired,
    /// Their dates; `None` without any.
    pub dates: Option<&'a Dates>,
    /// The instant of the run.
    pub at: Timestamp,
    /// The shown name of the folder of new files; `None` if the workspace names files alone.
    pub folder: Option<&'a str>,
}

impl<'a> Manifests<'a> {
    /// Returns the queues that an agent names at the instant.
    pub(super) fn memberships(self, id: &OperatorId) -> Option<&'a Memberships> {
        match self.dates.and_then(|dates| dates.entries().get(id)) {
            Some(entry) => entry.memberships(self.at),
            None => self.desired.memberships.get(id).map(|named| &**named),
        }
    }
}

/// Returns the key by which an agent names a queue, if it does.
pub(super) fn named_by(manifests: Manifests<'_>, id: &ResourceId, agent: &OperatorId) -> Option<Arc<str>> {
    let queue = manifests.desired.queues.get(id)?;
    manifests.desired.agents.get(agent).filter(|agent| agent.is_present())?;
    let named = manifests.memberships(agent)?;
    let is_its = |key: &&Arc<str>| **key == queue.name || ***key == *id.name.as_str();
    named.queues.keys().find(is_its).map(Arc::clone)
}

/// The edits of a text under way.
pub(super) struct Pen<'t> {
    pub splices: Splices<'t>,
    pub tree: &'t Tree<'t>,
    /// Aliases whose values have to be edited.
    pub aliases: Vec<&'t Node>,
}

impl<'t> Pen<'t> {
    /// Returns the value of an entry for an edit in it; `None` if it is an alias, which is written out first.
    pub(super) fn open(&mut self, entry: &'t Entry) -> Option<&'t Node> {
        if entry.value.is_alias() {
            self.aliases.push(&entry.value);
            return None;
        }
        Some(&entry.value)
    }
}

/// Returns the items of a list whose places are keys of a map, with the value there.
pub(super) fn found<'t, 'w, T>(
    list: &'t Node,
    work: &'w BTreeMap<(u32, u32), T>,
) -> impl Iterator<Item = (usize, &'t Item, &'w T)> {
    let items = list.items().iter().enumerate();
    items.filter_map(|(at, item)| Some((at, item, work.get(&item.value.place)?)))
}

/// Adds an entry to `during` of a map. Returns false if an alias has to be written out first.
pub(super) fn during<'t>(
    pen: &mut Pen<'t>,
    splices: &mut Splices<'t>,
    map: &'t Node,
    entry: String,
    keys: &mut Vec<KeyChange>,
) -> bool {
    match map.entry("during") {
        None => keys.push(("during".to_owned(), Some(format!("[{entry}]")))),
        Some(list) => {
            if pen.open(list).is_none() {
                return false;
            }
            splices.items(list.colon, &list.value, &BTreeSet::new(), &[entry]);
        }
    }
    true
}
