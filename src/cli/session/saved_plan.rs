//! Reads a saved plan, and refuses one that does not fit the manifests.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;

use super::load::Loaded;
use crate::apply::replan;
use crate::cli::error::CliError;
use crate::manifest;
use crate::model::digest;
use crate::model::plan::{FOR_ANOTHER_INSTANT, FORMAT, Plan, sign};
use crate::model::secret::Secret;
use crate::storage::paths;

/// Largest saved plan, in bytes.
const LARGEST_PLAN: u64 = 1024 * 1024 * 1024;

/// Reads a saved plan, and refuses one that `plan` did not save for these manifests.
///
/// With a `key`, its signature must be valid.
pub(crate) fn read(path: &Path, loaded: &Loaded, key: Option<&Secret>) -> Result<Plan, CliError> {
    let unreadable = |error: std::io::Error| {
        CliError::error(format!("the plan {} cannot be read: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    let file = paths::unlinked(path).and_then(|()| fs::File::open(path)).map_err(unreadable)?;
    file.take(LARGEST_PLAN).read_to_end(&mut bytes).map_err(unreadable)?;
    let no_plan = |why: String| CliError::error(format!("{} is no saved plan: {why}", path.display()));
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| no_plan(error.to_string()))?;
    if json.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
        return Err(no_plan(format!("its `format` is not {FORMAT}")));
    }
    let stale =
        |why: &str| CliError::Stale(format!("the plan {} is stale: {why}; plan again", path.display()));
    let program = env!("CARGO_PKG_VERSION");
    match json.get("program").and_then(serde_json::Value::as_str) {
        Some(made) if made == program => {}
        made => {
            let made = made.unwrap_or("another version");
            return Err(stale(&format!("it was made by rosterctl {made}, and this is {program}")));
        }
    }
    let digest = json.pointer("/digests/plan").and_then(serde_json::Value::as_str);
    if digest == Some(FOR_ANOTHER_INSTANT) {
        return Err(stale("it was made for another instant (--at)"));
    }
    if !digest.is_some_and(|digest| digest::is_of(digest, &json)) {
        return Err(stale("its content was changed after it was saved"));
    }
    if let Some(key) = key {
        let signature = json.pointer("/digests/signature").and_then(serde_json::Value::as_str);
        let signed = digest.map(|digest| sign(digest, key));
        match signature {
            Some(_) if signature == signed.as_deref() => {}
            Some(_) => {
                return Err(stale(
                    "its signature is not of this job's `ledger.fingerprintKey`: it was edited, or the job that \
                     saved it or this one has another key",
                ));
            }
            None => {
                return Err(stale(
                    "it is not signed, and the workspace has a `ledger.fingerprintKey`: the job that saved it lacks \
                     that key, as one with `--live` does, or its rosterctl is older",
                ));
            }
        }
    }
    // The digest is valid, so the file was a plan for the build that saved it.
    let other = |why: String| stale(&format!("it does not have the form that this rosterctl saves ({why})"));
    let schema = manifest::schema::plan();
    if let Ok(validator) = jsonschema::validator_for(schema.as_value())
        && let Some(error) = validator.iter_errors(&json).next()
    {
        return Err(other(format!("{} at `{}`", error.masked(), error.instance_path())));
    }
    let plan: Plan = serde_json::from_value(json).map_err(|error| other(error.to_string()))?;
    if *plan.workspace != *loaded.workspace.name {
        return Err(stale(&format!("it was made for workspace `{}`", plan.workspace)));
    }
    if plan.digests.manifests != loaded.digest {
        return Err(stale("the workspace file or the manifests changed since it was made"));
    }
    if let Some(why) = outdated(&plan, loaded) {
        return Err(stale(&why));
    }
    if let Some(why) = replan::disorder(&plan) {
        return Err(stale(&why.to_string()));
    }
    Ok(plan)
}

/// Returns the reason why a plan's dates do not fit the instant of the run.
fn outdated(plan: &Plan, loaded: &Loaded) -> Option<String> {
    const NAMED: usize = 5;
    let dates = loaded.dates.as_deref()?;
    let made: Timestamp = plan.at.as_deref()?.parse().ok()?;
    let until: Option<Timestamp> = plan.good_until.as_deref().and_then(|until| until.parse().ok());
    let (from, to, why) = match until.filter(|until| *until <= loaded.instant) {
        Some(until) => (made, until, format!("it was good until {}; since then", dates.zone.words(until))),
        None if loaded.instant < made => {
            (loaded.instant, made, format!("it was made for {}; until then", dates.zone.words(made)))
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
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("{why} the manifests want something else of {}{rest}", ids.join(", ")))
}
