//! The read requests. Source: agent-config §2.1.4 (one/v2), §2.1.5 (page).

use serde_json::{Map, Value as Json, json};

use crate::config::workspace::Connection;
use crate::model::call::{Call, Method};

/// Rows per page: the document's maximum. Source: agent-config §2.1.5.
pub(super) const PAGE_SIZE: usize = 100;

/// The company in the embedded sandbox, which needs no setting.
const SANDBOX: &str = "sandbox";

/// Builds the request for a page of the listing, from 1, or of one agent.
///
/// `page` is the one operation that takes no `companyId`.
pub fn page(connection: &Connection, page: usize, operator_id: Option<&str>) -> Call {
    let mut body = Map::new();
    body.insert("abbreviate".to_owned(), json!(abbreviate(connection)));
    body.insert("pageNumber".to_owned(), json!(page));
    body.insert("pageSize".to_owned(), json!(PAGE_SIZE));
    if let Some(id) = operator_id {
        body.insert("operatorId".to_owned(), json!(id));
    }
    call("page", body)
}

/// Builds the request for one agent.
pub fn one(connection: &Connection, operator_id: &str) -> Call {
    let mut body = company(connection);
    body.insert("operatorId".to_owned(), json!(operator_id));
    call("one/v2", body)
}

/// Returns the keys that every body but that of `page` begins with.
pub(super) fn company(connection: &Connection) -> Map<String, Json> {
    let mut body = Map::new();
    body.insert("abbreviate".to_owned(), json!(abbreviate(connection)));
    if let Some(id) = connection.settings.number("companyId") {
        body.insert("companyId".to_owned(), json!(id));
    }
    body
}

fn abbreviate(connection: &Connection) -> &str {
    connection.settings.text("abbreviate").unwrap_or(SANDBOX)
}

/// Builds the unsigned call of an operation.
pub(super) fn call(operation: &'static str, body: Map<String, Json>) -> Call {
    Call {
        operation,
        method: Method::Post,
        path: format!("/api/v1/config/openapi/agent/{operation}"),
        query: Vec::new(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: Json::Object(body).to_string().into_bytes(),
    }
}
