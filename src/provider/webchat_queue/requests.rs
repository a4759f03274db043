//! The read requests. Source: webchat-queue, 查询在线技能组坐席接口 (queueQueue).

use serde_json::{Value as Json, json};

use crate::config::workspace::Connection;
use crate::model::call::{Call, Method};

/// Builds the request for a page of the listing, from 1.
pub fn page(connection: &Connection, page: usize, size: usize) -> Call {
    call(connection, "queueQueue", &json!({ "page": page, "pageSize": size }))
}

/// Builds the request for a page of the queues of a name; `None` for unsafe names.
///
/// The document does not say how `displayName` is compared. Both an exact filter and one for a part of the name find
/// an equal name. A name is unsafe if a pattern language could interpret it.
pub fn named(connection: &Connection, name: &str, page: usize, size: usize) -> Option<Call> {
    let plain = |c: char| c.is_alphanumeric() || c == ' ' || c == '-';
    let body = json!({ "displayName": name, "page": page, "pageSize": size });
    (!name.trim().is_empty() && name.trim() == name && name.chars().all(plain))
        .then(|| call(connection, "queueQueue", &body))
}

/// Builds the request for one queue, by its number. The vendor then ignores all other keys.
pub fn one(connection: &Connection, exten: &str) -> Call {
    call(connection, "queueQueue", &json!({ "exten": exten, "page": 1, "pageSize": 10 }))
}

/// Returns the account's number; the embedded sandbox needs none.
pub(super) fn account(connection: &Connection) -> &str {
    connection.settings.text("accountId").unwrap_or("sandbox")
}

/// Builds the unsigned call of an operation.
pub(super) fn call(connection: &Connection, operation: &'static str, body: &Json) -> Call {
    Call {
        operation,
        method: Method::Post,
        path: format!("/v20210827/webChat/{operation}/{}", account(connection)),
        query: Vec::new(),
        headers: vec![("Content-Type", "application/json;charset=utf-8".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
