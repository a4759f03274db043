//! Bytes → [`Snapshot`] in one pass: each value goes straight into its record, without a JSON tree.
//!
//! The file may have been edited, so the reader is strict. An unknown field, a value of the wrong type and a
//! duplicate number are errors with their position.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{CHANGED, CHANGED_BY, FORMAT, IDENTITY, MASKED, Snapshot, UNREAD};
use crate::model::codec::{Seed, StringReuse};
use crate::model::diagnostic::did_you_mean;
use crate::model::field::{Field, Record, by_key};
use crate::model::id::{OperatorId, safe};
use crate::model::identity::Tenant;
use crate::model::last_change::VendorChange;
use crate::model::ledger::{Ledger, LedgerEntry, ReplacementBackup};
use crate::model::live::{Listing, Live, LiveQueue};
use crate::model::unread::ListingDoubt;
use crate::model::value::Type;
use crate::model::{agent, queue};

/// Error in a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub struct SnapshotError {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// Message: a sentence without a final stop.
    pub message: String,
}

/// Reads a snapshot.
///
/// # Errors
/// The first error in it.
pub fn read(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Whole::deserialize(&mut json).and_then(|whole| json.end().map(|()| whole));
    read.map(Snapshot::from).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        let message = if error.is_eof() {
            "it ends too early: was it cut off?".to_owned()
        } else if error.is_syntax() {
            format!("it is no JSON: {message}")
        } else {
            safe(message)
        };
        SnapshotError { line: line.max(1), column: column.max(1), message }
    })
}

/// Returns the error of an unknown field, with the field that was probably meant.
fn unknown<E: Error>(key: &str, of: &str, known: &[&str]) -> E {
    let near = match did_you_mean(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known there: {}", known.join(", ")),
    };
    E::custom(format!("unknown field `{key}` of {of}; {near}"))
}

fn once<T, E: Error>(place: &mut Option<T>, key: &str, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom(format!("`{key}` appears twice"))),
    }
}

/// The whole file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a snapshot")]
struct Whole {
    #[serde(rename = "format", deserialize_with = "format")]
    _format: (),
    program: Arc<str>,
    workspace: Arc<str>,
    taken: Arc<str>,
    #[serde(default, deserialize_with = "present")]
    agents: Option<Rows<Record>>,
    #[serde(default, deserialize_with = "present")]
    queues: Option<Rows<LiveQueue>>,
    #[serde(default, deserialize_with = "present")]
    ledger: Option<ToldLedger>,
}

impl From<Whole> for Snapshot {
    fn from(whole: Whole) -> Self {
        let Whole { _format: (), program, workspace, taken, agents, queues, ledger } = whole;
        let live =
            Live { agents: agents.map(Listing::from), queues: queues.map(Listing::from), ..Live::default() };
        Self { program, workspace, taken, live, ledger: ledger.map(Ledger::from) }
    }
}

/// Reads a key that may be absent but not `null`. An absent key is unknown, never empty.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

fn format<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    let told = Box::<str>::deserialize(from)?;
    if &*told == FORMAT {
        Ok(())
    } else {
        Err(D::Error::custom(format!("its format is `{told}` instead of `{FORMAT}`")))
    }
}

/// Ledger in a snapshot.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "what the ledger says")]
struct ToldLedger {
    #[serde(default, deserialize_with = "present")]
    last_clean_run: Option<String>,
    #[serde(default, deserialize_with = "present")]
    last_instant: Option<String>,
    #[serde(default)]
    tried: Vec<String>,
    #[serde(default)]
    tenants: BTreeMap<String, Tenant>,
    resources: BTreeMap<String, LedgerEntry>,
    #[serde(default)]
    kept: BTreeMap<String, ReplacementBackup>,
    #[serde(default)]
    waiting: BTreeMap<String, BTreeMap<String, String>>,
}

impl From<ToldLedger> for Ledger {
    fn from(told: ToldLedger) -> Self {
        let ToldLedger { last_clean_run, last_instant, tried, tenants, resources, kept, waiting } = told;
        Self { last_clean_run, last_instant, tried, tenants, resources, kept, waiting, ..Self::default() }
    }
}

/// Kind of resource, with the form of its rows.
#[derive(Clone, Copy)]
struct Shape {
    /// Kind of a row, with its article.
    what: &'static str,
    /// Field that identifies it.
    key: &'static str,
    /// Field of its name, if that is no row of the table.
    name: Option<&'static str>,
    table: &'static [&'static Field],
}

const AGENTS: Shape = Shape { what: "an agent", key: "operatorId", name: None, table: agent::FIELDS };
const QUEUES: Shape =
    Shape { what: "a queue", key: "exten", name: Some("displayName"), table: queue::FIELDS };

/// A resource that a listing holds.
trait Resource: Sized {
    const SHAPE: Shape;

    fn new(name: Option<Arc<str>>, changed: Option<VendorChange>, record: Record) -> Self;
}

impl Resource for Record {
    const SHAPE: Shape = AGENTS;

    fn new(_: Option<Arc<str>>, changed: Option<VendorChange>, mut record: Record) -> Self {
        if let Some(changed) = changed {
            record.mark_changed(changed.at);
        }
        record
    }
}

impl Resource for LiveQueue {
    const SHAPE: Shape = QUEUES;

    fn new(name: Option<Arc<str>>, changed: Option<VendorChange>, record: Record) -> Self {
        Self { name: name.unwrap_or_default(), changed, record }
    }
}

/// A listing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a listing with `items`")]
#[serde(bound(deserialize = "V: Resource"))]
struct Rows<V> {
    #[serde(default, deserialize_with = "present")]
    page_size: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "present")]
    incomplete: Option<ListingDoubt>,
    #[serde(default)]
    foreign: BTreeSet<OperatorId>,
    #[serde(deserialize_with = "items")]
    items: BTreeMap<OperatorId, V>,
    #[serde(default = "BTreeMap::new", deserialize_with = "items")]
    outside: BTreeMap<OperatorId, V>,
}

impl<V> From<Rows<V>> for Listing<OperatorId, V> {
    fn from(rows: Rows<V>) -> Self {
        let Rows { page_size, incomplete, foreign, items, outside } = rows;
        let page_size = page_size.and_then(|size| usize::try_from(size.get()).ok()).unwrap_or(100);
        Self { items, incomplete, foreign, outside, page_size }
    }
}

fn items<'de, D: Deserializer<'de>, V: Resource>(from: D) -> Result<BTreeMap<OperatorId, V>, D::Error> {
    from.deserialize_seq(Items(PhantomData))
}

/// Values that a row shares with the row before it.
#[derive(Default)]
struct Last {
    strings: StringReuse,
    /// Number of its fields.
    fields: usize,
}

/// The rows of a listing.
struct Items<V>(PhantomData<V>);

impl<'de, V: Resource> Visitor<'de> for Items<V> {
    type Value = BTreeMap<OperatorId, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, each item {}", V::SHAPE.what)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut last = Last::default();
        let mut rows: Vec<(OperatorId, V)> = Vec::new();
        let mut ordered = true;
        while let Some((id, row)) = items.next_element_seed(OneRow(PhantomData, &mut last))? {
            ordered &= rows.last().is_none_or(|(last, _)| *last < id);
            rows.push((id, row));
        }
        if !ordered {
            rows.sort_by(|(a, _), (b, _)| a.cmp(b));
            if let Some(twice) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let Shape { what, key, .. } = V::SHAPE;
                return Err(A::Error::custom(format!("{what} with `{key}` {} appears twice", twice[0].0)));
            }
        }
        Ok(rows.into_iter().collect())
    }
}

/// One resource.
struct OneRow<'a, V>(PhantomData<V>, &'a mut Last);

impl<'de, V: Resource> DeserializeSeed<'de> for OneRow<'_, V> {
    type Value = (OperatorId, V);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, V: Resource> Visitor<'de> for OneRow<'_, V> {
    type Value = (OperatorId, V);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(V::SHAPE.what)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (shape, last) = (V::SHAPE, self.1);
        let (mut id, mut name, mut at, mut by) = (None, None, None, None);
        let mut record = Record::with_capacity(last.fields);
        let mut next = 0;
        while let Some(slot) = map.next_key_seed(Key { shape, next })? {
            match slot {
                Slot::Id => {
                    let text: Arc<str> = map.next_value()?;
                    if text.is_empty() {
                        return Err(A::Error::custom(format!("`{}` of {} is empty", shape.key, shape.what)));
                    }
                    last.strings.begin_resource(&text);
                    once(&mut id, shape.key, OperatorId::new(text))?;
                }
                Slot::Unread { masked } => {
                    for key in map.next_value::<Vec<Box<str>>>()? {
                        let field = by_key(shape.table, &key).filter(|field| field.ty.may_be_unset());
                        let field = field.ok_or_else(|| {
                            A::Error::custom(format!("`{key}` is no text of {}", shape.what))
                        })?;
                        if masked {
                            record.mark_masked(field);
                        } else {
                            record.mark_unread(field);
                        }
                    }
                }
                Slot::Identity => record.identify(map.next_value()?),
                Slot::Changed => once(&mut at, CHANGED, map.next_value::<i64>()?)?,
                Slot::ChangedBy => once(&mut by, CHANGED_BY, map.next_value::<Arc<str>>()?)?,
                Slot::Name => once(&mut name, "displayName", map.next_value::<Arc<str>>()?)?,
                Slot::Field(at) => {
                    let field = shape.table[at];
                    next = at + 1;
                    if field.ty == Type::Password {
                        let message = format!("`{}` is a secret, which no snapshot holds", field.key);
                        return Err(A::Error::custom(message));
                    }
                    let value = map.next_value_seed(Seed(field, &mut last.strings))?;
                    if record.get(field).is_some() {
                        return Err(A::Error::custom(format!("`{}` appears twice", field.key)));
                    }
                    record.set(field, value, None);
                }
            }
        }
        let lacks = |key: &str| A::Error::custom(format!("{} has no `{key}`", shape.what));
        if name.is_none()
            && let Some(key) = shape.name
        {
            return Err(lacks(key));
        }
        last.fields = record.len();
        let changed = at.map(|at| VendorChange { at, by });
        Ok((id.ok_or_else(|| lacks(shape.key))?, V::new(name, changed, record)))
    }
}

/// Meaning of a row's key; a field by its place in the table.
enum Slot {
    Id,
    Name,
    Identity,
    Changed,
    ChangedBy,
    Unread { masked: bool },
    Field(usize),
}

/// A key of a row. Fields come in the table's order, so the next one is tried first.
struct Key {
    shape: Shape,
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a field of {}", self.shape.what)
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Slot, E> {
        let table = self.shape.table;
        let after = (self.next..table.len()).find(|at| table[*at].key == key);
        if let Some(at) = after {
            return Ok(Slot::Field(at));
        }
        if key == self.shape.key {
            return Ok(Slot::Id);
        }
        if Some(key) == self.shape.name {
            return Ok(Slot::Name);
        }
        if key == IDENTITY {
            return Ok(Slot::Identity);
        }
        if key == CHANGED {
            return Ok(Slot::Changed);
        }
        if key == CHANGED_BY {
            return Ok(Slot::ChangedBy);
        }
        if key == UNREAD || key == MASKED {
            return Ok(Slot::Unread { masked: key == MASKED });
        }
        if let Some(at) = (0..self.next).find(|at| table[*at].key == key) {
            return Ok(Slot::Field(at));
        }
        let mut known = vec![self.shape.key];
        known.extend(self.shape.name);
        known.extend(table.iter().map(|field| field.key));
        Err(unknown(key, self.shape.what, &known))
    }
}
