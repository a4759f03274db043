//! Proxy of an address, as the client finds it in the environment.

use std::env;

use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Returns the variable that names the proxy of an address, and the proxy.
///
/// # Errors
/// The variable names no proxy. The client would silently ignore it.
pub(crate) fn find(base: &str) -> Result<Option<(&'static str, String)>, String> {
    find_by(base, |name| env::var(name).ok())
}

fn find_by(
    base: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<(&'static str, String)>, String> {
    let Ok(uri) = base.parse::<Uri>() else { return Ok(None) };
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    let excluded = first(["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    let is_excluded = Matcher::builder().all("http://proxy").no(excluded).build().intercept(&uri).is_none();
    // A variable of CGI turns all proxies off.
    if is_excluded || variable("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let own = match uri.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let named = [own, ["ALL_PROXY", "all_proxy"]].into_iter().filter_map(first);
    let Some((name, value)) = named.into_iter().find(|(_, value)| !value.is_empty()) else { return Ok(None) };
    let proxy = Matcher::builder().all(value).build().intercept(&uri);
    let usable = proxy.as_ref().map(Intercept::uri).filter(|proxy| {
        let has_port = proxy.authority().is_some_and(|authority| authority.as_str() != authority.host());
        matches!(proxy.scheme_str(), Some("http" | "https")) && has_port == proxy.port_u16().is_some()
    });
    match usable {
        Some(proxy) => Ok(Some((name, proxy.to_string().trim_end_matches('/').to_owned()))),
        // The value may hold a password.
        None => Err(format!("{name} is no address of an HTTP proxy; expected http://HOST:PORT")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(base: &str, variables: &[(&str, &str)]) -> Result<Option<(&'static str, String)>, String> {
        let value =
            |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_string());
        find_by(base, value)
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_an_error() {
        for value in ["http://", "a b", "socks5://proxy:1080", "ftp://proxy", "proxy:port", "://"] {
            let error = "HTTPS_PROXY is no address of an HTTP proxy; expected http://HOST:PORT".to_owned();
            assert_eq!(found("https://cc.example.com", &[("HTTPS_PROXY", value)]), Err(error), "{value}");
            assert_eq!(found("http://cc.example.com", &[("HTTPS_PROXY", value)]), Ok(None), "{value}");
            let excluded = [("https_proxy", value), ("NO_PROXY", ".example.com")];
            assert_eq!(found("https://cc.example.com", &excluded), Ok(None), "{value}");
        }
    }

    #[test]
    fn the_proxy_of_an_address_is_told_without_its_password() {
        let proxy = found(
            "https://cc.example.com/x",
            &[("HTTPS_PROXY", ""), ("all_proxy", "http://me:pw@proxy:3128")],
        );
        assert_eq!(proxy, Ok(Some(("all_proxy", "http://proxy:3128".to_owned()))));
        let proxy = found("http://cc.example.com", &[("http_proxy", "proxy")]);
        assert_eq!(proxy, Ok(Some(("http_proxy", "http://proxy".to_owned()))));
    }
}
