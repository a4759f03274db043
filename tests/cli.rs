//! Commands, streams and exit codes; the messages for errors.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::fs;
use std::process::{Command, Stdio};

use bench::{API_SECRET, Bench, TOKEN, command_in, fixed, run_in, timeless};

const TWENTY: &str = r#"
agents:
  - { operatorIds: 8001..8020, name: "坐席{operatorId}", role: 坐席, mainSkillGroup: 售前, recording: true }
queues:
  - { displayName: 在线, memberSelector: { mainSkillGroup: 售前 } }
"#;

/// Creates a bench with twenty agents in a queue, applied.
fn twenty() -> Bench {
    let bench = Bench::new("");
    bench.roster(TWENTY);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench
}

/// Returns the output with the parts that differ from run to run replaced.
fn general(bench: &Bench, text: &str) -> String {
    text.replace(&bench.url(), "http://VENDOR").replace(&*bench.folder.path().to_string_lossy(), "FOLDER")
}

#[test]
fn bad_usage_is_1_and_never_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["plan", "--no-such-flag"][..],
        &["no-such-command"],
        &[],
        &["plan", "--target", "8001"],
        &["plan", "--allow", "everything=1"],
        &["apply", "--format", "xml"],
        &["schema", "roaster"],
        &["plan", "nowhere"],
        &["validate"],
    ] {
        let said = run_in(folder.path(), arguments, &[]);
        assert_eq!(said.code, 1, "{arguments:?}: {}", said.err);
        assert_eq!(said.out, "", "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["plan", "--help"], &["schema", "roster"]] {
        let said = run_in(folder.path(), arguments, &[]).exits(0);
        assert!(!said.out.is_empty(), "{arguments:?}");
    }
    assert!(run_in(folder.path(), &["explain", "agent.sip"], &[]).exits(0).out.contains("unbindSip"));
    assert!(run_in(folder.path(), &["explain", "agent.sap"], &[]).exits(1).err.contains("`agent.sip`"));
    run_in(folder.path(), &["man", "--out", "man"], &[]).exits(0);
    let page = fs::read_to_string(folder.path().join("man/rosterctl-plan.1")).unwrap();
    assert!(page.contains(".TH rosterctl-plan 1") && page.contains("\\-\\-live"), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(run_in(folder.path(), &["completions", shell], &[]).exits(0).out.contains("rosterctl"));
    }
}

/// Checks that a closed standard error does not stop a run half-way, as in `apply -v 2>&1 | head`.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_error_that_cannot_be_written_stops_nothing() {
    let bench = Bench::new("");
    bench.roster(TWENTY);
    for arguments in [&["plan", "-v"][..], &["apply", "-v", "--auto-approve"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = command_in(bench.folder.path(), arguments, &[]);
        let run = command.env("RUST_LOG", "debug").stderr(full).output().unwrap();
        assert_eq!(run.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&run.stdout));
    }
}

#[test]
fn a_plan_reads_well_and_an_apply_says_what_it_did() {
    let bench = Bench::new("");
    bench.roster(TWENTY);
    let plan = bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    insta::assert_snapshot!(timeless(&plan.out), @r"
    Can be applied.
    Live state of …

    Queues (1)
      + queue/在线        20 members: 8001..8020

    Who joins (20)
      + agent/8001..8020  20 agents · 坐席{operatorId} · 坐席 · 售前 · recording true

    Plan: 21 to create, 0 to update, 0 to replace, 0 to delete; 21 calls, about a moment under the rate limits.
    ");
    let apply = bench.run(&["apply", "--auto-approve", "-q"]).exits(0);
    assert!(apply.out.contains("Applied: 21 of 21 steps done; all that"), "{}", apply.out);
    assert_eq!(apply.err, "");
    bench.roster(
        &TWENTY
            .replace("recording: true", "recording: false, wrapUpSeconds: 20")
            .replace("8001..8020", "8001..8019"),
    );
    let plan = bench.run(&["plan", "--allow", "changes=20"]).exits(0);
    insta::assert_snapshot!(timeless(&plan.out), @"
    Can be applied.
    Live state of …
    allowed for this run: changes up to 20

    Queues (1)
      ~ queue/在线        20 -> 19 (−1, −5 %) · leaving: 8020 坐席8020 (the selector does not choose 8020: no manifest declares such an agent)

    Who changes (19)
      ~ agent/8001..8019  19 agents · 坐席{operatorId} · wrapUpSeconds 0 -> 20 · recording true -> false

    Good to know (1)
      i R201  agent/8020 (坐席8020) is live and stands in no manifest

    Plan: 0 to create, 20 to update, 0 to replace, 0 to delete, 1 to look at; 20 calls, about a moment under the rate limits.
    ");
}

#[test]
fn without_a_terminal_and_without_approval_nothing_is_written() {
    let bench = Bench::new("");
    bench.roster(TWENTY);
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    for arguments in [&["apply"][..], &["apply", "--plan", "plan.json"]] {
        let said = bench.run(arguments).exits(1);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.err, @"error: the plan cannot be approved here (standard input is no terminal): nothing was changed; pass --auto-approve once the plan has been reviewed");
        }
    }
    assert!(bench.agents().is_empty());
}

#[test]
fn a_saved_plan_is_carried_out_exactly_and_goes_stale() {
    let bench = twenty();
    bench.roster(&TWENTY.replace("8001..8020", "8001..8019").replace(
        "queues:",
        "  - { operatorId: \"8020\", name: 新名, role: 坐席, mainSkillGroup: 售前 }\nqueues:",
    ));
    let plan = bench.run(&["plan", "--out", "plan.json", "--format", "json"]).exits(0).json();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&fs::read_to_string(bench.path("plan.json")).unwrap())
            .unwrap(),
        plan
    );

    // A person edits the plan by hand.
    let text = fs::read_to_string(bench.path("plan.json")).unwrap();
    bench.write("edited.json", &text.replace("新名", "另名"));
    let said = bench.run(&["apply", "--auto-approve", "--plan", "edited.json"]).exits(3);
    insta::assert_snapshot!(said.err, @"error: the plan edited.json is stale: its content was changed after it was saved; plan again");

    // A person edits the agent in the console.
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8020").unwrap().name = Some("别名".to_owned());
    });
    let said = bench.run(&["apply", "--auto-approve", "--plan", "plan.json"]).exits(3).err;
    let at = said.find(" at 2").unwrap() + 4;
    let said = said.replace(&said[at..at + "2026-11-21T08:00:00Z".len()], "WHEN");
    insta::assert_snapshot!(said, @r"
    error: the plan is stale, and nothing was written; since it was made at WHEN, this moved:
      agent/8020: name was 坐席8020 when the plan was made and is 别名 now
    plan again, or leave out what moved with --skip-stale
    ");
    bench.run(&["apply", "--auto-approve", "--plan", "plan.json", "--skip-stale"]).exits(5);
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8020").unwrap().name = Some("坐席8020".to_owned());
    });
    bench.run(&["apply", "--auto-approve", "--plan", "plan.json"]).exits(0);
    bench.with(|estate| {
        assert_eq!(estate.get::<AgentConfig>().agent("8020").unwrap().name.as_deref(), Some("新名"));
    });

    // A person edits a manifest.
    bench.roster(TWENTY);
    let said = bench.run(&["apply", "--auto-approve", "--plan", "plan.json"]).exits(3);
    insta::assert_snapshot!(said.err, @"error: the plan plan.json is stale: the workspace file or the manifests changed since it was made; plan again");
}

#[test]
fn policy_refuses_and_says_how_to_go_on() {
    let bench = twenty();
    let refused = |workspace: &str, roster: &str, arguments: &[&str]| {
        bench.workspace(workspace);
        bench.roster(roster);
        let before = bench.with(|estate| estate.revision);
        let said = bench.run(&[&["apply", "--auto-approve"], arguments].concat()).exits(4);
        assert_eq!(bench.with(|estate| estate.revision), before, "something was written");
        said.err
    };
    let tombs = (8001..8007).fold(String::new(), |all, id| {
        format!(
            "{all}  - {{ operatorId: \"{id}\", state: absent }}
"
        )
    });
    let rest =
        "  - { operatorIds: 8007..8020, name: \"坐席{operatorId}\", role: 坐席, mainSkillGroup: 售前 }\n";
    let roster = format!(
        "agents:\n{tombs}{rest}queues:\n  - {{ displayName: 在线, memberSelector: {{ mainSkillGroup: 售前 }} }}\n"
    );
    insta::assert_snapshot!(refused("", &roster, &["--allow", "members=6"]), @r"
    error: 6 of 20 agents would be deleted, more than `policy.limits.deletes: 10%` allows; if this is meant, --allow deletes=6 lifts the limit for one run
    error: refused by policy, nothing was changed
    ");
    insta::assert_snapshot!(refused("policy: { limits: { memberRemovals: 10% } }\n", &roster, &["--allow", "deletes=6"]), @r"
    error: queue/在线 would lose 6 of its 20 members, more than `policy.limits.memberRemovals: 10%` allows; if this is meant, --allow members=6 lifts the limit for one run
    error: refused by policy, nothing was changed
    ");
    insta::assert_snapshot!(refused("", &TWENTY.replace("recording: true", "recording: false"), &[]), @r"
    error: 20 of 21 agents and queues would be changed, more than `policy.limits.changes: 50%` allows; if this is meant, --allow changes=20 lifts the limit for one run
    error: refused by policy, nothing was changed
    ");
    let one = "agents:\n  - { operatorId: \"8001\", state: absent, protect: true }\n";
    insta::assert_snapshot!(refused("", one, &[]), @r"
    error: agent/8001 is protected and would be deleted; remove `protect: true` first, in a change of its own
    error: refused by policy, nothing was changed
    ");
    let few = TWENTY.replace("{ mainSkillGroup: 售前 } }", "{ mainSkillGroup: 售前 }, minMembers: 21 }");
    insta::assert_snapshot!(refused("", &few, &[]), @r"
    error: queue/在线 would keep 20 members, fewer than its `minMembers: 21`
    error: refused by policy, nothing was changed
    ");
    bench.workspace("");
    bench.roster(&roster);
    bench.run(&["apply", "--auto-approve", "--allow", "deletes=6", "--allow", "members=6"]).exits(0);
    assert_eq!(bench.agents().len(), 14);
}

#[test]
fn what_does_not_fit_what_is_live_is_shown_with_its_line() {
    let bench = Bench::new(
        "queues:\n  - { displayName: 在线, exten: \"11\" }\n  - { displayName: 在线, exten: \"12\" }\n",
    );
    bench.roster(
        r#"agents:
  - { operatorId: "8001", name: 张三 }
queues:
  - displayName: 在线
    assignRule: random
  - displayName: 售后
    assignMembers: ["8001", "8O01"]
"#,
    );
    let said = bench.run(&["plan"]).exits(1);
    insta::assert_snapshot!(said.err, @r#"
    error: 2 live queues are named `在线`: `11`, `12`; say which one is meant with `exten:` in the manifest
     --> roster/roster.yaml:6:5
      |
    6 |   - displayName: 在线
      |     ^^^^^^^^^^^

    error: queue/售后 names agent `8O01`, which is neither declared nor live: the vendor would skip it in silence; did you mean `8001`?
     --> roster/roster.yaml:9:29
      |
    9 |     assignMembers: ["8001", "8O01"]
      |                             ^^^^^^
      = help: Declare the agent, correct its number, or take it out of the queue.

    error: agent/8001 would be made without a role, and the vendor would pick one at random; add `role:`, or `allowAnyRole: true` if any will do
     --> roster/roster.yaml:4:5
      |
    4 |   - { operatorId: "8001", name: 张三 }
      |     ^

    error: 3 errors in 1 file
    "#);
    bench.run(&["apply", "--auto-approve"]).exits(1);
    assert!(bench.agents().is_empty());
}

#[test]
fn a_target_names_something_or_is_an_error() {
    let bench = twenty();
    bench.roster(&TWENTY.replace("recording: true", "recording: false"));
    let said = bench.run(&["plan", "--target", "agent/80O1"]).exits(1);
    insta::assert_snapshot!(said.err, @"error: target `agent/80O1` names nothing that is declared or live; did you mean `agent/8001`?");
    // A suggestion never names a tombstone.
    let absent = "  - { operatorId: \"80O1\", state: absent }\nqueues:";
    bench.roster(&TWENTY.replace("recording: true", "recording: false").replace("queues:", absent));
    let said = bench.run(&["plan", "--target", "agent/80O2"]).exits(1);
    assert!(said.err.contains("did you mean `agent/8002`?"), "{}", said.err);
    bench.run(&["apply", "--auto-approve", "--target", "agent/8001"]).exits(0);
    bench.with(|estate| {
        let recorded: i64 = estate.get::<AgentConfig>().agents().map(|a| a.isrecord).sum();
        assert_eq!(recorded, 19);
    });
}

#[test]
fn a_member_that_the_vendor_skips_in_silence_is_no_success() {
    let bench = Bench::new("agents:\n  - { operatorId: \"9001\", name: 临时 }\n");
    bench.roster(
        "agents:\n  - { operatorId: \"8001\", name: 张三, role: 坐席 }\nqueues:\n  - { displayName: 在线, assignMembers: [\"8001\", \"9001\"] }\n",
    );
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    bench.with(|estate| estate.get_mut::<AgentConfig>().remove("9001"));
    let said = bench.run(&["apply", "--auto-approve", "--plan", "plan.json", "-q"]).exits(5);
    insta::assert_snapshot!(timeless(&said.out), @"
    Can be applied.
    Live state of …

    Queues (1)
      + queue/在线  2 members: 8001, 9001

    Who joins (1)
      + agent/8001  张三 · 坐席

    Good to know (1)
      i R201  agent/9001 (临时) is live and stands in no manifest

    Plan: 2 to create, 0 to update, 0 to replace, 0 to delete, 1 to look at; 2 calls, about a moment under the rate limits.

      ! failed queue/在线  create · it did not take effect: queue/在线: the vendor skipped 9001 in silence

    Applied in part, by steps: 1 done, 1 failed, 0 skipped, 0 of unknown outcome. Running apply again does the rest.
    ");
    let said = bench.run(&["plan"]).exits(1);
    assert!(said.err.contains("neither declared nor live"), "{}", said.err);
}

#[test]
fn a_secret_that_is_not_there_stops_the_run_before_its_first_write() {
    let mut bench = Bench::new("");
    bench.roster(
        r#"agents:
  - { operatorId: "8001", name: 张三, role: 坐席, password: { store: files, key: "agents/{operatorId}" } }
  - { operatorId: "8002", name: 李四, role: 坐席, password: { store: files, key: "short" } }
"#,
    );
    bench.write("secrets/short", "12345\n");
    let said = bench.run(&["apply", "--auto-approve"]).exits(1);
    insta::assert_snapshot!(general(&bench, &said.err), @r#"
    error: store `files` has no key `agents/8001`: write it to the file ./secrets/agents/8001
     --> roster/roster.yaml:4:57
      |
    4 |   - { operatorId: "8001", name: 张三, role: 坐席, password: { store: files, key: "agents/{operatorId}" } }
      |                                                             ^

    error: the password files:short is not of 6 to 32 characters, as the vendor asks: store another one
     --> roster/roster.yaml:5:57
      |
    5 |   - { operatorId: "8002", name: 李四, role: 坐席, password: { store: files, key: "short" } }
      |                                                             ^

    error: 2 errors in 1 file
    "#);
    assert!(bench.agents().is_empty());
    bench.environment.push(("BENCH_TOKEN".to_owned(), String::new()));
    let said = bench.run(&["plan"]).exits(1);
    insta::assert_snapshot!(general(&bench, &said.err), @"
    error: connection `agents` cannot sign its calls: store `ci` has no key `TOKEN`: set the environment variable BENCH_TOKEN
     --> rosterctl.yaml:6:3
      |
    6 |   agents:
      |   ^^^^^^

    error: 1 error in 1 file
    ");
}

#[test]
fn no_secret_stands_in_anything_that_is_written() {
    let bench = Bench::new("");
    bench.write("secrets/8001", "canary-password\n");
    bench.roster("agents:\n  - { operatorId: \"8001\", name: 张三, role: 坐席, password: { store: files, key: \"8001\" } }\n");
    let mut all = String::new();
    for arguments in [
        &["validate"][..],
        &["plan", "-v", "--out", "plan.json"],
        &["plan", "--format", "json"],
        &["apply", "--auto-approve", "-v"],
        &["apply", "--auto-approve", "--format", "json"],
    ] {
        let said = bench.run(arguments).exits(0);
        all.push_str(&said.out);
        all.push_str(&said.err);
    }
    for file in ["plan.json", ".rosterctl/ledger.json"] {
        all.push_str(&fs::read_to_string(bench.path(file)).unwrap());
    }
    for secret in [TOKEN, API_SECRET, "canary-password", "sig=", "21b1dd4ffc8c8a5a4ff8cbaca4d2a9e9"] {
        assert!(!all.contains(secret), "{secret} in\n{all}");
    }
}

fn answered(head: &str, body: &str) -> String {
    let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}");
    let url = fixed(answer.into_bytes());
    said_of(&url)
}

/// Creates a workspace whose agents are at a server.
fn at(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("roster")).unwrap();
    fs::write(folder.path().join("roster/a.yaml"), "apiVersion: rosterctl/v1\nkind: Roster\n").unwrap();
    fs::write(
        folder.path().join("rosterctl.yaml"),
        format!(
            "apiVersion: rosterctl/v1\nkind: Workspace\nname: w\nmanifests: [roster]\nconnections:\n  agents: {{ provider: agent-config, baseUrl: {url}, abbreviate: a, token: {{ store: ci, key: TOKEN }}, timeout: 2s, retry: {{ attempts: 1, total: 1s }} }}\nsecrets: {{ ci: {{ type: env, prefix: BENCH_ }} }}\n"
        ),
    )
    .unwrap();
    folder
}

fn said_of(url: &str) -> String {
    let said = run_in(at(url).path(), &["plan"], &[]).exits(6);
    assert_eq!(said.out, "");
    said.err.replace(url, "http://VENDOR")
}

#[test]
fn a_run_that_is_interrupted_before_it_writes_exits_with_130_and_frees_the_lock() {
    // A vendor that accepts the call and never answers.
    let vendor = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = at(&format!("http://{}", vendor.local_addr().unwrap()));
    let workspace = folder.path().join("rosterctl.yaml");
    // The interrupt must come before the time-out, even on a busy machine.
    fs::write(&workspace, fs::read_to_string(&workspace).unwrap().replace("timeout: 2s", "timeout: 300s"))
        .unwrap();
    let mut apply = command_in(folder.path(), &["apply", "--auto-approve"], &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _call = vendor.accept().unwrap();
    Command::new("kill").args(["-INT", &apply.id().to_string()]).status().unwrap();
    assert_eq!(apply.wait().unwrap().code(), Some(130));
    let said = run_in(folder.path(), &["unlock"], &[]).exits(0);
    assert_eq!(said.out, "No run holds the lock: nothing to free.\n");

    // With `--format json` the output is JSON even after an interrupt.
    let plan = command_in(folder.path(), &["plan", "--format", "json"], &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _call = vendor.accept().unwrap();
    Command::new("kill").args(["-INT", &plan.id().to_string()]).status().unwrap();
    let plan = plan.wait_with_output().unwrap();
    assert_eq!(plan.status.code(), Some(130));
    let said: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!((&said["format"], &said["exit"]), (&"rosterctl.error/v1".into(), &130.into()));
}

#[test]
fn json_output_stays_json_for_a_broken_workspace() {
    let bench = Bench::new("");
    bench.roster("agents: [{ operatorId: 8001 }]\n");
    let manifest = bench.run(&["status", "--format", "json"]).exits(1).json();
    assert_eq!(
        (&manifest["format"], &manifest["workspace"]),
        (&"rosterctl.error/v1".into(), &"bench".into())
    );
    let diagnostic = &manifest["diagnostics"][0];
    assert_eq!(diagnostic["source"]["file"], "roster/roster.yaml");
    assert!(diagnostic["kind"].is_string() && diagnostic["args"].is_object(), "{diagnostic}");
    // `doctor` reports it as one check among others.
    assert_eq!(bench.run(&["doctor", "--format", "json"]).exits(1).json()["format"], "rosterctl.doctor/v1");
    bench.write("rosterctl.yaml", "name: [");
    for command in ["status", "doctor", "plan", "apply", "drift"] {
        let said = bench.run(&[command, "--format", "json"]).exits(1);
        assert_eq!(said.json()["format"], "rosterctl.error/v1", "{command}");
        assert!(said.err.contains("rosterctl.yaml:1:"), "{command}: {}", said.err);
    }
    assert_eq!(bench.run(&["status", "--format", "csv"]).exits(1).out, "");
}

#[test]
fn an_answer_that_is_none_is_said_to_be_so() {
    let all = [
        answered("200 OK\r\nContent-Type: text/html", "<html><title>Gateway login</title></html>"),
        answered("200 OK", "{\"code\":0,\"msg\":\"ok\",\"data\":{\"result\":[{\"opera"),
        answered("200 OK\r\nContent-Length: 900", "{\"code\":0"),
        answered("200 OK", "{\"code\":0,\"msg\":\"ok\",\"data\":\"surprise\"}"),
        answered(
            "200 OK",
            "{\"code\":0,\"msg\":\"ok\",\"data\":{\"total\":1,\"result\":[{\"operatorId\":{}}]}}",
        ),
        answered("200 OK", "{\"code\":1042,\"msg\":\"企业缩写不存在\"}"),
        answered("200 OK", "{\"msg\":\"ok\"}"),
        answered("401 Unauthorized", "{\"code\":401,\"msg\":\"token expired\"}"),
        answered("503 Service Unavailable", "busy"),
        answered("200 OK", &" ".repeat(65 * 1024 * 1024)),
        said_of("http://127.0.0.1:9"),
    ];
    insta::assert_snapshot!(all.concat(), @"
    error: connection `agents` (agent-config, http://VENDOR): a page of HTML or XML titled `Gateway login` instead of JSON (a proxy or a login page may stand in between)
    error: connection `agents` (agent-config, http://VENDOR): JSON that ends in the middle, after 46 bytes
    error: connection `agents` (agent-config, http://VENDOR): the answer broke off after 9 bytes: end of file before message length reached
    error: connection `agents` (agent-config, http://VENDOR): `data` is text where an object is documented
    error: connection `agents` (agent-config, http://VENDOR): `data.result[0].operatorId` is an object where text is documented
    error: connection `agents` (agent-config, http://VENDOR): code 1042: 企业缩写不存在
    error: connection `agents` (agent-config, http://VENDOR): JSON without the documented `code`
    error: connection `agents` (agent-config, http://VENDOR): HTTP 401: code 401: token expired; check the connection's credentials, and this machine's clock
    error: connection `agents` (agent-config, http://VENDOR): HTTP 503, no JSON (expected value at line 1 column 1)
    error: connection `agents` (agent-config, http://VENDOR): an answer larger than 64 MiB
    error: connection `agents` (agent-config, http://VENDOR): no connection: Connection refused (os error 111)
    ");
}

#[test]
fn drift_says_which_side_moved_and_exits_with_2() {
    let bench = twenty();
    bench.run(&["drift"]).exits(0);
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8001").unwrap().name = Some("别名".to_owned());
    });
    let said = bench.run(&["drift"]).exits(2);
    insta::assert_snapshot!(timeless(&said.out), @"
    The live systems differ from the manifests.
    Live state of …
    What is live stands first, what the manifest says after it. Nothing has been changed.

    What was changed in the console (1)
      ~ agent/8001  name 别名 -> 坐席8001 (changed since, not by this ledger)

    Drift: 0 missing, 1 different, 0 to make again, 0 unwanted; an apply would take 1 call, about a moment under the rate limits.
    ");
    bench.roster(&TWENTY.replace("recording: true", "recording: false"));
    // A difference that a limit would refuse to apply is still a difference.
    let drift = bench.run(&["drift", "--format", "json"]).exits(2).json();
    assert_eq!(drift["format"], "rosterctl.drift/v1");
    assert_eq!(drift["changes"][0]["moved"], "both");
    assert_eq!(drift["changes"][0]["fields"][0]["moved"], "live");
    assert_eq!(drift["changes"][1]["moved"], "manifest");
}

#[test]
fn a_queue_created_too_late_gets_no_duplicate() {
    let bench = Bench::new("faults: { seed: 3, delayMs: { probability: 1, max: 2500 }, only: [addQueue] }\n");
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace("accountId: N1", "accountId: N1\n    timeout: 100ms"));
    bench.roster("queues:\n  - { displayName: 在线 }\n");
    let said = bench.run(&["apply", "--auto-approve"]);
    assert!([0, 5].contains(&said.code), "{}", said.err);
    std::thread::sleep(std::time::Duration::from_millis(2600));
    assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 1);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.with(|estate| estate.get::<WebchatQueue>().queues.len()), 1);
}

#[test]
fn several_workspaces_are_shared_out_and_the_gravest_code_wins() {
    let folder = tempfile::tempdir().unwrap();
    let roster =
        "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8001\", name: 甲, role: 坐席 }]\n";
    for (name, host) in [("a", "sandbox"), ("b", "http://127.0.0.1:1"), ("c", "sandbox"), ("d", "nowhere")] {
        let place = folder.path().join(name);
        fs::create_dir_all(place.join("roster")).unwrap();
        fs::write(place.join("roster/all.yaml"), roster).unwrap();
        let workspace = format!(
            "apiVersion: rosterctl/v1\nkind: Workspace\nname: {name}\nmanifests: [roster]\n\
             secrets: {{ ci: {{ type: env, prefix: R_ }} }}\n\
             connections: {{ agents: {{ provider: agent-config, baseUrl: \"{host}\", abbreviate: x, \
             retry: {{ attempts: 1 }}, token: {{ store: ci, key: T }} }} }}\n"
        );
        fs::write(place.join("rosterctl.yaml"), workspace).unwrap();
    }
    let run = |arguments: &[&str]| run_in(folder.path(), arguments, &[("R_T".to_owned(), "t".to_owned())]);
    let names = |report: serde_json::Value| -> Vec<String> {
        let all = report["workspaces"].as_array().unwrap().clone();
        all.iter().filter_map(|one| Some(one.get("workspace")?.as_str()?.to_owned())).collect()
    };
    for command in ["plan", "drift"] {
        let first = run(&[command, "--format", "json", "--shard", "1/2", "a", "b", "c", "d"]);
        assert_eq!(names(first.json()), ["a", "c"], "{command}");
        // One workspace cannot be reached, the other is wrong: the exit code is the graver one, and each error is
        // shown.
        let second = run(&[command, "--format", "json", "--shard", "2/2", "a", "b", "c", "d"]).exits(6);
        second.json();
        assert!(
            second.err.contains("connection `agents`") && second.err.contains("nowhere"),
            "{}",
            second.err
        );
        // A share may be empty; its report has the same form.
        let none = run(&[command, "--format", "json", "--shard", "2/2", "a"]).exits(0);
        assert!(names(none.json()).is_empty());
    }
    assert!(run(&["validate", "--shard", "1/2", "a", "b", "c", "d"]).exits(0).out.starts_with("a: sound"));
    run(&["validate", "--shard", "2/2", "a", "b", "c", "d"]).exits(1);
    run(&["plan", "--shard", "3/2", "a"]).exits(1);
}

/// Checks that an unreadable manifest is an error. Skipping it would delete its agents.
#[cfg(unix)]
#[test]
fn a_manifest_that_cannot_be_read_is_never_passed_over() {
    use std::os::unix::fs::symlink;

    let bench = Bench::new("");
    bench.roster(TWENTY);
    bench.write("elsewhere/b.yaml", "apiVersion: rosterctl/v1\nkind: Roster\n");
    for (target, name, says) in [
        ("nowhere.yaml", "roster/b.yaml", "leads to nothing that can be read"),
        ("nowhere", "roster/team", "leads to nothing that can be read"),
        ("../elsewhere", "roster/team", "a link to a folder"),
        ("/", "roster/team", "a link to a folder"),
        ("/dev/null", "roster/b.yaml", "this is no plain file"),
    ] {
        symlink(target, bench.path(name)).unwrap();
        let said = bench.run(&["plan"]).exits(1);
        assert!(said.err.contains(says) && said.err.contains(name), "{target}: {}", said.err);
        fs::remove_file(bench.path(name)).unwrap();
    }
    symlink("../elsewhere/b.yaml", bench.path("roster/b.yaml")).unwrap();
    bench.run(&["plan"]).exits(1);
    fs::remove_file(bench.path("roster/b.yaml")).unwrap();
    symlink("roster.yaml", bench.path("roster/b.txt")).unwrap();
    bench.run(&["plan"]).exits(0);
}

#[test]
fn a_command_that_waits_for_a_file_ends_with_a_signal() {
    let folder = at("http://127.0.0.1:9");
    fs::create_dir(folder.path().join(".rosterctl")).unwrap();
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    };
    let (ledger, other) = (pipe(".rosterctl/ledger.json"), pipe("pipe"));
    for (arguments, pipe) in [
        (&["plan", "--format", "json"][..], &ledger),
        (&["apply", "--auto-approve"], &ledger),
        (&["apply", "--auto-approve", "--plan", "pipe"], &other),
        (&["plan", "--live", "pipe"], &other),
    ] {
        let mut command = command_in(folder.path(), arguments, &[]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Opened after the program opened the other end; nothing is written.
        let held = fs::OpenOptions::new().write(true).open(pipe).unwrap();
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        let ended = child.wait_with_output().unwrap();
        drop(held);
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(130), "{arguments:?}: {err}");
        assert!(err.contains("interrupted; nothing was changed"), "{arguments:?}: {err}");
        assert_eq!(ended.stdout.is_empty(), !arguments.contains(&"json"), "{arguments:?}");
        // The next run gets the lock at once.
        run_in(folder.path(), &["unlock"], &[]).exits(0);
    }
}

#[test]
fn too_few_files_are_said_and_panic_nowhere() {
    let folder = at("http://127.0.0.1:9");
    for limit in 6..=24 {
        let binary = env!("CARGO_BIN_EXE_rosterctl");
        let limited = format!("ulimit -n {limit}; exec '{binary}' plan");
        let said = Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output().unwrap();
        let err = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(1), "{limit}: {err}");
        assert!(err.contains("ulimit -n") && !err.contains("panicked"), "{limit}: {err}");
    }
}

#[test]
fn a_rate_limit_is_shared_where_there_is_no_home() {
    let bench = Bench::new("rateLimit: { calls: 3, claimCalls: 3, perMs: 3000 }\n");
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let limit = "rateLimit: { calls: 3, per: 3s }\n    timeout: 1s";
    bench.write("rosterctl.yaml", &file.replace("rateLimit: { calls: 1000, per: 1s }", limit));
    bench.roster("queues: []\n");
    let temporary = bench.path("tmp");
    fs::create_dir(&temporary).unwrap();
    for state in ["", "/dev/null/nowhere"] {
        let runs: Vec<_> = (0..5)
            .map(|_| {
                let mut command = command_in(bench.folder.path(), &["plan"], &[]);
                command.env("XDG_STATE_HOME", state).env("HOME", "/dev/null").env("TMPDIR", &temporary);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        for mut run in runs {
            assert_eq!(run.wait().unwrap().code(), Some(0));
        }
    }
    // One call per run: the vendor refused none.
    let calls = |estate: &mut rosterctl::sandbox::vendor_state::VendorState| -> usize {
        estate.calls.iter().filter(|(path, _)| path.contains("queueQueue/")).map(|(_, count)| count).sum()
    };
    assert_eq!(bench.with(calls), 10);
    let window = fs::read_dir(&temporary).unwrap().next().unwrap().unwrap().path().join("rate");
    assert!(fs::read_dir(window).unwrap().count() > 0);
    // If no folder is writable, the program says so.
    let mut command = command_in(bench.folder.path(), &["plan"], &[]);
    let alone = command.env("XDG_STATE_HOME", "/dev/null/a").env("TMPDIR", "/dev/null/b").output().unwrap();
    let err = String::from_utf8(alone.stderr).unwrap();
    assert!(err.contains("is kept by this process alone"), "{err}");
}
