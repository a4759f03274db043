//! Precondition: compares live state with the state before the plan, for every resource that a step overwrites.

use std::collections::{BTreeMap, BTreeSet};

use super::readback::{QueueKey, ReadBack, ReadSet};
use super::shown;
use super::write_op::exten;
use crate::model::agent;
use crate::model::difference::Difference;
use crate::model::equivalence::same;
use crate::model::field::{Field, Record};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::live::LiveQueue;
use crate::model::note::{Moved, Stale};
use crate::model::plan::{Action, Change, FieldDiff, Plan, Verb};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::support::{Support, Supports};
use crate::model::unread::Unread;
use crate::model::value::{Members, NO_MEMBERS, Sip, Value};

/// Returns the resources to read before the first write.
///
/// A new agent is read only for `new_too`, since the vendor refuses a second one. A new queue always is: the
/// vendor would create a duplicate, which it may be unable to delete.
pub fn wanted(plan: &Plan, supports: &Supports, new_too: bool) -> ReadSet {
    let mut wanted = ReadSet::default();
    for change in &plan.changes {
        match (change.id.kind, change.action) {
            (Kind::Agent, Action::Create) if !new_too => {}
            // It overwrites only fields that no operation returns, and no identity distinguishes the agents.
            (Kind::Agent, Action::Update)
                if change.identity.is_unknown()
                    && change.fields.iter().all(|f| !supports.agents.is_read(f.field)) => {}
            (Kind::Agent, _) => {
                wanted.agents.insert(change.id.name.clone());
            }
            (Kind::Queue, Action::Create) => {
                wanted.queues.insert(QueueKey::Name(change.id.name.to_string()));
            }
            (Kind::Queue, _) => {
                wanted.queues.extend(exten(&change.id, Some(change)).map(QueueKey::Exten));
            }
            (Kind::Seat, _) => {}
        }
    }
    for (id, _) in rejoined(plan) {
        wanted.queues.extend(exten(id, None).map(QueueKey::Exten));
    }
    wanted
}

/// Returns queues without a change of their own that replaced agents leave and rejoin.
fn rejoined(plan: &Plan) -> Vec<(&ResourceId, &Members)> {
    let mut found: Vec<(&ResourceId, &Members)> = Vec::new();
    for step in plan.steps.iter().filter(|s| s.operation.verb == Verb::Members) {
        let (Some(target), Some(members)) = (step.targets.first(), &step.members) else { continue };
        if plan.list_change(target).is_some() {
            continue;
        }
        match found.iter_mut().find(|(id, _)| *id == target) {
            // The longer list is the one before the replacement.
            Some((_, known)) if known.len() < members.len() => *known = members,
            Some(_) => {}
            None => found.push((target, members)),
        }
    }
    found
}

/// Returns the resources that moved since the plan was made.
///
/// # Errors
/// The reason of a failed read.
pub fn check(
    plan: &Plan,
    supports: &Supports,
    wanted: &ReadSet,
    seen: &ReadBack,
) -> Result<Vec<Stale>, Unread> {
    let mut stale = Vec::new();
    for change in &plan.changes {
        let what = match change.id.kind {
            Kind::Agent if wanted.agents.contains(&change.id.name) => {
                agent_moved(supports.agents, change, seen.agent(&change.id.name)?)
            }
            Kind::Queue => queue_moved(change, wanted, seen)?,
            Kind::Agent | Kind::Seat => None,
        };
        stale.extend(what.map(|what| Stale { id: change.id.clone(), what }));
    }
    for (id, members) in rejoined(plan) {
        let Some(key) = exten(id, None).map(QueueKey::Exten) else { continue };
        let what = members_moved(members, seen.queues(&key)?);
        stale.extend(what.map(|what| Stale { id: id.clone(), what }));
    }
    Ok(stale)
}

/// Returns the agents that moved since the plan was made, of those that were read.
///
/// An agent in its state after the plan did not move: a repeated call had been carried out.
///
/// # Errors
/// The reason of a failed read.
pub fn agents_moved(plan: &Plan, agents: &Support, seen: &ReadBack) -> Result<Vec<Stale>, Unread> {
    let mut stale = Vec::new();
    for id in seen.agents.keys() {
        let resource = ResourceId::agent(id);
        let now = seen.agent(id)?;
        let Some(change) = plan.change(&resource) else { continue };
        let rebound = now.and_then(|now| rebound(plan, change, now));
        let now = rebound.as_ref().or(now);
        if let Some(what) = agent_moved(agents, change, now)
            && !now.is_some_and(|now| arrived(agents, change, now))
        {
            stale.push(Stale { id: resource, what });
        }
    }
    Ok(stale)
}

/// Returns an agent that a step of the plan unbound, with its SIP account before.
fn rebound(plan: &Plan, change: &Change, now: &Record) -> Option<Record> {
    let before = change.field(&agent::SIP)?.before.as_ref()?;
    if !same(&Value::Sip(Sip::None), now.get(&agent::SIP)) {
        return None;
    }
    plan.steps.iter().find(|step| step.unbind && step.targets.contains(&change.id))?;
    let mut record = now.clone();
    record.set(&agent::SIP, before.clone(), None);
    Some(record)
}

/// Returns true if an agent is in its state after the change: each field that moved shows its new value.
fn arrived(agents: &Support, change: &Change, now: &Record) -> bool {
    let shows = |diff: &FieldDiff| {
        let shown = diff.after.as_ref().and_then(|after| shown::value(agents, diff.field, after, now));
        shown.unwrap_or_else(|| !moved(agents, diff.field, diff.before.as_ref(), now))
    };
    let is_same = !change.identity.is_another(now.identity());
    is_same && change.action == Action::Update && change.fields.iter().all(shows)
}

/// Returns true if a field moved since the plan was made; one that the response lacks did not.
fn moved(agents: &Support, field: &Field, before: Option<&Value>, now: &Record) -> bool {
    agents.is_comparable(field, None, now) && !unchanged(before, now.get(field))
}

/// Returns what moved of an agent.
fn agent_moved(agents: &Support, change: &Change, now: Option<&Record>) -> Option<Moved> {
    let now = match (change.action, now) {
        (Action::Create, None) => return None,
        (Action::Create, Some(_)) => return Some(Moved::Created),
        (_, None) => return Some(Moved::Gone),
        (_, Some(now)) => now,
    };
    if change.identity.is_another(now.identity()) {
        return Some(Moved::Another);
    }
    let whole = matches!(change.action, Action::Delete | Action::Replace);
    for field in agent::FIELDS.iter().copied().filter(|field| agents.is_read(field)) {
        let diff = change.field(field);
        if diff.is_none() && !whole {
            continue;
        }
        let before = diff.and_then(|diff| diff.before.as_ref());
        if moved(agents, field, before, now) {
            let (before, after) = (before.cloned(), now.get(field).cloned());
            return Some(Moved::Field { difference: Difference { kind: Kind::Agent, field, before, after } });
        }
    }
    None
}

/// Returns true if two live values are the same; an unset one has several spellings.
pub(super) fn unchanged(before: Option<&Value>, now: Option<&Value>) -> bool {
    match (before, now) {
        (None, None) => true,
        (Some(before), now) => same(before, now),
        (None, Some(now)) => same(now, None),
    }
}

/// Returns the change of a queue since the plan was made.
fn queue_moved(change: &Change, wanted: &ReadSet, seen: &ReadBack) -> Result<Option<Moved>, Unread> {
    if change.action == Action::Create {
        let key = QueueKey::Name(change.id.name.to_string());
        if !wanted.queues.contains(&key) {
            return Ok(None);
        }
        return Ok(created_since(&change.id.name.to_string(), seen.queues(&key)?));
    }
    match exten(&change.id, Some(change)).map(QueueKey::Exten) {
        Some(key) => {
            let now = seen.queues(&key)?;
            if change.action == Action::Delete {
                return Ok(doomed_queue_moved(change, now));
            }
            let before = change.members_before().map_or(&NO_MEMBERS, |members| members);
            let members = change.field(&ASSIGN_MEMBERS).and_then(|_| members_moved(before, now));
            Ok(members.or_else(|| attributes_moved(change, now)))
        }
        None => Ok(None),
    }
}

/// Returns the change of a queue to delete since the plan was made. One that is gone is as it will be.
pub(super) fn doomed_queue_moved(change: &Change, now: &[(OperatorId, LiveQueue)]) -> Option<Moved> {
    let (exten, queue) = now.first()?;
    let ids = [None, Some(exten.as_str())].map(|exten| ResourceId::queue(&queue.name, exten));
    let renamed = (!ids.contains(&change.id)).then(|| Moved::Renamed { name: queue.name.to_string() });
    let before = change.members_before().map_or(&NO_MEMBERS, |members| members);
    renamed.or_else(|| members_moved(before, now)).or_else(|| attributes_moved(change, now))
}

/// Returns the attribute of a queue that moved since the plan was made.
fn attributes_moved(change: &Change, now: &[(OperatorId, LiveQueue)]) -> Option<Moved> {
    let Some((_, queue)) = now.first() else { return Some(Moved::Gone) };
    let diffs = change.fields.iter().filter(|diff| *diff.field != ASSIGN_MEMBERS);
    let mut moved = diffs.filter_map(|diff| Some((diff, queue.record.get(diff.field)?)));
    let (diff, now) = moved.find(|(diff, now)| diff.before.as_ref() != Some(*now))?;
    let (field, before, after) = (diff.field, diff.before.clone(), Some(now.clone()));
    Some(Moved::Field { difference: Difference { kind: Kind::Queue, field, before, after } })
}

/// Returns the queue that an agent to delete is in.
pub(super) fn in_queue(
    agent: &OperatorId,
    queues: &BTreeMap<OperatorId, BTreeSet<OperatorId>>,
) -> Option<Moved> {
    let (exten, _) = queues.iter().find(|(_, members)| members.contains(agent))?;
    Some(Moved::InQueue { exten: exten.into() })
}

/// Returns the queue that has the name of a new one by now.
pub(super) fn created_since(name: &str, now: &[(OperatorId, LiveQueue)]) -> Option<Moved> {
    let (exten, _) = now.iter().find(|(_, queue)| *queue.name == *name)?;
    Some(Moved::NameTaken { exten: exten.into() })
}

/// Returns the change of a list since the plan was made, before a call replaces the list.
///
/// A list that equals the one to send did not move: a repeated call had been carried out.
pub(super) fn list_moved(
    strangers: &[OperatorId],
    sent: &Members,
    before: &Members,
    now: &[(OperatorId, LiveQueue)],
) -> Option<Moved> {
    let arrived = now.first().and_then(|(_, queue)| shown::members(strangers, sent, queue)) == Some(true);
    if arrived { None } else { members_moved(before, now) }
}

/// Returns the members that moved since the plan was made.
fn members_moved(before: &Members, now: &[(OperatorId, LiveQueue)]) -> Option<Moved> {
    let Some((_, queue)) = now.first() else { return Some(Moved::Gone) };
    let now = queue.members().unwrap_or(&NO_MEMBERS);
    if before == now {
        return None;
    }
    let reordered = now.iter().filter(|(id, p)| before.get(*id).is_some_and(|was| was != *p));
    Some(Moved::Members {
        joined: now.keys().filter(|id| !before.contains_key(*id)).cloned().collect(),
        left: before.keys().filter(|id| !now.contains_key(*id)).cloned().collect(),
        reordered: reordered.map(|(id, _)| id.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn members(ids: &[&str]) -> Members {
        ids.iter().map(|id| (OperatorId::from(*id), 0)).collect()
    }

    fn queue(name: &str, ids: &[&str]) -> LiveQueue {
        let mut record = Record::default();
        record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members(ids))), None);
        LiveQueue { name: name.into(), record, changed: None }
    }

    #[test]
    fn a_list_moved_unless_it_is_the_one_before_or_the_one_that_is_sent() {
        let (before, sent, strangers) =
            (members(&["8001"]), members(&["8002", "9"]), [OperatorId::from("9")]);
        let id = |id: &str| vec![OperatorId::from(id)];
        let changed = |joined, left| Some(Moved::Members { joined, left, reordered: Vec::new() });
        for (now, moved) in [
            (&["8001"][..], None),
            (&["8002", "9"], None),
            // The vendor drops an undeclared member.
            (&["8002"], None),
            (&["8001", "8003"], changed(id("8003"), Vec::new())),
            (&[], changed(Vec::new(), id("8001"))),
        ] {
            let now_queue = [(OperatorId::from("1001"), queue("q", now))];
            assert_eq!(list_moved(&strangers, &sent, &before, &now_queue), moved, "{now:?}");
        }
        assert_eq!(list_moved(&strangers, &sent, &before, &[]), Some(Moved::Gone));
    }

    #[test]
    fn a_new_queue_and_a_deletion_name_the_queue_that_objects() {
        let now =
            [(OperatorId::from("1001"), queue("甲", &[])), (OperatorId::from("1002"), queue("乙", &[]))];
        assert_eq!(created_since("乙", &now), Some(Moved::NameTaken { exten: "1002".into() }));
        assert_eq!(created_since("丙", &now), None);
        let inside = BTreeMap::from([
            (OperatorId::from("1001"), BTreeSet::new()),
            (OperatorId::from("1002"), BTreeSet::from([OperatorId::from("8001")])),
        ]);
        assert_eq!(in_queue(&"8001".into(), &inside), Some(Moved::InQueue { exten: "1002".into() }));
        assert_eq!(in_queue(&OperatorId::from("8002"), &inside), None);
    }
}
