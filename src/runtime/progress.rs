//! What long work tells of itself, for whoever watches: the terminal, or nobody.
//!
//! A process has one terminal, and so one board, as it has one log. Whoever works writes numbers on it and never
//! waits for it to be read; nothing but what is shown to a person depends on it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Something long that is under way; it leaves the board when it is dropped.
#[derive(Debug)]
pub struct Task(u64);

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What is done, like `reading agents`.
    pub label: String,
    /// What is counted, like `pages`.
    pub unit: &'static str,
    /// When it began.
    pub since: Instant,
    /// How many are done.
    pub done: u64,
    /// How many there are; 0 as long as nobody knows.
    pub of: u64,
    /// The latest news.
    pub remark: String,
}

/// All that is under way.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Tasks by the order in which they began.
    pub tasks: BTreeMap<u64, State>,
    /// Operations whose next call a rate limit holds back, and until when.
    pub held: BTreeMap<&'static str, Instant>,
    next: u64,
}

static BOARD: Mutex<Board> = Mutex::new(Board { tasks: BTreeMap::new(), held: BTreeMap::new(), next: 0 });

fn board() -> MutexGuard<'static, Board> {
    BOARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a task on the board.
pub fn begin(label: String, unit: &'static str) -> Task {
    let mut board = board();
    let id = board.next;
    board.next += 1;
    let state = State { label, unit, since: Instant::now(), done: 0, of: 0, remark: String::new() };
    board.tasks.insert(id, state);
    Task(id)
}

/// Says that a rate limit holds the next call of an operation back for so long.
pub fn held(operation: &'static str, wait: Duration) {
    let until = Instant::now() + wait;
    board().held.insert(operation, until);
}

/// What is on the board now.
pub fn now() -> Board {
    let mut board = board();
    let now = Instant::now();
    board.held.retain(|_, until| *until > now);
    board.clone()
}

impl Task {
    /// Says how many there are.
    pub fn out_of(&self, of: usize) {
        self.change(|state| state.of = u64::try_from(of).unwrap_or(u64::MAX));
    }

    /// Says that one more is done.
    pub fn another(&self) {
        self.change(|state| state.done += 1);
    }

    /// Says what is news.
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
