//! Environment variables: key `CC_TOKEN` reads prefix + `CC_TOKEN`.

use std::env::VarError;

use futures_util::future::BoxFuture;

use super::{Own, SecretStore};
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
    fn get<'a>(&'a self, key: &'a str, _: Own<'a>) -> BoxFuture<'a, Result<Option<Secret>, String>> {
        Box::pin(async move { self.read(key) })
    }

    fn hint(&self, key: &str) -> String {
        format!("set the environment variable {}{key}", self.prefix)
    }
}

impl Env {
    fn read(&self, key: &str) -> Result<Option<Secret>, String> {
        match std::env::var(format!("{}{key}", self.prefix)) {
            Ok(value) if value.is_empty() => Ok(None),
            Ok(value) => Ok(Some(Secret::new(value))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("variable {}{key} is not UTF-8", self.prefix)),
        }
    }
}
