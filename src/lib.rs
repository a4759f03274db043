//! rosterctl: a contact centre's roster as code.
//!
//! This page is the map: the flow of data, the rooms and the arrows between them, and the glossary. The README
//! says how to use the program.
//!
//! # The flow
//!
//! ```text
//! manifests ──yaml, manifest──▶ Desired ─┐
//! responses ──────provider────▶ Live ────┼──plan──▶ Plan ──apply──▶ WriteOp ──provider──▶ Call ──runtime──▶ vendor
//! ledger ─────────storage─────▶ Ledger ──┘           │                 ▲                                      │
//!                                                    │                 └────────── response, read-back ───────┘
//!                                                    └──report──▶ text, json, markdown, html, sarif, …
//! ```
//!
//! The plan is a document: it can be shown, saved, reviewed, and carried out later by another process. It leaves
//! no choice to [`apply`]. [`apply::Machine`] is a state machine: it takes events and returns effects, and
//! [`runtime::executor`] carries the effects out. A step is done when the read-back shows it, not when the vendor
//! says so.
//!
//! # The rooms
//!
//! | room | holds | may know |
//! | --- | --- | --- |
//! | [`model`] | the nouns: data and its invariants | |
//! | [`yaml`] | bytes → nodes with positions, and their typed decoding | model |
//! | [`config`] | `rosterctl.yaml`: tables of settings, the workspace, its policy | model, yaml |
//! | [`manifest`] | bytes → [`model::desired::Desired`]; `fmt`, `find`, `import`, edits of the text, the JSON Schema | model, yaml, config |
//! | [`messages`] | every sentence about a plan, a run or a file; one folder a language | model |
//! | [`provider`] | one folder a vendor: requests, responses, writes, authentication | model, config |
//! | [`plan`] | Desired × Live × Ledger → [`model::plan::Plan`] | model, config |
//! | [`apply`] | plan × events → effects; the ledger after a run | model |
//! | [`report`] | plan, result or diagnostics → text in every format | model, messages, config, yaml |
//! | [`runtime`] | client, rate limits, readers, executor; ports for what storage brings | model, config, provider, apply |
//! | [`storage`] | ledger, journal, snapshots, secret stores, files | model, config, runtime |
//! | [`sandbox`] | simulated vendors and their server | model, runtime, storage |
//! | [`vendors`] | one row a vendor: connector, resources, presence, seats, simulator | model, config, provider, sandbox |
//! | [`cli`] | one file a command; the session around it | all |
//!
//! `model`, `yaml`, `config`, `manifest`, `messages`, `provider`, `plan`, `apply` and `report` are pure and synchronous: same
//! input, same bytes. Time and chance come in as arguments, and nothing depends on the order of a hash.
//! `tests/tidy.rs` reads the sources and checks the rooms, and that no files import each other.
//!
//! # Glossary
//!
//! | term | meaning |
//! | --- | --- |
//! | provider | a kind of vendor system; a **connection** is a configured one |
//! | agent, queue, seat | the kinds of resources: 坐席, 队列, 语音座席 |
//! | desired, live | the state in the manifests, and the state that the vendors return |
//! | before, after | the two values of a field that changes |
//! | change | a difference of one resource: create, update, replace, delete |
//! | step | one write call of a plan; its effect is a [`model::write_op::WriteOp`] |
//! | precondition, postcondition | what must hold before a step is sent, and what the read-back must show after it |
//! | finding | a difference that no step remedies, or must not; a stable code, `R…` |
//! | diagnostic | an error in a file that a person wrote: message, place, remedy |
//! | scope | the part of a tenant that a workspace manages; live resources **outside** stay as they are |
//! | unset | the manifest does not name the field: rosterctl leaves it alone |
//! | unread | the vendor does not return the field: the ledger knows it |
//! | missing | the resource does not exist; only a complete listing proves it |
//! | ledger | what rosterctl owns and what it last set; its **lease** lets one run write at a time |
//! | history | a record of each run that wrote, beside the ledger; each names the digest of the one before |
//! | journal | the intent of each step, synced before its call leaves, for the run after a crash |
//! | presence guard | the check whether the agents that a step disrupts are busy |
//! | replacement | delete and create of one agent; the ledger backs up what the manifest does not hold |
//! | fingerprint | the keyed digest of a password, which tells whether it changed |
//!
//! # A field is one row
//!
//! [`model::agent`], [`model::queue`] and [`model::seat`] hold a table each: one row a field, with its type. Decoder,
//! schema, diff and plan walk that table. Each connector brings its [`model::support::Support`] of a kind: the vendor's
//! keys that create, update and read each field, and the write operations. A key that is missing is an operation that
//! the vendor lacks, and the planner draws its conclusions from it.

pub mod apply;
#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "talks to the terminal and wires the rooms"
)]
pub mod cli;
pub mod config;
pub mod manifest;
pub mod messages;
pub mod model;
pub mod plan;
pub mod provider;
pub mod report;
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "time, sockets and tasks")]
pub mod runtime;
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "its server listens on a socket")]
pub mod sandbox;
#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "files, object stores and secret stores"
)]
pub mod storage;
pub mod vendors;
pub mod yaml;
