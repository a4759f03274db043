//! Vendor connectors: responses to live state, write operations to requests. Opens no socket.
//!
//! A connector is one folder, and one row of the registry. It implements [`Provider`] for each kind of resource that
//! it holds, [`Observer`] if it knows agents' presence, and [`SeatReader`] if it holds voice seats.

pub mod agent_config;
mod api;
pub mod cms_agent;
pub mod isdp_online_agent;
pub mod json_cursor;
pub mod paging;
pub mod seat_query;
pub mod seats;
mod timestamps;
pub mod webchat_queue;

pub use self::api::{
    Connector, Observer, Page, PasswordDigest, PresencePage, PresenceQuery, Provider, QueryMode, Row,
    SeatPage, SeatReader, SeatRow, Token, Unsupported, Window, WriteReceipt,
};
