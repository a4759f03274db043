//! cms-agent: one agent's state (Huawei CC-CMS), read only.
//!
//! Source: cms-agent, agentbyworkno. A refused sign-in is never retried, nor tried with another variant of the
//! signature: the vendor locks an address that sends too many wrong ones.

pub mod auth;
pub mod requests;
pub mod responses;
pub mod spec;

use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::{Secret, SecretRef};
use crate::provider::{Connector, Observer, PresencePage, PresenceQuery, QueryMode};

/// The connector.
pub struct CmsAgent;

impl Connector for CmsAgent {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        let auth = connection.settings.group("auth")?;
        auth.secret(if auth::is_bearer(auth) { "token" } else { "secretKey" })
    }

    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        auth::sign(connection, secret, now_ms, call);
    }

    fn signs_host(&self) -> bool {
        true
    }
}

impl Observer for CmsAgent {
    fn way(&self, _: &Connection) -> QueryMode {
        QueryMode::Singly
    }

    fn ask(&self, connection: &Connection, question: &PresenceQuery<'_>) -> Option<Call> {
        match question {
            PresenceQuery::Agent(agent) => requests::agent(connection, agent),
            PresenceQuery::Page(_) => None,
        }
    }

    fn hear(
        &self,
        _: &Connection,
        question: &PresenceQuery<'_>,
        reply: &Reply,
    ) -> Result<PresencePage, Failure> {
        match question {
            PresenceQuery::Agent(agent) => responses::agent(agent, reply),
            PresenceQuery::Page(_) => Ok(PresencePage::default()),
        }
    }
}
