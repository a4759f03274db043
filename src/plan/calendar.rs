//! Turns what dates change at a moment into an entry of the calendar, with the calls that it needs.
//!
//! Offline: the state before the moment stands for the live state.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ZonedDateTime;

use super::context::{Context, Options};
use super::estimate::{self, Observed};
use super::steps;
use crate::config::workspace::Workspace;
use crate::model::agent::{ENABLED, FIELDS, MAIN_SKILL_GROUP, NAME};
use crate::model::calendar::{Action, Change, Entry, FieldChange, HeadCount, Loan, Path};
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue, Existence};
use crate::model::field::{Field, Record};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::{self, ChangeOrigin, FieldDiff};
use crate::model::queue::{ASSIGN_MEMBERS, ListMode};
use crate::model::source::Source;
use crate::model::value::{Members, NO_MEMBERS, Value};

/// An agent of which something else is wanted from a moment on.
pub struct AgentTurn<'a> {
    /// Its number.
    pub id: &'a OperatorId,
    /// What was wanted before.
    pub before: &'a DesiredAgent,
    /// What is wanted from the moment on.
    pub after: &'a DesiredAgent,
    /// Its values before the moment, whatever its own dates are.
    pub values: &'a Record,
    /// The part of a loan that the change is.
    pub loan: Option<Loan>,
    /// The place of the date.
    pub source: &'a Source,
}

/// A queue of which something else is wanted from a moment on.
pub struct QueueTurn<'a> {
    /// The queue.
    pub id: &'a ResourceId,
    /// What was wanted before.
    pub before: &'a DesiredQueue,
    /// What is wanted from the moment on.
    pub after: &'a DesiredQueue,
    /// The place of the date.
    pub source: &'a Source,
}

/// Returns the entry of a moment; `None` if nothing changes that a vendor or a minimum would notice.
pub fn entry(
    workspace: &Workspace,
    at: ZonedDateTime,
    agents: &[AgentTurn<'_>],
    queues: &[QueueTurn<'_>],
    kept: &mut Kept,
    name: impl Fn(&OperatorId) -> Option<String>,
) -> Option<Entry> {
    let mut changes: Vec<Change> = agents.iter().filter_map(agent).collect();
    let mut counts = Vec::new();
    for turn in queues {
        let (before, after) = both(workspace, turn, kept);
        let Some(change) = queue(turn, before.as_ref(), after.as_ref(), &name) else { continue };
        if let (Some(before), Some(after)) = (before, after) {
            counts.push(HeadCount {
                id: turn.id.clone(),
                before: before.len(),
                after: after.len(),
                min_members: turn.after.min_members.as_ref().map(|(least, _)| *least),
            });
        }
        changes.push(change);
    }
    if changes.is_empty() {
        return None;
    }
    changes.sort_by(|one, other| one.id.cmp(&other.id));
    let mut desired = Desired::default();
    for turn in agents {
        desired.agents.insert(turn.id.clone(), turn.after.clone());
    }
    let written: Vec<plan::Change> = changes.iter().filter_map(|change| written(&desired, change)).collect();
    let context = Context {
        workspace,
        desired: &desired,
        live: &Live::default(),
        ledger: &Ledger::default(),
        options: &Options::default(),
        supports: workspace.supports(),
        users: OnceCell::new(),
    };
    let steps = steps::build(&context, &written);
    Some(Entry {
        at,
        changes,
        queues: counts,
        calls: estimate::calls(&steps),
        estimated_seconds: estimate::seconds(workspace, &steps, &Observed::default()),
    })
}

/// Returns the change of an agent; `None` if none of its values changes.
fn agent(turn: &AgentTurn<'_>) -> Option<Change> {
    let is_over = turn.after.out_of_date.as_ref().is_some_and(|out| !out.before);
    let action = match turn.after.existence {
        Existence::Absent => Action::Delete,
        Existence::IfLive | Existence::Untouched if is_over => Action::Leave,
        Existence::Present if turn.before.existence == Existence::Present => Action::Update,
        Existence::Present => Action::Join,
        // Time runs forward, so an agent does not go back before its `from`.
        Existence::IfLive | Existence::Untouched => return None,
    };
    let fields = match action {
        Action::Join => differences(&Record::default(), &turn.after.record),
        Action::Update => differences(&turn.before.record, &turn.after.record),
        Action::Leave => {
            let disabled = turn.after.record.entry(&ENABLED);
            let was = turn.before.record.get(&ENABLED);
            let change = disabled.filter(|entry| was != Some(entry.value)).map(|entry| FieldChange {
                path: Path::Field(entry.field),
                before: was.cloned(),
                after: Some(entry.value.clone()),
                source: entry.source.cloned(),
            });
            change.into_iter().collect()
        }
        // As in a plan, the fields of a deletion tell who it is.
        Action::Delete => [&NAME, &MAIN_SKILL_GROUP]
            .into_iter()
            .filter_map(|field| {
                let before = turn.values.get(field)?.clone();
                Some(FieldChange {
                    path: Path::Field(field),
                    before: Some(before),
                    after: None,
                    source: None,
                })
            })
            .collect(),
    };
    if action == Action::Update && fields.is_empty() {
        return None;
    }
    let group = turn.values.get(&MAIN_SKILL_GROUP).filter(|_| action == Action::Leave);
    Some(Change {
        id: ResourceId::agent(turn.id),
        action,
        title: turn.values.text(&NAME).or_else(|| turn.after.record.text(&NAME)).map(str::to_owned),
        loan: turn.loan.filter(|_| action == Action::Update),
        until: None,
        group: group.cloned(),
        names: BTreeMap::new(),
        source: Some(turn.source.clone()),
        fields,
    })
}

/// Returns the fields of which two records hold other values.
fn differences(before: &Record, after: &Record) -> Vec<FieldChange> {
    let changed = |field: &'static Field| {
        let (was, now) = (before.entry(field), after.entry(field));
        let value = |value: &Value| (!matches!(value, Value::Password(_))).then(|| value.clone());
        (was.map(|entry| entry.value) != now.map(|entry| entry.value)).then(|| FieldChange {
            path: Path::Field(field),
            before: was.and_then(|entry| value(entry.value)),
            after: now.and_then(|entry| value(entry.value)),
            source: now.or(was).and_then(|entry| entry.source.cloned()),
        })
    };
    FIELDS.iter().copied().filter_map(changed).collect()
}

/// The members of queues whose lists only add: a member stays unless a date takes it out.
pub type Kept = BTreeMap<ResourceId, Arc<Members>>;

/// Returns the members before the moment and from it on; `None` if no manifest says who serves the queue.
fn both(
    workspace: &Workspace,
    turn: &QueueTurn<'_>,
    kept: &mut Kept,
) -> (Option<Arc<Members>>, Option<Arc<Members>>) {
    let (before, after) = (turn.before.members().cloned(), turn.after.members().cloned());
    if workspace.policy.mode(turn.after) == ListMode::Ignore {
        return (before.clone(), before);
    }
    let Some(new) = after.as_ref().filter(|_| workspace.policy.mode(turn.after) == ListMode::AtLeast) else {
        return (before, after);
    };
    let before = kept.get(turn.id).cloned().or(before);
    let mut all = before.as_deref().cloned().unwrap_or_default();
    all.retain(|id, _| !turn.after.excluded.contains_key(id));
    all.extend(new.iter().map(|(id, priority)| (id.clone(), *priority)));
    let all = Arc::new(all);
    kept.insert(turn.id.clone(), Arc::clone(&all));
    (before, Some(all))
}

/// Returns the change of a queue; `None` if neither its members nor its minimum change.
fn queue(
    turn: &QueueTurn<'_>,
    before: Option<&Arc<Members>>,
    after: Option<&Arc<Members>>,
    name: impl Fn(&OperatorId) -> Option<String>,
) -> Option<Change> {
    let mut fields = Vec::new();
    let mut moved = BTreeSet::new();
    if before != after {
        let entry = turn.after.record.entry(&ASSIGN_MEMBERS);
        let value =
            |members: Option<&Arc<Members>>| members.map(|members| Value::Members(Arc::clone(members)));
        fields.push(FieldChange {
            path: Path::Field(&ASSIGN_MEMBERS),
            before: value(before),
            after: value(after),
            source: entry.and_then(|entry| entry.source.cloned()),
        });
        let (before, after) = (before.map_or(&NO_MEMBERS, |m| m), after.map_or(&NO_MEMBERS, |m| m));
        moved.extend(before.keys().filter(|id| !after.contains_key(*id)));
        moved.extend(after.keys().filter(|id| !before.contains_key(*id)));
    }
    let least = |queue: &DesiredQueue| queue.min_members.as_ref().map(|(least, _)| *least);
    if least(turn.before) != least(turn.after) {
        let value = |queue| Some(Value::Number(i64::try_from(least(queue)?).unwrap_or(i64::MAX)));
        let place = turn.after.min_members.as_ref().or(turn.before.min_members.as_ref());
        fields.push(FieldChange {
            path: Path::MinMembers,
            before: value(turn.before),
            after: value(turn.after),
            source: place.map(|(_, source)| source.clone()),
        });
    }
    (!fields.is_empty()).then(|| Change {
        id: turn.id.clone(),
        action: Action::Update,
        title: None,
        loan: None,
        until: None,
        group: None,
        names: moved.into_iter().filter_map(|id| Some((id.clone(), name(id)?))).collect(),
        source: Some(turn.source.clone()),
        fields,
    })
}

/// Returns a change as the planner writes it; `None` if it needs no call.
fn written(desired: &Desired, change: &Change) -> Option<plan::Change> {
    let action = match change.action {
        Action::Join => plan::Action::Create,
        Action::Leave | Action::Update => plan::Action::Update,
        Action::Delete => plan::Action::Delete,
    };
    let diff = |field: &FieldChange| match field.path {
        Path::Field(row) => {
            Some(FieldDiff::new(row, field.before.clone(), field.after.clone(), ChangeOrigin::Unknown))
        }
        Path::MinMembers => None,
    };
    let new = desired.agents.get(&change.id.name).filter(|_| change.action == Action::Join);
    let fields: Vec<FieldDiff> = match new {
        // The secret of a password tells which agents one call can create.
        Some(agent) => {
            agent.record.iter().map(|entry| FieldDiff::to_entry(None, entry, ChangeOrigin::Unknown)).collect()
        }
        None => change.fields.iter().filter_map(diff).collect(),
    };
    if action == plan::Action::Update && fields.is_empty() {
        return None;
    }
    Some(plan::Change {
        id: change.id.clone(),
        action,
        title: None,
        moved: ChangeOrigin::Unknown,
        exten: None,
        identity: Identity::default(),
        protect: false,
        leave: change.action == Action::Leave,
        reason: None,
        last_changed: None,
        names: BTreeMap::new(),
        fields,
        source: None,
    })
}
