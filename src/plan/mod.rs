//! Desired × Live × Ledger → Plan. Pure: no input or output, no clock, no chance; the same arguments give the same
//! bytes.
//!
//! ```text
//! scope ─▶ agents ─┐
//!          queues ─┤
//!          seats ──┴▶ limits ─▶ steps ─▶ estimate ─▶ Plan
//! ```
//!
//! An incomplete listing never leads to a create or a delete. The planner withholds each change that requires a
//! missing resource, and adds a finding.

pub mod adoption;
mod agents;
pub mod calendar;
mod change_origin;
mod chosen;
mod context;
mod due;
mod estimate;
mod last_changed;
mod left_out;
mod limits;
mod prune;
mod queues;
mod released;
mod replacement_restore;
mod rotation;
mod seats;
mod sip;
mod steps;
mod successor;
mod targets;
mod unasked;
pub mod undo;
mod unknown_members;
mod unread;
mod waiting;

use self::context::{Context, Draft};
use crate::config::workspace::Workspace;
use crate::model::desired::Desired;
use crate::model::finding::{Finding, FindingKind};
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::{Action, Digests, FORMAT, FindingCounts, LiveCounts, Plan, Summary};
use crate::model::reason::FieldReason;
use crate::model::rule::{AHEAD, OVER, Severity};
use std::cell::OnceCell;

pub use self::context::Options;
pub use self::estimate::{Observed, seconds};
pub use self::prune::prunes;
pub use self::rotation::overwriting;
pub use self::targets::UnknownTarget;

/// Computes the plan.
///
/// # Errors
/// A target that is neither declared nor live.
pub fn plan(
    workspace: &Workspace,
    desired: &Desired,
    live: &Live,
    ledger: &Ledger,
    options: &Options,
) -> Result<Plan, UnknownTarget> {
    let context = Context {
        workspace,
        desired,
        live,
        ledger,
        options,
        supports: workspace.supports(),
        users: OnceCell::new(),
    };
    let scope = targets::Scope::from_context(&context)?;
    let mut draft = Draft::default();
    agents::decide(&context, &scope, &mut draft);
    sip::withhold(&context, &mut draft);
    queues::decide(&context, &scope, &mut draft);
    seats::decide(&context, &scope, &mut draft);
    if options.due {
        due::keep(&context, &mut draft);
    }
    last_changed::note(&context, &mut draft);
    limits::check(&context, &mut draft);
    draft.changes.sort_by(|a, b| a.id.cmp(&b.id));
    waiting::explain(&context, &mut draft.changes);
    let steps = steps::build(&context, &draft.changes);
    draft.findings.extend(unknown_members::findings(&draft.changes, &steps));
    draft.findings.extend(unasked::findings(&context, &draft.changes));
    let outlook = options.outlook.as_ref();
    for breach in outlook.iter().filter(|_| !options.due).flat_map(|outlook| &outlook.ahead) {
        if !scope.holds(&breach.id) {
            continue;
        }
        let what = FindingKind::Ahead { at: breach.at.clone(), what: breach.what.clone() };
        draft.find(Finding::new(&AHEAD, what).about(&breach.id).at(&breach.cause));
    }
    if let Some(count) = outlook.map(|outlook| outlook.over).filter(|over| *over > 0 && !options.due) {
        draft.find(Finding::new(&OVER, FindingKind::Over { count }));
    }
    draft.findings.sort_by(|a, b| {
        // The place comes last, so that moving a line in a file does not change the order.
        let order = (a.severity, &a.code, &a.id).cmp(&(b.severity, &b.code, &b.id));
        order.then_with(|| a.to_string().cmp(&b.to_string())).then_with(|| a.source.cmp(&b.source))
    });
    let count = |action: Action| draft.ids(action).count();
    let weigh = |severity: Severity| draft.findings.iter().filter(|f| f.severity == severity).count();
    let summary = Summary {
        create: count(Action::Create),
        update: count(Action::Update),
        replace: count(Action::Replace),
        delete: count(Action::Delete),
        calls: estimate::calls(&steps),
        estimated_seconds: estimate::seconds(workspace, &steps, &Observed::default()),
        findings: FindingCounts {
            error: weigh(Severity::Error),
            warning: weigh(Severity::Warning),
            info: weigh(Severity::Info),
        },
        live: LiveCounts {
            agents: live.agents.as_ref().map_or(0, |listing| listing.items.len()),
            queues: live.queues.as_ref().map_or(0, |listing| listing.items.len()),
            outside_agents: live.agents.as_ref().map_or(0, |listing| listing.outside.len()),
            outside_queues: live.queues.as_ref().map_or(0, |listing| listing.outside.len()),
        },
    };
    let mut fields = draft.changes.iter().flat_map(|change| &change.fields);
    let assert_unread = fields.any(|field| field.reason == Some(FieldReason::Asserted));
    Ok(Plan {
        format: FORMAT.to_owned(),
        program: options.program.clone(),
        workspace: workspace.name.to_string(),
        summary,
        changes: draft.changes,
        steps,
        findings: draft.findings,
        allowed: options.allow.clone(),
        assert_unread,
        targets: options.targets.clone(),
        at: outlook.map(|outlook| outlook.at.clone()),
        due_since: options.due.then(|| ledger.last_instant().unwrap_or_default().to_owned()),
        good_until: outlook.and_then(|outlook| outlook.good_until.clone()),
        digests: Digests { manifests: options.manifests.clone(), ..Digests::default() },
    })
}
