//! A command, without a shell. `{key}` stands for the key.
//!
//! The environment is handed on (password managers need HOME and their agents' sockets), standard input
//! is closed for reading, and what the command says on standard error is not repeated: it may hold what
//! nobody shall see.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::{Own, SecretStore, trimmed};
use crate::model::secret::Secret;
use crate::model::workspace::Settings;

/// Longest run.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest output, in bytes.
const LARGEST: u64 = 64 * 1024;

pub(super) struct Exec {
    get: Vec<Arc<str>>,
    put: Vec<Arc<str>>,
    folder: PathBuf,
}

impl Exec {
    pub(super) fn new(settings: &Settings, folder: &Path) -> Self {
        Self {
            get: settings.texts("get").to_vec(),
            put: settings.texts("put").to_vec(),
            folder: folder.to_owned(),
        }
    }

    fn start(&self, command: &[Arc<str>], key: &str, input: Stdio) -> Result<Child, String> {
        let Some((program, arguments)) = command.split_first() else {
            return Err("it cannot be written: no `put` command is declared".to_owned());
        };
        Command::new(&**program)
            .args(arguments.iter().map(|argument| argument.replace("{key}", key)))
            .current_dir(&self.folder)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`{program}` cannot be run: {error}"))
    }

    /// Runs a command to its end and returns what it printed.
    async fn run(
        &self,
        command: &[Arc<str>],
        key: &str,
        input: Option<&Secret>,
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self.start(command, key, stdin)?;
        let program = command.first().map_or("", |program| &**program);
        let work = async {
            if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
                // A command that does not read all of it says so by its exit status.
                let _ = stdin.write_all(input.expose().as_bytes()).await;
            }
            let mut output = Zeroizing::new(Vec::new());
            if let Some(stdout) = child.stdout.take() {
                let read = stdout.take(LARGEST + 1).read_to_end(&mut output).await;
                read.map_err(|error| format!("`{program}` cannot be read: {error}"))?;
            }
            if output.len() as u64 > LARGEST {
                return Err(format!("`{program}` printed more than {LARGEST} bytes"));
            }
            let status = child.wait().await.map_err(|error| format!("`{program}` was lost: {error}"))?;
            if status.success() {
                Ok(output)
            } else {
                Err(format!("`{program}` failed for key `{key}` ({status}); run it by hand to see why"))
            }
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(result) => result,
            // Dropping the child kills it.
            Err(_) => Err(format!("`{program}` did not end within {} s", PATIENCE.as_secs())),
        }
    }
}

impl SecretStore for Exec {
    fn get<'a>(&'a self, key: &'a str, _: Own<'a>) -> BoxFuture<'a, Result<Option<Secret>, String>> {
        Box::pin(async move {
            let output = self.run(&self.get, key, None).await?;
            match std::str::from_utf8(&output) {
                Ok(text) => Ok(trimmed(text.to_owned())),
                Err(_) => Err(format!("the value of key `{key}` is not UTF-8")),
            }
        })
    }

    fn put<'a>(&'a self, key: &'a str, value: &'a Secret, _: Own<'a>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move { self.run(&self.put, key, Some(value)).await.map(|_| ()) })
    }

    fn hint(&self, key: &str) -> String {
        let program = self.get.first().map_or("", |program| &**program);
        format!("`{program}` printed nothing for it; store a value under `{key}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path, get: &str, put: &str) -> Exec {
        let shell = |script: &str| ["sh", "-c", script, "sh", "{key}"].map(Arc::from).to_vec();
        Exec { get: shell(get), put: shell(put), folder: folder.to_owned() }
    }

    async fn get(store: &Exec, key: &str) -> Result<Option<String>, String> {
        let output = store.run(&store.get, key, None).await?;
        let text = String::from_utf8(output.to_vec()).unwrap_or_default();
        Ok(trimmed(text).map(|secret| secret.expose().to_owned()))
    }

    // The clock stands still until nothing else is to be done, and then leaps to the end of the patience.
    #[tokio::test(start_paused = true)]
    async fn a_command_that_does_not_end_is_killed() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = store(folder.path(), "sleep 1; echo late > late", "");
        assert_eq!(get(&store, "x").await, Err("`sh` did not end within 30 s".to_owned()));
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!folder.path().join("late").exists());
        Ok(())
    }

    #[tokio::test]
    async fn a_key_is_one_argument_and_never_a_script() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = store(folder.path(), "printf '%s|%s' \"$#\" \"$1\"", "");
        for key in ["$(touch made)", "a b; touch made", "`touch made`", "{key}", "a' 'b", "*"] {
            assert_eq!(get(&store, key).await, Ok(Some(format!("1|{key}"))));
        }
        assert!(!folder.path().join("made").exists());
        Ok(())
    }

    #[tokio::test]
    async fn a_value_goes_in_as_it_is_and_nothing_waits_for_input() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = store(folder.path(), "cat; cat stored", "cat > stored");
        let value = Secret::new(" 密码 with spaces ".to_owned());
        assert!(store.run(&store.put, "x", Some(&value)).await.is_ok());
        assert_eq!(std::fs::read_to_string(folder.path().join("stored"))?, value.expose());
        assert_eq!(get(&store, "x").await, Ok(Some(value.expose().to_owned())));
        Ok(())
    }

    #[tokio::test]
    async fn a_failure_shows_no_output() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = store(folder.path(), "echo canary; echo canary >&2; exit 3", "cat >&2; exit 4");
        let said = get(&store, "x").await.err().unwrap_or_default();
        assert!(said.contains("exit status: 3") && !said.contains("canary"), "{said}");
        let put = store.run(&store.put, "x", Some(&Secret::new("canary".to_owned()))).await;
        let said = put.err().unwrap_or_default();
        assert!(said.contains("exit status: 4") && !said.contains("canary"), "{said}");
        Ok(())
    }
}
