//! Edge cases of secret stores: many concurrent keys, many fields of one Vault secret, SOPS rules, missing folders,
//! malicious responses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/servers.rs"]
mod servers;
#[path = "support/vault.rs"]
mod vault;

use rosterctl::sandbox::AgentConfig;
use rosterctl::vendors;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bench::{Bench, md5_of};
use futures_util::future::join_all;
use rosterctl::config::load;
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::storage::secrets::Secrets;
use serde_json::json;
use servers::{OPENBAO_TOKEN, openbao};
use vault::{VAULT_TOKEN, Vault};

/// A folder with stores; `ci` is a folder of secrets, so that no test changes the environment.
struct Stores {
    folder: tempfile::TempDir,
}

impl Stores {
    fn new() -> Self {
        // As the program does at its start; repeating it changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stores = Self { folder: tempfile::tempdir().unwrap() };
        stores.write("own/token", VAULT_TOKEN);
        stores.write("own/identity", &fs::read_to_string(fixture("age-identity.txt")).unwrap());
        stores
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn open(&self, stores: &str) -> Secrets {
        let text = format!(
            "apiVersion: rosterctl/v1\nkind: Workspace\nname: edges\nmanifests: [roster]\nconnections: {{}}
secrets:\n  own: {{ type: dir, path: own }}\n{stores}"
        );
        let loaded = load::load(&Arc::from("rosterctl.yaml"), text.as_bytes(), &vendors::ALL.specs());
        let workspace = loaded.unwrap_or_else(|out| panic!("{out:?}"));
        Secrets::open(&workspace, self.folder.path())
    }
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).display().to_string()
}

fn at(store: &str, key: &str) -> SecretRef {
    SecretRef { store: Arc::from(store), key: Arc::from(key), generate: false, version: None }
}

/// Returns a store's value or its error.
async fn get(secrets: &Secrets, store: &str, key: &str) -> Result<String, String> {
    let value = secrets.get(&at(store, key)).await;
    value.map(|value| value.expose().to_owned()).map_err(|error| error.to_string())
}

/// Encrypts with the `age` program; prints a note and returns `None` if it is missing.
fn age(plain: &str) -> Option<Vec<u8>> {
    let identity = fs::read_to_string(fixture("age-identity.txt")).unwrap();
    age_to(identity.split_whitespace().find(|word| word.starts_with("age1")).unwrap(), plain)
}

/// Encrypts with the `age` program to a recipient.
fn age_to(recipient: &str, plain: &str) -> Option<Vec<u8>> {
    let child =
        Command::new("age").args(["-r", recipient]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("not tested: the `age` program is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(plain.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_keys_of_each_kind_are_each_read_once() {
    let stores = Stores::new();
    let vault = Vault::start();
    let mut plain = String::from("agents:\n");
    for id in 8001..8201 {
        stores.write(&format!("files/agents/{id}"), &format!("dir-{id}\n"));
        vault.set(&format!("cc/agents/{id}"), json!({ "value": format!("vault-{id}") }));
        writeln!(plain, "  \"{id}\": age-{id}").unwrap();
    }
    stores.write("show.sh", "echo \"$1\" >> reads\necho \"exec-${1#agents/}\"\n");
    let mut kinds = vec!["dir", "vault", "exec"];
    if let Some(sealed) = age(&plain) {
        fs::write(stores.folder.path().join("secrets.age"), sealed).unwrap();
        kinds.push("age");
    }
    let secrets = stores.open(&format!(
        "  dir: {{ type: dir, path: files }}
  vault: {{ type: vault, address: \"{}\", path: cc, token: {{ store: own, key: token }} }}
  exec: {{ type: exec, get: [sh, show.sh, \"{{key}}\"] }}
  age: {{ type: age, path: secrets.age, identity: {{ store: own, key: identity }} }}\n",
        vault.address
    ));
    let wanted: BTreeSet<SecretRef> =
        kinds.iter().flat_map(|kind| (8001..8201).map(move |id| at(kind, &format!("agents/{id}")))).collect();
    for _ in 0..2 {
        let values = secrets.get_all(wanted.clone()).await;
        assert_eq!(values.len(), wanted.len());
        for (secret, value) in values {
            let value = value.unwrap_or_else(|error| panic!("{error}"));
            let id = secret.key.strip_prefix("agents/").unwrap();
            assert_eq!(value.expose(), format!("{}-{id}", secret.store));
        }
    }
    assert_eq!(vault.state.lock().unwrap().reads.len(), 200);
    let reads = fs::read_to_string(stores.folder.path().join("reads")).unwrap();
    assert_eq!(reads.lines().count(), 200);
    assert_eq!(reads.lines().collect::<BTreeSet<_>>().len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_write_one_secret_of_a_real_vault_at_once_all_write() {
    let Some((_server, address)) = openbao() else { return };
    let stores = Stores::new();
    stores.write("own/token", OPENBAO_TOKEN);
    // Each has its own turns, as a process has.
    let runs = [(); 20].map(|()| {
        stores.open(&format!(
            "  vault: {{ type: vault, address: \"{address}\", token: {{ store: own, key: token }} }}\n"
        ))
    });
    let writes = (8001..8041).zip(runs.iter().cycle()).map(|(id, run)| async move {
        let value = Secret::new(format!("made-{id}"));
        run.put(&at("vault", &format!("team#{id}")), value).await.map(|_| ())
    });
    for result in join_all(writes).await {
        assert_eq!(result, Ok(()));
    }
    for (id, run) in (8001..8041).zip(runs.iter().cycle()) {
        assert_eq!(get(run, "vault", &format!("team#{id}")).await, Ok(format!("made-{id}")));
    }
}

#[tokio::test]
async fn a_folder_of_secrets_is_made_with_those_above_it() {
    let stores = Stores::new();
    let secrets = stores.open("  dir: { type: dir, path: not/yet/there }\n");
    assert!(secrets.find(&at("dir", "agents/8001")).await.unwrap().is_none());
    let put = secrets.put(&at("dir", "agents/8001"), Secret::new("made".to_owned())).await;
    put.unwrap_or_else(|error| panic!("{error}"));
    let mode = |name: &str| {
        let about = fs::metadata(stores.folder.path().join(name)).unwrap();
        about.permissions().mode() & 0o777
    };
    assert_eq!(mode("not/yet/there/agents/8001"), 0o600);
    assert_eq!(mode("not/yet/there/agents"), 0o700);
    assert_eq!(mode("not/yet/there"), 0o700);
}

#[tokio::test]
async fn a_write_follows_no_link_out_of_the_folder() {
    let stores = Stores::new();
    stores.write("outside/kept", "kept");
    stores.write("files/here", "x");
    let link = |target: &str, name: &str| {
        let at = stores.folder.path();
        std::os::unix::fs::symlink(at.join(target), at.join("files").join(name)).unwrap();
    };
    link("outside", "folder");
    link("outside/kept", "file");
    let secrets = stores.open("  dir: { type: dir, path: files }\n");
    let put = async |key: &str| {
        let result = secrets.put(&at("dir", key), Secret::new("made".to_owned())).await;
        result.map(|_| ()).map_err(|error| error.to_string())
    };
    let wrong = Err("store `dir`: key `folder/new` leads over a link, which is not written through".into());
    assert_eq!(put("folder/new").await, wrong);
    assert!(put("file").await.is_err(), "the key is there already, and leads out");
    assert_eq!(fs::read_to_string(stores.folder.path().join("outside/kept")).unwrap(), "kept");
    assert!(!stores.folder.path().join("outside/new").exists());
    for key in ["../outside/kept", "/etc/passwd", "a/../../b", "a//b", "", "a\0b", "a\\b"] {
        assert!(put(key).await.is_err(), "{key:?}");
        assert!(get(&secrets, "dir", key).await.is_err(), "{key:?}");
    }
}

#[tokio::test]
async fn keys_that_are_numbers_are_found_and_values_that_are_numbers_are_not_guessed() {
    let Some(sealed) = age("agents:\n  8001: plain-number-key\n  8002: 12345678\n9001: at-the-top\n") else {
        return;
    };
    let stores = Stores::new();
    fs::write(stores.folder.path().join("secrets.age"), sealed).unwrap();
    let secrets =
        stores.open("  age: { type: age, path: secrets.age, identity: { store: own, key: identity } }\n");
    assert_eq!(get(&secrets, "age", "agents/8001").await, Ok("plain-number-key".to_owned()));
    assert_eq!(get(&secrets, "age", "9001").await, Ok("at-the-top".to_owned()));
    let said = get(&secrets, "age", "agents/8002").await.unwrap_err();
    assert!(said.contains("does not hold text") && !said.contains("12345678"), "{said}");
}

#[tokio::test]
async fn an_ssh_key_opens_an_age_file_unless_it_needs_a_passphrase() {
    let stores = Stores::new();
    for (kind, passphrase) in [("ed25519", ""), ("rsa", ""), ("ed25519", "canary")] {
        let key = stores.folder.path().join(format!("own/{kind}{passphrase}"));
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", passphrase, "-f"]).arg(&key).status();
        if made.is_err() {
            eprintln!("not tested: the `ssh-keygen` program is not installed");
            return;
        }
        let recipient = fs::read_to_string(key.with_extension("pub")).unwrap();
        let Some(sealed) = age_to(recipient.trim(), "x: ssh-pass\n") else { return };
        fs::write(stores.folder.path().join("secrets.age"), sealed).unwrap();
        let secrets = stores.open(&format!(
            "  age: {{ type: age, path: secrets.age, identity: {{ store: own, key: {kind}{passphrase} }} }}\n"
        ));
        let got = get(&secrets, "age", "x").await;
        if passphrase.is_empty() {
            assert_eq!(got, Ok("ssh-pass".to_owned()), "{kind}");
        } else {
            assert!(got.unwrap_err().contains("an SSH key that is protected with a passphrase"));
        }
    }
}

#[tokio::test]
async fn an_identity_file_with_a_passphrase_is_named_as_such() {
    let stores = Stores::new();
    // As `age -p` writes them, binary and armored.
    stores.write("own/binary", "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 18\n");
    stores
        .write("own/armored", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n");
    for key in ["binary", "armored"] {
        let secrets = stores.open(&format!(
            "  age: {{ type: age, path: \"{}\", identity: {{ store: own, key: {key} }} }}\n",
            fixture("secrets.age")
        ));
        let said = get(&secrets, "age", "x").await.unwrap_err();
        assert!(said.contains("is protected with a passphrase"), "{said}");
    }
}

#[tokio::test]
async fn a_sops_file_keeps_its_rules() {
    let stores = Stores::new();
    let only = fs::read_to_string(fixture("only-encrypted.sops.json")).unwrap();
    stores.write("plain.json", &only.replace("\"region\": \"north\"", "\"region\": \"south\""));
    let slipped = only.replacen('{', "{ \"agents/8001\": \"chosen by a stranger\",", 1);
    stores.write("slipped.json", &slipped);
    let open = |name: &str, path: &str| {
        format!("  {name}: {{ type: sops, path: {path}, identity: {{ store: own, key: identity }} }}\n")
    };
    let secrets = stores.open(&format!(
        "{}{}{}",
        open("only", &fixture("only-encrypted.sops.json")),
        open("plain", "plain.json"),
        open("slipped", "slipped.json"),
    ));
    // Here the digest covers encrypted values only, and starts with SOPS' initial bytes for that mode.
    assert_eq!(get(&secrets, "only", "agents/8001").await, Ok("sops-pass-8001".to_owned()));
    assert_eq!(get(&secrets, "plain", "agents/8001").await, Ok("sops-pass-8001".to_owned()));
    // A value that is not text is not converted to text.
    let said = get(&secrets, "only", "agents/8002").await.unwrap_err();
    assert!(said.contains("does not hold text"), "{said}");
    // A plain value where the file's rule requires encryption.
    let said = get(&secrets, "slipped", "agents/8001").await;
    assert!(said.is_err(), "{said:?}");
}

#[tokio::test]
async fn what_vault_says_is_shown_short_and_without_control() {
    let stores = Stores::new();
    let vault = Vault::start();
    vault.mood("rude");
    let secrets = stores.open(&format!(
        "  vault: {{ type: vault, address: \"{}\", token: {{ store: own, key: token }} }}\n",
        vault.address
    ));
    let said = get(&secrets, "vault", "x").await.unwrap_err();
    assert!(said.contains("Vault denied it"), "{said:?}");
    assert!(!said.contains(VAULT_TOKEN) && !said.contains(char::is_control), "{said:?}");
    assert!(said.len() < 400, "{} bytes", said.len());
}

#[tokio::test]
async fn a_write_that_kv_version_1_took_is_no_success() {
    let stores = Stores::new();
    let vault = Vault::start();
    vault.mood("v1-write");
    let secrets = stores.open(&format!(
        "  vault: {{ type: vault, address: \"{}\", token: {{ store: own, key: token }} }}\n",
        vault.address
    ));
    let said = secrets.put(&at("vault", "x"), Secret::new("made".to_owned())).await;
    assert!(said.is_err_and(|error| error.to_string().contains("version 1")));
}

#[test]
fn a_service_account_signs_in_once_in_its_namespace() {
    let mut bench = Bench::new("");
    let vault = Vault::start();
    // A name with a space, or with letters of any language, is one part of the path.
    vault.set("cc/%E5%9D%90%20%E5%B8%AD/8001", json!({ "value": "vault-pass-8001" }));
    vault.set("cc/8002", json!({ "value": "vault-pass-8002" }));
    bench.write("jwt", "canary-jwt\n");
    bench.environment.push(("VAULT_K8S_TOKEN_PATH".to_owned(), bench.path("jwt").display().to_string()));
    bench.environment.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", path: cc, namespace: team/a, kubernetes: {{ role: roster }} }}\n",
        vault.address
    ));
    let agent = |id: &str, key: &str| {
        format!(
            "  - {{ operatorId: \"{id}\", name: a, role: r, password: {{ store: vault, key: \"{key}\" }} }}\n"
        )
    };
    bench.roster(&format!("agents:\n{}{}", agent("8001", "坐 席/{operatorId}"), agent("8002", "8002")));
    let said = bench.run(&["apply", "--auto-approve"]).exits(0);
    for secret in ["canary-jwt", VAULT_TOKEN, "vault-pass-8001", "vault-pass-8002"] {
        assert!(!said.err.contains(secret) && !said.out.contains(secret), "{secret}");
    }
    let state = vault.state.lock().unwrap();
    assert_eq!(state.logins, 1);
    assert_eq!(state.namespaces.iter().collect::<Vec<_>>(), ["team/a"]);
    assert_eq!(state.reads.len(), 2);
}

/// Returns the MD5 of an agent's live password and that of a stored one.
fn live_and_stored(bench: &Bench, id: &str, stored: &str) -> (String, String) {
    let live = bench.with(|estate| estate.get::<AgentConfig>().agent(id).unwrap().password_md5.clone());
    (live, md5_of(stored))
}

#[test]
fn a_key_that_is_named_twice_is_made_once() {
    let mut bench = Bench::new("");
    let vault = Vault::start();
    bench.environment.push(("BENCH_VAULT_TOKEN".to_owned(), VAULT_TOKEN.to_owned()));
    bench.workspace(&format!(
        "  vault: {{ type: vault, address: \"{}\", token: {{ store: ci, key: VAULT_TOKEN }} }}\n",
        vault.address
    ));
    let agent = |id: &str, password: &str| {
        format!(
            "  - {{ operatorId: \"{id}\", name: a, role: r, password: {{ {password}, generate: true }} }}\n"
        )
    };
    let roster = |version: u32| {
        bench.roster(&format!(
            "agents:\n{}{}{}{}",
            agent("8001", &format!("store: files, key: shared, version: {version}")),
            agent("8002", &format!("store: files, key: shared, version: {version}")),
            agent("8003", &format!("store: vault, key: team, version: {version}")),
            agent("8004", &format!("store: vault, key: \"team#value\", version: {version}")),
        ));
    };
    // No rotation overwrites a password that another agent also uses.
    for (version, code) in [(1, 0), (2, 1)] {
        roster(version);
        bench.run(&["apply", "--auto-approve"]).exits(code);
        let shared = fs::read_to_string(bench.path("secrets/shared")).unwrap();
        let team = vault.get("team")["value"].as_str().unwrap().to_owned();
        for (id, stored) in [("8001", &shared), ("8002", &shared), ("8003", &team), ("8004", &team)] {
            let (live, stored) = live_and_stored(&bench, id, stored);
            assert_eq!(live, stored, "the store has lost the password of {id}");
        }
    }
}
