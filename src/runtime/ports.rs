//! Ports of the runtime: journal, password store, lock of queue creation.
//! Storage and the simulation implement them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::model::call::Failure;
use crate::model::id::OperatorId;
use crate::model::language::Localized;
use crate::model::plan::Verb;
use crate::model::secret::{Secret, SecretRef};

/// Journal of the steps of a run.
pub trait StepJournal {
    /// Records the intent of a step before its call leaves.
    ///
    /// # Errors
    /// `NotSent` if it cannot be written: the call must not leave.
    fn record_intent(&self, step: usize, verb: Verb) -> LocalBoxFuture<'_, Result<(), Failure>>;

    /// Records the result of a step. If that fails, the next run after a crash reads live state instead.
    fn end(&self, step: usize, result: &Result<Option<OperatorId>, Failure>);
}

/// Store of the passwords that a run reads, creates and rotates.
pub trait PasswordStore {
    /// Reads a password, so that a later [`PasswordStore::make`] writes without a pause.
    fn prefetch<'a>(&'a self, secret: &'a SecretRef) -> LocalBoxFuture<'a, ()>;

    /// Reads many passwords in parallel; an error explains why one cannot be read.
    fn get_all(
        &self,
        wanted: BTreeSet<SecretRef>,
    ) -> LocalBoxFuture<'_, BTreeMap<SecretRef, Result<Arc<Secret>, Localized>>>;

    /// Creates a password and stores it. Without `renew` it returns the stored one if there is one.
    ///
    /// # Errors
    /// The store cannot be read or written, in words.
    fn make<'a>(
        &'a self,
        secret: &'a SecretRef,
        renew: bool,
    ) -> LocalBoxFuture<'a, Result<Arc<Secret>, Localized>>;

    /// Returns true if this run rotated a password.
    fn rotated<'a>(&'a self, secret: &'a SecretRef) -> LocalBoxFuture<'a, bool>;

    /// Ends a rotation after the vendor accepted `sent`. Returns the password that another process stored since.
    ///
    /// # Errors
    /// The store cannot be read or written, in words.
    fn settle<'a>(
        &'a self,
        secret: &'a SecretRef,
        sent: &'a Secret,
    ) -> LocalBoxFuture<'a, Result<Option<Arc<Secret>>, Localized>>;
}

/// Lock of queue creation on a tenant.
pub trait CreationGuard {
    /// Takes the lock unless this run holds it. Calls `waiting` if another run holds it.
    ///
    /// Returns the time since when no other run can have created a queue, by the clock of the run.
    ///
    /// # Errors
    /// The lock cannot be taken.
    fn hold<'a>(&'a self, waiting: &'a dyn Fn()) -> LocalBoxFuture<'a, io::Result<Duration>>;

    /// Releases the lock.
    fn release(&self) -> LocalBoxFuture<'_, ()>;
}
