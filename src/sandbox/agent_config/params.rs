//! Parser of a request's body against a table of the document.
//!
//! In: bytes and the table of one operation. Out: the fields, or all departures from the table. It may be stricter
//! than the vendor: it refuses a field that the document does not name, so that no client can rely on one.

use serde_json::{Map, Value};

use crate::sandbox::support::type_name;

/// A field's type and bounds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A string with bounds of its length in characters, both included.
    Text(usize, usize),
    /// An integer, both bounds included.
    Number(i64, i64),
    /// A list of at least one string, none empty.
    Texts,
}

/// Any string but the empty one.
const TEXT: Kind = Kind::Text(1, usize::MAX);
/// A string; an empty one clears the value.
const CLEARABLE: Kind = Kind::Text(0, usize::MAX);
/// An integer for which the document names no bounds.
const ANY_NUMBER: Kind = Kind::Number(i64::MIN, i64::MAX);
/// 0 or 1.
const FLAG: Kind = Kind::Number(0, 1);

/// A row of a table: name, true if required, type and bounds.
pub(super) type Row = (&'static str, bool, Kind);

/// The fields of create/v2. Source: agent-config §2.1.1, Body.
///
/// The row `email` has lost its name in print; §2.1.5 still has it.
pub(super) const CREATE: &[Row] = &[
    ("abbreviate", true, TEXT),
    ("afterInterval", false, Kind::Number(0, i64::MAX)),
    ("batchFlag", false, FLAG),
    ("batchSize", false, Kind::Number(1, 1000)),
    ("bindcode", false, CLEARABLE),
    ("companyId", false, ANY_NUMBER),
    ("email", false, CLEARABLE),
    ("isHidePhone", false, FLAG),
    ("isaudio", false, FLAG),
    ("ismessage", false, FLAG),
    ("isrecord", false, FLAG),
    ("isvideo", false, FLAG),
    ("judge", false, FLAG),
    ("name", false, CLEARABLE),
    ("operatorId", false, TEXT),
    ("operatorType", false, FLAG),
    ("outcallflag", false, Kind::Number(0, 3)),
    ("password", false, Kind::Text(6, 32)),
    ("showcaller", false, CLEARABLE),
    ("sipFlag", false, FLAG),
    ("ttscontent", false, CLEARABLE),
    ("roleName", false, TEXT),
    ("bindSkillName", false, TEXT),
    ("bindSkillLevel", false, ANY_NUMBER),
];

/// The fields of edit/v2. Source: agent-config §2.1.2, Body.
///
/// `afterInterval` begins at 1 here, and `password` has no bounds.
pub(super) const EDIT: &[Row] = &[
    ("abbreviate", true, TEXT),
    ("afterInterval", false, Kind::Number(1, i64::MAX)),
    ("bindcode", false, CLEARABLE),
    ("companyId", false, ANY_NUMBER),
    ("name", false, CLEARABLE),
    ("operatorId", true, TEXT),
    ("operatorType", false, FLAG),
    ("password", false, TEXT),
    ("showcaller", false, CLEARABLE),
    ("sipnumber", false, TEXT),
    ("status", false, FLAG),
    ("ttscontent", false, CLEARABLE),
    ("unbindSip", false, FLAG),
    ("roleName", false, TEXT),
    ("isHidePhone", false, FLAG),
    ("isrecord", false, FLAG),
    ("outcallflag", false, Kind::Number(0, 3)),
    ("mainGroupName", false, TEXT),
];

/// The fields of del/v2. Source: agent-config §2.1.3, Body.
pub(super) const DELETE: &[Row] =
    &[("abbreviate", true, TEXT), ("companyId", false, ANY_NUMBER), ("operatorIds", true, Kind::Texts)];

/// The fields of one/v2. Source: agent-config §2.1.4, Body.
pub(super) const ONE: &[Row] = &[
    ("abbreviate", true, TEXT),
    ("companyId", false, ANY_NUMBER),
    ("operatorId", true, TEXT),
    ("mainGroupName", false, CLEARABLE),
];

/// The fields of page. Source: agent-config §2.1.5, Body; the only table without `companyId`.
pub(super) const PAGE: &[Row] = &[
    ("abbreviate", true, TEXT),
    ("operatorId", false, CLEARABLE),
    ("pageNumber", false, Kind::Number(1, i64::MAX)),
    ("pageSize", false, Kind::Number(10, 100)),
    ("sipNumber", false, CLEARABLE),
    ("mainGroupName", false, CLEARABLE),
];

/// The fields of editPwd. Source: agent-config §2.1.6, Body.
///
/// The operation checks that the password is an MD5.
pub(super) const PASSWORD: &[Row] = &[
    ("abbreviate", true, TEXT),
    ("companyId", false, ANY_NUMBER),
    ("operatorId", true, TEXT),
    ("password", true, TEXT),
];

/// The fields of a request that fits its table.
pub(super) struct Params(Map<String, Value>);

impl Params {
    /// Returns a string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Returns a string that is not empty.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Returns an integer.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// Returns a list of strings.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }
}

/// Parses a body.
///
/// # Errors
/// All departures from the table, in words that hold no value.
pub(super) fn read(body: &[u8], table: &[Row]) -> Result<Params, Vec<String>> {
    let fields = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => return Err(vec![format!("the body is {}, not an object", type_name(&other))]),
        Err(_) => return Err(vec!["the body is no JSON".into()]),
    };
    let mut departures = Vec::new();
    for (name, value) in &fields {
        match table.iter().find(|row| row.0 == name) {
            Some((_, _, kind)) => departures.extend(fits(*kind, value).map(|why| format!("{name} {why}"))),
            None => departures.push(format!("{name} is not in the document")),
        }
    }
    for (name, required, _) in table {
        if *required && !fields.contains_key(*name) {
            departures.push(format!("{name} is required"));
        }
    }
    if departures.is_empty() { Ok(Params(fields)) } else { Err(departures) }
}

/// Returns the reason why a value does not fit, if any.
fn fits(kind: Kind, value: &Value) -> Option<String> {
    match kind {
        Kind::Text(least, most) => {
            let Some(text) = value.as_str() else {
                return Some(format!("is {}, not string", type_name(value)));
            };
            let length = text.chars().count();
            (length < least || length > most).then(|| match most {
                usize::MAX => "is empty".into(),
                _ => format!("has {length} characters, not {least} to {most}"),
            })
        }
        Kind::Number(least, most) => {
            let Some(number) = value.as_i64() else {
                return Some(format!("is {}, not integer", type_name(value)));
            };
            (number < least || number > most).then(|| match most {
                i64::MAX => format!("is {number}, below {least}"),
                _ => format!("is {number}, not {least} to {most}"),
            })
        }
        Kind::Texts => {
            let Some(items) = value.as_array() else {
                return Some(format!("is {}, not a list of strings", type_name(value)));
            };
            let good = !items.is_empty() && items.iter().all(|i| i.as_str().is_some_and(|t| !t.is_empty()));
            (!good).then(|| "is not a list of strings with at least one, none empty".into())
        }
    }
}
