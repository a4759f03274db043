//! agent-config: agents, their passwords, roles and main skill groups.

pub mod simulate;
