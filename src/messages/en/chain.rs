//! Sentences about the chain of a history.

use crate::model::chain::ChainRemark;

/// Writes a remark on the chain.
pub fn chain_remark(remark: &ChainRemark) -> String {
    use ChainRemark as R;
    match remark {
        R::Changed { run } => {
            format!(
                "the record {run} was changed: its digest is not the one that the next record or the ledger holds"
            )
        }
        R::Missing { run } => format!("the record {run} is missing, and older ones are there"),
        R::NewestMissing { run } => {
            format!("the newest record {run} is missing: the ledger holds its digest")
        }
        R::Unreadable { run, why } => format!("the record {run} cannot be read: {why}"),
        R::NotInLedger => "the ledger names no record, so the newest one cannot be checked".to_owned(),
        R::Shortened { from } => format!("the chain holds from {from}: the records before it were removed"),
        R::BeganAgain { from } => {
            format!("the chain holds from {from}: the ledger was lost or replaced before it")
        }
        R::Unconfirmed { run } => format!(
            "the ledger does not confirm the record {run}: the run ended before the ledger was written, or lost its lock"
        ),
    }
}
