//! Systems that refuse connections: certificates, ports without TLS, proxies.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bench::{Bench, Said, run_in};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// The certificates of these tests; `None` without an openssl program.
struct Certificates(TempDir);

impl Certificates {
    fn new() -> Option<Self> {
        let folder = Self(tempfile::tempdir().unwrap());
        let day = ["-days", "2"];
        let made = folder.root("ca", &day)
            && folder.leaf("good", "127.0.0.1", &day)
            && folder.leaf("other", "192.0.2.1", &day)
            && folder.leaf(
                "ended",
                "127.0.0.1",
                &["-not_before", "20200101000000Z", "-not_after", "20210101000000Z"],
            );
        made.then_some(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) -> bool {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// Creates a self-signed certificate of an authority.
    fn root(&self, name: &str, time: &[&str]) -> bool {
        let (key, pem, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let begin = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let end =
            ["-keyout", &key, "-out", &pem, "-subj", &subject, "-addext", "subjectAltName=IP:127.0.0.1"];
        self.openssl(&[&begin[..], &end, time].concat())
    }

    /// Creates a certificate of a system, issued by the authority.
    fn leaf(&self, name: &str, address: &str, time: &[&str]) -> bool {
        let (key, csr, pem) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let request =
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"];
        fs::write(self.path("db"), "").unwrap();
        fs::write(self.path("serial"), "01\n").unwrap();
        let config = format!(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=db\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n\
             [any]\ncommonName=optional\n[leaf]\nsubjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n"
        );
        fs::write(self.path("own.cnf"), config).unwrap();
        let time: Vec<&str> = time
            .iter()
            .map(|word| match *word {
                "-not_before" => "-startdate",
                "-not_after" => "-enddate",
                word => word,
            })
            .collect();
        let sign =
            ["ca", "-config", "own.cnf", "-batch", "-notext", "-extensions", "leaf", "-cert", "ca.pem"];
        let files = ["-keyfile", "ca.key", "-in", &csr, "-out", &pem];
        self.openssl(&[&request[..], &["-keyout", &key, "-out", &csr]].concat())
            && self.openssl(&[&sign[..], &files, &time].concat())
    }

    /// Serves a vendor behind TLS with a certificate; counts the connections.
    fn serve(&self, name: &str, vendor: &str) -> (String, Arc<AtomicUsize>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chain = vec![CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
        let config =
            Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
        let vendor = vendor.trim_start_matches("http://").to_owned();
        serve(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            pass(StreamOwned::new(connection, stream), &vendor);
        })
    }
}

/// Forwards one request, and its response back.
fn pass(mut client: StreamOwned<ServerConnection, TcpStream>, vendor: &str) {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        body.len() >= length.unwrap_or(0)
    };
    while !whole(&request) {
        match client.read(&mut buffer) {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let mut upstream = TcpStream::connect(vendor).unwrap();
    let request = String::from_utf8(request).unwrap().replacen("\r\n", "\r\nconnection: close\r\n", 1);
    upstream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    let _ = client.write_all(&answer);
    client.conn.send_close_notify();
    let _ = client.flush();
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
        ("other", ours, "it is for 192.0.2.1, and not for 127.0.0.1"),
    ] {
        let (address, count) = certificates.serve(name, "");
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
    let (address, _) = certificates.serve("good", &bench.url());
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
    let (address, count) = certificates.serve("good", "");
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
