//! One story against the simulated vendors, for every reading of gaps in their documents. The story: create, change
//! every field, move, disable, delete, replace members. Afterwards live state equals the manifest field by field, the
//! next plan is empty, and no request departed from a document.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use bench::{Bench, settled};
use rosterctl::sandbox::AgentConfig;

const FIRST: &str = r#"
agents:
  - { operatorId: "8001", name: 张三, type: leader, role: 班长, mainSkillGroup: 售前, skillLevel: 3, wrapUpSeconds: 0,
      boundPhone: "13900000001", callerId: "01088880001", announcement: 您好, hidePhone: true, recording: false,
      outbound: no-international, sip: auto, enabled: true, channels: [voice, video], survey: false, email: a@example.com,
      password: { store: files, key: "{operatorId}" } }
  - { operatorId: "8002", name: 李四, role: 坐席, mainSkillGroup: 售后, enabled: false, sip: none }
  - { operatorId: "8003", name: 王五, role: 坐席, mainSkillGroup: 售前, sip: { number: "871003" }, enabled: true }
  - { operatorIds: 8101..8112, name: "外呼{operatorId}", role: 坐席, mainSkillGroup: 外呼 }
queues:
  - { displayName: 在线售前, assignRule: priority, memory: 2h, memberSelector: { mainSkillGroup: 售前, priority: 5 } }
  - { displayName: 在线售后, memory: "off", assignMembers: [ "8002", { agentNumber: "8101", priority: 7 } ] }
"#;

const SECOND: &str = r#"
agents:
  - { operatorId: "8001", name: 张三丰, type: agent, role: 坐席, mainSkillGroup: 售后, skillLevel: 3, wrapUpSeconds: 15,
      boundPhone: "13900000009", callerId: "01088880009", announcement: 您好呀, hidePhone: false, recording: true,
      outbound: forbidden, sip: none, channels: [voice, video], survey: false, email: a@example.com, enabled: false,
      password: { store: files, key: "{operatorId}" } }
  - { operatorId: "8002", name: 李四, role: 坐席, mainSkillGroup: 售前, enabled: true, sip: { number: "871002" } }
  - { operatorId: "8003", state: absent }
  - { operatorIds: 8101..8111, name: "外呼{operatorId}", role: 坐席, mainSkillGroup: 外呼 }
  - { operatorId: "8112", state: absent }
queues:
  - { displayName: 在线售前, assignRule: priority, memory: 2h, memberSelector: { mainSkillGroup: 售前, priority: 6 } }
  - { displayName: 在线售后, memory: "off", assignMembers: [ { agentNumber: "8102", priority: 1 }, "8101" ] }
"#;

/// Plays the story with the given quirks.
fn story(quirks: &str) {
    // The story runs faster than twenty calls a minute; limits have their own tests.
    let rate = "rateLimit: { calls: 1000, claimCalls: 1000, perMs: 1000 }\n";
    let bench = Bench::new(&format!("{rate}quirks: {{ {quirks} }}\n"));
    bench.write("secrets/8001", "pass-8001\n");
    bench.roster(FIRST);
    bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    settled(&bench);
    bench.with(|estate| {
        let agent = estate.get::<AgentConfig>().agent("8001").unwrap();
        assert_eq!(agent.name.as_deref(), Some("张三"));
        assert_eq!((agent.operator_type, &*agent.role_name, agent.status), (1, "班长", 1));
        assert_eq!(agent.main_group_name.as_deref(), Some("售前"));
        assert_eq!((agent.bind_skill_level, agent.after_interval, agent.outcallflag), (3, 0, 3));
        assert_eq!(agent.bindcode.as_deref(), Some("13900000001"));
        assert_eq!(agent.showcaller.as_deref(), Some("01088880001"));
        assert_eq!(agent.ttscontent.as_deref(), Some("您好"));
        assert_eq!((agent.is_hide_phone, agent.isrecord, agent.judge), (1, 0, 0));
        assert_eq!((agent.isaudio, agent.ismessage, agent.isvideo), (1, 0, 1));
        assert_eq!(agent.email.as_deref(), Some("a@example.com"));
        assert!(agent.sip_number.is_some());
        assert_eq!(agent.password_md5, "4d89988b6a0c5d883923085ff2693261");
        assert_eq!(estate.get::<AgentConfig>().agent("8002").unwrap().status, 0);
        assert_eq!(estate.get::<AgentConfig>().agent("8002").unwrap().sip_number, None);
        assert_eq!(estate.get::<AgentConfig>().agent("8003").unwrap().sip_number.as_deref(), Some("871003"));
    });
    assert_eq!(bench.members("在线售前"), [("8001".to_owned(), 5), ("8003".to_owned(), 5)]);

    bench.roster(SECOND);
    bench.run(&["apply", "--auto-approve", "--allow", "members=5"]).exits(0);
    settled(&bench);
    bench.with(|estate| {
        let agent = estate.get::<AgentConfig>().agent("8001").unwrap();
        assert_eq!(agent.name.as_deref(), Some("张三丰"));
        assert_eq!((agent.operator_type, &*agent.role_name, agent.status), (0, "坐席", 0));
        assert_eq!(agent.main_group_name.as_deref(), Some("售后"));
        assert_eq!((agent.after_interval, agent.outcallflag), (15, 2));
        assert_eq!((agent.is_hide_phone, agent.isrecord), (0, 1));
        assert_eq!(agent.sip_number, None);
        assert!(estate.get::<AgentConfig>().agent("8003").is_none());
        assert!(estate.get::<AgentConfig>().agent("8112").is_none());
        assert_eq!(estate.get::<AgentConfig>().agent("8002").unwrap().sip_number.as_deref(), Some("871002"));
    });
    assert_eq!(bench.members("在线售前"), [("8002".to_owned(), 6)]);
    assert_eq!(bench.members("在线售后"), [("8101".to_owned(), 0), ("8102".to_owned(), 1)]);
}

macro_rules! readings {
    ($($name:ident: $quirks:literal;)+) => { $(#[test] fn $name() { story($quirks); })+ };
}

readings! {
    as_the_samples_show: "";
    success_is_200: "successCode: 200";
    ids_in_lexical_order: "ids: lexical";
    oldest_queue_first: "newestFirst: false";
    unset_texts_are_empty: "unsetStrings: empty";
    unset_texts_are_absent: "unsetStrings: absent";
    filters_are_fuzzy: "filters: fuzzy";
    failures_have_a_status: "failuresWithHttp200: false";
    numbers_are_texts: "numbersAsStrings: true";
    ids_are_numbers: "stringsAsNumbers: true";
    a_bound_skill_is_not_the_main_group: "mainGroupOnCreate: false";
    a_new_agent_is_disabled: "enabledOnCreate: false";
    unknown_is_null: "notFound: 'null'";
    unknown_is_empty: "notFound: empty";
    rows_stand_at_the_top: "readShape: top-level";
    pages_are_capped: "queuePageCap: 1";
    all_at_once: "successCode: 200, ids: lexical, newestFirst: false, unsetStrings: absent, filters: fuzzy, numbersAsStrings: true, stringsAsNumbers: true, mainGroupOnCreate: false, enabledOnCreate: false, notFound: empty, readShape: top-level, queuePageCap: 1";
}

#[test]
fn what_an_owner_knows_of_the_tenant_is_planned_for() {
    let bench = Bench::new("quirks: { mainGroupOnCreate: false, enabledOnCreate: false }\n");
    bench.workspace_with("    mainGroupOnCreate: false\n    enabledOnCreate: false", "");
    bench.roster(
        "agents:\n  - { operatorId: \"8001\", name: 张三, role: 坐席, mainSkillGroup: 售前, enabled: true }\n",
    );
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["steps"][1]["operation"], "agent.edit");
    assert_eq!(plan["steps"][1]["fields"], serde_json::json!(["mainSkillGroup", "enabled"]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    settled(&bench);
}

#[test]
fn a_pool_is_one_call_where_the_owner_allows_batches() {
    let bench = Bench::new("");
    bench.workspace_with("    batchCreate: true", "");
    bench.roster("agents:\n  - { operatorIds: 8101..8140, name: 外呼, role: 坐席, mainSkillGroup: 外呼 }\n");
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["summary"]["calls"], 1);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.agents().len(), 40);
    settled(&bench);
}

#[test]
fn a_rate_limit_is_never_run_into() {
    let bench = Bench::new("rateLimit: { calls: 20, claimCalls: 20, perMs: 1000 }\n");
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace("calls: 1000, per: 1s", "calls: 20, per: 1s"));
    let queues = (1..=60).fold(String::new(), |all, n| format!("{all}  - {{ displayName: 队列{n} }}\n"));
    bench.roster(&format!("queues:\n{queues}"));
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["summary"]["estimatedSeconds"], 2);
    // Consecutive runs share the rate windows of this account.
    let mut said = bench.run(&["apply", "--auto-approve", "-v"]).exits(0).err;
    for _ in 0..12 {
        said.push_str(&bench.run(&["plan", "--detailed-exitcode", "-v"]).exits(0).err);
    }
    assert!(said.contains("status=200"), "{said}");
    assert!(!said.contains("status=429"), "{said}");
}

/// Creates queues that hold 7777, which is no agent and in no manifest. One queue gets a member, and a deleted
/// agent leaves the other.
fn a_stranger(more: &str) -> Bench {
    let live = "agents: [{ operatorId: \"8001\" }, { operatorId: \"8002\" }, { operatorId: \"8003\" }]
queues:
  - { exten: \"1001\", displayName: 售前, assignMembers: [{ agentNumber: \"8001\", priority: 2 }, { agentNumber: \"7777\" }] }
  - { exten: \"1002\", displayName: 售后, assignMembers: [{ agentNumber: \"7777\", priority: 3 }, { agentNumber: \"8002\" }] }
";
    let bench = Bench::new(&format!("{more}\n{live}"));
    bench.workspace("policy: { queueMembers: at-least }\nledger: { path: ledger.json }\n");
    bench.roster(
        "agents:\n  - { operatorId: \"8002\", state: absent }\n\
         queues:\n  - { displayName: 售前, assignMembers: [\"8003\"] }\n",
    );
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    let told = plan["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == "R204");
    assert_eq!(told.map(|finding| &finding["id"]).collect::<Vec<_>>(), ["queue/售前", "queue/售后"]);
    bench
}

#[test]
fn a_member_who_is_no_agent_may_be_left_out_by_the_vendor() {
    let bench = a_stranger("");
    let said = bench.run(&["apply", "--auto-approve", "--format", "json"]).exits(0);
    let results = said.json()["results"].as_array().unwrap().clone();
    let message = "7777 is no agent; the vendor dropped it from the queue";
    let told: Vec<_> = results.iter().map(|r| (&r["operation"], &r["status"], &r["message"])).collect();
    let none = serde_json::Value::Null;
    assert_eq!(
        told,
        [
            (&"queue.members".into(), &"done".into(), &message.into()),
            (&"queue.members".into(), &"done".into(), &message.into()),
            (&"agent.delete".into(), &"done".into(), &none),
        ]
    );
    assert!(said.err.contains(&format!("queue.members queue/售后 done ({message})")), "{}", said.err);
    assert_eq!(bench.members("售前"), [("8001".to_owned(), 2), ("8003".to_owned(), 0)]);
    assert_eq!(bench.members("售后"), []);
    let ledger = std::fs::read_to_string(bench.path("ledger.json")).unwrap();
    assert!(!ledger.contains("7777"), "{ledger}");
    settled(&bench);
}

#[test]
fn a_member_who_is_no_agent_may_be_kept_by_the_vendor() {
    let bench = a_stranger("knownAgents: [\"7777\"]");
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(!said.out.contains("dropped"), "{}", said.out);
    assert_eq!(
        bench.members("售前"),
        [("7777".to_owned(), 0), ("8001".to_owned(), 2), ("8003".to_owned(), 0)]
    );
    assert_eq!(bench.members("售后"), [("7777".to_owned(), 3)]);
    settled(&bench);
}

/// Returns the calls since the last look, by operation.
fn calls(bench: &Bench) -> String {
    const OPERATIONS: [&str; 10] = [
        "page",
        "one/v2",
        "create/v2",
        "edit/v2",
        "editPwd",
        "del/v2",
        "queueQueue",
        "addQueue",
        "updateQueueAssignMembers",
        "queueQueueAgentClaimStatus",
    ];
    let calls = bench.with(|estate| std::mem::take(&mut estate.calls));
    let mut said = Vec::new();
    for operation in OPERATIONS {
        let of =
            |path: &str| path.ends_with(&format!("/{operation}")) || path.contains(&format!("/{operation}/"));
        let count: usize = calls.iter().filter(|(path, _)| of(path)).map(|(_, count)| count).sum();
        if count > 0 {
            said.push(format!("{operation} {count}"));
        }
    }
    said.join(", ")
}

/// Checks the table of `tests/benches/README.md` against the calls that arrive.
#[test]
fn nothing_takes_a_call_more_than_it_needs() {
    const APPLY: &[&str] = &["apply", "--auto-approve"];
    let agents = (1..=250).fold(String::new(), |all, n| {
        format!(
            "{all}  - {{ operatorId: \"{}\", name: a, roleName: 坐席, mainGroupName: 售前, status: 1 }}\n",
            8000 + n
        )
    });
    let queues = (1..=60).fold(String::new(), |all, n| {
        format!(
            "{all}  - {{ displayName: q{n}, assignMembers: [{{ agentNumber: \"8001\", priority: 0 }}] }}\n"
        )
    });
    let rate = "rateLimit: { calls: 1000, claimCalls: 1000, perMs: 1000 }\n";
    let bench = Bench::new(&format!("{rate}agents:\n{agents}queues:\n{queues}"));
    bench.workspace("ledger: { path: ledger.json }\npolicy: { limits: { floor: 100 } }\n");
    bench.write("secrets/new", "first-password-1\n");
    let mut told = Vec::new();
    // One resource at a time: a second resource may be read again or not, depending on the first one's end.
    let mut step = |what: &str, roster: &str, command: &[&str]| {
        bench.roster(roster);
        bench.run(command).exits(0);
        told.push(format!("{what}: {}", calls(&bench)));
    };
    step("read 250 agents and 60 queues", "", &["plan"]);
    step("nothing to do", "", APPLY);
    let new = "agents:\n  - { operatorId: \"9001\", name: n, role: 坐席, mainSkillGroup: 售前, enabled: true, wrapUpSeconds: 5, \
               password: { store: files, key: new, version: 1 } }\n";
    step("create one agent", new, APPLY);
    step(
        "create one agent who may not sign in",
        "agents:\n  - { operatorId: \"9002\", name: n, role: 坐席, enabled: false }\n",
        APPLY,
    );
    step(
        "edit three fields of one agent",
        "agents:\n  - { operatorId: \"8001\", name: b, wrapUpSeconds: 7, recording: true }\n",
        APPLY,
    );
    step("a new password", &new.replace("version: 1", "version: 2"), APPLY);
    step(
        "replace the members of one queue",
        "queues:\n  - { displayName: q1, assignMembers: [\"8002\", \"8003\"] }\n",
        APPLY,
    );
    step(
        "create a queue with members",
        "queues:\n  - { displayName: new, distinct: true, assignMembers: [\"8002\"] }\n",
        APPLY,
    );
    let gone = (101..=140).fold(String::from("agents:\n"), |all, n| {
        format!("{all}  - {{ operatorId: \"{}\", state: absent }}\n", 8000 + n)
    });
    step("delete forty agents", &gone, APPLY);
    insta::assert_snapshot!(told.join("\n"), @r"
    read 250 agents and 60 queues: page 3, queueQueue 2
    nothing to do: page 3, queueQueue 2
    create one agent: page 3, one/v2 1, create/v2 1, queueQueue 2
    create one agent who may not sign in: page 3, one/v2 1, create/v2 1, edit/v2 1, queueQueue 2
    edit three fields of one agent: page 3, one/v2 2, edit/v2 1, queueQueue 2
    a new password: page 3, one/v2 1, editPwd 1, queueQueue 2
    replace the members of one queue: page 3, queueQueue 4, updateQueueAssignMembers 1
    create a queue with members: page 3, queueQueue 4, addQueue 1
    delete forty agents: page 9, del/v2 1, queueQueue 4
    ");
    assert!(bench.departures().is_empty(), "{:?}", bench.departures());
}
