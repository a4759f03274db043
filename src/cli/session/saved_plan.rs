//! Reads a saved plan, and refuses one that does not fit the manifests.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;

use super::load::Loaded;
use crate::apply::replan;
use crate::cli::error::CliError;
use crate::manifest;
use crate::messages::Message as _;
use crate::model::digest;
use crate::model::language::{Localized, localized, say};
use crate::model::plan::{FOR_ANOTHER_INSTANT, FORMAT, Plan, sign};
use crate::model::secret::Secret;
use crate::report::phrases::comma;
use crate::storage::paths;

/// Largest saved plan, in bytes.
const LARGEST_PLAN: u64 = 1024 * 1024 * 1024;

/// Reads a saved plan, and refuses one that `plan` did not save for these manifests.
///
/// With a `key`, its signature must be valid.
pub(crate) fn read(path: &Path, loaded: &Loaded, key: Option<&Secret>) -> Result<Plan, CliError> {
    let unreadable = |error: std::io::Error| {
        let path = path.display();
        CliError::Error(localized!(
            "the plan {path} cannot be read: {error}",
            "计划 {path} 读不了（{error}）",
            "計畫 {path} 無法讀取（{error}）"
        ))
    };
    let mut bytes = Vec::new();
    let file = paths::unlinked(path).and_then(|()| fs::File::open(path)).map_err(unreadable)?;
    file.take(LARGEST_PLAN).read_to_end(&mut bytes).map_err(unreadable)?;
    let shown = path.display();
    let no_plan = |why: String| {
        CliError::Error(localized!(
            "{shown} is no saved plan: {why}",
            "{shown} 不是存下的计划（{why}）",
            "{shown} 不是存下的計畫（{why}）"
        ))
    };
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| no_plan(error.to_string()))?;
    if json.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
        return Err(no_plan(format!("its `format` is not {FORMAT}")));
    }
    let stale = |why: Localized| {
        CliError::Stale(localized!(
            why;
            "the plan {shown} is stale: {why}; plan again",
            "计划 {shown} 已经过时：{why}；请重新计划",
            "計畫 {shown} 已經過時：{why}；請重新計畫"
        ))
    };
    let program = env!("CARGO_PKG_VERSION");
    match json.get("program").and_then(serde_json::Value::as_str) {
        Some(made) if made == program => {}
        made => {
            let another = || localized!("another version", "另一个版本", "另一個版本");
            let made = made.map_or_else(another, |made| made.to_owned().into());
            return Err(stale(localized!(
                made;
                "it was made by rosterctl {made}, and this is {program}",
                "它是 rosterctl {made} 做的，现在的是 {program}",
                "它是 rosterctl {made} 做的，現在的是 {program}"
            )));
        }
    }
    let digest = json.pointer("/digests/plan").and_then(serde_json::Value::as_str);
    if digest == Some(FOR_ANOTHER_INSTANT) {
        return Err(stale(localized!(
            "it was made for another instant (--at)",
            "它是为另一个时刻做的（--at）",
            "它是為另一個時刻做的（--at）"
        )));
    }
    if !digest.is_some_and(|digest| digest::is_of(digest, &json)) {
        return Err(stale(localized!(
            "its content was changed after it was saved",
            "存下之后内容改过",
            "存下之後內容改過"
        )));
    }
    if let Some(key) = key {
        let signature = json.pointer("/digests/signature").and_then(serde_json::Value::as_str);
        let signed = digest.map(|digest| sign(digest, key));
        match signature {
            Some(_) if signature == signed.as_deref() => {}
            Some(_) => {
                return Err(stale(localized!(
                    "its signature is not of this job's `ledger.fingerprintKey`: it was edited, or the job that \
                     saved it or this one has another key",
                    "签名对不上这个任务的 `ledger.fingerprintKey`：计划改过，或存它的任务和这个任务用的不是同一个密钥",
                    "簽章對不上這個工作的 `ledger.fingerprintKey`：計畫改過，或存它的工作和這個工作用的不是同一個密鑰"
                )));
            }
            None => {
                return Err(stale(localized!(
                    "it is not signed, and the workspace has a `ledger.fingerprintKey`: the job that saved it lacks \
                     that key, as one with `--live` does, or its rosterctl is older",
                    "它没有签名，而工作区有 `ledger.fingerprintKey`：存它的任务没有这个密钥（用 `--live` 时就没有），或那里的 \
                     rosterctl 较旧",
                    "它沒有簽章，而工作區有 `ledger.fingerprintKey`：存它的工作沒有這個密鑰（用 `--live` 時就沒有），或那裡的 \
                     rosterctl 較舊"
                )));
            }
        }
    }
    // The digest is valid, so the file was a plan for the build that saved it.
    let other = |why: String| {
        stale(localized!(
            "it does not have the form that this rosterctl saves ({why})",
            "它不是这个 rosterctl 存的格式（{why}）",
            "它不是這個 rosterctl 存的格式（{why}）"
        ))
    };
    let schema = manifest::schema::plan();
    if let Ok(validator) = jsonschema::validator_for(schema.as_value())
        && let Some(error) = validator.iter_errors(&json).next()
    {
        return Err(other(format!("{} at `{}`", error.masked(), error.instance_path())));
    }
    let plan: Plan = serde_json::from_value(json).map_err(|error| other(error.to_string()))?;
    if *plan.workspace != *loaded.workspace.name {
        let name = &plan.workspace;
        return Err(stale(localized!(
            "it was made for workspace `{name}`",
            "它是工作区 `{name}` 的",
            "它是工作區 `{name}` 的"
        )));
    }
    if plan.digests.manifests != loaded.digest {
        return Err(stale(localized!(
            "the workspace file or the manifests changed since it was made",
            "做计划之后，工作区文件或清单改过",
            "做計畫之後，工作區檔案或清單改過"
        )));
    }
    if let Some(why) = outdated(&plan, loaded) {
        return Err(stale(why));
    }
    if let Some(why) = replan::disorder(&plan) {
        return Err(stale(why.localized()));
    }
    Ok(plan)
}

/// Returns the reason why a plan's dates do not fit the instant of the run.
fn outdated(plan: &Plan, loaded: &Loaded) -> Option<Localized> {
    const NAMED: usize = 5;
    let dates = loaded.dates.as_deref()?;
    let made: Timestamp = plan.at.as_deref()?.parse().ok()?;
    let until: Option<Timestamp> = plan.good_until.as_deref().and_then(|until| until.parse().ok());
    let (from, to, why) = match until.filter(|until| *until <= loaded.instant) {
        Some(until) => {
            let shown = dates.zone.words(until);
            let why = localized!(
                "it was good until {shown}; since then",
                "它的有效期到 {shown}；从那以后",
                "它的有效期到 {shown}；從那以後"
            );
            (made, until, why)
        }
        None if loaded.instant < made => {
            let shown = dates.zone.words(made);
            let why = localized!(
                "it was made for {shown}; until then",
                "它是为 {shown} 做的；到那时为止",
                "它是為 {shown} 做的；到那時為止"
            );
            (loaded.instant, made, why)
        }
        None => return None,
    };
    let mut ids = dates.changed(&loaded.desired, from, to);
    ids.retain(|id| plan.targets.is_empty() || plan.targets.contains(id));
    if ids.is_empty() && until.is_none_or(|until| loaded.instant < until) {
        // The clock of this host is a little behind, and no date lies between.
        return None;
    }
    let more = ids.len().saturating_sub(NAMED);
    ids.truncate(NAMED);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Some(Localized::of(|language| {
        let (why, ids) = (why.text(language), ids.join(comma(language)));
        let rest = match more {
            0 => String::new(),
            _ => say!(language, " and {more} more", " 等，另有 {more} 个", " 等，另有 {more} 個"),
        };
        say!(
            language,
            "{why} the manifests want something else of {ids}{rest}",
            "{why}，清单对 {ids}{rest}另有要求",
            "{why}，清單對 {ids}{rest}另有要求"
        )
    }))
}
