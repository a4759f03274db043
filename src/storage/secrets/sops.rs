//! A file encrypted with SOPS to age recipients. Read only, decrypted in this process.
//!
//! SOPS leaves keys in clear and encrypts each value by itself with AES-256-GCM under one data key. The value's path
//! is the associated data. The data key is encrypted to each recipient. An encrypted message digest over all values
//! proves that none was moved or removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::U32;
use aes_gcm::{AesGcm, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_yaml::Value;
use sha2::{Digest as _, Sha256, Sha512};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::age::{decrypt, identities, read};
use super::nested_map::Tree;
use super::store::{Found, SecretResolver, SecretStore, Wrong};
use crate::config::workspace::Settings;
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
        let identity = match own.setting(&self.settings, "identity").await? {
            Some(identity) => identity.expose().to_owned(),
            None => from_environment()?,
        };
        let identity = Zeroizing::new(identity);
        let bytes = read(&self.path)?;
        // JSON is YAML, and this parser keeps the order of keys, on which the digest depends. Its message may quote a
        // clear value: pass on only the place.
        let file: Value = serde_yaml::from_slice(&bytes).map_err(|error| {
            let place = error.location().map(|at| format!(" (line {})", at.line())).unwrap_or_default();
            format!("{} is neither YAML nor JSON{place}", self.path.display())
        })?;
        open(file, &identity).map_err(|why| Wrong::Refused(format!("{} {why}", self.path.display())))
    }
}

impl SecretStore for Sops {
    fn get<'a>(&'a self, key: &'a str, own: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move {
            let content = self.content.get_or_init(|| self.open(own)).await;
            let value = content.as_ref().map_err(Clone::clone)?.find(key)?;
            let missing = || Found::Missing(format!("add `{key}` with `sops {}`", self.path.display()));
            Ok(value.map_or_else(missing, Found::Value))
        })
    }
}

/// Returns the identity from the variables that SOPS itself reads.
fn from_environment() -> Result<String, String> {
    if let Some(identity) = std::env::var("SOPS_AGE_KEY").ok().filter(|v| !v.is_empty()) {
        return Ok(identity);
    }
    match std::env::var_os("SOPS_AGE_KEY_FILE") {
        Some(path) => std::fs::read_to_string(&path)
            .map_err(|error| format!("SOPS_AGE_KEY_FILE cannot be read: {error}")),
        None => Err("no identity: declare `identity`, or set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE".to_owned()),
    }
}

/// Reason to withhold a clear value that the digest does not cover. Anyone could have written it.
const UNPROVED: &str = "stands in clear, and the file's digest does not cover it";

/// Decrypts every value of a file and checks its digest.
fn open(mut file: Value, identity: &str) -> Result<Tree, String> {
    let no_sops = || "is not encrypted with SOPS: it has no `sops` section".to_owned();
    let sops = file.as_mapping_mut().and_then(|map| map.shift_remove("sops")).ok_or_else(no_sops)?;
    let text = |key: &str| sops.get(key).and_then(Value::as_str);
    let cipher = data_key(&sops, identity)?;
    let only_encrypted = sops.get("mac_only_encrypted").and_then(Value::as_bool).unwrap_or(false);
    let mut digest = Sha512::new();
    if only_encrypted {
        // Keeps a digest with this setting distinct from one without it.
        digest.update(Sha256::digest(b"sops"));
    }
    let tree = walk(file, &mut Vec::new(), &cipher, only_encrypted, &mut digest)?;
    let mac = text("mac").ok_or_else(|| "has no digest (`sops.mac`)".to_owned())?;
    let modified = text("lastmodified").ok_or_else(|| "has no `sops.lastmodified`".to_owned())?;
    let (mac, _) = value(mac, modified, &cipher).ok_or_else(damaged)?;
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

/// Returns the data key, which encrypts all values.
fn data_key(sops: &Value, identity: &str) -> Result<Cipher, String> {
    let identities = identities(identity)?;
    let recipients = sops.get("age").and_then(Value::as_sequence).filter(|list| !list.is_empty());
    let recipients = recipients.ok_or_else(|| "is not encrypted to an age recipient".to_owned())?;
    for recipient in recipients {
        let Some(armored) = recipient.get("enc").and_then(Value::as_str) else { continue };
        if let Ok(key) = decrypt(armored.as_bytes(), &identities) {
            return Cipher::new_from_slice(&key).map_err(|_| damaged());
        }
    }
    Err("cannot be decrypted with the identity that is declared".to_owned())
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
