//! Steps: the calls of a plan, in an order that can be followed.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::codec;
use super::difference::fields;
use super::field::by_key;
use super::id::{KINDS, OperatorId, ResourceId};
use super::operation::Operation;
use super::value::Members;

/// The number of a step in its plan: `s1`, `s2`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

impl Serialize for StepId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let number = word.strip_prefix('s').and_then(|number| number.parse().ok()).map(Self);
        number.ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&word), &"the id of a step, like s1"))
    }
}

/// Parses the keys of the fields that a step sends.
fn field_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[&'static str]>, D::Error> {
    let keys = Vec::<Cow<'de, str>>::deserialize(deserializer)?;
    let tables = || KINDS.iter().map(|names| fields(names.kind));
    let known = |key: &Cow<'de, str>| {
        let field = tables().find_map(|fields| by_key(fields, key));
        let unknown = || D::Error::invalid_value(Unexpected::Str(key), &"the key of a field");
        field.map(|field| field.key).ok_or_else(unknown)
    };
    keys.iter().map(known).collect()
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `s1`, `s2`, … in an order that can be followed one by one.
    #[schemars(with = "String")]
    pub id: StepId,
    /// The operation.
    pub operation: Operation,
    /// Which resources it touches.
    pub targets: Vec<ResourceId>,
    /// Steps that must be done first.
    #[schemars(with = "Vec<String>")]
    pub after: Vec<StepId>,
    // Steps that send the same fields share them.
    /// Fields that it sends.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty", deserialize_with = "field_keys")]
    #[schemars(with = "Vec<String>")]
    pub fields: Arc<[&'static str]>,
    /// A new secret is made, even where the store has one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
    /// It only takes the SIP account from the agent, whose number another step of the plan binds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbind: bool,
    /// The member list that it sends, where it is not the one that the change ends with.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "codec::serialize_members",
        deserialize_with = "codec::deserialize_members"
    )]
    #[schemars(with = "Option<Vec<Member>>")]
    pub members: Option<Arc<Members>>,
    /// Members that it sends although they are neither agents nor declared: the vendor may leave
    /// them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub strangers: Vec<OperatorId>,
}

/// A member of a queue.
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema of what the codec writes")]
struct Member {
    /// The agent's number.
    agent_number: String,
    /// Priority.
    priority: i64,
}
