//! A switch for every gap or ambiguity of the vendor documents.
//!
//! The defaults are the plainest reading. A client that is right with any switches does not depend on undocumented
//! behaviour.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The readings of the documents' gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the seed")]
pub struct Quirks {
    /// The `code` of a success of agent-config, 0 or 200: its document prints none.
    pub success_code: u16,
    /// Order of agents in `page`.
    pub ids: Ids,
    /// True if the newest queue is listed first, as in the sample of webchat-queue, "queueQueue".
    pub newest_first: bool,
    /// The response's form of a string that was never set.
    pub unset_strings: Unset,
    /// The comparison of `operatorId` of `page` and `displayName` of `queueQueue`.
    pub filters: Filters,
    /// True if a refusal has HTTP status 200 and only its body shows it; otherwise a fitting 4xx.
    pub failures_with_http200: bool,
    /// True if every number of a response is a string.
    pub numbers_as_strings: bool,
    /// True if `operatorId` and `agentNumber` are numbers in a response when they look like one.
    pub strings_as_numbers: bool,
    /// True if `bindSkillName` of a new agent becomes its main skill group.
    pub main_group_on_create: bool,
    /// True if a new agent may sign in.
    pub enabled_on_create: bool,
    /// The response of `one/v2` for a missing agent.
    pub not_found: NotFound,
    /// The shape of webchat-queue's reads: that of its samples or of its tables.
    pub read_shape: ReadShape,
    /// The most rows on a page of queues, whatever the `pageSize`; the document names no bound.
    pub queue_page_cap: Option<u32>,
    /// The seconds in which no read shows a new queue: the document promises no time.
    pub queue_lag: u32,
    /// The time zone of webchat-queue's timestamps, in signatures and in responses.
    pub utc_offset: UtcOffset,
    /// True if `status` of seat-query is a number; otherwise a string, as in its sample.
    pub seat_status_as_number: bool,
    /// The lifetime of a token of isdp-online-agent in seconds; another page of the vendor says 20 minutes.
    pub token_seconds: u32,
    /// The form in which isdp-online-agent refuses a token.
    pub token_errors: ErrorForm,
    /// The response of cms-agent for an unknown work number.
    pub unknown_work_number: NotFound,
    /// True if cms-agent requires milliseconds in the timestamp of a signature.
    pub signature_millis: bool,
    /// True if cms-agent requires an empty line in place of a query.
    pub signature_empty_query_line: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            success_code: 0,
            ids: Ids::Numeric,
            newest_first: true,
            unset_strings: Unset::Null,
            filters: Filters::Exact,
            failures_with_http200: true,
            numbers_as_strings: false,
            strings_as_numbers: false,
            main_group_on_create: true,
            enabled_on_create: true,
            not_found: NotFound::Failure,
            read_shape: ReadShape::DataList,
            queue_page_cap: None,
            queue_lag: 0,
            utc_offset: UtcOffset { minutes: 480 },
            seat_status_as_number: false,
            token_seconds: 359,
            token_errors: ErrorForm::Xml,
            unknown_work_number: NotFound::Null,
            signature_millis: false,
            signature_empty_query_line: false,
        }
    }
}

/// The form of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorForm {
    /// XML, as in the vendor's sample.
    Xml,
    /// JSON, like every other response.
    Json,
}

/// The order of agents in a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// By an id's number; other ids follow.
    Numeric,
    /// By characters.
    Lexical,
}

/// The form of a string that was never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unset {
    /// A null.
    Null,
    /// An empty string.
    Empty,
    /// No key.
    Absent,
}

/// The comparison of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filters {
    /// The value equals the filter.
    Exact,
    /// The value contains the filter.
    Fuzzy,
}

/// The response to a query for a missing resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotFound {
    /// A failure code.
    Failure,
    /// Success, and `data` is null.
    Null,
    /// Success, and `data` is an empty object.
    Empty,
}

/// The place of rows and total in the reads of webchat-queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadShape {
    /// `data.list` and `data.count`, no `code`: the samples.
    DataList,
    /// `data[]`, `count` and `code` at top level: the tables.
    TopLevel,
}

/// An offset from UTC, written `+08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UtcOffset {
    /// Minutes east of UTC.
    pub minutes: i32,
}

impl TryFrom<String> for UtcOffset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parse = || {
            let sign = match text.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let (hours, minutes) = text.get(1..)?.split_once(':')?;
            let two = |part: &str| {
                let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
                if digits { part.parse::<i32>().ok() } else { None }
            };
            let (hours, minutes) = (two(hours)?, two(minutes)?);
            (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
        };
        parse()
            .map(|minutes| Self { minutes })
            .ok_or_else(|| format!("utcOffset \"{text}\" is not written like \"+08:00\""))
    }
}

impl From<UtcOffset> for String {
    fn from(offset: UtcOffset) -> Self {
        let sign = if offset.minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", offset.minutes.abs() / 60, offset.minutes.abs() % 60)
    }
}

impl Quirks {
    /// Returns the HTTP status of a refusal for which `fitting` would be best.
    pub fn failure_status(&self, fitting: u16) -> u16 {
        if self.failures_with_http200 { 200 } else { fitting }
    }

    /// Adds a string to a row; an unset one in its configured form.
    pub fn put_text(&self, row: &mut Map<String, Value>, key: &str, value: Option<&str>) {
        let value = match (value, self.unset_strings) {
            (Some(text), _) => Value::from(text),
            (None, Unset::Null) => Value::Null,
            (None, Unset::Empty) => Value::from(""),
            (None, Unset::Absent) => return,
        };
        row.insert(key.into(), value);
    }

    /// Adds a number to a row; an unset one is null, or is omitted together with unset strings.
    pub fn put_number(&self, row: &mut Map<String, Value>, key: &str, value: Option<i64>) {
        if value.is_some() || self.unset_strings != Unset::Absent {
            row.insert(key.into(), value.map_or(Value::Null, Value::from));
        }
    }

    /// Returns true if a value passes a filter.
    pub fn matches(&self, value: &str, filter: &str) -> bool {
        match self.filters {
            Filters::Exact => value == filter,
            Filters::Fuzzy => value.contains(filter),
        }
    }

    /// Changes the types of a whole body, if the quirks say so.
    pub(crate) fn retype(&self, body: &mut Value) {
        match body {
            Value::Number(number) if self.numbers_as_strings => *body = Value::from(number.to_string()),
            Value::Array(items) => items.iter_mut().for_each(|item| self.retype(item)),
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    self.retype(value);
                    if self.strings_as_numbers && (key == "operatorId" || key == "agentNumber") {
                        let plain = value.as_str().filter(|t| !t.starts_with('0') && !t.starts_with('+'));
                        if let Some(number) = plain.and_then(|t| t.parse::<u64>().ok()) {
                            *value = Value::from(number);
                        }
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn offsets_are_read_and_written() {
        for text in ["+08:00", "-03:30", "+00:00"] {
            let offset = UtcOffset::try_from(text.to_owned()).unwrap();
            assert_eq!(String::from(offset), text);
        }
        for text in ["8", "+8:00", "08:00", "+08:60", "+99:00", "", "+０8:00"] {
            assert!(UtcOffset::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn types_change_everywhere_but_in_booleans() {
        let body =
            json!({"code": 0, "ok": true, "rows": [{"operatorId": "8001", "n": 5}, {"operatorId": "003"}]});
        let mut strings = body.clone();
        Quirks { numbers_as_strings: true, ..Quirks::default() }.retype(&mut strings);
        assert_eq!(
            strings,
            json!({"code": "0", "ok": true, "rows": [{"operatorId": "8001", "n": "5"}, {"operatorId": "003"}]})
        );
        let mut numbers = body.clone();
        Quirks { strings_as_numbers: true, ..Quirks::default() }.retype(&mut numbers);
        assert_eq!(
            numbers,
            json!({"code": 0, "ok": true, "rows": [{"operatorId": 8001, "n": 5}, {"operatorId": "003"}]})
        );
    }

    #[test]
    fn unknown_switches_are_refused() {
        assert!(serde_json::from_value::<Quirks>(json!({"succesCode": 200})).is_err());
        let quirks: Quirks = serde_json::from_value(json!({"readShape": "top-level"})).unwrap();
        assert_eq!(quirks, Quirks { read_shape: ReadShape::TopLevel, ..Quirks::default() });
    }
}
