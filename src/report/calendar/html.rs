//! A calendar as one HTML file for team leaders: the weeks, and in each who joins, leaves, is lent and returns.
//!
//! The file needs no network, like the page of a plan, whose style and script it shares.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ZonedDateTime};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chapter::Chapter;
use super::rows::{Row, count, effort, headline, rows, shortages};
use super::words::Words;
use crate::model::calendar::{Calendar, Entry, HeadCount};
use crate::model::id::Kind;
use crate::model::language::Language;
use crate::model::support::Supports;
use crate::report::Roots;
use crate::report::escape::Text;
use crate::report::html::{LONG, SCRIPT, STYLE, head, said};
use crate::report::phrases::{Column, Phrase, colon};

const OWN_STYLE: PreEscaped<&str> = PreEscaped(include_str!("calendar.css"));

/// Renders the page.
pub(super) fn render(calendar: &Calendar, supports: Supports, roots: &Roots, language: Language) -> String {
    let words = Words(language);
    let say = |phrase: Phrase<'_>| phrase.say(language);
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
        html lang=(language.tag()) {
            (head(&words.page_title(&calendar.workspace), &[STYLE, OWN_STYLE])) "\n"
            body {
                a.skip href="#main" { (words.skip_link()) } "\n"
                header.top {
                    p.kind { "rosterctl calendar" }
                    h1 { (Text(&calendar.workspace)) }
                    p.lead { (Text(words.lead(&words.window(calendar)))) }
                } "\n"
                main #main {
                    section #card.card aria-live="polite" data-title=(say(Phrase::Card)) hidden {} "\n"
                    @if calendar.entries.is_empty() {
                        p.note.good { (words.nothing(calendar)) } "\n"
                    } @else {
                        (filter(words)) "\n"
                        (tiles(calendar, words)) "\n"
                        @for shortage in shortages(calendar, language) { p.note.bad { (Text(shortage)) } "\n" }
                        (contents(calendar, &weeks, words)) "\n"
                        @for (monday, entries) in weeks.iter().filter(|(_, entries)| !entries.is_empty()) {
                            (week(&week_title(calendar, *monday, words), *monday, entries, supports, roots, words)) "\n"
                        }
                    }
                } "\n"
                footer {
                    p { (say(Phrase::MadeBy(env!("CARGO_PKG_VERSION")))) }
                } "\n"
                @if !calendar.entries.is_empty() { script { (SCRIPT) } }
            }
        }
        "\n"
    };
    page.into_string()
}

/// Renders the search, which is hidden without script.
fn filter(words: Words) -> Markup {
    let say = |phrase: Phrase<'_>| phrase.say(words.0);
    html! {
        form #filter role="search" hidden {
            label for="q" { (say(Phrase::Search)) } "\n"
            input #q type="search" autocomplete="off" placeholder=(words.search_hint()); "\n"
            label for="show" { (say(Phrase::Show)) } "\n"
            select #show {
                option value="" { (say(Phrase::Everything)) }
                @for chapter in Chapter::ALL { option value=(chapter.word()) { (words.choice(chapter)) } }
            } "\n"
            output #shown for="q show" aria-live="polite"
                data-found=(say(Phrase::Found)) data-all=(say(Phrase::AllLines)) {}
        }
    }
}

/// Renders the counts of the whole window, each a link to its rows.
fn tiles(calendar: &Calendar, words: Words) -> Markup {
    html! {
        ul.tiles {
            @for chapter in Chapter::ALL {
                @let all = count(calendar.entries.iter(), chapter);
                @let tile = html! { b { (all) } " " span { (words.noun(chapter, all)) } };
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
fn week_title(calendar: &Calendar, monday: Date, words: Words) -> String {
    let own = self::monday(&calendar.at);
    let near = if monday == own {
        Some(0)
    } else {
        (monday == own.saturating_add(Span::new().weeks(1))).then_some(1)
    };
    words.week(near, monday, monday.saturating_add(Span::new().days(6)))
}

/// Renders the list of weeks, each with its counts.
fn contents(calendar: &Calendar, weeks: &BTreeMap<Date, Vec<&Entry>>, words: Words) -> Markup {
    html! {
        nav aria-label=(words.weeks()) {
            ul.contents {
                @for (monday, entries) in weeks {
                    li {
                        @let title = week_title(calendar, *monday, words);
                        @if entries.is_empty() { (title) } @else { a href={ "#" (week_id(*monday)) } { (title) } }
                        (colon(words.0)) (summary(entries, words))
                    } "\n"
                }
            }
        }
    }
}

fn summary(entries: &[&Entry], words: Words) -> String {
    if entries.is_empty() {
        words.nothing_changes().to_owned()
    } else {
        headline(&entries.iter().copied(), words.0)
    }
}

fn week_id(monday: Date) -> String {
    monday.strftime("week-%Y-%m-%d").to_string()
}

fn week(
    title: &str,
    monday: Date,
    entries: &[&Entry],
    supports: Supports,
    roots: &Roots,
    words: Words,
) -> Markup {
    html! {
        section.week id=(week_id(monday)) {
            h2 { (title) }
            p.meaning { (summary(entries, words)) } "\n"
            @for entry in entries { (moment(entry, supports, roots, words)) "\n" }
        }
    }
}

fn moment(entry: &Entry, supports: Supports, roots: &Roots, words: Words) -> Markup {
    let (queues, agents): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows(entry, supports, words.0).into_iter().partition(|row| row.chapter == Chapter::Queues);
    html! {
        section.moment {
            h3 {
                time datetime=(crate::model::calendar::rfc3339(&entry.at)) {
                    (words.day_of_week(&entry.at))
                }
            }
            @if !agents.is_empty() { (agent_table(&agents, roots, words)) "\n" }
            @if !queues.is_empty() { (queue_table(&queues, roots, words)) "\n" }
            p.effort { (Text(effort(entry, words.0))) }
        }
    }
}

fn columns(names: &[&str]) -> Markup {
    html! { thead { tr { @for name in names { th scope="col" { (name) } } } } "\n" }
}

fn agent_table(rows: &[Row<'_>], roots: &Roots, words: Words) -> Markup {
    let titles =
        [Column::Agent, Column::Name, Column::What].map(|column| Phrase::Column(column).say(words.0));
    let [agent, name, what] = titles.each_ref().map(|title| &**title);
    let help = (rows.len() <= LONG).then_some(words.0);
    html! {
        table.agents {
            (columns(&[words.does(), agent, name, what]))
            tbody {
                @for row in rows {
                    tr data-row=(row.chapter.word()) data-who=[people(row)] {
                        td data-label=(words.does()) { (badge(row.chapter, words)) }
                        th scope="row" data-label=(agent) { (Text(row.subject())) }
                        td data-label=(name) { (Text(row.line.name().unwrap_or_default())) }
                        td data-label=(what) {
                            (said(Kind::Agent, row.line.pieces.iter(), help))
                            (place(row, roots))
                        }
                    } "\n"
                }
            }
        }
    }
}

fn queue_table(rows: &[Row<'_>], roots: &Roots, words: Words) -> Markup {
    let titles = [Column::Queue, Column::Minimum].map(|column| Phrase::Column(column).say(words.0));
    let [queue, least] = titles.each_ref().map(|title| &**title);
    let help = (rows.len() <= LONG).then_some(words.0);
    let (serve, who) = (words.serve_it(), words.who());
    html! {
        table.heads {
            (columns(&[queue, serve, least, who]))
            tbody {
                @for row in rows {
                    tr data-row=(row.chapter.word()) data-who=[people(row)] {
                        th scope="row" data-label=(queue) { (Text(row.subject())) }
                        td data-label=(serve) { @if let Some(count) = row.head_count { (heads(count)) } }
                        td data-label=(least) {
                            @if let Some(count) = row.head_count { (minimum(count, words)) }
                        }
                        td data-label=(who) {
                            (said(Kind::Queue, row.line.pieces.iter(), help))
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

fn minimum(count: &HeadCount, words: Words) -> Markup {
    html! {
        @if let Some(least) = count.min_members {
            (least)
            @if count.is_short() { " " span.badge.error { (words.below_it()) } }
        }
    }
}

fn badge(chapter: Chapter, words: Words) -> Markup {
    html! {
        span class={ "badge " (chapter.word()) } {
            (words.chapter(chapter))
            // Team leaders in China get the page in any language.
            @if words.0 == Language::En { " " span lang="zh" { (Words(Language::ZhCn).chapter(chapter)) } }
        }
    }
}

/// Returns the people of a row, for the search and the cards.
fn people(row: &Row<'_>) -> Option<Text<String>> {
    if !row.line.everyone.is_empty() {
        return Some(Text(row.line.everyone.join("|")));
    }
    let is_agent = row.line.subject.starts_with("agent/");
    is_agent.then(|| Text(format!("{} {}", row.subject(), row.line.name().unwrap_or_default())))
}

/// Renders the place of a row's date.
fn place(row: &Row<'_>, roots: &Roots) -> Markup {
    html! { @if let Some(place) = row.place(roots) { " " small.place { (Text(place)) } } }
}
