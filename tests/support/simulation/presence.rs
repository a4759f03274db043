//! Who is at work: calls that come and go, the client's questions after them, and what the auditor makes of it.

use std::collections::BTreeSet;

use rosterctl::apply::presence_guard::{Disruptions, first_objection};
use rosterctl::apply::readback::{QueueKey, ReadSet};
use rosterctl::apply::write_op::WriteOp;
use rosterctl::apply::{Event, precondition};
use rosterctl::model::call::Failure;
use rosterctl::model::id::{OperatorId, ResourceId};
use rosterctl::model::plan::{Action, Plan};
use rosterctl::model::presence::{Presence, PresenceReport, State};
use rosterctl::runtime::read::resources;
use rosterctl::sandbox::vendor_state::Random;
use serde_json::Value as Json;

use super::world::{Waiting, World};
use super::{Client, FRESH, Mutant};

/// Who knows who is at work.
const CMS: &str = "cms-agent";

impl Client<'_> {
    /// Asks the systems that know who is at work.
    pub(super) async fn ask_who_is_at_work(&self, agents: &BTreeSet<OperatorId>) -> Presence {
        let (there, back, fails) = {
            let mut world = self.world.borrow_mut();
            let latency = world.weather.latency;
            let faults = world.weather.faults / 3;
            (world.up_to(latency), world.up_to(latency), world.chance(faults))
        };
        let signal = self.world.borrow_mut().after(there);
        Waiting(signal).await;
        let mut presence = Presence::default();
        presence.asked(CMS);
        let seen_at = self.world.borrow().now;
        for agent in agents {
            if self.world.borrow().calls.contains_key(agent.as_str()) {
                presence
                    .say(agent.clone(), PresenceReport { system: CMS, state: State::OnCall, detail: None });
            }
        }
        if fails {
            presence.fail(CMS, None, "no connection");
        }
        let signal = self.world.borrow_mut().after(back);
        Waiting(signal).await;
        let mut world = self.world.borrow_mut();
        let reached = world.now;
        world.note(format!("asks who is at work: {agents:?}: {:?}", presence.agents().collect::<Vec<_>>()));
        for agent in agents {
            world.asked.insert(agent.to_string(), (seen_at, reached));
        }
        presence
    }

    /// The last look before a call leaves, as `runtime::pre_send_check` has it.
    pub(super) async fn last_look(
        &self,
        plan: &Plan,
        step: usize,
        deed: &WriteOp,
        harms: &Disruptions,
    ) -> Option<Event> {
        if let (WriteOp::EditAgent { id, .. }, true) = (deed, self.elapsed() > FRESH)
            && plan.change(&ResourceId::agent(id)).is_some_and(|change| change.action == Action::Update)
        {
            let wanted = ReadSet { agents: BTreeSet::from([id.clone()]), ..ReadSet::default() };
            let seen = resources::look(&self.vendors, &wanted, (usize::MAX, 0)).await;
            if let Ok(stale) = precondition::agents_moved(plan, &seen)
                && !stale.is_empty()
            {
                return Some(Event::Moved { step, stale });
            }
        }
        if let (WriteOp::CreateQueue { name, .. }, true) = (deed, self.elapsed() > FRESH) {
            let key = QueueKey::Name(name.clone());
            let wanted = ReadSet { queues: BTreeSet::from([key.clone()]), ..ReadSet::default() };
            let seen = resources::look(&self.vendors, &wanted, (0, 0)).await;
            let why = match seen.queues(&key) {
                Ok([]) => return None,
                Ok(_) => Failure::Refused("a queue of this name has been created since".to_owned()),
                Err(why) => Failure::NotSent(why),
            };
            return Some(Event::Answered { step, result: Err(why) });
        }
        let guard = self.conduct.guard.as_ref().filter(|_| !harms.is_empty())?;
        let now = self.world.borrow().now;
        let fresh = |last: &i64| now - last <= i64::try_from(FRESH.as_millis()).unwrap_or(0);
        if self.attended.borrow().get(&step).is_some_and(fresh) || self.mutant == Some(Mutant::Hasty) {
            return None;
        }
        let agents = harms.iter().map(|(agent, _)| agent.clone()).collect();
        let presence = self.ask_who_is_at_work(&agents).await;
        let now = self.world.borrow().now;
        self.attended.borrow_mut().insert(step, now);
        let free =
            harms.iter().all(|(agent, harms)| first_objection(guard, harms, agent, &presence).is_none());
        let at = self.elapsed();
        (!free).then(|| Event::Attended { steps: vec![step], presence: Some(presence), at })
    }
}

impl World {
    /// Whom a call would hurt, if it were carried out.
    pub(super) fn hurt(&self, operation: &str, body: &Json) -> Vec<String> {
        match operation {
            "del/v2" => {
                let ids = body["operatorIds"].as_str().or(body["operatorId"].as_str()).unwrap_or_default();
                let list = body["operatorIds"].as_array().into_iter().flatten().filter_map(Json::as_str);
                ids.split(',').chain(list).map(str::to_owned).filter(|id| !id.is_empty()).collect()
            }
            "edit/v2" => {
                let id = body["operatorId"].as_str().unwrap_or_default();
                let agent = self.estate.agent_config.agent(id).filter(|_| !self.created.contains(id));
                let disables = |status: i64| status == 1 && body["status"] == 0;
                let moves = |group: &Option<String>| {
                    body["mainGroupName"].as_str().is_some_and(|to| group.as_deref() != Some(to))
                };
                let hurts = agent.is_some_and(|a| disables(a.status) || moves(&a.main_group_name));
                hurts.then(|| id.to_owned()).into_iter().collect()
            }
            "updateQueueAssignMembers" => {
                let exten = body["exten"].as_str().unwrap_or_default();
                let stays: BTreeSet<&str> = body["assignMembers"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|member| member["agentNumber"].as_str())
                    .collect();
                let queue = self.estate.webchat_queue.queues.iter().find(|queue| queue.exten == exten);
                let members = queue.into_iter().flat_map(|queue| &queue.assign_members);
                // Whom the console put in meanwhile nobody could ask for.
                members
                    .map(|member| member.agent_number.clone())
                    .filter(|id| !stays.contains(id.as_str()))
                    .filter(|id| !self.joined.contains_key(&(exten.to_owned(), id.clone())))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whoever is hurt was asked for a moment before the call left, and was not on a call then.
    pub(super) fn watch_call(&mut self, id: &str, begun: i64) {
        if !self.guarded {
            return;
        }
        let (seen, reached) = self.asked.get(id).copied().unwrap_or_default();
        if begun - reached > 4_000 {
            self.violate(format!("agent {id} was hurt, and nobody had asked whether they are on a call"));
        } else if self.calls.get(id).is_some_and(|since| *since < seen) && reached <= begun {
            self.violate(format!("agent {id} was hurt while on a call"));
        }
    }

    /// Somebody's call begins or ends.
    pub(super) fn ring(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        let agents: Vec<String> = self.agent_ids().into_iter().collect();
        let Some(id) = agents.get(random.below(agents.len().max(1))).cloned() else { return };
        let now = self.now;
        let begins = self.calls.remove(&id).is_none();
        if begins {
            self.calls.insert(id.clone(), now);
        }
        self.note(format!("a call of {id} {}", if begins { "begins" } else { "ends" }));
    }
}
