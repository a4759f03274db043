//! `rosterctl explain`: the meaning of a kind, a field, a setting or a finding code.

use std::path::Path;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load::{self, registry};
use crate::manifest::schema;
use crate::model::id::safe;
use crate::model::language::{Localized, localized};
use crate::report::explain;

/// Say what a kind, a field, a setting or a finding code means; without an argument, what there is.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Like `agent`, `agent.wrapUpSeconds`, `policy.limits`, `connection.agent-config`, `R101`.
    #[arg(value_name = "KIND[.FIELD]")]
    topic: Option<String>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let roster = schema::roster();
    // A workspace in the current folder tells the language, if there is one.
    let workspace = load::workspace(Path::new(".")).ok();
    let language = console.language(workspace.and_then(|(_, workspace)| workspace.language));
    let topic = arguments.topic.as_deref();
    match explain::explain(topic, roster.as_value(), &registry().specs(), language) {
        Ok(text) => {
            console.out(&text);
            Ok(Exit::Success)
        }
        Err(near) => {
            let wanted = safe(topic.unwrap_or_default());
            let near = match near {
                Some(near) => {
                    localized!("did you mean `{near}`? ", "是不是 `{near}`？", "是不是 `{near}`？")
                }
                None => Localized::default(),
            };
            Err(CliError::Error(localized!(
                near;
                "nothing is called `{wanted}`; {near}`rosterctl explain` lists what there is",
                "没有叫 `{wanted}` 的；{near}`rosterctl explain` 列出所有名称",
                "沒有叫 `{wanted}` 的；{near}`rosterctl explain` 列出所有名稱"
            )))
        }
    }
}
