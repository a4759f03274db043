//! A calendar as text for a terminal or a log.

use anstyle::{AnsiColor, Style};
use console::measure_text_width;

use super::rows::{Chapter, Row, effort, headline, moment, nothing, rows, shortages, window};
use crate::model::calendar::Calendar;
use crate::model::id::safe;
use crate::model::support::Supports;
use crate::model::text::sanitize;
use crate::report::text::{TextStyle, draw_piece, join, wrap};

/// Columns of the word before a row.
const WORD: usize = 9;

/// The most columns of a subject before the text of its row follows at once.
const SUBJECT: usize = 24;

/// Renders the entries, and a line of counts.
pub(super) fn render(calendar: &Calendar, supports: Supports, look: TextStyle) -> String {
    let bold = Style::new().bold();
    let mut text = format!("{}: {}\n\n", look.paint(&safe(&calendar.workspace), bold), window(calendar));
    for entry in &calendar.entries {
        text.push_str(&format!("{}\n", look.paint(&moment(&entry.at), bold)));
        let rows = rows(entry, supports);
        let widest = rows
            .iter()
            .map(|row| measure_text_width(&sanitize(row.subject())))
            .max()
            .unwrap_or(0)
            .min(SUBJECT);
        for row in &rows {
            text.push_str(&draw(row, widest, look));
        }
        text.push_str(&format!("  {}\n\n", look.paint(&effort(entry), Style::new().dimmed())));
    }
    let counts = if calendar.entries.is_empty() {
        nothing(calendar).to_owned()
    } else {
        let moments = calendar.entries.len();
        let noun = if moments == 1 { "moment" } else { "moments" };
        format!("{moments} {noun}: {}.", headline(&calendar.entries.iter()))
    };
    text.push_str(&format!("{}\n", wrap(&counts, 0, look.width)));
    for shortage in shortages(calendar) {
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

fn draw(row: &Row<'_>, widest: usize, look: TextStyle) -> String {
    let subject = sanitize(row.subject());
    let word = look.paint(&format!("{:<WORD$}", row.chapter.word()), colour(row.chapter).on_default());
    let mut pieces: Vec<_> = row.line.pieces.iter().map(|piece| draw_piece(piece, look)).collect();
    let mut body = String::new();
    if let Some(count) = row.head_count {
        let least = count.min_members.map(|least| format!(", minimum {least}")).unwrap_or_default();
        body = format!("{} -> {} members{least}", count.before, count.after);
        if count.is_short() {
            body.push_str(&look.paint(" BELOW THE MINIMUM", AnsiColor::Red.on_default().bold()));
        }
        if !pieces.is_empty() {
            body.push_str(" · ");
        }
    }
    pieces.extend(
        row.remark.as_ref().map(|remark| look.paint(&format!("({remark})"), Style::new().dimmed()).into()),
    );
    if look.places
        && let Some(source) = &row.line.source
    {
        pieces.push(look.paint(&format!("({source})"), Style::new().dimmed()).into());
    }
    body.push_str(&join(&row.line.pieces, &pieces));
    let gap = widest.saturating_sub(measure_text_width(&subject));
    let start = 2 + WORD + measure_text_width(&subject) + gap + 2;
    let subject = look.paint(&subject, Style::new().bold());
    let line = format!("  {word}{subject}{:gap$}  {}", "", wrap(&body, start, look.width));
    line.trim_end().to_owned() + "\n"
}
