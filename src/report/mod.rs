//! Plan or result → bytes. Every format draws the same view, so that none says more or less.
//!
//! ```text
//! plan, results ─mask─▶ plan, results ─view─▶ View ─▶ text, markdown, html, sarif, github, junit, prometheus
//!                            └───────────────────────▶ json
//! ```
//!
//! What goes in is a [`Report`]: what became of each workspace of a run. [`render`] is a function of it: the same
//! report gives the same bytes. What others store or post ([`Format::masks`]) is masked before anything is drawn.

pub mod doctor;
mod escape;
pub mod explain;
mod github;
mod html;
pub mod json;
mod junit;
mod markdown;
mod prometheus;
pub mod redact;
pub mod reference;
pub mod result;
mod sarif;
pub mod snippet;
pub mod status;
pub mod text;
pub mod view;
mod word_diff;

use std::sync::Arc;

use self::redact::Mask;
use text::TextStyle;

use crate::model::call::Reason;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::ResourceId;
use crate::model::outcome::Deferred;
use crate::model::outcome::Stale;
use crate::model::outcome::StepResult;
use crate::model::plan::Plan;

/// The output formats that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people, on a terminal or in a log.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// A comment for a pull request.
    Markdown,
    /// One file for a browser.
    Html,
    /// For code scanning and editors.
    Sarif,
    /// Workflow annotations.
    Github,
    /// For pipelines that show tests.
    Junit,
    /// Text exposition, of a drift.
    Prometheus,
}

impl Format {
    /// Every format.
    pub const ALL: &[Format] = &[
        Format::Text,
        Format::Json,
        Format::Markdown,
        Format::Html,
        Format::Sarif,
        Format::Github,
        Format::Junit,
        Format::Prometheus,
    ];

    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Junit => "junit",
            Format::Prometheus => "prometheus",
        }
    }

    /// What it is for.
    pub fn doc(self) -> &'static str {
        match self {
            Format::Text => "For people, on a terminal or in a log",
            Format::Json => "One JSON document",
            Format::Markdown => "A comment for a pull request",
            Format::Html => "One file for a browser, that needs nothing else",
            Format::Sarif => "SARIF 2.1.0, for code scanning and editors",
            Format::Github => "GitHub's workflow annotations, on the manifests' lines",
            Format::Junit => "JUnit XML, for pipelines that show tests",
            Format::Prometheus => "Prometheus text exposition (drift only)",
        }
    }

    /// Whether a command has it.
    pub fn fits(self, command: Command) -> bool {
        match self {
            Format::Prometheus => command == Command::Drift,
            Format::Text
            | Format::Json
            | Format::Markdown
            | Format::Html
            | Format::Sarif
            | Format::Github
            | Format::Junit => true,
        }
    }

    /// Whether others store or post it: then phone numbers and e-mail addresses are masked in it.
    pub fn masks(self) -> bool {
        match self {
            Format::Text | Format::Json | Format::Html => false,
            Format::Markdown | Format::Sarif | Format::Github | Format::Junit | Format::Prometheus => true,
        }
    }
}

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

    fn masked(&self) -> Part {
        let body = match &self.body {
            Body::Planned(plan) => Body::Planned(Arc::new(Mask::for_plan(plan).plan(plan))),
            Body::Ran(plan, run) => {
                let mask = Mask::for_plan(plan);
                Body::Ran(Arc::new(mask.plan(plan)), mask.run(run))
            }
            Body::Failed(failure) => {
                let mask = Mask::default();
                Body::Failed(Failure {
                    workspace: failure.workspace.clone(),
                    message: mask.text(&failure.message),
                    reason: failure.reason,
                    diagnostics: failure.diagnostics.iter().map(|d| mask.diagnostic(d)).collect(),
                })
            }
        };
        Part { body, ..self.clone() }
    }
}

impl Report {
    /// The report without anybody's phone number or e-mail address.
    #[must_use]
    pub fn masked(&self) -> Report {
        Report { parts: self.parts.iter().map(Part::masked).collect(), ..self.clone() }
    }

    /// A path as it is known from the root.
    pub fn path<'a>(&self, file: &'a str) -> &'a str {
        let below = file.strip_prefix(self.root.as_str()).and_then(|rest| rest.strip_prefix('/'));
        below.filter(|_| !self.root.is_empty()).unwrap_or(file)
    }
}

/// Draws a report. `look` is that of text alone.
pub fn render(report: &Report, format: Format, look: TextStyle) -> String {
    let masked;
    let report = if format.masks() {
        masked = report.masked();
        &masked
    } else {
        report
    };
    match format {
        Format::Text => text::report(report, look),
        Format::Json => json::report(report),
        Format::Markdown => markdown::report(report),
        Format::Html => html::report(report),
        Format::Sarif => sarif::report(report),
        Format::Github => github::report(report),
        Format::Junit => junit::report(report),
        Format::Prometheus => prometheus::report(report),
    }
}
