//! `plan --live`: the plan from a saved snapshot, without a credential and without a connection.

use std::fs;
use std::path::Path;

use super::fingerprints::Fingerprints;
use super::load::Loaded;
use super::{planning, scene};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::plan_args::PlanArgs;
use crate::config::workspace::Workspace;
use crate::model::id::{Kind, safe};
use crate::model::language::{localized, say};
use crate::model::ledger::Ledger;
use crate::model::live::{Live, Seats};
use crate::model::plan::Plan;
use crate::model::scene::Scene;
use crate::storage::ledger::{Store, check_tenant};
use crate::storage::paths;
use crate::storage::snapshot;
use crate::storage::snapshot::{Snapshot, SnapshotError};

/// Plans from a snapshot: opens no connection and reads no secret.
pub(crate) async fn make(
    loaded: &Loaded,
    snapshot: Snapshot,
    file: &Path,
    narrowing: &PlanArgs,
    console: &Console,
) -> Result<(Plan, Scene), CliError> {
    let mut snapshot = fit(&loaded.workspace, snapshot, file)?;
    let ledger = match snapshot.ledger {
        Some(ledger) => {
            check_tenant(&loaded.workspace, &ledger, &file.display().to_string())?;
            ledger
        }
        None => local_ledger(loaded).await?,
    };
    let language = console.language(loaded.workspace.language);
    let (name, taken) = (safe(&snapshot.workspace), safe(&snapshot.taken));
    console.note(&say!(
        language,
        "planned from the snapshot of {name} that was taken at {taken}; what changed since is not seen",
        "按 {name} 在 {taken} 的快照生成计划；看不到之后的变动",
        "依 {name} 在 {taken} 的快照產生計畫；看不到之後的變動"
    ));
    if loaded.workspace.ledger.secret("fingerprintKey").is_some() {
        console.note(language.choose(
            "no secret is read for such a plan: passwords that were changed in their stores are not seen",
            "这样的计划不读取密钥：看不到密钥库里改过的密码",
            "這樣的計畫不讀取密鑰：看不到密鑰庫裡改過的密碼",
        ));
    }
    if !loaded.desired.seats.is_empty() {
        snapshot.live.seats =
            Seats::Unread(localized!("a snapshot holds none", "快照里没有", "快照裡沒有"), None);
    }
    let plan = planning::build(loaded, &snapshot.live, &ledger, Fingerprints::default(), narrowing)?;
    let read_at = Some(snapshot.taken.to_string());
    let scene = Scene { read_at, ..scene::of(loaded, &plan, &snapshot.live, console) };
    // See `one` in `cli/plan.rs`: there is one workspace, and the program ends soon.
    std::mem::forget(snapshot.live);
    Ok((plan, scene))
}

/// Reads a snapshot.
pub(crate) fn open(file: &Path) -> Result<Snapshot, CliError> {
    let shown = file.display();
    let bytes = paths::unlinked(file)
        .and_then(|()| fs::read(file))
        .map_err(|error| CliError::unreadable(file, &error))?;
    snapshot::read(&bytes).map_err(|wrong| {
        let SnapshotError { line, column, message } = wrong;
        CliError::Error(localized!(
            "{shown}:{line}:{column}: this is no snapshot that can be planned from: {message} (take a new one with \
             `rosterctl snapshot`)",
            "{shown}:{line}:{column}：这不是能用来计划的快照（{message}）；请用 `rosterctl snapshot` 重新拍一份",
            "{shown}:{line}:{column}：這不是能用來計畫的快照（{message}）；請用 `rosterctl snapshot` 重新拍一份"
        ))
    })
}

/// Checks that a snapshot belongs to a workspace.
fn fit(workspace: &Workspace, mut snapshot: Snapshot, file: &Path) -> Result<Snapshot, CliError> {
    let shown = file.display();
    if snapshot.workspace != workspace.name {
        let (other, name) = (safe(&snapshot.workspace), &workspace.name);
        return Err(CliError::Error(localized!(
            "{shown} is a snapshot of workspace `{other}`, and this workspace is `{name}`; take one of this workspace \
             with `rosterctl snapshot`",
            "{shown} 是工作区 `{other}` 的快照，这个工作区叫 `{name}`；请用 `rosterctl snapshot` 拍这个工作区的",
            "{shown} 是工作區 `{other}` 的快照，這個工作區叫 `{name}`；請用 `rosterctl snapshot` 拍這個工作區的"
        )));
    }
    workspace.scope.narrow(&mut snapshot.live);
    let Live { agents, queues, seats: _ } = &mut snapshot.live;
    for (kind, there) in [(Kind::Agent, agents.is_some()), (Kind::Queue, queues.is_some())] {
        let connection = workspace.connection_of_kind(kind);
        match (connection, there) {
            // Missing resources would look like removed ones.
            (Some(connection), false) => {
                let (name, word) = (&connection.name, kind.word());
                return Err(CliError::Error(localized!(
                    "{shown} was taken without connection `{name}` and says nothing of its {word}s; take a new one with \
                     `rosterctl snapshot`",
                    "{shown} 拍的时候没有连接 `{name}`，里面没有它的资源（{word}）；请用 `rosterctl snapshot` 重新拍一份",
                    "{shown} 拍的時候沒有連線 `{name}`，裡面沒有它的資源（{word}）；請用 `rosterctl snapshot` 重新拍一份"
                )));
            }
            // A plan from the vendors would not see them either.
            (None, true) if kind == Kind::Agent => *agents = None,
            (None, true) => *queues = None,
            (Some(_), true) | (None, false) => {}
        }
    }
    Ok(snapshot)
}

/// Returns the ledger for a snapshot without one: the workspace's, if it is a file. A file needs no credential.
async fn local_ledger(loaded: &Loaded) -> Result<Ledger, CliError> {
    match loaded.workspace.ledger.text("url") {
        Some(url) if !url.starts_with("file:") => Ok(Ledger::default()),
        _ => Ok(Store::open(&loaded.workspace, &loaded.place)?.load().await?),
    }
}
