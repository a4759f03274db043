//! One pull request for what people change in the consoles: the action's scripts and GitLab's job with real git and fake servers.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const BRANCH: &str = "rosterctl/adopt-quickstart";
const BOT: &str = "bot@example.com";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A remote, a runner's checkout with the quickstart in its folder `site`, and the sandbox behind it.
struct Flow {
    folder: tempfile::TempDir,
}

impl Flow {
    /// Creates a remote whose manifests are applied; prints a note and returns `None` if the machine lacks a tool.
    fn new() -> Option<Self> {
        for tool in ["bash", "jq", "git"] {
            if Command::new(tool).arg("--version").output().is_err() {
                eprintln!("skipped: there is no {tool}");
                return None;
            }
        }
        let flow = Self { folder: tempfile::tempdir().unwrap() };
        let first = flow.path("first");
        fs::create_dir_all(first.join("site/roster")).unwrap();
        let from = root().join("examples/quickstart");
        fs::copy(from.join("rosterctl.yaml"), first.join("site/rosterctl.yaml")).unwrap();
        for entry in fs::read_dir(from.join("roster")).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), first.join("site/roster").join(entry.file_name())).unwrap();
        }
        let top = flow.folder.path().to_owned();
        git(&top, &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
        git(&first, &["init", "--quiet", "--initial-branch=main"]);
        git(&first, &["add", "."]);
        git(&first, &["commit", "--quiet", "-m", "first"]);
        git(&first, &["commit", "--quiet", "-m", "second", "--allow-empty"]);
        git(&first, &["push", "--quiet", "../remote.git", "main"]);
        // As a runner checks out: one commit alone.
        let url = format!("file://{}/remote.git", top.display());
        git(&top, &["clone", "--quiet", "--depth=1", &url, "checkout"]);
        let applied =
            flow.command(env!("CARGO_BIN_EXE_rosterctl")).args(["apply", "--auto-approve"]).output();
        assert!(applied.unwrap().status.success());
        Some(flow)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn site(&self) -> PathBuf {
        self.path("checkout/site")
    }

    fn command(&self, program: &str) -> Command {
        let tools = root().join("tests/fixtures/bin");
        let own = Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(self.site())
            .env("PATH", format!("{}:{}:{}", tools.display(), own.display(), std::env::var("PATH").unwrap()))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("GH_STATE", self.folder.path())
            .env("GH_TOKEN", "t")
            .env("RUNNER_TEMP", self.folder.path())
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("GITHUB_REPOSITORY", "o/r")
            .env("BASE", "main")
            .env("EMAIL", BOT)
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    /// Runs a script of the action at the top of the checkout; returns its output.
    fn script(&self, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let script = root().join(".github/actions/rosterctl").join(name);
        let output = self
            .command(script.to_str().unwrap())
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(self.path("checkout"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{name}: {said:?}");
        said.concat()
    }

    /// Runs the workflow on the newest commit of the default branch; returns the exit code of drift and the output.
    fn run(&self) -> (String, String) {
        let top = self.path("checkout");
        git(&top, &["fetch", "--quiet", "origin", "main"]);
        git(&top, &["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        let _ = fs::remove_file(self.path("output"));
        let environment = [("COMMAND", "drift"), ("WORKSPACES", "site"), ("ADOPT", "true")];
        let mut said = self.script("run.sh", &[], &environment);
        let output = fs::read_to_string(self.path("output")).unwrap();
        let code = output.lines().find_map(|line| line.strip_prefix("exit-code=")).unwrap().to_owned();
        let folder = self.path("rosterctl-adopt").display().to_string();
        said += &self.script("adopt.sh", &[&folder, &code, "site"], &[]);
        (code, said)
    }

    /// Runs the job of GitLab on the newest commit of the default branch; returns its exit code and the output.
    fn gitlab(&self) -> (i32, String) {
        let top = self.path("checkout");
        git(&top, &["fetch", "--quiet", "origin", "main"]);
        git(&top, &["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        let text = fs::read_to_string(root().join("examples/gitlab/.gitlab-ci.yml")).unwrap();
        let jobs: Value = serde_yaml::from_str(&text).unwrap();
        let parts = [&jobs[".api"]["before_script"], &jobs["adopt"]["script"]];
        let lines = parts.into_iter().flat_map(|part| part.as_array().unwrap());
        let script: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        let output = self
            .command("bash")
            .args(["-eo", "pipefail", "-c", &script.join("\n")])
            .current_dir(&top)
            .env("WORKSPACE", "site")
            .env("P", "projects/1")
            .env("BOT", BOT)
            .env("ROSTER_BOT_TOKEN", "t")
            .env("CI_API_V4_URL", "http://gitlab/api/v4")
            .env("CI_SERVER_URL", "http://gitlab")
            .env("CI_PROJECT_URL", format!("file://{}/remote", self.folder.path().display()))
            .env("CI_DEFAULT_BRANCH", "main")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code().unwrap(), said.concat())
    }

    /// Sets a field of an agent as a person does in the console.
    fn console(&self, agent: &str, field: &str, value: impl Into<Value>) {
        let file = self.site().join(".rosterctl/sandbox.json");
        let mut state: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let live = &mut state["estate"]["agentConfig"]["agents"][agent];
        assert!(live[field] != Value::Null, "the field {field} is there");
        live[field] = value.into();
        fs::write(&file, state.to_string()).unwrap();
    }

    /// Adds a connection whose vendor cannot be reached, on the default branch.
    fn unreadable(&self) {
        let file = self.path("first/site/rosterctl.yaml");
        let seats = "  seats: { provider: seat-query, baseUrl: 'http://127.0.0.1:1', retry: { attempts: 1 }, apiKey: x, \
                     apiSecret: { store: ci, key: PATH } }\nsecrets: { ci: { type: env } }\n";
        fs::write(&file, fs::read_to_string(&file).unwrap() + seats).unwrap();
        git(&self.path("first"), &["commit", "--quiet", "-am", "another vendor"]);
        git(&self.path("first"), &["push", "--quiet", "../remote.git", "main"]);
    }

    fn requests(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("pulls")).unwrap_or_else(|_| "[]".to_owned());
        serde_json::from_str(&text).unwrap()
    }

    /// Returns the commit at the head of the branch; empty if there is no branch.
    fn head(&self) -> String {
        let shown = git(
            &self.path("remote.git"),
            &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{BRANCH}")],
        );
        shown.trim().to_owned()
    }

    /// Returns the difference that the branch makes.
    fn diff(&self) -> String {
        git(&self.path("remote.git"), &["diff", &format!("main...{BRANCH}")])
    }

    /// Returns the calls since the last look that write.
    fn writes(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        text.lines().filter(|line| !line.starts_with("GET ")).map(str::to_owned).collect()
    }
}

/// Runs git as a person; returns its output.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Zhang", "-c", "user.email=zhang@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn one_pull_request_is_opened_kept_up_to_date_and_closed() {
    let Some(flow) = Flow::new() else { return };
    let (code, said) = flow.run();
    assert_eq!((code.as_str(), flow.writes().len(), flow.head()), ("0", 0, String::new()), "{said}");

    flow.console("8002", "name", "王芳芳");
    flow.console("8002", "utime", 1_796_099_105_359_u64);
    let (code, said) = flow.run();
    assert_eq!(code, "2", "{said}");
    assert_eq!(flow.writes(), ["POST repos/o/r/pulls"], "{said}");
    let first = flow.head();
    assert!(flow.diff().contains("+++ b/site/roster/presales.yaml"), "{}", flow.diff());
    let changed: Vec<String> =
        flow.diff().lines().filter(|line| line.starts_with("+ ")).map(str::to_owned).collect();
    assert_eq!(changed, ["+    name: 王芳芳"]);
    let request = &flow.requests()[0];
    let body = request["body"].as_str().unwrap();
    assert!(body.starts_with("<!-- rosterctl:quickstart:adopt -->\n<!-- rosterctl-state:"), "{body}");
    assert!(body.contains("| 8002 |"), "{body}");
    assert_eq!((&request["base"], &request["head"]), (&"main".into(), &BRANCH.into()));
    let message = git(&flow.path("remote.git"), &["log", "-1", "--format=%B", BRANCH]);
    assert!(message.contains("agent/8002, last changed 2026-12-01T04:25:05"), "{message}");

    // The same again changes nothing; a commit on the default branch moves the branch alone.
    let (_, said) = flow.run();
    assert_eq!((flow.writes().len(), flow.head()), (0, first.clone()), "{said}");
    git(&flow.path("first"), &["commit", "--quiet", "-m", "third", "--allow-empty"]);
    git(&flow.path("first"), &["push", "--quiet", "../remote.git", "main"]);
    let (_, said) = flow.run();
    assert_eq!(flow.writes().len(), 0, "{said}");
    assert_ne!(flow.head(), first, "the branch is made from the newest commit");

    flow.console("8003", "afterInterval", 99);
    let (_, said) = flow.run();
    assert_eq!(flow.writes(), ["PATCH repos/o/r/pulls/1"], "{said}");
    assert!(flow.diff().contains("+    wrapUpSeconds: 99"), "{}", flow.diff());

    // Taken back in the console.
    flow.console("8003", "afterInterval", 15);
    flow.console("8002", "name", "王芳");
    let (code, said) = flow.run();
    assert_eq!(code, "0", "{said}");
    let closed = ["POST repos/o/r/issues/1/comments", "PATCH repos/o/r/pulls/1"];
    assert_eq!((flow.writes(), flow.head()), (closed.map(str::to_owned).to_vec(), String::new()), "{said}");
    assert_eq!(flow.requests()[0]["state"], "closed");
    let (_, said) = flow.run();
    assert_eq!(flow.writes().len(), 0, "{said}");

    // The same change once more is a new matter.
    flow.console("8002", "name", "王芳芳");
    let (_, said) = flow.run();
    assert_eq!(flow.writes(), ["POST repos/o/r/pulls"], "{said}");
}

#[test]
fn a_pull_request_that_was_closed_unmerged_stays_closed_until_the_consoles_change_more() {
    let Some(flow) = Flow::new() else { return };
    flow.console("8002", "name", "王芳芳");
    flow.run();
    let mut requests = flow.requests();
    requests[0]["state"] = "closed".into();
    fs::write(flow.path("pulls"), Value::from(requests).to_string()).unwrap();
    flow.writes();
    let (_, said) = flow.run();
    assert!(flow.writes().is_empty() && said.contains("it stays closed"), "{said}");
    flow.console("8003", "afterInterval", 99);
    let (_, said) = flow.run();
    assert_eq!(flow.writes(), ["POST repos/o/r/pulls"], "{said}");
}

#[test]
fn a_commit_of_a_person_on_the_branch_is_kept_and_said_once() {
    let Some(flow) = Flow::new() else { return };
    flow.console("8002", "name", "王芳芳");
    flow.run();
    let person = flow.path("person");
    git(flow.folder.path(), &["clone", "--quiet", "--branch", BRANCH, "remote.git", "person"]);
    git(&person, &["commit", "--quiet", "-m", "a remark", "--allow-empty"]);
    git(&person, &["push", "--quiet", "origin", BRANCH]);
    let theirs = flow.head();
    flow.writes();

    flow.console("8003", "afterInterval", 99);
    let (_, said) = flow.run();
    assert_eq!(flow.writes(), ["POST repos/o/r/issues/1/comments"], "{said}");
    flow.console("8003", "afterInterval", 15);
    flow.console("8002", "name", "王芳");
    let (code, said) = flow.run();
    assert_eq!(code, "0", "{said}");
    assert_eq!((flow.writes().len(), flow.head()), (0, theirs), "{said}");
    assert_eq!(flow.requests()[0]["state"], "open");
}

#[test]
fn the_name_of_an_agent_is_no_command_no_markup_and_no_trailer() {
    let Some(flow) = Flow::new() else { return };
    let name =
        "$(touch x) `touch x` \"'\n\nFixes #1 @all [skip ci]\n::error::x ##[add-mask]y <img src=x> -->";
    flow.console("8002", "name", name);
    let (code, said) = flow.run();
    assert_eq!(code, "2", "{said}");
    assert_eq!(flow.writes(), ["POST repos/o/r/pulls"], "{said}");
    for place in ["", "checkout", "checkout/site", "rosterctl-adopt"] {
        assert!(!flow.path(place).join("x").exists(), "{place}");
    }
    let message = git(&flow.path("remote.git"), &["log", "-1", "--format=%B", BRANCH]);
    assert!(!message.contains(['#', '[', '@', '$', '`', '<']), "{message}");
    let requests = flow.requests();
    let body = requests[0]["body"].as_str().unwrap();
    assert!(!body.contains("<img") && !body.contains("@all") && !body.contains("#1"), "{body}");
    // What is live is what the merged manifests say.
    git(&flow.path("first"), &["pull", "--quiet", "--no-rebase", "../remote.git", BRANCH]);
    git(&flow.path("first"), &["push", "--quiet", "../remote.git", "main"]);
    assert_eq!(flow.run().0, "0");
}

#[test]
fn a_run_that_cannot_read_a_vendor_leaves_all_as_it_is() {
    let Some(flow) = Flow::new() else { return };
    flow.console("8002", "name", "王芳芳");
    flow.run();
    let (head, requests) = (flow.head(), flow.requests());
    flow.writes();
    flow.unreadable();
    let (code, said) = flow.run();
    assert_eq!(code, "6", "{said}");
    assert!(said.contains("::notice::drift exited with 6"), "{said}");
    assert_eq!((flow.writes().len(), flow.head(), flow.requests()), (0, head, requests), "{said}");
}

#[test]
fn one_merge_request_is_opened_kept_up_to_date_and_closed_in_gitlab() {
    let Some(flow) = Flow::new() else { return };
    git(&flow.path("checkout"), &["fetch", "--quiet", "--unshallow", "origin"]); // GIT_DEPTH: "0"
    let file = |name: &str| -> Vec<Value> {
        serde_json::from_str(&fs::read_to_string(flow.path(name)).unwrap()).unwrap()
    };
    let step = |writes: &[&str]| {
        let (code, said) = flow.gitlab();
        assert_eq!(code, 0, "{said}");
        assert_eq!(flow.writes(), writes, "{said}");
        said
    };
    step(&[]);
    flow.console("8002", "name", "$(touch x) \"'\n\n/close\n#1 @all");
    step(&["POST merge_requests"]);
    let first = flow.head();
    assert!(flow.diff().contains("+    name: \"$(touch x)"), "{}", flow.diff());
    let message = git(&flow.path("remote.git"), &["log", "-1", "--format=%B", BRANCH]);
    assert!(!message.contains(['#', '@', '$']) && message.contains("- agent/8002"), "{message}");
    let description = file("requests")[0]["description"].to_string();
    assert!(!description.contains("\\n/close") && !description.contains("@all"), "{description}");
    step(&[]);
    assert_eq!(flow.head(), first, "the same again changes nothing");
    flow.console("8002", "name", "王芳芳");
    step(&["PUT merge_requests/1"]);
    assert!(flow.diff().contains("+    name: 王芳芳"), "{}", flow.diff());
    assert!(!flow.path("checkout/x").exists());

    // A run that cannot read a vendor leaves all as it is.
    flow.unreadable();
    let (code, said) = flow.gitlab();
    assert_eq!((code, flow.writes().len()), (6, 0), "{said}");
    git(&flow.path("first"), &["revert", "--no-edit", "HEAD"]);
    git(&flow.path("first"), &["push", "--quiet", "../remote.git", "main"]);

    flow.console("8002", "name", "王芳");
    step(&["POST merge_requests/1/notes", "PUT merge_requests/1"]);
    assert_eq!((file("requests")[0]["state"].as_str(), flow.head()), (Some("closed"), String::new()));
    step(&[]);

    // A commit of a person on the branch is kept, and said once.
    flow.console("8002", "name", "王芳芳");
    step(&["POST merge_requests"]);
    git(flow.folder.path(), &["clone", "--quiet", "--branch", BRANCH, "remote.git", "person"]);
    git(&flow.path("person"), &["commit", "--quiet", "-m", "a remark", "--allow-empty"]);
    git(&flow.path("person"), &["push", "--quiet", "origin", BRANCH]);
    let theirs = flow.head();
    flow.console("8002", "name", "王芳");
    step(&["POST merge_requests/2/notes"]);
    step(&[]);
    assert_eq!((flow.head(), file("requests")[1]["state"].as_str()), (theirs, Some("opened")));
}

#[test]
fn what_the_patch_leaves_out_stands_in_the_pull_request() {
    let Some(flow) = Flow::new() else { return };
    let file = flow.path("first/site/roster/presales.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("name: 李娜", "name: 李娜娜")).unwrap();
    git(&flow.path("first"), &["commit", "--quiet", "-am", "a new name"]);
    git(&flow.path("first"), &["push", "--quiet", "../remote.git", "main"]);
    flow.console("8002", "name", "王芳芳");
    flow.console("8003", "name", "李四");
    let (_, said) = flow.run();
    let requests = flow.requests();
    let body = requests[0]["body"].as_str().unwrap();
    assert!(body.contains("**Not in this pull request:**\n\n    agent/8003"), "{body}{said}");
    assert!(!flow.diff().contains("李四") && flow.diff().contains("王芳芳"), "{}", flow.diff());
}

#[test]
fn the_patch_lies_outside_of_the_artifact() {
    let Some(flow) = Flow::new() else { return };
    flow.console("8002", "name", "王芳芳 13800138000");
    let (_, said) = flow.run();
    assert!(flow.diff().contains("13800138000"), "the manifests hold it");
    for entry in fs::read_dir(flow.path("rosterctl-drift")).unwrap().map(|entry| entry.unwrap().path()) {
        assert!(!fs::read_to_string(&entry).unwrap().contains("13800138000"), "{}", entry.display());
    }
    let body = flow.requests()[0]["body"].to_string();
    assert!(!said.contains("13800138000") && !body.contains("13800138000"), "{said}{body}");
}
