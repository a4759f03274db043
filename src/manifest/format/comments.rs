//! Comments of a file: every `#` outside the scalars, with the text behind it.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// Start, in characters.
    pub at: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 0.
    pub column: usize,
    /// Width of the blanks before it.
    pub gap: usize,
    /// True if its line holds nothing before it.
    pub alone: bool,
    /// Text from the `#` on, without blanks at its end.
    pub text: String,
}

/// A scalar's place: start and end in characters, and true if it spans several lines.
pub(super) type Place = (usize, usize, bool);

/// Returns the scalars of a file. Returns `None` if the file cannot be parsed or a scalar cannot be located.
pub(super) fn scalars(text: &str) -> Option<Vec<Place>> {
    let chars: Vec<char> = text.chars().collect();
    let mut places = Vec::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.ok()?;
        if let Event::Scalar(_, style, ..) = event {
            places.push(place(&chars, style, span)?);
        }
    }
    Some(places)
}

/// Returns the place of a scalar. The parser's span of a quoted one includes the blanks and comments behind it.
pub(super) fn place(chars: &[char], style: ScalarStyle, span: Span) -> Option<Place> {
    let from = span.start.index();
    let quote = match style {
        ScalarStyle::SingleQuoted => '\'',
        ScalarStyle::DoubleQuoted => '"',
        ScalarStyle::Plain => {
            return Some((from, span.end.index(), span.start.line() != span.end.line()));
        }
        ScalarStyle::Literal | ScalarStyle::Folded => return Some((from, span.end.index(), true)),
    };
    if chars.get(from) != Some(&quote) {
        return None;
    }
    let mut at = from + 1;
    loop {
        match chars.get(at)? {
            '\\' if quote == '"' => at += 1,
            '\'' if quote == '\'' && chars.get(at + 1) == Some(&'\'') => at += 1,
            end if *end == quote => break,
            _ => {}
        }
        at += 1;
    }
    let to = at + 1;
    Some((from, to, chars[from..to].contains(&'\n')))
}

/// Returns the comments; `None` if the file cannot be parsed.
pub(super) fn parse(text: &str) -> Option<Vec<Comment>> {
    let spans = scalars(text)?;
    let mut spans = spans.iter().filter(|(from, to, _)| from < to).peekable();
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line, mut begins) = (0, 1, 0);
    while at < chars.len() {
        while spans.peek().is_some_and(|(_, to, _)| *to <= at) {
            spans.next();
        }
        let inside = spans.peek().is_some_and(|(from, _, _)| *from <= at);
        if chars[at] == '\n' {
            (line, begins) = (line + 1, at + 1);
        } else if chars[at] == '#' && !inside && (at == 0 || chars[at - 1].is_whitespace()) {
            let end = chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length);
            let gap = chars[begins..at].iter().rev().take_while(|c| c.is_whitespace()).count();
            let text: String = chars[at..end].iter().collect();
            let text = text.trim_end().to_owned();
            found.push(Comment { at, line, column: at - begins, gap, alone: gap == at - begins, text });
            at = end;
            continue;
        }
        at += 1;
    }
    Some(found)
}
