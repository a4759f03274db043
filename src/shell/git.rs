//! What Git tracks: passwords in clear that are one push from being published.

use std::path::Path;
use std::process::{Command, Stdio};

/// Returns the names of the files in a folder that Git tracks; none where there is no Git, or no repository.
pub fn tracked(folder: &Path) -> Vec<String> {
    // No program that the repository's settings name is run, and no lock is taken.
    let output = Command::new("git")
        .args(["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "ls-files", "-z"])
        .current_dir(folder)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(output) = output else { return Vec::new() };
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}
