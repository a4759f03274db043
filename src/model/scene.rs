//! The facts of a run beside its plan. People read them; the plan's document holds none of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{OperatorId, ResourceId};
use super::language::Language;

/// The facts of a run beside its plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scene {
    /// The language of the reports.
    pub language: Language,
    /// The least duration of the plan in seconds, with the calls that the shared rate windows hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// The instant at which live state was read, in RFC 3339 with the offset of the workspace's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    /// The commit of the manifests, if CI tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// True in the job of a pull request: a label lifts a limit there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pull_request: bool,
    /// The declared queues that are live, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Staffing>,
    /// The names of agents that the plan names by number alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<OperatorId, String>,
    /// What the next dates bring, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<Ahead>,
    /// The agents at work that an apply would leave alone as of now; `None` if presence was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_work: Option<Vec<super::note::Deferred>>,
}

/// A commit, as CI tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its digest.
    pub id: String,
    /// The address below which the forge shows its files; `None` if CI does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
}

impl Commit {
    /// Returns the first characters of the digest.
    pub fn short(&self) -> &str {
        self.id.get(..8).unwrap_or(&self.id)
    }
}

/// The members of a declared queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staffing {
    /// Which queue.
    pub id: ResourceId,
    /// The number of live members; `None` if they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<usize>,
    /// The fewest members that the manifest allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<usize>,
}

/// What a later date brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ahead {
    /// The moment as people read it: `2026-12-24`, `2026-12-24 18:00`.
    pub at: String,
    /// The agents and queues of which something else is wanted then, with the turn of each.
    pub turns: Vec<(ResourceId, Turn)>,
    /// The number of further ones.
    #[serde(default)]
    pub more: usize,
}

/// The turn of a resource at a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Turn {
    /// The agent begins.
    Joins,
    /// The agent's last day is over.
    Leaves,
    /// The agent goes to another main skill group.
    Moves(String),
    /// Something else changes.
    Changes,
}

/// Returns a moment in RFC 3339 for people, like `2026-11-30 11:55 +08:00`, with `UTC` for an offset of zero.
pub fn moment(at: &str) -> String {
    let (day, rest) = at.split_once('T').unwrap_or((at, ""));
    let minutes = rest.get(..5).unwrap_or(rest);
    let offset = match rest.find(['+', '-', 'Z']).map(|start| &rest[start..]) {
        None | Some("Z" | "+00:00") => "UTC",
        Some(offset) => offset,
    };
    format!("{day} {minutes} {offset}")
}
