//! What keeps a file from being read at all, in sentences that say what to do.
//!
//! The parser speaks of simple keys and flow contexts. Its place is good, its words are not; what is
//! usually meant can be told from the line that it points at.

use std::sync::Arc;

use saphyr_parser::ScanError;

use super::node::MAX_DEPTH;
use crate::model::diagnostic::Diagnostic;
use crate::model::source::Source;
use crate::yaml::fullwidth;
use crate::yaml::redact;

/// How far above a syntax error a private value may begin that it would be part of.
const LOOK_BACK: usize = 100;

/// Returns a file's text without its byte order mark.
pub(super) fn text<'a>(file: &Arc<str>, bytes: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    const HELP: &str = "save the file as UTF-8 in your editor (not as GBK, ANSI or Unicode/UTF-16)";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = "the file is not UTF-8: it begins like UTF-16 (byte 1)";
        // The line is not text that could be shown, or searched for a password.
        return Err(Box::new(Diagnostic::at(&Source::new(file, 1, 1), message).help(HELP).masked()));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let place = place(file, &String::from_utf8_lossy(&bytes[..good]));
        let message = match error.error_len() {
            Some(_) => format!("the file is not UTF-8: byte {} is 0x{:02X}", good + 1, bytes[good]),
            None => format!("the file ends in the middle of a character (byte {})", good + 1),
        };
        // The line around it may be a password in another encoding.
        let line = String::from_utf8_lossy(&bytes[good.saturating_sub(4096)..good]).into_owned();
        let above: Vec<&str> = line.lines().collect();
        let hidden = above.split_last().is_some_and(|(last, above)| redact::continues(above, last));
        let diagnostic = Diagnostic::at(&place, message).help(HELP);
        Box::new(if hidden { diagnostic.masked() } else { diagnostic })
    })?;
    // In blocks without a way out of the loop, so that it is done many bytes at a time.
    let odd = |b: u8| (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f;
    let mut blocks = text.as_bytes().chunks(4096).enumerate();
    let found = blocks.find(|(_, block)| block.iter().fold(false, |any, b| any | odd(*b)));
    let Some((block, _)) = found else { return Ok(text) };
    let start = block * 4096;
    let at = text.as_bytes()[start..].iter().position(|b| odd(*b)).map_or(start, |at| start + at);
    let code = text.as_bytes()[at];
    let place = place(file, &text[..at]);
    let diagnostic = Diagnostic::at(&place, format!("the file holds a control character (U+{code:04X})"))
        .help("remove it; in double quotes it may be written as an escape such as \"\\x1B\"");
    Err(Box::new(hide(diagnostic, text)))
}

/// Something nested deeper than any manifest.
pub(super) fn too_deep(place: &Source) -> Diagnostic {
    let message = format!("lists and maps are nested more than {MAX_DEPTH} levels deep");
    Diagnostic::at(place, message).help("a manifest needs five levels or so")
}

/// The place behind `before`.
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

/// Lines as the parser counts them: `\n`, `\r\n` and `\r` end one.
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

/// The lines up to the numbered one, at most [`LOOK_BACK`] before it; the last is the line itself.
fn lines_before(text: &str, line: usize) -> Vec<&str> {
    lines(text).take(line).skip(line.saturating_sub(LOOK_BACK + 1)).collect()
}

/// Masks a diagnostic whose line may be part of a private value that begins above it. Its column is
/// then moved to the line's begin: nothing before it is to be shown either.
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

/// Whether the error is one behind which the parser can go on.
pub(super) fn is_unknown_anchor(error: &ScanError) -> bool {
    error.info().contains("unknown anchor")
}

/// An alias whose anchor does not exist.
pub(super) fn unknown_anchor(file: &Arc<str>, text: &str, error: &ScanError) -> Diagnostic {
    let mark = error.marker();
    let place = Source::new(file, number(mark.line()), number(mark.col() + 1));
    let line = lines(text).nth(mark.line().saturating_sub(1)).unwrap_or_default();
    let name: String = line
        .chars()
        .skip(mark.col() + 1)
        .take_while(|c| !c.is_whitespace() && !",[]{}".contains(*c))
        .collect();
    // `password: *hunter2`: the "name" may be the password of someone who did not know of aliases.
    let before: String = line.chars().take(mark.col() + 1).collect();
    let message = if redact::mask_from(&before).is_some() || hide(Diagnostic::at(&place, ""), text).masked {
        "no anchor of this name stands above this alias".into()
    } else {
        format!("no anchor `&{0}` stands above the alias `*{0}`", shown(&name))
    };
    hide(Diagnostic::at(&place, message).help("quote the value if the `*` belongs to it"), text)
}

/// Says what a syntax error usually means. `open` is where the innermost open list or map begins.
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

/// A place the parser points at, with its line.
struct Place<'a> {
    file: &'a Arc<str>,
    number: usize,
    /// From 0, in characters.
    column: usize,
    line: &'a str,
    next: &'a str,
    above: &'a [&'a str],
    past_end: bool,
}

impl Place<'_> {
    fn say(&self, message: &str, help: &str) -> Diagnostic {
        let source = Source::new(self.file, number(self.number), number(self.column + 1));
        Diagnostic::at(&source, message).help(help)
    }

    fn say_at(&self, line: usize, column: usize, message: &str, help: &str) -> Diagnostic {
        Diagnostic::at(&Source::new(self.file, number(line), number(column + 1)), message).help(help)
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
            let sign = if c == '`' { "a backtick".to_owned() } else { format!("`{c}`") };
            let message = format!("an unquoted value cannot begin with {sign}");
            return self.say(&message, "put the value in quotes");
        }
        if info.contains("recursion limit") {
            return too_deep(&Source::new(self.file, number(self.number), number(self.column + 1)));
        }
        // A bracket that stays open is seen at the end of the file or at the next key.
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
            let message = format!(
                "`{sign}` begins an {} but no name follows",
                if sign == '&' { "anchor," } else { "alias," }
            );
            return self.say(&message, "put the value in quotes if the sign belongs to it");
        }
        if info.contains("tag") || info.contains("handle") {
            return self.say(
                "`!` begins a tag that cannot be read",
                "put the value in quotes if the `!` belongs to it",
            );
        }
        if info.contains("block scalar") {
            let help = "write `|` or `>` at the end of the line and indent all lines of text below it by blanks; \
                        or put the value in quotes";
            return self.say("a text block that begins with `|` or `>` is not well formed", help);
        }
        if info.contains("byte order mark") {
            return self
                .say("a byte order mark (U+FEFF) stands within the file", "delete this invisible character");
        }
        if info == "misplaced bracket" {
            return self.say("this bracket closes nothing", "remove it, or put the value in quotes");
        }
        if info.contains("block sequence entries are not allowed") {
            return self.say(
                "a list entry `- ` cannot stand on the line of its key",
                "begin the list on the next line, or write `[a, b]`; quote the value if the `-` belongs to it",
            );
        }
        if info.contains("mapping keys are not allowed") {
            return self.say("`? ` cannot stand here", "put the value in quotes");
        }
        if info.contains("comment intercepting") {
            return self.say("a value goes on below a remark", "put the value in quotes, or on one line");
        }
        if info.contains("directive") || info.contains("<document start>") {
            return self.say(
                "this document cannot begin here",
                "put `---` on a line of its own between two documents; quote a value that begins with `%`",
            );
        }
        if info.contains("document end marker") {
            return self.say("only a remark may follow `...`", "put `---` before the next document");
        }
        self.layout(info)
    }

    fn tab(&self, info: &str) -> Option<Diagnostic> {
        let message = "a tab stands where the line is indented";
        let help = "indent with blanks: YAML allows no tabs there";
        let indented = |line: &str| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
        // A value that a line with a tab would continue is blamed where it begins.
        for (line, number) in [(self.line, self.number), (self.next, self.number + 1)] {
            if indented(line) {
                let tab = line.chars().take_while(|c| *c != '\t').count();
                return Some(self.say_at(number, tab, message, help));
            }
        }
        (info.contains("tab") && !info.contains("alphabetic")).then(|| self.say(message, help))
    }

    /// A sign of a Chinese keyboard, here or on the line above: the parser takes it for a letter and goes on.
    fn fullwidth(&self) -> Option<Diagnostic> {
        let above = self.above.iter().rev().enumerate().find(|(_, line)| !is_idle(line));
        let above = above.map(|(back, line)| (self.number - 1 - back, *line));
        [Some((self.number, self.line)), above].into_iter().flatten().find_map(|(number, line)| {
            let (column, sign) = fullwidth::find(line)?;
            let (message, help) = fullwidth::words(sign);
            Some(self.say_at(number, column, &message, &help))
        })
    }

    fn quoted(&self, info: &str, in_brackets: bool) -> Diagnostic {
        if info.contains("escape") || info.contains("hexadecimal") {
            let help = "write `\\\\` for a backslash, or use single quotes, in which a backslash is an ordinary sign";
            return self.say(
                "in double quotes a backslash begins an escape, and this is none that YAML knows",
                help,
            );
        }
        let glued = || self.column > 0 && self.line.chars().nth(self.column - 1).is_none_or(|c| c != ' ');
        if in_brackets && info.contains("trailing content") && !glued() {
            let message = "a `,` is missing before this entry";
            return self.say(message, "put `, ` between entries; or put the whole value in quotes");
        }
        if info.contains("trailing content") || info.contains("double-quoted") {
            let help = "put the whole value in quotes; a `'` within single quotes is written `''`, a `\"` within double quotes `\\\"`";
            return self.say("text follows the closing quote of a value", help);
        }
        let help = "close the quote at the end of the value; if the value goes on in the next line, indent that line";
        self.say("a quote is opened here but not closed where the value ends", help)
    }

    fn bracket(&self, open: &Source, bracket: char) -> Diagnostic {
        let close = if bracket == '[' { ']' } else { '}' };
        let help = format!(
            "close it with `{close}` and put `, ` between entries; quote a value that begins with `{bracket}`"
        );
        let message = format!("`{bracket}` is opened here, but what follows is neither `, ` nor `{close}`");
        if self.past_end {
            let message = format!("`{bracket}` is opened here and never closed");
            return Diagnostic::at(open, message).help(help);
        }
        let marks = |sign: char, at: usize| self.line.chars().nth(at) == Some(sign);
        if marks('{', self.column) && self.column > 0 && marks('$', self.column - 1) {
            let help = "write the value out, or run the tool that fills it in first";
            return self.say("`${` begins a placeholder that was not filled in", help);
        }
        self.say(&message.replace("opened here", "open"), &help).related(open, "opened here")
    }

    /// A `: ` where a value already stands.
    fn second_colon(&self) -> Diagnostic {
        let head: String = self.line.chars().take(self.column).collect();
        let bare = head.trim_start_matches([' ', '-']);
        if bare.contains(": ") {
            return self.say(
                "a `:` with a blank behind it stands inside an unquoted value",
                "put the whole value in quotes",
            );
        }
        let Some((back, above)) = self.above.iter().rev().enumerate().find(|(_, line)| !is_idle(line)) else {
            return self.say("a key is missing before the `:`", "write `key: value`");
        };
        if bare.trim().is_empty() {
            return self.say("a key is missing before the `:`", "write `key: value`");
        }
        if let Some(colon) = glued_colon(above) {
            return self.say_at(
                self.number - 1 - back,
                colon,
                "a blank is missing behind the `:`",
                "write `key: value`",
            );
        }
        let column = self.line.chars().take_while(|c| c.is_whitespace()).count();
        let message = "this key is indented as if it belonged to the line above, which already has a value";
        self.say_at(self.number, column, message, "begin all keys of one map in the same column")
    }

    /// A line that is neither an entry nor part of a value; the parser notices one line later.
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
            return self.say_at(number, colon, "a blank is missing behind the `:`", "write `key: value`");
        }
        let column = line.chars().take_while(|c| c.is_whitespace()).count();
        let message = "this line is neither `key: value` nor a list entry `- value`";
        self.say_at(
            number,
            column,
            message,
            "add the `:` and the value, or indent the line if it continues the value above",
        )
    }

    fn layout(&self, info: &str) -> Diagnostic {
        let head: String = self.line.chars().take(self.column).collect();
        if head.trim_end().ends_with(['}', ']']) {
            return self.say(
                "text follows the closing bracket of a value",
                "put the whole value in quotes if the brackets belong to it",
            );
        }
        if info.contains("expected '-' indicator") && head.trim().is_empty() {
            return self.say(
                "this line is not an entry of the list above it",
                "begin it with `- `, or with the column of the key that it belongs to",
            );
        }
        if info.contains("expected key") || info.contains("indentation") {
            let column = self.line.chars().take_while(|c| c.is_whitespace()).count();
            let message = "the indentation of this line matches no line above it";
            return self.say_at(
                self.number,
                column,
                message,
                "begin all keys of one map, and all `-` of one list, in the same column",
            );
        }
        if info.contains("expected node content") {
            return self.say("a value cannot begin like this", "put the value in quotes");
        }
        self.say(
            "this is not valid YAML",
            "look for a missing quote, bracket, blank or indentation here and in the line above",
        )
    }
}

/// Whether a line says nothing.
fn is_idle(line: &str) -> bool {
    let bare = line.trim_start();
    bare.is_empty() || bare.starts_with('#')
}

/// Column of the `:` in `key:value`, from 0.
fn glued_colon(line: &str) -> Option<usize> {
    let bare = line.trim_start().trim_start_matches("- ");
    let end = bare.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))?;
    let rest = bare[end..].strip_prefix(':')?;
    let glued = end > 0 && rest.chars().next().is_some_and(|c| !c.is_whitespace());
    glued.then(|| line.chars().count() - rest.chars().count() - 1)
}

/// Whether a `{` stands at a place and another one just before it.
pub(super) fn is_doubled(text: &str, place: &Source) -> bool {
    let before = Source { column: place.column.saturating_sub(1).max(1), ..place.clone() };
    place.column > 1 && [&before, place].into_iter().all(|place| character(text, place) == Some('{'))
}

/// The character at a place.
fn character(text: &str, place: &Source) -> Option<char> {
    lines(text).nth(place.line as usize - 1)?.chars().nth(place.column as usize - 1)
}

/// Cuts a name from a file down to what a sentence can hold.
pub(super) fn shown(name: &str) -> String {
    let mut short: String = name.chars().take(40).collect();
    if name.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

/// Files are at most 512 MiB, so no line or column is cut.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
