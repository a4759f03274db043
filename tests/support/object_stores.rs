//! Real object stores: SeaweedFS (S3), Azurite (Azure), and s3rver, which ignores conditional writes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Weak};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig};
use serde_json::{Value as Json, json};
use sha2::Sha256;
use tokio::sync::Mutex;

use crate::servers::{Server, ports};

/// A real object store, with a bucket or container `rosters`.
pub(crate) struct Bucket {
    pub(crate) server: Server,
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The variables by which the program finds it.
    pub(crate) env: Vec<(&'static str, String)>,
}

/// Key of the account that Azurite documents.
const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Key of an account of SeaweedFS that may only read; the secret is that of the others.
pub(crate) const READER: &str = "AKIDreader";

impl Bucket {
    /// Returns the S3 store of SeaweedFS. Tests that run at one time share it.
    pub(crate) async fn s3() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Bucket>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(bucket) = shared.upgrade() {
            return Some(bucket);
        }
        let [port, master, volume, filer] = ports();
        let command = format!(
            "weed server -dir=. -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.port={master} -master.telemetry=false \
             -volume.port={volume} -volume.max=20 -filer -filer.port={filer} -s3 -s3.port={port} -s3.config=s3.json \
             -s3.port.iceberg=0 -s3.port.lance=0"
        );
        let identity = |key: &str, actions: &[&str]| {
            json!({"name": key, "actions": actions,
                "credentials": [{"accessKey": key, "secretKey": "canary-of-aws"}]})
        };
        let config =
            json!({"identities": [identity("AKIDtest", &["Admin"]), identity(READER, &["Read", "List"])]});
        let server = Server::start(&command, &[("s3.json", &config.to_string())], port)?;
        let bucket = Self::of_s3(server, port, "canary-of-aws");
        // An administrator's first object makes the bucket, once the volumes are there.
        while bucket.store.put(&"ready".into(), "1".into()).await.is_err() {}
        let bucket = Arc::new(bucket);
        *shared = Arc::downgrade(&bucket);
        Some(bucket)
    }

    /// Returns s3rver, which ignores conditions.
    pub(crate) fn unconditional() -> Option<Self> {
        let [port] = ports();
        let command = format!("s3rver --silent -a 127.0.0.1 -d data -p {port} --configure-bucket rosters");
        Some(Self::of_s3(Server::start(&command, &[], port)?, port, "S3RVER"))
    }

    fn of_s3(server: Server, port: u16, secret: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = if secret == "S3RVER" { "S3RVER" } else { "AKIDtest" };
        let url = format!("http://127.0.0.1:{port}");
        let retry = RetryConfig { max_retries: 1, ..RetryConfig::default() };
        let client =
            AmazonS3Builder::new().with_endpoint(&url).with_allow_http(true).with_region("us-east-1");
        let client = client.with_access_key_id(key).with_secret_access_key(secret).with_retry(retry);
        let env = vec![
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", key.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ];
        Self { server, store: Arc::new(client.with_bucket_name("rosters").build().unwrap()), env }
    }

    /// Returns Azurite.
    pub(crate) async fn azure() -> Option<Self> {
        let [port] = ports();
        let command = format!(
            "azurite-blob --blobHost 127.0.0.1 --blobPort {port} --location . --silent --skipApiVersionCheck \
             --disableTelemetry"
        );
        let server = Server::start(&command, &[], port)?;
        let (account, url) = ("devstoreaccount1", format!("http://127.0.0.1:{port}/devstoreaccount1"));
        create_container(&url, account).await;
        let client = MicrosoftAzureBuilder::new().with_endpoint(url.clone()).with_allow_http(true);
        let client = client.with_account(account).with_access_key(AZURITE_KEY);
        let env = vec![
            ("AZURE_STORAGE_ENDPOINT", url),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", account.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", AZURITE_KEY.to_owned()),
        ];
        let store = Arc::new(client.with_container_name("rosters").build().unwrap());
        Some(Self { server, store, env })
    }

    pub(crate) async fn ledger(&self, prefix: &str) -> Json {
        let got = self.store.get(&format!("{prefix}/ledger.json").into()).await.unwrap();
        serde_json::from_slice(&got.bytes().await.unwrap()).unwrap()
    }
}

/// Creates a container. Source: "Create Container" and "Authorize with Shared Key" of Azure's REST documentation.
async fn create_container(url: &str, account: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let date =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&jiff::Timestamp::now());
    let date = date.unwrap();
    let signed = format!(
        "PUT{}x-ms-date:{date}\nx-ms-version:2021-08-06\n/{account}/{account}/rosters\nrestype:container",
        "\n".repeat(12)
    );
    let key = BASE64_STANDARD.decode(AZURITE_KEY).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(signed.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.put(format!("{url}/rosters?restype=container")).header("Content-Length", "0");
    let request = request.header("x-ms-date", date).header("x-ms-version", "2021-08-06");
    let request = request.header("Authorization", format!("SharedKey {account}:{signature}"));
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
}
