//! Whose agent a row is. Source: agent-config §2.1.4, §2.1.5, `companyId`.
//!
//! `page` takes no `companyId`, so it may list agents of other companies under one `abbreviate`.

use super::responses;
use crate::config::workspace::Connection;
use crate::model::call::Failure;
use crate::provider::Row;
use crate::provider::json_cursor::{Cursor, Object};

/// The vendor's key for the company.
pub(super) const COMPANY: &str = "companyId";

/// Reads a row. One without a company belongs to the connection's, and so does each where none is configured.
pub(super) fn row(connection: &Connection, row: &impl Object, path: &str) -> Result<Row, Failure> {
    let (id, record) = responses::agent(row, path)?;
    let Some(own) = connection.settings.number(COMPANY) else { return Ok(Row::Agent(id, record)) };
    Ok(match Cursor::new(row, path, COMPANY).number()? {
        Some(other) if other != own => Row::Foreign(id, other),
        Some(_) | None => Row::Agent(id, record),
    })
}
