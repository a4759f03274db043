//! The lock of a ledger: one holder at a time, for as long as it says that it is there.
//!
//! ```text
//!            take                     a third of the lease: renew
//!   free ───────────▶ held by us ───────────────────────────────▶ held by us, until later
//!    ▲                  │  │  └── renewing fails until the lease runs out ──▶ lost
//!    │                  │  └── another took it over, or `unlock` freed it ─▶ lost
//!    └──────────────────┘ release
//! ```
//!
//! Each arrow is one write on the condition that the lock is what was read, so of two takers one wins, and a
//! holder whose lock was taken over can neither renew nor free the new one. Taken over is what a dead process
//! of this host holds, at once, and what was not renewed within its lease. Leases are judged by the clocks of
//! their hosts: two thirds of a lease is how far those may lie apart.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::LedgerError;
use super::holder::Holder;
use super::shelf::{Document, Seen, Shelf, Trouble, Version};
use crate::shell::clock;

const FORMAT: &str = "rosterctl.lock/v1";

/// How often a change of hands is followed before giving up.
const ATTEMPTS: usize = 10;

/// The lock as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    format: String,
    /// Who holds it; nobody once it was freed.
    holder: Option<Holder>,
    since: Timestamp,
    until: Timestamp,
    /// Different for each time that it is taken.
    nonce: String,
}

impl Stored {
    fn read(seen: &Seen) -> Option<Self> {
        serde_json::from_slice(&seen.bytes).ok().filter(|stored: &Self| stored.format == FORMAT)
    }

    fn bytes(&self) -> Vec<u8> {
        // A holder is made of texts and numbers: nothing in it can fail to be written.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    fn freed(&self) -> Vec<u8> {
        Self { holder: None, ..self.clone() }.bytes()
    }
}

/// What is to be thought of a lock that lies there.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Free,
    /// It can be taken over, and why.
    Over(String),
    Held(Holding),
}

fn judge(stored: &Stored, me: &Holder, now: Timestamp) -> Verdict {
    let Some(holder) = &stored.holder else { return Verdict::Free };
    if holder.is_dead(me) {
        Verdict::Over(format!("the lock was held by {}, which has ended without freeing it", holder.words()))
    } else if stored.until <= now {
        let until = seconds(stored.until);
        Verdict::Over(format!("the lock was held by {}, and its lease ran out at {until}", holder.words()))
    } else {
        Verdict::Held(Holding { holder: holder.clone(), since: stored.since, until: stored.until })
    }
}

/// Who holds a lock, since and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Who.
    pub holder: Holder,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

impl Holding {
    /// The whole in words.
    pub fn words(&self) -> String {
        let Self { holder, since, until } = self;
        format!(
            "{}, since {}, until {} unless it is renewed",
            holder.words(),
            seconds(*since),
            seconds(*until)
        )
    }
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(clock::now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn after(at: Timestamp, lease: Duration) -> Timestamp {
    at.checked_add(lease).unwrap_or(Timestamp::MAX)
}

struct Held {
    stored: Stored,
    version: Version,
}

/// A lock that is held and renewed until it is released.
///
/// Dropped without [`Lock::release`] it is renewed no more, and falls to others as that of a dead process.
pub struct Lock {
    shelf: Arc<Shelf>,
    held: Arc<Mutex<Held>>,
    lost: watch::Receiver<Option<String>>,
    renewing: JoinHandle<()>,
    taken_over: Option<String>,
}

impl Lock {
    /// Takes the lock.
    pub(super) async fn take(shelf: Arc<Shelf>, lease: Duration) -> Result<Self, LedgerError> {
        Self::take_as(shelf, lease, Holder::this()).await
    }

    async fn take_as(shelf: Arc<Shelf>, lease: Duration, me: Holder) -> Result<Self, LedgerError> {
        let nonce = clock::nonce();
        let mut taken_over = None;
        for _ in 0..ATTEMPTS {
            let begin = Instant::now();
            let since = now();
            let stored = Stored {
                format: FORMAT.to_owned(),
                holder: Some(me.clone()),
                since,
                until: after(since, lease),
                nonce: nonce.clone(),
            };
            let bytes = stored.bytes();
            let written = match shelf.read(Document::Lock).await? {
                None => shelf.create(Document::Lock, &bytes).await,
                Some(seen) => {
                    let Some(there) = Stored::read(&seen) else { return Err(unreadable(&shelf)) };
                    match judge(&there, &me, since) {
                        // An earlier attempt arrived, and its answer did not.
                        Verdict::Held(_) if there.nonce == nonce => {
                            shelf.replace(Document::Lock, &bytes, &seen.version).await
                        }
                        Verdict::Held(holding) => return Err(busy(&holding)),
                        Verdict::Free => shelf.replace(Document::Lock, &bytes, &seen.version).await,
                        Verdict::Over(why) => {
                            let written = shelf.replace(Document::Lock, &bytes, &seen.version).await;
                            if written.is_ok() {
                                taken_over = Some(why);
                            }
                            written
                        }
                    }
                }
            };
            let proved = match written {
                Ok(version) => match shelf.prove(Document::Lock, &bytes).await {
                    Ok(()) => Ok(version),
                    Err(Trouble::Conflict) => Err(Trouble::Conflict),
                    Err(trouble) => {
                        let _ = shelf.retire(Document::Lock, &stored.freed(), &version).await;
                        Err(trouble)
                    }
                },
                Err(trouble) => Err(trouble),
            };
            match proved {
                Ok(version) => {
                    let held = Arc::new(Mutex::new(Held { stored, version }));
                    let (tell, lost) = watch::channel(None);
                    let renewer = Renewer { shelf: Arc::clone(&shelf), held: Arc::clone(&held), lease, tell };
                    let renewing = tokio::spawn(renewer.run(begin));
                    return Ok(Self { shelf, held, lost, renewing, taken_over });
                }
                Err(Trouble::Conflict) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Err(LedgerError::Locked(format!(
            "the lock {} changes hands faster than it can be taken; try again",
            shelf.shown(Document::Lock)
        )))
    }

    /// From whom the lock was taken over, and why, when it was.
    pub fn taken_over(&self) -> Option<&str> {
        self.taken_over.as_deref()
    }

    /// Turns into a reason when the lock is held no more: then no further step may start.
    pub fn lost(&self) -> watch::Receiver<Option<String>> {
        self.lost.clone()
    }

    /// Frees the lock, unless it is another's by now.
    ///
    /// # Errors
    /// It cannot be freed, and stays until its lease runs out.
    pub async fn release(self) -> Result<(), LedgerError> {
        // A renewal on its way is waited for: after it, the lock is of another version.
        let held = self.held.lock().await;
        self.renewing.abort();
        let mut version = held.version.clone();
        for _ in 0..ATTEMPTS {
            match self.shelf.retire(Document::Lock, &held.stored.freed(), &version).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Conflict) => match self.shelf.read(Document::Lock).await? {
                    // A renewal arrived whose answer did not.
                    Some(seen)
                        if Stored::read(&seen).is_some_and(|there| {
                            there.nonce == held.stored.nonce && there.holder.is_some()
                        }) =>
                    {
                        version = seen.version;
                    }
                    _ => return Ok(()),
                },
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// Says in the background that the holder is still there.
struct Renewer {
    shelf: Arc<Shelf>,
    held: Arc<Mutex<Held>>,
    lease: Duration,
    tell: watch::Sender<Option<String>>,
}

impl Renewer {
    async fn run(self, begin: Instant) {
        // Later than this, others may think that nobody holds the lock.
        let mut deadline = begin + self.lease * 9 / 10;
        let mut next = begin + self.lease / 3;
        loop {
            sleep_until(next).await;
            let mut held = self.held.lock().await;
            let begin = Instant::now();
            let left = deadline.saturating_duration_since(begin).max(self.lease / 12);
            let why = match timeout(left, self.renew(&mut held)).await {
                Ok(Ok(())) => {
                    deadline = begin + self.lease * 9 / 10;
                    next = begin + self.lease / 3;
                    continue;
                }
                Ok(Err(Failure::Gone(why))) => {
                    drop(held);
                    self.tell.send_replace(Some(why));
                    return;
                }
                Ok(Err(Failure::Later(why))) => why,
                Err(_) => "no answer".to_owned(),
            };
            drop(held);
            tracing::warn!("the lock was not renewed, and is tried again: {why}");
            if Instant::now() >= deadline {
                self.tell.send_replace(Some(format!("it could not be renewed within its lease: {why}")));
                return;
            }
            next = (Instant::now() + self.lease / 12).min(deadline);
        }
    }

    async fn renew(&self, held: &mut Held) -> Result<(), Failure> {
        let stored = Stored { until: after(now(), self.lease), ..held.stored.clone() };
        for _ in 0..ATTEMPTS {
            match self.shelf.replace(Document::Lock, &stored.bytes(), &held.version).await {
                Ok(version) => {
                    *held = Held { stored, version };
                    return Ok(());
                }
                Err(Trouble::Conflict) => {}
                Err(Trouble::Disk(why) | Trouble::Remote(why)) => return Err(Failure::Later(why)),
            }
            let seen = match self.shelf.read(Document::Lock).await {
                Ok(Some(seen)) => seen,
                Ok(None) => return Err(Failure::Gone("it was freed".to_owned())),
                Err(Trouble::Disk(why) | Trouble::Remote(why)) => return Err(Failure::Later(why)),
                Err(Trouble::Conflict) => continue,
            };
            match Stored::read(&seen) {
                // An earlier renewal arrived whose answer did not.
                Some(there) if there.nonce == held.stored.nonce && there.holder.is_some() => {
                    held.version = seen.version;
                }
                Some(Stored { holder: Some(other), .. }) => {
                    return Err(Failure::Gone(format!("it was taken over by {}", other.words())));
                }
                Some(_) => return Err(Failure::Gone("it was freed".to_owned())),
                None => return Err(Failure::Gone("something else lies in its place".to_owned())),
            }
        }
        Err(Failure::Later("it changes faster than it can be renewed".to_owned()))
    }
}

enum Failure {
    /// The lock is another's, or nobody's.
    Gone(String),
    /// Try again.
    Later(String),
}

/// What `unlock` found, or would find.
#[derive(Debug, PartialEq, Eq)]
pub enum Freed {
    /// Nobody held it.
    Nothing,
    /// Somebody held it, and does no more.
    Holder(Holding),
    /// Something that is no lock lay in its place, and does no more.
    Unreadable,
}

/// Says what `free` would find.
pub(super) async fn look(shelf: &Shelf) -> Result<Freed, LedgerError> {
    let Some(seen) = shelf.read(Document::Lock).await? else { return Ok(Freed::Nothing) };
    let Some(stored) = Stored::read(&seen) else { return Ok(Freed::Unreadable) };
    Ok(match stored.holder {
        Some(holder) => Freed::Holder(Holding { holder, since: stored.since, until: stored.until }),
        None => Freed::Nothing,
    })
}

/// Frees a lock, whoever holds it.
pub(super) async fn free(shelf: &Shelf) -> Result<Freed, LedgerError> {
    let mut told: Option<(String, Holding)> = None;
    for _ in 0..ATTEMPTS {
        let Some(seen) = shelf.read(Document::Lock).await? else {
            return Ok(told.map_or(Freed::Nothing, |(_, holding)| Freed::Holder(holding)));
        };
        let Some(stored) = Stored::read(&seen) else {
            let nobody = Stored {
                format: FORMAT.to_owned(),
                holder: None,
                since: now(),
                until: now(),
                nonce: clock::nonce(),
            };
            match shelf.retire(Document::Lock, &nobody.bytes(), &seen.version).await {
                Err(Trouble::Conflict) => continue,
                other => return Ok(other.map(|()| Freed::Unreadable)?),
            }
        };
        let Some(holder) = &stored.holder else {
            return Ok(told.map_or(Freed::Nothing, |(_, holding)| Freed::Holder(holding)));
        };
        let holding = Holding { holder: holder.clone(), since: stored.since, until: stored.until };
        // Whoever took it meanwhile was not asked for.
        if told.as_ref().is_some_and(|(nonce, _)| *nonce != stored.nonce) {
            return Err(busy(&holding));
        }
        match shelf.retire(Document::Lock, &stored.freed(), &seen.version).await {
            Ok(()) => return Ok(Freed::Holder(holding)),
            // It was renewed meanwhile.
            Err(Trouble::Conflict) => told = Some((stored.nonce, holding)),
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(LedgerError::Locked(format!(
        "the lock {} is renewed faster than it can be freed; try again",
        shelf.shown(Document::Lock)
    )))
}

fn busy(holding: &Holding) -> LedgerError {
    LedgerError::Locked(format!(
        "another apply holds the lock of this workspace: {}; wait until it has ended, or free the lock with \
         `rosterctl unlock` once you are sure that it is gone",
        holding.words()
    ))
}

fn unreadable(shelf: &Shelf) -> LedgerError {
    LedgerError::Locked(format!(
        "the lock {} is damaged, or of a newer rosterctl, so nobody knows who holds it; free it with \
         `rosterctl unlock` once you are sure that no apply is running",
        shelf.shown(Document::Lock)
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
#[path = "lock/tests.rs"]
mod tests;
