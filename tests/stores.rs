//! Every secret store, through the program: the live password is the store's, and no output, log, plan or ledger
//! holds one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/servers.rs"]
mod servers;
#[path = "support/vault.rs"]
mod vault;

use rosterctl::sandbox::AgentConfig;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bench::{API_SECRET, Bench, TOKEN, live, md5_of};
use serde_json::json;
use servers::{OPENBAO_TOKEN, openbao};
use vault::{VAULT_TOKEN, Vault};

/// All output and files of a bench's runs.
#[derive(Default)]
struct Heard(String);

impl Heard {
    fn run(&mut self, bench: &Bench, arguments: &[&str], code: i32) {
        let said = bench.run(arguments).exits(code);
        self.0.push_str(&said.out);
        self.0.push_str(&said.err);
    }

    #[track_caller]
    fn holds_none(mut self, bench: &Bench, secrets: &[&str]) {
        for file in ["plan.json", ".rosterctl/ledger.json"] {
            self.0.push_str(&fs::read_to_string(bench.path(file)).unwrap_or_default());
        }
        for secret in secrets.iter().chain(&[TOKEN, API_SECRET, VAULT_TOKEN]) {
            let digest = md5_of(secret);
            for text in [*secret, digest.as_str(), digest.to_uppercase().as_str()] {
                assert!(!self.0.contains(text), "{secret} in\n{}", self.0);
            }
        }
    }
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).display().to_string()
}

fn agents(passwords: &[(&str, &str)]) -> String {
    let entries = passwords.iter().map(|(id, password)| {
        format!("  - {{ operatorId: \"{id}\", name: 坐席{id}, role: 坐席, password: {{ {password} }} }}\n")
    });
    format!("agents:\n{}", entries.collect::<Vec<_>>().concat())
}

#[test]
fn every_store_gives_the_password_and_nothing_shows_it() {
    let mut bench = Bench::new("");
    let vault = Vault::start();
    vault.set("cc/agents/8004", json!({ "value": "vault-pass-8004", "other": "kept" }));
    vault.set("cc/agents/8005", json!({ "pin": "vault-pass-8005" }));
    let identity = fs::read_to_string(fixture("age-identity.txt")).unwrap();
    bench.environment.extend([
        ("BENCH_P8001".to_owned(), "env-pass-8001".to_owned()),
        ("BENCH_VAULT_TOKEN".to_owned(), VAULT_TOKEN.to_owned()),
        ("BENCH_AGE_IDENTITY".to_owned(), identity.clone()),
        ("SOPS_AGE_KEY".to_owned(), identity),
        ("RUST_LOG".to_owned(), "trace".to_owned()),
    ]);
    bench.write("secrets/team/8002", "dir-pass-8002\n");
    bench.write("exec/8003", "exec-pass-8003\n");
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", path: cc, token: {{ store: ci, key: VAULT_TOKEN }} }}
  age: {{ type: age, path: {}, identity: {{ store: ci, key: AGE_IDENTITY }} }}
  armored: {{ type: age, path: {}, identity: {{ store: ci, key: AGE_IDENTITY }} }}
  sops: {{ type: sops, path: {} }}
  pass: {{ type: exec, get: [cat, \"exec/{{key}}\"] }}
",
        vault.address,
        fixture("secrets.age"),
        fixture("secrets.armored.age"),
        fixture("secrets.sops.yaml"),
    ));
    bench.roster(&agents(&[
        ("8001", "store: ci, key: P8001"),
        ("8002", "store: files, key: \"team/{operatorId}\""),
        ("8003", "store: pass, key: \"{operatorId}\""),
        ("8004", "store: vault, key: \"agents/{operatorId}\""),
        ("8005", "store: vault, key: \"agents/8005#pin\""),
        ("8006", "store: age, key: agents/8001"),
        ("8007", "store: armored, key: agents/8002"),
        ("8008", "store: sops, key: agents/8002"),
        ("8009", "store: sops, key: agents/8003"),
    ]));
    let mut heard = Heard::default();
    heard.run(&bench, &["validate"], 0);
    heard.run(&bench, &["plan", "--out", "plan.json"], 0);
    assert_eq!(vault.state.lock().unwrap().reads, Vec::<String>::new(), "a plan reads no password");
    heard.run(&bench, &["apply", "--auto-approve"], 0);
    heard.run(&bench, &["plan", "--detailed-exitcode"], 0);
    let expected = [
        ("8001", "env-pass-8001"),
        ("8002", "dir-pass-8002"),
        ("8003", "exec-pass-8003"),
        ("8004", "vault-pass-8004"),
        ("8005", "vault-pass-8005"),
        ("8006", "age-pass-8001"),
        ("8007", "a literal key wins"),
        ("8008", "密码-8002"),
        ("8009", "a literal key wins"),
    ];
    for (id, password) in expected {
        live(&bench, id, password);
    }
    heard.holds_none(&bench, &expected.map(|(_, password)| password));
}

/// Checks two hundred agents whose passwords come from one store; `key` is the key's pattern and `password` its
/// value.
fn two_hundred_from(store: &str, declared: &str, key: &str, password: impl Fn(u32) -> String) {
    let mut bench = Bench::new("");
    let identity = fs::read_to_string(fixture("age-identity.txt")).unwrap();
    bench.write("secrets/identity", &identity);
    for id in 8001..8201 {
        bench.environment.push((format!("BENCH_P{id}"), password(id)));
        bench.write(&format!("secrets/agents/{id}"), &format!("{}\n", password(id)));
    }
    bench.environment.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    bench.workspace(&format!("{declared}policy: {{ limits: {{ changes: 100% }} }}\n"));
    let roster = |version: u32| {
        format!(
            "agents:\n  - {{ operatorIds: 8001..8200, name: 坐席, role: 坐席, password: {{ store: {store}, key: \"{key}\", version: {version} }} }}\n"
        )
    };
    let mut heard = Heard::default();
    bench.roster(&roster(1));
    heard.run(&bench, &["apply", "--auto-approve"], 0);
    for id in 8001..8201 {
        live(&bench, &id.to_string(), &password(id));
    }
    bench.with(|estate| {
        estate.get_mut::<AgentConfig>().agent_mut("8100").unwrap().password_md5 =
            md5_of("changed in the console");
    });
    bench.roster(&roster(2));
    heard.run(&bench, &["plan", "--out", "plan.json"], 0);
    heard.run(&bench, &["apply", "--auto-approve", "--plan", "plan.json"], 0);
    live(&bench, "8100", &password(8100));
    heard.run(&bench, &["plan", "--detailed-exitcode"], 0);
    let secrets: Vec<String> = [8001, 8100, 8200].map(&password).into();
    heard.holds_none(&bench, &secrets.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn two_hundred_from_the_environment() {
    two_hundred_from("ci", "", "P{operatorId}", |id| format!("env-pass-{id}"));
}

#[test]
fn two_hundred_from_a_folder() {
    two_hundred_from("files", "", "agents/{operatorId}", |id| format!("dir-pass-{id}"));
}

#[test]
fn two_hundred_from_a_command() {
    let declared = "  pass: { type: exec, get: [cat, \"secrets/agents/{key}\"] }\n";
    two_hundred_from("pass", declared, "{operatorId}", |id| format!("exec-pass-{id}"));
}

#[test]
fn two_hundred_from_age() {
    let file = fixture("secrets.age");
    let declared =
        format!("  age: {{ type: age, path: {file}, identity: {{ store: files, key: identity }} }}\n");
    two_hundred_from("age", &declared, "agents/{operatorId}", |id| match id {
        8002 => "a literal key wins".to_owned(),
        id => format!("age-pass-{id}"),
    });
}

#[test]
fn two_hundred_from_sops() {
    let file = fixture("secrets.sops.yaml");
    let declared =
        format!("  sops: {{ type: sops, path: {file}, identity: {{ store: files, key: identity }} }}\n");
    two_hundred_from("sops", &declared, "agents/{operatorId}", |id| match id {
        8003 => "a literal key wins".to_owned(),
        id => format!("密码-{id}"),
    });
}

#[test]
fn two_hundred_passwords_are_each_read_once_and_rotate_by_version_and_by_value() {
    let mut bench = Bench::new("");
    let vault = Vault::start();
    for id in 8001..8201 {
        vault.set(&format!("cc/{id}"), json!({ "value": format!("first-{id}") }));
    }
    bench.environment.extend([
        ("BENCH_SECRET_ID".to_owned(), "canary-secret-id".to_owned()),
        ("BENCH_LEDGER_KEY".to_owned(), "canary-ledger-key".to_owned()),
        ("RUST_LOG".to_owned(), "trace".to_owned()),
    ]);
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", path: cc, approle: {{ roleId: roster, secretId: {{ store: ci, key: SECRET_ID }} }} }}
ledger: {{ fingerprintKey: {{ store: ci, key: LEDGER_KEY }} }}
policy: {{ limits: {{ changes: 100% }} }}
",
        vault.address
    ));
    let pool = |version: u32| {
        format!(
            "agents:\n  - {{ operatorIds: 8001..8200, name: 坐席, role: 坐席, password: {{ store: vault, key: \"{{operatorId}}\", version: {version} }} }}\n"
        )
    };
    bench.roster(&pool(1));
    let mut heard = Heard::default();
    heard.run(&bench, &["apply", "--auto-approve"], 0);
    assert_eq!(vault.state.lock().unwrap().reads.len(), 200);
    live(&bench, "8200", "first-8200");

    for id in 8001..8201 {
        vault.set(&format!("cc/{id}"), json!({ "value": format!("second-{id}") }));
    }
    bench.roster(&pool(2));
    vault.set("cc/8150", json!({ "value": "second-8150" }));
    let plan = bench.run(&["plan"]).exits(0);
    assert!(plan.out.contains("password (version 2, was 1)"), "{}", plan.out);
    heard.run(&bench, &["apply", "--auto-approve"], 0);
    live(&bench, "8001", "second-8001");

    vault.set("cc/8042", json!({ "value": "third-8042" }));
    let plan = bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    assert!(
        plan.out.contains("agent/8042") && plan.out.contains("changed in the store since"),
        "{}",
        plan.out
    );
    heard.run(&bench, &["apply", "--auto-approve"], 0);
    live(&bench, "8042", "third-8042");
    heard.run(&bench, &["plan", "--detailed-exitcode"], 0);
    assert_eq!(bench.departures(), Vec::<String>::new());
    heard.holds_none(
        &bench,
        &["first-8001", "second-8001", "third-8042", "canary-secret-id", "canary-ledger-key"],
    );
}

#[test]
fn a_generated_password_is_stored_before_the_agent_is_made() {
    let mut bench = Bench::new("roles: [坐席]\n");
    let vault = Vault::start();
    vault.set("agents/8003", json!({ "value": "there-already", "note": "kept" }));
    bench.environment.push(("BENCH_VAULT_TOKEN".to_owned(), VAULT_TOKEN.to_owned()));
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", token: {{ store: ci, key: VAULT_TOKEN }} }}\n",
        vault.address
    ));
    let roster = |role: &str, version: &str| {
        let at =
            |store: &str| format!("store: {store}, key: \"agents/{{operatorId}}\", generate: true{version}");
        agents(&[("8001", &at("files")), ("8002", &at("vault")), ("8003", &at("vault"))])
            .replace("role: 坐席", role)
    };
    // The vendor refuses the agents; their passwords are stored all the same, and used in the next run.
    bench.roster(&roster("role: 班长", ""));
    bench.run(&["apply", "--auto-approve"]).exits(5);
    let stored = fs::read_to_string(bench.path("secrets/agents/8001")).unwrap();
    assert_eq!(stored.len(), 20);
    bench.roster(&roster("role: 坐席", ""));
    let plan = bench.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["steps"][0]["operation"], "secret.put");
    assert_eq!(plan["steps"][1]["after"], json!(["s1"]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", &stored);
    live(&bench, "8002", vault.get("agents/8002")["value"].as_str().unwrap());
    live(&bench, "8003", "there-already");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(bench.path("secrets/agents/8001")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    // A new version generates a new password, and the secret's other fields stay.
    bench.roster(&roster("role: 坐席", ", version: 2"));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let renewed = fs::read_to_string(bench.path("secrets/agents/8001")).unwrap();
    assert_ne!(renewed, stored);
    live(&bench, "8001", &renewed);
    assert_ne!(vault.get("agents/8003")["value"], "there-already");
    assert_eq!(vault.get("agents/8003")["note"], "kept");
    live(&bench, "8003", vault.get("agents/8003")["value"].as_str().unwrap());
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn what_a_store_cannot_give_is_said_and_nothing_is_written() {
    let mut bench = Bench::new("");
    let vault = Vault::start();
    bench.environment.extend([
        ("BENCH_VAULT_TOKEN".to_owned(), VAULT_TOKEN.to_owned()),
        ("BENCH_OTHER".to_owned(), "canary-other".to_owned()),
        ("BENCH_IDENTITY".to_owned(), "not an identity".to_owned()),
    ]);
    bench.write("loud.sh", "#!/bin/sh\nhead -c 100000 /dev/zero\n");
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{0}\", token: {{ store: ci, key: VAULT_TOKEN }} }}
  denied: {{ type: vault, address: \"{0}\", token: {{ store: ci, key: OTHER }} }}
  approle: {{ type: vault, address: \"{0}\", approle: {{ roleId: roster, secretId: {{ store: ci, key: OTHER }} }} }}
  away: {{ type: vault, address: \"{0}\", mount: nowhere, token: {{ store: ci, key: VAULT_TOKEN }} }}
  down: {{ type: vault, address: \"http://127.0.0.1:9\", token: {{ store: ci, key: VAULT_TOKEN }} }}
  age: {{ type: age, path: {1}, identity: {{ store: ci, key: IDENTITY }} }}
  plain: {{ type: age, path: rosterctl.yaml, identity: {{ store: files, key: identity }} }}
  sops: {{ type: sops, path: {2} }}
  loud: {{ type: exec, get: [sh, loud.sh] }}
  fails: {{ type: exec, get: [sh, -c, \"echo canary-stderr >&2; exit 3\"] }}
  gone: {{ type: exec, get: [/no/such/program] }}
",
        vault.address,
        fixture("secrets.age"),
        fixture("secrets.sops.yaml"),
    ));
    bench.write("secrets/identity", &fs::read_to_string(fixture("age-identity.txt")).unwrap());
    let mut all = String::new();
    let mut complain = |reference: &str, mood: &'static str, code: i32| {
        vault.mood(mood);
        bench.roster(&agents(&[("8001", reference)]));
        let said = bench.run(&["apply", "--auto-approve", "-q"]).exits(code);
        let line = said.err.lines().next().unwrap_or_default().replace(&vault.address, "http://VAULT");
        let line = line.replace(env!("CARGO_MANIFEST_DIR"), "HERE");
        all.push_str(&format!("{line}\n"));
    };
    for (reference, code) in [
        ("store: vault, key: none", 1),
        // A refused sign-in, and a system that does not answer.
        ("store: denied, key: none", 6),
        ("store: approle, key: none", 6),
        ("store: away, key: none", 1),
        ("store: down, key: none", 6),
        ("store: age, key: none", 1),
        ("store: plain, key: none", 1),
        ("store: sops, key: agents/8001", 1),
        ("store: loud, key: x", 1),
        ("store: fails, key: x", 1),
        ("store: gone, key: x", 1),
    ] {
        complain(reference, "", code);
    }
    for (mood, code) in [("sealed", 6), ("v1", 1), ("redirect", 1)] {
        complain("store: vault, key: none", mood, code);
    }
    vault.mood("conflict");
    bench.roster(&agents(&[("8001", "store: vault, key: made, generate: true")]));
    let said = bench.run(&["apply", "--auto-approve", "-q"]).exits(5);
    all.push_str(said.out.lines().find(|line| line.contains("failed")).unwrap_or_default());
    assert!(bench.agents().is_empty());
    insta::assert_snapshot!(all, @"
    error: store `vault` has no key `none`: write field `value` of secret/data/none
    error: store `denied`: secret/data/none: Vault denied it (permission denied): check the token and its policy
    error: store `approle`: the sign-in at auth/approle was refused: Vault found the request wrong (invalid role or secret ID)
    error: store `away`: nowhere/data/none: Vault knows no such path (no handler for route): check `mount` and `path`
    error: store `down`: Vault at http://127.0.0.1:9 cannot be reached: Connection refused (os error 111)
    error: store `age`: the identity is neither an age key (AGE-SECRET-KEY-1…) nor an SSH private key
    error: store `plain`: ./rosterctl.yaml is not a file encrypted with age
    error: store `sops`: HERE/tests/fixtures/secrets.sops.yaml cannot be decrypted without an identity: declare `identity`, set SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD or SOPS_AGE_SSH_PRIVATE_KEY_FILE, or write ~/.config/sops/age/keys.txt
    error: store `loud`: `sh` printed more than 65536 bytes
    error: store `fails`: `sh` failed for key `x` (exit status: 3); run it by hand to see why; if it ends so for a key that is not there, say so by `missing:` on the store
    error: store `gone`: `/no/such/program` cannot be run: No such file or directory (os error 2)
    error: store `vault`: secret/data/none: Vault is sealed or in maintenance (Vault is sealed)
    error: store `vault`: secret/data/none does not answer like KV version 2: is the mount of version 1?
    error: store `vault`: Vault at http://VAULT redirects, which is not followed: name the active node in `address`
      ! failed agent/8001  坐席8001 · create · store `vault`: secret/data/made: other programs change it all the time; run again
    ");
}

#[test]
fn a_sops_file_that_was_changed_is_refused() {
    let bench = Bench::new("");
    let text = fs::read_to_string(fixture("secrets.sops.yaml")).unwrap();
    let identity = fs::read_to_string(fixture("age-identity.txt")).unwrap();
    bench.write("secrets/identity", &identity);
    bench.workspace(
        "  sops: { type: sops, path: changed.sops.yaml, identity: { store: files, key: identity } }\n",
    );
    bench.roster(&agents(&[("8001", "store: sops, key: agents/8001")]));
    // A removed value, a changed remark, two swapped values.
    let first = text.lines().find(|line| line.contains("\"8002\"")).unwrap();
    let changed = [
        text.replace(&format!("{first}\n"), ""),
        text.replace("a remark for people", "another remark"),
        text.replace("\"8001\": ", "\"7009\": "),
    ];
    for text in changed {
        bench.write("changed.sops.yaml", &text);
        let said = bench.run(&["apply", "--auto-approve"]).exits(1);
        assert!(said.err.contains("was changed after it was encrypted"), "{}", said.err);
    }
    bench.write("changed.sops.yaml", &text);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", "密码-8001");
}

#[test]
fn a_sops_file_is_opened_by_an_identity_where_sops_looks_for_it() {
    let mut bench = Bench::new("");
    let identity = fs::read_to_string(fixture("age-identity.txt")).unwrap();
    bench.write("home/.config/sops/age/keys.txt", &identity);
    bench.write("config/sops/age/keys.txt", &identity);
    bench.write("the key", &identity);
    bench.workspace(&format!("  sops: {{ type: sops, path: {} }}\n", fixture("secrets.sops.yaml")));
    let at = |name: &str| bench.path(name).display().to_string();
    let (home, config, key) = (at("home"), at("config"), at("the key"));
    let print = format!("cat '{key}'");
    let cases: [&[(&str, &str)]; 5] = [
        &[("HOME", &home), ("SOPS_AGE_KEY", ""), ("SOPS_AGE_KEY_FILE", "")],
        &[("XDG_CONFIG_HOME", &config)],
        &[("SOPS_AGE_KEY_FILE", &key)],
        &[("SOPS_AGE_KEY_CMD", &print)],
        // One that fails hides no other.
        &[("SOPS_AGE_KEY_FILE", "/no/such/file"), ("SOPS_AGE_KEY_CMD", "exit 3"), ("HOME", &home)],
    ];
    for (id, variables) in (8001..).zip(cases) {
        bench.environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let id = id.to_string();
        bench.roster(&agents(&[(id.as_str(), "store: sops, key: agents/8001")]));
        bench.run(&["apply", "--auto-approve"]).exits(0);
        live(&bench, &id, "密码-8001");
    }
    bench.environment = vec![
        ("SOPS_AGE_KEY_FILE".to_owned(), "/no/such/file".to_owned()),
        ("SOPS_AGE_KEY_CMD".to_owned(), "echo canary; echo canary >&2; exit 3".to_owned()),
    ];
    bench.roster(&agents(&[("8009", "store: sops, key: agents/8001")]));
    let said = bench.run(&["apply", "--auto-approve"]).exits(1).err;
    assert!(said.contains("SOPS_AGE_KEY_FILE: cannot be read: No such file"), "{said}");
    assert!(said.contains("SOPS_AGE_KEY_CMD: failed (exit status: 3)") && !said.contains("canary"), "{said}");
}

/// Runs a program of the machine in a folder; prints a note and returns `None` if it is missing.
fn real(
    program: &str,
    arguments: &[&str],
    folder: &Path,
    environment: &[(String, String)],
) -> Option<String> {
    let mut run = Command::new(program);
    run.args(arguments).current_dir(folder).envs(environment.iter().cloned());
    let Ok(output) = run.stdin(Stdio::null()).output() else {
        eprintln!("not tested: the `{program}` program is not installed");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_file_of_the_real_sops_is_opened_by_an_ssh_key_or_its_form_is_named() {
    let mut bench = Bench::new("");
    let folder = bench.path("home/.ssh");
    fs::create_dir_all(&folder).unwrap();
    bench.write("home/.ssh/in.yaml", "agents: { \"8001\": ssh-pass }\n");
    bench.write("home/.ssh/in.env", "A=b\n");
    bench.write("home/.ssh/in.ini", "[a]\nb=c\n");
    bench.write("home/.ssh/several.yaml", "a: b\n---\nc: d\n");
    let home = ("HOME".to_owned(), bench.path("home").display().to_string());
    let mut public = Vec::new();
    for (id, kind) in [("8001", "ed25519"), ("8002", "rsa")] {
        let file = format!("id_{kind}");
        let arguments = ["-q", "-t", kind, "-N", "", "-f", &file];
        if real("ssh-keygen", &arguments, &folder, &[]).is_none() {
            return;
        }
        let recipient = fs::read_to_string(folder.join(format!("{file}.pub"))).unwrap().trim().to_owned();
        let recipients = [("SOPS_AGE_RECIPIENTS".to_owned(), recipient.clone())];
        let Some(sealed) = real("sops", &["encrypt", "in.yaml"], &folder, &recipients) else { return };
        bench.write("sealed.yaml", &sealed);
        bench.workspace("  sops: { type: sops, path: sealed.yaml }\n");
        bench.roster(&agents(&[(id, "store: sops, key: agents/8001")]));
        bench.environment = vec![home.clone()];
        bench.run(&["apply", "--auto-approve"]).exits(0);
        live(&bench, id, "ssh-pass");
        // A named key goes before those of the folder.
        let named = ("SOPS_AGE_SSH_PRIVATE_KEY_FILE".to_owned(), folder.join(&file).display().to_string());
        bench.environment = vec![named];
        let again = format!("9{id}");
        bench.roster(&agents(&[(again.as_str(), "store: sops, key: agents/8001")]));
        bench.run(&["apply", "--auto-approve"]).exits(0);
        live(&bench, &again, "ssh-pass");
        public.push(recipient);
    }
    bench.write(
        "home/.ssh/groups.yaml",
        &format!(
            "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - age: ['{}']\n  - age: ['{}']\n",
            public[0], public[1]
        ),
    );
    bench.roster(&agents(&[("8003", "store: sops, key: a")]));
    for (arguments, said) in [
        (&["encrypt", "in.env"][..], "is a dotenv file"),
        (&["encrypt", "in.ini"], "is an INI file"),
        (&["encrypt", "several.yaml"], "is a file of several YAML documents"),
        (&["--config", "groups.yaml", "encrypt", "in.yaml"], "has key groups"),
    ] {
        let recipient = if arguments.len() == 2 { public[0].clone() } else { String::new() };
        let recipients = [("SOPS_AGE_RECIPIENTS".to_owned(), recipient)];
        let Some(sealed) = real("sops", arguments, &folder, &recipients) else { return };
        bench.write("sealed.yaml", &sealed);
        let err = bench.run(&["apply", "--auto-approve"]).exits(1).err;
        assert!(err.contains(said), "{err}");
    }
}

#[test]
fn a_real_vault_keeps_a_password_and_its_outage_is_no_error_of_a_file() {
    let mut bench = Bench::new("");
    let Some((server, address)) = openbao() else { return };
    let token = OPENBAO_TOKEN;
    let client = [("BAO_ADDR".to_owned(), address.clone()), ("BAO_TOKEN".to_owned(), token.to_owned())];
    let bao = |arguments: &[&str]| real("bao", arguments, &bench.path(""), &client).unwrap();
    bao(&["secrets", "enable", "-version=1", "-path=old", "kv"]);
    // Each token that may use a mount may ask for its version.
    bench.write("roster.hcl", "path \"old/*\" { capabilities = [\"create\", \"read\", \"update\"] }\n");
    bao(&["policy", "write", "roster", "roster.hcl"]);
    let own = bao(&["token", "create", "-policy=roster", "-field=token"]);
    bench.environment.extend([
        ("BENCH_VAULT_TOKEN".to_owned(), token.to_owned()),
        ("BENCH_OWN".to_owned(), own.trim().to_owned()),
        ("BENCH_OTHER".to_owned(), "canary-other".to_owned()),
    ]);
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{address}\", path: cc, token: {{ store: ci, key: VAULT_TOKEN }} }}
  denied: {{ type: vault, address: \"{address}\", path: cc, token: {{ store: ci, key: OTHER }} }}
  old: {{ type: vault, address: \"{address}\", mount: old, token: {{ store: ci, key: OWN }} }}\n"
    ));
    bench.roster(&agents(&[("8001", "store: old, key: \"agents/{operatorId}\", generate: true")]));
    let said = bench.run(&["apply", "--auto-approve"]).exits(1);
    assert!(said.err.contains("the mount `old` is of KV version 1"), "{}", said.err);
    let list = Command::new("bao").args(["list", "old"]).envs(client.clone()).output().unwrap();
    assert_eq!(list.status.code(), Some(2), "nothing is written");
    bench.roster(&agents(&[("8001", "store: vault, key: \"agents/{operatorId}\", generate: true")]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    let read = ["kv", "get", "-field=value", "-mount=secret", "cc/agents/8001"];
    let stored = real("bao", &read, &bench.path(""), &client).unwrap();
    live(&bench, "8001", stored.trim_end());
    let refused = |store: &str, words: &str| {
        bench.roster(&agents(&[("8002", &format!("store: {store}, key: agents/8001"))]));
        let said = bench.run(&["apply", "--auto-approve"]).exits(6);
        assert!(said.err.contains(words) && !said.err.contains("rosterctl.yaml"), "{}", said.err);
    };
    refused("denied", "Vault denied it");
    real("bao", &["operator", "seal"], &bench.path(""), &client);
    refused("vault", "Vault is sealed");
    drop(server);
    refused("vault", "cannot be reached: Connection refused");
    assert_eq!(bench.agents(), ["8001"]);
}

#[test]
fn the_first_line_of_a_real_pass_entry_is_the_password() {
    let mut bench = Bench::new("");
    for folder in ["gpg", "cc"] {
        fs::create_dir(bench.path(folder)).unwrap();
        fs::set_permissions(bench.path(folder), fs::Permissions::from_mode(0o700)).unwrap();
    }
    let variable = |name: &str, folder: &str| (name.to_owned(), bench.path(folder).display().to_string());
    let own =
        vec![variable("GNUPGHOME", "gpg"), variable("PASSWORD_STORE_DIR", "cc"), variable("HOME", "cc")];
    let folder = bench.path("");
    let key = ["--batch", "--passphrase", "", "--quick-generate-key", "roster@example.com"];
    if real("gpg", &key, &folder, &own).is_none()
        || real("pass", &["init", "roster@example.com"], &folder, &own).is_none()
    {
        return;
    }
    bench.write("entry", "first-line\nuser: someone\n");
    real("sh", &["-c", "pass insert -m cc/8001 < entry"], &folder, &own);
    bench.environment = own.clone();
    // As in the README.
    bench.workspace(
        "  pass: { type: exec, get: [pass, show, \"cc/{key}\"], put: [pass, insert, -m, -f, \"cc/{key}\"], line: first }\n",
    );
    bench.roster(&agents(&[
        ("8001", "store: pass, key: \"8001\""),
        ("8002", "store: pass, key: \"8002\", generate: true"),
    ]));
    bench.run(&["apply", "--auto-approve"]).exits(0);
    live(&bench, "8001", "first-line");
    live(&bench, "8002", real("pass", &["show", "cc/8002"], &folder, &own).unwrap().trim_end());
    real("gpgconf", &["--kill", "all"], &folder, &own);
}
