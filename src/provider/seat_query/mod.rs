//! seat-query: voice seats (Laaffic), read only. Its settings are checked; reading comes later.

pub mod spec;
