//! `rosterctl sandbox`: the simulated vendors as a server on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load::registry;
use crate::sandbox;
use crate::sandbox::Options;
use crate::storage::paths;

/// Serve simulated vendor systems on loopback.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep the state in this file.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Initial state and behaviour of the systems. Read again whenever it changes: who is online or on
    /// a call, seats, credentials and faults are then as it says; agents and queues stay.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    for path in arguments.state.iter().chain(&arguments.seed) {
        paths::unlinked(path).map_err(CliError::other)?;
    }
    let options = Options {
        factories: registry().simulators(),
        listen: arguments.listen,
        state: arguments.state.clone(),
        seed: arguments.seed.clone(),
    };
    let announce = |address: SocketAddr| {
        console.out(&format!("the sandbox listens on http://{address}; Ctrl-C ends it\n"));
    };
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    sandbox::serve(options, announce, shutdown).await.map_err(CliError::other)?;
    Ok(Exit::Success)
}
