//! The ledger's file: read whole, replaced whole, for its owner alone.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::files;
use crate::model::ledger::{Ledger, VERSION};
use crate::model::workspace::Workspace;

/// Where a workspace's ledger lies.
///
/// # Errors
/// It lies in an object store, which this version does not reach.
pub fn path(workspace: &Workspace, folder: &Path) -> Result<PathBuf, String> {
    if let Some(url) = workspace.ledger.text("url") {
        return Err(format!(
            "the ledger is at {url}, and this version of rosterctl keeps it in a file only; use `ledger.path`"
        ));
    }
    Ok(folder.join(workspace.ledger.text("path").unwrap_or(".rosterctl/ledger.json")))
}

/// Reads the ledger; an empty one when there is none yet.
///
/// # Errors
/// It cannot be read, is no ledger, or comes from a newer program.
pub fn load(path: &Path) -> Result<Ledger, String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ledger::default()),
        Err(error) => return Err(format!("the ledger {} cannot be read: {error}", path.display())),
    };
    let help = "restore it from a backup, or move it away: the roster is worked out from live state without it, \
                but roles, passwords and what rosterctl owns are then unknown";
    let json: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("the ledger {} is damaged ({error}); {help}", path.display()))?;
    match json.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(VERSION) => {
            return Err(format!(
                "the ledger {} was written by a newer rosterctl (form {version}, this one knows {VERSION}); \
                 upgrade this one",
                path.display()
            ));
        }
        _ => {}
    }
    serde_json::from_value(json)
        .map_err(|error| format!("the ledger {} is damaged ({error}); {help}", path.display()))
}

/// Replaces the ledger.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, ledger: &mut Ledger) -> Result<(), String> {
    ledger.serial += 1;
    let mut bytes = serde_json::to_vec_pretty(ledger).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    files::replace(path, &bytes)
        .map_err(|error| format!("the ledger {} cannot be written: {error}", path.display()))
}
