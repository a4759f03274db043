//! Result of a write in live state: shown, not shown, or unknown.
//!
//! A field that the response lacks is unknown: it proves neither that the write happened nor that it did not.

use super::write_op;
use crate::model::equivalence::same;
use crate::model::field::{Entry, Field, Record};
use crate::model::id::OperatorId;
use crate::model::live::LiveQueue;
use crate::model::support::Support;
use crate::model::value::{Members, Value};

/// Returns whether an agent shows a value that was sent; `None` where the response lacks the field.
pub(super) fn value(agents: &Support, field: &Field, sent: &Value, now: &Record) -> Option<bool> {
    agents.is_comparable(field, Some(sent), now).then(|| same(sent, now.get(field)))
}

/// Returns true if an agent shows all values that were sent and that some operation returns.
///
/// `None`: no value differs, and the response lacks one.
pub(super) fn values<'a>(
    agents: &Support,
    sent: impl Iterator<Item = Entry<'a>>,
    now: &Record,
) -> Option<bool> {
    let mut shown = Some(true);
    for entry in sent.filter(|entry| agents.is_read(entry.field)) {
        match value(agents, entry.field, entry.value, now) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => shown = None,
        }
    }
    shown
}

/// Returns true if a queue shows the members that were sent. The vendor may drop undeclared ones.
///
/// `None`: the response lacks the members.
pub(super) fn members(strangers: &[OperatorId], sent: &Members, now: &LiveQueue) -> Option<bool> {
    let now = now.members()?;
    let mut due = sent.clone();
    for id in write_op::dropped_by_vendor(strangers, sent, now) {
        due.remove(&id);
    }
    Some(due == *now)
}
