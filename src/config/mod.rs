//! The workspace file `rosterctl.yaml`: the tables of its settings, the typed workspace, and the loader.

pub mod interpreter;
pub mod load;
pub mod scope;
pub mod secret_key;
pub mod settings;
mod table;
pub mod workspace;
