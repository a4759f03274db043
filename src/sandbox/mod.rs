//! The simulated vendors, within reach: in this process, or behind a loopback server.
//!
//! In: requests. Out: the simulators' replies, and on disk what they changed. An estate is stored whole and
//! atomically after each request that changed it, so that a kill at any moment leaves the state before or
//! after that request. Programs that have the estate of one folder in them, such as the runs of two workspaces beside
//! each other, see each other's changes; a server has its state file for itself.

pub mod agent_config;
pub mod cms_agent;
mod embedded;
pub mod faults;
pub mod isdp_online_agent;
pub mod random;
pub mod seat_query;
pub mod seed;
mod server;
pub mod simulator;
pub mod support;
pub mod variants;
pub mod vendor_state;
pub mod webchat_queue;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use self::agent_config::State as AgentConfig;
pub use self::cms_agent::State as CmsAgent;
pub use self::embedded::Embedded;
pub use self::isdp_online_agent::State as IsdpOnlineAgent;
pub use self::seat_query::State as SeatQuery;
use self::seed::SeedError;
pub use self::server::{Clock, Options, Running, serve, spawn, spawn_at};
pub use self::webchat_queue::State as WebchatQueue;

/// The format of a state file.
const FORMAT: &str = "rosterctl.sandbox/v1";

/// Why a sandbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file is there and cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A state file is no state of a sandbox.
    #[error("{} is not the state of a sandbox; move it away or name another file", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A state file was written by another version.
    #[error("{} has the format \"{found}\", this program reads \"{}\"", path.display(), FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says of itself.
        found: String,
    },
    /// A seed file cannot be used.
    #[error("{} is not a seed", path.display())]
    Seed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SeedError,
    },
    /// The address is open to other hosts, and a sandbox guards nothing.
    #[error("{0} is not a loopback address; listen on 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}
