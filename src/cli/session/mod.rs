//! Session of a command: loads the workspace, opens the connections, reads, plans.

pub(super) mod clients;
pub(super) mod clocks;
pub(super) mod connections;
pub(super) mod fingerprints;
pub(super) mod git_exposure;
pub(super) mod load;
pub(super) mod manifest_edits;
pub(super) mod neighbours;
pub(super) mod other_ledger;
pub(super) mod passwords;
pub(super) mod pending_creates;
pub(super) mod planning;
pub(super) mod provenance;
pub(super) mod run_record;
pub(super) mod saved_plan;
pub(super) mod scene;
pub(super) mod snapshot_plan;
pub(super) mod source_cache;
