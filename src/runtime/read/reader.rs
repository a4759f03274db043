//! Interface through which readers reach a system.

use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::provider::Provider;

/// A system that can be read: a connection at work, or a test's.
pub trait ResourceReader {
    /// Its connector.
    fn provider(&self) -> &dyn Provider;

    /// The configured connection.
    fn connection(&self) -> &Connection;

    /// How many calls may be made side by side.
    fn at_once(&self) -> usize {
        self.connection().concurrency()
    }

    /// Whether the system refused the sign-in.
    fn is_shut(&self) -> bool {
        false
    }

    /// Makes a reading call, and again while that may help.
    fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> impl Future<Output = Result<T, Failure>>;
}
