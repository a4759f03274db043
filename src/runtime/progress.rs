//! Progress of long tasks, for the terminal if there is one.
//!
//! A process has one terminal, and so one board, like its one log. A task writes numbers on the board and never waits
//! for a reader. Nothing but the display depends on the board.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Long task in progress; it leaves the board on drop.
#[derive(Debug)]
pub struct Task(u64);

/// State of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Name of the task, like `reading agents`.
    pub label: String,
    /// Unit of the count, like `pages`.
    pub unit: &'static str,
    /// Start of the task.
    pub since: Instant,
    /// Number of finished units.
    pub done: u64,
    /// Total number of units; 0 while unknown.
    pub of: u64,
    /// The latest news.
    pub remark: String,
}

/// All tasks in progress.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Tasks by the order of their start.
    pub tasks: BTreeMap<u64, State>,
    /// Operations whose next call waits for a rate limit, with the end of the wait.
    pub held: BTreeMap<&'static str, Instant>,
    next: u64,
}

static BOARD: Mutex<Board> = Mutex::new(Board { tasks: BTreeMap::new(), held: BTreeMap::new(), next: 0 });

fn board() -> MutexGuard<'static, Board> {
    BOARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a task to the board.
pub fn begin(label: String, unit: &'static str) -> Task {
    let mut board = board();
    let id = board.next;
    board.next += 1;
    let state = State { label, unit, since: Instant::now(), done: 0, of: 0, remark: String::new() };
    board.tasks.insert(id, state);
    Task(id)
}

/// Records that a rate limit delays the next call of an operation by a time.
pub fn held(operation: &'static str, wait: Duration) {
    let until = Instant::now() + wait;
    board().held.insert(operation, until);
}

/// Returns the current board.
pub fn now() -> Board {
    let mut board = board();
    let now = Instant::now();
    board.held.retain(|_, until| *until > now);
    board.clone()
}

impl Task {
    /// Sets the total.
    pub fn out_of(&self, of: usize) {
        self.change(|state| state.of = u64::try_from(of).unwrap_or(u64::MAX));
    }

    /// Counts one more finished unit.
    pub fn another(&self) {
        self.change(|state| state.done += 1);
    }

    /// Sets the latest news.
    pub fn remark(&self, remark: String) {
        self.change(|state| state.remark = remark);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        if let Some(state) = board().tasks.get_mut(&self.0) {
            change(state);
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        board().tasks.remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_leaves_the_board_however_it_ends() {
        let task = begin("reading the tests' agents".to_owned(), "pages");
        task.out_of(3);
        task.another();
        let id = task.0;
        let state = now().tasks.get(&id).cloned();
        assert_eq!(state.map(|state| (state.done, state.of)), Some((1, 3)));
        drop(task);
        assert!(!now().tasks.contains_key(&id));
    }

    #[test]
    fn a_wait_that_is_over_is_forgotten() {
        held("long", Duration::from_mins(1));
        held("over", Duration::ZERO);
        let held = now().held;
        assert!(held.contains_key("long") && !held.contains_key("over"));
    }
}
