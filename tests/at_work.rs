//! Presence guard: the program against all five simulated systems, with agents on calls.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::CmsAgent;
use rosterctl::sandbox::IsdpOnlineAgent;
use rosterctl::sandbox::WebchatQueue;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use bench::{Bench, Said, command_in};
use rosterctl::sandbox::cms_agent::Doing;

/// The CMS status of an agent on a call.
const TALKING: i64 = 7;
/// The CMS status of an agent that waits for calls.
const IDLE: i64 = 4;

const TEN: &str = "agents:
  - { operatorIds: 8001..8010, state: absent }
  - { operatorId: \"8101\", name: 留任 }
";

fn seed() -> String {
    let agents = (1..=10).map(|n| format!("  - {{ operatorId: \"{}\", name: 坐席{n} }}\n", 8000 + n));
    let members = |ids: &[u32]| {
        ids.iter()
            .map(|id| format!("{{ agentNumber: \"{id}\", priority: 3 }}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!(
        "agents:\n{}  - {{ operatorId: \"8101\", name: 留任 }}\nqueues:\n  - {{ displayName: 在线, assignMembers: [{}] }}\n  - {{ displayName: 夜班, assignMembers: [{}] }}\n\
         presence:\n  - {{ agent: \"8003\", online: true, status: {TALKING} }}\n  - {{ agent: \"8007\", online: true, status: {TALKING} }}\n  - {{ agent: \"8001\", online: true, status: {IDLE} }}\n\
         knownAgents: [{{ agentNumber: \"8002\", pcAutoClaim: true }}]\n",
        agents.collect::<String>(),
        members(&[8001, 8003, 8101]),
        members(&[8003, 8004]),
    )
}

/// Creates a bench with the systems that know presence, and a presence policy.
fn bench(seed: &str, presence: &str) -> Bench {
    let bench = Bench::new(seed);
    connect(&bench, &bench.url(), presence);
    bench
}

fn connect(bench: &Bench, cms: &str, presence: &str) {
    bench.workspace(&format!(
        "policy:\n  prune: none\n  limits: {{ floor: 100 }}\n  presence: {{ {presence} }}\n"
    ));
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let url = bench.url();
    let systems = format!(
        "  online:
    provider: isdp-online-agent
    baseUrl: {url}
    token: {{ store: ci, key: TOKEN }}
    retry: {{ attempts: 1, total: 1s }}
  desk:
    provider: cms-agent
    baseUrl: {cms}
    ccId: 1
    vdn: 1
    auth: {{ scheme: bearer, token: {{ store: ci, key: TOKEN }} }}
    retry: {{ attempts: 1, total: 1s }}
secrets:
"
    );
    bench.write("rosterctl.yaml", &file.replace("secrets:\n", &systems));
}

fn says(bench: &Bench, agent: u32, status: i64) {
    bench.with(|estate| {
        estate.get_mut::<CmsAgent>().agents.insert(agent, Doing::status(status));
    });
}

fn apply(bench: &Bench, more: &[&str]) -> Said {
    bench.run(&[&["apply", "--auto-approve"], more].concat())
}

/// Returns the number of requests of an operation.
fn asked(said: &Said, operation: &str) -> usize {
    said.err.lines().filter(|line| line.contains(&format!("operation=\"{operation}\""))).count()
}

#[test]
fn of_ten_deleted_agents_the_two_on_a_call_stay() {
    let bench = bench(&seed(), "protect: [on-call]");
    bench.roster(TEN);
    let said = apply(&bench, &["-v"]).exits(4);
    assert_eq!(bench.agents(), ["8003", "8007", "8101"]);
    // Deferred agents keep their queues; all others have left them.
    assert_eq!(bench.members("在线"), [("8003".to_owned(), 3), ("8101".to_owned(), 3)]);
    assert_eq!(bench.members("夜班"), [("8003".to_owned(), 3)]);
    for agent in ["8003", "8007"] {
        let why = format!("agent {agent} is not deleted: on-call (says cms-agent)");
        assert!(said.out.contains(&why), "{}", said.out);
    }
    assert!(!said.out.contains("agent 8001 is not"), "{}", said.out);
    // The program asks neither about agents that no step disrupts, nor a system that cannot answer.
    assert_eq!((asked(&said, "findOnlineAgent"), asked(&said, "queueQueueAgentClaimStatus")), (0, 0));
    // The three agents that leave queues are asked about before that, and all ten before their deletion, but for
    // the deferred 8003.
    assert_eq!(asked(&said, "agentbyworkno"), 3 + 9);

    // One call ends, the other goes on.
    says(&bench, 8003, IDLE);
    let result = apply(&bench, &["--format", "json"]).exits(4).json();
    assert_eq!(bench.agents(), ["8007", "8101"]);
    assert_eq!(result["findings"][0]["code"], "R406");
    assert_eq!(result["findings"][0]["id"], "agent/8007");
    let last = result["results"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["operation"], &last["status"]), (&"agent.delete".into(), &"skipped".into()));
    assert!(last["message"].as_str().unwrap().contains("agent 8007 is not deleted: on-call"), "{result:#}");

    says(&bench, 8007, 2);
    apply(&bench, &[]).exits(0);
    assert_eq!(bench.agents(), ["8101"]);
    assert_eq!(bench.departures(), Vec::<String>::new());
}

#[test]
fn an_agent_who_was_left_alone_stands_under_those_who_left_in_no_format() {
    let bench = bench(&seed(), "protect: [on-call]");
    bench.roster(TEN);
    let formats = ["text", "json", "markdown", "html", "sarif", "github", "junit"];
    let writes = formats.map(|format| format!("--write={format}={}", bench.path(format).display()));
    let said = apply(&bench, &writes.iter().map(String::as_str).collect::<Vec<_>>()).exits(4);
    let read = |format: &str| std::fs::read_to_string(bench.path(format)).unwrap();
    let counts = "3 done, 3 of them in part, 0 failed, 3 skipped, 0 of unknown outcome";
    assert!(said.out.contains(counts), "{}", said.out);
    for format in ["text", "markdown", "html", "sarif", "github"] {
        assert!(read(format).contains(counts), "{format}: {}", read(format));
    }
    let json: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
    let summary = serde_json::json!({ "done": 3, "partial": 3, "failed": 0, "skipped": 3, "unknown": 0 });
    assert_eq!(json["summary"], summary);
    assert_eq!(json["results"].as_array().unwrap().len(), 6);
    for (name, count) in summary.as_object().unwrap() {
        let property = format!("<property name=\"{name}\" value=\"{count}\"/>");
        assert!(read("junit").contains(&property), "{}", read("junit"));
    }
    // The chapter, or the line, of the agents that left.
    let left = |text: &str, from: &str, to: &str| {
        let at = text.find(from).unwrap_or_else(|| panic!("{from} in {text}"));
        text[at..].split(to).next().unwrap().to_owned()
    };
    let chapters = [
        left(&read("text"), "  - agent/", "\n"),
        left(&read("markdown"), "<b>Who left (deleted)</b> (8)", "</details>"),
        left(&read("html"), "Who left (deleted) <span", "</section>"),
        left(&read("junit"), "name=\"deleted agent/", "</testcase>"),
        left(&read("sarif"), "\"deleted agent/", "\n"),
    ];
    for chapter in chapters {
        let both = ["8003", "8007"].iter().any(|agent| chapter.contains(agent));
        assert!(!both && chapter.contains("8002 坐席2"), "{chapter}");
    }
    for format in ["text", "markdown", "html", "sarif", "github", "junit"] {
        assert!(read(format).contains("agent 8003 is not deleted: on-call (says cms-agent)"), "{format}");
    }
}

#[test]
fn an_agent_joins_a_queue_in_which_a_busy_agent_stays() {
    let bench = bench(&seed(), "protect: [on-call]");
    bench.roster(
        "agents: [{ operatorId: \"8005\" }]\nqueues: [{ displayName: 夜班, assignMembers: [\"8005\"] }]\n",
    );
    let page = bench.path("page.md").display().to_string();
    let write = format!("markdown={page}");
    let result = apply(&bench, &["--format", "json", "--write", &write]).exits(4).json();
    assert_eq!(bench.members("夜班"), [("8003".to_owned(), 3), ("8005".to_owned(), 0)]);
    let ends = result["results"].as_array().unwrap().iter();
    let ends: Vec<String> = ends.map(|end| format!("{} {}", end["status"], end["targets"])).collect();
    assert_eq!(ends, ["\"done\" [\"queue/夜班\"]", "\"skipped\" [\"agent/8003\"]"]);
    assert_eq!((&result["summary"]["done"], &result["summary"]["skipped"]), (&1.into(), &1.into()));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains("| in part | 夜班 |  | agent 8003 is not taken out of the queue: on-call"),
        "{page}"
    );
    assert!(page.contains("| 夜班 | 2 → **2**  |  | 8004 坐席4 | 8005 坐席5 |  |"), "{page}");
    assert!(page.contains("1 done, 1 of them in part, 0 failed, 1 skipped, 0 of unknown outcome"), "{page}");

    says(&bench, 8003, IDLE);
    apply(&bench, &[]).exits(0);
    assert_eq!(bench.members("夜班"), [("8005".to_owned(), 0)]);
}

#[test]
fn a_saved_plan_is_guarded_and_carries_what_was_allowed() {
    let bench = bench(&seed(), "");
    bench.roster(TEN);
    bench.run(&["plan", "--out", "saved.json", "--allow", "presence=1"]).exits(0);
    let said = apply(&bench, &["--plan", "saved.json"]).exits(4);
    assert_eq!(bench.agents(), ["8007", "8101"]);
    assert!(said.out.contains("allowed for this run: presence up to 1"), "{}", said.out);
    assert!(
        said.out.contains("agent 8003 was not spared, as --allow presence=1 says: on-call (says cms-agent)"),
        "{}",
        said.out
    );
    let result = apply(&bench, &["--allow", "presence=5", "--format", "json"]).exits(0).json();
    assert_eq!(result["lifted"][0]["id"], "agent/8007");
    assert_eq!(bench.agents(), ["8101"]);
}

#[test]
fn a_step_waits_for_the_end_of_a_call() {
    let bench = bench(&seed(), "wait: 20s");
    bench.roster(TEN);
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve"], &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut waits = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap) {
        if line.contains("waiting up to 20s for people at work") {
            assert_eq!(bench.agents().len(), 11);
            // Each step that waits logs it: agents that leave a queue, and agents that are deleted.
            for agent in [8003, 8007].into_iter().filter(|agent| line.contains(&format!("agent {agent} "))) {
                says(&bench, agent, IDLE);
            }
            waits.push(line);
        }
    }
    assert!(child.wait().unwrap().success(), "{waits:?}");
    assert!(waits.len() >= 2, "{waits:?}");
    assert_eq!(bench.agents(), ["8101"]);
}

#[test]
fn a_wait_without_success_ends_in_a_refusal() {
    let bench = bench(&seed(), "wait: 1s");
    bench.roster(TEN);
    let said = apply(&bench, &[]).exits(4);
    assert!(
        said.out.contains("agent 8007 is not deleted: on-call (says cms-agent); waited 1s"),
        "{}",
        said.out
    );
    assert_eq!(bench.agents(), ["8003", "8007", "8101"]);
}

#[test]
fn a_system_that_does_not_answer_is_a_refusal_unless_the_policy_allows_it() {
    let bench = bench(&seed(), "");
    // Nothing listens on that port.
    connect(&bench, "http://127.0.0.1:9", "");
    bench.roster(TEN);
    let said = apply(&bench, &[]).exits(4);
    assert_eq!(bench.agents().len(), 11);
    assert!(said.out.contains("agent 8001 is not deleted: cms-agent does not tell"), "{}", said.out);
    connect(&bench, "http://127.0.0.1:9", "onError: allow");
    apply(&bench, &[]).exits(0);
    assert_eq!(bench.agents(), ["8101"]);
}

#[test]
fn who_is_online_or_takes_chats_is_guarded_too() {
    let bench = bench(&seed(), "protect: [online, claiming], block: [delete, unqueue]");
    bench.roster(
        "agents:
  - { operatorId: \"8001\", state: absent }
  - { operatorId: \"8004\", state: absent }
queues:
  - { displayName: 在线, assignMembers: [\"8101\", \"8002\"] }
",
    );
    bench.with(|estate| {
        let known = estate.get_mut::<WebchatQueue>().known_agents.remove("8002").unwrap();
        estate.get_mut::<WebchatQueue>().known_agents.insert("8101".to_owned(), known);
    });
    let said = apply(&bench, &["-v"]).exits(4);
    // 8003 is online and stays in the queue with its priority; 8101 gets another one, 8002 joins.
    assert!(said.out.contains("agent 8001 is not deleted: online (says isdp-online-agent)"), "{}", said.out);
    assert!(
        said.out.contains("agent 8003 is not taken out of the queue: online (says isdp-online-agent)"),
        "{}",
        said.out
    );
    let members = [("8001", 3), ("8002", 0), ("8003", 3), ("8101", 0)];
    assert_eq!(bench.members("在线"), members.map(|(id, priority)| (id.to_owned(), priority)));
    assert_eq!(asked(&said, "agentbyworkno"), 0);
    assert!(!bench.agents().contains(&"8004".to_owned()));
    // An agent that takes chats stays in the queue.
    bench.roster("queues:\n  - { displayName: 在线, assignMembers: [\"8002\"] }\n");
    bench.with(|estate| estate.get_mut::<IsdpOnlineAgent>().agents.clear());
    let said = apply(&bench, &[]).exits(4);
    assert!(
        said.out.contains("agent 8101 is not taken out of the queue: claiming, desktop (says webchat-queue)"),
        "{}",
        said.out
    );
    assert_eq!(bench.members("在线"), [("8002".to_owned(), 0), ("8101".to_owned(), 0)]);
}

#[test]
fn an_edit_that_disables_or_regroups_waits_and_another_does_not() {
    let seed = seed().replace("name: 坐席3 }", "name: 坐席3, mainGroupName: 售前 }");
    let bench = bench(&seed, "");
    bench.roster(
        "agents:
  - { operatorId: \"8003\", mainSkillGroup: 售后 }
  - { operatorId: \"8007\", enabled: false }
  - { operatorId: \"8001\", enabled: false }
  - { operatorId: \"8002\", name: 新名 }
",
    );
    let said = apply(&bench, &[]).exits(4);
    assert!(said.out.contains("agent 8003 is not moved to another skill group: on-call"), "{}", said.out);
    assert!(said.out.contains("agent 8007 is not disabled: on-call"), "{}", said.out);
    bench.with(|estate| {
        let status = |id: &str| estate.get::<AgentConfig>().agent(id).unwrap().status;
        assert_eq!((status("8001"), status("8007")), (0, 1));
        assert_eq!(estate.get::<AgentConfig>().agent("8002").unwrap().name.as_deref(), Some("新名"));
    });
    // A name change disrupts no agent, on a call or not.
    bench.roster("agents:\n  - { operatorId: \"8003\", name: 新名, enabled: true }\n");
    apply(&bench, &[]).exits(0);
}

#[test]
fn an_agent_on_a_call_is_not_replaced_and_all_others_are() {
    let agents = "  - { operatorId: \"8003\", name: a, email: a@example.com, bindcode: \"1391\" }
  - { operatorId: \"8004\", name: b, email: b@example.com, bindcode: \"1392\" }\n";
    let seed = format!(
        "agents:\n{agents}queues:\n  - {{ displayName: 旧, assignMembers: [{{ agentNumber: \"8003\", priority: 1 }}, {{ agentNumber: \"8004\", priority: 2 }}] }}
presence:\n  - {{ agent: \"8003\", status: {TALKING} }}\n"
    );
    let bench = bench(&seed, "");
    let file = std::fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace("prune: none", "immutable: replace"));
    bench.roster(
        "agents:
  - { operatorId: \"8003\", role: 坐席, email: new@example.com }
  - { operatorId: \"8004\", role: 坐席, email: new@example.com }
",
    );
    let said = apply(&bench, &[]).exits(4);
    assert!(said.out.contains("agent 8003 is not deleted: on-call"), "{}", said.out);
    let email = |id: &str| bench.with(|e| e.get::<AgentConfig>().agent(id).unwrap().email.clone().unwrap());
    assert_eq!((&*email("8003"), &*email("8004")), ("a@example.com", "new@example.com"));
    let members = [("8003".to_owned(), 1), ("8004".to_owned(), 2)];
    assert_eq!(bench.members("旧"), members);
    says(&bench, 8003, IDLE);
    apply(&bench, &[]).exits(0);
    assert_eq!(email("8003"), "new@example.com");
    assert_eq!(bench.members("旧"), members);
    bench.with(|estate| {
        assert_eq!(estate.get::<AgentConfig>().agent("8003").unwrap().bindcode.as_deref(), Some("1391"));
    });
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn what_failed_goes_before_what_was_held_back() {
    let bench = bench(&format!("roles: [坐席]\n{}", seed()), "");
    bench.roster(&format!("{TEN}  - {{ operatorId: \"8102\", role: 无此角色 }}\n"));
    let said = apply(&bench, &[]).exits(5);
    assert!(said.out.contains("agent 8003 is not deleted: on-call"), "{}", said.out);
    assert_eq!(bench.agents(), ["8003", "8007", "8101"]);
}

#[test]
fn an_agent_whose_deletion_waited_is_looked_at_again() {
    let bench = bench(&seed(), "wait: 20s");
    bench.roster(TEN);
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve"], &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap) {
        if line.contains("waiting up to 20s") {
            // The pause is longer than the time for which a presence report counts as current.
            std::thread::sleep(std::time::Duration::from_millis(3_200));
            bench.with(|estate| {
                estate.get_mut::<AgentConfig>().agent_mut("8009").unwrap().name = Some("新人".to_owned());
            });
            says(&bench, 8003, IDLE);
            says(&bench, 8007, IDLE);
        }
    }
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{out}");
    assert!(
        out.contains("agent/8009 was left out: name was 坐席9 when the plan was made and is 新人 now"),
        "{out}"
    );
    assert_eq!(bench.agents(), ["8009", "8101"]);
}

const SLOW: &str = "faults: { delayMs: { probability: 1, min: 2000, max: 2000 }, only: [agentbyworkno] }\n";

/// Starts an apply, and returns after its first question about one agent.
fn begun(bench: &Bench) -> Child {
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve"], &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    while singly(bench) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child
}

/// Returns the number of questions about single agents.
fn singly(bench: &Bench) -> usize {
    bench.with(|estate| {
        estate.calls.iter().filter(|(path, _)| path.ends_with("agentbyworkno")).map(|(_, calls)| *calls).sum()
    })
}

#[test]
fn an_agent_that_moves_during_the_presence_query_is_not_deleted() {
    let bench = bench(&format!("{}{SLOW}", seed()), "protect: [on-call]");
    bench.roster(
        "agents:\n  - { operatorId: \"8008\", state: absent }\n  - { operatorId: \"8009\", state: absent }\n",
    );
    let child = begun(&bench);
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8009").unwrap().name = Some("新人".to_owned());
    });
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{out}");
    assert!(out.contains("agent/8009 was left out: name was 坐席9"), "{out}");
    assert!(!bench.agents().contains(&"8008".to_owned()) && bench.agents().contains(&"8009".to_owned()));
}

#[test]
fn an_agent_that_moves_while_a_deletion_waits_is_not_deleted() {
    let agents = (1..=13).map(|n| format!("  - {{ operatorId: \"{}\", name: 坐席 }}\n", 8000 + n));
    let slow = "faults: { delayMs: { probability: 1, min: 5000, max: 5000 }, only: [edit/v2] }";
    let bench = Bench::new(&format!("{slow}\nagents:\n{}", agents.collect::<String>()));
    bench.workspace("policy: { limits: { floor: 100 } }\n");
    let absent = (3..=13).map(|n| format!("  - {{ operatorId: \"{}\", state: absent }}\n", 8000 + n));
    let absent: String = absent.collect();
    // As many edits as the connection has calls in flight.
    let edits = "  - { operatorId: \"8001\", name: 新 }\n  - { operatorId: \"8002\", name: 新 }\n";
    bench.roster(&format!("agents:\n{edits}{absent}"));
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve"], &[]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let edits = |path: &String| path.ends_with("edit/v2");
    while !bench.with(|estate| estate.calls.keys().any(edits)) {
        assert_eq!(child.try_wait().unwrap(), None, "it went on without waiting");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8009").unwrap().name = Some("新人".to_owned());
    });
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{out}");
    assert!(out.contains("agent/8009 was left out: name was 坐席"), "{out}");
    assert_eq!(bench.agents(), ["8001", "8002", "8009"]);
}

#[test]
fn an_agent_that_moves_while_its_edit_waits_is_not_overwritten() {
    let agents = (1..=13).map(|n| format!("  - {{ operatorId: \"{}\", name: 坐席 }}\n", 8000 + n));
    let slow = "faults: { delayMs: { probability: 1, min: 1000, max: 1000 }, only: [edit/v2] }";
    let bench = Bench::new(&format!("{slow}\nagents:\n{}", agents.collect::<String>()));
    bench.workspace("policy: { limits: { floor: 100 } }\n");
    // So many edits share a listing. The first two are in flight, and the next two wait for their places.
    let edits = (1..=13).map(|n| format!("  - {{ operatorId: \"{}\", name: 新 }}\n", 8000 + n));
    bench.roster(&format!("agents:\n{}", edits.collect::<String>()));
    let mut command = command_in(bench.folder.path(), &["apply", "--auto-approve"], &[]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    while !bench.with(|estate| estate.calls.keys().any(|path| path.ends_with("edit/v2"))) {
        assert_eq!(child.try_wait().unwrap(), None, "it went on without waiting");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let waiting = ["8003", "8004"];
    bench.with(|estate| {
        for id in waiting {
            estate.get_mut::<AgentConfig>().agent_mut(id).unwrap().name = Some("新人".to_owned());
        }
    });
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{out}");
    for id in waiting {
        let name = bench.with(|estate| estate.get::<AgentConfig>().agent(id).unwrap().name.clone());
        assert_eq!(name.as_deref(), Some("新人"), "{out}");
    }
}

#[test]
fn an_interrupted_run_queries_no_presence() {
    let bench = bench(&format!("{}{SLOW}", seed()), "protect: [on-call]");
    bench.roster(TEN);
    let child = begun(&bench);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stdout));
    // Only agents of the three that leave a queue first were asked about.
    assert!(singly(&bench) < 3, "all were asked for");
    assert_eq!(bench.agents().len(), 11);
}

#[test]
fn without_a_presence_system_no_agent_is_guarded() {
    let bench = Bench::new(&seed());
    bench.workspace("policy: { limits: { floor: 100 } }\n");
    bench.roster(TEN);
    apply(&bench, &[]).exits(0);
    assert_eq!(bench.agents(), ["8101"]);
}

#[test]
fn what_waits_for_an_agent_at_work_is_no_change_in_the_console() {
    let bench = bench(&seed(), "protect: [on-call]");
    bench.roster(
        "agents:
  - { operatorId: \"8003\", state: absent }
  - { operatorId: \"8007\", enabled: false }
  - { operatorId: \"8005\" }
queues:
  - { displayName: 夜班, assignMembers: [\"8005\"] }
",
    );
    apply(&bench, &[]).exits(4);
    assert_eq!(bench.members("夜班"), [("8003".to_owned(), 3), ("8005".to_owned(), 0)]);
    let metrics = bench.path("metrics").display().to_string();
    let write = format!("prometheus={metrics}");
    let drift = bench.run(&["drift", "--format", "json", "--write", &write]).exits(2).json();
    let changes = drift["changes"].as_array().unwrap();
    let told: Vec<String> =
        changes.iter().map(|c| format!("{} {} {}", c["id"], c["moved"], c["reason"])).collect();
    assert_eq!(
        told,
        [
            r#""agent/8003" "manifest" "waiting: 8003 is on a call; the manifest says `state: absent`""#,
            r#""agent/8007" "manifest" "waiting: 8007 is on a call""#,
            r#""queue/在线" "manifest" "waiting: 8003 is on a call; 8003 is deleted""#,
            r#""queue/夜班" "manifest" "waiting: 8003 is on a call""#,
        ]
    );
    let metrics = std::fs::read_to_string(metrics).unwrap();
    let blamed =
        metrics.lines().filter(|line| line.contains("moved=\"both\"") || line.contains("moved=\"live\""));
    assert!(blamed.into_iter().all(|line| line.ends_with(" 0")), "{metrics}");
    let said = bench.run(&["plan"]).exits(0);
    assert!(!said.out.contains("console"), "{}", said.out);

    // A manifest without the deletion ends the wait.
    bench.roster("agents: [{ operatorId: \"8005\" }]\nqueues: [{ displayName: 夜班, assignMembers: [\"8003\", \"8005\"] }]\n");
    apply(&bench, &[]).exits(0);
    assert!(!std::fs::read_to_string(bench.path(".rosterctl/ledger.json")).unwrap().contains("waiting"));
}
