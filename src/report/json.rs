//! Renders a report as JSON, straight into a writer.
//!
//! The document of one workspace is the saved form of its plan, or the result of its run. Several workspaces are entries
//! of one document, which is written entry by entry.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Value as Json, json};

use super::{Body, Command, Failure, Part, Sound, result};
use crate::model::diagnostic::Diagnostic;
use crate::model::plan::Plan;

/// The value of `format` of several workspaces.
const SEVERAL: &str = "rosterctl.plans/v1";
/// The value of `format` of several workspaces that were validated.
const SEVERAL_VALIDATED: &str = "rosterctl.validations/v1";
/// The value of `format` of a failed workspace.
const ERROR: &str = "rosterctl.error/v1";
/// The value of `format` of a workspace that was validated.
const VALIDATED: &str = "rosterctl.validate/v1";

/// Writes the document of one workspace.
pub(super) fn part(command: Command, part: &Part, out: &mut dyn Write) -> io::Result<()> {
    match &part.body {
        Body::Planned(shown) => plan(shown, out),
        Body::Ran(plan, run) => pretty(&result::build(plan, run), out),
        Body::Sound(shown) => pretty(&sound(part, shown), out),
        Body::Failed(failure) => pretty(&error(command, part, failure), out),
    }
}

/// Begins the document of several workspaces.
pub(super) fn begin(command: Command, out: &mut dyn Write) -> io::Result<()> {
    let format = if command == Command::Validate { SEVERAL_VALIDATED } else { SEVERAL };
    write!(out, "{{\n  \"format\": \"{format}\",\n  \"workspaces\": [")
}

/// Writes the entry of a workspace.
pub(super) fn entry(command: Command, part: &Part, first: bool, out: &mut dyn Write) -> io::Result<()> {
    match &part.body {
        Body::Planned(plan) => item(&*plan.plan, first, out),
        Body::Ran(plan, run) => item(&result::build(plan, run), first, out),
        Body::Sound(shown) => item(&sound(part, shown), first, out),
        Body::Failed(failure) => item(&error(command, part, failure), first, out),
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
    write(value, 2, out)
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

fn sound(part: &Part, sound: &Sound) -> Json {
    let mut json = json!({
        "format": VALIDATED,
        "workspace": part.name(),
        "exit": part.exit,
        "declared": {
            "agents": sound.agents, "queues": sound.queues, "seats": sound.seats, "absent": sound.absent,
        },
        "diagnostics": [],
    });
    if let Some((at, until)) = &sound.span {
        json["at"] = json!(at);
        json["until"] = json!(until);
    }
    json
}

fn error(command: Command, part: &Part, failure: &Failure) -> Json {
    let mut json = json!({
        "format": if command == Command::Validate { VALIDATED } else { ERROR },
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
        json["file"] = json!(source.file);
        json["line"] = json!(source.line);
        json["column"] = json!(source.column);
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
    write(value, 0, out)?;
    out.write_all(b"\n")
}

/// Writes a value at a depth, with indentation.
fn write(value: &impl Serialize, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    // A buffer of a known type: a document of 100,000 agents has 40 million pieces.
    let mut out = BufWriter::new(out);
    value.serialize(&mut Serializer::with_formatter(&mut out, Indented { depth, is_empty: true }))?;
    out.flush()
}

/// The format of `serde_json::to_writer_pretty`, from a depth on, with each indentation in one piece.
struct Indented {
    /// Open objects and lists.
    depth: usize,
    /// True while the innermost one has no entry.
    is_empty: bool,
}

/// The separator of two entries, a line break and the indentation of a depth.
const BREAK: &[u8] = b",\n                                ";

impl Indented {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, open: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.is_empty = true;
        out.write_all(open)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, close: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if !std::mem::take(&mut self.is_empty) {
            self.line(out, true)?;
        }
        out.write_all(close)
    }

    /// Begins a line; one that is not the first follows a comma.
    fn line<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        let end = 2 + 2 * self.depth;
        match BREAK.get(usize::from(first)..end) {
            Some(line) => out.write_all(line),
            None => write!(out, "{}{:end$}", if first { "\n" } else { ",\n" }, "", end = 2 * self.depth),
        }
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_empty = false;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_indented_like_that_of_serde_json() {
        let mut value = json!({ "a": [], "b": {}, "c": [1, { "d": [[]] }] });
        for _ in 0..20 {
            value = json!([value, { "e": null }]);
        }
        let mut text = Vec::new();
        write(&value, 0, &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), serde_json::to_string_pretty(&value).unwrap());
    }
}
