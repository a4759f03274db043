//! The write requests. Source: agent-config §2.1.1 (create/v2), §2.1.2 (edit/v2), §2.1.3 (del/v2), §2.1.6 (editPwd).

use md5::{Digest, Md5};
use serde_json::json;

use super::codec;
use super::fields::AGENTS;
use super::requests::{call, company};
use crate::config::workspace::Connection;
use crate::model::agent;
use crate::model::call::Call;
use crate::model::field::{Field, Record};
use crate::model::secret::Secret;
use crate::model::text::hex;
use crate::model::write_op::WriteOp;
use crate::provider::Unsupported;

/// Returns the call of a write operation on agents, with the password that it sends.
pub fn request(
    connection: &Connection,
    op: &WriteOp,
    password: Option<&Secret>,
) -> Result<Call, Unsupported> {
    let mut body = company(connection);
    Ok(match op {
        WriteOp::Create { ids, record, .. } => {
            let first = ids.first().ok_or(Unsupported)?;
            body.insert("operatorId".to_owned(), json!(first.as_str()));
            for entry in record.iter().filter(|e| creates(e.field, record)) {
                codec::write(&mut body, entry.field, AGENTS.mapping(entry.field).create, entry.value);
            }
            if let Some(password) = password {
                body.insert("password".to_owned(), json!(password.expose()));
            }
            if ids.len() > 1 {
                body.insert("batchFlag".to_owned(), json!(1));
                body.insert("batchSize".to_owned(), json!(ids.len()));
            }
            call("create/v2", body)
        }
        WriteOp::Edit { id, record, .. } => {
            body.insert("operatorId".to_owned(), json!(id.as_str()));
            for entry in record.iter() {
                codec::write(&mut body, entry.field, AGENTS.mapping(entry.field).update, entry.value);
            }
            call("edit/v2", body)
        }
        WriteOp::SetPassword { id, .. } => {
            body.insert("operatorId".to_owned(), json!(id.as_str()));
            body.insert("password".to_owned(), json!(digest(password.ok_or(Unsupported)?)));
            call("editPwd", body)
        }
        WriteOp::Delete { ids, .. } => {
            body.insert("operatorIds".to_owned(), json!(ids));
            call("del/v2", body)
        }
        WriteOp::SetMembers { .. } | WriteOp::PutSecret { .. } => return Err(Unsupported),
    })
}

/// Returns true if a creation sends the field.
///
/// A creation cannot ask for a SIP number of one's own, but `sipFlag` defaults to 1 and would take one. So the
/// creation sends 0, and a second call binds the number.
fn creates(field: &Field, record: &Record) -> bool {
    let skill = record.get(&agent::MAIN_SKILL_GROUP).is_some();
    !AGENTS.mapping(field).create.is_empty() && (field.index != agent::SKILL_LEVEL.index || skill)
}

/// Returns the MD5 in 32 lower-case hex digits (`加密方式32位小写`).
fn digest(password: &Secret) -> String {
    hex(&Md5::digest(password.expose().as_bytes()))
}
