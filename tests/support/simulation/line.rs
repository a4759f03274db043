//! A connection of the simulated client at work: what `shell::vendor` does, under the virtual clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rosterctl::apply::retry::{self, Bounds};
use rosterctl::model::call::{Call, Failure, Reply};
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::model::workspace::Connection;
use rosterctl::provider::{Connector, Order, Page, Provider, Row, Told};
use rosterctl::shell::fetch::Reads;

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
    fn spec(&self) -> &'static rosterctl::model::spec::Spec {
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
    fn ask_page(&self, connection: &Connection, page: usize) -> Call {
        self.shrink(self.inner.ask_page(connection, page))
    }
    fn hear_page(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
        self.inner.hear_page(connection, reply)
    }
    fn ask_one(&self, connection: &Connection, key: &str) -> Call {
        self.inner.ask_one(connection, key)
    }
    fn hear_one(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        self.inner.hear_one(connection, key, reply)
    }
    fn ask_filtered(&self, connection: &Connection, key: &str, page: usize) -> Option<Call> {
        self.inner.ask_filtered(connection, key, page).map(|call| self.shrink(call))
    }
    fn tell(&self, connection: &Connection, order: &Order<'_>) -> Call {
        self.inner.tell(connection, order)
    }
    fn hear_told(&self, connection: &Connection, reply: &Reply) -> Result<Told, Failure> {
        self.inner.hear_told(connection, reply)
    }
}

/// A connection at work, as `shell::vendor` has it.
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

    /// Waits for a place in an operation's window, as `shell::pace` does.
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
        order: &Order<'_>,
        look: &impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<Told, Failure> {
        let call = || self.provider.tell(&self.connection, order);
        self.attempt(true, call, |reply| self.provider.hear_told(&self.connection, reply), look).await
    }
}

impl Reads for Line {
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
