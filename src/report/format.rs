//! The output formats of a report.

use super::Command;

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
