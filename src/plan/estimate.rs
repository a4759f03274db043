//! How many calls a plan needs, and how long they take at least under the rate limits.

use std::time::Duration;

use crate::config::workspace::Workspace;
use crate::model::id::Kind;
use crate::model::plan::{Operation, Step};

/// Calls that carry the steps out. Storing a secret calls no vendor.
pub(super) fn calls(steps: &[Step]) -> usize {
    steps.iter().filter(|step| step.operation != Operation::SecretPut).count()
}

/// Seconds that the slowest rate-limited operation takes, rounded up. Operations run side by side, and
/// each has its own window.
pub(super) fn seconds(workspace: &Workspace, steps: &[Step]) -> u64 {
    let count = |operation: Operation| steps.iter().filter(|s| s.operation == operation).count();
    let Some(connection) = workspace.connections.iter().find(|c| c.spec.kinds.contains(&Kind::Queue)) else {
        return 0;
    };
    let mut longest = Duration::ZERO;
    for (operation, vendor) in
        [(Operation::QueueCreate, "addQueue"), (Operation::QueueMembers, "updateQueueAssignMembers")]
    {
        if let Some(rate) = connection.rate(vendor) {
            longest = longest.max(rate.time_for(count(operation)));
        }
    }
    longest.as_secs() + u64::from(longest.subsec_nanos() > 0)
}
