//! The read request. Source: isdp-online-agent, findOnlineAgent, 请求参数.

use serde_json::{Value as Json, json};

use crate::model::call::{Call, Method};

/// Rows per page: "每页数量,默认并且最大50条".
pub(super) const PAGE_SIZE: usize = 50;

/// Builds the request for a page of the listing, from 1; the vendor counts from 0.
///
/// The listing is never narrowed to online agents: an agent that is listed as offline is known to be offline.
pub fn page(page: usize) -> Call {
    let body = json!({ "pageStart": page.saturating_sub(1), "pageSize": PAGE_SIZE });
    call("findOnlineAgent", "/openapi/v1/openTask/findOnlineAgent", &body)
}

/// Builds the unsigned call of an operation.
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
