//! `rosterctl validate`: everything that can be known offline; no network, no secret read.

use std::path::PathBuf;

use super::console::Console;
use super::exit::Exit;
use super::input;

/// Check everything that can be known offline.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folders that hold rosterctl.yaml, or such files.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspaces: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Exit {
    let mut exit = Exit::Success;
    for path in &arguments.workspaces {
        match input::load(path) {
            Ok(loaded) => {
                let absent = loaded.desired.agents.values().filter(|agent| agent.absent).count();
                console.out(&format!(
                    "{}: sound; {} agents, {} queues, {} seats declared{}.\n",
                    loaded.workspace.name,
                    loaded.desired.agents.len() - absent,
                    loaded.desired.queues.len(),
                    loaded.desired.seats.len(),
                    if absent > 0 { format!(", {absent} agents declared absent") } else { String::new() },
                ));
            }
            Err(fail) => exit = exit.graver(fail.report(console)),
        }
    }
    exit
}
