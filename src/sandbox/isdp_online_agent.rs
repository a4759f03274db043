//! The simulator of isdp-online-agent: agents' online state, and the token.
//!
//! In: a request and the time. Out: the responses of the document's samples. Written from the document alone; it
//! shares no code with the client. Tokens are counted, so that the same requests give the same ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::call::Call;
use crate::sandbox::simulator::{People, Simulated};
use crate::sandbox::support::{Answer, Context, note, type_name};
use crate::sandbox::variants::{ErrorForm, Quirks};

/// The path of the listing.
const PATH: &str = "/openapi/v1/openTask/findOnlineAgent";

/// The path of the token.
const TOKEN_PATH: &str = "/oauth2/oauth/rest_token";

/// Rows per page: "每页数量,默认并且最大50条".
const MOST_ROWS: usize = 50;

/// The vendor's data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct State {
    /// The agents by account; true if online.
    pub agents: BTreeMap<String, bool>,
    /// The logins that may fetch a token; if empty, any may.
    pub logins: Vec<Login>,
    /// The permanent tokens; without these and logins, any that was not issued here is valid.
    pub tokens: Vec<String>,
    /// The requests that the document does not cover, in order of arrival.
    pub departures: Vec<String>,
    /// The issued tokens, with their expiry. Not stored: there are none when a server starts.
    #[serde(skip)]
    given: BTreeMap<String, i64>,
}

/// A login that may fetch a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// Client id, which is the client's secret too.
    pub client_id: String,
    /// Application id.
    pub username: String,
    /// Application token.
    pub password: String,
}

impl State {
    /// Revokes all issued tokens.
    pub fn revoke(&mut self) {
        self.given.values_mut().for_each(|until| *until = 0);
    }

    /// Answers a request at [`PATH`] or [`TOKEN_PATH`].
    fn answer(&mut self, method: &str, call: &Call, ctx: &Context<'_>) -> Answer {
        let operation = if call.path == TOKEN_PATH { "rest_token" } else { "findOnlineAgent" };
        if method != "POST" {
            note(&mut self.departures, operation, &format!("method {method}, not POST"));
            return refusal(ctx.quirks, 405, "method");
        }
        let media = call.header("content-type").unwrap_or("").split(';').next().unwrap_or("");
        if !media.trim().eq_ignore_ascii_case("application/json") {
            note(&mut self.departures, operation, "Content-Type is not application/json");
            return refusal(ctx.quirks, 400, "content-type");
        }
        let Ok(Value::Object(body)) = serde_json::from_slice(&call.body) else {
            note(&mut self.departures, operation, "the body is no JSON object");
            return refusal(ctx.quirks, 400, "body");
        };
        if operation == "rest_token" { self.token(&body, ctx) } else { self.list(&body, call, ctx) }
    }

    /// Issues a token. Source: vendor-facts §4, "The token".
    fn token(&mut self, body: &Map<String, Value>, ctx: &Context<'_>) -> Answer {
        const NAMES: [&str; 5] = ["client_id", "client_secret", "grant_type", "username", "password"];
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        for name in NAMES.iter().filter(|name| text(name).is_empty()) {
            note(&mut self.departures, "rest_token", &format!("{name} is missing"));
        }
        for name in body.keys().filter(|name| !NAMES.contains(&name.as_str())) {
            note(&mut self.departures, "rest_token", &format!("{name} is not in the document"));
        }
        let sound = NAMES.iter().all(|name| !text(name).is_empty())
            && text("grant_type") == "password"
            && text("client_id") == text("client_secret");
        let known = self.logins.is_empty()
            || self.logins.iter().any(|login| {
                login.client_id == text("client_id")
                    && login.username == text("username")
                    && login.password == text("password")
            });
        if ctx.guarded && !(sound && known) {
            let body = json!({ "error": "invalid_grant", "error_description": "Bad credentials" });
            return Answer { status: 400, ..Answer::ok(body) };
        }
        let seconds = i64::from(ctx.quirks.token_seconds);
        let token = format!("isdp-{}", self.given.len() + 1);
        self.given.insert(token.clone(), ctx.now + seconds * 1000);
        Answer::ok(json!({
            "access_token": token, "token_type": "bearer", "refresh_token": "isdp-refresh",
            "expires_in": seconds, "scope": "all", "plat_user": {},
        }))
    }

    fn holds(&self, token: &str, now: i64) -> bool {
        match self.given.get(token) {
            Some(until) => now < *until,
            None if self.tokens.is_empty() && self.logins.is_empty() => !token.is_empty(),
            None => self.tokens.iter().any(|known| known == token),
        }
    }

    /// Lists the agents. Source: isdp-online-agent, findOnlineAgent.
    fn list(&mut self, body: &Map<String, Value>, call: &Call, ctx: &Context<'_>) -> Answer {
        if ctx.guarded {
            let header = call.header("authorization").unwrap_or_default();
            // "bearer +“ ”+access_token"
            let token = header.strip_prefix("bearer ").unwrap_or_else(|| {
                note(&mut self.departures, "findOnlineAgent", "Authorization does not begin with `bearer `");
                ""
            });
            if !self.holds(token, ctx.now) {
                return refusal(ctx.quirks, 401, "invalid_token");
            }
        }
        for name in body.keys() {
            if !["type", "onlineStatus", "pageStart", "pageSize"].contains(&name.as_str()) {
                note(&mut self.departures, "findOnlineAgent", &format!("{name} is not in the document"));
            }
        }
        let number = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(usize::try_from(number).ok()),
                None => Err(format!("{name} is {}, not a number from 0", type_name(value))),
            },
        };
        let read =
            || Ok((number("pageStart")?, number("pageSize")?, number("onlineStatus")?, number("type")?));
        let (page, size, online, kind) = match read() {
            Ok(read) => read,
            Err(what) => {
                let what: String = what;
                note(&mut self.departures, "findOnlineAgent", &what);
                return refusal(ctx.quirks, 400, "parameter");
            }
        };
        if size.is_some_and(|size| size == 0 || size > MOST_ROWS) {
            note(&mut self.departures, "findOnlineAgent", "pageSize is out of bounds");
        }
        let size = size.unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
        // All agents are of the sample's type, 0.
        let fits = |is_online: bool| {
            online.is_none_or(|online| (online == 1) == is_online) && kind.is_none_or(|kind| kind == 0)
        };
        let found: Vec<(usize, (&String, &bool))> =
            self.agents.iter().enumerate().filter(|(_, (_, online))| fits(**online)).collect();
        let page = page.unwrap_or(0);
        let rows: Vec<Value> = found
            .iter()
            .skip(page.saturating_mul(size))
            .take(size)
            .map(|(at, (account, online))| row(*at, account, **online))
            .collect();
        Answer::ok(json!({
            "stateCode": "0", "errorMessage": null,
            "result": { "data": rows, "pos": page, "total_count": found.len(), "entityName": null },
        }))
    }
}

fn row(at: usize, account: &str, online: bool) -> Value {
    json!({
        "agentCode": format!("0e626733-07d8-45af-af23-{at:012}"), "productType": null, "deliveryScene": null,
        "businessType": null, "agentAccount": account, "agentName": account, "type": "0", "areaName": "",
        "appName": "isdp-qc-server", "entityName": "agent", "cityId": null, "createName": "小七",
        "lastUpdateName": "小七", "agentId": 17813 + at, "tenantId": 886, "userId": 307_457,
        "createdBy": 277_881, "lastUpdatedBy": 277_881, "creationTimestamp": 1_616_486_693_402_i64,
        "lastUpdateTimestamp": 1_616_486_693_402_i64, "onlineStatus": i64::from(online), "isArea": 0,
        "deleteFlag": 0, "capacity": 1, "creationDate": "2021-03-23T08:04:54.000+00:00",
        "lastUpdateDate": "2021-03-23T08:05:32.000+00:00",
    })
}

/// Returns a failure; a token's is in XML, if the quirks say so.
fn refusal(quirks: &Quirks, status: u16, message: &str) -> Answer {
    let http = quirks.failure_status(status);
    if status == 401 && quirks.token_errors == ErrorForm::Xml {
        let text = "<InvalidTokenException><error>invalid_token</error><error_description>check_token error\
                    </error_description></InvalidTokenException>";
        return Answer { status: http, ..Answer::xml(text) };
    }
    let body = match status {
        401 => json!({ "error": message, "error_description": "check_token error" }),
        _ => json!({ "stateCode": status.to_string(), "errorMessage": message, "result": null }),
    };
    Answer { status: http, ..Answer::ok(body) }
}

impl Simulated for State {
    const KEY: &'static str = "isdpOnlineAgent";
    const HEADERS: &'static [&'static str] = &["token", "authorization"];

    fn serves(path: &str) -> bool {
        [PATH, TOKEN_PATH].contains(&path)
    }

    fn may_change(_: &str) -> bool {
        false
    }

    fn answer(&mut self, method: &str, call: &Call, _: People<'_>, ctx: &mut Context<'_>) -> Option<Answer> {
        Some(self.answer(method, call, ctx))
    }

    fn behave_like(&mut self, other: Self) {
        self.agents = other.agents;
        self.logins = other.logins;
        self.tokens = other.tokens;
    }

    fn departures(&self) -> &[String] {
        &self.departures
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::model::call::Method;
    use crate::model::call::Reply;
    use crate::sandbox::vendor_state::VendorState;
    use crate::vendors;

    fn send(estate: &mut VendorState, path: &str, token: &str, body: &Value, now: i64) -> Reply {
        let call = Call {
            operation: "",
            method: Method::Post,
            path: path.into(),
            query: Vec::new(),
            headers: vec![
                ("Content-Type", "application/json".into()),
                ("Authorization", format!("bearer {token}")),
            ],
            body: body.to_string().into_bytes(),
        };
        estate.answer("POST", &call, now)
    }

    fn body(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn a_token_is_given_out_holds_and_expires() {
        let mut estate = vendors::ALL.seeded(
            "isdpLogins: [{clientId: c, username: u, password: p}]\npresence: [{agent: '8001', online: true}, {agent: '8002'}]",
        )
        .unwrap();
        let ask = json!({ "client_id": "c", "client_secret": "c", "grant_type": "password", "username": "u", "password": "p" });
        let wrong = json!({ "client_id": "c", "client_secret": "c", "grant_type": "password", "username": "u", "password": "q" });
        assert_eq!(send(&mut estate, TOKEN_PATH, "", &wrong, 0).status, 400);
        let given = body(&send(&mut estate, TOKEN_PATH, "", &ask, 0));
        assert_eq!((&given["token_type"], &given["expires_in"]), (&json!("bearer"), &json!(359)));
        let token = given["access_token"].as_str().unwrap().to_owned();
        let all = body(&send(&mut estate, PATH, &token, &json!({ "pageStart": 0, "pageSize": 1 }), 358_999));
        assert_eq!((&all["stateCode"], &all["result"]["total_count"]), (&json!("0"), &json!(2)));
        assert_eq!(all["result"]["data"][0]["agentAccount"], "8001");
        let online = body(&send(&mut estate, PATH, &token, &json!({ "onlineStatus": 1 }), 0));
        assert_eq!(online["result"]["total_count"], 1);
        for (token, now) in [(token.as_str(), 359_000), ("other", 0)] {
            let reply = send(&mut estate, PATH, token, &json!({}), now);
            assert!(String::from_utf8_lossy(&reply.body).starts_with("<InvalidTokenException>"));
            assert_eq!(reply.content_type, "application/xml;charset=utf-8");
        }
        assert!(estate.departures().is_empty());
    }

    #[test]
    fn departures_are_remembered() {
        let mut estate = vendors::ALL.estate();
        send(&mut estate, PATH, "any", &json!({ "pageSize": 100, "pageNumber": 1 }), 0);
        send(&mut estate, PATH, "any", &json!({ "pageStart": "0" }), 0);
        send(&mut estate, TOKEN_PATH, "", &json!({ "client_id": "c" }), 0);
        assert_eq!(estate.departures().len(), 7, "{:?}", estate.departures());
    }
}
