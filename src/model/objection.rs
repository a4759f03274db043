//! Objections to ids, keys and secrets.

use serde::{Deserialize, Serialize};

/// The reason why no manifest may use an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdObjection {
    /// It is empty.
    Empty,
    /// It is longer than 64 characters.
    TooLong,
    /// It holds a character that cannot be seen.
    Hidden,
    /// It holds a sign that no id may.
    Sign,
    /// It begins with a sign.
    Begin,
}

/// The reason why a store cannot hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyObjection {
    /// It holds a control character.
    Control,
    /// It holds a character that cannot be seen.
    Hidden,
    /// It is longer than 512 bytes.
    TooLong,
    /// It is no name of a variable.
    Variable,
    /// It is empty.
    Empty,
    /// It has no path before its field.
    NoPath,
    /// It has no field after its `#`.
    NoField,
    /// It leads out of the store.
    Climbs,
    /// A name of its path is empty.
    EmptyName,
    /// It ends like the key of a former password.
    Former,
    /// It begins like an option of a command.
    Option,
    /// It holds a sign that no argument of a command may.
    Sign,
}

/// The reason why the value of a secret cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ValueObjection {
    /// It is empty.
    Empty,
    /// It ends with a line break.
    LineEnd,
    /// It holds a line break.
    LineBreak,
    /// It holds a control character.
    Control,
    /// It begins with a byte order mark.
    ByteOrderMark,
    /// It holds an invisible character.
    Hidden,
    /// Its length is not one that the vendor takes.
    Length,
    /// It begins or ends with a blank.
    Blank,
    /// It holds a character that is not ASCII.
    NotAscii,
}
