//! Interface through which readers call a system.

use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::provider::Provider;

/// A readable system: a connection, or one of a test.
pub trait ResourceReader {
    /// Returns the connector.
    fn provider(&self) -> &dyn Provider;

    /// Returns the configured connection.
    fn connection(&self) -> &Connection;

    /// Returns the number of calls that may run in parallel.
    fn at_once(&self) -> usize {
        self.connection().concurrency()
    }

    /// Returns true if the system refused the sign-in.
    fn is_shut(&self) -> bool {
        false
    }

    /// Makes a read call, and retries it while that may help.
    fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> impl Future<Output = Result<T, Failure>>;
}
