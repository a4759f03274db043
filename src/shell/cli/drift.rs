//! `rosterctl drift`: like plan, for a schedule; says which side moved. Changes nothing anywhere.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Format;
use super::console::Console;
use super::exit::{Exit, Fail};
use super::input;
use super::plan::{Narrowing, complain, make};
use crate::model::finding::Effect;
use crate::model::plan::Plan;
use crate::report::{text, view};
use crate::shell::ledger::Store;

/// The value of `format` of a drift.
const FORMAT: &str = "rosterctl.drift/v1";

/// Say what differs from the manifests and which side moved; exit with 2 when anything does.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folders that hold rosterctl.yaml, or such files.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspaces: Vec<PathBuf>,
    /// Only the I-th of N shares of the workspaces, like 2/8.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Reads `I/N`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    parts
        .filter(|(i, n)| (1..=*n).contains(i))
        .ok_or_else(|| "write I/N, like 2/8, counting from 1".to_owned())
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Fail> {
    let (share, of) = arguments.shard.unwrap_or((1, 1));
    let mine: Vec<&PathBuf> = arguments.workspaces.iter().skip(share - 1).step_by(of).collect();
    let several = arguments.workspaces.len() > 1;
    let mut exit = Exit::Success;
    let mut drifts = Vec::new();
    for path in mine {
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
    let made = make(&loaded, &store, &Narrowing::default()).await?;
    complain(&made.plan, &loaded, console);
    Ok(made.plan)
}

#[cfg(test)]
mod tests {
    use super::shard;

    #[test]
    fn shares_count_from_one() {
        assert_eq!(shard("2/8"), Ok((2, 8)));
        assert!(shard("0/8").is_err() && shard("9/8").is_err() && shard("x").is_err());
    }
}
