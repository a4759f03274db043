//! Carries out what the machine decides: sends, looks, waits; and tells how it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, watch};

use super::clock;
use super::fetch::{self, Vendors};
use super::journal::Journal;
use super::secrets::Secrets;
use crate::apply::deed::Deed;
use crate::apply::guard;
use crate::apply::observe::{QueueKey, Wanted};
use crate::apply::{Conduct, Effect, Event, Finish, Machine, retry};
use crate::model::call::Failure;
use crate::model::id::OperatorId;
use crate::model::plan::Plan;
use crate::model::secret::{Secret, SecretRef};
use crate::model::value::Members;
use crate::provider::Order;

/// How long what the guard saw counts as seen just now.
const FRESH: Duration = Duration::from_secs(3);

/// Passwords that a plan needs: read before its first write, or made by a step.
pub type Passwords = Mutex<BTreeMap<SecretRef, Arc<Secret>>>;

/// Told when a step is answered: its place in the plan, and what went wrong if anything did.
pub type Progress<'a> = &'a (dyn Fn(usize, Option<&Failure>) + Sync);

/// What a run works with.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The systems that are told.
    pub vendors: &'a Vendors,
    /// The stores of secrets.
    pub secrets: &'a Secrets,
    /// Passwords that steps send.
    pub passwords: &'a Passwords,
    /// When the run began, and with it the guard's look.
    pub guarded: Instant,
    /// Where intents and endings are written down; without it live state alone tells after a crash.
    pub journal: Option<&'a Journal>,
}

/// Carries a plan out. `stop` turns true when the operator asks to stop.
pub async fn run(
    plan: &Arc<Plan>,
    world: World<'_>,
    conduct: Conduct,
    stop: watch::Receiver<bool>,
    progress: Progress<'_>,
) -> Finish {
    let World { vendors, journal, .. } = world;
    let repetitions =
        [&vendors.agents, &vendors.queues].into_iter().flatten().map(super::vendor::Vendor::repetitions);
    let conduct = Conduct { repetitions: repetitions.max().unwrap_or(conduct.repetitions), ..conduct };
    let mut machine = Machine::new(Arc::clone(plan), conduct);
    let mut running: FuturesUnordered<Pin<Box<dyn Future<Output = Event> + '_>>> = FuturesUnordered::new();
    let mut effects = machine.next(Event::Begin);
    let mut interrupted = false;
    let mut signal = stop.clone();
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Finish(finish) => return finish,
                Effect::Look { purpose, wanted, again } => running.push(Box::pin(async move {
                    if again > 0 {
                        tokio::time::sleep(retry::growing(again, clock::chance())).await;
                    }
                    let live = &plan.summary.live;
                    let seen = fetch::look(vendors, &wanted, (live.agents, live.queues)).await;
                    Event::Seen { purpose, seen }
                })),
                Effect::Send { step, deed, repetition } => {
                    let stop = stop.clone();
                    running.push(Box::pin(async move {
                        if repetition > 0 {
                            tokio::time::sleep(retry::growing(repetition, clock::chance())).await;
                        }
                        // Without its intent on disk a call does not leave.
                        if let Some(Err(error)) = journal.map(|journal| journal.begin(step)) {
                            let why = Failure::NotSent(format!("the journal cannot be written: {error}"));
                            progress(step, Some(&why));
                            return Event::Answered { step, result: Err(why) };
                        }
                        let result = carry_out(world, &deed, &stop).await;
                        if let Some(journal) = journal {
                            journal.end(step, &result);
                        }
                        if result == Err(Failure::Halted) {
                            return Event::NotStarted { step };
                        }
                        progress(step, result.as_ref().err());
                        Event::Answered { step, result }
                    }));
                }
            }
        }
        let event = tokio::select! {
            event = running.next() => match event {
                Some(event) => event,
                // The machine always has something running until it finishes.
                None => return Finish::Blind("the run came to a halt".to_owned()),
            },
            _ = signal.changed(), if !interrupted => {
                interrupted = true;
                Event::Interrupted
            }
        };
        effects = machine.next(event);
    }
}

async fn carry_out(
    world: World<'_>,
    deed: &Deed,
    stop: &watch::Receiver<bool>,
) -> Result<Option<OperatorId>, Failure> {
    let World { vendors, secrets, passwords, .. } = world;
    if let Deed::PutSecret { secret, renew } = deed {
        if *stop.borrow() {
            return Err(Failure::Halted);
        }
        return make(secrets, passwords, secret, *renew).await.map(|()| None);
    }
    let Some(vendor) = deed.kind().and_then(|kind| vendors.of(kind)) else {
        return Err(Failure::NotSent("no connection holds such resources".to_owned()));
    };
    let find = async |secret: &SecretRef| {
        let value = passwords.lock().await.get(secret).cloned();
        value.ok_or_else(|| Failure::Refused(format!("the password {secret} was neither read nor made")))
    };
    let told = match deed {
        Deed::CreateAgents { ids, record, password } => {
            let Some(first) = ids.first() else { return Ok(None) };
            let password = match password {
                Some(secret) => Some(find(secret).await?),
                None => None,
            };
            let password = password.as_deref();
            vendor
                .tell(&Order::CreateAgents { first, count: ids.len(), record, password }, stop, None)
                .await?
        }
        Deed::EditAgent { id, record } => vendor.tell(&Order::EditAgent { id, record }, stop, None).await?,
        Deed::SetPassword { id, password } => {
            let password = find(password).await?;
            vendor.tell(&Order::SetPassword { id, password: &password }, stop, None).await?
        }
        Deed::DeleteAgents { ids } => vendor.tell(&Order::DeleteAgents { ids }, stop, None).await?,
        Deed::CreateQueue { name, record } => {
            vendor.tell(&Order::CreateQueue { name, record }, stop, None).await?
        }
        Deed::SetMembers { exten, members, before } => {
            let check = || -> BoxFuture<'_, Result<(), Failure>> {
                Box::pin(still(world, exten, members, before.as_ref()))
            };
            vendor.tell(&Order::SetMembers { exten: exten.as_str(), members }, stop, Some(&check)).await?
        }
        Deed::PutSecret { .. } => return Ok(None),
    };
    Ok(told.exten.map(OperatorId::new))
}

/// Makes sure, where the guard looked a while ago, that a queue's members are still those that the plan saw:
/// a rate limit may have held the call back for minutes, and people use the console meanwhile.
async fn still(
    world: World<'_>,
    exten: &OperatorId,
    members: &Members,
    before: Option<&Members>,
) -> Result<(), Failure> {
    let Some(before) = before.filter(|_| world.guarded.elapsed() > FRESH) else { return Ok(()) };
    let key = QueueKey::Exten(exten.clone());
    let wanted = Wanted { queues: BTreeSet::from([key.clone()]), ..Wanted::default() };
    let seen = fetch::look(world.vendors, &wanted, (0, usize::MAX)).await;
    let now = seen.queues(&key).map_err(Failure::NotSent)?;
    // A repetition may find what its first attempt has done.
    match guard::members_moved(before, now) {
        Some(moved) if guard::members_moved(members, now).is_some() => Err(Failure::Refused(moved)),
        _ => Ok(()),
    }
}

/// Makes a password and stores it, unless the store has one that may stay.
async fn make(
    secrets: &Secrets,
    passwords: &Passwords,
    secret: &SecretRef,
    renew: bool,
) -> Result<(), Failure> {
    let value = secrets.make(secret, renew).await.map_err(|error| Failure::Refused(error.to_string()))?;
    passwords.lock().await.insert(secret.clone(), value);
    Ok(())
}
