//! `rosterctl completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Cli;
use super::console::Console;
use super::exit::Exit;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "rosterctl", &mut text);
    console.out(&String::from_utf8_lossy(&text));
    Exit::Success
}
