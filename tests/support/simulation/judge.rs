//! The end of a history, compared with the manifests.

use rosterctl::sandbox::AgentConfig;
use std::cell::RefCell;
use std::rc::Rc;

use rosterctl::config::workspace::Prune;
use rosterctl::model::agent;
use rosterctl::model::equivalence::same;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::value::Value;
use rosterctl::runtime::read::resources;
use rosterctl::sandbox::variants::Unset;
use rosterctl::sandbox::vendor_state::Random;

use super::world::World;
use super::{Client, Roster, live_through};

/// Checks that everything matches the manifests.
pub(super) fn judge(world: &mut World, roster: &Roster) {
    let mut wrong = Vec::new();
    let live = {
        let client = Client::new(
            &Rc::new(RefCell::new(World::new(
                world.house,
                world.estate.clone(),
                Random::new(1),
                roster.limit,
            ))),
            roster,
            None,
        );
        let shared = Rc::clone(&client.world);
        shared.borrow_mut().now = world.now + 120_000;
        live_through(&shared, resources::live(&client.vendors), None, &mut 0)
    };
    let Some(Ok(live)) = live else {
        return world.violate("the end cannot be read".to_owned());
    };
    let supports = roster.workspace.supports();
    let agents = live.agents.unwrap_or_default().items;
    for (id, desired) in &roster.desired.agents {
        match (desired.is_absent(), agents.get(id)) {
            (true, None) => {}
            (true, Some(_)) => wrong.push(format!("agent {id} is still there")),
            (false, None) => wrong.push(format!("agent {id} is not there")),
            (false, Some(now)) => {
                // An agent is not replaced when a row may leave out fields.
                let untold = world.estate.quirks.unset_strings == Unset::Absent;
                for entry in desired.record.iter().filter(|entry| supports.agents.is_read(entry.field)) {
                    // Differences in fields that cannot be edited remain as findings.
                    let replaced = roster.workspace.policy.replace_immutable && !untold;
                    let fixed = !supports.agents.mapping(entry.field).is_editable() && !replaced;
                    if !same(entry.value, now.get(entry.field)) && !fixed {
                        wrong.push(format!("agent {id}: {} is {:?}", entry.field.key, now.get(entry.field)));
                    }
                }
                let role = desired.record.get(&agent::ROLE);
                let there = world.estate.get::<AgentConfig>().agent(id.as_str()).map(|a| a.role_name.clone());
                if let (true, Some(Value::Text(role)), Some(there)) =
                    (world.created.contains(id.as_str()), role, there)
                    && **role != *there
                {
                    wrong.push(format!("agent {id}: role is {there}"));
                }
            }
        }
    }
    if roster.workspace.policy.prune == Prune::All {
        let strangers = agents.keys().filter(|id| !roster.desired.agents.contains_key(*id));
        wrong.extend(strangers.map(|id| format!("agent {id} is in no manifest")));
    }
    let queues = live.queues.unwrap_or_default().items;
    let deletes = supports.queues.verbs.delete.is_some() && !roster.desired.queues.is_empty();
    if deletes && roster.workspace.policy.prune == Prune::All {
        let declared = |name: &str| roster.desired.queues.values().any(|queue| *queue.name == *name);
        let strangers = queues.values().filter(|queue| !declared(&queue.name));
        wrong.extend(strangers.map(|queue| format!("queue {} is in no manifest", queue.name)));
    }
    for queue in roster.desired.queues.values() {
        let there: Vec<_> = queues.values().filter(|live| live.name == queue.name).collect();
        let [now] = there[..] else {
            wrong.push(format!("{} queues are named {}", there.len(), queue.name));
            continue;
        };
        for entry in queue.record.iter().filter(|entry| *entry.field != ASSIGN_MEMBERS) {
            let edits =
                supports.queues.verbs.update.is_some() && supports.queues.can_edit(entry.field, entry.value);
            if edits && !same(entry.value, now.record.get(entry.field)) {
                wrong.push(format!(
                    "queue {}: {} is {:?}",
                    queue.name,
                    entry.field.key,
                    now.record.get(entry.field)
                ));
            }
        }
        if let Some(members) = queue.record.get(&ASSIGN_MEMBERS)
            && now.record.get(&ASSIGN_MEMBERS) != Some(members)
        {
            wrong.push(format!("queue {} has {:?}", queue.name, now.record.get(&ASSIGN_MEMBERS)));
        }
    }
    wrong.extend(world.lost());
    for what in wrong {
        world.violate(format!("at the end, {what}"));
    }
    for id in world.created.clone() {
        world.watch_password(&id, "at the end");
    }
}
