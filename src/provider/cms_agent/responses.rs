//! The response. Source: cms-agent, 表3 to 表5; vendor-facts §3, "Replies and errors".
//!
//! `resultCode` "0100000" is a success; older versions send `result` "0". `resultDesc` holds the agent on success and
//! plain text on failure.
//!
//! No document prints the response for an unknown agent. A related query returns nothing for agents who are not
//! signed in (vendor-facts §3, "Absent ≠ non-existent"). So an empty success is read as not signed in here too. An
//! agent who is not signed in cannot be on a call, nor can an unknown agent.
//!
//! Another agent's number, or a failure code, says nothing of the requested agent. The presence guard counts it as a
//! gap.

use serde_json::{Map, Value as Json, json};

use super::requests::work_number;
use crate::model::call::{Failure, Reply};
use crate::model::id::OperatorId;
use crate::model::language::localized;
use crate::model::presence::{PresenceReport, State};
use crate::provider::PresencePage;
use crate::provider::json_cursor::{Cursor, clean, object};

/// The meaning of each code. Source: cms-agent's error codes, vendor-facts §3.
const CODES: &[(&str, &str)] = &[
    ("0100001", "the call failed"),
    ("0100002", "a parameter is wrong: check `ccId` and `vdn`"),
    ("0100003", "the CTI version does not fit"),
    ("0100999", "unknown error"),
    ("0101001", "the inspection relation does not allow it"),
    ("0101002", "the number is not known to the UAP"),
    ("0101003", "no permission: have it granted at the vendor"),
];

/// Parses one agent's state.
pub fn agent(agent: &OperatorId, reply: &Reply) -> Result<PresencePage, Failure> {
    let body = success(reply)?;
    let found = ["resultDesc", "resultDatas"].iter().find_map(|key| {
        let value = body.get(*key)?;
        // The document shows an object; vendors have sent a list of one.
        let object = value.as_object().or_else(|| value.as_array()?.first()?.as_object())?;
        (!object.is_empty()).then_some((object, *key))
    });
    let Some((row, path)) = found else {
        let is_nothing = |key: &str| match body.get(key) {
            None | Some(Json::Null | Json::Object(_)) => true,
            Some(Json::String(text)) => text.trim().is_empty(),
            Some(Json::Array(list)) => list.iter().all(|item| item.is_null() || *item == json!({})),
            Some(Json::Bool(_) | Json::Number(_)) => false,
        };
        // No document lists text in place of an agent.
        let is_absent = is_nothing("resultDesc") && is_nothing("resultDatas");
        let rows = if is_absent { vec![agent.clone()] } else { Vec::new() };
        return Ok(PresencePage { rows, ..PresencePage::default() });
    };
    let number = Cursor::new(row, path, "workNo").number()?;
    if number.is_none() || number != work_number(agent).map(i64::from) {
        return Ok(PresencePage::default());
    }
    let (state, detail) = state(row, path)?;
    let said = PresenceReport { system: super::spec::SPEC.name, state, detail: detail.map(Into::into) };
    Ok(PresencePage {
        said: vec![(agent.clone(), said)],
        rows: vec![agent.clone()],
        ..PresencePage::default()
    })
}

/// Returns the agent's own state (表5), or else the platform's (`citStatus`, spelled so).
fn state(row: &Map<String, Json>, path: &str) -> Result<(State, Option<String>), Failure> {
    let status = Cursor::new(row, path, "status").number()?;
    let platform = Cursor::new(row, path, "citStatus").number()?;
    let by_status = match status {
        Some(2) => Some(State::SignedOut),
        Some(3) => Some(State::Busy),
        // 1 "签入状态。未使用", 6 "同空闲态。未使用".
        Some(1 | 4 | 6) => Some(State::Idle),
        Some(5) => Some(State::WrapUp),
        Some(7) => Some(State::OnCall),
        Some(8) => Some(State::Resting),
        _ => None,
    };
    let by_platform = match platform {
        Some(0) => Some(State::SignedOut),
        Some(1) => Some(State::Idle),
        // Pre-occupied, occupied, answering, talking.
        Some(2..=5) => Some(State::OnCall),
        Some(6) => Some(State::WrapUp),
        Some(7) => Some(State::Busy),
        Some(8) => Some(State::Resting),
        Some(9) => Some(State::Studying),
        _ => None,
    };
    // On a call by either state is on a call.
    let on_call = by_platform.filter(|state| *state == State::OnCall);
    if let Some(state) = on_call.or(by_status).or(by_platform) {
        return Ok((state, None));
    }
    let number = |number: Option<i64>| number.map_or_else(|| "unset".to_owned(), |n| n.to_string());
    Ok((State::Unknown, Some(format!("status {}, citStatus {}", number(status), number(platform)))))
}

fn success(reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let body = object(reply).map_err(|failure| match (failure, reply.status) {
        (Failure::SignIn(message), 403) => Failure::SignIn(localized!(
            message;
            "{message}: the vendor locks an address that sent wrong signatures; ask its operators before trying again",
            "{message}：签名错过的地址，这家厂商会封锁；再试之前请先问他们的运维",
            "{message}：簽章錯過的位址，這家廠商會封鎖；再試之前請先問他們的維運"
        )),
        (failure, _) => failure,
    })?;
    let text = |key: &'static str| Cursor::new(&body, "", key).text();
    let (code, old) = (text("resultCode")?, text("result")?);
    let good = match &code {
        Some(code) => code == "0100000" || code == "100000",
        None => old.as_deref() == Some("0"),
    };
    if good && reply.status < 400 {
        return Ok(body);
    }
    let Some(code) = code.or(old) else {
        if reply.status >= 400 {
            return Err(Failure::Refused(format!("HTTP {}", reply.status).into()));
        }
        return Err(Failure::Garbled("JSON without the documented `resultCode`".to_owned().into()));
    };
    let words = CODES.iter().find(|(known, _)| *known == code).map(|(_, words)| *words);
    let said = body.get("resultDesc").and_then(Json::as_str).filter(|said| !said.is_empty()).map(clean);
    let parts: Vec<&str> = words.into_iter().chain(said.as_deref()).collect();
    let said = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(" – ")) };
    Err(Failure::Refused(format!("resultCode {code}{said}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(body: &Json) -> Result<Option<(State, Option<String>)>, Failure> {
        let sightings = agent(&"101".into(), &Reply::json(200, body))?;
        Ok(sightings
            .said
            .into_iter()
            .next()
            .map(|(_, said)| (said.state, said.detail.map(|d| d.to_string()))))
    }

    fn row(status: &Json, platform: &Json) -> Option<State> {
        let body = json!({ "resultCode": "0100000",
            "resultDesc": { "workNo": 101, "status": status, "citStatus": platform } });
        heard(&body).ok().flatten().map(|(state, _)| state)
    }

    #[test]
    fn every_state_of_the_table_has_a_word() {
        let table = [
            (1, 1, State::Idle),
            (2, 0, State::SignedOut),
            (3, 7, State::Busy),
            (4, 1, State::Idle),
            (5, 6, State::WrapUp),
            (6, 1, State::Idle),
            (7, 2, State::OnCall),
            (7, 5, State::OnCall),
            (8, 8, State::Resting),
            (0, 9, State::Studying),
        ];
        for (status, platform, state) in table {
            assert_eq!(row(&json!(status), &json!(platform)), Some(state), "{status} {platform}");
            assert_eq!(row(&json!(status.to_string()), &json!(platform)), Some(state));
        }
        // Without the agent's own state the platform's counts. Numbers of later editions are kept.
        assert_eq!(row(&json!(null), &json!(4)), Some(State::OnCall));
        assert_eq!(row(&json!(9), &json!(5)), Some(State::OnCall));
        assert_eq!(row(&json!(9), &json!(10)), Some(State::Unknown));
        let body = json!({ "resultCode": "0100000", "resultDesc": { "workNo": 101, "status": 9 } });
        assert_eq!(heard(&body), Ok(Some((State::Unknown, Some("status 9, citStatus unset".to_owned())))));
    }

    #[test]
    fn an_empty_success_is_a_response_and_another_agent_is_none() {
        let answered = |desc: &Json| {
            let body = json!({ "resultCode": "0100000", "resultDesc": desc });
            let sightings = agent(&"101".into(), &Reply::json(200, &body)).unwrap_or_default();
            assert_eq!(sightings.said, [], "{desc}");
            !sightings.rows.is_empty()
        };
        for nothing in [json!(null), json!({}), json!([]), json!([null]), json!("")] {
            assert!(answered(&nothing), "{nothing}");
        }
        for other in [json!({ "workNo": 102, "status": 7 }), json!({ "status": 7 }), json!("ok"), json!(1)] {
            assert!(!answered(&other), "{other}");
        }
    }

    #[test]
    fn an_older_versions_form_is_read() {
        let body = json!({ "result": "0", "resultDatas": { "workNo": "101", "status": 8 } });
        assert_eq!(heard(&body), Ok(Some((State::Resting, None))));
    }

    #[test]
    fn failures_have_words() {
        let refused = heard(&json!({ "resultCode": "0101003", "resultDesc": "no right" }));
        assert_eq!(
            refused,
            Err(Failure::Refused(
                "resultCode 0101003: no permission: have it granted at the vendor – no right"
                    .to_owned()
                    .into()
            ))
        );
        assert!(matches!(heard(&json!({})), Err(Failure::Garbled(_))));
        let locked = Reply::json(
            403,
            &json!({ "status": 403, "error": "Forbidden", "message": "locked", "path": "/" }),
        );
        let Err(Failure::SignIn(words)) = agent(&"101".into(), &locked) else { panic!("let in") };
        assert!(words.to_string().starts_with("HTTP 403: locked: the vendor locks"), "{words}");
        assert!(matches!(agent(&"101".into(), &Reply::json(401, &json!({}))), Err(Failure::SignIn(_))));
    }

    #[test]
    fn an_odd_answer_says_nothing_of_an_agent() {
        use crate::provider::json_cursor::outcome;
        let row = json!({ "workNo": 101, "status": 7 });
        for (code, expected) in [
            (json!("0100000"), "yes"),
            (json!(100_000), "yes"),
            (json!(100_000.0), "yes"),
            (json!("ok"), "refused"),
            (json!("0100999"), "refused"),
            (json!(null), "garbled"),
            (json!(true), "garbled"),
            (json!(["0100000"]), "garbled"),
        ] {
            assert_eq!(outcome(heard(&json!({ "resultCode": code, "resultDesc": row }))), expected, "{code}");
        }
        for (status, body, expected) in [
            (200, "", "garbled"),
            (204, "", "garbled"),
            (200, "<html>", "garbled"),
            (200, "{\"resultCode\": \"0100000\", \"resultCode\": \"0100001\"}", "garbled"),
            (401, "<html>", "sign-in"),
            (503, "", "unknown"),
        ] {
            let reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::json(200, &json!({})) };
            assert_eq!(outcome(agent(&"101".into(), &reply)), expected, "{status} {body}");
        }
        let number = |number: Json| {
            let body = json!({ "resultCode": "0100000", "resultDesc": { "workNo": number, "status": 7 } });
            heard(&body).map(|said| said.is_some())
        };
        for same in [json!(101), json!("101"), json!(101.0), json!(" 101 ")] {
            assert_eq!(number(same.clone()), Ok(true), "{same}");
        }
        assert_eq!(number(json!(102)), Ok(false));
        for odd in [json!(101.5), json!(true), json!([101])] {
            assert_eq!(outcome(number(odd.clone())), "garbled", "{odd}");
        }
    }
}
