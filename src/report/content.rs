//! The content of a report: the outcome of each workspace of a run.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use crate::model::call::Reason;
use crate::model::diagnostic::Diagnostic;
use crate::model::language::{Language, Localized};
use crate::model::plan::Plan;
use crate::model::scene::Scene;
use crate::model::support::Supports;

pub use crate::model::outcome::Run;

/// The value of `format` of a drift.
pub const DRIFT: &str = "rosterctl.drift/v1";

/// A command that reports on workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `rosterctl plan`.
    Plan,
    /// `rosterctl apply`.
    Apply,
    /// `rosterctl drift`.
    Drift,
    /// `rosterctl snapshot`, as `rosterctl show` renders it.
    Snapshot,
    /// `rosterctl validate`.
    Validate,
}

impl Command {
    /// Returns the command's word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Command::Plan => "plan",
            Command::Apply => "apply",
            Command::Drift => "drift",
            Command::Snapshot => "snapshot",
            Command::Validate => "validate",
        }
    }
}

/// The content of a report: the outcome of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The command of the run.
    pub command: Command,
    /// The outcome of each workspace, in the order of the command line. A [`Document`](super::Document) gets them one
    /// by one.
    pub parts: Vec<Part>,
    /// True if the command line named several workspaces. This run's share of them may still be one.
    pub several: bool,
    /// The folders that paths are shown from.
    pub roots: Roots,
    /// The language of the words around the workspaces.
    pub language: Language,
}

/// Folders that paths are shown from. A pipeline knows files by their path in the repository.
///
/// All are absolute, with `/` and without a trailing one.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// The current folder, which relative paths start from; empty when unknown.
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

    /// Returns a path relative to its repository, or else to the current folder.
    pub(super) fn path<'a>(&self, file: &'a str) -> Cow<'a, str> {
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

/// The outcome of one workspace.
#[derive(Clone, Debug)]
pub struct Part {
    /// The folder or file, as the command line names it.
    pub place: String,
    /// The workspace file, as it is shown to people.
    pub file: Arc<str>,
    /// The exit code of the workspace.
    pub exit: u8,
    /// End of the last clean run as a UTC timestamp, if the ledger knows one.
    pub last_clean_run: Option<String>,
    /// The facts of the run beside its plan.
    pub scene: Scene,
    /// The plan, the run or the failure.
    pub body: Body,
    /// True once its phone numbers and e-mail addresses are hidden.
    pub masked: bool,
}

/// The plan, run or failure of a workspace.
#[derive(Clone, Debug)]
pub enum Body {
    /// A plan that was not applied: the planned changes, or the drift.
    Planned(BoundPlan),
    /// A plan and the run that applied it.
    Ran(BoundPlan, Run),
    /// Manifests that are sound offline.
    Sound(Sound),
    /// A failure before there was a plan.
    Failed(Failure),
}

/// The declarations of a workspace whose files are sound.
#[derive(Clone, Debug)]
pub struct Sound {
    /// Name of the workspace.
    pub workspace: String,
    /// The number of agents that have to exist.
    pub agents: usize,
    /// The number of queues.
    pub queues: usize,
    /// The number of seats.
    pub seats: usize,
    /// The number of agents that must not exist.
    pub absent: usize,
    /// The instant of the check, and the end of its look ahead; `None` without dates.
    pub span: Option<(String, String)>,
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

    /// Returns the plan as the document of a drift.
    #[must_use]
    pub fn into_drift(self) -> Self {
        let plan = Plan { format: DRIFT.to_owned(), ..Arc::unwrap_or_clone(self.plan) };
        Self { plan: Arc::new(plan), ..self }
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

/// The failure that left a workspace without a plan.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Name of the workspace, if its file could be read.
    pub workspace: Option<String>,
    /// The failure in one sentence.
    pub message: Localized,
    /// The reason why a system returned no usable data, if that is the failure.
    pub reason: Option<Reason>,
    /// Errors in the files that people wrote, if these are the failure.
    pub diagnostics: Vec<Diagnostic>,
}

impl Part {
    /// Returns the plan, if there is one.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.body {
            Body::Planned(plan) | Body::Ran(plan, _) => Some(plan),
            Body::Sound(_) | Body::Failed(_) => None,
        }
    }

    /// Returns the workspace's name, or its place when the name is unknown.
    pub fn name(&self) -> &str {
        match &self.body {
            Body::Planned(plan) | Body::Ran(plan, _) => &plan.workspace,
            Body::Sound(sound) => &sound.workspace,
            Body::Failed(failure) => failure.workspace.as_ref().unwrap_or(&self.place),
        }
    }
}

impl Report {
    /// Returns the same report without its parts.
    #[must_use]
    pub fn without_parts(&self) -> Self {
        Self {
            command: self.command,
            parts: Vec::new(),
            several: self.several,
            roots: self.roots.clone(),
            language: self.language,
        }
    }

    /// Returns a path relative to its repository.
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
