//! Successors: agents with the number of another agent in the ledger.

use super::context::{Context, Draft};
use crate::model::agent::NAME;
use crate::model::desired::DesiredAgent;
use crate::model::field::Record;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::ResourceId;
use crate::model::ledger::LedgerEntry;
use crate::model::rule::SUCCEEDED;

/// Returns the ledger entry of a number's current agent, and reports a successor.
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
        let what = FindingKind::Succeeded { name: live.text(&NAME).map(str::to_owned) };
        let mut finding = Finding::new(&SUCCEEDED, what).about(resource);
        finding.source = declared.map(|agent| agent.source.clone());
        draft.find(finding);
    }
    (!is_another).then_some(known)
}
