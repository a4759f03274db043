//! A call of unknown outcome: was it carried out? Reading back tells, before anything is sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::deed::{self, Deed};
use super::observe::{QueueKey, Seen, Wanted};
use super::{Effect, Machine, Purpose, State, Status, retry, verify};
use crate::model::diff::same;
use crate::model::value::Members;

impl Machine {
    /// How often a new queue of unknown outcome is looked for before anything else is done about it: until the
    /// vendor makes it no more, or, where not even that can be told, a little while.
    fn looks(&self, at: usize) -> u32 {
        retry::looks(if self.slots[at].late { Duration::ZERO } else { self.conduct.orphan })
    }

    /// What tells whether a step of unknown outcome was carried out.
    pub(super) fn resolution(&self, at: usize) -> Wanted {
        match &self.slots[at].deed {
            Some(Deed::CreateQueue { name, .. }) => {
                Wanted { queues: BTreeSet::from([QueueKey::Name(name.clone())]), ..Wanted::default() }
            }
            Some(Deed::DeleteAgents { ids }) => {
                Wanted { agents: ids.iter().cloned().collect(), ..Wanted::default() }
            }
            _ => verify::wanted(&self.plan, &self.plan.steps[at], None),
        }
    }

    pub(super) fn resolved(&mut self, at: usize, seen: &Seen) -> Vec<Effect> {
        let why = self.slots[at].note.clone().unwrap_or_default();
        let unseen =
            |reason: String| (Status::Unknown, format!("{why}; and it could not be read back: {reason}"));
        let outcome = match self.slots[at].deed.clone() {
            Some(Deed::CreateAgents { ids, .. }) => {
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
            Some(Deed::EditAgent { id, record }) => match seen.agent(&id) {
                Ok(Some(now)) => {
                    let mut read = record.iter().filter(|entry| entry.field.is_read()).peekable();
                    // What is never returned cannot be seen to be done; setting it twice sets it once.
                    Ok(read.peek().is_some() && read.all(|entry| same(&entry.value, now.get(entry.field))))
                }
                Ok(None) => Err((Status::Failed, format!("{why}; the agent is gone"))),
                Err(reason) => Err(unseen(reason)),
            },
            Some(Deed::DeleteAgents { ids }) => {
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
                        self.slots[at].deed = Some(Deed::DeleteAgents { ids: left });
                        Ok(false)
                    }
                }
            }
            Some(Deed::CreateQueue { name, .. }) => match seen.queues(&QueueKey::Name(name)) {
                // What is on its way may be there in a moment: a second queue could not be taken back. A gateway
                // that gave up, or a connection that broke, says nothing of how far the vendor is.
                Ok([]) if !self.interrupted && self.slots[at].looks < self.looks(at) => {
                    self.slots[at].looks += 1;
                    let (wanted, again) = (self.resolution(at), self.slots[at].looks);
                    return vec![Effect::Look { purpose: Purpose::Resolve(at), wanted, again }];
                }
                Ok([]) if self.slots[at].late || self.interrupted => Err((
                    Status::Unknown,
                    format!(
                        "{why}; no such queue is there yet, and the vendor may still make it: apply again in a while"
                    ),
                )),
                Ok([]) => {
                    self.slots[at].looks = 0;
                    Ok(false)
                }
                Ok([(exten, _)]) => {
                    self.slots[at].made = Some(exten.clone());
                    Ok(true)
                }
                Ok(many) => Err((Status::Failed, format!("{why}; now {} queues have this name", many.len()))),
                Err(reason) => Err(unseen(reason)),
            },
            Some(Deed::SetMembers { exten, members, .. }) => match seen.queues(&QueueKey::Exten(exten)) {
                Ok([(_, now)]) => {
                    let empty = Members::new();
                    let now = now.members().unwrap_or(&empty);
                    Ok(deed::arrived(&self.plan.steps[at].strangers, &members, now))
                }
                Ok(_) => Err((Status::Failed, format!("{why}; the queue is gone"))),
                Err(reason) => Err(unseen(reason)),
            },
            Some(Deed::SetPassword { .. } | Deed::PutSecret { .. }) | None => Ok(false),
        };
        match outcome {
            Ok(true) => {
                self.slots[at].state = State::Done;
                self.advance()
            }
            // It was refused because an attempt before had been carried out, perhaps.
            Ok(false)
                if self.slots[at].refused
                    && self.slots[at].repetition > 0
                    && self.may_show(self.slots[at].looks) =>
            {
                self.slots[at].looks += 1;
                let (wanted, again) = (self.resolution(at), self.slots[at].looks);
                vec![Effect::Look { purpose: Purpose::Resolve(at), wanted, again }]
            }
            Ok(false) => self.again(at, &why),
            Err((status, message)) => {
                self.end(at, status, message);
                self.advance()
            }
        }
    }
}
