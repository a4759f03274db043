//! Subjects of sentences.

use crate::model::finding::Finding;
use crate::model::id::ResourceId;

/// The subject of a sentence.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// The estate.
    Estate,
    /// One resource.
    One(&'a ResourceId),
    /// Several agents, as a list: the sentence holds for each.
    Agents {
        /// Their count.
        count: usize,
        /// Their numbers, with runs as ranges.
        ids: String,
    },
}

impl<'a> Subject<'a> {
    /// Returns the subject of a finding.
    pub fn for_finding(finding: &'a Finding) -> Self {
        finding.id.as_ref().map_or(Subject::Estate, Subject::One)
    }
}
