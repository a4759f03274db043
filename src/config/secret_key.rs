//! Keys of secrets: what a store of each type takes for one.

use super::workspace::Store;
use crate::model::text::is_hidden;

/// The ending of the name under which a store keeps a former password, beside its key.
pub const FORMER: &str = ".previous";

/// Why a store cannot have such a key; `None` when it can.
pub fn key_objection(store: &Store, key: &str) -> Option<&'static str> {
    if key.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    if key.chars().any(is_hidden) {
        return Some("it holds a character that cannot be seen");
    }
    if key.len() > 512 {
        return Some("it is longer than 512 bytes");
    }
    if store.kind == "env" {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let sound = !key.is_empty() && key.bytes().all(allowed);
        return (!sound).then_some("a store of type env has keys of A to Z, digits and `_`");
    }
    if key.is_empty() {
        return Some("it is empty");
    }
    // In vault the path is what stands before the field.
    let (path, field) = match key.split_once('#') {
        Some((path, field)) if store.kind == "vault" => (path, Some(field)),
        _ => (key, None),
    };
    if path.is_empty() {
        return Some("no name stands before the `#`");
    }
    if field == Some("") {
        return Some("no field stands after the `#`");
    }
    let climbs = |path: &str| {
        path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| matches!(part, "." | ".."))
    };
    if climbs(path) || climbs(key) {
        return Some("it would climb out of the store");
    }
    if path.split('/').any(str::is_empty) {
        return Some("a name in it is empty");
    }
    if matches!(store.kind, "dir" | "exec" | "vault") && key.ends_with(FORMER) {
        return Some("such names are kept for former passwords, beside their keys");
    }
    if store.kind != "exec" {
        return None;
    }
    // A command could take it for an option.
    if key.starts_with('-') {
        return Some("it begins with `-`");
    }
    let allowed =
        |c: char| (c.is_alphanumeric() && !is_hidden(c)) || matches!(c, '.' | '_' | '@' | '/' | '-');
    (!key.chars().all(allowed)).then_some("a store of type exec has keys of letters, digits and `. _ @ / -`")
}
