//! The order of keys, as in the reference.

use crate::manifest::roster_document::SELECTED_BY;
use crate::model::field::Field;
use crate::model::value::Type;
use crate::model::{agent, queue, seat};

/// The keys of the time of an entry of `during`.
const DURING: [&str; 3] = ["period", "from", "until"];

/// The kind of a map, which decides the order of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole document.
    Document,
    /// A map or list of one kind.
    Each(&'static Kind),
    /// An entry of `agents`.
    Agent,
    /// A profile, or `defaults`.
    Template,
    /// An entry of `queues`.
    Queue,
    /// An entry of `seats`.
    Seat,
    /// An entry of `assignMembers`.
    Member,
    /// `memberSelector`.
    Selector,
    /// A span of a period, or a list of them.
    Span,
    /// An entry of `during` of an agent, a profile or `defaults`.
    AgentDuring,
    /// An entry of `during` of a queue.
    QueueDuring,
    /// An entry of `during` of a member.
    MemberDuring,
    /// A reference to a secret.
    Secret,
    /// Any other map, in its own order.
    Other,
}

/// The kinds of maps that an edit writes keys to.
#[derive(Clone, Copy, Debug)]
pub(in crate::manifest) enum Entry {
    Document,
    Agent,
    Queue,
    Seat,
    Member,
    Selector,
}

/// Returns the place of a key in the order of the reference.
pub(in crate::manifest) fn rank(entry: Entry, key: &str) -> usize {
    let kind = match entry {
        Entry::Document => Kind::Document,
        Entry::Agent => Kind::Agent,
        Entry::Queue => Kind::Queue,
        Entry::Seat => Kind::Seat,
        Entry::Member => Kind::Member,
        Entry::Selector => Kind::Selector,
    };
    kind.place(key)
}

impl Kind {
    /// Returns the kind of the value of a key.
    pub(super) fn child(self, key: &str) -> Kind {
        match (self, key) {
            (Kind::Document, "periods") => Kind::Each(&Kind::Span),
            (Kind::Document, "profiles") => Kind::Each(&Kind::Template),
            (Kind::Document, "defaults") => Kind::Template,
            (Kind::Document, "agents") => Kind::Each(&Kind::Agent),
            (Kind::Document, "queues") => Kind::Each(&Kind::Queue),
            (Kind::Document, "seats") => Kind::Each(&Kind::Seat),
            (Kind::Agent | Kind::Template | Kind::Seat, "password") => Kind::Secret,
            (Kind::Queue | Kind::QueueDuring, "assignMembers") => Kind::Each(&Kind::Member),
            (Kind::Queue | Kind::QueueDuring, "memberSelector") => Kind::Selector,
            (Kind::Agent | Kind::Template, "during") => Kind::Each(&Kind::AgentDuring),
            (Kind::Queue, "during") => Kind::Each(&Kind::QueueDuring),
            (Kind::Member, "during") => Kind::Each(&Kind::MemberDuring),
            (Kind::Each(kind), _) => *kind,
            _ => Kind::Other,
        }
    }

    /// Returns the kind of an item of a list.
    pub(super) fn item(self) -> Kind {
        match self {
            Kind::Each(kind) => *kind,
            Kind::Span => Kind::Span,
            Kind::AgentDuring
            | Kind::QueueDuring
            | Kind::MemberDuring
            | Kind::Document
            | Kind::Agent
            | Kind::Template
            | Kind::Queue
            | Kind::Seat
            | Kind::Member
            | Kind::Selector
            | Kind::Secret
            | Kind::Other => Kind::Other,
        }
    }

    /// Returns the rank of a key. Unknown keys come last, in their own order.
    pub(super) fn place(self, key: &str) -> usize {
        let fields = |table: &'static [&'static Field]| {
            table.iter().filter(|field| field.ty != Type::Members).map(|field| field.key)
        };
        let list: Vec<&str> = match self {
            Kind::Document => {
                vec![
                    "apiVersion",
                    "kind",
                    "roles",
                    "skillGroups",
                    "periods",
                    "profiles",
                    "defaults",
                    "agents",
                    "queues",
                    "seats",
                ]
            }
            Kind::Agent | Kind::Template => ["operatorId", "operatorIds", "state", "profile"]
                .into_iter()
                .chain(fields(agent::FIELDS))
                .chain(["queues", "protect", "allowAnyRole", "from", "until", "during"])
                .collect(),
            Kind::Queue => ["displayName", "exten", "was", "distinct"]
                .into_iter()
                .chain(fields(queue::FIELDS))
                .chain(["minMembers", "members", "memberSelector", "assignMembers", "allowEmpty", "during"])
                .collect(),
            Kind::Span => vec!["from", "until"],
            Kind::AgentDuring => DURING.into_iter().chain(fields(agent::FIELDS)).chain(["queues"]).collect(),
            Kind::QueueDuring => DURING
                .into_iter()
                .chain(["minMembers", "memberSelector", "assignMembers", "allowEmpty"])
                .collect(),
            Kind::MemberDuring => DURING.into_iter().chain(["priority"]).collect(),
            Kind::Seat => std::iter::once("account").chain(fields(seat::FIELDS)).collect(),
            Kind::Member => vec!["agentNumber", "priority", "from", "until", "during"],
            Kind::Selector => {
                SELECTED_BY.iter().map(|field| field.key).chain(["except", "priority"]).collect()
            }
            Kind::Secret => vec!["store", "key", "generate", "version"],
            Kind::Each(_) | Kind::Other => Vec::new(),
        };
        list.iter().position(|known| *known == key).unwrap_or(list.len())
    }
}
