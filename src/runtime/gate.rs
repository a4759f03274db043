//! Last check before a write to a vendor or a secret store.
//!
//! After the operator stops the run, or once another process may hold the workspace's lock, nothing more is written.
//! A call may have waited long, and the program may have been suspended, so the gate is asked after every wait.

use tokio::sync::watch;

use crate::model::call::Failure;

/// Right to write, which a run can lose.
pub trait WriteLease {
    /// Returns true if the run still holds it.
    fn holds(&self) -> bool;
}

/// Gate that lets writes pass while a run may write.
pub struct Gate {
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    lease: Box<dyn WriteLease>,
}

impl Gate {
    /// Returns the gate of a run that holds a lock.
    pub fn new(lease: impl WriteLease + 'static) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, stopped, lease: Box::new(lease) }
    }

    /// Returns the sender that closes the gate.
    pub fn stop(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }

    /// Returns the receiver that turns true when the gate closes.
    pub fn stopped(&self) -> &watch::Receiver<bool> {
        &self.stopped
    }

    /// Checks that a write may leave now.
    ///
    /// # Errors
    /// [`Failure::Halted`]: neither this write nor a later one may leave.
    pub fn ask(&self) -> Result<(), Failure> {
        if !self.lease.holds() {
            self.stop.send_replace(true);
        }
        if *self.stopped.borrow() { Err(Failure::Halted) } else { Ok(()) }
    }
}
