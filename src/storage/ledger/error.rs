//! Errors of the ledger and its lock.

use std::fmt;

use super::document::BackendError;
use super::google_credentials::CredentialsError;
use crate::model::call::Reason;
use crate::model::language::{Localized, localized};

/// Reason for which the ledger or its lock is not available.
#[derive(Debug)]
pub enum LedgerError {
    /// The setting is wrong, the file is damaged or too new, or this machine's disk failed.
    Unusable(Localized),
    /// The object store is unreachable, gives no answer, or refuses; in its words.
    Unreachable(Reason, String),
    /// Another process holds the lock.
    Locked(Localized),
    /// The ledger belongs to another workspace or tenant. This run must not delete its resources.
    Others {
        /// The ledger and its owner.
        what: Localized,
        /// The remedy.
        help: Localized,
    },
    /// Another run wrote the ledger since this run read it. Read it again and record in that.
    Moved(String),
}

impl LedgerError {
    /// Returns the reason and the remedy.
    pub fn words(&self) -> Localized {
        match self {
            Self::Unusable(why) | Self::Locked(why) => why.clone(),
            Self::Unreachable(reason, why) => {
                let cn = reason.choose("登录被拒", "连不上", "响应没法用");
                let tw = reason.choose("登入被拒", "連不上", "回應沒法用");
                localized!("{why}", "存放账本的对象存储{cn}（{why}）", "存放帳本的物件儲存{tw}（{why}）")
            }
            Self::Others { what, help } => {
                localized!(what, help; "{what}; {help}", "{what}；{help}", "{what}；{help}")
            }
            Self::Moved(shown) => localized!(
                "the ledger {shown} was changed by another run since it was read, and was not written over",
                "账本 {shown} 读取之后被别的运行改过，没有覆盖",
                "帳本 {shown} 讀取之後被別的執行改過，沒有覆寫"
            ),
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().fmt(f)
    }
}

impl std::error::Error for LedgerError {}

impl From<BackendError> for LedgerError {
    fn from(trouble: BackendError) -> Self {
        match trouble {
            BackendError::Conflict => Self::Unusable(localized!(
                "the ledger is changed by others all the time",
                "别的运行一直在改账本",
                "別的執行一直在改帳本"
            )),
            BackendError::Disk(why) => Self::Unusable(localized!(
                "{why}",
                "账本的文件读写不了（{why}）",
                "帳本的檔案無法讀寫（{why}）"
            )),
            BackendError::Remote(reason, why) => Self::Unreachable(reason, why),
        }
    }
}

/// Reason for which the place of a ledger cannot be opened. Never shows the URL, which may hold credentials.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// The text is no URL.
    #[error("`ledger.url` is no URL: {0}")]
    NoUrl(#[from] url::ParseError),
    /// The URL has a user or a password.
    #[error(
        "`ledger.url` has something before an `@`: credentials do not belong into it; the environment gives them \
         (AWS_…, GOOGLE_…, AZURE_…)"
    )]
    HasUser,
    /// The URL has a query or a fragment.
    #[error("`ledger.url` is a bucket and a prefix; it takes no `?` and no `#`")]
    HasQuery,
    /// The URL is of no known kind.
    #[error("`ledger.url` begins with s3://, gs://, az:// or file://")]
    UnknownScheme,
    /// The URL names a relative folder.
    #[error("`ledger.url` needs an absolute folder: write file:///srv/rosterctl, or use `ledger.path`")]
    RelativeFolder,
    /// The URL has no bucket.
    #[error("`ledger.url` names no bucket: write {scheme}://BUCKET/PREFIX")]
    NoBucket {
        /// The kind of store.
        scheme: String,
    },
    /// The prefix holds characters that no name of an object may.
    #[error("`ledger.url` has a prefix that no object can have: {0}")]
    Prefix(object_store::path::Error),
    /// The server is not encrypted, and the environment does not allow that.
    #[error(
        "{variable} begins with http://, so anybody on the way could read the ledger and change it; use https://, or \
         set {allowance}=true if that is meant"
    )]
    Unencrypted {
        /// The variable that names the server.
        variable: String,
        /// The variable that would allow it.
        allowance: &'static str,
    },
    /// The environment's credentials cannot be used.
    #[error("the object store of `ledger.url` cannot be used: {0}")]
    Credentials(#[from] CredentialsError),
    /// The store's client cannot be set up.
    #[error("the object store of `ledger.url` cannot be used: {why}{}", if *is_azure { "; AZURE_STORAGE_ACCOUNT_NAME names the account" } else { "" })]
    Client {
        /// The client's words.
        why: String,
        /// True for a store of Azure.
        is_azure: bool,
    },
}

impl From<OpenError> for LedgerError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Credentials(_) => Self::Unreachable(Reason::SignIn, error.to_string()),
            OpenError::NoUrl(_)
            | OpenError::HasUser
            | OpenError::HasQuery
            | OpenError::UnknownScheme
            | OpenError::RelativeFolder
            | OpenError::NoBucket { .. }
            | OpenError::Prefix(_)
            | OpenError::Unencrypted { .. }
            | OpenError::Client { .. } => Self::Unusable(localized!(
                "{error}",
                "`ledger.url` 不能这样写（{error}）",
                "`ledger.url` 不能這樣寫（{error}）"
            )),
        }
    }
}
