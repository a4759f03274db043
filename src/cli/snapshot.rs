//! `rosterctl snapshot`: live state to a file, for `plan --live`.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output_guard;
use super::session::load;
use super::session::planning::{self, PlanningInput};
use crate::messages::Message as _;
use crate::messages::zh::{Region, words};
use crate::model::language::{Language, localized, say};
use crate::model::live::Live;
use crate::runtime::clock;
use crate::storage::files;
use crate::storage::ledger::Store;
use crate::storage::paths;
use crate::storage::snapshot;
use crate::storage::snapshot::Snapshot;

/// Save what is live to a file without secrets, for `plan --live` where no credential may go.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let loaded = load::bare(&arguments.workspace)?;
    output_guard::check(&arguments.workspace, "--out", &arguments.out)?;
    paths::unlinked(&arguments.out).map_err(|error| unsaved(&arguments.out, &error))?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let PlanningInput { live, ledger, .. } = planning::read(&loaded, &store).await?;
    let snapshot = Snapshot {
        program: env!("CARGO_PKG_VERSION").into(),
        workspace: loaded.workspace.name.clone(),
        taken: clock::timestamp().into(),
        live,
        ledger: Some(ledger),
    };
    let out = arguments.out.display();
    files::put(&arguments.out, snapshot::write(&snapshot).as_bytes())
        .map_err(|error| unsaved(&arguments.out, &error))?;
    let language = console.language(loaded.workspace.language);
    let held = held(&snapshot.live, language);
    console.note(&say!(
        language,
        "saved what is live to {out}: {held}",
        "线上的数据已保存到 {out}：{held}",
        "線上的資料已儲存到 {out}：{held}"
    ));
    let mut exit = Exit::Success;
    for (what, doubt) in snapshot.live.doubts() {
        let doubt = doubt.say(language);
        let what = match Region::of(language) {
            None => what.plural(),
            Some(region) => words::kind(region, what),
        };
        let text = say!(
            language,
            "the listing of {what} could not be proved complete ({doubt}); a plan from this snapshot neither \
             creates nor deletes {what}: take it again while they are not edited",
            "{what}的列表不能证明是全的（{doubt}）；照这份快照做的计划既不新增也不删除{what}：请在没人改动时重新拍一份",
            "{what}的清單不能證明是全的（{doubt}）；照這份快照做的計畫既不新增也不刪除{what}：請在沒有人更動時重新拍一份"
        );
        console.error(&text, language);
        exit = Exit::Unreachable;
    }
    Ok(exit)
}

fn unsaved(out: &Path, error: &std::io::Error) -> CliError {
    let out = out.display();
    CliError::Error(localized!(
        "the snapshot cannot be saved to {out}: {error}",
        "快照存不到 {out}：{error}",
        "快照無法存到 {out}：{error}"
    ))
}

/// Describes the number of resources.
fn held(live: &Live, language: Language) -> String {
    let agents = live.agents.as_ref().map(|listing| {
        let (count, s) = (listing.items.len(), if listing.items.len() == 1 { "" } else { "s" });
        say!(language, "{count} agent{s}", "坐席 {count} 人", "客服人員 {count} 人")
    });
    let queues = live.queues.as_ref().map(|listing| {
        let (count, s) = (listing.items.len(), if listing.items.len() == 1 { "" } else { "s" });
        say!(language, "{count} queue{s}", "队列 {count} 个", "佇列 {count} 個")
    });
    let held: Vec<String> = [agents, queues].into_iter().flatten().collect();
    if held.is_empty() {
        let nothing = "nothing, since no connection holds any";
        return language
            .choose(nothing, "空的，因为没有连接带坐席或队列", "空的，因為沒有連線帶客服人員或佇列")
            .to_owned();
    }
    held.join(language.choose(", ", "，", "，"))
}
