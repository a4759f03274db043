//! `rosterctl drift`: like plan, for a schedule; tells which side moved. Changes nothing anywhere.

use std::path::Path;
use std::sync::Arc;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::plan_args::PlanArgs;
use super::report_output::{Outcome, Output, PendingJson};
use super::session::load::Loaded;
use super::session::planning::{self, Planned};
use super::session::{manifest_edits, scene};
use super::side_by_side::{self, Task};
use super::workspace_args::Workspaces;
use crate::messages::Message as _;
use crate::model::language::say;
use crate::model::plan::Plan;
use crate::model::rule::Effect;
use crate::model::scene::Scene;
use crate::report::{Body, BoundPlan, Command};
use crate::storage::files;
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
    let patch: Option<Arc<Path>> = arguments.output.patch().map(Arc::from);
    let work = async move |task: Task| one(task, patch.as_deref()).await;
    Ok(side_by_side::run(&arguments.workspaces, reporter, console, work).await)
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

async fn one(task: Task, patch: Option<&Path>) -> Result<Outcome, CliError> {
    let console = &task.console;
    let loaded = task.load(0)?;
    if let Some(why) = loaded.journal().corruption() {
        console.note(&why.say(console.language(loaded.workspace.language)));
    }
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let made = planning::make(&loaded, &store, &PlanArgs::everything()).await?;
    planning::report_invalid(&made.plan, &loaded, console);
    let seconds = Some(planning::seconds(&loaded, &made.plan, &made.vendors));
    let scene = Scene { seconds, ..scene::now(&loaded, &made.plan, &made.live, console) };
    let exit = code(&made.plan);
    if let Some(path) = patch {
        write_patch(path, &loaded, &made, console)?;
    }
    let plan = BoundPlan::new(made.plan, loaded.workspace.supports()).into_drift();
    let body = Body::Planned(plan);
    Ok(Outcome { exit, body, scene, last_clean_run: made.ledger.last_clean_run })
}

/// Writes what the console changed as a patch of the manifests; an empty file if nothing can be taken over.
fn write_patch(path: &Path, loaded: &Loaded, made: &Planned, console: &Console) -> Result<(), CliError> {
    let language = console.language(loaded.workspace.language);
    if made.plan.has(Effect::Incomplete) {
        console.note(language.choose(
            "no patch was written: what is live is not known as a whole",
            "没有写补丁：线上的数据不完整",
            "沒有寫修補檔：線上的資料不完整",
        ));
        return Ok(());
    }
    let adoption = manifest_edits::adoption(loaded, made, &[], false);
    let edited = manifest_edits::edit(loaded, &adoption.edits, None, language)?;
    files::put(path, edited.patch().as_bytes()).map_err(|error| CliError::unwritable(path, &error))?;
    for left in adoption.left.iter().chain(&edited.left) {
        let left = left.say(language);
        console.note(&say!(
            language,
            "not in the patch: {left}",
            "不在补丁里：{left}",
            "不在修補檔裡：{left}"
        ));
    }
    Ok(())
}
