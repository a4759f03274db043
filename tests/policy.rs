//! Policy: agents that a plan leaves out, and blocked steps that stop no other step.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use bench::Bench;

/// Creates two agents of a group, imported without a role and adopted; then deletes the second in the console.
fn deleted_without_a_role() -> Bench {
    let bench = Bench::new(
        "agents: [{ operatorId: \"8001\", name: 张三 }, { operatorId: \"8002\", name: 李四 }]\n\
         queues: [{ exten: \"1000\", displayName: 在线售前, assignMembers: [{ agentNumber: \"8001\" }, { agentNumber: \"8002\" }] }]\n",
    );
    bench.workspace("policy: { limits: { floor: 100 } }\n");
    bench.run(&["import", "--out", "roster"]).exits(0);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.with(|estate| assert!(estate.get_mut::<AgentConfig>().remove("8002").is_some()));
    bench
}

#[test]
fn a_deleted_agent_that_cannot_be_recreated_stops_no_other_agent() {
    let bench = deleted_without_a_role();
    let drift = bench.run(&["drift", "--format", "json"]).exits(2).json();
    let finding = &drift["findings"][0];
    assert_eq!((&finding["code"], &finding["id"]), (&"R304".into(), &"agent/8002".into()));
    bench.write(
        "roster/new.yaml",
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8003\", name: 王芳, role: 坐席 }]\n",
    );
    let apply = bench.run(&["apply", "--auto-approve", "--format", "json"]).exits(5).json();
    assert_eq!(apply["summary"]["done"], apply["results"].as_array().unwrap().len());
    assert_eq!(bench.agents(), ["8001", "8003"]);
    bench.run(&["apply", "--auto-approve"]).exits(5);
    // An agent that the ledger does not hold gets no such exception.
    bench.write(
        "roster/newer.yaml",
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8004\", name: 赵敏 }]\n",
    );
    bench.run(&["apply", "--auto-approve"]).exits(1);
    assert_eq!(bench.agents(), ["8001", "8003"]);
}

#[test]
fn an_agent_of_another_company_is_never_touched() {
    let agent = |id: &str, company: &str| format!("{{ operatorId: \"{id}\", name: n{company} }}");
    let bench = Bench::new(&format!(
        "agents: [{}, {}, {}]\n",
        agent("8001", ", companyId: 1001"),
        agent("8002", ", companyId: 1002"),
        agent("8003", "")
    ));
    bench.workspace("policy: { prune: all, limits: { deletes: 100%, floor: 100 } }\n");
    bench.roster("agents: [{ operatorId: \"8001\" }]\n");
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    let ids: Vec<&str> =
        plan["changes"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["agent/8003"]);
    assert_eq!(plan["summary"]["live"]["agents"], 2);
    let doctor = bench.run(&["doctor", "--format", "json"]).exits(0).json();
    let check = |name: &str| {
        let checks = doctor["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["name"] == name).map(|check| check["status"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(check("connection/agents"), ["warning"]);
    bench.run(&["snapshot", "--out", "live.json"]).exits(0);
    bench.roster("agents: [{ operatorId: \"8001\" }, { operatorId: \"8002\", role: 坐席 }]\n");
    for arguments in [&["plan", "--format", "json"][..], &["plan", "--live", "live.json", "--format", "json"]]
    {
        let plan = bench.run(arguments).exits(0).json();
        assert!(
            plan["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|f| f["code"] == "R108" && f["id"] == "agent/8002")
        );
    }
    bench.run(&["apply", "--auto-approve"]).exits(5);
    assert_eq!(bench.agents(), ["8001", "8002"]);
}

#[test]
fn an_import_writes_a_role_and_says_what_it_drops() {
    let bench = Bench::new(
        "agents: [{ operatorId: \"8001\", name: 张三 }, { operatorId: \"8002\", name: 李四 }]\n\
         queues: [{ exten: \"1000\", displayName: 在线售前, assignMembers: [{ agentNumber: \"8001\" }] }]\n",
    );
    bench.run(&["import", "--out", "roster", "--role", "{{ role }}"]).exits(1);
    let first = bench.run(&["import", "--out", "roster", "--role", "普通坐席"]).exits(0);
    assert!(!first.err.contains("warning"), "{}", first.err);
    assert_eq!(bench.run(&["plan", "--format", "json"]).exits(0).json()["changes"], serde_json::json!([]));
    let again = bench.run(&["import", "--out", "roster", "--role", "普通坐席", "--force"]).exits(0);
    assert!(!again.err.contains("warning"), "{}", again.err);
    for name in ["no-skill-group", "queues"] {
        let path = bench.path(&format!("roster/{name}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(name == "queues" || text.contains("role: 普通坐席"), "{text}");
        let text = text
            .replace("agents:\n", "agents:\n  # 培训中\n  - { operatorId: \"8009\", state: absent }\n")
            .replace("name: 李四", "name: 李四\n    protect: true\n    password: { store: files, key: x }")
            .replace("displayName: 在线售前", "displayName: 在线售前\n    minMembers: 1");
        std::fs::write(path, text).unwrap();
    }
    bench.run(&["validate"]).exits(0);
    let said = bench.run(&["import", "--out", "roster", "--force"]).exits(0).err;
    for lost in [
        "protect",
        "password",
        "minMembers",
        "role",
        "state: absent",
        "培训中",
        "agent/8002",
        "queue/在线售前",
    ] {
        assert!(said.contains(lost), "{lost}: {said}");
    }
}

/// Returns the SIP numbers of the live agents, in the agents' order.
fn numbers(bench: &Bench) -> Vec<Option<String>> {
    bench.with(|estate| estate.get::<AgentConfig>().agents().map(|agent| agent.sip_number.clone()).collect())
}

#[test]
fn sip_numbers_change_hands() {
    let bench = Bench::new(
        "agents: [{ operatorId: \"8001\", name: 张三, sipNumber: \"1001\" }, \
         { operatorId: \"8002\", name: 李四, sipNumber: \"1002\" }, \
         { operatorId: \"8003\", name: 王芳, sipNumber: \"1003\" }]\n",
    );
    bench.workspace("policy: { limits: { floor: 100 } }\n");
    let sip = |id: &str, number: &str| format!("{{ operatorId: \"{id}\", sip: {{ number: \"{number}\" }} }}");
    bench.roster(&format!("agents: [{}, {}]\n", sip("8001", "1002"), sip("8002", "1001")));
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    let steps: Vec<bool> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["unbind"] == true).collect();
    assert_eq!(steps, [true, false, false]);
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    bench.run(&["apply", "--plan", "plan.json", "--auto-approve"]).exits(0);
    let some = |all: [&str; 3]| all.map(|number| Some(number.to_owned()));
    assert_eq!(numbers(&bench), some(["1002", "1001", "1003"]));
    // 8003 is declared nowhere and keeps its number.
    bench.roster(&format!("agents: [{}, {}]\n", sip("8001", "1003"), sip("8002", "1002")));
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["changes"].as_array().unwrap().len(), 0);
    let held: Vec<_> = plan["findings"].as_array().unwrap().iter().filter(|f| f["code"] == "R109").collect();
    assert_eq!(held.len(), 2);
    assert!(held[0]["message"].as_str().unwrap().contains("agent/8003"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(numbers(&bench), some(["1002", "1001", "1003"]));
    bench.roster(&format!("agents: [{}, {}]\n", sip("8001", "1001"), sip("8002", "1001")));
    bench.run(&["validate"]).exits(1);
}

/// Starts a proxy before a vendor that stores telephone numbers without blanks.
fn without_blanks(vendor: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let vendor = vendor.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, vendor) = (stream.unwrap(), vendor.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    let lower = line.to_ascii_lowercase();
                    match lower.strip_prefix("content-length:") {
                        Some(value) => length = value.trim().parse().unwrap(),
                        None if lower.starts_with("connection:") => {}
                        None => head.push_str(&line),
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let body = String::from_utf8(body).unwrap().replace("+86 138", "+86138");
                let mut upstream = TcpStream::connect(vendor).unwrap();
                let request =
                    format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
                upstream.write_all(request.as_bytes()).unwrap();
                let mut answer = Vec::new();
                upstream.read_to_end(&mut answer).unwrap();
                let _ = stream.write_all(&answer);
            });
        }
    });
    url
}

#[test]
fn a_value_that_the_vendor_keeps_in_another_form_is_told_and_nothing_is_promised() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三, bindcode: \"139\" }]\n");
    let workspace = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &workspace.replacen(&bench.url(), &without_blanks(&bench.url()), 1));
    bench.roster("agents: [{ operatorId: \"8001\", boundPhone: \"+86 138\" }]\n");
    for _ in 0..2 {
        let said = bench.run(&["apply", "--auto-approve"]).exits(5);
        assert!(said.out.contains("+86138 instead of +86 138"), "{}", said.out);
        assert!(!said.out.contains("does the rest"), "{}", said.out);
    }
    bench.roster("agents: [{ operatorId: \"8001\", boundPhone: \"+86138\" }]\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
}
