//! The tree of a file: nodes, each with its position.

use std::sync::Arc;

use super::scalar::Scalar;
use crate::model::source::Source;

/// Deepest nesting of lists and maps.
pub const MAX_DEPTH: usize = 64;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Start of the value, or of its anchor or tag. A block scalar begins with its first line of text. The value of an
    /// alias keeps its own place.
    pub source: Source,
    /// The value.
    pub value: NodeValue,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeValue {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; no key twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a map and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key's text; equal names share their memory.
    pub name: Arc<str>,
    /// Start of the key.
    pub source: Source,
}
