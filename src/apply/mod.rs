//! Decides by plan and events, and returns effects; carries nothing out.
//!
//! ```text
//! precondition ──▶ presence ──▶ send ──▶ answer ──┬─ done ────────────┐
//!   │                │            ▲               ├─ failed           ├─▶ verify ─▶ (follow up ─▶ verify) ─▶ finish
//!   └ stale          └ deferred   └─ read back ◀──┴─ outcome unknown ─┘
//! ```
//!
//! A step that disrupts agents is sent only after a read of their presence ([`disruption`]). A step that fails stops
//! only its dependents. A call of unknown outcome is never repeated before a read-back of its targets. A step succeeds
//! by its read-back, never by the vendor's response.

mod confirm;
mod dependencies;
pub mod disruption;
mod event;
pub mod history;
pub mod journal_recovery;
pub mod ledger_update;
mod machine;
pub mod observation;
pub mod postcondition;
pub mod pre_send;
pub mod precondition;
mod presence_guard;
pub mod readback;
pub mod replacement_backup;
pub mod replan;
mod shown;
mod steps;
mod unknown_outcome;
mod verification;
pub mod write_op;

pub use self::event::{ApplyOptions, ApplyOutcome, Effect, Event, Finish, ReadPurpose};
pub use self::machine::Machine;
pub use crate::model::outcome::{Status, StepResult};
