//! Lock of a ledger: one holder at a time, for as long as it renews its lease.
//!
//! ```text
//!            take                     a third of the lease: renew
//!   free ───────────▶ held by us ───────────────────────────────▶ held by us, until later
//!    ▲                  │  │  └── renewing fails until the lease runs out ──▶ lost
//!    │                  │  └── another took it over, or `unlock` freed it ─▶ lost
//!    └──────────────────┘ release
//! ```
//!
//! Each arrow is one conditional write: it fails if the lock has changed since it was read. So one of two takers
//! wins, and a holder that lost its lock can neither renew nor free the new one. A run takes over the lock of a
//! holder that surely ended at once. It takes over a lock that it saw unchanged for a whole lease, by its own clock,
//! unless the holder surely runs. Clocks of other hosts, and steps of its own clock, have no effect.
//!
//! The holder checks a [`Lease`] before each write. The lease ends before another process may take the lock over. Its
//! clock includes the time in which the process or its host was suspended.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::backend::Backend;
use super::document::{BackendError, Document, Version, Versioned};
use super::error::LedgerError;
use super::lock_owner::{Life, LockOwner, Sign, Signs};
use crate::model::language::{Localized, localized};
use crate::runtime::clock;
use crate::runtime::gate::WriteLease;

const FORMAT: &str = "rosterctl.lock/v1";

/// Number of changes of the lock to follow before giving up.
const ATTEMPTS: usize = 10;

/// Stored form of the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    format: String,
    /// The holder; `None` once the lock was freed.
    holder: Option<LockOwner>,
    since: Timestamp,
    until: Timestamp,
    /// Unique for each time that the lock is taken.
    nonce: String,
    /// Length of the lease, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u64>,
}

impl Stored {
    fn read(seen: &Versioned) -> Option<Self> {
        serde_json::from_slice(&seen.bytes).ok().filter(|stored: &Self| stored.format == FORMAT)
    }

    fn bytes(&self) -> Vec<u8> {
        // A holder consists of texts and numbers, so serialization cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    fn freed(&self) -> Vec<u8> {
        Self { holder: None, ..self.clone() }.bytes()
    }
}

/// Judgement of an existing lock.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Free,
    /// The holder surely ended; with the reason.
    Dead(Localized),
    Held(LockInfo),
    /// By this host's clock the lease ran out, but that clock may be wrong.
    Silent(LockInfo),
}

fn judge(stored: &Stored, life: impl Fn(&LockOwner) -> Life, now: Timestamp) -> Verdict {
    let Some(holder) = &stored.holder else { return Verdict::Free };
    let holding = LockInfo { holder: holder.clone(), since: stored.since, until: stored.until };
    match life(holder) {
        Life::Dead => {
            let holder = holder.words();
            Verdict::Dead(localized!(
                holder;
                "the lock was held by {holder}, which has ended without freeing it",
                "锁原来的持有者没有释放就结束了：{holder}",
                "鎖原來的持有者沒有釋放就結束了：{holder}"
            ))
        }
        Life::Unknown if stored.until <= now => Verdict::Silent(holding),
        Life::Alive | Life::Unknown => Verdict::Held(holding),
    }
}

/// Callback that tells the user of a wait and its reason.
pub type News<'a> = &'a (dyn Fn(&Localized) + Sync);

/// Watches a lock for the length of its lease. Returns true if it stayed unchanged.
async fn stays(
    shelf: &Backend,
    seen: &Versioned,
    stored: &Stored,
    lease: Duration,
    holding: &LockInfo,
    news: News<'_>,
) -> Result<bool, LedgerError> {
    let lease = lease.max(Duration::from_millis(stored.lease_ms.unwrap_or_default()));
    let begin = Instant::now();
    let (holder, span) = (holding.words(), lease.as_secs() + 1);
    news(&localized!(
        holder;
        "The lock is held by {holder}, and by this host's clock its lease ran out. Watching for {span}s whether it is \
         renewed.",
        "锁的持有者：{holder}。按本机的时钟，租约已经到期。先看 {span} 秒，看它续不续租。",
        "鎖的持有者：{holder}。按本機的時鐘，租約已經到期。先看 {span} 秒，看它續不續租。"
    ));
    while let left = lease.saturating_sub(begin.elapsed())
        && !left.is_zero()
    {
        sleep(left.min((lease / 10).max(Duration::from_millis(50)))).await;
        if shelf.read(Document::Lock).await?.is_none_or(|now| now.bytes != seen.bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Holder of a lock, with the start and the end of its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    /// The holder.
    pub holder: LockOwner,
    /// Time at which the holder took the lock.
    pub since: Timestamp,
    /// End of the lease, unless it is renewed.
    pub until: Timestamp,
}

impl LockInfo {
    /// Returns a description of the holder and its lease.
    pub fn words(&self) -> Localized {
        let (holder, since, until) = (self.holder.words(), seconds(self.since), seconds(self.until));
        localized!(
            holder;
            "{holder}, since {since}, until {until} unless it is renewed",
            "{holder}，从 {since} 起，不续租就到 {until}",
            "{holder}，從 {since} 起，不續租就到 {until}"
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

/// Time until which a lock is surely held.
#[derive(Debug)]
pub struct Lease {
    /// In milliseconds of the clock that counts from the host's start, including its sleep.
    until_ms: AtomicI64,
    length: Duration,
    /// The cause of the last renewal's failure, until one succeeds.
    obstacle: std::sync::Mutex<Option<String>>,
    lost: watch::Sender<Option<Localized>>,
}

impl Lease {
    fn new(begin_ms: i64, length: Duration) -> Self {
        let (until_ms, lost) = (AtomicI64::default(), watch::Sender::new(None));
        let lease = Self { until_ms, length, obstacle: std::sync::Mutex::default(), lost };
        lease.extend(begin_ms);
        lease
    }

    /// Counts the lease from a moment before it was written. It ends earlier here than for other processes.
    fn extend(&self, begin_ms: i64) {
        let length = i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX / 10);
        self.until_ms.store(begin_ms.saturating_add(length * 9 / 10), Ordering::SeqCst);
        *self.obstacle() = None;
    }

    fn obstacle(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.obstacle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the lease ran out.
    fn run_out(&self) {
        let why = match &*self.obstacle() {
            Some(why) => localized!(
                "it could not be renewed within its lease: {why}",
                "租期之内没能续租（{why}）",
                "租期之內沒能續租（{why}）"
            ),
            None => localized!(
                "its lease ran out before it could be renewed, as when the program stands still",
                "还没续租，租约就到期了，比如程序停顿了一阵",
                "還沒續租，租約就到期了，例如程式停頓了一陣"
            ),
        };
        self.lose(why);
    }

    fn left(&self) -> Duration {
        let left_ms = self.until_ms.load(Ordering::SeqCst).saturating_sub(clock::since_start_ms());
        Duration::from_millis(u64::try_from(left_ms).unwrap_or_default())
    }

    fn lose(&self, why: Localized) {
        self.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            lost.get_or_insert(why);
            first
        });
    }

    /// Returns a receiver that gets the reason once the lock is lost. After that, write nothing more.
    pub fn lost(&self) -> watch::Receiver<Option<Localized>> {
        self.lost.subscribe()
    }
}

impl WriteLease for Arc<Lease> {
    fn holds(&self) -> bool {
        if self.left().is_zero() {
            self.run_out();
        }
        self.lost.borrow().is_none()
    }
}

/// A lock that is held and renewed until it is released.
///
/// If dropped without [`Lock::release`], it is no longer renewed, and others may take it like that of a dead process.
pub struct Lock {
    shelf: Arc<Backend>,
    held: Arc<Mutex<Held>>,
    lease: Arc<Lease>,
    renewing: JoinHandle<()>,
    taken_over: Option<Localized>,
    sign: Option<Sign>,
}

impl Lock {
    /// Takes the lock, and tells `news` of each wait.
    pub(super) async fn take(
        shelf: Arc<Backend>,
        lease: Duration,
        news: News<'_>,
    ) -> Result<Self, LedgerError> {
        let signs = shelf.signs();
        Self::take_as(shelf, lease, LockOwner::this(), &signs, news).await
    }

    async fn take_as(
        shelf: Arc<Backend>,
        length: Duration,
        me: LockOwner,
        signs: &Signs,
        news: News<'_>,
    ) -> Result<Self, LedgerError> {
        let nonce = clock::nonce();
        // Until the lock is taken, the sign belongs to this attempt.
        let mut sign = signs.give(&nonce);
        let mut taken_over = None;
        // Nonce of a lock that changed while it was watched.
        let mut changed = None;
        for _ in 0..ATTEMPTS {
            let mut seen = shelf.read(Document::Lock).await?;
            let mut over = None;
            if let Some(at) = &seen {
                let Some(there) = Stored::read(at) else { return Err(unreadable(&shelf)) };
                match judge(&there, |holder| signs.life(holder, &there.nonce, &me), now()) {
                    // An earlier attempt succeeded, but its response was lost.
                    Verdict::Held(_) | Verdict::Silent(_) if there.nonce == nonce => {}
                    Verdict::Held(holding) => return Err(busy(&holding)),
                    Verdict::Silent(holding) if changed.as_ref() == Some(&there.nonce) => {
                        return Err(busy(&holding));
                    }
                    Verdict::Silent(holding) => {
                        if !stays(&shelf, at, &there, length, &holding, news).await? {
                            changed = Some(there.nonce);
                            continue;
                        }
                        let (words, until) = (holding.holder.words(), seconds(holding.until));
                        let why = localized!(
                            words;
                            "the lock was held by {words}, and its lease ran out at {until}",
                            "锁原来的持有者是 {words}，租约在 {until} 到期",
                            "鎖原來的持有者是 {words}，租約在 {until} 到期"
                        );
                        over = Some((why, there.nonce));
                    }
                    Verdict::Free => {}
                    Verdict::Dead(why) => over = Some((why, there.nonce)),
                }
            }
            let begin_ms = clock::since_start_ms();
            let since = now();
            let stored = Stored {
                format: FORMAT.to_owned(),
                holder: Some(me.clone()),
                since,
                until: after(since, length),
                nonce: nonce.clone(),
                lease_ms: u64::try_from(length.as_millis()).ok(),
            };
            let bytes = stored.bytes();
            let written = match seen.take() {
                None => shelf.create(Document::Lock, &bytes).await,
                Some(seen) => shelf.replace(Document::Lock, &bytes, &seen.version).await,
            };
            if let (Ok(_), Some(sign)) = (&written, &mut sign) {
                sign.keep();
            }
            if let (Ok(_), Some((why, nonce))) = (&written, over) {
                signs.clear(&nonce);
                taken_over = Some(why);
            }
            let proved = match written {
                Ok(version) => match shelf.prove(Document::Lock, &bytes).await {
                    Ok(()) => Ok(version),
                    Err(BackendError::Conflict) => Err(BackendError::Conflict),
                    Err(trouble) => {
                        if shelf.retire(Document::Lock, &stored.freed(), &version).await.is_ok()
                            && let Some(sign) = sign.take()
                        {
                            sign.end();
                        }
                        Err(trouble)
                    }
                },
                Err(trouble) => Err(trouble),
            };
            match proved {
                Ok(version) => {
                    let held = Arc::new(Mutex::new(Held { stored, version }));
                    let lease = Arc::new(Lease::new(begin_ms, length));
                    let renewer = Renewer {
                        shelf: Arc::clone(&shelf),
                        held: Arc::clone(&held),
                        lease: Arc::clone(&lease),
                    };
                    let renewing = tokio::spawn(renewer.run());
                    return Ok(Self { shelf, held, lease, renewing, taken_over, sign });
                }
                Err(BackendError::Conflict) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let shown = shelf.shown(Document::Lock);
        Err(LedgerError::Locked(localized!(
            "the lock {shown} changes hands faster than it can be taken; try again",
            "锁 {shown} 换手太快，拿不到；请再试一次",
            "鎖 {shown} 換手太快，拿不到；請再試一次"
        )))
    }

    /// Returns the former holder and the reason if the lock was taken over.
    pub fn taken_over(&self) -> Option<&Localized> {
        self.taken_over.as_ref()
    }

    /// Returns the lease of the lock.
    pub fn lease(&self) -> Arc<Lease> {
        Arc::clone(&self.lease)
    }

    /// Returns true if the stored lock is still this one.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn is_ours(&self) -> Result<bool, LedgerError> {
        let nonce = self.held.lock().await.stored.nonce.clone();
        let seen = self.shelf.read(Document::Lock).await?;
        let there = seen.as_ref().and_then(Stored::read);
        Ok(self.lease.holds() && there.is_some_and(|there| there.nonce == nonce && there.holder.is_some()))
    }

    /// Frees the lock, unless another process holds it by now.
    ///
    /// # Errors
    /// It cannot be freed, and stays until its lease runs out.
    pub async fn release(mut self) -> Result<(), LedgerError> {
        self.freed().await?;
        if let Some(sign) = self.sign.take() {
            sign.end();
        }
        Ok(())
    }

    async fn freed(&self) -> Result<(), LedgerError> {
        // Wait for a renewal in progress: it changes the version of the lock.
        let held = self.held.lock().await;
        self.renewing.abort();
        let mut version = held.version.clone();
        for _ in 0..ATTEMPTS {
            match self.shelf.retire(Document::Lock, &held.stored.freed(), &version).await {
                Ok(()) => return Ok(()),
                Err(BackendError::Conflict) => match self.shelf.read(Document::Lock).await? {
                    // A renewal succeeded, but its response was lost.
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

/// Renews the lock in the background.
struct Renewer {
    shelf: Arc<Backend>,
    held: Arc<Mutex<Held>>,
    lease: Arc<Lease>,
}

impl Renewer {
    async fn run(self) {
        let length = self.lease.length;
        let mut pause = length / 3;
        loop {
            sleep(pause).await;
            let mut held = self.held.lock().await;
            let begin_ms = clock::since_start_ms();
            // A silent connection leaves time for another one.
            let patience = (self.lease.left() / 2).max(length / 12);
            let why = match timeout(patience, self.renew(&mut held)).await {
                Ok(Ok(())) => {
                    self.lease.extend(begin_ms);
                    pause = length / 3;
                    continue;
                }
                Ok(Err(Failure::Gone(why))) => return self.lease.lose(why),
                Ok(Err(Failure::Later(why))) => why,
                Err(_) => "the store does not answer".to_owned(),
            };
            drop(held);
            tracing::warn!("the lock was not renewed, and is tried again: {why}");
            *self.lease.obstacle() = Some(why);
            if self.lease.left().is_zero() {
                return self.lease.run_out();
            }
            pause = self.lease.left().min(length / 12);
        }
    }

    async fn renew(&self, held: &mut Held) -> Result<(), Failure> {
        let stored = Stored { until: after(now(), self.lease.length), ..held.stored.clone() };
        for _ in 0..ATTEMPTS {
            match self.shelf.replace(Document::Lock, &stored.bytes(), &held.version).await {
                Ok(version) => {
                    *held = Held { stored, version };
                    return Ok(());
                }
                Err(BackendError::Conflict) => {}
                Err(BackendError::Disk(why) | BackendError::Remote(_, why)) => {
                    return Err(Failure::Later(why));
                }
            }
            let seen = match self.shelf.read(Document::Lock).await {
                Ok(Some(seen)) => seen,
                Ok(None) => return Err(Failure::freed()),
                Err(BackendError::Disk(why) | BackendError::Remote(_, why)) => {
                    return Err(Failure::Later(why));
                }
                Err(BackendError::Conflict) => continue,
            };
            match Stored::read(&seen) {
                // An earlier renewal succeeded, but its response was lost.
                Some(there) if there.nonce == held.stored.nonce && there.holder.is_some() => {
                    held.version = seen.version;
                }
                Some(Stored { holder: Some(other), .. }) => {
                    let other = other.words();
                    return Err(Failure::Gone(localized!(
                        other;
                        "it was taken over by {other}",
                        "被接管了：{other}",
                        "被接管了：{other}"
                    )));
                }
                Some(_) => return Err(Failure::freed()),
                None => {
                    return Err(Failure::Gone(localized!(
                        "something else lies in its place",
                        "那个位置上放着别的东西",
                        "那個位置上放著別的東西"
                    )));
                }
            }
        }
        Err(Failure::Later("it changes faster than it can be renewed".to_owned()))
    }
}

enum Failure {
    /// Another process holds the lock, or it is free.
    Gone(Localized),
    /// The renewal may succeed later.
    Later(String),
}

impl Failure {
    fn freed() -> Self {
        Self::Gone(localized!("it was freed", "被释放了", "被釋放了"))
    }
}

/// Lock that `unlock` freed, or would free.
#[derive(Debug, PartialEq, Eq)]
pub enum LockStatus {
    /// The lock was free.
    Nothing,
    /// Holder of the lock.
    Holder(LockInfo),
    /// The document was no lock.
    Unreadable,
}

/// Returns the lock that `free` would find.
pub(super) async fn look(shelf: &Backend) -> Result<LockStatus, LedgerError> {
    let Some(seen) = shelf.read(Document::Lock).await? else { return Ok(LockStatus::Nothing) };
    let Some(stored) = Stored::read(&seen) else { return Ok(LockStatus::Unreadable) };
    Ok(match stored.holder {
        Some(holder) => LockStatus::Holder(LockInfo { holder, since: stored.since, until: stored.until }),
        None => LockStatus::Nothing,
    })
}

/// Frees a lock whose holder surely ended or whose lease is over. With `force` it frees any lock.
pub(super) async fn free(
    shelf: &Backend,
    signs: &Signs,
    lease: Duration,
    force: bool,
    news: News<'_>,
) -> Result<LockStatus, LedgerError> {
    let me = LockOwner::this();
    let mut told: Option<(String, LockInfo)> = None;
    for _ in 0..ATTEMPTS {
        let Some(seen) = shelf.read(Document::Lock).await? else {
            return Ok(told.map_or(LockStatus::Nothing, |(_, holding)| LockStatus::Holder(holding)));
        };
        let Some(stored) = Stored::read(&seen) else {
            if !force {
                return Err(unreadable(shelf));
            }
            let vacant = Stored {
                format: FORMAT.to_owned(),
                holder: None,
                since: now(),
                until: now(),
                nonce: clock::nonce(),
                lease_ms: None,
            };
            match shelf.retire(Document::Lock, &vacant.bytes(), &seen.version).await {
                Err(BackendError::Conflict) => continue,
                other => return Ok(other.map(|()| LockStatus::Unreadable)?),
            }
        };
        let Some(holder) = &stored.holder else {
            return Ok(told.map_or(LockStatus::Nothing, |(_, holding)| LockStatus::Holder(holding)));
        };
        let holding = LockInfo { holder: holder.clone(), since: stored.since, until: stored.until };
        // The caller did not ask to free a lock that was taken meanwhile.
        if told.as_ref().is_some_and(|(nonce, _)| *nonce != stored.nonce) {
            return Err(busy(&holding));
        }
        let over = match judge(&stored, |holder| signs.life(holder, &stored.nonce, &me), now()) {
            _ if force => true,
            Verdict::Free | Verdict::Dead(_) => true,
            Verdict::Held(_) => false,
            Verdict::Silent(holding) => stays(shelf, &seen, &stored, lease, &holding, news).await?,
        };
        if !over {
            return Err(busy(&holding));
        }
        match shelf.retire(Document::Lock, &stored.freed(), &seen.version).await {
            Ok(()) => {
                // The sign of a running holder stays until it ends: another lock has another sign.
                if signs.life(holder, &stored.nonce, &me) == Life::Dead {
                    signs.clear(&stored.nonce);
                }
                return Ok(LockStatus::Holder(holding));
            }
            // The holder renewed it meanwhile.
            Err(BackendError::Conflict) => told = Some((stored.nonce, holding)),
            Err(trouble) => return Err(trouble.into()),
        }
    }
    let shown = shelf.shown(Document::Lock);
    Err(LedgerError::Locked(localized!(
        "the lock {shown} is renewed faster than it can be freed; try again",
        "锁 {shown} 续租太快，来不及释放；请再试一次",
        "鎖 {shown} 續租太快，來不及釋放；請再試一次"
    )))
}

fn busy(holding: &LockInfo) -> LedgerError {
    let holder = holding.words();
    LedgerError::Locked(localized!(
        holder;
        "another apply holds the lock of this workspace: {holder}; wait until it has ended, or free the lock with \
         `rosterctl unlock --force` once you are sure that it is gone",
        "这个工作区的锁在另一个 apply 手里：{holder}；请等它结束，或在确定它已经不在之后用 `rosterctl unlock --force` 释放",
        "這個工作區的鎖在另一個 apply 手裡：{holder}；請等它結束，或在確定它已經不在之後用 `rosterctl unlock --force` 釋放"
    ))
}

fn unreadable(shelf: &Backend) -> LedgerError {
    let shown = shelf.shown(Document::Lock);
    LedgerError::Locked(localized!(
        "the lock {shown} is damaged, or of a newer rosterctl, so its holder is not known; free it with \
         `rosterctl unlock --force` once you are sure that no apply is running",
        "锁 {shown} 损坏了，或来自更新的 rosterctl，不知道持有者是谁；请在确定没有 apply 在运行之后用 \
         `rosterctl unlock --force` 释放",
        "鎖 {shown} 損壞了，或來自更新的 rosterctl，不知道持有者是誰；請在確定沒有 apply 在執行之後用 \
         `rosterctl unlock --force` 釋放"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
