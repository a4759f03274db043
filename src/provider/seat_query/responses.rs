//! The responses. Source: seat-query, response table, sample and 狀態碼.
//!
//! `status` is documented as text and printed as a number elsewhere: both are read. The table says `voiceGroupId`,
//! the sample `sipGroupId`: neither is needed, a group is known by name. `deleteFlag` 1 is a deleted seat; `enable` 0
//! is an enabled one.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::fields::FIELDS;
use super::password_digest::PasswordMd5;
use crate::model::call::{Failure, Reply};
use crate::model::field::Record;
use crate::model::last_change::VendorChange;
use crate::model::masked::is_masked;
use crate::model::presence::State;
use crate::model::seat::{self, Figures, LiveSeat};
use crate::model::value::{Type, Value};
use crate::provider::json_cursor::{Cursor, object};
use crate::provider::{SeatPage, SeatRow, timestamps};

/// The kind of failure that a status code means.
#[derive(Clone, Copy)]
enum Kind {
    /// The sign-in is wrong.
    SignIn,
    /// The call is wrong: a retry would fail too.
    Refused,
    /// The vendor failed: a retry may succeed.
    Unwell,
    /// The vendor limits the rate.
    Throttled,
}

/// The status codes of this operation.
///
/// Source: seat-query, 狀態碼; the last four are of the vendor's short messages, behind the same gateway (vendor-facts
/// §2).
const CODES: &[(i64, Kind, &str)] = &[
    (-1, Kind::SignIn, "the account is not accepted: check `apiKey` and `apiSecret`"),
    (-2, Kind::SignIn, "this host's address is not allowed: have it added at the vendor"),
    (-16, Kind::SignIn, "the signature's time is too old: check the clock of this host"),
    (-18, Kind::Unwell, "the vendor's system failed"),
    (-20, Kind::Refused, "the data exists already"),
    (-22, Kind::Refused, "a parameter is wrong"),
    (-23, Kind::Refused, "the most data that the account may hold is reached"),
    (-24, Kind::Refused, "the data does not exist"),
    (-35, Kind::Refused, "the span of time is longer than 32 days"),
    (-15, Kind::Throttled, "too many calls"),
    (-30, Kind::SignIn, "the API key is disabled"),
    (
        -31,
        Kind::SignIn,
        "this host's address is not on the list of those allowed: have it added at the vendor",
    ),
    (-32, Kind::SignIn, "the API key may not do this: have it allowed at the vendor"),
];

/// Parses a page of the listing.
pub fn page(reply: &Reply, offset: i64) -> Result<SeatPage, Failure> {
    let body = success(reply)?;
    let Some(data) = Cursor::new(&body, "", "data").object()? else { return Ok(SeatPage::default()) };
    let total = Cursor::new(data, "data", "total").number()?.and_then(|total| usize::try_from(total).ok());
    let mut rows = Vec::new();
    for (record, path) in Cursor::new(data, "data", "records").objects()?.unwrap_or_default() {
        rows.push(row(record, &path, offset)?);
    }
    Ok(SeatPage { rows, total })
}

/// Returns the body of a success, which `status` decides.
fn success(reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let body = object(reply)?;
    let Some(status) = Cursor::new(&body, "", "status").number()? else {
        return Err(Failure::Garbled("JSON without the documented `status`".to_owned().into()));
    };
    let reason = Cursor::new(&body, "", "reason").text()?;
    let said = reason.map(|reason| format!(" ({})", crate::provider::json_cursor::clean(&reason)));
    let said = said.unwrap_or_default();
    let known = CODES.iter().find(|(code, ..)| *code == status);
    Err(match (status, known) {
        (0, _) if reply.status < 400 => return Ok(body),
        (_, Some((_, kind, words))) => {
            let message = format!("status {status}: {words}{said}");
            match kind {
                Kind::SignIn => Failure::SignIn(message.into()),
                Kind::Refused => Failure::Refused(message.into()),
                Kind::Unwell => Failure::Unknown(message.into()),
                Kind::Throttled => Failure::Throttled { after: reply.retry_after, message: message.into() },
            }
        }
        (_, None) => {
            Failure::Refused(format!("status {status}, which the vendor does not document{said}").into())
        }
    })
}

fn row(row: &Map<String, Json>, path: &str, offset: i64) -> Result<SeatRow, Failure> {
    let account = Cursor::new(row, path, "account").id()?;
    let account = account.ok_or_else(|| Failure::Garbled(format!("`{path}` has no `account`").into()))?;
    let mut record = Record::default();
    for (field, mapping) in seat::FIELDS.iter().copied().zip(&FIELDS) {
        let at = Cursor::new(row, path, mapping.read.first().map_or("", |cell| cell.key));
        // The vendor has texts, numbers and switches.
        let value = if field.ty.is_text() {
            match at.text()? {
                Some(text) if is_masked(field, &text) => {
                    record.mark_masked(field);
                    None
                }
                text => text.map(|text| Value::Text(text.into())),
            }
        } else if field.ty == Type::Number {
            at.number()?.map(Value::Number)
        } else if field.ty == Type::Flag {
            // "啟用禁用0啟用,1禁用": 0 is enabled.
            at.number()?.map(|code| match code {
                0 => Value::Flag(true),
                1 => Value::Flag(false),
                code => Value::Other(code.to_string().into()),
            })
        } else {
            None
        };
        if let Some(value) = value {
            record.set(field, value, None);
        }
    }
    // "優先順序默認1"
    if record.get(&seat::PRIORITY).is_none() {
        record.set(&seat::PRIORITY, Value::Number(1), None);
    }
    let password =
        Cursor::new(row, path, "password").get().and_then(Json::as_str).and_then(PasswordMd5::parse);
    let deleted = Cursor::new(row, path, "deleteFlag").switch()? == Some(1);
    // A time that cannot be read counts as missing.
    let changed = Cursor::new(row, path, "updateTime").text().ok().flatten();
    let changed = changed.and_then(|time| timestamps::local(&time, offset));
    let changed = changed.map(|at| VendorChange { at, by: None });
    let seat = LiveSeat { record, state: state(row, path)?, figures: figures(row, path)?, changed };
    Ok(SeatRow { account, deleted, seat, password: password.map(|md5| Box::new(md5) as _) })
}

/// Reads the state of a seat.
///
/// "坐席狀態:1-離線,2-空閒,3-繁忙,4-話後整理,5-小休"; only the request's table lists the last two.
fn state(row: &Map<String, Json>, path: &str) -> Result<Option<State>, Failure> {
    Ok(Cursor::new(row, path, "status").number()?.map(|code| match code {
        1 => State::SignedOut,
        2 => State::Idle,
        3 => State::Busy,
        4 => State::WrapUp,
        5 => State::Resting,
        _ => State::Unknown,
    }))
}

fn figures(row: &Map<String, Json>, path: &str) -> Result<Figures, Failure> {
    let count = |key: &str| {
        let number = Cursor::new(row, path, key).number()?;
        Ok(number.and_then(|number| u64::try_from(number).ok()))
    };
    let rate = |key: &str| Ok(Cursor::new(row, path, key).text()?.map(Arc::from));
    Ok(Figures {
        calls: count("num")?.unwrap_or(0),
        connected: count("connectNum")?.unwrap_or(0),
        connect_rate: rate("connectRate")?,
        valid: count("validConnectNum")?,
        valid_rate: rate("validConnectRate")?,
        valid_seconds: count("validConnectConfig")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::seats::{Seats, head, seats};
    use serde_json::json;

    fn page(reply: &Reply) -> Result<SeatPage, Failure> {
        super::page(reply, 480)
    }

    fn collect(windows: Vec<Vec<SeatPage>>) -> Seats {
        seats(windows, 100)
    }

    fn reply(body: &Json) -> Reply {
        Reply::json(200, body)
    }

    fn failure(status: &Json) -> String {
        match page(&reply(&json!({ "status": status, "reason": "why", "data": null }))) {
            Ok(_) => "no failure".to_owned(),
            Err(failure) => format!("{failure:?}"),
        }
    }

    fn listed(rows: &[(&str, u64, u64)], total: usize) -> SeatPage {
        let rows: Vec<Json> = rows
            .iter()
            .map(|(account, num, connected)| {
                json!({ "account": account, "num": num, "connectNum": connected, "connectRate": "1%" })
            })
            .collect();
        let body = json!({ "status": 0, "data": { "total": total, "records": rows } });
        page(&reply(&body)).unwrap_or_default()
    }

    #[test]
    fn every_documented_code_has_words_and_a_way_out() {
        let all: Vec<String> = CODES.iter().map(|(code, ..)| failure(&json!(code))).collect();
        assert!(all.iter().all(|words| words.contains("(why)") && !words.contains("not document")));
        assert_eq!(
            failure(&json!("-16")),
            "SignIn(\"status -16: the signature's time is too old: check the clock of this host (why)\")"
        );
        assert_eq!(failure(&json!(-99)), "Refused(\"status -99, which the vendor does not document (why)\")");
        assert!(failure(&json!(-18)).starts_with("Unknown"));
        assert!(failure(&json!(-15)).starts_with("Throttled"));
        assert_eq!(failure(&json!(0)), "no failure");
        assert_eq!(failure(&json!("0")), "no failure");
        assert!(failure(&json!(null)).contains("without the documented `status`"));
    }

    #[test]
    fn figures_of_all_windows_are_added_and_seats_are_those_of_the_last() {
        let seats = collect(vec![
            vec![listed(&[("a", 10, 5), ("gone", 1, 1)], 2)],
            vec![listed(&[("a", 5, 5)], 2), listed(&[("new", 0, 0)], 2)],
        ]);
        assert_eq!(seats.listing.incomplete, None);
        let of = |account: &str| seats.listing.items.get(&account.into()).map(|seat| seat.figures.clone());
        let a = of("a").unwrap_or_default();
        assert_eq!((a.calls, a.connected, a.connect_rate.as_deref()), (15, 10, Some("66.67%")));
        assert!(of("gone").is_none());
        assert!(of("new").is_some());
    }

    #[test]
    fn a_listing_that_shifts_is_not_proved() {
        let doubt = |pages| collect(vec![pages]).listing.incomplete;
        assert_eq!(doubt(vec![listed(&[("a", 0, 0)], 1)]), None);
        assert!(doubt(vec![listed(&[("a", 0, 0)], 2)]).is_some());
        assert!(doubt(vec![listed(&[("a", 0, 0)], 2), listed(&[("a", 0, 0)], 2)]).is_some());
    }

    #[test]
    fn a_deleted_seat_is_counted_and_left_out() {
        let body = json!({ "status": "0", "data": { "total": 2, "records": [
            { "account": "a", "deleteFlag": 1, "enable": 0 },
            { "account": "a", "deleteFlag": 0, "enable": 1, "status": "9" },
        ] } });
        let seats = collect(vec![vec![page(&reply(&body)).unwrap_or_default()]]);
        assert_eq!((seats.listing.items.len(), seats.listing.incomplete), (1, None));
        let seat = seats.listing.items.get(&"a".into()).cloned().unwrap_or_default();
        assert_eq!(seat.record.get(&seat::ENABLED), Some(&Value::Flag(false)));
        assert_eq!(seat.state, Some(State::Unknown));
    }

    #[test]
    fn an_odd_answer_is_no_listing_and_an_odd_account_no_other_seat() {
        use crate::provider::json_cursor::outcome;
        for (status, expected) in [
            (json!(0), "yes"),
            (json!("0"), "yes"),
            (json!(0.0), "yes"),
            (json!("ok"), "garbled"),
            (json!(null), "garbled"),
            (json!(true), "garbled"),
            (json!([0]), "garbled"),
            (json!(-1), "sign-in"),
            (json!("-15"), "throttled"),
            (json!(-18), "unknown"),
            (json!(7), "refused"),
        ] {
            assert_eq!(outcome(page(&reply(&json!({ "status": status })))), expected, "{status}");
        }
        for (http, body, expected) in [
            (200, "", "garbled"),
            (204, "", "garbled"),
            (200, "<html>", "garbled"),
            (200, "{\"status\": 0, \"status\": -1}", "garbled"),
            (401, "", "sign-in"),
            (502, "", "unknown"),
        ] {
            let reply = Reply { status: http, body: body.as_bytes().to_vec(), ..reply(&json!({})) };
            assert_eq!(outcome(page(&reply)), expected, "{http} {body}");
        }
        for data in [json!([]), json!("x"), json!({ "records": {} }), json!({ "records": ["a"] })] {
            assert_eq!(outcome(page(&reply(&json!({ "status": 0, "data": data })))), "garbled", "{data}");
        }
        let row = |row: Json| {
            let page = page(&reply(&json!({ "status": 0, "data": { "total": 1, "records": [row] } })))?;
            let accounts = head(&page).keys.iter().map(ToString::to_string).collect::<Vec<_>>();
            Ok(accounts.join(" "))
        };
        for account in [json!(101), json!(101.0), json!(" 101 ")] {
            assert_eq!(row(json!({ "account": account })), Ok("101".to_owned()), "{account}");
        }
        for account in [json!(101.5), json!(1e30), json!(true), json!(null), json!(["101"])] {
            assert_eq!(outcome(row(json!({ "account": account }))), "garbled", "{account}");
        }
        // Here 0 is enabled and 1 is disabled, so `true` is ambiguous.
        assert_eq!(outcome(row(json!({ "account": "a", "enable": true }))), "garbled");
    }
}
