//! A roster in time: the moments at which something changes, and the way from one instant to another.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::{Entries, Overlay};
use super::members::{Agents, Dispute, ListMember, Placing, QueuePlan, Roster, Times, View};
use super::turn::{
    AgentStep, Causes, Counts, Part, Passed, QueueTurn, Turn, changed, differs, own_date, place,
};
use crate::model::date::{Bound, Span, Zone};
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::source::Source;

/// The dates of a roster.
pub struct Dates {
    /// The zone of the workspace.
    pub zone: Zone,
    /// The instant of the run.
    pub at: Timestamp,
    /// The number of entries that are over, or whose beginning has passed, and that could be folded.
    pub over: usize,
    agents: Entries,
    queues: Vec<(ResourceId, QueuePlan)>,
    /// The queues with a list of any time that names a dated agent.
    listed: BTreeMap<OperatorId, BTreeSet<usize>>,
    /// The queues with a selector of any time.
    selecting: BTreeSet<usize>,
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

impl Dates {
    pub(super) fn new(
        zone: Zone,
        at: Timestamp,
        agents: Entries,
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
            selecting: BTreeSet::new(),
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
            if plan.sets().any(|set| set.selector.is_some()) {
                self.selecting.insert(at);
            }
            let mut touch = |bound: &Bound, touched: Touched| {
                self.moments.entry(bound.at).or_default().push((touched, bound.source.clone()));
            };
            for bound in plan.overlays.iter().flat_map(Overlay::bounds) {
                touch(bound, Touched::Queue(at));
            }
            for id in plan.joining().iter().filter(|id| self.agents.contains_key(*id)) {
                self.listed.entry(id.clone()).or_default().insert(at);
            }
            for member in plan.listed() {
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
        let present = Present::new(self, desired);
        let roster = present.roster();
        desired.queues = self.queues.iter().map(|(id, plan)| (id.clone(), plan.queue(&roster))).collect();
    }

    /// Returns the agents and queues with a date.
    pub fn resources(&self) -> Vec<ResourceId> {
        let queues = self.queues.iter().filter(|(_, plan)| plan.is_dated()).map(|(id, _)| id.clone());
        self.agents.keys().map(ResourceId::agent).chain(queues).collect()
    }

    /// Returns true if an offline rule may depend on a dated agent: a queue holds it, or it has a SIP number.
    fn has_rules(&self, id: &OperatorId) -> bool {
        !self.selecting.is_empty()
            || self.listed.contains_key(id)
            || self.agents.get(id).is_some_and(|entry| entry.has_sip())
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
        while let Some((at, turn)) = timeline.next_turn(Timestamp::MAX) {
            let ids: Vec<ResourceId> = turn.ids().filter(|id| in_scope(id)).collect();
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

    /// Returns the plans of all queues.
    pub(super) fn queues(&self) -> &[(ResourceId, QueuePlan)] {
        &self.queues
    }

    /// Returns the dated agents.
    pub(super) fn entries(&self) -> &Entries {
        &self.agents
    }
}

/// The agents at an instant.
struct Present<'a> {
    dates: &'a Dates,
    desired: &'a Desired,
    now: Timestamp,
    /// The agents that differ from those at the instant of the run.
    agents: BTreeMap<OperatorId, DesiredAgent>,
    /// The values of agents that are out of their dates, as far as a selector may want them.
    away: BTreeMap<OperatorId, Record>,
}

/// A walk through time, from the instant of the run. It holds what differs from that instant.
pub struct Timeline<'a> {
    present: Present<'a>,
    queues: BTreeMap<usize, DesiredQueue>,
    counts: BTreeMap<usize, Counts>,
    /// True if agents that no offline rule depends on are left out.
    rules_only: bool,
}

impl<'a> Present<'a> {
    /// Returns the agents at the instant of the run, at which `desired` is wanted.
    fn new(dates: &'a Dates, desired: &'a Desired) -> Self {
        let away = |id: &OperatorId| Some((id.clone(), dates.away(id, dates.at)?));
        let selected = dates.agents.keys().filter(|_| !dates.selecting.is_empty());
        let away = selected.filter_map(away).collect();
        Self { dates, desired, now: dates.at, agents: BTreeMap::new(), away }
    }

    fn roster(&self) -> Roster<'_> {
        Roster {
            agents: Agents::then(&self.desired.agents, &self.agents),
            memberships: &self.desired.memberships,
            away: &self.away,
            entries: &self.dates.agents,
            at: self.now,
        }
    }
}

impl<'a> Timeline<'a> {
    /// Begins at the instant of the run, at which `desired` is wanted.
    pub fn new(dates: &'a Dates, desired: &'a Desired) -> Self {
        let present = Present::new(dates, desired);
        Self { present, queues: BTreeMap::new(), counts: BTreeMap::new(), rules_only: false }
    }

    /// Begins a walk that leaves out the agents that no offline rule depends on.
    pub(super) fn for_rules(dates: &'a Dates, desired: &'a Desired) -> Self {
        Self { rules_only: true, ..Self::new(dates, desired) }
    }

    /// Returns a queue as it is wanted now, with its values of now.
    pub(super) fn queue(&self, at: usize) -> Option<(&DesiredQueue, View<'a>)> {
        let (id, plan) = self.present.dates.queues.get(at)?;
        let queue = self.queues.get(&at).or_else(|| self.present.desired.queues.get(id))?;
        Some((queue, plan.view(self.present.now)))
    }

    /// Returns the agents with two priorities in a queue now, each with the queue.
    pub(super) fn disputes(&self) -> Vec<(&'a ResourceId, &'a QueuePlan, Dispute<'_>)> {
        let roster = self.present.roster();
        let queues = self.present.dates.queues.iter();
        queues.flat_map(|(id, plan)| plan.disputes(&roster).map(move |dispute| (id, plan, dispute))).collect()
    }

    /// Returns the counts of a queue that a turn holds.
    pub(super) fn counts(&self, at: usize) -> Counts {
        self.counts.get(&at).copied().unwrap_or_default()
    }

    /// Steps to the next moment, up to another one, at which something may change.
    pub fn next(&mut self, until: Timestamp) -> Option<(Timestamp, TimelineStep)> {
        let next = self.present.dates.next(self.present.now).filter(|next| *next <= until)?;
        Some((next, self.step_to(next)))
    }

    /// Steps to the next moment like [`Timeline::next`], without copies of queues.
    pub(super) fn next_turn(&mut self, until: Timestamp) -> Option<(Timestamp, Turn<'a>)> {
        let next = self.present.dates.next(self.present.now).filter(|next| *next <= until)?;
        Some((next, self.turn_to(next, false)))
    }

    /// Steps to a later or an earlier moment.
    pub fn step_to(&mut self, to: Timestamp) -> TimelineStep {
        let turn = self.turn_to(to, true);
        let queues = turn.queues.into_iter().filter_map(|queue| {
            let before = *queue.before?;
            let after = self.queue(queue.at)?.0.clone();
            let source = queue.causes.first([]).unwrap_or_else(|| after.source.clone());
            Some(QueueStep { id: queue.id.clone(), before, after, source })
        });
        TimelineStep { queues: queues.collect(), agents: turn.agents }
    }

    /// Steps to a later or an earlier moment; with copies of the queues before on request.
    pub(super) fn turn_to(&mut self, to: Timestamp, copies: bool) -> Turn<'a> {
        let (dates, from) = (self.present.dates, self.present.now);
        let mut touched = dates.touched(from, to);
        self.present.now = to;
        let mut agents = Vec::new();
        let mut changed = BTreeMap::new();
        let left_out = |id: &OperatorId| self.rules_only && !dates.has_rules(id);
        touched.agents.retain(|id, _| !left_out(id));
        for (id, source) in &touched.agents {
            let step = self.turn_agent(id, source, from);
            // The values by which a selector finds an agent change outside of its dates too. A queue that an agent
            // names for a time changes without the agent.
            let moves = || dates.agents.get(*id).is_some_and(|entry| entry.has_dated_queues());
            if step.is_some() || self.is_away(id) || moves() {
                let place = step.is_some().then_some(agents.len());
                agents.extend(step);
                changed.insert(*id, (place, *source));
            }
        }
        let changed: BTreeMap<_, _> = changed
            .into_iter()
            .map(|(id, (place, source))| (id, (place.and_then(|place| agents.get(place)), source)))
            .collect();
        for (id, (_, source)) in &changed {
            for at in dates.listed.get(*id).into_iter().flatten() {
                touched.members.entry(*at).or_default().entry(*id).or_insert(*source);
            }
        }
        let mut places: BTreeSet<usize> =
            touched.members.keys().chain(touched.queues.keys()).copied().collect();
        if !changed.is_empty() {
            places.extend(&dates.selecting);
        }
        let passed = Passed {
            entries: &dates.agents,
            from,
            to,
            changed,
            members: touched.members,
            queues: touched.queues,
        };
        let queues = places.into_iter().filter_map(|at| self.turn_queue(at, &passed, copies)).collect();
        Turn { agents, queues, from, to }
    }

    /// Returns true if an agent is out of its dates.
    fn is_away(&self, id: &OperatorId) -> bool {
        self.present.roster().agents.get(id).is_some_and(|agent| agent.out_of_date.is_some())
    }

    /// Steps an agent. Returns `None` if nothing else is wanted of it.
    fn turn_agent(&mut self, id: &OperatorId, touched: &Source, from: Timestamp) -> Option<AgentStep> {
        let (dates, to) = (self.present.dates, self.present.now);
        let entry = dates.agents.get(id)?;
        let after = entry.agent(id, &dates.zone, to);
        if !dates.selecting.is_empty() {
            match dates.away(id, to) {
                Some(record) => self.present.away.insert(id.clone(), record),
                None => self.present.away.remove(id),
            };
        }
        let before = self.present.roster().agents.get(id)?;
        if !differs(before, &after) {
            return None;
        }
        let value = || changed(&before.record, &after.record).find_map(|field| entry.turned(field, from, to));
        let source = own_date(before, &after).or_else(value).unwrap_or(touched).clone();
        let before = before.clone();
        self.present.agents.insert(id.clone(), after.clone());
        Some(AgentStep { id: id.clone(), before, after, source })
    }

    /// Steps a queue. Returns `None` if nothing changes.
    fn turn_queue(&mut self, at: usize, passed: &Passed<'_, 'a>, copies: bool) -> Option<QueueTurn<'a>> {
        let (id, plan) = self.present.dates.queues.get(at)?;
        let queue = self.queues.get(&at).or_else(|| self.present.desired.queues.get(id))?;
        let (from, to) = (passed.from, passed.to);
        let part = Part { plan, was: plan.view(from), view: plan.view(to), passed };
        let roster = self.present.roster();
        let mut turn = QueueTurn {
            at,
            id,
            minimum: queue.min_members.as_ref().map(|(minimum, _)| *minimum),
            causes: Causes::default(),
            moves: false,
            before: None,
        };
        let (mut edit, mut chosen) = (None, 0);
        if part.keeps_sets() {
            chosen = part.chosen(&mut turn);
            edit = part.put(at, queue, &roster, &mut turn).map(Edit::Put);
        } else {
            let after = plan.queue(&roster);
            if *queue != after {
                part.compare(queue, &after, &mut turn);
                edit = Some(Edit::Whole(Box::new(after)));
            }
        }
        let (minimum, allow_empty) = (part.view.min_members, part.view.allow_empty);
        let other_minimum = queue.min_members.as_ref() != minimum;
        if turn.minimum != minimum.map(|(minimum, _)| *minimum) {
            turn.causes.minimum = plan.turned(|set| set.min_members.is_some(), from, to).cloned();
        }
        if queue.allow_empty != allow_empty {
            turn.causes.allow_empty = plan.turned(|set| set.allow_empty.is_some(), from, to).cloned();
        }
        if edit.is_some() || other_minimum || queue.allow_empty != allow_empty {
            turn.causes.other = turn.causes.other.or_else(|| passed.queues.get(&at).copied().cloned());
            turn.before = copies.then(|| Box::new(queue.clone()));
            let declared = |id: &OperatorId| self.present.desired.agents.contains_key(id);
            let counts = self.counts.get_mut(&at);
            let queue = match self.queues.entry(at) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(place) => place.insert(self.present.desired.queues.get(id)?.clone()),
            };
            match edit {
                Some(Edit::Put(put)) => {
                    let strangers = place(queue, put, declared);
                    if let Some(counts) = counts {
                        counts.undeclared = counts.undeclared.saturating_add_signed(strangers);
                    }
                }
                Some(Edit::Whole(after)) => {
                    *queue = *after;
                    self.counts.remove(&at);
                }
                None => {}
            }
            queue.min_members = minimum.cloned();
            queue.allow_empty = allow_empty;
        } else if chosen == 0 {
            return None;
        }
        if let Some(counts) = self.counts.get_mut(&at) {
            counts.chosen = counts.chosen.saturating_add_signed(chosen);
        } else {
            let counts = self.count(at)?;
            self.counts.insert(at, counts);
        }
        Some(turn)
    }

    /// Counts the agents of a queue.
    fn count(&self, at: usize) -> Option<Counts> {
        let (queue, view) = self.queue(at)?;
        let agents = self.present.roster().agents;
        let members = || queue.members_or_none().keys();
        // A chosen agent is a member.
        let chosen = |id: &&OperatorId| {
            let selector = view.selector.zip(agents.get(id));
            selector.is_some_and(|(selector, agent)| selector.selects(id, agent))
        };
        Some(Counts {
            chosen: members().filter(chosen).count(),
            undeclared: members().filter(|id| !self.present.desired.agents.contains_key(*id)).count(),
        })
    }
}

/// A change of a queue's members.
enum Edit<'a> {
    /// The new placings of some agents.
    Put(Vec<(&'a OperatorId, Placing<'a>)>),
    /// The queue after, with another list or selector.
    Whole(Box<DesiredQueue>),
}

/// The parts of a roster that some moments may change, each with the place of a date.
#[derive(Default)]
struct Parts<'a> {
    agents: BTreeMap<&'a OperatorId, &'a Source>,
    members: BTreeMap<usize, BTreeMap<&'a OperatorId, &'a Source>>,
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
                    parts.agents.insert(id, source);
                }
                Touched::Users(number) => {
                    for id in self.users.get(*number).into_iter().flatten() {
                        parts.agents.entry(id).or_insert(source);
                    }
                }
                Touched::Member(at, id) => {
                    parts.members.entry(*at).or_default().insert(id, source);
                }
                Touched::Queue(at) => {
                    parts.queues.insert(*at, source);
                }
            }
        }
        parts
    }
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
