//! `rosterctl unlock`: frees a lock whose holder is gone, and reports the holder.

use std::path::PathBuf;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load;
use crate::storage::ledger::{LockStatus, Store};

/// Free a lock whose holder is gone, after saying who held it.
///
/// Without --force only a lock is freed whose holder is known to have ended, or whose lease is over.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Free the lock of an apply that may still run. It notices, finishes the calls in flight and starts no further
    /// step.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(&arguments.workspace)?;
    let store = Store::open(&workspace, &place)?;
    console.out(&match store.unlock(arguments.force, &|said| console.note(said)).await? {
        LockStatus::Nothing => "No run holds the lock: nothing to free.\n".to_owned(),
        LockStatus::Holder(holding) => {
            format!("The lock was held by {}.\nIt is free now.\n", holding.words())
        }
        LockStatus::Unreadable => {
            "The lock's place held no lock that this rosterctl can read, so it is unknown who held \
             it.\nIt is free now.\n"
                .to_owned()
        }
    });
    Ok(Exit::Success)
}
