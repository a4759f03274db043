//! Facts about the vendors' resources, and the ledger's agreement with them.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::collections::BTreeMap;

use rosterctl::model::ledger::Ledger;
use serde_json::{Value as Json, json};

use super::world::World;

impl World {
    /// Returns the current facts: resource, field, value.
    pub(super) fn facts(&self) -> Vec<(String, &'static str, String)> {
        let mut facts: Vec<(String, &'static str, String)> = Vec::new();
        for agent in self.estate.get::<AgentConfig>().agents() {
            let id = format!("agent/{}", agent.operator_id);
            let text = |text: &Option<String>| Json::from(text.clone().unwrap_or_default()).to_string();
            let flag = |number: i64| Json::from(number == 1).to_string();
            let channels = [("voice", agent.isaudio), ("message", agent.ismessage), ("video", agent.isvideo)];
            let channels = channels.iter().filter(|(_, on)| *on == 1).map(|(word, _)| *word);
            let sip = agent.sip_number.as_ref().map_or(json!("none"), |number| json!({ "number": number }));
            let outbound = ["allowed", "no-long-distance", "forbidden", "no-international"];
            for (field, value) in [
                ("channels", json!(channels.collect::<Vec<_>>()).to_string()),
                ("hidePhone", flag(agent.is_hide_phone)),
                ("outbound", json!(outbound[usize::try_from(agent.outcallflag).unwrap_or(0)]).to_string()),
                ("sip", sip.to_string()),
                ("type", json!(["agent", "leader"][usize::from(agent.operator_type == 1)]).to_string()),
                ("email", text(&agent.email)),
                ("boundPhone", text(&agent.bindcode)),
                ("callerId", text(&agent.showcaller)),
                ("announcement", text(&agent.ttscontent)),
                ("name", text(&agent.name)),
                ("mainSkillGroup", text(&agent.main_group_name)),
                ("role", Json::from(agent.role_name.as_str()).to_string()),
                ("skillLevel", agent.bind_skill_level.to_string()),
                ("enabled", flag(agent.status)),
                ("survey", flag(agent.judge)),
                ("recording", flag(agent.isrecord)),
                ("wrapUpSeconds", agent.after_interval.to_string()),
            ] {
                facts.push((id.clone(), field, value));
            }
        }
        for queue in &self.estate.get::<WebchatQueue>().queues {
            let members = queue.assign_members.iter().map(|m| (m.agent_number.as_str(), m.priority));
            let members = said(members);
            let times = [("120", "2h"), ("1440", "1d"), ("10080", "1w"), ("43200", "30d")];
            let time = queue.memory_time.as_deref();
            let memory =
                times.iter().find(|(minutes, _)| Some(*minutes) == time).map_or("off", |(_, word)| word);
            for name in self.names_of(queue) {
                let id = format!("queue/{name}");
                facts.push((id.clone(), "exten", queue.exten.clone()));
                facts.push((id.clone(), "assignRule", Json::from(queue.assign_rule.as_str()).to_string()));
                facts.push((id.clone(), "memory", json!(memory).to_string()));
                facts.push((id, "assignMembers", members.clone()));
            }
        }
        facts
    }

    /// Records the current facts as true at some moment of the run.
    pub(crate) fn observe(&mut self) {
        let facts = self.facts();
        self.observe_identities();
        let there = self.present();
        let named = self.declared.iter().map(|id| format!("agent/{id}"));
        let named = named.chain(self.wanted_queues.iter().map(|name| format!("queue/{name}")));
        let missing: Vec<String> = named.filter(|id| !there.contains(id)).collect();
        self.was_missing.extend(missing);
        for (id, field, value) in facts {
            self.truth.entry((id, field)).or_default().insert(value);
        }
    }

    /// Stores the ledger, and checks that its new entries are true.
    pub(crate) fn store_ledger(&mut self, ledger: &mut Ledger) {
        ledger.serial += 1;
        let before = std::mem::replace(&mut self.ledger, ledger.clone());
        for (id, applied) in &ledger.resources {
            let old = before.resources.get(id);
            for (field, value) in &applied.fields {
                if old.and_then(|old| old.fields.get(field)) == Some(value) {
                    continue;
                }
                let value = spelled(field, value);
                let mut entries = self.truth.iter().filter(|((of, key), _)| of == id && key == field);
                if !entries.any(|(_, values)| values.contains(&value)) {
                    self.violate(format!("the ledger claims that {field} of {id} was {value}"));
                }
            }
            if let Some(exten) =
                applied.exten.as_ref().filter(|exten| old.and_then(|o| o.exten.as_ref()) != Some(exten))
                && !self.truth.get(&(id.clone(), "exten")).is_some_and(|known| known.contains(exten))
            {
                self.violate(format!("the ledger claims that {id} is {exten}"));
            }
            let changed = applied.password != old.and_then(|old| old.password.clone());
            if changed && applied.password.is_some() && !self.owners.is_touched(id) {
                let agent = id.trim_start_matches("agent/").to_owned();
                self.watch_password(&agent, "the ledger claims a password");
            }
        }
    }
}

/// Returns a ledger value in the form of the facts.
pub(super) fn spelled(field: &str, value: &Json) -> String {
    match value.as_array().filter(|_| field == "assignMembers") {
        Some(list) => {
            said(list.iter().map(|m| {
                (m["agentNumber"].as_str().unwrap_or_default(), m["priority"].as_i64().unwrap_or(0))
            }))
        }
        None => value.to_string(),
    }
}

pub(super) fn said<'a>(members: impl Iterator<Item = (&'a str, i64)>) -> String {
    let members: BTreeMap<&str, i64> = members.collect();
    format!("{members:?}")
}
