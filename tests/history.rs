//! The history through the program: a record for each run that wrote, the chain of records, and a run rendered again.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use bench::{API_SECRET, Bench, Said, TOKEN, md5_of, run_in};
use chinese::assert_no_english;
use rosterctl::model::field::Field;
use rosterctl::model::history::RunRecord;
use rosterctl::model::id::{Kind, ResourceId};
use rosterctl::model::plan::Action;
use rosterctl::model::value::Value;
use rosterctl::model::{agent, queue};
use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::faults::Faults;
use serde_json::{Value as Json, json};

const APPLY: [&str; 2] = ["apply", "--auto-approve"];
const FORMATS: [&str; 7] = ["text", "json", "markdown", "html", "sarif", "github", "junit"];

/// Returns the roster of some agents, the first of which are in a queue.
fn roster(names: &[(&str, &str)], members: usize) -> String {
    let agents = names.iter().map(|(id, more)| {
        format!("  - {{ operatorId: \"{id}\", name: 坐席{id}, boundPhone: \"138001380{id}\"{more} }}\n")
    });
    let members: Vec<String> = names.iter().take(members).map(|(id, _)| format!("\"{id}\"")).collect();
    format!(
        "defaults: {{ role: 坐席, mainSkillGroup: 售前, wrapUpSeconds: 30 }}\nagents:\n{}queues:\n  \
         - {{ displayName: 在线售前, assignRule: random, assignMembers: [{}] }}\n",
        agents.collect::<String>(),
        members.join(", ")
    )
}

/// Returns a bench after its first run, which created three agents and a queue.
fn applied(more: &str) -> Bench {
    let bench = Bench::new("");
    bench.workspace(more);
    bench.roster(&roster(&[("8001", ""), ("8002", ""), ("8003", "")], 2));
    bench.run(&APPLY).exits(0);
    bench
}

/// Changes a number of seconds, so that the next apply is a run that writes.
fn change(bench: &Bench, seconds: u32) -> Said {
    let more = format!(", wrapUpSeconds: {seconds}");
    bench.roster(&roster(&[("8001", &more), ("8002", ""), ("8003", "")], 2));
    bench.run(&APPLY)
}

/// Returns the files of the records, oldest first.
fn files_in(bench: &Bench, folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(bench.path(folder)).map(|entries| entries.map(|entry| entry.unwrap().path()));
    let mut files: Vec<PathBuf> = entries.map(Iterator::collect).unwrap_or_default();
    files.sort();
    files
}

fn files(bench: &Bench) -> Vec<PathBuf> {
    files_in(bench, ".rosterctl/history")
}

/// Returns the records, oldest first.
fn records(bench: &Bench) -> Vec<Json> {
    files(bench).iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
}

fn name(file: &std::path::Path) -> String {
    file.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn history(bench: &Bench, arguments: &[&str], code: i32) -> Json {
    let all = [&["history", "--format", "json"], arguments].concat();
    bench.run(&all).exits(code).json()
}

/// Returns the kinds of the remarks on the chain.
fn remarks(history: &Json) -> Vec<&str> {
    history["remarks"].as_array().unwrap().iter().map(|remark| remark["kind"].as_str().unwrap()).collect()
}

#[test]
fn each_run_that_wrote_has_a_record_and_no_other_run_has() {
    let mut bench = applied("");
    bench.run(&["plan"]).exits(0);
    bench.run(&APPLY).exits(0);
    assert_eq!(files(&bench).len(), 1, "a run without steps wrote nothing");
    bench.environment.push(("GITHUB_ACTOR".to_owned(), "wang".to_owned()));
    bench.environment.push(("GITHUB_SHA".to_owned(), "1a2b3c4d".to_owned()));
    change(&bench, 10).exits(0);
    let all = records(&bench);
    let (first, second) = (&all[0], &all[1]);
    assert_eq!((&second["who"], &second["commit"]), (&json!("wang"), &json!("1a2b3c4d")));
    assert_eq!((&second["format"], &second["exit"]), (&json!("rosterctl.history/v1"), &json!(0)));
    assert_eq!((&second["previousRun"], &first["previous"]), (&first["run"], &Json::Null));
    let step = &second["steps"][0];
    assert_eq!((&step["operation"], &step["status"]), (&json!("agent.edit"), &json!("done")));
    assert_eq!(
        step["fields"],
        json!([{ "id": "agent/8001", "path": "wrapUpSeconds", "before": 30, "after": 10 }])
    );
    let ledger: Json =
        serde_json::from_slice(&fs::read(bench.path(".rosterctl/ledger.json")).unwrap()).unwrap();
    assert_eq!(ledger["history"]["run"], second["run"]);
    for file in files(&bench) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn show_gives_the_bytes_that_the_run_wrote_in_every_format() {
    let bench = applied("");
    let more = ", wrapUpSeconds: 5, mainSkillGroup: 售后";
    bench.roster(
        &roster(&[("8001", more), ("8002", ", state: absent"), ("8004", "")], 1)
            .replace("8002\", name: 坐席8002, boundPhone: \"1380013808002\", state", "8002\", state"),
    );
    let writes: Vec<String> = FORMATS.iter().map(|format| format!("{format}=out.{format}")).collect();
    let flags = writes.iter().flat_map(|write| ["--write", write.as_str()]);
    let arguments: Vec<&str> = APPLY.into_iter().chain(flags).collect();
    bench.run(&arguments).exits(0);
    let run = name(files(&bench).last().unwrap());
    for format in FORMATS {
        let said = bench.run(&["show", &run, "--format", format]).exits(0);
        assert_eq!(said.out, fs::read_to_string(bench.path(&format!("out.{format}"))).unwrap(), "{format}");
    }
    bench.run(&["show", &run, "--write", "html=again.html"]).exits(0);
    assert_eq!(fs::read(bench.path("again.html")).unwrap(), fs::read(bench.path("out.html")).unwrap());
    // The file of a record and the saved result are documents, too.
    let file = format!(".rosterctl/history/{run}.json");
    let said = bench.run(&["show", &file, "--format", "html"]).exits(0);
    assert_eq!(said.out, fs::read_to_string(bench.path("out.html")).unwrap());
    let said = bench.run(&["show", "out.json", "--format", "text"]).exits(0);
    // A document of a program does not hold when live state was read.
    let whole = fs::read_to_string(bench.path("out.text")).unwrap();
    let (facts, rest) = whole.split_once("\n\n").unwrap();
    assert!(facts.starts_with("Live state of "), "{facts}");
    assert_eq!(said.out, rest);
}

/// Returns a report without the instant at which live state was read, which the plan's document does not hold.
fn pure(report: &str) -> String {
    let Some(start) = report.find("ive state of ") else { return report.to_owned() };
    let start = start - 1;
    let rest = &report[start..];
    let end = rest.find("UTC").unwrap() + 3;
    let gap = [" ｜ ", " · ", "\n"].into_iter().find(|gap| rest[end..].starts_with(gap)).unwrap_or_default();
    format!("{}{}", &report[..start], &rest[end + gap.len()..])
}

#[test]
fn a_changed_a_missing_and_a_removed_record_are_told_apart() {
    let bench = applied("");
    for seconds in 1..=4 {
        change(&bench, seconds).exits(0);
    }
    let all = files(&bench);
    assert_eq!(remarks(&history(&bench, &[], 0)), Vec::<&str>::new());
    // The oldest part was removed by hand.
    fs::remove_file(&all[0]).unwrap();
    let said = bench.run(&["history"]).exits(0);
    assert!(said.out.contains(&format!("the chain holds from {}", name(&all[1]))), "{}", said.out);
    // A record was changed.
    let text = fs::read_to_string(&all[2]).unwrap();
    fs::write(&all[2], text.replace("\"before\":1,", "\"before\":7,")).unwrap();
    let said = bench.run(&["history"]).exits(1);
    assert!(said.out.contains(&format!("the record {} was changed", name(&all[2]))), "{}", said.out);
    fs::write(&all[2], text).unwrap();
    // A record in the middle, and the newest one, are missing.
    let (moved, aside) = (bench.path("aside"), |at: usize| (all[at].clone(), bench.path("aside")));
    for (at, kind) in [(3, "missing"), (4, "newestMissing")] {
        let (file, aside) = aside(at);
        fs::rename(&file, aside).unwrap();
        let told = history(&bench, &[], 1);
        assert!(remarks(&told).contains(&kind), "{told}");
        assert_eq!(told["runs"].as_array().unwrap().len(), 3);
        fs::rename(&moved, file).unwrap();
    }
    assert_eq!(remarks(&history(&bench, &[], 0)), ["shortened"]);
}

#[test]
fn the_history_is_narrowed_to_an_agent_a_queue_and_days() {
    let bench = applied("");
    change(&bench, 10).exits(0);
    bench.roster(&roster(&[("8001", ", wrapUpSeconds: 10"), ("8002", ""), ("8003", "")], 3));
    bench.run(&APPLY).exits(0);
    let runs = |arguments: &[&str]| history(&bench, arguments, 0)["runs"].as_array().unwrap().len();
    assert_eq!(runs(&[]), 3);
    assert_eq!(runs(&["--agent", "8001"]), 2);
    // A member list names the agent that joined.
    assert_eq!(runs(&["--agent", "8003"]), 2);
    assert_eq!(runs(&["--queue", "在线售前"]), 2);
    assert_eq!(runs(&["--since", "2999-01-01"]), 0);
    assert_eq!(runs(&["--since", "2020-01-01"]), 3);
    let said = bench.run(&["history", "--agent", "8003"]).exits(0);
    assert!(said.out.contains("assignMembers +8003 (0)"), "{}", said.out);
}

#[test]
fn runs_that_failed_in_part_or_were_due_have_records_too() {
    let bench = applied("timeZone: UTC\n");
    let faults = Faults { seed: 1, drop_before: 1.0, only: vec!["edit/v2".to_owned()], ..Faults::default() };
    bench.with(|estate| estate.faults = faults);
    bench.roster(&roster(&[("8001", ", wrapUpSeconds: 10"), ("8002", ""), ("8003", "")], 3));
    bench.run(&APPLY).exits(5);
    bench.with(|estate| estate.faults = Faults::default());
    let all = records(&bench);
    let step = |operation: &str| {
        let steps = all[1]["steps"].as_array().unwrap().clone();
        steps.into_iter().find(|step| step["operation"] == operation).unwrap()
    };
    assert_eq!(all[1]["exit"], 5);
    let edit = step("agent.edit");
    assert_eq!(edit["leftOut"], json!(["agent/8001"]), "{edit}");
    assert_eq!(
        edit["fields"],
        json!([{ "id": "agent/8001", "path": "wrapUpSeconds", "before": 30, "after": 30, "wanted": 10 }])
    );
    assert_eq!(step("queue.members")["status"], "done");
    let leave = |id: &str| format!("{id}\", until: 2020-01-01, name: 坐席{id}");
    bench.run(&APPLY).exits(0);
    bench.roster(
        &roster(&[("8001", ", wrapUpSeconds: 10"), ("8002", ""), ("8003", "")], 3)
            .replace("8003\", name: 坐席8003", &leave("8003")),
    );
    let path = bench.path(".rosterctl/ledger.json");
    let mut ledger: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    ledger["lastInstant"] = json!("2019-12-31T00:00:00Z");
    fs::write(path, serde_json::to_vec(&ledger).unwrap()).unwrap();
    bench.run(&["apply", "--due", "--auto-approve"]).exits(0);
    let all = records(&bench);
    assert_eq!(all.len(), 4);
    assert!(all[3]["report"]["plan"]["dueSince"].is_string());
    assert_eq!(remarks(&history(&bench, &[], 0)), Vec::<&str>::new());
}

#[test]
fn people_read_the_history_and_its_runs_in_chinese() {
    let bench = applied("language: zh-CN\n");
    let faults = Faults { seed: 1, drop_before: 1.0, only: vec!["edit/v2".to_owned()], ..Faults::default() };
    bench.with(|estate| estate.faults = faults);
    let leaves = "8003\", state: absent";
    bench.roster(
        &roster(&[("8001", ", wrapUpSeconds: 10"), ("8002", ""), ("8003", "")], 3)
            .replace("8003\", name: 坐席8003, boundPhone: \"1380013808003\"", leaves)
            .replace(", \"8003\"]", "]"),
    );
    bench.run(&[&APPLY[..], &["--allow", "deletes=1"]].concat()).exits(5);
    fs::remove_file(&files(&bench)[0]).unwrap();
    // The language of the workspace, and that of the command line.
    let cn = bench.run(&["history"]).exits(0).out;
    let tw = bench.run(&["history", "--lang", "zh-TW"]).exits(0).out;
    for (said, open) in [(&cn, "! 失败 修改坐席 agent/8001："), (&tw, "! 失敗 修改客服人員 agent/8001：")]
    {
        assert!(said.contains(open) && said.contains("- agent/8003"), "{said}");
        // The words of the network's error stay as they are.
        let (before, after) = said.split_once("the connection broke").unwrap();
        assert_no_english(before);
        assert_no_english(after.split_once('；').unwrap().1);
    }
    assert!(cn.contains("退出码 5\n") && cn.contains("i 记录链从"), "{cn}");
    let english = bench.run(&["history", "--lang", "en"]).exits(0).out;
    assert!(
        english.contains("! failed agent.edit agent/8001: ") && english.contains("exit code 5\n"),
        "{english}"
    );
    // Programs read the same in every language.
    let json = history(&bench, &[], 0);
    assert_eq!(json, history(&bench, &["--lang", "zh-TW"], 0));
    assert_eq!(json, history(&bench, &["--lang", "en"], 0));
    let run = name(files(&bench).last().unwrap());
    for format in ["text", "markdown", "html"] {
        for language in ["zh-CN", "zh-TW"] {
            let said = bench.run(&["show", &run, "--format", format, "--lang", language]).exits(0);
            let broke = "the connection broke: connection closed before message completed";
            assert!(said.out.contains(broke), "{}", said.out);
            assert_no_english(&said.out.replace(broke, ""));
        }
    }
    let nothing = bench.run(&["history", "--agent", "9999"]).exits(0).out;
    assert!(nothing.starts_with("没有可以显示的执行。\n"), "{nothing}");
}

#[test]
fn a_record_tells_what_was_live_before_and_after_for_each_resource() {
    let bench = Bench::new("");
    bench.workspace("policy: { immutable: replace }\n");
    let written = |bench: &Bench, roster: &str| -> RunRecord {
        bench.roster(roster);
        bench.run(&APPLY).exits(0);
        serde_json::from_slice(&fs::read(files(bench).last().unwrap()).unwrap()).unwrap()
    };
    let agents = |more: &str| roster(&[("8001", more), ("8002", ""), ("8003", ", state: absent")], 2);
    let gone = |text: String| text.replace("name: 坐席8003, boundPhone: \"1380013808003\", ", "");
    written(&bench, &roster(&[("8001", ", email: a@example.com"), ("8002", ""), ("8003", "")], 2));
    let record = written(&bench, &gone(agents(", email: b@example.com")));
    let told = record.resources();
    let field = |id: &str, field: &Field| {
        let write = &told[&ResourceId::parse(id).unwrap()];
        let found = write.fields.iter().find(|written| written.field == field).unwrap();
        (write.action, found.before.map(Value::words), found.after.map(Value::words))
    };
    let some = |text: &str| Some(text.to_owned());
    let email = field("agent/8001", &agent::EMAIL);
    assert_eq!(email, (Action::Replace, some("a@example.com"), some("b@example.com")));
    assert_eq!(field("agent/8003", &agent::NAME), (Action::Delete, some("坐席8003"), None));
    assert_eq!(field("agent/8003", &agent::WRAP_UP_SECONDS).1, some("30"));
    // No operation returns the role: the ledger knew it.
    assert_eq!(field("agent/8003", &agent::ROLE).1, some("坐席"));
    // The agent left its queue for the replacement, and returned.
    let queue = told.keys().find(|id| id.kind == Kind::Queue).unwrap().key();
    let (_, before, after) = field(&queue, &queue::ASSIGN_MEMBERS);
    assert_eq!((before.is_some(), &before), (true, &after));
}

#[test]
fn no_record_holds_a_secret_a_token_or_a_fingerprint() {
    let bench = Bench::new("");
    bench.workspace("ledger: { fingerprintKey: { store: files, key: print } }\n");
    bench.write("secrets/print", "fingerprint-key-9d1e\n");
    bench.write("secrets/one", "pass-word-8001\n");
    let password = ", password: { store: files, key: one }";
    bench.roster(&roster(&[("8001", password), ("8002", "")], 2));
    bench.run(&APPLY).exits(0);
    bench.write("secrets/one", "pass-word-again\n");
    bench.run(&APPLY).exits(0);
    let ledger = fs::read_to_string(bench.path(".rosterctl/ledger.json")).unwrap();
    let ledger: Json = serde_json::from_str(&ledger).unwrap();
    let print = ledger["resources"]["agent/8001"]["password"]["fingerprint"].as_str().unwrap();
    let written = files(&bench);
    assert_eq!(written.len(), 2);
    for file in written {
        let text = fs::read_to_string(file).unwrap();
        for secret in ["pass-word-8001", "pass-word-again", "fingerprint-key-9d1e", TOKEN, API_SECRET] {
            assert!(!text.contains(secret) && !text.to_lowercase().contains(&md5_of(secret)), "{secret}");
        }
        assert!(!text.contains(print) && text.contains("\"password\""));
    }
}

#[test]
fn a_crash_between_the_record_and_the_ledger_breaks_no_chain() {
    let bench = applied("");
    let ledger = bench.path(".rosterctl/ledger.json");
    let before = fs::read(&ledger).unwrap();
    change(&bench, 10).exits(0);
    let written = files(&bench);
    let newest: Json = serde_json::from_slice(&fs::read(&written[1]).unwrap()).unwrap();
    // The ledger of before the run is back: nothing names the record.
    fs::write(&ledger, &before).unwrap();
    let told = history(&bench, &[], 0);
    assert_eq!(remarks(&told), ["unconfirmed"]);
    assert_eq!(told["runs"][0]["run"], newest["run"]);
    change(&bench, 20).exits(0);
    assert_eq!(remarks(&history(&bench, &[], 0)), ["unconfirmed"]);
}

#[test]
fn a_copied_ledger_takes_its_history_along_and_the_old_place_names_the_new_one() {
    let bench = applied("");
    change(&bench, 10).exits(0);
    let said = bench.run(&["ledger", "copy", "elsewhere"]).exits(0);
    assert!(
        said.out.contains("with 2 records") && said.out.contains("elsewhere/ledger.json"),
        "{}",
        said.out
    );
    bench.run(&["ledger", "copy", "elsewhere"]).exits(1);
    // An empty place, although this workspace has a ledger.
    bench.workspace("ledger: { path: nowhere.json }\n");
    for command in [&["plan"][..], &["doctor"]] {
        let said = bench.run(command).exits(0);
        let words = (said.out + &said.err).split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [".rosterctl/ledger.json holds the ledger of this workspace", "elsewhere/ledger.json"] {
            assert!(words.contains(part), "{part}: {words}");
        }
    }
    let said = bench.run(&["doctor", "--lang", "zh-CN"]).exits(0).out;
    assert!(said.contains("有这个工作区的账本"), "{said}");
    assert_no_english(&said);
    bench.workspace("ledger: { path: elsewhere/ledger.json }\n");
    change(&bench, 20).exits(0);
    let told = history(&bench, &[], 0);
    assert_eq!((told["runs"].as_array().unwrap().len(), remarks(&told).len()), (3, 0));
    assert_eq!((files(&bench).len(), files_in(&bench, "elsewhere/history").len()), (2, 3));
}

#[test]
fn a_renamed_workspace_keeps_its_ledger_and_its_history() {
    let bench = applied("");
    bench.run(&["ledger", "rename", "other"]).exits(1);
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace("name: bench", "name: other"));
    bench.run(&["plan"]).exits(1);
    let said = bench.run(&["ledger", "rename", "other"]).exits(0);
    assert!(said.out.contains("follows bench to other"), "{}", said.out);
    let said = bench.run(&["ledger", "rename", "other"]).exits(0);
    assert!(said.out.contains("nothing to do"), "{}", said.out);
    change(&bench, 10).exits(0);
    let told = history(&bench, &[], 0);
    assert_eq!((told["runs"].as_array().unwrap().len(), remarks(&told).len()), (2, 0));
}

#[test]
fn documents_are_shown_offline_and_without_a_workspace() {
    let bench = applied("");
    bench.with(|estate| estate.get_mut::<AgentConfig>().remove("8003"));
    bench
        .run(&["plan", "--out", "plan.json", "--write", "markdown=plan.md", "--write", "text=plan.txt"])
        .exits(0);
    let drift = ["drift", "--format", "json", "--write", "html=drift.html", "--write", "json=drift.json"];
    bench.run(&drift).exits(2);
    bench.run(&["snapshot", "--out", "snapshot.json"]).exits(0);
    let elsewhere = bench.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let show = |file: &str, format: &str, code: i32| {
        let file = format!("../{file}");
        run_in(&elsewhere, &["show", &file, "--format", format], &[]).exits(code)
    };
    let read = |name: &str| pure(&fs::read_to_string(bench.path(name)).unwrap());
    assert_eq!(show("plan.json", "markdown", 0).out, read("plan.md"));
    assert_eq!(show("plan.json", "json", 0).out, read("plan.json"));
    assert_eq!(show("drift.json", "html", 0).out, read("drift.html"));
    assert!(show("drift.json", "prometheus", 0).out.contains("rosterctl_"));
    show("plan.json", "prometheus", 1);
    for format in FORMATS {
        assert!(show("snapshot.json", format, 0).out.len() > 50, "{format}");
    }
    assert!(show("snapshot.json", "text", 0).out.contains("agent/8001"));
    let said = show("rosterctl.yaml", "text", 1);
    assert!(said.err.contains("no document that can be shown"), "{}", said.err);
    let said = bench.run(&["show", "20991201T093000125Z"]).exits(1);
    assert!(said.err.contains("rosterctl history"), "{}", said.err);
}

#[test]
fn a_record_that_cannot_be_written_is_said_and_the_ledger_is_written_all_the_same() {
    let bench = applied("");
    fs::rename(bench.path(".rosterctl/history"), bench.path("aside")).unwrap();
    bench.write(".rosterctl/history", "a file in the way");
    let said = change(&bench, 10).exits(5);
    assert!(said.err.contains("the history has no record of run"), "{}", said.err);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    fs::remove_file(bench.path(".rosterctl/history")).unwrap();
    fs::rename(bench.path("aside"), bench.path(".rosterctl/history")).unwrap();
    change(&bench, 20).exits(0);
    assert_eq!(remarks(&history(&bench, &[], 0)), Vec::<&str>::new());
}
