//! Real gateways and proxies between the program and a vendor: nginx, HAProxy, Squid.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/servers.rs"]
mod servers;

use std::fs;

use bench::Bench;
use certificates::{Certificates, HOST};
use rosterctl::sandbox::faults::{Delay, Faults};
use servers::{Tls, haproxy, nginx, squid};

/// Agents of a roster.
const AGENTS: usize = 40;

/// Returns a bench whose vendor lies at an address, with `more` in its connection.
fn bench_at(bench: &Bench, address: &str, more: &str) {
    bench.write(
        "rosterctl.yaml",
        &format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: bench
manifests: [roster]
connections:
  agents:
    provider: agent-config
    baseUrl: {address}
    abbreviate: acme
    token: {{ store: ci, key: TOKEN }}
    concurrency: 4
{more}
secrets: {{ ci: {{ type: env, prefix: BENCH_ }} }}
"
        ),
    );
    bench.roster(&format!(
        "agents: [{{ operatorIds: 8001..{}, name: \"坐席{{operatorId}}\", role: 坐席 }}]\n",
        8000 + AGENTS
    ));
}

/// Returns the number of calls of an operation that reached the vendor.
fn calls(bench: &Bench, operation: &str) -> usize {
    bench.with(|estate| {
        estate.calls.iter().filter(|(path, _)| path.ends_with(operation)).map(|(_, count)| count).sum()
    })
}

#[test]
fn a_gateway_that_ends_connections_costs_no_write() {
    let certificates = Certificates::new();
    let own = certificates.as_ref().map(Certificates::tls);
    let delay_ms = Delay { probability: 1.0, min: 0, max: 60 };
    for (tls, settings) in [
        (own, "keepalive_requests 3; gzip on; gzip_types *; gzip_min_length 1;"),
        (Some(Tls::default()), "keepalive_timeout 30ms;"),
    ] {
        let bench = Bench::new("");
        bench.with(|estate| estate.faults = Faults { seed: 1, delay_ms, ..Faults::default() });
        let Some(tls) = tls else { continue };
        let Some((nginx, address)) = nginx(&tls, &bench.url(), settings, "") else { return };
        let ca_file = certificates.as_ref().filter(|_| address.starts_with("https"));
        if let Some(certificates) = ca_file {
            fs::copy(certificates.path("ca.pem"), bench.path("ca.pem")).unwrap();
        }
        bench_at(&bench, &address, if ca_file.is_some() { "    caFile: ca.pem" } else { "" });
        bench.run(&["apply", "--auto-approve"]).exits(0);
        assert_eq!((bench.agents().len(), calls(&bench, "create/v2")), (AGENTS, AGENTS));
        let protocol = if ca_file.is_some() { " HTTP/2.0 " } else { " HTTP/1.1 " };
        assert!(nginx.read("access").lines().all(|line| line.contains(protocol)));
    }
}

#[test]
fn a_gateways_502_or_half_an_answer_repeats_no_write_that_was_carried_out() {
    let only = vec!["create/v2".to_owned(), "page".to_owned()];
    let faults = Faults { seed: 1, only, ..Faults::default() };
    for (faults, sign) in [
        (Faults { drop_after: 0.2, ..faults.clone() }, " 502"),
        // The gateway has sent 200 when the vendor's answer breaks off.
        (Faults { truncate: 0.2, ..faults }, " 200"),
    ] {
        let bench = Bench::new("");
        let Some((nginx, address)) = nginx(&Tls::default(), &bench.url(), "", "") else { return };
        bench_at(&bench, &address, "");
        bench.with(|estate| estate.faults = faults);
        bench.run(&["apply", "--auto-approve"]).exits(0);
        assert!(nginx.read("access").lines().any(|line| line.ends_with(sign)));
        assert_eq!((bench.agents().len(), calls(&bench, "create/v2")), (AGENTS, AGENTS));
    }
}

#[test]
fn a_gateway_that_limits_calls_or_swallows_one_costs_no_write() {
    let limit = "    stick-table type ip size 10 expire 10s store http_req_rate(1s)
    http-request track-sc0 src
    http-request return status 429 hdr Retry-After 1 if { sc_http_req_rate(0) gt 25 }";
    // Neither side hears any more of that connection.
    let swallow = "    stick-table type ip size 10 expire 60s store http_req_cnt
    http-request track-sc0 src
    http-request silent-drop if { sc_http_req_cnt(0) eq 10 }";
    for (rules, timeout, sign) in [(limit, "10s", " 429"), (swallow, "1s", " -1")] {
        let bench = Bench::new("");
        let Some((haproxy, address)) = haproxy(&bench.url(), rules) else { return };
        bench_at(&bench, &address, &format!("    timeout: {timeout}"));
        bench.run(&["apply", "--auto-approve"]).exits(0);
        assert!(haproxy.read("log").lines().any(|line| line.ends_with(sign)), "{}", haproxy.read("log"));
        assert_eq!((bench.agents().len(), calls(&bench, "create/v2")), (AGENTS, AGENTS));
    }
}

#[test]
fn a_gateways_504_of_a_new_queue_is_never_followed_by_another_request() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    // It accepts connections and never answers.
    let vendor = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hang = format!(
        "location ~ addQueue {{ proxy_read_timeout 300ms; proxy_pass http://{}; }}",
        vendor.local_addr().unwrap()
    );
    let Some((nginx, address)) = nginx(&Tls::default(), &bench.url(), "", &hang) else { return };
    bench.workspace("");
    let workspace = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let workspace = workspace.replace("retry: { attempts: 3, total: 5s }", "");
    bench.write("rosterctl.yaml", &workspace.replace(&bench.url(), &address));
    bench.roster("queues: [{ displayName: 在线售前 }]\n");
    let said = bench.run(&["apply", "--auto-approve"]).exits(5);
    let sent = nginx.read("access").lines().filter(|line| line.contains("addQueue")).count();
    assert_eq!(sent, 1, "{}", said.out);
}

/// Runs `plan` with variables.
fn plan(bench: &mut Bench, variables: &[(&str, &str)]) -> bench::Said {
    bench.environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    bench.run(&["plan"])
}

#[test]
fn a_proxy_is_used_signed_in_to_and_passed_by() {
    let Some(certificates) = Certificates::new() else { return };
    let mut bench = Bench::new("");
    let Some((vendor, address)) = nginx(&certificates.tls(), &bench.url(), "", "") else { return };
    let (Some((open, to_open)), Some((closed, to_closed))) =
        (squid(HOST, None), squid(HOST, Some("me:pass-71")))
    else {
        return;
    };
    fs::copy(certificates.path("ca.pem"), bench.path("ca.pem")).unwrap();
    let address = address.replace("127.0.0.1", HOST);
    let plain = bench.url().replace("127.0.0.1", HOST);
    for (address, variable, more) in [
        (&address, "HTTPS_PROXY", "    caFile: ca.pem\n"),
        (&plain, "HTTP_PROXY", "    allowInsecure: true\n"),
    ] {
        bench_at(&bench, address, &format!("{more}    retry: {{ attempts: 1, total: 5s }}"));
        plan(&mut bench, &[(variable, &format!("http://{to_open}"))]).exits(0);
        plan(&mut bench, &[(variable, &format!("http://me:pass-71@{to_closed}"))]).exits(0);
        for wrong in ["", "me:pass-72@"] {
            let said = plan(&mut bench, &[(variable, &format!("http://{wrong}{to_closed}"))]).exits(6);
            let why = format!("the proxy http://{to_closed} ({variable}) asks for a sign-in");
            assert!(said.err.contains(&why) && !said.err.contains("pass-72"), "{}", said.err);
        }
        // Without the proxy the host is unknown.
        let before = open.read("access");
        let own = [(variable, &*format!("http://{to_open}")), ("NO_PROXY", HOST)];
        let said = plan(&mut bench, &own).exits(6);
        assert!(!said.err.contains("proxy"), "{}", said.err);
        assert_eq!(open.read("access"), before);
    }
    assert!(open.read("access").contains(&format!("CONNECT {HOST}:")));
    // A sign-in that the proxy refused is tried once.
    let count = |status: &str| closed.read("access").lines().filter(|line| line.ends_with(status)).count();
    assert_eq!((count(" 200"), count(" 407")), (2, 4), "{}", closed.read("access"));
    assert_eq!(vendor.read("access").lines().count(), 2);
}
