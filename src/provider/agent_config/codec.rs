//! Codec of this vendor's field values: one arm a type, never one a field.

use serde_json::{Map, Value as Json, json};

use crate::model::agent::CHANNELS;
use crate::model::call::Failure;
use crate::model::field::Field;
use crate::model::masked::is_masked;
use crate::model::support::Cell;
use crate::model::value::{Sip, Type, Value};
use crate::provider::json_cursor::{Cursor, Object};

/// Writes a value on the keys of a column. The step brings passwords, so they are skipped.
pub(super) fn write(body: &mut Map<String, Json>, field: &Field, cells: &[Cell], value: &Value) {
    let mut put = |at: usize, json: Json| {
        if let Some(cell) = cells.get(at) {
            body.insert(cell.key.to_owned(), json);
        }
    };
    match value {
        Value::Text(text) => put(0, json!(&**text)),
        Value::Flag(flag) => put(0, json!(i64::from(*flag))),
        Value::Number(number) => put(0, json!(number)),
        Value::Choice(word) => {
            if let Type::Choice(words) = field.ty {
                put(0, json!(words.iter().position(|w| w == word)));
            }
        }
        Value::Set(words) => {
            for (at, channel) in CHANNELS.iter().enumerate() {
                put(at, json!(i64::from(words.contains(channel))));
            }
        }
        // Creation has one key, `sipFlag`; an edit has two, and `unbindSip` wins over `sipnumber`.
        Value::Sip(sip) => match (sip, cells.len()) {
            (Sip::Auto, 1) => put(0, json!(1)),
            (Sip::None | Sip::Number(_), 1) => put(0, json!(0)),
            (Sip::Number(number), _) => put(0, json!(&**number)),
            (Sip::None, _) => put(1, json!(1)),
            (Sip::Auto, _) => {}
        },
        Value::Password(_) | Value::Members(_) | Value::Other(_) => {}
    }
}

/// The state of a field in a row.
pub(super) enum Told {
    /// A value.
    Value(Value),
    /// No value: a null or empty text.
    Unset,
    /// A value, partly hidden.
    Masked,
    /// Unread: the key is missing, or a null stands where the document knows no unset state.
    Nothing,
}

/// Reads a field of a row.
pub(super) fn read(row: &impl Object, path: &str, field: &Field, cells: &[Cell]) -> Result<Told, Failure> {
    let at = |index: usize| Cursor::new(row, path, cells.get(index).map_or("", |cell| cell.key));
    let other = |raw: String| Value::Other(raw.into());
    let told = |value: Option<Value>| value.map_or(Told::Nothing, Told::Value);
    Ok(match field.ty {
        Type::Text { .. } => match at(0).text()? {
            Some(text) if is_masked(field, &text) => Told::Masked,
            Some(text) => Told::Value(Value::Text(text.into())),
            None if at(0).is_present() => Told::Unset,
            None => Told::Nothing,
        },
        Type::Flag => told(at(0).switch()?.map(|number| match number {
            0 => Value::Flag(false),
            1 => Value::Flag(true),
            code => other(code.to_string()),
        })),
        Type::Number => told(at(0).number()?.map(Value::Number)),
        Type::Choice(words) => told(at(0).number()?.map(|code| {
            let word = usize::try_from(code).ok().and_then(|code| words.get(code));
            word.map_or_else(|| other(code.to_string()), |word| Value::Choice(word))
        })),
        Type::Set(words) => {
            let mut set = Vec::new();
            for (index, word) in words.iter().enumerate() {
                match at(index).switch()? {
                    Some(0) => {}
                    Some(1) => set.push(*word),
                    Some(code) => return Ok(Told::Value(other(format!("{word}: {code}")))),
                    // A set with a missing flag is unread, not smaller.
                    None => return Ok(Told::Nothing),
                }
            }
            Told::Value(Value::Set(set.into()))
        }
        Type::Sip => match at(0).text()? {
            Some(number) if is_masked(field, &number) => Told::Masked,
            Some(number) => Told::Value(Value::Sip(Sip::Number(number.into()))),
            None if at(0).is_present() => Told::Value(Value::Sip(Sip::None)),
            None => Told::Nothing,
        },
        Type::Password | Type::Members => Told::Nothing,
    })
}
