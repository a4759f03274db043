//! The secrets that the workspace itself uses, which no manifest may name.
//!
//! A manifest may come from a stranger. One that gives an agent the token of a connection for a password would send
//! that token to a vendor, and `generate` would write over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::diagnostic::Diagnostic;
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::model::workspace::{Store, Workspace};

type Stores = BTreeMap<Arc<str>, Store>;

/// What opens the connections, the stores and the ledger.
pub(super) struct OwnSecrets {
    /// The place of each, and the setting that names it.
    places: BTreeMap<String, String>,
}

impl OwnSecrets {
    pub(super) fn of(workspace: &Workspace) -> Self {
        let connections =
            workspace.connections.iter().map(|c| (format!("connections.{}", c.name), &c.settings));
        let stores = workspace.stores.values().map(|s| (format!("secrets.{}", s.name), &s.settings));
        let ledger = std::iter::once(("ledger".to_owned(), &workspace.ledger));
        let named = connections.chain(stores).chain(ledger).flat_map(|(of, settings)| {
            let one = move |(way, secret): (String, &SecretRef)| {
                (place(&workspace.stores, &secret.store, &secret.key), format!("{of}.{way}"))
            };
            settings.secrets().into_iter().map(one).collect::<Vec<_>>()
        });
        Self { places: named.collect() }
    }

    /// Says why a manifest may not name a secret; `None` when it may.
    pub(super) fn objection(&self, secret: &SecretRef, stores: &Stores, at: &Source) -> Option<Diagnostic> {
        if self.places.is_empty() {
            return None;
        }
        let user = self.places.get(&place(stores, &secret.store, &secret.key))?;
        let message = format!(
            "`{}:{}` is a secret of the workspace itself (`{user}` in rosterctl.yaml), and no manifest may name it",
            secret.store, secret.key
        );
        Some(Diagnostic::at(at, message).help("give the agent a key of its own, like agents/8001"))
    }
}

/// Where a secret really lies, as far as the settings and the real paths of stores tell.
fn place(stores: &Stores, store: &Arc<str>, key: &str) -> String {
    let Some(declared) = stores.get(store) else { return format!("{store} {key}") };
    let text = |setting: &str| declared.settings.text(setting).unwrap_or_default();
    let path = declared.place.as_deref().unwrap_or(text("path"));
    let joined = |parts: &[&str]| {
        let parts = parts.iter().flat_map(|part| part.split('/'));
        parts.filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
    };
    match declared.kind {
        "env" => format!("env {}{key}", text("prefix")),
        "dir" => format!("dir {}", joined(&[path, key])),
        // One file under two names. `/` in a key walks nested maps.
        "sops" | "age" => format!("{} {} {key}", declared.kind, joined(&[path])),
        // One command under two names: a program is known by the last part of its path.
        "exec" => {
            let command = declared.settings.texts("get").join("\0").replace("{key}", key);
            let (program, rest) = command.split_once('\0').unwrap_or((&command, ""));
            format!("exec {}\0{rest}", program.rsplit('/').next().unwrap_or(program))
        }
        "vault" => {
            let (name, field) = key.split_once('#').unwrap_or((key, "value"));
            let path = joined(&[text("mount"), text("path"), name]);
            let address = text("address").trim_end_matches('/').to_ascii_lowercase();
            format!("vault {} {path}#{field}", address.strip_suffix(":443").unwrap_or(&address))
        }
        _ => format!("{store} {key}"),
    }
}
