//! The reading call. Source: isdp-online-agent, findOnlineAgent, 请求参数.

use serde_json::{Value as Json, json};

use crate::model::call::{Call, Method};

/// Rows of a page: "每页数量,默认并且最大50条".
pub(super) const PAGE_SIZE: usize = 50;

/// A page of the listing, from 1; the vendor counts from 0.
///
/// Never narrowed to who is online: whoever is listed as offline is known to be, and the rest is not guessed.
pub fn page(page: usize) -> Call {
    let body = json!({ "pageStart": page.saturating_sub(1), "pageSize": PAGE_SIZE });
    call("findOnlineAgent", "/openapi/v1/openTask/findOnlineAgent", &body)
}

/// A call of an operation, still to be signed.
pub(super) fn call(operation: &'static str, path: &str, body: &Json) -> Call {
    Call {
        operation,
        method: Method::Post,
        path: path.to_owned(),
        query: Vec::new(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
