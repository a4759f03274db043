//! No plan touches a resource outside a random scope.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use rosterctl::config::scope::{Condition, Ignored, Scope};
use rosterctl::config::settings::Form;
use rosterctl::config::workspace::Workspace;
use rosterctl::model::desired::Desired;
use rosterctl::model::id::{Kind, OperatorId, ResourceId};
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::source::Source;
use rosterctl::model::value::{Members, Value};

use super::chance::{as_is, chance};
use super::planning::{Estate, desired, members, write_down};
use super::scenario::{self, Scenario};
use super::{blocked, make, nothing_else_moved, options};

/// Returns a scope by bits: of one main skill group, of some queues, and without some agents and queues.
fn scope(pick: u32) -> Scope {
    let source = Source::new("rosterctl.yaml", 1, 1);
    let bit = |at: usize| pick & (1 << at) != 0;
    let condition = |key, form, text: &str| vec![Condition::new(key, form, &[text.into()], source.clone())];
    let mut scope = Scope::default();
    if bit(0) {
        scope.agents = condition("mainSkillGroup", Form::Exact, "g1");
    } else if bit(1) {
        scope.agents = condition("operatorId", Form::Ids, "8002..8101");
    }
    if bit(2) {
        scope.queues = condition("displayName", Form::Pattern, "售*");
    }
    let ids = scenario::IDS.iter().map(|id| ResourceId::agent(&(*id).into()));
    let queues = ["售前", "投诉"].into_iter().map(|name| ResourceId::queue(name, None));
    for (at, id) in ids.chain(queues).enumerate() {
        // Each is ignored in one of eight scopes.
        if (0..3).all(|third| bit((3 + at + third * 7) % 32)) {
            scope.ignored.insert(id, Ignored { reason: "x".into(), source: source.clone() });
        }
    }
    scope
}

/// Removes the declarations that no manifest may hold.
fn within(scope: &Scope, mut desired: Desired) -> Desired {
    desired.agents.retain(|id, agent| scope.agent(id, &agent.record).is_none());
    desired.queues.retain(|_, queue| scope.queue(&queue.name, queue.exten.as_deref()).is_none());
    for queue in desired.queues.values_mut() {
        if let Some(Value::Members(listed)) = queue.record.get(&ASSIGN_MEMBERS).cloned() {
            let mut listed = Members::clone(&listed);
            listed.retain(|id, _| scope.agent_number(id).is_none());
            queue.record.set(&ASSIGN_MEMBERS, Value::Members(listed.into()), Some(queue.source.clone()));
        }
    }
    desired
}

pub(crate) fn nothing_outside_the_scope_is_touched(
    scenario: &Scenario,
    pick: u32,
    seed: u64,
) -> Result<(), TestCaseError> {
    let scope = scope(pick);
    let workspace = Workspace { scope: scope.clone(), ..scenario.workspace() };
    let desired = within(&scope, desired(&scenario.files(as_is), &scenario.workspace()));
    let (before, ledger) = (scenario.estate(), scenario.ledger());
    let narrowed = |estate: &Estate| {
        let mut live = estate.live.clone();
        scope.narrow(&mut live);
        live
    };
    let live = narrowed(&before);
    let agents = live.agents.as_ref().map(|listing| listing.outside.clone()).unwrap_or_default();
    let queues = live.queues.as_ref().map(|listing| listing.outside.clone()).unwrap_or_default();
    let plan = make(&workspace, &desired, &live, &ledger, &options(scenario))?;
    for change in &plan.changes {
        if change.id.kind == Kind::Agent {
            prop_assert!(!agents.contains_key(&change.id.name), "{:?}", change);
        } else {
            let exten = change.exten.as_deref().map(OperatorId::from);
            prop_assert!(exten.is_none_or(|exten| !queues.contains_key(&exten)), "{:?}", change);
        }
    }
    for step in plan.steps.iter().filter(|step| step.operation.kind == Kind::Agent) {
        prop_assert!(step.targets.iter().all(|id| !agents.contains_key(&id.name)), "{:?}", step);
    }
    if blocked(&plan) {
        return Ok(());
    }
    let mut after = before.clone();
    after.carry_out(&plan, chance(seed)).map_err(TestCaseError::fail)?;
    nothing_else_moved(&plan, &before, &after)?;
    for id in agents.keys() {
        prop_assert_eq!(before.agents().get(id), after.agents().get(id));
    }
    for (exten, queue) in before.queues() {
        let (was, is) = (members(queue), after.queues().get(exten).map(members).unwrap_or_default());
        if queues.contains_key(exten) {
            prop_assert_eq!(&was, &is);
        }
        let deleted = !after.queues().contains_key(exten);
        for id in agents.keys().filter(|_| !deleted) {
            prop_assert_eq!(was.get(id), is.get(id), "{} in {}", id, exten);
        }
    }
    let mut written = ledger;
    write_down(&mut written, &plan);
    let second = make(&workspace, &desired, &narrowed(&after), &written, &options(scenario))?;
    prop_assert!(second.is_empty() && second.steps.is_empty(), "{:#?}", second.changes);
    Ok(())
}
