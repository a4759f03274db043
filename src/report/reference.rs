//! Renders a Markdown reference of every field, setting and finding code from the tables.
//!
//! The page is generated from the tables and checked in.

use std::fmt::Write as _;

use crate::config::settings::{
    CALENDAR, CONNECTION, Constraint, Form, IGNORE, IGNORE_DOC, LANGUAGE_DOC, LEDGER, POLICY, SCOPE,
    SCOPE_DOC, STORES, Setting, SettingType, Spec, TIME_ZONE_DOC,
};
use crate::model::field::{Field, Personal};
use crate::model::language::say;
use crate::model::language::{Language, TAGS};
use crate::model::presence::{STATES, State};
use crate::model::rule::{Effect, RULES};
use crate::model::support::{Cell, Support, Supports};
use crate::model::{agent, queue, seat};
use crate::report::phrases::comma;
use crate::yaml::types::{code, describe};

/// Returns the first connector's support of each kind.
pub(super) fn supports(specs: &[&'static Spec]) -> Supports {
    Supports::new(specs.iter().flat_map(|spec| spec.supports.iter().copied()))
}

/// Renders the reference; `specs` are the connectors.
pub fn fields(specs: &[&'static Spec]) -> String {
    let mut out = String::from(
        "<!-- Generated from the tables in src/model and src/provider: do not edit. `UPDATE=1 cargo test --test generated` regenerates it. -->\n\n\
         # Reference\n\n\
         `roster.schema.json`, `workspace.schema.json` and `plan.schema.json` in this folder describe the same for editors and pipelines.\n\n\
         The last three columns of the first tables name the vendor's keys that set a field when the resource is made, change it, and tell it; `–` where there is none.\n",
    );
    let supports = supports(specs);
    kind(
        &mut out,
        "Agents",
        "The key is `operatorId`; a pool has `operatorIds: FIRST..LAST` instead. Beside these fields an agent has `profile`, `state` (`present`, `absent`), `protect` and `allowAnyRole`.",
        supports.agents,
        agent::FIELDS,
    );
    kind(
        &mut out,
        "Queues",
        "The key is `displayName`, with `exten` where two live queues have one name. Beside these fields a queue has `memberSelector`, `allowEmpty` and `minMembers`.",
        supports.queues,
        queue::FIELDS,
    );
    kind(
        &mut out,
        "Seats",
        "The key is `account`. Seats are compared, never written.",
        supports.seats,
        seat::FIELDS,
    );
    out.push_str("\n## Connections\n\nSettings that every connection has:\n\n");
    settings(&mut out, CONNECTION);
    for spec in specs {
        let way = if spec.writes { "read and written" } else { "read only" };
        let _ = write!(
            out,
            "\n### `provider: {}`\n\n{} Vendor document: `{}`; {way}.\n\n",
            spec.name, spec.doc, spec.document
        );
        settings(&mut out, spec.settings);
    }
    out.push_str("\n## Stores of secrets\n");
    for (word, doc, table) in STORES {
        let _ = write!(out, "\n### `type: {word}`\n\n{doc}\n\n");
        settings(&mut out, table);
    }
    out.push_str("\n## Ledger\n\n");
    settings(&mut out, LEDGER);
    out.push_str(DATES);
    let _ = write!(out, "\n`timeZone`: {TIME_ZONE_DOC} Settings under `calendar`:\n\n");
    settings(&mut out, CALENDAR);
    let _ = write!(out, "\n## Language\n\n`language`: one of {}. {LANGUAGE_DOC}\n", TAGS.join(", "));
    out.push_str("\n## Policy\n\n");
    settings(&mut out, POLICY);
    out.push_str("\n### States of presence\n\nWhat `policy.presence.protect` may name.\n\n| state | meaning |\n| --- | --- |\n");
    for (state, word, doc) in STATES {
        let _ = writeln!(out, "| `{word}` | {} |", cell(&told_by(specs, *state, doc, Language::En)));
    }
    let _ = write!(out, "\n## Scope\n\n{SCOPE_DOC}\n\n");
    settings(&mut out, SCOPE);
    let _ = write!(out, "\n`ignore`: {IGNORE_DOC} Settings of an entry:\n\n");
    settings(&mut out, IGNORE);
    out.push_str("\n## Finding codes\n\n| code | severity | effect | meaning | what to do |\n| --- | --- | --- | --- | --- |\n");
    for rule in RULES {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            rule.code,
            rule.severity.word(),
            effect(rule.effect),
            cell(rule.doc),
            cell(rule.remedy)
        );
    }
    out
}

/// The keys of dates in manifests.
const DATES: &str = "\n## Dates\n\n\
    A date is a day, `2026-12-01`, or a moment, `2026-12-01T18:00`, which may carry an offset (`+08:00`).\n\n\
    | key | stands on | meaning |\n| --- | --- | --- |\n\
    | `from` | agents, pools, members, `during`, periods | the first day, or the first moment |\n\
    | `until` | the same | the last day, which is included; or a moment, which is not |\n\
    | `during` | agents, profiles, `defaults`, queues, members | a list of `{ from, until }` or `{ period }`, each with what holds in that time; then the base holds again. Agents: fields that an edit can set, and a base value to return to. Queues: `minMembers`, `assignMembers`, `memberSelector`, `allowEmpty`. Members: `priority` |\n\
    | `periods` | a document | names for spans, one set for the whole workspace: `NAME: { from, until }`, or a list of them |\n";

/// Returns the meaning of a state in a language, with the connectors that tell it.
pub(super) fn told_by(specs: &[&'static Spec], state: State, doc: &str, language: Language) -> String {
    let names: Vec<&str> = specs.iter().filter(|spec| spec.tells(state)).map(|spec| spec.name).collect();
    if names.is_empty() {
        return doc.to_owned();
    }
    let (doc, names) = (doc.trim_end_matches(['.', '。']), names.join(comma(language)));
    say!(language, "{doc} ({names}).", "{doc}（{names}）。", "{doc}（{names}）。")
}

pub(super) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Differs => "counts as a difference",
        Effect::Partial => "counts as a difference; the rest is applied (exit 5)",
        Effect::Invalid => "nothing is applied (exit 1)",
        Effect::Refused => "refused by policy (exit 4)",
        Effect::Incomplete => "nothing is applied (exit 6)",
    }
}

fn kind(out: &mut String, title: &str, intro: &str, support: &Support, table: &[&Field]) {
    let [create, edit, read] = support.operations;
    let _ = write!(
        out,
        "\n## {title}\n\n{intro}\n\n| field | values | meaning | {create} | {edit} | {read} |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for field in table {
        let mapping = support.mapping(field);
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} |",
            field.key,
            cell(&describe(field.ty)),
            meaning(field),
            keys(mapping.create),
            keys(mapping.update),
            keys(mapping.read)
        );
    }
}

/// Returns the meaning of a field, and a note if shared reports mask it.
fn meaning(field: &Field) -> String {
    let personal = match field.personal {
        None => "",
        Some(Personal::Phone | Personal::Email) => {
            " *Personal: masked in reports that others store or post.*"
        }
    };
    format!("{}{personal}", cell(field.doc))
}

fn keys(cells: &[Cell]) -> String {
    if cells.is_empty() {
        return "–".to_owned();
    }
    let one = |cell: &Cell| match cell.min {
        Some(min) => format!("`{}` ≥ {min}", cell.key),
        None => format!("`{}`", cell.key),
    };
    cells.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn settings(out: &mut String, table: &[Setting]) {
    out.push_str("| setting | values | default | meaning |\n| --- | --- | --- | --- |\n");
    rows(out, "", table);
}

fn rows(out: &mut String, prefix: &str, table: &[Setting]) {
    for setting in table {
        let key = format!("{prefix}{}", setting.key);
        let default = setting_default(setting);
        let values = setting_values(setting.ty);
        let _ = writeln!(out, "| `{key}` | {} | {} | {} |", cell(&values), cell(&default), cell(setting.doc));
        if let SettingType::Group(inner) = setting.ty {
            rows(out, &format!("{key}."), inner);
        }
    }
}

/// Returns the value that applies when a setting is missing.
pub(super) fn setting_default(setting: &Setting) -> String {
    match (setting.required, setting.default) {
        (true, _) => "required".to_owned(),
        (false, "") => match setting.bond {
            Constraint::Free => "–".to_owned(),
            Constraint::OneOf(keys) => format!("one of {}", code(keys)),
            Constraint::When(key, word) => format!("required by `{key}: {word}`"),
        },
        (false, default) => format!("`{default}`"),
    }
}

pub(super) fn setting_values(ty: SettingType) -> String {
    match ty {
        SettingType::Text => "text".to_owned(),
        SettingType::Address => "`https://HOST[:PORT]`".to_owned(),
        SettingType::Url(schemes) => format!("{} …", code(schemes)),
        SettingType::Choice(words) => code(words),
        SettingType::Words(words) => format!("list of {}", code(words)),
        SettingType::Texts => "list of texts".to_owned(),
        SettingType::Matching(form) => format!(
            "{}; or a list of them",
            match form {
                Form::Exact => "text",
                Form::Pattern => "text, in which `*` stands for any text and `?` for one character",
                Form::Ids => "number in quotes, or `FIRST..LAST`",
            }
        ),
        SettingType::Number { min, max: i64::MAX } => format!("whole number from {min}"),
        SettingType::Number { min, max } => format!("whole number from {min} to {max}"),
        SettingType::Numbers => "list of whole numbers".to_owned(),
        SettingType::Flag => "`true`, `false`".to_owned(),
        SettingType::Duration { .. } => "length of time: `500ms`, `30s`, `2m`, `1h`".to_owned(),
        SettingType::Days { never: false, .. } => "number of days: `90d`".to_owned(),
        SettingType::Days { never: true, .. } => "number of days: `30d`; or `never`".to_owned(),
        SettingType::Offset => "offset from UTC: `\"+08:00\"`".to_owned(),
        SettingType::Share => "share or count: `10%`, `12`".to_owned(),
        SettingType::Secret => "`{ store, key }`".to_owned(),
        SettingType::Group(_) => "mapping".to_owned(),
    }
}

/// Escapes a text for a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}
