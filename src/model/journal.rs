//! What a run meant to do and what became of it, line by line: written as it happens, read by the run
//! after a crash. Holds no secret.

use serde::{Deserialize, Serialize};

use super::id::OperatorId;
use super::plan::Plan;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "camelCase", deny_unknown_fields)]
pub enum Entry {
    /// The run begins: everything that it means to do. Always the first line.
    Run {
        /// The plan.
        plan: Box<Plan>,
        /// Serial of the ledger that it began with. A ledger of another serial was written by other runs since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ledger: Option<u64>,
    },
    /// A call is about to leave. On disk before it does, where it cannot simply be made again.
    Begin {
        /// Place of the step in the plan.
        step: usize,
        /// When, in milliseconds since 1970 UTC.
        #[serde(default)]
        at_ms: i64,
    },
    /// A call was answered. Written before anything that depends on it starts.
    End {
        /// Place of the step in the plan.
        step: usize,
        /// What the answer was.
        ending: Ending,
        /// The number of a queue that it made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<OperatorId>,
    },
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// The vendor said yes.
    Done,
    /// The vendor said no, or it was never sent.
    Failed,
    /// Nobody knows: live state tells.
    Unknown,
}
