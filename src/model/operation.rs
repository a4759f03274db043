//! Operations: what a step does, and to which kind of resource.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::Kind;

/// What a step does to its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Creation.
    Create,
    /// Update of fields.
    Edit,
    /// Update of a password.
    Password,
    /// Deletion.
    Delete,
    /// Replacement of a member list.
    Members,
    /// Storage of a generated password.
    Put,
}

impl Verb {
    /// Returns the word after the `.` of an operation.
    fn word(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Edit => "edit",
            Verb::Password => "password",
            Verb::Delete => "delete",
            Verb::Members => "members",
            Verb::Put => "put",
        }
    }
}

/// What a step calls: `agent.create`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    /// The kind of its targets.
    pub kind: Kind,
    /// What it does to them.
    pub verb: Verb,
}

/// The operations of plans, with their description in the schema.
const OPERATIONS: [(Operation, &str); 9] = [
    (Operation::agent(Verb::Create), "Make an agent, or a run of them."),
    (Operation::agent(Verb::Edit), "Change fields of an agent."),
    (Operation::agent(Verb::Password), "Set an agent's password."),
    (Operation::agent(Verb::Delete), "Delete agents."),
    (Operation::queue(Verb::Create), "Make a queue."),
    (Operation::queue(Verb::Edit), "Change attributes of a queue."),
    (Operation::queue(Verb::Members), "Replace a queue's member list."),
    (Operation::queue(Verb::Delete), "Delete a queue."),
    (Operation::agent(Verb::Put), "Store a generated password."),
];

impl Operation {
    /// Makes an operation on agents.
    pub const fn agent(verb: Verb) -> Self {
        Self { kind: Kind::Agent, verb }
    }

    /// Makes an operation on queues.
    pub const fn queue(verb: Verb) -> Self {
        Self { kind: Kind::Queue, verb }
    }
}

impl fmt::Display for Operation {
    /// Writes the word in plans and results. A write to a secret store names the store, not its targets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = if self.verb == Verb::Put { "secret" } else { self.kind.word() };
        write!(f, "{object}.{}", self.verb.word())
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = OPERATIONS.iter().find(|(operation, _)| operation.to_string() == word);
        let unknown = || D::Error::invalid_value(Unexpected::Str(&word), &"an operation of a plan");
        known.map(|(operation, _)| *operation).ok_or_else(unknown)
    }
}

impl JsonSchema for Operation {
    fn schema_name() -> Cow<'static, str> {
        "Operation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = OPERATIONS.map(|(word, description)| {
            json_schema!({ "description": description, "type": "string", "const": word })
        });
        json_schema!({ "description": "The operation of a step.", "oneOf": words })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    #[test]
    fn a_plan_names_operations_by_the_words_of_the_table_only() {
        for (operation, _) in OPERATIONS {
            let word = Json::from(operation.to_string());
            assert_eq!(serde_json::to_value(operation).ok().as_ref(), Some(&word));
            assert_eq!(serde_json::from_value::<Operation>(word).ok(), Some(operation));
        }
        for word in ["queue.password", "seat.create", "agent.put", "secret.create", "agent", ""] {
            assert!(serde_json::from_value::<Operation>(word.into()).is_err(), "{word}");
        }
    }
}
