//! Environment variables: key `CC_TOKEN` reads prefix + `CC_TOKEN`.

use std::env::VarError;

use futures_util::future::BoxFuture;

use super::store::{Found, SecretResolver, SecretStore, Wrong};
use crate::model::language::localized;
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
    fn get<'a>(&'a self, key: &'a str, _: SecretResolver<'a>) -> BoxFuture<'a, Result<Found, Wrong>> {
        Box::pin(async move { Ok(self.read(key)?) })
    }
}

impl Env {
    fn read(&self, key: &str) -> Result<Found, String> {
        let missing = || {
            let prefix = &self.prefix;
            Found::Missing(localized!(
                "set the environment variable {prefix}{key}",
                "请设置环境变量 {prefix}{key}",
                "請設定環境變數 {prefix}{key}"
            ))
        };
        match std::env::var(format!("{}{key}", self.prefix)) {
            Ok(value) if value.is_empty() => Ok(missing()),
            Ok(value) => Ok(Found::Value(Secret::new(value))),
            Err(VarError::NotPresent) => Ok(missing()),
            Err(VarError::NotUnicode(_)) => Err(format!("variable {}{key} is not UTF-8", self.prefix)),
        }
    }
}
