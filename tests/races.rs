//! Two processes with two workspaces, one store and one agent. The store holds the live password, whichever process
//! was faster, and also when one of them was killed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use bench::{Bench, command_in, md5_of};

/// Each call of a vendor takes from 0 to 15 ms.
const SEED: &str = "faults: { seed: 11, delayMs: { probability: 1, max: 15 } }\n";

/// Returns the number of races: few, unless the environment sets it.
fn races() -> u32 {
    std::env::var("ROSTERCTL_RACES").ok().and_then(|races| races.parse().ok()).unwrap_or(6)
}

/// A bench with a second workspace of the same name, which uses the same store.
struct Pair {
    bench: Bench,
    folders: [PathBuf; 2],
}

impl Pair {
    fn new() -> Self {
        let bench = Bench::new(SEED);
        let own = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
        // So many runs would exceed the rate limit of the queue vendor.
        let (agents, rest) = own.split_once("  webchat:").unwrap();
        let own = format!("{agents}{}", &rest[rest.find("secrets:").unwrap()..]);
        bench.write("rosterctl.yaml", &own);
        let store = bench.path("secrets").display().to_string();
        bench.write("other/rosterctl.yaml", &own.replace("path: secrets", &format!("path: {store}")));
        let folders = [bench.folder.path().to_owned(), bench.path("other")];
        Self { bench, folders }
    }

    /// Writes one agent into both workspaces.
    fn roster(&self, id: u32, more: &str) {
        let text = format!(
            "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - {{ operatorId: \"{id}\", name: 坐席, role: 坐席, \
             password: {{ store: files, key: \"agents/{{operatorId}}\", generate: true{more} }} }}\n"
        );
        for folder in ["roster/roster.yaml", "other/roster/roster.yaml"] {
            self.bench.write(folder, &text);
        }
    }

    fn begin(&self, at: usize) -> Child {
        let mut command = command_in(&self.folders[at], &["apply", "--auto-approve", "-q"], &[]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs apply in both workspaces at once.
    fn race(&self, round: u32) {
        let mut first = self.begin(0);
        std::thread::sleep(Duration::from_millis(u64::from(round % 5) * 7));
        let mut second = self.begin(1);
        let (first, second) = (first.wait().unwrap(), second.wait().unwrap());
        let codes = [first.code().unwrap(), second.code().unwrap()];
        assert!(codes.iter().all(|code| [0, 3, 5].contains(code)), "{codes:?}");
        assert!(codes.contains(&0), "{codes:?}");
    }

    fn stored(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.bench.path(&format!("secrets/agents/{name}"))).ok()
    }

    fn live(&self, id: u32) -> String {
        self.bench
            .with(|estate| estate.get::<AgentConfig>().agent(&id.to_string()).unwrap().password_md5.clone())
    }

    /// Asserts that the live password is the store's, and that no rotation is unfinished.
    #[track_caller]
    fn holds(&self, id: u32) {
        let stored = self.stored(&id.to_string()).unwrap();
        assert_eq!(self.live(id), md5_of(&stored), "the store has lost the password of {id}");
        assert_eq!(self.stored(&format!("{id}.previous")), None);
    }

    /// Copies the first workspace's ledger to the second.
    fn share(&self) {
        let ledger = fs::read_to_string(self.bench.path(".rosterctl/ledger.json")).unwrap();
        self.bench.write("other/.rosterctl/ledger.json", &ledger);
    }
}

#[test]
fn a_password_that_two_processes_make_is_in_the_store() {
    let pair = Pair::new();
    for round in 0..races() {
        let id = 8000 + round;
        pair.roster(id, "");
        pair.race(round);
        pair.holds(id);
    }
}

#[test]
fn a_password_that_two_processes_rotate_is_in_the_store() {
    let pair = Pair::new();
    pair.roster(8001, ", version: 1");
    pair.bench.run(&["apply", "--auto-approve"]).exits(0);
    let mut before = pair.stored("8001").unwrap();
    for round in 0..races() {
        pair.share();
        pair.roster(8001, &format!(", version: {}", round + 2));
        pair.race(round);
        pair.holds(8001);
        let now = pair.stored("8001").unwrap();
        assert_ne!(now, before);
        before = now;
    }
}

#[test]
fn a_rotation_that_was_cut_off_leaves_both_passwords_and_is_gone_on_with() {
    let pair = Pair::new();
    for round in 0..races() {
        let id = 8100 + round;
        pair.roster(id, ", version: 1");
        pair.bench.run(&["apply", "--auto-approve"]).exits(0);
        let former = pair.stored(&id.to_string()).unwrap();
        pair.roster(id, ", version: 2");
        let mut child = pair.begin(0);
        while pair.stored(&format!("{id}.previous")).is_none() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(u64::from(round % 5) * 6));
        let _ = child.kill();
        child.wait().unwrap();
        let known = [pair.stored(&id.to_string()), pair.stored(&format!("{id}.previous"))];
        let known: Vec<String> = known.iter().flatten().map(|text| md5_of(text)).collect();
        assert!(known.contains(&pair.live(id)), "the store has lost the password of {id}");
        let made = pair.stored(&id.to_string()).unwrap();
        pair.bench.run(&["apply", "--auto-approve"]).exits(0);
        pair.holds(id);
        // The rotation was unfinished: its password was generated, and the vendor's response was not processed.
        if known.len() == 2 && made != former {
            assert_eq!(pair.stored(&id.to_string()).unwrap(), made, "one rotation makes one password");
        }
    }
}
