//! HashiCorp Vault, KV version 2, over its HTTP API.
//!
//! Source: Vault's API documentation, "KV Secrets Engine - Version 2", "AppRole", "Kubernetes Auth Method".
//! Key `agents/8001` is the secret `<mount>/data/<path>/agents/8001`, field `value`, or `key#field`.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};
use tokio::sync::{Mutex, OnceCell};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Own, SecretStore};
use crate::model::secret::Secret;
use crate::model::workspace::Settings;

/// Longest time for one call.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How often a write that met another is tried.
const ATTEMPTS: usize = 5;
/// Most of what Vault says that is repeated, in characters.
const LONGEST_WORDS: usize = 200;
/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) struct Vault {
    settings: Settings,
    folder: PathBuf,
    client: OnceCell<Result<reqwest::Client, String>>,
    /// Signed in once a run.
    token: OnceCell<Result<Arc<Secret>, String>>,
    /// Held while a path is written: passwords may be fields of one secret, and Vault takes one version
    /// after the other.
    writes: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

/// What was sent to Vault or came from it, wiped when dropped.
struct Wiped(Json);

impl Deref for Wiped {
    type Target = Json;

    fn deref(&self) -> &Json {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Json {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        fn wipe(value: &mut Json) {
            match value {
                Json::String(text) => text.zeroize(),
                Json::Array(list) => list.iter_mut().for_each(wipe),
                Json::Object(map) => map.values_mut().for_each(wipe),
                Json::Null | Json::Bool(_) | Json::Number(_) => {}
            }
        }
        wipe(&mut self.0);
    }
}

/// A secret as Vault holds it: its fields, and the version to check against when it is written.
struct Entry {
    fields: Wiped,
    version: u64,
}

impl Vault {
    pub(super) fn new(settings: Settings, folder: &Path) -> Self {
        Self {
            settings,
            folder: folder.to_owned(),
            client: OnceCell::new(),
            token: OnceCell::new(),
            writes: Mutex::default(),
        }
    }

    async fn client(&self) -> Result<&reqwest::Client, String> {
        let build = || async {
            let address = self.settings.text("address").unwrap_or_default();
            let mut builder = crate::shell::http::client(address).timeout(PATIENCE);
            if let Some(file) = self.settings.text("caFile") {
                let path = self.folder.join(file);
                let wrong = |why: String| format!("caFile {}: {why}", path.display());
                let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
                let certificates =
                    reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
                builder = builder.tls_certs_merge(certificates);
            }
            builder.build().map_err(|_| {
                "the HTTP client cannot be set up: are the system's certificates (ca-certificates) installed?".to_owned()
            })
        };
        self.client.get_or_init(build).await.as_ref().map_err(Clone::clone)
    }

    async fn token(&self, own: Own<'_>) -> Result<&Secret, String> {
        let token = self.token.get_or_init(|| self.sign_in(own)).await;
        token.as_ref().map(|token| &**token).map_err(Clone::clone)
    }

    async fn sign_in(&self, own: Own<'_>) -> Result<Arc<Secret>, String> {
        if let Some(token) = own.setting(&self.settings, "token").await? {
            return Ok(token);
        }
        let (mount, body, proof) = if let Some(role) = self.settings.group("approle") {
            let secret = own.setting(role, "secretId").await?;
            let secret = secret.ok_or_else(|| "approle has no secretId".to_owned())?;
            let body = json!({ "role_id": role.text("roleId"), "secret_id": secret.expose() });
            (role.text("mount").unwrap_or("approle"), Wiped(body), secret)
        } else if let Some(role) = self.settings.group("kubernetes") {
            let path = std::env::var("VAULT_K8S_TOKEN_PATH").unwrap_or_else(|_| SERVICE_ACCOUNT.to_owned());
            let jwt = std::fs::read_to_string(&path)
                .map_err(|error| format!("the service account's token {path} cannot be read: {error}"))?;
            let jwt = Zeroizing::new(jwt);
            let body = json!({ "role": role.text("role"), "jwt": jwt.trim() });
            let proof = Arc::new(Secret::new(jwt.trim().to_owned()));
            (role.text("mount").unwrap_or("kubernetes"), Wiped(body), proof)
        } else {
            return Err("no way to sign in is declared".to_owned());
        };
        let (status, mut answer) =
            self.call(Method::POST, &format!("auth/{mount}/login"), None, Some(&body)).await?;
        match answer.pointer_mut("/auth/client_token").filter(|_| status.is_success()).map(Json::take) {
            Some(Json::String(token)) => Ok(Arc::new(Secret::new(token))),
            _ => {
                Err(format!("the sign-in at auth/{mount} was refused: {}", said(status, &answer, &[&proof])))
            }
        }
    }

    /// Makes a call below `/v1/`.
    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&Secret>,
        body: Option<&Json>,
    ) -> Result<(StatusCode, Wiped), String> {
        let address = self.settings.text("address").unwrap_or_default().trim_end_matches('/');
        let mut request = self.client().await?.request(method, format!("{address}/v1/{path}"));
        request = request.header("X-Vault-Request", "true");
        if let Some(namespace) = self.settings.text("namespace") {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose())
                .map_err(|_| "the token holds characters that no header may".to_owned())?;
            value.set_sensitive(true);
            request = request.header("X-Vault-Token", value);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let broken = |error: reqwest::Error| {
            let what = if error.is_timeout() {
                "gave no answer in time"
            } else if innermost(&error).contains("certificate") {
                "shows a certificate that is not trusted: name its authority in `caFile`"
            } else {
                "cannot be reached"
            };
            format!("Vault at {address} {what}")
        };
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(format!(
                "Vault at {address} redirects, which is not followed: name the active node in `address`"
            ));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err(format!("Vault at {address} answered with more than {LARGEST} bytes"));
            }
        }
        if bytes.is_empty() {
            return Ok((status, Wiped(Json::Null)));
        }
        let answer = serde_json::from_slice(&bytes)
            .map_err(|_| format!("Vault at {address} answered with what is no JSON ({status})"))?;
        Ok((status, Wiped(answer)))
    }

    /// The path of a key's secret, and its field.
    fn place<'a>(&self, key: &'a str) -> (String, &'a str) {
        let (key, field) = key.split_once('#').unwrap_or((key, "value"));
        let mount = self.settings.text("mount").unwrap_or("secret");
        let path = self.settings.text("path").unwrap_or_default();
        let parts = path.split('/').chain(key.split('/')).filter(|part| !part.is_empty());
        let encoded: Vec<String> = parts.map(encode).collect();
        (format!("{}/data/{}", mount.trim_matches('/'), encoded.join("/")), field)
    }

    /// Reads a secret; `None` when there is none, or its last version was deleted.
    async fn read(&self, path: &str, own: Own<'_>) -> Result<Option<Entry>, String> {
        let token = self.token(own).await?;
        let (status, mut answer) = self.call(Method::GET, path, Some(token), None).await?;
        let version = answer.pointer("/data/metadata/version").and_then(Json::as_u64);
        let fields = answer.pointer_mut("/data/data").map(Json::take);
        match (status.as_u16(), fields, version) {
            (200, Some(fields @ Json::Object(_)), Some(version)) => {
                Ok(Some(Entry { fields: Wiped(fields), version }))
            }
            // A deleted version is there, without data, under either status.
            (200 | 404, _, Some(version)) => {
                Ok(Some(Entry { fields: Wiped(Json::Object(Map::new())), version }))
            }
            (404, ..) if errors(&answer).is_empty() => Ok(None),
            (200, ..) => Err(other_version(path)),
            _ => Err(format!("{path}: {}", said(status, &answer, &[token]))),
        }
    }

    /// Writes a field and keeps the others. What another wrote beside it in the meantime is kept as well;
    /// what another wrote into the field itself is not overwritten.
    async fn write(&self, key: &str, value: &Secret, own: Own<'_>) -> Result<(), String> {
        let (path, field) = self.place(key);
        let turn = Arc::clone(self.writes.lock().await.entry(path.clone()).or_default());
        let _turn = turn.lock().await;
        let token = self.token(own).await?;
        let mut before: Option<Wiped> = None;
        for _ in 0..ATTEMPTS {
            let entry = self.read(&path, own).await?;
            let mut entry = entry.unwrap_or(Entry { fields: Wiped(Json::Object(Map::new())), version: 0 });
            let there = Wiped(entry.fields[field].take());
            if before.as_ref().is_some_and(|before| **before != *there) {
                break;
            }
            before = Some(there);
            entry.fields[field] = json!(value.expose());
            let body = json!({ "options": { "cas": entry.version }, "data": entry.fields.take() });
            let body = Wiped(body);
            let (status, answer) = self.call(Method::POST, &path, Some(token), Some(&body)).await?;
            if status.is_success() {
                // Version 1 takes any body, and answers with none.
                let version = answer.pointer("/data/version").and_then(Json::as_u64);
                return version.map(|_| ()).ok_or_else(|| other_version(&path));
            }
            if !errors(&answer).iter().any(|error| error.contains("check-and-set")) {
                return Err(format!("{path}: {}", said(status, &answer, &[token, value])));
            }
        }
        Err(format!("{path}: somebody else changed it at the same time; run again"))
    }
}

impl SecretStore for Vault {
    fn get<'a>(&'a self, key: &'a str, own: Own<'a>) -> BoxFuture<'a, Result<Option<Secret>, String>> {
        Box::pin(async move {
            let (path, field) = self.place(key);
            let Some(mut entry) = self.read(&path, own).await? else { return Ok(None) };
            match entry.fields.get_mut(field).map(Json::take) {
                None => Ok(None),
                Some(Json::String(text)) if text.is_empty() => Ok(None),
                Some(Json::String(text)) => Ok(Some(Secret::new(text))),
                Some(_) => Err(format!("{path}: field `{field}` does not hold text")),
            }
        })
    }

    fn put<'a>(&'a self, key: &'a str, value: &'a Secret, own: Own<'a>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.write(key, value, own))
    }

    fn hint(&self, key: &str) -> String {
        let (path, field) = self.place(key);
        format!("write field `{field}` of {path}")
    }
}

/// The errors that Vault names.
fn errors(answer: &Json) -> Vec<&str> {
    let list = answer.get("errors").and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str).collect()
}

fn other_version(path: &str) -> String {
    format!("{path} does not answer like KV version 2: is the mount of version 1?")
}

/// What a failure means. Vault's own words are shown short, without control characters, and not at all
/// when they repeat one of the secrets that were sent.
fn said(status: StatusCode, answer: &Json, sent: &[&Secret]) -> String {
    let own = errors(answer).join("; ");
    let repeats = sent.iter().any(|secret| !secret.expose().is_empty() && own.contains(secret.expose()));
    let own: String = own.chars().filter(|c| !c.is_control()).take(LONGEST_WORDS).collect();
    let own = if own.is_empty() || repeats { String::new() } else { format!(" ({own})") };
    match status.as_u16() {
        400 => format!("Vault found the request wrong{own}"),
        403 => format!("Vault denied it{own}: check the token and its policy"),
        404 => format!("Vault knows no such path{own}: check `mount` and `path`"),
        429 => format!("Vault asks to slow down, or is a standby{own}"),
        503 => format!("Vault is sealed or in maintenance{own}"),
        code => format!("Vault answered with HTTP {code}{own}"),
    }
}

/// What is at the bottom of an error.
fn innermost(error: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

/// A path segment, percent-encoded.
fn encode(part: &str) -> String {
    url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}
