//! What ends a command is said in the language of the workspace: wrong arguments, stale plans, locks, stores, systems
//! that do not answer. The words of a system or a file stay as they are, in brackets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;

use std::fs;
use std::net::TcpListener;

use bench::{Bench, Said};
use chinese::assert_no_english;

const ROSTER: &str = "apiVersion: rosterctl/v1
kind: Roster
agents:
  - { operatorId: '8001', name: 张三, role: seat }
  - { operatorId: '8002', name: 李四, role: seat }
";

/// Returns a bench whose roster is applied, in a language.
fn applied(language: &str) -> Bench {
    let bench = Bench::new("");
    bench.workspace(&format!("language: {language}\n"));
    bench.write("roster/agents.yaml", ROSTER);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench
}

/// Returns an output without the text in Chinese brackets, which holds the words of a system.
fn own(text: &str) -> String {
    let mut parts = text.split('（');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('）').map_or("", |(_, rest)| rest))
}

#[track_caller]
fn assert_chinese(said: &Said, part: &str) {
    let text = own(&said.err);
    assert!(said.err.contains(part), "{part}:\n{}", said.err);
    assert!(text.contains("错误：") || text.contains("錯誤："), "{}", said.err);
    assert_no_english(&text);
    assert_no_english(&own(&said.out));
}

#[test]
fn wrong_arguments_are_named_in_chinese() {
    let bench = applied("zh-CN");
    bench.write("other.txt", "no plan");
    bench.write("new/no-skill-group.yaml", "");
    for (arguments, code, part) in [
        (&["find", "李肆"][..], 1, "没有叫 `李肆` 的"),
        (&["explain", "wrapUpSecond"], 1, "是不是 `agent.wrapUpSeconds`？"),
        (&["plan", ".", "--out", "rosterctl.yaml"], 1, "会覆盖工作区的文件"),
        (&["plan", "--live", "other.txt"], 1, "这不是能用来计划的快照"),
        (&["plan", "--live", "missing.json"], 1, "读不了"),
        (&["plan", "--at", "2030-01-01", "--out", "p.json"], 1, "别的时刻（--at）的计划不能执行"),
        (&["plan", "--write", "patch=x.patch"], 1, "是 `drift` 的格式"),
        (&["apply", "--plan", "other.txt"], 1, "不是存下的计划"),
        (&["apply", "--plan", "p.json", "--allow", "deletes=1"], 1, "原样执行存下的计划"),
        (&["calendar", "--from", "2030-02-01", "--until", "2030-01-01"], 1, "在日历的第一天"),
        (&["status", "--group", "没有"], 1, "线上和清单里都没有主技能组是 `没有` 的坐席"),
        (&["status", "--queue", "没有"], 1, "线上和清单里都没有队列 `没有`"),
        (&["status", "--agent", "9999"], 1, "线上和清单里都没有"),
        (&["adopt", "--until", "2030-01-01"], 1, "没有写 `timeZone`"),
        (&["ledger", "show", "agent/9"], 1, "账本里没有 agent/9"),
        (&["ledger", "forget", "queue/无"], 1, "账本里没有 queue/无"),
        (&["ledger", "rename", "elsewhere"], 1, "请先在那里写 `name: elsewhere`"),
        (&["ledger", "copy", ".rosterctl/ledger.json"], 1, "账本已经在"),
        (&["show", "20990101T000000000Z"], 1, "历史里没有执行"),
        (&["undo", "20990101T000000000Z", "--write", "patch=p.patch"], 1, "历史里没有这次执行"),
        (&["import", "--out", "new"], 1, "什么都没有写入，因为已经有"),
        (&["import", "--out", "new", "--password-store", "c"], 1, "没有这个密钥库"),
    ] {
        let said = bench.run(arguments).exits(code);
        assert_chinese(&said, part);
    }
}

#[test]
fn a_stale_plan_a_lock_and_a_ledger_are_named_in_chinese() {
    let bench = applied("zh-TW");
    bench.write("roster/agents.yaml", &ROSTER.replace("李四", "李思"));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let plan = fs::read_to_string(bench.folder.path().join("plan.json")).unwrap();
    bench.write("edited.json", &plan.replace("李思", "李斯"));
    assert_chinese(&bench.run(&["apply", "--plan", "edited.json", "--auto-approve"]).exits(3), "已經過時");
    bench.write("roster/agents.yaml", ROSTER);
    assert_chinese(&bench.run(&["apply", "--plan", "plan.json", "--auto-approve"]).exits(3), "清單改過");
    bench.write("roster/agents.yaml", &ROSTER.replace("李四", "李思"));
    // Standard input is no terminal.
    assert_chinese(&bench.run(&["apply"]).exits(1), "這裡沒辦法核准計畫");

    let ledger = bench.folder.path().join(".rosterctl/ledger.json");
    let text = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, &text[..20]).unwrap();
    assert_chinese(&bench.run(&["plan"]).exits(1), "損壞了");
    fs::write(&ledger, text.replace("\"workspace\": \"bench\"", "\"workspace\": \"other\"")).unwrap();
    assert_chinese(&bench.run(&["plan"]).exits(1), "是工作區 `other` 的");
    fs::write(&ledger, text).unwrap();
    bench.write(".rosterctl/ledger.json.lock", "no lock");
    assert_chinese(&bench.run(&["apply", "--auto-approve"]).exits(7), "不知道持有者是誰");
    assert_no_english(&bench.run(&["unlock", "--force"]).exits(0).out);
    assert_no_english(&bench.run(&["ledger", "forget", "agent/8002"]).exits(0).out);
    assert_no_english(&bench.run(&["ledger", "rebind"]).exits(0).out);
}

#[test]
fn secrets_and_systems_that_fail_are_named_in_chinese() {
    let mut bench = applied("zh-CN");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let workspace = fs::read_to_string(bench.folder.path().join("rosterctl.yaml")).unwrap();
    let url = workspace.lines().find_map(|line| line.trim().strip_prefix("baseUrl: ")).unwrap().to_owned();
    assert_chinese(
        &{
            bench.write("rosterctl.yaml", &workspace.replace(&url, &format!("http://{closed}")));
            bench.run(&["plan"]).exits(1)
        },
        "是另一个租户的",
    );
    assert_no_english(&bench.run(&["ledger", "rebind"]).exits(0).out);
    for command in
        [&["plan"][..], &["drift", "--format", "markdown"], &["plan", "--format", "html"], &["status"]]
    {
        let said = bench.run(command).exits(6);
        let words = "连接 `agents`（agent-config，";
        assert!(said.err.contains(words) || said.out.contains(words), "{said:?}");
        assert_no_english(&said.err);
        assert_no_english(&said.out);
    }
    bench.write("rosterctl.yaml", &workspace);
    bench.run(&["ledger", "rebind"]).exits(0);
    bench.environment.push(("BENCH_TOKEN".to_owned(), String::new()));
    for command in [&["plan"][..], &["status"]] {
        assert_chinese(&bench.run(command).exits(1), "密钥库 `ci` 里没有 `TOKEN`：请设置环境变量");
    }
}
