//! Sentences of edits that were not carried out.

use crate::model::manifest_edit::{EditObjection, EntryEdit, LeftEdit, ManifestEdit};
use crate::model::text::visible;

/// Writes the reason why an edit was left out.
pub fn edit_objection(why: &EditObjection) -> String {
    use EditObjection as E;
    match why {
        E::Untold => "no system tells it".to_owned(),
        E::Undeclared => "it is neither declared nor live".to_owned(),
        E::Unspeakable { value, why } => format!("it is {value}, and {why}"),
        E::Unset => "it is unset, and no word of a manifest says so".to_owned(),
        E::NoAgent { agent } => format!("{agent} is no agent, so no manifest can name it"),
        E::Unlocated { place } => {
            format!("{place}: it is written in a way that no edit changes; change it by hand")
        }
        E::Dated { place } => format!("{place}: a date decides it; change that line by hand"),
        E::NotForATime => "it cannot hold for a time; run again without `--until`".to_owned(),
        E::NoWayBack => {
            "the vendor cannot set it back, so it cannot hold for a time; run again without `--until`"
                .to_owned()
        }
        E::Wrong { problem, place } => format!("{place}: {problem}"),
        E::NotReached => "another line of the manifests decides it; change that line by hand".to_owned(),
        E::Both => "the manifest changed too; name it to take the console's value".to_owned(),
        E::OwnChange => "the manifest changed it, not the console; revert the manifest instead".to_owned(),
        E::NoDifference => "it does not differ".to_owned(),
        E::ChangedSince => "it was changed again since".to_owned(),
        E::UnknownEffect => "the effect of the run on it is unknown".to_owned(),
        E::NoDeletion => "no call can delete what the run made".to_owned(),
    }
}

/// Writes an edit that was not carried out, with the reason.
pub fn left_edit(left: &LeftEdit) -> String {
    let why = edit_objection(&left.why);
    match &left.field {
        Some(field) => format!("{}.{field}: {why}", left.id),
        None => format!("{}: {why}", left.id),
    }
}

/// Writes an edit that was carried out.
pub fn manifest_edit(edit: &ManifestEdit) -> String {
    let id = &edit.id;
    match &edit.what {
        EntryEdit::Field(field, value) => format!("{id}.{}: {}", field.key, value.words()),
        EntryEdit::Member(agent, None) => format!("{id}: {agent} leaves"),
        EntryEdit::Member(agent, Some(priority)) => format!("{id}: {agent}, priority {priority}"),
        EntryEdit::Absent => format!("{id}: must not exist"),
        EntryEdit::Present => format!("{id}: must exist"),
        EntryEdit::Name(name) => format!("{id}: is named {}", visible(name)),
        EntryEdit::Declare(_) => format!("{id}: is declared"),
    }
}
