//! Plan or result → bytes. Every format draws the same view, so that none says more or less.

pub mod excerpt;
pub mod reference;
pub mod result;
pub mod text;
pub mod view;
