//! Converts changes of queues to lines, with their member counts before and after.

use std::collections::{BTreeMap, BTreeSet};

use super::line::{
    Line, LineKind, MemberCounts, Section, Segment, Tense, field_piece, ranges, remarks, words,
};
use crate::model::id::{OperatorId, safe};
use crate::model::plan::{Action, Change};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::support::Support;
use crate::model::value::{Members, NO_MEMBERS};

/// The maximum number of agents of one sort that a queue's line names.
const MOST_NAMED: usize = 6;

/// Returns the member counts before and after; `None` when the members do not change.
fn staffing(change: &Change) -> Option<MemberCounts> {
    change.field(&ASSIGN_MEMBERS)?;
    let (before, after) = members(change);
    Some(MemberCounts {
        queue: safe(change.id.name.as_str()),
        before: before.len(),
        leaving: before.keys().filter(|id| !after.contains_key(*id)).count(),
        joining: after.keys().filter(|id| !before.contains_key(*id)).count(),
    })
}

/// Returns the members before and after.
fn members(change: &Change) -> (&Members, &Members) {
    let before = change.members_before().map_or(&NO_MEMBERS, |members| members);
    (before, change.members_after().map_or(&NO_MEMBERS, |members| members))
}

/// Returns each agent that joins, leaves or changes priority.
fn everyone(change: &Change) -> Vec<String> {
    let (before, after) = members(change);
    let differs = |id: &&OperatorId| before.get(*id) != after.get(*id);
    let all: BTreeSet<&OperatorId> = before.keys().chain(after.keys()).filter(differs).collect();
    all.into_iter().map(ToString::to_string).collect()
}

/// Returns the line of a queue.
pub(super) fn line(support: &Support, change: &Change, tense: Tense) -> Line {
    let mut pieces = Vec::new();
    for field in &change.fields {
        if *field.field == ASSIGN_MEMBERS {
            pieces.extend(member_pieces(change, tense));
            continue;
        }
        let value = match change.action {
            Action::Create => field.after.as_ref(),
            Action::Delete => field.before.as_ref(),
            Action::Update | Action::Replace => {
                pieces.push(field_piece(support, field));
                continue;
            }
        };
        pieces.push(Segment::Words(format!("{} {}", field.field.key, words(support, field, value))));
    }
    if change.action == Action::Update && staffing(change).is_some_and(|staff| staff.after() == 0) {
        pieces.push(Segment::Remark("no member is left".to_owned()));
    }
    remarks(change, tense, &mut pieces);
    Line {
        tone: LineKind::Act(change.action),
        group: Section::Queues,
        subject: change.id.to_string(),
        about: None,
        count: 1,
        pieces,
        staffing: staffing(change),
        everyone: everyone(change),
        source: change.source.clone(),
    }
}

fn member_pieces(change: &Change, tense: Tense) -> Vec<Segment> {
    let (before, after) = members(change);
    let joined = after.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(id, p)| (id, *p)).collect();
    let who = |ids: &[&OperatorId]| people(ids, &change.names);
    if change.action == Action::Create {
        let count = if after.len() == 1 { "1 member".to_owned() } else { format!("{} members", after.len()) };
        return vec![Segment::Words(if after.is_empty() {
            count
        } else {
            format!("{count}{}", by_priority(joined, ranges))
        })];
    }
    let left: Vec<&OperatorId> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    let mut pieces = Vec::new();
    let many = |count: usize| if count > 3 { format!("{count} ") } else { String::new() };
    if !joined.is_empty() {
        pieces.push(Segment::Words(format!(
            "{}{}{}",
            many(joined.len()),
            tense.choose("joining", "joining", "joined"),
            by_priority(joined, who)
        )));
    }
    if !left.is_empty() {
        pieces.push(Segment::Words(format!(
            "{}{}: {}",
            many(left.len()),
            tense.choose("leaving", "leaving", "left"),
            who(&left)
        )));
    }
    let mut moved: BTreeMap<(i64, i64), Vec<&OperatorId>> = BTreeMap::new();
    for (id, now) in after {
        if let Some(was) = before.get(id).filter(|was| *was != now) {
            moved.entry((*was, *now)).or_default().push(id);
        }
    }
    for ((was, now), ids) in moved {
        pieces.push(Segment::Field {
            key: format!("priority of {}", ranges(&ids)),
            before: was.to_string(),
            after: now.to_string(),
        });
    }
    pieces
}

/// Lists agents with their names if they are few, otherwise only their numbers.
fn people(ids: &[&OperatorId], names: &BTreeMap<OperatorId, String>) -> String {
    if ids.len() > MOST_NAMED {
        return ranges(ids);
    }
    let one = |id: &&OperatorId| match names.get(*id) {
        Some(name) => format!("{id} {name}"),
        None => id.to_string(),
    };
    ids.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Lists members by priority. So no priority reads as the last member's only.
fn by_priority(members: Vec<(&OperatorId, i64)>, who: impl Fn(&[&OperatorId]) -> String) -> String {
    let mut groups: BTreeMap<i64, Vec<&OperatorId>> = BTreeMap::new();
    for (id, priority) in members {
        groups.entry(priority).or_default().push(id);
    }
    match groups.iter().next() {
        // Priority 0 is the default and needs no mention when there is no other.
        Some((0, ids)) if groups.len() == 1 => format!(": {}", who(ids)),
        _ => {
            let said = |(priority, ids): (&i64, &Vec<_>)| format!("priority {priority}: {}", who(ids));
            format!(", {}", groups.iter().rev().map(said).collect::<Vec<_>>().join("; "))
        }
    }
}
