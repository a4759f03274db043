//! Output of `rosterctl history`: the runs, newest first, as text and JSON.

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::phrases::{Phrase, comma, status};
use super::text::{TextStyle, wrap};
use crate::messages::zh::{Region, words};
use crate::messages::{Message as _, notes};
use crate::model::chain::ChainRemark;
use crate::model::date::Zone;
use crate::model::history::{ResourceWrite, RunRecord, StepRecord, WrittenField};
use crate::model::id::{ResourceId, safe};
use crate::model::language::{Language, say};
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
pub fn text(runs: &Runs<'_>, look: TextStyle, language: Language) -> String {
    let mut out = String::new();
    for record in &runs.records {
        out.push_str(&run(record, runs.zone, look, language));
        out.push('\n');
    }
    if runs.records.is_empty() {
        out.push_str(language.choose(
            "No run to show.\n",
            "没有可以显示的执行。\n",
            "沒有可以顯示的執行。\n",
        ));
    }
    for remark in runs.remarks {
        let (mark, colour) = if remark.is_break() { ("!", AnsiColor::Red) } else { ("i", AnsiColor::Cyan) };
        let line = wrap(&format!("{mark} {}", safe(&remark.say(language))), 2, look.width);
        out.push_str(&format!("{}\n", look.paint(&line, colour.on_default())));
    }
    out
}

/// Renders a run.
fn run(record: &RunRecord, zone: &Zone, look: TextStyle, language: Language) -> String {
    let done = record.steps.iter().filter(|step| step.status == Status::Done).count();
    let steps = record.steps.len();
    let (at, who) = (zone.rfc3339(record.run.moment()), safe(&record.who));
    let commit = record.commit.as_deref().map(safe);
    let commit =
        commit.map(|commit| say!(language, ", commit {commit}", "，提交 {commit}", "，提交 {commit}"));
    let commit = commit.unwrap_or_default();
    let end = match record.exit {
        Some(exit) => say!(language, "exit code {exit}", "退出码 {exit}", "結束代碼 {exit}"),
        None => language.choose("it came to no end", "没有执行到底", "沒有執行到底").to_owned(),
    };
    let name = look.paint(&record.run.to_string(), Style::new().bold());
    let mut out = say!(
        language,
        "{name}  {at} by {who}{commit}: {done} of {steps} steps done, {end}\n",
        "{name}  {at}，执行人 {who}{commit}：{steps} 步里完成 {done} 步，{end}\n",
        "{name}  {at}，執行人 {who}{commit}：{steps} 步裡完成 {done} 步，{end}\n"
    );
    let resources = record.resources();
    let more = resources.len().saturating_sub(MOST);
    for (id, write) in resources.iter().take(MOST) {
        out.push_str(&resource(id, write, look, language));
    }
    if more > 0 {
        let run = record.run;
        out.push_str(&say!(
            language,
            "      and {more} more; `rosterctl show {run}` shows all\n",
            "      另有 {more} 项；`rosterctl show {run}` 显示全部\n",
            "      另有 {more} 項；`rosterctl show {run}` 顯示全部\n"
        ));
    }
    for step in record.steps.iter().filter(|step| step.status != Status::Done) {
        out.push_str(&open(step, language));
    }
    out
}

/// Renders the effect of a run on a resource.
fn resource(id: &ResourceId, write: &ResourceWrite<'_>, look: TextStyle, language: Language) -> String {
    let colour = match write.action {
        Action::Create => AnsiColor::Green,
        Action::Update => AnsiColor::Yellow,
        Action::Replace => AnsiColor::Magenta,
        Action::Delete => AnsiColor::Red,
    };
    let mark = look.paint(&format!("{:>3}", write.action.mark()), colour.on_default().bold());
    let mut parts: Vec<String> = match write.action {
        Action::Delete => Vec::new(),
        Action::Create | Action::Update | Action::Replace => {
            write.fields.iter().filter_map(|write| field(write, language)).collect()
        }
    };
    if write.is_unknown {
        let unknown = ("the effect of a step is unknown", "有一步结果不明", "有一步結果不明");
        parts.push(language.choose(unknown.0, unknown.1, unknown.2).to_owned());
    }
    let text = if parts.is_empty() {
        String::new()
    } else {
        format!("  {}", parts.join(language.choose(", ", "，", "，")))
    };
    format!("  {mark} {id}{}\n", sanitize(&text))
}

/// Describes a written field; `None` if it stayed the same.
fn field(field: &WrittenField<'_>, language: Language) -> Option<String> {
    let key = field.field.name(language);
    let region = Region::of(language);
    let words = |value: &Value| region.map_or_else(|| value.words(), |region| words::value(region, value));
    if let (Some(Value::Members(after)), before) = (field.after, field.before) {
        let before = before.and_then(Value::members).map_or(&NO_MEMBERS, |members| members);
        let moves = members(before, after);
        return (!moves.is_empty()).then(|| format!("{key} {moves}"));
    }
    match (field.before, field.after) {
        // A password has no value.
        (None, None) => Some(say!(language, "{key} set", "已设置{key}", "已設定{key}")),
        (before, after) if before == after => None,
        (None, Some(after)) => Some(format!("{key} {}", words(after))),
        (Some(before), after) => {
            let unset = || Phrase::Unset.say(language).into_owned();
            Some(format!("{key} {} -> {}", words(before), after.map_or_else(unset, words)))
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
fn open(step: &StepRecord, language: Language) -> String {
    let ids: Vec<String> = step.left_out.iter().take(MOST).map(ToString::to_string).collect();
    let ids = ids.join(comma(language));
    let (status, operation) = match Region::of(language) {
        // JSON has the same words.
        None => (step.status.word().into(), step.operation.to_string()),
        Some(region) => (status(step.status, language), words::operation(region, step.operation)),
    };
    let why = step.message.as_deref().map(|message| match step.notes.as_slice() {
        [] => safe(message),
        known => safe(&notes(known, language)),
    });
    let why = why.map(|why| say!(language, ": {why}", "：{why}", "：{why}")).unwrap_or_default();
    format!("    ! {status} {operation} {ids}{why}\n")
}

/// Returns the JSON document of the runs: their records without the content of their reports.
pub fn document(runs: &Runs<'_>) -> impl Serialize {
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
    Document {
        format: FORMAT,
        workspace: runs.workspace,
        sound: runs.is_sound,
        remarks: runs.remarks.iter().map(remark).collect(),
        runs: &runs.records,
    }
}
