//! Plan and apply against the simulated vendors, in one thread, under a virtual clock, by seed.
//!
//! One seed replays one history exactly. A history is some runs while things go wrong (calls lost before or
//! after they were carried out, late, throttled, failed, garbled, cut off and overtaking each other; somebody at
//! the console; the operator stops it; the client dies), then at most three runs in fine weather, after which
//! everything must be as the manifests say. An auditor beside the vendors watches all of it.
//!
//! The client is the program's own planner, machine, readings and retries; what is played here is its shell: the
//! loop around the machine, the pacing, the store and the ledger. It is a future that is polled by hand: an event
//! is taken from the world's queue, the future is polled, and so on; dying is dropping it between two events.
//!
//! What no client could get right is left out: a call that is carried out after the client gave it up, or after
//! the next client began to read.

mod judge;
mod late;
mod line;
mod presence;
mod roster;
mod world;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use rosterctl::apply::write_op;
use rosterctl::apply::write_op::WriteOp;
use rosterctl::apply::{
    ApplyOptions, ApplyOutcome, Effect, Event, Finish, Machine, ReadPurpose, Status, ledger_update,
    replacement_backup,
};
use rosterctl::config::workspace::Prune;
use rosterctl::model::agent::PASSWORD;
use rosterctl::model::call::Failure;
use rosterctl::model::finding::Effect as Weight;
use rosterctl::model::id::{Kind, OperatorId};
use rosterctl::model::plan::{Action, Allowance, Operation, Plan};
use rosterctl::model::presence::PresencePolicy;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::retry;
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::model::value::Value;
use rosterctl::plan::{self, Options};
use rosterctl::provider::{Provider, WriteRequest, agent_config, webchat_queue};
use rosterctl::runtime::read::resources;
use rosterctl::runtime::read::resources::Vendors;
use rosterctl::sandbox::vendor_state::Random;

use judge::judge;
use line::{BOUNDS, Line, NO_LOOK, SmallPages};
pub(crate) use roster::{Roster, large, replacing, small};
use world::{Happening, Signal, Waiting, Weather, World};

type Shared = Rc<RefCell<World>>;

/// How long what was seen counts as seen just now, as in `runtime::pre_send_check`.
const FRESH: Duration = Duration::from_secs(3);

/// A way in which the executor is broken on purpose, to test the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// addQueue is sent again after an unknown outcome.
    BlindRetry,
    /// Agents are deleted without waiting for the queues that they leave.
    EarlyDelete,
    /// Agents are made before their password is stored.
    LateSecret,
    /// What replaced agents had is not written down before they are deleted.
    Forgetful,
    /// Nobody is asked who is at work.
    Heedless,
    /// Nobody is asked again when a call had to wait.
    Hasty,
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
    vendors: Vendors<Line>,
    mutant: Option<Mutant>,
    conduct: ApplyOptions,
    /// The operator reads the plan for so long.
    hesitates: i64,
    /// And stops the run after so long.
    stops: Option<i64>,
    passwords: RefCell<BTreeMap<SecretRef, Arc<Secret>>>,
    /// When the run began.
    begun: RefCell<i64>,
    /// When those were last asked for whom a step would hurt.
    attended: RefCell<BTreeMap<usize, i64>>,
    steps: RefCell<usize>,
}

impl<'a> Client<'a> {
    fn new(world: &Shared, roster: &'a Roster, mutant: Option<Mutant>) -> Self {
        let line = |name: &str, inner: &'static dyn Provider, rows: Option<usize>| {
            let connection = roster.workspace.connection(name).cloned()?;
            let provider = SmallPages { inner, rows };
            let secret = Secret::new("a secret".to_owned());
            Some(Line { world: Rc::clone(world), provider, connection, secret, mutant })
        };
        let vendors = Vendors {
            agents: line("agent-config", &agent_config::AgentConfig, Some(roster.agent_page)),
            queues: line("webchat-queue", &webchat_queue::WebchatQueue, None),
        };
        Self {
            world: Rc::clone(world),
            roster,
            vendors,
            mutant,
            conduct: ApplyOptions {
                bounds: [(Kind::Agent, BOUNDS), (Kind::Queue, BOUNDS)].into(),
                queues: true,
                ..ApplyOptions::default()
            },
            hesitates: 0,
            stops: None,
            passwords: RefCell::default(),
            begun: RefCell::default(),
            attended: RefCell::default(),
            steps: RefCell::default(),
        }
    }

    /// `rosterctl apply`.
    async fn apply(&self) -> End {
        {
            let mut world = self.world.borrow_mut();
            world.stop = false;
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
        self.read_passwords(&plan);
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
            Finish::Ran(ApplyOutcome { results, skipped, held, interrupted, .. }) => {
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
                let excused = results.iter().all(|r| r.status == Status::Done || r.held);
                if !held.is_empty() && excused && skipped.is_empty() {
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
            let declared = self.roster.desired.agents.get(name);
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
    fn read_passwords(&self, plan: &Plan) {
        let world = self.world.borrow();
        for step in plan.steps.iter().filter(|step| step.fields.iter().any(|f| f == PASSWORD.key)) {
            for field in step.targets.iter().filter_map(|id| plan.change(id)?.field(&PASSWORD)) {
                if let Some(secret) = field.secret.as_ref().filter(|_| !field.renew)
                    && let Some(value) = world.store.get(&*secret.key)
                {
                    self.passwords.borrow_mut().insert(secret.clone(), Arc::new(Secret::new(value.clone())));
                }
            }
        }
    }

    /// Carries a plan out, as `runtime::executor` does.
    async fn run(&self, plan: &Arc<Plan>) -> Finish {
        let mut conduct = self.conduct.clone();
        if self.mutant == Some(Mutant::Heedless) {
            conduct.guard = None;
        }
        let mut machine = Machine::new(Arc::clone(plan), conduct);
        *self.begun.borrow_mut() = self.world.borrow().now;
        let mut running: FuturesUnordered<Pin<Box<dyn Future<Output = Event> + '_>>> =
            FuturesUnordered::new();
        if let Some(after) = self.stops {
            let signal = Rc::new(Signal::default());
            self.world.borrow_mut().happen(after, Happening::Stop(Rc::clone(&signal)));
            running.push(Box::pin(async move {
                Waiting(signal).await;
                Event::Interrupted
            }));
        }
        let mut effects = machine.next(Event::Begin);
        loop {
            for effect in effects.drain(..) {
                match effect {
                    Effect::Finish(finish) => return finish,
                    Effect::Attend { steps, agents, pause, .. } => {
                        let pause = i64::try_from(pause.as_millis()).unwrap_or(0);
                        running.push(Box::pin(async move {
                            let signal = self.world.borrow_mut().after(pause);
                            Waiting(signal).await;
                            let presence = if self.world.borrow().stop {
                                None
                            } else {
                                Some(self.ask_who_is_at_work(&agents).await)
                            };
                            let now = self.world.borrow().now;
                            self.attended.borrow_mut().extend(steps.iter().map(|step| (*step, now)));
                            Event::Attended { steps, presence, at: self.elapsed() }
                        }));
                    }
                    Effect::Look { purpose, mut wanted, again } => {
                        if matches!(purpose, ReadPurpose::Confirm(_)) && self.elapsed() <= FRESH {
                            wanted.agents.clear();
                        }
                        self.world.borrow_mut().note(format!("looks: {purpose:?}"));
                        running.push(Box::pin(async move {
                            if again > 0 {
                                let signal = {
                                    let mut world = self.world.borrow_mut();
                                    let pause = retry::poll_delay(again, world.random.fraction());
                                    world.after(i64::try_from(pause.as_millis()).unwrap_or(0))
                                };
                                Waiting(signal).await;
                            }
                            let live = &plan.summary.live;
                            let seen =
                                resources::look(&self.vendors, &wanted, (live.agents, live.queues)).await;
                            Event::ReadBack { purpose, seen }
                        }));
                    }
                    Effect::Send { step, deed, repetition, harms, .. } => {
                        running.push(Box::pin(async move {
                            if repetition > 0 {
                                let signal = {
                                    let mut world = self.world.borrow_mut();
                                    let pause = retry::backoff(repetition, world.random.fraction());
                                    world.after(i64::try_from(pause.as_millis()).unwrap_or(0))
                                };
                                Waiting(signal).await;
                            }
                            self.out_of_turn(plan, &deed).await;
                            let halt = RefCell::new(None);
                            let look = async || match self.last_look(plan, step, &deed, &harms).await {
                                Some(event) => {
                                    *halt.borrow_mut() = Some(event);
                                    Err(Failure::Halted)
                                }
                                None => Ok(()),
                            };
                            let result = self.carry_out(&deed, &look).await;
                            if let Some(event) = halt.into_inner() {
                                return event;
                            }
                            if result == Err(Failure::Halted) {
                                return Event::NotStarted { step };
                            }
                            Event::Answered { step, result }
                        }));
                    }
                }
            }
            let Some(event) = running.next().await else {
                self.world.borrow_mut().violate("the run came to a halt".to_owned());
                return Finish::Unreadable("the run came to a halt".to_owned());
            };
            machine.tick(self.elapsed());
            effects = machine.next(event);
        }
    }

    /// What a mutant does out of turn: it deletes before the queues are left.
    async fn out_of_turn(&self, plan: &Plan, deed: &WriteOp) {
        if self.mutant != Some(Mutant::EarlyDelete) || !matches!(deed, WriteOp::SetMembers { .. }) {
            return;
        }
        for step in plan.steps.iter().filter(|step| step.operation == Operation::AgentDelete) {
            if let Some(deed) = write_op::for_step(plan, step) {
                let _ = self.carry_out(&deed, &async || Ok(())).await;
            }
        }
    }

    /// Time since the run began.
    fn elapsed(&self) -> Duration {
        let begun = *self.begun.borrow();
        Duration::from_millis((self.world.borrow().now - begun).unsigned_abs())
    }

    async fn carry_out(
        &self,
        deed: &WriteOp,
        look: &impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<Option<OperatorId>, Failure> {
        if let WriteOp::PutSecret { secret, renew } = deed {
            return self.put(secret, *renew).await.map(|()| None);
        }
        let vendor = deed.kind().and_then(|kind| self.vendors.get(kind));
        let vendor = vendor.ok_or_else(|| Failure::NotSent("no connection".to_owned()))?;
        let find = |secret: &SecretRef| {
            let value = self.passwords.borrow().get(secret).cloned();
            value.ok_or_else(|| Failure::Refused(format!("the password {secret} was neither read nor made")))
        };
        let told = match deed {
            WriteOp::CreateAgents { ids, record, password } => {
                let Some(first) = ids.first() else { return Ok(None) };
                let password = password.as_ref().map(find).transpose()?;
                let password = password.as_deref();
                vendor
                    .tell(&WriteRequest::CreateAgents { first, count: ids.len(), record, password }, &NO_LOOK)
                    .await?
            }
            WriteOp::EditAgent { id, record } => {
                vendor.tell(&WriteRequest::EditAgent { id, record }, look).await?
            }
            WriteOp::SetPassword { id, password } => {
                let password = find(password)?;
                vendor.tell(&WriteRequest::SetPassword { id, password: &password }, &NO_LOOK).await?
            }
            WriteOp::DeleteAgents { ids } => vendor.tell(&WriteRequest::DeleteAgents { ids }, look).await?,
            WriteOp::CreateQueue { name, record } => {
                vendor.tell(&WriteRequest::CreateQueue { name, record }, look).await?
            }
            WriteOp::SetMembers { exten, members, .. } => {
                vendor.tell(&WriteRequest::SetMembers { exten: exten.as_str(), members }, look).await?
            }
            WriteOp::PutSecret { .. } => return Ok(None),
        };
        Ok(told.exten.map(OperatorId::new))
    }

    /// Makes a password and stores it, unless the store has one that may stay.
    async fn put(&self, secret: &SecretRef, renew: bool) -> Result<(), Failure> {
        if self.world.borrow().stop {
            return Err(Failure::Halted);
        }
        if !renew && self.passwords.borrow().contains_key(secret) {
            return Ok(());
        }
        let key = secret.key.to_string();
        let (value, there, late, refused) = {
            let mut world = self.world.borrow_mut();
            world.made_secrets += 1;
            let value = format!("made-{:06}", world.made_secrets);
            let faults = world.weather.faults / 2;
            let refused = world.chance(faults);
            (value, world.up_to(200), world.up_to(3_000), refused)
        };
        let known = || Arc::new(Secret::new(value.clone()));
        if self.mutant == Some(Mutant::LateSecret) {
            self.passwords.borrow_mut().insert(secret.clone(), known());
            self.world.borrow_mut().happen(late, Happening::Stored(key, value));
            return Ok(());
        }
        let signal = self.world.borrow_mut().after(there);
        Waiting(signal).await;
        if refused {
            return Err(Failure::Refused("the store is sealed".to_owned()));
        }
        self.world.borrow_mut().store.insert(key, value.clone());
        let signal = self.world.borrow_mut().after(there);
        Waiting(signal).await;
        self.passwords.borrow_mut().insert(secret.clone(), known());
        Ok(())
    }
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
