//! Writes live state as manifests that a person would have written.
//!
//! One file a main skill group. A profile holds the fields that its agents share. A pool holds contiguous agents that
//! are alike. A selector stands for a queue that a whole skill group serves.
//!
//! Nothing is lost: a manifest holds every field that a vendor returned, or a remark if it cannot express the value.
//! The next plan is empty.
//!
//! ```text
//! said ─▶ profiles ─▶ pools ─▶ layout      (agents, group by group)
//!              queues ────────▶ layout
//! ```

mod agents;
mod document;
mod expressible;
mod file_names;
mod lost;
mod options;
mod pools;
mod profiles;
mod queues;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::expressible::Expressed;
use self::file_names::Names;
pub use self::lost::{LostPart, lost, lost_remarks};
pub use self::options::{Options, Origin};
use crate::model::agent::{MAIN_SKILL_GROUP, ROLE};
use crate::model::field::Field;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::language::Localized;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::manifest_edit::NewEntry;
use crate::model::value::Value;

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its file's name, safe in any folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Returns the reason why no manifest can name a role; `None` if one can.
pub fn role_objection(name: &str) -> Option<Localized> {
    expressible::objection(&Value::Text(name.into()), &ROLE)
}

/// Returns the keys and values of a resource's entry, in YAML.
pub(super) fn entry(id: &ResourceId, new: &NewEntry) -> Vec<String> {
    match id.kind {
        Kind::Agent => agents::entry("operatorId", id, &new.record),
        Kind::Queue => queues::entry(new),
        Kind::Seat => agents::entry("account", id, &new.record),
    }
}

/// Returns the name of the file of a skill group.
pub(super) fn file_name(group: Option<&str>) -> String {
    Names::default().file(group.unwrap_or("no-skill-group"))
}

/// Returns the reason why no manifest can set a field to a value; `None` if one can.
pub fn value_objection(value: &Value, field: &Field) -> Option<Localized> {
    expressible::objection(value, field)
}

/// Returns true if an import of this workspace wrote the text.
pub fn is_generated(text: &str, workspace: &str) -> bool {
    document::is_generated(text, workspace)
}

/// Writes live state as manifests, in the order of their names.
pub fn emit(live: &Live, ledger: &Ledger, origin: Origin<'_>, options: &Options) -> Vec<Manifest> {
    let shared = expressible::shared_numbers(live);
    let agents: BTreeMap<&OperatorId, Expressed> = live
        .agents
        .iter()
        .flat_map(|listing| &listing.items)
        .map(|(id, record)| (id, expressible::agent(origin.agents, id, record, ledger, options, &shared)))
        .collect();
    let mut names = Names::default();
    let mut manifests = Vec::new();
    let mut groups: BTreeMap<Option<Arc<str>>, Vec<(&OperatorId, &Expressed)>> = BTreeMap::new();
    for (id, told) in &agents {
        let group = told.record.text(&MAIN_SKILL_GROUP).map(Arc::from);
        groups.entry(group).or_default().push((*id, told));
    }
    let catalogue: Vec<&str> = groups.keys().flatten().map(|group| &**group).collect();
    if !catalogue.is_empty() {
        let text = document::catalogue(&catalogue, origin);
        manifests.push(Manifest { name: "catalogue.yaml".to_owned(), text });
    }
    for (group, members) in &groups {
        let text = agents::file(group.as_deref(), members, &mut names, origin, options);
        let name = names.file(group.as_deref().unwrap_or("no-skill-group"));
        manifests.push(Manifest { name, text });
    }
    if let Some(listing) = live.queues.as_ref().filter(|listing| !listing.items.is_empty()) {
        let text = queues::file(listing, live.agents.as_ref(), &agents, origin);
        manifests.push(Manifest { name: "queues.yaml".to_owned(), text });
    }
    manifests.sort_by(|a, b| a.name.cmp(&b.name));
    manifests
}
