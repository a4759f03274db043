//! A workspace's ledger and its lock: in a file or in an object store, read whole and replaced whole.
//!
//! In: `ledger.path` or `ledger.url` of the workspace. Out: the [`Ledger`], brought to this program's form,
//! and a [`Lock`] that keeps a second apply out. A ledger is replaced only while it is still what this run
//! read or wrote last, so that a run that lost its lock cannot write over another's.

mod backend;
mod document;
mod error;
mod file_backend;
mod lease_lock;
mod lock_owner;
mod object_backend;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use url::Url;

use self::backend::Backend;
use self::document::{BackendError, Document, Version};
pub use self::error::LedgerError;
use self::file_backend::Folder;
pub use self::lease_lock::{Lease, Lock, LockInfo, LockStatus, News};
pub use self::lock_owner::LockOwner;
use self::object_backend::Bucket;
use super::files::{self, Place};
use crate::config::workspace::Workspace;
use crate::model::id::safe;
use crate::model::identity::{Tenant, tenant_moves};
use crate::model::ledger::{Ledger, VERSION};

/// Where a workspace's ledger lies.
pub struct Store {
    shelf: Arc<Backend>,
    lease: Duration,
    /// Name of the workspace, which is written into its ledger.
    workspace: Arc<str>,
    /// The tenants of its connections, by provider, which are written into its ledger.
    tenants: BTreeMap<String, Tenant>,
    /// The workspace whose own folder is made before the first write.
    place: Option<Place>,
    /// What this run read or wrote last; `None` when there was no ledger.
    last: Mutex<Option<Version>>,
}

impl Store {
    /// Opens the place of a workspace's ledger; reads and writes nothing yet.
    ///
    /// # Errors
    /// The setting names no place, or the environment does not say how to reach it.
    pub fn open(workspace: &Workspace, place: &Place) -> Result<Self, LedgerError> {
        let lease = workspace.ledger.duration("lease");
        let shelf = if let Some(url) = workspace.ledger.text("url") {
            shelf_of(url).map_err(LedgerError::Unusable)?
        } else {
            Backend::Folder(beside(workspace, place))
        };
        let (shelf, tenants) = (Arc::new(shelf), tenants(workspace));
        let (workspace, place) = (Arc::clone(&workspace.name), Some(place.clone()));
        Ok(Self { shelf, lease, workspace, tenants, place, last: Mutex::new(None) })
    }

    /// Reads the ledger; an empty one when there is none yet. Takes no lock and writes nothing.
    ///
    /// # Errors
    /// It cannot be read, is no ledger, is another workspace's or another tenant's, or comes from a newer program.
    pub async fn load(&self) -> Result<Ledger, LedgerError> {
        let ledger = self.load_of_any_tenant().await?;
        check_tenants(&self.tenants, &ledger, &self.shown())?;
        Ok(ledger)
    }

    /// Reads the ledger, also where the connections lead to another tenant by now.
    ///
    /// # Errors
    /// It cannot be read, is no ledger, is another workspace's, or comes from a newer program.
    pub async fn load_of_any_tenant(&self) -> Result<Ledger, LedgerError> {
        let seen = self.shelf.read(Document::Ledger).await?;
        let ledger = match &seen {
            None => Ledger::default(),
            Some(seen) => read(&seen.bytes, &self.shown()).map_err(LedgerError::Unusable)?,
        };
        self.own(&ledger)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = seen.map(|seen| seen.version);
        Ok(ledger)
    }

    /// Makes sure that a ledger is this workspace's. One that tells no workspace was written before ledgers did,
    /// and becomes this one's with the next write.
    fn own(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        match &ledger.workspace {
            Some(other) if **other != *self.workspace => {
                let (shown, other, mine) = (self.shown(), safe(other), &self.workspace);
                Err(LedgerError::Others {
                    what: format!(
                        "the ledger {shown} is of workspace `{other}`, and this workspace is `{mine}`: by it, what \
                         `{other}` made would be taken for this workspace's own"
                    ),
                    help: format!(
                        "give each workspace its own `ledger.path` or `ledger.url`; or, if `{other}` was renamed to \
                         `{mine}`, write the new name after `\"workspace\":` in the ledger"
                    ),
                })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Records the settings of tenants that a ledger does not hold yet.
    pub fn note_tenants(&self, ledger: &mut Ledger) {
        for (provider, tenant) in &self.tenants {
            let known = ledger.tenants.entry(provider.clone()).or_default();
            for (setting, value) in tenant {
                known.entry(setting.clone()).or_insert_with(|| value.clone());
            }
        }
    }

    /// Records that the connections lead to the tenants of the ledger. Returns each setting that differed.
    pub fn rebind(&self, ledger: &mut Ledger) -> Vec<String> {
        let moves = moves(&self.tenants, ledger);
        for (provider, tenant) in &self.tenants {
            ledger.tenants.insert(provider.clone(), tenant.clone());
        }
        moves
    }

    /// Replaces the ledger that this run read or wrote last.
    ///
    /// # Errors
    /// It cannot be written; or [`LedgerError::Moved`], and then nothing was.
    pub async fn save(&self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        ledger.serial += 1;
        let written = self.amend(ledger).await;
        if written.is_err() {
            ledger.serial -= 1;
        }
        written
    }

    /// Replaces the ledger without a new serial: the journal of an interrupted run is not older than it.
    ///
    /// # Errors
    /// Those of [`Self::save`].
    pub async fn amend(&self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        self.own_folder();
        ledger.workspace = Some(self.workspace.to_string());
        let version = self.write(ledger).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
        Ok(())
    }

    async fn write(&self, ledger: &Ledger) -> Result<Version, LedgerError> {
        let mut bytes =
            serde_json::to_vec_pretty(ledger).map_err(|error| LedgerError::Unusable(error.to_string()))?;
        bytes.push(b'\n');
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let written = match &last {
            None => self.shelf.create(Document::Ledger, &bytes).await,
            Some(last) => self.shelf.replace(Document::Ledger, &bytes, last).await,
        };
        match written {
            Err(BackendError::Conflict) => match self.shelf.read(Document::Ledger).await? {
                // It arrived at the first try, and its answer did not.
                Some(seen) if seen.bytes == bytes => Ok(seen.version),
                _ => Err(LedgerError::Moved(self.shown())),
            },
            other => Ok(other?),
        }
    }

    /// Takes the lock; it is renewed in the background until it is released. `news` is told what that waits for.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] with who holds it; or it cannot be taken.
    pub async fn lock(&self, news: News<'_>) -> Result<Lock, LedgerError> {
        self.own_folder();
        Lock::take(Arc::clone(&self.shelf), self.lease, news).await
    }

    /// Says who holds the lock, and changes nothing.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn holder(&self) -> Result<LockStatus, LedgerError> {
        lease_lock::look(&self.shelf).await
    }

    /// Where the ledger lies, in words.
    pub fn place(&self) -> String {
        self.shown()
    }

    /// Frees a lock whose holder surely ended or whose lease is over, with `force` any other too, and says who
    /// held it. `news` is told what that waits for.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] when its holder may still run, or another took it meanwhile; or it cannot be freed.
    pub async fn unlock(&self, force: bool, news: News<'_>) -> Result<LockStatus, LedgerError> {
        lease_lock::free(&self.shelf, &self.shelf.signs(), self.lease, force, news).await
    }

    fn shown(&self) -> String {
        self.shelf.shown(Document::Ledger)
    }

    /// Keeps rosterctl's own folder out of version control before anything is put there. Where that fails,
    /// what is written next says why.
    fn own_folder(&self) {
        if let Some(place) = &self.place {
            let _ = files::own_folder(place);
        }
    }
}

/// The place that a URL names. A message never shows the URL: it may have credentials in it.
fn shelf_of(text: &str) -> Result<Backend, String> {
    let url = Url::parse(text).map_err(|error| format!("`ledger.url` is no URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`ledger.url` has something before an `@`: credentials do not belong into it; the \
                    environment gives them (AWS_…, GOOGLE_…, AZURE_…)"
            .to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        let why = "`ledger.url` is a bucket and a prefix; it takes no `?` and no `#`";
        return Err(why.to_owned());
    }
    match url.scheme() {
        "file" => {
            let path: PathBuf = url.to_file_path().map_err(|()| {
                "`ledger.url` needs an absolute folder: write file:///srv/rosterctl, or use `ledger.path`"
                    .to_owned()
            })?;
            Ok(Backend::Folder(Folder::of_folder(&path)))
        }
        "s3" | "gs" | "az" => Bucket::open(&url).map(Backend::Bucket),
        _ => Err("`ledger.url` begins with s3://, gs://, az:// or file://".to_owned()),
    }
}

/// The files of a ledger that `ledger.path` names.
fn beside(workspace: &Workspace, place: &Place) -> Folder {
    Folder::of_file(place.folder.join(path(workspace)))
}

fn path(workspace: &Workspace) -> &str {
    workspace.ledger.text("path").unwrap_or(".rosterctl/ledger.json")
}

/// Which ledger a workspace has, as its file names it, so that it holds wherever the folder lies: two workspaces
/// of a folder have the same exactly when they have the same lock.
pub fn named(workspace: &Workspace) -> String {
    if let Some(url) = workspace.ledger.text("url") {
        return url.trim_end_matches('/').to_owned();
    }
    let parts = Path::new(path(workspace)).components().filter(|part| *part != Component::CurDir);
    parts.collect::<PathBuf>().display().to_string()
}

/// The files of a workspace's ledger and its lock, there or not; none where it lies in an object store.
pub fn files(workspace: &Workspace, place: &Place) -> Vec<PathBuf> {
    match workspace.ledger.text("url") {
        None => beside(workspace, place).paths(),
        Some(url) if !url.starts_with("file:") => Vec::new(),
        Some(url) => match shelf_of(url) {
            Ok(Backend::Folder(folder)) => folder.paths(),
            Ok(Backend::Bucket(_)) | Err(_) => Vec::new(),
        },
    }
}

/// Returns the tenants of a workspace's connections, by provider.
fn tenants(workspace: &Workspace) -> BTreeMap<String, Tenant> {
    let connections = workspace.connections.iter();
    connections.map(|connection| (connection.spec.name.to_owned(), connection.tenant())).collect()
}

/// Returns the settings by which connections lead to another tenant than the ledger's, in words.
fn moves(tenants: &BTreeMap<String, Tenant>, ledger: &Ledger) -> Vec<String> {
    let both =
        tenants.iter().filter_map(|(provider, now)| Some((provider, ledger.tenants.get(provider)?, now)));
    let words = both.flat_map(|(provider, known, now)| {
        tenant_moves(known, now).map(move |(setting, was, now)| {
            let now = now.map_or_else(|| "not set".to_owned(), |now| format!("`{}`", safe(now)));
            format!("{setting} of {provider} was `{}` and is {now}", safe(was))
        })
    });
    words.collect()
}

/// Checks that a workspace's connections lead to the tenants of a ledger, or of a snapshot of one.
///
/// # Errors
/// [`LedgerError::Others`] with the settings that differ.
pub fn check_tenant(workspace: &Workspace, ledger: &Ledger, shown: &str) -> Result<(), LedgerError> {
    check_tenants(&tenants(workspace), ledger, shown)
}

fn check_tenants(
    tenants: &BTreeMap<String, Tenant>,
    ledger: &Ledger,
    shown: &str,
) -> Result<(), LedgerError> {
    let moves = moves(tenants, ledger);
    if moves.is_empty() {
        return Ok(());
    }
    Err(LedgerError::Others {
        what: format!(
            "the ledger {shown} is of another tenant than this workspace's connections lead to ({}): what it owns \
             would be taken for this tenant's",
            moves.join("; ")
        ),
        help: "if it is the same tenant under another address, say so with `rosterctl ledger rebind`; if not, correct \
               the connection, or give this workspace a ledger of its own"
            .to_owned(),
    })
}

/// Brings a ledger from one version of the form to the next.
type Migration = fn(Json) -> Json;

/// The first brings version 1 to 2, and so on: as many as [`VERSION`] is more than 1.
///
/// Version 2 added identities; what a ledger of version 1 does not tell is recorded by the next apply.
const MIGRATIONS: &[Migration] = &[std::convert::identity];

/// Reads a ledger of this version of the form or an older one.
fn read(bytes: &[u8], shown: &str) -> Result<Ledger, String> {
    let damaged = |why: String| {
        format!(
            "the ledger {shown} is damaged ({why}); restore it from a backup, or move it away: the roster is \
             worked out from live state without it, but roles, passwords and what rosterctl owns are then \
             unknown"
        )
    };
    let json: Json = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if json.get("format").and_then(Json::as_str) != Some("rosterctl.ledger") {
        return Err(damaged("its `format` is not rosterctl.ledger".to_owned()));
    }
    let version = json.get("version").and_then(Json::as_u64).unwrap_or_default();
    if version > u64::from(VERSION) {
        return Err(format!(
            "the ledger {shown} was written by a newer rosterctl (form {version}, this one knows {VERSION}); \
             upgrade this one"
        ));
    }
    let json = migrate(json, version, MIGRATIONS)
        .ok_or_else(|| damaged("its `version` is no version of a ledger".to_owned()))?;
    serde_json::from_value(json).map_err(|error| damaged(error.to_string()))
}

/// Brings a ledger to the newest version of the form; `None` when it is of none.
fn migrate(mut json: Json, version: u64, migrations: &[Migration]) -> Option<Json> {
    let behind = usize::try_from(version.checked_sub(1)?).ok()?;
    for (migration, from) in migrations.get(behind..)?.iter().zip(version..) {
        json = migration(json);
        json["version"] = Json::from(from + 1);
    }
    Some(json)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use serde_json::json;

    use super::*;

    fn memory() -> Arc<Backend> {
        let bucket = Bucket::at(Arc::new(InMemory::new()), "memory://test".to_owned(), &Path::from("a"));
        Arc::new(Backend::Bucket(bucket))
    }

    fn store(shelf: &Arc<Backend>) -> Store {
        let shelf = Arc::clone(shelf);
        let (lease, workspace) = (Duration::from_secs(30), Arc::from("acme"));
        Store { shelf, lease, workspace, tenants: BTreeMap::new(), place: None, last: Mutex::new(None) }
    }

    async fn no_run_writes_over_another(shelf: Arc<Backend>) {
        let (one, two) = (store(&shelf), store(&shelf));
        let mut mine = one.load().await.unwrap();
        let mut yours = two.load().await.unwrap();
        mine.last_clean_run = Some("mine".to_owned());
        one.save(&mut mine).await.unwrap();
        one.save(&mut mine).await.unwrap();
        assert!(matches!(two.save(&mut yours).await, Err(LedgerError::Moved(_))));
        assert_eq!(yours.serial, 0);
        let mut yours = two.load().await.unwrap();
        assert_eq!((yours.serial, yours.last_clean_run.as_deref()), (2, Some("mine")));
        yours.last_clean_run = Some("yours".to_owned());
        two.save(&mut yours).await.unwrap();
        assert!(matches!(one.save(&mut mine).await, Err(LedgerError::Moved(_))));
        assert_eq!(two.load().await.unwrap(), yours);
    }

    #[tokio::test]
    async fn no_run_writes_over_another_in_a_bucket() {
        no_run_writes_over_another(memory()).await;
    }

    #[tokio::test]
    async fn no_run_writes_over_another_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::of_file(folder.path().join("ledger.json"));
        no_run_writes_over_another(Arc::new(Backend::Folder(folder))).await;
    }

    #[test]
    fn damaged_and_newer_ledgers_are_refused() {
        let refused = |json: Json| read(json.to_string().as_bytes(), "L").unwrap_err();
        let newer = json!({"format": "rosterctl.ledger", "version": VERSION + 1, "surprise": true});
        assert!(refused(newer).contains("written by a newer rosterctl"));
        for damaged in [
            json!({}),
            json!([]),
            json!({"format": "rosterctl.ledger"}),
            json!({"format": "rosterctl.ledger", "version": 0, "serial": 1, "resources": {}}),
            json!({"format": "rosterctl.ledger", "version": VERSION, "serial": 1, "resources": []}),
            json!({"format": "other", "version": VERSION, "serial": 1, "resources": {}}),
        ] {
            let why = refused(damaged);
            assert!(why.contains("L is damaged (") && why.contains("move it away"), "{why}");
        }
        assert!(read(b"{\"format\": \"roster", "L").unwrap_err().contains("restore it"));
        let good = serde_json::to_vec(&Ledger::default()).unwrap();
        assert_eq!(read(&good, "L").unwrap(), Ledger::default());
    }

    #[test]
    fn older_ledgers_are_brought_forward_one_version_at_a_time() {
        fn rename(mut json: Json) -> Json {
            json["resources"] = json["agents"].take();
            json
        }
        fn count(mut json: Json) -> Json {
            json["serial"] = Json::from(7);
            json
        }
        let chain: &[Migration] = &[rename, count];
        let first = json!({"version": 1, "agents": {"a": 1}});
        let last = migrate(first, 1, chain).unwrap();
        assert_eq!(
            (&last["version"], &last["resources"]["a"], &last["serial"]),
            (&3.into(), &1.into(), &7.into())
        );
        let second = json!({"version": 2, "resources": {}});
        assert_eq!(migrate(second, 2, chain).unwrap()["serial"], 7);
        let third = json!({"version": 3});
        assert_eq!(migrate(third.clone(), 3, chain), Some(third));
        assert_eq!(migrate(json!({}), 0, chain), None);
        assert_eq!(MIGRATIONS.len() + 1, VERSION as usize, "each version needs a way to the next");
    }

    #[test]
    fn credentials_in_a_url_are_refused_and_not_shown() {
        for url in [
            "s3://AKIA:hunter2@bucket/p",
            "az://hunter2@host/p",
            "s3://bucket/p?sig=hunter2",
            "http://hunter2",
        ] {
            let why = shelf_of(url).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert!(shelf_of("file://relative/folder").unwrap_err().contains("absolute"));
        let shelf = shelf_of("file:///srv/rosters/acme").unwrap();
        assert_eq!(shelf.shown(Document::Ledger), "/srv/rosters/acme/ledger.json");
        assert_eq!(shelf.shown(Document::Lock), "/srv/rosters/acme/lock.json");
    }
}
