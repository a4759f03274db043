//! English.

mod findings;
mod problems;

pub use self::findings::finding;
pub use self::problems::{fault, id_objection, key_objection, label, problem, value_objection};

use std::fmt::Display;

/// Writes a list: `a, b, c`.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Counts what a list leaves out: ` and 3 more`, or nothing.
fn and_more(more: usize) -> String {
    if more > 0 { format!(" and {more} more") } else { String::new() }
}
