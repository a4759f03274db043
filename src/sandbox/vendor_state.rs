//! The simulators of one estate.
//!
//! In: a request and the time. Out: a response, and the changed estate. There is no clock, no input or output and no
//! hash order here, and the random generator is part of the state. So the same requests at the same times give the
//! same bytes. Each gap of a document is a switch of [`Quirks`].
//!
//! # Seed
//!
//! An estate begins empty or with a seed, YAML in the vendors' words. Every key is optional, an unknown one is an
//! error.
//!
//! ```yaml
//! random: 7                       # the seed of random numbers
//! quirks: { successCode: 200, ids: lexical, utcOffset: "+08:00" }      # see `Quirks`
//! faults: { seed: 1, dropAfter: 0.1, only: [addQueue], after: 3 }      # see `Faults`; delayMs: { probability, min, max }
//! tokens: [one, two]              # of agent-config; any that is not empty when left out
//! roles: [普通坐席, { name: 班长, operatorType: 1 }]   # any when left out
//! skillGroups: [售前, 售后]        # any when left out
//! agents:                         # fields of agent/page; also password, roleName, bindSkillName, bindSkillLevel
//!   - { operatorId: "8001", name: 张三, mainGroupName: 售前, password: secret-1 }
//! accounts: { N00000012345: api-secret }               # of webchat-queue; any well-formed signature when left out
//! knownAgents:                    # agents of webchat besides those above, and its data of any
//!   - "9001"
//!   - { agentNumber: "8001", phone: "15700000000", pcAutoClaim: true, mobileAutoClaim: false }
//! queues:                         # without exten they get one; memoryTime makes isMemory true
//!   - { displayName: 在线售前, assignRule: priority, memoryTime: "120", assignMembers: [{ agentNumber: "8001", priority: 10 }] }
//! rateLimit: { calls: 20, claimCalls: 100, perMs: 60000 }              # of webchat-queue, for each operation
//! apiKeys: { bDqJFiq9: api-secret }                    # of seat-query; any well-formed signature when left out
//! seats:                          # fields of v3/cc/seat/query; the password in clear; calls by their time
//!   - { account: 0705C559_003, name: 0705C999_001, groupName: 测试, enable: 0, password: secret-1, status: 2,
//!       calls: [{ time: "2025-01-01 09:30:00", seconds: 75 }] }
//! isdpLogins: [{ clientId: isdp-demo-openapi, username: "10001", password: app-token }]   # any when left out
//! isdpTokens: [three]             # of isdp-online-agent, besides those that a login fetches
//! cmsKeys: { ak: secret-key }     # of cms-agent; any well-formed signature when left out
//! cmsTokens: [four]               # likewise, for the scheme `bearer`
//! presence:                       # states; to cms-agent other agents are signed out
//!   - { agent: "8001", online: true, status: 7 }       # onlineStatus of findOnlineAgent, table 5 of agentbyworkno
//!   - { agent: "8002", online: false, status: 4, citStatus: 1, phoneNumber: "15700000000" }
//! ```

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Error, Value, json};

use super::faults::Faults;
pub use super::random::Random;
use super::simulator::{Factory, Simulated, Simulator};
use super::support::{Answer, Context};
use super::variants::Quirks;
use crate::model::call::{Call, Reply};

/// Unix time in milliseconds.
pub type Moment = i64;

/// The data of all simulated vendors.
#[derive(Clone)]
pub struct VendorState {
    /// The readings of the documents' gaps.
    pub quirks: Quirks,
    /// The faults on the way; the server carries them out.
    pub faults: Faults,
    /// The vendors.
    pub vendors: Vec<Box<dyn Simulator>>,
    /// The number of requests that changed agents or queues.
    pub revision: u64,
    /// True if no credentials are required: the estate is embedded, and no other program can reach it.
    pub unguarded: bool,
    /// The source of random numbers.
    pub random: Random,
    /// The number of calls by path. Not stored: it is zero when a server starts.
    pub calls: BTreeMap<String, usize>,
}

/// A stored estate.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stored {
    quirks: Quirks,
    faults: Faults,
    revision: u64,
    random: Random,
    #[serde(flatten)]
    vendors: BTreeMap<String, Value>,
}

impl VendorState {
    /// Creates an empty estate of some vendors.
    pub fn new(factories: &[Factory]) -> Self {
        Self {
            quirks: Quirks::default(),
            faults: Faults::default(),
            vendors: factories.iter().map(|make| make()).collect(),
            revision: 0,
            unguarded: false,
            random: Random::default(),
            calls: BTreeMap::new(),
        }
    }

    /// Returns a vendor's data.
    ///
    /// # Panics
    /// The vendor is not in the estate.
    #[expect(clippy::expect_used, reason = "the registry of the program has it")]
    pub fn get<S: Simulated>(&self) -> &S {
        let found = self.vendors.iter().find_map(|vendor| (&**vendor as &dyn Any).downcast_ref());
        found.expect("a vendor of the estate")
    }

    /// Returns a vendor's data, to be changed outside the API.
    ///
    /// # Panics
    /// The vendor is not in the estate.
    #[expect(clippy::expect_used, reason = "the registry of the program has it")]
    pub fn get_mut<S: Simulated>(&mut self) -> &mut S {
        let found = self.vendors.iter_mut().find_map(|vendor| (&mut **vendor as &mut dyn Any).downcast_mut());
        found.expect("a vendor of the estate")
    }

    /// Takes over another estate's settings, presence and seats; keeps agents and queues.
    ///
    /// Settings are quirks, faults, credentials, catalogues and rates. No operation changes seats.
    pub fn behave_like(&mut self, other: VendorState) {
        self.quirks = other.quirks;
        self.faults = other.faults;
        for vendor in &mut self.vendors {
            for other in &other.vendors {
                vendor.behave_like(&**other);
            }
        }
    }

    /// Returns the departures from the documents so far, vendor by vendor.
    pub fn departures(&self) -> Vec<&str> {
        self.vendors.iter().flat_map(|vendor| vendor.departures()).map(String::as_str).collect()
    }

    /// Returns the headers and the query parameters that its vendors read.
    pub(super) fn looks_at(&self) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
        let headers = self.vendors.iter().flat_map(|vendor| vendor.headers());
        let parameters = self.vendors.iter().flat_map(|vendor| vendor.parameters());
        (headers.copied().collect(), parameters.copied().collect())
    }

    /// Returns true if a call to a path may change stored data.
    pub(super) fn may_change(&self, path: &str) -> bool {
        self.vendors.iter().any(|vendor| vendor.serves(path) && vendor.may_change(path))
    }

    /// Returns the stored form.
    ///
    /// # Errors
    /// The form of a vendor is no JSON.
    pub fn store(&self) -> serde_json::Result<String> {
        let mut out = format!(
            "{{\"quirks\":{},\"faults\":{}",
            serde_json::to_string(&self.quirks)?,
            serde_json::to_string(&self.faults)?
        );
        for vendor in &self.vendors {
            out.push_str(&format!(",\"{}\":{}", vendor.key(), vendor.store()?));
        }
        let random = serde_json::to_string(&self.random)?;
        out.push_str(&format!(",\"revision\":{},\"random\":{random}}}", self.revision));
        Ok(out)
    }

    /// Restores an estate of some vendors from its stored form.
    ///
    /// # Errors
    /// It is the form of no estate, or of one with another vendor.
    pub fn restore(factories: &[Factory], stored: Value) -> serde_json::Result<Self> {
        let Stored { quirks, faults, revision, random, mut vendors } = serde_json::from_value(stored)?;
        let mut estate = Self { quirks, faults, revision, random, ..Self::new(factories) };
        for vendor in &mut estate.vendors {
            if let Some(stored) = vendors.remove(vendor.key()) {
                vendor.restore(stored)?;
            }
        }
        match vendors.keys().next() {
            Some(unknown) => Err(Error::custom(format!("unknown field `{unknown}`"))),
            None => Ok(estate),
        }
    }

    /// Answers a request. Only the call's path, query, headers and body count.
    pub fn answer(&mut self, method: &str, call: &Call, now: Moment) -> Reply {
        *self.calls.entry(call.path.clone()).or_default() += 1;
        let mut ctx =
            Context { quirks: &self.quirks, random: &mut self.random, now, guarded: !self.unguarded };
        let vendors = &mut self.vendors;
        let asked = vendors.iter().position(|vendor| vendor.serves(&call.path));
        let answer = asked.and_then(|at| {
            let mut asked = vendors.remove(at);
            let people = |agent: &str| vendors.iter().find_map(|vendor| vendor.person(agent));
            let answer = asked.answer(method, call, &people, &mut ctx);
            vendors.insert(at, asked);
            answer
        });
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
    use crate::model::call::Method;
    use crate::sandbox::AgentConfig;
    use crate::sandbox::WebchatQueue;
    use crate::vendors;

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
        let estate = vendors::ALL.seeded(&seed).unwrap();
        assert_eq!(estate.get::<AgentConfig>().agent("8001").unwrap().name.as_deref(), Some("张三"));
        assert_eq!(estate.get::<WebchatQueue>().queues[0].exten, "10018578");
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
            assert!(vendors::ALL.seeded(bad).is_err(), "{bad}");
        }
        assert!(vendors::ALL.seeded("").is_ok());
    }

    #[test]
    fn an_estate_survives_storing() {
        let mut estate = vendors::ALL.seeded("agents: [{operatorId: \"8001\", password: secret-1}]").unwrap();
        estate.unguarded = true;
        let text = estate.store().unwrap();
        assert!(!text.contains("secret-1"));
        let back = VendorState::restore(&vendors::ALL.simulators(), text.parse().unwrap()).unwrap();
        assert_eq!(back.store().unwrap(), text);
        assert!(VendorState::restore(&vendors::ALL.simulators(), json!({ "other": {} })).is_err());
        assert!(!back.unguarded);
    }

    #[test]
    fn unknown_paths_are_not_found() {
        let mut estate = vendors::ALL.estate();
        for path in [
            "/",
            "/api/v1/config/openapi/agent/create",
            "/v20210827/webChat/addQueue",
            "/v20210827/webChat/addQueue/a/b",
        ] {
            let call = Call {
                operation: "",
                method: Method::Post,
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
