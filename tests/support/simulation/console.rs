//! Changes that people make in the vendors' consoles during runs.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use rosterctl::sandbox::vendor_state::Random;
use rosterctl::sandbox::webchat_queue::{Member, Queue};

use super::world::World;

impl World {
    /// Carries out one change in the console.
    pub(super) fn console(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        if self.owners.changes && random.below(2) == 0 {
            return self.change_identity(&mut random);
        }
        let agents: Vec<String> = self.agent_ids().into_iter().collect();
        let agent = agents.get(random.below(agents.len())).cloned();
        let queues = self.estate.get::<WebchatQueue>().queues.len();
        let chosen = random.below(queues);
        match random.below(6) {
            0 => {
                let Some(id) = agent else { return };
                if let Some(agent) = self.estate.get_mut::<AgentConfig>().agent_mut(&id) {
                    agent.name = Some(format!("console {}", random.below(3)));
                }
                self.note(format!("console: renames {id}"));
            }
            1 | 2 if queues > 0 => {
                let mut members = Vec::new();
                for id in &agents {
                    if random.below(2) == 0 {
                        let priority = i64::try_from(random.below(3)).unwrap_or(0);
                        members.push(Member { agent_number: id.clone(), priority });
                    }
                }
                let now = self.now;
                let queue = &mut self.estate.get_mut::<WebchatQueue>().queues[chosen];
                let exten = queue.exten.clone();
                for member in &members {
                    if !queue.assign_members.iter().any(|m| m.agent_number == member.agent_number) {
                        self.joined.insert((exten.clone(), member.agent_number.clone()), now);
                    }
                }
                let ids: Vec<&str> = members.iter().map(|m| m.agent_number.as_str()).collect();
                let said = format!("console: queue {exten} has {}", ids.join(" "));
                queue.assign_members = members;
                self.unnamed.remove(&exten);
                self.note(said);
            }
            3 => {
                let names = self.wanted_queues.clone();
                let Some(name) = names.get(random.below(names.len())) else { return };
                let taken =
                    self.estate.get::<WebchatQueue>().queues.iter().any(|queue| queue.display_name == *name);
                let Some(template) = self.template.clone().filter(|_| !taken) else { return };
                let number = format!("77{}", random.below(1_000_000));
                let exten = if self.house.names_are_keys { name.clone() } else { number };
                self.by_console.insert(exten.clone(), self.now);
                self.note(format!("console: makes queue {name} ({exten})"));
                let queue = Queue { exten, display_name: name.clone(), ..template };
                self.estate.get_mut::<WebchatQueue>().queues.push(queue);
            }
            4 => {
                let Some(mut new) = agent.and_then(|id| self.estate.get::<AgentConfig>().agent(&id).cloned())
                else {
                    return;
                };
                let wanted: Vec<&String> = self.declared.iter().collect();
                new.operator_id = match random.below(3) {
                    0 if !wanted.is_empty() => wanted[random.below(wanted.len())].clone(),
                    _ => format!("7{:03}", random.below(1000)),
                };
                ["r1", "r2"][random.below(2)].clone_into(&mut new.role_name);
                if self.estate.get::<AgentConfig>().agent(&new.operator_id).is_some() {
                    return;
                }
                (new.id, new.ctime, new.sip_number, new.sipid) = (0, self.now, None, None);
                self.unsaid.remove(&new.operator_id);
                self.note(format!("console: makes agent {}", new.operator_id));
                self.estate.get_mut::<AgentConfig>().put(new);
            }
            _ => {
                // Without an agent that only a queue's manifest names, the manifests are invalid.
                let Some(id) = agent.filter(|id| !self.named_by_queues.contains(id)) else { return };
                self.estate.get_mut::<AgentConfig>().remove(&id);
                self.created.remove(&id);
                self.unsaid.remove(&id);
                for members in self.unnamed.values_mut() {
                    members.remove(&id);
                }
                for queue in &mut self.estate.get_mut::<WebchatQueue>().queues {
                    queue.assign_members.retain(|member| member.agent_number != id);
                }
                self.note(format!("console: deletes {id}"));
            }
        }
        self.observe();
        self.age();
    }

    /// Gives a number to another agent, creates an agent again, or renames or deletes a queue.
    fn change_identity(&mut self, random: &mut Random) {
        let agents: Vec<String> = self.agent_ids().into_iter().collect();
        let queues = self.estate.get::<WebchatQueue>().queues.len();
        let (act, at) = (random.below(6), random.below(queues));
        match act {
            0..=2 => {
                let Some(id) = agents.get(random.below(agents.len())) else { return };
                let Some(mut agent) = self.estate.get_mut::<AgentConfig>().remove(id) else { return };
                (agent.id, agent.ctime, agent.sip_number, agent.sipid) = (0, self.now, None, None);
                agent.password_md5 = super::world::digest("of the console");
                ["r1", "r2"][random.below(2)].clone_into(&mut agent.role_name);
                let is_same = act == 0;
                if !is_same {
                    agent.name = Some(format!("successor {}", random.below(3)));
                }
                self.note(format!(
                    "console: {id} is {}",
                    if is_same { "made again" } else { "another agent" }
                ));
                self.created.remove(id);
                self.unsaid.remove(id);
                self.estate.get_mut::<AgentConfig>().put(agent);
            }
            // A line that is renamed is another line.
            3 | 4 if self.house.names_are_keys => {}
            3 | 4 if queues > 0 => {
                let exten = self.estate.get::<WebchatQueue>().queues[at].exten.clone();
                let first = self.owners.first_name(&exten);
                let taken = |name: &String| {
                    self.estate.get::<WebchatQueue>().queues.iter().any(|queue| queue.display_name == *name)
                };
                let back = first.filter(|first| !taken(first));
                let name = back.unwrap_or_else(|| format!("renamed {exten}"));
                self.note(format!("console: queue {exten} is named {name}"));
                self.rename(at, name);
            }
            _ if queues > 0 => {
                let queue = self.estate.get_mut::<WebchatQueue>().queues.remove(at);
                self.unnamed.remove(&queue.exten);
                self.note(format!("console: deletes queue {} ({})", queue.exten, queue.display_name));
            }
            _ => {}
        }
        self.observe();
        self.age();
    }

    /// Removes pending queues that are gone from the ledgers; returns true if there were any.
    pub(super) fn forget_gone(&mut self) -> bool {
        let mut forgot = false;
        for ledger in self.ledgers.values_mut().chain([&mut self.ledger]) {
            let before = ledger.resources.len();
            let queues = &self.estate.get::<WebchatQueue>();
            ledger.resources.retain(|_, entry| {
                let exten = entry.exten.as_deref().filter(|_| entry.pending);
                exten.is_none_or(|exten| queues.queue(exten).is_some())
            });
            forgot |= ledger.resources.len() < before;
        }
        forgot
    }

    /// Performs people's remaining work after a history. Renamed queues get their first names back, and queues
    /// created in their place are removed.
    pub(super) fn settle(&mut self) {
        for queue in self.estate.get::<WebchatQueue>().queues.clone() {
            let Some(first) = self.owners.first_name(&queue.exten).filter(|n| *n != queue.display_name)
            else {
                continue;
            };
            let by_console = &self.by_console;
            let queues = &mut self.estate.get_mut::<WebchatQueue>().queues;
            queues.retain(|q| q.display_name != first || !by_console.contains_key(&q.exten));
            let taken = queues.iter().any(|q| q.display_name == first);
            let Some(at) = queues.iter().position(|q| q.exten == queue.exten) else { continue };
            if taken {
                queues.remove(at);
                self.unnamed.remove(&queue.exten);
            } else {
                self.rename(at, first);
            }
        }
    }
}
