//! Agents' claim status for chats, on the desktop or in the app. Source: webchat-queue, 查询技能组内坐席领取状态接口
//! (queueQueueAgentClaimStatus).
//!
//! The listing is one of queues. An agent of several queues appears in it several times, with the same state. Mobile
//! numbers and names in the response are dropped unread.

use serde_json::{Map, Value as Json, json};

use super::{WebchatQueue, requests, responses};
use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::id::OperatorId;
use crate::model::presence::{PresenceReport, State};
use crate::model::secret::{Secret, SecretRef};
use crate::provider::json_cursor::Cursor;
use crate::provider::{Connector, Observer, PresencePage, PresenceQuery, Provider as _, QueryMode};

/// The claim status, read through the connection of the queues.
pub struct Claims;

impl Connector for Claims {
    fn spec(&self) -> &'static Spec {
        WebchatQueue.spec()
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        WebchatQueue.secret(connection)
    }

    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
        WebchatQueue.sign(connection, secret, now_ms, call);
    }
}

impl Observer for Claims {
    fn way(&self, connection: &Connection) -> QueryMode {
        QueryMode::Listing(WebchatQueue.page_size(connection))
    }

    fn ask(&self, connection: &Connection, question: &PresenceQuery<'_>) -> Option<Call> {
        let PresenceQuery::Page(page) = question else { return None };
        let size = WebchatQueue.page_size(connection);
        Some(requests::call(
            connection,
            "queueQueueAgentClaimStatus",
            &json!({ "page": page, "pageSize": size }),
        ))
    }

    fn hear(&self, _: &Connection, _: &PresenceQuery<'_>, reply: &Reply) -> Result<PresencePage, Failure> {
        let body = responses::success(reply)?;
        let (list, total) = responses::listing(&body)?;
        let mut sightings = PresencePage { total, ..PresencePage::default() };
        for (queue, path) in list.objects()?.unwrap_or_default() {
            let exten = Cursor::new(queue, &path, "exten").id()?;
            let exten = exten.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `exten`").into()))?;
            sightings.rows.push(exten);
            let members = Cursor::new(queue, &path, "assignMembers").objects()?;
            // A queue without its list may hold any agent.
            sightings.nameless += usize::from(members.is_none());
            for (member, path) in members.unwrap_or_default() {
                sightings.said.push(said(member, &path)?);
            }
        }
        Ok(sightings)
    }
}

fn said(member: &Map<String, Json>, path: &str) -> Result<(OperatorId, PresenceReport), Failure> {
    let number = Cursor::new(member, path, "agentNumber").id()?;
    let number = number.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `agentNumber`").into()))?;
    let claims = |key: &str| Cursor::new(member, path, key).flag();
    let (state, detail) = match (claims("pcAutoClaim")?, claims("mobileAutoClaim")?) {
        (Some(true), Some(true)) => (State::Claiming, Some("desktop and app")),
        (Some(true), _) => (State::Claiming, Some("desktop")),
        (_, Some(true)) => (State::Claiming, Some("app")),
        (Some(false), Some(false)) => (State::NotClaiming, None),
        // A missing flag is not a `false`.
        (None, None) => (State::Unknown, Some("pcAutoClaim and mobileAutoClaim unset")),
        (None, Some(false)) => (State::Unknown, Some("pcAutoClaim unset")),
        (Some(false), None) => (State::Unknown, Some("mobileAutoClaim unset")),
    };
    let said = PresenceReport { system: super::spec::SPEC.name, state, detail: detail.map(Into::into) };
    Ok((number, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_flags_off_mean_that_no_chats_are_claimed() {
        let state = |flags: Json| {
            let mut member = json!({ "agentNumber": "8001" });
            for (key, value) in flags.as_object().into_iter().flatten() {
                member[key] = value.clone();
            }
            let member = member.as_object().cloned().unwrap_or_default();
            said(&member, "").map(|(_, said)| said.state)
        };
        for (flags, expected) in [
            (json!({ "pcAutoClaim": false, "mobileAutoClaim": "0" }), State::NotClaiming),
            (json!({ "pcAutoClaim": null, "mobileAutoClaim": true }), State::Claiming),
            (json!({ "pcAutoClaim": true }), State::Claiming),
            (json!({ "pcAutoClaim": false }), State::Unknown),
            (json!({ "pcAutoClaim": null, "mobileAutoClaim": null }), State::Unknown),
            (json!({}), State::Unknown),
        ] {
            assert_eq!(state(flags.clone()), Ok(expected), "{flags}");
        }
    }
}
