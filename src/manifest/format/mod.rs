//! The canonical layout of a manifest, comments kept and meaning unchanged.
//!
//! Two spaces a level, keys in the order of the reference, one space behind `:`, `{ a: b }` and `[a, b]` on one
//! line where they fit and below each other where they do not, double quotes, at most one blank line between
//! entries, no blanks at the end of a line, one line break at the end of the file.
//!
//! ```text
//! text ─events─▶ tree ─comments─▶ tree ─print─▶ text ─┐
//!   └────────────lines (only blanks and breaks)──────┴─▶ the first that means the same
//! ```
//!
//! What the tree cannot hold (anchors, tags, quoted or folded texts over several lines, comments between braces) is
//! left as it is laid out: then only blanks at line ends and line breaks are mended. Whatever is written has been read
//! again, and means what the original meant.

mod comments;
mod order;
mod print;
mod syntax_tree;
#[cfg(test)]
mod tests;
mod whitespace;

use crate::yaml;
use crate::yaml::{Node, NodeValue};

/// A manifest in its layout.
pub struct Laid {
    /// The file's text.
    pub text: String,
    /// Whether the layout is the canonical one, or the file holds what is left as it is laid out.
    pub canonical: bool,
}

/// Lays a manifest out; `text` is a file that [`yaml::read`] has nothing to complain of.
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

/// The remarks of a file, in its order; none when it cannot be parsed.
pub fn remarks(text: &str) -> Vec<String> {
    let all = comments::parse(&whitespace::breaks(text)).unwrap_or_default();
    all.into_iter().map(|comment| comment.text).collect()
}

/// Whether two files mean the same and have the same comments.
fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let (nodes, wrong) = yaml::read(&"".into(), text.as_bytes());
        wrong.is_empty().then_some(nodes)
    };
    let remarks = |text: &str| {
        let mut all: Vec<String> =
            comments::parse(&whitespace::breaks(text))?.into_iter().map(|c| c.text).collect();
        all.sort();
        Some(all)
    };
    match (read(one), read(other)) {
        (Some(one_nodes), Some(other_nodes)) => {
            one_nodes.len() == other_nodes.len()
                && one_nodes.iter().zip(&other_nodes).all(|(a, b)| equal(a, b))
                && remarks(one).is_some_and(|one| Some(one) == remarks(other))
        }
        _ => false,
    }
}

/// Whether two trees are equal but for the order of keys and where things stand.
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
