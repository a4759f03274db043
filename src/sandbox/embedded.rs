//! An estate and the file that stores it.
//!
//! Several programs may hold one file's estate at a time. Each checks if the file is still the one that it last read
//! or wrote, and reads it again if not. A call's changes are stored under a lock of the operating system, and only on
//! top of the file's current content.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::{Value, json};

use futures_util::future::LocalBoxFuture;

use super::simulator::Factory;
use super::{FORMAT, SandboxError};
use crate::model::call::{Call, Failure, Reply};
use crate::runtime::clock;
use crate::runtime::transport::Transport;
use crate::sandbox::vendor_state::VendorState;
use crate::storage::paths;

/// A state file; its vendors parse its estate.
#[derive(Deserialize)]
struct StateFile {
    format: String,
    estate: Value,
}

/// The simulated vendors in this process, for connections with `baseUrl: sandbox`.
pub struct Embedded {
    estate: Arc<Mutex<VendorState>>,
    path: Option<PathBuf>,
    /// The vendors of the estate.
    factories: Vec<Factory>,
    /// The file's stamp when last read or written; `None` if no other program writes it.
    seen: Option<Mutex<Stamp>>,
}

/// The identity of a file's content, since each state is a new file; `None` without a file.
type Stamp = Option<(u64, u64, SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino(), about.modified().ok()?, about.len()))
}

impl Transport for Arc<Embedded> {
    fn send<'a>(&'a self, call: &'a Call) -> LocalBoxFuture<'a, Result<(Reply, Option<i64>), Failure>> {
        Box::pin(std::future::ready(Ok((self.answer(call, clock::now_ms()), None))))
    }
}

impl Embedded {
    /// Opens the estate in a file, without credentials; without a file it is empty.
    ///
    /// # Errors
    /// The file exists and is not the state of a sandbox.
    pub fn open(factories: Vec<Factory>, path: Option<&Path>) -> Result<Self, SandboxError> {
        // Taken before the read: a later write causes another read.
        let seen = path.and_then(stamp);
        let estate = match path {
            Some(path) => opened(&factories, path)?,
            None => unguarded(VendorState::new(&factories)),
        };
        let seen = path.is_some().then(|| Mutex::new(seen));
        Ok(Self { factories, seen, ..Self::new(estate, path) })
    }

    /// Wraps an estate.
    pub(super) fn new(estate: VendorState, path: Option<&Path>) -> Self {
        Self {
            estate: Arc::new(Mutex::new(estate)),
            path: path.map(Path::to_path_buf),
            factories: Vec::new(),
            seen: None,
        }
    }

    /// Answers a call at a Unix time in milliseconds, and stores its changes.
    ///
    /// If the state cannot be stored, the response has HTTP status 500.
    pub fn answer(&self, call: &Call, now_ms: i64) -> Reply {
        self.answer_method(call.method.word(), call, now_ms)
    }

    /// Answers a call of any method.
    pub(super) fn answer_method(&self, method: &str, call: &Call, now_ms: i64) -> Reply {
        let mut estate = self.lock();
        let answered = self.follow(&mut estate).and_then(|_| {
            let Some(path) = self.path.as_ref().filter(|_| estate.may_change(&call.path)) else {
                return Ok(estate.answer(method, call, now_ms));
            };
            let _guard = self.seen.is_some().then(|| guard(path)).transpose()?;
            // Another program may have written the file since.
            self.follow(&mut estate)?;
            let before = estate.clone();
            let reply = estate.answer(method, call, now_ms);
            if estate.revision == before.revision {
                return Ok(reply);
            }
            if let Err(error) = save(&estate, path) {
                // A change that is not stored did not happen.
                *estate = before;
                return Err(error);
            }
            if let Some(seen) = &self.seen {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = stamp(path);
            }
            Ok(reply)
        });
        answered.unwrap_or_else(|error| {
            let message = format!("the sandbox cannot store its state: {error}");
            Reply::json(500, &json!({"code": 500, "success": false, "message": message, "msg": message}))
        })
    }

    /// Reads the file again if another program wrote it; returns true if so.
    fn follow(&self, estate: &mut VendorState) -> io::Result<bool> {
        let (Some(path), Some(seen)) = (&self.path, &self.seen) else { return Ok(false) };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(path);
        if *seen == now {
            return Ok(false);
        }
        *estate =
            opened(&self.factories, path).map_err(|error| io::Error::other(anyhow::Error::from(error)))?;
        *seen = now;
        Ok(true)
    }

    /// Returns the estate, to be read or to be changed outside the API.
    pub fn estate(&self) -> Arc<Mutex<VendorState>> {
        Arc::clone(&self.estate)
    }

    /// Locks the estate. A panic of another holder leaves it usable.
    pub(super) fn lock(&self) -> MutexGuard<'_, VendorState> {
        self.estate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens an estate to all requests: only this program can reach it.
fn unguarded(estate: VendorState) -> VendorState {
    VendorState { unguarded: true, ..estate }
}

fn opened(factories: &[Factory], path: &Path) -> Result<VendorState, SandboxError> {
    let estate = load(factories, path)?;
    Ok(unguarded(estate.unwrap_or_else(|| VendorState::new(factories))))
}

/// Locks the file against other programs' writes, until dropped.
fn guard(path: &Path) -> io::Result<File> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut open = OpenOptions::new();
    open.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(paths::no_follow());
    let file = open.open(folder.join(format!(".{name}.guard")))?;
    file.lock()?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads a state file; `None` if it does not exist.
pub(super) fn load(factories: &[Factory], path: &Path) -> Result<Option<VendorState>, SandboxError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SandboxError::Read { path: path.into(), source }),
    };
    let wrong = |source| SandboxError::State { path: path.into(), source };
    let file: StateFile = serde_json::from_slice(&bytes).map_err(wrong)?;
    let estate = VendorState::restore(factories, file.estate).map_err(wrong)?;
    if file.format != FORMAT {
        return Err(SandboxError::Format { path: path.into(), found: file.format });
    }
    Ok(Some(estate))
}

/// Replaces a state file atomically.
///
/// Only its owner can read it, because it holds passwords of SIP accounts.
fn save(estate: &VendorState, path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    // tempfile makes its files with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".sandbox-").tempfile_in(folder)?;
    let mut writer = io::BufWriter::new(file.as_file_mut());
    write!(writer, "{{\"format\":\"{FORMAT}\",\"estate\":{}}}", estate.store()?)?;
    writer.flush()?;
    drop(writer);
    // Some file systems report only now that there is no room.
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::model::call::Method;
    use crate::sandbox::AgentConfig;
    use crate::vendors;

    fn call(operation: &str, body: &serde_json::Value) -> Call {
        Call {
            operation: "",
            method: Method::Post,
            path: format!("/api/v1/config/openapi/agent/{operation}"),
            query: Vec::new(),
            headers: vec![("content-type", "application/json".into())],
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn what_changed_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("state.json");
        let sandbox = Embedded::open(vendors::ALL.simulators(), Some(&path)).unwrap();
        let reply = sandbox.answer(&call("page", &json!({"abbreviate": "acme"})), 0);
        assert_eq!(reply.status, 200);
        assert!(!path.exists(), "reading writes nothing");
        sandbox.answer(&call("create/v2", &json!({"abbreviate": "acme", "operatorId": "8001"})), 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let before = fs::read(&path).unwrap();
        sandbox.answer(&call("one/v2", &json!({"abbreviate": "acme", "operatorId": "8001"})), 0);
        sandbox.answer(&call("create/v2", &json!({"abbreviate": "acme", "operatorId": "8001"})), 0);
        assert_eq!(fs::read(&path).unwrap(), before);
        // The state and its lock file.
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
        let again = Embedded::open(vendors::ALL.simulators(), Some(&path)).unwrap();
        assert!(again.lock().get::<AgentConfig>().agent("8001").is_some());
        assert!(again.lock().unguarded);
    }

    #[test]
    fn programs_beside_each_other_lose_nothing_of_each_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let create = |sandbox: &Embedded, id: u32| {
            let body = json!({"abbreviate": "acme", "operatorId": id.to_string()});
            assert_eq!(sandbox.answer(&call("create/v2", &body), 0).status, 200);
        };
        std::thread::scope(|scope| {
            for first in [1000, 2000, 3000] {
                let path = &path;
                scope.spawn(move || {
                    let sandbox = Embedded::open(vendors::ALL.simulators(), Some(path)).unwrap();
                    (first..first + 30).for_each(|id| create(&sandbox, id));
                    let reply = sandbox.answer(&call("page", &json!({"abbreviate": "acme"})), 0);
                    assert_eq!(reply.status, 200, "no credentials are asked for afterwards either");
                });
            }
        });
        let after = Embedded::open(vendors::ALL.simulators(), Some(&path)).unwrap();
        assert_eq!(after.lock().get::<AgentConfig>().agents().count(), 90);
        // Changes by hand or by a finished run are seen.
        create(&Embedded::open(vendors::ALL.simulators(), Some(&path)).unwrap(), 4000);
        create(&after, 4001);
        assert_eq!(after.lock().get::<AgentConfig>().agents().count(), 92);
    }

    #[test]
    fn a_file_that_is_no_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let error = |text: &str| {
            fs::write(&path, text).unwrap();
            Embedded::open(vendors::ALL.simulators(), Some(&path)).err().unwrap().to_string()
        };
        assert!(error("{").contains("not the state of a sandbox"));
        assert!(error("{\"format\": \"x\", \"estate\": {}}").contains("\"x\""));
        assert!(Embedded::open(vendors::ALL.simulators(), Some(folder.path())).is_err());
        assert!(Embedded::open(vendors::ALL.simulators(), None).is_ok());
    }

    #[test]
    fn a_state_that_cannot_be_stored_is_told_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file").join("state.json");
        let sandbox = Embedded::open(vendors::ALL.simulators(), Some(&path)).unwrap();
        fs::write(folder.path().join("file"), "in the way").unwrap();
        for sandbox in [sandbox, Embedded::new(unguarded(vendors::ALL.estate()), Some(&path))] {
            let create = call("create/v2", &json!({"abbreviate": "acme", "operatorId": "8001"}));
            let reply = sandbox.answer(&create, 0);
            assert_eq!(reply.status, 500);
            assert!(
                sandbox.lock().get::<AgentConfig>().agent("8001").is_none(),
                "what is not stored did not happen"
            );
        }
    }
}
