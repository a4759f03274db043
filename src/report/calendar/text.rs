//! A calendar as text for a terminal or a log.

use anstyle::{AnsiColor, Style};
use console::{Alignment, measure_text_width, pad_str};

use super::chapter::Chapter;
use super::rows::{Row, effort, headline, rows, shortages};
use super::words::Words;
use crate::model::calendar::Calendar;
use crate::model::id::safe;
use crate::model::language::Language;
use crate::model::support::Supports;
use crate::model::text::sanitize;
use crate::report::phrases::colon;
use crate::report::text::{TextStyle, draw_piece, join, wrap};

/// The most columns of a subject before the text of its row follows at once.
const SUBJECT: usize = 24;

/// Renders the entries, and a line of counts.
pub(super) fn render(calendar: &Calendar, supports: Supports, look: TextStyle, language: Language) -> String {
    let bold = Style::new().bold();
    let words = Words(language);
    let name = look.paint(&safe(&calendar.workspace), bold);
    let mut text = format!("{name}{}{}\n\n", colon(language), words.window(calendar));
    for entry in &calendar.entries {
        text.push_str(&format!("{}\n", look.paint(&words.moment(&entry.at), bold)));
        let rows = rows(entry, supports, language);
        let widest = rows
            .iter()
            .map(|row| measure_text_width(&sanitize(row.subject())))
            .max()
            .unwrap_or(0)
            .min(SUBJECT);
        for row in &rows {
            text.push_str(&draw(row, widest, look, words));
        }
        text.push_str(&format!("  {}\n\n", look.paint(&effort(entry, language), Style::new().dimmed())));
    }
    let counts = if calendar.entries.is_empty() {
        words.nothing(calendar).to_owned()
    } else {
        words.counts(calendar.entries.len(), &headline(&calendar.entries.iter(), language))
    };
    text.push_str(&format!("{}\n", wrap(&counts, 0, look.width)));
    for shortage in shortages(calendar, language) {
        let shortage = wrap(&shortage, 0, look.width);
        text.push_str(&format!("{}\n", look.paint(&shortage, AnsiColor::Red.on_default())));
    }
    text
}

fn colour(chapter: Chapter) -> AnsiColor {
    match chapter {
        Chapter::Joins => AnsiColor::Green,
        Chapter::Leaves | Chapter::Deleted => AnsiColor::Red,
        Chapter::Lent | Chapter::Returns => AnsiColor::Magenta,
        Chapter::Changes => AnsiColor::Yellow,
        Chapter::Queues => AnsiColor::Cyan,
    }
}

fn draw(row: &Row<'_>, widest: usize, look: TextStyle, words: Words) -> String {
    let subject = sanitize(row.subject());
    // The column of the word before a row.
    let column = words.0.choose(9, 6, 6);
    let word = pad_str(words.chapter(row.chapter), column, Alignment::Left, None);
    let word = look.paint(&word, colour(row.chapter).on_default());
    let mut pieces: Vec<_> = row.line.pieces.iter().map(|piece| draw_piece(piece, look)).collect();
    let mut body = String::new();
    if let Some(count) = row.head_count {
        body = words.members(count, "->");
        if count.is_short() {
            body.push_str(&look.paint(words.short_here(), AnsiColor::Red.on_default().bold()));
        }
        if !pieces.is_empty() {
            body.push_str(" · ");
        }
    }
    if look.places
        && let Some(source) = &row.line.source
    {
        pieces.push(look.paint(&format!("({source})"), Style::new().dimmed()).into());
    }
    body.push_str(&join(&row.line.pieces, &pieces));
    let gap = widest.saturating_sub(measure_text_width(&subject));
    let start = 2 + column + measure_text_width(&subject) + gap + 2;
    let subject = look.paint(&subject, Style::new().bold());
    let line = format!("  {word}{subject}{:gap$}  {}", "", wrap(&body, start, look.width));
    line.trim_end().to_owned() + "\n"
}
