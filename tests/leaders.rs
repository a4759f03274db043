//! The reports that team leaders read: a change of the call centre, in Chinese, with the answers to their questions.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says that it skips")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The call centre after an apply, with a patch of its manifests and edits in the consoles.
struct Centre {
    folder: TempDir,
}

/// The output of a run of the program.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().starts_with('.') {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Centre {
    fn changed() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let centre = Self { folder: tempfile::tempdir().unwrap() };
        copy(&root.join("examples/callcentre"), &centre.path("w"));
        centre.edit("w/rosterctl.yaml", |text| {
            let desk = "  desk: { provider: cms-agent, baseUrl: sandbox, ccId: 1, vdn: 1 }\npolicy:\n  \
                        presence: { protect: [on-call], wait: 0s }\n";
            text.replacen("policy:\n", desk, 1)
        });
        let applied = centre.run(&["apply", "--auto-approve", "-q"], &[]);
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        let fixture = root.join("tests/fixtures/callcentre-change");
        let patched = Command::new("git")
            .args(["apply", "--unsafe-paths", "-p1"])
            .arg(fixture.join("roster.patch"))
            .current_dir(centre.path("w"))
            .env("GIT_CEILING_DIRECTORIES", centre.folder.path())
            .status();
        assert!(patched.unwrap().success(), "the patch fits the example");
        let edits: Value = serde_json::from_slice(&fs::read(fixture.join("console.json")).unwrap()).unwrap();
        centre.edit_console(&edits);
        centre
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn edit(&self, name: &str, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        fs::write(self.path(name), edit(text)).unwrap();
    }

    /// Edits agents and queues as people do in the consoles, ten minutes after the apply.
    fn edit_console(&self, edits: &Value) {
        let file = self.path("w/.rosterctl/sandbox.json");
        let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let estate = &mut state["estate"];
        for (id, fields) in edits["agents"].as_object().unwrap() {
            let agent = &mut estate["agentConfig"]["agents"][id];
            let later = agent["utime"].as_i64().unwrap() + 600_000;
            for (key, value) in fields.as_object().unwrap() {
                agent[key] = value.clone();
            }
            agent["utime"] = later.into();
        }
        for queue in estate["webchatQueue"]["queues"].as_array_mut().unwrap() {
            let Some(edit) = edits["queues"].get(queue["displayName"].as_str().unwrap()) else { continue };
            let named = |key: &str| edit[key].as_array().unwrap().clone();
            let members = queue["assignMembers"].as_array_mut().unwrap();
            members.retain(|member| !named("without").contains(&member["agentNumber"]));
            members.extend(named("with").into_iter().map(|id| json!({ "agentNumber": id, "priority": 0 })));
            let time = queue["updateTime"].as_str().unwrap();
            let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", time).unwrap();
            let later = time + jiff::Span::new().minutes(10);
            queue["updateTime"] = later.strftime("%Y-%m-%d %H:%M:%S").to_string().into();
            queue["updateAgent"] = edit["by"].clone();
        }
        for id in edits["onCall"].as_array().unwrap() {
            estate["cmsAgent"]["agents"][id.as_str().unwrap()] = json!({ "status": 7 });
        }
        fs::write(file, state.to_string()).unwrap();
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_rosterctl"))
            .args(arguments)
            .arg("w")
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// Returns the line of a text that holds all parts.
#[track_caller]
fn line<'a>(text: &'a str, parts: &[&str]) -> &'a str {
    let found = text.lines().find(|line| parts.iter().all(|part| line.contains(part)));
    found.unwrap_or_else(|| panic!("no line holds {parts:?}:\n{text}"))
}

#[test]
fn a_leader_finds_the_answer_to_each_question_in_the_comment_and_in_the_page() {
    let centre = Centre::changed();
    let plan = [
        "plan",
        "-q",
        "--presence",
        "--lang",
        "zh-CN",
        "--at",
        "2026-12-01",
        "--write",
        "markdown=plan.md",
        "--write",
        "html=plan.html",
    ];
    let pull_request = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("GITHUB_SERVER_URL", "https://forge.example"),
        ("GITHUB_REPOSITORY", "owner/roster"),
    ];
    let said = centre.run(&plan, &pull_request);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    let (comment, page) = (centre.read("plan.md"), centre.read("plan.html"));

    // May I approve? Which side refuses it, and what is the way out?
    let first: Vec<&str> = comment.lines().take(7).collect();
    let first = first.join("\n");
    let verdict = line(&first, &["⛔ **现在不能执行，策略不允许", "夜班", "5", "allow:members=5"]);
    assert_eq!(verdict.matches("确实要这样").count(), 1, "only the label helps here: {verdict}");
    // When was it read, and of which commit is it?
    line(&first, &["线上数据读取于", "提交 01234567"]);
    assert!(page.contains("class=\"verdict note bad\"") && page.contains("现在不能执行"), "{page}");
    assert!(page.contains("<html lang=\"zh-CN\">"), "{page}");
    // Who leaves my queue, who joins, which queue is thinner and by how much, and what is its minimum?
    line(
        &comment,
        &[
            "| 夜班 |",
            "8 → **4** (−4, −50 %)",
            "| 4 |",
            "2150 杨巧云、3154 邹娟",
            "6124 董佳怡（删除）",
            "2100 欧阳晓雯（新）",
        ],
    );
    let queues: Vec<&str> = comment.lines().filter(|line| line.contains(" → **")).collect();
    assert!(queues[0].contains("夜班"), "the greatest loss is first: {queues:?}");
    line(&comment, &["没有变化的队列：", "班长升级 8"]);
    // Is anybody deleted?
    line(&comment, &["删除的坐席", "(2)"]);
    line(&comment, &["| 3120 |", "夏娟"]);
    // Who changed this in the console, and when?
    line(&comment, &["英语服务", "多了 2120 董巧云；少了 3012 邱亮", "移出 2120 董巧云", "工号 2001 熊晓燕"]);
    line(&comment, &["2110", "刘玉栏", "刘玉兰", "控制台最后改于"]);
    // What happens to agent 2105, and when does it take effect?
    line(&comment, &["2026-12-05：", "2105 罗艳 到售后组"]);
    line(&comment, &["按 2026-12-01T00:00:00+08:00 的状态，有效到 2026-12-05"]);
    // Is an agent on a call now?
    line(&comment, &["此刻会先放过 1 人："]);
    line(&comment, &["夏娟", "通话中"]);
    // The places are links to the commit.
    line(&comment, &["| 2101 |", "(https://forge.example/owner/roster/blob/0123456789abcdef"]);
    for answer in [
        "2150 杨巧云",
        "(−4, −50 %)",
        "下限 4",
        "移出 2120 董巧云",
        "工号 2001 熊晓燕",
        "2105 罗艳 到售后组",
        "此刻会先放过 1 人：",
        "data-who=\"3120 夏娟\"",
        "data-row=\"ahead\" data-who=\"2105 罗艳\"",
    ] {
        assert!(page.contains(answer), "{answer}");
    }
}

#[test]
fn after_the_apply_the_comment_tells_what_is_left_and_why() {
    let centre = Centre::changed();
    let apply = [
        "apply",
        "-q",
        "--auto-approve",
        "--lang",
        "zh-CN",
        "--allow",
        "members=5",
        "--write",
        "markdown=done.md",
        "--write",
        "html=done.html",
    ];
    let said = centre.run(&apply, &[]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    let comment = centre.read("done.md");
    line(&comment, &["部分执行", "等放过的人下线之后，再执行一次会做完其余的"]);
    line(&comment, &["没有做的", "(2)"]);
    line(&comment, &["| 在线售后 |", "3120", "通话中"]);
    line(&comment, &["| 3120 |", "夏娟", "通话中"]);
    // An agent that was left alone stands not among those who left.
    let left = comment.split("已删除的坐席").nth(1).unwrap().split("</details>").next().unwrap();
    assert!(left.contains("6124") && !left.contains("3120"), "{left}");
}

#[test]
fn a_document_of_a_program_and_the_exit_code_are_the_same_in_every_language() {
    let centre = Centre::changed();
    let plan = |lang: &str| {
        centre.run(&["plan", "-q", "--at", "2026-12-01", "--format", "json", "--lang", lang], &[])
    };
    let english = plan("en");
    for other in ["zh-CN", "zh-TW"] {
        let said = plan(other);
        assert_eq!((said.code, said.out), (english.code, english.out.clone()), "{other}");
    }
}

#[test]
fn the_workspace_names_the_language_and_the_flag_goes_before_it() {
    let centre = Centre::changed();
    centre.edit("w/rosterctl.yaml", |text| text.replacen("timeZone:", "language: zh-TW\ntimeZone:", 1));
    let plan =
        |more: &[&str]| centre.run(&[&["plan", "-q"], more].concat(), &[("LC_ALL", "zh_CN.UTF-8")]).out;
    assert!(plan(&[]).contains("政策不允許"), "{}", plan(&[]));
    assert!(plan(&["--lang", "en"]).contains("refused by policy"));
    assert!(plan(&["--lang", "zh-CN"]).contains("策略不允许"));
    // Without a terminal the locale says nothing.
    centre.edit("w/rosterctl.yaml", |text| text.replacen("language: zh-TW\n", "", 1));
    assert!(plan(&[]).contains("refused by policy"));
    let wrong = centre.run(&["plan", "--lang", "zh"], &[]);
    assert!(wrong.code == 1 && wrong.err.contains("name one of en, zh-CN, zh-TW"), "{}", wrong.err);
    centre.edit("w/rosterctl.yaml", |text| text.replacen("timeZone:", "language: zh\ntimeZone:", 1));
    let wrong = centre.run(&["validate"], &[]);
    assert!(wrong.code == 1 && wrong.err.contains("`language`"), "{}", wrong.err);
}

/// Returns the first of some programs that is in the search path.
fn program(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let all =
        std::env::split_paths(&folders).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    all.into_iter().find(|path| path.is_file())
}

/// Returns the folder of npm's global packages, if it has some of them.
fn modules(packages: &[&str]) -> Option<PathBuf> {
    let output = Command::new(program(&["npm"])?).args(["root", "--global"]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    packages.iter().all(|package| folder.join(package).is_dir()).then_some(folder)
}

#[test]
fn the_pages_are_read_by_everybody_with_keys_without_script_and_on_paper() {
    let (Some(node), Some(chromium), Some(modules)) = (
        program(&["node"]),
        program(&["chromium", "chromium-browser", "google-chrome"]),
        modules(&["playwright-core", "axe-core"]),
    ) else {
        eprintln!("skipped: node, a browser, playwright-core or axe-core is missing");
        return;
    };
    let centre = Centre::changed();
    let write = |name: &str, arguments: &[&str]| {
        let page = format!("html={name}.html");
        let said = centre.run(&[arguments, &["-q", "--write", &page]].concat(), &[]);
        assert!([0, 2, 4].contains(&said.code), "{name}: {}{}", said.out, said.err);
        centre.path(&format!("{name}.html"))
    };
    let calendar = centre.run(
        &["calendar", "--lang", "zh-CN", "--format", "html", "--from", "2026-12-01", "--until", "2027-01-31"],
        &[],
    );
    fs::write(centre.path("calendar.html"), calendar.out).unwrap();
    let pages = [
        centre.path("calendar.html"),
        write("refused", &["plan", "--presence", "--lang", "zh-CN", "--at", "2026-12-01"]),
        write("drift", &["drift", "--lang", "zh-TW"]),
        write("done", &["apply", "--auto-approve", "--lang", "en", "--allow", "members=5"]),
    ];
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/browser.mjs");
    let output = Command::new(node).arg(script).arg(modules).arg(chromium).args(pages).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
