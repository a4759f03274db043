//! Pools: contiguous agents that are alike, as one entry of a manifest.

use std::sync::Arc;

use super::profiles::Entry;
use crate::model::field::{self, Field, Record};
use crate::model::id::OperatorId;
use crate::model::value::Value;
use crate::yaml::placeholder::{PLACEHOLDER, misspelt, unfilled};

/// Fewest agents of a pool.
const MANY: usize = 3;
/// Most digits of the numbers of a range.
const LONGEST: usize = 18;

/// An entry of `agents`.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    /// The first agent.
    pub first: &'a OperatorId,
    /// The last agent, if it is a pool.
    pub last: Option<&'a OperatorId>,
    /// Index of the profile.
    pub profile: Option<usize>,
    /// Fields beside the profile, with `{operatorId}` in place of the number.
    pub record: Record,
    pub remarks: &'a [String],
}

/// Groups contiguous agents that are alike; `entries` are in the order of their numbers.
pub(super) fn runs<'a>(entries: &[Entry<'a>]) -> Vec<Pool<'a>> {
    let mut runs = Vec::new();
    let mut rest = entries;
    while let [first, following @ ..] = rest {
        let mut alike = PoolCandidate::from_first(first);
        let mut before = first;
        let mut count = 1;
        for next in following {
            if before.id.successor().as_ref() != Some(next.id) || !alike.takes(first, next) {
                break;
            }
            before = next;
            count += 1;
        }
        if count < MANY || first.id.as_str().len() > LONGEST {
            let Entry { id, profile, record, remarks } = first;
            runs.push(Pool { first: id, last: None, profile: *profile, record: record.clone(), remarks });
            count = 1;
        } else {
            let (last, record) = (Some(before.id), alike.record());
            runs.push(Pool { first: first.id, last, profile: first.profile, record, remarks: &[] });
        }
        rest = &rest[count..];
    }
    runs
}

/// The common fields of a run of agents. Each is equal, equal but for the agent's number, or both.
struct PoolCandidate {
    fields: Vec<(&'static Field, Option<Value>, Option<Value>)>,
}

impl PoolCandidate {
    fn from_first(first: &Entry<'_>) -> Self {
        let both =
            |said: field::Entry<'_>| (said.field, Some(said.value.clone()), general(said.value, first.id));
        Self { fields: first.record.iter().map(both).collect() }
    }

    /// Adds an agent to the run. Returns `false`, and changes nothing, if the agent is not alike.
    fn takes(&mut self, first: &Entry<'_>, next: &Entry<'_>) -> bool {
        let sound = first.profile == next.profile && first.remarks.is_empty() && next.remarks.is_empty();
        if !sound || next.record.len() != self.fields.len() {
            return false;
        }
        let mut narrowed = Vec::with_capacity(self.fields.len());
        for (field, same, general_same) in &self.fields {
            let Some(other) = next.record.get(field) else { return false };
            let same = same.clone().filter(|value| value == other);
            let general_same =
                general_same.clone().filter(|value| general(other, next.id).as_ref() == Some(value));
            if same.is_none() && general_same.is_none() {
                return false;
            }
            narrowed.push((*field, same, general_same));
        }
        self.fields = narrowed;
        true
    }

    fn record(self) -> Record {
        let mut record = Record::default();
        for (field, same, general) in self.fields {
            if let Some(value) = same.or(general) {
                record.set(field, value, None);
            }
        }
        record
    }
}

/// Returns a text with the placeholder in place of the agent's number. Returns `None` if the number is absent.
fn general(value: &Value, id: &OperatorId) -> Option<Value> {
    let put = |text: &Arc<str>| -> Option<Arc<str>> {
        let put = text.contains(id.as_str()).then(|| text.replace(id.as_str(), PLACEHOLDER))?;
        // A number in braces would read as another placeholder.
        (misspelt(&put).is_none() && unfilled(&put).is_none()).then(|| put.into())
    };
    value.text().and_then(put).map(|text| value.with_text(text))
}
