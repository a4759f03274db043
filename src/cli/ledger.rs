//! `rosterctl ledger`: shows the ledger, forgets a resource, follows a rename or a move, or copies the ledger.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load;
use super::signals::unless_interrupted;
use crate::config::workspace::Workspace;
use crate::model::diagnostic::did_you_mean;
use crate::model::id::{ResourceId, safe};
use crate::model::journal::Entry;
use crate::model::ledger::Ledger;
use crate::report::ledger as report;
use crate::runtime::gate::WriteLease as _;
use crate::storage::files::Place;
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
            Some(_) => return Err(CliError::error("two resources are named; name one")),
            None => {
                return Err(CliError::error(
                    "two workspaces are named; a resource is KIND/ID, like agent/8001 or queue/NAME",
                ));
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
        Format::Text => report::text(&ledger, id.as_ref(), &store.place()),
        Format::Json => report::json(&ledger, id.as_ref()),
    });
    Ok(Exit::Success)
}

async fn forget(words: &[String], console: &Console) -> Result<Exit, CliError> {
    let (id, place) = split(words)?;
    let id = id.ok_or_else(|| CliError::error("name the resource to let go of, like queue/NAME"))?;
    let (place, workspace) = load::workspace(&place)?;
    let journal = JournalPath::for_workspace(&workspace, &place);
    let forget = |store: &Store, ledger: &mut Ledger| {
        store.check_workspace(ledger)?;
        // An interrupted run may have created the resource, and the ledger does not know that yet.
        let unsettled = unsettled(&journal.unfinished().map_err(CliError::error)?);
        known(ledger, &unsettled, &id)?;
        let key = id.key();
        ledger.resources.remove(&key);
        ledger.kept.remove(&key);
        ledger.awaited.remove(&key);
        ledger.waiting.remove(&key);
        Ok(Some(format!("The ledger has let go of {id}; nothing was changed in the vendor's system.\n")))
    };
    edit(
        &workspace,
        &place,
        console,
        forget,
        || {
            journal.forget(&id).map_err(|error| {
                CliError::error(format!(
                    "the last run's journal would bring {id} back: {error}; forget it again"
                ))
            })
        },
        "",
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
        return Err(CliError::error(format!(
            "{} says `name: {}`; write `name: {}` there first, or give the name that stands there",
            place.shown,
            workspace.name,
            safe(name)
        )));
    }
    let store = Store::open(&workspace, &place)?;
    let ledger = store.load_of_any_workspace().await?;
    if ledger.serial == 0 {
        return Err(CliError::error(format!(
            "{} is not there yet: there is nothing to rename",
            store.place()
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
        let before = before.map_or_else(|| "a workspace that it did not name".to_owned(), |name| safe(&name));
        Ok(Some(format!("The ledger {} follows {before} to {}.\n", store.place(), safe(name))))
    };
    edit(&workspace, &place, console, rename, || Ok(()), "The ledger has this name: nothing to do.\n").await
}

/// Checks that no interrupted run of a workspace waits for the next apply.
fn finished(workspace: &Workspace, place: &Place) -> Result<(), CliError> {
    let unfinished = JournalPath::for_workspace(workspace, place).unfinished().map_err(CliError::error)?;
    if unfinished.is_empty() {
        return Ok(());
    }
    Err(CliError::error(format!(
        "a run of workspace `{}` did not come to its end, and its journal belongs to the name and the place of today's \
         ledger; apply once under these, then try again",
        safe(&workspace.name)
    )))
}

async fn copy(target: &str, workspace: &Path, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(workspace)?;
    let (from, to) = (Store::open(&workspace, &place)?, Store::open_at(target, &workspace, &place)?);
    if from.place() == to.place() {
        return Err(CliError::error(format!(
            "the ledger lies at {} already; name another place",
            to.place()
        )));
    }
    let news = |said: &str| console.note(said);
    let lock = unless_interrupted(from.lock(&news)).await?;
    let result = async {
        let target = unless_interrupted(to.lock(&news)).await?;
        let result = copy_locked(&workspace, &place, &from, &to, [&lock, &target]).await;
        free(target, console).await;
        result
    };
    let result = result.await;
    free(lock, console).await;
    let (write, records) = result?;
    let setting = if target.contains("://") { "url" } else { "path" };
    console.out(&format!(
        "Copied the ledger {}, write {write}, with {records} records of its history to {}.\nNow write the place under \
         `ledger` in {}, as `{setting}`.\n",
        from.place(),
        to.place(),
        place.shown
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
        return Err(CliError::error(format!("{} is not there yet: there is nothing to copy", from.place())));
    }
    finished(workspace, place)?;
    let records = from.copy(&ledger, to).await?;
    if !locks.iter().all(|lock| lock.lease().holds()) {
        return Err(CliError::Locked("a lock was lost: check the copy before you use it".to_owned()));
    }
    ledger.copied_to = Some(to.place());
    from.amend(&mut ledger).await?;
    Ok((ledger.serial, records))
}

async fn free(lock: Lock, console: &Console) {
    if let Err(error) = lock.release().await {
        console.error(&format!("the lock was not freed, and ends with its lease: {error}"));
    }
}

async fn rebind(workspace: &Path, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(workspace)?;
    let rebind = |store: &Store, ledger: &mut Ledger| {
        store.check_workspace(ledger)?;
        let moves = store.rebind(ledger);
        let lines: Vec<String> = moves.iter().map(|line| format!("  {line}\n")).collect();
        Ok((!lines.is_empty()).then(|| format!("The ledger follows the connections:\n{}", lines.concat())))
    };
    let same = "The connections lead to the ledger's tenants: nothing to do.\n";
    edit(&workspace, &place, console, rebind, || Ok(()), same).await
}

/// Edits the ledger under its lock. `change` returns the message to print, or `None` without a change: `same` is
/// printed then.
///
/// `after` runs under the lock once the ledger is saved.
async fn edit(
    workspace: &Workspace,
    place: &Place,
    console: &Console,
    change: impl Fn(&Store, &mut Ledger) -> Result<Option<String>, CliError>,
    after: impl Fn() -> Result<(), CliError>,
    same: &str,
) -> Result<Exit, CliError> {
    let store = Store::open(workspace, place)?;
    let lock = unless_interrupted(store.lock(&|said| console.note(said))).await?;
    let result = edit_locked(workspace, place, &store, &lock, change, after).await;
    free(lock, console).await;
    let said = result?;
    console.out(said.as_deref().unwrap_or(same));
    Ok(Exit::Success)
}

async fn edit_locked(
    workspace: &Workspace,
    place: &Place,
    store: &Store,
    lock: &Lock,
    change: impl Fn(&Store, &mut Ledger) -> Result<Option<String>, CliError>,
    after: impl Fn() -> Result<(), CliError>,
) -> Result<Option<String>, CliError> {
    let mut ledger = store.load_of_any_workspace().await?;
    let before = ledger.clone();
    let said = change(store, &mut ledger)?;
    if said.is_none() {
        return Ok(None);
    }
    if !lock.lease().holds() {
        return Err(CliError::Locked("the lock was lost, and nothing was changed".to_owned()));
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
    let near = did_you_mean(&key, keys);
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(CliError::error(format!("the ledger does not know {id}{near}")))
}
