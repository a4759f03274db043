//! The simulator of cms-agent: the state of one agent a request.
//!
//! In: a request and the time. Out: the responses of the document's samples. The signature is checked by separate
//! code, written from the same description as the client's. Too many wrong signatures lock the client out, as at the
//! vendor; its document gives no number.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::model::call::Call;
use crate::sandbox::simulator::{People, Simulated};
use crate::sandbox::support::{Answer, Context, note, type_name};
use crate::sandbox::variants::NotFound;

/// The path of the one operation.
const PATH: &str = "/rest/cmsapp/v1/openapi/agent/agentbyworkno";

/// The number of wrong signatures that locks an address.
const MOST_WRONG: u32 = 5;

/// The accepted clock skew of a timestamp, in milliseconds; no document gives a number.
const SKEW_MS: i64 = 15 * 60 * 1000;

/// The vendor's data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct State {
    /// The states of agents, by work number. Other agents of agent-config are signed out.
    pub agents: BTreeMap<u32, Doing>,
    /// The secret keys by access key; any key is accepted without these and without tokens.
    pub access_keys: BTreeMap<String, String>,
    /// Bearer tokens.
    pub tokens: Vec<String>,
    /// The requests that the document does not cover, in order of arrival.
    pub departures: Vec<String>,
    /// The number of wrong signatures. Not stored: it is zero when a server starts.
    #[serde(skip)]
    wrong: u32,
}

/// The state of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Doing {
    /// The code of 表5 of cms-agent.
    pub status: i64,
    /// The platform's state; by default the one that matches `status`.
    #[serde(default)]
    pub cit_status: Option<i64>,
    /// Telephone number.
    #[serde(default)]
    pub phone_number: Option<String>,
}

impl Doing {
    /// Returns a state of 表5.
    pub fn status(status: i64) -> Self {
        Self { status, cit_status: None, phone_number: None }
    }

    /// Returns the platform's state, "对应CTI平台状态的…"; by default an agent on a call is talking.
    fn platform(&self) -> i64 {
        self.cit_status.unwrap_or(match self.status {
            2 => 0,
            3 => 7,
            5 => 6,
            7 => 5,
            8 => 8,
            0 => 9,
            _ => 1,
        })
    }
}

impl State {
    /// Answers a request at [`PATH`]; `named` returns the name of an agent of agent-config.
    fn answer(
        &mut self,
        method: &str,
        call: &Call,
        named: &dyn Fn(&str) -> Option<Option<String>>,
        ctx: &Context<'_>,
    ) -> Answer {
        if method != "POST" {
            self.depart(&format!("method {method}, not POST"));
            return http(405, "Method Not Allowed", ctx.now);
        }
        let media = call.header("content-type").unwrap_or_default().replace(' ', "");
        if !media.eq_ignore_ascii_case("application/json;charset=utf-8") {
            self.depart("Content-Type is not application/json; charset=UTF-8");
            return http(415, "Unsupported Media Type", ctx.now);
        }
        if ctx.guarded {
            if self.wrong >= MOST_WRONG {
                return http(403, "Forbidden", ctx.now);
            }
            if let Err(why) = self.admit(call, ctx) {
                self.wrong += 1;
                if let Some(why) = why {
                    self.depart(why);
                }
                return http(401, "Unauthorized", ctx.now);
            }
        }
        match self.asked(&call.body) {
            Err(what) => {
                self.depart(&what);
                Answer::ok(
                    json!({ "result": "-1", "resultCode": "0100002", "resultDesc": "parameter error" }),
                )
            }
            Ok((vdn, number)) => self.tell(vdn, number, named, ctx),
        }
    }

    fn depart(&mut self, what: &str) {
        note(&mut self.departures, "agentbyworkno", what);
    }

    /// Checks a call's sign-in.
    ///
    /// # Errors
    /// The departure from the description, if there is one.
    fn admit(&self, call: &Call, ctx: &Context<'_>) -> Result<(), Option<&'static str>> {
        let header = call.header("authorization").ok_or(Some("no Authorization"))?;
        let open = self.access_keys.is_empty() && self.tokens.is_empty();
        if let Some(token) = header.strip_prefix("Bearer ") {
            return if open || self.tokens.iter().any(|known| known == token) { Ok(()) } else { Err(None) };
        }
        let parts: Vec<&str> = header.split('/').collect();
        let ["auth-v2", key, stamp, names, signature] = parts[..] else {
            return Err(Some("Authorization is not auth-v2/AK/TIME/HEADERS/SIGNATURE"));
        };
        let shape = if ctx.quirks.signature_millis { 24 } else { 20 };
        let then =
            stamp.parse::<jiff::Timestamp>().ok().filter(|_| stamp.len() == shape && stamp.ends_with('Z'));
        let then = then.ok_or(Some("the timestamp is not of the form that this site wants"))?;
        let mut sorted: Vec<&str> = names.split(';').collect();
        sorted.sort_unstable();
        if sorted.join(";") != names || !sorted.contains(&"host") {
            return Err(Some("the signed headers are not sorted, or `host` is not among them"));
        }
        if (then.as_millisecond() - ctx.now).abs() > SKEW_MS {
            return Err(None);
        }
        if open {
            return Ok(());
        }
        let secret = self.access_keys.get(key).ok_or(None)?;
        let prefix = format!("auth-v2/{key}/{stamp}/{names}");
        let line = if ctx.quirks.signature_empty_query_line { "\n" } else { "" };
        let mut text = format!("POST\n{}\n{line}{names}\n", call.path);
        for name in sorted {
            let length = call.body.len().to_string();
            let value = match name {
                "content-length" => Some(length.as_str()),
                name => call.header(name),
            };
            let value = value.ok_or(Some("a signed header was not sent"))?;
            text += &format!("{}:{}\n", encoded(name.as_bytes()), encoded(value.trim().as_bytes()));
        }
        text += &encoded(&call.body);
        let right = hmac_hex(hmac_hex(secret.as_bytes(), &prefix).as_bytes(), &text);
        if right == signature { Ok(()) } else { Err(None) }
    }

    /// Parses a request. Source: cms-agent, 表2, under the sample's `queryParam`.
    fn asked(&mut self, body: &[u8]) -> Result<(i64, u32), String> {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err("the body is no JSON object".into());
        };
        let Some(Value::Object(asked)) = body.get("queryParam") else {
            return Err("queryParam is missing, or no object".into());
        };
        let others = body.keys().filter(|key| *key != "queryParam");
        for key in
            others.chain(asked.keys().filter(|key| !["ccId", "vdn", "agentId"].contains(&key.as_str())))
        {
            note(&mut self.departures, "agentbyworkno", &format!("{key} is not in the document"));
        }
        bounded(asked, "ccId", 1, 65_535)?;
        let vdn = bounded(asked, "vdn", 1, 5000)?;
        // "101-59999"; a newer edition adds 70000 to 999999.
        let number = bounded(asked, "agentId", 101, 999_999)?;
        Ok((vdn, u32::try_from(number).unwrap_or_default()))
    }

    fn tell(
        &self,
        vdn: i64,
        number: u32,
        named: &dyn Fn(&str) -> Option<Option<String>>,
        ctx: &Context<'_>,
    ) -> Answer {
        let name = named(&number.to_string());
        let doing = match (self.agents.get(&number), &name) {
            (Some(doing), _) => doing.clone(),
            (None, Some(_)) => Doing::status(2),
            (None, None) => {
                return Answer::ok(match ctx.quirks.unknown_work_number {
                    NotFound::Failure => {
                        json!({ "result": "-1", "resultCode": "0100001", "resultDesc": "call failed" })
                    }
                    NotFound::Null => {
                        json!({ "result": "0", "resultCode": "0100000", "resultDatas": null, "resultDesc": null })
                    }
                    NotFound::Empty => {
                        json!({ "result": "0", "resultCode": "0100000", "resultDatas": {}, "resultDesc": {} })
                    }
                });
            }
        };
        let signed_out = doing.status == 2;
        let agent = json!({
            "workNo": number, "vdnId": vdn, "citStatus": doing.platform(),
            "name": name.flatten().unwrap_or_else(|| format!("HW35154{number}")),
            "phoneNumber": doing.phone_number,
            // An agent who never signed in has the sample's value, the largest of 32 bits.
            "loginDate": if signed_out { 4_294_967_295_000 } else { ctx.now - 436_879_000 },
            "currentStateTime": 436_879, "mediaType": 0, "status": doing.status,
        });
        Answer::ok(json!({
            "result": "0", "resultCode": "0100000", "resultDatas": agent, "resultDesc": agent,
        }))
    }
}

fn bounded(fields: &Map<String, Value>, name: &str, min: i64, max: i64) -> Result<i64, String> {
    let value = fields.get(name).unwrap_or(&Value::Null);
    let number = value.as_i64().ok_or_else(|| format!("{name} is {}, not int", type_name(value)))?;
    if (min..=max).contains(&number) { Ok(number) } else { Err(format!("{name} is out of bounds")) }
}

/// Returns the body of 401 and 403. Source: vendor-facts §3.
fn http(status: u16, error: &str, now: i64) -> Answer {
    let body = json!({ "timestamp": now, "status": status, "error": error, "message": error, "path": PATH });
    Answer { status, ..Answer::ok(body) }
}

fn hmac_hex(key: &[u8], text: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

fn encoded(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

impl Simulated for State {
    const KEY: &'static str = "cmsAgent";
    const HEADERS: &'static [&'static str] = &["authorization"];

    fn serves(path: &str) -> bool {
        path == PATH
    }

    fn may_change(_: &str) -> bool {
        false
    }

    fn answer(
        &mut self,
        method: &str,
        call: &Call,
        people: People<'_>,
        ctx: &mut Context<'_>,
    ) -> Option<Answer> {
        let named = |number: &str| people(number).map(|person| person.name);
        Some(self.answer(method, call, &named, ctx))
    }

    fn behave_like(&mut self, other: Self) {
        self.agents = other.agents;
        self.access_keys = other.access_keys;
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
    use crate::sandbox::vendor_state::VendorState;
    use crate::vendors;

    /// The moment 2024-08-02T00:00:00Z.
    const NOW: i64 = 1_722_556_800_000;
    const V4: &str = "91f751c1d7912a133dc284e73aa3cf02c7e6b5a107caae83d2f597f9e6be5e53";
    const V5: &str = "603ff41fd8b5f68b0f7c0981dbe1fe50c3e639e3d639dbd69320977b9cdb9d2b";
    const V8: &str = "b445263eee664ea86e0a341480b8f754d0698d9b342b873fbab90965915e6cb0";
    const BODY: &str = r#"{"queryParam":{"ccId":1,"vdn":1,"agentId":101}}"#;
    const ALL: &str = "content-length;content-type;host";

    fn estate(quirks: &str) -> VendorState {
        let keys = "cmsKeys: {globalaktest: example-secret-key}";
        vendors::ALL
            .seeded(&format!("{keys}\nquirks: {{{quirks}}}\npresence: [{{agent: '101', status: 7}}]"))
            .unwrap()
    }

    fn send(estate: &mut VendorState, authorization: &str, body: &str) -> (u16, Value) {
        let call = Call {
            operation: "",
            method: Method::Post,
            path: PATH.into(),
            query: Vec::new(),
            headers: vec![
                ("Content-Type", "application/json;charset=UTF-8".into()),
                ("Host", "10.22.26.181:28080".into()),
                ("Authorization", authorization.into()),
            ],
            body: body.as_bytes().to_vec(),
        };
        let reply = estate.answer("POST", &call, NOW);
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    /// V4, V5 and V8, which another implementation computed.
    #[test]
    fn the_vectors_are_let_in() {
        let plain = "auth-v2/globalaktest/2024-08-02T00:00:00Z";
        let (status, said) = send(&mut estate(""), &format!("{plain}/host/{V4}"), BODY);
        assert_eq!((status, &said["resultCode"]), (200, &json!("0100000")));
        assert_eq!((&said["resultDesc"]["status"], &said["resultDesc"]["citStatus"]), (&json!(7), &json!(5)));
        assert_eq!(send(&mut estate(""), &format!("{plain}/{ALL}/{V5}"), BODY).0, 200);
        let mut millis = estate("signatureMillis: true, signatureEmptyQueryLine: true");
        let v8 = format!("auth-v2/globalaktest/2024-08-02T00:00:00.000Z/{ALL}/{V8}");
        assert_eq!(send(&mut millis, &v8, BODY).0, 200);
        assert_eq!(send(&mut estate(""), &v8, BODY).0, 401);
        assert_eq!(send(&mut estate(""), &format!("{plain}/host/{V5}"), BODY).0, 401);
    }

    #[test]
    fn too_many_wrong_signatures_lock_the_address() {
        let mut estate = estate("");
        let good = format!("auth-v2/globalaktest/2024-08-02T00:00:00Z/host/{V4}");
        for _ in 0..MOST_WRONG {
            assert_eq!(send(&mut estate, "Bearer wrong", BODY).0, 401);
        }
        let (status, said) = send(&mut estate, &good, BODY);
        assert_eq!((status, &said["error"]), (403, &json!("Forbidden")));
    }

    #[test]
    fn unknown_numbers_and_wrong_bodies() {
        let mut estate = vendors::ALL.seeded("agents: [{operatorId: '102', name: 张三}]").unwrap();
        let mut ask = |body: &str| send(&mut estate, "Bearer any", body).1;
        let flat = ask(r#"{"ccId":1,"vdn":1,"agentId":101}"#);
        assert_eq!(
            (&flat["resultCode"], &flat["resultDesc"]),
            (&json!("0100002"), &json!("parameter error"))
        );
        assert_eq!(ask(BODY)["resultDesc"], Value::Null);
        let known = ask(r#"{"queryParam":{"ccId":1,"vdn":1,"agentId":102}}"#);
        assert_eq!(
            (&known["resultDesc"]["name"], &known["resultDesc"]["status"]),
            (&json!("张三"), &json!(2))
        );
        assert_eq!(known["resultDesc"]["loginDate"], 4_294_967_295_000_i64);
        assert_eq!(estate.departures().len(), 1);
    }
}
