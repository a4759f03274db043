//! Bytes → [`Snapshot`], in one pass: each value goes straight into its record, with no tree of JSON between.
//!
//! The file comes back from somewhere, perhaps edited, so the reader is strict: an unknown field, a value of
//! the wrong type, a number given twice is an error that says which and where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::{FORMAT, MASKED, Snapshot, UNREAD};
use crate::model::diagnostic::did_you_mean;
use crate::model::field::{Field, Record, by_key};
use crate::model::id::{OperatorId, safe};
use crate::model::ledger::{Ledger, LedgerEntry};
use crate::model::live::{Listing, Live, LiveQueue};
use crate::model::value::{Members, Sip, Type, Value, word};
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
        let mut last = StringReuse::default();
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

/// The text, or the set, that each field held last: neighbours share groups, numbers shown and the like.
#[derive(Default)]
struct StringReuse {
    texts: [Option<Arc<str>>; 32],
    set: Option<Arc<[&'static str]>>,
    /// How many fields the last resource had.
    fields: usize,
}

impl StringReuse {
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

/// A listing.
struct Rows<'a>(Shape, &'a mut StringReuse);

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
struct Items<'a>(Shape, &'a mut StringReuse);

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
struct OneRow<'a>(Shape, &'a mut StringReuse);

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
                    let value = map.next_value_seed(OfField(field, last))?;
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

/// The value of a field.
struct OfField<'a>(&'static Field, &'a mut StringReuse);

impl<'de> DeserializeSeed<'de> for OfField<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0.ty == Type::Password {
            return Err(D::Error::custom(format!("`{}` is a secret, which no snapshot holds", self.0.key)));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OfField<'_> {
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
                while let Some(text) = items.next_element::<Box<str>>()? {
                    match word(words, &text) {
                        Some(word) if !set.contains(&word) => set.push(word),
                        _ => return Err(A::Error::invalid_value(Unexpected::Str(&text), &self)),
                    }
                }
                set.sort_by_key(|word| words.iter().position(|known| known == word));
                Ok(Value::Set(self.1.share_set(set)))
            }
            Type::Members => {
                let mut members = Members::new();
                while let Some((id, priority)) = items.next_element_seed(Member)? {
                    if let Some(twice) = members.insert(id.clone(), priority) {
                        let message =
                            format!("agent {id} stands twice in a queue (priority {twice}, {priority})");
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
        let value = match map.next_key::<Box<str>>()?.as_deref() {
            Some("unknown") => Value::Other(map.next_value::<Arc<str>>()?),
            Some("number") if self.0.ty == Type::Sip => {
                Value::Sip(Sip::Number(map.next_value::<Arc<str>>()?))
            }
            _ => return Err(A::Error::invalid_type(Unexpected::Map, &self)),
        };
        match map.next_key::<Box<str>>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// A member of a queue: a number, or a number with a priority.
struct Member;

impl<'de> DeserializeSeed<'de> for Member {
    type Value = (OperatorId, i64);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member {
    type Value = (OperatorId, i64);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's number in quotes, or { \"agentNumber\": …, \"priority\": … }")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<Self::Value, E> {
        Ok((id.into(), 0))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut priority) = (None, None);
        while let Some(key) = map.next_key::<Box<str>>()? {
            match &*key {
                "agentNumber" => {
                    once(&mut id, "agentNumber", OperatorId::new(map.next_value::<Arc<str>>()?))?;
                }
                "priority" => once(&mut priority, "priority", map.next_value::<i64>()?)?,
                _ => return Err(unknown(&key, "a member", &["agentNumber", "priority"])),
            }
        }
        let id = id.ok_or_else(|| A::Error::custom("a member has no `agentNumber`"))?;
        Ok((id, priority.unwrap_or(0)))
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
