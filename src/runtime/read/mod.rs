//! Readers of live state: resources page by page, presence, seats.

pub mod presence;
pub mod reader;
pub mod resources;
pub mod seats;
