//! The last change of live resources in reports: its time, and the agent who made it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the bench is shared")]

#[path = "support/bench.rs"]
mod bench;

use bench::Bench;
use rosterctl::sandbox::{AgentConfig, WebchatQueue};
use serde_json::{Value, json};

const ROSTER: &str = "agents:
  - { operatorId: \"8001\", name: 张伟, allowAnyRole: true }
  - { operatorId: \"8002\", name: 李娜, allowAnyRole: true }
queues:
  - { displayName: 在线售前, assignMembers: [\"8001\", \"8002\"] }
";

/// Returns a bench with an applied roster.
fn applied(more: &str) -> Bench {
    let bench = Bench::new("");
    bench.workspace(more);
    bench.roster(ROSTER);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench
}

/// Renames an agent and takes another one out of the queue, as the console does at a moment.
fn by_the_console(bench: &Bench) {
    bench.with(|estate| {
        let agent = estate.get_mut::<AgentConfig>().agent_mut("8002").unwrap();
        // 2026-11-29T10:02Z, in seconds.
        (agent.name, agent.utime) = (Some("别名".to_owned()), 1_795_946_520);
        let queue = &mut estate.get_mut::<WebchatQueue>().queues[0];
        queue.assign_members.retain(|member| member.agent_number == "8001");
        (queue.update_time, queue.update_agent) = ("2026-11-29 18:02:59".to_owned(), "8001".to_owned());
    });
}

/// Returns the last change of each change.
fn told(document: &Value) -> Vec<Value> {
    document["changes"].as_array().unwrap().iter().map(|change| change["lastChanged"].clone()).collect()
}

#[test]
fn rule_14_1_reports_say_when_and_by_whom_in_the_zone_of_the_workspace() {
    let bench = applied("timeZone: Asia/Shanghai\n");
    by_the_console(&bench);
    let expected = [
        json!({ "at": "2026-11-29T18:02:00+08:00" }),
        json!({ "at": "2026-11-29T18:02:59+08:00", "by": "8001", "name": "张伟" }),
    ];
    assert_eq!(told(&bench.run(&["drift", "--format", "json"]).exits(2).json()), expected);
    let agent = "changed since, not by this ledger; last changed in the console on 2026-11-29 18:02";
    let queue = "last changed in the console on 2026-11-29 18:02 by 8001 张伟";
    for format in ["text", "markdown", "html"] {
        let said = bench.run(&["plan", "--format", format]).exits(0).out;
        // A comment and a page have a column for it.
        let agent = if format == "text" { agent } else { "last changed in the console on 2026-11-29 18:02" };
        assert!(said.contains(agent) && said.contains(queue), "{format}: {said}");
    }
    // A snapshot carries it.
    bench.run(&["snapshot", "--out", "live.json"]).exits(0);
    let plan = bench.run(&["plan", "--live", "live.json", "--format", "json"]).exits(0).json();
    assert_eq!(told(&plan), expected);
    // A saved plan carries it, and is applied although the agent is touched again in between.
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    bench.with(|estate| estate.get_mut::<AgentConfig>().agent_mut("8002").unwrap().utime += 60);
    bench.run(&["apply", "--plan", "plan.json", "--auto-approve"]).exits(0);
}

#[test]
fn rule_14_1_without_a_zone_the_time_is_utc_and_the_offset_of_the_connection_counts() {
    let bench = applied("");
    by_the_console(&bench);
    let said = bench.run(&["plan"]).exits(0).out;
    for part in ["on 2026-11-29 10:02 UTC)", "on 2026-11-29 10:02 UTC by 8001 张伟)"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn rule_14_1_what_rosterctl_wrote_itself_is_not_told_and_a_deletion_has_no_time() {
    let bench = applied("");
    let now = jiff::Timestamp::now().as_millisecond();
    bench.with(|estate| {
        let agent = estate.get_mut::<AgentConfig>().agent_mut("8002").unwrap();
        (agent.name, agent.utime) = (Some("别名".to_owned()), now + 60_000);
    });
    let drift = bench.run(&["drift", "--format", "json"]).exits(2).json();
    assert_eq!((&drift["changes"][0]["moved"], told(&drift)), (&json!("live"), vec![Value::Null]));
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8002").unwrap().utime = now + 240_000;
    });
    let drift = bench.run(&["drift", "--format", "json"]).exits(2).json();
    assert!(told(&drift)[0]["at"].is_string(), "{drift}");
    bench.with(|estate| estate.get_mut::<WebchatQueue>().queues.clear());
    let said = bench.run(&["drift"]).exits(2).out;
    assert!(said.contains("queue/在线售前") && said.contains("deleted since the last clean run"), "{said}");
}
