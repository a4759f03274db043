//! Changes → the fewest calls, in dependency order.
//!
//! ```text
//! queue.members (leave) ─▶ agent.delete (replaced) ─▶ agent.create
//! secret.put ─▶ agent.create, agent.password
//! agent.create ─▶ agent.edit (what creation cannot set)
//! agent.create ─▶ queue.create, queue.members ─▶ agent.delete
//! queue.delete ─▶ agent.delete
//! ```
//!
//! An agent exists before a queue names it, and leaves every queue before it is deleted: by its list, or by the queue's
//! own deletion. A queue's members are replaced once; only a replaced agent that comes back must leave first. An edit
//! that takes a SIP number comes after the edit or the delete that frees it. If numbers form a cycle, one agent is
//! unbound first, and gets its new number last. Steps without an arrow between them may run concurrently.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Context;
use super::sip::holders;
use super::unknown_members;
use crate::model::agent::{PASSWORD, SIP};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff, Operation, Step, StepId, Verb};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::secret::SecretRef;
use crate::model::support::Support;
use crate::model::value::{Members, Value};

/// Builds the steps of changes that are ordered by id.
pub(super) fn build(context: &Context<'_>, changes: &[Change]) -> Vec<Step> {
    let mut builder = Builder {
        context,
        changes,
        steps: Vec::new(),
        after: Vec::new(),
        creates: BTreeMap::new(),
        edits: BTreeMap::new(),
        fields: Arc::default(),
    };
    let replaced = builder.changes(Kind::Agent, Action::Replace);
    let gone = builder.changes(Kind::Agent, Action::Delete);
    let left = builder.leave(&replaced);
    let away = builder.delete(&replaced);
    builder.create(&away);
    builder.edit();
    builder.secrets();
    builder.queues(&replaced, &left, &away);
    let last = builder.delete(&gone);
    builder.leaving(&gone, &last);
    builder.sip_numbers();
    builder.in_order()
}

/// The index of a step in [`Builder::steps`].
type At = usize;

struct Builder<'a> {
    context: &'a Context<'a>,
    changes: &'a [Change],
    steps: Vec<Step>,
    /// The steps that must precede each step.
    after: Vec<BTreeSet<At>>,
    /// The step that creates each new agent.
    creates: BTreeMap<OperatorId, At>,
    /// The step that edits each agent.
    edits: BTreeMap<OperatorId, At>,
    /// The fields of the last step.
    fields: Arc<[&'static str]>,
}

/// A queue that replaced agents leave and return to.
struct Left {
    step: At,
    exten: OperatorId,
    members: Arc<Members>,
}

impl<'a> Builder<'a> {
    fn changes(&self, kind: Kind, action: Action) -> Vec<&'a Change> {
        self.changes.iter().filter(|c| c.id.kind == kind && c.action == action).collect()
    }

    fn push(&mut self, operation: Operation, targets: Vec<ResourceId>, fields: Vec<&'static str>) -> At {
        let at = self.steps.len();
        if *self.fields != *fields {
            self.fields = fields.into();
        }
        let step = Step {
            id: StepId(0),
            operation,
            targets,
            after: Vec::new(),
            fields: Arc::clone(&self.fields),
            renew: false,
            unbind: false,
            members: None,
            strangers: Vec::new(),
        };
        self.steps.push(step);
        self.after.push(BTreeSet::new());
        at
    }

    fn push_members(
        &mut self,
        id: ResourceId,
        members: &Arc<Members>,
        without: &BTreeSet<&OperatorId>,
    ) -> At {
        let at = self.push(Operation::queue(Verb::Members), vec![id], vec![ASSIGN_MEMBERS.key]);
        let mut sent = Arc::clone(members);
        if !without.is_empty() {
            Arc::make_mut(&mut sent).retain(|id, _| !without.contains(id));
        }
        self.steps[at].strangers = self.strangers(&sent);
        self.steps[at].members = Some(sent);
        at
    }

    fn strangers(&self, members: &Members) -> Vec<OperatorId> {
        unknown_members::find(self.context, members, |id| {
            let id = ResourceId::agent(id);
            let found = self.changes.binary_search_by(|change| change.id.cmp(&id));
            found.is_ok_and(|at| self.changes[at].action == Action::Create)
        })
    }

    /// Adds the steps by which replaced agents leave the queues that they return to.
    ///
    /// If a queue's change removes all of them for good, or the queue itself, they leave by that change's step.
    fn leave(&mut self, replaced: &[&Change]) -> Vec<Left> {
        let ids: BTreeSet<&OperatorId> = replaced.iter().map(|c| &c.id.name).collect();
        let Some(listing) = self.context.live.queues.as_ref().filter(|_| !ids.is_empty()) else {
            return Vec::new();
        };
        let changed: BTreeMap<&str, &Change> =
            self.changes.iter().filter_map(|c| Some((c.exten.as_deref()?, c))).collect();
        let mut left = Vec::new();
        for (exten, queue) in &listing.items {
            let Some(Value::Members(now)) = queue.record.get(&ASSIGN_MEMBERS) else { continue };
            if !now.keys().any(|id| ids.contains(id)) {
                continue;
            }
            let change = changed.get(exten.as_str());
            let end = change.and_then(|change| change.members_after());
            let deleted = change.is_some_and(|change| change.action == Action::Delete);
            if deleted || end.is_some_and(|end| !end.keys().any(|id| ids.contains(id))) {
                continue;
            }
            let id =
                change.map_or_else(|| ResourceId::queue(&queue.name, Some(exten.as_str())), |c| c.id.clone());
            let step = self.push_members(id, now, &ids);
            left.push(Left { step, exten: exten.clone(), members: Arc::clone(now) });
        }
        left
    }

    /// Returns the most agents in one call of an operation.
    fn batch(&self, verb: Verb) -> usize {
        let Some(spec) = self.context.supports.agents.verbs.get(verb) else { return 1 };
        let connection = self.context.workspace.connection_of_kind(Kind::Agent);
        let allowed = spec.batch_setting.is_none_or(|s| connection.is_some_and(|c| c.settings.flag(s)));
        if allowed { spec.batch } else { 1 }
    }

    fn delete(&mut self, changes: &[&Change]) -> Vec<At> {
        let batches = changes.chunks(self.batch(Verb::Delete));
        let targets = |batch: &[&Change]| batch.iter().map(|c| c.id.clone()).collect();
        batches.map(|batch| self.push(Operation::agent(Verb::Delete), targets(batch), Vec::new())).collect()
    }

    fn create(&mut self, away: &[At]) {
        let batch = self.batch(Verb::Create);
        let new: Vec<&Change> = self
            .changes
            .iter()
            .filter(|c| c.id.kind == Kind::Agent && matches!(c.action, Action::Create | Action::Replace))
            .collect();
        let mut at = 0;
        while at < new.len() {
            let mut end = at + 1;
            while end < new.len() && end - at < batch && self.alike(new[end - 1], new[end]) {
                end += 1;
            }
            let run = &new[at..end];
            let targets = run.iter().map(|c| c.id.clone()).collect();
            let fields = creatable(self.context.supports.agents, run[0]);
            let step = self.push(Operation::agent(Verb::Create), targets, fields);
            if run[0].action == Action::Replace {
                // A replacement is a run of one agent: only the deletion of that agent comes before it.
                let deletes = |at: &&At| self.steps[**at].targets.contains(&run[0].id);
                let own: Vec<At> = away.iter().filter(deletes).copied().collect();
                self.after[step].extend(own);
            }
            self.creates.extend(run.iter().map(|change| (change.id.name.clone(), step)));
            at = end;
        }
    }

    /// Returns true if two new agents of one pool are consecutive with equal fields.
    fn alike(&self, one: &Change, next: &Change) -> bool {
        let pool = |c: &Change| self.context.desired.agents.get(&c.id.name).and_then(|a| a.pool);
        let same =
            |a: &FieldDiff, b: &FieldDiff| a.field == b.field && a.after == b.after && a.secret == b.secret;
        one.action == Action::Create
            && next.action == Action::Create
            && pool(one).is_some()
            && pool(one) == pool(next)
            && one.id.name.successor().as_ref() == Some(&next.id.name)
            && one.fields.len() == next.fields.len()
            && one.fields.iter().zip(&next.fields).all(|(a, b)| same(a, b))
    }

    /// Returns the fields that a second call sets.
    ///
    /// Creation cannot set them, or the connection's settings say so.
    fn second(&self, change: &Change) -> Vec<&'static str> {
        let support = self.context.supports.agents;
        let connection = self.context.workspace.connection_of_kind(Kind::Agent);
        let is_set = |setting: &str| connection.is_none_or(|c| c.settings.flag(setting));
        let needed = |field: &FieldDiff| match support.creation_default(field.field) {
            Some(setting) if support.mapping(field.field).create.is_empty() => {
                field.after != Some(Value::Flag(is_set(setting)))
            }
            Some(setting) => !is_set(setting),
            None => !settable(support, field, true),
        };
        change
            .fields
            .iter()
            .filter(|f| settable(support, f, false) && needed(f))
            .map(|f| f.field.key)
            .collect()
    }

    fn edit(&mut self) {
        for change in self.changes.iter().filter(|c| c.id.kind == Kind::Agent) {
            match change.action {
                Action::Create | Action::Replace => {
                    let fields = self.second(change);
                    if !fields.is_empty() {
                        let step = self.push(Operation::agent(Verb::Edit), vec![change.id.clone()], fields);
                        self.after[step].extend(self.creates.get(&change.id.name));
                        self.edits.insert(change.id.name.clone(), step);
                    }
                }
                Action::Update => {
                    let keys = change.fields.iter().map(|f| f.field.key);
                    let (password, fields): (Vec<_>, Vec<_>) = keys.partition(|key| *key == PASSWORD.key);
                    if !fields.is_empty() {
                        let step = self.push(Operation::agent(Verb::Edit), vec![change.id.clone()], fields);
                        self.edits.insert(change.id.name.clone(), step);
                    }
                    if !password.is_empty() {
                        self.push(Operation::agent(Verb::Password), vec![change.id.clone()], password);
                    }
                }
                Action::Delete => {}
            }
        }
    }

    /// Adds the steps that store passwords.
    ///
    /// A password that may be generated is in its store before it is sent, so that no crash can lose it.
    fn secrets(&mut self) {
        let mut puts: BTreeMap<(Arc<str>, Arc<str>), At> = BTreeMap::new();
        let users: Vec<At> =
            (0..self.steps.len()).filter(|at| self.steps[*at].fields.contains(&PASSWORD.key)).collect();
        let changes: BTreeMap<&ResourceId, &Change> = self.changes.iter().map(|c| (&c.id, c)).collect();
        // If one agent renews a key, all its users wait for the step.
        let passwords = self.changes.iter().filter_map(|change| change.field(&PASSWORD));
        let renewed = passwords
            .filter(|field| field.renew)
            .filter_map(|field| field.secret.as_deref().map(SecretRef::name));
        let renewed: BTreeSet<_> = renewed.collect();
        for at in users {
            for id in self.steps[at].targets.clone() {
                let Some(change) = changes.get(&id) else { continue };
                let Some(field) = change.field(&PASSWORD) else { continue };
                let Some(secret) = field.secret.as_ref() else { continue };
                let key = secret.name();
                let renew = renewed.contains(&key);
                // A password that changed in the store is already stored.
                let there = change.action == Action::Update && field.moved == ChangeOrigin::Manifest;
                if !renew && (there || !secret.generate) {
                    continue;
                }
                let put = if let Some(put) = puts.get(&key) {
                    *put
                } else {
                    let fields = vec![PASSWORD.key];
                    let put = self.push(Operation::agent(Verb::Put), Vec::new(), fields);
                    self.steps[put].renew = renew;
                    puts.insert(key, put);
                    put
                };
                self.steps[put].targets.push(id);
                self.after[at].insert(put);
            }
        }
    }

    /// Adds the steps that create queues and replace members, after the named agents exist.
    ///
    /// A queue that replaced agents left and that has no change gets its members back.
    fn queues(&mut self, replaced: &[&Change], left: &[Left], away: &[At]) {
        let replaced: BTreeSet<&OperatorId> = replaced.iter().map(|c| &c.id.name).collect();
        let mut back: BTreeMap<&str, &Left> = left.iter().map(|l| (l.exten.as_str(), l)).collect();
        for change in self.changes.iter().filter(|c| c.id.kind == Kind::Queue) {
            let verb = match change.action {
                Action::Create => Verb::Create,
                Action::Update | Action::Replace => Verb::Members,
                Action::Delete => Verb::Delete,
            };
            let sent = change.fields.iter().filter(|_| verb != Verb::Delete);
            let keys = sent.map(|f| f.field.key);
            let (fields, edited): (Vec<_>, Vec<_>) =
                keys.partition(|key| verb == Verb::Create || *key == ASSIGN_MEMBERS.key);
            if !edited.is_empty() {
                self.push(Operation::queue(Verb::Edit), vec![change.id.clone()], edited);
            }
            if fields.is_empty() && verb == Verb::Members {
                continue;
            }
            let step = self.push(Operation::queue(verb), vec![change.id.clone()], fields);
            if let Some(sent) = change.members_after() {
                if verb == Verb::Members {
                    self.steps[step].strangers = self.strangers(sent);
                }
                self.after_creation(step, sent);
            }
            let had = |ids: &BTreeSet<&OperatorId>| {
                change.members_before().is_some_and(|before| before.keys().any(|id| ids.contains(id)))
            };
            match change.exten.as_deref().and_then(|exten| back.remove(exten)) {
                Some(left) => {
                    self.after[step].insert(left.step);
                }
                None if had(&replaced) => {
                    for away in away {
                        self.after[*away].insert(step);
                    }
                }
                None => {}
            }
        }
        for left in left.iter().filter(|left| back.contains_key(left.exten.as_str())) {
            let step =
                self.push_members(self.steps[left.step].targets[0].clone(), &left.members, &BTreeSet::new());
            self.after_creation(step, &left.members);
            self.after[step].insert(left.step);
        }
        for left in left {
            for away in away {
                self.after[*away].insert(left.step);
            }
        }
    }

    fn after_creation(&mut self, step: At, members: &Members) {
        self.after[step].extend(members.keys().filter_map(|id| self.creates.get(id)));
    }

    /// Makes deleted agents leave their queues first.
    fn leaving(&mut self, gone: &[&Change], last: &[At]) {
        let ids: BTreeSet<&OperatorId> = gone.iter().map(|c| &c.id.name).collect();
        let mut by: BTreeSet<&ResourceId> = BTreeSet::new();
        for change in self.changes.iter().filter(|c| c.id.kind == Kind::Queue) {
            if change.members_before().is_some_and(|before| before.keys().any(|id| ids.contains(id))) {
                by.insert(&change.id);
            }
        }
        // The step that completes the change, not the one by which replaced agents leave.
        let ends = |s: &Step| match s.operation.verb {
            Verb::Members => s.members.is_none(),
            verb => verb == Verb::Delete,
        };
        let steps = self.steps.iter().enumerate().filter(|(_, s)| ends(s) && by.contains(&s.targets[0]));
        let steps: Vec<At> = steps.map(|(at, _)| at).collect();
        for last in last {
            self.after[*last].extend(&steps);
        }
    }

    /// Orders an edit that takes a SIP number after the step that frees it.
    fn sip_numbers(&mut self) {
        let mut takes: BTreeMap<&OperatorId, &str> = BTreeMap::new();
        let mut freed: BTreeMap<&OperatorId, At> = BTreeMap::new();
        let deletes = Operation::agent(Verb::Delete);
        let deletes = self.steps.iter().zip(0..).filter(|(step, _)| step.operation == deletes);
        let deletes = deletes.flat_map(|(step, at)| step.targets.iter().map(move |id| (id.name.clone(), at)));
        let deletes: BTreeMap<OperatorId, At> = deletes.collect();
        for change in self.changes.iter().filter(|c| c.id.kind == Kind::Agent) {
            let id = &change.id.name;
            let sip = change.field(&SIP);
            if let Some(number) = sip.and_then(|f| f.after.as_ref()?.sip_number())
                && self.edits.get(id).is_some_and(|at| self.steps[*at].fields.contains(&SIP.key))
            {
                takes.insert(id, number);
            }
            let giver = match change.action {
                Action::Delete | Action::Replace => deletes.get(id).copied(),
                Action::Update if sip.is_some() => self.edits.get(id).copied(),
                Action::Update | Action::Create => None,
            };
            freed.extend(giver.map(|at| (id, at)));
        }
        if takes.is_empty() {
            return;
        }
        let holders = holders(self.context);
        // Each agent takes at most one number, so its dependencies are one path, walked once.
        let waits = |id: &OperatorId| {
            let holder = *holders.get(*takes.get(id)?)?;
            (holder != id && freed.contains_key(holder)).then_some(holder)
        };
        let edited = |id: &OperatorId| self.edits.get(id).is_some_and(|at| freed.get(id) == Some(at));
        let mut seen: BTreeSet<&OperatorId> = BTreeSet::new();
        let mut circles: Vec<Vec<&OperatorId>> = Vec::new();
        for start in takes.keys() {
            let mut path = Vec::new();
            let mut next = Some(*start);
            while let Some(id) = next.filter(|id| seen.insert(id)) {
                path.push(id);
                next = waits(id).filter(|holder| edited(holder));
            }
            if let Some(at) = next.and_then(|id| path.iter().position(|p| *p == id)) {
                circles.push(path.split_off(at));
            }
        }
        // One agent of a cycle is unbound, preferably one whose edit sends no other field that could be withheld.
        let mut unbound: BTreeMap<&OperatorId, At> = BTreeMap::new();
        for circle in &circles {
            let alone =
                |id: &&&OperatorId| self.edits.get(**id).is_some_and(|at| self.steps[*at].fields.len() == 1);
            let Some(first) = circle.iter().find(alone).or(circle.first()).copied() else { continue };
            let (targets, fields) = (vec![ResourceId::agent(first)], vec![SIP.key]);
            let step = self.push(Operation::agent(Verb::Edit), targets, fields);
            self.steps[step].unbind = true;
            unbound.insert(first, step);
        }
        for id in takes.keys() {
            let giver = waits(id).and_then(|holder| unbound.get(holder).or_else(|| freed.get(holder)));
            if let (Some(giver), Some(edit)) = (giver, self.edits.get(*id)) {
                self.after[*edit].insert(*giver);
            }
        }
        for (id, step) in &unbound {
            if let Some(edit) = self.edits.get(*id) {
                self.after[*edit].insert(*step);
            }
        }
    }

    /// Numbers the steps in a sequential order: as built, but each after its dependencies.
    fn in_order(self) -> Vec<Step> {
        let mut waiting: Vec<usize> = self.after.iter().map(BTreeSet::len).collect();
        let mut next: Vec<Vec<At>> = vec![Vec::new(); self.steps.len()];
        for (at, after) in self.after.iter().enumerate() {
            for before in after {
                next[*before].push(at);
            }
        }
        let mut ready: BTreeSet<At> = (0..waiting.len()).filter(|at| waiting[*at] == 0).collect();
        let mut place = vec![0; self.steps.len()];
        let mut order = Vec::with_capacity(self.steps.len());
        while let Some(at) = ready.pop_first() {
            place[at] = order.len();
            order.push(at);
            for later in &next[at] {
                waiting[*later] -= 1;
                if waiting[*later] == 0 {
                    ready.insert(*later);
                }
            }
        }
        assert!(order.len() == self.steps.len(), "no step waits for itself");
        let mut steps: Vec<Option<Step>> = self.steps.into_iter().map(Some).collect();
        let name = |place: usize| StepId(u32::try_from(place + 1).unwrap_or(u32::MAX));
        let mut result = Vec::with_capacity(order.len());
        for at in order {
            let Some(mut step) = steps[at].take() else { continue };
            let mut after: Vec<usize> = self.after[at].iter().map(|before| place[*before]).collect();
            after.sort_unstable();
            step.id = name(place[at]);
            step.after = after.into_iter().map(name).collect();
            result.push(step);
        }
        result
    }
}

/// Returns the fields that a creation sends: those that it can set, and `sip`.
///
/// `sip` is sent even if an edit binds the number afterwards: without it, a creation takes another account.
fn creatable(support: &Support, change: &Change) -> Vec<&'static str> {
    let sent =
        |f: &&FieldDiff| settable(support, f, true) || f.after.as_ref().and_then(Value::sip_number).is_some();
    change.fields.iter().filter(sent).map(|f| f.field.key).collect()
}

/// Returns true if a creation, or an edit, can set a field.
fn settable(support: &Support, field: &FieldDiff, creation: bool) -> bool {
    let row = field.field;
    match &field.after {
        Some(value) if creation => support.can_create(row, value),
        Some(value) => support.can_edit(row, value),
        None => creation && *row == PASSWORD && !support.mapping(row).create.is_empty(),
    }
}
