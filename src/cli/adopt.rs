//! `rosterctl adopt`: takes over into the manifests what people changed in the consoles.

use std::path::Path;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::plan_args::PlanArgs;
use super::session::load::{self, Loaded};
use super::session::manifest_edits::{self, adoption};
use super::session::planning::{self, Planned};
use super::workspace_args::date;
use crate::messages::Message as _;
use crate::model::date::Date;
use crate::model::difference::fields;
use crate::model::field::by_key;
use crate::model::id::ResourceId;
use crate::model::language::{Language, localized, say};
use crate::model::rule::Effect;
use crate::plan::adoption::{Adopted, Adoption};
use crate::storage::ledger::Store;

/// Take over into the manifests what people changed in the consoles.
///
/// Without names it takes what the console alone changed. What both sides changed, and live resources that no manifest
/// names, are taken only by name. Only the entries that change are written: all other bytes stay.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Resources and fields, like agent/8001 or agent/8001.name, and a folder that holds rosterctl.yaml, or that file.
    #[arg(value_name = "KIND/ID[.FIELD]]… [WORKSPACE")]
    words: Vec<String>,
    /// Hold the live values up to this day, and then return to what the manifests say.
    #[arg(long, value_name = "DAY", value_parser = date)]
    until: Option<Date>,
}

/// Splits words into names and the workspace.
pub(super) fn words(words: &[String]) -> Result<(Vec<Adopted>, &Path), CliError> {
    let (mut named, mut workspace) = (Vec::new(), None);
    for word in words {
        match adopted(word) {
            Some(name) => named.push(name),
            None if workspace.is_none() => workspace = Some(Path::new(word)),
            None => {
                return Err(CliError::Error(localized!(
                    "{word}: name one workspace; a resource begins with agent/, queue/ or seat/",
                    "{word}：请只写一个工作区；资源以 agent/、queue/ 或 seat/ 开头",
                    "{word}：請只寫一個工作區；資源以 agent/、queue/ 或 seat/ 開頭"
                )));
            }
        }
    }
    Ok((named, workspace.unwrap_or(Path::new("."))))
}

/// Parses `KIND/ID` or `KIND/ID.FIELD`. What follows the last dot is a field only if the kind has it.
fn adopted(word: &str) -> Option<Adopted> {
    let whole = ResourceId::parse(word)?;
    let field = word.rsplit_once('.').and_then(|(id, key)| {
        let id = ResourceId::parse(id)?;
        Some(Adopted { field: Some(by_key(fields(id.kind), key)?), id })
    });
    Some(field.unwrap_or(Adopted { id: whole, field: None }))
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let (named, place) = words(&arguments.words)?;
    let loaded = load::load(place)?;
    if let Some(until) = arguments.until {
        check(&loaded, until)?;
    }
    let language = console.language(loaded.workspace.language);
    if let Some(why) = loaded.journal().corruption() {
        console.note(&why.say(language));
    }
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let made = planning::make(&loaded, &store, &PlanArgs::everything()).await?;
    if let Some(finding) = made.plan.findings.iter().find(|finding| finding.effect() == Effect::Incomplete) {
        let reason = finding.reason.unwrap_or(crate::model::call::Reason::Incomplete);
        let finding = finding.localized();
        let why = localized!(
            finding;
            "nothing was written: {finding}",
            "什么都没有写入：{finding}",
            "什麼都沒有寫入：{finding}"
        );
        return Err(CliError::Unreachable(why, reason));
    }
    let Adoption { edits, left } = adoption(&loaded, &made, &named, arguments.until.is_some());
    let edited = manifest_edits::edit(&loaded, &edits, arguments.until, language)?;
    edited.write()?;
    for edit in edited.done(&edits) {
        console.out(&format!("{}\n", edit.say(language)));
    }
    for name in edited.names() {
        console.note(&say!(language, "wrote {name}", "已写入 {name}", "已寫入 {name}"));
    }
    let left: Vec<_> = left.iter().chain(&edited.left).collect();
    for left in &left {
        let left = left.say(language);
        let text = say!(language, "not taken over: {left}", "没有收进清单：{left}", "沒有收進清單：{left}");
        console.warning(&text, language);
    }
    if edited.is_empty() && left.is_empty() {
        console.note(language.choose(
            "nothing to take over: the consoles changed nothing since the last clean run",
            "没有要收进清单的：上次完整执行之后，控制台什么也没改",
            "沒有要收進清單的：上次完整執行之後，主控台什麼也沒改",
        ));
    } else if !edited.is_empty() {
        remains(place, &made, console, language)?;
    }
    Ok(if named.is_empty() || left.is_empty() { Exit::Success } else { Exit::Error })
}

/// Checks that a date can end a span in this workspace.
fn check(loaded: &Loaded, until: Date) -> Result<(), CliError> {
    let Some(zone) = &loaded.workspace.time_zone else {
        let file = &loaded.place.shown;
        return Err(CliError::Error(localized!(
            "--until {until}: {file} names no `timeZone`; write one, like `timeZone: Asia/Shanghai`",
            "--until {until}：{file} 没有写 `timeZone`；请写上，例如 `timeZone: Asia/Shanghai`",
            "--until {until}：{file} 沒有寫 `timeZone`；請寫上，例如 `timeZone: Asia/Taipei`"
        )));
    };
    match until.end(zone) {
        Ok(end) if end <= loaded.instant => Err(CliError::Error(localized!(
            "--until {until} is over: name a later day",
            "--until {until} 已经过去：请写更晚的日子",
            "--until {until} 已經過去：請寫更晚的日子"
        ))),
        Ok(_) => Ok(()),
        Err(_) => Err(CliError::Error(localized!(
            "--until {until}: the zone skips this time or has it twice; write its offset, like {until}+08:00",
            "--until {until}：这个时区没有这个时间，或有两个；请写明偏移，例如 {until}+08:00",
            "--until {until}：這個時區沒有這個時間，或有兩個；請寫明偏移，例如 {until}+08:00"
        ))),
    }
}

/// Says what a plan of the new manifests would still change.
fn remains(place: &Path, made: &Planned, console: &Console, language: Language) -> Result<(), CliError> {
    let loaded = load::load(place)?;
    let prints = super::session::fingerprints::Fingerprints::default();
    let plan = planning::build(&loaded, &made.live, &made.ledger, prints, &PlanArgs::everything())?;
    match plan.changes.len() {
        0 => {}
        count => {
            let remain = if count == 1 { "difference remains" } else { "differences remain" };
            console.note(&say!(
                language,
                "{count} {remain}: see `rosterctl plan`",
                "还有 {count} 项差异：见 `rosterctl plan`",
                "還有 {count} 項差異：見 `rosterctl plan`"
            ));
        }
    }
    Ok(())
}
