//! Secrets: unusable values, unreachable stores, missing keys, and keys that a rotation may overwrite.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/chinese.rs"]
mod chinese;
#[path = "support/vault.rs"]
mod vault;

use std::fs;

use bench::{API_SECRET, Bench, TOKEN, live};
use chinese::assert_no_english;
use rosterctl::sandbox::faults::Faults;
use serde_json::json;
use vault::{VAULT_TOKEN, Vault};

fn agent(id: &str, password: &str) -> String {
    format!("  - {{ operatorId: \"{id}\", name: 坐席, role: 坐席, password: {{ {password} }} }}\n")
}

fn agents(all: &[(&str, &str)]) -> String {
    let all: Vec<String> = all.iter().map(|(id, password)| agent(id, password)).collect();
    format!("agents:\n{}", all.concat())
}

/// Creates a bench with a Vault.
fn with_vault(more: &str) -> (Bench, Vault) {
    let mut bench = Bench::new("");
    let vault = Vault::start();
    bench.environment.push(("BENCH_VAULT_TOKEN".to_owned(), VAULT_TOKEN.to_owned()));
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", token: {{ store: ci, key: VAULT_TOKEN }} }}\n{more}",
        vault.address
    ));
    (bench, vault)
}

#[test]
fn a_password_that_cannot_be_typed_is_refused_before_any_write() {
    let (mut bench, vault) = with_vault("  pass: { type: exec, get: [cat, \"exec/{key}\"] }\n");
    bench.environment.push(("BENCH_P".to_owned(), "canary-pass\n".to_owned()));
    vault.set("p", json!({ "value": "canary-pass\r\n" }));
    bench.write("secrets/p", "canary-pass\n\n");
    bench.write("exec/p", "canary\tpass\n");
    bench.write("secrets/mark", "\u{feff}canary-pass");
    for (store, key) in [("ci", "P"), ("vault", "p"), ("files", "p"), ("pass", "p"), ("files", "mark")] {
        // The agent before it would be created first.
        bench.write("secrets/sound", "sound-pass");
        let reference = format!("store: {store}, key: {key}");
        bench.roster(&agents(&[("8001", "store: files, key: sound"), ("8002", &reference)]));
        let said = bench.run(&["apply", "--auto-approve"]).exits(1);
        assert!(said.err.contains(&format!("{store}:{key}")), "{}", said.err);
        assert!(!said.err.contains("canary"), "{}", said.err);
        assert!(bench.agents().is_empty());
    }
}

#[test]
fn a_secret_of_the_workspace_with_a_line_break_is_named() {
    let fingerprints = "ledger: { fingerprintKey: { store: ci, key: LEDGER } }\n";
    let sound = [("TOKEN", TOKEN), ("API_SECRET", API_SECRET), ("LEDGER", "ledger-key")];
    for (name, value) in [
        ("TOKEN", "token-7f3a91\n"),
        ("TOKEN", " token-7f3a91"),
        ("TOKEN", "token-密"),
        ("API_SECRET", "api-secret-58c2\r\n"),
        ("API_SECRET", "api\u{1}secret"),
        ("LEDGER", "ledger-key\n"),
    ] {
        let mut bench = Bench::new("");
        bench.workspace(fingerprints);
        bench.roster(&agents(&[]).replace("agents:\n", "agents: []\n"));
        bench.environment = sound.map(|(name, value)| (format!("BENCH_{name}"), value.to_owned())).into();
        bench.run(&["plan"]).exits(0);
        bench.environment.push((format!("BENCH_{name}"), value.to_owned()));
        let said = bench.run(&["plan"]).exits(1);
        assert!(said.err.contains(&format!("ci:{name}")), "{}", said.err);
        let said = bench.run(&["doctor"]).exits(1);
        assert!(said.out.contains(&format!("ci:{name}")), "{}", said.out);
    }
}

#[test]
fn a_command_that_has_no_such_key_is_told_apart_from_one_that_fails() {
    let bench = Bench::new("");
    // The behaviour of `pass`.
    let get = "if test -e lost; then echo 'gpg: decryption failed' >&2; exit 1; fi
if test -e \"exec/$1\"; then cat \"exec/$1\"; else echo \"Error: $1 is not in the password store.\" >&2; exit 1; fi\n";
    bench.write("bin/pass", &format!("#!/bin/sh\n{get}"));
    bench.write(
        "bin/own",
        &format!("#!/bin/sh\n{}", get.replace("is not in the password store", "gibt es nicht")),
    );
    for program in ["pass", "own"] {
        let path = bench.path(&format!("bin/{program}"));
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    bench.write("put.sh", "mkdir -p exec && cat > \"exec/$1\"\n");
    let bin = bench.path("bin").display().to_string();
    let put = "put: [sh, put.sh, \"{key}\"]";
    bench.workspace(&format!(
        "  pass: {{ type: exec, get: [{bin}/pass, \"{{key}}\"], {put}, line: first }}
  told: {{ type: exec, get: [{bin}/own, \"{{key}}\"], {put}, missing: {{ exit: [1], stderr: gibt es nicht }} }}
  untold: {{ type: exec, get: [{bin}/own, \"{{key}}\"], {put} }}\n"
    ));
    let at = |store: &str| format!("store: {store}, key: \"{store}-1\", generate: true");
    bench.roster(&agents(&[("8001", &at("pass")), ("8002", &at("told"))]));
    bench.write("lost", "");
    bench.run(&["apply", "--auto-approve"]).exits(1);
    assert!(bench.agents().is_empty());
    fs::remove_file(bench.path("lost")).unwrap();
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", &fs::read_to_string(bench.path("exec/pass-1")).unwrap());
    live(&bench, "8002", &fs::read_to_string(bench.path("exec/told-1")).unwrap());
    // In an entry of several lines, the first line is the password.
    bench.write("exec/lines", "first-line\nuser: someone\n");
    bench.roster(&agents(&[("8003", "store: pass, key: lines")]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8003", "first-line");
    bench.roster(&agents(&[("8004", "store: told, key: lines")]));
    bench.run(&["apply", "--auto-approve"]).exits(1);
    bench.roster(&agents(&[("8004", &at("untold"))]));
    bench.run(&["apply", "--auto-approve"]).exits(1);
    assert_eq!(bench.agents(), ["8001", "8002", "8003"]);
}

#[test]
fn a_command_that_hides_its_failure_overwrites_nothing() {
    let bench = Bench::new("");
    let store = |missing: &str| {
        bench.workspace(&format!(
            "  own: {{ type: exec, get: [sh, get.sh, \"{{key}}\"], put: [sh, put.sh, \"{{key}}\"]{missing} }}\n"
        ));
    };
    bench.write("put.sh", "mkdir -p exec && cat > \"exec/$1\"\n");
    bench.write("get.sh", "test -e lost || cat \"exec/$1\" 2>/dev/null; exit 0\n");
    bench.write("exec/p", "canary-pass");
    bench.write("lost", "");
    bench.roster(&agents(&[("8001", "store: own, key: p, generate: true")]));
    store("");
    bench.run(&["apply", "--auto-approve"]).exits(1);
    assert!(bench.agents().is_empty());
    assert_eq!(fs::read_to_string(bench.path("exec/p")).unwrap(), "canary-pass");
    fs::remove_file(bench.path("lost")).unwrap();
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", "canary-pass");
    // If the store declares this exit code as a missing key, the password is generated.
    store(", missing: { exit: [0] }");
    bench.roster(&agents(&[("8002", "store: own, key: q, generate: true")]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8002", &fs::read_to_string(bench.path("exec/q")).unwrap());
}

#[test]
fn a_vault_that_is_busy_is_asked_again() {
    let (bench, vault) = with_vault("");
    vault.set("p", json!({ "value": "vault-pass" }));
    bench.roster(&agents(&[("8001", "store: vault, key: p")]));
    vault.state.lock().unwrap().busy = 1;
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", "vault-pass");
    // A store that stays unavailable is an unreachable system, wherever its secret is needed.
    vault.mood("sealed");
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", token: {{ store: ci, key: VAULT_TOKEN }} }}
ledger: {{ fingerprintKey: {{ store: vault, key: ledger }} }}\n",
        vault.address
    ));
    let said = bench.run(&["plan"]).exits(6);
    assert!(!said.err.contains("rosterctl.yaml"), "no place in a file: {}", said.err);
    let doctor = bench.run(&["doctor", "--format", "json"]).exits(6).json();
    let reasons: Vec<&str> =
        doctor["checks"].as_array().unwrap().iter().filter_map(|c| c["reason"].as_str()).collect();
    assert_eq!(reasons, ["noAnswer"], "{doctor:#}");
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    bench.write(
        "rosterctl.yaml",
        &file.replace("token: { store: ci, key: TOKEN }", "token: { store: vault, key: t }"),
    );
    bench.run(&["plan"]).exits(6);
}

#[test]
fn a_sign_in_that_vault_refuses_is_told_as_such_and_not_tried_again() {
    let (mut bench, vault) = with_vault("");
    bench.environment.push(("BENCH_OTHER".to_owned(), "canary-other".to_owned()));
    let address = &vault.address;
    bench.workspace(&format!(
        "  token: {{ type: vault, address: \"{address}\", token: {{ store: ci, key: OTHER }} }}
  approle: {{ type: vault, address: \"{address}\", approle: {{ roleId: roster, secretId: {{ store: ci, key: OTHER }} }} }}\n"
    ));
    for (store, words) in
        [("token", "Vault denied it"), ("approle", "the sign-in at auth/approle was refused")]
    {
        bench.roster(&agents(&[("8001", &format!("store: {store}, key: p"))]));
        let said = bench.run(&["apply", "--auto-approve"]).exits(6);
        assert!(said.err.contains(words) && !said.err.contains("rosterctl.yaml"), "{}", said.err);
    }
    let state = vault.state.lock().unwrap();
    assert_eq!((state.denied, state.logins), (1, 1));
}

#[test]
fn the_fields_that_are_there_are_named() {
    let (bench, vault) = with_vault("");
    vault.set("p", json!({ "pin": "vault-pass", "user": "u" }));
    bench.roster(&agents(&[("8001", "store: vault, key: p")]));
    let said = bench.run(&["apply", "--auto-approve"]).exits(1);
    assert!(said.err.contains("`pin`, `user`") && !said.err.contains("vault-pass"), "{}", said.err);
}

#[test]
fn a_rotation_in_vault_keeps_the_former_password_until_the_vendor_has_the_new_one() {
    let (bench, vault) = with_vault("");
    let at = |version: u32| format!("store: vault, key: \"p#pin\", generate: true, version: {version}");
    vault.set("p", json!({ "note": "kept" }));
    bench.roster(&agents(&[("8001", &at(1))]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let first = vault.get("p")["pin"].as_str().unwrap().to_owned();
    live(&bench, "8001", &first);
    // Each response to a new password is lost.
    bench.roster(&agents(&[("8001", &at(2))]));
    let faults = Faults { seed: 1, drop_after: 1.0, only: vec!["editPwd".to_owned()], ..Faults::default() };
    bench.with(|estate| estate.faults = faults);
    bench.run(&["apply", "--auto-approve"]).exits(5);
    let second = vault.get("p")["pin"].as_str().unwrap().to_owned();
    assert_eq!(vault.get("p"), json!({ "note": "kept", "pin": second, "pin.previous": first }));
    assert_ne!(second, first);
    bench.with(|estate| estate.faults = Faults::default());
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(vault.get("p"), json!({ "note": "kept", "pin": second }), "one rotation makes one password");
    live(&bench, "8001", &second);
}

#[test]
fn a_rotation_by_a_command_keeps_the_former_password_beside_the_new_one() {
    let bench = Bench::new("");
    bench.write("put.sh", "cat > \"exec-$1\"\n");
    bench.workspace(
        "  pass: { type: exec, get: [cat, \"exec-{key}\"], put: [sh, put.sh, \"{key}\"], missing: { exit: [1] } }\n",
    );
    let at = |version: u32| format!("store: pass, key: p, generate: true, version: {version}");
    bench.roster(&agents(&[("8001", &at(1))]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let first = fs::read_to_string(bench.path("exec-p")).unwrap();
    bench.roster(&agents(&[("8001", &at(2))]));
    let faults = Faults { seed: 1, drop_before: 1.0, only: vec!["editPwd".to_owned()], ..Faults::default() };
    bench.with(|estate| estate.faults = faults);
    bench.run(&["apply", "--auto-approve"]).exits(5);
    assert_eq!(fs::read_to_string(bench.path("exec-p.previous")).unwrap(), first);
    live(&bench, "8001", &first);
    bench.with(|estate| estate.faults = Faults::default());
    // The unfinished rotation is completed; then the next rotation generates another password.
    for version in [2, 3] {
        bench.roster(&agents(&[("8001", &at(version))]));
        let before = fs::read_to_string(bench.path("exec-p")).unwrap();
        bench.run(&["apply", "--auto-approve"]).exits(0);
        let now = fs::read_to_string(bench.path("exec-p")).unwrap();
        assert_eq!(now == before, version == 2);
        assert_eq!(fs::read_to_string(bench.path("exec-p.previous")).unwrap(), now, "nothing is open");
        live(&bench, "8001", &now);
    }
}

#[test]
fn a_rotation_overwrites_no_key_of_others() {
    let bench = Bench::new("");
    let at =
        |key: &str, version: u32| format!("store: files, key: {key}, generate: true, version: {version}");
    bench.roster(&agents(&[("8001", &at("agents/8001", 1))]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    bench.write("secrets/OTHER_TOKEN", "canary-other");
    bench.roster(&agents(&[("8001", &at("OTHER_TOKEN", 2))]));
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let said = bench.run(command).exits(1);
        assert!(said.err.contains("files:OTHER_TOKEN"), "{}", said.err);
    }
    let plan = bench.run(&["plan", "--format", "json"]).exits(1).json();
    assert_eq!(plan["findings"][0]["code"], "R310");
    assert_eq!(fs::read_to_string(bench.path("secrets/OTHER_TOKEN")).unwrap(), "canary-other");
    // A missing key is generated, even if the vendor accepts the password only in a second run.
    bench.roster(&agents(&[("8001", &at("agents/second", 2))]));
    let faults = Faults { seed: 1, drop_before: 1.0, only: vec!["editPwd".to_owned()], ..Faults::default() };
    bench.with(|estate| estate.faults = faults);
    bench.run(&["apply", "--auto-approve"]).exits(5);
    bench.with(|estate| estate.faults = Faults::default());
    for format in ["text", "markdown", "html"] {
        let said = bench.run(&["plan", "--format", format]).exits(0);
        assert!(said.out.contains("files:agents/second"), "{}", said.out);
    }
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", &fs::read_to_string(bench.path("secrets/agents/second")).unwrap());
    // A key that is known to be the agent's own is overwritten.
    bench.roster(&agents(&[("8001", &at("agents/second", 3))]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", &fs::read_to_string(bench.path("secrets/agents/second")).unwrap());
}

/// Runs Git in the folder of a bench.
fn git(bench: &Bench, arguments: &[&str]) -> String {
    let mut git = std::process::Command::new("git");
    let output = git.args(arguments).current_dir(bench.folder.path()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the number of `doctor`'s warnings for a check; asserts that `plan` and `apply` print as many lines.
fn warnings(bench: &Bench, check: &str) -> usize {
    let doctor = bench.run(&["doctor", "--format", "json"]).json();
    let warned = |one: &&serde_json::Value| one["name"] == check && one["status"] == "warning";
    let count = doctor["checks"].as_array().unwrap().iter().filter(warned).count();
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let said = bench.run(command).exits(0);
        assert_eq!(said.err.matches(&format!("warning: {check}: Git")).count(), count, "{}", said.err);
    }
    count
}

#[test]
fn a_folder_that_git_does_not_ignore_is_warned_of() {
    let cases: [(&[(&str, &str)], usize); 6] = [
        (&[], 1),
        (&[("secrets/.gitignore", "")], 1),
        (&[("secrets/.gitignore", "!*\n")], 1),
        // A folder.
        (&[("secrets/.gitignore/key", "")], 1),
        (&[("secrets/.gitignore", "*\n")], 0),
        (&[(".gitignore", "/secrets/\n")], 0),
    ];
    for (files, count) in cases {
        let bench = Bench::new("");
        bench.roster(&agents(&[("8001", "store: files, key: \"agents/8001\"")]));
        bench.write("secrets/agents/8001", "canary-pass");
        let said = bench.run(&["plan"]).exits(0);
        assert!(!said.err.contains("warning: store"), "there is no checkout: {}", said.err);
        git(&bench, &["init", "-q"]);
        for (name, text) in files {
            bench.write(name, text);
        }
        assert_eq!(warnings(&bench, "store/files"), count, "{files:?}");
    }
}

#[test]
fn what_git_tracks_of_its_own_folder_is_warned_of() {
    let bench = Bench::new("");
    git(&bench, &["init", "-q"]);
    bench.roster("agents: []\n");
    bench.run(&["apply", "--auto-approve"]).exits(0);
    git(&bench, &["add", "-A"]);
    assert_eq!(warnings(&bench, "ledger"), 0);
    git(&bench, &["add", "-f", ".rosterctl"]);
    assert_eq!(warnings(&bench, "ledger"), 1);
}

#[test]
fn a_folder_of_secrets_keeps_itself_out_of_git() {
    let bench = Bench::new("");
    let git = |arguments: &[&str]| git(&bench, arguments);
    git(&["init", "-q"]);
    bench.roster(&agents(&[("8001", "store: files, key: \"agents/8001\", generate: true")]));
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(!said.err.contains("Git tracks"), "{}", said.err);
    git(&["add", "-A"]);
    assert!(!git(&["ls-files"]).contains("secrets"));
    git(&["add", "-f", "secrets/agents/8001"]);
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let said = bench.run(command).exits(0);
        assert!(said.err.contains("Git tracks ./secrets/agents/8001"), "{}", said.err);
    }
    let checks = bench.run(&["doctor", "--format", "json"]).json();
    let warned = checks["checks"].as_array().unwrap().iter();
    let mut warned = warned.filter(|check| check["name"] == "store/files" && check["status"] == "warning");
    assert!(warned.next().is_some(), "{checks}");
    assert_no_english(&bench.run(&["doctor", "--lang", "zh-TW"]).exits(0).out);
    // The folder that holds the workspace is an ordinary repository: the program adds no `.gitignore` to it.
    bench.workspace("  here: { type: dir, path: . }\n");
    bench.roster(&agents(&[("8002", "store: here, key: made, generate: true")]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(bench.path("made").exists() && !bench.path(".gitignore").exists());
}
