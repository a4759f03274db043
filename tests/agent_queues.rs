//! `queues` of agents against the sandbox: contract rule 14.3 from the files to the vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the bench is shared")]

#[path = "support/bench.rs"]
mod bench;

use bench::Bench;
use rosterctl::sandbox::WebchatQueue;

const LIVE: &str = "agents: [{ operatorId: \"8001\" }, { operatorId: \"8002\" }, { operatorId: \"8009\" }]
queues: [{ exten: \"1000\", displayName: 在线, assignMembers: [{ agentNumber: \"8009\", priority: 1 }] }]
";

/// Returns agents, the first one with `queues`.
fn agents(queues: &str) -> String {
    format!("agents:\n  - {{ operatorId: \"8001\", queues: {queues} }}\n  - {{ operatorId: \"8002\" }}\n")
}

fn pairs(pairs: &[(&str, i64)]) -> Vec<(String, i64)> {
    pairs.iter().map(|(id, priority)| ((*id).to_owned(), *priority)).collect()
}

fn codes(bench: &Bench) -> Vec<String> {
    let plan = bench.run(&["plan", "--format", "json"]).json();
    let findings = plan["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rule_14_3_a_live_queue_that_only_an_agent_names_gets_the_agent_and_loses_no_other() {
    let bench = Bench::new(LIVE);
    bench.roster(&agents("{ 在线: 10 }"));
    let said = bench.run(&["validate"]).exits(0).err + &bench.run(&["validate"]).exits(0).out;
    assert!(said.contains("0 queues"), "{said}");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.members("在线"), pairs(&[("8001", 10), ("8009", 1)]));
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    bench.with(|estate| {
        estate.get_mut::<WebchatQueue>().queues[0].assign_members.retain(|m| m.agent_number != "8001");
    });
    let drift = bench.run(&["drift", "--format", "json"]).exits(2).json();
    assert_eq!(
        (&drift["changes"][0]["id"], &drift["changes"][0]["moved"]),
        (&"queue/在线".into(), &"live".into())
    );
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.members("在线"), pairs(&[("8001", 10), ("8009", 1)]));
    // It was never declared, so a new queue beside it is no rename of it.
    bench.roster(&(agents("{ 新: 1 }") + "queues: [{ displayName: 新 }]\n"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.members("新"), pairs(&[("8001", 1)]));
    assert_eq!(bench.members("在线"), pairs(&[("8001", 10), ("8009", 1)]));
}

#[test]
fn rule_14_3_a_queue_that_left_the_files_makes_no_second_one_although_an_agent_names_it() {
    let bench = Bench::new(LIVE);
    bench.roster(&(agents("{ 在线: 10 }") + "queues: [{ displayName: 在线 }]\n"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.roster(&(agents("{ 在线: 10 }") + "queues: [{ displayName: 在线售前 }]\n"));
    assert!(codes(&bench).contains(&"R307".to_owned()), "{:?}", codes(&bench));
}

#[test]
fn rule_14_3_a_queue_that_is_neither_declared_nor_live_is_an_error() {
    let bench = Bench::new(LIVE);
    bench.roster(&agents("{ 在线: 10, 在綫: 0 }"));
    bench.run(&["validate"]).exits(0);
    let said = bench.run(&["apply", "--auto-approve"]).exits(1);
    assert!(said.err.contains("queue/在綫 is neither declared nor live"), "{}", said.err);
    assert!(said.err.contains("roster/roster.yaml:4:"), "{}", said.err);
    assert_eq!(bench.members("在线"), pairs(&[("8009", 1)]), "nothing is applied");
}

#[test]
fn rule_14_3_import_says_that_it_drops_queues_of_agents() {
    let bench = Bench::new(LIVE);
    let head = "apiVersion: rosterctl/v1\nkind: Roster\n".to_owned();
    bench.write("roster/no-skill-group.yaml", &(head + &agents("{ 在线: 10 }")));
    let said = bench.run(&["import", "--out", "roster", "--force"]).exits(0);
    assert!((said.err.clone() + &said.out).contains("`queues`"), "{} {}", said.err, said.out);
}
