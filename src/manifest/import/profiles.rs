//! The fields that the agents of a skill group share.
//!
//! Agents of one role and type are a kind. The largest kind gives the profile with the group's name. Another kind that
//! differs in many fields gets a profile of its own, `GROUP-ROLE`. A profile holds the values of more than half of its
//! agents. An agent that differs overrides them, and an agent that cannot has no profile.

use std::collections::BTreeMap;

use super::expressible::Expressed;
use super::file_names::Names;
use crate::model::agent::{BOUND_PHONE, EMAIL, NAME, ROLE, TYPE};
use crate::model::field::{Field, Record};
use crate::model::id::OperatorId;
use crate::model::value::{Sip, Value};

/// Fewest agents of a profile.
const MANY: usize = 3;
/// Fewest fields in which a kind differs from the group's profile to get its own.
const MUCH: usize = 3;
/// One agent in so many may go without a profile because it cannot override a value.
const FEW: usize = 10;

/// A profile.
#[derive(Debug)]
pub(super) struct Profile {
    pub name: String,
    pub record: Record,
}

/// An agent as it will be written: its profile, and its own fields.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub id: &'a OperatorId,
    /// Index of the profile.
    pub profile: Option<usize>,
    pub record: Record,
    pub remarks: &'a [String],
}

/// Finds the profiles of a group, the group's own first, and writes its agents by them.
pub(super) fn profiles<'a>(
    group: &str,
    agents: &[(&'a OperatorId, &'a Expressed)],
    names: &mut Names,
) -> (Vec<Profile>, Vec<Entry<'a>>) {
    let mut profiles = Vec::new();
    if agents.len() >= MANY {
        let mut kinds: BTreeMap<(Option<&str>, Option<&str>), Vec<&Expressed>> = BTreeMap::new();
        for (_, told) in agents {
            kinds.entry((told.record.text(&ROLE), told.record.text(&TYPE))).or_default().push(told);
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        // The largest kind first; of equal ones, the first by role and type.
        kinds.sort_by_key(|(_, agents)| std::cmp::Reverse(agents.len()));
        if kinds.first().is_some_and(|(_, agents)| agents.len() < MANY) {
            kinds = vec![((None, None), agents.iter().map(|(_, told)| *told).collect())];
        }
        let first = kinds.first().map(|(kind, _)| *kind).unwrap_or_default();
        for ((role, word), members) in kinds.into_iter().filter(|(_, members)| members.len() >= MANY) {
            let record = common(&members);
            // A kind that is near the group's profile needs none of its own: each agent overrides the rest.
            let lost = members
                .iter()
                .filter(|told| profiles.iter().all(|known: &Profile| rest(told, &known.record).is_none()));
            let near = profiles.first().is_some_and(|base| distance(&base.record, &record) < MUCH);
            if record.len() < 2 || near && lost.count() < MANY {
                continue;
            }
            let role = role.or(first.0.map(|_| "no-role"));
            let differing = [role.filter(|_| role != first.0), word.filter(|_| word != first.1)];
            let mut name = group.to_owned();
            // The role tells more than the type that goes with it.
            if let Some(word) = differing.into_iter().flatten().next() {
                name = format!("{group}-{word}");
            }
            profiles.push(Profile { name: names.profile(&name), record });
        }
    }
    let entries = agents.iter().map(|(id, told)| entry(id, told, &profiles)).collect();
    (profiles, entries)
}

/// Returns the number of fields in which two records differ.
fn distance(one: &Record, other: &Record) -> usize {
    let differing = one.iter().filter(|entry| other.get(entry.field) != Some(entry.value)).count();
    differing + other.iter().filter(|entry| one.get(entry.field).is_none()).count()
}

/// Returns true for fields that identify an agent; no profile holds them.
fn is_personal(field: &Field) -> bool {
    [&NAME, &BOUND_PHONE, &EMAIL].iter().any(|own| own.index == field.index)
}

/// Returns the values of more than half of the agents that nearly all others can override.
fn common(agents: &[&Expressed]) -> Record {
    let mut shared = Record::default();
    let mut counts: BTreeMap<u8, Vec<(&'static Field, &Value, usize)>> = BTreeMap::new();
    for told in agents {
        for entry in told.record.iter().filter(|entry| !is_personal(entry.field)) {
            let counted = counts.entry(entry.field.index).or_default();
            match counted.iter_mut().find(|(_, value, _)| *value == entry.value) {
                Some((_, _, count)) => *count += 1,
                None => counted.push((entry.field, entry.value, 1)),
            }
        }
    }
    for counted in counts.into_values() {
        let Some((field, value, count)) = counted.into_iter().max_by_key(|(_, _, count)| *count) else {
            continue;
        };
        let numbered = matches!(value, Value::Sip(Sip::Number(_)));
        let mute = agents.iter().filter(|told| unlike(told, field).is_none()).count();
        if !numbered && count * 2 > agents.len() && mute * FEW <= agents.len() {
            shared.set(field, value.clone(), None);
        }
    }
    shared
}

/// Returns the agent's own value of a field that its profile may set. Returns `None` if it has none.
fn unlike(told: &Expressed, field: &Field) -> Option<Value> {
    if let Some(value) = told.record.get(field) {
        return Some(value.clone());
    }
    if told.unsaid.iter().any(|unsaid| unsaid.index == field.index) {
        return None;
    }
    // An unset field can be declared empty, if its type has a word for that.
    field.ty.empty()
}

/// Writes an agent by the profile that leaves the fewest fields.
fn entry<'a>(id: &'a OperatorId, told: &'a Expressed, profiles: &[Profile]) -> Entry<'a> {
    let mut best: Option<(usize, Record)> = None;
    for (at, profile) in profiles.iter().enumerate() {
        if let Some(rest) = rest(told, &profile.record)
            && best.as_ref().is_none_or(|(_, least)| rest.iter().count() < least.iter().count())
        {
            best = Some((at, rest));
        }
    }
    let (profile, record) = match best {
        Some((at, rest)) => (Some(at), rest),
        None => (None, told.record.clone()),
    };
    Entry { id, profile, record, remarks: &told.remarks }
}

/// Returns the agent's fields beside a profile. Returns `None` if it cannot override one of the profile's.
fn rest(told: &Expressed, profile: &Record) -> Option<Record> {
    let mut rest = Record::default();
    for shared in profile.iter() {
        let own = unlike(told, shared.field)?;
        if own != *shared.value {
            rest.set(shared.field, own, None);
        }
    }
    for own in told.record.iter().filter(|own| profile.get(own.field).is_none()) {
        rest.set(own.field, own.value.clone(), None);
    }
    Some(rest)
}
