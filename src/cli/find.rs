//! `rosterctl find`: where a person, a number or a queue stands, and which layer says each value.

use std::path::PathBuf;

use super::console::Console;
use super::error::{CliError, did_you_mean};
use super::exit::Exit;
use super::report_output::PendingJson;
use super::session::load;
use super::session::source_cache::SourceCache;
use super::text_or_json::TextOrJson;
use super::workspace_args::{date, filled};
use crate::manifest;
use crate::model::date::Date;
use crate::model::id::safe;
use crate::model::language::localized;
use crate::report::find;

/// Show where a person, a number or a queue stands, and which layer says each value. No network, no secret.
///
/// For an agent: its place, each field with the layer that says it (agent, pool, profile, defaults, during), and the
/// queues that it serves. For a queue: its place, its attributes, and its members. Exits with 1 if nothing is found.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An agent's number, a part of a name of an agent, a queue or a seat, or KIND/NAME.
    #[arg(value_name = "TEXT", value_parser = filled)]
    text: String,
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Look at another instant: 2026-12-01, or 2026-12-01T18:00 with or without an offset; a day means its first moment.
    #[arg(long, value_name = "DATE|MOMENT", value_parser = date)]
    at: Option<Date>,
    #[command(flatten)]
    output: TextOrJson,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(&self.workspace)
    }
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let texts = load::texts(&arguments.workspace)?;
    let at = load::instant_at(arguments.at, &texts.workspace)?;
    let result = match manifest::find(&arguments.text, &texts.files, &texts.workspace, at) {
        Ok(result) => result,
        Err(wrong) => return Err(CliError::Input(wrong.into_sorted(), SourceCache::new(texts.files))),
    };
    if result.is_empty() {
        let (near, text) = (did_you_mean(result.near.as_deref()), safe(&arguments.text));
        return Err(CliError::Error(localized!(
            near;
            "nothing is named `{text}`{near}",
            "没有叫 `{text}` 的{near}",
            "沒有叫 `{text}` 的{near}"
        )));
    }
    let language = console.language(texts.workspace.language);
    arguments.output.show(console, &result, |look| find::text(&result, look, language))?;
    Ok(Exit::Success)
}
