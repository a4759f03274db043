//! Plan and apply against the simulated vendors, by seed: one thread, a virtual clock.
//!
//! One seed replays one history exactly. A history starts with some runs with faults, then has at most three runs
//! without. After those, everything must match the manifests. The faults:
//! - Calls are lost before or after the vendor carried them out, late, throttled, failed, garbled, cut off or
//!   reordered.
//! - A person works in the console, the operator stops the run, or the client dies.
//!
//! An auditor beside the vendors watches the history. It checks the identities of the agents that a run deletes,
//! and that no queue is duplicated. It also checks that no call follows a refused sign-in, and that a run reports
//! its steps truthfully.
//!
//! The client is the program's own: planner, machine, executor, client with its retries and rate windows, pre-send
//! check. The simulation replaces the ports of its runtime (`ports`) and the frame of `cli::apply`: passwords and
//! ledger. The client is a future that is polled by hand: after each event of the world's queue. A client dies when
//! its future is dropped between two events.
//!
//! Left out are four cases that no client could get right:
//! - The vendor carries out a call after the client gave it up, or after the next client began to read.
//! - The console creates an agent again before the client reads it back for the first time.
//! - Only another workspace knows a queue, and no listing shows it.
//! - The console adds members to such a queue.

#![allow(dead_code, unused_imports, reason = "each test file uses what it needs")]

mod console;
mod facts;
mod hidden;
mod history;
mod house;
mod journal;
mod judge;
mod late;
mod owners;
mod ports;
mod presence;
mod roster;
mod seeds;
mod sign_in;
mod told;
mod world;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rosterctl::apply::observation::FRESH;
use rosterctl::apply::{ApplyOptions, ApplyOutcome, Finish, StepResult, ledger_update, replacement_backup};
use rosterctl::config::workspace::Prune;
use rosterctl::model::agent::PASSWORD;
use rosterctl::model::desired::Desired;
use rosterctl::model::id::{Kind, ResourceId};
use rosterctl::model::identity::Identity;
use rosterctl::model::ledger::{Ledger, LedgerEntry};
use rosterctl::model::live::Live;
use rosterctl::model::outcome::Status;
use rosterctl::model::plan::{Action, Allowance, Operation, Plan, Verb};
use rosterctl::model::presence::Disruption;
use rosterctl::model::rule::Effect as Weight;
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::plan::{self, Options};
use rosterctl::provider::cms_agent;
use rosterctl::runtime::clock::Clock as _;
use rosterctl::runtime::executor::{self, Executor, Passwords};
use rosterctl::runtime::gate::Gate;
use rosterctl::runtime::ports::StepJournal;
use rosterctl::runtime::read::presence::Observers;
use rosterctl::runtime::read::resources;
use rosterctl::runtime::vendor::Vendors;

pub(crate) use history::{Course, Theme, history, one_run, tenants};
pub(crate) use house::{House, KNOWN};
use journal::WorldJournal;
use ports::{Alone, WorldClock, WorldLease, WorldPasswords};
pub(crate) use roster::{Roster, large, leaving, many, replacing, shared, small};
pub(crate) use seeds::{Sort, number, on_all_cores, play, sort};
pub(crate) use world::Limit;
use world::{Happening, Waiting, World};

type Shared = Rc<RefCell<World>>;

/// A deliberate defect of the executor, to test the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// addQueue is sent again after an unknown outcome.
    BlindRetry,
    /// Agents are deleted without waiting for the queues that they leave, and reads show empty queues.
    EarlyDelete,
    /// Agents are created before their password is stored.
    LateSecret,
    /// Replaced agents are deleted without a backup.
    Forgetful,
    /// No presence is read.
    Heedless,
    /// No presence is read of the agents that leave a queue.
    HeedlessOfQueues,
    /// A resource that was read once counts as current for the whole run.
    NoLook,
    /// Rate windows are forgotten.
    LeakyPermit,
    /// The lease is not checked.
    NoDeadline,
    /// A result that the vendor did not confirm counts as confirmed.
    Unconfirmed,
    /// Agents are owned by their number.
    ByNumber,
    /// The number of a queue in a successful answer is forgotten.
    ForgottenExten,
    /// A partly written list is not recorded.
    PartUnrecorded,
    /// The report shows the plan instead of the results.
    PlanReport,
}

/// The events of a history.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) violations: Vec<String>,
    pub(crate) log: Vec<String>,
    pub(crate) manifest: String,
    /// The highest number of steps of a plan.
    pub(crate) steps: usize,
    /// The number of events of the first run.
    pub(crate) events: u64,
    pub(crate) crashes: usize,
    /// The most steps that were begun at a time.
    pub(crate) most_begun: usize,
    /// The number of intents that runs recorded.
    pub(crate) intents: usize,
    pub(crate) ended: BTreeMap<&'static str, usize>,
}

impl Story {
    /// Returns the story as a panic message.
    pub(crate) fn tell(&self, seed: u64) -> String {
        let from = self.log.len().saturating_sub(150);
        format!(
            "seed {seed}:\n  {}\n\n{}\nreplay with SEED={seed}; the last {} events:\n{}",
            self.violations.join("\n  "),
            self.manifest,
            self.log.len() - from,
            self.log[from..].join("\n")
        )
    }
}

/// Polls a client to its end; `None` when it dies after a number of events.
fn live_through<F: Future>(
    world: &Shared,
    client: F,
    dies_after: Option<u64>,
    events: &mut u64,
) -> Option<F::Output> {
    let mut client = pin!(client);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = client.as_mut().poll(&mut context) {
            return Some(output);
        }
        if dies_after == Some(*events) {
            return None;
        }
        *events += 1;
        assert!(world.borrow_mut().step(), "the client waits for nothing");
    }
}

/// The end of a run.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Unreadable,
    Blocked,
    Empty,
    Stale,
    Blind,
    Ran(bool),
    Held,
    Interrupted,
}

struct Client<'a> {
    world: Shared,
    roster: &'a Roster,
    /// The current desired state.
    desired: &'a Desired,
    /// The workspace's index on the tenant.
    workspace: usize,
    vendors: Vendors,
    observers: Observers,
    mutant: Option<Mutant>,
    conduct: ApplyOptions,
    /// The time for which the operator reads the plan.
    hesitates: i64,
    /// The time after which the operator stops the run.
    stops: Option<i64>,
    /// The time after which the lock is lost.
    loses: Option<i64>,
    /// True if the journal's folder is writable.
    keeps_journal: bool,
    steps: RefCell<usize>,
}

impl<'a> Client<'a> {
    fn new(world: &Shared, roster: &'a Roster, mutant: Option<Mutant>) -> Self {
        let connection = |name: &str| roster.workspace.connection(name).unwrap();
        let vendors = (roster.house.open)(
            &|name, connector| ports::client(world, connection(name), connector, mutant),
            roster.agent_page,
        );
        let mut observers = Observers::default();
        let desk = connection("cms-agent");
        observers.add(&cms_agent::CmsAgent, Ok(ports::client(world, desk, &cms_agent::CmsAgent, mutant)));
        Self {
            world: Rc::clone(world),
            roster,
            desired: &roster.desired,
            workspace: 0,
            vendors,
            observers,
            mutant,
            conduct: ApplyOptions::default(),
            hesitates: 0,
            stops: None,
            loses: None,
            keeps_journal: true,
            steps: RefCell::default(),
        }
    }

    /// Runs `rosterctl apply`.
    async fn apply(&self) -> End {
        {
            let mut world = self.world.borrow_mut();
            world.begin_run(self.workspace, self.desired);
            world.note(format!("apply of workspace {} begins", self.workspace));
        }
        let mut live = match resources::live(&self.vendors).await {
            Ok(live) => live,
            Err(failure) => {
                self.world.borrow_mut().note(format!("unreadable: {}", failure.message()));
                return End::Unreadable;
            }
        };
        let (mut ledger, unfinished) = {
            let world = self.world.borrow();
            (world.ledger.clone(), world.unfinished())
        };
        let supports = self.roster.workspace.supports();
        journal::settle(&mut ledger, &unfinished, &supports, &live, self.desired);
        if let (Some(vendor), Some(queues)) = (self.vendors.get(Kind::Queue), &mut live.queues) {
            resources::add_unlisted(vendor, queues, &ledger).await;
        }
        if self.mutant == Some(Mutant::ByNumber) {
            forget_identities(&mut ledger, &mut live);
        }
        let workspace = &self.roster.workspace;
        let desired = self.desired;
        // A small roster may end empty, so deletions have no limit.
        let deletes = Allowance { rule: "deletes".to_owned(), up_to: u32::MAX };
        let options = Options { allow: vec![deletes], ..Options::default() };
        let plan = plan::plan(workspace, desired, &live, &ledger, &options);
        let plan = Arc::new(plan.unwrap_or_else(|_| panic!("no target is named")));
        self.watch_plan(&plan, &ledger);
        {
            let mut world = self.world.borrow_mut();
            (world.planned, world.planned_ms) = (true, world.now);
        }
        if [Weight::Invalid, Weight::Refused, Weight::Incomplete].into_iter().any(|weight| plan.has(weight)) {
            let codes: BTreeSet<&str> = plan.findings.iter().map(|f| f.code.as_str()).collect();
            self.world.borrow_mut().note(format!("blocked: {codes:?}"));
            return End::Blocked;
        }
        if plan.steps.is_empty() {
            ledger_update::adopt(&mut ledger, &supports, desired, &live, &plan);
            if !plan.has(Weight::Partial) {
                ledger_update::note_clean_run(&mut ledger, &supports, desired, &live);
            }
            let mut world = self.world.borrow_mut();
            world.store_ledger(&mut ledger);
            world.finish_journal();
            world.watch_known_queues();
            return End::Empty;
        }
        *self.steps.borrow_mut() = plan.steps.len();
        if self.hesitates > 0 {
            let signal = self.world.borrow_mut().after(self.hesitates);
            Waiting(signal).await;
        }
        if self.mutant != Some(Mutant::Forgetful) {
            replacement_backup::back_up(&mut ledger, &plan);
        }
        {
            let mut world = self.world.borrow_mut();
            world.store_ledger(&mut ledger);
            world.finish_journal();
            if self.keeps_journal {
                world.begin_journal(&plan);
            }
        }
        let finish = self.run(&plan).await;
        if matches!(finish, Finish::Stale(_) | Finish::Unreadable(_)) {
            self.world.borrow_mut().finish_journal();
        }
        match finish {
            Finish::Stale(stale) => {
                self.world.borrow_mut().note(format!("stale: {stale:?}"));
                End::Stale
            }
            Finish::Unreadable(why) => {
                self.world.borrow_mut().note(format!("blind: {why}"));
                End::Blind
            }
            Finish::Ran(ApplyOutcome { mut results, skipped, deferred, interrupted, .. }) => {
                if self.mutant == Some(Mutant::Unconfirmed) {
                    for (step, result) in plan.steps.iter().zip(&mut results) {
                        result.confirmed = true;
                        if !std::mem::take(&mut result.doubted).is_empty() {
                            result.acknowledged.clone_from(&step.targets);
                        }
                    }
                }
                let mut world = self.world.borrow_mut();
                for (step, result) in plan.steps.iter().zip(&results) {
                    let why = rosterctl::messages::en::notes(&result.notes);
                    world.note(format!("{} {:?} {} {why}", step.id, step.targets, result.status.word()));
                }
                if self.mutant == Some(Mutant::PlanReport) {
                    for result in &mut results {
                        (result.status, result.carried_out) = (Status::Done, true);
                        result.left_out.clear();
                    }
                }
                world.watch_results(&plan, &results);
                let told = results.clone();
                self.break_results(&mut results);
                ledger_update::adopt(&mut ledger, &supports, desired, &live, &plan);
                ledger_update::changes(&mut ledger, &plan, supports.agents, &results, &BTreeMap::new());
                let proved = results.iter().all(StepResult::is_proved) && skipped.is_empty();
                if proved && !plan.has(Weight::Partial) {
                    ledger_update::note_clean_run(&mut ledger, &supports, desired, &live);
                }
                world.store_ledger(&mut ledger);
                world.finish_journal();
                world.watch_lists(&plan, &told);
                world.watch_known_queues();
                if interrupted {
                    return End::Interrupted;
                }
                let excused = results.iter().all(|r| r.status == Status::Done || r.only_deferred);
                if !deferred.is_empty() && excused && skipped.is_empty() {
                    return End::Held;
                }
                End::Ran(results.iter().all(|r| r.status == Status::Done) && skipped.is_empty())
            }
        }
    }

    /// Corrupts the results that the ledger receives.
    fn break_results(&self, results: &mut [StepResult]) {
        for result in results {
            match self.mutant {
                Some(Mutant::ForgottenExten) => (result.made, result.pending) = (None, false),
                Some(Mutant::PartUnrecorded) if result.members.is_some() => {
                    (result.members, result.carried_out) = (None, false);
                }
                _ => {}
            }
        }
    }

    /// Checks that the plan deletes and creates only permitted agents.
    fn watch_plan(&self, plan: &Plan, ledger: &Ledger) {
        let mut world = self.world.borrow_mut();
        world.plan_owners(self.desired, self.roster.prunes_all(), plan);
        for change in &plan.changes {
            let name = change.id.name.as_str();
            world.note(format!("plan: {:?} {}", change.action, change.id));
            let declared = self.desired.agents.get(&name.into());
            let wrong = match (change.id.kind, change.action) {
                (Kind::Agent, Action::Delete) => match declared {
                    Some(agent) => !agent.is_absent(),
                    None => match self.roster.workspace.policy.prune {
                        Prune::All => false,
                        Prune::Owned => !ledger.owns(&change.id),
                        Prune::None => true,
                    },
                },
                (_, Action::Create) => !world.was_missing.contains(&change.id.to_string()),
                (Kind::Agent, Action::Replace) => !self.roster.workspace.policy.replace_immutable,
                (Kind::Queue, Action::Delete) => {
                    let owned = |(_, entry): (ResourceId, &LedgerEntry)| {
                        entry.exten == change.exten && !entry.let_go && !entry.pending
                    };
                    self.desired.queues.contains_key(&change.id)
                        || match self.roster.workspace.policy.prune {
                            Prune::All => false,
                            Prune::Owned => !ledger.queues().any(owned),
                            Prune::None => true,
                        }
                }
                _ => false,
            };
            if wrong {
                world.violate(format!(
                    "the plan wants to {:?} {}, which is not due",
                    change.action, change.id
                ));
            }
            if change.id.kind == Kind::Queue && change.action == Action::Delete {
                world.may_delete_queues.extend(change.exten.clone());
            }
            if change.id.kind == Kind::Agent && matches!(change.action, Action::Delete | Action::Replace) {
                world.may_delete.insert(name.to_owned());
            }
            if change.id.kind == Kind::Agent && matches!(change.action, Action::Create | Action::Replace) {
                world.may_create.insert(name.to_owned());
            }
        }
        for step in &plan.steps {
            world.note(format!(
                "plan: {} {} {:?} after {:?}",
                step.id, step.operation, step.targets, step.after
            ));
        }
    }

    /// Reads the passwords that the plan sends and no step generates, like `cli::apply`.
    fn read_passwords(&self, plan: &Plan) -> BTreeMap<SecretRef, Arc<Secret>> {
        let world = self.world.borrow();
        let mut read = BTreeMap::new();
        for step in plan.steps.iter().filter(|step| step.fields.contains(&PASSWORD.key)) {
            for field in step.targets.iter().filter_map(|id| plan.change(id)?.field(&PASSWORD)) {
                if let Some(secret) = field.secret.as_deref().filter(|_| !field.renew)
                    && let Some(value) = world.store.get(&*secret.key)
                {
                    read.insert(secret.clone(), Arc::new(Secret::new(value.clone())));
                }
            }
        }
        read
    }

    /// Carries out a plan.
    async fn run(&self, plan: &Arc<Plan>) -> Finish {
        let mut conduct = self.conduct.clone();
        conduct.guard = conduct.guard.filter(|_| self.mutant != Some(Mutant::Heedless));
        if let Some(guard) = conduct.guard.as_mut().filter(|_| self.mutant == Some(Mutant::HeedlessOfQueues))
        {
            guard.block.remove(&Disruption::Unqueue);
        }
        let known = self.read_passwords(plan);
        let passwords: BTreeMap<_, _> =
            known.iter().map(|(secret, value)| (secret.name(), Arc::clone(value))).collect();
        let passwords = Passwords::new(passwords);
        let store =
            WorldPasswords { world: Rc::clone(&self.world), mutant: self.mutant, known: known.into() };
        let clock = WorldClock(Rc::clone(&self.world));
        let gate = Gate::new(WorldLease { world: Rc::clone(&self.world), mutant: self.mutant });
        if let Some(after) = self.stops {
            self.world.borrow_mut().happen(after, Happening::Stop(gate.stop()));
        }
        if let Some(after) = self.loses {
            self.world.borrow_mut().happen(after, Happening::LockLost);
        }
        let journal = WorldJournal(Rc::clone(&self.world));
        let executor = Executor {
            vendors: &self.vendors,
            secrets: &store,
            passwords: &passwords,
            observers: &self.observers,
            journal: self.keeps_journal.then_some(&journal as &dyn StepJournal),
            creation: Some(&Alone { since: clock.elapsed() }),
            clock: &clock,
            fresh: if self.mutant == Some(Mutant::NoLook) { Duration::MAX } else { FRESH },
        };
        let plan =
            if self.mutant == Some(Mutant::EarlyDelete) { early_delete(plan) } else { Arc::clone(plan) };
        executor::run(&plan, executor, conduct, &gate, &|_, _, _| {}, &|_| {}).await
    }
}

/// Forgets the identities of agents.
fn forget_identities(ledger: &mut Ledger, live: &mut Live) {
    for entry in ledger.resources.values_mut() {
        entry.identity = Identity::default();
    }
    for agent in live.agents.iter_mut().flat_map(|agents| agents.items.values_mut()) {
        agent.identify(Identity::default());
    }
}

/// Returns a plan whose deletions wait for nothing.
fn early_delete(plan: &Plan) -> Arc<Plan> {
    let mut plan = plan.clone();
    for step in plan.steps.iter_mut().filter(|step| step.operation == Operation::agent(Verb::Delete)) {
        step.after.clear();
    }
    Arc::new(plan)
}
