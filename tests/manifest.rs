//! Manifests and workspace files. `manifest/valid/` is read, and means the same to another YAML reader and to the
//! schema. Each folder of `manifest/invalid/` holds the whole expected message.
//!
//! A folder of `invalid` may bring a `rosterctl.yaml`; the others use the one of `manifest/`.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rosterctl::model::language::Language;
use rosterctl::vendors;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonschema::Validator;
use rosterctl::config::workspace::Workspace;
use rosterctl::manifest::{self, schema};
use rosterctl::model::diagnostic::{Diagnostic, Diagnostics};
use rosterctl::model::source::File;
use rosterctl::model::source::Source;
use rosterctl::report::snippet;
use rosterctl::yaml;
use rosterctl::yaml::{Node, NodeValue, ScalarKind};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// Errors that the schema cannot see: names that need the whole roster, duplicate declarations, spellings of numbers,
/// targets of addresses.
const BEYOND_THE_SCHEMA: &[&str] = &[
    "agent-queues-pairs",
    "dates-backwards",
    "dates-base",
    "dates-no-member",
    "dates-no-zone",
    "dates-overlap",
    "dates-two-readings",
    "duplicate-agent",
    "duplicate-profile",
    "duplicate-queue",
    "duplicate-seat",
    "duplicate-sip",
    "generate-read-only",
    "misspelt-placeholder",
    "no-connection",
    "own-secrets",
    "pinned-twice",
    "placeholders",
    "pool-overlap",
    "selector-empty",
    "shared-rotation",
    "skill-level",
    "tombstone-in-queue",
    "unknown-names",
    "workspace-empty",
    "workspace-placeholders",
];

/// Secrets in fixtures, which no message may hold.
const CANARIES: &[&str] = &["hunter2", "90210775"];

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest").join(path)
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn validator(schema: &schemars::Schema) -> Validator {
    jsonschema::validator_for(&serde_json::to_value(schema).unwrap()).unwrap()
}

struct Schemas {
    roster: Validator,
    workspace: Validator,
}

impl Schemas {
    fn new() -> Self {
        Self {
            roster: validator(&schema::roster()),
            workspace: validator(&schema::workspace(&vendors::ALL.specs())),
        }
    }

    /// Returns the schema's objections to a file; YAML that another reader refuses counts.
    fn objections(&self, is_workspace: bool, bytes: &[u8]) -> Vec<String> {
        let schema = if is_workspace { &self.workspace } else { &self.roster };
        match documents(bytes) {
            Ok(documents) => documents
                .iter()
                .flat_map(|json| schema.iter_errors(json))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect(),
            Err(error) => vec![error],
        }
    }
}

/// Reads a file with another YAML reader; empty documents are left out.
fn documents(bytes: &[u8]) -> Result<Vec<Json>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
        let json = serde_json::to_value(value).map_err(|error| error.to_string())?;
        if !json.is_null() {
            found.push(json);
        }
    }
    Ok(found)
}

/// Returns the meaning of a node in rosterctl's reader.
fn meaning(node: &Node) -> Json {
    match &node.value {
        NodeValue::Scalar(scalar) => match scalar.kind() {
            ScalarKind::Null => Json::Null,
            ScalarKind::Bool(flag) => json!(flag),
            ScalarKind::Int => json!(scalar.text.parse::<i64>().unwrap()),
            ScalarKind::Float => json!(scalar.text.parse::<f64>().unwrap()),
            ScalarKind::Text => json!(&*scalar.text),
        },
        NodeValue::List(items) => items.iter().map(meaning).collect(),
        NodeValue::Map(entries) => entries.iter().map(|(k, v)| (k.name.to_string(), meaning(v))).collect(),
    }
}

fn workspace(bytes: &[u8]) -> Result<Workspace, Diagnostics> {
    rosterctl::config::load::load(&Arc::from("rosterctl.yaml"), bytes, &vendors::ALL.specs())
}

fn common() -> Workspace {
    workspace(&fs::read(folder("rosterctl.yaml")).unwrap()).unwrap()
}

fn render(files: &BTreeMap<String, Vec<u8>>, diagnostics: Diagnostics) -> String {
    let line = |place: &Source| {
        let text = String::from_utf8_lossy(files.get(&*place.file)?).into_owned();
        text.split('\n').nth(place.line.checked_sub(1)? as usize).map(ToOwned::to_owned)
    };
    snippet::render_all(&diagnostics.into_sorted(), Language::En, line, false)
}

#[test]
fn valid() {
    let schemas = Schemas::new();
    let common = common();
    for path in entries(&folder("valid")) {
        let name = name(&path);
        let bytes = fs::read(&path).unwrap();
        let is_workspace = name.ends_with(".workspace.yaml");
        let files = BTreeMap::from([(name.clone(), bytes.clone())]);
        let problems = if is_workspace {
            rosterctl::config::load::load(&Arc::from(&*name), &bytes, &vendors::ALL.specs()).err()
        } else {
            manifest::load(&[File { name: Arc::from(&*name), bytes: bytes.clone() }], &common).err()
        };
        if let Some(problems) = problems {
            panic!("{name}\n{}", render(&files, problems));
        }
        let objections = schemas.objections(is_workspace, &bytes);
        assert!(objections.is_empty(), "{name}: the schema refuses it\n{}", objections.join("\n"));
        let ours: Vec<Json> = yaml::read(&Arc::from(&*name), &bytes).0.iter().map(meaning).collect();
        assert_eq!(ours, documents(&bytes).unwrap(), "{name}");
    }
}

#[test]
fn invalid() {
    let schemas = Schemas::new();
    let common = common();
    let mut wrong = Vec::new();
    for path in entries(&folder("invalid")) {
        let case = name(&path);
        let files: BTreeMap<String, Vec<u8>> = entries(&path)
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "yaml"))
            .map(|file| (name(file), fs::read(file).unwrap()))
            .collect();
        let own = files.get("rosterctl.yaml").map(|bytes| workspace(bytes));
        let manifests: Vec<File> = files
            .iter()
            .filter(|(name, _)| *name != "rosterctl.yaml")
            .map(|(name, bytes)| File { name: Arc::from(&**name), bytes: bytes.clone() })
            .collect();
        let problems = match own {
            Some(Err(problems)) => Err(problems),
            Some(Ok(own)) => manifest::load(&manifests, &own).map(drop),
            None => manifest::load(&manifests, &common).map(drop),
        };
        let Err(problems) = problems else {
            wrong.push(format!("{case}: nothing is wrong with it"));
            continue;
        };
        let message = render(&files, problems);
        for canary in CANARIES {
            if message.contains(canary) {
                wrong.push(format!("{case}: a message holds a secret\n{message}"));
            }
        }
        let refused =
            files.iter().any(|(name, b)| !schemas.objections(name == "rosterctl.yaml", b).is_empty());
        if refused == BEYOND_THE_SCHEMA.contains(&&*case) {
            wrong.push(format!("{case}: the schema {} it", if refused { "refuses" } else { "accepts" }));
        }
        insta::with_settings!({
            snapshot_path => &path,
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!("message", message) });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_editor_has_a_title_for_each_mapping_and_offers_each_key_once() {
    fn walk(schema: &Json, at: &str, wrong: &mut Vec<String>) {
        let parts: Vec<(String, &Json)> = match schema {
            Json::Object(map) => map.iter().map(|(key, part)| (key.clone(), part)).collect(),
            Json::Array(list) => list.iter().enumerate().map(|(at, part)| (at.to_string(), part)).collect(),
            _ => return,
        };
        if schema["type"] == "object" && !schema["title"].is_string() {
            wrong.push(format!("{at} has no title"));
        }
        for (key, _) in schema["properties"].as_object().into_iter().flatten() {
            for branch in ["then", "else"] {
                if schema[branch]["properties"][key].is_object() {
                    wrong.push(format!("{at}/{branch} offers {key} again"));
                }
            }
        }
        // No editor shows a question.
        for (key, part) in parts.into_iter().filter(|(key, _)| key != "if") {
            walk(part, &format!("{at}/{key}"), wrong);
        }
    }
    let mut wrong = Vec::new();
    for schema in [schema::roster(), schema::workspace(&vendors::ALL.specs())] {
        walk(&serde_json::to_value(schema).unwrap(), "", &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_editor_says_what_a_number_or_a_password_should_be() {
    let roster = serde_json::to_value(schema::roster()).unwrap();
    let agent = &roster["$defs"]["agent"]["properties"];
    assert!(agent["operatorId"]["errorMessage"].as_str().unwrap().contains("in quotes"));
    assert!(agent["password"]["errorMessage"].as_str().unwrap().contains("{ store: NAME, key: KEY }"));
}

/// Errors beyond a schema: they need more than one document, or a value's neighbours.
const CROSS_REFERENCES: &[&str] = &[
    " cannot have the key ",
    " connection of provider ",
    " is declared twice",
    " is to be deleted ",
    " matches no declared agent",
    " more than the 1000000 ",
    " needs a secret of its own",
    " needs a store that can be written",
    " runs backwards",
    " share the password ",
    " appears twice in the queue",
    " would both have the SIP number ",
    "`skillLevel` without ",
    "no connection holds ",
    " has no value to return to",
    "unknown period ",
    "unknown profile ",
    "unknown role ",
    "unknown skill group ",
    "unknown store ",
    "unknown time zone ",
];

/// At each place, one in this many values is tried.
const SHARE: usize = 5;

/// Checks reader and schema on mutants: each value of each valid file is replaced, left out, or given a neighbour.
/// The schema accepts every file that the reader accepts. If only the schema accepts a file, the reader's objections
/// are cross-references. Each place gets its share of the values; `MUTANTS=all` tries all values everywhere.
#[test]
fn reader_and_schema_agree_on_mutants_of_rosters() {
    agree_on_mutants("roster.yaml");
}

/// See [`reader_and_schema_agree_on_mutants_of_rosters`].
#[test]
fn reader_and_schema_agree_on_mutants_of_workspaces() {
    agree_on_mutants("workspace.yaml");
}

fn agree_on_mutants(of: &str) {
    let schemas = Schemas::new();
    let common = common();
    let others = [
        Json::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(3),
        json!(1.5),
        json!(3_000_000_000_i64),
        json!(""),
        json!(" "),
        json!("x"),
        json!("../x"),
        json!("none"),
        json!("30s"),
        json!("10%"),
        json!("+08:00"),
        json!("sandbox"),
        json!("https://x.example.com"),
        json!("http://x.example.com"),
        json!("1..3"),
        json!([]),
        json!({}),
        json!([3]),
        json!(["x"]),
        json!(["x", "x"]),
        json!({ "x": 1 }),
        json!({ "store": "files", "key": "x" }),
    ];
    let all = std::env::var_os("MUTANTS").is_some_and(|which| which == "all");
    let step = if all { 1 } else { SHARE };
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in entries(&folder("valid")).into_iter().filter(|path| name(path).ends_with(of)) {
        let name = name(&path);
        let is_workspace = name.ends_with(".workspace.yaml");
        let schema = if is_workspace { &schemas.workspace } else { &schemas.roster };
        for document in documents(&fs::read(&path).unwrap()).unwrap() {
            let mut mutants = Vec::new();
            for (at, pointer) in pointers(&document).into_iter().enumerate() {
                for other in others.iter().skip(if all { 0 } else { at % SHARE }).step_by(step) {
                    let mut mutant = document.clone();
                    *mutant.pointer_mut(&pointer).unwrap() = other.clone();
                    mutants.push((format!("{pointer} = {other}"), mutant));
                }
                mutants.extend(without(&document, &pointer).map(|mutant| (format!("no {pointer}"), mutant)));
                let mut mutant = document.clone();
                if let Some(map) = mutant.pointer_mut(&pointer).unwrap().as_object_mut() {
                    map.insert("unheardOf".to_owned(), json!("x"));
                    mutants.push((format!("{pointer}/unheardOf"), mutant));
                }
            }
            for (what, mutant) in mutants {
                count += 1;
                // JSON is YAML.
                let bytes = mutant.to_string().into_bytes();
                let problems = if is_workspace {
                    workspace(&bytes).err()
                } else {
                    manifest::load(&[File { name: Arc::from("m.yaml"), bytes }], &common).err()
                };
                let problems: Vec<String> = problems
                    .map(|found| found.into_sorted().iter().map(Diagnostic::message).collect())
                    .unwrap_or_default();
                let structural = problems.iter().any(|m| !CROSS_REFERENCES.iter().any(|c| m.contains(c)));
                if schema.is_valid(&mutant) == structural && (structural || problems.is_empty()) {
                    let verdict = if structural { "accepts" } else { "refuses" };
                    wrong.push(format!("{name} {what}: the schema {verdict} it; the reader: {problems:?}"));
                }
            }
        }
    }
    assert!(count > 1_000, "{count}");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
}

/// Returns the pointers to the values of a document.
fn pointers(json: &Json) -> Vec<String> {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let inner: Vec<(String, &Json)> = match json {
        Json::Object(map) => map.iter().map(|(key, value)| (escape(key), value)).collect(),
        Json::Array(items) => items.iter().enumerate().map(|(at, v)| (at.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    let below =
        inner.iter().flat_map(|(key, v)| pointers(v).into_iter().map(move |rest| format!("/{key}{rest}")));
    std::iter::once(String::new()).chain(below).collect()
}

/// Returns a document without one of its values.
fn without(document: &Json, pointer: &str) -> Option<Json> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let mut document = document.clone();
    match document.pointer_mut(parent)? {
        Json::Object(map) => map.remove(&key.replace("~1", "/").replace("~0", "~")).map(drop)?,
        Json::Array(items) => drop(items.remove(key.parse().ok()?)),
        _ => return None,
    }
    Some(document)
}
