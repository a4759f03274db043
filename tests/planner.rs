//! Invariants of every plan, checked on random rosters against a model of the vendors.
#![allow(clippy::expect_used, reason = "a test may panic")]

#[path = "planner/chance.rs"]
mod chance;
#[path = "planner/outside.rs"]
mod outside;
#[path = "support/planning.rs"]
mod planning;
#[path = "support/scenario.rs"]
mod scenario;
#[path = "support/vendors/mod.rs"]
mod vendors;

use std::collections::{BTreeMap, BTreeSet};

use chance::{as_is, chance, shuffled};
use outside::nothing_outside_the_scope_is_touched;
use planning::{Estate, desired, exten, members, words, write_down};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use rosterctl::config::workspace::{Prune, Workspace};
use rosterctl::model::agent::{PASSWORD, ROLE, SKILL_LEVEL};
use rosterctl::model::desired::{Desired, DesiredAgent};
use rosterctl::model::equivalence::same;
use rosterctl::model::id::{Kind, OperatorId, ResourceId};
use rosterctl::model::ledger::{Ledger, LedgerEntry};
use rosterctl::model::live::Live;
use rosterctl::model::plan::{Action, Allowance, Change, Operation, Plan, Verb};
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::rule::Effect;
use rosterctl::model::value::{Members, Value};
use rosterctl::plan::{self, Options};
use scenario::{House, Scenario, scenario};
use serde_json::{Value as Json, json};

fn options(scenario: &Scenario) -> Options {
    Options { assert_unread: scenario.assert_unread, program: "test".to_owned(), ..Options::default() }
}

fn make(
    workspace: &Workspace,
    desired: &Desired,
    live: &Live,
    ledger: &Ledger,
    options: &Options,
) -> Result<Plan, TestCaseError> {
    plan::plan(workspace, desired, live, ledger, options).map_err(|e| TestCaseError::fail(e.to_string()))
}

fn blocked(plan: &Plan) -> bool {
    [Effect::Invalid, Effect::Refused, Effect::Incomplete].into_iter().any(|effect| plan.has(effect))
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// The vendors of the program that hold agents and queues.
const KNOWN: House = House {
    vendors: rosterctl::vendors::ALL,
    connections: |scenario| {
        let Scenario { batch, main_group_on_create, enabled_on_create, .. } = scenario;
        format!(
            "  agents: {{ provider: agent-config, baseUrl: sandbox, batchCreate: {batch}, \
             mainGroupOnCreate: {main_group_on_create}, enabledOnCreate: {enabled_on_create} }}
  webchat: {{ provider: webchat-queue, baseUrl: sandbox }}"
        )
    },
    names_are_keys: false,
};

/// A vendor of agents and queues that the program does not know.
const UNPLANNED: House = House {
    vendors: vendors::REGISTRY,
    connections: |_| "  desk: { provider: hotline, baseUrl: sandbox }".to_owned(),
    names_are_keys: true,
};

macro_rules! properties {
    ($house:ident in $module:ident: $($cases:literal $property:ident($($argument:ident: $ty:ty = $values:expr),*);)+) => {
        mod $module {
            use super::*;

            $(proptest! {
                #![proptest_config(config($cases))]

                #[test]
                fn $property(scenario in scenario($house), $($argument in $values),*) {
                    super::$property(&scenario, $($argument),*)?;
                }
            })+
        }
    };
}

macro_rules! of_vendors {
    ($($house:ident in $module:ident;)+) => {
        $(properties! { $house in $module:
            250 what_is_applied_is_what_is_desired(seed: u64 = any::<u64>());
            250 order_in_files_does_not_matter(seed: u64 = any::<u64>());
            100 an_incomplete_listing_makes_and_deletes_nothing_of_its_kind(
                agents: bool = any::<bool>(), queues: bool = any::<bool>());
            100 targets_touch_only_what_they_cannot_do_without(pick: usize = any::<usize>(), seed: u64 = any::<u64>());
            100 limits_and_protection_have_their_findings(share: usize = 0..60usize, floor: usize = 0..4usize);
            250 nothing_outside_the_scope_is_touched(pick: u32 = any::<u32>(), seed: u64 = any::<u64>());
        })+
    };
}

of_vendors! {
    KNOWN in known;
    UNPLANNED in unplanned;
}

fn what_is_applied_is_what_is_desired(scenario: &Scenario, seed: u64) -> Result<(), TestCaseError> {
    let workspace = scenario.workspace();
    let desired = desired(&scenario.files(as_is), &workspace);
    let ledger = scenario.ledger();
    let before = scenario.estate();
    let plan = make(&workspace, &desired, &before.live, &ledger, &options(scenario))?;
    fewest_calls(&plan, &before)?;
    numbered_in_order(&plan)?;
    read_as_saved(&plan)?;
    if blocked(&plan) {
        return Ok(());
    }
    let mut after = before.clone();
    after.carry_out(&plan, chance(seed)).map_err(TestCaseError::fail)?;
    agents_are_as_desired(&desired, &workspace, &plan, &ledger, &before, &after)?;
    queues_are_as_desired(&desired, &workspace, &plan, &ledger, &before, &after)?;
    nothing_else_moved(&plan, &before, &after)?;

    let mut written = ledger;
    write_down(&mut written, &plan);
    let second = make(&workspace, &desired, &after.live, &written, &options(scenario))?;
    prop_assert!(second.is_empty() && second.steps.is_empty(), "{:#?}", second.changes);
    let weighs = |plan: &Plan| plan.findings.iter().filter(|f| f.code == "R101").count();
    prop_assert!(weighs(&second) <= weighs(&plan));
    Ok(())
}

fn order_in_files_does_not_matter(scenario: &Scenario, seed: u64) -> Result<(), TestCaseError> {
    let workspace = scenario.workspace();
    let (live, ledger, options) = (scenario.live(), scenario.ledger(), options(scenario));
    let straight = desired(&scenario.files(as_is), &workspace);
    let one = make(&workspace, &straight, &live, &ledger, &options)?;
    let again = make(&workspace, &straight, &live, &ledger, &options)?;
    prop_assert_eq!(serde_json::to_vec(&one).ok(), serde_json::to_vec(&again).ok());
    let mixed = desired(&scenario.files(shuffled(seed)), &workspace);
    let other = make(&workspace, &mixed, &live, &ledger, &options)?;
    prop_assert_eq!(placeless(&one), placeless(&other));
    Ok(())
}

fn an_incomplete_listing_makes_and_deletes_nothing_of_its_kind(
    scenario: &Scenario,
    agents: bool,
    queues: bool,
) -> Result<(), TestCaseError> {
    let workspace = scenario.workspace();
    let desired = desired(&scenario.files(as_is), &workspace);
    let mut words = scenario.live_words();
    for (key, doubt) in [("agentsIncomplete", agents), ("queuesIncomplete", queues)] {
        if doubt {
            words[key] = json!({ "rows": 1, "total": 2 });
        }
    }
    let live = planning::live(&words);
    let plan = make(&workspace, &desired, &live, &scenario.ledger(), &options(scenario))?;
    prop_assert_eq!(plan.has(Effect::Incomplete), agents || queues);
    let found = plan.findings.iter().filter(|f| f.code == "R601").count();
    prop_assert_eq!(found, usize::from(agents) + usize::from(queues));
    for change in &plan.changes {
        match (change.id.kind, change.action) {
            (Kind::Agent, Action::Create) => prop_assert!(!agents),
            // A deletion requires knowledge of the agent's queues.
            (Kind::Agent, Action::Delete | Action::Replace) => prop_assert!(!agents && !queues),
            (Kind::Queue, Action::Create | Action::Delete) => prop_assert!(!queues),
            (_, Action::Update) => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }
    let operation = |operation| plan.steps.iter().any(|s| s.operation == operation);
    prop_assert!(!operation(Operation::agent(Verb::Delete)) || !agents && !queues);
    if agents || queues {
        // No agent leaves a queue for a deletion that does not happen.
        for change in plan.changes.iter().filter(|c| c.id.kind == Kind::Queue && c.action == Action::Update) {
            prop_assert!(change.source.is_some(), "{:?}", change);
        }
    }
    Ok(())
}

fn targets_touch_only_what_they_cannot_do_without(
    scenario: &Scenario,
    pick: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let workspace = scenario.workspace();
    let desired = desired(&scenario.files(as_is), &workspace);
    let (before, ledger) = (scenario.estate(), scenario.ledger());
    let mut known: Vec<ResourceId> = desired.agents.keys().map(ResourceId::agent).collect();
    known.extend(desired.queues.keys().cloned());
    known.extend(before.agents().keys().map(ResourceId::agent));
    known.extend(before.queues().values().map(|queue| ResourceId::queue(&queue.name, None)));
    if known.is_empty() {
        return Ok(());
    }
    let target = known[pick % known.len()].clone();
    let options = Options { targets: vec![target.clone()], ..options(scenario) };
    let plan = make(&workspace, &desired, &before.live, &ledger, &options)?;
    let mut may: BTreeSet<ResourceId> = BTreeSet::from([target.clone()]);
    let mut leaves: BTreeSet<&OperatorId> = BTreeSet::new();
    for (id, queue) in &desired.queues {
        if *id == target || ResourceId::queue(&queue.name, None) == target {
            may.insert(id.clone());
            if let Some(Value::Members(named)) = queue.record.get(&ASSIGN_MEMBERS) {
                let new = named.keys().filter(|id| !before.agents().contains_key(*id));
                may.extend(new.map(ResourceId::agent));
            }
        }
    }
    for change in plan.changes.iter().filter(|c| c.id.kind == Kind::Agent) {
        prop_assert!(may.contains(&change.id), "{:?}", change);
        if change.action == Action::Delete {
            leaves.insert(&change.id.name);
        }
    }
    for change in plan.changes.iter().filter(|c| c.id.kind == Kind::Queue && !may.contains(&c.id)) {
        let exten = exten(&change.id, Some(change)).expect("a live queue");
        let mut wanted = members(&before.queues()[&exten]);
        wanted.retain(|id, _| !leaves.contains(id));
        prop_assert_eq!(planning::after(change), Some(wanted), "only those who are deleted leave");
    }
    if !blocked(&plan) {
        let mut after = before.clone();
        after.carry_out(&plan, chance(seed)).map_err(TestCaseError::fail)?;
        nothing_else_moved(&plan, &before, &after)?;
    }
    Ok(())
}

fn limits_and_protection_have_their_findings(
    scenario: &Scenario,
    share: usize,
    floor: usize,
) -> Result<(), TestCaseError> {
    let limits =
        format!("{{ deletes: {share}%, changes: {share}%, memberRemovals: {share}%, floor: {floor} }}");
    let workspace = scenario.workspace_with(&limits);
    let desired = desired(&scenario.files(as_is), &workspace);
    let (before, ledger) = (scenario.estate(), scenario.ledger());
    let plan = make(&workspace, &desired, &before.live, &ledger, &options(scenario))?;
    // A limit of zero has no floor.
    let over = |count: usize, of: usize| count > floor * usize::from(share > 0) && count * 100 > of * share;
    let has = |code: &str| plan.findings.iter().any(|f| f.code == code);
    let (agents, queues) = (before.agents().len(), before.queues().len());
    let deletes =
        |kind: Kind| plan.changes.iter().filter(|c| c.id.kind == kind && c.action == Action::Delete).count();
    prop_assert_eq!(plan.summary.delete, deletes(Kind::Agent) + deletes(Kind::Queue));
    let refused = |count: usize, of: usize| count > 0 && count == of || over(count, of);
    let found = plan.findings.iter().filter(|f| f.code == "R401").count();
    let kinds = [(Kind::Agent, agents), (Kind::Queue, queues)];
    prop_assert_eq!(found, kinds.iter().filter(|(kind, of)| refused(deletes(*kind), *of)).count());
    let changed = plan.summary.update + plan.summary.replace;
    prop_assert_eq!(has("R402"), over(changed, agents + queues));
    let mut refused = BTreeSet::new();
    let lists = |c: &&Change| {
        let written = c.action == Action::Update && c.members_after().is_some();
        c.id.kind == Kind::Queue && (written || c.action == Action::Delete)
    };
    for change in plan.changes.iter().filter(lists) {
        let was = members(&before.queues()[&exten(&change.id, Some(change)).expect("a live queue")]);
        let left = planning::after(change).unwrap_or_default();
        if over(was.keys().filter(|id| !left.contains_key(*id)).count(), was.len()) {
            refused.insert(change.id.clone());
        }
    }
    let found: BTreeSet<ResourceId> =
        plan.findings.iter().filter(|f| f.code == "R403").filter_map(|f| f.id.clone()).collect();
    prop_assert_eq!(found, refused);
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| agent.protect) {
        let id = ResourceId::agent(id);
        let deed = plan.change(&id).map(|c| c.action);
        prop_assert!(!matches!(deed, Some(Action::Delete | Action::Replace)), "{:?}", deed);
        if agent.is_absent() && before.agents().contains_key(&id.name) {
            prop_assert!(plan.findings.iter().any(|f| f.code == "R404" && f.id.as_ref() == Some(&id)));
        }
    }
    for (id, queue) in &desired.queues {
        let change = plan.change(id).filter(|change| change.field(&ASSIGN_MEMBERS).is_some());
        if let (Some((minimum, _)), Some(change)) = (&queue.min_members, change) {
            let after = planning::after(change).unwrap_or_default();
            let few = after.len() < *minimum;
            let found = plan.findings.iter().any(|f| f.code == "R405" && f.id.as_ref() == Some(id));
            // A queue is not refused for an agent that the plan must leave out.
            let asked = queue.record.get(&ASSIGN_MEMBERS).and_then(Value::members);
            let left_out = asked.is_some_and(|asked| asked.keys().any(|id| !after.contains_key(id)));
            prop_assert!(few == found || few && left_out);
        }
    }
    Ok(())
}

/// Returns the codes of a plan's findings about limits.
fn limits(policy: &str, roster: &str, live: usize, allow: &[(&str, u32)], targets: &[&str]) -> Vec<String> {
    let workspace = planning::workspace_with("", policy);
    let head = "apiVersion: rosterctl/v1\nkind: Roster\n";
    let desired = desired(&[("roster.yaml".to_owned(), format!("{head}{roster}"))], &workspace);
    let ids = (1..=live).map(|n| format!("800{n}"));
    let agents: serde_json::Map<String, Json> =
        ids.clone().map(|id| (id, json!({ "name": "n", "enabled": true }))).collect();
    let members: Vec<Json> = ids.map(|id| json!({ "agentNumber": id, "priority": 0 })).collect();
    let queue = json!({ "displayName": "q", "assignMembers": members });
    let live = planning::live(&json!({ "agents": agents, "queues": { "1000": queue } }));
    let allow = allow.iter().map(|(rule, up_to)| Allowance { rule: (*rule).to_owned(), up_to: *up_to });
    let targets = targets.iter().map(|id| ResourceId::parse(id).expect("KIND/NAME"));
    let options = Options { allow: allow.collect(), targets: targets.collect(), ..Options::default() };
    let plan = plan::plan(&workspace, &desired, &live, &Ledger::default(), &options)
        .expect("targets that are there");
    let findings = plan.findings.iter().filter(|f| f.code.starts_with("R40"));
    findings.map(|f| f.code.clone()).collect()
}

#[test]
fn a_limit_of_zero_knows_no_floor() {
    let absent = "agents: [{ operatorId: \"8001\", state: absent }]\n";
    let disabled = "agents: [{ operatorId: \"8001\", enabled: false }]\n";
    let fewer =
        "agents: [{ operatorId: \"8001\" }]\nqueues: [{ displayName: q, assignMembers: [\"8001\"] }]\n";
    for zero in ["0", "0%"] {
        let limits = |key: &str, roster: &str, allow: &[(&str, u32)]| {
            limits(
                &format!("{{ prune: all, limits: {{ {key}: {zero}, floor: 9 }} }}"),
                roster,
                5,
                allow,
                &["agent/8001", "queue/q"],
            )
        };
        assert_eq!(limits("deletes", absent, &[]), ["R401"]);
        assert_eq!(limits("deletes", absent, &[("deletes", 1)]), [""; 0]);
        assert_eq!(limits("changes", disabled, &[]), ["R402"]);
        assert_eq!(limits("changes", disabled, &[("changes", 1)]), [""; 0]);
        assert_eq!(limits("memberRemovals", fewer, &[]), ["R403"]);
        assert_eq!(limits("memberRemovals", fewer, &[("members", 3)]), ["R403"]);
        assert_eq!(limits("memberRemovals", fewer, &[("members", 4)]), [""; 0]);
    }
}

#[test]
fn to_delete_every_live_agent_needs_an_allowance() {
    let none = "agents: []\n";
    let absent = "agents: [{ operatorId: \"8001\", state: absent }]\n";
    let all = "{ prune: all, limits: { deletes: 100%, memberRemovals: 100%, floor: 9 } }";
    assert_eq!(limits(all, none, 5, &[], &[]), ["R401"]);
    assert_eq!(limits(all, none, 5, &[("deletes", 4)], &[]), ["R401"]);
    assert_eq!(limits(all, none, 5, &[("deletes", 5)], &[]), [""; 0]);
    assert_eq!(limits(all, absent, 1, &[], &["agent/8001"]), ["R401"]);
    assert_eq!(limits(all, absent, 2, &[], &["agent/8001"]), [""; 0]);
}

/// Returns a plan without places and digests.
fn placeless(plan: &Plan) -> Json {
    fn strip(json: &mut Json) {
        match json {
            Json::Object(map) => {
                map.remove("source");
                map.values_mut().for_each(strip);
            }
            Json::Array(items) => items.iter_mut().for_each(strip),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    let mut json = serde_json::to_value(plan).expect("a plan is JSON");
    json["digests"] = Json::Null;
    strip(&mut json);
    json
}

/// Checks that a saved plan is read back unchanged, but for its reasons: they are sentences then.
fn read_as_saved(plan: &Plan) -> Result<(), TestCaseError> {
    let saved = serde_json::to_string(plan).expect("a plan is JSON");
    let mut read: Plan = serde_json::from_str(&saved).expect("a plan is read");
    prop_assert_eq!(&serde_json::to_string(&read).expect("a plan is JSON"), &saved);
    read.digests.plan.clear();
    for (read, made) in read.changes.iter_mut().zip(&plan.changes) {
        read.reason.clone_from(&made.reason);
        for (read, made) in read.fields.iter_mut().zip(&made.fields) {
            read.reason.clone_from(&made.reason);
        }
    }
    prop_assert_eq!(&read, plan);
    Ok(())
}

fn numbered_in_order(plan: &Plan) -> Result<(), TestCaseError> {
    let mut done = BTreeSet::new();
    for (at, step) in plan.steps.iter().enumerate() {
        prop_assert_eq!(step.id.to_string(), format!("s{}", at + 1));
        prop_assert!(step.after.iter().all(|id| done.contains(id)), "{:?}", step);
        done.insert(step.id);
    }
    Ok(())
}

fn fewest_calls(plan: &Plan, before: &Estate) -> Result<(), TestCaseError> {
    let mut seen: BTreeMap<(Operation, ResourceId), usize> = BTreeMap::new();
    let mut rejoins = BTreeSet::new();
    let of = |action: Action| {
        let agents = plan.changes.iter().filter(move |c| c.id.kind == Kind::Agent && c.action == action);
        agents.map(|c| c.id.clone()).collect::<BTreeSet<ResourceId>>()
    };
    let replaced = of(Action::Replace);
    for (at, queue) in before.queues() {
        let change = plan.changes.iter().find(|c| c.exten.as_deref() == Some(at.as_str()));
        let now = members(queue);
        let end = change.and_then(planning::after).unwrap_or_else(|| now.clone());
        let holds = |list: &Members| list.keys().any(|id| replaced.contains(&ResourceId::agent(id)));
        if holds(&now) && holds(&end) {
            rejoins.insert(at.clone());
        }
    }
    let mut queue_calls: BTreeMap<OperatorId, usize> = BTreeMap::new();
    for step in &plan.steps {
        prop_assert!(!step.targets.is_empty(), "{:?}", step);
        // One agent in a cycle of SIP numbers is edited twice.
        for target in step.targets.iter().filter(|_| !step.unbind) {
            *seen.entry((step.operation, target.clone())).or_default() += 1;
        }
        match step.operation.verb {
            Verb::Edit | Verb::Password => prop_assert!(!step.fields.is_empty()),
            Verb::Members => {
                let exten = exten(&step.targets[0], plan.change(&step.targets[0])).expect("a live queue");
                *queue_calls.entry(exten).or_default() += 1;
            }
            _ => {}
        }
    }
    for ((operation, target), count) in &seen {
        prop_assert!(*count == 1 || operation.verb == Verb::Members, "{} {}", operation, target);
    }
    for (exten, count) in &queue_calls {
        prop_assert_eq!(*count, if rejoins.contains(exten) { 2 } else { 1 }, "calls for queue {}", exten);
    }
    let deletes = || plan.steps.iter().filter(|step| step.operation == Operation::agent(Verb::Delete));
    let all: BTreeSet<ResourceId> = deletes().flat_map(|step| step.targets.iter().cloned()).collect();
    let gone = of(Action::Delete);
    prop_assert_eq!(&all, &replaced.union(&gone).cloned().collect::<BTreeSet<_>>());
    let batch = before.supports.agents.verbs.delete.map_or(1, |verb| verb.batch);
    let calls = replaced.len().div_ceil(batch) + gone.len().div_ceil(batch);
    prop_assert_eq!(deletes().count(), calls);
    let targets: BTreeSet<&ResourceId> = plan.steps.iter().flat_map(|s| &s.targets).collect();
    prop_assert!(plan.changes.iter().all(|change| targets.contains(&change.id)), "a change without a step");
    for change in plan.changes.iter().filter(|c| c.action == Action::Update) {
        let idle = |f: &&rosterctl::model::plan::FieldDiff| f.before == f.after && *f.field != PASSWORD;
        prop_assert_eq!(change.fields.iter().find(idle), None, "{}", change.id);
    }
    Ok(())
}

/// Returns true if a finding reports that no step remedies a field of an agent.
fn reported(plan: &Plan, id: &ResourceId, key: &str) -> bool {
    let says = |m: &str| m.starts_with(&format!("{id}: {key} is "));
    plan.findings.iter().any(|f| match &*f.code {
        "R101" => f.id.as_ref() == Some(id) && says(&f.to_string()),
        "R109" => f.id.as_ref() == Some(id) && key == "sip",
        _ => false,
    })
}

/// Returns true if a plan leaves out an agent that was deleted in the console.
fn left_out(plan: &Plan, id: &OperatorId) -> bool {
    let id = Some(ResourceId::agent(id));
    plan.findings.iter().any(|f| f.code == "R304" && f.id == id && f.effect() == Effect::Partial)
}

fn agents_are_as_desired(
    desired: &Desired,
    workspace: &Workspace,
    plan: &Plan,
    ledger: &Ledger,
    before: &Estate,
    after: &Estate,
) -> Result<(), TestCaseError> {
    for (id, agent) in &desired.agents {
        let resource = ResourceId::agent(id);
        let absent = agent.is_absent() || left_out(plan, id);
        prop_assert_eq!(after.agents().contains_key(id), !absent, "{} is there", id);
        if absent {
            continue;
        }
        let live = &after.agents()[id];
        for entry in agent.record.iter().filter(|entry| workspace.supports().agents.is_read(entry.field)) {
            let now = live.get(entry.field);
            let key = entry.field.key;
            prop_assert!(
                same(entry.value, now) != reported(plan, &resource, key),
                "{}: {} is {:?} for {:?}",
                id,
                key,
                now,
                entry.value
            );
        }
        hidden_is_as_desired(agent, plan, &resource, ledger, before, after)?;
    }
    for id in before.agents().keys().filter(|id| !desired.agents.contains_key(*id)) {
        let goes = match workspace.policy.prune {
            Prune::None => false,
            Prune::Owned => ledger.owns(&ResourceId::agent(id)),
            Prune::All => true,
        };
        prop_assert_eq!(after.agents().contains_key(id), !goes, "{} is left", id);
    }
    Ok(())
}

/// Checks a write-only field. It is set at creation, set if the ledger knows another value, and otherwise left alone.
fn hidden_is_as_desired(
    agent: &DesiredAgent,
    plan: &Plan,
    id: &ResourceId,
    ledger: &Ledger,
    before: &Estate,
    after: &Estate,
) -> Result<(), TestCaseError> {
    let was = before.hidden.get(&id.name);
    let now = &after.hidden[&id.name];
    let action = plan.change(id).map(|c| c.action);
    let made = matches!(action, Some(Action::Create | Action::Replace));
    let known = ledger.get(id);
    for (field, old, new) in [
        (&ROLE, was.and_then(|h| h.role.clone()), &now.role),
        (&SKILL_LEVEL, was.and_then(|h| h.skill_level.clone()), &now.skill_level),
    ] {
        let wanted = agent.record.get(field).map(Value::to_json);
        let recorded = known.is_some_and(|a| a.fields.contains_key(field.key));
        match wanted {
            Some(wanted) if made => prop_assert_eq!(Some(&wanted), new.as_ref(), "{}", field.key),
            Some(wanted) if recorded => prop_assert!(
                (Some(&wanted) == new.as_ref()) != reported(plan, id, field.key),
                "{}",
                field.key
            ),
            Some(wanted) if plan.change(id).is_some_and(|c| c.field(field).is_some()) => {
                prop_assert_eq!(Some(&wanted), new.as_ref());
            }
            // The last applied value is kept.
            None if made && recorded && action == Some(Action::Replace) => prop_assert_eq!(&old, new),
            _ if made => {}
            _ => prop_assert_eq!(&old, new, "{} was left alone", field.key),
        }
    }
    let old = was.and_then(|h| h.password.clone());
    if let Some(Value::Password(secret)) = agent.record.get(&PASSWORD) {
        let recorded = known.and_then(|a| a.password.as_ref());
        let rotated = recorded.is_some_and(|p| secret.version.is_some() && p.version != secret.version);
        let asserted = recorded.is_none() && plan.change(id).is_some_and(|c| c.field(&PASSWORD).is_some());
        if made || rotated || asserted {
            prop_assert_eq!(&Some((secret.key.clone(), secret.version)), &now.password);
        } else {
            prop_assert_eq!(&old, &now.password);
        }
    } else if !made {
        prop_assert_eq!(&old, &now.password);
    }
    Ok(())
}

fn queues_are_as_desired(
    desired: &Desired,
    workspace: &Workspace,
    plan: &Plan,
    ledger: &Ledger,
    before: &Estate,
    after: &Estate,
) -> Result<(), TestCaseError> {
    let claims = |exten: &OperatorId, name: &str| {
        desired.queues.values().any(|queue| match &queue.exten {
            Some(pinned) => **pinned == *exten.as_str(),
            None => *queue.name == *name,
        })
    };
    for (exten, live) in before.queues().iter().filter(|(exten, live)| !claims(exten, &live.name)) {
        let owned = |(_, entry): (ResourceId, &LedgerEntry)| {
            entry.exten.as_deref() == Some(exten.as_str()) && !entry.let_go
        };
        let goes = match workspace.policy.prune {
            _ if before.supports.queues.verbs.delete.is_none() || desired.queues.is_empty() => false,
            Prune::None => false,
            Prune::Owned => ledger.queues().any(owned),
            Prune::All => true,
        };
        prop_assert_eq!(after.queues().contains_key(exten), !goes, "{} is left", &live.name);
    }
    for (id, queue) in &desired.queues {
        let found: Vec<_> = after
            .queues()
            .iter()
            .filter(|(exten, live)| match &queue.exten {
                Some(pinned) => exten.as_str() == &**pinned,
                None => live.name == queue.name,
            })
            .collect();
        prop_assert_eq!(found.len(), 1, "{} is there once", id);
        let live = found[0].1;
        for entry in queue.record.iter() {
            if let Value::Members(wanted) = entry.value {
                let (mut now, mut wanted) = (members(live), Members::clone(wanted));
                now.retain(|id, _| !left_out(plan, id));
                wanted.retain(|id, _| !left_out(plan, id));
                if workspace.policy.at_least {
                    prop_assert!(wanted.iter().all(|(id, p)| now.get(id) == Some(p)), "{} {:?}", id, now);
                } else {
                    prop_assert_eq!(&wanted, &now, "{}", id);
                }
            } else {
                prop_assert!(
                    same(entry.value, live.record.get(entry.field)) != reported(plan, id, entry.field.key)
                );
            }
        }
    }
    Ok(())
}

fn nothing_else_moved(plan: &Plan, before: &Estate, after: &Estate) -> Result<(), TestCaseError> {
    for (id, was) in before.agents() {
        let change = plan.change(&ResourceId::agent(id));
        let now = after.agents().get(id);
        let Some(change) = change else {
            prop_assert_eq!(Some(words(was)), now.map(words), "{} was touched", id);
            prop_assert_eq!(before.hidden.get(id), after.hidden.get(id));
            continue;
        };
        if change.action == Action::Delete {
            prop_assert!(now.is_none());
            continue;
        }
        let now = words(now.expect("a changed agent is there"));
        for (key, value) in words(was) {
            let said = change.fields.iter().find(|f| f.field.key == key).filter(|f| f.before != f.after);
            prop_assert!(said.is_some() || now.get(key) == Some(&value), "{} of {} was touched", key, id);
        }
    }
    for id in after.agents().keys().filter(|id| !before.agents().contains_key(*id)) {
        prop_assert_eq!(plan.change(&ResourceId::agent(id)).map(|c| c.action), Some(Action::Create));
    }
    for (at, was) in before.queues() {
        let change = plan.changes.iter().find(|c| c.exten.as_deref() == Some(at.as_str()));
        let deleted = change.filter(|change| change.action == Action::Delete);
        prop_assert_eq!(after.queues().contains_key(at), deleted.is_none(), "queue {} was touched", at);
        if let Some(change) = deleted {
            let told: BTreeMap<_, _> = change
                .fields
                .iter()
                .filter_map(|diff| Some((diff.field.key, diff.before.as_ref()?.to_json())))
                .collect();
            prop_assert_eq!(told, words(&was.record), "a deletion names all that is lost");
            continue;
        }
        let Some(now) = after.queues().get(at) else { continue };
        let wanted = change.and_then(planning::after).unwrap_or_else(|| members(was));
        prop_assert_eq!(members(now), wanted, "members of {}", at);
        let edited: BTreeSet<&str> =
            change.iter().flat_map(|change| &change.fields).map(|diff| diff.field.key).collect();
        let attributes = |record| {
            let mut words = words(record);
            words.retain(|key, _| *key != ASSIGN_MEMBERS.key && !edited.contains(key));
            words
        };
        prop_assert_eq!(attributes(&was.record), attributes(&now.record));
        prop_assert_eq!(&was.name, &now.name);
    }
    let made = after.queues().keys().filter(|exten| !before.queues().contains_key(*exten)).count();
    let planned = plan.changes.iter().filter(|c| c.id.kind == Kind::Queue && c.action == Action::Create);
    prop_assert_eq!(made, planned.count());
    Ok(())
}
