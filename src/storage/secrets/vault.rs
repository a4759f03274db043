//! HashiCorp Vault, KV version 2, over its HTTP API.
//!
//! Source: Vault's API documentation, "KV Secrets Engine - Version 2", "AppRole", "Kubernetes Auth Method".
//! Key `agents/8001` is the secret `<mount>/data/<path>/agents/8001`, field `value`, or `key#field`.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};
use tokio::sync::{Mutex, OnceCell};
use zeroize::{Zeroize as _, Zeroizing};

use super::store::{Found, SecretResolver, SecretStore, Write, Wrong, former};
use crate::config::workspace::Settings;
use crate::model::call::Reason;
use crate::model::digest;
use crate::model::id::safe;
use crate::model::language::localized;
use crate::model::retry;
use crate::model::secret::Secret;
use crate::runtime::clock;
use crate::runtime::connect_error::ConnectError;

/// Time limit of one call.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest response, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Attempts of a call without a response, or with status 5xx or 429. As many as a connection makes by default.
const ATTEMPTS: u32 = 6;
/// Time after which no call is retried. The default of a connection.
const TOTAL: Duration = Duration::from_mins(2);
/// Attempts of a write that conflicts with another.
const WRITES: u32 = 10;
/// Most field names that a message shows.
const SHOWN: usize = 10;
/// Most characters of Vault's words that a message repeats.
const LONGEST_WORDS: usize = 200;
/// Path of a pod's service account token in Kubernetes.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) struct Vault {
    settings: Settings,
    folder: PathBuf,
    client: OnceCell<Result<reqwest::Client, String>>,
    token: OnceCell<Result<Arc<Secret>, Wrong>>,
    sign_ins: Arc<SignIns>,
    /// Reason for giving Vault up: later keys need not wait for it.
    down: Mutex<Option<String>>,
    /// Objection to the mount's version, asked for once a run.
    kind: OnceCell<Option<Wrong>>,
    /// Locks by path, each held during a write. Passwords may be fields of one secret, and Vault accepts one version
    /// after the other.
    writes: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

/// Sign-ins of a run, each made once, by the digest of the server and the credential.
#[derive(Default)]
pub struct SignIns(std::sync::Mutex<BTreeMap<String, SignIn>>);

/// A sign-in that is being made, or was. If it failed, later ones need not wait for it.
type SignIn = Arc<OnceCell<Result<Arc<Secret>, Wrong>>>;

impl SignIns {
    fn get(&self, key: String) -> SignIn {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_default())
    }
}

/// JSON sent to Vault or received from it, wiped on drop.
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

/// Result of a call.
enum Answer {
    Usable(StatusCode, Wiped),
    /// Vault may respond later: the reason, and the wait that it asks for.
    Later(String, Option<Duration>),
}

/// A secret in Vault: its fields, and the version for check-and-set.
struct Entry {
    fields: Wiped,
    version: u64,
}

impl Vault {
    pub(super) fn new(settings: Settings, folder: &Path, sign_ins: &Arc<SignIns>) -> Self {
        Self {
            settings,
            folder: folder.to_owned(),
            client: OnceCell::new(),
            token: OnceCell::new(),
            sign_ins: Arc::clone(sign_ins),
            down: Mutex::default(),
            kind: OnceCell::new(),
            writes: Mutex::default(),
        }
    }

    async fn client(&self) -> Result<&reqwest::Client, String> {
        let build = || async {
            let address = self.settings.text("address").unwrap_or_default();
            let ca_file = self.settings.text("caFile").map(|file| self.folder.join(file));
            crate::runtime::http::client(address, ca_file.as_deref(), |builder| builder.timeout(PATIENCE))
        };
        self.client.get_or_init(build).await.as_ref().map_err(Clone::clone)
    }

    async fn token(&self, own: SecretResolver<'_>) -> Result<&Secret, Wrong> {
        let token = self.token.get_or_init(|| self.sign_in(own)).await;
        token.as_ref().map(|token| &**token).map_err(Clone::clone)
    }

    async fn sign_in(&self, own: SecretResolver<'_>) -> Result<Arc<Secret>, Wrong> {
        let sound = |name: &str, value: &Secret| {
            let objection = value.token_objection();
            objection.map_or(Ok(()), |why| Err(format!("its {name} {why}")))
        };
        if let Some(token) = own.setting(&self.settings, "token").await? {
            let name = self.settings.secret("token").map(|name| format!("token {name}"));
            sound(&name.unwrap_or_default(), &token)?;
            return Ok(token);
        }
        let (mount, body, proof) = if let Some(role) = self.settings.group("approle") {
            let secret = own.setting(role, "secretId").await?;
            let secret = secret.ok_or_else(|| "approle has no secretId".to_owned())?;
            let name = role.secret("secretId").map(|name| format!("secretId {name}"));
            sound(&name.unwrap_or_default(), &secret)?;
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
            return Err("no way to sign in is declared".to_owned().into());
        };
        let of = |name| self.settings.text(name).unwrap_or_default().as_bytes();
        let credential = Zeroizing::new(body.to_string());
        let key = digest::sha256([of("address"), of("namespace"), mount.as_bytes(), credential.as_bytes()]);
        let shared = self.sign_ins.get(key);
        shared.get_or_init(|| self.log_in(mount, &body, &proof)).await.clone()
    }

    async fn log_in(&self, mount: &str, body: &Json, proof: &Secret) -> Result<Arc<Secret>, Wrong> {
        let (status, mut answer) =
            self.call(Method::POST, &format!("auth/{mount}/login"), None, Some(body)).await?;
        match answer.pointer_mut("/auth/client_token").filter(|_| status.is_success()).map(Json::take) {
            Some(Json::String(token)) => Ok(Arc::new(Secret::new(token))),
            _ => Err(Wrong::Unreachable(
                Reason::SignIn,
                format!(
                    "the sign-in at auth/{mount} was refused: {}",
                    said(status, &answer, &[proof.expose()])
                ),
            )),
        }
    }

    /// Makes a call below `/v1/`. Retries if Vault does not respond, is sealed or asks to back off.
    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&Secret>,
        body: Option<&Json>,
    ) -> Result<(StatusCode, Wiped), Wrong> {
        if let Some(why) = &*self.down.lock().await {
            return Err(Wrong::Unreachable(Reason::NoAnswer, why.clone()));
        }
        let begun = Instant::now();
        for attempt in 1.. {
            let (why, after) = match self.once(method.clone(), path, token, body).await? {
                Answer::Usable(status, answer) => return Ok((status, answer)),
                Answer::Later(why, after) => (why, after),
            };
            let pause = after.unwrap_or_else(|| retry::backoff(attempt, clock::chance()));
            if attempt == ATTEMPTS || begun.elapsed() + pause > TOTAL {
                *self.down.lock().await = Some(why.clone());
                return Err(Wrong::Unreachable(Reason::NoAnswer, why));
            }
            tokio::time::sleep(pause).await;
        }
        Err(Wrong::Unreachable(Reason::NoAnswer, "it was not asked".to_owned()))
    }

    /// Makes a call once.
    async fn once(
        &self,
        method: Method,
        path: &str,
        token: Option<&Secret>,
        body: Option<&Json>,
    ) -> Result<Answer, Wrong> {
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
            if error.is_timeout() {
                return Ok(Answer::Later(format!("Vault at {address} gave no answer in time"), None));
            }
            let ConnectError { words, is_final } = ConnectError::explain(&error, address);
            let why = format!("Vault at {address} cannot be reached: {words}");
            if is_final {
                Err(Wrong::Unreachable(Reason::NoAnswer, why))
            } else {
                Ok(Answer::Later(why, None))
            }
        };
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return broken(error),
        };
        let status = response.status();
        if status.is_redirection() {
            return Err(Wrong::Refused(format!(
                "Vault at {address} redirects, which is not followed: name the active node in `address`"
            )));
        }
        let after = response.headers().get("Retry-After").and_then(|after| after.to_str().ok()?.parse().ok());
        let mut bytes = Zeroizing::new(Vec::new());
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return broken(error),
            }
            if bytes.len() > LARGEST {
                return Err(Wrong::Unreachable(
                    Reason::NoAnswer,
                    format!("Vault at {address} answered with more than {LARGEST} bytes"),
                ));
            }
        }
        let answer = if bytes.is_empty() { Ok(Json::Null) } else { serde_json::from_slice(&bytes) };
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            let why =
                format!("{path}: {}", said(status, &Wiped(answer.unwrap_or_default()), &sent(token, body)));
            return Ok(Answer::Later(why, after.map(Duration::from_secs)));
        }
        let answer = answer.map_err(|_| {
            Wrong::Unreachable(
                Reason::NoAnswer,
                format!("Vault at {address} answered with what is no JSON ({status})"),
            )
        })?;
        Ok(Answer::Usable(status, Wiped(answer)))
    }

    /// Returns the path of a key's secret, and its field.
    fn place<'a>(&self, key: &'a str) -> (String, &'a str) {
        let (key, field) = key.split_once('#').unwrap_or((key, "value"));
        let mount = self.settings.text("mount").unwrap_or("secret");
        let path = self.settings.text("path").unwrap_or_default();
        let parts = path.split('/').chain(key.split('/')).filter(|part| !part.is_empty());
        let encoded: Vec<String> = parts.map(encode).collect();
        (format!("{}/data/{}", mount.trim_matches('/'), encoded.join("/")), field)
    }

    /// Reads a secret and Vault's warnings. A secret whose last version was deleted has no fields.
    async fn read(&self, path: &str, own: SecretResolver<'_>) -> Result<(Entry, Option<String>), Wrong> {
        let token = self.token(own).await?;
        let (status, mut answer) = self.call(Method::GET, path, Some(token), None).await?;
        let version = answer.pointer("/data/metadata/version").and_then(Json::as_u64);
        let fields = answer.pointer_mut("/data/data").map(Json::take);
        let empty = || Wiped(Json::Object(Map::new()));
        match (status.as_u16(), fields, version) {
            (200, Some(fields @ Json::Object(_)), Some(version)) => {
                Ok((Entry { fields: Wiped(fields), version }, None))
            }
            // A deleted version has metadata but no data, under either status.
            (200 | 404, _, Some(version)) => Ok((Entry { fields: empty(), version }, None)),
            (404, ..) if errors(&answer).is_empty() => {
                let warnings = words(&texts(&answer, "warnings").join("; "), &[token.expose()]);
                Ok((Entry { fields: empty(), version: 0 }, warnings))
            }
            (200, ..) => Err(Wrong::Refused(other_version(path))),
            // Vault responds alike to an unknown token and to one without the right to read.
            (401 | 403, ..) => {
                let refused = matches!(status.as_u16(), 401 | 403);
                let reason = if refused { Reason::SignIn } else { Reason::NoAnswer };
                let why = format!("{path}: {}", said(status, &answer, &[token.expose()]));
                Err(Wrong::Unreachable(reason, why))
            }
            _ => Err(Wrong::Refused(format!("{path}: {}", said(status, &answer, &[token.expose()])))),
        }
    }

    /// Returns an error for a mount of KV version 1. Such a mount stores a version 2 request in another place. If the
    /// token may not ask, the run goes on, and later responses tell the version.
    async fn versioned(&self, token: &Secret) -> Result<(), Wrong> {
        let ask = || async {
            let mount = self.settings.text("mount").unwrap_or("secret").trim_matches('/');
            let path = format!(
                "sys/internal/ui/mounts/{}",
                mount.split('/').map(encode).collect::<Vec<_>>().join("/")
            );
            let (status, answer) = match self.call(Method::GET, &path, Some(token), None).await {
                Ok(answer) => answer,
                Err(wrong @ Wrong::Unreachable(..)) => return Some(wrong),
                Err(Wrong::Refused(_)) => return None,
            };
            let kind = answer.pointer("/data/type").and_then(Json::as_str);
            let version = answer.pointer("/data/options/version").and_then(Json::as_str);
            let old = status.is_success() && kind == Some("kv") && version != Some("2");
            old.then(|| {
                Wrong::Refused(format!(
                    "the mount `{mount}` is of KV version 1, and version 2 is needed: `vault kv enable-versioning \
                     {mount}`, or name another `mount`"
                ))
            })
        };
        self.kind.get_or_init(ask).await.clone().map_or(Ok(()), Err)
    }

    /// Changes a secret by check-and-set, and repeats after a conflict with another write. `change` either returns
    /// the result without a write, or changes the fields.
    async fn change<T>(
        &self,
        path: &str,
        own: SecretResolver<'_>,
        mut change: impl FnMut(&mut Map<String, Json>) -> Result<Option<T>, Wrong>,
    ) -> Result<Option<T>, Wrong> {
        let turn = Arc::clone(self.writes.lock().await.entry(path.to_owned()).or_default());
        let _turn = turn.lock().await;
        let token = self.token(own).await?;
        for attempt in 0..WRITES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100).mul_f64(f64::from(attempt) * clock::chance()))
                    .await;
            }
            let (mut entry, _) = self.read(path, own).await?;
            if entry.version == 0 {
                self.versioned(token).await?;
            }
            let Json::Object(fields) = &mut *entry.fields else { break };
            if let Some(answer) = change(fields)? {
                return Ok(Some(answer));
            }
            let body = json!({ "options": { "cas": entry.version }, "data": entry.fields.take() });
            let body = Wiped(body);
            let (status, answer) = self.call(Method::POST, path, Some(token), Some(&body)).await?;
            if status.is_success() {
                // Version 1 accepts any body, and its response has no version.
                let version = answer.pointer("/data/version").and_then(Json::as_u64);
                return version.map(|_| None).ok_or_else(|| Wrong::Refused(other_version(path)));
            }
            if !errors(&answer).iter().any(|error| error.contains("check-and-set")) {
                let sent = sent(Some(token), Some(&body));
                return Err(Wrong::Refused(format!("{path}: {}", said(status, &answer, &sent))));
            }
        }
        Err(Wrong::Refused(format!("{path}: other programs change it all the time; run again")))
    }
}

impl SecretStore for Vault {
    fn get<'a>(&'a self, key: &'a str, own: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move {
            let (path, field) = self.place(key);
            let (mut entry, warning) = self.read(&path, own).await?;
            if let Some(value) = take(&mut entry.fields, &path, field)? {
                return Ok(Found::Value(value));
            }
            if entry.version == 0 {
                self.versioned(self.token(own).await?).await?;
            }
            let names =
                entry.fields.as_object().map(|fields| fields.keys().map(|name| format!("`{}`", safe(name))));
            let names: Vec<String> = names.into_iter().flatten().take(SHOWN).collect();
            let names = names.join(", ");
            let mut hint = localized!(
                "write field `{field}` of {path}",
                "请写 {path} 的字段 `{field}`",
                "請寫 {path} 的欄位 `{field}`"
            );
            if !names.is_empty() {
                hint = localized!(
                    hint;
                    "{hint}, or write `key#field` with one that is there: {names}",
                    "{hint}，或用 `key#field` 指定已有的：{names}",
                    "{hint}，或用 `key#field` 指定已有的：{names}"
                );
            }
            Ok(Found::Missing(match warning {
                Some(warning) => localized!(
                    hint;
                    "{hint} (Vault warns: {warning})",
                    "{hint}（Vault 提醒：{warning}）",
                    "{hint}（Vault 提醒：{warning}）"
                ),
                None => hint,
            }))
        })
    }

    /// Writes the former value to a field beside the new one. One write holds both, so no limit on versions can lose
    /// the former value.
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a Secret,
        write: Write,
        own: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        Box::pin(async move {
            let (path, field) = self.place(key);
            let beside = former(field);
            let mut written = false;
            let there = self.change(&path, own, |fields| {
                if let Some(now) = text(fields, &path, field)? {
                    // The response to the write may have been lost.
                    let mine = written && now.expose() == value.expose();
                    if mine || write.leaves(&now, text(fields, &path, &beside)?.as_ref()) {
                        return Ok(Some(now));
                    }
                    fields.insert(beside.clone(), json!(now.expose()));
                }
                written = true;
                fields.insert(field.to_owned(), json!(value.expose()));
                Ok(None)
            });
            Ok(there.await?.filter(|there| there.expose() != value.expose()))
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a str,
        sent: &'a Secret,
        own: SecretResolver<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>, Wrong>> {
        Box::pin(async move {
            let (path, field) = self.place(key);
            let beside = former(field);
            let now = self.change(&path, own, |fields| {
                let now = text(fields, &path, field)?;
                let same = now.as_ref().is_some_and(|now| now.expose() == sent.expose());
                if same && fields.remove(&beside).is_some() {
                    return Ok(None);
                }
                Ok(Some(now))
            });
            Ok(now.await?.flatten().filter(|now| now.expose() != sent.expose()))
        })
    }
}

/// Returns the text of a field; empty is missing.
fn text(fields: &Map<String, Json>, path: &str, field: &str) -> Result<Option<Secret>, Wrong> {
    match fields.get(field) {
        None => Ok(None),
        Some(Json::String(text)) if text.is_empty() => Ok(None),
        Some(Json::String(text)) => Ok(Some(Secret::new(text.clone()))),
        Some(_) => Err(Wrong::Refused(format!("{path}: field `{field}` does not hold text"))),
    }
}

/// Returns the text of a field of a secret that was read.
fn take(entry: &mut Wiped, path: &str, field: &str) -> Result<Option<Secret>, Wrong> {
    entry.as_object().map_or(Ok(None), |fields| text(fields, path, field))
}

/// Returns the secrets of a request.
fn sent<'a>(token: Option<&'a Secret>, body: Option<&'a Json>) -> Vec<&'a str> {
    fn texts<'a>(value: &'a Json, found: &mut Vec<&'a str>) {
        match value {
            Json::String(text) => found.push(text),
            Json::Array(list) => list.iter().for_each(|value| texts(value, found)),
            Json::Object(map) => map.values().for_each(|value| texts(value, found)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
    let mut found: Vec<&str> = token.map(Secret::expose).into_iter().collect();
    if let Some(body) = body {
        texts(body, &mut found);
    }
    found
}

/// Returns a list of texts of a response.
fn texts<'a>(answer: &'a Json, name: &str) -> Vec<&'a str> {
    let list = answer.get(name).and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str).collect()
}

/// Returns the errors that Vault names.
fn errors(answer: &Json) -> Vec<&str> {
    texts(answer, "errors")
}

/// Returns Vault's own words, short and without control characters. `None` if they repeat a secret of the request.
fn words(own: &str, sent: &[&str]) -> Option<String> {
    let repeats = sent.iter().any(|secret| !secret.is_empty() && own.contains(secret));
    let own: String = own.chars().filter(|c| !c.is_control()).take(LONGEST_WORDS).collect();
    (!own.is_empty() && !repeats).then_some(own)
}

fn other_version(path: &str) -> String {
    format!("{path} does not answer like KV version 2: is the mount of version 1?")
}

/// Explains a failure, with Vault's own words.
fn said(status: StatusCode, answer: &Json, sent: &[&str]) -> String {
    let own = words(&errors(answer).join("; "), sent).map(|own| format!(" ({own})")).unwrap_or_default();
    match status.as_u16() {
        400 => format!("Vault found the request wrong{own}"),
        403 => format!("Vault denied it{own}: check the token and its policy"),
        404 => format!("Vault knows no such path{own}: check `mount` and `path`"),
        429 => format!("Vault asks to slow down, or is a standby{own}"),
        503 => format!("Vault is sealed or in maintenance{own}"),
        code => format!("Vault answered with HTTP {code}{own}"),
    }
}

/// Percent-encodes a path segment.
fn encode(part: &str) -> String {
    url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}
