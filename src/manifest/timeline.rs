//! A roster in time: the moments at which something changes, and the way from one instant to another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::{DatedEntry, Overlay};
use super::members::{Agents, ListMember, MemberSet, Placing, QueuePlan, Roster, Times, View};
use crate::model::date::{Bound, Span, Zone};
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::source::Source;
use crate::model::value::{Members, Value};

/// The dates of a roster.
pub struct Dates {
    /// The zone of the workspace.
    pub zone: Zone,
    /// The instant of the run.
    pub at: Timestamp,
    /// The number of entries that are over, or whose beginning has passed, and that could be folded.
    pub over: usize,
    agents: BTreeMap<OperatorId, Arc<DatedEntry>>,
    queues: Vec<(ResourceId, QueuePlan)>,
    /// The queues with a list of any time that names a dated agent.
    listed: BTreeMap<OperatorId, BTreeSet<usize>>,
    moments: BTreeMap<Timestamp, Vec<(Touched, Source)>>,
    /// The dated agents of each profile and of each `defaults` with dates.
    users: Vec<Vec<OperatorId>>,
}

/// The part of a roster that a moment may change.
#[derive(Clone)]
enum Touched {
    /// An agent.
    Agent(OperatorId),
    /// The agents of a profile or of `defaults`.
    Users(usize),
    /// A member of a queue.
    Member(usize, OperatorId),
    /// The list, the selector or the minimum of a queue.
    Queue(usize),
}

/// The changes of what is wanted, between two moments.
#[derive(Default)]
pub struct TimelineStep {
    /// The agents, by number.
    pub agents: Vec<AgentStep>,
    /// The queues, by id.
    pub queues: Vec<QueueStep>,
}

/// A change of an agent.
pub struct AgentStep {
    /// Its number.
    pub id: OperatorId,
    /// What was wanted before.
    pub before: DesiredAgent,
    /// What is wanted after.
    pub after: DesiredAgent,
    /// The place of the date that brings it about.
    pub source: Source,
}

/// A change of a queue.
pub struct QueueStep {
    /// The queue.
    pub id: ResourceId,
    /// What was wanted before.
    pub before: DesiredQueue,
    /// What is wanted after.
    pub after: DesiredQueue,
    /// The place of a date that brings it about.
    pub source: Source,
}

impl TimelineStep {
    /// Returns the resources of which something else is wanted. Floors do not count.
    pub fn ids(&self) -> impl Iterator<Item = ResourceId> {
        let agents = self.agents.iter().map(|agent| ResourceId::agent(&agent.id));
        let queues = self.queues.iter().filter(|queue| queue.changes_members());
        agents.chain(queues.map(|queue| queue.id.clone()))
    }
}

impl QueueStep {
    /// Returns true if its members, or their priorities, change.
    pub fn changes_members(&self) -> bool {
        self.before.record.get(&ASSIGN_MEMBERS) != self.after.record.get(&ASSIGN_MEMBERS)
            || self.before.excluded.keys().ne(self.after.excluded.keys())
    }
}

/// Returns true if what is wanted of an agent differs, wherever it is written.
fn differs(one: &DesiredAgent, other: &DesiredAgent) -> bool {
    let values = |record: &Record| {
        record.iter().map(|entry| (entry.field.index, entry.value.clone())).collect::<Vec<_>>()
    };
    let before = |agent: &DesiredAgent| agent.out_of_date.as_ref().map(|out| out.before);
    one.existence != other.existence
        || before(one) != before(other)
        || values(&one.record) != values(&other.record)
}

impl Dates {
    pub(super) fn new(
        zone: Zone,
        at: Timestamp,
        agents: BTreeMap<OperatorId, Arc<DatedEntry>>,
        queues: Vec<(ResourceId, QueuePlan)>,
    ) -> Self {
        let mut queues = queues;
        queues.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut dates = Self {
            zone,
            at,
            over: 0,
            agents,
            queues,
            listed: BTreeMap::new(),
            moments: BTreeMap::new(),
            users: Vec::new(),
        };
        dates.index_agents();
        dates.index_queues();
        dates
    }

    /// Returns true if the manifests hold no date.
    pub(super) fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.moments.is_empty()
    }

    fn index_agents(&mut self) {
        let mut numbers: BTreeMap<*const (), usize> = BTreeMap::new();
        let mut counted: BTreeSet<*const ()> = BTreeSet::new();
        for (id, entry) in &self.agents {
            let mut touch = |bound: &Bound, touched: Touched| {
                self.moments.entry(bound.at).or_default().push((touched, bound.source.clone()));
            };
            for bound in entry.span.bounds() {
                touch(bound, Touched::Agent(id.clone()));
            }
            let delete = entry.deleted_from(&self.zone);
            if let (Some(at), Some(until)) = (delete, &entry.span.until) {
                touch(&Bound { at, ..until.clone() }, Touched::Agent(id.clone()));
            }
            if counted.insert(Arc::as_ptr(entry).cast()) {
                let begun = entry.span.from.as_ref().is_some_and(|from| from.at <= self.at);
                self.over += usize::from(begun) + usize::from(delete.is_some_and(|delete| delete <= self.at));
            }
            for layer in &entry.layers {
                if layer.overlays.is_empty() {
                    continue;
                }
                let key: *const () = Arc::as_ptr(layer).cast();
                let next = self.users.len();
                let number = *numbers.entry(key).or_insert(next);
                if number == next {
                    self.users.push(Vec::new());
                    self.over += folded(&layer.overlays, self.at);
                    for bound in layer.overlays.iter().flat_map(Overlay::bounds) {
                        touch(bound, Touched::Users(number));
                    }
                }
                self.users[number].push(id.clone());
            }
        }
    }

    fn index_queues(&mut self) {
        for (at, (_, plan)) in self.queues.iter().enumerate() {
            self.over += folded(&plan.overlays, self.at);
            let mut touch = |bound: &Bound, touched: Touched| {
                self.moments.entry(bound.at).or_default().push((touched, bound.source.clone()));
            };
            for bound in plan.overlays.iter().flat_map(Overlay::bounds) {
                touch(bound, Touched::Queue(at));
            }
            for member in
                plan.sets().filter_map(|set: &MemberSet| set.members.as_ref()).flat_map(|(_, list)| list)
            {
                self.over += member.folded(self.at);
                for bound in member.bounds() {
                    touch(bound, Touched::Member(at, member.id.clone()));
                }
                if self.agents.contains_key(&member.id) {
                    self.listed.entry(member.id.clone()).or_default().insert(at);
                }
            }
        }
    }

    /// Returns the values of an agent that is out of its dates.
    fn away(&self, id: &OperatorId, at: Timestamp) -> Option<Record> {
        let entry = self.agents.get(id)?;
        (!entry.span.holds(at)).then(|| entry.values(id, at).record)
    }

    /// Sets what is wanted at the instant of the run, from the agents and queues without their dates.
    pub(super) fn begin(&self, desired: &mut Desired) {
        for (id, entry) in &self.agents {
            if let Some(agent) = desired.agents.get_mut(id) {
                *agent = entry.agent(id, &self.zone, self.at);
            }
        }
        let away = self.all_away(self.at);
        let roster = Roster { agents: Agents::now(&desired.agents), away: &away, at: self.at };
        desired.queues = self.queues.iter().map(|(id, plan)| (id.clone(), plan.queue(&roster))).collect();
    }

    fn all_away(&self, at: Timestamp) -> BTreeMap<OperatorId, Record> {
        self.agents.keys().filter_map(|id| Some((id.clone(), self.away(id, at)?))).collect()
    }

    /// Returns the agents and queues with a date.
    pub fn resources(&self) -> Vec<ResourceId> {
        let dated = |plan: &QueuePlan| {
            let lists = plan.sets().filter_map(|set| set.members.as_ref()).flat_map(|(_, list)| list);
            !plan.overlays.is_empty() || lists.into_iter().any(|member| member.times().is_some())
        };
        let queues = self.queues.iter().filter(|(_, plan)| dated(plan)).map(|(id, _)| id.clone());
        self.agents.keys().map(ResourceId::agent).chain(queues).collect()
    }

    /// Returns the next moment after another one at which something may change.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.moments.range((Excluded(after), Unbounded)).next().map(|(at, _)| *at)
    }

    /// Returns the first later moment at which a value in scope is wanted otherwise, with what changes then.
    ///
    /// Floors do not count.
    pub fn good_until(
        &self,
        desired: &Desired,
        in_scope: impl Fn(&ResourceId) -> bool,
    ) -> Option<(Timestamp, Vec<ResourceId>)> {
        let mut timeline = Timeline::new(self, desired);
        while let Some((at, step)) = timeline.next(Timestamp::MAX) {
            let ids: Vec<ResourceId> = step.ids().filter(|id| in_scope(id)).collect();
            if !ids.is_empty() {
                return Some((at, ids));
            }
        }
        None
    }

    /// Returns the values of a dated agent at an instant, whatever its own `from` and `until` are.
    pub fn values(&self, id: &OperatorId, at: Timestamp) -> Option<Record> {
        Some(self.agents.get(id)?.values(id, at).record)
    }

    /// Returns the values of a dated agent without any `during`.
    pub fn base(&self, id: &OperatorId) -> Option<Record> {
        Some(self.agents.get(id)?.base(id))
    }

    /// Returns the plan of a queue.
    pub(super) fn queue(&self, id: &ResourceId) -> Option<&QueuePlan> {
        let at = self.queues.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        self.queues.get(at).map(|(_, plan)| plan)
    }

    /// Returns the plans of all queues.
    pub(super) fn queues(&self) -> &[(ResourceId, QueuePlan)] {
        &self.queues
    }

    /// Returns the dated agents.
    pub(super) fn entries(&self) -> &BTreeMap<OperatorId, Arc<DatedEntry>> {
        &self.agents
    }
}

/// A walk through time, from the instant of the run. It holds what differs from that instant.
pub struct Timeline<'a> {
    dates: &'a Dates,
    desired: &'a Desired,
    now: Timestamp,
    agents: BTreeMap<OperatorId, DesiredAgent>,
    queues: BTreeMap<ResourceId, DesiredQueue>,
}

impl<'a> Timeline<'a> {
    /// Begins at the instant of the run, at which `desired` is wanted.
    pub fn new(dates: &'a Dates, desired: &'a Desired) -> Self {
        Self { dates, desired, now: dates.at, agents: BTreeMap::new(), queues: BTreeMap::new() }
    }

    /// Returns a queue as it is wanted now.
    fn queue(&self, id: &ResourceId) -> Option<&DesiredQueue> {
        self.queues.get(id).or_else(|| self.desired.queues.get(id))
    }

    /// Returns the agents as they are wanted now.
    pub(super) fn agents(&self) -> Agents<'_> {
        Agents::then(&self.desired.agents, &self.agents)
    }

    /// Steps to the next moment, up to another one, at which something may change.
    pub fn next(&mut self, until: Timestamp) -> Option<(Timestamp, TimelineStep)> {
        let next = self.dates.next(self.now).filter(|next| *next <= until)?;
        Some((next, self.step_to(next)))
    }

    /// Steps to a later or an earlier moment.
    pub fn step_to(&mut self, to: Timestamp) -> TimelineStep {
        let dates = self.dates;
        let touched = dates.touched(self.now, to);
        self.now = to;
        let mut step = TimelineStep::default();
        // The agents that a queue may hold otherwise.
        let mut changed: BTreeMap<&OperatorId, &Source> = BTreeMap::new();
        for (id, source) in &touched.agents {
            let Some(entry) = dates.agents.get(id) else { continue };
            let after = entry.agent(id, &dates.zone, to);
            let Some(before) = self.agents().get(id) else { continue };
            if differs(before, &after) {
                let before = before.clone();
                self.agents.insert(id.clone(), after.clone());
                step.agents.push(AgentStep { id: id.clone(), before, after, source: (*source).clone() });
            } else if after.out_of_date.is_none() {
                continue;
            }
            // The values by which a selector finds an agent change outside of its dates too.
            changed.insert(id, source);
        }
        let mut members = touched.members;
        for (id, source) in &changed {
            for at in dates.listed.get(*id).into_iter().flatten() {
                members.entry(*at).or_default().entry(OperatorId::clone(id)).or_insert(source);
            }
        }
        let all_away = if touched.queues.is_empty() { BTreeMap::new() } else { dates.all_away(to) };
        let mut away: BTreeMap<OperatorId, Record> = BTreeMap::new();
        for id in changed.keys().copied().chain(members.values().flat_map(BTreeMap::keys)) {
            if let Some(record) = dates.away(id, to) {
                away.insert(id.clone(), record);
            }
        }
        for (at, (id, plan)) in dates.queues.iter().enumerate() {
            let Some(queue) = self.queue(id) else { continue };
            let (after, source) = if let Some(source) = touched.queues.get(&at) {
                let roster = Roster { agents: self.agents(), away: &all_away, at: to };
                (plan.queue(&roster), *source)
            } else {
                let roster = Roster { agents: self.agents(), away: &away, at: to };
                let view = plan.view(to);
                let mut candidates: BTreeMap<&OperatorId, &Source> =
                    members.get(&at).into_iter().flatten().map(|(id, source)| (id, *source)).collect();
                if view.selector.is_some() {
                    candidates.extend(changed.iter().map(|(id, source)| (*id, *source)));
                }
                let Some(replaced) = replaced(queue, &view, &candidates, &roster) else { continue };
                replaced
            };
            if *queue != after {
                let before = queue.clone();
                self.queues.insert(id.clone(), after.clone());
                step.queues.push(QueueStep { id: id.clone(), before, after, source: source.clone() });
            }
        }
        step
    }
}

/// The parts of a roster that some moments may change, each with the place of a date.
#[derive(Default)]
struct Parts<'a> {
    agents: BTreeMap<OperatorId, &'a Source>,
    members: BTreeMap<usize, BTreeMap<OperatorId, &'a Source>>,
    queues: BTreeMap<usize, &'a Source>,
}

impl Dates {
    /// Returns the parts that the moments between two others may change, with the later of these.
    fn touched(&self, from: Timestamp, to: Timestamp) -> Parts<'_> {
        let mut parts = Parts::default();
        let passed = self.moments.range((Excluded(from.min(to)), Included(from.max(to))));
        for (touched, source) in passed.flat_map(|(_, touched)| touched) {
            match touched {
                Touched::Agent(id) => {
                    parts.agents.insert(id.clone(), source);
                }
                Touched::Users(number) => {
                    for id in self.users.get(*number).into_iter().flatten() {
                        parts.agents.entry(id.clone()).or_insert(source);
                    }
                }
                Touched::Member(at, id) => {
                    parts.members.entry(*at).or_default().insert(id.clone(), source);
                }
                Touched::Queue(at) => {
                    parts.queues.insert(*at, source);
                }
            }
        }
        parts
    }
}

/// Returns a queue with the placings of some agents replaced, and the first cause; `None` if nothing changes.
fn replaced<'a>(
    queue: &DesiredQueue,
    view: &View<'_>,
    candidates: &BTreeMap<&OperatorId, &'a Source>,
    roster: &Roster<'_>,
) -> Option<(DesiredQueue, &'a Source)> {
    let current = queue.record.entry(&ASSIGN_MEMBERS)?;
    let (Value::Members(now), place) = (current.value, current.source.cloned()) else { return None };
    let mut listed: BTreeMap<&OperatorId, Vec<&ListMember>> = BTreeMap::new();
    for member in view.members.iter().flat_map(|(_, list)| list) {
        if candidates.contains_key(&member.id) {
            listed.entry(&member.id).or_default().push(member);
        }
    }
    let mut first = None;
    let mut put = Vec::new();
    for (id, source) in candidates {
        let entries = listed.get(*id).map_or(&[][..], Vec::as_slice);
        let placing = view.place(id, entries, roster);
        let same = match &placing {
            Placing::Member(priority, place) => {
                now.get(*id) == Some(priority) && queue.member_sources.get(*id) == Some(*place)
            }
            Placing::Excluded(why) => queue.excluded.get(*id) == Some(why),
            Placing::Outside => !now.contains_key(*id) && !queue.excluded.contains_key(*id),
        };
        if !same {
            first.get_or_insert(*source);
            put.push((*id, placing));
        }
    }
    let first = first?;
    let mut queue = queue.clone();
    let mut members = Members::clone(now);
    for (id, placing) in put {
        members.remove(id);
        queue.member_sources.remove(id);
        queue.excluded.remove(id);
        match placing {
            Placing::Member(priority, source) => {
                members.insert(id.clone(), priority);
                queue.member_sources.insert(id.clone(), source.clone());
            }
            Placing::Excluded(why) => {
                queue.excluded.insert(id.clone(), why);
            }
            Placing::Outside => {}
        }
    }
    queue.record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members)), place);
    Some((queue, first))
}

/// Returns the number of entries of `during` that could be folded: over, or open and begun.
fn folded<T>(overlays: &[Overlay<T>], at: Timestamp) -> usize {
    let open = |span: &Span| span.until.is_none() && !span.is_before(at);
    let is_folded = |overlay: &&Overlay<T>| {
        !overlay.spans.is_empty()
            && (overlay.spans.iter().all(|span| span.is_over(at)) || overlay.spans.iter().any(open))
    };
    overlays.iter().filter(is_folded).count()
}

impl ListMember {
    /// Returns the number of its dates that could be folded.
    fn folded(&self, at: Timestamp) -> usize {
        let Some(Times { span, priorities }) = self.times() else { return 0 };
        let own = span.is_over(at) || span.from.as_ref().is_some_and(|from| from.at <= at);
        usize::from(own) + folded(priorities, at)
    }
}
