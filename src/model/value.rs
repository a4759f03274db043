//! Values of fields, in the manifest's words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::id::OperatorId;
use super::secret::SecretRef;
use super::text::sanitize;

/// The type of a field. Code that depends on the type, and on nothing else, matches on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text; `required` texts cannot be empty.
    Text {
        /// True if the empty text is refused.
        required: bool,
    },
    /// `true` or `false`.
    Flag,
    /// A whole number from 0.
    Number,
    /// One of some words; a word's place in the list is the vendor's code, where it uses codes.
    Choice(&'static [&'static str]),
    /// Some of some words, each at most once.
    Set(&'static [&'static str]),
    /// `auto`, `none` or `{ number: "1001" }`.
    Sip,
    /// A secret reference.
    Password,
    /// Agents with a priority each.
    Members,
}

/// A SIP account behind an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sip {
    /// An account that the vendor picks.
    Auto,
    /// No account.
    None,
    /// The account of this number.
    Number(Arc<str>),
}

/// The agents of a queue and the priority of each.
pub type Members = BTreeMap<OperatorId, i64>;

/// An empty list, for a queue that is missing or has none.
pub static NO_MEMBERS: Members = Members::new();

/// The value of a field, desired or live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// See [`Type::Text`].
    Text(Arc<str>),
    /// See [`Type::Flag`].
    Flag(bool),
    /// See [`Type::Number`].
    Number(i64),
    /// See [`Type::Choice`].
    Choice(&'static str),
    /// See [`Type::Set`]; ordered as the type's list.
    Set(Arc<[&'static str]>),
    /// See [`Type::Sip`].
    Sip(Sip),
    /// See [`Type::Password`].
    Password(Arc<SecretRef>),
    /// See [`Type::Members`].
    Members(Arc<Members>),
    /// A vendor's value that no document lists: kept and shown, never an error.
    Other(Arc<str>),
}

// A roster of 100,000 agents has two million values.
const _: () = assert!(size_of::<Value>() <= 24);

impl Value {
    /// Returns the members, if the value is a list of them.
    pub fn members(&self) -> Option<&Arc<Members>> {
        let Value::Members(members) = self else { return None };
        Some(members)
    }

    /// Returns the number of a SIP account, if it has one.
    pub fn sip_number(&self) -> Option<&str> {
        let Value::Sip(Sip::Number(number)) = self else { return None };
        Some(number)
    }

    /// Returns the value with its free text replaced; the texts of members and secrets stay.
    #[must_use]
    pub fn map_text(&self, replace: impl Fn(&str) -> Arc<str>) -> Value {
        match self {
            Value::Text(text) => Value::Text(replace(text)),
            Value::Sip(Sip::Number(number)) => Value::Sip(Sip::Number(replace(number))),
            Value::Other(raw) => Value::Other(replace(raw)),
            Value::Flag(_)
            | Value::Number(_)
            | Value::Choice(_)
            | Value::Set(_)
            | Value::Sip(Sip::Auto | Sip::None)
            | Value::Password(_)
            | Value::Members(_) => self.clone(),
        }
    }

    /// Returns the value in readable form. Empty text is `""`.
    pub fn words(&self) -> String {
        match self {
            Value::Text(text) => shown(text),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Choice(word) => (*word).to_owned(),
            Value::Set(words) if words.is_empty() => "none".to_owned(),
            Value::Set(words) => words.join(", "),
            Value::Sip(Sip::Auto) => "auto".to_owned(),
            Value::Sip(Sip::None) => "none".to_owned(),
            Value::Sip(Sip::Number(number)) => sanitize(number).into_owned(),
            Value::Password(_) => "(secret)".to_owned(),
            Value::Members(members) => format!("{} members", members.len()),
            Value::Other(raw) => format!("{} (unknown to rosterctl)", shown(raw)),
        }
    }
}

/// Returns a text that is safe on one line, the empty text as `""`.
fn shown(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { sanitize(text).into_owned() }
}

/// Returns the list's own copy of a word.
pub fn word(words: &'static [&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|w| *w == text)
}
