//! The rows that every format but JSON shows, and their words.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::ZonedDateTime;

use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP, NAME, ROLE};
use crate::model::calendar::{Action, Calendar, Change, Entry, FieldChange, HeadCount, Loan, Path};
use crate::model::id::{Kind, safe};
use crate::model::identity::Identity;
use crate::model::plan::{self, ChangeOrigin, FieldDiff, Summary};
use crate::model::support::Supports;
use crate::model::value::Value;
use crate::report::Roots;
use crate::report::view::{self, ChangeLines, Line, Segment, Tense};

/// The chapter of a row, in the order in which people read chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chapter {
    /// Agents that begin.
    Joins,
    /// Agents whose last day is over.
    Leaves,
    /// Agents that are deleted.
    Deleted,
    /// Agents that go to another main skill group for a time.
    Lent,
    /// Agents that return to their main skill group.
    Returns,
    /// Agents with other changes.
    Changes,
    /// Queues whose members or minimum change.
    Queues,
}

impl Chapter {
    /// All chapters, in order.
    pub(super) const ALL: [Chapter; 7] = [
        Chapter::Joins,
        Chapter::Leaves,
        Chapter::Deleted,
        Chapter::Lent,
        Chapter::Returns,
        Chapter::Changes,
        Chapter::Queues,
    ];

    /// Returns the chapter of a change.
    pub(super) fn for_change(change: &Change) -> Self {
        match (change.id.kind, change.action, change.loan) {
            (Kind::Queue | Kind::Seat, ..) => Chapter::Queues,
            (Kind::Agent, Action::Join, _) => Chapter::Joins,
            (Kind::Agent, Action::Leave, _) => Chapter::Leaves,
            (Kind::Agent, Action::Delete, _) => Chapter::Deleted,
            (Kind::Agent, Action::Update, Some(Loan::Begins)) => Chapter::Lent,
            (Kind::Agent, Action::Update, Some(Loan::Ends)) => Chapter::Returns,
            (Kind::Agent, Action::Update, None) => Chapter::Changes,
        }
    }

    /// Returns the word before a row.
    pub(super) fn word(self) -> &'static str {
        match self {
            Chapter::Joins => "joins",
            Chapter::Leaves => "leaves",
            Chapter::Deleted => "deleted",
            Chapter::Lent => "lent",
            Chapter::Returns => "returns",
            Chapter::Changes => "changes",
            Chapter::Queues => "queue",
        }
    }

    /// Returns noun and verb after a count.
    pub(super) fn noun(self, count: usize) -> &'static str {
        let (one, many) = match self {
            Chapter::Joins => ("agent joins", "agents join"),
            Chapter::Leaves => ("agent leaves", "agents leave"),
            Chapter::Deleted => ("agent is deleted", "agents are deleted"),
            Chapter::Lent => ("agent is lent", "agents are lent"),
            Chapter::Returns => ("agent returns", "agents return"),
            Chapter::Changes => ("agent changes", "agents change"),
            Chapter::Queues => ("queue changes", "queues change"),
        };
        if count == 1 { one } else { many }
    }
}

/// Counts the changes of some entries in words: `2 agents join · 1 agent is lent`.
pub(super) fn headline<'a>(entries: &(impl Iterator<Item = &'a Entry> + Clone)) -> String {
    let counts = Chapter::ALL.map(|chapter| (chapter, count(entries.clone(), chapter)));
    let told = counts.iter().filter(|(_, count)| *count > 0);
    told.map(|(chapter, count)| format!("{count} {}", chapter.noun(*count))).collect::<Vec<_>>().join(" · ")
}

/// Counts the changes of a chapter.
pub(super) fn count<'a>(entries: impl Iterator<Item = &'a Entry>, chapter: Chapter) -> usize {
    let changes = entries.flat_map(|entry| &entry.changes);
    changes.filter(|change| Chapter::for_change(change) == chapter).count()
}

/// A row of an entry: agents with equal changes, or a queue.
pub(super) struct Row<'a> {
    pub chapter: Chapter,
    /// What changes.
    pub line: Line,
    /// What happens to the account of an agent that leaves, or when a loan ends.
    pub remark: Option<String>,
    /// A queue's head-count.
    pub head_count: Option<&'a HeadCount>,
}

impl Row<'_> {
    /// Returns its resource without the kind, which the chapter tells.
    pub(super) fn subject(&self) -> &str {
        let subject = self.line.subject.as_str();
        subject.split_once('/').map_or(subject, |(_, name)| name)
    }

    /// Returns the place of its date.
    pub(super) fn place(&self, roots: &Roots) -> Option<String> {
        self.line.source.as_ref().map(|source| format!("{}:{}", roots.path(&source.file), source.line))
    }
}

/// Returns the rows of an entry, by chapter.
pub(super) fn rows(entry: &Entry, supports: Supports) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for chapter in Chapter::ALL {
        let changes: Vec<&Change> =
            entry.changes.iter().filter(|change| Chapter::for_change(change) == chapter).collect();
        if chapter == Chapter::Queues {
            rows.extend(changes.into_iter().filter_map(|change| queue_row(entry, change, supports)));
            continue;
        }
        // Only agents whose loans end together share a row.
        let mut sorts: BTreeMap<Option<String>, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            sorts.entry(remark(chapter, change)).or_default().push(change);
        }
        for (remark, changes) in sorts {
            let shown = changes.into_iter().map(shown).collect();
            let lines = ChangeLines::new(supports, Cow::Owned(shown), Tense::Planned);
            let row = |line| Row { chapter, line, remark: remark.clone(), head_count: None };
            rows.extend(lines.iter().map(|line| row(plain(chapter, line))));
        }
    }
    rows
}

/// Returns a line with the move of a loan in words, since the row says what it is.
fn plain(chapter: Chapter, mut line: Line) -> Line {
    if matches!(chapter, Chapter::Lent | Chapter::Returns) {
        for piece in &mut line.pieces {
            if let Segment::Field { key, before, after } = piece
                && key == MAIN_SKILL_GROUP.key
            {
                *piece = Segment::Words(format!("from {before} to {after}"));
            }
        }
    }
    line
}

/// Returns a row's remark: what happens to the account of an agent that leaves, or when a loan ends.
fn remark(chapter: Chapter, change: &Change) -> Option<String> {
    match (chapter, &change.until) {
        (Chapter::Leaves, _) => Some(account(change).to_owned()),
        (Chapter::Lent, Some(end)) => Some(until(end)),
        _ => None,
    }
}

/// Returns the end of a loan as people say it: the last day, or the moment.
fn until(end: &ZonedDateTime) -> String {
    match end.yesterday() {
        Ok(last) if begins_day(end) => format!("until {}", moment(&last)),
        _ => format!("until {}", moment(end)),
    }
}

/// Returns what happens to the account of an agent that leaves. The policy is one for the whole workspace.
pub(super) fn account(change: &Change) -> &'static str {
    match change.field(&ENABLED).map(|field| &field.after) {
        Some(Some(Value::Flag(false))) => "the account is disabled",
        _ => "the account stays as it is",
    }
}

/// Returns the row of a queue: one change makes one line.
pub(super) fn queue_row<'a>(entry: &'a Entry, change: &Change, supports: Supports) -> Option<Row<'a>> {
    let lines = ChangeLines::new(supports, Cow::Owned(vec![shown(change)]), Tense::Planned);
    let mut line = lines.iter().next()?;
    if let Some(least) = change.min_members() {
        let words = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), Value::words);
        let (before, after) = (words(&least.before), words(&least.after));
        line.pieces.push(Segment::Field { key: least.path.key().to_owned(), before, after });
    }
    Some(Row { chapter: Chapter::Queues, line, remark: None, head_count: entry.head_count(&change.id) })
}

/// Returns a change as the plan's view shows it: of an agent that joins or leaves, only who it is.
fn shown(change: &Change) -> plan::Change {
    let action = match change.action {
        Action::Join => plan::Action::Create,
        Action::Leave | Action::Delete => plan::Action::Delete,
        Action::Update => plan::Action::Update,
    };
    let diff = |field: &FieldChange| {
        let Path::Field(row) = field.path else { return None };
        let (before, after) = (field.before.clone(), field.after.clone());
        Some(FieldDiff::new(row, before, after, ChangeOrigin::Unknown))
    };
    let mut fields: Vec<FieldDiff> = change.fields.iter().filter_map(diff).collect();
    match change.action {
        Action::Join => {
            fields.retain(|field| [&NAME, &ROLE, &MAIN_SKILL_GROUP].contains(&field.field));
        }
        Action::Leave => {
            let group = change.group.clone();
            fields = vec![FieldDiff::new(&MAIN_SKILL_GROUP, group, None, ChangeOrigin::Unknown)];
            fields.retain(|field| field.before.is_some());
        }
        Action::Update | Action::Delete => {}
    }
    plan::Change {
        id: change.id.clone(),
        action,
        title: change.title.clone(),
        moved: ChangeOrigin::Unknown,
        exten: None,
        identity: Identity::default(),
        protect: false,
        leave: false,
        last_changed: None,
        reason: None,
        names: change.names.clone(),
        fields,
        source: change.source.clone(),
    }
}

/// Returns the calls of an entry and their duration in words.
pub(super) fn effort(entry: &Entry) -> String {
    if entry.calls == 0 {
        return "no call".to_owned();
    }
    let Entry { calls, estimated_seconds, .. } = *entry;
    view::effort(&Summary { calls, estimated_seconds, ..Summary::default() })
}

/// Returns true if a moment is the first of its day.
pub(super) fn begins_day(at: &ZonedDateTime) -> bool {
    at.start_of_day().is_ok_and(|start| start == *at)
}

/// Returns a moment as people read it: `2026-12-01 Tue`, `2026-12-24 Thu 18:00`.
pub(super) fn moment(at: &ZonedDateTime) -> String {
    at.strftime(if begins_day(at) { "%Y-%m-%d %a" } else { "%Y-%m-%d %a %H:%M" }).to_string()
}

/// Returns the window in words: its first and last day, and the zone.
pub(super) fn window(calendar: &Calendar) -> String {
    let zone = calendar.time_zone.as_deref().unwrap_or("UTC");
    format!("{} to {}, {zone}", calendar.from.date(), calendar.until.date())
}

/// Returns a sentence for each queue that falls below its minimum: the first moment at which it does.
pub(super) fn shortages(calendar: &Calendar) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut sentences = Vec::new();
    for entry in &calendar.entries {
        for queue in entry.queues.iter().filter(|queue| queue.is_short()) {
            if let Some(least) = queue.min_members.filter(|_| told.insert(&queue.id)) {
                let (name, at) = (safe(queue.id.name.as_str()), moment(&entry.at));
                let after = queue.after;
                sentences
                    .push(format!("{name} falls below its minimum on {at}: {after} of {least} members."));
            }
        }
    }
    sentences
}

/// Returns the sentence of a calendar without an entry.
pub(super) fn nothing(calendar: &Calendar) -> &'static str {
    if calendar.is_dated {
        "No date changes anything in these days."
    } else {
        "No manifest holds a date: nothing changes by itself."
    }
}
