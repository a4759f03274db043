//! hotline: people and lines of a help desk, read and written through one connection.
//!
//! A person's key is a login, and a line's key is its title. The vendor numbers neither. It keeps no passwords. Its
//! reading calls are GET, its writing calls are POST.

mod auth;
mod fields;
mod requests;
mod responses;
mod simulator;
mod spec;
mod writes;

use rosterctl::config::settings::Spec;
use rosterctl::config::workspace::Connection;
use rosterctl::model::call::{Call, Failure, Reply};
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::model::support::Support;
use rosterctl::model::write_op::WriteOp;
use rosterctl::provider::{Connector, Page, Provider, Row, Unsupported, WriteReceipt};

pub(crate) use self::simulator::{Line, Person, State as Simulator};

/// The connector of people.
pub(crate) struct People;

/// The connector of lines.
pub(crate) struct Lines;

macro_rules! connector {
    ($name:ident) => {
        impl Connector for $name {
            fn spec(&self) -> &'static Spec {
                &spec::SPEC
            }

            fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
                connection.settings.secret("key")
            }

            fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
                auth::sign(connection, secret, now_ms, call);
            }
        }
    };
}

connector!(People);
connector!(Lines);

impl Provider for People {
    fn support(&self) -> &'static Support {
        &fields::PEOPLE
    }

    fn page_size(&self, connection: &Connection) -> usize {
        requests::page_size(connection)
    }

    fn list_request(&self, connection: &Connection, page: usize) -> Call {
        requests::list(connection, "people/list", page, None)
    }

    fn parse_list(&self, _: &Connection, reply: &Reply) -> Result<Page, Failure> {
        responses::people(reply)
    }

    fn get_request(&self, connection: &Connection, key: &str) -> Call {
        requests::one(connection, "people/get", ("login", key))
    }

    fn parse_get(&self, _: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        responses::one(reply, "person", key, responses::person)
    }

    fn search_request(&self, _: &Connection, _: &str, _: usize) -> Option<Call> {
        None
    }

    fn write_request(
        &self,
        connection: &Connection,
        op: &WriteOp,
        _: Option<&Secret>,
    ) -> Result<Call, Unsupported> {
        writes::people(connection, op)
    }

    fn parse_write(&self, _: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
        responses::receipt(reply)
    }
}

impl Provider for Lines {
    fn support(&self) -> &'static Support {
        &fields::LINES
    }

    fn page_size(&self, connection: &Connection) -> usize {
        requests::page_size(connection)
    }

    fn list_request(&self, connection: &Connection, page: usize) -> Call {
        requests::list(connection, "lines/list", page, None)
    }

    fn parse_list(&self, _: &Connection, reply: &Reply) -> Result<Page, Failure> {
        responses::lines(reply)
    }

    fn get_request(&self, connection: &Connection, key: &str) -> Call {
        requests::one(connection, "lines/get", ("title", key))
    }

    fn parse_get(&self, _: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
        responses::one(reply, "line", key, responses::line)
    }

    fn search_request(&self, _: &Connection, _: &str, _: usize) -> Option<Call> {
        None
    }

    fn named_request(&self, connection: &Connection, name: &str, page: usize) -> Option<Call> {
        Some(requests::list(connection, "lines/list", page, Some(name)))
    }

    fn write_request(
        &self,
        connection: &Connection,
        op: &WriteOp,
        _: Option<&Secret>,
    ) -> Result<Call, Unsupported> {
        writes::lines(connection, op)
    }

    fn parse_write(&self, _: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
        responses::receipt(reply)
    }
}
