//! `rosterctl ledger`: shows the ledger, forgets a resource, follows a rename or a move, or copies the ledger.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::console::Console;
use super::error::{self, CliError};
use super::exit::Exit;
use super::lock;
use super::session::load;
use crate::config::workspace::Workspace;
use crate::model::diagnostic::did_you_mean;
use crate::model::id::{ResourceId, safe};
use crate::model::journal::Entry;
use crate::model::language::{Localized, localized, say};
use crate::model::ledger::Ledger;
use crate::report::ledger as report;
use crate::runtime::gate::WriteLease as _;
use crate::storage::files::{self, Place};
use crate::storage::journal::JournalPath;
use crate::storage::ledger::{Lock, Store};

/// Show what the ledger knows, let go of a resource, follow a rename or a move, or copy the ledger.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what the ledger knows of all resources, or all that it knows of one.
    Show {
        /// A resource, like agent/8001, and a folder that holds rosterctl.yaml, or that file.
        #[arg(value_name = "KIND/ID] [WORKSPACE", num_args = 0..=2)]
        words: Vec<String>,
        /// Format of standard output.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Let go of a resource without touching it.
    ///
    /// The next apply treats it as unknown. An agent is then not owned, and its role and password are unknown. A queue
    /// that no listing shows is created again.
    Forget {
        /// The resource, like agent/8001, and a folder that holds rosterctl.yaml, or that file.
        #[arg(value_name = "KIND/ID> [WORKSPACE", num_args = 1..=2, required = true)]
        words: Vec<String>,
    },
    /// Follow a workspace that was renamed in rosterctl.yaml.
    ///
    /// The ledger belongs to a workspace by its name, and is refused under another one.
    Rename {
        /// The new name, as rosterctl.yaml has it.
        name: String,
        /// A folder that holds rosterctl.yaml, or that file.
        #[arg(default_value = ".", value_name = "WORKSPACE")]
        workspace: PathBuf,
    },
    /// Copy the ledger with its history to another place.
    ///
    /// An existing ledger there is not overwritten. The old one stays, and names the new place. Then write the place
    /// under `ledger` in rosterctl.yaml.
    Copy {
        /// An empty place: s3://bucket/prefix, gs://…, az://…, file:///folder, a folder, or a file like ledger.json.
        #[arg(value_name = "URL")]
        target: String,
        /// A folder that holds rosterctl.yaml, or that file.
        #[arg(default_value = ".", value_name = "WORKSPACE")]
        workspace: PathBuf,
    },
    /// Say that the connections lead to the tenants of the ledger, under another address or name.
    Rebind {
        /// A folder that holds rosterctl.yaml, or that file.
        #[arg(default_value = ".", value_name = "WORKSPACE")]
        workspace: PathBuf,
    },
}

/// Output format of `ledger show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// `rosterctl.ledger/v1`.
    Json,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    match &arguments.verb {
        Verb::Show { words, format } => show(words, *format, console).await,
        Verb::Forget { words } => forget(words, console).await,
        Verb::Rename { name, workspace } => rename(name, workspace, console).await,
        Verb::Copy { target, workspace } => copy(target, workspace, console).await,
        Verb::Rebind { workspace } => rebind(workspace, console).await,
    }
}

/// Splits arguments into the name of a resource and a workspace.
///
/// # Errors
/// There are two resources or two workspaces.
fn split(words: &[String]) -> Result<(Option<ResourceId>, PathBuf), CliError> {
    let (mut id, mut workspace) = (None, None);
    for word in words {
        match ResourceId::parse(word) {
            Some(name) if id.is_none() => id = Some(name),
            None if workspace.is_none() => workspace = Some(PathBuf::from(word)),
            Some(_) => {
                return Err(CliError::Error(localized!(
                    "two resources are named; name one",
                    "写了两个资源；请只写一个",
                    "寫了兩個資源；請只寫一個"
                )));
            }
            None => {
                return Err(CliError::Error(localized!(
                    "two workspaces are named; a resource is KIND/ID, like agent/8001 or queue/NAME",
                    "写了两个工作区；资源写成 KIND/ID，例如 agent/8001 或 queue/NAME",
                    "寫了兩個工作區；資源寫成 KIND/ID，例如 agent/8001 或 queue/NAME"
                )));
            }
        }
    }
    Ok((id, workspace.unwrap_or_else(|| ".".into())))
}

async fn show(words: &[String], format: Format, console: &Console) -> Result<Exit, CliError> {
    let (id, place) = split(words)?;
    let (place, workspace) = load::workspace(&place)?;
    let store = Store::open(&workspace, &place)?;
    let ledger = store.load_of_any_tenant().await?;
    if let Some(id) = &id {
        known(&ledger, &[], id)?;
    }
    console.out(&match format {
        Format::Text => {
            report::text(&ledger, id.as_ref(), &store.place(), console.language(workspace.language))
        }
        Format::Json => report::json(&ledger, id.as_ref()),
    });
    Ok(Exit::Success)
}

async fn forget(words: &[String], console: &Console) -> Result<Exit, CliError> {
    let (id, place) = split(words)?;
    let id = id.ok_or_else(|| {
        CliError::Error(localized!(
            "name the resource to let go of, like queue/NAME",
            "请写明放开哪个资源，例如 queue/NAME",
            "請寫明放開哪個資源，例如 queue/NAME"
        ))
    })?;
    let (place, workspace) = load::workspace(&place)?;
    let journal = JournalPath::for_workspace(&workspace, &place);
    let forget = |store: &Store, ledger: &mut Ledger| {
        store.check_workspace(ledger)?;
        // An interrupted run may have created the resource, and the ledger does not know that yet.
        let unsettled = unsettled(&journal.unfinished()?);
        known(ledger, &unsettled, &id)?;
        let key = id.key();
        ledger.resources.remove(&key);
        ledger.kept.remove(&key);
        ledger.awaited.remove(&key);
        ledger.waiting.remove(&key);
        Ok(Some(localized!(
            "The ledger has let go of {id}; nothing was changed in the vendor's system.\n",
            "账本放开了 {id}；厂商系统里什么都没有改动。\n",
            "帳本放開了 {id}；廠商系統裡什麼都沒有更動。\n"
        )))
    };
    edit(
        &workspace,
        &place,
        console,
        forget,
        || {
            journal.forget(&id).map_err(|error| {
                CliError::Error(localized!(
                    error;
                    "the last run's journal would bring {id} back: {error}; forget it again",
                    "上次执行的日志会把 {id} 带回来（{error}）；请再放开一次",
                    "上次執行的日誌會把 {id} 帶回來（{error}）；請再放開一次"
                ))
            })
        },
        &Localized::default(),
    )
    .await
}

/// Returns the resources that an interrupted run was to change.
fn unsettled(entries: &[Entry]) -> Vec<String> {
    match entries.first() {
        Some(Entry::Run { plan, .. }) => plan.changes.iter().map(|change| change.id.key()).collect(),
        _ => Vec::new(),
    }
}

async fn rename(name: &str, workspace: &Path, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(workspace)?;
    if *workspace.name != *name {
        let (file, there, name) = (&place.shown, &workspace.name, safe(name));
        return Err(CliError::Error(localized!(
            "{file} says `name: {there}`; write `name: {name}` there first, or give the name that stands there",
            "{file} 写的是 `name: {there}`；请先在那里写 `name: {name}`，或用那里的名称",
            "{file} 寫的是 `name: {there}`；請先在那裡寫 `name: {name}`，或用那裡的名稱"
        )));
    }
    let store = Store::open(&workspace, &place)?;
    let ledger = store.load_of_any_workspace().await?;
    if ledger.serial == 0 {
        let ledger = store.place();
        return Err(CliError::Error(localized!(
            "{ledger} is not there yet: there is nothing to rename",
            "{ledger} 还没有：没有什么可以改名",
            "{ledger} 還沒有：沒有什麼可以改名"
        )));
    }
    let before = ledger.workspace;
    // The journal of an interrupted run lies under the old name.
    if let Some(before) = &before {
        let before = Workspace { name: before.as_str().into(), ..workspace.clone() };
        finished(&before, &place)?;
    }
    let rename = |store: &Store, ledger: &mut Ledger| {
        if ledger.workspace.as_deref() == Some(name) {
            return Ok(None);
        }
        let before = ledger.workspace.replace(name.to_owned());
        let unnamed = || {
            localized!("a workspace that it did not name", "一个它没有记名的工作区", "一個它沒有記名的工作區")
        };
        let before = before.map_or_else(unnamed, |name| safe(&name).into());
        let (ledger, name) = (store.place(), safe(name));
        Ok(Some(localized!(
            before;
            "The ledger {ledger} follows {before} to {name}.\n",
            "账本 {ledger} 从 {before} 跟到了 {name}。\n",
            "帳本 {ledger} 從 {before} 跟到了 {name}。\n"
        )))
    };
    let same = localized!(
        "The ledger has this name: nothing to do.\n",
        "账本已经是这个名称：没有要做的。\n",
        "帳本已經是這個名稱：沒有要做的。\n"
    );
    edit(&workspace, &place, console, rename, || Ok(()), &same).await
}

/// Checks that no interrupted run of a workspace waits for the next apply.
fn finished(workspace: &Workspace, place: &Place) -> Result<(), CliError> {
    let unfinished = JournalPath::for_workspace(workspace, place).unfinished()?;
    if unfinished.is_empty() {
        return Ok(());
    }
    let name = safe(&workspace.name);
    Err(CliError::Error(localized!(
        "a run of workspace `{name}` did not come to its end, and its journal belongs to the name and the place of \
         today's ledger; apply once under these, then try again",
        "工作区 `{name}` 有一次执行没有做完，它的日志认的是账本现在的名称和位置；请先照现在的执行一次 apply，再来",
        "工作區 `{name}` 有一次執行沒有做完，它的日誌認的是帳本現在的名稱和位置；請先照現在的執行一次 apply，再來"
    )))
}

async fn copy(target: &str, workspace: &Path, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(workspace)?;
    let (from, to) = (Store::open(&workspace, &place)?, Store::open_at(target, &workspace, &place)?);
    // A file has several spellings; an object's place has no links.
    let real = |store: &Store| files::real(Path::new(&store.place()));
    if real(&from) == real(&to) {
        let there = to.place();
        return Err(CliError::Error(localized!(
            "the ledger lies at {there} already; name another place",
            "账本已经在 {there}；请写另一个位置",
            "帳本已經在 {there}；請寫另一個位置"
        )));
    }
    let language = console.language(workspace.language);
    let lock = lock::take(&from, console, language).await?;
    let result = async {
        let target = lock::take(&to, console, language).await?;
        let result = copy_locked(&workspace, &place, &from, &to, [&lock, &target]).await;
        lock::free(target, console, language).await;
        result
    };
    let result = result.await;
    lock::free(lock, console, language).await;
    let (write, records) = result?;
    let setting = if target.contains("://") { "url" } else { "path" };
    let (from, to, file) = (from.place(), to.place(), &place.shown);
    console.out(&say!(
        language,
        "Copied the ledger {from}, write {write}, with {records} records of its history to {to}.\nNow write the place \
         under `ledger` in {file}, as `{setting}`.\n",
        "已把账本 {from}（第 {write} 次写入）连同 {records} 条历史记录复制到 {to}。\n现在请把这个位置写进 {file} 的 `ledger`，\
         写成 `{setting}`。\n",
        "已把帳本 {from}（第 {write} 次寫入）連同 {records} 筆歷史紀錄複製到 {to}。\n現在請把這個位置寫進 {file} 的 `ledger`，\
         寫成 `{setting}`。\n"
    ));
    Ok(Exit::Success)
}

/// Copies the ledger, and returns its serial and the number of its records. Both locks are held.
async fn copy_locked(
    workspace: &Workspace,
    place: &Place,
    from: &Store,
    to: &Store,
    locks: [&Lock; 2],
) -> Result<(u64, usize), CliError> {
    let mut ledger = from.load_of_any_tenant().await?;
    if ledger.serial == 0 {
        let ledger = from.place();
        return Err(CliError::Error(localized!(
            "{ledger} is not there yet: there is nothing to copy",
            "{ledger} 还没有：没有什么可以复制",
            "{ledger} 還沒有：沒有什麼可以複製"
        )));
    }
    finished(workspace, place)?;
    let records = from.copy(&ledger, to).await?;
    if !locks.iter().all(|lock| lock.lease().holds()) {
        return Err(CliError::Locked(localized!(
            "a lock was lost: check the copy before you use it",
            "锁丢了：用复制的账本之前请先核对",
            "鎖丟了：用複製的帳本之前請先核對"
        )));
    }
    ledger.copied_to = Some(to.place());
    from.amend(&mut ledger).await?;
    Ok((ledger.serial, records))
}

async fn rebind(workspace: &Path, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(workspace)?;
    let rebind = |store: &Store, ledger: &mut Ledger| {
        store.check_workspace(ledger)?;
        let moves = store.rebind(ledger);
        let said = || {
            Localized::of(|language| {
                let lines: Vec<String> =
                    moves.iter().map(|line| format!("  {}\n", line.text(language))).collect();
                let lines = lines.concat();
                say!(
                    language,
                    "The ledger follows the connections:\n{lines}",
                    "账本跟着连接走：\n{lines}",
                    "帳本跟著連線走：\n{lines}"
                )
            })
        };
        Ok((!moves.is_empty()).then(said))
    };
    let same = localized!(
        "The connections lead to the ledger's tenants: nothing to do.\n",
        "连接所指的就是账本的租户：没有要做的。\n",
        "連線所指的就是帳本的租戶：沒有要做的。\n"
    );
    edit(&workspace, &place, console, rebind, || Ok(()), &same).await
}

/// Edits the ledger under its lock. `change` returns the message to print, or `None` without a change: `same` is
/// printed then.
///
/// `after` runs under the lock once the ledger is saved.
async fn edit(
    workspace: &Workspace,
    place: &Place,
    console: &Console,
    change: impl Fn(&Store, &mut Ledger) -> Result<Option<Localized>, CliError>,
    after: impl Fn() -> Result<(), CliError>,
    same: &Localized,
) -> Result<Exit, CliError> {
    let language = console.language(workspace.language);
    let store = Store::open(workspace, place)?;
    let lock = lock::take(&store, console, language).await?;
    let result = edit_locked(workspace, place, &store, &lock, change, after).await;
    lock::free(lock, console, language).await;
    let said = result?;
    console.out(said.as_ref().unwrap_or(same).text(language));
    Ok(Exit::Success)
}

async fn edit_locked(
    workspace: &Workspace,
    place: &Place,
    store: &Store,
    lock: &Lock,
    change: impl Fn(&Store, &mut Ledger) -> Result<Option<Localized>, CliError>,
    after: impl Fn() -> Result<(), CliError>,
) -> Result<Option<Localized>, CliError> {
    let mut ledger = store.load_of_any_workspace().await?;
    let before = ledger.clone();
    let said = change(store, &mut ledger)?;
    if said.is_none() {
        return Ok(None);
    }
    if !lock.lease().holds() {
        return Err(CliError::Locked(localized!(
            "the lock was lost, and nothing was changed",
            "锁丢了，什么都没有改动",
            "鎖丟了，什麼都沒有更動"
        )));
    }
    // With a new serial, the ledger would count as newer than the interrupted run.
    let unfinished = JournalPath::for_workspace(workspace, place).unfinished();
    let unfinished = unfinished.is_ok_and(|entries| !entries.is_empty());
    // If only the journal knows the resource, there is nothing to save.
    if ledger != before {
        if unfinished { store.amend(&mut ledger).await? } else { store.save(&mut ledger).await? }
    }
    after()?;
    Ok(said)
}

/// Checks that the ledger, or the journal of an interrupted run, knows a resource.
///
/// # Errors
/// Neither does, with the nearest name.
fn known(ledger: &Ledger, unsettled: &[String], id: &ResourceId) -> Result<(), CliError> {
    let key = id.key();
    let mut keys = report::keys(ledger);
    keys.extend(unsettled.iter().map(String::as_str));
    if keys.contains(&*key) {
        return Ok(());
    }
    let near = error::did_you_mean(did_you_mean(&key, keys));
    Err(CliError::Error(localized!(
        near;
        "the ledger does not know {id}{near}",
        "账本里没有 {id}{near}",
        "帳本裡沒有 {id}{near}"
    )))
}
