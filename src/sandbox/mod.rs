//! The simulated vendors: in this process, or behind a loopback server.
//!
//! In: requests. Out: the simulators' responses, and the changed estate on disk. An estate is stored whole and
//! atomically after each request that changed it. So a kill at any moment leaves the state before or after that
//! request. Programs that hold the estate of one folder, such as concurrent runs of two workspaces, see each other's
//! changes. A server does not share its state file.

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

/// The reason why a sandbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file exists and cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A state file is not the state of a sandbox.
    #[error("{} is not the state of a sandbox; move it away or name another file", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A state file was written by another version.
    #[error("{} has the format \"{found}\", this program reads \"{}\"", path.display(), FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// The format in the file.
        found: String,
    },
    /// A seed file cannot be used.
    #[error("{} is not a seed", path.display())]
    Seed {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: SeedError,
    },
    /// The address is open to other hosts; a sandbox has no protection.
    #[error("{0} is not a loopback address; listen on 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}
