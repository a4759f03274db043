//! The outlook of a roster with dates: what was wanted before, what comes, and what breaks a rule then.

use std::sync::Arc;

use super::desired::Earlier;
use super::id::{OperatorId, ResourceId};
use super::message::messages;
use super::source::Source;

messages! {
    /// A state of the roster that dates bring about and that a rule forbids.
    read Ahead {
        /// A queue would have fewer than its `minMembers`.
        TooFew { queue: String, left: usize, minimum: usize },
        /// A queue would have no members, or its selector would choose none.
        NoMembers { queue: String, selector: bool },
        /// Two agents would have one SIP number.
        SipTwice { first: OperatorId, second: OperatorId, number: String },
        /// An agent would have one priority by a queue's list, and another one by its own `queues`.
        TwoPriorities { agent: OperatorId, queue: String, listed: i64, own: i64 },
    }
}

/// A break of a rule that lies ahead.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The moment, for people.
    pub at: String,
    /// The place of the date that causes it.
    pub cause: Source,
    /// The place of the rule.
    pub source: Source,
    /// The resource.
    pub id: ResourceId,
    /// The break.
    pub what: Ahead,
}

/// What a plan has to know of a roster's dates.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The instant of the run, in RFC 3339 with the zone's offset.
    pub at: String,
    /// The first later moment at which a value in scope is wanted otherwise.
    pub good_until: Option<String>,
    /// What was wanted since the ledger's last run; `None` without such a run.
    pub earlier: Option<Arc<Earlier>>,
    /// The breaks of a rule within the horizon.
    pub ahead: Vec<Breach>,
    /// The number of dates that are over or have begun for good.
    pub over: usize,
}
