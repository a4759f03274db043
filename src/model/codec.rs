//! The one codec of values: the JSON form of a [`Value`] in plan, journal, ledger and snapshot.
//!
//! A value serializes itself. Parsing takes the [`Field`]: `"none"` may be a text, a word or no SIP account.

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::agent::SIP;
use super::field::Field;
use super::id::OperatorId;
use super::queue::ASSIGN_MEMBERS;
use super::value::{Members, Sip, Type, Value, word};

impl Serialize for Value {
    /// Writes the value in the manifest's words. A password is `null`.
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Text(text) => out.serialize_str(text),
            Value::Flag(flag) => out.serialize_bool(*flag),
            Value::Number(number) => out.serialize_i64(*number),
            Value::Choice(word) => out.serialize_str(word),
            Value::Set(words) => out.collect_seq(&**words),
            Value::Sip(Sip::Auto) => out.serialize_str("auto"),
            Value::Sip(Sip::None) => out.serialize_str("none"),
            Value::Sip(Sip::Number(number)) => out.collect_map([("number", &**number)]),
            Value::Password(_) => out.serialize_none(),
            Value::Members(members) => out.collect_seq(
                members.iter().map(|(id, priority)| Member { agent_number: id.clone(), priority: *priority }),
            ),
            Value::Other(raw) => out.collect_map([("unknown", &**raw)]),
        }
    }
}

impl Value {
    /// Returns the value in the manifest's words, as JSON. A password is `null`.
    pub fn to_json(&self) -> Json {
        // Only a map with a key that is no text could fail.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Parses a value of a field; `null` is no value.
///
/// # Errors
/// The value is not of the field's type.
pub fn from_json(field: &Field, json: &Json) -> Result<Option<Value>, serde_json::Error> {
    match json {
        Json::Null => Ok(None),
        json => Seed(field, &mut StringReuse::default()).deserialize(json).map(Some),
    }
}

/// Writes a member list.
///
/// # Errors
/// Those of the serialiser.
pub fn serialize_members<S: Serializer>(members: &Option<Arc<Members>>, out: S) -> Result<S::Ok, S::Error> {
    members.clone().map(Value::Members).serialize(out)
}

/// Parses a member list.
///
/// # Errors
/// It is no such list, or names an agent twice.
pub fn deserialize_members<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Arc<Members>>, D::Error> {
    let value = Seed(&ASSIGN_MEMBERS, &mut StringReuse::default()).deserialize(from)?;
    let members = value.members().cloned();
    members.map(Some).ok_or_else(|| D::Error::custom("this is no list of members"))
}

/// The last text, or set, of each field: consecutive resources share groups, caller ids and the like.
#[derive(Default)]
pub struct StringReuse {
    texts: [Option<Arc<str>>; 32],
    set: Option<Arc<[&'static str]>>,
}

/// The key of a value that is written as an object.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Wrapper {
    Unknown,
    Number,
    #[serde(other)]
    Other,
}

/// The parser of one of some words; any other text is an `Err`.
struct WordSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for WordSeed {
    type Value = Result<&'static str, Box<str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for WordSeed {
    type Value = Result<&'static str, Box<str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(word(self.0, text).ok_or_else(|| text.into()))
    }
}

/// The parser of a field's text.
struct TextSeed<'a>(&'a Field, &'a mut StringReuse);

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Arc<str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Arc<str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TextSeed<'_> {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Arc<str>, E> {
        Ok(self.1.share(self.0, text))
    }
}

impl StringReuse {
    /// Records the number of the resource whose values follow: an agent's SIP account often has the same.
    pub fn begin_resource(&mut self, number: &Arc<str>) {
        if let Some(last) = self.texts.get_mut(usize::from(SIP.index)) {
            *last = Some(Arc::clone(number));
        }
    }

    fn share(&mut self, field: &Field, text: &str) -> Arc<str> {
        let Some(last) = self.texts.get_mut(usize::from(field.index)) else { return text.into() };
        match last {
            Some(last) if **last == *text => Arc::clone(last),
            _ => Arc::clone(last.insert(text.into())),
        }
    }

    fn share_set(&mut self, set: Vec<&'static str>) -> Arc<[&'static str]> {
        match &mut self.set {
            Some(last) if **last == *set => Arc::clone(last),
            last => Arc::clone(last.insert(set.into())),
        }
    }
}

/// The parser of a field's value.
pub struct Seed<'a>(pub &'a Field, pub &'a mut StringReuse);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.ty {
            Type::Text { .. } => f.write_str("a text")?,
            Type::Flag => f.write_str("true or false")?,
            Type::Number => f.write_str("a whole number")?,
            Type::Choice(words) => write!(f, "one of {}", words.join(", "))?,
            Type::Set(words) => write!(f, "a list of some of {}, each once,", words.join(", "))?,
            Type::Sip => f.write_str("\"none\" or { \"number\": \"…\" }")?,
            Type::Password => f.write_str("nothing")?,
            Type::Members => f.write_str("a list of agents' numbers")?,
        }
        write!(f, " for `{}`", self.0.key)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        let value = match self.0.ty {
            Type::Text { .. } => Some(Value::Text(self.1.share(self.0, text))),
            Type::Choice(words) => word(words, text).map(Value::Choice),
            Type::Sip => match text {
                "auto" => Some(Value::Sip(Sip::Auto)),
                "none" => Some(Value::Sip(Sip::None)),
                _ => None,
            },
            Type::Flag | Type::Number | Type::Set(_) | Type::Password | Type::Members => None,
        };
        value.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        if self.0.ty == Type::Flag {
            Ok(Value::Flag(flag))
        } else {
            Err(E::invalid_type(Unexpected::Bool(flag), &self))
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        if self.0.ty == Type::Number {
            Ok(Value::Number(number))
        } else {
            Err(E::invalid_type(Unexpected::Signed(number), &self))
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_type(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        match self.0.ty {
            Type::Set(words) => {
                let mut set = Vec::with_capacity(words.len());
                while let Some(found) = items.next_element_seed(WordSeed(words))? {
                    match found {
                        Ok(word) if !set.contains(&word) => set.push(word),
                        Ok(text) => return Err(A::Error::invalid_value(Unexpected::Str(text), &self)),
                        Err(text) => return Err(A::Error::invalid_value(Unexpected::Str(&text), &self)),
                    }
                }
                set.sort_by_key(|word| words.iter().position(|known| known == word));
                Ok(Value::Set(self.1.share_set(set)))
            }
            Type::Members => {
                let mut members = Members::new();
                while let Some(Member { agent_number: id, priority }) = items.next_element()? {
                    if let Some(twice) = members.insert(id.clone(), priority) {
                        let message =
                            format!("agent {id} appears twice in a queue (priority {twice}, {priority})");
                        return Err(A::Error::custom(message));
                    }
                }
                Ok(Value::Members(Arc::new(members)))
            }
            Type::Text { .. } | Type::Flag | Type::Number | Type::Choice(_) | Type::Sip | Type::Password => {
                Err(A::Error::invalid_type(Unexpected::Seq, &self))
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let value = match map.next_key()? {
            Some(Wrapper::Unknown) if self.0.ty != Type::Password => {
                Value::Other(map.next_value::<Arc<str>>()?)
            }
            Some(Wrapper::Number) if self.0.ty == Type::Sip => {
                Value::Sip(Sip::Number(map.next_value_seed(TextSeed(self.0, &mut *self.1))?))
            }
            _ => return Err(A::Error::invalid_type(Unexpected::Map, &self)),
        };
        match map.next_key::<Wrapper>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// A member of a queue: a number, or a number with a priority.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    agent_number: OperatorId,
    priority: i64,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's number in quotes, or { \"agentNumber\": …, \"priority\": … }")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<Member, E> {
        Ok(Member { agent_number: id.into(), priority: 0 })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Member, A::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Fields {
            agent_number: OperatorId,
            #[serde(default)]
            priority: i64,
        }
        let Fields { agent_number, priority } = Fields::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Member { agent_number, priority })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::value::any;
    use crate::model::{agent, queue, seat};

    fn fields() -> impl Iterator<Item = &'static Field> {
        [agent::FIELDS, queue::FIELDS, seat::FIELDS].into_iter().flatten().copied()
    }

    /// Serializes a value by hand, in today's file format.
    fn by_hand(value: &Value) -> Json {
        match value {
            Value::Text(text) => json!(&**text),
            Value::Flag(flag) => json!(flag),
            Value::Number(number) => json!(number),
            Value::Choice(word) => json!(word),
            Value::Set(words) => json!(&**words),
            Value::Sip(Sip::Auto) => json!("auto"),
            Value::Sip(Sip::None) => json!("none"),
            Value::Sip(Sip::Number(number)) => json!({ "number": &**number }),
            Value::Password(_) => Json::Null,
            Value::Members(members) => {
                let member = |(id, priority): (&OperatorId, &i64)| json!({ "agentNumber": id.as_str(), "priority": priority });
                members.iter().map(member).collect()
            }
            Value::Other(raw) => json!({ "unknown": &**raw }),
        }
    }

    fn value() -> impl Strategy<Value = (&'static Field, Value)> {
        let open: Vec<&Field> = fields().filter(|field| field.ty != Type::Password).collect();
        prop::sample::select(open).prop_flat_map(|field| {
            let auto =
                if field.ty == Type::Sip { Value::Sip(Sip::Auto) } else { Value::Other("auto".into()) };
            (Just(field), prop_oneof![9 => any::value(field.ty), 1 => Just(auto)])
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        /// A value of any type keeps its form, and parses back.
        #[test]
        fn a_value_comes_back((field, value) in value()) {
            let json = value.to_json();
            prop_assert_eq!(&json, &by_hand(&value));
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(&text, &json.to_string());
            prop_assert_eq!(from_json(field, &json).unwrap(), Some(value.clone()));
            let mut reuse = StringReuse::default();
            let parsed = Seed(field, &mut reuse).deserialize(&mut serde_json::Deserializer::from_str(&text));
            prop_assert_eq!(parsed.unwrap(), value);
        }

        /// A field of another type refuses a value, or serializes it alike.
        #[test]
        fn a_value_of_another_type_is_refused((_, value) in value(), at in 0..fields().count()) {
            let other = fields().nth(at).unwrap();
            // A list of words is a member list of priority 0, too.
            let alike = other.ty == Type::Members && matches!(value, Value::Set(_));
            if let (false, Ok(read)) = (alike, from_json(other, &value.to_json())) {
                prop_assert_eq!(read.map(|read| read.to_json()), Some(value.to_json()));
                prop_assert_ne!(other.ty, Type::Password);
            }
        }
    }

    #[test]
    fn a_malformed_value_is_refused() {
        let member = |priority: Json| json!([{ "agentNumber": "8001", "priority": priority }]);
        for (field, json) in [
            (&queue::ASSIGN_MEMBERS, json!({})),
            (&queue::ASSIGN_MEMBERS, json!("8001")),
            (&queue::ASSIGN_MEMBERS, json!([8001])),
            (&queue::ASSIGN_MEMBERS, json!([{ "priority": 1 }])),
            (&queue::ASSIGN_MEMBERS, json!(["8001", "8001"])),
            (&queue::ASSIGN_MEMBERS, member(json!("1"))),
            (&queue::ASSIGN_MEMBERS, member(json!(1.5))),
            (&agent::CHANNEL_SET, json!(["voice", "fax"])),
            (&agent::CHANNEL_SET, json!(["voice", "voice"])),
            (&agent::SIP, json!({ "number": "1", "more": 2 })),
            (&agent::SIP, json!("1001")),
            (&agent::TYPE, json!("boss")),
            (&agent::NAME, json!({ "unknown": "7", "more": 1 })),
            (&agent::PASSWORD, json!("hunter2")),
            (&agent::PASSWORD, json!({ "unknown": "hunter2" })),
        ] {
            assert!(from_json(field, &json).is_err(), "{field:?} {json}");
        }
        assert_eq!(from_json(&agent::PASSWORD, &Json::Null).unwrap(), None);
    }
}
