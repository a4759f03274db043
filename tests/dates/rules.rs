//! Rules 13.1 to 13.8 on manifests and plans.

use rosterctl::manifest;
use rosterctl::model::desired::Existence;
use rosterctl::model::id::{OperatorId, ResourceId};
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::Live;
use rosterctl::model::outlook::{Ahead, Breach};
use rosterctl::model::plan::{Action, Change, ChangeOrigin, Plan};
use rosterctl::model::reason::ChangeReason;
use rosterctl::plan::Options;
use serde_json::{Value as Json, json};

use super::{House, codes, planning};

/// Returns a live agent in manifest terms, with some fields of its own.
fn agent(fields: &Json) -> Json {
    let mut words = json!({
        "name": "张三", "type": "agent", "enabled": true, "wrapUpSeconds": 30, "hidePhone": false, "recording": true,
        "outbound": "allowed", "sip": "none", "channels": ["voice", "message"], "survey": true,
    });
    words.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    words
}

/// Returns live agents, and a queue `q` with some of them.
pub(super) fn live(agents: &[(&str, Json)], members: &[&str]) -> Live {
    let agents: serde_json::Map<_, _> =
        agents.iter().map(|(id, fields)| ((*id).to_owned(), agent(fields))).collect();
    let members: Vec<Json> = members.iter().map(|id| json!({ "agentNumber": id, "priority": 0 })).collect();
    let queue =
        json!({ "displayName": "q", "assignRule": "least", "memory": "off", "assignMembers": members });
    planning::live(&json!({ "agents": agents, "queues": { "1000": queue } }))
}

pub(super) fn ledger(last: &str, resources: Json) -> Ledger {
    let resources = serde_json::from_value(resources).unwrap();
    Ledger { resources, last_instant: Some(last.to_owned()), ..Ledger::default() }
}

pub(super) fn change<'a>(plan: &'a Plan, id: &str) -> Option<&'a Change> {
    plan.change(&ResourceId::parse(id).unwrap())
}

/// Returns action and side of a change.
fn deed(plan: &Plan, id: &str) -> Option<(Action, ChangeOrigin)> {
    change(plan, id).map(|change| (change.action, change.moved))
}

/// Returns the members after the plan.
pub(super) fn after(plan: &Plan, id: &str) -> Vec<String> {
    let members = change(plan, id).and_then(planning::after).unwrap_or_default();
    members.keys().map(OperatorId::to_string).collect()
}

#[test]
fn rule_13_1_until_a_day_includes_it_and_until_a_moment_excludes_it() {
    let house = House::new(
        "",
        "agents:
  - { operatorId: \"1\", from: 2026-12-01, until: 2026-12-03 }
  - { operatorId: \"2\", from: 2026-12-01T09:00, until: 2026-12-03T18:00 }
  - { operatorId: \"3\", until: 2026-12-03T18:00+09:00 }",
    );
    let existence = |id, at: &str| house.agent(id, at).existence;
    for (id, at, wanted) in [
        ("1", "2026-11-30T23:59", Existence::Untouched),
        ("1", "2026-12-01", Existence::Present),
        ("1", "2026-12-03T23:59", Existence::Present),
        ("1", "2026-12-04", Existence::IfLive),
        ("2", "2026-12-01T08:59", Existence::Untouched),
        ("2", "2026-12-01T09:00", Existence::Present),
        ("2", "2026-12-03T17:59", Existence::Present),
        ("2", "2026-12-03T18:00", Existence::IfLive),
        ("3", "2026-12-03T16:59", Existence::Present),
        ("3", "2026-12-03T17:00", Existence::IfLive),
    ] {
        assert_eq!(existence(id, at), wanted, "{id} at {at}");
    }
}

#[test]
fn rule_13_1_past_dates_are_no_error() {
    let house = House::new(
        "",
        "periods: { p: { from: 1999-12-31, until: 2000-02-29 } }
agents:
  - { operatorId: \"1\", name: a, from: 2001-01-01, until: 2002-01-01, during: [{ period: p, name: b }] }
  - { operatorId: \"2\" }
queues:
  - displayName: q
    assignMembers: [\"2\", { agentNumber: \"1\", until: 1999-01-01, during: [{ period: p, priority: 3 }] }]",
    );
    assert_eq!(house.members("2026-12-01"), [("2".to_owned(), 0)]);
}

const JOINER: &str = "agents:
  - { operatorId: \"1\", name: 张三 }
  - { operatorId: \"2\", name: 李四, allowAnyRole: true, from: 2026-12-01 }
queues:
  - { displayName: q, assignMembers: [\"1\", \"2\"] }";

#[test]
fn rule_13_2_before_its_from_an_agent_is_undeclared() {
    let house = House::new("prune: all", JOINER);
    // Not live: it is not created, and no queue names it.
    let plan = house.plan("2026-11-30T23:59", &live(&[("1", json!({}))], &["1"]), &Ledger::default());
    assert!(plan.is_empty(), "{:?}", plan.changes);
    assert_eq!(codes(&plan), Vec::<&str>::new());
    // Live: it is left alone whatever it looks like, no prune deletes it, and R701 says so.
    let there = live(&[("1", json!({})), ("2", json!({ "name": "other" }))], &["1"]);
    let owned = ledger("2026-11-01T00:00:00Z", json!({ "agent/2": { "fields": { "name": "李四" } } }));
    let plan = house.plan("2026-11-30", &there, &owned);
    assert!(plan.is_empty(), "{:?}", plan.changes);
    let found = plan.findings.iter().map(|f| (f.code.as_str(), f.source.as_ref().unwrap().line));
    assert_eq!(found.collect::<Vec<_>>(), [("R701", 5)]);
    // From its day on, it is as any agent.
    let plan = house.plan("2026-12-01", &there, &Ledger::default());
    assert_eq!(deed(&plan, "agent/2").map(|(action, _)| action), Some(Action::Update));
    assert_eq!(after(&plan, "queue/q"), ["1", "2"]);
    let plan = house.plan("2026-12-01", &live(&[("1", json!({}))], &["1"]), &Ledger::default());
    assert_eq!(deed(&plan, "agent/2").map(|(action, _)| action), Some(Action::Create));
}

#[test]
fn rule_13_2_before_its_from_an_agent_is_taken_out_of_queues_that_name_it() {
    let there = live(&[("1", json!({})), ("2", json!({})), ("3", json!({}))], &["1", "2", "3"]);
    for (policy, left) in [("queueMembers: exact", &["1"][..]), ("queueMembers: at-least", &["1", "3"])] {
        let house = House::new(policy, JOINER);
        let plan = house.plan("2026-11-30", &there, &Ledger::default());
        assert_eq!(after(&plan, "queue/q"), left);
        let Some(ChangeReason::OutOfDate { members, .. }) = &change(&plan, "queue/q").unwrap().reason else {
            panic!("{:?}", plan.changes)
        };
        let [away] = members.as_slice() else { panic!("{members:?}") };
        assert_eq!((&*away.members, away.more), (&[OperatorId::from("2")][..], 0));
        let out = (away.out.before, &*away.out.date, away.out.source.line);
        assert_eq!(out, (true, "2026-12-01", 5));
        let words = serde_json::to_value(&plan.changes[0]).unwrap()["reason"].to_string();
        assert!(words.contains("not before 2026-12-01") && words.contains("roster.yaml:5"), "{words}");
    }
}

#[test]
fn rule_13_2_outside_its_dates_an_entry_is_no_member_but_a_selector_may_hold_the_agent() {
    let house = House::new(
        "",
        "agents:
  - { operatorIds: 1..4, mainSkillGroup: 售前 }
  - { operatorId: \"5\", mainSkillGroup: 售后 }
queues:
  - displayName: q
    assignMembers:
      - { agentNumber: \"1\", priority: 9, from: 2026-12-01, until: 2026-12-05 }
      - { agentNumber: \"5\", priority: 9, from: 2026-12-02 }
      - { agentNumber: \"2\", priority: 1, until: 2026-12-01 }
      - { agentNumber: \"2\", priority: 2, from: 2026-12-02 }
    memberSelector: { mainSkillGroup: 售前, priority: 5 }",
    );
    let at = |at: &str| house.members(at).into_iter().map(|(id, p)| format!("{id}={p}")).collect::<Vec<_>>();
    assert_eq!(at("2026-11-30"), ["1=5", "2=1", "3=5", "4=5"]);
    assert_eq!(at("2026-12-01"), ["1=9", "2=1", "3=5", "4=5"]);
    assert_eq!(at("2026-12-02"), ["1=9", "2=2", "3=5", "4=5", "5=9"]);
    assert_eq!(at("2026-12-06"), ["1=5", "2=2", "3=5", "4=5", "5=9"]);
    // The one that the queue may not hold yet is taken out.
    let there = live(&[("1", json!({})), ("5", json!({}))], &["1", "5"]);
    let house = House::new(
        "queueMembers: at-least",
        "queues: [{ displayName: q, assignMembers: [\"1\", { agentNumber: \"5\", from: 2026-12-01 }] }]",
    );
    assert_eq!(after(&house.plan("2026-11-30", &there, &Ledger::default()), "queue/q"), ["1"]);
}

const LEAVER: &str = "agents:
  - { operatorId: \"1\", name: 张三 }
  - { operatorId: \"2\", name: 李四, wrapUpSeconds: 10, until: 2026-12-31 }
queues:
  - { displayName: q, assignMembers: [\"1\", \"2\"] }";

#[test]
fn rule_13_3_a_leaver_leaves_queues_and_is_disabled_and_nothing_else() {
    let house = House::new("prune: all", LEAVER);
    let there = live(&[("1", json!({})), ("2", json!({ "name": "other" }))], &["1", "2"]);
    let plan = house.plan("2027-01-01", &there, &Ledger::default());
    let left = change(&plan, "agent/2").unwrap();
    assert_eq!((left.action, left.leave), (Action::Update, true));
    let fields: Vec<_> = left.fields.iter().map(|field| field.field.key).collect();
    assert_eq!(fields, ["enabled"]);
    assert_eq!(left.fields[0].source.as_ref().map(|source| source.line), Some(5));
    assert_eq!(after(&plan, "queue/q"), ["1"]);
    let words = serde_json::to_value(change(&plan, "queue/q").unwrap()).unwrap()["reason"].to_string();
    assert!(words.contains("until 2026-12-31") && words.contains("roster.yaml:5"), "{words}");
    // Disabled already and in no queue: nothing is left to do, now or later.
    let there = live(&[("1", json!({})), ("2", json!({ "enabled": false }))], &["1"]);
    for at in ["2027-01-01", "2030-01-01"] {
        assert!(house.plan(at, &there, &Ledger::default()).is_empty(), "{at}");
    }
    // Not live: it is not created, and the queue may still name it.
    assert!(house.plan("2027-01-01", &live(&[("1", json!({}))], &["1"]), &Ledger::default()).is_empty());
}

#[test]
fn rule_13_3_a_leaver_is_deleted_so_many_days_after_the_end_of_the_last_day() {
    let house = House::new("leavers: { then: disable, deleteAfter: 30d }", LEAVER);
    let there = live(&[("1", json!({})), ("2", json!({ "enabled": false }))], &["1"]);
    assert!(house.plan("2027-01-30T23:59", &there, &Ledger::default()).is_empty());
    let plan = house.plan("2027-01-31", &there, &Ledger::default());
    assert_eq!(deed(&plan, "agent/2").map(|(action, _)| action), Some(Action::Delete));
    assert!(matches!(change(&plan, "agent/2").unwrap().reason, Some(ChangeReason::Left { .. })));
}

#[test]
fn rule_13_3_the_policy_deletes_leavers_at_once_or_keeps_them() {
    let there = live(&[("1", json!({})), ("2", json!({}))], &["1", "2"]);
    let plan = House::new("leavers: { then: delete }", LEAVER).plan("2027-01-01", &there, &Ledger::default());
    assert_eq!(deed(&plan, "agent/2").map(|(action, _)| action), Some(Action::Delete));
    assert_eq!(after(&plan, "queue/q"), ["1"]);
    // Kept: it leaves the queue, and no prune deletes it while its entry stands.
    let keep = House::new("prune: all, leavers: { then: keep }", LEAVER);
    let plan = keep.plan("2027-01-01", &there, &Ledger::default());
    assert_eq!(change(&plan, "agent/2").map(|change| change.action), None);
    assert_eq!(after(&plan, "queue/q"), ["1"]);
    assert_eq!(codes(&plan), Vec::<&str>::new());
}

#[test]
fn rule_13_3_limits_protection_and_floors_hold_for_leavers() {
    let there = live(&[("1", json!({})), ("2", json!({}))], &["1", "2"]);
    let codes_of = |policy: &str, roster: &str| {
        let plan = House::new(policy, roster).plan("2027-01-01", &there, &Ledger::default());
        codes(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let delete = "leavers: { then: delete }";
    let delete_none = format!("{delete}, limits: {{ deletes: 0 }}");
    assert_eq!(codes_of(&delete_none, LEAVER), ["R401", "R702"]);
    assert_eq!(codes_of("limits: { changes: 0 }", LEAVER), ["R402"]);
    let protected = LEAVER.replace("until:", "protect: true, until:");
    assert_eq!(codes_of(delete, &protected), ["R404", "R702"]);
    // A protected leaver is disabled all the same: protection is from deletion.
    assert_eq!(codes_of("", &protected), Vec::<String>::new());
    let floor = LEAVER.replace("{ displayName: q,", "{ displayName: q, minMembers: 2,");
    assert_eq!(codes_of("", &floor), ["R405"]);
}

#[test]
fn rule_13_3_an_agent_that_a_leave_disabled_is_enabled_again() {
    let there = live(
        &[("1", json!({})), ("2", json!({ "enabled": false, "wrapUpSeconds": 10, "name": "李四" }))],
        &["1", "2"],
    );
    let house = House::new("", &LEAVER.replace("2026-12-31", "2027-12-31"));
    let was = |left: bool| {
        ledger(
            "2027-01-01T00:00:00Z",
            json!({ "agent/2": { "fields": { "enabled": false, "name": "李四", "wrapUpSeconds": 10 }, "left": left } }),
        )
    };
    let plan = house.plan("2027-02-01", &there, &was(true));
    let back = change(&plan, "agent/2").unwrap();
    assert_eq!((back.fields.len(), back.fields[0].field.key, back.leave), (1, "enabled", false));
    // One that the console disabled stays so.
    assert_eq!(change(&house.plan("2027-02-01", &there, &was(false)), "agent/2"), None);
    // Also one who left under another policy: the ledger tells of the leave, not of the policy.
    let keeping = House::new("leavers: { then: keep }", &LEAVER.replace("2026-12-31", "2027-12-31"));
    assert!(change(&keeping.plan("2027-02-01", &there, &was(true)), "agent/2").is_some());
}

const LAYERS: &str = "periods: { p: [{ from: 2026-12-01, until: 2026-12-02 }, { from: 2026-12-05, until: 2026-12-05 }] }
profiles:
  sales: { mainSkillGroup: 售前, wrapUpSeconds: 30, during: [{ period: p, wrapUpSeconds: 10, mainSkillGroup: 售后 }] }
defaults: { recording: true, wrapUpSeconds: 60, during: [{ from: 2026-12-02, recording: false, wrapUpSeconds: 61 }] }
agents:
  - { operatorId: \"1\", profile: sales }
  - { operatorId: \"2\", profile: sales, wrapUpSeconds: 5, recording: true }
  - { operatorId: \"3\", profile: sales, wrapUpSeconds: 5, during: [{ until: 2026-12-02T12:00, wrapUpSeconds: 6 }] }
  - { operatorId: \"4\" }";

#[test]
fn rule_13_4_each_layer_is_resolved_first_and_then_the_usual_precedence_holds() {
    let house = House::new("", LAYERS);
    let row = |id: &str, at: &str| {
        let value = |key| house.field(id, key, at);
        json!([value("wrapUpSeconds"), value("mainSkillGroup"), value("recording")])
    };
    for (id, at, wanted) in [
        ("1", "2026-11-30", json!([30, "售前", true])),
        ("1", "2026-12-01", json!([10, "售后", true])),
        ("1", "2026-12-02", json!([10, "售后", false])),
        // The span is over: the profile's base precedes what `defaults` say for that time.
        ("1", "2026-12-03", json!([30, "售前", false])),
        ("1", "2026-12-05", json!([10, "售后", false])),
        ("1", "2026-12-06", json!([30, "售前", false])),
        // The agent's base precedes what its profile says for a time.
        ("2", "2026-12-02", json!([5, "售后", true])),
        ("3", "2026-11-30", json!([6, "售前", true])),
        ("3", "2026-12-02T11:59", json!([6, "售后", false])),
        ("3", "2026-12-02T12:00", json!([5, "售后", false])),
        ("4", "2026-12-01", json!([60, null, true])),
        ("4", "2026-12-02", json!([61, null, false])),
    ] {
        assert_eq!(row(id, at), wanted, "{id} at {at}");
    }
}

#[test]
fn rule_13_4_a_queue_and_a_member_have_values_for_a_time() {
    let house = House::new(
        "",
        "agents:
  - { operatorIds: 1..3, role: r1 }
  - { operatorIds: 4..5, role: r2 }
queues:
  - displayName: q
    minMembers: 3
    memberSelector: { role: r1, priority: 5 }
    assignMembers: [{ agentNumber: \"1\", priority: 10, during: [{ from: 2026-12-02, until: 2026-12-03, priority: 30 }] }]
    during:
      - { from: 2026-12-03, until: 2026-12-03, minMembers: 1, memberSelector: { role: r2 } }
      - { from: 2026-12-04, until: 2026-12-04, assignMembers: [\"5\"] }",
    );
    let at = |at: &str| {
        let queue = house.at(at).desired.queues.values().next().unwrap().clone();
        let members = super::members(&queue).into_iter().map(|(id, p)| format!("{id}={p}"));
        (members.collect::<Vec<_>>().join(" "), queue.min_members.unwrap().0)
    };
    assert_eq!(at("2026-12-01"), ("1=10 2=5 3=5".to_owned(), 3));
    assert_eq!(at("2026-12-02"), ("1=30 2=5 3=5".to_owned(), 3));
    assert_eq!(at("2026-12-03"), ("1=30 4=0 5=0".to_owned(), 1));
    assert_eq!(at("2026-12-04"), ("1=5 2=5 3=5 5=0".to_owned(), 3));
    assert_eq!(at("2026-12-05"), ("1=10 2=5 3=5".to_owned(), 3));
}

#[test]
fn rule_13_4_a_loan_is_followed_by_selectors_and_ends_with_the_base_of_then() {
    let roster = |base: &str, wrap_up: u32| {
        format!(
            "agents:
  - {{ operatorId: \"1\", name: 张三, mainSkillGroup: {base}, wrapUpSeconds: {wrap_up}, during: [{{ from: 2026-12-01, until: 2026-12-02, mainSkillGroup: 售后, wrapUpSeconds: 5 }}] }}
  - {{ operatorId: \"2\", mainSkillGroup: 售前 }}
queues:
  - {{ displayName: q, memberSelector: {{ mainSkillGroup: 售前 }} }}"
        )
    };
    let (before, edited) = (House::new("", &roster("售前", 30)), House::new("", &roster("国际", 40)));
    let ids = |house: &House, at: &str| {
        house.members(at).into_iter().map(|(id, _)| id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((ids(&before, "2026-11-30"), ids(&before, "2026-12-01")), ("1 2".to_owned(), "2".to_owned()));
    assert_eq!((ids(&before, "2026-12-03"), ids(&edited, "2026-12-03")), ("1 2".to_owned(), "2".to_owned()));
    let lent = live(
        &[
            ("1", json!({ "mainSkillGroup": "售后", "wrapUpSeconds": 5 })),
            ("2", json!({ "mainSkillGroup": "售前" })),
        ],
        &["2"],
    );
    // The base was edited during the loan: nothing changes until the loan ends, then the new base holds.
    assert!(edited.plan("2026-12-02T23:59", &lent, &Ledger::default()).is_empty());
    let plan = edited.plan("2026-12-03", &lent, &Ledger::default());
    let fields = change(&plan, "agent/1").unwrap().fields.iter();
    let fields: Vec<Json> = fields.map(|field| field.after.as_ref().unwrap().to_json()).collect();
    assert_eq!(fields, [json!("国际"), json!(40)]);
}

#[test]
fn rule_13_5_a_plan_says_its_instant_only_with_dates() {
    let there = live(&[("1", json!({}))], &["1"]);
    let plan = House::new("", JOINER).plan("2026-11-30T18:30", &there, &Ledger::default());
    assert_eq!(plan.at.as_deref(), Some("2026-11-30T18:30:00+08:00"));
    let new_york = House::in_zone("America/New_York", "", JOINER);
    let plan = new_york.plan("2026-07-01", &there, &Ledger::default());
    assert_eq!(plan.at.as_deref(), Some("2026-07-01T00:00:00-04:00"));
    let timeless = House::new("", &JOINER.replace(", from: 2026-12-01", ""));
    let plan = timeless.plan("2026-11-30", &there, &Ledger::default());
    assert_eq!((plan.at, plan.good_until), (None, None));
}

#[test]
fn rule_13_6_a_plan_is_good_until_a_value_in_its_scope_is_wanted_otherwise() {
    let roster = "agents:
  - { operatorId: \"1\", name: a, from: 2020-01-01 }
  - { operatorId: \"2\", name: a, during: [{ from: 2026-12-05, until: 2026-12-07T12:00, name: b }, { from: 2026-12-10, name: a }] }
queues:
  - displayName: q
    minMembers: 1
    assignMembers: [\"1\", { agentNumber: \"2\", until: 2026-12-08 }]
    during: [{ from: 2026-12-03, minMembers: 2 }]";
    let house = House::new("", roster);
    let there = live(&[("1", json!({}))], &["1"]);
    let good = |at: &str, targets: &[&str]| {
        let targets = targets.iter().map(|id| ResourceId::parse(id).unwrap()).collect();
        let options = Options { targets, ..Options::default() };
        house.narrowed(at, &there, &Ledger::default(), options).good_until
    };
    let said = |text: &str| Some(text.to_owned());
    // The floor of the third does not count.
    assert_eq!(good("2026-12-01", &[]), said("2026-12-05T00:00:00+08:00"));
    assert_eq!(good("2026-12-05", &[]), said("2026-12-07T12:00:00+08:00"));
    assert_eq!(good("2026-12-01", &["queue/q"]), said("2026-12-09T00:00:00+08:00"));
    assert_eq!(good("2026-12-01", &["agent/1"]), None);
    // A date that sets the value that holds already changes nothing.
    assert_eq!(good("2026-12-09", &[]), None);
}

#[test]
fn rule_13_7_what_time_brought_about_has_moved_by_date() {
    let roster = "agents:
  - { operatorId: \"1\", name: 张三, wrapUpSeconds: 30, during: [{ from: 2026-12-01, until: 2026-12-09, wrapUpSeconds: 10 }] }
  - { operatorId: \"2\", name: 李四, until: 2026-11-30 }
  - { operatorId: \"3\", name: 王五, from: 2026-12-01, allowAnyRole: true }
  - { operatorId: \"4\", name: 赵六, wrapUpSeconds: 30 }
queues:
  - { displayName: q, assignMembers: [\"1\", \"2\", \"3\"] }";
    let was = |last: &str, wrap_up: u32| {
        let member = |id: &str| json!({ "agentNumber": id, "priority": 0 });
        ledger(
            last,
            json!({
                "agent/1": { "fields": { "name": "张三", "wrapUpSeconds": wrap_up } },
                "agent/2": { "fields": { "name": "李四" } },
                "agent/4": { "fields": { "name": "赵六", "wrapUpSeconds": 20 } },
                "queue/q": { "fields": { "assignMembers": [member("1"), member("2")] }, "exten": "1000" },
            }),
        )
    };
    let there = |wrap_up: u32| {
        let fields = json!({ "wrapUpSeconds": wrap_up });
        let named = |name: &str| json!({ "name": name, "wrapUpSeconds": 20 });
        live(&[("1", fields), ("2", named("李四")), ("4", named("赵六"))], &["1", "2"])
    };
    let house = House::new("", roster);
    let plan = house.plan("2026-12-02", &there(30), &was("2026-11-30T12:00:00+08:00", 30));
    assert_eq!(deed(&plan, "agent/1"), Some((Action::Update, ChangeOrigin::Date)));
    assert_eq!(deed(&plan, "agent/2"), Some((Action::Update, ChangeOrigin::Date)));
    assert_eq!(deed(&plan, "agent/3"), Some((Action::Create, ChangeOrigin::Date)));
    assert_eq!(deed(&plan, "agent/4"), Some((Action::Update, ChangeOrigin::Manifest)));
    assert_eq!(deed(&plan, "queue/q"), Some((Action::Update, ChangeOrigin::Date)));
    let delete = House::new("leavers: { then: delete }", roster);
    let plan = delete.plan("2026-12-02", &there(30), &was("2026-11-30T12:00:00+08:00", 30));
    assert_eq!(deed(&plan, "agent/2"), Some((Action::Delete, ChangeOrigin::Date)));
    // The last run was within the span: not time, but the console changed it.
    let plan = house.plan("2026-12-02", &there(30), &was("2026-12-01T12:00:00+08:00", 10));
    assert_eq!(deed(&plan, "agent/1"), Some((Action::Update, ChangeOrigin::Live)));
    // Time passed, and the manifest changed too: the ledger holds another value than the base.
    let plan = house.plan("2026-12-02", &there(20), &was("2026-11-30T12:00:00+08:00", 20));
    assert_eq!(deed(&plan, "agent/1"), Some((Action::Update, ChangeOrigin::Manifest)));
    // Time passed, and the console changed the value too.
    let plan = house.plan("2026-12-02", &there(25), &was("2026-11-30T12:00:00+08:00", 30));
    assert_eq!(deed(&plan, "agent/1"), Some((Action::Update, ChangeOrigin::Both)));
    // Without a last run, nothing is known.
    let plan = house.plan("2026-12-02", &there(30), &Ledger::default());
    assert_eq!(deed(&plan, "agent/1"), Some((Action::Update, ChangeOrigin::Unknown)));
}

/// Returns the breaks ahead of a date: moment, resource, and the lines of the date and of the rule.
pub(super) fn ahead(house: &House, at: &str) -> Vec<(String, String, u32, u32, Ahead)> {
    let manifest::Roster { desired, dates } = house.at(at);
    let breaches = dates.map(|dates| dates.breaches(&house.workspace, &desired)).unwrap_or_default();
    let row = |breach: Breach| {
        (breach.at, breach.id.to_string(), breach.cause.line, breach.source.line, breach.what)
    };
    breaches.into_iter().map(row).collect()
}

const FLOOR: &str = "agents:
  - { operatorId: \"1\", mainSkillGroup: 售前 }
  - { operatorId: \"2\", mainSkillGroup: 售前, until: 2026-12-31 }
queues:
  - displayName: q
    minMembers: 2
    memberSelector: { mainSkillGroup: 售前 }";

#[test]
fn rule_13_8_a_floor_that_breaks_ahead_names_the_moment_and_the_line_of_the_date() {
    let too_few = || Ahead::TooFew { queue: "q".to_owned(), left: 1, minimum: 2 };
    let broken = ("2027-01-01".to_owned(), "queue/q".to_owned(), 5, 8, too_few());
    let house = House::new("", FLOOR);
    assert_eq!(ahead(&house, "2026-11-01"), std::slice::from_ref(&broken));
    // Beyond the horizon of ninety days; broken already; judged by the live members only; undeclared members.
    assert_eq!(ahead(&house, "2026-10-01"), []);
    assert_eq!(ahead(&house, "2027-01-01"), []);
    assert_eq!(manifest::floors(&house.workspace, &house.at("2027-01-01").desired).len(), 1);
    assert_eq!(ahead(&House::new("queueMembers: at-least", FLOOR), "2026-11-01"), []);
    let listed = FLOOR.replace("memberSelector: { mainSkillGroup: 售前 }", "assignMembers: [\"2\", \"9\"]");
    assert_eq!(ahead(&House::new("", &listed), "2026-11-01"), []);
    // The date that raises the floor is the cause too.
    let raised = FLOOR.replace("until: 2026-12-31", "name: a")
        + "\n    during:\n      - { from: 2026-12-24T18:00, minMembers: 3 }";
    let broken = Ahead::TooFew { queue: "q".to_owned(), left: 2, minimum: 3 };
    let broken = ("2026-12-24 18:00".to_owned(), "queue/q".to_owned(), 11, 11, broken);
    assert_eq!(ahead(&House::new("", &raised), "2026-11-01"), [broken]);
}

#[test]
fn rule_13_8_every_offline_rule_is_checked_at_every_moment() {
    let queue = |rest: &str| {
        format!(
            "agents: [{{ operatorId: \"1\", mainSkillGroup: 售前, until: 2026-12-31 }}]\nqueues:\n  - displayName: q\n{rest}"
        )
    };
    let none = |selector| Ahead::NoMembers { queue: "q".to_owned(), selector };
    for (rest, line, what) in [
        ("    memberSelector: { mainSkillGroup: 售前 }", 6, none(true)),
        ("    assignMembers: [\"1\"]", 6, none(false)),
    ] {
        let found = ahead(&House::new("", &queue(rest)), "2026-11-01");
        assert_eq!(found, [("2027-01-01".to_owned(), "queue/q".to_owned(), 3, line, what)]);
        let allowed = queue(&format!("    allowEmpty: true\n{rest}"));
        assert_eq!(ahead(&House::new("", &allowed), "2026-11-01"), []);
    }
    // The queue may be empty for a time only: the break comes with the end of that time.
    let allowed = "    memberSelector: { mainSkillGroup: 售前 }\n    during: [{ from: 2027-01-01, until: 2027-01-05, allowEmpty: true }]";
    let found = ahead(&House::new("", &queue(allowed)), "2026-12-01");
    assert_eq!(found, [("2027-01-06".to_owned(), "queue/q".to_owned(), 7, 6, none(true))]);
    // Two agents with one SIP number, first one after the other and then at the same time.
    let roster = "agents:
  - { operatorId: \"1\", sip: { number: \"700\" }, until: 2026-12-04 }
  - { operatorId: \"2\", sip: { number: \"700\" }, from: 2026-12-05 }
  - { operatorId: \"3\", sip: none, during: [{ from: 2026-12-10, sip: { number: \"700\" } }] }";
    let twice = Ahead::SipTwice { first: "2".into(), second: "3".into(), number: "700".to_owned() };
    let found = ahead(&House::new("", roster), "2026-12-01");
    assert_eq!(found, [("2026-12-10".to_owned(), "agent/3".to_owned(), 6, 6, twice)]);
    // A date that is wrong for another reason makes no false report of the two.
    let wrong = format!(
        "{}\n  - {{ operatorId: \"4\", profile: none }}",
        roster.replace(", during: [{ from: 2026-12-10, sip: { number: \"700\" } }]", "")
    );
    assert_eq!(House::new("", &wrong).errors("2026-12-01").len(), 1);
}

#[test]
fn rule_13_8_a_plan_tells_of_a_break_ahead_and_refuses_nothing() {
    let there = live(
        &[("1", json!({ "mainSkillGroup": "售前" })), ("2", json!({ "mainSkillGroup": "售前" }))],
        &["1", "2"],
    );
    let plan = House::new("", FLOOR).plan("2026-12-01", &there, &Ledger::default());
    assert!(plan.is_empty());
    let found: Vec<_> =
        plan.findings.iter().map(|f| (f.code.as_str(), f.severity.word(), f.to_string())).collect();
    let [("R703", "warning", words)] = found.as_slice() else { panic!("{found:?}") };
    assert!(words.contains("2027-01-01") && words.contains('q'), "{words}");
    assert!(!plan.has(rosterctl::model::rule::Effect::Refused));
}

#[test]
fn rule_13_9_dates_that_are_over_are_counted_once_for_all() {
    let roster = "periods: { past: { from: 2026-01-01, until: 2026-01-02 }, coming: { from: 2027-01-01 } }
profiles:
  p: { wrapUpSeconds: 5, during: [{ period: past, wrapUpSeconds: 6 }, { period: coming, wrapUpSeconds: 7 }] }
agents:
  - { operatorIds: 1..3, profile: p, from: 2026-01-01 }
  - { operatorId: \"4\", name: a, profile: p, during: [{ from: 2026-01-01, name: b }], until: 2026-01-05 }
queues:
  - displayName: q
    allowEmpty: true
    minMembers: 1
    assignMembers: [\"1\", { agentNumber: \"2\", from: 2026-01-01 }]
    during: [{ until: 2026-01-01, minMembers: 0 }, { from: 2026-01-02, until: 2027-01-01, minMembers: 0 }]";
    let over = |policy: &str, at: &str| House::new(policy, roster).at(at).dates.unwrap().over;
    // The past span of the profile, the pool's beginning, the name of 4, the entry of 2, the first of the queue.
    assert_eq!(over("", "2026-06-01"), 5);
    assert_eq!(over("leavers: { deleteAfter: 5d }", "2026-01-10"), 5);
    assert_eq!(over("leavers: { deleteAfter: 5d }", "2026-01-11"), 6);
    assert_eq!(over("leavers: { then: delete }", "2026-01-06"), 6);
    assert_eq!(over("leavers: { then: keep }", "2026-06-01"), 5);
    assert_eq!(over("", "2025-12-31"), 0);
    let plan = House::new("", roster).plan("2026-06-01", &live(&[], &[]), &Ledger::default());
    assert_eq!(codes(&plan).iter().filter(|code| **code == "R702").count(), 1);
}

const DUE: &str = "agents:
  - { operatorId: \"1\", name: 张三, wrapUpSeconds: 30, hidePhone: false, during: [{ from: 2026-12-01, wrapUpSeconds: 10, hidePhone: true }] }
  - { operatorId: \"2\", name: 李四 }
  - { operatorId: \"3\", name: 王五, until: 2026-11-30 }
queues:
  - displayName: q
    assignMembers: [\"1\", { agentNumber: \"2\", until: 2026-11-30 }, \"3\", { agentNumber: \"4\", from: 2026-12-01 }]";

#[test]
fn rule_13_12_what_is_due_is_done_and_the_rest_is_left_alone() {
    let fields = |extra: &Json| {
        let mut all = json!({ "name": "张三" });
        all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        all
    };
    let agents = |extra: &Json| {
        let (one, other) = (fields(extra), json!({ "name": "renamed in the console" }));
        let third = json!({ "name": "王五" });
        live(
            &[("1", one), ("2", other), ("3", third), ("4", json!({})), ("5", json!({}))],
            &["1", "2", "3", "5"],
        )
    };
    let house = House::new("", DUE);
    let was = ledger("2026-11-30T12:00:00+08:00", json!({}));
    let due = |at: &str, live: &Live| {
        let options = Options { due: true, ..Options::default() };
        house.narrowed(at, live, &was, options)
    };
    let plan = due("2026-12-01", &agents(&json!({})));
    let keys = |plan: &Plan| {
        let fields = change(plan, "agent/1").into_iter().flat_map(|change| &change.fields);
        fields.map(|field| field.field.key).collect::<Vec<_>>()
    };
    assert_eq!(keys(&plan), ["wrapUpSeconds", "hidePhone"]);
    // The rename of the second, by hand, is not time's work; nor is the fifth member.
    assert_eq!(change(&plan, "agent/2"), None);
    assert!(change(&plan, "agent/3").unwrap().leave);
    assert_eq!(after(&plan, "queue/q"), ["1", "4", "5"]);
    assert_eq!(codes(&plan), Vec::<&str>::new());
    // A value that is neither the one before nor the one after is left and told of.
    let plan = due("2026-12-01", &agents(&json!({ "wrapUpSeconds": 45 })));
    assert_eq!(keys(&plan), ["hidePhone"]);
    let found: Vec<_> =
        plan.findings.iter().map(|f| (f.code.as_str(), f.id.as_ref().unwrap().to_string())).collect();
    assert_eq!(found, [("R704", "agent/1".to_owned())]);
    // Before the date, and after a run behind it, nothing is due.
    assert!(due("2026-11-30T13:00", &agents(&json!({}))).is_empty());
    let later = ledger("2026-12-01T12:00:00+08:00", json!({}));
    let options = Options { due: true, ..Options::default() };
    assert!(house.narrowed("2026-12-02", &agents(&json!({})), &later, options).is_empty());
}
