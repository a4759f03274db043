//! One Roster document, field by field, before profiles and pools are resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dated::{Named, RawDuring, RawSpan, during, no_dates, raw_span, raw_spans};
use crate::model::agent::PASSWORD;
use crate::model::desired::Memberships;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::field::{Field, Record};
use crate::model::id::OperatorId;
use crate::model::id_range::IdRange;
use crate::model::problem::{Element, Label, RosterProblem, ValueProblem, Wanted};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::source::Source;
use crate::model::text::is_hidden;
use crate::model::value::Type;
use crate::model::{agent, queue, seat};
use crate::yaml::decode::{Fields, choice, filled, flag, header, list, number, text, wrong_shape};
use crate::yaml::placeholder;
use crate::yaml::types::value;
use crate::yaml::{Node, NodeValue, Scalar, Sink};

/// Most agents of one pool.
const LARGEST_POOL: u64 = 1_000_000;

/// Words of `state`.
pub(super) const AGENT_STATES: &[&str] = &["present", "absent"];
/// Fields that a member selector may test.
pub(super) static SELECTED_BY: [&Field; 3] = [&agent::MAIN_SKILL_GROUP, &agent::ROLE, &agent::TYPE];

/// A Roster document.
#[derive(Default)]
pub(super) struct Document {
    /// Some names of its catalogues could not be read, so a missing one proves nothing.
    pub lost_names: bool,
    /// Some of its agents could not be read.
    pub lost_agents: bool,
    pub roles: Option<Vec<Named>>,
    pub skill_groups: Option<Vec<Named>>,
    pub periods: Vec<(Named, Vec<RawSpan>)>,
    pub profiles: Vec<(Named, Template)>,
    pub defaults: Template,
    pub agents: Vec<RawAgent>,
    pub queues: Vec<RawQueue>,
    pub seats: Vec<(Named, Source, Record)>,
}

/// The fields that an agent, a profile and `defaults` have in common.
#[derive(Clone, Default)]
pub(super) struct Template {
    pub record: Record,
    pub queues: Option<Arc<Memberships>>,
    pub protect: Option<bool>,
    pub allow_any_role: Option<bool>,
    /// Most have none.
    pub dates: Option<Box<TemplateDates>>,
}

/// The dates of an agent, a profile or `defaults`.
#[derive(Clone, Default)]
pub(super) struct TemplateDates {
    /// `from` and `until` of an agent.
    pub span: RawSpan,
    pub during: Vec<RawDuring<AgentSet>>,
}

/// The values that an entry of `during` of an agent, a profile or `defaults` sets.
#[derive(Clone, Default)]
pub(super) struct AgentSet {
    pub record: Record,
    pub queues: Option<Arc<Memberships>>,
}

/// An entry of `agents`.
pub(super) struct RawAgent {
    pub source: Source,
    pub id_source: Source,
    pub ids: Ids,
    pub absent: bool,
    pub profile: Option<Named>,
    pub template: Template,
}

/// The agents of an entry. A pool is expanded once the total number of agents is known.
pub(super) enum Ids {
    /// `operatorId`.
    One(OperatorId),
    /// `operatorIds`.
    Pool(IdRange),
}

impl Ids {
    /// Returns the number of agents.
    pub(super) fn len(&self) -> u64 {
        match self {
            Ids::One(_) => 1,
            Ids::Pool(range) => range.count(),
        }
    }

    pub(super) fn is_pool(&self) -> bool {
        matches!(self, Ids::Pool(_))
    }

    /// Expands the entry into numbers.
    pub(super) fn into_iter(self) -> impl Iterator<Item = OperatorId> {
        let (one, range) = match self {
            Ids::One(id) => (Some(id), None),
            Ids::Pool(range) => (None, Some(range)),
        };
        one.into_iter().chain(range.into_iter().flat_map(IdRange::ids))
    }
}

/// An entry of `queues`.
pub(super) struct RawQueue {
    pub source: Source,
    pub name: Named,
    pub exten: Option<Arc<str>>,
    pub was: Option<Named>,
    pub distinct: bool,
    pub record: Record,
    pub members: Option<(Source, Vec<RawMember>)>,
    pub selector: Option<Selector>,
    pub allow_empty: bool,
    pub mode: Option<ListMode>,
    pub min_members: Option<(usize, Source)>,
    pub during: Vec<RawDuring<QueueSet>>,
}

/// The values that an entry of a queue's `during` sets.
#[derive(Clone, Default)]
pub(super) struct QueueSet {
    pub members: Option<(Source, Vec<RawMember>)>,
    pub selector: Option<Selector>,
    pub allow_empty: Option<(bool, Source)>,
    pub min_members: Option<(usize, Source)>,
}

/// An entry of `assignMembers`.
#[derive(Clone)]
pub(super) struct RawMember {
    pub id: OperatorId,
    pub source: Source,
    pub priority: i64,
    /// Most have none.
    pub dates: Option<Box<MemberDates>>,
}

/// The dates of an entry of `assignMembers`.
#[derive(Clone, Default)]
pub(super) struct MemberDates {
    pub span: RawSpan,
    /// The priorities of its `during`, each with its place.
    pub during: Vec<RawDuring<(i64, Source)>>,
}

/// `memberSelector`: every declared agent that matches all of its fields.
#[derive(Clone)]
pub(super) struct Selector {
    pub source: Source,
    pub wanted: Record,
    /// The agents that it does not choose, although they match.
    pub except: BTreeSet<OperatorId>,
    pub priority: i64,
}

/// The documents of a file, or of a piece of it, as the parser reads them. Agents are decoded while it reads: a tree of
/// all agents would need more memory than the rest of a run.
#[derive(Default)]
pub(super) struct Reading {
    documents: Vec<(Agents, Node)>,
    next: Agents,
    /// True if the file may hold placeholders of other tools.
    placeholders: bool,
}

/// The documents of a file.
#[derive(Default)]
pub(super) struct Documents {
    pub read: Vec<Document>,
    pub problems: Diagnostics,
    /// True if a document could not be used.
    pub lost: bool,
}

/// Key of the list whose items are decoded while the parser reads.
pub(super) const AGENTS: &str = "agents";

impl Reading {
    pub(super) fn new(placeholders: bool) -> Self {
        Self { placeholders, ..Self::default() }
    }

    /// Appends the next piece of the file, which begins in the list of agents. Returns `None` if a key is in both.
    pub(super) fn join(mut self, next: Self) -> Option<Self> {
        self.placeholders |= next.placeholders;
        let mut behind = next.documents.into_iter();
        let (agents, rest) = behind.next()?;
        let (before, document) = self.documents.last_mut()?;
        before.append(agents);
        let (NodeValue::Map(entries), NodeValue::Map(rest)) = (&mut document.value, rest.value) else {
            return None;
        };
        for (key, node) in rest.into_iter().skip(1) {
            if entries.iter().any(|(other, _)| other.name == key.name) {
                return None;
            }
            entries.push((key, node));
        }
        self.documents.extend(behind);
        Some(self)
    }

    /// Decodes the documents.
    pub(super) fn finish(self) -> Documents {
        let mut all = Documents::default();
        for (mut agents, root) in self.documents {
            all.problems.extend(std::mem::take(&mut agents.placeholders));
            if self.placeholders {
                placeholder::check(&root, |_| false, &mut all.problems);
            }
            let document = read(&root, agents, &mut all.problems);
            all.lost |= document.is_none();
            all.read.extend(document);
        }
        all
    }
}

/// The agents of a document that is still being read.
#[derive(Default)]
struct Agents {
    /// Number of items so far.
    count: usize,
    read: Vec<RawAgent>,
    problems: Diagnostics,
    /// The placeholders of other tools in them.
    placeholders: Diagnostics,
}

impl Agents {
    fn append(&mut self, next: Self) {
        self.count += next.count;
        self.read.extend(next.read);
        self.problems.extend(next.problems);
        self.placeholders.extend(next.placeholders);
    }
}

impl Sink for Reading {
    fn key(&self) -> Option<&'static str> {
        Some(AGENTS)
    }

    fn item(&mut self, item: Node) {
        if self.placeholders {
            placeholder::check(&item, |_| false, &mut self.next.placeholders);
        }
        self.next.count += 1;
        self.next.read.extend(raw_agent(&item, &mut self.next.problems));
    }

    fn document(&mut self, root: Node) {
        self.documents.push((std::mem::take(&mut self.next), root));
    }

    fn reset(&mut self) {
        *self = Self::new(self.placeholders);
    }
}

/// Reads a document whose agents may be decoded already.
fn read(node: &Node, agents: Agents, out: &mut Diagnostics) -> Option<Document> {
    let mut fields = Fields::open(node, Element::Manifest, out)?;
    if !header(&mut fields, "Roster", out) {
        return None;
    }
    let before = out.len();
    let mut document = Document {
        roles: fields.take("roles", out).map(|n| names(n, "roles", out)),
        skill_groups: fields.take("skillGroups", out).map(|n| names(n, "skillGroups", out)),
        ..Document::default()
    };
    if let Some(node) = fields.take("periods", out) {
        match &node.value {
            NodeValue::Map(entries) => {
                for (name, node) in entries {
                    let spans = raw_spans(node, &name.name, out);
                    document.periods.push(((Arc::from(&*name.name), name.source.clone()), spans));
                }
            }
            NodeValue::Scalar(_) | NodeValue::List(_) => {
                out.push(wrong_shape(node, "periods", Wanted::Periods));
            }
        }
    }
    document.lost_names = out.len() > before;
    if let Some(node) = fields.take("profiles", out) {
        match &node.value {
            NodeValue::Map(entries) => {
                for (name, node) in entries {
                    let what = Element::Profile { name: name.name.to_string() };
                    // An unreadable profile is declared all the same.
                    let mut read = Template::default();
                    if let Some(mut fields) = Fields::open(node, what, out) {
                        unnested(&mut fields, out);
                        no_dates(&mut fields, out);
                        read = template(&mut fields, out);
                        fields.reject_unknown(out);
                    }
                    document.profiles.push(((Arc::from(&*name.name), name.source.clone()), read));
                }
            }
            NodeValue::Scalar(_) | NodeValue::List(_) => {
                out.push(wrong_shape(node, "profiles", Wanted::Profiles));
            }
        }
    }
    if let Some(node) = fields.take("defaults", out)
        && let Some(mut fields) = Fields::open(node, Element::Key { key: "defaults".into() }, out)
    {
        unnested(&mut fields, out);
        no_dates(&mut fields, out);
        document.defaults = template(&mut fields, out);
        fields.reject_unknown(out);
    }
    if let Some(node) = fields.take("agents", out) {
        let items = list(node, "agents", out);
        let count = agents.count + items.len();
        out.extend(agents.problems);
        document.agents = agents.read;
        document.agents.extend(items.iter().filter_map(|n| raw_agent(n, out)));
        let is_list = matches!(node.value, NodeValue::List(_));
        document.lost_agents = !is_list || document.agents.len() < count;
    }
    if let Some(node) = fields.take("queues", out) {
        document.queues = list(node, "queues", out).iter().filter_map(|n| raw_queue(n, out)).collect();
    }
    if let Some(node) = fields.take("seats", out) {
        document.seats = list(node, "seats", out).iter().filter_map(|n| raw_seat(n, out)).collect();
    }
    fields.reject_unknown(out);
    Some(document)
}

/// Reports a profile that names a profile: only an agent names one.
fn unnested(fields: &mut Fields<'_>, out: &mut Diagnostics) {
    if let Some(place) = fields.place("profile").cloned() {
        fields.take("profile", &mut Diagnostics::default());
        out.push(Diagnostic::at(&place, RosterProblem::ProfileNests { what: fields.what.clone() }));
    }
}

fn names(node: &Node, key: &'static str, out: &mut Diagnostics) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut firsts: BTreeMap<&str, &Source> = BTreeMap::new();
    for item in list(node, key, out) {
        if let Some(name) = filled(item, key, out) {
            if let Some(first) = firsts.insert(name, &item.source) {
                let problem = ValueProblem::ItemTwice { key: key.into(), item: name.to_string() };
                out.push(Diagnostic::at(&item.source, problem).related(first, Label::First));
            }
            found.push((Arc::clone(name), item.source.clone()));
        }
    }
    found
}

/// Takes the fields of a kind's table.
fn record(fields: &mut Fields<'_>, table: &'static [&'static Field], out: &mut Diagnostics) -> Record {
    some_fields(fields, table, |field| field.ty != Type::Members, out)
}

/// Takes some fields of a kind's table.
fn some_fields(
    fields: &mut Fields<'_>,
    table: &'static [&'static Field],
    is_taken: impl Fn(&Field) -> bool,
    out: &mut Diagnostics,
) -> Record {
    let mut record = Record::with_capacity(fields.left());
    for field in table.iter().copied().filter(|field| is_taken(field)) {
        if let Some(node) = fields.take(field.key, out)
            && let Some(value) = value(node, field.key, field.ty, out)
        {
            record.set(field, value, Some(node.source.clone()));
        }
    }
    record
}

fn template(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Template {
    let during = fields.take("during", out).map(|node| during(node, out, agent_values)).unwrap_or_default();
    Template {
        record: record(fields, agent::FIELDS, out),
        queues: memberships(fields, out),
        protect: fields.take("protect", out).and_then(|n| flag(n, "protect", out)),
        allow_any_role: fields.take("allowAnyRole", out).and_then(|n| flag(n, "allowAnyRole", out)),
        dates: (!during.is_empty()).then(|| Box::new(TemplateDates { during, ..TemplateDates::default() })),
    }
}

/// Takes the agent's fields of an entry of `during`.
fn agent_values(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Option<AgentSet> {
    const NEVER: [&str; 7] =
        ["operatorId", "operatorIds", "state", "profile", "protect", "allowAnyRole", PASSWORD.key];
    for key in NEVER {
        if let Some(place) = fields.place(key).cloned() {
            fields.take(key, &mut Diagnostics::default());
            out.push(Diagnostic::at(&place, RosterProblem::NotDuring { key: key.into() }));
        }
    }
    let record = some_fields(fields, agent::FIELDS, |field| *field != PASSWORD, out);
    let queues = memberships(fields, out);
    (!record.is_empty() || queues.is_some()).then_some(AgentSet { record, queues })
}

/// Takes `queues` of an agent, a profile or `defaults`.
fn memberships(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Option<Arc<Memberships>> {
    let node = fields.take("queues", out)?;
    let NodeValue::Map(entries) = &node.value else {
        out.push(wrong_shape(node, "queues", Wanted::Mapping));
        return None;
    };
    let mut queues = BTreeMap::new();
    for (name, node) in entries {
        if name.name.trim().is_empty() {
            out.push(Diagnostic::at(&name.source, ValueProblem::Empty { key: "queues".into() }));
        } else if let Some(priority) = number(node, "priority", 0, i64::from(i32::MAX), out) {
            queues.insert(Arc::from(&*name.name), (priority, name.source.clone()));
        }
    }
    Some(Arc::new(Memberships { source: node.source.clone(), queues }))
}

fn raw_agent(node: &Node, out: &mut Diagnostics) -> Option<RawAgent> {
    let mut fields = Fields::open(node, Element::Agent, out)?;
    let single = fields.take("operatorId", out);
    let range = fields.take("operatorIds", out);
    let (ids, id_source) = match (single, range) {
        (Some(node), None) => (operator_id(node, "operatorId", out).map(Ids::One), node.source.clone()),
        (None, Some(node)) => (pool(node, out), node.source.clone()),
        (Some(_), Some(node)) => {
            out.push(Diagnostic::at(&node.source, RosterProblem::TwoIds));
            (None, node.source.clone())
        }
        (None, None) => {
            if !fields.has("operatorId") && !fields.has("operatorIds") {
                out.push(Diagnostic::at(&node.source, RosterProblem::NoId));
            }
            (None, node.source.clone())
        }
    };
    let state = fields.take("state", out).and_then(|n| choice(n, "state", AGENT_STATES, out));
    let absent = state == Some("absent");
    let profile = fields
        .take("profile", out)
        .and_then(|n| filled(n, "profile", out).map(|name| (Arc::clone(name), n.source.clone())));
    let span = raw_span(&mut fields, out);
    let mut template = template(&mut fields, out);
    if span.is_set() {
        template.dates.get_or_insert_default().span = span;
    }
    if let Some(dates) = template.dates.take_if(|_| absent)
        && let Some(place) = dates.places().next()
    {
        out.push(Diagnostic::at(place, RosterProblem::DatesOfTombstone));
    }
    if let Some(queues) = template.queues.take_if(|_| absent) {
        out.push(Diagnostic::at(&queues.source, RosterProblem::QueuesOfTombstone));
    }
    fields.reject_unknown(out);
    Some(RawAgent { source: node.source.clone(), id_source, ids: ids?, absent, profile, template })
}

fn operator_id(node: &Node, key: &'static str, out: &mut Diagnostics) -> Option<OperatorId> {
    let id = text(node, key, out)?;
    if let Some(why) = OperatorId::objection(id) {
        let (key, id) = (key.into(), id.to_string());
        out.push(Diagnostic::at(&node.source, RosterProblem::BadId { key, id, why }));
        return None;
    }
    Some(OperatorId::new(Arc::clone(id)))
}

/// Parses `FIRST..LAST`, both included; a first number with leading zeros sets the width.
fn pool(node: &Node, out: &mut Diagnostics) -> Option<Ids> {
    let NodeValue::Scalar(Scalar { text: range, .. }) = &node.value else {
        out.push(wrong_shape(node, "operatorIds", Wanted::Range));
        return None;
    };
    let Some(ids) = IdRange::parse(range) else {
        out.push(Diagnostic::at(&node.source, RosterProblem::NoRange { range: range.to_string() }));
        return None;
    };
    if ids.is_backward() {
        out.push(Diagnostic::at(&node.source, RosterProblem::BackwardRange { range: range.to_string() }));
        return None;
    }
    if ids.count() > LARGEST_POOL {
        let problem = RosterProblem::PoolTooLarge { agents: ids.count(), most: LARGEST_POOL };
        out.push(Diagnostic::at(&node.source, problem));
        return None;
    }
    Some(Ids::Pool(ids))
}

fn raw_queue(node: &Node, out: &mut Diagnostics) -> Option<RawQueue> {
    let mut fields = Fields::open(node, Element::Queue, out)?;
    let name = fields
        .required_or_misspelled("displayName", out)
        .and_then(|n| filled(n, "displayName", out).map(|name| (Arc::clone(name), n.source.clone())));
    let exten = fields.take("exten", out).and_then(|n| filled(n, "exten", out)).cloned();
    let was = fields.take("was", out);
    let was = was.and_then(|n| filled(n, "was", out).map(|name| (Arc::clone(name), n.source.clone())));
    let distinct = fields.take("distinct", out).and_then(|n| flag(n, "distinct", out)).unwrap_or(false);
    let record = record(&mut fields, queue::FIELDS, out);
    let allow_empty =
        fields.take("allowEmpty", out).and_then(|n| flag(n, "allowEmpty", out)).unwrap_or(false);
    let members = fields.take("assignMembers", out).map(|n| (n.source.clone(), members(n, allow_empty, out)));
    let selector = fields.take("memberSelector", out).and_then(|n| selector(n, out));
    let mode = fields.take("members", out).and_then(|n| choice(n, "members", ListMode::WORDS, out));
    let mode = mode.map(ListMode::from_word);
    let min_members = min_members(&mut fields, out);
    no_dates(&mut fields, out);
    let during = fields.take("during", out);
    let during =
        during.map(|node| self::during(node, out, |fields, out| queue_values(fields, allow_empty, out)));
    let during = during.unwrap_or_default();
    fields.reject_unknown(out);
    Some(RawQueue {
        source: node.source.clone(),
        name: name?,
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
    })
}

fn min_members(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Option<(usize, Source)> {
    let node = fields.take("minMembers", out)?;
    let count = number(node, "minMembers", 0, i64::from(i32::MAX), out)?;
    Some((usize::try_from(count).ok()?, node.source.clone()))
}

/// Takes the values of an entry of a queue's `during`.
fn queue_values(fields: &mut Fields<'_>, allow_empty: bool, out: &mut Diagnostics) -> Option<QueueSet> {
    let never = ["displayName", "exten", "was", "distinct", "members"].into_iter();
    let never =
        never.chain(queue::FIELDS.iter().map(|field| field.key).filter(|key| *key != ASSIGN_MEMBERS.key));
    for key in never {
        if let Some(place) = fields.place(key).cloned() {
            fields.take(key, &mut Diagnostics::default());
            out.push(Diagnostic::at(&place, RosterProblem::NotDuring { key: key.into() }));
        }
    }
    let allowed = fields
        .take("allowEmpty", out)
        .and_then(|n| flag(n, "allowEmpty", out).map(|flag| (flag, n.source.clone())));
    let empty = allowed.as_ref().map_or(allow_empty, |(flag, _)| *flag);
    let set = QueueSet {
        members: fields.take("assignMembers", out).map(|n| (n.source.clone(), members(n, empty, out))),
        selector: fields.take("memberSelector", out).and_then(|n| selector(n, out)),
        min_members: min_members(fields, out),
        allow_empty: allowed,
    };
    (!set.keys().is_empty()).then_some(set)
}

impl QueueSet {
    /// Returns the keys that it sets, with their places.
    pub(super) fn keys(&self) -> Vec<(&'static str, &Source)> {
        let keys = [
            self.members.as_ref().map(|(source, _)| ("assignMembers", source)),
            self.selector.as_ref().map(|selector| ("memberSelector", &selector.source)),
            self.allow_empty.as_ref().map(|(_, source)| ("allowEmpty", source)),
            self.min_members.as_ref().map(|(_, source)| ("minMembers", source)),
        ];
        keys.into_iter().flatten().collect()
    }
}

impl TemplateDates {
    /// Returns the places of its dates.
    fn places(&self) -> impl Iterator<Item = &Source> {
        self.span.places().chain(self.during.iter().map(|entry| &entry.source))
    }
}

fn members(node: &Node, allow_empty: bool, out: &mut Diagnostics) -> Vec<RawMember> {
    let mut members: Vec<RawMember> = Vec::new();
    let items = list(node, "assignMembers", out);
    if items.is_empty() && matches!(node.value, NodeValue::List(_)) && !allow_empty {
        out.push(Diagnostic::at(&node.source, RosterProblem::NoMembers));
    }
    for item in items {
        let member = if let NodeValue::Map(_) = item.value {
            let Some(mut fields) = Fields::open(item, Element::Member, out) else { continue };
            let id = fields
                .required_or_misspelled("agentNumber", out)
                .and_then(|n| operator_id(n, "agentNumber", out).map(|id| (id, n.source.clone())));
            let priority = priority(&mut fields, out).map_or(0, |(priority, _)| priority);
            let span = raw_span(&mut fields, out);
            let during = fields.take("during", out).map(|node| during(node, out, priority_value));
            let during = during.unwrap_or_default();
            fields.reject_unknown(out);
            let has_dates = span.is_set() || !during.is_empty();
            let dates = has_dates.then(|| Box::new(MemberDates { span, during }));
            id.map(|(id, source)| RawMember { id, source, priority, dates })
        } else {
            operator_id(item, "agentNumber", out).map(|id| RawMember {
                id,
                source: item.source.clone(),
                priority: 0,
                dates: None,
            })
        };
        members.extend(member);
    }
    members
}

fn priority(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Option<(i64, Source)> {
    let node = fields.take("priority", out)?;
    Some((number(node, "priority", 0, i64::from(i32::MAX), out)?, node.source.clone()))
}

/// Takes the priority of an entry of a member's `during`.
fn priority_value(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Option<(i64, Source)> {
    if let Some(place) = fields.place("agentNumber").cloned() {
        fields.take("agentNumber", &mut Diagnostics::default());
        out.push(Diagnostic::at(&place, RosterProblem::NotDuring { key: "agentNumber".into() }));
    }
    priority(fields, out)
}

fn selector(node: &Node, out: &mut Diagnostics) -> Option<Selector> {
    let mut fields = Fields::open(node, Element::Selector, out)?;
    let mut wanted = Record::default();
    let said = SELECTED_BY.iter().any(|field| fields.has(field.key));
    for field in SELECTED_BY {
        if let Some(node) = fields.take(field.key, out)
            && let Some(value) = value(node, field.key, field.ty, out)
        {
            wanted.set(field, value, Some(node.source.clone()));
        }
    }
    let except = fields.take("except", out).map(|node| {
        let items = list(node, "except", out);
        items.iter().filter_map(|item| operator_id(item, "except", out)).collect()
    });
    let priority = priority(&mut fields, out).map_or(0, |(priority, _)| priority);
    fields.reject_unknown(out);
    if wanted.is_empty() && said {
        return None;
    }
    if wanted.is_empty() {
        out.push(Diagnostic::at(&node.source, RosterProblem::SelectsByNothing));
        return None;
    }
    Some(Selector { source: node.source.clone(), wanted, except: except.unwrap_or_default(), priority })
}

fn raw_seat(node: &Node, out: &mut Diagnostics) -> Option<(Named, Source, Record)> {
    let mut fields = Fields::open(node, Element::Seat, out)?;
    let account = fields
        .required_or_misspelled("account", out)
        .and_then(|n| filled(n, "account", out).map(|name| (Arc::clone(name), n.source.clone())));
    if let Some((name, source)) = &account
        && name.chars().any(is_hidden)
    {
        out.push(Diagnostic::at(source, RosterProblem::HiddenInAccount { account: name.to_string() }));
    }
    let record = record(&mut fields, seat::FIELDS, out);
    fields.reject_unknown(out);
    Some((account?, node.source.clone(), record))
}
