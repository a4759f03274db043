//! Opens the connections of a workspace, each on demand and once a run.

use std::collections::BTreeSet;
use std::fs;
use std::rc::Rc;
use std::sync::Arc;

use super::clients::Host;
use super::load::{Loaded, registry};
use super::source_cache::SourceCache;
use crate::apply::disruption;
use crate::cli::error::CliError;
use crate::config::workspace::Connection;
use crate::messages::Message as _;
use crate::model::call::Reason;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::id::Kind;
use crate::model::language::{Localized, localized};
use crate::model::live::Seats;
use crate::model::objection::ValueObjection;
use crate::model::plan::Plan;
use crate::model::presence::PresencePolicy;
use crate::model::problem::{ConnectionFault, FileProblem};
use crate::model::secret::{Secret, SecretRef};
use crate::model::source::File;
use crate::model::unread::FailedCall;
use crate::provider::Provider;
use crate::runtime::client::Client;
use crate::runtime::clock::SystemClock;
use crate::runtime::ports::PasswordStore;
use crate::runtime::rate_limiter::RateLimiter;
use crate::runtime::read::presence::Observers;
use crate::runtime::read::seats;
use crate::runtime::transport::Transport;
use crate::runtime::vendor::Vendor;
use crate::runtime::vendor::Vendors;
use crate::sandbox::Embedded;
use crate::storage::creation_lock::CreationLock;
use crate::storage::rate_store::lock_files;
use crate::storage::secrets::SecretError;
use crate::storage::state;

/// Reason for which a connection cannot be used. Its words continue the connection's name.
pub(crate) enum Unusable {
    /// The declaration is wrong, or this machine lacks something.
    Wrong(ConnectionFault),
    /// The store of its secret does not respond, or refuses the sign-in.
    Unreachable(Reason, ConnectionFault),
}

impl Unusable {
    /// Returns true if the calls cannot be signed.
    pub(crate) fn is_unsigned(&self) -> bool {
        match self.fault() {
            ConnectionFault::NoSecret
            | ConnectionFault::SecretUnread { .. }
            | ConnectionFault::BadSecret { .. } => true,
            ConnectionFault::NoConnector | ConnectionFault::Unusable { .. } => false,
        }
    }

    /// Returns the reason.
    pub(crate) fn fault(&self) -> &ConnectionFault {
        let (Self::Wrong(fault) | Self::Unreachable(_, fault)) = self;
        fault
    }
}

/// Returns the reason against the use of a connection, with its name.
pub(crate) fn unusable_connection(connection: &Connection, fault: &ConnectionFault) -> Localized {
    let (name, fault) = (&connection.name, fault.localized());
    localized!(
        fault;
        "connection `{name}` {fault}",
        "连接 `{name}` {fault}",
        "連線 `{name}` {fault}"
    )
}

/// Returns the client of a connection.
///
/// # Errors
/// The reason for which there is none, in words that continue the connection's name.
pub(crate) async fn link(loaded: &Loaded, connection: &Connection) -> Result<Rc<Client>, Unusable> {
    let mut made = loaded.clients.made.lock().await;
    if let Some(link) = made.get(&connection.name) {
        return Ok(Rc::clone(link));
    }
    let link = Rc::new(make(loaded, connection).await?);
    made.insert(Arc::clone(&connection.name), Rc::clone(&link));
    Ok(link)
}

/// Returns an unshared client without retries, to try a call once.
///
/// # Errors
/// As of [`link`].
pub(crate) async fn trial(loaded: &Loaded, connection: &Connection) -> Result<Client, Unusable> {
    make(loaded, connection).await.map(Client::without_retries)
}

/// Returns the objection to the value of a secret under a setting. A token goes into a header, and an identity is a
/// file of lines.
pub(crate) fn objection(way: &str, secret: &SecretRef, value: &Secret) -> Option<Localized> {
    value_objection(way, value).map(|why| {
        let why = why.localized();
        localized!(
            why;
            "its `{way}` {secret} {why}: store it without that",
            "它的 `{way}` {secret} {why}：改好再存",
            "它的 `{way}` {secret} {why}：改好再存"
        )
    })
}

fn value_objection(way: &str, value: &Secret) -> Option<ValueObjection> {
    match way.rsplit('.').next().unwrap_or(way) {
        "identity" => None,
        "token" | "secretId" => value.token_objection(),
        _ => value.line_objection(),
    }
}

async fn make(loaded: &Loaded, connection: &Connection) -> Result<Client, Unusable> {
    let vendor = registry().vendor(connection);
    let connector = vendor.ok_or(Unusable::Wrong(ConnectionFault::NoConnector))?.connector;
    let secret = match (connection.base_url(), connector.secret(connection)) {
        // The simulator in this process needs no credential.
        (None, _) => Arc::new(Secret::new("sandbox".to_owned())),
        (Some(_), Some(secret)) => {
            let value = loaded.secrets.get(secret).await.map_err(|error| {
                let fault = ConnectionFault::SecretUnread { why: error.words() };
                match error {
                    SecretError::Unreachable { reason, .. } => Unusable::Unreachable(reason, fault),
                    SecretError::Missing { .. } | SecretError::Store { .. } => Unusable::Wrong(fault),
                }
            })?;
            let ways = connection.settings.secrets();
            let way =
                ways.iter().find(|(_, named)| *named == secret).map_or("secret", |(way, _)| way.as_str());
            if let Some(why) = value_objection(way, &value) {
                let (setting, secret) = (way.to_owned(), secret.to_string());
                return Err(Unusable::Wrong(ConnectionFault::BadSecret { setting, secret, why }));
            }
            value
        }
        (Some(_), None) => return Err(Unusable::Wrong(ConnectionFault::NoSecret)),
    };
    let transport: Box<dyn Transport> = match connection.base_url() {
        Some(base) => {
            let timeout = connection.settings.duration("timeout");
            let ca_file = connection.settings.text("caFile").map(|file| loaded.place.folder.join(file));
            let host = Host { base: base.to_owned(), ca_file, timeout, http1: connector.signs_host() };
            Box::new(loaded.clients.shared.transport(host).map_err(unusable)?)
        }
        None => Box::new(sandbox(loaded).await.map_err(unusable)?),
    };
    let clock = Rc::new(SystemClock);
    let account = account(loaded, connection);
    let windows = loaded.clients.shared.windows(&account);
    let limiter = RateLimiter::new(Box::new(windows), clock.clone());
    let client = Client::new(connection.clone(), connector, transport, secret, limiter, clock);
    Ok(match connection.base_url() {
        Some(_) => client.sharing(&loaded.clients.shared.accounts, &account),
        // Each workspace has a simulator of its own.
        None => client,
    })
}

/// Returns the system that holds a kind of resources, or the reason against its use.
pub(crate) async fn vendor(loaded: &Loaded, kind: Kind) -> Option<Result<Vendor, Localized>> {
    let connection = loaded.workspace.connection_of_kind(kind)?;
    let provider = registry().vendor(connection)?.resources(kind)?;
    let link = link(loaded, connection).await;
    Some(match link {
        Ok(link) => Ok(Vendor::new(provider, link)),
        Err(why) => Err(unusable_connection(connection, why.fault())),
    })
}

/// Returns the systems that hold resources.
///
/// # Errors
/// Every secret that is not available, with its place.
pub(crate) async fn vendors(loaded: &Loaded) -> Result<Vendors, CliError> {
    let mut vendors = Vec::new();
    let mut wrong = Diagnostics::default();
    let (mut unreachable, mut reasons) = (Vec::new(), BTreeSet::new());
    for connection in &loaded.workspace.connections {
        let held = registry().vendor(connection).map_or(&[][..], |vendor| vendor.resources);
        let bound = |provider: &&&dyn Provider| {
            let first = loaded.workspace.connection_of_kind(provider.support().kind);
            first.is_some_and(|first| first.name == connection.name)
        };
        for provider in held.iter().filter(bound) {
            match link(loaded, connection).await {
                Ok(link) => vendors.push(Vendor::new(*provider, link)),
                Err(Unusable::Unreachable(reason, why)) => {
                    reasons.insert(reason);
                    unreachable.push(unusable_connection(connection, &why));
                    break;
                }
                Err(Unusable::Wrong(fault)) => {
                    let problem = FileProblem::Connection { name: connection.name.to_string(), fault };
                    wrong.push(Diagnostic::at(&connection.source, problem));
                    break;
                }
            }
        }
    }
    if wrong.is_empty() && unreachable.is_empty() {
        return Ok(vendors.into_iter().collect());
    }
    if !unreachable.is_empty() {
        // The next run reports wrong declarations, once the store responds.
        return Err(CliError::Unreachable(Localized::lines(&unreachable), Reason::gravest(reasons)));
    }
    let bytes = loaded.place.read().unwrap_or_default();
    let file = File { name: Arc::clone(&loaded.place.shown), bytes };
    Err(CliError::Input(wrong.into_sorted(), SourceCache::new(vec![file])))
}

/// Returns the systems that report presence. A system without a client is included, with the reason.
pub(crate) async fn observers(loaded: &Loaded) -> Observers {
    let mut observers = Observers::default();
    for observer in registry().observers() {
        let Some(connection) = loaded.workspace.connection(observer.spec().name) else { continue };
        let link = link(loaded, connection).await;
        observers.add(observer, link.map_err(|why| unusable_connection(connection, why.fault())));
    }
    observers
}

/// Reads the voice seats, if a connection reads them. Never fails. With `passwords`, compares the passwords that
/// manifests name with their stores.
pub(crate) async fn seats(loaded: &Loaded, passwords: bool) -> Seats {
    let Some(connection) = loaded.workspace.connection_of_kind(Kind::Seat) else { return Seats::Unasked };
    let Some(reader) = registry().vendor(connection).and_then(|vendor| vendor.seats) else {
        return Seats::Unasked;
    };
    let link = match link(loaded, connection).await {
        Ok(link) => link,
        Err(why) => return Seats::Unread(unusable_connection(connection, why.fault()), None),
    };
    let store: &dyn PasswordStore = &loaded.secrets;
    let against = passwords.then_some((&loaded.desired, store));
    match seats::read(reader, &link, against).await {
        Ok(mut seats) => {
            loaded.workspace.scope.narrow_seats(&mut seats.listing);
            Seats::Read(seats)
        }
        Err(failure) => {
            let reason = Some(failure.reason());
            Seats::Unread(FailedCall::from(&link.name(failure)).localized(), reason)
        }
    }
}

/// Returns the systems that report a state that the guard protects. Empty if the plan disrupts no agent.
pub(crate) async fn guards(loaded: &Loaded, plan: &Plan, guard: &PresencePolicy) -> Observers {
    let mut observers = Observers::default();
    if !disruption::needs_presence(plan, guard) {
        return observers;
    }
    for observer in registry().observers() {
        // The guard asks only systems that can tell a state which it protects.
        let tells = observer.spec().states.iter().any(|state| guard.protect.contains(state));
        let Some(connection) = loaded.workspace.connection(observer.spec().name).filter(|_| tells) else {
            continue;
        };
        let link = link(loaded, connection).await;
        observers.add(observer, link.map_err(|why| unusable_connection(connection, why.fault())));
    }
    observers
}

fn unusable(why: String) -> Unusable {
    Unusable::Wrong(ConnectionFault::Unusable { why })
}

async fn sandbox(loaded: &Loaded) -> Result<Arc<Embedded>, String> {
    let mut sandbox = loaded.clients.sandbox.lock().await;
    if let Some(embedded) = &*sandbox {
        return Ok(Arc::clone(embedded));
    }
    let path = loaded.place.own_folder().join("sandbox.json");
    let embedded = Embedded::open(registry().simulators(), Some(&path))
        .map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    let embedded = Arc::new(embedded);
    *sandbox = Some(Arc::clone(&embedded));
    Ok(embedded)
}

/// Returns the untaken lock of queue creation on the tenant.
pub(crate) fn creation_lock(loaded: &Loaded) -> Option<CreationLock> {
    let connection = loaded.workspace.connections.iter().find(|c| c.spec.holds(Kind::Queue))?;
    let folders: Vec<_> = state::folders().into_iter().collect();
    let files = lock_files(&folders, &account(loaded, connection), "create");
    Some(CreationLock::new(&files, Rc::new(SystemClock)))
}

/// Returns the owner of a rate window: the account at its host.
fn account(loaded: &Loaded, connection: &Connection) -> String {
    let at = match connection.base_url() {
        // All spellings of a host are one host, and the limit belongs to the account.
        Some(base) => base.to_ascii_lowercase().replacen("://localhost", "://127.0.0.1", 1),
        None => fs::canonicalize(&loaded.place.folder).unwrap_or_default().display().to_string(),
    };
    let tenant = connection.spec.tenant.iter().filter_map(|key| connection.settings.text(key));
    format!("{}|{at}|{}", connection.spec.name, tenant.collect::<Vec<_>>().join("|"))
}
