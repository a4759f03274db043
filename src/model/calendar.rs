//! The calendar of a roster: the moments at which dates change the desired state.
//!
//! It holds no live state. Each entry compares the desired state before a moment with the state from that moment on.

use std::collections::BTreeMap;

use jiff::ZonedDateTime;
use serde::{Serialize, Serializer};

use super::field::Field;
use super::id::{OperatorId, ResourceId};
use super::source::Source;
use super::value::Value;

/// The value of `format` of a calendar.
pub const FORMAT: &str = "rosterctl.calendar/v1";

/// The moments of a window at which dates change the desired state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// `rosterctl.calendar/v1`.
    pub format: &'static str,
    /// Name of the workspace.
    pub workspace: String,
    /// The IANA name of the workspace's zone; `null` without one.
    pub time_zone: Option<String>,
    /// The instant of the run.
    #[serde(serialize_with = "instant")]
    pub at: ZonedDateTime,
    /// The first instant of the window.
    #[serde(serialize_with = "instant")]
    pub from: ZonedDateTime,
    /// The last instant of the window.
    #[serde(serialize_with = "instant")]
    pub until: ZonedDateTime,
    /// True if a manifest holds a date.
    #[serde(skip)]
    pub is_dated: bool,
    /// One entry a moment, in order.
    pub entries: Vec<Entry>,
}

/// A moment at which the desired state changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The moment.
    #[serde(serialize_with = "instant")]
    pub at: ZonedDateTime,
    /// The changes, by resource.
    pub changes: Vec<Change>,
    /// The head-counts of the queues whose members or minimum change.
    pub queues: Vec<HeadCount>,
    /// The calls that carry the changes out, reading back not counted.
    pub calls: usize,
    /// Their least duration under the rate limits, in seconds, rounded up.
    pub estimated_seconds: u64,
}

impl Entry {
    /// Returns the head-count of a queue.
    pub fn head_count(&self, id: &ResourceId) -> Option<&HeadCount> {
        self.queues.iter().find(|queue| queue.id == *id)
    }
}

/// What a moment does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// An agent begins.
    Join,
    /// An agent's last day is over.
    Leave,
    /// Some of its fields change.
    Update,
    /// An agent must not exist any more.
    Delete,
}

impl Action {
    /// Returns its word in output.
    pub fn word(self) -> &'static str {
        match self {
            Action::Join => "join",
            Action::Leave => "leave",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }
}

/// The part of a loan that an agent's change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Loan {
    /// The agent is lent to another main skill group.
    Begins,
    /// The agent returns.
    Ends,
}

impl Loan {
    /// Returns its word in output.
    pub fn word(self) -> &'static str {
        match self {
            Loan::Begins => "begins",
            Loan::Ends => "ends",
        }
    }
}

/// The change of one resource at a moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The resource.
    pub id: ResourceId,
    /// The action.
    pub action: Action,
    /// The name of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The part of a loan that it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loan: Option<Loan>,
    /// The end of a loan that begins; missing if it has none.
    #[serde(serialize_with = "instants", skip_serializing_if = "Option::is_none")]
    pub until: Option<ZonedDateTime>,
    /// The main skill group of an agent that leaves.
    #[serde(skip)]
    pub group: Option<Value>,
    /// Names of the agents that join or leave the queue.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<OperatorId, String>,
    /// The place of the date that causes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The fields that change; of a deleted agent, the fields that tell who it is.
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// Returns the change of a field.
    pub fn field(&self, field: &Field) -> Option<&FieldChange> {
        self.fields.iter().find(|change| matches!(change.path, Path::Field(own) if own == field))
    }

    /// Returns the change of a queue's minimum.
    pub fn min_members(&self) -> Option<&FieldChange> {
        self.fields.iter().find(|change| change.path == Path::MinMembers)
    }
}

/// The path of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// A field of the kind's table.
    Field(&'static Field),
    /// A queue's minimum, which no vendor knows.
    MinMembers,
}

impl Path {
    /// Returns the name in a manifest.
    pub fn key(self) -> &'static str {
        match self {
            Path::Field(field) => field.key,
            Path::MinMembers => "minMembers",
        }
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.key())
    }
}

/// One field of a change. Values stand in the manifest's words; a password's are `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field.
    pub path: Path,
    /// The value before the moment; `null` when no manifest says it.
    pub before: Option<Value>,
    /// The value from the moment on; `null` when no manifest says it.
    pub after: Option<Value>,
    /// The place of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The number of members of a queue, before a moment and from it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadCount {
    /// The queue.
    pub id: ResourceId,
    /// Members before.
    pub before: usize,
    /// Members after.
    pub after: usize,
    /// The fewest members from the moment on; `null` without a minimum.
    pub min_members: Option<usize>,
}

impl HeadCount {
    /// Returns true if the queue has fewer members than its minimum.
    pub fn is_short(&self) -> bool {
        self.min_members.is_some_and(|least| self.after < least)
    }
}

/// Returns an instant as RFC 3339, with the zone's offset.
pub fn rfc3339(at: &ZonedDateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn instant<S: Serializer>(at: &ZonedDateTime, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&rfc3339(at))
}

#[expect(clippy::ref_option, reason = "serde passes the field")]
fn instants<S: Serializer>(at: &Option<ZonedDateTime>, out: S) -> Result<S::Ok, S::Error> {
    at.as_ref().map(rfc3339).serialize(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_the_offset_of_its_day() {
        for (text, wanted) in [
            ("2026-12-01T00:00[Asia/Shanghai]", "2026-12-01T00:00:00+08:00"),
            ("2026-07-01T18:30[America/New_York]", "2026-07-01T18:30:00-04:00"),
            ("2026-12-01T18:30[America/New_York]", "2026-12-01T18:30:00-05:00"),
            ("2026-12-01T00:00[UTC]", "2026-12-01T00:00:00+00:00"),
        ] {
            assert_eq!(rfc3339(&text.parse().unwrap()), wanted);
        }
    }

    #[test]
    fn a_queue_without_a_minimum_is_never_short() {
        let queue = |after, min_members| HeadCount {
            id: ResourceId::queue("售前", None),
            before: 3,
            after,
            min_members,
        };
        assert!(queue(2, Some(3)).is_short());
        assert!(!queue(3, Some(3)).is_short() && !queue(0, None).is_short());
    }
}
