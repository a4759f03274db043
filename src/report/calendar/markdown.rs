//! A calendar as Markdown, for a wiki page or a comment.
//!
//! A comment holds 65,536 characters. A longer calendar is cut between two moments, and a note says so.

use super::rows::{Chapter, Row, effort, headline, moment, nothing, rows, shortages, window};
use crate::model::calendar::{Calendar, Entry};
use crate::model::support::Supports;
use crate::report::Roots;
use crate::report::escape::Markdown;

/// Most characters of the page, without its note.
const MOST: usize = 64_000;

/// Most queues that the summary tells of.
const MOST_SHORTAGES: usize = 20;

/// Most characters of a cell, before escaping.
const WIDEST: usize = 1_200;

/// Renders the counts, and a table a moment.
pub(super) fn render(calendar: &Calendar, supports: Supports, roots: &Roots) -> String {
    let mut page = Markdown::default();
    page.raw("<!-- rosterctl:").hidden(&calendar.workspace).raw(":calendar -->\n");
    page.raw("### rosterctl calendar: ").text(&calendar.workspace).raw("\n\n");
    page.text(&window(calendar)).raw("\n\n");
    if calendar.entries.is_empty() {
        page.text(nothing(calendar)).raw("\n");
        return page.into_string();
    }
    page.raw("**").text(&headline(&calendar.entries.iter())).raw("**\n\n");
    for shortage in shortages(calendar).iter().take(MOST_SHORTAGES) {
        page.raw("⛔ ").text(shortage).raw("\n\n");
    }
    for (at, entry) in calendar.entries.iter().enumerate() {
        let table = table(entry, supports, roots);
        if page.chars() + table.chars() > MOST {
            let left = calendar.entries.len() - at;
            page.raw("… and ").number(left).raw(" later moments, for which there is no room here.\n");
            break;
        }
        page.join(&table);
    }
    page.into_string()
}

fn table(entry: &Entry, supports: Supports, roots: &Roots) -> Markdown {
    let mut table = Markdown::default();
    table.raw("#### ").text(&moment(&entry.at)).raw("\n\n");
    let (queues, agents): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows(entry, supports).into_iter().partition(|row| row.chapter == Chapter::Queues);
    if !agents.is_empty() {
        table.raw("| | agent | name | what | where |\n| --- | --- | --- | --- | --- |\n");
        for row in &agents {
            table.raw("| ").raw(row.chapter.word()).raw(" | ").text(row.subject()).raw(" | ");
            table.text(&cut(row.line.name().unwrap_or_default())).raw(" | ").text(&cut(&row.line.words()));
            if let Some(remark) = &row.remark {
                table.raw(" (").text(remark).raw(")");
            }
            table.raw(" | ").text(&row.place(roots).unwrap_or_default()).raw(" |\n");
        }
        table.raw("\n");
    }
    if !queues.is_empty() {
        table.raw("| queue | serve it | minimum | who | where |\n| --- | --- | --- | --- | --- |\n");
        for row in &queues {
            table.raw("| ").text(row.subject()).raw(" | ");
            if let Some(count) = row.head_count {
                table.number(count.before).raw(" → **").number(count.after).raw("** | ");
                if let Some(least) = count.min_members {
                    table.number(least);
                }
                if count.is_short() {
                    table.raw(" ⛔ below it");
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
    table.text(&effort(entry)).raw("\n\n");
    table
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
