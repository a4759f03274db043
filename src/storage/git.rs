//! Files that Git tracks or would track. A clear-text password there is one push from publication.
//!
//! A stranger's commit can hold a whole repository without `.git`, whose settings name programs. So Git never
//! searches for a repository here. It gets the repository of the checkout, whose `.git` no commit can hold.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Settings that run no program and change no file.
const SETTINGS: [&str; 4] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "safe.bareRepository=explicit",
];
/// Variables that Git gets beside `PATH`: they lead to the user's own settings.
const HANDED_ON: [&str; 2] = ["HOME", "XDG_CONFIG_HOME"];

/// A folder of a checkout.
struct Spot {
    /// The root of the checkout.
    root: PathBuf,
    /// The folder, relative to the root.
    inside: PathBuf,
}

impl Spot {
    /// Finds the checkout of a folder.
    fn find(folder: &Path) -> Option<Self> {
        let real = fs::canonicalize(folder).ok()?;
        let root = root(&real)?.to_owned();
        let inside = real.strip_prefix(&root).ok()?.to_owned();
        Some(Self { root, inside })
    }

    /// Returns a Git command about a path below the folder.
    fn git(&self, arguments: &[&str], below: &str) -> Command {
        let mut git = self.plain_git(arguments);
        git.arg("--").arg(Path::new(".").join(&self.inside).join(below));
        git
    }

    /// Returns a Git command about the whole checkout.
    fn plain_git(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(self.root.join(".git")).arg("--work-tree").arg(&self.root);
        git.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        git.args(arguments);
        git.current_dir(&self.root).env_clear().env("PATH", path());
        git.envs(HANDED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        git.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1");
        git.stdin(Stdio::null()).stderr(Stdio::null());
        git
    }
}

/// Returns the root of an absolute path's checkout: the nearest folder upwards with a `.git`.
pub fn root(path: &Path) -> Option<&Path> {
    path.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok())
}

/// Returns `PATH` without its relative folders, which would lie in the checkout.
fn path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let absolute = env::split_paths(&path).filter(|folder| folder.is_absolute());
    env::join_paths(absolute).unwrap_or_default()
}

/// Returns the names of the files in a folder that Git tracks. Empty without Git or a checkout.
pub fn tracked(folder: &Path) -> Vec<String> {
    let Some(spot) = Spot::find(folder) else { return Vec::new() };
    let Ok(output) = spot.git(&["--literal-pathspecs", "ls-files", "-z"], "").output() else {
        return Vec::new();
    };
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    let below = |name: String| Some(Path::new(&name).strip_prefix(&spot.inside).ok()?.to_str()?.to_owned());
    names.filter_map(below).collect()
}

/// Returns true if Git would add a new file of a folder. False without Git or a checkout.
pub fn takes_up(folder: &Path) -> bool {
    let Some(spot) = Spot::find(folder) else { return false };
    // Git takes each path literally. Exit codes: 0 is ignored, 1 is not ignored, 128 is a failure.
    spot.git(&["check-ignore", "-q"], "key").output().is_ok_and(|output| output.status.code() == Some(1))
}

/// Returns the commit that is checked out in a folder; `None` without Git, a checkout or a commit.
pub fn head(folder: &Path) -> Option<String> {
    let output =
        Spot::find(folder)?.plain_git(&["rev-parse", "--verify", "--quiet", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}
