//! The three judges of a write: is the target unchanged, may the call leave, does live state show the result?
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test file uses what it needs")]
#[path = "support/planning.rs"]
mod planning;

use std::sync::Arc;
use std::time::Duration;

use rosterctl::apply::observation::FRESH;
use rosterctl::apply::postcondition::{self, Verdict};
use rosterctl::apply::pre_send::{Next, Observed};
use rosterctl::apply::readback::{QueueKey, ReadBack, ReadSet};
use rosterctl::apply::write_op::WriteOp;
use rosterctl::apply::{journal_recovery, ledger_update, precondition, write_op};
use rosterctl::config::settings::Spec;
use rosterctl::config::workspace::Workspace;
use rosterctl::mapping;
use rosterctl::model::agent;
use rosterctl::model::field::Record;
use rosterctl::model::id::{Kind, OperatorId};
use rosterctl::model::journal::{Ending, Entry};
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::LiveQueue;
use rosterctl::model::plan::{Plan, Verb};
use rosterctl::model::queue::{ASSIGN_MEMBERS, ASSIGN_RULE};
use rosterctl::model::support::{Support, VerbSpec, Verbs};
use rosterctl::model::value::Value;
use rosterctl::plan::Options;
use rosterctl::provider::agent_config;

/// Plans agents over live ones, without queues and without a ledger.
fn plan_over(agents: &str, live: &serde_json::Value) -> Plan {
    let workspace = planning::workspace_with("", "{ limits: { floor: 100 } }");
    let text = format!("apiVersion: rosterctl/v1\nkind: Roster\nagents: {agents}\n");
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], &workspace);
    let live = planning::live(&serde_json::json!({ "agents": live, "queues": {} }));
    rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &Options::default()).unwrap()
}

/// Returns an empty ledger after a run with these results.
fn ledger_after(plan: &Plan, results: &[rosterctl::model::outcome::StepResult]) -> Ledger {
    let mut ledger = Ledger::default();
    let versions = std::collections::BTreeMap::new();
    ledger_update::changes(&mut ledger, plan, planning::supports().agents, results, &versions);
    ledger
}

#[test]
fn a_repeated_edit_is_not_stale_for_a_field_that_the_response_lacks() {
    let plan = plan_over(
        "[{ operatorId: \"8001\", name: 新, wrapUpSeconds: 30 }]",
        &serde_json::json!({ "8001": { "name": "旧", "wrapUpSeconds": 5 } }),
    );
    for (name, wrap_up, moved) in [
        ("新", None, false),
        ("新", Some(30), false),
        ("旧", None, false),
        ("新", Some(7), true),
        ("别", None, true),
    ] {
        let mut record = Record::default();
        record.set(&agent::NAME, Value::Text(name.into()), None);
        if let Some(seconds) = wrap_up {
            record.set(&agent::WRAP_UP_SECONDS, Value::Number(seconds), None);
        }
        let mut seen = ReadBack::default();
        seen.agents.insert(OperatorId::from("8001"), Ok(Some(record)));
        assert_eq!(
            !precondition::agents_moved(&plan, planning::supports().agents, &seen).unwrap().is_empty(),
            moved,
            "{name} {wrap_up:?}"
        );
    }
}

#[test]
fn a_dead_run_unbound_a_sip_number_where_live_state_shows_none() {
    let sip = |number: &str| serde_json::json!({ "sip": { "number": number } });
    let plan = plan_over(
        "[{ operatorId: \"8001\", sip: { number: \"1002\" } }, { operatorId: \"8002\", sip: { number: \"1001\" } }]",
        &serde_json::json!({ "8001": sip("1001"), "8002": sip("1002") }),
    );
    assert!(plan.steps[0].unbind, "{plan:?}");
    let id = plan.steps[0].targets[0].name.to_string();
    let entries =
        [Entry::Run { plan: Arc::new(plan), ledger: Some(0), run: None }, Entry::Begin { step: 0, at_ms: 0 }];
    for (live, done) in [(serde_json::json!({ "sip": "none" }), true), (sip("1001"), false)] {
        let live = planning::live(&serde_json::json!({ "agents": { &*id: live }, "queues": {} }));
        let (_, results) = journal_recovery::recover(&entries, &planning::supports(), Some(&live)).unwrap();
        assert_eq!(results[0].carried_out, done, "{results:?}");
    }
}

/// Returns a moment of a run.
fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_deletion_reads_its_targets_once_and_presence_last() {
    let op = WriteOp::Delete { kind: Kind::Agent, ids: vec![OperatorId::from("8001")] };
    let wanted = ReadSet { agents: [OperatorId::from("8001")].into(), ..ReadSet::default() };
    let mut observed = Observed::default();
    let next = |observed: Observed, now| observed.next(&op, &wanted, true, at(now), FRESH);
    assert_eq!(next(observed, 10), Next::Presence);
    observed.presence = Some(at(11));
    assert_eq!(next(observed, 11), Next::Targets);
    (observed.targets, observed.read) = (Some(at(11)), true);
    assert_eq!(next(observed, 14), Next::Leave(at(11)));
    assert_eq!(next(observed, 15), Next::Presence, "the other read was slow");
    observed.presence = Some(at(20));
    assert_eq!(next(observed, 20), Next::Leave(at(20)));
    assert_eq!(observed.next(&op, &wanted, false, at(99), FRESH), Next::Leave(at(11)), "no guard");
}

#[test]
fn the_first_read_serves_a_call_while_it_is_fresh_and_shows_its_targets() {
    let members = WriteOp::SetMembers {
        exten: OperatorId::from("1001"),
        members: Arc::default(),
        before: Some(Arc::default()),
    };
    let queue = WriteOp::Create {
        kind: Kind::Queue,
        ids: vec![OperatorId::from("q")],
        record: Record::default(),
        password: None,
    };
    let wanted = ReadSet { queues: [QueueKey::All].into(), ..ReadSet::default() };
    let known = Observed { begun: at(1), ..Observed::default() };
    for (op, known, now, next) in [
        (&members, known, 4, Next::Leave(at(4))),
        (&members, known, 5, Next::Targets),
        (&members, Observed { answered: true, ..known }, 2, Next::Targets),
        (&queue, Observed { answered: true, ..known }, 2, Next::Leave(at(2))),
        (&queue, Observed { created: Some(at(1)), ..known }, 2, Next::Leave(at(2))),
        (&queue, Observed { created: Some(at(2)), ..known }, 2, Next::Targets),
    ] {
        assert_eq!(known.next(op, &wanted, false, at(now), FRESH), next, "{op:?}");
    }
}

/// Plans the replacement of an agent in a queue with another priority. Returns the plan, and the queue's members in
/// the ledger after only its first or last list was written.
fn list_after(declared: &str, last: bool, dropped: &str) -> Option<serde_json::Value> {
    let workspace = planning::workspace_with("", "{ immutable: replace, limits: { floor: 100 } }");
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\ndefaults: {{ allowAnyRole: true }}\n\
         agents: [{{ operatorId: \"8001\", survey: true }}]\n{declared}"
    );
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], &workspace);
    let members = serde_json::json!([
        { "agentNumber": "7777", "priority": 1 }, { "agentNumber": "8001", "priority": 1 }
    ]);
    let live = planning::live(&serde_json::json!({
        "agents": { "8001": { "name": "张三", "type": "agent", "enabled": false, "wrapUpSeconds": 0, "hidePhone": false,
            "recording": true, "outbound": "allowed", "sip": "none", "channels": ["voice"], "survey": false } },
        "queues": { "1001": { "displayName": "q", "assignMembers": members } },
    }));
    let plan = rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &Options::default());
    let plan = plan.unwrap();
    let lists: Vec<usize> =
        (0..plan.steps.len()).filter(|at| plan.steps[*at].operation.verb == Verb::Members).collect();
    assert_eq!(lists.len(), 2, "{:?}", plan.steps);
    let entries = [Entry::Run { plan: Arc::new(plan.clone()), ledger: None, run: None }];
    let (_, mut results) = journal_recovery::recover(&entries, &planning::supports(), None).unwrap();
    let written = &mut results[lists[usize::from(last)]];
    written.carried_out = true;
    written.dropped = vec![OperatorId::from(dropped)];
    let ledger = ledger_after(&plan, &results);
    ledger.resources.get("queue/q")?.fields.get(ASSIGN_MEMBERS.key).cloned()
}

#[test]
fn a_list_of_an_unfinished_change_is_recorded_as_the_vendor_keeps_it() {
    const QUEUE: &str =
        "queues: [{ displayName: q, assignMembers: [{ agentNumber: \"8001\", priority: 2 }] }]";
    let member = |priority: u32| serde_json::json!([{ "agentNumber": "8001", "priority": priority }]);
    assert_eq!(list_after(QUEUE, true, "7777"), Some(member(2)), "the list of the change");
    assert_eq!(list_after(QUEUE, false, "7777"), Some(serde_json::json!([])), "without the dropped member");
    assert_eq!(list_after("", false, "7777"), None, "of a queue that no manifest names");
}

#[test]
fn a_creation_of_a_dead_run_proves_what_live_state_shows_and_what_nothing_returns() {
    let plan =
        plan_over("[{ operatorId: \"8001\", name: 新, wrapUpSeconds: 5, role: r }]", &serde_json::json!({}));
    let run = Entry::Run { plan: Arc::new(plan.clone()), ledger: None, run: None };
    let ending = Ending::Done;
    let entries = [run, Entry::Begin { step: 0, at_ms: 0 }, Entry::End { step: 0, ending, made: None }];
    for (seconds, took) in [(5, true), (7, false)] {
        let live = planning::live(
            &serde_json::json!({ "agents": { "8001": { "name": "新", "wrapUpSeconds": seconds } } }),
        );
        let (_, results) = journal_recovery::recover(&entries, &planning::supports(), Some(&live)).unwrap();
        let ledger = ledger_after(&plan, &results);
        let fields = &ledger.resources["agent/8001"].fields;
        assert_eq!(
            (fields.contains_key("role"), fields.contains_key("wrapUpSeconds")),
            (true, took),
            "{fields:?} {results:?}"
        );
    }
}

#[test]
fn an_edit_of_a_dead_run_owns_the_agent_of_its_plan_and_no_successor() {
    let identity = serde_json::json!({ "id": 7, "ctime": 1 });
    let plan = plan_over(
        "[{ operatorId: \"8001\", name: 新 }]",
        &serde_json::json!({ "8001": { "name": "旧", "identity": identity } }),
    );
    let run = Entry::Run { plan: Arc::new(plan.clone()), ledger: None, run: None };
    let ending = Ending::Done;
    let entries = [run, Entry::Begin { step: 0, at_ms: 0 }, Entry::End { step: 0, ending, made: None }];
    let live = planning::live(&serde_json::json!({
        "agents": { "8001": { "name": "新", "identity": { "id": 8, "ctime": 2 } } }
    }));
    let (_, results) = journal_recovery::recover(&entries, &planning::supports(), Some(&live)).unwrap();
    let ledger = ledger_after(&plan, &results);
    let known = ledger.resources["agent/8001"].identity;
    assert!(known.is_another(live.agents.unwrap().items[&OperatorId::from("8001")].identity()), "{known:?}");
}

mapping! { EDITED of queue;
    ASSIGN_RULE => create ["rule"] update ["rule"] read ["rule"];
    MEMORY_TIME => create ["memory"] read ["memory"];
    ASSIGN_MEMBERS => create ["members"] update ["members"] read ["members"];
}

static QUEUES: Support = Support {
    kind: Kind::Queue,
    fields: &EDITED,
    verbs: Verbs {
        create: Some(VerbSpec::single("create")),
        update: Some(VerbSpec::single("edit")),
        set_members: Some(VerbSpec::single("members")),
        ..Verbs::NONE
    },
    defaults: &[],
    operations: ["create", "edit", "list"],
};

static AGENTS: Support = Support {
    kind: Kind::Agent,
    fields: &agent_config::fields::FIELDS,
    verbs: Verbs {
        create: Some(VerbSpec::single("make")),
        delete: Some(VerbSpec { operation: "remove", batch: 2, batch_setting: None }),
        ..Verbs::NONE
    },
    defaults: &[],
    operations: ["make", "change", "show"],
};

static BOTH: Spec = Spec {
    name: "both",
    doc: "Agents, and queues whose attributes can be edited.",
    document: "none",
    supports: &[&AGENTS, &QUEUES],
    tenant: &[],
    credential: &[],
    writes: true,
    settings: &[],
    operations: &[],
    states: &[],
    chinese: &[],
    refused: None,
    asks: None,
};

/// A workspace with one connection, which holds agents and queues.
fn both() -> Workspace {
    let text = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\nconnections:\n  \
        both: { provider: both, baseUrl: sandbox }\npolicy: { limits: { floor: 100 } }\n";
    rosterctl::config::load::load(&"w".into(), text.as_bytes(), &[&BOTH]).unwrap()
}

/// Each batch of deletions comes after the queue that its agents leave.
#[test]
fn agents_are_deleted_in_batches_of_what_a_call_takes() {
    let workspace = both();
    let agents = ["8001", "8002", "8003"].map(|id| format!("{{ operatorId: \"{id}\", state: absent }}"));
    let text = format!("apiVersion: rosterctl/v1\nkind: Roster\nagents: [{}]\n", agents.join(", "));
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], &workspace);
    let live = planning::live(&serde_json::json!({
        "agents": { "8001": { "name": "a" }, "8002": { "name": "b" }, "8003": { "name": "c" }, "8004": { "name": "d" } },
        "queues": { "1001": { "displayName": "q", "assignMembers": ["8003", "8004"] } },
    }));
    let plan = rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &Options::default());
    let steps = plan.unwrap().steps.into_iter();
    let steps: Vec<_> = steps
        .map(|step| {
            let targets = step.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let after = step.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            format!("{} {} {targets} after {after}", step.id, step.operation)
        })
        .collect();
    assert_eq!(
        steps,
        [
            "s1 queue.members queue/q after ",
            "s2 agent.delete agent/8001 agent/8002 after s1",
            "s3 agent.delete agent/8003 after s1"
        ]
    );
}

/// Of a vendor that edits a queue's attributes each difference is a step, unless no edit can set it.
#[test]
fn a_queue_is_edited_where_its_vendor_can() {
    let workspace = both();
    let supports = workspace.supports();
    let text = "apiVersion: rosterctl/v1\nkind: Roster\n\
        queues: [{ displayName: q, assignRule: least, memory: 2h, assignMembers: [\"8001\"] }]\n";
    let desired = planning::desired(&[("a.yaml".to_owned(), text.to_owned())], &workspace);
    let mut live = planning::live(&serde_json::json!({ "queues": { "1001": {
        "displayName": "q", "assignRule": "random", "memory": "off", "assignMembers": ["8002"] } } }));
    live.agents = None;
    let plan = rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &Options::default());
    let plan = plan.unwrap();
    let steps: Vec<String> =
        plan.steps.iter().map(|step| format!("{} {}", step.operation, step.fields.join(" "))).collect();
    assert_eq!(steps, ["queue.edit assignRule", "queue.members assignMembers"]);
    let codes: Vec<&str> = plan.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["R101"], "no edit sets `memory`");
    let op = write_op::for_step(&plan, &plan.steps[0]);
    assert!(matches!(op, Some(WriteOp::Edit { id, .. }) if id.as_str() == "1001"));
    let wanted = precondition::wanted(&plan, &supports, true);
    for (rule, members, stale, took) in [
        ("random", "8002", None, "late"),
        ("least", "8002", Some("assignRule was random"), "took"),
        ("queue", "8002", Some("assignRule was random"), "amiss"),
        ("random", "8009", Some("its members changed"), "late"),
    ] {
        let mut record = Record::default();
        record.set(&ASSIGN_RULE, Value::Choice(rule), None);
        let members = [(OperatorId::from(members), 0)].into_iter().collect();
        record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members)), None);
        let queue = LiveQueue { name: "q".into(), record, changed: None };
        let mut seen = ReadBack::default();
        let exten = OperatorId::from("1001");
        seen.queues.insert(QueueKey::Exten(exten.clone()), Ok(vec![(exten, queue)]));
        let moved = precondition::check(&plan, &supports, &wanted, &seen).unwrap();
        let moved = moved.first().map(|moved| moved.what.to_string());
        assert!(
            moved.as_ref().map_or(stale.is_none(), |why| stale.is_some_and(|stale| why.starts_with(stale))),
            "{moved:?}"
        );
        let verdict = postcondition::judge(&plan, &supports, &plan.steps[0], None, &[], None, &seen);
        let word = match verdict {
            Verdict::Took => "took",
            Verdict::Late(_) => "late",
            Verdict::Amiss { .. } => "amiss",
            Verdict::Unsettled(_) | Verdict::Unseen(_) => "other",
        };
        assert_eq!(word, took, "{rule}");
    }
}
