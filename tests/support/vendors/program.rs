//! The program with the vendors of the tests, in a process of its own: a test that is started again.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use super::vendors::REGISTRY;

/// The variable that holds the arguments.
const ARGUMENTS: &str = "UNPLANNED_ARGUMENTS";

/// Makes the command that runs the program.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["program::is_started_again", "--exact", "--nocapture", "--test-threads=2"]);
    command.env(ARGUMENTS, serde_json::to_string(arguments).unwrap());
    command
}

/// Runs the program where the process was started for that.
#[test]
fn is_started_again() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let arguments: Vec<String> = serde_json::from_str(&arguments).unwrap();
    let arguments = ["rosterctl".to_owned()].into_iter().chain(arguments).map(OsString::from);
    let told = format!("{:?}", rosterctl::cli::main(REGISTRY, arguments));
    let code = (0..=u8::MAX).find(|code| format!("{:?}", ExitCode::from(*code)) == told);
    std::process::exit(code.unwrap().into());
}
