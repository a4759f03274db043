//! isdp-online-agent: who is online (Huawei ISDP+), read only.
//!
//! Source: isdp-online-agent, findOnlineAgent; the token's page is "获取Token" of the same manual. Either the
//! connection holds a token, or the token is fetched with `login` and renewed.

pub mod ask;
pub mod hear;
pub mod sign;
pub mod simulate;
pub mod spec;

use crate::model::call::{Call, Failure, Reply};
use crate::model::presence::State;
use crate::model::secret::{Secret, SecretRef};
use crate::model::spec::Spec;
use crate::model::workspace::Connection;
use crate::provider::{Connector, Observer, Question, Sightings, Token, Way};

/// Rows of a page: "每页数量,默认并且最大50条".
const PAGE_SIZE: usize = 50;

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
        sign::sign(secret, call);
    }

    fn ask_token(&self, connection: &Connection, secret: &Secret) -> Option<Call> {
        sign::token(connection, secret)
    }

    fn hear_token(&self, _: &Connection, reply: &Reply, now_ms: i64) -> Result<Token, Failure> {
        hear::token(reply, now_ms)
    }
}

impl Observer for IsdpOnlineAgent {
    fn way(&self, _: &Connection) -> Way {
        Way::Listing(PAGE_SIZE)
    }

    fn states(&self) -> &'static [State] {
        &[State::Online, State::Offline, State::Unknown]
    }

    fn ask(&self, _: &Connection, question: &Question<'_>) -> Option<Call> {
        match question {
            Question::Page(page) => Some(ask::page(*page)),
            Question::Agent(_) => None,
        }
    }

    fn hear(&self, _: &Connection, _: &Question<'_>, reply: &Reply) -> Result<Sightings, Failure> {
        hear::page(reply)
    }
}
