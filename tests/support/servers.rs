//! Real servers: a test starts them, and they end with it. Where a program is not installed, its tests say that they
//! skip.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says why it skips")]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running program with a folder of its own. It ends on drop.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts a program with the words of a command line, in a folder with the given files; `{folder}` in them is that
    /// folder. Waits until it listens at the port. Prints a note and returns `None` if the program is not installed.
    pub(crate) fn start(command: &str, files: &[(&str, &str)], port: u16) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        // Some programs give their rights up.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        for (name, text) in files {
            let text = text.replace("{folder}", &folder.path().display().to_string());
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut words = command.split_whitespace();
        let program = words.next().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(words).current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let Ok(child) = command.spawn() else {
            eprintln!("skipped: the `{program}` program is not installed");
            return None;
        };
        let mut server = Self { child, folder };
        server.wait(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(server)
    }

    /// Waits until the server is ready.
    #[track_caller]
    pub(crate) fn wait(&mut self, is_ready: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is_ready() {
            let ended = self.child.try_wait().unwrap();
            let patience = ended.is_none() && begin.elapsed() < Duration::from_mins(1);
            assert!(patience, "the server does not come up ({ended:?}):\n{}", self.read("log"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the content of a file of its folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns a path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sends a signal, like `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let arguments = [format!("-{name}"), self.child.id().to_string()];
        assert!(Command::new("kill").args(arguments).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns ports on which nothing listens, each free for `port + 10000` too: some programs listen there as well.
pub(crate) fn ports<const COUNT: usize>() -> [u16; COUNT] {
    let mut held = Vec::new();
    [(); COUNT].map(|()| {
        loop {
            let port = fastrand::u16(20_000..32_000);
            let both = [port, port + 10_000].map(|port| TcpListener::bind(("127.0.0.1", port)));
            if let [Ok(one), Ok(two)] = both {
                held.extend([one, two]);
                return port;
            }
        }
    })
}

/// Root token of [`openbao`], which accepts no prefix of its own in a chosen token.
pub(crate) const OPENBAO_TOKEN: &str = "canary-root-token";

/// Starts OpenBao, which speaks the API of Vault, and returns its address.
pub(crate) fn openbao() -> Option<(Server, String)> {
    let [port] = ports();
    let mut server = Server::start(
        &format!(
            "bao server -dev -dev-no-store-token -dev-root-token-id {OPENBAO_TOKEN} \
             -dev-listen-address 127.0.0.1:{port}"
        ),
        &[],
        port,
    )?;
    server.wait(|| status(port, "/v1/sys/health") == Some(200));
    Some((server, format!("http://127.0.0.1:{port}")))
}

/// Returns the status with which a server answers.
fn status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// A certificate and its key, in PEM.
#[derive(Default)]
pub(crate) struct Tls {
    pub(crate) pem: String,
    pub(crate) key: String,
}

/// Starts nginx before a vendor, over HTTP/2 with a certificate, else over HTTP/1.1. Returns its address. `settings`
/// stand in its server, and `locations` beside the vendor's. Its file `access` holds a line a request.
pub(crate) fn nginx(tls: &Tls, vendor: &str, settings: &str, locations: &str) -> Option<(Server, String)> {
    let [port] = ports();
    let (scheme, listen) = if tls.pem.is_empty() {
        ("http", format!("listen 127.0.0.1:{port};"))
    } else {
        let files = "ssl_certificate good.pem; ssl_certificate_key good.key;";
        ("https", format!("listen 127.0.0.1:{port} ssl http2; {files}"))
    };
    // One process: the end of a master process would leave its workers.
    let config = format!(
        "daemon off; master_process off; user root; pid pid; error_log stderr; events {{}}
         http {{
             client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
             log_format own '$request_method $uri $server_protocol $status'; access_log access own;
             server {{
                 {listen} {settings} proxy_set_header Host $http_host;
                 location / {{ proxy_pass {vendor}; }} {locations}
             }}
         }}"
    );
    let files = [("nginx.conf", &*config), ("good.pem", &tls.pem), ("good.key", &tls.key)];
    let server = Server::start("nginx -e stderr -p . -c nginx.conf", &files, port)?;
    Some((server, format!("{scheme}://127.0.0.1:{port}")))
}

/// Starts HAProxy before a vendor, with rules of its frontend. Returns its address. Its file `log` holds a line a
/// request: method, path and status.
pub(crate) fn haproxy(vendor: &str, rules: &str) -> Option<(Server, String)> {
    let [port] = ports();
    let vendor = vendor.trim_start_matches("http://");
    let config = format!(
        "global
    log stdout format raw local0
defaults
    mode http
    log global
    log-format \"%HM %HP %ST\"
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend front
    bind 127.0.0.1:{port}
{rules}
    default_backend vendor
backend vendor
    server vendor {vendor}
"
    );
    let server = Server::start("haproxy -db -f haproxy.cfg", &[("haproxy.cfg", &config)], port)?;
    Some((server, format!("http://127.0.0.1:{port}")))
}

/// Starts Squid, which alone knows that a host is this machine. Returns its address without the scheme. With a sign-in
/// it accepts that alone. Its file `access` holds a line a request: method, address and status.
pub(crate) fn squid(host: &str, sign_in: Option<&str>) -> Option<(Server, String)> {
    let [port] = ports();
    let rules = match sign_in {
        None => "http_access allow all",
        Some(_) => {
            "auth_param basic program /bin/sh {folder}/auth.sh
auth_param basic children 1
acl signed proxy_auth REQUIRED
http_access allow signed
http_access deny all"
        }
    };
    let config = format!(
        "http_port 127.0.0.1:{port}
hosts_file {{folder}}/hosts
pid_filename {{folder}}/pid
cache_log {{folder}}/cache.log
logformat own %rm %ru %>Hs
access_log stdio:{{folder}}/access own
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
{rules}
"
    );
    let (user, password) = sign_in.and_then(|pair| pair.split_once(':')).unwrap_or_default();
    let auth = format!(
        "while read -r user password; do
    if [ \"$user $password\" = '{user} {password}' ]; then echo OK; else echo ERR; fi
done
"
    );
    let hosts = format!("127.0.0.1 {host}\n");
    let files = [("squid.conf", &*config), ("hosts", &hosts), ("auth.sh", &auth)];
    let server = Server::start("squid -N -f squid.conf", &files, port)?;
    Some((server, format!("127.0.0.1:{port}")))
}
