//! Check before a call: reads live state and presence again immediately before the call leaves.
//!
//! A call may wait minutes (rate limit, calls before it, busy agents), and people use the console meanwhile. Only
//! the first calls, which leave before any answer, need no new read. [`observation`] selects the read, and
//! [`precondition`] judges it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::client::Check;
use super::clock::Clock;
use super::ports::{CreationGuard, StepJournal};
use super::read::presence::Observers;
use super::read::resources;
use super::vendor::Aside;
use super::vendor::Vendors;
use crate::apply::disruption::{Disruptions, first_objection};
use crate::apply::observation::{self, Observation};
use crate::apply::precondition;
use crate::apply::readback::{QueueKey, ReadBack, ReadSet};
use crate::apply::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::live::LiveQueue;
use crate::model::outcome::Stale;
use crate::model::plan::{Action, Change, Operation, Plan};
use crate::model::presence::{Presence, PresencePolicy};
use crate::model::value::Members;

/// The checks of a run, with their reads.
pub struct PreSendChecks<'a> {
    plan: &'a Plan,
    vendors: &'a Vendors,
    observers: &'a Observers,
    clock: &'a dyn Clock,
    guard: Option<PresencePolicy>,
    /// Time for which a read counts as current.
    fresh: Duration,
    /// Begin of the run and of its first read.
    begun: Duration,
    /// True after the first answer to a call.
    answered: AtomicBool,
    /// The last listing of queues, and its time.
    queues: tokio::sync::Mutex<Option<(Duration, ReadBack)>>,
    /// The last read of the agents to edit, and its time; where a listing serves them all.
    agents: Option<tokio::sync::Mutex<Option<(Duration, ReadBack)>>>,
    /// Time of the last read of presence of each step.
    attended: Mutex<BTreeMap<usize, Duration>>,
    /// Time of the last read of the queues and agents of each deletion.
    confirmed: Mutex<BTreeMap<usize, Duration>>,
    /// Lock that is held from the first creation of a queue until the last answer.
    creation: Option<&'a dyn CreationGuard>,
}

/// The reason why a call did not leave, for the machine.
pub enum Abort {
    /// Agents moved since the plan was made.
    Moved(Vec<Stale>),
    /// Agents are busy.
    AtWork(Presence),
}

impl<'a> PreSendChecks<'a> {
    /// Returns the checks of a run that begins now. `creation` is the lock where the plan creates queues.
    pub fn new(
        plan: &'a Plan,
        vendors: &'a Vendors,
        observers: &'a Observers,
        clock: &'a dyn Clock,
        guard: Option<PresencePolicy>,
        creation: Option<&'a dyn CreationGuard>,
        fresh: Duration,
    ) -> Self {
        let begun = clock.elapsed();
        let (answered, queues) = (AtomicBool::default(), tokio::sync::Mutex::default());
        let (attended, confirmed) = (Mutex::default(), Mutex::default());
        let page = vendors.agents.as_ref().map(|vendor| vendor.provider.page_size(vendor.connection()));
        let shared = page.is_some_and(|page| observation::shares_agents(plan, page));
        let agents = shared.then(tokio::sync::Mutex::default);
        Self {
            plan,
            vendors,
            observers,
            clock,
            guard,
            fresh,
            begun,
            answered,
            queues,
            agents,
            attended,
            confirmed,
            creation,
        }
    }

    /// Takes the lock of queue creation, before the creation takes a place in the rate window.
    ///
    /// A run that waits for this lock holds no place that its holder needs.
    ///
    /// # Errors
    /// `NotSent` when the lock cannot be taken.
    pub async fn begin_creation(&self, news: &(dyn Fn(&str) + Sync)) -> Result<(), Failure> {
        let Some(creation) = &self.creation else { return Ok(()) };
        let waiting = || news("another run creates queues on this account: waiting for it");
        let unlocked =
            |error| Failure::NotSent(format!("the lock of queue creation cannot be taken: {error}"));
        creation.hold(&waiting).await.map(|_| ()).map_err(unlocked)
    }

    /// Releases the lock of queue creation.
    pub async fn end_creation(&self) {
        if let Some(creation) = &self.creation {
            creation.release().await;
        }
    }

    /// Records the answer to a call: from now on each call needs a new read.
    pub fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Returns true if a call needs no new read: none was answered, and the first read is fresh.
    fn is_first(&self) -> bool {
        self.is_fresh() && !self.answered.load(Ordering::Relaxed)
    }

    /// Returns the time since the begin of the run.
    pub fn elapsed(&self) -> Duration {
        self.since(self.begun)
    }

    /// Returns the time since a moment of the clock.
    fn since(&self, moment: Duration) -> Duration {
        self.clock.elapsed().saturating_sub(moment)
    }

    /// Returns true while the first read is fresh.
    pub fn is_fresh(&self) -> bool {
        self.elapsed() <= self.fresh
    }

    /// Records that the queues and agents of a deletion are read now.
    pub fn confirms(&self, step: usize) {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).insert(step, self.clock.elapsed());
    }

    /// Reads the presence of agents before steps.
    pub async fn attend(&self, steps: &[usize], agents: &BTreeSet<OperatorId>) -> Presence {
        // A slow answer is as old as its request.
        let at = self.clock.elapsed();
        let presence = self.observers.presence(Some(agents)).await;
        let mut attended = self.attended.lock().unwrap_or_else(PoisonError::into_inner);
        attended.extend(steps.iter().map(|step| (*step, at)));
        presence
    }

    /// Reads the state that a call depends on; returns the moment of the presence answer, or the objection to it.
    ///
    /// `left` is the time at which an earlier attempt of the call left.
    async fn look(
        &self,
        step: usize,
        op: &WriteOp,
        disruptions: &Disruptions,
        left: Option<Duration>,
    ) -> Result<Result<Duration, Abort>, Failure> {
        match op {
            WriteOp::SetMembers { exten, members, before } if !self.is_first() => {
                self.members(step, exten, members, before.as_deref()).await?;
            }
            WriteOp::EditAgent { id, .. } if !self.is_first() => {
                if let Some(halt) = self.agent(id).await? {
                    return Ok(Err(halt));
                }
            }
            WriteOp::CreateQueue { name, .. } => self.new_queue(name, left).await?,
            WriteOp::DeleteAgents { ids } => {
                return self.check_undisturbed(step, ids, disruptions, true).await;
            }
            WriteOp::SetMembers { .. }
            | WriteOp::EditAgent { .. }
            | WriteOp::CreateAgents { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::PutSecret { .. } => {}
        }
        Ok(self.presence(step, disruptions).await)
    }

    /// Checks that the members of a queue did not move since the plan was made.
    async fn members(
        &self,
        step: usize,
        exten: &OperatorId,
        members: &Members,
        before: Option<&Members>,
    ) -> Result<(), Failure> {
        let Some(before) = before else { return Ok(()) };
        let observation = observation::for_members(self.plan, self.pages(), self.fresh);
        let now = self.read_queues(QueueKey::Exten(exten.clone()), observation).await?;
        precondition::list_moved(&self.plan.steps[step].strangers, members, before, &now)
            .map_or(Ok(()), |moved| Err(Failure::Refused(moved)))
    }

    /// Checks that a new queue does not exist.
    ///
    /// The first read suffices while it is fresh and no other run created a queue since.
    async fn new_queue(&self, name: &str, left: Option<Duration>) -> Result<(), Failure> {
        let (Some(_), Some(creation)) = (&self.vendors.queues, &self.creation) else { return Ok(()) };
        let since = creation.hold(&|| {}).await.map_err(|error| Failure::NotSent(error.to_string()))?;
        // An earlier attempt may have been carried out, by any answer.
        let since = left.map_or(since, |left| left.max(since));
        if self.is_fresh() && since <= self.begun {
            return Ok(());
        }
        let observation = match observation::for_new_queue(self.pages(), self.fresh) {
            Observation::Single => Observation::Single,
            // Another run may have created it since.
            Observation::Listing { max_age } => {
                Observation::Listing { max_age: max_age.min(self.since(since)) }
            }
        };
        let now = self.read_queues(QueueKey::Name(name.to_owned()), observation).await?;
        precondition::created_since(name, &now).map_or(Ok(()), |moved| Err(Failure::Refused(moved)))
    }

    /// Returns the queues of a key.
    async fn read_queues(
        &self,
        key: QueueKey,
        observation: Observation,
    ) -> Result<Vec<(OperatorId, LiveQueue)>, Failure> {
        match observation {
            Observation::Single => {
                let wanted = ReadSet { queues: BTreeSet::from([key.clone()]), ..ReadSet::default() };
                let seen = resources::look(self.vendors, &wanted, (0, usize::MAX)).await;
                Ok(seen.queues(&key).map_err(Failure::NotSent)?.to_vec())
            }
            Observation::Listing { max_age } => {
                let listed = self.listed(max_age).await?;
                let queues = listed.as_ref().map(|(_, seen)| seen.queues(&QueueKey::All)).transpose();
                let queues = queues.map_err(Failure::NotSent)?.unwrap_or_default().iter();
                Ok(queues.filter(|(exten, queue)| key.matches(exten, queue)).cloned().collect())
            }
        }
    }

    /// Returns the number of pages of the listing of queues.
    fn pages(&self) -> usize {
        self.vendors.queues.as_ref().map_or(0, |vendor| {
            self.plan.summary.live.queues.div_ceil(vendor.provider.page_size(vendor.connection()))
        })
    }

    /// Returns the listing of queues; reads it again when it is older than `fresh`.
    async fn listed(
        &self,
        fresh: Duration,
    ) -> Result<tokio::sync::MutexGuard<'_, Option<(Duration, ReadBack)>>, Failure> {
        let mut listed = self.queues.lock().await;
        if listed.as_ref().is_none_or(|(at, _)| self.since(*at) > fresh) {
            let wanted = ReadSet { queues: BTreeSet::from([QueueKey::All]), ..ReadSet::default() };
            let at = self.clock.elapsed();
            let seen = resources::look(self.vendors, &wanted, (0, 0)).await;
            seen.queues(&QueueKey::All).map_err(Failure::NotSent)?;
            *listed = Some((at, seen));
        }
        Ok(listed)
    }

    /// Reads the agents to edit, where a listing serves them all and the last one is not fresh.
    async fn list_agents(&self) {
        let Some(shared) = self.agents.as_ref().filter(|_| !self.is_first()) else { return };
        let mut shared = shared.lock().await;
        if shared.as_ref().is_none_or(|(at, _)| self.since(*at) > self.fresh) {
            let of = |change: &&Change| change.action == Action::Update && change.id.kind == Kind::Agent;
            let agents = self.plan.changes.iter().filter(of).map(|change| change.id.name.clone()).collect();
            let wanted = ReadSet { agents, ..ReadSet::default() };
            let at = self.clock.elapsed();
            let seen = resources::look(self.vendors, &wanted, (self.plan.summary.live.agents, 0)).await;
            *shared = Some((at, seen));
        }
    }

    /// Checks that an agent to edit did not move since the plan was made.
    ///
    /// The call holds its place among those in flight, and its read takes none beside it.
    async fn agent(&self, id: &OperatorId) -> Result<Option<Abort>, Failure> {
        let change = self.plan.change(&ResourceId::agent(id));
        if change.is_none_or(|change| change.action != Action::Update) {
            return Ok(None);
        }
        let seen = if let Some(shared) = &self.agents {
            let shared = shared.lock().await;
            // The listing holds no agent whose call was one of the first.
            let Some((id, seen)) = shared.as_ref().and_then(|(_, seen)| seen.agents.get_key_value(id)) else {
                return Ok(None);
            };
            ReadBack { agents: BTreeMap::from([(id.clone(), seen.clone())]), ..ReadBack::default() }
        } else {
            let wanted = ReadSet { agents: BTreeSet::from([id.clone()]), ..ReadSet::default() };
            let aside = Vendors { agents: self.vendors.agents.as_ref().map(Aside), queues: None };
            resources::look(&aside, &wanted, (usize::MAX, 0)).await
        };
        let stale = precondition::agents_moved(self.plan, &seen)
            .map_err(|why| Failure::NotSent(format!("it could not be read again: {why}")))?;
        Ok((!stale.is_empty()).then_some(Abort::Moved(stale)))
    }

    /// Checks presence and the state of the agents that a step deletes, so that both are current.
    ///
    /// Returns the moment of the presence answer, or the objection.
    async fn check_undisturbed(
        &self,
        step: usize,
        ids: &[OperatorId],
        disruptions: &Disruptions,
        holds: bool,
    ) -> Result<Result<Duration, Abort>, Failure> {
        let at = match self.presence(step, disruptions).await {
            Ok(at) => at,
            Err(halt) => return Ok(Err(halt)),
        };
        if let Some(halt) = self.check_deletion(step, ids, holds).await? {
            return Ok(Err(halt));
        }
        if disruptions.is_empty() || self.since(at) <= self.fresh {
            return Ok(Ok(at));
        }
        // The other read was slow: presence has the last word.
        Ok(self.presence(step, disruptions).await)
    }

    /// Checks that the agents to delete are in no queue and did not move, unless a fresh read shows it.
    ///
    /// A call that `holds` its place among those in flight reads the agents by one call at a time.
    async fn check_deletion(
        &self,
        step: usize,
        ids: &[OperatorId],
        holds: bool,
    ) -> Result<Option<Abort>, Failure> {
        let last = self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).get(&step).copied();
        if last.is_some_and(|last| self.since(last) <= self.fresh) {
            return Ok(None);
        }
        let at = self.clock.elapsed();
        let mut stale = Vec::new();
        if self.vendors.queues.is_some() && self.plan.summary.live.queues > 0 {
            let listed = self.listed(self.fresh).await?;
            let inside: Vec<_> = listed.iter().flat_map(|(_, seen)| seen.members()).collect();
            stale.extend(ids.iter().filter_map(|id| {
                let message =
                    precondition::in_queue(id, inside.iter().map(|(exten, members)| (exten, members)))?;
                Some(Stale { id: ResourceId::agent(id), message })
            }));
        }
        let wanted = ReadSet { agents: ids.iter().cloned().collect(), ..ReadSet::default() };
        let listed = (self.plan.summary.live.agents, 0);
        let seen = if holds {
            let aside = Vendors { agents: self.vendors.agents.as_ref().map(Aside), queues: None };
            resources::look(&aside, &wanted, listed).await
        } else {
            resources::look(self.vendors, &wanted, listed).await
        };
        let moved = precondition::agents_moved(self.plan, &seen)
            .map_err(|why| Failure::NotSent(format!("they could not be read again: {why}")))?;
        stale.extend(moved);
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).insert(step, at);
        Ok((!stale.is_empty()).then_some(Abort::Moved(stale)))
    }

    /// Checks that no agent that a step disrupts is busy; returns the moment of the answer.
    ///
    /// The answer about the first of many agents is older than that by the length of the question.
    async fn presence(&self, step: usize, disruptions: &Disruptions) -> Result<Duration, Abort> {
        let Some(guard) = self.guard.as_ref().filter(|_| !disruptions.is_empty()) else {
            return Ok(self.clock.elapsed());
        };
        let last = self.attended.lock().unwrap_or_else(PoisonError::into_inner).get(&step).copied();
        if let Some(last) = last.filter(|last| self.since(*last) <= self.fresh) {
            return Ok(last);
        }
        let agents = disruptions.iter().map(|(agent, _)| agent.clone()).collect();
        let presence = self.attend(&[step], &agents).await;
        let free = disruptions
            .iter()
            .all(|(agent, disruptions)| first_objection(guard, disruptions, agent, &presence).is_none());
        if free { Ok(self.clock.elapsed()) } else { Err(Abort::AtWork(presence)) }
    }
}

/// The check before one call.
pub struct PreSendCheck<'a> {
    checks: &'a PreSendChecks<'a>,
    step: usize,
    op: &'a WriteOp,
    disruptions: &'a Disruptions,
    journal: Option<&'a dyn StepJournal>,
    halt: Mutex<Option<Abort>>,
    /// Time of the reads before the call took its place.
    ready: Mutex<Option<Duration>>,
    /// Moment of the observation that ages while the call waits.
    checked: Mutex<Option<Duration>>,
    /// Time at which the call left last.
    left: Mutex<Option<Duration>>,
}

impl<'a> PreSendCheck<'a> {
    /// Creates the check before the call of a step.
    pub fn new(
        checks: &'a PreSendChecks<'a>,
        step: usize,
        op: &'a WriteOp,
        disruptions: &'a Disruptions,
        journal: Option<&'a dyn StepJournal>,
    ) -> Self {
        let (halt, ready, left) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { checks, step, op, disruptions, journal, halt, ready, checked: Mutex::default(), left }
    }

    /// Returns the reason why the call did not leave, where its failure does not hold it.
    pub fn halt(self) -> Option<Abort> {
        self.halt.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, halt: Option<Abort>) -> Result<(), Failure> {
        if halt.is_none() {
            return Ok(());
        }
        *self.halt.lock().unwrap_or_else(PoisonError::into_inner) = halt;
        Err(Failure::Halted)
    }
}

impl Check for PreSendCheck<'_> {
    fn ready(&self) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            match self.op {
                WriteOp::EditAgent { .. } => self.checks.list_agents().await,
                WriteOp::DeleteAgents { ids } => {
                    let seen = self.checks.check_undisturbed(self.step, ids, self.disruptions, false).await?;
                    *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = seen.as_ref().ok().copied();
                    self.judge(seen.err())?;
                }
                WriteOp::SetMembers { .. }
                | WriteOp::CreateAgents { .. }
                | WriteOp::SetPassword { .. }
                | WriteOp::CreateQueue { .. }
                | WriteOp::PutSecret { .. } => {}
            }
            Ok(())
        })
    }

    fn check(&self) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            let ready = *self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            if ready.is_some_and(|ready| self.checks.since(ready) <= self.checks.fresh) {
                return Ok(());
            }
            let left = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = self.checks.look(self.step, self.op, self.disruptions, left).await?;
            *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = seen.as_ref().ok().copied();
            self.judge(seen.err())
        })
    }

    fn is_current(&self) -> bool {
        let checked = *self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        // No call deletes a duplicate queue: its name is looked up again, too.
        let ages = !self.disruptions.is_empty() || matches!(self.op, WriteOp::CreateQueue { .. });
        !ages || checked.is_some_and(|at| self.checks.since(at) <= self.checks.fresh)
    }

    fn leaves(&self) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.checks.clock.elapsed());
            // From now on the vendor may create the queue, even after a crash: the next run waits for it.
            match (self.journal, self.op) {
                (Some(journal), WriteOp::CreateQueue { .. }) => {
                    journal.record_intent(self.step, Operation::QueueCreate).await
                }
                _ => Ok(()),
            }
        })
    }
}
