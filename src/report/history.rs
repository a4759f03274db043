//! Output of `rosterctl history`: the runs, newest first, as text and JSON.

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::text::{TextStyle, wrap};
use crate::model::chain::ChainRemark;
use crate::model::date::Zone;
use crate::model::history::{ResourceWrite, RunRecord, StepRecord, WrittenField};
use crate::model::id::{ResourceId, safe};
use crate::model::outcome::Status;
use crate::model::plan::Action;
use crate::model::text::sanitize;
use crate::model::value::{Members, NO_MEMBERS, Value};

/// The value of `format` of the document.
const FORMAT: &str = "rosterctl.runs/v1";

/// The most resources of a run that text names.
const MOST: usize = 20;

/// The runs of a workspace that were asked for.
#[derive(Debug)]
pub struct Runs<'a> {
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The zone of times in text.
    pub zone: &'a Zone,
    /// The runs, newest first.
    pub records: Vec<&'a RunRecord>,
    /// The remarks on the chain.
    pub remarks: &'a [ChainRemark],
    /// True if the chain is not broken.
    pub is_sound: bool,
}

/// Renders the runs for people.
pub fn text(runs: &Runs<'_>, look: TextStyle) -> String {
    let mut out = String::new();
    for record in &runs.records {
        out.push_str(&run(record, runs.zone, look));
        out.push('\n');
    }
    if runs.records.is_empty() {
        out.push_str("No run to show.\n");
    }
    for remark in runs.remarks {
        let (mark, colour) = if remark.is_break() { ("!", AnsiColor::Red) } else { ("i", AnsiColor::Cyan) };
        let line = wrap(&format!("{mark} {}", safe(&remark.to_string())), 2, look.width);
        out.push_str(&format!("{}\n", look.paint(&line, colour.on_default())));
    }
    out
}

/// Renders a run.
fn run(record: &RunRecord, zone: &Zone, look: TextStyle) -> String {
    let done = record.steps.iter().filter(|step| step.status == Status::Done).count();
    let commit = record.commit.as_deref().map(|commit| format!(", commit {}", safe(commit)));
    let end = match record.exit {
        Some(exit) => format!("exit code {exit}"),
        None => "it came to no end".to_owned(),
    };
    let mut out = format!(
        "{}  {} by {}{}: {done} of {} steps done, {end}\n",
        look.paint(&record.run.to_string(), Style::new().bold()),
        zone.rfc3339(record.run.moment()),
        safe(&record.who),
        commit.unwrap_or_default(),
        record.steps.len()
    );
    let resources = record.resources();
    let more = resources.len().saturating_sub(MOST);
    for (id, write) in resources.iter().take(MOST) {
        out.push_str(&resource(id, write, look));
    }
    if more > 0 {
        out.push_str(&format!("      and {more} more; `rosterctl show {}` shows all\n", record.run));
    }
    for step in record.steps.iter().filter(|step| step.status != Status::Done) {
        out.push_str(&open(step));
    }
    out
}

/// Renders the effect of a run on a resource.
fn resource(id: &ResourceId, write: &ResourceWrite<'_>, look: TextStyle) -> String {
    let colour = match write.action {
        Action::Create => AnsiColor::Green,
        Action::Update => AnsiColor::Yellow,
        Action::Replace => AnsiColor::Magenta,
        Action::Delete => AnsiColor::Red,
    };
    let mark = look.paint(&format!("{:>3}", write.action.mark()), colour.on_default().bold());
    let mut parts: Vec<String> = match write.action {
        Action::Delete => Vec::new(),
        Action::Create | Action::Update | Action::Replace => write.fields.iter().filter_map(field).collect(),
    };
    if write.is_unknown {
        parts.push("the effect of a step is unknown".to_owned());
    }
    let text = if parts.is_empty() { String::new() } else { format!("  {}", parts.join(", ")) };
    format!("  {mark} {id}{}\n", sanitize(&text))
}

/// Describes a written field; `None` if it stayed the same.
fn field(field: &WrittenField<'_>) -> Option<String> {
    let key = field.field.key;
    if let (Some(Value::Members(after)), before) = (field.after, field.before) {
        let before = before.and_then(Value::members).map_or(&NO_MEMBERS, |members| members);
        let moves = members(before, after);
        return (!moves.is_empty()).then(|| format!("{key} {moves}"));
    }
    match (field.before, field.after) {
        // A password has no value.
        (None, None) => Some(format!("{key} set")),
        (before, after) if before == after => None,
        (None, Some(after)) => Some(format!("{key} {}", after.words())),
        (Some(before), after) => {
            let after = after.map_or_else(|| "unset".to_owned(), Value::words);
            Some(format!("{key} {} -> {after}", before.words()))
        }
    }
}

/// Describes the difference of two member lists: `+8001 (10) -8002`.
fn members(before: &Members, after: &Members) -> String {
    let left = before.keys().filter(|id| !after.contains_key(*id)).map(|id| format!("-{id}"));
    let joined = after.iter().filter(|(id, _)| !before.contains_key(*id));
    let joined = joined.map(|(id, priority)| format!("+{id} ({priority})"));
    let moved = after.iter().filter_map(|(id, priority)| {
        let was = before.get(id).filter(|was| *was != priority)?;
        Some(format!("{id} ({was} -> {priority})"))
    });
    left.chain(joined).chain(moved).collect::<Vec<_>>().join(" ")
}

/// Renders a step that was not done.
fn open(step: &StepRecord) -> String {
    let ids: Vec<String> = step.left_out.iter().take(MOST).map(ToString::to_string).collect();
    let why = step.message.as_deref().map(|why| format!(": {}", safe(why))).unwrap_or_default();
    format!("    ! {} {} {}{why}\n", step.status.word(), step.operation, ids.join(", "))
}

/// Renders the runs as JSON: their records without the content of their reports.
///
/// # Errors
/// A record cannot be serialized.
pub fn json(runs: &Runs<'_>) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        format: &'static str,
        workspace: &'a str,
        sound: bool,
        remarks: Vec<Json>,
        runs: &'a [&'a RunRecord],
    }
    let remark = |remark: &ChainRemark| {
        let mut json = json!(remark);
        json["message"] = json!(remark.to_string());
        json["broken"] = json!(remark.is_break());
        json
    };
    let document = Document {
        format: FORMAT,
        workspace: runs.workspace,
        sound: runs.is_sound,
        remarks: runs.remarks.iter().map(remark).collect(),
        runs: &runs.records,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
