//! Dates in runs of the program. The clock of the host cannot be moved: dates are written relative to now.

use std::fs;

use jiff::{SignedDuration, Span, Timestamp};
use rosterctl::model::date::Zone;
use rosterctl::model::digest;
use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::faults::Faults;
use serde_json::{Value as Json, json};

use super::bench::{Bench, timeless};

const SEED: &str = "agents:
  - { operatorId: \"8001\", name: 甲, mainGroupName: 售前 }
  - { operatorId: \"8002\", name: 乙, mainGroupName: 售前 }
";

/// Returns a bench in Shanghai with two live agents.
fn bench(more: &str) -> Bench {
    let bench = Bench::new(SEED);
    bench.workspace(&format!("timeZone: Asia/Shanghai\n{more}"));
    bench
}

fn shanghai() -> Zone {
    Zone::named("Asia/Shanghai").unwrap()
}

/// Returns the day of Shanghai so many days from now.
fn day(days: i64) -> String {
    (shanghai().day(Timestamp::now()) + Span::new().days(days)).to_string()
}

/// Returns the minute of Shanghai so many hours from now.
fn minute(hours: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_hours(hours);
    shanghai().rfc3339(at)[..16].to_owned()
}

fn wrap_up(bench: &Bench, id: &str) -> i64 {
    bench.with(|estate| estate.get::<AgentConfig>().agent(id).unwrap().after_interval)
}

const NO_DATES: &str = "agents:
  - { operatorId: \"8001\", name: 甲, wrapUpSeconds: 30 }
  - { operatorId: \"8002\", name: 乙 }
";

/// Returns a loan of the first agent, from one moment to another.
fn loan(from: &str, until: &str) -> String {
    NO_DATES.replace(
        "wrapUpSeconds: 30 ",
        &format!("wrapUpSeconds: 30, during: [{{ from: {from}, until: {until}, wrapUpSeconds: 10 }}] "),
    )
}

#[test]
fn rule_13_5_text_and_json_say_the_instant_only_with_dates() {
    let bench = bench("");
    bench.roster(NO_DATES);
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!((plan.get("at"), plan.get("goodUntil")), (None, None));
    let year = &day(0)[..4];
    let plan = timeless(&bench.run(&["plan"]).exits(0).out);
    assert!(!plan.contains(year), "{plan}");
    bench.roster(&loan(&day(3), &day(4)));
    for command in ["plan", "drift"] {
        let plan = bench.run(&[command, "--format", "json"]).json();
        let at: Timestamp = plan["at"].as_str().unwrap().parse().unwrap();
        assert!(Timestamp::now().duration_since(at).abs() < SignedDuration::from_mins(5), "{at}");
        assert!(plan["at"].as_str().unwrap().ends_with("+08:00"), "{}", plan["at"]);
        assert_eq!(plan["goodUntil"], format!("{}T00:00:00+08:00", day(3)), "{command}");
        let text = bench.run(&[command]).out;
        assert!(text.contains("+08:00"), "{text}");
    }
    // All plans of one run are of one instant, which is the one that the saved plan holds.
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let saved: Json = serde_json::from_str(&fs::read_to_string(bench.path("plan.json")).unwrap()).unwrap();
    assert!(saved["at"].is_string() && saved["goodUntil"].is_string());
    bench.run(&["apply", "--auto-approve", "--plan", "plan.json"]).exits(0);
    assert_eq!(wrap_up(&bench, "8001"), 30);
}

#[test]
fn rule_13_5_another_instant_is_looked_at_and_never_applied() {
    let bench = bench("");
    bench.roster(&loan(&day(3), &day(4)));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let after = |at: &str| {
        let plan = bench.run(&["plan", "--format", "json", "--at", at]).exits(0).json();
        (plan["at"].clone(), plan.pointer("/changes/0/fields/0/after").cloned().unwrap_or_default())
    };
    assert_eq!(after(&day(3)), (format!("{}T00:00:00+08:00", day(3)).into(), json!(10)));
    assert_eq!(after(&format!("{}T23:59", day(4))), (format!("{}T23:59:00+08:00", day(4)).into(), json!(10)));
    assert_eq!(after(&day(5)).1, Json::Null);
    // A moment with an offset of its own is that moment in the zone of the workspace.
    assert_eq!(after(&format!("{}T00:00Z", day(3))).0, format!("{}T08:00:00+08:00", day(3)));
    bench.run(&["drift", "--at", &day(3)]).exits(2);
    bench.run(&["drift", "--at", &day(6)]).exits(0);
    bench.run(&["validate", "--at", &day(3)]).exits(0);
    for arguments in [
        &["apply", "--auto-approve", "--at", "2026-12-01"][..],
        &["plan", "--at", "2026-12-01", "--out", "plan.json"],
        &["plan", "--at", "tomorrow"],
        &["plan", "--at", "2026-12-01T18:00:00"],
    ] {
        let said = bench.run(arguments).exits(1);
        assert_eq!(said.out, "", "{arguments:?}");
        assert!(said.err.contains("--at"), "{}", said.err);
    }
    assert!(!bench.path("plan.json").exists());
    assert_eq!(wrap_up(&bench, "8001"), 30);
}

#[test]
fn rule_13_5_a_moment_that_the_zone_has_twice_is_refused_with_both_readings() {
    let bench = Bench::new(SEED);
    bench.workspace("timeZone: America/New_York\n");
    bench.roster(NO_DATES);
    let said = bench.run(&["plan", "--at", "2026-11-01T01:30"]).exits(1);
    assert!(
        said.err.contains("2026-11-01T01:30-04:00") && said.err.contains("2026-11-01T01:30-05:00"),
        "{}",
        said.err
    );
}

/// Makes a saved plan of now into one that was made earlier.
fn backdate(bench: &Bench, at: &str, good_until: Option<&str>) {
    let mut plan: Json = serde_json::from_str(&fs::read_to_string(bench.path("plan.json")).unwrap()).unwrap();
    plan["at"] = at.into();
    plan["goodUntil"] = good_until.into();
    plan["digests"]["plan"] = digest::of_json(&plan).into();
    bench.write("plan.json", &plan.to_string());
}

#[test]
fn rule_13_6_a_saved_plan_is_stale_after_its_date_and_names_what_changes() {
    let bench = bench("");
    let (from, until) = (minute(-5), minute(-2));
    bench.roster(&loan(&from, &until));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    let apply = || bench.run(&["apply", "--auto-approve", "--plan", "plan.json"]);
    // Made before the loan began: the loan began and ended since.
    backdate(&bench, &format!("{}:00+08:00", minute(-7)), Some(&format!("{from}:00+08:00")));
    let said = apply().exits(3);
    let words = from.replace('T', " ");
    assert!(said.err.contains(&words) && said.err.contains("agent/8001"), "{}", said.err);
    assert!(!said.err.contains("agent/8002"), "{}", said.err);
    // Made by a host whose clock is ahead, with a date between the two clocks.
    backdate(&bench, &format!("{}:00+08:00", minute(1)), None);
    bench.roster(&loan(&from, &until));
    assert_eq!(wrap_up(&bench, "8001"), 0);
    // No date lies between the clocks: the plan is carried out.
    apply().exits(0);
    assert_eq!(wrap_up(&bench, "8001"), 30);
}

#[test]
fn rule_13_6_a_plan_from_a_clock_ahead_is_stale_if_a_date_lies_between() {
    let bench = bench("");
    bench.roster(&loan(&minute(1), &minute(5)));
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    backdate(&bench, &format!("{}:00+08:00", minute(2)), None);
    let said = bench.run(&["apply", "--auto-approve", "--plan", "plan.json"]).exits(3);
    assert!(said.err.contains("agent/8001"), "{}", said.err);
}

#[test]
fn rule_13_7_drift_says_due_and_not_whose_work_it_is() {
    let bench = bench("");
    bench.roster(NO_DATES);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let path = bench.path(".rosterctl/ledger.json");
    let mut ledger: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    ledger["lastInstant"] = format!("{}T00:00:00+08:00", day(-3)).into();
    fs::write(&path, ledger.to_string()).unwrap();
    bench.roster(&loan(&day(-1), &day(1)));
    let drift = bench.run(&["drift", "--format", "json"]).exits(2).json();
    assert_eq!(drift["changes"][0]["moved"], "date");
    assert_eq!(drift["changes"][0]["fields"][0]["moved"], "date");
    let text = bench.run(&["drift"]).exits(2).out;
    assert!(text.contains("due") && !text.contains("console"), "{text}");
    // Carried out, the loan is no difference, and the ledger knows the instant.
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(wrap_up(&bench, "8001"), 10);
    bench.run(&["drift"]).exits(0);
    let ledger: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let at: Timestamp = ledger["lastInstant"].as_str().unwrap().parse().unwrap();
    assert!(Timestamp::now().duration_since(at).abs() < SignedDuration::from_mins(5), "{at}");
}

#[test]
fn rule_13_3_a_leave_and_a_return_are_carried_out() {
    let bench = bench("policy: { limits: { floor: 10 } }\n");
    let roster = |until: &str| {
        format!(
            "agents:
  - {{ operatorId: \"8001\", name: 甲 }}
  - {{ operatorId: \"8002\", name: 乙{until} }}
queues:
  - {{ displayName: 在线, assignMembers: [\"8001\", \"8002\"] }}
"
        )
    };
    let enabled = || bench.with(|estate| estate.get::<AgentConfig>().agent("8002").unwrap().status);
    let ids = || bench.members("在线").into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    bench.roster(&roster(""));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let before = enabled();
    bench.roster(&roster(&format!(", until: {}", day(-1))));
    let plan = bench.run(&["plan"]).exits(0).out;
    assert!(plan.contains(&format!("until {}", day(-1))), "{plan}");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(ids(), ["8001"]);
    assert_ne!(enabled(), before);
    assert!(bench.run(&["apply", "--auto-approve"]).exits(0).out.contains("Nothing to do"));
    // The leave was an error: one edit, and the agent is back, with nothing left to tell.
    bench.roster(&roster(&format!(", until: {}", day(30))));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!((ids(), enabled()), (vec!["8001".to_owned(), "8002".to_owned()], before));
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&plan["changes"], &plan["findings"]), (&json!([]), &json!([])));
}

#[test]
fn rule_13_8_a_pull_request_that_breaks_a_floor_next_month_is_refused_today() {
    let bench = bench("");
    let last = day(30);
    bench.roster(&format!(
        "agents:
  - {{ operatorId: \"8001\", name: 甲, mainSkillGroup: 售前 }}
  - {{ operatorId: \"8002\", name: 乙, mainSkillGroup: 售前, until: {last} }}
queues:
  - displayName: 在线
    minMembers: 2
    memberSelector: {{ mainSkillGroup: 售前 }}
"
    ));
    let said = bench.run(&["validate"]).exits(4);
    for part in [&*day(31), "在线", "roster/roster.yaml:5:", "roster/roster.yaml:8:"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    // The plan tells of it and refuses nothing.
    let markdown = bench.run(&["plan", "--format", "markdown"]).exits(0).out;
    let row = markdown.lines().find(|line| line.contains("R703")).unwrap_or_else(|| panic!("{markdown}"));
    assert!(row.contains(&day(31)) && row.contains("在线"), "{row}");
    let sarif = bench.run(&["plan", "--format", "sarif"]).exits(0).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "R703").unwrap();
    assert_eq!(result["level"], "warning");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "roster/roster.yaml");
    assert_eq!(place["region"]["startLine"], 5);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    // At that day, it is broken now: in `validate` and in the plan.
    bench.run(&["validate", "--at", &day(31)]).exits(4);
    bench.run(&["plan", "--at", &day(31)]).exits(4);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    // Beyond the horizon nothing is told.
    bench.workspace("timeZone: Asia/Shanghai\ncalendar: { horizon: 10d }\n");
    bench.run(&["validate"]).exits(0);
}

/// Returns the instant of the ledger's last run.
fn last_run(bench: &Bench) -> String {
    let ledger = fs::read_to_string(bench.path(".rosterctl/ledger.json")).unwrap();
    let ledger: Json = serde_json::from_str(&ledger).unwrap();
    ledger["lastInstant"].as_str().unwrap().to_owned()
}

#[test]
fn rule_13_12_a_run_that_failed_in_part_is_no_last_run() {
    let bench = bench("");
    bench.roster(NO_DATES);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let before = format!("{}T00:00:00+08:00", day(-3));
    let path = bench.path(".rosterctl/ledger.json");
    let mut ledger: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    ledger["lastInstant"] = before.clone().into();
    fs::write(&path, ledger.to_string()).unwrap();
    bench.roster(&loan(&day(-1), &day(1)));
    let due = || bench.run(&["apply", "--due", "--auto-approve"]);
    let only = vec!["edit/v2".to_owned()];
    bench.with(|estate| estate.faults = Faults { too_many: 1.0, only, ..Faults::default() });
    due().exits(5);
    assert_eq!((wrap_up(&bench, "8001"), last_run(&bench)), (30, before.clone()));
    // What failed stays due.
    bench.with(|estate| estate.faults = Faults::default());
    due().exits(0);
    assert_eq!(wrap_up(&bench, "8001"), 10);
    assert_ne!(last_run(&bench), before);
    // With nothing due, the console's work is left alone.
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8001").unwrap().name = Some("丙".to_owned());
    });
    let said = due().exits(0);
    assert_eq!(
        bench.with(|estate| estate.get::<AgentConfig>().agent("8001").unwrap().name.clone()),
        Some("丙".to_owned()),
        "{}",
        said.out
    );
}
