//! Keys of secrets: the rules of each type of store.

use super::workspace::Store;
use crate::model::objection::KeyObjection;
use crate::model::text::is_hidden;

/// Suffix of the name under which a store keeps the previous password, beside its key.
pub const FORMER: &str = ".previous";

/// Returns the store's objection to a key; `None` if the key is valid.
pub fn key_objection(store: &Store, key: &str) -> Option<KeyObjection> {
    if key.chars().any(char::is_control) {
        return Some(KeyObjection::Control);
    }
    if key.chars().any(is_hidden) {
        return Some(KeyObjection::Hidden);
    }
    if key.len() > 512 {
        return Some(KeyObjection::TooLong);
    }
    if store.kind == "env" {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let sound = !key.is_empty() && key.bytes().all(allowed);
        return (!sound).then_some(KeyObjection::Variable);
    }
    if key.is_empty() {
        return Some(KeyObjection::Empty);
    }
    // In vault the path is the part before the field.
    let (path, field) = match key.split_once('#') {
        Some((path, field)) if store.kind == "vault" => (path, Some(field)),
        _ => (key, None),
    };
    if path.is_empty() {
        return Some(KeyObjection::NoPath);
    }
    if field == Some("") {
        return Some(KeyObjection::NoField);
    }
    let climbs = |path: &str| {
        path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| matches!(part, "." | ".."))
    };
    if climbs(path) || climbs(key) {
        return Some(KeyObjection::Climbs);
    }
    if path.split('/').any(str::is_empty) {
        return Some(KeyObjection::EmptyName);
    }
    if matches!(store.kind, "dir" | "exec" | "vault") && key.ends_with(FORMER) {
        return Some(KeyObjection::Former);
    }
    if store.kind != "exec" {
        return None;
    }
    // A command could take the key for an option.
    if key.starts_with('-') {
        return Some(KeyObjection::Option);
    }
    let allowed =
        |c: char| (c.is_alphanumeric() && !is_hidden(c)) || matches!(c, '.' | '_' | '@' | '/' | '-');
    (!key.chars().all(allowed)).then_some(KeyObjection::Sign)
}
