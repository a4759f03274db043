//! Bytes of one file → nodes with positions.
//!
//! The reader takes a parser's events and keeps what no serde reader gives: the place of every valid
//! value, and **all** that is wrong with a file rather than the first of it. It decides nothing about
//! what a roster is.
//!
//! What holds for every tree that leaves this module:
//!
//! - the keys of a map are text, and no two of one map are equal;
//! - it is at most [`MAX_DEPTH`] deep, so that whoever reads or drops it may recurse;
//! - it has no more nodes and not much more text than a file of that length could spell out, however
//!   its aliases are knotted: the budget is checked **before** anything is copied;
//! - aliases are resolved (the copy keeps the place of the original), tags have had their effect.
//!
//! What is broken is left out of the tree and named by a diagnostic, so a caller that goes on with
//! the rest should treat whatever it finds missing there as a second-hand problem.

mod conflict;
pub mod decode;
mod fast_path;
pub mod fullwidth;
mod node;
pub mod placeholder;
pub mod quoting;
mod reader;
pub mod redact;
mod scalar;
mod syntax_errors;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::node::{Key, MAX_DEPTH, Node, NodeValue};
use self::reader::Reader;
pub use self::reader::Sink;
pub use self::scalar::{Scalar, ScalarKind};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::Source;

/// Largest file that is read.
pub const MAX_FILE_BYTES: usize = 512 << 20;
/// Reads a file: one node a document (empty documents are skipped), and all that is wrong with it.
///
/// After a syntax error nothing behind it can be read; the documents before it are returned. `file`
/// is the path as it is shown to people.
pub fn read(file: &Arc<str>, bytes: &[u8]) -> (Vec<Node>, Diagnostics) {
    let mut nodes = Nodes(Vec::new());
    let problems = read_into(file, bytes, &mut nodes);
    (nodes.0, problems)
}

/// Keeps whole documents.
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

/// Reads a file likewise, and hands out its documents, and the items of the sink's list one by one.
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
    // Nearly every manifest is plain blocks. What is not, or is not in order, the parser reads from the start.
    let mut reader = Reader::new(file, text, sink);
    if fast_path::read(text, &mut reader).is_ok() && reader.problems.is_empty() {
        return reader.problems;
    }
    sink.reset();
    let mut reader = Reader::new(file, text, sink);
    // `Err` says that reading was stopped; what for is among the problems.
    let _ = reader.run();
    reader.problems
}
