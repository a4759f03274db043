use crate::model::call::Method;
use crate::sandbox::AgentConfig;
use crate::sandbox::WebchatQueue;
use crate::vendors;
use base64::Engine as _;

use super::*;
use crate::sandbox::vendor_state::VendorState;

/// The moment 2022-01-04 16:17:27 in China.
const NOW: i64 = 1_641_284_247_000;

fn call(operation: &str, body: &str) -> Call {
    let authorization = base64::engine::general_purpose::STANDARD.encode("N1:20220104161727");
    Call {
        operation: "",
        method: Method::Post,
        path: format!("{BASE}{operation}/N1"),
        query: vec![("sig", "88996D9907E0EE52C5DAF8EFFCC31CFC".into())],
        headers: vec![
            ("Content-Type", "application/json;charset=utf-8".into()),
            ("Authorization", authorization),
        ],
        body: body.as_bytes().to_vec(),
    }
}

fn send(estate: &mut VendorState, operation: &str, body: &Value) -> Value {
    // Only one test is about rates.
    if estate.get::<WebchatQueue>().rate_limit == RateLimit::default() {
        estate.get_mut::<WebchatQueue>().rate_limit.calls = 1000;
    }
    let reply = estate.answer("POST", &call(operation, &body.to_string()), NOW);
    serde_json::from_slice(&reply.body).unwrap()
}

fn estate() -> VendorState {
    vendors::ALL
        .seeded(
            "agents: [{operatorId: \"8000\", name: yanxiaoqi}, {operatorId: \"8001\", bindcode: \"157\"}]",
        )
        .unwrap()
}

#[test]
fn the_documents_samples_work() {
    let mut estate = estate();
    let add = json!({
        "assignRule": "priority", "displayName": "阿瓦达哇多", "isMemory": true, "memoryTime": "120",
        "assignMembers": [{"agentNumber": "8000", "priority": 0}, {"agentNumber": "8001", "priority": 10}],
    });
    let first = send(&mut estate, "addQueue", &add);
    assert_eq!(
        first,
        json!({"code": 200, "success": true, "message": "success!", "data": {"exten": "10018578"}})
    );
    // The same name creates another queue.
    assert_eq!(send(&mut estate, "addQueue", &add)["data"]["exten"], "10018579");
    let update = json!({"exten": "10018578", "assignMembers": [{"agentNumber": "8001"}]});
    assert_eq!(
        send(&mut estate, "updateQueueAssignMembers", &update),
        json!({"code": 200, "success": true, "message": "success!"})
    );
    let queue = |exten: &str, members: Value| {
        json!({
            "displayName": "阿瓦达哇多", "exten": exten, "assignRule": "priority", "isMemory": true,
            "memoryTime": "120", "updateTime": "2022-01-04 16:17:27", "updateAgent": "",
            "assignMembers": members,
        })
    };
    assert_eq!(
        send(&mut estate, "queueQueue", &json!({"displayName": "阿瓦达哇多", "page": 1, "pageSize": 10})),
        json!({"success": true, "message": "200 ok!", "data": {"count": 2, "list": [
            queue("10018579", json!([
                {"agentNumber": "8000", "agentName": "yanxiaoqi", "priority": "0"},
                {"agentNumber": "8001", "agentName": "8001", "priority": "10"},
            ])),
            queue("10018578", json!([{"agentNumber": "8001", "agentName": "8001", "priority": "0"}])),
        ]}})
    );
    assert_eq!(
        send(
            &mut estate,
            "queueQueueAgentClaimStatus",
            &json!({"exten": "10018578", "displayName": "other"})
        ),
        json!({"success": true, "message": "200 ok!", "data": {"count": 1, "list": [{
            "displayName": "阿瓦达哇多", "exten": "10018578", "assignRule": "priority",
            "assignMembers": [{
                "agentNumber": "8001", "agentName": "8001", "pcAutoClaim": false, "mobileAutoClaim": false,
                "priority": "0", "phone": "157",
            }],
        }]}})
    );
    assert_eq!((estate.departures().len(), estate.revision), (0, 3));
}

#[test]
fn unknown_agents_are_skipped_in_silence() {
    let mut estate = vendors::ALL.seeded(
        "{agents: [{operatorId: \"8000\"}], knownAgents: [\"9000\", {agentNumber: \"9001\", agentName: 李, pcAutoClaim: true}]}",
    )
    .unwrap();
    let members = json!([{"agentNumber": "8000"}, {"agentNumber": "7"}, {"agentNumber": "9000"}, {"agentNumber": "9001"}]);
    let reply = send(&mut estate, "addQueue", &json!({"displayName": "q", "assignMembers": members}));
    assert_eq!(reply["success"], true);
    // An agent that agent-config deletes stays in the queue, by number.
    estate.get_mut::<AgentConfig>().remove("8000");
    let list = send(&mut estate, "queueQueue", &json!({}))["data"]["list"].clone();
    let names: Vec<_> =
        list[0]["assignMembers"].as_array().unwrap().iter().map(|m| m["agentName"].clone()).collect();
    assert_eq!(names, ["8000", "9000", "李"]);
    let list = send(&mut estate, "queueQueueAgentClaimStatus", &json!({}))["data"]["list"].clone();
    assert_eq!(list[0]["assignMembers"][2]["pcAutoClaim"], true);
    assert!(estate.departures().is_empty());
}

#[test]
fn wrong_fields_fall_back_in_silence_and_are_remembered() {
    let cases = [
        (json!({"assignRule": "best"}), "assignRule is none of the four"),
        (json!({"assignRule": 1}), "assignRule is integer, not string"),
        (json!({"isMemory": 1}), "isMemory is integer, not bool"),
        (json!({"isMemory": true}), "memoryTime is none of the four, and isMemory is true"),
        (
            json!({"isMemory": true, "memoryTime": "60"}),
            "memoryTime is none of the four, and isMemory is true",
        ),
        (json!({"assignMembers": {}}), "assignMembers is object, not array"),
        (json!({"assignMembers": [{"agentNumber": 8000}]}), "assignMembers[].agentNumber is no string"),
        (json!({"assignMembers": ["8000"]}), "assignMembers[] is string, not object"),
        (json!({"exten": "1"}), "exten is not in the document"),
    ];
    for (mut body, departure) in cases {
        let mut estate = estate();
        body["displayName"] = "q".into();
        assert_eq!(send(&mut estate, "addQueue", &body)["success"], true, "{body}");
        assert_eq!(estate.departures(), [format!("addQueue: {departure}")]);
        let queue = &estate.get::<WebchatQueue>().queues[0];
        assert_eq!(
            (queue.assign_rule.as_str(), queue.is_memory, &queue.memory_time),
            ("random", false, &None)
        );
        assert!(queue.assign_members.is_empty());
    }
    for (member, departure) in [
        (json!({"agentNumber": "8000", "priority": "5"}), "assignMembers[].priority is no whole number"),
        (json!({"agentNumber": "8000", " priority": 5}), "assignMembers[]. priority is not in the document"),
    ] {
        let mut estate = estate();
        send(&mut estate, "addQueue", &json!({"displayName": "q", "assignMembers": [member]}));
        assert_eq!(estate.departures(), [format!("addQueue: {departure}")]);
        assert_eq!(estate.get::<WebchatQueue>().queues[0].assign_members[0].priority, 0);
    }
    // A time with the switch off is no departure, nor is an omitted member list.
    let mut estate = estate();
    send(&mut estate, "addQueue", &json!({"displayName": "q", "memoryTime": "120"}));
    assert!(estate.departures().is_empty() && estate.get::<WebchatQueue>().queues[0].memory_time.is_none());
}

#[test]
fn what_has_no_default_fails_as_in_the_sample() {
    let failure = json!({"code": 400, "success": false, "message": "create Queue error"});
    let mut estate = estate();
    assert_eq!(send(&mut estate, "addQueue", &json!({})), failure);
    assert_eq!(send(&mut estate, "updateQueueAssignMembers", &json!({"assignMembers": []})), failure);
    assert_eq!(estate.departures().len(), 2);
    let unknown = json!({"exten": "1", "assignMembers": []});
    assert_eq!(send(&mut estate, "updateQueueAssignMembers", &unknown), failure);
    let reply = estate.answer("POST", &call("addQueue", "{"), NOW);
    assert_eq!(reply.status, 200);
    assert_eq!((estate.departures().len(), estate.revision), (3, 0));
}

#[test]
fn pages_and_filters_select() {
    let mut estate = estate();
    for n in 0..25 {
        send(&mut estate, "addQueue", &json!({"displayName": format!("q{n}")}));
    }
    let mut names = |body: Value| {
        let data = send(&mut estate, "queueQueue", &body)["data"].clone();
        let list = data["list"].as_array().unwrap().clone();
        let names: Vec<String> = list.iter().map(|q| q["displayName"].as_str().unwrap().to_owned()).collect();
        (data["count"].as_u64().unwrap(), names)
    };
    let (count, first) = names(json!({}));
    assert_eq!((count, first.len(), first[0].as_str()), (25, 10, "q24"));
    let (count, last) = names(json!({"page": 3, "pageSize": 10}));
    assert_eq!((count, last.len(), last[4].as_str()), (25, 5, "q0"));
    assert_eq!(names(json!({"page": 4})), (25, vec![]));
    assert_eq!(names(json!({"displayName": "q2"})), (1, vec!["q2".into()]));
    assert_eq!(names(json!({"exten": "10018579", "displayName": "q7", "page": 9})), (1, vec!["q1".into()]));
    assert_eq!(names(json!({"exten": "1"})), (0, vec![]));
    assert_eq!(names(json!({"page": 0, "pageSize": "5"})).1.len(), 10);
    assert_eq!(estate.departures().len(), 2);
    estate.quirks.filters = crate::sandbox::variants::Filters::Fuzzy;
    estate.quirks.newest_first = false;
    estate.quirks.queue_page_cap = Some(3);
    let data = send(&mut estate, "queueQueue", &json!({"displayName": "q2", "pageSize": 50}))["data"].clone();
    assert_eq!((data["count"].as_u64(), data["list"].as_array().unwrap().len()), (Some(6), 3));
    assert_eq!(data["list"][0]["displayName"], "q2");
}

#[test]
fn the_tables_shape_is_a_switch() {
    let mut estate =
        vendors::ALL.seeded("{quirks: {readShape: top-level, numbersAsStrings: true, unsetStrings: absent}, queues: [{displayName: q}]}")
            .unwrap();
    let reply = send(&mut estate, "queueQueue", &json!({}));
    assert_eq!(
        (&reply["code"], &reply["count"], &reply["success"]),
        (&json!("200"), &json!("1"), &json!(true))
    );
    assert_eq!((&reply["data"][0]["exten"], reply["data"][0].get("memoryTime")), (&json!("10018578"), None));
}

#[test]
fn rates_hold_for_each_operation() {
    let mut estate = estate();
    let mut at = |operation: &str, now: i64| {
        let reply = estate.answer("POST", &call(operation, "{}"), now);
        (reply.status, reply.retry_after.map(|wait| wait.as_secs()), reply.body)
    };
    for n in 0..20 {
        assert_eq!(at("queueQueue", NOW + n * 1000).0, 200);
    }
    let (status, wait, body) = at("queueQueue", NOW + 20_000);
    assert_eq!((status, wait), (429, Some(40)));
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], 429);
    for _ in 0..100 {
        assert_eq!(at("queueQueueAgentClaimStatus", NOW).0, 200);
    }
    assert_eq!(at("queueQueueAgentClaimStatus", NOW).0, 429);
    assert_eq!(at("queueQueue", NOW + 60_000).0, 200);
    // The log is not stored, and a refused call is no departure.
    assert!(estate.departures().is_empty());
    assert!(!estate.store().unwrap().contains("\"log\""));
}

#[test]
fn who_calls_is_checked() {
    let mut estate =
        vendors::ALL.seeded("{accounts: {N1: secret}, quirks: {failuresWithHttp200: false}}").unwrap();
    // Well-formed and wrong: refused, yet no departure.
    let reply = estate.answer("POST", &call("queueQueue", "{}"), NOW);
    assert_eq!(reply.status, 403);
    assert!(estate.departures().is_empty());
    let mut bare = call("queueQueue", "{}");
    bare.headers.truncate(1);
    assert_eq!(estate.answer("POST", &bare, NOW).status, 403);
    assert_eq!(estate.departures(), ["queueQueue: no Authorization"]);
    estate.unguarded = true;
    assert_eq!(estate.answer("POST", &bare, NOW).status, 200);
    assert_eq!(estate.answer("GET", &bare, NOW).status, 405);
    bare.headers.clear();
    assert_eq!(estate.answer("POST", &bare, NOW).status, 400);
}
