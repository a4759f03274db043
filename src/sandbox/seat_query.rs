//! The simulator of seat-query: voice seats, and the one query for them.
//!
//! In: a request and the time. Out: `{status, reason, data}` of the document. Written from the document alone; it
//! shares no code with the client. The document prints no HTTP status. Refusals have 200, as its clients expect,
//! unless a quirk asks for a fitting one.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::call::Call;
use crate::sandbox::simulator::{People, Simulated};
use crate::sandbox::support::{Answer, Context, note, type_name};
use crate::sandbox::variants::Quirks;

/// The path of the one operation.
const PATH: &str = "/v3/cc/seat/query";

/// The accepted clock skew of a timestamp, in seconds; the document gives only the code (-16).
const SKEW_SECONDS: i64 = 300;

/// The longest span, in seconds: "與結束時間相差32天".
const LONGEST_SECONDS: i64 = 32 * 24 * 3600;

/// The vendor's data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct State {
    /// Seats, in the order of the listing.
    pub seats: Vec<Seat>,
    /// The secrets of API keys; if empty, any key is accepted.
    pub api_keys: BTreeMap<String, String>,
    /// The requests that the document does not cover, in order of arrival.
    pub departures: Vec<String>,
}

/// A seat. Source: seat-query, response table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Seat {
    /// Account.
    pub account: String,
    /// Work number.
    pub emp_no: Option<String>,
    /// Nickname.
    pub pet_name: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// 1 if deleted.
    pub delete_flag: i64,
    /// 0 if enabled, 1 if disabled.
    pub enable: i64,
    /// Priority; 1 when left out.
    pub priority: Option<i64>,
    /// Number of its group.
    pub voice_group_id: Option<i64>,
    /// Name of its group.
    pub group_name: Option<String>,
    /// MD5 of its password in hex.
    pub password: Option<String>,
    /// Number shown to the customer.
    pub display_num: Option<String>,
    /// Country code.
    pub ccode: Option<String>,
    /// 1 offline (when left out), 2 idle, 3 busy, 4 wrap-up, 5 resting.
    pub status: Option<i64>,
    /// The last change, `yyyy-MM-dd HH:mm:ss` of the vendor's clock; the document's sample when left out.
    pub update_time: Option<String>,
    /// Its calls.
    pub calls: Vec<SeatCall>,
    /// The shortest call that counts, in seconds; by default none counts.
    pub valid_connect_config: Option<i64>,
}

/// A call of a seat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SeatCall {
    /// The start, `yyyy-MM-dd HH:mm:ss` of the vendor's clock.
    pub time: String,
    /// The talk time in seconds; 0 for an unanswered call.
    pub seconds: i64,
}

/// The reason why a request is refused: status code and text.
struct Refusal(i64, &'static str);

/// The parameters of a query.
struct Wanted {
    current: usize,
    size: usize,
    enable: Option<i64>,
    name: Option<String>,
    group: Option<i64>,
    status: Option<i64>,
    start: DateTime,
    end: DateTime,
}

impl State {
    /// Returns a seat.
    pub fn seat_mut(&mut self, account: &str) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.account == account)
    }

    /// Answers a request at [`PATH`].
    fn answer(&mut self, method: &str, call: &Call, ctx: &Context<'_>) -> Answer {
        let done = self.admit(method, call, ctx).and_then(|()| self.wanted(call));
        match done {
            Ok(wanted) => Answer::ok(self.query(&wanted, ctx.quirks)),
            Err(Refusal(status, reason)) => {
                let fitting = match status {
                    -1 | -2 | -16 => 401,
                    -18 => 500,
                    _ => 400,
                };
                let body = json!({ "status": code(status, ctx.quirks), "reason": reason, "data": null });
                Answer { status: ctx.quirks.failure_status(fitting), ..Answer::ok(body) }
            }
        }
    }

    fn depart(&mut self, what: &str) {
        note(&mut self.departures, "seat/query", what);
    }

    fn admit(&mut self, method: &str, call: &Call, ctx: &Context<'_>) -> Result<(), Refusal> {
        if method != "POST" {
            self.depart(&format!("method {method}, not POST"));
            return Err(Refusal(-22, "method"));
        }
        let media = call.header("content-type").unwrap_or_default().replace(' ', "");
        if !media.eq_ignore_ascii_case("application/json;charset=utf-8") {
            self.depart("Content-Type is not application/json;charset=UTF-8");
            return Err(Refusal(-22, "content-type"));
        }
        if !ctx.guarded {
            return Ok(());
        }
        let header = |name: &str| call.header(name).filter(|value| !value.is_empty());
        let (Some(sign), Some(stamp), Some(key)) = (header("sign"), header("timestamp"), header("api-key"))
        else {
            self.depart("Sign, Timestamp or Api-Key is missing");
            return Err(Refusal(-1, "auth"));
        };
        let Some(then) = stamp.parse::<i64>().ok().filter(|_| stamp.len() == 10) else {
            self.depart("Timestamp is not in seconds");
            return Err(Refusal(-16, "timestamp"));
        };
        if sign.len() != 32 || !sign.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.depart("Sign is not 32 hex digits");
            return Err(Refusal(-1, "sign"));
        }
        if (ctx.now.div_euclid(1000) - then).abs() > SKEW_SECONDS {
            return Err(Refusal(-16, "timestamp expires"));
        }
        if !self.api_keys.is_empty() {
            let secret = self.api_keys.get(key).ok_or(Refusal(-1, "apiKey"))?;
            let digest = Md5::digest(format!("{key}{secret}{stamp}").as_bytes());
            let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)]);
            let right: String = digest.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect();
            if !right.eq_ignore_ascii_case(sign) {
                return Err(Refusal(-1, "sign"));
            }
        }
        Ok(())
    }

    fn wanted(&mut self, call: &Call) -> Result<Wanted, Refusal> {
        const PARAMS: [&str; 6] = ["enable", "name", "voiceGroupId", "status", "strTime", "endTime"];
        let Ok(Value::Object(body)) = serde_json::from_slice(&call.body) else {
            self.depart("the body is no JSON object");
            return Err(Refusal(-22, "body"));
        };
        for key in body.keys().filter(|key| !["current", "size", "params"].contains(&key.as_str())) {
            self.depart(&format!("{key} is not in the document"));
        }
        let Some(Value::Object(params)) = body.get("params") else {
            self.depart("params is missing, or no JSONObject");
            return Err(Refusal(-22, "params"));
        };
        for key in params.keys().filter(|key| !PARAMS.contains(&key.as_str())) {
            self.depart(&format!("params.{key} is not in the document"));
        }
        let current = self.number(&body, "current", 1, i64::MAX)?.ok_or(Refusal(-22, "current"))?;
        let size = self.number(&body, "size", 1, 100)?.ok_or(Refusal(-22, "size"))?;
        let (start, end) = (self.time(params, "strTime")?, self.time(params, "endTime")?);
        let seconds = end.duration_since(start).as_secs();
        if seconds > LONGEST_SECONDS {
            self.depart("strTime and endTime are more than 32 days apart");
            return Err(Refusal(-35, "搜索時間區間不能大於32天"));
        }
        if seconds < 0 {
            self.depart("endTime is before strTime");
            return Err(Refusal(-22, "endTime"));
        }
        let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Wanted {
            current: count(current),
            size: count(size),
            enable: self.number(params, "enable", 0, 1)?,
            name: params
                .get("name")
                .and_then(Value::as_str)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            group: self.number(params, "voiceGroupId", 0, i64::MAX)?,
            status: self.number(params, "status", 1, 5)?,
            start,
            end,
        })
    }

    /// Returns a number between bounds; `None` if left out.
    fn number(
        &mut self,
        fields: &Map<String, Value>,
        name: &'static str,
        min: i64,
        max: i64,
    ) -> Result<Option<i64>, Refusal> {
        match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) if number.as_i64().is_some_and(|n| (min..=max).contains(&n)) => {
                Ok(number.as_i64())
            }
            Some(Value::Number(_)) => {
                self.depart(&format!("{name} is out of bounds"));
                Err(Refusal(-22, name))
            }
            Some(other) => {
                self.depart(&format!("{name} is {}, not Integer", type_name(other)));
                Err(Refusal(-22, name))
            }
        }
    }

    fn time(&mut self, params: &Map<String, Value>, name: &'static str) -> Result<DateTime, Refusal> {
        let text = params.get(name).and_then(Value::as_str).unwrap_or_default();
        moment(text).ok_or_else(|| {
            self.depart(&format!("params.{name} is missing, or not yyyy-MM-dd HH:mm:ss"));
            Refusal(-22, name)
        })
    }

    fn query(&self, wanted: &Wanted, quirks: &Quirks) -> Value {
        let fits = |seat: &&Seat| {
            wanted.enable.is_none_or(|enable| seat.enable == enable)
                && wanted.group.is_none_or(|group| seat.voice_group_id == Some(group))
                && wanted.status.is_none_or(|status| seat.status.unwrap_or(1) == status)
                // "坐席名稱,模糊匹配"
                && wanted.name.as_ref().is_none_or(|name| seat.name.as_ref().is_some_and(|n| n.contains(name)))
        };
        let found: Vec<(usize, &Seat)> =
            self.seats.iter().enumerate().filter(|(_, seat)| fits(seat)).collect();
        let skip = (wanted.current - 1).saturating_mul(wanted.size);
        let rows: Vec<Value> = found
            .iter()
            .skip(skip)
            .take(wanted.size)
            .map(|(at, seat)| row(*at, seat, wanted, quirks))
            .collect();
        json!({
            "status": code(0, quirks),
            "reason": "success",
            "data": {
                "total": found.len(), "size": wanted.size, "current": wanted.current,
                "pages": found.len().div_ceil(wanted.size), "records": rows,
            },
        })
    }
}

/// Returns a status code: "status: 狀態碼, String"; a sibling's sample prints a number.
fn code(status: i64, quirks: &Quirks) -> Value {
    if quirks.seat_status_as_number { Value::from(status) } else { Value::from(status.to_string()) }
}

fn moment(text: &str) -> Option<DateTime> {
    let sound = text.len() == 19 && text.as_bytes().get(10) == Some(&b' ');
    sound.then(|| text.replace(' ', "T").parse().ok()).flatten()
}

fn row(at: usize, seat: &Seat, wanted: &Wanted, quirks: &Quirks) -> Value {
    let calls: Vec<&SeatCall> = seat
        .calls
        .iter()
        .filter(|call| moment(&call.time).is_some_and(|time| (wanted.start..=wanted.end).contains(&time)))
        .collect();
    let connected = calls.iter().filter(|call| call.seconds > 0).count();
    let valid = match seat.valid_connect_config {
        Some(least) => calls.iter().filter(|call| call.seconds > 0 && call.seconds >= least).count(),
        None => 0,
    };
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| row.insert(key.into(), value);
    put("keyId", (at + 681).into());
    put("appId", "1000009".into());
    put("deleteFlag", seat.delete_flag.into());
    put("createTime", "2023-09-07 11:44:37".into());
    put("updateTime", seat.update_time.as_deref().unwrap_or("2024-10-29 17:33:02").into());
    put("enable", seat.enable.into());
    put("priority", seat.priority.unwrap_or(1).into());
    // The table says `voiceGroupId`, the sample prints `sipGroupId`.
    put("sipGroupId", seat.voice_group_id.unwrap_or(1_000_006).into());
    put("account", seat.account.as_str().into());
    put("appName", Value::Null);
    // "Integer" in the table, text in the sample.
    put("status", seat.status.unwrap_or(1).to_string().into());
    put("num", calls.len().into());
    put("connectNum", connected.into());
    put("connectRate", rate(connected, calls.len()).into());
    put("validConnectNum", valid.into());
    put("validConnectRate", rate(valid, calls.len()).into());
    put("validConnectConfig", seat.valid_connect_config.map_or(Value::Null, Value::from));
    for (key, value) in [
        ("empNo", &seat.emp_no),
        ("petName", &seat.pet_name),
        ("name", &seat.name),
        ("password", &seat.password),
        ("displayNum", &seat.display_num),
        ("ccode", &seat.ccode),
        ("groupName", &seat.group_name),
    ] {
        quirks.put_text(&mut row, key, value.as_deref());
    }
    Value::Object(row)
}

fn rate(part: usize, whole: usize) -> String {
    match (part * 100).checked_div(whole) {
        Some(percent) => format!("{percent}%"),
        None => "0%".to_owned(),
    }
}

/// Formats a moment of the vendor's clock, `offset_minutes` east of UTC.
pub fn print(now_ms: i64, offset_minutes: i32) -> String {
    let moment = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let offset = Offset::from_seconds(offset_minutes * 60).unwrap_or(Offset::UTC);
    offset.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl Simulated for State {
    const KEY: &'static str = "seatQuery";
    const HEADERS: &'static [&'static str] = &["api-key", "sign", "timestamp"];

    fn serves(path: &str) -> bool {
        path == PATH
    }

    fn may_change(_: &str) -> bool {
        false
    }

    fn answer(&mut self, method: &str, call: &Call, _: People<'_>, ctx: &mut Context<'_>) -> Option<Answer> {
        Some(self.answer(method, call, ctx))
    }

    fn behave_like(&mut self, other: Self) {
        self.seats = other.seats;
        self.api_keys = other.api_keys;
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

    /// The moment of the document's sample signature.
    const NOW: i64 = 1_630_468_800_000;

    fn call(body: &Value) -> Call {
        Call {
            operation: "",
            method: Method::Post,
            path: PATH.into(),
            query: Vec::new(),
            headers: vec![
                ("Content-Type", "application/json;charset=UTF-8".into()),
                ("Sign", "05d7a50893e22a5c4bb3216ae3396c7c".into()),
                ("Timestamp", "1630468800".into()),
                ("Api-Key", "bDqJFiq9".into()),
            ],
            body: body.to_string().into_bytes(),
        }
    }

    fn estate() -> VendorState {
        vendors::ALL.seeded(
            "apiKeys: {bDqJFiq9: 7bz1lzh9}\n\
             seats:\n  - {account: a_1, name: one_12, password: secret-1, enable: 1}\n  - {account: a_2, name: two_12,\n    \
             calls: [{time: '2025-01-01 00:00:00', seconds: 5}, {time: '2025-02-02 00:00:00'}]}\n",
        )
        .unwrap()
    }

    fn send(estate: &mut VendorState, call: &Call, now: i64) -> Value {
        serde_json::from_slice(&estate.answer("POST", call, now).body).unwrap()
    }

    /// The document's own request: headers, signature and body.
    #[test]
    fn the_documents_request_is_answered() {
        let mut estate = estate();
        let body = json!({ "current": 1, "size": 15, "params": {
            "enable": 0, "name": "12", "strTime": "2025-01-01 00:00:00", "endTime": "2025-02-01 12:12:12" } });
        let said = send(&mut estate, &call(&body), NOW);
        assert_eq!((&said["status"], &said["reason"]), (&json!("0"), &json!("success")));
        assert_eq!((&said["data"]["total"], &said["data"]["pages"]), (&json!(1), &json!(1)));
        let row = &said["data"]["records"][0];
        assert_eq!(
            (&row["account"], &row["num"], &row["connectRate"]),
            (&json!("a_2"), &json!(1), &json!("100%"))
        );
        assert!(estate.departures().is_empty());
    }

    #[test]
    fn what_the_document_forbids_is_refused() {
        let mut estate = estate();
        let span = |from: &str, to: &str| json!({ "current": 1, "size": 1, "params": { "strTime": from, "endTime": to } });
        let good = span("2025-01-01 00:00:00", "2025-02-02 00:00:00");
        let mut status = |body: &Value, now: i64| send(&mut estate, &call(body), now)["status"].clone();
        assert_eq!(status(&good, NOW), "0");
        assert_eq!(status(&good, NOW + 301_000), "-16");
        assert_eq!(status(&span("2025-01-01 00:00:00", "2025-02-02 00:00:01"), NOW), "-35");
        assert_eq!(status(&json!({ "current": 1, "size": 1, "params": {} }), NOW), "-22");
        assert_eq!(status(&json!({ "current": 1, "size": 101, "params": good["params"] }), NOW), "-22");
        let wrong = vendors::ALL.seeded("apiKeys: {bDqJFiq9: other}").unwrap();
        assert_eq!(send(&mut { wrong }, &call(&good), NOW)["status"], "-1");
        assert_eq!(estate.departures().len(), 3);
    }
}
