//! Converts the results of a run to done and open changes by resource; every format renders these lines.
//!
//! A change may be both, such as a queue that keeps a busy agent, or an agent with only some fields set. The list of
//! done changes holds only the done part of a resource's change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::line::{Line, Segment, Telling};
use crate::messages::{self, Message as _};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::language::Language;
use crate::model::note::Note;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Action, Change, FieldDiff, Plan, Step, Verb};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::reason::ChangeReason;
use crate::model::support::Supports;
use crate::model::value::{Members, NO_MEMBERS, Value};
use crate::report::chapter::{LineKind, Section};
use crate::report::phrases::{Phrase, semicolon};
use crate::report::{BoundPlan, Run};

/// A step and its result.
type Ended<'a> = (&'a Step, &'a StepResult);

/// The changes of a run by their outcome.
#[derive(Default)]
pub(super) struct Outcome {
    /// Changes, or parts of changes, that were done.
    pub(super) done: Vec<Change>,
    /// Changes, or parts of changes, that were not done.
    pub(super) open: Vec<Open>,
}

/// A change, or a step without one, that was not done.
pub(super) struct Open {
    subject: String,
    /// `Done` if the rest of the change was done.
    status: Status,
    why: String,
    /// The remaining part of the change.
    change: Option<Change>,
    /// True if the agent was deleted and is still to be created.
    deleted: bool,
}

/// Returns true if a step took effect on a resource. A step that ended as done without a read-back counts.
fn took((_, result): &Ended<'_>, id: &ResourceId) -> bool {
    result.took(id) || result.status == Status::Done && !result.left_out.contains(id)
}

/// Sorts the changes of a run by their outcome.
pub(super) fn sort(plan: &Plan, run: &Run, language: Language) -> Outcome {
    let mut outcome = Outcome::default();
    let mut touching: BTreeMap<&ResourceId, Vec<Ended<'_>>> = BTreeMap::new();
    for ended in plan.steps.iter().zip(&run.results) {
        for target in &ended.0.targets {
            touching.entry(target).or_default().push(ended);
        }
    }
    let mut told: BTreeSet<&ResourceId> = BTreeSet::new();
    for change in &plan.changes {
        let mine = touching.get(&change.id).map(Vec::as_slice).unwrap_or_default();
        let done = done_part(change, mine, language);
        let in_part = done.is_some();
        outcome.done.extend(done);
        if mine.iter().any(|ended| !took(ended, &change.id)) {
            told.insert(&change.id);
            let (status, why) = why(&change.id, mine, language);
            let status = if in_part && status == Status::Skipped { Status::Done } else { status };
            let subject = change.id.to_string();
            let gone = |ended: &Ended<'_>| ended.0.operation.verb == Verb::Delete && took(ended, &change.id);
            let deleted = mine.iter().any(gone);
            let change = Some(open_part(change, mine));
            outcome.open.push(Open { subject, status, why, change, deleted });
        }
    }
    // A queue whose members do not change may still have steps.
    for (target, mine) in touching.iter().filter(|(target, _)| !told.contains(*target)) {
        if mine.iter().any(|ended| !took(ended, target)) {
            let (status, why) = why(target, mine, language);
            outcome.open.push(Open {
                subject: target.to_string(),
                status,
                why,
                change: None,
                deleted: false,
            });
        }
    }
    outcome
}

/// Returns the fields of the steps that did not take effect on a resource.
fn open_fields(id: &ResourceId, mine: &[Ended<'_>]) -> BTreeSet<&'static str> {
    let open = mine.iter().filter(|ended| !took(ended, id));
    open.flat_map(|(step, _)| step.fields.iter().copied()).collect()
}

/// Returns the part of a change that was done.
fn done_part(change: &Change, mine: &[Ended<'_>], language: Language) -> Option<Change> {
    let notes = mine.iter().filter(|(_, result)| result.status == Status::Done);
    let notes = notes.flat_map(|(_, result)| &result.notes).map(|note| note.say(language));
    // The change no longer waits. A list that was written in part may keep agents that the reason names.
    let reason = change.reason.as_ref().filter(|_| mine.iter().all(|ended| took(ended, &change.id)));
    let reason = match reason {
        Some(ChangeReason::Waiting { reason, .. }) => reason.as_deref(),
        reason => reason,
    };
    let text = reason.map(|reason| reason.say(language)).into_iter().chain(notes);
    let text = text.collect::<Vec<_>>().join(semicolon(language));
    let reason = (!text.is_empty()).then_some(ChangeReason::Saved { text });
    let mut done = Change { reason, ..change.clone() };
    if change.id.kind == Kind::Queue && change.action == Action::Update {
        let before = change.members_before().map_or(&NO_MEMBERS, |members| members);
        let written = written(change, mine).filter(|written| *written != *before);
        let open = open_fields(&change.id, mine);
        let is_done = |diff: &FieldDiff| {
            let is_members = *diff.field == ASSIGN_MEMBERS;
            if is_members { written.is_some() } else { !open.contains(diff.field.key) }
        };
        done.fields.retain(is_done);
        for diff in done.fields.iter_mut().filter(|diff| *diff.field == ASSIGN_MEMBERS) {
            diff.after = written.clone().map(|written| Value::Members(Arc::new(written)));
        }
        return (!done.fields.is_empty()).then_some(done);
    }
    let bears = |(step, _): &Ended<'_>| matches!(step.operation.verb, Verb::Create | Verb::Delete);
    if mine.iter().any(|ended| bears(ended) && !took(ended, &change.id)) {
        return None;
    }
    let open = open_fields(&change.id, mine);
    done.fields.retain(|diff| !open.contains(diff.field.key));
    (change.action != Action::Update || !done.fields.is_empty()).then_some(done)
}

/// Returns the part of a change that was not done.
fn open_part(change: &Change, mine: &[Ended<'_>]) -> Change {
    let open = open_fields(&change.id, mine);
    let creation = mine.iter().find(|(step, _)| step.operation.verb == Verb::Create);
    let mut left = change.clone();
    if creation.is_some_and(|ended| took(ended, &change.id)) {
        left.action = Action::Update;
    }
    if left.action == Action::Update {
        left.fields.retain(|diff| open.contains(diff.field.key));
    }
    if let Some(written) = written(change, mine) {
        for diff in left.fields.iter_mut().filter(|diff| *diff.field == ASSIGN_MEMBERS) {
            diff.before = Some(Value::Members(Arc::new(written.clone())));
        }
    }
    left
}

/// Returns the members that the last write gave a queue.
fn written(change: &Change, mine: &[Ended<'_>]) -> Option<Members> {
    let is_written = |(step, result): &&Ended<'_>| {
        let written = result.carried_out || result.status == Status::Done;
        step.operation.verb == Verb::Members && written
    };
    let (step, result) = mine.iter().rfind(is_written)?;
    let sent = result.members.as_ref().or(step.members.as_ref()).or(change.members_after())?;
    let mut members = Members::clone(sent);
    members.retain(|id, _| !result.dropped.contains(id));
    Some(members)
}

/// Returns the gravest status of a resource's ineffective steps, and its reasons.
fn why(id: &ResourceId, mine: &[Ended<'_>], language: Language) -> (Status, String) {
    let open = || mine.iter().filter(|ended| !took(ended, id)).map(|(_, result)| *result);
    let status = [Status::Failed, Status::Unknown, Status::Skipped];
    let has = |status: &Status| open().any(|result| result.status == *status);
    let status = status.into_iter().find(has).unwrap_or(Status::Failed);
    let mut whys: Vec<String> = Vec::new();
    for result in open().filter(|result| result.status == status) {
        let spared = result.spared.iter().filter(|spared| id.kind == Kind::Queue || spared.agent == id.name);
        let mut own: Vec<String> = spared.map(|spared| spared.say(language)).collect();
        if own.is_empty() && !result.notes.is_empty() {
            let notes: Vec<Note> = result.notes.iter().map(Note::for_left_out).collect();
            own.push(messages::notes(&notes, language));
        }
        whys.extend(own);
    }
    let mut seen = BTreeSet::new();
    whys.retain(|why| seen.insert(why.clone()));
    (status, whys.join(semicolon(language)))
}

/// Returns lines for stale and open changes, gravest first. Agents with equal outcome and reason share a line.
pub(super) fn lines(plan: &BoundPlan, run: &Run, open: &[Open], how: Telling<'_>) -> Vec<Line> {
    let told: BTreeSet<&str> = open.iter().map(|one| &*one.subject).collect();
    let moved = run.stale.iter().filter(|moved| !told.contains(&*moved.id.to_string()));
    let moved = moved.map(|moved| {
        let change = plan.change(&moved.id);
        let title = change.and_then(|change| change.title.clone());
        Line {
            pieces: title
                .map(Segment::Name)
                .into_iter()
                .chain([Segment::Words(moved.what.say(how.language()))])
                .collect(),
            source: change.and_then(|change| change.source.clone()),
            ..line(LineKind::Moved, moved.id.to_string())
        }
    });
    let mut groups: Vec<Vec<&Open>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for one in open {
        let agent = one.change.as_ref().filter(|change| change.id.kind == Kind::Agent);
        let key = agent.map(|change| {
            let fields = change.fields.iter().filter(|_| change.action == Action::Update);
            let fields: Vec<_> = fields.map(|diff| (diff.field.key, &diff.before, &diff.after)).collect();
            format!("{:?}", (change.action, one.status, one.deleted, &one.why, fields))
        });
        match key {
            Some(key) if places.contains_key(&key) => groups[places[&key]].push(one),
            key => {
                places.extend(key.map(|key| (key, groups.len())));
                groups.push(vec![one]);
            }
        }
    }
    groups.sort_by_key(|group| match group[0].status {
        Status::Failed => 0,
        Status::Unknown => 1,
        Status::Skipped | Status::Done => 2,
    });
    moved.chain(groups.iter().map(|group| open_line(&plan.supports, group, how))).collect()
}

fn line(tone: LineKind, subject: String) -> Line {
    Line {
        tone,
        group: Section::Open,
        subject,
        about: None,
        count: 1,
        pieces: Vec::new(),
        staffing: None,
        everyone: Vec::new(),
        last_changed: None,
        source: None,
    }
}

fn open_line(supports: &Supports, group: &[&Open], how: Telling<'_>) -> Line {
    let first = group[0];
    let changes: Vec<&Change> = group.iter().filter_map(|one| one.change.as_ref()).collect();
    let mut pieces = Vec::new();
    let (mut subject, mut everyone) = (first.subject.clone(), Vec::new());
    if changes.len() > 1 {
        let ids: Vec<&OperatorId> = changes.iter().map(|change| &change.id.name).collect();
        subject = format!("agent/{}", how.ranges(&ids));
        pieces.push(Segment::Words(how.say(Phrase::Agents(changes.len()))));
        let who = |change: &&Change| match &change.title {
            Some(title) => format!("{} {title}", change.id.name),
            None => change.id.name.to_string(),
        };
        everyone = changes.iter().map(who).collect();
    } else if let Some(title) = changes.first().and_then(|change| change.title.clone()) {
        pieces.push(Segment::Name(title));
    }
    match changes.first() {
        Some(change)
            if change.action == Action::Update && change.id.kind == Kind::Agent && !first.deleted =>
        {
            pieces.extend(change.fields.iter().map(|diff| match &diff.secret {
                Some(_) => Segment::Words(how.say(Phrase::Password)),
                None => how.field(supports.get(change.id.kind), diff),
            }));
        }
        Some(_) if first.deleted => pieces.push(Segment::Words(how.say(Phrase::StillToMake))),
        Some(change) if change.action != Action::Update => {
            pieces.push(Segment::Words(how.say(Phrase::Kind(LineKind::Act(change.action)))));
        }
        Some(_) | None => {}
    }
    pieces.extend(Some(&first.why).filter(|why| !why.is_empty()).cloned().map(Segment::Words));
    Line {
        pieces,
        count: group.len(),
        everyone,
        source: changes.first().and_then(|change| change.source.clone()),
        ..line(LineKind::Open(first.status), subject)
    }
}
