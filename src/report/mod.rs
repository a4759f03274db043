//! Renders plans and results as bytes. Every format renders the same view, so all formats show the same facts.
//!
//! ```text
//! plan, results ─mask─▶ plan, results ─view─▶ View ─▶ text, markdown, html, sarif, github, junit, prometheus
//!                            └───────────────────────▶ json
//! ```
//!
//! The input is a [`Report`]: the outcome of each workspace of a run. [`render`] is a pure function: the same report
//! gives the same bytes. Formats that people store or post ([`Format::masks`]) are masked before rendering.

mod content;
pub mod doctor;
mod escape;
pub mod explain;
mod github;
mod html;
pub mod json;
mod junit;
pub mod ledger;
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

use std::io::{self, Write};

pub use self::content::{Body, BoundPlan, Command, Failure, Part, Report, Roots, Run};
use self::text::TextStyle;

/// An output format.
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
    /// All formats.
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

    /// Returns the format's word on the command line.
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

    /// Returns the purpose of the format.
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

    /// Returns true if the command supports the format.
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

    /// Returns true if the output is stored or posted. Phone numbers and e-mail addresses in it are masked.
    pub fn masks(self) -> bool {
        match self {
            Format::Text | Format::Json | Format::Html => false,
            Format::Markdown | Format::Sarif | Format::Github | Format::Junit | Format::Prometheus => true,
        }
    }
}

/// Renders a report; `look` applies to text only.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, format: Format, look: TextStyle, out: &mut dyn Write) -> io::Result<()> {
    let masked;
    let report = if format.masks() {
        masked = report.masked();
        &masked
    } else {
        report
    };
    let text = match format {
        Format::Json => return json::report(report, out),
        Format::Text => text::report(report, look),
        Format::Markdown => markdown::report(report),
        Format::Html => html::report(report),
        Format::Sarif => sarif::report(report),
        Format::Github => github::report(report),
        Format::Junit => junit::report(report),
        Format::Prometheus => prometheus::report(report),
    };
    out.write_all(text.as_bytes())
}
