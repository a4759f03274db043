//! The histories of seeds: of eight, four are about the weather alone.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;

use super::{Course, House, Mutant, Story, Theme, history, leaving, shared, small, tenants};

/// Returns the number in a variable of the environment.
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The special theme of a seed's history.
#[derive(Clone, Copy)]
pub(crate) enum Sort {
    About(Theme),
    /// Two workspaces share a tenant.
    Tenants(Theme),
}

/// Returns the theme of a seed's history.
pub(crate) fn sort(seed: u64) -> Sort {
    match seed % 8 {
        0..=3 => Sort::About(Theme::Plain),
        4 => Sort::About(Theme::Identities),
        5 => Sort::About(Theme::Late),
        6 => Sort::About(Theme::SignIn),
        _ => Sort::Tenants(
            [Theme::Plain, Theme::Identities, Theme::Late][usize::try_from(seed / 8 % 3).unwrap()],
        ),
    }
}

/// Plays the history of a seed.
pub(crate) fn play(house: &'static House, seed: u64, sort: Sort, mutant: Option<Mutant>) -> Story {
    let course = |theme| {
        let lag = if theme == Theme::Plain { lag(seed) } else { 0 };
        Course { mutant, theme, lag, ..Course::default() }
    };
    match sort {
        Sort::About(theme @ Theme::Identities) => history(seed, &leaving(house, seed), course(theme)),
        Sort::About(theme) => history(seed, &small(house, seed), course(theme)),
        Sort::Tenants(theme) => {
            // A workspace cannot know a queue that another one created and no listing shows.
            let one_queue = theme != Theme::Late && seed & 16 == 0;
            tenants(seed, &shared(house, seed, one_queue), course(theme))
        }
    }
}

/// Returns the delay with which the vendors of a seed show changes.
fn lag(seed: u64) -> i64 {
    [0, 0, 300, 1_000][usize::try_from(seed % 4).unwrap()]
}

/// Runs some work for each number below `count`, on all cores. Returns the results in order.
pub(crate) fn on_all_cores<T: Send>(count: u64, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let share = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        numbers.take_while(|number| *number < count).map(|number| (number, work(number))).collect::<Vec<_>>()
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let done: BTreeMap<u64, T> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(share)).collect();
        let join = |thread: ScopedJoinHandle<_>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        threads.into_iter().flat_map(join).collect()
    });
    done.into_values().collect()
}
