//! Estimate of a plan: its number of calls, and their shortest duration under the rate limits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::workspace::Workspace;
use crate::model::plan::{Operation, Step, Verb};

/// Returns the number of calls of the steps. Storing a secret calls no vendor.
pub(super) fn calls(steps: &[Step]) -> usize {
    steps.iter().filter(|step| step.operation.verb != Verb::Put).count()
}

/// Returns the shortest duration of the slowest rate-limited operation, in seconds, rounded up.
///
/// Operations run concurrently, and each has its own window. `used` are the calls that count in the windows now, by
/// the vendor's name of the operation. A plan counts none, because it is a function of its input.
pub fn seconds(workspace: &Workspace, steps: &[Step], used: &BTreeMap<&str, usize>) -> u64 {
    let mut counts: BTreeMap<Operation, usize> = BTreeMap::new();
    for step in steps {
        *counts.entry(step.operation).or_default() += 1;
    }
    let supports = workspace.supports();
    let mut longest = Duration::ZERO;
    for (Operation { kind, verb }, count) in counts {
        let Some(spec) = supports.get(kind).verbs.get(verb) else { continue };
        let connection = workspace.connection_of_kind(kind);
        if let Some(rate) = connection.and_then(|connection| connection.rate(spec.operation)) {
            let used = used.get(spec.operation).copied().unwrap_or(0);
            longest = longest.max(rate.time_for(count + used));
        }
    }
    longest.as_secs() + u64::from(longest.subsec_nanos() > 0)
}
