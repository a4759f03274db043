//! rosterctl: a contact centre's roster as code.

pub mod apply;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod provider;
pub mod report;
pub mod shell;
