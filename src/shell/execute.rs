//! Carries out what the machine decides: sends, looks, waits; and tells how it goes.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::clock;
use super::fetch::{self, Vendors};
use crate::apply::deed::Deed;
use crate::apply::{Conduct, Effect, Event, Finish, Machine, retry};
use crate::model::call::Failure;
use crate::model::id::OperatorId;
use crate::model::plan::Plan;
use crate::model::secret::{Secret, SecretRef};
use crate::provider::Order;

/// Passwords that a plan needs, read before its first write.
pub type Passwords = BTreeMap<SecretRef, Secret>;

/// Told when a step is answered: its place in the plan, and what went wrong if anything did.
pub type Progress<'a> = &'a (dyn Fn(usize, Option<&Failure>) + Sync);

/// Carries a plan out. `stop` turns true when the operator asks to stop.
pub async fn run(
    plan: &Arc<Plan>,
    vendors: &Vendors,
    passwords: &Passwords,
    conduct: Conduct,
    stop: watch::Receiver<bool>,
    progress: Progress<'_>,
) -> Finish {
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
                Effect::Look { purpose, wanted } => running.push(Box::pin(async move {
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
                        let result = send(vendors, passwords, &deed, &stop).await;
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

async fn send(
    vendors: &Vendors,
    passwords: &Passwords,
    deed: &Deed,
    stop: &watch::Receiver<bool>,
) -> Result<Option<OperatorId>, Failure> {
    let Some(vendor) = deed.kind().and_then(|kind| vendors.of(kind)) else {
        return Err(Failure::NotSent("no connection holds such resources".to_owned()));
    };
    let find = |secret: &SecretRef| {
        passwords.get(secret).ok_or_else(|| Failure::NotSent(format!("the password {secret} was not read")))
    };
    let told = match deed {
        Deed::CreateAgents { ids, record, password } => {
            let Some(first) = ids.first() else { return Ok(None) };
            let password = password.as_ref().map(find).transpose()?;
            vendor.tell(&Order::CreateAgents { first, count: ids.len(), record, password }, stop).await?
        }
        Deed::PutSecret { .. } => return Ok(None),
        Deed::EditAgent { id, record } => vendor.tell(&Order::EditAgent { id, record }, stop).await?,
        Deed::SetPassword { id, password } => {
            vendor.tell(&Order::SetPassword { id, password: find(password)? }, stop).await?
        }
        Deed::DeleteAgents { ids } => vendor.tell(&Order::DeleteAgents { ids }, stop).await?,
        Deed::CreateQueue { name, record } => vendor.tell(&Order::CreateQueue { name, record }, stop).await?,
        Deed::SetMembers { exten, members } => {
            vendor.tell(&Order::SetMembers { exten: exten.as_str(), members }, stop).await?
        }
    };
    Ok(told.exten.map(OperatorId::new))
}
