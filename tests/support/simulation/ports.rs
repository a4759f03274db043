//! Ports of the program's runtime, served by the simulated world: time, transport, rate windows, passwords, locks.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use rosterctl::config::settings::Spec;
use rosterctl::config::workspace::Connection;
use rosterctl::model::call::{Call, Failure, Reply};
use rosterctl::model::language::Localized;
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::model::support::Support;
use rosterctl::model::write_op::WriteOp;
use rosterctl::provider::{Connector, Page, Provider, Row, Unsupported, WriteReceipt, agent_config};
use rosterctl::runtime::clock::Clock;
use rosterctl::runtime::gate::WriteLease;
use rosterctl::runtime::ports::{CreationGuard, PasswordStore};
use rosterctl::runtime::rate_limiter::RateStore;
use rosterctl::runtime::rate_window::Window;
use rosterctl::runtime::transport::Transport;

use super::world::{BEGIN_MS, Happening, Waiting};
use super::{Mutant, Shared};

/// The agents' connector with smaller pages than the document allows: a page shift needs two pages.
pub(super) struct SmallPages {
    rows: usize,
}

const INNER: &dyn Provider = &agent_config::AgentConfig;

impl SmallPages {
    /// Returns the connector with a number of rows per page.
    pub(super) fn with(rows: usize) -> &'static SmallPages {
        static MADE: OnceLock<Mutex<BTreeMap<usize, &'static SmallPages>>> = OnceLock::new();
        let mut made = MADE.get_or_init(Mutex::default).lock().unwrap();
        made.entry(rows).or_insert_with(|| Box::leak(Box::new(SmallPages { rows })))
    }

    fn shrink(&self, mut call: Call) -> Call {
        if let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&call.body) {
            body["pageSize"] = self.rows.into();
            call.body = body.to_string().into_bytes();
        }
        call
    }
}

impl Connector for SmallPages {
    fn spec(&self) -> &'static Spec {
        INNER.spec()
    }
    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        INNER.secret(connection)
    }
    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        INNER.sign(connection, secret, now_ms, call);
    }
}

impl Provider for SmallPages {
    fn support(&self) -> &'static Support {
        INNER.support()
    }
    fn page_size(&self, _: &Connection) -> usize {
        self.rows
    }
    fn list_request(&self, connection: &Connection, page: usize) -> Call {
        self.shrink(INNER.list_request(connection, page))
    }
    fn parse_list(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
        INNER.parse_list(connection, reply)
    }
    fn get_request(&self, connection: &Connection, key: &str) -> Call {
        INNER.get_request(connection, key)
    }
    fn parse_get(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        INNER.parse_get(connection, key, reply)
    }
    fn search_request(&self, connection: &Connection, key: &str, page: usize) -> Option<Call> {
        INNER.search_request(connection, key, page).map(|call| self.shrink(call))
    }
    fn write_request(
        &self,
        connection: &Connection,
        op: &WriteOp,
        password: Option<&Secret>,
    ) -> Result<Call, Unsupported> {
        INNER.write_request(connection, op, password)
    }
    fn parse_write(&self, connection: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
        INNER.parse_write(connection, reply)
    }
}

/// The virtual clock.
pub(super) struct WorldClock(pub(super) Shared);

impl Clock for WorldClock {
    fn now_ms(&self) -> i64 {
        self.0.borrow().now
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis((self.0.borrow().now - BEGIN_MS).unsigned_abs())
    }

    fn sleep(&self, pause: Duration) -> LocalBoxFuture<'static, ()> {
        // A pause rounds up to whole milliseconds.
        let pause = i64::try_from(pause.as_micros().div_ceil(1_000)).unwrap_or(i64::MAX / 4);
        let signal = self.0.borrow_mut().after(pause);
        Box::pin(async {
            Waiting(signal).await;
        })
    }

    fn chance(&self) -> f64 {
        self.0.borrow_mut().random.fraction()
    }

    fn unique(&self) -> u64 {
        let mut world = self.0.borrow_mut();
        world.drawn += 1;
        world.drawn
    }
}

/// The transport of a connection's calls to the simulated vendors.
pub(super) struct WorldTransport {
    pub(super) world: Shared,
    pub(super) connection: Connection,
    pub(super) mutant: Option<Mutant>,
}

impl Transport for WorldTransport {
    fn send<'a>(&'a self, call: &'a Call) -> LocalBoxFuture<'a, Result<(Reply, Option<i64>), Failure>> {
        let paced = self.connection.rate(call.operation).is_some();
        let Call { operation, method, path, query, headers, body } = call;
        let (query, headers) = (query.clone(), headers.clone());
        let sent =
            Call { operation, method: *method, path: path.clone(), query, headers, body: body.clone() };
        let signal = self.world.borrow_mut().send(sent, paced);
        let blind = self.mutant == Some(Mutant::BlindRetry) && call.operation == "addQueue";
        Box::pin(async move {
            let reply = Waiting(signal).await;
            let reply = reply.unwrap_or_else(|| Err(Failure::Unknown("nothing came".to_owned().into())));
            let clear = |reply: &Reply| serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok();
            let reply = match self.mutant {
                Some(Mutant::EarlyDelete) if self.world.borrow().planned => reply.map(without_members),
                _ => reply,
            };
            match reply {
                Ok(reply) if !blind || clear(&reply) => Ok((reply, None)),
                Err(failure) if !blind => Err(failure),
                _ => Err(Failure::NotSent("no connection".to_owned().into())),
            }
        })
    }
}

/// Returns a reply in which every queue is empty.
fn without_members(mut reply: Reply) -> Reply {
    fn empty(json: &mut serde_json::Value) {
        match json {
            serde_json::Value::Object(map) => map.iter_mut().for_each(|(key, value)| match &**key {
                "assignMembers" => *value = serde_json::json!([]),
                _ => empty(value),
            }),
            serde_json::Value::Array(list) => list.iter_mut().for_each(empty),
            _ => {}
        }
    }
    if let Ok(mut json) = serde_json::from_slice(&reply.body) {
        empty(&mut json);
        reply.body = json.to_string().into_bytes();
    }
    reply
}

/// The rate windows, which outlive a client.
pub(super) struct WorldWindows {
    pub(super) world: Shared,
    pub(super) mutant: Option<Mutant>,
}

impl RateStore for WorldWindows {
    fn change(&self, operation: &'static str, work: &mut dyn FnMut(&mut Window, i64)) {
        let (mut window, now) = {
            let mut world = self.world.borrow_mut();
            (world.windows.remove(operation).unwrap_or_default(), world.now)
        };
        work(&mut window, now);
        if self.mutant != Some(Mutant::LeakyPermit) || self.world.borrow_mut().chance(50) {
            self.world.borrow_mut().windows.insert(operation, window);
        }
    }
}

/// The store of passwords.
pub(super) struct WorldPasswords {
    pub(super) world: Shared,
    pub(super) mutant: Option<Mutant>,
    /// Passwords that this run read or generated.
    pub(super) known: Mutex<BTreeMap<SecretRef, Arc<Secret>>>,
}

impl WorldPasswords {
    async fn sleep(&self, pause: i64) {
        let signal = self.world.borrow_mut().after(pause);
        Waiting(signal).await;
    }
}

impl PasswordStore for WorldPasswords {
    fn prefetch<'a>(&'a self, _: &'a SecretRef) -> LocalBoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn get_all(
        &self,
        wanted: BTreeSet<SecretRef>,
    ) -> LocalBoxFuture<'_, BTreeMap<SecretRef, Result<Arc<Secret>, Localized>>> {
        let known = self.known.lock().unwrap();
        let value =
            |secret: &SecretRef| known.get(secret).cloned().ok_or_else(|| "it is missing".to_owned().into());
        let all = wanted.into_iter().map(|secret| (secret.clone(), value(&secret))).collect();
        Box::pin(std::future::ready(all))
    }

    fn make<'a>(
        &'a self,
        secret: &'a SecretRef,
        renew: bool,
    ) -> LocalBoxFuture<'a, Result<Arc<Secret>, Localized>> {
        Box::pin(async move {
            let known = self.known.lock().unwrap().get(secret).cloned();
            if let Some(value) = known.filter(|_| !renew) {
                return Ok(value);
            }
            let key = secret.key.to_string();
            let (value, there, late, refused) = {
                let mut world = self.world.borrow_mut();
                world.made_secrets += 1;
                let value = format!("made-{:06}", world.made_secrets);
                let faults = world.weather.faults / 2;
                let refused = world.chance(faults);
                (value, world.up_to(200), world.up_to(3_000), refused)
            };
            let made = Arc::new(Secret::new(value.clone()));
            if self.mutant == Some(Mutant::LateSecret) {
                self.known.lock().unwrap().insert(secret.clone(), Arc::clone(&made));
                self.world.borrow_mut().happen(late, Happening::Stored(key, value));
                return Ok(made);
            }
            self.sleep(there).await;
            if refused {
                return Err("the store is sealed".to_owned().into());
            }
            self.world.borrow_mut().store.insert(key, value);
            self.sleep(there).await;
            self.known.lock().unwrap().insert(secret.clone(), Arc::clone(&made));
            Ok(made)
        })
    }

    fn rotated<'a>(&'a self, _: &'a SecretRef) -> LocalBoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    fn settle<'a>(
        &'a self,
        _: &'a SecretRef,
        _: &'a Secret,
    ) -> LocalBoxFuture<'a, Result<Option<Arc<Secret>>, Localized>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// The lease of the workspace's lock, which a run may lose.
pub(super) struct WorldLease {
    pub(super) world: Shared,
    pub(super) mutant: Option<Mutant>,
}

impl WriteLease for WorldLease {
    fn holds(&self) -> bool {
        self.mutant == Some(Mutant::NoDeadline) || !self.world.borrow().lost
    }
}

/// The lock of queue creation, which no other run wants.
pub(super) struct Alone {
    pub(super) since: Duration,
}

impl CreationGuard for Alone {
    fn hold<'a>(&'a self, _: &'a dyn Fn()) -> LocalBoxFuture<'a, io::Result<Duration>> {
        Box::pin(std::future::ready(Ok(self.since)))
    }

    fn release(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// The number of clients. The program remembers refused credentials for its process, and each run is a process.
static CLIENTS: AtomicU64 = AtomicU64::new(0);

/// Returns a working connection: the program's client over the simulated world.
pub(super) fn client(
    world: &Shared,
    connection: &Connection,
    connector: &'static dyn Connector,
    mutant: Option<Mutant>,
) -> Rc<rosterctl::runtime::client::Client> {
    use rosterctl::runtime::client::Client;
    use rosterctl::runtime::rate_limiter::RateLimiter;
    let clock = Rc::new(WorldClock(Rc::clone(world)));
    let windows = WorldWindows { world: Rc::clone(world), mutant };
    let limiter = RateLimiter::new(Box::new(windows), clock.clone());
    let transport = WorldTransport { world: Rc::clone(world), connection: connection.clone(), mutant };
    let secret = format!("the secret of client {}", CLIENTS.fetch_add(1, Ordering::Relaxed));
    let secret = Arc::new(Secret::new(secret));
    Rc::new(Client::new(connection.clone(), connector, Box::new(transport), secret, limiter, clock))
}
