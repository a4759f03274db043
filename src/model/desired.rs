//! The desired state of the manifests, each value with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::date::OutOfDate;
use super::field::Record;
use super::id::{Kind, OperatorId, ResourceId};
use super::queue::{ASSIGN_MEMBERS, ListMode};
use super::source::Source;
use super::value::{Members, NO_MEMBERS};

/// Whether an agent has to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// It must exist: it is created where it is missing.
    Present,
    /// It must not exist.
    Absent,
    /// If it exists, it has these fields; it is not created.
    IfLive,
    /// It is neither created, compared nor deleted.
    Untouched,
}

/// The queues that an agent, a profile or `defaults` names with `queues`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memberships {
    /// The place of the mapping.
    pub source: Source,
    /// The priority in each queue, with its place; by `NAME`, or `NAME@EXTEN` of a pinned queue.
    pub queues: BTreeMap<Arc<str>, (i64, Source)>,
}

/// An agent that a manifest names.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredAgent {
    /// The place of its declaration.
    pub source: Source,
    /// Whether it has to exist.
    pub existence: Existence,
    /// The date outside of which it is, if it is.
    pub out_of_date: Option<Box<OutOfDate>>,
    /// True if the agent may never be deleted.
    pub protect: bool,
    /// True if the agent may be created without a role.
    pub allow_any_role: bool,
    /// The pool of `operatorIds` that it came from; equal numbers are one pool.
    pub pool: Option<u32>,
    /// Its fields.
    pub record: Record,
}

impl DesiredAgent {
    /// Returns true if the agent must not exist.
    pub fn is_absent(&self) -> bool {
        self.existence == Existence::Absent
    }

    /// Returns true if the agent must exist.
    pub fn is_present(&self) -> bool {
        self.existence == Existence::Present
    }

    /// Returns true if its fields are compared with those of a live agent.
    pub fn is_compared(&self) -> bool {
        matches!(self.existence, Existence::Present | Existence::IfLive)
    }
}

/// A queue that a manifest names. Its record holds the members, with selectors resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredQueue {
    /// The place of its declaration.
    pub source: Source,
    /// Its display name.
    pub name: Arc<str>,
    /// The vendor's number, if the manifest pins one.
    pub exten: Option<Arc<str>>,
    /// Its name before a rename in the console.
    pub was: Option<(Arc<str>, Source)>,
    /// True if only agents name it: it is never created, and nothing but its members is compared.
    pub implied: bool,
    /// True if it is distinct from lookalike queues and from queues that left the manifests.
    pub distinct: bool,
    /// What its list means for other members, if the manifest says so; else the policy does.
    pub mode: Option<ListMode>,
    /// The fewest members that a plan may leave.
    pub min_members: Option<(usize, Source)>,
    /// True if it may have no members.
    pub allow_empty: bool,
    /// The fields by which its selector chooses agents; `None` without a selector.
    pub selector: Option<Record>,
    /// The agents that its selector excepts.
    pub except: BTreeSet<OperatorId>,
    /// The place of each listed member.
    pub member_sources: BTreeMap<OperatorId, Source>,
    /// The agents that the manifests name there and that are out of their dates: they must not be members.
    pub excluded: BTreeMap<OperatorId, OutOfDate>,
    /// Its fields.
    pub record: Record,
}

impl DesiredQueue {
    /// Returns `queue/NAME`, or `queue/NAME@EXTEN` if pinned.
    pub fn id(&self) -> ResourceId {
        ResourceId::queue(&self.name, self.exten.as_deref())
    }

    /// Returns its members; `None` if no manifest says who serves it.
    pub fn members(&self) -> Option<&Arc<Members>> {
        self.record.get(&ASSIGN_MEMBERS)?.members()
    }

    /// Returns its members; none if no manifest says who serves it.
    pub fn members_or_none(&self) -> &Members {
        self.members().map_or(&NO_MEMBERS, |members| members)
    }
}

/// A voice seat that a manifest names; compared, never written.
#[derive(Clone, Debug)]
pub struct DesiredSeat {
    /// The place of its declaration.
    pub source: Source,
    /// Its fields.
    pub record: Record,
}

/// The whole of the manifests.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Agents, by number.
    pub agents: BTreeMap<OperatorId, DesiredAgent>,
    /// The `queues` of agents without a date, by number: most agents have none.
    pub memberships: BTreeMap<OperatorId, Arc<Memberships>>,
    /// Queues, by id.
    pub queues: BTreeMap<ResourceId, DesiredQueue>,
    /// Seats, by account.
    pub seats: BTreeMap<OperatorId, DesiredSeat>,
}

impl Desired {
    /// Returns the queues that a manifest declares; not those that only agents name.
    pub fn declared_queues(&self) -> impl Iterator<Item = (&ResourceId, &DesiredQueue)> {
        self.queues.iter().filter(|(_, queue)| !queue.implied)
    }

    /// Returns true if a manifest wants a resource to exist.
    pub fn wants(&self, id: &ResourceId) -> bool {
        match id.kind {
            Kind::Agent => self.agents.get(&id.name).is_some_and(DesiredAgent::is_compared),
            Kind::Queue => self.queues.contains_key(id),
            Kind::Seat => self.seats.contains_key(&id.name),
        }
    }
}

/// What was wanted at the ledger's last run, and at those since that carried out a part, by the same manifests: of the
/// resources that dates changed.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Agents, by number.
    pub agents: BTreeMap<OperatorId, Vec<DesiredAgent>>,
    /// Queues, by id.
    pub queues: BTreeMap<ResourceId, Vec<DesiredQueue>>,
}

impl Earlier {
    /// Returns what was wanted of an agent, in order.
    pub fn agent(&self, id: &OperatorId) -> &[DesiredAgent] {
        self.agents.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns what was wanted of a queue, in order.
    pub fn queue(&self, id: &ResourceId) -> &[DesiredQueue] {
        self.queues.get(id).map_or(&[], Vec::as_slice)
    }
}
