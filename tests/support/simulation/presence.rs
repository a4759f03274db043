//! Calls that begin and end, questions about them, and the auditor's checks.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::CmsAgent;
use rosterctl::sandbox::WebchatQueue;
use std::collections::BTreeSet;

use rosterctl::sandbox::cms_agent::Doing;
use rosterctl::sandbox::vendor_state::Random;
use serde_json::Value as Json;

use super::world::World;

/// States of 表5 of cms-agent: talking, and idle.
const ON_CALL: i64 = 7;
const IDLE: i64 = 3;

impl World {
    /// Returns the agents that a call would disrupt.
    pub(super) fn hurt(&self, operation: &str, body: &Json) -> Vec<String> {
        match operation {
            "del/v2" => {
                let ids = body["operatorIds"].as_str().or(body["operatorId"].as_str()).unwrap_or_default();
                let list = body["operatorIds"].as_array().into_iter().flatten().filter_map(Json::as_str);
                ids.split(',').chain(list).map(str::to_owned).filter(|id| !id.is_empty()).collect()
            }
            "edit/v2" => {
                let id = body["operatorId"].as_str().unwrap_or_default();
                // No agent works with a new number yet, and no client sees an agent that takes it over in the
                // console.
                let is_new = self.created.contains(id)
                    || self.carried.contains(&("agent.create", format!("agent/{id}")));
                let agent = self.estate.get::<AgentConfig>().agent(id).filter(|_| !is_new);
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
                let queue =
                    self.estate.get::<WebchatQueue>().queues.iter().find(|queue| queue.exten == exten);
                let members = queue.into_iter().flat_map(|queue| &queue.assign_members);
                // The client could not ask about members that the console added in the meantime.
                members
                    .map(|member| member.agent_number.clone())
                    .filter(|id| !stays.contains(id.as_str()))
                    .filter(|id| !self.joined.contains_key(&(exten.to_owned(), id.clone())))
                    .collect()
            }
            "removeQueue" => {
                let exten = body["exten"].as_str().unwrap_or_default();
                let queue = self.estate.get::<WebchatQueue>().queue(exten);
                let members = queue.into_iter().flat_map(|queue| &queue.assign_members);
                let members = members.map(|member| member.agent_number.clone());
                members.filter(|id| !self.joined.contains_key(&(exten.to_owned(), id.clone()))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Records a question about an agent's calls, and the arrival of the answer.
    pub(super) fn watch_question(&mut self, body: &Json, way_back: Option<i64>) {
        let number = &body["queryParam"]["agentId"];
        if let Some(way_back) = way_back {
            self.asked.entry(number.to_string()).or_default().push((self.now, self.now + way_back));
        }
    }

    /// Checks that the presence of a disrupted agent was read just before the call left.
    ///
    /// A question about many agents takes a while: its last answer counts for all of them.
    pub(super) fn watch_call(&mut self, id: &str, operation: &str, begun: i64) {
        if !self.guarded {
            return;
        }
        let harm =
            if operation == "removeQueue" { "was put out of its deleted queue" } else { "was disrupted" };
        let before = |asked: &&(i64, i64)| asked.1 <= begun && asked.0 >= self.run_ms;
        let answers =
            |asked: &Vec<(i64, i64)>| asked.iter().filter(before).max_by_key(|(_, at)| *at).copied();
        let last = self.asked.values().filter_map(answers).map(|(_, reached)| reached).max();
        match self.asked.get(id).and_then(answers) {
            Some((seen, _)) if last.is_some_and(|last| begun - last <= 4_000) => {
                if self.calls.get(id).is_some_and(|since| *since < seen) {
                    self.violate(format!("agent {id} {harm} while on a call"));
                }
            }
            _ => self.violate(format!("agent {id} {harm} without a look at its presence")),
        }
    }

    /// Starts or ends an agent's call.
    pub(super) fn ring(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        let agents: Vec<String> = self.agent_ids().into_iter().collect();
        let Some(id) = agents.get(random.below(agents.len().max(1))).cloned() else { return };
        let now = self.now;
        let begins = self.calls.remove(&id).is_none();
        if begins {
            self.calls.insert(id.clone(), now);
        }
        if let Ok(number) = id.parse() {
            let doing = Doing::status(if begins { ON_CALL } else { IDLE });
            self.estate.get_mut::<CmsAgent>().agents.insert(number, doing);
        }
        self.note(format!("a call of {id} {}", if begins { "begins" } else { "ends" }));
    }
}
