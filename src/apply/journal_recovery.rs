//! Recovers the results of the steps from a journal after a crash.
//!
//! The journal's ending of a step holds. Live state decides on a step without an ending. Without live state such a step
//! counts as not done, which costs at most a safe repetition. The journal only makes a run faster and more precise.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::postcondition::{self, Outcome, Verdict};
use super::readback::ReadBack;
use super::write_op;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::journal::{Ending, Entry};
use crate::model::live::Live;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Operation, Plan, Step, StepId, Verb};
use crate::model::support::Supports;
use crate::model::value::Members;

/// The ending of a step, and the queue that it created.
type Ended = (Ending, Option<OperatorId>);

/// Returns the plan of a journal and one result a step; `None` for a journal without its first line.
pub fn recover(
    entries: &[Entry],
    supports: &Supports,
    live: Option<&Live>,
) -> Option<(Plan, Vec<StepResult>)> {
    let Some(Entry::Run { plan, .. }) = entries.first() else { return None };
    let mut results = Vec::with_capacity(plan.steps.len());
    // For each step: true if it began, and its last ending.
    let mut came: Vec<(bool, Option<Ended>)> = vec![(false, None); plan.steps.len()];
    for entry in entries {
        match entry {
            Entry::Begin { step, .. } => {
                if let Some(came) = came.get_mut(*step) {
                    *came = (true, None);
                }
            }
            Entry::End { step, ending, made } => {
                if let Some(came) = came.get_mut(*step) {
                    came.1 = Some((*ending, made.clone()));
                }
            }
            Entry::Run { .. } => {}
        }
    }
    let edited_later = edited_later(plan);
    let begun_ms = begun_ms(entries);
    for (at, (step, (begun, ended))) in plan.steps.iter().zip(came).enumerate() {
        let confirmed = matches!(ended, Some((Ending::Done, _)));
        let Operation { kind, verb } = step.operation;
        let doubts = match verb {
            Verb::Create => live.is_some(),
            Verb::Edit | Verb::Password => true,
            Verb::Delete | Verb::Members | Verb::Put => false,
        };
        let doubts = doubts && kind == Kind::Agent;
        let listed = |id: &ResourceId| live?.lists(id.kind, &write_op::key(id, plan.change(id))?);
        let is_there = |id: &&ResourceId| listed(id).unwrap_or(verb != Verb::Create);
        let doubted = step.targets.iter().filter(|_| begun && !confirmed && doubts).filter(is_there);
        let doubted: Vec<ResourceId> = doubted.cloned().collect();
        let open = begun && !matches!(ended, Some((Ending::Done | Ending::Failed, _)));
        let (done, made) = match ended {
            Some((Ending::Done, made)) => (true, made),
            Some((Ending::Failed, _)) => (false, None),
            Some((Ending::Unknown, made)) => {
                (live.is_some_and(|live| carried_out(plan, supports, step, live)), made)
            }
            None => (begun && live.is_some_and(|live| carried_out(plan, supports, step, live)), None),
        };
        // The vendor's confirmation proves the fields that no operation returns. The others count as live state shows
        // them: an edit may have been due after the call, and a list may have been written in part.
        let is_unshown = done
            && live.is_some_and(|live| match verb {
                Verb::Create if kind == Kind::Queue => {
                    made.as_ref().is_some_and(|made| !shows_created(plan, step, made, live))
                }
                Verb::Create | Verb::Edit => {
                    let later = edited_later.get(&step.id).map_or(&[][..], Vec::as_slice);
                    !shows(plan, supports, step, later, live)
                }
                Verb::Members => !shows_list(plan, step, live),
                Verb::Delete | Verb::Password | Verb::Put => false,
            });
        let done = done && !is_unshown;
        let status = match (done, open || is_unshown) {
            (true, _) => Status::Done,
            (false, true) => Status::Unknown,
            (false, false) => Status::Skipped,
        };
        // The journal does not name the targets that were left out of a deletion: they are live.
        let alive = |id: &&ResourceId| listed(id) == Some(true);
        let identity = |id: &ResourceId| {
            let record = live?.agents.as_ref()?.items.get(&id.name)?;
            Some((id.name.clone(), *record.identity()))
        };
        let is_live = |made: &OperatorId| {
            live.and_then(|live| live.queues.as_ref()).is_some_and(|queues| queues.items.contains_key(made))
        };
        let pending = made.as_ref().is_some_and(|made| !is_live(made));
        let creates = step.operation == Operation::agent(Verb::Create) && confirmed;
        let identities = step.targets.iter().filter(|_| creates).filter_map(identity).collect();
        let members = live.filter(|_| done).and_then(|live| list_with_spared(plan, step, live));
        let left_out = match members {
            Some(_) => step.targets.clone(),
            None => {
                step.targets.iter().filter(|_| done && verb == Verb::Delete).filter(alive).cloned().collect()
            }
        };
        let acknowledged =
            step.targets.iter().filter(|id| is_unshown && confirmed && listed(id) == Some(true));
        let dropped = live.filter(|_| done).map(|live| dropped(plan, step, live)).unwrap_or_default();
        results.push(StepResult {
            status,
            notes: Vec::new(),
            answered_ms: begun_ms.get(&at).copied(),
            made,
            pending,
            identities,
            carried_out: done,
            left_out,
            only_deferred: false,
            spared: Vec::new(),
            members: members.map(Arc::new),
            dropped,
            acknowledged: acknowledged.cloned().collect(),
            confirmed,
            reset: Vec::new(),
            doubted,
        });
    }
    Some((Plan::clone(plan), results))
}

/// Returns true if other runs wrote the ledger of this serial after the begin of the journal.
pub fn is_older(entries: &[Entry], serial: u64) -> bool {
    matches!(entries.first(), Some(Entry::Run { ledger: Some(begun), .. }) if *begun != serial)
}

/// Returns the time of each step's last call, in milliseconds since 1970 UTC.
fn begun_ms(entries: &[Entry]) -> BTreeMap<usize, i64> {
    let begun = entries.iter().filter_map(|entry| match entry {
        // An older program wrote no time.
        Entry::Begin { step, at_ms } => (*at_ms > 0).then_some((*step, *at_ms)),
        Entry::Run { .. } | Entry::End { .. } => None,
    });
    begun.collect()
}

/// Returns the queues that the vendor may still create, each with the last such moment.
///
/// Moments are milliseconds since 1970 UTC. A call without an ending gets `orphan_ms`. One that timed out gets
/// twice its `timeout_ms`.
pub fn may_still_be_made(entries: &[Entry], orphan_ms: i64, timeout_ms: i64) -> BTreeMap<ResourceId, i64> {
    let Some(Entry::Run { plan, .. }) = entries.first() else { return BTreeMap::new() };
    let mut open = BTreeMap::new();
    for entry in entries {
        let (step, until) = match entry {
            Entry::Run { .. } => continue,
            Entry::Begin { step, at_ms } => (step, Some((*at_ms, at_ms.saturating_add(orphan_ms)))),
            Entry::End { step, ending: Ending::Unknown, .. } => (step, None),
            Entry::End { step, ending: Ending::Done | Ending::Failed, .. } => {
                open.remove(step);
                continue;
            }
        };
        match (until, open.get_mut(step)) {
            (Some(times), _) => {
                open.insert(step, times);
            }
            (None, Some((begun, until))) => *until = begun.saturating_add(timeout_ms.saturating_mul(2)),
            (None, None) => {}
        }
    }
    let steps = open.into_iter().filter_map(|(at, (_, until))| Some((plan.steps.get(*at)?, until)));
    let queues = steps.filter(|(step, _)| step.operation == Operation::queue(Verb::Create));
    queues.filter_map(|(step, until)| Some((step.targets.first()?.clone(), until))).collect()
}

/// Returns the members that a step sent, and those that are live.
fn lists<'a>(plan: &'a Plan, step: &'a Step, live: &'a Live) -> Option<(&'a Members, &'a Members)> {
    let target = step.targets.first().filter(|_| step.operation.verb == Verb::Members)?;
    let change = plan.change(target);
    let now = live.queues.as_ref()?.items.get(&write_op::exten(target, change)?)?.members()?;
    Some((write_op::sent(step, change)?, now))
}

/// Returns the undeclared members of a step's list that the vendor dropped.
fn dropped(plan: &Plan, step: &Step, live: &Live) -> Vec<OperatorId> {
    let lists = lists(plan, step, live);
    lists.map(|(sent, now)| write_op::dropped_by_vendor(&step.strangers, sent, now)).unwrap_or_default()
}

/// Returns true if a created queue is live with the list that was sent. The vendor skips members that are no agents.
fn shows_created(plan: &Plan, step: &Step, made: &OperatorId, live: &Live) -> bool {
    let change = step.targets.first().and_then(|target| plan.change(target));
    let now = live.queues.as_ref().and_then(|queues| queues.items.get(made)?.members());
    write_op::sent(step, change).zip(now).is_some_and(|(sent, now)| **sent == *now)
}

/// Returns true if a queue has the list that a step sent. Members may be missing that the vendor dropped, and busy ones
/// may have stayed.
fn shows_list(plan: &Plan, step: &Step, live: &Live) -> bool {
    let is_sent = |(sent, now): (&Members, &Members)| {
        let dropped = write_op::dropped_by_vendor(&step.strangers, sent, now);
        sent.len() == now.len() + dropped.len()
            && now.iter().all(|(id, priority)| sent.get(id) == Some(priority))
    };
    lists(plan, step, live).is_some_and(is_sent) || list_with_spared(plan, step, live).is_some()
}

/// Returns the live members of a queue if only removed ones are left beside the sent ones.
///
/// The journal does not name the busy agents that stayed in the queue.
fn list_with_spared(plan: &Plan, step: &Step, live: &Live) -> Option<Members> {
    let (sent, now) = lists(plan, step, live)?;
    let removed = write_op::removed(plan, step);
    let is_whole = sent.iter().all(|(id, priority)| now.get(id) == Some(priority));
    let spared = |(id, priority)| sent.get(id).or_else(|| removed.get(id)) == Some(priority);
    (is_whole && now.len() > sent.len() && now.iter().all(spared)).then(|| Members::clone(now))
}

/// Returns the fields that edits after each step send.
fn edited_later(plan: &Plan) -> BTreeMap<StepId, Vec<&'static str>> {
    let mut later: BTreeMap<StepId, Vec<&'static str>> = BTreeMap::new();
    for edit in plan.steps.iter().filter(|step| step.operation.verb == Verb::Edit) {
        for before in &edit.after {
            later.entry(*before).or_default().extend(edit.fields.iter());
        }
    }
    later
}

/// Returns true if live state shows the fields that a step sent, except those that edits after it send.
fn shows(plan: &Plan, supports: &Supports, step: &Step, later: &[&'static str], live: &Live) -> bool {
    let seen = ReadBack::from_live(live, &postcondition::wanted(plan, step, None));
    matches!(postcondition::judge(plan, supports, step, None, later, None, &seen), Verdict::Took)
}

/// Returns true if live state shows that a step was carried out.
fn carried_out(plan: &Plan, supports: &Supports, step: &Step, live: &Live) -> bool {
    // No operation returns a password. The next plan finds queues by their names.
    let op = write_op::for_step(plan, step).filter(write_op::readable);
    let seen = ReadBack::from_live(live, &postcondition::wanted(plan, step, None));
    op.is_some_and(|op| postcondition::outcome(supports, &op, &[], &seen, true) == Outcome::Done(None))
}
