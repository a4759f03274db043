//! Renders a report as one JSON document.
//!
//! One workspace is its plan, drift or result as the schema defines it. Several workspaces are a `rosterctl.plans/v1`
//! with one such document each. A failed workspace is a `rosterctl.error/v1`, so that it stays visible.

use serde_json::{Value as Json, json};

use super::{Body, Command, Failure, Part, Report, result};
use crate::model::diagnostic::Diagnostic;
use crate::model::plan::Plan;

/// The value of `format` for a drift.
const DRIFT: &str = "rosterctl.drift/v1";
/// The value of `format` for several workspaces.
const SEVERAL: &str = "rosterctl.plans/v1";
/// The value of `format` for a failed workspace.
const ERROR: &str = "rosterctl.error/v1";

/// Renders a report.
pub(super) fn report(report: &Report) -> String {
    match report.parts.as_slice() {
        [part] if !report.several => document(report.command, part),
        parts => {
            let workspaces: Vec<Json> = parts.iter().map(|part| value(report.command, part)).collect();
            pretty(&json!({ "format": SEVERAL, "workspaces": workspaces }))
        }
    }
}

/// Renders a plan in its saved form.
pub fn plan(plan: &Plan) -> String {
    pretty(plan)
}

fn document(command: Command, part: &Part) -> String {
    match &part.body {
        // Serializes the plan directly, as it is saved, without an intermediate map.
        Body::Planned(plan) if command != Command::Drift => pretty(&*plan.plan),
        Body::Ran(plan, run) => pretty(&result::build(plan, run)),
        Body::Planned(_) | Body::Failed(_) => pretty(&value(command, part)),
    }
}

fn value(command: Command, part: &Part) -> Json {
    match &part.body {
        Body::Planned(plan) => {
            let mut json = json!(*plan.plan);
            if command == Command::Drift {
                json["format"] = DRIFT.into();
            }
            json
        }
        Body::Ran(plan, run) => json!(result::build(plan, run)),
        Body::Failed(failure) => error(part, failure),
    }
}

fn error(part: &Part, failure: &Failure) -> Json {
    let mut json = json!({
        "format": ERROR,
        "workspace": part.name(),
        "exit": part.exit,
        "error": failure.message,
        "diagnostics": failure.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
    });
    if let Some(reason) = failure.reason {
        json["reason"] = json!(reason);
    }
    json
}

fn diagnostic(diagnostic: &Diagnostic) -> Json {
    let mut problem = json!(diagnostic.problem);
    let mut json = json!({
        "severity": "error",
        "message": diagnostic.message(),
        "kind": problem["kind"].take(),
        "args": problem.get_mut("args").map_or_else(|| json!({}), Json::take),
    });
    if let Some(source) = &diagnostic.source {
        json["source"] = json!(source);
    }
    let help = diagnostic.help();
    if !help.is_empty() {
        json["help"] = json!(help);
    }
    if let Some((source, label)) = &diagnostic.related {
        json["related"] = json!({ "message": label.to_string(), "source": source });
    }
    json
}

fn pretty(value: &impl serde::Serialize) -> String {
    // Map keys are strings, so serialization cannot fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
