//! The vendor's record of an agent, and its printed form.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sandbox::variants::{Ids, Quirks};

/// An agent as the vendor stores it, in the vendor's words. Source: agent-config §2.1.1, §2.1.4.
///
/// Neither `Debug` nor a response shows the password's digest; `sipPassword` is in every response, requested or not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agent {
    /// The vendor's own number of the agent.
    pub id: i64,
    /// The enterprise.
    pub company_id: Option<i64>,
    /// The key.
    pub operator_id: String,
    /// Name.
    pub name: Option<String>,
    /// 0 agent, 1 leader.
    pub operator_type: i64,
    /// Number shown to the customer.
    pub showcaller: Option<String>,
    /// Priority; no operation sets it.
    pub priority: i64,
    /// The vendor's own number of the SIP account.
    pub sipid: Option<i64>,
    /// SIP account.
    pub sip_number: Option<String>,
    /// The SIP account's password.
    pub sip_password: Option<String>,
    /// Real phone.
    pub bindcode: Option<String>,
    /// 1 if a customer comes back to the same agent; no operation sets it.
    pub ismemory: i64,
    /// Voice.
    pub isaudio: i64,
    /// Video.
    pub isvideo: i64,
    /// Messages.
    pub ismessage: i64,
    /// 1 if numbers are hidden.
    pub is_hide_phone: i64,
    /// 0 allowed, 1 no long distance, 2 forbidden, 3 no international calls.
    pub outcallflag: i64,
    /// E-mail address.
    pub email: Option<String>,
    /// Creation time, Unix milliseconds.
    pub ctime: i64,
    /// Modification time, Unix milliseconds.
    pub utime: i64,
    /// Text played.
    pub ttscontent: Option<String>,
    /// 1 may sign in, 0 may not.
    pub status: i64,
    /// 1 if calls are recorded.
    pub isrecord: i64,
    /// 1 if customers are asked for a rating.
    pub judge: i64,
    /// After-call work, seconds.
    pub after_interval: i64,
    /// Main skill group.
    pub main_group_name: Option<String>,
    /// Role; write-only.
    pub role_name: String,
    /// Skill bound at creation; write-only.
    pub bind_skill_name: Option<String>,
    /// Level in that skill; write-only.
    pub bind_skill_level: i64,
    /// MD5 of the password, 32 lower-case hex; write-only.
    pub password_md5: String,
}

/// A role that agents can have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Role {
    /// A role for agents and leaders.
    Any(String),
    /// A role for one of them.
    Of(RoleOf),
}

/// A role for agents or for leaders alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleOf {
    /// The name.
    pub name: String,
    /// 0 agents, 1 leaders.
    pub operator_type: i64,
}

impl Role {
    /// Returns the name.
    pub fn name(&self) -> &str {
        match self {
            Self::Any(name) | Self::Of(RoleOf { name, .. }) => name,
        }
    }

    /// Returns true if the vendor may pick the role for an agent of a type.
    pub(super) fn suits(&self, operator_type: i64) -> bool {
        match self {
            Self::Any(_) => true,
            Self::Of(role) => role.operator_type == operator_type,
        }
    }
}

/// The main skill groups' numbers, in the order in which the groups first appear.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Groups(BTreeMap<String, i64>);

impl Groups {
    /// Assigns a number to a group that has none.
    pub(super) fn learn(&mut self, name: &str) {
        let next = i64::try_from(self.0.len()).unwrap_or(i64::MAX) + 1;
        self.0.entry(name.to_owned()).or_insert(next);
    }
}

/// Returns an agent's row. Source: agent-config §2.1.4 and §2.1.5, which list the same fields.
pub(super) fn row(agent: &Agent, groups: &Groups, quirks: &Quirks) -> Value {
    let mut row = Map::new();
    for (key, number) in [
        ("id", agent.id),
        ("operatorType", agent.operator_type),
        ("priority", agent.priority),
        ("ismemory", agent.ismemory),
        ("isaudio", agent.isaudio),
        ("isvideo", agent.isvideo),
        ("ismessage", agent.ismessage),
        ("isHidePhone", agent.is_hide_phone),
        ("outcallflag", agent.outcallflag),
        ("ctime", agent.ctime),
        ("utime", agent.utime),
        ("status", agent.status),
        ("isrecord", agent.isrecord),
        ("judge", agent.judge),
        ("afterInterval", agent.after_interval),
    ] {
        row.insert(key.into(), Value::from(number));
    }
    row.insert("operatorId".into(), Value::from(agent.operator_id.as_str()));
    for (key, text) in [
        ("name", &agent.name),
        ("showcaller", &agent.showcaller),
        ("sipNumber", &agent.sip_number),
        ("sipPassword", &agent.sip_password),
        ("bindcode", &agent.bindcode),
        ("email", &agent.email),
        ("ttscontent", &agent.ttscontent),
        ("mainGroupName", &agent.main_group_name),
    ] {
        quirks.put_text(&mut row, key, text.as_deref());
    }
    quirks.put_number(&mut row, "companyId", agent.company_id);
    quirks.put_number(&mut row, "sipid", agent.sipid);
    let group = agent.main_group_name.as_ref().and_then(|name| groups.0.get(name)).copied();
    quirks.put_number(&mut row, "maingroupid", group);
    Value::Object(row)
}

/// Returns the MD5 of a password as 32 lower-case hex characters.
pub(crate) fn digest(password: &str) -> String {
    Md5::digest(password.as_bytes()).iter().fold(String::with_capacity(32), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
        hex
    })
}

/// Returns the digits of a numeric id, without leading zeros.
fn number(id: &str) -> Option<&str> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| id.trim_start_matches('0'))
}

/// Compares two ids in the order of a listing.
pub(super) fn compare(ids: Ids, a: &str, b: &str) -> Ordering {
    match ids {
        Ids::Lexical => a.cmp(b),
        Ids::Numeric => match (number(a), number(b)) {
            // Of two numbers without leading zeros the longer one is greater, at any length.
            (Some(x), Some(y)) => x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then_with(|| a.cmp(b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn digests_are_md5() {
        assert_eq!(digest("123456"), "e10adc3949ba59abbe56e057f20f883e");
    }

    #[test]
    fn ids_are_ordered_by_number_or_by_character() {
        let mut ids = ["10", "9", "b", "009", "a", "100000000000000000000000000000"];
        ids.sort_by(|a, b| compare(Ids::Numeric, a, b));
        assert_eq!(ids, ["009", "9", "10", "100000000000000000000000000000", "a", "b"]);
        ids.sort_by(|a, b| compare(Ids::Lexical, a, b));
        assert_eq!(ids, ["009", "10", "100000000000000000000000000000", "9", "a", "b"]);
    }
}
