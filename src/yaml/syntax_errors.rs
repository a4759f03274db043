//! Errors that make a whole file unreadable.
//!
//! The parser's place is good, but its words (simple keys, flow contexts) are of little help. The line at that place
//! usually shows the cause.

use std::sync::Arc;

use saphyr_parser::ScanError;

use super::node::MAX_DEPTH;
use crate::model::diagnostic::Diagnostic;
use crate::model::problem::{Label, SyntaxProblem};
use crate::model::source::Source;
use crate::yaml::fullwidth;
use crate::yaml::redact;

/// Most lines between a syntax error and the beginning of a private value that contains it.
const LOOK_BACK: usize = 100;
/// Most characters of a name in a message.
pub(super) const SHOWN: usize = 40;

/// Returns a file's text without its byte order mark.
pub(super) fn text<'a>(file: &Arc<str>, bytes: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        // The line is no text: it cannot be shown, or searched for a password.
        return Err(Box::new(Diagnostic::at(&Source::new(file, 1, 1), SyntaxProblem::Utf16).masked()));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let place = place(file, &String::from_utf8_lossy(&bytes[..good]));
        let position = good + 1;
        let problem = match error.error_len() {
            Some(_) => SyntaxProblem::NotUtf8 { position, byte: bytes[good].into() },
            None => SyntaxProblem::CutCharacter { position },
        };
        // The line around it may be a password in another encoding.
        let line = String::from_utf8_lossy(&bytes[good.saturating_sub(4096)..good]).into_owned();
        let above: Vec<&str> = line.lines().collect();
        let hidden = above.split_last().is_some_and(|(last, above)| redact::continues(above, last));
        let diagnostic = Diagnostic::at(&place, problem);
        Box::new(if hidden { diagnostic.masked() } else { diagnostic })
    })?;
    // A block has no early exit, so the compiler can check many bytes at a time.
    let odd = |b: u8| (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f;
    let mut blocks = text.as_bytes().chunks(4096).enumerate();
    let found = blocks.find(|(_, block)| block.iter().fold(false, |any, b| any | odd(*b)));
    let Some((block, _)) = found else { return Ok(text) };
    let start = block * 4096;
    let at = text.as_bytes()[start..].iter().position(|b| odd(*b)).map_or(start, |at| start + at);
    let problem = SyntaxProblem::ControlCharacter { code: text.as_bytes()[at].into() };
    Err(Box::new(hide(Diagnostic::at(&place(file, &text[..at]), problem), text)))
}

/// Returns the place behind `before`.
fn place(file: &Arc<str>, before: &str) -> Source {
    let (mut line, mut column, mut last) = (1, 1, ' ');
    for c in before.chars() {
        match c {
            '\n' if last == '\r' => {}
            '\n' | '\r' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
        last = c;
    }
    Source::new(file, number(line), number(column))
}

/// Returns the lines as the parser counts them: `\n`, `\r\n` and `\r` end one.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let skip = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + skip..]);
        Some(&text[..end])
    })
}

/// Returns the lines up to the numbered one, at most [`LOOK_BACK`] before it. The last is the line itself.
fn lines_before(text: &str, line: usize) -> Vec<&str> {
    lines(text).take(line).skip(line.saturating_sub(LOOK_BACK + 1)).collect()
}

/// Masks a diagnostic whose line may be part of a private value that begins above it. Its column moves to the line's
/// beginning, since the text before the error is masked too.
fn hide(mut diagnostic: Diagnostic, text: &str) -> Diagnostic {
    let Some(source) = &mut diagnostic.source else { return diagnostic };
    let before = lines_before(text, source.line as usize);
    if let Some((line, above)) = before.split_last()
        && redact::continues(above, line)
    {
        let blank = line.chars().take_while(|c| c.is_whitespace()).count();
        source.column = number(blank + 1);
        diagnostic.masked = true;
    }
    diagnostic
}

/// Returns true if the parser can continue behind the error.
pub(super) fn is_unknown_anchor(error: &ScanError) -> bool {
    error.info().contains("unknown anchor")
}

/// Returns the diagnostic of an alias without an anchor.
pub(super) fn unknown_anchor(file: &Arc<str>, text: &str, error: &ScanError) -> Diagnostic {
    let mark = error.marker();
    let place = Source::new(file, number(mark.line()), number(mark.col() + 1));
    let line = lines(text).nth(mark.line().saturating_sub(1)).unwrap_or_default();
    let name: String = line
        .chars()
        .skip(mark.col() + 1)
        .take_while(|c| !c.is_whitespace() && !",[]{}".contains(*c))
        .collect();
    // `password: *hunter2`: the "name" may be a password that was meant literally.
    let before: String = line.chars().take(mark.col() + 1).collect();
    let mut diagnostic = hide(Diagnostic::at(&place, SyntaxProblem::NoAnchor { name: None }), text);
    if !diagnostic.masked && redact::mask_from(&before).is_none() {
        diagnostic.problem = SyntaxProblem::NoAnchor { name: Some(shown(&name, SHOWN)) }.into();
    }
    diagnostic
}

/// Explains a syntax error by its usual cause. `open` is the start of the innermost open list or map.
pub(super) fn describe(file: &Arc<str>, text: &str, error: &ScanError, open: Option<&Source>) -> Diagnostic {
    let mark = error.marker();
    let above = lines_before(text, mark.line().saturating_sub(1));
    let at = Place {
        file,
        number: mark.line(),
        column: mark.col(),
        line: lines(text).nth(mark.line().saturating_sub(1)).unwrap_or_default(),
        next: lines(text).nth(mark.line()).unwrap_or_default(),
        above: &above,
        past_end: lines(text).skip(mark.line().saturating_sub(1)).all(|line| line.trim().is_empty()),
    };
    hide(at.sentence(text, error.info(), open), text)
}

/// The place of a parser error, with its line.
struct Place<'a> {
    file: &'a Arc<str>,
    number: usize,
    /// In characters, from 0.
    column: usize,
    line: &'a str,
    next: &'a str,
    above: &'a [&'a str],
    past_end: bool,
}

impl Place<'_> {
    fn say(&self, problem: SyntaxProblem) -> Diagnostic {
        self.say_at(self.number, self.column, problem)
    }

    fn say_at(&self, line: usize, column: usize, problem: SyntaxProblem) -> Diagnostic {
        Diagnostic::at(&Source::new(self.file, number(line), number(column + 1)), problem)
    }

    fn sentence(&self, text: &str, info: &str, open: Option<&Source>) -> Diagnostic {
        if let Some(found) = self.tab(info) {
            return found;
        }
        if let Some(found) = self.fullwidth() {
            return found;
        }
        let opening = open.and_then(|open| character(text, open)).filter(|c| matches!(c, '[' | '{'));
        if info.contains("quoted scalar") {
            return self.quoted(info, opening.is_some());
        }
        if let Some(c) = info.strip_prefix("unexpected character: `").and_then(|rest| rest.chars().next()) {
            return self.say(SyntaxProblem::ReservedSign { sign: c });
        }
        if info.contains("recursion limit") {
            return self.say(SyntaxProblem::TooDeep { most: MAX_DEPTH });
        }
        // The parser notices an open bracket at the end of the file or at the next key.
        if let Some(open) = open
            && let Some(bracket) = opening
            && info != "misplaced bracket"
        {
            return self.bracket(open, bracket);
        }
        if info.contains("mapping values are not allowed") {
            return self.second_colon();
        }
        if info.contains("simple key expect") {
            return self.no_colon();
        }
        if info.contains("anchor or alias") {
            let sign = self.line.chars().nth(self.column).unwrap_or('*');
            return self.say(SyntaxProblem::NameMissing { sign });
        }
        if info.contains("tag") || info.contains("handle") {
            return self.say(SyntaxProblem::TagUnreadable);
        }
        if info.contains("block scalar") {
            return self.say(SyntaxProblem::TextBlock);
        }
        if info.contains("byte order mark") {
            return self.say(SyntaxProblem::ByteOrderMark);
        }
        if info == "misplaced bracket" {
            return self.say(SyntaxProblem::StrayBracket);
        }
        if info.contains("block sequence entries are not allowed") {
            return self.say(SyntaxProblem::EntryBesideKey);
        }
        if info.contains("mapping keys are not allowed") {
            return self.say(SyntaxProblem::QuestionMark);
        }
        if info.contains("comment intercepting") {
            return self.say(SyntaxProblem::ValueBelowRemark);
        }
        if info.contains("directive") || info.contains("<document start>") {
            return self.say(SyntaxProblem::DocumentBegin);
        }
        if info.contains("document end marker") {
            return self.say(SyntaxProblem::DocumentEnd);
        }
        self.layout(info)
    }

    fn tab(&self, info: &str) -> Option<Diagnostic> {
        let indented = |line: &str| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
        // The parser reports the start of a value that a line with a tab would continue.
        for (line, number) in [(self.line, self.number), (self.next, self.number + 1)] {
            if indented(line) {
                let tab = line.chars().take_while(|c| *c != '\t').count();
                return Some(self.say_at(number, tab, SyntaxProblem::Tab));
            }
        }
        (info.contains("tab") && !info.contains("alphabetic")).then(|| self.say(SyntaxProblem::Tab))
    }

    /// Returns the problem of a fullwidth sign, here or on the line above. The parser takes it for a letter and
    /// continues.
    fn fullwidth(&self) -> Option<Diagnostic> {
        let above = self.above.iter().rev().enumerate().find(|(_, line)| !is_idle(line));
        let above = above.map(|(back, line)| (self.number - 1 - back, *line));
        [Some((self.number, self.line)), above].into_iter().flatten().find_map(|(number, line)| {
            let (column, sign) = fullwidth::find(line)?;
            Some(self.say_at(number, column, fullwidth::problem(sign)))
        })
    }

    fn quoted(&self, info: &str, in_brackets: bool) -> Diagnostic {
        if info.contains("escape") || info.contains("hexadecimal") {
            return self.say(SyntaxProblem::Escape);
        }
        let glued = || self.column > 0 && self.line.chars().nth(self.column - 1).is_none_or(|c| c != ' ');
        if in_brackets && info.contains("trailing content") && !glued() {
            return self.say(SyntaxProblem::CommaMissing);
        }
        if info.contains("trailing content") || info.contains("double-quoted") {
            return self.say(SyntaxProblem::TextAfterQuote);
        }
        self.say(SyntaxProblem::OpenQuote)
    }

    fn bracket(&self, open: &Source, bracket: char) -> Diagnostic {
        if self.past_end {
            return Diagnostic::at(open, SyntaxProblem::OpenBracket { bracket });
        }
        let marks = |sign: char, at: usize| self.line.chars().nth(at) == Some(sign);
        if marks('{', self.column) && self.column > 0 && marks('$', self.column - 1) {
            return self.say(SyntaxProblem::UnfilledBegins { mark: "${".into() });
        }
        self.say(SyntaxProblem::InBracket { bracket }).related(open, Label::OpenedHere)
    }

    /// Explains a `: ` behind a value.
    fn second_colon(&self) -> Diagnostic {
        let head: String = self.line.chars().take(self.column).collect();
        let bare = head.trim_start_matches([' ', '-']);
        if bare.contains(": ") {
            return self.say(SyntaxProblem::ColonInValue);
        }
        let Some((back, above)) = self.above.iter().rev().enumerate().find(|(_, line)| !is_idle(line)) else {
            return self.say(SyntaxProblem::KeyMissing);
        };
        if bare.trim().is_empty() {
            return self.say(SyntaxProblem::KeyMissing);
        }
        if let Some(colon) = glued_colon(above) {
            return self.say_at(self.number - 1 - back, colon, SyntaxProblem::BlankMissing);
        }
        let column = self.line.chars().take_while(|c| c.is_whitespace()).count();
        self.say_at(self.number, column, SyntaxProblem::KeyIndented)
    }

    /// Explains a line that is neither an entry nor part of a value. The parser notices it one line later.
    fn no_colon(&self) -> Diagnostic {
        let back = self.above.iter().rev().enumerate().find(|(_, line)| !is_idle(line));
        let own = glued_colon(self.line).is_some();
        let (number, line) = match back {
            Some((back, above)) if !own && (self.past_end || !above.contains(": ")) => {
                (self.number - 1 - back, *above)
            }
            _ => (self.number, self.line),
        };
        if let Some(colon) = glued_colon(line) {
            return self.say_at(number, colon, SyntaxProblem::BlankMissing);
        }
        let column = line.chars().take_while(|c| c.is_whitespace()).count();
        self.say_at(number, column, SyntaxProblem::NeitherFieldNorEntry)
    }

    fn layout(&self, info: &str) -> Diagnostic {
        let head: String = self.line.chars().take(self.column).collect();
        if head.trim_end().ends_with(['}', ']']) {
            return self.say(SyntaxProblem::TextAfterBracket);
        }
        if info.contains("expected '-' indicator") && head.trim().is_empty() {
            return self.say(SyntaxProblem::NotAnEntry);
        }
        if info.contains("expected key") || info.contains("indentation") {
            let column = self.line.chars().take_while(|c| c.is_whitespace()).count();
            return self.say_at(self.number, column, SyntaxProblem::Indentation);
        }
        if info.contains("expected node content") {
            return self.say(SyntaxProblem::ValueBegin);
        }
        self.say(SyntaxProblem::NotYaml)
    }
}

/// Returns true if a line is blank or a comment.
fn is_idle(line: &str) -> bool {
    let bare = line.trim_start();
    bare.is_empty() || bare.starts_with('#')
}

/// Returns the column of the `:` in `key:value`, from 0.
fn glued_colon(line: &str) -> Option<usize> {
    let bare = line.trim_start().trim_start_matches("- ");
    let end = bare.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))?;
    let rest = bare[end..].strip_prefix(':')?;
    let glued = end > 0 && rest.chars().next().is_some_and(|c| !c.is_whitespace());
    glued.then(|| line.chars().count() - rest.chars().count() - 1)
}

/// Returns true if a place and the character before it hold `{`.
pub(super) fn is_doubled(text: &str, place: &Source) -> bool {
    let before = Source { column: place.column.saturating_sub(1).max(1), ..place.clone() };
    place.column > 1 && [&before, place].into_iter().all(|place| character(text, place) == Some('{'))
}

/// Returns the character at a place.
fn character(text: &str, place: &Source) -> Option<char> {
    lines(text).nth(place.line as usize - 1)?.chars().nth(place.column as usize - 1)
}

/// Cuts a name from a file down to so many characters.
pub(super) fn shown(name: &str, most: usize) -> String {
    let mut short: String = name.chars().take(most).collect();
    if name.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

/// Converts a count of lines or columns. Files are at most 512 MiB, so none is cut.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
