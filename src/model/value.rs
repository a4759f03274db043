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

impl Type {
    /// Returns true for a text, the only type with an unset state: a null or an empty text.
    pub fn is_text(self) -> bool {
        matches!(self, Type::Text { .. })
    }

    /// Returns true if a key that the response lacks may mean that the field is unset.
    pub fn may_be_unset(self) -> bool {
        matches!(self, Type::Text { .. } | Type::Sip)
    }

    /// Returns the value with which a manifest empties a field; `None` if no value does.
    pub fn empty(self) -> Option<Value> {
        match self {
            Type::Text { required: false } => Some(Value::Text("".into())),
            Type::Number => Some(Value::Number(0)),
            Type::Sip => Some(Value::Sip(Sip::None)),
            Type::Text { required: true }
            | Type::Flag
            | Type::Choice(_)
            | Type::Set(_)
            | Type::Password
            | Type::Members => None,
        }
    }

    /// Returns true if every value is a short word.
    pub fn is_short(self) -> bool {
        matches!(self, Type::Flag | Type::Number | Type::Choice(_))
    }
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

    /// Returns the text in which a manifest may write a placeholder: a text, a SIP number, the key of a secret.
    pub fn text(&self) -> Option<&Arc<str>> {
        match self {
            Value::Text(text) | Value::Sip(Sip::Number(text)) => Some(text),
            Value::Password(secret) => Some(&secret.key),
            Value::Flag(_)
            | Value::Number(_)
            | Value::Choice(_)
            | Value::Set(_)
            | Value::Sip(Sip::Auto | Sip::None)
            | Value::Members(_)
            | Value::Other(_) => None,
        }
    }

    /// Returns the value with another [`Value::text`]; unchanged if it has none.
    #[must_use]
    pub fn with_text(&self, text: Arc<str>) -> Value {
        match self {
            Value::Text(_) => Value::Text(text),
            Value::Sip(Sip::Number(_)) => Value::Sip(Sip::Number(text)),
            Value::Password(secret) => {
                Value::Password(Arc::new(SecretRef { key: text, ..SecretRef::clone(secret) }))
            }
            value => value.clone(),
        }
    }

    /// Returns the value with its free text replaced; members and references to secrets stay.
    #[must_use]
    pub fn map_text(&self, replace: impl Fn(&Arc<str>) -> Arc<str>) -> Value {
        match (self, self.text()) {
            (Value::Other(raw), _) => Value::Other(replace(raw)),
            (Value::Password(_), _) | (_, None) => self.clone(),
            (_, Some(text)) => self.with_text(replace(text)),
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
pub fn shown(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { sanitize(text).into_owned() }
}

/// Returns the list's own copy of a word.
pub fn word(words: &'static [&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|w| *w == text)
}

/// Generators of values that can be live, for property tests.
#[cfg(test)]
pub(crate) mod any {
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;

    /// Generates any text, or a tricky one.
    pub(crate) fn text() -> BoxedStrategy<String> {
        let traps = vec![
            "",
            " ",
            "yes",
            "off",
            "012",
            "12:30",
            "{operatorId}",
            "a{operatorId}b",
            "{operatorid}",
            "{8001}",
            "8001",
            "外呼8002",
            "../x",
            "<<",
            "a: b # c",
            "\u{85}",
            "张三",
            "CON",
            "2026-01-01",
            "queues",
            "0",
            "\u{202e}abc",
        ];
        prop_oneof![4 => ".{0,6}", 4 => select(traps).prop_map(str::to_owned), 2 => "[a-c]"].boxed()
    }

    /// Generates any value that can be live.
    pub(crate) fn value(ty: Type) -> BoxedStrategy<Value> {
        let other = ".{0,4}".prop_map(|raw: String| Value::Other(raw.into()));
        let known = match ty {
            Type::Text { .. } => text().prop_map(|text| Value::Text(text.into())).boxed(),
            Type::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
            Type::Number => prop_oneof![any::<i64>(), 0..3i64].prop_map(Value::Number).boxed(),
            Type::Choice(words) => select(words).prop_map(Value::Choice).boxed(),
            Type::Set(words) => {
                subsequence(words.to_vec(), 0..=words.len()).prop_map(|set| Value::Set(set.into())).boxed()
            }
            Type::Sip => prop_oneof![
                Just(Value::Sip(Sip::None)),
                text().prop_map(|number| Value::Sip(Sip::Number(number.into()))),
            ]
            .boxed(),
            Type::Members => btree_map("[a-z]{1,3}", 0..3i64, 0..4).prop_map(members).boxed(),
            Type::Password => return Just(Value::Other("never live".into())).boxed(),
        };
        prop_oneof![19 => known, 1 => other].boxed()
    }

    fn members(members: BTreeMap<String, i64>) -> Value {
        let members = members.into_iter().map(|(id, priority)| (OperatorId::new(id), priority));
        Value::Members(Arc::new(members.collect()))
    }
}
