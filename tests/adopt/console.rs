//! What people do in the consoles: edits of live state, chosen by what a manifest manages.

use std::collections::BTreeSet;
use std::sync::Arc;

use rosterctl::model::agent::{
    CALLER_ID, ENABLED, MAIN_SKILL_GROUP, NAME, OUTBOUND_CALLS, PASSWORD, SIP, WRAP_UP_SECONDS,
};
use rosterctl::model::desired::Desired;
use rosterctl::model::field::{Field, Record};
use rosterctl::model::id::{OperatorId, ResourceId};
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::{Live, LiveQueue};
use rosterctl::model::queue::{ASSIGN_MEMBERS, MEMORY_TIME};
use rosterctl::model::value::{Members, Sip, Value};
use rosterctl::plan::adoption::Adopted;
use serde_json::{Map, Value as Json, json};

use super::planning;

/// A console edit: live state after it, and the names with which it is adopted.
#[derive(Clone)]
pub(crate) struct ConsoleEdit {
    pub(crate) title: String,
    pub(crate) live: Live,
    pub(crate) named: Vec<Adopted>,
    /// True if it can be adopted for a time.
    pub(crate) for_a_time: bool,
}

/// The agent that no manifest names.
const STRANGER: &str = "9901";

/// Returns live state that fits a manifest, with one more agent and one more queue.
pub(crate) fn live(desired: &Desired) -> Live {
    let supports = planning::supports();
    let (mut agents, mut queues) = (Map::new(), Map::new());
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| agent.is_present()) {
        let mut words =
            json!({ "name": "直播", "type": "agent", "enabled": true, "wrapUpSeconds": 0, "sip": "none" });
        let words = words.as_object_mut().unwrap();
        for entry in agent.record.iter().filter(|entry| supports.agents.is_read(entry.field)) {
            let number = format!("sip{id}");
            let value = match entry.value {
                Value::Sip(Sip::Auto) => Value::Sip(Sip::Number(number.as_str().into())).to_json(),
                value => value.to_json(),
            };
            words.insert(entry.field.key.to_owned(), value);
        }
        agents.insert(id.to_string(), Json::Object(words.clone()));
    }
    let group = desired.agents.values().find_map(|agent| agent.record.text(&MAIN_SKILL_GROUP));
    let mut stranger = json!({ "name": "临时", "type": "agent", "enabled": true });
    if let Some(group) = group {
        stranger["mainSkillGroup"] = group.into();
    }
    agents.insert(STRANGER.to_owned(), stranger);
    for (at, queue) in desired.queues.values().enumerate() {
        let exten = queue.exten.as_deref().map_or_else(|| format!("20{at:02}"), str::to_owned);
        let mut words = planning::words(&queue.record);
        words.insert("displayName", (*queue.name).into());
        words.entry("assignMembers").or_insert_with(|| json!([]));
        queues.insert(exten, json!(words));
    }
    queues.insert(
        "1099".to_owned(),
        json!({ "displayName": "新 队列", "assignRule": "random", "memory": "off", "assignMembers": [
            { "agentNumber": STRANGER, "priority": 3 }] }),
    );
    planning::live(&json!({ "agents": agents, "queues": queues }))
}

/// Records the values that no system returns, as if an apply had set them.
pub(crate) fn apply_unread(desired: &Desired, ledger: &mut Ledger) {
    let supports = planning::supports();
    for (id, agent) in &desired.agents {
        let Some(applied) = ledger.resources.get_mut(&ResourceId::agent(id).key()) else { continue };
        let unread = agent.record.iter().filter(|entry| !supports.agents.is_read(entry.field));
        for entry in unread.filter(|entry| *entry.field != PASSWORD) {
            applied.fields.insert(entry.field.key.to_owned(), entry.value.to_json());
        }
    }
}

/// Returns another value of a field.
fn other(field: &Field, value: &Value) -> Value {
    match value {
        Value::Flag(flag) => Value::Flag(!flag),
        Value::Number(number) => Value::Number(number + 15),
        Value::Sip(_) if *field == SIP => match value {
            Value::Sip(Sip::None) => Value::Sip(Sip::Number("7001".into())),
            _ => Value::Sip(Sip::None),
        },
        Value::Text(_) if *field == NAME => Value::Text("王 #5: 改".into()),
        Value::Text(_) if *field == CALLER_ID => Value::Text("010".into()),
        Value::Choice("forbidden") => Value::Choice("allowed"),
        Value::Choice("2h") => Value::Choice("1d"),
        Value::Choice(_) if *field == OUTBOUND_CALLS => Value::Choice("forbidden"),
        Value::Choice(_) => Value::Choice("2h"),
        Value::Text(group) if **group == *"售后" => Value::Text("售前".into()),
        _ => Value::Text("售后".into()),
    }
}

struct Console<'a> {
    live: &'a Live,
    all: Vec<ConsoleEdit>,
}

impl Console<'_> {
    fn add(&mut self, title: String, for_a_time: bool, change: impl FnOnce(&mut Live)) {
        self.named(title, for_a_time, Vec::new(), change);
    }

    fn named(
        &mut self,
        title: String,
        for_a_time: bool,
        named: Vec<Adopted>,
        change: impl FnOnce(&mut Live),
    ) {
        let mut live = self.live.clone();
        change(&mut live);
        self.all.push(ConsoleEdit { title, live, named, for_a_time });
    }
}

fn agent<'a>(live: &'a mut Live, id: &OperatorId) -> &'a mut Record {
    live.agents.as_mut().unwrap().items.get_mut(id).unwrap()
}

fn queue<'a>(live: &'a mut Live, name: &str) -> &'a mut LiveQueue {
    let queues = live.queues.as_mut().unwrap().items.values_mut();
    queues.into_iter().find(|queue| *queue.name == *name).unwrap()
}

fn members(live: &mut Live, name: &str, change: impl FnOnce(&mut Members)) {
    let queue = queue(live, name);
    let mut members = planning::members(queue);
    change(&mut members);
    queue.record.set(&ASSIGN_MEMBERS, Value::Members(Arc::new(members)), None);
}

/// Takes an agent away, as its deletion in the console does.
fn delete(live: &mut Live, id: &OperatorId) {
    live.agents.as_mut().unwrap().items.remove(id);
    let names: Vec<Arc<str>> =
        live.queues.as_ref().unwrap().items.values().map(|queue| Arc::clone(&queue.name)).collect();
    for name in names {
        members(live, &name, |members| {
            members.remove(id);
        });
    }
}

/// Returns the console edits that fit a manifest.
pub(crate) fn edits(desired: &Desired, live: &Live) -> Vec<ConsoleEdit> {
    let mut console = Console { live, all: Vec::new() };
    // One agent of each entry: the middle one of a pool.
    let mut entries: Vec<((u32, u32), Vec<&OperatorId>)> = Vec::new();
    let present = desired.agents.iter().filter(|(_, agent)| agent.is_present());
    for (id, agent) in present {
        let place = (agent.source.line, agent.source.column);
        match entries.iter_mut().find(|(known, _)| *known == place) {
            Some((_, ids)) => ids.push(id),
            None => entries.push((place, vec![id])),
        }
    }
    let middle: Vec<&OperatorId> = entries.iter().map(|(_, ids)| ids[ids.len() / 2]).take(3).collect();
    for id in middle.iter().copied() {
        let record = &desired.agents[id].record;
        for field in [&NAME, &ENABLED, &WRAP_UP_SECONDS, &SIP, &MAIN_SKILL_GROUP, &CALLER_ID, &OUTBOUND_CALLS]
        {
            let Some(value) = record.get(field) else { continue };
            let value = other(field, value);
            let often = *field == NAME || *field == WRAP_UP_SECONDS || *field == ENABLED;
            let title = format!("agent/{id}.{}", field.key);
            console.add(title, often, |live| agent(live, id).set(field, value, None));
        }
        console.add(format!("agent/{id} deleted"), false, |live| delete(live, id));
    }
    let stranger = OperatorId::from(STRANGER);
    let queues = desired.queues.values().filter(|queue| !queue.implied).take(2);
    for queue in queues {
        let name = &queue.name;
        let list = queue.record.get(&ASSIGN_MEMBERS).and_then(Value::members).cloned();
        if let Some(list) = list {
            // One member of each entry.
            let mut places = BTreeSet::new();
            let mut chosen: Vec<&OperatorId> = Vec::new();
            for id in list.keys() {
                let place = queue.member_sources.get(id).map(|source| (source.line, source.column));
                if places.insert(place) {
                    chosen.push(id);
                }
            }
            for id in chosen.iter().copied().take(3) {
                console.add(format!("{id} leaves {name}"), true, |live| {
                    members(live, name, |members| {
                        members.remove(id);
                    });
                });
                console.add(format!("{id} gets another priority in {name}"), true, |live| {
                    members(live, name, |members| {
                        *members.get_mut(id).unwrap() += 2;
                    });
                });
            }
            console.add(format!("{STRANGER} joins {name}"), true, |live| {
                members(live, name, |members| {
                    members.insert(stranger.clone(), 7);
                });
            });
            console.add(format!("all leave {name}, {STRANGER} joins"), false, |live| {
                members(live, name, |members| {
                    members.clear();
                    members.insert(stranger.clone(), 0);
                });
            });
            console.add(format!("all leave {name}"), false, |live| {
                members(live, name, Members::clear);
            });
            if let (Some(first), true) = (list.keys().next(), list.len() > 1) {
                let second = list.keys().next_back().unwrap();
                console.add(format!("{first} deleted, {second} leaves {name}"), false, |live| {
                    delete(live, first);
                    members(live, name, |members| {
                        members.remove(second);
                    });
                });
            }
        }
        if let Some(value) = queue.record.get(&MEMORY_TIME) {
            let value = other(&MEMORY_TIME, value);
            console.add(format!("queue/{name}.memory"), false, |live| {
                self::queue(live, name).record.set(&MEMORY_TIME, value, None);
            });
        }
        if queue.exten.is_none() {
            console.add(format!("{name} renamed"), false, |live| {
                self::queue(live, name).name = "改: 名".into();
            });
        }
    }
    // Several edits at once.
    if middle.len() > 1 {
        console.add("every name".to_owned(), false, |live| {
            let named: Vec<&OperatorId> =
                middle.iter().copied().filter(|id| desired.agents[*id].record.get(&NAME).is_some()).collect();
            for id in named {
                agent(live, id).set(&NAME, Value::Text("同名".into()), None);
            }
        });
    }
    let all = |id: ResourceId| vec![Adopted { id, field: None }];
    console.named(format!("agent/{STRANGER} named"), false, all(ResourceId::agent(&stranger)), |_| {});
    console.named("queue/新 队列 named".to_owned(), false, all(ResourceId::queue("新 队列", None)), |_| {});
    console.all
}
