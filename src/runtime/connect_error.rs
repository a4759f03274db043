//! Explains why a call found no connection, and tells if a retry can help.
//!
//! An untrusted certificate stays untrusted: no call is retried after it. The words never read as if the system had
//! refused.

use std::error::Error;
use std::fmt::Display;
use std::io;

use reqwest::StatusCode;
use rustls::{CertificateError, InvalidMessage};

use super::proxy;
use crate::model::id::safe;

/// Cause of a call without a connection.
pub(crate) struct ConnectError {
    /// The cause, and the remedy if there is one.
    pub words: String,
    /// True if every retry would fail alike.
    pub is_final: bool,
}

/// The client's word for a proxy that it cannot connect to.
const NO_PROXY_THERE: &str = "failed to create underlying connection";

/// Most names of a certificate to show.
const MOST_NAMES: usize = 5;

impl ConnectError {
    /// Explains an error of a client; `base` is the address of the call.
    pub(crate) fn explain(error: &reqwest::Error, base: &str) -> Self {
        Self::explain_with(error, base, "`caFile`")
    }

    /// Explains an error of a client; `setting` is the name of the setting of further authorities.
    pub(super) fn explain_with(error: &reqwest::Error, base: &str, setting: &str) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        // Use the innermost error: reqwest's own text holds the URL, and so the signature.
        let (mut innermost, mut tunnel, mut tls) = ("of an unknown cause".to_owned(), None, None);
        while let Some(at) = cause {
            innermost = at.to_string();
            tunnel = innermost.strip_prefix("tunnel error: ").map(str::to_owned).or(tunnel);
            tls = at.downcast_ref::<rustls::Error>().or(tls);
            // An I/O error hides the error that it wraps.
            let wrapped = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| at.source());
        }
        let proxy = proxy::find(base).ok().flatten();
        let at_proxy = |what: &str| at_proxy(base, what);
        match (tunnel.as_deref(), tls.and_then(|tls| tls_words(tls, setting))) {
            (Some("proxy authorization required"), _) => Self::sign_in(base),
            (Some("unsuccessful"), _) => Self::passing(at_proxy("does not connect to the system")),
            (None, Some(words)) => Self { words, is_final: true },
            (None, None) if proxy.is_none() || base.starts_with("https://") => Self::passing(innermost),
            (_, Some(words)) => Self { words: at_proxy(&format!("cannot be used: {words}")), is_final: true },
            (None | Some(NO_PROXY_THERE), None) => Self {
                words: at_proxy(&format!(
                    "cannot be reached: {innermost}; correct the variable, or name the system's host in NO_PROXY"
                )),
                is_final: true,
            },
            (Some(_), None) => Self::passing(at_proxy(&format!("broke the connection: {innermost}"))),
        }
    }

    /// Explains the response of a proxy in the place of a system without TLS. `None` if the system itself responds.
    pub(crate) fn explain_response(status: StatusCode, base: &str) -> Option<Self> {
        (status == StatusCode::PROXY_AUTHENTICATION_REQUIRED).then(|| Self::sign_in(base))
    }

    fn sign_in(base: &str) -> Self {
        let words = at_proxy(base, "asks for a sign-in; write it as http://USER:PASSWORD@HOST:PORT");
        Self { words, is_final: true }
    }

    fn passing(words: String) -> Self {
        Self { words, is_final: false }
    }
}

/// Returns a sentence about the proxy of an address.
fn at_proxy(base: &str, what: &str) -> String {
    match proxy::find(base) {
        Ok(Some((variable, address))) => format!("the proxy {address} ({variable}) {what}"),
        Ok(None) | Err(_) => format!("the proxy {what}"),
    }
}

/// Explains a lasting TLS error; `None` for one that may pass.
fn tls_words(error: &rustls::Error, setting: &str) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            Some(format!("the system's certificate is not trusted: {}", certificate_words(why, setting)))
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some(
            "the system does not speak TLS at this port; write the port of https, or http:// where there is no TLS"
                .to_owned(),
        ),
        rustls::Error::PeerIncompatible(_) => {
            Some("the system offers no TLS 1.2 or 1.3; update it, or its proxy".to_owned())
        }
        _ => None,
    }
}

/// Explains an error of a certificate, with the remedy.
fn certificate_words(error: &CertificateError, setting: &str) -> String {
    let moment = |time: &rustls::pki_types::UnixTime| {
        let second = i64::try_from(time.as_secs()).ok();
        let moment = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
        moment.map_or_else(|| "an unknown time".to_owned(), |moment| moment.to_string())
    };
    let renew = "have it renewed, or check this machine's clock";
    match error {
        CertificateError::UnknownIssuer => {
            format!("its issuer is unknown; name the certificate of its authority in {setting}")
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it ended at {}; {renew}", moment(not_after))
        }
        CertificateError::Expired => format!("it has ended; {renew}"),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it begins at {}; check this machine's clock", moment(not_before))
        }
        CertificateError::NotValidYet => "it has not begun; check this machine's clock".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            // The verifier writes `DnsName("host")` and `IpAddress(192.0.2.1)`.
            let name = |text: &String| {
                let inner = text.split_once('(').map_or(text.as_str(), |(_, inner)| inner);
                safe(inner.trim_matches(['(', ')', '"']))
            };
            let names: Vec<String> = presented.iter().take(MOST_NAMES).map(name).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!(
                "it is for {names}, and not for {}; write a name of the certificate as the host",
                safe(&expected.to_str())
            )
        }
        CertificateError::NotValidForName => {
            "it is for another host; write a name of the certificate as the host".to_owned()
        }
        CertificateError::Other(why) if is_authority(why) => format!(
            "it is the certificate of an authority (CA:TRUE); give the system one that an authority issued, and name \
             that authority in {setting}"
        ),
        other => other.to_string(),
    }
}

/// Returns true if a system shows an authority's certificate as its own.
fn is_authority(why: &impl Display) -> bool {
    why.to_string().contains("CaUsedAsEndEntity")
}
