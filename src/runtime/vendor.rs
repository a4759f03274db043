//! A system that holds resources: its connector over the connection's [`Client`].

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::client::{Check, Client, WriteOptions};
use super::gate::Gate;
use crate::config::settings::Rate;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::id::Kind;
use crate::model::retry::Bounds;
use crate::model::secret::Secret;
use crate::model::support::Supports;
use crate::model::write_op::WriteOp;
use crate::provider::{Provider, WriteReceipt};
use crate::runtime::read::reader::ResourceReader;

/// A system that holds resources.
pub struct Vendor {
    /// Its connector.
    pub provider: &'static dyn Provider,
    link: Rc<Client>,
}

impl Vendor {
    /// Returns a system over its client.
    pub fn new(provider: &'static dyn Provider, link: Rc<Client>) -> Self {
        Self { provider, link }
    }

    /// Returns the operations with a rate limit, and the calls in the window of each.
    pub fn rates(&self) -> Vec<(&'static str, Rate, usize)> {
        self.link.rates()
    }

    /// Returns the mean latency of its calls: see [`Client::latency`].
    pub fn latency(&self) -> Option<Duration> {
        self.link.latency()
    }

    /// Returns the lead of the system's clock over this host's: see [`Client::ahead_ms`].
    pub fn ahead_ms(&self) -> Option<i64> {
        self.link.ahead_ms()
    }

    /// Returns the configured connection.
    pub fn connection(&self) -> &Connection {
        self.link.connection()
    }

    /// Returns the bounds of retries.
    pub fn bounds(&self) -> Bounds {
        self.link.bounds()
    }

    /// Returns true if the system refused the sign-in.
    pub fn is_shut(&self) -> bool {
        self.link.is_shut()
    }

    /// Ends all waits: see [`Client::skip_waits`].
    pub fn skip_waits(&self) {
        self.link.skip_waits();
    }

    /// Makes a read call, and retries it while that may help.
    ///
    /// # Errors
    /// The last failure, with the connection's name before it.
    pub async fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.link.read(|| Some(call()), hear).await.map_err(|failure| self.link.name(failure))
    }

    /// Makes a read call for a call that holds its place among those in flight. Use it inside the check of that call.
    ///
    /// # Errors
    /// As [`Vendor::read`].
    async fn read_aside<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.link.read_aside(|| Some(call()), hear).await.map_err(|failure| self.link.name(failure))
    }

    /// Sends a write operation, and retries it while the vendor has certainly not applied it.
    ///
    /// `password` is the one that the operation sends. Nothing leaves once `gate` is closed. `check` decides after
    /// every wait, just before a call leaves.
    ///
    /// # Errors
    /// The last failure; it redacts the password.
    pub async fn write<'a>(
        &self,
        op: &'a WriteOp,
        password: Option<&'a Secret>,
        gate: &'a Gate,
        check: Option<&'a dyn Check>,
    ) -> Result<WriteReceipt, Failure> {
        let connection = self.connection();
        let call = || self.provider.write_request(connection, op, password).ok();
        let hear = |reply: &Reply| self.provider.parse_write(connection, reply);
        // A vendor may repeat a password in its message.
        let private = password;
        let told = self.link.write(WriteOptions { gate, private, check }, call, hear).await;
        told.map_err(|failure| match failure {
            Failure::SignIn(_) | Failure::Shut(_) => self.link.name(failure),
            failure => failure,
        })
    }
}

impl ResourceReader for Vendor {
    fn provider(&self) -> &dyn Provider {
        self.provider
    }

    fn connection(&self) -> &Connection {
        Vendor::connection(self)
    }

    fn is_shut(&self) -> bool {
        Vendor::is_shut(self)
    }

    async fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        Vendor::read(self, call, hear).await
    }
}

/// Systems that hold resources, each by its kind.
pub struct Vendors<V = Vendor>(BTreeMap<Kind, V>);

impl<V: ResourceReader> FromIterator<V> for Vendors<V> {
    fn from_iter<I: IntoIterator<Item = V>>(all: I) -> Self {
        Self(all.into_iter().map(|vendor| (vendor.provider().support().kind, vendor)).collect())
    }
}

impl<V> Vendors<V> {
    /// Returns the system that holds a kind.
    pub fn get(&self, kind: Kind) -> Option<&V> {
        self.0.get(&kind)
    }

    /// Returns all systems, each with its kind.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &V)> {
        self.0.iter().map(|(kind, vendor)| (*kind, vendor))
    }
}

impl Vendors {
    /// Returns what the vendors can do with each kind.
    pub fn supports(&self) -> Supports {
        Supports::new(self.iter().map(|(_, vendor)| vendor.provider.support()))
    }
}

/// Reader inside the check of a call. Both share that call's place among those in flight.
#[derive(Clone, Copy)]
pub struct Aside<'a>(pub &'a Vendor);

impl ResourceReader for Aside<'_> {
    fn provider(&self) -> &dyn Provider {
        self.0.provider
    }

    fn connection(&self) -> &Connection {
        self.0.connection()
    }

    fn at_once(&self) -> usize {
        1
    }

    fn is_shut(&self) -> bool {
        self.0.link.is_shut()
    }

    async fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.0.read_aside(call, hear).await
    }
}
