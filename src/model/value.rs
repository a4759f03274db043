//! What a field can hold, in the manifest's words.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::id::OperatorId;
use super::secret::SecretRef;
use super::text::sanitize;

/// The type of a field. Whatever depends on the type, and on nothing else, matches on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text; `required` texts cannot be empty.
    Text {
        /// Whether the empty text is refused.
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
    /// One that the vendor picks.
    Auto,
    /// None.
    None,
    /// This one.
    Number(Arc<str>),
}

/// The agents of a queue and the priority of each.
pub type Members = BTreeMap<OperatorId, i64>;

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
    /// What a vendor answered and no document lists: kept and shown, never an error.
    Other(Arc<str>),
}

// A roster of 100,000 agents has two million of them.
const _: () = assert!(size_of::<Value>() <= 24);

impl Value {
    /// Returns the value in the manifest's words, as JSON. A password is `null`.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Text(text) => json!(&**text),
            Value::Flag(flag) => json!(flag),
            Value::Number(number) => json!(number),
            Value::Choice(word) => json!(word),
            Value::Set(words) => json!(&**words),
            Value::Sip(Sip::Auto) => json!("auto"),
            Value::Sip(Sip::None) => json!("none"),
            Value::Sip(Sip::Number(number)) => json!({ "number": &**number }),
            Value::Password(_) => Json::Null,
            Value::Members(members) => members
                .iter()
                .map(|(id, priority)| json!({ "agentNumber": id.as_str(), "priority": priority }))
                .collect(),
            Value::Other(raw) => json!({ "unknown": &**raw }),
        }
    }

    /// Reads what [`Value::to_json`] wrote; `None` for `null`, for a password and for what is not
    /// of the type.
    pub fn from_json(ty: Type, json: &Json) -> Option<Value> {
        if let Some(raw) = json.get("unknown").and_then(Json::as_str) {
            return Some(Value::Other(raw.into()));
        }
        match ty {
            Type::Text { .. } => json.as_str().map(|text| Value::Text(text.into())),
            Type::Flag => json.as_bool().map(Value::Flag),
            Type::Number => json.as_i64().map(Value::Number),
            Type::Choice(words) => word(words, json.as_str()?).map(Value::Choice),
            Type::Set(words) => {
                let given: Vec<&str> = json.as_array()?.iter().filter_map(Json::as_str).collect();
                Some(Value::Set(words.iter().copied().filter(|w| given.contains(w)).collect()))
            }
            Type::Sip => match json.as_str() {
                Some("auto") => Some(Value::Sip(Sip::Auto)),
                Some("none") => Some(Value::Sip(Sip::None)),
                Some(_) => None,
                None => Some(Value::Sip(Sip::Number(json.get("number")?.as_str()?.into()))),
            },
            Type::Password => None,
            Type::Members => {
                let mut members = Members::new();
                for member in json.as_array()? {
                    let id = member.get("agentNumber")?.as_str()?;
                    members.insert(id.into(), member.get("priority")?.as_i64()?);
                }
                Some(Value::Members(Arc::new(members)))
            }
        }
    }

    /// Returns the value as people read it. Empty text is `""`.
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

/// A text fit for one line, the empty text as `""`.
fn shown(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { sanitize(text).into_owned() }
}

/// The list's own copy of a word.
pub fn word(words: &'static [&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|w| *w == text)
}
