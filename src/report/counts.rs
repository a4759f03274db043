//! Counts of the results of a run.

use serde::Serialize;

/// Counts of results; every format tells these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// Took effect.
    pub done: usize,
    /// Those of them that have another result beside it, for the targets that were left out.
    pub partial: usize,
    /// Failed, or did not take effect.
    pub failed: usize,
    /// Were not tried.
    pub skipped: usize,
    /// Ended with an unknown effect.
    pub unknown: usize,
}
