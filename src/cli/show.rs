//! `rosterctl show`: renders a saved document or a run of the history again. No network, no secret read.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::{Output, PendingJson, shown_part};
use super::session::load::registry;
use super::session::{load, snapshot_plan};
use crate::model::history::{self, RunId, RunRecord};
use crate::model::id::safe;
use crate::model::language::{Language, localized};
use crate::model::plan::{self, Plan};
use crate::model::scene::Scene;
use crate::model::support::Supports;
use crate::report::result;
use crate::report::saved_result::SavedResult;
use crate::report::snapshot::view;
use crate::report::{Body, BoundPlan, Command, DRIFT, Part, Roots};
use crate::storage::ledger::Store;
use crate::storage::paths;
use crate::storage::snapshot;

/// Largest document, in bytes.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// Render a saved plan, a result, a drift, a snapshot or a run of the history again. No network, no secret read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A file that `plan --out`, `snapshot --out` or --format json wrote, or a run that `rosterctl history` lists. A
    /// file that exists goes first.
    #[arg(value_name = "FILE|RUN")]
    what: String,
    /// A folder that holds rosterctl.yaml, or that file. A file can be shown without one.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due([self.workspace.as_path()], false, Command::Plan)
    }
}

/// A document to render.
struct Shown {
    command: Command,
    part: Part,
    /// The folders that the run showed paths from.
    roots: Option<Roots>,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let path = Path::new(&arguments.what);
    let shown =
        if path.is_file() { file(arguments, path, console)? } else { recorded(arguments, console).await? };
    if shown.command == Command::Snapshot && arguments.output.has_json() {
        if !arguments.output.is_json() {
            return Err(CliError::Error(localized!(
                "a snapshot as JSON is the file itself; write the other formats alone",
                "快照的 JSON 就是文件本身；请只写其他格式",
                "快照的 JSON 就是檔案本身；請只寫其他格式"
            )));
        }
        let bytes = read(path)?;
        console.write(|out| out.write_all(&bytes));
        return Ok(Exit::Success);
    }
    let place = &*arguments.workspace;
    let mut reporter = arguments.output.begin(shown.command, false, &[place], console)?;
    if path.is_file() {
        reporter.apart("show", path)?;
    }
    reporter.again(shown.part, shown.roots);
    Ok(reporter.finish())
}

/// Reads a document from a file.
fn file(arguments: &Arguments, path: &Path, console: &Console) -> Result<Shown, CliError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    let name = path.display();
    let bytes = read(path)?;
    let unknown = |why: String| {
        CliError::Error(localized!(
            "{name} is no document that can be shown: {why}; name a plan, a result, a drift, a snapshot or a record",
            "{name} 不是能显示的文件（{why}）；请指定计划、执行结果、巡检、快照或记录",
            "{name} 不是能顯示的檔案（{why}）；請指定計畫、執行結果、巡檢、快照或紀錄"
        ))
    };
    let head: Head = serde_json::from_slice(&bytes).map_err(|error| unknown(error.to_string()))?;
    let supports = supports(&arguments.workspace)?;
    let place = &arguments.workspace;
    let planned = |command, plan: Plan| {
        let body = Body::Planned(BoundPlan::new(plan, supports));
        Shown { command, part: shown_part(place, console, body), roots: None }
    };
    Ok(match head.format.as_str() {
        plan::FORMAT => planned(Command::Plan, parse(&bytes).map_err(unknown)?),
        DRIFT => planned(Command::Drift, parse(&bytes).map_err(unknown)?),
        result::FORMAT => {
            let (plan, run) = parse::<SavedResult>(&bytes).map_err(unknown)?.into_run();
            let body = Body::Ran(BoundPlan::new(plan, supports), run);
            Shown { command: Command::Apply, part: shown_part(place, console, body), roots: None }
        }
        history::FORMAT => {
            let language = load::workspace(place).ok().and_then(|(_, workspace)| workspace.language);
            record(parse(&bytes).map_err(unknown)?, supports, &arguments.what, console, language)?
        }
        snapshot::FORMAT => {
            let snapshot = snapshot_plan::open(path)?;
            let plan = view(snapshot::FORMAT, &snapshot.workspace, &snapshot.taken, &snapshot.live);
            planned(Command::Snapshot, plan)
        }
        format => return Err(unknown(format!("its `format` is `{}`", safe(format)))),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let opened = paths::unlinked(path).and_then(|()| paths::open(path));
    let bytes = opened.and_then(|file| paths::read(file, LARGEST));
    bytes.map_err(|error| CliError::unreadable(path, &error))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Returns what the vendors can do: those of the workspace, or all known ones without a workspace here.
fn supports(workspace: &Path) -> Result<Supports, CliError> {
    match load::workspace(workspace) {
        Ok((_, workspace)) => Ok(workspace.supports()),
        Err(_) if workspace == Path::new(".") => {
            Ok(Supports::new(registry().specs().into_iter().flat_map(|spec| spec.supports.iter().copied())))
        }
        Err(fail) => Err(fail),
    }
}

/// Reads a run of the history.
async fn recorded(arguments: &Arguments, console: &Console) -> Result<Shown, CliError> {
    let what = &arguments.what;
    let Ok(run) = what.parse::<RunId>() else {
        return Err(CliError::Error(localized!(
            "there is no file {what}, and a run is named like 20261201T093000125Z; `rosterctl history` lists the runs",
            "没有文件 {what}，而一次执行的名称形如 20261201T093000125Z；`rosterctl history` 列出所有执行",
            "沒有檔案 {what}，而一次執行的名稱形如 20261201T093000125Z；`rosterctl history` 列出所有執行"
        )));
    };
    let (place, workspace) = load::workspace(&arguments.workspace)?;
    let store = Store::open(&workspace, &place)?;
    let Some(found) = store.record(run).await? else {
        let workspace = &workspace.name;
        return Err(CliError::Error(localized!(
            "the history of {workspace} holds no run {run}; `rosterctl history` lists the runs",
            "{workspace} 的历史里没有执行 {run}；`rosterctl history` 列出所有执行",
            "{workspace} 的歷史裡沒有執行 {run}；`rosterctl history` 列出所有執行"
        )));
    };
    let unreadable = |why: String| {
        CliError::Error(localized!(
            "the record of {run} cannot be read: {why}",
            "{run} 的记录读不了：{why}",
            "{run} 的紀錄無法讀取：{why}"
        ))
    };
    record(found.record.map_err(unreadable)?, workspace.supports(), what, console, workspace.language)
}

/// Returns the report of a run.
fn record(
    record: RunRecord,
    supports: Supports,
    name: &str,
    console: &Console,
    workspace: Option<Language>,
) -> Result<Shown, CliError> {
    let Some(report) = record.report else {
        return Err(CliError::Error(localized!(
            "{name} holds no content of reports",
            "{name} 里没有报告的内容",
            "{name} 裡沒有報告的內容"
        )));
    };
    let part = Part {
        place: report.place,
        file: report.file,
        exit: record.exit.unwrap_or(Exit::Partial as u8),
        last_clean_run: None,
        scene: Scene { language: console.language(workspace), ..report.scene },
        masked: false,
        body: Body::Ran(BoundPlan::new(report.plan, supports), report.run),
    };
    let roots = Roots { current: report.current, repositories: report.repositories };
    Ok(Shown { command: Command::Apply, part, roots: Some(roots) })
}
