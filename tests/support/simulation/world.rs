//! The world outside the client, under a virtual clock. It holds the vendors, the transport both ways, a person at
//! the console, the secret store and the ledger. An auditor watches all of it.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use md5::{Digest, Md5};
use rosterctl::model::call::{Call, Failure, Reply};
use rosterctl::model::journal::Entry;
use rosterctl::model::ledger::Ledger;
use rosterctl::runtime::rate_window::Window;
use rosterctl::sandbox::vendor_state::{Random, VendorState};
use rosterctl::sandbox::webchat_queue::Queue;
use serde_json::Value as Json;
use tokio::sync::watch;

use super::hidden::Hidden;
use super::house::House;
use super::owners::Owners;
use super::sign_in::SignIn;

/// The start of every history, in milliseconds since 1970 UTC.
pub(crate) const BEGIN_MS: i64 = 1_767_225_600_000;

/// An event that a client waits for.
#[derive(Default)]
pub(crate) struct Signal {
    fired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    answer: RefCell<Option<Result<Reply, Failure>>>,
}

/// The wait for a signal.
pub(crate) struct Waiting(pub(crate) Rc<Signal>);

impl Future for Waiting {
    type Output = Option<Result<Reply, Failure>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0.fired.get() {
            return Poll::Ready(self.0.answer.borrow_mut().take());
        }
        *self.0.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The fate of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The vendor carried it out and answered.
    Well,
    /// It never reached the vendor, and the client knows.
    NotSent,
    /// No response arrived; the vendor carried it out if true.
    Lost(bool),
    /// HTTP 429, not carried out; with or without a `Retry-After`.
    TooMany(Option<u64>),
    /// HTTP 5xx; carried out if true.
    ServerError(u16, bool),
    /// A page of HTML with HTTP 200; carried out if true.
    Html(bool),
    /// Carried out; half of the response arrives, and the client notices the break if true.
    CutOff(bool),
}

/// A call in transit.
pub(crate) struct Sent {
    pub(crate) call: Call,
    pub(crate) fate: Fate,
    pub(crate) begun: i64,
    pub(crate) way_back: i64,
    pub(crate) signal: Rc<Signal>,
    /// True if it counts against a rate limit.
    pub(crate) paced: bool,
}

/// An event at a moment.
pub(crate) enum Happening {
    /// A call reaches the vendor.
    Arrives(Box<Sent>),
    /// A signal fires.
    Given(Rc<Signal>),
    /// A person makes a change in the console.
    Console(u64),
    /// A secret reaches its store late. Only a broken client does this.
    Stored(String, String),
    /// A call of an agent begins or ends.
    Calls(u64),
    /// The operator asks to stop.
    Stop(watch::Sender<bool>),
    /// The lock of the workspace is lost.
    LockLost,
    /// A system refuses the sign-in from now on.
    SignInEnds(&'static str),
}

/// The rate of faults.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// The number of calls in a hundred that meet a fault.
    pub(crate) faults: usize,
    /// The longest transit of a call, one direction, in milliseconds.
    pub(crate) latency: usize,
}

/// The rate limit of the queue vendor, for each operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) calls: usize,
    pub(crate) per_ms: i64,
}

/// Values that were true of a resource's field at some moment of a run.
type Truth = BTreeMap<(String, &'static str), BTreeSet<String>>;

pub(crate) struct World {
    pub(crate) house: &'static House,
    pub(crate) now: i64,
    sequence: u64,
    happenings: BTreeMap<(i64, u64), Happening>,
    pub(crate) estate: VendorState,
    /// The age of the state that reads show, in milliseconds.
    pub(crate) lag: i64,
    /// Past states and their start, for as long as reads may show them.
    pub(super) past: Vec<(i64, VendorState)>,
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    pub(crate) limit: Limit,
    /// The client's rate windows, which outlive it.
    pub(crate) windows: BTreeMap<&'static str, Window>,
    arrivals: BTreeMap<&'static str, Vec<i64>>,
    pub(crate) store: BTreeMap<String, String>,
    pub(crate) made_secrets: u32,
    pub(crate) ledger: Ledger,
    /// The ledgers of the other workspaces on the tenant.
    pub(super) ledgers: BTreeMap<usize, Ledger>,
    /// The number of steps that are begun in the current run.
    pub(super) begun: usize,
    /// The most steps that were begun at a time.
    pub(super) most_begun: usize,
    /// The number of intents that runs recorded.
    pub(super) intents: usize,
    /// The journals of unfinished runs, by workspace.
    pub(super) journals: BTreeMap<usize, Vec<Entry>>,
    /// True if the lock of the workspace is lost, since `lost_ms`.
    pub(crate) lost: bool,
    lost_ms: i64,
    /// True if the current run has its plan.
    pub(super) planned: bool,
    /// The start of the current run.
    pub(super) run_ms: i64,
    /// The count of random numbers drawn.
    pub(super) drawn: u64,
    pub(crate) log: Vec<String>,
    pub(crate) violations: Vec<String>,
    // The auditor's knowledge.
    /// Keys of the passwords that are generated, by agent.
    pub(crate) generated: BTreeMap<String, String>,
    /// Agents that the plan deletes.
    pub(crate) may_delete: BTreeSet<String>,
    /// Queues that the plan deletes, by the vendor's number.
    pub(crate) may_delete_queues: BTreeSet<String>,
    /// The moment at which the plan of the current run was made.
    pub(super) planned_ms: i64,
    /// Agents that the plan creates.
    pub(crate) may_create: BTreeSet<String>,
    /// All agents that any client created.
    pub(crate) created: BTreeSet<String>,
    /// Queues that the console created, and the time.
    pub(crate) by_console: BTreeMap<String, i64>,
    /// The time at which the console added an agent to a queue.
    pub(super) joined: BTreeMap<(String, String), i64>,
    /// The last read of each queue: its moment, and the arrival of its response.
    pub(super) shown: BTreeMap<String, (i64, i64)>,
    /// The start of the client's last listing of queues.
    pub(super) listed: i64,
    /// The start of each listing of queues, and the arrival of its last page.
    pub(super) listings: Vec<(i64, i64)>,
    /// Agents and queue names that were missing at some moment of the reads.
    pub(crate) was_missing: BTreeSet<String>,
    /// Agents that only queues name.
    pub(crate) named_by_queues: BTreeSet<String>,
    /// Agents that the manifests name.
    pub(crate) declared: BTreeSet<String>,
    pub(crate) truth: Truth,
    /// Agents on a call, and the start of the call.
    pub(crate) calls: BTreeMap<String, i64>,
    /// Questions about an agent's calls: the time of the answer, and its arrival at the client.
    pub(crate) asked: BTreeMap<String, Vec<(i64, i64)>>,
    /// True if the client must not disrupt busy agents.
    pub(crate) guarded: bool,
    /// First values of declared agents that no manifest names: telephone, number shown, e-mail address.
    pub(super) unsaid: BTreeMap<String, [Option<String>; 3]>,
    /// Members of the queues that no manifest names, by the vendor's number.
    pub(super) unnamed: BTreeMap<String, BTreeMap<String, i64>>,
    /// Names that the console may take for a new queue.
    pub(crate) wanted_queues: Vec<String>,
    /// Attributes of the wanted queues.
    pub(crate) template: Option<Queue>,
    /// Resources that listings do not show yet.
    pub(super) hidden: Hidden,
    /// Systems that refuse the sign-in.
    pub(super) sign_in: SignIn,
    /// Identities, and the workspaces that own them.
    pub(super) owners: Owners,
    /// Calls of the current run that were carried out: operation, target.
    pub(super) carried: BTreeSet<(&'static str, String)>,
}

impl World {
    pub(crate) fn new(house: &'static House, estate: VendorState, random: Random, limit: Limit) -> Self {
        Self {
            house,
            now: BEGIN_MS,
            sequence: 0,
            happenings: BTreeMap::new(),
            estate,
            lag: 0,
            past: Vec::new(),
            random,
            weather: Weather { faults: 0, latency: 50 },
            limit,
            windows: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            store: BTreeMap::new(),
            made_secrets: 0,
            ledger: Ledger::default(),
            ledgers: BTreeMap::new(),
            begun: 0,
            most_begun: 0,
            intents: 0,
            journals: BTreeMap::new(),
            lost: false,
            lost_ms: 0,
            planned: false,
            run_ms: 0,
            drawn: 0,
            log: Vec::new(),
            violations: Vec::new(),
            generated: BTreeMap::new(),
            may_delete: BTreeSet::new(),
            may_delete_queues: BTreeSet::new(),
            planned_ms: 0,
            may_create: BTreeSet::new(),
            created: BTreeSet::new(),
            by_console: BTreeMap::new(),
            joined: BTreeMap::new(),
            shown: BTreeMap::new(),
            listed: 0,
            listings: Vec::new(),
            was_missing: BTreeSet::new(),
            declared: BTreeSet::new(),
            named_by_queues: BTreeSet::new(),
            truth: BTreeMap::new(),
            calls: BTreeMap::new(),
            asked: BTreeMap::new(),
            guarded: false,
            unsaid: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            wanted_queues: Vec::new(),
            template: None,
            hidden: Hidden::default(),
            sign_in: SignIn::default(),
            owners: Owners::default(),
            carried: BTreeSet::new(),
        }
    }

    pub(crate) fn note(&mut self, what: impl AsRef<str>) {
        let at = self.now - BEGIN_MS;
        self.log.push(format!(
            "{:>8.3}s {}",
            Duration::from_millis(at.unsigned_abs()).as_secs_f64(),
            what.as_ref()
        ));
    }

    pub(crate) fn violate(&mut self, what: String) {
        self.note(format!("VIOLATION {what}"));
        self.violations.push(what);
    }

    pub(crate) fn happen(&mut self, after: i64, what: Happening) {
        self.sequence += 1;
        self.happenings.insert((self.now + after.max(0), self.sequence), what);
    }

    /// Returns a signal that fires after a while.
    pub(crate) fn after(&mut self, wait: i64) -> Rc<Signal> {
        let signal = Rc::new(Signal::default());
        self.happen(wait, Happening::Given(Rc::clone(&signal)));
        signal
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.random.below(100) < percent
    }

    pub(crate) fn up_to(&mut self, most: usize) -> i64 {
        i64::try_from(self.random.below(most + 1)).unwrap_or(0)
    }

    /// Sends a call, and returns a signal for its answer.
    pub(crate) fn send(&mut self, call: Call, paced: bool) -> Rc<Signal> {
        let fate = self.fate();
        let most = if self.weather.faults > 0 && self.chance(8) { 12_000 } else { self.weather.latency };
        let (there, way_back) = (self.up_to(most), self.up_to(most));
        let signal = Rc::new(Signal::default());
        let sent = Sent { call, fate, begun: self.now, way_back, signal: Rc::clone(&signal), paced };
        self.happen(there, Happening::Arrives(Box::new(sent)));
        signal
    }

    fn fate(&mut self) -> Fate {
        let faults = self.weather.faults;
        if !self.chance(faults) {
            return Fate::Well;
        }
        let coin = self.chance(50);
        match self.random.below(10) {
            0 => Fate::NotSent,
            1..=3 => Fate::Lost(coin),
            4 => Fate::TooMany(coin.then_some(3)),
            5 | 6 => Fate::ServerError([500, 502, 503, 504][self.random.below(4)], coin),
            7 => Fate::Html(coin),
            _ => Fate::CutOff(coin),
        }
    }

    /// Processes the next event; returns false if none is left.
    pub(crate) fn step(&mut self) -> bool {
        let forgotten = |what: &Happening| matches!(what, Happening::Given(s) if Rc::strong_count(s) == 1);
        let (at, what) = loop {
            let Some(((at, _), what)) = self.happenings.pop_first() else { return false };
            // An abandoned pause takes no time.
            if !forgotten(&what) {
                break (at, what);
            }
        };
        self.now = at;
        match what {
            Happening::Given(signal) => give(&signal),
            Happening::Stop(gate) => {
                self.note("the operator asks to stop");
                gate.send_replace(true);
            }
            Happening::LockLost => {
                self.note("the lock is lost");
                self.lost = true;
                self.lost_ms = self.now;
            }
            Happening::Arrives(sent) => self.arrive(*sent),
            Happening::Console(seed) => self.watch_console(|world| world.console(seed)),
            Happening::SignInEnds(system) => {
                self.note(format!("{system}: the sign-in ends"));
                self.sign_in.end(system);
            }
            Happening::Calls(seed) => self.ring(seed),
            Happening::Stored(key, value) => {
                self.store.insert(key, value);
            }
        }
        true
    }

    /// Delivers the calls in transit after the client's death.
    pub(crate) fn land(&mut self) {
        self.happenings.retain(|_, what| matches!(what, Happening::Arrives(_)));
        while self.step() {
            self.happenings.retain(|_, what| matches!(what, Happening::Arrives(_)));
        }
    }

    fn arrive(&mut self, sent: Sent) {
        let Sent { call, fate, begun, way_back, signal, paced } = sent;
        let orphan = Rc::strong_count(&signal) == 1;
        let carried = match fate {
            Fate::Well | Fate::CutOff(_) => true,
            Fate::NotSent | Fate::TooMany(_) => false,
            Fate::Lost(carried) | Fate::ServerError(_, carried) | Fate::Html(carried) => carried,
        };
        if paced && fate != Fate::NotSent {
            self.count(call.operation);
        }
        let told = (fate == Fate::Well && !orphan).then_some(way_back);
        let (operation, _) = (self.house.said)(&call);
        self.watch_sign_in(operation, begun, orphan);
        let refused = carried.then(|| self.refuse_sign_in(operation, told)).flatten();
        let reply = refused.or_else(|| carried.then(|| self.answer(&call, begun, told)));
        let whose = if orphan { ", of a client that is gone" } else { "" };
        if fate != Fate::Well || !matches!(operation, "page" | "queueQueue" | "one/v2" | "agentbyworkno") {
            let body = String::from_utf8_lossy(&call.body);
            self.note(format!("{} {fate:?}{whose} {body}", call.operation));
        }
        let plain = |status: u16, content_type: &str, body: &[u8]| Reply {
            status,
            content_type: content_type.to_owned(),
            retry_after: None,
            body: body.to_vec(),
        };
        let result = match (fate, reply) {
            (Fate::Well, Some(reply)) => Ok(reply),
            (Fate::NotSent, _) => Err(Failure::NotSent("no connection".to_owned().into())),
            (Fate::TooMany(after), _) => {
                let mut reply = plain(429, "text/html", b"<html>slow down</html>");
                reply.retry_after = after.map(Duration::from_secs);
                Ok(reply)
            }
            (Fate::ServerError(status, _), _) => Ok(plain(status, "text/html", b"<html>bad gateway</html>")),
            (Fate::Html(_), _) => Ok(plain(200, "text/html", b"<html><title>welcome</title></html>")),
            (Fate::CutOff(false), Some(mut reply)) => {
                reply.body.truncate(reply.body.len() / 2);
                Ok(reply)
            }
            _ => Err(Failure::Unknown("the connection broke".to_owned().into())),
        };
        *signal.answer.borrow_mut() = Some(result);
        self.happen(way_back, Happening::Given(signal));
    }

    /// Counts a call that reached the vendor against the rate limit.
    fn count(&mut self, operation: &'static str) {
        let (now, limit) = (self.now, self.limit);
        let times = self.arrivals.entry(operation).or_default();
        times.retain(|time| time + limit.per_ms > now);
        times.push(now);
        if times.len() > limit.calls {
            let times = times.clone();
            self.violate(format!("{operation}: more than {} calls in a window: {times:?}", limit.calls));
        }
    }

    /// Lets the vendor carry out a call while the auditor watches.
    fn answer(&mut self, call: &Call, begun: i64, way_back: Option<i64>) -> Reply {
        let house = self.house;
        let (operation, body) = (house.said)(call);
        let before = self.identities();
        let revision = self.estate.revision;
        if operation == "addQueue" {
            let name = body["displayName"].as_str().unwrap_or_default();
            self.watch_queue(name, begun);
            self.watch_known_queue(name);
        }
        let hurt = self.hurt(operation, &body);
        let doomed = body["exten"].as_str().filter(|_| operation == "removeQueue");
        let doomed = doomed.and_then(|exten| self.estate.get::<WebchatQueue>().queue(exten).cloned());
        let now = self.now;
        let reads = matches!(operation, "page" | "one/v2" | "queueQueue" | "agentbyworkno");
        if !reads && self.lost && begun > self.lost_ms {
            self.violate(format!("{} left after the lock was lost", call.operation));
        }
        let shown_late = reads && operation != "agentbyworkno";
        let hidden = self.hide(operation, &body);
        let estate = if shown_late { self.what_is_shown() } else { &mut self.estate };
        let departures = estate.departures().len();
        (house.take)(estate);
        let reply = estate.answer(call.method.word(), call, now);
        (house.show)(estate);
        if estate.departures().len() > departures {
            let what = format!("departure: {:?}", estate.departures().last());
            self.violate(what);
        }
        self.unhide(hidden);
        let heard = (house.heard)(call, &reply.body);
        self.watch_agents_read(operation, &heard, way_back);
        if operation == "agentbyworkno" {
            self.watch_question(&body, way_back);
        }
        if operation == "queueQueue" {
            self.watch_reading(body["exten"].as_str(), &body["page"], way_back);
        }
        if self.estate.revision != revision {
            for id in hurt {
                self.watch_call(&id, operation, begun);
            }
            if let Some(queue) = doomed {
                self.watch_queue_deletion(&queue, begun);
            }
            let after = self.identities();
            for id in after.keys().filter(|id| !before.contains_key(*id)) {
                self.watch_creation(id, &body);
                self.own_created(id, way_back);
            }
            for (id, identity) in before.iter().filter(|(id, _)| !after.contains_key(*id)) {
                self.watch_deletion(id, begun);
                self.watch_owner(id, *identity, begun);
            }
            self.watch_carried(operation, &body, &heard, way_back);
            if operation == "updateQueueAssignMembers" {
                let exten = body["exten"].as_str().unwrap_or_default().to_owned();
                self.joined.retain(|(queue, _), _| *queue != exten);
            }
            self.observe();
            self.age();
        }
        reply
    }

    pub(super) fn agent_ids(&self) -> BTreeSet<String> {
        self.estate.get::<AgentConfig>().agents().map(|agent| agent.operator_id.clone()).collect()
    }

    fn watch_queue(&mut self, name: &str, begun: i64) {
        let there: Vec<String> = self
            .estate
            .get::<WebchatQueue>()
            .queues
            .iter()
            .filter(|queue| queue.display_name == name)
            .map(|queue| queue.exten.clone())
            .collect();
        for exten in there {
            // The console may win a race that no client can see; our queue must never be duplicated.
            let seen = |made: &i64| self.listings.iter().any(|(at, reached)| at > made && *reached <= begun);
            if self.by_console.get(&exten).is_none_or(seen) {
                self.violate(format!("a second queue {name} beside {exten}"));
            }
        }
    }

    fn watch_creation(&mut self, id: &str, body: &Json) {
        self.created.insert(id.to_owned());
        if !self.may_create.contains(id) {
            self.violate(format!("agent {id} was made, and the plan did not say so"));
        }
        if let Some(key) = self.generated.get(id).cloned() {
            let stored = self.store.get(&key).cloned();
            let sent = body["password"].as_str();
            if stored.is_none() || stored.as_deref() != sent {
                self.violate(format!("agent {id} was made before its password was stored"));
            }
        }
    }

    fn watch_deletion(&mut self, id: &str, begun: i64) {
        if !self.may_delete.contains(id) {
            self.violate(format!("agent {id} was deleted, and the plan did not say so"));
        }
        self.created.remove(id);
        let queues: Vec<String> = self
            .estate
            .get::<WebchatQueue>()
            .queues
            .iter()
            .filter(|queue| queue.assign_members.iter().any(|member| member.agent_number == *id))
            .filter(|queue| !self.hidden.hides_queue(&queue.exten, self.now))
            .map(|queue| queue.exten.clone())
            .collect();
        for exten in queues {
            let (shown, reached) = self.shown.get(&exten).copied().unwrap_or_default();
            let joined = self.joined.get(&(exten.clone(), id.to_owned()));
            if joined.is_none_or(|joined| *joined < shown && reached < begun) {
                self.violate(format!("agent {id} was deleted while it was in queue {exten}"));
            }
        }
    }

    /// Checks that a plan named a deleted queue, and that it had no member that the client could have seen joining.
    fn watch_queue_deletion(&mut self, queue: &Queue, begun: i64) {
        let exten = &queue.exten;
        if !self.may_delete_queues.contains(exten) {
            self.violate(format!("queue {exten} was deleted, and the plan did not say so"));
        }
        let (shown, reached) = self.shown.get(exten).copied().unwrap_or_default();
        for member in &queue.assign_members {
            let joined = self.joined.get(&(exten.clone(), member.agent_number.clone()));
            if joined.is_some_and(|joined| *joined < shown && reached <= begun && *joined > self.planned_ms) {
                let id = &member.agent_number;
                self.violate(format!("queue {exten} was deleted although agent {id} had joined it"));
            }
        }
        self.joined.retain(|(queue, _), _| queue != exten);
        self.unnamed.remove(exten);
    }

    /// Records values that no manifest names and no run may lose. The rosters do not name these fields.
    pub(crate) fn remember_unsaid<'a>(&mut self, named: impl Iterator<Item = &'a str>) {
        for agent in
            self.estate.get::<AgentConfig>().agents().filter(|a| self.declared.contains(&a.operator_id))
        {
            let had = [agent.bindcode.clone(), agent.showcaller.clone(), agent.email.clone()];
            self.unsaid.insert(agent.operator_id.clone(), had);
        }
        let named: BTreeSet<&str> = named.collect();
        for queue in &self.estate.get::<WebchatQueue>().queues {
            if !named.contains(&*queue.display_name) {
                let members = queue.assign_members.iter().map(|m| (m.agent_number.clone(), m.priority));
                let members = members.filter(|(id, _)| self.declared.contains(id)).collect();
                self.unnamed.insert(queue.exten.clone(), members);
            }
        }
    }

    /// Returns the lost values, except those that the console changed.
    pub(crate) fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        let is_set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        for (id, had) in &self.unsaid {
            if let Some(agent) = self.estate.get::<AgentConfig>().agent(id) {
                let has = [&agent.bindcode, &agent.showcaller, &agent.email].map(is_set);
                if has != had.each_ref().map(is_set) {
                    lost.push(format!("agent {id} has {has:?} instead of {had:?}"));
                }
            }
        }
        for (exten, had) in &self.unnamed {
            let queue = self.estate.get::<WebchatQueue>().queues.iter().find(|queue| queue.exten == *exten);
            for (id, priority) in
                had.iter().filter(|(id, _)| self.estate.get::<AgentConfig>().agent(id).is_some())
            {
                let member = queue.and_then(|q| q.assign_members.iter().find(|m| m.agent_number == *id));
                if member.map(|member| member.priority) != Some(*priority) {
                    lost.push(format!("agent {id} is no longer in queue {exten} with priority {priority}"));
                }
            }
        }
        lost
    }

    /// Checks that the store holds the vendor's password.
    pub(crate) fn watch_password(&mut self, id: &str, what: &str) {
        let Some(key) = self.generated.get(id) else { return };
        let stored = self.store.get(key).map(|value| digest(value));
        let there = self.estate.get::<AgentConfig>().agent(id).map(|agent| agent.password_md5.clone());
        if there.is_some() && there != stored {
            self.violate(format!("{what}: the store does not hold the password of agent {id}"));
        }
    }
}

fn give(signal: &Signal) {
    signal.fired.set(true);
    if let Some(waker) = signal.waker.borrow_mut().take() {
        waker.wake();
    }
}

pub(crate) fn digest(password: &str) -> String {
    Md5::digest(password.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
