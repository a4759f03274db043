//! A line of a view and its pieces, for every format alike.

use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::finding::Severity;
use crate::model::id::OperatorId;
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::source::Source;
use crate::model::value::Value;
use crate::report::Command;

/// What a line is about; formats colour it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Something happens.
    Act(Action),
    /// A finding.
    Find(Severity),
}

impl LineKind {
    /// The mark before the line.
    pub fn mark(self) -> &'static str {
        match self {
            LineKind::Act(action) => action.mark(),
            LineKind::Find(Severity::Error | Severity::Warning) => "!",
            LineKind::Find(Severity::Info) => "i",
        }
    }

    /// The word for it: an action's or a severity's.
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Act(Action::Create) => "create",
            LineKind::Act(Action::Update) => "update",
            LineKind::Act(Action::Replace) => "replace",
            LineKind::Act(Action::Delete) => "delete",
            LineKind::Find(severity) => severity.word(),
        }
    }
}

/// The chapter that a line belongs to, in the order in which people read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Agents that are made.
    Joins,
    /// Agents that are deleted.
    Leaves,
    /// Agents that are deleted and made again.
    Remade,
    /// Agents that get another main skill group.
    Moves,
    /// Agents that change otherwise.
    Changes,
    /// Queues.
    Queues,
    /// What cannot be mended, or must not be done.
    Findings,
}

impl Section {
    /// Every chapter, in order.
    pub const ALL: [Section; 7] = [
        Section::Joins,
        Section::Leaves,
        Section::Remade,
        Section::Moves,
        Section::Changes,
        Section::Queues,
        Section::Findings,
    ];

    /// Every chapter as a report tells them: what may stop all the others comes first.
    pub fn told() -> impl Iterator<Item = Section> {
        let others = Section::ALL.into_iter().filter(|group| *group != Section::Findings);
        std::iter::once(Section::Findings).chain(others)
    }

    /// Its heading: what would happen, or, of a drift, what is so.
    pub fn title(self, command: Command) -> &'static str {
        let (plan, drift) = match self {
            Section::Joins => ("Who joins", "Who is missing"),
            Section::Leaves => ("Who leaves (deleted)", "Who should not be there"),
            Section::Remade => ("Who is deleted and made again", "Who differs and has to be made again"),
            Section::Moves => ("Who moves", "Who is in another skill group"),
            Section::Changes => ("Who changes", "Who differs"),
            Section::Queues => ("Queues", "Queues"),
            Section::Findings => ("To look at", "To look at"),
        };
        if command == Command::Drift { drift } else { plan }
    }

    /// What a number of them does or is: `agents join`, `queue changes`; of a drift `agents are missing`.
    pub fn noun(self, command: Command, count: usize) -> &'static str {
        let drift = command == Command::Drift;
        let (one, many) = match self {
            Section::Joins if drift => ("agent is missing", "agents are missing"),
            Section::Joins => ("agent joins", "agents join"),
            Section::Leaves if drift => ("agent should not be there", "agents should not be there"),
            Section::Leaves => ("agent leaves (deleted)", "agents leave (deleted)"),
            Section::Remade if drift => ("agent has to be made again", "agents have to be made again"),
            Section::Remade => ("agent is deleted and made again", "agents are deleted and made again"),
            Section::Moves if drift => {
                ("agent is in another skill group", "agents are in another skill group")
            }
            Section::Moves => ("agent moves", "agents move"),
            Section::Changes if drift => ("agent differs", "agents differ"),
            Section::Changes => ("agent changes", "agents change"),
            Section::Queues if drift => ("queue differs", "queues differ"),
            Section::Queues => ("queue changes", "queues change"),
            Section::Findings => ("to look at", "to look at"),
        };
        if count == 1 { one } else { many }
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub tone: LineKind,
    /// The chapter.
    pub group: Section,
    /// The resource or resources; a finding's code.
    pub subject: String,
    /// The resource or resources that a finding is about, all of them.
    pub about: Option<String>,
    /// How many resources it stands for.
    pub count: usize,
    /// What is said of it, in pieces.
    pub pieces: Vec<Segment>,
    /// Who serves the queue, before and after, when that changes.
    pub staffing: Option<MemberCounts>,
    /// Everyone that the line is about and that its words draw together, for a search.
    pub everyone: Vec<String>,
    /// Where the manifest asks for it.
    pub source: Option<Source>,
}

impl Line {
    /// From which main skill group to which the agent moves.
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

    /// What is said beside the move to another main skill group.
    pub fn beside_the_move(&self) -> impl Iterator<Item = &Segment> {
        let is_move =
            |piece: &&Segment| matches!(piece, Segment::Field { key, .. } if key == MAIN_SKILL_GROUP.key);
        self.pieces.iter().filter(move |piece| !is_move(piece))
    }

    /// What people call it: the name of an agent.
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

    /// What is said of it beside its name, in plain words.
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

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// How many agents the line stands for.
    Count(usize),
    /// What people call the agent.
    Name(String),
    /// Words.
    Words(String),
    /// A field and what becomes of it.
    Field {
        /// Its name.
        key: String,
        /// What it held.
        before: String,
        /// What it will hold.
        after: String,
    },
    /// A remark.
    Remark(String),
}

impl Segment {
    /// The piece in plain words.
    pub fn words(&self) -> String {
        match self {
            Segment::Count(count) => format!("{count} agents"),
            Segment::Name(words) | Segment::Words(words) => words.clone(),
            Segment::Field { key, before, after } => format!("{key} {before} -> {after}"),
            Segment::Remark(words) => format!("({words})"),
        }
    }
}

/// How many serve a queue that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberCounts {
    /// Its name.
    pub queue: String,
    /// How many serve it now.
    pub before: usize,
    /// How many of them leave.
    pub leaving: usize,
    /// How many join.
    pub joining: usize,
}

impl MemberCounts {
    /// How many will serve it.
    pub fn after(&self) -> usize {
        self.before - self.leaving + self.joining
    }
}

/// One side of a field, as people read it.
pub(super) fn words(field: &FieldDiff, value: Option<&Value>) -> String {
    // What no operation returns, and no run has set, may hold anything.
    let nothing = if field.field.is_read() { "unset" } else { "unknown" };
    value.map_or_else(|| nothing.to_owned(), Value::words)
}

/// Adds the reason of a change, and its origin.
pub(super) fn remarks(change: &Change, command: Command, pieces: &mut Vec<Segment>) {
    if let Some(reason) = &change.reason {
        pieces.push(Segment::Remark(reason.clone()));
    }
    match (change.moved, change.action) {
        (ChangeOrigin::Live, Action::Create) => {
            pieces.push(Segment::Remark("it was deleted in the console".to_owned()));
        }
        (ChangeOrigin::Live, _) => pieces.push(Segment::Remark("it was changed in the console".to_owned())),
        (ChangeOrigin::Both, _) => {
            pieces.push(Segment::Remark("both the console and the manifest changed it".to_owned()));
        }
        (ChangeOrigin::Manifest, _) if command == Command::Drift => {
            pieces.push(Segment::Remark("the manifest changed since the last apply".to_owned()));
        }
        (ChangeOrigin::Manifest | ChangeOrigin::Unknown, _) => {}
    }
}

/// Numbers with runs of three and more drawn together: `8001, 8101..8180`.
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
