//! The output format of a command that prints text or JSON.

use std::path::Path;

use serde::Serialize;

use super::console::Console;
use super::error::CliError;
use super::report_output::PendingJson;
use crate::report::text::TextStyle;

/// The option for the format.
#[derive(Debug, clap::Args)]
pub(super) struct TextOrJson {
    /// Format of standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

impl TextOrJson {
    /// Returns the JSON document that is due on a workspace.
    pub(super) fn due(&self, workspace: &Path) -> Option<PendingJson> {
        (self.format == Format::Json).then(|| PendingJson::of_one(workspace))
    }

    /// Prints a result in the format.
    pub(super) fn show(
        &self,
        console: &Console,
        result: &impl Serialize,
        text: impl FnOnce(TextStyle) -> String,
    ) -> Result<(), CliError> {
        console.out(&match self.format {
            Format::Text => text(console.look()),
            Format::Json => serde_json::to_string_pretty(result).map_err(CliError::other)? + "\n",
        });
        Ok(())
    }
}
