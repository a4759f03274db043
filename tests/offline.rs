//! Commands that ask no system. `init` writes a first workspace, and `validate` reports in every format. `fmt --settle`
//! folds what is over, and `fmt --names` writes names. `find` says where a resource stands. `explain` speaks of every
//! topic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;

use std::fs;
use std::path::Path;

use bench::{Bench, Said, run_in};
use chinese::assert_no_english;
use serde_json::Value as Json;
use tempfile::TempDir;

fn run(folder: &TempDir, arguments: &[&str]) -> Said {
    run_in(folder.path(), arguments, &[])
}

#[test]
fn explain_speaks_chinese_about_every_topic() {
    let bench = Bench::new("");
    let said = |arguments: &[&str]| bench.run(arguments).exits(0).out;
    let names = |text: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("  "));
        rows.map(|(name, _)| name.to_owned()).filter(|name| !name.is_empty() && !name.contains(' ')).collect()
    };
    let mut topics = names(&said(&["explain"]));
    assert!(topics.iter().any(|topic| topic == "policy"), "{topics:?}");
    topics.extend(["connection", "store", "policy"].iter().flat_map(|above| {
        names(&said(&["explain", above])).into_iter().map(move |name| format!("{above}.{name}"))
    }));
    topics.extend(["queues", "wrapUpSeconds", "R101", "R601"].map(str::to_owned));
    for language in ["zh-CN", "zh-TW"] {
        assert_no_english(&said(&["explain", "--lang", language]));
        for topic in &topics {
            let said = said(&["explain", topic, "--lang", language]);
            // Text between backquotes may have two lines.
            let mut text = String::new();
            for line in said.lines() {
                text.push_str(if line.starts_with("     ") { " " } else { "\n" });
                text.push_str(line.trim_start());
            }
            assert_no_english(&text);
        }
    }
    // The workspace in the folder has a language.
    let english = said(&["explain", "agent.sip"]);
    bench.workspace("language: zh-TW\n");
    assert_eq!(said(&["explain", "agent.sip"]), said(&["explain", "agent.sip", "--lang", "zh-TW"]));
    assert_eq!(said(&["explain", "agent.sip", "--lang", "en"]), english);
}

#[test]
fn a_first_workspace_applies_without_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let init = run(&folder, &["init", "demo"]).exits(0);
    assert!(init.out.contains("rosterctl apply demo"), "{}", init.out);
    for file in ["rosterctl.yaml", ".gitignore", "roster/queues.yaml", "schema/roster.schema.json"] {
        assert!(init.err.contains(&format!("demo/{file}")), "{file}: {}", init.err);
    }
    assert!(run(&folder, &["validate", "demo"]).exits(0).out.starts_with("demo: sound"));
    run(&folder, &["fmt", "--check", "demo"]).exits(0);
    run(&folder, &["apply", "--auto-approve", "demo"]).exits(0);
    run(&folder, &["plan", "--detailed-exitcode", "demo"]).exits(0);
}

#[test]
fn each_file_of_a_first_workspace_agrees_with_the_schema_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, &["init", "demo"]).exits(0);
    let demo = folder.path().join("demo");
    let manifests = fs::read_dir(demo.join("roster")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = manifests.chain([demo.join("rosterctl.yaml")]).collect();
    assert_eq!(files.len(), 5);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let named = text.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
        let schema = fs::read(file.parent().unwrap().join(named)).unwrap();
        let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
        let value: Json = serde_yaml::from_str(&text).unwrap();
        assert!(schema.is_valid(&value), "{}", file.display());
    }
}

#[test]
fn a_first_workspace_is_never_written_over_a_file() {
    for there in ["rosterctl.yaml", "roster/presales.yaml", ".gitignore"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(there);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "mine").unwrap();
        let said = run(&folder, &["init"]).exits(1);
        assert!(said.err.contains(there), "{}", said.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let rest = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(rest, 1, "{there}: nothing else is written");
    }
}

#[test]
fn a_first_workspace_bears_the_name_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    for (name, shown) in [("售前 组", "售前 组"), ("yes", "yes"), ("{{ x }}", "quickstart")] {
        run(&folder, &["init", name]).exits(0);
        let said = run(&folder, &["validate", name]).exits(0);
        assert!(said.out.starts_with(&format!("{shown}: sound")), "{}", said.out);
    }
}

const WRONG: &str = "agents: [{ operatorId: \"8001\", nam: 张三 }]\n";

/// Returns a file that a run wrote.
fn written(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path(name)).unwrap()
}

#[test]
fn an_error_of_a_manifest_is_reported_in_every_format() {
    let bench = Bench::new("");
    bench.roster(WRONG);
    let formats = ["text", "markdown", "html", "sarif", "github", "junit"];
    let writes: Vec<String> = formats.iter().map(|format| format!("{format}=report.{format}")).collect();
    let mut arguments = vec!["validate", "--format", "json"];
    arguments.extend(writes.iter().flat_map(|write| ["--write", write]));
    let said = bench.run(&arguments).exits(1);
    assert!(said.err.contains("roster/roster.yaml:3:"), "{}", said.err);
    for format in formats {
        let text = written(&bench, &format!("report.{format}"));
        assert!(text.contains("nam") && text.contains("roster.yaml"), "{format}: {text}");
    }
    let json = said.json();
    assert_eq!((&json["format"], &json["exit"]), (&"rosterctl.validate/v1".into(), &1.into()));
    let diagnostic = &json["diagnostics"][0];
    assert_eq!(diagnostic["kind"], "unknownField");
    assert_eq!(diagnostic["args"]["key"], "nam");
    assert_eq!((&diagnostic["file"], &diagnostic["line"]), (&"roster/roster.yaml".into(), &3.into()));
    assert!(diagnostic["column"].is_u64() && diagnostic["message"].is_string(), "{diagnostic}");
    assert!(diagnostic["help"].as_str().unwrap().contains("`name`"), "{diagnostic}");
    let sarif: Json = serde_json::from_str(&written(&bench, "report.sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
}

#[test]
fn sound_manifests_are_reported_in_every_format() {
    let bench = Bench::new("");
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let json = bench.run(&["validate", "--format", "json"]).exits(0).json();
    assert_eq!((&json["format"], &json["declared"]["agents"]), (&"rosterctl.validate/v1".into(), &1.into()));
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 0);
    for format in ["text", "markdown", "html", "github"] {
        let said = bench.run(&["validate", "--format", format]).exits(0);
        assert!(said.out.contains("sound; 1 agent"), "{format}: {}", said.out);
    }
    let junit = bench.run(&["validate", "--format", "junit"]).exits(0).out;
    assert!(junit.contains("failures=\"0\" errors=\"0\""), "{junit}");
    let sarif = bench.run(&["validate", "--format", "sarif"]).exits(0).json();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 0);
    let said = bench.run(&["validate", "--format", "prometheus"]).exits(1);
    assert!(said.err.contains("`prometheus` is a format of `drift`"), "{}", said.err);
}

/// Writes a workspace against the sandbox.
fn workspace(folder: &Path, name: &str, roster: &str) {
    let place = folder.join(name);
    fs::create_dir_all(place.join("roster")).unwrap();
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Workspace\nname: {name}\nmanifests: [roster]\n\
         connections: {{ agents: {{ provider: agent-config, baseUrl: sandbox }} }}\n"
    );
    fs::write(place.join("rosterctl.yaml"), text).unwrap();
    fs::write(place.join("roster/all.yaml"), format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}"))
        .unwrap();
}

#[test]
fn several_workspaces_give_one_report() {
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path(), "a", "agents: [{ operatorId: \"8001\" }]\n");
    workspace(folder.path(), "b", WRONG);
    let said =
        run(&folder, &["validate", "--format", "json", "--write", "sarif=all.sarif", "a", "b"]).exits(1);
    let json = said.json();
    assert_eq!(json["format"], "rosterctl.validations/v1");
    let [a, b] = json["workspaces"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(
        (&a["workspace"], &a["exit"], &a["format"]),
        (&"a".into(), &0.into(), &"rosterctl.validate/v1".into())
    );
    assert_eq!((&b["workspace"], &b["exit"]), (&"b".into(), &1.into()));
    assert_eq!(b["diagnostics"][0]["args"]["key"], "nam");
    let sarif: Json =
        serde_json::from_str(&fs::read_to_string(folder.path().join("all.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["runs"].as_array().unwrap().len(), 2);
    let text = run(&folder, &["validate", "a", "b"]).exits(1).out;
    assert!(text.starts_with("a: sound; 1 agent") && text.contains("# b\nFailed: "), "{text}");
}

/// The workspace of the folds. A leaver is deleted after thirty days.
const SETTLED: &str = "apiVersion: rosterctl/v1
kind: Workspace
name: settled
manifests: [roster]
timeZone: Asia/Shanghai
connections:
  agents: { provider: agent-config, baseUrl: sandbox }
  webchat: { provider: webchat-queue, baseUrl: sandbox }
policy:
  leavers: { then: disable, deleteAfter: 30d }
";

const DATED: &str = r#"apiVersion: rosterctl/v1
kind: Roster
periods:
  旧: { from: 2025-01-01, until: 2025-01-10 }   # is over
  双十一: { from: 2030-11-01, until: 2030-11-11 }
profiles:
  p: { role: 坐席, mainSkillGroup: 售前, wrapUpSeconds: 30, recording: true }
agents:
  - operatorId: "8001"   # first
    profile: p
    name: 张三
    during:
      # lent last year
      - { period: 旧, mainSkillGroup: 售后 }   # over
      - { from: 2025-06-01, wrapUpSeconds: 10 }   # begun
      - { period: 双十一, recording: false }
  - { operatorId: "8002", profile: p, name: 李四, from: 2025-01-01 }  # joined
  - { operatorId: "8003", profile: p, name: 王五, until: 2025-02-01 }  # left
  - { operatorId: "8004", profile: p, name: 赵六, until: 2026-11-25 }  # left lately
queues:
  - displayName: 在线售前
    minMembers: 1
    assignMembers:
      - { agentNumber: "8001", priority: 10, during: [{ from: 2025-01-01, until: 2025-02-01, priority: 30 }] }
      - { agentNumber: "8002", until: 2025-03-01 }   # was here
      - { agentNumber: "8003", priority: 3 }
      - { agentNumber: "8004", from: 2025-01-01 }
"#;

const FOLDED: &str = r#"apiVersion: rosterctl/v1
kind: Roster
periods:
  # is over
  双十一: { from: 2030-11-01, until: 2030-11-11 }
profiles:
  p: { role: 坐席, mainSkillGroup: 售前, wrapUpSeconds: 30, recording: true }
agents:
  - operatorId: "8001"   # first
    profile: p
    name: 张三
    wrapUpSeconds: 10
    during:
      # lent last year
      # over
      # begun
      - { period: 双十一, recording: false }
  - { operatorId: "8002", profile: p, name: 李四 }  # joined
  - { operatorId: "8003", state: absent, profile: p, name: 王五 }  # left
  - { operatorId: "8004", profile: p, name: 赵六, until: 2026-11-25 }  # left lately
queues:
  - displayName: 在线售前
    minMembers: 1
    assignMembers:
      - { agentNumber: "8001", priority: 10 }
      # was here
      - { agentNumber: "8004" }
"#;

/// Writes a workspace with one manifest.
fn dated(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("roster")).unwrap();
    fs::write(folder.path().join("rosterctl.yaml"), SETTLED).unwrap();
    fs::write(folder.path().join("roster/a.yaml"), manifest).unwrap();
    folder
}

fn manifest(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("roster/a.yaml")).unwrap()
}

const SETTLE: [&str; 4] = ["fmt", "--settle", "--before", "2026-12-01"];

#[test]
fn what_is_over_is_folded_into_the_base_and_every_comment_stays() {
    let folder = dated(DATED);
    let shown = run(&folder, &[&SETTLE[..], &["--diff"]].concat()).exits(0);
    assert!(shown.out.contains("+    wrapUpSeconds: 10"), "{}", shown.out);
    run(&folder, &[&SETTLE[..], &["--check"]].concat()).exits(1);
    assert_eq!(manifest(&folder), DATED);
    run(&folder, &SETTLE).exits(0);
    assert_eq!(manifest(&folder), FOLDED);
    assert_eq!(run(&folder, &SETTLE).exits(0).out, "");
    run(&folder, &["fmt", "--check"]).exits(0);
    assert_eq!(manifest(&folder), FOLDED);
}

#[test]
fn dates_before_another_day_are_folded_only_up_to_it() {
    let folder = dated(DATED);
    run(&folder, &["fmt", "--settle", "--before", "2024-12-31"]).exits(0);
    assert_eq!(manifest(&folder), DATED);
    run(&folder, &["fmt", "--settle", "--before", "tomorrow"]).exits(1);
}

#[test]
fn what_an_alias_names_is_folded_too() {
    let text = "\u{feff}apiVersion: rosterctl/v1\r\nkind: Roster\r\n\
        defaults: { role: 坐席, mainSkillGroup: 售前, recording: true }\r\n\
        agents:\r\n- operatorId: \"8001\"\r\n  from: &day 2025-01-01  # joined\r\n  recording: false\r\n\
        - operatorId: \"8002\"\r\n  recording: false\r\n  during:\r\n  - { from: *day, recording: true }";
    let folder = dated(text);
    run(&folder, &SETTLE).exits(0);
    // It is laid out like any other file.
    let settled = "apiVersion: rosterctl/v1\nkind: Roster\n\
        defaults: { role: 坐席, mainSkillGroup: 售前, recording: true }\nagents:\n  - operatorId: \"8001\"\n    \
        # joined\n    recording: false\n  - operatorId: \"8002\"\n    recording: true\n";
    assert_eq!(manifest(&folder), settled);
    run(&folder, &["validate"]).exits(0);
}

/// A roster with a value of each layer, and a member by each key.
const LAYERS: &str = "periods:
  双十一: { from: 2030-11-01, until: 2030-11-11 }
profiles:
  presales: { role: 普通坐席, mainSkillGroup: 售前, wrapUpSeconds: 30, queues: { 投诉: 3 }, during: [{ period: 双十一, wrapUpSeconds: 10 }] }
defaults:
  recording: true
  password: { store: files, key: \"agents/{operatorId}\" }
agents:
  - { operatorId: \"8001\", profile: presales, name: 张三, protect: true, until: 2031-12-31 }
  - { operatorId: \"8002\", profile: presales, name: 李四, queues: {} }
  - { operatorIds: 8101..8103, profile: presales, name: \"外呼{operatorId}\" }
  - { operatorId: \"8009\", state: absent }
queues:
  - displayName: 在线售前
    minMembers: 2
    assignMembers:
      - { agentNumber: \"8001\", priority: 10 }
      - \"8999\"
    memberSelector: { mainSkillGroup: 售前, priority: 5, except: [\"8002\"] }
    during: [{ period: 双十一, minMembers: 3 }]
";

fn with_layers() -> Bench {
    let bench = Bench::new("");
    bench.workspace("timeZone: Asia/Shanghai\n");
    bench.roster(LAYERS);
    bench
}

/// Returns the fields of a hit as `path value layer line:column`.
fn fields(hit: &Json) -> Vec<String> {
    let one = |field: &Json| {
        let text = |key: &str| field[key].as_str().map(|text| format!(" {text}")).unwrap_or_default();
        let place = &field["source"];
        format!(
            "{} {}{}{}{} {}:{}",
            field["path"].as_str().unwrap(),
            field["value"],
            text("layer"),
            text("profile"),
            text("during"),
            place["line"],
            place["column"]
        )
    };
    hit["fields"].as_array().unwrap().iter().map(one).collect()
}

/// Returns memberships as `agent priority key layer line`.
fn memberships(list: &Json) -> Vec<String> {
    let one = |member: &Json| {
        let [by, layer] = ["by", "layer"].map(|key| member[key].as_str().unwrap());
        let (agent, line) = (member["agentNumber"].as_str().unwrap(), &member["source"]["line"]);
        format!("{agent} {} {by} {layer} {line}", member["priority"])
    };
    list.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn find_says_which_layer_each_value_of_an_agent_comes_from() {
    let bench = with_layers();
    let said = bench.run(&["find", "张三", "--at", "2030-11-02", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&said["format"], &said["at"]),
        (&"rosterctl.find/v1".into(), &"2030-11-02T00:00:00+08:00".into())
    );
    let one = &said["agents"][0];
    assert_eq!((&one["id"], &one["source"]["line"]), (&"agent/8001".into(), &11.into()));
    assert_eq!(
        fields(one),
        [
            "name \"张三\" agent 11:52",
            "role \"普通坐席\" profile presales 6:21",
            "mainSkillGroup \"售前\" profile presales 6:43",
            "password {\"key\":\"agents/8001\",\"store\":\"files\"} defaults 9:13",
            "wrapUpSeconds 10 profile presales period 双十一 6:124",
            "recording true defaults 8:14",
            "protect true agent 11:5",
            "until \"2031-12-31\" agent 11:78",
        ]
    );
    assert_eq!(memberships(&one["queues"]), ["8001 10 assignMembers queue 19", "8001 3 queues profile 6"]);
    let pooled = bench.run(&["find", "8102", "--format", "json"]).exits(0).json();
    let pooled = &pooled["agents"][0];
    assert_eq!((&pooled["pool"], &pooled["fields"][0]["layer"]), (&"8101..8103".into(), &"pool".into()));
    assert_eq!(fields(pooled)[4], "wrapUpSeconds 30 profile presales 6:62");
}

#[test]
fn find_says_how_each_member_came_into_a_queue() {
    let bench = with_layers();
    let said = bench.run(&["find", "售前", "--at", "2030-11-02", "--format", "json"]).exits(0).json();
    let queue = &said["queues"][0];
    assert_eq!((&queue["id"], &queue["source"]["line"]), (&"queue/在线售前".into(), &16.into()));
    assert_eq!(fields(queue), ["minMembers 3 queue period 双十一 22:41"]);
    assert_eq!(
        memberships(&queue["members"]),
        [
            "8001 10 assignMembers queue 19",
            "8101 5 memberSelector queue 21",
            "8102 5 memberSelector queue 21",
            "8103 5 memberSelector queue 21",
            "8999 0 assignMembers queue 20",
        ]
    );
    assert_eq!(queue["excluded"][0]["agentNumber"], "8002");
    // A queue that only agents name.
    let said = bench.run(&["find", "queue/投诉", "--format", "json"]).exits(0).json();
    assert_eq!(said["queues"][0]["declared"], false);
    assert_eq!(memberships(&said["queues"][0]["members"]).len(), 4);
}

#[test]
fn find_reads_like_a_card_and_suggests_the_nearest_name() {
    let bench = with_layers();
    let text = bench.run(&["find", "8001"]).exits(0).out;
    for line in [
        "agent/8001  张三",
        "  roster/roster.yaml:11:5",
        "  password        files:agents/8001  defaults          roster/roster.yaml:9:13",
        "    在线售前  priority 10  assignMembers               roster/roster.yaml:19:24",
        "    投诉      priority 3   queues of profile presales  roster/roster.yaml:6:76",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}: {text}");
    }
    assert!(
        bench.run(&["find", "8009"]).exits(0).out.starts_with("agent/8009, a tombstone: `state: absent`\n")
    );
    assert!(
        bench
            .run(&["find", "8999"])
            .exits(0)
            .out
            .contains("which no manifest declares\n  queues\n    在线售前")
    );
    let said = bench.run(&["find", "张四"]).exits(1);
    assert!(
        said.err.contains("nothing is named `张四`; did you mean `张三`?") && said.out.is_empty(),
        "{}",
        said.err
    );
    assert!(bench.run(&["find", "agent/80001"]).exits(1).err.contains("did you mean `8001`?"));
    let said = bench.run(&["find", "810", "--format", "json"]).exits(0).json();
    assert_eq!(said["agents"].as_array().unwrap().len(), 3, "the names hold it");
    assert_eq!(bench.run(&["find", "x", "--format", "json"]).exits(1).json()["format"], "rosterctl.error/v1");
    // Many agents have a line each, and those of a pool one line.
    bench.roster(&LAYERS.replace("8101..8103", "8101..8180"));
    let text = bench.run(&["find", "外呼"]).exits(0).out;
    assert!(
        text.starts_with("agent/8101 .. agent/8180  80 agents of the pool 8101..8180  roster/"),
        "{text}"
    );
}

#[test]
fn find_speaks_chinese_and_its_json_is_the_same_in_every_language() {
    let bench = with_layers();
    let find = |text: &str, more: &[&str]| {
        bench.run(&[&["find", text, "--at", "2030-11-02"], more].concat()).exits(0).out
    };
    for text in ["8001", "8002", "8009", "8999", "810", "外呼", "在线售前", "queue/投诉"] {
        for lang in ["zh-CN", "zh-TW"] {
            let chinese = find(text, &["--lang", lang]);
            assert_no_english(&chinese);
            for word in
                ["priority", "agent ", "profile ", "pool ", "members", "tombstone", "not in", "of the"]
            {
                assert!(!chinese.contains(word), "{word}: {chinese}");
            }
            let json = ["--format", "json", "--lang"];
            assert_eq!(
                find(text, &[&json[..], &[lang]].concat()),
                find(text, &[&json[..], &["en"]].concat())
            );
        }
    }
    assert!(find("8001", &["--lang", "zh-CN"]).contains("模板 presales，时段：双十一  "));
    let text = bench.run(&["find", "8001", "--lang", "zh-CN"]).exits(0).out;
    for line in [
        "agent/8001  张三",
        "  姓名      张三               坐席           roster/roster.yaml:11:52",
        "  密码      files:agents/8001  defaults       roster/roster.yaml:9:13",
        "  所在队列",
        "    投诉      优先级 3   模板 presales 的 queues  roster/roster.yaml:6:76",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}: {text}");
    }
    let text = find("在线售前", &["--lang", "zh-TW"]);
    assert!(text.contains("主技能群組：售前") && text.contains("成員 5 人"), "{text}");
    // The workspace names the language, too.
    bench.workspace("timeZone: Asia/Shanghai\nlanguage: zh-CN\n");
    assert!(find("8009", &[]).starts_with("agent/8009，清单要求删除：`state: absent`\n"));
}

#[test]
fn fmt_writes_names_behind_numbers_and_keeps_them_fresh() {
    let bench = Bench::new("");
    let roster = "agents:
  - operatorId: \"8001\"
    role: 坐席
    name: 张三
  - operatorIds: 8101..8102
    role: 坐席
    name: 外呼{operatorId}
queues:
  - displayName: 售前
    assignMembers: [\"8001\", \"8101\"]
  - displayName: 售后
    assignMembers:
      - \"8001\"
      - \"8102\"  # nights
";
    bench.roster(roster);
    bench.run(&["fmt"]).exits(0);
    let plain = written(&bench, "roster/roster.yaml");
    let said = bench.run(&["fmt", "--check", "--names"]).exits(1);
    assert!(said.out.contains("+      - \"8101\"  # 外呼8101"), "{}", said.out);
    assert_eq!(written(&bench, "roster/roster.yaml"), plain);
    bench.run(&["fmt", "--names"]).exits(0);
    let named = written(&bench, "roster/roster.yaml");
    assert!(
        named.contains("    assignMembers:\n      - \"8001\"  # 张三\n      - \"8101\"  # 外呼8101\n"),
        "{named}"
    );
    assert!(
        named.contains("    assignMembers:\n      - \"8001\"  # 张三\n      - \"8102\"  # nights\n"),
        "{named}"
    );
    for arguments in [&["fmt", "--check", "--names"][..], &["fmt", "--check"]] {
        assert_eq!(bench.run(arguments).exits(0).out, "");
    }
    bench.write("roster/roster.yaml", &named.replace("name: 张三", "name: 赵敏"));
    bench.run(&["fmt", "--check", "--names"]).exits(1);
    bench.run(&["fmt", "--names"]).exits(0);
    let fresh = named.replace("张三", "赵敏");
    assert_eq!(written(&bench, "roster/roster.yaml"), fresh);
    // Names come from manifests that are sound.
    bench.roster("agents: [{ operatorId: \"8001\", nam: x }]\n");
    assert!(bench.run(&["fmt", "--names"]).exits(1).err.contains("`nam`"));
}

#[test]
fn find_knows_a_voice_seat_by_its_account_its_number_and_its_names() {
    let bench = Bench::new("");
    bench.workspace_with("  seats: { provider: seat-query, baseUrl: sandbox }", "");
    bench.roster("seats: [{ account: A_1, name: one, employeeNumber: \"8001\", nickname: 小张 }]\n");
    for text in ["A_1", "seat/A_1", "8001", "小张", "ONE"] {
        let said = bench.run(&["find", text, "--format", "json"]).exits(0).json();
        assert_eq!(said["seats"][0]["id"], "seat/A_1", "{text}");
    }
    let text = bench.run(&["find", "小张"]).exits(0).out;
    assert!(text.starts_with("seat/A_1\n  roster/roster.yaml:3:9\n  name            one   seat"), "{text}");
}
