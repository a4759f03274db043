//! Touches the world: files, sockets, the clock, the terminal. The only asynchronous code.

pub mod cli;
pub mod clock;
mod creation;
pub mod execute;
pub mod fetch;
pub mod files;
pub mod gate;
pub mod git;
mod http;
pub mod journal;
pub mod ledger;
pub mod link;
pub mod lookout;
pub mod observe;
pub mod pace;
pub mod paths;
pub mod progress;
pub mod sandbox;
pub mod seats;
pub mod secrets;
pub mod state;
pub mod transport;
pub mod vendor;
