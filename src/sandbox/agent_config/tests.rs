use super::*;
use crate::model::call::Method;
use crate::sandbox::AgentConfig;
use crate::sandbox::random::Random;
use crate::sandbox::vendor_state::VendorState;
use crate::vendors;

const NOW: i64 = 1_700_000_000_000;

fn call(operation: &str, body: &Value) -> Call {
    Call {
        operation: "",
        method: Method::Post,
        path: format!("{BASE}{operation}"),
        query: Vec::new(),
        headers: vec![("content-type", "application/json; charset=utf-8".into()), ("token", "t".into())],
        body: body.to_string().into_bytes(),
    }
}

/// Sends a body with an added `abbreviate`, and returns the response's body.
fn send(estate: &mut VendorState, operation: &str, mut body: Value) -> Value {
    body["abbreviate"] = "acme".into();
    let reply = estate.answer("POST", &call(operation, &body), NOW);
    assert_eq!(reply.status, if estate.quirks.failures_with_http200 { 200 } else { reply.status });
    serde_json::from_slice(&reply.body).unwrap()
}

fn estate(seed: &str) -> VendorState {
    vendors::ALL.seeded(seed).unwrap()
}

/// Seeds agents 8001 to 8000 + `count`.
fn crowd(count: usize) -> VendorState {
    let agents: Vec<_> = (1..=count).map(|n| json!({"operatorId": (8000 + n).to_string()})).collect();
    estate(&json!({ "agents": agents }).to_string())
}

#[test]
fn create_fills_in_the_documents_defaults() {
    let mut estate = vendors::ALL.estate();
    let reply = send(&mut estate, "create/v2", json!({}));
    assert_eq!((&reply["code"], reply["msg"].as_str()), (&json!(0), Some("success")));
    let made = &reply["data"][0];
    let password = made["operatorPassword"].as_str().unwrap();
    assert!(password.len() == 6 && password.bytes().all(|b| b.is_ascii_digit()));
    assert!(made["sipNumber"].as_str().unwrap().starts_with("87"));
    let agent = estate.get::<AgentConfig>().agent(made["operatorId"].as_str().unwrap()).unwrap().clone();
    assert_eq!(agent.password_md5, digest(password));
    assert_eq!(agent.sip_password.as_deref(), made["sipPassword"].as_str());
    assert_eq!(
        (agent.isaudio, agent.ismessage, agent.isvideo, agent.isrecord, agent.judge, agent.is_hide_phone),
        (1, 1, 0, 1, 1, 0)
    );
    assert_eq!((agent.operator_type, agent.outcallflag, agent.after_interval, agent.status), (0, 0, 0, 1));
    assert_eq!((agent.role_name.as_str(), agent.main_group_name, agent.ctime), ("普通坐席", None, NOW));
    assert_eq!(estate.revision, 1);
    assert!(estate.departures().is_empty());
}

#[test]
fn create_stores_what_it_is_given_and_returns_no_role_or_level() {
    let mut estate = vendors::ALL.estate();
    let body = json!({
        "operatorId": "8001", "password": "secret-1", "name": "张三", "operatorType": 1, "roleName": "班长",
        "bindSkillName": "售前", "bindSkillLevel": 7, "sipFlag": 0, "email": "a@b.cn", "bindcode": "139",
        "showcaller": "400", "ttscontent": "欢迎", "isHidePhone": 1, "isrecord": 0, "judge": 0, "isaudio": 0,
        "ismessage": 0, "isvideo": 1, "outcallflag": 3, "afterInterval": 9, "companyId": 1001,
        "batchFlag": 0, "batchSize": 5,
    });
    let reply = send(&mut estate, "create/v2", body);
    assert_eq!(
        reply["data"],
        json!([
            {"operatorId": "8001", "operatorPassword": "secret-1", "sipNumber": null, "sipPassword": null},
        ])
    );
    let agent = estate.get::<AgentConfig>().agent("8001").unwrap();
    assert_eq!((agent.role_name.as_str(), agent.bind_skill_level), ("班长", 7));
    let one = send(&mut estate, "one/v2", json!({"operatorId": "8001"}));
    assert_eq!(
        one["data"],
        json!({
            "id": 1, "companyId": 1001, "operatorId": "8001", "name": "张三", "operatorType": 1,
            "showcaller": "400", "priority": 0, "sipid": null, "sipNumber": null, "sipPassword": null,
            "bindcode": "139", "ismemory": 0, "isaudio": 0, "isvideo": 1, "ismessage": 0, "isHidePhone": 1,
            "outcallflag": 3, "email": "a@b.cn", "ctime": NOW, "utime": NOW, "ttscontent": "欢迎", "status": 1,
            "isrecord": 0, "maingroupid": 1, "judge": 0, "afterInterval": 9, "mainGroupName": "售前",
        })
    );
    let again = send(&mut estate, "create/v2", json!({"operatorId": "8001"}));
    assert_eq!((again["code"].as_i64(), estate.revision), (Some(409), 1));
    assert!(estate.departures().is_empty());
}

#[test]
fn a_batch_is_consecutive_and_whole() {
    let mut estate = estate("agents: [{operatorId: \"0101\"}]");
    let batch = |first: &str, size: i64| json!({"operatorId": first, "batchFlag": 1, "batchSize": size});
    let reply = send(&mut estate, "create/v2", batch("0098", 3));
    let ids: Vec<_> = reply["data"].as_array().unwrap().iter().map(|row| &row["operatorId"]).collect();
    assert_eq!(ids, ["0098", "0099", "0100"]);
    let sips: BTreeSet<_> =
        estate.get::<AgentConfig>().agents().filter_map(|a| a.sip_number.clone()).collect();
    assert_eq!(sips.len(), 3);
    // 0101 exists, so none of 0101 to 0103 is created.
    assert_eq!(send(&mut estate, "create/v2", batch("0101", 3))["code"], 409);
    assert_eq!(send(&mut estate, "create/v2", batch("a1", 3))["code"], 400);
    assert_eq!(estate.get::<AgentConfig>().agents().count(), 4);
    let reply = send(&mut estate, "create/v2", json!({"batchFlag": 1, "batchSize": 1000}));
    assert_eq!(reply["data"].as_array().unwrap().len(), 1000);
    let taken =
        |row: &Value| estate.get::<AgentConfig>().agent(row["operatorId"].as_str().unwrap()).is_some();
    assert!(reply["data"].as_array().unwrap().iter().all(taken));
}

#[test]
fn a_role_is_picked_by_chance_among_those_of_the_type() {
    let mut estate = estate(
        "roles: [{name: a, operatorType: 0}, {name: b, operatorType: 0}, {name: 班长, operatorType: 1}]",
    );
    for n in 0..20 {
        send(&mut estate, "create/v2", json!({"operatorId": n.to_string()}));
    }
    let roles: BTreeSet<_> =
        estate.get::<AgentConfig>().agents().map(|agent| agent.role_name.clone()).collect();
    assert_eq!(roles, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    send(&mut estate, "create/v2", json!({"operatorId": "x", "operatorType": 1}));
    assert_eq!(estate.get::<AgentConfig>().agent("x").unwrap().role_name, "班长");
    assert_eq!(send(&mut estate, "create/v2", json!({"operatorId": "y", "roleName": "c"}))["code"], 404);
}

#[test]
fn what_is_not_in_the_document_is_refused_and_remembered() {
    let long = "x".repeat(33);
    let cases = [
        ("create/v2", json!({"status": 1}), "status is not in the document"),
        ("create/v2", json!({"operatorId": 8001}), "operatorId is integer, not string"),
        ("create/v2", json!({"operatorId": ""}), "operatorId is empty"),
        ("create/v2", json!({"name": null}), "name is null, not string"),
        ("create/v2", json!({"isrecord": true}), "isrecord is bool, not integer"),
        ("create/v2", json!({"isrecord": "1"}), "isrecord is string, not integer"),
        ("create/v2", json!({"judge": 2}), "judge is 2, not 0 to 1"),
        ("create/v2", json!({"outcallflag": 4}), "outcallflag is 4, not 0 to 3"),
        ("create/v2", json!({"afterInterval": -1}), "afterInterval is -1, below 0"),
        ("create/v2", json!({"afterInterval": 1.5}), "afterInterval is number, not integer"),
        ("create/v2", json!({"batchSize": 1001}), "batchSize is 1001, not 1 to 1000"),
        ("create/v2", json!({"batchSize": 0}), "batchSize is 0, not 1 to 1000"),
        ("create/v2", json!({"password": "12345"}), "password has 5 characters, not 6 to 32"),
        ("create/v2", json!({"password": long}), "password has 33 characters, not 6 to 32"),
        ("edit/v2", json!({"operatorId": "8001", "afterInterval": 0}), "afterInterval is 0, below 1"),
        ("edit/v2", json!({"operatorId": "8001", "email": "a"}), "email is not in the document"),
        ("edit/v2", json!({"operatorId": "8001", "sipNumber": "1"}), "sipNumber is not in the document"),
        ("edit/v2", json!({}), "operatorId is required"),
        (
            "del/v2",
            json!({"operatorIds": []}),
            "operatorIds is not a list of strings with at least one, none empty",
        ),
        (
            "del/v2",
            json!({"operatorIds": [8001]}),
            "operatorIds is not a list of strings with at least one, none empty",
        ),
        ("del/v2", json!({"operatorIds": "8001"}), "operatorIds is string, not a list of strings"),
        ("one/v2", json!({"operatorId": "8001", "pageSize": 10}), "pageSize is not in the document"),
        ("page", json!({"companyId": 1}), "companyId is not in the document"),
        ("page", json!({"pageSize": 9}), "pageSize is 9, not 10 to 100"),
        ("page", json!({"pageSize": 101}), "pageSize is 101, not 10 to 100"),
        ("page", json!({"pageNumber": 0}), "pageNumber is 0, below 1"),
        (
            "editPwd",
            json!({"operatorId": "8001", "password": "E10ADC3949BA59ABBE56E057F20F883E"}),
            "password is not an MD5 of 32 lower-case hex characters",
        ),
    ];
    for (operation, body, departure) in cases {
        let mut estate = crowd(1);
        let before = serde_json::to_value(estate.get::<AgentConfig>().agent("8001")).unwrap();
        let reply = send(&mut estate, operation, body.clone());
        assert_eq!(reply["code"], 400, "{operation} {body}");
        assert_eq!(estate.departures(), [format!("{operation}: {departure}")]);
        assert_eq!(serde_json::to_value(estate.get::<AgentConfig>().agent("8001")).unwrap(), before);
        assert_eq!((estate.get::<AgentConfig>().agents().count(), estate.revision), (1, 0));
    }
    let mut estate = crowd(0);
    let reply = estate.answer("POST", &call("page", &json!({})), NOW);
    assert!(String::from_utf8(reply.body).unwrap().contains("abbreviate is required"));
    estate.answer("POST", &call("page", &json!([])), NOW);
    assert_eq!(estate.departures()[1], "page: the body is array, not an object");
}

#[test]
fn method_and_headers_are_checked() {
    let mut estate = estate("{tokens: [good], quirks: {failuresWithHttp200: false}}");
    let mut status = |method: &str, headers: &[(&'static str, &str)]| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let call = Call { headers, ..call("page", &json!({"abbreviate": "acme"})) };
        estate.answer(method, &call, NOW).status
    };
    let json = ("Content-Type", "application/json");
    assert_eq!(status("POST", &[json, ("token", "good")]), 200);
    assert_eq!(status("GET", &[json, ("token", "good")]), 405);
    assert_eq!(status("POST", &[("token", "good")]), 415);
    assert_eq!(status("POST", &[("Content-Type", "text/plain"), ("token", "good")]), 415);
    assert_eq!(status("POST", &[json]), 401);
    assert_eq!(status("POST", &[json, ("token", "")]), 401);
    assert_eq!(status("POST", &[json, ("token", "bad")]), 401);
    // A token that is merely wrong is no departure from the document.
    assert_eq!(estate.departures().len(), 5);
    estate.unguarded = true;
    let mut call = call("page", &json!({"abbreviate": "acme"}));
    call.headers.truncate(1);
    assert_eq!(estate.answer("POST", &call, NOW).status, 200);
}

#[test]
fn edit_changes_what_it_names_and_nothing_else() {
    let mut estate = estate(
        "{skillGroups: [售前, 售后], agents: [{operatorId: \"8001\", name: 张三, bindcode: \"139\"}]}",
    );
    let body = json!({
        "operatorId": "8001", "status": 0, "mainGroupName": "售后", "sipnumber": "1001", "bindcode": "",
        "roleName": "r", "password": "secret-2", "afterInterval": 5,
    });
    let reply = send(&mut estate, "edit/v2", body);
    let agent = estate.get::<AgentConfig>().agent("8001").unwrap().clone();
    assert_eq!(
        reply["data"],
        json!({
            "operatorId": "8001", "sipNumber": "1001", "sipPassword": agent.sip_password, "mainGroupName": "售后",
        })
    );
    assert_eq!((agent.name.as_deref(), agent.bindcode, agent.status), (Some("张三"), None, 0));
    assert_eq!((agent.password_md5, agent.after_interval), (digest("secret-2"), 5));
    let unknown = send(&mut estate, "edit/v2", json!({"operatorId": "8001", "mainGroupName": "other"}));
    assert_eq!(unknown["code"], 404);
    let missing = send(&mut estate, "edit/v2", json!({"operatorId": "8002"}));
    assert_eq!(missing["code"], 404);
    // "若unbindSip=1时,忽略该参数绑定"
    let unbind = json!({"operatorId": "8001", "unbindSip": 1, "sipnumber": "1002"});
    assert_eq!(send(&mut estate, "edit/v2", unbind)["data"]["sipNumber"], Value::Null);
    assert!(estate.departures().is_empty());
}

#[test]
fn a_sip_account_belongs_to_one_agent() {
    let mut estate = estate("agents: [{operatorId: a, sipNumber: \"87000001\"}, {operatorId: b}]");
    let bind = |id: &str| json!({"operatorId": id, "sipnumber": "87000001"});
    assert_eq!(send(&mut estate, "edit/v2", bind("b"))["code"], 409);
    let before = estate.get::<AgentConfig>().agent("a").unwrap().sip_password.clone();
    assert_eq!(send(&mut estate, "edit/v2", bind("a"))["data"]["sipPassword"], json!(before));
    let reply = send(&mut estate, "create/v2", json!({"operatorId": "c"}));
    assert_eq!(reply["data"][0]["sipNumber"], "87000002");
}

#[test]
fn a_list_is_deleted_whole_or_not_at_all() {
    let mut estate = crowd(3);
    let refused = send(&mut estate, "del/v2", json!({"operatorIds": ["8001", "9999"]}));
    assert_eq!((refused["code"].as_i64(), estate.get::<AgentConfig>().agents().count()), (Some(404), 3));
    let done = send(&mut estate, "del/v2", json!({"operatorIds": ["8001", "8003"]}));
    assert_eq!(
        (done, estate.get::<AgentConfig>().agents().count()),
        (json!({"code": 0, "msg": "success"}), 1)
    );
}

#[test]
fn the_digest_of_a_password_is_taken_over() {
    let mut estate = crowd(1);
    let md5 = "e10adc3949ba59abbe56e057f20f883e";
    let done = send(&mut estate, "editPwd", json!({"operatorId": "8001", "password": md5}));
    assert_eq!(
        (done["code"].as_i64(), estate.get::<AgentConfig>().agent("8001").unwrap().password_md5.as_str()),
        (Some(0), md5)
    );
    let missing = send(&mut estate, "editPwd", json!({"operatorId": "8002", "password": md5}));
    assert_eq!((missing["code"].as_i64(), estate.departures().len()), (Some(404), 0));
}

#[test]
fn pages_hold_all_agents_once() {
    let mut estate = crowd(25);
    let page = |number: i64, size: i64| json!({"pageNumber": number, "pageSize": size});
    let mut seen = Vec::new();
    for number in 1..=3 {
        let data = send(&mut estate, "page", page(number, 10))["data"].clone();
        assert_eq!(
            (&data["total"], &data["pageTotal"], &data["pageSize"]),
            (&json!(25), &json!(3), &json!(10))
        );
        assert_eq!(data["pageNumber"], number);
        seen.extend(
            data["result"].as_array().unwrap().iter().map(|r| r["operatorId"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(seen, (8001..=8025).map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!(send(&mut estate, "page", page(4, 10))["data"]["result"], json!([]));
    assert_eq!(send(&mut estate, "page", page(i64::MAX, 100))["data"]["result"], json!([]));
    assert_eq!(send(&mut estate, "page", json!({}))["data"]["result"].as_array().unwrap().len(), 10);
    assert_eq!(send(&mut crowd(0), "page", json!({}))["data"]["pageTotal"], 0);
    // The listing sees agents that were added or removed outside the API.
    estate.get_mut::<AgentConfig>().remove("8001");
    let data = send(&mut estate, "page", json!({"pageSize": 100}))["data"].clone();
    assert_eq!((&data["total"], &data["result"][0]["operatorId"]), (&json!(24), &json!("8002")));
    assert_eq!(estate.revision, 0);
}

#[test]
fn filters_select() {
    let mut estate = estate(
        "agents: [{operatorId: \"1\", sipNumber: s, mainGroupName: g}, {operatorId: \"11\", mainGroupName: g}]",
    );
    let mut total = |body: Value| send(&mut estate, "page", body)["data"]["total"].clone();
    assert_eq!(total(json!({"operatorId": "1"})), 1);
    assert_eq!(total(json!({"operatorId": ""})), 2);
    assert_eq!(total(json!({"mainGroupName": "g"})), 2);
    assert_eq!(total(json!({"mainGroupName": "g", "sipNumber": "s"})), 1);
    estate.quirks.filters = crate::sandbox::variants::Filters::Fuzzy;
    assert_eq!(send(&mut estate, "page", json!({"operatorId": "1"}))["data"]["total"], 2);
    let one = send(&mut estate, "one/v2", json!({"operatorId": "1", "mainGroupName": "other"}));
    assert_eq!(one["code"], 404);
}

#[test]
fn quirks_change_what_the_document_leaves_open() {
    let agents = "agents: [{operatorId: \"9\"}, {operatorId: \"10\"}, {operatorId: \"009\"}]";
    let with = |quirks: &str| estate(&format!("{{quirks: {{{quirks}}}, {agents}}}"));
    let ids = |quirks: &str| {
        let data = send(&mut with(quirks), "page", json!({}))["data"].clone();
        data["result"].as_array().unwrap().iter().map(|row| row["operatorId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("ids: numeric"), ["009", "9", "10"]);
    assert_eq!(ids("ids: lexical"), ["009", "10", "9"]);
    assert_eq!(ids("stringsAsNumbers: true"), [json!("009"), json!(9), json!(10)]);
    let one = |quirks: &str, id: &str| send(&mut with(quirks), "one/v2", json!({"operatorId": id}));
    assert_eq!(one("successCode: 200", "9")["code"], 200);
    assert_eq!(one("numbersAsStrings: true", "9")["code"], "0");
    assert_eq!(one("numbersAsStrings: true", "9")["data"]["status"], "1");
    assert_eq!(one("", "9")["data"]["name"], Value::Null);
    assert_eq!(one("unsetStrings: empty", "9")["data"]["name"], "");
    assert_eq!(one("unsetStrings: absent", "9")["data"].get("name"), None);
    assert_eq!(one("", "1")["code"], 404);
    assert_eq!(one("notFound: \"null\"", "1"), json!({"code": 0, "msg": "success", "data": null}));
    assert_eq!(one("notFound: empty", "1"), json!({"code": 0, "msg": "success", "data": {}}));
    let reply = with("failuresWithHttp200: false").answer(
        "POST",
        &call("one/v2", &json!({"abbreviate": "acme", "operatorId": "1"})),
        NOW,
    );
    assert_eq!(reply.status, 404);
    let mut other = with("mainGroupOnCreate: false, enabledOnCreate: false");
    send(&mut other, "create/v2", json!({"operatorId": "x", "bindSkillName": "g"}));
    let agent = other.get::<AgentConfig>().agent("x").unwrap();
    assert_eq!(
        (agent.status, agent.main_group_name.clone(), agent.bind_skill_name.as_deref()),
        (0, None, Some("g"))
    );
}

#[test]
fn the_same_requests_give_the_same_bytes() {
    let run = || {
        let mut estate = VendorState { random: Random::new(5), ..vendors::ALL.estate() };
        for _ in 0..3 {
            send(&mut estate, "create/v2", json!({}));
        }
        estate.store().unwrap()
    };
    assert_eq!(run(), run());
}
