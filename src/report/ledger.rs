//! Output of `rosterctl ledger show`: the ledger without fingerprints, as text and JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::model::id::{ResourceId, safe};
use crate::model::ledger::{Ledger, LedgerEntry, ReplacementBackup};
use crate::model::text::sanitize;

/// The value of `format` of the document.
const FORMAT: &str = "rosterctl.ledger/v1";

/// Renders all resources, one per line, or one resource, one field per line.
pub fn text(ledger: &Ledger, id: Option<&ResourceId>, place: &str) -> String {
    if let Some(id) = id {
        let key = id.key();
        return one(ledger, &key);
    }
    let workspace = ledger.workspace.as_deref().map(|name| format!(" of workspace {}", safe(name)));
    let mut out = format!("Ledger {place}{}, write {}\n", workspace.unwrap_or_default(), ledger.serial);
    let clean = ledger.last_clean_run.as_deref().unwrap_or("none");
    out.push_str(&format!("Last clean run: {}\n", safe(clean)));
    if let Some(instant) = &ledger.last_instant {
        out.push_str(&format!("Dates applied up to: {}\n", safe(instant)));
    }
    if let Some(newest) = &ledger.history {
        out.push_str(&format!("Newest record of the history: {}\n", newest.run));
    }
    if let Some(place) = &ledger.copied_to {
        out.push_str(&format!("Copied to: {}\n", safe(place)));
    }
    for (provider, tenant) in &ledger.tenants {
        let settings: Vec<String> =
            tenant.iter().map(|(key, value)| format!("{} {}", safe(key), safe(value))).collect();
        out.push_str(&format!("Tenant of {}: {}\n", safe(provider), settings.join(", ")));
    }
    let keys = keys(ledger);
    out.push_str(if keys.is_empty() { "It knows no resource.\n" } else { "\n" });
    for key in keys {
        let brief = ledger.resources.get(key).map(brief);
        let parts: Vec<String> = brief.into_iter().chain(unfinished(ledger, key)).collect();
        out.push_str(&format!("{}  {}\n", sanitize(key), parts.join("; ")));
    }
    out
}

/// Returns the resources that a ledger knows.
pub fn keys(ledger: &Ledger) -> BTreeSet<&str> {
    let Ledger { resources, kept, awaited, waiting, .. } = ledger;
    let keys = resources.keys().chain(kept.keys()).chain(awaited.keys()).chain(waiting.keys());
    keys.map(String::as_str).collect()
}

/// Describes the work that earlier runs left unfinished on a resource.
fn unfinished(ledger: &Ledger, key: &str) -> Vec<String> {
    let kept = ledger.kept.get(key).map(|kept| format!("kept for its replacement: {}", kept_parts(kept)));
    let awaited = ledger.awaited.get(key);
    let awaited = awaited.map(|until| format!("asked for without an answer (until {until} ms)"));
    let waiting = ledger.waiting.get(key).map(|agents| {
        let agents: Vec<String> =
            agents.iter().map(|(agent, state)| format!("{} ({})", safe(agent), safe(state))).collect();
        format!("waiting for {}", agents.join(", "))
    });
    kept.into_iter().chain(awaited).chain(waiting).collect()
}

/// Returns the parts of a backup: its fields, and its priorities in queues.
fn kept_parts(kept: &ReplacementBackup) -> String {
    let fields = kept.fields.iter().map(|(field, value)| format!("{} {value}", safe(field)));
    let queues = kept.queues.iter().map(|(exten, priority)| format!("queue {} {priority}", safe(exten)));
    sanitize(&fields.chain(queues).collect::<Vec<_>>().join(", ")).into_owned()
}

/// Summarizes a resource on one line.
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

/// Returns the identity of a resource and its special states.
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

/// Renders the ledger's knowledge of one resource.
fn one(ledger: &Ledger, key: &str) -> String {
    let mut out = format!("{}\n", sanitize(key));
    if let Some(entry) = ledger.resources.get(key) {
        out.push_str(&lines(entry));
    }
    for line in unfinished(ledger, key) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

/// Renders an entry, one field per line.
fn lines(entry: &LedgerEntry) -> String {
    let mut out = String::new();
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

/// Renders the whole ledger, or one resource of it, as JSON.
pub fn json(ledger: &Ledger, id: Option<&ResourceId>) -> String {
    let key = id.map(ResourceId::key);
    let resources = chosen(&ledger.resources, key.as_deref(), LedgerEntry::without_fingerprint);
    let document = json!({
        "format": FORMAT,
        "workspace": ledger.workspace,
        "serial": ledger.serial,
        "lastCleanRun": ledger.last_clean_run,
        "tenants": ledger.tenants,
        "history": ledger.history,
        "copiedTo": ledger.copied_to,
        "resources": resources,
        "kept": chosen(&ledger.kept, key.as_deref(), |kept| json!(kept)),
        "awaited": chosen(&ledger.awaited, key.as_deref(), |until| json!(until)),
        "waiting": chosen(&ledger.waiting, key.as_deref(), |agents| json!(agents)),
    });
    format!("{document:#}\n")
}

/// Returns the entries of all resources, or of one, as JSON.
fn chosen<T>(
    all: &BTreeMap<String, T>,
    key: Option<&str>,
    to_json: impl Fn(&T) -> Json,
) -> serde_json::Map<String, Json> {
    let chosen = all.iter().filter(|(name, _)| key.is_none_or(|key| key == *name));
    chosen.map(|(name, value)| (name.clone(), to_json(value))).collect()
}
