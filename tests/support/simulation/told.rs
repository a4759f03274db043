//! A run's report of its steps, compared with the facts.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::collections::BTreeMap;

use rosterctl::model::id::{Kind, ResourceId};
use rosterctl::model::outcome::{Status, StepResult};
use rosterctl::model::plan::{Action, Change, Plan, Step, Verb};
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::value::Value;

use super::End;
use super::facts::spelled;
use super::world::World;

impl World {
    /// Checks that steps reported as done took effect, and that skipped steps were not carried out.
    pub(super) fn watch_results(&mut self, plan: &Plan, results: &[StepResult]) {
        let facts: BTreeMap<(String, &'static str), String> =
            self.facts().into_iter().map(|(id, field, value)| ((id, field), value)).collect();
        let mut wrong = Vec::new();
        for (at, (step, result)) in plan.steps.iter().zip(results).enumerate() {
            for target in &step.targets {
                let Some(change) = plan.change(target) else { continue };
                if self.owners.is_touched(&target.to_string()) {
                    continue;
                }
                if result.took(target) {
                    let later = plan.steps.iter().skip(at + 1);
                    wrong.extend(self.not_so(step, result, change, &facts, later));
                } else if result.status == Status::Skipped && !result.carried_out {
                    let untried = (step.operation.to_string(), target.to_string());
                    if self.carried.iter().any(|(word, id)| (*word, id) == (&*untried.0, &untried.1)) {
                        wrong.push(format!(
                            "{} of {target} was carried out, and is told as skipped",
                            untried.0
                        ));
                    }
                }
            }
        }
        for what in wrong {
            self.violate(format!("told is not what is so: {what}"));
        }
    }

    /// Checks that a run without reported steps carried none out.
    pub(super) fn watch_refusal(&mut self, end: &End) {
        let refused = match end {
            End::Unreadable | End::Blocked | End::Empty | End::Stale | End::Blind => true,
            End::Ran(_) | End::Held | End::Interrupted => false,
        };
        let first = self.carried.first().map(|(_, call)| call.clone());
        if let Some(call) = first.filter(|_| refused) {
            self.violate(format!(
                "told is not what is so: {call} was carried out, and the run ended {end:?}"
            ));
        }
    }

    /// Describes the false parts of a step's result.
    fn not_so<'a>(
        &self,
        step: &Step,
        result: &StepResult,
        change: &Change,
        facts: &BTreeMap<(String, &'static str), String>,
        mut later: impl Iterator<Item = &'a Step>,
    ) -> Option<String> {
        let id = change.id.to_string();
        let name = change.id.name.as_str();
        let touches = |other: &Step| other.targets.contains(&change.id);
        match (step.operation.kind, step.operation.verb) {
            (Kind::Agent, Verb::Create) => {
                let Some(agent) = self.estate.get::<AgentConfig>().agent(name) else {
                    return Some(format!("{id} was created, and is not there"));
                };
                let known = result.identities.iter().find(|(of, _)| *of == change.id.name);
                let told = known.map(|(_, identity)| *identity);
                let is = rosterctl::model::identity::Identity::new(Some(agent.id), Some(agent.ctime));
                (told.is_some_and(|told| told.is_another(&is)))
                    .then(|| format!("{id} was created as {told:?}, and is {is:?}"))
            }
            (Kind::Agent | Kind::Queue, Verb::Edit) => step.fields.iter().find_map(|key| {
                let diff = change.fields.iter().find(|diff| diff.field.key == *key)?;
                let told = diff.after.as_ref()?.to_json().to_string();
                let now = facts.get(&(id.clone(), diff.field.key))?;
                (*now != told).then(|| format!("{key} of {id} was set to {told}, and is {now}"))
            }),
            (Kind::Agent, Verb::Delete) => {
                let is_there = self.estate.get::<AgentConfig>().agent(name).is_some();
                (is_there && change.action == Action::Delete)
                    .then(|| format!("{id} was deleted, and is there"))
            }
            (Kind::Queue, Verb::Create) => {
                let Some(made) = &result.made else {
                    let is_there = facts.contains_key(&(id.clone(), "exten"));
                    return (!is_there).then(|| format!("{id} was created, and is not there"));
                };
                let is_there = self.estate.get::<WebchatQueue>().queue(made.as_str()).is_some();
                (!is_there).then(|| format!("{id} was created as {made}, and is not there"))
            }
            (Kind::Queue, Verb::Members) => {
                if later.any(|other| other.operation == step.operation && touches(other)) {
                    return None;
                }
                let told =
                    result.members.as_ref().or(step.members.as_ref()).map(|m| Value::Members(m.clone()));
                let told = told.or_else(|| change.field(&ASSIGN_MEMBERS)?.after.clone())?;
                let mut told = told;
                if let Value::Members(members) = &mut told {
                    std::sync::Arc::make_mut(members).retain(|id, _| !result.dropped.contains(id));
                }
                let told = spelled(ASSIGN_MEMBERS.key, &told.to_json());
                let now = self.members_of(&change.id, change.exten.as_deref())?;
                (now != told).then(|| format!("{id} was given {told}, and has {now}"))
            }
            (Kind::Queue, Verb::Delete) => {
                let exten = change.exten.as_deref()?;
                let is_there = self.estate.get::<WebchatQueue>().queue(exten).is_some();
                is_there.then(|| format!("{id} was deleted, and is there"))
            }
            (Kind::Agent, Verb::Password | Verb::Put) => None,
            _ => Some(format!("{} of {id} was done, and no vendor does it", step.operation)),
        }
    }

    /// Returns the members of a queue in the form of the facts.
    fn members_of(&self, id: &ResourceId, exten: Option<&str>) -> Option<String> {
        let queues = &self.estate.get::<WebchatQueue>().queues;
        let queue = queues.iter().find(|queue| match exten {
            Some(exten) => queue.exten == exten,
            None => queue.display_name == id.name.as_str(),
        })?;
        let members = queue.assign_members.iter().map(|m| (m.agent_number.as_str(), m.priority));
        Some(super::facts::said(members))
    }

    /// Checks that the ledger holds each list that a run wrote, whole or in part.
    pub(super) fn watch_lists(&mut self, plan: &Plan, results: &[StepResult]) {
        let mut wrong = Vec::new();
        let declares =
            |change: &&Change| change.field(&ASSIGN_MEMBERS).is_some_and(|diff| diff.source.is_some());
        for change in plan.changes.iter().filter(declares) {
            let id = change.id.to_string();
            let mine = plan.steps.iter().zip(results).filter(|(step, _)| step.targets.contains(&change.id));
            let mut lists = mine.filter(|(step, _)| step.operation.verb == Verb::Members).peekable();
            if lists.peek().is_none() || self.owners.is_touched(&id) {
                continue;
            }
            let lists: Vec<_> = lists.map(|(_, result)| result).collect();
            let known = |result: &&&StepResult| result.carried_out || result.status == Status::Skipped;
            if !lists.iter().any(|result| result.carried_out) || !lists.iter().all(|result| known(&result)) {
                continue;
            }
            let entry = self.ledger.resources.get(&id).and_then(|entry| entry.fields.get(ASSIGN_MEMBERS.key));
            let held = entry.map(|list| spelled(ASSIGN_MEMBERS.key, list));
            let now = self.members_of(&change.id, change.exten.as_deref());
            if now.is_some() && held != now {
                wrong.push(format!("the ledger holds {held:?} for {id}, which was written and has {now:?}"));
            }
        }
        for what in wrong {
            self.violate(what);
        }
    }
}
