//! The origin of live state, and the choices of an import.

use std::sync::Arc;

use crate::model::support::Support;

/// The origin of live state.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name of the workspace.
    pub workspace: &'a str,
    /// Time of the read, as a UTC timestamp.
    pub taken: &'a str,
    /// Version of the program.
    pub program: &'a str,
    /// The vendor's support of agents.
    pub agents: &'static Support,
}

/// The choices of the person who imports.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Store and key of every password, with `{operatorId}` in the key. `None`: passwords are not managed.
    pub password: Option<(Arc<str>, Arc<str>)>,
    /// Role of every agent without a known one.
    pub role: Option<Arc<str>>,
    /// True if each agent's SIP number is written, instead of `auto`.
    pub sip_numbers: bool,
}
