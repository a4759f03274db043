//! Stores of secrets behind one trait. A manifest can only name a store and a key; the workspace declares the
//! readable ones.
//!
//! Each key is read once a run, and only on demand; many reads run side by side. A value stays in memory until the
//! run ends, and is wiped then.

mod age;
mod dir;
mod env;
mod exec;
mod generate;
mod nested_map;
mod sops;
mod store;
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use futures_util::stream;
use tokio::sync::{Mutex, OnceCell};

pub use self::store::SecretError;
use self::store::{Found, SecretReader, SecretResolver, SecretStore, Write, Wrong};
pub use self::vault::SignIns;
use crate::config::secret_key::key_objection;
use crate::config::workspace::{Store, Workspace};
use crate::model::language::Localized;
use crate::model::secret::{Secret, SecretRef};
use crate::runtime::ports::PasswordStore;

/// Number of reads that run side by side.
const SIDE_BY_SIDE: usize = 16;

/// Name of a store and a key.
type Name = (Arc<str>, Arc<str>);

/// Key that is being read, or was.
type Read = Arc<OnceCell<Result<Found<Arc<Secret>>, Wrong>>>;

/// Key that was made in this run, and true if it was rotated.
type Made = Arc<OnceCell<(Arc<Secret>, bool)>>;

/// The stores of a workspace.
pub struct Secrets {
    stores: BTreeMap<Arc<str>, (Store, Box<dyn SecretStore>)>,
    read: Mutex<BTreeMap<Name, Read>>,
    made: Mutex<BTreeMap<Name, Made>>,
}

impl Secrets {
    /// Opens the stores that a workspace declares. Reads nothing yet.
    pub fn open(workspace: &Workspace, folder: &Path) -> Self {
        Self::sharing(workspace, folder, &Arc::default())
    }

    /// Opens the stores of one of several workspaces, which share their sign-ins.
    pub fn sharing(workspace: &Workspace, folder: &Path, sign_ins: &Arc<SignIns>) -> Self {
        let stores = workspace.stores.iter().map(|(name, store)| {
            let settings = store.settings.clone();
            let path = folder.join(settings.text("path").unwrap_or_default());
            let open: Box<dyn SecretStore> = match store.kind {
                "env" => Box::new(env::Env::new(settings.text("prefix").unwrap_or_default())),
                "dir" => Box::new(dir::Dir::new(path, folder)),
                "vault" => Box::new(vault::Vault::new(settings, folder, sign_ins)),
                "sops" => Box::new(sops::Sops::new(settings, path)),
                "age" => Box::new(age::Age::new(settings, path)),
                _ => Box::new(exec::Exec::new(&settings, folder)),
            };
            (Arc::clone(name), (store.clone(), open))
        });
        Self { stores: stores.collect(), read: Mutex::default(), made: Mutex::default() }
    }

    /// Reads a secret.
    ///
    /// # Errors
    /// The store is not declared, may not hold such a key, cannot be read, or has no such key.
    pub async fn get(&self, secret: &SecretRef) -> Result<Arc<Secret>, SecretError> {
        self.read(secret, 0).await
    }

    /// Reads a secret that may not exist yet; `None` if the store lacks it.
    ///
    /// # Errors
    /// As [`Secrets::get`], except for a missing key.
    pub async fn find(&self, secret: &SecretRef) -> Result<Option<Arc<Secret>>, SecretError> {
        match self.get(secret).await {
            Ok(value) => Ok(Some(value)),
            Err(SecretError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads many secrets side by side.
    pub async fn get_all(
        &self,
        wanted: BTreeSet<SecretRef>,
    ) -> BTreeMap<SecretRef, Result<Arc<Secret>, SecretError>> {
        stream::iter(wanted)
            .map(|secret| async move {
                let value = self.get(&secret).await;
                (secret, value)
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await
    }

    /// Writes a secret if the store lacks it. Returns the stored value: an existing one, also of another process,
    /// stays.
    ///
    /// # Errors
    /// The store is not declared, may not hold such a key, or cannot be written.
    pub async fn put(&self, secret: &SecretRef, value: Secret) -> Result<Arc<Secret>, SecretError> {
        self.write(secret, value, Write::Create).await
    }

    async fn write(
        &self,
        secret: &SecretRef,
        value: Secret,
        write: Write,
    ) -> Result<Arc<Secret>, SecretError> {
        let (_, store) = self.store(secret)?;
        let own = SecretResolver::new(self, 0);
        let there =
            store.put(&secret.key, &value, write, own).await.map_err(|wrong| wrong.for_secret(secret))?;
        let value = Arc::new(there.unwrap_or(value));
        self.remember(secret, &value).await?;
        Ok(value)
    }

    /// Replaces the cached value of a secret.
    async fn remember(&self, secret: &SecretRef, value: &Arc<Secret>) -> Result<(), SecretError> {
        let (about, _) = self.store(secret)?;
        let cell = OnceCell::new_with(Some(Ok(Found::Value(Arc::clone(value)))));
        self.read.lock().await.insert(name(about, secret), Arc::new(cell));
        Ok(())
    }

    /// Makes a strong password and writes it. Without `renew`, it does so only if the store has none. With `renew`,
    /// the former password stays beside the new one until [`Secrets::settle`].
    ///
    /// A key is made once a run. Two agents may name one key in different forms, and a second password would
    /// overwrite one that an agent may already have.
    ///
    /// # Errors
    /// As [`Secrets::get`] and [`Secrets::put`], or the operating system gives no random bytes.
    pub async fn make(&self, secret: &SecretRef, renew: bool) -> Result<Arc<Secret>, SecretError> {
        let (about, _) = self.store(secret)?;
        let cell = Arc::clone(self.made.lock().await.entry(name(about, secret)).or_default());
        let make = || async {
            if !renew && let Some(value) = self.find(secret).await? {
                return Ok((value, renew));
            }
            let value = generate::password().map_err(|why| Wrong::Refused(why).for_secret(secret))?;
            let write = if renew { Write::Rotate } else { Write::Create };
            Ok((self.write(secret, value, write).await?, renew))
        };
        cell.get_or_try_init(make).await.map(|(value, _)| Arc::clone(value))
    }

    /// Returns true if this run rotated a secret.
    pub async fn rotated(&self, secret: &SecretRef) -> bool {
        let Ok((about, _)) = self.store(secret) else { return false };
        let made = self.made.lock().await;
        made.get(&name(about, secret)).and_then(|made| made.get()).is_some_and(|(_, renewed)| *renewed)
    }

    /// Ends the rotation of a password once the vendor has accepted `sent`. If another process has stored a different
    /// password since, returns that one, which must be sent and settled too.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn settle(
        &self,
        secret: &SecretRef,
        sent: &Secret,
    ) -> Result<Option<Arc<Secret>>, SecretError> {
        let (_, store) = self.store(secret)?;
        let own = SecretResolver::new(self, 0);
        let other = store.settle(&secret.key, sent, own).await.map_err(|wrong| wrong.for_secret(secret))?;
        let Some(other) = other.map(Arc::new) else { return Ok(None) };
        self.remember(secret, &other).await?;
        Ok(Some(other))
    }

    fn store(&self, secret: &SecretRef) -> Result<(&Store, &dyn SecretStore), SecretError> {
        let refuse = |why: String| Wrong::Refused(why).for_secret(secret);
        let Some((store, open)) = self.stores.get(&secret.store) else {
            return Err(refuse("it is not declared in rosterctl.yaml".to_owned()));
        };
        match key_objection(store, &secret.key) {
            Some(objection) => Err(refuse(format!("key `{}`: {objection}", secret.key))),
            None => Ok((store, &**open)),
        }
    }
}

impl SecretReader for Secrets {
    fn read<'a>(
        &'a self,
        secret: &'a SecretRef,
        depth: usize,
    ) -> BoxFuture<'a, Result<Arc<Secret>, SecretError>> {
        Box::pin(async move {
            let (about, store) = self.store(secret)?;
            let cell = Arc::clone(self.read.lock().await.entry(name(about, secret)).or_default());
            let read = || async {
                let found = store.get(&secret.key, SecretResolver::new(self, depth)).await?;
                Ok(match found {
                    Found::Value(value) => Found::Value(Arc::new(value)),
                    Found::Missing(hint) => Found::Missing(hint),
                })
            };
            match cell.get_or_init(read).await {
                Ok(Found::Value(value)) => Ok(Arc::clone(value)),
                Ok(Found::Missing(hint)) => Err(SecretError::Missing {
                    store: Arc::clone(&secret.store),
                    key: Arc::clone(&secret.key),
                    hint: hint.clone(),
                }),
                Err(wrong) => Err(wrong.clone().for_secret(secret)),
            }
        })
    }
}

impl PasswordStore for Secrets {
    fn prefetch<'a>(&'a self, secret: &'a SecretRef) -> LocalBoxFuture<'a, ()> {
        Box::pin(async {
            let _ = self.find(secret).await;
        })
    }

    fn get_all(
        &self,
        wanted: BTreeSet<SecretRef>,
    ) -> LocalBoxFuture<'_, BTreeMap<SecretRef, Result<Arc<Secret>, Localized>>> {
        Box::pin(async move {
            let all = Secrets::get_all(self, wanted).await.into_iter();
            all.map(|(secret, value)| (secret, value.map_err(|error| error.words()))).collect()
        })
    }

    fn make<'a>(
        &'a self,
        secret: &'a SecretRef,
        renew: bool,
    ) -> LocalBoxFuture<'a, Result<Arc<Secret>, Localized>> {
        Box::pin(async move { Secrets::make(self, secret, renew).await.map_err(|error| error.words()) })
    }

    fn rotated<'a>(&'a self, secret: &'a SecretRef) -> LocalBoxFuture<'a, bool> {
        Box::pin(Secrets::rotated(self, secret))
    }

    fn settle<'a>(
        &'a self,
        secret: &'a SecretRef,
        sent: &'a Secret,
    ) -> LocalBoxFuture<'a, Result<Option<Arc<Secret>>, Localized>> {
        Box::pin(async { Secrets::settle(self, secret, sent).await.map_err(|error| error.words()) })
    }
}

/// Returns one name per secret, for all forms of its key.
fn name(store: &Store, secret: &SecretRef) -> Name {
    let key = match secret.key.strip_suffix("#value").filter(|_| store.kind == "vault") {
        Some(key) => Arc::from(key),
        None => Arc::clone(&secret.key),
    };
    (Arc::clone(&secret.store), key)
}
