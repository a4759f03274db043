//! The result of a search in the manifests: where a resource stands, and which layer says each of its values.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::date::OutOfDate;
use super::id::{OperatorId, ResourceId};
use super::source::Source;
use super::value::Value;

/// The value of `format` of a search.
pub const FORMAT: &str = "rosterctl.find/v1";

/// The resources that a text names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    /// `rosterctl.find/v1`.
    pub format: &'static str,
    /// Name of the workspace.
    pub workspace: String,
    /// The text.
    pub text: String,
    /// The instant of the values, if the manifests hold dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The agents, by number.
    pub agents: Vec<AgentHit>,
    /// The queues, by id.
    pub queues: Vec<QueueHit>,
    /// The voice seats, by account.
    pub seats: Vec<SeatHit>,
    /// The nearest name, if the text names nothing.
    #[serde(skip)]
    pub near: Option<String>,
}

impl SearchResult {
    /// Returns true if the text names nothing.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.queues.is_empty() && self.seats.is_empty()
    }
}

/// What the manifests say of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Declared {
    /// It is declared.
    Present,
    /// It must not exist: a tombstone.
    Absent,
    /// Only lists of queues name it.
    Nowhere,
}

/// An agent that a search found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentHit {
    /// `agent/NUMBER`.
    pub id: ResourceId,
    /// Its number.
    pub operator_id: OperatorId,
    /// Its name.
    pub name: Option<String>,
    /// What the manifests say of it.
    pub declared: Declared,
    /// The place of its declaration.
    pub source: Option<Source>,
    /// The range of its pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Its profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Arc<str>>,
    /// The date outside of which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_date: Option<OutOfDate>,
    /// Its fields.
    pub fields: Vec<FieldHit>,
    /// The queues that it serves.
    pub queues: Vec<Membership>,
    /// The queues that name it and that it does not serve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Exclusion>,
}

/// A queue that a search found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueHit {
    /// `queue/NAME`, or `queue/NAME@EXTEN`.
    pub id: ResourceId,
    /// Its display name.
    pub name: Arc<str>,
    /// False if only agents name it.
    pub declared: bool,
    /// The place of its declaration, or of the first agent that names it.
    pub source: Source,
    /// Its attributes, and the fewest members.
    pub fields: Vec<FieldHit>,
    /// Its selector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_selector: Option<SelectorHit>,
    /// Its members, by number.
    pub members: Vec<Membership>,
    /// The agents that it names and that are no members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Exclusion>,
}

/// A voice seat that a search found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatHit {
    /// `seat/ACCOUNT`.
    pub id: ResourceId,
    /// The place of its declaration.
    pub source: Source,
    /// Its fields.
    pub fields: Vec<FieldHit>,
}

/// The fields by which a queue selects its members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectorHit {
    /// The fields.
    pub fields: Vec<FieldHit>,
    /// The place of the selector.
    pub source: Source,
    /// The time for which it holds, if it stands in `during`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<During>,
}

/// A value, with its layer and its place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldHit {
    /// The name of the field.
    pub path: &'static str,
    /// The value; a password is the reference to it.
    #[serde(serialize_with = "value")]
    pub value: Value,
    /// The layer that says it.
    #[serde(flatten)]
    pub origin: Origin,
    /// Its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The layer that says a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The layer.
    #[serde(flatten)]
    pub layer: Layer,
    /// The time for which it says so, if the value stands in `during`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<During>,
}

/// The time for which an entry of `during` holds. JSON has its English words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum During {
    /// A named period.
    Period(String),
    /// Dates of its own.
    Span {
        /// Its begin.
        from: Option<String>,
        /// Its last day, or its end.
        until: Option<String>,
    },
}

impl fmt::Display for During {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            During::Period(name) => write!(f, "period {name}"),
            During::Span { from: Some(from), until: Some(until) } => write!(f, "from {from} until {until}"),
            During::Span { from: Some(from), until: None } => write!(f, "from {from}"),
            During::Span { from: None, until: Some(until) } => write!(f, "until {until}"),
            During::Span { from: None, until: None } => Ok(()),
        }
    }
}

impl Serialize for During {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// A part of the manifests that says values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "layer", rename_all = "camelCase")]
pub enum Layer {
    /// The agent's own entry.
    Agent,
    /// The entry of the agent's pool.
    Pool {
        /// Its range.
        pool: String,
    },
    /// The agent's profile.
    Profile {
        /// Its name.
        profile: Arc<str>,
    },
    /// The `defaults` of the agent's document.
    Defaults,
    /// The queue's entry.
    Queue,
    /// The seat's entry.
    Seat,
}

/// A member of a queue, and the part of the manifests that puts it there.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// The queue.
    pub queue: ResourceId,
    /// The agent.
    pub agent_number: OperatorId,
    /// The agent's name.
    pub name: Option<String>,
    /// Its priority.
    pub priority: i64,
    /// The key that names the agent.
    pub by: MemberKey,
    /// The layer of that key.
    #[serde(flatten)]
    pub origin: Origin,
    /// The place.
    pub source: Source,
}

/// A key that puts an agent into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum MemberKey {
    /// `assignMembers` of the queue.
    AssignMembers,
    /// `queues` of the agent.
    Queues,
    /// `memberSelector` of the queue.
    MemberSelector,
}

/// An agent that a queue names and does not hold.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclusion {
    /// The queue.
    pub queue: ResourceId,
    /// The agent.
    pub agent_number: OperatorId,
    /// The agent's name.
    pub name: Option<String>,
    /// The date that keeps it out; `None` for an exception of the selector.
    pub out_of_date: Option<OutOfDate>,
    /// The place.
    pub source: Source,
}

fn value<S: Serializer>(value: &Value, out: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Password(reference) => reference.serialize(out),
        value => value.serialize(out),
    }
}
