//! The rows that every format but JSON shows, and their words.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::ZonedDateTime;

use super::chapter::Chapter;
use super::words::{Words, begins_day};
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP, NAME, ROLE};
use crate::model::calendar::{Action, Calendar, Change, Entry, FieldChange, HeadCount, Path};
use crate::model::id::safe;
use crate::model::identity::Identity;
use crate::model::language::Language;
use crate::model::plan::{self, ChangeOrigin, FieldDiff, Summary};
use crate::model::scene::Scene;
use crate::model::support::Supports;
use crate::model::value::Value;
use crate::report::Roots;
use crate::report::phrases::{Phrase, bracketed};
use crate::report::view::{ChangeLines, Line, Segment, Telling, Tense};

/// Counts the changes of some entries in words: `2 agents join · 1 agent is lent`.
pub(super) fn headline<'a>(
    entries: &(impl Iterator<Item = &'a Entry> + Clone),
    language: Language,
) -> String {
    let counts = Chapter::ALL.map(|chapter| (chapter, count(entries.clone(), chapter)));
    let told = counts.iter().filter(|(_, count)| *count > 0);
    told.map(|(chapter, count)| format!("{count} {}", Words(language).noun(*chapter, *count)))
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Counts the changes of a chapter.
pub(super) fn count<'a>(entries: impl Iterator<Item = &'a Entry>, chapter: Chapter) -> usize {
    let changes = entries.flat_map(|entry| &entry.changes);
    changes.filter(|change| Chapter::for_change(change) == chapter).count()
}

/// A row of an entry: agents with equal changes, or a queue.
pub(super) struct Row<'a> {
    pub chapter: Chapter,
    /// What changes. Its last remark says what happens to the account of an agent that leaves, or when a loan ends.
    pub line: Line,
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
pub(super) fn rows(entry: &Entry, supports: Supports, language: Language) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for chapter in Chapter::ALL {
        let changes: Vec<&Change> =
            entry.changes.iter().filter(|change| Chapter::for_change(change) == chapter).collect();
        if chapter == Chapter::Queues {
            rows.extend(
                changes.into_iter().filter_map(|change| queue_row(entry, change, supports, language)),
            );
            continue;
        }
        // Only agents whose loans end together share a row.
        let mut sorts: BTreeMap<Option<String>, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            // Rows have one order in all languages.
            sorts.entry(remark(chapter, change, Language::En)).or_default().push(change);
        }
        for changes in sorts.into_values() {
            let remark = changes.first().and_then(|change| remark(chapter, change, language));
            let shown = changes.into_iter().map(shown).collect();
            let scene = Scene { language, ..Scene::default() };
            let how = Telling { scene: &scene, tense: Tense::Planned };
            let lines = ChangeLines::new(supports, Cow::Owned(shown), how);
            rows.extend(lines.iter().map(|line| {
                let mut line = plain(chapter, line, language);
                line.pieces.extend(remark.iter().map(|text| Segment::Remark(bracketed(text, language))));
                Row { chapter, line, head_count: None }
            }));
        }
    }
    rows
}

/// Returns a line with the move of a loan in words, since the row says what it is.
fn plain(chapter: Chapter, mut line: Line, language: Language) -> Line {
    if matches!(chapter, Chapter::Lent | Chapter::Returns) {
        for piece in &mut line.pieces {
            if let Segment::Field { key, before, after, .. } = piece
                && key == MAIN_SKILL_GROUP.key
            {
                *piece = Segment::Words(Words(language).moved(before, after));
            }
        }
    }
    line
}

/// Returns a row's remark: what happens to the account of an agent that leaves, or when a loan ends.
fn remark(chapter: Chapter, change: &Change, language: Language) -> Option<String> {
    match (chapter, &change.until) {
        (Chapter::Leaves, _) => Some(account(change, language).to_owned()),
        (Chapter::Lent, Some(end)) => Some(until(end, language)),
        _ => None,
    }
}

/// Returns the end of a loan as people say it: the last day, or the moment.
fn until(end: &ZonedDateTime, language: Language) -> String {
    let words = Words(language);
    match end.yesterday() {
        Ok(last) if begins_day(end) => words.until(&words.moment(&last)),
        _ => words.until(&words.moment(end)),
    }
}

/// Returns what happens to the account of an agent that leaves. The policy is one for the whole workspace.
pub(super) fn account(change: &Change, language: Language) -> &'static str {
    let after = change.field(&ENABLED).map(|field| &field.after);
    Words(language).account(after == Some(&Some(Value::Flag(false))))
}

/// Returns the row of a queue: one change makes one line.
pub(super) fn queue_row<'a>(
    entry: &'a Entry,
    change: &Change,
    supports: Supports,
    language: Language,
) -> Option<Row<'a>> {
    let scene = Scene { language, ..Scene::default() };
    let how = Telling { scene: &scene, tense: Tense::Planned };
    let lines = ChangeLines::new(supports, Cow::Owned(vec![shown(change)]), how);
    let mut line = lines.iter().next()?;
    if let Some(least) = change.min_members() {
        let none = || Words(language).none().to_owned();
        let words = |value: &Option<Value>| value.as_ref().map_or_else(none, Value::words);
        let (before, after) = (words(&least.before), words(&least.after));
        let key = least.path.key().to_owned();
        let label = Words(language).min_members(&key);
        line.pieces.push(Segment::Field { key, label, before, after });
    }
    Some(Row { chapter: Chapter::Queues, line, head_count: entry.head_count(&change.id) })
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
pub(super) fn effort(entry: &Entry, language: Language) -> String {
    if entry.calls == 0 {
        return Words(language).no_call().to_owned();
    }
    let Entry { calls, estimated_seconds, .. } = *entry;
    let summary = Summary { calls, estimated_seconds, ..Summary::default() };
    Phrase::Effort(&summary).say(language).into_owned()
}

/// Returns a sentence for each queue that falls below its minimum: the first moment at which it does.
pub(super) fn shortages(calendar: &Calendar, language: Language) -> Vec<String> {
    let words = Words(language);
    let mut told = BTreeSet::new();
    let mut sentences = Vec::new();
    for entry in &calendar.entries {
        for queue in entry.queues.iter().filter(|queue| queue.is_short()) {
            if let Some(least) = queue.min_members.filter(|_| told.insert(&queue.id)) {
                let (name, at) = (safe(queue.id.name.as_str()), words.moment(&entry.at));
                sentences.push(words.shortage(&name, &at, queue.after, least));
            }
        }
    }
    sentences
}
