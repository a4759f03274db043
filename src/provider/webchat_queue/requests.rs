//! The reading calls. Source: webchat-queue, 查询在线技能组坐席接口 (queueQueue).

use serde_json::{Value as Json, json};

use crate::config::workspace::Connection;
use crate::model::call::{Call, Method};

/// A page of the listing, from 1.
pub fn page(connection: &Connection, page: usize, size: usize) -> Call {
    call(connection, "queueQueue", &json!({ "page": page, "pageSize": size }))
}

/// Builds the call for a page of the queues of a name. The document does not say how `displayName` is compared.
///
/// An equal name is found by an exact filter and by one for a part of the name. A name that a pattern language could
/// read is not asked for: `None`.
pub fn named(connection: &Connection, name: &str, page: usize, size: usize) -> Option<Call> {
    let plain = |c: char| c.is_alphanumeric() || c == ' ' || c == '-';
    let body = json!({ "displayName": name, "page": page, "pageSize": size });
    (!name.trim().is_empty() && name.trim() == name && name.chars().all(plain))
        .then(|| call(connection, "queueQueue", &body))
}

/// One queue, by its number. The vendor then ignores everything else.
pub fn one(connection: &Connection, exten: &str) -> Call {
    call(connection, "queueQueue", &json!({ "exten": exten, "page": 1, "pageSize": 10 }))
}

/// The account's number; the embedded sandbox needs none.
pub(super) fn account(connection: &Connection) -> &str {
    connection.settings.text("accountId").unwrap_or("sandbox")
}

/// A call of an operation, still to be signed.
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
