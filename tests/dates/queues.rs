//! Rule 14.3: `queues` of agents, and their dates.

use rosterctl::model::id::{OperatorId, ResourceId};
use rosterctl::model::ledger::Ledger;
use rosterctl::model::outlook::Ahead;
use rosterctl::plan::Options;
use serde_json::json;

use super::House;
use super::rules::{after, ahead, change, ledger, live};

const LENT: &str = "profiles:
  presales: { name: a, queues: { q: 5 }, during: [{ from: 2026-12-10, until: 2026-12-11, queues: { q: 30 } }] }
agents:
  - { operatorId: \"1\", profile: presales }
  - { operatorId: \"2\", profile: presales, queues: {} }
  - { operatorId: \"3\", profile: presales, during: [{ from: 2026-12-11, until: 2026-12-12, queues: {} }] }
  - { operatorId: \"4\", queues: {}, until: 2026-12-20, during: [{ from: 2026-12-12, queues: { q: 1 } }] }
queues:
  - { displayName: q, assignRule: least }";

#[test]
fn rule_14_3_queues_hold_for_a_time() {
    let house = House::new("", LENT);
    for (at, members) in [
        ("2026-12-09", &[("1", 5), ("3", 5)][..]),
        ("2026-12-10", &[("1", 30), ("3", 30)]),
        ("2026-12-11", &[("1", 30)]),
        ("2026-12-12", &[("1", 5), ("4", 1)]),
        ("2026-12-13", &[("1", 5), ("3", 5), ("4", 1)]),
        ("2026-12-21", &[("1", 5), ("3", 5)]),
    ] {
        let expected: Vec<_> = members.iter().map(|(id, priority)| ((*id).to_owned(), *priority)).collect();
        assert_eq!(house.members(at), expected, "at {at}");
    }
    // The member points to the entry that names the queue.
    let queue = house.at("2026-12-10").desired.queues.into_values().next().unwrap();
    assert_eq!(queue.member_sources[&OperatorId::from("1")].line, 4);
    // Only the queue changes, and a plan is good until then.
    let roster = house.at("2026-12-09");
    let good = roster.dates.unwrap().good_until(&roster.desired, |_| true).unwrap();
    assert_eq!(good.1, [ResourceId::queue("q", None)]);
}

#[test]
fn rule_14_3_who_names_a_queue_for_a_time_leaves_it_again() {
    let house = House::new("", LENT);
    let all = [("1", json!({})), ("2", json!({})), ("3", json!({})), ("4", json!({})), ("9", json!({}))];
    // 2 and 9 are there by the console: the queue has no list that would take them out.
    let there = live(&all, &["1", "2", "3", "4", "9"]);
    let plan = house.plan("2026-12-11", &there, &Ledger::default());
    assert_eq!(after(&plan, "queue/q"), ["1", "2", "9"]);
    let words = serde_json::to_value(change(&plan, "queue/q").unwrap()).unwrap()["reason"].to_string();
    for why in ["4: not before 2026-12-12 (roster.yaml:9", "3: until 2026-12-11 (roster.yaml:8"] {
        assert!(words.contains(why), "{why}: {words}");
    }
    let exact = House::new("", &LENT.replace("assignRule: least", "members: exact"));
    assert_eq!(after(&exact.plan("2026-12-11", &there, &Ledger::default()), "queue/q"), ["1"]);
}

#[test]
fn rule_14_3_queues_for_a_time_are_due() {
    let house = House::new("", &LENT.replace("q: 30", "q: 0"));
    let there =
        live(&[("1", json!({ "name": "a" })), ("2", json!({})), ("3", json!({ "name": "a" }))], &["1", "3"]);
    let due = Options { due: true, ..Options::default() };
    let plan =
        house.narrowed("2026-12-11", &there, &ledger("2026-12-10T12:00:00+08:00", json!({})), due.clone());
    assert_eq!(after(&plan, "queue/q"), ["1"]);
    let plan = house.narrowed("2026-12-11", &there, &ledger("2026-12-11T12:00:00+08:00", json!({})), due);
    assert!(plan.is_empty(), "{:?}", plan.changes);
}

#[test]
fn rule_14_3_two_priorities_of_a_pair_are_found_at_each_moment() {
    let roster = "agents:
  - { operatorId: \"1\", queues: { q: 5 }, during: [{ from: 2026-12-10, until: 2026-12-19, queues: { q: 30 } }] }
queues:
  - displayName: q
    assignMembers: [{ agentNumber: \"1\", priority: 5, during: [{ from: 2026-12-10, until: 2026-12-15, priority: 30 }] }]";
    let two = Ahead::TwoPriorities { agent: "1".into(), queue: "q".to_owned(), listed: 5, own: 30 };
    let house = House::new("", roster);
    let found = ahead(&house, "2026-12-01");
    assert_eq!(found, [("2026-12-16".to_owned(), "queue/q".to_owned(), 7, 7, two)]);
    let wrong = house.errors("2026-12-17");
    let [wrong] = wrong.as_slice() else { panic!("{wrong:?}") };
    assert_eq!(
        wrong.message(),
        "agent `1` has priority 5 in the list of queue `q`, and 30 in the `queues` of the agent"
    );
    assert_eq!((wrong.source.as_ref().unwrap().line, wrong.related.as_ref().unwrap().0.line), (4, 7));
    let baseless =
        House::new("", "agents: [{ operatorId: \"1\", during: [{ from: 2026-12-10, queues: { q: 1 } }] }]");
    assert_eq!(baseless.errors("2026-12-01")[0].message(), "`queues` has no value to return to");
}

#[test]
fn rule_14_3_every_break_ahead_counts_who_names_the_queue() {
    let floor = "agents:
  - { operatorId: \"1\", queues: { q: 0 }, until: 2026-12-09 }
queues:
  - { displayName: q, members: exact, MIN }";
    let none = Ahead::NoMembers { queue: "q".to_owned(), selector: false };
    let found = ahead(&House::new("", &floor.replace("MIN", "minMembers: 0")), "2026-12-01");
    assert_eq!(
        found.into_iter().map(|(at, .., what)| (at, what)).collect::<Vec<_>>(),
        [("2026-12-10".to_owned(), none)]
    );
    let few = Ahead::TooFew { queue: "q".to_owned(), left: 0, minimum: 1 };
    let found =
        ahead(&House::new("", &floor.replace("MIN", "minMembers: 1, allowEmpty: true")), "2026-12-01");
    assert_eq!(
        found.into_iter().map(|(at, .., what)| (at, what)).collect::<Vec<_>>(),
        [("2026-12-10".to_owned(), few)]
    );
}
