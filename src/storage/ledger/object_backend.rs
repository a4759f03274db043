//! The ledger and its lock as objects of S3, Google Cloud Storage or Azure.
//!
//! The provider's usual environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`) gives the credentials, never the workspace.
//! Error messages redact secrets in a store's response or a URL.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
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
use tokio::time::{Instant, timeout};
use url::Url;

use super::document::{BackendError, Document, HISTORY, TRIAL, Version, Versioned, file_name, run_of};
use super::error::OpenError;
use super::google_credentials;
use crate::model::call::Reason;
use crate::model::history::RunId;
use crate::runtime::http::Connector;

/// Longest wait for an answer, however long the lease. A ledger of many agents has some megabytes.
const PATIENCE: Duration = Duration::from_mins(2);

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
    /// Longest wait for the store.
    patience: Duration,
    /// Time at which the first of the requests left that the store has not answered.
    silent_since: Mutex<Option<Instant>>,
}

impl Bucket {
    /// Opens `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. A lock whose store is silent for a
    /// `lease` is lost, so no request waits for longer.
    pub(super) fn open(url: &Url, lease: Duration) -> Result<Self, OpenError> {
        let name = url.host_str().unwrap_or_default();
        if name.is_empty() {
            return Err(OpenError::NoBucket { scheme: url.scheme().to_owned() });
        }
        let prefix = Path::from_url_path(url.path().trim_matches('/')).map_err(OpenError::Prefix)?;
        encrypted(url.scheme(), std::env::vars())?;
        let patience = lease.min(PATIENCE);
        // Early enough that the cause is told, and not the end of patience.
        let retry = RetryConfig {
            backoff: BackoffConfig { max_backoff: patience / 6, ..BackoffConfig::default() },
            max_retries: 5,
            retry_timeout: patience / 2,
        };
        let (timeout, limit) = (ClientConfigKey::Timeout, format!("{} milliseconds", PATIENCE.as_millis()));
        let store: Result<Arc<dyn ObjectStore>, object_store::Error> = match url.scheme() {
            "s3" => regional(AmazonS3Builder::from_env(), name)
                .with_http_connector(Connector)
                .with_bucket_name(name)
                .with_config(AmazonS3ConfigKey::Client(timeout), &limit)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
            "gs" => {
                let client = GoogleCloudStorageBuilder::from_env();
                google_credentials::check(&client, std::env::var_os("HOME"))?;
                client
                    .with_http_connector(Connector)
                    .with_bucket_name(name)
                    .with_config(GoogleConfigKey::Client(timeout), &limit)
                    .with_retry(retry)
                    .build()
                    .map(|store| Arc::new(store) as _)
            }
            _ => MicrosoftAzureBuilder::from_env()
                .with_http_connector(Connector)
                .with_container_name(name)
                .with_config(AzureConfigKey::Client(timeout), &limit)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
        };
        let store = store.map_err(|error| OpenError::Client {
            why: words(&error.to_string()),
            is_azure: url.scheme() == "az",
        })?;
        Ok(Self::at(store, format!("{}://{name}", url.scheme()), &prefix, patience))
    }

    /// Returns the backend of objects below a prefix of a store.
    pub(super) fn at(store: Arc<dyn ObjectStore>, shown: String, prefix: &Path, patience: Duration) -> Self {
        let [ledger, lock, history, trial] =
            ["ledger.json", "lock.json", HISTORY, TRIAL].map(|name| prefix.clone().join(name));
        Self { store, shown, ledger, lock, history, trial, patience, silent_since: Mutex::default() }
    }

    /// Waits for the store's answer about a document. A store that was silent before gets what is left of its time.
    async fn answer<T>(
        &self,
        what: impl FnOnce() -> String,
        asked: impl Future<Output = T>,
    ) -> Result<T, BackendError> {
        let silent_since = || self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = silent_since().get_or_insert_with(Instant::now).elapsed();
        let Self { patience, .. } = self;
        match timeout(patience.saturating_sub(silent).max(*patience / 10), asked).await {
            Ok(answer) => {
                *silent_since() = None;
                Ok(answer)
            }
            Err(_) => Err(BackendError::Remote(
                Reason::NoAnswer,
                format!(
                    "{}: the store did not answer within {patience:?} (`ledger.lease`, at most 2m)",
                    what()
                ),
            )),
        }
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
        let what = || format!("{}/{} cannot be listed", self.shown, self.history);
        let listed = self.store.list(Some(&self.history)).try_collect::<Vec<_>>();
        let listed = self.answer(what, listed).await?.map_err(|error| self.trouble(&what(), &error))?;
        Ok(listed.iter().filter_map(|object| run_of(object.location.filename()?)).collect())
    }

    pub(super) fn shown(&self, document: Document) -> String {
        format!("{}/{}", self.shown, self.path(document))
    }

    pub(super) async fn read(&self, document: Document) -> Result<Option<Versioned>, BackendError> {
        let what = || format!("{} cannot be read", self.shown(document));
        let path = self.path(document);
        let got = async {
            let got = self.store.get(&path).await?;
            let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
            Ok((got.bytes().await?, version))
        };
        match self.answer(what, got).await? {
            Ok((bytes, version)) => {
                Ok(Some(Versioned { bytes: bytes.to_vec(), version: Version::Object(version) }))
            }
            Err(error @ object_store::Error::NotFound { .. }) => {
                let text = error.to_string();
                if NO_BUCKET.iter().any(|sign| text.contains(sign)) {
                    let why = format!("{} is not there: {}; make the bucket first", self.shown, words(&text));
                    Err(BackendError::Remote(Reason::Unreachable, why))
                } else {
                    Ok(None)
                }
            }
            Err(error) => Err(self.trouble(&what(), &error)),
        }
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
        let what = || format!("{} cannot be written", self.shown(document));
        let path = self.path(document);
        match self.answer(what, self.store.put_opts(&path, bytes.to_vec().into(), options)).await? {
            Ok(put) => Ok(Version::Object(UpdateVersion { e_tag: put.e_tag, version: put.version })),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                Err(BackendError::Conflict)
            }
            Err(Error::NotFound { .. }) if unsure => Err(BackendError::Conflict),
            Err(error) => Err(self.trouble(&what(), &error)),
        }
    }

    /// Creates an object of its own, proves on it what [`Self::prove`] says, and deletes it.
    pub(super) async fn try_writes(&self) -> Result<(), BackendError> {
        const BYTES: &[u8] = b"{}\n";
        match self.create(Document::Trial, BYTES).await {
            Ok(_) => {
                let proved = self.prove(Document::Trial, BYTES).await;
                // A store that forbids deletion keeps the object: the next trial is refused by it.
                let what = || format!("{} cannot be deleted", self.shown(Document::Trial));
                let _ = self.answer(what, self.store.delete(&self.trial)).await;
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
            Ok(_) => Err(BackendError::Remote(
                Reason::NoAnswer,
                format!(
                    "{} ignores conditional writes (If-None-Match), so a lock there would exclude no other run; \
                     keep the ledger in a store that honours them",
                    self.shown
                ),
            )),
            Err(trouble) => Err(trouble),
        }
    }

    fn trouble(&self, what: &str, error: &object_store::Error) -> BackendError {
        use object_store::Error;
        let text = error.to_string();
        let mut why = words(&text);
        let root = words(&root(error).to_string());
        if !why.contains(&root) {
            why = format!("{why}: {root}");
        }
        // Without credentials in the environment, the store's client asks the machine's metadata service.
        if ["169.254.169.254", "metadata.google.internal", "token request"]
            .iter()
            .any(|sign| text.contains(sign))
        {
            let named = match self.shown.split_once("://") {
                Some(("s3", _)) => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; profiles are not read",
                Some(("gs", _)) => "GOOGLE_APPLICATION_CREDENTIALS",
                _ => "AZURE_STORAGE_ACCOUNT_KEY, or AZURE_CLIENT_ID and its companions",
            };
            why = format!("{why}; are there credentials in the environment ({named})?");
        }
        let reason = match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Reason::SignIn,
            _ => Reason::Unreachable,
        };
        BackendError::Remote(reason, format!("{what}: {why}"))
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
fn encrypted(scheme: &str, environment: impl Iterator<Item = (String, String)>) -> Result<(), OpenError> {
    let (servers, allowance): (&[&str], _) = match scheme {
        "s3" => (&["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"], "AWS_ALLOW_HTTP"),
        "gs" => (&["GOOGLE_BASE_URL"], "GOOGLE_ALLOW_HTTP"),
        _ => (&["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"], "AZURE_ALLOW_HTTP"),
    };
    let (mut open, mut allowed) = (None, false);
    for (name, value) in environment {
        if servers.contains(&&*name) && value.to_ascii_lowercase().starts_with("http://") {
            open = Some(name);
        } else if name == allowance {
            allowed = is_true(&value);
        }
    }
    match open.filter(|_| !allowed) {
        None => Ok(()),
        Some(variable) => Err(OpenError::Unencrypted { variable, allowance }),
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
        Bucket::at(Arc::new(InMemory::new()), "memory://test".to_owned(), &Path::from("teams/acme"), PATIENCE)
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

    #[tokio::test(start_paused = true)]
    async fn a_silent_store_is_waited_for_no_longer_than_a_lease() {
        let shelf = shelf();
        let waits = async || {
            let begin = Instant::now();
            let error = shelf.answer(|| "X".to_owned(), std::future::pending::<()>()).await.unwrap_err();
            let why = "X: the store did not answer within 120s (`ledger.lease`, at most 2m)".to_owned();
            assert_eq!(error, BackendError::Remote(Reason::NoAnswer, why));
            begin.elapsed().as_secs()
        };
        // What is left to do then shares the time that is over.
        assert_eq!((waits().await, waits().await), (120, 12));
        shelf.read(Document::Lock).await.unwrap();
        assert_eq!(waits().await, 120);
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
        let at = |scheme, pairs: &[(&str, &str)]| {
            encrypted(scheme, pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        };
        let of = |pairs: &[(&str, &str)]| at("s3", pairs);
        for (scheme, server, allowance) in [
            ("gs", "GOOGLE_BASE_URL", "GOOGLE_ALLOW_HTTP"),
            ("az", "AZURE_STORAGE_ENDPOINT", "AZURE_ALLOW_HTTP"),
        ] {
            let open = (server, "http://host");
            let why = at(scheme, &[open]).unwrap_err().to_string();
            assert!(why.contains(&format!("set {allowance}=true")), "{why}");
            assert!(at(scheme, &[open, (allowance, "true")]).is_ok() && of(&[open]).is_ok());
        }
        assert!(of(&[("AWS_ENDPOINT_URL", "https://host")]).is_ok());
        assert!(
            of(&[("AWS_ENDPOINT_URL", "http://me:hunter2@host")])
                .is_err_and(|e| !e.to_string().contains("hunter2"))
        );
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
