//! `scope` and `ignore`: the part of a tenant that a workspace manages.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::fs;

use bench::Bench;
use rosterctl::sandbox::{AgentConfig, WebchatQueue};
use serde_json::{Value as Json, json};

/// The whole tenant: two teams, and a queue of each with members of both.
const ALL: &str = "agents:
  - { operatorIds: 8001..8004, name: \"甲{operatorId}\", role: 坐席, mainSkillGroup: 售前 }
  - { operatorIds: 9001..9003, name: \"乙{operatorId}\", role: 坐席, mainSkillGroup: 售后 }
queues:
  - displayName: 售前一组
    assignMembers: [\"8001\", \"8002\", { agentNumber: \"9001\", priority: 3 }]
  - displayName: 售后一组
    assignMembers: [\"9001\", \"9002\", \"8003\"]
";

/// The team 售前 alone.
const MINE: &str = "agents:
  - { operatorIds: 8001..8004, name: \"甲{operatorId}\", role: 坐席, mainSkillGroup: 售前 }
queues:
  - displayName: 售前一组
    assignMembers: [\"8001\", \"8002\"]
";

const BY_NUMBER: &str = "scope: { agents: { operatorId: 8000..8999 }, queues: { displayName: \"售前*\" } }\n";

/// Returns a bench with the whole tenant live, a workspace and a roster. Its ledger knows nothing.
fn bench(workspace: &str, roster: &str) -> Bench {
    let bench = Bench::new("quirks: { queueLag: 0 }\n");
    bench.roster(ALL);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    fs::remove_dir_all(bench.path(".rosterctl")).unwrap();
    bench.workspace(workspace);
    bench.roster(roster);
    bench
}

fn plan(bench: &Bench, code: i32) -> Json {
    bench.run(&["plan", "--format", "json"]).exits(code).json()
}

fn codes(plan: &Json) -> Vec<(&str, &str)> {
    let findings = plan["findings"].as_array().unwrap().iter();
    findings.map(|f| (f["code"].as_str().unwrap(), f["id"].as_str().unwrap_or_default())).collect()
}

/// Returns the ids of the changes of a plan.
fn changed(plan: &Json) -> Vec<&str> {
    plan["changes"].as_array().unwrap().iter().map(|change| change["id"].as_str().unwrap()).collect()
}

#[test]
fn resources_outside_are_neither_listed_nor_compared() {
    let bench = bench(BY_NUMBER, MINE);
    let plan = plan(&bench, 0);
    assert_eq!(changed(&plan), [""; 0]);
    let unknown = |code: &str| !matches!(code, "R102" | "R207");
    assert!(codes(&plan).iter().all(|(code, _)| !unknown(code)), "{plan}");
    assert_eq!(
        (&plan["summary"]["live"]["agents"], &plan["summary"]["live"]["queues"]),
        (&json!(4), &json!(1))
    );
    let status = bench.run(&["status", "--format", "json"]).exits(0).json();
    let listed: Vec<&str> =
        status["agents"].as_array().unwrap().iter().map(|row| row["operatorId"].as_str().unwrap()).collect();
    assert_eq!(listed, ["8001", "8002", "8003", "8004"]);
    let said = bench.run(&["status", "--agent", "9001"]).exits(1);
    assert!(said.err.contains("`9001` is outside the scope"), "{}", said.err);
    bench.run(&["status", "--queue", "售后一组"]).exits(1);
    bench.run(&["plan", "--target", "agent/9001"]).exits(1);
}

#[test]
fn members_outside_stay_in_an_exact_list_and_are_said() {
    let bench = bench(BY_NUMBER, &MINE.replace("[\"8001\", \"8002\"]", "[\"8001\", \"8004\"]"));
    let plan = plan(&bench, 0);
    let kept = plan["findings"].as_array().unwrap().iter().find(|f| f["code"] == "R207").unwrap();
    assert_eq!((&kept["id"], &kept["severity"]), (&json!("queue/售前一组"), &json!("info")));
    assert_eq!(kept["args"]["members"], json!(["9001"]));
    assert_eq!(kept["source"]["line"], 6);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let member = |id: &str, priority| (id.to_owned(), priority);
    assert_eq!(bench.members("售前一组"), [member("8001", 0), member("8004", 0), member("9001", 3)]);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn nothing_outside_is_pruned() {
    let prune = "policy: { prune: all, limits: { deletes: 100%, memberRemovals: 100%, floor: 100 } }\n";
    let roster = MINE.replace("8001..8004", "8001..8002");
    let bench = bench(&format!("{BY_NUMBER}{prune}"), &roster);
    // A queue outside holds 8003, and no step may take it out there.
    let plan = plan(&bench, 0);
    assert_eq!(changed(&plan), ["agent/8004"]);
    let held = plan["findings"].as_array().unwrap().iter().find(|f| f["code"] == "R112").unwrap();
    assert_eq!((&held["id"], &held["kind"]), (&json!("agent/8003"), &json!("heldOutside")));
    bench.run(&["apply", "--auto-approve"]).exits(5);
    assert_eq!(bench.agents(), ["8001", "8002", "8003", "9001", "9002", "9003"]);
    let before = bench.members("售后一组").len();
    assert_eq!(before, 3);
    // A tombstone of 8003 is withheld as well.
    bench.workspace(BY_NUMBER);
    bench.roster(&roster.replace("queues:", "  - { operatorId: \"8003\", state: absent }\nqueues:"));
    assert!(codes(&self::plan(&bench, 0)).contains(&("R112", "agent/8003")));
}

#[test]
fn limits_count_only_resources_in_scope() {
    let limits = "policy: { limits: { changes: 50%, memberRemovals: 40%, floor: 0 } }\n";
    let renamed = MINE.replace("name: \"甲{operatorId}\"", "name: \"丙{operatorId}\"");
    let bench = bench(&format!("{BY_NUMBER}{limits}"), &renamed);
    // 4 of 5 in scope, though 4 of 9 in all.
    assert!(codes(&plan(&bench, 4)).iter().any(|(code, _)| *code == "R402"));
    // One of two members in scope, though one of three in all.
    bench.roster(&MINE.replace("[\"8001\", \"8002\"]", "[\"8001\"]"));
    assert!(codes(&plan(&bench, 4)).iter().any(|(code, _)| *code == "R403"));
}

#[test]
fn a_declaration_outside_is_an_error_with_both_places() {
    let bench = bench(BY_NUMBER, ALL);
    let said = bench.run(&["validate", "--format", "json"]).exits(1).json();
    let of = |id: &str| {
        let all = said["diagnostics"].as_array().unwrap();
        all.iter().find(|d| d["args"]["id"] == id).unwrap_or_else(|| panic!("{id}: {said}"))
    };
    let agent = of("agent/9001");
    assert_eq!((&agent["kind"], &agent["line"]), (&json!("outOfScope"), &json!(5)));
    assert_eq!((&agent["args"]["scope"], &agent["args"]["more"]), (&json!("8000..8999"), &json!(2)));
    let scope = agent["related"]["source"].clone();
    assert_eq!(scope["file"], "rosterctl.yaml");
    let text = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let line = text.lines().nth(usize::try_from(scope["line"].as_u64().unwrap()).unwrap() - 1).unwrap();
    assert!(line.starts_with("scope:"), "{line}");
    let queue = of("queue/售后一组");
    assert_eq!((&queue["args"]["key"], &queue["args"]["scope"]), (&json!("displayName"), &json!("售前*")));
    // A list may not name an agent outside either.
    let members = said["diagnostics"].as_array().unwrap().iter().filter(|d| d["args"]["id"] == "agent/9001");
    assert_eq!(members.map(|d| d["line"].as_u64().unwrap()).collect::<Vec<_>>(), [5, 8, 10]);
    bench.run(&["plan"]).exits(1);
}

#[test]
fn every_condition_must_hold_and_one_text_of_each() {
    let scope = "scope: { agents: { operatorId: [\"8001\", 8003..8099, 9001..9002], mainSkillGroup: [售前, 投诉], \
                 name: [\"甲*\", \"?9001\"] } }\n";
    let one = |id: &str, group: &str, name: &str| {
        format!("agents: [{{ operatorId: \"{id}\", name: {name}, mainSkillGroup: {group}, role: 坐席 }}]\n")
    };
    let bench = Bench::new("");
    bench.workspace(scope);
    for (id, group, name, key) in [
        ("8001", "售前", "甲", None),
        ("8050", "投诉", "甲一", None),
        ("9001", "售前", "乙9001", None),
        ("8002", "售前", "甲", Some("operatorId")),
        ("08003", "售前", "甲", Some("operatorId")),
        ("8003", "售后", "甲", Some("mainSkillGroup")),
        ("8003", "售前", "乙", Some("name")),
    ] {
        bench.roster(&one(id, group, name));
        let json = bench.run(&["validate", "--format", "json"]).exits(i32::from(key.is_some())).json();
        let found = json["diagnostics"].as_array().unwrap().first().map(|d| d["args"]["key"].clone());
        assert_eq!(found, key.map(Json::from), "{id} {group} {name}");
    }
    // A value that is not declared is judged by the live one.
    bench.roster("agents: [{ operatorId: \"8001\" }]\n");
    bench.run(&["validate"]).exits(0);
}

#[test]
fn a_value_of_a_later_day_is_judged_too() {
    let bench = Bench::new("");
    bench.workspace("timeZone: Asia/Shanghai\nscope: { agents: { mainSkillGroup: 售前 } }\n");
    let roster = |group: &str| {
        format!(
            "agents:\n  - {{ operatorId: \"8001\", name: 甲, role: 坐席, mainSkillGroup: 售前, during: [\n    \
             {{ from: 2999-01-01, mainSkillGroup: {group} }}] }}\n"
        )
    };
    bench.roster(&roster("售后"));
    let json = bench.run(&["validate", "--format", "json"]).exits(1).json();
    let found = &json["diagnostics"][0];
    assert_eq!((&found["args"]["value"], &found["line"]), (&json!("售后"), &json!(5)));
    bench.roster(&roster("售前"));
    bench.run(&["validate"]).exits(0);
}

#[test]
fn an_agent_that_is_live_outside_is_left_out_and_said() {
    let scope = "scope: { agents: { mainSkillGroup: 售前 }, queues: { displayName: \"售前*\" } }\n";
    let bench = bench(scope, MINE);
    bench.with(|estate| {
        let mut agent = estate.get::<AgentConfig>().agent("8002").cloned().unwrap();
        agent.main_group_name = Some("售后".to_owned());
        estate.get_mut::<AgentConfig>().put(agent);
    });
    let plan = plan(&bench, 0);
    assert_eq!(changed(&plan), [""; 0], "its queue keeps it as well");
    let found = plan["findings"].as_array().unwrap().iter().find(|f| f["code"] == "R112").unwrap();
    assert_eq!((&found["id"], &found["severity"]), (&json!("agent/8002"), &json!("warning")));
    assert_eq!(found["source"]["line"], 4);
    bench.run(&["drift"]).exits(2);
    bench.run(&["apply", "--auto-approve"]).exits(5);
    let group =
        bench.with(|estate| estate.get::<AgentConfig>().agent("8002").unwrap().main_group_name.clone());
    assert_eq!(group.as_deref(), Some("售后"));
}

#[test]
fn an_agent_is_not_made_without_a_value_that_the_scope_asks_for() {
    let bench = Bench::new("");
    bench.workspace("scope: { agents: { mainSkillGroup: 售前 } }\n");
    bench.roster("agents: [{ operatorId: \"8001\", name: 甲, role: 坐席 }]\n");
    let plan = plan(&bench, 0);
    assert_eq!((changed(&plan), codes(&plan)), (vec![], vec![("R112", "agent/8001")]));
}

#[test]
fn a_queue_that_left_the_scope_in_the_console_gets_no_duplicate() {
    let bench = bench(BY_NUMBER, MINE);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.with(|estate| {
        let queues = &mut estate.get_mut::<WebchatQueue>().queues;
        queues.iter_mut().find(|q| q.display_name == "售前一组").unwrap().display_name = "别的".to_owned();
    });
    let plan = plan(&bench, 0);
    assert_eq!(changed(&plan), [""; 0]);
    assert!(codes(&plan).contains(&("R112", "queue/售前一组")), "{plan}");
    // Nor does the name of a queue whose number is outside.
    let scope = "scope: { agents: { operatorId: 8000..8999 }, queues: { exten: \"1\" } }\n";
    let other = self::bench(scope, MINE);
    let plan = self::plan(&other, 0);
    assert!(codes(&plan).contains(&("R112", "queue/售前一组")), "{plan}");
    assert_eq!(changed(&plan), [""; 0]);
}

#[test]
fn an_import_writes_what_is_in_scope_and_leaves_nothing_to_do() {
    let bench = bench(BY_NUMBER, MINE);
    fs::remove_dir_all(bench.path("roster")).unwrap();
    bench.run(&["import", "--out", "roster"]).exits(0);
    let files = fs::read_dir(bench.path("roster")).unwrap().map(|entry| entry.unwrap().path());
    let text: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    assert!(text.contains("8004") && !text.contains("9002") && !text.contains("售后"), "{text}");
    assert!(text.contains("stay in the list: 9001"), "{text}");
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_plan_from_a_snapshot_knows_the_scope() {
    let roster = MINE.replace("[\"8001\", \"8002\"]", "[\"8001\", \"8004\"]");
    let bench = bench(BY_NUMBER, &roster);
    bench.run(&["snapshot", "--out", "live.json"]).exits(0);
    let text = fs::read_to_string(bench.path("live.json")).unwrap();
    assert!(text.contains("\"outside\":[\n{\"operatorId\":\"9001\""), "{text}");
    let of = |mut plan: Json| {
        plan["digests"] = Json::Null;
        plan
    };
    let from_file = bench.run(&["plan", "--live", "live.json", "--format", "json"]).exits(0).json();
    assert_eq!(of(from_file), of(plan(&bench, 0)));
    // A wider scope needs a new snapshot: what was outside is not known.
    bench.workspace("scope: { agents: { operatorId: 8000..9999 }, queues: { displayName: \"售前*\" } }\n");
    let said = bench.run(&["plan", "--live", "live.json"]).exits(6);
    assert!(said.out.contains("narrower `scope`"), "{}", said.out);
    // A narrower one does not.
    bench.workspace("scope: { agents: { operatorId: 8000..8999 }, queues: { displayName: \"没有*\" } }\n");
    bench.roster(MINE.split("queues:").next().unwrap());
    let narrow = bench.run(&["plan", "--live", "live.json", "--format", "json"]).exits(0).json();
    assert!(codes(&narrow).iter().all(|(code, _)| *code != "R202"), "{narrow}");
}

const IGNORE: &str = "policy: { prune: all, limits: { deletes: 100%, memberRemovals: 100%, floor: 100 } }
ignore:
  - { id: agent/9001, reason: belongs to the night shift }
  - { id: agent/9999, reason: is not live }
  - { id: queue/售后一组, reason: is kept by hand }
";

#[test]
fn an_ignored_resource_is_left_alone() {
    let roster = ALL
        .replace("9001..9003", "9002..9003")
        .replace(", { agentNumber: \"9001\", priority: 3 }", "")
        .split("  - displayName: 售后一组")
        .next()
        .unwrap()
        .to_owned();
    let bench = bench(IGNORE, &roster);
    let plan = plan(&bench, 0);
    assert_eq!(changed(&plan), [""; 0]);
    assert!(codes(&plan).contains(&("R207", "queue/售前一组")), "{plan}");
    assert!(codes(&plan).iter().all(|(code, _)| !matches!(*code, "R201" | "R202")), "{plan}");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(bench.agents().contains(&"9001".to_owned()));
    assert_eq!((bench.members("售前一组").len(), bench.members("售后一组").len()), (3, 3));
}

#[test]
fn an_ignored_resource_that_is_declared_is_an_error_with_both_places() {
    let bench = bench(IGNORE, ALL);
    let said = bench.run(&["validate", "--format", "json"]).exits(1).json();
    let found: Vec<_> = said["diagnostics"].as_array().unwrap().iter().collect();
    let lines: Vec<_> =
        found.iter().map(|d| (d["args"]["id"].as_str().unwrap(), d["line"].as_u64().unwrap())).collect();
    assert_eq!(lines, [("agent/9001", 5), ("agent/9001", 8), ("queue/售后一组", 9), ("agent/9001", 10)]);
    assert!(
        found.iter().all(|d| d["kind"] == "ignored" && d["related"]["source"]["file"] == "rosterctl.yaml")
    );
    assert!(found[0]["message"].as_str().unwrap().contains("belongs to the night shift"));
}

#[test]
fn a_scope_that_cannot_be_read_is_an_error_at_its_place() {
    let bench = Bench::new("");
    bench.roster(MINE);
    for (workspace, says) in [
        ("scope: { agents: { operatorId: 8001 } }\n", "must be text"),
        ("scope: { agents: { operatorId: 8009..8001 } }\n", "`operatorId` cannot be `8009..8001`"),
        ("scope: { agents: { operatorId: [] } }\n", "`operatorId` is an empty list"),
        ("scope: { agents: { operatorID: \"8001\" } }\n", "did you mean `operatorId`?"),
        ("scope: { queue: { displayName: x } }\n", "did you mean `queues`?"),
        ("ignore: [{ id: agent/8001 }]\n", "`reason`"),
        ("ignore: [{ id: \"8001\", reason: x }]\n", "agent/ID, queue/NAME"),
        ("ignore: [{ id: agent/1, reason: x }, { id: agent/1, reason: y }]\n", "is ignored twice"),
    ] {
        bench.workspace(workspace);
        let said = bench.run(&["validate"]).exits(1);
        assert!(said.err.contains(says) && said.err.contains("rosterctl.yaml:"), "{workspace}: {}", said.err);
    }
}
