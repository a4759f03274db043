//! Live state of some resources: the request for a read, and its result.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId};
use crate::model::live::{Listing, Live, LiveQueue};
use crate::model::unread::Unread;

/// The resources to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSet {
    /// Agents.
    pub agents: BTreeSet<OperatorId>,
    /// Queues.
    pub queues: BTreeSet<QueueKey>,
}

impl ReadSet {
    /// Returns true if there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.queues.is_empty()
    }
}

/// The key of a queue in a read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueKey {
    /// The queue of a number of the vendor.
    Exten(OperatorId),
    /// All queues of a name.
    Name(String),
    /// All queues.
    All,
}

impl QueueKey {
    /// Returns true if a queue has the key.
    pub fn matches(&self, exten: &OperatorId, queue: &LiveQueue) -> bool {
        match self {
            QueueKey::Exten(wanted) => wanted == exten,
            QueueKey::Name(name) => *queue.name == **name,
            QueueKey::All => true,
        }
    }
}

/// Live state of the resources that were read. `Err` is the reason of a failed read.
#[derive(Clone, Debug, Default)]
pub struct ReadBack {
    /// Agents; `None` when missing.
    pub agents: BTreeMap<OperatorId, Result<Option<Record>, Unread>>,
    /// Queues of a key, with their numbers.
    pub queues: BTreeMap<QueueKey, Result<Vec<(OperatorId, LiveQueue)>, Unread>>,
    /// The kinds whose system refused the sign-in.
    pub refused: BTreeSet<Kind>,
}

/// Returns an agent of a listing; `None` when missing.
///
/// # Errors
/// An incomplete listing lacks it.
pub fn listed_agent(
    id: &OperatorId,
    listing: &Listing<OperatorId, Record>,
) -> Result<Option<Record>, Unread> {
    match (listing.items.get(id), &listing.incomplete) {
        (Some(record), _) => Ok(Some(record.clone())),
        (None, None) => Ok(None),
        (None, Some(doubt)) => Err(Unread::Incomplete { doubt: doubt.clone() }),
    }
}

/// Returns the queues of a listing that match a key.
///
/// # Errors
/// The listing is incomplete, or lacks the members of one.
pub fn matching(
    key: &QueueKey,
    listing: &Listing<OperatorId, LiveQueue>,
) -> Result<Vec<(OperatorId, LiveQueue)>, Unread> {
    let found = listing.items.iter().filter(|(exten, queue)| key.matches(exten, queue));
    let found: Vec<_> = found.map(|(exten, queue)| (exten.clone(), queue.clone())).collect();
    match (key, &listing.incomplete) {
        (_, None) => Ok(found),
        // A queue of that number exists, although the listing is incomplete.
        (QueueKey::Exten(_), Some(_)) if !found.is_empty() => with_members(found),
        (_, Some(doubt)) => Err(Unread::Incomplete { doubt: doubt.clone() }),
    }
}

/// Checks that the response holds the members of each queue.
///
/// # Errors
/// It lacks those of one.
pub fn with_members(found: Vec<(OperatorId, LiveQueue)>) -> Result<Vec<(OperatorId, LiveQueue)>, Unread> {
    match found.iter().find(|(_, queue)| queue.members().is_none()) {
        Some((exten, _)) => Err(Unread::NoMembers { exten: exten.into() }),
        None => Ok(found),
    }
}

impl ReadBack {
    /// Returns the part of live state that was just read for some resources.
    pub fn from_live(live: &Live, wanted: &ReadSet) -> Self {
        let agents = wanted.agents.iter().map(|id| {
            let seen = match &live.agents {
                None => Err(Unread::NoConnection { kind: Kind::Agent }),
                Some(listing) => listed_agent(id, listing),
            };
            (id.clone(), seen)
        });
        let queues = wanted.queues.iter().map(|key| {
            let seen = live.queues.as_ref().map(|listing| matching(key, listing));
            (key.clone(), seen.unwrap_or(Err(Unread::NoConnection { kind: Kind::Queue })))
        });
        Self { agents: agents.collect(), queues: queues.collect(), refused: BTreeSet::new() }
    }

    /// Returns the members of each queue that was read, by number.
    pub fn members(&self) -> impl Iterator<Item = (OperatorId, BTreeSet<OperatorId>)> {
        self.queues.values().flatten().flatten().map(|(exten, queue)| {
            let members = queue.members().into_iter().flat_map(|members| members.keys().cloned());
            (exten.clone(), members.collect())
        })
    }

    /// Returns an agent; `None` when missing.
    ///
    /// # Errors
    /// The reason of a failed read.
    pub fn agent(&self, id: &OperatorId) -> Result<Option<&Record>, Unread> {
        match self.agents.get(id) {
            Some(Ok(seen)) => Ok(seen.as_ref()),
            Some(Err(why)) => Err(why.clone()),
            None => Err(Unread::NotRead),
        }
    }

    /// Returns true if a resource exists, by the vendor's key. All queues were read.
    ///
    /// # Errors
    /// The reason of a failed read.
    pub fn is_there(&self, kind: Kind, key: &OperatorId) -> Result<bool, Unread> {
        match kind {
            Kind::Agent => self.agent(key).map(|agent| agent.is_some()),
            Kind::Queue => Ok(self.queues(&QueueKey::All)?.iter().any(|(exten, _)| exten == key)),
            Kind::Seat => Err(Unread::NotRead),
        }
    }

    /// Returns the queues of a key.
    ///
    /// # Errors
    /// The reason of a failed read.
    pub fn queues(&self, key: &QueueKey) -> Result<&[(OperatorId, LiveQueue)], Unread> {
        match self.queues.get(key) {
            Some(Ok(seen)) => Ok(seen),
            Some(Err(why)) => Err(why.clone()),
            None => Err(Unread::NotRead),
        }
    }
}
