//! Converts changes of queues to lines, with their member counts before and after.

use std::collections::{BTreeMap, BTreeSet};

use super::line::{Line, MemberCounts, Person, Segment, Telling};
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP};
use crate::model::id::{Kind, OperatorId, safe};
use crate::model::plan::{Action, Change, ChangeOrigin};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::support::Support;
use crate::model::value::{Members, NO_MEMBERS, Value};
use crate::report::chapter::{LineKind, Section};
use crate::report::phrases::{Phrase, colon, semicolon};

/// The maximum number of agents of one sort that a queue's line names.
const MOST_NAMED: usize = 6;

/// The effect of the plan on agents that queues name, for the reasons why they join or leave.
pub(super) struct Fates<'a> {
    /// The changes, by resource.
    pub(super) changes: &'a [Change],
    /// The places of those that tell a reason, in order.
    pub(super) places: &'a [usize],
}

impl<'a> Fates<'a> {
    fn get(&self, agent: &OperatorId) -> Option<Fate<'a>> {
        let at = self.places.binary_search_by(|at| self.changes[*at].id.name.cmp(agent)).ok()?;
        fate(&self.changes[self.places[at]])
    }
}

/// The effect of the plan on one agent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate<'a> {
    /// It is made.
    New,
    /// It is deleted.
    Deleted,
    /// It is disabled.
    Disabled,
    /// It moves to another main skill group.
    Moved(&'a str),
}

/// Returns the places of the changes that tell why an agent joins or leaves a queue; none without a queue.
pub(super) fn telling(changes: &[Change]) -> Vec<usize> {
    let agents = changes.iter().enumerate().filter(|(_, change)| change.id.kind == Kind::Agent);
    agents.filter(|(_, change)| fate(change).is_some()).map(|(at, _)| at).collect()
}

/// Returns the share of members that a queue loses, in thousandths, then the share that leaves it.
pub(super) fn loss(change: &Change) -> (usize, usize) {
    if change.field(&ASSIGN_MEMBERS).is_none() {
        return (0, 0);
    }
    let (before, after) = members(change);
    let left = before.keys().filter(|id| !after.contains_key(*id)).count();
    let share = |lost: usize| lost * 1000 / before.len().max(1);
    (share(before.len().saturating_sub(after.len())), share(left))
}

fn fate(change: &Change) -> Option<Fate<'_>> {
    let after = |field| change.field(field).filter(|diff| diff.before != diff.after)?.after.as_ref();
    match change.action {
        Action::Create => Some(Fate::New),
        Action::Delete => Some(Fate::Deleted),
        Action::Replace => None,
        Action::Update => match (after(&ENABLED), after(&MAIN_SKILL_GROUP)) {
            (Some(Value::Flag(false)), _) => Some(Fate::Disabled),
            (_, Some(Value::Text(group))) => Some(Fate::Moved(group)),
            _ => None,
        },
    }
}

/// Returns the members before and after; `None` when they do not change.
fn staffing(change: &Change, fates: &Fates<'_>, how: Telling<'_>) -> Option<MemberCounts> {
    change.field(&ASSIGN_MEMBERS)?;
    let (before, after) = members(change);
    let person = |id: &OperatorId| Person {
        id: id.clone(),
        name: name(id, change, how).map(str::to_owned),
        why: fates.get(id).map(|fate| match fate {
            Fate::New => how.say(Phrase::WhyNew),
            Fate::Deleted => how.say(Phrase::WhyDeleted),
            Fate::Disabled => how.say(Phrase::WhyDisabled),
            Fate::Moved(group) => how.say(Phrase::WhyMoved(group)),
        }),
    };
    Some(MemberCounts {
        queue: safe(change.id.name.as_str()),
        before: before.len(),
        leaving: before.keys().filter(|id| !after.contains_key(*id)).map(person).collect(),
        joining: after.keys().filter(|id| !before.contains_key(*id)).map(person).collect(),
        minimum: how.scene.queues.iter().find(|queue| queue.id == change.id).and_then(|queue| queue.minimum),
    })
}

/// Returns the name of a member, if the plan or the facts beside it tell it.
fn name<'a>(id: &OperatorId, change: &'a Change, how: Telling<'a>) -> Option<&'a str> {
    change.names.get(id).or_else(|| how.scene.names.get(id)).map(String::as_str)
}

/// Returns the members before and after.
fn members(change: &Change) -> (&Members, &Members) {
    let before = change.members_before().map_or(&NO_MEMBERS, |members| members);
    (before, change.members_after().map_or(&NO_MEMBERS, |members| members))
}

/// Returns each agent that joins, leaves or changes priority, by number and name.
fn everyone(change: &Change, how: Telling<'_>) -> Vec<String> {
    let (before, after) = members(change);
    let differs = |id: &&OperatorId| before.get(*id) != after.get(*id);
    let all: BTreeSet<&OperatorId> = before.keys().chain(after.keys()).filter(differs).collect();
    all.into_iter().map(|id| named(id, change, how)).collect()
}

/// Returns a member by number and name.
fn named(id: &OperatorId, change: &Change, how: Telling<'_>) -> String {
    name(id, change, how).map_or_else(|| id.to_string(), |name| format!("{id} {name}"))
}

/// Returns the line of a queue.
pub(super) fn line(support: &Support, change: &Change, fates: &Fates<'_>, how: Telling<'_>) -> Line {
    let mut pieces = Vec::new();
    for field in &change.fields {
        if *field.field == ASSIGN_MEMBERS {
            pieces.extend(member_pieces(change, how));
            continue;
        }
        let value = match change.action {
            Action::Create => field.after.as_ref(),
            Action::Delete => field.before.as_ref(),
            Action::Update | Action::Replace => {
                pieces.push(how.field(support, field));
                continue;
            }
        };
        let (name, value) = (field.field.name(how.language()), how.value(support, field, value));
        pieces.push(Segment::Words(format!("{name} {value}")));
    }
    let staffing = staffing(change, fates, how);
    if change.action == Action::Update && staffing.as_ref().is_some_and(|staff| staff.after() == 0) {
        pieces.push(how.remark(&how.say(Phrase::NoMemberLeft)));
    }
    how.remarks(change, &mut pieces);
    Line {
        tone: LineKind::Act(change.action),
        group: Section::Queues,
        subject: change.id.to_string(),
        about: None,
        count: 1,
        pieces,
        staffing,
        everyone: everyone(change, how),
        last_changed: how.last_changed(change),
        source: change.source.clone(),
    }
}

/// Returns the line about the members that the console added or took out; `None` if the console did neither.
pub(super) fn taken_back(change: &Change, how: Telling<'_>) -> Option<Line> {
    if !is_taken_back(change) {
        return None;
    }
    let (before, after) = members(change);
    let who = |ids: Vec<&OperatorId>| (!ids.is_empty()).then(|| people(&ids, change, how));
    let added = who(before.keys().filter(|id| !after.contains_key(*id)).collect());
    let removed = who(after.keys().filter(|id| !before.contains_key(*id)).collect());
    let all = |first: Option<String>, second: Option<String>| {
        [first, second].into_iter().flatten().collect::<Vec<_>>().join(semicolon(how.language()))
    };
    let say =
        |phrase: fn(&str) -> Phrase<'_>, who: &Option<String>| who.as_deref().map(|who| how.say(phrase(who)));
    let piece = Segment::Field {
        key: ASSIGN_MEMBERS.key.to_owned(),
        label: ASSIGN_MEMBERS.name(how.language()).to_owned(),
        before: all(
            say(|who| Phrase::ConsoleAdded(who), &added),
            say(|who| Phrase::ConsoleRemoved(who), &removed),
        ),
        after: all(say(|who| Phrase::TakesOut(who), &added), say(|who| Phrase::PutsBack(who), &removed)),
    };
    Some(Line {
        tone: LineKind::Act(change.action),
        group: Section::TakenBack,
        subject: change.id.to_string(),
        about: None,
        count: 1,
        pieces: vec![piece],
        staffing: None,
        everyone: everyone(change, how),
        last_changed: how.last_changed(change),
        source: change.source.clone(),
    })
}

/// Returns true if the console added or took out members, and the manifests did not.
pub(super) fn is_taken_back(change: &Change) -> bool {
    let (before, after) = members(change);
    let moved = change.field(&ASSIGN_MEMBERS).is_some_and(|diff| diff.moved == ChangeOrigin::Live);
    change.id.kind == Kind::Queue && moved && !before.keys().eq(after.keys())
}

fn member_pieces(change: &Change, how: Telling<'_>) -> Vec<Segment> {
    let (before, after) = members(change);
    let joined = after.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(id, p)| (id, *p)).collect();
    let who = |ids: &[&OperatorId]| people(ids, change, how);
    if change.action == Action::Create {
        let count = how.say(Phrase::Members(after.len()));
        return vec![Segment::Words(if after.is_empty() {
            count
        } else {
            format!("{count}{}", by_priority(joined, |ids| how.ranges(ids), how))
        })];
    }
    let left: Vec<&OperatorId> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    let mut pieces = Vec::new();
    let many = |count: usize| (count > 3).then_some(count);
    if !joined.is_empty() {
        let joining = how.say(Phrase::Joining(how.tense, many(joined.len())));
        pieces.push(Segment::Words(format!("{joining}{}", by_priority(joined, who, how))));
    }
    if !left.is_empty() {
        let leaving = how.say(Phrase::Leaving(how.tense, many(left.len())));
        pieces.push(Segment::Words(format!("{leaving}{}{}", colon(how.language()), who(&left))));
    }
    let mut moved: BTreeMap<(i64, i64), Vec<&OperatorId>> = BTreeMap::new();
    for (id, now) in after {
        if let Some(was) = before.get(id).filter(|was| *was != now) {
            moved.entry((*was, *now)).or_default().push(id);
        }
    }
    for ((was, now), ids) in moved {
        pieces.push(Segment::Field {
            key: "priority".to_owned(),
            label: how.say(Phrase::PriorityOf(&people(&ids, change, how))),
            before: was.to_string(),
            after: now.to_string(),
        });
    }
    pieces
}

/// Lists agents with their names if they are few, otherwise only their numbers.
fn people(ids: &[&OperatorId], change: &Change, how: Telling<'_>) -> String {
    if ids.len() > MOST_NAMED {
        return how.ranges(ids);
    }
    how.list(ids.iter().map(|id| named(id, change, how)))
}

/// Lists members by priority. So no priority reads as the last member's only.
fn by_priority(
    members: Vec<(&OperatorId, i64)>,
    who: impl Fn(&[&OperatorId]) -> String,
    how: Telling<'_>,
) -> String {
    let mut groups: BTreeMap<i64, Vec<&OperatorId>> = BTreeMap::new();
    for (id, priority) in members {
        groups.entry(priority).or_default().push(id);
    }
    let (comma, colon) = (how.language().choose(", ", "，", "，"), colon(how.language()));
    match groups.iter().next() {
        // Priority 0 is the default and needs no mention when there is no other.
        Some((0, ids)) if groups.len() == 1 => format!("{colon}{}", who(ids)),
        _ => {
            let said = |(priority, ids): (&i64, &Vec<_>)| {
                format!("{}{colon}{}", how.say(Phrase::Priority(*priority)), who(ids))
            };
            let all: Vec<String> = groups.iter().rev().map(said).collect();
            format!("{comma}{}", all.join(semicolon(how.language())))
        }
    }
}
