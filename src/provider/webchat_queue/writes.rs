//! The write requests. Source: webchat-queue, 新增在线技能组接口 (addQueue), 修改在线技能组坐席接口
//! (updateQueueAssignMembers).
//!
//! The document prints a member's key as `“ priority”`, with a blank and curly quotes: a slip of its typesetting. The
//! sample bodies say `priority`.

use serde_json::{Map, Value as Json, json};

use super::requests::call;
use super::responses::MINUTES;
use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::queue::{ASSIGN_MEMBERS, ASSIGN_RULE, MEMORY_TIME};
use crate::model::value::{Members, Value};
use crate::model::write_op::WriteOp;
use crate::provider::Unsupported;

/// Returns the call of a write operation on queues.
pub fn request(connection: &Connection, op: &WriteOp) -> Result<Call, Unsupported> {
    Ok(match op {
        WriteOp::Create { ids, record, .. } => {
            let name = ids.first().ok_or(Unsupported)?;
            let mut body = Map::new();
            body.insert("displayName".to_owned(), json!(name.as_str()));
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
        WriteOp::SetMembers { exten, members: list, .. } => call(
            connection,
            "updateQueueAssignMembers",
            &json!({ "exten": exten.as_str(), "assignMembers": members(list) }),
        ),
        WriteOp::Edit { .. }
        | WriteOp::Delete { .. }
        | WriteOp::SetPassword { .. }
        | WriteOp::PutSecret { .. } => return Err(Unsupported),
    })
}

fn members(members: &Members) -> Json {
    members.iter().map(|(id, priority)| json!({ "agentNumber": id.as_str(), "priority": priority })).collect()
}
