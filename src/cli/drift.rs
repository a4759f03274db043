//! `rosterctl drift`: like plan, for a schedule; tells which side moved. Changes nothing anywhere.

use std::path::Path;
use std::sync::Arc;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::plan_args::PlanArgs;
use super::report_output::{Output, PendingJson};
use super::session::load::{Elsewhere, Loaded};
use super::session::neighbours::Neighbours;
use super::session::{load, planning};
use super::workspace_args::Workspaces;
use crate::model::plan::Plan;
use crate::model::rule::Effect;
use crate::report::{BoundPlan, Command};
use crate::storage::ledger::Store;

/// Say what differs from the manifests and which side moved; exit with 2 when anything does.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
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
    let mine: Vec<&Path> = arguments.workspaces.mine().collect();
    let several = arguments.workspaces.several();
    let reporter = arguments.output.begin(Command::Drift, several, &mine, console)?;
    let workspaces = &arguments.workspaces;
    let neighbours = several.then(|| Arc::new(Neighbours::load(workspaces.all())));
    for (at, path) in workspaces.all().enumerate().filter(|(at, _)| workspaces.is_mine(*at)) {
        let elsewhere = neighbours.as_ref().map(|all| all.elsewhere(at));
        match one(path, elsewhere, console).await {
            Ok((plan, seconds, last_clean_run)) => {
                reporter.planned(path, code(&plan), plan, Some(seconds), last_clean_run);
            }
            Err(fail) => reporter.fail(path, &fail),
        }
    }
    Ok(reporter.finish())
}

/// Returns the exit code of a plan. Limits and protection concern apply only: here their findings are differences
/// like others.
fn code(plan: &Plan) -> Exit {
    if plan.has(Effect::Incomplete) {
        Exit::Unreachable
    } else if plan.has(Effect::Invalid) {
        Exit::Error
    } else if plan.differs() {
        Exit::Differs
    } else {
        Exit::Success
    }
}

/// Returns the plan, its seconds as of now, and the last clean run's time.
async fn one(
    path: &Path,
    elsewhere: Option<Elsewhere>,
    console: &Console,
) -> Result<(BoundPlan, u64, Option<String>), CliError> {
    let loaded = Loaded { elsewhere, ..load::load(path)? };
    if let Some(why) = loaded.journal().corruption() {
        console.note(&why);
    }
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let made = planning::make(&loaded, &store, &PlanArgs::everything()).await?;
    planning::report_invalid(&made.plan, &loaded, console);
    let seconds = planning::seconds(&loaded, &made.plan, &made.vendors);
    let plan = BoundPlan::new(made.plan, loaded.workspace.supports()).into_drift();
    Ok((plan, seconds, made.ledger.last_clean_run))
}
