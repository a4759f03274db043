//! A calendar as one HTML file for team leaders: the weeks, and in each who joins, leaves, is lent and returns.
//!
//! The file needs no network, like the page of a plan, whose style and script it shares.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ZonedDateTime};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::rows::{Chapter, Row, begins_day, count, effort, headline, nothing, rows, shortages, window};
use crate::model::agent;
use crate::model::calendar::{Calendar, Entry, HeadCount};
use crate::model::queue;
use crate::model::support::Supports;
use crate::report::Roots;
use crate::report::escape::Text;
use crate::report::html::{SCRIPT, STYLE, hash, said};

const OWN_STYLE: PreEscaped<&str> = PreEscaped(include_str!("calendar.css"));

/// Renders the page.
pub(super) fn render(calendar: &Calendar, supports: Supports, roots: &Roots) -> String {
    let mut weeks: BTreeMap<Date, Vec<&Entry>> = BTreeMap::new();
    for entry in &calendar.entries {
        weeks.entry(monday(&entry.at)).or_default().push(entry);
    }
    // Of the weeks that a team leader asks about first, the page also says that nothing changes.
    for near in [calendar.at.clone(), calendar.at.saturating_add(Span::new().weeks(1))] {
        if (&calendar.from..=&calendar.until).contains(&&near) {
            weeks.entry(monday(&near)).or_default();
        }
    }
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" {
            (head(calendar)) "\n"
            body {
                a.skip href="#main" { "Skip to the weeks" } "\n"
                header.top {
                    p.kind { "rosterctl calendar" }
                    h1 { (Text(&calendar.workspace)) }
                    p.lead {
                        "Who joins, leaves and is lent, and how many serve each queue: " (Text(window(calendar)))
                        ". These are the dates of the manifests; nothing has been changed."
                    }
                } "\n"
                main #main {
                    @if calendar.entries.is_empty() {
                        p.note.good { (nothing(calendar)) } "\n"
                    } @else {
                        (filter()) "\n"
                        (tiles(calendar)) "\n"
                        @for shortage in shortages(calendar) { p.note.bad { (Text(shortage)) } "\n" }
                        (contents(calendar, &weeks)) "\n"
                        @for (monday, entries) in weeks.iter().filter(|(_, entries)| !entries.is_empty()) { (week(calendar, *monday, entries, supports, roots)) "\n" }
                    }
                } "\n"
                footer {
                    p { "Made by rosterctl " (env!("CARGO_PKG_VERSION")) ". This file needs no network and sends nothing." }
                } "\n"
                @if !calendar.entries.is_empty() { script { (SCRIPT) } }
            }
        }
        "\n"
    };
    page.into_string()
}

fn head(calendar: &Calendar) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src {} {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(OWN_STYLE),
        hash(SCRIPT)
    );
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="referrer" content="no-referrer";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (Text(&calendar.workspace)) " · rosterctl calendar" } "\n"
            style { (STYLE) } "\n"
            style { (OWN_STYLE) }
        }
    }
}

/// Renders the search, which is hidden without script.
fn filter() -> Markup {
    html! {
        form #filter role="search" hidden {
            label for="q" { "Search" } "\n"
            input #q type="search" autocomplete="off" placeholder="name, number, queue…"; "\n"
            label for="show" { "Show" } "\n"
            select #show {
                option value="" { "everything" }
                @for chapter in Chapter::ALL { option value=(chapter.word()) { (title(chapter)) } }
            } "\n"
            output #shown for="q show" aria-live="polite" {}
        }
    }
}

fn title(chapter: Chapter) -> &'static str {
    match chapter {
        Chapter::Joins => "who joins",
        Chapter::Leaves => "who leaves",
        Chapter::Deleted => "who is deleted",
        Chapter::Lent => "who is lent",
        Chapter::Returns => "who returns",
        Chapter::Changes => "who changes",
        Chapter::Queues => "queues",
    }
}

fn chinese(chapter: Chapter) -> &'static str {
    match chapter {
        Chapter::Joins => "入职",
        Chapter::Leaves => "离职",
        Chapter::Deleted => "删除",
        Chapter::Lent => "借调",
        Chapter::Returns => "返回",
        Chapter::Changes => "变更",
        Chapter::Queues => "队列",
    }
}

/// Renders the counts of the whole window, each a link to its rows.
fn tiles(calendar: &Calendar) -> Markup {
    html! {
        ul.tiles {
            @for chapter in Chapter::ALL {
                @let all = count(calendar.entries.iter(), chapter);
                @let tile = html! { b { (all) } " " span { (chapter.noun(all)) } };
                // Deletions and changes are rare, and an empty tile would raise a question.
                @if all > 0 {
                    li class=(chapter.word()) { a href={ "#show=" (chapter.word()) } { (tile) } } "\n"
                } @else if !matches!(chapter, Chapter::Deleted | Chapter::Changes) {
                    li.none { (tile) } "\n"
                }
            }
        }
    }
}

/// Returns the Monday of the week of a moment.
fn monday(at: &ZonedDateTime) -> Date {
    let date = at.date();
    date.saturating_sub(Span::new().days(date.weekday().since(Weekday::Monday)))
}

/// Returns the title of a week: `Next week, 7 to 13 December 2026`.
fn week_title(calendar: &Calendar, monday: Date) -> String {
    let own = self::monday(&calendar.at);
    let near = if monday == own {
        "This week, "
    } else if monday == own.saturating_add(Span::new().weeks(1)) {
        "Next week, "
    } else {
        ""
    };
    let sunday = monday.saturating_add(Span::new().days(6));
    let begin = match (monday.year() == sunday.year(), monday.month() == sunday.month()) {
        (false, _) => "%-d %B %Y",
        (true, false) => "%-d %B",
        (true, true) => "%-d",
    };
    format!("{near}{} to {}", monday.strftime(begin), sunday.strftime("%-d %B %Y"))
}

/// Renders the list of weeks, each with its counts.
fn contents(calendar: &Calendar, weeks: &BTreeMap<Date, Vec<&Entry>>) -> Markup {
    html! {
        nav aria-label="Weeks" {
            ul.contents {
                @for (monday, entries) in weeks {
                    li {
                        @let title = week_title(calendar, *monday);
                        @if entries.is_empty() { (title) } @else { a href={ "#" (week_id(*monday)) } { (title) } }
                        ": " (summary(entries))
                    } "\n"
                }
            }
        }
    }
}

fn summary(entries: &[&Entry]) -> String {
    if entries.is_empty() { "nothing changes".to_owned() } else { headline(&entries.iter().copied()) }
}

fn week_id(monday: Date) -> String {
    monday.strftime("week-%Y-%m-%d").to_string()
}

fn week(calendar: &Calendar, monday: Date, entries: &[&Entry], supports: Supports, roots: &Roots) -> Markup {
    html! {
        section.week id=(week_id(monday)) {
            h2 { (week_title(calendar, monday)) }
            p.meaning { (summary(entries)) } "\n"
            @for entry in entries { (moment(entry, supports, roots)) "\n" }
        }
    }
}

fn moment(entry: &Entry, supports: Supports, roots: &Roots) -> Markup {
    let (queues, agents): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows(entry, supports).into_iter().partition(|row| row.chapter == Chapter::Queues);
    html! {
        section.moment {
            h3 {
                time datetime=(crate::model::calendar::rfc3339(&entry.at)) {
                    (entry.at.strftime("%A %-d %B").to_string())
                    @if !begins_day(&entry.at) { ", " (entry.at.strftime("%H:%M").to_string()) }
                }
            }
            @if !agents.is_empty() { (agent_table(&agents, roots)) "\n" }
            @if !queues.is_empty() { (queue_table(&queues, roots)) "\n" }
            p.effort { (Text(effort(entry))) }
        }
    }
}

fn columns(names: &[&'static str]) -> Markup {
    html! { thead { tr { @for name in names { th scope="col" { (name) } } } } "\n" }
}

fn agent_table(rows: &[Row<'_>], roots: &Roots) -> Markup {
    html! {
        table.agents {
            (columns(&["", "agent", "name", "what"]))
            tbody {
                @for row in rows {
                    tr data-row=(row.chapter.word()) data-also=[also(row)] {
                        td data-label="does" { (badge(row.chapter)) }
                        th scope="row" data-label="agent" { (Text(row.subject())) }
                        td data-label="name" { (Text(row.line.name().unwrap_or_default())) }
                        td data-label="what" {
                            (said(agent::FIELDS, row.line.pieces.iter()))
                            @if let Some(remark) = &row.remark { " " em { "(" (Text(remark)) ")" } }
                            (place(row, roots))
                        }
                    } "\n"
                }
            }
        }
    }
}

fn queue_table(rows: &[Row<'_>], roots: &Roots) -> Markup {
    html! {
        table.heads {
            (columns(&["queue", "serve it", "minimum", "who"]))
            tbody {
                @for row in rows {
                    tr data-row=(row.chapter.word()) data-also=[also(row)] {
                        th scope="row" data-label="queue" { (Text(row.subject())) }
                        td data-label="serve it" { @if let Some(count) = row.head_count { (heads(count)) } }
                        td data-label="minimum" {
                            @if let Some(count) = row.head_count { (minimum(count)) }
                        }
                        td data-label="who" {
                            (said(queue::FIELDS, row.line.pieces.iter()))
                            (place(row, roots))
                        }
                    } "\n"
                }
            }
        }
    }
}

fn heads(count: &HeadCount) -> Markup {
    html! {
        span.staff {
            (count.before) " → " strong { (count.after) } " "
            @if count.after > count.before { span.plus { "+" (count.after - count.before) } }
            @if count.after < count.before { span.minus { "−" (count.before - count.after) } }
        }
    }
}

fn minimum(count: &HeadCount) -> Markup {
    html! {
        @if let Some(least) = count.min_members {
            (least)
            @if count.is_short() { " " span.badge.error { "below it" } }
        }
    }
}

fn badge(chapter: Chapter) -> Markup {
    html! { span class={ "badge " (chapter.word()) } { (chapter.word()) " " span lang="zh" { (chinese(chapter)) } } }
}

/// Returns the agents of a row, for the search.
fn also(row: &Row<'_>) -> Option<Text<String>> {
    (!row.line.everyone.is_empty()).then(|| Text(row.line.everyone.join(" ")))
}

/// Renders the place of a row's date.
fn place(row: &Row<'_>, roots: &Roots) -> Markup {
    html! { @if let Some(place) = row.place(roots) { " " small.place { (Text(place)) } } }
}
