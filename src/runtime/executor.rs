//! Carries out the machine's effects: sends, reads, waits, and reports progress.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Mutex;

use super::client::Check;
use super::clock::Clock;
use super::gate::Gate;
use super::ports::{CreationGuard, PasswordStore, StepJournal};
use super::pre_send_check::{Abort, News, PreSendCheck, PreSendChecks};
use super::read::presence::Observers;
use super::read::resources;
use super::vendor::Vendors;
use crate::apply::disruption::Disruptions;
use crate::apply::readback::ReadSet;
use crate::apply::write_op::WriteOp;
use crate::apply::{ApplyOptions, Effect, Event, Finish, Machine, ReadPurpose};
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId};
use crate::model::language::{Localized, localized};
use crate::model::plan::{Operation, Plan};
use crate::model::retry;
use crate::model::secret::{Secret, SecretRef};

/// Passwords of a plan, by store and key. They are read before its first write, or created by a step.
pub type Passwords = Mutex<BTreeMap<(Arc<str>, Arc<str>), Arc<Secret>>>;

/// Callback for the response to a step: its index in the plan, operation and failure.
pub type Progress<'a> = &'a (dyn Fn(usize, &WriteOp, Option<&Failure>) + Sync);

/// Vendors, stores and clocks of a run.
#[derive(Clone, Copy)]
pub struct Executor<'a> {
    /// Systems to write to.
    pub vendors: &'a Vendors,
    /// Stores of secrets.
    pub secrets: &'a dyn PasswordStore,
    /// Passwords that steps send.
    pub passwords: &'a Passwords,
    /// Systems that report presence.
    pub observers: &'a Observers,
    /// Journal of intents and results. Without it, live state alone decides after a crash.
    pub journal: Option<&'a dyn StepJournal>,
    /// Lock of queue creation; without it no other run shares the tenant.
    pub creation: Option<&'a dyn CreationGuard>,
    /// Time and chance.
    pub clock: &'a dyn Clock,
    /// Time for which an observation counts as current.
    pub fresh: Duration,
}

/// Carries out a plan while `gate` is open. Tells `news` about each wait.
pub async fn run(
    plan: &Arc<Plan>,
    world: Executor<'_>,
    options: ApplyOptions,
    gate: &Gate,
    progress: Progress<'_>,
    news: News<'_>,
) -> Finish {
    let Executor { vendors, observers, clock, creation, fresh, .. } = world;
    let checks = PreSendChecks::new(plan, vendors, observers, clock, options.guard.clone(), creation, fresh);
    let bounds = vendors.iter().map(|(kind, vendor)| (kind, vendor.bounds())).collect();
    let options = ApplyOptions { bounds, queues: vendors.get(Kind::Queue).is_some(), ..options };
    let mut machine = Machine::new(Arc::clone(plan), vendors.supports(), options);
    let mut signal = gate.stopped().clone();
    let run = Run { plan, world, checks: &checks, gate, progress, news };
    let mut running: FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + '_>>> = FuturesUnordered::new();
    let start = |lane, effect| Box::pin(async move { (lane, run.carry_out(effect).await) });
    let mut backlog = Backlog::default();
    let mut effects = machine.next(Event::Begin);
    // Events of the steps that an interrupt kept from being begun.
    let mut unbegun = VecDeque::new();
    let mut interrupted = false;
    let mut answered: BTreeMap<usize, i64> = BTreeMap::new();
    loop {
        for effect in effects.drain(..) {
            if let Effect::Finish(mut finish) = effect {
                if let Finish::Ran(outcome) = &mut finish {
                    for (step, at) in answered {
                        outcome.results[step].answered_ms = Some(at);
                    }
                }
                return finish;
            }
            let lane = Lane::from_effect(plan, &effect);
            if let Some(effect) = backlog.admit(lane, effect, vendors) {
                running.push(start(lane, effect));
            }
        }
        let event = tokio::select! {
            // The machine must get the signal before the events that it causes, or the run would not count as
            // interrupted.
            biased;
            _ = signal.changed(), if !interrupted => {
                interrupted = true;
                vendors.iter().for_each(|(_, vendor)| vendor.skip_waits());
                observers.skip_waits();
                unbegun.extend(backlog.clear().map(|step| Event::NotStarted { step }));
                Some(Event::Interrupted)
            }
            event = async { unbegun.pop_front() }, if !unbegun.is_empty() => event,
            ended = running.next() => ended.map(|(lane, event)| {
                if let Some(effect) = lane.and_then(|lane| backlog.release(lane)) {
                    running.push(start(lane, effect));
                }
                event
            }),
        };
        // Until the machine finishes, it always has an effect in progress.
        if let Some(Event::Answered { step, .. }) = &event {
            answered.insert(*step, clock.now_ms());
        }
        machine.tick(checks.elapsed());
        effects = match event {
            Some(event) => machine.next(event),
            None => machine.halted(),
        };
        if !machine.creates_queues() {
            checks.end_creation().await;
        }
    }
}

/// The lane of an effect that ended, and its event.
type Ended = (Option<Lane>, Event);

/// The steps of one operation, of which a few are begun at a time. Their reads have a lane of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    reads: bool,
    operation: Operation,
}

impl Lane {
    /// Returns the lane of an effect that begins a step, or an edit that follows one. Repetitions have none.
    fn from_effect(plan: &Plan, effect: &Effect) -> Option<Self> {
        let (step, reads) = match effect {
            Effect::Send { step, repetition: 0, .. } => (step, false),
            Effect::Read { purpose: ReadPurpose::Confirm(step), again: 0, .. } => (step, true),
            Effect::Send { .. } | Effect::Read { .. } | Effect::ReadPresence { .. } | Effect::Finish(_) => {
                return None;
            }
        };
        Some(Self { reads, operation: plan.steps[*step].operation })
    }

    /// Returns the most steps that are begun at a time: more than the calls in flight, so that none waits for a check.
    fn width(self, vendors: &Vendors) -> usize {
        2 * vendors.get(self.operation.kind).map_or(1, |vendor| vendor.connection().concurrency())
    }
}

/// The effects that wait, by lane, with the number of those in progress. One that waits costs its data alone: no
/// future, no intent in the journal.
#[derive(Default)]
struct Backlog(BTreeMap<Lane, (usize, VecDeque<Effect>)>);

impl Backlog {
    /// Returns the effect if its lane has room, and keeps it otherwise.
    fn admit(&mut self, lane: Option<Lane>, effect: Effect, vendors: &Vendors) -> Option<Effect> {
        let Some(lane) = lane else { return Some(effect) };
        let (begun, waiting) = self.0.entry(lane).or_default();
        if *begun < lane.width(vendors) {
            *begun += 1;
            return Some(effect);
        }
        waiting.push_back(effect);
        None
    }

    /// Ends an effect of a lane, and returns the next one to begin.
    fn release(&mut self, lane: Lane) -> Option<Effect> {
        let (begun, waiting) = self.0.get_mut(&lane)?;
        let next = waiting.pop_front();
        if next.is_none() {
            *begun = begun.saturating_sub(1);
        }
        next
    }

    /// Forgets all effects that wait, and returns their steps.
    fn clear(&mut self) -> impl Iterator<Item = usize> {
        let waiting = std::mem::take(&mut self.0).into_values().flat_map(|(_, waiting)| waiting);
        waiting.filter_map(|effect| match effect {
            Effect::Send { step, .. } | Effect::Read { purpose: ReadPurpose::Confirm(step), .. } => {
                Some(step)
            }
            Effect::Read { .. } | Effect::ReadPresence { .. } | Effect::Finish(_) => None,
        })
    }
}

/// A run and its world.
#[derive(Clone, Copy)]
struct Run<'a> {
    plan: &'a Plan,
    world: Executor<'a>,
    checks: &'a PreSendChecks<'a>,
    gate: &'a Gate,
    progress: Progress<'a>,
    news: News<'a>,
}

impl Run<'_> {
    /// Carries out an effect, and returns its event.
    async fn carry_out(self, effect: Effect) -> Event {
        match effect {
            Effect::Finish(_) => unreachable!("the end of a run is no effect to carry out"),
            Effect::Read { purpose, wanted, again } => self.read(purpose, wanted, again).await,
            Effect::ReadPresence { steps, agents, pause, notice } => {
                if let Some(notice) = notice {
                    (self.news)(&notice);
                }
                self.read_presence(steps, &agents, pause).await
            }
            Effect::Send { step, op, repetition, follow_up, disruptions } => {
                self.send(step, &op, repetition, follow_up, &disruptions).await
            }
        }
    }
    async fn read(self, purpose: ReadPurpose, mut wanted: ReadSet, again: u32) -> Event {
        let Run { plan, world: Executor { vendors, clock, .. }, checks, .. } = self;
        if again > 0 {
            let pause = clock.sleep(retry::poll_delay(again, clock.chance()));
            let mut stop = self.gate.stopped().clone();
            // A stopped run does not wait. A closed channel requests nothing.
            tokio::select! { biased; Ok(_) = stop.wait_for(|stop| *stop) => {}, () = pause => {} }
        }
        if let ReadPurpose::Confirm(step) = purpose {
            checks.confirms(step, clock.elapsed());
            // Read the agents again only if the first read is no longer fresh.
            if checks.is_fresh() {
                wanted.agents.clear();
            }
        }
        let live = &plan.summary.live;
        let seen = resources::look(vendors, &wanted, (live.listed_agents(), live.listed_queues())).await;
        Event::ReadBack { purpose, seen }
    }

    async fn read_presence(self, steps: Vec<usize>, agents: &BTreeSet<OperatorId>, pause: Duration) -> Event {
        let asked = async {
            self.world.clock.sleep(pause).await;
            self.checks.attend(&steps, agents).await
        };
        let mut stop = self.gate.stopped().clone();
        let presence = tokio::select! {
            biased;
            // A closed channel requests nothing.
            Ok(_) = stop.wait_for(|stop| *stop) => None,
            presence = asked => Some(presence),
        };
        Event::PresenceRead { steps, presence, at: self.checks.elapsed() }
    }

    /// Sends the call of a step, after the intent in the journal and the check.
    async fn send(
        self,
        step: usize,
        op: &WriteOp,
        repetition: u32,
        follow_up: bool,
        disruptions: &Disruptions,
    ) -> Event {
        let Run { plan, world, checks, gate, progress, news } = self;
        let Executor { clock, journal, .. } = world;
        if repetition > 0 {
            clock.sleep(retry::backoff(repetition, clock.chance())).await;
        }
        let creates_queue = op.new_queue().is_some();
        if creates_queue {
            let mut halt = gate.stopped().clone();
            let begun = tokio::select! {
                biased;
                Ok(_) = halt.wait_for(|stop| *stop) => return Event::NotStarted { step },
                begun = checks.begin_creation(news) => begun,
            };
            if let Err(why) = begun {
                progress(step, op, Some(&why));
                return Event::Answered { step, result: Err(why) };
            }
        }
        let journal = journal.filter(|_| !follow_up);
        // The wait for a queue counts from the time at which its call leaves.
        if let Some(journal) = journal.filter(|_| !creates_queue)
            && let Err(why) = journal.record_intent(step, plan.steps[step].operation.verb).await
        {
            progress(step, op, Some(&why));
            return Event::Answered { step, result: Err(why) };
        }
        let look = PreSendCheck::new(checks, step, op, disruptions, journal);
        let result = carry_out(world, op, gate, &look).await;
        if result != Err(Failure::Halted) {
            checks.answered();
        }
        if let Some(journal) = journal {
            journal.end(step, &result);
        }
        match look.halt() {
            Some(Abort::AtWork(presence)) => {
                let presence = Some(presence);
                return Event::PresenceRead { steps: vec![step], presence, at: checks.elapsed() };
            }
            Some(Abort::Moved(stale)) => return Event::Moved { step, stale },
            None => {}
        }
        if result == Err(Failure::Halted) {
            return Event::NotStarted { step };
        }
        progress(step, op, result.as_ref().err());
        Event::Answered { step, result }
    }
}

async fn carry_out(
    world: Executor<'_>,
    op: &WriteOp,
    gate: &Gate,
    look: &dyn Check,
) -> Result<Option<OperatorId>, Failure> {
    let Executor { vendors, secrets, passwords, .. } = world;
    if let WriteOp::PutSecret { secret, renew } = op {
        // Read the inputs of the new password before the check, so that the write follows it at once.
        if !renew {
            secrets.prefetch(secret).await;
        }
        gate.ask()?;
        return make(secrets, passwords, secret, *renew).await.map(|()| None);
    }
    let Some(vendor) = op.kind().and_then(|kind| vendors.get(kind)) else {
        return Err(Failure::NotSent(localized!(
            "no connection holds such resources",
            "没有连接管这种资源",
            "沒有連線管這種資源"
        )));
    };
    let find = async |secret: &SecretRef| {
        let value = passwords.lock().await.get(&secret.name()).cloned();
        value.ok_or_else(|| {
            Failure::Refused(localized!(
                "the password {secret} was neither read nor made",
                "密码 {secret} 既没有读到，也没有生成",
                "密碼 {secret} 既沒有讀到，也沒有產生"
            ))
        })
    };
    let password = match op.password() {
        Some((_, secret)) => Some(find(secret).await?),
        None => None,
    };
    let receipt = vendor.write(op, password.as_deref(), gate, Some(look)).await?;
    if let WriteOp::Create { kind: Kind::Agent, ids, .. } = op
        && let Some(why) = receipt.id_mismatch(ids)
    {
        // The read-back finds the agents that exist before the step counts as failed.
        return Err(Failure::Refused(why.into()));
    }
    if let (Some((ids, secret)), Some(sent)) = (op.password(), password) {
        let created = matches!(op, WriteOp::Create { .. });
        if !created || secrets.rotated(secret).await {
            settle(world, ids, secret, sent, gate).await?;
        }
    }
    Ok(receipt.exten.map(OperatorId::new))
}

/// Creates a password and stores it, unless the store has one that may stay.
async fn make(
    secrets: &dyn PasswordStore,
    passwords: &Passwords,
    secret: &SecretRef,
    renew: bool,
) -> Result<(), Failure> {
    let value = secrets.make(secret, renew).await.map_err(Failure::Refused)?;
    // Another process may have stored a password that no person could type.
    if let Some(why) = value.password_objection() {
        return Err(Failure::Refused(format!("the password {secret} {why}: store another one").into()));
    }
    passwords.lock().await.insert(secret.name(), value);
    Ok(())
}

/// Ends the rotation of a password that the vendor has accepted. If another process has stored a different one since,
/// sends that one too. So the vendor's last password is always the stored one.
async fn settle(
    world: Executor<'_>,
    ids: &[OperatorId],
    secret: &SecretRef,
    mut sent: Arc<Secret>,
    gate: &Gate,
) -> Result<(), Failure> {
    let Executor { vendors, secrets, passwords, .. } = world;
    if !secret.generate {
        return Ok(());
    }
    let refuse = |why: Localized| {
        Failure::Refused(localized!(
            why;
            "the vendor took the password {secret}, but its store was not told: {why}",
            "厂商收下了密码 {secret}，密钥库却没有记下：{why}",
            "廠商收下了密碼 {secret}，密鑰庫卻沒有記下：{why}"
        ))
    };
    while let Some(other) = secrets.settle(secret, &sent).await.map_err(refuse)? {
        let vendor = vendors.get(Kind::Agent).ok_or_else(|| {
            refuse(localized!("no connection holds agents", "没有连接管坐席", "沒有連線管客服人員"))
        })?;
        for id in ids {
            let op = WriteOp::SetPassword { kind: Kind::Agent, id: id.clone(), password: secret.clone() };
            let told = vendor.write(&op, Some(&other), gate, None).await;
            told.map_err(|failure| {
                let why = failure.words().cloned().unwrap_or_default();
                refuse(localized!(
                    why;
                    "another process put another one there, and {why}",
                    "另一个进程存了另一个，而{why}",
                    "另一個行程存了另一個，而{why}"
                ))
            })?;
        }
        passwords.lock().await.insert(secret.name(), Arc::clone(&other));
        sent = other;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::field::Record;

    #[test]
    fn an_edit_that_follows_a_step_waits_in_its_lane() {
        let steps =
            json!([{ "id": "s1", "operation": "agent.create", "targets": ["agent/8001"], "after": [] }]);
        let empty = crate::model::plan::Summary::default();
        let plan: Plan = serde_json::from_value(json!({
            "format": "", "program": "", "workspace": "", "changes": [], "findings": [], "steps": steps,
            "summary": empty, "digests": { "manifests": "", "plan": "" },
        }))
        .unwrap();
        let edit = |repetition| {
            let op = WriteOp::Edit { kind: Kind::Agent, id: "8001".into(), record: Record::default() };
            Effect::Send { step: 0, op, repetition, follow_up: true, disruptions: Vec::new() }
        };
        let lane = Lane::from_effect(&plan, &edit(0)).unwrap();
        assert_eq!(lane.operation, plan.steps[0].operation);
        assert!(!lane.reads && Lane::from_effect(&plan, &edit(1)).is_none());
        // Without a vendor a lane begins two effects at a time.
        let (mut backlog, vendors) = (Backlog::default(), Vendors::from_iter([]));
        let begun = (0..3).filter_map(|_| backlog.admit(Some(lane), edit(0), &vendors)).count();
        assert_eq!(begun, 2);
        assert!(backlog.admit(Some(Lane { reads: true, ..lane }), edit(0), &vendors).is_some());
        assert!(backlog.release(lane).is_some() && backlog.release(lane).is_none());
    }
}
