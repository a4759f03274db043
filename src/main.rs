//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    rosterctl::cli::main(rosterctl::vendors::ALL, std::env::args_os())
}
