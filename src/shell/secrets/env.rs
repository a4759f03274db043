//! Environment variables: key `CC_TOKEN` reads prefix + `CC_TOKEN`.

use std::env::VarError;

use super::SecretStore;
use crate::model::secret::Secret;

pub(super) struct Env {
    prefix: String,
}

impl Env {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }
}

impl SecretStore for Env {
    fn get(&self, key: &str) -> Result<Option<Secret>, String> {
        match std::env::var(format!("{}{key}", self.prefix)) {
            Ok(value) if value.is_empty() => Ok(None),
            Ok(value) => Ok(Some(Secret::new(value))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("variable {}{key} is not UTF-8", self.prefix)),
        }
    }

    fn hint(&self, key: &str) -> String {
        format!("set the environment variable {}{key}", self.prefix)
    }
}
