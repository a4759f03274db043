//! The vendors of a history.
//!
//! The auditor and the console know agents and queues in the words of agent-config and webchat-queue. Vendors with words
//! of their own keep a copy there: it is taken over before each call, and shown after it.

use std::rc::Rc;

use rosterctl::model::call::Call;
use rosterctl::model::support::Supports;
use rosterctl::provider::{Connector, webchat_queue};
use rosterctl::runtime::client::Client;
use rosterctl::runtime::vendor::{Vendor, Vendors};
use rosterctl::sandbox::vendor_state::VendorState;
use rosterctl::vendors::{ALL, Registry};
use serde_json::Value as Json;

use super::super::planning::supports;
use super::ports::SmallPages;
use super::roster::Parts;
use super::world::Limit;

/// Opens the client of a provider's connection.
pub(crate) type Open<'a> = &'a dyn Fn(&str, &'static dyn Connector) -> Rc<Client>;

/// The vendors that hold the agents and queues of a history.
pub(crate) struct House {
    pub(crate) vendors: Registry,
    /// Returns their capabilities.
    pub(crate) supports: fn() -> Supports,
    /// Writes their connections.
    pub(crate) connections: fn(&Parts) -> String,
    /// Returns the rate limit of each operation that has one.
    pub(crate) limit: fn(Limit) -> Limit,
    /// Opens their connections. Pages of agents have so many rows.
    pub(crate) open: fn(Open<'_>, usize) -> Vendors,
    /// Changes the attributes of the queues of a new estate by seed, if the vendor edits attributes.
    pub(crate) vary: fn(&mut VendorState, u64),
    /// Takes the copy over.
    pub(crate) take: fn(&mut VendorState),
    /// Writes the copy.
    pub(crate) show: fn(&mut VendorState),
    /// Returns a call's operation and body in the auditor's words.
    pub(crate) said: fn(&Call) -> (&'static str, Json),
    /// Returns the answer in the auditor's words.
    pub(crate) heard: fn(&Call, &[u8]) -> Vec<u8>,
    /// True if a queue's key is its name.
    pub(crate) names_are_keys: bool,
}

/// Agents of agent-config and queues of webchat-queue.
pub(crate) static KNOWN: House = House {
    vendors: ALL,
    supports,
    connections: |parts| {
        let Parts { connection, queue_page, concurrency, limit, .. } = parts;
        let (calls, per) = (limit.calls, limit.per_ms / 1000);
        format!(
            "  agents: {{ provider: agent-config, baseUrl: sandbox{connection} }}
  webchat: {{ provider: webchat-queue, baseUrl: sandbox, pageSize: {queue_page}, concurrency: {concurrency}, \
             rateLimit: {{ calls: {calls}, per: {per}s }} }}"
        )
    },
    limit: |limit| limit,
    open: |open, agent_page| {
        let agents = SmallPages::with(agent_page);
        let queues = &webchat_queue::WebchatQueue;
        let agents = Vendor::new(agents, open("agent-config", agents));
        Vendors::from_iter([agents, Vendor::new(queues, open("webchat-queue", queues))])
    },
    vary: |_, _| {},
    take: |_| {},
    show: |_| {},
    said: |call| (call.operation, serde_json::from_slice(&call.body).unwrap_or_default()),
    heard: |_, reply| reply.to_vec(),
    names_are_keys: false,
};
