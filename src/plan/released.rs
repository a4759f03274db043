//! Released fields: they left the manifests and keep their live values. The plan reports each field once.

use std::collections::BTreeMap;

use super::context::Draft;
use crate::model::agent;
use crate::model::difference::fields;
use crate::model::field::{Field, Record, by_key};
use crate::model::finding::Holder;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::ResourceId;
use crate::model::ledger::LedgerEntry;
use crate::model::rule::RELEASED;
use crate::model::value::Value;

/// The most resources that one finding names.
const MOST_NAMED: usize = 100;

/// The released fields, with their resources.
#[derive(Default)]
pub(super) struct Released {
    fields: BTreeMap<&'static str, Vec<Holder>>,
}

impl Released {
    /// Collects the fields of a declared resource that left its manifest.
    pub(super) fn add(
        &mut self,
        id: &ResourceId,
        declared: &Record,
        live: &Record,
        applied: Option<&LedgerEntry>,
    ) {
        let Some(applied) = applied else { return };
        let table = fields(id.kind);
        let password = applied.password.is_some().then_some(agent::PASSWORD.key);
        for key in applied.fields.keys().map(String::as_str).chain(password) {
            // A leave disabled the agent; no manifest held the field.
            let by_leave = applied.left && key == agent::ENABLED.key;
            if by_leave
                || declared.iter().any(|entry| entry.field.key == key)
                || applied.released.contains(key)
            {
                continue;
            }
            let Some(field) = by_key(table, key) else { continue };
            let value = live.get(field).filter(|_| is_short(field));
            let value = value.filter(|value| !matches!(value, Value::Other(_)));
            let value = value.map(|value| value.words().into());
            self.fields.entry(field.key).or_default().push(Holder { id: id.clone(), value });
        }
    }

    /// Adds one finding a field.
    pub(super) fn report(self, draft: &mut Draft) {
        for (key, mut resources) in self.fields {
            let more = resources.len().saturating_sub(MOST_NAMED);
            resources.truncate(MOST_NAMED);
            draft.find(Finding::new(&RELEASED, FindingKind::Released { field: key.into(), resources, more }));
        }
    }
}

/// Returns true for a field with short values that are not personal.
fn is_short(field: &Field) -> bool {
    field.personal.is_none() && field.ty.is_short()
}
