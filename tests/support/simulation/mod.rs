//! Plan and apply against the simulated vendors, in one thread, under a virtual clock, by seed.
//!
//! One seed replays one history exactly. A history is some runs while things go wrong (calls lost before or
//! after they were carried out, late, throttled, failed, garbled, cut off and overtaking each other; somebody at
//! the console; the operator stops it; the client dies), then at most three runs in fine weather, after which
//! everything must be as the manifests say. An auditor beside the vendors watches all of it.
//!
//! The client is the program's own: planner, machine, executor, client with its retries and rate windows, pre-send
//! check. Played here are the ports of its runtime (`ports`) and the frame of `cli::apply`: passwords and ledger. It
//! is a future that is polled by hand: an event is taken from the world's queue, the future is polled, and so on;
//! dying is dropping it between two events.
//!
//! What no client could get right is left out: a call that is carried out after the client gave it up, or after
//! the next client began to read.

mod console;
mod judge;
mod late;
mod ports;
mod presence;
mod roster;
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
use rosterctl::apply::{ApplyOptions, ApplyOutcome, Finish, ledger_update, replacement_backup};
use rosterctl::config::workspace::Prune;
use rosterctl::model::agent::PASSWORD;
use rosterctl::model::finding::Effect as Weight;
use rosterctl::model::id::Kind;
use rosterctl::model::outcome::Status;
use rosterctl::model::plan::{Action, Allowance, Operation, Plan};
use rosterctl::model::presence::PresencePolicy;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::model::value::Value;
use rosterctl::plan::{self, Options};
use rosterctl::provider::{Provider, cms_agent, webchat_queue};
use rosterctl::runtime::clock::Clock as _;
use rosterctl::runtime::executor::{self, Executor, Passwords};
use rosterctl::runtime::gate::Gate;
use rosterctl::runtime::read::presence::Observers;
use rosterctl::runtime::read::resources;
use rosterctl::runtime::vendor::Vendor;
use rosterctl::runtime::vendor::Vendors;
use rosterctl::sandbox::vendor_state::Random;

use judge::judge;
use ports::{Alone, SmallPages, WorldClock, WorldLease, WorldPasswords};
pub(crate) use roster::{Roster, large, replacing, small};
use world::{Happening, Waiting, Weather, World};

type Shared = Rc<RefCell<World>>;

/// A way in which the executor is broken on purpose, to test the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// addQueue is sent again after an unknown outcome.
    BlindRetry,
    /// Agents are deleted without waiting for the queues that they leave, and looks show empty queues.
    EarlyDelete,
    /// Agents are made before their password is stored.
    LateSecret,
    /// What replaced agents had is not written down before they are deleted.
    Forgetful,
    /// Nobody is asked who is at work.
    Heedless,
    /// What was seen once counts as current for the whole run.
    NoLook,
    /// Rate windows are forgotten.
    LeakyPermit,
    /// The lock is not asked whether it is still held.
    NoDeadline,
    /// A result that the vendor did not confirm counts as confirmed.
    Unconfirmed,
}

/// What happened in a history.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) violations: Vec<String>,
    pub(crate) log: Vec<String>,
    pub(crate) manifest: String,
    /// Most steps of a plan.
    pub(crate) steps: usize,
    /// Events of the first run.
    pub(crate) events: u64,
    pub(crate) crashes: usize,
    pub(crate) ended: BTreeMap<&'static str, usize>,
}

impl Story {
    /// The story as a panic tells it.
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

/// Polls a client to its end; `None` when it dies after so many events.
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

/// How a run ended.
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
    vendors: Vendors,
    observers: Observers,
    mutant: Option<Mutant>,
    conduct: ApplyOptions,
    /// The operator reads the plan for so long.
    hesitates: i64,
    /// And stops the run after so long.
    stops: Option<i64>,
    /// The lock is lost after so long.
    loses: Option<i64>,
    steps: RefCell<usize>,
}

impl<'a> Client<'a> {
    fn new(world: &Shared, roster: &'a Roster, mutant: Option<Mutant>) -> Self {
        let connection = |name: &str| roster.workspace.connection(name).unwrap();
        let vendor = |name: &str, provider: &'static dyn Provider| {
            Vendor::new(provider, ports::client(world, connection(name), provider, mutant))
        };
        let vendors = Vendors {
            agents: Some(vendor("agent-config", SmallPages::with(roster.agent_page))),
            queues: Some(vendor("webchat-queue", &webchat_queue::WebchatQueue)),
        };
        let mut observers = Observers::default();
        let desk = connection("cms-agent");
        observers.add(&cms_agent::CmsAgent, Ok(ports::client(world, desk, &cms_agent::CmsAgent, mutant)));
        Self {
            world: Rc::clone(world),
            roster,
            vendors,
            observers,
            mutant,
            conduct: ApplyOptions::default(),
            hesitates: 0,
            stops: None,
            loses: None,
            steps: RefCell::default(),
        }
    }

    /// `rosterctl apply`.
    async fn apply(&self) -> End {
        {
            let mut world = self.world.borrow_mut();
            world.lost = false;
            world.planned = false;
            world.run_ms = world.now;
            world.truth.clear();
            world.was_missing.clear();
            world.may_create.clear();
            world.may_delete.clear();
            world.observe();
            world.note("apply begins");
        }
        let live = match resources::live(&self.vendors).await {
            Ok(live) => live,
            Err(failure) => {
                self.world.borrow_mut().note(format!("unreadable: {}", failure.message()));
                return End::Unreadable;
            }
        };
        let ledger = self.world.borrow().ledger.clone();
        let Roster { workspace, desired, .. } = self.roster;
        // A small roster may end empty.
        let deletes = Allowance { rule: "deletes".to_owned(), up_to: u32::MAX };
        let options = Options { allow: vec![deletes], ..Options::default() };
        let plan = plan::plan(workspace, desired, &live, &ledger, &options);
        let plan = Arc::new(plan.unwrap_or_else(|_| panic!("no target is named")));
        self.watch_plan(&plan);
        self.world.borrow_mut().planned = true;
        if [Weight::Invalid, Weight::Refused, Weight::Incomplete].into_iter().any(|weight| plan.has(weight)) {
            let codes: BTreeSet<&str> = plan.findings.iter().map(|f| f.code.as_str()).collect();
            self.world.borrow_mut().note(format!("blocked: {codes:?}"));
            return End::Blocked;
        }
        if plan.steps.is_empty() {
            let mut ledger = ledger;
            ledger_update::adopt(&mut ledger, desired, &live, &plan);
            self.world.borrow_mut().store_ledger(&ledger);
            return End::Empty;
        }
        *self.steps.borrow_mut() = plan.steps.len();
        if self.hesitates > 0 {
            let signal = self.world.borrow_mut().after(self.hesitates);
            Waiting(signal).await;
        }
        let mut ledger = ledger;
        if self.mutant != Some(Mutant::Forgetful) {
            replacement_backup::back_up(&mut ledger, &plan);
            self.world.borrow_mut().store_ledger(&ledger);
        }
        let finish = self.run(&plan).await;
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
                    let why = result.message.as_deref().unwrap_or_default();
                    world.note(format!("{} {:?} {} {why}", step.id, step.targets, result.status.word()));
                }
                ledger_update::adopt(&mut ledger, desired, &live, &plan);
                ledger_update::changes(&mut ledger, &plan, &results, &BTreeMap::new());
                world.store_ledger(&ledger);
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

    /// Looks whether the plan deletes and makes only what is due.
    fn watch_plan(&self, plan: &Plan) {
        let mut world = self.world.borrow_mut();
        for change in &plan.changes {
            let name = change.id.name.as_str();
            world.note(format!("plan: {:?} {}", change.action, change.id));
            let declared = self.roster.desired.agents.get(&name.into());
            let wrong = match (change.id.kind, change.action) {
                (Kind::Agent, Action::Delete) => match declared {
                    Some(agent) => !agent.absent,
                    None => match self.roster.workspace.policy.prune {
                        Prune::All => false,
                        Prune::Owned => !world.ledger.owns(&change.id),
                        Prune::None => true,
                    },
                },
                (_, Action::Create) => !world.was_missing.contains(&change.id.to_string()),
                (Kind::Agent, Action::Replace) => !self.roster.workspace.policy.replace_immutable,
                _ => false,
            };
            if wrong {
                world.violate(format!(
                    "the plan wants to {:?} {}, which is not due",
                    change.action, change.id
                ));
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
                step.id,
                step.operation.word(),
                step.targets,
                step.after
            ));
        }
    }

    /// Reads the passwords that the plan sends and no step makes, as `cli::apply` does.
    fn read_passwords(&self, plan: &Plan) -> BTreeMap<SecretRef, Arc<Secret>> {
        let world = self.world.borrow();
        let mut read = BTreeMap::new();
        for step in plan.steps.iter().filter(|step| step.fields.iter().any(|f| f == PASSWORD.key)) {
            for field in step.targets.iter().filter_map(|id| plan.change(id)?.field(&PASSWORD)) {
                if let Some(secret) = field.secret.as_ref().filter(|_| !field.renew)
                    && let Some(value) = world.store.get(&*secret.key)
                {
                    read.insert(secret.clone(), Arc::new(Secret::new(value.clone())));
                }
            }
        }
        read
    }

    /// Carries a plan out.
    async fn run(&self, plan: &Arc<Plan>) -> Finish {
        let mut conduct = self.conduct.clone();
        conduct.guard = conduct.guard.filter(|_| self.mutant != Some(Mutant::Heedless));
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
        let executor = Executor {
            vendors: &self.vendors,
            secrets: &store,
            passwords: &passwords,
            observers: &self.observers,
            journal: None,
            creation: Some(&Alone { since: clock.elapsed() }),
            clock: &clock,
            fresh: if self.mutant == Some(Mutant::NoLook) { Duration::MAX } else { FRESH },
        };
        let plan =
            if self.mutant == Some(Mutant::EarlyDelete) { early_delete(plan) } else { Arc::clone(plan) };
        executor::run(&plan, executor, conduct, &gate, &|_, _, _| {}, &|_| {}).await
    }
}

/// Returns a plan whose deletions wait for nothing.
fn early_delete(plan: &Plan) -> Arc<Plan> {
    let mut plan = plan.clone();
    for step in plan.steps.iter_mut().filter(|step| step.operation == Operation::AgentDelete) {
        step.after.clear();
    }
    Arc::new(plan)
}

/// Which moments a client dies at, and what else goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    pub(crate) mutant: Option<Mutant>,
    /// The one client in foul weather dies after so many events, and nothing else goes wrong.
    pub(crate) dies_after: Option<u64>,
    /// Reading shows what was so long ago, in milliseconds.
    pub(crate) lag: i64,
}

/// One history of a roster.
pub(crate) fn history(seed: u64, roster: &Roster, course: Course) -> Story {
    let mut dice = Random::new(seed ^ 0x5eed);
    let mut world = World::new(roster.estate.clone(), Random::new(seed ^ 0xfa17), roster.limit);
    world.lag = course.lag;
    world.store.clone_from(&roster.store);
    world.ledger = roster.ledger.clone();
    world.generated.clone_from(&roster.generated);
    world.declared = roster.desired.agents.keys().map(ToString::to_string).collect();
    for queue in roster.desired.queues.values() {
        if let Some(Value::Members(members)) = queue.record.get(&ASSIGN_MEMBERS) {
            let strangers = members.keys().filter(|id| !roster.desired.agents.contains_key(*id));
            world.named_by_queues.extend(strangers.map(ToString::to_string));
        }
    }
    world.remember_unsaid(roster.desired.queues.values().map(|queue| &*queue.name));
    world.wanted_queues = roster.desired.queues.values().map(|queue| queue.name.to_string()).collect();
    world.template = Some(rosterctl::sandbox::webchat_queue::Queue {
        exten: String::new(),
        display_name: String::new(),
        assign_rule: "least".to_owned(),
        is_memory: false,
        memory_time: None,
        update_time: String::new(),
        update_agent: String::new(),
        assign_members: Vec::new(),
    });
    let world = Rc::new(RefCell::new(world));
    let mut story = Story { manifest: roster.manifest.clone(), ..Story::default() };
    let alone = course.dies_after.is_some();
    let runs = if alone { 1 } else { 1 + dice.below(3) };
    for run in 0..runs {
        let mut client = Client::new(&world, roster, course.mutant);
        let mut dies_after = course.dies_after;
        if !alone {
            {
                let mut world = world.borrow_mut();
                world.weather =
                    Weather { faults: [0, 5, 15, 30][dice.below(4)], latency: [50, 1_500][dice.below(2)] };
                let busy = [0, 0, 1, 3][dice.below(4)];
                for _ in 0..busy {
                    let within = [400, 4_000, 60_000][dice.below(3)];
                    let at = i64::try_from(dice.below(within)).unwrap_or(0);
                    world.happen(at, Happening::Console(dice.draw()));
                }
            }
            let wait = [0, 0, 20, 90][dice.below(4)];
            let guard = PresencePolicy { wait: Duration::from_secs(wait), ..PresencePolicy::default() };
            client.conduct.guard = (dice.below(3) > 0).then_some(guard);
            world.borrow_mut().guarded = client.conduct.guard.is_some();
            for _ in 0..[0, 0, 2, 6][dice.below(4)] {
                let at = i64::try_from(dice.below(30_000)).unwrap_or(0);
                world.borrow_mut().happen(at, Happening::Calls(dice.draw()));
            }
            client.conduct.skip_stale = dice.below(3) == 0;
            client.conduct.saved = dice.below(2) == 0;
            client.hesitates =
                i64::from(client.conduct.saved) * i64::try_from(dice.below(20_000)).unwrap_or(0);
            client.stops = (dice.below(8) == 0).then(|| i64::try_from(dice.below(5_000)).unwrap_or(0));
            client.loses = (dice.below(10) == 0).then(|| i64::try_from(dice.below(5_000)).unwrap_or(0));
            dies_after = (dice.below(2) == 0).then(|| dice.below(120) as u64);
        }
        world.borrow_mut().catch_up();
        let mut events = 0;
        let end = live_through(&world, client.apply(), dies_after, &mut events);
        story.steps = story.steps.max(*client.steps.borrow());
        if run == 0 {
            story.events = events;
        }
        drop(client);
        let mut world = world.borrow_mut();
        world.land();
        let end = end.map_or_else(
            || {
                world.note("the client dies");
                story.crashes += 1;
                "died"
            },
            |end| word(&end),
        );
        *story.ended.entry(end).or_default() += 1;
    }
    heal(&world, roster, course.mutant);
    let mut world = world.borrow_mut();
    judge(&mut world, roster);
    story.violations = std::mem::take(&mut world.violations);
    story.log = std::mem::take(&mut world.log);
    story
}

fn word(end: &End) -> &'static str {
    match end {
        End::Unreadable => "unreadable",
        End::Blocked => "blocked",
        End::Empty => "empty",
        End::Stale => "stale",
        End::Blind => "blind",
        End::Ran(true) => "done",
        End::Ran(false) => "partial",
        End::Held => "held",
        End::Interrupted => "interrupted",
    }
}

/// Fine weather: at most three runs, then nothing is left to do.
fn heal(world: &Shared, roster: &Roster, mutant: Option<Mutant>) {
    {
        let mut world = world.borrow_mut();
        world.note("the weather clears");
        world.weather = Weather { faults: 0, latency: 50 };
        world.calls.clear();
        world.guarded = false;
        // A queue that the console made beside ours in a race is for people to take away again.
        let World { estate, by_console, .. } = &mut *world;
        let queues = &mut estate.webchat_queue.queues;
        let names: Vec<String> = queues.iter().map(|queue| queue.display_name.clone()).collect();
        queues.retain(|queue| {
            let same = names.iter().filter(|name| **name == queue.display_name).count();
            same == 1 || !by_console.contains_key(&queue.exten)
        });
    }
    for run in 1..=4 {
        world.borrow_mut().catch_up();
        let client = Client::new(world, roster, mutant);
        let end = live_through(world, client.apply(), None, &mut 0);
        if end == Some(End::Empty) {
            return;
        }
        if run == 4 {
            world.borrow_mut().violate(format!("three runs in fine weather did not do: {end:?}"));
        }
    }
}
