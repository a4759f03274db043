//! JSON Schema 2020-12 from the tables, for editors and pipelines.
//!
//! The schema accepts every document that the reader accepts, and both reject errors in the structure of one document.
//! The schema cannot check rules of the whole roster (undeclared names, duplicate declarations) or the spelling of a
//! number (`003`).
//!
//! Conditions are `if`/`then`, not `oneOf`. An editor can then name the missing property, and it completes the settings
//! of the chosen provider only.

use schemars::Schema;
use serde_json::{Map, Value as Json, json};

use super::roster_document::{AGENT_STATES, SELECTED_BY};
use crate::config::settings::{
    CALENDAR, CONNECTION, Constraint, IGNORE, IGNORE_DOC, LANGUAGE_DOC, LEDGER, POLICY, SCOPE, SCOPE_DOC,
    STORES, Setting, SettingType, Spec, TIME_ZONE_DOC,
};
use crate::model::field::Field;
use crate::model::language::TAGS;
use crate::model::plan::{FORMAT, Plan};
use crate::model::value::Type;
use crate::model::{agent, queue, seat};
use crate::yaml::json_schema::{LARGEST, closed, filled, object, operator_id, secret, with_doc};
use crate::yaml::types::schema;

/// Returns the schema of a Roster document.
pub fn roster() -> Schema {
    let names = |what: &str| {
        let doc = format!("Optional catalogue of {what}: when present, one outside it is an error.");
        json!({ "description": doc, "type": "array", "items": filled(), "uniqueItems": true })
    };
    let list = |of: &str, doc: &str| json!({ "description": doc, "type": "array", "items": { "$ref": format!("#/$defs/{of}") } });
    let properties = json!({
        "apiVersion": { "description": "Version of this format.", "const": "rosterctl/v1" },
        "kind": { "description": "What this document is.", "const": "Roster" },
        "roles": names("roles"),
        "skillGroups": names("skill groups"),
        "profiles": {
            "description": "Named sets of agent fields, one set for the whole workspace. An agent takes one with `profile`.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/profile" },
        },
        "periods": {
            "description": "Named spans of time, one set for the whole workspace; `during` names one with `period`.",
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    { "$ref": "#/$defs/span" },
                    { "type": "array", "items": { "$ref": "#/$defs/span" }, "minItems": 1 },
                ],
            },
        },
        "defaults": { "$ref": "#/$defs/profile" },
        "agents": list("agent", "The agents, one by one or as pools."),
        "queues": list("queue", "The queues and who serves them."),
        "seats": list("seat", "Voice seats: compared, never written."),
    });
    let definitions = json!({
        "date": {
            "type": "string",
            "pattern": DATE,
            "patternErrorMessage": "write a day, like 2026-12-01, or a moment, like 2026-12-01T18:00 or 2026-12-01T18:00+08:00",
        },
        "span": span(),
        "duringAgent": during(agent_values(), DURING_AGENT),
        "duringQueue": during(queue_values(), DURING_QUEUE),
        "duringMember": during(object(json!({ "priority": priority() })), DURING_MEMBER),
        "member": member(),
        "profile": closed(template(), &[], "Agent fields that hold where an agent does not say them itself."),
        "agent": one_agent(),
        "queue": one_queue(),
        "seat": one_seat(),
    });
    let mut schema =
        head("roster", "rosterctl roster", "Who answers: agents, queues and seats as they should be.");
    schema.extend(closed(object(properties), &["apiVersion", "kind"], ""));
    schema.insert("$defs".to_owned(), definitions);
    titled(schema)
}

/// Returns the schema of `rosterctl.yaml`, with the settings of these connectors.
pub fn workspace(specs: &[&'static Spec]) -> Schema {
    let mut definitions = Map::new();
    for spec in specs {
        let table: Vec<&Setting> = CONNECTION.iter().chain(spec.settings).collect();
        let mut schema = closed(rows(&table), &["provider", "baseUrl"], spec.doc);
        insert(&mut schema, "provider", json!({ "const": spec.name, "description": spec.doc }));
        insert(&mut schema, "baseUrl", base_url());
        // The simulator needs no credential.
        let demands = demands(spec.settings);
        let behind_sandbox =
            json!({ "properties": { "baseUrl": { "const": "sandbox" } }, "required": ["baseUrl"] });
        let insecure =
            json!({ "properties": { "allowInsecure": { "const": true } }, "required": ["allowInsecure"] });
        let mut rules = vec![
            json!({ "if": insecure, "else": { "patternProperties": { "^baseUrl$": secure_url("sandbox$|") } } }),
        ];
        if !demands.is_empty() {
            rules.push(json!({ "if": behind_sandbox, "else": demands }));
        }
        rules.extend(bonds(spec.settings));
        schema.insert("allOf".to_owned(), rules.into());
        definitions.insert(format!("connection-{}", spec.name), schema.into());
    }
    for (word, doc, table) in STORES {
        let table: Vec<&Setting> = table.iter().collect();
        let mut schema = group(&table, doc);
        insert(&mut schema, "type", json!({ "const": word, "description": doc }));
        require(&mut schema, "type");
        definitions.insert(format!("store-{word}"), schema.into());
    }
    let providers = specs.iter().map(|spec| (spec.name, spec.doc));
    let stores = STORES.iter().map(|(word, doc, _)| (*word, *doc));
    let properties = json!({
        "apiVersion": { "description": "Version of this format.", "const": "rosterctl/v1" },
        "kind": { "description": "What this document is.", "const": "Workspace" },
        "name": with_doc(filled(), "Name of the workspace, shown in every report."),
        "manifests": {
            "description": "Files or folders beside this file; a folder is read recursively, *.yaml and *.yml.",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "string",
                "pattern": "\\S",
                "not": { "pattern": "^/|(^|/)\\.\\.(/|$)" },
            },
        },
        "connections": {
            "description": "The vendor systems, each under a free name; at most one of a provider.",
            "type": "object",
            "additionalProperties": choose("provider", "connection", "Which vendor system this is.", providers),
        },
        "secrets": {
            "description": "The stores, each under a free name: the only places that secrets come from.",
            "type": "object",
            "additionalProperties": choose("type", "store", "Which kind of store this is.", stores),
        },
        "ledger": group(&LEDGER.iter().collect::<Vec<_>>(), "Where rosterctl remembers what it applied."),
        "language": with_doc(json!({ "enum": TAGS }), LANGUAGE_DOC),
        "timeZone": with_doc(filled(), TIME_ZONE_DOC),
        "calendar": group(&CALENDAR.iter().collect::<Vec<_>>(), "How far ahead the dates are looked at."),
        "policy": group(&POLICY.iter().collect::<Vec<_>>(), "What one run may do."),
        "scope": group(&SCOPE.iter().collect::<Vec<_>>(), SCOPE_DOC),
        "ignore": {
            "description": IGNORE_DOC,
            "type": "array",
            "items": group(&IGNORE.iter().collect::<Vec<_>>(), ""),
        },
    });
    let doc = "The trusted configuration: vendor systems, secret stores, ledger and policy.";
    let mut schema = head("workspace", "rosterctl workspace", doc);
    schema.extend(closed(object(properties), &["apiVersion", "kind", "name", "manifests"], ""));
    schema.insert("$defs".to_owned(), definitions.into());
    titled(schema)
}

/// Returns the schema of a saved plan and of `plan --format json`.
pub fn plan() -> Schema {
    let mut schema = schemars::schema_for!(Plan);
    let doc =
        "The changes, their calls in order, and the differences that no call remedies. It holds no secret.";
    if let Some(object) = schema.as_object_mut() {
        object.extend(head("plan", "rosterctl plan", doc));
        insert(object, "format", json!({ "description": "Version of this format.", "const": FORMAT }));
    }
    schema
}

fn head(word: &str, title: &str, doc: &str) -> Map<String, Json> {
    object(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:rosterctl:schema:{word}:v1"),
        "title": title,
        "description": doc,
    }))
}

/// Gives each mapping a title: its key. An editor shows the title of the whole schema for a mapping without one.
fn titled(schema: Map<String, Json>) -> Schema {
    let mut schema = Json::from(schema);
    give_titles(&mut schema, "");
    object(schema).into()
}

fn give_titles(schema: &mut Json, title: &str) {
    match schema {
        Json::Object(parts) => {
            if parts.get("type") == Some(&json!("object")) && !title.is_empty() {
                parts.entry("title").or_insert_with(|| title.into());
            }
            for (word, part) in parts {
                match part {
                    Json::Object(named) if ["properties", "$defs"].contains(&&**word) => {
                        named.iter_mut().for_each(|(key, part)| give_titles(part, key));
                    }
                    _ if word == "if" => {} // a question, which no editor shows
                    _ => give_titles(part, title),
                }
            }
        }
        Json::Array(parts) => parts.iter_mut().for_each(|part| give_titles(part, title)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn insert(schema: &mut Map<String, Json>, key: &str, property: Json) {
    if let Some(Json::Object(properties)) = schema.get_mut("properties") {
        properties.insert(key.to_owned(), property);
    }
}

fn require(schema: &mut Map<String, Json>, key: &str) {
    if let Json::Array(required) = schema.entry("required").or_insert_with(|| json!([])) {
        required.push(key.into());
    }
}

// ---- the roster ----

/// What `during` means, by the element that has it.
const DURING_AGENT: &str = "Values that hold for a time; then the base holds again.";
const DURING_QUEUE: &str = "Members and their minimum for a time; then the base holds again.";
const DURING_MEMBER: &str = "The priority for a time; then the base holds again.";

/// The form of a date. Days of a month are counted by the reader.
const DATE: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9](Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$";

/// Returns `from` and `until`.
fn dates() -> Map<String, Json> {
    object(json!({
        "from": { "description": "First day, or first moment.", "$ref": "#/$defs/date" },
        "until": { "description": "Last day, which is included; or a moment, which is not.", "$ref": "#/$defs/date" },
    }))
}

fn span() -> Json {
    let mut span = closed(dates(), &[], "A span of time; one end may be missing.");
    span.insert("minProperties".to_owned(), json!(1));
    span.into()
}

/// Returns a list of entries that set some values for a time.
fn during(values: Map<String, Json>, doc: &str) -> Json {
    let some: Vec<Json> = values.keys().map(|key| json!({ "required": [key] })).collect();
    let mut properties = values;
    properties.extend(dates());
    properties
        .insert("period".to_owned(), with_doc(filled(), "Name of a period, in place of `from` and `until`."));
    let mut entry = closed(properties, &[], doc);
    entry.insert("title".to_owned(), "during".into());
    let time = json!([{ "required": ["period"] }, { "required": ["from"] }, { "required": ["until"] }]);
    entry.insert("allOf".to_owned(), json!([{ "anyOf": time }, { "anyOf": some }]));
    entry.insert("if".to_owned(), json!({ "required": ["period"] }));
    entry.insert("then".to_owned(), json!({ "properties": { "from": false, "until": false } }));
    json!({ "description": doc, "type": "array", "items": entry, "minItems": 1 })
}

/// Returns the fields of an agent that may hold for a time: all but the password.
fn agent_values() -> Map<String, Json> {
    let mut values = fields(agent::FIELDS);
    values.remove(agent::PASSWORD.key);
    values.insert("queues".to_owned(), memberships());
    values
}

/// Returns `queues` of an agent.
fn memberships() -> Json {
    let doc = "The queues that the agent serves, each with a priority: `{ 在线售前: 10 }`. They are added to what the queues list. The mapping of the agent holds in place of that of its profile; `{}` names none. Of a queue without a list of its own no other member is taken out, unless it says `members: exact`.";
    json!({
        "description": doc,
        "type": "object",
        "propertyNames": filled(),
        "additionalProperties": priority(),
    })
}

fn queue_values() -> Map<String, Json> {
    object(json!({
        "assignMembers": schema(Type::Members),
        "memberSelector": selector(),
        "allowEmpty": { "description": "Allow a queue without members.", "type": "boolean" },
        "minMembers": min_members(),
    }))
}

fn priority() -> Json {
    json!({ "description": "Priority in the queue.", "type": "integer", "minimum": 0, "maximum": LARGEST, "default": 0 })
}

fn min_members() -> Json {
    json!({
        "description": "Refuse any plan that would leave fewer members.",
        "type": "integer",
        "minimum": 0,
        "maximum": LARGEST,
    })
}

/// Returns an entry of `assignMembers`.
fn member() -> Json {
    let mut member = object(json!({
        "agentNumber": operator_id("The agent's number, in quotes."),
        "priority": priority(),
        "during": { "description": DURING_MEMBER, "$ref": "#/$defs/duringMember" },
    }));
    member.extend(dates());
    let mut member = closed(member, &["agentNumber"], "");
    let number = operator_id("The agent's number, in quotes; its priority is 0.");
    // Not `anyOf`: an editor then names the types that it lacks, and not the quotes.
    member.insert("errorMessage".to_owned(), number["errorMessage"].clone());
    json!({ "if": { "type": "string" }, "then": number, "else": member })
}

fn selector() -> Json {
    let mut wanted: Map<String, Json> =
        SELECTED_BY.iter().map(|f| (f.key.to_owned(), with_doc(schema(f.ty), f.doc))).collect();
    let some = wanted.keys().map(|key| json!({ "required": [key] })).collect::<Vec<_>>();
    let priority = json!({ "description": "Priority of the agents that match.", "type": "integer", "minimum": 0, "maximum": LARGEST, "default": 0 });
    wanted.insert("priority".to_owned(), priority);
    let except = json!({ "description": "Agents that it does not choose, although they match.", "type": "array", "items": operator_id("The agent's number, in quotes.") });
    wanted.insert("except".to_owned(), except);
    let doc = "Every declared agent that matches all of this serves the queue, beside those listed.";
    let mut selector = closed(wanted, &[], doc);
    selector.insert("anyOf".to_owned(), some.into());
    selector.into()
}

/// Returns the properties of a kind's table.
fn fields(table: &'static [&'static Field]) -> Map<String, Json> {
    table.iter().map(|field| (field.key.to_owned(), with_doc(schema(field.ty), field.doc))).collect()
}

/// Returns the properties that an agent, a profile and `defaults` have in common.
fn template() -> Map<String, Json> {
    let mut properties = fields(agent::FIELDS);
    properties.extend(object(json!({
        "queues": memberships(),
        "protect": { "description": "Whether it is forbidden to delete the agent.", "type": "boolean", "default": false },
        "allowAnyRole": {
            "description": "Whether the agent may be made without a role; the vendor then picks one at random.",
            "type": "boolean",
            "default": false,
        },
        "during": { "description": DURING_AGENT, "$ref": "#/$defs/duringAgent" },
    })));
    properties
}

fn one_agent() -> Json {
    let mut properties = template();
    properties.extend(object(json!({
        "operatorId": operator_id("The agent's number (坐席工号), in quotes: its key in every system."),
        "operatorIds": {
            "description": "A pool: FIRST..LAST, both included, one agent a number. {operatorId} may stand in any text.",
            "type": "string",
            "pattern": r"^\s*[0-9]{1,18}\s*\.\.\s*[0-9]{1,18}\s*$",
            "patternErrorMessage": "write FIRST..LAST, like 8101..8180",
        },
        "state": {
            "description": "`absent` is a tombstone: the agent must not exist.",
            "type": "string",
            "enum": AGENT_STATES,
            "default": "present",
        },
        "profile": with_doc(filled(), "Name of the profile whose fields hold where the agent is silent."),
    })));
    properties.extend(dates());
    let tombstone = json!({ "properties": { "state": { "const": "absent" } }, "required": ["state"] });
    let timeless =
        json!({ "properties": { "from": false, "until": false, "during": false, "queues": false } });
    let mut schema = closed(properties, &[], "An agent, or a pool of them.");
    schema.insert("allOf".to_owned(), json!([{ "if": tombstone, "then": timeless }]));
    schema.insert("if".to_owned(), json!({ "required": ["operatorIds"] }));
    schema.insert("then".to_owned(), json!({ "properties": { "operatorId": false } }));
    schema.insert("else".to_owned(), json!({ "required": ["operatorId"] }));
    schema.into()
}

fn one_queue() -> Json {
    let mut properties = fields(queue::FIELDS);
    properties.extend(object(json!({
        "displayName": with_doc(filled(), "The queue's name: its key."),
        "exten": with_doc(filled(), "The vendor's number of the queue, in quotes; needed when two live queues have one name."),
        "was": with_doc(filled(), "The queue's name before: it is to be renamed in the console, which no call can do."),
        "distinct": {
            "description": "The queue is another one than a live queue whose name looks the same or that left the manifests.",
            "type": "boolean",
            "default": false,
        },
        "memberSelector": selector(),
        "members": {
            "description": "What the list means for other members: take them out, let them stay, or never write the list again after the creation. In place of `policy.queueMembers`.",
            "type": "string",
            "enum": queue::ListMode::WORDS,
        },
        "allowEmpty": { "description": "Allow a queue without members.", "type": "boolean", "default": false },
        "minMembers": min_members(),
        "during": { "description": DURING_QUEUE, "$ref": "#/$defs/duringQueue" },
    })));
    let mut schema = closed(properties, &["displayName"], "A queue and who serves it.");
    let may_be_empty =
        json!({ "properties": { "allowEmpty": { "const": true } }, "required": ["allowEmpty"] });
    schema.insert("if".to_owned(), may_be_empty);
    // An editor offers each key of `properties`: here `assignMembers` would be offered twice.
    schema
        .insert("else".to_owned(), json!({ "patternProperties": { "^assignMembers$": { "minItems": 1 } } }));
    schema.into()
}

fn one_seat() -> Json {
    let mut properties = fields(seat::FIELDS);
    properties.insert("account".to_owned(), with_doc(filled(), "The seat's account: its key."));
    closed(properties, &["account"], "A voice seat: compared, never written.").into()
}

// ---- the workspace ----

/// Returns a mapping whose properties depend on a word.
fn choose<'a>(
    key: &str,
    prefix: &str,
    doc: &str,
    words: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Json {
    let known: Vec<&str> = words.clone().map(|(word, _)| word).collect();
    let docs: Vec<&str> = words.map(|(_, doc)| doc).collect();
    let branches: Vec<Json> = known
        .iter()
        .map(|word| {
            json!({
                // Of a mapping alone: an entry that is still empty has one error, not one of each branch.
                "if": { "type": "object", "properties": { key: { "const": word } }, "required": [key] },
                "then": { "$ref": format!("#/$defs/{prefix}-{word}") },
            })
        })
        .collect();
    json!({
        "type": "object",
        "required": [key],
        "properties": { key: { "description": doc, "type": "string", "enum": known, "enumDescriptions": docs } },
        "allOf": branches,
    })
}

/// Returns a mapping of settings.
fn group(table: &[&Setting], doc: &str) -> Map<String, Json> {
    let mut schema = closed(rows(table), &[], doc);
    schema.extend(demands(table.iter().copied()));
    let rules = bonds(table.iter().copied());
    if !rules.is_empty() {
        schema.insert("allOf".to_owned(), rules.into());
    }
    schema
}

/// Returns the required properties and, for `OneOf`, the alternatives.
fn demands<'a>(table: impl IntoIterator<Item = &'a Setting>) -> Map<String, Json> {
    let table: Vec<&Setting> = table.into_iter().collect();
    let mut schema = Map::new();
    let required: Vec<&str> = table.iter().filter(|s| s.required).map(|s| s.key).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    for setting in &table {
        if let Constraint::OneOf(keys) = setting.bond
            && keys.first() == Some(&setting.key)
            && !table.iter().any(|s| keys.contains(&s.key) && !s.default.is_empty())
        {
            let each: Vec<Json> = keys.iter().map(|key| json!({ "required": [key] })).collect();
            schema.insert("anyOf".to_owned(), each.into());
        }
    }
    schema
}

/// Returns the constraints between settings, beside the required ones.
fn bonds<'a>(table: impl IntoIterator<Item = &'a Setting>) -> Vec<Json> {
    let mut rules = Vec::new();
    for setting in table {
        match setting.bond {
            Constraint::Free => {}
            Constraint::OneOf(keys) => {
                let others: Map<String, Json> = keys
                    .iter()
                    .filter(|k| **k != setting.key)
                    .map(|k| ((*k).to_owned(), false.into()))
                    .collect();
                rules.push(json!({ "if": { "required": [setting.key] }, "then": { "properties": others } }));
            }
            Constraint::When(key, word) => rules.push(json!({
                "if": { "properties": { key: { "const": word } }, "required": [key] },
                "then": { "required": [setting.key] },
            })),
        }
    }
    rules
}

fn rows(table: &[&Setting]) -> Map<String, Json> {
    let row = |setting: &&Setting| {
        let mut schema = object(with_doc(setting_type(setting), setting.doc));
        if let Some(default) = default(setting) {
            schema.insert("default".to_owned(), default);
        }
        (setting.key.to_owned(), schema.into())
    };
    table.iter().map(row).collect()
}

/// Returns a row's default, as JSON.
fn default(setting: &Setting) -> Option<Json> {
    if setting.default.is_empty() { None } else { serde_yaml::from_str(setting.default).ok() }
}

fn setting_type(setting: &Setting) -> Json {
    match setting.ty {
        SettingType::Text if setting.default == "\"\"" => json!({ "type": "string" }),
        SettingType::Text => filled(),
        SettingType::Address => json!({ "type": "string", "allOf": [address(""), secure_url("")] }),
        SettingType::Url(schemes) => json!({
            "type": "string",
            "pattern": format!("^({}).", schemes.join("|")),
            "patternErrorMessage": format!("begin it with one of {}", schemes.join(", ")),
        }),
        SettingType::Choice(words) => json!({ "type": "string", "enum": words }),
        SettingType::Words(words) => {
            json!({ "type": "array", "items": { "type": "string", "enum": words }, "uniqueItems": true })
        }
        SettingType::Texts if setting.required => {
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 })
        }
        SettingType::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        SettingType::Matching(_) => {
            json!({ "anyOf": [filled(), { "type": "array", "items": filled(), "minItems": 1 }] })
        }
        SettingType::Number { min, max: i64::MAX } => json!({ "type": "integer", "minimum": min }),
        SettingType::Number { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        SettingType::Numbers => json!({
            "anyOf": [{ "type": "integer" }, { "type": "array", "items": { "type": "integer" }, "minItems": 1 }],
        }),
        SettingType::Flag => json!({ "type": "boolean" }),
        SettingType::Duration { zero } => json!({
            "type": "string",
            "pattern": if zero { "^[0-9]+(ms|s|m|h)$" } else { "^0*[1-9][0-9]*(ms|s|m|h)$" },
            "patternErrorMessage": "write a number and its unit: 500ms, 30s, 2m, 1h",
        }),
        SettingType::Days { min, never } => json!({
            "type": "string",
            "pattern": match (min, never) {
                (0, true) => "^([1-9][0-9]{0,3}d|0d|never)$",
                _ => "^[1-9][0-9]{0,3}d$",
            },
            "patternErrorMessage":
                if never { "write a number of days, like 30d, or never" } else { "write a number of days, like 90d" },
        }),
        SettingType::Offset => json!({
            "type": "string",
            "pattern": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$",
            "patternErrorMessage": "write sign, hours and minutes: \"+08:00\"",
        }),
        SettingType::Share => json!({
            "anyOf": [
                {
                    "type": "string",
                    "pattern": "^((100|[1-9]?[0-9])%|0|[1-9][0-9]{0,9})$",
                    "patternErrorMessage": "write a share of what is live, like 10%, or a count, like 12",
                },
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
            ],
        }),
        SettingType::Secret => secret(false),
        SettingType::Group(table) => group(&table.iter().collect::<Vec<_>>(), "").into(),
    }
}

fn base_url() -> Json {
    let doc = CONNECTION.iter().find(|s| s.key == "baseUrl").map_or("", |s| s.doc);
    let mut schema = object(with_doc(address("sandbox$|"), doc));
    schema.insert("examples".to_owned(), json!(["sandbox"]));
    schema.into()
}

/// Returns the pattern of scheme, host, port and path; `or` is an alternative value.
fn address(or: &str) -> Json {
    json!({
        "type": "string",
        "pattern": format!(r"^({or}https?://[^\s?#@]+$)"),
        "patternErrorMessage": if or.is_empty() { "write https://HOST[:PORT]" } else { "write https://HOST[:PORT], or `sandbox`" },
    })
}

/// Returns the pattern of an address without `allowInsecure`: no password crosses the network in clear text.
fn secure_url(or: &str) -> Json {
    json!({
        "pattern": format!(r"^({or}https://|http://(localhost|127\.[0-9.]+|\[[0-9a-fA-F:]+\])([:/]|$))"),
        "patternErrorMessage": "http:// to another host: use https://, or set `allowInsecure: true`",
    })
}
