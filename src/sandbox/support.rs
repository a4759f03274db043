//! The simulators' common parts: the context of a call, responses, departures.

use serde_json::Value;

use super::random::Random;
use super::variants::Quirks;

/// A vendor's data about an agent that it shares with other vendors.
pub struct Person {
    /// Name.
    pub name: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// The context of one call.
pub struct Context<'a> {
    /// The readings of the documents' gaps.
    pub quirks: &'a Quirks,
    /// The source of random numbers.
    pub random: &'a mut Random,
    /// Unix time in milliseconds.
    pub now: i64,
    /// True if credentials are required.
    pub guarded: bool,
}

/// A simulator's response, before the quirks that change every body.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The seconds until a retry makes sense.
    pub retry_after: Option<u64>,
    /// True if agents or queues changed.
    pub changed: bool,
    /// XML in place of the body.
    pub xml: Option<&'static str>,
}

impl Answer {
    /// Returns a response with HTTP status 200 that changed nothing.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, retry_after: None, changed: false, xml: None }
    }

    /// Returns a response in XML, with HTTP status 200.
    pub fn xml(text: &'static str) -> Self {
        Self { xml: Some(text), ..Self::ok(Value::Null) }
    }

    /// Marks that data changed.
    #[must_use]
    pub fn changed(mut self) -> Self {
        self.changed = true;
        self
    }
}

/// The limit of recorded departures: a caller in a loop must not fill the memory.
const MOST_DEPARTURES: usize = 1000;

/// Records a departure from the document.
///
/// The text names operation and field, never a value, because a value may be a password.
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
