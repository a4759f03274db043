//! Rate limiter of a connection: never more calls per window than allowed, and no slower.
//!
//! [`Window`] decides which calls count. A [`RateStore`] keeps the windows, so that several processes share one.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::progress;
use super::rate_window::Window;
use crate::config::settings::Rate;

/// Store of the rate windows of an account.
pub trait RateStore {
    /// Changes the window of an operation under a lock, and stores it.
    ///
    /// `work` gets the time in milliseconds, read under the lock. The store may call it several times.
    fn change(&self, operation: &'static str, work: &mut dyn FnMut(&mut Window, i64));
}

impl<T: RateStore> RateStore for Arc<T> {
    fn change(&self, operation: &'static str, work: &mut dyn FnMut(&mut Window, i64)) {
        T::change(self, operation, work);
    }
}

/// Rate limiter of an account's operations.
pub struct RateLimiter {
    store: Box<dyn RateStore>,
    clock: Rc<dyn Clock>,
}

/// Place in a rate window.
///
/// If dropped before its call leaves, the place is free again. If dropped later without a response, it counts for as
/// long as the vendor may see the call.
pub struct RatePermit<'a> {
    limiter: &'a RateLimiter,
    operation: &'static str,
    id: u64,
    left: bool,
}

impl RatePermit<'_> {
    /// Keeps the place while the call waits. Returns false if the place is lost.
    pub fn renew(&mut self) -> bool {
        self.limiter.with(self.operation, false, |window, now| window.renew(self.id, now))
    }

    /// Marks the call as sent. Returns false if the place is lost, and the call must not leave.
    pub fn sends(&mut self) -> bool {
        self.left = self.renew();
        self.left
    }

    /// Starts the window of the call, whose response arrived.
    pub fn leave(mut self) {
        self.left = true;
        self.limiter.with(self.operation, (), |window, now| window.leave(self.id, now));
    }
}

impl Drop for RatePermit<'_> {
    fn drop(&mut self) {
        if !self.left {
            self.limiter.with(self.operation, (), |window, _| window.cancel(self.id));
        }
    }
}

impl RateLimiter {
    /// Returns a limiter that uses a store of windows.
    pub fn new(store: Box<dyn RateStore>, clock: Rc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Waits for a place in an operation's window. `longest` is the time limit of a call.
    pub async fn enter(&self, operation: &'static str, rate: Rate, longest: Duration) -> RatePermit<'_> {
        let id = self.clock.unique();
        loop {
            let enter = |window: &mut Window, now| window.enter(id, rate, millis(longest), now);
            let entered = self.with(operation, Err(0), enter);
            match entered {
                Ok(()) => return RatePermit { limiter: self, operation, id, left: false },
                Err(wait) => {
                    let wait = Duration::from_millis(wait.unsigned_abs());
                    let _held = progress::held(operation, wait);
                    self.clock.sleep(wait).await;
                }
            }
        }
    }

    /// Returns the number of calls in an operation's window. `longest` is the time limit of a call.
    pub fn used(&self, operation: &'static str, rate: Rate, longest: Duration) -> usize {
        self.with(operation, 0, |window, now| window.used(rate, millis(longest), now))
    }

    /// Runs `work` on a window; `result` is the value if the store makes no callback.
    fn with<T>(&self, operation: &'static str, mut result: T, work: impl Fn(&mut Window, i64) -> T) -> T {
        self.store.change(operation, &mut |window, now| result = work(window, now));
        result
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
