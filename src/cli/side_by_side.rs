//! Workspaces of a run side by side: planned in any order, reported in the order of the command line.
//!
//! Each workspace has a thread of its own while it is worked on, since a plan is calculated there. A workspace whose
//! tenant answers slowly takes one place: others of that tenant start last.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::{self, Outcome, Reporter};
use super::session::clients::{Clients, Shared};
use super::session::load::{self, Loaded};
use super::session::neighbours::Neighbours;
use super::workspace_args::Workspaces;
use crate::model::date::Date;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::{Kind, safe};
use crate::model::language::{Localized, localized};
use crate::runtime::progress;
use crate::storage::secrets::Secrets;

/// Stack of a workspace's thread: as much as the main thread has.
const STACK: usize = 8 << 20;

/// A workspace to work on.
pub(super) struct Task {
    pub(super) path: PathBuf,
    /// Console for its messages.
    pub(super) console: Console,
    /// Instant to look at, if it is not the run's.
    at: Option<Date>,
    /// Place among the workspaces of a run; `None` in a run of one.
    among: Option<Among>,
}

struct Among {
    neighbours: Arc<Neighbours>,
    at: usize,
    shared: Arc<Shared>,
}

impl Task {
    /// Returns true if the run has several workspaces.
    pub(super) fn is_of_several(&self) -> bool {
        self.among.is_some()
    }

    /// Reads the workspace and its manifests while `busy` processors have other work.
    ///
    /// # Errors
    /// All errors in them.
    pub(super) fn load(&self, busy: usize) -> Result<Loaded, CliError> {
        let Some(Among { neighbours, at, shared }) = &self.among else {
            return load::load_beside(&self.path, busy, self.at);
        };
        let loaded = load::load_beside(&self.path, load::processors(), self.at)?;
        Ok(Loaded {
            elsewhere: Some(neighbours.elsewhere(*at)),
            secrets: Secrets::sharing(&loaded.workspace, &loaded.place.folder, &shared.sign_ins),
            clients: Clients::sharing(shared),
            ..loaded
        })
    }

    /// Returns the resources that another workspace declares too.
    pub(super) fn conflicts(&self) -> Vec<Diagnostic> {
        self.among.as_ref().map(|among| among.neighbours.conflicts(among.at)).unwrap_or_default()
    }
}

/// Works on this run's share of the workspaces, and reports them. Returns the gravest exit code.
pub(super) async fn run<W>(
    workspaces: &Workspaces,
    reporter: Reporter<'_>,
    console: &Console,
    work: W,
) -> Exit
where
    W: AsyncFn(Task) -> Result<Outcome, CliError> + Send + Sync + 'static,
{
    let all: Vec<&Path> = workspaces.all().collect();
    if workspaces.several() {
        return several(workspaces, &all, reporter, console, work).await;
    }
    for path in all {
        let task = Task { path: path.to_owned(), console: console.clone(), at: workspaces.at(), among: None };
        match work(task).await {
            Ok(outcome) => reporter.planned(path, outcome),
            Err(fail) => reporter.fail(path, &fail),
        }
    }
    reporter.finish()
}

async fn several<W>(
    workspaces: &Workspaces,
    all: &[&Path],
    reporter: Reporter<'_>,
    console: &Console,
    work: W,
) -> Exit
where
    W: AsyncFn(Task) -> Result<Outcome, CliError> + Send + Sync + 'static,
{
    let mut jobs = workspaces.jobs();
    // All declarations are compared before the first entry is written.
    let neighbours = Arc::new(Neighbours::load(all, jobs, workspaces.at()));
    let mine: Vec<(usize, &Path)> =
        all.iter().copied().enumerate().filter(|(at, _)| workspaces.is_mine(*at)).collect();
    let name = |(at, path): &(usize, &Path)| {
        neighbours.name(*at).map_or_else(|| report_output::name(path), ToString::to_string)
    };
    let names: Vec<String> = mine.iter().map(name).collect();
    let mut serial = reporter.serial(&names);
    let documents = serial.documents();
    let (work, shared, runtime) = (Arc::new(work), Arc::new(Shared::default()), Handle::current());
    let (done, mut ready) = mpsc::unbounded_channel();
    let mut places = Places::new(mine.iter().map(|(at, _)| neighbours.tenants(*at).collect()));
    let failed = |number: usize, why: Localized| {
        let why = Err(CliError::Error(why));
        report_output::render(&documents, number, mine[number].1, console.keeping(), why)
    };
    let progress = progress::begin("workspaces".to_owned(), "done");
    progress.out_of(mine.len());
    loop {
        while places.running.len() < jobs
            && let Some(number) = places.next()
        {
            let (at, path) = mine[number];
            let (path, console) = (path.to_owned(), console.keeping());
            let among = Among { neighbours: Arc::clone(&neighbours), at, shared: Arc::clone(&shared) };
            let task = Task {
                path: path.clone(),
                console: console.clone(),
                at: workspaces.at(),
                among: Some(among),
            };
            let span = tracing::error_span!("workspace", name = names[number]);
            let (work, documents) = (Arc::clone(&work), Arc::clone(&documents));
            let (done, runtime) = (done.clone(), runtime.clone());
            let started = thread::Builder::new().stack_size(STACK).spawn(move || {
                let entry = || {
                    let result = progress::hiding(|| runtime.block_on(work(task).instrument(span)));
                    report_output::render(&documents, number, &path, console, result)
                };
                // The channel is closed if the run was interrupted.
                let _ = done.send((number, catch_unwind(AssertUnwindSafe(entry)).ok()));
            });
            if let Err(error) = started {
                places.stop(number);
                if places.running.is_empty() {
                    serial.add(
                        number,
                        failed(
                            number,
                            localized!(
                                "no thread can be started: {error}",
                                "没法再开线程（{error}）",
                                "無法再開執行緒（{error}）"
                            ),
                        ),
                    );
                } else {
                    // Go on with the threads that there are.
                    places.pending.insert(number);
                    jobs = places.running.len();
                }
            }
        }
        progress.remark(&places.described(&names));
        if places.running.is_empty() {
            drop(progress);
            return serial.finish();
        }
        let Some((number, entry)) = ready.recv().await else { return serial.finish() };
        places.stop(number);
        progress.another();
        let fault = || {
            failed(
                number,
                localized!(
                    "the program failed on it, which is a fault of rosterctl",
                    "程序在它上面出了错，这是 rosterctl 的缺陷",
                    "程式在它上面出了錯，這是 rosterctl 的缺陷"
                ),
            )
        };
        let entry = entry.unwrap_or_else(fault);
        serial.add(number, entry);
    }
}

/// Places for workspaces, by their numbers.
struct Places {
    /// Tenants of each workspace.
    tenants: Vec<Vec<(Kind, usize)>>,
    pending: BTreeSet<usize>,
    running: BTreeSet<usize>,
}

impl Places {
    fn new(tenants: impl Iterator<Item = Vec<(Kind, usize)>>) -> Self {
        let tenants: Vec<_> = tenants.collect();
        Self { pending: (0..tenants.len()).collect(), running: BTreeSet::new(), tenants }
    }

    /// Starts the first workspace among those whose tenants have the fewest places.
    fn next(&mut self) -> Option<usize> {
        let mut taken: BTreeMap<(Kind, usize), usize> = BTreeMap::new();
        for tenant in self.running.iter().flat_map(|number| &self.tenants[*number]) {
            *taken.entry(*tenant).or_default() += 1;
        }
        let load = |number: &usize| {
            self.tenants[*number].iter().filter_map(|tenant| taken.get(tenant)).copied().max().unwrap_or(0)
        };
        let number = self.pending.iter().copied().min_by_key(load)?;
        self.pending.remove(&number);
        self.running.insert(number);
        Some(number)
    }

    fn stop(&mut self, number: usize) {
        self.running.remove(&number);
    }

    /// Names the workspaces that have a place.
    fn described(&self, names: &[String]) -> String {
        const MOST: usize = 3;
        let shown: Vec<String> = self.running.iter().take(MOST).map(|number| safe(&names[*number])).collect();
        let more = match self.running.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        shown.join(", ") + &more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_gets_a_second_place_only_if_no_other_tenant_waits() {
        let tenant = |number| vec![(Kind::Agent, number)];
        let mut places = Places::new([1, 1, 1, 2, 3].into_iter().map(tenant));
        let mut next = || places.next();
        assert_eq!(
            [next(), next(), next(), next(), next(), next()],
            [0, 3, 4, 1, 2].map(Some).into_iter().chain([None]).collect::<Vec<_>>()[..]
        );
    }

    #[test]
    fn workspaces_with_a_tenant_in_common_share_its_places() {
        let (agents, queues) = ((Kind::Agent, 1), (Kind::Queue, 1));
        let mut places = Places::new([vec![agents, queues], vec![queues], Vec::new()].into_iter());
        assert_eq!((places.next(), places.next()), (Some(0), Some(2)));
        places.stop(0);
        assert_eq!((places.next(), places.next()), (Some(1), None));
    }
}
