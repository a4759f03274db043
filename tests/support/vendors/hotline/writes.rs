//! The writing calls.

use rosterctl::config::workspace::Connection;
use rosterctl::model::call::Call;
use rosterctl::model::field::Record;
use rosterctl::model::id::OperatorId;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::support::{Cell, Mapping, Support};
use rosterctl::model::value::Value;
use rosterctl::model::write_op::WriteOp;
use rosterctl::provider::Unsupported;
use serde_json::{Map, Value as Json, json};

use super::fields::{LINES, PEOPLE, write};
use super::requests::post;

/// Returns the call of a write operation on people.
pub(super) fn people(connection: &Connection, op: &WriteOp) -> Result<Call, Unsupported> {
    let (operation, body) = match op {
        WriteOp::Create { ids, record, password: None, .. } => {
            let person = |id: &OperatorId| keyed("login", id, &PEOPLE, record, |fields| fields.create);
            let people: Vec<Json> = ids.iter().map(|id| Json::Object(person(id))).collect();
            ("people/add", object(json!({ "people": people })))
        }
        WriteOp::Edit { id, record, .. } => {
            ("people/change", keyed("login", id, &PEOPLE, record, |fields| fields.update))
        }
        WriteOp::Delete { ids, .. } => ("people/remove", object(json!({ "logins": ids }))),
        _ => return Err(Unsupported),
    };
    Ok(post(connection, operation, body))
}

/// Returns the call of a write operation on lines.
pub(super) fn lines(connection: &Connection, op: &WriteOp) -> Result<Call, Unsupported> {
    let (operation, body) = match op {
        WriteOp::Create { ids, record, .. } => {
            let title = ids.first().ok_or(Unsupported)?;
            ("lines/add", keyed("title", title, &LINES, record, |fields| fields.create))
        }
        WriteOp::Edit { id, record, .. } => {
            ("lines/change", keyed("title", id, &LINES, record, |fields| fields.update))
        }
        WriteOp::SetMembers { exten, members, .. } => {
            let mut record = Record::default();
            record.set(&ASSIGN_MEMBERS, Value::Members(members.clone()), None);
            ("lines/crew", keyed("title", exten, &LINES, &record, |fields| fields.update))
        }
        WriteOp::Delete { ids, .. } => {
            let title = ids.first().ok_or(Unsupported)?;
            ("lines/remove", object(json!({ "title": title })))
        }
        _ => return Err(Unsupported),
    };
    Ok(post(connection, operation, body))
}

/// Returns a body with a key and the fields of a record.
fn keyed(
    key: &str,
    value: &OperatorId,
    support: &Support,
    record: &Record,
    cells: impl Fn(&Mapping) -> &'static [Cell],
) -> Map<String, Json> {
    let mut body = Map::new();
    body.insert(key.to_owned(), json!(value.as_str()));
    for entry in record.iter() {
        write(&mut body, cells(support.mapping(entry.field)), entry.value);
    }
    body
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}
