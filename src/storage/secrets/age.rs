//! A file encrypted with age (binary or armored) that holds a map of key to value. Read only.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use ::age::Decryptor;
use ::age::armor::ArmoredReader;
use ::age::{Identity, ssh, x25519};
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::nested_map::Tree;
use super::store::{Found, SecretResolver, SecretStore, Wrong};
use crate::config::workspace::Settings;
use crate::model::id::safe;
use crate::model::language::localized;
use crate::storage::paths;

/// Largest file, in bytes.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;

pub(super) struct Age {
    settings: Settings,
    path: PathBuf,
    /// Content, decrypted once a run.
    content: OnceCell<Result<Tree, Wrong>>,
}

impl Age {
    pub(super) fn new(settings: Settings, path: PathBuf) -> Self {
        Self { settings, path, content: OnceCell::new() }
    }

    async fn open(&self, own: SecretResolver<'_>) -> Result<Tree, Wrong> {
        let identity = own.setting(&self.settings, "identity").await?;
        let identity = identity.ok_or_else(|| "no identity is declared".to_owned())?;
        let bytes = read(&self.path)?;
        let text = decrypt(&bytes, &identities(identity.expose())?)
            .map_err(|why| format!("{} {why}", self.path.display()))?;
        // A parser's message may quote the text: do not pass it on.
        match serde_yaml::from_slice(&text).map(|value: serde_yaml::Value| Tree::from(value)) {
            Ok(tree @ Tree::Map(_)) => Ok(tree),
            Ok(Tree::Text(_) | Tree::Other(_)) | Err(_) => {
                Err(format!("{} does not hold a map of key to value in YAML", self.path.display()).into())
            }
        }
    }
}

impl SecretStore for Age {
    fn get<'a>(&'a self, key: &'a str, own: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move {
            let content = self.content.get_or_init(|| self.open(own)).await;
            let value = content.as_ref().map_err(Clone::clone)?.find(key)?;
            let missing = || {
                let path = self.path.display();
                Found::Missing(localized!(
                    "add `{key}` to {path} and encrypt it again",
                    "请在 {path} 里加上 `{key}`，重新加密",
                    "請在 {path} 裡加上 `{key}`，重新加密"
                ))
            };
            Ok(value.map_or_else(missing, Found::Value))
        })
    }
}

/// Reads an encrypted file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let wrong = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => format!("there is no file {}", path.display()),
        _ => format!("{} cannot be read: {error}", path.display()),
    };
    paths::open(path).and_then(|file| paths::read(file, LARGEST)).map_err(wrong)
}

/// Private keys that open an age file.
pub(super) type Identities = Vec<Box<dyn Identity + Send + Sync>>;

/// Parses an SSH private key, or age keys in a text like age's identity files: one per line, comments skipped.
pub(super) fn identities(text: &str) -> Result<Identities, String> {
    let text = text.trim();
    if text.starts_with("age-encryption.org/") || text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----") {
        return Err(
            "the identity is protected with a passphrase, which no run can ask for: store what `age -d` \
                    prints of it"
                .to_owned(),
        );
    }
    if text.starts_with("-----BEGIN ") {
        return Ok(vec![Box::new(ssh_key(text)?)]);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identities: Result<Vec<x25519::Identity>, _> = lines.map(str::parse).collect();
    match identities {
        Ok(identities) if !identities.is_empty() => {
            Ok(identities.into_iter().map(|identity| Box::new(identity) as _).collect())
        }
        _ => Err("the identity is neither an age key (AGE-SECRET-KEY-1…) nor an SSH private key".to_owned()),
    }
}

/// Parses an SSH private key that needs no passphrase.
fn ssh_key(text: &str) -> Result<ssh::Identity, String> {
    let text = Zeroizing::new(text.replace("\r\n", "\n"));
    match ssh::Identity::from_buffer(text.as_bytes(), None) {
        Ok(key @ ssh::Identity::Unencrypted(_)) => Ok(key),
        Ok(
            ssh::Identity::Encrypted(_)
            | ssh::Identity::Unsupported(
                ssh::UnsupportedKey::EncryptedPem | ssh::UnsupportedKey::EncryptedSsh(_),
            ),
        ) => Err("the identity is an SSH key that is protected with a passphrase, which no run can ask for: name a \
                  key without one"
            .to_owned()),
        Ok(ssh::Identity::Unsupported(ssh::UnsupportedKey::Hardware(kind) | ssh::UnsupportedKey::Type(kind))) => {
            Err(format!("the identity is an SSH key of kind {}; expected ssh-ed25519 or ssh-rsa", safe(&kind)))
        }
        Err(_) => Err("the identity is not an SSH private key of kind ssh-ed25519 or ssh-rsa".to_owned()),
    }
}

/// Decrypts bytes that were encrypted with age, armored or not.
pub(super) fn decrypt(bytes: &[u8], identities: &Identities) -> Result<Zeroizing<Vec<u8>>, String> {
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes))
        .map_err(|_| "is not a file encrypted with age".to_owned())?;
    let identities = identities.iter().map(|identity| &**identity as &dyn Identity);
    let mut reader = decryptor
        .decrypt(identities)
        .map_err(|_| "cannot be decrypted with the identity that is declared".to_owned())?;
    let mut plain = Zeroizing::new(Vec::new());
    reader.read_to_end(&mut plain).map_err(|_| "is damaged".to_owned())?;
    Ok(plain)
}
