//! A diagnostic with its line shown.
//!
//! ```text
//! error: unknown role `普通座席`: the catalogue does not hold it
//!   --> roster/agents.yaml:12:11
//!    |
//! 12 |     role: 普通座席
//!    |           ^^^^^^^^
//!    = help: did you mean `普通坐席`?
//! ```
//!
//! Invariants of the text, for any file:
//!
//! - It holds no private value: [`crate::yaml::redact`] cuts the lines first, and looks at the lines above, where a
//!   value may begin.
//! - No control character of the file reaches the terminal, and no bidirectional one.
//! - Carets stand below their target: columns of the file are characters, columns of the screen are not (`张` takes
//!   two).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use console::{measure_text_width, truncate_str};

use super::phrases::{Phrase, colon};
use crate::messages::Message as _;
use crate::model::diagnostic::Diagnostic;
use crate::model::language::Language;
use crate::model::source::Source;
use crate::model::text::sanitize;
use crate::yaml::redact;

/// Replacement of a private value, of constant length.
const MASK: &str = " ••••••";
/// Widest line that is shown whole, in columns.
const WIDEST: usize = 160;
/// Most lines above that are searched for the beginning of a private value.
const LOOK_BACK: u32 = 100;

/// Renders one diagnostic, with a line break at the end.
///
/// `source_line` returns the text of the line at a place, at any
/// column, without its line break. It is called for lines above as well.
pub fn render(
    diagnostic: &Diagnostic,
    language: Language,
    source_line: impl Fn(&Source) -> Option<String>,
    colour: bool,
) -> String {
    render_one(diagnostic, language, &source_line, Styles::new(colour))
}

/// Renders diagnostics with a blank line between them, and the counts of diagnostics and files.
pub fn render_all(
    diagnostics: &[Diagnostic],
    language: Language,
    source_line: impl Fn(&Source) -> Option<String>,
    colour: bool,
) -> String {
    let paint = Styles::new(colour);
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&render_one(diagnostic, language, &source_line, paint));
        out.push('\n');
    }
    if diagnostics.is_empty() {
        return out;
    }
    let files: BTreeSet<&str> = diagnostics.iter().filter_map(|d| Some(&*d.source.as_ref()?.file)).collect();
    let total = Phrase::ErrorCount(diagnostics.len(), files.len()).say(language);
    let (word, bold) = (paint.word, paint.bold);
    let head = Phrase::Error.say(language);
    let _ = writeln!(out, "{word}{head}{word:#}{bold}{}{total}{bold:#}", colon(language));
    out
}

/// Styles; without colour they print nothing.
#[derive(Clone, Copy)]
struct Styles {
    word: Style,
    note: Style,
    frame: Style,
    bold: Style,
}

impl Styles {
    fn new(colour: bool) -> Self {
        if !colour {
            let plain = Style::new();
            return Self { word: plain, note: plain, frame: plain, bold: plain };
        }
        let bold = Style::new().bold();
        let of = |colour: AnsiColor| bold.fg_color(Some(colour.into()));
        Self { word: of(AnsiColor::Red), note: of(AnsiColor::Cyan), frame: of(AnsiColor::Blue), bold }
    }
}

fn render_one(
    diagnostic: &Diagnostic,
    language: Language,
    source_line: &dyn Fn(&Source) -> Option<String>,
    paint: Styles,
) -> String {
    let Diagnostic { problem: _, source, masked, related } = diagnostic;
    let (message, help) = (diagnostic.message_in(language), diagnostic.help_in(language));
    let colon = colon(language);
    let Styles { word, note, frame, bold } = paint;
    let mut out = String::new();
    let head = Phrase::Error.say(language);
    let _ = writeln!(out, "{word}{head}{word:#}{bold}{colon}{}{bold:#}", visible(&message));
    let number = |s: &Source| s.line.to_string().len();
    // Both snippets share one margin, so that their lines can be compared.
    let margin = source.as_ref().map_or(1, number).max(related.as_ref().map_or(1, |(s, _)| number(s)));
    if let Some(source) = source {
        snippet(&mut out, source, *masked, margin, source_line, paint, word);
    }
    if !help.is_empty() {
        let head = Phrase::Help.say(language);
        let _ =
            writeln!(out, "{:margin$} {frame}={frame:#} {bold}{head}{bold:#}{colon}{}", "", visible(&help));
    }
    if let Some((source, label)) = related {
        let head = Phrase::NoteWord.say(language);
        let label = label.say(language);
        let _ = writeln!(out, "{note}{head}{note:#}{bold}{colon}{}{bold:#}", visible(&label));
        snippet(&mut out, source, *masked, margin, source_line, paint, note);
    }
    out
}

/// Renders the arrow to a place and, if its line is available, the line with carets below.
fn snippet(
    out: &mut String,
    source: &Source,
    masked: bool,
    margin: usize,
    source_line: &dyn Fn(&Source) -> Option<String>,
    paint: Styles,
    carets: Style,
) {
    let frame = paint.frame;
    let _ = writeln!(out, "{:margin$}{frame}-->{frame:#} {}", "", visible(&source.to_string()));
    let Some(line) = source_line(source) else { return };
    let above = |back: u32| source_line(&Source::new(&source.file, source.line.checked_sub(back)?, 1));
    let Window { text, before, width } = window(&shown(&line, source, masked, above));
    let _ = writeln!(out, "{:margin$} {frame}|{frame:#}", "");
    let gap = if text.is_empty() { "" } else { " " };
    let _ = writeln!(out, "{frame}{:>margin$} |{frame:#}{gap}{text}", source.line);
    let marks = "^".repeat(width);
    let _ = writeln!(out, "{:margin$} {frame}|{frame:#} {:before$}{carets}{marks}{carets:#}", "", "");
}

/// The visible part of a line, cut in three: before the carets, above them, behind them.
struct Shown {
    before: String,
    marked: String,
    after: String,
}

/// Cuts a line at a place, and redacts it.
fn shown(line: &str, source: &Source, masked: bool, above: impl Fn(u32) -> Option<String>) -> Shown {
    let line = line.trim_end_matches(['\n', '\r']);
    let column = (source.column as usize).saturating_sub(1);
    let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let hidden = |until: usize| {
        let before = if until == 0 { "…" } else { &line[..until] };
        let (before, mask) = (visible(before), MASK.to_string());
        // The carets still point at a place in front of the mask.
        let length = token(line, start);
        if until > 0 && start + length <= until {
            return Shown {
                before: visible(&line[..start]),
                marked: visible(&line[start..start + length]),
                after: visible(&line[start + length..until]) + &mask,
            };
        }
        Shown { before: before + " ", marked: mask.trim_start().to_string(), after: String::new() }
    };
    if continues(line, above) {
        return hidden(0);
    }
    if masked {
        return hidden(own_key(line, start));
    }
    if let Some(until) = redact::mask_from(line) {
        return hidden(until);
    }
    let end = start + token(line, start);
    Shown {
        before: visible(&line[..start]),
        marked: visible(&line[start..end]),
        after: visible(&line[end..]),
    }
}

/// Returns the end of the line's first key (behind its `:`). The place must be the key or stand behind it. On any other
/// line a `:` may belong to the private text: returns `0`.
fn own_key(line: &str, start: usize) -> usize {
    let Some(colon) = line.find(':') else { return 0 };
    let name = line[..colon].trim().trim_start_matches(['-', '?', '{', '[', ' ']).trim_matches(['"', '\'']);
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let blank =
        line[colon + 1..].chars().next().is_none_or(char::is_whitespace) || line[..colon].ends_with('"');
    if is_name && blank && start > colon { colon + 1 } else { 0 }
}

/// Returns true if a private value that begins above reaches this line.
fn continues(line: &str, above: impl Fn(u32) -> Option<String>) -> bool {
    let mut lines: Vec<String> = (1..=LOOK_BACK).map_while(above).collect();
    lines.reverse();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    redact::continues(&lines, line)
}

/// Returns the length in bytes of the YAML token at `start`. It is at least one character if there is one.
fn token(line: &str, start: usize) -> usize {
    let text = &line[start..];
    let Some(first) = text.chars().next() else { return 0 };
    let length = match first {
        '"' | '\'' => quoted(text, first),
        '{' | '}' | '[' | ']' | ',' | ':' | '#' => 1,
        '-' | '?' | '|' | '>' if text[1..].chars().next().is_none_or(char::is_whitespace) => 1,
        // An anchor or a tag, and the value behind it.
        '&' | '!' => match text.find([' ', '\t']) {
            Some(end) => {
                let value = end + text[end..].len() - text[end..].trim_start().len();
                if value < text.len() && !text[value..].starts_with('#') {
                    value + token(line, start + value)
                } else {
                    end
                }
            }
            None => text.len(),
        },
        _ => plain(text, in_flow(&line[..start])),
    };
    length.max(first.len_utf8())
}

fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if quote == '"' && c == '\\' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                chars.next();
                continue;
            }
            return at + 1;
        }
    }
    text.trim_end().len()
}

fn plain(text: &str, flow: bool) -> usize {
    let mut before = 'x';
    let end = text.char_indices().find(|(at, c)| {
        let next = text[at + c.len_utf8()..].chars().next();
        let ends = match c {
            '#' => before.is_whitespace(),
            ':' => next.is_none_or(|n| n.is_whitespace() || (flow && ",[]{}".contains(n))),
            ',' | '[' | ']' | '{' | '}' => flow,
            _ => false,
        };
        before = *c;
        ends
    });
    text[..end.map_or(text.len(), |(at, _)| at)].trim_end().len()
}

/// Returns true if a bracket is open before a place of the same line.
fn in_flow(before: &str) -> bool {
    let mut depth = 0_i32;
    for c in before.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

/// Makes text safe for a terminal: tabs become `→`, other hidden characters their codes.
fn visible(text: &str) -> String {
    text.split('\t').map(sanitize).collect::<Vec<_>>().join("→   ")
}

/// The printed part of a line.
struct Window {
    text: String,
    /// Columns before the carets.
    before: usize,
    /// Columns of carets.
    width: usize,
}

/// Cuts a long line down to the text around the carets.
fn window(line: &Shown) -> Window {
    let Shown { before, marked, after } = line;
    let size = measure_text_width;
    let room = WIDEST.saturating_sub(size(before) + size(marked));
    if size(after) <= room && size(before) + size(marked) <= WIDEST {
        let text = format!("{before}{marked}{after}").trim_end().to_string();
        return Window { text, before: size(before), width: size(marked).max(1) };
    }
    let head = if room < WIDEST / 4 { last_columns(before, WIDEST / 4) } else { before.clone() };
    let middle = truncate_str(marked, WIDEST / 2, "…");
    let after = if middle == *marked { after } else { "" };
    let rest = truncate_str(after, WIDEST.saturating_sub(size(&head) + size(&middle)), "…");
    Window { text: format!("{head}{middle}{rest}"), before: size(&head), width: size(&middle).max(1) }
}

fn last_columns(text: &str, columns: usize) -> String {
    if measure_text_width(text) <= columns {
        return text.to_string();
    }
    let back: String = text.chars().rev().collect();
    truncate_str(&back, columns, "…").chars().rev().collect()
}

#[cfg(test)]
mod tests;
