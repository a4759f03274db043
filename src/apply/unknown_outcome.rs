//! Unknown outcome: reads back if a call was carried out, before a repetition.

use std::time::Duration;

use super::event::{Effect, ReadPurpose};
use super::machine::Machine;
use super::postcondition;
use super::postcondition::Outcome;
use super::readback::{ReadBack, ReadSet};
use super::steps::{Doubt, Phase, Proof};
use super::write_op::WriteOp;
use crate::model::id::Kind;
use crate::model::note::Note;
use crate::model::outcome::Status;
use crate::model::retry;

impl Machine {
    /// Returns the number of reads of a missing queue before its creation may be repeated. Returns `None` if no number
    /// suffices.
    ///
    /// After them the vendor no longer creates it.
    fn poll_limit(&self, at: usize) -> Option<u32> {
        let late = matches!(self.steps[at].phase(), Phase::Unknown(Doubt::Late));
        (!late).then(|| retry::poll_count(self.options.orphan))
    }

    /// Returns the remaining time of the reads of a new queue, out of `polls`.
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

    /// Returns the time of a repetition: its pause, and the reads after a repeated creation of a queue.
    pub(super) fn repeating(&self, at: usize) -> Duration {
        let state = &self.steps[at];
        let polls =
            if state.creates_queue() && state.repetition > 0 { self.poll_limit(at).unwrap_or(0) } else { 0 };
        retry::backoff(state.repetition + 1, 0.5) + self.poll_time(at, polls)
    }

    /// Reads back if a step of unknown outcome was carried out.
    pub(super) fn resolve(&mut self, at: usize, doubt: Doubt) -> Effect {
        self.steps.enter(at, Phase::Unknown(doubt));
        Effect::Read { purpose: ReadPurpose::Resolve(at), wanted: self.resolution(at), again: 0 }
    }

    /// Returns true if the vendor refused the call whose outcome is unknown.
    pub(super) fn is_refused(&self, at: usize) -> bool {
        matches!(self.steps[at].phase(), Phase::Unknown(Doubt::Refused))
    }

    /// Returns the resources that prove the outcome of a call.
    fn resolution(&self, at: usize) -> ReadSet {
        let mut wanted = postcondition::wanted(&self.plan, &self.plan.steps[at], None);
        if let Some(WriteOp::Delete { kind: Kind::Agent, ids }) = &self.steps[at].op {
            wanted.agents.retain(|id| ids.contains(id));
        }
        wanted
    }

    /// Judges the read-back of a call of unknown outcome: done, sent again or ended.
    pub(super) fn resolved(&mut self, at: usize, seen: &ReadBack) -> Vec<Effect> {
        let refused = self.is_refused(at);
        let strangers = &self.plan.steps[at].strangers;
        let op = self.steps[at].op.as_ref();
        match op
            .map_or(Outcome::NotDone, |op| postcondition::outcome(&self.supports, op, strangers, seen, false))
        {
            Outcome::Done(made) => {
                let state = &mut self.steps[at];
                if made.is_some() {
                    (state.made, state.shown) = (made, true);
                }
                self.steps.enter(at, Phase::Done(Proof::Due));
                return self.advance();
            }
            Outcome::Late(_) if !refused && self.may_be_delayed(self.steps[at].polls) => {
                return vec![self.resolve_again(at)];
            }
            Outcome::Late(what) if !refused => {
                self.fail_unverified(at, vec![what], true);
                return self.advance();
            }
            Outcome::Failed(what) | Outcome::Late(what) => {
                self.end_with(at, Status::Failed, what);
                return self.advance();
            }
            Outcome::Unseen(why) => {
                self.end_with(at, Status::Unknown, Note::OutcomeUnread { why });
                return self.advance();
            }
            Outcome::Left(op) => self.steps[at].op = Some(op),
            Outcome::NotDone => {}
        }
        if self.steps[at].creates_queue() {
            // The vendor may still create it after a lost answer, and may be unable to delete a duplicate.
            if self.awaits(at) {
                return vec![self.resolve_again(at)];
            }
            if self.poll_limit(at).is_none_or(|all| self.steps[at].polls < all) {
                self.end_with(at, Status::Unknown, Note::MayStillCome);
                return self.advance();
            }
            self.steps[at].polls = 0;
        }
        // The vendor may have refused it because an earlier attempt took effect.
        let repeated = self.steps[at].repetition > 0;
        if refused && repeated && self.may_be_delayed(self.steps[at].polls) {
            return vec![self.resolve_again(at)];
        }
        self.again(at)
    }

    /// Reads back once more, after a pause, if a call was carried out.
    fn resolve_again(&mut self, at: usize) -> Effect {
        self.steps[at].polls += 1;
        let (wanted, again) = (self.resolution(at), self.steps[at].polls);
        Effect::Read { purpose: ReadPurpose::Resolve(at), wanted, again }
    }
}
