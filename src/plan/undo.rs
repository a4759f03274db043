//! What takes a run back, as edits of the manifests.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::agent::{PASSWORD, SIP};
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::field::Field;
use crate::model::history::{ResourceWrite, RunRecord, WrittenField};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::manifest_edit::{EditObjection, EntryEdit, LeftEdit, ManifestEdit, NewEntry};
use crate::model::plan::Action;
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::value::{Members, NO_MEMBERS, Sip, Value};

use super::adoption::Adoption;

/// Returns the edits that take a run of a history back: what later runs wrote is left. `deletable` are the kinds that the
/// vendors can delete.
pub fn undo(desired: &Desired, run: &RunRecord, history: &[RunRecord], deletable: &[Kind]) -> Adoption {
    let mut all = Adoption::default();
    let later = history.iter().filter(|other| other.run > run.run);
    let later: Vec<_> = later.map(RunRecord::resources).collect();
    for (id, write) in run.resources() {
        let since = |field: Option<&Field>| {
            later.iter().filter_map(|run| run.get(id)).any(|write| {
                write.action != Action::Update
                    || field.is_none_or(|field| write.fields.iter().any(|one| one.field == field))
            })
        };
        let mut step = Step { desired, id, all: &mut all, since: &since };
        match write.action {
            _ if write.is_unknown => step.leave(None, EditObjection::UnknownEffect),
            Action::Update => write.fields.iter().for_each(|field| step.field(field)),
            Action::Create => step.created(deletable),
            Action::Delete => step.deleted(&write),
            Action::Replace => write.fields.iter().for_each(|field| step.field(field)),
        }
    }
    all.drop_members();
    all
}

struct Step<'a> {
    desired: &'a Desired,
    id: &'a ResourceId,
    all: &'a mut Adoption,
    /// Tells whether a later run wrote a field, or the resource.
    since: &'a dyn Fn(Option<&Field>) -> bool,
}

impl Step<'_> {
    fn leave(&mut self, field: Option<&Field>, why: EditObjection) {
        let field = field.map(|field| field.key.into());
        self.all.left.push(LeftEdit { id: self.id.clone(), field, why });
    }

    fn put(&mut self, what: EntryEdit) {
        self.all.edits.push(ManifestEdit { id: self.id.clone(), what });
    }

    /// Takes one field back.
    fn field(&mut self, write: &WrittenField<'_>) {
        let field = write.field;
        if *field == PASSWORD {
            self.leave(Some(field), EditObjection::Untold);
            return;
        }
        if write.before == write.after {
            return;
        }
        if *field == ASSIGN_MEMBERS {
            self.members(write);
            return;
        }
        let record = match self.id.kind {
            Kind::Agent => self.desired.agents.get(&self.id.name).map(|agent| &agent.record),
            Kind::Queue => self.desired.queues.get(self.id).map(|queue| &queue.record),
            Kind::Seat => self.desired.seats.get(&self.id.name).map(|seat| &seat.record),
        };
        let wanted = record.and_then(|record| record.get(field));
        if wanted.is_none() || wanted != write.after || (self.since)(Some(field)) {
            self.leave(Some(field), EditObjection::ChangedSince);
            return;
        }
        match write.before.cloned().or_else(|| field.ty.empty()) {
            Some(value) => self.put(EntryEdit::Field(field, value)),
            None => self.leave(Some(field), EditObjection::Untold),
        }
    }

    /// Takes the members of a queue back, one by one.
    fn members(&mut self, write: &WrittenField<'_>) {
        let list = |value: Option<&'_ Value>| value.and_then(Value::members).cloned();
        let (before, after) = (list(write.before), list(write.after));
        let before = before.as_deref().unwrap_or(&NO_MEMBERS);
        let after = after.as_deref().unwrap_or(&NO_MEMBERS);
        let queue = self.desired.queues.get(self.id);
        let Some(wanted) = queue.and_then(DesiredQueue::members) else {
            self.leave(Some(&ASSIGN_MEMBERS), EditObjection::ChangedSince);
            return;
        };
        let all: BTreeSet<&OperatorId> = before.keys().chain(after.keys()).collect();
        let mut left = false;
        for agent in all {
            let (was, is) = (before.get(agent).copied(), after.get(agent).copied());
            if was == is || wanted.get(agent).copied() == was {
                continue;
            }
            if wanted.get(agent).copied() == is {
                self.put(EntryEdit::Member(agent.clone(), was));
            } else {
                left = true;
            }
        }
        if left {
            self.leave(Some(&ASSIGN_MEMBERS), EditObjection::ChangedSince);
        }
    }

    /// Takes a creation back.
    fn created(&mut self, deletable: &[Kind]) {
        if !self.desired.wants(self.id) || (self.since)(None) {
            self.leave(None, EditObjection::ChangedSince);
        } else if deletable.contains(&self.id.kind) {
            self.put(EntryEdit::Absent);
        } else {
            self.leave(None, EditObjection::NoDeletion);
        }
    }

    /// Takes a deletion back.
    fn deleted(&mut self, write: &ResourceWrite<'_>) {
        if (self.since)(None) {
            self.leave(None, EditObjection::ChangedSince);
            return;
        }
        let told = |one: &&WrittenField<'_>| *one.field != PASSWORD && *one.field != ASSIGN_MEMBERS;
        let live = write.fields.iter().filter(told).filter_map(|one| Some((one.field, one.before?.clone())));
        let mut fields: Vec<(&'static Field, Value)> = live.collect();
        for (field, value) in &mut fields {
            // The vendor may have given the number to another agent.
            if **field == SIP && matches!(value, Value::Sip(Sip::Number(_))) {
                *value = Value::Sip(Sip::Auto);
            }
        }
        match self.id.kind {
            Kind::Agent if self.desired.agents.get(&self.id.name).is_some_and(DesiredAgent::is_absent) => {
                self.put(EntryEdit::Present);
                for (field, value) in fields {
                    self.put(EntryEdit::Field(field, value));
                }
            }
            _ if self.desired.wants(self.id) => self.leave(None, EditObjection::ChangedSince),
            _ => {
                let mut new = NewEntry::default();
                for (field, value) in fields {
                    new.record.set(field, value, None);
                }
                if self.id.kind == Kind::Queue {
                    new.members = members(write);
                    new.name = self.id.name.as_str().into();
                }
                self.put(EntryEdit::Declare(Box::new(new)));
            }
        }
        if self.id.kind == Kind::Agent {
            self.leave(Some(&PASSWORD), EditObjection::Untold);
        }
    }
}

fn members(write: &ResourceWrite<'_>) -> Option<Arc<Members>> {
    let list = write.fields.iter().find(|one| *one.field == ASSIGN_MEMBERS)?;
    list.before?.members().cloned()
}
