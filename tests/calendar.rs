//! `calendar`: what dates change, over workspaces.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/planning.rs"]
mod planning;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use rosterctl::model::calendar::FORMAT;
use rosterctl::model::id::ResourceId;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::{Listing, Live};
use rosterctl::model::value::Members;
use rosterctl::plan::{Options, plan};
use serde_json::{Value as Json, json};

/// Returns the content lines of an iCalendar object, unfolded.
fn unfolded(ics: &str) -> Vec<String> {
    ics.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

/// A workspace whose secrets must not be read and whose vendors must not be called.
const WORKSPACE: &str = "apiVersion: rosterctl/v1
kind: Workspace
name: acme
timeZone: Asia/Shanghai
manifests: [roster]
connections:
  agents: { provider: agent-config, baseUrl: https://cc.example.invalid, abbreviate: acme, token: { store: ci, key: token } }
  webchat:
    provider: webchat-queue
    baseUrl: https://cc.example.invalid
    accountId: N1
    apiSecret: { store: ci, key: secret }
    rateLimit: { calls: 1, per: 60s }
secrets:
  ci: { type: exec, get: [touch, \"asked-{key}\"] }
";

/// The agents and queues of most tests: two who serve presales and one who serves aftersales.
const ROSTER: &str = "profiles:
  presales: { role: 普通坐席, mainSkillGroup: 售前, wrapUpSeconds: 30 }
  aftersales: { role: 普通坐席, mainSkillGroup: 售后, wrapUpSeconds: 30 }
queues:
  - displayName: 在线售前
    minMembers: 2
    memberSelector: { mainSkillGroup: 售前, priority: 5 }
  - displayName: 在线售后
    memberSelector: { mainSkillGroup: 售后 }
agents:
  - { operatorId: \"8001\", profile: presales, name: 张三 }
  - { operatorId: \"8002\", profile: presales, name: 李四 }
  - { operatorId: \"8201\", profile: aftersales, name: 王五 }
";

struct Site(tempfile::TempDir);

impl Site {
    fn new(workspace: &str, roster: &str) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.0.path().join("roster")).unwrap();
        fs::write(site.0.path().join("rosterctl.yaml"), format!("{WORKSPACE}{workspace}")).unwrap();
        site.roster("a.yaml", roster);
        site
    }

    fn roster(&self, file: &str, roster: &str) {
        let text = format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}");
        fs::write(self.0.path().join("roster").join(file), text).unwrap();
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> bench::Said {
        let all: Vec<&str> =
            ["calendar", "--at", "2026-11-30"].into_iter().chain(arguments.iter().copied()).collect();
        let said = bench::run_in(self.0.path(), &all, &[]);
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["roster", "rosterctl.yaml"], "a calendar writes nothing and reads no secret");
        said
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Json {
        self.run(&[&["--format", "json"], arguments].concat()).exits(0).json()
    }

    /// Returns the calendar as short lines: `DAY`, then each change and each head-count.
    #[track_caller]
    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let json = self.json(arguments);
        let mut lines = Vec::new();
        for entry in json["entries"].as_array().unwrap() {
            let at = entry["at"].as_str().unwrap();
            assert!(at.ends_with("+08:00"), "{at}");
            lines.push(at.trim_end_matches("+08:00").trim_end_matches("T00:00:00").to_owned());
            for change in entry["changes"].as_array().unwrap() {
                let word = |value: &Json| match value {
                    Json::String(text) => text.clone(),
                    Json::Array(members) => format!("{}", members.len()),
                    other => other.to_string(),
                };
                let mut line = format!("{} {}", word(&change["action"]), word(&change["id"]));
                if let Some(loan) = change["loan"].as_str() {
                    line.push_str(&format!(" {loan}"));
                }
                line.push_str(&format!(" :{}", change["source"]["line"]));
                if change["action"] != "join" {
                    for field in change["fields"].as_array().unwrap() {
                        let (before, after) = (word(&field["before"]), word(&field["after"]));
                        line.push_str(&format!(" {} {before}>{after}", word(&field["path"])));
                    }
                }
                lines.push(line);
            }
            for queue in entry["queues"].as_array().unwrap() {
                let id = queue["id"].as_str().unwrap();
                lines
                    .push(format!("{id} {}>{} min {}", queue["before"], queue["after"], queue["minMembers"]));
            }
        }
        lines
    }
}

#[test]
fn rule_13_11_who_joins_and_leaves_stands_on_the_first_and_behind_the_last_day() {
    let more =
        "  - { operatorId: \"8301\", profile: presales, name: 赵敏, from: 2026-12-01, until: 2026-12-31 }\n";
    let roster = format!("{ROSTER}{more}");
    let (joins, leaves) = (
        [
            "2026-12-01",
            "join agent/8301 :16",
            "update queue/在线售前 :16 assignMembers 2>3",
            "queue/在线售前 2>3 min 2",
        ],
        [
            "2027-01-01",
            "leave agent/8301 :16 enabled null>false",
            "update queue/在线售前 :16 assignMembers 3>2",
            "queue/在线售前 3>2 min 2",
        ],
    );
    let site = Site::new("", &roster);
    assert_eq!(site.lines(&[]), [joins, leaves].concat());
    let json = site.json(&[]);
    assert_eq!(
        (&json["format"], &json["workspace"], &json["timeZone"]),
        (&json!(FORMAT), &json!("acme"), &json!("Asia/Shanghai"))
    );
    assert_eq!(json["at"], "2026-11-30T00:00:00+08:00");
    let join = &json["entries"][0]["changes"][0];
    assert_eq!(join["title"], "赵敏");
    let role = join["fields"].as_array().unwrap().iter().find(|field| field["path"] == "role").unwrap();
    assert_eq!(
        (&role["before"], &role["after"], &role["source"]["line"]),
        (&json!(null), &json!("普通坐席"), &json!(4))
    );
    // One call creates the agent, one replaces the members.
    assert_eq!(json["entries"][0]["calls"], 2);
    assert_eq!(json["entries"][1]["calls"], 2);

    let site = Site::new("policy: { leavers: { deleteAfter: 30d } }\n", &roster);
    let deleted = ["2027-01-31", "delete agent/8301 :16 name 赵敏>null mainSkillGroup 售前>null"];
    assert_eq!(site.lines(&[]), [&joins[..], &leaves, &deleted].concat());
    let site = Site::new("policy: { leavers: { then: delete } }\n", &roster);
    let lines = site.lines(&[]);
    assert_eq!(lines[5], "delete agent/8301 :16 name 赵敏>null mainSkillGroup 售前>null");
    assert_eq!(lines[7], leaves[3]);
    let site = Site::new("policy: { leavers: { then: keep } }\n", &roster);
    assert_eq!(site.lines(&[])[5], "leave agent/8301 :16");
    // Only the queue is written.
    assert_eq!(site.json(&[])["entries"][1]["calls"], 1);
    assert!(site.run(&[]).out.contains("(the account stays as it is)"));
}

#[test]
fn rule_13_11_a_loan_ends_by_itself_and_queues_follow() {
    let lent = "  - operatorId: \"8003\"
    profile: presales
    name: 李娜
    during:
      - { period: 双十一, mainSkillGroup: 售后 }
      - { from: 2026-12-24T18:00, until: 2026-12-25T02:00, wrapUpSeconds: 5 }
periods:
  双十一: { from: 2026-12-05, until: 2026-12-11 }
";
    let site = Site::new("", &format!("{ROSTER}{lent}"));
    assert_eq!(
        site.lines(&[]),
        [
            "2026-12-05",
            "update agent/8003 begins :23 mainSkillGroup 售前>售后",
            "update queue/在线售前 :23 assignMembers 3>2",
            "update queue/在线售后 :23 assignMembers 1>2",
            "queue/在线售前 3>2 min 2",
            "queue/在线售后 1>2 min null",
            "2026-12-12",
            "update agent/8003 ends :23 mainSkillGroup 售后>售前",
            "update queue/在线售前 :23 assignMembers 2>3",
            "update queue/在线售后 :23 assignMembers 2>1",
            "queue/在线售前 2>3 min 2",
            "queue/在线售后 2>1 min null",
            "2026-12-24T18:00:00",
            "update agent/8003 :21 wrapUpSeconds 30>5",
            "2026-12-25T02:00:00",
            "update agent/8003 :21 wrapUpSeconds 5>30",
        ]
    );
    let json = site.json(&[]);
    // The edit, and two lists under a limit of one call a minute.
    assert_eq!(
        (&json["entries"][0]["calls"], &json["entries"][0]["estimatedSeconds"]),
        (&json!(3), &json!(60))
    );
    let names = &json["entries"][0]["changes"][1]["names"];
    assert_eq!(*names, json!({ "8003": "李娜" }));
    let text = site.run(&[]).exits(0).out;
    for wanted in
        ["lent     8003", "from 售前 to 售后 (until 2026-12-11 Fri)", "returns  8003", "2026-12-24 Thu 18:00"]
    {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    // The end of a loan is told although it lies behind the window.
    let json = site.json(&["--days", "7"]);
    assert_eq!(json["entries"].as_array().unwrap().len(), 1);
    assert_eq!(json["entries"][0]["changes"][0]["until"], "2026-12-12T00:00:00+08:00");
    // Both windows show the loan under one UID.
    let uid = |arguments: &[&str]| {
        let ics = site.run(&[&["--format", "ics"], arguments].concat()).exits(0).out;
        let lines = unfolded(&ics);
        let at = lines.iter().position(|line| line.contains("lent to")).unwrap();
        lines[..at].iter().rev().find(|line| line.starts_with("UID:")).unwrap().clone()
    };
    assert_eq!(uid(&["--days", "7"]), uid(&[]));
}

#[test]
fn rule_13_11_a_move_without_an_end_is_no_loan() {
    let moved = "  - operatorId: \"8003\"
    profile: presales
    name: 李娜
    during: [{ from: 2026-12-05, mainSkillGroup: 售后 }]
";
    let site = Site::new("", &format!("{ROSTER}{moved}"));
    assert_eq!(site.lines(&[])[1], "update agent/8003 :19 mainSkillGroup 售前>售后");
    // An agent that leaves while it is lent does not return.
    let leaves = moved.replace("name: 李娜", "name: 李娜\n    until: 2026-12-09");
    let site = Site::new("", &format!("{ROSTER}{leaves}"));
    let json = site.json(&[]);
    let loan = &json["entries"][0]["changes"][0];
    assert_eq!((&loan["loan"], &loan["until"]), (&json!("begins"), &json!("2026-12-10T00:00:00+08:00")));
    assert_eq!(json["entries"][1]["changes"][0]["action"], "leave");
}

#[test]
fn rule_13_11_queues_and_members_have_dates_of_their_own() {
    let roster = "profiles: { p: { role: 普通坐席, mainSkillGroup: 售前 } }
agents:
  - { operatorId: \"8001\", profile: p, name: 张三 }
  - { operatorId: \"8002\", profile: p, name: 李四 }
  - { operatorId: \"8003\", profile: p, name: 王五, role: 值班坐席 }
queues:
  - displayName: 在线售前
    minMembers: 2
    assignMembers:
      - \"8001\"
      - { agentNumber: \"8002\", priority: 10, during: [{ from: 2026-12-03, until: 2026-12-04, priority: 30 }] }
      - { agentNumber: \"8003\", from: 2026-12-01, until: 2026-12-05 }
    during:
      - { from: 2027-02-05, until: 2027-02-11, minMembers: 1, assignMembers: [\"8003\"] }
";
    let site = Site::new("", roster);
    assert_eq!(
        site.lines(&[]),
        [
            "2026-12-01",
            "update queue/在线售前 :14 assignMembers 2>3",
            "queue/在线售前 2>3 min 2",
            "2026-12-03",
            "update queue/在线售前 :13 assignMembers 3>3",
            "queue/在线售前 3>3 min 2",
            "2026-12-05",
            "update queue/在线售前 :13 assignMembers 3>3",
            "queue/在线售前 3>3 min 2",
            "2026-12-06",
            "update queue/在线售前 :14 assignMembers 3>2",
            "queue/在线售前 3>2 min 2",
            "2027-02-05",
            "update queue/在线售前 :16 assignMembers 2>1 minMembers 2>1",
            "queue/在线售前 2>1 min 1",
            "2027-02-12",
            "update queue/在线售前 :16 assignMembers 1>2 minMembers 1>2",
            "queue/在线售前 1>2 min 2",
        ]
    );
    let text = site.run(&[]).exits(0).out;
    assert!(text.contains("priority of 8002 10 -> 30") && text.contains("minMembers 2 -> 1"), "{text}");
}

#[test]
fn rule_13_11_a_pool_joins_in_one_row_and_a_profile_changes_many() {
    let more =
        "  - { operatorIds: 8101..8140, profile: presales, name: \"外呼{operatorId}\", from: 2026-12-07 }\n";
    let roster = ROSTER.replace(
        "presales: { role: 普通坐席, mainSkillGroup: 售前, wrapUpSeconds: 30 }",
        "presales: { role: 普通坐席, mainSkillGroup: 售前, wrapUpSeconds: 30, during: [{ from: 2026-12-24, until: 2026-12-24, wrapUpSeconds: 5 }] }",
    );
    let site = Site::new("", &format!("{roster}{more}"));
    let json = site.json(&[]);
    assert_eq!(json["entries"][0]["changes"].as_array().unwrap().len(), 41);
    assert_eq!(json["entries"][1]["changes"].as_array().unwrap().len(), 42);
    let text = site.run(&[]).exits(0).out;
    assert_eq!(text.lines().filter(|line| line.starts_with("  joins")).count(), 1, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  changes")).count(), 2, "{text}");
    assert!(
        text.contains("8101..8140") && text.contains("3 moments: 40 agents join · 84 agents change"),
        "{text}"
    );
    let rows = site.run(&["--format", "csv"]).exits(0).out;
    assert_eq!(rows.lines().filter(|row| row.contains(",join,")).count(), 40);
}

#[test]
fn rule_13_11_without_a_date_the_calendar_is_empty_and_says_so() {
    let site = Site::new("", ROSTER);
    assert_eq!(site.json(&[])["entries"], json!([]));
    assert!(site.run(&[]).exits(0).out.contains("No manifest holds a date"));
    let bare = WORKSPACE.replace("timeZone: Asia/Shanghai\n", "");
    fs::write(site.0.path().join("rosterctl.yaml"), bare).unwrap();
    let json = site.json(&[]);
    assert_eq!((&json["timeZone"], &json["at"]), (&json!(null), &json!("2026-11-30T00:00:00+00:00")));
    assert_eq!(json["entries"], json!([]));
}

#[test]
fn rule_13_11_a_window_holds_its_last_day_and_no_more() {
    let more = "  - { operatorId: \"8301\", profile: presales, name: 赵敏, from: 2026-12-01 }
  - { operatorId: \"8302\", profile: presales, name: 钱七, from: 2026-12-10T09:00 }
  - { operatorId: \"8303\", profile: presales, name: 孙八, from: 2026-12-11 }
  - { operatorId: \"8304\", profile: presales, name: 周九, from: 2027-06-01 }
";
    let roster = format!("{ROSTER}{more}");
    let site = Site::new("", &roster);
    let days = |site: &Site, arguments: &[&str]| -> Vec<String> {
        let json = site.json(arguments);
        let days = json["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["at"].as_str().unwrap()[..10].to_owned());
        days.collect()
    };
    assert_eq!(days(&site, &["--from", "2026-12-01", "--until", "2026-12-10"]), ["2026-12-01", "2026-12-10"]);
    assert_eq!(days(&site, &["--from", "2026-12-02", "--until", "2026-12-10"]), ["2026-12-10"]);
    assert_eq!(days(&site, &["--from", "2026-12-11", "--until", "2026-12-11"]), ["2026-12-11"]);
    assert_eq!(days(&site, &["--days", "2"]), ["2026-12-01"]);
    assert_eq!(days(&site, &["--until", "2026-12-01"]), ["2026-12-01"]);
    assert_eq!(days(&site, &["--from", "2027-05-01"]), ["2027-06-01"]);
    // The past is no error.
    assert_eq!(days(&site, &["--from", "2020-01-01", "--until", "2020-12-31"]), [""; 0]);
    assert_eq!(days(&site, &[]).len(), 3, "the horizon is 90 days");
    let site = Site::new("calendar: { horizon: 200d }\n", &roster);
    assert_eq!(days(&site, &[]).len(), 4);

    for wrong in [
        &["--days", "0"][..],
        &["--days", "2", "--from", "2026-12-01"],
        &["--days", "2", "--until", "2026-12-01"],
        &["--from", "2026-12-01T18:00"],
        &["--from", "tomorrow"],
        &["--from", "2026-12-02", "--until", "2026-12-01"],
        &["--format", "sarif"],
    ] {
        let said = site.run(wrong).exits(1);
        assert_eq!(said.out, "", "{wrong:?}");
    }
}

#[test]
fn rule_13_11_a_calendar_is_a_function_of_manifests_and_instant() {
    let more =
        "  - { operatorId: \"8301\", profile: presales, name: 赵敏, from: 2026-12-01, until: 2026-12-20 }
  - operatorId: \"8003\"
    profile: presales
    name: 李娜
    during: [{ from: 2026-12-05, until: 2026-12-06, mainSkillGroup: 售后 }]
";
    let site = Site::new("", &format!("{ROSTER}{more}"));
    for format in ["text", "json", "csv", "ics", "markdown", "html"] {
        let drawn = site.run(&["--format", format]).exits(0).out;
        assert!(!drawn.is_empty());
        assert_eq!(site.run(&["--format", format]).out, drawn, "{format}");
    }
    // A calendar of a later instant is the rest of the earlier one.
    let whole = site.json(&["--until", "2026-12-31"]);
    let said = bench::run_in(
        site.0.path(),
        &["calendar", "--at", "2026-12-06T12:00", "--until", "2026-12-31", "--format", "json"],
        &[],
    );
    let rest = said.exits(0).json();
    let all = whole["entries"].as_array().unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(rest["entries"], json!(all[2..]));
    // The order of entries and files changes nothing but lines.
    let (head, agents) = ROSTER.split_at(ROSTER.find("agents:").unwrap());
    site.roster("a.yaml", head);
    site.roster("b.yaml", &format!("agents:\n{more}{}", agents.trim_start_matches("agents:\n")));
    let other = site.json(&["--until", "2026-12-31"]);
    let without_places = |json: &Json| {
        let text = json.to_string();
        let mut parts = text.split("\"source\":");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |all, part| all + part.split_once('}').unwrap().1)
    };
    assert_eq!(without_places(&other["entries"]), without_places(&whole["entries"]));
}

#[test]
fn rule_13_11_a_floor_that_breaks_is_shown_and_refuses_nothing() {
    let leaves = ROSTER.replace("name: 李四 }", "name: 李四, until: 2026-12-31 }");
    let site = Site::new("", &leaves);
    assert_eq!(site.lines(&[])[3], "queue/在线售前 2>1 min 2");
    assert!(site.run(&[]).exits(0).out.contains("2 -> 1 members, minimum 2 BELOW THE MINIMUM"));
    assert!(site.run(&["--format", "markdown"]).exits(0).out.contains("2 → **1** | 2 ⛔ below it"));
    assert!(site.run(&["--format", "ics"]).exits(0).out.contains("在线售前 2 → 1 (below the minimum)"));
}

#[test]
fn rule_13_11_where_lists_only_add_a_member_stays_until_a_date_takes_it_out() {
    let more = "  - { operatorId: \"8202\", profile: aftersales, name: 陈静, until: 2026-12-10 }
  - operatorId: \"8003\"
    profile: presales
    name: 李娜
    during: [{ from: 2026-12-01, until: 2026-12-02, mainSkillGroup: 售后 }]
";
    let site = Site::new("policy: { queueMembers: at-least }\n", &format!("{ROSTER}{more}"));
    let heads =
        |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("queue/")).collect::<Vec<_>>();
    let wanted = ["queue/在线售后 2>3 min null", "queue/在线售后 3>2 min null"];
    assert_eq!(heads(site.lines(&[])), wanted);
}

/// Checks each entry against the plan of its moment, where every moment before it was applied.
#[test]
fn rule_13_11_the_changes_and_calls_are_those_of_the_plans() {
    let roster = "periods: { 双十二: { from: 2026-12-10, until: 2026-12-13 } }
profiles:
  presales: { role: 普通坐席, mainSkillGroup: 售前, wrapUpSeconds: 20 }
  aftersales: { role: 普通坐席, mainSkillGroup: 售后, wrapUpSeconds: 30, during: [{ period: 双十二, wrapUpSeconds: 10 }] }
agents:
  - { operatorId: \"8001\", profile: presales, name: 张三, enabled: true }
  - { operatorId: \"8002\", profile: presales, name: 李四, role: 值班坐席 }
  - operatorId: \"8003\"
    profile: presales
    name: 李娜
    during: [{ period: 双十二, mainSkillGroup: 售后, role: 值班坐席 }]
  - { operatorIds: 8101..8120, profile: presales, name: 外呼, from: 2026-12-12, until: 2026-12-20, password: { store: ci, key: \"{operatorId}\" } }
  - { operatorId: \"8201\", profile: aftersales, name: 王五, from: 2026-12-07, enabled: false }
  - { operatorId: \"8202\", profile: aftersales, name: 陈静, until: 2026-12-15, enabled: true }
queues:
  - displayName: 在线售前
    memberSelector: { mainSkillGroup: 售前, priority: 5 }
    during: [{ from: 2026-12-22, until: 2026-12-23, memberSelector: { role: 值班坐席 } }]
  - displayName: 在线售后
    allowEmpty: true
    memberSelector: { mainSkillGroup: 售后 }
";
    for policy in
        ["{ leavers: { deleteAfter: 14d } }", "{ leavers: { then: delete } }", "{ queueMembers: at-least }"]
    {
        let policy = format!("policy: {policy}\n");
        let site = Site::new(&policy, roster);
        let workspace = planning::workspace(&format!("{WORKSPACE}{policy}"));
        let text = format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}");
        let wanted = |at: &str| {
            let files = [("a.yaml".to_owned(), text.clone())];
            planning::roster(&files, &workspace, Some(at.parse().unwrap())).desired
        };
        let live =
            Live { agents: Some(Listing::default()), queues: Some(Listing::default()), ..Live::default() };
        let mut estate = planning::Estate::new(live, BTreeMap::new());
        let mut ledger = Ledger::default();
        let mut run = |at: &str| {
            let plan = plan(&workspace, &wanted(at), &estate.live, &ledger, &Options::default()).unwrap();
            estate.carry_out(&plan, |_| 0).unwrap();
            planning::write_down(&mut ledger, &plan);
            plan
        };
        run("2026-11-30T00:00:00+08:00");
        let json = site.json(&[]);
        let entries = json["entries"].as_array().unwrap();
        assert!(entries.len() > 5, "{entries:?}");
        for entry in entries {
            let plan = run(entry["at"].as_str().unwrap());
            let ids = |changes: &Json| -> Vec<String> {
                changes
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|change| change["id"].as_str().unwrap().to_owned())
                    .collect()
            };
            let planned = serde_json::to_value(&plan).unwrap();
            assert_eq!(ids(&entry["changes"]), ids(&planned["changes"]), "{policy} {}", entry["at"]);
            let effort = |json: &Json| (json["calls"].clone(), json["estimatedSeconds"].clone());
            assert_eq!(effort(entry), effort(&planned["summary"]), "{policy} {}", entry["at"]);
            for queue in entry["queues"].as_array().unwrap() {
                let change = plan.change(&ResourceId::parse(queue["id"].as_str().unwrap()).unwrap()).unwrap();
                let count =
                    |members: Option<&Arc<Members>>| json!(members.map_or(0, |members| members.len()));
                let counts = (count(change.members_before()), count(change.members_after()));
                assert_eq!(
                    (&queue["before"], &queue["after"]),
                    (&counts.0, &counts.1),
                    "{policy} {}",
                    entry["at"]
                );
            }
        }
    }
}

#[test]
fn rule_13_11_a_wrong_manifest_is_an_error_in_every_format() {
    let site = Site::new("", &ROSTER.replace("name: 张三", "nam: 张三"));
    assert!(site.run(&[]).exits(1).err.contains("roster/a.yaml"));
    assert_eq!(site.run(&["--format", "json"]).exits(1).json()["format"], "rosterctl.error/v1");
}
