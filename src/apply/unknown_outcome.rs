//! Unknown outcome: reads back whether a call was carried out, before a repetition.

use std::collections::BTreeSet;
use std::time::Duration;

use super::event::{Effect, ReadPurpose};
use super::machine::{Doubt, Machine, Phase, Proof};
use super::postcondition;
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::write_op;
use super::write_op::WriteOp;
use crate::model::outcome::Status;
use crate::model::retry;
use crate::model::value::Members;

impl Machine {
    /// Returns the reads of a missing queue before its creation may be repeated; `None` where no number suffices.
    ///
    /// After them the vendor creates it no more.
    fn poll_limit(&self, at: usize) -> Option<u32> {
        let late = matches!(self.steps[at].phase, Phase::Unknown(Doubt::Late));
        (!late).then(|| retry::poll_count(self.options.orphan))
    }

    /// Returns the time of the reads of a new queue that are left of `polls`.
    fn poll_time(&self, at: usize, polls: u32) -> Duration {
        (self.steps[at].polls + 1..=polls).map(|look| retry::poll_delay(look, 0.0)).sum()
    }

    /// Returns true if a missing new queue is read once more.
    ///
    /// A few reads are always due. All are due after a repetition, or where the time bound allows them.
    fn awaits(&self, at: usize) -> bool {
        let worth =
            |polls: &u32| self.steps[at].repetition > 0 || self.has_time(at, self.poll_time(at, *polls));
        let most = self.poll_limit(at).filter(worth).unwrap_or(retry::poll_count(Duration::ZERO));
        self.steps[at].polls < most && !self.interrupted
    }

    /// Returns the time of a repetition: its pause, and the reads of a queue whose creation was repeated before.
    pub(super) fn repeating(&self, at: usize) -> Duration {
        let state = &self.steps[at];
        let polls = match &state.op {
            Some(WriteOp::CreateQueue { .. }) if state.repetition > 0 => self.poll_limit(at).unwrap_or(0),
            _ => 0,
        };
        retry::backoff(state.repetition + 1, 0.5) + self.poll_time(at, polls)
    }

    /// Reads back whether a step of unknown outcome was carried out.
    pub(super) fn resolve(&mut self, at: usize, doubt: Doubt) -> Effect {
        self.steps[at].phase = Phase::Unknown(doubt);
        Effect::Read { purpose: ReadPurpose::Resolve(at), wanted: self.resolution(at), again: 0 }
    }

    /// Returns true if the vendor refused the call whose outcome is unknown.
    pub(super) fn is_refused(&self, at: usize) -> bool {
        matches!(self.steps[at].phase, Phase::Unknown(Doubt::Refused))
    }

    /// Returns the resources that show whether a call was carried out.
    fn resolution(&self, at: usize) -> ReadSet {
        match &self.steps[at].op {
            Some(WriteOp::CreateQueue { name, .. }) => {
                ReadSet { queues: BTreeSet::from([QueueKey::Name(name.clone())]), ..ReadSet::default() }
            }
            Some(WriteOp::DeleteAgents { ids }) => {
                ReadSet { agents: ids.iter().cloned().collect(), ..ReadSet::default() }
            }
            Some(
                WriteOp::CreateAgents { .. }
                | WriteOp::EditAgent { .. }
                | WriteOp::PutSecret { .. }
                | WriteOp::SetPassword { .. }
                | WriteOp::SetMembers { .. },
            )
            | None => postcondition::wanted(&self.plan, &self.plan.steps[at], None),
        }
    }

    /// Judges the read-back of a call of unknown outcome: done, sent again or ended.
    pub(super) fn resolved(&mut self, at: usize, seen: &ReadBack) -> Vec<Effect> {
        let why = self.steps[at].note.clone().unwrap_or_default();
        let unseen =
            |reason: String| (Status::Unknown, format!("{why}; and it could not be read back: {reason}"));
        let outcome = match self.steps[at].op.clone() {
            Some(WriteOp::CreateAgents { ids, .. }) => {
                let there: Result<Vec<bool>, String> =
                    ids.iter().map(|id| seen.agent(id).map(|agent| agent.is_some())).collect();
                match there {
                    Ok(there) if there.iter().all(|t| *t) => Ok(true),
                    Ok(there) if there.iter().all(|t| !*t) => Ok(false),
                    Ok(there) => {
                        let made = there.iter().filter(|t| **t).count();
                        Err((
                            Status::Failed,
                            format!("{why}; {made} of {} were made: run apply again", ids.len()),
                        ))
                    }
                    Err(reason) => Err(unseen(reason)),
                }
            }
            Some(WriteOp::EditAgent { id, record }) => match seen.agent(&id) {
                Ok(Some(now)) => {
                    let sent = record.iter().map(|entry| (entry.field, &entry.value));
                    // No read proves fields that no operation returns; a repetition does no harm.
                    Ok(postcondition::shows(now, sent) == Some(true))
                }
                Ok(None) => Err((Status::Failed, format!("{why}; the agent is gone"))),
                Err(reason) => Err(unseen(reason)),
            },
            Some(WriteOp::DeleteAgents { ids }) => {
                let mut left = Vec::new();
                let mut dark = None;
                for id in ids {
                    match seen.agent(&id) {
                        Ok(None) => {}
                        Ok(Some(_)) => left.push(id),
                        Err(reason) => dark = Some(reason),
                    }
                }
                match dark {
                    Some(reason) => Err(unseen(reason)),
                    None if left.is_empty() => Ok(true),
                    None => {
                        self.steps[at].op = Some(WriteOp::DeleteAgents { ids: left });
                        Ok(false)
                    }
                }
            }
            Some(WriteOp::CreateQueue { name, .. }) => match seen.queues(&QueueKey::Name(name)) {
                // The vendor may still create it after a lost answer, and no operation deletes a second queue.
                Ok([]) if self.awaits(at) => {
                    self.steps[at].polls += 1;
                    let (wanted, again) = (self.resolution(at), self.steps[at].polls);
                    return vec![Effect::Read { purpose: ReadPurpose::Resolve(at), wanted, again }];
                }
                Ok([]) if self.poll_limit(at).is_none_or(|all| self.steps[at].polls < all) => Err((
                    Status::Unknown,
                    format!(
                        "{why}; no such queue is there yet, and the vendor may still make it: apply again in a while"
                    ),
                )),
                Ok([]) => {
                    self.steps[at].polls = 0;
                    Ok(false)
                }
                Ok([(exten, _)]) => {
                    self.steps[at].made = Some(exten.clone());
                    Ok(true)
                }
                Ok(many) => Err((Status::Failed, format!("{why}; now {} queues have this name", many.len()))),
                Err(reason) => Err(unseen(reason)),
            },
            Some(WriteOp::SetMembers { exten, members, .. }) => match seen.queues(&QueueKey::Exten(exten)) {
                Ok([(_, now)]) => {
                    let empty = Members::new();
                    let now = now.members().unwrap_or(&empty);
                    Ok(write_op::matches_sent(&self.plan.steps[at].strangers, &members, now))
                }
                Ok(_) => Err((Status::Failed, format!("{why}; the queue is gone"))),
                Err(reason) => Err(unseen(reason)),
            },
            Some(WriteOp::SetPassword { .. } | WriteOp::PutSecret { .. }) | None => Ok(false),
        };
        match outcome {
            Ok(true) => {
                self.steps[at].phase = Phase::Done(Proof::Due);
                self.advance()
            }
            // The vendor may have refused it because an attempt before took effect.
            Ok(false)
                if self.is_refused(at)
                    && self.steps[at].repetition > 0
                    && self.may_be_delayed(self.steps[at].polls) =>
            {
                self.steps[at].polls += 1;
                let (wanted, again) = (self.resolution(at), self.steps[at].polls);
                vec![Effect::Read { purpose: ReadPurpose::Resolve(at), wanted, again }]
            }
            Ok(false) => self.again(at, &why),
            Err((status, message)) => {
                self.end(at, status, message);
                self.advance()
            }
        }
    }
}
