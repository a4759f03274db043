//! Runs the program on a hostile pull request: it reads, writes and runs nothing outside, and the comment names each
//! deleted agent.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench::{API_SECRET, Bench, Said, run_in};
use tempfile::TempDir;

/// Text that no output may hold.
const CANARY: &str = "canary-5f1d";

/// A checkout of the hostile repository. The program must not touch the files beside it.
struct Checkout {
    folder: TempDir,
}

impl Checkout {
    fn new() -> Self {
        let checkout = Self { folder: tempfile::tempdir().unwrap() };
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile");
        copy(&from, &checkout.path("repo"));
        checkout.write("repo/.git/config", CANARY);
        checkout.write("repo/secrets/API_SECRET", CANARY);
        checkout.write("outside/canary.yaml", &format!("{CANARY}\nsecond: {CANARY}\n"));
        checkout.write("outside/kept", CANARY);
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn link(&self, target: &str, name: &str) {
        let path = self.path("repo").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Writes a roster of one agent, in place of the fixture's.
    fn plain(&self) {
        fs::remove_dir_all(self.path("repo/roster")).unwrap();
        let text = "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8001\", role: 坐席 }]\n";
        self.write("repo/roster/a.yaml", text);
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Said {
        let said = run_in(&self.path("repo"), arguments, &[]);
        for text in [&said.out, &said.err] {
            assert!(!text.contains(CANARY), "{arguments:?}\n{text}");
        }
        said
    }

    /// Returns all files beside the checkout, and its own files that no run writes.
    fn kept(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for folder in ["outside", "repo/.git", "repo/secrets"] {
            for entry in fs::read_dir(self.path(folder)).unwrap() {
                let path = entry.unwrap().path();
                files.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
        }
        files
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(|_| ()).unwrap() }
    }
}

/// Commands that read manifests.
const READING: [&[&str]; 5] = [
    &["validate"],
    &["plan"],
    &["plan", "--format", "markdown"],
    &["drift", "--format", "json"],
    &["fmt", "--check"],
];

#[test]
fn a_shown_name_is_never_opened() {
    let checkout = Checkout::new();
    checkout.plain();
    let lines = "apiVersion: rosterctl/v1\nkind: Roster\nown-line: wrong\n";
    for name in ["roster/x\\..\\..\\..\\outside\\canary.yaml", "roster/\\..\\..\\..\\outside\\canary.yaml"] {
        checkout.write(&format!("repo/{name}"), lines);
        for command in READING.iter().filter(|command| command[0] != "fmt") {
            let said = checkout.run(command);
            assert_eq!(said.code, 1, "{command:?}\n{}", said.err);
        }
        let said = checkout.run(&["validate"]);
        assert!(said.err.contains("own-line: wrong"), "{}", said.err);
        fs::remove_file(checkout.path("repo").join(name)).unwrap();
    }
    // The line of a valid file whose text was dropped: the queue names a missing agent.
    let text =
        "apiVersion: rosterctl/v1\nkind: Roster\nqueues: [{ displayName: q, assignMembers: [own-9] }]\n";
    checkout.write("repo/roster/\\..\\..\\..\\outside\\canary.yaml", text);
    let said = checkout.run(&["plan"]).exits(1);
    assert!(said.err.contains("assignMembers: [own-9]"), "{}", said.err);
}

#[test]
fn a_name_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let checkout = Checkout::new();
    let name = std::ffi::OsStr::from_bytes(b"roster/\xff.yaml");
    // Some file systems reject such a name.
    if fs::write(checkout.path("repo").join(name), "x").is_ok() {
        checkout.run(&["validate"]).exits(1);
    }
}

#[test]
fn no_link_is_read_that_leaves_the_manifests() {
    for (target, name) in [
        ("../secrets/API_SECRET", "roster/b.yaml"),
        ("../../outside/canary.yaml", "roster/b.yaml"),
        ("../.git/config", "roster/b.yaml"),
        ("../secrets", "roster/team"),
        ("/proc/self/environ", "roster/b.yaml"),
        ("/dev/zero", "roster/b.yaml"),
        ("../rosterctl.yaml", "roster/deep/b.yaml"),
    ] {
        let checkout = Checkout::new();
        checkout.plain();
        checkout.link(target, name);
        for command in READING {
            let said = checkout.run(command);
            assert_eq!(said.code, 1, "{target} {command:?}\n{}", said.err);
        }
    }
    // The folder itself, and the workspace file.
    for target in ["secrets", "../outside", ".git"] {
        let checkout = Checkout::new();
        fs::remove_dir_all(checkout.path("repo/roster")).unwrap();
        checkout.link(target, "roster");
        checkout.run(&["validate"]).exits(1);
    }
    let checkout = Checkout::new();
    checkout.link("../secrets/API_SECRET", "other/rosterctl.yaml");
    checkout.run(&["validate", "other"]).exits(1);
    checkout.link("../outside", "other/ws");
    checkout.write("outside/rosterctl.yaml", "apiVersion: rosterctl/v1\n");
    checkout.run(&["validate", "other/ws"]).exits(1);
    for flag in ["--live", "--plan"] {
        checkout.link("../outside/canary.yaml", "in.json");
        let command = if flag == "--live" { "plan" } else { "apply" };
        checkout.run(&[command, flag, "in.json"]).exits(1);
        fs::remove_file(checkout.path("repo/in.json")).unwrap();
    }
    // Manifests beside each other may be links, as in a projected volume.
    let checkout = Checkout::new();
    checkout.plain();
    fs::create_dir(checkout.path("repo/roster/..2026")).unwrap();
    fs::rename(checkout.path("repo/roster/a.yaml"), checkout.path("repo/roster/..2026/a.yaml")).unwrap();
    checkout.link("..2026", "roster/..data");
    checkout.link("..data/a.yaml", "roster/a.yaml");
    checkout.run(&["validate"]).exits(0);
}

#[test]
fn no_link_of_a_store_leads_to_another_secret() {
    let checkout = Checkout::new();
    checkout.write(
        "repo/roster/names.yaml",
        "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - { operatorId: \"8001\", role: 坐席, password: { store: files, key: agents/8001 } }\n",
    );
    for (target, name) in [
        ("../API_SECRET", "secrets/agents/8001"),
        ("../../../outside/kept", "secrets/agents/8001"),
        ("/dev/zero", "secrets/agents/8001"),
    ] {
        checkout.link(target, name);
        let said = checkout.run(&["apply", "--auto-approve"]);
        assert_ne!(said.code, 0, "{target}\n{}{}", said.out, said.err);
        let state = fs::read_to_string(checkout.path("repo/.rosterctl/sandbox.json")).unwrap_or_default();
        assert!(!state.contains(CANARY), "{target}");
        fs::remove_file(checkout.path("repo").join(name)).unwrap();
    }
    let checkout = Checkout::new();
    fs::rename(checkout.path("repo/secrets"), checkout.path("outside/secrets")).unwrap();
    checkout.link("../outside/secrets", "secrets");
    checkout.run(&["validate"]).exits(1);
}

#[test]
fn two_names_of_one_store_are_one_place() {
    let checkout = Checkout::new();
    let text = fs::read_to_string(checkout.path("repo/rosterctl.yaml")).unwrap();
    let real = fs::canonicalize(checkout.path("repo/secrets")).unwrap();
    for other in [
        format!("  other: {{ type: dir, path: {} }}\n", real.display()),
        "  other: { type: dir, path: ../repo/secrets }\n".to_owned(),
        "  other: { type: dir, path: ./secrets/ }\n".to_owned(),
    ] {
        checkout.write("repo/rosterctl.yaml", &text.replace("ledger:\n", &format!("{other}ledger:\n")));
        checkout.write(
            "repo/roster/names.yaml",
            "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - { operatorId: \"8001\", role: 坐席, password: { store: other, key: API_SECRET } }\n",
        );
        let said = checkout.run(&["validate"]).exits(1);
        assert!(said.err.contains("other:API_SECRET"), "{other}{}", said.err);
    }
}

#[test]
fn no_link_is_written_through() {
    let outputs: [(&str, &[&str]); 10] = [
        ("plan.json", &["plan", "--out", "plan.json"]),
        ("deep/plan.json", &["plan", "--out", "deep/plan.json"]),
        ("r.html", &["plan", "--write", "html=r.html"]),
        ("r.md", &["drift", "--write", "markdown=r.md"]),
        ("r.json", &["apply", "--auto-approve", "--write", "json=r.json"]),
        ("live.json", &["snapshot", "--out", "live.json"]),
        ("man/rosterctl.1", &["man", "--out", "man"]),
        ("state.json", &["sandbox", "--listen", "127.0.0.1:0", "--state", "state.json"]),
        ("roster/a.yaml", &["fmt"]),
        ("imported/售前.yaml", &["import", "--force", "--out", "imported"]),
    ];
    for (name, command) in outputs {
        let checkout = Checkout::new();
        checkout.plain();
        let _ = fs::remove_file(checkout.path("repo").join(name));
        let up = "../".repeat(name.matches('/').count() + 1);
        checkout.link(&format!("{up}outside/kept"), name);
        let before = checkout.kept();
        let said = checkout.run(command);
        // An import writes other names; a link is left alone.
        assert!(said.code != 0 || name.starts_with("imported"), "{name}\n{}{}", said.out, said.err);
        assert_eq!(checkout.kept(), before, "{name}");
    }
    // A folder on the path.
    for command in [
        &["plan", "--out", "way/x/plan.json"][..],
        &["plan", "--write", "html=way/r.html"],
        &["snapshot", "--out", "way/live.json"],
        &["import", "--out", "way"],
        &["import", "--out", "way/new"],
        &["man", "--out", "way"],
    ] {
        for target in ["../outside", ".git", "secrets"] {
            let checkout = Checkout::new();
            checkout.plain();
            checkout.link(target, "way");
            let before = checkout.kept();
            let said = checkout.run(command);
            assert_eq!(said.code, 1, "{command:?} {target}\n{}{}", said.out, said.err);
            assert_eq!(checkout.kept(), before, "{command:?} {target}");
        }
    }
}

#[test]
fn no_file_of_its_own_is_a_link() {
    for name in [
        ".rosterctl",
        ".rosterctl/ledger.json",
        ".rosterctl/ledger.json.lock",
        ".rosterctl/.ledger.json.guard",
        ".rosterctl/sandbox.json",
        ".rosterctl/.gitignore",
        ".rosterctl/rate/x",
        ".rosterctl/history",
        ".rosterctl/journal.jsonl",
    ] {
        let checkout = Checkout::new();
        checkout.plain();
        let up = "../".repeat(name.matches('/').count() + 1);
        let target =
            if name.ends_with("rosterctl") || name.ends_with("history") { "outside" } else { "outside/kept" };
        checkout.link(&format!("{up}{target}"), name);
        let before = checkout.kept();
        for command in [&["plan"][..], &["apply", "--auto-approve"], &["drift"], &["unlock"]] {
            let said = checkout.run(command);
            assert_eq!(said.code, 1, "{name} {command:?}\n{}{}", said.out, said.err);
        }
        assert_eq!(checkout.kept(), before, "{name}");
    }
}

#[test]
fn no_key_is_a_command() {
    let checkout = Checkout::new();
    checkout.plain();
    fs::rename(checkout.path("repo/keys.yaml"), checkout.path("repo/roster/keys.yaml")).unwrap();
    let said = checkout.run(&["validate"]).exits(1);
    for id in ["8101", "8102", "8103", "8104", "8105", "8106", "8107"] {
        assert!(said.err.contains(id), "{id}\n{}", said.err);
    }
    assert_eq!(said.err.matches("error:").count(), 11, "{}", said.err);
    for command in READING {
        assert_eq!(checkout.run(command).code, i32::from(command[0] != "fmt"), "{command:?}");
    }
    assert!(!checkout.path("repo/pwned").exists() && !checkout.path("repo/ran").exists());
    // A store that puts the key into a script is refused.
    let text = fs::read_to_string(checkout.path("repo/rosterctl.yaml")).unwrap();
    let script = r#"get: [sh, -c, 'echo run >> ran; echo "$1"', sh, "{key}"]"#;
    for unsafe_one in ["get: [bash, -lc, \"echo {key}\"]", "get: [python3, -c, \"print('{key}')\"]"] {
        assert!(text.contains(script));
        checkout.write("repo/rosterctl.yaml", &text.replace(script, unsafe_one));
        checkout.run(&["validate"]).exits(1);
        checkout.write(
            "repo/rosterctl.yaml",
            &text.replace(script, &format!("get: [true], {}", unsafe_one.replace("get", "put"))),
        );
        checkout.run(&["validate"]).exits(1);
    }
}

/// Returns a character that output must not contain unescaped.
fn hidden(text: &str) -> Option<char> {
    text.chars().find(|c| *c != '\n' && rosterctl::model::text::is_hidden(*c))
}

#[test]
fn what_cannot_be_seen_is_escaped_in_every_format() {
    let checkout = Checkout::new();
    for format in ["text", "markdown", "html", "github", "junit", "sarif"] {
        let said = checkout.run(&["plan", "--format", format]).exits(1);
        // The characters that break Markdown's links are the program's own.
        let own = if format == "markdown" {
            said.out.replace(['\u{200b}', '\u{fe0f}'], "")
        } else {
            said.out.clone()
        };
        assert_eq!(hidden(&own), None, "{format}\n{}", said.out);
        assert_eq!(hidden(&said.err), None, "{format}\n{}", said.err);
        assert!(said.out.contains("u{202e}"), "{format}\n{}", said.out);
        assert!(said.out.contains("R311"), "a new queue of such a name is refused: {format}\n{}", said.out);
    }
    let json = checkout.run(&["plan", "--format", "json"]).exits(1).json();
    assert_eq!(json["changes"][0]["title"], "张\u{202e}三\u{2066}\u{200b}");
    let said = checkout.run(&["drift", "--format", "prometheus"]);
    assert_eq!(hidden(&said.out), None);
}

#[test]
fn a_live_queue_with_such_a_name_can_be_declared() {
    let bench = Bench::new(
        "agents: [{ operatorId: \"8001\", name: \"a\\u200b\" }]\nqueues: [{ exten: \"7001\", displayName: \"在\\u200b线\", assignMembers: [{ agentNumber: \"8001\", priority: 0 }] }]\n",
    );
    bench.roster("queues: [{ displayName: \"在\\u200b线\", assignMembers: [{ agentNumber: \"8001\", priority: 3 }] }]\n");
    bench.run(&["plan"]).exits(0);
    for format in ["text", "csv"] {
        let said = bench.run(&["status", "--format", format]);
        assert!(said.out.contains("8001") && hidden(&said.out.replace('\r', "")).is_none(), "{}", said.out);
    }
}

#[test]
fn few_lines_are_not_many_agents() {
    let checkout = Checkout::new();
    checkout.plain();
    fs::rename(checkout.path("repo/pools.yaml"), checkout.path("repo/roster/pools.yaml")).unwrap();
    let said = checkout.run(&["validate"]).exits(1);
    assert!(said.err.contains("pools.yaml:6"), "{}", said.err);
    // One pool, and a text that grows with it.
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{{ operatorIds: 100000..999999, role: 坐席, announcement: \"{{operatorId}}{}\" }}]\n",
        "x".repeat(4000)
    );
    checkout.write("repo/roster/pools.yaml", &text);
    checkout.run(&["validate"]).exits(1);
    // Queues that each select all agents.
    let mut text = "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorIds: 100000..199999, role: 坐席, mainSkillGroup: g }]\nqueues:\n".to_owned();
    for number in 0..100 {
        writeln!(text, "  - {{ displayName: q{number}, memberSelector: {{ mainSkillGroup: g }} }}").unwrap();
    }
    checkout.write("repo/roster/pools.yaml", &text);
    checkout.run(&["validate"]).exits(1);
    // Endless errors: the first are shown, with the number of the rest.
    let mut text = "apiVersion: rosterctl/v1\nkind: Roster\nroles: [坐席]\nagents:\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "  - {{ operatorId: \"{number}\", role: 坐席{number} }}").unwrap();
    }
    checkout.write("repo/roster/pools.yaml", &text);
    let said = checkout.run(&["validate"]).exits(1);
    assert!(said.err.contains(" more errors are not listed"), "{}", &said.err[said.err.len() - 300..]);
    // Texts that a naive search would scan again and again.
    let (braces, name) = ("{".repeat(300_000), "x".repeat(300_000));
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\nroles: [坐席]\nagents: [{{ operatorId: \"1\", name: \"{braces}\", role: {name} }}]\n"
    );
    checkout.write("repo/roster/pools.yaml", &text);
    let said = checkout.run(&["validate"]).exits(1);
    assert!(said.err.len() < 10_000, "a long name is cut, and so is its line: {}", said.err.len());
    // Endless folders.
    checkout.plain();
    checkout.write(&format!("repo/roster/{}b.yaml", "d/".repeat(80)), "x");
    checkout.run(&["validate"]).exits(1);
}

#[test]
fn every_deletion_stands_in_the_comment() {
    // 600 seats with long names differ, and 600 agents with long names are deleted.
    let long = "长名|`x` <b> ".repeat(12);
    let (mut agents, mut seats, mut declared) = (String::new(), String::new(), String::new());
    for number in 0..600 {
        let group = number % 7;
        writeln!(
            agents,
            "  - {{ operatorId: \"{}\", name: \"{long}{number}\", mainGroupName: g{group} }}",
            20_000 + 3 * number
        )
        .unwrap();
        writeln!(seats, "  - {{ account: S_{number}, name: \"{long}\", enable: 1 }}").unwrap();
        writeln!(declared, "  - {{ account: S_{number}, name: \"{long}{number}\" }}").unwrap();
    }
    let bench = Bench::new(&format!("agents:\n{agents}seats:\n{seats}apiKeys: {{ k: {API_SECRET} }}\n"));
    bench.workspace_with(
        &format!("  seats: {{ provider: seat-query, baseUrl: {}, apiKey: k, apiSecret: {{ store: ci, key: API_SECRET }} }}\n", bench.url()),
        "policy: { prune: all, limits: { deletes: 100%, changes: 100% } }\n",
    );
    bench.roster(&format!("agents: []\nseats:\n{declared}"));
    let said = bench.run(&["drift", "--format", "markdown", "--write", "github=g.txt"]);
    assert!(said.code == 2, "{}{}", said.out, said.err);
    assert!(said.out.chars().count() <= 65_536);
    let missing: Vec<u32> =
        (0..600).map(|number| 20_000 + 3 * number).filter(|id| !said.out.contains(&id.to_string())).collect();
    assert!(missing.is_empty(), "{} deletions are cut: {missing:?}", missing.len());
    assert!(said.out.contains("R103"), "the findings have their share");
    assert!(said.out.contains("more.\n"), "and say how many are cut");
    // GitHub shows ten warnings of a step.
    let notes = fs::read_to_string(bench.path("g.txt")).unwrap();
    let first: Vec<&str> = notes.lines().filter(|line| line.starts_with("::warning")).take(10).collect();
    assert!((0..600).all(|number| first[0].contains(&(20_000 + 3 * number).to_string())), "{}", first[0]);
}

#[test]
fn a_loss_is_not_cut_out_by_what_is_new() {
    let members: Vec<u32> = (8001..=8020).collect();
    let (mut seed, mut agents) = (String::new(), String::new());
    for id in &members {
        writeln!(seed, "  - {{ operatorId: \"{id}\", name: a{id} }}").unwrap();
        writeln!(agents, "  - {{ operatorId: \"{id}\", name: a{id} }}").unwrap();
    }
    let all: Vec<String> =
        members.iter().map(|id| format!("{{ agentNumber: \"{id}\", priority: 1 }}")).collect();
    let bench = Bench::new(&format!(
        "agents:\n{seed}queues:\n  - {{ displayName: zz-night, assignMembers: [{}] }}\n",
        all.join(", ")
    ));
    bench.workspace("policy: { limits: { memberRemovals: 100%, changes: 100% } }\n");
    let mut queues = String::new();
    for number in 0..400 {
        let name = format!("{number:03}{}", "长".repeat(1_497));
        writeln!(queues, "  - {{ displayName: \"{name}\", assignMembers: [\"8001\"] }}").unwrap();
    }
    let kept = "  - { displayName: zz-night, assignMembers: [\"8001\", \"8002\", \"8003\"] }\n";
    bench.roster(&format!("agents:\n{agents}queues:\n{queues}{kept}"));
    let said = bench.run(&["plan", "--format", "markdown"]).exits(0);
    assert!(said.out.chars().count() <= 65_536);
    assert!(said.out.contains("more.\n"), "the others are cut");
    let row = said.out.lines().find(|line| line.starts_with("| zz-night |"));
    assert!(row.is_some_and(|row| row.contains("20 → **3**")), "{row:?}");
}

#[test]
fn an_agent_that_is_disabled_is_not_cut_out_by_long_names() {
    let (mut seed, mut agents) = (String::new(), String::new());
    for id in 7001..7401 {
        writeln!(seed, "  - {{ operatorId: \"{id}\", name: a{id} }}").unwrap();
        writeln!(agents, "  - {{ operatorId: \"{id}\", name: \"{}{}\" }}", id * 31 % 9973, "长".repeat(900))
            .unwrap();
    }
    let bench = Bench::new(&format!("agents:\n{seed}  - {{ operatorId: \"9999\", name: last }}\n"));
    bench.workspace("policy: { limits: { changes: 100% } }\n");
    bench.roster(&format!("agents:\n{agents}  - {{ operatorId: \"9999\", enabled: false }}\n"));
    let said = bench.run(&["plan", "--format", "markdown"]).exits(0);
    assert!(said.out.contains("more.\n"), "the others are cut");
    let row = said.out.lines().find(|line| line.starts_with("| 9999 |"));
    assert!(row.is_some_and(|row| row.contains("enabled")), "{row:?}");
}

/// Creates a bare repository in a checkout's folder, as a commit can hold it. One of its settings runs a program.
fn plant(bench: &Bench, folder: &str) {
    let canary = bench.path("canary").display().to_string();
    bench.write(&format!("{folder}/HEAD"), "ref: refs/heads/main\n");
    bench.write(&format!("{folder}/objects/info/kept"), "");
    bench.write(&format!("{folder}/refs/heads/kept"), "");
    let program = format!("touch '{canary}'; false");
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = \"{program}\"\n\
         \thooksPath = .\n[filter \"x\"]\n\tclean = \"{program}\"\n"
    );
    bench.write(&format!("{folder}/config"), &config);
    bench.write(&format!("{folder}/.gitattributes"), "* filter=x\n");
}

#[test]
fn a_repository_in_a_commit_runs_nothing() {
    for around in [true, false] {
        let bench = Bench::new("");
        bench.roster("agents: [{ operatorId: \"8001\", name: 甲, role: 坐席 }]\n");
        for folder in ["secrets", ".rosterctl"] {
            plant(&bench, folder);
        }
        let git = |arguments: &[&str], folder: PathBuf| {
            Command::new("git").args(arguments).current_dir(folder).output().unwrap();
        };
        if around {
            git(&["init", "-q"], bench.folder.path().to_owned());
            git(&["add", "secrets/config"], bench.folder.path().to_owned());
        }
        // The trap works: Git, searching for its repository, falls into it.
        git(&["ls-files"], bench.path("secrets"));
        assert!(bench.path("canary").exists());
        fs::remove_file(bench.path("canary")).unwrap();
        for command in [&["plan"][..], &["doctor"], &["apply", "--auto-approve"]] {
            let said = bench.run(command);
            assert!(!bench.path("canary").exists(), "{command:?}");
            // Files that the checkout tracks are reported all the same.
            assert_eq!(format!("{}{}", said.out, said.err).contains("secrets/config"), around, "{command:?}");
        }
    }
}
