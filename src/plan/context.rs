//! Input and output of the planner's stages.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::workspace::Workspace;
use crate::model::desired::{Desired, Earlier};
use crate::model::finding::Finding;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::outlook::Outlook;
use crate::model::plan::{Action, Allowance, Change};

use crate::model::support::Supports;

/// Arguments of a run besides the manifests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The resources that the run is narrowed to; empty for all.
    pub targets: Vec<ResourceId>,
    /// The rules lifted for this run.
    pub allow: Vec<Allowance>,
    /// True to set unread fields again if their live state is unknown.
    pub assert_unread: bool,
    /// True if the run carries out only what dates brought about since the ledger's last run.
    pub due: bool,
    /// True for a run about differences, not about steps: resources that are only read must be readable.
    pub watch: bool,
    /// The keyed fingerprints of the stored passwords, of agents with one in the ledger.
    pub fingerprints: BTreeMap<OperatorId, String>,
    /// Those of these agents whose password is no longer in its store.
    pub gone: BTreeSet<OperatorId>,
    /// Agents of [`overwriting`](super::overwriting) whose store does not hold the key.
    pub vacant: BTreeSet<OperatorId>,
    /// What comes and what was, by the dates of the manifests; `None` without dates.
    pub outlook: Option<Outlook>,
    /// Resources that other workspaces declare in the same tenant, with one workspace's name.
    ///
    /// The id of a queue holds its number.
    pub elsewhere: BTreeMap<ResourceId, Arc<str>>,
    /// The version of the program.
    pub program: String,
    /// The digest of the workspace file and the manifests.
    pub manifests: String,
}

/// Input of all stages of the planner.
pub(crate) struct Context<'a> {
    pub workspace: &'a Workspace,
    pub desired: &'a Desired,
    pub live: &'a Live,
    pub ledger: &'a Ledger,
    pub options: &'a Options,
    /// The connections' support of each kind.
    pub supports: Supports,
    /// The agents that use each secret, by its place; filled at the first rotation.
    pub users: OnceCell<BTreeMap<String, BTreeSet<OperatorId>>>,
}

impl<'a> Context<'a> {
    /// Returns what was wanted at the ledger's last run, where something else is wanted now.
    pub(crate) fn earlier(&self) -> Option<&'a Earlier> {
        self.options.outlook.as_ref()?.earlier.as_deref()
    }
}

/// Output of the stages so far.
#[derive(Default)]
pub(crate) struct Draft {
    pub changes: Vec<Change>,
    pub findings: Vec<Finding>,
    /// The number of searches for near names.
    pub searches: usize,
}

impl Draft {
    /// Returns true while searches for near names are allowed: each goes through all agents.
    pub(crate) fn may_search(&mut self) -> bool {
        self.searches += 1;
        self.searches <= 50
    }

    /// Adds a finding.
    pub(crate) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Returns the ids of the changes of an action.
    pub(crate) fn ids(&self, action: Action) -> impl Iterator<Item = &ResourceId> {
        self.changes.iter().filter(move |c| c.action == action).map(|c| &c.id)
    }
}
