//! Estimate of a plan: its number of calls, and their shortest duration under the rate limits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::workspace::Workspace;
use crate::model::id::Kind;
use crate::model::plan::{Operation, Step, StepId, Verb};

/// Returns the number of calls of the steps. Storing a secret calls no vendor.
pub(super) fn calls(steps: &[Step]) -> usize {
    steps.iter().filter(|step| step.operation.verb != Verb::Put).count()
}

/// What a run sees of its systems before it applies a plan. A plan counts none of it, because it is a function of its
/// input.
#[derive(Clone, Debug, Default)]
pub struct Observed<'a> {
    /// The calls that count in the rate windows now, by the vendor's name of the operation.
    pub used: BTreeMap<&'a str, usize>,
    /// The mean latency of a call, by the kind that its system holds.
    pub latency: BTreeMap<Kind, Duration>,
}

/// Returns the shortest duration of a plan in seconds: that of the slowest rate-limited operation, rounded up, or that
/// of all calls at the latency seen, rounded down.
///
/// Operations run concurrently, and each has its own window.
pub fn seconds(workspace: &Workspace, steps: &[Step], observed: &Observed<'_>) -> u64 {
    let limited = under_rates(workspace, steps, &observed.used);
    let limited = limited.as_secs() + u64::from(limited.subsec_nanos() > 0);
    limited.max(at_latency(workspace, steps, observed).as_secs())
}

/// Returns the duration of all calls at the latency seen. A step is called once those before it have ended.
fn at_latency(workspace: &Workspace, steps: &[Step], observed: &Observed<'_>) -> Duration {
    let mut distances: BTreeMap<StepId, usize> = BTreeMap::new();
    let mut stages: BTreeMap<usize, BTreeMap<Kind, u32>> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.operation.verb != Verb::Put) {
        let before = step.after.iter().filter_map(|id| distances.get(id));
        let distance = before.map(|distance| distance + 1).max().unwrap_or(0);
        distances.insert(step.id, distance);
        *stages.entry(distance).or_default().entry(step.operation.kind).or_default() += 1;
    }
    let longest = |calls: &BTreeMap<Kind, u32>| {
        let durations = calls.iter().filter_map(|(kind, calls)| {
            let at_once = workspace.connection_of_kind(*kind)?.concurrency();
            Some(*observed.latency.get(kind)? * calls.div_ceil(u32::try_from(at_once).unwrap_or(u32::MAX)))
        });
        durations.max().unwrap_or_default()
    };
    stages.values().map(longest).sum()
}

/// Returns the duration of the slowest rate-limited operation. `used` are the calls in the windows now.
fn under_rates(workspace: &Workspace, steps: &[Step], used: &BTreeMap<&str, usize>) -> Duration {
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
    longest
}
