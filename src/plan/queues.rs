//! Queues: found by name, or by the number that the manifest pins; their members replaced once.
//!
//! An agent that is deleted leaves every queue first, also one that no manifest names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agents::is_left_out;
use super::context::{Context, Draft};
use super::targets::Scope;
use super::{change_origin, chosen, replacement_restore, unknown_members};
use crate::model::agent::NAME;
use crate::model::desired::DesiredQueue;
use crate::model::equivalence::same;
use crate::model::finding::{
    AMBIGUOUS_QUEUE, Finding, IMMUTABLE, INCOMPLETE, INVISIBLE_NAME, LEAVING_MEMBER, MISSING_EXTEN,
    TOO_FEW_MEMBERS, UNKNOWN_MEMBER, UNMANAGED_QUEUE,
};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::live::{Listing, LiveQueue};
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::text::is_hidden;
use crate::model::value::{Members, Value};

/// Decides about every queue, after the agents are decided.
pub(super) fn decide(context: &Context<'_>, scope: &Scope, draft: &mut Draft) {
    let Some(listing) = &context.live.queues else { return };
    if let Some(doubt) = &listing.incomplete {
        draft.find(Finding::new(
            &INCOMPLETE,
            format!(
                "the listing of queues could not be proved complete ({doubt}), so no queue is created and no \
                 agent is deleted; run again when nobody edits queues"
            ),
        ));
    }
    let leaving: BTreeSet<OperatorId> =
        draft.ids(Action::Delete).filter(|id| id.kind == Kind::Agent).map(|id| id.name.clone()).collect();
    let made: BTreeSet<OperatorId> =
        draft.ids(Action::Create).filter(|id| id.kind == Kind::Agent).map(|id| id.name.clone()).collect();
    let names = Names::new(context, listing);
    let mut claimed: BTreeMap<OperatorId, &DesiredQueue> = BTreeMap::new();
    for (id, queue) in &context.desired.queues {
        let held = scope.holds(id);
        match names.find(listing, queue) {
            Found::One(exten) => match claimed.get(&exten) {
                Some(first) => draft.find(claimed_twice(id, queue, &exten, first)),
                None => {
                    claimed.insert(exten, queue);
                }
            },
            Found::None if held => missing(context, draft, id, queue, listing, &made),
            Found::Many(extens) if held => draft.find(ambiguous(id, queue, &extens)),
            Found::None | Found::Many(_) => {}
        }
        check_members(context, draft, id, queue, held, &leaving);
    }
    let returning = replacement_restore::pending_memberships(context, scope, draft);
    for (exten, live) in &listing.items {
        let declared = claimed.get(exten).copied();
        let id = declared.map_or_else(|| names.id_of(exten, live), DesiredQueue::id);
        let managed = declared.filter(|_| scope.holds(&id));
        if declared.is_none() && scope.is_whole() && !names.declared.contains(&*live.name) {
            draft.find(
                Finding::new(&UNMANAGED_QUEUE, format!("{id} ({exten}) is live and stands in no manifest"))
                    .about(&id),
            );
        }
        if let Some(queue) = managed {
            attributes(draft, &id, queue, live);
        }
        let back = returning.get(exten.as_str()).map_or(&[][..], Vec::as_slice);
        members(context, draft, &id, exten, live, managed, declared, &leaving, &made, back);
    }
}

enum Found {
    None,
    One(OperatorId),
    Many(Vec<OperatorId>),
}

/// Who has which name: a search for each queue would go through all the others as often.
struct Names<'a> {
    live: BTreeMap<&'a str, Vec<&'a OperatorId>>,
    /// Names that a manifest means without a vendor's number.
    declared: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn new(context: &Context<'a>, listing: &'a Listing<OperatorId, LiveQueue>) -> Self {
        let mut live: BTreeMap<&str, Vec<&OperatorId>> = BTreeMap::new();
        for (exten, queue) in &listing.items {
            live.entry(&queue.name).or_default().push(exten);
        }
        let bare = context.desired.queues.values().filter(|queue| queue.exten.is_none());
        Self { live, declared: bare.map(|queue| &*queue.name).collect() }
    }

    fn extens(&self, name: &str) -> &[&'a OperatorId] {
        self.live.get(name).map_or(&[], Vec::as_slice)
    }

    fn find(&self, listing: &Listing<OperatorId, LiveQueue>, queue: &DesiredQueue) -> Found {
        if let Some(exten) = &queue.exten {
            let exten = OperatorId::new(Arc::clone(exten));
            return if listing.items.contains_key(&exten) { Found::One(exten) } else { Found::None };
        }
        match self.extens(&queue.name) {
            [] => Found::None,
            [exten] => Found::One((*exten).clone()),
            several => Found::Many(several.iter().copied().cloned().collect()),
        }
    }

    /// The id of a queue that no manifest names: by its name alone where that tells it.
    fn id_of(&self, exten: &OperatorId, live: &LiveQueue) -> ResourceId {
        let alone = self.extens(&live.name).len() == 1;
        ResourceId::queue(&live.name, (!alone).then_some(exten.as_str()))
    }
}

fn ambiguous(id: &ResourceId, queue: &DesiredQueue, extens: &[OperatorId]) -> Finding {
    let extens: Vec<String> = extens.iter().map(|e| format!("`{e}`")).collect();
    Finding::new(
        &AMBIGUOUS_QUEUE,
        format!(
            "{} live queues are named `{}`: {}; say which one is meant with `exten:` in the manifest",
            extens.len(),
            queue.name,
            extens.join(", ")
        ),
    )
    .about(id)
    .at(&queue.source)
}

fn claimed_twice(id: &ResourceId, queue: &DesiredQueue, exten: &OperatorId, first: &DesiredQueue) -> Finding {
    Finding::new(
        &AMBIGUOUS_QUEUE,
        format!(
            "the live queue `{exten}` is declared as {id} and as {}; remove one, or correct its `exten:`",
            first.id()
        ),
    )
    .about(id)
    .at(&queue.source)
}

fn missing(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    queue: &DesiredQueue,
    listing: &Listing<OperatorId, LiveQueue>,
    made: &BTreeSet<OperatorId>,
) {
    if listing.incomplete.is_some() {
        return;
    }
    if let Some(exten) = &queue.exten {
        draft.find(
            Finding::new(
                &MISSING_EXTEN,
                format!("no live queue has the number `{exten}`, and the vendor numbers new queues itself; remove `exten:` to make a queue of this name"),
            )
            .about(id)
            .at(&queue.source),
        );
        return;
    }
    if queue.name.chars().any(is_hidden) {
        let message = format!(
            "no queue is named `{}`, and none is made of a name with a character that cannot be seen",
            queue.name
        );
        draft.find(Finding::new(&INVISIBLE_NAME, message).about(id).at(&queue.source));
        return;
    }
    let moved = if context.ledger.owns(id) { ChangeOrigin::Live } else { ChangeOrigin::Manifest };
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
        reason: None,
        names: BTreeMap::new(),
        fields,
        source: Some(queue.source.clone()),
    });
    // A new queue is not refused for agents that the plan has to leave out.
    if all == left {
        check_minimum(draft, id, queue, all);
    }
}

/// Every member is a declared agent or one that is live, and stays; the latter holds for queues out of
/// scope as well.
fn check_members(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    queue: &DesiredQueue,
    held: bool,
    leaving: &BTreeSet<OperatorId>,
) {
    let Some(Value::Members(members)) = queue.record.get(&ASSIGN_MEMBERS) else { return };
    let Some(agents) = context.live.agents.as_ref() else { return };
    for member in members.keys() {
        let source = queue.member_sources.get(member).unwrap_or(&queue.source);
        if leaving.contains(member) {
            draft.find(
                Finding::new(
                    &LEAVING_MEMBER,
                    format!("{id} names agent `{member}`, which this plan deletes; declare the agent, or take it out of the queue"),
                )
                .about(id)
                .at(source),
            );
        } else if held
            && !context.desired.agents.contains_key(member)
            && !agents.items.contains_key(member)
            && agents.incomplete.is_none()
        {
            let declared = context.desired.agents.iter().filter(|(_, agent)| !agent.absent).map(|(id, _)| id);
            let known = || declared.clone().chain(agents.items.keys()).map(OperatorId::as_str);
            let near = draft
                .may_search()
                .then(|| crate::model::diagnostic::did_you_mean(member.as_str(), known()))
                .flatten();
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            draft.find(
                Finding::new(
                    &UNKNOWN_MEMBER,
                    format!("{id} names agent `{member}`, which is neither declared nor live: the vendor would skip it in silence{near}"),
                )
                .about(id)
                .at(source),
            );
        }
    }
}

/// The vendor cannot edit a queue's attributes: each difference is a finding.
fn attributes(draft: &mut Draft, id: &ResourceId, queue: &DesiredQueue, live: &LiveQueue) {
    if queue.name != live.name {
        draft.find(
            Finding::new(
                &IMMUTABLE,
                format!(
                    "{id}: displayName is {} and should be {}, which the vendor offers no way to edit; \
                     change it in the console, or in the manifest",
                    live.name, queue.name
                ),
            )
            .about(id)
            .at(&queue.source),
        );
    }
    for entry in queue.record.iter().filter(|entry| entry.field.edit.is_empty()) {
        let now = live.record.get(entry.field);
        // What the answer does not tell cannot be said to differ.
        if now.is_none() || same(&entry.value, now) {
            continue;
        }
        let before = now.map_or_else(|| "unset".to_owned(), Value::words);
        let mut finding = Finding::new(
            &IMMUTABLE,
            format!(
                "{id}: {} is {before} and should be {}, which the vendor offers no way to edit; \
                 change it in the console, or in the manifest",
                entry.field.key,
                entry.value.words()
            ),
        )
        .about(id);
        finding.source.clone_from(&entry.source);
        draft.find(finding);
    }
}

#[expect(clippy::too_many_arguments, reason = "the pair, and what the agents' decisions mean for it")]
fn members(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &ResourceId,
    exten: &OperatorId,
    live: &LiveQueue,
    managed: Option<&DesiredQueue>,
    declared: Option<&DesiredQueue>,
    leaving: &BTreeSet<OperatorId>,
    made: &BTreeSet<OperatorId>,
    back: &[(OperatorId, i64)],
) {
    // Members that the answer does not tell make the listing incomplete: no list is written over them.
    let Some(now) = live.members() else { return };
    let entry = managed.and_then(|queue| queue.record.entry(&ASSIGN_MEMBERS));
    let mut wanted = match entry.map(|entry| &entry.value) {
        Some(Value::Members(members)) if context.workspace.policy.at_least => {
            let mut all = Members::clone(now);
            all.extend(members.iter().map(|(id, priority)| (id.clone(), *priority)));
            all
        }
        Some(Value::Members(members)) => Members::clone(members),
        _ => Members::clone(now),
    };
    // Where the manifest says who serves the queue, its word holds; else nobody is lost by a replacement.
    if entry.is_none() || context.workspace.policy.at_least {
        for (member, priority) in back {
            wanted.entry(member.clone()).or_insert(*priority);
        }
    }
    wanted.retain(|member, _| !leaving.contains(member));
    // The vendor skips an agent that does not exist; one that it lists all the same stays listed.
    let all = wanted.len();
    wanted
        .retain(|member, _| now.contains_key(member) || !is_left_out(context, member, made.contains(member)));
    // An agent that the plan has to leave out, and that takes no place, makes no queue smaller.
    let spared = wanted.len() < all && now.keys().all(|member| wanted.contains_key(member));
    let written = wanted != *now;
    if let Some(queue) = managed.or(declared.filter(|_| written)).filter(|_| !spared) {
        let made = |id: &OperatorId| made.contains(id);
        // Whom the vendor may leave out does not count.
        let strangers = if written { unknown_members::find(context, &wanted, made).len() } else { 0 };
        check_minimum(draft, id, queue, wanted.len() - strangers);
    }
    if !written {
        return;
    }
    let gone: Vec<&str> =
        now.keys().filter(|member| leaving.contains(*member)).map(OperatorId::as_str).collect();
    let differs = |member: &&OperatorId| now.contains_key(*member) != wanted.contains_key(*member);
    let names = now.keys().chain(wanted.keys()).filter(differs);
    let names = names.filter_map(|member| Some((member.clone(), name(context, member)?))).collect();
    let unchosen: Vec<&OperatorId> =
        now.keys().filter(|member| !wanted.contains_key(*member) && !leaving.contains(*member)).collect();
    let unchosen = managed.and_then(|queue| chosen::reason(context, queue, &unchosen));
    let wanted = Value::Members(Arc::new(wanted));
    let before = live.record.get(&ASSIGN_MEMBERS);
    let moved = match entry {
        Some(_) => change_origin::field(context.ledger.get(id), &ASSIGN_MEMBERS, before, &wanted),
        None => ChangeOrigin::Manifest,
    };
    let returned: Vec<&str> =
        back.iter().map(|(id, _)| id.as_str()).filter(|id| !now.contains_key(*id)).collect();
    let are = |ids: &[&str]| if ids.len() == 1 { "is" } else { "are" };
    let reason = match (entry.is_none(), gone.is_empty(), returned.is_empty()) {
        (true, false, _) => Some(format!("{} {} deleted", gone.join(", "), are(&gone))),
        (true, true, false) => Some(format!(
            "{} {} back: a replacement that came to no end took them out",
            returned.join(", "),
            are(&returned)
        )),
        (false, ..) | (true, true, true) => unchosen,
    };
    draft.changes.push(Change {
        id: id.clone(),
        action: Action::Update,
        title: None,
        moved,
        exten: Some(exten.to_string()),
        reason,
        names,
        fields: vec![FieldDiff {
            source: entry.and_then(|entry| entry.source.clone()),
            ..FieldDiff::new(&ASSIGN_MEMBERS, before.cloned(), Some(wanted), moved)
        }],
        source: managed.map(|queue| queue.source.clone()),
    });
}

fn check_minimum(draft: &mut Draft, id: &ResourceId, queue: &DesiredQueue, left: usize) {
    if let Some((minimum, source)) = &queue.min_members
        && left < *minimum
    {
        draft.find(
            Finding::new(
                &TOO_FEW_MEMBERS,
                format!("{id} would keep {left} members, fewer than its `minMembers: {minimum}`"),
            )
            .about(id)
            .at(source),
        );
    }
}

/// What people call an agent: as the manifest says, else as it is live.
fn name(context: &Context<'_>, id: &OperatorId) -> Option<String> {
    let declared = context.desired.agents.get(id).and_then(|agent| agent.record.text(&NAME));
    let live = || context.live.agents.as_ref()?.items.get(id)?.text(&NAME);
    declared.or_else(live).map(str::to_owned)
}
