//! Resolves documents into Desired: pools, profiles, defaults, selectors, and the rules of the whole roster.
//!
//! Precedence: the agent, then its profile, then the document's `defaults`. The order of files, documents and entries
//! does not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reserved_secrets::ReservedSecrets;
use super::roster_document::{Document, Named, RawQueue, Selector, Template};
use super::shared_password_check;
use crate::config::load::reference;
use crate::config::workspace::Workspace;
use crate::model::agent::{self, MAIN_SKILL_GROUP, PASSWORD, ROLE, SIP, SKILL_LEVEL};
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue, DesiredSeat};
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::field::{Entry, Field, Record};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::problem::{Label, NameKind, RosterProblem};
use crate::model::queue::{self, ASSIGN_MEMBERS};
use crate::model::source::Source;
use crate::model::support::Mapping;
use crate::model::text::listed;
use crate::model::value::{Members, Sip, Value};
use crate::yaml::placeholder::{PLACEHOLDER, misspelt, unfilled};

/// Most agents of all manifests.
const MOST_AGENTS: u64 = 1_200_000;
/// Most bytes of all texts with an agent's number, expanded.
const MOST_BYTES: u64 = 512 << 20;
/// Most members that all selectors find.
const MOST_SELECTED: usize = 5_000_000;
/// Most pairs of a selector and an agent that are compared.
const MOST_COMPARED: usize = 2_000_000_000;

/// Number of errors from which on near names are not searched.
const MOST_SEARCHES: usize = 200;
/// Most names that are listed without a near one.
const MOST_LISTED: usize = 12;

/// Resolves documents. If some could not be read (`whole` is false), they may declare a missing name: that alone is
/// then no error.
pub(super) fn expand(
    documents: Vec<Document>,
    whole: bool,
    workspace: &Workspace,
    out: &mut Diagnostics,
) -> Desired {
    let all_names = whole && !documents.iter().any(|d| d.lost_names);
    let mut all_agents = whole && !documents.iter().any(|d| d.lost_agents);
    let roles = catalogue(documents.iter().map(|d| d.roles.as_deref()), all_names);
    let groups = catalogue(documents.iter().map(|d| d.skill_groups.as_deref()), all_names);
    let mut profiles: BTreeMap<Arc<str>, (Source, Template)> = BTreeMap::new();
    let mut complained: BTreeSet<Source> = BTreeSet::new();
    let own = ReservedSecrets::from_workspace(workspace);
    for ((name, source), template) in documents.iter().flat_map(|d| &d.profiles) {
        in_catalogues(template, roles.as_ref(), groups.as_ref(), out);
        check_template(template, workspace, &own, &mut complained, out);
        if let Some((first, _)) = profiles.get(name) {
            let problem = RosterProblem::ProfileTwice { profile: name.to_string() };
            out.push(Diagnostic::at(source, problem).related(first, Label::First));
        } else {
            profiles.insert(Arc::clone(name), (source.clone(), template.clone()));
        }
    }

    let mut desired = Desired::default();
    if let Some(diagnostic) = too_many(&documents) {
        out.push(diagnostic);
        return desired;
    }
    let mut queues = Vec::new();
    let mut agents = Vec::with_capacity(documents.iter().map(|d| d.agents.len()).sum());
    let mut written: u64 = 0;
    let mut pools = 0;
    for document in documents {
        in_catalogues(&document.defaults, roles.as_ref(), groups.as_ref(), out);
        check_template(&document.defaults, workspace, &own, &mut complained, out);
        for raw in document.agents {
            in_catalogues(&raw.template, roles.as_ref(), groups.as_ref(), out);
            let mut template = raw.template;
            if let Some((name, source)) = &raw.profile {
                if let Some((_, profile)) = profiles.get(name) {
                    template.fill_from(profile);
                } else {
                    // The values of the profile are unknown too.
                    all_agents = false;
                    out.extend(unknown(
                        NameKind::Profile,
                        name,
                        source,
                        profiles.keys().map(|k| &**k),
                        all_names,
                        out.len(),
                    ));
                }
            }
            template.fill_from(&document.defaults);
            if let Some(level) = template.record.entry(&SKILL_LEVEL)
                && template.record.get(&MAIN_SKILL_GROUP).is_none()
                && !raw.absent
                && raw.profile.as_ref().is_none_or(|(name, _)| profiles.contains_key(name))
                && let Some(source) = level.source
                && !complained.contains(source)
            {
                complained.insert(source.clone());
                out.push(Diagnostic::at(source, RosterProblem::LevelWithoutGroup));
            }
            written = written.saturating_add(raw.ids.len().saturating_mul(waiting_bytes(&template.record)));
            if written > MOST_BYTES {
                out.push(Diagnostic::at(&raw.source, RosterProblem::TextsGrow { most: MOST_BYTES }));
                return Desired::default();
            }
            let pool = raw.ids.is_pool().then(|| {
                pools += 1;
                pools
            });
            check_placeholders(&template.record, &mut complained, out);
            // A name with `{operatorId}` is looked up once the number is in it.
            let waiting = [&ROLE, &MAIN_SKILL_GROUP]
                .into_iter()
                .any(|field| template.record.text(field).is_some_and(|name| name.contains(PLACEHOLDER)));
            let mut ids = raw.ids.into_iter().peekable();
            while let Some(id) = ids.next() {
                // The last agent takes the record that the others copy.
                let record = match ids.peek() {
                    Some(_) => template.record.clone(),
                    None => std::mem::take(&mut template.record),
                };
                let record = substitute(record, &id);
                if waiting {
                    named(&record, roles.as_ref(), groups.as_ref(), out);
                }
                check_password(&record, workspace, &own, &mut complained, out);
                let agent = DesiredAgent {
                    source: raw.source.clone(),
                    absent: raw.absent,
                    protect: template.protect.unwrap_or(false),
                    allow_any_role: template.allow_any_role.unwrap_or(false),
                    pool,
                    record,
                };
                agents.push((id, raw.id_source.clone(), agent));
            }
        }
        queues.extend(document.queues);
        for ((account, at), source, record) in document.seats {
            let key = OperatorId::new(account);
            check_password(&record, workspace, &own, &mut complained, out);
            if let Some(first) = desired.seats.get(&key) {
                out.push(declared_twice(&at, Kind::Seat, key.as_str(), &first.source));
            } else {
                desired.seats.insert(key, DesiredSeat { source, record });
            }
        }
    }
    desired.agents = once(agents, out);
    if let Some(diagnostic) = too_many_members(&queues, &desired.agents) {
        out.push(diagnostic);
        return desired;
    }
    let mut named: BTreeMap<Arc<str>, BTreeMap<Option<Arc<str>>, ResourceId>> = BTreeMap::new();
    for raw in queues {
        let queue = queue(raw, &desired.agents, all_agents, groups.as_ref(), roles.as_ref(), out);
        let id = queue.id();
        let namesakes = named.entry(Arc::clone(&queue.name)).or_default();
        // A queue without a number matches any queue of its name.
        let same_name = match &queue.exten {
            None => namesakes.values().next(),
            exten => namesakes.get(&None).or_else(|| namesakes.get(exten)),
        };
        // A name may hold an `@` of its own.
        let same_name = desired.queues.get(same_name.unwrap_or(&id));
        if let Some(first) = same_name {
            out.push(declared_twice(&queue.source, Kind::Queue, &queue.name, &first.source));
        } else {
            namesakes.insert(queue.exten.clone(), id.clone());
            desired.queues.insert(id, queue);
        }
    }
    shared_password_check::check(&desired, out);
    sip_once(&desired, out);
    pinned_once(&desired, out);
    renamed_once(&desired, out);
    if whole {
        need_connections(&desired, workspace, out);
        need_fields(&desired, workspace, out);
    }
    desired
}

fn declared_twice(source: &Source, kind: Kind, name: &str, first: &Source) -> Diagnostic {
    let problem = RosterProblem::DeclaredTwice { kind, name: name.to_owned() };
    Diagnostic::at(source, problem).related(first, Label::First)
}

/// Returns an error if the files declare too many agents for a run. It expands no pool.
fn too_many(documents: &[Document]) -> Option<Diagnostic> {
    let mut agents: u64 = 0;
    for raw in documents.iter().flat_map(|document| &document.agents) {
        agents += raw.ids.len();
        if agents > MOST_AGENTS {
            return Some(Diagnostic::at(&raw.source, RosterProblem::TooManyAgents { most: MOST_AGENTS }));
        }
    }
    None
}

/// Returns an error if the selectors find too many members, or compare too many pairs.
fn too_many_members(queues: &[RawQueue], agents: &BTreeMap<OperatorId, DesiredAgent>) -> Option<Diagnostic> {
    let selectors = || queues.iter().filter_map(|queue| queue.selector.as_ref());
    let most = MOST_COMPARED.checked_div(agents.len())?;
    if let Some(selector) = selectors().nth(most) {
        let problem = RosterProblem::TooManySelectors { most, agents: agents.len() };
        return Some(Diagnostic::at(&selector.source, problem));
    }
    if selectors().count().saturating_mul(agents.len()) <= MOST_SELECTED {
        return None;
    }
    let mut found = 0;
    let one_too_many = selectors().find(|selector| {
        found += selector.among(agents).count();
        found > MOST_SELECTED
    })?;
    Some(Diagnostic::at(&one_too_many.source, RosterProblem::TooManyMembers { most: MOST_SELECTED }))
}

impl Selector {
    /// Returns the agents that it selects.
    fn among<'a>(
        &self,
        agents: &'a BTreeMap<OperatorId, DesiredAgent>,
    ) -> impl Iterator<Item = &'a OperatorId> {
        let holds = |agent: &DesiredAgent| {
            self.wanted.iter().all(|want| agent.record.get(want.field) == Some(want.value))
        };
        agents.iter().filter(move |(_, agent)| !agent.absent && holds(agent)).map(|(id, _)| id)
    }
}

/// Returns the size of a record's texts with a placeholder, in bytes.
fn waiting_bytes(record: &Record) -> u64 {
    let texts = record.iter().filter_map(|entry| entry.value.text());
    texts.filter(|text| text.contains('{')).map(|text| text.len() as u64).sum()
}

/// Reports a vendor's number that two queues are pinned to.
fn pinned_once(desired: &Desired, out: &mut Diagnostics) {
    let mut pinned: BTreeMap<&str, &Source> = BTreeMap::new();
    for queue in desired.queues.values() {
        if let Some(exten) = &queue.exten
            && let Some(first) = pinned.insert(exten, &queue.source)
        {
            let problem =
                RosterProblem::PinnedTwice { queue: queue.name.to_string(), exten: exten.to_string() };
            out.push(Diagnostic::at(&queue.source, problem).related(first, Label::Other));
        }
    }
}

/// Reports a former name that another queue has, or that is the queue's own.
fn renamed_once(desired: &Desired, out: &mut Diagnostics) {
    let mut names: BTreeMap<&str, &Source> = BTreeMap::new();
    names.extend(desired.queues.values().map(|queue| (&*queue.name, &queue.source)));
    let mut former: BTreeMap<&str, &Source> = BTreeMap::new();
    for queue in desired.queues.values() {
        let Some((was, source)) = &queue.was else { continue };
        let name = was.to_string();
        let (problem, first, label) = if let Some(first) = names.get(&**was) {
            let problem = RosterProblem::FormerNameDeclared { queue: queue.name.to_string(), was: name };
            (problem, *first, Label::QueueOfThatName)
        } else if let Some(first) = former.insert(was, source) {
            (RosterProblem::FormerNameTwice { was: name }, first, Label::Other)
        } else {
            continue;
        };
        out.push(Diagnostic::at(source, problem).related(first, label));
    }
}

/// Reports a SIP number of two agents, once for each place.
fn sip_once(desired: &Desired, out: &mut Diagnostics) {
    let mut first: BTreeMap<&str, (&OperatorId, &Source)> = BTreeMap::new();
    let mut complained: BTreeSet<&Source> = BTreeSet::new();
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| !agent.absent) {
        let Some(Entry { value: Value::Sip(Sip::Number(number)), source: Some(source), .. }) =
            agent.record.entry(&SIP)
        else {
            continue;
        };
        let Some((other, place)) = first.get(&**number) else {
            first.insert(number, (id, source));
            continue;
        };
        if !complained.insert(source) {
            continue;
        }
        let (first, second, number) = ((*other).clone(), id.clone(), number.to_string());
        let diagnostic = Diagnostic::at(source, RosterProblem::SipTwice { first, second, number });
        let apart = *place != source;
        out.push(if apart { diagnostic.related(place, Label::First) } else { diagnostic });
    }
}

impl Template {
    fn fill_from(&mut self, other: &Template) {
        self.record.fill_from(&other.record);
        self.protect = self.protect.or(other.protect);
        self.allow_any_role = self.allow_any_role.or(other.allow_any_role);
    }
}

/// The declared names.
struct Catalogue {
    names: Vec<Arc<str>>,
    known: BTreeSet<Arc<str>>,
    /// True if the names are complete.
    whole: bool,
}

fn catalogue<'a>(lists: impl Iterator<Item = Option<&'a [Named]>>, whole: bool) -> Option<Catalogue> {
    let mut all: Option<Vec<Arc<str>>> = None;
    for list in lists.flatten() {
        all.get_or_insert_default().extend(list.iter().map(|(name, _)| Arc::clone(name)));
    }
    all.map(|names| Catalogue { known: names.iter().cloned().collect(), names, whole })
}

/// Reports an undeclared name. If some files could not be read, reports it only with a near name, which makes a slip
/// likely.
fn unknown<'a>(
    what: NameKind,
    name: &str,
    source: &Source,
    known: impl Iterator<Item = &'a str> + Clone,
    whole: bool,
    before: usize,
) -> Diagnostics {
    let mut out = Diagnostics::default();
    // Each search goes through all names.
    let near = if before < MOST_SEARCHES { did_you_mean(name, known.clone()) } else { None };
    if near.is_none() && !whole {
        return out;
    }
    // Lists the other names only without a near one.
    let known = listed(known.take(if near.is_some() { 0 } else { MOST_LISTED }));
    let (name, near) = (name.to_owned(), near.map(str::to_owned));
    out.push(Diagnostic::at(source, RosterProblem::UnknownName { what, name, near, known }));
    out
}

/// Reports roles and skill groups outside their catalogues, if there are any.
fn in_catalogues(
    template: &Template,
    roles: Option<&Catalogue>,
    groups: Option<&Catalogue>,
    out: &mut Diagnostics,
) {
    named(&template.record, roles, groups, out);
}

fn named(record: &Record, roles: Option<&Catalogue>, groups: Option<&Catalogue>, out: &mut Diagnostics) {
    check_name(record, &ROLE, NameKind::Role, roles, out);
    check_name(record, &MAIN_SKILL_GROUP, NameKind::SkillGroup, groups, out);
}

fn check_name(
    record: &Record,
    field: &'static Field,
    what: NameKind,
    known: Option<&Catalogue>,
    out: &mut Diagnostics,
) {
    if let Some(known) = known
        && let Some(entry) = record.entry(field)
        && let Value::Text(name) = entry.value
        && !name.contains(PLACEHOLDER)
        && !known.known.contains(name)
        && let Some(source) = entry.source
    {
        out.extend(unknown(what, name, source, known.names.iter().map(|k| &**k), known.whole, out.len()));
    }
}

/// Returns agents by number; of two with one number the first counts. One sort of all costs little, since most files
/// are in order.
fn once(
    mut agents: Vec<(OperatorId, Source, DesiredAgent)>,
    out: &mut Diagnostics,
) -> BTreeMap<OperatorId, DesiredAgent> {
    agents.sort_by(|a, b| a.0.cmp(&b.0));
    let mut pools = BTreeSet::new();
    for pair in agents.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let [(id, _, _), (_, at, agent)] = pair else { continue };
        // One error a pool is enough.
        if agent.pool.is_some_and(|pool| !pools.insert(pool)) {
            continue;
        }
        let first = agents.partition_point(|(other, _, _)| other < id);
        out.push(declared_twice(at, Kind::Agent, id.as_str(), &agents[first].2.source));
    }
    agents.dedup_by(|later, first| later.0 == first.0);
    agents.into_iter().map(|(id, _, agent)| (id, agent)).collect()
}

/// Replaces `{operatorId}` by the agent's number.
fn substitute(mut record: Record, id: &OperatorId) -> Record {
    let put = |text: &Arc<str>| -> Option<Arc<str>> {
        // Few texts hold a brace, and one character is found faster than a word.
        let waits = text.contains('{') && text.contains(PLACEHOLDER);
        waits.then(|| text.replace(PLACEHOLDER, id.as_str()).into())
    };
    for value in record.values_mut() {
        if let Some(text) = value.text().and_then(put) {
            *value = value.with_text(text);
        }
    }
    record.fit();
    record
}

/// Reports `{operatorID}` and the like, which would give every agent of a pool the same value.
fn check_placeholders(record: &Record, complained: &mut BTreeSet<Source>, out: &mut Diagnostics) {
    for entry in record.iter() {
        let Some(text) = entry.value.text() else { continue };
        let Some(source) = entry.source else { continue };
        if let Some(held) = misspelt(text)
            && unfilled(text).is_none()
            && !complained.contains(source)
        {
            complained.insert(source.clone());
            out.push(Diagnostic::at(source, RosterProblem::Misspelt { found: held.to_owned() }));
        }
    }
}

fn check_password(
    record: &Record,
    workspace: &Workspace,
    own: &ReservedSecrets,
    complained: &mut BTreeSet<Source>,
    out: &mut Diagnostics,
) {
    for entry in record.iter() {
        if let Value::Password(secret) = entry.value
            && let Some(source) = entry.source
            && let Some(diagnostic) = reference(secret, &secret.key, &workspace.stores, source)
                .or_else(|| own.objection(secret, &workspace.stores, source))
            && !complained.contains(source)
        {
            complained.insert(source.clone());
            out.push(diagnostic);
        }
    }
}

/// Checks the password of a profile or of `defaults`, also if no agent uses it. A key with `{operatorId}` is judged
/// with a number in it.
fn check_template(
    template: &Template,
    workspace: &Workspace,
    own: &ReservedSecrets,
    complained: &mut BTreeSet<Source>,
    out: &mut Diagnostics,
) {
    if let Some(entry) = template.record.entry(&PASSWORD)
        && let Value::Password(secret) = entry.value
        && let Some(source) = entry.source
    {
        let key = secret.key.replace(PLACEHOLDER, "0");
        let objection = reference(secret, &key, &workspace.stores, source);
        if let Some(diagnostic) = objection.or_else(|| own.objection(secret, &workspace.stores, source)) {
            complained.insert(source.clone());
            out.push(diagnostic);
        }
    }
}

fn queue(
    raw: RawQueue,
    agents: &BTreeMap<OperatorId, DesiredAgent>,
    all_agents: bool,
    groups: Option<&Catalogue>,
    roles: Option<&Catalogue>,
    out: &mut Diagnostics,
) -> DesiredQueue {
    let mut record = raw.record;
    let mut sources = BTreeMap::new();
    let mut members = Members::new();
    let managed = raw.members.is_some() || raw.selector.is_some();
    let mut place = None;
    if let Some(selector) = &raw.selector {
        check_name(&selector.wanted, &MAIN_SKILL_GROUP, NameKind::SkillGroup, groups, out);
        check_name(&selector.wanted, &ROLE, NameKind::Role, roles, out);
        place = Some(selector.source.clone());
        for id in selector.among(agents) {
            members.insert(id.clone(), selector.priority);
            sources.insert(id.clone(), selector.source.clone());
        }
        if members.is_empty() && !raw.allow_empty && all_agents {
            let problem = RosterProblem::SelectsNone { queue: raw.name.0.to_string() };
            out.push(Diagnostic::at(&selector.source, problem));
        }
    }
    if let Some((source, list)) = raw.members {
        let mut listed: BTreeMap<OperatorId, Source> = BTreeMap::new();
        for member in list {
            if let Some(first) = listed.get(&member.id) {
                let problem = RosterProblem::MemberTwice { agent: member.id.clone() };
                out.push(Diagnostic::at(&member.source, problem).related(first, Label::First));
                continue;
            }
            if let Some(agent) = agents.get(&member.id).filter(|agent| agent.absent) {
                let problem = RosterProblem::MemberAbsent { agent: member.id.clone() };
                out.push(Diagnostic::at(&member.source, problem).related(&agent.source, Label::AbsentHere));
            }
            listed.insert(member.id.clone(), member.source.clone());
            sources.insert(member.id.clone(), member.source);
            members.insert(member.id, member.priority);
        }
        place = Some(source);
    }
    if managed {
        record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members)), place);
    }
    DesiredQueue {
        source: raw.source,
        name: raw.name.0,
        exten: raw.exten,
        was: raw.was,
        distinct: raw.distinct,
        min_members: raw.min_members,
        selector: raw.selector.map(|selector| selector.wanted),
        member_sources: sources,
        record,
    }
}

/// Reports kinds without a connection: no run could apply them.
fn need_connections(desired: &Desired, workspace: &Workspace, out: &mut Diagnostics) {
    let first: [(Kind, Option<&Source>); 3] = [
        (Kind::Agent, desired.agents.values().map(|a| &a.source).min()),
        (Kind::Queue, desired.queues.values().map(|q| &q.source).min()),
        (Kind::Seat, desired.seats.values().map(|s| &s.source).min()),
    ];
    for (kind, source) in first {
        if let Some(source) = source
            && workspace.connection_of_kind(kind).is_none()
        {
            let holders = workspace.specs.iter().filter(|spec| spec.holds(kind));
            let provider = holders.map(|spec| spec.name).collect::<Vec<_>>().join("` or `").into();
            out.push(Diagnostic::at(source, RosterProblem::NoConnection { kind, provider }));
        }
    }
}

/// Reports the fields that the vendor does not know: no call can set them.
fn need_fields(desired: &Desired, workspace: &Workspace, out: &mut Diagnostics) {
    let agents = desired.agents.values().filter(|agent| !agent.absent).map(|agent| &agent.record);
    let queues = desired.queues.values().map(|queue| &queue.record);
    lacks_fields(workspace, Kind::Agent, agent::FIELDS, &agents, out);
    lacks_fields(workspace, Kind::Queue, queue::FIELDS, &queues, out);
}

/// Reports each field of some records that the vendor of their kind does not know, once.
fn lacks_fields<'a>(
    workspace: &Workspace,
    kind: Kind,
    fields: &'static [&'static Field],
    records: &(impl Iterator<Item = &'a Record> + Clone),
    out: &mut Diagnostics,
) {
    let Some(connection) = workspace.connection_of_kind(kind) else { return };
    let Some(support) = connection.spec.support(kind) else { return };
    for field in fields.iter().copied().filter(|field| *support.mapping(field) == Mapping::NONE) {
        let entries = records.clone().filter_map(|record| record.entry(field));
        if let Some(source) = entries.filter_map(|entry| entry.source).min() {
            let (field, provider) = (field.key.into(), connection.spec.name.into());
            out.push(Diagnostic::at(source, RosterProblem::NoSuchField { kind, field, provider }));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::manifest::load;
    use crate::model::source::File;
    use crate::vendors;

    const WORKSPACE: &str = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\n\
        connections:\n  a: { provider: agent-config, baseUrl: sandbox }\n  \
        w: { provider: webchat-queue, baseUrl: sandbox }\n";

    fn roster(text: &str) -> Result<Desired, Vec<String>> {
        let specs = &vendors::ALL.specs();
        let workspace =
            crate::config::load::load(&"rosterctl.yaml".into(), WORKSPACE.as_bytes(), specs).unwrap();
        let text = format!("apiVersion: rosterctl/v1\nkind: Roster\n{text}");
        let file = File { name: "a.yaml".into(), bytes: text.into_bytes() };
        load(&[file], &workspace).map_err(|out| out.into_sorted().iter().map(Diagnostic::message).collect())
    }

    #[test]
    fn a_name_that_looks_like_a_pinned_queue_takes_its_id() {
        let wrong =
            roster("queues: [{ displayName: \"a@1000\" }, { displayName: a, exten: \"1000\" }]").unwrap_err();
        assert_eq!(wrong, ["queue `a` is declared twice"]);
    }

    #[test]
    fn a_tombstone_needs_no_group_for_the_level_of_its_defaults() {
        let desired =
            roster("defaults: { skillLevel: 3 }\nagents: [{ operatorId: \"1\", state: absent }]").unwrap();
        assert!(desired.agents.values().all(|agent| agent.absent));
        let wrong = roster("defaults: { skillLevel: 3 }\nagents: [{ operatorId: \"1\" }]").unwrap_err();
        assert_eq!(wrong, ["`skillLevel` without `mainSkillGroup`"]);
    }
}
