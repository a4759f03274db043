//! The writing calls. Source: webchat-queue, 新增在线技能组接口 (addQueue), 修改在线技能组坐席接口
//! (updateQueueAssignMembers).
//!
//! The document prints a member's key as `“ priority”`, with a blank and curly quotes: a slip of its
//! typesetting; the sample bodies say `priority`.

use serde_json::{Map, Value as Json, json};

use super::requests::call;
use super::responses::MINUTES;
use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::queue::{ASSIGN_MEMBERS, ASSIGN_RULE, MEMORY_TIME};
use crate::model::value::{Members, Value};
use crate::provider::WriteRequest;

/// Spells an order.
pub fn order(connection: &Connection, order: &WriteRequest<'_>) -> Call {
    match order {
        WriteRequest::CreateQueue { name, record } => {
            let mut body = Map::new();
            body.insert("displayName".to_owned(), json!(name));
            if let Some(rule) = record.text(&ASSIGN_RULE) {
                body.insert("assignRule".to_owned(), json!(rule));
            }
            if let Some(word) = record.text(&MEMORY_TIME) {
                let minutes = MINUTES.iter().find(|(w, _)| *w == word).map(|(_, minutes)| *minutes);
                body.insert("isMemory".to_owned(), json!(minutes.is_some()));
                if let Some(minutes) = minutes {
                    body.insert("memoryTime".to_owned(), json!(minutes));
                }
            }
            if let Some(Value::Members(list)) = record.get(&ASSIGN_MEMBERS) {
                body.insert("assignMembers".to_owned(), members(list));
            }
            call(connection, "addQueue", &Json::Object(body))
        }
        WriteRequest::SetMembers { exten, members: list } => call(
            connection,
            "updateQueueAssignMembers",
            &json!({ "exten": exten, "assignMembers": members(list) }),
        ),
        // The planner gives agents to the connector that holds agents.
        WriteRequest::CreateAgents { .. }
        | WriteRequest::EditAgent { .. }
        | WriteRequest::SetPassword { .. }
        | WriteRequest::DeleteAgents { .. } => call(connection, "none", &Json::Null),
    }
}

fn members(members: &Members) -> Json {
    members.iter().map(|(id, priority)| json!({ "agentNumber": id.as_str(), "priority": priority })).collect()
}
