//! `rosterctl history`: the runs that wrote, newest first, and whether their chain holds.

use std::path::PathBuf;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::PendingJson;
use super::session::load;
use super::text_or_json::TextOrJson;
use super::workspace_args::day;
use crate::model::date::{Date, Zone};
use crate::model::history::{FieldWrite, RunRecord};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::value::Value;
use crate::report::history::{self as report, Runs};
use crate::storage::ledger::Store;

/// Show the runs that wrote, newest first: who, when, and what changed.
///
/// Exits with 1 if the chain is broken: a record was changed, or one is missing that the next one or the ledger
/// names. Removing the oldest records breaks nothing, and is said.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Only runs that changed this agent or its place in a queue; repeatable.
    #[arg(long = "agent", value_name = "ID")]
    agents: Vec<String>,
    /// Only runs that changed this queue, beside those of --agent; repeatable.
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Only runs since the beginning of this day, in the zone of the workspace.
    #[arg(long, value_name = "DAY", value_parser = day)]
    since: Option<Date>,
    #[command(flatten)]
    output: TextOrJson,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(&self.workspace)
    }

    /// Returns true if a run changed a chosen resource; true for every run without a choice.
    fn chooses(&self, record: &RunRecord) -> bool {
        let all = self.agents.is_empty() && self.queues.is_empty();
        let agents: Vec<OperatorId> = self.agents.iter().map(|id| OperatorId::from(id.as_str())).collect();
        let queues = &self.queues;
        all || record.steps.iter().any(|step| {
            let targets = step.targets.iter().any(|id| match id.kind {
                Kind::Agent => agents.contains(&id.name),
                Kind::Queue => queues.iter().any(|name| is_named(id, name)),
                Kind::Seat => false,
            });
            targets || step.fields.iter().any(|write| agents.iter().any(|agent| moves(write, agent)))
        })
    }
}

/// Returns true for the queue of a name, pinned or not.
fn is_named(id: &ResourceId, name: &str) -> bool {
    let full = id.name.as_str();
    full == name || full.rsplit_once('@').is_some_and(|(short, _)| short == name)
}

/// Returns true if a member list changed the place of an agent.
fn moves(write: &FieldWrite, agent: &OperatorId) -> bool {
    let place = |value: &Option<Value>| value.as_ref().and_then(Value::members)?.get(agent).copied();
    place(&write.before) != place(&write.after)
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let (place, workspace) = load::workspace(&arguments.workspace)?;
    let store = Store::open(&workspace, &place)?;
    let ledger = store.load_of_any_tenant().await?;
    let history = store.history(&ledger).await?;
    let zone = workspace.time_zone.clone().unwrap_or_else(Zone::utc);
    let since = arguments.since.and_then(|day| day.first(&zone).ok());
    let chosen = history
        .records
        .iter()
        .filter(|record| since.is_none_or(|since| record.run.moment() >= since) && arguments.chooses(record));
    let runs = Runs {
        workspace: &workspace.name,
        zone: &zone,
        records: chosen.collect(),
        remarks: &history.remarks,
        is_sound: history.is_sound(),
    };
    let language = console.language(workspace.language);
    arguments.output.show(console, &report::document(&runs), |look| report::text(&runs, look, language))?;
    Ok(if runs.is_sound { Exit::Success } else { Exit::Error })
}
