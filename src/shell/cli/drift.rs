//! `rosterctl drift`: like plan, for a schedule; says which side moved. Changes nothing anywhere.

use std::path::Path;

use serde_json::json;

use super::Format;
use super::console::Console;
use super::exit::{Exit, Fail};
use super::input;
use super::plan::{Narrowing, complain, make};
use super::share::Workspaces;
use crate::model::finding::Effect;
use crate::model::plan::Plan;
use crate::report::{text, view};
use crate::shell::ledger::Store;

/// The value of `format` of a drift.
const FORMAT: &str = "rosterctl.drift/v1";

/// Say what differs from the manifests and which side moved; exit with 2 when anything does.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Fail> {
    let several = arguments.workspaces.several();
    let mut exit = Exit::Success;
    let mut drifts = Vec::new();
    for path in arguments.workspaces.mine() {
        match one(path, console).await {
            Ok(plan) => {
                exit = exit.graver(code(&plan));
                if arguments.format == Format::Text {
                    if several {
                        console.out(&format!("# {}\n", plan.workspace));
                    }
                    console.out(&text::plan(&view::of(&plan), console.look()));
                }
                drifts.push(Plan { format: FORMAT.to_owned(), ..plan });
            }
            Err(fail) if several => exit = exit.graver(fail.report(console)),
            Err(fail) => return Err(fail),
        }
    }
    if arguments.format == Format::Json {
        let document = match drifts.as_slice() {
            [drift] if !several => json!(drift),
            drifts => json!({ "format": "rosterctl.drifts/v1", "workspaces": drifts }),
        };
        console.out(&format!("{document:#}\n"));
    }
    Ok(exit)
}

/// Limits and protection are about applying: here what they would refuse is a difference like any other.
fn code(plan: &Plan) -> Exit {
    if plan.has(Effect::Incomplete) {
        Exit::Unreachable
    } else if plan.has(Effect::Invalid) {
        Exit::Error
    } else if plan.differs() {
        Exit::Differs
    } else {
        Exit::Success
    }
}

async fn one(path: &Path, console: &Console) -> Result<Plan, Fail> {
    let loaded = input::load(path)?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let made = make(&loaded, &store, &Narrowing::everything()).await?;
    complain(&made.plan, &loaded, console);
    Ok(made.plan)
}
