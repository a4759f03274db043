//! External stops of a run: Ctrl-C, SIGTERM, SIGHUP (its terminal is gone), a lost lock.
//!
//! Before the first change, a signal simply abandons a run ([`unless_interrupted`]). Once an apply carries out steps,
//! [`listen`] takes over, and calls in flight are finished. In both cases the program itself exits with code 130, and
//! is not killed by the signal: a parent process sees the difference. A wait for a blocked file (a pipe without a
//! writer, a stalled reader) cannot be abandoned. Then [`insist`] ends the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use crate::model::language::{Language, Localized, say};
use crate::runtime::progress;

/// True once a run must not be abandoned any more.
static WRITING: AtomicBool = AtomicBool::new(false);

/// True once the abandoned work has seen a signal.
static ABANDONED: AtomicBool = AtomicBool::new(false);

/// Time for the work to see a signal.
const GRACE: Duration = Duration::from_secs(2);

/// Makes later signals request a stop instead of abandoning the run. The caller starts [`listen`] next.
pub(super) fn from_now_on_finish() {
    WRITING.store(true, Ordering::SeqCst);
}

/// Runs work that changes nothing, unless a signal comes first.
///
/// # Errors
/// [`CliError::Interrupted`], or the error of the work.
pub(super) async fn unless_interrupted<T, E: Into<CliError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, CliError> {
    let mut signals = Signals::listen();
    let abandoned = async {
        loop {
            let typed = signals.any().await;
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
        // Listen before the work starts, so that a signal during the first call does not kill the program.
        biased;
        () = abandoned => Err(CliError::Interrupted),
        done = work => done.map_err(Into::into),
    }
}

/// Ends the program if the work misses a signal, or on a second signal. `interrupted` reports that. It runs beside
/// the work, on another thread.
pub(super) fn insist(interrupted: impl FnOnce()) -> impl Future<Output = ()> {
    // Listen at once, and not when the task is first polled: a signal may come before.
    let mut signals = Signals::listen();
    let mut asked = false;
    async move {
        loop {
            signals.any().await;
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
}

/// The signals that stop a run.
struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl Signals {
    /// Listens from now on. It needs a runtime.
    fn listen() -> Self {
        let of = |kind| signal(kind).ok();
        let hangup = if hangups_are_ignored() { None } else { of(SignalKind::hangup()) };
        Self { interrupt: of(SignalKind::interrupt()), terminate: of(SignalKind::terminate()), hangup }
    }

    /// Waits for Ctrl-C, SIGTERM or SIGHUP. Returns true for Ctrl-C.
    async fn any(&mut self) -> bool {
        async fn come(signal: &mut Option<Signal>) {
            match signal {
                Some(signal) => {
                    signal.recv().await;
                }
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = come(&mut self.interrupt) => true,
            () = come(&mut self.terminate) => false,
            () = come(&mut self.hangup) => false,
        }
    }
}

/// Returns true if the program was started to outlive its terminal, as by `nohup`. Only Linux can tell.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Turns the first signal into a stop request; the second ends the program at once.
pub(super) async fn listen(stop: watch::Sender<bool>, console: Console, language: Language) {
    let mut signals = Signals::listen();
    loop {
        if signals.any().await {
            progress::echoed();
        }
        if *stop.borrow() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
        console.note(language.choose(
            "Stopping after the calls in flight. Press again to end at once.",
            "做完已发出的调用就停止。再按一次立即结束。",
            "做完已送出的呼叫就停止。再按一次立即結束。",
        ));
        let _ = stop.send(true);
    }
}

/// Reports a lost lock, and requests a stop.
pub(super) async fn obey(
    mut lost: watch::Receiver<Option<Localized>>,
    stop: watch::Sender<bool>,
    console: Console,
    language: Language,
) {
    let Ok(why) = lost.wait_for(Option::is_some).await.map(|why| why.clone()) else { return };
    let why = why.as_ref().map_or("", |why| why.text(language));
    let text = say!(
        language,
        "the lock of this workspace was lost, and no further step is started: {why}",
        "丢了这个工作区的锁，不再开始新的步骤：{why}",
        "丟了這個工作區的鎖，不再開始新的步驟：{why}"
    );
    console.error(&text, language);
    let _ = stop.send(true);
}
