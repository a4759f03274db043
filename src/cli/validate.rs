//! `rosterctl validate`: all offline checks, now and at every later moment of the horizon; no network, no secret read.

use std::path::Path;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load::{self, Loaded};
use super::session::neighbours::{Declared, Neighbours};
use super::session::source_cache::SourceCache;
use super::workspace_args::Workspaces;
use crate::manifest;
use crate::model::date::Date;
use crate::model::diagnostic::Diagnostic;
use crate::model::outlook::Ahead;
use crate::model::problem::{Label, Problem, RosterProblem};
use crate::model::text::sanitize;

/// Check everything that can be known offline.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Exit {
    let several = arguments.workspaces.several();
    let all: Vec<&Path> = arguments.workspaces.all().collect();
    // With one workspace, its files are read side by side.
    let threads = if several { arguments.workspaces.jobs().min(load::processors()) } else { 1 };
    let loaded = load::with_threads(threads, &all, |path| sound(path, several, arguments.workspaces.at()));
    let declared = |one: Result<Sound, CliError>| match one {
        Ok(Sound { said, declared, sources }) => (declared, Ok((said, sources))),
        Err(fail) => (None, Err(fail)),
    };
    let (declared, results): (Vec<_>, Vec<_>) = loaded.into_iter().map(declared).unzip();
    let neighbours = Neighbours::new(declared);
    let mut exit = Exit::Success;
    // The other shares report theirs.
    for (at, result) in results.into_iter().enumerate().filter(|(at, _)| arguments.workspaces.is_mine(*at)) {
        let conflicts = neighbours.conflicts(at);
        match result {
            Ok((said, _)) if conflicts.is_empty() => console.out(&said),
            Ok((_, sources)) => exit = exit.graver(console.fail(&CliError::Input(conflicts, sources))),
            Err(fail) => exit = exit.graver(console.fail(&fail)),
        }
    }
    exit
}

/// A workspace that is sound by itself.
struct Sound {
    said: String,
    /// Its declarations, in a run of several workspaces.
    declared: Option<Declared>,
    sources: SourceCache,
}

/// Loads a workspace and counts its declarations.
fn sound(path: &Path, several: bool, at: Option<Date>) -> Result<Sound, CliError> {
    let loaded = load::load_beside(path, if several { load::processors() } else { 0 }, at)?;
    let loaded = without_breach(loaded)?;
    let absent = loaded.desired.agents.values().filter(|agent| agent.is_absent()).count();
    let dates = loaded.dates.as_deref().map(|dates| {
        let until = dates.zone.days_later(dates.at, loaded.workspace.horizon);
        format!("; as of {}, and until {}", dates.zone.rfc3339(dates.at), dates.zone.rfc3339(until))
    });
    let said = format!(
        "{}: sound; {}, {}, {} declared{}{}.\n",
        sanitize(&loaded.workspace.name),
        count(loaded.desired.agents.len() - absent, "agent"),
        count(loaded.desired.declared_queues().count(), "queue"),
        count(loaded.desired.seats.len(), "seat"),
        if absent > 0 { format!(", {} declared absent", count(absent, "agent")) } else { String::new() },
        dates.unwrap_or_default(),
    );
    Ok(Sound { said, declared: several.then(|| Declared::new(&loaded)), sources: loaded.sources })
}

/// Refuses manifests that break a rule, now or at a later moment.
fn without_breach(loaded: Loaded) -> Result<Loaded, CliError> {
    let floors = manifest::floors(&loaded.workspace, &loaded.desired);
    let now = floors.into_iter().map(|finding| Diagnostic {
        source: finding.source.clone(),
        ..Diagnostic::general(Problem::Finding(Box::new(finding)))
    });
    let dates = loaded.dates.as_deref();
    let ahead = dates.map(|dates| dates.breaches(&loaded.workspace, &loaded.desired)).unwrap_or_default();
    let refused = ahead.iter().any(|breach| matches!(breach.what, Ahead::TooFew { .. }));
    let ahead = ahead.into_iter().map(|breach| {
        let problem = RosterProblem::Ahead { at: breach.at, what: breach.what };
        Diagnostic::at(&breach.cause, problem).related(&breach.source, Label::Rule)
    });
    let now: Vec<Diagnostic> = now.collect();
    let refused = refused || !now.is_empty();
    let all: Vec<Diagnostic> = now.into_iter().chain(ahead).collect();
    match (all.is_empty(), refused) {
        (true, _) => Ok(loaded),
        (false, true) => Err(CliError::Refused(all, loaded.sources)),
        (false, false) => Err(CliError::Input(all, loaded.sources)),
    }
}

/// Formats a count, like `1 agent`, `2 agents`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
