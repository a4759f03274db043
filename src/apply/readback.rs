//! What was seen when live state was read again, for some resources only.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId};
use crate::model::live::{Listing, Live, LiveQueue};

/// What to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSet {
    /// Agents.
    pub agents: BTreeSet<OperatorId>,
    /// Queues.
    pub queues: BTreeSet<QueueKey>,
}

impl ReadSet {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.queues.is_empty()
    }
}

/// How a queue is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueKey {
    /// By the vendor's number.
    Exten(OperatorId),
    /// By its name: all that have it.
    Name(String),
    /// Every queue that there is.
    All,
}

/// What was seen. `Err` says why something could not be seen: neither there nor missing.
#[derive(Clone, Debug, Default)]
pub struct ReadBack {
    /// Agents; `None` when missing.
    pub agents: BTreeMap<OperatorId, Result<Option<Record>, String>>,
    /// Queues that answer to a key, with their numbers.
    pub queues: BTreeMap<QueueKey, Result<Vec<(OperatorId, LiveQueue)>, String>>,
    /// The kinds whose system refused the sign-in.
    pub refused: BTreeSet<Kind>,
}

/// The queues of a listing that answer to a key.
///
/// # Errors
/// The listing does not tell them all, or not the members of one.
pub fn matching(
    key: &QueueKey,
    listing: &Listing<OperatorId, LiveQueue>,
) -> Result<Vec<(OperatorId, LiveQueue)>, String> {
    let fits = |exten: &OperatorId, queue: &LiveQueue| match key {
        QueueKey::Exten(wanted) => wanted == exten,
        QueueKey::Name(name) => *queue.name == **name,
        QueueKey::All => true,
    };
    let found = listing.items.iter().filter(|(exten, queue)| fits(exten, queue));
    let found: Vec<_> = found.map(|(exten, queue)| (exten.clone(), queue.clone())).collect();
    match (key, &listing.incomplete) {
        (_, None) => Ok(found),
        // By its number a queue is there or not, whatever else the listing missed.
        (QueueKey::Exten(_), Some(_)) if !found.is_empty() => with_members(found),
        (_, Some(doubt)) => Err(doubted(doubt)),
    }
}

/// Queues whose members were told.
///
/// # Errors
/// Those of one were not.
pub fn with_members(found: Vec<(OperatorId, LiveQueue)>) -> Result<Vec<(OperatorId, LiveQueue)>, String> {
    match found.iter().find(|(_, queue)| queue.members().is_none()) {
        Some((exten, _)) => Err(unreturned_members(exten)),
        None => Ok(found),
    }
}

/// Says why a queue cannot be judged whose row holds no list of members: an absent list is no empty one.
pub fn unreturned_members(exten: &OperatorId) -> String {
    format!("the answer does not tell the members of queue {exten}, or not the priority of each")
}

fn doubted(doubt: &str) -> String {
    format!("the listing could not be proved complete ({doubt})")
}

impl ReadBack {
    /// What live state that was just read shows of some resources.
    pub fn from_live(live: &Live, wanted: &ReadSet) -> Self {
        let none = |kind: &str| format!("no connection holds {kind}");
        let agents = wanted.agents.iter().map(|id| {
            let seen = match &live.agents {
                None => Err(none("agents")),
                Some(listing) => match (listing.items.get(id), &listing.incomplete) {
                    (Some(record), _) => Ok(Some(record.clone())),
                    (None, None) => Ok(None),
                    (None, Some(doubt)) => Err(doubted(doubt)),
                },
            };
            (id.clone(), seen)
        });
        let queues = wanted.queues.iter().map(|key| {
            let seen = live.queues.as_ref().map(|listing| matching(key, listing));
            (key.clone(), seen.unwrap_or_else(|| Err(none("queues"))))
        });
        Self { agents: agents.collect(), queues: queues.collect(), refused: BTreeSet::new() }
    }

    /// Who is in each queue that was seen, by the vendor's number.
    pub fn members(&self) -> impl Iterator<Item = (OperatorId, BTreeSet<OperatorId>)> {
        self.queues.values().flatten().flatten().map(|(exten, queue)| {
            let members = queue.members().into_iter().flat_map(|members| members.keys().cloned());
            (exten.clone(), members.collect())
        })
    }

    /// An agent; `None` when missing.
    ///
    /// # Errors
    /// Why it could not be seen.
    pub fn agent(&self, id: &OperatorId) -> Result<Option<&Record>, String> {
        match self.agents.get(id) {
            Some(Ok(seen)) => Ok(seen.as_ref()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("it was not looked at".to_owned()),
        }
    }

    /// The queues that answer to a key.
    ///
    /// # Errors
    /// Why they could not be seen.
    pub fn queues(&self, key: &QueueKey) -> Result<&[(OperatorId, LiveQueue)], String> {
        match self.queues.get(key) {
            Some(Ok(seen)) => Ok(seen),
            Some(Err(why)) => Err(why.clone()),
            None => Err("it was not looked at".to_owned()),
        }
    }
}
