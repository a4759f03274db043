//! Words that several problems share.

use crate::model::objection::{IdObjection, KeyObjection, ValueObjection};
use crate::model::problem::Element;

/// Writes the reason why an id is refused.
pub fn id_objection(why: &IdObjection) -> &'static str {
    match why {
        IdObjection::Empty => "it is empty",
        IdObjection::TooLong => "it is longer than 64 characters",
        IdObjection::Hidden => "a character that cannot be seen stands in it",
        IdObjection::Sign => "only letters, digits and `_ . @ -` may stand in it",
        IdObjection::Begin => "it must begin with a letter or a digit",
    }
}

/// Writes the reason why a key is refused.
pub fn key_objection(why: &KeyObjection) -> &'static str {
    match why {
        KeyObjection::Control => "it holds a control character",
        KeyObjection::Hidden => "it holds a character that cannot be seen",
        KeyObjection::TooLong => "it is longer than 512 bytes",
        KeyObjection::Variable => "a store of type env has keys of A to Z, digits and `_`",
        KeyObjection::Empty => "it is empty",
        KeyObjection::NoPath => "no name stands before the `#`",
        KeyObjection::NoField => "no field stands after the `#`",
        KeyObjection::Climbs => "it would climb out of the store",
        KeyObjection::EmptyName => "a name in it is empty",
        KeyObjection::Former => "such names are kept for former passwords, beside their keys",
        KeyObjection::Option => "it begins with `-`",
        KeyObjection::Sign => "a store of type exec has keys of letters, digits and `. _ @ / -`",
    }
}

/// Writes the reason why the value of a secret is refused, as a predicate of its name.
pub fn value_objection(why: &ValueObjection) -> &'static str {
    match why {
        ValueObjection::Empty => "is empty",
        ValueObjection::LineEnd => "ends with a line break",
        ValueObjection::LineBreak => "holds a line break",
        ValueObjection::Control => "holds a control character",
        ValueObjection::ByteOrderMark => "begins with a byte order mark",
        ValueObjection::Hidden => "holds an invisible character",
        ValueObjection::Length => "is not of 6 to 32 characters, as the vendor asks",
        ValueObjection::Blank => "begins or ends with a blank",
        ValueObjection::NotAscii => "holds a character that is not ASCII, which no header may",
    }
}

pub(super) fn say(message: impl Into<String>, help: impl Into<String>) -> (String, String) {
    (message.into(), help.into())
}

/// Returns the name of an element, with its article.
pub(super) fn element(element: &Element) -> String {
    let kind = match element {
        Element::Key { key } => return format!("`{key}`"),
        Element::Connection { name } => return format!("connection `{name}`"),
        Element::Store { name } => return format!("store `{name}`"),
        Element::Profile { name } => return format!("profile `{name}`"),
        Element::Period { name } => return format!("period `{name}`"),
        Element::Workspace => "the workspace",
        Element::Ledger => "the ledger",
        Element::Policy => "the policy",
        Element::Manifest => "a manifest",
        Element::Agent => "an agent",
        Element::Queue => "a queue",
        Element::Member => "a member",
        Element::Selector => "a member selector",
        Element::Seat => "a seat",
        Element::Ignored => "an entry of `ignore`",
        Element::During => "an entry of `during`",
        Element::SipAccount => "a SIP account",
        Element::SecretReference => "a secret reference",
    };
    kind.to_owned()
}

/// Writes the keys of a reference to a password that ask for a rotation.
pub(super) fn rotation(version: Option<u32>, generate: bool) -> String {
    let version =
        version.map_or_else(|| "no `version`".to_owned(), |version| format!("`version: {version}`"));
    format!("{version}{}", if generate { ", `generate: true`" } else { "" })
}

/// Suggests the near name, or returns the other help.
pub(super) fn did_you_mean<T: std::fmt::Display>(
    near: Option<&T>,
    otherwise: impl FnOnce() -> String,
) -> String {
    near.map_or_else(otherwise, |near| format!("did you mean `{near}`?"))
}
