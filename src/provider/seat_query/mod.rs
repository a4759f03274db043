//! seat-query: voice seats (Laaffic), read only.
//!
//! Source: seat-query, `POST /v3/cc/seat/query`. The listing wants a span of time for its call figures, of at
//! most 32 days. The runtime reads all pages of each of [`date_range::windows`] ([`requests::page`], [`responses::page`]), and
//! puts them together with [`responses::seats`]: the seats of the last window, the figures of all.

pub mod auth;
pub mod date_range;
pub mod fields;
pub mod password_digest;
pub mod requests;
pub mod responses;
pub mod spec;

pub use self::requests::PAGE_SIZE;
use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::secret::{Secret, SecretRef};
use crate::provider::Connector;

/// The connector.
pub struct SeatQuery;

impl Connector for SeatQuery {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        connection.settings.secret("apiSecret")
    }

    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        auth::sign(connection, secret, now_ms, call);
    }
}
