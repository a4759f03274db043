//! What the vendors answered, and what they cannot tell.
//!
//! Only what a field's `read` column names is kept, so live state can hold no secret: vendors return
//! passwords nobody asked for. Every value is normalised (a number given as text is a number; an
//! unset text, however it is spelled, is not there).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::field::Record;
use super::id::OperatorId;

/// A listing, and whether it is proved to be whole.
#[derive(Clone, Debug)]
pub struct Listing<K, V> {
    /// What was listed.
    pub items: BTreeMap<K, V>,
    /// Why nothing in it may be called missing; `None` when it is proved complete.
    pub incomplete: Option<String>,
    /// Rows of a page at the vendor; how many calls a listing costs follows from it.
    pub page_size: usize,
}

impl<K, V> Default for Listing<K, V> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), incomplete: None, page_size: 100 }
    }
}

impl<K, V> Listing<K, V> {
    /// How many calls it costs to read it again.
    pub fn pages(&self) -> usize {
        self.items.len().div_ceil(self.page_size.max(1)).max(1)
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

/// What is live.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Agents by number; `None` when no connection holds agents.
    pub agents: Option<Listing<OperatorId, Record>>,
    /// Queues by the vendor's number; `None` when no connection holds queues.
    pub queues: Option<Listing<OperatorId, LiveQueue>>,
}
