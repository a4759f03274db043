//! A field is one row: its name, type and meaning.
//!
//! Manifest, schema, diff, plan, formats and ledger read these rows; no other place describes a field. The
//! connector's mappings hold the vendor's keys that write and read it: see [`super::support`].

use std::fmt;
use std::num::NonZero;

use serde::{Serialize, Serializer};

use super::identity::Identity;
use super::language::Language;
use super::source::Source;
use super::value::{Type, Value};

/// The kind of personal data in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
}

/// One row of a kind's table.
pub struct Field {
    /// The index in the table.
    pub index: u8,
    /// The name in a manifest.
    pub key: &'static str,
    /// The vendor documents' own words for it: `zh-CN`, `zh-TW`.
    pub names: [&'static str; 2],
    /// The type of its values.
    pub ty: Type,
    /// The kind of personal data that it holds, if any: stored and posted reports mask it.
    pub personal: Option<Personal>,
    /// Its meaning, in sentences.
    pub doc: &'static str,
    /// The table of its kind.
    pub table: &'static &'static [&'static Field],
}

impl Field {
    /// Returns the name that a report gives it.
    pub fn name(&self, language: Language) -> &'static str {
        language.choose(self.key, self.names[0], self.names[1])
    }
}

impl PartialEq for Field {
    /// Returns true for the same row: fields of two kinds may share a key.
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

/// The set fields of one resource, each with its value and its place.
///
/// In a manifest, a missing field is **unset**: rosterctl leaves it alone. In a response it is unset, or **unread**:
/// see [`Record::is_unread`].
///
/// A roster of 100,000 agents has two million values, and half of them are live and have no place. So a value does not
/// name its field, and only a manifest's record has memory for places. Records are sorted and moved: each is a pointer.
#[derive(Clone, Default)]
pub struct Record(Option<Box<Fields>>);

/// The content of a record.
#[derive(Clone, Default)]
struct Fields {
    /// The table of the fields, if one is set.
    table: Option<&'static &'static [&'static Field]>,
    /// The values of the set fields, in the table's order, and room for others.
    values: Box<[Value]>,
    /// The place of each value, with as much room; empty if no value has one.
    sources: Box<[Option<Source>]>,
    /// A bit for each set field.
    set: u32,
    /// The time of the last change of a live resource, in seconds since 1970 UTC. Two records are equal without it.
    changed: Option<NonZero<u32>>,
    /// Facts of a live resource, if there are any.
    marks: Option<Box<Marks>>,
}

/// The facts of a live resource besides its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks {
    /// A bit for each unread text.
    unread: u32,
    /// A bit for each partly hidden field.
    masked: u32,
    /// The vendor's identity of the agent.
    identity: Identity,
}

/// One field of a [`Record`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The field.
    pub field: &'static Field,
    /// The value.
    pub value: &'a Value,
    /// The place in a manifest.
    pub source: Option<&'a Source>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut record = f.debug_struct("Record");
        record.field("fields", &self.iter().collect::<Vec<_>>());
        record.field("marks", &self.marks()).field("changed", &self.changed()).finish()
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.marks() == other.marks() && self.iter().eq(other.iter())
    }
}

/// Returns the bit of a field in a record's sets.
fn bit(field: &Field) -> u32 {
    1 << field.index
}

impl Record {
    /// Creates an empty record with capacity for some fields.
    pub fn with_capacity(fields: usize) -> Self {
        let mut record = Self::default();
        record.fields_mut().resize(fields);
        record
    }

    fn marks(&self) -> Marks {
        self.0.as_ref().and_then(|fields| fields.marks.as_deref().copied()).unwrap_or_default()
    }

    fn marks_mut(&mut self) -> &mut Marks {
        self.fields_mut().marks.get_or_insert_default()
    }

    fn fields_mut(&mut self) -> &mut Fields {
        self.0.get_or_insert_default()
    }

    /// Frees the memory of unused capacity.
    pub fn fit(&mut self) {
        if let Some(fields) = &mut self.0 {
            fields.resize(fields.len());
        }
    }

    /// Returns the set fields, in the table's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        let fields = self.0.as_deref();
        let values = fields.map_or(&[][..], |fields| &fields.values[..fields.len()]);
        let sources = fields.map_or(&[][..], |fields| &fields.sources);
        // A record with a value has a table, and a bit for each value.
        let table = fields.and_then(|fields| fields.table).map_or(&[][..], |table| *table);
        let mut left = fields.map_or(0, |fields| fields.set);
        values.iter().enumerate().map(move |(at, value)| {
            let field = table[left.trailing_zeros() as usize];
            left &= left - 1;
            Entry { field, value, source: sources.get(at).and_then(Option::as_ref) }
        })
    }

    /// Returns the values of the set fields, for changes.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().flat_map(|fields| {
            let len = fields.len();
            &mut fields.values[..len]
        })
    }

    /// Returns the number of set fields.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |fields| fields.len())
    }

    /// Returns true if no field is set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Marks a field as unread.
    pub fn mark_unread(&mut self, field: &Field) {
        self.marks_mut().unread |= bit(field);
    }

    /// Returns true if a field is unread.
    ///
    /// A text may be unset instead, by a null or an empty text. No other type has an unset state: without a value the
    /// field is unread.
    pub fn is_unread(&self, field: &Field) -> bool {
        if field.ty.is_text() { self.marks().unread & bit(field) != 0 } else { self.get(field).is_none() }
    }

    /// Marks a field as partly hidden: it is unread, but not unset.
    pub fn mark_masked(&mut self, field: &Field) {
        self.mark_unread(field);
        self.marks_mut().masked |= bit(field);
    }

    /// Returns true if [`Record::mark_masked`] was called for a field.
    pub fn is_masked(&self, field: &Field) -> bool {
        self.marks().masked & bit(field) != 0
    }

    /// Returns the vendor's own identity of an agent; unknown in a manifest.
    pub fn identity(&self) -> &Identity {
        let marks = self.0.as_ref().and_then(|fields| fields.marks.as_deref());
        marks.map_or(&Identity::UNKNOWN, |marks| &marks.identity)
    }

    /// Records the vendor's own identity of an agent.
    pub fn identify(&mut self, identity: Identity) {
        if identity != *self.identity() {
            self.marks_mut().identity = identity;
        }
    }

    /// Returns the time of the last change that the vendor tells, in seconds since 1970 UTC.
    pub fn changed(&self) -> Option<i64> {
        self.0.as_ref()?.changed.map(|seconds| seconds.get().into())
    }

    /// Records the time of the last change.
    pub fn mark_changed(&mut self, seconds: i64) {
        self.fields_mut().changed = u32::try_from(seconds).ok().and_then(NonZero::new);
    }

    /// Returns a field's entry, with value and place.
    pub fn entry(&self, field: &Field) -> Option<Entry<'_>> {
        let fields = self.0.as_ref()?;
        let value = fields.get(field)?;
        let source = fields.sources.get(fields.position(field)).and_then(Option::as_ref);
        Some(Entry { field: fields.table?.get(usize::from(field.index))?, value, source })
    }

    /// Returns a field's value.
    pub fn get(&self, field: &Field) -> Option<&Value> {
        self.0.as_ref()?.get(field)
    }

    /// Returns a text or choice as text.
    pub fn text(&self, field: &Field) -> Option<&str> {
        match self.get(field)? {
            Value::Text(text) => Some(text),
            Value::Choice(word) => Some(word),
            _ => None,
        }
    }

    /// Sets a field, replacing its value.
    pub fn set(&mut self, field: &'static Field, value: Value, source: Option<Source>) {
        self.fields_mut().set(field, value, source);
    }

    /// Copies the fields of `other` that this record lacks.
    pub fn fill_from(&mut self, other: &Record) {
        for entry in other.iter() {
            if self.get(entry.field).is_none() {
                self.set(entry.field, entry.value.clone(), entry.source.cloned());
            }
        }
    }
}

impl Fields {
    /// Returns the number of set fields.
    fn len(&self) -> usize {
        self.set.count_ones() as usize
    }

    /// Changes the room to a number of fields, which is no smaller than the number of set ones.
    fn resize(&mut self, room: usize) {
        resize(&mut self.values, room, Value::Flag(false));
        if !self.sources.is_empty() {
            resize(&mut self.sources, room, None);
        }
    }

    fn get(&self, field: &Field) -> Option<&Value> {
        if self.set & bit(field) == 0 { None } else { self.values.get(self.position(field)) }
    }

    /// Returns the number of set fields before a field.
    fn position(&self, field: &Field) -> usize {
        (self.set & (bit(field) - 1)).count_ones() as usize
    }

    fn set(&mut self, field: &'static Field, value: Value, source: Option<Source>) {
        let (at, len) = (self.position(field), self.len());
        if self.set & bit(field) == 0 {
            if len == self.values.len() {
                self.resize((2 * len).max(4));
            }
            self.table = Some(field.table);
            self.set |= bit(field);
            // Nearly all records are made in the table's order.
            if at < len {
                self.values[at..=len].rotate_right(1);
                if !self.sources.is_empty() {
                    self.sources[at..=len].rotate_right(1);
                }
            }
        }
        self.values[at] = value;
        // Without a first place no value has one.
        if source.is_some() && self.sources.is_empty() {
            resize(&mut self.sources, self.values.len(), None);
        }
        if let Some(place) = self.sources.get_mut(at) {
            *place = source;
        }
    }
}

/// Changes the length of a list; `room` fills it up.
fn resize<T: Clone>(list: &mut Box<[T]>, len: usize, room: T) {
    if list.len() != len {
        let mut cells = std::mem::take(list).into_vec();
        cells.reserve_exact(len.saturating_sub(cells.len()));
        cells.resize(len, room);
        *list = cells.into_boxed_slice();
    }
}

/// Writes a kind's table: a `static` for each row, and `FIELDS`, all of them in order.
///
/// ```text
/// /// Meaning.
/// NAME "key": Type;
/// ```
/// A type may carry a kind of personal data: `Type, Phone`.
macro_rules! kind {
    (@personal) => { None };
    (@personal $personal:ident) => { Some($crate::model::field::Personal::$personal) };
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $key:literal $cn:literal $tw:literal: $ty:expr $(, $personal:ident)?;
    )+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $($name),+ }
        $(
            $(#[doc = $doc])+
            pub static $name: $crate::model::field::Field = $crate::model::field::Field {
                index: Index::$name as u8,
                key: $key,
                names: [$cn, $tw],
                ty: $ty,
                personal: kind!(@personal $($personal)?),
                doc: concat!($($doc),+),
                table: &FIELDS,
            };
        )+
        /// The number of rows.
        pub const COUNT: usize = [$(Index::$name as u8),+].len();
        // A record has a bit for each.
        const _: () = assert!(COUNT <= 32);
        /// All rows, in the table's order.
        pub static FIELDS: &[&$crate::model::field::Field] = &[$(&$name),+];
    };
}
pub(crate) use kind;

/// Finds a row by its manifest name.
pub fn by_key(fields: &'static [&'static Field], key: &str) -> Option<&'static Field> {
    fields.iter().copied().find(|field| field.key == key)
}
