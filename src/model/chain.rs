//! The chain of a history: checks that no record was changed, removed or added.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{HistoryHead, RunId, RunRecord};
use super::message::{messages, plain};

plain!(RunId);

messages! {
    /// A remark on the chain of a history.
    ChainRemark {
        /// The file of a record is not the one that its run wrote.
        Changed { run: RunId },
        /// A record is missing, and older ones are there.
        Missing { run: RunId },
        /// The newest record is missing.
        NewestMissing { run: RunId },
        /// The file of a record cannot be read.
        Unreadable { run: RunId, why: String },
        /// Records are there, and the ledger names none.
        NotInLedger,
        /// The records before one were removed.
        Shortened { from: RunId },
        /// A record names no record before it, and older ones are there: the ledger was lost or replaced.
        BeganAgain { from: RunId },
        /// The ledger does not confirm a record: its run, or a run beside it, ended before the ledger was written.
        Unconfirmed { run: RunId },
    }
}

impl ChainRemark {
    /// Returns true if the chain is broken: what a run wrote was changed or removed.
    pub fn is_break(&self) -> bool {
        match self {
            Self::Changed { .. }
            | Self::Missing { .. }
            | Self::NewestMissing { .. }
            | Self::Unreadable { .. } => true,
            Self::NotInLedger
            | Self::Shortened { .. }
            | Self::BeganAgain { .. }
            | Self::Unconfirmed { .. } => false,
        }
    }
}

/// A record as it was found.
#[derive(Clone, Debug)]
pub struct FoundRecord {
    /// The run that its name gives.
    pub run: RunId,
    /// The digest of its file.
    pub digest: String,
    /// The record, or the reason why it cannot be read.
    pub record: Result<RunRecord, String>,
}

impl FoundRecord {
    fn link(&self) -> HistoryHead {
        HistoryHead { run: self.run, digest: self.digest.clone() }
    }
}

/// The history of a workspace, checked.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The runs of all records, newest first.
    pub runs: Vec<RunId>,
    /// The readable records, newest first.
    pub records: Vec<RunRecord>,
    /// The remarks on the chain.
    pub remarks: Vec<ChainRemark>,
}

impl History {
    /// Checks the records of a folder against the ledger's newest one.
    ///
    /// Records of other workspaces in the folder are left out.
    pub fn check(workspace: &str, head: Option<&HistoryHead>, found: Vec<FoundRecord>) -> Self {
        let mut remarks = Vec::new();
        let all: BTreeMap<RunId, FoundRecord> = found.into_iter().map(|one| (one.run, one)).collect();
        let is_own = |one: &FoundRecord| one.record.as_ref().map_or(true, |r| r.workspace == workspace);
        let newest = |before: Option<RunId>, chain: &BTreeSet<RunId>| {
            let older = all.values().rev().filter(|one| before.is_none_or(|before| one.run < before));
            older.filter(|one| !chain.contains(&one.run)).find(|one| is_own(one)).map(FoundRecord::link)
        };
        let mut chain = BTreeSet::new();
        let mut next = head.cloned();
        if next.is_none() {
            next = newest(None, &chain);
            remarks.extend(next.is_some().then_some(ChainRemark::NotInLedger));
        }
        let mut oldest = None;
        while let Some(HistoryHead { run, digest }) = next {
            let Some(one) = all.get(&run).filter(|_| !chain.contains(&run)) else {
                next = newest(Some(run), &chain);
                remarks.push(match (oldest, &next) {
                    (None, _) => ChainRemark::NewestMissing { run },
                    (Some(_), Some(_)) => ChainRemark::Missing { run },
                    (Some(from), None) => ChainRemark::Shortened { from },
                });
                continue;
            };
            chain.insert(run);
            oldest = Some(run);
            if one.digest != digest {
                remarks.push(ChainRemark::Changed { run });
            }
            next = match &one.record {
                Ok(record) => record.before(),
                Err(why) => {
                    remarks.push(ChainRemark::Unreadable { run, why: why.clone() });
                    newest(Some(run), &chain)
                }
            };
        }
        let beside = |one: &&FoundRecord| !chain.contains(&one.run) && is_own(one);
        let mut began_again = None;
        for one in all.values().filter(beside) {
            match oldest.filter(|oldest| one.run < *oldest) {
                Some(oldest) => began_again = Some(ChainRemark::BeganAgain { from: oldest }),
                None => remarks.push(ChainRemark::Unconfirmed { run: one.run }),
            }
        }
        remarks.extend(began_again);
        let runs: Vec<RunId> = all
            .values()
            .rev()
            .filter(|one| chain.contains(&one.run) || is_own(one))
            .map(|one| one.run)
            .collect();
        let mut all = all;
        let records = runs.iter().filter_map(|run| all.remove(run)?.record.ok()).collect();
        Self { runs, records, remarks }
    }

    /// Returns true if nothing that a run wrote was changed or removed in the middle or at the end.
    pub fn is_sound(&self) -> bool {
        !self.remarks.iter().any(ChainRemark::is_break)
    }
}
