//! Postcondition: judges a step by its read-back. The vendor's response proves nothing: the vendor drops members and
//! falls back to defaults without an error.

use std::collections::{BTreeMap, BTreeSet};

use super::precondition;
use super::readback::{QueueKey, ReadBack, ReadSet};
use super::shown;
use super::write_op;
use super::write_op::{WriteOp, exten};
use crate::model::agent::PASSWORD;
use crate::model::difference::Difference;
use crate::model::equivalence::same;
use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::live::LiveQueue;
use crate::model::message::Word;
use crate::model::note::{FieldOf, Note};
use crate::model::plan::{Action, Change, FieldDiff, Operation, Plan, Step, Verb};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::support::{Support, Supports};
use crate::model::unread::Unread;
use crate::model::value::{Members, NO_MEMBERS, Sip, Value};

/// Fewest characters that identify a text which the vendor cut.
const FEWEST_LEFT: usize = 20;

/// Returns the resources that prove the effect of a step.
pub fn wanted(plan: &Plan, step: &Step, made: Option<&OperatorId>) -> ReadSet {
    let mut wanted = ReadSet::default();
    // No operation returns a password.
    let is_shown = !matches!(step.operation.verb, Verb::Password | Verb::Put);
    let targets = step.targets.iter().filter(|_| is_shown);
    match step.operation.kind {
        Kind::Agent => wanted.agents.extend(targets.map(|target| target.name.clone())),
        // Only a complete listing proves that a queue is gone.
        Kind::Queue if step.operation.verb == Verb::Delete => {
            wanted.queues.extend(targets.map(|_| QueueKey::All));
        }
        Kind::Queue => wanted.queues.extend(targets.map(|id| key(step, id, plan.change(id), made))),
        Kind::Seat => {}
    }
    wanted
}

/// Fields of agents that a follow-up edit sets.
pub type Open = BTreeMap<OperatorId, Vec<&'static str>>;

/// The verdict on a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect.
    Took,
    /// It did not.
    Amiss {
        /// The differences.
        what: Vec<Note>,
        /// The vendor keeps every value that differs in another form.
        forms: bool,
    },
    /// The state before the step is unchanged: the effect may appear later.
    Late(Vec<Note>),
    /// A new agent differs in fields that the vendor's document leaves open. One more edit an agent sets them.
    ///
    /// They are `enabled` and `mainSkillGroup`.
    Unsettled(Open),
    /// The effect is not known, for this reason.
    Unseen(Note),
}

/// Judges a step by a read-back.
///
/// `later` names fields of its targets that another step sends. `sent` holds the members that it gave its queue.
pub fn judge(
    plan: &Plan,
    supports: &Supports,
    step: &Step,
    made: Option<&OperatorId>,
    later: &[&'static str],
    sent: Option<&Members>,
    seen: &ReadBack,
) -> Verdict {
    match step.operation.verb {
        Verb::Password | Verb::Put => Verdict::Took,
        Verb::Delete => deleted(plan, step, seen),
        Verb::Create | Verb::Edit | Verb::Members => match step.operation.kind {
            Kind::Agent => agents(plan, supports.agents, step, later, seen),
            Kind::Queue => queue(plan, step, made, sent, seen),
            Kind::Seat => Verdict::Took,
        },
    }
}

/// Judges a creation or an edit of agents.
fn agents(plan: &Plan, support: &Support, step: &Step, later: &[&'static str], seen: &ReadBack) -> Verdict {
    let mut amiss = Vec::new();
    let mut unsettled = Open::new();
    let mut unreturned = Vec::new();
    let (mut late, mut forms) = (false, true);
    let creation = step.operation.verb == Verb::Create;
    for target in &step.targets {
        let Some(change) = plan.change(target) else { continue };
        let now = match seen.agent(&target.name) {
            Ok(Some(now)) => now,
            Ok(None) => {
                amiss.push(Note::Missing { id: target.clone() });
                late = true;
                continue;
            }
            Err(why) => return Verdict::Unseen(Note::NotSeen { id: target.clone(), why }),
        };
        let mut open = Vec::new();
        for (diff, wanted) in answered_for(support, change, step, later) {
            let (field, live) = (diff.field, now.get(diff.field));
            match shown::value(support, field, wanted, now) {
                Some(true) => {}
                Some(false) => {
                    let form = live.is_some_and(|live| is_form(wanted, live));
                    forms &= form;
                    if creation && support.creation_default(field).is_some() {
                        open.push(field.key);
                        continue;
                    }
                    amiss.push(Note::Differs {
                        id: Some(target.clone()),
                        difference: difference(Kind::Agent, diff, live, wanted),
                        kept: form,
                    });
                    late |= match (change.action, creation) {
                        // The live agent is the new one.
                        (Action::Create, true) => false,
                        // The value that the creation left is not known.
                        (Action::Create | Action::Replace, false) => true,
                        (Action::Update | Action::Replace | Action::Delete, _) => {
                            precondition::unchanged(diff.before.as_ref(), live)
                        }
                    };
                }
                // A text may be unset, or hidden in part; then the vendor's confirmation decides.
                None if field.ty.may_be_unset() => {}
                None => unreturned.push(FieldOf { id: target.clone(), field: Word::Borrowed(field.key) }),
            }
        }
        if !open.is_empty() {
            unsettled.insert(target.name.clone(), open);
        }
    }
    if !amiss.is_empty() {
        if late { Verdict::Late(amiss) } else { Verdict::Amiss { what: amiss, forms } }
    } else if !unsettled.is_empty() {
        Verdict::Unsettled(unsettled)
    } else if !unreturned.is_empty() {
        Verdict::Unseen(Note::Unreturned { fields: unreturned })
    } else {
        Verdict::Took
    }
}

/// Returns the difference between a live value and the one that was sent.
fn difference(kind: Kind, diff: &FieldDiff, live: Option<&Value>, sent: &Value) -> Difference {
    Difference { kind, field: diff.field, before: live.cloned(), after: Some(sent.clone()) }
}

/// Returns the readable fields that a step is responsible for, with the values it sends.
///
/// A creation is responsible for all fields of the change except those that a later step sends.
fn answered_for<'a>(
    support: &'a Support,
    change: &'a Change,
    step: &'a Step,
    later: &'a [&'static str],
) -> impl Iterator<Item = (&'a FieldDiff, &'a Value)> {
    let creation = step.operation.verb == Verb::Create;
    let mine = move |diff: &&FieldDiff| if creation { !diff.is_in(later) } else { diff.is_in(&step.fields) };
    let fields = change.fields.iter().filter(mine).filter(|diff| support.is_read(diff.field));
    fields.filter_map(|diff| Some((diff, write_op::sent_value(step, diff)?)))
}

/// Returns true if a live text is another form of the wanted one. Blanks, signs or capitals differ, or it is cut.
fn is_form(wanted: &Value, live: &Value) -> bool {
    let (wanted, live) = match (wanted, live) {
        (Value::Text(wanted), Value::Text(live))
        | (Value::Sip(Sip::Number(wanted)), Value::Sip(Sip::Number(live))) => (&**wanted, &**live),
        _ => return false,
    };
    let sign =
        |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '.' | '/' | '\u{200b}' | '\u{feff}');
    let folded =
        |text: &str| -> String { text.chars().filter(|c| !sign(*c)).flat_map(char::to_lowercase).collect() };
    let cut = live.chars().count() >= FEWEST_LEFT && wanted.starts_with(live);
    cut || !folded(live).is_empty() && folded(wanted) == folded(live)
}

/// Judges a deletion.
fn deleted(plan: &Plan, step: &Step, seen: &ReadBack) -> Verdict {
    let mut left = Vec::new();
    for target in &step.targets {
        match write_op::key(target, plan.change(target))
            .map_or(Err(Unread::NotRead), |key| seen.is_there(target.kind, &key))
        {
            Ok(false) => {}
            Ok(true) => left.push(target.clone()),
            Err(why) => return Verdict::Unseen(Note::NotSeen { id: target.clone(), why }),
        }
    }
    if left.is_empty() { Verdict::Took } else { Verdict::Late(vec![Note::StillThere { ids: left }]) }
}

/// Returns the key of the queue of a step.
///
/// A new queue is read by its name: the console or another run may have created a second one.
fn key(step: &Step, target: &ResourceId, change: Option<&Change>, made: Option<&OperatorId>) -> QueueKey {
    if step.operation.verb == Verb::Create {
        return QueueKey::Name(target.name.to_string());
    }
    match made.cloned().or_else(|| exten(target, change)) {
        Some(exten) => QueueKey::Exten(exten),
        None => QueueKey::Name(target.name.to_string()),
    }
}

/// Returns true if the queues of a creation's name include the one in the vendor's response.
pub fn shows_queue(step: &Step, made: &OperatorId, seen: &ReadBack) -> bool {
    let named = |target: &ResourceId| seen.queues(&QueueKey::Name(target.name.to_string()));
    let shown =
        |target: &ResourceId| named(target).is_ok_and(|queues| queues.iter().any(|(exten, _)| exten == made));
    step.targets.iter().any(shown)
}

/// Returns undeclared members that a step sent and the vendor dropped.
pub fn dropped(plan: &Plan, step: &Step, sent: Option<&Members>, seen: &ReadBack) -> Vec<OperatorId> {
    let (Some(target), Some(sent)) = (step.targets.first().filter(|_| !step.strangers.is_empty()), sent)
    else {
        return Vec::new();
    };
    match seen.queues(&key(step, target, plan.change(target), None)) {
        Ok([(_, now)]) => {
            write_op::dropped_by_vendor(&step.strangers, sent, now.members().unwrap_or(&NO_MEMBERS))
        }
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// Judges a step of a queue.
fn queue(
    plan: &Plan,
    step: &Step,
    made: Option<&OperatorId>,
    sent: Option<&Members>,
    seen: &ReadBack,
) -> Verdict {
    let Some(target) = step.targets.first() else { return Verdict::Took };
    let change = plan.change(target);
    let key = key(step, target, change, made);
    let now = match seen.queues(&key) {
        Ok([(_, now)]) => now,
        Ok([]) => return Verdict::Late(vec![Note::Missing { id: target.clone() }]),
        Ok(many) => {
            let extens = many.iter().map(|(exten, _)| exten.into()).collect();
            let what = vec![Note::Several { id: target.clone(), extens }];
            return Verdict::Amiss { what, forms: false };
        }
        Err(why) => return Verdict::Unseen(Note::NotSeen { id: target.clone(), why }),
    };
    let mut amiss = Vec::new();
    let verb = step.operation.verb;
    let sends = |diff: &&FieldDiff| {
        if verb == Verb::Edit { diff.is_in(&step.fields) } else { *diff.field != ASSIGN_MEMBERS }
    };
    if verb != Verb::Members {
        amiss.extend(attributes(change, sends, now));
    }
    let listed = change.filter(|_| verb != Verb::Edit);
    if let Some(wanted) = sent.or_else(|| Some(listed?.members_after()?)) {
        amiss.extend(members(target, wanted, &step.strangers, now));
    }
    if amiss.is_empty() {
        return Verdict::Took;
    }
    let old = was_list(plan, step, now);
    let edits = change.into_iter().flat_map(|change| &change.fields).filter(sends);
    let unedited = edits.into_iter().all(|diff| diff.before.as_ref() == now.record.get(diff.field));
    if verb == Verb::Members && old || verb == Verb::Edit && unedited {
        Verdict::Late(amiss)
    } else {
        Verdict::Amiss { what: amiss, forms: false }
    }
}

/// Returns true if a queue has its members before the plan, or those that another step sent.
fn was_list(plan: &Plan, step: &Step, now: &LiveQueue) -> bool {
    let others = plan.steps.iter().filter(|other| {
        other.operation == step.operation && other.targets == step.targets && other.id != step.id
    });
    let mut lists = others.filter_map(|other| Some((&other.strangers, other.members.as_ref()?)));
    now.members() == Some(write_op::members_before_plan(plan, step))
        || lists.any(|(strangers, list)| shown::members(strangers, list, now) == Some(true))
}

/// Returns the differences of the attributes that a step sends and of those that only a creation sets.
fn attributes(change: Option<&Change>, sends: impl Fn(&&FieldDiff) -> bool, now: &LiveQueue) -> Vec<Note> {
    let mut amiss = Vec::new();
    for diff in change.into_iter().flat_map(|change| &change.fields).filter(sends) {
        let field = diff.field;
        let live = now.record.get(field);
        if let Some(wanted) = &diff.after
            && !same(wanted, live)
        {
            let difference = difference(Kind::Queue, diff, live, wanted);
            amiss.push(Note::Differs { id: None, difference, kept: false });
        }
    }
    amiss
}

/// Returns the differences of the members.
fn members(target: &ResourceId, wanted: &Members, strangers: &[OperatorId], now: &LiveQueue) -> Vec<Note> {
    let now = now.members().unwrap_or(&NO_MEMBERS);
    let (mut amiss, id) = (Vec::new(), || target.clone());
    let due = wanted.keys().filter(|id| !strangers.contains(id));
    let members: Vec<OperatorId> = due.filter(|id| !now.contains_key(*id)).cloned().collect();
    if !members.is_empty() {
        amiss.push(Note::Skipped { id: id(), members });
    }
    let members: Vec<OperatorId> = now.keys().filter(|id| !wanted.contains_key(*id)).cloned().collect();
    if !members.is_empty() {
        amiss.push(Note::Extra { id: id(), members });
    }
    for (member, priority) in wanted {
        if let Some(live) = now.get(member).filter(|live| *live != priority) {
            let (member, live, sent) = (member.clone(), *live, *priority);
            amiss.push(Note::Priority { id: id(), member, live, sent });
        }
    }
    amiss
}

/// The outcome of a call that was not confirmed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// It was carried out; the number of the queue that it created.
    Done(Option<OperatorId>),
    /// It was not.
    NotDone,
    /// It was carried out in part; the rest.
    Left(WriteOp),
    /// It was carried out in a way that a repetition does not remedy.
    Failed(Note),
    /// Its target is missing, or not shown yet.
    Late(Note),
    /// It could not be read back.
    Unseen(Unread),
}

/// Returns the outcome of a call, by a read-back right after it.
///
/// A creation is judged by the existence of its targets, since the verification judges their fields: without one
/// after it (`last`) their fields count, too.
pub(super) fn outcome(
    supports: &Supports,
    op: &WriteOp,
    strangers: &[OperatorId],
    seen: &ReadBack,
    last: bool,
) -> Outcome {
    let agents = supports.agents;
    match op {
        WriteOp::Create { kind: Kind::Queue, ids, .. } => {
            let name = ids.first().map(OperatorId::to_string).unwrap_or_default();
            match seen.queues(&QueueKey::Name(name)) {
                Ok([]) => Outcome::NotDone,
                Ok([(exten, _)]) => Outcome::Done(Some(exten.clone())),
                Ok(many) => Outcome::Failed(Note::Namesakes { count: many.len() }),
                Err(reason) => Outcome::Unseen(reason),
            }
        }
        WriteOp::Create { ids, record, .. } => {
            // A second call binds a number that the manifest chose.
            let sent = || record.iter().filter(|entry| agents.can_create(entry.field, entry.value));
            let is_made = |now: &Record| !last || shown::values(agents, sent(), now) == Some(true);
            let there: Result<Vec<bool>, Unread> =
                ids.iter().map(|id| seen.agent(id).map(|agent| agent.is_some_and(is_made))).collect();
            match there.map(|there| there.into_iter().filter(|there| *there).count()) {
                Ok(made) if made == ids.len() => Outcome::Done(None),
                Ok(0) => Outcome::NotDone,
                Ok(made) => Outcome::Failed(Note::MadeInPart { made, of: ids.len() }),
                Err(reason) => Outcome::Unseen(reason),
            }
        }
        WriteOp::Edit { kind: Kind::Queue, id, record } => match seen.queues(&QueueKey::Exten(id.clone())) {
            Ok([(_, now)]) => {
                let done = record.iter().all(|entry| same(entry.value, now.record.get(entry.field)));
                if done { Outcome::Done(None) } else { Outcome::NotDone }
            }
            Ok(_) => Outcome::Late(Note::TargetGone { kind: Kind::Queue }),
            Err(reason) => Outcome::Unseen(reason),
        },
        WriteOp::Edit { id, record, .. } => match seen.agent(id) {
            Ok(Some(now)) => {
                // A repetition of an edit that no read proves does no harm.
                let done = !write_op::unreadable(supports, op)
                    && shown::values(agents, record.iter(), now) == Some(true);
                if done { Outcome::Done(None) } else { Outcome::NotDone }
            }
            Ok(None) => Outcome::Late(Note::TargetGone { kind: Kind::Agent }),
            Err(reason) => Outcome::Unseen(reason),
        },
        WriteOp::Delete { kind, ids } => {
            let mut left = Vec::new();
            let mut unseen = None;
            for id in ids {
                match seen.is_there(*kind, id) {
                    Ok(false) => {}
                    Ok(true) => left.push(id.clone()),
                    Err(reason) => unseen = Some(reason),
                }
            }
            match unseen {
                Some(reason) => Outcome::Unseen(reason),
                None if left.is_empty() => Outcome::Done(None),
                None => Outcome::Left(WriteOp::Delete { kind: *kind, ids: left }),
            }
        }
        WriteOp::SetMembers { exten, members, .. } => match seen.queues(&QueueKey::Exten(exten.clone())) {
            Ok([(_, now)]) => {
                let done = shown::members(strangers, members, now) == Some(true);
                if done { Outcome::Done(None) } else { Outcome::NotDone }
            }
            Ok(_) => Outcome::Late(Note::TargetGone { kind: Kind::Queue }),
            Err(reason) => Outcome::Unseen(reason),
        },
        WriteOp::SetPassword { .. } | WriteOp::PutSecret { .. } => Outcome::NotDone,
    }
}

/// Returns the fields that a step sent, that no read-back shows and that an edit can set again.
pub fn unconfirmed(plan: &Plan, agents: &Support, step: &Step, seen: &ReadBack) -> Open {
    let mut open = Open::new();
    if ![Verb::Create, Verb::Edit].map(Operation::agent).contains(&step.operation) {
        return open;
    }
    for target in &step.targets {
        let Some(change) = plan.change(target) else { continue };
        let Ok(Some(now)) = seen.agent(&target.name) else { continue };
        let sent = change.fields.iter().filter(|diff| diff.is_in(&step.fields));
        let unread = sent.filter_map(|diff| {
            let field = diff.field;
            let hidden = !agents.is_read(field) || now.is_unread(field);
            let settable =
                *field == PASSWORD || diff.after.as_ref().is_some_and(|value| agents.can_edit(field, value));
            (hidden && settable).then_some(field.key)
        });
        let unread: Vec<&'static str> = unread.collect();
        if !unread.is_empty() {
            open.insert(target.name.clone(), unread);
        }
    }
    open
}

/// Returns the names of the fields, each once.
pub fn keys(open: &Open) -> Vec<Word> {
    let keys: BTreeSet<&'static str> = open.values().flatten().copied().collect();
    keys.into_iter().map(Word::Borrowed).collect()
}

/// Returns the operations that set fields again: one edit an agent, and one a password.
pub fn follow_ups(plan: &Plan, open: &Open) -> Vec<WriteOp> {
    let mut ops = Vec::new();
    for (id, keys) in open {
        let Some(change) = plan.change(&ResourceId::agent(id)) else { continue };
        let mut record = Record::default();
        for diff in change.fields.iter().filter(|diff| keys.contains(&diff.field.key)) {
            if let Some(password) = diff.secret.as_deref().cloned().filter(|_| *diff.field == PASSWORD) {
                ops.push(WriteOp::SetPassword { kind: Kind::Agent, id: id.clone(), password });
            } else if let Some(value) = &diff.after {
                record.set(diff.field, value.clone(), None);
            }
        }
        if !record.is_empty() {
            ops.push(WriteOp::Edit { kind: Kind::Agent, id: id.clone(), record });
        }
    }
    ops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_form_hides_no_other_value() {
        let text = |text: &str| Value::Text(text.into());
        let long = "您好，这里是售前热线，请稍候，马上为您转接人工坐席。";
        let cut: String = long.chars().take(20).collect();
        for (wanted, live, form) in [
            ("+86 138", "+86138", true),
            ("400-800-8888", "4008008888", true),
            ("A@B.cn", "a@b.cn", true),
            ("王芳 ", "王芳", true),
            (long, &*cut, true),
            ("+86 138", "+86139", false),
            ("+86 138", "138", false),
            ("13800000000", "138", false),
            ("王芳", "王方", false),
            ("--", ".", false),
            (long, "您好", false),
        ] {
            assert_eq!(is_form(&text(wanted), &text(live)), form, "{wanted} {live}");
        }
        assert!(!is_form(&Value::Flag(true), &Value::Flag(false)));
    }
}
