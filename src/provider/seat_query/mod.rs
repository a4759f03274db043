//! seat-query: voice seats (Laaffic), read only.
//!
//! Source: seat-query, `POST /v3/cc/seat/query`. The listing takes a span of time for its call figures, of at most 32
//! days: see [`date_range::windows`].

pub mod auth;
pub mod date_range;
pub mod fields;
pub mod password_digest;
pub mod requests;
pub mod responses;
pub mod spec;

use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::{Secret, SecretRef};
use crate::provider::{Connector, SeatPage, SeatReader, Window};

/// The default offset of the vendor's clock, in minutes east of Greenwich.
const BEIJING: i64 = 8 * 60;

/// Returns the offset of the vendor's clock in minutes east of Greenwich.
fn offset(connection: &Connection) -> i64 {
    connection.settings.number("utcOffset").unwrap_or(BEIJING)
}

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

impl SeatReader for SeatQuery {
    fn page_size(&self) -> usize {
        requests::PAGE_SIZE
    }

    fn windows(&self, connection: &Connection, start_ms: i64, end_ms: i64) -> Vec<Window> {
        date_range::windows(start_ms, end_ms, offset(connection))
    }

    fn page_request(&self, window: &Window, page: usize) -> Call {
        requests::page(page, window)
    }

    fn parse_page(&self, connection: &Connection, reply: &Reply) -> Result<SeatPage, Failure> {
        responses::page(reply, offset(connection))
    }
}
