//! Progress of long work on standard error: bars on a terminal, a line for a long wait elsewhere.
//!
//! A process has one terminal, and so one screen, as it has one log. The library draws in threads of its own, so work
//! never waits for the terminal. Only the display depends on it. Work shorter than [`PATIENCE`] is never drawn, so a
//! short run does not flicker. All other output to the terminal goes through [`aside`], which hides the bars meanwhile.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Duration of work after which it is drawn.
const PATIENCE: Duration = Duration::from_millis(500);
/// Interval between two draws.
const PAUSE: Duration = Duration::from_millis(100);
/// Shortest wait that gets a line if there are no bars.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// Display of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Bars.
    Bars,
    /// Lines.
    Lines,
    /// Nothing.
    Silent,
}

struct Screen {
    manner: Manner,
    /// Callback that writes a line.
    line: fn(&str),
    bars: MultiProgress,
    /// Number of drawn bars.
    drawn: AtomicUsize,
    /// Operations whose next call a rate limit holds.
    waits: Mutex<BTreeMap<&'static str, Wait>>,
}

/// A wait of some calls of an operation.
struct Wait {
    calls: usize,
    until: Arc<Mutex<Instant>>,
    _bar: Bar,
}

static SCREEN: OnceLock<Screen> = OnceLock::new();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the display of this process; `line` writes a line.
pub fn show(manner: Manner, line: fn(&str)) {
    let bars = MultiProgress::with_draw_target(match manner {
        Manner::Bars => ProgressDrawTarget::stderr(),
        Manner::Lines | Manner::Silent => ProgressDrawTarget::hidden(),
    });
    let _ = SCREEN.set(Screen { manner, line, bars, drawn: AtomicUsize::new(0), waits: Mutex::default() });
}

/// Runs `write` while the bars are hidden.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    match SCREEN.get() {
        Some(screen) => screen.bars.suspend(write),
        None => write(),
    }
}

/// Clears a `^C` that the terminal has echoed. It stands on a line of its own, and bars are cleared from their last
/// line upwards.
pub fn echoed() {
    if SCREEN.get().is_some_and(|screen| screen.drawn.load(Ordering::SeqCst) > 0) {
        let _ = io::stderr().lock().write_all(b"\r\x1b[2K\x1b[1A");
    }
}

thread_local! {
    /// True while this thread hides its tasks.
    static HIDDEN: Cell<bool> = const { Cell::new(false) };
}

/// Runs work whose tasks are hidden. It is one of many, of which another bar tells the number.
pub fn hiding<T>(work: impl FnOnce() -> T) -> T {
    HIDDEN.set(true);
    let done = work();
    HIDDEN.set(false);
    done
}

/// A bar that is drawn from the age of [`PATIENCE`] until it is dropped.
struct Bar(ProgressBar);

impl Bar {
    fn new(style: ProgressStyle) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style);
        let is_shown = |screen: &&Screen| screen.manner == Manner::Bars && !HIDDEN.get();
        if let Some(screen) = SCREEN.get().filter(is_shown) {
            let late = bar.downgrade();
            let draw = move || {
                std::thread::sleep(PATIENCE);
                if let Some(bar) = late.upgrade().filter(|bar| !bar.is_finished()) {
                    screen.drawn.fetch_add(1, Ordering::SeqCst);
                    screen.bars.add(bar).enable_steady_tick(PAUSE);
                }
            };
            // Without a thread nothing is drawn, with no other effect.
            let _ = std::thread::Builder::new().spawn(draw);
        }
        Self(bar)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        if let Some(screen) = SCREEN.get().filter(|_| !self.0.is_hidden()) {
            screen.bars.remove(&self.0);
            screen.drawn.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// A long task in progress, until it is dropped.
pub struct Task {
    bar: Bar,
    /// Unit of the count, like `pages`.
    unit: &'static str,
}

/// Begins a task. `label` names it, like `reading agents`, and `unit` is the unit of its count, like `pages`.
pub fn begin(label: String, unit: &'static str) -> Task {
    let bar = Bar::new(style("{prefix:16} {spinner} {took}{wide_msg}"));
    bar.0.set_prefix(label);
    Task { bar, unit }
}

impl Task {
    /// Sets the total.
    pub fn out_of(&self, of: usize) {
        let bar = &self.bar.0;
        bar.set_style(style(&format!(
            "{{prefix:16}} {{bar:20}} {{pos}}/{{len}} {} · {{took}}{{wide_msg}}",
            self.unit
        )));
        bar.set_length(of as u64);
    }

    /// Counts one more finished unit.
    pub fn another(&self) {
        self.bar.0.inc(1);
    }

    /// Shows a remark.
    pub fn remark(&self, remark: &str) {
        self.bar.0.set_message(if remark.is_empty() { String::new() } else { format!(" · {remark}") });
    }
}

fn style(template: &str) -> ProgressStyle {
    let took = |bar: &ProgressState, words: &mut dyn fmt::Write| {
        let seconds = bar.elapsed().as_secs();
        let _ = match seconds {
            0..60 => write!(words, "{seconds} s"),
            _ => write!(words, "{} min {:02} s", seconds / 60, seconds % 60),
        };
    };
    let style = ProgressStyle::with_template(&format!("  {template}"));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("took", took).progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

/// A call that a rate limit holds back, until it is dropped.
pub struct Held(&'static str);

/// Shows that a rate limit holds back the next call of an operation for a time.
pub fn held(operation: &'static str, wait: Duration) -> Held {
    if let Some(screen) = SCREEN.get() {
        let news = note(&mut lock(&screen.waits), operation, wait, Instant::now());
        if let Some(news) = news.filter(|_| screen.manner == Manner::Lines) {
            (screen.line)(&news);
        }
    }
    Held(operation)
}

/// Records a wait. Returns its line if it is long and the operation was not held back as long already.
fn note(
    waits: &mut BTreeMap<&'static str, Wait>,
    operation: &'static str,
    wait: Duration,
    now: Instant,
) -> Option<String> {
    let held = waits.entry(operation).or_insert_with(|| {
        let until = Arc::new(Mutex::new(now));
        let left = Arc::clone(&until);
        let words = move |_: &ProgressState, line: &mut dyn fmt::Write| {
            let left = lock(&left).saturating_duration_since(Instant::now());
            let _ = line.write_str(&words(operation, left));
        };
        Wait { calls: 0, until, _bar: Bar::new(style("{wait}").with_key("wait", words)) }
    });
    held.calls += 1;
    let before = std::mem::replace(&mut *lock(&held.until), now + wait);
    (wait >= LONG_WAIT && before <= now).then(|| format!("  {}", words(operation, wait)))
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(screen) = SCREEN.get() else { return };
        let mut waits = lock(&screen.waits);
        if let Some(wait) = waits.get_mut(self.0) {
            wait.calls -= 1;
            if wait.calls == 0 {
                waits.remove(self.0);
            }
        }
    }
}

fn words(operation: &str, left: Duration) -> String {
    // Rounded up, so that no remaining wait is 0 s.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    format!("the rate limit of {operation} holds the next call for {seconds} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(
            words("addQueue", Duration::from_millis(41_001)),
            "the rate limit of addQueue holds the next call for 42 s"
        );
    }

    #[test]
    fn a_long_wait_is_told_once() {
        let (mut waits, now) = (BTreeMap::new(), Instant::now());
        let mut told = |operation, seconds| note(&mut waits, operation, Duration::from_secs(seconds), now);
        assert!(told("addQueue", 60).is_some_and(|line| line.contains("addQueue")));
        assert_eq!(told("addQueue", 60), None);
        assert_eq!(told("queueQueue", 1), None);
    }
}
