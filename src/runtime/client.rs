//! HTTP client of one connection: signs, rate-limits, sends and retries.
//!
//! A connection has one [`Client`], which all readers and writers share with its calls in flight and rate windows. The
//! connections of one [`Account`] share its token. One task at a time fetches the token, before it expires and once more
//! after a refusal. If a system refuses a credential for good, this process never calls the system with it again: some
//! vendors lock the address.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture, select};
use md5::{Digest as _, Md5};
use sha2::Sha256;
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

use super::account::{Account, Accounts};
use super::clock::Clock;
use super::gate::Gate;
use super::rate_limiter::{RateLimiter, RatePermit};
use super::transport::Transport;
use crate::config::settings::{OperationSpec, Rate};
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::language::{Localized, localized};
use crate::model::retry::{Bounds, pause};
use crate::model::secret::Secret;
use crate::model::text::hex;
use crate::provider::{Connector, Token};

/// Check just before a call leaves. Its failure becomes the call's failure.
pub trait Check {
    /// Reads shared state before the call takes its place among those in flight.
    ///
    /// # Errors
    /// The reason for which the call may not leave.
    fn ready(&self) -> LocalBoxFuture<'_, Result<(), Failure>>;

    /// Checks that the call may leave. `holds` is true if it has its place among those in flight.
    ///
    /// # Errors
    /// The reason for which it may not.
    fn check(&self, holds: bool) -> LocalBoxFuture<'_, Result<(), Failure>>;

    /// Returns true if the observations of the check are still current.
    fn is_current(&self) -> bool;

    /// Records that the call leaves now, without a further wait.
    ///
    /// # Errors
    /// The reason for which it may not.
    fn leaves(&self) -> LocalBoxFuture<'_, Result<(), Failure>>;
}

/// Options of a write call.
#[derive(Clone, Copy)]
pub struct WriteOptions<'a> {
    /// Gate that is asked last, just before a call leaves.
    pub gate: &'a Gate,
    /// The call's own secret, redacted from the vendor's messages.
    pub private: Option<&'a Secret>,
    /// Check that decides after every wait, just before a call leaves.
    pub check: Option<&'a dyn Check>,
}

/// Mode of a call.
#[derive(Clone, Copy)]
enum CallMode<'a> {
    /// A read.
    Read,
    /// A read for a call that already holds its place among those in flight.
    Aside,
    /// A write.
    Write(WriteOptions<'a>),
}

impl<'a> CallMode<'a> {
    fn care(self) -> Option<WriteOptions<'a>> {
        match self {
            CallMode::Read | CallMode::Aside => None,
            CallMode::Write(care) => Some(care),
        }
    }
}

/// Client of a connection.
pub struct Client {
    connection: Connection,
    connector: &'static dyn Connector,
    transport: Box<dyn Transport>,
    secret: Arc<Secret>,
    account: Arc<Account>,
    /// Digest of the system's address and the credential.
    credential: [u8; 32],
    pace: RateLimiter,
    slots: Arc<Semaphore>,
    /// True once the operator has stopped the run: no call waits any more.
    hurried: watch::Sender<bool>,
    bounds: Bounds,
    clock: Rc<dyn Clock>,
    /// Lead of the system's clock over this host's at the last dated response, in milliseconds.
    ahead_ms: std::sync::Mutex<Option<i64>>,
    /// The number of answered calls, and the sum of their latencies.
    answered: std::sync::Mutex<(u32, Duration)>,
    /// Time limit of a call.
    timeout: Duration,
}

/// Key that signs a call.
enum Key {
    /// The connection's secret.
    Own(Arc<Secret>),
    /// A token that the connection fetched.
    Token(Arc<Token>),
    /// None: the call is complete.
    None,
}

impl Key {
    fn secret(&self) -> Option<&Secret> {
        match self {
            Key::Own(secret) => Some(secret),
            Key::Token(token) => Some(&token.secret),
            Key::None => None,
        }
    }
}

impl Client {
    /// Returns a client. `secret` signs its calls, or fetches the token that does.
    pub fn new(
        connection: Connection,
        connector: &'static dyn Connector,
        transport: Box<dyn Transport>,
        secret: Arc<Secret>,
        pace: RateLimiter,
        clock: Rc<dyn Clock>,
    ) -> Self {
        let retry = connection.settings.group("retry");
        let attempts = retry.and_then(|r| r.number("attempts")).and_then(|n| u32::try_from(n).ok());
        let bounds = Bounds {
            attempts: attempts.unwrap_or(6),
            total: retry.map_or(Duration::from_mins(2), |r| r.duration("total")),
        };
        let slots = Arc::new(Semaphore::new(connection.concurrency()));
        let timeout = connection.settings.duration("timeout");
        let credential = credential(&connection, &secret);
        Self {
            connection,
            connector,
            transport,
            secret,
            credential,
            account: Arc::default(),
            pace,
            slots,
            hurried: watch::Sender::new(false),
            bounds,
            clock,
            ahead_ms: std::sync::Mutex::default(),
            answered: std::sync::Mutex::default(),
            timeout,
        }
    }

    /// Returns the same client, which shares its account and its calls in flight with others of the tenant.
    #[must_use]
    pub fn sharing(self, shared: &Accounts, tenant: &str) -> Self {
        let account = shared.account(tenant, self.credential);
        let slots = shared.slots(tenant, self.connection.concurrency());
        Self { account, slots, ..self }
    }

    /// Returns the mean latency of the calls that were answered; `None` without any.
    pub fn latency(&self) -> Option<Duration> {
        let (calls, sum) = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        (calls > 0).then(|| sum / calls)
    }

    /// Returns the same client without retries, for any settings of the connection.
    #[must_use]
    pub fn without_retries(mut self) -> Self {
        self.bounds.attempts = 1;
        self
    }

    /// Returns the lead of the system's clock over this host's at the last response. In milliseconds, accurate to
    /// half a second; `None` if no response had a date.
    pub fn ahead_ms(&self) -> Option<i64> {
        *self.ahead_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the operations with a rate limit, and the calls in the window of each.
    pub fn rates(&self) -> Vec<(&'static str, Rate, usize)> {
        let limited =
            |operation: &OperationSpec| Some((operation.name, self.connection.rate(operation.name)?));
        let used = |(name, rate)| (name, rate, self.pace.used(name, rate, self.timeout));
        self.connection.spec.operations.iter().filter_map(limited).map(used).collect()
    }

    /// Returns the clock of its calls.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns the configured connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Ends all waits for a retry or a `Retry-After`. From now on such a call fails instead.
    pub fn skip_waits(&self) {
        self.hurried.send_replace(true);
    }

    /// Waits before a call, unless the run is stopped.
    async fn sleep_or_stop(
        &self,
        stop: Option<&watch::Receiver<bool>>,
        pause: Duration,
    ) -> Result<(), Failure> {
        if pause.is_zero() {
            return Ok(());
        }
        let hurried = self.hurried.subscribe();
        or_stop(Some(&hurried), or_stop(stop, self.clock.sleep(pause))).await?
    }

    /// Returns the bounds of retries.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Makes a read call, and retries it while that may help.
    ///
    /// # Errors
    /// The last failure, or there is no such call.
    pub async fn read<T>(
        &self,
        call: impl Fn() -> Option<Call>,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.with_fresh_token(CallMode::Read, call, hear).await
    }

    /// Makes a read call for a call that holds its place among those in flight. Use it inside a [`Check`] of this
    /// connection, where another place may never become free. It makes one call at a time.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub async fn read_aside<T>(
        &self,
        call: impl Fn() -> Option<Call>,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.with_fresh_token(CallMode::Aside, call, hear).await
    }

    /// Makes a write call, and retries it while the vendor has certainly not applied it.
    ///
    /// # Errors
    /// The last failure; it redacts every secret of the call.
    pub async fn write<T>(
        &self,
        care: WriteOptions<'_>,
        call: impl Fn() -> Option<Call>,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.with_fresh_token(CallMode::Write(care), call, hear).await
    }

    async fn with_fresh_token<T>(
        &self,
        manner: CallMode<'_>,
        call: impl Fn() -> Option<Call>,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut renewed = false;
        loop {
            self.open()?;
            let key = self.key().await?;
            match self.with_retries(manner, &key, &call, &hear).await {
                Err(Failure::SignIn(_)) if !renewed && self.drop_token(&key).await => renewed = true,
                Err(failure) => return Err(self.disable_on_auth_failure(failure)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Returns true if the system refused the credential in this process.
    pub fn is_shut(&self) -> bool {
        self.open().is_err()
    }

    /// Checks that the system has not refused the credential before.
    fn open(&self) -> Result<(), Failure> {
        let refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(&self.credential).map_or(Ok(()), |why| Err(Failure::Shut(why.clone())))
    }

    /// Records that the system refuses the credential.
    fn disable_on_auth_failure(&self, failure: Failure) -> Failure {
        if let Failure::SignIn(why) = &failure {
            let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
            refused.entry(self.credential).or_insert_with(|| why.clone());
        }
        failure
    }

    /// Returns the current key: the secret, or the token of a connection that signs in.
    ///
    /// It records a refusal before the next task in the queue wakes.
    async fn key(&self) -> Result<Key, Failure> {
        if self.connector.token_request(&self.connection, &self.secret).is_none() {
            return Ok(Key::Own(Arc::clone(&self.secret)));
        }
        // Concurrent tasks wait for the token that the first one fetches.
        let mut kept = self.account.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| !token.is_stale(self.clock.now_ms())) {
            return Ok(Key::Token(Arc::clone(token)));
        }
        // The sign-in may have been refused while this task waited.
        self.open()?;
        let call = || self.connector.token_request(&self.connection, &self.secret);
        let hear = |reply: &Reply| self.connector.parse_token(&self.connection, reply, self.clock.now_ms());
        let token = Arc::new(
            self.with_retries(CallMode::Read, &Key::None, &call, &hear)
                .await
                .map_err(|f| self.disable_on_auth_failure(f))?,
        );
        *kept = Some(Arc::clone(&token));
        Ok(Key::Token(token))
    }

    /// Drops a refused token. Returns false if the key is no token.
    async fn drop_token(&self, key: &Key) -> bool {
        let Key::Token(refused) = key else { return false };
        let mut kept = self.account.token.lock().await;
        if kept.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *kept = None;
        }
        true
    }

    async fn with_retries<T>(
        &self,
        manner: CallMode<'_>,
        key: &Key,
        call: &impl Fn() -> Option<Call>,
        hear: &impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let stop = manner.care().map(|care| care.gate.stopped());
        let writes = manner.care().is_some();
        let mut first: Option<Duration> = None;
        let mut attempt = 1;
        loop {
            let Some(call) = call() else {
                return Err(Failure::Refused("there is no such call".to_owned().into()));
            };
            let failure = match self.send(call, &mut first, attempt, manner, key, hear).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let elapsed = first.map_or(Duration::ZERO, |first| self.clock.elapsed().saturating_sub(first));
            let Some(pause) = pause(writes, &failure, attempt, elapsed, self.bounds, self.clock.chance())
            else {
                let no = matches!(failure, Failure::Refused(_) | Failure::SignIn(_) | Failure::Shut(_));
                return Err(if attempt > 1 && !no {
                    failure.map(|message| {
                        localized!(
                            message;
                            "{message} (tried {attempt} times)",
                            "{message}，试了 {attempt} 次",
                            "{message}，試了 {attempt} 次"
                        )
                    })
                } else {
                    failure
                });
            };
            self.sleep_or_stop(stop, pause).await?;
            attempt += 1;
        }
    }

    async fn send<T>(
        &self,
        mut call: Call,
        first: &mut Option<Duration>,
        attempt: u32,
        manner: CallMode<'_>,
        key: &Key,
        hear: &impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let care = manner.care();
        let stop = care.map(|care| care.gate.stopped());
        let check = care.and_then(|care| care.check);
        self.sleep_or_stop(stop, self.account.rest.left(self.clock.elapsed())).await?;
        let rate = self.connection.rate(call.operation);
        let mut permit = match rate {
            Some(rate) => Some(or_stop(stop, self.pace.enter(call.operation, rate, self.timeout)).await?),
            None => None,
        };
        // The check comes after the longest wait. With a rate limit, that is the wait for its window. Without one, it
        // is the wait for a slot, which the reads of the check share.
        if let (Some(check), None) = (check, &permit) {
            or_stop(stop, check.ready()).await?.map_err(|failure| self.unsent(failure))?;
        }
        let mut rounds = 0;
        let _place = loop {
            if let (Some(check), Some(permit)) = (check, &mut permit) {
                self.hold_permit_while(permit, or_stop(stop, check.check(false)))
                    .await?
                    .map_err(|failure| self.unsent(failure))?;
            }
            let slot = or_stop(stop, async {
                let trial = self.account.trial().await;
                (trial, self.slots.acquire().await.ok())
            });
            let slot = match (manner, &mut permit) {
                (CallMode::Aside, _) => (None, None),
                (CallMode::Read | CallMode::Write(_), Some(permit)) => {
                    self.hold_permit_while(permit, slot).await?
                }
                (CallMode::Read | CallMode::Write(_), None) => slot.await?,
            };
            if check.filter(|_| permit.is_some()).is_none_or(<dyn Check>::is_current) {
                break slot;
            }
            // The wait for the slot was long: other agents may be busy by now.
            rounds += 1;
            if rounds == ROUNDS {
                let why =
                    "the calls of the connection wait so long for each other that no check stays current";
                return Err(Failure::NotSent(why.to_owned().into()));
            }
        };
        if let (Some(check), None) = (check, &permit) {
            or_stop(stop, check.check(true)).await?.map_err(|failure| self.unsent(failure))?;
        }
        self.open()?;
        if let Some(care) = care {
            care.gate.ask()?;
        }
        if let Some(check) = check {
            check.leaves().await?;
        }
        if permit.as_mut().is_some_and(|permit| !permit.sends()) {
            let why = "its place under the rate limit was lost, since this program stood still";
            return Err(Failure::NotSent(why.to_owned().into()));
        }
        // The wait for a rate limit does not count as retry time.
        first.get_or_insert_with(|| self.clock.elapsed());
        if let Some(secret) = key.secret() {
            self.connector.sign(&self.connection, secret, self.clock.now_ms(), &mut call);
        }
        // Ask last: the code before may have taken long, and the program may have been suspended.
        if let Some(care) = care {
            care.gate.ask()?;
        }
        let started = self.clock.elapsed();
        let sent_ms = self.clock.now_ms();
        let reply = self.transport.send(&call).await.map(|(reply, told_ms)| {
            if let Some(told_ms) = told_ms {
                let here_ms = i64::midpoint(sent_ms, self.clock.now_ms());
                *self.ahead_ms.lock().unwrap_or_else(PoisonError::into_inner) = Some(told_ms - here_ms);
            }
            reply
        });
        if let Some(permit) = permit {
            permit.leave();
        }
        if let Ok(reply) = &reply {
            self.account.rest.ask(reply, self.clock.elapsed(), self.bounds.total);
        }
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        let latency = self.clock.elapsed().saturating_sub(started);
        if reply.is_ok() {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            *answered = (answered.0 + 1, answered.1 + latency);
        }
        let millis = latency.as_millis();
        let result = reply.and_then(|reply| hear(&reply));
        if result.is_ok() {
            self.account.accepted.store(true, Ordering::Release);
        }
        let result = result.map_err(|failure| {
            let secrets = [Some(&*self.secret), key.secret(), care.and_then(|care| care.private)];
            let mut struck: Vec<Zeroizing<String>> =
                secrets.into_iter().flatten().flat_map(spellings).collect();
            let signed =
                call.query.iter().map(|(_, value)| value).chain(call.headers.iter().map(|(_, value)| value));
            struck
                .extend(signed.filter(|value| value.len() >= 16).map(|value| Zeroizing::new(value.clone())));
            failure.map(|message| message.map(|text| clip(&scrub(text, &struck))))
        });
        let result = match key {
            // Recorded before another call may try the credential.
            Key::Own(_) => result.map_err(|failure| self.disable_on_auth_failure(failure)),
            // A token may have expired.
            Key::Token(_) | Key::None => result,
        };
        tracing::debug!(
            connection = &*self.connection.name,
            operation = call.operation,
            attempt,
            status,
            millis,
            failure = result.as_ref().err().map(Failure::message),
            "call"
        );
        result
    }

    /// Returns the failure of a call that did not leave. A refused sign-in of its check is the reason.
    fn unsent(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Halted => Failure::Halted,
            failure => self.open().err().unwrap_or(failure),
        }
    }

    /// Keeps a call's place in the rate window during another wait of any length.
    async fn hold_permit_while<T>(&self, permit: &mut RatePermit<'_>, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            let done = select(&mut work, self.clock.sleep(self.timeout)).await;
            permit.renew();
            if let Either::Left((done, _)) = done {
                return done;
            }
        }
    }

    /// Adds the connection's name to a failure.
    pub fn name(&self, failure: Failure) -> Failure {
        let (name, provider) = (&self.connection.name, self.connection.spec.name);
        let at = match self.connection.base_url() {
            Some(url) => url.to_owned().into(),
            None => localized!("the embedded sandbox", "内置沙箱", "內建沙箱"),
        };
        let hint = match &failure {
            Failure::SignIn(_) | Failure::Shut(_) => localized!(
                "; check the connection's credentials, and this machine's clock",
                "；请检查连接的凭据和本机的时钟",
                "；請檢查連線的憑據和本機的時鐘"
            ),
            _ => Localized::default(),
        };
        failure.map(|message| {
            localized!(
                at, message, hint;
                "connection `{name}` ({provider}, {at}): {message}{hint}",
                "连接 `{name}`（{provider}，{at}）：{message}{hint}",
                "連線 `{name}`（{provider}，{at}）：{message}{hint}"
            )
        })
    }
}

/// Credentials that their systems refused in this process, with the systems' words.
///
/// Several workspaces may use one credential, each with its own clients.
static REFUSED: std::sync::Mutex<BTreeMap<[u8; 32], Localized>> = std::sync::Mutex::new(BTreeMap::new());

/// Returns the digest of a system's address and a credential. Another variant of the signature is the same
/// credential.
fn credential(connection: &Connection, secret: &Secret) -> [u8; 32] {
    let setting = |path: &&'static str| match path.split_once('.') {
        Some((group, key)) => connection.settings.group(group)?.text(key),
        None => connection.settings.text(path),
    };
    let names = connection.spec.credential.iter().map(setting);
    let place = [Some(connection.spec.name), connection.base_url()].into_iter();
    let mut digest = Sha256::new();
    for part in place.chain(names).chain([Some(secret.expose())]).map(Option::unwrap_or_default) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Most checks of a call with a wait for a slot between them.
const ROUNDS: usize = 3;

/// Longest message to show, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Waits for a future, unless the operator stops the run.
async fn or_stop<T>(
    stop: Option<&watch::Receiver<bool>>,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    let Some(stop) = stop else { return Ok(work.await) };
    let mut stop = stop.clone();
    tokio::select! {
        biased;
        done = work => Ok(done),
        // A closed channel requests nothing.
        Ok(_) = stop.wait_for(|stop| *stop) => Err(Failure::Halted),
    }
}

/// Returns the forms in which a response could repeat a secret: plain, JSON or MD5.
fn spellings(secret: &Secret) -> Vec<Zeroizing<String>> {
    let plain = secret.expose();
    if secret.chars() < 4 {
        return Vec::new();
    }
    let json = serde_json::to_string(plain).unwrap_or_default();
    let mut ascii = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    let md5 = hex(&Md5::digest(plain.as_bytes()));
    let upper = md5.to_uppercase();
    let inner = |text: &str| text.trim_matches('"').to_owned();
    [plain.to_owned(), inner(&json), inner(&ascii), md5, upper].map(Zeroizing::new).into()
}

/// Redacts secrets in a message.
fn scrub(message: String, private: &[Zeroizing<String>]) -> String {
    private
        .iter()
        .filter(|text| !text.is_empty())
        .fold(message, |message, text| message.replace(text.as_str(), "••••••"))
}

/// Cuts a message to fit a line. Call it after the redaction, or half a secret could stay.
fn clip(message: &str) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(LONGEST_MESSAGE).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_secret_stays_in_a_message() {
        let secret = Secret::new("p\"w\\1-中".to_owned());
        let said = [secret.expose(), r#"{"password":"p\"w\\1-中"}"#, r#"p\"w\\1-\u4e2d"#].join(" ");
        let message = scrub(said, &spellings(&secret));
        assert_eq!(message, r#"•••••• {"password":"••••••"} ••••••"#);
        assert_eq!(clip(&"x".repeat(400)).chars().count(), 301);
    }
}
