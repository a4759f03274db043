//! Renders plans and results as bytes. Every format renders the same view, so all formats show the same facts.
//!
//! ```text
//! plan, results ─mask─▶ plan, results ─view─▶ View ─▶ text, markdown, html, sarif, github, junit, prometheus
//!                            └───────────────────────▶ json
//! ```
//!
//! The input is a [`Report`]: the outcome of each workspace of a run. [`render`] is a pure function: the same report
//! gives the same bytes. A [`Document`] gives the same bytes workspace by workspace. Formats that people store or post
//! ([`Format::masks`]) are masked before rendering.

pub mod calendar;
mod chapter;
mod content;
mod counts;
mod csv;
pub mod doctor;
mod document;
mod escape;
pub mod explain;
pub mod find;
mod format;
mod github;
pub mod history;
mod html;
pub mod json;
mod junit;
pub mod ledger;
mod markdown;
pub mod patch;
pub mod phrases;
mod prometheus;
pub mod redact;
pub mod reference;
pub mod result;
mod sarif;
pub mod saved_result;
pub mod snapshot;
pub mod snippet;
pub mod status;
pub mod text;
pub mod view;
mod word_diff;

pub use self::content::{Body, BoundPlan, Command, DRIFT, Failure, Part, Report, Roots, Run, Sound};
pub use self::document::{Document, Kept, render};
pub use self::format::Format;
