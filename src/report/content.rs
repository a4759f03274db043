//! The content of a report: the outcome of each workspace of a run.

use std::sync::Arc;

use crate::model::call::Reason;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::ResourceId;
use crate::model::outcome::{Deferred, Stale, StepResult};
use crate::model::plan::Plan;

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `rosterctl plan`.
    Plan,
    /// `rosterctl apply`.
    Apply,
    /// `rosterctl drift`.
    Drift,
}

impl Command {
    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Command::Plan => "plan",
            Command::Apply => "apply",
            Command::Drift => "drift",
        }
    }
}

/// What a run has to tell.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub command: Command,
    /// What became of each workspace, in the order of the command line.
    pub parts: Vec<Part>,
    /// Several workspaces were named, even when this run's share of them is one.
    pub several: bool,
    /// The folder that paths are shown from, with `/` and without a final one; empty when it is not known. A path
    /// below it is shown from there, since a pipeline knows files by their place in the repository.
    pub root: String,
}

/// What became of a workspace.
#[derive(Clone, Debug)]
pub struct Part {
    /// As the command line names it.
    pub place: String,
    /// Its workspace file, as it is shown to people.
    pub file: Arc<str>,
    /// Its exit code.
    pub exit: u8,
    /// End of the last run that left nothing to do, as a UTC timestamp, where the ledger knows one.
    pub last_clean_run: Option<String>,
    /// Seconds that the plan takes at least as of now, where the shared rate windows are known.
    pub seconds: Option<u64>,
    /// What there is to tell.
    pub body: Body,
}

/// What there is to tell of a workspace.
#[derive(Clone, Debug)]
pub enum Body {
    /// What would be done, or differs.
    Planned(Arc<Plan>),
    /// What was done.
    Ran(Arc<Plan>, Run),
    /// Why there is no plan.
    Failed(Failure),
}

/// What became of a plan's steps.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// One result a step, in the plan's order; none when nothing was written.
    pub results: Vec<StepResult>,
    /// What moved since the plan was made.
    pub stale: Vec<Stale>,
    /// Who was left alone, being at work.
    pub held: Vec<Deferred>,
    /// Who was not, although at work, as the run was allowed to.
    pub lifted: Vec<Deferred>,
    /// The operator stopped it.
    pub interrupted: bool,
    /// What is to be done beside the saved plan that was carried out.
    pub due: Vec<ResourceId>,
    /// Why nothing was written, when nothing was.
    pub refused: Option<String>,
}

/// Why a workspace has no plan.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Name of the workspace, where its file could be read.
    pub workspace: Option<String>,
    /// In a sentence.
    pub message: String,
    /// Why a system told nothing that could be used, where it is that.
    pub reason: Option<Reason>,
    /// What is wrong with the files that people wrote, where it is that.
    pub diagnostics: Vec<Diagnostic>,
}

impl Part {
    /// The plan, where there is one.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.body {
            Body::Planned(plan) | Body::Ran(plan, _) => Some(plan),
            Body::Failed(_) => None,
        }
    }

    /// What people call it: the workspace's name, or where it lies when nothing more is known.
    pub fn name(&self) -> &str {
        match &self.body {
            Body::Planned(plan) | Body::Ran(plan, _) => &plan.workspace,
            Body::Failed(failure) => failure.workspace.as_ref().unwrap_or(&self.place),
        }
    }
}

impl Report {
    /// A path as it is known from the root.
    pub fn path<'a>(&self, file: &'a str) -> &'a str {
        let below = file.strip_prefix(self.root.as_str()).and_then(|rest| rest.strip_prefix('/'));
        below.filter(|_| !self.root.is_empty()).unwrap_or(file)
    }
}
