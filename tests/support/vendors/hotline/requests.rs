//! The calls.

use rosterctl::config::workspace::Connection;
use rosterctl::model::call::{Call, Method};
use serde_json::{Map, Value as Json};

/// Returns the rows of a page.
pub(super) fn page_size(connection: &Connection) -> usize {
    connection.settings.number("pageSize").and_then(|rows| usize::try_from(rows).ok()).unwrap_or(50)
}

/// Builds the call for a page of a listing, from 1, narrowed to a title when one is given.
pub(super) fn list(
    connection: &Connection,
    operation: &'static str,
    page: usize,
    title: Option<&str>,
) -> Call {
    let rows = page_size(connection);
    let skip = page.saturating_sub(1).saturating_mul(rows);
    let mut query = vec![("skip", skip.to_string()), ("take", rows.to_string())];
    query.extend(title.map(|title| ("title", title.to_owned())));
    get(connection, operation, query)
}

/// Builds the call for one person or line.
pub(super) fn one(connection: &Connection, operation: &'static str, key: (&'static str, &str)) -> Call {
    get(connection, operation, vec![(key.0, key.1.to_owned())])
}

/// Builds a writing call.
pub(super) fn post(connection: &Connection, operation: &'static str, body: Map<String, Json>) -> Call {
    Call {
        method: Method::Post,
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: Json::Object(body).to_string().into_bytes(),
        ..get(connection, operation, Vec::new())
    }
}

/// Returns the name of the site; the embedded sandbox needs none.
pub(super) fn site(connection: &Connection) -> &str {
    connection.settings.text("site").unwrap_or("sandbox")
}

fn get(connection: &Connection, operation: &'static str, query: Vec<(&'static str, String)>) -> Call {
    Call {
        operation,
        method: Method::Get,
        path: format!("/hotline/{}/{operation}", site(connection)),
        query,
        headers: Vec::new(),
        body: Vec::new(),
    }
}
