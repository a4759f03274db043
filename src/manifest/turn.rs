//! One step of a roster in time: what it changes, and the dates that bring it about.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::{DatedEntry, Entries, Overlay};
use super::members::{ListMember, MemberSet, Placing, QueuePlan, Roster, Times, View};
use super::roster_document::{AgentSet, Selector, Template};
use crate::model::date::Span;
use crate::model::desired::{DesiredAgent, DesiredQueue};
use crate::model::field::{Field, Record};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::source::Source;
use crate::model::value::Value;

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

/// The changes of what is wanted, between two instants, without copies of queues.
pub(super) struct Turn<'a> {
    /// The agents, by number.
    pub agents: Vec<AgentStep>,
    /// The queues, by id.
    pub queues: Vec<QueueTurn<'a>>,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A change of a queue, without copies.
pub(super) struct QueueTurn<'a> {
    /// The place of the queue among all.
    pub at: usize,
    /// The queue.
    pub id: &'a ResourceId,
    /// The minimum before.
    pub minimum: Option<usize>,
    /// The dates that bring it about.
    pub causes: Causes,
    /// True if its members, their priorities, or the agents that must not be members change.
    pub moves: bool,
    /// A copy of what was wanted before, if the caller wants it and something else is wanted after.
    pub before: Option<Box<DesiredQueue>>,
}

/// The places of the dates that change a queue, by what they change.
#[derive(Default)]
pub(super) struct Causes {
    /// A member goes.
    pub removed: Option<Source>,
    /// A member comes.
    pub added: Option<Source>,
    /// A member has another priority.
    pub priority: Option<Source>,
    /// The minimum is another one.
    pub minimum: Option<Source>,
    /// The queue may be empty, or may no longer.
    pub allow_empty: Option<Source>,
    /// The selector no longer chooses an agent.
    pub unchosen: Option<Source>,
    /// No value changes, but its place or reason.
    pub other: Option<Source>,
}

/// Counts of a queue's agents.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// The agents that its selector chooses.
    pub chosen: usize,
    /// The members that no manifest declares.
    pub undeclared: usize,
}

impl Causes {
    /// Returns the first of some causes, or else of all.
    pub(super) fn first<const N: usize>(&self, preferred: [&Option<Source>; N]) -> Option<Source> {
        let Self { removed, added, priority, minimum, allow_empty, unchosen, other } = self;
        let all = [removed, added, priority, minimum, allow_empty, unchosen, other];
        preferred.into_iter().chain(all).flatten().next().cloned()
    }
}

impl Turn<'_> {
    /// Returns the resources of which something else is wanted. Floors do not count.
    pub(super) fn ids(&self) -> impl Iterator<Item = ResourceId> {
        let agents = self.agents.iter().map(|agent| ResourceId::agent(&agent.id));
        agents.chain(self.queues.iter().filter(|queue| queue.moves).map(|queue| queue.id.clone()))
    }

    /// Returns the place of the date that changes a field of an agent, or its existence.
    pub(super) fn cause(&self, entries: &Entries, agent: &AgentStep, field: &Field) -> Source {
        let entry = entries.get(&agent.id);
        let own = agent.own_date();
        let value = || entry?.turned(field, self.from, self.to);
        own.or_else(value).unwrap_or(&agent.source).clone()
    }
}

impl AgentStep {
    /// Returns the place of its own date, if that changes its existence.
    fn own_date(&self) -> Option<&Source> {
        own_date(&self.before, &self.after)
    }
}

/// Returns the place of the own date of an agent that changes its existence.
pub(super) fn own_date<'a>(before: &'a DesiredAgent, after: &'a DesiredAgent) -> Option<&'a Source> {
    let out = after.out_of_date.as_ref().or(before.out_of_date.as_ref());
    let changes = before.existence != after.existence || is_before(before) != is_before(after);
    out.filter(|_| changes).map(|out| &out.source)
}

/// Returns true for an agent before its dates, false for one behind them.
fn is_before(agent: &DesiredAgent) -> Option<bool> {
    agent.out_of_date.as_ref().map(|out| out.before)
}

/// Returns true if what is wanted of an agent differs, wherever it is written.
pub(super) fn differs(one: &DesiredAgent, other: &DesiredAgent) -> bool {
    one.existence != other.existence
        || is_before(one) != is_before(other)
        || one.record.len() != other.record.len()
        || changed(&one.record, &other.record).next().is_some()
}

/// Returns the fields of a record that have another value in an earlier one.
pub(super) fn changed<'a>(before: &'a Record, after: &'a Record) -> impl Iterator<Item = &'static Field> {
    after.iter().filter(|entry| before.get(entry.field) != Some(entry.value)).map(|entry| entry.field)
}

/// Puts agents into their new places in a queue. Returns the change of the number of undeclared members.
pub(super) fn place(
    queue: &mut DesiredQueue,
    put: Vec<(&OperatorId, Placing<'_>)>,
    declared: impl Fn(&OperatorId) -> bool,
) -> isize {
    let mut strangers = 0;
    let members = queue.record.values_mut().find_map(|value| match value {
        Value::Members(members) => Some(Arc::make_mut(members)),
        _ => None,
    });
    let Some(members) = members else { return 0 };
    for (id, placing) in put {
        let was = members.remove(id).is_some();
        queue.member_sources.remove(id);
        queue.excluded.remove(id);
        let is = matches!(placing, Placing::Member(..));
        if was != is && !declared(id) {
            strangers += if is { 1 } else { -1 };
        }
        placing.put(id, members, &mut queue.member_sources, &mut queue.excluded);
    }
    strangers
}

/// A step between two instants, with the agents already stepped.
pub(super) struct Passed<'t, 'a> {
    pub entries: &'a Entries,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The agents that a queue may hold otherwise, each with its step, if something else is wanted of it.
    pub changed: BTreeMap<&'a OperatorId, (Option<&'t AgentStep>, &'a Source)>,
    pub members: BTreeMap<usize, BTreeMap<&'a OperatorId, &'a Source>>,
    pub queues: BTreeMap<usize, &'a Source>,
}

/// A queue in a step.
pub(super) struct Part<'t, 'a> {
    pub plan: &'a QueuePlan,
    pub was: View<'a>,
    pub view: View<'a>,
    pub passed: &'t Passed<'t, 'a>,
}

/// Returns true if two values are the same entry of a manifest.
fn is_same<T>(one: Option<&T>, other: Option<&T>) -> bool {
    one.map(std::ptr::from_ref) == other.map(std::ptr::from_ref)
}

impl<'a> Part<'_, 'a> {
    /// Returns true if it keeps its list and its selector.
    pub(super) fn keeps_sets(&self) -> bool {
        is_same(self.was.members, self.view.members) && is_same(self.was.selector, self.view.selector)
    }

    /// Returns the change of the number of agents that its selector chooses.
    pub(super) fn chosen(&self, turn: &mut QueueTurn<'a>) -> isize {
        let mut change = 0;
        let Some(selector) = self.view.selector else { return 0 };
        for (id, (step, source)) in &self.passed.changed {
            let Some(step) = step else { continue };
            match (selector.selects(id, &step.before), selector.selects(id, &step.after)) {
                (true, false) => {
                    change -= 1;
                    turn.causes.unchosen.get_or_insert_with(|| self.cause(id, source));
                }
                (false, true) => change += 1,
                (true, true) | (false, false) => {}
            }
        }
        change
    }

    /// Returns the new placings of agents; `None` without any.
    pub(super) fn put<'r>(
        &self,
        at: usize,
        queue: &DesiredQueue,
        roster: &Roster<'r>,
        turn: &mut QueueTurn<'a>,
    ) -> Option<Vec<(&'r OperatorId, Placing<'r>)>>
    where
        'a: 'r,
    {
        self.view.source()?;
        let mut candidates: BTreeMap<&OperatorId, &Source> = BTreeMap::new();
        if self.view.selector.is_some() {
            candidates.extend(self.passed.changed.iter().map(|(id, (_, source))| (*id, *source)));
        }
        candidates.extend(self.passed.members.get(&at).into_iter().flatten());
        let members = queue.members_or_none();
        let mut put = Vec::new();
        for (id, source) in candidates {
            let placing = self.view.place(id, self.view.entries(id), roster);
            let (was, excluded) = (members.get(id), queue.excluded.get(id));
            let (is, same) = match &placing {
                Placing::Member(priority, place) => {
                    (Some(priority), was == Some(priority) && queue.member_sources.get(id) == Some(*place))
                }
                Placing::Excluded(why) => (None, excluded == Some(why)),
                Placing::Outside => (None, was.is_none() && excluded.is_none()),
            };
            if !same {
                turn.moves |= excluded.is_some() != matches!(placing, Placing::Excluded(_));
                self.note(id, was, is, source, turn);
                put.push((id, placing));
            }
        }
        (!put.is_empty()).then_some(put)
    }

    /// Notes what differs between the queue before and the queue after, with another list or selector.
    pub(super) fn compare(&self, before: &DesiredQueue, after: &DesiredQueue, turn: &mut QueueTurn<'a>) {
        let touched = self.passed.queues.get(&turn.at).copied().unwrap_or(&self.plan.source);
        let (old, new) = (before.members_or_none(), after.members_or_none());
        for (id, was) in old.iter().filter(|(id, was)| new.get(*id) != Some(was)) {
            self.note(id, Some(was), new.get(id), touched, turn);
        }
        for (id, is) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
            self.note(id, None, Some(is), touched, turn);
        }
        turn.moves |= before.members() != after.members() || before.excluded.keys().ne(after.excluded.keys());
        if !is_same(self.was.selector, self.view.selector) {
            turn.causes.unchosen = self.set_turned(|set| set.selector.is_some()).cloned();
        }
    }

    /// Notes the cause of a change of an agent's membership.
    fn note(
        &self,
        id: &OperatorId,
        was: Option<&i64>,
        is: Option<&i64>,
        touched: &Source,
        turn: &mut QueueTurn<'a>,
    ) {
        let causes = &mut turn.causes;
        let cause = match (was, is) {
            (Some(_), None) => &mut causes.removed,
            (None, Some(_)) => &mut causes.added,
            (was, is) if was != is => &mut causes.priority,
            _ => &mut causes.other,
        };
        turn.moves |= was != is;
        cause.get_or_insert_with(|| self.cause(id, touched));
    }

    /// Returns the place of the date that changes the place of an agent in the queue.
    fn cause(&self, id: &OperatorId, touched: &Source) -> Source {
        let Passed { from, to, .. } = *self.passed;
        let step = self.passed.changed.get(id).and_then(|(step, _)| *step);
        let own = step.and_then(AgentStep::own_date);
        let entries = self.view.entries(id);
        let listed = || {
            if !is_same(self.was.members, self.view.members) {
                let named = !entries.is_empty() || !self.was.entries(id).is_empty();
                return self.set_turned(|set| set.members.is_some()).filter(|_| named);
            }
            // The entry that holds now, before one that ended.
            let mut holding = entries.iter().filter(|entry| entry.holds(to)).chain(entries);
            holding.find_map(|entry| entry.turned(from, to))
        };
        let selector = || {
            if !is_same(self.was.selector, self.view.selector) {
                return self.set_turned(|set| set.selector.is_some());
            }
            let (step, wanted) = (step?, &self.view.selector?.wanted);
            let entry = self.passed.entries.get(id)?;
            let mut fields =
                changed(&step.before.record, &step.after.record).filter(|field| wanted.get(field).is_some());
            fields.find_map(|field| entry.turned(field, from, to))
        };
        let joined = || {
            let entry = self.passed.entries.get(id).filter(|_| self.plan.is_joined_by(id))?;
            entry.queues_turned(from, to)
        };
        own.or_else(listed).or_else(joined).or_else(selector).unwrap_or(touched).clone()
    }

    fn set_turned(&self, sets: impl Fn(&MemberSet) -> bool) -> Option<&'a Source> {
        self.plan.turned(sets, self.passed.from, self.passed.to)
    }
}

impl Selector {
    /// Returns true if it chooses an agent.
    pub(super) fn selects(&self, id: &OperatorId, agent: &DesiredAgent) -> bool {
        agent.is_present() && self.matches(id, &agent.record)
    }
}

impl ListMember {
    /// Returns the place of the date that changes the entry between two instants.
    pub(super) fn turned(&self, from: Timestamp, to: Timestamp) -> Option<&Source> {
        let Times { span, priorities } = self.times()?;
        let holder = |at| priorities.iter().find(|overlay| overlay.holds(at));
        crossed(span, from, to).or_else(|| turned(holder, from, to))
    }
}

impl DatedEntry {
    /// Returns the place of the date that changes a field between two instants.
    pub(super) fn turned(&self, field: &Field, from: Timestamp, to: Timestamp) -> Option<&Source> {
        let sets = |set: &AgentSet| set.record.get(field).is_some();
        self.key_turned(sets, |base| base.record.get(field).is_some(), from, to)
    }

    /// Returns the place of the date that changes `queues` between two instants.
    pub(super) fn queues_turned(&self, from: Timestamp, to: Timestamp) -> Option<&Source> {
        self.key_turned(|set| set.queues.is_some(), |base| base.queues.is_some(), from, to)
    }

    fn key_turned(
        &self,
        sets: impl Fn(&AgentSet) -> bool,
        is_base: impl Fn(&Template) -> bool,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<&Source> {
        let holder = |at| {
            for layer in &self.layers {
                let mut overlays = layer.overlays.iter();
                let holder = overlays.find(|overlay| overlay.holds(at) && sets(&overlay.set));
                if holder.is_some() || is_base(&layer.template) {
                    return holder;
                }
            }
            None
        };
        turned(holder, from, to)
    }
}

impl QueuePlan {
    /// Returns the place of the date that changes the entry of an agent in its list, or the list.
    pub(super) fn list_turned(&self, id: &OperatorId, from: Timestamp, to: Timestamp) -> Option<&Source> {
        let view = self.view(to);
        let entry = view.entries(id).iter().find_map(|entry| entry.turned(from, to));
        entry.or_else(|| self.turned(|set| set.members.is_some(), from, to))
    }

    /// Returns the place of the date that changes a key between two instants.
    pub(super) fn turned(
        &self,
        sets: impl Fn(&MemberSet) -> bool,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<&Source> {
        turned(|at| self.overlays.iter().find(|overlay| overlay.holds(at) && sets(&overlay.set)), from, to)
    }
}

/// Returns the place of the date at which the holder of a value begins, or else the former holder ends.
fn turned<'a, T: 'a>(
    holder: impl Fn(Timestamp) -> Option<&'a Overlay<T>>,
    from: Timestamp,
    to: Timestamp,
) -> Option<&'a Source> {
    let turned = |overlay: &'a Overlay<T>| {
        if overlay.holds(from) == overlay.holds(to) {
            return None;
        }
        overlay.spans.iter().find_map(|span| crossed(span, from, to))
    };
    holder(to).and_then(turned).or_else(|| holder(from).and_then(turned))
}

/// Returns the place of the end of a span that lies between two instants, if one of them alone is in the span.
fn crossed(span: &Span, from: Timestamp, to: Timestamp) -> Option<&Source> {
    if span.holds(from) == span.holds(to) {
        return None;
    }
    let (first, last) = (from.min(to), from.max(to));
    span.bounds().find(|bound| first < bound.at && bound.at <= last).map(|bound| &bound.source)
}
