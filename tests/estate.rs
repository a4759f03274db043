//! An estate as a file and as manifests: snapshot, import, and manual edits of manifests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use std::fs;

use bench::{API_SECRET, Bench, TOKEN, fixed, run_in};

const ROSTER: &str = r#"
agents:
  - { operatorIds: 8001..8009, name: "坐席{operatorId}", role: 坐席, mainSkillGroup: 售前, boundPhone: "13800000000", password: { store: files, key: "x" } }
queues:
  - { displayName: 在线, memberSelector: { mainSkillGroup: 售前 } }
"#;

/// Creates a bench with nine agents in a queue, applied, and a snapshot of it.
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
    // Two agents move in the console and one in the manifest, which also names another role. Only the ledger knows
    // the first role.
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
    assert!(text.contains("13800000000") && text.contains("\"password\":{\"key\""), "{text}");
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
    // A workspace that got another connection later.
    let from = text.find(",\n\"queues\"").unwrap();
    let to = text.find(",\n\"ledger\"").unwrap();
    bench.write("edited.json", &[&text[..from], &text[to..]].concat());
    wrong.push(bench.run(&plan).exits(1).err);
    wrong.push(bench.run(&["plan", "--live", "nowhere.json"]).exits(1).err);
    wrong.push(bench.run(&["snapshot", "--out", "roster/roster.yaml"]).exits(1).err);
    insta::assert_snapshot!(wrong.concat(), @r##"
    error: edited.json is a snapshot of workspace `acme-prod`, and this workspace is `bench`; take one of this workspace with `rosterctl snapshot`
    error: edited.json:3:160: this is no snapshot that can be planned from: invalid value: string "yes", expected true or false for `enabled` (take a new one with `rosterctl snapshot`)
    error: edited.json:13:7: this is no snapshot that can be planned from: unknown field `queue`, expected one of `format`, `program`, `workspace`, `taken`, `agents`, `queues`, `ledger` (take a new one with `rosterctl snapshot`)
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

    // A listing that lacks a row: the file and the exit code report it.
    let rows = r#"{"code":200,"success":true,"data":{"total":2,"count":1,"result":[{"operatorId":"8001"}],"list":[{"exten":"1","displayName":"a"}]}}"#;
    let url = fixed(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{rows}").into_bytes());
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace(&bench.url(), &url));
    bench.run(&["ledger", "rebind"]).exits(0);
    let said = bench.run(&["snapshot", "--out", "doubtful.json"]).exits(6);
    assert!(said.err.contains("the listing of agents could not be proved complete"), "{}", said.err);
    let text = fs::read_to_string(bench.path("doubtful.json")).unwrap();
    assert!(text.contains("\"incomplete\":\""), "{text}");
}

/// Returns a generated seed of agents and queues like those of an old estate.
fn years(agents: u64) -> String {
    use std::fmt::Write as _;
    let mut state = 20_261_125_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let groups = ["售前", "售后/夜班", "../外呼", "Yes", "012", "vip: gold", "售前 ", "CON"];
    let names = ["张三", "yes", "12:30", "O'Neil \"Ann\"", "李 四", "- a", "#1", "null", "\u{202e}x", "王五"];
    let mut seed = "agents:\n".to_owned();
    let mut id = 8000;
    for _ in 0..agents {
        id += 1 + next(40) / 38 * next(50);
        let group = groups[usize::try_from(id / 150 % 8).unwrap()];
        let name = match next(3) {
            0 => format!("外呼{id}"),
            1 => "外呼".to_owned() + &(id % 100).to_string(),
            _ => names[usize::try_from(next(10)).unwrap()].to_owned(),
        };
        let rare = |chance: u64, value: u64, usual: u64| if chance == 0 { value } else { usual };
        writeln!(
            seed,
            "  - {{ operatorId: \"{id}\", name: {name:?}, mainGroupName: {group:?}, operatorType: {}, status: {}, \
             afterInterval: {}, isrecord: {}, outcallflag: {}, isvideo: {}, isHidePhone: {}, judge: {}, sipNumber: \"87{id}\", \
             bindcode: \"{}\", email: \"{}\" }}",
            rare(next(15), 1, 0),
            rare(next(20), 0, 1),
            rare(next(9), next(100), 30),
            rare(next(30), 0, 1),
            rare(next(12), next(9), 2),
            rare(next(25), 1, 0),
            next(2),
            rare(next(40), 0, 1),
            if next(4) == 0 { format!("+86 138 0000 {id}") } else { String::new() },
            if next(9) == 0 { format!("a{id}@example.com") } else { String::new() },
        )
        .unwrap();
    }
    seed + "queues:\n\
        \x20 - { displayName: 在线, memoryTime: \"120\", assignMembers: [{ agentNumber: \"8001\", priority: 3 }] }\n\
        \x20 - { displayName: 在线 }\n\
        \x20 - { displayName: \"off\", memoryTime: \"99\", assignMembers: [{ agentNumber: \"999999\", priority: 0 }] }\n"
}

#[test]
fn after_an_import_the_plan_is_empty() {
    let bench = Bench::new(&years(1_000).replace("\\u{202e}", "\\u202e"));
    let said = bench.run(&["import", "--out", "roster", "--password-store", "files"]).exits(0);
    assert_eq!(said.out, "");
    assert!(said.err.contains("wrote roster/queues.yaml") && !said.err.contains("warning"), "{}", said.err);
    let plan = bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert!(plan.out.starts_with("Nothing to do"), "{}", plan.out);
    assert!(!plan.out.contains("R201") && !plan.out.contains("R202"), "everybody is declared: {}", plan.out);
    let validated = bench.run(&["validate"]).exits(0);
    assert!(validated.out.contains("1000 agents, 3 queues"), "{}", validated.out);
    let queues = fs::read_to_string(bench.path("roster/queues.yaml")).unwrap();
    assert!(queues.contains("exten: \"") && queues.contains("allowEmpty: true"), "{queues}");
    assert!(queues.contains("# Members are not managed: 999999 serves this queue"), "{queues}");
    let all: usize = fs::read_dir(bench.path("roster"))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap().lines().count())
        .sum();
    assert!(all < 2_400, "profiles and pools say it in fewer words: {all} lines");
}

#[test]
fn an_import_writes_over_nothing_and_outside_nothing() {
    let bench = snapped();
    bench.write("imported/queues.yaml", "# mine\n");
    let mut said = vec![
        bench.run(&["import", "--out", "imported"]).exits(1).err,
        bench.run(&["import", "--out", "imported", "--password-store", "file"]).exits(1).err,
    ];
    assert_eq!(fs::read_dir(bench.path("imported")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(bench.path("imported/queues.yaml")).unwrap(), "# mine\n");
    said.push(bench.run(&["import", "--out", "imported", "--force"]).exits(0).err);
    said.push(bench.run(&["import", "--out", "roster"]).exits(0).err);
    insta::assert_snapshot!(said.join("\n"), @r##"
    error: nothing was written, since there is already imported/queues.yaml; name an empty folder, or pass --force to write over

    error: --password-store file: there is no such store; did you mean `files`?

    wrote imported/catalogue.yaml
    wrote imported/queues.yaml
    wrote imported/售前.yaml
    warning: the earlier manifests are not sound, so what they declared was not compared
    warning: the earlier manifests held what the new ones do not: imported/queues.yaml: # mine
    warning: rosterctl.yaml reads no manifest from imported: add that folder to its `manifests`

    wrote roster/catalogue.yaml
    wrote roster/queues.yaml
    wrote roster/售前.yaml
    warning: the workspace has other manifests, roster/roster.yaml; what they declare too is an error: see `rosterctl validate`
    "##);
    assert!(fs::read_to_string(bench.path("imported/queues.yaml")).unwrap().contains("在线"));

    // A listing that lacks a row proves no agent missing.
    let rows = r#"{"code":200,"success":true,"data":{"total":2,"count":1,"result":[{"operatorId":"8001"}],"list":[]}}"#;
    let url = fixed(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{rows}").into_bytes());
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write("rosterctl.yaml", &file.replace(&bench.url(), &url));
    bench.run(&["ledger", "rebind"]).exits(0);
    let said = bench.run(&["import", "--out", "doubtful"]).exits(6);
    assert!(said.err.contains("could not be proved complete"), "{}", said.err);
    assert!(!bench.path("doubtful").exists());
}

#[test]
fn a_forced_import_takes_away_what_an_earlier_one_wrote_and_nothing_else() {
    let bench = snapped();
    fs::remove_file(bench.path("roster/roster.yaml")).unwrap();
    bench.run(&["import", "--out", "roster"]).exits(0);
    let written = fs::read_to_string(bench.path("roster/queues.yaml")).unwrap();
    // Files by hand, files elsewhere, and files of another workspace's import are not this import's.
    bench.write("roster/mine.yaml", "# by hand\napiVersion: rosterctl/v1\nkind: Roster\n");
    bench.write("roster/notes.txt", &written);
    bench.write("elsewhere/queues.yaml", &written);
    bench.write("aside/queues.yaml", &written.replace("was live in", "was live in another"));
    bench.with(|estate| {
        estate.get_mut::<WebchatQueue>().queues.clear();
        for id in 8001..=8009 {
            estate.get_mut::<AgentConfig>().agent_mut(&id.to_string()).unwrap().main_group_name =
                Some("售后".to_owned());
        }
    });
    let said = bench.run(&["import", "--out", "roster", "--force"]).exits(0).err;
    insta::assert_snapshot!(said, @r"
    wrote roster/catalogue.yaml
    wrote roster/售后.yaml
    removed roster/queues.yaml, which an earlier import wrote
    removed roster/售前.yaml, which an earlier import wrote
    warning: the earlier manifests held what the new ones do not: all that was declared of queue/在线
    warning: the workspace has other manifests, roster/mine.yaml; what they declare too is an error: see `rosterctl validate`
    ");
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
    bench.run(&["import", "--out", "aside", "--force"]).exits(0);
    for kept in ["roster/mine.yaml", "roster/notes.txt", "elsewhere/queues.yaml", "aside/queues.yaml"] {
        assert!(bench.path(kept).exists(), "{kept}");
    }
}

#[test]
fn an_import_writes_names_behind_numbers_and_a_former_name_is_no_loss() {
    let bench = Bench::new(
        "agents: [{ operatorId: \"8001\", name: 张三 }, { operatorId: \"8002\", name: 李四 }]\n\
         queues: [{ displayName: 在线, assignMembers: [{ agentNumber: \"8001\" }, { agentNumber: \"8002\", priority: 3 }] }]",
    );
    bench.run(&["import", "--out", "roster"]).exits(0);
    let queues = || fs::read_to_string(bench.path("roster/queues.yaml")).unwrap();
    let members = "      - \"8001\"  # 张三\n      - { agentNumber: \"8002\", priority: 3 }  # 李四\n";
    assert!(queues().ends_with(members), "{}", queues());
    bench.run(&["fmt", "--check", "--names"]).exits(0);
    bench
        .with(|estate| estate.get_mut::<AgentConfig>().agent_mut("8001").unwrap().name = Some("赵敏".into()));
    let said = bench.run(&["import", "--out", "roster", "--force"]).exits(0).err;
    assert!(!said.contains("warning"), "{said}");
    assert!(queues().ends_with(&members.replace("张三", "赵敏")), "{}", queues());
}

#[test]
fn fmt_shows_what_it_would_change_and_changes_it_once() {
    let bench = Bench::new("");
    bench.roster("agents:\n- {name: 'a', operatorId: \"1\", role: r}   # why\n");
    bench.write("roster/fine.yaml", "apiVersion: rosterctl/v1\nkind: Roster\n");
    let before = fs::read_to_string(bench.path("roster/roster.yaml")).unwrap();
    let check = bench.run(&["fmt", "--check"]).exits(1);
    assert_eq!(check.err, "");
    insta::assert_snapshot!(check.out, @r##"
    --- roster/roster.yaml
    +++ roster/roster.yaml (canonical)
    @@ -1,4 +1,4 @@
     apiVersion: rosterctl/v1
     kind: Roster
     agents:
    -- {name: 'a', operatorId: "1", role: r}   # why
    +  - { operatorId: "1", name: "a", role: r }   # why
    "##);
    assert_eq!(fs::read_to_string(bench.path("roster/roster.yaml")).unwrap(), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(bench.path("roster/roster.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    }
    assert_eq!(bench.run(&["fmt"]).exits(0).out, "roster/roster.yaml\n");
    assert_eq!(bench.run(&["fmt"]).exits(0).out, "");
    bench.run(&["fmt", "--check"]).exits(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(bench.path("roster/roster.yaml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "the rights are as they were");
    }
    // An unreadable file is reported, and nothing is written.
    bench.write("roster/fine.yaml", "kind:   Roster\napiVersion: rosterctl/v1\n");
    bench.write("roster/wrong.yaml", "kind: [\n");
    assert!(bench.run(&["fmt"]).exits(1).err.contains("roster/wrong.yaml"));
    assert!(fs::read_to_string(bench.path("roster/fine.yaml")).unwrap().starts_with("kind:   Roster"));
}

#[test]
fn before_the_first_import_doctor_says_how_to_make_it() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    for _ in 0..2 {
        let said = bench.run(&["doctor"]).exits(0);
        assert!(said.out.contains("there are none yet"), "{}", said.out);
        assert!(said.out.contains("`rosterctl import --out roster`"), "{}", said.out);
        // An empty folder holds no manifest either.
        fs::create_dir_all(bench.path("roster")).unwrap();
    }
    bench.run(&["import", "--out", "roster"]).exits(0);
    assert!(bench.run(&["doctor"]).exits(0).out.contains("sound: 1 agent"));
    // An unreadable manifest is no reason to import.
    fs::remove_dir_all(bench.path("roster")).unwrap();
    bench.write("roster/a.yaml", "agents: [");
    assert!(bench.run(&["doctor"]).exits(1).out.contains("error in them"));
}
