//! All five systems behind one workspace: `status`, `doctor`, and voice seats in `plan` and `drift`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;

use rosterctl::sandbox::SeatQuery;
use rosterctl::vendors;
use std::fmt::Write as _;
use std::fs;

use bench::{Said, run_in};
use chinese::assert_no_english;
use rosterctl::sandbox::{Running, spawn};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use unicode_width::UnicodeWidthStr;

const SECRETS: [(&str, &str); 6] = [
    ("T_A", "t-agents"),
    ("T_B", "s-webchat"),
    ("T_C", "s-seats"),
    ("T_D", "s-isdp"),
    ("T_E", "s-cms-key"),
    ("T_SEAT", "seat-password"),
];

const CREDENTIALS: &str = r#"
tokens: [t-agents]
accounts: { N00000000556: s-webchat }
apiKeys: { bDqJFiq9: s-seats }
isdpLogins: [{ clientId: isdp-demo-openapi, username: "10001", password: s-isdp }]
cmsKeys: { ak: s-cms-key }
"#;

const SEED: &str = r#"
agents:
  - { operatorId: "8001", name: 张三, mainGroupName: 在线售前组 }
  - { operatorId: "8002", name: 欧阳明日香的外呼坐席专员, mainGroupName: 售后, status: 0 }
  - { operatorId: "8003", name: Alexandra Featherstonehaugh, mainGroupName: 投诉 }
knownAgents: [{ agentNumber: "8001", phone: "15700000000", pcAutoClaim: true }]
queues:
  - { displayName: 在线售前, assignMembers: [{ agentNumber: "8001" }, { agentNumber: "8002" }] }
  - { displayName: 在线售后服务与投诉处理, assignMembers: [{ agentNumber: "8001" }] }
presence:
  - { agent: "8001", online: true, status: 7, phoneNumber: "15700000001" }
  - { agent: "8002", online: false, status: 4 }
seats:
  - { account: A_1, name: one, empNo: "8001", groupName: 測試, enable: 0, password: seat-password }
  - { account: A_2, name: two, empNo: "8002", enable: 1, password: other }
"#;

const ROSTER: &str = r#"
apiVersion: rosterctl/v1
kind: Roster
agents:
  - { operatorId: "8001", name: 张三 }
  - { operatorId: "8002", enabled: false }
  - { operatorId: "8004", name: 王五, role: 坐席 }
"#;

/// A workspace with all five systems, and the systems.
struct Site {
    folder: TempDir,
    runtime: Runtime,
    running: Running,
}

impl Site {
    fn new(seed: &str) -> Self {
        let estate = vendors::ALL.seeded(&format!("{CREDENTIALS}{seed}")).unwrap();
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(spawn(estate)).unwrap();
        let site = Self { folder: tempfile::tempdir().unwrap(), runtime, running };
        site.workspace("", "");
        site.roster(ROSTER);
        site
    }

    /// Writes the workspace file, with more in each connection and at its end.
    fn workspace(&self, each: &str, more: &str) {
        let url = self.running.base_url();
        let connection = |settings: &str| {
            format!("{{ baseUrl: \"{url}\", retry: {{ attempts: 2, total: 2s }}, {settings} {each} }}")
        };
        let text = format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: site
manifests: [roster]
secrets: {{ ci: {{ type: env, prefix: T_ }} }}
connections:
  agents: {}
  webchat: {}
  seats: {}
  online: {}
  desk: {}
{more}",
            connection("provider: agent-config, abbreviate: acme, token: { store: ci, key: A }"),
            connection("provider: webchat-queue, accountId: N00000000556, apiSecret: { store: ci, key: B }"),
            connection("provider: seat-query, apiKey: bDqJFiq9, apiSecret: { store: ci, key: C }"),
            connection(
                "provider: isdp-online-agent, login: { clientId: isdp-demo-openapi, username: \"10001\", \
                 password: { store: ci, key: D } }"
            ),
            connection(
                "provider: cms-agent, ccId: 1, vdn: 1, auth: { scheme: auth-v2, accessKey: ak, secretKey: { \
                 store: ci, key: E } }"
            ),
        );
        fs::write(self.folder.path().join("rosterctl.yaml"), text).unwrap();
    }

    fn roster(&self, text: &str) {
        fs::create_dir_all(self.folder.path().join("roster")).unwrap();
        fs::write(self.folder.path().join("roster/roster.yaml"), text).unwrap();
    }

    /// Runs the program with all secrets except the named ones.
    fn run_without(&self, missing: &[&str], arguments: &[&str]) -> Said {
        let state = self.folder.path().join("state").to_string_lossy().into_owned();
        let mut environment: Vec<(String, String)> = SECRETS
            .iter()
            .filter(|(name, _)| !missing.contains(name))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        environment.push(("XDG_STATE_HOME".to_owned(), state));
        let said = run_in(self.folder.path(), arguments, &environment);
        for (_, secret) in SECRETS {
            assert!(!said.out.contains(secret) && !said.err.contains(secret), "{arguments:?} shows a secret");
        }
        assert!(!said.out.contains("1570000000"), "{arguments:?} shows a telephone number");
        said
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_without(&[], arguments)
    }

    /// Returns the calls of each operation since the last look. The last path segment that is no account names it.
    fn calls(&self) -> Value {
        self.running.with(|estate| {
            let calls = std::mem::take(&mut estate.calls);
            let named = calls.into_iter().map(|(path, count)| {
                let name = path.split('/').rfind(|part| *part != "N00000000556").unwrap().to_owned();
                (name, json!(count))
            });
            Value::Object(named.collect())
        })
    }

    fn stop(self) {
        self.runtime.block_on(self.running.stop());
    }
}

fn row<'a>(status: &'a Value, id: &str) -> &'a Value {
    status["agents"].as_array().unwrap().iter().find(|row| row["operatorId"] == id).unwrap()
}

/// Joins the lines of a Chinese text that is wrapped.
fn unwrapped(text: &str) -> String {
    text.replace("\n      ", "")
}

/// Checks that nothing is English but the words of a system and of this machine.
fn assert_chinese(text: &str) {
    let told = "status -1: the account is not accepted: check `apiKey` and `apiSecret` (sign)";
    let down = "no connection: Connection refused (os error 111)";
    assert_no_english(&text.replace("\n      ", " ").replace(told, "").replace(down, ""));
}

#[test]
fn status_shows_everybody_across_all_systems() {
    for quirks in
        ["", "numbersAsStrings: true, unsetStrings: absent", "tokenErrors: json, unknownWorkNumber: empty"]
    {
        let site = Site::new(&format!("quirks: {{ {quirks} }}{SEED}"));
        let status = site.run(&["status", "--format", "json"]).exits(0).json();
        assert_eq!(status["format"], "rosterctl.status/v1");
        let one = row(&status, "8001");
        assert_eq!(one["state"], "on-call", "{quirks}");
        assert_eq!((&one["online"], &one["claiming"]), (&json!(true), &json!(true)));
        assert_eq!(one["queues"], json!(["在线售前", "在线售后服务与投诉处理"]));
        assert_eq!(one["calls"]["seats"], json!(["A_1"]));
        assert_eq!(
            (&row(&status, "8002")["enabled"], &row(&status, "8002")["state"]),
            (&json!(false), &json!("idle"))
        );
        assert_eq!(
            (&row(&status, "8003")["configured"], &row(&status, "8003")["state"]),
            (&json!("unmanaged"), &json!("signed-out"))
        );
        assert_eq!(
            (&row(&status, "8004")["live"], &row(&status, "8004")["name"]),
            (&json!(false), &json!("王五"))
        );
        let text = site.run(&["status"]).exits(0).out;
        assert!(text.lines().any(|line| line.width() > 80), "nothing is cut off a terminal: {text}");
        assert!(text.contains("8001") && text.contains("张三") && text.contains("on-call"), "{text}");
        assert_eq!(site.run(&["status", "--format", "csv"]).exits(0).out.lines().count(), 5);
        for (language, columns) in
            [("zh-CN", ["工号", "主技能组", "通话"]), ("zh-TW", ["工號", "主技能群組", "通話"])]
        {
            let said = site.run(&["status", "--lang", language]).exits(0).out;
            assert!(columns.iter().all(|column| said.lines().next().unwrap().contains(column)), "{said}");
            assert_no_english(&said);
        }
        let json = site.run(&["status", "--lang", "zh-TW", "--format", "csv"]).exits(0).out;
        assert!(json.lines().nth(1).unwrap().contains(",declared,true,"), "{json}");
        assert!(site.running.with(|estate| estate.departures().is_empty()));
        site.stop();
    }
}

#[test]
fn status_is_narrowed_and_names_unknown_agents() {
    let site = Site::new(SEED);
    let said = site
        .run(&["status", "--agent", "8001", "--agent", "8009", "--agent", "x", "--format", "json"])
        .exits(1);
    assert_eq!(said.json()["agents"].as_array().unwrap().len(), 3);
    assert!(said.err.contains("`8009` (did you mean") && said.err.contains("`x`"), "{}", said.err);
    let narrowed = site.run(&["status", "--agent", "8001", "--format", "json"]).exits(0).json();
    assert_eq!(narrowed["agents"].as_array().unwrap().len(), 1);
    site.calls();
    site.run(&["status", "--agent", "8001"]).exits(0);
    let calls = site.calls();
    assert_eq!(
        (&calls["one/v2"], &calls["v2"], &calls["page"], &calls["agentbyworkno"]),
        (&Value::Null, &json!(1), &Value::Null, &json!(1))
    );
    let narrowed = site.run(&["status", "--queue", "在线售前", "--format", "json"]).exits(0).json();
    let ids: Vec<&Value> =
        narrowed["agents"].as_array().unwrap().iter().map(|row| &row["operatorId"]).collect();
    assert_eq!(ids, ["8001", "8002"]);
    let said = site.run(&["status", "--queue", "在线售先"]).exits(1);
    assert!(said.err.contains("did you mean `在线售前`?"), "{}", said.err);
    // A missing secret is an error on this side; the rest is shown.
    let said = site.run_without(&["T_E"], &["status", "--format", "json"]).exits(1);
    assert!(said.err.contains("T_E"), "{}", said.err);
    assert_eq!(row(&said.json(), "8001")["online"], true);
    site.stop();
}

#[test]
fn status_is_narrowed_to_groups_and_names_live_or_declared() {
    let site = Site::new(SEED);
    let chosen = |arguments: &[&str], code| {
        let said = site.run(&[&["status", "--format", "json"], arguments].concat()).exits(code);
        let status = said.json();
        let rows = status["agents"].as_array().unwrap().iter();
        (rows.map(|row| row["operatorId"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), said.err)
    };
    // Declared alone, live alone, and a part of a name in another case.
    site.roster(&ROSTER.replace("name: 王五", "mainSkillGroup: 售后, name: 王五"));
    assert_eq!(chosen(&["--group", "售后"], 0).0, ["8002", "8004"]);
    assert_eq!(chosen(&["--group", "售后", "--group", "投诉"], 0).0, ["8002", "8003", "8004"]);
    assert_eq!(chosen(&["--name", "FEATHER", "--name", "张"], 0).0, ["8001", "8003"]);
    assert_eq!(chosen(&["--group", "售后", "--name", "王"], 0).0, ["8004"]);
    assert_eq!(chosen(&["--queue", "在线售前", "--agent", "8003", "--group", "售后"], 0).0, ["8002"]);
    site.calls();
    chosen(&["--name", "张三"], 0);
    assert_eq!(site.calls()["agentbyworkno"], 1, "presence is read for the chosen agents alone");
    let (rows, err) = chosen(&["--group", "在线售前"], 1);
    assert!(rows.is_empty() && err.contains("did you mean `在线售前组`?"), "{err}");
    site.stop();
}

#[test]
fn a_system_that_fails_is_named_and_the_rest_is_shown() {
    let site = Site::new(&format!("{SEED}faults: {{ html: 1, only: [findOnlineAgent, page] }}"));
    let said = site.run(&["status", "--format", "json"]).exits(6);
    let status = said.json();
    let one = row(&status, "8001");
    assert_eq!(
        (&one["state"], &one["live"], &one["online"]),
        (&json!("on-call"), &Value::Null, &Value::Null)
    );
    assert_eq!(one["unknown"], json!(["agent-config", "isdp-online-agent"]));
    let text = site.run(&["status"]).exits(6).out;
    assert!(text.contains("a page of HTML") && text.contains('?'), "{text}");
    // A wrong signature is refused and not retried.
    site.calls();
    let environment = ["T_E"];
    let said = site.run_without(&environment, &["status", "--format", "json"]).exits(6).json();
    assert!(said["systems"][4]["problems"][0].as_str().unwrap().contains("T_E"), "{said}");
    assert_eq!(site.calls()["agentbyworkno"], Value::Null);
    site.stop();
}

/// Checks the calls for 3,000 agents in 30 queues. Agents take 30 pages of 100, and queues one page of 50. Chat
/// availability takes one call, and online states take 60 pages of 50. Seats take 30 pages of 100, and a vendor
/// without a listing takes one call per agent.
#[test]
fn status_takes_the_fewest_calls_that_paging_allows() {
    let (mut agents, mut presence, mut seats, mut queues) =
        (String::new(), String::new(), String::new(), String::new());
    for id in 20_001..23_001 {
        let _ = writeln!(agents, "  - {{ operatorId: \"{id}\", name: 坐席{id} }}");
        let _ = writeln!(presence, "  - {{ agent: \"{id}\", online: true, status: 4 }}");
        let _ = writeln!(seats, "  - {{ account: S{id}, empNo: \"{id}\" }}");
    }
    for queue in 0..30 {
        let _ = writeln!(
            queues,
            "  - {{ displayName: Q{queue}, assignMembers: [{{ agentNumber: \"20{:03}\" }}] }}",
            queue + 1
        );
    }
    let site = Site::new(&format!("agents:\n{agents}presence:\n{presence}seats:\n{seats}queues:\n{queues}"));
    site.roster("apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"20001\" }]\n");
    let status = site.run(&["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["agents"].as_array().unwrap().len(), 3000);
    let idle = |row: &&Value| row["state"] == "idle" && row["online"] == true && row["calls"]["total"] == 0;
    assert_eq!(status["agents"].as_array().unwrap().iter().filter(idle).count(), 3000);
    assert_eq!(
        site.calls(),
        json!({
            "page": 30, "queueQueue": 1, "queueQueueAgentClaimStatus": 1, "rest_token": 1, "findOnlineAgent": 60,
            "query": 30, "agentbyworkno": 3000,
        })
    );
    site.stop();
}

#[test]
fn doctor_tries_each_thing_once_and_names_the_way_out() {
    let site = Site::new(SEED);
    let doctor = site.run(&["doctor", "--format", "json"]).exits(0).json();
    assert_eq!(doctor["format"], "rosterctl.doctor/v1");
    let statuses = |doctor: &Value| -> Vec<(String, String)> {
        let checks = doctor["checks"].as_array().unwrap().iter();
        checks
            .map(|c| (c["name"].as_str().unwrap().to_owned(), c["status"].as_str().unwrap().to_owned()))
            .collect()
    };
    assert!(statuses(&doctor).iter().all(|(_, status)| status == "ok"), "{doctor:#}");
    assert_eq!(
        site.calls(),
        json!({ "page": 1, "queueQueue": 1, "query": 1, "rest_token": 1, "findOnlineAgent": 1, "agentbyworkno": 1 })
    );
    assert!(!site.folder.path().join(".rosterctl").exists(), "doctor writes nothing");

    // A missing secret exits with 1, and all other checks still run.
    let said = site.run_without(&["T_D"], &["doctor", "--format", "json"]).exits(1).json();
    let wrong: Vec<String> =
        statuses(&said).into_iter().filter(|(_, s)| s == "error").map(|(n, _)| n).collect();
    assert_eq!(wrong, ["store/ci", "connection/online"]);

    // A refused sign-in exits with 6 and is tried once.
    site.running
        .with(|estate| estate.get_mut::<SeatQuery>().api_keys.insert("bDqJFiq9".into(), "other".into()));
    site.calls();
    let said = site.run(&["doctor"]).exits(6);
    assert!(
        said.out.contains("seat-query") && said.out.contains("refuses the sign-in: status -1"),
        "{}",
        said.out
    );
    assert_eq!(site.calls()["query"], 1);

    // Invalid manifests are one check among others.
    site.roster("apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorID: \"1\" }]\n");
    let said = site.run(&["doctor", "--format", "json"]).exits(6).json();
    assert!(statuses(&said).contains(&("manifests".to_owned(), "error".to_owned())));
    assert!(statuses(&said).contains(&("connection/desk".to_owned(), "ok".to_owned())));
    site.stop();
}

#[test]
fn doctor_tells_a_missing_guard_and_a_silent_system() {
    let site = Site::new(SEED);
    site.roster(
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: tom }, { operatorId: \"101\" }]\n",
    );
    let said = site.run(&["doctor"]).exits(0);
    assert!(said.out.contains("cms-agent cannot be asked for 1 of 2 declared agents"), "{}", said.out);
    assert_chinese(&site.run(&["doctor", "--lang", "zh-CN"]).exits(0).out);
    site.roster(ROSTER);
    let text = fs::read_to_string(site.folder.path().join("rosterctl.yaml")).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("  desk:")).collect();
    fs::write(site.folder.path().join("rosterctl.yaml"), without.join("\n")).unwrap();
    let said = site.run(&["doctor"]).exits(0);
    assert!(
        said.out.contains("no connection knows who is at work")
            && said.out.contains("All works; 1 to look at."),
        "{}",
        said.out
    );
    let said = site.run(&["doctor", "--lang", "zh-TW"]).exits(0).out;
    assert!(said.contains("都能用；有 1 項需要看。"), "{said}");
    assert_chinese(&said);
    // Nothing listens on port 9 of this host.
    fs::write(
        site.folder.path().join("rosterctl.yaml"),
        text.replace(&site.running.base_url(), "http://127.0.0.1:9"),
    )
    .unwrap();
    let said = site.run(&["doctor", "--format", "json"]).exits(6).json();
    let down = said["checks"].as_array().unwrap().iter().filter(|c| c["status"] == "error").count();
    assert_eq!(down, 5, "{said:#}");
    site.stop();
}

#[test]
fn doctor_and_status_are_read_in_chinese() {
    let site = Site::new(SEED);
    for (lang, words) in [
        ("zh-CN", ["登录成功：线上坐席", "queueQueue 60 秒内", "一切正常。"]),
        ("zh-TW", ["登入成功：線上客服人員", "queueQueue 60 秒內", "一切正常。"]),
    ] {
        let said = site.run(&["doctor", "--lang", lang]).exits(0).out;
        assert!(words.iter().all(|word| unwrapped(&said).contains(word)), "{said}");
        assert_chinese(&said);
        let said = site.run(&["status", "--agent", "8009", "--queue", "在线售先", "--lang", lang]).exits(1);
        assert!(said.err.contains("；是不是 `在线售前`？"), "{}", said.err);
        assert_chinese(&(said.out + &said.err));
    }
    let json = site.run(&["doctor", "--format", "json", "--lang", "zh-CN"]).exits(0).out;
    assert!(json.contains("and accepts the sign-in: 3 agents are live"), "{json}");

    // The manifests are wrong, or not there yet.
    site.roster("apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorID: \"1\" }]\n");
    let wrong = site.run(&["doctor", "--lang", "zh-CN"]).exits(1).out;
    fs::remove_file(site.folder.path().join("roster/roster.yaml")).unwrap();
    let none = site.run(&["doctor", "--lang", "zh-TW"]).exits(0).out;
    assert!(wrong.contains("个错误") && none.contains("還沒有清單"), "{wrong}{none}");
    assert_chinese(&(wrong + &none));
    site.roster(ROSTER);

    // One system refuses the sign-in, and one secret is missing.
    site.running
        .with(|estate| estate.get_mut::<SeatQuery>().api_keys.insert("bDqJFiq9".into(), "other".into()));
    for (lang, refused) in [("zh-CN", "拒绝登录"), ("zh-TW", "拒絕登入")] {
        let said = site.run_without(&["T_D"], &["doctor", "--lang", lang]).exits(6).out;
        assert!(unwrapped(&said).contains(refused), "{said}");
        assert_chinese(&said);
        let said = site.run_without(&["T_D"], &["status", "--lang", lang]).exits(6);
        assert_chinese(&(said.out + &said.err));
    }

    // Nothing listens on port 9 of this host.
    let text = fs::read_to_string(site.folder.path().join("rosterctl.yaml")).unwrap();
    let text = text.replace(&site.running.base_url(), "http://127.0.0.1:9");
    fs::write(site.folder.path().join("rosterctl.yaml"), format!("{text}language: zh-CN\n")).unwrap();
    let said = site.run(&["doctor"]).exits(6).out;
    assert!(unwrapped(&said).contains("连不上") && said.contains("5 项没有通过"), "{said}");
    assert_chinese(&said);
    let said = site.run(&["status"]).exits(6).out;
    assert!(said.contains("没有发出（"), "{said}");
    assert_chinese(&said);
    site.stop();
}

#[test]
fn drift_covers_seats_and_a_plan_does_without_them() {
    let site = Site::new(SEED);
    site.roster(
        "apiVersion: rosterctl/v1
kind: Roster
seats:
  - { account: A_1, groupName: 測試, enabled: true, employeeNumber: \"8001\", password: { store: ci, key: SEAT } }
",
    );
    site.run(&["drift"]).exits(0);
    site.roster(
        "apiVersion: rosterctl/v1
kind: Roster
seats:
  - { account: A_1, groupName: 测试, password: { store: ci, key: SEAT } }
  - { account: A_2, enabled: true, password: { store: ci, key: SEAT } }
  - { account: A_3 }
",
    );
    let drift = site.run(&["drift", "--format", "json"]).exits(2).json();
    let codes = |plan: &Value| -> Vec<String> {
        let findings = plan["findings"].as_array().unwrap().iter();
        let seats = findings.filter(|f| f["id"].as_str().is_none_or(|id| id.starts_with("seat/")));
        seats
            .map(|f| format!("{} {}", f["code"].as_str().unwrap(), f["id"].as_str().unwrap_or("-")))
            .collect()
    };
    assert_eq!(codes(&drift), ["R103 seat/A_1", "R103 seat/A_2", "R103 seat/A_2", "R104 seat/A_3"]);
    assert_eq!(drift["steps"], json!([]));
    site.run(&["plan", "--detailed-exitcode"]).exits(2);
    // Unreadable seats: a drift cannot be complete, a plan does not need them.
    site.running
        .with(|estate| estate.get_mut::<SeatQuery>().api_keys.insert("bDqJFiq9".into(), "changed".into()));
    let drift = site.run(&["drift", "--format", "json"]).exits(6).json();
    assert_eq!(codes(&drift), ["R602 -"]);
    let plan = site.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(codes(&plan), ["R603 -"]);
    assert!(site.running.with(|estate| estate.departures().is_empty()));
    site.stop();
}

#[test]
fn calls_before_a_delete_are_told() {
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
    let seed =
        SEED.replace("password: seat-password", &format!("calls: [{{ time: \"{today}\", seconds: 75 }}]"));
    let site = Site::new(&seed);
    site.roster(
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8001\", state: absent }]\n",
    );
    let plan = site.run(&["plan", "--format", "json"]).exits(0).json();
    let finding = plan["findings"].as_array().unwrap().iter().find(|f| f["code"] == "R501").unwrap();
    assert!(
        finding["message"].as_str().unwrap().contains("seat/A_1 had 1 call in the last 7 days"),
        "{finding}"
    );
    site.stop();
}
