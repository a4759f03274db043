//! The form of each type's values in a manifest: decoding, schema, description, spelling. One arm a type.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::decode::scalar;
use super::decode::{Fields, cannot_be, choice, filled, flag, number, secret, text, words, wrong_shape};
use super::json_schema::{self, LARGEST, closed, object, with_doc};
use super::{Node, NodeValue, quoting};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::message::words as listed;
use crate::model::problem::{Element, ValueProblem, Wanted};
use crate::model::value::{Sip, Type, Value};

/// Returns the value of a field, by its type. The decoder of queues reads members itself.
pub(crate) fn value(node: &Node, key: &'static str, ty: Type, out: &mut Diagnostics) -> Option<Value> {
    match ty {
        Type::Text { required: true } => filled(node, key, out).map(|text| Value::Text(Arc::clone(text))),
        Type::Text { required: false } => text(node, key, out).map(|text| Value::Text(Arc::clone(text))),
        Type::Flag => flag(node, key, out).map(Value::Flag),
        Type::Number => number(node, key, 0, LARGEST, out).map(Value::Number),
        Type::Choice(words) => choice(node, key, words, out).map(Value::Choice),
        Type::Set(known) => {
            let set = words(node, key, known, out)?;
            if set.is_empty() {
                let problem = ValueProblem::EmptySet { key: key.into(), known: listed(known) };
                out.push(Diagnostic::at(&node.source, problem));
                return None;
            }
            Some(Value::Set(set.into()))
        }
        Type::Sip => sip(node, key, out).map(Value::Sip),
        Type::Password => secret(node, key, true, out).map(|secret| Value::Password(Arc::new(secret))),
        Type::Members => None,
    }
}

fn sip(node: &Node, key: &'static str, out: &mut Diagnostics) -> Option<Sip> {
    if let NodeValue::Map(_) = node.value {
        let mut fields = Fields::open(node, Element::SipAccount, out)?;
        let number = fields.required_or_misspelled("number", out).and_then(|n| filled(n, "number", out));
        fields.reject_unknown(out);
        return number.map(|number| Sip::Number(Arc::clone(number)));
    }
    match scalar(node).map(|scalar| &*scalar.text) {
        Some("auto") => return Some(Sip::Auto),
        Some("none") => return Some(Sip::None),
        Some(other) => out.push(cannot_be(node, key, other, Wanted::Sip)),
        None => out.push(wrong_shape(node, key, Wanted::Sip)),
    }
    None
}

/// Returns the schema of the values of a type. The definitions of the document hold `member`.
pub(crate) fn schema(ty: Type) -> Json {
    match ty {
        Type::Text { required: true } => json_schema::filled(),
        Type::Text { required: false } => json!({ "type": "string" }),
        Type::Flag => json!({ "type": "boolean" }),
        Type::Number => json!({ "type": "integer", "minimum": 0, "maximum": LARGEST }),
        Type::Choice(words) => json!({ "type": "string", "enum": words }),
        Type::Set(words) => json!({
            "type": "array",
            "items": { "type": "string", "enum": words },
            "minItems": 1,
            "uniqueItems": true,
        }),
        Type::Sip => {
            let account =
                object(json!({ "number": with_doc(json_schema::filled(), "Number of the SIP account.") }));
            json!({ "anyOf": [{ "type": "string", "enum": ["auto", "none"] }, closed(account, &["number"], "")] })
        }
        Type::Password => json_schema::secret(true),
        Type::Members => json!({ "type": "array", "items": { "$ref": "#/$defs/member" } }),
    }
}

/// Returns the description of the values of a type, for the reference.
pub(crate) fn describe(ty: Type) -> String {
    match ty {
        Type::Text { required: true } => "text, not empty".to_owned(),
        Type::Text { required: false } => "text".to_owned(),
        Type::Flag => "`true`, `false`".to_owned(),
        Type::Number => "whole number from 0".to_owned(),
        Type::Choice(words) => code(words),
        Type::Set(words) => format!("list of {}", code(words)),
        Type::Sip => "`auto`, `none`, `{ number: … }`".to_owned(),
        Type::Password => "`{ store, key, generate, version }`".to_owned(),
        Type::Members => "list of `{ agentNumber, priority }` or numbers in quotes".to_owned(),
    }
}

/// Returns words as code, separated by commas.
pub(crate) fn code(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the spelling of a value in a manifest, fit for any place.
pub(crate) fn spelled(value: &Value) -> String {
    match value {
        Value::Text(text) => quoting::scalar(text),
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Choice(word) => quoting::word(word),
        Value::Set(words) => {
            let words: Vec<String> = words.iter().map(|word| quoting::word(word)).collect();
            format!("[{}]", words.join(", "))
        }
        Value::Sip(Sip::Auto) => "auto".to_owned(),
        Value::Sip(Sip::None) => "none".to_owned(),
        Value::Sip(Sip::Number(number)) => format!("{{ number: {} }}", quoting::scalar(number)),
        // Never written: see `objection`.
        Value::Password(_) | Value::Members(_) | Value::Other(_) => String::new(),
    }
}
