//! What a sentence is about.

use crate::model::finding::Finding;
use crate::model::id::ResourceId;

/// What a sentence is about.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// The estate.
    Estate,
    /// One resource.
    One(&'a ResourceId),
    /// Several agents, as a list: the sentence holds for each.
    Agents {
        /// How many.
        count: usize,
        /// Their numbers, runs drawn together.
        ids: String,
    },
}

impl<'a> Subject<'a> {
    /// The subject of a finding.
    pub fn for_finding(finding: &'a Finding) -> Self {
        finding.id.as_ref().map_or(Subject::Estate, Subject::One)
    }
}
