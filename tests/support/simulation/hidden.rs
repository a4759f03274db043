//! Listings that show new resources only minutes after the response.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::collections::BTreeMap;

use rosterctl::sandbox::agent_config::Agent;
use rosterctl::sandbox::webchat_queue::Queue;
use serde_json::Value as Json;

use super::world::World;

/// New resources that reads do not show yet.
#[derive(Default)]
pub(super) struct Hidden {
    /// The longest time for which a new resource is hidden, in milliseconds.
    pub(super) most: usize,
    queues: BTreeMap<String, Until>,
    agents: BTreeMap<String, Until>,
    /// Resources that the current run created, and the time of the response; `queues` and `agents` hold them too.
    new: BTreeMap<String, i64>,
}

/// The end of the time for which a resource is hidden.
#[derive(Clone, Copy)]
struct Until {
    at: i64,
    /// True if a query by the key does not show it either.
    query: bool,
}

/// Resources that a read does not show.
#[derive(Default)]
pub(super) struct Taken {
    queues: Vec<(usize, Queue)>,
    agents: Vec<Agent>,
}

impl Hidden {
    /// Begins a run.
    pub(super) fn begin_run(&mut self) {
        self.new.clear();
    }

    /// Shows all resources.
    pub(super) fn show_all(&mut self) {
        *self = Self::default();
    }

    /// Shows the run's new resources without a recorded response: the client died.
    pub(super) fn show_untold(&mut self, now: i64, has_journal: bool) {
        let new = std::mem::take(&mut self.new);
        let stays = |key: &String| new.get(key).is_none_or(|told| has_journal && *told < now);
        self.queues.retain(|exten, _| stays(exten));
        self.agents.retain(|id, _| stays(id));
    }

    /// Returns true if listings hide an agent at a moment.
    pub(super) fn hides_agent(&self, id: &str, now: i64) -> bool {
        self.agents.get(id).is_some_and(|until| until.at > now)
    }

    /// Returns true if listings hide a queue at a moment.
    pub(super) fn hides_queue(&self, exten: &str, now: i64) -> bool {
        self.queues.get(exten).is_some_and(|until| until.at > now)
    }
}

impl World {
    /// Hides a new resource for a while, if the history's theme is late listings.
    pub(super) fn hide_new(&mut self, key: &str, is_queue: bool, way_back: i64) {
        if self.hidden.most == 0 || !self.chance(60) {
            return;
        }
        let most = self.hidden.most;
        let until = Until { at: self.now + self.up_to(most), query: self.chance(50) };
        self.note(format!("{key} is hidden until {}", until.at - super::world::BEGIN_MS));
        self.hidden.new.insert(key.to_owned(), self.now + way_back);
        let all = if is_queue { &mut self.hidden.queues } else { &mut self.hidden.agents };
        all.insert(key.to_owned(), until);
    }

    /// Removes the resources that a read does not show.
    pub(super) fn hide(&mut self, operation: &str, body: &Json) -> Taken {
        let mut taken = Taken::default();
        let now = self.now;
        let query = match operation {
            "page" => false,
            "one/v2" => true,
            "queueQueue" => body["exten"].is_string(),
            _ => return taken,
        };
        let is_hidden = |until: &Until| until.at > now && (until.query || !query);
        if operation == "queueQueue" {
            let queues = &mut self.estate.get_mut::<WebchatQueue>().queues;
            for at in (0..queues.len()).rev() {
                if self.hidden.queues.get(&queues[at].exten).is_some_and(is_hidden) {
                    taken.queues.push((at, queues.remove(at)));
                }
            }
        } else {
            let agents = self.hidden.agents.iter().filter(|(_, until)| is_hidden(until)).map(|(id, _)| id);
            taken.agents = agents.filter_map(|id| self.estate.get_mut::<AgentConfig>().remove(id)).collect();
        }
        taken
    }

    /// Restores the resources that a read did not show.
    pub(super) fn unhide(&mut self, taken: Taken) {
        for (at, queue) in taken.queues.into_iter().rev() {
            self.estate.get_mut::<WebchatQueue>().queues.insert(at, queue);
        }
        for agent in taken.agents {
            self.estate.get_mut::<AgentConfig>().put(agent);
        }
    }
}
