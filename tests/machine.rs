//! The machine of apply, event by event: an unanswered, unshown or unreported result is neither done nor known.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test file uses what it needs")]
#[path = "support/planning.rs"]
mod planning;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rosterctl::apply::pre_send;
use rosterctl::apply::readback::{QueueKey, ReadBack, ReadSet};
use rosterctl::apply::write_op::WriteOp;
use rosterctl::apply::{
    ApplyOptions, ApplyOutcome, Effect, Event, Finish, Machine, ReadPurpose, Status, journal_recovery,
    ledger_update,
};
use rosterctl::model::call::Failure;
use rosterctl::model::id::{Kind, OperatorId};
use rosterctl::model::journal::{Ending, Entry};
use rosterctl::model::ledger::{AppliedPassword, Ledger, LedgerEntry, MadePassword, SeenPassword};
use rosterctl::model::live::{Listing, Live, LiveQueue};
use rosterctl::model::plan::{ChangeOrigin, Operation, Plan, Verb};
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::retry::{self, Bounds};
use rosterctl::model::{agent, field::Record, unread::Unread, value::Value};
use rosterctl::plan::Options;

/// Returns a plan for agents of which some are live, without queues. Version 1 of the live agents' password was set.
fn plan_of(agents: &str, live: &[&str]) -> Plan {
    let mut ledger = Ledger::default();
    for id in live {
        let password = Some(AppliedPassword { version: Some(1), ..AppliedPassword::default() });
        ledger.resources.insert(format!("agent/{id}"), LedgerEntry { password, ..LedgerEntry::default() });
    }
    plan_with(agents, live, &ledger)
}

/// Returns such a plan with a ledger.
fn plan_with(agents: &str, live: &[&str], ledger: &Ledger) -> Plan {
    let workspace = planning::workspace_with("", "{}");
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\ndefaults: {{ allowAnyRole: true, role: r }}\nagents: {agents}\n"
    );
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], &workspace);
    let mut there = Listing::default();
    there.items.extend(live.iter().map(|id| (OperatorId::from(*id), Record::default())));
    let live = Live { agents: Some(there), queues: Some(Listing::default()), ..Live::default() };
    rosterctl::plan::plan(&workspace, &desired, &live, ledger, &Options::default()).unwrap()
}

/// Drives a machine to its end; `happens` returns the events that follow an effect.
fn drive(plan: Plan, mut happens: impl FnMut(&Effect) -> Vec<Event>) -> Finish {
    let bounds = Bounds { attempts: 3, total: Duration::from_mins(2) };
    let bounds = [(Kind::Agent, bounds), (Kind::Queue, bounds)].into();
    let conduct = ApplyOptions { saved: true, bounds, queues: true, ..ApplyOptions::default() };
    let mut machine = Machine::new(Arc::new(plan), planning::supports(), conduct);
    let mut events = VecDeque::from([Event::Begin]);
    while let Some(event) = events.pop_front() {
        for effect in machine.next(event) {
            match effect {
                Effect::Finish(finish) => return finish,
                Effect::Read { .. } | Effect::ReadPresence { .. } | Effect::Send { .. } => {
                    events.extend(happens(&effect));
                }
            }
        }
    }
    panic!("the run came to a halt");
}

fn missing(wanted: &ReadSet) -> ReadBack {
    let mut seen = ReadBack::default();
    seen.agents.extend(wanted.agents.iter().map(|id| (id.clone(), Ok(None))));
    seen.queues.extend(wanted.queues.iter().map(|key| (key.clone(), Ok(Vec::new()))));
    seen
}

fn nothing_seen(purpose: ReadPurpose, wanted: &ReadSet) -> Vec<Event> {
    vec![Event::ReadBack { purpose, seen: missing(wanted) }]
}

fn answered(step: usize, failure: Failure) -> Vec<Event> {
    vec![Event::Answered { step, result: Err(failure) }]
}

fn broke() -> Failure {
    Failure::Unknown("it broke".to_owned().into())
}

#[test]
fn a_call_that_cannot_be_repeated_any_more_ends_its_step_as_unknown_and_not_the_run() {
    let plan = plan_of("[{ operatorId: \"8001\" }, { operatorId: \"8002\" }]", &[]);
    for other in [Failure::SignIn as fn(_) -> Failure, Failure::Refused] {
        let finish = drive(plan.clone(), |effect| match effect {
            Effect::Read { purpose, wanted, .. } => nothing_seen(*purpose, wanted),
            Effect::Send { step: 0, repetition: 0, .. } => answered(0, broke()),
            Effect::Send { step: 0, .. } => vec![Event::Interrupted, Event::NotStarted { step: 0 }],
            Effect::Send { step, .. } => answered(*step, other("no".to_owned().into())),
            Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
        });
        let Finish::Ran(ApplyOutcome { results, .. }) = finish else { panic!("{finish:?}") };
        assert_eq!([results[0].status, results[1].status], [Status::Unknown, Status::Failed]);
    }
}

#[test]
fn a_stop_during_the_first_look_ends_the_run() {
    let finish = drive(plan_of("[{ operatorId: \"8001\", name: 新 }]", &["8001"]), |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            seen.agents.values_mut().for_each(|agent| *agent = Err(Unread::NotRead));
            vec![Event::Interrupted, Event::ReadBack { purpose: *purpose, seen }]
        }
        _ => panic!("{effect:?}"),
    });
    assert!(matches!(&finish, Finish::Ran(ran) if ran.interrupted), "{finish:?}");
}

#[test]
fn queues_are_looked_at_before_a_deletion_also_where_the_plan_saw_none() {
    let plan = plan_of("[{ operatorId: \"8001\", state: absent }]", &["8001"]);
    let op = WriteOp::Delete { kind: Kind::Agent, ids: vec![OperatorId::from("8001")] };
    assert!(pre_send::wanted(&plan, &op, true).queues.contains(&QueueKey::All), "before the call, too");
    let mut looked = false;
    drive(plan, |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            seen.agents.values_mut().for_each(|agent| *agent = Ok(Some(Record::default())));
            looked |= matches!(purpose, ReadPurpose::Confirm(_)) && wanted.queues.contains(&QueueKey::All);
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, .. } => answered(*step, Failure::Refused("no".to_owned().into())),
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    assert!(looked);
}

#[test]
fn what_may_not_be_shown_yet_is_looked_at_a_few_times_and_no_longer() {
    // A change that never shows; one whose run is stopped meanwhile; one that shows another value.
    for (stops, shows, looks, end) in [
        (false, None, 5, Status::Failed),
        (true, None, 2, Status::Unknown),
        (false, Some("others"), 1, Status::Failed),
    ] {
        let mut verified = 0;
        let plan = plan_of("[{ operatorId: \"8001\", name: 新 }]", &["8001"]);
        let finish = drive(plan, |effect| match effect {
            Effect::Read { purpose, wanted, again } => {
                let mut seen = missing(wanted);
                let mut record = Record::default();
                let mut events = Vec::new();
                if *purpose == ReadPurpose::Verify {
                    assert_eq!(*again, verified, "each look but the first after a pause");
                    verified += 1;
                    events.extend((stops && verified == 2).then_some(Event::Interrupted));
                    if let Some(name) = shows {
                        record.set(&agent::NAME, Value::Text(name.into()), None);
                    }
                }
                seen.agents.values_mut().for_each(|agent| *agent = Ok(Some(record.clone())));
                events.push(Event::ReadBack { purpose: *purpose, seen });
                events
            }
            Effect::Send { step, .. } => vec![Event::Answered { step: *step, result: Ok(None) }],
            Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
        });
        let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
        assert_eq!((verified, ran.results[0].status), (looks, end), "{ran:?}");
    }
}

#[test]
fn a_new_queue_of_unknown_outcome_takes_no_longer_than_trying_again_may_and_is_never_asked_for_too_soon() {
    let workspace = planning::workspace_with("", "{}");
    let text = "apiVersion: rosterctl/v1\nkind: Roster\nqueues: [{ displayName: q }]\n";
    let desired = planning::desired(&[("a.yaml".to_owned(), text.to_owned())], &workspace);
    let live = Live { agents: Some(Listing::default()), queues: Some(Listing::default()), ..Live::default() };
    let plan =
        rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &Options::default()).unwrap();
    let plan = Arc::new(plan);
    for (seconds, calls, end) in [
        (0, 1, Status::Unknown),
        (2, 1, Status::Unknown),
        (13, 1, Status::Failed),
        (30, 2, Status::Failed),
        (120, 6, Status::Failed),
    ] {
        let total = Duration::from_secs(seconds);
        let bounds = [(Kind::Queue, Bounds { attempts: 6, total })].into();
        let options = ApplyOptions { bounds, orphan: retry::ORPHAN, queues: true, ..ApplyOptions::default() };
        let mut machine = Machine::new(Arc::clone(&plan), planning::supports(), options);
        let mut now = Duration::ZERO;
        let mut sent: Vec<Duration> = Vec::new();
        let mut events = VecDeque::from([Event::Begin]);
        let ran = 'run: loop {
            machine.tick(now);
            for effect in machine.next(events.pop_front().expect("something happens")) {
                match effect {
                    Effect::Finish(Finish::Ran(ran)) => break 'run ran,
                    Effect::Read { purpose, wanted, again } => {
                        now += if again > 0 { retry::poll_delay(again, 0.5) } else { Duration::ZERO };
                        events.push_back(Event::ReadBack { purpose, seen: missing(&wanted) });
                    }
                    Effect::Send { step, repetition, .. } => {
                        now += if repetition > 0 { retry::backoff(repetition, 0.5) } else { Duration::ZERO };
                        sent.push(now);
                        events.extend(answered(step, broke()));
                    }
                    Effect::ReadPresence { .. } | Effect::Finish(_) => panic!("{effect:?}"),
                }
            }
        };
        assert_eq!((sent.len(), ran.results[0].status), (calls, end), "{seconds} s: {sent:?} {ran:?}");
        let soonest = sent.windows(2).map(|two| two[1].saturating_sub(two[0])).min();
        assert!(soonest.is_none_or(|soonest| soonest > retry::ORPHAN), "{sent:?}");
        assert!(now <= total.max(Duration::from_secs(2)) + Duration::from_secs(1), "{seconds} s: {now:?}");
    }
}

#[test]
fn an_agent_that_left_a_queue_is_deleted_despite_other_faults_of_the_queue() {
    for (left, ends) in [(true, [Status::Failed, Status::Done]), (false, [Status::Failed, Status::Skipped])] {
        let workspace = planning::workspace_with("", "{}");
        let text =
            "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8002\", state: absent }]\n";
        let desired = planning::desired(&[("a.yaml".to_owned(), text.to_owned())], &workspace);
        let live = |members: &str| {
            let agents = r#"{ "8001": {}, "8002": {} }"#;
            let queues = format!(r#"{{ "1001": {{ "displayName": "q", "assignMembers": [{members}] }} }}"#);
            let words = format!(r#"{{ "agents": {agents}, "queues": {queues} }}"#);
            planning::live(&serde_json::from_str(&words).unwrap())
        };
        let member =
            |id: &str, priority: i64| format!(r#"{{"agentNumber": "{id}", "priority": {priority}}}"#);
        let before = live(&format!("{},{}", member("8001", 1), member("8002", 0)));
        // The vendor confirms, but gives 8001 another priority.
        let after =
            if left { member("8001", 5) } else { format!("{},{}", member("8001", 5), member("8002", 0)) };
        let after = live(&after);
        let options = Options::default();
        let plan =
            rosterctl::plan::plan(&workspace, &desired, &before, &Ledger::default(), &options).unwrap();
        let (mut written, mut deleted) = (false, false);
        let finish = drive(plan, |effect| match effect {
            Effect::Read { purpose, wanted, .. } => {
                let now = if written { &after } else { &before };
                let queues = now.queues.as_ref().unwrap().items.clone();
                let mut seen = missing(wanted);
                for queue in seen.queues.values_mut() {
                    *queue = Ok(queues.clone().into_iter().collect());
                }
                for agent in seen.agents.values_mut() {
                    *agent = Ok((!deleted).then(Record::default));
                }
                vec![Event::ReadBack { purpose: *purpose, seen }]
            }
            Effect::Send { step, .. } => {
                (written, deleted) = (true, *step == 1);
                vec![Event::Answered { step: *step, result: Ok(None) }]
            }
            Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
        });
        let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
        assert_eq!(ran.results.iter().map(|result| result.status).collect::<Vec<_>>(), ends, "{ran:?}");
    }
}

#[test]
fn an_unanswered_password_call_is_unknown() {
    let agents = |version: u32| {
        format!("[{{ operatorId: \"8001\", password: {{ store: files, key: a, version: {version} }} }}]")
    };
    let plan = plan_of(&agents(2), &["8001"]);
    let finish = drive(plan.clone(), |effect| match effect {
        Effect::Send { step, .. } => answered(*step, broke()),
        Effect::Read { purpose, wanted, .. } => nothing_seen(*purpose, wanted),
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    assert_eq!(ran.results[0].status, Status::Unknown, "{ran:?}");
    // Any declared version sets the password again.
    let password = Some(AppliedPassword { version: Some(1), ..AppliedPassword::default() });
    let mut ledger = Ledger::default();
    ledger.resources.insert("agent/8001".to_owned(), LedgerEntry { password, ..LedgerEntry::default() });
    assert!(plan_with(&agents(1), &["8001"], &ledger).steps.is_empty());
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &ran.results, &BTreeMap::new());
    for version in [1, 2] {
        let again = plan_with(&agents(version), &["8001"], &ledger);
        assert_eq!(again.steps[0].operation, Operation::agent(Verb::Password), "{version}: {again:?}");
    }
}

#[test]
fn a_rotation_is_one_although_the_call_before_it_was_not_confirmed() {
    let text = |text: &str| Some(text.to_owned());
    let set = AppliedPassword {
        version: Some(1),
        store: text("files"),
        key: text("a"),
        ..AppliedPassword::default()
    };
    let made = MadePassword { store: "files".to_owned(), key: "a".to_owned() };
    let unconfirmed = BTreeSet::from(["password".to_owned()]);
    let seen = Some(SeenPassword { version: Some(1) });
    for applied in [
        LedgerEntry { password: Some(set), unconfirmed: unconfirmed.clone(), ..LedgerEntry::default() },
        LedgerEntry { password_made: Some(made), password_seen: seen, unconfirmed, ..LedgerEntry::default() },
    ] {
        let mut ledger = Ledger::default();
        ledger.resources.insert("agent/8001".to_owned(), applied);
        for (version, renews) in [(1, false), (2, true)] {
            let agents = format!(
                "[{{ operatorId: \"8001\", password: {{ store: files, key: a, generate: true, version: {version} }} }}]"
            );
            let plan = plan_with(&agents, &["8001"], &ledger);
            assert!(plan.steps.iter().any(|step| step.operation.verb == Verb::Password), "{plan:?}");
            assert_eq!(plan.steps.iter().any(|step| step.renew), renews, "{version}: {plan:?}");
        }
    }
}

#[test]
fn a_refused_sign_in_confirms_nothing_that_was_not_heard() {
    let mut created = false;
    let agents = "[{ operatorId: \"8009\", role: 班长 }]";
    let finish = drive(plan_of(agents, &[]), |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            let now = match purpose {
                ReadPurpose::Verify => Err(Unread::NotRead),
                _ => Ok(created.then(Record::default)),
            };
            seen.refused.extend(now.is_err().then_some(Kind::Agent));
            seen.agents.values_mut().for_each(|agent| *agent = now.clone());
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, .. } => {
            created = true;
            answered(*step, broke())
        }
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    assert_eq!(ran.results[0].status, Status::Unknown, "{ran:?}");
}

/// Creates an agent with role and password. The vendor refuses the creation, although the agent exists afterwards.
/// `follow_up` answers each later call.
fn refused_although_there(follow_up: &Result<(), Failure>) -> (Plan, ApplyOutcome, Vec<WriteOp>) {
    let plan =
        plan_of("[{ operatorId: \"8009\", name: 新, role: 班长, password: { store: files, key: a } }]", &[]);
    let (mut sent, mut created) = (Vec::new(), false);
    let finish = drive(plan.clone(), |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            let mut record = Record::default();
            record.set(&agent::NAME, Value::Text("新".into()), None);
            seen.agents.values_mut().for_each(|agent| *agent = Ok(created.then(|| record.clone())));
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, op, follow_up: false, .. } => {
            assert!(matches!(op, WriteOp::Create { .. }), "{op:?}");
            created = true;
            answered(*step, Failure::Refused("8009 exists".to_owned().into()))
        }
        Effect::Send { step, op, .. } => {
            sent.push(op.clone());
            vec![Event::Answered { step: *step, result: follow_up.clone().map(|()| None) }]
        }
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    (plan, ran, sent)
}

#[test]
fn what_no_system_returns_is_set_once_more_where_no_yes_was_heard() {
    let (plan, ran, sent) = refused_although_there(&Ok(()));
    assert_eq!((ran.results[0].status, ran.results[0].confirmed), (Status::Done, false), "{ran:?}");
    assert_eq!(ran.results[0].reset, ["role", "password"]);
    let role =
        |op: &WriteOp| matches!(op, WriteOp::Edit { record, .. } if record.text(&agent::ROLE).is_some());
    let password = |op: &WriteOp| matches!(op, WriteOp::SetPassword { .. });
    assert!(sent.len() == 2 && sent.iter().any(role) && sent.iter().any(password), "{sent:?}");
    let mut ledger = Ledger::default();
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &ran.results, &BTreeMap::new());
    assert_eq!(ledger.resources["agent/8009"].fields["role"], "班长");
}

#[test]
fn without_a_yes_the_ledger_knows_neither_role_nor_password() {
    let (plan, ran, _) = refused_although_there(&Err(Failure::Refused("no".to_owned().into())));
    assert_eq!((ran.results[0].status, ran.results[0].confirmed), (Status::Unknown, false), "{ran:?}");
    let mut ledger = Ledger::default();
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &ran.results, &BTreeMap::new());
    let known = ledger.resources.get("agent/8009").cloned().unwrap_or_default();
    assert!(!known.fields.contains_key("role") && known.password.is_none(), "{known:?}");
}

#[test]
fn a_call_that_a_dead_run_began_confirms_nothing_and_is_made_good() {
    let agents = "[{ operatorId: \"8009\", name: 新, role: 班长, password: { store: files, key: a } }]";
    let plan = plan_of(agents, &[]);
    let entries = [
        Entry::Run { plan: Arc::new(plan.clone()), ledger: Some(0), run: None },
        Entry::Begin { step: 0, at_ms: 0 },
    ];
    // A person created the agent in the console, with another role and password.
    let words = serde_json::json!({ "agents": { "8009": { "name": "新" } }, "queues": {} });
    let live = planning::live(&words);
    let (_, results) = journal_recovery::recover(&entries, &planning::supports(), Some(&live)).unwrap();
    assert!(results[0].carried_out && !results[0].confirmed, "{results:?}");
    let mut ledger = Ledger::default();
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &results, &BTreeMap::new());
    let known = &ledger.resources["agent/8009"];
    assert!(!known.fields.contains_key("role") && known.password.is_none(), "{known:?}");
    let workspace = planning::workspace_with("", "{}");
    let text = format!("apiVersion: rosterctl/v1\nkind: Roster\nagents: {agents}\n");
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], &workspace);
    let next = rosterctl::plan::plan(&workspace, &desired, &live, &ledger, &Options::default()).unwrap();
    let operations: Vec<Operation> = next.steps.iter().map(|step| step.operation).collect();
    assert_eq!(operations, [Operation::agent(Verb::Edit), Operation::agent(Verb::Password)], "{next:?}");
}

#[test]
fn an_edit_that_looks_done_without_a_yes_sends_its_role_again() {
    let plan = plan_of("[{ operatorId: \"8001\", name: 新, role: 班长 }]", &["8001"]);
    let mut plan = plan;
    // The ledger knows another role.
    let change = plan.changes.iter_mut().find(|change| change.id.name.as_str() == "8001").unwrap();
    let mut role = change.fields[0].clone();
    let text = |text: &str| Some(Value::Text(text.into()));
    (role.field, role.before, role.after) = (&agent::ROLE, text("坐席"), text("班长"));
    change.fields.push(role);
    plan.steps[0].fields = plan.steps[0].fields.iter().copied().chain(["role"]).collect();
    let (mut edits, mut edited) = (Vec::new(), false);
    let finish = drive(plan, |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            let mut record = Record::default();
            if edited {
                record.set(&agent::NAME, Value::Text("新".into()), None);
            }
            seen.agents.values_mut().for_each(|agent| *agent = Ok(Some(record.clone())));
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, op, .. } => {
            edits.push(op.clone());
            let first = !std::mem::replace(&mut edited, true);
            let result = if first { Err(broke()) } else { Ok(None) };
            vec![Event::Answered { step: *step, result }]
        }
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    assert_eq!((ran.results[0].status, ran.results[0].confirmed), (Status::Done, false), "{ran:?}");
    assert_eq!(ran.results[0].reset, ["role"]);
    assert!(
        matches!(&edits[1], WriteOp::Edit { record, .. } if record.text(&agent::ROLE).is_some()),
        "{edits:?}"
    );
}

#[test]
fn a_second_queue_of_the_name_that_was_created_is_an_error_with_both_numbers() {
    let workspace = planning::workspace_with("", "{}");
    let text = "apiVersion: rosterctl/v1\nkind: Roster\nqueues: [{ displayName: 甲 }]\n";
    let desired = planning::desired(&[("a.yaml".to_owned(), text.to_owned())], &workspace);
    let live = Live { agents: Some(Listing::default()), queues: Some(Listing::default()), ..Live::default() };
    let plan =
        rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &Options::default()).unwrap();
    let words = serde_json::json!({ "agents": {}, "queues": {
        "1001": { "displayName": "甲", "assignMembers": [] }, "1002": { "displayName": "甲", "assignMembers": [] },
    } });
    let both = planning::live(&words).queues.unwrap().items;
    let mut made = false;
    let finish = drive(plan, |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            for (key, queues) in seen.queues.iter_mut().filter(|_| made) {
                assert_eq!(*key, QueueKey::Name("甲".to_owned()));
                *queues = Ok(both.clone().into_iter().collect());
            }
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, .. } => {
            made = true;
            vec![Event::Answered { step: *step, result: Ok(Some(OperatorId::from("1002"))) }]
        }
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    let message = rosterctl::messages::en::notes(&ran.results[0].notes);
    assert_eq!(ran.results[0].status, Status::Failed, "{ran:?}");
    assert!(message.contains("1001") && message.contains("1002"), "{message}");
}

#[test]
fn what_no_edit_can_set_again_stays_unknown_without_a_yes() {
    let agents = "[{ operatorId: \"8009\", name: 新, role: 班长, mainSkillGroup: g, skillLevel: 3 }]";
    let plan = plan_of(agents, &[]);
    let mut created = false;
    let finish = drive(plan.clone(), |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            let mut record = Record::default();
            record.set(&agent::NAME, Value::Text("新".into()), None);
            record.set(&agent::MAIN_SKILL_GROUP, Value::Text("g".into()), None);
            seen.agents.values_mut().for_each(|agent| *agent = Ok(created.then(|| record.clone())));
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, follow_up: false, .. } => {
            created = true;
            answered(*step, broke())
        }
        Effect::Send { step, .. } => vec![Event::Answered { step: *step, result: Ok(None) }],
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    let mut ledger = Ledger::default();
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &ran.results, &BTreeMap::new());
    let known = &ledger.resources["agent/8009"];
    assert_eq!(known.fields.get("role"), Some(&"班长".into()), "it was set again");
    assert!(
        !known.fields.contains_key("skillLevel") && known.unconfirmed.contains("skillLevel"),
        "{known:?}"
    );
}

/// Runs a plan whose calls the vendor confirms. `shown` is each agent before and after the first call.
fn confirmed(plan: Plan, shown: impl Fn(bool) -> Option<Record>) -> ApplyOutcome {
    let mut sent = false;
    let finish = drive(plan, |effect| match effect {
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            seen.agents.values_mut().for_each(|agent| *agent = Ok(shown(sent)));
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, .. } => {
            sent = true;
            vec![Event::Answered { step: *step, result: Ok(None) }]
        }
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
    ran
}

#[test]
fn a_yes_that_reading_back_disproves_is_none() {
    let plan = plan_of("[{ operatorId: \"8009\", name: 新, role: 班长 }]", &[]);
    let ran = confirmed(plan.clone(), |sent| {
        let mut record = Record::default();
        record.set(&agent::NAME, Value::Text("别人".into()), None);
        sent.then_some(record)
    });
    assert_eq!((ran.results[0].status, ran.results[0].confirmed), (Status::Failed, false), "{ran:?}");
    let mut ledger = Ledger::default();
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &ran.results, &BTreeMap::new());
    let known = &ledger.resources["agent/8009"];
    assert!(known.fields.is_empty() && known.unconfirmed.contains("role"), "{known:?}");
}

#[test]
fn a_field_that_reading_back_does_not_tell_is_not_done() {
    let workspace = planning::workspace_with("", "{}");
    let text =
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8001\", wrapUpSeconds: 30 }]\n";
    let desired = planning::desired(&[("a.yaml".to_owned(), text.to_owned())], &workspace);
    let words = serde_json::json!({ "agents": { "8001": { "wrapUpSeconds": 5 } }, "queues": {} });
    let (live, options) = (planning::live(&words), Options::default());
    let plan = rosterctl::plan::plan(&workspace, &desired, &live, &Ledger::default(), &options).unwrap();
    let ran = confirmed(plan, |sent| {
        let mut record = Record::default();
        if !sent {
            record.set(&agent::WRAP_UP_SECONDS, Value::Number(5), None);
        }
        Some(record)
    });
    assert_eq!(ran.results[0].status, Status::Unknown, "{ran:?}");
}

/// Returns a plan that replaces member 8001 of queue 1001 by 8002. Also returns the queue before and after.
fn handover(more: &str) -> (Plan, [Vec<(OperatorId, LiveQueue)>; 2]) {
    let workspace = planning::workspace_with("", "{ limits: { floor: 100 } }");
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{more}]\n\
         queues: [{{ displayName: q, assignMembers: [\"8002\"] }}]\n"
    );
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], &workspace);
    let live = |member: &str| {
        let members = serde_json::json!([{ "agentNumber": member, "priority": 0 }]);
        let queues = serde_json::json!({ "1001": { "displayName": "q", "assignMembers": members } });
        let agents = serde_json::json!({ "8001": {}, "8002": {}, "8003": {} });
        planning::live(&serde_json::json!({ "agents": agents, "queues": queues }))
    };
    let (before, after) = (live("8001"), live("8002"));
    let plan = rosterctl::plan::plan(&workspace, &desired, &before, &Ledger::default(), &Options::default())
        .unwrap();
    (plan, [before, after].map(|live| live.queues.unwrap().items.into_iter().collect()))
}

#[test]
fn a_queue_that_is_not_shown_after_an_unknown_outcome_is_looked_at_again_and_not_written_again() {
    for (shown_at, looks, end) in [(Some(2), 2, Status::Done), (None, 5, Status::Failed)] {
        let (plan, [before, after]) = handover("");
        let (mut resolved, mut sent) = (0, 0);
        let finish = drive(plan, |effect| match effect {
            Effect::Read { purpose, wanted, .. } => {
                let mut seen = missing(wanted);
                resolved += usize::from(matches!(purpose, ReadPurpose::Resolve(_)));
                let now = match (sent, shown_at) {
                    (0, _) => before.clone(),
                    (_, Some(shown_at)) if resolved >= shown_at => after.clone(),
                    _ => Vec::new(),
                };
                seen.queues.values_mut().for_each(|queues| *queues = Ok(now.clone()));
                vec![Event::ReadBack { purpose: *purpose, seen }]
            }
            Effect::Send { step, .. } => {
                sent += 1;
                answered(*step, broke())
            }
            Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
        });
        let Finish::Ran(ran) = finish else { panic!("{finish:?}") };
        assert_eq!((sent, resolved, ran.results[0].status), (1, looks, end), "{ran:?}");
    }
}

#[test]
fn a_queue_that_a_later_listing_lacks_keeps_no_agent() {
    let (plan, [before, _]) = handover("{ operatorId: \"8003\", state: absent }");
    let (mut confirmation, mut deleted) = (None, false);
    drive(plan, |effect| match effect {
        Effect::Read { purpose: purpose @ ReadPurpose::Confirm(_), wanted, .. } => {
            let mut seen = missing(wanted);
            seen.agents.values_mut().for_each(|agent| *agent = Ok(Some(Record::default())));
            confirmation = Some(Event::ReadBack { purpose: *purpose, seen });
            Vec::new()
        }
        Effect::Read { purpose, wanted, .. } => {
            let mut seen = missing(wanted);
            let mut now = before.clone();
            if matches!(purpose, ReadPurpose::Resolve(_)) {
                // The console replaced the queue's member, and deletes the queue a moment later.
                let members = [(OperatorId::from("8003"), 0)].into_iter().collect();
                now[0].1.record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members)), None);
            }
            seen.queues.values_mut().for_each(|queues| *queues = Ok(now.clone()));
            let there = !deleted;
            seen.agents.values_mut().for_each(|agent| *agent = Ok(there.then(Record::default)));
            vec![Event::ReadBack { purpose: *purpose, seen }]
        }
        Effect::Send { step, op: WriteOp::SetMembers { .. }, repetition: 0, .. } => answered(*step, broke()),
        Effect::Send { step, op: WriteOp::SetMembers { .. }, .. } => {
            let mut events = answered(*step, Failure::Refused("no such queue".to_owned().into()));
            events.extend(confirmation.take());
            events
        }
        Effect::Send { step, .. } => {
            deleted = true;
            vec![Event::Answered { step: *step, result: Ok(None) }]
        }
        Effect::ReadPresence { .. } | Effect::Finish(_) => Vec::new(),
    });
    assert!(deleted);
}

#[test]
fn a_list_that_a_dead_run_wrote_with_a_busy_agent_in_it_is_recorded_as_written() {
    let workspace = planning::workspace_with("", "{}");
    let roster = "apiVersion: rosterctl/v1\nkind: Roster\nqueues: [{ displayName: 夜班, assignMembers: [\"8005\"] }]\n";
    let desired = planning::desired(&[("a.yaml".to_owned(), roster.to_owned())], &workspace);
    let live = |members: &serde_json::Value| {
        let queue = serde_json::json!({ "displayName": "夜班", "assignMembers": members });
        planning::live(
            &serde_json::json!({ "agents": { "8003": {}, "8005": {} }, "queues": { "1001": queue } }),
        )
    };
    let busy = serde_json::json!({ "agentNumber": "8003", "priority": 3 });
    let before = live(&serde_json::json!([busy]));
    let now = live(&serde_json::json!([busy, { "agentNumber": "8005", "priority": 0 }]));
    let make = |live: &Live, ledger: &Ledger| {
        rosterctl::plan::plan(&workspace, &desired, live, ledger, &Options::default())
    };
    let mut ledger = Ledger::default();
    let plan = make(&before, &ledger).unwrap();
    let entries = [
        Entry::Run { plan: Arc::new(plan.clone()), ledger: Some(0), run: None },
        Entry::Begin { step: 0, at_ms: 0 },
        Entry::End { step: 0, ending: Ending::Done, made: None },
    ];
    let (_, results) = journal_recovery::recover(&entries, &planning::supports(), Some(&now)).unwrap();
    ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &results, &BTreeMap::new());
    assert_eq!(make(&now, &ledger).unwrap().changes[0].moved, ChangeOrigin::Manifest);
}
