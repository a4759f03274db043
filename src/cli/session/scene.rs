//! The facts of a run beside its plan, for people.

use std::collections::BTreeMap;
use std::env;

use jiff::Timestamp;

use super::load::Loaded;
use super::provenance;
use crate::cli::console::Console;
use crate::manifest::{Dates, Timeline};
use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::date::Zone;
use crate::model::desired::DesiredAgent;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::live::Live;
use crate::model::plan::Plan;
use crate::model::queue_match::LiveNames;
use crate::model::scene::{Ahead, Commit, Scene, Staffing, Turn};
use crate::model::value::Value;
use crate::runtime::clock;

/// Returns the facts of a run whose live state was read now.
pub(crate) fn now(loaded: &Loaded, plan: &Plan, live: &Live, console: &Console) -> Scene {
    let zone = loaded.workspace.time_zone.clone().unwrap_or_else(Zone::utc);
    let now = Timestamp::from_millisecond(clock::now_ms()).unwrap_or_default();
    Scene { read_at: Some(zone.rfc3339(now)), ..of(loaded, plan, live, console) }
}

/// Returns the facts of a run, but for the instant of the read.
pub(crate) fn of(loaded: &Loaded, plan: &Plan, live: &Live, console: &Console) -> Scene {
    let ahead = loaded.dates.as_deref().map(|dates| ahead(loaded, dates)).unwrap_or_default();
    Scene {
        language: console.language(loaded.workspace.language),
        commit: commit(),
        pull_request: is_pull_request(),
        queues: queues(loaded, live),
        names: names(loaded, plan, live, &ahead),
        ahead,
        ..Scene::default()
    }
}

/// The maximum number of moments that a report looks ahead.
const MOST_AHEAD: usize = 5;
/// The maximum number of resources of a moment.
const MOST_TURNS: usize = 8;

/// Returns what the next dates bring, within the horizon of the workspace.
fn ahead(loaded: &Loaded, dates: &Dates) -> Vec<Ahead> {
    let last = dates.zone.days_later(loaded.instant, loaded.workspace.horizon);
    let mut timeline = Timeline::new(dates, &loaded.desired);
    timeline.step_to(loaded.instant);
    let mut all = Vec::new();
    while all.len() < MOST_AHEAD
        && let Some((at, step)) = timeline.next(last)
    {
        let agents =
            step.agents.iter().map(|one| (ResourceId::agent(&one.id), turn(&one.before, &one.after)));
        let queues = step.queues.iter().map(|one| (one.id.clone(), Turn::Changes));
        let mut turns: Vec<(ResourceId, Turn)> = agents.chain(queues).collect();
        let more = turns.len().saturating_sub(MOST_TURNS);
        turns.truncate(MOST_TURNS);
        all.push(Ahead { at: dates.zone.words(at), turns, more });
    }
    all
}

fn turn(before: &DesiredAgent, after: &DesiredAgent) -> Turn {
    let away = |agent: &DesiredAgent| agent.out_of_date.is_some();
    match (away(before), away(after)) {
        (true, false) => Turn::Joins,
        (false, true) => Turn::Leaves,
        _ => match (before.record.text(&MAIN_SKILL_GROUP), after.record.text(&MAIN_SKILL_GROUP)) {
            (before, Some(after)) if before != Some(after) => Turn::Moves(after.to_owned()),
            _ => Turn::Changes,
        },
    }
}

/// Returns the commit of the CI job, with the address of its files.
fn commit() -> Option<Commit> {
    let id = provenance::ci_commit()?;
    let var = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let web = |address: &String| address.starts_with("https://") || address.starts_with("http://");
    let github = || Some(format!("{}/{}/blob/{id}", var("GITHUB_SERVER_URL")?, var("GITHUB_REPOSITORY")?));
    let gitlab = || Some(format!("{}/-/blob/{id}", var("CI_PROJECT_URL")?));
    let files = github().or_else(gitlab).filter(web);
    Some(Commit { id, files })
}

/// Returns true in the CI job of a pull request or merge request.
fn is_pull_request() -> bool {
    let event = env::var("GITHUB_EVENT_NAME").unwrap_or_default();
    event.starts_with("pull_request") || env::var_os("CI_MERGE_REQUEST_IID").is_some()
}

/// Returns the declared queues that are live, with their members.
fn queues(loaded: &Loaded, live: &Live) -> Vec<Staffing> {
    let Some(listing) = &live.queues else { return Vec::new() };
    let names = LiveNames::new(listing);
    let declared = loaded.desired.queues.iter().filter(|(_, queue)| !queue.implied);
    declared
        .filter_map(|(id, queue)| {
            let exten = match &queue.exten {
                Some(pinned) => OperatorId::from(&**pinned),
                None => (*names.extens(&queue.name).first()?).clone(),
            };
            let found = listing.items.get(&exten)?;
            Some(Staffing {
                id: id.clone(),
                members: found.members().map(BTreeMap::len),
                minimum: queue.min_members.as_ref().map(|(minimum, _)| *minimum),
            })
        })
        .collect()
}

/// Returns the names of the agents that findings, member lists and dates name by number.
fn names(loaded: &Loaded, plan: &Plan, live: &Live, ahead: &[Ahead]) -> BTreeMap<OperatorId, String> {
    let turns = ahead.iter().flat_map(|ahead| &ahead.turns);
    let turns = turns.filter(|(id, _)| id.kind == Kind::Agent).map(|(id, _)| &id.name);
    let found = plan.findings.iter().filter_map(|finding| finding.id.as_ref());
    let found = found.filter(|id| id.kind == Kind::Agent).map(|id| &id.name);
    let queues = plan.changes.iter().filter(|change| change.id.kind == Kind::Queue);
    let members = queues.flat_map(|change| {
        let (before, after) = (change.members_before(), change.members_after());
        let differs = move |id: &&OperatorId| {
            before.and_then(|members| members.get(*id)) != after.and_then(|members| members.get(*id))
        };
        let all = before.into_iter().chain(after).flat_map(|members| members.keys());
        all.filter(differs).filter(|id| !change.names.contains_key(*id))
    });
    let name = |id: &OperatorId| {
        let declared = loaded.desired.agents.get(id).and_then(|agent| agent.record.get(&NAME));
        let live = || live.agents.as_ref().and_then(|agents| agents.items.get(id)?.get(&NAME));
        match declared.or_else(live) {
            Some(Value::Text(name)) => Some(name.to_string()),
            _ => None,
        }
    };
    found.chain(members).chain(turns).filter_map(|id| Some((id.clone(), name(id)?))).collect()
}
