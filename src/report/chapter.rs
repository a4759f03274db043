//! The tenses, chapters and kinds of lines of a report.

use crate::model::outcome::Status;
use crate::model::plan::Action;
use crate::model::rule::Severity;

/// The tense of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    /// A plan: changes that would happen.
    Planned,
    /// A drift: differences.
    Differs,
    /// A run: changes that happened.
    Done,
    /// A snapshot: resources that are live.
    Live,
}

impl Tense {
    /// Returns the words for this tense.
    pub fn choose(self, planned: &'static str, differs: &'static str, done: &'static str) -> &'static str {
        match self {
            Tense::Planned | Tense::Live => planned,
            Tense::Differs => differs,
            Tense::Done => done,
        }
    }
}

/// The kind of a line; formats choose its colour by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A planned or completed change.
    Act(Action),
    /// A change that was not done.
    Open(Status),
    /// A resource that changed after the plan was made.
    Moved,
    /// A finding.
    Find(Severity),
}

impl LineKind {
    /// Returns the mark before the line.
    pub fn mark(self) -> &'static str {
        match self {
            LineKind::Act(action) => action.mark(),
            LineKind::Open(_) | LineKind::Moved | LineKind::Find(Severity::Error | Severity::Warning) => "!",
            LineKind::Find(Severity::Info) => "i",
        }
    }
}

/// The chapter of a line, in the order in which people read chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Changes that were not done.
    Open,
    /// Findings that need a decision: errors and warnings.
    Decide,
    /// Queues, the greatest loss first.
    Queues,
    /// Changes in the console, which apply takes back.
    TakenBack,
    /// Agents that are deleted.
    Leaves,
    /// Agents that are deleted and created again.
    Remade,
    /// New agents.
    Joins,
    /// Agents that move to another main skill group.
    Moves,
    /// Agents with other changes.
    Changes,
    /// Findings that need no decision.
    Notes,
}

impl Section {
    /// All chapters, in order.
    pub const ALL: [Section; 10] = [
        Section::Open,
        Section::Decide,
        Section::Queues,
        Section::TakenBack,
        Section::Leaves,
        Section::Remade,
        Section::Joins,
        Section::Moves,
        Section::Changes,
        Section::Notes,
    ];

    /// Returns the chapter of a finding.
    pub fn for_finding(severity: Severity) -> Self {
        if severity == Severity::Info { Section::Notes } else { Section::Decide }
    }
}
