//! The workspace file `rosterctl.yaml`: the tables of its settings, the typed workspace, and the loader.

pub mod interpreter;
pub mod load;
pub mod secret_key;
pub mod settings;
pub mod workspace;
