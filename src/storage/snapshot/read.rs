//! Bytes → [`Snapshot`], in one pass: each value goes straight into its record, with no tree of JSON between.
//!
//! The file comes back from somewhere, perhaps edited, so the reader is strict: an unknown field, a value of
//! the wrong type, a number given twice is an error that says which and where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{FORMAT, MASKED, Snapshot, UNREAD};
use crate::model::codec::{Seed, StringReuse};
use crate::model::diagnostic::did_you_mean;
use crate::model::field::{Field, Record, by_key};
use crate::model::id::{OperatorId, safe};
use crate::model::ledger::{Ledger, LedgerEntry};
use crate::model::live::{Listing, Live, LiveQueue};
use crate::model::value::Type;
use crate::model::{agent, queue};

/// What is wrong with a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub struct SnapshotError {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// What, in a sentence without a final stop.
    pub message: String,
}

/// Reads a snapshot.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = json.deserialize_map(Whole).and_then(|snapshot| json.end().map(|()| snapshot));
    read.map_err(|error| {
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

/// A field that is not known, and the one that was probably meant.
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
        Some(_) => Err(E::custom(format!("`{key}` stands twice"))),
    }
}

/// The whole file.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Snapshot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Snapshot, A::Error> {
        const KEYS: &[&str] = &["format", "program", "workspace", "taken", "agents", "queues", "ledger"];
        let (mut format, mut program, mut workspace, mut taken) = (None, None, None, None);
        let (mut agents, mut queues, mut ledger) = (None, None, None);
        let mut last = Last::default();
        while let Some(key) = map.next_key::<Box<str>>()? {
            match &*key {
                "format" => {
                    let said: Box<str> = map.next_value()?;
                    if &*said != FORMAT {
                        return Err(A::Error::custom(format!(
                            "its format is `{said}` instead of `{FORMAT}`"
                        )));
                    }
                    once(&mut format, "format", said)?;
                }
                "program" => once(&mut program, "program", map.next_value::<Arc<str>>()?)?,
                "workspace" => once(&mut workspace, "workspace", map.next_value::<Arc<str>>()?)?,
                "taken" => once(&mut taken, "taken", map.next_value::<Arc<str>>()?)?,
                "agents" => once(&mut agents, "agents", map.next_value_seed(Rows(AGENTS, &mut last))?)?,
                "queues" => once(&mut queues, "queues", map.next_value_seed(Rows(QUEUES, &mut last))?)?,
                "ledger" => once(&mut ledger, "ledger", map.next_value_seed(InLedger)?)?,
                _ => return Err(unknown(&key, "a snapshot", KEYS)),
            }
        }
        let lacks = |key: &str| A::Error::custom(format!("a snapshot has `{key}`, and this file has none"));
        format.ok_or_else(|| lacks("format"))?;
        let agents = agents.map(|listing: Listed| {
            let items = listing.items.into_iter().map(|row| (row.id, row.record)).collect();
            Listing {
                items,
                incomplete: listing.incomplete,
                foreign: listing.foreign,
                page_size: listing.page_size,
            }
        });
        let queues = queues.map(|listing: Listed| {
            let queue =
                |row: Row| (row.id, LiveQueue { name: row.name.unwrap_or_default(), record: row.record });
            let items = listing.items.into_iter().map(queue).collect();
            Listing {
                items,
                incomplete: listing.incomplete,
                foreign: listing.foreign,
                page_size: listing.page_size,
            }
        });
        Ok(Snapshot {
            program: program.ok_or_else(|| lacks("program"))?,
            workspace: workspace.ok_or_else(|| lacks("workspace"))?,
            taken: taken.ok_or_else(|| lacks("taken"))?,
            live: Live { agents, queues, ..Live::default() },
            ledger,
        })
    }
}

/// A kind of resource, as a row tells it.
#[derive(Clone, Copy)]
struct Shape {
    /// What a row is, with its article.
    what: &'static str,
    /// The field that tells it from others.
    key: &'static str,
    /// The field of its name, where that is no row of the table.
    name: Option<&'static str>,
    table: &'static [&'static Field],
}

const AGENTS: Shape = Shape { what: "an agent", key: "operatorId", name: None, table: agent::FIELDS };
const QUEUES: Shape =
    Shape { what: "a queue", key: "exten", name: Some("displayName"), table: queue::FIELDS };

struct Row {
    id: OperatorId,
    name: Option<Arc<str>>,
    record: Record,
}

struct Listed {
    items: Vec<Row>,
    incomplete: Option<String>,
    foreign: BTreeSet<OperatorId>,
    page_size: usize,
}

/// What a row shares with the row before it.
#[derive(Default)]
struct Last {
    strings: StringReuse,
    /// How many fields it had.
    fields: usize,
}

/// A listing.
struct Rows<'a>(Shape, &'a mut Last);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = Listed;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listed, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a listing with `items`, each {}", self.0.what)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        let Self(shape, last) = self;
        let (mut items, mut incomplete, mut foreign, mut page_size) = (None, None, None, None);
        while let Some(key) = map.next_key::<Box<str>>()? {
            match &*key {
                "items" => once(&mut items, "items", map.next_value_seed(Items(shape, last))?)?,
                "incomplete" => once(&mut incomplete, "incomplete", map.next_value::<String>()?)?,
                "foreign" => once(&mut foreign, "foreign", map.next_value::<Vec<Arc<str>>>()?)?,
                "pageSize" => {
                    let size: u32 = map.next_value()?;
                    if size == 0 {
                        return Err(A::Error::custom("`pageSize` is 0; a page has at least one row"));
                    }
                    once(&mut page_size, "pageSize", size)?;
                }
                _ => return Err(unknown(&key, "a listing", &["pageSize", "incomplete", "foreign", "items"])),
            }
        }
        Ok(Listed {
            items: items.ok_or_else(|| A::Error::custom("a listing has `items`, and this one has none"))?,
            incomplete,
            foreign: foreign.into_iter().flatten().map(OperatorId::new).collect(),
            page_size: page_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(100),
        })
    }
}

/// The rows of a listing.
struct Items<'a>(Shape, &'a mut Last);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Vec<Row>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Row>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<Row>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, each item {}", self.0.what)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Row>, A::Error> {
        let Self(shape, last) = self;
        let mut rows: Vec<Row> = Vec::new();
        let mut ordered = true;
        while let Some(row) = items.next_element_seed(OneRow(shape, last))? {
            ordered &= rows.last().is_none_or(|last| last.id < row.id);
            rows.push(row);
        }
        if !ordered {
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            if let Some(twice) = rows.windows(2).find(|pair| pair[0].id == pair[1].id) {
                let message = format!("{} with `{}` {} stands twice", shape.what, shape.key, twice[0].id);
                return Err(A::Error::custom(message));
            }
        }
        Ok(rows)
    }
}

/// One resource.
struct OneRow<'a>(Shape, &'a mut Last);

impl<'de> DeserializeSeed<'de> for OneRow<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Row, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRow<'_> {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.what)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let Self(shape, last) = self;
        let (mut id, mut name) = (None, None);
        let mut record = Record::with_capacity(last.fields);
        let mut next = 0;
        while let Some(slot) = map.next_key_seed(Key { shape, next })? {
            match slot {
                Slot::Id => {
                    let text: Arc<str> = map.next_value()?;
                    if text.is_empty() {
                        return Err(A::Error::custom(format!("`{}` of {} is empty", shape.key, shape.what)));
                    }
                    once(&mut id, shape.key, OperatorId::new(text))?;
                }
                Slot::Unread { masked } => {
                    for key in map.next_value::<Vec<Box<str>>>()? {
                        let field = by_key(shape.table, &key)
                            .filter(|field| matches!(field.ty, Type::Text { .. } | Type::Sip));
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
                        return Err(A::Error::custom(format!("`{}` stands twice", field.key)));
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
        last.fields = record.iter().count();
        Ok(Row { id: id.ok_or_else(|| lacks(shape.key))?, name, record })
    }
}

/// What a key of a row stands for; a field by its place in the table.
enum Slot {
    Id,
    Name,
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

/// What the ledger says.
struct InLedger;

impl<'de> DeserializeSeed<'de> for InLedger {
    type Value = Ledger;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Ledger, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for InLedger {
    type Value = Ledger;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the ledger says")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ledger, A::Error> {
        let (mut last_clean_run, mut resources, mut kept) = (None, None, None);
        while let Some(key) = map.next_key::<Box<str>>()? {
            match &*key {
                "kept" => once(&mut kept, "kept", map.next_value()?)?,
                "lastCleanRun" => once(&mut last_clean_run, "lastCleanRun", map.next_value::<String>()?)?,
                "resources" => {
                    once(&mut resources, "resources", map.next_value::<BTreeMap<String, LedgerEntry>>()?)?;
                }
                _ => return Err(unknown(&key, "the ledger", &["kept", "lastCleanRun", "resources"])),
            }
        }
        let resources = resources.ok_or_else(|| A::Error::custom("the ledger has no `resources`"))?;
        Ok(Ledger { last_clean_run, resources, kept: kept.unwrap_or_default(), ..Ledger::default() })
    }
}
