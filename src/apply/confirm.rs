//! Before anybody is deleted: has he left every queue, and joined no other since?

use std::collections::BTreeSet;
use std::sync::Arc;

use super::deed::Deed;
use super::observe::{QueueKey, Seen, Wanted};
use super::verify::{self, Verdict};
use super::{Effect, Machine, Purpose, State, Status};
use crate::model::plan::Operation;

impl Machine {
    /// The queue steps that a deletion waits for and that were not read back yet.
    pub(super) fn unproved(&self, at: usize) -> Vec<usize> {
        let step = &self.plan.steps[at];
        if step.operation != Operation::AgentDelete {
            return Vec::new();
        }
        let before = |id: &String| self.plan.steps.iter().position(|s| s.id == *id);
        step.after
            .iter()
            .filter_map(before)
            .filter(|before| matches!(self.slots[*before].state, State::Done) && !self.slots[*before].proved)
            .collect()
    }

    /// Before a deletion, every queue is read back: the vendor's word alone takes nobody off the phones, and
    /// somebody may have joined another queue since the plan was made.
    pub(super) fn confirm(&mut self, at: usize) -> Option<Effect> {
        let deletes = self.plan.steps[at].operation == Operation::AgentDelete;
        let queues = self.plan.summary.live.queues > 0 || !self.unproved(at).is_empty();
        if !deletes || !queues || self.slots[at].confirmed {
            return None;
        }
        let mut wanted = Wanted { queues: BTreeSet::from([QueueKey::All]), ..Wanted::default() };
        for before in self.unproved(at) {
            let more = verify::wanted(&self.plan, &self.plan.steps[before], self.slots[before].made.as_ref());
            wanted.queues.extend(more.queues);
        }
        self.slots[at].state = State::Running;
        self.slots[at].confirmed = true;
        Some(Effect::Look { purpose: Purpose::Confirm(at), wanted, again: 0 })
    }

    pub(super) fn confirmed(&mut self, at: usize, seen: &Seen) -> Vec<Effect> {
        self.inside.extend(seen.members());
        let all = match seen.queues(&QueueKey::All) {
            Ok(all) => all,
            Err(why) => {
                let why = format!("nobody was deleted, since the queues could not be read: {why}");
                self.end(at, Status::Failed, why);
                return self.advance();
            }
        };
        // Whoever sees that a queue has been made since does not make a second one.
        for step in 0..self.slots.len() {
            if let (State::Waiting, Some(Deed::CreateQueue { name, .. })) =
                (&self.slots[step].state, &self.slots[step].deed)
                && let Some((exten, _)) = all.iter().find(|(_, queue)| *queue.name == **name)
            {
                let why = format!("a queue of this name has been created since ({exten})");
                self.end(step, Status::Failed, why);
            }
        }
        let plan = Arc::clone(&self.plan);
        for before in self.unproved(at) {
            let step = &plan.steps[before];
            match verify::judge(&plan, step, self.slots[before].made.as_ref(), &[], seen) {
                Verdict::Took | Verdict::Unsettled(_) => self.slots[before].proved = true,
                Verdict::Amiss(what) => {
                    self.end(before, Status::Failed, format!("it did not take effect: {what}"));
                }
                Verdict::Unseen(why) => self.end(before, Status::Unknown, why),
            }
        }
        self.slots[at].state = State::Waiting;
        self.advance()
    }

    /// Whoever joined a queue since the plan was made is not deleted out of it.
    pub(super) fn stay_inside(&mut self, at: usize) {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[at];
        for id in step.targets.iter().filter(|_| step.operation == Operation::AgentDelete) {
            let queue = self.inside.iter().find(|(_, members)| members.contains(&id.name));
            if let Some((exten, _)) = queue
                && !self.slots[at].left_out.contains(id)
            {
                let why = format!("it is in queue {exten}");
                self.leave_out(at, step.operation, id, &why);
            }
        }
    }
}
