//! The members of a queue at an instant: its list, its selector, and the dates of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::{Calendar, Entries, Overlay};
use super::roster_document::{QueueSet, RawMember, RawQueue, Selector};
use crate::model::date::{OutOfDate, Span};
use crate::model::desired::{DesiredAgent, DesiredQueue, Memberships};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::problem::{Label, RosterProblem};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::source::Source;
use crate::model::value::{Members, Value};

/// An entry of `assignMembers`.
pub(super) struct ListMember {
    pub id: OperatorId,
    pub source: Source,
    priority: i64,
    dates: Option<Box<Times>>,
}

/// The dates of an entry of `assignMembers`.
pub(super) struct Times {
    pub span: Span,
    /// Its priorities for a time.
    pub priorities: Vec<Overlay<(i64, Source)>>,
}

/// Who serves a queue, and the fewest who must.
#[derive(Default)]
pub(super) struct MemberSet {
    /// The list, by number.
    pub members: Option<(Source, Vec<ListMember>)>,
    pub selector: Option<Selector>,
    pub allow_empty: Option<bool>,
    pub min_members: Option<(usize, Source)>,
    /// The keys that it sets, for the check of `during`.
    keys: Vec<(&'static str, Source)>,
}

/// A queue of the manifests, at any instant.
pub(super) struct QueuePlan {
    pub source: Source,
    pub name: Arc<str>,
    pub exten: Option<Arc<str>>,
    was: Option<(Arc<str>, Source)>,
    distinct: bool,
    record: Record,
    mode: Option<ListMode>,
    pub base: MemberSet,
    pub overlays: Vec<Overlay<MemberSet>>,
    /// True if only agents name it.
    implied: bool,
    /// The names by which agents name it.
    keys: Vec<Arc<str>>,
    /// The agents that name it at some time, in order.
    joining: Vec<OperatorId>,
    /// Those of them that a list of any time names too.
    named_by_both: Vec<OperatorId>,
}

/// The agents that name a queue at some time, by the name that they use.
#[derive(Default)]
pub(super) struct Joining {
    names: BTreeMap<Arc<str>, (Source, Vec<OperatorId>)>,
    len: usize,
}

impl Joining {
    /// Adds agents that name some queues, each with its place.
    pub(super) fn add<'a>(
        &mut self,
        queues: BTreeSet<(&Arc<str>, &Source)>,
        ids: &(impl ExactSizeIterator<Item = &'a OperatorId> + Clone),
    ) {
        let mut last = None;
        for (name, source) in queues {
            let (first, all) =
                self.names.entry(Arc::clone(name)).or_insert_with(|| (source.clone(), Vec::new()));
            if source < first {
                *first = source.clone();
            }
            // An agent names a queue once, at whatever times.
            if last.replace(name) != Some(name) {
                all.extend(ids.clone().cloned());
                self.len += ids.len();
            }
        }
    }

    /// Returns the number of pairs of a queue and an agent.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Tells each queue the agents that name it. A queue that only agents name is added.
    pub(super) fn attach(self, queues: &mut Vec<QueuePlan>, out: &mut Diagnostics) {
        let mut names: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        for (at, plan) in queues.iter().enumerate() {
            names.entry(Arc::clone(&plan.name)).or_default().push(at);
            if let Some(exten) = &plan.exten {
                let id = ResourceId::queue(&plan.name, Some(exten));
                names.entry(id.name.as_str().into()).or_default().push(at);
            }
        }
        for (name, (source, ids)) in self.names {
            match names.get(&name).map(Vec::as_slice) {
                None | Some([]) => queues.push(QueuePlan::implied(name, source, ids)),
                Some([_, _, ..]) if names[&name].iter().all(|at| queues[*at].exten.is_some()) => {
                    let problem = RosterProblem::QueueOfTwo { queue: name.to_string() };
                    out.push(Diagnostic::at(&source, problem));
                }
                Some([at, ..]) => queues[*at].join(name, ids),
            }
        }
        for plan in queues.iter_mut().filter(|plan| !plan.joining.is_empty()) {
            plan.joining.sort();
            plan.joining.dedup();
            let listed: BTreeSet<&OperatorId> = plan.listed().map(|member| &member.id).collect();
            let both = plan.joining.iter().filter(|id| listed.contains(id)).cloned().collect();
            plan.named_by_both = both;
        }
    }
}

/// Two priorities of one agent in one queue.
pub(super) struct Dispute<'r> {
    pub id: &'r OperatorId,
    /// By the queue's list.
    pub listed: (i64, &'r Source),
    /// By the agent's `queues`.
    pub own: (i64, &'r Source),
}

/// The agents of another instant, as the ones that differ from those of a first one.
#[derive(Clone, Copy)]
pub(super) struct Agents<'a> {
    base: &'a BTreeMap<OperatorId, DesiredAgent>,
    other: &'a BTreeMap<OperatorId, DesiredAgent>,
}

static NONE: BTreeMap<OperatorId, DesiredAgent> = BTreeMap::new();

impl<'a> Agents<'a> {
    /// Returns the agents of the first instant.
    pub(super) fn now(base: &'a BTreeMap<OperatorId, DesiredAgent>) -> Self {
        Self { base, other: &NONE }
    }

    /// Returns the agents of another instant; `other` are the ones that differ.
    pub(super) fn then(
        base: &'a BTreeMap<OperatorId, DesiredAgent>,
        other: &'a BTreeMap<OperatorId, DesiredAgent>,
    ) -> Self {
        Self { base, other }
    }

    /// Returns an agent.
    pub(super) fn get(self, id: &OperatorId) -> Option<&'a DesiredAgent> {
        self.other.get(id).or_else(|| self.base.get(id))
    }

    /// Returns all agents, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'a OperatorId, &'a DesiredAgent)> {
        let other = self.other;
        self.base.iter().map(move |(id, agent)| (id, other.get(id).unwrap_or(agent)))
    }
}

/// The agents at an instant.
pub(super) struct Roster<'a> {
    pub agents: Agents<'a>,
    /// The `queues` of agents without a date.
    pub memberships: &'a BTreeMap<OperatorId, Arc<Memberships>>,
    /// The values of agents that are out of their dates.
    pub away: &'a BTreeMap<OperatorId, Record>,
    /// The dated agents.
    pub entries: &'a Entries,
    pub at: Timestamp,
}

/// The values of a queue that hold at an instant.
pub(super) struct View<'a> {
    plan: &'a QueuePlan,
    pub members: Option<&'a (Source, Vec<ListMember>)>,
    pub selector: Option<&'a Selector>,
    pub allow_empty: bool,
    pub min_members: Option<&'a (usize, Source)>,
}

/// The place of an agent in a queue.
pub(super) enum Placing<'a> {
    /// It is a member.
    Member(i64, &'a Source),
    /// It is named there, and is out of its dates.
    Excluded(OutOfDate),
    /// It is not named there.
    Outside,
}

impl Placing<'_> {
    /// Puts an agent that has no place in a queue yet into this one.
    pub(super) fn put(
        self,
        id: &OperatorId,
        members: &mut Members,
        sources: &mut BTreeMap<OperatorId, Source>,
        excluded: &mut BTreeMap<OperatorId, OutOfDate>,
    ) {
        match self {
            Placing::Member(priority, source) => {
                members.insert(id.clone(), priority);
                sources.insert(id.clone(), source.clone());
            }
            Placing::Excluded(why) => {
                excluded.insert(id.clone(), why);
            }
            Placing::Outside => {}
        }
    }
}

impl ListMember {
    fn new(raw: RawMember, calendar: &mut Calendar, out: &mut Diagnostics) -> Self {
        let dates = raw.dates.map(|dates| {
            let keys = |(_, source): &(i64, Source)| vec![("priority", source.clone())];
            Box::new(Times {
                span: calendar.span(&dates.span, out).unwrap_or_default(),
                priorities: calendar.overlays(dates.during, out, keys, |_, set, _| set),
            })
        });
        Self { id: raw.id, source: raw.source, priority: raw.priority, dates }
    }

    /// Returns its dates.
    pub(super) fn times(&self) -> Option<&Times> {
        self.dates.as_deref()
    }

    /// Returns true if the entry is within its dates.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.dates.as_ref().is_none_or(|dates| dates.span.holds(at))
    }

    /// Returns its priority, with the place.
    fn priority(&self, at: Timestamp) -> (i64, &Source) {
        let mut priorities = self.dates.iter().flat_map(|dates| &dates.priorities);
        let set = priorities.find(|overlay| overlay.holds(at)).map(|overlay| &overlay.set);
        set.map_or((self.priority, &self.source), |(priority, source)| (*priority, source))
    }

    /// Returns true if two entries hold at the same time.
    fn meets(&self, other: &Self) -> bool {
        let spans = self.dates.as_ref().zip(other.dates.as_ref());
        spans.is_none_or(|(one, other)| one.span.meets(&other.span))
    }

    /// Returns the ends of its spans.
    pub(super) fn bounds(&self) -> impl Iterator<Item = &crate::model::date::Bound> {
        self.dates
            .iter()
            .flat_map(|dates| dates.span.bounds().chain(dates.priorities.iter().flat_map(Overlay::bounds)))
    }
}

impl MemberSet {
    fn new(raw: QueueSet, calendar: &mut Calendar, out: &mut Diagnostics) -> Self {
        let keys = raw.keys().into_iter().map(|(key, source)| (key, source.clone())).collect();
        let mut members = raw.members.map(|(source, list)| {
            (
                source,
                list.into_iter().map(|member| ListMember::new(member, calendar, out)).collect::<Vec<_>>(),
            )
        });
        if let Some((_, list)) = &mut members {
            named_once(list, out);
            list.sort_by(|one, other| one.id.cmp(&other.id));
        }
        Self {
            members,
            selector: raw.selector,
            allow_empty: raw.allow_empty.map(|(flag, _)| flag),
            min_members: raw.min_members,
            keys,
        }
    }
}

/// Reports an agent that a list names twice at the same time.
fn named_once(list: &[ListMember], out: &mut Diagnostics) {
    let mut listed: BTreeMap<&OperatorId, Vec<&ListMember>> = BTreeMap::new();
    for member in list {
        let others = listed.entry(&member.id).or_default();
        if let Some(first) = others.iter().find(|other| other.meets(member)) {
            let problem = RosterProblem::MemberTwice { agent: member.id.clone() };
            out.push(Diagnostic::at(&member.source, problem).related(&first.source, Label::First));
        }
        others.push(member);
    }
}

impl QueuePlan {
    pub(super) fn new(raw: RawQueue, calendar: &mut Calendar, out: &mut Diagnostics) -> Self {
        let RawQueue {
            source,
            name,
            exten,
            was,
            distinct,
            record,
            members,
            selector,
            allow_empty,
            mode,
            min_members,
            during,
        } = raw;
        let allow_empty = allow_empty.then(|| (true, source.clone()));
        let base = MemberSet::new(QueueSet { members, selector, allow_empty, min_members }, calendar, out);
        let keys = |set: &MemberSet| set.keys.clone();
        let overlays =
            calendar.overlays(during, out, keys, |calendar, set, out| MemberSet::new(set, calendar, out));
        let managed = base.members.is_some() || base.selector.is_some();
        for (key, source) in overlays.iter().flat_map(|overlay| &overlay.set.keys).filter(|_| !managed) {
            if matches!(*key, "assignMembers" | "memberSelector") {
                out.push(Diagnostic::at(source, RosterProblem::NoMemberBase { key: (*key).into() }));
            }
        }
        // An agent that names a queue without a list takes no other member out of it.
        let mode = mode.or_else(|| (!managed).then_some(ListMode::AtLeast));
        let name = name.0;
        Self { exten, was, distinct, record, mode, overlays, ..Self::bare_of(source, name, base) }
    }

    fn bare_of(source: Source, name: Arc<str>, base: MemberSet) -> Self {
        Self {
            source,
            name,
            exten: None,
            was: None,
            distinct: false,
            record: Record::default(),
            mode: None,
            base,
            overlays: Vec::new(),
            implied: false,
            keys: Vec::new(),
            joining: Vec::new(),
            named_by_both: Vec::new(),
        }
    }

    /// Returns a queue that only agents name.
    fn implied(name: Arc<str>, source: Source, ids: Vec<OperatorId>) -> Self {
        let mut plan = Self::bare_of(source, Arc::clone(&name), MemberSet::default());
        (plan.implied, plan.mode) = (true, Some(ListMode::AtLeast));
        plan.join(name, ids);
        plan
    }

    /// Adds agents that name the queue.
    fn join(&mut self, name: Arc<str>, ids: Vec<OperatorId>) {
        self.keys.push(name);
        self.joining.extend(ids);
    }

    /// Returns the agents that name the queue at some time, in order.
    pub(super) fn joining(&self) -> &[OperatorId] {
        &self.joining
    }

    /// Returns true if an agent names the queue at some time.
    pub(super) fn is_joined_by(&self, id: &OperatorId) -> bool {
        self.joining.binary_search(id).is_ok()
    }

    /// Returns the priority that an agent's `queues` give, with its place.
    fn priority<'r>(&self, named: &'r Memberships) -> Option<(i64, &'r Source)> {
        let found = self.keys.iter().find_map(|key| named.queues.get(key))?;
        Some((found.0, &found.1))
    }

    /// Returns the entries of its lists, of any time.
    pub(super) fn listed(&self) -> impl Iterator<Item = &ListMember> {
        self.sets().filter_map(|set| set.members.as_ref()).flat_map(|(_, list)| list)
    }

    /// Returns the agents that have one priority by the list, and another one by their `queues`.
    pub(super) fn disputes<'r>(&'r self, roster: &Roster<'r>) -> impl Iterator<Item = Dispute<'r>> {
        let view = self.view(roster.at);
        self.named_by_both.iter().filter_map(move |id| {
            let listed = view.entries(id).iter().find(|entry| entry.holds(roster.at))?.priority(roster.at);
            let own = self.own(id, roster)?;
            (listed.0 != own.0).then_some(Dispute { id, listed, own })
        })
    }

    /// Returns the priority that a present agent asks for, with its place.
    fn own<'r>(&self, id: &OperatorId, roster: &Roster<'r>) -> Option<(i64, &'r Source)> {
        if !self.is_joined_by(id) || !roster.agents.get(id)?.is_present() {
            return None;
        }
        self.priority(match roster.entries.get(id) {
            Some(entry) => entry.memberships(roster.at)?,
            None => roster.memberships.get(id)?,
        })
    }

    /// Returns all its lists and selectors, of any time.
    pub(super) fn sets(&self) -> impl Iterator<Item = &MemberSet> {
        std::iter::once(&self.base).chain(self.overlays.iter().map(|overlay| &overlay.set))
    }

    /// Returns the values that hold at an instant.
    pub(super) fn view(&self, at: Timestamp) -> View<'_> {
        let now =
            || self.overlays.iter().filter(move |overlay| overlay.holds(at)).map(|overlay| &overlay.set);
        View {
            plan: self,
            members: now().find_map(|set| set.members.as_ref()).or(self.base.members.as_ref()),
            selector: now().find_map(|set| set.selector.as_ref()).or(self.base.selector.as_ref()),
            allow_empty: now().find_map(|set| set.allow_empty).or(self.base.allow_empty).unwrap_or(false),
            min_members: now().find_map(|set| set.min_members.as_ref()).or(self.base.min_members.as_ref()),
        }
    }

    /// Returns the queue at an instant, without its members.
    pub(super) fn bare(&self, at: Timestamp) -> DesiredQueue {
        let view = self.view(at);
        DesiredQueue {
            source: self.source.clone(),
            name: Arc::clone(&self.name),
            exten: self.exten.clone(),
            was: self.was.clone(),
            implied: self.implied,
            distinct: self.distinct,
            mode: self.mode,
            min_members: view.min_members.cloned(),
            except: view.selector.map(|selector| selector.except.clone()).unwrap_or_default(),
            allow_empty: view.allow_empty,
            selector: view.selector.map(|selector| selector.wanted.clone()),
            member_sources: BTreeMap::new(),
            excluded: BTreeMap::new(),
            record: self.record.clone(),
        }
    }

    /// Returns the queue at an instant.
    pub(super) fn queue(&self, roster: &Roster<'_>) -> DesiredQueue {
        let view = self.view(roster.at);
        let mut queue = self.bare(roster.at);
        let mut members = Members::new();
        if let Some(selector) = view.selector {
            let chosen: Vec<&OperatorId> = selector.among(roster.agents).collect();
            members = chosen.iter().map(|id| ((*id).clone(), selector.priority)).collect();
            queue.member_sources = chosen.iter().map(|id| ((*id).clone(), selector.source.clone())).collect();
        }
        let mut put = |id: &OperatorId, entries| {
            let (sources, excluded) = (&mut queue.member_sources, &mut queue.excluded);
            view.place(id, entries, roster).put(id, &mut members, sources, excluded);
        };
        if let Some(selector) = view.selector {
            let away = roster.away.iter().filter(|(id, values)| selector.matches(id, values));
            for (id, _) in away.filter(|(id, _)| view.entries(id).is_empty()) {
                put(id, &[]);
            }
        }
        for entries in view.list().chunk_by(|one, other| one.id == other.id) {
            put(&entries[0].id, entries);
        }
        for id in self.joining.iter().filter(|id| view.entries(id).is_empty()) {
            put(id, &[]);
        }
        if let Some(place) = view.source() {
            queue.record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members)), Some(place.clone()));
        }
        queue
    }

    /// Returns true if it holds a date.
    pub(super) fn is_dated(&self) -> bool {
        !self.overlays.is_empty() || self.listed().any(|member| member.times().is_some())
    }
}

impl<'a> View<'a> {
    /// Returns the place of its list, or else of its selector, or else of the queue that agents name.
    ///
    /// `None` if the members are not managed.
    pub(super) fn source(&self) -> Option<&'a Source> {
        let selector = self.selector.map(|selector| &selector.source);
        let joined = || (!self.plan.joining.is_empty()).then_some(&self.plan.source);
        self.members.map(|(source, _)| source).or(selector).or_else(joined)
    }

    /// Returns the place of a list that names agents, at any time.
    pub(super) fn naming(&self) -> Option<&'a Source> {
        match (self.members, self.selector) {
            (Some((source, list)), _) => (!list.is_empty()).then_some(source),
            (None, Some(_)) => None,
            // The agents that name it are its list.
            (None, None) => self.source().filter(|_| self.plan.mode == Some(ListMode::Exact)),
        }
    }

    /// Returns its list; empty without one.
    fn list(&self) -> &'a [ListMember] {
        self.members.map_or(&[], |(_, list)| list)
    }

    /// Returns the entries of its list that name an agent.
    pub(super) fn entries(&self, id: &OperatorId) -> &'a [ListMember] {
        let list = self.list();
        let rest = &list[list.partition_point(|member| member.id < *id)..];
        &rest[..rest.iter().take_while(|member| member.id == *id).count()]
    }

    /// Returns the place of an agent that some entries of the list name.
    pub(super) fn place<'r>(
        &self,
        id: &OperatorId,
        entries: &'r [ListMember],
        roster: &Roster<'r>,
    ) -> Placing<'r>
    where
        'a: 'r,
    {
        let agent = roster.agents.get(id);
        let joins = || self.plan.is_joined_by(id);
        if let Some(why) = agent.and_then(|agent| agent.out_of_date.as_deref()) {
            let chosen = || {
                self.selector
                    .zip(roster.away.get(id))
                    .is_some_and(|(selector, away)| selector.matches(id, away))
            };
            return if !entries.is_empty() || joins() || chosen() {
                Placing::Excluded(why.clone())
            } else {
                Placing::Outside
            };
        }
        if let Some(entry) = entries.iter().find(|entry| entry.holds(roster.at)) {
            let (priority, source) = entry.priority(roster.at);
            return Placing::Member(priority, source);
        }
        if let Some((priority, source)) = self.plan.own(id, roster) {
            return Placing::Member(priority, source);
        }
        let selected = |selector: &&Selector| {
            agent.is_some_and(|agent| agent.is_present() && selector.matches(id, &agent.record))
        };
        if let Some(selector) = self.selector.filter(selected) {
            return Placing::Member(selector.priority, &selector.source);
        }
        let spans = entries.iter().filter_map(|entry| Some(&entry.dates.as_ref()?.span));
        let named = |named: &Memberships| self.plan.priority(named).is_some();
        let joined = || roster.entries.get(id).filter(|_| joins())?.not_named(named, roster.at);
        let out = OutOfDate::nearest(spans, roster.at).or_else(joined);
        out.map_or(Placing::Outside, Placing::Excluded)
    }
}

impl Selector {
    /// Returns true if an agent's values match, and it is not excepted.
    pub(super) fn matches(&self, id: &OperatorId, record: &Record) -> bool {
        !self.except.contains(id) && self.wanted.iter().all(|want| record.get(want.field) == Some(want.value))
    }

    /// Returns the agents that it selects.
    pub(super) fn among<'a>(&self, agents: Agents<'a>) -> impl Iterator<Item = &'a OperatorId> {
        let chosen =
            |id: &OperatorId, agent: &DesiredAgent| agent.is_present() && self.matches(id, &agent.record);
        agents.iter().filter(move |(id, agent)| chosen(id, agent)).map(|(id, _)| id)
    }
}
