//! Rules that the manifests alone can break, now or at a later moment: floors, empty queues, SIP numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::Entries;
use super::members::{Dispute, View};
use super::timeline::{Dates, Timeline};
use super::turn::{Counts, Turn};
use crate::config::workspace::Workspace;
use crate::model::agent::SIP;
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::outlook::{Ahead, Breach, Outlook};
use crate::model::queue::ListMode;
use crate::model::rule::TOO_FEW_MEMBERS;
use crate::model::source::Source;
use crate::model::value::Members;

/// Returns the members of a queue and its minimum, if the manifests alone say who serves it and it keeps too few.
/// `told` returns true if all its members are declared. A queue may keep live members outside the scope.
fn below(
    workspace: &Workspace,
    queue: &DesiredQueue,
    told: impl FnOnce(&Members) -> bool,
) -> Option<(usize, usize, Source)> {
    let (minimum, source) = queue.min_members.as_ref()?;
    let members = queue.members()?;
    let is_whole = workspace.policy.mode(queue) == ListMode::Exact && !workspace.scope.hides_agents();
    let is_below = members.len() < *minimum && is_whole;
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
        let mut disputed: BTreeSet<(&ResourceId, OperatorId)> = BTreeSet::new();
        let mut found = Vec::new();
        let mut timeline = Timeline::for_rules(self, desired);
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
            let mut still = BTreeSet::new();
            for (id, plan, Dispute { id: agent, listed, own }) in timeline.disputes() {
                let key = (id, agent.clone());
                if !disputed.contains(&key) {
                    let entry = self.entries().get(agent);
                    let cause = entry.and_then(|entry| entry.queues_turned(step.from, step.to));
                    let cause =
                        cause.or_else(|| plan.list_turned(agent, step.from, step.to)).unwrap_or(own.1);
                    let (agent, queue) = (agent.clone(), plan.name.to_string());
                    let what = Ahead::TwoPriorities { agent, queue, listed: listed.0, own: own.0 };
                    add(id, cause.clone(), listed.1.clone(), what);
                }
                still.insert(key);
            }
            disputed = still;
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
    let source = view.naming()?;
    queue.member_sources.is_empty().then(|| (source.clone(), false))
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::manifest::load_at;
    use crate::model::source::File;
    use crate::vendors;

    const WORKSPACE: &str = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\ntimeZone: UTC\n\
        policy: { leavers: { then: keep } }\nconnections:\n  a: { provider: agent-config, baseUrl: sandbox }\n  \
        w: { provider: webchat-queue, baseUrl: sandbox }\n";

    /// Returns the roster at the first of December; its first line is the third one of the file.
    fn roster(text: &str) -> (Workspace, Desired, Box<Dates>) {
        let specs = &vendors::ALL.specs();
        let workspace =
            crate::config::load::load(&"rosterctl.yaml".into(), WORKSPACE.as_bytes(), specs).unwrap();
        let bytes = format!("apiVersion: rosterctl/v1\nkind: Roster\n{text}").into_bytes();
        let file = File { name: "roster.yaml".into(), bytes };
        let at = "2026-12-01T00:00:00Z".parse().unwrap();
        let roster = load_at(&[file], &workspace, at).ok().unwrap();
        (workspace, roster.desired, roster.dates.unwrap())
    }

    /// Returns the breaks ahead: moment, and the line and column of the date.
    fn ahead(text: &str) -> Vec<(String, u32, u32)> {
        let (workspace, desired, dates) = roster(text);
        let breaches = dates.breaches(&workspace, &desired).into_iter();
        breaches.map(|breach| (breach.at, breach.cause.line, breach.cause.column)).collect()
    }

    /// Returns the line and column of a text that stands once in a roster.
    fn place(text: &str, part: &str) -> (u32, u32) {
        let before = &text[..text.find(part).unwrap()];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (u32::try_from(before.lines().count().max(1)).unwrap() + 2, u32::try_from(column).unwrap())
    }

    /// Checks that a roster breaks a rule at some moments, by the dates that follow some texts.
    fn breaks(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(at, part)| {
                let (line, column) = place(text, part);
                let key = part.rfind(": ").map_or(0, |colon| part[..colon].chars().count() + 2);
                ((*at).to_owned(), line, column + u32::try_from(key).unwrap())
            })
            .collect();
        assert_eq!(ahead(text), expected, "{text}");
    }

    #[test]
    fn a_floor_breaks_by_the_date_of_a_member_who_goes_not_of_one_who_comes() {
        breaks(
            "agents:
  - { operatorId: \"1\", from: 2026-12-10 }
  - { operatorId: \"2\", until: 2026-12-09 }
  - { operatorId: \"3\", until: 2026-12-10T00:00 }
queues:
  - { displayName: q, minMembers: 2, assignMembers: [\"1\", \"2\", \"3\"] }",
            &[("2026-12-10", "\"2\", until: 2026-12-09")],
        );
        // The one who comes to another entry is a member as before, and so is the one whose priority changes.
        breaks(
            "agents: [{ operatorId: \"1\" }, { operatorId: \"2\" }]
queues:
  - displayName: q
    minMembers: 2
    assignMembers:
      - { agentNumber: \"1\", priority: 1, until: 2026-12-09 }
      - { agentNumber: \"1\", priority: 2, from: 2026-12-10 }
      - { agentNumber: \"2\", until: 2026-12-09 }",
            &[("2026-12-10", "\"2\", until: 2026-12-09")],
        );
    }

    #[test]
    fn a_rule_breaks_by_the_entry_whose_key_changes() {
        let queue =
            "agents: [{ operatorId: \"1\", mainSkillGroup: a }, { operatorId: \"2\", mainSkillGroup: b }]
queues:
  - displayName: q
    minMembers: 1
    allowEmpty: true
    assignMembers: [\"1\"]
    during: [DURING]";
        let with = |during: &str| queue.replace("DURING", during);
        breaks(
            &with("{ from: 2026-12-10, minMembers: 9 }, { until: 2026-12-09, allowEmpty: false }"),
            &[("2026-12-10", "{ from: 2026-12-10")],
        );
        breaks(
            &with("{ until: 2026-12-09, minMembers: 0 }, { from: 2026-12-10, assignMembers: [] }"),
            &[("2026-12-10", "{ until: 2026-12-09")],
        );
        breaks(
            &with("{ until: 2026-12-09, allowEmpty: true }, { from: 2026-12-10, assignMembers: [] }"),
            &[("2026-12-10", "{ from: 2026-12-10")],
        );
        // A selector loses the last agent that it chooses, who stays a member by the list.
        breaks(
            "agents:
  - { operatorId: \"1\", mainSkillGroup: a, name: n, during: [{ from: 2026-12-10, name: m }, { from: 2026-12-10T00:00, mainSkillGroup: b }] }
queues:
  - { displayName: q, memberSelector: { mainSkillGroup: a }, assignMembers: [\"1\"] }",
            &[("2026-12-10", "{ from: 2026-12-10T00:00")],
        );
    }

    #[test]
    fn an_agent_changes_by_its_own_date_or_by_the_entry_that_sets_a_changed_value() {
        let source = |text: &str, at: &str| {
            let (_, desired, dates) = roster(text);
            let mut timeline = Timeline::new(&dates, &desired);
            timeline
                .step_to(at.parse().unwrap())
                .agents
                .iter()
                .map(|a| (a.source.line, a.source.column))
                .collect::<Vec<_>>()
        };
        let own = "agents: [{ operatorId: \"1\", name: A, until: 2026-12-09, during: [{ from: 2026-12-10, name: B }] }]";
        let (line, column) = place(own, "2026-12-09");
        assert_eq!(source(own, "2026-12-10T00:00:00Z"), [(line, column)]);
        let values = "agents: [{ operatorId: \"1\", name: A, hidePhone: true, during: [{ from: 2026-12-10, name: A }, { until: 2026-12-09, hidePhone: false }] }]";
        let (line, column) = place(values, "2026-12-09");
        assert_eq!(source(values, "2026-12-10T00:00:00Z"), [(line, column)]);
        // A member's agent changes its group, by which a selector found it, and its name.
        breaks(
            "agents:
  - { operatorId: \"1\", mainSkillGroup: a }
  - { operatorId: \"2\", mainSkillGroup: a, name: n, during: [{ from: 2026-12-10, name: m }, { from: 2026-12-10T00:00, mainSkillGroup: b }] }
queues:
  - { displayName: q, minMembers: 2, memberSelector: { mainSkillGroup: a } }",
            &[("2026-12-10", "{ from: 2026-12-10T00:00")],
        );
        // A SIP number of two comes with the entry that sets it.
        breaks(
            "agents:
  - { operatorId: \"1\", sip: { number: \"700\" } }
  - { operatorId: \"2\", name: n, sip: { number: \"701\" }, during: [{ from: 2026-12-10, name: m }, { from: 2026-12-10T00:00, sip: { number: \"700\" } }] }",
            &[("2026-12-10", "{ from: 2026-12-10T00:00")],
        );
    }

    #[test]
    fn every_break_is_told_once_until_its_resource_is_sound_again() {
        let queue = "agents:
  - { operatorId: \"1\" }
  - { operatorId: \"2\", until: 2026-12-21 }
queues:
  - displayName: q
    minMembers: NOW
    assignMembers: [\"1\", \"2\"]
    during:
      - { from: 2026-12-10, until: 2026-12-19, minMembers: 5 }
      - { from: 2026-12-20, until: 2026-12-24, minMembers: 6 }
      - { from: 2026-12-25, until: 2026-12-27, minMembers: 5 }
      - { from: 2026-12-28, until: 2026-12-28, minMembers: 0 }
      - { from: 2026-12-29, until: 2026-12-30, minMembers: 5 }
      - { from: 2026-12-31, minMembers: 0 }";
        let later = [("2026-12-10", "{ from: 2026-12-10"), ("2026-12-20", "{ from: 2026-12-20")];
        let again = ("2026-12-29", "{ from: 2026-12-29");
        breaks(&queue.replace("NOW", "0"), &[later[0], later[1], again]);
        // What is broken today hides no other break.
        breaks(&queue.replace("NOW", "3"), &[later[0], later[1], again]);
        breaks(&queue.replace("NOW", "5"), &[later[1], again]);
        // Two agents have one SIP number for a time, and again.
        let twice = "agents:
  - { operatorId: \"1\", sip: { number: \"700\" } }
  - { operatorId: \"2\", name: n, sip: none, during: [{ from: 2026-12-10, until: 2026-12-15, sip: { number: \"700\" } }, { from: 2026-12-12, name: m }, { from: 2026-12-20, sip: { number: \"700\" } }] }";
        breaks(twice, &[("2026-12-10", "{ from: 2026-12-10"), ("2026-12-20", "{ from: 2026-12-20")]);
    }

    /// Counts of chosen agents and of undeclared members, kept from step to step, are those of the roster then.
    #[test]
    fn the_counts_of_a_queue_follow_its_members() {
        let (_, desired, dates) = roster(
            "agents:
  - { operatorIds: 1..4, mainSkillGroup: a, during: [{ from: 2026-12-12, until: 2026-12-13, mainSkillGroup: b }] }
  - { operatorId: \"5\", mainSkillGroup: a, from: 2026-12-05, until: 2026-12-20 }
queues:
  - displayName: q
    memberSelector: { mainSkillGroup: a }
    assignMembers: [\"1\", { agentNumber: \"8\", until: 2026-12-06 }, { agentNumber: \"9\", from: 2026-12-11 }]
    during: [{ from: 2026-12-14, until: 2026-12-16, memberSelector: { mainSkillGroup: b } }]",
        );
        let mut timeline = Timeline::new(&dates, &desired);
        let mut found = Vec::new();
        while let Some((_, turn)) = timeline.next_turn(Timestamp::MAX) {
            for queue in turn.queues {
                let Counts { chosen, undeclared } = timeline.counts(queue.at);
                found.push((chosen, undeclared));
            }
        }
        // 5 comes, 8 goes, 9 comes, all but 5 are lent, and return as the selector changes, it changes back, 5 goes.
        assert_eq!(found, [(5, 1), (5, 0), (5, 1), (1, 1), (0, 1), (5, 1), (4, 1)]);
    }
}
