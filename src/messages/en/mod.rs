//! English messages.

mod chain;
mod edits;
mod findings;
mod notes;
mod problems;
mod reasons;

pub use self::chain::chain_remark;
pub use self::edits::{edit_objection, left_edit, manifest_edit};
pub use self::findings::{fact, finding};
pub use self::notes::{
    allowed, deferred, disorder, doubt, failed_call, gap, journal_remark, moved, note, notes, objection,
    refused, unread,
};
pub use self::problems::{fault, id_objection, key_objection, label, problem, value_objection};
pub use self::reasons::{change_reason, field_reason};

use std::fmt::Display;

use crate::model::value::Value;

/// Writes a list: `a, b, c`.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Writes the number of omitted items: ` and 3 more`, or nothing.
fn and_more(more: usize) -> String {
    if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// Writes a value, or `unset`.
fn unset_or(value: Option<&Value>) -> String {
    value.map_or_else(|| "unset".to_owned(), Value::words)
}
