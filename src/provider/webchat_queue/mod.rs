//! webchat-queue: online skill groups (容联七陌), read and written.
//!
//! Source: webchat-queue, `/v20210827/webChat/…`.

pub mod ask;
pub mod claims;
pub mod hear;
pub mod sign;
pub mod simulate;
pub mod spec;
pub mod tell;

use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::{Secret, SecretRef};
use crate::model::spec::Spec;
use crate::model::workspace::Connection;
use crate::provider::{Connector, Order, Page, Provider, Row, Told};

/// The connector.
pub struct WebchatQueue;

impl Connector for WebchatQueue {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        connection.settings.secret("apiSecret")
    }

    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        sign::sign(connection, secret, now_ms, call);
    }
}

impl Provider for WebchatQueue {
    fn page_size(&self, connection: &Connection) -> usize {
        connection.settings.number("pageSize").and_then(|n| usize::try_from(n).ok()).unwrap_or(50)
    }

    fn ask_page(&self, connection: &Connection, page: usize) -> Call {
        ask::page(connection, page, self.page_size(connection))
    }

    fn hear_page(&self, _: &Connection, reply: &Reply) -> Result<Page, Failure> {
        hear::page(reply)
    }

    fn ask_one(&self, connection: &Connection, key: &str) -> Call {
        ask::one(connection, key)
    }

    fn hear_one(&self, _: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        let rows = hear::page(reply)?.rows;
        let many = rows.len();
        match rows.into_iter().find(|row| row.key().as_str() == key) {
            // Only an empty result is documented to say that there is none.
            None if many > 0 => {
                Err(Failure::Garbled(format!("{many} other queues instead of the one asked for")))
            }
            found => Ok(found),
        }
    }

    fn ask_filtered(&self, _: &Connection, _: &str, _: usize) -> Option<Call> {
        // An unknown `exten` is documented to give an empty result: no second opinion is needed.
        None
    }

    fn named_request(&self, connection: &Connection, name: &str, page: usize) -> Option<Call> {
        ask::named(connection, name, page, self.page_size(connection))
    }

    fn tell(&self, connection: &Connection, order: &Order<'_>) -> Call {
        tell::order(connection, order)
    }

    fn hear_told(&self, _: &Connection, reply: &Reply) -> Result<Told, Failure> {
        hear::told(reply)
    }
}
