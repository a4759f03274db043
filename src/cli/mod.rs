//! Commands: arguments, help and wiring. One file per command.

mod adopt;
mod apply;
mod approval;
mod calendar;
mod completions;
mod console;
mod doctor;
mod drift;
mod error;
mod exit;
mod explain;
mod find;
mod fmt;
mod help;
mod history;
mod import;
mod init;
mod ledger;
mod lock;
mod man;
mod output_guard;
mod plan;
mod plan_args;
mod report_output;
mod sandbox;
mod schema;
mod session;
mod show;
mod side_by_side;
mod signals;
mod snapshot;
mod status;
mod step_log;
mod text_or_json;
mod undo;
mod unlock;
mod validate;
mod workspace_args;

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::console::{Colour, Console, Log};
use self::error::CliError;
use self::exit::Exit;
use self::report_output::PendingJson;
use self::session::load;
use self::signals::unless_interrupted;
use crate::model::language::{Language, TAGS, localized};
use crate::vendors::Registry;
use rustix::io::Errno;

/// A contact centre's roster as code: agents, skill groups and queues in reviewed YAML.
#[derive(Debug, Parser)]
#[command(name = "rosterctl", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more: every call on standard error, and where the manifest asks for each change.
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    verbose: bool,
    /// Say less: no progress.
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Everywhere")]
    quiet: bool,
    /// Colours: auto, always or never; auto obeys NO_COLOR.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Colour::Auto,
        value_name = "WHEN",
        hide_possible_values = true,
        help_heading = "Everywhere"
    )]
    color: Colour,
    /// Language of what people read: en, zh-CN or zh-TW; goes before `language` of the workspace.
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language, help_heading = "Everywhere")]
    lang: Option<Language>,
}

/// Parses the tag of a language.
fn language(tag: &str) -> Result<Language, String> {
    Language::of_tag(tag).ok_or_else(|| format!("name one of {}", TAGS.join(", ")))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first workspace against the sandbox, with remarks.
    Init(init::Arguments),
    /// Check everything that can be known offline.
    Validate(validate::Arguments),
    /// Show the difference to the live systems and the steps that remove it; change nothing.
    Plan(plan::Arguments),
    /// Carry a plan out, read back, and prove that it took effect.
    Apply(apply::Arguments),
    /// Say what differs from the manifests and which side moved; exit with 2 when anything does.
    Drift(drift::Arguments),
    /// Take over into the manifests what people changed in the consoles.
    Adopt(adopt::Arguments),
    /// Show every agent across all connections: configured, online, on a call, in which queues.
    Status(status::Arguments),
    /// Show where a person, a number or a queue stands, and which layer says each value. No network, no secret.
    Find(find::Arguments),
    /// Show when dates change the roster: who joins, leaves, is lent and returns. No network, no secret.
    Calendar(calendar::Arguments),
    /// Try each connection and store once, and report each problem with its remedy.
    Doctor(doctor::Arguments),
    /// Write what is live as manifests, one file a main skill group; the next plan is empty.
    Import(import::Arguments),
    /// Save what is live to a file without secrets, for `plan --live` where no credential may go.
    Snapshot(snapshot::Arguments),
    /// Lay manifests out in the canonical way; comments and meaning stay.
    Fmt(fmt::Arguments),
    /// Say what a kind, a field, a setting or a finding code means; without an argument, what there is.
    Explain(explain::Arguments),
    /// Show what the ledger knows, let go of a resource, follow a rename or a move, or copy the ledger.
    Ledger(ledger::Arguments),
    /// Show the runs that wrote, newest first: who, when, and what changed.
    History(history::Arguments),
    /// Render a saved plan, a result, a drift, a snapshot or a run of the history again, offline.
    Show(show::Arguments),
    /// Write the patch of the manifests that takes a run back.
    Undo(undo::Arguments),
    /// Free a lock whose holder is gone, after saying who held it.
    Unlock(unlock::Arguments),
    /// Print a JSON Schema, as checked in under schema/.
    Schema(schema::Arguments),
    /// Serve simulated vendor systems on loopback.
    Sandbox(sandbox::Arguments),
    /// Print completions for a shell.
    Completions(completions::Arguments),
    /// Write man pages, one a command.
    Man(man::Arguments),
}

impl Command {
    /// Returns the JSON document that is due even after a failure; `None` without a request.
    fn due(&self) -> Option<PendingJson> {
        match self {
            Command::Plan(arguments) => arguments.due(),
            Command::Drift(arguments) => arguments.due(),
            Command::Status(arguments) => arguments.due(),
            Command::Find(arguments) => arguments.due(),
            Command::Calendar(arguments) => arguments.due(),
            Command::Doctor(arguments) => arguments.due(),
            Command::Apply(arguments) => arguments.due(),
            Command::History(arguments) => arguments.due(),
            Command::Show(arguments) => arguments.due(),
            Command::Validate(arguments) => arguments.due(),
            Command::Init(_)
            | Command::Adopt(_)
            | Command::Import(_)
            | Command::Snapshot(_)
            | Command::Fmt(_)
            | Command::Explain(_)
            | Command::Ledger(_)
            | Command::Undo(_)
            | Command::Unlock(_)
            | Command::Schema(_)
            | Command::Sandbox(_)
            | Command::Completions(_)
            | Command::Man(_) => None,
        }
    }
}

/// Runs the program with some vendors and with arguments, of which the first is its name.
pub fn main(vendors: Registry, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    load::register(vendors);
    let parsed =
        program().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // Help and version were requested; anything else is bad usage, which is 1, never 2.
            return if error.use_stderr() { Exit::Error.into() } else { Exit::Success.into() };
        }
    };
    let console = Console::new(cli.color, cli.quiet, cli.verbose, cli.lang);
    logs(cli.verbose);
    console.watch();
    let due = cli.command.due();
    let told = (due.clone(), console.clone());
    let interrupted = move || {
        let (due, console) = told;
        give_up(due, &CliError::Interrupted, &console);
    };
    let result = match cli.command {
        Command::Init(arguments) => init::run(&arguments, &console),
        Command::Validate(arguments) => validate::run(&arguments, &console),
        Command::Plan(arguments) => on_runtime(plan::run(arguments, &console), interrupted),
        Command::Apply(arguments) => heeding_signals(apply::run(&arguments, &console), Some(interrupted)),
        Command::Import(arguments) => on_runtime(import::run(&arguments, &console), interrupted),
        Command::Snapshot(arguments) => on_runtime(snapshot::run(&arguments, &console), interrupted),
        Command::Ledger(arguments) => on_runtime(ledger::run(&arguments, &console), interrupted),
        Command::History(arguments) => on_runtime(history::run(&arguments, &console), interrupted),
        Command::Show(arguments) => on_runtime(show::run(&arguments, &console), interrupted),
        Command::Undo(arguments) => on_runtime(undo::run(&arguments, &console), interrupted),
        Command::Unlock(arguments) => on_runtime(unlock::run(&arguments, &console), interrupted),
        Command::Drift(arguments) => on_runtime(drift::run(&arguments, &console), interrupted),
        Command::Adopt(arguments) => on_runtime(adopt::run(&arguments, &console), interrupted),
        Command::Status(arguments) => on_runtime(status::run(&arguments, &console), interrupted),
        Command::Doctor(arguments) => on_runtime(doctor::run(&arguments, &console), interrupted),
        Command::Find(arguments) => find::run(&arguments, &console),
        Command::Calendar(arguments) => calendar::run(&arguments, &console),
        Command::Fmt(arguments) => fmt::run(&arguments, &console),
        Command::Schema(arguments) => Ok(schema::run(&arguments, &console)),
        Command::Explain(arguments) => explain::run(&arguments, &console),
        Command::Sandbox(arguments) => heeding_signals(sandbox::run(&arguments, &console), None::<fn()>),
        Command::Completions(arguments) => Ok(completions::run(&arguments, program(), &console)),
        Command::Man(arguments) => man::run(&arguments, program(), &console),
    };
    let exit = result.unwrap_or_else(|fail| give_up(due, &fail, &console));
    if console::unwritten() { exit.graver(Exit::Error).into() } else { exit.into() }
}

/// Returns the command line, with the examples of each command.
fn program() -> clap::Command {
    help::with_examples(Cli::command())
}

/// Reports the error that ends a command, in the requested format.
fn give_up(due: Option<PendingJson>, fail: &CliError, console: &Console) -> Exit {
    match due {
        Some(due) => due.emit_failure(fail, console),
        None => console.fail(fail),
    }
}

/// Runs a command that calls other systems without a change to them.
///
/// Ctrl-C abandons the command. If the command does not see the signal, `interrupted` reports it.
fn on_runtime(
    command: impl Future<Output = Result<Exit, CliError>>,
    interrupted: impl FnOnce() + Send + 'static,
) -> Result<Exit, CliError> {
    heeding_signals(unless_interrupted(command), Some(interrupted))
}

/// Runs a command that handles Ctrl-C itself.
fn heeding_signals(
    command: impl Future<Output = Result<Exit, CliError>>,
    interrupted: Option<impl FnOnce() + Send + 'static>,
) -> Result<Exit, CliError> {
    enough_files()?;
    // A missing provider fails at run time, so install it before the first client.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(CliError::other)?;
    if let Some(interrupted) = interrupted {
        let _inside = runtime.enter();
        runtime.spawn(signals::insist(interrupted));
    }
    let result = runtime.block_on(command);
    if matches!(result, Err(CliError::Interrupted)) {
        // The threads of other workspaces still use it. The program ends at once.
        std::mem::forget(runtime);
    } else {
        // Do not wait for a question without an answer.
        runtime.shutdown_background();
    }
    result
}

/// Checks that the process can open enough files. The runtime, its signals or a connection may panic without them.
fn enough_files() -> Result<(), CliError> {
    const NEEDED: usize = 24;
    let copies: io::Result<Vec<OwnedFd>> =
        (0..NEEDED).map(|_| io::stderr().as_fd().try_clone_to_owned()).collect();
    match copies {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::MFILE) => Err(CliError::Error(localized!(
            "this program may not open the {NEEDED} files and connections at a time that it needs: {error}; raise the \
             limit, as with `ulimit -n 1024`",
            "这个程序要同时打开 {NEEDED} 个文件和连接，现在不允许：{error}；请提高上限，例如 `ulimit -n 1024`",
            "這個程式要同時開啟 {NEEDED} 個檔案和連線，現在不允許：{error}；請提高上限，例如 `ulimit -n 1024`"
        ))),
        // A closed standard error proves nothing.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Logs to standard error: what RUST_LOG asks for, or every call with `--verbose`.
fn logs(verbose: bool) {
    let asked = std::env::var("RUST_LOG").ok().filter(|v| !v.is_empty());
    let filter = match (asked, verbose) {
        (Some(asked), _) => asked,
        (None, true) => "rosterctl=debug".to_owned(),
        (None, false) => "rosterctl=warn".to_owned(),
    };
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_default();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        .with_ansi(false)
        .without_time()
        // A line that cannot be written is dropped: an error on standard error would end the run.
        .log_internal_errors(false)
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        program().debug_assert();
    }
}
