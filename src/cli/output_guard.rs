//! Files that no output may overwrite: those of people, of stores and of rosterctl.

use std::path::{Component, Path};

use super::error::CliError;
use super::session::load;
use crate::config::workspace::{Settings, Workspace};
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
        Some(why) => Err(CliError::error(format!("{flag} {} would {why}", target.display()))),
        None => Ok(()),
    }
}

/// Returns the damage that a write to a path would do to a workspace.
fn belongs(workspace: &Path, place: &Place, target: &Path) -> Option<String> {
    let overwrite = || Some("overwrite a file of the workspace".to_owned());
    if real(&place.file) == target {
        return overwrite();
    }
    if kept(place, target) {
        return Some("overwrite a file that rosterctl keeps; choose another name or folder".to_owned());
    }
    let Ok((place, workspace)) = load::workspace(workspace) else {
        // The files of the workspace are unknown.
        let report = target.extension().is_some_and(|end| REPORTS.iter().any(|report| end == *report));
        let known = target.is_file() && target.starts_with(real(&place.folder));
        return if known && !report { overwrite() } else { None };
    };
    // One of them is the folder of records.
    if ledger::files(&workspace, &place).iter().any(|path| target.starts_with(real(path))) {
        return Some("overwrite the ledger, its lock or its history".to_owned());
    }
    if let Some(store) = store(&place, &workspace, target) {
        return Some(format!("write where store `{store}` keeps its secrets; choose another folder"));
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
        format!("become a manifest, since the workspace reads `{name}`; choose another folder")
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
