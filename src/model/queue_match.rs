//! Matches of queues: the live counterpart of each declared one.
//!
//! A queue is identified by its number (`exten`), not by its name. People rename queues in the console, and no call
//! can rename one. A manifest that pins a number means that queue. Otherwise the name finds it, and the
//! ledger holds the number under which it was found before.

use std::collections::BTreeMap;

use super::desired::{Desired, DesiredQueue};
use super::id::{OperatorId, ResourceId};
use super::ledger::{Ledger, LedgerEntry};
use super::live::{Listing, LiveQueue};

/// The live counterpart of a declared queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueMatch<'a> {
    /// It is live, perhaps under another name.
    Live(&'a OperatorId),
    /// An earlier declaration means the same live queue.
    Claimed(&'a OperatorId, ResourceId),
    /// Several live queues have its name.
    Namesakes(Vec<&'a OperatorId>),
    /// The ledger and the name find different live queues.
    Conflict {
        /// The number in the ledger, or of the queue with the former name.
        known: &'a OperatorId,
        /// The number of the live queue with its name.
        named: &'a OperatorId,
    },
    /// Created with this number, but in no listing yet; with its id in the ledger.
    Pending(&'a str, ResourceId),
    /// It is live outside the workspace's scope.
    Outside(&'a OperatorId),
    /// No live queue matches it.
    Missing,
}

/// The names of live queues, with the numbers of each.
pub struct LiveNames<'a>(BTreeMap<&'a str, Vec<&'a OperatorId>>);

impl<'a> LiveNames<'a> {
    /// Collects the names of a listing.
    pub fn new(listing: &'a Listing<OperatorId, LiveQueue>) -> Self {
        let mut names: BTreeMap<&str, Vec<&OperatorId>> = BTreeMap::new();
        for (exten, queue) in &listing.items {
            names.entry(&queue.name).or_default().push(exten);
        }
        Self(names)
    }

    /// Returns the numbers of the live queues with a name.
    pub fn extens(&self, name: &str) -> &[&'a OperatorId] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }
}

/// Matches every declared queue, in the order of their ids.
pub fn queue_matches<'d, 'l>(
    desired: &'d Desired,
    ledger: &'l Ledger,
    listing: &'l Listing<OperatorId, LiveQueue>,
    names: &LiveNames<'l>,
) -> Vec<(&'d ResourceId, &'d DesiredQueue, QueueMatch<'l>)> {
    let mut matches: Vec<_> = desired.queues.iter().map(|(id, queue)| (id, queue, None)).collect();
    let mut claimed: BTreeMap<&OperatorId, &ResourceId> = BTreeMap::new();
    // A pinned number or a name takes precedence.
    for (id, queue, found) in &mut matches {
        let by_name = match &queue.exten {
            Some(pinned) => live(listing, pinned),
            None => match names.extens(&queue.name) {
                [exten] => Some(*exten),
                _ => None,
            },
        };
        if let Some(exten) = by_name {
            *found = Some(if let Some(first) = claimed.get(exten) {
                QueueMatch::Claimed(exten, (*first).clone())
            } else {
                claimed.insert(exten, id);
                QueueMatch::Live(exten)
            });
        }
    }
    let mut result = Vec::with_capacity(matches.len());
    for (id, queue, found) in matches {
        let known = known(ledger, listing, names, id, queue);
        let found = match (found, known) {
            (Some(QueueMatch::Live(exten)), Some(known)) if queue.exten.is_none() && known != exten => {
                QueueMatch::Conflict { known, named: exten }
            }
            (Some(found), _) => found,
            (None, _) if queue.exten.is_some() => {
                outside(listing, ledger, id, queue).unwrap_or(QueueMatch::Missing)
            }
            (None, _) if names.extens(&queue.name).len() > 1 => {
                QueueMatch::Namesakes(names.extens(&queue.name).to_vec())
            }
            (None, Some(exten)) => match claimed.get(exten) {
                None => {
                    claimed.insert(exten, id);
                    QueueMatch::Live(exten)
                }
                Some(_) if queue.distinct => QueueMatch::Missing,
                Some(first) => QueueMatch::Claimed(exten, (*first).clone()),
            },
            (None, None) => outside(listing, ledger, id, queue).unwrap_or_else(|| pending(ledger, id, queue)),
        };
        result.push((id, queue, found));
    }
    result
}

/// Finds a declared queue outside the scope: by its number, that in the ledger, its name or its former name.
fn outside<'a>(
    listing: &'a Listing<OperatorId, LiveQueue>,
    ledger: &Ledger,
    id: &ResourceId,
    queue: &DesiredQueue,
) -> Option<QueueMatch<'a>> {
    let numbered =
        |exten: &str| listing.outside.get_key_value(&OperatorId::from(exten)).map(|(exten, _)| exten);
    if let Some(exten) = &queue.exten {
        return numbered(exten).map(QueueMatch::Outside);
    }
    let known = entry(ledger, id).and_then(|entry| numbered(entry.exten.as_deref()?));
    let has_name =
        |name: &str| name == &*queue.name || queue.was.as_ref().is_some_and(|(was, _)| **was == *name);
    let mut named = listing.outside.iter().filter(|(_, live)| has_name(&live.name)).map(|(exten, _)| exten);
    known.or_else(|| named.next()).map(QueueMatch::Outside)
}

/// Returns the number of a live queue.
fn live<'a>(listing: &'a Listing<OperatorId, LiveQueue>, exten: &str) -> Option<&'a OperatorId> {
    listing.items.get_key_value(&OperatorId::from(exten)).map(|(exten, _)| exten)
}

/// Returns the ledger's entry of a declared queue, unless rosterctl released that queue.
fn entry<'a>(ledger: &'a Ledger, id: &ResourceId) -> Option<&'a LedgerEntry> {
    ledger.get(id).filter(|entry| !entry.let_go)
}

/// Finds a created queue by its name or its former one, if no listing shows it yet.
fn pending<'a>(ledger: &'a Ledger, id: &ResourceId, queue: &DesiredQueue) -> QueueMatch<'a> {
    let unshown = |id: ResourceId| {
        let entry = entry(ledger, &id).filter(|entry| entry.pending)?;
        Some(QueueMatch::Pending(entry.exten.as_deref()?, id))
    };
    let was = || unshown(ResourceId::queue(&queue.was.as_ref()?.0, None));
    unshown(id.clone()).or_else(was).unwrap_or(QueueMatch::Missing)
}

/// Returns the live queue that the ledger, or the queue's former name, finds.
fn known<'a>(
    ledger: &'a Ledger,
    listing: &'a Listing<OperatorId, LiveQueue>,
    names: &LiveNames<'a>,
    id: &ResourceId,
    queue: &DesiredQueue,
) -> Option<&'a OperatorId> {
    let by_entry =
        |id: &ResourceId| entry(ledger, id).and_then(|entry| live(listing, entry.exten.as_deref()?));
    by_entry(id).or_else(|| {
        let (was, _) = queue.was.as_ref()?;
        match names.extens(was) {
            [exten] => Some(*exten),
            _ => by_entry(&ResourceId::queue(was, None)),
        }
    })
}
