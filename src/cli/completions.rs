//! `rosterctl completions`.

use clap_complete::Shell;

use super::console::Console;
use super::exit::Exit;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, mut program: clap::Command, console: &Console) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "rosterctl", &mut text);
    console.out(&String::from_utf8_lossy(&text));
    Exit::Success
}
