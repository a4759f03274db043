//! The simulated vendors behind an HTTP/1.1 server on loopback, with faults.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::stream;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::simulator::Factory;
use super::{Embedded, SandboxError, embedded};
use crate::model::call::{Call, Method, Reply};
use crate::sandbox::faults::Fault;
use crate::sandbox::vendor_state::VendorState;

/// The headers that every simulator may read; a [`Call`] holds their names for the life of the program.
const HEADERS: [&str; 3] = ["content-length", "content-type", "host"];

/// The longest accepted body, in bytes.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// The time for connections to finish when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// The interval between checks of a seed file.
const LOOK: Duration = Duration::from_millis(500);

/// The age from which a file's time is unambiguous: file systems count in steps of up to two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// A gateway's page in place of a response.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\
                    <body><h1>502 Bad Gateway</h1><hr>nginx</body></html>\n";

/// A clock that returns the Unix time in milliseconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The options of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The vendors.
    pub factories: Vec<Factory>,
    /// The address to listen on; a loopback address. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file that stores the estate; by default none does.
    pub state: Option<PathBuf>,
    /// The seed, applied at the start and again whenever the file changes.
    ///
    /// If the state file exists already, its agents and queues stay, and the seed sets the rest.
    pub seed: Option<PathBuf>,
}

/// Serves the simulated vendors until `shutdown` is done, and finishes the requests in progress.
///
/// `announce` receives the address as soon as the server listens.
///
/// # Errors
/// A file cannot be used, or the address is not loopback or not free.
pub async fn serve(
    options: Options,
    announce: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), SandboxError> {
    let address = options.listen;
    if !address.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(address));
    }
    let sandbox = Arc::new(Embedded::new(prepare(&options)?, options.state.as_deref()));
    let listen = async {
        let listener = TcpListener::bind(address).await?;
        Ok((listener.local_addr()?, listener))
    };
    let (bound, listener) = listen.await.map_err(|source| SandboxError::Listen { address, source })?;
    announce(bound);
    let (stop, stopped) = watch::channel(());
    let ending = async {
        shutdown.await;
        drop(stop);
    };
    let serving = accept(listener, Arc::clone(&sandbox), system_clock(), stopped.clone());
    tokio::join!(serving, ending, follow(&options, &sandbox, stopped));
    Ok(())
}

/// Applies a seed file again whenever it changes: presence, seats, faults.
///
/// Agents and queues stay, as when a state is opened with a seed. So a call can begin and end during a client's run.
async fn follow(options: &Options, sandbox: &Embedded, mut stopped: watch::Receiver<()>) {
    // A pipe returns its text only once.
    let Some(path) = options.seed.as_deref().filter(|path| path.is_file()) else { return };
    let (mut before, mut stamp) = (std::fs::read_to_string(path).ok(), None);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => return,
        }
        // An editor may be about to replace the file.
        let Ok(about) = std::fs::metadata(path) else { continue };
        // A recently written file may be written again within the same tick of its clock.
        let settled = about.modified().ok().filter(|at| at.elapsed().is_ok_and(|age| age > SETTLED));
        let now = settled.map(|at| (at, about.len()));
        if now.is_some() && now == stamp {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        stamp = now;
        if before.as_ref() == Some(&text) {
            continue;
        }
        match VendorState::from_seed(&options.factories, &text) {
            Ok(seed) => sandbox.lock().behave_like(seed),
            Err(error) => {
                let why = std::error::Error::source(&error).map(|why| format!(": {why}")).unwrap_or_default();
                tracing::warn!(
                    "{} is no seed as it is now, and is not taken over: {error}{why}",
                    path.display()
                );
            }
        }
        before = Some(text);
    }
}

/// Reads state and seed.
fn prepare(options: &Options) -> Result<VendorState, SandboxError> {
    let seed = match &options.seed {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| SandboxError::Read { path: path.clone(), source })?;
            let seed = VendorState::from_seed(&options.factories, &text)
                .map_err(|source| SandboxError::Seed { path: path.clone(), source })?;
            Some(seed)
        }
    };
    let stored =
        options.state.as_deref().map(|path| embedded::load(&options.factories, path)).transpose()?.flatten();
    Ok(match (stored, seed) {
        (Some(mut stored), Some(seed)) => {
            stored.behave_like(seed);
            stored
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => VendorState::new(&options.factories),
    })
}

/// The server of a test, stopped when dropped.
pub struct Running {
    address: SocketAddr,
    estate: Arc<Mutex<VendorState>>,
    stop: Option<watch::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL of a connection, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the estate.
    pub fn estate(&self) -> Arc<Mutex<VendorState>> {
        Arc::clone(&self.estate)
    }

    /// Reads the estate, or changes it outside the API.
    pub fn with<T>(&self, look: impl FnOnce(&mut VendorState) -> T) -> T {
        look(&mut self.estate.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops the server, and returns when the requests in progress are finished.
    pub async fn stop(mut self) {
        self.stop = None;
        if let Some(task) = self.task.take() {
            // The task does not panic, and is not aborted during this wait.
            let _ = task.await;
        }
    }
}

/// Serves an estate on a free loopback port, with the system's clock.
///
/// # Errors
/// No port can be listened on.
pub async fn spawn(estate: VendorState) -> io::Result<Running> {
    spawn_at(estate, system_clock()).await
}

/// Serves an estate on a free loopback port, with the caller's clock.
///
/// # Errors
/// No port can be listened on.
pub async fn spawn_at(estate: VendorState, clock: Clock) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let sandbox = Arc::new(Embedded::new(estate, None));
    let estate = sandbox.estate();
    let (stop, stopped) = watch::channel(());
    let task = Some(tokio::spawn(accept(listener, sandbox, clock, stopped)));
    Ok(Running { address, estate, stop: Some(stop), task })
}

/// Returns the clock of this computer.
fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Accepts connections until the sender of `stopped` is dropped.
async fn accept(
    listener: TcpListener,
    sandbox: Arc<Embedded>,
    clock: Clock,
    mut stopped: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        // Finished connections are dropped as new ones arrive.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let connection = attend(stream, Arc::clone(&sandbox), Arc::clone(&clock), stopped.clone());
                connections.spawn(connection);
            }
            // Out of file handles: one may become free soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // The drop of the set closes the connections that are left.
    let _ = tokio::time::timeout(FAREWELL, all).await;
}

/// Serves one connection; on a stop, it ends after the request in progress.
async fn attend(stream: TcpStream, sandbox: Arc<Embedded>, clock: Clock, mut stopped: watch::Receiver<()>) {
    // Responses are small and leave in one piece; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| handle(&sandbox, &clock, request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopped.changed() => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        // A broken connection is the client's problem, or a requested fault.
        let _ = connection.await;
    }
}

/// The error that closes a connection without a response.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped by a fault")
    }
}

impl std::error::Error for Dropped {}

/// The body of a response.
type Body = UnsyncBoxBody<Bytes, Dropped>;

/// Answers one request, or carries out its fault.
async fn handle(
    sandbox: &Embedded,
    clock: &Clock,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LONGEST_BODY).collect().await else {
        return Ok(whole(&gateway(413, "body too large")));
    };
    let (named, parameters) = sandbox.lock().looks_at();
    let call = Call {
        operation: "",
        // The simulators get the method as received.
        method: Method::Post,
        path: head.uri.path().to_owned(),
        query: query(head.uri.query().unwrap_or(""), &parameters),
        headers: headers(&head.headers, &named),
        body: body.to_bytes().into(),
    };
    let fault = sandbox.lock().faults.decide(&call.path);
    let carry_out = || sandbox.answer_method(head.method.as_str(), &call, clock());
    match fault {
        Fault::None => Ok(whole(&carry_out())),
        Fault::Delay(milliseconds) => {
            let reply = carry_out();
            tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
            Ok(whole(&reply))
        }
        Fault::DropBefore => Err(Dropped),
        Fault::DropAfter => {
            carry_out();
            Err(Dropped)
        }
        Fault::TooMany => {
            let retry_after = Some(Duration::from_secs(1));
            Ok(whole(&Reply { retry_after, ..gateway(429, "too many requests") }))
        }
        Fault::ServerError { carried_out } => {
            if carried_out {
                carry_out();
            }
            Ok(whole(&gateway(500, "internal error")))
        }
        Fault::Truncate => Ok(half(&carry_out())),
        Fault::Html { carried_out } => {
            if carried_out {
                carry_out();
            }
            let page = Reply { content_type: "text/html; charset=utf-8".into(), ..gateway(200, "") };
            Ok(whole(&Reply { body: PAGE.into(), ..page }))
        }
    }
}

/// Returns an error of the server itself, in a form that fits the vendors' responses.
fn gateway(code: u16, message: &str) -> Reply {
    Reply::json(code, &json!({"code": code, "success": false, "message": message, "msg": message}))
}

/// Returns the headers that the simulators read.
fn headers(all: &header::HeaderMap, named: &BTreeSet<&'static str>) -> Vec<(&'static str, String)> {
    let known = |name| Some((name, String::from_utf8_lossy(all.get(name)?.as_bytes()).into_owned()));
    HEADERS.iter().chain(named).copied().filter_map(known).collect()
}

/// Decodes the query parameters that the simulators read.
fn query(query: &str, parameters: &BTreeSet<&'static str>) -> Vec<(&'static str, String)> {
    // The parser requires a host; its value does not matter.
    let Ok(url) = reqwest::Url::parse(&format!("http://localhost/?{query}")) else { return Vec::new() };
    let known = |name: &str| parameters.iter().copied().find(|known| *known == name);
    url.query_pairs().filter_map(|(name, value)| Some((known(&name)?, value.into_owned()))).collect()
}

/// Returns the whole response.
fn whole(reply: &Reply) -> Response<Body> {
    respond(reply, Full::from(reply.body.clone()).map_err(|never: Infallible| match never {}).boxed_unsync())
}

/// Returns a response that breaks off after half of its promised body.
fn half(reply: &Reply) -> Response<Body> {
    let sent = Bytes::copy_from_slice(&reply.body[..reply.body.len() / 2]);
    let frames = stream::unfold(Some(sent), |sent| async move {
        if let Some(sent) = sent {
            return Some((Ok(Frame::data(sent)), None));
        }
        // The first half has to leave before the connection breaks.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Err(Dropped), None))
    });
    let mut response = respond(reply, StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert(header::CONTENT_LENGTH, reply.body.len().into());
    response
}

/// Adds status and headers to a body.
fn respond(reply: &Reply, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status).unwrap_or_default();
    if let Ok(value) = header::HeaderValue::from_str(&reply.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    if let Some(wait) = reply.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().into());
    }
    response
}
