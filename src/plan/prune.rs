//! Pruning: live agents that no manifest names and a policy deletes.

use crate::config::workspace::Prune;
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::ledger::Ledger;

/// Returns true if a policy deletes a live agent that no manifest names.
pub fn prunes(policy: Prune, ledger: &Ledger, id: &OperatorId, live: &Record) -> bool {
    // An agent that no manifest could name is not evidence of a deletion.
    OperatorId::objection(id.as_str()).is_none() && prunes_any(policy, ledger, &ResourceId::agent(id), live)
}

/// Returns true if a policy deletes an undeclared agent, even an undeclarable one.
pub(super) fn prunes_any(policy: Prune, ledger: &Ledger, resource: &ResourceId, live: &Record) -> bool {
    match policy {
        Prune::None => false,
        Prune::Owned => ledger.owns_agent(resource, live),
        Prune::All => true,
    }
}
