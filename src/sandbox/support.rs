//! What the simulators share with each other, and with nobody else: chance, answers, departures.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::variants::Quirks;

/// Chance by seed (splitmix64): the same seed draws the same values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Random(u64);

impl Random {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Draws a number from 0 up to, not including, `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let drawn = self.draw();
        usize::try_from(drawn.checked_rem(bound as u64).unwrap_or(0)).unwrap_or(0)
    }

    /// Draws from 0 up to, not including, 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.draw() >> 32).unwrap_or(u32::MAX)) / 4_294_967_296.0
    }

    /// Draws `count` decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"0123456789"[self.below(10)])).collect()
    }
}

/// What a simulator knows while it answers one call.
pub(crate) struct Context<'a> {
    /// The reading of whatever the document leaves open.
    pub(crate) quirks: &'a Quirks,
    /// Where chance comes from.
    pub(crate) random: &'a mut Random,
    /// Unix time in milliseconds.
    pub(crate) now: i64,
    /// Whether credentials are asked for.
    pub(crate) guarded: bool,
}

/// A simulator's answer, before the quirks that change every body.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Value,
    /// Seconds until another try makes sense.
    pub(crate) retry_after: Option<u64>,
    /// Whether agents or queues are no longer what they were.
    pub(crate) changed: bool,
    /// XML in the body's place.
    pub(crate) xml: Option<&'static str>,
}

impl Answer {
    /// An answer with HTTP status 200 that changed nothing.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, retry_after: None, changed: false, xml: None }
    }

    /// An answer in XML, with HTTP status 200.
    pub(crate) fn xml(text: &'static str) -> Self {
        Self { xml: Some(text), ..Self::ok(Value::Null) }
    }

    /// Says that data changed.
    pub(crate) fn changed(mut self) -> Self {
        self.changed = true;
        self
    }
}

/// More departures than this are not kept: a caller in a loop must not fill the memory.
const MOST_DEPARTURES: usize = 1000;

/// Adds a departure from the document. The text names operation and field, never a value, for a value may
/// be a password.
pub(crate) fn note(departures: &mut Vec<String>, operation: &str, what: &str) {
    if departures.len() < MOST_DEPARTURES {
        departures.push(format!("{operation}: {what}"));
    }
}

/// Names a JSON type as the documents do.
pub(crate) fn type_name(value: &Value) -> &'static str {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn chance_replays_by_seed() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (random.draw(), random.digits(6), random.below(7))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        // The first value of splitmix64 at seed 0, as its authors publish it.
        assert_eq!(Random::new(0).draw(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(Random::new(0).below(0), 0);
    }
}
