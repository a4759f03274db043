//! Which side moved since the last apply: the ledger is the third view.

use serde_json::Value as Json;

use crate::model::diff::same;
use crate::model::field::Field;
use crate::model::ledger::Applied;
use crate::model::plan::{FieldDiff, Moved};
use crate::model::value::Value;

/// Which side of a field moved.
pub(super) fn field(
    applied: Option<&Applied>,
    field: &Field,
    live: Option<&Value>,
    desired: &Value,
) -> Moved {
    let Some(was) = applied.and_then(|a| a.fields.get(field.key)) else { return Moved::Unknown };
    let was = Value::from_json(field.ty, was);
    let live_same = match &was {
        Some(was) => same(was, live),
        None => live.is_none(),
    };
    let desired_same = was.as_ref().is_some_and(|was| was.to_json() == desired.to_json());
    sides(!live_same, !desired_same)
}

/// Which side of a field that no operation returns moved: only the manifest can be seen to.
pub(super) fn unread(was: Option<&Json>) -> Moved {
    if was.is_some() { Moved::Manifest } else { Moved::Unknown }
}

/// Names the sides.
pub(super) fn sides(live: bool, manifest: bool) -> Moved {
    match (live, manifest) {
        (true, true) => Moved::Both,
        (true, false) => Moved::Live,
        (false, true) => Moved::Manifest,
        (false, false) => Moved::Unknown,
    }
}

/// Which side of a resource moved, from its fields; what is unknown adds nothing.
pub(super) fn all(fields: &[FieldDiff]) -> Moved {
    let live = fields.iter().any(|f| matches!(f.moved, Moved::Live | Moved::Both));
    let manifest = fields.iter().any(|f| matches!(f.moved, Moved::Manifest | Moved::Both));
    sides(live, manifest)
}
