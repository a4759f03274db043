//! What the manifests ask for, each value with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::field::Record;
use super::id::{OperatorId, ResourceId};
use super::source::Source;

/// An agent that a manifest names.
#[derive(Clone, Debug)]
pub struct DesiredAgent {
    /// Where it is declared.
    pub source: Source,
    /// A tombstone: it must not exist.
    pub absent: bool,
    /// It may never be deleted.
    pub protect: bool,
    /// It may be made without a role.
    pub allow_any_role: bool,
    /// It came from a pool of `operatorIds`; equal numbers are one pool.
    pub pool: Option<u32>,
    /// What is said of it.
    pub record: Record,
}

/// A queue that a manifest names. Its members stand in the record, selectors resolved.
#[derive(Clone, Debug)]
pub struct DesiredQueue {
    /// Where it is declared.
    pub source: Source,
    /// Its display name.
    pub name: Arc<str>,
    /// The vendor's number, when the manifest pins one.
    pub exten: Option<Arc<str>>,
    /// Its name before a rename that the console is to carry out.
    pub was: Option<(Arc<str>, Source)>,
    /// It is another queue than a live one that looks the same or that left the manifests.
    pub distinct: bool,
    /// The fewest members that a plan may leave.
    pub min_members: Option<(usize, Source)>,
    /// What its selector chooses agents by; `None` without a selector.
    pub selector: Option<Record>,
    /// Where each listed member stands.
    pub member_sources: BTreeMap<OperatorId, Source>,
    /// What is said of it.
    pub record: Record,
}

impl DesiredQueue {
    /// `queue/NAME`, or `queue/NAME@EXTEN` when pinned.
    pub fn id(&self) -> ResourceId {
        ResourceId::queue(&self.name, self.exten.as_deref())
    }
}

/// A voice seat that a manifest names; compared, never written.
#[derive(Clone, Debug)]
pub struct DesiredSeat {
    /// Where it is declared.
    pub source: Source,
    /// What is said of it.
    pub record: Record,
}

/// The whole of the manifests.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Agents, by number.
    pub agents: BTreeMap<OperatorId, DesiredAgent>,
    /// Queues, by id.
    pub queues: BTreeMap<ResourceId, DesiredQueue>,
    /// Seats, by account.
    pub seats: BTreeMap<OperatorId, DesiredSeat>,
}
