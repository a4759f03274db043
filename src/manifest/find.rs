//! Search in the manifests: where an agent, a queue or a seat stands, and which layer says each value.
//!
//! [`Desired`] holds each value with its place. The documents, read again, tell the layer of that place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::roster_document::{Document, Ids, RawAgent, RawQueue, Template};
use super::{Dates, Roster, load_at, read};
use crate::config::workspace::Workspace;
use crate::model::agent;
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue, DesiredSeat, Memberships};
use crate::model::diagnostic::{Diagnostics, did_you_mean};
use crate::model::field::{Entry, Record};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::search::{
    AgentHit, Declared, During, Exclusion, FORMAT, FieldHit, Layer, MemberKey, Membership, Origin, QueueHit,
    SearchResult, SeatHit, SelectorHit,
};
use crate::model::seat;
use crate::model::source::{File, Source};
use crate::model::text::skeleton;
use crate::model::value::Value;

/// Finds the resources that a text names: by an agent's number, a part of a name, or `KIND/NAME`.
///
/// # Errors
/// All errors of the files.
pub fn find(
    text: &str,
    files: &[File],
    workspace: &Workspace,
    at: Timestamp,
) -> Result<SearchResult, Diagnostics> {
    let roster = load_at(files, workspace, at)?;
    let Roster { desired, dates } = &roster;
    let names = Names { desired, dates: dates.as_deref(), at };
    let mut result = SearchResult {
        format: FORMAT,
        workspace: workspace.name.to_string(),
        text: text.to_owned(),
        at: dates.as_ref().map(|dates| dates.zone.rfc3339(at)),
        agents: Vec::new(),
        queues: Vec::new(),
        seats: Vec::new(),
        near: None,
    };
    let query = Query::new(text);
    let agents = query.agents(names);
    let queues: BTreeSet<&ResourceId> =
        desired.queues.iter().filter(|(id, queue)| query.fits_queue(id, queue)).map(|(id, _)| id).collect();
    let seats = desired.seats.iter().filter(|(account, seat)| query.fits_seat(account, seat));
    result.seats.extend(seats.map(|(account, seat)| seat_hit(account, seat)));
    if agents.is_empty() && queues.is_empty() {
        if result.seats.is_empty() {
            result.near = names.near(query.id.as_ref().map_or(&query.number, |id| &id.name).as_str());
        }
        return Ok(result);
    }
    let documents: Vec<Document> = files.iter().flat_map(|file| read(file).read.read).collect();
    let layers = Layers::new(&documents);
    let mut served: BTreeMap<&OperatorId, (Vec<Membership>, Vec<Exclusion>)> = BTreeMap::new();
    for (id, queue) in &desired.queues {
        let is_hit = queues.contains(id);
        let wanted = |agent: &OperatorId| is_hit || agents.contains(agent);
        let keys = MemberKeys::new(layers.queues.get(&queue.source).copied());
        let (members, excluded) = members(id, queue, names, &layers, &keys, wanted);
        for member in &members {
            if let Some(agent) = agents.get(&member.agent_number) {
                served.entry(agent).or_default().0.push(member.clone());
            }
        }
        for out in &excluded {
            if let Some(agent) = agents.get(&out.agent_number) {
                served.entry(agent).or_default().1.push(out.clone());
            }
        }
        if is_hit {
            result.queues.push(queue_hit(id, queue, &layers, &keys, members, excluded));
        }
    }
    for id in &agents {
        let (queues, excluded) = served.remove(id).unwrap_or_default();
        result.agents.push(agent_hit(id, names, &layers, queues, excluded));
    }
    Ok(result)
}

/// The names of agents at an instant.
#[derive(Clone, Copy)]
struct Names<'a> {
    desired: &'a Desired,
    dates: Option<&'a Dates>,
    at: Timestamp,
}

impl Names<'_> {
    /// Returns the values of an agent, whatever its own dates are.
    fn values(self, id: &OperatorId) -> Record {
        let dated = self.dates.and_then(|dates| dates.values(id, self.at));
        let declared = || self.desired.agents.get(id).map(|agent| agent.record.clone());
        dated.or_else(declared).unwrap_or_default()
    }

    fn name(self, id: &OperatorId) -> Option<String> {
        let dated = self.dates.filter(|dates| dates.entries().contains_key(id));
        match dated {
            Some(_) => self.values(id).text(&agent::NAME).map(str::to_owned),
            None => self.desired.agents.get(id)?.record.text(&agent::NAME).map(str::to_owned),
        }
    }

    /// Returns the nearest name or number for a text that names nothing.
    fn near(self, text: &str) -> Option<String> {
        let ids = self.desired.agents.keys();
        let called: BTreeSet<String> = ids.clone().filter_map(|id| self.name(id)).collect();
        let queues = self.desired.queues.values().map(|queue| &*queue.name);
        let called = called.iter().map(String::as_str).chain(queues);
        did_you_mean(text, called.chain(ids.map(OperatorId::as_str))).map(str::to_owned)
    }
}

/// The text of a search.
struct Query {
    /// The kind and the whole name, if the text is `KIND/NAME`.
    id: Option<ResourceId>,
    number: OperatorId,
    skeleton: String,
}

impl Query {
    fn new(text: &str) -> Self {
        let text = text.trim();
        Self { id: ResourceId::parse(text), number: OperatorId::new(text), skeleton: skeleton(text) }
    }

    /// Returns true for a name that holds the text; in `KIND/NAME` no part of a name counts.
    fn is_in(&self, name: &str) -> bool {
        self.id.is_none() && skeleton(name).contains(&self.skeleton)
    }

    /// Returns the agents: declared, or only in lists.
    fn agents(&self, names: Names<'_>) -> BTreeSet<OperatorId> {
        let desired = names.desired;
        let number = match &self.id {
            None => Some(&self.number),
            Some(id) => (id.kind == Kind::Agent).then_some(&id.name),
        };
        let ids = desired.agents.keys();
        let by_name = ids.filter(|id| names.name(id).is_some_and(|name| self.is_in(&name))).cloned();
        let is_listed = |id: &OperatorId| desired.queues.values().any(|queue| mentions(queue, id));
        let numbered = number.filter(|id| desired.agents.contains_key(id) || is_listed(id)).cloned();
        by_name.chain(numbered).collect()
    }

    fn fits_queue(&self, id: &ResourceId, queue: &DesiredQueue) -> bool {
        match &self.id {
            None => self.is_in(&queue.name) || queue.exten.as_deref() == Some(self.number.as_str()),
            Some(named) => named == id || named.kind == Kind::Queue && *named.name.as_str() == *queue.name,
        }
    }

    fn fits_seat(&self, account: &OperatorId, seat: &DesiredSeat) -> bool {
        let text = |field| seat.record.text(field);
        match &self.id {
            None => {
                *account == self.number
                    || text(&seat::EMPLOYEE) == Some(self.number.as_str())
                    || [&seat::NAME, &seat::NICKNAME]
                        .into_iter()
                        .filter_map(text)
                        .any(|name| self.is_in(name))
            }
            Some(id) => *id == ResourceId::seat(account),
        }
    }
}

/// Returns true if a queue names an agent.
fn mentions(queue: &DesiredQueue, id: &OperatorId) -> bool {
    queue.member_sources.contains_key(id) || queue.excluded.contains_key(id) || queue.except.contains(id)
}

/// The layers of all agents, and the entries of all queues, by their places.
struct Layers<'a> {
    /// Each entry with the `defaults` of its document.
    agents: BTreeMap<&'a Source, (&'a RawAgent, &'a Template)>,
    profiles: BTreeMap<&'a str, (&'a Source, &'a Template)>,
    queues: BTreeMap<&'a Source, &'a RawQueue>,
}

impl<'a> Layers<'a> {
    fn new(documents: &'a [Document]) -> Self {
        let agents = documents
            .iter()
            .flat_map(|document| document.agents.iter().map(|raw| (&raw.source, (raw, &document.defaults))));
        let profiles = documents.iter().flat_map(|document| &document.profiles);
        let queues = documents.iter().flat_map(|document| &document.queues);
        Self {
            agents: agents.collect(),
            profiles: profiles.map(|((name, source), template)| (&**name, (source, template))).collect(),
            queues: queues.map(|raw| (&raw.source, raw)).collect(),
        }
    }

    /// Returns the layers of an agent, by precedence.
    fn of(&self, agent: &DesiredAgent) -> Vec<(Layer, &'a Template)> {
        let Some((raw, defaults)) = self.agents.get(&agent.source) else { return Vec::new() };
        let own = match &raw.ids {
            Ids::One(_) => Layer::Agent,
            Ids::Pool(range) => Layer::Pool { pool: range.to_string() },
        };
        let profile = raw.profile.as_ref().and_then(|(name, _)| {
            let (_, template) = self.profiles.get(&**name)?;
            Some((Layer::Profile { profile: Arc::clone(name) }, *template))
        });
        [(own, &raw.template)].into_iter().chain(profile).chain([(Layer::Defaults, *defaults)]).collect()
    }

    /// Returns the place of a layer of an agent, if it has a place of its own.
    fn place(&self, layer: &Layer, agent: &DesiredAgent) -> Option<Source> {
        match layer {
            Layer::Agent | Layer::Pool { .. } => Some(agent.source.clone()),
            Layer::Profile { profile } => self.profiles.get(&**profile).map(|(source, _)| (*source).clone()),
            Layer::Defaults | Layer::Queue | Layer::Seat => None,
        }
    }
}

/// Returns the first layer whose values fit; of those of `during` with their time.
fn origin(
    layers: &[(Layer, &Template)],
    fits: impl Fn(&Record, Option<&Memberships>) -> bool,
) -> Option<Origin> {
    layers.iter().find_map(|(layer, template)| {
        let mut entries = template.dates.iter().flat_map(|dates| &dates.during);
        let during = entries.find(|entry| fits(&entry.set.record, entry.set.queues.as_deref()));
        let is_base = || fits(&template.record, template.queues.as_deref());
        (during.is_some() || is_base())
            .then(|| Origin { layer: layer.clone(), during: during.map(|entry| entry.when.during()) })
    })
}

/// The keys that put agents into a queue, by their places.
#[derive(Default)]
struct MemberKeys<'a>(BTreeMap<&'a Source, (MemberKey, Option<During>)>);

impl<'a> MemberKeys<'a> {
    fn new(raw: Option<&'a RawQueue>) -> Self {
        let mut keys = Self::default();
        if let Some(raw) = raw {
            let sets = raw.during.iter().map(|entry| {
                (entry.set.members.as_ref(), entry.set.selector.as_ref(), Some(entry.when.during()))
            });
            let base = (raw.members.as_ref(), raw.selector.as_ref(), None);
            for (members, selector, during) in sets.chain([base]) {
                for member in members.iter().flat_map(|(_, list)| list) {
                    keys.0.insert(&member.source, (MemberKey::AssignMembers, during.clone()));
                    for entry in member.dates.iter().flat_map(|dates| &dates.during) {
                        let during = Some(entry.when.during());
                        keys.0.insert(&entry.set.1, (MemberKey::AssignMembers, during));
                    }
                }
                let selector =
                    selector.map(|selector| (&selector.source, (MemberKey::MemberSelector, during)));
                keys.0.extend(selector);
            }
        }
        keys
    }

    /// Returns the place of the selector that holds, if it chooses a member or excepts an agent.
    fn selector(&self, queue: &DesiredQueue, raw: &'a RawQueue) -> Option<(&'a Source, Option<During>)> {
        let wanted = queue.selector.as_ref()?;
        let selectors = raw.during.iter().filter_map(|entry| entry.set.selector.as_ref());
        let first = |record: &Record| record.iter().find_map(|entry| entry.source.cloned());
        let place = first(wanted);
        let found = selectors.chain(&raw.selector).find(|one| first(&one.wanted) == place)?;
        let (_, during) = self.0.get(&found.source)?;
        Some((&found.source, during.clone()))
    }
}

/// Returns the members of a queue, and the agents that it names and does not hold.
fn members(
    id: &ResourceId,
    queue: &DesiredQueue,
    names: Names<'_>,
    layers: &Layers<'_>,
    keys: &MemberKeys<'_>,
    wanted: impl Fn(&OperatorId) -> bool,
) -> (Vec<Membership>, Vec<Exclusion>) {
    let all = queue.members_or_none();
    let members = all.iter().filter(|(agent, _)| wanted(agent)).filter_map(|(agent, priority)| {
        let source = queue.member_sources.get(agent)?;
        let (by, origin) = if let Some((by, during)) = keys.0.get(source) {
            (*by, Origin { layer: Layer::Queue, during: during.clone() })
        } else {
            let layers = layers.of(names.desired.agents.get(agent)?);
            let says = |_: &Record, queues: Option<&Memberships>| {
                queues.is_some_and(|named| named.queues.values().any(|(_, place)| place == source))
            };
            (MemberKey::Queues, origin(&layers, says)?)
        };
        Some(Membership {
            queue: id.clone(),
            agent_number: agent.clone(),
            name: names.name(agent),
            priority: *priority,
            by,
            origin,
            source: source.clone(),
        })
    });
    let exclusion = |agent: &OperatorId, out_of_date, source: &Source| Exclusion {
        queue: id.clone(),
        agent_number: agent.clone(),
        name: names.name(agent),
        out_of_date,
        source: source.clone(),
    };
    let late = queue.excluded.iter().filter(|(agent, _)| wanted(agent));
    let late = late.map(|(agent, out)| exclusion(agent, Some(out.clone()), &out.source));
    let selector = layers.queues.get(&queue.source).and_then(|raw| keys.selector(queue, raw));
    let excepted = selector.iter().flat_map(|(source, _)| {
        let excepted = queue.except.iter().filter(|agent| wanted(agent) && !all.contains_key(agent));
        excepted.map(|agent| exclusion(agent, None, source))
    });
    (members.collect(), late.chain(excepted).collect())
}

fn agent_hit(
    id: &OperatorId,
    names: Names<'_>,
    layers: &Layers<'_>,
    queues: Vec<Membership>,
    excluded: Vec<Exclusion>,
) -> AgentHit {
    let agent = names.desired.agents.get(id);
    let raw = agent.and_then(|agent| layers.agents.get(&agent.source)).map(|(raw, _)| *raw);
    let mut hit = AgentHit {
        id: ResourceId::agent(id),
        operator_id: id.clone(),
        name: names.name(id),
        declared: match agent {
            None => Declared::Nowhere,
            Some(_) if raw.is_some_and(|raw| raw.absent) => Declared::Absent,
            Some(_) => Declared::Present,
        },
        source: agent.map(|agent| agent.source.clone()),
        pool: None,
        profile: raw.and_then(|raw| raw.profile.as_ref()).map(|(name, _)| Arc::clone(name)),
        out_of_date: agent.and_then(|agent| agent.out_of_date.as_deref().cloned()),
        fields: Vec::new(),
        queues,
        excluded,
    };
    let Some(agent) = agent else { return hit };
    let all = layers;
    let layers = all.of(agent);
    if let Some((Layer::Pool { pool }, _)) = layers.first() {
        hit.pool = Some(pool.clone());
    }
    if hit.declared == Declared::Absent {
        // No value of a tombstone is in use.
        return hit;
    }
    for Entry { field, value, source } in names.values(id).iter() {
        let says = |record: &Record, _: Option<&Memberships>| {
            record.entry(field).is_some_and(|e| e.source == source)
        };
        if let Some(origin) = origin(&layers, says) {
            let source = source.cloned();
            hit.fields.push(FieldHit { path: field.key, value: value.clone(), origin, source });
        }
    }
    let mut flag = |path, said: &dyn Fn(&Template) -> Option<bool>| {
        let first = layers.iter().find_map(|(layer, template)| Some((layer.clone(), said(template)?)));
        hit.fields.extend(first.map(|(layer, flag)| FieldHit {
            path,
            value: Value::Flag(flag),
            source: all.place(&layer, agent),
            origin: Origin { layer, during: None },
        }));
    };
    flag("protect", &|template| template.protect);
    flag("allowAnyRole", &|template| template.allow_any_role);
    let span = raw.and_then(|raw| raw.template.dates.as_ref()).map(|dates| &dates.span);
    let ends = span.into_iter().flat_map(|span| [("from", &span.from), ("until", &span.until)]);
    for (path, end) in ends {
        if let (Some((date, source)), Some((layer, _))) = (end, layers.first()) {
            let (value, source) = (Value::Text(date.to_string().into()), Some(source.clone()));
            hit.fields.push(FieldHit {
                path,
                value,
                origin: Origin { layer: layer.clone(), during: None },
                source,
            });
        }
    }
    hit
}

fn queue_hit(
    id: &ResourceId,
    queue: &DesiredQueue,
    layers: &Layers<'_>,
    keys: &MemberKeys<'_>,
    members: Vec<Membership>,
    excluded: Vec<Exclusion>,
) -> QueueHit {
    let raw = layers.queues.get(&queue.source).copied().filter(|_| !queue.implied);
    let own = Origin { layer: Layer::Queue, during: None };
    let field = |path, value, source: Option<&Source>| FieldHit {
        path,
        value,
        origin: own.clone(),
        source: source.cloned(),
    };
    let attributes = queue.record.iter().filter(|entry| *entry.field != ASSIGN_MEMBERS);
    let mut fields: Vec<FieldHit> =
        attributes.map(|entry| field(entry.field.key, entry.value.clone(), entry.source)).collect();
    fields.extend(queue.exten.clone().map(|exten| field("exten", Value::Text(exten), None)));
    let was = queue.was.clone();
    fields.extend(was.map(|(was, source)| field("was", Value::Text(was), Some(&source))));
    fields.extend(queue.distinct.then(|| field("distinct", Value::Flag(true), None)));
    let mode = raw.and_then(|raw| raw.mode);
    fields.extend(mode.map(|mode| field("members", Value::Choice(mode.word()), None)));
    if let Some((count, source)) = &queue.min_members {
        let mut entries = raw.into_iter().flat_map(|raw| &raw.during);
        let during = entries.find(|entry| entry.set.min_members.as_ref().is_some_and(|(_, s)| s == source));
        let count = Value::Number(i64::try_from(*count).unwrap_or(i64::MAX));
        let mut hit = field("minMembers", count, Some(source));
        hit.origin.during = during.map(|entry| entry.when.during());
        fields.push(hit);
    }
    fields.extend(queue.allow_empty.then(|| field("allowEmpty", Value::Flag(true), None)));
    let selector = raw.and_then(|raw| keys.selector(queue, raw)).zip(queue.selector.as_ref());
    QueueHit {
        id: id.clone(),
        name: Arc::clone(&queue.name),
        declared: !queue.implied,
        source: queue.source.clone(),
        fields,
        member_selector: selector.map(|((source, during), wanted)| SelectorHit {
            fields: wanted.iter().map(|e| field(e.field.key, e.value.clone(), e.source)).collect(),
            source: source.clone(),
            during,
        }),
        members,
        excluded,
    }
}

fn seat_hit(account: &OperatorId, seat: &DesiredSeat) -> SeatHit {
    let origin = Origin { layer: Layer::Seat, during: None };
    let field = |entry: Entry<'_>| {
        let source = entry.source.cloned();
        FieldHit { path: entry.field.key, value: entry.value.clone(), origin: origin.clone(), source }
    };
    SeatHit {
        id: ResourceId::seat(account),
        source: seat.source.clone(),
        fields: seat.record.iter().map(field).collect(),
    }
}
