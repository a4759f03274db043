//! Queues that are deleted, of a vendor that can: the plan, its limits, the checks of a run, and the ledger after it.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test file uses what it needs")]
#[path = "support/planning.rs"]
mod planning;
#[path = "support/vendors/mod.rs"]
mod vendors;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rosterctl::apply::readback::ReadBack;
use rosterctl::apply::{
    ApplyOptions, ApplyOutcome, Effect, Event, Finish, Machine, Status, journal_recovery, ledger_update,
    pre_send,
};
use rosterctl::config::workspace::Workspace;
use rosterctl::model::call::Failure;
use rosterctl::model::id::{Kind, OperatorId, ResourceId};
use rosterctl::model::journal::{Ending, Entry};
use rosterctl::model::ledger::{Ledger, LedgerEntry};
use rosterctl::model::live::Live;
use rosterctl::model::note::Moved;
use rosterctl::model::plan::{Action, Allowance, Operation, Plan, Verb};
use rosterctl::model::presence::{Presence, PresencePolicy, PresenceReport, State};
use rosterctl::model::retry::Bounds;
use rosterctl::model::unread::ListingDoubt;
use rosterctl::plan::{self, Options};
use serde_json::{Map, Value as Json, json};
use vendors::REGISTRY;

/// Returns a workspace of the writing vendor.
fn workspace(policy: &str) -> Workspace {
    let connections = "  desk: { provider: hotline, baseUrl: sandbox }";
    planning::workspace_of(REGISTRY, &planning::workspace_text(connections, policy))
}

/// Returns live state with agents and with lines, each with its members.
fn on_the_lines(agents: &[&str], lines: &[(&str, &[&str])]) -> Live {
    let agents: Map<String, Json> =
        agents.iter().map(|id| ((*id).to_owned(), json!({ "name": id }))).collect();
    let member = |id: &&str| json!({ "agentNumber": id, "priority": 0 });
    let line = |(title, crew): &(&str, &[&str])| {
        let crew: Vec<Json> = crew.iter().map(member).collect();
        ((*title).to_owned(), json!({ "displayName": title, "assignRule": "least", "assignMembers": crew }))
    };
    let lines: Map<String, Json> = lines.iter().map(line).collect();
    planning::live(&json!({ "agents": agents, "queues": lines }))
}

/// Returns a ledger that knows lines: true if the last clean run released the line.
fn knowing(lines: &[(&str, bool)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (title, let_go) in lines {
        let entry =
            LedgerEntry { exten: Some((*title).to_owned()), let_go: *let_go, ..LedgerEntry::default() };
        ledger.resources.insert(format!("queue/{title}"), entry);
    }
    ledger
}

/// Plans a roster over live state.
fn plan_of(workspace: &Workspace, roster: &str, live: &Live, ledger: &Ledger, options: &Options) -> Plan {
    let text = format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}");
    let desired = planning::desired(&[("a.yaml".to_owned(), text)], workspace);
    plan::plan(workspace, &desired, live, ledger, options).unwrap()
}

/// Returns the deletions of a plan, and the codes of its findings.
fn deletions(plan: &Plan) -> (Vec<String>, Vec<&str>) {
    let gone = plan.changes.iter().filter(|change| change.action == Action::Delete);
    (gone.map(|change| change.id.to_string()).collect(), plan.findings.iter().map(|f| &*f.code).collect())
}

const FREE: &str = "limits: { deletes: 100%, memberRemovals: 100%, floor: 100 }";
const KEPT: &str = "queues: [{ displayName: kept }]\n";

#[test]
fn a_queue_is_deleted_only_where_policy_and_ledger_say_so() {
    let live = on_the_lines(&["8001"], &[("kept", &[]), ("old", &["8001"])]);
    let mut pending = knowing(&[("old", false)]);
    pending.resources.get_mut("queue/old").unwrap().pending = true;
    for (prune, ledger, roster, gone, code) in [
        ("none", &knowing(&[("old", false)]), KEPT, false, "R202"),
        ("owned", &knowing(&[("old", false)]), KEPT, true, ""),
        ("owned", &knowing(&[("old", true)]), KEPT, false, "R202"),
        ("owned", &knowing(&[]), KEPT, false, "R202"),
        ("owned", &pending, KEPT, false, "R202"),
        ("all", &knowing(&[]), KEPT, true, ""),
        ("all", &knowing(&[]), "agents: []\n", false, "R202"),
    ] {
        let workspace = workspace(&format!("{{ prune: {prune}, {FREE} }}"));
        let roster = format!("agents: [{{ operatorId: \"8001\" }}]\n{roster}").replace("]\nagents: []", "]");
        let plan = plan_of(&workspace, &roster, &live, ledger, &Options::default());
        let (deleted, codes) = deletions(&plan);
        assert_eq!(deleted, if gone { vec!["queue/old"] } else { Vec::new() }, "{prune} {roster}");
        assert!(
            codes.iter().all(|found| *found == "R202") && codes.contains(&"R202") == (code == "R202"),
            "{codes:?}"
        );
    }
}

#[test]
fn a_queue_is_not_deleted_in_doubt() {
    let roster = format!("agents: [{{ operatorId: \"8001\" }}]\n{KEPT}");
    let all = workspace(&format!("{{ prune: all, {FREE} }}"));
    let whole = on_the_lines(&["8001"], &[("kept", &[]), ("old", &["8001"])]);
    let mut incomplete = whole.clone();
    incomplete.queues.as_mut().unwrap().incomplete = Some(ListingDoubt::TotalChanged { before: 2, now: 3 });
    let target = |id: &str| Options { targets: vec![ResourceId::parse(id).unwrap()], ..Options::default() };
    let elsewhere = [(ResourceId::queue("old", Some("old")), "b".into())].into();
    let elsewhere = Options { elsewhere, ..Options::default() };
    let none = Vec::<String>::new();
    let ledger = Ledger::default();
    for (live, options, gone, code) in [
        (&incomplete, Options::default(), false, "R601"),
        (&whole, elsewhere, false, "R312"),
        (&whole, target("agent/8001"), false, ""),
        (&whole, target("queue/kept"), false, ""),
        (&whole, target("queue/old"), true, ""),
        (&whole, target("queue/old@old"), true, ""),
    ] {
        let plan = plan_of(&all, &roster, live, &ledger, &options);
        let (deleted, codes) = deletions(&plan);
        let expected = if gone { vec!["queue/old".to_owned()] } else { none.clone() };
        assert_eq!(deleted, expected, "{:?}", options.targets);
        assert!(code.is_empty() || codes.contains(&code), "{codes:?}");
    }
    // One that left beside a new one may be the same queue under a new name.
    let owned = workspace(&format!("{{ prune: owned, {FREE} }}"));
    for (new, codes) in
        [("{ displayName: new }", vec!["R307"]), ("{ displayName: new, distinct: true }", vec![])]
    {
        let roster = format!("queues: [{{ displayName: kept }}, {new}]\n");
        let plan = plan_of(&owned, &roster, &whole, &knowing(&[("old", false)]), &Options::default());
        let found = plan.findings.iter().map(|f| &*f.code).filter(|code| code.starts_with("R3"));
        assert_eq!(found.collect::<Vec<_>>(), codes);
    }
}

#[test]
fn deletions_of_queues_have_a_limit_of_their_own() {
    let crew: Vec<String> = (1..=8).map(|n| format!("800{n}")).collect();
    let crew: Vec<&str> = crew.iter().map(String::as_str).collect();
    let names: Vec<String> = (0..7).map(|n| format!("old{n}")).collect();
    let mut lines: Vec<(&str, &[&str])> = names.iter().map(|name| (&**name, &[][..])).collect();
    lines.push(("kept", &[]));
    let agents = "agents: [{ operatorIds: 8001..8008 }]\n";
    let allow = |rule: &str, up_to| Allowance { rule: rule.to_owned(), up_to };
    let limits = "{ prune: all, limits: { deletes: 50%, memberRemovals: 50%, floor: 5 } }";
    let codes = |lines: &[(&str, &[&str])], roster: &str, allow: Vec<Allowance>| -> Vec<String> {
        let live = on_the_lines(&crew, lines);
        let options = Options { allow, ..Options::default() };
        let plan =
            plan_of(&workspace(limits), &format!("{agents}{roster}"), &live, &Ledger::default(), &options);
        let found = plan.findings.iter().filter(|found| found.code.starts_with("R40"));
        found
            .map(|found| format!("{} {}", found.code, found.to_string().split(',').next().unwrap()))
            .collect()
    };
    assert_eq!(codes(&lines, KEPT, vec![]), ["R401 7 of 8 queues would be deleted"]);
    assert_eq!(codes(&lines, KEPT, vec![allow("deletes", 7)]), [""; 0]);
    assert_eq!(codes(&lines[2..], KEPT, vec![]), [""; 0], "five are the floor");
    let other = "queues: [{ displayName: new }]\n";
    assert_eq!(codes(&lines[6..7], other, vec![]), ["R401 every live queue (1 of 1) would be deleted"]);
    let full: [(&str, &[&str]); 2] = [("kept", &[]), ("old", &crew)];
    assert_eq!(codes(&full, KEPT, vec![]), ["R403 queue/old would lose 8 of its 8 members"]);
    assert_eq!(codes(&full, KEPT, vec![allow("members", 8)]), [""; 0]);
}

/// Plans the deletion of line `old`, which 8001 and 8002 serve; 8002 and 8003 are deleted, too.
fn leaving() -> (Workspace, Plan, Live) {
    let workspace = workspace(&format!("{{ prune: all, {FREE} }}"));
    let live = on_the_lines(&["8001", "8002", "8003"], &[("kept", &["8001"]), ("old", &["8001", "8002"])]);
    let absent = |id: &str| format!("{{ operatorId: \"{id}\", state: absent }}");
    let agents = format!("agents: [{{ operatorId: \"8001\" }}, {}, {}]\n", absent("8002"), absent("8003"));
    let plan =
        plan_of(&workspace, &format!("{agents}{KEPT}"), &live, &Ledger::default(), &Options::default());
    (workspace, plan, live)
}

#[test]
fn an_agent_is_deleted_after_the_queue_that_it_serves() {
    let (_, plan, _) = leaving();
    let steps: Vec<String> = plan
        .steps
        .iter()
        .map(|step| format!("{} {:?} after {:?}", step.operation, step.targets, step.after))
        .collect();
    assert_eq!(
        steps,
        ["queue.delete [queue/old] after []", "agent.delete [agent/8002, agent/8003] after [StepId(1)]",]
    );
    let change = plan.change(&ResourceId::queue("old", None)).unwrap();
    let fields: Vec<&str> = change.fields.iter().map(|diff| diff.field.key).collect();
    assert_eq!(fields, ["assignRule", "assignMembers"]);
    assert_eq!((change.exten.as_deref(), change.names.len()), (Some("old"), 2));
    assert_eq!((plan.summary.delete, plan.summary.calls), (3, 2));
}

/// Carries out the deletions of [`leaving`]. `now` changes live state just before the first call; `first` answers it.
/// Returns the results, and the operations that were sent.
fn carry_out(
    busy: &[&str],
    now: impl Fn(&mut Live),
    first: Result<Option<OperatorId>, Failure>,
    carried: bool,
) -> (ApplyOutcome, Vec<Operation>) {
    let (workspace, plan, mut live) = leaving();
    let plan = Arc::new(plan);
    let options = ApplyOptions {
        guard: Some(PresencePolicy::default()),
        queues: true,
        bounds: [Kind::Agent, Kind::Queue]
            .map(|kind| (kind, Bounds { attempts: 2, total: Duration::MAX }))
            .into(),
        ..ApplyOptions::default()
    };
    let mut presence = Presence::default();
    for id in ["8001", "8002", "8003"] {
        let state = if busy.contains(&id) { State::OnCall } else { State::Idle };
        presence.say(id.into(), PresenceReport { system: "rota", state, detail: None });
    }
    let supports = workspace.supports();
    let mut machine = Machine::new(Arc::clone(&plan), supports, options);
    let (mut events, mut sent) = (VecDeque::from([Event::Begin]), Vec::new());
    let mut first = Some(first);
    loop {
        for effect in machine.next(events.pop_front().expect("something happens")) {
            match effect {
                Effect::Finish(Finish::Ran(ran)) => return (ran, sent),
                Effect::Finish(other) => panic!("{other:?}"),
                Effect::Read { purpose, wanted, .. } => {
                    events.push_back(Event::ReadBack { purpose, seen: ReadBack::from_live(&live, &wanted) });
                }
                Effect::ReadPresence { steps, .. } => {
                    let presence = Some(presence.clone());
                    events.push_back(Event::PresenceRead { steps, presence, at: Duration::ZERO });
                }
                Effect::Send { step, op, .. } => {
                    if sent.is_empty() && first.is_some() {
                        now(&mut live);
                    }
                    let wanted = pre_send::wanted(&plan, &op, true);
                    let seen = ReadBack::from_live(&live, &wanted);
                    let stale = pre_send::judge(&plan, &supports, step, &op, &seen).unwrap();
                    if !stale.is_empty() {
                        events.push_back(Event::Moved { step, stale });
                        continue;
                    }
                    sent.push(plan.steps[step].operation);
                    let answer = first.take();
                    if answer.is_none() || carried {
                        for id in &plan.steps[step].targets {
                            live.agents.as_mut().unwrap().items.remove(&id.name);
                            live.queues.as_mut().unwrap().items.remove(&id.name);
                        }
                    }
                    events.push_back(Event::Answered { step, result: answer.unwrap_or(Ok(None)) });
                }
            }
        }
    }
}

/// Returns the status of each result.
fn statuses(ran: &ApplyOutcome) -> Vec<Status> {
    ran.results.iter().map(|result| result.status).collect()
}

const QUEUE: Operation = Operation::queue(Verb::Delete);
const AGENTS: Operation = Operation::agent(Verb::Delete);

#[test]
fn a_busy_member_defers_the_whole_deletion_of_a_queue() {
    let (ran, sent) = carry_out(&[], |_| {}, Ok(None), true);
    assert_eq!((statuses(&ran), sent), (vec![Status::Done; 2], vec![QUEUE, AGENTS]));
    // 8001 stays an agent; 8002 is deleted, too.
    for busy in ["8001", "8002"] {
        let (ran, sent) = carry_out(&[busy], |_| {}, Ok(None), true);
        assert_eq!(sent, [AGENTS], "{busy}: only 8003 serves no queue");
        assert_eq!(statuses(&ran), [Status::Skipped; 2], "{busy}: {ran:?}");
        assert!(ran.results.iter().all(|result| result.only_deferred), "{busy}: {ran:?}");
        assert_eq!(ran.results[1].left_out, [ResourceId::agent(&"8002".into())], "{busy}");
        let deferred: Vec<&str> = ran.deferred.iter().map(|deferred| deferred.agent.as_str()).collect();
        assert_eq!(deferred, [busy]);
    }
}

#[test]
fn a_queue_that_moved_is_not_deleted_and_one_that_is_gone_is_done() {
    let join = |live: &mut Live| {
        let full = on_the_lines(&[], &[("old", &["8001", "8002", "8004"])]);
        live.queues.as_mut().unwrap().items.extend(full.queues.unwrap().items);
    };
    let (ran, sent) = carry_out(&[], join, Ok(None), true);
    assert_eq!(sent, [AGENTS], "8003 is in no queue");
    assert_eq!(ran.results[0].status, Status::Skipped);
    assert!(ran.skipped.iter().any(|stale| matches!(stale.what, Moved::Members { .. })), "{ran:?}");
    assert_eq!(ran.results[1].left_out, [ResourceId::agent(&"8002".into())]);
    let rename = |live: &mut Live| {
        let queues = &mut live.queues.as_mut().unwrap().items;
        queues.get_mut(&"old".into()).unwrap().name = "another".into();
    };
    let (ran, sent) = carry_out(&[], rename, Ok(None), true);
    assert_eq!(sent, [AGENTS]);
    assert!(ran.skipped.iter().any(|stale| matches!(stale.what, Moved::Renamed { .. })), "{ran:?}");
    let remove = |live: &mut Live| {
        live.queues.as_mut().unwrap().items.remove(&"old".into());
    };
    let (ran, sent) = carry_out(&[], remove, Ok(None), true);
    assert_eq!((statuses(&ran), sent), (vec![Status::Done; 2], vec![AGENTS]), "no call is needed");
    assert!(ran.skipped.is_empty());
}

#[test]
fn a_deletion_of_unknown_outcome_is_read_back() {
    let lost = || Err(Failure::Unknown("the connection broke".to_owned().into()));
    let refused = || Err(Failure::Refused("no such line".to_owned().into()));
    for (answer, carried, calls, end) in [
        (lost(), true, vec![QUEUE, AGENTS], Status::Done),
        (lost(), false, vec![QUEUE, QUEUE, AGENTS], Status::Done),
        (refused(), true, vec![QUEUE, AGENTS], Status::Done),
        (refused(), false, vec![QUEUE, AGENTS], Status::Failed),
        // The vendor says so, and the line is still there.
        (Ok(None), false, vec![QUEUE, AGENTS], Status::Failed),
    ] {
        let (ran, sent) = carry_out(&[], |_| {}, answer.clone(), carried);
        assert_eq!((sent, ran.results[0].status), (calls, end), "{answer:?} {carried}");
        let stays = end == Status::Failed;
        assert_eq!(ran.results[1].left_out.len(), usize::from(stays), "8002 leaves with the queue: {ran:?}");
    }
}

#[test]
fn the_ledger_and_the_journal_know_a_deletion_of_a_queue() {
    let (workspace, plan, live) = leaving();
    let supports = workspace.supports();
    let mut gone = live.clone();
    gone.queues.as_mut().unwrap().items.remove(&"old".into());
    let begun = |ending: Option<Ending>| {
        let run = Entry::Run { plan: Arc::new(plan.clone()), ledger: Some(0), run: None };
        let mut entries = vec![run, Entry::Begin { step: 0, at_ms: 0 }];
        entries.extend(ending.map(|ending| Entry::End { step: 0, ending, made: None }));
        entries
    };
    // The ledger may know the line by a former name.
    let mut known = knowing(&[("old", false), ("kept", false)]);
    let entry = known.resources.remove("queue/old").unwrap();
    known.resources.insert("queue/former".to_owned(), entry);
    for (ending, live, removed) in [
        (None, &gone, true),
        (None, &live, false),
        (Some(Ending::Unknown), &gone, true),
        (Some(Ending::Done), &gone, true),
        (Some(Ending::Done), &live, false),
        (Some(Ending::Failed), &live, false),
    ] {
        let (plan, results) = journal_recovery::recover(&begun(ending), &supports, Some(live)).unwrap();
        let mut ledger = known.clone();
        ledger_update::changes(&mut ledger, &plan, supports.agents, &results, &BTreeMap::new());
        assert_eq!(ledger.resources.contains_key("queue/former"), !removed, "{ending:?}: {results:?}");
        assert!(ledger.resources.contains_key("queue/kept"));
    }
}
