//! Generators of arbitrary live state, for property tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::agent::MAIN_SKILL_GROUP;
use super::field::{Field, Record};
use super::id::OperatorId;
use super::last_change::VendorChange;
use super::live::{Listing, Live, LiveQueue};
use super::value::Value;
use super::value::any::{text, value};
use super::{agent, queue};
use crate::model::unread::ListingDoubt;

/// The fields that no vendor returns.
const NEVER_LIVE: &[&Field] = &[&agent::ROLE, &agent::SKILL_LEVEL, &agent::PASSWORD];

/// Generates any record of a kind.
pub(crate) fn record(table: &'static [&'static Field]) -> impl Strategy<Value = Record> {
    let fields: Vec<BoxedStrategy<Option<Value>>> = table
        .iter()
        .map(|field| {
            if NEVER_LIVE.contains(field) {
                Just(None).boxed()
            } else {
                proptest::option::weighted(0.7, value(field.ty)).boxed()
            }
        })
        .collect();
    fields.prop_map(move |values| {
        let mut record = Record::default();
        for (field, value) in table.iter().zip(values) {
            if let Some(value) = value {
                record.set(field, value, None);
            }
        }
        record
    })
}

fn listing<V: Clone + std::fmt::Debug + 'static>(
    row: impl Strategy<Value = V> + 'static,
) -> impl Strategy<Value = Option<Listing<OperatorId, V>>> {
    let row = row.boxed();
    let (items, outside) = (btree_map(".{1,5}", row.clone(), 0..6), btree_map(".{1,5}", row, 0..3));
    let foreign = btree_set(".{1,5}", 0..3);
    let listing = (
        items,
        proptest::option::of(".{0,8}".prop_map(|text| ListingDoubt::Saved { text })),
        foreign,
        outside,
        1..500usize,
    );
    let rows =
        |rows: BTreeMap<String, V>| rows.into_iter().map(|(id, row)| (OperatorId::new(id), row)).collect();
    proptest::option::of(listing.prop_map(move |(items, incomplete, foreign, outside, page_size)| Listing {
        items: rows(items),
        incomplete,
        foreign: foreign.iter().map(|id| OperatorId::new(id.as_str())).collect(),
        outside: rows(outside),
        page_size,
    }))
}

/// Generates any live state.
pub(crate) fn live() -> impl Strategy<Value = Live> {
    let changed = || proptest::option::of((1..i64::from(u32::MAX), proptest::option::of(text())));
    let queue = (text(), record(queue::FIELDS), changed()).prop_map(|(name, record, changed)| LiveQueue {
        name: name.into(),
        record,
        changed: changed.map(|(at, by)| VendorChange { at, by: by.map(Into::into) }),
    });
    let agent = (record(agent::FIELDS), changed()).prop_map(|(mut record, changed)| {
        if let Some((at, _)) = changed {
            record.mark_changed(at);
        }
        record
    });
    (listing(agent), listing(queue)).prop_map(|(agents, queues)| Live { agents, queues, ..Live::default() })
}

/// Generates a realistic estate with errors in it.
///
/// It has many agents of few kinds with consecutive numbers, some different ones, and some with senseless data. Its
/// queues have the members of one group, or some other members.
pub(crate) fn estate() -> impl Strategy<Value = Live> {
    let kinds = proptest::collection::vec((text(), record(agent::FIELDS)), 1..4);
    // The kind of an agent; now and then a field of its own.
    let agent =
        (0..4usize, proptest::option::weighted(0.15, (0..agent::FIELDS.len(), record(agent::FIELDS))));
    let agents = btree_map(prop_oneof![30 => 8001..8040u32, 1 => 1..9u32], agent, 0..40);
    let odd = proptest::option::weighted(0.2, (text(), record(agent::FIELDS)));
    let queue =
        (text(), record(queue::FIELDS), 0..5usize, subsequence((8001..8040u32).collect::<Vec<_>>(), 0..6));
    let queues = btree_map(1000..1010u32, queue, 0..5);
    (kinds, agents, odd, queues).prop_map(|(kinds, agents, odd, queues)| {
        let mut items: BTreeMap<OperatorId, Record> = BTreeMap::new();
        for (id, (kind, own)) in agents {
            let (group, base) = &kinds[kind % kinds.len()];
            let mut record = base.clone();
            record.set(&MAIN_SKILL_GROUP, Value::Text(group.as_str().into()), None);
            record.set(&agent::NAME, Value::Text(format!("坐席{id}").into()), None);
            if let Some((field, other)) = own
                && let Some(value) = other.get(agent::FIELDS[field])
            {
                record.set(agent::FIELDS[field], value.clone(), None);
            }
            items.insert(OperatorId::new(id.to_string()), record);
        }
        items.extend(odd.map(|(id, record)| (OperatorId::new(format!("{id}x")), record)));
        let mut live = BTreeMap::new();
        for (exten, (name, mut record, which, more)) in queues {
            let group = kinds.get(which).map(|(group, _)| group.as_str());
            let served =
                items.iter().filter(|(_, record)| group.is_some() && record.text(&MAIN_SKILL_GROUP) == group);
            let mut members: BTreeMap<OperatorId, i64> = served.map(|(id, _)| (id.clone(), 5)).collect();
            members.extend(more.into_iter().map(|id| (OperatorId::new(id.to_string()), i64::from(id % 2))));
            // Usually live agents only: an import does not declare members that are no live agents.
            if which != 4 {
                members.retain(|id, _| items.contains_key(id));
            }
            record.set(&queue::ASSIGN_MEMBERS, Value::Members(Arc::new(members)), None);
            live.insert(
                OperatorId::new(exten.to_string()),
                LiveQueue { name: name.into(), record, changed: None },
            );
        }
        Live {
            agents: Some(Listing { items, ..Listing::default() }),
            queues: Some(Listing { items: live, ..Listing::default() }),
            ..Live::default()
        }
    })
}
