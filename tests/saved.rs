//! Saved plans. Apply carries one out only as far as a new plan agrees. With a fingerprint key it is signed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use std::fs;

use bench::Bench;
use rosterctl::model::digest;
use serde_json::{Value, json};

const SEED: &str = "agents:
  - { operatorId: \"8001\", name: 甲, mainGroupName: 售前 }
  - { operatorId: \"8002\", name: 乙, mainGroupName: 售前 }
  - { operatorId: \"8003\", name: 丙, mainGroupName: 售前 }
";

fn roster(names: [&str; 3]) -> String {
    let one = |(id, name)| format!("  - {{ operatorId: \"{id}\", name: {name} }}\n");
    format!("agents:\n{}", (8001..).zip(names).map(one).collect::<Vec<_>>().concat())
}

/// Edits a saved plan and updates its digest.
fn edit(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut plan: Value =
        serde_json::from_str(&fs::read_to_string(bench.path("plan.json")).unwrap()).unwrap();
    change(&mut plan);
    plan["digests"]["plan"] = digest::of_json(&plan).into();
    bench.write("plan.json", &plan.to_string());
}

fn name(bench: &Bench, id: &str) -> String {
    bench.with(|estate| estate.get::<AgentConfig>().agent(id).unwrap().name.clone().unwrap())
}

/// Renames an agent in the console.
fn rename(bench: &Bench, id: &str, name: &str) {
    bench.with(|estate| estate.get_mut::<AgentConfig>().agent_mut(id).unwrap().name = Some(name.to_owned()));
}

const APPLY: [&str; 4] = ["apply", "--auto-approve", "--plan", "plan.json"];

#[test]
fn a_plan_with_a_forged_digest_deletes_no_agent() {
    let bench = Bench::new(SEED);
    bench.roster(&roster(["甲", "乙", "丁"]));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let fields = json!([{ "path": "name", "before": "甲", "after": null, "moved": "unknown" }]);
    let change = json!({ "id": "agent/8001", "action": "delete", "moved": "unknown", "fields": fields });
    let step = json!({ "id": "s9", "operation": "agent.delete", "targets": ["agent/8001"], "after": [] });
    edit(&bench, |plan| {
        plan["changes"].as_array_mut().unwrap().insert(0, change);
        plan["steps"].as_array_mut().unwrap().push(step);
    });
    let said = bench.run(&APPLY).exits(3);
    assert!(said.err.contains("agent/8001"), "{}", said.err);
    assert_eq!(bench.agents(), ["8001", "8002", "8003"]);
    // The steps that the new plan shares are done, and the rest is left out.
    bench.run(&[&APPLY[..], &["--skip-stale"]].concat()).exits(5);
    assert_eq!(bench.agents(), ["8001", "8002", "8003"]);
    assert_eq!(name(&bench, "8003"), "丁");
}

#[test]
fn other_content_is_another_step() {
    for (path, value) in
        [("/changes/0/fields/0/after", json!("戊")), ("/steps/0/targets/0", json!("agent/8001"))]
    {
        let bench = Bench::new(SEED);
        bench.roster(&roster(["甲", "乙", "丁"]));
        bench.run(&["plan", "--out", "plan.json"]).exits(0);
        edit(&bench, |plan| *plan.pointer_mut(path).unwrap() = value);
        bench.run(&APPLY).exits(3);
        assert_eq!(name(&bench, "8003"), "丙");
    }
}

#[test]
fn steps_are_known_by_their_content_and_not_by_their_numbers() {
    let bench = Bench::new(SEED);
    bench.roster(&roster(["子", "丑", "寅"]));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    // The console already made one of the changes.
    rename(&bench, "8001", "子");
    edit(&bench, |plan| {
        plan["changes"].as_array_mut().unwrap().remove(0);
        plan["steps"].as_array_mut().unwrap().remove(0);
    });
    bench.run(&APPLY).exits(0);
    assert_eq!(name(&bench, "8003"), "寅");
}

#[test]
fn a_step_is_carried_out_once_and_in_its_order() {
    let edits: [fn(&mut Vec<Value>); 6] = [
        // The same step again, under its own id and under another one.
        |steps| steps.push(steps[0].clone()),
        |steps| {
            let mut again = steps[0].clone();
            again["id"] = json!("s9");
            steps.push(again);
        },
        |steps| steps[1]["id"] = steps[0]["id"].clone(),
        |steps| steps[0]["after"] = json!(["s9"]),
        |steps| steps[0]["after"] = json!([steps[1]["id"]]),
        |steps| steps[0]["after"] = json!([steps[0]["id"]]),
    ];
    for change in edits {
        let bench = Bench::new(SEED);
        bench.roster(&roster(["子", "丑", "丙"]));
        bench.run(&["plan", "--out", "plan.json"]).exits(0);
        edit(&bench, |plan| change(plan["steps"].as_array_mut().unwrap()));
        bench.run(&APPLY).exits(3);
        assert_eq!(name(&bench, "8001"), "甲");
        assert_eq!(name(&bench, "8002"), "乙");
    }
}

#[test]
fn what_the_saved_plan_does_not_hold_is_not_done() {
    let bench = Bench::new(SEED);
    bench.roster(&roster(["子", "乙", "丙"]));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    rename(&bench, "8003", "卯");
    let said = bench.run(&[&APPLY[..], &["--format", "json"]].concat()).exits(0).json();
    assert_eq!(name(&bench, "8001"), "子");
    assert_eq!(name(&bench, "8003"), "卯");
    assert_eq!(said["due"], json!(["agent/8003"]));
    // A saved plan without steps claims nothing else.
    rename(&bench, "8003", "丙");
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let said = bench.run(&APPLY).exits(0);
    assert!(said.out.contains("Nothing to do"), "{}", said.out);
    rename(&bench, "8003", "卯");
    for format in ["text", "markdown", "html"] {
        let said = bench.run(&[&APPLY[..], &["--format", format]].concat()).exits(0);
        assert!(said.out.contains("agent/8003"), "{}", said.out);
        assert!(!said.out.contains("as the manifests say"), "{}", said.out);
    }
    let said = bench.run(&[&APPLY[..], &["--format", "json"]].concat()).exits(0).json();
    assert_eq!(said["due"], json!(["agent/8003"]));
    let said = bench.run(&["apply", "--auto-approve", "--format", "json"]).exits(0).json();
    assert_eq!(said.get("due"), None);
}

#[test]
fn limits_are_judged_again_with_the_allowances_of_the_saved_plan() {
    let bench = Bench::new(SEED);
    bench.workspace("policy: { limits: { changes: 0, floor: 0 } }\n");
    bench.roster(&roster(["子", "乙", "丙"]));
    bench.run(&["plan", "--out", "plan.json"]).exits(4);
    edit(&bench, |plan| {
        plan["findings"] = json!([]);
        plan["summary"]["findings"] = json!({ "error": 0, "warning": 0, "info": 0 });
    });
    bench.run(&APPLY).exits(4);
    assert_eq!(name(&bench, "8001"), "甲");
    bench.run(&["plan", "--out", "plan.json", "--allow", "changes=1"]).exits(0);
    bench.run(&APPLY).exits(0);
}

#[test]
fn a_plan_is_signed_where_there_is_a_fingerprint_key() {
    let mut bench = Bench::new(SEED);
    bench.environment.push(("BENCH_LEDGER".to_owned(), "canary-ledger-key".to_owned()));
    bench.workspace("ledger: { fingerprintKey: { store: ci, key: LEDGER } }\n");
    bench.roster(&roster(["子", "乙", "丙"]));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let signed = fs::read_to_string(bench.path("plan.json")).unwrap();
    assert!(!signed.contains("canary"));
    // Without a signature, with that of another plan, and under another key.
    edit(&bench, |plan| drop(plan["digests"].as_object_mut().unwrap().remove("signature")));
    bench.run(&APPLY).exits(3);
    bench.write("plan.json", &signed);
    edit(&bench, |plan| plan["changes"][0]["fields"][0]["after"] = json!("戊"));
    bench.run(&APPLY).exits(3);
    bench.write("plan.json", &signed);
    bench.environment.push(("BENCH_LEDGER".to_owned(), "another-ledger-key".to_owned()));
    bench.run(&APPLY).exits(3);
    bench.environment.pop();
    // A plan from a snapshot has read no secret.
    bench.run(&["snapshot", "--out", "live.json"]).exits(0);
    bench.run(&["plan", "--live", "live.json", "--out", "unsigned.json"]).exits(0);
    bench.run(&["apply", "--auto-approve", "--plan", "unsigned.json"]).exits(3);
    bench.run(&APPLY).exits(0);
    assert_eq!(name(&bench, "8001"), "子");
}

#[test]
fn a_plan_of_another_form_is_stale_and_not_malformed() {
    let bench = Bench::new(SEED);
    bench.roster(&roster(["子", "乙", "丙"]));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    edit(&bench, |plan| plan["steps"][0]["operation"] = json!("agent.rename"));
    bench.run(&APPLY).exits(3);
}

#[test]
fn a_saved_plan_takes_no_more_calls_than_to_plan_and_to_apply() {
    let calls = |arguments: &[&str]| {
        let bench = Bench::new(SEED);
        bench.roster(&roster(["子", "丑", "寅"]));
        bench.run(&["plan", "--out", "plan.json"]).exits(0);
        let count = || bench.with(|estate| estate.calls.values().sum::<usize>());
        let before = count();
        bench.run(arguments).exits(0);
        count() - before
    };
    assert!(calls(&APPLY) <= calls(&["apply", "--auto-approve"]));
}

#[test]
fn a_malformed_value_is_refused_with_its_place() {
    let bench = Bench::new(SEED);
    let member = "{ agentNumber: \"8001\", priority: 1 }";
    let queues = format!("queues:\n  - {{ displayName: 在线, assignMembers: [{member}] }}\n");
    bench.roster(&(roster(["甲", "乙", "丁"]) + &queues));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let saved = fs::read_to_string(bench.path("plan.json")).unwrap();
    for (path, value, place) in [
        ("0/fields/0/after", json!(7), "`after` of `name` of agent/8003"),
        ("0/fields/0/before", json!({ "unknown": 7 }), "`before` of `name` of agent/8003"),
        ("0/fields/0/path", json!("assignMembers"), "agent/8003 has no field `assignMembers`"),
        ("1/fields/0/after", json!({}), "`after` of `assignMembers` of queue/在线"),
        ("1/fields/0/after", json!(["8001", "8001"]), "`after` of `assignMembers` of queue/在线"),
        ("1/fields/0/after/0/priority", json!("1"), "`after` of `assignMembers` of queue/在线"),
        ("1/fields/0/path", json!("name"), "queue/在线 has no field `name`"),
    ] {
        bench.write("plan.json", &saved);
        edit(&bench, |plan| *plan.pointer_mut(&format!("/changes/{path}")).unwrap() = value);
        let said = bench.run(&APPLY).exits(3);
        assert!(said.err.contains(place), "{place}: {}", said.err);
    }
    assert_eq!(name(&bench, "8003"), "丙");
    bench.write("plan.json", &saved);
    bench.run(&APPLY).exits(0);
    assert_eq!(bench.members("在线"), [("8001".to_owned(), 1)]);
}
