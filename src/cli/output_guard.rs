//! Files that no output may overwrite: those of people, of stores and of rosterctl.

use std::path::{Component, Path};

use super::error::CliError;
use super::session::load;
use crate::config::workspace::{Settings, Workspace};
use crate::model::language::{Localized, localized};
use crate::storage::files;
use crate::storage::files::{Place, real};
use crate::storage::ledger;

/// Prefixes of rosterctl's own files in its folder, hidden files included.
const KEPT: [&str; 5] = ["ledger", "lock", "journal", "sandbox", "."];
/// File extensions of reports. In an unreadable workspace, other files may be secrets.
const REPORTS: [&str; 7] = ["html", "json", "log", "md", "prom", "sarif", "xml"];

/// Refuses a path that is, or would become, a protected file. Protected are the files of a workspace, of a store and
/// of rosterctl.
///
/// # Errors
/// The path is protected.
pub(super) fn check(workspace: &Path, flag: &str, target: &Path) -> Result<(), CliError> {
    let Ok(place) = Place::find(workspace) else { return Ok(()) };
    match belongs(workspace, &place, &real(target)) {
        Some(why) => {
            let target = target.display();
            Err(CliError::Error(localized!(
                why;
                "{flag} {target} would {why}",
                "{flag} {target} 会{why}",
                "{flag} {target} 會{why}"
            )))
        }
        None => Ok(()),
    }
}

/// Returns the damage that a write to a path would do to a workspace.
fn belongs(workspace: &Path, place: &Place, target: &Path) -> Option<Localized> {
    let overwrite =
        || Some(localized!("overwrite a file of the workspace", "覆盖工作区的文件", "覆寫工作區的檔案"));
    if real(&place.file) == target {
        return overwrite();
    }
    if kept(place, target) {
        return Some(localized!(
            "overwrite a file that rosterctl keeps; choose another name or folder",
            "覆盖 rosterctl 自己的文件；请换个名称或目录",
            "覆寫 rosterctl 自己的檔案；請換個名稱或資料夾"
        ));
    }
    let Ok((place, workspace)) = load::workspace(workspace) else {
        // The files of the workspace are unknown.
        let report = target.extension().is_some_and(|end| REPORTS.iter().any(|report| end == *report));
        let known = target.is_file() && target.starts_with(real(&place.folder));
        return if known && !report { overwrite() } else { None };
    };
    // One of them is the folder of records.
    if ledger::files(&workspace, &place).iter().any(|path| target.starts_with(real(path))) {
        return Some(localized!(
            "overwrite the ledger, its lock or its history",
            "覆盖账本、它的锁或历史",
            "覆寫帳本、它的鎖或歷史"
        ));
    }
    if let Some(store) = store(&place, &workspace, target) {
        return Some(localized!(
            "write where store `{store}` keeps its secrets; choose another folder",
            "写到密钥库 `{store}` 存放密钥的地方；请换个目录",
            "寫到密鑰庫 `{store}` 存放密鑰的地方；請換個資料夾"
        ));
    }
    let mut authorities = workspace.connections.iter().filter_map(|c| c.settings.text("caFile"));
    if authorities.any(|file| real(&place.folder.join(file)) == target) {
        return overwrite();
    }
    if files::manifest_paths(&place, &workspace).iter().any(|path| real(path) == target) {
        return overwrite();
    }
    let yaml = target.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let within = |name: &str| {
        let entry = real(&place.folder.join(name));
        entry == target || yaml && target.starts_with(entry)
    };
    workspace.manifests.iter().find(|(name, _)| within(name)).map(|(name, _)| {
        localized!(
            "become a manifest, since the workspace reads `{name}`; choose another folder",
            "变成清单，因为工作区读取 `{name}`；请换个目录",
            "變成清單，因為工作區讀取 `{name}`；請換個資料夾"
        )
    })
}

/// Returns true if rosterctl keeps a path in its own folder. A plan with another name may lie there.
fn kept(place: &Place, target: &Path) -> bool {
    let Ok(rest) = target.strip_prefix(real(&place.own_folder())) else { return false };
    let mut parts = rest.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => {
            let name = name.to_string_lossy().to_lowercase();
            KEPT.iter().any(|kept| name.starts_with(kept))
        }
        _ => true,
    }
}

/// Returns the store that keeps its secrets at a path.
fn store<'a>(place: &Place, workspace: &'a Workspace, target: &Path) -> Option<&'a str> {
    let at = |settings: &Settings, key| settings.text(key).map(|path| real(&place.folder.join(path)));
    let keeps = |kind: &str, settings: &Settings| match (kind, at(settings, "path")) {
        // If a store's folder is or holds the workspace, any existing file may be a secret.
        ("dir", Some(folder)) if real(&place.folder).starts_with(&folder) => {
            target.starts_with(folder) && target.is_file()
        }
        ("dir", Some(folder)) => target.starts_with(folder),
        ("sops" | "age", Some(file)) => file == target,
        _ => at(settings, "caFile").is_some_and(|file| file == target),
    };
    let found = workspace.stores.values().find(|store| keeps(store.kind, &store.settings));
    found.map(|store| &*store.name)
}
