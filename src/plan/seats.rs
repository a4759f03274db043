//! Voice seats: compared, never written. Every difference is a finding, never a step.
//!
//! A seat belongs to the agent whose number is its `employeeNumber`, the only key that both systems share. So the
//! plan warns about a deleted agent whose seat had recent calls.

use super::context::{Context, Draft};
use super::last_changed;
use super::targets::Scope;
use crate::model::call::Reason;
use crate::model::desired::DesiredSeat;
use crate::model::difference::Difference;
use crate::model::equivalence::same;
use crate::model::field::Entry;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{Kind, ResourceId};
use crate::model::live::{LiveSeats, SeatPassword, Seats};
use crate::model::plan::Action;
use crate::model::rule::{
    RECENT_CALLS, SEAT_DIFFERS, SEAT_MISSING, SEAT_SECRET, SEATS_UNKNOWN, SEATS_UNREAD, UNMANAGED_SEAT,
};
use crate::model::seat::{LiveSeat, NAME};
use crate::model::value::Value;

/// Compares every seat in scope, after the agents are decided.
pub(super) fn decide(context: &Context<'_>, scope: &Scope, draft: &mut Draft) {
    let seats = match &context.live.seats {
        Seats::Unasked => return,
        Seats::Unread(why, reason) => {
            unknown(context, draft, FindingKind::SeatsUnread { why: why.clone() }, *reason);
            return;
        }
        Seats::Read(seats) => seats,
    };
    let doubt = seats.listing.incomplete.as_ref();
    if let Some(doubt) = doubt {
        let what = FindingKind::SeatsIncomplete { doubt: doubt.clone() };
        unknown(context, draft, what, Some(Reason::Incomplete));
    }
    for (account, seat) in &context.desired.seats {
        let id = ResourceId::seat(account);
        if !scope.holds(&id) {
            continue;
        }
        match seats.listing.items.get(account) {
            Some(live) => compare(context, draft, &id, seat, live, seats.passwords.get(account)),
            None if doubt.is_none() => {
                draft.find(Finding::new(&SEAT_MISSING, FindingKind::SeatMissing).about(&id).at(&seat.source));
            }
            None => {}
        }
    }
    if scope.is_whole() && !context.desired.seats.is_empty() {
        for (account, live) in &seats.listing.items {
            if !context.desired.seats.contains_key(account) {
                let id = ResourceId::seat(account);
                let name = live.record.text(&NAME).map(str::to_owned);
                draft.find(Finding::new(&UNMANAGED_SEAT, FindingKind::UnmanagedSeat { name }).about(&id));
            }
        }
    }
    recent_calls(draft, seats);
}

/// Adds the finding for seats that cannot be compared. They do not stop a plan, but a drift is not clean.
fn unknown(context: &Context<'_>, draft: &mut Draft, what: FindingKind, reason: Option<Reason>) {
    let rule = if context.options.watch { &SEATS_UNKNOWN } else { &SEATS_UNREAD };
    draft.find(Finding::new(rule, what).because(reason));
}

fn compare(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    seat: &DesiredSeat,
    live: &LiveSeat,
    password: Option<&SeatPassword>,
) {
    for entry in seat.record.iter() {
        let finding = if let Value::Password(_) = entry.value {
            password.and_then(|password| password_finding(context, password))
        } else {
            field_finding(entry, live)
        };
        if let Some(mut finding) = finding {
            finding.source = entry.source.cloned();
            if finding.code == SEAT_DIFFERS.code {
                finding.last_changed =
                    live.changed.as_ref().and_then(|changed| last_changed::told(context, changed, None));
            }
            draft.find(finding.about(id));
        }
    }
}

fn field_finding(entry: Entry<'_>, live: &LiveSeat) -> Option<Finding> {
    let now = live.record.get(entry.field);
    if live.record.is_unread(entry.field) || same(entry.value, now) {
        return None;
    }
    let (before, after) = (now.cloned(), Some(entry.value.clone()));
    Some(Finding::new(
        &SEAT_DIFFERS,
        FindingKind::SeatDiffers {
            difference: Difference { kind: Kind::Seat, field: entry.field, before, after },
        },
    ))
}

fn password_finding(context: &Context<'_>, password: &SeatPassword) -> Option<Finding> {
    match password {
        SeatPassword::Same => None,
        SeatPassword::Other => Some(Finding::new(&SEAT_DIFFERS, FindingKind::SeatPasswordDiffers)),
        SeatPassword::Untold => Some(Finding::new(&SEAT_DIFFERS, FindingKind::SeatPasswordUntold)),
        // A plan does not depend on it; a drift reports differences, and this one is unknown.
        SeatPassword::Unknown(why) => Some(Finding::new(
            if context.options.watch { &SEAT_SECRET } else { &SEATS_UNREAD },
            FindingKind::SeatPasswordUnknown { why: why.clone() },
        )),
    }
}

/// Warns about deleted agents with recent calls.
fn recent_calls(draft: &mut Draft, seats: &LiveSeats) {
    let leaving: Vec<ResourceId> = draft
        .changes
        .iter()
        .filter(|change| matches!(change.action, Action::Delete | Action::Replace))
        .map(|change| change.id.clone())
        .filter(|id| id.kind == Kind::Agent)
        .collect();
    for id in leaving {
        for (account, seat) in seats.seats_of(&id.name).filter(|(_, seat)| seat.figures.calls > 0) {
            let figures = &seat.figures;
            let finding = Finding::new(
                &RECENT_CALLS,
                FindingKind::RecentCalls {
                    seat: ResourceId::seat(account),
                    calls: figures.calls,
                    connected: figures.connected,
                    days: seats.days,
                },
            );
            draft.find(finding.about(&id));
        }
    }
}
