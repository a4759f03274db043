//! Each queue is created once, whichever runs create it: the vendor accepts duplicate names, and no call deletes a
//! queue.
//!
//! `RACES=n` runs as many races of two workspaces.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::WebchatQueue;
use std::fmt::Write as _;
use std::fs;
use std::process::{Child, Stdio};

use bench::{Bench, command_in};

/// The number of races of a usual run.
const RACES: usize = 4;

fn races() -> usize {
    std::env::var("RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(RACES)
}

/// Starts an apply in a folder of the bench; all runs share the state folder.
fn begin(bench: &Bench, folder: &str) -> Child {
    let state = bench.path("state").display().to_string();
    let environment = [("XDG_STATE_HOME".to_owned(), state)];
    let arguments = ["apply", "--auto-approve", "-q"];
    let mut command = command_in(&bench.path(folder), &arguments, &environment);
    command.stdout(Stdio::null()).spawn().unwrap()
}

/// Creates two workspaces on one tenant that declare the same queues.
fn pair(seed: &str) -> Bench {
    let bench = Bench::new(seed);
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    for folder in ["one", "two"] {
        bench.write(
            &format!("{folder}/rosterctl.yaml"),
            &file.replace("name: bench", &format!("name: {folder}")),
        );
    }
    bench
}

fn declare(bench: &Bench, queues: &[String]) {
    for folder in ["one", "two"] {
        let mut text = "apiVersion: rosterctl/v1\nkind: Roster\nqueues:\n".to_owned();
        for name in queues {
            let _ = writeln!(text, "  - {{ displayName: {name}, assignMembers: [], allowEmpty: true }}");
        }
        bench.write(&format!("{folder}/roster/roster.yaml"), &text);
    }
}

fn count(bench: &Bench, name: &str) -> usize {
    bench.with(|estate| {
        estate.get::<WebchatQueue>().queues.iter().filter(|queue| queue.display_name == name).count()
    })
}

#[test]
fn two_workspaces_on_one_tenant_make_one_queue() {
    let bench = pair(
        "rateLimit: { calls: 1000, perMs: 1000 }\nfaults: { seed: 3, delayMs: { probability: 1, max: 40 } }\n",
    );
    let mut declared = Vec::new();
    for race in 0..races() {
        let new = [format!("甲{race}"), format!("乙{race}")];
        declared.extend(new.iter().cloned());
        declare(&bench, &declared);
        let mut runs = [begin(&bench, "one"), begin(&bench, "two")];
        let codes = runs.each_mut().map(|run| run.wait().unwrap().code());
        for name in &new {
            assert_eq!(count(&bench, name), 1, "{name}: {codes:?}");
        }
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 3 | 5 | 6))), "{codes:?}");
    }
    for folder in ["one", "two"] {
        assert_eq!(begin(&bench, folder).wait().unwrap().code(), Some(0), "the next run has nothing to do");
    }
    assert!(bench.departures().is_empty(), "{:?}", bench.departures());
}

#[test]
fn a_queue_is_looked_for_by_its_name_where_a_listing_takes_many_pages() {
    let seed =
        (0..650).fold("queues:\n".to_owned(), |seed, n| seed + &format!("  - {{ displayName: 旧{n} }}\n"));
    let bench = Bench::new(&seed);
    bench.roster("queues:\n  - { displayName: 新, assignMembers: [], allowEmpty: true }\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(count(&bench, "新"), 1);
    let calls = bench.with(|estate| {
        let named = |(path, count): (&String, &usize)| path.contains("queueQueue/").then_some(*count);
        estate.calls.iter().filter_map(named).sum::<usize>()
    });
    // The listing of thirteen pages once, for the plan; then one query before the creation and one after it.
    assert_eq!(calls, 15);
}
