//! Successors: agents with the number of another agent that the ledger knew.

use super::context::{Context, Draft};
use crate::model::agent::NAME;
use crate::model::desired::DesiredAgent;
use crate::model::field::Record;
use crate::model::finding::{Finding, SUCCEEDED};
use crate::model::id::ResourceId;

/// Says that another agent has the number of one that the ledger knew.
pub(super) fn find(
    context: &Context<'_>,
    draft: &mut Draft,
    resource: &ResourceId,
    live: &Record,
    declared: Option<&DesiredAgent>,
) {
    let Some(known) = context.ledger.get(resource) else { return };
    let is_another = known.identity.is_another(live.identity());
    if !is_another && !known.succeeded {
        return;
    }
    let name = live.text(&NAME).map(|n| format!(" ({n})")).unwrap_or_default();
    let message = format!(
        "{resource}{name} is another agent than the one that rosterctl knew by this number: it was created in the \
         console, is not owned, and its role and password are unknown"
    );
    let mut finding = Finding::new(&SUCCEEDED, message).about(resource);
    finding.source = declared.map(|agent| agent.source.clone());
    draft.find(finding);
}
