//! The origin of live state, and the choices of an import.

use std::sync::Arc;

use crate::model::support::Support;

/// Where live state came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name of the workspace.
    pub workspace: &'a str,
    /// When it was read, as a UTC timestamp.
    pub taken: &'a str,
    /// Version of the program.
    pub program: &'a str,
    /// What its vendor can do with agents.
    pub agents: &'static Support,
}

/// What a person chose.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The store and the key of every password; `{operatorId}` stands in the key. `None`: not managed.
    pub password: Option<(Arc<str>, Arc<str>)>,
    /// The role of every agent of which none is known.
    pub role: Option<Arc<str>>,
    /// Whether each agent's SIP number is said, rather than that it has one.
    pub sip_numbers: bool,
}
