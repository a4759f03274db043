//! `rosterctl plan`: the difference and the ordered steps. Changes nothing anywhere.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::plan_args::PlanArgs;
use super::report_output::{Output, PendingJson};
use super::session::neighbours::Neighbours;
use super::session::planning::{self, Planned};
use super::session::{fingerprints, git_exposure, load, snapshot_plan};
use super::workspace_args::Workspaces;
use crate::model::digest;
use crate::report::{BoundPlan, Command, json};
use crate::storage::files;
use crate::storage::ledger::Store;
use crate::storage::paths;

/// Show the difference to the live systems and the steps that remove it; change nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
    /// Save the plan, for `apply --plan`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Plan against what `rosterctl snapshot` saved; needs no credential and opens no connection.
    #[arg(long, value_name = "FILE")]
    live: Option<PathBuf>,
    /// Exit with 2 when there are differences.
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    narrowing: PlanArgs,
    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(self.workspaces.mine(), self.workspaces.several())
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let several = arguments.workspaces.several();
    if several && arguments.out.is_some() {
        return Err(CliError::error("--out saves the plan of one workspace; name one"));
    }
    if several && arguments.live.is_some() {
        return Err(CliError::error("--live reads the snapshot of one workspace; name one"));
    }
    let mine: Vec<&Path> = arguments.workspaces.mine().collect();
    let reporter = arguments.output.begin(Command::Plan, several, &mine, console)?;
    for (flag, path) in [("--out", &arguments.out), ("--live", &arguments.live)] {
        if let Some(path) = path {
            reporter.apart(flag, path)?;
        }
    }
    if let Some(out) = &arguments.out {
        reporter.spare("--out", out)?;
        paths::unlinked(out).map_err(|error| unsaved(out, &error))?;
    }
    let workspaces = &arguments.workspaces;
    let neighbours = several.then(|| Arc::new(Neighbours::load(workspaces.all())));
    for (at, path) in workspaces.all().enumerate().filter(|(at, _)| workspaces.is_mine(*at)) {
        match one(arguments, path, neighbours.as_ref().map(|all| (all, at)), console).await {
            Ok((plan, seconds)) => {
                let exit = Exit::for_plan(&plan, arguments.detailed_exitcode);
                reporter.planned(path, exit, plan, seconds, None);
            }
            Err(fail) => reporter.fail(path, &fail),
        }
    }
    Ok(reporter.finish())
}

fn unsaved(out: &Path, error: &std::io::Error) -> CliError {
    CliError::error(format!("the plan cannot be saved to {}: {error}", out.display()))
}

/// Returns the plan, and its seconds as of now if the rate windows are known.
async fn one(
    arguments: &Arguments,
    path: &Path,
    neighbours: Option<(&Arc<Neighbours>, usize)>,
    console: &Console,
) -> Result<(BoundPlan, Option<u64>), CliError> {
    // The snapshot is read in parallel with the manifests, whose errors are reported first.
    let (loaded, snapshot) = thread::scope(|scope| {
        let snapshot = arguments.live.as_deref().map(|file| scope.spawn(|| snapshot_plan::open(file)));
        let loaded = load::load_beside(path, usize::from(snapshot.is_some()));
        let snapshot = snapshot.map(|read| read.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (loaded, snapshot)
    });
    let mut loaded = loaded?;
    if let Some((all, at)) = neighbours {
        let conflicts = all.conflicts(at);
        if !conflicts.is_empty() {
            return Err(CliError::Input(conflicts, loaded.sources));
        }
        loaded.elsewhere = Some(all.elsewhere(at));
    }
    // The program ends soon and frees all memory at once. To free each value takes a tenth of the run.
    let several = arguments.workspaces.several();
    let (plan, seconds) = if let (Some(file), Some(snapshot)) = (&arguments.live, snapshot) {
        (snapshot_plan::make(&loaded, snapshot?, file, &arguments.narrowing, console).await?, None)
    } else {
        if let Some(why) = loaded.journal().corruption() {
            console.note(&why);
        }
        git_exposure::warn(&loaded, console);
        let store = Store::open(&loaded.workspace, &loaded.place)?;
        let made = planning::make(&loaded, &store, &arguments.narrowing).await?;
        let Planned { mut plan, live, vendors, .. } = made;
        if let Some(key) = fingerprints::key(&loaded).await? {
            plan.digests.signature = Some(digest::signature(&plan.digests.plan, &key));
        }
        if !several {
            std::mem::forget(live);
        }
        let seconds = planning::seconds(&loaded, &plan, &vendors);
        (plan, Some(seconds))
    };
    planning::report_invalid(&plan, &loaded, console);
    if let Some(out) = &arguments.out {
        let saved = files::Output::create(out).and_then(|mut file| {
            json::plan(&plan, &mut file)?;
            file.finish()
        });
        saved.map_err(|error| unsaved(out, &error))?;
        console.note(&format!("saved the plan to {}", out.display()));
    }
    if !several {
        std::mem::forget(loaded.desired);
    }
    Ok((BoundPlan::new(plan, loaded.workspace.supports()), seconds))
}
