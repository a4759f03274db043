//! The nouns: data and its invariants. No verb, no input or output.

pub mod agent;
pub mod call;
pub mod codec;
pub mod desired;
pub mod diagnostic;
pub mod difference;
pub mod digest;
pub mod equivalence;
pub mod field;
pub mod finding;
pub mod host;
pub mod id;
pub mod identity;
pub mod journal;
pub mod ledger;
pub mod live;
pub mod masked;
pub mod message;
pub mod note;
pub mod outcome;
pub mod plan;
pub mod presence;
pub mod queue;
pub mod queue_match;
pub mod reason;
pub mod retry;
pub mod rule;
pub mod seat;
pub mod secret;
pub mod source;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod value;
pub mod write_op;
