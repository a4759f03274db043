//! Three interruptions: the program is killed after each k-th request, the vendor breaks the connection after a call,
//! or the operator stops the run. Afterwards the store holds the password of every live agent, and no queue is
//! duplicated. No agent is deleted outside the plan, and the next run finishes the work.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and tells what it counted")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bench::{Bench, command_in, md5_of};
use rosterctl::sandbox::faults::Faults;

const SEED: &str = "faults: { seed: 7, delayMs: { probability: 1, max: 15 } }
agents:
  - { operatorId: \"7001\", name: 离职, mainGroupName: 售前 }
  - { operatorId: \"7002\", name: 别人 }
queues:
  - { displayName: 旧队列, assignMembers: [{ agentNumber: \"7001\" }, { agentNumber: \"7002\" }] }
";

const ROSTER: &str = r#"agents:
  - { operatorIds: 8001..8004, name: "坐席{operatorId}", role: 坐席, mainSkillGroup: 售前, enabled: false,
      password: { store: files, key: "{operatorId}", generate: true } }
  - { operatorId: "7001", state: absent }
queues:
  - { displayName: 在线, assignMembers: ["8001", "8002"] }
  - { displayName: 夜班, assignMembers: ["8003"] }
"#;

/// Creates a bench whose queue calls time out after three seconds.
fn bench(seed: &str) -> Bench {
    let bench = Bench::new(seed);
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace("accountId: N1", "accountId: N1\n    timeout: 3s"));
    bench
}

/// Starts an apply.
fn begin(bench: &Bench) -> Child {
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve", "-q"], &[]);
    command.stdout(Stdio::null()).spawn().unwrap()
}

/// Waits for a condition; returns false if the program ended first.
fn until(child: &mut Child, mut so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !so() {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        assert!(Instant::now() < deadline, "apply does not come to an end");
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Returns the number of requests so far.
fn requests(bench: &Bench, path: &str) -> u64 {
    bench.with(|estate| estate.calls.iter().filter(|(p, _)| p.contains(path)).map(|(_, n)| *n as u64).sum())
}

/// Runs apply and kills it after `k` requests; returns false if it ended first.
fn killed_after(bench: &Bench, k: u64) -> bool {
    let mut child = begin(bench);
    let killed = until(&mut child, || requests(bench, "") >= k);
    let _ = child.kill();
    child.wait().unwrap();
    killed
}

/// The treatment of requests whose path holds a word.
#[derive(Clone, Copy)]
struct Slow {
    word: &'static str,
    /// The delay before forwarding, in milliseconds. The client may be gone by then.
    after: u64,
    /// The gateway's own immediate response to the first such request.
    first: Option<&'static str>,
    /// True if the gateway forwards that request too.
    hands_on: bool,
}

/// Puts a gateway before the vendors that delays some requests by one second. Their path holds the word.
///
/// Returns the count of such requests.
fn slow_gateway(bench: &Bench, word: &'static str) -> Arc<AtomicUsize> {
    gateway(bench, Slow { word, after: 1000, first: None, hands_on: true })
}

fn gateway(bench: &Bench, slow: Slow) -> Arc<AtomicUsize> {
    let came = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&came);
    let vendors = bench.url().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, vendors, seen) = (client.unwrap(), vendors.clone(), Arc::clone(&seen));
            std::thread::spawn(move || hand_on(&client, &vendors, slow, &seen));
        }
    });
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace(&bench.url(), &format!("http://{address}")));
    came
}

/// The arrival times of requests, by operation.
type Arrivals = Arc<Mutex<BTreeMap<String, Vec<Instant>>>>;

/// Puts a gateway before the vendors that records the arrival of each request.
fn watching_gateway(bench: &Bench) -> Arrivals {
    let arrivals = Arrivals::default();
    let taken = Arc::clone(&arrivals);
    let vendors = bench.url().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move |client: &TcpStream, vendors: &str, taken: &Arrivals| -> Option<()> {
        let vendor = TcpStream::connect(vendors).unwrap();
        let (mut asks, mut answers, mut client) = (BufReader::new(client), BufReader::new(&vendor), client);
        loop {
            let request = message(&mut asks)?;
            let line = String::from_utf8_lossy(&request).lines().next()?.to_owned();
            let operation = line.split(['/', '?']).find(|part| part.contains("Queue"));
            if let Some(operation) = operation {
                taken.lock().unwrap().entry(operation.to_owned()).or_default().push(Instant::now());
            }
            (&vendor).write_all(&request).ok()?;
            // The client may be gone.
            client.write_all(&message(&mut answers)?).ok()?;
        }
    };
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, vendors, taken) = (client.unwrap(), vendors.clone(), Arc::clone(&taken));
            std::thread::spawn(move || serve(&client, &vendors, &taken));
        }
    });
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace(&bench.url(), &format!("http://{address}")));
    arrivals
}

/// Forwards the requests of one connection, and their responses back.
fn hand_on(client: &TcpStream, vendors: &str, slow: Slow, seen: &AtomicUsize) -> Option<()> {
    let vendor = TcpStream::connect(vendors).unwrap();
    let (mut asks, mut answers) = (BufReader::new(client), BufReader::new(&vendor));
    loop {
        let request = message(&mut asks)?;
        let (mut client, mut answered) = (client, false);
        if String::from_utf8_lossy(&request).lines().next()?.contains(slow.word) {
            let first = seen.fetch_add(1, Ordering::SeqCst) == 0;
            let said = slow.first.filter(|_| first).unwrap_or_default();
            client.write_all(said.as_bytes()).ok()?;
            answered = !said.is_empty();
            if answered && !slow.hands_on {
                continue;
            }
            std::thread::sleep(Duration::from_millis(slow.after));
        }
        (&vendor).write_all(&request).ok()?;
        let answer = message(&mut answers)?;
        if answered {
            continue;
        }
        // The client may be gone.
        client.write_all(&answer).ok()?;
    }
}

/// Reads one message, head and body.
fn message(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        bytes.extend_from_slice(line.as_bytes());
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}

fn interrupt(child: &Child) {
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
}

/// Returns the journal, if there is one.
fn journal(bench: &Bench) -> Option<PathBuf> {
    let own = fs::read_dir(bench.path(".rosterctl")).into_iter().flatten().filter_map(Result::ok);
    own.map(|entry| entry.path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("journal-bench-"))
}

/// Asserts the invariants that hold at any moment.
#[track_caller]
fn sound(bench: &Bench) {
    for id in ["8001", "8002", "8003", "8004"] {
        if let Some(live) =
            bench.with(|e| e.get::<AgentConfig>().agent(id).map(|agent| agent.password_md5.clone()))
        {
            let stored = fs::read_to_string(bench.path(&format!("secrets/{id}"))).unwrap();
            assert_eq!(md5_of(&stored), live, "{id}");
            let journal = journal(bench).map(|path| fs::read_to_string(path).unwrap_or_default());
            let journal = journal.unwrap_or_default();
            assert!(!journal.contains(&stored) && !journal.contains(&live), "a secret in the journal");
        }
    }
    let mut names = bench.with(|e| -> Vec<String> {
        e.get::<WebchatQueue>().queues.iter().map(|q| q.display_name.clone()).collect()
    });
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a queue was doubled: {names:?}");
    assert!(bench.agents().contains(&"7002".to_owned()), "no run asked for that deletion");
}

/// Asserts that live state equals `ROSTER`.
#[track_caller]
fn finished(bench: &Bench) {
    sound(bench);
    let plan = bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    // The journal and live state show the earlier run's work, so no field that it set is unknown.
    assert!(!plan.out.contains("R102"), "{}", plan.out);
    assert_eq!(journal(bench), None);
    assert_eq!(bench.agents(), ["7002", "8001", "8002", "8003", "8004"]);
    assert_eq!(bench.members("在线").len(), 2);
    assert_eq!(bench.members("旧队列"), [("7002".to_owned(), 0)]);
    assert_eq!(bench.departures(), Vec::<String>::new());
}

#[test]
fn a_kill_at_any_request_loses_nothing_and_the_next_run_finishes() {
    let mut kills = 0;
    for k in 0.. {
        let bench = bench(SEED);
        bench.roster(ROSTER);
        let killed = killed_after(&bench, k);
        sound(&bench);
        if !killed {
            break;
        }
        kills += 1;
        bench.run(&["apply", "--auto-approve"]).exits(0);
        finished(&bench);
    }
    // 4 agents created, 4 edited, 2 queues created, 1 queue left, 1 deletion; and the reads before, between and
    // after.
    assert!(kills >= 16, "only {kills} kills");
}

#[test]
fn a_journal_says_nothing_against_a_ledger_that_was_written_after_it() {
    let bench = bench("");
    bench.workspace("policy: { prune: owned }\n");
    let came = gateway(&bench, Slow { word: "page", after: 200, first: None, hands_on: true });
    let agent = "agents: [{ operatorId: \"8001\", name: a, role: 坐席 }]\n";
    bench.roster(agent);
    let mut child = begin(&bench);
    // The run has read live state, and is reading back the agent that it created.
    assert!(until(&mut child, || came.load(Ordering::SeqCst) == 2));
    child.kill().unwrap();
    child.wait().unwrap();
    // If no other run intervened, the journal tells what this one did.
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    let ledger = |serial: u32, resources: &str| {
        let head = "\"format\": \"rosterctl.ledger\", \"version\": 1, \"workspace\": \"bench\"";
        let text = format!("{{ {head}, \"serial\": {serial}, \"resources\": {{ {resources} }} }}");
        bench.write(".rosterctl/ledger.json", &text);
    };
    // Another checkout changed the role to team leader.
    bench.roster(&agent.replace("坐席", "班长"));
    bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    ledger(2, "\"agent/8001\": { \"fields\": { \"role\": \"班长\" } }");
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    // Another checkout deleted it, and a person created another one by hand.
    bench.roster("agents: []\n");
    bench.run(&["plan", "--detailed-exitcode", "--allow", "deletes=1"]).exits(2);
    ledger(3, "");
    let said = bench.run(&["plan", "--detailed-exitcode", "--allow", "deletes=1"]).exits(0);
    assert!(said.out.contains("R201"), "{}", said.out);
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(said.err.contains("Other runs have written the ledger since"), "{}", said.err);
    assert_eq!((bench.agents(), journal(&bench)), (vec!["8001".to_owned()], None));
}

#[test]
fn a_queue_created_after_its_client_was_killed_gets_no_duplicate() {
    let bench = bench("");
    let came = slow_gateway(&bench, "addQueue");
    bench.roster("queues:\n  - { displayName: 在线 }\n  - { displayName: 夜班 }\n");
    let mut child = begin(&bench);
    assert!(until(&mut child, || came.load(Ordering::SeqCst) == 2));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 0);
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(said.err.contains("did not see it: the vendor may still make it"), "{}", said.err);
    assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 2);
}

#[test]
fn a_queue_that_a_gateway_gave_up_on_is_awaited_and_asked_for_again_by_the_next_run_alone() {
    let first = Some("HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 0\r\n\r\n");
    for hands_on in [true, false] {
        let bench = bench("");
        let came = gateway(&bench, Slow { word: "addQueue", after: 2500, first, hands_on });
        bench.roster("queues:\n  - { displayName: 在线 }\n");
        let said = bench.run(&["apply", "--auto-approve"]);
        assert_eq!(came.load(Ordering::SeqCst), 1, "{}", said.err);
        if hands_on {
            said.exits(0);
        } else {
            assert!(said.exits(5).out.contains("may still be created"));
            bench.run(&["apply", "--auto-approve"]).exits(0);
            assert_eq!(came.load(Ordering::SeqCst), 2);
        }
        assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 1);
    }
}

#[test]
fn a_queue_is_awaited_from_the_moment_at_which_its_call_left_and_whatever_runs_between() {
    let bench = bench("");
    let first = Some("HTTP/1.1 429 Slow down\r\nretry-after: 4\r\ncontent-length: 0\r\n\r\n");
    let came = gateway(&bench, Slow { word: "addQueue", after: 2000, first, hands_on: false });
    let roster = "agents: [{ operatorId: \"8001\", role: 坐席, mainSkillGroup: 售前 }]\nqueues:\n  - { displayName: 在线 }\n";
    bench.roster(roster);
    let mut child = begin(&bench);
    assert!(until(&mut child, || came.load(Ordering::SeqCst) == 2));
    child.kill().unwrap();
    child.wait().unwrap();
    // This run has nothing to do, and discards the journal.
    bench.run(&["apply", "--auto-approve", "--target", "agent/8001"]).exits(0);
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(said.err.contains("did not see it: the vendor may still make it"), "{}", said.err);
    assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 1);
}

#[test]
fn a_password_that_the_vendor_took_is_remembered_although_it_could_not_be_read_back() {
    let bench = bench("");
    let roster = |version: u32| {
        bench.roster(&format!(
            "agents:\n  - {{ operatorId: \"8001\", role: 坐席, mainSkillGroup: 售前, password: {{ store: files, key: all, generate: true, version: {version} }} }}\n"
        ));
    };
    let agrees = |id: &str| {
        let stored = fs::read_to_string(bench.path("secrets/all")).unwrap();
        let live = bench.with(|e| e.get::<AgentConfig>().agent(id).unwrap().password_md5.clone());
        assert_eq!(md5_of(&stored), live, "{id}");
        stored
    };
    roster(1);
    bench.with(|estate| {
        // The fault begins after the reads for the plan.
        let (only, after) = (vec!["page".to_owned()], 1);
        estate.faults = Faults { server_error: 1.0, only, after, ..Faults::default() };
    });
    bench.run(&["apply", "--auto-approve"]).exits(5);
    bench.with(|estate| estate.faults = Faults::default());
    let first = agrees("8001");
    // The ledger knows the password's owner, so that it may be rotated.
    roster(2);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_ne!(agrees("8001"), first, "the rotation was not done");
}

/// Returns the names of the rate window files that are not empty.
fn windows(bench: &Bench) -> BTreeSet<String> {
    let entries = fs::read_dir(bench.path("state/rosterctl/rate")).into_iter().flatten();
    let files = entries.map(|entry| entry.unwrap().path());
    let name = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (!name.starts_with('.') && fs::metadata(&path).unwrap().len() > 0).then_some(name)
    };
    files.filter_map(name).collect()
}

/// Kills `ROSTERCTL_KILLS` runs and, with `--nocapture`, prints the counts.
#[test]
fn no_kill_lets_a_window_see_more_calls_than_allowed_or_loses_its_file() {
    const PER: Duration = Duration::from_secs(2);
    const CALLS: usize = 20;
    let kills = std::env::var("ROSTERCTL_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(30);
    let bench = bench(&format!("rateLimit: {{ calls: {CALLS}, perMs: {} }}\n{SEED}", PER.as_millis()));
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let limit = format!("rateLimit: {{ calls: {CALLS}, per: {}s }}", PER.as_secs());
    let file =
        file.replace("rateLimit: { calls: 1000, per: 1s }", &limit).replace("timeout: 3s", "timeout: 1s");
    bench.write("rosterctl.yaml", &file);
    let arrivals = watching_gateway(&bench);
    // The length of a whole run, so that a kill may come at any moment.
    let begin = Instant::now();
    bench.roster(ROSTER);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let longest = u64::try_from(begin.elapsed().as_millis()).unwrap();
    let (mut killed, mut known) = (0, windows(&bench));
    while killed < kills {
        // Each run has something to do.
        let members = ["8001", "8002", "8003", "8004"].into_iter().filter(|_| fastrand::bool());
        let members: Vec<String> = members.map(|id| format!("{{ agentNumber: \"{id}\" }}")).collect();
        let members = format!("assignMembers: [{}], allowEmpty: true", members.join(", "));
        bench.roster(&ROSTER.replace("assignMembers: [\"8001\", \"8002\"]", &members));
        let run = |arguments: &[&str]| {
            let mut command = command_in(bench.folder.path(), arguments, &[]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let (plan, apply) = (&["plan", "-q"][..], &["apply", "--auto-approve", "-q"][..]);
        for mut child in [run(plan), run(apply), run(plan)] {
            std::thread::sleep(Duration::from_millis(fastrand::u64(0..longest / 2)));
            killed += usize::from(child.try_wait().unwrap().is_none());
            let _ = child.kill();
            child.wait().unwrap();
        }
        let now = windows(&bench);
        assert!(now.is_superset(&known), "lost after {killed} kills: {known:?}, {now:?}");
        known = now;
    }
    bench.run(&["apply", "--auto-approve"]).exits(0);
    for (operation, at) in &*arrivals.lock().unwrap() {
        let within =
            |first: &Instant| at.iter().filter(|at| *at >= first && at.duration_since(*first) < PER).count();
        let most = at.iter().map(within).max().unwrap();
        eprintln!("{killed} kills: {operation} came {} times, at most {most} in {PER:?}", at.len());
        assert!(most <= CALLS, "{operation}: {most} calls in a window");
    }
    sound(&bench);
}

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_a_second_one_stops_at_once() {
    for twice in [false, true] {
        let bench = bench(SEED);
        let came = slow_gateway(&bench, "create/v2");
        bench.roster(ROSTER);
        let mut child = begin(&bench);
        assert!(until(&mut child, || came.load(Ordering::SeqCst) == 2));
        interrupt(&child);
        if twice {
            std::thread::sleep(Duration::from_millis(50));
            interrupt(&child);
        }
        assert_eq!(child.wait().unwrap().code(), Some(130));
        sound(&bench);
        // Calls in flight were finished and recorded, unless the run was stopped at once.
        assert_eq!(journal(&bench).is_some(), twice);
        assert!(bench.agents().len() < 5, "it went on");
        bench.run(&["apply", "--auto-approve"]).exits(0);
        finished(&bench);
    }
}

#[test]
fn a_connection_that_breaks_after_each_kind_of_call_doubles_and_loses_nothing() {
    for operation in ["create/v2", "edit/v2", "del/v2", "editPwd", "addQueue", "updateQueueAssignMembers"] {
        let bench = bench(SEED);
        bench.roster(
            "agents:\n  - { operatorId: \"7003\", allowAnyRole: true, password: { store: files, key: \"7003\", generate: true, version: 1 } }\n",
        );
        bench.run(&["apply", "--auto-approve"]).exits(0);
        let rotated = "  - { operatorId: \"7003\", allowAnyRole: true, password: { store: files, key: \"7003\", generate: true, version: 2 } }\nqueues:";
        bench.roster(&ROSTER.replace("queues:", rotated));
        let before = requests(&bench, operation);
        bench.with(|estate| {
            estate.faults = Faults { drop_after: 1.0, only: vec![operation.to_owned()], ..Faults::default() };
        });
        let said = bench.run(&["apply", "--auto-approve"]);
        assert!([0, 5].contains(&said.code), "{operation}: {}", said.err);
        assert!(requests(&bench, operation) > before, "{operation} was not called");
        sound(&bench);
        bench.with(|estate| estate.faults = Faults::default());
        bench.run(&["apply", "--auto-approve"]).exits(0);
        let live = bench.with(|e| e.get::<AgentConfig>().agent("7003").unwrap().password_md5.clone());
        assert_eq!(md5_of(&fs::read_to_string(bench.path("secrets/7003")).unwrap()), live, "{operation}");
        bench.with(|estate| estate.get_mut::<AgentConfig>().remove("7003"));
        bench.roster(ROSTER);
        finished(&bench);
    }
}

#[test]
fn a_workspace_beside_takes_neither_the_journal_nor_the_agents_of_one_that_was_killed() {
    let bench = bench("agents: [{ operatorId: \"7001\" }]\n");
    let came = slow_gateway(&bench, "create/v2");
    let owned = "policy: { prune: owned, limits: { floor: 100 } }\n";
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap() + owned;
    bench.write("rosterctl.yaml", &file);
    let other = file.replace("name: bench", "name: bench.b").replace("[roster]", "[other]");
    bench.write("b.yaml", &format!("{other}ledger: {{ path: .rosterctl/b.json }}\n"));
    bench.roster("agents:\n  - { operatorIds: 8001..8012, allowAnyRole: true, name: A }\n");
    bench.write(
        "other/b.yaml",
        "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - { operatorId: \"7001\", name: B }\n",
    );
    let mut child = begin(&bench);
    assert!(until(&mut child, || came.load(Ordering::SeqCst) > 2));
    // Another run starts, under its own lock.
    bench.run(&["apply", "b.yaml", "--auto-approve", "-q"]).exits(0);
    child.kill().unwrap();
    child.wait().unwrap();
    // The calls in flight arrive.
    std::thread::sleep(Duration::from_millis(1200));
    let (made, left) = (bench.agents(), journal(&bench));
    assert!((4..12).contains(&made.len()) && left.is_some(), "{made:?}");
    let said = bench.run(&["apply", "b.yaml", "--auto-approve"]).exits(0);
    assert!(!said.err.contains("did not come to its end"), "{}", said.err);
    assert_eq!((bench.agents(), journal(&bench)), (made, left));
    // Created agents are not forgotten: they are owned, and go with their declaration.
    bench.roster("agents: [{ operatorId: \"8001\" }]\n");
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(said.err.contains("did not come to its end"), "{}", said.err);
    assert_eq!((bench.agents(), journal(&bench)), (vec!["7001".to_owned(), "8001".to_owned()], None));
}
