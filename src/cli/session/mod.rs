//! The session of a command: loads the workspace and its manifests, opens the connections, reads the passwords.

pub(super) mod clients;
pub(super) mod connections;
pub(super) mod load;
pub(super) mod passwords;
pub(super) mod source_cache;
