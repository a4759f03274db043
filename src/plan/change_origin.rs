//! The origin of a change since the last apply: the ledger is the third view.

use crate::model::codec;
use crate::model::equivalence::same;
use crate::model::field::Field;
use crate::model::ledger::LedgerEntry;
use crate::model::plan::{ChangeOrigin, FieldDiff};
use crate::model::value::Value;

/// Returns the side of a field that changed.
pub(super) fn field<'a>(
    applied: Option<&LedgerEntry>,
    field: &Field,
    live: Option<&Value>,
    desired: &Value,
    earlier: impl Iterator<Item = &'a Value>,
) -> ChangeOrigin {
    let Some(was) = applied.and_then(|a| a.fields.get(field.key)) else { return ChangeOrigin::Unknown };
    let was = codec::from_json(field, was).ok().flatten();
    let live_same = match &was {
        Some(was) => same(was, live),
        None => live.is_none(),
    };
    let desired_same = was.as_ref() == Some(desired);
    let moved = sides(!live_same, !desired_same);
    if moved == ChangeOrigin::Manifest { by_date(moved, was.as_ref(), earlier) } else { moved }
}

/// Returns `date` in place of the manifest if the manifest wanted what the ledger holds, at the ledger's last run or at one
/// since.
pub(super) fn by_date<'a>(
    moved: ChangeOrigin,
    was: Option<&Value>,
    mut earlier: impl Iterator<Item = &'a Value>,
) -> ChangeOrigin {
    let wanted = was.is_some_and(|was| earlier.any(|value| value == was));
    if wanted { ChangeOrigin::Date } else { moved }
}

/// Returns the side of an unread field that changed: only the manifest can be observed.
pub(super) fn unread(differs: bool) -> ChangeOrigin {
    if differs { ChangeOrigin::Manifest } else { ChangeOrigin::Unknown }
}

/// Names the sides that changed.
pub(super) fn sides(live: bool, manifest: bool) -> ChangeOrigin {
    match (live, manifest) {
        (true, true) => ChangeOrigin::Both,
        (true, false) => ChangeOrigin::Live,
        (false, true) => ChangeOrigin::Manifest,
        (false, false) => ChangeOrigin::Unknown,
    }
}

/// Returns the side of a resource that changed, from its fields; unknown ones do not count.
pub(super) fn all(fields: &[FieldDiff]) -> ChangeOrigin {
    let live = fields.iter().any(|f| matches!(f.moved, ChangeOrigin::Live | ChangeOrigin::Both));
    let manifest = fields.iter().any(|f| matches!(f.moved, ChangeOrigin::Manifest | ChangeOrigin::Both));
    let date = fields.iter().any(|f| f.moved == ChangeOrigin::Date);
    match sides(live, manifest || date) {
        ChangeOrigin::Manifest if !manifest => ChangeOrigin::Date,
        moved => moved,
    }
}
