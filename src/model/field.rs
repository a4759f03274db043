//! A field is one row: its name, type and meaning.
//!
//! Manifest, schema, diff, plan, formats and ledger read these rows; nothing about a field is said anywhere else. Which
//! keys of a vendor write and read it stands in the mappings of its connector: see [`super::support`].

use std::fmt;

use serde::{Serialize, Serializer};

use super::identity::Identity;
use super::source::Source;
use super::value::{Type, Value};

/// What of a person a field tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
}

/// One row of a kind's table.
pub struct Field {
    /// Place in the table.
    pub index: u8,
    /// Name in a manifest.
    pub key: &'static str,
    /// What it can hold.
    pub ty: Type,
    /// Whether it is somebody's, and what of: then it is masked in what others store or post.
    pub personal: Option<Personal>,
    /// Its meaning, in sentences.
    pub doc: &'static str,
}

impl PartialEq for Field {
    /// Returns true for one row: fields of two kinds may share a key.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Field {}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.key)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

/// What is said of one resource: some of its kind's fields, each with its value and its place.
///
/// A field that is not there is **unsaid** (in a manifest: do not touch). In an answer it is unset, or **unread**:
/// see [`Record::is_unread`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    entries: Vec<Entry>,
    /// A bit for each text that the answer did not tell.
    unread: u32,
    /// A bit for each field of which the answer hid a part.
    masked: u32,
    /// The agent that the answer is about.
    identity: Identity,
}

/// One field of a [`Record`].
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which field.
    pub field: &'static Field,
    /// What it holds.
    pub value: Value,
    /// Where a manifest says so.
    pub source: Option<Source>,
}

impl Record {
    /// A record that will hold so many fields.
    pub fn with_capacity(fields: usize) -> Self {
        Self { entries: Vec::with_capacity(fields), ..Self::default() }
    }

    /// Gives back the memory that was taken for fields that did not come.
    pub fn fit(&mut self) {
        self.entries.shrink_to_fit();
    }

    /// The fields that are said, in the table's order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The fields that are said, to change what they hold.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Records that the answer did not tell a field.
    pub fn mark_unread(&mut self, field: &Field) {
        self.unread |= 1_u32.checked_shl(u32::from(field.index)).unwrap_or(0);
    }

    /// Returns true if the answer did not tell a field. Of a text, a null or an empty one tells that it is unset. No
    /// other type has an unset state: without a value the field is unread.
    pub fn is_unread(&self, field: &Field) -> bool {
        if field.ty.is_text() {
            self.unread & 1_u32.checked_shl(u32::from(field.index)).unwrap_or(0) != 0
        } else {
            self.get(field).is_none()
        }
    }

    /// Records that the answer hid a part of a field: it is unread, and is known not to be unset.
    pub fn mark_masked(&mut self, field: &Field) {
        self.mark_unread(field);
        self.masked |= 1_u32.checked_shl(u32::from(field.index)).unwrap_or(0);
    }

    /// Returns true if [`Record::mark_masked`] was called for a field.
    pub fn is_masked(&self, field: &Field) -> bool {
        self.masked & 1_u32.checked_shl(u32::from(field.index)).unwrap_or(0) != 0
    }

    /// Returns the vendor's own identity of an agent; unknown in a manifest.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Records the vendor's own identity of an agent.
    pub fn identify(&mut self, identity: Identity) {
        self.identity = identity;
    }

    /// A field with its value and place.
    pub fn entry(&self, field: &Field) -> Option<&Entry> {
        let at = self.entries.binary_search_by_key(&field.index, |e| e.field.index).ok()?;
        self.entries.get(at)
    }

    /// A field's value.
    pub fn get(&self, field: &Field) -> Option<&Value> {
        self.entry(field).map(|entry| &entry.value)
    }

    /// A text or choice as text.
    pub fn text(&self, field: &Field) -> Option<&str> {
        match self.get(field)? {
            Value::Text(text) => Some(text),
            Value::Choice(word) => Some(word),
            _ => None,
        }
    }

    /// Sets a field, replacing what it held.
    pub fn set(&mut self, field: &'static Field, value: Value, source: Option<Source>) {
        let entry = Entry { field, value, source };
        // Whoever reads a whole row comes in the table's order.
        if self.entries.last().is_none_or(|last| last.field.index < field.index) {
            self.entries.push(entry);
            return;
        }
        match self.entries.binary_search_by_key(&field.index, |e| e.field.index) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    /// Takes over what `other` says of fields that this record is silent on.
    pub fn fill_from(&mut self, other: &Record) {
        for entry in &other.entries {
            if self.get(entry.field).is_none() {
                self.set(entry.field, entry.value.clone(), entry.source.clone());
            }
        }
    }
}

/// Writes a kind's table: a `static` for each row, and `FIELDS`, all of them in order.
///
/// ```text
/// /// Meaning.
/// NAME "key": Type;
/// ```
/// A type may carry what of a person it tells: `Type, Phone`.
macro_rules! kind {
    (@personal) => { None };
    (@personal $personal:ident) => { Some($crate::model::field::Personal::$personal) };
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $key:literal: $ty:expr $(, $personal:ident)?;
    )+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $($name),+ }
        $(
            $(#[doc = $doc])+
            pub static $name: $crate::model::field::Field = $crate::model::field::Field {
                index: Index::$name as u8,
                key: $key,
                ty: $ty,
                personal: kind!(@personal $($personal)?),
                doc: concat!($($doc),+),
            };
        )+
        /// Number of rows.
        pub const COUNT: usize = [$(Index::$name as u8),+].len();
        /// Every row, in the table's order.
        pub static FIELDS: &[&$crate::model::field::Field] = &[$(&$name),+];
    };
}
pub(crate) use kind;

/// Finds a row by its manifest name.
pub fn by_key(fields: &'static [&'static Field], key: &str) -> Option<&'static Field> {
    fields.iter().copied().find(|field| field.key == key)
}
