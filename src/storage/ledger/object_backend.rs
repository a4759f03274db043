//! The ledger and its lock as objects of S3, Google Cloud Storage or Azure.
//!
//! The provider's usual environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`) gives the credentials, never the workspace.
//! Error messages redact secrets in a store's response or a URL.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig,
    UpdateVersion,
};
use url::Url;

use super::document::{BackendError, Document, HISTORY, TRIAL, Version, Versioned, file_name, run_of};
use crate::model::history::RunId;
use crate::runtime::http::Connector;

/// Time limit of one request: a ledger of many agents has some megabytes.
const TIMEOUT: &str = "120 seconds";

/// Codes of stores for a missing bucket; a missing object has the same status.
const NO_BUCKET: &[&str] = &["NoSuchBucket", "ContainerNotFound", "specified bucket does not exist"];

/// Ledger and lock as objects below a prefix.
#[derive(Debug)]
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    shown: String,
    ledger: Path,
    lock: Path,
    history: Path,
    trial: Path,
}

impl Bucket {
    /// Opens `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.
    pub(super) fn open(url: &Url) -> Result<Self, String> {
        let name = url.host_str().unwrap_or_default();
        if name.is_empty() {
            return Err(format!("`ledger.url` names no bucket: write {}://BUCKET/PREFIX", url.scheme()));
        }
        let prefix = Path::from_url_path(url.path().trim_matches('/'))
            .map_err(|error| format!("`ledger.url` has a prefix that no object can have: {error}"))?;
        if url.scheme() == "s3" {
            encrypted(std::env::vars())?;
        }
        let retry = RetryConfig {
            backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
            max_retries: 5,
            retry_timeout: Duration::from_secs(30),
        };
        let timeout = ClientConfigKey::Timeout;
        let store: Result<Arc<dyn ObjectStore>, object_store::Error> = match url.scheme() {
            "s3" => regional(AmazonS3Builder::from_env(), name)
                .with_http_connector(Connector)
                .with_bucket_name(name)
                .with_config(AmazonS3ConfigKey::Client(timeout), TIMEOUT)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
            "gs" => GoogleCloudStorageBuilder::from_env()
                .with_http_connector(Connector)
                .with_bucket_name(name)
                .with_config(GoogleConfigKey::Client(timeout), TIMEOUT)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
            _ => MicrosoftAzureBuilder::from_env()
                .with_http_connector(Connector)
                .with_container_name(name)
                .with_config(AzureConfigKey::Client(timeout), TIMEOUT)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
        };
        let store = store.map_err(|error| {
            let hint =
                if url.scheme() == "az" { "; AZURE_STORAGE_ACCOUNT_NAME names the account" } else { "" };
            format!("the object store of `ledger.url` cannot be used: {}{hint}", words(&error.to_string()))
        })?;
        Ok(Self::at(store, format!("{}://{name}", url.scheme()), &prefix))
    }

    /// Returns the backend of objects below a prefix of a store.
    pub(super) fn at(store: Arc<dyn ObjectStore>, shown: String, prefix: &Path) -> Self {
        let [ledger, lock, history, trial] =
            ["ledger.json", "lock.json", HISTORY, TRIAL].map(|name| prefix.clone().join(name));
        Self { store, shown, ledger, lock, history, trial }
    }

    fn path(&self, document: Document) -> Cow<'_, Path> {
        match document {
            Document::Ledger => Cow::Borrowed(&self.ledger),
            Document::Lock => Cow::Borrowed(&self.lock),
            Document::Record(run) => Cow::Owned(self.history.clone().join(file_name(run))),
            Document::Trial => Cow::Borrowed(&self.trial),
        }
    }

    /// Returns the runs that have a record.
    pub(super) async fn runs(&self) -> Result<Vec<RunId>, BackendError> {
        let listed = self.store.list(Some(&self.history)).try_collect::<Vec<_>>().await;
        let listed = listed.map_err(|error| {
            let why = words(&error.to_string());
            BackendError::Remote(format!("{}/{} cannot be listed: {why}", self.shown, self.history))
        })?;
        Ok(listed.iter().filter_map(|object| run_of(object.location.filename()?)).collect())
    }

    pub(super) fn shown(&self, document: Document) -> String {
        format!("{}/{}", self.shown, self.path(document))
    }

    pub(super) async fn read(&self, document: Document) -> Result<Option<Versioned>, BackendError> {
        let got = match self.store.get(&self.path(document)).await {
            Ok(got) => got,
            Err(error @ object_store::Error::NotFound { .. }) => {
                let text = error.to_string();
                return if NO_BUCKET.iter().any(|sign| text.contains(sign)) {
                    let hint = "; make the bucket first";
                    Err(BackendError::Remote(format!("{} is not there: {}{hint}", self.shown, words(&text))))
                } else {
                    Ok(None)
                };
            }
            Err(error) => return Err(self.trouble(document, "read", &error)),
        };
        let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
        let bytes = got.bytes().await.map_err(|error| self.trouble(document, "read", &error))?;
        Ok(Some(Versioned { bytes: bytes.to_vec(), version: Version::Object(version) }))
    }

    pub(super) async fn create(&self, document: Document, bytes: &[u8]) -> Result<Version, BackendError> {
        self.put(document, bytes, PutMode::Create).await
    }

    pub(super) async fn replace(
        &self,
        document: Document,
        bytes: &[u8],
        read: &Version,
    ) -> Result<Version, BackendError> {
        match read {
            Version::Object(read) => self.put(document, bytes, PutMode::Update(read.clone())).await,
            // A version of another backend does not match.
            Version::Digest(_) => Err(BackendError::Conflict),
        }
    }

    async fn put(&self, document: Document, bytes: &[u8], mode: PutMode) -> Result<Version, BackendError> {
        use object_store::Error;
        let unsure = matches!(mode, PutMode::Update(_));
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.store.put_opts(&self.path(document), bytes.to_vec().into(), options).await {
            Ok(put) => Ok(Version::Object(UpdateVersion { e_tag: put.e_tag, version: put.version })),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                Err(BackendError::Conflict)
            }
            Err(Error::NotFound { .. }) if unsure => Err(BackendError::Conflict),
            Err(error) => Err(self.trouble(document, "written", &error)),
        }
    }

    /// Creates an object of its own, proves on it what [`Self::prove`] says, and deletes it.
    pub(super) async fn try_writes(&self) -> Result<(), BackendError> {
        const BYTES: &[u8] = b"{}\n";
        match self.create(Document::Trial, BYTES).await {
            Ok(_) => {
                let proved = self.prove(Document::Trial, BYTES).await;
                // A store that forbids deletion keeps the object: the next trial is refused by it.
                let _ = self.store.delete(&self.trial).await;
                match proved {
                    // Another trial deleted the object in between.
                    Err(BackendError::Conflict) => Ok(()),
                    proved => proved,
                }
            }
            // The object of another trial is there, and the store refused to replace it.
            Err(BackendError::Conflict) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Requests the creation of an existing object, which the store must refuse. Then checks that the object is
    /// unchanged.
    pub(super) async fn prove(&self, document: Document, bytes: &[u8]) -> Result<(), BackendError> {
        match self.create(document, bytes).await {
            Err(BackendError::Conflict) => match self.read(document).await? {
                Some(seen) if seen.bytes == bytes => Ok(()),
                _ => Err(BackendError::Conflict),
            },
            Ok(_) => Err(BackendError::Remote(format!(
                "{} ignores conditional writes (If-None-Match), so a lock there would exclude no other run; \
                 keep the ledger in a store that honours them",
                self.shown
            ))),
            Err(trouble) => Err(trouble),
        }
    }

    fn trouble(&self, document: Document, deed: &str, error: &object_store::Error) -> BackendError {
        let text = error.to_string();
        let mut why = words(&text);
        let root = words(&root(error).to_string());
        if !why.contains(&root) {
            why = format!("{why}: {root}");
        }
        // Without credentials in the environment, the store's client asks the machine's metadata service.
        if ["169.254.169.254", "metadata", "token request"].iter().any(|sign| text.contains(sign)) {
            let named = match self.shown.split_once("://") {
                Some(("s3", _)) => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; profiles are not read",
                Some(("gs", _)) => "GOOGLE_APPLICATION_CREDENTIALS",
                _ => "AZURE_STORAGE_ACCOUNT_KEY, or AZURE_CLIENT_ID and its companions",
            };
            why = format!("{why}; are there credentials in the environment ({named})?");
        }
        BackendError::Remote(format!("{} cannot be {deed}: {why}", self.shown(document)))
    }
}

/// Sets the endpoints of a region in China, whose domain is its own; an endpoint of the environment stays.
fn regional(mut builder: AmazonS3Builder, bucket: &str) -> AmazonS3Builder {
    use AmazonS3ConfigKey::{Endpoint, Region, S3Endpoint, StsEndpoint, VirtualHostedStyleRequest};
    let Some(region) = builder.get_config_value(&Region).filter(|region| region.starts_with("cn-")) else {
        return builder;
    };
    let is_free = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_none();
    if is_free(&builder, Endpoint) && is_free(&builder, S3Endpoint) {
        let hosted = builder.get_config_value(&VirtualHostedStyleRequest).is_some_and(|flag| is_true(&flag));
        let host = if hosted { format!("{bucket}.") } else { String::new() };
        builder = builder.with_endpoint(format!("https://{host}s3.{region}.amazonaws.com.cn"));
    }
    if is_free(&builder, StsEndpoint) {
        builder = builder.with_config(StsEndpoint, format!("https://sts.{region}.amazonaws.com.cn"));
    }
    builder
}

/// Parses a flag of the environment as the store's client does.
fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y")
}

/// Returns an error for an unencrypted server, unless the environment allows it.
fn encrypted(environment: impl Iterator<Item = (String, String)>) -> Result<(), String> {
    let (mut open, mut allowed) = (None, false);
    for (name, value) in environment {
        match name.as_str() {
            "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_S3" | "AWS_ENDPOINT"
                if value.to_ascii_lowercase().starts_with("http://") =>
            {
                open = Some(name);
            }
            "AWS_ALLOW_HTTP" => allowed = is_true(&value),
            _ => {}
        }
    }
    match open.filter(|_| !allowed) {
        None => Ok(()),
        Some(name) => Err(format!(
            "{name} begins with http://, so anybody on the way could read the ledger and change it; use \
             https://, or set AWS_ALLOW_HTTP=true if that is meant"
        )),
    }
}

/// Returns the root cause of an error: `connection refused` rather than `error sending request`.
fn root(error: &object_store::Error) -> &dyn std::error::Error {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}

/// Returns a store's error without its response page and without secrets in URLs. Such secrets are credentials before
/// the host and signatures after the path.
fn words(text: &str) -> String {
    let (head, body) = text.find(['<', '{']).map_or((text, ""), |at| text.split_at(at));
    let mut words: Vec<String> = head.split_whitespace().map(plain_url).collect();
    for tag in ["Code", "Message"] {
        let inner = body.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once("</"));
        if let Some((inner, _)) = inner {
            words.extend(inner.split_whitespace().map(plain_url));
        }
    }
    let text = words.join(" ");
    let text = text.trim_end_matches([' ', ':', '-']);
    text.chars().take(600).collect()
}

fn plain_url(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn shelf() -> Bucket {
        Bucket::at(Arc::new(InMemory::new()), "memory://test".to_owned(), &Path::from("teams/acme"))
    }

    #[tokio::test]
    async fn a_document_is_made_once_and_replaced_by_who_read_it_last() {
        let shelf = shelf();
        assert_eq!(shelf.shown(Document::Lock), "memory://test/teams/acme/lock.json");
        assert!(shelf.read(Document::Lock).await.unwrap().is_none());
        let first = shelf.create(Document::Lock, b"one").await.unwrap();
        assert_eq!(shelf.create(Document::Lock, b"two").await, Err(BackendError::Conflict));
        let second = shelf.replace(Document::Lock, b"two", &first).await.unwrap();
        assert_eq!(shelf.replace(Document::Lock, b"three", &first).await, Err(BackendError::Conflict));
        let seen = shelf.read(Document::Lock).await.unwrap().unwrap();
        assert_eq!((seen.bytes.as_slice(), &seen.version), (b"two".as_slice(), &second));
        let elsewhere = Version::Digest(vec![1]);
        assert_eq!(shelf.replace(Document::Lock, b"x", &elsewhere).await, Err(BackendError::Conflict));
        assert_eq!(shelf.replace(Document::Ledger, b"x", &second).await, Err(BackendError::Conflict));
        assert_eq!(shelf.prove(Document::Lock, b"two").await, Ok(()));
        assert_eq!(shelf.prove(Document::Lock, b"other").await, Err(BackendError::Conflict));
        assert_eq!(shelf.try_writes().await, Ok(()));
        assert!(shelf.read(Document::Trial).await.unwrap().is_none());
    }

    #[test]
    fn a_region_in_china_has_endpoints_of_its_own() {
        use AmazonS3ConfigKey::{Endpoint, StsEndpoint};
        let of = |region: &str, pairs: &[(AmazonS3ConfigKey, &str)]| {
            let builder = AmazonS3Builder::new().with_region(region);
            let builder =
                pairs.iter().fold(builder, |builder, (key, value)| builder.with_config(*key, *value));
            let builder = regional(builder, "rosters");
            [Endpoint, StsEndpoint].map(|key| builder.get_config_value(&key))
        };
        let china = "https://s3.cn-north-1.amazonaws.com.cn";
        let sts = Some("https://sts.cn-north-1.amazonaws.com.cn".to_owned());
        assert_eq!(of("cn-north-1", &[]), [Some(china.to_owned()), sts.clone()]);
        let hosted = [(AmazonS3ConfigKey::VirtualHostedStyleRequest, "true")];
        let at_bucket = "https://rosters.s3.cn-north-1.amazonaws.com.cn";
        assert_eq!(of("cn-north-1", &hosted), [Some(at_bucket.to_owned()), sts.clone()]);
        let own = "https://store.example.com".to_owned();
        assert_eq!(of("cn-north-1", &[(Endpoint, &own)]), [Some(own), sts.clone()]);
        let own = "https://store.example.com".to_owned();
        assert_eq!(of("cn-north-1", &[(AmazonS3ConfigKey::S3Endpoint, &own)]), [None, sts]);
        assert_eq!(of("eu-central-1", &[]), [None, None]);
    }

    #[test]
    fn a_server_is_talked_to_in_the_open_only_where_that_is_allowed() {
        let of = |pairs: &[(&str, &str)]| {
            encrypted(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        };
        assert!(of(&[("AWS_ENDPOINT_URL", "https://host")]).is_ok());
        assert!(of(&[("AWS_ENDPOINT_URL", "http://me:hunter2@host")]).is_err_and(|e| !e.contains("hunter2")));
        assert!(of(&[("AWS_ALLOW_HTTP", "false"), ("AWS_ENDPOINT_URL", "HTTP://host")]).is_err());
        assert!(of(&[("AWS_ALLOW_HTTP", "true"), ("AWS_ENDPOINT_URL", "http://host")]).is_ok());
    }

    #[test]
    fn errors_keep_what_urls_and_pages_carry_to_themselves() {
        let text = "Generic S3 error: PUT http://me:hunter2@host:9/b/k?sig=hunter2 failed: 403: \
                    <Error><Code>SignatureDoesNotMatch</Code><Message>no match</Message>\
                    <StringToSign>hunter2</StringToSign></Error>";
        assert_eq!(
            words(text),
            "Generic S3 error: PUT http://host:9/b/k failed: 403: SignatureDoesNotMatch no match"
        );
    }
}
