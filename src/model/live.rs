//! The live state from the vendors' responses, and its gaps.
//!
//! Only the keys in a field's `read` column are kept, so live state can hold no secret: vendors return unrequested
//! passwords. Every value is normalized: a number given as text is a number, and an unset text of any form is
//! missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::call::Reason;
use super::field::Record;
use super::id::{Kind, OperatorId};
use super::last_change::VendorChange;
use super::queue::ASSIGN_MEMBERS;
use super::seat::{EMPLOYEE, LiveSeat};
use super::unread::ListingDoubt;
use super::value::Members;
use crate::model::language::Localized;

/// A listing, with any doubt that it is complete.
#[derive(Clone, Debug)]
pub struct Listing<K, V> {
    /// The resources.
    pub items: BTreeMap<K, V>,
    /// The reason why no resource outside it may be called missing; `None` if it is proved complete.
    pub incomplete: Option<ListingDoubt>,
    /// The resources of another company: they are neither compared, counted nor deleted.
    pub foreign: BTreeSet<K>,
    /// The resources outside the workspace's scope, or ignored, with few of their fields: like those of another company.
    pub outside: BTreeMap<K, V>,
    /// The number of rows on a vendor's page, from which the number of calls follows.
    pub page_size: usize,
}

impl<K, V> Default for Listing<K, V> {
    fn default() -> Self {
        Self {
            items: BTreeMap::new(),
            incomplete: None,
            foreign: BTreeSet::new(),
            outside: BTreeMap::new(),
            page_size: 100,
        }
    }
}

impl<K, V> Listing<K, V> {
    /// Returns the number of calls that another read needs.
    pub fn pages(&self) -> usize {
        let rows = self.items.len() + self.foreign.len() + self.outside.len();
        rows.div_ceil(self.page_size.max(1)).max(1)
    }
}

/// A live queue.
#[derive(Clone, Debug, Default)]
pub struct LiveQueue {
    /// The display name; two queues may have the same.
    pub name: Arc<str>,
    /// Its last change.
    pub changed: Option<VendorChange>,
    /// Its fields.
    pub record: Record,
}

impl LiveQueue {
    /// Returns the members, if they are known.
    pub fn members(&self) -> Option<&Members> {
        self.record.get(&ASSIGN_MEMBERS)?.members().map(|members| &**members)
    }
}

/// The voice seats, which are read and never written.
#[derive(Clone, Debug, Default)]
pub enum Seats {
    /// No connection reads seats.
    #[default]
    Unasked,
    /// The read failed, for these reasons.
    Unread(Localized, Option<Reason>),
    /// The seats.
    Read(LiveSeats),
}

impl Seats {
    /// Returns the seats, if they were read.
    pub fn read(&self) -> Option<&LiveSeats> {
        match self {
            Seats::Read(seats) => Some(seats),
            Seats::Unasked | Seats::Unread(..) => None,
        }
    }
}

/// Voice seats that were read.
#[derive(Clone, Debug, Default)]
pub struct LiveSeats {
    /// The seats, by account.
    pub listing: Listing<OperatorId, LiveSeat>,
    /// The result of each password comparison, of seats whose manifest names a password.
    pub passwords: BTreeMap<OperatorId, SeatPassword>,
    /// The span of the call figures in days, until now.
    pub days: u32,
}

impl LiveSeats {
    /// Returns the seats of an agent: their work number is its number, the only key that both systems share.
    pub fn seats_of<'a>(
        &'a self,
        agent: &'a OperatorId,
    ) -> impl Iterator<Item = (&'a OperatorId, &'a LiveSeat)> {
        let is_of = |seat: &LiveSeat| seat.record.text(&EMPLOYEE) == Some(agent.as_str());
        self.listing.items.iter().filter(move |(_, seat)| is_of(seat))
    }
}

/// The result of comparing a seat's password. Neither the password nor its digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatPassword {
    /// The password is the secret's.
    Same,
    /// The password is another one.
    Other,
    /// The vendor returns no password.
    Untold,
    /// The secret cannot be read, for this reason.
    Unknown(Localized),
}

/// The live state of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Agents by number; `None` if no connection holds agents.
    pub agents: Option<Listing<OperatorId, Record>>,
    /// Queues by the vendor's number; `None` if no connection holds queues.
    pub queues: Option<Listing<OperatorId, LiveQueue>>,
    /// Voice seats.
    pub seats: Seats,
}

impl Live {
    /// Returns true if a listing shows a resource of the vendor's key; `None` without a listing.
    pub fn lists(&self, kind: Kind, key: &OperatorId) -> Option<bool> {
        match kind {
            Kind::Agent => Some(self.agents.as_ref()?.items.contains_key(key)),
            Kind::Queue => Some(self.queues.as_ref()?.items.contains_key(key)),
            Kind::Seat => Some(self.seats.read()?.listing.items.contains_key(key)),
        }
    }

    /// Returns the incomplete listings of agents and queues, each with the reason.
    pub fn doubts(&self) -> Vec<(Kind, &ListingDoubt)> {
        let agents = self.agents.as_ref().and_then(|listing| listing.incomplete.as_ref());
        let queues = self.queues.as_ref().and_then(|listing| listing.incomplete.as_ref());
        [(Kind::Agent, agents), (Kind::Queue, queues)]
            .into_iter()
            .filter_map(|(k, doubt)| Some((k, doubt?)))
            .collect()
    }
}
