//! `rosterctl man`: man pages, for package maintainers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use crate::storage::paths;

/// Write man pages, one a command: `rosterctl.1`, `rosterctl-plan.1`, …
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder to write to; without it the page of the whole program goes to standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(
    arguments: &Arguments,
    mut program: clap::Command,
    console: &Console,
) -> Result<Exit, CliError> {
    program.build();
    let Some(folder) = &arguments.out else {
        console.out(&String::from_utf8_lossy(&page(program)?));
        return Ok(Exit::Success);
    };
    let mut pages = vec![("rosterctl.1".to_owned(), program.clone())];
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("rosterctl-{}", command.get_name());
        pages.push((format!("{name}.1"), command.clone().name(name)));
    }
    // All users may read them, unlike this program's other files.
    let unwritten = |path: &Path, error: &io::Error| CliError::unwritable(path, error);
    paths::unlinked(folder)
        .and_then(|()| fs::create_dir_all(folder))
        .map_err(|error| unwritten(folder, &error))?;
    for (name, command) in pages {
        let path = folder.join(name);
        let page = page(command)?;
        paths::unlinked(&path)
            .and_then(|()| fs::write(&path, page))
            .map_err(|error| unwritten(&path, &error))?;
        console.note(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Success)
}

fn page(command: clap::Command) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    // A date would make two builds of one version differ.
    clap_mangen::Man::new(command).date("").manual("rosterctl").render(&mut page).map_err(CliError::other)?;
    Ok(page)
}
