//! A system that holds resources, at work: its connector's words over the connection's [`Link`].

use std::sync::Arc;

use super::creation::CreationLock;
use super::gate::Gate;
use super::link::{Care, Check, Link};
use crate::apply::retry::Bounds;
use crate::model::call::{Call, Failure, Reply};
use crate::model::workspace::Connection;
use crate::provider::{Order, Provider, Told};
use crate::shell::fetch::Reads;

/// A system that holds resources.
pub struct Vendor {
    /// Its connector.
    pub provider: &'static dyn Provider,
    link: Arc<Link>,
}

impl Vendor {
    /// A system at work.
    pub fn new(provider: &'static dyn Provider, link: Arc<Link>) -> Self {
        Self { provider, link }
    }

    /// The configured connection.
    pub fn connection(&self) -> &Connection {
        self.link.connection()
    }

    /// Returns the lock of what is created here.
    pub fn creation_lock(&self) -> CreationLock {
        CreationLock::new(&self.link.lock_files("create"))
    }

    /// Bounds of trying again.
    pub fn bounds(&self) -> Bounds {
        self.link.bounds()
    }

    /// Whether the system refused the sign-in.
    pub fn is_shut(&self) -> bool {
        self.link.is_shut()
    }

    /// From now on nothing is waited for: see [`Link::hurry`].
    pub fn hurry(&self) {
        self.link.hurry();
    }

    /// Makes a reading call, and again while that may help.
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

    /// Makes a reading call inside the check of a call of this system, which holds its place among those in
    /// flight.
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

    /// Tells the vendor an order, and again while nothing was carried out for certain. Nothing more is
    /// sent once `gate` is closed. `check` has the last word, after every wait and just before a call leaves.
    ///
    /// # Errors
    /// The last failure; any secret of the order is struck from it.
    pub async fn tell<'a>(
        &self,
        order: &'a Order<'a>,
        gate: &'a Gate,
        check: Option<&'a dyn Check>,
    ) -> Result<Told, Failure> {
        let connection = self.connection();
        let call = || self.provider.tell(connection, order);
        let hear = |reply: &Reply| self.provider.hear_told(connection, reply);
        // A vendor may repeat what it was sent in its message.
        let private = match order {
            Order::CreateAgents { password, .. } => *password,
            Order::SetPassword { password, .. } => Some(*password),
            Order::EditAgent { .. }
            | Order::DeleteAgents { .. }
            | Order::CreateQueue { .. }
            | Order::SetMembers { .. } => None,
        };
        let told = self.link.tell(Care { gate, private, check }, call, hear).await;
        told.map_err(|failure| match failure {
            Failure::SignIn(_) | Failure::Shut(_) => self.link.name(failure),
            failure => failure,
        })
    }
}

/// A system as the check of one of its own calls reads it: that call's place among those in flight serves for both.
#[derive(Clone, Copy)]
pub struct Aside<'a>(pub &'a Vendor);

impl Reads for Aside<'_> {
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
