//! A calendar as iCalendar (RFC 5545): one event per moment and sort of change.
//!
//! The same calendar gives the same bytes. The UID of an event follows from the workspace, the moment and the sort of
//! change, so that a calendar program finds an event again. The stamp is the moment itself, not a clock.

use std::collections::BTreeMap;

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;

use super::chapter::Chapter;
use super::rows::{Row, account, effort, rows};
use super::words::{Words, begins_day};
use crate::model::agent::MAIN_SKILL_GROUP;
use crate::model::calendar::{Calendar, Change, Entry, rfc3339};
use crate::model::digest;
use crate::model::id::OperatorId;
use crate::model::language::Language;
use crate::model::support::Supports;
use crate::model::text::sanitize;
use crate::model::value::Value;
use crate::report::phrases::comma;
use crate::report::view::ranges;

/// The most octets of a line, without its end.
const LINE: usize = 75;

/// The most agents or queues that a title names.
const MOST_NAMED: usize = 6;

/// A component without an event is no iCalendar object, so a calendar without an entry holds its zone.
const EMPTY: [&str; 8] = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// The text of an iCalendar object, line by line.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// Writes a line, folded between characters.
    fn push(&mut self, line: &str) {
        let mut room = LINE;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = LINE - 1;
            }
            room -= c.len_utf8();
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }

    /// Writes a text property.
    fn text(&mut self, name: &str, value: &str) {
        self.push(&format!("{name}:{}", escaped(value)));
    }
}

/// Escapes a text value. Only this module's own line breaks are breaks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push_str("\\n");
        }
        for c in line.chars() {
            if matches!(c, '\\' | ';' | ',') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// Renders the events.
pub(super) fn render(calendar: &Calendar, supports: Supports, language: Language) -> String {
    let words = Words(language);
    let mut lines = Lines::default();
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0"] {
        lines.push(line);
    }
    lines.push(&format!(
        "PRODID:-//rosterctl//rosterctl {}//{}",
        env!("CARGO_PKG_VERSION"),
        language.choose("EN", "ZH", "ZH")
    ));
    lines.push("CALSCALE:GREGORIAN");
    let name = sanitize(&calendar.workspace);
    lines.text("NAME", &name);
    lines.text("X-WR-CALNAME", &name);
    lines.text("DESCRIPTION", &words.about(&name, &words.window(calendar)));
    let events: Vec<Event> =
        calendar.entries.iter().flat_map(|entry| events(calendar, entry, supports, words)).collect();
    if events.is_empty() {
        for line in EMPTY {
            lines.push(line);
        }
    }
    for event in &events {
        event.write(&mut lines);
    }
    lines.push("END:VCALENDAR");
    lines.0
}

/// An event.
struct Event {
    uid: String,
    begin: ZonedDateTime,
    /// The end of a loan; `None` for an event of its moment alone.
    end: Option<ZonedDateTime>,
    category: &'static str,
    title: String,
    text: String,
}

impl Event {
    fn write(&self, lines: &mut Lines) {
        lines.push("BEGIN:VEVENT");
        lines.push(&format!("UID:{}", self.uid));
        lines.push(&format!("DTSTAMP:{}", utc(&self.begin)));
        let all_day = begins_day(&self.begin) && self.end.as_ref().is_none_or(begins_day);
        if all_day {
            let end = self.end.as_ref().map_or_else(|| self.begin.tomorrow().ok(), |end| Some(end.clone()));
            lines.push(&format!("DTSTART;VALUE=DATE:{}", day(&self.begin)));
            // The end is exclusive.
            if let Some(end) = end {
                lines.push(&format!("DTEND;VALUE=DATE:{}", day(&end)));
            }
        } else {
            lines.push(&format!("DTSTART:{}", utc(&self.begin)));
            if let Some(end) = &self.end {
                lines.push(&format!("DTEND:{}", utc(end)));
            }
        }
        lines.text("SUMMARY", &self.title);
        lines.text("DESCRIPTION", &self.text);
        lines.text("CATEGORIES", self.category);
        // It blocks no time of the reader.
        lines.push("TRANSP:TRANSPARENT");
        lines.push("END:VEVENT");
    }
}

fn utc(at: &ZonedDateTime) -> String {
    at.with_time_zone(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn day(at: &ZonedDateTime) -> String {
    at.strftime("%Y%m%d").to_string()
}

/// The changes that share an event.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    chapter: Chapter,
    /// The main skill group that an agent goes or returns to.
    group: Option<String>,
    /// The end of the loan, as RFC 3339.
    end: Option<String>,
}

/// Returns the events of an entry.
fn events(calendar: &Calendar, entry: &Entry, supports: Supports, words: Words) -> Vec<Event> {
    let mut sorts: BTreeMap<Sort, Vec<&Change>> = BTreeMap::new();
    for change in &entry.changes {
        let chapter = Chapter::for_change(change);
        let loan = matches!(chapter, Chapter::Lent | Chapter::Returns);
        let group = change.field(&MAIN_SKILL_GROUP).filter(|_| loan).and_then(|field| field.after.as_ref());
        let end = change.until.as_ref().map(rfc3339);
        sorts.entry(Sort { chapter, group: group.map(Value::words), end }).or_default().push(change);
    }
    let rows = rows(entry, supports, words.0);
    sorts
        .into_iter()
        .map(|(sort, changes)| Event {
            uid: uid(calendar, entry, &sort),
            begin: entry.at.clone(),
            end: changes.first().and_then(|change| change.until.clone()),
            category: sort.chapter.word(),
            title: title(entry, &sort, &changes, words),
            text: description(entry, &rows, sort.chapter, words),
        })
        .collect()
}

fn uid(calendar: &Calendar, entry: &Entry, sort: &Sort) -> String {
    let parts = [
        calendar.workspace.as_str(),
        &rfc3339(&entry.at),
        sort.chapter.word(),
        sort.group.as_deref().unwrap_or_default(),
        sort.end.as_deref().unwrap_or_default(),
    ];
    let digest = digest::sha256(parts.map(str::as_bytes));
    format!("{}@rosterctl", &digest[..32])
}

/// Returns the title, like `8003 李娜 lent to 售后`.
fn title(entry: &Entry, sort: &Sort, changes: &[&Change], words: Words) -> String {
    if sort.chapter == Chapter::Queues {
        let counts = changes.iter().filter_map(|change| {
            let count = entry.head_count(&change.id)?;
            let remark = if count.is_short() { words.short() } else { "" };
            Some(format!("{} {} → {}{remark}", sanitize(change.id.name.as_str()), count.before, count.after))
        });
        let counts: Vec<String> = counts.collect();
        let more = counts.len().saturating_sub(MOST_NAMED);
        let told = counts[..counts.len() - more].join(comma(words.0));
        return if more > 0 { words.more_queues(&told, more) } else { told };
    }
    let does = match (sort.chapter, &sort.group) {
        (Chapter::Lent, Some(group)) => words.lent_to(group),
        (Chapter::Returns, Some(group)) => words.returns_to(group),
        (Chapter::Leaves, _) => {
            let account = changes.first().map(|change| account(change, words.0)).unwrap_or_default();
            words.leaves(account)
        }
        (chapter, _) => words.chapter(chapter).to_owned(),
    };
    let ids: Vec<&OperatorId> = changes.iter().map(|change| &change.id.name).collect();
    if ids.len() > MOST_NAMED {
        return words.event(&words.agents(ids.len(), &sanitize(&ranges(&ids))), &does);
    }
    let who = changes.iter().map(|change| match &change.title {
        Some(name) => format!("{} {}", change.id.name, sanitize(name)),
        None => change.id.name.to_string(),
    });
    words.event(&who.collect::<Vec<_>>().join(comma(words.0)), &does)
}

/// Returns the rows of a chapter, a line each, and the calls of the moment.
fn description(entry: &Entry, rows: &[Row<'_>], chapter: Chapter, words: Words) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| row.chapter == chapter) {
        text.push_str(&sanitize(row.subject()));
        if let Some(name) = row.line.name() {
            text.push_str(&format!(" {}", sanitize(name)));
        }
        if let Some(count) = row.head_count {
            text.push_str(&format!(" {}", words.members(count, "→")));
        }
        let line = row.line.words();
        if !line.is_empty() {
            text.push_str(&format!(" · {}", sanitize(&line)));
        }
        text.push('\n');
    }
    text + &words.whole_moment(&effort(entry, words.0))
}
