//! A line of a view and its segments, common to all formats.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Display;

use crate::messages::Message as _;
use crate::messages::zh::{self, Region};
use crate::model::agent::{MAIN_SKILL_GROUP, NAME, WRAP_UP_SECONDS};
use crate::model::id::OperatorId;
use crate::model::language::Language;
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::scene::Scene;
use crate::model::source::Source;
use crate::model::support::Support;
use crate::model::text::{skeleton, visible};
use crate::model::value::Value;
use crate::report::chapter::{LineKind, Section, Tense};
use crate::report::phrases::{Phrase, bracketed, comma, semicolon};

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
    /// The queue's members before and after, if they change.
    pub staffing: Option<MemberCounts>,
    /// Every agent that the line condenses, for a search.
    pub everyone: Vec<String>,
    /// The last change in the console, as people say it.
    pub last_changed: Option<String>,
    /// The place in the manifest.
    pub source: Option<Source>,
}

impl Line {
    /// Returns the main skill groups of a move: from, to.
    pub fn moves(&self) -> Option<(&str, &str)> {
        self.pieces.iter().find_map(|piece| match piece {
            Segment::Field { key, before, after, .. } if key == MAIN_SKILL_GROUP.key => {
                Some((&**before, &**after))
            }
            Segment::Name(_) | Segment::Words(_) | Segment::Field { .. } | Segment::Remark(_) => None,
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
            Segment::Words(_) | Segment::Field { .. } | Segment::Remark(_) => None,
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
        for piece in self.pieces.iter().filter(|piece| !matches!(piece, Segment::Name(_))) {
            if !text.is_empty() {
                text.push_str(piece.gap());
            }
            text.push_str(&piece.words());
        }
        text
    }
}

/// A segment of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The name of the agent.
    Name(String),
    /// Words.
    Words(String),
    /// A field that changes.
    Field {
        /// The field's name in a manifest.
        key: String,
        /// The field's name for people.
        label: String,
        /// The value before.
        before: String,
        /// The value after.
        after: String,
    },
    /// A remark.
    Remark(String),
}

impl Segment {
    /// Returns the sign between the segment before and this one. A full-width bracket has its own gap.
    pub fn gap(&self) -> &'static str {
        match self {
            Segment::Remark(words) if words.starts_with('（') => "",
            Segment::Remark(_) => " ",
            Segment::Name(_) | Segment::Words(_) | Segment::Field { .. } => " · ",
        }
    }

    /// Returns the segment in plain words.
    pub fn words(&self) -> Cow<'_, str> {
        match self {
            Segment::Field { label, before, after, .. } => format!("{label} {before} -> {after}").into(),
            Segment::Name(words) | Segment::Words(words) | Segment::Remark(words) => words.into(),
        }
    }
}

/// The members of a queue that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberCounts {
    /// The queue's name.
    pub queue: String,
    /// The number of members before.
    pub before: usize,
    /// The members that leave, with the reasons.
    pub leaving: Vec<Person>,
    /// The agents that join, with the reasons.
    pub joining: Vec<Person>,
    /// The fewest members that the manifest allows.
    pub minimum: Option<usize>,
}

impl MemberCounts {
    /// Returns the number of members after the change.
    pub fn after(&self) -> usize {
        self.before - self.leaving.len() + self.joining.len()
    }

    /// Returns true if a member joins or leaves.
    pub fn moves(&self) -> bool {
        self.leaving.len() + self.joining.len() > 0
    }

    /// Returns the share of members that the queue loses, in thousandths.
    pub fn loss(&self) -> usize {
        self.before.saturating_sub(self.after()) * 1000 / self.before.max(1)
    }

    /// Returns the change of the head count: `(−3, −38 %)`, `(+1)`; empty if the count stays.
    pub fn difference(&self) -> String {
        let (before, after) = (self.before, self.after());
        match after.cmp(&before) {
            Ordering::Less => format!("(−{}, −{} %)", before - after, (self.loss() + 5) / 10),
            Ordering::Equal => String::new(),
            Ordering::Greater => format!("(+{})", after - before),
        }
    }

    /// Returns true if the queue has fewer members than its manifest allows.
    pub fn is_short(&self) -> bool {
        self.minimum.is_some_and(|minimum| self.after() < minimum)
    }
}

/// An agent that joins or leaves a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The number.
    pub id: OperatorId,
    /// The name, if it is known.
    pub name: Option<String>,
    /// The reason, if the plan tells it.
    pub why: Option<String>,
}

impl Person {
    /// Returns number, name and reason: `2150 杨巧云 (deleted)`.
    pub fn words(&self, language: Language) -> String {
        let mut words = self.id.to_string();
        words.extend(self.name.iter().flat_map(|name| [" ", name]));
        if let Some(why) = &self.why {
            words.push_str(language.choose(" ", "", ""));
            words.push_str(&bracketed(why, language));
        }
        words
    }
}

/// The language of a line, and the facts beside the plan.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Telling<'a> {
    pub(in crate::report) scene: &'a Scene,
    pub(in crate::report) tense: Tense,
}

impl Telling<'_> {
    pub(in crate::report) fn language(self) -> Language {
        self.scene.language
    }

    pub(in crate::report) fn say(self, phrase: Phrase<'_>) -> String {
        phrase.say(self.language()).into_owned()
    }

    pub(in crate::report) fn list<T: Display>(self, items: impl IntoIterator<Item = T>) -> String {
        let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
        items.join(comma(self.language()))
    }

    /// Lists numbers with runs condensed.
    pub(in crate::report) fn ranges(self, ids: &[&OperatorId]) -> String {
        spans(ids).join(comma(self.language()))
    }

    /// Returns a remark in brackets.
    pub(in crate::report) fn remark(self, text: &str) -> Segment {
        Segment::Remark(bracketed(text, self.language()))
    }

    /// Returns both sides of a field; two texts that look alike show the characters that differ.
    pub(in crate::report) fn field(self, support: &Support, field: &FieldDiff) -> Segment {
        let text = |value: &Option<Value>| match value {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let (before, after) = match (text(&field.before), text(&field.after)) {
            (Some(before), Some(after)) if skeleton(&before) == skeleton(&after) => {
                (visible(&before).into_owned(), visible(&after).into_owned())
            }
            _ => (
                self.value(support, field, field.before.as_ref()),
                self.value(support, field, field.after.as_ref()),
            ),
        };
        let label = field.field.name(self.language()).to_owned();
        Segment::Field { key: field.field.key.to_owned(), label, before, after }
    }

    /// Returns one side of a field, as people read it.
    pub(in crate::report) fn value(
        self,
        support: &Support,
        field: &FieldDiff,
        value: Option<&Value>,
    ) -> String {
        // A field that no operation returns and no run has set may hold any value.
        let nothing = if support.is_read(field.field) { Phrase::Unset } else { Phrase::Unknown };
        let Some(value) = value else { return self.say(nothing) };
        let words = value_words(value, self.language());
        match (self.language(), value) {
            (Language::ZhCn | Language::ZhTw, Value::Number(_)) if *field.field == WRAP_UP_SECONDS => {
                format!("{words} 秒")
            }
            _ => words,
        }
    }

    /// Adds the reason of a change and its origin.
    pub(super) fn remarks(self, change: &Change, pieces: &mut Vec<Segment>) {
        if let Some(reason) = &change.reason {
            pieces.push(self.remark(&reason.say(self.language())));
        }
        let origin = match (change.moved, change.action) {
            (ChangeOrigin::Live, Action::Create) => Phrase::DeletedInConsole,
            (ChangeOrigin::Live, _) => Phrase::ChangedInConsole,
            (ChangeOrigin::Both, _) => Phrase::ChangedByBoth,
            (ChangeOrigin::Manifest, _) if self.tense == Tense::Differs && change.reason.is_none() => {
                Phrase::ChangedByManifest
            }
            (ChangeOrigin::Date, _) => Phrase::DueByDate,
            (ChangeOrigin::Manifest | ChangeOrigin::Unknown, _) => return,
        };
        let last = self.last_changed(change);
        let last = last.map(|last| format!("{}{last}", semicolon(self.language())));
        pieces.push(self.remark(&format!("{}{}", self.say(origin), last.unwrap_or_default())));
    }

    /// Returns the words about the last change of a live resource in the console.
    pub(super) fn last_changed(self, change: &Change) -> Option<String> {
        change.last_changed.as_deref().map(|last| self.say(Phrase::LastChanged(last)))
    }
}

/// Returns a value as people of a language read it.
pub(in crate::report) fn value_words(value: &Value, language: Language) -> String {
    match language {
        Language::En => value.words(),
        Language::ZhCn => zh::words::value(Region::Cn, value),
        Language::ZhTw => zh::words::value(Region::Tw, value),
    }
}

/// Lists numbers with runs of three or more condensed: `8001, 8101..8180`.
pub fn ranges(ids: &[&OperatorId]) -> String {
    spans(ids).join(", ")
}

/// Returns numbers, with each run of three or more as one text.
fn spans(ids: &[&OperatorId]) -> Vec<String> {
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
    parts
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
