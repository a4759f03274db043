//! Rosters by seed: manifests, live state, the ledger, and the vendors' readings of their own documents.

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use rosterctl::config::workspace::{Prune, Workspace};
use rosterctl::model::agent;
use rosterctl::model::desired::Desired;
use rosterctl::model::field::by_key;
use rosterctl::model::identity::Identity;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::support::{Mapping, Supports};
use rosterctl::sandbox::agent_config::Agent;
use rosterctl::sandbox::vendor_state::{Random, VendorState};
use rosterctl::sandbox::webchat_queue::Queue;
use serde_json::{Value as Json, json};

use super::super::planning;
use super::house::House;
use super::world::Limit;

pub(crate) struct Roster {
    pub(crate) house: &'static House,
    pub(crate) workspace: Workspace,
    pub(crate) desired: Desired,
    /// The desired state of the first run, if agents leave the manifests after it.
    pub(crate) earlier: Option<Desired>,
    pub(crate) estate: VendorState,
    pub(crate) store: BTreeMap<String, String>,
    pub(crate) ledger: Ledger,
    pub(crate) limit: Limit,
    pub(crate) agent_page: usize,
    /// Keys of generated passwords, by agent.
    pub(crate) generated: BTreeMap<String, String>,
    pub(crate) manifest: String,
}

impl Roster {
    /// Returns true if every agent that no manifest names is deleted.
    pub(crate) fn prunes_all(&self) -> bool {
        self.workspace.policy.prune == Prune::All
    }
}

struct Dice(Random);

impl Dice {
    fn chance(&mut self, percent: usize) -> bool {
        self.0.below(100) < percent
    }

    fn one<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.0.below(words.len())]
    }
}

/// The fixed parts of a small roster.
#[derive(Clone, Copy)]
struct Shape {
    /// First digit of the agents' numbers.
    digit: u8,
    queues: [&'static str; 3],
    /// The policy for agents that no manifest names; random if absent.
    prune: Option<&'static str>,
    limit: Option<Limit>,
    /// True if agents leave the manifests after the first run.
    leaving: bool,
    /// True if queues leave them, too, where the vendor deletes queues.
    queues_leave: bool,
}

const ALONE: Shape = Shape {
    digit: 8,
    queues: ["q1", "q2", "q3"],
    prune: None,
    limit: None,
    leaving: false,
    queues_leave: false,
};

/// Returns a roster of a few agents and queues.
pub(crate) fn small(house: &'static House, seed: u64) -> Roster {
    shaped(house, seed, ALONE)
}

/// Returns a small roster that some agents leave, and that deletes the agents that it owned.
pub(crate) fn leaving(house: &'static House, seed: u64) -> Roster {
    shaped(house, seed, Shape { prune: Some("owned"), leaving: true, queues_leave: true, ..ALONE })
}

/// Returns two small rosters on one tenant, with the estate of the first; both may declare one queue.
pub(crate) fn shared(house: &'static House, seed: u64, one_queue: bool) -> [Roster; 2] {
    let mut first = shaped(house, seed, Shape { prune: Some("owned"), leaving: true, ..ALONE });
    let queues = [["p1", "p2", "p3"], ["q1", "p2", "p3"]][usize::from(one_queue)];
    let limit = Some(first.limit);
    let shape = Shape { digit: 9, queues, prune: Some("owned"), limit, leaving: true, queues_leave: false };
    let second = shaped(house, seed ^ 0xb0b, shape);
    for agent in second.estate.get::<AgentConfig>().agents() {
        first.estate.get_mut::<AgentConfig>().put(Agent {
            id: 0,
            sip_number: None,
            sipid: None,
            ..agent.clone()
        });
    }
    let queues = first.estate.get_mut::<WebchatQueue>();
    for queue in &second.estate.get::<WebchatQueue>().queues {
        if queues.queues.iter().all(|known| known.display_name != queue.display_name) {
            let exten = queues.next_exten.to_string();
            queues.next_exten += 1;
            queues.queues.push(Queue { exten, ..queue.clone() });
        }
    }
    (house.take)(&mut first.estate);
    (house.show)(&mut first.estate);
    let mut rosters = [first, second];
    let identities: BTreeMap<String, Identity> = rosters[0]
        .estate
        .get::<AgentConfig>()
        .agents()
        .map(|agent| (agent.operator_id.clone(), Identity::new(Some(agent.id), Some(agent.ctime))))
        .collect();
    for roster in &mut rosters {
        identify(&mut roster.ledger, &identities);
    }
    rosters
}

/// Sets the identities of the ledger's agents.
fn identify(ledger: &mut Ledger, identities: &BTreeMap<String, Identity>) {
    for (id, entry) in &mut ledger.resources {
        if let Some(identity) = identities.get(id.trim_start_matches("agent/")) {
            entry.identity = *identity;
        }
    }
}

/// Returns an agent of a manifest without the fields that no connection holds.
fn kept(supports: &Supports, mut words: Json) -> Json {
    let lacks = |key: &str| {
        by_key(agent::FIELDS, key).is_some_and(|field| *supports.agents.mapping(field) == Mapping::NONE)
    };
    if let Some(words) = words.as_object_mut() {
        words.retain(|key, _| !lacks(key));
    }
    words
}

fn shaped(house: &'static House, seed: u64, shape: Shape) -> Roster {
    let supports = (house.supports)();
    let mut dice = Dice(Random::new(seed));
    let by_chance = dice.one(&["none", "none", "owned", "all"]);
    let prune = shape.prune.unwrap_or(by_chance);
    let Shape { digit, .. } = shape;
    let replace = dice.chance(25);
    let batch = dice.chance(40);
    let agents = 1 + dice.0.below(6);
    let pool = if dice.chance(30) { 2 } else { 0 };
    let queues = 1 + dice.0.below(3);
    let limit = Limit { calls: [3, 6, 20][dice.0.below(3)], per_ms: 60_000 };
    let limit = shape.limit.unwrap_or(limit);
    let mut text = String::new();
    let mut leaves = String::new();
    let mut live = Vec::new();
    let mut members: Vec<String> = Vec::new();
    let mut ledger = Ledger::default();
    let mut store = BTreeMap::new();
    let mut generated = BTreeMap::new();
    let ids: Vec<String> = (1..=agents).map(|n| format!("{digit}00{n}")).collect();
    for id in &ids {
        let is_live = dice.chance(55);
        let kind = dice.0.below(100);
        let role = dice.one(&["r1", "r2"]);
        if is_live {
            live.push(json!({
                "operatorId": id, "name": format!("{} {id}", dice.one(&["name", "other"])), "roleName": role,
                "mainGroupName": dice.one(&["g1", "g2"]), "status": i64::from(dice.chance(80)),
                "afterInterval": dice.0.below(3), "judge": i64::from(dice.chance(50)),
                "bindcode": format!("139{id}"), "showcaller": format!("010{id}"), "email": format!("{id}@example.com"),
            }));
            if dice.chance(60) {
                let applied = ledger.resources.entry(format!("agent/{id}")).or_default();
                if dice.chance(60) {
                    applied.fields.insert("role".to_owned(), role.into());
                }
            }
        }
        if kind < 15 {
            let _ = writeln!(text, "  - {}", json!({"operatorId": id, "state": "absent"}));
            continue;
        }
        if kind < 30 {
            if is_live && prune == "none" {
                members.push(id.clone());
            }
            let _ = writeln!(leaves, "  - {}", json!({"operatorId": id, "name": format!("name {id}")}));
            continue;
        }
        members.push(id.clone());
        let mut words = json!({"operatorId": id, "name": format!("name {id}")});
        if dice.chance(60) {
            words["role"] = dice.one(&["r1", "r2"]).into();
        }
        if dice.chance(60) {
            words["mainSkillGroup"] = dice.one(&["g1", "g2"]).into();
        }
        if dice.chance(40) {
            words["enabled"] = dice.chance(60).into();
        }
        if dice.chance(40) {
            words["wrapUpSeconds"] = (1 + dice.0.below(3)).into();
        }
        if dice.chance(30) {
            words["survey"] = dice.chance(50).into();
        }
        if dice.chance(20) {
            words["recording"] = dice.chance(50).into();
        }
        let key = format!("agents/{id}");
        if dice.chance(65) {
            words["password"] = json!({"store": "files", "key": key, "generate": true});
            if dice.chance(30) {
                words["password"]["version"] = (1 + dice.0.below(2)).into();
            }
            if dice.chance(20) {
                store.insert(key.clone(), format!("before-{id}"));
            }
            generated.insert(id.clone(), key);
        } else if dice.chance(40) {
            words["password"] = json!({"store": "files", "key": key});
            store.insert(key, format!("static-{id}"));
        }
        let _ = writeln!(text, "  - {}", kept(&supports, words));
    }
    if pool > 0 {
        let ids: Vec<String> = (1..=pool).map(|n| format!("{digit}10{n}")).collect();
        let key = if dice.chance(50) { format!("pool{digit}") } else { "pool/{operatorId}".to_owned() };
        let words = json!({"operatorIds": format!("{digit}101..{digit}10{pool}"), "name": "pool", "role": "r1",
            "password": {"store": "files", "key": key, "generate": true}});
        let _ = writeln!(text, "  - {}", kept(&supports, words));
        for id in ids {
            generated.insert(id.clone(), key.replace("{operatorId}", &id));
            members.push(id);
        }
    }
    // Enough agents for a listing of two pages.
    if dice.chance(35) && digit == ALONE.digit {
        for n in 10..20 {
            live.push(json!({"operatorId": format!("60{n}"), "name": "stranger"}));
        }
    }
    let live_ids: Vec<String> =
        live.iter().filter_map(|agent| agent["operatorId"].as_str()).map(str::to_owned).collect();
    let mut live_queues = Vec::new();
    // A queue that is new beside one that left must say that it is another one.
    let queues_leave = shape.queues_leave && supports.queues.verbs.delete.is_some();
    let (mut queue_text, mut leaving_queues) = (String::new(), String::new());
    for name in shape.queues.iter().take(queues) {
        if dice.chance(55) {
            let list: Vec<_> = live_ids
                .iter()
                .filter(|_| dice.chance(50))
                .map(|id| json!({"agentNumber": id, "priority": 1}))
                .collect();
            live_queues.push(json!({"displayName": name, "assignRule": "least", "assignMembers": list}));
        }
        if dice.chance(80) {
            let list: Vec<_> = members
                .iter()
                .filter(|_| dice.chance(50))
                .map(|id| json!({"agentNumber": id, "priority": 1}))
                .collect();
            let mut words = json!({"displayName": name, "assignRule": "least", "allowEmpty": true, "assignMembers": list});
            // If both workspaces declare a queue, the first one's list holds.
            if digit != ALONE.digit && ALONE.queues.contains(name) {
                words = json!({"displayName": name, "assignRule": "least", "allowEmpty": true});
            }
            if queues_leave {
                words["distinct"] = true.into();
            }
            let _ = writeln!(queue_text, "  - {words}");
        } else if queues_leave {
            let words = json!({"displayName": name, "assignRule": "least", "distinct": true});
            let _ = writeln!(leaving_queues, "  - {words}");
        }
    }
    // A member that is no agent: the vendor drops it whenever the list is written.
    if dice.chance(20)
        && let Some(list) = live_queues.last_mut().and_then(|queue| queue["assignMembers"].as_array_mut())
    {
        list.push(json!({"agentNumber": "7777", "priority": 1}));
    }
    let (earlier, earlier_queues) = (format!("{text}{leaves}"), format!("{queue_text}{leaving_queues}"));
    let written = |agents: &str, queues: &str| {
        let mut manifest =
            "apiVersion: rosterctl/v1\nkind: Roster\ndefaults: { allowAnyRole: true }\n".to_owned();
        for (key, text) in [("agents", agents), ("queues", queues)] {
            if !text.is_empty() {
                let _ = write!(manifest, "{key}:\n{text}");
            }
        }
        manifest
    };
    let leave = !leaves.is_empty() || !leaving_queues.is_empty();
    let earlier = (shape.leaving && leave).then(|| written(&earlier, &earlier_queues));
    let manifest = written(&text, &queue_text);
    let quirks = json!({
        "mainGroupOnCreate": dice.chance(70), "enabledOnCreate": dice.chance(70),
        "filters": dice.one(&["exact", "fuzzy"]), "notFound": dice.one(&["failure", "null", "empty"]),
        "newestFirst": dice.chance(70), "failuresWithHttp200": dice.chance(60),
        "readShape": dice.one(&["data-list", "top-level"]), "successCode": 200 * dice.0.below(2),
        "ids": dice.one(&["numeric", "lexical"]), "numbersAsStrings": dice.chance(30),
        "unsetStrings": dice.one(&["null", "empty", "absent"]),
    });
    let limit = (house.limit)(limit);
    build(&Parts {
        house,
        seed,
        manifest,
        earlier,
        quirks: quirks.to_string(),
        live: json!(live).to_string(),
        live_queues: json!(live_queues).to_string(),
        connection: format!(
            ", batchCreate: {batch}, mainGroupOnCreate: {}, enabledOnCreate: {}, concurrency: {}",
            dice.chance(70),
            dice.chance(70),
            [1, 2, 8, 8][dice.0.below(4)]
        ),
        concurrency: [1, 2, 8, 8][dice.0.below(4)],
        queue_page: 1 + dice.0.below(3),
        agent_page: 10,
        limit,
        prune,
        replace,
        store,
        ledger,
        generated,
    })
}

/// Returns a plan of about forty steps: agents with generated passwords, edits, queues, deletions.
pub(crate) fn large(house: &'static House) -> Roster {
    let supports = (house.supports)();
    let mut text =
        String::from("apiVersion: rosterctl/v1\nkind: Roster\ndefaults: { allowAnyRole: true }\nagents:\n");
    let (mut live, mut generated) = (Vec::new(), BTreeMap::new());
    for n in 10..22 {
        let password = json!({"store": "files", "key": format!("agents/80{n}"), "generate": true});
        let words =
            json!({"operatorId": format!("80{n}"), "name": "new", "role": "r1", "password": password});
        let _ = writeln!(text, "  - {}", kept(&supports, words));
        generated.insert(format!("80{n}"), format!("agents/80{n}"));
    }
    for n in 30..40 {
        live.push(json!({"operatorId": format!("80{n}"), "name": "old"}));
        let _ = writeln!(text, "  - {}", json!({"operatorId": format!("80{n}"), "name": "changed"}));
    }
    for n in 50..53 {
        live.push(json!({"operatorId": format!("80{n}"), "name": "gone"}));
        let _ = writeln!(text, "  - {}", json!({"operatorId": format!("80{n}"), "state": "absent"}));
    }
    text.push_str("queues:\n");
    let mut live_queues = Vec::new();
    for n in 0..6 {
        let member = |id: String| json!({"agentNumber": id, "priority": n});
        if n < 3 {
            let list = vec![member(format!("805{n}")), member("8030".to_owned())];
            live_queues
                .push(json!({"displayName": format!("q{n}"), "assignRule": "least", "assignMembers": list}));
        }
        let list = vec![member(format!("801{n}")), member(format!("803{n}"))];
        let words = json!({"displayName": format!("q{n}"), "assignRule": "least", "assignMembers": list});
        let _ = writeln!(text, "  - {words}");
    }
    build(&Parts {
        house,
        seed: 1,
        manifest: text,
        earlier: None,
        quirks: "{}".to_owned(),
        live: json!(live).to_string(),
        live_queues: json!(live_queues).to_string(),
        connection: String::new(),
        concurrency: 8,
        queue_page: 50,
        agent_page: 100,
        limit: Limit { calls: 20, per_ms: 60_000 },
        prune: "none",
        replace: false,
        store: BTreeMap::new(),
        ledger: Ledger::default(),
        generated,
    })
}

/// Returns a plan of one edit for each of some agents, and of new queues. `calls` is the rate limit of a minute.
pub(crate) fn many(house: &'static House, agents: usize, queues: usize, calls: usize) -> Roster {
    let mut text =
        String::from("apiVersion: rosterctl/v1\nkind: Roster\ndefaults: { allowAnyRole: true }\nagents:\n");
    let mut live = Vec::new();
    for n in 1_000..1_000 + agents {
        live.push(json!({"operatorId": format!("{n}"), "name": "old"}));
        let _ = writeln!(text, "  - {}", json!({"operatorId": format!("{n}"), "name": "changed"}));
    }
    let new = |n: usize| json!({"displayName": format!("q{n}"), "assignRule": "least"});
    let _ = writeln!(text, "queues: {}", json!((0..queues).map(new).collect::<Vec<_>>()));
    build(&Parts {
        house,
        seed: 1,
        manifest: text,
        earlier: None,
        quirks: "{}".to_owned(),
        live: json!(live).to_string(),
        live_queues: "[]".to_owned(),
        connection: String::new(),
        concurrency: 8,
        queue_page: 50,
        agent_page: 100,
        limit: Limit { calls, per_ms: 60_000 },
        prune: "none",
        replace: false,
        store: BTreeMap::new(),
        ledger: Ledger::default(),
        generated: BTreeMap::new(),
    })
}

/// Returns a plan that replaces agents with undeclared values: telephone numbers, and queues that no manifest
/// names.
pub(crate) fn replacing(house: &'static House) -> Roster {
    let mut text =
        String::from("apiVersion: rosterctl/v1\nkind: Roster\ndefaults: { allowAnyRole: true }\nagents:\n");
    let mut live = Vec::new();
    for n in 1..=4 {
        let id = format!("800{n}");
        live.push(json!({"operatorId": id, "name": id, "judge": 0, "status": n % 2, "isrecord": 1,
            "bindcode": format!("139{id}"), "showcaller": format!("010{id}"), "email": format!("{id}@example.com")}));
        let _ = writeln!(text, "  - {}", json!({"operatorId": id, "name": id, "survey": n < 4}));
    }
    text.push_str("queues:\n");
    let mut live_queues = Vec::new();
    for n in 0..4 {
        let list: Vec<_> = (1..=4)
            .filter(|m| m % 2 == n % 2 || n == 3)
            .map(|m| json!({"agentNumber": format!("800{m}"), "priority": m}))
            .collect();
        live_queues
            .push(json!({"displayName": format!("q{n}"), "assignRule": "least", "assignMembers": list}));
        if n == 2 {
            let list = [
                json!({"agentNumber": "8001", "priority": 5}),
                json!({"agentNumber": "8004", "priority": 5}),
            ];
            let words = json!({"displayName": "q2", "assignRule": "least", "assignMembers": list});
            let _ = writeln!(text, "  - {words}");
        }
    }
    build(&Parts {
        house,
        seed: 1,
        manifest: text,
        earlier: None,
        quirks: "{ enabledOnCreate: false }".to_owned(),
        live: json!(live).to_string(),
        live_queues: json!(live_queues).to_string(),
        connection: String::new(),
        concurrency: 8,
        queue_page: 50,
        agent_page: 100,
        limit: Limit { calls: 20, per_ms: 60_000 },
        prune: "none",
        replace: true,
        store: BTreeMap::new(),
        ledger: Ledger::default(),
        generated: BTreeMap::new(),
    })
}

pub(crate) struct Parts {
    house: &'static House,
    seed: u64,
    manifest: String,
    /// The manifest of the first run.
    earlier: Option<String>,
    quirks: String,
    live: String,
    live_queues: String,
    /// Settings of the agents' connection.
    pub(crate) connection: String,
    /// The number of calls in flight of the queues' connection.
    pub(crate) concurrency: usize,
    pub(crate) queue_page: usize,
    pub(crate) agent_page: usize,
    pub(crate) limit: Limit,
    prune: &'static str,
    replace: bool,
    store: BTreeMap<String, String>,
    ledger: Ledger,
    generated: BTreeMap<String, String>,
}

fn build(parts: &Parts) -> Roster {
    let Parts { house, limit, .. } = parts;
    let seed = format!(
        "random: {}\nquirks: {}\nagents: {}\nqueues: {}\nrateLimit: {{ calls: {}, perMs: {} }}\n",
        parts.seed, parts.quirks, parts.live, parts.live_queues, limit.calls, limit.per_ms
    );
    let mut estate = house.vendors.seeded(&seed).unwrap_or_else(|e| panic!("{e}\n{seed}"));
    (house.vary)(&mut estate, parts.seed);
    (house.take)(&mut estate);
    (house.show)(&mut estate);
    let workspace = planning::workspace_of(
        house.vendors,
        &format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: test
manifests: [roster]
connections:
{}
  desk: {{ provider: cms-agent, baseUrl: sandbox, ccId: 1, vdn: 1, auth: {{ scheme: bearer, token: {{ store: files, key: desk }} }} }}
secrets:
  files: {{ type: dir, path: secrets }}
policy:
  prune: {}
  immutable: {}
  limits: {{ deletes: 100%, changes: 100%, memberRemovals: 100%, floor: 100 }}
",
            (house.connections)(parts),
            parts.prune,
            if parts.replace { "replace" } else { "report" },
        ),
    );
    let read = |text: &String| planning::desired(&[("roster/a.yaml".to_owned(), text.clone())], &workspace);
    let desired = read(&parts.manifest);
    let earlier = parts.earlier.as_ref().map(read);
    let live: BTreeMap<String, Identity> = estate
        .get::<AgentConfig>()
        .agents()
        .map(|a| (a.operator_id.clone(), Identity::new(Some(a.id), Some(a.ctime))))
        .collect();
    let mut ledger = parts.ledger.clone();
    ledger.resources.retain(|id, _| live.contains_key(id.trim_start_matches("agent/")));
    identify(&mut ledger, &live);
    let has_passwords = *workspace.supports().agents.mapping(&agent::PASSWORD) != Mapping::NONE;
    let generated = if has_passwords { parts.generated.clone() } else { BTreeMap::new() };
    Roster {
        house: parts.house,
        workspace,
        desired,
        earlier,
        store: parts.store.clone(),
        ledger,
        limit: parts.limit,
        agent_page: parts.agent_page,
        generated,
        manifest: parts.manifest.clone(),
        estate,
    }
}
