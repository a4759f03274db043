//! A workspace's ledger and its lock, in a file or an object store, read and replaced whole.
//!
//! In: `ledger.path` or `ledger.url` of the workspace. Out: the [`Ledger`], migrated to this program's form, and a
//! [`Lock`] that excludes a second apply. A ledger is replaced only if it is still the one that this run read or
//! wrote last. So a run that lost its lock cannot overwrite another's ledger.

mod backend;
mod document;
mod error;
mod file_backend;
mod google_credentials;
mod history;
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
use self::error::OpenError;
use self::file_backend::Folder;
pub use self::history::{Stray, stray};
pub use self::lease_lock::{Lease, Lock, LockInfo, LockStatus, News};
pub use self::lock_owner::{LockOwner, user};
use self::object_backend::Bucket;
use super::files::{self, Place};
use crate::config::workspace::Workspace;
use crate::model::history::RunId;
use crate::model::id::safe;
use crate::model::identity::{Tenant, tenant_moves};
use crate::model::language::{Localized, localized, say};
use crate::model::ledger::{Ledger, VERSION};

/// Storage of a workspace's ledger.
pub struct Store {
    shelf: Arc<Backend>,
    lease: Duration,
    /// Name of the workspace, recorded in its ledger.
    workspace: Arc<str>,
    /// Tenants of its connections by provider, recorded in its ledger.
    tenants: BTreeMap<String, Tenant>,
    /// Location whose own folder is created before the first write.
    place: Option<Place>,
    /// Version that this run read or wrote last; `None` without a ledger.
    last: Mutex<Option<Version>>,
    /// The record that this run wrote last, with its version.
    record: Mutex<Option<(RunId, Version)>>,
}

impl Store {
    /// Opens the storage of a workspace's ledger. Reads and writes nothing yet.
    ///
    /// # Errors
    /// The setting names no location, or the environment lacks the access to it.
    pub fn open(workspace: &Workspace, place: &Place) -> Result<Self, LedgerError> {
        let lease = workspace.ledger.duration("lease");
        let shelf = if let Some(url) = workspace.ledger.text("url") {
            shelf_of(url, lease)?
        } else {
            Backend::Folder(beside(workspace, place))
        };
        Ok(Self::on(shelf, lease, workspace, place))
    }

    /// Opens a place that a command line names: a URL, a folder or a file. Reads and writes nothing yet.
    ///
    /// # Errors
    /// The URL names no place, or the environment lacks the access to it.
    pub fn open_at(target: &str, workspace: &Workspace, place: &Place) -> Result<Self, LedgerError> {
        let lease = workspace.ledger.duration("lease");
        let path = Path::new(target);
        let shelf = if target.contains("://") {
            shelf_of(target, lease)?
        } else if path.extension().is_some_and(|end| end == "json") {
            Backend::Folder(Folder::of_file(path.to_owned()))
        } else {
            Backend::Folder(Folder::of_folder(path))
        };
        Ok(Self::on(shelf, lease, workspace, place))
    }

    fn on(shelf: Backend, lease: Duration, workspace: &Workspace, place: &Place) -> Self {
        Self {
            shelf: Arc::new(shelf),
            lease,
            workspace: Arc::clone(&workspace.name),
            tenants: tenants(workspace),
            place: Some(place.clone()),
            last: Mutex::new(None),
            record: Mutex::new(None),
        }
    }

    /// Reads the ledger; an empty one if there is none yet. Takes no lock and writes nothing.
    ///
    /// # Errors
    /// It cannot be read, is no ledger, belongs to another workspace or tenant, or comes from a newer program.
    pub async fn load(&self) -> Result<Ledger, LedgerError> {
        let ledger = self.load_of_any_tenant().await?;
        check_tenants(&self.tenants, &ledger, &self.shown())?;
        Ok(ledger)
    }

    /// Reads the ledger even if the connections now lead to another tenant.
    ///
    /// # Errors
    /// It cannot be read, is no ledger, belongs to another workspace, or comes from a newer program.
    pub async fn load_of_any_tenant(&self) -> Result<Ledger, LedgerError> {
        let ledger = self.load_of_any_workspace().await?;
        self.check_workspace(&ledger)?;
        Ok(ledger)
    }

    /// Reads the ledger even if it belongs to another workspace or tenant.
    ///
    /// # Errors
    /// It cannot be read, is no ledger, or comes from a newer program.
    pub async fn load_of_any_workspace(&self) -> Result<Ledger, LedgerError> {
        let seen = self.shelf.read(Document::Ledger).await?;
        let ledger = match &seen {
            None => Ledger::default(),
            Some(seen) => read(&seen.bytes, &self.shown()).map_err(LedgerError::Unusable)?,
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = seen.map(|seen| seen.version);
        Ok(ledger)
    }

    /// Checks that a ledger belongs to this workspace. Old ledgers name no workspace; the next write records this
    /// one.
    ///
    /// # Errors
    /// It belongs to another one.
    pub fn check_workspace(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        match &ledger.workspace {
            Some(other) if **other != *self.workspace => {
                let (shown, other, mine) = (self.shown(), safe(other), &self.workspace);
                Err(LedgerError::Others {
                    what: localized!(
                        "the ledger {shown} is of workspace `{other}`, and this workspace is `{mine}`: by it, what \
                         `{other}` made would be taken for this workspace's own",
                        "账本 {shown} 是工作区 `{other}` 的，这个工作区叫 `{mine}`：照它办，`{other}` 建的会当成这个工作区的",
                        "帳本 {shown} 是工作區 `{other}` 的，這個工作區叫 `{mine}`：照它辦，`{other}` 建的會當成這個工作區的"
                    ),
                    help: localized!(
                        "give each workspace its own `ledger.path` or `ledger.url`; or, if `{other}` was renamed to \
                         `{mine}`, say so with `rosterctl ledger rename {mine}`",
                        "请给每个工作区各自的 `ledger.path` 或 `ledger.url`；如果 `{other}` 改名成了 `{mine}`，请用 \
                         `rosterctl ledger rename {mine}` 说明",
                        "請給每個工作區各自的 `ledger.path` 或 `ledger.url`；如果 `{other}` 改名成了 `{mine}`，請用 \
                         `rosterctl ledger rename {mine}` 說明"
                    ),
                })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Records the tenant settings that a ledger lacks.
    pub fn note_tenants(&self, ledger: &mut Ledger) {
        for (provider, tenant) in &self.tenants {
            let known = ledger.tenants.entry(provider.clone()).or_default();
            for (setting, value) in tenant {
                known.entry(setting.clone()).or_insert_with(|| value.clone());
            }
        }
    }

    /// Records that the connections lead to the tenants of the ledger. Returns each setting that differed.
    pub fn rebind(&self, ledger: &mut Ledger) -> Vec<Localized> {
        let moves = moves(&self.tenants, ledger);
        for (provider, tenant) in &self.tenants {
            ledger.tenants.insert(provider.clone(), tenant.clone());
        }
        moves
    }

    /// Replaces the ledger that this run read or wrote last.
    ///
    /// # Errors
    /// It cannot be written. After [`LedgerError::Moved`] nothing was written.
    pub async fn save(&self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        ledger.serial += 1;
        let written = self.amend(ledger).await;
        if written.is_err() {
            ledger.serial -= 1;
        }
        written
    }

    /// Replaces the ledger without a new serial. So the journal of an interrupted run stays current.
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
        let mut bytes = serde_json::to_vec_pretty(ledger)
            .map_err(|error| LedgerError::Unusable(error.to_string().into()))?;
        bytes.push(b'\n');
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let written = match &last {
            None => self.shelf.create(Document::Ledger, &bytes).await,
            Some(last) => self.shelf.replace(Document::Ledger, &bytes, last).await,
        };
        match written {
            Err(BackendError::Conflict) => match self.shelf.read(Document::Ledger).await? {
                // The first try succeeded, but its response was lost.
                Some(seen) if seen.bytes == bytes => Ok(seen.version),
                _ => Err(LedgerError::Moved(self.shown())),
            },
            other => Ok(other?),
        }
    }

    /// Takes the lock, and tells `news` of each wait. The lock is renewed in the background until it is released.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] with the holder, or the lock cannot be taken.
    pub async fn lock(&self, news: News<'_>) -> Result<Lock, LedgerError> {
        self.own_folder();
        Lock::take(Arc::clone(&self.shelf), self.lease, news).await
    }

    /// Returns the holder of the lock, and changes nothing.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn holder(&self) -> Result<LockStatus, LedgerError> {
        lease_lock::look(&self.shelf).await
    }

    /// Tries the writes of a lock on an object of its own, and deletes it. Touches neither ledger nor lock.
    ///
    /// # Errors
    /// The store refuses the writes, or ignores their conditions.
    pub async fn try_writes(&self) -> Result<(), LedgerError> {
        Ok(self.shelf.try_writes().await?)
    }

    /// Returns the location of the ledger for display.
    pub fn place(&self) -> String {
        self.shown()
    }

    /// Frees a lock whose holder surely ended or whose lease is over. With `force` it frees any lock. Returns the
    /// former holder, and tells `news` of each wait.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] if the holder may still run, or another process took the lock meanwhile. Else the lock
    /// cannot be freed.
    pub async fn unlock(&self, force: bool, news: News<'_>) -> Result<LockStatus, LedgerError> {
        lease_lock::free(&self.shelf, &self.shelf.signs(), self.lease, force, news).await
    }

    fn shown(&self) -> String {
        self.shelf.shown(Document::Ledger)
    }

    /// Keeps rosterctl's own folder out of version control before its first file is written. If that fails, the next
    /// write reports the reason.
    fn own_folder(&self) {
        if let Some(place) = &self.place {
            let _ = files::own_folder(place);
        }
    }
}

/// Returns the backend that a URL names. Messages never show the URL: it may hold credentials.
fn shelf_of(text: &str, lease: Duration) -> Result<Backend, OpenError> {
    let url = Url::parse(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OpenError::HasUser);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(OpenError::HasQuery);
    }
    match url.scheme() {
        "file" => {
            let path: PathBuf = url.to_file_path().map_err(|()| OpenError::RelativeFolder)?;
            Ok(Backend::Folder(Folder::of_folder(&path)))
        }
        "s3" | "gs" | "az" => Bucket::open(&url, lease).map(Backend::Bucket),
        _ => Err(OpenError::UnknownScheme),
    }
}

/// Returns the files of the ledger that `ledger.path` names.
fn beside(workspace: &Workspace, place: &Place) -> Folder {
    Folder::of_file(place.folder.join(path(workspace)))
}

fn path(workspace: &Workspace) -> &str {
    workspace.ledger.text("path").unwrap_or(".rosterctl/ledger.json")
}

/// Returns the name of a workspace's ledger, as the workspace file gives it. The name does not depend on the folder's
/// location. Two workspaces of a folder have one name exactly if they share one lock.
pub fn named(workspace: &Workspace) -> String {
    if let Some(url) = workspace.ledger.text("url") {
        return url.trim_end_matches('/').to_owned();
    }
    let parts = Path::new(path(workspace)).components().filter(|part| *part != Component::CurDir);
    parts.collect::<PathBuf>().display().to_string()
}

/// Returns the files of a workspace's ledger and lock, existing or not. Empty for an object store.
pub fn files(workspace: &Workspace, place: &Place) -> Vec<PathBuf> {
    match workspace.ledger.text("url") {
        None => beside(workspace, place).paths(),
        Some(url) if !url.starts_with("file:") => Vec::new(),
        Some(url) => match shelf_of(url, workspace.ledger.duration("lease")) {
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
fn moves(tenants: &BTreeMap<String, Tenant>, ledger: &Ledger) -> Vec<Localized> {
    let both =
        tenants.iter().filter_map(|(provider, now)| Some((provider, ledger.tenants.get(provider)?, now)));
    let words = both.flat_map(|(provider, known, now)| {
        tenant_moves(known, now).map(move |(setting, was, now)| {
            let unset = || localized!("not set", "没有设置", "沒有設定");
            let now = now.map(safe);
            let now = now.map_or_else(unset, |now| localized!("`{now}`", "是 `{now}`", "是 `{now}`"));
            let was = safe(was);
            localized!(
                now;
                "{setting} of {provider} was `{was}` and is {now}",
                "{provider} 的 {setting} 原来是 `{was}`，现在{now}",
                "{provider} 的 {setting} 原來是 `{was}`，現在{now}"
            )
        })
    });
    words.collect()
}

/// Checks that a workspace's connections lead to the tenants of a ledger or a snapshot.
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
        what: Localized::of(|language| {
            let moves: Vec<&str> = moves.iter().map(|one| one.text(language)).collect();
            let moves = moves.join(language.choose("; ", "；", "；"));
            say!(
                language,
                "the ledger {shown} is of another tenant than this workspace's connections lead to ({moves}): what it \
                 owns would be taken for this tenant's",
                "账本 {shown} 是另一个租户的，不是这个工作区的连接所指的（{moves}）：它名下的会当成这个租户的",
                "帳本 {shown} 是另一個租戶的，不是這個工作區的連線所指的（{moves}）：它名下的會當成這個租戶的"
            )
        }),
        help: localized!(
            "if it is the same tenant under another address, say so with `rosterctl ledger rebind`; if not, correct the \
             connection, or give this workspace a ledger of its own",
            "如果是同一个租户换了地址，请用 `rosterctl ledger rebind` 说明；不是的话，请改正连接，或给这个工作区另一个账本",
            "如果是同一個租戶換了位址，請用 `rosterctl ledger rebind` 說明；不是的話，請改正連線，或給這個工作區另一個帳本"
        ),
    })
}

/// Migrates a ledger from one version of the form to the next.
type Migration = fn(Json) -> Json;

/// Migrations in order. The first one leads from version 1 to 2, the last one to [`VERSION`].
///
/// Version 2 added identities; the next apply records those that a ledger of version 1 lacks.
const MIGRATIONS: &[Migration] = &[std::convert::identity];

/// Reads a ledger of the current version of the form, or of an older one.
fn read(bytes: &[u8], shown: &str) -> Result<Ledger, Localized> {
    let damaged = |why: String| {
        localized!(
            "the ledger {shown} is damaged ({why}); restore it from a backup, or move it away: the roster is \
             worked out from live state without it, but roles, passwords and what rosterctl owns are then \
             unknown",
            "账本 {shown} 损坏了（{why}）；请从备份恢复，或把它移走：没有它，名册仍可从线上得出，但角色、密码和哪些归 \
             rosterctl 所有就不知道了",
            "帳本 {shown} 損壞了（{why}）；請從備份還原，或把它移走：沒有它，名冊仍可從線上得出，但角色、密碼和哪些歸 \
             rosterctl 所有就不知道了"
        )
    };
    let json: Json = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if json.get("format").and_then(Json::as_str) != Some("rosterctl.ledger") {
        return Err(damaged("its `format` is not rosterctl.ledger".to_owned()));
    }
    let version = json.get("version").and_then(Json::as_u64).unwrap_or_default();
    if version > u64::from(VERSION) {
        return Err(localized!(
            "the ledger {shown} was written by a newer rosterctl (form {version}, this one knows {VERSION}); \
             upgrade this one",
            "账本 {shown} 是更新的 rosterctl 写的（格式 {version}，这个认得的是 {VERSION}）；请升级",
            "帳本 {shown} 是更新的 rosterctl 寫的（格式 {version}，這個認得的是 {VERSION}）；請升級"
        ));
    }
    let json = migrate(json, version, MIGRATIONS)
        .ok_or_else(|| damaged("its `version` is no version of a ledger".to_owned()))?;
    serde_json::from_value(json).map_err(|error| damaged(error.to_string()))
}

/// Migrates a ledger to the newest version of the form; `None` for an unknown version.
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
    use crate::model::history::RunRecord;

    fn memory() -> Arc<Backend> {
        let (store, shown) = (Arc::new(InMemory::new()), "memory://test".to_owned());
        let bucket = Bucket::at(store, shown, &Path::from("a"), Duration::from_secs(30));
        Arc::new(Backend::Bucket(bucket))
    }

    fn store(shelf: &Arc<Backend>) -> Store {
        let shelf = Arc::clone(shelf);
        let (lease, workspace) = (Duration::from_secs(30), Arc::from("acme"));
        let (last, record) = (Mutex::new(None), Mutex::new(None));
        Store { shelf, lease, workspace, tenants: BTreeMap::new(), place: None, last, record }
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

    fn record(workspace: &str, run: RunId) -> RunRecord {
        let record = json!({"format": "rosterctl.history/v1", "run": run, "workspace": workspace, "program": "0",
            "started": "", "ended": "", "who": "wang", "planDigest": "", "exit": 0, "steps": []});
        serde_json::from_value(record).unwrap()
    }

    /// Checks that two runs form one chain, and that a copy takes it along.
    async fn records_form_a_chain(shelf: Arc<Backend>, other: Arc<Backend>) {
        let (one, two, to) = (store(&shelf), store(&shelf), store(&other));
        let (mut mine, mut yours) = (one.load().await.unwrap(), two.load().await.unwrap());
        let (first, second) = (RunId::new(1, None), RunId::new(1, None));
        mine.history = one.append(&mut record("acme", first), None).await.unwrap();
        one.save(&mut mine).await.unwrap();
        // The other run began in the same millisecond, and lost its lock.
        let mut lost = RunRecord { plan_digest: "other".to_owned(), ..record("acme", second) };
        yours.history = two.append(&mut lost, None).await.unwrap();
        assert!(matches!(two.save(&mut yours).await, Err(LedgerError::Moved(_))));
        let mut yours = two.load().await.unwrap();
        yours.history = two.append(&mut lost, yours.history.clone()).await.unwrap();
        two.save(&mut yours).await.unwrap();
        let history = one.history(&yours).await.unwrap();
        assert_eq!((history.records.len(), &*history.remarks), (2, &[][..]));
        assert_eq!(lost.previous_run, Some(first));
        assert_eq!(two.copy(&yours, &to).await.unwrap(), 2);
        let copied = to.load().await.unwrap();
        assert_eq!((&copied, to.history(&copied).await.unwrap().remarks), (&yours, Vec::new()));
        assert!(two.copy(&yours, &to).await.is_err_and(|why| why.to_string().contains("would overwrite")));
    }

    #[tokio::test]
    async fn records_form_a_chain_in_a_bucket() {
        records_form_a_chain(memory(), memory()).await;
    }

    #[tokio::test]
    async fn records_form_a_chain_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = |name: &str| Arc::new(Backend::Folder(Folder::of_folder(&folder.path().join(name))));
        records_form_a_chain(shelf("one"), shelf("two")).await;
    }

    #[test]
    fn damaged_and_newer_ledgers_are_refused() {
        let refused = |json: Json| read(json.to_string().as_bytes(), "L").unwrap_err();
        let newer = json!({"format": "rosterctl.ledger", "version": VERSION + 1, "surprise": true});
        assert!(refused(newer).to_string().contains("written by a newer rosterctl"));
        for damaged in [
            json!({}),
            json!([]),
            json!({"format": "rosterctl.ledger"}),
            json!({"format": "rosterctl.ledger", "version": 0, "serial": 1, "resources": {}}),
            json!({"format": "rosterctl.ledger", "version": VERSION, "serial": 1, "resources": []}),
            json!({"format": "other", "version": VERSION, "serial": 1, "resources": {}}),
        ] {
            let why = refused(damaged);
            assert!(
                why.to_string().contains("L is damaged (") && why.to_string().contains("move it away"),
                "{why}"
            );
        }
        assert!(read(b"{\"format\": \"roster", "L").unwrap_err().to_string().contains("restore it"));
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
        let lease = Duration::from_secs(30);
        for url in [
            "s3://AKIA:hunter2@bucket/p",
            "az://hunter2@host/p",
            "s3://bucket/p?sig=hunter2",
            "http://hunter2",
        ] {
            let why = shelf_of(url, lease).unwrap_err().to_string();
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert!(shelf_of("file://relative/folder", lease).unwrap_err().to_string().contains("absolute"));
        let shelf = shelf_of("file:///srv/rosters/acme", lease).unwrap();
        assert_eq!(shelf.shown(Document::Ledger), "/srv/rosters/acme/ledger.json");
        assert_eq!(shelf.shown(Document::Lock), "/srv/rosters/acme/lock.json");
    }
}
