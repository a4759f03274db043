//! Rules that the manifests alone can break, now or at a later moment: floors, empty queues, SIP numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::members::Agents;
use super::timeline::{Dates, Timeline, TimelineStep};
use crate::config::workspace::Workspace;
use crate::model::agent::SIP;
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::outlook::{Ahead, Breach, Outlook};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::rule::TOO_FEW_MEMBERS;
use crate::model::source::Source;
use crate::model::value::Value;

/// Returns the members of a queue and its minimum, if the manifests alone say who serves it and it keeps too few.
fn below(workspace: &Workspace, desired: &Desired, queue: &DesiredQueue) -> Option<(usize, usize, Source)> {
    let (minimum, source) = queue.min_members.as_ref()?;
    let Some(Value::Members(members)) = queue.record.get(&ASSIGN_MEMBERS) else { return None };
    let told = workspace.policy.mode(queue) == ListMode::Exact
        && members.keys().all(|id| desired.agents.contains_key(id));
    (told && members.len() < *minimum).then(|| (members.len(), *minimum, source.clone()))
}

/// Returns a finding for each queue that keeps fewer than its minimum, as far as the manifests alone tell.
pub fn floors(workspace: &Workspace, desired: &Desired) -> Vec<Finding> {
    let broken = desired.queues.iter().filter_map(|(id, queue)| {
        let (left, minimum, source) = below(workspace, desired, queue)?;
        let what = FindingKind::TooFewMembers { left, minimum };
        Some(Finding::new(&TOO_FEW_MEMBERS, what).about(id).at(&source))
    });
    broken.collect()
}

impl Dates {
    /// Returns what a plan has to know of the dates. `runs` are the instants of the ledger's last run, and of those since
    /// that carried out a part; `targets` narrow the plan.
    pub fn outlook(
        &self,
        workspace: &Workspace,
        desired: &Desired,
        runs: &[Timestamp],
        targets: &[ResourceId],
    ) -> Outlook {
        let good = self.good_until(desired, |id| targets.is_empty() || targets.contains(id));
        Outlook {
            at: self.zone.rfc3339(self.at),
            good_until: good.map(|(until, _)| self.zone.rfc3339(until)),
            earlier: (!runs.is_empty()).then(|| Arc::new(self.since(desired, runs))),
            ahead: self.breaches(workspace, desired),
            over: self.over,
        }
    }

    /// Returns the breaks of a rule within the horizon: for each resource the first one that exists then only.
    pub fn breaches(&self, workspace: &Workspace, desired: &Desired) -> Vec<Breach> {
        let until = self.zone.days_later(self.at, workspace.horizon);
        let mut broken: BTreeSet<ResourceId> =
            floors(workspace, desired).into_iter().filter_map(|f| f.id).collect();
        let mut sips = None;
        let mut found = Vec::new();
        let mut timeline = Timeline::new(self, desired);
        while let Some((next, step)) = timeline.next(until) {
            let agents = timeline.agents();
            let mut add = |id: &ResourceId, cause: &Source, source: Source, what: Ahead| {
                if broken.insert(id.clone()) {
                    let at = self.zone.words(next);
                    found.push(Breach { at, cause: cause.clone(), source, id: id.clone(), what });
                }
            };
            for queue in &step.queues {
                let name = || queue.after.name.to_string();
                if let Some((source, selector)) = self.empty(agents, &queue.id, &queue.after, next) {
                    add(&queue.id, &queue.source, source, Ahead::NoMembers { queue: name(), selector });
                } else if let Some((left, minimum, source)) = below(workspace, desired, &queue.after) {
                    add(&queue.id, &queue.source, source, Ahead::TooFew { queue: name(), left, minimum });
                }
            }
            let sips = sips.get_or_insert_with(|| SipNumbers::new(self, agents, &step));
            for (id, first, number, source, cause) in sips.follow(&step) {
                let what = Ahead::SipTwice { first, second: id.clone(), number };
                add(&ResourceId::agent(&id), &cause, source, what);
            }
        }
        found
    }

    /// Returns the place of a list or selector without members; true for a selector.
    fn empty(
        &self,
        agents: Agents<'_>,
        id: &ResourceId,
        queue: &DesiredQueue,
        at: Timestamp,
    ) -> Option<(Source, bool)> {
        let view = self.queue(id)?.view(at);
        if view.allow_empty {
            return None;
        }
        if let Some(selector) = view.selector
            && selector.among(agents).next().is_none()
        {
            return Some((selector.source.clone(), true));
        }
        let (source, list) = view.members?;
        (!list.is_empty() && queue.member_sources.is_empty()).then(|| (source.clone(), false))
    }
}

/// The present agents of each SIP number that a dated agent has at some time.
struct SipNumbers(BTreeMap<String, BTreeSet<OperatorId>>);

impl SipNumbers {
    /// Collects the numbers after a step.
    fn new(dates: &Dates, agents: Agents<'_>, step: &TimelineStep) -> Self {
        let mut numbers: BTreeMap<String, BTreeSet<OperatorId>> = BTreeMap::new();
        for (id, entry) in dates.entries() {
            for number in entry.sip_numbers(id) {
                numbers.entry(number).or_default();
            }
        }
        if !numbers.is_empty() {
            for (id, agent) in agents.iter() {
                if let Some(holders) = number(agent).and_then(|number| numbers.get_mut(number)) {
                    holders.insert(id.clone());
                }
            }
        }
        // The step is followed next, so it starts from the state before it.
        for agent in &step.agents {
            if let Some(holders) = number(&agent.after).and_then(|number| numbers.get_mut(number)) {
                holders.remove(&agent.id);
            }
            if let Some(holders) = number(&agent.before).and_then(|number| numbers.get_mut(number)) {
                holders.insert(agent.id.clone());
            }
        }
        Self(numbers)
    }

    /// Follows a step. Returns each agent that gets the number of another one: agent, other agent, number, its place,
    /// the place of the date.
    fn follow(&mut self, step: &TimelineStep) -> Vec<(OperatorId, OperatorId, String, Source, Source)> {
        for agent in &step.agents {
            if let Some(holders) = number(&agent.before).and_then(|number| self.0.get_mut(number)) {
                holders.remove(&agent.id);
            }
        }
        let mut twice = Vec::new();
        for agent in &step.agents {
            let Some(number) = number(&agent.after) else { continue };
            let Some(holders) = self.0.get_mut(number) else { continue };
            if let Some(other) = holders.iter().find(|other| **other != agent.id) {
                let place = agent.after.record.entry(&SIP).and_then(|entry| entry.source);
                let place = place.unwrap_or(&agent.after.source).clone();
                twice.push((agent.id.clone(), other.clone(), number.to_owned(), place, agent.source.clone()));
            }
            holders.insert(agent.id.clone());
        }
        twice
    }
}

/// Returns the SIP number that a present agent has.
fn number(agent: &DesiredAgent) -> Option<&str> {
    agent.record.get(&SIP).filter(|_| agent.is_present())?.sip_number()
}
