//! State of an account at a vendor, which the clients of a run share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, Semaphore};

use crate::model::call::Reply;
use crate::provider::Token;

/// State of a credential at a tenant, which all connections with it share.
#[derive(Default)]
pub(super) struct Account {
    pub(super) token: Mutex<Option<Arc<Token>>>,
    pub(super) rest: RetryAfterGate,
    /// True once the system has accepted the credential.
    pub(super) accepted: AtomicBool,
    /// Held by the one call that tries the credential before.
    trial: Mutex<()>,
}

impl Account {
    /// Waits until the system has accepted the credential, or until this call may try it. So workspaces side by side
    /// make one call with a wrong credential, not one each.
    pub(super) async fn trial(&self) -> Option<MutexGuard<'_, ()>> {
        if self.accepted.load(Ordering::Acquire) {
            return None;
        }
        let trial = self.trial.lock().await;
        (!self.accepted.load(Ordering::Acquire)).then_some(trial)
    }
}

/// Tenant, and the digest of the system's address and the credential. So no tenant waits for another.
type Key = (String, [u8; 32]);

/// What the clients of a run share.
#[derive(Default)]
pub struct Accounts {
    accounts: Lock<BTreeMap<Key, Arc<Account>>>,
    /// Calls in flight by tenant and their most.
    slots: Lock<BTreeMap<(String, usize), Arc<Semaphore>>>,
}

impl Accounts {
    /// Returns the account of a credential at a tenant.
    pub(super) fn account(&self, tenant: &str, credential: [u8; 32]) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry((tenant.to_owned(), credential)).or_default())
    }

    /// Returns the places for calls in flight at a tenant.
    pub(super) fn slots(&self, tenant: &str, most: usize) -> Arc<Semaphore> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(most));
        Arc::clone(slots.entry((tenant.to_owned(), most)).or_insert_with(new))
    }
}

/// Time until which the vendor asked us to back off.
#[derive(Default)]
pub(super) struct RetryAfterGate(Lock<Option<Duration>>);

impl RetryAfterGate {
    /// Records the vendor's `Retry-After` of a response with status 429 or above 499.
    ///
    /// After a 503 the result of the call is unknown, and its read-back has to wait too. A time longer than `most` is
    /// ignored, because retries may not take so long.
    pub(super) fn ask(&self, reply: &Reply, now: Duration, most: Duration) {
        let asked = reply.retry_after.filter(|_| reply.status == 429 || reply.status >= 500);
        if let Some(asked) = asked.filter(|asked| *asked <= most) {
            let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *until = (*until).max(now.checked_add(asked));
        }
    }

    /// Returns the remaining time to back off.
    pub(super) fn left(&self, now: Duration) -> Duration {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| until.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendor_is_left_alone_for_as_long_as_it_asks() {
        let (rest, now, second) =
            (RetryAfterGate::default(), Duration::from_hours(1), Duration::from_secs(1));
        let reply = |status, seconds: u32| Reply {
            status,
            content_type: String::new(),
            retry_after: Some(second * seconds),
            body: Vec::new(),
        };
        assert_eq!(rest.left(now), Duration::ZERO);
        rest.ask(&reply(503, 2), now, second * 120);
        rest.ask(&reply(429, 1), now, second * 120);
        rest.ask(&reply(200, 60), now, second * 120);
        rest.ask(&reply(503, 121), now, second * 120);
        assert_eq!(rest.left(now + second), second);
        assert_eq!(rest.left(now + second * 3), Duration::ZERO);
    }
}
