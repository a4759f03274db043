//! Changes → the fewest calls, and what must come before what.
//!
//! ```text
//! queue.members (leave) ─▶ agent.delete (replaced) ─▶ agent.create ─▶ agent.edit (what creation cannot set)
//!                                                          │
//!                             agent.edit, agent.password   └─▶ queue.create, queue.members ─▶ agent.delete
//! ```
//!
//! An agent exists before a queue names it, and leaves every queue before it is deleted. A queue's
//! members are replaced once; only an agent that is replaced has to leave first and come back after.
//! Steps without an arrow between them may run side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Context;
use crate::model::agent::{ENABLED, FIELDS, MAIN_SKILL_GROUP, PASSWORD};
use crate::model::field::by_key;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Action, Change, FieldDiff, Member, Operation, Step};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::value::{Members, Value};

/// Most agents of one batch. Source: agent-config §2.1.1, `batchSize`.
const LARGEST_BATCH: usize = 1000;

/// Builds the steps of changes that are ordered by id.
pub(super) fn build(context: &Context<'_>, changes: &[Change]) -> Vec<Step> {
    let mut builder = Builder { context, changes, steps: Vec::new(), creates: BTreeMap::new() };
    let replaced = builder.of(Kind::Agent, Action::Replace);
    let leave = builder.leave(&replaced);
    let deleted = builder.delete(&replaced, leave);
    builder.create(deleted.as_ref());
    builder.edit();
    let queues = builder.queues();
    let gone = builder.of(Kind::Agent, Action::Delete);
    let after = builder.leaving(&gone, &queues);
    builder.delete(&gone, after);
    builder.steps
}

struct Builder<'a> {
    context: &'a Context<'a>,
    changes: &'a [Change],
    steps: Vec<Step>,
    /// The step that makes each new agent.
    creates: BTreeMap<OperatorId, String>,
}

impl<'a> Builder<'a> {
    fn of(&self, kind: Kind, action: Action) -> Vec<&'a Change> {
        self.changes.iter().filter(|c| c.id.kind == kind && c.action == action).collect()
    }

    fn push(&mut self, operation: Operation, targets: Vec<ResourceId>, after: Vec<String>) -> &mut Step {
        let id = format!("s{}", self.steps.len() + 1);
        let at = self.steps.len();
        self.steps.push(Step { id, operation, targets, after, fields: Vec::new(), members: None });
        &mut self.steps[at]
    }

    /// Replaced agents leave the queues that they are in.
    fn leave(&mut self, replaced: &[&Change]) -> Vec<String> {
        let ids: BTreeSet<&OperatorId> = replaced.iter().map(|c| &c.id.name).collect();
        let Some(listing) = self.context.live.queues.as_ref().filter(|_| !ids.is_empty()) else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for (exten, queue) in &listing.items {
            let Some(Value::Members(members)) = queue.record.get(&ASSIGN_MEMBERS) else { continue };
            if !members.keys().any(|id| ids.contains(id)) {
                continue;
            }
            let stay = members.iter().filter(|(id, _)| !ids.contains(id));
            let stay = stay.map(|(id, p)| Member { agent_number: id.clone(), priority: *p }).collect();
            let known = self.changes.iter().find(|c| c.exten.as_deref() == Some(exten.as_str()));
            let id =
                known.map_or_else(|| ResourceId::queue(&queue.name, Some(exten.as_str())), |c| c.id.clone());
            let step = self.push(Operation::QueueMembers, vec![id], Vec::new());
            step.fields = vec![ASSIGN_MEMBERS.key.to_owned()];
            step.members = Some(stay);
            steps.push(step.id.clone());
        }
        steps
    }

    fn delete(&mut self, changes: &[&Change], after: Vec<String>) -> Option<String> {
        if changes.is_empty() {
            return None;
        }
        let targets = changes.iter().map(|c| c.id.clone()).collect();
        Some(self.push(Operation::AgentDelete, targets, after).id.clone())
    }

    fn create(&mut self, deleted: Option<&String>) {
        let settings = self.context.workspace.connection("agent-config").map(|c| &c.settings);
        let batching = settings.is_some_and(|s| s.flag("batchCreate"));
        let new: Vec<&Change> = self
            .changes
            .iter()
            .filter(|c| c.id.kind == Kind::Agent && matches!(c.action, Action::Create | Action::Replace))
            .collect();
        let mut at = 0;
        while at < new.len() {
            let mut end = at + 1;
            while batching
                && end < new.len()
                && end - at < LARGEST_BATCH
                && self.alike(new[end - 1], new[end])
            {
                end += 1;
            }
            let run = &new[at..end];
            let after = match run[0].action {
                Action::Replace => deleted.cloned().into_iter().collect(),
                _ => Vec::new(),
            };
            let fields = self.creatable(run[0]);
            let step = self.push(Operation::AgentCreate, run.iter().map(|c| c.id.clone()).collect(), after);
            step.fields = fields;
            let id = step.id.clone();
            for change in run {
                self.creates.insert(change.id.name.clone(), id.clone());
            }
            at = end;
        }
    }

    /// Whether two new agents of one pool follow each other and are made alike.
    fn alike(&self, one: &Change, next: &Change) -> bool {
        let pool = |c: &Change| self.context.desired.agents.get(&c.id.name).and_then(|a| a.pool);
        let content = |c: &Change| -> Vec<(String, Json, Option<_>)> {
            c.fields.iter().map(|f| (f.path.clone(), f.after.clone(), f.secret.clone())).collect()
        };
        one.action == Action::Create
            && next.action == Action::Create
            && pool(one).is_some()
            && pool(one) == pool(next)
            && one.id.name.successor().as_ref() == Some(&next.id.name)
            && content(one) == content(next)
    }

    /// Fields that creation can set.
    fn creatable(&self, change: &Change) -> Vec<String> {
        change.fields.iter().filter(|f| settable(f, true)).map(|f| f.path.clone()).collect()
    }

    /// Fields that a second call sets, since creation cannot, or the connection says it does not.
    fn second(&self, change: &Change) -> Vec<String> {
        let settings = self.context.workspace.connection("agent-config").map(|c| &c.settings);
        let by_creation = |key: &str| settings.is_none_or(|s| s.flag(key));
        let needed = |field: &FieldDiff| {
            if field.path == ENABLED.key {
                field.after != Json::Bool(by_creation("enabledOnCreate"))
            } else if field.path == MAIN_SKILL_GROUP.key {
                !by_creation("mainGroupOnCreate")
            } else {
                !settable(field, true)
            }
        };
        change.fields.iter().filter(|f| settable(f, false) && needed(f)).map(|f| f.path.clone()).collect()
    }

    fn edit(&mut self) {
        for change in self.changes.iter().filter(|c| c.id.kind == Kind::Agent) {
            match change.action {
                Action::Create | Action::Replace => {
                    let fields = self.second(change);
                    if !fields.is_empty() {
                        let after = self.creates.get(&change.id.name).cloned().into_iter().collect();
                        self.push(Operation::AgentEdit, vec![change.id.clone()], after).fields = fields;
                    }
                }
                Action::Update => {
                    let (password, fields): (Vec<String>, Vec<String>) =
                        change.fields.iter().map(|f| f.path.clone()).partition(|path| path == PASSWORD.key);
                    if !fields.is_empty() {
                        self.push(Operation::AgentEdit, vec![change.id.clone()], Vec::new()).fields = fields;
                    }
                    if !password.is_empty() {
                        self.push(Operation::AgentPassword, vec![change.id.clone()], Vec::new()).fields =
                            password;
                    }
                }
                Action::Delete => {}
            }
        }
    }

    /// Queues are made, and members replaced, after the agents that they name exist.
    fn queues(&mut self) -> Vec<(String, Vec<OperatorId>)> {
        let mut steps = Vec::new();
        // A queue that replaced agents had to leave and no change speaks of gets its members back.
        let left: Vec<Step> =
            self.steps.iter().filter(|s| s.operation == Operation::QueueMembers).cloned().collect();
        for change in self.changes.iter().filter(|c| c.id.kind == Kind::Queue) {
            let field = change.field(ASSIGN_MEMBERS.key);
            let before = field.map(|f| members(&f.before)).unwrap_or_default();
            let after_members = field.map(|f| members(&f.after)).unwrap_or_default();
            let mut after: BTreeSet<String> =
                after_members.keys().filter_map(|id| self.creates.get(id)).cloned().collect();
            after.extend(left.iter().filter(|s| s.targets[0] == change.id).map(|s| s.id.clone()));
            let operation = match change.action {
                Action::Create => Operation::QueueCreate,
                _ => Operation::QueueMembers,
            };
            let after = in_order(after);
            let step = self.push(operation, vec![change.id.clone()], after);
            step.fields = change.fields.iter().map(|f| f.path.clone()).collect();
            let gone = before.keys().filter(|id| !after_members.contains_key(*id)).cloned().collect();
            steps.push((step.id.clone(), gone));
        }
        for leave in left {
            if self.changes.iter().any(|c| c.id == leave.targets[0]) {
                continue;
            }
            let Some(back) = self.live_members(&leave.targets[0]) else { continue };
            let mut after: BTreeSet<String> =
                back.keys().filter_map(|id| self.creates.get(id)).cloned().collect();
            after.insert(leave.id.clone());
            let members =
                back.iter().map(|(id, p)| Member { agent_number: id.clone(), priority: *p }).collect();
            let after = in_order(after);
            let step = self.push(Operation::QueueMembers, leave.targets.clone(), after);
            step.fields = vec![ASSIGN_MEMBERS.key.to_owned()];
            step.members = Some(members);
        }
        steps
    }

    fn live_members(&self, id: &ResourceId) -> Option<Members> {
        let listing = self.context.live.queues.as_ref()?;
        let (_, exten) = id.name.as_str().rsplit_once('@')?;
        match listing.items.get(exten)?.record.get(&ASSIGN_MEMBERS)? {
            Value::Members(members) => Some(Members::clone(members)),
            _ => None,
        }
    }

    /// The queue steps that agents leave by.
    fn leaving(&self, gone: &[&Change], queues: &[(String, Vec<OperatorId>)]) -> Vec<String> {
        let ids: BTreeSet<&OperatorId> = gone.iter().map(|c| &c.id.name).collect();
        queues
            .iter()
            .filter(|(_, left)| left.iter().any(|id| ids.contains(id)))
            .map(|(step, _)| step.clone())
            .collect()
    }
}

/// Whether creation, or an edit, can set a field to what it shall hold.
fn settable(field: &FieldDiff, creation: bool) -> bool {
    let Some(row) = by_key(FIELDS, &field.path) else { return false };
    if row.index == PASSWORD.index {
        return creation;
    }
    Value::from_json(row.ty, &field.after)
        .is_some_and(|value| if creation { row.can_create(&value) } else { row.can_edit(&value) })
}

fn members(json: &Json) -> Members {
    match Value::from_json(ASSIGN_MEMBERS.ty, json) {
        Some(Value::Members(members)) => Members::clone(&members),
        _ => Members::new(),
    }
}

/// `s2` before `s10`.
fn in_order(steps: BTreeSet<String>) -> Vec<String> {
    let mut steps: Vec<String> = steps.into_iter().collect();
    steps.sort_by_key(|id| id[1..].parse::<usize>().unwrap_or(usize::MAX));
    steps
}
