//! The nouns: data and its invariants. No verb, no input or output.

pub mod agent;
#[cfg(test)]
pub(crate) mod any;
pub mod call;
pub mod desired;
pub mod diagnostic;
pub mod diff;
pub mod field;
pub mod finding;
pub mod host;
pub mod id;
pub mod journal;
pub mod ledger;
pub mod live;
pub mod masked;
pub mod plan;
pub mod presence;
pub mod private;
pub mod queue;
pub mod seat;
pub mod secret;
pub mod secret_key;
pub mod snapshot;
pub mod source;
pub mod spec;
pub mod text;
pub mod value;
pub mod workspace;
