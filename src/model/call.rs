//! HTTP as data: requests, responses and failures.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`; its body is empty.
    Get,
    /// `POST`.
    Post,
}

impl Method {
    /// Returns the method's name in HTTP.
    pub fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// One request, ready to be sent to a connection's base URL.
///
/// Its `Debug` form shows operation and path alone: query, headers and body may hold secrets.
pub struct Call {
    /// The name of the vendor's operation, e.g. `create/v2`; the key of rate limits and log lines.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The path below the base URL, beginning with `/`.
    pub path: String,
    /// The query parameters, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// The headers besides those that the transport sets (`Host`, `Content-Length`).
    pub headers: Vec<(&'static str, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Call {
    /// Returns a header's value; names compare without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Returns a query parameter's value.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| *k == name).map(|(_, v)| v.as_str())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {})", self.operation, self.path)
    }
}

/// A response. Its `Debug` form shows no body, because vendors return unrequested passwords.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, lower case; empty when absent.
    pub content_type: String,
    /// `Retry-After`, if given in seconds.
    pub retry_after: Option<Duration>,
    /// The body's bytes, at most the transport's size cap.
    pub body: Vec<u8>,
}

impl Reply {
    /// Returns a JSON response.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            content_type: "application/json;charset=utf-8".into(),
            retry_after: None,
            body: body.to_string().into_bytes(),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// The reason why a call gave no usable result, by the possible next action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It never reached the vendor: a retry is safe.
    NotSent(Localized),
    /// It never reached the vendor, whose certificate or proxy is not trusted: a retry would fail too.
    Untrusted(Localized),
    /// The vendor limits the rate: a later retry is safe.
    Throttled {
        /// The wait that the vendor asks for.
        after: Option<Duration>,
        /// The vendor's words.
        message: Localized,
    },
    /// It was sent, and its outcome is unknown: read back first.
    Unknown(Localized),
    /// It timed out after sending. The vendor may still apply it, even after a read-back.
    Late(Localized),
    /// The vendor refused it, with its own code and message: a retry would fail too.
    Refused(Localized),
    /// The vendor refused the sign-in: any further call to it would fail too.
    SignIn(Localized),
    /// It was not sent: the vendor refused this sign-in before, in these words.
    Shut(Localized),
    /// The response is unusable: HTML, cut off, of the wrong type, too large.
    Garbled(Localized),
    /// The operator stopped the run before it was sent.
    Halted,
}

/// The reason of an unusable response: the word in JSON, by which a scheduler decides to run again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Its listing could not be proved complete.
    Incomplete,
    /// It answered nothing that could be used, or not in time.
    NoAnswer,
    /// No connection could be made.
    Unreachable,
    /// It refused the sign-in: another run fares no better, and some vendors lock the address.
    SignIn,
}

impl Reason {
    /// Returns the word for a refused sign-in, a missing connection, or a response that is of no use.
    pub fn choose<T>(self, sign_in: T, unreachable: T, no_answer: T) -> T {
        match self {
            Reason::SignIn => sign_in,
            Reason::Unreachable => unreachable,
            Reason::Incomplete | Reason::NoAnswer => no_answer,
        }
    }

    /// Returns the most important of several reasons for a scheduler: a refused sign-in first.
    pub fn gravest(reasons: impl IntoIterator<Item = Reason>) -> Reason {
        reasons.into_iter().max().unwrap_or(Reason::NoAnswer)
    }
}

impl Failure {
    /// Returns the reason why there is no usable response.
    pub fn reason(&self) -> Reason {
        match self {
            Failure::NotSent(_) | Failure::Untrusted(_) => Reason::Unreachable,
            Failure::SignIn(_) | Failure::Shut(_) => Reason::SignIn,
            Failure::Throttled { .. }
            | Failure::Unknown(_)
            | Failure::Late(_)
            | Failure::Refused(_)
            | Failure::Garbled(_)
            | Failure::Halted => Reason::NoAnswer,
        }
    }

    /// Returns the failure's message, in English.
    pub fn message(&self) -> &str {
        self.words().map_or("the run was interrupted before it", |words| words.text(Language::En))
    }

    /// Returns the failure's message; `None` if the operator stopped the run.
    pub fn words(&self) -> Option<&Localized> {
        match self {
            Failure::NotSent(message)
            | Failure::Untrusted(message)
            | Failure::Throttled { message, .. }
            | Failure::Unknown(message)
            | Failure::Late(message)
            | Failure::Refused(message)
            | Failure::SignIn(message)
            | Failure::Shut(message)
            | Failure::Garbled(message) => Some(message),
            Failure::Halted => None,
        }
    }

    /// Returns the same failure with another message.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Localized) -> Localized) -> Self {
        match self {
            Failure::NotSent(message) => Failure::NotSent(change(message)),
            Failure::Untrusted(message) => Failure::Untrusted(change(message)),
            Failure::Throttled { after, message } => Failure::Throttled { after, message: change(message) },
            Failure::Unknown(message) => Failure::Unknown(change(message)),
            Failure::Late(message) => Failure::Late(change(message)),
            Failure::Refused(message) => Failure::Refused(change(message)),
            Failure::SignIn(message) => Failure::SignIn(change(message)),
            Failure::Shut(message) => Failure::Shut(change(message)),
            Failure::Garbled(message) => Failure::Garbled(change(message)),
            Failure::Halted => Failure::Halted,
        }
    }
}
use crate::model::language::{Language, Localized};
