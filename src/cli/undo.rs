//! `rosterctl undo`: writes the patch of the manifests that takes a run back.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output_guard;
use super::session::load;
use super::session::manifest_edits;
use crate::messages::Message as _;
use crate::model::history::RunId;
use crate::model::id::Kind;
use crate::model::language::{localized, say};
use crate::plan::adoption::Adoption;
use crate::plan::undo;
use crate::storage::files;
use crate::storage::ledger::Store;

/// Write the patch of the manifests that takes a run back.
///
/// Nothing is changed: review the patch, apply it with `git apply` in the folder of the workspace, and run `plan`. It
/// leaves what was changed since, and lists what no patch can take back.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, as `rosterctl history` names it.
    #[arg(value_name = "RUN")]
    run: RunId,
    /// The file of the patch, like patch=undo.patch.
    #[arg(long = "write", value_name = "patch=FILE", value_parser = patch)]
    write: PathBuf,
    /// Folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
}

/// Parses `patch=FILE`.
fn patch(text: &str) -> Result<PathBuf, String> {
    match text.strip_prefix("patch=") {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => Err("write patch=FILE, like patch=undo.patch".to_owned()),
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let path: &Path = &arguments.write;
    output_guard::check(&arguments.workspace, "--write", path)?;
    let loaded = load::load(&arguments.workspace)?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let ledger = store.load().await?;
    let history = store.history(&ledger).await?;
    let language = console.language(loaded.workspace.language);
    for remark in &history.remarks {
        console.warning(&remark.say(language), language);
    }
    let records = &history.records;
    let Some(record) = records.iter().find(|record| record.run == arguments.run) else {
        let run = arguments.run;
        return Err(CliError::Error(localized!(
            "{run}: the history has no such run; `rosterctl history` lists them",
            "{run}：历史里没有这次执行；`rosterctl history` 列出所有执行",
            "{run}：歷史裡沒有這次執行；`rosterctl history` 列出所有執行"
        )));
    };
    let supports = loaded.workspace.supports();
    let deletable = [(Kind::Agent, supports.agents), (Kind::Queue, supports.queues)];
    let deletable: Vec<Kind> = deletable
        .iter()
        .filter(|(_, support)| support.verbs.delete.is_some())
        .map(|(kind, _)| *kind)
        .collect();
    let Adoption { edits, left } = undo::undo(&loaded.desired, record, records, &deletable);
    let edited = manifest_edits::edit(&loaded, &edits, None, language)?;
    files::put(path, edited.patch().as_bytes()).map_err(|error| CliError::unwritable(path, &error))?;
    for edit in edited.done(&edits) {
        console.out(&format!("{}\n", edit.say(language)));
    }
    for left in left.iter().chain(&edited.left) {
        let left = left.say(language);
        let text = say!(language, "not taken back: {left}", "没有撤回：{left}", "沒有撤回：{left}");
        console.warning(&text, language);
    }
    if edited.is_empty() {
        console.note(language.choose(
            "the patch is empty: nothing of this run is left to take back",
            "补丁是空的：那次执行没有剩下可以撤回的",
            "修補檔是空的：那次執行沒有剩下可以撤回的",
        ));
    } else {
        let path = path.display();
        console.note(&say!(
            language,
            "wrote {path}; nothing was changed",
            "已写入 {path}；什么都没有改动",
            "已寫入 {path}；什麼都沒有更動"
        ));
    }
    Ok(Exit::Success)
}
