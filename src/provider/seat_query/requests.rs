//! The reading call. Source: seat-query, `POST /v3/cc/seat/query`, request table and sample.

use serde_json::json;

use crate::model::call::{Call, Method};
use crate::provider::Window;

/// Rows of a page, the document's largest ("size: 每頁顯示數,1-100").
pub const PAGE_SIZE: usize = 100;

/// A page of the listing, from 1, with the call figures of a span of time.
///
/// Never narrowed: `name` is documented to be compared loosely, and disabled seats are wanted too.
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
