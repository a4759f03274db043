//! The nouns: data and its invariants. No verb, no input or output.

pub mod call;
pub mod diagnostic;
pub mod private;
pub mod source;
