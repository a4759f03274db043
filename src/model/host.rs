//! Hosts by their spelling; no name is resolved.

use url::Host;

/// Returns true if a host is this machine: loopback addresses, `localhost` and its subdomains (RFC 6761 §6.3).
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        // `::ffff:127.0.0.1` is 127.0.0.1.
        Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_in_every_spelling() {
        let is_loopback = |address: &str| {
            url::Url::parse(address).ok().and_then(|url| url.host().map(|host| is_loopback(&host)))
        };
        for host in [
            "127.0.0.1",
            "127.8.9.10",
            "127.1",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "localhost",
            "LocalHost",
            "localhost.",
            "vault.localhost",
        ] {
            assert_eq!(is_loopback(&format!("http://{host}:8200/x")), Some(true), "{host}");
        }
        for host in
            ["10.0.0.1", "[::2]", "[::ffff:10.0.0.1]", "mylocalhost", "localhost.example.com", "128.0.0.1"]
        {
            assert_eq!(is_loopback(&format!("http://{host}:8200/x")), Some(false), "{host}");
        }
    }
}
