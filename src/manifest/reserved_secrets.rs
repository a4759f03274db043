//! The workspace's own secrets, which no manifest may name.
//!
//! A manifest may come from a stranger. It could name the token of a connection as an agent's password. A run would
//! then send that token to a vendor, and `generate` would write over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::workspace::{Store, Workspace, place};
use crate::model::diagnostic::Diagnostic;
use crate::model::problem::RosterProblem;
use crate::model::secret::SecretRef;
use crate::model::source::Source;

type Stores = BTreeMap<Arc<str>, Store>;

/// The secrets that open the connections, the stores and the ledger.
pub(super) struct ReservedSecrets {
    /// The storage location of each, and the setting that names it.
    places: BTreeMap<String, String>,
}

impl ReservedSecrets {
    pub(super) fn from_workspace(workspace: &Workspace) -> Self {
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

    /// Returns the error if a manifest names a reserved secret.
    pub(super) fn objection(&self, secret: &SecretRef, stores: &Stores, at: &Source) -> Option<Diagnostic> {
        if self.places.is_empty() {
            return None;
        }
        let user = self.places.get(&place(stores, &secret.store, &secret.key))?;
        let problem = RosterProblem::ReservedSecret { secret: secret.to_string(), user: user.clone() };
        Some(Diagnostic::at(at, problem))
    }
}
