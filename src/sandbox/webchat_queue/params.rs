//! Parser of a request's body that falls back to defaults. Source: webchat-queue, "请求字段填写错误时,按照默认处理".
//!
//! Every fall-back is collected. The vendor does not report them, so the simulator's departures alone show a client's
//! error.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sandbox::support::type_name;

/// A member of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// The agent's number.
    pub agent_number: String,
    /// The priority; a number here and in a write, a string in a read.
    #[serde(default)]
    pub priority: i64,
}

/// A body and its departures so far.
pub(super) struct Body {
    fields: Map<String, Value>,
    /// The departures from the document.
    pub(super) departures: Vec<String>,
}

impl Body {
    /// Parses a body with the documented fields; `None` if it is no JSON object.
    pub(super) fn read(bytes: &[u8], names: &[&str]) -> Option<Self> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else { return None };
        let unknown = fields.keys().filter(|key| !names.contains(&key.as_str()));
        let departures = unknown.map(|key| format!("{key} is not in the document")).collect();
        Some(Self { fields, departures })
    }

    /// Returns a string that is not empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.fields.get(name) {
            None => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => {
                self.departures.push(format!("{name} is {}, not string", type_name(other)));
                None
            }
        }
    }

    /// Returns a boolean, false by default.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.fields.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.departures.push(format!("{name} is {}, not bool", type_name(other)));
                false
            }
        }
    }

    /// Returns a number from 1 on, or the default.
    pub(super) fn count(&mut self, name: &str, default: usize) -> usize {
        let Some(value) = self.fields.get(name) else { return default };
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        number.filter(|number| *number > 0).unwrap_or_else(|| {
            self.departures.push(format!("{name} is no number from 1 on"));
            default
        })
    }

    /// Returns the listed members; `known` returns true for an existing agent.
    ///
    /// An unknown agent is skipped, which is the document's rule and so no departure.
    pub(super) fn members(&mut self, name: &str, known: &dyn Fn(&str) -> bool) -> Vec<Member> {
        let items = match self.fields.get(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.departures.push(format!("{name} is {}, not array", type_name(other)));
                return Vec::new();
            }
        };
        let mut members: Vec<Member> = Vec::new();
        for item in items {
            let Some(fields) = item.as_object() else {
                self.departures.push(format!("{name}[] is {}, not object", type_name(item)));
                continue;
            };
            for key in fields.keys().filter(|key| *key != "agentNumber" && *key != "priority") {
                self.departures.push(format!("{name}[].{key} is not in the document"));
            }
            let Some(agent_number) = fields.get("agentNumber").and_then(Value::as_str) else {
                self.departures.push(format!("{name}[].agentNumber is no string"));
                continue;
            };
            let priority = fields.get("priority").map_or(Some(0), Value::as_i64).unwrap_or_else(|| {
                self.departures.push(format!("{name}[].priority is no whole number"));
                0
            });
            if members.iter().any(|member| member.agent_number == agent_number) {
                self.departures.push(format!("{name}[] names an agent twice"));
            } else if known(agent_number) {
                members.push(Member { agent_number: agent_number.to_owned(), priority });
            }
        }
        members
    }
}
