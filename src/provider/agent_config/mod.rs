//! agent-config: agents of a contact centre (容联云), read and written.
//!
//! Source: agent-config §2.1, `/api/v1/config/openapi/agent/…`.

mod codec;
mod fast_page;
pub mod fields;
pub mod requests;
pub mod responses;
mod rows;
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
pub struct AgentConfig;

impl Connector for AgentConfig {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        connection.settings.secret("token")
    }

    fn sign(&self, _: &Connection, secret: &Secret, _: i64, call: &mut Call) {
        // A bearer token goes unsigned.
        call.headers.push(("token", secret.expose().to_owned()));
    }
}

impl Provider for AgentConfig {
    fn support(&self) -> &'static Support {
        &fields::AGENTS
    }

    fn page_size(&self, _: &Connection) -> usize {
        requests::PAGE_SIZE
    }

    fn list_request(&self, connection: &Connection, page: usize) -> Call {
        requests::page(connection, page, None)
    }

    fn parse_list(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
        responses::page(connection, reply)
    }

    fn get_request(&self, connection: &Connection, key: &str) -> Call {
        requests::one(connection, key)
    }

    fn parse_get(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        responses::one(connection, key, reply)
    }

    fn search_request(&self, connection: &Connection, key: &str, page: usize) -> Option<Call> {
        Some(requests::page(connection, page, Some(key)))
    }

    fn write_request(
        &self,
        connection: &Connection,
        op: &WriteOp,
        password: Option<&Secret>,
    ) -> Result<Call, Unsupported> {
        writes::request(connection, op, password)
    }

    fn parse_write(&self, connection: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
        responses::parse_write(connection, reply)
    }
}
