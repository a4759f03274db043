//! Shared parts of the planner's tests: readers of manifest terms, and a pure model of the vendors. The model
//! carries out a plan's steps and refuses an illegal order.

use jiff::Timestamp;
use rosterctl::manifest::Roster;
use rosterctl::vendors;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rosterctl::config::workspace::Workspace;
use rosterctl::manifest;
use rosterctl::model::agent::{self, ENABLED, MAIN_SKILL_GROUP, PASSWORD, ROLE, SIP, SKILL_LEVEL};
use rosterctl::model::codec;
use rosterctl::model::desired::Desired;
use rosterctl::model::field::{Field, Record, by_key};
use rosterctl::model::id::{Kind, OperatorId, ResourceId};
use rosterctl::model::last_change::VendorChange;
use rosterctl::model::ledger::{AppliedPassword, Ledger};
use rosterctl::model::live::{Listing, Live, LiveQueue, LiveSeats, SeatPassword, Seats};
use rosterctl::model::plan::{Action, Change, Plan, Step, StepId, Verb};
use rosterctl::model::queue::{self, ASSIGN_MEMBERS};
use rosterctl::model::seat::{self, Figures, LiveSeat};
use rosterctl::model::source::File;
use rosterctl::model::support::Supports;
use rosterctl::model::unread::ListingDoubt;
use rosterctl::model::value::{Members, Sip, Value};
use serde_json::{Map, Value as Json};

/// Reads a workspace file.
pub(crate) fn workspace(text: &str) -> Workspace {
    workspace_of(vendors::ALL, text)
}

/// Reads a workspace file with connections of some vendors.
pub(crate) fn workspace_of(vendors: vendors::Registry, text: &str) -> Workspace {
    rosterctl::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), &vendors.specs()).unwrap_or_else(
        |wrong| panic!("the workspace of a test is sound: {:#?}\n{text}", wrong.into_sorted()),
    )
}

/// Returns the connectors' support of each kind.
pub(crate) fn supports() -> Supports {
    Supports::new(vendors::ALL.specs().iter().flat_map(|spec| spec.supports.iter().copied()))
}

/// Returns a workspace with both writing connections.
pub(crate) fn workspace_with(agents: &str, policy: &str) -> Workspace {
    let connections = format!(
        "  agents: {{ provider: agent-config, baseUrl: sandbox{agents} }}
  webchat: {{ provider: webchat-queue, baseUrl: sandbox }}"
    );
    workspace(&workspace_text(&connections, policy))
}

/// Returns the text of a workspace file with some connections.
pub(crate) fn workspace_text(connections: &str, policy: &str) -> String {
    format!(
        "apiVersion: rosterctl/v1
kind: Workspace
name: test
manifests: [roster]
connections:
{connections}
secrets:
  files: {{ type: dir, path: secrets }}
policy: {policy}
"
    )
}

/// Reads manifests without dates.
pub(crate) fn desired(files: &[(String, String)], workspace: &Workspace) -> Desired {
    roster(files, workspace, None).desired
}

/// Reads manifests at an instant.
pub(crate) fn roster(files: &[(String, String)], workspace: &Workspace, at: Option<Timestamp>) -> Roster {
    let files: Vec<File> = files
        .iter()
        .map(|(name, text)| File { name: name.as_str().into(), bytes: text.as_bytes().to_vec() })
        .collect();
    manifest::load_at(&files, workspace, at.unwrap_or_default()).unwrap_or_else(|wrong| {
        let texts: Vec<_> = files.iter().map(|f| String::from_utf8_lossy(&f.bytes)).collect();
        panic!("the manifests of a test are sound: {:#?}\n{}", wrong.into_sorted(), texts.join("\n"))
    })
}

/// Reads a record in manifest terms.
pub(crate) fn record(fields: &'static [&'static Field], words: &Map<String, Json>) -> Record {
    let mut record = Record::default();
    for (key, json) in words {
        // Fields of which the vendor hides a part.
        if key == "masked" {
            for field in json.as_array().into_iter().flatten().filter_map(|key| by_key(fields, key.as_str()?))
            {
                record.mark_masked(field);
            }
            continue;
        }
        let field = by_key(fields, key).unwrap_or_else(|| panic!("there is a field `{key}`"));
        let value = codec::from_json(field, json).ok().flatten();
        let value = value.unwrap_or_else(|| panic!("`{key}` can be {json}"));
        record.set(field, value, None);
    }
    record
}

/// Reads live state in manifest terms. Agents are listed by number, queues by the vendor's number. `…Incomplete`
/// marks a listing that is not proved complete; `foreignAgents` are another company's.
pub(crate) fn live(words: &Json) -> Live {
    let object = |json: &Json| json.as_object().cloned().unwrap_or_default();
    let doubt = |key: &str| words.get(key).map(doubt);
    let agents = words.get("agents").map(|agents| Listing {
        items: object(agents)
            .iter()
            .map(|(id, words)| {
                let mut words = object(words);
                let identity =
                    words.remove("identity").map(|told| serde_json::from_value(told).expect("an identity"));
                let changed = last_change(&mut words);
                let mut record = record(agent::FIELDS, &words);
                record.identify(identity.unwrap_or_default());
                if let Some(changed) = changed {
                    record.mark_changed(changed.at);
                }
                (OperatorId::from(id.as_str()), record)
            })
            .collect(),
        incomplete: doubt("agentsIncomplete"),
        foreign: words
            .get("foreignAgents")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(|id| Some(OperatorId::from(id.as_str()?)))
            .collect(),
        ..Listing::default()
    });
    let queues = words.get("queues").map(|queues| Listing {
        items: object(queues)
            .iter()
            .map(|(exten, words)| {
                let mut words = object(words);
                let name = words.remove("displayName").unwrap_or_default();
                let name = name.as_str().unwrap_or_default().into();
                let changed = last_change(&mut words);
                let record = record(queue::FIELDS, &words);
                (OperatorId::from(exten.as_str()), LiveQueue { name, changed, record })
            })
            .collect(),
        incomplete: doubt("queuesIncomplete"),
        ..Listing::default()
    });
    Live { agents, queues, seats: seats(words) }
}

/// Reads a doubt: `{ "rows": 3, "total": 4 }`, or `{ "twice": "8001" }`.
fn doubt(words: &Json) -> ListingDoubt {
    let count = |key: &str| words[key].as_u64().and_then(|count| usize::try_from(count).ok());
    match (count("rows"), count("total")) {
        (Some(rows), Some(total)) => ListingDoubt::OtherTotal { rows, total },
        _ => ListingDoubt::ListedTwice { key: words["twice"].as_str().expect("a number").into() },
    }
}

/// Takes the last change of a live resource: `at` in seconds since 1970 UTC, and `by`.
fn last_change(words: &mut serde_json::Map<String, Json>) -> Option<VendorChange> {
    let told = words.remove("lastChanged")?;
    let by = told["by"].as_str().map(Into::into);
    Some(VendorChange { at: told["at"].as_i64().expect("a time in seconds"), by })
}

/// Reads voice seats by account, or `seatsUnread`. Each seat has `calls`, `connected` and the result of comparing its
/// `password`.
fn seats(words: &Json) -> Seats {
    if let Some(why) = words.get("seatsUnread").and_then(Json::as_str) {
        return Seats::Unread(why.to_owned().into(), None);
    }
    let Some(all) = words.get("seats").and_then(Json::as_object) else { return Seats::Unasked };
    let mut seats = LiveSeats { days: 7, ..LiveSeats::default() };
    seats.listing.incomplete = words.get("seatsIncomplete").map(doubt);
    for (account, words) in all {
        let account = OperatorId::from(account.as_str());
        let mut words = words.as_object().cloned().unwrap_or_default();
        let mut count = |key: &str| words.remove(key).and_then(|n| n.as_u64()).unwrap_or_default();
        let figures = Figures { calls: count("calls"), connected: count("connected"), ..Figures::default() };
        let told = match words.remove("password").as_ref().and_then(Json::as_str) {
            None => None,
            Some("same") => Some(SeatPassword::Same),
            Some("other") => Some(SeatPassword::Other),
            Some("untold") => Some(SeatPassword::Untold),
            Some(why) => Some(SeatPassword::Unknown(why.to_owned().into())),
        };
        seats.passwords.extend(told.map(|told| (account.clone(), told)));
        let changed = last_change(&mut words);
        let record = record(seat::FIELDS, &words);
        seats.listing.items.insert(account, LiveSeat { record, state: None, figures, changed });
    }
    Seats::Read(seats)
}

/// The write-only fields of an agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hidden {
    pub role: Option<Json>,
    pub skill_level: Option<Json>,
    /// Key and version of the password that was set.
    pub password: Option<(Arc<str>, Option<u32>)>,
}

/// The vendors' state, as far as a plan depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    pub live: Live,
    pub hidden: BTreeMap<OperatorId, Hidden>,
    /// The capabilities of the vendors.
    pub supports: Supports,
    /// True if a queue's key is its name.
    pub names_are_keys: bool,
    /// True if the skill bound at creation becomes the main group.
    pub main_group_on_create: bool,
    /// True if a new agent is enabled.
    pub enabled_on_create: bool,
    next: u32,
}

impl Estate {
    pub(crate) fn new(live: Live, hidden: BTreeMap<OperatorId, Hidden>) -> Self {
        Self {
            live,
            hidden,
            supports: supports(),
            names_are_keys: false,
            main_group_on_create: true,
            enabled_on_create: true,
            next: 0,
        }
    }

    pub(crate) fn agents(&self) -> &BTreeMap<OperatorId, Record> {
        &self.live.agents.as_ref().expect("agents are listed").items
    }

    pub(crate) fn queues(&self) -> &BTreeMap<OperatorId, LiveQueue> {
        &self.live.queues.as_ref().expect("queues are listed").items
    }

    fn agents_mut(&mut self) -> &mut BTreeMap<OperatorId, Record> {
        &mut self.live.agents.as_mut().expect("agents are listed").items
    }

    fn queues_mut(&mut self) -> &mut BTreeMap<OperatorId, LiveQueue> {
        &mut self.live.queues.as_mut().expect("queues are listed").items
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Carries out a plan; `choose` picks among the steps that are ready.
    pub(crate) fn carry_out(
        &mut self,
        plan: &Plan,
        mut choose: impl FnMut(usize) -> usize,
    ) -> Result<(), String> {
        let mut done: BTreeSet<StepId> = BTreeSet::new();
        let mut left: Vec<&Step> = plan.steps.iter().collect();
        while !left.is_empty() {
            let ready: Vec<usize> =
                (0..left.len()).filter(|at| left[*at].after.iter().all(|id| done.contains(id))).collect();
            if ready.is_empty() {
                return Err("the steps wait for each other".to_owned());
            }
            let step = left.remove(ready[choose(ready.len())]);
            self.step(plan, step).map_err(|why| format!("{} ({step:?}): {why}", step.id))?;
            done.insert(step.id);
        }
        Ok(())
    }

    fn step(&mut self, plan: &Plan, step: &Step) -> Result<(), String> {
        if step.targets.is_empty() {
            return Err("it touches nothing".to_owned());
        }
        for target in &step.targets {
            let change = plan.change(target);
            match (step.operation.kind, step.operation.verb) {
                (Kind::Agent, Verb::Create) => self.create(target, change.ok_or("no change")?, step)?,
                (Kind::Agent, Verb::Edit) => self.edit(target, change.ok_or("no change")?, step)?,
                (Kind::Agent, Verb::Password) => {
                    let change = change.ok_or("no change")?;
                    if !self.agents().contains_key(&target.name) {
                        return Err(format!("{target} is not there"));
                    }
                    self.set_password(&target.name, change)?;
                }
                (Kind::Agent, Verb::Delete) => self.delete(target)?,
                (Kind::Queue, Verb::Create) => self.create_queue(target, change.ok_or("no change")?),
                (Kind::Queue, Verb::Edit) => self.edit_queue(target, change.ok_or("no change")?, step)?,
                (Kind::Queue, Verb::Members) => self.set_members(target, change, step)?,
                (Kind::Queue, Verb::Delete) => self.delete_queue(target, change)?,
                (Kind::Agent, Verb::Put) => {}
                _ => return Err(format!("the vendor has no {}", step.operation)),
            }
        }
        Ok(())
    }

    fn create(&mut self, target: &ResourceId, change: &Change, step: &Step) -> Result<(), String> {
        let id = target.name.clone();
        if self.agents().contains_key(&id) {
            return Err(format!("{target} is there already"));
        }
        let defaults = serde_json::json!({
            "type": "agent", "enabled": self.enabled_on_create, "wrapUpSeconds": 0, "hidePhone": false,
            "recording": true, "outbound": "allowed", "channels": ["voice", "message"], "survey": true,
        });
        let told = |key: &String| by_key(agent::FIELDS, key).is_some_and(|f| self.supports.agents.is_read(f));
        let mut defaults = defaults.as_object().cloned().unwrap_or_default();
        defaults.retain(|key, _| told(key));
        let mut record = record(agent::FIELDS, &defaults);
        if self.supports.agents.is_read(&SIP) {
            record.set(&SIP, Value::Sip(Sip::Number(format!("auto{}", self.number()).into())), None);
        }
        let mut hidden = Hidden { role: Some("picked at random".into()), ..Hidden::default() };
        for key in step.fields.iter() {
            let field = by_key(agent::FIELDS, key).ok_or("an unknown field")?;
            let after = &change.field(field).ok_or("a field that the change lacks")?.after;
            if *field == PASSWORD {
                continue;
            }
            let value = after.clone().ok_or("no value")?;
            if self.supports.agents.mapping(field).create.is_empty() || matches!(value, Value::Other(_)) {
                return Err(format!("creation cannot set {key}"));
            }
            match (&value, field) {
                (value, field) if *field == ROLE => hidden.role = Some(value.to_json()),
                (value, field) if *field == SKILL_LEVEL => hidden.skill_level = Some(value.to_json()),
                (_, field) if *field == MAIN_SKILL_GROUP && !self.main_group_on_create => {}
                (Value::Sip(Sip::Auto), _) => {}
                (Value::Sip(_), _) => record.set(field, Value::Sip(Sip::None), None),
                _ => record.set(field, value, None),
            }
        }
        self.agents_mut().insert(id.clone(), record);
        self.hidden.insert(id.clone(), hidden);
        if step.fields.contains(&PASSWORD.key) {
            self.set_password(&id, change)?;
        }
        Ok(())
    }

    fn edit(&mut self, target: &ResourceId, change: &Change, step: &Step) -> Result<(), String> {
        if !self.agents().contains_key(&target.name) {
            return Err(format!("{target} is not there"));
        }
        if step.fields.is_empty() {
            return Err("an edit of nothing".to_owned());
        }
        if let Some(record) = self.agents_mut().get_mut(&target.name).filter(|_| step.unbind) {
            record.set(&SIP, Value::Sip(Sip::None), None);
            return Ok(());
        }
        for key in step.fields.iter() {
            let field = by_key(agent::FIELDS, key).ok_or("an unknown field")?;
            let after = &change.field(field).ok_or("a field that the change lacks")?.after;
            let value = after.clone().ok_or("no value")?;
            if !self.supports.agents.can_edit(field, &value) || *field == PASSWORD {
                return Err(format!("an edit cannot set {key} to {}", value.words()));
            }
            if let Value::Sip(Sip::Number(number)) = &value {
                self.may_take(&target.name, number)?;
            }
            if *field == ROLE {
                self.hidden.entry(target.name.clone()).or_default().role = Some(value.to_json());
            } else if let Some(record) = self.agents_mut().get_mut(&target.name) {
                record.set(field, value, None);
            }
        }
        Ok(())
    }

    /// Refuses a number that another agent holds.
    fn may_take(&self, id: &OperatorId, number: &str) -> Result<(), String> {
        let holds = |r: &Record| matches!(r.get(&SIP), Some(Value::Sip(Sip::Number(n))) if **n == *number);
        match self.agents().iter().find(|(other, record)| *other != id && holds(record)) {
            Some((other, _)) => Err(format!("{other} still holds the SIP number {number}")),
            None => Ok(()),
        }
    }

    fn set_password(&mut self, id: &OperatorId, change: &Change) -> Result<(), String> {
        let secret = change.field(&PASSWORD).and_then(|f| f.secret.as_ref()).ok_or("no secret is named")?;
        self.hidden.entry(id.clone()).or_default().password = Some((secret.key.clone(), secret.version));
        Ok(())
    }

    fn delete(&mut self, target: &ResourceId) -> Result<(), String> {
        let id = &target.name;
        if let Some((exten, _)) = self.queues().iter().find(|(_, queue)| members(queue).contains_key(id)) {
            return Err(format!("{target} is still in queue {exten}"));
        }
        self.hidden.remove(id);
        self.agents_mut().remove(id).map(drop).ok_or_else(|| format!("{target} is not there"))
    }

    /// Drops members that do not exist, as the vendor silently does.
    fn known(&self, mut members: Members) -> Value {
        members.retain(|id, _| self.agents().contains_key(id));
        Value::Members(Arc::new(members))
    }

    fn create_queue(&mut self, target: &ResourceId, change: &Change) {
        let mut record = Record::default();
        for diff in &change.fields {
            if let Some(value) = &diff.after {
                record.set(diff.field, value.clone(), None);
            }
        }
        let wanted = record.get(&ASSIGN_MEMBERS).map(members_of).unwrap_or_default();
        record.set(&ASSIGN_MEMBERS, self.known(wanted), None);
        let exten = if self.names_are_keys {
            target.name.clone()
        } else {
            OperatorId::new(format!("new{}", self.number()))
        };
        let name = target.name.as_str().into();
        self.queues_mut().insert(exten, LiveQueue { name, record, changed: None });
    }

    fn edit_queue(&mut self, target: &ResourceId, change: &Change, step: &Step) -> Result<(), String> {
        let support = self.supports.queues;
        let exten = exten(target, Some(change)).ok_or("the change names no queue")?;
        let queue = self.queues_mut().get_mut(&exten).ok_or("no such queue")?;
        if step.fields.is_empty() {
            return Err("an edit of nothing".to_owned());
        }
        for key in step.fields.iter() {
            let field = by_key(queue::FIELDS, key).ok_or("an unknown field")?;
            let after = &change.field(field).ok_or("a field that the change lacks")?.after;
            let value = after.clone().ok_or("no value")?;
            if !support.can_edit(field, &value) || *field == ASSIGN_MEMBERS {
                return Err(format!("an edit cannot set {key} to {}", value.words()));
            }
            queue.record.set(field, value, None);
        }
        Ok(())
    }

    fn delete_queue(&mut self, target: &ResourceId, change: Option<&Change>) -> Result<(), String> {
        if self.supports.queues.verbs.delete.is_none() {
            return Err("the vendor deletes no queue".to_owned());
        }
        let exten = exten(target, change).ok_or("the plan does not tell which queue")?;
        self.queues_mut().remove(&exten).map(drop).ok_or_else(|| format!("{target} is not there"))
    }

    fn set_members(
        &mut self,
        target: &ResourceId,
        change: Option<&Change>,
        step: &Step,
    ) -> Result<(), String> {
        let exten = exten(target, change).ok_or("the plan does not tell which queue")?;
        let wanted = match (&step.members, change) {
            (Some(list), _) => list,
            (None, Some(change)) => change.members_after().ok_or("the change has no members")?,
            (None, None) => return Err("no members".to_owned()),
        };
        let wanted = self.known(Members::clone(wanted));
        let queue = self.queues_mut().get_mut(&exten).ok_or("no such queue")?;
        queue.record.set(&ASSIGN_MEMBERS, wanted, None);
        Ok(())
    }
}

/// Returns the vendor's number of the queue that a step writes.
pub(crate) fn exten(target: &ResourceId, change: Option<&Change>) -> Option<OperatorId> {
    match change.and_then(|c| c.exten.as_deref()) {
        Some(exten) => Some(OperatorId::from(exten)),
        None => target.exten(),
    }
}

/// Returns the members after a change.
pub(crate) fn after(change: &Change) -> Option<Members> {
    change.members_after().map(|members| Members::clone(members))
}

pub(crate) fn members(queue: &LiveQueue) -> Members {
    queue.record.get(&ASSIGN_MEMBERS).map(members_of).unwrap_or_default()
}

fn members_of(value: &Value) -> Members {
    match value {
        Value::Members(members) => Members::clone(members),
        _ => Members::new(),
    }
}

/// Records a completed plan in the ledger, like an apply.
pub(crate) fn write_down(ledger: &mut Ledger, plan: &Plan) {
    for change in &plan.changes {
        let key = change.id.to_string();
        if change.action == Action::Delete {
            ledger.resources.remove(&key);
            continue;
        }
        // The list of a queue that no manifest names does not belong to rosterctl.
        let is_foreign = change.id.kind == Kind::Queue && change.source.is_none();
        if is_foreign && !ledger.resources.contains_key(&key) {
            continue;
        }
        let applied = ledger.resources.entry(key).or_default();
        for field in &change.fields {
            if let Some(secret) = &field.secret {
                applied.password = Some(AppliedPassword {
                    version: secret.version,
                    store: Some(secret.store.to_string()),
                    key: Some(secret.key.to_string()),
                    ..AppliedPassword::default()
                });
            } else {
                let after = field.after.as_ref().map_or(Json::Null, Value::to_json);
                applied.fields.insert(field.field.key.to_owned(), after);
            }
        }
        if change.id.kind == Kind::Queue {
            applied.exten.clone_from(&change.exten);
        }
        if change.field(&ENABLED).is_some() {
            applied.left = change.leave;
        }
    }
}

/// Returns the readable values of a record, for comparison.
pub(crate) fn words(record: &Record) -> BTreeMap<&'static str, Json> {
    record.iter().map(|entry| (entry.field.key, entry.value.to_json())).collect()
}
