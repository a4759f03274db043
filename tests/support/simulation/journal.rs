//! The journal of a run, which outlives a client that dies.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use rosterctl::apply::{journal_recovery, ledger_update};
use rosterctl::model::call::Failure;
use rosterctl::model::desired::Desired;
use rosterctl::model::id::OperatorId;
use rosterctl::model::journal::{Ending, Entry};
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::Live;
use rosterctl::model::plan::{Plan, Verb};
use rosterctl::model::support::Supports;
use rosterctl::runtime::ports::StepJournal;

use super::Shared;
use super::world::World;

/// The journal of the current run.
pub(super) struct WorldJournal(pub(super) Shared);

impl StepJournal for WorldJournal {
    fn record_intent(&self, step: usize, _: Verb) -> LocalBoxFuture<'_, Result<(), Failure>> {
        let mut world = self.0.borrow_mut();
        let at_ms = world.now;
        world.write_journal(Entry::Begin { step, at_ms });
        Box::pin(std::future::ready(Ok(())))
    }

    fn end(&self, step: usize, result: &Result<Option<OperatorId>, Failure>) {
        let (ending, made) = match result {
            Ok(made) => (Ending::Done, made.clone()),
            Err(Failure::Unknown(_) | Failure::Late(_) | Failure::Garbled(_)) => (Ending::Unknown, None),
            Err(_) => (Ending::Failed, None),
        };
        self.0.borrow_mut().write_journal(Entry::End { step, ending, made });
    }
}

impl World {
    /// Returns the journal left by a run of the current workspace.
    pub(super) fn unfinished(&self) -> Vec<Entry> {
        self.journals.get(&self.owners.workspace).cloned().unwrap_or_default()
    }

    /// Starts the journal of a run, in place of another.
    pub(super) fn begin_journal(&mut self, plan: &Plan) {
        let entry = Entry::Run { plan: Arc::new(plan.clone()), ledger: Some(self.ledger.serial), run: None };
        self.journals.insert(self.owners.workspace, vec![entry]);
        self.begun = 0;
    }

    fn write_journal(&mut self, entry: Entry) {
        match entry {
            Entry::Begin { .. } => {
                self.intents += 1;
                self.begun += 1;
                self.most_begun = self.most_begun.max(self.begun);
            }
            Entry::End { .. } => self.begun = self.begun.saturating_sub(1),
            Entry::Run { .. } => {}
        }
        self.journals.entry(self.owners.workspace).or_default().push(entry);
    }

    /// Removes the journal: the ledger holds its content.
    pub(super) fn finish_journal(&mut self) {
        self.journals.remove(&self.owners.workspace);
    }
}

/// Records the steps of a dead run in the ledger, like `cli::session::planning`.
pub(super) fn settle(
    ledger: &mut Ledger,
    unfinished: &[Entry],
    supports: &Supports,
    live: &Live,
    desired: &Desired,
) {
    let Some((plan, results)) = journal_recovery::recover(unfinished, supports, Some(live)) else {
        return;
    };
    let prints = std::collections::BTreeMap::new();
    if journal_recovery::is_older(unfinished, ledger.serial) {
        ledger_update::merge_older(ledger, &plan, supports.agents, &results, &prints, desired);
    } else {
        ledger_update::changes(ledger, &plan, supports.agents, &results, &prints);
    }
}
