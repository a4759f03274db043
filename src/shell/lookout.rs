//! The last look before a call leaves: what was seen a while ago may be otherwise by now.
//!
//! A rate limit, many calls before it, or people at work may have held a call back for minutes, and people use
//! the console meanwhile. Whoever waited longer than [`FRESH`] is looked at again, by one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;

use super::fetch::{self, Vendors};
use super::link::Check;
use super::observe::Observers;
use super::vendor::Aside;
use crate::apply::attend::{Harms, against};
use crate::apply::deed::Deed;
use crate::apply::guard::{self, Stale};
use crate::apply::observe::{QueueKey, Wanted};
use crate::model::call::Failure;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::plan::{Action, Plan};
use crate::model::presence::{Guard, Presence};
use crate::model::value::Members;

/// How long what was seen counts as seen just now.
const FRESH: Duration = Duration::from_secs(3);

/// Pages of a listing of queues that are too many to be read beside every few calls: reading is limited too.
const MANY_PAGES: usize = 4;

/// Looks before a call leaves.
pub struct Lookout<'a> {
    plan: &'a Plan,
    vendors: &'a Vendors,
    observers: &'a Observers,
    guard: Option<Guard>,
    /// When the run began, and with it the guard's look.
    begun: Instant,
    /// The queues that there were, by name, and when.
    listed: tokio::sync::Mutex<Option<(Instant, BTreeMap<String, OperatorId>)>>,
    /// When those were last asked for whom a step would hurt.
    attended: Mutex<BTreeMap<usize, Instant>>,
}

/// Why a call did not leave, where the machine has to think again.
pub enum Halt {
    /// Agents moved.
    Moved(Vec<Stale>),
    /// Somebody is at work.
    AtWork(Presence),
}

impl<'a> Lookout<'a> {
    /// A lookout of a run that begins now.
    pub fn new(plan: &'a Plan, vendors: &'a Vendors, observers: &'a Observers, guard: Option<Guard>) -> Self {
        let begun = Instant::now();
        let (listed, attended) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { plan, vendors, observers, guard, begun, listed, attended }
    }

    /// Time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether what the guard saw is still fresh.
    pub fn is_fresh(&self) -> bool {
        self.elapsed() <= FRESH
    }

    /// Asks who is at work, before some steps.
    pub async fn attend(&self, steps: &[usize], agents: &BTreeSet<OperatorId>) -> Presence {
        let presence = self.observers.presence(Some(agents)).await;
        let mut attended = self.attended.lock().unwrap_or_else(PoisonError::into_inner);
        attended.extend(steps.iter().map(|step| (*step, Instant::now())));
        presence
    }

    /// Looks at all that a call depends on; what speaks against it, if anything does.
    async fn look(&self, step: usize, deed: &Deed, harms: &Harms) -> Result<Option<Halt>, Failure> {
        match deed {
            Deed::SetMembers { exten, members, before } if !self.is_fresh() => {
                self.members(exten, members, before.as_ref()).await?;
            }
            Deed::EditAgent { id, .. } if !self.is_fresh() => {
                if let Some(halt) = self.agent(id).await? {
                    return Ok(Some(halt));
                }
            }
            Deed::CreateQueue { name, .. } if !self.is_fresh() => self.unmade(name).await?,
            // Who is deleted was looked at again with the queues.
            Deed::SetMembers { .. }
            | Deed::EditAgent { .. }
            | Deed::DeleteAgents { .. }
            | Deed::CreateAgents { .. }
            | Deed::SetPassword { .. }
            | Deed::CreateQueue { .. }
            | Deed::PutSecret { .. } => {}
        }
        Ok(self.presence(step, harms).await)
    }

    /// Whether a queue's members are still those that the plan saw.
    async fn members(
        &self,
        exten: &OperatorId,
        members: &Members,
        before: Option<&Members>,
    ) -> Result<(), Failure> {
        let Some(before) = before else { return Ok(()) };
        let key = QueueKey::Exten(exten.clone());
        let wanted = Wanted { queues: BTreeSet::from([key.clone()]), ..Wanted::default() };
        let seen = fetch::look(self.vendors, &wanted, (0, usize::MAX)).await;
        let now = seen.queues(&key).map_err(Failure::NotSent)?;
        // A repetition may find what its first attempt has done.
        match guard::members_moved(before, now) {
            Some(moved) if guard::members_moved(members, now).is_some() => Err(Failure::Refused(moved)),
            _ => Ok(()),
        }
    }

    /// Whether a queue that is to be made is still not there. One reading serves all calls of a moment; where it
    /// would take many pages, the guard's look has to do.
    async fn unmade(&self, name: &str) -> Result<(), Failure> {
        let Some(vendor) = &self.vendors.queues else { return Ok(()) };
        let page = vendor.provider.page_size(vendor.connection());
        if self.plan.summary.live.queues.div_ceil(page) > MANY_PAGES {
            return Ok(());
        }
        let mut listed = self.listed.lock().await;
        if listed.as_ref().is_none_or(|(at, _)| at.elapsed() > FRESH) {
            let wanted = Wanted { queues: BTreeSet::from([QueueKey::All]), ..Wanted::default() };
            let at = Instant::now();
            let seen = fetch::look(self.vendors, &wanted, (0, 0)).await;
            let queues = seen.queues(&QueueKey::All).map_err(Failure::NotSent)?;
            let names = queues.iter().map(|(exten, queue)| (queue.name.to_string(), exten.clone())).collect();
            *listed = Some((at, names));
        }
        match listed.as_ref().and_then(|(_, names)| names.get(name)) {
            Some(exten) => {
                Err(Failure::Refused(format!("a queue of this name has been created since ({exten})")))
            }
            None => Ok(()),
        }
    }

    /// Whether an agent whose fields are overwritten is still what the plan saw. The call holds its place among
    /// those in flight, and its look takes none beside it.
    async fn agent(&self, id: &OperatorId) -> Result<Option<Halt>, Failure> {
        let change = self.plan.change(&ResourceId::agent(id));
        if change.is_none_or(|change| change.action != Action::Update) {
            return Ok(None);
        }
        let wanted = Wanted { agents: BTreeSet::from([id.clone()]), ..Wanted::default() };
        let aside = Vendors { agents: self.vendors.agents.as_ref().map(Aside), queues: None };
        let seen = fetch::look(&aside, &wanted, (usize::MAX, 0)).await;
        let stale = guard::agents_moved(self.plan, &seen)
            .map_err(|why| Failure::NotSent(format!("it could not be read again: {why}")))?;
        Ok((!stale.is_empty()).then_some(Halt::Moved(stale)))
    }

    /// Whether nobody whom a step would hurt is at work.
    async fn presence(&self, step: usize, harms: &Harms) -> Option<Halt> {
        let guard = self.guard.as_ref().filter(|_| !harms.is_empty())?;
        let last = self.attended.lock().unwrap_or_else(PoisonError::into_inner).get(&step).copied();
        if last.is_some_and(|last| last.elapsed() <= FRESH) {
            return None;
        }
        let agents = harms.iter().map(|(agent, _)| agent.clone()).collect();
        let presence = self.attend(&[step], &agents).await;
        let free = harms.iter().all(|(agent, harms)| against(guard, harms, agent, &presence).is_none());
        (!free).then_some(Halt::AtWork(presence))
    }
}

/// The last look of one call.
pub struct LastLook<'a> {
    lookout: &'a Lookout<'a>,
    step: usize,
    deed: &'a Deed,
    harms: &'a Harms,
    halt: Mutex<Option<Halt>>,
}

impl<'a> LastLook<'a> {
    /// The last look of a step's call.
    pub fn new(lookout: &'a Lookout<'a>, step: usize, deed: &'a Deed, harms: &'a Harms) -> Self {
        Self { lookout, step, deed, harms, halt: Mutex::default() }
    }

    /// Why the call did not leave, where its own failure does not say it.
    pub fn halt(self) -> Option<Halt> {
        self.halt.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Check for LastLook<'_> {
    fn check(&self) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            match self.lookout.look(self.step, self.deed, self.harms).await? {
                None => Ok(()),
                Some(halt) => {
                    *self.halt.lock().unwrap_or_else(PoisonError::into_inner) = Some(halt);
                    Err(Failure::Halted)
                }
            }
        })
    }
}
