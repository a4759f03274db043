//! HTTP as data: what is sent to a vendor, what came back, and what that means.

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
    /// Returns its word in HTTP.
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
    /// Name of the vendor's operation, e.g. `create/v2`; the key of rate limits and log lines.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// Path below the base URL, beginning with `/`.
    pub path: String,
    /// Query parameters, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// Headers beside those that the transport sets (`Host`, `Content-Length`).
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

/// What came back. Its `Debug` form shows no body: vendors return passwords nobody asked for.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, lower case; empty when absent.
    pub content_type: String,
    /// `Retry-After`, when it was given in seconds.
    pub retry_after: Option<Duration>,
    /// The body's bytes, at most the transport's size cap.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON reply.
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

/// Why a call gave no usable result, named by what may be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It never reached the vendor: safe to send again.
    NotSent(String),
    /// It never reached the vendor, whose certificate or proxy is not to be trusted: sending again changes nothing.
    Untrusted(String),
    /// The vendor asks to slow down: safe to send again, later.
    Throttled {
        /// How long the vendor asks to wait.
        after: Option<Duration>,
        /// The vendor's words.
        message: String,
    },
    /// It was sent, and nothing tells whether it was carried out: read back first.
    Unknown(String),
    /// It was sent and no answer came in time: it may still be carried out after whatever is read back.
    Late(String),
    /// The vendor said no, with its own code and message: sending again changes nothing.
    Refused(String),
    /// The vendor refused the sign-in: no further call to it makes sense.
    SignIn(String),
    /// It was not sent: the vendor refused this sign-in before, in these words.
    Shut(String),
    /// What came back is no answer: HTML, cut off, of the wrong type, too large.
    Garbled(String),
    /// The operator stopped the run before it was sent.
    Halted,
}

/// Why a system told nothing that could be used: the word in JSON, by which a scheduler decides to run again.
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
    /// Returns the one of several that a scheduler has to know: a refused sign-in before all others.
    pub fn gravest(reasons: impl IntoIterator<Item = Reason>) -> Reason {
        reasons.into_iter().max().unwrap_or(Reason::NoAnswer)
    }
}

impl Failure {
    /// Why nothing was told that could be used.
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

    /// What went wrong, in words.
    pub fn message(&self) -> &str {
        match self {
            Failure::NotSent(message)
            | Failure::Untrusted(message)
            | Failure::Throttled { message, .. }
            | Failure::Unknown(message)
            | Failure::Late(message)
            | Failure::Refused(message)
            | Failure::SignIn(message)
            | Failure::Shut(message)
            | Failure::Garbled(message) => message,
            Failure::Halted => "the run was interrupted before it",
        }
    }

    /// Returns the same failure with other words.
    #[must_use]
    pub fn map(self, change: impl FnOnce(String) -> String) -> Self {
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
