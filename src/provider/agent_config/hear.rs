//! The answers. Source: agent-config §2.1, 返回数据 of each operation.
//!
//! Success is `code` in the connection's `successCodes`: the document prints no code at all. Of a row
//! only what a field's `read` column names is kept; `sipPassword` and the rest are dropped here.

use serde_json::{Map, Value as Json};

use super::{company, quick, wire};
use crate::model::agent;
use crate::model::call::{Failure, Reply};
use crate::model::field::Record;
use crate::model::id::OperatorId;
use crate::model::workspace::Connection;
use crate::provider::reply::{At, Object, object, refusal};
use crate::provider::{Page, Row, Told};

/// Returns the body of a success.
fn success(connection: &Connection, reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let body = object(reply)?;
    let code = At::of(&body, "", "code").number()?;
    let known = connection.settings.numbers("successCodes");
    match code {
        Some(code) if known.contains(&code) && reply.status < 400 => Ok(body),
        Some(401 | 403) => Err(Failure::SignIn(refusal(&body))),
        Some(429) => Err(Failure::Throttled { after: reply.retry_after, message: refusal(&body) }),
        Some(_) => Err(Failure::Refused(refusal(&body))),
        None if reply.status >= 400 => {
            Err(Failure::Refused(format!("HTTP {}: {}", reply.status, refusal(&body))))
        }
        None => Err(Failure::Garbled("JSON without the documented `code`".to_owned())),
    }
}

/// A page of the listing.
pub fn page(connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
    // What is as it should be is read at once; anything else is looked at as a whole, to say what is wrong.
    if let Some(page) = quick::page(connection, reply) {
        return Ok(page);
    }
    whole(connection, reply)
}

pub(super) fn whole(connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
    let body = success(connection, reply)?;
    let Some(data) = At::of(&body, "", "data").object()? else {
        return Ok(Page::default());
    };
    let total = At::of(data, "data", "total").number()?.and_then(|total| usize::try_from(total).ok());
    let mut rows = Vec::new();
    for (row, path) in At::of(data, "data", "result").objects()?.unwrap_or_default() {
        rows.push(company::row(connection, row, &path)?);
    }
    Ok(Page { rows, total })
}

/// One agent; `None` when the answer holds none, or another one.
///
/// The document does not say what an unknown agent is answered with, so a refusal is `None` too:
/// the caller asks the listing before it calls anything missing.
pub fn one(connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
    let body = match success(connection, reply) {
        Ok(body) => body,
        Err(Failure::Refused(_)) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    match At::of(&body, "", "data").object()? {
        Some(data) if At::of(data, "data", "operatorId").text()?.is_some() => {
            let row = company::row(connection, data, "data")?;
            Ok(Some(row).filter(|row| matches!(row, Row::Agent(id, _) if id.as_str() == key)))
        }
        _ => Ok(None),
    }
}

/// The answer to an order. Of what creation returns the numbers alone are read, and only where they are told: the
/// document calls each part of it optional. The rest (passwords in clear) is dropped unread.
pub fn told(connection: &Connection, reply: &Reply) -> Result<Told, Failure> {
    let body = success(connection, reply)?;
    let rows = At::of(&body, "", "data").objects().ok().flatten().unwrap_or_default();
    let number = |(row, path): (&Map<String, Json>, String)| {
        At::of(row, &path, "operatorId").text().ok().flatten().map(OperatorId::new)
    };
    // One that is not told may be any of those that were asked for.
    let agents: Option<Vec<OperatorId>> = rows.into_iter().map(number).collect();
    Ok(Told { agents: agents.unwrap_or_default(), ..Told::default() })
}

pub(super) fn agent(row: &impl Object, path: &str) -> Result<(OperatorId, Record), Failure> {
    let id = At::of(row, path, "operatorId").text()?;
    let id = id.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `operatorId`")))?;
    let mut record = Record::with_capacity(agent::FIELDS.len());
    for field in agent::FIELDS.iter().copied().filter(|field| field.is_read()) {
        match wire::read(row, path, field)? {
            wire::Told::Value(value) => record.set(field, value, None),
            wire::Told::Unset => {}
            wire::Told::Nothing => record.mark_unread(field),
        }
    }
    record.fit();
    Ok((OperatorId::new(id), record))
}
