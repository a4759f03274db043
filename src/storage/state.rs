//! Folders for files that a user's processes share: rate windows, and signs of life.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Returns the state folders, best first.
///
/// The first one is `$XDG_STATE_HOME/rosterctl`, else `~/.local/state/rosterctl`. The fallbacks are a folder of the
/// session, and one among the temporary files.
pub fn folders() -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // Without HOME, the user database has the home folder.
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| home().map(|home| home.join(".local/state")));
    let user = rustix::process::geteuid().as_raw();
    let shared = [state, set("XDG_RUNTIME_DIR")].into_iter().flatten().map(|base| base.join("rosterctl"));
    shared.chain([std::env::temp_dir().join(format!("rosterctl-{user}"))]).collect()
}

/// Creates a folder for its owner alone.
///
/// # Errors
/// It cannot be created, or it lies among the temporary files and other users could write in it.
pub fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if !folder.starts_with(std::env::temp_dir()) {
        return Ok(());
    }
    // Another user may have created it before.
    let about = fs::symlink_metadata(folder)?;
    let mine = about.is_dir() && about.uid() == rustix::process::geteuid().as_raw();
    if mine && about.mode() & 0o022 == 0 {
        Ok(())
    } else {
        let why = format!("{} is not this user's alone", folder.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_folder_among_temporary_files_is_the_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("new/mine");
        make(&mine).unwrap();
        assert_eq!(fs::metadata(&mine).unwrap().permissions().mode() & 0o777, 0o700);
        make(&mine).unwrap();
        fs::set_permissions(&mine, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(make(&mine).is_err(), "anybody can write in it");
        symlink(folder.path(), folder.path().join("link")).unwrap();
        assert!(make(&folder.path().join("link")).is_err(), "it leads elsewhere");
    }
}
