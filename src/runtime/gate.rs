//! The last question before anything is written: to a vendor, to a store of secrets.
//!
//! Nothing more is written once the operator asked to stop, nor once the lock of the workspace may be another's.
//! A call may have waited for long, and the whole program may have stood still: so it is asked after every wait.

use tokio::sync::watch;

use crate::model::call::Failure;

/// Right to write, which a run may lose.
pub trait WriteLease {
    /// Returns whether the run still holds it.
    fn holds(&self) -> bool;
}

/// Lets writes pass while a run may write.
pub struct Gate {
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    lease: Box<dyn WriteLease>,
}

impl Gate {
    /// The gate of a run that holds a lock.
    pub fn new(lease: impl WriteLease + 'static) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, stopped, lease: Box::new(lease) }
    }

    /// What closes the gate.
    pub fn stop(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }

    /// Turns true when the gate closes.
    pub fn stopped(&self) -> &watch::Receiver<bool> {
        &self.stopped
    }

    /// Asks whether a write may leave now.
    ///
    /// # Errors
    /// [`Failure::Halted`]: it may not, and none after it.
    pub fn ask(&self) -> Result<(), Failure> {
        if !self.lease.holds() {
            self.stop.send_replace(true);
        }
        if *self.stopped.borrow() { Err(Failure::Halted) } else { Ok(()) }
    }
}
