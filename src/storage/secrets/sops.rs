//! A file encrypted with SOPS to age recipients. Read only, decrypted in this process.
//!
//! SOPS leaves keys in clear and encrypts each value by itself with AES-256-GCM under one data key. The value's path
//! is the associated data. The data key is encrypted to each recipient. An encrypted message digest over all values
//! proves that none was moved or removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::U32;
use aes_gcm::{AesGcm, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_yaml::Value;
use sha2::{Digest as _, Sha256, Sha512};
use tokio::process::Command;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::age::{Identities, decrypt, identities, read};
use super::nested_map::Tree;
use super::store::{Found, SecretResolver, SecretStore, Wrong};
use crate::config::workspace::Settings;
use crate::model::language::localized;
use crate::model::secret::Secret;

/// AES-256-GCM with SOPS's nonces of 32 bytes.
type Cipher = AesGcm<Aes256, U32>;

pub(super) struct Sops {
    settings: Settings,
    path: PathBuf,
    /// Content, decrypted once a run.
    content: OnceCell<Result<Tree, Wrong>>,
}

impl Sops {
    pub(super) fn new(settings: Settings, path: PathBuf) -> Self {
        Self { settings, path, content: OnceCell::new() }
    }

    async fn open(&self, own: SecretResolver<'_>) -> Result<Tree, Wrong> {
        let declared = own.setting(&self.settings, "identity").await?;
        let about = |why: String| Wrong::Refused(format!("{} {why}", self.path.display()));
        let mut file = parse(&read(&self.path)?).map_err(about)?;
        let no_sops = || about("is not encrypted with SOPS: it has no `sops` section".to_owned());
        let sops = file.as_mapping_mut().and_then(|map| map.shift_remove("sops")).ok_or_else(no_sops)?;
        let keys = encrypted_keys(&sops).map_err(about)?;
        let cipher = match declared {
            Some(identity) => data_key(&keys, &identities(identity.expose())?)
                .ok_or_else(|| about("cannot be decrypted with the identity that is declared".to_owned()))?,
            None => data_key_from_environment(&keys).await.map_err(about)?,
        };
        open(file, &sops, &cipher).map_err(about)
    }
}

impl SecretStore for Sops {
    fn get<'a>(&'a self, key: &'a str, own: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move {
            let content = self.content.get_or_init(|| self.open(own)).await;
            let value = content.as_ref().map_err(Clone::clone)?.find(key)?;
            let missing = || {
                let path = self.path.display();
                Found::Missing(localized!(
                    "add `{key}` with `sops {path}`",
                    "请用 `sops {path}` 加上 `{key}`",
                    "請用 `sops {path}` 加上 `{key}`"
                ))
            };
            Ok(value.map_or_else(missing, Found::Value))
        })
    }
}

/// Parses a file in YAML or JSON.
fn parse(bytes: &[u8]) -> Result<Value, String> {
    // JSON is YAML, and this parser keeps the order of keys, on which the digest depends.
    let parsed = serde_yaml::from_slice(bytes);
    if !matches!(parsed, Ok(Value::Mapping(_)))
        && let Some(format) = other_format(bytes)
    {
        return Err(format!("is {format}, which is not supported: encrypt one document of YAML or JSON"));
    }
    // The parser's message may quote a clear value: pass on only the place.
    parsed.map_err(|error| {
        let place = error.location().map(|at| format!(" (line {})", at.line())).unwrap_or_default();
        format!("is neither YAML nor JSON{place}")
    })
}

/// Returns the name of another format that SOPS writes.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let any =
        |test: fn(&[u8]) -> bool| bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).any(test);
    if any(|line| line == b"[sops]") {
        Some("an INI file")
    } else if any(|line| line.starts_with(b"sops_mac=")) {
        Some("a dotenv file")
    } else if any(|line| line == b"---") {
        Some("a file of several YAML documents")
    } else {
        None
    }
}

/// Time limit of `SOPS_AGE_KEY_CMD`.
const PATIENCE: Duration = Duration::from_secs(30);

/// Place of an identity, in the order of SOPS.
enum Place {
    /// Variable that holds it.
    Text(String),
    /// File that must exist.
    File(PathBuf),
    /// File that may exist.
    DefaultFile(PathBuf),
    /// Command that prints it.
    Command(String),
}

impl Place {
    /// Reads the identity. `None` if the place does not exist.
    async fn read(self) -> Result<Option<Zeroizing<String>>, String> {
        match self {
            Self::Text(text) => Ok(Some(Zeroizing::new(text))),
            Self::Command(command) => printed(&command).await.map(Some),
            Self::DefaultFile(path) if !path.exists() => Ok(None),
            Self::File(path) | Self::DefaultFile(path) => std::fs::read_to_string(&path)
                .map(|text| Some(Zeroizing::new(text)))
                .map_err(|error| format!("cannot be read: {error}")),
        }
    }
}

/// Returns the places in which SOPS itself looks for identities. An empty variable counts as unset.
fn places() -> Vec<(String, Place)> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut places = Vec::new();
    let mut add = |name: &str, place: fn(String) -> Place| {
        places.extend(variable(name).map(|value| (name.to_owned(), place(value))));
        variable(name).is_some()
    };
    add("SOPS_AGE_KEY", Place::Text);
    add("SOPS_AGE_KEY_FILE", |path| Place::File(path.into()));
    add("SOPS_AGE_KEY_CMD", Place::Command);
    let ssh = add("SOPS_AGE_SSH_PRIVATE_KEY_FILE", |path| Place::File(path.into()));
    let home = variable("HOME");
    let below = |folder: &str| home.as_ref().map(|home| Path::new(home).join(folder));
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| below(".config"));
    let keys = config.map(|folder| folder.join("sops/age/keys.txt"));
    let ssh_keys = [".ssh/id_ed25519", ".ssh/id_rsa"].map(|file| below(file).filter(|_| !ssh));
    places.extend(
        std::iter::once(keys)
            .chain(ssh_keys)
            .flatten()
            .map(|path| (path.display().to_string(), Place::DefaultFile(path))),
    );
    places
}

/// Returns the output of a command. Its standard error may hold a secret, and is dropped.
async fn printed(command: &str) -> Result<Zeroizing<String>, String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, output)
        .await
        .map_err(|_| format!("did not end within {} s", PATIENCE.as_secs()))?
        .map_err(|error| format!("cannot be run: {error}"))?;
    let text = String::from_utf8(output.stdout).map(Zeroizing::new);
    if !output.status.success() {
        return Err(format!("failed ({}); run it by hand to see why", output.status));
    }
    text.map_err(|_| "printed no text".to_owned())
}

/// Returns the data key by the first identity that opens it.
async fn data_key_from_environment(keys: &[&str]) -> Result<Cipher, String> {
    let mut tried = Vec::new();
    for (name, place) in places() {
        let cipher = match place.read().await {
            Ok(None) => continue,
            Ok(Some(text)) => identities(&text).and_then(|identities| {
                data_key(keys, &identities).ok_or_else(|| "is of none of the file's recipients".to_owned())
            }),
            Err(why) => Err(why),
        };
        match cipher {
            Ok(cipher) => return Ok(cipher),
            Err(why) => tried.push(format!("{name}: {why}")),
        }
    }
    Err(if tried.is_empty() {
        "cannot be decrypted without an identity: declare `identity`, set SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, \
         SOPS_AGE_KEY_CMD or SOPS_AGE_SSH_PRIVATE_KEY_FILE, or write ~/.config/sops/age/keys.txt"
            .to_owned()
    } else {
        format!("cannot be decrypted: {}", tried.join("; "))
    })
}

/// Reason to withhold a clear value that the digest does not cover. Anyone could have written it.
const UNPROVED: &str = "stands in clear, and the file's digest does not cover it";

/// Decrypts every value of a file and checks its digest.
fn open(file: Value, sops: &Value, cipher: &Cipher) -> Result<Tree, String> {
    let text = |key: &str| sops.get(key).and_then(Value::as_str);
    let only_encrypted = sops.get("mac_only_encrypted").and_then(Value::as_bool).unwrap_or(false);
    let mut digest = Sha512::new();
    if only_encrypted {
        // Keeps a digest with this setting distinct from one without it.
        digest.update(Sha256::digest(b"sops"));
    }
    let tree = walk(file, &mut Vec::new(), cipher, only_encrypted, &mut digest)?;
    let mac = text("mac").ok_or_else(|| "has no digest (`sops.mac`)".to_owned())?;
    let modified = text("lastmodified").ok_or_else(|| "has no `sops.lastmodified`".to_owned())?;
    let (mac, _) = value(mac, modified, cipher).ok_or_else(damaged)?;
    let mut hex = String::with_capacity(128);
    for byte in digest.finalize() {
        let _ = write!(hex, "{byte:02X}");
    }
    if *mac == hex {
        Ok(tree)
    } else {
        Err("was changed after it was encrypted: its digest is another".to_owned())
    }
}

fn damaged() -> String {
    "is damaged, or was changed after it was encrypted".to_owned()
}

/// Returns the data key as it is encrypted to each age recipient.
fn encrypted_keys(sops: &Value) -> Result<Vec<&str>, String> {
    let list = |key: &str| sops.get(key).and_then(Value::as_sequence).filter(|list| !list.is_empty());
    if list("key_groups").is_some() {
        return Err(
            "has key groups (`sops.key_groups`), which are not supported: encrypt it to age recipients of \
                    one group"
                .to_owned(),
        );
    }
    let recipients = list("age").ok_or_else(|| "is not encrypted to an age recipient".to_owned())?;
    Ok(recipients.iter().filter_map(|recipient| recipient.get("enc")?.as_str()).collect())
}

/// Returns the data key, which encrypts all values. `None` if no identity is of a recipient.
fn data_key(keys: &[&str], identities: &Identities) -> Option<Cipher> {
    let key = keys.iter().find_map(|armored| decrypt(armored.as_bytes(), identities).ok())?;
    Cipher::new_from_slice(&key).ok()
}

/// Decrypts below a node, in the file's order, and adds each value to the digest.
fn walk(
    node: Value,
    path: &mut Vec<String>,
    cipher: &Cipher,
    only_encrypted: bool,
    digest: &mut Sha512,
) -> Result<Tree, String> {
    match node {
        Value::Mapping(map) => {
            let mut tree = BTreeMap::new();
            for (key, child) in map {
                let key = match key {
                    Value::String(key) => key,
                    other => serde_yaml::to_string(&other).unwrap_or_default().trim().to_owned(),
                };
                path.push(key.clone());
                tree.insert(key, walk(child, path, cipher, only_encrypted, digest)?);
                path.pop();
            }
            Ok(Tree::Map(tree))
        }
        Value::Sequence(list) => {
            for child in list {
                walk(child, path, cipher, only_encrypted, digest)?;
            }
            Ok(Value::Null.into())
        }
        Value::String(text) if text.starts_with("ENC[") => {
            let data = path.iter().fold(String::new(), |all, part| format!("{all}{part}:"));
            let (plain, kind) = value(&text, &data, cipher).ok_or_else(damaged)?;
            // A comment is no value.
            if kind != "comment" {
                digest.update(plain.as_bytes());
            }
            Ok(if kind == "str" { Tree::Text(Secret::new(plain.to_string())) } else { Value::Null.into() })
        }
        plain if only_encrypted => {
            // An empty text stays unchanged, and is no secret either way.
            Ok(if plain.as_str() == Some("") { plain.into() } else { Tree::Other(UNPROVED) })
        }
        plain => {
            digest.update(in_clear(&plain));
            Ok(plain.into())
        }
    }
}

/// Returns a clear value in the form that the digest covers.
fn in_clear(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        // The shortest digits of the number, without an exponent: 1.0 is `1`.
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => String::new(),
    }
}

/// Decrypts `ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]`, and returns the value with its type.
fn value<'a>(text: &'a str, associated: &str, cipher: &Cipher) -> Option<(Zeroizing<String>, &'a str)> {
    let inner = text.strip_prefix("ENC[AES256_GCM,")?.strip_suffix(']')?;
    let part = |name: &str| inner.split(',').find_map(|p| p.strip_prefix(name)?.strip_prefix(':'));
    let bytes = |name: &str| STANDARD.decode(part(name)?).ok();
    let nonce: [u8; 32] = bytes("iv")?.try_into().ok()?;
    let mut sealed = bytes("data")?;
    sealed.extend(bytes("tag")?);
    let payload = Payload { msg: &sealed, aad: associated.as_bytes() };
    let plain = cipher.decrypt(&nonce.into(), payload).ok()?;
    Some((Zeroizing::new(String::from_utf8(plain).ok()?), part("type")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_clear_are_digested_as_sops_writes_them() {
        // Go: strconv.FormatFloat(v, 'f', -1, 64), and Python's words for flags.
        for (yaml, text) in [
            ("1.0", "1"),
            ("1.50", "1.5"),
            ("1e21", "1000000000000000000000"),
            ("8001", "8001"),
            ("true", "True"),
        ] {
            let value: Value = serde_yaml::from_str(yaml).unwrap_or_default();
            assert_eq!(in_clear(&value), text, "{yaml}");
        }
    }
}
