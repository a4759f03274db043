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
