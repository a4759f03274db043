//! Check before a call: reads live state and presence again immediately before the call leaves.
//!
//! A call may wait minutes (rate limit, calls before it, busy agents), and people use the console meanwhile.
//! [`pre_send`] chooses the next observation and judges it, [`observation`] selects the read.

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
use crate::apply::disruption::{Disruptions, is_objected};
use crate::apply::observation;
use crate::apply::pre_send::{self, Next, Observed};
use crate::apply::readback::{QueueKey, ReadBack, ReadSet};
use crate::apply::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId};
use crate::model::live::LiveQueue;
use crate::model::note::{Note, Stale};
use crate::model::plan::{Action, Change, Plan, Verb};
use crate::model::presence::{Presence, PresencePolicy};
use crate::model::unread::Unread;

/// Callback that tells the user of a wait.
pub type News<'a> = &'a (dyn Fn(&Note) + Sync);

/// Queues by number.
type Queues = Vec<(OperatorId, LiveQueue)>;

/// The checks of a run, with their reads.
pub struct PreSendChecks<'a> {
    plan: &'a Plan,
    vendors: &'a Vendors,
    observers: &'a Observers,
    clock: &'a dyn Clock,
    guard: Option<PresencePolicy>,
    /// Time for which a read counts as current.
    fresh: Duration,
    /// Start of the run and of its first read.
    begun: Duration,
    /// True after the first response to a call.
    answered: AtomicBool,
    /// The last listing of queues, and its time.
    queues: tokio::sync::Mutex<Option<(Duration, Queues)>>,
    /// The last read of the agents to edit, and its time. `None` unless a listing serves them all.
    agents: Option<tokio::sync::Mutex<Option<(Duration, ReadBack)>>>,
    /// The observations of each step.
    observed: Mutex<BTreeMap<usize, Observed>>,
    /// Lock from the first creation of a queue until the last response.
    creation: Option<&'a dyn CreationGuard>,
}

/// Reason for which a call did not leave, for the machine.
pub enum Abort {
    /// Agents moved since the plan was made.
    Moved(Vec<Stale>),
    /// Agents are busy.
    AtWork(Presence),
}

impl<'a> PreSendChecks<'a> {
    /// Returns the checks of a run that begins now. `creation` is the lock if the plan creates queues.
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
        let page = vendors.get(Kind::Agent).map(|vendor| vendor.provider.page_size(vendor.connection()));
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
            answered: AtomicBool::default(),
            queues: tokio::sync::Mutex::default(),
            agents,
            observed: Mutex::default(),
            creation,
        }
    }

    /// Takes the lock of queue creation, before a place in the rate window.
    ///
    /// A run that waits for this lock holds no place that its holder needs.
    ///
    /// # Errors
    /// `NotSent` when the lock cannot be taken.
    pub async fn begin_creation(&self, news: News<'_>) -> Result<(), Failure> {
        let Some(creation) = &self.creation else { return Ok(()) };
        let waiting = || news(&Note::OtherCreates);
        let unlocked =
            |error| Failure::NotSent(format!("the lock of queue creation cannot be taken: {error}").into());
        creation.hold(&waiting).await.map(|_| ()).map_err(unlocked)
    }

    /// Releases the lock of queue creation.
    pub async fn end_creation(&self) {
        if let Some(creation) = &self.creation {
            creation.release().await;
        }
    }

    /// Records the response to a call: from now on each call needs a new read.
    pub fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Returns the time since the start of the run.
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

    /// Records that the targets of a step were read.
    pub fn confirms(&self, step: usize, at: Duration) {
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        observed.entry(step).or_default().targets = Some(at);
    }

    /// Reads the presence of agents before steps.
    pub async fn attend(&self, steps: &[usize], agents: &BTreeSet<OperatorId>) -> Presence {
        // A slow response is as old as its request.
        let at = self.clock.elapsed();
        let presence = self.observers.presence(Some(agents)).await;
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        for step in steps {
            observed.entry(*step).or_default().presence = Some(at);
        }
        presence
    }

    /// Returns the observations that support a call.
    fn observed(&self, step: usize, created: Option<Duration>) -> Observed {
        let observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let observed = observed.get(&step).copied().unwrap_or_default();
        Observed { begun: self.begun, answered: self.answered.load(Ordering::Relaxed), created, ..observed }
    }

    /// Reads the targets of a call. After a failed read of queues it skips the agents.
    ///
    /// A call that `holds` its place among those in flight makes one read at a time, in that place: calls that wait for
    /// its read may hold all others.
    async fn read(&self, op: &WriteOp, wanted: ReadSet, created: Option<Duration>, holds: bool) -> ReadBack {
        let ReadSet { agents, queues } = wanted;
        let mut seen = ReadBack::default();
        for key in queues {
            let since = created.map(|created| self.since(created));
            let max_age = observation::listing_age(self.plan, op, self.pages(), since, self.fresh);
            let found = self.read_queues(&key, max_age, holds).await;
            let failed = found.is_err();
            seen.queues.insert(key, found);
            if failed {
                return seen;
            }
        }
        // Without the shared listing, or while it is read again, the call reads its agent alone: if it waited, it would
        // hold a place among the calls in flight that the listing needs.
        if let (Some(shared), WriteOp::Edit { kind: Kind::Agent, id, .. }) = (&self.agents, op)
            && let Ok(shared) = shared.try_lock()
            && let Some((id, agent)) = shared.as_ref().and_then(|(_, listed)| listed.agents.get_key_value(id))
        {
            seen.agents.insert(id.clone(), agent.clone());
            return seen;
        }
        let (wanted, listed) =
            (ReadSet { agents, ..ReadSet::default() }, (self.plan.summary.live.listed_agents(), 0));
        seen.agents = self.look(Kind::Agent, &wanted, listed, holds).await.agents;
        seen
    }

    /// Reads some resources of a kind, in the place of a call that `holds` one.
    async fn look(&self, kind: Kind, wanted: &ReadSet, listed: (usize, usize), holds: bool) -> ReadBack {
        if holds {
            let aside: Vendors<Aside<'_>> = self.vendors.get(kind).map(Aside).into_iter().collect();
            resources::look(&aside, wanted, listed).await
        } else {
            resources::look(self.vendors, wanted, listed).await
        }
    }

    /// Returns the queues of a key, from a listing of at most `max_age` or from a query.
    async fn read_queues(
        &self,
        key: &QueueKey,
        max_age: Option<Duration>,
        holds: bool,
    ) -> Result<Queues, Unread> {
        let wanted = |key: QueueKey| ReadSet { queues: BTreeSet::from([key]), ..ReadSet::default() };
        let Some(max_age) = max_age else {
            let seen = self.look(Kind::Queue, &wanted(key.clone()), (0, usize::MAX), holds).await;
            return Ok(seen.queues(key)?.to_vec());
        };
        let mut listed = self.queues.lock().await;
        if listed.as_ref().is_none_or(|(at, _)| self.since(*at) > max_age) {
            let at = self.clock.elapsed();
            let seen = self.look(Kind::Queue, &wanted(QueueKey::All), (0, 0), holds).await;
            *listed = Some((at, seen.queues(&QueueKey::All)?.to_vec()));
        }
        let queues = listed.iter().flat_map(|(_, queues)| queues);
        Ok(queues.filter(|(exten, queue)| key.matches(exten, queue)).cloned().collect())
    }

    /// Returns the number of pages of the listing of queues.
    fn pages(&self) -> usize {
        self.vendors.get(Kind::Queue).map_or(0, |vendor| {
            self.plan.summary.live.listed_queues().div_ceil(vendor.provider.page_size(vendor.connection()))
        })
    }

    /// Reads the agents to edit, if one listing serves them all and is not fresh.
    async fn list_agents(&self) {
        let first = self.is_fresh() && !self.answered.load(Ordering::Relaxed);
        let Some(shared) = self.agents.as_ref().filter(|_| !first) else { return };
        let mut shared = shared.lock().await;
        if shared.as_ref().is_none_or(|(at, _)| self.since(*at) > self.fresh) {
            let of = |change: &&Change| change.action == Action::Update && change.id.kind == Kind::Agent;
            let agents = self.plan.changes.iter().filter(of).map(|change| change.id.name.clone()).collect();
            let wanted = ReadSet { agents, ..ReadSet::default() };
            let at = self.clock.elapsed();
            let seen =
                resources::look(self.vendors, &wanted, (self.plan.summary.live.listed_agents(), 0)).await;
            *shared = Some((at, seen));
        }
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
        let (halt, checked, left) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { checks, step, op, disruptions, journal, halt, checked, left }
    }

    /// Returns the reason for which the call did not leave, unless its failure holds it.
    pub fn halt(self) -> Option<Abort> {
        self.halt.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails with [`Failure::Halted`] and keeps the reason for the machine.
    fn abort(&self, reason: Abort) -> Failure {
        *self.halt.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        Failure::Halted
    }

    /// Makes the observations that are due before the call, until it may leave.
    async fn observe(&self, holds: bool) -> Result<(), Failure> {
        let (checks, op, disruptions) = (self.checks, self.op, self.disruptions);
        let guard = checks.guard.as_ref().filter(|_| !disruptions.is_empty());
        let mut created = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(creation) = checks.creation.filter(|_| op.new_queue().is_some()) {
            let since =
                creation.hold(&|| {}).await.map_err(|error| Failure::NotSent(error.to_string().into()))?;
            created = created.max(Some(since));
        }
        let wanted = pre_send::wanted(checks.plan, op, checks.vendors.get(Kind::Queue).is_some());
        let mut observed = checks.observed(self.step, created);
        loop {
            let at = checks.clock.elapsed();
            match observed.next(op, &wanted, guard.is_some(), at, checks.fresh) {
                Next::Presence => {
                    let agents = disruptions.iter().map(|(agent, _)| agent.clone()).collect();
                    let presence = checks.attend(&[self.step], &agents).await;
                    if guard.is_some_and(|guard| is_objected(guard, disruptions, &presence)) {
                        return Err(self.abort(Abort::AtWork(presence)));
                    }
                    // The first of many agents was observed when the query began, which may be long ago.
                    observed.presence = Some(checks.clock.elapsed());
                }
                Next::Targets => {
                    let seen = checks.read(op, wanted.clone(), created, holds).await;
                    let stale =
                        pre_send::judge(checks.plan, &checks.vendors.supports(), self.step, op, &seen)?;
                    checks.confirms(self.step, at);
                    if !stale.is_empty() {
                        return Err(self.abort(Abort::Moved(stale)));
                    }
                    (observed.targets, observed.read) = (Some(at), true);
                }
                Next::Leave(at) => {
                    *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
                    return Ok(());
                }
            }
        }
    }

    /// Returns true if the observation that ages while the call waits is fresh.
    fn is_fresh(&self) -> bool {
        let checked = *self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked.is_some_and(|at| self.checks.since(at) <= self.checks.fresh)
    }
}

impl Check for PreSendCheck<'_> {
    fn ready(&self) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            if matches!(self.op, WriteOp::Edit { kind: Kind::Agent, .. }) {
                self.checks.list_agents().await;
            }
            if matches!(self.op, WriteOp::Delete { .. }) { self.observe(false).await } else { Ok(()) }
        })
    }

    fn check(&self, holds: bool) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            // Before a deletion took its place, its targets were read.
            if matches!(self.op, WriteOp::Delete { .. }) && self.is_fresh() {
                return Ok(());
            }
            self.observe(holds).await
        })
    }

    fn is_current(&self) -> bool {
        // A duplicate queue is hard to remove, so a creation looks its name up again.
        let ages = !self.disruptions.is_empty() || self.op.new_queue().is_some();
        !ages || self.is_fresh()
    }

    fn leaves(&self) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.checks.clock.elapsed());
            // From now on the vendor may create the queue, even after a crash. The next run then waits for it.
            match self.journal.filter(|_| self.op.new_queue().is_some()) {
                Some(journal) => journal.record_intent(self.step, Verb::Create).await,
                None => Ok(()),
            }
        })
    }
}
