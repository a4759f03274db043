//! Systems that refuse connections: certificates, ports without TLS, proxies.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/servers.rs"]
mod servers;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bench::{Bench, Said, run_in};
use certificates::Certificates;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use servers::nginx;

/// Accepts connections with a certificate, and counts them.
fn show(certificates: &Certificates, name: &str) -> (String, Arc<AtomicUsize>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = vec![CertificateDer::from_pem_file(certificates.path(&format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificates.path(&format!("{name}.key"))).unwrap();
    let config =
        Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    serve(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let _ = StreamOwned::new(connection, stream).read(&mut [0; 8192]);
    })
}

/// Answers connections and counts them.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let (count, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            thread::spawn(move || answer(stream.unwrap()));
        }
    });
    (address, count)
}

/// Creates a workspace whose agents lie at an address; `more` are further settings of the connection.
fn workspace(folder: &Path, address: &str, more: &str) {
    let text = format!(
        "apiVersion: rosterctl/v1
kind: Workspace
name: w
manifests: [roster]
connections:
  agents: {{ provider: agent-config, baseUrl: \"{address}\", abbreviate: acme, token: {{ store: ci, key: TOKEN }}{more} }}
secrets: {{ ci: {{ type: env, prefix: BENCH_ }} }}
"
    );
    fs::create_dir_all(folder.join("roster")).unwrap();
    fs::write(folder.join("rosterctl.yaml"), text).unwrap();
    let roster = "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8001\", name: 李四 }]\n";
    fs::write(folder.join("roster/a.yaml"), roster).unwrap();
}

fn plan(folder: &Path, environment: &[(&str, &str)]) -> Said {
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    run_in(folder, &["plan"], &environment)
}

#[test]
fn a_certificate_is_told_in_words_and_never_tried_again() {
    let Some(certificates) = Certificates::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::copy(certificates.path("ca.pem"), folder.path().join("ca.pem")).unwrap();
    let ours = ", caFile: ca.pem";
    for (name, more, words) in [
        ("good", "", "its issuer is unknown; name the certificate of its authority in `caFile`"),
        ("ca", ours, "it is the certificate of an authority (CA:TRUE)"),
        ("ended", ours, "it ended at 2021-01-01T00:00:00Z; have it renewed, or check this machine's clock"),
        ("other", ours, "it is for 192.0.2.1, cc.example.test, and not for 127.0.0.1"),
    ] {
        let (address, count) = show(&certificates, name);
        workspace(folder.path(), &address, more);
        let said = plan(folder.path(), &[]).exits(6);
        let wanted = format!("the system's certificate is not trusted: {words}");
        assert!(said.err.contains(&wanted), "{name}: {}", said.err);
        assert!(!said.err.contains("tried") && !said.err.contains("refuse"), "{name}: {}", said.err);
        assert_eq!(count.load(Ordering::SeqCst), 1, "{name}");
        let doctor = run_in(folder.path(), &["doctor", "--format", "json"], &[]);
        assert!(doctor.out.contains(&wanted) && doctor.out.contains("PEM file"), "{name}: {}", doctor.out);
    }
}

#[test]
fn an_own_authority_is_trusted_by_its_file() {
    let Some(certificates) = Certificates::new() else { return };
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let Some((_nginx, address)) = nginx(&certificates.tls(), &bench.url(), "", "") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("certificates")).unwrap();
    fs::copy(certificates.path("ca.pem"), folder.path().join("certificates/ca.pem")).unwrap();
    workspace(folder.path(), &address, ", caFile: certificates/ca.pem");
    let said = plan(folder.path(), &[]).exits(0);
    assert!(said.out.contains("8001"), "{}", said.out);
    // A wrong or missing file is reported at the connection.
    for (text, words) in
        [(Some("no PEM"), "no certificate is in the file; expected PEM"), (None, "No such file")]
    {
        match text {
            Some(text) => fs::write(folder.path().join("certificates/ca.pem"), text).unwrap(),
            None => fs::remove_file(folder.path().join("certificates/ca.pem")).unwrap(),
        }
        let said = plan(folder.path(), &[]).exits(1);
        assert!(said.err.contains("`caFile`") && said.err.contains(words), "{}", said.err);
        assert!(said.err.contains("rosterctl.yaml:6:3"), "{}", said.err);
    }
}

#[test]
fn a_ledger_store_is_told_in_the_same_words() {
    let Some(certificates) = Certificates::new() else { return };
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path(), &bench.url(), "");
    let file = folder.path().join("rosterctl.yaml");
    let text = fs::read_to_string(&file).unwrap() + "ledger: { url: s3://rosters/acme }\n";
    fs::write(&file, text).unwrap();
    let (address, count) = show(&certificates, "good");
    // Calls to this machine itself use no proxy.
    for (endpoint, proxy, words) in [
        (&*address, "", "its issuer is unknown; name the certificate of its authority in SSL_CERT_FILE"),
        ("https://s3.example.invalid", "http://127.0.0.1:9", "(HTTPS_PROXY) cannot be reached: "),
        ("https://s3.example.invalid", "http://not a proxy", "HTTPS_PROXY is no address of an HTTP proxy"),
    ] {
        let environment = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDtest"),
            ("AWS_SECRET_ACCESS_KEY", "canary-of-aws"),
            ("HTTPS_PROXY", proxy),
        ];
        let said = plan(folder.path(), &environment).exits(6);
        assert!(said.err.contains(words) && !said.err.contains("canary-of-aws"), "{}", said.err);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_port_without_tls_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let (address, count) = serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.read(&mut [0; 4096]);
    });
    workspace(folder.path(), &address, "");
    let said = plan(folder.path(), &[]).exits(6);
    assert!(said.err.contains("the system does not speak TLS at this port"), "{}", said.err);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_proxy_is_told_as_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    // It is not tried again: otherwise this test would take two minutes.
    workspace(folder.path(), "https://cc.example.invalid", "");
    let dead = [("HTTPS_PROXY", "http://user:pass-71@127.0.0.1:9")];
    let said = plan(folder.path(), &dead).exits(6);
    assert!(
        said.err.contains("; correct the variable, or name the system's host in NO_PROXY"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("tried"), "{}", said.err);
    assert!(
        said.err.contains("the proxy http://127.0.0.1:9 (HTTPS_PROXY) cannot be reached: "),
        "{}",
        said.err
    );
    assert!(!said.err.contains("pass-71"), "{}", said.err);
    let said = plan(folder.path(), &[("https_proxy", "http://not a proxy")]).exits(1);
    let wanted = "https_proxy is no address of an HTTP proxy; expected http://HOST:PORT";
    assert!(said.err.contains(wanted), "{}", said.err);
    let (proxy, _) = serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    });
    let proxy = proxy.replace("https", "http");
    let said = plan(folder.path(), &[("ALL_PROXY", &proxy)]).exits(6);
    assert!(said.err.contains("(ALL_PROXY) asks for a sign-in"), "{}", said.err);
}
