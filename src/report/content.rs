//! The content of a report: the outcome of each workspace of a run.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use crate::model::call::Reason;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::ResourceId;
use crate::model::outcome::{Deferred, Stale, StepResult};
use crate::model::plan::Plan;
use crate::model::support::Supports;

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
    /// The folders that paths are shown from.
    pub roots: Roots,
}

/// The folders that paths are shown from: a pipeline knows files by their place in the repository.
///
/// All are absolute, with `/` and without a final one.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// The folder that relative paths begin in; empty when it is not known.
    pub current: String,
    /// The roots of repositories; a path is shown from the first one that holds it.
    pub repositories: Vec<String>,
}

impl Roots {
    /// Returns the absolute path of a file, without `.` and `..`.
    pub fn absolute(&self, file: &str) -> String {
        let begin = if file.starts_with('/') { "" } else { &self.current };
        let mut parts: Vec<&str> = Vec::new();
        for part in begin.split('/').chain(file.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.iter().flat_map(|part| ["/", part]).collect()
    }

    /// Returns a path as it is known from its repository; from the current folder where there is none.
    fn path<'a>(&self, file: &'a str) -> Cow<'a, str> {
        if self.current.is_empty() {
            return Cow::Borrowed(file);
        }
        let absolute = self.absolute(file);
        let mut roots = self.repositories.iter().chain([&self.current]);
        let below = roots.find_map(|root| match absolute.strip_prefix(root.as_str())? {
            "" => Some("."),
            rest => rest.strip_prefix('/'),
        });
        Cow::Owned(below.map_or_else(|| absolute.clone(), str::to_owned))
    }
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
    Planned(BoundPlan),
    /// What was done.
    Ran(BoundPlan, Run),
    /// Why there is no plan.
    Failed(Failure),
}

/// A plan, with what the connections of its workspace can do.
#[derive(Clone, Debug)]
pub struct BoundPlan {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The support of each kind.
    pub supports: Supports,
}

impl BoundPlan {
    /// Binds a plan.
    pub fn new(plan: impl Into<Arc<Plan>>, supports: Supports) -> Self {
        Self { plan: plan.into(), supports }
    }

    /// Makes the same of another plan.
    #[must_use]
    pub fn with(&self, plan: Plan) -> Self {
        Self { plan: Arc::new(plan), supports: self.supports }
    }
}

impl Deref for BoundPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
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
    /// Returns a path as it is known from its repository.
    pub fn path<'a>(&self, file: &'a str) -> Cow<'a, str> {
        self.roots.path(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_from_the_root_of_its_repository() {
        let roots = Roots {
            current: "/home/ci/repo/teams/a".to_owned(),
            repositories: vec!["/home/ci/repo".to_owned(), "/srv/other".to_owned()],
        };
        for (file, shown) in [
            ("roster/a.yaml", "teams/a/roster/a.yaml"),
            ("../b/./roster/b.yaml", "teams/b/roster/b.yaml"),
            (".", "teams/a"),
            ("../..", "."),
            ("/srv/other/c.yaml", "c.yaml"),
            ("/srv/otherwise/c.yaml", "/srv/otherwise/c.yaml"),
            ("../../../c.yaml", "/home/ci/c.yaml"),
        ] {
            assert_eq!(roots.path(file), shown, "{file}");
        }
    }

    #[test]
    fn without_a_repository_a_path_is_shown_from_the_current_folder() {
        let roots = Roots { current: "/home/ci/w".to_owned(), repositories: Vec::new() };
        assert_eq!(roots.path("roster/a.yaml"), "roster/a.yaml");
        assert_eq!(roots.path("/home/ci/w/roster/a.yaml"), "roster/a.yaml");
        assert_eq!(Roots::default().path("../a.yaml"), "../a.yaml");
    }
}
