//! Messages as data: a variant a sentence, its arguments typed. The room `messages` writes the sentences.
//!
//! Plan, apply and readers create variants. Reports turn them into sentences, and group and mask them by their
//! arguments. No code parses a sentence.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

use super::field::Field;
use super::id::{Kind, OperatorId, ResourceId};
use super::language::Localized;
use super::objection::{IdObjection, KeyObjection, ValueObjection};
use super::value::Value;

/// A fixed word: a manifest key, a flag, an operation.
///
/// A `String` argument is free text: it comes from a file, a vendor or a system, and may be personal.
pub type Word = Cow<'static, str>;

/// Returns some words as an argument.
pub fn words(words: &[&'static str]) -> Vec<Word> {
    words.iter().copied().map(Word::Borrowed).collect()
}

/// A change of the arguments of messages, to mask them or to group several messages.
pub trait Rewrite {
    /// Returns the replacement of a free text.
    fn text(&self, text: &str) -> String;

    /// Changes two values of a field.
    fn values(&self, _: &Field, before: &mut Option<Value>, after: &mut Option<Value>) {
        for value in [before, after].into_iter().flatten() {
            *value = value.map_text(|text| self.text(text).into());
        }
    }
}

/// An argument of a message.
pub trait Argument {
    /// Changes the free text of the argument.
    fn rewrite(&mut self, with: &dyn Rewrite);
}

impl Argument for String {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        *self = with.text(self);
    }
}

impl Argument for Localized {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        *self = self.clone().map(|text| with.text(&text));
    }
}

impl From<&OperatorId> for Word {
    fn from(id: &OperatorId) -> Self {
        id.to_string().into()
    }
}

/// A number that a vendor holds as an agent's: members of queues need not be agents. A queue's number is a [`Word`].
impl Argument for OperatorId {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        *self = OperatorId::new(with.text(self.as_str()));
    }
}

impl<T: Argument> Argument for Option<T> {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        for argument in self.iter_mut() {
            argument.rewrite(with);
        }
    }
}

impl<T: Argument> Argument for Vec<T> {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        for argument in self.iter_mut() {
            argument.rewrite(with);
        }
    }
}

impl<T: Argument> Argument for Box<T> {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        T::rewrite(self, with);
    }
}

/// Declares types whose values hold no free text.
macro_rules! plain {
    ($($ty:ty),+ $(,)?) => {$(
        impl $crate::model::message::Argument for $ty {
            fn rewrite(&mut self, _: &dyn $crate::model::message::Rewrite) {}
        }
    )+};
}
pub(crate) use plain;

plain!(Word, bool, char, u32, u64, usize, i64, Duration, Kind, ResourceId);
plain!(IdObjection, KeyObjection, ValueObjection);

/// A message as JSON holds it.
///
/// Every type of messages is read through it: what serde derives for so many variants is many times the code.
#[derive(Debug, Deserialize)]
pub struct WrittenMessage {
    /// The name of the variant.
    pub kind: String,
    /// Its arguments, by name.
    #[serde(default)]
    pub args: Map<String, Json>,
}

impl WrittenMessage {
    /// Returns true if a variant has the message's kind: its name begins with a small letter in JSON.
    pub fn is(&self, variant: &str) -> bool {
        let (mut kind, mut variant) = (self.kind.chars(), variant.chars());
        let first = variant.next().map(|first| first.to_ascii_lowercase());
        kind.next() == first && kind.as_str() == variant.as_str()
    }

    /// Takes an argument out by the name of its field.
    ///
    /// # Errors
    /// The argument is missing, or has another type.
    pub fn take<T: DeserializeOwned>(&mut self, field: &str) -> serde_json::Result<T> {
        let mut name = String::with_capacity(field.len());
        for part in field.split('_') {
            let first = part.get(..1).unwrap_or_default();
            name.push_str(&if name.is_empty() { first.to_owned() } else { first.to_ascii_uppercase() });
            name.push_str(part.get(1..).unwrap_or_default());
        }
        // As in serde, an optional argument may be missing.
        serde_json::from_value(self.args.remove(&name).unwrap_or(Json::Null))
            .map_err(|error| serde_json::Error::custom(format_args!("`{name}`: {error}")))
    }

    /// Returns the error of a kind that no variant has.
    pub fn unknown(&self) -> serde_json::Error {
        serde_json::Error::custom(format_args!("unknown message `{}`", self.kind))
    }
}

/// A type of messages that can be read.
pub trait ReadMessage: Sized {
    /// Reads a message.
    ///
    /// # Errors
    /// No variant has its kind, or an argument is missing or has another type.
    fn read(written: WrittenMessage) -> serde_json::Result<Self>;
}

/// Parses a message.
pub fn read_message<'de, M: ReadMessage, D: Deserializer<'de>>(from: D) -> Result<M, D::Error> {
    M::read(WrittenMessage::deserialize(from)?).map_err(D::Error::custom)
}

/// Writes an enumeration of messages: a variant a sentence, with its arguments.
///
/// In JSON a variant is its `kind`, with its `args` beside it. The word `read` before the name makes the type readable.
/// The word `text` makes a variant its English sentence in JSON; what is read is the variant `Saved`.
/// [`Argument::rewrite`] rewrites all arguments of all variants.
macro_rules! messages {
    ($(#[$meta:meta])* read $name:ident {
        $($(#[doc = $doc:literal])+ $variant:ident $({ $($arg:ident: $ty:ty),+ $(,)? })?,)+
    }) => {
        $crate::model::message::messages! {
            $(#[$meta])* $name { $($(#[doc = $doc])+ $variant $({ $($arg: $ty),+ })?,)+ }
        }

        impl $crate::model::message::ReadMessage for $name {
            fn read(mut written: $crate::model::message::WrittenMessage) -> serde_json::Result<Self> {
                $(if written.is(stringify!($variant)) {
                    return Ok(Self::$variant $({ $($arg: written.take(stringify!($arg))?),+ })?);
                })+
                Err(written.unknown())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::model::message::read_message(from)
            }
        }
    };
    ($(#[$meta:meta])* text $name:ident { $($body:tt)+ }) => {
        $crate::model::message::messages! { $(#[$meta])* enum $name { $($body)+ } }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(Self::Saved { text: serde::Deserialize::deserialize(from)? })
            }
        }
    };
    ($(#[$meta:meta])* enum $name:ident {
        $($(#[doc = $doc:literal])+ $variant:ident $({ $($arg:ident: $ty:ty),+ $(,)? })?,)+
    }) => {
        $(#[$meta])*
        #[allow(missing_docs, reason = "the name and the type of an argument say what it is")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $doc])+ $variant $({ $($arg: $ty),+ })?,)+
        }

        impl $crate::model::message::Argument for $name {
            #[allow(unused_variables, reason = "a type may have no variant with an argument")]
            fn rewrite(&mut self, with: &dyn $crate::model::message::Rewrite) {
                match self {
                    $(Self::$variant $({ $($arg),+ })? => {
                        $($($crate::model::message::Argument::rewrite($arg, with);)+)?
                    })+
                }
            }
        }
    };
    ($(#[$meta:meta])* $name:ident { $($body:tt)+ }) => {
        $crate::model::message::messages! {
            $(#[$meta])*
            #[derive(serde::Serialize)]
            #[serde(tag = "kind", content = "args", rename_all = "camelCase", rename_all_fields = "camelCase")]
            enum $name { $($body)+ }
        }
    };
}
pub(crate) use messages;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use crate::model::finding::FindingKind;
    use crate::model::unread::Unread;

    #[test]
    fn a_message_is_read_by_its_kind_and_its_arguments() {
        let read = |text: serde_json::Value| serde_json::from_value::<FindingKind>(text);
        let message = json!({ "kind": "unmanagedAgent", "args": { "name": null, "unspeakable": null } });
        let found = FindingKind::UnmanagedAgent { name: None, unspeakable: None };
        assert_eq!(read(message).unwrap(), found);
        // An optional argument may be missing; another one, and another name of the kind, may not.
        assert_eq!(read(json!({ "kind": "unmanagedAgent", "args": {} })).unwrap(), found);
        assert_eq!(read(json!({ "kind": "seatMissing" })).unwrap(), FindingKind::SeatMissing);
        let wrong = |text| read(text).unwrap_err().to_string();
        assert_eq!(wrong(json!({ "kind": "SeatMissing" })), "unknown message `SeatMissing`");
        let short = wrong(json!({ "kind": "secretGone", "args": {} }));
        assert!(short.starts_with("`place`: invalid type: null"), "{short}");
        let nested = Unread::Failed { why: "no answer".into() };
        let written = serde_json::to_value(&nested).unwrap();
        assert_eq!(serde_json::from_value::<Unread>(written).unwrap(), nested);
    }
}
