//! Reads the bytes of one file into nodes with positions.
//!
//! The reader takes a parser's events. Unlike a serde reader it keeps the place of every valid value, and **all**
//! errors of a file. It does not know what a roster is.
//!
//! Invariants of every tree that leaves this module:
//!
//! - the keys of a map are text, and no two of one map are equal;
//! - it is at most [`MAX_DEPTH`] deep, so recursion over it is safe;
//! - it has no more nodes, and not much more text, than a file of that length without aliases. The budget is checked
//!   **before** a copy;
//! - aliases are resolved (the copy keeps the place of the original), and tags are applied.
//!
//! The tree omits broken parts, and a diagnostic names each. So in a broken file a missing entry proves nothing.

mod conflict;
pub mod decode;
mod fast_path;
pub mod fullwidth;
pub(crate) mod json_schema;
mod node;
mod pieces;
pub mod placeholder;
pub mod quoting;
mod reader;
pub mod redact;
mod scalar;
mod syntax_errors;
#[cfg(test)]
mod tests;
pub(crate) mod types;

use std::sync::Arc;

pub use self::fast_path::Piece;
pub use self::node::{Key, MAX_DEPTH, Node, NodeValue};
pub use self::pieces::{read_piece, split};
use self::reader::Reader;
pub use self::reader::Sink;
pub use self::scalar::{Scalar, ScalarKind};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::Source;

/// Largest file that is read.
pub const MAX_FILE_BYTES: usize = 512 << 20;
/// Reads a file: one node a document (empty documents are skipped), and all errors.
///
/// A syntax error ends the file; the documents before it are returned. `file` is the path that people see.
pub fn read(file: &Arc<str>, bytes: &[u8]) -> (Vec<Node>, Diagnostics) {
    let mut nodes = Nodes(Vec::new());
    let problems = read_into(file, bytes, &mut nodes);
    (nodes.0, problems)
}

/// Collects whole documents.
struct Nodes(Vec<Node>);

impl Sink for Nodes {
    fn key(&self) -> Option<&'static str> {
        None
    }

    fn item(&mut self, _: Node) {}

    fn document(&mut self, root: Node) {
        self.0.push(root);
    }

    fn reset(&mut self) {
        self.0.clear();
    }
}

/// Reads a file like [`read`] into a sink. The sink gets its documents, and the items of its list one by one.
pub fn read_into(file: &Arc<str>, bytes: &[u8], sink: &mut dyn Sink) -> Diagnostics {
    let mut problems = Diagnostics::default();
    if bytes.len() > MAX_FILE_BYTES {
        let place = Source::new(file, 1, 1);
        let (mebibytes, most) = (bytes.len() >> 20, MAX_FILE_BYTES >> 20);
        problems.push(Diagnostic::at(&place, SyntaxProblem::FileTooLong { mebibytes, most }));
        return problems;
    }
    let text = match syntax_errors::text(file, bytes) {
        Ok(text) => text,
        Err(diagnostic) => {
            problems.push(*diagnostic);
            return problems;
        }
    };
    problems.extend(conflict::check(file, text));
    if !problems.is_empty() {
        return problems;
    }
    // Nearly every manifest is plain blocks. The parser reads any other file, and any file with an error, from the
    // start.
    let mut reader = Reader::new(file, text, sink);
    if fast_path::read(text, &mut reader).is_ok() && reader.problems.is_empty() {
        return reader.problems;
    }
    sink.reset();
    let mut reader = Reader::new(file, text, sink);
    // `Err` means that reading stopped; the problems hold the cause.
    let _ = reader.run();
    reader.problems
}
