//! agent-config: agents of a contact centre (容联云), read and written.
//!
//! Source: agent-config §2.1, `/api/v1/config/openapi/agent/…`.

pub mod ask;
mod company;
pub mod hear;
mod quick;
pub mod simulate;
pub mod spec;
pub mod tell;
mod wire;

use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::{Secret, SecretRef};
use crate::model::spec::Spec;
use crate::model::workspace::Connection;
use crate::provider::{Connector, Order, Page, Provider, Row, Told};

/// The connector.
pub struct AgentConfig;

/// Rows of a page, the document's largest. Source: agent-config §2.1.5.
const PAGE_SIZE: usize = 100;

impl Connector for AgentConfig {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        connection.settings.secret("token")
    }

    fn sign(&self, _: &Connection, secret: &Secret, _: i64, call: &mut Call) {
        // The token is a bearer token: there is nothing to sign.
        call.headers.push(("token", secret.expose().to_owned()));
    }
}

impl Provider for AgentConfig {
    fn page_size(&self, _: &Connection) -> usize {
        PAGE_SIZE
    }

    fn ask_page(&self, connection: &Connection, page: usize) -> Call {
        ask::page(connection, page, None)
    }

    fn hear_page(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
        hear::page(connection, reply)
    }

    fn ask_one(&self, connection: &Connection, key: &str) -> Call {
        ask::one(connection, key)
    }

    fn hear_one(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        hear::one(connection, key, reply)
    }

    fn ask_filtered(&self, connection: &Connection, key: &str, page: usize) -> Option<Call> {
        Some(ask::page(connection, page, Some(key)))
    }

    fn tell(&self, connection: &Connection, order: &Order<'_>) -> Call {
        tell::order(connection, order)
    }

    fn hear_told(&self, connection: &Connection, reply: &Reply) -> Result<Told, Failure> {
        hear::told(connection, reply)
    }
}
