//! rosterctl: a contact centre's roster as code.

pub mod model;
pub mod provider;
pub mod shell;
