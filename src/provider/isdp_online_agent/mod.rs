//! isdp-online-agent: agents' online state (Huawei ISDP+), read only.
//!
//! Source: isdp-online-agent, findOnlineAgent; the token's page is "获取Token" of the same manual. Either the
//! connection has a configured token, or the connector fetches one with `login` and renews it.

pub mod auth;
pub mod requests;
pub mod responses;
pub mod spec;

use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::{Secret, SecretRef};
use crate::provider::{Connector, Observer, PresencePage, PresenceQuery, QueryMode, Token};

/// The connector.
pub struct IsdpOnlineAgent;

impl Connector for IsdpOnlineAgent {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        let settings = &connection.settings;
        settings.secret("token").or_else(|| settings.group("login")?.secret("password"))
    }

    fn sign(&self, _: &Connection, secret: &Secret, _: i64, call: &mut Call) {
        auth::sign(secret, call);
    }

    fn token_request(&self, connection: &Connection, secret: &Secret) -> Option<Call> {
        auth::token(connection, secret)
    }

    fn parse_token(&self, _: &Connection, reply: &Reply, now_ms: i64) -> Result<Token, Failure> {
        responses::token(reply, now_ms)
    }
}

impl Observer for IsdpOnlineAgent {
    fn way(&self, _: &Connection) -> QueryMode {
        QueryMode::Listing(requests::PAGE_SIZE)
    }

    fn ask(&self, _: &Connection, question: &PresenceQuery<'_>) -> Option<Call> {
        match question {
            PresenceQuery::Page(page) => Some(requests::page(*page)),
            PresenceQuery::Agent(_) => None,
        }
    }

    fn hear(&self, _: &Connection, _: &PresenceQuery<'_>, reply: &Reply) -> Result<PresencePage, Failure> {
        responses::page(reply)
    }
}
