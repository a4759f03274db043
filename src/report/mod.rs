//! Results and problems in, text for people and machines out.

pub mod excerpt;
pub mod reference;
