//! The vendor `hotline` in histories: its people and lines in the auditor's words, and back.

use rosterctl::model::call::Call;
use rosterctl::model::support::Supports;
use rosterctl::provider::Provider as _;
use rosterctl::runtime::vendor::{Vendor, Vendors};
use rosterctl::sandbox::agent_config::Agent;
use rosterctl::sandbox::vendor_state::VendorState;
use rosterctl::sandbox::webchat_queue::{Member, Queue};
use rosterctl::sandbox::{AgentConfig, WebchatQueue};
use serde_json::{Map, Value as Json, json};

use super::simulation::{House, Limit};
use super::vendors::REGISTRY;
use super::vendors::hotline::{Line, Lines, People, Person, Simulator};

/// People and lines of hotline, through one connection.
pub(crate) static DESK: House = House {
    vendors: REGISTRY,
    supports: || Supports::new([People.support(), Lines.support()]),
    connections: |parts| {
        let (calls, per) = (parts.limit.calls, parts.limit.per_ms / 1000);
        format!(
            "  line: {{ provider: hotline, baseUrl: sandbox, pageSize: {}, concurrency: {}, \
             rateLimit: {{ calls: {calls}, per: {per}s }} }}",
            parts.agent_page, parts.concurrency
        )
    },
    limit: |limit| Limit { calls: limit.calls.max(20), ..limit },
    open: |open, _| {
        let client = open("hotline", &People);
        Vendors::from_iter([Vendor::new(&People, client.clone()), Vendor::new(&Lines, client)])
    },
    vary: |estate, seed| {
        let queues = &mut estate.get_mut::<WebchatQueue>().queues;
        for (at, queue) in queues.iter_mut().enumerate() {
            if (seed >> at) & 1 == 1 {
                "random".clone_into(&mut queue.assign_rule);
            }
        }
    },
    take,
    show,
    said,
    heard: |call, reply| {
        if call.operation == "lines/add" {
            let reply: Json = serde_json::from_slice(reply).unwrap_or_default();
            return json!({ "data": { "exten": reply["title"] } }).to_string().into_bytes();
        }
        String::from_utf8_lossy(reply).replace("\"login\":", "\"operatorId\":").into_bytes()
    },
    names_are_keys: true,
};

/// The vendor's words for a place in the auditor's list.
const RANKS: [&str; 2] = ["operator", "supervisor"];
const DIALS: [&str; 4] = ["all", "local", "none", "national"];
const SPREADS: [(&str, &str); 4] =
    [("random", "dice"), ("queue", "turns"), ("least", "idlest"), ("priority", "ranked")];
const STICKY: [(&str, &str); 4] =
    [("120", "2 hours"), ("1440", "1 day"), ("10080", "1 week"), ("43200", "30 days")];

fn place(words: &[&str], word: &str) -> i64 {
    words.iter().position(|known| *known == word).and_then(|at| i64::try_from(at).ok()).unwrap_or_default()
}

fn word(words: &[&str], place: i64) -> String {
    usize::try_from(place).ok().and_then(|at| words.get(at)).copied().unwrap_or_default().to_owned()
}

/// Takes over agents and queues.
fn take(estate: &mut VendorState) {
    let people = estate.get::<AgentConfig>().agents().map(|agent| (agent.operator_id.clone(), person(agent)));
    let people: Vec<_> = people.collect();
    let lines =
        estate.get::<WebchatQueue>().queues.iter().map(|queue| (queue.display_name.clone(), line(queue)));
    let lines = lines.collect();
    let hotline = estate.get_mut::<Simulator>();
    hotline.people.clear();
    for (login, person) in people {
        hotline.put(&login, person);
    }
    hotline.lines = lines;
}

/// Writes agents and queues as they are now.
fn show(estate: &mut VendorState) {
    let hotline = estate.get::<Simulator>().clone();
    let agents = estate.get_mut::<AgentConfig>();
    let gone = agents.agents().map(|agent| agent.operator_id.clone());
    for id in gone.filter(|id| !hotline.people.contains_key(id)).collect::<Vec<_>>() {
        agents.remove(&id);
    }
    for (login, person) in &hotline.people {
        agents.put(agent(login, person));
    }
    estate.get_mut::<WebchatQueue>().queues =
        hotline.lines.iter().map(|(title, line)| queue(title, line)).collect();
}

fn person(agent: &Agent) -> Person {
    let media = [("phone", agent.isaudio), ("text", agent.ismessage), ("camera", agent.isvideo)];
    Person {
        serial: agent.id,
        since: agent.ctime,
        full_name: agent.name.clone().unwrap_or_default(),
        rank: word(&RANKS, agent.operator_type),
        team: agent.main_group_name.clone(),
        active: agent.status == 1,
        rest_after_call: agent.after_interval,
        phone: agent.bindcode.clone(),
        shows: agent.showcaller.clone(),
        taped: agent.isrecord == 1,
        dials: word(&DIALS, agent.outcallflag),
        media: media.iter().filter(|(_, on)| *on == 1).map(|(word, _)| (*word).to_owned()).collect(),
        rated: agent.judge == 1,
        mail: agent.email.clone(),
    }
}

fn agent(login: &str, person: &Person) -> Agent {
    let has = |word: &str| i64::from(person.media.iter().any(|media| media == word));
    Agent {
        id: person.serial,
        company_id: None,
        operator_id: login.to_owned(),
        name: Some(person.full_name.clone()),
        operator_type: place(&RANKS, &person.rank),
        showcaller: person.shows.clone(),
        priority: 0,
        sipid: None,
        sip_number: None,
        sip_password: None,
        bindcode: person.phone.clone(),
        ismemory: 0,
        isaudio: has("phone"),
        isvideo: has("camera"),
        ismessage: has("text"),
        is_hide_phone: 0,
        outcallflag: place(&DIALS, &person.dials),
        email: person.mail.clone(),
        ctime: person.since,
        utime: person.since,
        ttscontent: None,
        status: i64::from(person.active),
        isrecord: i64::from(person.taped),
        judge: i64::from(person.rated),
        after_interval: person.rest_after_call,
        main_group_name: person.team.clone(),
        role_name: String::new(),
        bind_skill_name: None,
        bind_skill_level: 0,
        password_md5: String::new(),
    }
}

fn line(queue: &Queue) -> Line {
    let find = |words: &[(&str, &str)], word: &str| {
        words.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| (*ours).to_owned())
    };
    let crew = queue.assign_members.iter().map(|member| (member.agent_number.clone(), member.priority));
    Line {
        spread: find(&SPREADS, &queue.assign_rule).unwrap_or_default(),
        sticky: queue
            .memory_time
            .as_deref()
            .and_then(|time| find(&STICKY, time))
            .unwrap_or_else(|| "never".to_owned()),
        crew: crew.collect(),
    }
}

fn queue(title: &str, line: &Line) -> Queue {
    let find = |words: &[(&str, &str)], word: &str| {
        words.iter().find(|(_, ours)| *ours == word).map(|(theirs, _)| (*theirs).to_owned())
    };
    let member = |(login, turn): (&String, &i64)| Member { agent_number: login.clone(), priority: *turn };
    let memory_time = find(&STICKY, &line.sticky);
    Queue {
        exten: title.to_owned(),
        display_name: title.to_owned(),
        assign_rule: find(&SPREADS, &line.spread).unwrap_or_default(),
        is_memory: memory_time.is_some(),
        memory_time,
        update_time: String::new(),
        update_agent: String::new(),
        assign_members: line.crew.iter().map(member).collect(),
    }
}

/// Returns an operation and its body in the auditor's words.
fn said(call: &Call) -> (&'static str, Json) {
    let body: Json = serde_json::from_slice(&call.body).unwrap_or_default();
    let number = |name: &str| call.query(name).and_then(|number| number.parse::<usize>().ok()).unwrap_or(0);
    let page = || number("skip") / number("take").max(1) + 1;
    match call.operation {
        "people/list" => ("page", json!({ "pageNumber": page() })),
        "people/get" => ("one/v2", json!({ "operatorId": call.query("login") })),
        "people/add" => ("create/v2", body),
        "people/change" => {
            let mut words = Map::new();
            words.insert("operatorId".to_owned(), body["login"].clone());
            words.extend(body["active"].as_bool().map(|on| ("status".to_owned(), json!(i64::from(on)))));
            words.extend(body["team"].as_str().map(|team| ("mainGroupName".to_owned(), json!(team))));
            ("edit/v2", Json::Object(words))
        }
        "people/remove" => ("del/v2", json!({ "operatorIds": body["logins"] })),
        "lines/list" => ("queueQueue", json!({ "page": page() })),
        "lines/get" => ("queueQueue", json!({ "exten": call.query("title") })),
        "lines/add" => ("addQueue", json!({ "displayName": body["title"] })),
        "lines/crew" => {
            let member =
                |member: &Json| json!({ "agentNumber": member["login"], "priority": member["turn"] });
            let members: Vec<Json> = body["crew"].as_array().into_iter().flatten().map(member).collect();
            ("updateQueueAssignMembers", json!({ "exten": body["title"], "assignMembers": members }))
        }
        "lines/remove" => ("removeQueue", json!({ "exten": body["title"] })),
        other => (other, body),
    }
}
