//! The files under `schema/` are those that the code generates. `UPDATE=1` writes them again.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rosterctl::vendors;
use std::fs;
use std::path::Path;

use rosterctl::manifest::schema;
use rosterctl::model::plan::Plan;
use rosterctl::report::reference;
use serde_json::json;
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
        "schema/{name} is out of date; `UPDATE=1 cargo test --test generated` regenerates it\n{}",
        diff.unified_diff().context_radius(2).header(&old, new)
    );
}

#[test]
fn roster_schema() {
    fresh("roster.schema.json", &pretty(&schema::roster()));
}

#[test]
fn workspace_schema() {
    fresh("workspace.schema.json", &pretty(&schema::workspace(&vendors::ALL.specs())));
}

#[test]
fn plan_schema() {
    fresh("plan.schema.json", &pretty(&schema::plan()));
}

#[test]
fn reference_page() {
    fresh("README.md", &reference::fields(&vendors::ALL.specs()));
}

/// Checks that the schema accepts exactly the documents that the plan's type reads.
#[test]
fn plan_schema_and_type_agree() {
    let schema = serde_json::to_value(schema::plan()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let source = json!({ "file": "roster/a.yaml", "line": 3, "column": 5 });
    let plan = json!({
        "format": "rosterctl.plan/v1",
        "program": "0.1.0",
        "workspace": "acme",
        "summary": {
            "create": 0, "update": 1, "replace": 0, "delete": 0, "calls": 2, "estimatedSeconds": 1,
            "findings": { "error": 0, "warning": 1, "info": 0 },
            "live": { "agents": 9, "queues": 1 },
        },
        "changes": [{
            "id": "agent/8001", "action": "update", "moved": "manifest", "source": source,
            "fields": [
                { "path": "name", "before": "张三", "after": "李四", "moved": "unknown", "source": source },
                { "path": "password", "before": null, "after": null, "moved": "manifest",
                  "secret": { "store": "ci", "key": "A", "version": 2 } },
            ],
        }],
        "steps": [
            { "id": "s1", "operation": "agent.edit", "targets": ["agent/8001"], "after": [], "fields": ["name"] },
            { "id": "s2", "operation": "queue.members", "targets": ["queue/在线售前@1001"], "after": ["s1"],
              "members": [{ "agentNumber": "8001", "priority": 1 }] },
        ],
        "findings": [{ "code": "R101", "severity": "warning", "message": "…", "id": "agent/8001" }],
        "allowed": [{ "rule": "deletes", "upTo": 12 }],
        "targets": ["agent/8001"],
        "digests": { "manifests": "00", "plan": "11" },
    });
    let read: Plan = serde_json::from_value(plan.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), plan);
    let errors: Vec<String> = schema.iter_errors(&plan).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    for (place, value) in [
        ("/steps/0/operation", json!("agent.fire")),
        ("/changes/0/action", json!("delete all")),
        ("/changes/0/id", json!("8001")),
        ("/summary/calls", json!("2")),
        ("/findings/0/severity", json!("fatal")),
    ] {
        let mut other = plan.clone();
        *other.pointer_mut(place).unwrap() = value;
        assert!(!schema.is_valid(&other), "{place}");
        assert!(serde_json::from_value::<Plan>(other).is_err(), "{place}");
    }
}

/// Checks that each schema is valid under its draft and names no host.
#[test]
fn schemas_are_sound() {
    for schema in [schema::roster(), schema::workspace(&vendors::ALL.specs()), schema::plan()] {
        let schema = serde_json::to_value(&schema).unwrap();
        jsonschema::draft202012::meta::validate(&schema).unwrap();
        jsonschema::validator_for(&schema).unwrap();
        assert!(schema["$id"].as_str().unwrap().starts_with("urn:rosterctl:schema:"));
        assert!(schema["title"].is_string() && schema["description"].is_string());
    }
}
