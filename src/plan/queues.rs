//! Queues: found by name, or by the number that the manifest pins. Their members are replaced once.
//!
//! A live queue that no manifest means is deleted if the policy says so and the connector can.
//!
//! A deleted agent leaves every queue first, even one that no manifest names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agents::{is_due_deletion, is_left_out};
use super::context::{Context, Draft};
use super::prune::prunes_queue;
use super::released::Released;
use super::targets::Scope;
use super::{change_origin, chosen, replacement_restore, unknown_members};
use crate::config::scope::EXTEN;
use crate::model::agent::NAME;
use crate::model::desired::DesiredQueue;
use crate::model::difference::Difference;
use crate::model::equivalence::same;
use crate::model::field::Entry;
use crate::model::finding::Numbered;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::ledger::{Ledger, LedgerEntry};
use crate::model::live::{Listing, LiveQueue};
use crate::model::message::Word;
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::queue_match::{LiveNames, QueueMatch, queue_matches};
use crate::model::reason::ChangeReason;
use crate::model::rule::{
    AMBIGUOUS_QUEUE, ELSEWHERE, IMMUTABLE, INCOMPLETE, INVISIBLE_NAME, KEPT_MEMBERS, LEAVING_MEMBER,
    LEFT_QUEUE, LOOKALIKE_QUEUE, MISSING_EXTEN, OUTSIDE, PENDING_QUEUE, RENAMED_QUEUE, TOO_FEW_MEMBERS,
    UNKNOWN_MEMBER, UNKNOWN_QUEUE, UNMANAGED_QUEUE,
};
use crate::model::support::Support;
use crate::model::text::{is_hidden, skeleton};
use crate::model::value::{Members, Value};

/// Plans every queue, after the agents.
pub(super) fn decide(context: &Context<'_>, scope: &Scope, draft: &mut Draft) {
    let Some(listing) = &context.live.queues else { return };
    if let Some(doubt) = &listing.incomplete {
        draft.find(Finding::new(&INCOMPLETE, FindingKind::QueuesIncomplete { doubt: doubt.clone() }));
    }
    let leaving: BTreeSet<OperatorId> =
        draft.ids(Action::Delete).filter(|id| id.kind == Kind::Agent).map(|id| id.name.clone()).collect();
    let made: BTreeSet<OperatorId> =
        draft.ids(Action::Create).filter(|id| id.kind == Kind::Agent).map(|id| id.name.clone()).collect();
    let names = LiveNames::new(listing);
    let known = LedgerQueues::new(context.ledger);
    let matches = queue_matches(context.desired, context.ledger, listing, &names);
    let mut claimed: BTreeMap<&OperatorId, &DesiredQueue> = BTreeMap::new();
    let mut missing = Vec::new();
    // A manifest may mean either of two queues, so neither is unmanaged.
    let mut disputed: BTreeSet<&OperatorId> = BTreeSet::new();
    for (id, queue, found) in matches {
        let held = scope.holds(id);
        if let QueueMatch::Conflict { known, named } = found {
            disputed.extend([known, named]);
        }
        match found {
            QueueMatch::Live(exten) => {
                claimed.insert(exten, queue);
            }
            QueueMatch::Claimed(exten, first) => draft.find(claimed_twice(id, queue, exten, &first)),
            QueueMatch::Namesakes(extens) if held => draft.find(ambiguous(id, queue, &extens)),
            QueueMatch::Conflict { known, named } if held => {
                draft.find(conflict(id, queue, listing, known, named));
            }
            QueueMatch::Pending(exten, known) if held => draft.find(pending(id, queue, exten, &known)),
            QueueMatch::Missing if held && queue.implied => {
                if listing.incomplete.is_none() {
                    draft.find(unknown_queue(context, id, queue, &names));
                }
            }
            QueueMatch::Outside(exten) if held => draft.find(outside(id, queue, listing, exten)),
            QueueMatch::Missing if held => missing.push((id, queue)),
            QueueMatch::Namesakes(_)
            | QueueMatch::Conflict { .. }
            | QueueMatch::Pending(..)
            | QueueMatch::Outside(_)
            | QueueMatch::Missing => {}
        }
        check_members(context, draft, id, queue, held, &leaving);
    }
    if listing.incomplete.is_none() {
        let newcomers = Newcomers::new(context, listing, &names, &claimed, &missing);
        for (id, queue) in missing {
            create(context, draft, id, queue, &newcomers, &made);
        }
    }
    let declared_names: BTreeSet<&str> = context
        .desired
        .queues
        .values()
        .filter(|queue| queue.exten.is_none())
        .map(|queue| &*queue.name)
        .collect();
    let mut released = Released::default();
    let returning = replacement_restore::pending_memberships(context, scope, draft);
    for (exten, live) in &listing.items {
        let declared = claimed.get(exten).copied();
        let id = declared.map_or_else(|| undeclared_id(&names, exten, live), DesiredQueue::id);
        let managed = declared.filter(|_| scope.holds(&id));
        let applied = known.get(exten);
        if declared.is_none() && !declared_names.contains(&*live.name) {
            let numbered = ResourceId::queue(&live.name, Some(exten.as_str()));
            let held = scope.holds(&id) || scope.holds(&numbered);
            let deletable = held && listing.incomplete.is_none() && !disputed.contains(exten);
            if deletable && prunes_queue(context, applied) {
                delete(context, draft, id, &numbered, exten, live, applied);
                continue;
            }
            if scope.is_whole() {
                draft.find(
                    Finding::new(&UNMANAGED_QUEUE, FindingKind::UnmanagedQueue { exten: exten.into() })
                        .about(&id),
                );
            }
        }
        let mut edits = Vec::new();
        if let Some(queue) = managed {
            released.add(&id, &queue.record, &live.record, applied);
            edits = attributes(context.supports.queues, draft, &id, queue, exten, live, applied);
        }
        let back = returning.get(exten.as_str()).map_or(&[][..], Vec::as_slice);
        members(context, draft, &id, exten, live, applied, managed, declared, &leaving, &made, back);
        edit(draft, &id, exten, managed, edits);
    }
    released.report(draft);
}

/// Plans the deletion of a live queue that no manifest names. `numbered` is its id with its number.
fn delete(
    context: &Context<'_>,
    draft: &mut Draft,
    id: ResourceId,
    numbered: &ResourceId,
    exten: &OperatorId,
    live: &LiveQueue,
    applied: Option<&LedgerEntry>,
) {
    if let Some(other) = context.options.elsewhere.get(numbered) {
        let what = FindingKind::Elsewhere { workspace: other.to_string() };
        draft.find(Finding::new(&ELSEWHERE, what).about(&id));
        return;
    }
    let members = live.members().into_iter().flat_map(|members| members.keys());
    let gone = |entry: Entry<'_>| {
        FieldDiff::new(entry.field, Some(entry.value.clone()), None, ChangeOrigin::Unknown)
    };
    draft.changes.push(Change {
        id,
        action: Action::Delete,
        title: None,
        moved: if applied.is_some() { ChangeOrigin::Manifest } else { ChangeOrigin::Unknown },
        exten: Some(exten.to_string()),
        identity: Identity::default(),
        protect: false,
        leave: false,
        last_changed: None,
        reason: Some(ChangeReason::Pruned { kind: Kind::Queue }),
        names: members.filter_map(|member| Some((member.clone(), name(context, member)?))).collect(),
        fields: live.record.iter().map(gone).collect(),
        source: None,
    });
}

/// The ledger's entries of queues, by the vendor's number.
struct LedgerQueues<'a>(BTreeMap<&'a str, &'a LedgerEntry>);

impl<'a> LedgerQueues<'a> {
    fn new(ledger: &'a Ledger) -> Self {
        Self(ledger.queues().filter_map(|(_, entry)| Some((entry.exten.as_deref()?, entry))).collect())
    }

    fn get(&self, exten: &OperatorId) -> Option<&'a LedgerEntry> {
        self.0.get(exten.as_str()).copied()
    }
}

/// Returns the id of an undeclared queue: its name, with its number if the name is not unique.
fn undeclared_id(names: &LiveNames<'_>, exten: &OperatorId, live: &LiveQueue) -> ResourceId {
    let alone = names.extens(&live.name).len() == 1;
    ResourceId::queue(&live.name, (!alone).then_some(exten.as_str()))
}

fn ambiguous(id: &ResourceId, queue: &DesiredQueue, extens: &[&OperatorId]) -> Finding {
    Finding::new(
        &AMBIGUOUS_QUEUE,
        FindingKind::Ambiguous {
            name: queue.name.to_string(),
            extens: extens.iter().copied().map(Word::from).collect(),
        },
    )
    .about(id)
    .at(&queue.source)
}

fn claimed_twice(id: &ResourceId, queue: &DesiredQueue, exten: &OperatorId, first: &ResourceId) -> Finding {
    Finding::new(&AMBIGUOUS_QUEUE, FindingKind::ClaimedTwice { exten: exten.into(), first: first.clone() })
        .about(id)
        .at(&queue.source)
}

/// Returns the finding for a name and a ledger entry that find different queues.
///
/// A former name counts like a ledger entry.
fn conflict(
    id: &ResourceId,
    queue: &DesiredQueue,
    listing: &Listing<OperatorId, LiveQueue>,
    known: &OperatorId,
    named: &OperatorId,
) -> Finding {
    let name = listing.items.get(known).map(|live| live.name.to_string()).unwrap_or_default();
    Finding::new(
        &AMBIGUOUS_QUEUE,
        FindingKind::TwoQueues { named: named.into(), known: known.into(), name, was: queue.was.is_some() },
    )
    .about(id)
    .at(&queue.source)
}

/// Returns the finding for a queue that agents name, and that is neither declared nor live.
fn unknown_queue(
    context: &Context<'_>,
    id: &ResourceId,
    queue: &DesiredQueue,
    names: &LiveNames<'_>,
) -> Finding {
    let declared = context.desired.declared_queues().map(|(_, other)| &*other.name);
    let near = crate::model::diagnostic::did_you_mean(&queue.name, declared.chain(names.iter()));
    let what = FindingKind::UnknownQueue { near: near.map(str::to_owned) };
    Finding::new(&UNKNOWN_QUEUE, what).about(id).at(&queue.source)
}

/// Returns the finding for a declared queue that is live outside the scope.
fn outside(
    id: &ResourceId,
    queue: &DesiredQueue,
    listing: &Listing<OperatorId, LiveQueue>,
    exten: &OperatorId,
) -> Finding {
    let live = listing.outside.get(exten).map(|live| live.name.to_string()).unwrap_or_default();
    Finding::new(&OUTSIDE, FindingKind::OutsideQueue { exten: exten.into(), live })
        .about(id)
        .at(&queue.source)
}

/// Returns the finding for a created queue that no listing has shown.
fn pending(id: &ResourceId, queue: &DesiredQueue, exten: &str, known: &ResourceId) -> Finding {
    Finding::new(
        &PENDING_QUEUE,
        FindingKind::Pending { exten: exten.to_owned().into(), known: known.clone() },
    )
    .about(id)
    .at(&queue.source)
}

/// The queues of which a new one may be a duplicate.
struct Newcomers<'a> {
    /// The names of live and of new queues, by their visible form.
    seen: BTreeMap<String, BTreeSet<&'a str>>,
    /// The queues that left the manifests since the last clean run: id in the ledger, number.
    ///
    /// Queues that are known to be deleted are not among them.
    left: Vec<(ResourceId, &'a str)>,
    /// True if the vendor can delete queues.
    deletable: bool,
}

impl<'a> Newcomers<'a> {
    fn new(
        context: &Context<'a>,
        listing: &'a Listing<OperatorId, LiveQueue>,
        names: &LiveNames<'a>,
        claimed: &BTreeMap<&OperatorId, &DesiredQueue>,
        missing: &[(&'a ResourceId, &'a DesiredQueue)],
    ) -> Self {
        let mut seen: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        if !missing.is_empty() {
            let outside = listing.outside.values().map(|queue| &*queue.name);
            for name in names.iter().chain(outside).chain(missing.iter().map(|(_, queue)| &*queue.name)) {
                seen.entry(skeleton(name)).or_default().insert(name);
            }
        }
        let mut left = Vec::new();
        for (id, entry) in context.ledger.queues().filter(|(_, entry)| !entry.let_go) {
            let Some(exten) = entry.exten.as_deref() else { continue };
            let key = OperatorId::from(exten);
            let there = entry.pending || listing.items.contains_key(&key);
            // Agents alone may still name a queue that left.
            let held = context.desired.queues.get(&id).is_some_and(|queue| !queue.implied)
                || claimed.get(&key).is_some_and(|queue| !queue.implied);
            if there && !held {
                left.push((id, exten));
            }
        }
        Self { seen, left, deletable: context.supports.queues.verbs.delete.is_some() }
    }

    /// Returns the objection to the creation of a queue, if any.
    fn objection(&self, id: &ResourceId, queue: &DesiredQueue) -> Option<Finding> {
        if queue.distinct {
            return None;
        }
        let mut alike = self.seen.get(&skeleton(&queue.name)).into_iter().flatten().copied();
        if let Some(other) = alike.find(|name| *name != &*queue.name) {
            let what = FindingKind::Lookalike { name: queue.name.to_string(), other: other.to_owned() };
            return Some(Finding::new(&LOOKALIKE_QUEUE, what).about(id).at(&queue.source));
        }
        // A former name that finds no queue is no reason to create one.
        if self.left.is_empty() {
            return None;
        }
        let named = self.left.iter().take(MOST_NAMED);
        let left: Vec<Numbered> =
            named.map(|(id, exten)| Numbered { id: id.clone(), exten: (*exten).to_owned().into() }).collect();
        let more = self.left.len() - left.len();
        let what = if self.deletable {
            FindingKind::LeftDeletable { left, more }
        } else {
            FindingKind::LeftQueues { left, more }
        };
        Some(Finding::new(&LEFT_QUEUE, what).about(id).at(&queue.source))
    }
}

/// The most queues that one finding names.
const MOST_NAMED: usize = 5;

fn create(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    queue: &DesiredQueue,
    newcomers: &Newcomers<'_>,
    made: &BTreeSet<OperatorId>,
) {
    if let Some(exten) = &queue.exten {
        draft.find(
            Finding::new(&MISSING_EXTEN, FindingKind::MissingExten { exten: exten.to_string().into() })
                .about(id)
                .at(&queue.source),
        );
        return;
    }
    if context.workspace.scope.needs_exten() {
        let what = FindingKind::CreatedOutside { key: EXTEN.into() };
        draft.find(Finding::new(&OUTSIDE, what).about(id).at(&queue.source));
        return;
    }
    if let Some(objection) = newcomers.objection(id, queue) {
        draft.find(objection);
        return;
    }
    if queue.name.chars().any(is_hidden) {
        let what = FindingKind::InvisibleName { name: queue.name.to_string() };
        draft.find(Finding::new(&INVISIBLE_NAME, what).about(id).at(&queue.source));
        return;
    }
    let moved = if context.ledger.get(id).is_some_and(|entry| !entry.let_go) {
        ChangeOrigin::Live
    } else {
        ChangeOrigin::Manifest
    };
    let mut fields: Vec<FieldDiff> =
        queue.record.iter().map(|entry| FieldDiff::to_entry(None, entry, moved)).collect();
    let mut all = 0;
    let mut left = 0;
    for field in &mut fields {
        if let Some(Value::Members(members)) = &mut field.after {
            all = members.len();
            if members.keys().any(|id| is_left_out(context, id, made.contains(id))) {
                Arc::make_mut(members).retain(|id, _| !is_left_out(context, id, made.contains(id)));
            }
            left = members.len();
        }
    }
    draft.changes.push(Change {
        id: id.clone(),
        action: Action::Create,
        title: None,
        moved,
        exten: None,
        identity: Identity::default(),
        protect: false,
        leave: false,
        last_changed: None,
        reason: None,
        names: BTreeMap::new(),
        fields,
        source: Some(queue.source.clone()),
    });
    // Left-out agents are no reason to refuse a new queue.
    if all == left {
        check_minimum(draft, id, queue, all);
    }
}

/// Checks that every member is a declared or a live agent, and stays.
///
/// Of queues out of scope it checks only that members stay.
fn check_members(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    queue: &DesiredQueue,
    held: bool,
    leaving: &BTreeSet<OperatorId>,
) {
    let Some(members) = queue.members() else { return };
    let Some(agents) = context.live.agents.as_ref() else { return };
    for member in members.keys() {
        let source = queue.member_sources.get(member).unwrap_or(&queue.source);
        if leaving.contains(member) {
            draft.find(
                Finding::new(&LEAVING_MEMBER, FindingKind::LeavingMember { member: member.clone() })
                    .about(id)
                    .at(source),
            );
        } else if held && !context.desired.agents.contains_key(member) && agents.outside.contains_key(member)
        {
            let what = FindingKind::OutsideMember { member: member.clone() };
            draft.find(Finding::new(&UNKNOWN_MEMBER, what).about(id).at(source));
        } else if held
            && !context.desired.agents.contains_key(member)
            && !agents.items.contains_key(member)
            && agents.incomplete.is_none()
        {
            let declared =
                context.desired.agents.iter().filter(|(_, agent)| !agent.is_absent()).map(|(id, _)| id);
            let known = || declared.clone().chain(agents.items.keys()).map(OperatorId::as_str);
            let near = draft
                .may_search()
                .then(|| crate::model::diagnostic::did_you_mean(member.as_str(), known()))
                .flatten();
            let near = near.map(OperatorId::from);
            draft.find(
                Finding::new(&UNKNOWN_MEMBER, FindingKind::UnknownMember { member: member.clone(), near })
                    .about(id)
                    .at(source),
            );
        }
    }
}

/// Adds the attributes that an edit sets to the change of a queue.
fn edit(
    draft: &mut Draft,
    id: &ResourceId,
    exten: &OperatorId,
    managed: Option<&DesiredQueue>,
    edits: Vec<FieldDiff>,
) {
    if edits.is_empty() {
        return;
    }
    if let Some(change) = draft.changes.last_mut().filter(|change| change.id == *id) {
        change.fields.splice(0..0, edits);
        change.moved = change_origin::all(&change.fields);
        return;
    }
    draft.changes.push(Change {
        id: id.clone(),
        action: Action::Update,
        title: None,
        moved: change_origin::all(&edits),
        exten: Some(exten.to_string()),
        identity: Identity::default(),
        protect: false,
        leave: false,
        last_changed: None,
        reason: None,
        names: BTreeMap::new(),
        fields: edits,
        source: managed.map(|queue| queue.source.clone()),
    });
}

/// Returns the attributes that an edit sets; a difference that no edit can set is a finding.
fn attributes(
    support: &Support,
    draft: &mut Draft,
    id: &ResourceId,
    queue: &DesiredQueue,
    exten: &OperatorId,
    live: &LiveQueue,
    applied: Option<&LedgerEntry>,
) -> Vec<FieldDiff> {
    if queue.name != live.name {
        let (exten, now) = (Word::from(exten), live.name.to_string());
        let what = if queue.was.as_ref().is_some_and(|(was, _)| *was == live.name) {
            FindingKind::RenamedInManifest { exten, live: now, declared: queue.name.to_string() }
        } else {
            FindingKind::RenamedInConsole { exten, live: now }
        };
        draft.find(Finding::new(&RENAMED_QUEUE, what).about(id).at(&queue.source));
    }
    let mut edits = Vec::new();
    for entry in queue.record.iter().filter(|entry| *entry.field != ASSIGN_MEMBERS) {
        let now = live.record.get(entry.field);
        // A missing value is unread, so it is not a difference.
        if now.is_none() || same(entry.value, now) {
            continue;
        }
        if support.verbs.update.is_some() && support.can_edit(entry.field, entry.value) {
            let moved = change_origin::field(applied, entry.field, now, entry.value, std::iter::empty());
            edits.push(FieldDiff::to_entry(now.cloned(), entry, moved));
            continue;
        }
        let mut finding = Finding::new(
            &IMMUTABLE,
            FindingKind::Immutable {
                difference: Difference {
                    kind: Kind::Queue,
                    field: entry.field,
                    before: now.cloned(),
                    after: Some(entry.value.clone()),
                },
            },
        )
        .about(id);
        finding.source = entry.source.cloned();
        draft.find(finding);
    }
    edits
}

#[expect(clippy::too_many_arguments, reason = "the pair, and what the agents' decisions mean for it")]
fn members(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    exten: &OperatorId,
    live: &LiveQueue,
    applied: Option<&LedgerEntry>,
    managed: Option<&DesiredQueue>,
    declared: Option<&DesiredQueue>,
    leaving: &BTreeSet<OperatorId>,
    made: &BTreeSet<OperatorId>,
    back: &[(OperatorId, i64)],
) {
    // Unread members make the listing incomplete: no step replaces them.
    let Some(now) = live.members() else { return };
    let list = managed.map_or(ListMode::Exact, |queue| context.workspace.policy.mode(queue));
    let managed = managed.filter(|_| list != ListMode::Ignore);
    let entry = managed.and_then(|queue| queue.record.entry(&ASSIGN_MEMBERS));
    let mut wanted = match entry.map(|entry| entry.value) {
        Some(Value::Members(members)) if list == ListMode::AtLeast => {
            let mut all = Members::clone(now);
            all.extend(members.iter().map(|(id, priority)| (id.clone(), *priority)));
            all
        }
        Some(Value::Members(members)) => Members::clone(members),
        _ => Members::clone(now),
    };
    // A declared member list is final; without one, replaced agents return to the queue.
    if entry.is_none() || list == ListMode::AtLeast {
        for (member, priority) in back {
            wanted.entry(member.clone()).or_insert(*priority);
        }
    }
    // No queue that the manifests hold keeps an agent that is out of its dates, also one that it does not name.
    let excluded = |member: &OperatorId| {
        managed.is_some_and(|queue| {
            let agent = context.desired.agents.get(member);
            let is_listed = !queue.implied && queue.members().is_some();
            queue.excluded.contains_key(member)
                || is_listed && agent.is_some_and(|agent| agent.out_of_date.is_some())
        })
    };
    wanted.retain(|member, _| !leaving.contains(member) && !excluded(member));
    let kept = outside_members(context, now);
    if let (Some(queue), Some(_), false) = (managed, entry, kept.is_empty()) {
        let members = kept.iter().take(MOST_NAMED).map(|(member, _)| (*member).clone()).collect();
        let what = FindingKind::KeptMembers { members, more: kept.len().saturating_sub(MOST_NAMED) };
        draft.find(Finding::new(&KEPT_MEMBERS, what).about(id).at(&queue.source));
    }
    wanted.extend(kept.into_iter().map(|(member, priority)| (member.clone(), priority)));
    // The vendor skips an agent that does not exist, unless it is a listed member: that one stays listed.
    let all = wanted.len();
    wanted
        .retain(|member, _| now.contains_key(member) || !is_left_out(context, member, made.contains(member)));
    // A left-out agent that is no live member makes no queue smaller.
    let spared = wanted.len() < all && now.keys().all(|member| wanted.contains_key(member));
    let written = wanted != *now;
    if let Some(queue) = managed.or(declared.filter(|_| written)).filter(|_| !spared) {
        let made = |id: &OperatorId| made.contains(id);
        // Members that the vendor may drop do not count.
        let strangers = if written { unknown_members::find(context, &wanted, made).len() } else { 0 };
        check_minimum(draft, id, queue, wanted.len() - strangers);
    }
    if !written {
        return;
    }
    let gone: Vec<OperatorId> = now.keys().filter(|member| leaving.contains(*member)).cloned().collect();
    let differs = |member: &&OperatorId| now.contains_key(*member) != wanted.contains_key(*member);
    let names = now.keys().chain(wanted.keys()).filter(differs);
    let names = names.filter_map(|member| Some((member.clone(), name(context, member)?))).collect();
    let unchosen: Vec<&OperatorId> =
        now.keys().filter(|member| !wanted.contains_key(*member) && !leaving.contains(*member)).collect();
    let unchosen = managed.and_then(|queue| chosen::reason(context, queue, &unchosen));
    let earlier = context.earlier().map_or(&[][..], |earlier| earlier.queue(id));
    let earlier = earlier.iter().filter_map(|queue| queue.record.get(&ASSIGN_MEMBERS));
    let wanted = Value::Members(Arc::new(wanted));
    let before = live.record.get(&ASSIGN_MEMBERS);
    let moved = match entry {
        Some(_) => change_origin::field(applied, &ASSIGN_MEMBERS, before, &wanted, earlier),
        // The list follows the deletions.
        None if !gone.is_empty() && gone.iter().all(|id| is_due_deletion(context, id)) => ChangeOrigin::Date,
        None => ChangeOrigin::Manifest,
    };
    let returned: Vec<OperatorId> =
        back.iter().map(|(id, _)| id).filter(|id| !now.contains_key(*id)).cloned().collect();
    let reason = match (entry.is_none(), gone.is_empty(), returned.is_empty()) {
        (true, false, _) => Some(ChangeReason::MembersDeleted { members: gone }),
        (true, true, false) => Some(ChangeReason::MembersReturn { members: returned }),
        (false, ..) | (true, true, true) => unchosen,
    };
    draft.changes.push(Change {
        id: id.clone(),
        action: Action::Update,
        title: None,
        moved,
        exten: Some(exten.to_string()),
        identity: Identity::default(),
        protect: false,
        leave: false,
        last_changed: None,
        reason,
        names,
        fields: vec![FieldDiff {
            source: entry.and_then(|entry| entry.source.cloned()),
            ..FieldDiff::new(&ASSIGN_MEMBERS, before.cloned(), Some(wanted), moved)
        }],
        source: managed.map(|queue| queue.source.clone()),
    });
}

/// Returns the members outside the scope. No list takes them out or changes their priority.
fn outside_members<'a>(context: &Context<'a>, now: &'a Members) -> Vec<(&'a OperatorId, i64)> {
    let Some(agents) = context.live.agents.as_ref().filter(|agents| !agents.outside.is_empty()) else {
        return Vec::new();
    };
    let outside = now.iter().filter(|(member, _)| agents.outside.contains_key(*member));
    outside.map(|(member, priority)| (member, *priority)).collect()
}

fn check_minimum(draft: &mut Draft, id: &ResourceId, queue: &DesiredQueue, left: usize) {
    if let Some((minimum, source)) = &queue.min_members
        && left < *minimum
    {
        draft.find(
            Finding::new(&TOO_FEW_MEMBERS, FindingKind::TooFewMembers { left, minimum: *minimum })
                .about(id)
                .at(source),
        );
    }
}

/// Returns an agent's name, from the manifest, or else from live state.
pub(super) fn name(context: &Context<'_>, id: &OperatorId) -> Option<String> {
    let declared = context.desired.agents.get(id).and_then(|agent| agent.record.text(&NAME));
    let live = || context.live.agents.as_ref()?.items.get(id)?.text(&NAME);
    declared.or_else(live).map(str::to_owned)
}
