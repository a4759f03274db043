//! What is checked in under `schema/` is what the code makes. `UPDATE=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::Path;

use rosterctl::manifest::schema;
use rosterctl::provider::SPECS;
use rosterctl::report::reference;
use similar::TextDiff;

fn pretty(schema: &schemars::Schema) -> String {
    serde_json::to_string_pretty(schema).unwrap() + "\n"
}

fn fresh(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let diff = TextDiff::from_lines(kept.as_str(), made);
    let (old, new) = (format!("schema/{name}"), "what the code makes");
    assert!(
        kept == made,
        "schema/{name} is out of date; `UPDATE=1 cargo test --test generated` writes it anew\n{}",
        diff.unified_diff().context_radius(2).header(&old, new)
    );
}

#[test]
fn roster_schema() {
    fresh("roster.schema.json", &pretty(&schema::roster()));
}

#[test]
fn workspace_schema() {
    fresh("workspace.schema.json", &pretty(&schema::workspace(SPECS)));
}

#[test]
fn plan_schema() {
    fresh("plan.schema.json", &pretty(&schema::plan()));
}

#[test]
fn reference_page() {
    fresh("README.md", &reference::fields(SPECS));
}

/// Each is a schema of its own draft, and says so without naming a host.
#[test]
fn schemas_are_sound() {
    for schema in [schema::roster(), schema::workspace(SPECS), schema::plan()] {
        let schema = serde_json::to_value(&schema).unwrap();
        jsonschema::draft202012::meta::validate(&schema).unwrap();
        jsonschema::validator_for(&schema).unwrap();
        assert!(schema["$id"].as_str().unwrap().starts_with("urn:rosterctl:schema:"));
        assert!(schema["title"].is_string() && schema["description"].is_string());
    }
}
