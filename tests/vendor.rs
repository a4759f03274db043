//! The samples and test vectors of the vendor documents, read by the connectors. The samples are as printed, except
//! for trailing commas, which JSON does not allow.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "support/systems.rs"]
mod systems;

use std::collections::BTreeSet;

use rosterctl::model::call::{Call, Failure, Method, Reply};
use rosterctl::model::id::OperatorId;
use rosterctl::model::presence::State;
use rosterctl::model::unread::ListingDoubt;
use rosterctl::model::value::Value;
use rosterctl::model::{agent, queue, seat};
use rosterctl::provider::{
    Connector, Observer, Page, PresenceQuery, Provider, QueryMode, Row, agent_config, cms_agent,
    isdp_online_agent, paging, seat_query, seats, webchat_queue,
};
use serde_json::{Value as Json, json};
use systems::{connection, secret, variant, workspace};

fn reply(body: &str) -> Reply {
    Reply {
        status: 200,
        content_type: "application/json".into(),
        retry_after: None,
        body: body.as_bytes().to_vec(),
    }
}

fn body(call: &Call) -> Json {
    serde_json::from_slice(&call.body).unwrap()
}

fn unsigned(headers: &[(&'static str, &str)], body: &str) -> Call {
    Call {
        operation: "agentbyworkno",
        method: Method::Post,
        path: "/rest/cmsapp/v1/openapi/agent/agentbyworkno".into(),
        query: Vec::new(),
        headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
    }
}

// seat-query

const SEAT_QUERY: &str = r#"{
"status":"0",
"reason":"success",
"data": {
"total": 5,
"size": 20,
"current": 1,
"pages": 1,
"records": [
{
"keyId": 681,
"empNo": "003",
"petName": "12345678901234567890",
"name": "0705C999_001",
"appId": "1000009",
"deleteFlag": 0,
"createTime": "2023-09-07 11:44:37",
"updateTime": "2024-10-29 17:33:02",
"enable": 0,
"priority": 1,
"sipGroupId": 1000006,
"account": "0705C559_003",
"password": "452061e7b50b70001c1e2168632ea56d",
"displayNum": "12802112125",
"ccode": null,
"appName": null,
"groupName": "測試基礎設置(話機)",
"status": "1",
"num": 0,
"connectNum": 0,
"connectRate": "0%",
"validConnectNum": 0,
"validConnectRate": "0%",
"validConnectConfig": null
}
]
}
}"#;

#[test]
fn seat_query_is_asked_and_signed_as_its_document_shows() {
    let connection = connection("seat-query");
    let windows = seat_query::date_range::windows(1_735_660_800_000, 1_738_383_133_000, 480);
    let mut call = seat_query::requests::page(1, &windows[0]);
    seat_query::SeatQuery.sign(&connection, &secret("7bz1lzh9"), 1_630_468_800_000, &mut call);
    assert_eq!(call.path, "/v3/cc/seat/query");
    for (name, value) in [
        ("Content-Type", "application/json;charset=UTF-8"),
        ("Sign", "05d7a50893e22a5c4bb3216ae3396c7c"),
        ("Timestamp", "1630468800"),
        ("Api-Key", "bDqJFiq9"),
    ] {
        assert_eq!(call.header(name), Some(value), "{name}");
    }
    assert_eq!(
        body(&call),
        json!({ "current": 1, "size": 100,
            "params": { "strTime": "2025-01-01 00:00:00", "endTime": "2025-02-01 12:12:12" } })
    );
}

#[test]
fn seat_query_sample() {
    let page = seat_query::responses::page(&reply(SEAT_QUERY), 480).unwrap();
    assert_eq!(page.total, Some(5));
    let seats = seats::seats(vec![vec![page]], 100);
    // The sample prints one row of its five.
    assert_eq!(seats.listing.incomplete, Some(ListingDoubt::OtherTotal { rows: 1, total: 5 }));
    let (account, live) = seats.listing.items.first_key_value().unwrap();
    assert_eq!(account.as_str(), "0705C559_003");
    let said: Vec<(&str, Json)> =
        live.record.iter().map(|entry| (entry.field.key, entry.value.to_json())).collect();
    assert_eq!(
        said,
        [
            ("name", json!("0705C999_001")),
            ("nickname", json!("12345678901234567890")),
            ("employeeNumber", json!("003")),
            ("enabled", json!(true)),
            ("groupName", json!("測試基礎設置(話機)")),
            ("displayNumber", json!("12802112125")),
            ("priority", json!(1)),
        ]
    );
    assert_eq!(live.record.get(&seat::COUNTRY_CODE), None);
    assert_eq!(live.state, Some(State::SignedOut));
    let figures = &live.figures;
    assert_eq!((figures.calls, figures.connected, figures.connect_rate.as_deref()), (0, 0, Some("0%")));
    assert_eq!((figures.valid, figures.valid_rate.as_deref()), (Some(0), Some("0%")));
    // The password's MD5 can be compared, but no output contains it.
    assert!(!seats.passwords[account].is_of(&secret("guess")));
    assert!(!format!("{:?}", seats.listing).contains("452061e7"));
}

// isdp-online-agent

const FIND_ONLINE_AGENT: &str = r#"{
"stateCode": "0",
"errorMessage": null,
"result": {
"data": [
{
"agentCode": "0e626733-07d8-45af-af23-aff287b118b8",
"productType": null,
"deliveryScene": null,
"businessType": null,
"agentAccount": "111111111",
"agentName": "111111111",
"type": "0",
"areaName": "",
"appName": "isdp-qc-server",
"entityName": "agent",
"cityId": null,
"createName": "小七",
"lastUpdateName": "小七",
"agentId": 17813,
"tenantId": 886,
"userId": 307457,
"createdBy": 277881,
"lastUpdatedBy": 277881,
"creationTimestamp": 1616486693402,
"lastUpdateTimestamp": 1616486693402,
"onlineStatus": 1,
"isArea": 0,
"deleteFlag": 0,
"capacity": 1,
"creationDate": "2021-03-23T08:04:54.000+00:00",
"lastUpdateDate": "2021-03-23T08:05:32.000+00:00"
}
],
"pos": 0,
"total_count": 340,
"entityName": null
}
} "#;

#[test]
fn isdp_sample() {
    let connection = connection("isdp-online-agent");
    let isdp = isdp_online_agent::IsdpOnlineAgent;
    let mut call = isdp.ask(&connection, &PresenceQuery::Page(1)).unwrap();
    isdp.sign(&connection, &secret("abc"), 0, &mut call);
    assert_eq!(call.path, "/openapi/v1/openTask/findOnlineAgent");
    assert_eq!(call.header("authorization"), Some("bearer abc"));
    assert_eq!(body(&call), json!({ "pageStart": 0, "pageSize": 50 }));
    let heard = isdp.hear(&connection, &PresenceQuery::Page(1), &reply(FIND_ONLINE_AGENT)).unwrap();
    assert_eq!(heard.total, Some(340));
    assert_eq!(heard.rows, [OperatorId::from("0e626733-07d8-45af-af23-aff287b118b8")]);
    let (account, said) = &heard.said[0];
    assert_eq!(
        (account.as_str(), said.system, said.state),
        ("111111111", "isdp-online-agent", State::Online)
    );
    assert_eq!(paging::pages(50, heard.total, 50), 7);
}

#[test]
fn isdp_login() {
    let connection = connection("isdp-online-agent");
    let call = isdp_online_agent::IsdpOnlineAgent.token_request(&connection, &secret("app-token")).unwrap();
    assert_eq!(call.path, "/oauth2/oauth/rest_token");
    assert_eq!(
        body(&call),
        json!({
            "client_id": "isdp-demo-openapi", "client_secret": "isdp-demo-openapi", "grant_type": "password",
            "username": "10001", "password": "app-token",
        })
    );
}

// cms-agent

const AGENT_BY_WORK_NO: &str = r#"{
        "result": "0",
        "resultCode": "0100000",
        "resultDatas": {
            "workNo": 101,
            "vdnId": 1,
            "citStatus": 0,
            "name": "HW35154101",
            "phoneNumber": null,
            "loginDate": 4294967295000,
            "currentStateTime": 436879,
            "mediaType": 0,
            "status": 2
        },
        "resultDesc": {
            "workNo": 101,
            "vdnId": 1,
            "citStatus": 0,
            "name": "HW35154101",
            "phoneNumber": null,
            "loginDate": 4294967295000,
            "currentStateTime": 436879,
            "mediaType": 0,
            "status": 2
        }
    }"#;

#[test]
fn cms_sample() {
    let connection = connection("cms-agent");
    let agent = OperatorId::from("101");
    let question = PresenceQuery::Agent(&agent);
    let call = cms_agent::CmsAgent.ask(&connection, &question).unwrap();
    assert_eq!(call.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(body(&call), json!({ "queryParam": { "ccId": 1, "vdn": 1, "agentId": 101 } }));
    let heard = cms_agent::CmsAgent.hear(&connection, &question, &reply(AGENT_BY_WORK_NO)).unwrap();
    assert_eq!(heard.said.len(), 1);
    assert_eq!((&heard.said[0].0, heard.said[0].1.state), (&agent, State::SignedOut));
    // A reply about another agent does not count.
    let other = OperatorId::from("102");
    let heard =
        cms_agent::CmsAgent.hear(&connection, &PresenceQuery::Agent(&other), &reply(AGENT_BY_WORK_NO));
    assert!(heard.unwrap().said.is_empty());
    assert!(cms_agent::CmsAgent.ask(&connection, &PresenceQuery::Agent(&"tom".into())).is_none());
}

/// Checks V4, V5, V7 and V8 through the settings of a connection.
#[test]
fn cms_signatures_of_every_variant() {
    const ALL: &str = "signedHeaders: [content-length, content-type, host]";
    for (settings, time, headers, signature) in [
        ("", "Z", "host", "91f751c1d7912a133dc284e73aa3cf02c7e6b5a107caae83d2f597f9e6be5e53"),
        (
            ALL,
            "Z",
            "content-length;content-type;host",
            "603ff41fd8b5f68b0f7c0981dbe1fe50c3e639e3d639dbd69320977b9cdb9d2b",
        ),
        (
            &format!("{ALL}, timestampMillis: true"),
            ".000Z",
            "content-length;content-type;host",
            "965fdcd9cabec134742464e07872403883c2f081ba0a279dfc690aa0e48cdf72",
        ),
        (
            &format!("{ALL}, timestampMillis: true, emptyQueryLine: true"),
            ".000Z",
            "content-length;content-type;host",
            "b445263eee664ea86e0a341480b8f754d0698d9b342b873fbab90965915e6cb0",
        ),
    ] {
        let connection = variant(settings, "cms-agent");
        let mut call = unsigned(
            &[("Content-Type", "application/json;charset=UTF-8")],
            r#"{"queryParam":{"ccId":1,"vdn":1,"agentId":101}}"#,
        );
        cms_agent::CmsAgent.sign(&connection, &secret("example-secret-key"), 1_722_556_800_000, &mut call);
        let wanted = format!("auth-v2/globalaktest/2024-08-02T00:00:00{time}/{headers}/{signature}");
        assert_eq!(call.header("authorization"), Some(&*wanted), "{settings}");
    }
    let bearer = workspace("auth: { scheme: bearer, token: { store: ci, key: F } }");
    let mut call = unsigned(&[], "");
    cms_agent::CmsAgent.sign(bearer.connection("cms-agent").unwrap(), &secret("abc"), 0, &mut call);
    assert_eq!(call.header("authorization"), Some("Bearer abc"));
}

// webchat-queue

const QUEUE_QUEUE: &str = r#"{
    "success": true,
    "data": {
        "count": 2,
        "list": [
            {
                "displayName": "阿瓦达哇多23",
                "exten": "10018590",
                "assignRule": "priority",
                "isMemory": true,
                "memoryTime": "120",
                "updateTime": "2022-01-04 16:17:27",
                "updateAgent": "",
                "assignMembers": [
                    {
                        "agentNumber": "23234",
                        "agentName": "yanxiaoqi",
                        "priority": "0"
                    }
                ]
            },
            {
                "displayName": "阿瓦达哇多23",
                "exten": "10018587",
                "assignRule": "priority",
                "isMemory": true,
                "memoryTime": "120",
                "updateTime": "2021-12-27 11:23:50",
                "updateAgent": "",
                "assignMembers": [
                    {
                        "agentNumber": "23235",
                        "agentName": "23235",
                        "priority": "0"
                    }
                ]
            }
        ]
    },
    "message": "200 ok!"
}"#;

const CLAIM_STATUS: &str = r#"{
    "success": true,
    "data": {
        "count": 1,
        "list": [
            {
                "displayName": "30003",
                "exten": "10019345",
                "assignRule": "random",
                "assignMembers": [
                    {
                        "agentNumber": "30003",
                        "agentName": "测试外呼选号",
                        "pcAutoClaim": true,
                        "mobileAutoClaim": true,
                        "priority": "0",
                        "phone": "15711356914"
                    }
                ]
            }
        ]
    },
    "message": "200 ok!"
}"#;

#[test]
fn webchat_signature() {
    let connection = connection("webchat-queue");
    let mut call = webchat_queue::WebchatQueue.list_request(&connection, 1);
    // 2016-10-13 11:36:12 in China.
    webchat_queue::WebchatQueue.sign(&connection, &secret("secret"), 1_476_329_772_000, &mut call);
    assert_eq!(call.query("sig"), Some("88996D9907E0EE52C5DAF8EFFCC31CFC"));
    assert_eq!(call.header("authorization"), Some("TjAwMDAwMDAwNTU2OjIwMTYxMDEzMTEzNjEy"));
}

#[test]
fn webchat_samples() {
    let connection = connection("webchat-queue");
    let webchat = webchat_queue::WebchatQueue;
    let made = r#"{ "code": 200, "success": true, "message": "success!", "data": { "exten": "10018578" } }"#;
    assert_eq!(webchat.parse_write(&connection, &reply(made)).unwrap().exten.as_deref(), Some("10018578"));
    let updated = r#"{ "code": 200, "success": true, "message": "success!" }"#;
    assert_eq!(webchat.parse_write(&connection, &reply(updated)).unwrap().exten, None);
    let failed = r#"{ "code": 400, "success": false, "message": "create Queue error" }"#;
    assert_eq!(
        webchat.parse_write(&connection, &reply(failed)),
        Err(Failure::Refused("code 400: create Queue error".to_owned().into()))
    );
    let page = webchat.parse_list(&connection, &reply(QUEUE_QUEUE)).unwrap();
    assert_eq!(page.total, Some(2));
    let rows: Vec<String> = page
        .rows
        .iter()
        .map(|row| match row {
            Row::Queue(exten, live) => {
                let said: Vec<String> = live
                    .record
                    .iter()
                    .map(|entry| format!("{}={}", entry.field.key, entry.value.to_json()))
                    .collect();
                format!("{exten} {} {}", live.name, said.join(" "))
            }
            Row::Agent(..) | Row::Foreign(..) => panic!("an agent"),
        })
        .collect();
    assert_eq!(
        rows,
        [
            r#"10018590 阿瓦达哇多23 assignRule="priority" memory="2h" assignMembers=[{"agentNumber":"23234","priority":0}]"#,
            r#"10018587 阿瓦达哇多23 assignRule="priority" memory="2h" assignMembers=[{"agentNumber":"23235","priority":0}]"#,
        ]
    );
    // The shape of the table, which contradicts the samples, reads the same.
    let mut table: Json = serde_json::from_str(QUEUE_QUEUE).unwrap();
    let data = table["data"].take();
    table["code"] = json!(200);
    table["count"] = data["count"].clone();
    table["data"] = data["list"].clone();
    let other = webchat.parse_list(&connection, &reply(&table.to_string())).unwrap();
    assert_eq!(format!("{:?}", other.rows), format!("{:?}", page.rows));
    assert_eq!(other.total, page.total);
}

#[test]
fn claim_status_sample() {
    let connection = connection("webchat-queue");
    let claims = webchat_queue::presence::Claims;
    assert_eq!(claims.way(&connection), QueryMode::Listing(2));
    let call = claims.ask(&connection, &PresenceQuery::Page(3)).unwrap();
    assert_eq!(call.path, "/v20210827/webChat/queueQueueAgentClaimStatus/N00000000556");
    assert_eq!(connection.rate(call.operation).unwrap().calls, 100);
    assert_eq!(body(&call), json!({ "page": 3, "pageSize": 2 }));
    let mut table: Json = serde_json::from_str(CLAIM_STATUS).unwrap();
    let data = table["data"].take();
    table["count"] = data["count"].clone();
    table["data"] = data["list"].clone();
    for text in [CLAIM_STATUS.to_owned(), table.to_string()] {
        let heard = claims.hear(&connection, &PresenceQuery::Page(1), &reply(&text)).unwrap();
        assert_eq!((heard.total, heard.rows.clone()), (Some(1), vec!["10019345".into()]));
        let (agent, said) = &heard.said[0];
        assert_eq!((agent.as_str(), said.state), ("30003", State::Claiming));
        assert_eq!(said.detail.as_deref(), Some("desktop and app"));
        assert!(!format!("{heard:?}").contains("15711356914"));
    }
}

// agent-config: the document prints no JSON, only tables. This row holds every key of §2.1.5.

#[test]
fn agent_config_row() {
    let connection = connection("agent-config");
    let row = json!({
        "id": 1, "companyId": 1001, "operatorId": "8001", "name": "张三", "operatorType": 1,
        "showcaller": "01088886666", "priority": 1, "sipid": 2, "sipNumber": "87001", "sipPassword": "secret-1",
        "bindcode": "13800000000", "ismemory": 0, "isaudio": 1, "isvideo": 0, "ismessage": 1, "isHidePhone": 1,
        "outcallflag": 2, "email": "a@example.com", "ctime": 1_641_284_247, "utime": 1_641_284_247,
        "ttscontent": "您好", "status": 1, "isrecord": 0, "maingroupid": 7, "judge": 1, "afterInterval": 30,
        "mainGroupName": "售前",
    });
    let page = json!({ "code": 0, "msg": "成功", "data": {
        "result": [row], "pageSize": 100, "total": 1, "pageNumber": 1, "pageTotal": 1 } });
    let Page { rows, total } =
        agent_config::AgentConfig.parse_list(&connection, &reply(&page.to_string())).unwrap();
    assert_eq!(total, Some(1));
    let Row::Agent(id, record) = &rows[0] else { panic!("no agent") };
    assert_eq!(id.as_str(), "8001");
    let read: BTreeSet<&str> =
        agent::FIELDS.iter().filter(|f| agent_config::fields::AGENTS.is_read(f)).map(|f| f.key).collect();
    let said: BTreeSet<&str> = record.iter().map(|entry| entry.field.key).collect();
    assert_eq!(said, read);
    assert_eq!(record.get(&agent::OUTBOUND_CALLS), Some(&Value::Choice("forbidden")));
    assert_eq!(record.get(&agent::CHANNEL_SET), Some(&Value::Set(["voice", "message"].into())));
    assert!(!format!("{record:?}").contains("secret-1"));
    let one = json!({ "code": 200, "msg": "ok", "data": row });
    assert!(
        agent_config::AgentConfig.parse_get(&connection, "8001", &reply(&one.to_string())).unwrap().is_some()
    );
}

/// Checks that a sample or the row above holds every key of a read column.
#[test]
fn every_key_that_is_read_is_the_vendors() {
    for field in seat::FIELDS {
        assert!(
            seat_query::fields::SEATS
                .mapping(field)
                .read
                .iter()
                .all(|cell| SEAT_QUERY.contains(&format!("\"{}\"", cell.key))),
            "{field:?}"
        );
    }
    for field in queue::FIELDS {
        assert!(
            webchat_queue::fields::QUEUES
                .mapping(field)
                .read
                .iter()
                .all(|cell| QUEUE_QUEUE.contains(&format!("\"{}\"", cell.key))),
            "{field:?}"
        );
    }
}
