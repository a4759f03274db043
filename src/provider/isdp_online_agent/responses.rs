//! The responses. Source: isdp-online-agent, findOnlineAgent, 响应参数 and 响应示例; vendor-facts §4.
//!
//! A token is refused in XML or in JSON, with or without HTTP 401: the word `invalid_token` decides. A row is known
//! by `agentCode`, an agent by `agentAccount`. No document calls the account unique: of two rows of one account both
//! count. A state is reported of the account and of the code, because a roster may use either.
//!
//! A row without an account is about an unknown agent: a code alone (in the sample a UUID) does not identify one.
//! Unless it is offline, it may mean any agent that is not listed, so no such agent is taken for offline.

use serde_json::{Map, Value as Json};

use crate::model::call::{Failure, Reply};
use crate::model::presence::{PresenceReport, State};
use crate::model::secret::Secret;
use crate::provider::json_cursor::{Cursor, failure, object, refusal};
use crate::provider::{PresencePage, Token};

/// The shortest and the longest plausible lifetime of a token, in seconds.
///
/// One page of the vendor says 359, another 20 minutes; a day is room enough.
const LASTS: std::ops::RangeInclusive<i64> = 1..=86_400;

/// The lifetime of a token whose response gives none, in seconds: the document's own sample.
const USUAL_SECONDS: i64 = 359;

/// Parses a page of the listing.
pub fn page(reply: &Reply) -> Result<PresencePage, Failure> {
    let body = success(reply)?;
    let Some(result) = Cursor::new(&body, "", "result").object()? else {
        return Err(Failure::Garbled("a success without the documented `result`".to_owned().into()));
    };
    let total = Cursor::new(result, "result", "total_count").number()?;
    let total = total.and_then(|total| usize::try_from(total).ok());
    let mut sightings = PresencePage { total, ..PresencePage::default() };
    for (row, path) in Cursor::new(result, "result", "data").objects()?.unwrap_or_default() {
        let id = |key: &'static str| Cursor::new(row, &path, key).id();
        let (account, code) = (id("agentAccount")?, id("agentCode")?);
        let key = code.clone().or(id("agentId")?).or_else(|| account.clone());
        let key = key.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `agentCode`").into()))?;
        sightings.rows.push(key);
        let said = said(row, &path)?;
        sightings.nameless += usize::from(account.is_none() && said.state != State::Offline);
        let other = code.filter(|code| account.as_ref() != Some(code));
        for name in account.into_iter().chain(other) {
            sightings.said.push((name, said.clone()));
        }
    }
    Ok(sightings)
}

/// Reads the state of a row.
///
/// "onlineStatus: 0 offline, 1 online" (the document has lost its list).
fn said(row: &Map<String, Json>, path: &str) -> Result<PresenceReport, Failure> {
    let status = Cursor::new(row, path, "onlineStatus").number()?;
    let (state, detail) = match status {
        Some(1) => (State::Online, None),
        Some(0) => (State::Offline, None),
        Some(other) => (State::Unknown, Some(format!("onlineStatus {other}"))),
        None => (State::Unknown, Some("onlineStatus unset".to_owned())),
    };
    Ok(PresenceReport { system: super::spec::SPEC.name, state, detail: detail.map(Into::into) })
}

/// Parses a token that was received at a moment.
///
/// No word of the response is shown: it may hold the token.
pub fn token(reply: &Reply, now_ms: i64) -> Result<Token, Failure> {
    let refused =
        |said: &str| Failure::SignIn(format!("the sign-in for a token was refused ({said})").into());
    if (400..500).contains(&reply.status) && reply.status != 429 {
        return Err(refused(&format!("HTTP {}", reply.status)));
    }
    if reply.status < 400 && reply.body.trim_ascii_start().starts_with(b"<") && !is_page(&reply.body) {
        return Err(refused("an error in XML"));
    }
    let body = object(reply)?;
    let Some(token) = Cursor::new(&body, "", "access_token").text()? else {
        return Err(refused(&refusal(&body)));
    };
    let seconds = Cursor::new(&body, "", "expires_in").number()?.unwrap_or(USUAL_SECONDS);
    let seconds = seconds.clamp(*LASTS.start(), *LASTS.end());
    Ok(Token::lasting(Secret::new(token.into_owned()), now_ms, seconds))
}

/// Returns the body of a success, which `stateCode` decides.
fn success(reply: &Reply) -> Result<Map<String, Json>, Failure> {
    if contains(&reply.body, b"invalid_token") || contains(&reply.body, b"InvalidTokenException") {
        return Err(Failure::SignIn("the token is not accepted (invalid_token)".to_owned().into()));
    }
    let body = object(reply)?;
    match Cursor::new(&body, "", "stateCode").text()?.as_deref().map(str::trim) {
        Some("0") if reply.status < 400 => Ok(body),
        Some(code) => Err(failure(code.parse().unwrap_or_default(), reply, refusal(&body))),
        None if reply.status >= 400 => {
            Err(Failure::Refused(format!("HTTP {}: {}", reply.status, refusal(&body)).into()))
        }
        None => Err(Failure::Garbled("JSON without the documented `stateCode`".to_owned().into())),
    }
}

/// Returns true if a body is an HTML page, perhaps of a proxy.
///
/// The body begins with `<`.
fn is_page(body: &[u8]) -> bool {
    let head = body[..body.len().min(512)].to_ascii_lowercase();
    contains(&head, b"<html") || contains(&head, b"<!doctype")
}

/// Returns true if the first part of a body contains some bytes; an error is short.
fn contains(body: &[u8], wanted: &[u8]) -> bool {
    body[..body.len().min(2048)].windows(wanted.len()).any(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(status: u16, body: &str) -> Reply {
        Reply { status, content_type: String::new(), retry_after: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_refused_token_is_told_in_any_form() {
        let xml = "<InvalidTokenException><error>invalid_token</error><error_description>check_token error\
                   </error_description></InvalidTokenException>";
        for reply in [
            raw(200, xml),
            raw(401, xml),
            raw(400, r#"{"error":"invalid_token","error_description":"expired"}"#),
            raw(401, "{}"),
            raw(200, r#"{"stateCode":"401","errorMessage":"no"}"#),
        ] {
            assert!(matches!(page(&reply), Err(Failure::SignIn(_))), "{reply:?}");
        }
        assert_eq!(
            page(&raw(200, r#"{"stateCode":"1","errorMessage":"not subscribed"}"#)).map(|s| s.rows.len()),
            Err(Failure::Refused("code 1: not subscribed".to_owned().into()))
        );
        assert!(matches!(page(&raw(200, "<html>")), Err(Failure::Garbled(_))));
    }

    #[test]
    fn a_row_without_an_account_is_a_nameless_report() {
        let nameless = |row: Json| {
            let body = json!({ "stateCode": "0", "result": { "data": [row], "total_count": 1 } });
            page(&Reply::json(200, &body)).map(|sightings| sightings.nameless)
        };
        let code = "0e626733-07d8-45af-af23-aff287b118b8";
        assert_eq!(nameless(json!({ "agentCode": code, "onlineStatus": 1 })), Ok(1));
        assert_eq!(nameless(json!({ "agentCode": code, "agentAccount": null, "onlineStatus": 9 })), Ok(1));
        assert_eq!(nameless(json!({ "agentCode": code, "agentAccount": " ", "onlineStatus": null })), Ok(1));
        // A missing row means offline too.
        assert_eq!(nameless(json!({ "agentCode": code, "onlineStatus": 0 })), Ok(0));
        assert_eq!(nameless(json!({ "agentCode": code, "agentAccount": "8001", "onlineStatus": 1 })), Ok(0));
    }

    #[test]
    fn a_token_is_renewed_when_four_fifths_of_its_time_are_over() {
        let body = json!({ "access_token": "abc", "token_type": "bearer", "expires_in": "359" });
        let Ok(token) = token(&Reply::json(200, &body), 1_000_000) else { panic!("no token") };
        assert_eq!(token.secret.expose(), "abc");
        assert_eq!((token.renew_at_ms, token.expires_at_ms), (1_287_200, 1_359_000));
        assert!(!token.is_stale(1_287_199) && token.is_stale(1_287_200));
    }

    #[test]
    fn a_refused_sign_in_does_not_repeat_what_was_sent() {
        let failed = |reply: &Reply| token(reply, 0).err().map(|f| f.message().to_owned());
        let said = failed(&raw(400, r#"{"error":"invalid_grant","password":"hunter2"}"#));
        assert_eq!(said.as_deref(), Some("the sign-in for a token was refused (HTTP 400)"));
        assert!(matches!(token(&raw(200, "<x/>"), 0), Err(Failure::SignIn(_))));
        assert!(matches!(token(&raw(200, "<html>"), 0), Err(Failure::Garbled(_))));
        assert!(matches!(token(&raw(503, ""), 0), Err(Failure::Unknown(_))));
        assert!(matches!(token(&raw(429, ""), 0), Err(Failure::Throttled { .. })));
    }

    #[test]
    fn an_odd_response_is_no_listing_and_an_odd_account_is_no_other_agent() {
        use crate::provider::json_cursor::outcome;
        let result = json!({ "data": [], "total_count": 0 });
        for (code, expected) in [
            (json!("0"), "yes"),
            (json!(0), "yes"),
            (json!(0.0), "yes"),
            (json!(" 0 "), "yes"),
            (json!("ok"), "refused"),
            (json!(null), "garbled"),
            (json!(""), "garbled"),
            (json!(true), "garbled"),
            (json!(["0"]), "garbled"),
            (json!("403"), "sign-in"),
            (json!(429), "throttled"),
            (json!("500"), "unknown"),
        ] {
            let body = json!({ "stateCode": code, "result": result });
            assert_eq!(outcome(page(&Reply::json(200, &body))), expected, "{code}");
        }
        for (status, body, expected) in [
            (200, "", "garbled"),
            (204, "", "garbled"),
            (200, "<html>", "garbled"),
            (200, "{\"stateCode\": \"0\", \"stateCode\": \"1\"}", "garbled"),
            (200, "{\"stateCode\": \"0\"}", "garbled"),
            (200, "{\"stateCode\": \"0\", \"result\": []}", "garbled"),
            (200, "{\"stateCode\": \"0\", \"result\": {\"data\": {}}}", "garbled"),
            (503, "", "unknown"),
        ] {
            assert_eq!(outcome(page(&raw(status, body))), expected, "{status} {body}");
        }
        let who = |account: Json| {
            let row = json!({ "agentCode": "c", "agentAccount": account, "onlineStatus": "1" });
            let body = json!({ "stateCode": "0", "result": { "data": [row], "total_count": 1 } });
            page(&Reply::json(200, &body))
                .map(|page| page.said.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>())
        };
        for account in [json!("8001"), json!(8001), json!(8001.0), json!(" 8001 ")] {
            assert_eq!(who(account.clone()), Ok(vec!["8001".to_owned(), "c".to_owned()]), "{account}");
        }
        for account in [json!(8001.5), json!(true), json!(["8001"])] {
            assert_eq!(outcome(who(account.clone())), "garbled", "{account}");
        }
    }
}
