//! `apply --due` through the binary: accidents end in a refusal, or in no more than the limits allow.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/scripted.rs"]
mod scripted;

use std::fmt::Write as _;

use bench::{API_SECRET, Bench, TOKEN};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use rosterctl::sandbox::AgentConfig;
use scripted::{Answer, Scripted};
use serde_json::{Value as Json, json};

const DUE: [&str; 3] = ["apply", "--due", "--auto-approve"];

/// Returns the day so many days from today, in UTC.
fn day(days: i64) -> Date {
    Timestamp::now().strftime("%Y-%m-%d").to_string().parse::<Date>().unwrap() + days.days()
}

/// Returns a roster of sixty agents. `more` says what an agent's entry holds besides.
fn roster(more: impl Fn(usize) -> String) -> String {
    let mut text = "defaults: { role: 坐席, mainSkillGroup: 售前 }\nagents:\n".to_owned();
    for at in 0..60 {
        writeln!(text, "  - {{ operatorId: \"{}\", name: 坐席{at}{} }}", 8000 + at, more(at)).unwrap();
    }
    text
}

/// Returns a bench whose sixty agents were made by a complete run, now.
fn applied(more: impl Fn(usize) -> String) -> Bench {
    let bench = Bench::new("");
    bench.workspace("timeZone: UTC\n");
    bench.roster(&roster(more));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench
}

/// Sets the instant of the ledger's last run.
fn last_run(bench: &Bench, at: Date) {
    let path = bench.path(".rosterctl/ledger.json");
    let mut ledger: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    ledger["lastInstant"] = json!(format!("{at}T00:00:00Z"));
    std::fs::write(path, serde_json::to_vec(&ledger).unwrap()).unwrap();
}

/// Returns the number of live agents that may not sign in.
fn disabled(bench: &Bench) -> usize {
    bench.with(|estate| estate.get::<AgentConfig>().agents().filter(|agent| agent.status == 0).count())
}

#[test]
fn an_empty_ledger_knows_of_no_last_run() {
    let bench = applied(|_| String::new());
    std::fs::remove_file(bench.path(".rosterctl/ledger.json")).unwrap();
    bench.roster(&roster(|at| if at < 40 { format!(", until: {}", day(-3)) } else { String::new() }));
    let said = bench.run(&DUE).exits(1);
    assert!(said.err.contains("the last complete run") && said.err.contains("the ledger"), "{}", said.err);
    assert_eq!(disabled(&bench), 0);
}

#[test]
fn a_ledger_of_last_year_brings_no_more_than_the_limits_allow() {
    let leave = |at: usize| {
        if at < 40 { format!(", until: {}", day(i64::try_from(at).unwrap() - 200)) } else { String::new() }
    };
    let bench = applied(|_| String::new());
    bench.roster(&roster(leave));
    last_run(&bench, day(-365));
    let said = bench.run(&DUE).exits(4);
    assert!(said.out.contains("R402") && said.out.contains("until "), "{}", said.out);
    assert_eq!(disabled(&bench), 0);
    // So few are within the limits.
    bench.roster(&roster(|at| if at < 3 { leave(at) } else { String::new() }));
    bench.run(&DUE).exits(0);
    assert_eq!(disabled(&bench), 3);
}

#[test]
fn a_wrong_year_of_forty_agents_is_an_edit_and_not_due() {
    let bench = applied(|_| String::new());
    bench.roster(&roster(|at| if at < 40 { format!(", until: {}", day(-365)) } else { String::new() }));
    let said = bench.run(&DUE).exits(0);
    assert!(said.out.contains("Nothing is due"), "{}", said.out);
    let said = bench.run(&["apply", "--auto-approve"]).exits(4);
    assert!(said.out.contains("R402"), "{}", said.out);
    assert_eq!(disabled(&bench), 0);
}

#[test]
fn manifests_of_an_older_commit_undo_nothing() {
    let moved = |at: usize| if at < 5 { ", mainSkillGroup: 售后" } else { "" }.to_owned();
    let bench = applied(moved);
    // Before the move, the five were to be lent from yesterday on.
    let lent = format!(", during: [{{ from: {}, mainSkillGroup: 投诉 }}]", day(-1));
    bench.roster(&roster(|at| if at < 5 { lent.clone() } else { String::new() }));
    last_run(&bench, day(-2));
    let said = bench.run(&["apply", "--due", "--auto-approve", "--format", "json"]).exits(0).json();
    let codes: Vec<&str> =
        said["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect();
    assert_eq!(codes, ["R704"; 5]);
    let groups = bench.with(|estate| {
        let agents = estate.get::<AgentConfig>().agents().take(5);
        agents.map(|agent| agent.main_group_name.clone()).collect::<Vec<_>>()
    });
    assert!(groups.iter().all(|group| group.as_deref() == Some("售后")), "{groups:?}");
}

#[test]
fn rule_13_12_what_a_run_in_part_set_is_taken_back_when_its_time_is_over() {
    let lent = |until: i64| {
        let during = format!("{{ from: {}, until: {}, wrapUpSeconds: 10 }}", day(-3), day(until));
        roster(move |at| {
            format!(
                ", wrapUpSeconds: 30{}",
                if at == 0 { format!(", during: [{during}]") } else { String::new() }
            )
        })
    };
    let bench = Bench::new("");
    bench.workspace("timeZone: UTC\n");
    bench.roster(&lent(3));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let wrap_up = || bench.with(|estate| estate.get::<AgentConfig>().agents().next().unwrap().after_interval);
    assert_eq!(wrap_up(), 10);
    // As if the last complete run came before the span, and one in part within it.
    bench.roster(&lent(-1));
    last_run(&bench, day(-5));
    bench.run(&DUE).exits(0);
    assert_eq!(wrap_up(), 10, "the ledger knows of no run that set it");
    let path = bench.path(".rosterctl/ledger.json");
    let mut ledger: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    ledger["lastInstant"] = json!(format!("{}T00:00:00Z", day(-5)));
    ledger["tried"] = json!([format!("{}T00:00:00Z", day(-2))]);
    std::fs::write(path, serde_json::to_vec(&ledger).unwrap()).unwrap();
    bench.run(&DUE).exits(0);
    assert_eq!(wrap_up(), 30);
}

#[test]
fn a_last_run_in_the_future_is_refused() {
    let bench = applied(|_| String::new());
    last_run(&bench, day(365));
    let said = bench.run(&DUE).exits(1);
    assert!(said.err.contains("has not come"), "{}", said.err);
}

/// Starts a vendor with one agent, whose clock is so many days behind this host's. It counts writes.
fn vendor(days_behind: i64) -> Scripted {
    Scripted::start(move |path, _| {
        let there = Timestamp::now() - jiff::SignedDuration::from_hours(24 * days_behind);
        let date = there.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let listing = json!({ "result": [{ "operatorId": "8001", "name": "a", "status": "1" }], "total": 1 });
        let body = if path.ends_with("/page") { listing } else { json!({}) };
        Answer::json(&json!({ "code": 0, "msg": "ok", "data": body })).header("Date", &date)
    })
}

#[test]
fn rule_13_10_a_date_between_this_clock_and_the_vendors_is_refused() {
    let vendor = vendor(365);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        std::fs::create_dir_all(folder.path().join("roster")).unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write(
        "rosterctl.yaml",
        format!(
            "apiVersion: rosterctl/v1\nkind: Workspace\nname: w\nmanifests: [roster]\ntimeZone: UTC\nconnections:\n  \
             agents: {{ provider: agent-config, baseUrl: \"{}\", abbreviate: acme, token: {{ store: ci, key: TOKEN }} }}\n\
             secrets: {{ ci: {{ type: env, prefix: BENCH_ }} }}\n",
            vendor.url
        ),
    );
    let agents = |until: Date| {
        format!(
            "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{{ operatorId: \"8001\", until: {until} }}]\n"
        )
    };
    write("roster/a.yaml", agents(day(-30)));
    let said = bench::run_in(folder.path(), &["apply", "--auto-approve"], &[]).exits(6);
    assert!(said.err.contains("clock") && said.err.contains("8001"), "{}", said.err);
    assert!(vendor.lines().iter().all(|line| !line.contains("edit")), "{:?}", vendor.lines());
    // No date lies between the two clocks.
    write("roster/a.yaml", agents(day(30)));
    let said = bench::run_in(folder.path(), &["plan"], &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        !bench::run_in(folder.path(), &["apply", "--auto-approve"], &[]).err.contains("clock of this host")
    );
    assert!(!said.err.contains(TOKEN) && !said.err.contains(API_SECRET));
}

#[test]
fn rule_13_12_no_saved_plan_beside_it() {
    let bench = applied(|_| String::new());
    bench.run(&["apply", "--due", "--plan", "plan.json"]).exits(1);
}
