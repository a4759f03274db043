//! Records the results of a run in the ledger.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::{replacement_backup, write_op};
use crate::model::agent::{self, PASSWORD};
use crate::model::desired::{Desired, DesiredQueue};
use crate::model::equivalence::same;
use crate::model::field::{Record, by_key};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::ledger::{AppliedPassword, Ledger, LedgerEntry, MadePassword, SeenPassword};
use crate::model::live::Live;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Action, Change, FieldDiff, Plan, Step, Verb};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::queue_match::{LiveNames, QueueMatch, queue_matches};
use crate::model::support::{Support, Supports};
use crate::model::value::Value;

/// Records the changes that took effect: every step that touches the resource must be done.
///
/// `prints` are keyed fingerprints of the passwords that were set, if there is a key.
pub fn changes(
    ledger: &mut Ledger,
    plan: &Plan,
    agents: &Support,
    results: &[StepResult],
    prints: &BTreeMap<OperatorId, String>,
) {
    replacement_backup::mark_restored(ledger, plan, results);
    made(ledger, plan, results);
    let mut touching: BTreeMap<&ResourceId, Vec<(&Step, &StepResult)>> = BTreeMap::new();
    for (step, result) in plan.steps.iter().zip(results) {
        for target in &step.targets {
            touching.entry(target).or_default().push((step, result));
        }
    }
    let written: Vec<(String, i64)> = touching
        .iter()
        .filter_map(|(id, steps)| {
            let answered = steps.iter().filter(|(step, _)| step.operation.verb != Verb::Put);
            Some((id.key(), answered.filter_map(|(_, result)| result.answered_ms).max()?.div_euclid(1000)))
        })
        .collect();
    for change in &plan.changes {
        let mine = || touching.get(&change.id).into_iter().flatten().copied();
        let done = |result: &StepResult| result.took(&change.id);
        if mine().next().is_none() {
            continue;
        }
        let all = mine().all(|(_, result)| done(result));
        let key = change.id.key();
        mark_waiting(ledger, change, all, mine());
        // The list of a queue that no manifest names does not belong to rosterctl.
        let is_foreign =
            change.id.kind == Kind::Queue && change.source.is_none() && !ledger.resources.contains_key(&key);
        if !all && !is_foreign {
            record_members(ledger, change, mine());
        }
        let deleted = mine().any(|(step, result)| step.operation.verb == Verb::Delete && done(result));
        if let (true, Some(applied)) = (deleted, ledger.resources.get_mut(&key)) {
            // The next agent of this number is another one.
            applied.identity = Identity::default();
        }
        match change.action {
            Action::Delete if all => {
                ledger.resources.remove(&key);
                // The ledger may know a queue by a former name.
                let queue = change.exten.as_ref().filter(|_| change.id.kind == Kind::Queue);
                if queue.is_some() {
                    ledger.resources.retain(|_, entry| entry.exten.as_ref() != queue);
                }
            }
            Action::Delete => {}
            Action::Create | Action::Update | Action::Replace => {
                // A field that two steps send counts when both are done.
                let sent = |wanted: bool| {
                    let steps = mine().filter(move |(_, result)| done(result) == wanted);
                    steps.flat_map(|(step, _)| step.fields.iter().copied())
                };
                let open: Vec<&str> = sent(false).collect();
                // Only the vendor's confirmation proves a field that no operation returns.
                let confirmed = |path: &str| {
                    mine().any(|(step, result)| {
                        let took = done(result) || result.acknowledged.contains(&change.id);
                        // A password in a store proves nothing about the vendor.
                        let confirmed = step.operation.verb != Verb::Put && result.confirmed && took;
                        let reset = took && result.reset.iter().any(|field| field == path);
                        reset || confirmed && step.fields.contains(&path)
                    })
                };
                let acknowledged = mine().filter(|(_, result)| result.acknowledged.contains(&change.id));
                let acknowledged = acknowledged.flat_map(|(step, _)| step.fields.iter().copied());
                let acknowledged = acknowledged.filter(|key| is_unread(agents, &change.id, key));
                let done = sent(true).filter(|field| !open.contains(field));
                let fields: Vec<&str> = done.chain(acknowledged).collect();
                if let Some((made, pending)) = mine().find_map(|(_, r)| Some((r.made.as_ref()?, r.pending))) {
                    let applied = ledger.resources.entry(key.clone()).or_default();
                    *applied =
                        LedgerEntry { exten: Some(made.to_string()), pending, ..LedgerEntry::default() };
                }
                if is_foreign {
                    continue;
                }
                if fields.is_empty() {
                    doubt(ledger, agents, change, mine());
                    not_taken(ledger, change, mine());
                    continue;
                }
                let applied = ledger.resources.entry(key).or_default();
                if change.action != Action::Update && change.id.kind == Kind::Agent {
                    *applied = LedgerEntry::default();
                    let identities = mine().flat_map(|(_, result)| &result.identities);
                    let identity =
                        identities.filter(|(id, _)| *id == change.id.name).map(|(_, known)| *known).next();
                    applied.identity = identity.unwrap_or_default();
                    applied.protect = change.protect;
                } else if change.id.kind == Kind::Agent {
                    meet(applied, &change.identity);
                }
                if let Some(exten) = &change.exten {
                    applied.exten = Some(exten.clone());
                }
                if fields.contains(&agent::ENABLED.key) {
                    applied.left = change.leave;
                }
                write(applied, agents, change, &fields, all, &confirmed, prints.get(&change.id.name));
                let dropped: Vec<&OperatorId> = mine().flat_map(|(_, result)| &result.dropped).collect();
                drop_members(applied, &dropped);
            }
        }
        doubt(ledger, agents, change, mine());
        not_taken(ledger, change, mine());
    }
    for (key, at) in written {
        if let Some(applied) = ledger.resources.get_mut(&key) {
            applied.written = applied.written.max(Some(at));
        }
    }
}

/// Marks the busy agents that a change waits for. A change that took effect waits for none.
fn mark_waiting<'a>(
    ledger: &mut Ledger,
    change: &Change,
    all: bool,
    mine: impl Iterator<Item = (&'a Step, &'a StepResult)>,
) {
    let spared = mine.flat_map(|(_, result)| &result.spared);
    let own = spared.filter(|spared| change.id.kind == Kind::Queue || spared.agent == change.id.name);
    let marks: BTreeMap<String, String> =
        own.map(|spared| (spared.agent.to_string(), spared.why.phrase().to_owned())).collect();
    if !marks.is_empty() {
        ledger.waiting.insert(change.id.key(), marks);
    } else if all {
        ledger.waiting.remove(&change.id.key());
    }
}

/// Records the member list that was written last, if not every step of the change took effect.
fn record_members<'a>(
    ledger: &mut Ledger,
    change: &Change,
    mine: impl Iterator<Item = (&'a Step, &'a StepResult)>,
) {
    let written = mine.filter(|(step, result)| step.operation.verb == Verb::Members && result.carried_out);
    let Some((step, result)) = written.last() else { return };
    if let Some(members) = result.members.as_ref().or_else(|| write_op::sent(step, Some(change))) {
        let applied = ledger.resources.entry(change.id.key()).or_default();
        applied.exten = applied.exten.take().or_else(|| change.exten.clone());
        let members = Value::Members(Arc::clone(members)).to_json();
        applied.fields.insert(ASSIGN_MEMBERS.key.to_owned(), members);
        drop_members(applied, &result.dropped.iter().collect::<Vec<_>>());
    }
}

/// Marks fields that no operation returns and that a call may have set without a confirmation.
fn doubt<'a>(
    ledger: &mut Ledger,
    agents: &Support,
    change: &Change,
    mine: impl Iterator<Item = (&'a Step, &'a StepResult)>,
) {
    let doubted = mine.filter(|(_, result)| result.doubted.contains(&change.id));
    let unread = |(step, result): (&'a Step, &'a StepResult)| {
        let reset = |path: &str| result.reset.iter().any(|field| field == path);
        let open = move |path: &&&str| is_unread(agents, &change.id, path) && !reset(path);
        step.fields.iter().filter(open)
    };
    let open: BTreeSet<String> = doubted.flat_map(unread).map(|path| (*path).to_owned()).collect();
    if !open.is_empty() {
        let applied = ledger.resources.entry(change.id.key()).or_default();
        applied.unconfirmed.extend(open);
        if change.action == Action::Update {
            applied.identity.fill_from(&change.identity);
        } else {
            // It is not known which agent has the number now.
            applied.identity = Identity::default();
        }
    }
}

/// Marks the values that forced a replacement and that the vendor did not accept.
fn not_taken<'a>(
    ledger: &mut Ledger,
    change: &Change,
    mut mine: impl Iterator<Item = (&'a Step, &'a StepResult)>,
) {
    let made_otherwise = mine.any(|(step, result)| {
        let there = result.doubted.contains(&change.id) || result.acknowledged.contains(&change.id);
        step.operation.verb == Verb::Create && result.status == Status::Failed && there
    });
    if change.action == Action::Replace && made_otherwise {
        let applied = ledger.resources.entry(change.id.key()).or_default();
        for diff in change.fields.iter().filter(|diff| diff.forces_replacement) {
            applied.not_taken.insert(diff.field.key.to_owned(), spelled(diff));
        }
    }
}

/// Records generated passwords of agents that the ledger knows: the next run uses them.
fn made(ledger: &mut Ledger, plan: &Plan, results: &[StepResult]) {
    for (step, result) in plan.steps.iter().zip(results) {
        if step.operation.verb != Verb::Put || step.renew || !result.carried_out {
            continue;
        }
        for target in &step.targets {
            let secret = plan.change(target).and_then(|change| change.field(&PASSWORD)?.secret.as_ref());
            if let (Some(secret), Some(applied)) = (secret, ledger.resources.get_mut(&target.key())) {
                applied.password_made = Some(MadePassword::from_ref(secret));
            }
        }
    }
}

/// Records the results of a run after which other runs wrote the ledger.
///
/// The ledger's values are newer and stay. A missing resource returns only if a manifest declares it.
pub fn merge_older(
    ledger: &mut Ledger,
    plan: &Plan,
    agents: &Support,
    results: &[StepResult],
    prints: &BTreeMap<OperatorId, String>,
    desired: &Desired,
) {
    let mut older = Ledger::default();
    changes(&mut older, plan, agents, results, prints);
    fill(ledger, older.resources, desired);
}

fn fill(ledger: &mut Ledger, older: BTreeMap<String, LedgerEntry>, desired: &Desired) {
    for (key, old) in older {
        let declared = ResourceId::parse(&key).is_some_and(|id| desired.wants(&id));
        let applied = match ledger.resources.entry(key) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                // The result of a step on another agent of the number proves nothing about this one.
                let unproved = known.succeeded && old.identity.is_unknown();
                if unproved || known.identity.is_another(&old.identity) {
                    continue;
                }
                known
            }
            Entry::Vacant(free) if declared => {
                let (identity, protect) = (old.identity, old.protect);
                free.insert(LedgerEntry { identity, protect, ..LedgerEntry::default() })
            }
            Entry::Vacant(_) => continue,
        };
        applied.written = applied.written.max(old.written);
        for (field, value) in old.fields {
            applied.fields.entry(field).or_insert(value);
        }
        let known = |field: &String| {
            applied.fields.contains_key(field) || (field == PASSWORD.key && applied.password.is_some())
        };
        let open: Vec<String> = old.unconfirmed.into_iter().filter(|field| !known(field)).collect();
        applied.unconfirmed.extend(open);
        if applied.exten.is_none() {
            (applied.exten, applied.pending) = (old.exten, old.pending);
        }
        if applied.password.is_none() && old.password.is_some() {
            (applied.password, applied.password_seen) = (old.password, None);
        }
    }
}

/// Removes members that the vendor dropped from the entry of a queue.
fn drop_members(applied: &mut LedgerEntry, dropped: &[&OperatorId]) {
    let known = applied.value(&ASSIGN_MEMBERS).filter(|_| !dropped.is_empty());
    if let Some(Value::Members(mut members)) = known {
        Arc::make_mut(&mut members).retain(|id, _| !dropped.contains(&id));
        applied.fields.insert(ASSIGN_MEMBERS.key.to_owned(), Value::Members(members).to_json());
    }
}

/// Returns true if no operation returns a field.
fn is_unread(agents: &Support, id: &ResourceId, path: &str) -> bool {
    id.kind == Kind::Agent && by_key(agent::FIELDS, path).is_some_and(|field| !agents.is_read(field))
}

fn write(
    applied: &mut LedgerEntry,
    agents: &Support,
    change: &Change,
    fields: &[&str],
    all: bool,
    confirmed: &dyn Fn(&str) -> bool,
    print: Option<&String>,
) {
    for diff in &change.fields {
        // A creation that took effect proves the whole change.
        let key = diff.field.key;
        if !all && !fields.contains(&key) {
            continue;
        }
        if is_unread(agents, &change.id, key) && !confirmed(key) {
            applied.unconfirmed.insert(key.to_owned());
            if let Some(secret) = diff.secret.as_ref().filter(|secret| secret.generate) {
                applied.password_made = Some(MadePassword::from_ref(secret));
            }
            continue;
        }
        applied.unconfirmed.remove(key);
        if *diff.field == PASSWORD {
            let secret = diff.secret.as_ref();
            applied.password = Some(AppliedPassword {
                version: secret.and_then(|secret| secret.version),
                fingerprint: print.cloned(),
                store: secret.map(|secret| secret.store.to_string()),
                key: secret.map(|secret| secret.key.to_string()),
            });
            (applied.password_seen, applied.password_made) = (None, None);
        } else {
            applied.fields.insert(key.to_owned(), spelled(diff));
        }
        // No manifest holds the values that a replacement restores.
        if diff.source.is_none() && diff.secret.is_none() {
            applied.released.insert(key.to_owned());
        } else {
            applied.released.remove(key);
        }
    }
}

/// Returns the value after a change in the spelling of the ledger.
fn spelled(diff: &FieldDiff) -> Json {
    diff.after.as_ref().map_or(Json::Null, Value::to_json)
}

/// Adopts resources: records their identities, and the fields whose desired and live values agree.
///
/// Fields that no operation returns stay. For a password that rosterctl never set the first `version` is kept.
pub fn adopt(ledger: &mut Ledger, supports: &Supports, desired: &Desired, live: &Live, plan: &Plan) {
    replacement_backup::prune_backups(ledger, desired, live, plan);
    let in_scope = |id: &ResourceId| plan.targets.is_empty() || plan.targets.contains(id);
    let changed: BTreeMap<String, Action> =
        plan.changes.iter().map(|change| (change.id.key(), change.action)).collect();
    // Without a change nothing waits.
    ledger.waiting.retain(|key, _| {
        changed.contains_key(key) || ResourceId::parse(key).is_some_and(|id| !in_scope(&id))
    });
    if let Some(agents) = &live.agents {
        for (id, agent) in desired.agents.iter().filter(|(_, agent)| agent.is_compared()) {
            let resource = ResourceId::agent(id);
            if let Some(now) = agents.items.get(id).filter(|_| in_scope(&resource)) {
                let key = resource.key();
                let skip = matches!(changed.get(&key), Some(Action::Replace));
                if !skip {
                    let applied = ledger.resources.entry(key).or_default();
                    meet(applied, now.identity());
                    applied.protect = agent.protect;
                    // No manifest holds the field that a leave sets.
                    if agent.is_present() {
                        adopt_one(applied, supports.agents, &agent.record, now);
                    }
                }
            }
        }
    }
    if let Some(queues) = &live.queues {
        let names = LiveNames::new(queues);
        let mut matches: Vec<(&ResourceId, &DesiredQueue, OperatorId)> = Vec::new();
        for (id, queue, found) in queue_matches(desired, ledger, queues, &names) {
            if let QueueMatch::Live(exten) = found
                && in_scope(id)
            {
                matches.push((id, queue, exten.clone()));
            }
        }
        let is_live = |entry: &LedgerEntry| {
            entry.exten.as_deref().is_some_and(|exten| queues.items.contains_key(&OperatorId::from(exten)))
        };
        for entry in ledger.resources.values_mut().filter(|entry| entry.pending) {
            entry.pending = !is_live(entry);
        }
        let keys = ledger.queues().filter_map(|(id, entry)| Some((entry.exten.clone()?, id.key())));
        let keys: BTreeMap<String, String> = keys.collect();
        for (id, queue, exten) in matches {
            let applied = follow(ledger, &keys, id, exten.as_str());
            // No manifest declares a queue that only agents name.
            (applied.pending, applied.let_go) = (false, queue.implied);
            if let Some(now) = queues.items.get(&exten) {
                adopt_one(applied, supports.queues, &queue.record, &now.record);
            }
        }
    }
}

/// Records the identity of a number's agent. If it is another agent, its entry starts empty.
fn meet(applied: &mut LedgerEntry, now: &Identity) {
    if applied.identity.is_another(now) {
        *applied = LedgerEntry { succeeded: true, ..LedgerEntry::default() };
    }
    applied.identity.fill_from(now);
}

/// Returns the entry of a live queue under its declared name, which may be a new one.
fn follow<'a>(
    ledger: &'a mut Ledger,
    keys: &BTreeMap<String, String>,
    id: &ResourceId,
    exten: &str,
) -> &'a mut LedgerEntry {
    let key = id.key();
    let known = ledger.resources.get(&key).map(|entry| entry.exten.as_deref());
    if !matches!(known, Some(None)) && known != Some(Some(exten)) {
        let former = keys.get(exten).and_then(|former| ledger.resources.remove(former));
        ledger.resources.insert(key.clone(), former.unwrap_or_default());
    }
    let applied = ledger.resources.entry(key).or_default();
    applied.exten = Some(exten.to_owned());
    applied
}

/// Records a clean run. Drops resources that are neither declared nor live, and fields that left the manifests.
///
/// `live` is the state before the run.
pub fn note_clean_run(ledger: &mut Ledger, supports: &Supports, desired: &Desired, live: &Live) {
    let queues: BTreeMap<String, &DesiredQueue> =
        desired.queues.iter().map(|(id, queue)| (id.key(), queue)).collect();
    ledger.resources.retain(|key, entry| {
        let Some(id) = ResourceId::parse(key) else { return true };
        match id.kind {
            Kind::Agent => {
                entry.succeeded = false;
                if let Some(agent) = desired.agents.get(&id.name).filter(|agent| agent.is_present()) {
                    release(entry, supports.agents, &id, &agent.record);
                    // Every difference is gone: the agent is enabled again, or the manifest says otherwise.
                    entry.left = false;
                    return true;
                }
                let Some(agents) = &live.agents else { return true };
                let now = agents.items.get(&id.name).filter(|now| !entry.identity.is_another(now.identity()));
                // A ledger of version 1 holds no identity.
                if let Some(now) = now {
                    entry.identity.fill_from(now.identity());
                }
                now.is_some() || agents.foreign.contains(&id.name) || agents.outside.contains_key(&id.name)
            }
            Kind::Queue => {
                if let Some(queue) = queues.get(key) {
                    release(entry, supports.agents, &id, &queue.record);
                    return true;
                }
                let (Some(queues), false) = (&live.queues, entry.pending) else { return true };
                let exten = entry.exten.take();
                let there = exten.as_deref().map(OperatorId::from).is_some_and(|exten| {
                    queues.items.contains_key(&exten) || queues.outside.contains_key(&exten)
                });
                *entry = LedgerEntry { exten, let_go: true, ..LedgerEntry::default() };
                there
            }
            Kind::Seat => true,
        }
    });
}

/// Notes which known fields the manifest does not hold. What a system returns need not be known for them.
fn release(entry: &mut LedgerEntry, agents: &Support, id: &ResourceId, declared: &Record) {
    let is_declared = |key: &str| declared.iter().any(|entry| entry.field.key == key);
    entry.fields.retain(|key, _| is_declared(key) || is_unread(agents, id, key));
    let password = entry.password.is_some().then_some(PASSWORD.key);
    let known = entry.fields.keys().map(String::as_str).chain(password);
    entry.released = known.filter(|key| !is_declared(key)).map(str::to_owned).collect();
}

fn adopt_one(applied: &mut LedgerEntry, support: &Support, desired: &Record, live: &Record) {
    for entry in desired.iter().filter(|entry| support.is_read(entry.field) && !live.is_unread(entry.field)) {
        let now = live.get(entry.field);
        // With `at-least`, the live list may be longer than the declared one, and was applied.
        let value = match (entry.value, now) {
            (Value::Members(wanted), Some(value @ Value::Members(now)))
                if wanted.iter().all(|(id, priority)| now.get(id) == Some(priority)) =>
            {
                value
            }
            (value, now) if same(value, now) => value,
            _ => continue,
        };
        applied.not_taken.remove(entry.field.key);
        applied.released.remove(entry.field.key);
        applied.fields.insert(entry.field.key.to_owned(), value.to_json());
    }
    if let Some(Value::Password(secret)) = desired.get(&PASSWORD)
        && applied.password.is_none()
    {
        applied.password_seen.get_or_insert(SeenPassword { version: secret.version });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretRef;

    /// Returns the ledger after an adoption of an agent with a version of its password.
    fn adopted(mut ledger: Ledger, version: Option<u32>) -> Ledger {
        let secret = SecretRef { store: "files".into(), key: "k".into(), generate: false, version };
        let mut record = Record::default();
        record.set(&PASSWORD, Value::Password(Arc::new(secret)), None);
        let applied = ledger.resources.entry("agent/8001".to_owned()).or_default();
        adopt_one(applied, Supports::default().agents, &record, &Record::default());
        ledger
    }

    fn applied(ledger: &Ledger) -> &LedgerEntry {
        &ledger.resources["agent/8001"]
    }

    #[test]
    fn what_was_done_before_others_wrote_the_ledger_only_fills_its_gaps() {
        let field = |role: &str| BTreeMap::from([("role".to_owned(), Json::from(role))]);
        let mut ledger = Ledger::default();
        let known = LedgerEntry { fields: field("班长"), ..LedgerEntry::default() };
        ledger.resources.insert("agent/8001".to_owned(), known);
        let exten = Some("1001".to_owned());
        let gone = LedgerEntry { fields: field("坐席"), ..LedgerEntry::default() };
        let made = AppliedPassword { version: Some(1), ..AppliedPassword::default() };
        let old = LedgerEntry { exten: exten.clone(), password: Some(made.clone()), ..gone.clone() };
        let older = ["agent/8001", "agent/8002"].map(|id| (id.to_owned(), old.clone()));
        fill(&mut ledger, older.into(), &Desired::default());
        assert_eq!(ledger.resources.len(), 1, "what no manifest asks for is not owned");
        let filled =
            LedgerEntry { fields: field("班长"), exten, password: Some(made), ..LedgerEntry::default() };
        assert_eq!(applied(&ledger), &filled);
    }

    #[test]
    fn the_first_version_of_a_password_that_was_not_set_is_kept() {
        let first = adopted(Ledger::default(), Some(1));
        assert_eq!(applied(&first).password_seen, Some(SeenPassword { version: Some(1) }));
        assert_eq!(applied(&first).password, None, "seeing it sets nothing");
        let later = adopted(first, Some(2));
        assert_eq!(applied(&later).password_seen, Some(SeenPassword { version: Some(1) }), "until it is set");
        let unsaid = adopted(Ledger::default(), None);
        assert_eq!(applied(&unsaid).password_seen, Some(SeenPassword { version: None }));
    }

    #[test]
    fn a_password_that_was_set_needs_no_version_that_was_seen() {
        let mut ledger = Ledger::default();
        let password = Some(AppliedPassword { version: Some(1), ..AppliedPassword::default() });
        ledger.resources.insert("agent/8001".to_owned(), LedgerEntry { password, ..LedgerEntry::default() });
        assert_eq!(adopted(ledger.clone(), Some(2)), ledger);
    }
}
