//! Conflict marks that a merge leaves in a file.

use std::sync::Arc;

use super::syntax_errors::lines;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::Source;

/// The marks of Git and Mercurial, each at the beginning of a line.
const MARKS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// Reports each conflict once: at its beginning, or else at the first remaining mark.
pub(super) fn check(file: &Arc<str>, text: &str) -> Diagnostics {
    let mut out = Diagnostics::default();
    if !MARKS.iter().any(|mark| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some()) {
        return out;
    }
    let mut open = false;
    for (number, line) in (1..).zip(lines(text)) {
        let Some(mark) = MARKS.iter().find(|mark| is_mark(line, mark)) else { continue };
        if !open || *mark == MARKS[0] {
            let problem = SyntaxProblem::ConflictMark { mark: (*mark).into() };
            out.push(Diagnostic::at(&Source::new(file, number, 1), problem));
        }
        open = *mark != MARKS[3];
    }
    out
}

/// Returns true if a line is a mark. A mark has its sign seven times, and at most a label behind a blank.
fn is_mark(line: &str, mark: &str) -> bool {
    let Some(rest) = line.strip_prefix(mark) else { return false };
    rest.is_empty() || rest.starts_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<u32> {
        let all = check(&"a.yaml".into(), text).into_sorted();
        all.iter().filter_map(|d| d.source.as_ref()).map(|source| source.line).collect()
    }

    #[test]
    fn each_conflict_is_told_once() {
        assert_eq!(places("a\n<<<<<<< HEAD\nb\n||||||| base\n=======\nc\n>>>>>>> x: y\nd\n"), [2]);
        assert_eq!(places("<<<<<<< HEAD\r\na\r\n=======\r\n>>>>>>> x\r\n<<<<<<< HEAD\r\n"), [1, 5]);
        assert_eq!(places("a\n=======\nb\n>>>>>>> x\n"), [2]);
        assert_eq!(places(">>>>>>> x: y"), [1]);
    }

    #[test]
    fn a_rule_of_signs_is_no_mark() {
        for text in ["# =======\n", "========\n", "<<<<<<<<\n", "a: |\n  =======\n", "a: \"<<<<<<<\"\n"] {
            assert!(places(text).is_empty(), "{text}");
        }
    }
}
