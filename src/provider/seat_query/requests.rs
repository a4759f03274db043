//! The read request. Source: seat-query, `POST /v3/cc/seat/query`, request table and sample.

use serde_json::json;

use crate::model::call::{Call, Method};
use crate::provider::Window;

/// Rows per page: the document's maximum ("size: 每頁顯示數,1-100").
pub const PAGE_SIZE: usize = 100;

/// Builds the request for a page of the listing, from 1, with a window's figures.
///
/// The listing is never narrowed: the document says that `name` is compared loosely, and disabled seats are wanted
/// too.
pub fn page(page: usize, window: &Window) -> Call {
    let body = json!({
        "current": page,
        "size": PAGE_SIZE,
        "params": { "strTime": window.start, "endTime": window.end },
    });
    Call {
        operation: "seat/query",
        method: Method::Post,
        path: "/v3/cc/seat/query".to_owned(),
        query: Vec::new(),
        headers: vec![("Content-Type", "application/json;charset=UTF-8".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
