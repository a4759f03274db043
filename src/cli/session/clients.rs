//! Clients of a run's connections, each made once.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::runtime::client::Client;
use crate::sandbox::Embedded;

/// Clients made so far. All connections to the embedded sandbox share one sandbox.
#[derive(Default)]
pub(crate) struct Clients {
    /// Clients by the names of their connections.
    pub(super) made: Mutex<BTreeMap<Arc<str>, Rc<Client>>>,
    /// The embedded sandbox, once a connection needs it.
    pub(super) sandbox: Mutex<Option<Arc<Embedded>>>,
}
