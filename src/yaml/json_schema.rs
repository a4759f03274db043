//! Parts of JSON Schemas.

use serde_json::{Map, Value as Json, json};

use crate::model::id::LETTERS;

/// Largest value of a number in a manifest.
pub(crate) const LARGEST: i64 = i32::MAX as i64;

/// Returns the map of a JSON object; empty for other values.
pub(crate) fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// Returns a mapping with these properties and no other.
pub(crate) fn closed(properties: impl Into<Json>, required: &[&str], doc: &str) -> Map<String, Json> {
    let mut schema = object(json!({
        "type": "object",
        "properties": properties.into(),
        "additionalProperties": false,
    }));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !doc.is_empty() {
        schema.insert("description".to_owned(), doc.into());
    }
    schema
}

/// Returns a schema with a description.
pub(crate) fn with_doc(schema: Json, doc: &str) -> Json {
    let mut schema = object(schema);
    schema.insert("description".to_owned(), doc.trim().into());
    schema.into()
}

/// Returns the schema of a text that is not blank.
pub(crate) fn filled() -> Json {
    json!({ "type": "string", "minLength": 1, "pattern": "\\S", "patternErrorMessage": "must not be blank" })
}

/// Returns the schema of an agent's number.
pub(crate) fn operator_id(doc: &str) -> Json {
    json!({
        "description": doc,
        "type": "string",
        "pattern": format!("^[{LETTERS}][{LETTERS}_.@-]{{0,63}}$"),
        "patternErrorMessage": "1 to 64 letters, digits and _ . @ -, a letter or digit first; numbers in quotes",
        "errorMessage": "An agent's number is a text: write it in quotes, like \"8001\".",
    })
}

/// Returns the schema of a reference to a secret.
pub(crate) fn secret(password: bool) -> Json {
    let mut properties = object(json!({
        "store": {
            "description": "Name of a store that rosterctl.yaml declares under `secrets`.",
            "type": "string",
            "minLength": 1,
        },
        "key": {
            "description": "Key in that store.",
            "type": "string",
            "minLength": 1,
            "maxLength": 512,
            "not": { "pattern": "(^|/)\\.{0,2}(/|$)|\\\\" },
        },
    }));
    if password {
        properties.extend(object(json!({
            "generate": {
                "description": "Make a strong password when the store has none; it is stored before it is used.",
                "type": "boolean",
                "default": false,
            },
            "version": {
                "description": "A change of this number asks for a rotation.",
                "type": "integer",
                "minimum": 0,
                "maximum": u32::MAX,
            },
        })));
    }
    let mut secret = closed(properties, &["store", "key"], "");
    let message =
        "A secret is a reference: write { store: NAME, key: KEY }. A value in clear text is refused.";
    secret.insert("errorMessage".to_owned(), message.into());
    secret.into()
}
