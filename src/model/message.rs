//! Messages as data: a variant a sentence, its arguments typed. The room `messages` writes the sentences.
//!
//! Plan, apply and readers create variants. Reports turn them into sentences, and group and mask them by their
//! arguments. No code parses a sentence.

use std::borrow::Cow;
use std::time::Duration;

use super::field::Field;
use super::id::{Kind, OperatorId, ResourceId};
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

/// Writes an enumeration of messages: a variant a sentence, with its arguments.
///
/// In JSON a variant is its `kind`, with its `args` beside it. [`Argument::rewrite`] rewrites all arguments of all
/// variants.
macro_rules! messages {
    ($(#[$meta:meta])* $name:ident {
        $($(#[doc = $doc:literal])+ $variant:ident $({ $($arg:ident: $ty:ty),+ $(,)? })?,)+
    }) => {
        $(#[$meta])*
        #[allow(missing_docs, reason = "the name and the type of an argument say what it is")]
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
        #[serde(tag = "kind", content = "args", rename_all = "camelCase", rename_all_fields = "camelCase")]
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
}
pub(crate) use messages;
