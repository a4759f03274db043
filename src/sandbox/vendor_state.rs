//! The vendors' side of the world: five simulators in one estate.
//!
//! In: a request and the time. Out: a reply, and the estate changed. There is no clock, no input or output and
//! no hash order here, and chance comes from a generator in the state: the same requests at the same times
//! give the same bytes. Whatever a document leaves open is a switch of [`Quirks`].
//!
//! # Seed
//!
//! An estate begins empty or with a seed, YAML in the vendors' words. Every key may be left out, an unknown
//! one is an error.
//!
//! ```yaml
//! random: 7                       # what chance is drawn from
//! quirks: { successCode: 200, ids: lexical, utcOffset: "+08:00" }      # see `Quirks`
//! faults: { seed: 1, dropAfter: 0.1, only: [addQueue], after: 3 }      # see `Faults`; delayMs: { probability, min, max }
//! tokens: [one, two]              # of agent-config; any that is not empty when left out
//! roles: [普通坐席, { name: 班长, operatorType: 1 }]   # any when left out
//! skillGroups: [售前, 售后]        # any when left out
//! agents:                         # fields of agent/page; also password, roleName, bindSkillName, bindSkillLevel
//!   - { operatorId: "8001", name: 张三, mainGroupName: 售前, password: secret-1 }
//! accounts: { N00000012345: api-secret }               # of webchat-queue; any well-formed signature when left out
//! knownAgents:                    # agents of webchat beside those above, and what it knows of any
//!   - "9001"
//!   - { agentNumber: "8001", phone: "15700000000", pcAutoClaim: true, mobileAutoClaim: false }
//! queues:                         # exten is given out when left out; memoryTime makes isMemory true
//!   - { displayName: 在线售前, assignRule: priority, memoryTime: "120", assignMembers: [{ agentNumber: "8001", priority: 10 }] }
//! rateLimit: { calls: 20, claimCalls: 100, perMs: 60000 }              # of webchat-queue, for each operation
//! apiKeys: { bDqJFiq9: api-secret }                    # of seat-query; any well-formed signature when left out
//! seats:                          # fields of v3/cc/seat/query; the password in clear; calls by their time
//!   - { account: 0705C559_003, name: 0705C999_001, groupName: 测试, enable: 0, password: secret-1, status: 2,
//!       calls: [{ time: "2025-01-01 09:30:00", seconds: 75 }] }
//! isdpLogins: [{ clientId: isdp-demo-openapi, username: "10001", password: app-token }]   # any when left out
//! isdpTokens: [three]             # of isdp-online-agent, beside those that a login gets
//! cmsKeys: { ak: secret-key }     # of cms-agent; any well-formed signature when left out
//! cmsTokens: [four]               # likewise, for the scheme `bearer`
//! presence:                       # who is doing what; of agents that are not here cms-agent says signed out
//!   - { agent: "8001", online: true, status: 7 }       # onlineStatus of findOnlineAgent, table 5 of agentbyworkno
//!   - { agent: "8002", online: false, status: 4, citStatus: 1, phoneNumber: "15700000000" }
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::faults::Faults;
pub use super::random::Random;
use super::support::{Answer, Context};
use super::variants::Quirks;
use crate::model::call::{Call, Reply};
use crate::sandbox::{agent_config, cms_agent, isdp_online_agent, seat_query, webchat_queue};

/// Unix time in milliseconds.
pub type Moment = i64;

/// All that the simulated vendors know.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VendorState {
    /// The readings of what the documents leave open.
    pub quirks: Quirks,
    /// What goes wrong on the way; the server carries it out.
    pub faults: Faults,
    /// Agents.
    pub agent_config: agent_config::State,
    /// Queues.
    pub webchat_queue: webchat_queue::State,
    /// Voice seats.
    pub seat_query: seat_query::State,
    /// Who is online.
    pub isdp_online_agent: isdp_online_agent::State,
    /// Who is on a call.
    pub cms_agent: cms_agent::State,
    /// How often agents or queues changed by a request.
    pub revision: u64,
    /// Whether credentials are not asked for: the estate is embedded, and nobody else can reach it.
    #[serde(skip)]
    pub unguarded: bool,
    /// Where chance comes from.
    pub random: Random,
    /// How often each path was called. Not stored: a server begins anew.
    #[serde(skip)]
    pub calls: BTreeMap<String, usize>,
}

impl VendorState {
    /// Makes an empty estate whose chance begins at a seed.
    pub fn with_random(seed: u64) -> Self {
        Self { random: Random::new(seed), ..Self::default() }
    }

    /// Takes over what another estate's vendors are like (quirks, faults, credentials, catalogues, rates), who is
    /// doing what, and the seats, which no operation changes; keeps agents and queues.
    pub fn behave_like(&mut self, other: VendorState) {
        self.quirks = other.quirks;
        self.faults = other.faults;
        self.agent_config.roles = other.agent_config.roles;
        self.agent_config.skill_groups = other.agent_config.skill_groups;
        self.agent_config.tokens = other.agent_config.tokens;
        self.webchat_queue.accounts = other.webchat_queue.accounts;
        self.webchat_queue.known_agents = other.webchat_queue.known_agents;
        self.webchat_queue.rate_limit = other.webchat_queue.rate_limit;
        self.seat_query.seats = other.seat_query.seats;
        self.seat_query.api_keys = other.seat_query.api_keys;
        self.isdp_online_agent.agents = other.isdp_online_agent.agents;
        self.isdp_online_agent.logins = other.isdp_online_agent.logins;
        self.isdp_online_agent.tokens = other.isdp_online_agent.tokens;
        self.cms_agent.agents = other.cms_agent.agents;
        self.cms_agent.access_keys = other.cms_agent.access_keys;
        self.cms_agent.tokens = other.cms_agent.tokens;
    }

    /// Returns what departed from the documents so far, vendor by vendor.
    pub fn departures(&self) -> Vec<&str> {
        [
            &self.agent_config.departures,
            &self.webchat_queue.departures,
            &self.seat_query.departures,
            &self.isdp_online_agent.departures,
            &self.cms_agent.departures,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect()
    }

    /// Answers a request. Of the call only path, query, headers and body count.
    pub fn answer(&mut self, method: &str, call: &Call, now: Moment) -> Reply {
        *self.calls.entry(call.path.clone()).or_default() += 1;
        let mut ctx =
            Context { quirks: &self.quirks, random: &mut self.random, now, guarded: !self.unguarded };
        let agents = &mut self.agent_config;
        let answer = if call.path.starts_with(agent_config::BASE) {
            agents.answer(method, call, &mut ctx)
        } else if call.path == seat_query::PATH {
            Some(self.seat_query.answer(method, call, &ctx))
        } else if [isdp_online_agent::PATH, isdp_online_agent::TOKEN_PATH].contains(&call.path.as_str()) {
            Some(self.isdp_online_agent.answer(method, call, &ctx))
        } else if call.path == cms_agent::PATH {
            let named = |number: &str| agents.agent(number).map(|agent| agent.name.clone());
            Some(self.cms_agent.answer(method, call, &named, &ctx))
        } else {
            let person = |number: &str| {
                let agent = agents.agent(number)?;
                Some(webchat_queue::Person { name: agent.name.clone(), phone: agent.bindcode.clone() })
            };
            self.webchat_queue.answer(method, call, &person, &ctx)
        };
        let Answer { status, mut body, retry_after, changed, xml } = answer.unwrap_or_else(|| Answer {
            status: 404,
            ..Answer::ok(
                json!({"code": 404, "msg": "no such path", "message": "no such path", "success": false}),
            )
        });
        self.revision += u64::from(changed);
        if self.quirks.numbers_as_strings || self.quirks.strings_as_numbers {
            self.quirks.retype(&mut body);
        }
        let retry_after = retry_after.map(Duration::from_secs);
        if let Some(text) = xml {
            let content_type = "application/xml;charset=utf-8".to_owned();
            return Reply { status, content_type, retry_after, body: text.into() };
        }
        Reply { retry_after, ..Reply::json(status, &body) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_read_whole_or_refused() {
        let seed = include_str!("vendor_state.rs");
        let seed: Vec<&str> = seed
            .lines()
            .skip_while(|line| !line.starts_with("//! ```yaml"))
            .skip(1)
            .take_while(|line| !line.starts_with("//! ```"))
            .map(|line| line.strip_prefix("//! ").unwrap_or(line))
            .collect();
        let seed = seed.join("\n");
        let estate = VendorState::from_seed(&seed).unwrap();
        assert_eq!(estate.agent_config.agent("8001").unwrap().name.as_deref(), Some("张三"));
        assert_eq!(estate.webchat_queue.queues[0].exten, "10018578");
        assert_eq!(estate.quirks.success_code, 200);
        for bad in [
            "agent: []",
            "agents: [{name: 张三}]",
            "agents: [{operatorId: \"1\"}, {operatorId: \"1\"}]",
            "queues: [{displayName: a, exten: \"1\"}, {displayName: b, exten: \"1\"}]",
            "quirks: {successCode: 1}",
            "faults: {html: 2}",
            "quirks: {ids: random}",
            "[",
        ] {
            assert!(VendorState::from_seed(bad).is_err(), "{bad}");
        }
        assert!(VendorState::from_seed("").is_ok());
    }

    #[test]
    fn an_estate_survives_storing() {
        let mut estate =
            VendorState::from_seed("agents: [{operatorId: \"8001\", password: secret-1}]").unwrap();
        estate.unguarded = true;
        let text = serde_json::to_string(&estate).unwrap();
        assert!(!text.contains("secret-1"));
        let back: VendorState = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert!(!back.unguarded);
    }

    #[test]
    fn unknown_paths_are_not_found() {
        let mut estate = VendorState::default();
        for path in [
            "/",
            "/api/v1/config/openapi/agent/create",
            "/v20210827/webChat/addQueue",
            "/v20210827/webChat/addQueue/a/b",
        ] {
            let call = Call {
                operation: "",
                path: path.into(),
                query: Vec::new(),
                headers: Vec::new(),
                body: Vec::new(),
            };
            let reply = estate.answer("POST", &call, 0);
            assert_eq!(
                (reply.status, &*reply.content_type),
                (404, "application/json;charset=utf-8"),
                "{path}"
            );
        }
    }
}
