//! Rules that the manifests alone can break, now or at a later moment: floors, empty queues, SIP numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::members::View;
use super::timeline::{Dates, Timeline};
use super::turn::{Counts, Entries, Turn};
use crate::config::workspace::Workspace;
use crate::model::agent::SIP;
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::outlook::{Ahead, Breach, Outlook};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::rule::TOO_FEW_MEMBERS;
use crate::model::source::Source;
use crate::model::value::Members;

/// Returns the members of a queue and its minimum, if the manifests alone say who serves it and it keeps too few.
/// `told` returns true if all its members are declared.
fn below(
    workspace: &Workspace,
    queue: &DesiredQueue,
    told: impl FnOnce(&Members) -> bool,
) -> Option<(usize, usize, Source)> {
    let (minimum, source) = queue.min_members.as_ref()?;
    let members = queue.record.get(&ASSIGN_MEMBERS)?.members()?;
    let is_below = members.len() < *minimum && workspace.policy.mode(queue) == ListMode::Exact;
    (is_below && told(members)).then(|| (members.len(), *minimum, source.clone()))
}

/// Returns a finding for each queue that keeps fewer than its minimum, as far as the manifests alone tell.
pub fn floors(workspace: &Workspace, desired: &Desired) -> Vec<Finding> {
    let broken = broken_floors(workspace, desired).map(|(id, (left, minimum, source))| {
        let what = FindingKind::TooFewMembers { left, minimum };
        Finding::new(&TOO_FEW_MEMBERS, what).about(id).at(&source)
    });
    broken.collect()
}

/// Returns the queues that keep fewer than their minimum: members, minimum, and its place.
fn broken_floors<'a>(
    workspace: &Workspace,
    desired: &'a Desired,
) -> impl Iterator<Item = (&'a ResourceId, (usize, usize, Source))> {
    let told = |members: &Members| members.keys().all(|id| desired.agents.contains_key(id));
    desired.queues.iter().filter_map(move |(id, queue)| Some((id, below(workspace, queue, told)?)))
}

/// A rule that a queue breaks.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Broken {
    /// It has no members, or its selector chooses none.
    Empty,
    /// It keeps fewer than a minimum.
    Floor(usize),
}

impl Dates {
    /// Returns what a plan has to know of the dates. `last` is the instant of the ledger's last run; `targets` narrow
    /// the plan.
    pub fn outlook(
        &self,
        workspace: &Workspace,
        desired: &Desired,
        last: Option<Timestamp>,
        targets: &[ResourceId],
    ) -> Outlook {
        let good = self.good_until(desired, |id| targets.is_empty() || targets.contains(id));
        Outlook {
            at: self.zone.rfc3339(self.at),
            good_until: good.map(|(until, _)| self.zone.rfc3339(until)),
            earlier: last.map(|last| Arc::new(self.earlier(desired, last))),
            ahead: self.breaches(workspace, desired),
            over: self.over,
        }
    }

    /// Returns the breaks of a rule within the horizon, each at the moment from which on it exists. A break is told
    /// once until its resource is sound again.
    pub fn breaches(&self, workspace: &Workspace, desired: &Desired) -> Vec<Breach> {
        let until = self.zone.days_later(self.at, workspace.horizon);
        if self.next(self.at).is_none_or(|next| next > until) {
            return Vec::new();
        }
        // What each queue breaks, and was told of it, since it was sound.
        let mut told: BTreeMap<&ResourceId, BTreeSet<Broken>> = BTreeMap::new();
        for (id, (_, minimum, _)) in broken_floors(workspace, desired) {
            told.insert(id, BTreeSet::from([Broken::Floor(minimum)]));
        }
        let mut sips = SipNumbers::new(self.entries(), desired);
        let mut found = Vec::new();
        let mut timeline = Timeline::new(self, desired);
        while let Some((next, step)) = timeline.next_turn(until) {
            let mut add = |id: &ResourceId, cause: Source, source: Source, what: Ahead| {
                found.push(Breach { at: self.zone.words(next), cause, source, id: id.clone(), what });
            };
            for turn in &step.queues {
                let Some((queue, view)) = timeline.queue(turn.at) else { continue };
                let (name, counts) = (queue.name.to_string(), timeline.counts(turn.at));
                let causes = &turn.causes;
                let (broken, source, what) = if let Some((source, selector)) = empty(&view, queue, counts) {
                    (Broken::Empty, source, Ahead::NoMembers { queue: name, selector })
                } else if let Some((left, minimum, source)) =
                    below(workspace, queue, |_| counts.undeclared == 0)
                {
                    (Broken::Floor(minimum), source, Ahead::TooFew { queue: name, left, minimum })
                } else {
                    told.remove(turn.id);
                    continue;
                };
                let told = told.entry(turn.id).or_default();
                let cause = match &what {
                    Ahead::NoMembers { selector: true, .. } => {
                        causes.first([&causes.unchosen, &causes.allow_empty])
                    }
                    Ahead::TooFew { left, .. } => {
                        // The members who go broke the floor of before, unless that was broken already.
                        let before = turn.minimum.filter(|before| left < before);
                        if before.is_some_and(|before| !told.contains(&Broken::Floor(before))) {
                            causes.first([&causes.removed, &causes.minimum])
                        } else {
                            causes.first([&causes.minimum, &causes.removed])
                        }
                    }
                    _ => causes.first([&causes.removed, &causes.allow_empty]),
                };
                if told.insert(broken) {
                    add(turn.id, cause.unwrap_or_else(|| queue.source.clone()), source, what);
                }
            }
            for (id, first, number, source, cause) in sips.follow(self.entries(), &step) {
                let what = Ahead::SipTwice { first, second: id.clone(), number };
                add(&ResourceId::agent(&id), cause, source, what);
            }
        }
        found
    }
}

/// Returns the place of a list or selector without members; true for a selector.
fn empty(view: &View<'_>, queue: &DesiredQueue, counts: Counts) -> Option<(Source, bool)> {
    if view.allow_empty {
        return None;
    }
    if let Some(selector) = view.selector.filter(|_| counts.chosen == 0) {
        return Some((selector.source.clone(), true));
    }
    let (source, list) = view.members?;
    (!list.is_empty() && queue.member_sources.is_empty()).then(|| (source.clone(), false))
}

/// The present agents of each SIP number that a dated agent has at some time.
struct SipNumbers(BTreeMap<String, BTreeSet<OperatorId>>);

impl SipNumbers {
    /// Collects the numbers at the instant of the run.
    fn new(entries: &Entries, desired: &Desired) -> Self {
        let mut numbers: BTreeMap<String, BTreeSet<OperatorId>> = BTreeMap::new();
        for (id, entry) in entries {
            for number in entry.sip_numbers(id) {
                numbers.entry(number).or_default();
            }
        }
        if !numbers.is_empty() {
            for (id, agent) in &desired.agents {
                if let Some(holders) = number(agent).and_then(|number| numbers.get_mut(number)) {
                    holders.insert(id.clone());
                }
            }
        }
        Self(numbers)
    }

    /// Follows a step. Returns each agent that gets the number of another one: agent, other agent, number, its place,
    /// the place of the date.
    fn follow(
        &mut self,
        entries: &Entries,
        step: &Turn<'_>,
    ) -> Vec<(OperatorId, OperatorId, String, Source, Source)> {
        let moving = || step.agents.iter().filter(|agent| number(&agent.before) != number(&agent.after));
        for agent in moving() {
            if let Some(holders) = number(&agent.before).and_then(|number| self.0.get_mut(number)) {
                holders.remove(&agent.id);
            }
        }
        let mut twice = Vec::new();
        for agent in moving() {
            let Some(number) = number(&agent.after) else { continue };
            let Some(holders) = self.0.get_mut(number) else { continue };
            if let Some(other) = holders.iter().find(|other| **other != agent.id) {
                let place = agent.after.record.entry(&SIP).and_then(|entry| entry.source);
                let place = place.unwrap_or(&agent.after.source).clone();
                let cause = step.cause(entries, agent, &SIP);
                twice.push((agent.id.clone(), other.clone(), number.to_owned(), place, cause));
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
