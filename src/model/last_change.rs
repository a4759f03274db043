//! The time of the last change of a live resource, and the agent who made it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The last change of a live resource, as the vendor tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorChange {
    /// The time, in seconds since 1970 UTC.
    pub at: i64,
    /// The number of the agent who made it.
    pub by: Option<Arc<str>>,
}

/// The last change of a resource that did not come from rosterctl.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastChanged {
    /// Its time in RFC 3339, with the offset of the workspace's zone.
    pub at: String,
    /// The number of the agent who made it, if the vendor tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The name of that agent, if it is declared or live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl LastChanged {
    /// Returns its local time for people, like `2026-11-29 18:02`, with `UTC` if that is its offset.
    pub fn time(&self) -> String {
        let (day, rest) = self.at.split_once('T').unwrap_or((&self.at, ""));
        let minutes = rest.get(..5).unwrap_or(rest);
        let utc = if rest.ends_with("+00:00") || rest.ends_with('Z') { " UTC" } else { "" };
        format!("{day} {minutes}{utc}")
    }
}
