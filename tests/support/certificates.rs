//! Certificates of an own authority, made by openssl.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::servers::Tls;

/// A host of the certificates, which only a proxy knows.
pub(crate) const HOST: &str = "cc.example.test";

/// An authority `ca`, and what it issued: `good` for this machine and [`HOST`], `other`, and `ended`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    /// Returns `None` without an openssl program.
    pub(crate) fn new() -> Option<Self> {
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Returns the certificate `good` for a server.
    pub(crate) fn tls(&self) -> Tls {
        let read = |name: &str| fs::read_to_string(self.path(name)).unwrap();
        Tls { pem: read("good.pem"), key: read("good.key") }
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
             [any]\ncommonName=optional\n[leaf]\nsubjectAltName=IP:{address},DNS:{HOST}\nbasicConstraints=CA:FALSE\n"
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
}
