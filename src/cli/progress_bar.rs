//! Draws progress on standard error: bars on a terminal, else lines for long waits.
//!
//! A thread reads the board ten times a second, so that work never waits for the terminal. A task that takes less
//! than [`PATIENCE`] is never drawn, so a short run does not flicker. All writes to the terminal go through
//! [`Meter::aside`]. It hides the bars meanwhile, and removes those of finished work.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::runtime::progress;
use crate::runtime::progress::{Board, State};

/// Age of a task from which it is drawn.
const PATIENCE: Duration = Duration::from_millis(500);
/// Pause between two looks at the board.
const PAUSE: Duration = Duration::from_millis(100);
/// Shortest wait with a line of its own, where there are no bars.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// True once the terminal has shown a `^C` below the bars.
static ECHOED: AtomicBool = AtomicBool::new(false);

/// Records that the terminal has shown a `^C`.
pub(super) fn echoed() {
    ECHOED.store(true, Ordering::SeqCst);
}

/// Display of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Bars.
    Bars,
    /// Lines.
    Lines,
    /// Not at all.
    Silent,
}

/// Meter that shows progress.
#[derive(Clone)]
pub(super) struct Meter {
    manner: Manner,
    drawing: Arc<Mutex<Drawing>>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("manner", &self.manner).finish_non_exhaustive()
    }
}

struct Drawing {
    bars: MultiProgress,
    tasks: BTreeMap<u64, ProgressBar>,
    wait: Option<ProgressBar>,
    /// Waits that already have a line, with their ends.
    told: BTreeMap<&'static str, Instant>,
}

impl Meter {
    /// Returns a meter that shows nothing before [`Meter::start`].
    pub(super) fn new(manner: Manner) -> Self {
        let bars = MultiProgress::with_draw_target(match manner {
            Manner::Bars => ProgressDrawTarget::stderr(),
            Manner::Lines | Manner::Silent => ProgressDrawTarget::hidden(),
        });
        let drawing = Drawing { bars, tasks: BTreeMap::new(), wait: None, told: BTreeMap::new() };
        Self { manner, drawing: Arc::new(Mutex::new(drawing)) }
    }

    /// Returns the display of progress.
    pub(super) fn manner(&self) -> Manner {
        self.manner
    }

    /// Starts the thread that reads the board; `line` writes a line.
    pub(super) fn start(&self, line: impl Fn(&str) + Send + 'static) {
        if self.manner == Manner::Silent {
            return;
        }
        let meter = self.clone();
        let look = move || {
            loop {
                std::thread::sleep(PAUSE);
                let board = progress::now();
                let mut drawing = meter.drawing.lock().unwrap_or_else(PoisonError::into_inner);
                match meter.manner {
                    Manner::Bars => drawing.draw(&board),
                    Manner::Lines => drawing.lines(&board, &line),
                    Manner::Silent => return,
                }
            }
        };
        // Without a thread nothing is drawn, which is acceptable.
        let _ = std::thread::Builder::new().spawn(look);
    }

    /// Writes something between the bars.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.manner != Manner::Bars {
            return write();
        }
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        drawing.mend();
        drawing.sweep(&progress::now());
        drawing.bars.suspend(write)
    }
}

impl Drawing {
    /// Erases a `^C` on its own line. Bars are cleared from their last line upwards.
    fn mend(&self) {
        if !self.tasks.is_empty() && ECHOED.swap(false, Ordering::SeqCst) {
            let _ = io::stderr().lock().write_all(b"\r\x1b[2K\x1b[1A");
        }
    }

    /// Removes the bars of finished work.
    fn sweep(&mut self, board: &Board) {
        self.tasks.retain(|id, bar| {
            let goes_on = board.tasks.contains_key(id);
            if !goes_on {
                bar.finish_and_clear();
                self.bars.remove(bar);
            }
            goes_on
        });
        // Without a task there is no wait.
        if (board.held.is_empty() || self.tasks.is_empty())
            && let Some(wait) = self.wait.take()
        {
            wait.finish_and_clear();
            self.bars.remove(&wait);
        }
    }

    fn draw(&mut self, board: &Board) {
        self.mend();
        self.sweep(board);
        for (id, state) in &board.tasks {
            if !self.tasks.contains_key(id) && state.since.elapsed() < PATIENCE {
                continue;
            }
            let bar = self.tasks.entry(*id).or_insert_with(|| {
                let bar = ProgressBar::no_length().with_style(style("  {prefix:16} {spinner} {wide_msg}"));
                let bar = match &self.wait {
                    Some(wait) => self.bars.insert_before(wait, bar),
                    None => self.bars.add(bar),
                };
                bar.with_prefix(state.label.clone())
            });
            show(bar, state);
        }
        if !board.held.is_empty() && !self.tasks.is_empty() {
            let wait = self.wait.get_or_insert_with(|| {
                let bar = ProgressBar::no_length().with_style(style("  {wide_msg}"));
                self.bars.add(bar)
            });
            wait.set_message(waits(board));
            wait.tick();
        }
    }

    /// Writes one line for each long wait.
    fn lines(&mut self, board: &Board, line: &impl Fn(&str)) {
        let now = Instant::now();
        self.told.retain(|_, until| *until > now);
        for (operation, until) in &board.held {
            let left = until.saturating_duration_since(now);
            if left >= LONG_WAIT && !self.told.contains_key(operation) {
                line(&format!("  {}", wait(operation, left)));
                self.told.insert(operation, *until);
            }
        }
    }
}

/// Updates a bar.
fn show(bar: &ProgressBar, state: &State) {
    if state.of > 0 {
        if bar.length().is_none() {
            bar.set_style(style("  {prefix:16} {bar:20} {wide_msg}"));
        }
        bar.set_length(state.of);
        bar.set_position(state.done.min(state.of));
    }
    bar.set_message(words(state));
    bar.tick();
}

/// Describes the progress of a task.
fn words(state: &State) -> String {
    let mut words = Vec::new();
    if state.of > 0 {
        words.push(format!("{}/{} {}", state.done.min(state.of), state.of, state.unit));
    }
    let seconds = state.since.elapsed().as_secs();
    words.push(match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    });
    if !state.remark.is_empty() {
        words.push(state.remark.clone());
    }
    words.join(" · ")
}

/// Describes all waits in one line.
fn waits(board: &Board) -> String {
    let now = Instant::now();
    let waits =
        board.held.iter().map(|(operation, until)| wait(operation, until.saturating_duration_since(now)));
    waits.collect::<Vec<_>>().join("; ")
}

fn wait(operation: &str, left: Duration) -> String {
    // Round up: a wait is never shown as 0 s.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    format!("the rate limit of {operation} holds the next call for {seconds} s")
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(
            wait("addQueue", Duration::from_millis(41_001)),
            "the rate limit of addQueue holds the next call for 42 s"
        );
    }

    #[test]
    fn a_long_wait_is_told_once_where_there_are_no_bars() {
        let meter = Meter::new(Manner::Lines);
        let mut drawing = meter.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut board = Board::default();
        let now = Instant::now();
        board.held.insert("addQueue", now + Duration::from_mins(1));
        board.held.insert("queueQueue", now + Duration::from_secs(1));
        let told = std::cell::RefCell::new(Vec::new());
        for _ in 0..3 {
            drawing.lines(&board, &|line: &str| told.borrow_mut().push(line.to_owned()));
        }
        let told = told.into_inner();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("addQueue"));
    }
}
