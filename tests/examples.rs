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
    for readme in READMES {
        let name = format!("{example}/{readme}");
        assert!(page(&name).contains(&status.out), "{name} should show:\n{}", status.out);
    }
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
    // The roster holds dates, so the rest names the instant.
    let (said, _) = run.out.split_once("; as of ").unwrap();
    for readme in READMES {
        let name = format!("examples/callcentre/{readme}");
        assert!(page(&name).contains(said), "{name} should show:\n{}", run.out);
    }
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

/// Each page that people read, in English and in Chinese: the READMEs, the examples' pages, the contributors' page.
fn pages() -> Vec<[String; 2]> {
    let mut names = vec!["README".to_owned(), ".github/CONTRIBUTING".to_owned()];
    for folder in fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.join("README.md").exists() {
            names.push(format!("examples/{}/README", folder.file_name().unwrap().display()));
        }
    }
    names.sort();
    assert!(names.len() > 5, "the examples' pages are found");
    names.iter().map(|name| [format!("{name}.md"), format!("{name}.zh-CN.md")]).collect()
}

/// Checks that links lead to existing files and headings, and from a Chinese page to Chinese pages.
#[test]
fn the_pages_links_lead_somewhere() {
    let anchor = |heading: &str| -> String {
        let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        text.chars().filter(|&c| c.is_alphanumeric() || "-_".contains(c)).collect()
    };
    for name in pages().as_flattened() {
        let folder = Path::new(name).parent().unwrap();
        let text = page(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for (at, link) in links.enumerate() {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.starts_with("https://") {
                continue;
            }
            let target = if file.is_empty() { PathBuf::from(name) } else { folder.join(file) };
            assert!(root().join(&target).exists(), "{name}: {link}");
            if !heading.is_empty() {
                let target = page(target.to_str().unwrap());
                let mut headings = target.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.any(|there| there == heading), "{name}: {link}");
            }
            // The first link leads to the other language.
            if at > 0
                && name.ends_with(".zh-CN.md")
                && let Some(english) = file.strip_suffix(".md")
            {
                let chinese = root().join(folder).join(format!("{english}.zh-CN.md"));
                assert!(!chinese.exists(), "{name}: {link} is there in Chinese");
            }
        }
    }
}

/// A part of a page that stands at the same place in its translation.
#[derive(Debug, PartialEq)]
enum Part {
    Heading { level: usize },
    ListItem,
    TableRow { cells: usize, code: BTreeSet<String> },
    CodeBlock { language: String },
    Command(String),
    Keys(Vec<String>),
}

/// Returns the parts of a page with their line numbers.
fn outline(text: &str) -> Vec<(usize, Part)> {
    let mut parts = Vec::new();
    let mut block: Option<&str> = None;
    let mut continues = false;
    for (number, line) in (1..).zip(text.lines()) {
        let code = match line.split_once(" #") {
            _ if line.trim_start().starts_with('#') => "",
            Some((code, _)) => code.trim_end(),
            None => line,
        };
        let part = match (block, line.strip_prefix("```")) {
            (None, Some(language)) => {
                block = Some(language);
                Some(Part::CodeBlock { language: language.to_owned() })
            }
            (Some(_), Some(_)) => {
                block = None;
                None
            }
            (Some("console"), None) => {
                let command = code.strip_prefix("$ ").or(continues.then_some(code));
                continues = command.is_some_and(|command| command.ends_with('\\'));
                command.map(|command| Part::Command(command.to_owned()))
            }
            (Some("sh"), None) => Some(Part::Command(code.to_owned())),
            (Some("yaml"), None) => {
                let keys = code.split_whitespace().filter(|word| word.ends_with(':'));
                Some(Part::Keys(keys.map(str::to_owned).collect()))
            }
            (Some(_), None) => None,
            (None, None) => prose(line),
        };
        parts.extend(part.map(|part| (number, part)));
    }
    parts
}

/// Returns what stands between backquotes. Languages differ in the order of words, so it has no order.
fn code_spans(prose: &str) -> BTreeSet<String> {
    let words = |code: &str| code.split_whitespace().collect::<Vec<_>>().join(" ");
    prose.split('`').skip(1).step_by(2).map(words).collect()
}

/// Returns the part that a line outside code blocks begins.
fn prose(line: &str) -> Option<Part> {
    let start = line.trim_start();
    let digits = start.trim_start_matches(|c: char| c.is_ascii_digit());
    if start.starts_with("- ") || (digits.len() < start.len() && digits.starts_with(". ")) {
        Some(Part::ListItem)
    } else if let Some(row) = start.strip_prefix('|') {
        Some(Part::TableRow { cells: row.replace("\\|", "").matches('|').count(), code: code_spans(row) })
    } else {
        let level = line.len() - line.trim_start_matches('#').len();
        (level > 0).then_some(Part::Heading { level })
    }
}

#[test]
fn each_page_and_its_translation_are_in_step() {
    for [english, chinese] in pages() {
        let texts = [page(&english), page(&chinese)];
        for (text, other) in texts.iter().zip([&chinese, &english]) {
            let link = format!("]({})", Path::new(other).file_name().unwrap().display());
            assert!(text.lines().take(3).any(|line| line.ends_with(&link)), "{other} is linked at the top");
        }
        let [ours, theirs] = texts.each_ref().map(|text| outline(text));
        let code = texts.each_ref().map(|text| code_spans(&text.split("```").step_by(2).collect::<String>()));
        for at in 0..ours.len().max(theirs.len()) {
            let [ours, theirs] = [ours.get(at), theirs.get(at)];
            if ours.map(|(_, part)| part) != theirs.map(|(_, part)| part) {
                let place = |name: &str, part: Option<&(usize, Part)>| match part {
                    Some((line, part)) => format!("{name}:{line} has {part:?}"),
                    None => format!("{name} has ended"),
                };
                let places = [place(&english, ours), place(&chinese, theirs)];
                panic!("the pages differ first here:\n  {}", places.join("\n  "));
            }
        }
        let [ours, theirs] = code;
        let [missing, more] = [&ours - &theirs, &theirs - &ours];
        assert!(missing.is_empty(), "{chinese} does not name {missing:?}");
        assert!(more.is_empty(), "{english} does not name {more:?}");
    }
}

/// Returns a text without the instants at which live state was read.
fn timeless(text: &str) -> String {
    let line = |line: &str| match line.split_once("ive state of ").or_else(|| line.split_once("数据读取于 "))
    {
        Some((before, _)) => before.to_owned(),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Each page shows the runs in its own language, as a terminal of that language does.
#[test]
fn the_readmes_show_real_runs() {
    for (name, lang, end) in [("README.md", "en", "\nApplied:"), ("README.zh-CN.md", "zh-CN", "\n已执行：")]
    {
        let page = timeless(&page(name));
        let shows = |what: &str| {
            let what = timeless(what);
            let what = what.trim_matches('\n');
            assert!(!what.is_empty() && page.contains(what), "{name} should show:\n{what}");
        };
        let example = "examples/quickstart";
        let bench = Bench::new(example);
        let run = |arguments: &[&str]| bench.run(&[arguments, &["--lang", lang]].concat());
        let out = run(&["apply", "--auto-approve", example]).out;
        let (plan, end) = out.split_at(out.find(end).unwrap());
        shows(plan);
        shows(end);
        shows(&run(&["apply", "--auto-approve", example]).out);
        shows(&run(&["status", "--queue", "投诉处理", example]).out);
        shows(&run(&["find", "陈静", example]).out);
        let days = ["--from", "2030-11-01", "--until", "2030-11-30"];
        let calendar = [&["calendar"], &days[..], &["examples/callcentre", "--lang", lang]].concat();
        shows(&Bench::new("examples/callcentre").run(&calendar).out);

        bench.edit("roster/aftersales.yaml", "enabled: false", "enabled: true");
        bench.edit("roster/queues.yaml", "\"8202\"]", "\"8202\", \"8203\"]");
        bench.edit("roster/queues.yaml", "priority: 10 }", "priority: 20 }");
        let changed = run(&["plan", "--detailed-exitcode", example]);
        assert_eq!(changed.code, 2);
        shows(&changed.out);

        bench.edit("roster/aftersales.yaml", "operatorId: \"8202\"", "operatorId: 8202");
        bench.edit("roster/aftersales.yaml", "wrapUpSeconds: 45", "wrapUpSecond: 45");
        bench.edit("roster/aftersales.yaml", "role: 高级坐席", "role: 高级座席");
        let broken = run(&["plan", example]);
        assert_eq!(broken.code, 1);
        shows(&broken.err);
    }
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
