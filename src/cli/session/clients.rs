//! Clients of a run's connections, each made once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::runtime::account::Accounts;
use crate::runtime::client::Client;
use crate::runtime::transport::HttpTransport;
use crate::sandbox::Embedded;
use crate::storage::rate_store::FileRateStore;
use crate::storage::secrets::SignIns;
use crate::storage::state;

/// Clients made so far. All connections to the embedded sandbox share one sandbox.
#[derive(Default)]
pub(crate) struct Clients {
    /// Clients by the names of their connections.
    pub(super) made: Mutex<BTreeMap<Arc<str>, Rc<Client>>>,
    /// The embedded sandbox, once a connection needs it.
    pub(super) sandbox: Mutex<Option<Arc<Embedded>>>,
    /// The part that other workspaces of the run use, too.
    pub(super) shared: Arc<Shared>,
}

impl Clients {
    /// Returns no clients yet, for a workspace of a run of several.
    pub(crate) fn sharing(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), ..Self::default() }
    }
}

/// Part of the clients that the workspaces of a run share: sign-ins, rate windows, and connections to hosts.
#[derive(Default)]
pub(crate) struct Shared {
    pub(super) accounts: Accounts,
    /// Sign-ins of the stores of secrets.
    pub(crate) sign_ins: Arc<SignIns>,
    windows: std::sync::Mutex<BTreeMap<String, Arc<FileRateStore>>>,
    transports: std::sync::Mutex<BTreeMap<Host, HttpTransport>>,
}

/// Settings of the connections to a host.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    pub(super) base: String,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) timeout: Duration,
    /// True for HTTP/1.1 alone.
    pub(super) http1: bool,
}

impl Shared {
    /// Returns the rate windows of an account. Without a folder they are in this process alone.
    pub(super) fn windows(&self, account: &str) -> Arc<FileRateStore> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(FileRateStore::new(state::folders(), account));
        Arc::clone(windows.entry(account.to_owned()).or_insert_with(made))
    }

    /// Returns the transport to a host.
    pub(super) fn transport(&self, host: Host) -> Result<HttpTransport, String> {
        let mut transports = self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = transports.get(&host) {
            return Ok(made.clone());
        }
        let made = HttpTransport::new(&host.base, host.ca_file.as_deref(), host.timeout, host.http1)?;
        transports.insert(host, made.clone());
        Ok(made)
    }
}
