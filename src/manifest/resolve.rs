//! Resolves documents into Desired: pools, profiles, defaults, selectors, and the rules of the whole roster.
//!
//! Precedence: the agent, then its profile, then the document's `defaults`. The order of files, documents and entries
//! does not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::{Calendar, DatedEntry, Layer, substitute};
use super::members::{Agents, Joining, QueuePlan};
use super::names::{Catalogue, catalogue, check_name, in_catalogues, named, unknown};
use super::reserved_secrets::ReservedSecrets;
use super::roster_document::{Document, Template};
use super::scope_check::{self, EntryCheck};
use super::shared_password_check;
use super::timeline::{Dates, Timeline};
use crate::config::load::reference;
use crate::config::workspace::Workspace;
use crate::model::agent::{self, MAIN_SKILL_GROUP, PASSWORD, ROLE, SIP, SKILL_LEVEL};
use crate::model::desired::{Desired, DesiredAgent, DesiredSeat, Existence};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::field::{Entry, Field, Record};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::problem::{Label, NameKind, RosterProblem};
use crate::model::queue;
use crate::model::source::Source;
use crate::model::support::Mapping;
use crate::model::value::{Sip, Value};
use crate::yaml::placeholder::{PLACEHOLDER, misspelt, unfilled};

/// Most agents of all manifests.
const MOST_AGENTS: u64 = 1_200_000;
/// Most bytes of all texts with an agent's number, expanded.
const MOST_BYTES: u64 = 512 << 20;
/// Most members that all selectors find.
const MOST_SELECTED: usize = 5_000_000;
/// Most pairs of a selector and an agent that are compared.
const MOST_COMPARED: usize = 2_000_000_000;

/// The manifests, resolved.
#[derive(Default)]
pub(super) struct Resolved {
    pub desired: Desired,
    /// The dates; `None` without any.
    pub dates: Option<Box<Dates>>,
}

/// Resolves documents at an instant. If some could not be read (`whole` is false), they may declare a missing name: that
/// alone is then no error.
pub(super) fn expand(
    documents: Vec<Document>,
    whole: bool,
    workspace: &Workspace,
    at: Timestamp,
    out: &mut Diagnostics,
) -> Resolved {
    let all_names = whole && !documents.iter().any(|d| d.lost_names);
    let mut all_agents = whole && !documents.iter().any(|d| d.lost_agents);
    let roles = catalogue(documents.iter().map(|d| d.roles.as_deref()), all_names);
    let groups = catalogue(documents.iter().map(|d| d.skill_groups.as_deref()), all_names);
    let periods = documents.iter().flat_map(|document| &document.periods);
    let mut calendar = Calendar::new(workspace.time_zone.as_ref(), periods, all_names, out);
    let mut profiles: BTreeMap<Arc<str>, (Source, Arc<Layer>)> = BTreeMap::new();
    let mut complained: BTreeSet<Source> = BTreeSet::new();
    let own = ReservedSecrets::from_workspace(workspace);
    let support = workspace.supports().agents;
    let support = workspace.connection_of_kind(Kind::Agent).map(|_| support);
    let layer = |template, calendar: &mut Calendar, complained: &mut BTreeSet<Source>, out: &mut _| {
        let layer = Layer::new(template, calendar, out);
        for record in layer.dated() {
            named(record, roles.as_ref(), groups.as_ref(), out);
            check_placeholders(record, complained, out);
        }
        layer.check(support, complained, out);
        Arc::new(layer)
    };
    for ((name, source), template) in documents.iter().flat_map(|d| &d.profiles) {
        in_catalogues(template, roles.as_ref(), groups.as_ref(), out);
        check_template(template, workspace, &own, &mut complained, out);
        if let Some((first, _)) = profiles.get(name) {
            let problem = RosterProblem::ProfileTwice { profile: name.to_string() };
            out.push(Diagnostic::at(source, problem).related(first, Label::First));
        } else {
            let layer = layer(template.clone(), &mut calendar, &mut complained, out);
            profiles.insert(Arc::clone(name), (source.clone(), layer));
        }
    }

    let mut desired = Desired::default();
    if let Some(diagnostic) = too_many(&documents) {
        out.push(diagnostic);
        return Resolved::default();
    }
    let mut queues = Vec::new();
    let mut joining = Joining::default();
    let mut agents = Vec::with_capacity(documents.iter().map(|d| d.agents.len()).sum());
    let mut in_time: BTreeMap<OperatorId, Arc<DatedEntry>> = BTreeMap::new();
    let mut written: u64 = 0;
    let mut pools = 0;
    for document in documents {
        in_catalogues(&document.defaults, roles.as_ref(), groups.as_ref(), out);
        check_template(&document.defaults, workspace, &own, &mut complained, out);
        let defaults = layer(document.defaults, &mut calendar, &mut complained, out);
        for raw in document.agents {
            in_catalogues(&raw.template, roles.as_ref(), groups.as_ref(), out);
            let mut template = raw.template;
            let dates = template.dates.take();
            let mut profile = None;
            if let Some((name, source)) = &raw.profile {
                if let Some((_, layer)) = profiles.get(name) {
                    profile = Some(layer);
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
            let shared = profile.into_iter().chain([&defaults]);
            let is_dated =
                !raw.absent && (dates.is_some() || shared.clone().any(|layer| !layer.overlays.is_empty()));
            let base = is_dated.then(|| Template { dates: dates.clone(), ..template.clone() });
            for layer in shared.clone() {
                template.fill_from(&layer.template);
            }
            if let Some(level) = template.record.entry(&SKILL_LEVEL)
                && template.record.get(&MAIN_SKILL_GROUP).is_none()
                && !raw.absent
                && (raw.profile.is_none() || profile.is_some())
                && let Some(source) = level.source
                && !complained.contains(source)
            {
                complained.insert(source.clone());
                out.push(Diagnostic::at(source, RosterProblem::LevelWithoutGroup));
            }
            written = written.saturating_add(raw.ids.len().saturating_mul(waiting_bytes(&template.record)));
            if written > MOST_BYTES {
                out.push(Diagnostic::at(&raw.source, RosterProblem::TextsGrow { most: MOST_BYTES }));
                return Resolved::default();
            }
            let pool = raw.ids.is_pool().then(|| {
                pools += 1;
                pools
            });
            check_placeholders(&template.record, &mut complained, out);
            let entry = base.map(|base| {
                let span = base.dates.as_ref().and_then(|dates| calendar.span(&dates.span, out));
                let mut layers = vec![layer(base, &mut calendar, &mut complained, out)];
                layers.extend(shared.cloned());
                let source = raw.source.clone();
                let span = span.unwrap_or_default();
                let entry = DatedEntry { source, pool, span, layers, leavers: workspace.policy.leavers };
                if raw.profile.is_none() || profile.is_some() {
                    entry.check(&template, support, &mut complained, out);
                }
                Arc::new(entry)
            });
            // A name with `{operatorId}` is looked up once the number is in it.
            let waiting = [&ROLE, &MAIN_SKILL_GROUP]
                .into_iter()
                .any(|field| template.record.text(field).is_some_and(|name| name.contains(PLACEHOLDER)));
            let from = agents.len();
            let mut scope = EntryCheck::new(&workspace.scope);
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
                if let Some(scope) = &mut scope {
                    scope.agent(&id, &record, &raw.id_source, out);
                    if let Some(entry) = &entry {
                        scope.dated(&id, &entry.layers, &mut complained, out);
                    }
                }
                let agent = DesiredAgent {
                    source: raw.source.clone(),
                    existence: if raw.absent { Existence::Absent } else { Existence::Present },
                    out_of_date: None,
                    protect: template.protect.unwrap_or(false),
                    allow_any_role: template.allow_any_role.unwrap_or(false),
                    pool,
                    record,
                };
                if let Some(entry) = &entry {
                    in_time.insert(id.clone(), Arc::clone(entry));
                } else if let Some(queues) = template.queues.as_ref().filter(|_| !raw.absent) {
                    desired.memberships.insert(id.clone(), Arc::clone(queues));
                }
                agents.push((id, raw.id_source.clone(), agent));
            }
            if let Some(scope) = scope {
                scope.finish(out);
            }
            let joined = match &entry {
                Some(entry) => entry.queue_names().collect(),
                None => template.queue_names().filter(|_| !raw.absent).collect::<BTreeSet<_>>(),
            };
            joining.add(joined, &agents[from..].iter().map(|(id, ..)| id));
            if joining.len() > MOST_SELECTED {
                out.push(Diagnostic::at(&raw.source, RosterProblem::TooManyMembers { most: MOST_SELECTED }));
                return Resolved::default();
            }
        }
        queues.extend(document.queues);
        for ((account, at), source, record) in document.seats {
            let key = OperatorId::new(account);
            scope_check::seat(&workspace.scope, &key, &at, out);
            check_password(&record, workspace, &own, &mut complained, out);
            if let Some(first) = desired.seats.get(&key) {
                out.push(declared_twice(&at, Kind::Seat, key.as_str(), &first.source));
            } else {
                desired.seats.insert(key, DesiredSeat { source, record });
            }
        }
    }
    desired.agents = once(agents, out);
    shared_password_check::check(&desired, out);
    let mut queues: Vec<QueuePlan> =
        queues.into_iter().map(|raw| QueuePlan::new(raw, &mut calendar, out)).collect();
    joining.attach(&mut queues, out);
    if let Some(diagnostic) = too_many_members(&queues, &desired.agents) {
        out.push(diagnostic);
        return Resolved { desired, dates: None };
    }
    if let Some(first) = calendar.first.as_ref().filter(|_| workspace.time_zone.is_none()) {
        out.push(Diagnostic::at(first, RosterProblem::NoTimeZone));
    }
    let mut plans = Vec::with_capacity(queues.len());
    let mut named: BTreeMap<Arc<str>, BTreeMap<Option<Arc<str>>, ResourceId>> = BTreeMap::new();
    for plan in queues {
        check_queue(&plan, &desired.agents, groups.as_ref(), roles.as_ref(), out);
        scope_check::queue(&workspace.scope, &plan, out);
        // The members follow once the agents are known at the instant.
        let queue = plan.bare(at);
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
            desired.queues.insert(id.clone(), queue);
            plans.push((id, plan));
        }
    }
    pinned_once(&desired, out);
    renamed_once(&desired, out);
    if whole {
        need_connections(&desired, workspace, out);
        need_fields(&desired, workspace, out);
    }
    let dates = Dates::new(calendar.zone, at, in_time, plans);
    dates.begin(&mut desired);
    for (id, plan) in dates.queues().iter().filter(|_| all_agents) {
        check_members(plan, &desired, id, at, out);
    }
    for (_, plan, dispute) in Timeline::new(&dates, &desired).disputes() {
        let (agent, queue) = (dispute.id.clone(), plan.name.to_string());
        let (listed, own) = (dispute.listed.0, dispute.own.0);
        let problem = RosterProblem::TwoPriorities { agent, queue, listed, own };
        out.push(Diagnostic::at(dispute.own.1, problem).related(dispute.listed.1, Label::Other));
    }
    sip_once(&desired, out);
    let dates = (!dates.is_empty()).then(|| Box::new(dates));
    Resolved { desired, dates }
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
fn too_many_members(queues: &[QueuePlan], agents: &BTreeMap<OperatorId, DesiredAgent>) -> Option<Diagnostic> {
    let selectors = || queues.iter().flat_map(QueuePlan::sets).filter_map(|set| set.selector.as_ref());
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
        found += selector.among(Agents::now(agents)).count();
        found > MOST_SELECTED
    })?;
    Some(Diagnostic::at(&one_too_many.source, RosterProblem::TooManyMembers { most: MOST_SELECTED }))
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
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| agent.is_present()) {
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

/// Checks the names in a queue's selectors, and the agents in its lists, of any time.
fn check_queue(
    plan: &QueuePlan,
    agents: &BTreeMap<OperatorId, DesiredAgent>,
    groups: Option<&Catalogue>,
    roles: Option<&Catalogue>,
    out: &mut Diagnostics,
) {
    for set in plan.sets() {
        if let Some(selector) = &set.selector {
            check_name(&selector.wanted, &MAIN_SKILL_GROUP, NameKind::SkillGroup, groups, out);
            check_name(&selector.wanted, &ROLE, NameKind::Role, roles, out);
        }
        for member in set.members.iter().flat_map(|(_, list)| list) {
            if let Some(agent) = agents.get(&member.id).filter(|agent| agent.is_absent()) {
                let problem = RosterProblem::MemberAbsent { agent: member.id.clone() };
                out.push(Diagnostic::at(&member.source, problem).related(&agent.source, Label::AbsentHere));
            }
        }
    }
}

/// Reports a queue without members, at an instant.
fn check_members(plan: &QueuePlan, desired: &Desired, id: &ResourceId, at: Timestamp, out: &mut Diagnostics) {
    let view = plan.view(at);
    if view.allow_empty {
        return;
    }
    let queue = plan.name.to_string();
    if let Some(selector) = view.selector
        && selector.among(Agents::now(&desired.agents)).next().is_none()
    {
        out.push(Diagnostic::at(&selector.source, RosterProblem::SelectsNone { queue }));
    } else if let Some(source) = view.naming()
        && desired.queues.get(id).is_some_and(|queue| queue.member_sources.is_empty())
    {
        out.push(Diagnostic::at(source, RosterProblem::NoMembersNow { queue }));
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
    let agents = desired.agents.values().filter(|agent| !agent.is_absent()).map(|agent| &agent.record);
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
        assert!(desired.agents.values().all(DesiredAgent::is_absent));
        let wrong = roster("defaults: { skillLevel: 3 }\nagents: [{ operatorId: \"1\" }]").unwrap_err();
        assert_eq!(wrong, ["`skillLevel` without `mainSkillGroup`"]);
    }
}
