//! Sends a call and returns its response: the only place that opens a connection to a vendor.
//!
//! No message holds a URL's query, a header or a body.

use std::path::Path;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use super::connect_error::ConnectError;
use super::{clock, http};
use crate::model::call::{Call, Failure, Method, Reply};
use crate::model::language::localized;

/// Largest response, in bytes.
pub const LARGEST_REPLY: usize = 64 * 1024 * 1024;

/// Transport of a connection's calls.
pub trait Transport {
    /// Sends a call once. Returns the reply, and the time of its `Date` in milliseconds since 1970 UTC.
    ///
    /// # Errors
    /// `NotSent`: no connection could be made. `Untrusted`: no connection can be made. `Unknown`: the connection
    /// broke later. `Late`: the call timed out. `Garbled`: the response is too large.
    fn send<'a>(&'a self, call: &'a Call) -> LocalBoxFuture<'a, Result<(Reply, Option<i64>), Failure>>;
}

/// HTTP transport to a host. Clones share its connections.
#[derive(Clone)]
pub struct HttpTransport {
    /// The client with its connections.
    client: reqwest::Client,
    /// The base URL, without a final `/`.
    base: String,
    /// Time limit of a call.
    timeout: Duration,
}

impl HttpTransport {
    /// Returns a transport to a host, over HTTP/1.1 alone if the `Host` header is signed. `ca_file` names further
    /// certificate authorities.
    ///
    /// # Errors
    /// The client cannot be set up (a proxy variable or a certificate file is wrong).
    pub fn new(base: &str, ca_file: Option<&Path>, timeout: Duration, http1: bool) -> Result<Self, String> {
        let client = http::client(base, ca_file, |builder| {
            let builder = if http1 { builder.http1_only() } else { builder };
            builder
                .user_agent(concat!("rosterctl/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(timeout.min(Duration::from_secs(10)))
                .timeout(timeout)
                .pool_idle_timeout(Duration::from_secs(20))
        })?;
        Ok(Self { client, base: base.to_owned(), timeout })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, call: &'a Call) -> LocalBoxFuture<'a, Result<(Reply, Option<i64>), Failure>> {
        Box::pin(async move {
            let Self { client, base, timeout } = self;
            let mut url = format!("{base}{}", call.path);
            if !call.query.is_empty() {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(&call.query);
                url = format!("{url}?{}", query.finish());
            }
            let request = match call.method {
                Method::Get => client.get(url),
                Method::Post => client.post(url).body(call.body.clone()),
            };
            let request = request.headers(headers(call)?);
            let response = request.send().await.map_err(|error| broken(&error, base, *timeout))?;
            if let Some(wrong) = ConnectError::explain_response(response.status(), base) {
                return Err(Failure::Untrusted(wrong.words.into()));
            }
            let told_ms = told_ms(&response);
            Ok((receive(response, base, *timeout).await?, told_ms))
        })
    }
}

fn headers(call: &Call) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Failure::SignIn(
                format!("the secret in header `{name}` holds characters that no header may").into(),
            )
        })?;
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Failure::NotSent(format!("`{name}` is no header").into()))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Returns the time of a response's `Date`: the middle of the second that it names.
fn told_ms(response: &reqwest::Response) -> Option<i64> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let told = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(told.timestamp().as_millisecond() + 500)
}

/// Returns the time that `Retry-After` asks to wait. It holds seconds or a date (RFC 9110 §10.2.3).
fn wait(asked: &str, now_ms: i64) -> Option<Duration> {
    let asked = asked.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(asked).ok()?.timestamp().as_millisecond();
    u64::try_from(until.saturating_sub(now_ms)).ok().map(Duration::from_millis)
}

async fn receive(mut response: reqwest::Response, base: &str, timeout: Duration) -> Result<Reply, Failure> {
    let text = |name| response.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    // Count from the beginning of the vendor's second: rather too long than too short.
    let now_ms = told_ms(&response).map_or_else(clock::now_ms, |told| told - 500);
    let retry_after = text(RETRY_AFTER).and_then(|asked| wait(asked, now_ms));
    let content_type = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_REPLY => {
                return Err(Failure::Garbled(
                    format!("an answer larger than {} MiB", LARGEST_REPLY / (1024 * 1024)).into(),
                ));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Reply { status, content_type, retry_after, body }),
            Err(error) if error.is_timeout() => return Err(broken(&error, base, timeout)),
            Err(error) => {
                return Err(Failure::Unknown(
                    format!(
                        "the answer broke off after {} bytes: {}",
                        body.len(),
                        ConnectError::explain(&error, base).words
                    )
                    .into(),
                ));
            }
        }
    }
}

fn broken(error: &reqwest::Error, base: &str, timeout: Duration) -> Failure {
    let ConnectError { words, is_final } = ConnectError::explain(error, base);
    if error.is_connect() && is_final {
        Failure::Untrusted(words.into())
    } else if error.is_connect() {
        Failure::NotSent(localized!("no connection: {words}", "连不上：{words}", "連不上：{words}"))
    } else if error.is_timeout() {
        Failure::Late(localized!(
            "no answer within {timeout:?}",
            "{timeout:?} 之内没有响应",
            "{timeout:?} 之內沒有回應"
        ))
    } else if error.is_builder() {
        Failure::NotSent(format!("the call cannot be built: {words}").into())
    } else {
        Failure::Unknown(localized!(
            "the connection broke: {words}",
            "连接断了：{words}",
            "連線斷了：{words}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_pause_is_read_in_either_form() {
        assert_eq!(wait(" 120 ", 0), Some(Duration::from_mins(2)));
        let now_ms = 784_111_777_000;
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:40 GMT", now_ms), Some(Duration::from_secs(3)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:36 GMT", now_ms), None);
        assert_eq!(wait("soon", now_ms), None);
    }
}
