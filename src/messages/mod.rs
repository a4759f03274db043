//! Every sentence about a plan, a run or a file, in every language. One folder a language, one exhaustive match a type
//! of messages: a sentence that a language lacks does not compile.
//!
//! The `Display` of a message is its English sentence: JSON, logs and errors of the command line use it.

pub mod en;

use std::fmt;

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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&en::finding(&self.what, &Subject::for_finding(self)))
    }
}
