//! What people did in the consoles, as edits of the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change_origin;
use crate::config::workspace::Workspace;
use crate::model::agent::{PASSWORD, SIP};
use crate::model::desired::{Desired, DesiredQueue};
use crate::model::difference::Difference;
use crate::model::field::{Field, Record};
use crate::model::finding::FindingKind;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::ledger::Ledger;
use crate::model::live::{Live, LiveQueue};
use crate::model::manifest_edit::{EditObjection, EntryEdit, LeftEdit, ManifestEdit, NewEntry};
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff, Plan};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::value::{Members, Sip, Value};

/// A resource, or a field of it, that is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The resource.
    pub id: ResourceId,
    /// The field; `None` for all.
    pub field: Option<&'static Field>,
}

/// The edits that take live state over.
#[derive(Debug, Default)]
pub struct Adoption {
    /// The edits.
    pub edits: Vec<ManifestEdit>,
    /// What no edit can take over.
    pub left: Vec<LeftEdit>,
}

impl Adoption {
    /// Drops the member edits of agents that become tombstones: these leave every list with their entry.
    pub(super) fn drop_members(&mut self) {
        let absent: BTreeSet<OperatorId> =
            self.edits.iter().filter_map(ManifestEdit::tombstone).cloned().collect();
        self.edits.retain(|edit| !matches!(&edit.what, EntryEdit::Member(id, _) if absent.contains(id)));
    }
}

/// The views that an adoption compares.
#[derive(Clone, Copy)]
pub struct Views<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The manifests.
    pub desired: &'a Desired,
    /// The live state.
    pub live: &'a Live,
    /// The ledger.
    pub ledger: &'a Ledger,
}

/// Returns the edits that take live state over: of the named resources and fields, or else of all that the console
/// alone changed. `until` is set if it holds for a time.
pub fn adoption(views: Views<'_>, plan: &Plan, named: &[Adopted], until: bool) -> Adoption {
    let mut run = Run { views, named, until, all: Adoption::default(), met: BTreeSet::new() };
    for change in &plan.changes {
        run.change(change);
    }
    for finding in &plan.findings {
        if let Some(id) = &finding.id {
            run.finding(id, &finding.what);
        }
    }
    run.chosen();
    run.all.drop_members();
    for (_, name) in named.iter().enumerate().filter(|(at, _)| !run.met.contains(at)) {
        let why = if run.views.desired.wants(&name.id) {
            EditObjection::NoDifference
        } else {
            EditObjection::Undeclared
        };
        run.all.left.push(LeftEdit { id: name.id.clone(), field: name.field.map(|f| f.key.into()), why });
    }
    run.all
}

struct Run<'a> {
    views: Views<'a>,
    named: &'a [Adopted],
    until: bool,
    all: Adoption,
    /// The names that were met.
    met: BTreeSet<usize>,
}

/// Whether a difference is taken over.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Named,
    Silent,
    No,
}

impl Run<'_> {
    /// Returns whether a difference is taken over, and marks its name.
    fn asked(&mut self, id: &ResourceId, field: Option<&Field>) -> Asked {
        if self.named.is_empty() {
            return Asked::Silent;
        }
        let mut asked = Asked::No;
        for (at, name) in self.named.iter().enumerate() {
            let fits = match (name.field, field) {
                (Some(name), Some(field)) => name == field,
                (Some(_), None) => false,
                (None, _) => true,
            };
            if name.id == *id && fits {
                self.met.insert(at);
                asked = Asked::Named;
            }
        }
        asked
    }

    /// Returns true if a difference is taken over, by the side that moved. Names why a named one is not.
    fn takes(&mut self, id: &ResourceId, field: Option<&'static Field>, moved: ChangeOrigin) -> bool {
        match (self.asked(id, field), moved) {
            (Asked::Named, ChangeOrigin::Manifest | ChangeOrigin::Date) if field.is_none() => {
                self.leave(id, field, EditObjection::OwnChange);
                false
            }
            (Asked::Named, _) | (Asked::Silent, ChangeOrigin::Live) => true,
            (Asked::Silent, ChangeOrigin::Both) => {
                self.leave(id, field, EditObjection::Both);
                false
            }
            (Asked::No, _)
            | (Asked::Silent, ChangeOrigin::Manifest | ChangeOrigin::Date | ChangeOrigin::Unknown) => false,
        }
    }

    fn leave(&mut self, id: &ResourceId, field: Option<&Field>, why: EditObjection) {
        let field = field.map(|field| field.key.into());
        self.all.left.push(LeftEdit { id: id.clone(), field, why });
    }

    fn put(&mut self, id: &ResourceId, what: EntryEdit) {
        self.all.edits.push(ManifestEdit { id: id.clone(), what });
    }

    fn change(&mut self, change: &Change) {
        match change.action {
            Action::Create => {
                if self.takes(&change.id, None, change.moved) {
                    self.put(&change.id, EntryEdit::Absent);
                }
            }
            Action::Update | Action::Replace => {
                for diff in &change.fields {
                    if *diff.field == ASSIGN_MEMBERS {
                        self.members(change, diff);
                    } else if diff.moved != ChangeOrigin::Manifest || !self.named.is_empty() {
                        self.field(&change.id, diff.field, diff.before.as_ref(), diff.moved);
                    }
                }
            }
            Action::Delete => {
                let declared = self.views.desired.agents.contains_key(&change.id.name);
                if self.asked(&change.id, None) == Asked::Named {
                    if declared && change.id.kind == Kind::Agent {
                        self.leave(&change.id, None, EditObjection::OwnChange);
                    } else {
                        self.declare(&change.id);
                    }
                }
            }
        }
    }

    /// Takes the live value of a field over.
    fn field(&mut self, id: &ResourceId, field: &'static Field, live: Option<&Value>, moved: ChangeOrigin) {
        if !self.takes(id, Some(field), moved) {
            return;
        }
        let supports = self.views.workspace.supports();
        let support = match id.kind {
            Kind::Agent => Some(supports.agents),
            Kind::Queue => Some(supports.queues),
            Kind::Seat => None,
        };
        if *field == PASSWORD || support.is_some_and(|support| !support.is_read(field)) {
            self.leave(id, Some(field), EditObjection::Untold);
            return;
        }
        let Some(value) = live.cloned().or_else(|| field.ty.empty()) else {
            self.leave(id, Some(field), EditObjection::Unset);
            return;
        };
        if self.until && id.kind == Kind::Agent {
            let base = self.views.desired.agents.get(&id.name).and_then(|agent| agent.record.get(field));
            let settable = |value: &Value| support.is_some_and(|support| support.can_edit(field, value));
            if !settable(&value) || base.is_some_and(|base| !settable(base)) {
                self.leave(id, Some(field), EditObjection::NoWayBack);
                return;
            }
        }
        self.put(id, EntryEdit::Field(field, value));
    }

    /// Takes the members of a queue over, one by one.
    fn members(&mut self, change: &Change, diff: &FieldDiff) {
        let desired = self.views.desired;
        let Some(queue) = desired.queues.get(&change.id) else { return };
        let Some(wanted) = queue.members() else { return };
        let Some(now) = diff.before.as_ref().and_then(Value::members) else { return };
        // The plan leaves agents out that cannot be made: that moved nothing in the manifest.
        let declared = queue.record.get(&ASSIGN_MEMBERS).filter(|_| diff.moved == ChangeOrigin::Both);
        let moved = declared.map_or(diff.moved, |declared| {
            let applied = self.views.ledger.get(&change.id);
            let live = diff.before.as_ref();
            change_origin::field(applied, &ASSIGN_MEMBERS, live, declared, std::iter::empty())
        });
        if !self.takes(&change.id, Some(&ASSIGN_MEMBERS), moved) {
            return;
        }
        for (agent, priority) in wanted.iter() {
            let live = now.get(agent).copied();
            if live != Some(*priority) {
                self.put(&change.id, EntryEdit::Member(agent.clone(), live));
            }
        }
        if self.views.workspace.policy.mode(queue) != ListMode::Exact {
            return;
        }
        for (agent, priority) in now.iter().filter(|(agent, _)| !wanted.contains_key(*agent)) {
            let known = desired.agents.get(agent).is_some_and(|agent| !agent.is_absent());
            let live = self.views.live.agents.as_ref().is_none_or(|agents| agents.items.contains_key(agent));
            if known || live {
                self.put(&change.id, EntryEdit::Member(agent.clone(), Some(*priority)));
            } else {
                self.leave(
                    &change.id,
                    Some(&ASSIGN_MEMBERS),
                    EditObjection::NoAgent { agent: agent.clone() },
                );
            }
        }
    }

    /// Keeps the live members of selectors that choose other agents by their new fields.
    fn chosen(&mut self) {
        let desired = self.views.desired;
        let mut agents: BTreeMap<OperatorId, Record> = BTreeMap::new();
        for ManifestEdit { id, what } in self.all.edits.iter().filter(|edit| edit.id.kind == Kind::Agent) {
            let before =
                || desired.agents.get(&id.name).map(|agent| agent.record.clone()).unwrap_or_default();
            match what {
                EntryEdit::Field(field, value) => {
                    agents.entry(id.name.clone()).or_insert_with(before).set(field, value.clone(), None);
                }
                EntryEdit::Declare(new) => {
                    agents.insert(id.name.clone(), new.record.clone());
                }
                _ => {}
            }
        }
        for queue in desired.queues.values() {
            let mode = self.views.workspace.policy.mode(queue);
            let Some(selector) = queue.selector.as_ref().filter(|_| mode != ListMode::Ignore) else {
                continue;
            };
            let chooses =
                |record: &Record| selector.iter().all(|want| record.get(want.field) == Some(want.value));
            let Some(now) = self.members_now(queue) else { continue };
            let id = queue.id();
            for (agent, record) in &agents {
                let declared = desired.agents.get(agent).filter(|agent| agent.is_present());
                let (before, after) = (declared.is_some_and(|agent| chooses(&agent.record)), chooses(record));
                let is_edited = self.all.edits.iter().any(|edit| {
                    edit.id == id && matches!(&edit.what, EntryEdit::Member(other, _) if other == agent)
                });
                let live = now.get(agent).copied();
                let differs = if after { true } else { live.is_some() && mode == ListMode::Exact };
                if before != after && differs && !is_edited && !queue.except.contains(agent) {
                    self.put(&id, EntryEdit::Member(agent.clone(), live));
                }
            }
        }
    }

    /// Returns the live members of a declared queue.
    fn members_now(&self, queue: &DesiredQueue) -> Option<Arc<Members>> {
        let queues = self.views.live.queues.as_ref()?.items.iter();
        let mut named = queues.filter(|(exten, live)| match &queue.exten {
            Some(pinned) => **pinned == *exten.as_str(),
            None => live.name == queue.name,
        });
        let (_, live) = named.next()?;
        live.record.get(&ASSIGN_MEMBERS)?.members().cloned()
    }

    fn finding(&mut self, id: &ResourceId, what: &FindingKind) {
        match what {
            FindingKind::Immutable { difference } => self.immutable(id, difference),
            FindingKind::SeatDiffers { difference } => {
                self.field(id, difference.field, difference.before.as_ref(), ChangeOrigin::Unknown);
            }
            FindingKind::SeatMissing if self.asked(id, None) == Asked::Named => {
                self.put(id, EntryEdit::Absent);
            }
            FindingKind::DeletedInConsole { .. } if self.takes(id, None, ChangeOrigin::Live) => {
                self.put(id, EntryEdit::Absent);
            }
            FindingKind::RenamedInConsole { live, .. } if self.takes(id, None, ChangeOrigin::Live) => {
                self.put(id, EntryEdit::Name(live.as_str().into()));
            }
            FindingKind::UnmanagedAgent { .. }
            | FindingKind::UnmanagedQueue { .. }
            | FindingKind::UnmanagedSeat { .. }
                if self.asked(id, None) == Asked::Named =>
            {
                self.declare(id);
            }
            _ => {}
        }
    }

    /// Takes a difference over that no edit of the vendor can remedy.
    fn immutable(&mut self, id: &ResourceId, difference: &Difference) {
        let Views { live, ledger, .. } = self.views;
        let applied = match id.kind {
            Kind::Agent => live
                .agents
                .as_ref()
                .and_then(|agents| agents.items.get(&id.name))
                .and_then(|record| ledger.agent(id, record)),
            Kind::Queue | Kind::Seat => ledger.get(id),
        };
        let Some(wanted) = &difference.after else { return };
        let before = difference.before.as_ref();
        let moved = change_origin::field(applied, difference.field, before, wanted, std::iter::empty());
        self.field(id, difference.field, before, moved);
    }

    /// Takes a live resource over that no manifest names.
    fn declare(&mut self, id: &ResourceId) {
        let live = self.views.live;
        let new = match id.kind {
            Kind::Agent => live
                .agents
                .as_ref()
                .and_then(|agents| agents.items.get(&id.name))
                .map(|record| NewEntry { record: self.agent(id, record), ..NewEntry::default() }),
            Kind::Seat => live
                .seats
                .read()
                .and_then(|seats| seats.listing.items.get(&id.name))
                .map(|seat| NewEntry { record: seat.record.clone(), ..NewEntry::default() }),
            Kind::Queue => self.queue(id),
        };
        match new {
            Some(new) => self.put(id, EntryEdit::Declare(Box::new(new))),
            None => self.leave(id, None, EditObjection::Undeclared),
        }
    }

    /// Returns the fields of a live agent, and those last applied that no system returns.
    fn agent(&self, id: &ResourceId, live: &Record) -> Record {
        let mut record = Record::default();
        for entry in live.iter().filter(|entry| !live.is_masked(entry.field)) {
            let value = match entry.value {
                Value::Sip(Sip::Number(_)) if *entry.field == SIP => Value::Sip(Sip::Auto),
                value => value.clone(),
            };
            record.set(entry.field, value, None);
        }
        let support = self.views.workspace.supports().agents;
        let applied = self.views.ledger.agent(id, live);
        for field in crate::model::agent::FIELDS.iter().copied().filter(|field| !support.is_read(field)) {
            let known = applied.filter(|_| *field != PASSWORD).and_then(|applied| applied.value(field));
            if let Some(value) = known {
                record.set(field, value, None);
            }
        }
        record
    }

    /// Returns a live queue. Its members are managed if all of them are agents.
    fn queue(&self, id: &ResourceId) -> Option<NewEntry> {
        let queues = self.views.live.queues.as_ref()?;
        let named: Vec<(&OperatorId, &LiveQueue)> = queues
            .items
            .iter()
            .filter(|(exten, queue)| {
                *id == ResourceId::queue(&queue.name, None)
                    || *id == ResourceId::queue(&queue.name, Some(exten.as_str()))
            })
            .collect();
        let [(exten, queue)] = named.as_slice() else { return None };
        let pinned = *id != ResourceId::queue(&queue.name, None);
        let agents = &self.views.desired.agents;
        let live = self.views.live.agents.as_ref();
        let is_agent = |agent: &OperatorId| {
            agents.get(agent).is_some_and(|agent| !agent.is_absent())
                || live.is_none_or(|live| live.items.contains_key(agent))
        };
        let members = queue.members().filter(|members| members.keys().all(is_agent));
        let mut record = Record::default();
        for entry in queue.record.iter().filter(|entry| *entry.field != ASSIGN_MEMBERS) {
            record.set(entry.field, entry.value.clone(), None);
        }
        Some(NewEntry {
            record,
            name: Arc::clone(&queue.name),
            exten: pinned.then(|| exten.as_str().into()),
            members: members.map(|members| Arc::new(members.clone())),
        })
    }
}
