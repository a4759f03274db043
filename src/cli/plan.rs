//! `rosterctl plan`: the difference and the ordered steps. Changes nothing anywhere.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::plan_args::PlanArgs;
use super::report_output::{Outcome, Output, PendingJson};
use super::session::load::Loaded;
use super::session::planning::{self, Planned};
use super::session::{connections, fingerprints, git_exposure, other_ledger, scene, snapshot_plan};
use super::side_by_side::{self, Task};
use super::workspace_args::Workspaces;
use crate::apply::disruption;
use crate::messages::Message as _;
use crate::model::language::{localized, say};
use crate::model::note::Deferred;
use crate::model::plan::{FOR_ANOTHER_INSTANT, Plan, sign};
use crate::model::scene::Scene;
use crate::report::{Body, BoundPlan, Command, json};
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
    /// Read which of the agents that the plan would disrupt are at work, and say who would be left alone as of now.
    #[arg(long, conflicts_with = "live")]
    presence: bool,
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
        self.output.due(self.workspaces.mine(), self.workspaces.several(), Command::Plan)
    }
}

pub(super) async fn run(arguments: Arguments, console: &Console) -> Result<Exit, CliError> {
    let arguments = Arc::new(arguments);
    let several = arguments.workspaces.several();
    let mine: Vec<&Path> = arguments.workspaces.mine().collect();
    let reporter = arguments.output.begin(Command::Plan, several, &mine, console)?;
    if several && arguments.out.is_some() {
        return Err(CliError::Error(localized!(
            "--out saves the plan of one workspace; name one",
            "--out 只存一个工作区的计划；请只写一个",
            "--out 只存一個工作區的計畫；請只寫一個"
        )));
    }
    if several && arguments.live.is_some() {
        return Err(CliError::Error(localized!(
            "--live reads the snapshot of one workspace; name one",
            "--live 只读一个工作区的快照；请只写一个",
            "--live 只讀一個工作區的快照；請只寫一個"
        )));
    }
    if arguments.workspaces.at().is_some() && arguments.out.is_some() {
        return Err(CliError::Error(localized!(
            "--out saves a plan for now; a plan for another instant (--at) cannot be applied",
            "--out 存的是现在的计划；别的时刻（--at）的计划不能执行",
            "--out 存的是現在的計畫；別的時刻（--at）的計畫不能執行"
        )));
    }
    for (flag, path) in [("--out", &arguments.out), ("--live", &arguments.live)] {
        if let Some(path) = path {
            reporter.apart(flag, path)?;
        }
    }
    if let Some(out) = &arguments.out {
        reporter.spare("--out", out)?;
        paths::unlinked(out).map_err(|error| unsaved(out, &error))?;
    }
    let shared = Arc::clone(&arguments);
    let work = async move |task: Task| one(&shared, &task).await;
    Ok(side_by_side::run(&arguments.workspaces, reporter, console, work).await)
}

fn unsaved(out: &Path, error: &std::io::Error) -> CliError {
    let out = out.display();
    CliError::Error(localized!(
        "the plan cannot be saved to {out}: {error}",
        "计划存不到 {out}：{error}",
        "計畫無法存到 {out}：{error}"
    ))
}

async fn one(arguments: &Arguments, task: &Task) -> Result<Outcome, CliError> {
    let Task { console, .. } = task;
    // The snapshot is read in parallel with the manifests, whose errors are reported first.
    let (loaded, snapshot) = thread::scope(|scope| {
        let snapshot = arguments.live.as_deref().map(|file| scope.spawn(|| snapshot_plan::open(file)));
        let loaded = task.load(usize::from(snapshot.is_some()));
        let snapshot = snapshot.map(|read| read.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (loaded, snapshot)
    });
    let loaded = loaded?;
    let conflicts = task.conflicts();
    if !conflicts.is_empty() {
        return Err(CliError::Input(conflicts, loaded.sources));
    }
    let language = console.language(loaded.workspace.language);
    // The program ends soon and frees all memory at once. To free each value takes a tenth of the run.
    let several = task.is_of_several();
    let (plan, scene) = if let (Some(file), Some(snapshot)) = (&arguments.live, snapshot) {
        snapshot_plan::make(&loaded, snapshot?, file, &arguments.narrowing, console).await?
    } else {
        if let Some(why) = loaded.journal().corruption() {
            console.note(&why.say(language));
        }
        git_exposure::warn(&loaded, console);
        let store = Store::open(&loaded.workspace, &loaded.place)?;
        let made = planning::make(&loaded, &store, &arguments.narrowing).await?;
        other_ledger::warn(&loaded, &store, &made.ledger, console);
        let Planned { mut plan, live, vendors, .. } = made;
        if let Some(key) = fingerprints::key(&loaded).await?.filter(|_| arguments.workspaces.at().is_none()) {
            plan.digests.plan = plan.digest();
            plan.digests.signature = Some(sign(&plan.digests.plan, &key));
        }
        let seconds = Some(planning::seconds(&loaded, &plan, &vendors));
        let at_work = if arguments.presence { Some(at_work(&loaded, &plan, console).await) } else { None };
        let scene = Scene { seconds, at_work, ..scene::now(&loaded, &plan, &live, console) };
        if !several {
            std::mem::forget(live);
        }
        (plan, scene)
    };
    planning::report_invalid(&plan, &loaded, console);
    let mut plan = plan;
    if loaded.dates.is_some() && arguments.workspaces.at().is_some() {
        FOR_ANOTHER_INSTANT.clone_into(&mut plan.digests.plan);
    }
    if let Some(out) = &arguments.out {
        let saved = files::Output::create(out).and_then(|mut file| {
            json::plan(&plan, &mut file)?;
            file.finish()
        });
        saved.map_err(|error| unsaved(out, &error))?;
        let out = out.display();
        console.note(&say!(language, "saved the plan to {out}", "计划已保存到 {out}", "計畫已儲存到 {out}"));
    }
    if !several {
        std::mem::forget(loaded.desired);
    }
    let exit = Exit::for_plan(&plan, arguments.detailed_exitcode);
    let plan = BoundPlan::new(plan, loaded.workspace.supports());
    Ok(Outcome { exit, body: Body::Planned(plan), scene, last_clean_run: None })
}

/// Returns the agents at work that an apply would leave alone as of now.
async fn at_work(loaded: &Loaded, plan: &Plan, console: &Console) -> Vec<Deferred> {
    let guard = &loaded.workspace.policy.presence;
    let agents = disruption::guarded_agents(plan, guard);
    let observers = connections::guards(loaded, plan, guard).await;
    if observers.is_empty() && !agents.is_empty() {
        let language = console.language(loaded.workspace.language);
        let text = language.choose(
            "no connection tells a state that `policy.presence.protect` names: no agent is guarded",
            "没有连接返回 `policy.presence.protect` 写的状态：一个坐席也没有保护",
            "沒有連線傳回 `policy.presence.protect` 寫的狀態：一位客服人員也沒有保護",
        );
        console.warning(text, language);
    }
    if observers.is_empty() {
        return Vec::new();
    }
    let presence = observers.presence(Some(&agents)).await;
    disruption::left_alone(plan, guard, &presence)
}
