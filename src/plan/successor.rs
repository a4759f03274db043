//! Successors: agents with the number of another agent that the ledger knew.

use super::context::{Context, Draft};
use crate::model::agent::NAME;
use crate::model::desired::DesiredAgent;
use crate::model::field::Record;
use crate::model::finding::{Finding, SUCCEEDED};
use crate::model::id::ResourceId;
use crate::model::ledger::LedgerEntry;

/// Returns what was applied to the agent that has a number now, and reports another agent than the known one.
pub(super) fn applied<'a>(
    context: &Context<'a>,
    draft: &mut Draft,
    resource: &ResourceId,
    live: &Record,
    declared: Option<&DesiredAgent>,
) -> Option<&'a LedgerEntry> {
    let known = context.ledger.get(resource)?;
    let is_another = known.identity.is_another(live.identity());
    if is_another || known.succeeded {
        let name = live.text(&NAME).map(|n| format!(" ({n})")).unwrap_or_default();
        let message = format!(
            "{resource}{name} is another agent than the one that rosterctl knew by this number: it was created in the \
             console, is not owned, and its role and password are unknown"
        );
        let mut finding = Finding::new(&SUCCEEDED, message).about(resource);
        finding.source = declared.map(|agent| agent.source.clone());
        draft.find(finding);
    }
    (!is_another).then_some(known)
}
