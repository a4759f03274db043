//! Pieces of one large file, for several threads: its text is cut at items of the list that its sink takes.
//!
//! The fast path interprets a line by itself, and by the blocks that are open above it. A piece begins with an item of
//! the list, so these are the document's map and the list. The reader of the piece opens both before its first line,
//! and the reader of the piece before confirms that it ended in them. If any piece is not certain, the file is read
//! whole.

use std::sync::Arc;

use memchr::{memchr_iter, memmem};

use super::fast_path::{Cut, Piece};
use super::reader::Reader;
use super::{MAX_FILE_BYTES, Sink, conflict, fast_path, syntax_errors};

/// Cuts a file into at most so many pieces; none if it has no such list, or an error that concerns all of it.
pub fn split<'a>(file: &Arc<str>, bytes: &'a [u8], key: &'static str, most: usize) -> Vec<Piece<'a>> {
    if bytes.len() > MAX_FILE_BYTES {
        return Vec::new();
    }
    match syntax_errors::text(file, bytes) {
        Ok(text) if conflict::check(file, text).is_empty() => cut(text, key, most).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn cut<'a>(text: &'a str, key: &'static str, most: usize) -> Option<Vec<Piece<'a>>> {
    let opening = format!("\n{key}:\n");
    let start = memmem::find(text.as_bytes(), opening.as_bytes())? + opening.len();
    let column = text[start..].bytes().position(|b| b != b' ')?;
    let above =
        |at: &usize| text[*at..].starts_with(|c: char| c.is_alphabetic()) || text[*at..].starts_with("---");
    let line_ends = memchr_iter(b'\n', &text.as_bytes()[start..]);
    let behind = line_ends.map(|at| start + at + 1).find(above).unwrap_or(text.len());
    let item = format!("\n{}- ", " ".repeat(column));
    let item = memmem::Finder::new(item.as_bytes());
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let (mut from, mut before) = (0, 0);
    for number in 1..=most {
        let goal = (start + (behind - start) / most * number).max(from);
        let found = if number < most { item.find(&text.as_bytes()[goal..behind]) } else { None };
        let end = found.map_or(text.len(), |at| goal + at + 1);
        let piece = &text[from..end];
        let (continues, goes_on) = (from > 0, end < text.len());
        pieces.push(Piece { text: piece, before, list: Cut { key, column }, continues, goes_on });
        if !goes_on {
            break;
        }
        before += memchr_iter(b'\n', piece.as_bytes()).count();
        from = end;
    }
    Some(pieces)
}

/// Reads a piece. Returns false if the reading is not certain.
///
/// Each piece but the first begins within a document. The map of that document then begins with the key of the list.
pub fn read_piece(file: &Arc<str>, piece: &Piece<'_>, sink: &mut dyn Sink) -> bool {
    let mut reader = Reader::new(file, piece.text, sink);
    fast_path::read_piece(piece, &mut reader).is_ok() && reader.problems.is_empty()
}
