//! Renders a report as SARIF 2.1.0, for code scanning and editors.
//!
//! Rules are the rows of the table of finding codes. This file adds rules for results that are no finding: a
//! difference, an error in a file, a step that was not done. A result without a line points at the workspace file,
//! because code scanning hides a result without a place.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value as Json, json};

use super::phrases::{Phrase, semicolon};
use super::view::{self, Line, LineKind, View};
use super::{Body, Command, Part, Report, json, reference};
use crate::model::id::safe;
use crate::model::plan::Action;
use crate::model::rule::{self, RULES, Severity};
use crate::model::source::Source;
use crate::model::text::sanitize_lines;

/// Rules besides the table of codes: id, severity, sentence.
const OWN: [(&str, Severity, &str); 6] = [
    ("change", Severity::Info, "Live differs from the manifests, and a step remedies it."),
    ("input", Severity::Error, "The workspace file or a manifest is wrong."),
    ("failure", Severity::Error, "The workspace could not be planned or applied."),
    ("moved", Severity::Error, "Live state moved since the plan was made."),
    ("step", Severity::Error, "A step was not done, or its outcome is unknown."),
    ("rest", Severity::Warning, "There are more results than code scanning shows."),
];

/// Maximum number of results of a run. Code scanning accepts 25,000 and shows 5,000 in its own order. So rosterctl
/// orders and cuts the results itself, and the last result counts the rest.
const MOST: usize = 5_000;

/// Begins a report, which has one run per workspace. Code scanning closes alerts of a run id that its next run lacks.
pub(super) fn begin(out: &mut dyn Write) -> io::Result<()> {
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    write!(out, "{{\n  \"$schema\": \"{schema}\",\n  \"runs\": [")
}

/// Writes the run of a workspace; `alone` if no other has its name.
pub(super) fn part(
    report: &Report,
    part: &Part,
    alone: bool,
    first: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    json::item(&run(report, part, alone), first, out)
}

/// Ends a report.
pub(super) fn end(empty: bool, out: &mut dyn Write) -> io::Result<()> {
    json::close(empty, out)?;
    out.write_all(b",\n  \"version\": \"2.1.0\"\n}\n")
}

fn run(report: &Report, part: &Part, alone: bool) -> Json {
    let (mut results, others) = results(report, part);
    tell_apart(&mut results);
    let count = results.len() + others;
    if count > MOST {
        results.sort_by_key(|result| result.rank);
        results.truncate(MOST - 1);
        let text = Phrase::ResultsLeftOut(count - results.len()).say(part.scene.language);
        results.push(one(report, part, "rest", Severity::Warning, &text, "", None));
    }
    json!({
        "tool": { "driver": {
            "name": "rosterctl",
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules(),
        } },
        "automationDetails": { "id": format!("rosterctl/{}/{}/", report.command.word(), category(report, part, alone)) },
        "columnKind": "unicodeCodePoints",
        "invocations": [{ "executionSuccessful": !matches!(part.body, Body::Failed(_)) }],
        "results": results.into_iter().map(|result| result.json).collect::<Vec<_>>(),
    })
}

/// Returns the workspace's part of the run id: its name, or its place if names repeat.
fn category(report: &Report, part: &Part, alone: bool) -> String {
    let category = if alone { part.name().into() } else { report.path(&part.place) };
    safe(&category)
}

/// A result, and its rank when there are too many: deletions, errors, warnings, the rest.
struct Ranked {
    rank: usize,
    json: Json,
}

/// Numbers results that share a fingerprint, such as two fields of an agent. Code scanning shows one alert per
/// fingerprint.
fn tell_apart(results: &mut [Ranked]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for Ranked { json, .. } in results {
        if let Some(Json::String(print)) = json.pointer_mut("/partialFingerprints/rosterctl~1v1") {
            let count = seen.entry(print.clone()).or_default();
            *count += 1;
            if *count > 1 {
                let _ = write!(print, ":{count}");
            }
        }
    }
}

fn rules() -> Vec<Json> {
    let table = RULES.iter().map(|rule| (rule.code, rule.severity, rule.doc));
    let rule = |(id, severity, doc): (&str, Severity, &str)| {
        let mut row = json!({
            "id": id,
            "shortDescription": { "text": doc },
            "fullDescription": { "text": doc },
            "defaultConfiguration": { "level": level(severity) },
        });
        if let Some(rule) = rule::rule(id) {
            let effect = reference::effect(rule.effect);
            row["fullDescription"] = json!({ "text": format!("{doc} Effect: {effect}.") });
            row["help"] = json!({ "text": rule.remedy });
        } else {
            row["help"] = json!({ "text": doc });
        }
        row
    };
    table.chain(OWN).map(rule).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// Creates a result; `key` distinguishes it from others of its rule when lines move.
fn one(
    report: &Report,
    part: &Part,
    rule: &str,
    severity: Severity,
    text: &str,
    key: &str,
    source: Option<&Source>,
) -> Ranked {
    let index =
        RULES.iter().map(|rule| rule.code).chain(OWN.iter().map(|(id, ..)| *id)).position(|id| id == rule);
    let file: &str = source.map_or(&*part.file, |source| &*source.file);
    let region = match source {
        Some(source) => json!({ "startLine": source.line, "startColumn": source.column }),
        None => json!({ "startLine": 1 }),
    };
    let json = json!({
        "ruleId": rule,
        "ruleIndex": index,
        "level": level(severity),
        "message": { "text": sanitize_lines(text) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(report, file),
            "region": region,
        } }],
        "partialFingerprints": { "rosterctl/v1": format!("{}:{rule}:{key}", part.name()) },
    });
    let rank = match severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Info => 3,
    };
    Ranked { rank, json }
}

/// Returns the results, and the number of those that no run has room for.
fn results(report: &Report, part: &Part) -> (Vec<Ranked>, usize) {
    match &part.body {
        Body::Planned(plan) => lines(report, part, &view::build(plan, report.command, &part.scene)),
        Body::Ran(plan, run) => {
            let view = view::build_run(plan, run, &part.scene);
            // A failure of the whole run has no resource.
            let is_bad = view.end.as_ref().is_some_and(|end| !end.whole);
            let verdict = view.verdict.as_ref().filter(|_| is_bad).map(|verdict| &*verdict.text);
            let verdict =
                verdict.map(|verdict| one(report, part, "failure", Severity::Error, verdict, "", None));
            let (lines, others) = lines(report, part, &view);
            (verdict.into_iter().chain(lines).collect(), others)
        }
        Body::Sound(_) => (Vec::new(), 0),
        Body::Failed(failure) if failure.diagnostics.is_empty() => {
            (vec![one(report, part, "failure", Severity::Error, &failure.message.to_string(), "", None)], 0)
        }
        Body::Failed(failure) => {
            let wrong = failure.diagnostics.iter().map(|diagnostic| {
                let language = part.scene.language;
                let (message, help) = (diagnostic.message_in(language), diagnostic.help_in(language));
                let gap = if help.is_empty() { "" } else { semicolon(language) };
                let text = format!("{message}{gap}{help}");
                let mut result = one(
                    report,
                    part,
                    "input",
                    Severity::Error,
                    &text,
                    &diagnostic.message(),
                    diagnostic.source.as_ref(),
                );
                if let Some((source, label)) = &diagnostic.related {
                    result.json["relatedLocations"] = json!([{
                        "message": { "text": sanitize_lines(&label.to_string()) },
                        "physicalLocation": {
                            "artifactLocation": artifact(report, &source.file),
                            "region": { "startLine": source.line, "startColumn": source.column },
                        },
                    }]);
                }
                result
            });
            (wrong.collect(), 0)
        }
    }
}

fn lines(report: &Report, part: &Part, view: &View<'_>) -> (Vec<Ranked>, usize) {
    let result = |line: &Line| {
        let source = line.source.as_ref();
        let name = line.name().map(|name| format!(" {name}")).unwrap_or_default();
        let words = line.words();
        let gap = if words.is_empty() { "" } else { ": " };
        let text =
            format!("{} {}{name}{gap}{words}", view.say(Phrase::KindIn(line.tone, view.tense)), line.subject);
        match line.tone {
            LineKind::Open(_) => one(report, part, "step", Severity::Error, &text, &line.subject, source),
            LineKind::Moved => one(report, part, "moved", Severity::Error, &text, &line.subject, source),
            LineKind::Find(severity) => {
                // The first of several agents is the key: an alert stays the same when another agent joins the group.
                let key = line.everyone.first().or(line.about.as_ref()).map_or("", String::as_str);
                one(report, part, &line.subject, severity, &line.words_with_subject(), key, source)
            }
            LineKind::Act(action) => {
                let severity = match report.command {
                    Command::Drift => Severity::Warning,
                    Command::Plan | Command::Apply | Command::Snapshot | Command::Validate => Severity::Info,
                };
                let result = one(report, part, "change", severity, &text, &line.subject, source);
                match action {
                    Action::Delete | Action::Replace => Ranked { rank: 0, ..result },
                    Action::Create | Action::Update => result,
                }
            }
        }
    };
    let (shown, others) = view.lines_up_to(MOST);
    (shown.map(|line| result(&line)).collect(), others)
}

/// Returns the location of a file: relative to the repository root, or absolute.
fn artifact(report: &Report, file: &str) -> Json {
    let path = report.path(file);
    if path.starts_with('/') {
        json!({ "uri": uri(&path) })
    } else {
        json!({ "uri": uri(&path), "uriBaseId": "%SRCROOT%" })
    }
}

/// Converts a path to a relative reference of RFC 3986. Letters, digits and `-._~/` stay, other bytes become `%XX`.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into());
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    // An absolute path is no relative reference: without a scheme it would name the root of a host.
    if out.starts_with('/') { format!("file://{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("roster/售前 1.yaml"), "roster/%E5%94%AE%E5%89%8D%201.yaml");
        assert_eq!(uri("/srv/a:b.yaml"), "file:///srv/a%3Ab.yaml");
    }
}
