//! What the vendors answered, and what they cannot tell.
//!
//! Only what a field's `read` column names is kept, so live state can hold no secret: vendors return
//! passwords nobody asked for. Every value is normalised (a number given as text is a number; an
//! unset text, however it is spelled, is not there).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::call::Reason;
use super::field::Record;
use super::id::OperatorId;
use super::queue::ASSIGN_MEMBERS;
use super::seat::{EMPLOYEE, LiveSeat};
use super::value::{Members, Value};

/// A listing, and whether it is proved to be whole.
#[derive(Clone, Debug)]
pub struct Listing<K, V> {
    /// What was listed.
    pub items: BTreeMap<K, V>,
    /// Why nothing in it may be called missing; `None` when it is proved complete.
    pub incomplete: Option<String>,
    /// What was listed and belongs to another company: it is neither compared, counted nor deleted.
    pub foreign: BTreeSet<K>,
    /// Rows of a page at the vendor; how many calls a listing costs follows from it.
    pub page_size: usize,
}

impl<K, V> Default for Listing<K, V> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), incomplete: None, foreign: BTreeSet::new(), page_size: 100 }
    }
}

impl<K, V> Listing<K, V> {
    /// How many calls it costs to read it again.
    pub fn pages(&self) -> usize {
        (self.items.len() + self.foreign.len()).div_ceil(self.page_size.max(1)).max(1)
    }
}

/// A live queue.
#[derive(Clone, Debug, Default)]
pub struct LiveQueue {
    /// Its display name; two may have the same.
    pub name: Arc<str>,
    /// What is known of it.
    pub record: Record,
}

impl LiveQueue {
    /// Who serves it, where that is known.
    pub fn members(&self) -> Option<&Members> {
        match self.record.get(&ASSIGN_MEMBERS) {
            Some(Value::Members(members)) => Some(members),
            _ => None,
        }
    }
}

/// The voice seats, which are read and never written.
#[derive(Clone, Debug, Default)]
pub enum Seats {
    /// No connection reads them.
    #[default]
    Unasked,
    /// They could not be read, and why.
    Unread(String, Option<Reason>),
    /// They were read.
    Read(LiveSeats),
}

impl Seats {
    /// What was read, if it was.
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
    /// By account.
    pub listing: Listing<OperatorId, LiveSeat>,
    /// What comparing with its secret told of the password of each seat whose manifest names one.
    pub passwords: BTreeMap<OperatorId, SeatPassword>,
    /// Over how many days, until now, their calls were counted.
    pub days: u32,
}

impl LiveSeats {
    /// The seats of an agent: those with its number as their work number, the one word that both systems share.
    pub fn seats_of<'a>(
        &'a self,
        agent: &'a OperatorId,
    ) -> impl Iterator<Item = (&'a OperatorId, &'a LiveSeat)> {
        let is_of = |seat: &LiveSeat| seat.record.text(&EMPLOYEE) == Some(agent.as_str());
        self.listing.items.iter().filter(move |(_, seat)| is_of(seat))
    }
}

/// What comparing a seat's password told. The password itself, and its digest, are never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatPassword {
    /// It is the secret's.
    Same,
    /// It is another one.
    Other,
    /// The vendor tells none.
    Untold,
    /// The secret cannot be had, and why.
    Unknown(String),
}

/// What is live.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Agents by number; `None` when no connection holds agents.
    pub agents: Option<Listing<OperatorId, Record>>,
    /// Queues by the vendor's number; `None` when no connection holds queues.
    pub queues: Option<Listing<OperatorId, LiveQueue>>,
    /// Voice seats.
    pub seats: Seats,
}

impl Live {
    /// Returns the listings of agents and queues that are not proved complete, and why.
    pub fn doubts(&self) -> Vec<(&'static str, &str)> {
        let agents = self.agents.as_ref().and_then(|listing| listing.incomplete.as_deref());
        let queues = self.queues.as_ref().and_then(|listing| listing.incomplete.as_deref());
        [("agents", agents), ("queues", queues)]
            .into_iter()
            .filter_map(|(k, doubt)| Some((k, doubt?)))
            .collect()
    }
}
