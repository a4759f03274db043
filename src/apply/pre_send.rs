//! Check before a call: which observation is due next, and whether the call may leave.
//!
//! A deletion reads presence first: a busy agent makes its other reads needless. Each call reads presence last,
//! since its other read may be slow.

use std::collections::BTreeMap;
use std::time::Duration;

use super::precondition;
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::outcome::Stale;
use crate::model::plan::{Action, Plan};

/// The moments that a run knows before a call.
#[derive(Clone, Copy, Default)]
pub struct Moments {
    /// The begin of the run and of its first read.
    pub begun: Duration,
    /// A call of the run was answered.
    pub answered: bool,
    /// The last read of the queues and agents of the deletion.
    pub confirmed: Option<Duration>,
    /// The last read of presence for the step.
    pub attended: Option<Duration>,
    /// The last moment at which another run or an attempt before may have created a queue.
    pub created: Option<Duration>,
}

/// The observations that a call rests on.
#[derive(Clone, Copy)]
pub struct Observed {
    /// The moment of the answer about presence.
    presence: Option<Duration>,
    /// The moment of the last read that still shows the targets.
    targets: Option<Duration>,
    /// The check itself read the targets: it reads them once.
    read: bool,
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
    /// Returns the observations at the begin of a check.
    ///
    /// The first calls, which leave before any answer, rest on the first read of the run.
    pub fn new(op: &WriteOp, known: Moments) -> Self {
        let targets = match op {
            WriteOp::DeleteAgents { .. } => known.confirmed,
            WriteOp::CreateQueue { .. } => {
                known.created.is_none_or(|at| at <= known.begun).then_some(known.begun)
            }
            WriteOp::SetMembers { .. }
            | WriteOp::EditAgent { .. }
            | WriteOp::CreateAgents { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::PutSecret { .. } => (!known.answered).then_some(known.begun),
        };
        Self { presence: known.attended, targets, read: false }
    }

    /// Records an answer about presence in which no agent is busy.
    pub fn presence(&mut self, at: Duration) {
        self.presence = Some(at);
    }

    /// Records a read that began then and in which no target moved.
    pub fn targets(&mut self, at: Duration) {
        (self.targets, self.read) = (Some(at), true);
    }

    /// Returns the next observation. `guarded` calls disrupt agents; `wanted` holds the targets.
    pub fn next(self, op: &WriteOp, wanted: &ReadSet, guarded: bool, now: Duration, fresh: Duration) -> Next {
        let is_old = |at: Duration| now.saturating_sub(at) > fresh;
        let needs_presence = guarded && self.presence.is_none_or(is_old);
        let needs_targets = !wanted.is_empty() && !self.read && self.targets.is_none_or(is_old);
        let deletes = matches!(op, WriteOp::DeleteAgents { .. });
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

/// Returns the targets to read before a call. `queues` tells that a connection holds queues.
pub fn wanted(plan: &Plan, op: &WriteOp, queues: bool) -> ReadSet {
    let mut wanted = ReadSet::default();
    match op {
        WriteOp::SetMembers { exten, before: Some(_), .. } => {
            wanted.queues.insert(QueueKey::Exten(exten.clone()));
        }
        WriteOp::CreateQueue { name, .. } => {
            wanted.queues.insert(QueueKey::Name(name.clone()));
        }
        WriteOp::EditAgent { id, .. } => {
            let change = plan.change(&ResourceId::agent(id));
            wanted.agents.extend(change.filter(|change| change.action == Action::Update).map(|_| id.clone()));
        }
        WriteOp::DeleteAgents { ids } => {
            wanted.agents.extend(ids.iter().cloned());
            // Also without a queue in the plan: one may have been created since.
            wanted.queues.extend((queues || plan.summary.live.queues > 0).then_some(QueueKey::All));
        }
        WriteOp::SetMembers { before: None, .. }
        | WriteOp::CreateAgents { .. }
        | WriteOp::SetPassword { .. }
        | WriteOp::PutSecret { .. } => {}
    }
    wanted
}

/// Returns the agents of a call that moved since the plan was made, by a read of its targets.
///
/// # Errors
/// The failure of the call: its queue moved, or a read failed.
pub fn judge(plan: &Plan, step: usize, op: &WriteOp, seen: &ReadBack) -> Result<Vec<Stale>, Failure> {
    let queues = |key| seen.queues(&key).map_err(Failure::NotSent);
    let agents = |word: &str| {
        precondition::agents_moved(plan, seen)
            .map_err(|why| Failure::NotSent(format!("{word} could not be read again: {why}")))
    };
    let moved = match op {
        WriteOp::SetMembers { exten, members, before: Some(before) } => {
            let now = queues(QueueKey::Exten(exten.clone()))?;
            precondition::list_moved(&plan.steps[step].strangers, members, before, now)
        }
        WriteOp::CreateQueue { name, .. } => {
            precondition::created_since(name, queues(QueueKey::Name(name.clone()))?)
        }
        WriteOp::EditAgent { .. } => return agents("it"),
        WriteOp::DeleteAgents { ids } => {
            if seen.queues.contains_key(&QueueKey::All) {
                queues(QueueKey::All)?;
            }
            let inside: BTreeMap<_, _> = seen.members().collect();
            let joined = |id: &OperatorId| {
                let message = precondition::in_queue(id, &inside)?;
                Some(Stale { id: ResourceId::agent(id), message })
            };
            let mut stale: Vec<Stale> = ids.iter().filter_map(joined).collect();
            stale.extend(agents("they")?);
            return Ok(stale);
        }
        WriteOp::SetMembers { before: None, .. }
        | WriteOp::CreateAgents { .. }
        | WriteOp::SetPassword { .. }
        | WriteOp::PutSecret { .. } => None,
    };
    moved.map_or(Ok(Vec::new()), |moved| Err(Failure::Refused(moved)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Duration = Duration::from_secs(3);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_deletion_reads_its_targets_once_and_presence_last() {
        let op = WriteOp::DeleteAgents { ids: vec![OperatorId::from("8001")] };
        let wanted = ReadSet { agents: [OperatorId::from("8001")].into(), ..ReadSet::default() };
        let mut observed = Observed::new(&op, Moments::default());
        let next = |observed: Observed, now| observed.next(&op, &wanted, true, at(now), FRESH);
        assert_eq!(next(observed, 10), Next::Presence);
        observed.presence(at(11));
        assert_eq!(next(observed, 11), Next::Targets);
        observed.targets(at(11));
        assert_eq!(next(observed, 14), Next::Leave(at(11)));
        assert_eq!(next(observed, 15), Next::Presence, "the other read was slow");
        observed.presence(at(20));
        assert_eq!(next(observed, 20), Next::Leave(at(20)));
        assert_eq!(observed.next(&op, &wanted, false, at(99), FRESH), Next::Leave(at(11)), "no guard");
    }

    #[test]
    fn the_first_read_serves_a_call_while_it_is_fresh_and_shows_its_targets() {
        let members = WriteOp::SetMembers {
            exten: OperatorId::from("1001"),
            members: std::sync::Arc::default(),
            before: Some(std::sync::Arc::default()),
        };
        let queue = WriteOp::CreateQueue { name: "q".to_owned(), record: Default::default() };
        let wanted = ReadSet { queues: [QueueKey::All].into(), ..ReadSet::default() };
        let known = Moments { begun: at(1), ..Moments::default() };
        for (op, known, now, next) in [
            (&members, known, 4, Next::Leave(at(4))),
            (&members, known, 5, Next::Targets),
            (&members, Moments { answered: true, ..known }, 2, Next::Targets),
            (&queue, Moments { answered: true, ..known }, 2, Next::Leave(at(2))),
            (&queue, Moments { created: Some(at(1)), ..known }, 2, Next::Leave(at(2))),
            (&queue, Moments { created: Some(at(2)), ..known }, 2, Next::Targets),
        ] {
            assert_eq!(Observed::new(op, known).next(op, &wanted, false, at(now), FRESH), next, "{op:?}");
        }
    }
}
