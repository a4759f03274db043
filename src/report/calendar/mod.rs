//! Renders a calendar: who joins, leaves, is lent and returns, and the queues' head-counts.
//!
//! Every format but JSON shows the same rows. Agents with equal changes share a row, as in a plan.

mod chapter;
mod csv;
mod html;
mod ics;
mod markdown;
mod rows;
mod text;
mod words;

use std::io::{self, Write};

use super::Roots;
use super::redact::Mask;
use super::text::TextStyle;
use crate::model::calendar::Calendar;
use crate::model::language::Language;
use crate::model::support::Supports;

/// An output format of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, on a terminal or in a log.
    Text,
    /// One JSON document.
    Json,
    /// A row a change.
    Csv,
    /// iCalendar (RFC 5545), for calendar programs.
    Ics,
    /// A page of a wiki, or a comment.
    Markdown,
    /// One file for a browser.
    Html,
}

/// Writes a calendar. What is posted holds no phone number and no e-mail address.
///
/// `roots` tell from where pages and comments show the places of dates. JSON and CSV have no language.
pub fn render(
    calendar: &Calendar,
    supports: Supports,
    roots: &Roots,
    format: Format,
    look: TextStyle,
    language: Language,
    out: &mut dyn Write,
) -> io::Result<()> {
    let masked = || Mask::for_calendar(calendar).calendar(calendar);
    let text = match format {
        Format::Text => text::render(calendar, supports, look, language),
        // Each entry holds whole member lists, so the document is written as it is made.
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, calendar)?;
            "\n".to_owned()
        }
        Format::Csv => csv::render(calendar, supports),
        Format::Ics => ics::render(&masked(), supports, language),
        Format::Markdown => markdown::render(&masked(), supports, roots, language),
        Format::Html => html::render(calendar, supports, roots, language),
    };
    out.write_all(text.as_bytes())
}
