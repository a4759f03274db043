//! Guards on paths: the links to follow, and the files to open.
//!
//! A pull request can put a link wherever rosterctl reads or writes a file of the checkout. So rosterctl never
//! follows a link of a checkout for writing. For reading, it follows a link only among the files of its kind. It
//! checks the opened file, never a name alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf, absolute};

use rustix::fs::OFlags;

/// Name of the workspace file.
pub const WORKSPACE_FILE: &str = "rosterctl.yaml";

/// Returns an error if a link of a checkout is on the way to `path`. The last name of `path` counts too.
///
/// A checkout is the current folder, a folder with `.git`, or a workspace, each with all folders below it.
///
/// # Errors
/// A link is there.
pub fn unlinked(path: &Path) -> io::Result<()> {
    let mut at = PathBuf::new();
    for component in absolute(path)?.components() {
        let Component::Normal(name) = component else {
            match component {
                Component::ParentDir => drop(at.pop()),
                _ => at.push(component),
            }
            continue;
        };
        let next = at.join(name);
        if !next.is_symlink() {
            at = next;
        } else if in_checkout(&at) {
            return Err(refused(&next));
        } else {
            at = fs::canonicalize(&next).unwrap_or(next);
        }
    }
    Ok(())
}

/// Returns an error if a link is between `folder` and `path` below it. For a path that lies elsewhere, [`unlinked`]
/// decides.
///
/// # Errors
/// A link is there.
pub fn unlinked_below(folder: &Path, path: &Path) -> io::Result<()> {
    let Ok(rest) = path.strip_prefix(folder) else { return unlinked(path) };
    let mut at = folder.to_owned();
    for name in rest {
        at.push(name);
        if at.is_symlink() {
            return Err(refused(&at));
        }
    }
    Ok(())
}

/// Returns an error if a link on the way to a folder leaves its Git checkout.
///
/// # Errors
/// One does, or the current folder is unknown.
pub fn unstrayed(folder: &Path) -> io::Result<()> {
    let mut at = PathBuf::new();
    for component in absolute(folder)?.components() {
        let next = at.join(component);
        if !next.is_symlink() {
            at = next;
            continue;
        }
        let real = fs::canonicalize(&next)?;
        let checkout = at.ancestors().find(|at| at.join(".git").exists());
        let checkout = checkout.and_then(|at| fs::canonicalize(at).ok());
        if checkout.is_some_and(|checkout| !real.starts_with(checkout)) {
            return Err(refused(&next));
        }
        at = real;
    }
    Ok(())
}

fn refused(link: &Path) -> io::Error {
    io::Error::other(format!(
        "{} is a link, and no link inside a checkout is followed there; remove it, or name the place that it leads to",
        link.display()
    ))
}

fn in_checkout(folder: &Path) -> bool {
    // The system's standard streams are links: `/dev/stdout`, `/dev/fd/3`.
    if ["/dev", "/proc"].iter().any(|system| folder.starts_with(system)) {
        return false;
    }
    let here = std::env::current_dir().ok().filter(|here| here.parent().is_some());
    here.is_some_and(|here| folder.starts_with(here))
        || folder.ancestors().any(|at| at.join(".git").exists() || at.join(WORKSPACE_FILE).exists())
}

/// Returns true if `real` is the file that `name` in the folder `root` denotes.
///
/// That is the plain file, or a file of a projected volume. There `name` is a link to `..data/name`, and `..data` is
/// a link to a folder whose name begins with `..`.
pub fn is_projected(root: &Path, name: &Path, real: &Path) -> bool {
    let Ok(rest) = real.strip_prefix(root) else { return false };
    let hidden = |name: &Component<'_>| name.as_os_str().as_encoded_bytes().starts_with(b"..");
    let named = name.components().filter(|part| *part != Component::CurDir);
    rest.components().skip_while(hidden).eq(named)
}

/// Opens a plain file for reading. Refuses pipes and devices, and does not block on a pipe without a writer.
///
/// # Errors
/// It does not exist, is no plain file, or cannot be read.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(flags(OFlags::NONBLOCK)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no plain file")) }
}

/// Opens a plain file by its real path. Refuses a path in which a link has replaced a folder or the file.
///
/// # Errors
/// It does not exist, is no plain file, was replaced by another file, or cannot be read.
pub fn open_real(real: &Path) -> io::Result<File> {
    let file = open(real)?;
    let (opened, named) = (file.metadata()?, fs::symlink_metadata(real)?);
    if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) || fs::canonicalize(real)? != real {
        return Err(io::Error::other("another file took its place meanwhile"));
    }
    Ok(file)
}

/// Reads an opened file of at most `most` bytes.
///
/// # Errors
/// It is larger, or cannot be read.
pub fn read(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len().min(most)).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}

/// Returns the flags that open one of rosterctl's own files without following a link.
pub fn no_follow() -> i32 {
    flags(OFlags::NOFOLLOW)
}

fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_refused_in_a_checkout_and_followed_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("repo/.git")).unwrap();
        fs::create_dir_all(at("repo/deep")).unwrap();
        fs::create_dir_all(at("outside")).unwrap();
        symlink(at("outside"), at("repo/deep/out")).unwrap();
        symlink(at("outside/file"), at("repo/deep/plan.json")).unwrap();
        symlink(at("repo"), at("way")).unwrap();
        symlink(at("outside/x"), at("outside/link")).unwrap();
        for refused in ["repo/deep/out/x", "repo/deep/plan.json", "way/deep/plan.json", "way/deep/out"] {
            assert!(unlinked(&at(refused)).is_err(), "{refused}");
        }
        for followed in ["repo/deep/new", "way/deep/new/x", "outside/link", "nowhere/x"] {
            assert!(unlinked(&at(followed)).is_ok(), "{followed}");
        }
        assert!(unlinked(Path::new("/dev/stdout")).is_ok());
        assert!(unlinked_below(&at("way"), &at("way/deep/new")).is_ok());
        assert!(unlinked_below(&at("way"), &at("way/deep/out/x")).is_err());
    }

    #[test]
    fn a_projected_volume_is_what_it_stands_for_and_another_name_is_not() {
        let root = Path::new("/v");
        let is = |name: &str, real: &str| is_projected(root, Path::new(name), Path::new(real));
        assert!(is("a/b", "/v/a/b") && is("./a", "/v/a") && is("a", "/v/..2026_11/a"));
        assert!(is("a/b", "/v/..2026_11/a/b"));
        for (name, real) in [("a", "/v/b"), ("a/b", "/v/b"), ("a", "/w/a"), ("a", "/v/x/a"), ("a", "/a")] {
            assert!(!is(name, real), "{name} {real}");
        }
    }

    #[test]
    fn only_plain_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("plain"), "12345").unwrap();
        symlink("plain", folder.path().join("link")).unwrap();
        assert!(open(Path::new("/dev/zero")).is_err() && open(folder.path()).is_err());
        let real = fs::canonicalize(folder.path()).unwrap();
        assert!(open_real(&real.join("link")).is_err());
        let opened = || open_real(&real.join("plain")).unwrap();
        assert_eq!(read(opened(), 5).unwrap(), b"12345");
        assert!(read(opened(), 4).is_err());
    }
}
