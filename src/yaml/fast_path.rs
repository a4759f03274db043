//! Fast path through plain blocks, the content of nearly all manifests.
//!
//! A manifest is thousands of lines `key: value`. To recognize such a line costs far less than a full YAML parser: an
//! estate is read in a fifth of the time. This reader knows
//!
//! - lists and maps in blocks, one `key: value`, `key:`, `- value` or `- key: value` a line;
//! - text without quotes, and text in quotes without escapes, on one line;
//! - `[a, b]` and `{ a: b }` on one line; comments; `---`.
//!
//! **It answers only if it is certain.** For any other content it returns [`Unsupported`], and the parser reads the
//! whole file from its start. Examples are an anchor, a block scalar, a tab, an escape, a text over two lines, an empty
//! value, and every error. So YAML has one reading, and one place reports errors. The tests compare the two: every tree
//! and every place must be the same.

use memchr::memchr;

use super::node::MAX_DEPTH;
use super::reader::{Expect, Reader, Stop};
use super::syntax_errors::number;
use crate::model::source::Source;

/// Content for the parser.
pub(super) struct Unsupported;

impl From<Stop> for Unsupported {
    fn from(_: Stop) -> Self {
        Self
    }
}

type FastResult = Result<(), Unsupported>;

/// Longest key of a map. The parser refuses keys above 1024 characters.
const LONGEST_KEY: usize = 256;

/// A piece of a file: whole lines.
pub struct Piece<'a> {
    /// Its text.
    pub text: &'a str,
    /// Number of lines before it.
    pub(super) before: usize,
    /// The list that the cuts are in.
    pub(super) list: Cut,
    /// True if another piece is before it.
    pub(super) continues: bool,
    /// True if another piece is behind it.
    pub(super) goes_on: bool,
}

/// A list with cuts between its items.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) key: &'static str,
    /// The column of its items, from 0.
    pub(super) column: usize,
}

/// An open list or map in block style.
struct Block {
    /// The column of its entries, from 0.
    column: usize,
    is_map: bool,
}

/// Reads a whole text into a fresh reader.
pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> FastResult {
    let mut lines = Lines::new(reader);
    lines.all(text)?;
    lines.end_document()
}

/// Reads a piece of a text into a fresh reader.
pub(super) fn read_piece(piece: &Piece<'_>, reader: &mut Reader<'_>) -> FastResult {
    let mut lines = Lines::new(reader);
    lines.number = piece.before;
    if piece.continues {
        lines.line(&format!("{}:", piece.list.key))?;
    }
    lines.all(piece.text)?;
    if piece.goes_on && !lines.are_in(piece.list) {
        return Err(Unsupported);
    }
    lines.end_document()
}

struct Lines<'r, 'a> {
    reader: &'r mut Reader<'a>,
    open: Vec<Block>,
    /// True if the innermost map's key waits for a value on a line below.
    waits: bool,
    /// True if this document has begun.
    began: bool,
    number: usize,
}

impl<'r, 'a> Lines<'r, 'a> {
    fn new(reader: &'r mut Reader<'a>) -> Self {
        Self { reader, open: Vec::new(), waits: false, began: false, number: 0 }
    }

    fn all(&mut self, text: &str) -> FastResult {
        if text.as_bytes().contains(&b'\r') {
            return Err(Unsupported);
        }
        let mut rest = text;
        while !rest.is_empty() {
            let line = match memchr(b'\n', rest.as_bytes()) {
                Some(end) => {
                    let line = &rest[..end];
                    rest = &rest[end + 1..];
                    line
                }
                None => std::mem::take(&mut rest),
            };
            self.number += 1;
            self.line(line)?;
        }
        Ok(())
    }

    /// Returns true if an item of a list of the document's map may follow.
    fn are_in(&self, list: Cut) -> bool {
        !self.waits
            && matches!(
                &*self.open,
                [Block { column: 0, is_map: true }, Block { column, is_map: false }, ..] if *column == list.column
            )
            && self.reader.is_below(list.key)
    }

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
            // The map of an entry's keys begins in the column of its first key.
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

    /// Closes the blocks that a line at this column cannot belong to.
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

    /// Opens the list or map of a line at this column, or continues the open one. A list may begin in the column of its
    /// key. The parser then places it behind the dash, at `inner`.
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

    /// Opens a list or map with its entries in `column` and its beginning at `place`.
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

    /// Reads `key: value` or `key:` into the open map.
    fn entry(&mut self, mut at: Cursor<'_>, key: &Token<'_>) -> FastResult {
        self.scalar(key)?;
        at.skip_sign();
        if at.is_over()? {
            self.waits = true;
            return Ok(());
        }
        self.value(at)
    }

    /// Reads a value up to the line's end.
    fn value(&mut self, mut at: Cursor<'_>) -> FastResult {
        if matches!(at.peek(), Some(b'[' | b'{')) {
            self.flow(&mut at, self.open.len())?;
        } else {
            let token = at.scalar(false)?;
            self.scalar(&token)?;
        }
        if at.is_over()? { Ok(()) } else { Err(Unsupported) }
    }

    /// Reads `[a, b]` or `{ a: b }`, up to and with its closing bracket.
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
                    // Text directly behind the bracket is an error.
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
    /// Start, in characters from 0.
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

    /// Skips so many bytes of ASCII.
    fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }

    fn skip_blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.pass(1);
        }
    }

    /// Skips a sign and the blanks behind it.
    fn skip_sign(&mut self) {
        self.pass(1);
        self.skip_blanks();
    }

    /// Skips a `- ` with content behind it.
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

    /// Returns true if only blanks and a comment are left.
    fn is_over(&mut self) -> Result<bool, Unsupported> {
        self.skip_blanks();
        match self.peek() {
            None => Ok(true),
            Some(b'#') if self.line.as_bytes()[self.at - 1] == b' ' => remark(self.rest()).map(|()| true),
            Some(_) => Ok(false),
        }
    }

    /// Returns the key up to its colon; `None` without a colon that could end one.
    fn key(&mut self) -> Result<Option<Token<'a>>, Unsupported> {
        let rest = self.rest();
        let length = rest.bytes().position(|b| !KEY_BYTES[usize::from(b)]).unwrap_or(rest.len());
        let key = &rest[..length];
        let ends = matches!(rest.as_bytes()[length..], [b':'] | [b':', b' ', ..]);
        if !ends {
            return Ok(None);
        }
        // Every key of ASCII is usual.
        let is_ascii = key.is_ascii();
        if length > LONGEST_KEY || !begins_plain(key) || !is_ascii && !key.chars().all(is_usual) {
            return Err(Unsupported);
        }
        let token = Token { text: key, plain: true, column: self.column };
        self.at += length;
        self.column += if is_ascii { length } else { key.chars().count() };
        Ok(Some(token))
    }

    fn flow_key(&mut self) -> Result<Token<'a>, Unsupported> {
        let key = self.key()?.ok_or(Unsupported)?;
        match self.rest().as_bytes() {
            [b':', b' ', ..] => Ok(key),
            _ => Err(Unsupported),
        }
    }

    /// Reads a scalar, with or without quotes.
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

/// Accepts a comment, unless only the parser knows its characters.
fn remark(text: &str) -> FastResult {
    if text.chars().all(|c| is_usual(c) || c == '\t') { Ok(()) } else { Err(Unsupported) }
}

/// Returns the text up to its closing quote, if it holds no escape.
fn quoted(inner: &str, quote: u8) -> Result<&str, Unsupported> {
    let bytes = inner.as_bytes();
    let end = bytes.iter().position(|b| *b == quote || *b == b'\\' && quote == b'"').ok_or(Unsupported)?;
    if bytes[end] != quote || bytes.get(end + 1) == Some(&quote) {
        Err(Unsupported)
    } else {
        Ok(&inner[..end])
    }
}

/// Returns the unquoted text up to a comment or the line's end. In a flow collection one of its signs also ends the
/// text.
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

/// Returns true if the beginning of an unquoted text leaves no doubt that it is one.
fn begins_plain(text: &str) -> bool {
    text.bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'+' | b'.') || b >= 0x80)
}

/// Returns true for bytes of keys on the fast path; the parser accepts more.
const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/') || byte >= 0x80
}

/// [`is_key`] of each byte.
static KEY_BYTES: [bool; 256] = {
    let mut keys = [false; 256];
    let mut byte = u8::MAX;
    while byte > 0 {
        keys[byte as usize] = is_key(byte);
        byte -= 1;
    }
    keys
};

/// Returns true for characters without a meaning of their own. Line ends of any sort and byte order marks have one.
fn is_usual(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests;
