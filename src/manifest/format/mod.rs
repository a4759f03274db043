//! The canonical layout of a manifest: comments are kept and the meaning is unchanged.
//!
//! - Two spaces a level, keys in the order of the reference, one space behind `:`, double quotes.
//! - `{ a: b }` and `[a, b]` on one line where they fit, and one entry a line where they do not.
//! - At most one blank line between entries, no blanks at the end of a line, one line break at the end of the file.
//!
//! ```text
//! text ─events─▶ tree ─comments─▶ tree ─print─▶ text ─┐
//!   └────────────lines (only blanks and breaks)──────┴─▶ the first that means the same
//! ```
//!
//! The tree cannot hold anchors, tags, quoted or folded texts over several lines, or comments between braces. In a file
//! with one of them only blanks at line ends and line breaks change. Every output is read again, and has the meaning of
//! the original.

mod comments;
mod order;
mod print;
mod syntax_tree;
#[cfg(test)]
mod tests;
mod whitespace;

pub(super) use self::order::{Entry, rank};

use crate::yaml;
use crate::yaml::{Node, NodeValue};

/// A formatted manifest.
pub struct Laid {
    /// The file's text.
    pub text: String,
    /// True if the layout is canonical. False if the file holds a construct outside the tree.
    pub canonical: bool,
}

/// Formats a manifest; `text` is a file that [`yaml::read`] accepts.
pub fn format(text: &str) -> Laid {
    let original = text;
    let text = &whitespace::breaks(text);
    let laid_out = syntax_tree::read(text).map(|documents| print::print(&documents));
    for (candidate, canonical) in [(laid_out, true), (whitespace::tidied(text), false)] {
        if let Some(text) = candidate.filter(|candidate| same(original, candidate)) {
            return Laid { text, canonical };
        }
    }
    Laid { text: original.to_owned(), canonical: false }
}

/// Returns the comments of a file, in order; none if the file cannot be parsed.
pub fn remarks(text: &str) -> Vec<String> {
    let all = comments::parse(&whitespace::breaks(text)).unwrap_or_default();
    all.into_iter().map(|comment| comment.text).collect()
}

/// Returns true if two files have the same meaning and the same comments.
fn same(one: &str, other: &str) -> bool {
    let remarks = |text: &str| {
        let mut all: Vec<String> =
            comments::parse(&whitespace::breaks(text))?.into_iter().map(|c| c.text).collect();
        all.sort();
        Some(all)
    };
    means_the_same(one, other) && remarks(one).is_some_and(|one| Some(one) == remarks(other))
}

/// Returns true if two files have the same meaning, whatever their comments are.
pub(super) fn means_the_same(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let (nodes, wrong) = yaml::read(&"".into(), text.as_bytes());
        wrong.is_empty().then_some(nodes)
    };
    let Some((one, other)) = read(one).zip(read(other)) else { return false };
    one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| equal(a, b))
}

/// Returns true if two trees are equal but for the order of keys and the places.
fn equal(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (NodeValue::Scalar(one), NodeValue::Scalar(other)) => {
            one.text == other.text && one.kind() == other.kind()
        }
        (NodeValue::List(one), NodeValue::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| equal(a, b))
        }
        (NodeValue::Map(one), NodeValue::Map(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    other.iter().find(|(k, _)| k.name == key.name).is_some_and(|(_, v)| equal(value, v))
                })
        }
        (NodeValue::Scalar(_) | NodeValue::List(_) | NodeValue::Map(_), _) => false,
    }
}
