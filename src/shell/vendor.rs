//! A connection at work: signs, paces, sends, tries again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use md5::{Digest as _, Md5};
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

use super::clock;
use super::pace::Pace;
use super::transport::Transport;
use crate::apply::retry::{Bounds, pause};
use crate::model::call::{Call, Failure, Reply};
use crate::model::secret::Secret;
use crate::model::workspace::Connection;
use crate::provider::{Order, Provider, Told};

/// Asked just before a call leaves; what it fails with becomes the call's failure.
pub type Check<'a> = &'a (dyn Fn() -> BoxFuture<'a, Result<(), Failure>> + Sync);

/// A connection at work.
pub struct Vendor {
    /// The configured connection.
    pub connection: Connection,
    /// Its connector.
    pub provider: &'static dyn Provider,
    transport: Transport,
    secret: Arc<Secret>,
    pace: Pace,
    slots: Semaphore,
    bounds: Bounds,
    /// How long a call can take.
    timeout: Duration,
}

impl Vendor {
    /// A connection at work; `secret` signs its calls.
    pub fn new(
        connection: Connection,
        provider: &'static dyn Provider,
        transport: Transport,
        secret: Arc<Secret>,
        pace: Pace,
    ) -> Self {
        let retry = connection.settings.group("retry");
        let attempts = retry.and_then(|r| r.number("attempts")).and_then(|n| u32::try_from(n).ok());
        let bounds = Bounds {
            attempts: attempts.unwrap_or(6),
            total: retry.map_or(Duration::from_mins(2), |r| r.duration("total")),
        };
        let slots = Semaphore::new(connection.concurrency());
        let timeout = connection.settings.duration("timeout");
        Self { connection, provider, transport, secret, pace, slots, bounds, timeout }
    }

    /// How often a call of unknown outcome may be sent again after reading back.
    pub fn repetitions(&self) -> u32 {
        self.bounds.attempts.saturating_sub(1)
    }

    /// Makes a reading call, and again while that may help.
    ///
    /// # Errors
    /// The last failure, with the connection's name before it.
    pub async fn read<T>(
        &self,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.attempt(None, call, hear, &[], None).await.map_err(|failure| self.name(failure))
    }

    /// Tells the vendor an order, and again while nothing was carried out for certain. Nothing more is
    /// sent once `stop` is true. `check` has the last word, after every wait and just before a call leaves.
    ///
    /// # Errors
    /// The last failure; any secret of the order is struck from it.
    pub async fn tell(
        &self,
        order: &Order<'_>,
        stop: &watch::Receiver<bool>,
        check: Option<Check<'_>>,
    ) -> Result<Told, Failure> {
        let call = || self.provider.tell(&self.connection, order);
        let hear = |reply: &Reply| self.provider.hear_told(&self.connection, reply);
        let password = match order {
            Order::CreateAgents { password, .. } => *password,
            Order::SetPassword { password, .. } => Some(*password),
            _ => None,
        };
        // A vendor may repeat what it was sent in its message.
        let private = password.map(spellings).unwrap_or_default();
        self.attempt(Some(stop), call, hear, &private, check).await
    }

    async fn attempt<T>(
        &self,
        stop: Option<&watch::Receiver<bool>>,
        call: impl Fn() -> Call,
        hear: impl Fn(&Reply) -> Result<T, Failure>,
        private: &[Zeroizing<String>],
        check: Option<Check<'_>>,
    ) -> Result<T, Failure> {
        let mut first = None;
        let mut attempt = 1;
        loop {
            let failure = match self.once(call(), &mut first, attempt, stop, &hear, private, check).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let elapsed = first.map_or(Duration::ZERO, |first: Instant| first.elapsed());
            let Some(pause) = pause(stop.is_some(), &failure, attempt, elapsed, self.bounds, clock::chance())
            else {
                return Err(if attempt > 1 && !matches!(failure, Failure::Refused(_) | Failure::SignIn(_)) {
                    failure.map(|message| format!("{message} (tried {attempt} times)"))
                } else {
                    failure
                });
            };
            halting(stop, tokio::time::sleep(pause)).await?;
            attempt += 1;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one attempt knows all that the loop around it knows")]
    async fn once<T>(
        &self,
        mut call: Call,
        first: &mut Option<Instant>,
        attempt: u32,
        stop: Option<&watch::Receiver<bool>>,
        hear: &impl Fn(&Reply) -> Result<T, Failure>,
        private: &[Zeroizing<String>],
        check: Option<Check<'_>>,
    ) -> Result<T, Failure> {
        let rate = self.connection.rate(call.operation);
        let permit = match rate {
            Some(rate) => Some(halting(stop, self.pace.enter(call.operation, rate, self.timeout)).await?),
            None => None,
        };
        if let Some(check) = check
            && let Err(moved) = check().await
        {
            if let Some(permit) = &permit {
                self.pace.leave(permit);
            }
            return Err(moved);
        }
        let _slot = self.slots.acquire().await;
        if stop.is_some_and(|stop| *stop.borrow()) {
            return Err(Failure::Halted);
        }
        // The time that a rate limit takes is no time of trying.
        first.get_or_insert_with(Instant::now);
        self.provider.sign(&self.connection, &self.secret, clock::now_ms(), &mut call);
        let started = Instant::now();
        let reply = self.transport.send(&call).await;
        if let Some(permit) = &permit {
            self.pace.leave(permit);
        }
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        let millis = started.elapsed().as_millis();
        let result = reply.and_then(|reply| hear(&reply));
        let mut struck: Vec<Zeroizing<String>> = private.to_vec();
        struck.extend(spellings(&self.secret));
        let signed =
            call.query.iter().map(|(_, value)| value).chain(call.headers.iter().map(|(_, value)| value));
        struck.extend(signed.filter(|value| value.len() >= 16).map(|value| Zeroizing::new(value.clone())));
        let result = result.map_err(|failure| failure.map(|message| clip(&scrub(message, &struck))));
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

    /// Puts the connection's name before a failure.
    fn name(&self, failure: Failure) -> Failure {
        let at = self.connection.base_url().unwrap_or("the embedded sandbox");
        let hint = match &failure {
            Failure::SignIn(_) => "; check the connection's credentials, and this machine's clock",
            _ => "",
        };
        failure.map(|message| {
            format!(
                "connection `{}` ({}, {at}): {message}{hint}",
                self.connection.name, self.connection.spec.name
            )
        })
    }
}

/// Longest message that is shown, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Waits for something, unless the operator asks to stop.
async fn halting<T>(
    stop: Option<&watch::Receiver<bool>>,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    let Some(stop) = stop else { return Ok(work.await) };
    let mut stop = stop.clone();
    tokio::select! {
        done = work => Ok(done),
        // A channel that closed asks for nothing.
        Ok(_) = stop.wait_for(|stop| *stop) => Err(Failure::Halted),
    }
}

/// The ways in which an answer could repeat a secret: as it is, as JSON spells it, as its MD5.
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
    let md5 =
        Md5::digest(plain.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let upper = md5.to_uppercase();
    let inner = |text: &str| text.trim_matches('"').to_owned();
    [plain.to_owned(), inner(&json), inner(&ascii), md5, upper].map(Zeroizing::new).into()
}

/// Strikes secrets from a message.
fn scrub(message: String, private: &[Zeroizing<String>]) -> String {
    private
        .iter()
        .filter(|text| !text.is_empty())
        .fold(message, |message, text| message.replace(text.as_str(), "••••••"))
}

/// Cuts a message to a length fit for a line; only after secrets were struck, or half of one could stay.
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
