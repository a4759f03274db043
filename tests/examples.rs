//! The examples do what their pages say: they agree with the schemas, apply, and leave nothing to do. The README
//! shows runs of this program.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of an example in its own folder, so that the checkout stays clean.
struct Bench {
    folder: tempfile::TempDir,
    example: &'static str,
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Bench {
    fn new(example: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&root().join(example), &folder.path().join(example));
        Self { folder, example }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_rosterctl"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Replaces the first occurrence of a text in a file.
    fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.folder.path().join(self.example).join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} holds {old}");
        fs::write(path, text.replacen(old, new, 1)).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        // Files that an earlier run left in the checkout are no part of the example.
        if entry.file_name() == ".rosterctl" {
            continue;
        }
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            yaml_files(&entry, found);
        } else if entry.extension().is_some_and(|e| e == "yaml") {
            found.push(entry);
        }
    }
}

#[test]
fn each_file_names_its_schema_and_agrees_with_it() {
    let mut files = Vec::new();
    yaml_files(&root().join("examples"), &mut files);
    // Kubernetes' own files have their own schemas.
    files.retain(|file| file.parent() != Some(&root().join("examples/kubernetes")));
    assert!(files.len() > 10, "the examples are found");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let named = first.strip_prefix("# yaml-language-server: $schema=");
        let named = named.unwrap_or_else(|| panic!("{} begins with its schema", file.display()));
        let schema: Value =
            serde_json::from_slice(&fs::read(file.parent().unwrap().join(named)).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", file.display());
    }
}

#[test]
fn the_alert_rules_read_metrics_that_drift_writes() {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| word.starts_with("rosterctl_")).map(str::to_owned).collect()
    };
    let folder = root().join("examples/prometheus");
    let rules: Value =
        serde_yaml::from_str(&fs::read_to_string(folder.join("rosterctl.rules.yml")).unwrap()).unwrap();
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    let read: BTreeSet<String> =
        rules.iter().flat_map(|rule| words(rule["expr"].as_str().unwrap())).collect();
    let written = words(&fs::read_to_string(root().join("tests/report/several-prometheus.snap")).unwrap());
    assert!(read.len() > 3 && read.is_subset(&written), "{read:?}");
    // Each alert fires in a test.
    let tests = fs::read_to_string(folder.join("rosterctl.rules.test.yml")).unwrap();
    for name in rules.iter().map(|rule| rule["alert"].as_str().unwrap()) {
        assert!(tests.contains(&format!("alertname: {name}\n        exp_alerts:\n")), "{name}");
    }
}

#[test]
fn the_alert_rules_pass_their_tests() {
    let folder = root().join("examples/prometheus");
    for arguments in
        [["check", "rules", "rosterctl.rules.yml"].as_slice(), &["test", "rules", "rosterctl.rules.test.yml"]]
    {
        let Ok(output) = Command::new("promtool").args(arguments).current_dir(&folder).output() else {
            eprintln!("skipped: there is no promtool in PATH");
            return;
        };
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn each_example_applies_and_then_nothing_is_to_be_done() {
    for example in ["examples/quickstart", "examples/callcentre"] {
        let bench = Bench::new(example);
        assert_eq!(bench.run(&["plan", "--detailed-exitcode", example]).code, 2);
        let first = bench.run(&["apply", "--auto-approve", example]);
        assert_eq!(first.code, 0, "{}", first.err);
        let again = bench.run(&["apply", "--auto-approve", example]);
        assert_eq!((again.code, &*again.err), (0, ""));
        assert!(again.out.contains("Nothing to do"), "{}", again.out);
        assert_eq!(bench.run(&["plan", "--detailed-exitcode", example]).code, 0);
    }
}

/// The sandbox as a server, which ends on drop.
struct Sandbox(std::process::Child);

impl Sandbox {
    /// Serves a seed; also returns its address.
    fn new(seed: &Path) -> (Self, String) {
        let mut server = Command::new(env!("CARGO_BIN_EXE_rosterctl"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--seed"])
            .arg(seed)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = line.split_whitespace().find_map(|word| word.strip_prefix("http://")).unwrap();
        (Self(server), at.trim_end_matches(';').to_owned())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_agent_on_a_call_is_seen_and_left_alone() {
    let example = "examples/at-work";
    let bench = Bench::new(example);
    let (_sandbox, at) = Sandbox::new(&bench.folder.path().join(example).join("seed.yml"));
    let file = bench.folder.path().join(example).join("rosterctl.yaml");
    let text = fs::read_to_string(&file).unwrap();
    // The example's store calls `echo`.
    let text = text.replace("127.0.0.1:8080", &at).replace("[echo,", "[/bin/echo,");
    fs::write(&file, text).unwrap();
    let status = bench.run(&["status", example]);
    assert_eq!(status.code, 0, "{}", status.err);
    let page = fs::read_to_string(root().join(example).join("README.md")).unwrap();
    assert!(page.contains(&status.out), "{example}/README.md should show:\n{}", status.out);
    assert_eq!(bench.run(&["doctor", example]).code, 0);
    assert_eq!(bench.run(&["drift", example]).code, 2);
    let apply = bench.run(&["apply", "--auto-approve", example]);
    assert_eq!(apply.code, 4, "{}", apply.err);
    assert!(apply.out.contains("agent 8002 is not deleted: on-call"), "{}", apply.out);
    // The call ends.
    bench.edit("seed.yml", "status: 7", "status: 4");
    let gone = |_: &u32| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        bench.run(&["apply", "--auto-approve", example]).code == 0
    };
    assert!((0..20).any(|attempt| gone(&attempt)), "the next apply deletes 8002");
    assert!(!bench.run(&["status", example]).out.contains("李四"));
}

#[test]
fn the_production_workspace_is_sound_without_any_secret() {
    let bench = Bench::new("examples/callcentre");
    let run = bench.run(&["validate", "examples/callcentre/production.rosterctl.yaml"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let page = fs::read_to_string(root().join("examples/callcentre/README.md")).unwrap();
    // The roster holds dates, so the rest names the instant.
    let (said, _) = run.out.split_once("; as of ").unwrap();
    assert!(page.contains(said), "examples/callcentre/README.md shows:\n{}", run.out);
}

/// The page and its translation.
const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn the_readmes_files_are_sound() {
    for name in READMES {
        let text = page(name);
        let block = |kind: &str| {
            let mut blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
            let block = blocks.find(|block| block.contains(&format!("\nkind: {kind}\n")));
            block.unwrap_or_else(|| panic!("{name} shows a {kind}")).to_owned()
        };
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("roster")).unwrap();
        fs::write(folder.path().join("rosterctl.yaml"), block("Workspace")).unwrap();
        fs::write(folder.path().join("roster/all.yaml"), block("Roster")).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_rosterctl"))
            .arg("validate")
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    }
}

/// Checks that links lead to existing files and to headings of the page itself.
#[test]
fn the_readmes_links_lead_somewhere() {
    for name in READMES {
        let text = page(name);
        let words = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        let headings: Vec<String> = text.lines().filter(|line| line.starts_with("##")).map(words).collect();
        let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(links.len() > 10, "{name} has links");
        for link in links {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let own = file.is_empty();
            let there = (own && headings.iter().any(|h| h == heading))
                || (!own && (file.starts_with("https://") || root().join(file).exists()));
            assert!(there, "{name}: {link}");
        }
    }
}

#[test]
fn the_readme_shows_real_runs() {
    let pages = READMES.map(page);
    let shows = |what: &str| {
        let what = what.trim_matches('\n');
        for (name, text) in READMES.iter().zip(&pages) {
            assert!(!what.is_empty() && text.contains(what), "{name} should show:\n{what}");
        }
    };
    let example = "examples/quickstart";
    let bench = Bench::new(example);
    let (plan, end) = {
        let out = bench.run(&["apply", "--auto-approve", example]).out;
        let at = out.find("\nApplied:").unwrap();
        (out[..at].to_owned(), out[at..].to_owned())
    };
    shows(&plan);
    shows(&end);
    shows(&bench.run(&["apply", "--auto-approve", example]).out);
    shows(&bench.run(&["status", "--queue", "投诉处理", example]).out);
    let days = ["--from", "2030-11-01", "--until", "2030-11-30"];
    let calendar = [&["calendar"], &days[..], &["examples/callcentre"]].concat();
    shows(&Bench::new("examples/callcentre").run(&calendar).out);

    bench.edit("roster/aftersales.yaml", "enabled: false", "enabled: true");
    bench.edit("roster/queues.yaml", "\"8202\"]", "\"8202\", \"8203\"]");
    bench.edit("roster/queues.yaml", "priority: 10 }", "priority: 20 }");
    let changed = bench.run(&["plan", "--detailed-exitcode", example]);
    assert_eq!(changed.code, 2);
    shows(&changed.out);

    bench.edit("roster/aftersales.yaml", "operatorId: \"8202\"", "operatorId: 8202");
    bench.edit("roster/aftersales.yaml", "wrapUpSeconds: 45", "wrapUpSecond: 45");
    bench.edit("roster/aftersales.yaml", "role: 高级坐席", "role: 高级座席");
    let broken = bench.run(&["plan", example]);
    assert_eq!(broken.code, 1);
    shows(&broken.err);
}

#[test]
fn both_readmes_begin_with_the_commands_of_the_first_minutes() {
    const COMMANDS: &str =
        "```sh\ncargo run --locked -- apply --auto-approve examples/quickstart\ncargo test --locked\n```\n";
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(root().join(readme)).unwrap();
        let first = text.find("```").and_then(|at| text.get(at..)).unwrap();
        assert!(first.starts_with(COMMANDS), "{readme}");
        let install = text.lines().find(|line| line.contains("cargo install")).unwrap();
        assert!(install.contains("--locked"), "{readme}: {install}");
    }
}
