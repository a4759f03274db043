//! An estate as a file and as manifests: snapshot, import; and what people do with manifests by hand.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::fs;

use bench::{API_SECRET, Bench, TOKEN, fixed, run_in};

const ROSTER: &str = r#"
agents:
  - { operatorIds: 8001..8009, name: "坐席{operatorId}", role: 坐席, mainSkillGroup: 售前, boundPhone: "13800000000", password: { store: files, key: "x" } }
queues:
  - { displayName: 在线, memberSelector: { mainSkillGroup: 售前 } }
"#;

/// A bench with nine agents in a queue, applied, and a snapshot taken of it.
fn snapped() -> Bench {
    let bench = Bench::new("");
    bench.write("secrets/x", "canary-password\n");
    bench.roster(ROSTER);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let said = bench.run(&["snapshot", "--out", "live.json"]).exits(0);
    assert_eq!((&*said.out, &*said.err), ("", "saved what is live to live.json: 9 agents, 1 queue\n"));
    bench
}

#[test]
fn a_plan_from_a_snapshot_is_the_plan_and_needs_nothing_else() {
    let bench = snapped();
    // Two move in the console, one in the manifest, which also names another role: only the ledger knows the first.
    bench.roster(
        &ROSTER.replace("8001..8009", "8001..8008").replace("role: 坐席", "role: 班长, recording: false"),
    );
    let options = ["--format", "json", "--allow", "changes=20"];
    let real = bench.run(&[&["plan"][..], &options].concat()).exits(0);
    // A fork's checkout: no ledger, no variable, no vendor.
    let fork = tempfile::tempdir().unwrap();
    fs::create_dir(fork.path().join("roster")).unwrap();
    for file in ["rosterctl.yaml", "roster/roster.yaml", "live.json"] {
        fs::copy(bench.path(file), fork.path().join(file)).unwrap();
    }
    drop(bench);
    let elsewhere: Vec<(String, String)> =
        ["BENCH_TOKEN", "BENCH_API_SECRET"].map(|name| (name.to_owned(), String::new())).into();
    let said = run_in(fork.path(), &[&["plan", "--live", "live.json"][..], &options].concat(), &elsewhere);
    assert_eq!((said.code, &*said.out), (0, &*real.out), "{}", said.err);
    assert!(
        real.out.contains("班长") && real.out.contains("\"manifest\""),
        "the ledger is told: {}",
        real.out
    );
    assert!(said.err.contains("planned from the snapshot of bench that was taken at 20"), "{}", said.err);
    assert!(!fork.path().join(".rosterctl").exists(), "nothing is written");
}

#[test]
fn a_snapshot_holds_no_secret_and_is_its_owners_alone() {
    let bench = snapped();
    bench.workspace("ledger: { fingerprintKey: { store: ci, key: TOKEN } }\n");
    bench.run(&["apply", "--auto-approve", "--assert-unread", "--allow", "changes=9"]).exits(0);
    bench.run(&["snapshot", "--out", "live.json"]).exits(0);
    let text = fs::read_to_string(bench.path("live.json")).unwrap();
    assert!(text.contains("13800000000") && text.contains("\"password\":{}"), "{text}");
    for secret in [TOKEN, API_SECRET, "canary-password", "fingerprint", "sipPassword"] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(bench.path("live.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_snapshot_of_another_workspace_or_none_is_refused() {
    let bench = snapped();
    let text = fs::read_to_string(bench.path("live.json")).unwrap();
    let plan = ["plan", "--live", "edited.json"];
    let mut wrong = Vec::new();
    for (old, new) in [
        ("\"workspace\":\"bench\"", "\"workspace\":\"acme-prod\""),
        ("\"enabled\":true", "\"enabled\":\"yes\""),
        ("\"queues\":{", "\"queue\":{"),
    ] {
        assert!(text.contains(old), "{text}");
        bench.write("edited.json", &text.replacen(old, new, 1));
        let said = bench.run(&plan).exits(1);
        assert_eq!(said.out, "");
        wrong.push(said.err);
    }
    // A workspace that got a connection since.
    let from = text.find(",\n\"queues\"").unwrap();
    let to = text.find(",\n\"ledger\"").unwrap();
    bench.write("edited.json", &[&text[..from], &text[to..]].concat());
    wrong.push(bench.run(&plan).exits(1).err);
    wrong.push(bench.run(&["plan", "--live", "nowhere.json"]).exits(1).err);
    wrong.push(bench.run(&["snapshot", "--out", "roster/roster.yaml"]).exits(1).err);
    insta::assert_snapshot!(wrong.concat(), @r##"
    error: edited.json is a snapshot of workspace `acme-prod`, and this workspace is `bench`; take one of this workspace with `rosterctl snapshot`
    error: edited.json:3:97: this is no snapshot that can be planned from: invalid value: string "yes", expected true or false for `enabled` (take a new one with `rosterctl snapshot`)
    error: edited.json:13:7: this is no snapshot that can be planned from: unknown field `queue` of a snapshot; did you mean `queues`? (take a new one with `rosterctl snapshot`)
    error: edited.json was taken without connection `webchat` and says nothing of its queues; take a new one with `rosterctl snapshot`
    error: nowhere.json cannot be read: No such file or directory (os error 2)
    error: --out roster/roster.yaml would overwrite a file of the workspace
    "##);
}

#[test]
fn what_was_not_proved_complete_stays_so() {
    let bench = snapped();
    let text = fs::read_to_string(bench.path("live.json")).unwrap();
    let doubt = "\"agents\":{\"incomplete\":\"8 of 9 rows\",";
    bench.write("live.json", &text.replacen("\"agents\":{", doubt, 1));
    bench.roster(&ROSTER.replace("8001..8009", "8001..8010"));
    let said = bench.run(&["plan", "--live", "live.json"]).exits(6);
    assert!(said.out.contains("(8 of 9 rows), so no agent is created"), "{}", said.out);
    assert!(!said.out.contains("agent/8010"), "{}", said.out);

    // A listing that lacks a row: the file says so, and so does the exit code.
    let rows = r#"{"code":200,"success":true,"data":{"total":2,"count":1,"result":[{"operatorId":"8001"}],"list":[{"exten":"1","displayName":"a"}]}}"#;
    let url = fixed(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{rows}").into_bytes());
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace(&bench.url(), &url));
    let said = bench.run(&["snapshot", "--out", "doubtful.json"]).exits(6);
    assert!(said.err.contains("the listing of agents could not be proved complete"), "{}", said.err);
    let text = fs::read_to_string(bench.path("doubtful.json")).unwrap();
    assert!(text.contains("\"incomplete\":\""), "{text}");
}
