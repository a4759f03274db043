//! Check before a call: decides on the next observation, or lets the call leave.
//!
//! A deletion reads presence first: a busy agent makes its other reads needless. Each call reads presence last, since
//! its other read may be slow.

use std::time::Duration;

use super::precondition;
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::note::{Moved, Stale};
use crate::model::plan::{Action, Change, Plan};
use crate::model::support::Supports;

/// The observations before a call.
#[derive(Clone, Copy, Default)]
pub struct Observed {
    /// The moment of the first read of the run.
    pub begun: Duration,
    /// A call of the run was answered.
    pub answered: bool,
    /// The last moment at which another run or an earlier attempt may have created a queue.
    pub created: Option<Duration>,
    /// The moment of the last read of the targets.
    pub targets: Option<Duration>,
    /// True if the check itself read the targets: it reads them once.
    pub read: bool,
    /// The moment of the last answer about presence.
    pub presence: Option<Duration>,
}

/// The next observation before a call, or its permission.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Read the presence of the agents that it disrupts.
    Presence,
    /// Read its targets.
    Targets,
    /// It may leave; the moment of the observation that ages while it waits.
    Leave(Duration),
}

impl Observed {
    /// Returns the next observation. `guarded` calls disrupt agents; `wanted` holds the targets.
    ///
    /// The first calls, which leave before any answer, rest on the first read of the run.
    pub fn next(self, op: &WriteOp, wanted: &ReadSet, guarded: bool, now: Duration, fresh: Duration) -> Next {
        let is_old = |at: Duration| now.saturating_sub(at) > fresh;
        let deletes = matches!(op, WriteOp::Delete { .. });
        let taken = self.created.is_some_and(|at| at > self.begun);
        let moved = if op.new_queue().is_some() { taken } else { self.answered };
        let targets = if deletes { self.targets } else { (!moved).then_some(self.begun) };
        let needs_presence = guarded && self.presence.is_none_or(is_old);
        let needs_targets = !wanted.is_empty() && !self.read && targets.is_none_or(is_old);
        if needs_presence && (deletes || !needs_targets) {
            Next::Presence
        } else if needs_targets {
            Next::Targets
        } else if guarded {
            Next::Leave(self.presence.unwrap_or(now))
        } else {
            Next::Leave(self.targets.filter(|_| deletes).unwrap_or(now))
        }
    }
}

/// Returns the targets to read before a call. `queues` is true if a connection holds queues.
pub fn wanted(plan: &Plan, op: &WriteOp, queues: bool) -> ReadSet {
    let mut wanted = ReadSet::default();
    match op {
        WriteOp::SetMembers { exten, before: Some(_), .. } => {
            wanted.queues.insert(QueueKey::Exten(exten.clone()));
        }
        WriteOp::Create { kind: Kind::Queue, ids, .. } => {
            wanted.queues.extend(ids.iter().map(|name| QueueKey::Name(name.to_string())));
        }
        WriteOp::Edit { kind: Kind::Agent, id, .. } => {
            let change = plan.change(&ResourceId::agent(id));
            wanted.agents.extend(change.filter(|change| change.action == Action::Update).map(|_| id.clone()));
        }
        WriteOp::SetPassword { kind: Kind::Agent, id, .. } => {
            // Other edits of the agent read it.
            let alone = |change: &&Change| change.action == Action::Update && change.fields.len() == 1;
            let change = plan.change(&ResourceId::agent(id)).filter(alone);
            wanted.agents.extend(change.map(|_| id.clone()));
        }
        WriteOp::Delete { kind: Kind::Agent, ids } => {
            wanted.agents.extend(ids.iter().cloned());
            // Also without a queue in the plan: another run may have created one since.
            wanted.queues.extend((queues || plan.summary.live.listed_queues() > 0).then_some(QueueKey::All));
        }
        WriteOp::Delete { kind: Kind::Queue, ids } => {
            wanted.queues.extend(ids.iter().cloned().map(QueueKey::Exten));
        }
        WriteOp::SetMembers { before: None, .. }
        | WriteOp::Create { .. }
        | WriteOp::Edit { .. }
        | WriteOp::Delete { .. }
        | WriteOp::SetPassword { .. }
        | WriteOp::PutSecret { .. } => {}
    }
    wanted
}

/// Returns the targets that moved since the plan was made, by a read of them.
///
/// A queue to delete that is gone is among them: its call is needless.
///
/// # Errors
/// The failure of the call: the queue that it writes moved, or a read failed.
pub fn judge(
    plan: &Plan,
    supports: &Supports,
    step: usize,
    op: &WriteOp,
    seen: &ReadBack,
) -> Result<Vec<Stale>, Failure> {
    let queues = |key| seen.queues(&key).map_err(|why| Failure::NotSent(why.to_string().into()));
    let agents = |word: &str| {
        precondition::agents_moved(plan, supports.agents, seen)
            .map_err(|why| Failure::NotSent(format!("{word} could not be read again: {why}").into()))
    };
    let moved = match op {
        WriteOp::SetMembers { exten, members, before: Some(before) } => {
            let now = queues(QueueKey::Exten(exten.clone()))?;
            precondition::list_moved(&plan.steps[step].strangers, members, before, now)
        }
        WriteOp::Create { kind: Kind::Queue, ids, .. } => {
            let name = ids.first().map(OperatorId::to_string).unwrap_or_default();
            precondition::created_since(&name, queues(QueueKey::Name(name.clone()))?)
        }
        WriteOp::Edit { kind: Kind::Agent, .. } | WriteOp::SetPassword { .. } => return agents("it"),
        WriteOp::Delete { kind: Kind::Agent, ids } => {
            if seen.queues.contains_key(&QueueKey::All) {
                queues(QueueKey::All)?;
            }
            let inside = seen.members().collect();
            let joined = |id: &OperatorId| {
                Some(Stale { id: ResourceId::agent(id), what: precondition::in_queue(id, &inside)? })
            };
            let mut stale: Vec<Stale> = ids.iter().filter_map(joined).collect();
            stale.extend(agents("they")?);
            return Ok(stale);
        }
        WriteOp::Delete { kind: Kind::Queue, ids } => {
            let mut stale = Vec::new();
            for (exten, id) in ids.iter().zip(&plan.steps[step].targets) {
                let now = queues(QueueKey::Exten(exten.clone()))?;
                let gone = now.is_empty().then_some(Moved::Gone);
                let moved = || precondition::doomed_queue_moved(plan.change(id)?, now);
                stale.extend(gone.or_else(moved).map(|what| Stale { id: id.clone(), what }));
            }
            return Ok(stale);
        }
        WriteOp::SetMembers { before: None, .. }
        | WriteOp::Create { .. }
        | WriteOp::Edit { .. }
        | WriteOp::Delete { .. }
        | WriteOp::PutSecret { .. } => None,
    };
    moved.map_or(Ok(Vec::new()), |moved| Err(Failure::Refused(moved.to_string().into())))
}
