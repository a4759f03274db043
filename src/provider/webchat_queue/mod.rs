//! webchat-queue: online skill groups (容联七陌), read and written.
//!
//! Source: webchat-queue, `/v20210827/webChat/…`.

pub mod auth;
pub mod fields;
pub mod presence;
pub mod requests;
pub mod responses;
pub mod spec;
pub mod writes;

use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::{Secret, SecretRef};
use crate::model::support::Support;
use crate::model::write_op::WriteOp;
use crate::provider::{Connector, Page, Provider, Row, Unsupported, WriteReceipt};

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
        auth::sign(connection, secret, now_ms, call);
    }
}

impl Provider for WebchatQueue {
    fn support(&self) -> &'static Support {
        &fields::QUEUES
    }

    fn page_size(&self, connection: &Connection) -> usize {
        connection.settings.number("pageSize").and_then(|n| usize::try_from(n).ok()).unwrap_or(50)
    }

    fn list_request(&self, connection: &Connection, page: usize) -> Call {
        requests::page(connection, page, self.page_size(connection))
    }

    fn parse_list(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
        responses::page(reply, auth::offset(connection))
    }

    fn get_request(&self, connection: &Connection, key: &str) -> Call {
        requests::one(connection, key)
    }

    fn parse_get(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        let rows = responses::page(reply, auth::offset(connection))?.rows;
        let many = rows.len();
        match rows.into_iter().find(|row| row.key().as_str() == key) {
            // The document gives an empty result as the only sign of a missing queue.
            None if many > 0 => {
                Err(Failure::Garbled(format!("{many} other queues instead of the one asked for").into()))
            }
            found => Ok(found),
        }
    }

    fn search_request(&self, _: &Connection, _: &str, _: usize) -> Option<Call> {
        // The document gives an empty result for an unknown `exten`: no second request is needed.
        None
    }

    fn named_request(&self, connection: &Connection, name: &str, page: usize) -> Option<Call> {
        requests::named(connection, name, page, self.page_size(connection))
    }

    fn write_request(
        &self,
        connection: &Connection,
        op: &WriteOp,
        _: Option<&Secret>,
    ) -> Result<Call, Unsupported> {
        writes::request(connection, op)
    }

    fn parse_write(&self, _: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
        responses::parse_write(reply)
    }
}
