//! A command, run without a shell. `{key}` stands for the key.
//!
//! The command inherits the environment: password managers need HOME and their agents' sockets. Standard input is
//! closed for reads. Standard error distinguishes a missing key from another failure, and is never repeated: it may
//! hold a secret.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::store::{Found, SecretResolver, SecretStore, Write, Wrong, former, trimmed};
use crate::config::workspace::Settings;
use crate::model::language::localized;
use crate::model::secret::Secret;

/// Time limit of a command.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for standard error once the command has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Largest output, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Exit codes and standard error of known programs for a missing key.
///
/// `None` matches any text; an empty text means that standard error is empty.
const KNOWN: &[(&str, &[i64], Option<&str>)] = &[
    // "Error: cc/8001 is not in the password store."
    ("pass", &[1], Some("is not in the password store")),
    // "Error: failed to retrieve secret …: entry is not in the password store"; 1 before version 1.6.
    ("gopass", &[1, 10, 11], Some("is not in the password store")),
    // "could not get item cc/8001: "8001" isn't an item in the "cc" vault. Specify the item with …"
    ("op", &[1], Some("isn't an item")),
    // "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain."
    ("security", &[44], None),
    // Its standard error is empty then, but not if no secret service is running.
    ("secret-tool", &[1], Some("")),
];

/// Exit that means that a key is missing.
struct Missing {
    exit: Vec<i64>,
    /// Part of standard error; an empty text means that standard error is empty.
    words: Option<Arc<str>>,
}

impl Missing {
    /// Returns the exit that a store declares, or else the known one of its program.
    fn from_settings(settings: &Settings, get: &[Arc<str>]) -> Option<Self> {
        if let Some(declared) = settings.group("missing") {
            let words = declared.text("stderr").map(Arc::from);
            return Some(Self { exit: declared.numbers("exit").to_vec(), words });
        }
        let program = Path::new(&**get.first()?).file_name()?.to_str()?;
        let (_, exit, words) = KNOWN.iter().find(|(name, ..)| *name == program)?;
        Some(Self { exit: exit.to_vec(), words: words.map(Arc::from) })
    }

    fn fits(&self, code: Option<i32>, said: &[u8]) -> bool {
        let said = String::from_utf8_lossy(said);
        let spoke = match self.words.as_deref() {
            None => true,
            Some("") => said.trim().is_empty(),
            Some(words) => said.contains(words),
        };
        spoke && code.is_some_and(|code| self.exit.contains(&i64::from(code)))
    }
}

pub(super) struct Exec {
    get: Vec<Arc<str>>,
    put: Vec<Arc<str>>,
    folder: PathBuf,
    missing: Option<Missing>,
    /// True if only the first line of the output is the value.
    first: bool,
}

impl Exec {
    pub(super) fn new(settings: &Settings, folder: &Path) -> Self {
        let get = settings.texts("get").to_vec();
        Self {
            missing: Missing::from_settings(settings, &get),
            put: settings.texts("put").to_vec(),
            folder: folder.to_owned(),
            first: settings.text("line") == Some("first"),
            get,
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
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`{program}` cannot be run: {error}"))
    }

    /// Runs a command to its end and returns its output. `None` if it reported a missing key.
    async fn run(
        &self,
        command: &[Arc<str>],
        key: &str,
        input: Option<&Secret>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self.start(command, key, stdin)?;
        let program = command.first().map_or("", |program| &**program);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let work = async {
            let write = async {
                if let (Some(mut stdin), Some(input)) = (stdin, input) {
                    // A command that does not read all of it reports that by its exit status.
                    let _ = stdin.write_all(input.expose().as_bytes()).await;
                }
            };
            let end = async {
                let ((), output) = tokio::join!(write, all(stdout));
                let output = output.map_err(|error| format!("`{program}` cannot be read: {error}"))?;
                if output.len() as u64 > LARGEST {
                    return Err(format!("`{program}` printed more than {LARGEST} bytes"));
                }
                let status = child.wait().await.map_err(|error| format!("`{program}` was lost: {error}"))?;
                Ok((output, status))
            };
            let mut words = Zeroizing::new(Vec::new());
            let (output, status) = {
                let mut listen = pin!(listen(stderr, &mut words));
                let mut end = pin!(end);
                tokio::select! {
                    ended = &mut end => {
                        // A daemon that the command started may keep standard error open.
                        let _ = tokio::time::timeout(LAST_WORDS, listen).await;
                        ended?
                    }
                    () = &mut listen => end.await?,
                }
            };
            let printed = input.is_some() || !is_empty(self.value(&output));
            if status.success() && printed {
                return Ok(Some(output));
            }
            let missing =
                input.is_none() && self.missing.iter().any(|missing| missing.fits(status.code(), &words));
            if missing {
                return Ok(None);
            }
            // A command that hides its failure must not make an existing password look missing.
            if status.success() {
                return Err(format!(
                    "`{program}` ended well for key `{key}` and printed nothing: run it by hand to see why; if it ends \
                     so for a key that is not there, say so by `missing: {{ exit: [0] }}` on the store"
                ));
            }
            Err(format!(
                "`{program}` failed for key `{key}` ({status}); run it by hand to see why; if it ends so for a key \
                 that is not there, say so by `missing:` on the store"
            ))
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(result) => result,
            // Dropping the child kills it.
            Err(_) => Err(format!("`{program}` did not end within {} s", PATIENCE.as_secs())),
        }
    }

    /// Returns the part of an output that is the value.
    fn value<'a>(&self, output: &'a [u8]) -> &'a [u8] {
        if self.first {
            output.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default()
        } else {
            output
        }
    }

    async fn read(&self, key: &str) -> Result<Option<Secret>, String> {
        let Some(output) = self.run(&self.get, key, None).await? else { return Ok(None) };
        let not_utf8 = |_| format!("the value of key `{key}` is not UTF-8");
        let text = std::str::from_utf8(self.value(&output)).map_err(not_utf8)?;
        Ok(trimmed(text.to_owned()))
    }

    async fn store(&self, key: &str, value: &Secret) -> Result<(), String> {
        self.run(&self.put, key, Some(value)).await.map(|_| ())
    }
}

/// Returns true if a value is empty without its final line break.
fn is_empty(value: &[u8]) -> bool {
    matches!(value, b"" | b"\n" | b"\r\n")
}

/// Reads a stream to its end, or to one byte more than the limit.
async fn all(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stream) = stream {
        stream.take(LARGEST + 1).read_to_end(&mut output).await?;
    }
    Ok(output)
}

/// Reads a stream to its end, and keeps its beginning.
async fn listen(stream: Option<impl AsyncRead + Unpin>, words: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut part = Zeroizing::new([0; 1024]);
    while let Ok(read @ 1..) = stream.read(&mut *part).await {
        if words.len() as u64 <= LARGEST {
            words.extend_from_slice(&part[..read]);
        }
    }
}

impl SecretStore for Exec {
    fn get<'a>(&'a self, key: &'a str, _: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move {
            let program = self.get.first().map_or("", |program| &**program);
            let missing = || {
                Found::Missing(localized!(
                    "`{program}` gives none for it; store a value under `{key}`",
                    "`{program}` 没有给出它的值；请在 `{key}` 下存一个",
                    "`{program}` 沒有給出它的值；請在 `{key}` 下存一個"
                ))
            };
            Ok(self.read(key).await?.map_or_else(missing, Found::Value))
        })
    }

    /// No command offers check-and-set, so this reads the key before the write, and again after it.
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a Secret,
        write: Write,
        _: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        Box::pin(async move {
            if let Some(now) = self.read(key).await? {
                let beside = former(key);
                let kept = if write == Write::Rotate { self.read(&beside).await? } else { None };
                if write.leaves(&now, kept.as_ref()) {
                    return Ok(Some(now));
                }
                self.store(&beside, &now).await?;
            }
            self.store(key, value).await?;
            match self.read(key).await? {
                Some(now) if now.expose() == value.expose() => Ok(None),
                Some(now) => Ok(Some(now)),
                None => Err(Wrong::Refused(format!(
                    "`put` stored key `{key}`, and `get` does not find it: let both name one place"
                ))),
            }
        })
    }

    /// No command deletes, so the former value is overwritten with the vendor's current one.
    fn settle<'a>(
        &'a self,
        key: &'a str,
        sent: &'a Secret,
        _: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        Box::pin(async move {
            match self.read(key).await? {
                Some(now) if now.expose() == sent.expose() => {}
                other => return Ok(other),
            }
            let beside = former(key);
            // Without a rotation there may be no former value, and not every command distinguishes that from a
            // failure.
            match self.read(&beside).await {
                Ok(Some(kept)) if kept.expose() != sent.expose() => self.store(&beside, sent).await?,
                Ok(_) | Err(_) => {}
            }
            Ok(None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path, get: &str, put: &str) -> Exec {
        let shell = |script: &str| ["sh", "-c", script, "sh", "{key}"].map(Arc::from).to_vec();
        Exec { get: shell(get), put: shell(put), folder: folder.to_owned(), missing: None, first: false }
    }

    async fn get(store: &Exec, key: &str) -> Result<Option<String>, String> {
        Ok(store.read(key).await?.map(|secret| secret.expose().to_owned()))
    }

    // The clock stands still until all tasks wait, and then leaps to the time limit.
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
    async fn a_command_that_ends_well_and_prints_nothing_has_not_told_that_a_key_is_missing()
    -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        for (first, get) in [(false, "true"), (false, "echo"), (true, "echo; echo user"), (true, "exit 0")] {
            let mut store = Exec { first, ..store(folder.path(), get, "") };
            assert!(self::get(&store, "x").await.is_err(), "{get}");
            store.missing = Some(Missing { exit: vec![1], words: None });
            assert!(self::get(&store, "x").await.is_err(), "{get}");
            store.missing = Some(Missing { exit: vec![0, 1], words: None });
            assert_eq!(self::get(&store, "x").await, Ok(None), "{get}");
        }
        let mut printed = store(folder.path(), "echo value", "");
        printed.missing = Some(Missing { exit: vec![0], words: None });
        assert_eq!(get(&printed, "x").await, Ok(Some("value".to_owned())));
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
