//! The responses. Source: webchat-queue, 返回参数 and 返回示例 of each operation.
//!
//! The shapes disagree inside the document. Writes show `code`, reads show none. The field table puts `count` and
//! `data[]` at the top, the sample puts them at `data.count` and `data.list`. Both are read.

use serde_json::{Map, Value as Json};

use crate::model::call::{Failure, Reply};
use crate::model::field::Record;
use crate::model::last_change::VendorChange;
use crate::model::live::LiveQueue;
use crate::model::queue::{ASSIGN_MEMBERS, ASSIGN_RULE, ASSIGN_RULES, MEMORY_TIME};
use crate::model::value::{Members, Value, word};
use crate::provider::json_cursor::{Cursor, failure, object, refusal};
use crate::provider::{Page, Row, WriteReceipt, timestamps};

/// The vendor's minutes for each word of `memory` but `off`.
pub(super) const MINUTES: &[(&str, &str)] =
    &[("2h", "120"), ("1d", "1440"), ("1w", "10080"), ("30d", "43200")];

/// Returns the body of a success: `success` decides, then `code`, then the HTTP status.
pub(super) fn success(reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let body = object(reply)?;
    let (code, said) =
        match (Cursor::new(&body, "", "code").number(), Cursor::new(&body, "", "success").flag()) {
            (Ok(code), Ok(said)) => (code, said),
            _ if reply.status >= 400 => return Err(Failure::Refused(refusal(&body).into())),
            (Err(garbled), _) | (_, Err(garbled)) => return Err(garbled),
        };
    let yes = code.map(|code| matches!(code, 0 | 200..=299));
    let failed = || failure(code.unwrap_or_default(), reply, refusal(&body));
    match (said, yes) {
        _ if reply.status >= 400 => Err(failed()),
        (Some(true), None | Some(true)) => Ok(body),
        (None, _) if code == Some(200) => Ok(body),
        (None, None) => Err(Failure::Garbled("JSON without the documented `success`".to_owned().into())),
        // No document says which of the two holds.
        (Some(said), Some(yes)) if said != yes => Err(match failed() {
            Failure::Refused(words) => {
                Failure::Garbled(format!("`success` and `code` contradict each other ({words})").into())
            }
            failure => failure,
        }),
        _ => Err(failed()),
    }
}

/// Parses a page of the listing. Its times are at an offset in minutes.
pub fn page(reply: &Reply, offset: i64) -> Result<Page, Failure> {
    let body = success(reply)?;
    let (list, total) = listing(&body)?;
    let mut rows = Vec::new();
    for (row, path) in list.objects()?.unwrap_or_default() {
        rows.push(queue(row, &path, offset)?);
    }
    Ok(Page { rows, total })
}

/// Returns the rows and the total of a listing, in either shape.
pub(super) fn listing(body: &Map<String, Json>) -> Result<(Cursor<'_>, Option<usize>), Failure> {
    let data = Cursor::new(body, "", "data");
    let (list, count) = match data.get() {
        Some(Json::Object(data)) => (Cursor::new(data, "data", "list"), Cursor::new(data, "data", "count")),
        _ => (data, Cursor::new(body, "", "count")),
    };
    let total = match count.number()? {
        None => Cursor::new(body, "", "count").number()?,
        total => total,
    };
    Ok((list, total.and_then(|total| usize::try_from(total).ok())))
}

/// Parses the response to a write; addQueue's holds the new queue's number.
pub fn parse_write(reply: &Reply) -> Result<WriteReceipt, Failure> {
    let body = success(reply)?;
    // A created queue is read back: an unreadable exten counts as missing.
    let data = Cursor::new(&body, "", "data").object().ok().flatten();
    let exten = data.and_then(|data| Cursor::new(data, "data", "exten").id().ok().flatten());
    let exten = exten.map(|exten| exten.to_string());
    Ok(WriteReceipt { exten, ..WriteReceipt::default() })
}

fn queue(row: &Map<String, Json>, path: &str, offset: i64) -> Result<Row, Failure> {
    let exten = Cursor::new(row, path, "exten").id()?;
    let exten = exten.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `exten`").into()))?;
    let name = Cursor::new(row, path, "displayName");
    // A queue without its name would pass for a missing one, and apply would create a duplicate.
    if name.get().is_none() {
        return Err(Failure::Garbled(format!("`{path}` has no `displayName`").into()));
    }
    let name = name.text()?.unwrap_or_default();
    let mut record = Record::default();
    if let Some(rule) = Cursor::new(row, path, "assignRule").text()? {
        let value = word(ASSIGN_RULES, &rule).map_or_else(|| Value::Other(rule.into()), Value::Choice);
        record.set(&ASSIGN_RULE, value, None);
    }
    if let Some(memory) = memory(row, path)? {
        record.set(&MEMORY_TIME, memory, None);
    }
    if let Some(members) = members(row, path)? {
        record.set(&ASSIGN_MEMBERS, Value::Members(members.into()), None);
    }
    // A time or a number that cannot be read counts as missing.
    let text = |key| Cursor::new(row, path, key).text().ok().flatten();
    let at = text("updateTime").and_then(|time| timestamps::local(&time, offset));
    let by = text("updateAgent").filter(|agent| !agent.trim().is_empty());
    let changed = at.map(|at| VendorChange { at, by: by.map(|agent| agent.trim().into()) });
    Ok(Row::Queue(exten, LiveQueue { name: name.into(), changed, record }))
}

/// Parses the members of a queue; `None` if the row lacks them, or any priority.
fn members(row: &Map<String, Json>, path: &str) -> Result<Option<Members>, Failure> {
    let Some(list) = Cursor::new(row, path, "assignMembers").objects()? else { return Ok(None) };
    let mut members = Members::new();
    for (member, path) in list {
        let number = Cursor::new(member, &path, "agentNumber").id()?;
        let number =
            number.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `agentNumber`").into()))?;
        let Some(priority) = Cursor::new(member, &path, "priority").number()? else { return Ok(None) };
        if members.insert(number, priority).is_some_and(|before| before != priority) {
            return Err(Failure::Garbled(format!("`{path}` is a member twice, with two priorities").into()));
        }
    }
    Ok(Some(members))
}

/// Reads `isMemory` and `memoryTime` as one word; `None` if the row lacks the switch.
///
/// The time counts only while the switch is on.
fn memory(row: &Map<String, Json>, path: &str) -> Result<Option<Value>, Failure> {
    let on = Cursor::new(row, path, "isMemory").flag()?;
    let minutes = Cursor::new(row, path, "memoryTime").text()?;
    Ok(match (on, minutes) {
        (None, _) => None,
        (Some(false), _) => Some(Value::Choice("off")),
        (Some(true), Some(minutes)) => {
            let word = MINUTES.iter().find(|(_, m)| *m == minutes).map(|(word, _)| *word);
            Some(word.map_or_else(|| Value::Other(format!("{minutes} minutes").into()), Value::Choice))
        }
        (Some(true), None) => Some(Value::Other("on, for an unsaid time".into())),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::provider::json_cursor::outcome as kind;
    use serde_json::json;

    #[test]
    fn an_odd_answer_to_an_order_is_never_a_yes_and_seldom_a_no() {
        for (body, expected) in [
            (json!({ "success": true }), "yes"),
            (json!({ "success": "true", "code": "200" }), "yes"),
            (json!({ "success": 1, "code": 200.0, "data": {} }), "yes"),
            (json!({ "code": 200 }), "yes"),
            (json!({ "success": true, "code": 0, "data": { "exten": {} } }), "yes"),
            (json!({ "success": true, "code": 200, "data": "done" }), "yes"),
            (json!({ "success": "ok" }), "garbled"),
            (json!({ "success": null }), "garbled"),
            (json!({ "success": [true] }), "garbled"),
            (json!({ "success": true, "code": "ok" }), "garbled"),
            (json!({ "success": true, "code": [200] }), "garbled"),
            (json!({ "success": true, "code": true }), "garbled"),
            (json!({ "success": true, "code": 400 }), "garbled"),
            (json!({ "success": false, "code": 200 }), "garbled"),
            (json!({ "success": false, "code": 500 }), "unknown"),
            (json!({ "success": false, "code": 400, "message": "create Queue error" }), "refused"),
            (json!({ "success": false }), "refused"),
            (json!({ "success": false, "code": "403" }), "sign-in"),
            (json!({ "code": 429 }), "throttled"),
            (json!({}), "garbled"),
            (json!([]), "garbled"),
        ] {
            assert_eq!(kind(parse_write(&Reply::json(200, &body))), expected, "{body}");
        }
        for (status, body, expected) in [
            (200, "", "garbled"),
            (204, "", "garbled"),
            (200, "<html>", "garbled"),
            (200, "{\"success\": true, \"success\": false}", "garbled"),
            (404, "{\"success\": true}", "refused"),
            (401, "", "sign-in"),
            (502, "<html>", "unknown"),
        ] {
            let reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::json(200, &json!({})) };
            assert_eq!(kind(parse_write(&reply)), expected, "{status} {body}");
        }
        let made = parse_write(&Reply::json(200, &json!({ "success": true, "data": { "exten": 1001.0 } })));
        assert_eq!(made.map(|told| told.exten), Ok(Some("1001".to_owned())));
    }

    #[test]
    fn an_odd_row_is_no_other_queue_and_no_other_member() {
        let row = |row: Json| {
            let body = json!({ "success": true, "data": { "count": 1, "list": [row] } });
            page(&Reply::json(200, &body), 480).map(|page| match page.rows.as_slice() {
                [Row::Queue(exten, queue)] => {
                    let members = queue.members().into_iter().flatten();
                    let members: Vec<String> =
                        members.map(|(id, priority)| format!("{id}:{priority}")).collect();
                    format!("{exten} {} {}", queue.name, members.join(","))
                }
                _ => String::new(),
            })
        };
        let with = |members: Json| row(json!({ "exten": "1", "displayName": "q", "assignMembers": members }));
        assert_eq!(
            with(
                json!([{ "agentNumber": 8001.0, "priority": "5" }, { "agentNumber": " 8002 ", "priority": 1.0 }])
            ),
            Ok("1 q 8001:5,8002:1".to_owned())
        );
        let twice = |other: i64| json!([{ "agentNumber": "8001", "priority": 1 }, { "agentNumber": 8001, "priority": other }]);
        assert_eq!(with(twice(1)), Ok("1 q 8001:1".to_owned()));
        for members in [
            twice(2),
            json!("8001"),
            json!(["8001"]),
            json!([{ "agentNumber": 8001.5 }]),
            json!([{ "agentNumber": null }]),
            json!([{ "agentNumber": "8001", "priority": "high" }]),
        ] {
            assert_eq!(kind(with(members.clone())), "garbled", "{members}");
        }
        assert_eq!(row(json!({ "exten": 1e3, "displayName": 7 })), Ok("1000 7 ".to_owned()));
        for odd in [
            json!({ "exten": 1.5, "displayName": "q" }),
            json!({ "displayName": "q" }),
            json!({ "exten": "1" }),
            json!({ "exten": "1", "displayName": null }),
            json!("1"),
        ] {
            assert_eq!(kind(row(odd.clone())), "garbled", "{odd}");
        }
    }

    /// Parses a listing of one row with these keys beside its number and name.
    fn read(more: &Json) -> Result<LiveQueue, Failure> {
        let mut row = json!({ "exten": "1001", "displayName": "甲", "assignRule": "least", "isMemory": false,
            "assignMembers": [] });
        for (key, value) in more.as_object().unwrap() {
            match value {
                Json::String(text) if text == "-" => row.as_object_mut().unwrap().remove(key),
                value => row.as_object_mut().unwrap().insert(key.clone(), value.clone()),
            };
        }
        let reply = Reply::json(200, &json!({ "success": true, "data": { "count": 1, "list": [row] } }));
        match page(&reply, 480)?.rows.remove(0) {
            Row::Queue(_, queue) => Ok(queue),
            Row::Agent(..) | Row::Foreign(..) => panic!("no queue"),
        }
    }

    #[test]
    fn an_absent_list_is_no_empty_one() {
        assert_eq!(read(&json!({})).unwrap().members(), Some(&Members::new()));
        let member = |more: Json| json!({ "assignMembers": [more] });
        for untold in [
            json!({ "assignMembers": "-" }),
            json!({ "assignMembers": null }),
            member(json!({ "agentNumber": "8001" })),
            member(json!({ "agentNumber": "8001", "priority": null })),
            member(json!({ "agentNumber": "8001", "priority": "" })),
        ] {
            assert_eq!(read(&untold).unwrap().members(), None, "{untold}");
        }
        for garbled in [
            json!({ "assignMembers": {} }),
            json!({ "assignMembers": "8001" }),
            member(json!({ "priority": 1 })),
            member(json!("8001")),
            json!({ "displayName": "-" }),
            json!({ "displayName": null }),
            json!({ "exten": "-" }),
        ] {
            assert!(matches!(read(&garbled), Err(Failure::Garbled(_))), "{garbled}");
        }
    }

    #[test]
    fn the_last_change_is_told_with_its_agent_if_there_is_one() {
        let changed = |time: Json, agent: Json| {
            let changed = read(&json!({ "updateTime": time, "updateAgent": agent })).unwrap().changed;
            changed.map(|changed| (changed.at, changed.by.map(|by| by.to_string())))
        };
        let time = || json!("2022-01-04 16:17:27");
        assert_eq!(changed(time(), json!("8001")), Some((1_641_284_247, Some("8001".to_owned()))));
        assert_eq!(changed(time(), json!("")), Some((1_641_284_247, None)));
        assert_eq!(changed(time(), json!("-")), Some((1_641_284_247, None)));
        assert_eq!(changed(time(), json!([])), Some((1_641_284_247, None)));
        for untold in [json!(""), json!("-"), json!(null), json!("soon"), json!({})] {
            assert_eq!(changed(untold.clone(), json!("8001")), None, "{untold}");
        }
    }

    #[test]
    fn an_absent_attribute_has_no_value() {
        let unread = |more: Json, field| read(&more).unwrap().record.is_unread(field);
        assert!(!unread(json!({}), &ASSIGN_RULE) && !unread(json!({}), &MEMORY_TIME));
        assert!(unread(json!({ "assignRule": "-" }), &ASSIGN_RULE));
        assert!(unread(json!({ "isMemory": "-" }), &MEMORY_TIME));
        assert!(unread(json!({ "isMemory": null, "memoryTime": "120" }), &MEMORY_TIME));
    }
}
