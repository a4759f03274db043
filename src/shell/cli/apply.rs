//! `rosterctl apply`: plans or takes a saved plan, asks, carries out, reads back, proves convergence.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::console::Console;
use super::exit::{Exit, Fail};
use super::input::{self, Loaded};
use super::lines::Lines;
use super::output::{Due, Output, Reporter};
use super::plan::{Made, Narrowing, complain, make, settle};
use super::signals::{self, unless_interrupted};
use super::{awaited, connect, passwords, saved};
use crate::apply::deed::Deed;
use crate::apply::guard::Stale;
use crate::apply::{Conduct, Finish, Ran, StepResult, keep, recover, remember};
use crate::model::call::{Failure, Reason};
use crate::model::finding::Effect;
use crate::model::id::OperatorId;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::Plan;
use crate::model::presence::Guard;
use crate::report::{Command, Run};
use crate::shell::clock;
use crate::shell::execute::{self, World};
use crate::shell::fetch::Vendors;
use crate::shell::files;
use crate::shell::gate::Gate;
use crate::shell::journal::Journal;
use crate::shell::ledger::{LedgerError, Lock, Store};
use crate::shell::progress;
use crate::shell::vendor::Vendor;

/// Carry a plan out, read back, and prove that it took effect.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Carry out exactly this saved plan.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    auto_approve: bool,
    /// Leave out what moved since the plan was made, do the rest, and exit with 5.
    #[arg(long)]
    skip_stale: bool,
    #[command(flatten)]
    narrowing: Narrowing,
    #[command(flatten)]
    output: Output,
}

struct Work {
    plan: Arc<Plan>,
    ledger: Ledger,
    vendors: Vendors,
    live: Option<Live>,
}

impl Arguments {
    /// The JSON document that is due.
    pub(super) fn due(&self) -> Option<Due> {
        self.output.due([self.workspace.as_path()], false)
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Fail> {
    if arguments.plan.is_some() && !arguments.narrowing.is_empty() {
        return Err(Fail::error(
            "--plan carries out the saved plan as it is; --target, --allow and --assert-unread belong to `plan`",
        ));
    }
    let place = &*arguments.workspace;
    let reporter = arguments.output.begin(Command::Apply, false, &[place], console)?;
    if let Some(plan) = &arguments.plan {
        reporter.apart("--plan", plan)?;
    }
    match Box::pin(alone(arguments, console, &reporter)).await {
        Ok(exit) => reporter.end(place, exit),
        Err(fail) => reporter.fail(place, fail),
    }
    Ok(reporter.finish())
}

/// Takes the lock, and does the rest while it is held.
async fn alone(arguments: &Arguments, console: &Console, reporter: &Reporter<'_>) -> Result<Exit, Fail> {
    let loaded = input::load(&arguments.workspace)?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let lock = unless_interrupted(store.lock(&|said| console.note(said))).await?;
    if let Some(why) = lock.taken_over() {
        console.note(&format!("{why}: took it over"));
    }
    // Whatever stops it, the lock is freed.
    let work = Box::pin(locked(arguments, console, reporter, &loaded, &store, &lock));
    let result = unless_interrupted(work).await;
    if let Err(error) = lock.release().await {
        console.error(&format!("the lock was not freed, and ends with its lease: {error}"));
    }
    result
}

/// Plans and carries out while the lock is held.
async fn locked(
    arguments: &Arguments,
    console: &Console,
    reporter: &Reporter<'_>,
    loaded: &Loaded,
    store: &Store,
    lock: &Lock,
) -> Result<Exit, Fail> {
    for why in [loaded.journal().stranger(), loaded.journal().damage()].into_iter().flatten() {
        console.note(&why);
    }
    let mut work = prepare(arguments, loaded, store, console).await?;
    let plan = Arc::clone(&work.plan);
    reporter.show(&plan);
    if let Some(exit) = Exit::refusal(&plan) {
        complain(&plan, loaded, console);
        return Ok(refuse(console, reporter, &plan, exit));
    }
    if plan.steps.is_empty() {
        return finish_empty(console, reporter, loaded, store, lock, work).await;
    }
    let asked = !arguments.auto_approve;
    if asked && !approved(console).await? {
        return Ok(Exit::Error);
    }
    let passwords = passwords::read(&plan, loaded).await?;
    still_held(lock)?;
    let journal = begin_journal(loaded, store, lock, &mut work, console).await?;
    let guard = Guard::of(&loaded.workspace.policy.presence);
    let observers = connect::guards(loaded, &plan, &guard).await;
    signals::from_now_on_finish();
    let lost = lock.lease().lost();
    let gate = Gate::new(lock.lease());
    let heeder = tokio::spawn(signals::heed(lost.clone(), gate.stop(), console.clone()));
    let listener = tokio::spawn(signals::listen(gate.stop(), console.clone()));
    let task = progress::begin("applying".to_owned(), "steps");
    task.out_of(plan.steps.len());
    let lines = Lines::new(&plan, console, &task);
    let progress = |at: usize, deed: &Deed, wrong: Option<&Failure>| lines.answered(at, deed, wrong);
    let conduct = Conduct {
        skip_stale: arguments.skip_stale,
        saved: asked || arguments.plan.is_some(),
        orphan: awaited::orphan(loaded),
        queues: work.vendors.queues.is_some(),
        guard: Some(guard).filter(|_| !observers.is_empty()),
        ..Conduct::default()
    };
    let world = World {
        vendors: &work.vendors,
        secrets: &loaded.secrets,
        passwords: &passwords,
        observers: &observers,
        journal: journal.as_ref(),
    };
    let news = |said: &str| console.note(&format!("  {said}"));
    let finish = execute::run(&plan, world, conduct, &gate, &progress, &news).await;
    if let Finish::Ran(ran) = &finish {
        lines.end(&ran.results);
    }
    drop(task);
    listener.abort();
    heeder.abort();
    if let (Finish::Blind(_) | Finish::Stale(_), Some(journal)) = (&finish, &journal) {
        journal.finish();
    }
    match finish {
        Finish::Blind(why) => {
            let why =
                format!("nothing was written: what the plan would change could not be read again: {why}");
            reporter.ran(Run { refused: Some(why.clone()), ..Run::default() });
            let systems = [&work.vendors.agents, &work.vendors.queues];
            let refused = systems.into_iter().flatten().any(Vendor::is_shut);
            Err(Fail::Unreachable(why, if refused { Reason::SignIn } else { Reason::NoAnswer }))
        }
        Finish::Stale(stale) => {
            let made = arguments.plan.as_deref().and_then(files::written_ms).map(clock::utc);
            let why = stale_words(&stale, made);
            reporter.ran(Run { refused: Some(why.clone()), stale, ..Run::default() });
            Err(Fail::Stale(why))
        }
        Finish::Ran(Ran { results, skipped, held, lifted, interrupted }) => {
            let prints = passwords::fingerprints(&plan, loaded, &passwords).await;
            let run = Run { results, stale: skipped, held, lifted, interrupted, refused: None };
            let exit = conclude(console, reporter, loaded, store, lock, work, run, &prints).await?;
            // The ledger holds what the journal said.
            if let Some(journal) = &journal {
                journal.finish();
            }
            // Nobody asked to stop: steps were left out because they were no longer this run's to take.
            let lost = exit == Exit::Interrupted && lost.borrow().is_some();
            Ok(if lost { Exit::Partial } else { exit })
        }
    }
}

/// Begins the journal of a run.
async fn begin_journal(
    loaded: &Loaded,
    store: &Store,
    lock: &Lock,
    work: &mut Work,
    console: &Console,
) -> Result<Option<Journal>, Fail> {
    keep_settled(loaded, store, lock, work, console).await?;
    // Whatever becomes of this run, and on whichever machine the next one is, nothing of them is lost.
    let plan = Arc::clone(&work.plan);
    record(store, lock, &mut work.ledger, |ledger, older| {
        if !older {
            keep::keep(ledger, &plan);
        }
    })
    .await?;
    let serial = work.ledger.serial;
    match files::own_folder(&loaded.place).and_then(|_| loaded.journal().start(&plan, serial)) {
        Ok(journal) => Ok(Some(journal)),
        Err(error) => {
            // Live state decides without it too: it only makes the run after a crash more precise.
            console.note(&format!("no journal is kept: {error}"));
            Ok(None)
        }
    }
}

/// Saves what is known of a run that did not come to its end, before its journal is replaced.
async fn keep_settled(
    loaded: &Loaded,
    store: &Store,
    lock: &Lock,
    work: &mut Work,
    console: &Console,
) -> Result<(), Fail> {
    let unfinished = loaded.journal().left_behind().map_err(Fail::error)?;
    if unfinished.is_empty() {
        return Ok(());
    }
    console.note("The last run did not come to its end: its journal and what is live tell what it did.");
    let settled = work.ledger.clone();
    let mut stored = store.load().await?;
    if recover::is_older(&unfinished, stored.serial) {
        console.note("Other runs have written the ledger since: where it knows something, that counts.");
    }
    record(store, lock, &mut stored, |ledger, older| {
        if older {
            return;
        }
        ledger.resources.clone_from(&settled.resources);
        ledger.kept.clone_from(&settled.kept);
        awaited::keep(loaded, ledger, &unfinished);
    })
    .await?;
    work.ledger = stored;
    Ok(())
}

fn stale_words(stale: &[Stale], made: Option<String>) -> String {
    let made = made.map(|at| format!(" at {at}")).unwrap_or_default();
    let moved: Vec<String> = stale.iter().map(|s| format!("\n  {}: {}", s.id, s.message)).collect();
    format!(
        "the plan is stale, and nothing was written; since it was made{made}, this moved:{}\n\
         plan again, or leave out what moved with --skip-stale",
        moved.join("")
    )
}

/// Says that policy or the input forbids the plan.
fn refuse(console: &Console, reporter: &Reporter<'_>, plan: &Plan, exit: Exit) -> Exit {
    let why = match exit {
        Exit::Refused => "refused by policy, nothing was changed",
        Exit::Unreachable => "a listing could not be proved complete, nothing was changed",
        _ => "the manifests do not fit what is live, nothing was changed",
    };
    for finding in plan
        .findings
        .iter()
        .filter(|f| !matches!(f.effect(), Effect::None | Effect::Differs | Effect::Partial))
    {
        // What has a line in a manifest was shown with it already.
        if finding.effect() != Effect::Invalid {
            console.error(&finding.message);
        }
    }
    console.error(why);
    reporter.ran(Run { refused: Some(why.to_owned()), ..Run::default() });
    exit
}

/// Takes a saved plan, or makes one.
async fn prepare(
    arguments: &Arguments,
    loaded: &Loaded,
    store: &Store,
    console: &Console,
) -> Result<Work, Fail> {
    let Some(path) = &arguments.plan else {
        let mut made = make(loaded, store, &arguments.narrowing).await?;
        if awaited::wait(loaded, &made.ledger, &made.plan, console).await {
            made = make(loaded, store, &arguments.narrowing).await?;
        }
        let Made { plan, live, ledger, vendors } = made;
        return Ok(Work { plan: Arc::new(plan), ledger, vendors, live: Some(live) });
    };
    let plan = saved::read(path, loaded)?;
    let mut ledger = store.load().await?;
    let unfinished = loaded.journal().left_behind().map_err(Fail::error)?;
    settle(loaded, &mut ledger, &unfinished, None).await?;
    // What was made meanwhile makes the plan stale.
    awaited::wait(loaded, &ledger, &plan, console).await;
    Ok(Work { plan: Arc::new(plan), ledger, vendors: input::vendors(loaded).await?, live: None })
}

/// Asks; with nobody to answer, nothing is written.
async fn approved(console: &Console) -> Result<bool, Fail> {
    let asking = console.clone();
    let ask = move || asking.ask("\nApply this plan? Only `yes` will do: ");
    // On a thread of its own, so that Ctrl-C is heard meanwhile.
    match tokio::task::spawn_blocking(ask).await.map_err(|error| Fail::Error(error.into()))? {
        None => Err(Fail::error(
            "nobody is there to approve the plan (standard input is no terminal): nothing was changed; \
             pass --auto-approve once the plan has been reviewed",
        )),
        Some(answer) if answer == "yes" => Ok(true),
        Some(_) => {
            console.note("Not approved: nothing was changed.");
            Ok(false)
        }
    }
}

/// Nothing to carry out: what is live as declared is adopted.
async fn finish_empty(
    console: &Console,
    reporter: &Reporter<'_>,
    loaded: &Loaded,
    store: &Store,
    lock: &Lock,
    mut work: Work,
) -> Result<Exit, Fail> {
    still_held(lock)?;
    keep_settled(loaded, store, lock, &mut work, console).await?;
    let left = work.plan.has(Effect::Partial);
    let clean = (!left && work.plan.targets.is_empty()).then(clock::timestamp);
    let doings = |ledger: &mut Ledger, older: bool| {
        // What was live before another run is no news.
        if older {
            return;
        }
        if let Some(live) = &work.live {
            remember::adopt(ledger, &loaded.desired, live, &work.plan);
        }
        if clean.is_some() {
            ledger.last_clean_run.clone_from(&clean);
        }
    };
    record(store, lock, &mut work.ledger, doings).await?;
    loaded.journal().discard();
    reporter.ran(Run::default());
    Ok(if left { Exit::Partial } else { Exit::Success })
}

/// Makes sure that the lock is held, before a run writes for the first time.
fn still_held(lock: &Lock) -> Result<(), Fail> {
    let lease = lock.lease();
    if lease.holds() {
        return Ok(());
    }
    let why = lease.lost().borrow().clone().unwrap_or_default();
    Err(Fail::Locked(format!("the lock was lost, and nothing was changed: {why}")))
}

/// Writes a run's doings into the ledger. Where another run wrote it since, they go into what that one left; and
/// where that run has the lock by now, it is told that its own are older.
async fn record(
    store: &Store,
    lock: &Lock,
    ledger: &mut Ledger,
    doings: impl Fn(&mut Ledger, bool),
) -> Result<(), Fail> {
    let mut older = false;
    for _ in 0..5 {
        let before = ledger.clone();
        doings(ledger, older);
        // One that does not tell yet whose it is becomes this workspace's.
        let told = ledger.workspace.is_some() || ledger.serial == 0;
        if before == *ledger && told {
            return Ok(());
        }
        match store.save(ledger).await {
            Err(LedgerError::Moved(_)) => {
                *ledger = store.load().await?;
                older = !lock.is_ours().await?;
            }
            other => return Ok(other?),
        }
    }
    Err(Fail::error("the ledger was not written: other runs change it all the time; apply again"))
}

/// Writes down what a run did, in the ledger and for the report.
async fn conclude(
    console: &Console,
    reporter: &Reporter<'_>,
    loaded: &Loaded,
    store: &Store,
    lock: &Lock,
    mut work: Work,
    run: Run,
    prints: &BTreeMap<OperatorId, String>,
) -> Result<Exit, Fail> {
    let interrupted = run.interrupted;
    let done = run.results.iter().all(StepResult::is_proved) && run.stale.is_empty();
    let whole = done && !work.plan.has(Effect::Partial);
    let refused = run.results.iter().all(|r| r.is_proved() || r.held) && run.stale.is_empty();
    let refused = refused && !done;
    let clean = (whole && work.plan.targets.is_empty()).then(clock::timestamp);
    let now_ms = clock::now_ms();
    let doings = |ledger: &mut Ledger, older: bool| {
        awaited::note(loaded, ledger, &work.plan, &run.results, now_ms);
        if older {
            return remember::older(ledger, &work.plan, &run.results, prints, &loaded.desired);
        }
        if let Some(live) = &work.live {
            remember::adopt(ledger, &loaded.desired, live, &work.plan);
        }
        remember::changes(ledger, &work.plan, &run.results, prints);
        if clean.is_some() {
            ledger.last_clean_run.clone_from(&clean);
        }
    };
    let stored = record(store, lock, &mut work.ledger, doings).await;
    reporter.ran(run);
    if let Err(fail) = stored {
        // The steps were taken, whatever keeps them from being written down.
        fail.report(console);
        console.error("the ledger does not know of this run; apply again once it can be written");
        return Ok(Exit::Partial);
    }
    Ok(if interrupted {
        Exit::Interrupted
    } else if whole {
        Exit::Success
    } else if refused {
        Exit::Refused
    } else {
        Exit::Partial
    })
}
