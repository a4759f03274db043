//! HashiCorp Vault, KV version 2, over its HTTP API.
//!
//! Source: Vault's API documentation, "KV Secrets Engine - Version 2", "AppRole", "Kubernetes Auth Method".
//! Key `agents/8001` is the secret `<mount>/data/<path>/agents/8001`, field `value`, or `key#field`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};
use tokio::sync::OnceCell;

use super::{Own, SecretStore};
use crate::model::secret::Secret;
use crate::model::workspace::Settings;

/// Longest time for one call.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) struct Vault {
    settings: Settings,
    folder: PathBuf,
    client: OnceCell<Result<reqwest::Client, String>>,
    /// Signed in once a run.
    token: OnceCell<Result<Arc<Secret>, String>>,
}

/// A secret as Vault holds it: its fields, and the version to check against when it is written.
struct Entry {
    fields: Map<String, Json>,
    version: u64,
}

impl Vault {
    pub(super) fn new(settings: Settings, folder: &Path) -> Self {
        Self { settings, folder: folder.to_owned(), client: OnceCell::new(), token: OnceCell::new() }
    }

    async fn client(&self) -> Result<&reqwest::Client, String> {
        let build = || async {
            let mut builder =
                reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
            if let Some(file) = self.settings.text("caFile") {
                let path = self.folder.join(file);
                let wrong = |why: String| format!("caFile {}: {why}", path.display());
                let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
                let certificates =
                    reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
                builder = builder.tls_certs_merge(certificates);
            }
            builder.build().map_err(|_| "the HTTP client cannot be set up".to_owned())
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
        let (mount, body) = if let Some(role) = self.settings.group("approle") {
            let secret = own.setting(role, "secretId").await?;
            let secret = secret.ok_or_else(|| "approle has no secretId".to_owned())?;
            let body = json!({ "role_id": role.text("roleId"), "secret_id": secret.expose() });
            (role.text("mount").unwrap_or("approle"), body)
        } else if let Some(role) = self.settings.group("kubernetes") {
            let path = std::env::var("VAULT_K8S_TOKEN_PATH").unwrap_or_else(|_| SERVICE_ACCOUNT.to_owned());
            let jwt = std::fs::read_to_string(&path)
                .map_err(|error| format!("the service account's token {path} cannot be read: {error}"))?;
            let body = json!({ "role": role.text("role"), "jwt": jwt.trim() });
            (role.text("mount").unwrap_or("kubernetes"), body)
        } else {
            return Err("no way to sign in is declared".to_owned());
        };
        let (status, answer) =
            self.call(Method::POST, &format!("auth/{mount}/login"), None, Some(&body)).await?;
        let token = answer.pointer("/auth/client_token").and_then(Json::as_str);
        match token.filter(|_| status.is_success()) {
            Some(token) => Ok(Arc::new(Secret::new(token.to_owned()))),
            None => Err(format!("the sign-in at auth/{mount} was refused: {}", said(status, &answer))),
        }
    }

    /// Makes a call below `/v1/`.
    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&Secret>,
        body: Option<&Json>,
    ) -> Result<(StatusCode, Json), String> {
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
            let what = if error.is_timeout() { "gave no answer in time" } else { "cannot be reached" };
            format!("Vault at {address} {what}")
        };
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(format!(
                "Vault at {address} redirects, which is not followed: name the active node in `address`"
            ));
        }
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err(format!("Vault at {address} answered with more than {LARGEST} bytes"));
            }
        }
        if bytes.is_empty() {
            return Ok((status, Json::Null));
        }
        let answer = serde_json::from_slice(&bytes)
            .map_err(|_| format!("Vault at {address} answered with what is no JSON ({status})"))?;
        Ok((status, answer))
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
        let (status, answer) = self.call(Method::GET, path, Some(token), None).await?;
        let version = answer.pointer("/data/metadata/version").and_then(Json::as_u64);
        match (status.as_u16(), answer.pointer("/data/data")) {
            (200, Some(Json::Object(fields))) => {
                Ok(Some(Entry { fields: fields.clone(), version: version.unwrap_or(0) }))
            }
            // A deleted version is there, without data, under either status.
            (200 | 404, _) if version.is_some() => {
                Ok(Some(Entry { fields: Map::new(), version: version.unwrap_or(0) }))
            }
            (404, _) if errors(&answer).is_empty() => Ok(None),
            (200, _) => Err(format!("{path} does not answer like KV version 2: is the mount of version 1?")),
            _ => Err(format!("{path}: {}", said(status, &answer))),
        }
    }

    async fn write(&self, key: &str, value: &Secret, own: Own<'_>) -> Result<(), String> {
        let (path, field) = self.place(key);
        let entry = self.read(&path, own).await?;
        let entry = entry.unwrap_or(Entry { fields: Map::new(), version: 0 });
        let mut fields = entry.fields;
        fields.insert(field.to_owned(), json!(value.expose()));
        let body = json!({ "options": { "cas": entry.version }, "data": fields });
        let token = self.token(own).await?;
        let (status, answer) = self.call(Method::POST, &path, Some(token), Some(&body)).await?;
        if status.is_success() {
            return Ok(());
        }
        if errors(&answer).iter().any(|error| error.contains("check-and-set")) {
            return Err(format!("{path}: somebody else changed it at the same time; run again"));
        }
        Err(format!("{path}: {}", said(status, &answer)))
    }
}

impl SecretStore for Vault {
    fn get<'a>(&'a self, key: &'a str, own: Own<'a>) -> BoxFuture<'a, Result<Option<Secret>, String>> {
        Box::pin(async move {
            let (path, field) = self.place(key);
            let Some(entry) = self.read(&path, own).await? else { return Ok(None) };
            match entry.fields.get(field) {
                None => Ok(None),
                Some(Json::String(text)) if text.is_empty() => Ok(None),
                Some(Json::String(text)) => Ok(Some(Secret::new(text.clone()))),
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

/// What a failure means.
fn said(status: StatusCode, answer: &Json) -> String {
    let own = errors(answer).join("; ");
    let own = if own.is_empty() { String::new() } else { format!(" ({own})") };
    match status.as_u16() {
        400 => format!("Vault found the request wrong{own}"),
        403 => format!("Vault denied it{own}: check the token and its policy"),
        404 => format!("Vault knows no such path{own}: check `mount` and `path`"),
        429 => format!("Vault asks to slow down, or is a standby{own}"),
        503 => format!("Vault is sealed or in maintenance{own}"),
        code => format!("Vault answered with HTTP {code}{own}"),
    }
}

/// A path segment, percent-encoded.
fn encode(part: &str) -> String {
    url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}
