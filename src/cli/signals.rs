//! What stops a run from outside: Ctrl-C, SIGTERM, SIGHUP (its terminal is gone), a lock that was lost.
//!
//! While nothing is being changed, a run is simply abandoned ([`unless_interrupted`]). Once an apply carries steps
//! out, [`listen`] takes over, and calls in flight are finished. Either way the code is 130, and it is the program
//! that exits with it, not the signal that kills it: a parent process sees the difference. What waits for
//! a file that does not answer (a pipe without a writer, a reader that does not read) cannot be abandoned:
//! [`insist`] ends the program then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use crate::runtime::progress;

/// Set once a run must not be abandoned any more.
static WRITING: AtomicBool = AtomicBool::new(false);

/// Set once a signal was seen by the work that it abandons.
static ABANDONED: AtomicBool = AtomicBool::new(false);

/// How long the work may take to see a signal.
const GRACE: Duration = Duration::from_secs(2);

/// From now on a signal asks to stop, and abandons nothing; [`listen`] is to be started.
pub(super) fn from_now_on_finish() {
    WRITING.store(true, Ordering::SeqCst);
}

/// Does something that changes nothing, unless a signal comes first.
///
/// # Errors
/// [`CliError::Interrupted`], and whatever the work fails with.
pub(super) async fn unless_interrupted<T, E: Into<CliError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, CliError> {
    let mut others = Others::listen();
    let abandoned = async {
        loop {
            let typed = either(&mut others).await;
            if !WRITING.load(Ordering::SeqCst) {
                ABANDONED.store(true, Ordering::SeqCst);
                if typed {
                    progress::echoed();
                }
                return;
            }
        }
    };
    tokio::select! {
        // Listening begins before the work does: a signal that comes with the first call kills nothing.
        biased;
        () = abandoned => Err(CliError::Interrupted),
        done = work => done.map_err(Into::into),
    }
}

/// Ends the program when a signal is not seen by the work that it shall abandon, or comes again. `interrupted` says
/// so. It runs beside the work, on another thread.
pub(super) async fn insist(interrupted: impl FnOnce()) {
    let mut others = Others::listen();
    let mut asked = false;
    loop {
        either(&mut others).await;
        if !WRITING.load(Ordering::SeqCst) && !asked {
            tokio::time::sleep(GRACE).await;
        }
        if WRITING.load(Ordering::SeqCst) || ABANDONED.load(Ordering::SeqCst) && !asked {
            asked = true;
            continue;
        }
        if !ABANDONED.load(Ordering::SeqCst) {
            interrupted();
        }
        std::process::exit(i32::from(Exit::Interrupted as u8));
    }
}

/// What stops a run beside Ctrl-C.
struct Others {
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl Others {
    fn listen() -> Self {
        let of = |kind| signal(kind).ok();
        let hangup = if hangups_are_ignored() { None } else { of(SignalKind::hangup()) };
        Self { terminate: of(SignalKind::terminate()), hangup }
    }
}

/// Whether the program was started so that it outlives its terminal, as `nohup` does. Linux alone tells.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP; whether it was Ctrl-C.
async fn either(others: &mut Others) -> bool {
    async fn come(signal: &mut Option<Signal>) {
        match signal {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
    tokio::select! {
        _ = tokio::signal::ctrl_c() => true,
        () = come(&mut others.terminate) => false,
        () = come(&mut others.hangup) => false,
    }
}

/// Turns the first signal into a request to stop; the second ends the program at once.
pub(super) async fn listen(stop: watch::Sender<bool>, console: Console) {
    let mut others = Others::listen();
    loop {
        if either(&mut others).await {
            progress::echoed();
        }
        if *stop.borrow() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
        console.note("Stopping after the calls in flight. Press again to end at once.");
        let _ = stop.send(true);
    }
}

/// Says that the lock was lost, and asks to stop.
pub(super) async fn heed(
    mut lost: watch::Receiver<Option<String>>,
    stop: watch::Sender<bool>,
    console: Console,
) {
    let Ok(why) = lost.wait_for(Option::is_some).await.map(|why| why.clone().unwrap_or_default()) else {
        return;
    };
    console.error(&format!("the lock of this workspace was lost, and no further step is started: {why}"));
    let _ = stop.send(true);
}
