//! The answers: `ok` tells a success from a failure, and `code` is a status of HTTP.

use std::borrow::Cow;

use rosterctl::model::call::{Failure, Reply};
use rosterctl::model::field::{Field, Record};
use rosterctl::model::id::OperatorId;
use rosterctl::model::identity::Identity;
use rosterctl::model::live::LiveQueue;
use rosterctl::model::support::Support;
use rosterctl::model::value::{Members, Type, Value, word};
use rosterctl::model::{agent, queue};
use rosterctl::provider::json_cursor::{Cursor, failure, object, refusal};
use rosterctl::provider::{Page, Row, WriteReceipt};
use serde_json::{Map, Value as Json};

use super::fields::{LINES, PEOPLE, ours};

type Object = Map<String, Json>;

/// Returns the body of a success.
fn success(reply: &Reply) -> Result<Object, Failure> {
    let body = object(reply)?;
    match Cursor::new(&body, "", "ok").flag() {
        Ok(Some(true)) if reply.status < 400 => Ok(body),
        Ok(Some(false)) => {
            let code = Cursor::new(&body, "", "code").number()?.unwrap_or(i64::from(reply.status));
            Err(failure(code, reply, refusal(&body)))
        }
        _ if reply.status >= 400 => Err(Failure::Refused(refusal(&body).into())),
        Ok(_) => Err(Failure::Garbled("JSON without the documented `ok`".to_owned().into())),
        Err(garbled) => Err(garbled),
    }
}

/// Reads a page of people.
pub(super) fn people(reply: &Reply) -> Result<Page, Failure> {
    page(reply, "people", person)
}

/// Reads a page of lines.
pub(super) fn lines(reply: &Reply) -> Result<Page, Failure> {
    page(reply, "lines", line)
}

fn page(
    reply: &Reply,
    key: &str,
    read: impl Fn(&Object, &str) -> Result<Row, Failure>,
) -> Result<Page, Failure> {
    let body = success(reply)?;
    let total = Cursor::new(&body, "", "total").number()?.and_then(|total| usize::try_from(total).ok());
    let rows = Cursor::new(&body, "", key).objects()?.unwrap_or_default();
    let rows = rows.into_iter().map(|(row, path)| read(row, &path)).collect::<Result<_, _>>()?;
    Ok(Page { rows, total })
}

/// Reads one row; `None` when the answer holds none, or another one.
pub(super) fn one(
    reply: &Reply,
    place: &str,
    key: &str,
    read: impl Fn(&Object, &str) -> Result<Row, Failure>,
) -> Result<Option<Row>, Failure> {
    let body = success(reply)?;
    let Some(row) = Cursor::new(&body, "", place).object()? else { return Ok(None) };
    Ok(Some(read(row, place)?).filter(|row| row.key().as_str() == key))
}

/// Reads the answer to a write operation. It tells the people or the line that the vendor created.
pub(super) fn receipt(reply: &Reply) -> Result<WriteReceipt, Failure> {
    let body = success(reply)?;
    let made = body.get("made").and_then(Json::as_array).into_iter().flatten();
    let agents = made.filter_map(Json::as_str).map(OperatorId::from).collect();
    let exten = Cursor::new(&body, "", "title").text()?.map(Cow::into_owned);
    Ok(WriteReceipt { exten, agents })
}

/// Reads a person.
pub(super) fn person(row: &Object, path: &str) -> Result<Row, Failure> {
    let login = key(row, path, "login")?;
    let mut record = record(row, path, agent::FIELDS, &PEOPLE)?;
    let number = |key: &str| Cursor::new(row, path, key).number().ok().flatten();
    record.identify(Identity::new(number("serial"), number("since")));
    Ok(Row::Agent(login, record))
}

/// Reads a line. Its title is its key and its name.
pub(super) fn line(row: &Object, path: &str) -> Result<Row, Failure> {
    let title = key(row, path, "title")?;
    let record = record(row, path, queue::FIELDS, &LINES)?;
    let name = title.as_str().into();
    Ok(Row::Queue(title, LiveQueue { name, record, changed: None }))
}

fn key(row: &Object, path: &str, key: &str) -> Result<OperatorId, Failure> {
    let text = Cursor::new(row, path, key).text()?;
    let text = text.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `{key}`").into()))?;
    Ok(OperatorId::from(&*text))
}

/// Reads the fields that the vendor tells.
fn record(
    row: &Object,
    path: &str,
    fields: &'static [&'static Field],
    support: &Support,
) -> Result<Record, Failure> {
    let mut record = Record::with_capacity(fields.len());
    for field in fields.iter().copied() {
        let Some(cell) = support.mapping(field).read.first() else { continue };
        let at = Cursor::new(row, path, cell.key);
        let value = match field.ty {
            Type::Text { .. } => at.text()?.map(|text| Value::Text(text.into())),
            Type::Flag => at.flag()?.map(Value::Flag),
            Type::Number => at.number()?.map(Value::Number),
            Type::Choice(words) => at.text()?.map(|text| {
                let known = ours(&text).and_then(|ours| word(words, ours));
                known.map_or_else(|| Value::Other(text.into()), Value::Choice)
            }),
            Type::Set(words) => set(at.get(), words),
            Type::Members => members(&at)?.map(|members| Value::Members(members.into())),
            Type::Sip | Type::Password => None,
        };
        match value {
            Some(value) => record.set(field, value, None),
            None if at.is_present() => {}
            None => record.mark_unread(field),
        }
    }
    Ok(record)
}

/// Reads a list of words, in the order of the field's own list.
fn set(list: Option<&Json>, words: &'static [&'static str]) -> Option<Value> {
    let told: Vec<&str> = list?.as_array()?.iter().filter_map(Json::as_str).collect();
    let known: Vec<&str> = told.iter().filter_map(|text| word(words, ours(text)?)).collect();
    if known.len() < told.len() {
        return Some(Value::Other(told.join(", ").into()));
    }
    Some(Value::Set(words.iter().copied().filter(|word| known.contains(word)).collect()))
}

fn members(at: &Cursor<'_>) -> Result<Option<Members>, Failure> {
    let Some(list) = at.objects()? else { return Ok(None) };
    let mut members = Members::new();
    for (member, path) in list {
        let login = key(member, &path, "login")?;
        let Some(turn) = Cursor::new(member, &path, "turn").number()? else { return Ok(None) };
        if members.insert(login, turn).is_some() {
            return Err(Failure::Garbled(format!("`{path}` appears twice").into()));
        }
    }
    Ok(Some(members))
}
