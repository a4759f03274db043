//! rosterctl: a contact centre's roster as code.
//!
//! This page is the map: where data comes from, what becomes of it, which folder may know which, and what the
//! words mean. The README says how to use the program.
//!
//! # The flow
//!
//! ```text
//! manifests ──manifest──▶ Desired ─┐
//! replies ────provider──▶ Live ────┼──plan──▶ Plan ──apply──▶ Deed ──provider──▶ Call ──shell──▶ vendor
//! ledger file ──shell───▶ Ledger ──┘           │                 ▲                                 │
//!                                              │                 └──── what was answered, read back┘
//!                                              └──report──▶ text, json, markdown, html, sarif, …
//! ```
//!
//! The plan is a document: it can be shown, saved, reviewed, and carried out later by another process. It leaves
//! no choice to [`apply`], which is a state machine: [`apply::Machine`] is told what happened and says what to do
//! next, and `shell::execute` does it. Success is what was read back, never what a vendor said.
//!
//! # The folders and the arrows
//!
//! ```text
//!           model                 the nouns
//!   ┌─────┬───┴──┬────────┐
//! manifest provider plan  apply   the verbs, each from nouns to nouns
//!   │     │      │        ├─▶ report
//!   └─────┴──────┴────────┴───┴─▶ shell ─▶ main
//! ```
//!
//! - [`model`]: the nouns, data and its invariants. It knows no other folder.
//! - [`manifest`]: bytes → [`model::desired::Desired`] and [`model::workspace::Workspace`]. All that is wrong is
//!   found in one run, each with its place.
//! - [`provider`]: a vendor's spelling; replies → [`model::live::Live`], steps → [`model::call::Call`]. One folder
//!   a connector, and beside each its simulator, which shares no code with it.
//! - [`plan`]: Desired × Live × [`model::ledger::Ledger`] → [`model::plan::Plan`].
//! - [`apply`]: Plan × what happened → what to do next; and what a run leaves in the ledger.
//! - [`report`]: Plan, result or diagnostics → text. It reads the results of `apply`, the one arrow between verbs.
//! - [`shell`]: the only folder that touches a file, a socket, the clock, chance, an environment variable or the
//!   terminal, and the only asynchronous one. It knows all verbs and wires them. `shell::cli` holds a file a
//!   command.
//!
//! Outside [`shell`] everything is a function of its arguments: same input, same bytes. Time and chance come in as
//! arguments, and nothing depends on the order of a hash. `tests/tidy.rs` reads the sources and checks all of this.
//!
//! # The words
//!
//! | word | means |
//! | --- | --- |
//! | provider | a kind of vendor system; a **connection** is a configured one |
//! | desired, live | what the manifests ask for, and what the vendors answered |
//! | before, after | the two values of a field that changes |
//! | change | what happens to a resource: create, update, replace, delete |
//! | step | one call that changes something |
//! | finding | what no step can mend, or must not be done; a stable code, `R…` |
//! | diagnostic | what is wrong with what a person wrote: where, why, what to do |
//! | unsaid | the manifest is silent: not touched |
//! | unread | no operation returns it: the ledger is asked |
//! | missing | it is not there; only a listing that was proved complete may say so |
//!
//! # A field is one row
//!
//! [`model::agent`] and [`model::queue`] hold a table each: a row a field, with its type and the vendor's keys that
//! set it at creation, change it and tell it. Reader, schema, diff, plan and connector all walk that table; a cell
//! that is empty says what a vendor cannot do, and the planner draws its conclusions from it.

pub mod apply;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod provider;
pub mod report;
#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one folder that touches the world"
)]
pub mod shell;
