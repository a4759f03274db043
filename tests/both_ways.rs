//! `adopt`, `drift --write patch=` and `undo` against the sandbox: contract rules 14.4 and 14.7.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the bench is shared")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;

use std::fs;
use std::path::Path;
use std::process::Command;

use bench::{API_SECRET, Bench, TOKEN};
use chinese::assert_no_english;
use rosterctl::sandbox::{AgentConfig, WebchatQueue};

const LIVE: &str = "agents: [{ operatorId: \"8001\", name: 张三 }, { operatorId: \"8002\", name: 李四 }]
queues: [{ exten: \"1000\", displayName: 在线, assignMembers: [{ agentNumber: \"8001\", priority: 5 }] },
  { exten: \"1001\", displayName: a.b, assignMembers: [{ agentNumber: \"8001\", priority: 1 }] }]
";
const ROSTER: &str = "agents:
  - { operatorId: \"8001\", name: 张三, wrapUpSeconds: 10 } # desk 1
  - { operatorId: \"8002\", name: 李四 }
queues:
  - { displayName: 在线, assignMembers: [{ agentNumber: \"8001\", priority: 5 }] }
  - { displayName: a.b, assignMembers: [{ agentNumber: \"8001\", priority: 1 }] }
";

/// Returns a bench whose first run is clean.
fn bench() -> Bench {
    let bench = Bench::new(LIVE);
    bench.roster(ROSTER);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench
}

fn name(bench: &Bench, id: &str, name: &str) {
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut(id).unwrap().name = Some(name.to_owned());
    });
}

fn join(bench: &Bench, queue: &str, agent: &str) {
    bench.with(|estate| {
        let queues = &mut estate.get_mut::<WebchatQueue>().queues;
        let queue = queues.iter_mut().find(|one| one.display_name == queue).unwrap();
        let mut member = queue.assign_members[0].clone();
        agent.clone_into(&mut member.agent_number);
        queue.assign_members.push(member);
    });
}

fn text(bench: &Bench) -> String {
    fs::read_to_string(bench.path("roster/roster.yaml")).unwrap()
}

#[test]
fn rule_14_4_without_a_difference_nothing_is_taken_over() {
    let bench = bench();
    let before = text(&bench);
    let said = bench.run(&["adopt"]).exits(0);
    assert!(said.err.contains("nothing to take over"), "{}", said.err);
    assert_eq!(text(&bench), before);
}

#[test]
fn rule_14_4_a_name_without_a_difference_or_without_a_resource_exits_1() {
    let bench = bench();
    for named in ["agent/8002", "agent/8001.name", "queue/a.b", "agent/9999", "queue/a.b.assignMembers"] {
        let said = bench.run(&["adopt", named]).exits(1);
        assert!(said.err.contains("not taken over: "), "{named}: {}", said.err);
    }
    bench.run(&["adopt", ".", "./agent/8001"]).exits(1);
}

#[test]
fn rule_14_4_a_field_follows_the_last_dot_and_a_name_may_hold_one() {
    let bench = bench();
    name(&bench, "8001", "王五");
    join(&bench, "a.b", "8002");
    join(&bench, "在线", "8002");
    bench.run(&["adopt", "agent/8001.name", "queue/a.b"]).exits(0);
    let after = text(&bench);
    assert!(after.contains("name: 王五, wrapUpSeconds: 10 } # desk 1\n"), "{after}");
    let plan = bench.run(&["plan", "--format", "json"]).json();
    let changed: Vec<&str> =
        plan["changes"].as_array().unwrap().iter().map(|change| change["id"].as_str().unwrap()).collect();
    assert_eq!(changed, ["queue/在线"]);
    bench.run(&["adopt"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn rule_14_4_what_both_sides_changed_is_left_and_listed() {
    let bench = bench();
    name(&bench, "8001", "王五");
    bench.roster(&ROSTER.replace("张三", "赵六"));
    let before = text(&bench);
    let said = bench.run(&["adopt"]).exits(0);
    assert!(said.err.contains("not taken over: agent/8001"), "{}", said.err);
    assert_eq!(text(&bench), before);
    bench.run(&["adopt", "agent/8001.name"]).exits(0);
    assert_eq!(text(&bench), before.replace("赵六", "王五"));
}

#[test]
fn rule_14_4_a_last_day_needs_a_zone_and_lies_ahead() {
    let bench = bench();
    name(&bench, "8001", "王五");
    let said = bench.run(&["adopt", "--until", "2999-12-31"]).exits(1);
    assert!(said.err.contains("timeZone"), "{}", said.err);
    bench.workspace("timeZone: Asia/Shanghai\n");
    let said = bench.run(&["adopt", "--until", "2001-01-01"]).exits(1);
    assert!(said.err.contains("is over"), "{}", said.err);
    bench.run(&["adopt", "--until", "2999-12-31"]).exits(0);
    assert!(text(&bench).contains("during: [{ until: 2999-12-31, name: 王五 }]"), "{}", text(&bench));
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(folder);
    let output = git.output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rule_14_4_a_patch_of_drift_is_what_adopt_writes_and_git_takes_it() {
    let bench = bench();
    bench.run(&["drift", "--write", "patch=none.patch"]).exits(0);
    assert_eq!(fs::read_to_string(bench.path("none.patch")).unwrap(), "");
    name(&bench, "8001", "王五");
    join(&bench, "在线", "8002");
    let before = text(&bench);
    bench.run(&["drift", "--write", "patch=console.patch"]).exits(2);
    assert_eq!(text(&bench), before);
    let patch = fs::read_to_string(bench.path("console.patch")).unwrap();
    assert!(patch.starts_with("--- a/roster/roster.yaml\n+++ b/roster/roster.yaml\n"), "{patch}");
    assert!(!patch.contains(TOKEN) && !patch.contains(API_SECRET), "{patch}");
    bench.run(&["adopt"]).exits(0);
    let adopted = text(&bench);
    // Below the root of a repository too.
    let repository = tempfile::tempdir().unwrap();
    git(repository.path(), &["init", "-q"]);
    let folder = repository.path().join("teams/a");
    fs::create_dir_all(folder.join("roster")).unwrap();
    fs::write(folder.join("roster/roster.yaml"), &before).unwrap();
    fs::write(folder.join("console.patch"), &patch).unwrap();
    git(&folder, &["apply", "--check", "console.patch"]);
    git(&folder, &["apply", "console.patch"]);
    assert_eq!(fs::read_to_string(folder.join("roster/roster.yaml")).unwrap(), adopted);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[cfg(unix)]
#[test]
fn rule_14_4_a_patch_is_not_written_through_a_link() {
    let bench = bench();
    name(&bench, "8001", "王五");
    let before = text(&bench);
    std::os::unix::fs::symlink(bench.path("roster/roster.yaml"), bench.path("console.patch")).unwrap();
    bench.run(&["drift", "--write", "patch=console.patch"]).exits(1);
    assert_eq!(text(&bench), before);
}

#[test]
fn rule_14_4_a_patch_is_of_one_workspace() {
    let bench = bench();
    bench.run(&["drift", ".", ".", "--write", "patch=console.patch"]).exits(1);
}

/// Returns the last run of the history.
fn last_run(bench: &Bench) -> String {
    let history = bench.run(&["history", "--format", "json"]).exits(0).json();
    let runs = history["runs"].as_array().unwrap_or_else(|| panic!("{history:#}"));
    let mut runs: Vec<(&str, &str)> = runs
        .iter()
        .map(|run| (run["at"].as_str().unwrap_or_default(), run["run"].as_str().unwrap()))
        .collect();
    runs.sort_unstable();
    runs.last().unwrap().1.to_owned()
}

#[test]
fn rule_14_7_undo_and_apply_bring_the_first_state_back() {
    let bench = bench();
    git(bench.folder.path(), &["init", "-q"]);
    let live = |bench: &Bench| {
        bench.with(|estate| {
            let agents = estate.get::<AgentConfig>().agents();
            agents.map(|agent| (agent.operator_id.clone(), agent.name.clone())).collect::<Vec<_>>()
        })
    };
    let (first, members) = (live(&bench), bench.members("在线"));
    bench.roster(&ROSTER.replace("张三", "赵六").replace("priority: 5 }]", "priority: 7 }, \"8002\"]"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_ne!(live(&bench), first);
    let run = last_run(&bench);
    bench.run(&["undo", "20010101T000000Z-00000000", "--write", "patch=undo.patch"]).exits(1);
    bench.run(&["undo", &run, "--write", "patch=undo.patch"]).exits(0);
    git(bench.folder.path(), &["apply", "undo.patch"]);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!((live(&bench), bench.members("在线")), (first, members));
}

#[test]
fn rule_14_7_undo_leaves_what_a_later_run_changed_and_lists_it() {
    let bench = bench();
    git(bench.folder.path(), &["init", "-q"]);
    bench.roster(&ROSTER.replace("张三", "赵六").replace("李四", "周七"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let run = last_run(&bench);
    bench.roster(&ROSTER.replace("张三", "孙八").replace("李四", "周七"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let said = bench.run(&["undo", &run, "--write", "patch=undo.patch"]).exits(0);
    assert!(said.err.contains("not taken back: agent/8001"), "{}", said.err);
    git(bench.folder.path(), &["apply", "undo.patch"]);
    assert!(text(&bench).contains("孙八") && text(&bench).contains("李四"), "{}", text(&bench));
}

#[test]
fn adopt_and_undo_speak_chinese() {
    let bench = bench();
    let said = bench.run(&["adopt", "--lang", "zh-CN"]).exits(0);
    assert!(said.err.contains("没有要收进清单的"), "{}", said.err);
    name(&bench, "8001", "王五");
    let said = bench.run(&["adopt", "agent/8001.name", "agent/8002.name", "--lang", "zh-CN"]).exits(1);
    assert_eq!(said.out, "agent/8001.name：王五\n");
    for line in ["已写入 roster/roster.yaml\n", "警告：没有收进清单：agent/8002.name：没有差异\n"]
    {
        assert!(said.err.contains(line), "{line}: {}", said.err);
    }
    assert_no_english(&said.err);
    bench.roster(&ROSTER.replace("张三", "赵六").replace("李四", "周七"));
    let said = bench.run(&["apply", "--auto-approve", "--lang", "zh-TW"]).exits(0);
    assert!(
        said.err.contains("修改客服人員 agent/8001：完成") && said.err.contains("已記為執行"),
        "{}",
        said.err
    );
    assert_no_english(&said.err);
    let run = last_run(&bench);
    bench.roster(&ROSTER.replace("张三", "孙八").replace("李四", "周七"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let said = bench.run(&["undo", &run, "--write", "patch=undo.patch", "--lang", "zh-TW"]).exits(0);
    assert_eq!(said.out, "agent/8002.name：李四\n");
    for line in ["警告：沒有撤回：agent/8001.name：後來又改過\n", "已寫入 undo.patch；什麼都沒有更動\n"]
    {
        assert!(said.err.contains(line), "{line}: {}", said.err);
    }
    assert_no_english(&said.err);
}
