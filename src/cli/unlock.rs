//! `rosterctl unlock`: frees a lock whose holder is gone, and reports the holder.

use std::path::PathBuf;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load;
use crate::model::language::localized;
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
    let language = console.language(workspace.language);
    let freed = store.unlock(arguments.force, &|said| console.note(said.text(language))).await?;
    let said = match freed {
        LockStatus::Nothing => localized!(
            "No run holds the lock: nothing to free.\n",
            "没有执行持有锁：不用释放。\n",
            "沒有執行持有鎖：不用釋放。\n"
        ),
        LockStatus::Holder(holding) => {
            let holder = holding.words();
            localized!(
                holder;
                "The lock was held by {holder}.\nIt is free now.\n",
                "锁原来的持有者：{holder}。\n现在已经释放。\n",
                "鎖原來的持有者：{holder}。\n現在已經釋放。\n"
            )
        }
        LockStatus::Unreadable => localized!(
            "The lock's place held no lock that this rosterctl can read, so it is unknown who held \
             it.\nIt is free now.\n",
            "放锁的位置上没有这个 rosterctl 认得的锁，不知道原来是谁的。\n现在已经释放。\n",
            "放鎖的位置上沒有這個 rosterctl 認得的鎖，不知道原來是誰的。\n現在已經釋放。\n"
        ),
    };
    console.out(said.text(language));
    Ok(Exit::Success)
}
