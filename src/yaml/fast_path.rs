//! The short way through plain blocks, which nearly all manifests are.
//!
//! A manifest is thousands of lines `key: value`, and to see that a line is one takes far less than a parser for
//! all of YAML does: an estate is read in a fifth of the time. This reader knows
//!
//! - lists and maps in blocks, one `key: value`, `key:`, `- value` or `- key: value` a line;
//! - text without quotes, and text in quotes without escapes, on one line;
//! - `[a, b]` and `{ a: b }` on one line; remarks; `---`.
//!
//! **It answers only where it is certain.** Whatever else stands in a file (an anchor, a block scalar, a tab, an
//! escape, a text over two lines, an empty value, anything that is wrong) is [`Unsupported`], and then the parser reads
//! the whole file from its start. So there is one reading of YAML, and one place that complains. The tests hold the
//! two against each other: every tree and every place must be the same.

use super::node::MAX_DEPTH;
use super::reader::{Expect, Reader, Stop};
use super::syntax_errors::number;
use crate::model::source::Source;

/// Something that the parser has to judge.
pub(super) struct Unsupported;

impl From<Stop> for Unsupported {
    fn from(_: Stop) -> Self {
        Self
    }
}

type FastResult = Result<(), Unsupported>;

/// Longest key of a map: the parser refuses keys above 1024 characters.
const LONGEST_KEY: usize = 256;

/// A list or map in block style that is still open.
struct Block {
    /// The column of its entries, from 0.
    column: usize,
    is_map: bool,
}

/// Reads a whole text into a reader that has read nothing yet.
pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> FastResult {
    if text.as_bytes().contains(&b'\r') {
        return Err(Unsupported);
    }
    let mut lines = Lines { reader, open: Vec::new(), waits: false, began: false, number: 0 };
    let mut rest = text;
    while !rest.is_empty() {
        let line = match rest.bytes().position(|b| b == b'\n') {
            Some(end) => {
                let line = &rest[..end];
                rest = &rest[end + 1..];
                line
            }
            None => std::mem::take(&mut rest),
        };
        lines.number += 1;
        lines.line(line)?;
    }
    lines.end_document()
}

struct Lines<'r, 'a> {
    reader: &'r mut Reader<'a>,
    open: Vec<Block>,
    /// The innermost map's key waits for a value on a line below.
    waits: bool,
    /// Something of this document has come.
    began: bool,
    number: usize,
}

impl Lines<'_, '_> {
    fn line(&mut self, line: &str) -> FastResult {
        let bytes = line.as_bytes();
        let Some(column) = bytes.iter().position(|b| *b != b' ') else { return Ok(()) };
        match bytes[column] {
            b'#' => return remark(&line[column..]),
            b'-' if line == "---" => return self.begin_document(),
            b'-' if column == 0 && line.starts_with("---") => return Err(Unsupported),
            _ => {}
        }
        self.began = true;
        let mut at = Cursor { line, at: column, column };
        if bytes[column] == b'-' {
            self.enter(column, false)?;
            at.skip_dash()?;
            self.open_below(column, false, at.column)?;
            // The column of an entry's first key is where the map of its keys begins.
            return match at.key()? {
                Some(key) => {
                    self.start(key.column, true, key.column)?;
                    self.entry(at, &key)
                }
                None => self.value(at),
            };
        }
        let Some(key) = at.key()? else { return Err(Unsupported) };
        self.enter(column, true)?;
        self.open_below(column, true, column)?;
        self.entry(at, &key)
    }

    /// Closes what a line at this column cannot belong to.
    fn enter(&mut self, column: usize, is_map: bool) -> FastResult {
        if self.waits {
            return Ok(());
        }
        while let Some(block) = self.open.last() {
            let zero_indented_list_ends = is_map && !block.is_map && block.column == column;
            if block.column <= column && !zero_indented_list_ends {
                break;
            }
            self.close()?;
        }
        Ok(())
    }

    /// Opens the list or map that a line at this column begins, or makes sure that it goes on with the open one.
    /// Of a list in the column of its key the parser says that it begins behind the dash, at `inner`.
    fn open_below(&mut self, column: usize, is_map: bool, inner: usize) -> FastResult {
        let innermost = self.open.last().map(|block| (block.column, block.is_map));
        match innermost {
            None if self.reader.root.is_none() => self.start(column, is_map, column),
            Some((above, true)) if self.waits && (column > above || column == above && !is_map) => {
                self.waits = false;
                self.start(column, is_map, if column == above { inner } else { column })
            }
            Some(open) if !self.waits && open == (column, is_map) => Ok(()),
            _ => Err(Unsupported),
        }
    }

    /// Opens a list or map whose entries stand in a column, and which begins at `place`.
    fn start(&mut self, column: usize, is_map: bool, place: usize) -> FastResult {
        if self.open.len() + 1 >= MAX_DEPTH {
            return Err(Unsupported);
        }
        let source = self.source(place);
        self.reader.open(is_map.then_some(Expect::Key), 0, None, source)?;
        self.open.push(Block { column, is_map });
        Ok(())
    }

    fn close(&mut self) -> FastResult {
        self.open.pop();
        self.reader.close()?;
        Ok(())
    }

    /// `key: value` or `key:`, where the map is open.
    fn entry(&mut self, mut at: Cursor<'_>, key: &Token<'_>) -> FastResult {
        self.scalar(key)?;
        at.skip_sign();
        if at.is_over()? {
            self.waits = true;
            return Ok(());
        }
        self.value(at)
    }

    /// A value up to the line's end.
    fn value(&mut self, mut at: Cursor<'_>) -> FastResult {
        if matches!(at.peek(), Some(b'[' | b'{')) {
            self.flow(&mut at, self.open.len())?;
        } else {
            let token = at.scalar(false)?;
            self.scalar(&token)?;
        }
        if at.is_over()? { Ok(()) } else { Err(Unsupported) }
    }

    /// `[a, b]` or `{ a: b }`, from its bracket to behind its end.
    fn flow(&mut self, at: &mut Cursor<'_>, depth: usize) -> FastResult {
        if depth + 1 >= MAX_DEPTH {
            return Err(Unsupported);
        }
        let is_map = at.peek() == Some(b'{');
        let end = if is_map { b'}' } else { b']' };
        let source = self.source(at.column);
        self.reader.open(is_map.then_some(Expect::Key), 0, None, source)?;
        at.skip_sign();
        if at.peek() == Some(end) {
            at.skip_sign();
            self.reader.close()?;
            return Ok(());
        }
        loop {
            if is_map {
                let key = at.flow_key()?;
                self.scalar(&key)?;
                at.skip_sign();
            }
            if matches!(at.peek(), Some(b'[' | b'{')) {
                self.flow(at, depth + 1)?;
            } else {
                let token = at.scalar(true)?;
                self.scalar(&token)?;
            }
            at.skip_blanks();
            match at.peek() {
                Some(b',') => at.skip_sign(),
                Some(sign) if sign == end => {
                    // What follows the bracket directly belongs to nothing.
                    at.pass(1);
                    self.reader.close()?;
                    return Ok(());
                }
                _ => return Err(Unsupported),
            }
        }
    }

    fn scalar(&mut self, token: &Token<'_>) -> FastResult {
        let source = self.source(token.column);
        self.reader.scalar(token.text, token.plain, 0, None, source)?;
        Ok(())
    }

    fn source(&self, column: usize) -> Source {
        self.reader.name.at(number(self.number), number(column + 1))
    }

    fn begin_document(&mut self) -> FastResult {
        if self.began {
            self.end_document()?;
        }
        Ok(())
    }

    fn end_document(&mut self) -> FastResult {
        if self.waits {
            return Err(Unsupported);
        }
        while !self.open.is_empty() {
            self.close()?;
        }
        self.reader.document();
        self.began = false;
        Ok(())
    }
}

/// A scalar on a line.
struct Token<'a> {
    text: &'a str,
    plain: bool,
    /// Where it begins, in characters from 0.
    column: usize,
}

/// A place on a line.
struct Cursor<'a> {
    line: &'a str,
    /// In bytes.
    at: usize,
    /// In characters.
    column: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    /// Goes over so many bytes of ASCII.
    fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }

    fn skip_blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.pass(1);
        }
    }

    /// Goes over a sign and the blanks behind it.
    fn skip_sign(&mut self) {
        self.pass(1);
        self.skip_blanks();
    }

    /// Goes over a `- `, which must be followed by something.
    fn skip_dash(&mut self) -> FastResult {
        if !self.rest().starts_with("- ") {
            return Err(Unsupported);
        }
        self.skip_sign();
        match self.peek() {
            None | Some(b'#' | b'-') => Err(Unsupported),
            Some(_) => Ok(()),
        }
    }

    /// Whether nothing but blanks and a remark is left.
    fn is_over(&mut self) -> Result<bool, Unsupported> {
        self.skip_blanks();
        match self.peek() {
            None => Ok(true),
            Some(b'#') if self.line.as_bytes()[self.at - 1] == b' ' => remark(self.rest()).map(|()| true),
            Some(_) => Ok(false),
        }
    }

    /// The key that stands here, up to its colon; `None` where there is no colon that could end one.
    fn key(&mut self) -> Result<Option<Token<'a>>, Unsupported> {
        let rest = self.rest();
        let length = rest.bytes().position(|b| !is_key(b)).unwrap_or(rest.len());
        let key = &rest[..length];
        let ends = matches!(rest.as_bytes()[length..], [b':'] | [b':', b' ', ..]);
        if !ends {
            return Ok(None);
        }
        if length > LONGEST_KEY || !begins_plain(key) || !key.chars().all(is_usual) {
            return Err(Unsupported);
        }
        let token = Token { text: key, plain: true, column: self.column };
        self.at += length;
        self.column += key.chars().count();
        Ok(Some(token))
    }

    fn flow_key(&mut self) -> Result<Token<'a>, Unsupported> {
        let key = self.key()?.ok_or(Unsupported)?;
        match self.rest().as_bytes() {
            [b':', b' ', ..] => Ok(key),
            _ => Err(Unsupported),
        }
    }

    /// A scalar, with or without quotes.
    fn scalar(&mut self, in_flow: bool) -> Result<Token<'a>, Unsupported> {
        let rest = self.rest();
        let (text, plain, length) = if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            let text = quoted(&rest[1..], quote)?;
            (text, false, text.len() + 2)
        } else {
            let text = plain(rest, in_flow)?;
            (text, true, text.len())
        };
        let mut odd = false;
        let mut characters = 0;
        if text.is_ascii() {
            characters = text.len();
            odd = text.bytes().any(|b| b < b' ');
        } else {
            for c in text.chars() {
                characters += 1;
                odd |= !is_usual(c);
            }
        }
        if odd {
            return Err(Unsupported);
        }
        let token = Token { text, plain, column: self.column };
        self.at += length;
        self.column += characters + (length - text.len());
        match self.peek() {
            None | Some(b' ') => Ok(token),
            Some(b',' | b']' | b'}') if in_flow => Ok(token),
            Some(_) => Err(Unsupported),
        }
    }
}

/// A remark says nothing, whatever it says; but what may not stand in it, the parser knows.
fn remark(text: &str) -> FastResult {
    if text.chars().all(|c| is_usual(c) || c == '\t') { Ok(()) } else { Err(Unsupported) }
}

/// The text up to its closing quote, when nothing in it is escaped.
fn quoted(inner: &str, quote: u8) -> Result<&str, Unsupported> {
    let bytes = inner.as_bytes();
    let end = bytes.iter().position(|b| *b == quote || *b == b'\\' && quote == b'"').ok_or(Unsupported)?;
    if bytes[end] != quote || bytes.get(end + 1) == Some(&quote) {
        Err(Unsupported)
    } else {
        Ok(&inner[..end])
    }
}

/// The text without quotes that begins here, up to a remark or the line's end; in a flow also up to a sign of it.
fn plain(rest: &str, in_flow: bool) -> Result<&str, Unsupported> {
    if !begins_plain(rest) {
        return Err(Unsupported);
    }
    let bytes = rest.as_bytes();
    let mut end = bytes.len();
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1);
        match byte {
            b'#' if bytes[at - 1] == b' ' => {
                end = at;
                break;
            }
            b',' | b']' | b'}' if in_flow => {
                end = at;
                break;
            }
            b':' if in_flow || next.is_none_or(|b| *b == b' ') => return Err(Unsupported),
            b'-' if in_flow && !next.is_some_and(|b| is_key(*b)) => return Err(Unsupported),
            _ if in_flow && !(is_key(*byte) || matches!(byte, b' ' | b'@' | b'+' | b'=')) => {
                return Err(Unsupported);
            }
            _ => {}
        }
    }
    Ok(rest[..end].trim_end_matches(' '))
}

/// Whether a text without quotes begins so that it can be nothing else.
fn begins_plain(text: &str) -> bool {
    text.bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'+' | b'.') || b >= 0x80)
}

/// What a key may hold here; the parser knows more.
fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/') || byte >= 0x80
}

/// Characters that are nothing but themselves, in every place: no line end of any sort, no mark of byte order.
fn is_usual(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests;
