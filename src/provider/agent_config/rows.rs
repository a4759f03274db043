//! One row: an agent's record and its company. Source: agent-config §2.1.4, §2.1.5.
//!
//! Only the identity and the keys in the fields' `read` column are kept; `sipPassword` and the rest are dropped here.
//! `page` takes no `companyId`, so it may list agents of other companies under one `abbreviate`.

use super::codec;
use super::fields::FIELDS;
use crate::config::workspace::Connection;
use crate::model::agent;
use crate::model::call::Failure;
use crate::model::field::Record;
use crate::model::id::OperatorId;
use crate::model::identity::Identity;
use crate::provider::json_cursor::{Cursor, Object};
use crate::provider::{Row, timestamps};

/// The vendor's key of the company.
pub(super) const COMPANY: &str = "companyId";

/// The vendor's keys of an agent's own number and creation time.
pub(super) const IDENTITY: [&str; 2] = ["id", "ctime"];

/// The vendor's key of the last change.
pub(super) const CHANGED: &str = "utime";

/// Parses a row. Without a company in the row or the settings, it belongs to the connection.
pub(super) fn row(connection: &Connection, row: &impl Object, path: &str) -> Result<Row, Failure> {
    let (id, record) = agent(row, path)?;
    let Some(own) = connection.settings.number(COMPANY) else { return Ok(Row::Agent(id, record)) };
    Ok(match Cursor::new(row, path, COMPANY).number()? {
        Some(other) if other != own => Row::Foreign(id, other),
        Some(_) | None => Row::Agent(id, record),
    })
}

fn agent(row: &impl Object, path: &str) -> Result<(OperatorId, Record), Failure> {
    let id = Cursor::new(row, path, "operatorId").id()?;
    let id = id.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `operatorId`").into()))?;
    let mut record = Record::with_capacity(agent::FIELDS.len());
    for (field, mapping) in
        agent::FIELDS.iter().copied().zip(&FIELDS).filter(|(_, mapping)| mapping.is_read())
    {
        match codec::read(row, path, field, mapping.read)? {
            codec::Told::Value(value) => record.set(field, value, None),
            codec::Told::Unset => {}
            codec::Told::Masked => record.mark_masked(field),
            codec::Told::Nothing => record.mark_unread(field),
        }
    }
    // A value that is not a number counts as missing.
    let [id_key, ctime_key] = IDENTITY;
    let number = |key| Cursor::new(row, path, key).number().ok().flatten();
    record.identify(Identity::new(number(id_key), number(ctime_key)));
    if let Some(changed) = number(CHANGED).and_then(timestamps::number) {
        record.mark_changed(changed);
    }
    record.fit();
    Ok((id, record))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::provider::json_cursor::outcome as kind;

    #[test]
    fn a_flag_may_be_spelled_as_one() {
        let read = |value: Json| {
            let row = json!({ "operatorId": "8001", "isrecord": value });
            let row = row.as_object().cloned().unwrap_or_default();
            agent(&row, "")
                .map(|(_, record)| record.get(&agent::RECORDING).map(crate::model::value::Value::to_json))
        };
        for yes in [json!(1), json!("1"), json!(true), json!("true"), json!(1.0)] {
            assert_eq!(read(yes.clone()), Ok(Some(json!(true))), "{yes}");
        }
        for no in [json!(0), json!("0"), json!(false), json!("False")] {
            assert_eq!(read(no.clone()), Ok(Some(json!(false))), "{no}");
        }
        assert_eq!(kind(read(json!("maybe"))), "garbled");
        assert_eq!(kind(read(json!([1]))), "garbled");
    }
}
