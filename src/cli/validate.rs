//! `rosterctl validate`: everything that can be known offline; no network, no secret read.

use super::console::Console;
use super::exit::Exit;
use super::session::load;
use super::workspace_args::Workspaces;
use crate::model::text::sanitize;

/// Check everything that can be known offline.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Exit {
    let mut exit = Exit::Success;
    for path in arguments.workspaces.mine() {
        match load::load(path) {
            Ok(loaded) => {
                let absent = loaded.desired.agents.values().filter(|agent| agent.absent).count();
                console.out(&format!(
                    "{}: sound; {}, {}, {} declared{}.\n",
                    sanitize(&loaded.workspace.name),
                    count(loaded.desired.agents.len() - absent, "agent"),
                    count(loaded.desired.queues.len(), "queue"),
                    count(loaded.desired.seats.len(), "seat"),
                    if absent > 0 {
                        format!(", {} declared absent", count(absent, "agent"))
                    } else {
                        String::new()
                    },
                ));
            }
            Err(fail) => exit = exit.graver(console.fail(&fail)),
        }
    }
    exit
}

/// `1 agent`, `2 agents`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
