//! The ledger and its lock through the program: two applies race, one is killed, one loses its lock. Each runs on a
//! file, on a folder as an object store, and on real object stores if installed: SeaweedFS (S3), Azurite (Azure), and
//! s3rver, which ignores conditional writes.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it saw")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/object_stores.rs"]
mod object_stores;
#[path = "support/servers.rs"]
mod servers;

use rosterctl::sandbox::AgentConfig;
use rosterctl::vendors;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use certificates::Certificates;
use object_store::ObjectStoreExt as _;
use object_stores::{Bucket, READER};
use rosterctl::sandbox::faults::{Delay, Faults};
use rosterctl::sandbox::vendor_state::VendorState;
use rosterctl::sandbox::{Running, spawn};
use serde_json::{Value as Json, json};
use servers::{haproxy, nginx, squid};

const AGENTS: usize = 12;

/// A workspace with a vendor that creates agents slowly.
struct Bench {
    folder: tempfile::TempDir,
    vendor: Running,
    env: Vec<(&'static str, String)>,
}

impl Bench {
    /// Creates a bench. `ledger` is the text below `ledger:`; `{folder}` in it is the bench's.
    async fn new(ledger: &str, slowest_ms: u32) -> Self {
        let delay_ms = Delay { probability: 1.0, min: 0, max: slowest_ms };
        let faults = Faults { seed: 3, delay_ms, only: vec!["create/v2".to_owned()], ..Faults::default() };
        let vendor = spawn(VendorState { faults, ..vendors::ALL.estate() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger.replace("{folder}", &folder.path().display().to_string());
        let workspace = format!(
            "apiVersion: rosterctl/v1\nkind: Workspace\nname: bench\nmanifests: [roster.yaml]\nconnections:\n  \
             agents: {{ provider: agent-config, baseUrl: \"{}\", abbreviate: acme, concurrency: 1, token: \
             {{ store: ci, key: T }} }}\nsecrets:\n  ci: {{ type: env, prefix: BENCH_ }}\nledger: {ledger}\n",
            vendor.base_url()
        );
        fs::write(folder.path().join("rosterctl.yaml"), workspace).unwrap();
        let roster = format!(
            "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - operatorIds: 8001..{}\n    name: \
             \"A{{operatorId}}\"\n    role: seat\n",
            8000 + AGENTS
        );
        fs::write(folder.path().join("roster.yaml"), roster).unwrap();
        Self { folder, vendor, env: Vec::new() }
    }

    fn start(&self, command: &str) -> Child {
        let mut program = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
        program.args(command.split(' ')).arg(self.folder.path());
        program.args((command == "apply").then_some("--auto-approve"));
        program.env("BENCH_T", "t").env("XDG_STATE_HOME", self.folder.path().join("state"));
        let foreign = |name: &str| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|own| name.starts_with(own));
        for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
            program.env_remove(name);
        }
        program.envs(self.env.iter().map(|(name, value)| (name, value))).env_remove("RUST_LOG");
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, command: &str) -> Ended {
        Ended::new(self.start(command))
    }

    /// Waits for the first created agents.
    fn wait_for_work(&self) {
        wait("the first agent", || self.agents() > 0);
    }

    fn agents(&self) -> usize {
        self.vendor.with(|estate| estate.get::<AgentConfig>().agents().count())
    }

    /// Returns the number of calls that created or changed an agent.
    fn writes(&self) -> usize {
        let writing = |path: &str| path.ends_with("create/v2") || path.ends_with("edit/v2");
        self.vendor.with(|estate| {
            estate.calls.iter().filter(|(path, _)| writing(path)).map(|(_, count)| count).sum()
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

struct Ended {
    code: i32,
    pid: u32,
    out: String,
    err: String,
}

impl Ended {
    fn new(child: Child) -> Self {
        let pid = child.id();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code().unwrap_or(-1), pid, out: text(stdout), err: text(stderr) }
    }

    #[track_caller]
    fn expect(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        for part in parts {
            assert!(self.err.contains(part) || self.out.contains(part), "{part}\n{}\n{}", self.out, self.err);
        }
    }
}

#[track_caller]
fn wait(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_mins(1), "{what} does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_did_stays_in_its_journal_while_the_ledger_cannot_be_written() {
    let bench = Bench::new("{ path: own/ledger.json }", 100).await;
    let child = bench.start("apply");
    bench.wait_for_work();
    // Something else is in the ledger's place.
    fs::create_dir_all(bench.path("own/ledger.json")).unwrap();
    Ended::new(child).expect(5, &["the ledger does not know of this run"]);
    fs::remove_dir(bench.path("own/ledger.json")).unwrap();
    bench.run("apply").expect(0, &[]);
    let ledger = read(&bench.path("own/ledger.json"));
    assert_eq!(ledger["resources"]["agent/8001"]["fields"]["role"], "seat", "{ledger}");
}

/// Checks two runs that start at once: one does all the work, the other nothing, and names the first.
#[track_caller]
fn race(bench: &Bench) {
    let (one, two) = (bench.start("apply"), bench.start("apply"));
    let (one, two) = (Ended::new(one), Ended::new(two));
    let (winner, loser) = if one.code == 0 { (one, two) } else { (two, one) };
    winner.expect(0, &[]);
    let holder = format!("process {} of ", winner.pid);
    loser.expect(
        7,
        &["another apply holds the lock", &holder, ", since 20", ", until 20", "rosterctl unlock"],
    );
    assert_eq!(bench.agents(), AGENTS);
    bench.run("unlock").expect(0, &["nothing to free"]);
    bench.run("apply").expect(0, &[]);
    assert_eq!(runs(bench).len(), 1, "one run wrote");
}

/// Returns the runs of the history, newest first, whose chain must hold.
#[track_caller]
fn runs(bench: &Bench) -> Vec<Json> {
    let ended = bench.run("history --format json");
    ended.expect(0, &[]);
    let told: Json = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(told["remarks"], json!([]));
    told["runs"].as_array().unwrap().clone()
}

/// Checks a run killed before it could free the lock: the next one starts at once, however long the lease.
#[track_caller]
fn kill(bench: &Bench) {
    let mut child = bench.start("apply");
    bench.wait_for_work();
    child.kill().unwrap();
    let next = bench.run("apply");
    next.expect(0, &[&format!("process {} of ", child.id()), "ended without freeing it: took it over"]);
    assert_eq!(bench.agents(), AGENTS);
    child.wait().unwrap();
    // The next run recorded what the killed one had done.
    let runs = runs(bench);
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[1]["recovered"], &runs[1]["exit"]), (&json!(true), &Json::Null));
    assert_eq!(runs[1]["steps"][0]["status"], "done");
}

/// Checks a lock freed under a running apply: it finishes its calls, starts no more, and says why.
#[track_caller]
fn free(bench: &Bench) {
    let child = bench.start("apply");
    bench.wait_for_work();
    let holder = format!("rosterctl 0.1.0, process {} of ", child.id());
    bench.run("unlock").expect(7, &[&holder, "unlock --force"]);
    bench.run("unlock --force").expect(0, &["The lock was held by ", &holder, "It is free now."]);
    Ended::new(child).expect(5, &["the lock of this workspace was lost", "it was freed"]);
    assert!((1..AGENTS).contains(&bench.agents()), "{}", bench.agents());
    bench.run("unlock").expect(0, &["nothing to free"]);
    bench.run("apply").expect(0, &[]);
    assert_eq!(bench.agents(), AGENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_applies_race_for_a_file() {
    let bench = Bench::new("{ path: .rosterctl/ledger.json }", 400).await;
    race(&bench);
    let ledger = bench.path(".rosterctl/ledger.json");
    assert_eq!(read(&ledger)["resources"].as_object().unwrap().len(), AGENTS);
    assert_eq!(fs::metadata(&ledger).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!bench.path(".rosterctl/ledger.json.lock").exists());
    assert_eq!(fs::read_to_string(bench.path(".rosterctl/.gitignore")).unwrap(), "*\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_applies_race_for_a_folder_given_as_a_url() {
    let bench = Bench::new("{ url: \"file://{folder}/shared\" }", 400).await;
    race(&bench);
    assert_eq!(read(&bench.path("shared/ledger.json"))["resources"].as_object().unwrap().len(), AGENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_a_killed_process_is_taken_over_at_once() {
    kill(&Bench::new("{ lease: 10m }", 400).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn unlock_frees_a_lock_and_stops_who_held_it() {
    free(&Bench::new("{ lease: 1s }", 900).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_taken_over_and_one_that_did_not_is_not() {
    let bench = Bench::new("{ path: ledger.json, lease: 1s }", 0).await;
    let lock = bench.path("ledger.json.lock");
    let holder = json!({"host": "elsewhere", "user": "wang", "pid": 1, "program": "rosterctl 9"});
    let write = |until: &str| {
        let stored = json!({
            "format": "rosterctl.lock/v1", "holder": holder, "since": "2026-01-02T03:04:05Z",
            "until": until, "nonce": "other",
        });
        fs::write(&lock, stored.to_string()).unwrap();
    };
    write("2999-01-02T03:04:05.678Z");
    let holds = "rosterctl 9, process 1 of wang on elsewhere, since 2026-01-02T03:04:05Z, until \
                 2999-01-02T03:04:05Z unless it is renewed";
    bench.run("apply").expect(7, &[holds]);
    bench.run("unlock").expect(7, &[holds]);
    assert_eq!((bench.agents(), read(&lock)["nonce"].as_str().unwrap()), (0, "other"));
    write("2026-01-02T03:04:35Z");
    bench.run("apply").expect(0, &["its lease ran out at 2026-01-02T03:04:35Z: took it over"]);
    assert!(!lock.exists());
    write("2026-01-02T03:04:35Z");
    bench.run("unlock").expect(0, &["It is free now."]);
    assert!(!lock.exists());
    fs::write(&lock, "no lock").unwrap();
    bench.run("unlock").expect(7, &["--force"]);
    bench.run("unlock --force").expect(0, &["It is free now."]);
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn roles(ledger: &Json) -> Vec<&str> {
    let resources = ledger["resources"].as_object().unwrap().values();
    resources.map(|resource| resource["fields"]["role"].as_str().unwrap()).collect()
}

/// Checks an apply that is frozen for longer than its lease. Meanwhile another one does the work, with other roles.
/// Once thawed, the first sends nothing more, and the second's records stay.
#[track_caller]
fn freeze(bench: &mut Bench, lease: Duration, read_ledger: impl Fn(&Bench) -> Json, unlock: bool) {
    let first = bench.start("apply");
    bench.wait_for_work();
    signal(&first, "-STOP");
    std::thread::sleep(lease + Duration::from_millis(200));
    if unlock {
        // On one host the run is known to be alive, even without a renewal.
        bench.run("apply").expect(7, &[&format!("process {} of ", first.id())]);
        bench.run("unlock --force").expect(0, &["It is free now."]);
    } else {
        // On another runner only its lease is known.
        bench.env.push(("XDG_STATE_HOME", bench.path("other").display().to_string()));
    }
    let roster = fs::read_to_string(bench.path("roster.yaml")).unwrap();
    fs::write(bench.path("roster.yaml"), roster.replace("role: seat", "role: lead")).unwrap();
    bench.run("apply").expect(0, &[]);
    let (sent, ledger) = (bench.writes(), read_ledger(bench));
    assert_eq!(roles(&ledger), ["lead"; AGENTS]);
    signal(&first, "-CONT");
    Ended::new(first).expect(5, &["was lost, and no further step is started"]);
    assert_eq!((bench.writes(), bench.agents()), (sent, AGENTS));
    assert_eq!(roles(&read_ledger(bench)), roles(&ledger));
    bench.run("plan --detailed-exitcode").expect(0, &[]);
    // The run that lost its lock is in the chain, too.
    assert_eq!(runs(bench).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_has_a_record() {
    let bench = Bench::new("{ path: ledger.json }", 400).await;
    let child = bench.start("apply");
    bench.wait_for_work();
    signal(&child, "-INT");
    Ended::new(child).expect(130, &[]);
    let runs = runs(&bench);
    assert_eq!((runs.len(), &runs[0]["exit"]), (1, &json!(130)));
    assert_eq!(runs[0]["steps"][0]["status"], "done");
    assert_eq!(runs[0]["steps"][AGENTS - 1]["status"], "skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_a_run_left_before_its_ledger_is_linked_by_the_next_run() {
    let bench = Bench::new("{ path: own/ledger.json }", 100).await;
    let child = bench.start("apply");
    bench.wait_for_work();
    fs::create_dir_all(bench.path("own/ledger.json")).unwrap();
    Ended::new(child).expect(5, &["the ledger does not know of this run"]);
    fs::remove_dir(bench.path("own/ledger.json")).unwrap();
    bench.run("apply").expect(0, &[]);
    assert_eq!(runs(&bench).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_stood_still_for_its_lease_sends_and_records_nothing_old() {
    let mut bench = Bench::new("{ path: ledger.json, lease: 1s }", 900).await;
    freeze(&mut bench, Duration::from_secs(1), |bench| read(&bench.path("ledger.json")), true);
}

/// Races two runners on one ledger. `ROSTERCTL_RACES=50 cargo test --test ledger race` runs fifty races.
#[track_caller]
fn race_often(bench: &Bench, place_abandoned: impl Fn(&Bench)) {
    let races = std::env::var("ROSTERCTL_RACES").ok().and_then(|count| count.parse().ok()).unwrap_or(4);
    let mut refused = 0;
    for race in 0..races {
        bench.vendor.with(|estate| {
            (8001..=8000 + AGENTS).for_each(|id| _ = estate.get_mut::<AgentConfig>().remove(&id.to_string()));
        });
        if race % 2 == 1 {
            place_abandoned(bench);
        }
        let before = bench.writes();
        let one = bench.start("apply");
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..20)));
        let two = bench.start("apply");
        let codes = [Ended::new(one), Ended::new(two)].map(|ended| ended.code);
        assert!(codes.contains(&0) && codes.iter().all(|code| [0, 7].contains(code)), "{race}: {codes:?}");
        assert_eq!((bench.agents(), bench.writes() - before), (AGENTS, AGENTS), "{race}: two held the lock");
        refused += codes.iter().filter(|code| **code == 7).count();
    }
    assert!(refused > 0, "none of {races} races was one");
    eprintln!("{races} races, {refused} runs refused, no call made twice");
}

/// Returns a lock of a lost host with an expired lease.
fn abandoned() -> String {
    let holder = json!({"host": "elsewhere", "user": "wang", "pid": 1, "program": "rosterctl 9"});
    let at = "2026-01-02T03:04:05Z";
    json!({"format": "rosterctl.lock/v1", "holder": holder, "since": at, "until": at, "nonce": "0a"})
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runners_that_race_for_a_file_one_writes() {
    let bench = Bench::new("{ path: ledger.json, lease: 1s }", 100).await;
    race_often(&bench, |bench| fs::write(bench.path("ledger.json.lock"), abandoned()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_is_robbed_of_its_lock_starts_nothing_more() {
    let bench = Bench::new("{ path: ledger.json, lease: 1s }", 900).await;
    let child = bench.start("apply");
    bench.wait_for_work();
    let lock = bench.path("ledger.json.lock");
    let mut stolen = read(&lock);
    stolen["nonce"] = "other".into();
    stolen["holder"]["host"] = "elsewhere".into();
    stolen["until"] = "2999-01-01T00:00:00Z".into();
    // A thief replaces the whole lock; a renewal in between is stolen again.
    wait("the theft", || {
        fs::write(bench.path("new"), stolen.to_string()).unwrap();
        fs::rename(bench.path("new"), &lock).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        read(&lock) == stolen
    });
    Ended::new(child).expect(5, &["was lost, and no further step is started", "taken over by", "elsewhere"]);
    assert!((1..AGENTS).contains(&bench.agents()), "{}", bench.agents());
    assert_eq!(read(&lock), stolen, "it was neither renewed nor freed by who had lost it");
    // Its work is recorded all the same.
    let known = read(&bench.path("ledger.json"))["resources"].as_object().unwrap().len();
    assert_eq!(known, bench.agents());
    fs::remove_file(&lock).unwrap();
    bench.run("apply").expect(0, &[]);
    assert_eq!(bench.agents(), AGENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_reads_only_and_waits_for_no_lock() {
    let bench = Bench::new("{ lease: 10m }", 400).await;
    bench.run("plan").expect(0, &[]);
    assert!(!bench.path(".rosterctl").exists());
    let child = bench.start("apply");
    bench.wait_for_work();
    let lock = bench.path(".rosterctl/ledger.json.lock");
    let before = read(&lock)["nonce"].clone();
    bench.run("plan").expect(0, &[]);
    assert_eq!(read(&lock)["nonce"], before);
    Ended::new(child).expect(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_that_cannot_be_read_stop_the_run_before_it_changes_anything() {
    let bench = Bench::new("{ path: ledger.json }", 0).await;
    let ledger = bench.path("ledger.json");
    for (text, why) in [
        (
            r#"{"format": "rosterctl.ledger", "version": 99, "serial": 1}"#,
            "written by a newer rosterctl (form 99",
        ),
        (r#"{"format": "rosterctl.led"#, "is damaged ("),
        ("", "move it away"),
    ] {
        fs::write(&ledger, text).unwrap();
        bench.run("plan").expect(1, &[why]);
        bench.run("apply").expect(1, &[why]);
        assert_eq!((bench.agents(), fs::read_to_string(&ledger).unwrap().as_str()), (0, text));
        bench.run("unlock").expect(0, &["nothing to free"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_of_another_workspace_stops_the_run_and_a_renamed_one_has_a_way_on() {
    let bench = Bench::new("{ path: ledger.json }", 0).await;
    bench.run("apply").expect(0, &[]);
    let ledger = bench.path("ledger.json");
    assert_eq!(read(&ledger)["workspace"], "bench");
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    fs::write(bench.path("rosterctl.yaml"), file.replace("name: bench", "name: other")).unwrap();
    let written = fs::read_to_string(&ledger).unwrap();
    let why = "is of workspace `bench`, and this workspace is `other`";
    for command in ["plan", "apply", "drift", "doctor"] {
        let ended = bench.run(command);
        // `doctor` wraps its lines.
        let said = (ended.out + &ended.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ended.code, 1, "{said}");
        for part in ["ledger.json", why, "its own `ledger.path`", "rosterctl ledger rename other"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    bench.run("unlock").expect(0, &["nothing to free"]);
    assert_eq!(fs::read_to_string(&ledger).unwrap(), written);
    // As the message says; a ledger from before workspaces were recorded is accepted.
    let said = "  \"workspace\": \"bench\",\n";
    for way in [written.replace(said, "  \"workspace\": \"other\",\n"), written.replace(said, "")] {
        fs::write(&ledger, way).unwrap();
        bench.run("apply").expect(0, &["Nothing to do"]);
        assert_eq!(read(&ledger)["workspace"], "other");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_with_credentials_is_refused_and_not_shown() {
    let bench = Bench::new("{ url: \"s3://key:hunter2@bucket/prefix\" }", 0).await;
    let ended = bench.run("apply");
    ended.expect(1, &["before an `@`"]);
    assert!(!ended.err.contains("hunter2"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_workload_identity_are_named_with_a_way_out() {
    let mut bench = Bench::new("{ url: \"gs://rosters/acme\" }", 0).await;
    let file = bench.path("federated.json");
    fs::write(&file, json!({"type": "external_account", "audience": "canary"}).to_string()).unwrap();
    bench.env.push(("GOOGLE_APPLICATION_CREDENTIALS", file.display().to_string()));
    let why = "federated.json of GOOGLE_APPLICATION_CREDENTIALS is of type `external_account`";
    for command in ["plan", "apply"] {
        let ended = bench.run(command);
        ended.expect(6, &[why, "GOOGLE_BEARER_TOKEN=$(gcloud auth print-access-token)"]);
        assert!(!ended.err.contains("canary"), "{}", ended.err);
    }
    // A scheduler must not try it again.
    let told: Json = serde_json::from_str(&bench.run("plan --format json").out).unwrap();
    assert_eq!(told["reason"], "signIn", "{told}");
}

impl Bucket {
    async fn bench(&self, ledger: &str, slowest_ms: u32) -> Bench {
        let mut bench = Bench::new(ledger, slowest_ms).await;
        bench.env.clone_from(&self.env);
        bench
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_applies_race_for_a_bucket() {
    let Some(s3) = Bucket::s3().await else { return };
    let bench = s3.bench("{ url: s3://rosters/acme/prod }", 400).await;
    race(&bench);
    assert!(!bench.path(".rosterctl/ledger.json").exists());
    let ledger = s3.ledger("acme/prod").await;
    assert_eq!(ledger["resources"].as_object().unwrap().len(), AGENTS);
}

/// Checks a run that is killed, one that is freed, and one that is frozen, on the ledgers below a URL.
async fn locked_as_a_file_is(bucket: &Bucket, url: &str) {
    let killed = bucket.bench(&format!("{{ url: {url}/killed, lease: 10m }}"), 400).await;
    let freed = bucket.bench(&format!("{{ url: {url}/freed, lease: 3s }}"), 1500).await;
    let mut frozen = bucket.bench(&format!("{{ url: {url}/frozen, lease: 2s }}"), 900).await;
    let runtime = tokio::runtime::Handle::current();
    let ledger = move |_: &Bench| runtime.block_on(bucket.ledger("frozen"));
    // The three mostly wait.
    std::thread::scope(|scope| {
        scope.spawn(|| kill(&killed));
        scope.spawn(|| free(&freed));
        scope.spawn(|| freeze(&mut frozen, Duration::from_secs(2), ledger, false));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_locked_as_a_file_is() {
    let Some(s3) = Bucket::s3().await else { return };
    locked_as_a_file_is(&s3, "s3://rosters").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_of_azure_is_locked_as_a_file_is() {
    let Some(azure) = Bucket::azure().await else { return };
    locked_as_a_file_is(&azure, "az://rosters").await;
    race(&azure.bench("{ url: az://rosters/raced }", 100).await);
    let mut bench = azure.bench("{ url: az://nowhere/prefix }", 0).await;
    for command in ["plan", "apply"] {
        bench.run(command).expect(6, &["make the bucket first"]);
    }
    let key = BASE64_STANDARD.encode("canary-of-azure");
    bench.env.retain(|(name, _)| *name != "AZURE_STORAGE_ACCOUNT_KEY");
    bench.env.push(("AZURE_STORAGE_ACCOUNT_KEY", key.clone()));
    let told: Json = serde_json::from_str(&bench.run("plan --format json").out).unwrap();
    assert_eq!(told["reason"], "signIn", "{told}");
    assert!(!told.to_string().contains(&key), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runners_that_race_for_a_bucket_one_writes() {
    let Some(s3) = Bucket::s3().await else { return };
    let bench = s3.bench("{ url: s3://rosters/raced, lease: 2s }", 100).await;
    race_often(&bench, |_| {
        let put = async { s3.store.put(&"raced/lock.json".into(), abandoned().into()).await };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(put)).unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tries_the_writes_of_a_lock_on_an_object_of_its_own() {
    let Some(s3) = Bucket::s3().await else { return };
    let mut bench = s3.bench("{ url: s3://rosters/tried }", 0).await;
    bench.run("doctor").expect(0, &["it is free"]);
    bench.env.push(("AWS_ACCESS_KEY_ID", READER.to_owned()));
    bench.run("plan").expect(0, &[]);
    bench.run("doctor").expect(1, &["s3://rosters/tried/trial.json cannot be written"]);
    bench.run("apply --format json").expect(6, &["lock.json cannot be written", "\"reason\": \"signIn\""]);
    assert_eq!(bench.agents(), 0);
    for name in ["trial", "lock", "ledger"] {
        assert!(s3.store.head(&format!("tried/{name}.json").into()).await.is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_cannot_be_used_is_said_without_secrets() {
    let Some(s3) = Bucket::s3().await else { return };
    let mut bench = s3.bench("{ url: s3://nowhere/prefix }", 0).await;
    bench.run("plan").expect(6, &["make the bucket first"]);
    bench.run("apply").expect(6, &["make the bucket first"]);
    bench.env.push(("AWS_SECRET_ACCESS_KEY", "canary-of-another".to_owned()));
    for ended in [bench.run("plan --format json"), bench.run("apply --format json")] {
        ended.expect(6, &["SignatureDoesNotMatch", "\"reason\": \"signIn\""]);
        assert!(!ended.out.contains("canary-of-another"), "{}", ended.out);
    }
    bench.env.retain(|(name, _)| *name != "AWS_ALLOW_HTTP");
    for ended in [bench.run("plan"), bench.run("apply")] {
        ended.expect(1, &["AWS_ALLOW_HTTP=true"]);
        assert!(!ended.err.contains("canary-of-"), "{}", ended.err);
    }
    assert_eq!(bench.agents(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_stops_answering_is_told_as_that_within_the_lease() {
    // Its own server: others would freeze with it.
    let Some(bucket) = Bucket::azure().await else { return };
    let bench = bucket.bench("{ url: az://rosters/acme, lease: 2s }", 1500).await;
    let silent = "the store did not answer within 2s (`ledger.lease`, at most 2m)";
    let child = bench.start("apply");
    bench.wait_for_work();
    bucket.server.signal("STOP");
    let ended = Ended::new(child);
    let why = "The lock was lost (it could not be renewed within its lease: the store does not answer)";
    ended.expect(5, &[why, silent]);
    assert!(!ended.out.contains("Interrupted"), "{}", ended.out);
    bench.run("plan").expect(6, &[&format!("acme/ledger.json cannot be read: {silent}")]);
    bench.run("apply").expect(6, &[&format!("acme/lock.json cannot be read: {silent}")]);
    assert!((1..AGENTS).contains(&bench.agents()), "{}", bench.agents());
    bucket.server.signal("CONT");
    bench.run("apply").expect(0, &[]);
    assert_eq!((bench.agents(), bench.writes()), (AGENTS, AGENTS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_moves_to_another_store_behind_an_own_authority() {
    let Some(certificates) = Certificates::new() else { return };
    let (Some(s3), Some(azure)) = (Bucket::s3().await, Bucket::azure().await) else { return };
    let endpoint = s3.env[0].1.clone();
    let Some((nginx, address)) = nginx(&certificates.tls(), &endpoint, "", "") else { return };
    let mut bench = azure.bench("{ url: az://rosters/moved }", 0).await;
    bench.run("apply").expect(0, &[]);
    let authority = certificates.path("ca.pem").display().to_string();
    let own =
        [("AWS_ENDPOINT_URL", address), ("AWS_ALLOW_HTTP", "false".to_owned()), ("SSL_CERT_FILE", authority)];
    bench.env.extend(s3.env.iter().cloned().chain(own));
    bench.run("ledger copy s3://rosters/moved").expect(0, &["1 record"]);
    assert_eq!(s3.ledger("moved").await["resources"], azure.ledger("moved").await["resources"]);
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    fs::write(bench.path("rosterctl.yaml"), file.replace("az://", "s3://")).unwrap();
    bench.run("apply").expect(0, &["Nothing to do"]);
    assert_eq!(runs(&bench).len(), 1);
    assert!(nginx.read("access").lines().all(|line| line.contains(" HTTP/2.0 ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_a_gateway_swallows_loses_no_lock() {
    let Some(azure) = Bucket::azure().await else { return };
    let rules = "    stick-table type ip size 10 expire 60s store http_req_cnt
    http-request track-sc0 src
    http-request silent-drop if { sc_http_req_cnt(0) eq 6 }";
    let (_, endpoint) = azure.env[0].clone();
    let (host, account) = endpoint.rsplit_once('/').unwrap();
    let Some((haproxy, address)) = haproxy(host, rules) else { return };
    let mut bench = azure.bench("{ url: az://rosters/acme, lease: 3s }", 700).await;
    bench.env[0].1 = format!("{address}/{account}");
    bench.run("apply").expect(0, &[]);
    let log = haproxy.read("log");
    let swallowed = log.lines().find(|line| line.ends_with(" -1"));
    assert!(swallowed.is_some_and(|line| line.contains("acme/lock.json")), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_behind_a_proxy_that_asks_for_a_sign_in_holds_a_ledger() {
    let Some(s3) = Bucket::s3().await else { return };
    let host = "store.example.test";
    let Some((squid, proxy)) = squid(host, Some("me:pass-71")) else { return };
    let mut bench = s3.bench("{ url: s3://rosters/proxied }", 0).await;
    for (name, value) in &mut bench.env {
        if *name == "AWS_ENDPOINT_URL" {
            *value = value.replace("127.0.0.1", host);
        }
    }
    bench.env.push(("HTTP_PROXY", format!("http://me:pass-72@{proxy}")));
    let ended = bench.run("apply");
    ended.expect(6, &[&format!("the proxy http://{proxy} (HTTP_PROXY) asks for a sign-in")]);
    assert!(!ended.err.contains("pass-72"), "{}", ended.err);
    // It is tried once.
    assert_eq!(squid.read("access").lines().filter(|line| line.ends_with(" 407")).count(), 1);
    bench.env.push(("HTTP_PROXY", format!("http://me:pass-71@{proxy}")));
    bench.run("apply").expect(0, &[]);
    assert_eq!(runs(&bench).len(), 1);
    assert_eq!(s3.ledger("proxied").await["resources"].as_object().unwrap().len(), AGENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_ignores_conditions_holds_no_lock() {
    let Some(bucket) = Bucket::unconditional() else { return };
    let bench = bucket.bench("{ url: s3://rosters/acme }", 0).await;
    let why = "s3://rosters ignores conditional writes";
    bench.run("plan").expect(0, &[]);
    bench.run("doctor").expect(1, &[why]);
    bench.run("apply").expect(6, &[why]);
    assert_eq!(bench.agents(), 0);
    assert!(bucket.store.get(&"acme/ledger.json".into()).await.is_err());
}
