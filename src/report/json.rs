//! Renders a report as JSON, straight into a writer.
//!
//! The document of one workspace is the saved form of its plan, or the result of its run. Several workspaces are entries
//! of one document, which is written entry by entry.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{Body, Failure, Part, result};
use crate::model::diagnostic::Diagnostic;
use crate::model::plan::Plan;

/// The value of `format` of several workspaces.
const SEVERAL: &str = "rosterctl.plans/v1";
/// The value of `format` of a failed workspace.
const ERROR: &str = "rosterctl.error/v1";

/// Writes the document of one workspace.
pub(super) fn part(part: &Part, out: &mut dyn Write) -> io::Result<()> {
    match &part.body {
        Body::Planned(shown) => plan(shown, out),
        Body::Ran(plan, run) => pretty(&result::build(plan, run), out),
        Body::Failed(failure) => pretty(&error(part, failure), out),
    }
}

/// Begins the document of several workspaces.
pub(super) fn begin(out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\n  \"format\": \"{SEVERAL}\",\n  \"workspaces\": [")
}

/// Writes the entry of a workspace.
pub(super) fn entry(part: &Part, first: bool, out: &mut dyn Write) -> io::Result<()> {
    match &part.body {
        Body::Planned(plan) => item(&*plan.plan, first, out),
        Body::Ran(plan, run) => item(&result::build(plan, run), first, out),
        Body::Failed(failure) => item(&error(part, failure), first, out),
    }
}

/// Ends the document of several workspaces.
pub(super) fn end(empty: bool, out: &mut dyn Write) -> io::Result<()> {
    close(empty, out)?;
    out.write_all(b"\n}\n")
}

/// Writes an item of a list under a key of a document.
pub(super) fn item(value: &impl Serialize, first: bool, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(if first { b"\n    " } else { b",\n    " })?;
    Ok(serde_json::to_writer_pretty(Indented { out, by: b"    " }, value)?)
}

/// Ends a list under a key of a document.
pub(super) fn close(empty: bool, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(if empty { b"]" } else { b"\n  ]" })
}

/// Writes a plan in its saved form.
///
/// # Errors
/// Those of the writer.
pub fn plan(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    pretty(plan, out)
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

fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writer that indents all lines but the first. A string in JSON holds no line break.
struct Indented<'a> {
    out: &'a mut dyn Write,
    by: &'static [u8],
}

impl Write for Indented<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.out.write_all(line)?;
            if line.ends_with(b"\n") {
                self.out.write_all(self.by)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
