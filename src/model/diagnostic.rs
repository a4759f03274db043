//! Diagnostics: errors in the input, with place, cause and remedy.

use super::message::{Argument as _, Rewrite};
use super::problem::{Label, Problem, SyntaxProblem};
use super::source::Source;
use super::text::shortened;

/// An error in a file that a person wrote.
///
/// Stages collect diagnostics, so that one run shows all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The error. Never holds a secret.
    pub problem: Problem,
    /// The place; `None` if the error is in no file.
    pub source: Option<Source>,
    /// True if the value at `source` is private: the shown line is masked after its key.
    pub masked: bool,
    /// Another place that belongs to it (the first of two duplicates), with its label.
    pub related: Option<(Source, Label)>,
}

impl Diagnostic {
    /// Creates a diagnostic at a place.
    pub fn at(source: &Source, problem: impl Into<Problem>) -> Self {
        Self { source: Some(source.clone()), ..Self::general(problem) }
    }

    /// Creates a diagnostic without a place.
    pub fn general(problem: impl Into<Problem>) -> Self {
        Self { problem: problem.into(), source: None, masked: false, related: None }
    }

    /// Adds the other place that belongs to it.
    #[must_use]
    pub fn related(mut self, source: &Source, label: Label) -> Self {
        self.related = Some((source.clone(), label));
        self
    }

    /// Masks the value at the place in the shown line.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.masked = true;
        self
    }
}

/// The most diagnostics of a run that are kept.
const MOST: usize = 2_000;

/// A rewrite that cuts the texts of a problem: a file name may be a megabyte long.
struct Cut;

impl Rewrite for Cut {
    fn text(&self, text: &str) -> String {
        shortened(text.to_owned())
    }
}

/// The diagnostics of a stage: the first ones, and the number of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    dropped: usize,
}

impl Diagnostics {
    /// Adds a diagnostic.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        if self.list.len() >= MOST {
            self.dropped += 1;
            return;
        }
        diagnostic.problem.rewrite(&Cut);
        self.list.push(diagnostic);
    }

    /// Adds all diagnostics of another collection.
    pub fn extend(&mut self, other: Diagnostics) {
        self.dropped += other.dropped;
        other.list.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Returns true if there are no diagnostics.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the number of diagnostics.
    pub fn len(&self) -> usize {
        self.list.len() + self.dropped
    }

    /// Returns all diagnostics, ordered by place and sentence; duplicates once.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_cached_key(|diagnostic| (diagnostic.source.clone(), diagnostic.problem.to_string()));
        self.list.dedup();
        if self.dropped > 0 {
            self.list.push(Diagnostic::general(SyntaxProblem::Unlisted { count: self.dropped }));
        }
        self.list
    }
}

/// The longest name for which near names are searched, in characters.
const LONGEST_NAME: usize = 100;
/// The most candidates that a name is compared with.
const MOST_CANDIDATES: usize = 50_000;

/// Returns the candidate nearest to `name`, if it is near enough to be intended.
///
/// It is near enough if it is a typo or two away. So is the only candidate that begins like `name` (`webchat` for
/// `webchat-queue`).
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let longest = name.chars().take(LONGEST_NAME + 1).count();
    if longest > LONGEST_NAME {
        return None;
    }
    let bound = if longest <= 3 { 1 } else { longest.div_ceil(3) };
    let candidates: Vec<&str> = candidates.into_iter().take(MOST_CANDIDATES).collect();
    let begins = |c: &str| longest >= 3 && c.len() >= 3 && (c.starts_with(name) || name.starts_with(c));
    let mut alike = candidates.iter().copied().filter(|c| begins(c));
    let only = alike.next().filter(|_| alike.next().is_none());
    // A distance is never smaller than the difference of the lengths; lower case may change those a little.
    let alike =
        |c: &&&str| c.len() <= 8 * LONGEST_NAME && c.chars().count().abs_diff(longest) <= 2 * bound + 1;
    candidates
        .iter()
        .filter(alike)
        .map(|c| (strsim::damerau_levenshtein(&name.to_lowercase(), &c.to_lowercase()), *c))
        .filter(|(distance, _)| *distance <= bound)
        .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)))
        .map(|(_, c)| c)
        .or(only)
}
