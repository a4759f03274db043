//! `rosterctl schema`: the JSON Schemas, as checked in under `schema/`.

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load::registry;
use crate::manifest::schema;

/// Print a JSON Schema, as checked in under schema/.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Of what.
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    /// Manifests.
    Roster,
    /// rosterctl.yaml.
    Workspace,
    /// Saved plans.
    Plan,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Exit {
    let schema = match arguments.of {
        Of::Roster => schema::roster(),
        Of::Workspace => schema::workspace(&registry().specs()),
        Of::Plan => schema::plan(),
    };
    match serde_json::to_string_pretty(&schema) {
        Ok(text) => {
            console.out(&format!("{text}\n"));
            Exit::Success
        }
        Err(error) => console.fail(&CliError::other(error)),
    }
}
