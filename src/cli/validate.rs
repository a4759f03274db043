//! `rosterctl validate`: all offline checks; no network, no secret read.

use std::path::Path;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load;
use super::session::neighbours::{Declared, Neighbours};
use super::session::source_cache::SourceCache;
use super::workspace_args::Workspaces;
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
    let loaded = load::with_threads(threads, &all, |path| sound(path, several));
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
fn sound(path: &Path, several: bool) -> Result<Sound, CliError> {
    let loaded = load::load_beside(path, if several { load::processors() } else { 0 })?;
    let absent = loaded.desired.agents.values().filter(|agent| agent.absent).count();
    let said = format!(
        "{}: sound; {}, {}, {} declared{}.\n",
        sanitize(&loaded.workspace.name),
        count(loaded.desired.agents.len() - absent, "agent"),
        count(loaded.desired.queues.len(), "queue"),
        count(loaded.desired.seats.len(), "seat"),
        if absent > 0 { format!(", {} declared absent", count(absent, "agent")) } else { String::new() },
    );
    Ok(Sound { said, declared: several.then(|| Declared::new(&loaded)), sources: loaded.sources })
}

/// Formats a count, like `1 agent`, `2 agents`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
