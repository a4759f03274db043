//! Agents: their changes and findings, from the desired and the live state.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::context::{Context, Draft};
use super::prune::{prunes, prunes_any};
use super::targets::Scope;
use super::unread::Unread;
use super::{change_origin, left_out, replacement_restore, rotation, successor};
use crate::model::agent::{ENABLED, FIELDS, NAME, PASSWORD, ROLE};
use crate::model::desired::{DesiredAgent, Existence};
use crate::model::difference::Difference;
use crate::model::equivalence::same;
use crate::model::field::{Entry, Field, Record};
use crate::model::finding::ForeignSecret;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::Kind;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::ledger::{LedgerEntry, ReplacementBackup};
use crate::model::message::Word;
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::reason::{ChangeReason, FieldReason};
use crate::model::rule::{
    ELSEWHERE, FOREIGN_SECRET, IMMUTABLE, INCOMPLETE, MASKED_REPLACE, NOT_YET, PROTECTED, SECRET_GONE,
    UNMANAGED_AGENT,
};
use crate::model::secret::SecretRef;
use crate::model::support::Support;
use crate::model::value::Value;

/// Plans every agent in scope.
pub(super) fn decide(context: &Context<'_>, scope: &Scope, draft: &mut Draft) {
    let Some(listing) = &context.live.agents else { return };
    let whole = listing.incomplete.is_none();
    if let Some(doubt) = &listing.incomplete {
        draft.find(Finding::new(&INCOMPLETE, FindingKind::AgentsIncomplete { doubt: doubt.clone() }));
    }
    // A delete requires every queue that the agent must leave first.
    let deletable = whole && context.live.queues.as_ref().is_none_or(|queues| queues.incomplete.is_none());
    let mut unread = Unread::default();
    for (id, side) in side_by_side(&context.desired.agents, &listing.items) {
        let resource = ResourceId::agent(id);
        if !scope.holds(&resource) {
            continue;
        }
        match side {
            Side::Both(agent, _) if agent.existence == Existence::Untouched => {
                if let Some(out) = agent.out_of_date.as_deref().filter(|out| out.before) {
                    draft.find(
                        Finding::new(&NOT_YET, FindingKind::NotYet { date: out.date.clone() })
                            .about(&resource)
                            .at(&out.source),
                    );
                }
            }
            Side::Both(agent, live) if agent.is_absent() => {
                successor::applied(context, draft, &resource, live, Some(agent));
                if deletable {
                    delete(context, draft, id, live, Some(agent));
                }
            }
            Side::Both(agent, live) => {
                compare(context, draft, resource, agent, live, deletable, &mut unread);
            }
            Side::Declared(agent) if listing.foreign.contains(id) => {
                if agent.is_compared() {
                    draft.find(left_out::foreign(context, &resource, agent));
                }
            }
            Side::Declared(agent) if listing.outside.contains_key(id) => {
                if agent.is_compared() || agent.is_absent() {
                    draft.find(left_out::outside(context, &resource, agent));
                }
            }
            Side::Declared(agent) => {
                if whole && agent.is_present() {
                    create(context, draft, id, agent);
                }
            }
            Side::Live(live) => unmanaged(context, scope, draft, &resource, live, deletable),
        }
    }
    unread.report(context.supports.agents, draft);
}

/// Plans a live agent that no manifest names.
fn unmanaged(
    context: &Context<'_>,
    scope: &Scope,
    draft: &mut Draft,
    resource: &ResourceId,
    live: &Record,
    deletable: bool,
) {
    successor::applied(context, draft, resource, live, None);
    let policy = context.workspace.policy.prune;
    let unspeakable = OperatorId::objection(resource.name.as_str());
    if deletable && prunes(policy, context.ledger, &resource.name, live) {
        delete(context, draft, &resource.name, live, None);
    } else if scope.is_whole() {
        let name = live.text(&NAME).map(str::to_owned);
        let unspeakable = unspeakable.filter(|_| prunes_any(policy, context.ledger, resource, live));
        draft.find(
            Finding::new(&UNMANAGED_AGENT, FindingKind::UnmanagedAgent { name, unspeakable }).about(resource),
        );
    }
}

/// The presence of an agent in the manifests and in live state.
enum Side<'a, D, L> {
    /// In a manifest alone.
    Declared(&'a D),
    /// Live alone.
    Live(&'a L),
    /// Both.
    Both(&'a D, &'a L),
}

/// Walks two ordered maps in parallel: a search for each key would cost as many walks.
fn side_by_side<'a, D, L>(
    declared: &'a BTreeMap<OperatorId, D>,
    live: &'a BTreeMap<OperatorId, L>,
) -> impl Iterator<Item = (&'a OperatorId, Side<'a, D, L>)> {
    let (mut declared, mut live) = (declared.iter().peekable(), live.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (declared.peek(), live.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => declared.next().map(|(id, agent)| (id, Side::Declared(agent))),
            Ordering::Greater => live.next().map(|(id, agent)| (id, Side::Live(agent))),
            Ordering::Equal => {
                let ((id, agent), (_, live)) = declared.next().zip(live.next())?;
                Some((id, Side::Both(agent, live)))
            }
        }
    })
}

fn delete(
    context: &Context<'_>,
    draft: &mut Draft,
    id: &OperatorId,
    live: &Record,
    declared: Option<&DesiredAgent>,
) {
    let resource = ResourceId::agent(id);
    let applied = context.ledger.agent(&resource, live);
    let remembered = applied.is_some_and(|applied| applied.protect);
    if remembered || declared.is_some_and(|agent| agent.protect) {
        let remembered = !declared.is_some_and(|agent| agent.protect);
        let what = FindingKind::Protected { again: false, remembered };
        let mut finding = Finding::new(&PROTECTED, what).about(&resource);
        finding.source = declared.map(|agent| agent.source.clone());
        draft.find(finding);
        return;
    }
    if let Some(other) = context.options.elsewhere.get(&resource) {
        let what = FindingKind::Elsewhere { workspace: other.to_string() };
        draft.find(Finding::new(&ELSEWHERE, what).about(&resource));
        return;
    }
    if let Some(held) = left_out::held_outside(context, id, false) {
        draft.find(Finding { source: declared.map(|agent| agent.source.clone()), ..held.about(&resource) });
        return;
    }
    let fields = live
        .iter()
        .map(|entry| FieldDiff::new(entry.field, Some(entry.value.clone()), None, ChangeOrigin::Unknown))
        .collect();
    let out = declared.and_then(|agent| agent.out_of_date.as_deref());
    let reason = match (declared, out) {
        (_, Some(out)) => ChangeReason::Left { out: out.clone() },
        (Some(_), None) => ChangeReason::Absent,
        (None, None) => ChangeReason::Pruned { kind: Kind::Agent },
    };
    draft.changes.push(Change {
        moved: match applied {
            Some(_) if is_due_deletion(context, id) => ChangeOrigin::Date,
            Some(_) => ChangeOrigin::Manifest,
            None => ChangeOrigin::Unknown,
        },
        id: resource,
        action: Action::Delete,
        title: live.text(&NAME).map(str::to_owned),
        exten: None,
        identity: *live.identity(),
        protect: false,
        leave: false,
        last_changed: None,
        reason: Some(reason),
        names: BTreeMap::new(),
        fields,
        source: declared.map(|agent| agent.source.clone()),
    });
}

/// Returns true if a date asks for the deletion of an agent, and did not at the ledger's last run.
pub(super) fn is_due_deletion(context: &Context<'_>, id: &OperatorId) -> bool {
    earlier(context, id).iter().any(|earlier| !earlier.is_absent())
}

/// Returns what was wanted of an agent since the ledger's last run, if dates changed it.
fn earlier<'a>(context: &Context<'a>, id: &OperatorId) -> &'a [DesiredAgent] {
    context.earlier().map_or(&[], |earlier| earlier.agent(id))
}

/// Returns the values of a field that were wanted since the ledger's last run.
fn earlier_values<'a>(
    context: &Context<'a>,
    id: &OperatorId,
    field: &'static Field,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    earlier(context, id).iter().filter_map(move |agent| agent.record.get(field))
}

fn create(context: &Context<'_>, draft: &mut Draft, id: &OperatorId, agent: &DesiredAgent) {
    let resource = ResourceId::agent(id);
    if let Some(key) = context.workspace.scope.missing_in(&agent.record) {
        draft.find(left_out::created_outside(&resource, agent, key));
        return;
    }
    let kept = replacement_restore::pending_backup(context, id, None);
    if !has_role(context.supports.agents, agent)
        && kept.is_none_or(|kept| replacement_restore::value(context.supports.agents, kept, &ROLE).is_none())
    {
        draft.find(if context.ledger.owns(&resource) {
            left_out::deleted(context, &resource, agent)
        } else {
            left_out::no_role(&resource, agent, false)
        });
        return;
    }
    // An agent in the ledger that is not live was deleted in the console.
    let moved = if context.ledger.owns(&resource) {
        ChangeOrigin::Live
    } else if earlier(context, id).iter().any(|earlier| !earlier.is_present()) {
        ChangeOrigin::Date
    } else {
        ChangeOrigin::Manifest
    };
    let mut fields: Vec<FieldDiff> =
        agent.record.iter().map(|entry| FieldDiff::to_entry(None, entry, moved)).collect();
    fields.extend(replacement_restore::fields(context.supports.agents, kept, &agent.record, None));
    draft.changes.push(Change {
        id: resource,
        action: Action::Create,
        title: title(agent, None),
        moved,
        exten: None,
        identity: Identity::default(),
        protect: agent.protect,
        leave: false,
        last_changed: None,
        reason: None,
        names: BTreeMap::new(),
        fields,
        source: Some(agent.source.clone()),
    });
}

/// Returns the agent's name, from the manifest, or else from live state.
fn title(agent: &DesiredAgent, live: Option<&Record>) -> Option<String> {
    agent.record.text(&NAME).or_else(|| live?.text(&NAME)).map(str::to_owned)
}

/// Returns true if the vendor does not pick a role by itself when it creates the agent.
fn has_role(support: &Support, agent: &DesiredAgent) -> bool {
    let knows_roles = !support.mapping(&ROLE).create.is_empty();
    !knows_roles || agent.allow_any_role || agent.record.get(&ROLE).is_some()
}

/// Returns true if a plan leaves out a declared agent.
///
/// That is so if it is not live, and no step creates it (`made` is false).
pub(super) fn is_left_out(context: &Context<'_>, id: &OperatorId, made: bool) -> bool {
    let Some(agents) = context.live.agents.as_ref().filter(|agents| agents.incomplete.is_none()) else {
        return false;
    };
    let declared = context.desired.agents.get(id).is_some_and(DesiredAgent::is_present);
    declared && !made && !agents.items.contains_key(id)
}

/// The result of a comparison.
enum Verdict {
    /// No difference.
    Same,
    /// Its live state is unknown.
    Unknown,
    /// The password is set, and its store no longer has it.
    Gone,
    /// The password is set, and has no fingerprint.
    Unprinted,
    /// A rotation would overwrite a secret that is not the agent's, for this reason.
    Foreign(ForeignSecret),
    /// A difference.
    Differs(FieldDiff),
}

/// The state of a declared field in an agent's row.
#[derive(Clone, Copy)]
enum Told<'a> {
    /// A value, or an unset one.
    Comparable(Option<&'a Value>),
    /// Missing or partly hidden: some operation returns the field, but this row does not.
    Hidden,
    /// No operation returns the field.
    Unread,
}

impl<'a> Told<'a> {
    fn by(support: &Support, live: &'a Record, entry: Entry<'_>) -> Self {
        let now = live.get(entry.field);
        if !support.is_read(entry.field) {
            Told::Unread
        } else if now.is_some() || support.is_comparable(entry.field, Some(entry.value), live) {
            Told::Comparable(now)
        } else {
            Told::Hidden
        }
    }
}

fn judge(
    context: &Context<'_>,
    id: &OperatorId,
    entry: Entry<'_>,
    live: &Record,
    now: Told<'_>,
    applied: Option<&LedgerEntry>,
) -> Verdict {
    let earlier = || earlier_values(context, id, entry.field);
    if let Told::Comparable(now) = now {
        if same(entry.value, now) {
            return Verdict::Same;
        }
        let moved = if live.is_unread(entry.field) {
            ChangeOrigin::Unknown
        } else {
            change_origin::field(applied, entry.field, now, entry.value, earlier())
        };
        return Verdict::Differs(FieldDiff::to_entry(now.cloned(), entry, moved));
    }
    let verdict = match (entry.value, applied.and_then(|a| a.fields.get(entry.field.key))) {
        (Value::Password(secret), _) => judge_password(context, id, entry, secret, applied),
        (value, Some(was)) if *was == value.to_json() => Verdict::Same,
        (_, Some(_)) => {
            let was = applied.and_then(|a| a.value(entry.field));
            let moved = change_origin::by_date(ChangeOrigin::Manifest, was.as_ref(), earlier());
            Verdict::Differs(FieldDiff::to_entry(was, entry, moved))
        }
        (_, None) => asserted(context, entry),
    };
    let unconfirmed = applied.is_some_and(|a| a.unconfirmed.contains(entry.field.key));
    match verdict {
        Verdict::Same | Verdict::Unknown | Verdict::Unprinted
            if unconfirmed && context.supports.agents.can_edit(entry.field, entry.value) =>
        {
            let mut field = FieldDiff::to_entry(None, entry, ChangeOrigin::Unknown);
            field.reason = Some(FieldReason::Unconfirmed);
            Verdict::Differs(field)
        }
        verdict => verdict,
    }
}

/// Judges a field without a ledger entry: unknown, unless the run asserts it, which takes an edit.
fn asserted(context: &Context<'_>, entry: Entry<'_>) -> Verdict {
    if !context.options.assert_unread || !context.supports.agents.can_edit(entry.field, entry.value) {
        return Verdict::Unknown;
    }
    let mut field = FieldDiff::to_entry(None, entry, ChangeOrigin::Unknown);
    field.reason = Some(FieldReason::Asserted);
    Verdict::Differs(field)
}

/// Returns true if both fingerprints are known and differ.
fn differs(then: Option<&String>, now: Option<&String>) -> bool {
    matches!((then, now), (Some(then), Some(now)) if then != now)
}

fn judge_password(
    context: &Context<'_>,
    id: &OperatorId,
    entry: Entry<'_>,
    secret: &SecretRef,
    applied: Option<&LedgerEntry>,
) -> Verdict {
    let Some(applied) = applied else { return asserted(context, entry) };
    let set = applied.password.as_ref();
    if !rotation::knows(applied) {
        return asserted(context, entry);
    }
    let before = rotation::version(applied);
    let printed = context.workspace.ledger.secret("fingerprintKey").is_some();
    match (before, secret.version, set) {
        (before, Some(now), _) if before != Some(now) => {
            let overwrites = match rotation::overwrites(context, id, secret, applied) {
                _ if !secret.generate => false,
                Ok(overwrites) => overwrites,
                Err(why) => return Verdict::Foreign(why),
            };
            // The step that stores the password checks if its store still has none.
            let moved =
                if secret.generate && !overwrites { ChangeOrigin::Unknown } else { ChangeOrigin::Manifest };
            let mut field = FieldDiff::to_entry(None, entry, moved);
            field.reason = Some(FieldReason::Version { before, now });
            field.renew = overwrites;
            Verdict::Differs(field)
        }
        (_, _, None) => asserted(context, entry),
        (_, _, Some(set)) if differs(set.fingerprint.as_ref(), context.options.fingerprints.get(id)) => {
            let mut field = FieldDiff::to_entry(None, entry, ChangeOrigin::Manifest);
            field.reason = Some(FieldReason::ChangedInStore);
            Verdict::Differs(field)
        }
        (_, _, Some(_)) if context.options.gone.contains(id) && !secret.generate => Verdict::Gone,
        (_, _, Some(_)) if context.options.gone.contains(id) => {
            let mut field = FieldDiff::to_entry(None, entry, ChangeOrigin::Unknown);
            field.reason = Some(FieldReason::GoneFromStore);
            Verdict::Differs(field)
        }
        (_, _, Some(set)) if printed && set.fingerprint.is_none() => match asserted(context, entry) {
            Verdict::Unknown => Verdict::Unprinted,
            verdict => verdict,
        },
        (_, _, Some(_)) => Verdict::Same,
    }
}

fn compare(
    context: &Context<'_>,
    draft: &mut Draft,
    resource: ResourceId,
    agent: &DesiredAgent,
    live: &Record,
    deletable: bool,
    unread: &mut Unread,
) {
    let support = context.supports.agents;
    let applied = successor::applied(context, draft, &resource, live, Some(agent));
    if agent.is_present() {
        unread.released.add(&resource, &agent.record, live, applied);
    }
    let mut editable = Vec::new();
    let mut fixed = Vec::new();
    let mut unknown = Vec::new();
    let mut masked = Vec::new();
    for entry in agent.record.iter() {
        let now = Told::by(support, live, entry);
        if matches!(now, Told::Hidden) {
            masked.push(entry.field);
        }
        match judge(context, &resource.name, entry, live, now, applied) {
            Verdict::Same => {}
            Verdict::Unknown if matches!(now, Told::Hidden) => {}
            Verdict::Unknown => unknown.push(entry.field),
            Verdict::Unprinted => unread.unprinted.push(resource.name.clone()),
            Verdict::Gone => draft.find(gone(&resource, entry)),
            Verdict::Foreign(why) => {
                // None of this agent's changes are planned before that is corrected.
                draft.find(foreign_secret(&resource, entry, why));
                return;
            }
            Verdict::Differs(field) if support.can_edit(entry.field, entry.value) => editable.push(field),
            Verdict::Differs(field) => fixed.push((entry, field)),
        }
    }
    unread.add_masked(&masked);
    // A replacement could not write back a value that no document lists.
    let known = live.iter().all(|entry| !matches!(entry.value, Value::Other(_)));
    // A value that the vendor did not accept on a replacement is not tried again.
    let refused = |field: &FieldDiff| {
        applied
            .and_then(|applied| applied.not_taken.get(field.field.key))
            .is_some_and(|value| field.after.as_ref().is_some_and(|after| *value == after.to_json()))
    };
    let fixable = fixed.iter().any(|(_, field)| !refused(field));
    let can_replace = support.verbs.create.is_some() && support.verbs.delete.is_some();
    let replaces = fixable && deletable && known && can_replace && context.workspace.policy.replace_immutable;
    // Nor could it write back a field that the vendor partly hides or does not return.
    let hidden = |field: &&&Field| live.is_masked(field) || live.is_unread(field);
    let unsaid = |field: &&&Field| support.is_read(field) && agent.record.get(field).is_none();
    let lost: Vec<Word> = if replaces {
        FIELDS.iter().filter(unsaid).filter(hidden).map(|field| Word::Borrowed(field.key)).collect()
    } else {
        Vec::new()
    };
    if replaces && !lost.is_empty() {
        draft.find(
            Finding::new(&MASKED_REPLACE, FindingKind::MaskedReplace { fields: lost })
                .about(&resource)
                .at(&agent.source),
        );
    } else if replaces {
        // A creation sends every field.
        replace(context, draft, &resource, agent, live, &fixed);
        return;
    }
    unread.add(&unknown);
    for (entry, field) in fixed {
        let mut finding = Finding::new(&IMMUTABLE, immutable(entry, field)).about(&resource);
        finding.source = entry.source.cloned();
        draft.find(finding);
    }
    let leave = !agent.is_present();
    if leave && earlier(context, &resource.name).iter().any(DesiredAgent::is_present) {
        for field in &mut editable {
            field.moved = ChangeOrigin::Date;
        }
    }
    editable.extend(returned(support, agent, live, applied));
    editable.extend(replacement_restore::fields(
        support,
        replacement_restore::pending_backup(context, &resource.name, Some(live)),
        &agent.record,
        Some(live),
    ));
    if !editable.is_empty() {
        draft.changes.push(Change {
            id: resource,
            action: Action::Update,
            title: title(agent, Some(live)),
            moved: change_origin::all(&editable),
            exten: None,
            identity: *live.identity(),
            protect: false,
            leave,
            last_changed: None,
            reason: agent.out_of_date.as_deref().map(|out| ChangeReason::Left { out: out.clone() }),
            names: BTreeMap::new(),
            fields: editable,
            source: Some(agent.source.clone()),
        });
    }
}

/// Returns the change that enables an agent again that a leave disabled, if the manifest does not say `enabled` itself.
fn returned(
    support: &Support,
    agent: &DesiredAgent,
    live: &Record,
    applied: Option<&LedgerEntry>,
) -> Option<FieldDiff> {
    let disabled = live.get(&ENABLED) == Some(&Value::Flag(false));
    let left =
        agent.is_present() && agent.record.get(&ENABLED).is_none() && applied.is_some_and(|was| was.left);
    let enabled = Value::Flag(true);
    (left && disabled && support.can_edit(&ENABLED, &enabled)).then(|| FieldDiff {
        reason: Some(FieldReason::Returned),
        ..FieldDiff::new(&ENABLED, live.get(&ENABLED).cloned(), Some(enabled), ChangeOrigin::Manifest)
    })
}

/// Returns the finding for a set password that its store no longer has.
fn gone(resource: &ResourceId, entry: Entry<'_>) -> Finding {
    let place = match entry.value {
        Value::Password(secret) => secret.to_string(),
        _ => String::new(),
    };
    let mut finding = Finding::new(&SECRET_GONE, FindingKind::SecretGone { place });
    finding.source = entry.source.cloned();
    finding.about(resource)
}

/// Returns the finding for a rotation that would overwrite a secret of another origin.
fn foreign_secret(resource: &ResourceId, entry: Entry<'_>, why: ForeignSecret) -> Finding {
    let place = match entry.value {
        Value::Password(secret) => secret.to_string(),
        _ => String::new(),
    };
    let mut finding = Finding::new(&FOREIGN_SECRET, FindingKind::ForeignSecret { place, why });
    finding.source = entry.source.cloned();
    finding.about(resource)
}

fn immutable(entry: Entry<'_>, field: FieldDiff) -> FindingKind {
    let after = Some(entry.value.clone());
    FindingKind::Immutable {
        difference: Difference { kind: Kind::Agent, field: entry.field, before: field.before, after },
    }
}

/// Returns the value that a replacement carries over for a field not in the manifest.
///
/// Sources, in order: unfinished replacement, live state, ledger. The ledger counts only if no operation returns the
/// field.
fn kept(
    support: &Support,
    row: &'static Field,
    now: Option<&Value>,
    applied: Option<&LedgerEntry>,
    owed: Option<&ReplacementBackup>,
) -> Option<(Value, FieldReason)> {
    if let Some(value) = owed.and_then(|owed| replacement_restore::value(support, owed, row)) {
        return Some((value, FieldReason::Restored));
    }
    let was = applied.filter(|_| !support.is_read(row)).and_then(|a| a.value(row));
    let value = now.cloned().or(was).filter(|v| support.can_create(row, v) || support.can_edit(row, v))?;
    Some((value, if support.is_read(row) { FieldReason::Kept } else { FieldReason::KeptAsApplied }))
}

/// Plans a delete and a create; fields not in the manifest keep their live values.
fn replace(
    context: &Context<'_>,
    draft: &mut Draft,
    resource: &ResourceId,
    agent: &DesiredAgent,
    live: &Record,
    fixed: &[(Entry<'_>, FieldDiff)],
) {
    let applied = context.ledger.agent(resource, live);
    if agent.protect || applied.is_some_and(|applied| applied.protect) {
        draft.find(
            Finding::new(&PROTECTED, FindingKind::Protected { again: true, remembered: !agent.protect })
                .about(resource)
                .at(&agent.source),
        );
        return;
    }
    if !has_role(context.supports.agents, agent) {
        draft.find(left_out::no_role(resource, agent, true));
        return;
    }
    if let Some(held) = left_out::held_outside(context, &resource.name, true) {
        draft.find(held.about(resource).at(&agent.source));
        return;
    }
    let support = context.supports.agents;
    let owed = replacement_restore::pending_backup(context, &resource.name, Some(live));
    let mut fields = Vec::new();
    for row in FIELDS.iter().copied() {
        let now = live.get(row);
        if let Some(entry) = agent.record.entry(row) {
            let before = match (support.is_read(row), now) {
                (true, now) => now.cloned(),
                (false, _) => applied.and_then(|a| a.value(row)),
            };
            let moved = if support.is_read(row) {
                let earlier = earlier_values(context, &resource.name, row);
                change_origin::field(applied, row, now, entry.value, earlier)
            } else {
                let was = applied.and_then(|a| a.fields.get(row.key));
                change_origin::unread(was.is_some_and(|was| *was != entry.value.to_json()))
            };
            let mut field = FieldDiff::to_entry(before, entry, moved);
            if let Value::Password(secret) = entry.value
                && let Verdict::Differs(rotated) =
                    judge_password(context, &resource.name, entry, secret, applied)
            {
                (field.renew, field.reason) = (rotated.renew, rotated.reason);
            }
            field.forces_replacement = fixed.iter().any(|(e, _)| e.field.index == row.index);
            fields.push(field);
        } else if let Some((value, reason)) = kept(support, row, now, applied, owed) {
            let before = if support.is_read(row) { now.cloned() } else { Some(value.clone()) };
            fields.push(FieldDiff {
                reason: Some(reason),
                ..FieldDiff::new(row, before, Some(value), ChangeOrigin::Unknown)
            });
        }
    }
    let forced = fixed.iter().map(|(entry, _)| Word::Borrowed(entry.field.key)).collect();
    draft.changes.push(Change {
        id: resource.clone(),
        action: Action::Replace,
        title: title(agent, Some(live)),
        moved: change_origin::all(&fields),
        exten: None,
        identity: *live.identity(),
        protect: agent.protect,
        leave: false,
        last_changed: None,
        reason: Some(ChangeReason::ForcesReplacement {
            fields: forced,
            new_password: agent.record.get(&PASSWORD).is_none(),
        }),
        names: BTreeMap::new(),
        fields,
        source: Some(agent.source.clone()),
    });
}
