//! Identity: agents are their `id` and `ctime`, queues their `exten`, a ledger belongs to one tenant.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;

use bench::Bench;
use chinese::assert_no_english;
use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use serde_json::{Value, json};

const PRUNE: &str = "policy: { prune: owned, limits: { floor: 100 } }\n";

/// Creates a bench with agents 8001 and 8002, applied once.
fn applied(more: &str) -> Bench {
    let bench = Bench::new("roles: [坐席, 班长]\nquirks: { queueLag: 0 }\n");
    bench.workspace(more);
    bench.roster(
        "agents:\n  - { operatorId: \"8001\", name: 张三, role: 坐席 }\n  - { operatorId: \"8002\", name: 李四, role: 坐席 }\n",
    );
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench
}

/// Deletes an agent in the console, and creates another one with its number.
fn succeed(bench: &Bench, number: &str, name: &str) {
    bench.with(|estate| {
        let mut agent = estate.get::<AgentConfig>().agent(number).cloned().unwrap();
        estate.get_mut::<AgentConfig>().remove(number);
        agent.name = Some(name.to_owned());
        (agent.id, agent.ctime, agent.role_name) = (0, agent.ctime + 90_000, "班长".to_owned());
        estate.get_mut::<AgentConfig>().put(agent);
    });
}

fn codes(plan: &Value) -> Vec<&str> {
    plan["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

fn ledger(bench: &Bench) -> Value {
    serde_json::from_str(&std::fs::read_to_string(bench.path(".rosterctl/ledger.json")).unwrap()).unwrap()
}

#[test]
fn a_colleague_with_an_old_number_is_not_deleted() {
    let bench = applied(PRUNE);
    assert!(ledger(&bench)["resources"]["agent/8002"]["identity"]["id"].is_number());
    bench.roster("agents:\n  - { operatorId: \"8001\", name: 张三, role: 坐席 }\n");
    succeed(&bench, "8002", "a newcomer");
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!((plan["changes"].as_array().unwrap().len(), codes(&plan)), (0, vec!["R206", "R201"]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(ledger(&bench)["resources"].get("agent/8002"), None, "a clean apply forgets");
    assert_eq!(codes(&bench.run(&["plan", "--format", "json"]).exits(0).json()), ["R201"]);
    assert_eq!(bench.agents(), ["8001", "8002"]);
}

#[test]
fn what_is_neither_declared_nor_live_is_forgotten() {
    let bench = applied(PRUNE);
    bench.roster("agents:\n  - { operatorId: \"8001\", name: 张三, role: 坐席 }\n");
    bench.with(|estate| estate.get_mut::<AgentConfig>().remove("8002"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(ledger(&bench)["resources"].get("agent/8002"), None);
}

#[test]
fn an_agent_that_was_made_again_has_an_unknown_role() {
    let bench = applied("");
    succeed(&bench, "8002", "李四");
    bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    bench.run(&["apply", "--auto-approve", "--assert-unread"]).exits(0);
    let role = bench.with(|estate| estate.get::<AgentConfig>().agent("8002").unwrap().role_name.clone());
    assert_eq!(role, "坐席");
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_ledger_of_another_tenant_is_refused_until_it_is_bound_again() {
    let bench = applied("");
    let workspace = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &workspace.replace("abbreviate: acme", "abbreviate: other"));
    let said = bench.run(&["plan"]).exits(1);
    assert!(said.err.contains("abbreviate of agent-config was `acme` and is `other`"), "{}", said.err);
    assert!(said.err.contains("rosterctl ledger rebind"), "{}", said.err);
    for command in [&["apply", "--auto-approve"][..], &["drift"], &["snapshot", "--out", "s.json"]] {
        bench.run(command).exits(1);
    }
    let said = bench.run(&["ledger", "rebind"]).exits(0);
    assert!(said.out.contains("abbreviate"), "{}", said.out);
    bench.run(&["plan"]).exits(0);
    assert!(bench.run(&["ledger", "rebind"]).exits(0).out.contains("nothing to do"));
    // A trailing slash and a setting that the ledger does not hold are no other tenant.
    let url = bench.url();
    let other = workspace.replace("abbreviate: acme", "abbreviate: other");
    bench.write("rosterctl.yaml", &other.replace(&url, &format!("{url}/")));
    bench.run(&["plan"]).exits(0);
}

#[test]
fn a_queue_renamed_in_the_console_is_no_second_queue() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }]\n");
    bench.roster("queues:\n  - { displayName: 甲, assignMembers: [\"8001\"] }\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.with(|estate| estate.get_mut::<WebchatQueue>().queues[0].display_name = "乙".to_owned());
    let plan = bench.run(&["plan", "--detailed-exitcode", "--format", "json"]).exits(2).json();
    assert_eq!((plan["changes"].as_array().unwrap().len(), codes(&plan)), (0, vec!["R306", "R201"]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.roster("queues:\n  - { displayName: 乙, assignMembers: [\"8001\"] }\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let resources = ledger(&bench)["resources"].clone();
    assert!(resources.get("queue/甲").is_none() && resources["queue/乙"]["exten"].is_string(), "{resources}");
    // The same the other way: the manifest changes first.
    bench.roster("queues:\n  - { displayName: 丙, assignMembers: [\"8001\"] }\n");
    let plan = bench.run(&["apply", "--auto-approve", "--format", "json"]).exits(1).json();
    assert!(codes(&plan).contains(&"R307"), "{plan}");
    bench.roster("queues:\n  - { displayName: 丙, was: 乙, assignMembers: [\"8001\"] }\n");
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert!(codes(&plan).contains(&"R306"), "{plan}");
    bench.with(|estate| estate.get_mut::<WebchatQueue>().queues[0].display_name = "丙".to_owned());
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 1);
}

#[test]
fn a_queue_that_left_the_files_is_let_go_by_a_clean_apply() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }]\n");
    let roster = |names: &[&str]| {
        let queues: Vec<String> = names
            .iter()
            .map(|name| format!("  - {{ displayName: {name}, assignMembers: [\"8001\"] }}\n"))
            .collect();
        bench.roster(&format!("agents: [{{ operatorId: \"8001\" }}]\nqueues:\n{}", queues.concat()));
    };
    roster(&["甲", "丁"]);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    roster(&["丁"]);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(ledger(&bench)["resources"]["queue/甲"]["letGo"], json!(true));
    roster(&["丁", "戊"]);
    bench.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn a_queue_that_no_listing_shows_is_asked_for_once() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }]\nquirks: { queueLag: 3600 }\n");
    bench.roster("queues:\n  - { displayName: 甲, assignMembers: [\"8001\"] }\n");
    let count = || bench.with(|estate| estate.get::<WebchatQueue>().queues.len());
    let said = bench.run(&["apply", "--auto-approve"]).exits(5);
    assert!(said.out.contains("no listing has shown it yet"), "{}", said.out);
    for _ in 0..2 {
        let said = bench.run(&["apply", "--auto-approve", "--format", "json"]).exits(5).json();
        assert!(codes(&said).contains(&"R309"), "{said}");
        assert_eq!(count(), 1);
    }
    bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    let shown = bench.run(&["ledger", "show", "queue/甲"]).exits(0);
    assert!(shown.out.contains("no listing has shown it yet"), "{}", shown.out);
    // A listing that shows it ends the wait; afterwards its absence means a deletion.
    bench.with(|estate| estate.get_mut::<WebchatQueue>().unshown.clear());
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    bench.with(|estate| estate.get_mut::<WebchatQueue>().queues.clear());
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&plan["changes"][0]["action"], &plan["changes"][0]["moved"]),
        (&json!("create"), &json!("live"))
    );
}

#[test]
fn a_pending_queue_is_made_again_once_it_is_forgotten() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }]\nquirks: { queueLag: 3600 }\n");
    bench.roster("queues:\n  - { displayName: 甲, assignMembers: [\"8001\"] }\n");
    bench.run(&["apply", "--auto-approve"]).exits(5);
    bench.with(|estate| {
        estate.get_mut::<WebchatQueue>().queues.clear();
        estate.quirks.queue_lag = 0;
    });
    let said = bench.run(&["ledger", "forget", "queue/乙"]).exits(1);
    assert!(said.err.contains("did you mean `queue/甲`?"), "{}", said.err);
    bench.run(&["ledger", "forget", "queue/甲"]).exits(0);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.members("甲"), [("8001".to_owned(), 0)]);
}

#[test]
fn protection_outlives_its_line() {
    let bench = Bench::new("roles: [坐席]\n");
    bench.workspace(PRUNE);
    let roster = |agent: &str| {
        bench.roster(&format!("agents:\n  - {{ operatorId: \"8001\", name: 张三, role: 坐席 }}\n{agent}"));
    };
    roster("  - { operatorId: \"8002\", name: 李四, role: 坐席, protect: true }\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    roster("");
    let said = bench.run(&["apply", "--auto-approve"]).exits(4);
    assert!(said.err.contains("is protected"), "{}", said.err);
    roster("  - { operatorId: \"8002\", state: absent }\n");
    bench.run(&["apply", "--auto-approve"]).exits(4);
    roster("  - { operatorId: \"8002\", name: 李四, role: 坐席 }\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    roster("");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.agents(), ["8001"]);
}

#[test]
fn a_field_that_leaves_the_files_is_told_of_until_the_next_clean_apply() {
    let bench = Bench::new("roles: [坐席]\n");
    bench.roster("agents:\n  - { operatorId: \"8203\", name: 张三, role: 坐席, enabled: false }\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.roster("agents:\n  - { operatorId: \"8203\", name: 张三, role: 坐席 }\n");
    for _ in 0..2 {
        let plan = bench.run(&["plan", "--detailed-exitcode", "--format", "json"]).exits(0).json();
        assert_eq!(codes(&plan), ["R205"]);
        assert!(plan["findings"][0]["message"].as_str().unwrap().contains("agent/8203 (false)"), "{plan}");
    }
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(codes(&bench.run(&["plan", "--format", "json"]).exits(0).json()), [""; 0]);
}

#[test]
fn two_workspaces_of_one_tenant_declare_nothing_twice() {
    let bench = Bench::new("roles: [坐席]\n");
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    for (folder, agents, queue) in [("a", "8001..8003", "甲"), ("b", "8003..8004", "乙")] {
        bench.write(
            &format!("{folder}/rosterctl.yaml"),
            &file.replace("name: bench", &format!("name: {folder}")),
        );
        let roster = format!(
            "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - {{ operatorIds: {agents}, role: 坐席 }}\n\
             queues:\n  - {{ displayName: {queue}, assignMembers: [\"8003\"] }}\n"
        );
        bench.write(&format!("{folder}/roster/r.yaml"), &roster);
    }
    for command in ["validate", "plan"] {
        let said = bench.run(&[command, "a", "b"]).exits(1);
        assert!(said.err.contains("agent/8003 is declared by workspace `b` too"), "{}", said.err);
        assert!(said.err.contains("agent/8003 is declared by workspace `a` too"), "{}", said.err);
        assert!(!said.err.contains("queue/"), "{}", said.err);
    }
    // Another tenant is another roster.
    let other = file.replace("name: bench", "name: b").replace("abbreviate: acme", "abbreviate: other");
    bench.write("b/rosterctl.yaml", &other);
    bench.run(&["validate", "a", "b"]).exits(0);
}

#[test]
fn an_agent_that_moved_to_another_workspace_is_not_deleted_by_its_former_one() {
    let bench = Bench::new("roles: [坐席]\n");
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let roster = |folder: &str, agents: &[&str]| {
        let agents: Vec<String> =
            agents.iter().map(|id| format!("  - {{ operatorId: \"{id}\", role: 坐席 }}\n")).collect();
        let head = "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n";
        bench.write(&format!("{folder}/roster/r.yaml"), &format!("{head}{}", agents.concat()));
    };
    for folder in ["a", "b"] {
        let file = file.replace("name: bench", &format!("name: {folder}"));
        bench.write(&format!("{folder}/rosterctl.yaml"), &format!("{file}{PRUNE}"));
    }
    roster("a", &["8001", "8002"]);
    bench.run(&["apply", "--auto-approve", "a"]).exits(0);
    roster("a", &["8001"]);
    roster("b", &["8002"]);
    let said = bench.run(&["plan", "--format", "json", "a", "b"]).exits(1).json();
    assert_eq!(codes(&said["workspaces"][0]), ["R312"], "{said}");
    bench.run(&["ledger", "forget", "agent/8002", "a"]).exits(0);
    bench.run(&["plan", "a", "b"]).exits(0);
    bench.run(&["apply", "--auto-approve", "a"]).exits(0);
    assert_eq!(bench.agents(), ["8001", "8002"]);
}

/// Leaves the journal of a run that was killed while it changed two roles.
fn interrupted(more: &str) -> Bench {
    let bench = applied(more);
    bench.roster(
        "agents:\n  - { operatorId: \"8001\", name: 张三, role: 班长 }\n  - { operatorId: \"8002\", name: 李四, role: 班长 }\n",
    );
    bench.run(&["plan", "--out", "p.json"]).exits(0);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("p.json")).unwrap()).unwrap();
    let steps = plan["steps"].as_array().unwrap().len();
    assert_eq!(steps, 2, "{plan}");
    let run = json!({ "entry": "run", "plan": plan, "ledger": ledger(&bench)["serial"] });
    let begun = (0..steps).map(|step| json!({ "entry": "begin", "step": step }));
    let lines: Vec<String> = [run].into_iter().chain(begun).map(|line| format!("{line}\n")).collect();
    bench.write(".rosterctl/journal.jsonl", &lines.concat());
    bench
}

/// Declares the roles from before the interrupted run. Returns the agents that the plan changes.
fn changed(bench: &Bench, agents: &str) -> (Vec<String>, Value) {
    bench.roster(&format!("agents:\n{agents}"));
    let plan = bench.run(&["plan", "--format", "json", "--allow", "deletes=9"]).exits(0).json();
    let ids = plan["changes"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned());
    (ids.collect(), plan)
}

#[test]
fn a_ledger_is_bound_again_beside_an_unfinished_journal_that_keeps_its_say() {
    let bench = interrupted("");
    let workspace = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &workspace.replace("abbreviate: acme", "abbreviate: other"));
    bench.run(&["apply", "--auto-approve"]).exits(1);
    bench.run(&["ledger", "rebind"]).exits(0);
    let both = "  - { operatorId: \"8001\", role: 坐席 }\n  - { operatorId: \"8002\", role: 坐席 }\n";
    let (ids, plan) = changed(&bench, both);
    assert_eq!(ids, ["agent/8001", "agent/8002"], "the roles are in doubt, and set again: {plan}");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(changed(&bench, both).0, [""; 0]);
}

#[test]
fn a_resource_is_forgotten_beside_an_unfinished_journal_and_does_not_come_back() {
    let bench = interrupted(PRUNE);
    bench.run(&["ledger", "forget", "agent/8002"]).exits(0);
    assert_eq!(ledger(&bench)["resources"].get("agent/8002"), None);
    let said = bench.run(&["ledger", "forget", "agent/8002"]).exits(1);
    assert!(said.err.contains("does not know agent/8002"), "{}", said.err);
    let (ids, plan) = changed(&bench, "  - { operatorId: \"8001\", role: 坐席 }\n");
    assert_eq!(ids, ["agent/8001"], "its own result is not lost, and 8002 is not owned: {plan}");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.agents(), ["8001", "8002"]);
    assert_eq!(ledger(&bench)["resources"].get("agent/8002"), None);
}

#[test]
fn a_queue_that_only_an_unfinished_journal_knows_is_forgotten() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }]\n");
    bench.roster("queues:\n  - { displayName: 甲, assignMembers: [\"8001\"] }\n");
    bench.run(&["plan", "--out", "p.json"]).exits(0);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("p.json")).unwrap()).unwrap();
    let lines = [
        json!({ "entry": "run", "plan": plan, "ledger": 0 }),
        json!({ "entry": "begin", "step": 0 }),
        json!({ "entry": "end", "step": 0, "ending": "done", "made": "1001" }),
    ];
    bench.write(".rosterctl/journal.jsonl", &lines.map(|line| format!("{line}\n")).concat());
    assert!(codes(&bench.run(&["plan", "--format", "json"]).exits(0).json()).contains(&"R309"));
    bench.run(&["ledger", "forget", "queue/甲"]).exits(0);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.members("甲"), [("8001".to_owned(), 0)]);
}

#[test]
fn all_that_the_ledger_holds_is_shown_and_forgotten() {
    let bench = applied("");
    let mut known = ledger(&bench);
    known["kept"] = json!({ "agent/8003": { "fields": { "role": "坐席" }, "queues": { "1001": 3 } } });
    known["awaited"] = json!({ "queue/甲": 1 });
    known["waiting"] = json!({ "queue/乙": { "8002": "on-call" } });
    bench.write(".rosterctl/ledger.json", &known.to_string());
    let shown = bench.run(&["ledger", "show"]).exits(0).out;
    for line in [
        "agent/8003  kept for its replacement: role \"坐席\", queue 1001 3\n",
        "queue/甲  asked for without an answer",
        "queue/乙  waiting for 8002 (on-call)\n",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let json = bench.run(&["ledger", "show", "--format", "json"]).exits(0).json();
    for (lang, lines) in [
        (
            "zh-CN",
            [
                "agent/8003  重建要用，先留着：角色 坐席、队列 1001 3\n",
                "queue/甲  请求发出后没有响应",
                "queue/乙  在等 8002（通话中）\n",
            ],
        ),
        (
            "zh-TW",
            [
                "agent/8003  重建要用，先留著：角色 坐席、佇列 1001 3\n",
                "queue/甲  要求送出後沒有回應",
                "queue/乙  在等 8002（通話中）\n",
            ],
        ),
    ] {
        let shown = bench.run(&["ledger", "show", "--lang", lang]).exits(0).out;
        assert!(lines.iter().all(|line| shown.contains(line)), "{shown}");
        assert_no_english(&shown);
        let shown = bench.run(&["ledger", "show", "agent/8001", "--lang", lang]).exits(0).out;
        assert_no_english(&shown);
        let said = bench.run(&["ledger", "show", "--format", "json", "--lang", lang]).exits(0).json();
        assert_eq!(said, json);
    }
    for (map, id) in [("kept", "agent/8003"), ("awaited", "queue/甲"), ("waiting", "queue/乙")] {
        assert_eq!(json[map], known[map], "{json}");
        assert!(bench.run(&["ledger", "show", id]).exits(0).out.starts_with(&format!("{id}\n  ")));
        bench.run(&["ledger", "forget", id]).exits(0);
        assert_eq!(ledger(&bench).get(map), None);
        bench.run(&["ledger", "forget", id]).exits(1);
    }
}

/// Writes workspaces of one tenant, each with its agents; an agent may have more settings.
fn folders(bench: &Bench, all: &[(&str, &[&str])]) {
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    for (folder, agents) in all {
        let named = file.replace("name: bench", &format!("name: {folder}"));
        bench.write(&format!("{folder}/rosterctl.yaml"), &format!("{named}{PRUNE}"));
        let agents: Vec<String> = agents.iter().map(|id| format!("  - {{ operatorId: {id} }}\n")).collect();
        let head = "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n";
        bench.write(&format!("{folder}/roster/r.yaml"), &format!("{head}{}", agents.concat()));
    }
}

#[test]
fn a_share_compares_its_workspaces_with_all_that_are_named() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }, { operatorId: \"8002\" }]\n");
    folders(&bench, &[("a", &["\"8001\""]), ("b", &["\"8001\""]), ("c", &["\"8002\""])]);
    for (shard, other) in [("1/2", "b"), ("2/2", "a")] {
        for command in ["validate", "plan"] {
            let said = bench.run(&[command, "--shard", shard, "a", "b", "c"]).exits(1);
            assert!(said.err.contains(&format!("is declared by workspace `{other}` too")), "{}", said.err);
            let own = if other == "b" { "`a` too" } else { "`b` too" };
            assert!(!said.err.contains(own), "{}", said.err);
        }
    }
    let said = bench.run(&["validate", "--shard", "1/2", "a", "c", "b"]).exits(1);
    assert!(!said.out.contains("c: sound"), "another share's: {}", said.out);
    bench.run(&["validate", "--shard", "2/2", "a", "c", "b"]).exits(0);
}

#[test]
fn a_share_and_drift_know_the_agents_of_all_that_are_named() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }, { operatorId: \"8002\" }]\n");
    folders(&bench, &[("a", &["\"8001\"", "\"8002\""])]);
    bench.run(&["apply", "--auto-approve", "a"]).exits(0);
    folders(&bench, &[("a", &["\"8001\""]), ("b", &["\"8002\""])]);
    for command in [&["plan", "--shard", "1/2"][..], &["drift"], &["drift", "--shard", "1/2"]] {
        let said = bench.run(&[command, &["--format", "json", "a", "b"]].concat()).exits(1).json();
        assert_eq!(codes(&said["workspaces"][0]), ["R312"], "{command:?}: {said}");
    }
    bench.run(&["drift", "--format", "json", "--shard", "2/2", "a", "b"]).exits(0);
}

#[test]
fn a_tombstone_is_no_matter_of_the_ledger() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\" }]\n");
    folders(&bench, &[("a", &["\"8001\""]), ("b", &["\"8001\", state: absent"])]);
    let said = bench.run(&["validate", "a", "b"]).exits(1);
    for way in ["take `state: absent` out of the other one", "take `state: absent` out of this one"] {
        assert!(said.err.contains(way), "{}", said.err);
    }
    assert!(!said.err.contains("ledger forget"), "{}", said.err);
}
