//! `rosterctl validate`: all offline checks, now and at every later moment of the horizon; no network, no secret read.

use std::path::Path;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::{self, Outcome, Output, PendingJson};
use super::session::load::{self, Loaded};
use super::session::neighbours::{Declared, Neighbours};
use super::session::source_cache::SourceCache;
use super::workspace_args::Workspaces;
use crate::manifest;
use crate::model::date::Date;
use crate::model::diagnostic::Diagnostic;
use crate::model::language::Language;
use crate::model::outlook::Ahead;
use crate::model::problem::{Label, Problem, RosterProblem};
use crate::model::scene::Scene;
use crate::report::{Body, Command, Sound};

/// Check everything that can be known offline.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(self.workspaces.mine(), self.workspaces.several(), Command::Validate)
    }
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let several = arguments.workspaces.several();
    let all: Vec<&Path> = arguments.workspaces.all().collect();
    let mine: Vec<&Path> = arguments.workspaces.mine().collect();
    let reporter = arguments.output.begin(Command::Validate, several, &mine, console)?;
    // With one workspace, its files are read side by side.
    let threads = if several { arguments.workspaces.jobs().min(load::processors()) } else { 1 };
    let checked = load::with_threads(threads, &all, |path| check(path, several, arguments.workspaces.at()));
    let declared = |one: Result<Checked, CliError>| match one {
        Ok(Checked { sound, declared, sources }) => (declared, Ok((sound, sources))),
        Err(fail) => (None, Err(fail)),
    };
    let (declared, results): (Vec<_>, Vec<_>) = checked.into_iter().map(declared).unzip();
    let neighbours = Neighbours::new(declared);
    // The other shares report theirs.
    let results = results.into_iter().zip(&all).enumerate();
    let results = results.filter(|(at, _)| arguments.workspaces.is_mine(*at)).map(|(at, (result, path))| {
        let conflicts = neighbours.conflicts(at);
        let agreed = |(sound, sources): (Sound, SourceCache)| {
            if conflicts.is_empty() {
                Ok(outcome(sound, console.language(sources.language())))
            } else {
                Err(CliError::Input(conflicts, sources))
            }
        };
        let result = result.and_then(agreed);
        (*path, result)
    });
    if !several {
        for (path, result) in results {
            match result {
                Ok(outcome) => reporter.planned(path, outcome),
                Err(fail) => reporter.fail(path, &fail),
            }
        }
        return Ok(reporter.finish());
    }
    let names: Vec<String> = mine.iter().map(|path| report_output::name(path)).collect();
    let mut serial = reporter.serial(&names);
    let documents = serial.documents();
    for (number, (path, result)) in results.enumerate() {
        let entry = report_output::render(&documents, number, path, console.keeping(), result);
        serial.add(number, entry);
    }
    Ok(serial.finish())
}

fn outcome(sound: Sound, language: Language) -> Outcome {
    let scene = Scene { language, ..Scene::default() };
    Outcome { exit: Exit::Success, body: Body::Sound(sound), scene, last_clean_run: None }
}

/// A workspace that is sound by itself.
struct Checked {
    sound: Sound,
    /// Its declarations, in a run of several workspaces.
    declared: Option<Declared>,
    sources: SourceCache,
}

/// Loads a workspace and counts its declarations.
fn check(path: &Path, several: bool, at: Option<Date>) -> Result<Checked, CliError> {
    let loaded = load::load_beside(path, if several { load::processors() } else { 0 }, at)?;
    let loaded = without_breach(loaded)?;
    let absent = loaded.desired.agents.values().filter(|agent| agent.is_absent()).count();
    let span = loaded.dates.as_deref().map(|dates| {
        let until = dates.zone.days_later(dates.at, loaded.workspace.horizon);
        (dates.zone.rfc3339(dates.at), dates.zone.rfc3339(until))
    });
    let sound = Sound {
        workspace: loaded.workspace.name.to_string(),
        agents: loaded.desired.agents.len() - absent,
        queues: loaded.desired.declared_queues().count(),
        seats: loaded.desired.seats.len(),
        absent,
        span,
    };
    Ok(Checked { sound, declared: several.then(|| Declared::new(&loaded)), sources: loaded.sources })
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
