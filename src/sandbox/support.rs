//! The simulators' common parts: the context of a call, answers, departures.

use serde_json::Value;

use super::random::Random;
use super::variants::Quirks;

/// What a vendor tells others of an agent.
pub struct Person {
    /// Name.
    pub name: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// What a simulator knows while it answers one call.
pub struct Context<'a> {
    /// The reading of whatever the document leaves open.
    pub quirks: &'a Quirks,
    /// Where chance comes from.
    pub random: &'a mut Random,
    /// Unix time in milliseconds.
    pub now: i64,
    /// Whether credentials are asked for.
    pub guarded: bool,
}

/// A simulator's answer, before the quirks that change every body.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// Seconds until another try makes sense.
    pub retry_after: Option<u64>,
    /// Whether agents or queues are no longer what they were.
    pub changed: bool,
    /// XML in the body's place.
    pub xml: Option<&'static str>,
}

impl Answer {
    /// An answer with HTTP status 200 that changed nothing.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, retry_after: None, changed: false, xml: None }
    }

    /// An answer in XML, with HTTP status 200.
    pub fn xml(text: &'static str) -> Self {
        Self { xml: Some(text), ..Self::ok(Value::Null) }
    }

    /// Says that data changed.
    #[must_use]
    pub fn changed(mut self) -> Self {
        self.changed = true;
        self
    }
}

/// More departures than this are not kept: a caller in a loop must not fill the memory.
const MOST_DEPARTURES: usize = 1000;

/// Adds a departure from the document. The text names operation and field, never a value, for a value may
/// be a password.
pub fn note(departures: &mut Vec<String>, operation: &str, what: &str) {
    if departures.len() < MOST_DEPARTURES {
        departures.push(format!("{operation}: {what}"));
    }
}

/// Names a JSON type as the documents do.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
