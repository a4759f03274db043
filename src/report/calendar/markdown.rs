//! A calendar as Markdown, for a wiki page or a comment.
//!
//! A comment holds 65,536 characters. A longer calendar is cut between two moments, and a note says so.

use std::borrow::Cow;

use super::chapter::Chapter;
use super::rows::{Row, effort, headline, rows, shortages};
use super::words::Words;
use crate::model::calendar::{Calendar, Entry};
use crate::model::language::Language;
use crate::model::support::Supports;
use crate::report::Roots;
use crate::report::escape::Markdown;
use crate::report::phrases::{Column, Phrase};

/// Most characters of the page, without its note.
const MOST: usize = 64_000;

/// Most queues that the summary tells of.
const MOST_SHORTAGES: usize = 20;

/// Most characters of a cell, before escaping.
const WIDEST: usize = 1_200;

/// Renders the counts, and a table a moment.
pub(super) fn render(calendar: &Calendar, supports: Supports, roots: &Roots, language: Language) -> String {
    let words = Words(language);
    let mut page = Markdown::default();
    page.raw("<!-- rosterctl:").hidden(&calendar.workspace).raw(":calendar -->\n");
    page.raw("### ").text(&words.title(&calendar.workspace)).raw("\n\n");
    page.text(&words.window(calendar)).raw("\n\n");
    if calendar.entries.is_empty() {
        page.text(words.nothing(calendar)).raw("\n");
        return page.into_string();
    }
    page.raw("**").text(&headline(&calendar.entries.iter(), language)).raw("**\n\n");
    for shortage in shortages(calendar, language).iter().take(MOST_SHORTAGES) {
        page.raw("⛔ ").text(shortage).raw("\n\n");
    }
    for (at, entry) in calendar.entries.iter().enumerate() {
        let table = table(entry, supports, roots, words);
        if page.chars() + table.chars() > MOST {
            let left = calendar.entries.len() - at;
            page.text(&words.later(left)).raw("\n");
            break;
        }
        page.join(&table);
    }
    page.into_string()
}

fn table(entry: &Entry, supports: Supports, roots: &Roots, words: Words) -> Markdown {
    let language = words.0;
    let mut table = Markdown::default();
    table.raw("#### ").text(&words.moment(&entry.at)).raw("\n\n");
    let (queues, agents): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows(entry, supports, language).into_iter().partition(|row| row.chapter == Chapter::Queues);
    let column = |column| Phrase::Column(column).say(language);
    if !agents.is_empty() {
        let [agent, name, what, place] =
            [Column::Agent, Column::Name, Column::What, Column::Where].map(column);
        head(&mut table, &["".into(), agent, name, what, place]);
        for row in &agents {
            table.raw("| ").text(words.chapter(row.chapter)).raw(" | ").text(row.subject()).raw(" | ");
            table.text(&cut(row.line.name().unwrap_or_default())).raw(" | ").text(&cut(&row.line.words()));
            table.raw(" | ").text(&row.place(roots).unwrap_or_default()).raw(" |\n");
        }
        table.raw("\n");
    }
    if !queues.is_empty() {
        let [queue, minimum, place] = [Column::Queue, Column::Minimum, Column::Where].map(column);
        head(&mut table, &[queue, words.serve_it().into(), minimum, words.who().into(), place]);
        for row in &queues {
            table.raw("| ").text(row.subject()).raw(" | ");
            if let Some(count) = row.head_count {
                table.number(count.before).raw(" → **").number(count.after).raw("** | ");
                if let Some(least) = count.min_members {
                    table.number(least);
                }
                if count.is_short() {
                    table.raw(" ⛔ ").text(words.below_it());
                }
            } else {
                table.raw(" | ");
            }
            table
                .raw(" | ")
                .text(&cut(&row.line.words()))
                .raw(" | ")
                .text(&row.place(roots).unwrap_or_default())
                .raw(" |\n");
        }
        table.raw("\n");
    }
    table.text(&effort(entry, language)).raw("\n\n");
    table
}

/// Writes the head of a table.
fn head(table: &mut Markdown, titles: &[Cow<'_, str>]) {
    for title in titles {
        table.raw(if title.is_empty() { "|" } else { "| " }).text(title).raw(" ");
    }
    table.raw("|\n");
    for _ in titles {
        table.raw("| --- ");
    }
    table.raw("|\n");
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
