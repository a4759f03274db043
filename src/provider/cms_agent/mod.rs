//! cms-agent: one agent's state (Huawei CC-CMS), read only.
//!
//! Source: cms-agent, agentbyworkno. A refused sign-in is never tried again, nor with another variant of the
//! signature: the vendor locks the address of whoever sends too many wrong ones.

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
use crate::provider::{Connector, Observer, Question, Sightings, Way};

/// The connector.
pub struct CmsAgent;

impl Connector for CmsAgent {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        let auth = connection.settings.group("auth")?;
        auth.secret(if sign::is_bearer(auth) { "token" } else { "secretKey" })
    }

    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        sign::sign(connection, secret, now_ms, call);
    }

    fn signs_host(&self) -> bool {
        true
    }
}

impl Observer for CmsAgent {
    fn way(&self, _: &Connection) -> Way {
        Way::Singly
    }

    fn states(&self) -> &'static [State] {
        &[
            State::OnCall,
            State::WrapUp,
            State::Busy,
            State::Idle,
            State::Resting,
            State::Studying,
            State::SignedOut,
            State::Unknown,
        ]
    }

    fn ask(&self, connection: &Connection, question: &Question<'_>) -> Option<Call> {
        match question {
            Question::Agent(agent) => ask::agent(connection, agent),
            Question::Page(_) => None,
        }
    }

    fn hear(&self, _: &Connection, question: &Question<'_>, reply: &Reply) -> Result<Sightings, Failure> {
        match question {
            Question::Agent(agent) => hear::agent(agent, reply),
            Question::Page(_) => Ok(Sightings::default()),
        }
    }
}
