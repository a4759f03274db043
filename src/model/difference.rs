//! Two values of one field, for messages.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::field::{Field, by_key};
use super::id::Kind;
use super::message::{Argument, Rewrite};
use super::value::Value;
use super::{agent, codec, queue, seat};

/// Two values of one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The kind of the resource.
    pub kind: Kind,
    /// The field.
    #[serde(rename = "path")]
    pub field: &'static Field,
    /// The current value; `None` if unset.
    pub before: Option<Value>,
    /// The desired value; `None` if unset.
    pub after: Option<Value>,
}

// No field has float values.
impl Eq for Difference {}

impl Argument for Difference {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        with.values(self.field, &mut self.before, &mut self.after);
    }
}

impl<'de> Deserialize<'de> for Difference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Spelled {
            kind: Kind,
            path: String,
            before: Json,
            after: Json,
        }
        let spelled = Spelled::deserialize(deserializer)?;
        let field = by_key(fields(spelled.kind), &spelled.path).ok_or_else(|| {
            D::Error::custom(format!("{} has no field `{}`", spelled.kind.word(), spelled.path))
        })?;
        let value = |json: &Json| codec::from_json(field, json).map_err(D::Error::custom);
        Ok(Self { kind: spelled.kind, field, before: value(&spelled.before)?, after: value(&spelled.after)? })
    }
}

/// Returns the fields of a kind.
pub fn fields(kind: Kind) -> &'static [&'static Field] {
    match kind {
        Kind::Agent => agent::FIELDS,
        Kind::Queue => queue::FIELDS,
        Kind::Seat => seat::FIELDS,
    }
}
