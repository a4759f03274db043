//! A line of a view and its segments, common to all formats.

use std::borrow::Cow;

use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::id::OperatorId;
use crate::model::last_change::LastChanged;
use crate::model::outcome::Status;
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::rule::Severity;
use crate::model::source::Source;
use crate::model::support::Support;
use crate::model::text::{skeleton, visible};
use crate::model::value::Value;

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

    /// Returns its word: that of an action, a status or a severity.
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Act(Action::Create) => "create",
            LineKind::Act(Action::Update) => "update",
            LineKind::Act(Action::Replace) => "replace",
            LineKind::Act(Action::Delete) => "delete",
            LineKind::Open(Status::Done) => "in part",
            LineKind::Open(status) => status.word(),
            LineKind::Moved => "moved",
            LineKind::Find(severity) => severity.word(),
        }
    }

    /// Returns its word in a tense: `delete`, `deleted`.
    pub fn word_in(self, tense: Tense) -> &'static str {
        match (self, tense) {
            (LineKind::Act(Action::Create), Tense::Done) => "created",
            (LineKind::Act(Action::Update), Tense::Done) => "updated",
            (LineKind::Act(Action::Replace), Tense::Done) => "replaced",
            (LineKind::Act(Action::Delete), Tense::Done) => "deleted",
            (LineKind::Act(_), Tense::Live) => "live",
            (kind, Tense::Planned | Tense::Differs | Tense::Done | Tense::Live) => kind.word(),
        }
    }
}

/// The chapter of a line, in the order in which people read chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// New agents.
    Joins,
    /// Agents that are deleted.
    Leaves,
    /// Agents that are deleted and created again.
    Remade,
    /// Agents that move to another main skill group.
    Moves,
    /// Agents with other changes.
    Changes,
    /// Queues.
    Queues,
    /// Changes that were not done.
    Open,
    /// Differences that no step remedies, or must not.
    Findings,
}

impl Section {
    /// All chapters, in order.
    pub const ALL: [Section; 8] = [
        Section::Joins,
        Section::Leaves,
        Section::Remade,
        Section::Moves,
        Section::Changes,
        Section::Queues,
        Section::Open,
        Section::Findings,
    ];

    /// Returns all chapters in report order: open changes and findings come first.
    pub fn told() -> impl Iterator<Item = Section> {
        let first = [Section::Open, Section::Findings];
        first.into_iter().chain(Section::ALL.into_iter().filter(move |group| !first.contains(group)))
    }

    /// Returns the heading in a tense.
    pub fn title(self, tense: Tense) -> &'static str {
        let (plan, drift, done) = match self {
            Section::Joins if tense == Tense::Live => ("Agents", "Agents", "Agents"),
            Section::Joins => ("Who joins", "Who is missing", "Who joined"),
            Section::Leaves => ("Who leaves (deleted)", "Who should not be there", "Who left (deleted)"),
            Section::Remade => (
                "Who is deleted and made again",
                "Who differs and has to be made again",
                "Who was deleted and made again",
            ),
            Section::Moves => ("Who moves", "Who is in another skill group", "Who moved"),
            Section::Changes => ("Who changes", "Who differs", "Who changed"),
            Section::Queues => ("Queues", "Queues", "Queues"),
            Section::Open => ("Not done", "Not done", "What was not done"),
            Section::Findings => ("To look at", "To look at", "To look at"),
        };
        tense.choose(plan, drift, done)
    }

    /// Returns the noun and verb after a count: `agents join`, `agents are missing`, `agents joined`.
    pub fn noun(self, tense: Tense) -> &'static str {
        let (plan, drift, done) = match self {
            Section::Joins if tense == Tense::Live => ("agents", "agents", "agents"),
            Section::Queues if tense == Tense::Live => ("queues", "queues", "queues"),
            Section::Joins => ("agents join", "agents are missing", "agents joined"),
            Section::Leaves => {
                ("agents leave (deleted)", "agents should not be there", "agents left (deleted)")
            }
            Section::Remade => (
                "agents are deleted and made again",
                "agents have to be made again",
                "agents were deleted and made again",
            ),
            Section::Moves => ("agents move", "agents are in another skill group", "agents moved"),
            Section::Changes => ("agents change", "agents differ", "agents changed"),
            Section::Queues => ("queues change", "queues differ", "queues changed"),
            Section::Open => ("not done", "not done", "not done"),
            Section::Findings => ("to look at", "to look at", "to look at"),
        };
        tense.choose(plan, drift, done)
    }
}

/// A line of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its kind.
    pub tone: LineKind,
    /// Its chapter.
    pub group: Section,
    /// The resource or resources, or the code of a finding.
    pub subject: String,
    /// All resources that a finding is about.
    pub about: Option<String>,
    /// The number of resources that the line covers.
    pub count: usize,
    /// Its text in segments.
    pub pieces: Vec<Segment>,
    /// The queue's member counts before and after, if they change.
    pub staffing: Option<MemberCounts>,
    /// Every agent that the line condenses, for a search.
    pub everyone: Vec<String>,
    /// The place in the manifest.
    pub source: Option<Source>,
}

impl Line {
    /// Returns the main skill groups of a move: from, to.
    pub fn moves(&self) -> Option<(&str, &str)> {
        self.pieces.iter().find_map(|piece| match piece {
            Segment::Field { key, before, after } if key == MAIN_SKILL_GROUP.key => {
                Some((&**before, &**after))
            }
            Segment::Name(_)
            | Segment::Count(_)
            | Segment::Words(_)
            | Segment::Field { .. }
            | Segment::Remark(_) => None,
        })
    }

    /// Returns the segments besides the move to another main skill group.
    pub fn beside_the_move(&self) -> impl Iterator<Item = &Segment> {
        let is_move =
            |piece: &&Segment| matches!(piece, Segment::Field { key, .. } if key == MAIN_SKILL_GROUP.key);
        self.pieces.iter().filter(move |piece| !is_move(piece))
    }

    /// Returns the name of the agent.
    pub fn name(&self) -> Option<&str> {
        self.pieces.iter().find_map(|piece| match piece {
            Segment::Name(name) => Some(name.as_str()),
            Segment::Field { key, before, .. } if key == NAME.key => Some(before.as_str()),
            Segment::Count(_) | Segment::Words(_) | Segment::Field { .. } | Segment::Remark(_) => None,
        })
    }

    /// Returns the words of a finding with every resource that it is about.
    pub fn words_with_subject(&self) -> String {
        let words = self.words();
        let Some(about) = &self.about else { return words };
        let names = about.split_once('/').map_or(about.as_str(), |(_, names)| names);
        if words.contains(names) { words } else { format!("{about}: {words}") }
    }

    /// Returns the text without the name, in plain words.
    pub fn words(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            let (gap, words) = match piece {
                Segment::Name(_) => continue,
                Segment::Count(_) | Segment::Words(_) | Segment::Field { .. } => (" · ", piece.words()),
                Segment::Remark(_) => (" ", piece.words()),
            };
            if !text.is_empty() {
                text.push_str(gap);
            }
            text.push_str(&words);
        }
        text
    }
}

/// A segment of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The number of agents that the line covers.
    Count(usize),
    /// The name of the agent.
    Name(String),
    /// Words.
    Words(String),
    /// A field that changes.
    Field {
        /// The field's name.
        key: String,
        /// The value before.
        before: String,
        /// The value after.
        after: String,
    },
    /// A remark.
    Remark(String),
}

impl Segment {
    /// Returns the segment in plain words.
    pub fn words(&self) -> Cow<'_, str> {
        match self {
            Segment::Count(count) => format!("{count} agents").into(),
            Segment::Name(words) | Segment::Words(words) => words.into(),
            Segment::Field { key, before, after } => format!("{key} {before} -> {after}").into(),
            Segment::Remark(words) => format!("({words})").into(),
        }
    }
}

/// The member counts of a queue that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberCounts {
    /// The queue's name.
    pub queue: String,
    /// Members before.
    pub before: usize,
    /// Members that leave.
    pub leaving: usize,
    /// Agents that join.
    pub joining: usize,
}

impl MemberCounts {
    /// Returns the number of members after the change.
    pub fn after(&self) -> usize {
        self.before - self.leaving + self.joining
    }
}

/// Returns both sides of a field; two texts that look alike show the characters that differ.
pub(super) fn field_piece(support: &Support, field: &FieldDiff) -> Segment {
    let text = |value: &Option<Value>| match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let (before, after) = match (text(&field.before), text(&field.after)) {
        (Some(before), Some(after)) if skeleton(&before) == skeleton(&after) => {
            (visible(&before).into_owned(), visible(&after).into_owned())
        }
        _ => (words(support, field, field.before.as_ref()), words(support, field, field.after.as_ref())),
    };
    Segment::Field { key: field.field.key.to_owned(), before, after }
}

/// Returns one side of a field, as people read it.
pub(super) fn words(support: &Support, field: &FieldDiff, value: Option<&Value>) -> String {
    // A field that no operation returns and no run has set may hold any value.
    let nothing = if support.is_read(field.field) { "unset" } else { "unknown" };
    value.map_or_else(|| nothing.to_owned(), Value::words)
}

/// Adds the reason of a change and its origin.
pub(super) fn remarks(change: &Change, tense: Tense, pieces: &mut Vec<Segment>) {
    if let Some(reason) = &change.reason {
        pieces.push(Segment::Remark(reason.to_string()));
    }
    let origin = match (change.moved, change.action) {
        (ChangeOrigin::Live, Action::Create) => "deleted since the last clean run, not by this ledger",
        (ChangeOrigin::Live, _) => "changed since, not by this ledger",
        (ChangeOrigin::Both, _) => "changed since by the manifest, and live not by this ledger",
        (ChangeOrigin::Manifest, _) if tense == Tense::Differs && change.reason.is_none() => {
            "the manifest changed since the last apply"
        }
        (ChangeOrigin::Date, _) => "due by its date",
        (ChangeOrigin::Manifest | ChangeOrigin::Unknown, _) => return,
    };
    let last = change.last_changed.as_deref().map(|last| format!("; {}", last_changed(last)));
    pieces.push(Segment::Remark(format!("{origin}{}", last.unwrap_or_default())));
}

/// Returns the words about the last change of a live resource.
pub(super) fn last_changed(changed: &LastChanged) -> String {
    let LastChanged { by, name, .. } = changed;
    let mut words = format!("last changed in the console on {}", changed.time());
    if let Some(by) = by {
        words.push_str(&format!(" by {by}"));
        words.extend(name.iter().flat_map(|name| [" ", name]));
    }
    words
}

/// Lists numbers with runs of three or more condensed: `8001, 8101..8180`.
pub fn ranges(ids: &[&OperatorId]) -> String {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < ids.len() {
        let mut end = at;
        while end + 1 < ids.len() && ids[end].successor().as_ref() == Some(ids[end + 1]) {
            end += 1;
        }
        if end - at >= 2 {
            parts.push(format!("{}..{}", ids[at], ids[end]));
        } else {
            parts.extend(ids[at..=end].iter().map(ToString::to_string));
        }
        at = end + 1;
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_three_and_more_are_drawn_together() {
        let ids = ["8001", "8002", "8101", "8102", "8103", "a"].map(OperatorId::from);
        assert_eq!(ranges(&ids.iter().collect::<Vec<_>>()), "8001, 8002, 8101..8103, a");
    }
}
