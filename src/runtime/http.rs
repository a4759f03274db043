//! HTTP clients: the rules for all of them.
//!
//! Proxies come from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, further certificate authorities from
//! SSL_CERT_FILE and SSL_CERT_DIR. No call to this machine goes through a proxy, for any NO_PROXY: the proxy would see
//! the credential. No redirect is followed, so that no credential reaches another host.

use std::error::Error as _;
use std::fs;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;

use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions};
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy};
use url::Host;

use super::connect_error::ConnectError;
use super::proxy;
use crate::model::host::is_loopback;
use crate::model::id::safe;

/// Builds a client of one address; `ca_file` names further certificate authorities.
///
/// # Errors
/// The file, a proxy variable or this machine's certificates cannot be used.
pub(crate) fn client(
    base: &str,
    ca_file: Option<&Path>,
    adapt: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client, String> {
    let url = url::Url::parse(base).ok();
    let is_local = url.as_ref().and_then(url::Url::host).is_some_and(|host| is_loopback(&host));
    if !is_local {
        proxy::find(base)?;
    }
    let builder = if is_local { direct() } else { proxied() };
    let builder = match ca_file {
        // Without encryption no certificate is needed, so a container without any can still call loopback.
        _ if base.starts_with("http://") => builder.tls_certs_only([]),
        Some(file) => builder.tls_certs_merge(authorities(file)?),
        None => builder,
    };
    adapt(builder).build().map_err(|error| {
        let why = ConnectError::explain(&error, base).words;
        let hint = if why.contains("No CA certificates") {
            "; install the system's certificates (ca-certificates), or name a file in SSL_CERT_FILE"
        } else {
            ""
        };
        format!("the HTTP client cannot be set up: {why}{hint}")
    })
}

/// Reads the certificates of a PEM file.
fn authorities(file: &Path) -> Result<Vec<Certificate>, String> {
    let wrong = |why: String| format!("`caFile` {}: {why}", safe(&file.display().to_string()));
    let pem = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        let why =
            "no certificate is in the file; expected PEM, which begins with -----BEGIN CERTIFICATE-----";
        return Err(wrong(why.to_owned()));
    }
    Ok(certificates)
}

fn proxied() -> ClientBuilder {
    Client::builder().redirect(reqwest::redirect::Policy::none())
}

fn direct() -> ClientBuilder {
    proxied().no_proxy()
}

/// Connector of object stores.
#[derive(Debug)]
pub(crate) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let value = |key: ClientConfigKey| options.get_config_value(&key);
        let is_set = |key| value(key).as_deref() == Some("true");
        let time = |key| value(key)?.parse::<jiff::SignedDuration>().ok()?.try_into().ok();
        let set = |mut builder: ClientBuilder| {
            if let Some(time) = time(ClientConfigKey::Timeout) {
                builder = builder.timeout(time);
            }
            if let Some(time) = time(ClientConfigKey::ConnectTimeout) {
                builder = builder.connect_timeout(time);
            }
            if is_set(ClientConfigKey::AllowInvalidCertificates) {
                builder = builder.tls_danger_accept_invalid_certs(true);
            }
            // The length of an object counts its own bytes.
            builder.no_gzip().https_only(!is_set(ClientConfigKey::AllowHttp)).build()
        };
        let error =
            |error: reqwest::Error| object_store::Error::Generic { store: "HTTP", source: error.into() };
        let (mut outside, has_own_proxy) = (proxied(), value(ClientConfigKey::ProxyUrl).is_some());
        if let Some(proxy) = value(ClientConfigKey::ProxyUrl) {
            let excludes =
                value(ClientConfigKey::ProxyExcludes).and_then(|hosts| NoProxy::from_string(&hosts));
            outside = outside.proxy(Proxy::all(proxy).map_err(error)?.no_proxy(excludes));
        }
        let clients = Clients {
            outside: set(outside).map_err(error)?,
            inside: set(direct()).map_err(error)?,
            has_own_proxy,
        };
        Ok(HttpClient::new(clients))
    }
}

/// Clients of an object store: for the store, and for the source of its credentials.
#[derive(Debug)]
struct Clients {
    outside: Client,
    inside: Client,
    /// True if a proxy of the store's own environment holds in place of HTTPS_PROXY.
    has_own_proxy: bool,
}

impl HttpService for Clients {
    fn call<'a, 'async_trait>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        let host = request.uri().host().and_then(|host| Host::parse(host).ok());
        // No address has no proxy.
        let (client, address) = match host {
            Some(host) if is_inside(&host) => (&self.inside, String::new()),
            _ if self.has_own_proxy => (&self.outside, String::new()),
            _ => (&self.outside, request.uri().to_string()),
        };
        Box::pin(async move {
            proxy::find(&address).map_err(lasting)?;
            let response = client.call(request).await.map_err(|error| {
                let cause = error.source().and_then(|source| source.downcast_ref::<reqwest::Error>());
                let cause = cause.filter(|cause| cause.is_connect());
                match cause.map(|cause| ConnectError::explain_with(cause, &address, "SSL_CERT_FILE")) {
                    Some(ConnectError { words, is_final: true }) => lasting(words),
                    _ => error,
                }
            })?;
            match ConnectError::explain_response(response.status(), &address) {
                Some(wrong) => Err(lasting(wrong.words)),
                None => Ok(response),
            }
        })
    }
}

/// Creates an error that an object store's client does not retry.
fn lasting(words: String) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, io::Error::other(words))
}

/// Returns true if a host is this machine, or its cloud's metadata service with credentials.
fn is_inside(host: &Host) -> bool {
    match host {
        Host::Ipv4(ip) if ip.is_link_local() => true,
        Host::Domain(name) if name == "metadata.google.internal" => true,
        Host::Domain(name) => is_loopback(&Host::Domain(name)),
        Host::Ipv4(ip) => is_loopback(&Host::Ipv4(*ip)),
        Host::Ipv6(ip) => is_loopback(&Host::Ipv6(*ip)),
    }
}
