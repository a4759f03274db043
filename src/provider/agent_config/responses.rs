//! The responses. Source: agent-config §2.1, 返回数据 of each operation.
//!
//! A response is a success if its `code` is in the connection's `successCodes`: the document prints no code at all.

use serde_json::{Map, Value as Json};

use super::{fast_page, rows};
use crate::config::workspace::Connection;
use crate::model::call::{Failure, Reply};
use crate::model::id::OperatorId;
use crate::provider::json_cursor::{Cursor, failure, object, refusal};
use crate::provider::{Page, Row, WriteReceipt};

/// Returns the body of a success.
fn success(connection: &Connection, reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let body = object(reply)?;
    let code = Cursor::new(&body, "", "code").number();
    let known = connection.settings.numbers("successCodes");
    match code {
        Ok(Some(code)) if known.contains(&code) && reply.status < 400 => Ok(body),
        Ok(Some(code)) => Err(failure(code, reply, refusal(&body))),
        Ok(None) | Err(_) if reply.status >= 400 => {
            Err(Failure::Refused(format!("HTTP {}: {}", reply.status, refusal(&body)).into()))
        }
        Ok(None) => Err(Failure::Garbled("JSON without the documented `code`".to_owned().into())),
        Err(garbled) => Err(garbled),
    }
}

/// Parses a page of the listing.
pub fn page(connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
    // The fast path reads a well-formed page; the slow path reads any other, and names the error.
    if let Some(page) = fast_page::page(connection, reply) {
        return Ok(page);
    }
    whole(connection, reply)
}

pub(super) fn whole(connection: &Connection, reply: &Reply) -> Result<Page, Failure> {
    let body = success(connection, reply)?;
    let Some(data) = Cursor::new(&body, "", "data").object()? else {
        return Ok(Page::default());
    };
    let total = Cursor::new(data, "data", "total").number()?.and_then(|total| usize::try_from(total).ok());
    let mut rows = Vec::new();
    for (row, path) in Cursor::new(data, "data", "result").objects()?.unwrap_or_default() {
        rows.push(rows::row(connection, row, &path)?);
    }
    Ok(Page { rows, total })
}

/// Parses one agent; `None` if the response holds none, or another one.
///
/// The document does not print the response for an unknown agent. So a refusal is `None` too: the caller asks the
/// listing before it calls an agent missing.
pub fn one(connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure> {
    let body = match success(connection, reply) {
        Ok(body) => body,
        Err(Failure::Refused(_)) => return Ok(None),
        // No document names the code for an unknown agent: it may be one that looks like an HTTP status.
        Err(Failure::Unknown(_)) if reply.status < 400 => return Ok(None),
        Err(failure) => return Err(failure),
    };
    match Cursor::new(&body, "", "data").object()? {
        Some(data) if Cursor::new(data, "data", "operatorId").id()?.is_some() => {
            let row = rows::row(connection, data, "data")?;
            Ok(Some(row).filter(|row| matches!(row, Row::Agent(id, _) if id.as_str() == key)))
        }
        _ => Ok(None),
    }
}

/// Parses the response to a write.
///
/// A creation returns much, and the document calls each part optional. Only the agents' numbers are read, if present.
/// The rest (passwords in clear) is dropped unread.
pub fn parse_write(connection: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure> {
    let body = success(connection, reply)?;
    let rows = Cursor::new(&body, "", "data").objects().ok().flatten().unwrap_or_default();
    let number =
        |(row, path): (&Map<String, Json>, String)| Cursor::new(row, &path, "operatorId").id().ok().flatten();
    // A row without a number may be any of the requested agents.
    let agents: Option<Vec<OperatorId>> = rows.into_iter().map(number).collect();
    Ok(WriteReceipt { agents: agents.unwrap_or_default(), ..WriteReceipt::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::json_cursor::outcome as kind;
    use crate::vendors;
    use serde_json::json;

    fn connection() -> Connection {
        let text = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\n\
            connections:\n  a: { provider: agent-config, baseUrl: sandbox }\n";
        let specs = &vendors::ALL.specs();
        let loaded = crate::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), specs);
        let Ok(mut workspace) = loaded else { panic!("the workspace is sound") };
        workspace.connections.remove(0)
    }

    #[test]
    fn a_code_that_is_no_number_is_neither_a_yes_nor_a_no() {
        let connection = connection();
        for (code, expected) in [
            (json!(0), "yes"),
            (json!(200), "yes"),
            (json!("0"), "yes"),
            (json!(" 200 "), "yes"),
            (json!(200.0), "yes"),
            (json!("ok"), "garbled"),
            (json!(""), "garbled"),
            (json!(null), "garbled"),
            (json!([0]), "garbled"),
            (json!({}), "garbled"),
            (json!(true), "garbled"),
            (json!(false), "garbled"),
            (json!(0.5), "garbled"),
            (json!(1), "refused"),
            (json!("401"), "sign-in"),
            (json!(403), "sign-in"),
            (json!(429), "throttled"),
            (json!(500), "unknown"),
        ] {
            let data = json!({ "total": 0, "result": [] });
            for data in [data, json!(null)] {
                let reply = Reply::json(200, &json!({ "code": code, "msg": "x", "data": data }));
                assert_eq!(kind(parse_write(&connection, &reply)), expected, "{code}");
                assert_eq!(kind(page(&connection, &reply)), expected, "{code}");
            }
        }
        for (status, body, expected) in [
            (200, "{\"msg\": \"ok\"}", "garbled"),
            (200, "", "garbled"),
            (204, "", "garbled"),
            (200, "<!DOCTYPE html>", "garbled"),
            (200, "[{\"code\": 0}]", "garbled"),
            (200, "{\"code\": 0, \"code\": 1}", "garbled"),
            (200, "{\"code\": 0, \"da", "garbled"),
            (400, "{\"code\": \"InvalidParam\"}", "refused"),
            (404, "{\"code\": 0}", "refused"),
            (401, "<html>", "sign-in"),
            (503, "{\"code\": 0}", "unknown"),
        ] {
            let reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::json(200, &json!({})) };
            assert_eq!(kind(parse_write(&connection, &reply)), expected, "{status} {body}");
            assert_eq!(kind(page(&connection, &reply)), expected, "{status} {body}");
        }
    }

    #[test]
    fn no_code_of_a_single_answer_proves_that_the_system_is_unwell() {
        let connection = connection();
        let one = |status, code: i64| {
            let reply = Reply::json(status, &json!({ "code": code, "msg": "坐席不存在", "data": null }));
            one(&connection, "8001", &reply).map(|row| row.is_none())
        };
        for code in [400, 404, 500, 501, 1001] {
            assert_eq!(one(200, code), Ok(true), "{code}: the listing has the last word");
        }
        assert_eq!(kind(one(500, 500)), "unknown");
        assert_eq!(kind(one(200, 401)), "sign-in");
    }

    #[test]
    fn an_odd_id_is_the_same_agent_or_none_at_all() {
        let connection = connection();
        let ids = |rows: &str| {
            let body = format!(r#"{{"code": 0, "data": {{"total": 1, "result": [{rows}]}}}}"#);
            let reply = Reply { body: body.into_bytes(), ..Reply::json(200, &json!({})) };
            let ids =
                |page: Page| page.rows.iter().map(|row| row.key().to_string()).collect::<Vec<_>>().join(" ");
            page(&connection, &reply).map(ids)
        };
        for same in ["8001", "8001.0", "8.001e3", "\"8001\"", "\" 8001 \""] {
            assert_eq!(ids(&format!("{{\"operatorId\": {same}}}")), Ok("8001".to_owned()), "{same}");
        }
        // Both rows count, so the listing is not proved.
        assert_eq!(ids(r#"{"operatorId": 8001.0}, {"operatorId": "8001"}"#), Ok("8001 8001".to_owned()));
        for odd in ["8001.5", "1e30", "true", "null", "\" \"", "[\"8001\"]"] {
            assert_eq!(kind(ids(&format!("{{\"operatorId\": {odd}}}"))), "garbled", "{odd}");
        }
        assert_eq!(kind(ids(r#"{"operatorId": "8001", "operatorId": "8002"}"#)), "garbled");
        assert_eq!(ids(r#"{"operatorId": "8001", "x": 1, "operatorId": "8001"}"#), Ok("8001".to_owned()));
        for data in
            ["[]", "\"none\"", "7", r#"{"total": 1, "result": {}}"#, r#"{"total": 1, "result": ["8001"]}"#]
        {
            let body = format!(r#"{{"code": 0, "data": {data}}}"#);
            let reply = Reply { body: body.into_bytes(), ..Reply::json(200, &json!({})) };
            assert_eq!(kind(page(&connection, &reply)), "garbled", "{data}");
        }
    }
}
