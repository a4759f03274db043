//! One file a key, never outside the folder. A value loses one trailing line break, nothing more.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;

use super::{Own, SecretStore, trimmed};
use crate::model::secret::Secret;
use crate::shell::{files, paths};

/// Largest value, in bytes.
const LARGEST: u64 = 64 * 1024;

pub(super) struct Dir {
    path: PathBuf,
}

impl Dir {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl SecretStore for Dir {
    fn get<'a>(&'a self, key: &'a str, _: Own<'a>) -> BoxFuture<'a, Result<Option<Secret>, String>> {
        Box::pin(async move { self.read(key) })
    }

    fn put<'a>(&'a self, key: &'a str, value: &'a Secret, _: Own<'a>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move { self.write(key, value) })
    }

    fn hint(&self, key: &str) -> String {
        format!("write it to the file {}", self.path.join(key).display())
    }
}

impl Dir {
    fn read(&self, key: &str) -> Result<Option<Secret>, String> {
        let path = self.path.join(key);
        let real = match fs::canonicalize(&path) {
            Ok(real) => real,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(format!("key `{key}` cannot be read: {error}")),
        };
        // The key itself cannot climb; a link in the folder could.
        let root = fs::canonicalize(&self.path)
            .map_err(|error| format!("folder {} cannot be read: {error}", self.path.display()))?;
        if !real.starts_with(&root) {
            return Err(format!("key `{key}` is a link that leads out of the folder"));
        }
        if !paths::is_projected(&root, Path::new(key), &real) {
            return Err(format!("key `{key}` is a link that leads to another key"));
        }
        if !real.is_file() {
            return Err(format!("key `{key}` is not a file"));
        }
        let wrong = |error: std::io::Error| format!("key `{key}` cannot be read: {error}");
        let bytes = paths::open_real(&real).and_then(|file| paths::read(file, LARGEST)).map_err(wrong)?;
        match String::from_utf8(bytes) {
            Ok(value) => Ok(trimmed(value)),
            Err(_) => Err(format!("key `{key}` is not UTF-8")),
        }
    }

    /// Writes a key for its owner alone. No link on the way is followed: one could lead out.
    fn write(&self, key: &str, value: &Secret) -> Result<(), String> {
        let wrong = |error: std::io::Error| format!("key `{key}` cannot be written: {error}");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(wrong)?;
        let mut folder = self.path.clone();
        let parts: Vec<&str> = key.split('/').collect();
        for part in &parts[..parts.len() - 1] {
            folder.push(part);
            if folder.is_symlink() {
                return Err(format!("key `{key}` leads over a link, which is not written through"));
            }
            make_folder(&folder).map_err(wrong)?;
        }
        let path = folder.join(parts[parts.len() - 1]);
        files::replace(&path, value.expose().as_bytes()).map_err(wrong)
    }
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dir: &Dir, key: &str) -> Result<Option<String>, String> {
        dir.read(key).map(|secret| secret.map(|s| s.expose().to_owned()))
    }

    #[test]
    fn one_line_break_goes_and_links_stay_inside() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = folder.path().join("store");
        fs::create_dir_all(store.join("agents"))?;
        fs::write(store.join("agents/8001"), " pass word \n\n")?;
        fs::write(folder.path().join("outside"), "x")?;
        std::os::unix::fs::symlink(folder.path().join("outside"), store.join("link"))?;
        let dir = Dir::new(store);
        assert_eq!(read(&dir, "agents/8001"), Ok(Some(" pass word \n".to_owned())));
        assert_eq!(read(&dir, "agents/8002"), Ok(None));
        assert_eq!(read(&dir, "link"), Err("key `link` is a link that leads out of the folder".to_owned()));
        assert_eq!(read(&dir, "agents"), Err("key `agents` is not a file".to_owned()));
        std::os::unix::fs::symlink("agents/8001", dir.path.join("other"))?;
        std::os::unix::fs::symlink(".", dir.path.join("here"))?;
        fs::create_dir(dir.path.join("..2026_11_30"))?;
        fs::write(dir.path.join("..2026_11_30/projected"), "x")?;
        std::os::unix::fs::symlink("..2026_11_30", dir.path.join("..data"))?;
        std::os::unix::fs::symlink("..data/projected", dir.path.join("projected"))?;
        assert!(read(&dir, "other").is_err() && read(&dir, "here/agents/8001").is_err());
        assert_eq!(read(&dir, "projected"), Ok(Some("x".to_owned())));
        Ok(())
    }
}
