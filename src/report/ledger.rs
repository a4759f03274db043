//! The ledger as people and programs read it: `rosterctl ledger show`. It holds no fingerprint.

use serde_json::json;

use crate::model::id::{ResourceId, safe};
use crate::model::ledger::{Ledger, LedgerEntry};
use crate::model::text::sanitize;

/// The value of `format` of the document.
const FORMAT: &str = "rosterctl.ledger/v1";

/// Writes what the ledger knows of all resources, a line each; or of one, a line a field.
pub fn text(ledger: &Ledger, id: Option<&ResourceId>, place: &str) -> String {
    if let Some(id) = id {
        let key = id.to_string();
        return ledger.resources.get(&key).map(|entry| one(&key, entry)).unwrap_or_default();
    }
    let workspace = ledger.workspace.as_deref().map(|name| format!(" of workspace {}", safe(name)));
    let mut out = format!("Ledger {place}{}, write {}\n", workspace.unwrap_or_default(), ledger.serial);
    let clean = ledger.last_clean_run.as_deref().unwrap_or("none");
    out.push_str(&format!("Last clean run: {}\n", safe(clean)));
    for (provider, tenant) in &ledger.tenants {
        let settings: Vec<String> =
            tenant.iter().map(|(key, value)| format!("{} {}", safe(key), safe(value))).collect();
        out.push_str(&format!("Tenant of {}: {}\n", safe(provider), settings.join(", ")));
    }
    if ledger.resources.is_empty() {
        out.push_str("It knows no resource.\n");
    } else {
        out.push('\n');
    }
    for (key, entry) in &ledger.resources {
        out.push_str(&format!("{}  {}\n", sanitize(key), brief(entry)));
    }
    for (key, until) in &ledger.awaited {
        out.push_str(&format!("{}  asked for without an answer (until {until} ms)\n", sanitize(key)));
    }
    out
}

/// What is known of a resource, on one line.
fn brief(entry: &LedgerEntry) -> String {
    let mut parts = standing(entry);
    let fields: Vec<&str> = entry.fields.keys().map(String::as_str).collect();
    if !fields.is_empty() {
        parts.push(fields.join(", "));
    }
    if entry.password.is_some() {
        parts.push("password".to_owned());
    }
    if parts.is_empty() { "adopted".to_owned() } else { parts.join("; ") }
}

/// Who is meant, and what is special about it.
fn standing(entry: &LedgerEntry) -> Vec<String> {
    let number = |part: Option<std::num::NonZero<i64>>, word: &str| part.map(|part| format!("{word} {part}"));
    let mut parts = Vec::new();
    parts.extend(entry.exten.as_deref().map(|exten| format!("exten {}", safe(exten))));
    parts.extend(number(entry.identity.id, "id"));
    parts.extend(number(entry.identity.ctime, "ctime"));
    for (holds, word) in [
        (entry.pending, "no listing has shown it yet"),
        (entry.let_go, "let go"),
        (entry.succeeded, "another agent than before"),
        (entry.protect, "protected"),
    ] {
        parts.extend(holds.then(|| word.to_owned()));
    }
    parts
}

/// What is known of one resource.
fn one(key: &str, entry: &LedgerEntry) -> String {
    let mut out = format!("{}\n", sanitize(key));
    for line in standing(entry) {
        out.push_str(&format!("  {line}\n"));
    }
    for (field, value) in &entry.fields {
        let mark = if entry.released.contains(field) { " (in no manifest)" } else { "" };
        out.push_str(&format!("  {}: {}{mark}\n", safe(field), sanitize(&value.to_string())));
    }
    if let Some(password) = &entry.password {
        let from = password.store.as_deref().zip(password.key.as_deref());
        let from = from.map(|(store, key)| format!(" from {} {}", safe(store), safe(key)));
        let version = password.version.map(|version| format!(", version {version}"));
        out.push_str(&format!(
            "  password: set{}{}\n",
            from.unwrap_or_default(),
            version.unwrap_or_default()
        ));
    }
    if !entry.unconfirmed.is_empty() {
        let fields: Vec<&str> = entry.unconfirmed.iter().map(String::as_str).collect();
        out.push_str(&format!("  not confirmed: {}\n", fields.join(", ")));
    }
    out
}

/// Writes the ledger as JSON, whole or one resource of it.
pub fn json(ledger: &Ledger, id: Option<&ResourceId>) -> String {
    let key = id.map(ToString::to_string);
    let resources = ledger.resources.iter().filter(|(of, _)| key.as_ref().is_none_or(|key| key == *of));
    let resources: serde_json::Map<String, serde_json::Value> =
        resources.map(|(key, entry)| (key.clone(), entry.without_fingerprint())).collect();
    let document = json!({
        "format": FORMAT,
        "workspace": ledger.workspace,
        "serial": ledger.serial,
        "lastCleanRun": ledger.last_clean_run,
        "tenants": ledger.tenants,
        "resources": resources,
    });
    format!("{document:#}\n")
}
