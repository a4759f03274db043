//! `rosterctl drift`: like plan, for a schedule; tells which side moved. Changes nothing anywhere.

use std::path::Path;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::plan_args::PlanArgs;
use super::report_output::{Outcome, Output, PendingJson};
use super::session::planning;
use super::side_by_side::{self, Task};
use super::workspace_args::Workspaces;
use crate::model::plan::Plan;
use crate::model::rule::Effect;
use crate::report::{Body, BoundPlan, Command};
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
        self.output.due(self.workspaces.mine(), self.workspaces.several(), Command::Drift)
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let mine: Vec<&Path> = arguments.workspaces.mine().collect();
    let several = arguments.workspaces.several();
    let reporter = arguments.output.begin(Command::Drift, several, &mine, console)?;
    Ok(side_by_side::run(&arguments.workspaces, reporter, console, one).await)
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

async fn one(task: Task) -> Result<Outcome, CliError> {
    let console = &task.console;
    let loaded = task.load(0)?;
    if let Some(why) = loaded.journal().corruption() {
        console.note(&why);
    }
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let made = planning::make(&loaded, &store, &PlanArgs::everything()).await?;
    planning::report_invalid(&made.plan, &loaded, console);
    let seconds = planning::seconds(&loaded, &made.plan, &made.vendors);
    let exit = code(&made.plan);
    let plan = BoundPlan::new(made.plan, loaded.workspace.supports()).into_drift();
    let body = Body::Planned(plan);
    Ok(Outcome { exit, body, seconds: Some(seconds), last_clean_run: made.ledger.last_clean_run })
}
