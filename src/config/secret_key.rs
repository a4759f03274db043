//! Keys of secrets: what a store of each type takes for one.

use super::workspace::Store;
use crate::model::objection::KeyObjection;
use crate::model::text::is_hidden;

/// The ending of the name under which a store keeps a former password, beside its key.
pub const FORMER: &str = ".previous";

/// Why a store cannot have such a key; `None` when it can.
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
    // In vault the path is what stands before the field.
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
    // A command could take it for an option.
    if key.starts_with('-') {
        return Some(KeyObjection::Option);
    }
    let allowed =
        |c: char| (c.is_alphanumeric() && !is_hidden(c)) || matches!(c, '.' | '_' | '@' | '/' | '-');
    (!key.chars().all(allowed)).then_some(KeyObjection::Sign)
}
