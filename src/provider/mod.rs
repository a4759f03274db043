//! A vendor's spelling: answers in, live state out; orders in, calls out. Opens no socket.
//!
//! A connector is one folder and one line in [`ALL`].

pub mod agent_config;
pub mod cms_agent;
pub mod faults;
pub mod isdp_online_agent;
pub mod paging;
pub mod reply;
pub mod seat_query;
pub mod simulate;
pub mod webchat_queue;

use crate::model::call::{Call, Failure, Reply};
use crate::model::field::Record;
use crate::model::id::OperatorId;
use crate::model::live::LiveQueue;
use crate::model::secret::{Secret, SecretRef};
use crate::model::spec::Spec;
use crate::model::value::Members;
use crate::model::workspace::Connection;

/// What every connector says of itself, in the order of the reference page.
pub static SPECS: &[&Spec] = &[
    &agent_config::spec::SPEC,
    &webchat_queue::spec::SPEC,
    &seat_query::spec::SPEC,
    &isdp_online_agent::spec::SPEC,
    &cms_agent::spec::SPEC,
];

/// The connectors that hold resources.
pub static ALL: &[&dyn Provider] = &[&agent_config::AgentConfig, &webchat_queue::WebchatQueue];

/// The connector of a connection, where it holds resources.
pub fn of(connection: &Connection) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.spec().name == connection.spec.name)
}

/// A row of a listing.
#[derive(Clone, Debug)]
pub enum Row {
    /// An agent.
    Agent(OperatorId, Record),
    /// A queue, by the vendor's number.
    Queue(OperatorId, LiveQueue),
}

impl Row {
    /// What the vendor knows it by.
    pub fn key(&self) -> &OperatorId {
        match self {
            Row::Agent(key, _) | Row::Queue(key, _) => key,
        }
    }
}

/// A page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many rows the whole listing has, as the vendor says.
    pub total: Option<usize>,
}

/// What a vendor is told to do.
pub enum Order<'a> {
    /// Make agents of consecutive numbers that are alike; one, unless the connection allows batches.
    CreateAgents {
        /// The first one's number.
        first: &'a OperatorId,
        /// How many.
        count: usize,
        /// What they are like.
        record: &'a Record,
        /// Their password.
        password: Option<&'a Secret>,
    },
    /// Change an agent.
    EditAgent {
        /// Which.
        id: &'a OperatorId,
        /// What changes.
        record: &'a Record,
    },
    /// Set an agent's password.
    SetPassword {
        /// Whose.
        id: &'a OperatorId,
        /// The password.
        password: &'a Secret,
    },
    /// Delete agents.
    DeleteAgents {
        /// Which.
        ids: &'a [OperatorId],
    },
    /// Make a queue.
    CreateQueue {
        /// Its name.
        name: &'a str,
        /// What it is like.
        record: &'a Record,
    },
    /// Replace a queue's members.
    SetMembers {
        /// The vendor's number of it.
        exten: &'a str,
        /// All its members.
        members: &'a Members,
    },
}

/// What a vendor says of an order that it carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The number of a queue that was made.
    pub exten: Option<String>,
}

/// A vendor system that holds resources. All functions are from data to data.
pub trait Provider: Sync {
    /// What it says of itself.
    fn spec(&self) -> &'static Spec;

    /// The secret that signs its calls.
    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef>;

    /// Signs a call for a moment, in milliseconds since 1970 UTC. Each attempt is signed afresh.
    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call);

    /// Rows that a page of the listing is asked to hold.
    fn page_size(&self, connection: &Connection) -> usize;

    /// Asks for a page of the listing, from 1.
    fn ask_page(&self, connection: &Connection, page: usize) -> Call;

    /// Reads a page.
    fn hear_page(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure>;

    /// Asks for one resource by the vendor's key.
    fn ask_one(&self, connection: &Connection, key: &str) -> Call;

    /// Reads one resource; `None` when the answer does not hold it, which proves nothing where
    /// [`Provider::ask_filtered`] gives a second opinion.
    fn hear_one(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure>;

    /// Asks for a page of a listing narrowed to one resource, where the vendor documents one.
    fn ask_filtered(&self, connection: &Connection, key: &str, page: usize) -> Option<Call>;

    /// Spells an order.
    fn tell(&self, connection: &Connection, order: &Order<'_>) -> Call;

    /// Judges the answer to an order.
    fn hear_told(&self, connection: &Connection, reply: &Reply) -> Result<Told, Failure>;
}
