//! A roster's repository in a forge, and the runners that carry out the example workflows: act and gitlab-ci-local.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rosterctl::sandbox::AgentConfig;
use serde_json::{Value, json};

use crate::bench::{API_SECRET, Bench, TOKEN};
use crate::forge::{Forge, JOB, merge};

/// The branch of what is taken over.
pub(crate) const BRANCH: &str = "rosterctl/adopt-site";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs git as a person; returns its output.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Zhang", "-c", "user.email=zhang@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The result of a pipeline: whether it succeeded, and its log.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: usize,
    pub(crate) passed: bool,
    pub(crate) log: String,
}

impl Run {
    /// Asserts that the run succeeded, or that it failed.
    #[track_caller]
    pub(crate) fn passes(self, passes: bool) -> Self {
        assert_eq!(self.passed, passes, "{}", self.log);
        self
    }

    /// Asserts that a step failed. act may lose the last lines that a step writes, so its words prove nothing.
    #[track_caller]
    pub(crate) fn failed(self, step: &str) -> Self {
        self.says(&format!("Failure - Main {step}"))
    }

    /// Asserts the exit code that the action tells.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        self.says(&format!("::set-output:: exit-code={code}\n"))
    }

    /// Asserts that the log holds a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.log.contains(text), "{text}: {}", self.log);
        self
    }
}

/// A roster's repository, the forge that holds it, and the vendors behind it. The folder `first` is a person's clone.
pub(crate) struct Site {
    pub(crate) bench: Bench,
    pub(crate) forge: Forge,
    /// Where the workspace lies in the repository.
    folder: &'static str,
    runs: std::cell::Cell<usize>,
}

const ROSTER: &str = "apiVersion: rosterctl/v1
kind: Roster
agents:
  - operatorId: \"8001\"
    name: 张伟
  - operatorId: \"8002\"
    name: 王芳
  - operatorId: \"8003\"
    name: 李娜
    wrapUpSeconds: 15
";

impl Site {
    /// Creates a site whose roster is applied. Prints a note and returns `None` if the machine lacks a program.
    pub(crate) fn new(programs: &[&str]) -> Option<Self> {
        Self::below(".", programs)
    }

    /// Creates a site whose workspace lies in a folder.
    pub(crate) fn below(folder: &'static str, programs: &[&str]) -> Option<Self> {
        for program in [&["bash", "jq", "git", "openssl"], programs].concat() {
            let version = if program == "openssl" { "version" } else { "--version" };
            if !Command::new(program).arg(version).output().is_ok_and(|output| output.status.success()) {
                eprintln!("skipped: there is no {program}");
                return None;
            }
        }
        let bench = Bench::new(
            "agents: [{ operatorId: '8001', name: 张伟 }, { operatorId: '8002', name: 王芳 }, { operatorId: '8003', name: 李娜, afterInterval: 15 }]\n",
        );
        let top = bench.folder.path().to_owned();
        let forge = Forge::new(&top)?;
        let workspace = format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: site
manifests: [roster]
connections:
  agents: {{ provider: agent-config, baseUrl: '{0}', abbreviate: acme, companyId: 1001, token: {{ store: ci, key: ROSTER_CC_TOKEN }}, retry: {{ attempts: 1 }} }}
secrets: {{ ci: {{ type: env }} }}
ledger: {{ path: '{1}' }}
policy: {{ limits: {{ changes: 100%, deletes: 1, floor: 0 }}, prune: owned }}
",
            bench.url(),
            top.join("ledger.json").display()
        );
        bench.write(&format!("first/{folder}/rosterctl.yaml"), &workspace);
        bench.write(&format!("first/{folder}/roster/presales.yaml"), ROSTER);
        let site = Self { bench, forge, folder, runs: 100.into() };
        let first = site.path("first");
        git(&top, &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
        git(&site.path("remote.git"), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        git(&first, &["init", "--quiet", "--initial-branch=main"]);
        git(&first, &["remote", "add", "origin", "../remote.git"]);
        site.commit("the first roster");
        site.commit("another commit");
        git(&first, &["push", "--quiet", "origin", "main"]);
        git(&top, &["clone", "--quiet", "remote.git", "event"]);
        // The action, and a release of it.
        let action = top.join("rosterctl/.github/actions/rosterctl");
        fs::create_dir_all(&action).unwrap();
        for entry in fs::read_dir(root().join(".github/actions/rosterctl")).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), action.join(entry.file_name())).unwrap();
        }
        fs::copy(root().join("Cargo.toml"), top.join("rosterctl/Cargo.toml")).unwrap();
        site.release();
        let applied = site
            .command("rosterctl", &first.join(folder))
            .args(["apply", "--auto-approve"])
            .output()
            .unwrap();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        Some(site)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.bench.path(name)
    }

    /// Publishes a release that starts the program of this test.
    fn release(&self) {
        let name = format!("rosterctl-{}-x86_64-unknown-linux-musl", env!("CARGO_PKG_VERSION"));
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_rosterctl"));
        self.bench.write(&format!("release/{name}/rosterctl"), &script);
        let pack = format!(
            "chmod +x {name}/rosterctl && tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz >SHA256SUMS"
        );
        let packed =
            Command::new("sh").args(["-c", &pack]).current_dir(self.path("release")).status().unwrap();
        assert!(packed.success());
        for file in [format!("{name}.tar.gz"), "SHA256SUMS".to_owned()] {
            let bytes = fs::read(self.path("release").join(&file)).unwrap();
            self.forge.state().files.insert(file, bytes);
        }
    }

    /// Returns a command in a clean environment that holds the credentials.
    pub(crate) fn command(&self, program: &str, folder: &Path) -> Command {
        let own = Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:{}", std::env::var("PATH").unwrap(), own.display()))
            .env("HOME", self.bench.folder.path())
            .env("TMPDIR", self.bench.folder.path())
            .env("LANG", "C.UTF-8")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("XDG_STATE_HOME", self.path("state"))
            .env("ROSTER_CC_TOKEN", TOKEN)
            .env("ROSTER_WEBCHAT_SECRET", API_SECRET);
        command
    }

    /// Commits what stands in the person's clone, under a title; returns the commit.
    pub(crate) fn commit(&self, title: &str) -> String {
        let first = self.path("first");
        git(&first, &["add", "--all"]);
        git(&first, &["commit", "--quiet", "--allow-empty", "-m", title]);
        git(&first, &["rev-parse", "HEAD"])
    }

    /// Replaces a text in a file of the person's clone.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.path("first").join(self.folder).join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} holds {old}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    /// Renames an agent as a person does in the console.
    pub(crate) fn rename(&self, agent: &str, name: &str) {
        self.bench.with(|estate| {
            let agent = estate.get_mut::<AgentConfig>().agent_mut(agent).unwrap();
            agent.name = Some(name.to_owned());
            agent.utime = 1_796_099_105_359;
        });
    }

    /// Sets the after-call work of an agent as a person does in the console.
    pub(crate) fn wrap_up(&self, agent: &str, seconds: i64) {
        self.bench.with(|estate| {
            estate.get_mut::<AgentConfig>().agent_mut(agent).unwrap().after_interval = seconds;
        });
    }

    /// Returns the live name of an agent.
    pub(crate) fn name(&self, agent: &str) -> String {
        self.bench.with(|estate| estate.get::<AgentConfig>().agent(agent).unwrap().name.clone().unwrap())
    }

    /// Returns the commit at the head of the branch of what is taken over; empty if there is none.
    pub(crate) fn head(&self) -> String {
        git(
            &self.path("remote.git"),
            &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{BRANCH}")],
        )
    }

    /// Returns the difference that this branch makes.
    pub(crate) fn diff(&self) -> String {
        git(&self.path("remote.git"), &["diff", &format!("main...{BRANCH}")])
    }

    /// Pushes a branch with the person's changes, and what GitHub merges it to; opens its pull request. Leaves the clone
    /// on `main`. Returns the number.
    pub(crate) fn pull(&self, branch: &str, title: &str, from: &str) -> usize {
        let first = self.path("first");
        git(&first, &["checkout", "--quiet", "-B", branch]);
        let head = self.commit(title);
        git(&first, &["push", "--quiet", "--force", "origin", branch]);
        git(&first, &["checkout", "--quiet", "main"]);
        git(&first, &["merge", "--quiet", "--no-ff", "-m", title, branch]);
        let merged = git(&first, &["rev-parse", "HEAD"]);
        let mut state = self.forge.state();
        let known = state.pulls.iter().position(|one| one["head"]["ref"] == branch);
        let index = known.unwrap_or(state.pulls.len());
        let number = index + 1;
        git(&first, &["push", "--quiet", "--force", "origin", &format!("HEAD:refs/pull/{number}/merge")]);
        git(&first, &["reset", "--quiet", "--hard", "HEAD^1"]);
        let owner = from.split('/').next().unwrap();
        let pull = json!({
            "number": number, "iid": number, "title": title, "state": "open", "labels": [], "merged_at": null,
            "merge_commit_sha": merged, "sha": head,
            "head": { "ref": branch, "sha": head, "label": format!("{owner}:{branch}"), "repo": { "full_name": from } },
            "base": { "ref": "main" }, "source_project_id": if from == "o/r" { 1 } else { 2 }, "target_project_id": 1,
        });
        match known {
            Some(index) => {
                let labels = state.pulls[index]["labels"].clone();
                merge(&mut state.pulls[index], &pull);
                state.pulls[index]["labels"] = labels;
            }
            None => state.pulls.push(pull),
        }
        number
    }

    /// Gives a pull request labels.
    pub(crate) fn label(&self, number: usize, labels: &[&str]) {
        let labels: Vec<Value> = labels.iter().map(|name| json!({ "name": name })).collect();
        self.forge.state().pulls[number - 1]["labels"] = labels.into();
    }

    /// Merges a pull request; returns the commit on `main`.
    pub(crate) fn merge(&self, number: usize) -> String {
        let first = self.path("first");
        git(&first, &["fetch", "--quiet", "origin", &format!("refs/pull/{number}/merge")]);
        git(&first, &["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        git(&first, &["push", "--quiet", "origin", "main"]);
        let mut state = self.forge.state();
        merge(
            &mut state.pulls[number - 1],
            &json!({ "state": "merged", "merged_at": "2026-12-01T00:00:00Z" }),
        );
        git(&first, &["rev-parse", "HEAD"])
    }

    /// Runs a workflow of GitHub at a commit, for an event, with act. A job of a fork is given no secret.
    pub(crate) fn act(
        &self,
        workflow: &str,
        commit: &str,
        event: &str,
        payload: &Value,
        secrets: bool,
    ) -> Run {
        self.act_with(workflow, commit, event, payload, secrets, &[])
    }

    /// Runs a workflow on the server of a name.
    pub(crate) fn act_with(
        &self,
        workflow: &str,
        commit: &str,
        event: &str,
        payload: &Value,
        secrets: bool,
        more: &[String],
    ) -> Run {
        let id = self.runs.get() + 1;
        self.runs.set(id);
        let folder = self.path("event");
        git(&folder, &["fetch", "--quiet", "origin", "+refs/*:refs/remotes/origin/*"]);
        git(&folder, &["checkout", "--quiet", "-B", "main", commit]);
        // act does not know the word, as the page of the example says of servers.
        let text = fs::read_to_string(root().join("examples/github").join(workflow)).unwrap();
        let text = text.replace(", queue: max", "");
        let workspace = format!("adopt: true\n          workspace: {}", self.folder);
        let text = text.replace("adopt: true", &workspace);
        self.bench.write("workflow.yml", &text);
        self.bench.write("event.json", &payload.to_string());
        let top = self.bench.folder.path().display().to_string();
        let mut arguments = vec![event.to_owned(), "-W".to_owned(), format!("{top}/workflow.yml")];
        for line in text.lines() {
            let Some((_, uses)) = line.split_once("uses: actions/") else { continue };
            let uses = uses.split(' ').next().unwrap();
            let (name, _) = uses.split_once('@').unwrap();
            let stand_in = root().join("tests/fixtures/actions").join(name);
            arguments.push(format!("--local-repository=actions/{uses}={}", stand_in.display()));
        }
        let action = fs::read_to_string(root().join(".github/actions/rosterctl/action.yml")).unwrap();
        let upload =
            action.split("uses: actions/upload-artifact@").nth(1).unwrap().split(' ').next().unwrap();
        let stand_in = root().join("tests/fixtures/actions/upload-artifact");
        arguments.push(format!("--local-repository=actions/upload-artifact@{upload}={}", stand_in.display()));
        arguments.extend(
            [
                "-P=ubuntu-latest=-self-hosted",
                "--no-skip-checkout",
                "--no-cache-server",
                "--env=GITHUB_REPOSITORY=o/r",
            ]
            .map(str::to_owned),
        );
        arguments.extend([
            format!("-e={top}/event.json"),
            format!("--action-cache-path={top}/act"),
            format!("--env=STAND_IN={top}"),
            format!("--env=GITHUB_RUN_ID={id}"),
            format!("--env=SSL_CERT_FILE={top}/forge.pem"),
            format!("--env=XDG_STATE_HOME={top}/state"),
            format!("--secret=GITHUB_TOKEN={JOB}"),
        ]);
        if secrets {
            arguments.push(format!("--secret=ROSTER_CC_TOKEN={TOKEN}"));
            arguments.push(format!("--secret=ROSTER_WEBCHAT_SECRET={API_SECRET}"));
        }
        if more.is_empty() {
            arguments.push(format!("--github-instance=127.0.0.1:{}", self.forge.port));
        }
        arguments.extend_from_slice(more);
        let mut command = self.command("act", &folder);
        command.env_remove("ROSTER_CC_TOKEN").env_remove("ROSTER_WEBCHAT_SECRET");
        let run = run(command.args(arguments), id);
        let status = if run.passed { "success" } else { "failure" };
        self.forge
            .state()
            .runs
            .push(json!({ "id": id, "workflow": workflow, "event": event, "status": status,
            "head_sha": payload["pull_request"]["head"]["sha"] }));
        run
    }

    /// Commits what stands in the person's clone to `main` of the repository; returns the commit.
    pub(crate) fn push(&self, title: &str) -> String {
        let commit = self.commit(title);
        git(&self.path("first"), &["push", "--quiet", "origin", "main"]);
        commit
    }

    /// Adds a connection whose vendor cannot be reached, on `main`.
    pub(crate) fn unreadable(&self) {
        let seats = "  seats: { provider: seat-query, baseUrl: 'http://127.0.0.1:1', retry: { attempts: 1 }, apiKey: x, \
                     apiSecret: { store: ci, key: PATH } }\nsecrets:";
        self.edit("rosterctl.yaml", "secrets:", seats);
        self.push("another vendor");
    }

    /// Runs a pipeline of GitLab at a commit with gitlab-ci-local: all jobs that its rules choose. A fork is given no
    /// secret.
    pub(crate) fn pipeline(&self, source: &str, commit: &str, secrets: bool, more: &[&str]) -> Run {
        let id = self.runs.get() + 1;
        self.runs.set(id);
        let folder = self.path("event");
        git(&folder, &["fetch", "--quiet", "origin", "+refs/*:refs/remotes/origin/*"]);
        git(&folder, &["checkout", "--quiet", "--force", "-B", "main", commit]);
        git(&folder, &["clean", "--quiet", "--force", "-dx"]);
        fs::copy(root().join("examples/gitlab/.gitlab-ci.yml"), folder.join(".gitlab-ci.yml")).unwrap();
        let top = self.bench.folder.path().display().to_string();
        let mut variables = vec![
            format!("CI_PIPELINE_SOURCE={source}"),
            format!("CI_API_V4_URL=http://127.0.0.1:{}/api/v4", self.forge.port),
            format!("CI_PROJECT_URL=file://{top}/remote"),
            format!("WORKSPACE={}", self.folder),
            format!("CI_JOB_TOKEN={JOB}"),
            "CI_SERVER_URL=http://gitlab".to_owned(),
            "CI_PROJECT_ID=1".to_owned(),
            "CI_DEFAULT_BRANCH=main".to_owned(),
            format!("XDG_STATE_HOME={top}/state"),
        ];
        if secrets {
            variables.push(format!("ROSTER_BOT_TOKEN={JOB}"));
            variables.push(format!("ROSTER_CC_TOKEN={TOKEN}"));
            variables.push(format!("ROSTER_WEBCHAT_SECRET={API_SECRET}"));
        }
        variables.extend(more.iter().filter(|word| word.contains('=')).map(|&word| word.to_owned()));
        let mut command = self.command("gitlab-ci-local", &folder);
        command.env_remove("ROSTER_CC_TOKEN").env_remove("ROSTER_WEBCHAT_SECRET");
        command.args([
            "--force-shell-executor",
            "--shell-isolation",
            "--no-evaluate-rule-changes",
            "--no-color",
        ]);
        if source != "merge_request_event" {
            command.arg("--no-json-schema-validation"); // the same file each time
        }
        for variable in variables {
            command.arg(format!("--variable={variable}"));
        }
        for job in more.iter().filter(|word| !word.contains('=')) {
            command.arg(format!("--manual={job}"));
        }
        let run = run(&mut command, id);
        let mut state = self.forge.state();
        let status = if run.passed { "success" } else { "failed" };
        state.runs.insert(0, json!({ "id": id, "sha": commit, "status": status }));
        let artifacts = folder.join(".gitlab-ci-local/artifacts/plan");
        for entry in fs::read_dir(artifacts).into_iter().flatten().map(Result::unwrap) {
            if entry.path().is_file() {
                let name = format!("{id}/{}", entry.file_name().display());
                state.files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
        run
    }

    /// Returns the payload of a pull request's event, and its merge commit.
    pub(crate) fn event(&self, number: usize) -> (String, Value) {
        let state = self.forge.state();
        let pull = &state.pulls[number - 1];
        let payload = json!({ "action": "synchronize", "number": number, "pull_request": pull,
            "repository": { "full_name": "o/r", "default_branch": "main" } });
        (pull["merge_commit_sha"].as_str().unwrap().to_owned(), payload)
    }

    /// Plans a pull request in GitHub.
    pub(crate) fn plan(&self, number: usize) -> Run {
        let (commit, payload) = self.event(number);
        let own = payload["pull_request"]["head"]["repo"]["full_name"] == "o/r";
        self.act("rosterctl-plan.yml", &commit, "pull_request", &payload, own)
    }

    /// Runs a workflow of GitHub on the default branch.
    pub(crate) fn main(&self, workflow: &str, event: &str) -> Run {
        let commit = git(&self.path("remote.git"), &["rev-parse", "main"]);
        self.act(workflow, &commit, event, &json!({ "ref": "refs/heads/main" }), true)
    }

    /// Asserts that no command in a name was carried out: it would have made a file `x`.
    #[track_caller]
    pub(crate) fn nothing_ran(&self) {
        let found = Command::new("find").arg(self.bench.folder.path()).args(["-name", "x"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}

/// Runs a command to its end; returns its log without colours.
fn run(command: &mut Command, id: usize) -> Run {
    let output = command.output().unwrap();
    let log =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if std::env::var_os("ROSTERCTL_LOGS").is_some() {
        eprintln!("{log}");
    }
    Run { id, passed: output.status.success(), log }
}
