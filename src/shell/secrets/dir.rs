//! One file a key, never outside the folder. A value loses one trailing line break, nothing more.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::SecretStore;
use crate::model::secret::Secret;

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
    fn get(&self, key: &str) -> Result<Option<Secret>, String> {
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
        let about = fs::metadata(&real).map_err(|error| format!("key `{key}` cannot be read: {error}"))?;
        if !about.is_file() {
            return Err(format!("key `{key}` is not a file"));
        }
        if about.len() > LARGEST {
            return Err(format!("key `{key}` is larger than {LARGEST} bytes"));
        }
        let mut value = match fs::read_to_string(&real) {
            Ok(value) => value,
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(format!("key `{key}` is not UTF-8"));
            }
            Err(error) => return Err(format!("key `{key}` cannot be read: {error}")),
        };
        if value.ends_with('\n') {
            value.pop();
            if value.ends_with('\r') {
                value.pop();
            }
        }
        Ok((!value.is_empty()).then(|| Secret::new(value)))
    }

    fn hint(&self, key: &str) -> String {
        format!("write it to the file {}", self.path.join(key).display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dir: &Dir, key: &str) -> Result<Option<String>, String> {
        dir.get(key).map(|secret| secret.map(|s| s.expose().to_owned()))
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
        Ok(())
    }
}
