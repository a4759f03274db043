//! Credentials of Google Cloud Storage: checks them before the store's client reads them, and names the way out.
//!
//! Source: "Application Default Credentials" (AIP-4110) and the documentation of `object_store::gcp`. The client knows
//! keys of service accounts and of users; workload identity federation it does not know. No message shows a
//! credential.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value as Json;

use crate::model::id::safe;

/// Credentials file of a user of `gcloud`, below the home folder.
const OWN_FILE: &str = ".config/gcloud/application_default_credentials.json";

/// Type of a credentials file for a key of a service account.
const SERVICE_ACCOUNT: &str = "service_account";
/// Type of a credentials file for a user.
const AUTHORIZED_USER: &str = "authorized_user";

/// Credentials that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{place} {flaw}; use a key of a service account, or GOOGLE_BEARER_TOKEN=$(gcloud auth print-access-token), which \
     holds for an hour; on a machine or pod of Google Cloud leave both away: its metadata service signs in"
)]
pub(super) struct CredentialsError {
    /// The variable or the file.
    place: String,
    flaw: Flaw,
}

/// Objection to credentials.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    /// The file is missing, or may not be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The content is no JSON object.
    #[error("holds no JSON object")]
    NoObject,
    /// The content has no type.
    #[error("has no `type`")]
    NoType,
    /// Workload identity federation.
    #[error("is of type `{0}`: rosterctl cannot use workload identity federation")]
    Federated(String),
    /// A type that the client does not know.
    #[error("is of type `{0}`, which rosterctl cannot use")]
    OtherType(String),
    /// A key is missing.
    #[error("lacks `{0}`")]
    Lacks(&'static str),
    /// The private key is no private key.
    #[error("has a `private_key` that is no private key in PEM form")]
    NoPrivateKey,
    /// A file and a key are both given.
    #[error("is set beside GOOGLE_SERVICE_ACCOUNT_KEY: only one of them can hold")]
    Both,
}

/// Checks the credentials that a client would use.
///
/// # Errors
/// The client could not use them.
pub(super) fn check(
    client: &GoogleCloudStorageBuilder,
    home: Option<OsString>,
) -> Result<(), CredentialsError> {
    let value = |key| client.get_config_value(&key);
    let file = value(GoogleConfigKey::ServiceAccount);
    let key = value(GoogleConfigKey::ServiceAccountKey);
    if let Some(path) = file {
        let place = named("GOOGLE_SERVICE_ACCOUNT", &path);
        return match key {
            Some(_) => Err(CredentialsError { place, flaw: Flaw::Both }),
            None => check_file(place, Path::new(&path), Some(SERVICE_ACCOUNT)),
        };
    }
    if let Some(key) = key {
        let flaw = check_text(key.as_bytes(), Some(SERVICE_ACCOUNT));
        return flaw
            .map_err(|flaw| CredentialsError { place: "GOOGLE_SERVICE_ACCOUNT_KEY".to_owned(), flaw });
    }
    if value(GoogleConfigKey::BearerToken).is_some() {
        return Ok(());
    }
    if let Some(path) = value(GoogleConfigKey::ApplicationCredentials) {
        return check_file(named("GOOGLE_APPLICATION_CREDENTIALS", &path), Path::new(&path), None);
    }
    let own = home.map(|home| Path::new(&home).join(OWN_FILE)).filter(|own| own.exists());
    own.map_or(Ok(()), |own| check_file(safe(&own.display().to_string()), &own, None))
}

fn named(variable: &str, path: &str) -> String {
    format!("the file {} of {variable}", safe(path))
}

fn check_file(place: String, path: &Path, kind: Option<&str>) -> Result<(), CredentialsError> {
    let text = fs::read(path).map_err(|error| Flaw::Unreadable(error.to_string()));
    text.and_then(|text| check_text(&text, kind)).map_err(|flaw| CredentialsError { place, flaw })
}

/// Checks the text of credentials. A service account's key needs no `type` where nothing else may stand.
fn check_text(text: &[u8], kind: Option<&str>) -> Result<(), Flaw> {
    let Ok(Json::Object(fields)) = serde_json::from_slice(text) else { return Err(Flaw::NoObject) };
    let word = |name: &str| fields.get(name).and_then(Json::as_str);
    let found = word("type").or(kind).ok_or(Flaw::NoType)?;
    let needed: &[&'static str] = match found {
        SERVICE_ACCOUNT => &["private_key", "private_key_id", "client_email"],
        AUTHORIZED_USER if kind.is_none() => &["client_id", "client_secret", "refresh_token"],
        _ if found.starts_with("external_account") => return Err(Flaw::Federated(safe(found))),
        _ => return Err(Flaw::OtherType(safe(found))),
    };
    if let Some(missing) = needed.iter().find(|name| word(name).is_none()) {
        return Err(Flaw::Lacks(missing));
    }
    let is_unsigned = fields.get("disable_oauth").and_then(Json::as_bool) == Some(true);
    let is_private = |key: &str| {
        PrivateKeyDer::from_pem_slice(key.as_bytes()).is_ok_and(|key| any_supported_type(&key).is_ok())
    };
    match word("private_key").filter(|_| found == SERVICE_ACCOUNT && !is_unsigned) {
        Some(key) if !is_private(key) => Err(Flaw::NoPrivateKey),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns the objection to a credentials file.
    fn flaw(text: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        fs::write(&path, text).unwrap();
        let client = GoogleCloudStorageBuilder::new();
        let client = client.with_application_credentials(path.display().to_string());
        let said = check(&client, None).err()?.to_string();
        let place = format!("the file {} of GOOGLE_APPLICATION_CREDENTIALS ", path.display());
        assert!(said.contains("GOOGLE_BEARER_TOKEN=$(gcloud"), "{said}");
        Some(said.strip_prefix(&place).unwrap().split(';').next().unwrap().to_owned())
    }

    #[test]
    fn a_credentials_file_that_the_client_cannot_use_is_named() {
        let key = |private_key: &str, more: bool| {
            let (kind, mail) = ("service_account", "a@example.com");
            json!({ "type": kind, "private_key_id": "1", "private_key": private_key, "client_email": mail,
                "disable_oauth": more })
            .to_string()
        };
        let federated = "is of type `external_account`: rosterctl cannot use workload identity federation";
        for (text, said) in [
            (json!({ "type": "external_account", "audience": "canary" }).to_string(), Some(federated)),
            (
                json!({ "type": "gdch_service_account" }).to_string(),
                Some("is of type `gdch_service_account`, which rosterctl cannot use"),
            ),
            ("{}".to_owned(), Some("has no `type`")),
            ("canary".to_owned(), Some("holds no JSON object")),
            (
                json!({ "type": "authorized_user", "client_id": "1" }).to_string(),
                Some("lacks `client_secret`"),
            ),
            (key("canary", false), Some("has a `private_key` that is no private key in PEM form")),
            (key("canary", true), None),
        ] {
            assert_eq!(flaw(&text).as_deref(), said, "{text}");
        }
    }

    #[test]
    fn the_credentials_that_the_client_would_use_are_checked() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join(OWN_FILE);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::write(&own, r#"{"type": "external_account"}"#).unwrap();
        let place = |client: GoogleCloudStorageBuilder| {
            let wrong = check(&client, Some(home.path().into())).err();
            wrong.map(|wrong| wrong.place.replace(&home.path().display().to_string(), "HOME"))
        };
        let new = GoogleCloudStorageBuilder::new;
        assert_eq!(place(new()).unwrap(), format!("HOME/{OWN_FILE}"));
        assert_eq!(place(new().with_bearer_token("canary")), None);
        let missing = new().with_service_account_path("gone.json").with_bearer_token("canary");
        assert_eq!(place(missing.clone()).unwrap(), "the file gone.json of GOOGLE_SERVICE_ACCOUNT");
        let both = missing.with_service_account_key("{}");
        assert_eq!(check(&both, None).unwrap_err().flaw, Flaw::Both);
        let key = new().with_service_account_key("{}");
        assert_eq!(check(&key, None).unwrap_err().flaw, Flaw::Lacks("private_key"));
        assert_eq!(check(&new(), None), Ok(()));
    }
}
