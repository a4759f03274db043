//! Random rosters: manifests as text, live state, write-only fields, ledgers and policies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use rosterctl::config::workspace::Workspace;
use rosterctl::model::agent;
use rosterctl::model::field::by_key;
use rosterctl::model::id::{OperatorId, ResourceId};
use rosterctl::model::ledger::{AppliedPassword, Ledger, LedgerEntry};
use rosterctl::model::live::Live;
use rosterctl::model::support::Mapping;
use rosterctl::vendors::Registry;
use serde_json::{Map, Value as Json, json};

use super::planning::{Estate, Hidden, live, workspace_of, workspace_text};

/// The agents' numbers; the last ones may come from a pool.
pub(crate) const IDS: [&str; 11] =
    ["8001", "8002", "8003", "8004", "8005", "8006", "9", "010", "8101", "8102", "8103"];
const SINGLE: usize = 8;
const QUEUES: [&str; 4] = ["售前", "售后", "a@1001", "投诉"];

type Words = BTreeMap<&'static str, Json>;

#[derive(Clone, Debug)]
pub(crate) struct AgentCase {
    absent: bool,
    protect: bool,
    profile: Option<usize>,
    slot: usize,
    fields: Words,
}

#[derive(Clone, Debug)]
pub(crate) struct LiveCase {
    fields: Words,
    role: Option<Json>,
    skill_level: Option<Json>,
    password: Option<u32>,
    /// Flags of the ledger's knowledge: of the agent, of its write-only fields, of its password.
    ledger: (bool, bool, bool),
}

#[derive(Clone, Debug)]
pub(crate) struct QueueCase {
    pinned: bool,
    distinct: bool,
    rule: Option<&'static str>,
    memory: Option<&'static str>,
    members: Option<Vec<(usize, i64)>>,
    selector: Option<(&'static str, i64)>,
    min: Option<usize>,
    slot: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct LiveQueueCase {
    name: usize,
    rule: &'static str,
    memory: &'static str,
    members: Vec<(usize, i64)>,
    /// The ledger's knowledge of it: none, or an entry that is let go of or not.
    ledger: Option<bool>,
}

/// The vendors of a scenario.
#[derive(Clone, Copy)]
pub(crate) struct House {
    pub(crate) vendors: Registry,
    /// Writes the connections of the workspace.
    pub(crate) connections: fn(&Scenario) -> String,
    /// True if a queue's key is its name.
    pub(crate) names_are_keys: bool,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.vendors.specs().iter().map(|spec| spec.name)).finish()
    }
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the workspace")]
pub(crate) struct Scenario {
    pub house: House,
    pub agents: Vec<Option<AgentCase>>,
    pub pool: Option<AgentCase>,
    pub profiles: Vec<Words>,
    pub defaults: Vec<Words>,
    pub live: Vec<Option<LiveCase>>,
    pub queues: Vec<Option<QueueCase>>,
    pub live_queues: Vec<LiveQueueCase>,
    pub prune: &'static str,
    pub replace: bool,
    pub at_least: bool,
    pub batch: bool,
    pub main_group_on_create: bool,
    pub enabled_on_create: bool,
    pub assert_unread: bool,
    pub any_role: bool,
}

fn text(words: &'static [&'static str]) -> impl Strategy<Value = Json> {
    prop::sample::select(words).prop_map(Json::from)
}

/// Generates a field of a manifest. SIP numbers are few, so that they move between agents.
fn said() -> impl Strategy<Value = (&'static str, Json)> {
    let flag = || any::<bool>().prop_map(Json::from);
    prop_oneof![
        1 => text(&["张三", "n {operatorId}", "null"]).prop_map(|v| ("name", v)),
        1 => text(&["agent", "leader"]).prop_map(|v| ("type", v)),
        2 => text(&["r1", "r2"]).prop_map(|v| ("role", v)),
        2 => text(&["g1", "g2"]).prop_map(|v| ("mainSkillGroup", v)),
        1 => (0..3i64).prop_map(|v| ("skillLevel", v.into())),
        2 => (prop::option::of(1..3u32), any::<bool>()).prop_map(|(version, one)| {
            let mut secret = json!({"store": "files", "key": if one { "all" } else { "agents/{operatorId}" }});
            if let Some(version) = version {
                secret["version"] = version.into();
            }
            ("password", secret)
        }),
        1 => flag().prop_map(|v| ("enabled", v)),
        1 => (0..3i64).prop_map(|v| ("wrapUpSeconds", v.into())),
        1 => text(&["", "138"]).prop_map(|v| ("boundPhone", v)),
        1 => text(&["", "400"]).prop_map(|v| ("callerId", v)),
        1 => text(&["", "请稍候: {operatorId} # \"x\""]).prop_map(|v| ("announcement", v)),
        1 => flag().prop_map(|v| ("hidePhone", v)),
        1 => flag().prop_map(|v| ("recording", v)),
        1 => text(&["allowed", "forbidden", "no-international"]).prop_map(|v| ("outbound", v)),
        3 => sip().prop_map(|v| ("sip", v)),
        1 => channels().prop_map(|v| ("channels", v)),
        1 => flag().prop_map(|v| ("survey", v)),
        1 => text(&["", "a@example.com"]).prop_map(|v| ("email", v)),
    ]
}

fn sip() -> impl Strategy<Value = Json> {
    prop_oneof![
        1 => text(&["auto", "none"]),
        4 => (0..5u32).prop_map(|n| json!({"number": format!("70{n}")})),
    ]
}

fn channels() -> impl Strategy<Value = Json> {
    prop::sample::subsequence(vec!["voice", "message", "video"], 1..=3).prop_map(Json::from)
}

fn words(most: usize) -> impl Strategy<Value = Words> {
    prop::collection::vec(said(), 0..most).prop_map(|fields| {
        let mut words: Words = fields.into_iter().collect();
        // A level requires a group beside it.
        if !words.contains_key("mainSkillGroup") {
            words.remove("skillLevel");
        }
        words
    })
}

fn agent() -> impl Strategy<Value = AgentCase> {
    let rare = || prop::bool::weighted(0.15);
    (rare(), prop::bool::weighted(0.04), prop::option::of(0..2usize), 0..3usize, words(9)).prop_map(
        |(absent, protect, profile, slot, fields)| AgentCase { absent, protect, profile, slot, fields },
    )
}

fn live_agent() -> impl Strategy<Value = LiveCase> {
    let maybe = |words| prop::option::of(text(words));
    let texts = (
        maybe(&["张三", "李四"]),
        maybe(&["g1", "g2"]),
        maybe(&["138"]),
        maybe(&["400"]),
        maybe(&["a@example.com"]),
        text(&["agent", "leader"]),
        text(&["allowed", "forbidden"]),
    );
    let flags = prop::array::uniform4(any::<bool>());
    let hidden = (maybe(&["r1", "r2"]), prop::option::of(0..3i64), prop::option::of(1..3u32));
    (texts, flags, 0..3i64, sip(), channels(), hidden, any::<(bool, bool, bool)>()).prop_map(
        |(
            (name, group, phone, caller, email, kind, outbound),
            flags,
            wrap_up,
            sip,
            channels,
            hidden,
            ledger,
        )| {
            let mut fields: Words = BTreeMap::new();
            for (key, value) in [
                ("name", name),
                ("mainSkillGroup", group),
                ("boundPhone", phone),
                ("callerId", caller),
                ("email", email),
                ("type", Some(kind)),
                ("outbound", Some(outbound)),
                ("wrapUpSeconds", Some(wrap_up.into())),
                ("channels", Some(channels)),
            ] {
                if let Some(value) = value {
                    fields.insert(key, value);
                }
            }
            for (key, flag) in ["enabled", "hidePhone", "recording", "survey"].into_iter().zip(flags) {
                fields.insert(key, flag.into());
            }
            fields.insert("sip", if sip == json!("auto") { json!("none") } else { sip });
            let (role, skill_level, password) = hidden;
            LiveCase { fields, role, skill_level: skill_level.map(Json::from), password, ledger }
        },
    )
}

fn member_list() -> impl Strategy<Value = Vec<(usize, i64)>> {
    prop::collection::vec((0..IDS.len(), 0..3i64), 0..6)
}

fn queue() -> impl Strategy<Value = QueueCase> {
    (
        any::<bool>(),
        prop::option::of(prop::sample::select(vec!["random", "least"])),
        prop::option::of(prop::sample::select(vec!["off", "2h"])),
        prop::option::weighted(0.7, member_list()),
        prop::option::weighted(0.3, (prop::sample::select(vec!["g1", "g2"]), 0..3i64)),
        prop::option::weighted(0.05, 1..3usize),
        0..3usize,
        any::<bool>(),
    )
        .prop_map(|(pinned, rule, memory, members, selector, min, slot, distinct)| QueueCase {
            pinned,
            distinct,
            rule,
            memory,
            members,
            selector,
            min,
            slot,
        })
}

fn live_queue() -> impl Strategy<Value = LiveQueueCase> {
    (
        0..QUEUES.len(),
        prop::sample::select(vec!["random", "least"]),
        prop::sample::select(vec!["off", "2h"]),
        member_list(),
        prop::option::weighted(0.7, prop::bool::weighted(0.2)),
    )
        .prop_map(|(name, rule, memory, members, ledger)| LiveQueueCase {
            name,
            rule,
            memory,
            members,
            ledger,
        })
}

pub(crate) fn scenario(house: House) -> impl Strategy<Value = Scenario> {
    let rosters = (
        prop::collection::vec(prop::option::weighted(0.7, agent()), SINGLE),
        prop::option::of(agent()),
        prop::collection::vec(words(4), 2),
        prop::collection::vec(words(3), 3),
        prop::collection::vec(prop::option::weighted(0.6, live_agent()), IDS.len()),
        prop::collection::vec(prop::option::weighted(0.6, queue()), QUEUES.len()),
        prop::collection::vec(live_queue(), 0..5),
    );
    let policy = (
        prop::sample::select(vec!["none", "owned", "all"]),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.9),
    );
    (rosters, policy).prop_map(
        move |(
            (agents, pool, profiles, defaults, live, queues, live_queues),
            (
                prune,
                replace,
                at_least,
                batch,
                main_group_on_create,
                enabled_on_create,
                assert_unread,
                any_role,
            ),
        )| {
            let mut scenario = Scenario {
                house,
                agents,
                pool,
                profiles,
                defaults,
                live,
                queues,
                live_queues,
                prune,
                replace,
                at_least,
                batch,
                main_group_on_create,
                enabled_on_create,
                assert_unread,
                any_role,
            };
            scenario.tidy();
            scenario.keep_to_the_vendors();
            scenario
        },
    )
}

impl Scenario {
    /// Removes fields that a manifest may not hold, and SIP numbers that two agents would hold.
    fn tidy(&mut self) {
        let shared = self.profiles.iter_mut().chain(&mut self.defaults);
        for words in shared.chain(self.pool.iter_mut().map(|pool| &mut pool.fields)) {
            if words.get("sip").is_some_and(Json::is_object) {
                words.insert("sip", json!({"number": "60{operatorId}"}));
            }
        }
        let lists = [
            self.agents.iter_mut().flatten().map(|a| &mut a.fields).collect::<Vec<_>>(),
            self.live.iter_mut().flatten().map(|a| &mut a.fields).collect(),
        ];
        for list in lists {
            let mut taken = BTreeSet::new();
            for words in list {
                if let Some(number) = words.get("sip").and_then(|s| s.get("number"))
                    && !taken.insert(number.to_string())
                {
                    words.remove("sip");
                }
            }
        }
        for words in self.live.iter_mut().flatten() {
            words.fields.entry("sip").or_insert_with(|| json!("none"));
        }
        let declared = |s: &Self, at: usize| match s.agents.get(at) {
            Some(agent) => agent.as_ref().map(|a| a.absent),
            None => s.pool.as_ref().map(|a| a.absent),
        };
        let may: Vec<bool> = (0..IDS.len())
            .map(|at| match declared(self, at) {
                Some(absent) => !absent,
                None => self.prune == "none" && self.live[at].is_some(),
            })
            .collect();
        for queue in self.queues.iter_mut().flatten() {
            if let Some(list) = &mut queue.members {
                let mut once = BTreeSet::new();
                list.retain(|(at, _)| may[*at] && once.insert(*at));
            }
        }
        for queue in &mut self.live_queues {
            let mut once = BTreeSet::new();
            queue.members.retain(|(at, _)| self.live[*at].is_some() && once.insert(*at));
        }
    }

    /// Removes the fields that the vendors do not know, and the second queue of a name where names are keys.
    fn keep_to_the_vendors(&mut self) {
        let support = self.workspace().supports().agents;
        let known = |key: &&'static str, _: &mut Json| {
            by_key(agent::FIELDS, key).is_some_and(|field| *support.mapping(field) != Mapping::NONE)
        };
        let said = self.agents.iter_mut().flatten().chain(&mut self.pool).map(|agent| &mut agent.fields);
        let shared = self.profiles.iter_mut().chain(&mut self.defaults);
        for words in said.chain(shared).chain(self.live.iter_mut().flatten().map(|agent| &mut agent.fields)) {
            words.retain(known);
        }
        let lacks = |field| *support.mapping(field) == Mapping::NONE;
        for agent in self.live.iter_mut().flatten() {
            agent.role.take_if(|_| lacks(&agent::ROLE));
            agent.skill_level.take_if(|_| lacks(&agent::SKILL_LEVEL));
            agent.password.take_if(|_| lacks(&agent::PASSWORD));
        }
        self.main_group_on_create |= support.creation_default(&agent::MAIN_SKILL_GROUP).is_none();
        self.enabled_on_create |= support.creation_default(&agent::ENABLED).is_none();
        if self.house.names_are_keys {
            let mut names = BTreeSet::new();
            self.live_queues.retain(|queue| names.insert(queue.name));
        }
    }

    /// Returns the vendor's key of a live queue.
    fn key(&self, at: usize) -> String {
        if self.house.names_are_keys {
            QUEUES[self.live_queues[at].name].to_owned()
        } else {
            format!("{}", 1000 + at)
        }
    }

    pub(crate) fn workspace(&self) -> Workspace {
        self.workspace_with("{ deletes: 100%, changes: 100%, memberRemovals: 100%, floor: 0 }")
    }

    pub(crate) fn workspace_with(&self, limits: &str) -> Workspace {
        let policy = format!(
            "{{ prune: {}, immutable: {}, queueMembers: {}, limits: {limits} }}",
            self.prune,
            if self.replace { "replace" } else { "report" },
            if self.at_least { "at-least" } else { "exact" },
        );
        workspace_of(self.house.vendors, &workspace_text(&(self.house.connections)(self), &policy))
    }

    /// Returns the manifests: three documents in two files. `shuffle` returns an order for a length.
    pub(crate) fn files(&self, mut shuffle: impl FnMut(usize) -> Vec<usize>) -> Vec<(String, String)> {
        let mut documents = Vec::new();
        for slot in 0..3 {
            let mut agents: Vec<Json> = Vec::new();
            for (id, agent) in IDS.iter().zip(&self.agents) {
                if let Some(agent) = agent.as_ref().filter(|agent| agent.slot == slot) {
                    agents.push(entry(agent, "operatorId", id));
                }
            }
            if let Some(pool) = self.pool.as_ref().filter(|pool| pool.slot == slot) {
                agents.push(entry(pool, "operatorIds", "8101..8103"));
            }
            let mut queues = Vec::new();
            for (at, queue) in self.queues.iter().enumerate() {
                if let Some(queue) = queue.as_ref().filter(|queue| queue.slot == slot) {
                    queues.push(self.queue(at, queue, &mut shuffle));
                }
            }
            let mut defaults: Map<String, Json> =
                self.defaults[slot].iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
            if self.any_role {
                defaults.insert("allowAnyRole".to_owned(), true.into());
            }
            let mut text = String::from("apiVersion: rosterctl/v1\nkind: Roster\n");
            let _ = writeln!(text, "defaults: {}", Json::from(defaults));
            if slot == 1 {
                let profiles: Map<String, Json> =
                    self.profiles.iter().enumerate().map(|(at, p)| (format!("p{at}"), json!(p))).collect();
                let _ = writeln!(text, "profiles: {}", Json::from(profiles));
            }
            for (key, items) in [("agents", agents), ("queues", queues)] {
                if items.is_empty() {
                    continue;
                }
                let _ = writeln!(text, "{key}:");
                for at in shuffle(items.len()) {
                    let _ = writeln!(text, "  - {}", items[at]);
                }
            }
            documents.push(text);
        }
        let last = documents.pop().unwrap_or_default();
        let order = shuffle(documents.len());
        let first: Vec<String> = order.into_iter().map(|at| documents[at].clone()).collect();
        let files = [("roster/a.yaml".to_owned(), first.join("---\n")), ("roster/b.yaml".to_owned(), last)];
        shuffle(files.len()).into_iter().map(|at| files[at].clone()).collect()
    }

    fn queue(&self, at: usize, queue: &QueueCase, mut shuffle: impl FnMut(usize) -> Vec<usize>) -> Json {
        let mut words = json!({"displayName": QUEUES[at], "allowEmpty": true});
        let same: Vec<usize> =
            (0..self.live_queues.len()).filter(|n| self.live_queues[*n].name == at).collect();
        // If two live queues share a name, the manifest identifies the queue.
        if let Some(first) = same.first().filter(|_| queue.pinned || same.len() > 1) {
            words["exten"] = self.key(*first).into();
        }
        if let Some(rule) = queue.rule {
            words["assignRule"] = rule.into();
        }
        if let Some(memory) = queue.memory {
            words["memory"] = memory.into();
        }
        if queue.distinct {
            words["distinct"] = true.into();
        }
        if let Some(list) = &queue.members {
            let member = |(at, priority): &(usize, i64)| match priority {
                0 => json!(IDS[*at]),
                _ => json!({"agentNumber": IDS[*at], "priority": priority}),
            };
            words["assignMembers"] = shuffle(list.len()).into_iter().map(|at| member(&list[at])).collect();
        }
        if let Some((group, priority)) = queue.selector {
            words["memberSelector"] = json!({"mainSkillGroup": group, "priority": priority});
        }
        if let Some(min) = queue.min {
            words["minMembers"] = min.into();
        }
        words
    }

    pub(crate) fn live(&self) -> Live {
        live(&self.live_words())
    }

    pub(crate) fn live_words(&self) -> Json {
        let agents: Map<String, Json> = IDS
            .iter()
            .zip(&self.live)
            .filter_map(|(id, agent)| Some(((*id).to_owned(), json!(agent.as_ref()?.fields))))
            .collect();
        let queues: Map<String, Json> = self
            .live_queues
            .iter()
            .enumerate()
            .map(|(at, queue)| {
                let members: Vec<Json> = queue
                    .members
                    .iter()
                    .map(|(at, priority)| json!({"agentNumber": IDS[*at], "priority": priority}))
                    .collect();
                let words = json!({"displayName": QUEUES[queue.name], "assignRule": queue.rule,
                    "memory": queue.memory, "assignMembers": members});
                (self.key(at), words)
            })
            .collect();
        json!({"agents": agents, "queues": queues})
    }

    pub(crate) fn estate(&self) -> Estate {
        let hidden = IDS
            .iter()
            .zip(&self.live)
            .filter_map(|(id, agent)| {
                let agent = agent.as_ref()?;
                let hidden = Hidden {
                    role: agent.role.clone(),
                    skill_level: agent.skill_level.clone(),
                    password: agent.password.map(|version| ("before".into(), Some(version))),
                };
                Some((OperatorId::from(*id), hidden))
            })
            .collect();
        let mut estate = Estate::new(self.live(), hidden);
        estate.main_group_on_create = self.main_group_on_create;
        estate.enabled_on_create = self.enabled_on_create;
        estate.supports = self.workspace().supports();
        estate.names_are_keys = self.house.names_are_keys;
        estate
    }

    /// Returns a ledger whose write-only values are all correct. It knows queues if a vendor can delete them.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        let deletes = self.workspace().supports().queues.verbs.delete.is_some();
        for (at, queue) in self.live_queues.iter().enumerate().filter(|_| deletes) {
            let Some(let_go) = queue.ledger else { continue };
            let id = ResourceId::queue(QUEUES[queue.name], None);
            let entry = LedgerEntry { exten: Some(self.key(at)), let_go, ..LedgerEntry::default() };
            ledger.resources.insert(id.key(), entry);
        }
        for (id, agent) in IDS.iter().zip(&self.live) {
            let Some(agent) = agent.as_ref().filter(|agent| agent.ledger.0) else { continue };
            let applied =
                ledger.resources.entry(ResourceId::agent(&OperatorId::from(*id)).to_string()).or_default();
            applied.fields.extend(agent.fields.iter().map(|(key, json)| ((*key).to_owned(), json.clone())));
            if agent.ledger.1 {
                applied.fields.extend(agent.role.clone().map(|role| ("role".to_owned(), role)));
                let level = agent.skill_level.clone();
                applied.fields.extend(level.map(|level| ("skillLevel".to_owned(), level)));
            }
            if agent.ledger.2 && agent.password.is_some() {
                applied.password =
                    Some(AppliedPassword { version: agent.password, ..AppliedPassword::default() });
            }
        }
        ledger
    }
}

fn entry(agent: &AgentCase, key: &str, id: &str) -> Json {
    let mut words = json!(agent.fields);
    words[key] = id.into();
    if agent.absent {
        words["state"] = "absent".into();
    }
    if agent.protect {
        words["protect"] = true.into();
    }
    if let Some(profile) = agent.profile {
        words["profile"] = format!("p{profile}").into();
    }
    words
}
