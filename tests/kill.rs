//! The program is killed after each k-th change at the vendors: the store holds the password of every live
//! agent, no queue is doubled, nobody is deleted that the plan did not name, and the next run finishes the
//! work.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bench::{Bench, command_in};
use md5::{Digest as _, Md5};

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

/// Runs apply and kills it once the vendors have carried out `k` changes; false when it ended before.
fn killed_after(bench: &Bench, k: u64) -> bool {
    let start = bench.with(|estate| estate.revision);
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve", "-q"], &[]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        if bench.with(|estate| estate.revision) >= start + k {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        assert!(Instant::now() < deadline, "apply does not come to an end");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn md5_of(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// What must hold at any moment.
#[track_caller]
fn sound(bench: &Bench) {
    for id in ["8001", "8002", "8003", "8004"] {
        if let Some(live) = bench.with(|e| e.agent_config.agent(id).map(|agent| agent.password_md5.clone())) {
            let stored = fs::read_to_string(bench.path(&format!("secrets/{id}"))).unwrap();
            assert_eq!(md5_of(&stored), live, "{id}");
            let journal = fs::read_to_string(bench.path(".rosterctl/journal.jsonl")).unwrap_or_default();
            assert!(!journal.contains(&stored) && !journal.contains(&live), "a secret in the journal");
        }
    }
    let mut names = bench
        .with(|e| -> Vec<String> { e.webchat_queue.queues.iter().map(|q| q.display_name.clone()).collect() });
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a queue was doubled: {names:?}");
    assert!(bench.agents().contains(&"7002".to_owned()), "nobody asked for that deletion");
}

#[test]
fn a_kill_at_any_change_loses_nothing_and_the_next_run_finishes() {
    let mut kills = 0;
    for k in 0.. {
        let bench = Bench::new(SEED);
        bench.roster(ROSTER);
        let killed = killed_after(&bench, k);
        sound(&bench);
        if !killed {
            break;
        }
        kills += 1;
        bench.run(&["apply", "--auto-approve"]).exits(0);
        sound(&bench);
        let plan = bench.run(&["plan", "--detailed-exitcode"]).exits(0);
        // The journal and what is live tell what the killed run did: nothing it set is unknown.
        assert!(!plan.out.contains("R102"), "killed after {k}: {}", plan.out);
        assert!(!bench.path(".rosterctl/journal.jsonl").exists());
        assert_eq!(bench.agents(), ["7002", "8001", "8002", "8003", "8004"]);
        assert_eq!(bench.members("在线").len(), 2);
        assert_eq!(bench.members("旧队列"), [("7002".to_owned(), 0)]);
        assert_eq!(bench.departures(), Vec::<String>::new());
    }
    // 4 agents made, 4 edited, 2 queues made, 1 left, 1 deletion.
    assert!(kills >= 10, "only {kills} kills");
}
