//! `rosterctl snapshot`: live state to a file, for `plan --live`.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output_guard;
use super::session::load;
use super::session::planning::{self, PlanningInput};
use crate::model::live::Live;
use crate::runtime::clock;
use crate::storage::files;
use crate::storage::ledger::Store;
use crate::storage::paths;
use crate::storage::snapshot;
use crate::storage::snapshot::Snapshot;

/// Save what is live to a file without secrets, for `plan --live` where no credential may go.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let loaded = load::bare(&arguments.workspace)?;
    output_guard::check(&arguments.workspace, "--out", &arguments.out)?;
    paths::unlinked(&arguments.out).map_err(|error| unsaved(&arguments.out, &error))?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let PlanningInput { live, ledger, .. } = planning::read(&loaded, &store).await?;
    let snapshot = Snapshot {
        program: env!("CARGO_PKG_VERSION").into(),
        workspace: loaded.workspace.name.clone(),
        taken: clock::timestamp().into(),
        live,
        ledger: Some(ledger),
    };
    let out = arguments.out.display();
    files::put(&arguments.out, snapshot::write(&snapshot).as_bytes())
        .map_err(|error| unsaved(&arguments.out, &error))?;
    console.note(&format!("saved what is live to {out}: {}", held(&snapshot.live)));
    let mut exit = Exit::Success;
    for (what, doubt) in snapshot.live.doubts() {
        console.error(&format!(
            "the listing of {what} could not be proved complete ({doubt}); a plan from this snapshot neither \
             creates nor deletes {what}: take it again while they are not edited"
        ));
        exit = Exit::Unreachable;
    }
    Ok(exit)
}

fn unsaved(out: &Path, error: &std::io::Error) -> CliError {
    CliError::error(format!("the snapshot cannot be saved to {}: {error}", out.display()))
}

/// Describes the number of resources.
fn held(live: &Live) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let agents = live.agents.as_ref().map(|listing| count(listing.items.len(), "agent"));
    let queues = live.queues.as_ref().map(|listing| count(listing.items.len(), "queue"));
    let held: Vec<String> = [agents, queues].into_iter().flatten().collect();
    if held.is_empty() { "nothing, since no connection holds any".to_owned() } else { held.join(", ") }
}
