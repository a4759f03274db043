//! The intent and the outcome of each step of a run, line by line.
//!
//! A line is written as it happens, for the run after a crash. Holds no secret.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::history::RunId;
use super::id::OperatorId;
use super::message::messages;
use super::plan::Plan;

messages! {
    /// A remark on the journal of a run that did not come to its end.
    JournalRemark {
        /// It belongs to another workspace.
        Foreign { path: String, workspace: String },
        /// It names no workspace and no call.
        Nameless { path: String },
        /// It cannot be read; the next apply keeps it aside.
        Damaged { path: String, why: String, aside: String },
    }
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "camelCase", deny_unknown_fields)]
pub enum Entry {
    /// The intent of the run. Always the first line.
    Run {
        /// The plan.
        plan: Arc<Plan>,
        /// The serial of the ledger at the start. If the ledger has another serial, later runs wrote it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ledger: Option<u64>,
        /// The name of the run in the history.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
    },
    /// The intent of a call. If a retry is not safe, it is synced before the call leaves.
    Begin {
        /// The index of the step in the plan.
        step: usize,
        /// The time, in milliseconds since 1970 UTC.
        #[serde(default)]
        at_ms: i64,
    },
    /// The response to a call. Written before any dependent step starts.
    End {
        /// The index of the step in the plan.
        step: usize,
        /// The outcome.
        ending: Ending,
        /// The number of a created queue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<OperatorId>,
    },
}

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// The vendor accepted it.
    Done,
    /// The vendor refused it, or it was never sent.
    Failed,
    /// Unknown: the read-back decides.
    Unknown,
}
