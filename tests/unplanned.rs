//! Two vendors that the program does not know: each is one folder and one row of a registry.
//!
//! `hotline` holds agents and queues. It passes the story of `conformance`, the properties of `planner` and the histories
//! of `converge`. `rota` knows the people at work: the guard, `doctor` and `status` ask it.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/vendors/desk.rs"]
mod desk;
#[allow(dead_code, reason = "each test file uses what it needs")]
#[path = "support/planning.rs"]
mod planning;
#[path = "support/vendors/program.rs"]
mod program;
#[path = "support/simulation/mod.rs"]
mod simulation;
#[path = "support/vendors/mod.rs"]
mod vendors;

use std::collections::BTreeMap;

use bench::{API_SECRET, Bench, TOKEN, settled, timeless};
use desk::DESK;
use rosterctl::sandbox::variants::{Quirks, Unset};
use rosterctl::sandbox::vendor_state::VendorState;
use simulation::{Course, Mutant, history, large, number, on_all_cores, play, sort};
use vendors::REGISTRY;
use vendors::hotline::{Line, Person, Simulator as Hotline};
use vendors::rota::Simulator as Rota;

/// Returns a bench with connections of both vendors, and more text in its workspace file.
fn bench(more: &str) -> Bench {
    let mut estate: VendorState = REGISTRY.estate();
    estate.get_mut::<Hotline>().keys.insert("north".to_owned(), API_SECRET.to_owned());
    TOKEN.clone_into(&mut estate.get_mut::<Rota>().token);
    let bench = Bench::of(estate, program::command);
    let url = bench.url();
    bench.write(
        "rosterctl.yaml",
        &format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: unplanned
manifests: [roster]
connections:
  desk: {{ provider: hotline, baseUrl: \"{url}\", site: north, key: {{ store: ci, key: API_SECRET }}, pageSize: 7 }}
  duty: {{ provider: rota, baseUrl: \"{url}\", token: {{ store: ci, key: TOKEN }} }}
secrets:
  ci: {{ type: env, prefix: BENCH_ }}
  files: {{ type: dir, path: secrets }}
{more}"
        ),
    );
    bench
}

const FIRST: &str = r#"
agents:
  - { operatorId: anna.kern, name: Anna Kern, type: leader, mainSkillGroup: north, wrapUpSeconds: 0, enabled: true,
      boundPhone: "13900000001", callerId: "01088880001", recording: false, outbound: no-international,
      channels: [voice, video], survey: true, email: a@example.com }
  - { operatorId: ben, name: Ben, mainSkillGroup: south, enabled: false }
  - { operatorId: cleo, name: Cleo, mainSkillGroup: north }
  - { operatorIds: 8101..8125, name: "Desk", mainSkillGroup: south }
queues:
  - { displayName: Front desk, assignRule: priority, memory: 2h, memberSelector: { mainSkillGroup: north, priority: 5 } }
  - { displayName: back-office, memory: "off", assignMembers: [ ben, { agentNumber: "8101", priority: 7 } ] }
"#;

const SECOND: &str = r#"
agents:
  - { operatorId: anna.kern, name: Anna Kern-Li, type: agent, mainSkillGroup: south, wrapUpSeconds: 15, enabled: false,
      boundPhone: "13900000009", callerId: "01088880009", recording: true, outbound: forbidden,
      channels: [message], survey: false, email: a@example.com }
  - { operatorId: ben, name: Ben, mainSkillGroup: north, enabled: true }
  - { operatorId: cleo, state: absent }
  - { operatorIds: 8101..8112, name: "Desk", mainSkillGroup: south }
  - { operatorIds: 8113..8125, state: absent }
queues:
  - { displayName: Front desk, assignRule: least, memory: 1d, memberSelector: { mainSkillGroup: north, priority: 6 } }
  - { displayName: back-office, memory: "off", assignMembers: [ { agentNumber: "8102", priority: 1 }, "8101" ] }
"#;

/// Returns a person.
fn person(bench: &Bench, login: &str) -> Option<Person> {
    bench.with(|estate| estate.get::<Hotline>().people.get(login).cloned())
}

/// Returns the members of a line.
fn crew(bench: &Bench, title: &str) -> Vec<(String, i64)> {
    bench.with(|estate| estate.get::<Hotline>().lines[title].crew.clone().into_iter().collect())
}

fn member(login: &str, turn: i64) -> (String, i64) {
    (login.to_owned(), turn)
}

#[test]
fn the_story_of_a_writing_vendor() {
    story(|_| {});
}

#[test]
fn the_story_with_other_readings() {
    story(|quirks| quirks.unset_strings = Unset::Absent);
    story(|quirks| quirks.unset_strings = Unset::Empty);
    story(|quirks| quirks.numbers_as_strings = true);
    story(|quirks| quirks.failures_with_http200 = false);
}

/// Tells the story with changed quirks.
fn story(change: impl FnOnce(&mut Quirks)) {
    let bench = bench("policy: { limits: { deletes: 100%, changes: 100%, memberRemovals: 100% } }\n");
    bench.with(|estate| change(&mut estate.quirks));
    bench.roster(FIRST);
    let plan = bench.run(&["plan", "--detailed-exitcode", "--format", "json"]).exits(2).json();
    let adds = plan["steps"].as_array().unwrap().iter().filter(|step| step["operation"] == "agent.create");
    let sizes: Vec<usize> = adds.map(|step| step["targets"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 5, 1, 1, 1], "the vendor takes ten people at a time");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    settled(&bench);
    let anna = person(&bench, "anna.kern").unwrap();
    assert_eq!(
        anna,
        Person {
            serial: anna.serial,
            since: anna.since,
            full_name: "Anna Kern".to_owned(),
            rank: "supervisor".to_owned(),
            team: Some("north".to_owned()),
            active: true,
            rest_after_call: 0,
            phone: Some("13900000001".to_owned()),
            shows: Some("01088880001".to_owned()),
            taped: false,
            dials: "national".to_owned(),
            media: vec!["phone".to_owned(), "camera".to_owned()],
            rated: true,
            mail: Some("a@example.com".to_owned()),
        }
    );
    assert!(!person(&bench, "ben").unwrap().active);
    assert_eq!(crew(&bench, "Front desk"), [member("anna.kern", 5), member("cleo", 5)]);
    assert_eq!(crew(&bench, "back-office"), [member("8101", 7), member("ben", 0)]);

    bench.roster(SECOND);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    settled(&bench);
    let anna = person(&bench, "anna.kern").unwrap();
    assert_eq!((&*anna.full_name, &*anna.rank, anna.active), ("Anna Kern-Li", "operator", false));
    assert_eq!((anna.rest_after_call, &*anna.dials, anna.media.len()), (15, "none", 1));
    assert!(person(&bench, "cleo").is_none() && person(&bench, "8113").is_none());
    assert_eq!(crew(&bench, "Front desk"), [member("ben", 6)]);
    let attributes = bench.with(|estate| estate.get::<Hotline>().lines["Front desk"].clone());
    assert_eq!((&*attributes.spread, &*attributes.sticky), ("idlest", "1 day"));
    assert_eq!(crew(&bench, "back-office"), [member("8101", 0), member("8102", 1)]);

    bench.with(|estate| {
        let hotline = estate.get_mut::<Hotline>();
        hotline.people.get_mut("ben").unwrap().full_name = String::from("Benjamin");
        let line = hotline.lines.get_mut("Front desk").unwrap();
        line.crew.clear();
        line.spread = String::from("dice");
    });
    let drift = bench.run(&["drift", "--format", "json"]).exits(2);
    for id in ["agent/ben", "queue/Front desk"] {
        assert!(drift.out.contains(id), "{id}: {}", drift.out);
    }
    bench.run(&["apply", "--auto-approve"]).exits(0);
    settled(&bench);
}

#[test]
fn the_story_in_the_embedded_sandbox() {
    let bench = bench("");
    bench.write(
        "rosterctl.yaml",
        "apiVersion: rosterctl/v1\nkind: Workspace\nname: unplanned\nmanifests: [roster]\n\
         connections: { desk: { provider: hotline, baseUrl: sandbox } }\n\
         policy: { limits: { deletes: 100%, changes: 100%, memberRemovals: 100% } }\n",
    );
    for roster in [FIRST, SECOND] {
        bench.roster(roster);
        bench.run(&["plan", "--detailed-exitcode"]).exits(2);
        bench.run(&["apply", "--auto-approve"]).exits(0);
        settled(&bench);
    }
}

#[test]
fn the_guard_asks_a_presence_vendor() {
    let bench = bench("policy: { limits: { deletes: 100% } }\n");
    bench.with(|estate| {
        let hotline = estate.get_mut::<Hotline>();
        hotline.put("ada", Person { full_name: "Ada".to_owned(), ..Person::default() });
        hotline.put("bob", Person { full_name: "Bob".to_owned(), ..Person::default() });
        hotline.put("cid", Person { full_name: "Cid".to_owned(), ..Person::default() });
        let duty = &mut estate.get_mut::<Rota>().duty;
        duty.insert("ada".to_owned(), "talks".to_owned());
        // A second page.
        duty.extend((0..30).map(|n| (format!("guest{n}"), "waits".to_owned())));
    });
    bench.roster(
        "agents:\n  - { operatorId: ada, state: absent }\n  - { operatorId: bob, state: absent }\n  \
         - { operatorId: cid }\n",
    );
    let held = bench.run(&["apply", "--auto-approve"]).exits(4);
    assert!(held.out.contains("agent ada is not deleted: on-call (says rota)"), "{}", held.out);
    assert!(person(&bench, "ada").is_some(), "the guard defers an agent on a call");
    bench.with(|estate| estate.get_mut::<Rota>().duty.insert("ada".to_owned(), "waits".to_owned()));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(person(&bench, "ada").is_none() && person(&bench, "bob").is_none());
    settled(&bench);
}

#[test]
fn status_tells_what_both_vendors_know() {
    let bench = bench("");
    bench.with(|estate| {
        let hotline = estate.get_mut::<Hotline>();
        for login in ["ada", "bob", "cid"] {
            hotline.put(login, Person { full_name: login.to_uppercase(), ..Person::default() });
        }
        hotline.lines.entry("Front desk".to_owned()).or_default().crew.insert("ada".to_owned(), 1);
        let duty = &mut estate.get_mut::<Rota>().duty;
        duty.insert("ada".to_owned(), "talks".to_owned());
        duty.insert("bob".to_owned(), "rests".to_owned());
    });
    bench.roster("agents:\n  - { operatorId: ada }\n");
    let said = bench.run(&["status"]).exits(0);
    insta::assert_snapshot!(timeless(&said.out), @r"
    AGENT  NAME  GROUP  ROSTER     STATE    QUEUES
    ada    ADA          declared   on-call  Front desk
    bob    BOB          unmanaged  resting
    cid    CID          unmanaged

    3 agents: 1 declared, 2 unmanaged, 1 on a call.
    ");
    bench.with(|estate| estate.get_mut::<Rota>().token = "another".to_owned());
    let said = bench.run(&["status", "--format", "json"]).exits(6).json();
    assert_eq!(said["agents"][0]["unknown"], serde_json::json!(["rota"]));
    let duty =
        said["systems"].as_array().unwrap().iter().find(|system| system["provider"] == "rota").unwrap();
    assert_eq!(duty["complete"], false);
}

#[test]
fn doctor_lists_both_vendors() {
    let bench = bench("");
    bench.roster("agents: []\n");
    let said = bench.run(&["doctor", "--format", "json"]).exits(0).json();
    let checks = said["checks"].as_array().unwrap();
    for name in ["connection/desk", "connection/duty"] {
        assert!(checks.iter().any(|check| check["name"] == name && check["status"] == "ok"), "{said:#}");
    }
    let guard = "busy agents are left alone: on-call (rota)";
    assert!(checks.iter().any(|check| check["message"] == guard), "{said:#}");
    bench.with(|estate| estate.get_mut::<Rota>().token = "another".to_owned());
    let said = bench.run(&["doctor"]).exits(6);
    assert!(said.out.contains("refuses the sign-in: HTTP 401: unknown"), "{}", said.out);
}

#[test]
fn a_queue_that_left_the_manifests_is_deleted() {
    let bench = bench("policy: { prune: owned, limits: { deletes: 100%, memberRemovals: 100% } }\n");
    let roster = |queues: &str| {
        format!("agents:\n  - {{ operatorId: ada }}\n  - {{ operatorId: bob }}\nqueues:\n{queues}")
    };
    let front = "  - { displayName: Front desk, assignMembers: [ada] }\n";
    let back = "  - { displayName: Back office, memory: 2h, assignMembers: [ada, bob] }\n";
    bench.with(|estate| {
        let hotline = estate.get_mut::<Hotline>();
        for login in ["ada", "bob"] {
            hotline.put(login, Person { full_name: login.to_uppercase(), ..Person::default() });
        }
        hotline.lines.insert("Console".to_owned(), Line::default());
        estate.get_mut::<Rota>().duty.insert("bob".to_owned(), "talks".to_owned());
    });
    bench.roster(&roster(&format!("{front}{back}")));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.roster(&roster(front));
    let said = bench.run(&["plan"]).exits(0);
    insta::assert_snapshot!(timeless(&said.out), @r"
    Can be applied.
    Live state of …

    Queues (1)
      - queue/Back office  assignRule random · memory 2h · leaving: ada ADA, bob BOB (no manifest names it, and policy.prune deletes such queues)
        Queues that do not change: Front desk 1

    Good to know (1)
      i R202  queue/Console (Console) is live and stands in no manifest

    Plan: 0 to create, 0 to update, 0 to replace, 1 to delete, 1 to look at; 1 call, about a moment under the rate limits.
    ");
    let held = bench.run(&["apply", "--auto-approve"]).exits(4);
    assert!(held.out.contains("bob"), "{}", held.out);
    let titles = |bench: &Bench| {
        bench.with(|estate| estate.get::<Hotline>().lines.keys().cloned().collect::<Vec<_>>())
    };
    assert_eq!(titles(&bench), ["Back office", "Console", "Front desk"]);
    let said = bench.run(&["plan"]).exits(0);
    assert!(said.out.contains("waiting: bob is on a call"), "{}", said.out);
    bench.with(|estate| estate.get_mut::<Rota>().duty.insert("bob".to_owned(), "waits".to_owned()));
    let said = bench.run(&["apply", "--auto-approve", "--format", "json"]).exits(0).json();
    assert_eq!(said["results"][0]["operation"], "queue.delete");
    assert_eq!(titles(&bench), ["Console", "Front desk"], "the ledger never knew the other one");
    assert!(!bench.run(&["ledger", "show"]).exits(0).out.contains("Back office"));
    settled(&bench);
}

#[test]
fn a_queue_of_another_workspace_is_not_deleted() {
    let bench = bench("policy: { prune: all }\n");
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.with(|estate| {
        let lines = &mut estate.get_mut::<Hotline>().lines;
        lines.extend(["mine", "theirs", "unclaimed"].map(|title| (title.to_owned(), Line::default())));
    });
    for (folder, queue) in [("a", "mine"), ("b", "theirs")] {
        let named = file.replace("name: unplanned", &format!("name: {folder}"));
        bench.write(&format!("{folder}/rosterctl.yaml"), &named);
        let head = "apiVersion: rosterctl/v1\nkind: Roster\n";
        let roster = format!("{head}queues: [{{ displayName: {queue} }}]\n");
        bench.write(&format!("{folder}/roster/r.yaml"), &roster);
    }
    let said = bench.run(&["plan", "--format", "json", "a", "b"]).exits(1).json();
    for (at, other) in [(0, "queue/theirs"), (1, "queue/mine")] {
        let plan = &said["workspaces"][at];
        assert_eq!(plan["findings"][0]["code"], "R312", "{said:#}");
        assert_eq!(plan["findings"][0]["id"], other);
        assert_eq!(plan["changes"][0]["id"], "queue/unclaimed", "{said:#}");
    }
}

/// Histories of a usual run.
const HISTORIES: u64 = 200;

#[test]
fn every_history_of_a_writing_vendor_ends_well() {
    let story = |seed: u64| {
        let story = play(&DESK, seed, sort(seed), None);
        assert!(story.violations.is_empty(), "{}", story.tell(seed));
        let deletes = story.log.iter().any(|line| line.contains("lines/remove Well"));
        (story.ended, deletes)
    };
    if let Some(seed) = number("SEED") {
        story(seed);
        return;
    }
    let (ends, deletes): (Vec<_>, Vec<bool>) =
        on_all_cores(number("HISTORIES").unwrap_or(HISTORIES), story).into_iter().unzip();
    assert!(deletes.iter().filter(|deletes| **deletes).count() >= 10, "hardly a history deletes a line");
    let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
    for (end, count) in ends.into_iter().flatten() {
        *ended.entry(end).or_default() += count;
    }
    for end in ["done", "held", "partial", "died", "stale", "interrupted", "unreadable"] {
        assert!(ended.contains_key(end), "no run ended so: {end} ({ended:?})");
    }
}

#[test]
fn a_client_of_a_writing_vendor_may_die_at_any_moment() {
    let roster = large(&DESK);
    let course = |dies_after| Course { dies_after: Some(dies_after), ..Course::default() };
    let whole = history(1, &roster, course(u64::MAX));
    assert!(whole.violations.is_empty() && whole.steps >= 15, "{} steps: {}", whole.steps, whole.tell(1));
    on_all_cores(whole.events, |event| {
        let story = history(1, &roster, course(event));
        assert!(story.violations.is_empty(), "died after event {event}: {}", story.tell(1));
    });
}

#[test]
fn a_broken_executor_is_caught_with_a_writing_vendor() {
    for (mutant, by, known) in [
        (Mutant::Heedless, "without a look at its presence", 0),
        (Mutant::HeedlessOfQueues, "was put out of its deleted queue without a look", 0),
        (Mutant::NoDeadline, "left after the lock was lost", 21),
        (Mutant::ByNumber, "is not the one that was owned", 63),
        (Mutant::PartUnrecorded, "which was written and has", 1),
        (Mutant::PlanReport, "told is not what is so", 1),
    ] {
        let caught = |seed: u64| {
            let story = play(&DESK, seed, sort(seed), Some(mutant));
            story.violations.iter().any(|violation| violation.contains(by))
        };
        assert!([known].into_iter().chain(0..400).any(caught), "{mutant:?} was not caught");
    }
}

#[test]
fn fields_that_the_vendor_lacks_are_refused() {
    let bench = bench("");
    bench.roster(
        "agents:\n  - { operatorId: ada, name: Ada, role: any, password: { store: files, key: x } }\n  \
         - { operatorId: bob, name: Bob, announcement: hi }\n",
    );
    let said = bench.run(&["validate"]).exits(1);
    for field in ["role", "password", "announcement"] {
        let message = format!("`{field}` cannot be set: `hotline` has no such field of agents");
        assert!(format!("{}{}", said.out, said.err).contains(&message), "{}{}", said.out, said.err);
    }
}
