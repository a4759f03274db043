//! Desired × Live × Ledger → Plan. Pure: no input or output, no clock, no chance; the same arguments
//! give the same bytes.
//!
//! ```text
//! scope ─▶ agents ─┐
//!          queues ─┤
//!          seats ──┴▶ limits ─▶ steps ─▶ estimate ─▶ Plan
//! ```
//!
//! An incomplete listing never becomes a create or a delete: whatever would have to be called missing
//! is withheld, and a finding says so.

mod agents;
mod change_origin;
mod chosen;
mod estimate;
mod limits;
mod queues;
mod replacement_restore;
mod rotation;
mod seats;
mod sip;
mod steps;
mod targets;
mod unasked;
mod unknown_members;
mod unread;

use crate::model::digest;
use std::collections::{BTreeMap, BTreeSet};

use crate::config::workspace::Workspace;
use crate::model::desired::Desired;
use crate::model::finding::{Finding, Severity};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::{
    Action, Allowance, Change, Digests, FORMAT, FindingCounts, LiveCounts, Plan, Summary,
};

pub use self::targets::UnknownTarget;
pub use agents::asserts_unread;
pub use rotation::overwriting;

/// What a run is asked for beside the manifests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Resources that the run is narrowed to; empty for all.
    pub targets: Vec<ResourceId>,
    /// Rules lifted for this run.
    pub allow: Vec<Allowance>,
    /// Set the fields that no operation returns once more, where their live state is unknown.
    pub assert_unread: bool,
    /// What is only read has to be readable: the run is about what differs, and not about what to do.
    pub watch: bool,
    /// Keyed fingerprints of the passwords that the stores hold now, of agents whose ledger knows one.
    pub fingerprints: BTreeMap<OperatorId, String>,
    /// Those of these agents whose password is in its store no more.
    pub gone: BTreeSet<OperatorId>,
    /// Agents of [`overwriting`] whose store has no such key.
    pub vacant: BTreeSet<OperatorId>,
    /// Version of the program.
    pub program: String,
    /// Digest of the workspace file and the manifests.
    pub manifests: String,
}

/// What all stages of the planner read.
pub(crate) struct Context<'a> {
    pub workspace: &'a Workspace,
    pub desired: &'a Desired,
    pub live: &'a Live,
    pub ledger: &'a Ledger,
    pub options: &'a Options,
    pub users: rotation::Users,
}

/// What the stages find out, bit by bit.
#[derive(Default)]
pub(crate) struct Draft {
    pub changes: Vec<Change>,
    pub findings: Vec<Finding>,
    /// How many near names were looked for.
    pub searches: usize,
}

impl Draft {
    /// Whether a near name is still looked for: each search goes through all agents.
    pub(crate) fn may_search(&mut self) -> bool {
        self.searches += 1;
        self.searches <= 50
    }

    pub(crate) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Ids of the changes of some action.
    pub(crate) fn ids(&self, action: Action) -> impl Iterator<Item = &ResourceId> {
        self.changes.iter().filter(move |c| c.action == action).map(|c| &c.id)
    }
}

/// Makes the plan.
///
/// # Errors
/// A target that names nothing.
pub fn plan(
    workspace: &Workspace,
    desired: &Desired,
    live: &Live,
    ledger: &Ledger,
    options: &Options,
) -> Result<Plan, UnknownTarget> {
    let users = rotation::Users::default();
    let context = Context { workspace, desired, live, ledger, options, users };
    let scope = targets::Scope::from_context(&context)?;
    let mut draft = Draft::default();
    agents::decide(&context, &scope, &mut draft);
    sip::withhold(&context, &mut draft);
    queues::decide(&context, &scope, &mut draft);
    seats::decide(&context, &scope, &mut draft);
    limits::check(&context, &mut draft);
    draft.changes.sort_by(|a, b| a.id.cmp(&b.id));
    let steps = steps::build(&context, &draft.changes);
    draft.findings.extend(unknown_members::findings(&draft.changes, &steps));
    draft.findings.extend(unasked::findings(&context, &draft.changes));
    draft.findings.sort_by(|a, b| {
        // The place comes last: moving a line in a file reorders nothing.
        (a.severity, &a.code, &a.id, &a.message, &a.source)
            .cmp(&(b.severity, &b.code, &b.id, &b.message, &b.source))
    });
    let count = |action: Action| draft.ids(action).count();
    let weigh = |severity: Severity| draft.findings.iter().filter(|f| f.severity == severity).count();
    let summary = Summary {
        create: count(Action::Create),
        update: count(Action::Update),
        replace: count(Action::Replace),
        delete: count(Action::Delete),
        calls: estimate::calls(&steps),
        estimated_seconds: estimate::seconds(workspace, &steps),
        findings: FindingCounts {
            error: weigh(Severity::Error),
            warning: weigh(Severity::Warning),
            info: weigh(Severity::Info),
        },
        live: LiveCounts {
            agents: live.agents.as_ref().map_or(0, |listing| listing.items.len()),
            queues: live.queues.as_ref().map_or(0, |listing| listing.items.len()),
        },
    };
    let mut plan = Plan {
        format: FORMAT.to_owned(),
        program: options.program.clone(),
        workspace: workspace.name.to_string(),
        summary,
        changes: draft.changes,
        steps,
        findings: draft.findings,
        allowed: options.allow.clone(),
        targets: options.targets.clone(),
        digests: Digests { manifests: options.manifests.clone(), ..Digests::default() },
    };
    plan.digests.plan = digest::of_plan(&plan);
    Ok(plan)
}
