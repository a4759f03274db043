//! A vendor's spelling: answers in, live state out; orders in, calls out. Opens no socket.
//!
//! A connector is one folder, and one line in [`ALL`] when it holds resources, in [`OBSERVERS`] when it knows
//! who is at work. Voice seats are neither: `seat_query` is read with its own functions.

pub mod agent_config;
mod api;
pub mod cms_agent;
pub mod isdp_online_agent;
pub mod json_cursor;
pub mod paging;
pub mod seat_query;
pub mod webchat_queue;

pub use self::api::{
    Connector, Observer, Page, PresencePage, PresenceQuery, Provider, QueryMode, Row, Token, WriteReceipt,
};
use crate::config::settings::Spec;
use crate::config::workspace::Connection;

/// What every connector says of itself, in the order of the reference page.
pub static SPECS: &[&Spec] = &[
    &agent_config::spec::SPEC,
    &webchat_queue::spec::SPEC,
    &seat_query::spec::SPEC,
    &isdp_online_agent::spec::SPEC,
    &cms_agent::spec::SPEC,
];

/// Every connector, in that order.
pub static CONNECTORS: &[&dyn Connector] = &[
    &agent_config::AgentConfig,
    &webchat_queue::WebchatQueue,
    &seat_query::SeatQuery,
    &isdp_online_agent::IsdpOnlineAgent,
    &cms_agent::CmsAgent,
];

/// What signs the calls of a connection.
pub fn connector(connection: &Connection) -> Option<&'static dyn Connector> {
    CONNECTORS.iter().copied().find(|connector| connector.spec().name == connection.spec.name)
}

/// The connectors that hold resources.
pub static ALL: &[&dyn Provider] = &[&agent_config::AgentConfig, &webchat_queue::WebchatQueue];

/// The connectors that know who is at work.
pub static OBSERVERS: &[&dyn Observer] =
    &[&cms_agent::CmsAgent, &isdp_online_agent::IsdpOnlineAgent, &webchat_queue::presence::Claims];

/// What observes through a connection, where anything does.
pub fn observer(connection: &Connection) -> Option<&'static dyn Observer> {
    OBSERVERS.iter().copied().find(|observer| observer.spec().name == connection.spec.name)
}

/// The connector of a connection, where it holds resources.
pub fn for_connection(connection: &Connection) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.spec().name == connection.spec.name)
}
