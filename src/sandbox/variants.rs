//! Every place where a vendor document is silent or ambiguous, as a switch.
//!
//! The defaults are the plainest reading. A client that is right whatever the switches say does not depend
//! on what no document promises.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The readings of what the documents leave open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the seed")]
pub struct Quirks {
    /// `code` of a success of agent-config, 0 or 200: its document prints none.
    pub success_code: u16,
    /// Order of agents in `page`.
    pub ids: Ids,
    /// Whether the queue made last is listed first, as in the sample of webchat-queue, "queueQueue".
    pub newest_first: bool,
    /// How a string that was never set is replied.
    pub unset_strings: Unset,
    /// How `operatorId` of `page` and `displayName` of `queueQueue` are compared.
    pub filters: Filters,
    /// Whether a refusal has HTTP status 200, and only its body tells; otherwise a fitting 4xx.
    pub failures_with_http200: bool,
    /// Whether every number of a reply is a string.
    pub numbers_as_strings: bool,
    /// Whether `operatorId` and `agentNumber` are replied as numbers when they look like one.
    pub strings_as_numbers: bool,
    /// Whether `bindSkillName` of a new agent becomes its main skill group.
    pub main_group_on_create: bool,
    /// Whether a new agent may sign in.
    pub enabled_on_create: bool,
    /// What `one/v2` says of an agent that is not there.
    pub not_found: NotFound,
    /// Whether the reads of webchat-queue look like its samples or like its tables.
    pub read_shape: ReadShape,
    /// Most rows on a page of queues, whatever `pageSize` asks for; the document names no bound.
    pub queue_page_cap: Option<u32>,
    /// For how many seconds no read shows a new queue: the document promises no time.
    pub queue_lag: u32,
    /// Time zone of the timestamps of webchat-queue: both those signed and those replied.
    pub utc_offset: UtcOffset,
    /// Whether `status` of seat-query is a number; a string otherwise, as in its sample.
    pub seat_status_as_number: bool,
    /// How long a token of isdp-online-agent holds, in seconds; another page of the vendor says 20 minutes.
    pub token_seconds: u32,
    /// In which form isdp-online-agent refuses a token.
    pub token_errors: ErrorForm,
    /// What cms-agent says of a work number that nobody has.
    pub unknown_work_number: NotFound,
    /// Whether cms-agent wants milliseconds in the timestamp of a signature.
    pub signature_millis: bool,
    /// Whether cms-agent wants an empty line where a query would be.
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
    /// As the vendor's sample prints it.
    Xml,
    /// Like every other answer.
    Json,
}

/// Order of agents in a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// By the number that an id spells; others after them.
    Numeric,
    /// By characters.
    Lexical,
}

/// How a string that was never set is replied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unset {
    /// As null.
    Null,
    /// As an empty string.
    Empty,
    /// Not at all.
    Absent,
}

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filters {
    /// Equal.
    Exact,
    /// Contained.
    Fuzzy,
}

/// What a query for one thing says when it is not there.
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

/// Where rows and total stand in the reads of webchat-queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadShape {
    /// `data.list` and `data.count`, no `code`: the samples.
    DataList,
    /// `data[]`, `count` and `code` at top level: the tables.
    TopLevel,
}

/// A distance from UTC, written `+08:00`.
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
    /// Returns the HTTP status of a refusal that `fitting` would describe best.
    pub fn failure_status(&self, fitting: u16) -> u16 {
        if self.failures_with_http200 { 200 } else { fitting }
    }

    /// Puts a string into a row, in the form for unset ones when there is none.
    pub fn put_text(&self, row: &mut Map<String, Value>, key: &str, value: Option<&str>) {
        let value = match (value, self.unset_strings) {
            (Some(text), _) => Value::from(text),
            (None, Unset::Null) => Value::Null,
            (None, Unset::Empty) => Value::from(""),
            (None, Unset::Absent) => return,
        };
        row.insert(key.into(), value);
    }

    /// Puts a number into a row; one that is not there is null, or left out together with unset strings.
    pub fn put_number(&self, row: &mut Map<String, Value>, key: &str, value: Option<i64>) {
        if value.is_some() || self.unset_strings != Unset::Absent {
            row.insert(key.into(), value.map_or(Value::Null, Value::from));
        }
    }

    /// Whether a value passes a filter.
    pub fn matches(&self, value: &str, filter: &str) -> bool {
        match self.filters {
            Filters::Exact => value == filter,
            Filters::Fuzzy => value.contains(filter),
        }
    }

    /// Changes the types of a whole body, where the quirks say so.
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
