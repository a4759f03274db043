//! Readers of live state: resources page by page, presence, seats.

pub mod presence;
pub mod resources;
pub mod seats;
