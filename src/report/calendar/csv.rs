//! A calendar as comma-separated values: one row per change.

use super::rows::queue_row;
use crate::model::calendar::{Action, Calendar, Change, Entry, FieldChange, Loan, rfc3339};
use crate::model::id::Kind;
use crate::model::language::Language;
use crate::model::support::Supports;
use crate::model::value::Value;
use crate::report::csv::line;

/// The columns, named as in the JSON form. `fields` tells each field that changes. The head-counts are those of a
/// queue. `calls` and `estimatedSeconds` are those of the whole moment.
const COLUMNS: &[&str] = &[
    "at",
    "id",
    "action",
    "loan",
    "title",
    "fields",
    "before",
    "after",
    "minMembers",
    "calls",
    "estimatedSeconds",
    "source",
];

/// Renders the column names and the rows.
pub(super) fn render(calendar: &Calendar, supports: Supports) -> String {
    let mut text = line(COLUMNS.iter().map(|name| (*name).to_owned()));
    for entry in &calendar.entries {
        for change in &entry.changes {
            text.push_str(&line(cells(entry, change, supports)));
        }
    }
    text
}

fn cells(entry: &Entry, change: &Change, supports: Supports) -> Vec<String> {
    let count = entry.head_count(&change.id);
    let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    let fields = match change.id.kind {
        Kind::Agent => {
            change.fields.iter().map(|field| words(change.action, field)).collect::<Vec<_>>().join("; ")
        }
        Kind::Queue | Kind::Seat => {
            queue_row(entry, change, supports, Language::En).map(|row| row.line.words()).unwrap_or_default()
        }
    };
    vec![
        rfc3339(&entry.at),
        change.id.to_string(),
        change.action.word().to_owned(),
        change.loan.map(Loan::word).unwrap_or_default().to_owned(),
        change.title.clone().unwrap_or_default(),
        fields,
        number(count.map(|count| count.before)),
        number(count.map(|count| count.after)),
        number(count.and_then(|count| count.min_members)),
        entry.calls.to_string(),
        entry.estimated_seconds.to_string(),
        change.source.as_ref().map(|source| format!("{}:{}", source.file, source.line)).unwrap_or_default(),
    ]
}

/// Returns a field that changes, like `mainSkillGroup 售前 -> 售后`; of an agent that joins or is deleted, its value.
fn words(action: Action, field: &FieldChange) -> String {
    let key = field.path.key();
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "unset".to_owned(), Value::words);
    match (action, &field.before, &field.after) {
        (Action::Join, None, Some(value)) | (Action::Delete, Some(value), None) => {
            format!("{key} {}", value.words())
        }
        (Action::Join, None, None) => key.to_owned(),
        (_, before, after) => format!("{key} {} -> {}", side(before), side(after)),
    }
}
