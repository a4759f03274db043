//! How each type of field is spelled on this vendor's keys: one arm a type, never one a field.

use serde_json::{Map, Value as Json, json};

use crate::model::agent::CHANNELS;
use crate::model::call::Failure;
use crate::model::field::{Cell, Field};
use crate::model::value::{Sip, Type, Value};
use crate::provider::reply::{At, Object};

/// Writes a value on the keys of a column. A password is no value: the order brings it.
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

/// Reads a value from the keys of a row; `None` when unset.
pub(super) fn read(row: &impl Object, path: &str, field: &Field) -> Result<Option<Value>, Failure> {
    let at = |index: usize| At::of(row, path, field.read.get(index).map_or("", |cell| cell.key));
    let other = |raw: String| Value::Other(raw.into());
    match field.ty {
        Type::Text { .. } => Ok(at(0).text()?.map(|text| Value::Text(text.into()))),
        Type::Flag => Ok(at(0).switch()?.map(|number| match number {
            0 => Value::Flag(false),
            1 => Value::Flag(true),
            code => other(code.to_string()),
        })),
        Type::Number => Ok(at(0).number()?.map(Value::Number)),
        Type::Choice(words) => Ok(at(0).number()?.map(|code| {
            let word = usize::try_from(code).ok().and_then(|code| words.get(code));
            word.map_or_else(|| other(code.to_string()), |word| Value::Choice(word))
        })),
        Type::Set(words) => {
            let mut set = Vec::new();
            let mut said = false;
            for (index, word) in words.iter().enumerate() {
                let flag = at(index).switch()?;
                said |= flag.is_some();
                if flag == Some(1) {
                    set.push(*word);
                }
            }
            Ok(said.then(|| Value::Set(set.into())))
        }
        Type::Sip => Ok(Some(Value::Sip(match at(0).text()? {
            Some(number) => Sip::Number(number.into()),
            None => Sip::None,
        }))),
        Type::Password | Type::Members => Ok(None),
    }
}
