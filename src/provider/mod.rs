//! The vendors: how each spells what the roster says. Opens no socket.

pub mod agent_config;
pub mod faults;
pub mod simulate;
pub mod webchat_queue;
