//! A connection of the simulated client at work: what `runtime::vendor` does, under the virtual clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rosterctl::config::workspace::Connection;
use rosterctl::model::call::{Call, Failure, Reply};
use rosterctl::model::retry;
use rosterctl::model::retry::Bounds;
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::provider::{Connector, Page, Provider, Row, WriteReceipt, WriteRequest};
use rosterctl::runtime::read::resources::ResourceReader;

use super::world::Waiting;
use super::{Mutant, Shared};

/// The agents' connector, with smaller pages than the document allows: a page shift needs two pages.
pub(super) struct SmallPages {
    pub(super) inner: &'static dyn Provider,
    pub(super) rows: Option<usize>,
}

impl SmallPages {
    fn shrink(&self, mut call: Call) -> Call {
        if let (Some(rows), Ok(mut body)) =
            (self.rows, serde_json::from_slice::<serde_json::Value>(&call.body))
        {
            body["pageSize"] = rows.into();
            call.body = body.to_string().into_bytes();
        }
        call
    }
}

impl Connector for SmallPages {
    fn spec(&self) -> &'static rosterctl::config::settings::Spec {
        self.inner.spec()
    }
    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        self.inner.secret(connection)
    }
    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        self.inner.sign(connection, secret, now_ms, call);
    }
}

impl Provider for SmallPages {
    fn page_size(&self, connection: &Connection) -> usize {
        self.rows.unwrap_or_else(|| self.inner.page_size(connection))
    }
    fn list_request(&self, connection: &Connection, page: usize) -> Call {
        self.shrink(self.inner.list_request(connection, page))
    }
    fn parse_list(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
        self.inner.parse_list(connection, reply)
    }
    fn get_request(&self, connection: &Connection, key: &str) -> Call {
        self.inner.get_request(connection, key)
    }
    fn parse_get(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        self.inner.parse_get(connection, key, reply)
    }
    fn search_request(&self, connection: &Connection, key: &str, page: usize) -> Option<Call> {
        self.inner.search_request(connection, key, page).map(|call| self.shrink(call))
    }
    fn write_request(&self, connection: &Connection, order: &WriteRequest<'_>) -> Call {
        self.inner.write_request(connection, order)
    }
    fn parse_write(&self, connection: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
        self.inner.parse_write(connection, reply)
    }
}

/// A connection at work, as `runtime::vendor` has it.
pub(super) struct Line {
    pub(super) world: Shared,
    pub(super) provider: SmallPages,
    pub(super) connection: Connection,
    pub(super) secret: Secret,
    pub(super) mutant: Option<Mutant>,
}

/// Where nothing is looked at before a call leaves.
pub(super) const NO_LOOK: fn() -> std::future::Ready<Result<(), Failure>> = || std::future::ready(Ok(()));

/// How long a call can take; the default of `timeout`.
const LONGEST_MS: i64 = 30_000;

pub(super) const BOUNDS: Bounds = Bounds { attempts: 6, total: Duration::from_mins(2) };

impl Line {
    async fn sleep(&self, pause: Duration) {
        let signal = self.world.borrow_mut().after(i64::try_from(pause.as_millis()).unwrap_or(0));
        Waiting(signal).await;
    }

    /// Waits for a place in an operation's window, as `runtime::rate_limiter` does.
    async fn enter(&self, operation: &'static str) -> Option<u64> {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let rate = self.connection.rate(operation)?;
        let id = CALLS.fetch_add(1, Ordering::Relaxed);
        loop {
            let wait = {
                let mut world = self.world.borrow_mut();
                let now = world.now;
                match world.windows.entry(operation).or_default().enter(id, rate, LONGEST_MS, now) {
                    Ok(()) => return Some(id),
                    Err(wait) => wait,
                }
            };
            self.sleep(Duration::from_millis(wait.unsigned_abs())).await;
        }
    }

    async fn once(
        &self,
        mut call: Call,
        first: &mut Option<i64>,
        writes: bool,
        look: &impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<Reply, Failure> {
        let operation = call.operation;
        let permit = self.enter(operation).await;
        if let Err(why) = look().await {
            if let Some(taken) = permit {
                let mut world = self.world.borrow_mut();
                let now = world.now;
                world.windows.entry(operation).or_default().leave(taken, now);
            }
            return Err(why);
        }
        if writes && self.world.borrow().stop {
            return Err(Failure::Halted);
        }
        let signal = {
            let mut world = self.world.borrow_mut();
            first.get_or_insert(world.now);
            self.provider.sign(&self.connection, &self.secret, world.now, &mut call);
            world.send(call, permit.is_some())
        };
        let reply = Waiting(signal).await;
        if let Some(taken) = permit {
            let mut world = self.world.borrow_mut();
            let now = world.now;
            world.windows.entry(operation).or_default().leave(taken, now);
        }
        reply.unwrap_or_else(|| Err(Failure::Unknown("nothing came".to_owned())))
    }

    async fn attempt<T>(
        &self,
        writes: bool,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
        look: &impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        let mut first = None;
        let mut attempt = 1;
        loop {
            let result = self.once(call(), &mut first, writes, look).await;
            let failure = match result.and_then(|reply| hear(&reply)) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let (elapsed, chance) = {
                let mut world = self.world.borrow_mut();
                (world.now - first.unwrap_or(world.now), world.random.fraction())
            };
            let elapsed = Duration::from_millis(elapsed.unsigned_abs());
            let blind = self.mutant == Some(Mutant::BlindRetry) && call().operation == "addQueue";
            let Some(pause) = retry::pause(writes && !blind, &failure, attempt, elapsed, BOUNDS, chance)
            else {
                return Err(failure);
            };
            self.sleep(pause).await;
            attempt += 1;
        }
    }

    pub(super) async fn tell(
        &self,
        order: &WriteRequest<'_>,
        look: &impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<WriteReceipt, Failure> {
        let call = || self.provider.write_request(&self.connection, order);
        self.attempt(true, call, |reply| self.provider.parse_write(&self.connection, reply), look).await
    }
}

impl ResourceReader for Line {
    fn provider(&self) -> &dyn Provider {
        &self.provider
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    async fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.attempt(false, call, hear, &NO_LOOK).await
    }
}
