//! Storage: ledger, journal, snapshots, secret stores, and the files of a workspace.

pub mod creation_lock;
pub mod files;
pub mod git;
pub mod journal;
pub mod ledger;
pub mod paths;
pub mod rate_store;
pub mod secrets;
pub mod snapshot;
pub mod spool;
pub mod state;
