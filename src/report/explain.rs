//! Explains a kind, a field, a setting or a finding code from the tables, for a terminal.
//!
//! Every topic has a path: `agent`, `agent.wrapUpSeconds`, `policy.limits.deletes`, `connection.agent-config.token`,
//! `R101`. A topic shows itself and those right below it. Topics outside the tables (`profile`, `minMembers`) come from
//! the schema of manifests, which editors show as well.

use std::fmt::Write as _;

use serde_json::Value as Json;
use textwrap::{Options, WordSplitter};

use super::reference::{effect, setting_default, setting_values, supports, told_by};
use crate::config::settings::{
    CALENDAR, CONNECTION, IGNORE, IGNORE_DOC, LEDGER, POLICY, SCOPE, SCOPE_DOC, STORES, Setting, SettingType,
    Spec, TIME_ZONE_DOC,
};
use crate::model::diagnostic::did_you_mean;
use crate::model::field::Field;
use crate::model::id::KINDS;
use crate::model::presence::STATES;
use crate::model::rule::RULES;
use crate::model::support::{Cell, Mapping, Support};
use crate::model::value::Type;
use crate::model::{agent, queue, seat};
use crate::yaml::types::describe;

/// A topic of `explain`.
struct Topic {
    path: String,
    /// Its meaning.
    doc: String,
    /// More lines, each a label and a fact.
    facts: Vec<(&'static str, String)>,
}

/// Explains a topic, or lists them all.
///
/// # Errors
/// There is no such topic; holds the nearest one, if one is near.
pub fn explain(
    wanted: Option<&str>,
    roster: &Json,
    specs: &[&'static Spec],
) -> Result<String, Option<String>> {
    let topics = topics(roster, specs);
    let Some(wanted) = wanted else { return Ok(overview(&topics, specs)) };
    let paths = || topics.iter().map(|topic| topic.path.as_str());
    let path = canonical(wanted);
    if let Some(topic) = topics.iter().find(|topic| topic.path.eq_ignore_ascii_case(&path)) {
        return Ok(shown(topic, &topics));
    }
    // A bare name: every topic whose last part it is.
    let ends = |path: &str| path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(wanted));
    let named: Vec<&Topic> =
        topics.iter().filter(|topic| !wanted.contains('.') && ends(&topic.path)).collect();
    if !named.is_empty() {
        return Ok(named.iter().map(|topic| shown(topic, &topics)).collect::<Vec<_>>().join("\n"));
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let near = did_you_mean(&path, paths()).map(str::to_owned);
    let near = near.or_else(|| {
        let words: Vec<String> = paths().map(last).collect();
        let word = did_you_mean(wanted, words.iter().map(String::as_str))?;
        paths().find(|path| last(path) == word).map(str::to_owned)
    });
    // The beginning of a name, or a part of it.
    let beginning = wanted.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let begins = |path: &&str| beginning.len() >= 3 && last(path).to_ascii_lowercase().contains(&beginning);
    Err(near.or_else(|| paths().find(begins).map(str::to_owned)))
}

/// Returns the path of a topic for common spellings: plurals, and the keys of the workspace file.
fn canonical(wanted: &str) -> String {
    let (first, rest) = wanted.split_once('.').map_or((wanted, None), |(first, rest)| (first, Some(rest)));
    let lower = first.to_ascii_lowercase();
    let first = match lower.as_str() {
        "profiles" | "defaults" | "default" => "profile",
        "connections" => "connection",
        "secret" | "secrets" | "stores" => "store",
        "findings" | "codes" | "code" => "finding",
        "periods" => "period",
        "policies" => "policy",
        "states" => "presence",
        plural => KINDS.iter().find(|names| names.plural == plural).map_or(first, |names| names.word),
    };
    // A profile has the fields of an agent.
    match (first, rest) {
        ("profile", Some(rest)) => format!("agent.{rest}"),
        (first, Some(rest)) => format!("{first}.{rest}"),
        (first, None) => first.to_owned(),
    }
}

fn topics(roster: &Json, specs: &[&'static Spec]) -> Vec<Topic> {
    let mut topics = Vec::new();
    let mut add = |path: &str, doc: &str| {
        topics.push(Topic { path: path.to_owned(), doc: doc.to_owned(), facts: Vec::new() });
    };
    add("agent", "Someone who answers calls and chats; an entry of `agents` in a manifest.");
    add(
        "queue",
        "An online skill group: a line of waiting customers and who serves it; an entry of `queues`.",
    );
    add("seat", "A voice seat; an entry of `seats`. Compared, never written.");
    add(
        "profile",
        "A named set of agent fields, under `profiles`; an agent takes one with `profile: NAME`. `defaults` are such fields for all agents of a document. What an agent says goes before its profile, the profile before `defaults`. The fields are those of `agent`.",
    );
    add(
        "connection",
        "A vendor system, under `connections` in rosterctl.yaml, with a free name and a `provider`.",
    );
    add(
        "store",
        "A place that secrets come from, under `secrets` in rosterctl.yaml, with a free name and a `type`.",
    );
    add("ledger", "Where rosterctl remembers what it applied; `ledger` in rosterctl.yaml.");
    add(
        "period",
        "A span of time by name, under `periods`: `{ from, until }`, or a list of them. One set for the whole workspace; an entry of `during` names one with `period`.",
    );
    add("timeZone", TIME_ZONE_DOC);
    add("calendar", "How far ahead the dates in the manifests are looked at; `calendar` in rosterctl.yaml.");
    add("policy", "What one run may do; `policy` in rosterctl.yaml.");
    add("scope", SCOPE_DOC);
    add("ignore", IGNORE_DOC);
    add("presence", "States of people at work, which `policy.presence.protect` may name.");
    add("finding", "Differences that no step remedies, or must not, each with a stable code.");
    let supports = supports(specs);
    fields(&mut topics, "agent", agent::FIELDS, supports.agents, &roster["$defs"]["agent"]);
    fields(&mut topics, "queue", queue::FIELDS, supports.queues, &roster["$defs"]["queue"]);
    fields(&mut topics, "seat", seat::FIELDS, supports.seats, &roster["$defs"]["seat"]);
    settings(&mut topics, "connection", CONNECTION);
    for spec in specs {
        let path = format!("connection.{}", spec.name);
        let way = if spec.writes { "read and written" } else { "read only" };
        topics.push(Topic {
            path: path.clone(),
            doc: spec.doc.to_owned(),
            facts: vec![
                ("chosen by", format!("provider: {}", spec.name)),
                ("is", way.to_owned()),
                ("calls", spec.operations.iter().map(|o| o.name).collect::<Vec<_>>().join(", ")),
                ("document", spec.document.to_owned()),
            ],
        });
        settings(&mut topics, &path, spec.settings);
    }
    for (word, doc, table) in STORES {
        let path = format!("store.{word}");
        let facts = vec![("chosen by", format!("type: {word}"))];
        topics.push(Topic { path: path.clone(), doc: (*doc).to_owned(), facts });
        settings(&mut topics, &path, table);
    }
    settings(&mut topics, "ledger", LEDGER);
    settings(&mut topics, "calendar", CALENDAR);
    settings(&mut topics, "policy", POLICY);
    settings(&mut topics, "scope", SCOPE);
    settings(&mut topics, "ignore", IGNORE);
    for (state, word, doc) in STATES {
        let doc = told_by(specs, *state, doc);
        topics.push(Topic { path: format!("presence.{word}"), doc, facts: Vec::new() });
    }
    for rule in RULES {
        topics.push(Topic {
            path: rule.code.to_owned(),
            doc: rule.doc.to_owned(),
            facts: vec![
                ("severity", rule.severity.word().to_owned()),
                ("effect", effect(rule.effect).to_owned()),
                ("what to do", rule.remedy.to_owned()),
            ],
        });
    }
    topics
}

/// Adds the fields of a kind: those of its table, then those of the schema alone.
fn fields(
    topics: &mut Vec<Topic>,
    kind: &str,
    table: &'static [&'static Field],
    support: &Support,
    schema: &Json,
) {
    let rows: Vec<Topic> = table.iter().map(|field| field_topic(kind, field, support)).collect();
    let none = serde_json::Map::new();
    let known = schema["properties"].as_object().unwrap_or(&none);
    let more = known.iter().filter(|(key, _)| table.iter().all(|field| field.key != **key));
    let (keys, others): (Vec<_>, Vec<_>) = more.partition(|(key, _)| {
        matches!(key.as_str(), "operatorId" | "operatorIds" | "displayName" | "exten" | "account")
    });
    topics.extend(keys.into_iter().map(|(key, schema)| schema_topic(kind, key, schema)));
    topics.extend(rows);
    topics.extend(others.into_iter().map(|(key, schema)| schema_topic(kind, key, schema)));
}

fn field_topic(kind: &str, field: &Field, support: &Support) -> Topic {
    let ([create, edit, read], mapping) = (support.operations, support.mapping(field));
    let mut facts = vec![("values", plain(&describe(field.ty)))];
    for (label, cells, operation) in [
        ("set by", mapping.create, create),
        ("changed by", mapping.update, edit),
        ("told by", mapping.read, read),
    ] {
        let keys = if cells.is_empty() {
            "no operation".to_owned()
        } else {
            format!("{} in {operation}", keys(cells))
        };
        facts.push((label, keys));
    }
    facts.push(("so", reach(kind, field, mapping)));
    Topic { path: format!("{kind}.{}", field.key), doc: field.doc.trim().to_owned(), facts }
}

fn keys(cells: &[Cell]) -> String {
    let one = |cell: &Cell| match cell.min {
        Some(min) => format!("{} (from {min})", cell.key),
        None => cell.key.to_owned(),
    };
    cells.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What follows from what a vendor can do with a field.
fn reach(kind: &str, field: &Field, mapping: &Mapping) -> String {
    let replaced = if kind == "agent" {
        "a difference is a finding (R101), or with `policy.immutable: replace` the agent is deleted and made again"
    } else {
        "a difference is a finding (R101): change it in the console, or in the manifest"
    };
    match (!mapping.create.is_empty(), mapping.is_editable(), mapping.is_read()) {
        _ if field.ty == Type::Password && kind == "agent" => {
            "it is set when the agent is made and when `version` changes; no system returns it, so it is compared with the ledger".to_owned()
        }
        (true, true, true) => "it is compared with what is live, and changed where it differs".to_owned(),
        (false, true, true) => "a new one gets it by a second call; it is changed where it differs".to_owned(),
        (true, false, true) => format!("it is set at creation only; {replaced}"),
        (true, true, false) => "no system returns it: it is compared with the ledger, and changed where that differs; `--assert-unread` sets it where the ledger knows nothing".to_owned(),
        (true, false, false) => "it is set at creation only, and no system returns it: it is compared with the ledger".to_owned(),
        (false, _, _) => "it is only compared: every difference is a finding".to_owned(),
    }
}

fn schema_topic(kind: &str, key: &str, schema: &Json) -> Topic {
    let doc = schema["description"].as_str().unwrap_or_default().to_owned();
    let mut facts = Vec::new();
    let words = |list: &Json| {
        list.as_array().map(|all| all.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "))
    };
    let values = match (words(&schema["enum"]), schema["type"].as_str()) {
        (Some(words), _) => words,
        (None, Some("boolean")) => "true, false".to_owned(),
        (None, Some("integer")) => "whole number from 0".to_owned(),
        (None, Some("object")) if schema.get("properties").is_none() => {
            "{ NAME: whole number from 0 }".to_owned()
        }
        (None, Some("object")) => {
            let keys = schema["properties"]
                .as_object()
                .map(|all| all.keys().cloned().collect::<Vec<_>>().join(", "));
            format!("{{ {} }}", keys.unwrap_or_default())
        }
        (None, _) => match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some("date") => "day or moment: 2026-12-01, 2026-12-01T18:00, 2026-12-01T18:00+08:00".to_owned(),
            Some(list) if list.starts_with("during") => {
                "list of { period, or from and until; and what holds then }".to_owned()
            }
            _ => "text".to_owned(),
        },
    };
    facts.push(("values", values));
    if let Some(default) = schema.get("default") {
        facts.push(("default", default.as_str().map_or_else(|| default.to_string(), str::to_owned)));
    }
    Topic { path: format!("{kind}.{key}"), doc, facts }
}

fn settings(topics: &mut Vec<Topic>, above: &str, table: &'static [Setting]) {
    for setting in table {
        let path = format!("{above}.{}", setting.key);
        let mut facts = vec![("values", plain(&setting_values(setting.ty)))];
        let default = plain(&setting_default(setting));
        if default != "–" {
            facts.push(("default", default));
        }
        topics.push(Topic { path: path.clone(), doc: setting.doc.to_owned(), facts });
        if let SettingType::Group(inner) = setting.ty {
            settings(topics, &path, inner);
        }
    }
}

/// Returns a cell of the reference without its marks.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Returns true if a topic stands right below another.
fn is_below(topic: &Topic, above: &str) -> bool {
    if above == "finding" {
        return RULES.iter().any(|rule| rule.code == topic.path);
    }
    topic
        .path
        .strip_prefix(above)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| !rest.contains('.'))
}

fn shown(topic: &Topic, topics: &[Topic]) -> String {
    let mut out = format!("{}\n\n", topic.path);
    out.push_str(&wrapped(&topic.doc, 2));
    if !topic.facts.is_empty() {
        out.push('\n');
    }
    let width = topic.facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    for (label, fact) in &topic.facts {
        let text = wrapped(fact, width + 4);
        let _ = write!(out, "  {label:width$}  {}", text.trim_start());
    }
    let below: Vec<&Topic> = topics.iter().filter(|other| is_below(other, &topic.path)).collect();
    if !below.is_empty() {
        out.push('\n');
        out.push_str(&table(&below));
    }
    out
}

fn table(topics: &[&Topic]) -> String {
    let name = |topic: &Topic| topic.path.rsplit('.').next().unwrap_or_default().to_owned();
    let width = topics.iter().map(|topic| name(topic).len()).max().unwrap_or(0);
    let mut out = String::new();
    for topic in topics {
        let text = wrapped(&topic.doc, width + 4);
        let _ = write!(out, "  {:width$}  {}", name(topic), text.trim_start());
    }
    out
}

fn overview(topics: &[Topic], specs: &[&'static Spec]) -> String {
    let kinds: Vec<&Topic> = topics
        .iter()
        .filter(|topic| !topic.path.contains('.') && RULES.iter().all(|rule| rule.code != topic.path))
        .collect();
    let vendor = specs.first().map_or("", |spec| spec.name);
    format!(
        "What can be explained:\n\n{}\nExamples: `rosterctl explain agent`, `explain agent.wrapUpSeconds`, \
         `explain connection.{vendor}`,\n`explain policy.limits`, `explain R101`.\n",
        table(&kinds)
    )
}

/// Returns text in lines of at most 100 columns, indented.
fn wrapped(text: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let lines = Options::new(100)
        .initial_indent(&indent)
        .subsequent_indent(&indent)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(&text.split_whitespace().collect::<Vec<_>>().join(" "), lines) + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::vendors;

    /// Returns the part of a manifest schema that the tables lack.
    fn roster() -> Json {
        let own = json!({ "protect": { "description": "No deletes.", "type": "boolean", "default": false } });
        json!({ "$defs": { "agent": { "properties": own }, "queue": {}, "seat": {} } })
    }

    fn said(wanted: &str) -> String {
        explain(Some(wanted), &roster(), &vendors::ALL.specs())
            .unwrap_or_else(|near| format!("near: {near:?}"))
    }

    #[test]
    fn every_topic_has_a_path_of_its_own_and_a_meaning() {
        let topics = topics(&roster(), &[]);
        let paths: BTreeSet<&str> = topics.iter().map(|topic| topic.path.as_str()).collect();
        assert_eq!(paths.len(), topics.len());
        assert!(topics.iter().all(|topic| !topic.doc.is_empty()));
        // Every topic is listed under its parent, or in the list of all.
        let all = explain(None, &roster(), &[]).unwrap_or_default();
        for topic in &topics {
            let above = topic.path.rsplit_once('.').map_or("finding", |(above, _)| above);
            let list = if topic.path.contains('.') || topic.path.starts_with('R') {
                said(above)
            } else {
                all.clone()
            };
            assert!(list.contains(topic.path.rsplit('.').next().unwrap_or_default()), "{}", topic.path);
        }
    }

    #[test]
    fn what_follows_from_the_columns_is_said() {
        insta::assert_snapshot!(
            ["agent.wrapUpSeconds", "agents.channels", "Agent.Role", "queue.memory", "protect", "policy.limits.floor"]
                .map(said)
                .join("\n"),
            @r##"
            agent.wrapUpSeconds

              After-call work, in seconds. Zero can be set at creation only.

              values      whole number from 0
              set by      afterInterval (from 0) in create/v2
              changed by  afterInterval (from 1) in edit/v2
              told by     afterInterval in page, one/v2
              so          it is compared with what is live, and changed where it differs

            agent.channels

              What the agent can be reached by. Set at creation only.

              values      list of voice, message, video
              set by      isaudio, ismessage, isvideo in create/v2
              changed by  no operation
              told by     isaudio, ismessage, isvideo in page, one/v2
              so          it is set at creation only; a difference is a finding (R101), or with
                          `policy.immutable: replace` the agent is deleted and made again

            agent.role

              Permission set. No operation returns it, so it is compared with the ledger.

              values      text, not empty
              set by      roleName in create/v2
              changed by  roleName in edit/v2
              told by     no operation
              so          no system returns it: it is compared with the ledger, and changed where that differs;
                          `--assert-unread` sets it where the ledger knows nothing

            queue.memory

              For how long a customer comes back to the same agent.

              values      off, 2h, 1d, 1w, 30d
              set by      isMemory, memoryTime in addQueue
              changed by  no operation
              told by     isMemory, memoryTime in queueQueue
              so          it is set at creation only; a difference is a finding (R101): change it in the
                          console, or in the manifest

            agent.protect

              No deletes.

              values   true, false
              default  false

            policy.presence.protect

              States in which an agent is left alone.

              values   list of on-call, wrap-up, busy, idle, resting, studying, signed-out, online, offline,
                       claiming, not-claiming, unknown
              default  [on-call]

            policy.limits.floor

              Counts up to this pass every limit that is not zero.

              values   whole number from 0 to 1000000
              default  5
            "##
        );
    }

    #[test]
    fn the_nearest_is_suggested() {
        assert_eq!(said("agent.wrapUpSecond"), "near: Some(\"agent.wrapUpSeconds\")");
        assert_eq!(said("wrapupsecs"), "near: Some(\"agent.wrapUpSeconds\")");
        assert_eq!(said("R10x"), "near: Some(\"R101\")");
        assert_eq!(said("xyzzy"), "near: None");
    }
}
