//! Estimate of a plan: its number of calls, and their shortest duration under the rate limits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::workspace::Workspace;
use crate::model::id::Kind;
use crate::model::plan::{Operation, Step};

/// Returns the number of calls of the steps. Storing a secret calls no vendor.
pub(super) fn calls(steps: &[Step]) -> usize {
    steps.iter().filter(|step| step.operation != Operation::SecretPut).count()
}

/// Returns the shortest duration of the slowest rate-limited operation, in seconds, rounded up.
///
/// Operations run concurrently, and each has its own window. `used` are the calls that count in the windows now, by
/// the vendor's name of the operation. A plan counts none, because it is a function of its input.
pub fn seconds(workspace: &Workspace, steps: &[Step], used: &BTreeMap<&str, usize>) -> u64 {
    let count = |operation: Operation| steps.iter().filter(|s| s.operation == operation).count();
    let supports = workspace.supports();
    let (agents, queues) = (&supports.agents.verbs, &supports.queues.verbs);
    let mut longest = Duration::ZERO;
    for (operation, kind, verb) in [
        (Operation::AgentCreate, Kind::Agent, agents.create),
        (Operation::AgentEdit, Kind::Agent, agents.update),
        (Operation::AgentPassword, Kind::Agent, agents.set_password),
        (Operation::AgentDelete, Kind::Agent, agents.delete),
        (Operation::QueueCreate, Kind::Queue, queues.create),
        (Operation::QueueEdit, Kind::Queue, queues.update),
        (Operation::QueueMembers, Kind::Queue, queues.set_members),
    ] {
        let (Some(verb), Some(connection)) = (verb, workspace.connection_of_kind(kind)) else { continue };
        if let Some(rate) = connection.rate(verb.operation) {
            let count = count(operation);
            let used = used.get(verb.operation).copied().filter(|_| count > 0).unwrap_or(0);
            longest = longest.max(rate.time_for(count + used));
        }
    }
    longest.as_secs() + u64::from(longest.subsec_nanos() > 0)
}
