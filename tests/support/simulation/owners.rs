//! Identities of agents and queues, and their owning workspaces, independent of the program's ledger.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::collections::{BTreeMap, BTreeSet};

use rosterctl::model::desired::Desired;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::plan::{Action, Plan};
use rosterctl::sandbox::webchat_queue::Queue;
use serde_json::Value as Json;

use super::world::World;

/// The vendor's own number of an agent, and the time of its creation.
pub(super) type AgentIdentity = (i64, i64);

/// Identities and their owning workspaces.
#[derive(Default)]
pub(super) struct Owners {
    /// True if the console changes identities.
    pub(super) changes: bool,
    /// The workspace of the current run.
    pub(super) workspace: usize,
    /// Agents that a workspace created, adopted or held at first, by number.
    agents: BTreeMap<(usize, String), BTreeSet<AgentIdentity>>,
    /// Queues that a workspace's ledger holds, by name.
    queues: BTreeMap<(usize, String), String>,
    /// Names that a queue had, by its number, the first one first.
    names: BTreeMap<String, Vec<String>>,
    /// Resources that the console changed in the current run, and in directly preceding runs that died.
    touched: BTreeSet<String>,
    /// Agents that existed in the current run until its plan was made.
    planned: BTreeMap<String, BTreeSet<AgentIdentity>>,
    /// Agents that the current plan may delete although the workspace does not own them.
    due: BTreeSet<String>,
    /// Agents that a dead run created, until the next run of its workspace has its plan.
    orphans: BTreeSet<(usize, String)>,
    /// The time at which the console created the current agent of a number.
    came: BTreeMap<String, i64>,
    /// The last read of each agent: its moment, and the arrival of its response.
    shown: BTreeMap<String, (i64, i64)>,
    /// Queues whose creation the current run learned of, by name.
    pub(super) told: BTreeMap<String, String>,
}

impl Owners {
    /// Returns true if the console changed a resource in the current run.
    pub(super) fn is_touched(&self, id: &str) -> bool {
        self.touched.contains(id)
    }

    /// Returns the name that a queue had at first, if it was renamed.
    pub(super) fn first_name(&self, exten: &str) -> Option<String> {
        self.names.get(exten)?.first().cloned()
    }

    /// Starts a run.
    pub(super) fn begin_run(&mut self, died: bool) {
        if !died {
            self.touched.clear();
        }
        self.planned.clear();
        self.due.clear();
        self.told.clear();
        self.shown.clear();
    }
}

impl World {
    /// Returns the identity of each live agent.
    pub(super) fn identities(&self) -> BTreeMap<String, AgentIdentity> {
        let agents = self.estate.get::<AgentConfig>().agents();
        agents.map(|agent| (agent.operator_id.clone(), (agent.id, agent.ctime))).collect()
    }

    /// Returns the names that a queue has or had.
    pub(super) fn names_of(&self, queue: &Queue) -> BTreeSet<String> {
        let names = self.owners.names.get(&queue.exten).into_iter().flatten();
        names.chain([&queue.display_name]).cloned().collect()
    }

    /// Marks the agents that a dead run created and did not read back.
    pub(super) fn orphan_created(&mut self) {
        let created = self.carried.iter().filter(|(operation, _)| *operation == "agent.create");
        let ids = created.map(|(_, id)| id.trim_start_matches("agent/").to_owned());
        let orphans: Vec<_> = ids.map(|id| (self.owners.workspace, id)).collect();
        self.owners.orphans.extend(orphans);
    }

    /// Records the new name of a queue.
    pub(super) fn rename(&mut self, at: usize, name: String) {
        let queue = &mut self.estate.get_mut::<WebchatQueue>().queues[at];
        // No client can see a name that changes between its read and its call.
        self.by_console.insert(queue.exten.clone(), self.now);
        let names = self.owners.names.entry(queue.exten.clone()).or_default();
        names.push(std::mem::replace(&mut queue.display_name, name));
    }

    /// Returns the resources that no run may create: those that exist, under any of their names.
    pub(super) fn present(&self) -> BTreeSet<String> {
        let agents = self.estate.get::<AgentConfig>().agents().map(|agent| &agent.operator_id);
        let agents = agents.filter(|id| !self.hidden.hides_agent(id, self.now));
        let mut present: BTreeSet<String> = agents.map(|id| format!("agent/{id}")).collect();
        for queue in &self.estate.get::<WebchatQueue>().queues {
            present.insert(format!("queue/{}", queue.display_name));
        }
        let known = self.wanted_queues.iter().filter(|name| self.known_queue(name).is_some());
        present.extend(known.map(|name| format!("queue/{name}")));
        present
    }

    /// Returns the live queue that the workspace knows by a name. If its name is now another declared queue's,
    /// returns none.
    fn known_queue(&self, name: &str) -> Option<&Queue> {
        let exten = self.owners.queues.get(&(self.owners.workspace, name.to_owned()))?;
        let queue = self.estate.get::<WebchatQueue>().queue(exten)?;
        let is_other = queue.display_name != name && self.wanted_queues.contains(&queue.display_name);
        (!is_other).then_some(queue)
    }

    /// Carries out a change in the console, and records the touched resources.
    pub(super) fn watch_console(&mut self, act: impl FnOnce(&mut Self)) {
        let (facts, identities) = (self.facts(), self.identities());
        act(self);
        let now: BTreeSet<_> = self.facts().into_iter().collect();
        let facts: BTreeSet<_> = facts.into_iter().collect();
        let touched = now.symmetric_difference(&facts).map(|(id, ..)| id.clone());
        self.owners.touched.extend(touched);
        for (id, identity) in self.identities() {
            if identities.get(&id) != Some(&identity) {
                self.owners.touched.insert(format!("agent/{id}"));
                // No client can recognise an agent that replaces a new one before its read-back.
                let mut creators = self.owners.orphans.clone();
                if self.carried.contains(&("agent.create", format!("agent/{id}"))) {
                    creators.insert((self.owners.workspace, id.clone()));
                }
                for key in creators.into_iter().filter(|(_, of)| *of == id) {
                    self.owners.agents.entry(key).or_default().insert(identity);
                }
                self.owners.came.insert(id, self.now);
            }
        }
    }

    /// Records the agents that exist until the plan is made.
    pub(super) fn observe_identities(&mut self) {
        if !self.planned {
            for (id, identity) in self.identities() {
                self.owners.planned.entry(id).or_default().insert(identity);
            }
        }
    }

    /// Records the agents in a workspace's first ledger.
    pub(super) fn own_from(&mut self, workspace: usize, ledger: &Ledger) {
        for (id, identity) in self.identities() {
            if ledger.resources.contains_key(&format!("agent/{id}")) {
                self.owners.agents.entry((workspace, id)).or_default().insert(identity);
            }
        }
    }

    /// Records the agents that a run may delete or adopt.
    pub(super) fn plan_owners(&mut self, desired: &Desired, prunes_all: bool, plan: &Plan) {
        self.observe_identities();
        let workspace = self.owners.workspace;
        for (id, identities) in self.owners.planned.clone() {
            match desired.agents.get(&id.as_str().into()) {
                Some(agent) if !agent.is_absent() => {
                    self.owners.agents.entry((workspace, id)).or_default().extend(identities);
                }
                Some(_) => _ = self.owners.due.insert(id),
                None if prunes_all => _ = self.owners.due.insert(id),
                None => {}
            }
        }
        self.owners.due.extend(replaced(plan));
        self.owners.orphans.retain(|(of, _)| *of != workspace);
    }

    /// Records the moment at which the client read agents.
    pub(super) fn watch_agents_read(&mut self, operation: &str, reply: &[u8], way_back: Option<i64>) {
        let Some(way_back) = way_back.filter(|_| matches!(operation, "page" | "one/v2")) else { return };
        let (at, reached) = (self.now - self.lag, self.now + way_back);
        let reply = String::from_utf8_lossy(reply);
        for id in self.agent_ids() {
            if reply.contains(&format!("\"operatorId\":\"{id}\"")) {
                self.owners.shown.insert(id, (at, reached));
            }
        }
    }

    /// Checks that the workspace owned a deleted agent, or that the manifests named it.
    pub(super) fn watch_owner(&mut self, id: &str, identity: AgentIdentity, begun: i64) {
        let workspace = self.owners.workspace;
        let owns = |of: usize| {
            self.owners.agents.get(&(of, id.to_owned())).is_some_and(|known| known.contains(&identity))
        };
        let planned = self.owners.planned.get(id).is_some_and(|known| known.contains(&identity));
        if owns(workspace) || planned && self.owners.due.contains(id) {
            return;
        }
        // No client could see an agent that appeared between the last read and the call.
        let came = self.owners.came.get(id).copied().unwrap_or_default();
        let seen = self.owners.shown.get(id).is_some_and(|(at, reached)| *at >= came && *reached <= begun);
        if planned || seen {
            let whose =
                if owns(1 - workspace) { "the other workspace owns it" } else { "it was never owned" };
            self.violate(format!("agent {id} was deleted, and it is not the one that was owned: {whose}"));
        }
    }

    /// Checks that no queue is created if the workspace knows it under another name.
    pub(super) fn watch_known_queue(&mut self, name: &str) {
        let known = self.known_queue(name).filter(|queue| queue.display_name != name);
        let known = known.map(|queue| (queue.exten.clone(), queue.display_name.clone()));
        if let Some((exten, now)) = known.filter(|_| !self.owners.is_touched(&format!("queue/{name}"))) {
            self.violate(format!("a second queue {name} beside {exten}, which is named {now} now"));
        }
    }

    /// Records a call that the vendor carried out.
    pub(super) fn watch_carried(&mut self, operation: &str, body: &Json, made: &[u8], way_back: Option<i64>) {
        self.carried.insert(("any", operation.to_owned()));
        match operation {
            "addQueue" => {
                let made: Json = serde_json::from_slice(made).unwrap_or_default();
                let name = body["displayName"].as_str().unwrap_or_default().to_owned();
                let exten = made["data"]["exten"].as_str().unwrap_or_default().to_owned();
                self.carried.insert(("queue.create", format!("queue/{name}")));
                if let Some(way_back) = way_back {
                    self.hide_new(&exten, true, way_back);
                    self.owners.told.insert(name, exten);
                }
            }
            "updateQueueAssignMembers" => {
                let exten = body["exten"].as_str().unwrap_or_default();
                self.carried.insert(("queue.members", exten.to_owned()));
            }
            "removeQueue" => {
                let exten = body["exten"].as_str().unwrap_or_default();
                self.carried.insert(("queue.delete", format!("queue/{exten}")));
            }
            _ => {}
        }
    }

    /// Records an agent that the client created.
    pub(super) fn own_created(&mut self, id: &str, way_back: Option<i64>) {
        let Some(identity) = self.identities().get(id).copied() else { return };
        let key = (self.owners.workspace, id.to_owned());
        self.owners.agents.entry(key).or_default().insert(identity);
        self.carried.insert(("agent.create", format!("agent/{id}")));
        if let Some(way_back) = way_back {
            self.hide_new(id, false, way_back);
        }
    }

    /// Checks that the ledger holds the queues that the run learned of, and adopts its entries.
    pub(super) fn watch_known_queues(&mut self) {
        let workspace = self.owners.workspace;
        for (name, exten) in self.owners.told.clone() {
            let known = self.ledger.resources.get(&format!("queue/{name}")).and_then(|e| e.exten.clone());
            let is_live = self.estate.get::<WebchatQueue>().queue(&exten).is_some();
            if is_live && known.as_ref() != Some(&exten) {
                self.violate(format!(
                    "the vendor made queue {name} as {exten}, and the ledger holds {known:?}"
                ));
            }
        }
        let entries = self.ledger.queues().filter(|(_, entry)| !entry.let_go);
        let entries = entries.filter_map(|(id, entry)| Some((id.name.to_string(), entry.exten.clone()?)));
        for (name, exten) in entries.collect::<Vec<_>>() {
            self.owners.queues.insert((workspace, name), exten);
        }
    }
}

/// Returns the numbers of the agents that a plan replaces.
fn replaced(plan: &Plan) -> impl Iterator<Item = String> {
    let replaced = plan.changes.iter().filter(|change| change.action == Action::Replace);
    replaced.map(|change| change.id.name.to_string())
}
