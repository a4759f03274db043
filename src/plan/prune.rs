//! Pruning: live agents and queues that no manifest names and a policy deletes.

use super::context::Context;
use crate::config::workspace::Prune;
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::ledger::{Ledger, LedgerEntry};

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

/// Returns true if a policy deletes a live queue that no manifest names. `applied` is the ledger's entry of its number.
///
/// Manifests without a queue manage none. The connector must have the operation.
pub(super) fn prunes_queue(context: &Context<'_>, applied: Option<&LedgerEntry>) -> bool {
    let declared = context.desired.declared_queues().next().is_some();
    let deletes = context.supports.queues.verbs.delete.is_some() && declared;
    deletes
        && match context.workspace.policy.prune {
            Prune::None => false,
            Prune::Owned => applied.is_some_and(|entry| !entry.let_go && !entry.pending),
            Prune::All => true,
        }
}
