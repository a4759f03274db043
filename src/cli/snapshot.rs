//! `rosterctl snapshot`: live state to a file, and `plan --live`, which plans from it.

use std::fs;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output_guard;
use super::plan::{Fingerprints, PlanArgs, PlanningInput, plan_of, read};
use super::session::load;
use super::session::load::Loaded;
use crate::config::workspace::Workspace;
use crate::model::id::{Kind, safe};
use crate::model::ledger::Ledger;
use crate::model::live::{Live, Seats};
use crate::model::plan::Plan;
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
    /// Where to save it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let loaded = load::bare(&arguments.workspace)?;
    output_guard::check(&arguments.workspace, "--out", &arguments.out)?;
    paths::unlinked(&arguments.out).map_err(|error| unsaved(&arguments.out, &error))?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let PlanningInput { live, ledger, .. } = read(&loaded, &store).await?;
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
    for (what, doubt) in doubts(&snapshot.live) {
        console.error(&format!(
            "the listing of {what} could not be proved complete ({doubt}); a plan from this snapshot neither \
             creates nor deletes {what}: take it again when nobody edits them"
        ));
        exit = Exit::Unreachable;
    }
    Ok(exit)
}

fn unsaved(out: &Path, error: &std::io::Error) -> CliError {
    CliError::error(format!("the snapshot cannot be saved to {}: {error}", out.display()))
}

/// What there is, in words.
fn held(live: &Live) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let agents = live.agents.as_ref().map(|listing| count(listing.items.len(), "agent"));
    let queues = live.queues.as_ref().map(|listing| count(listing.items.len(), "queue"));
    let held: Vec<String> = [agents, queues].into_iter().flatten().collect();
    if held.is_empty() { "nothing, since no connection holds any".to_owned() } else { held.join(", ") }
}

/// Listings that are not proved complete, and why.
pub(super) fn doubts(live: &Live) -> Vec<(&'static str, &str)> {
    let agents = live.agents.as_ref().and_then(|listing| listing.incomplete.as_deref());
    let queues = live.queues.as_ref().and_then(|listing| listing.incomplete.as_deref());
    [("agents", agents), ("queues", queues)].into_iter().filter_map(|(k, doubt)| Some((k, doubt?))).collect()
}

/// Plans from a snapshot: opens no connection and reads no secret.
pub(super) async fn plan(
    loaded: &Loaded,
    snapshot: Snapshot,
    file: &Path,
    narrowing: &PlanArgs,
    console: &Console,
) -> Result<Plan, CliError> {
    let mut snapshot = fit(&loaded.workspace, snapshot, file)?;
    let ledger = match snapshot.ledger {
        Some(ledger) => ledger,
        None => local_ledger(loaded).await?,
    };
    console.note(&format!(
        "planned from the snapshot of {} that was taken at {}; what changed since is not seen",
        safe(&snapshot.workspace),
        safe(&snapshot.taken)
    ));
    if loaded.workspace.ledger.secret("fingerprintKey").is_some() {
        console.note(
            "no secret is read for such a plan: passwords that were changed in their stores are not seen",
        );
    }
    if !loaded.desired.seats.is_empty() {
        snapshot.live.seats = Seats::Unread("a snapshot holds none".to_owned(), None);
    }
    let plan = plan_of(loaded, &snapshot.live, &ledger, Fingerprints::default(), narrowing);
    // See `plan::one`: there is one workspace, and the program ends soon.
    std::mem::forget(snapshot.live);
    plan
}

/// Reads a snapshot.
pub(super) fn open(file: &Path) -> Result<Snapshot, CliError> {
    let shown = file.display();
    let bytes = paths::unlinked(file)
        .and_then(|()| fs::read(file))
        .map_err(|error| CliError::error(format!("{shown} cannot be read: {error}")))?;
    snapshot::read(&bytes).map_err(|wrong| {
        CliError::error(format!(
            "{shown}:{}:{}: this is no snapshot that can be planned from: {} (take a new one with `rosterctl snapshot`)",
            wrong.line, wrong.column, wrong.message
        ))
    })
}

/// Makes sure that a snapshot belongs to a workspace.
fn fit(workspace: &Workspace, mut snapshot: Snapshot, file: &Path) -> Result<Snapshot, CliError> {
    let shown = file.display();
    if snapshot.workspace != workspace.name {
        return Err(CliError::error(format!(
            "{shown} is a snapshot of workspace `{}`, and this workspace is `{}`; take one of this workspace with \
             `rosterctl snapshot`",
            safe(&snapshot.workspace),
            workspace.name
        )));
    }
    let Live { agents, queues, seats: _ } = &mut snapshot.live;
    for (kind, there) in [(Kind::Agent, agents.is_some()), (Kind::Queue, queues.is_some())] {
        let connection = workspace.connections.iter().find(|c| c.spec.kinds.contains(&kind));
        match (connection, there) {
            // What is not there would look as if nobody asked for it.
            (Some(connection), false) => {
                return Err(CliError::error(format!(
                    "{shown} was taken without connection `{}` and says nothing of its {}s; take a new one with \
                     `rosterctl snapshot`",
                    connection.name,
                    kind.word()
                )));
            }
            // A plan that asks the vendors would not see it either.
            (None, true) if kind == Kind::Agent => *agents = None,
            (None, true) => *queues = None,
            (Some(_), true) | (None, false) => {}
        }
    }
    Ok(snapshot)
}

/// The ledger of a snapshot that tells none: the workspace's, where it is a file, and needs no credential.
async fn local_ledger(loaded: &Loaded) -> Result<Ledger, CliError> {
    match loaded.workspace.ledger.text("url") {
        Some(url) if !url.starts_with("file:") => Ok(Ledger::default()),
        _ => Ok(Store::open(&loaded.workspace, &loaded.place)?.load().await?),
    }
}
