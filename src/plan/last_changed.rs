//! Notes the last change of live resources: its time, and the agent who made it.

use jiff::Timestamp;

use super::context::{Context, Draft};
use super::queues::name;
use crate::model::date::Zone;
use crate::model::id::{Kind, OperatorId};
use crate::model::last_change::{LastChanged, VendorChange};
use crate::model::ledger::LedgerEntry;
use crate::model::plan::{Action, Change, ChangeOrigin};

/// Within this many seconds of rosterctl's own write, a change is taken for that write.
const OWN: u64 = 120;

/// Notes the last change of each live resource whose live side moved.
pub(super) fn note(context: &Context<'_>, draft: &mut Draft) {
    for change in &mut draft.changes {
        let moved = matches!(change.moved, ChangeOrigin::Live | ChangeOrigin::Both);
        if moved && change.action != Action::Create {
            change.last_changed = for_change(context, change);
        }
    }
}

fn for_change(context: &Context<'_>, change: &Change) -> Option<Box<LastChanged>> {
    match change.id.kind {
        Kind::Agent => {
            let live = context.live.agents.as_ref()?.items.get(&change.id.name)?;
            let changed = VendorChange { at: live.changed()?, by: None };
            told(context, &changed, context.ledger.agent(&change.id, live))
        }
        Kind::Queue => {
            let exten = change.exten.as_deref()?;
            let live = context.live.queues.as_ref()?.items.get(&OperatorId::from(exten))?;
            // The ledger may know the queue by a former name.
            let known = context.ledger.queues().map(|(_, entry)| entry);
            let known = known.filter(|entry| entry.exten.as_deref() == Some(exten));
            told(context, live.changed.as_ref()?, known.max_by_key(|entry| entry.written))
        }
        Kind::Seat => None,
    }
}

/// Returns a vendor's last change for a report; `None` if it is rosterctl's own, or no time.
pub(super) fn told(
    context: &Context<'_>,
    changed: &VendorChange,
    known: Option<&LedgerEntry>,
) -> Option<Box<LastChanged>> {
    if known.and_then(|entry| entry.written).is_some_and(|written| written.abs_diff(changed.at) <= OWN) {
        return None;
    }
    let at = Timestamp::from_second(changed.at).ok()?;
    let utc = Zone::utc();
    let at = context.workspace.time_zone.as_ref().unwrap_or(&utc).rfc3339(at);
    let name = changed.by.as_ref().and_then(|by| name(context, &OperatorId::new(by.clone())));
    Some(Box::new(LastChanged { at, by: changed.by.as_ref().map(ToString::to_string), name }))
}
