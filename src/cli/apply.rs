//! `rosterctl apply`: plans or reads a saved plan, asks, carries it out, proves convergence.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::approval::approved;
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::lock;
use super::plan_args::PlanArgs;
use super::report_output::{Output, PendingJson, Reporter};
use super::session::load::Loaded;
use super::session::planning::{self, Planned};
use super::session::{
    clocks, connections, fingerprints, git_exposure, load, other_ledger, passwords, pending_creates,
    run_record, saved_plan, scene,
};
use super::signals::{self, unless_interrupted};
use super::step_log::Lines;
use crate::apply::observation;
use crate::apply::precondition;
use crate::apply::readback::ReadBack;
use crate::apply::write_op::WriteOp;
use crate::apply::{
    ApplyOptions, ApplyOutcome, Finish, StepResult, history, journal_recovery, ledger_update,
    replacement_backup, replan,
};
use crate::messages::Message as _;
use crate::model::call::{Failure, Reason};
use crate::model::date::Zone;
use crate::model::history::{RunId, RunRecord};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::language::{Language, localized, say};
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::message::Word;
use crate::model::note::{Note, Refused, Stale};
use crate::model::plan::{Operation, Plan, Verb};
use crate::model::rule::Effect;
use crate::model::scene::Scene;
use crate::report::{BoundPlan, Command, Run};
use crate::runtime::clock;
use crate::runtime::clock::SystemClock;
use crate::runtime::executor;
use crate::runtime::executor::Executor;
use crate::runtime::gate::Gate;
use crate::runtime::gate::WriteLease as _;
use crate::runtime::ports::{CreationGuard, StepJournal};
use crate::runtime::progress;
use crate::runtime::vendor::Vendors;
use crate::storage::files;
use crate::storage::journal::Journal;
use crate::storage::ledger::{LedgerError, Lock, Store};

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
    /// Carry out only what dates brought about since the last complete run; manifest edits and console changes stay.
    #[arg(long, conflicts_with = "plan")]
    due: bool,
    /// Leave out what moved since the plan was made, do the rest, and exit with 5.
    #[arg(long)]
    skip_stale: bool,
    #[command(flatten)]
    narrowing: PlanArgs,
    #[command(flatten)]
    output: Output,
}

struct Work {
    plan: Arc<Plan>,
    ledger: Ledger,
    vendors: Vendors,
    live: Live,
    /// Time at which the read of live state began.
    read: Instant,
    /// The new plan beside a saved one.
    again: Option<Again>,
    /// True for a run of what is due.
    due_only: bool,
    /// Name of the run in the history, once its writes begin.
    name: Option<RunId>,
}

/// New plan, made beside a saved one.
struct Again {
    /// The plan of the same manifests and current live state.
    plan: Arc<Plan>,
    /// Resources that moved since the plan was saved.
    moved: Vec<Stale>,
}

impl Work {
    /// Returns the plan that policy judges.
    fn judged(&self) -> &Arc<Plan> {
        self.again.as_ref().map_or(&self.plan, |again| &again.plan)
    }

    /// Returns the exit code of a plan that may not be applied.
    ///
    /// A finding of invalid manifests counts only if the saved plan has it. A change that is newly withheld makes the
    /// saved plan stale instead.
    fn refusal(&self) -> Option<Exit> {
        let exit = Exit::refusal(self.judged())?;
        (exit != Exit::Error || self.plan.has(Effect::Invalid)).then_some(exit)
    }

    /// Returns the resources that moved since the plan was saved.
    fn moved(&self) -> &[Stale] {
        self.again.as_ref().map_or(&[], |again| &again.moved)
    }

    /// Returns the resources that need a change but are not in the saved plan.
    fn due(&self) -> Vec<ResourceId> {
        let due = self.again.as_ref().map(|again| replan::beyond(&self.plan, &again.plan));
        Vec::from_iter(due.unwrap_or_default())
    }

    /// Returns true if no other change is due beside the plan.
    fn is_whole(&self) -> bool {
        self.plan.targets.is_empty() && self.due().is_empty()
    }
}

/// Most runs in a row that carried out a part and that the ledger remembers: a month of hourly ones.
const MOST_TRIED: usize = 744;

/// Longest time for which a read counts as the check before the first write.
const FRESH: Duration = Duration::from_secs(10);

/// Ledger of a run, and the lock that excludes other runs.
#[derive(Clone, Copy)]
struct Book<'a> {
    store: &'a Store,
    lock: &'a Lock,
    console: &'a Console,
    language: Language,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due([self.workspace.as_path()], false, Command::Apply)
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let place = &*arguments.workspace;
    let reporter = arguments.output.begin(Command::Apply, false, &[place], console)?;
    if arguments.plan.is_some() && !arguments.narrowing.is_empty() {
        return Err(CliError::Error(localized!(
            "--plan carries out the saved plan as it is; --target, --allow and --assert-unread belong to `plan`",
            "--plan 原样执行存下的计划；--target、--allow 和 --assert-unread 用在 `plan` 上",
            "--plan 原樣執行存下的計畫；--target、--allow 和 --assert-unread 用在 `plan` 上"
        )));
    }
    if let Some(plan) = &arguments.plan {
        reporter.apart("--plan", plan)?;
    }
    match Box::pin(alone(arguments, console, &reporter)).await {
        Ok(exit) => reporter.end(place, exit),
        Err(fail) => reporter.fail(place, &fail),
    }
    Ok(reporter.finish())
}

/// Takes the lock, and does the rest while it is held.
async fn alone(arguments: &Arguments, console: &Console, reporter: &Reporter<'_>) -> Result<Exit, CliError> {
    let loaded = load::load(&arguments.workspace)?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let language = console.language(loaded.workspace.language);
    let lock = lock::take(&store, console, language).await?;
    // However the work ends, the lock is freed.
    let work = Box::pin(locked(arguments, console, reporter, &loaded, &store, &lock));
    let result = unless_interrupted(work).await;
    lock::free(lock, console, language).await;
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
) -> Result<Exit, CliError> {
    let language = console.language(loaded.workspace.language);
    for why in [loaded.journal().foreign_journal(), loaded.journal().corruption()].into_iter().flatten() {
        console.note(&why.say(language));
    }
    git_exposure::warn(loaded, console);
    let book = Book { store, lock, console, language };
    if arguments.due {
        has_last_run(&store.load().await?, loaded)?;
    }
    let mut work = prepare(arguments, loaded, store, console).await?;
    clocks::check(loaded, &work.vendors)?;
    other_ledger::warn(loaded, store, &work.ledger, console);
    let plan = Arc::clone(&work.plan);
    let judged = Arc::clone(work.judged());
    let stale = !work.moved().is_empty() && !arguments.skip_stale && !judged.has(Effect::Incomplete);
    let refusal = work.refusal().filter(|_| !stale);
    let shown = if refusal.is_some() { &judged } else { &plan };
    let due = if refusal.is_some() { Vec::new() } else { work.due() };
    let bound = BoundPlan::new(Arc::clone(shown), loaded.workspace.supports());
    let seconds = Some(planning::seconds(loaded, shown, &work.vendors));
    let scene = Scene { seconds, ..scene::now(loaded, shown, &work.live, console) };
    reporter.show(&bound, scene, !due.is_empty());
    if stale {
        return Err(is_stale(arguments, reporter, work.moved().to_vec()));
    }
    if let Some(exit) = refusal {
        planning::report_invalid(&judged, loaded, console);
        return Ok(refuse(console, language, reporter, &judged, exit));
    }
    if plan.steps.is_empty() {
        return finish_empty(console, reporter, loaded, book, work).await;
    }
    let asked = !arguments.auto_approve;
    if asked && !approved(console, language).await? {
        return Ok(Exit::Error);
    }
    let passwords = passwords::read(&plan, loaded).await?;
    still_held(lock)?;
    let journal = begin_journal(loaded, book, reporter, &mut work, console).await?;
    let guard = loaded.workspace.policy.presence.clone();
    let observers = connections::guards(loaded, &plan, &guard).await;
    signals::from_now_on_finish();
    let gate = Gate::new(lock.lease());
    let watch = tokio::spawn(signals::obey(lock.lease().lost(), gate.stop(), console.clone(), language));
    let listener = tokio::spawn(signals::listen(gate.stop(), console.clone(), language));
    let task = progress::begin("applying".to_owned(), "steps");
    task.out_of(plan.steps.len());
    let lines = Lines::new(&plan, console, language, &task);
    let progress = |at: usize, op: &WriteOp, wrong: Option<&Failure>| lines.answered(at, op, wrong);
    let options = ApplyOptions {
        skip_stale: arguments.skip_stale,
        saved: asked || arguments.plan.is_some(),
        orphan: pending_creates::orphan(loaded),
        queues: work.vendors.get(Kind::Queue).is_some(),
        guard: Some(guard).filter(|_| !observers.is_empty()),
        seen: (arguments.plan.is_some() && !asked && work.read.elapsed() < FRESH).then(|| {
            ReadBack::from_live(&work.live, &precondition::wanted(&plan, &loaded.workspace.supports(), true))
        }),
        moved: work.moved().to_vec(),
        ..ApplyOptions::default()
    };
    let creates = plan.steps.iter().any(|step| step.operation == Operation::queue(Verb::Create));
    let creation = if creates { connections::creation_lock(loaded) } else { None };
    // Another run may have created queues since the plan was read.
    let creation = creation.map(|lock| if options.seen.is_some() { lock.unobserved() } else { lock });
    let world = Executor {
        vendors: &work.vendors,
        secrets: &loaded.secrets,
        passwords: &passwords,
        observers: &observers,
        journal: journal.as_ref().map(|journal| journal as &dyn StepJournal),
        creation: creation.as_ref().map(|lock| lock as &dyn CreationGuard),
        clock: &SystemClock,
        fresh: observation::FRESH,
    };
    let news = |said: &Note| console.note(&format!("  {}", said.say(language)));
    let finish = executor::run(&plan, world, options, &gate, &progress, &news).await;
    if let Finish::Ran(ran) = &finish {
        lines.end(&ran.results);
    }
    drop(task);
    listener.abort();
    watch.abort();
    if let (Finish::Unreadable(_) | Finish::Stale(_), Some(journal)) = (&finish, &journal) {
        journal.finish();
    }
    match finish {
        Finish::Unreadable(why) => {
            let why = Refused::Unreadable { why };
            reporter.ran(Run { refused: Some(why.clone()), ..Run::default() });
            let refused = work.vendors.iter().any(|(_, vendor)| vendor.is_shut());
            Err(CliError::Unreachable(
                why.localized(),
                if refused { Reason::SignIn } else { Reason::NoAnswer },
            ))
        }
        Finish::Stale(stale) => Err(is_stale(arguments, reporter, stale)),
        Finish::Ran(ApplyOutcome { results, skipped, deferred, allowed, interrupted }) => {
            let prints = passwords::fingerprints(&plan, loaded, &passwords).await;
            // The operator did not stop a run that lost the lock.
            let lock_lost = lock.lease().lost().borrow().clone().filter(|_| interrupted);
            let run = Run {
                results,
                stale: skipped,
                held: deferred,
                lifted: allowed,
                interrupted: interrupted && lock_lost.is_none(),
                lock_lost,
                due,
                refused: None,
            };
            let (exit, recorded) = conclude(console, reporter, loaded, book, work, run, &prints).await;
            // The ledger holds the journal's results; if not, the next run records them.
            if let Some(journal) = journal.as_ref().filter(|_| recorded) {
                journal.finish();
            }
            Ok(exit)
        }
    }
}

/// Checks that the ledger knows of a last complete run, from which on dates are due.
fn has_last_run(ledger: &Ledger, loaded: &Loaded) -> Result<(), CliError> {
    let why = match ledger.last_instant().map(str::parse::<Timestamp>) {
        None => localized!("the ledger knows of none", "账本里没有", "帳本裡沒有"),
        Some(Err(_)) => {
            localized!("the ledger holds none that can be read", "账本里的读不懂", "帳本裡的無法解讀")
        }
        Some(Ok(last)) if last > loaded.instant => localized!(
            "the ledger has it at {last}, which has not come: a clock was ahead, then or is behind, now",
            "账本记的是 {last}，还没到那个时刻：当时的时钟快了，或现在的慢了",
            "帳本記的是 {last}，還沒到那個時刻：當時的時鐘快了，或現在的慢了"
        ),
        Some(Ok(_)) => return Ok(()),
    };
    Err(CliError::Error(localized!(
        why;
        "--due carries out what dates brought about since the last complete run, and {why}: nothing was changed; \
         `rosterctl apply` makes a complete run",
        "--due 执行上次完整执行之后日期带来的变动，而{why}：什么都没有改动；请用 `rosterctl apply` 完整执行一次",
        "--due 執行上次完整執行之後日期帶來的變動，而{why}：什麼都沒有更動；請用 `rosterctl apply` 完整執行一次"
    )))
}

/// Begins the journal of a run, and gives the run its name.
async fn begin_journal(
    loaded: &Loaded,
    book: Book<'_>,
    reporter: &Reporter<'_>,
    work: &mut Work,
    console: &Console,
) -> Result<Option<Journal>, CliError> {
    keep_settled(loaded, book, reporter, work, console).await?;
    // The ledger backs up the replacements first, so that a later run on any machine has them.
    let plan = Arc::clone(&work.plan);
    record(
        book,
        &mut work.ledger,
        |ledger, older| {
            if !older {
                replacement_backup::back_up(ledger, &plan);
            }
        },
        &mut None,
    )
    .await?;
    let serial = work.ledger.serial;
    let run = RunId::new(clock::now_ms(), work.ledger.history.as_ref().map(|newest| newest.run));
    work.name = Some(run);
    match files::own_folder(&loaded.place).and_then(|_| loaded.journal().start(&plan, serial, Some(run))) {
        Ok(journal) => Ok(Some(journal)),
        Err(error) => {
            // Live state decides without a journal too. A journal only makes the run after a crash more precise.
            console.note(&say!(
                console.language(loaded.workspace.language),
                "no journal is kept: {error}",
                "没有写执行日志（{error}）",
                "沒有寫執行日誌（{error}）"
            ));
            Ok(None)
        }
    }
}

/// Saves the results of an unfinished run before its journal is replaced.
async fn keep_settled(
    loaded: &Loaded,
    book: Book<'_>,
    reporter: &Reporter<'_>,
    work: &mut Work,
    console: &Console,
) -> Result<(), CliError> {
    let unfinished = loaded.journal().unfinished()?;
    if unfinished.is_empty() {
        return Ok(());
    }
    let language = console.language(loaded.workspace.language);
    console.note(language.choose(
        "The last run did not come to its end: its journal and what is live tell what it did.",
        "上次执行没有做完：它做过什么，看它的执行日志和线上的数据。",
        "上次執行沒有做完：它做過什麼，看它的執行日誌和線上的資料。",
    ));
    let settled = work.ledger.clone();
    let mut stored = book.store.load().await?;
    if journal_recovery::is_older(&unfinished, stored.serial) {
        console.note(language.choose(
            "Other runs have written the ledger since: where it knows something, that counts.",
            "之后有别的执行写过账本：账本里有的，以账本为准。",
            "之後有別的執行寫過帳本：帳本裡有的，以帳本為準。",
        ));
    }
    let (written, mut recovered) =
        match run_record::recovered(loaded, book.store, reporter, &work.live, &stored, &unfinished).await? {
            run_record::Recovered::Nothing => (None, None),
            run_record::Recovered::Written { before, newest } => (Some((before, newest)), None),
            run_record::Recovered::New(record) => (None, Some(*record)),
        };
    let doings = |ledger: &mut Ledger, older: bool| {
        if let Some((before, newest)) = &written
            && ledger.history == *before
        {
            ledger.history = Some(newest.clone());
        }
        if older {
            return;
        }
        ledger.resources.clone_from(&settled.resources);
        ledger.kept.clone_from(&settled.kept);
        pending_creates::keep(loaded, ledger, &unfinished);
    };
    record(book, &mut stored, doings, &mut recovered).await?;
    work.ledger = stored;
    Ok(())
}

/// Reports a stale plan, and returns the error.
fn is_stale(arguments: &Arguments, reporter: &Reporter<'_>, stale: Vec<Stale>) -> CliError {
    let made = arguments.plan.as_deref().and_then(files::written_ms).map(clock::utc);
    let why = Refused::Stale { made: made.map(Word::from), moved: stale.clone() };
    let words = why.localized();
    reporter.ran(Run { refused: Some(why), stale, ..Run::default() });
    CliError::Stale(words)
}

/// Reports a plan that policy or the input forbids.
fn refuse(console: &Console, language: Language, reporter: &Reporter<'_>, plan: &Plan, exit: Exit) -> Exit {
    let why = match exit {
        Exit::Refused => Refused::Policy,
        Exit::Unreachable => Refused::Incomplete,
        _ => Refused::Invalid,
    };
    for finding in plan
        .findings
        .iter()
        .filter(|f| !matches!(f.effect(), Effect::None | Effect::Differs | Effect::Partial))
    {
        // Findings with a line in a manifest were shown before.
        if finding.effect() != Effect::Invalid {
            console.error(&finding.say(language), language);
        }
    }
    console.error(&why.say(language), language);
    reporter.ran(Run { refused: Some(why), ..Run::default() });
    exit
}

/// Reads a saved plan, or makes a plan.
async fn prepare(
    arguments: &Arguments,
    loaded: &Loaded,
    store: &Store,
    console: &Console,
) -> Result<Work, CliError> {
    let mut read = Instant::now();
    let saved = match &arguments.plan {
        Some(path) => Some(saved_plan::read(path, loaded, fingerprints::key(loaded).await?.as_deref())?),
        None => None,
    };
    let narrowing = PlanArgs { due: arguments.due, ..arguments.narrowing.clone() };
    let plan = async || match &saved {
        Some(saved) => planning::again(loaded, store, saved).await,
        None => planning::make(loaded, store, &narrowing).await,
    };
    let mut made = plan().await?;
    if pending_creates::wait(loaded, &made.ledger, &made.plan, console).await {
        // A queue that was created meanwhile makes a saved plan stale.
        read = Instant::now();
        made = plan().await?;
    }
    let Planned { plan, live, ledger, vendors } = made;
    let plan = Arc::new(plan);
    let Some(saved) = saved else {
        let due_only = arguments.due;
        return Ok(Work { plan, ledger, vendors, live, read, again: None, due_only, name: None });
    };
    // The new plan reports an incomplete listing.
    let moved = if plan.has(Effect::Incomplete) {
        Vec::new()
    } else {
        replan::moved(&saved, &plan, &loaded.workspace.supports(), &live)
            .map_err(|why| CliError::Unreachable(why.localized(), Reason::Incomplete))?
    };
    Ok(Work {
        plan: Arc::new(saved),
        ledger,
        vendors,
        live,
        read,
        again: Some(Again { plan, moved }),
        due_only: false,
        name: None,
    })
}

/// Ends a run without steps: adopts the resources that are live as declared.
async fn finish_empty(
    console: &Console,
    reporter: &Reporter<'_>,
    loaded: &Loaded,
    book: Book<'_>,
    mut work: Work,
) -> Result<Exit, CliError> {
    still_held(book.lock)?;
    keep_settled(loaded, book, reporter, &mut work, console).await?;
    let left = work.plan.has(Effect::Partial);
    let clean = (!left && work.is_whole()).then(clock::timestamp);
    let supports = loaded.workspace.supports();
    let (live, plan, due_only) = (&work.live, Arc::clone(work.judged()), work.due_only);
    let doings = |ledger: &mut Ledger, older: bool| {
        // This live state is older than the other run.
        if older {
            return;
        }
        if !due_only {
            ledger_update::adopt(ledger, &supports, &loaded.desired, live, &plan);
        }
        if let Some(clean) = &clean {
            note_run(ledger, loaded, live, due_only, clean);
        }
    };
    record(book, &mut work.ledger, doings, &mut None).await?;
    loaded.journal().discard();
    reporter.ran(Run { due: work.due(), ..Run::default() });
    Ok(if left { Exit::Partial } else { Exit::Success })
}

/// Notes a complete run, which ended at `clean`. A run of what was due is complete for the dates alone.
fn note_run(ledger: &mut Ledger, loaded: &Loaded, live: &Live, due_only: bool, clean: &str) {
    if !due_only {
        ledger_update::note_clean_run(ledger, &loaded.workspace.supports(), &loaded.desired, live);
        ledger.last_clean_run = Some(clean.to_owned());
    }
    let zone = loaded.workspace.time_zone.clone().unwrap_or_else(Zone::utc);
    ledger.tried.clear();
    let dated = due_only || loaded.dates.is_some();
    ledger.last_instant = dated.then(|| zone.rfc3339(loaded.instant));
}

/// Checks that the lock is held, before the first write of a run.
fn still_held(lock: &Lock) -> Result<(), CliError> {
    let lease = lock.lease();
    if lease.holds() {
        return Ok(());
    }
    let why = lease.lost().borrow().clone().unwrap_or_default();
    Err(CliError::Locked(localized!(
        why;
        "the lock was lost, and nothing was changed: {why}",
        "锁丢了，什么都没有改动：{why}",
        "鎖丟了，什麼都沒有更動：{why}"
    )))
}

/// Records a run's results in the ledger.
///
/// If another run has written the ledger since, records the results in that version. If another run has the lock by
/// now, `doings` gets true for `older`.
///
/// The record of the run is written before the ledger, which names it. After a crash between the two, the next run
/// finds the record. A record that cannot be written is reported, and `history` is empty then.
async fn record(
    book: Book<'_>,
    ledger: &mut Ledger,
    doings: impl Fn(&mut Ledger, bool),
    history: &mut Option<RunRecord>,
) -> Result<(), CliError> {
    let mut older = false;
    for _ in 0..5 {
        let before = ledger.clone();
        doings(ledger, older);
        if let Some(record) = history {
            match book.store.append(record, before.history.clone()).await {
                Ok(newest) => ledger.history = newest,
                Err(error) => {
                    let (run, language, error) = (record.run, book.language, error.words());
                    let text = localized!(
                        error;
                        "the history has no record of run {run}: {error}",
                        "历史里没有执行 {run} 的记录：{error}",
                        "歷史裡沒有執行 {run} 的紀錄：{error}"
                    );
                    book.console.error(text.text(language), language);
                    *history = None;
                }
            }
        }
        // A ledger without a workspace's name must be written, so that it records this one.
        let told = ledger.workspace.is_some() || ledger.serial == 0;
        if before == *ledger && told {
            return Ok(());
        }
        book.store.note_tenants(ledger);
        match book.store.save(ledger).await {
            Err(LedgerError::Moved(_)) => {
                *ledger = book.store.load().await?;
                older = !book.lock.is_ours().await?;
            }
            other => return Ok(other?),
        }
    }
    Err(CliError::Error(localized!(
        "the ledger was not written: other runs change it all the time; apply again",
        "账本没有写成：别的运行一直在改它；请再执行一次",
        "帳本沒有寫成：別的執行一直在改它；請再執行一次"
    )))
}

/// Records a run's results in the ledger and the report. Returns true if the ledger was written.
async fn conclude(
    console: &Console,
    reporter: &Reporter<'_>,
    loaded: &Loaded,
    book: Book<'_>,
    mut work: Work,
    run: Run,
    prints: &BTreeMap<OperatorId, String>,
) -> (Exit, bool) {
    let language = book.language;
    let done = run.results.iter().all(StepResult::is_proved) && run.stale.is_empty();
    let whole = done && !work.plan.has(Effect::Partial);
    let exit = Exit::for_run(&run, whole);
    let clean = (whole && work.is_whole()).then(clock::timestamp);
    let now_ms = clock::now_ms();
    let supports = loaded.workspace.supports();
    let (live, judged) = (&work.live, Arc::clone(work.judged()));
    let doings = |ledger: &mut Ledger, older: bool| {
        pending_creates::note(loaded, ledger, &work.plan, &run.results, now_ms);
        if older {
            return ledger_update::merge_older(
                ledger,
                &work.plan,
                supports.agents,
                &run.results,
                prints,
                &loaded.desired,
            );
        }
        if !work.due_only {
            ledger_update::adopt(ledger, &supports, &loaded.desired, live, &judged);
        }
        ledger_update::changes(ledger, &work.plan, supports.agents, &run.results, prints);
        if let Some(clean) = &clean {
            note_run(ledger, loaded, live, work.due_only, clean);
        } else if let Some(dates) = loaded.dates.as_deref().filter(|_| ledger.tried.len() < MOST_TRIED) {
            ledger.tried.push(dates.zone.rfc3339(dates.at));
        }
    };
    let plan = BoundPlan::new(Arc::clone(&work.plan), supports);
    let make = |name| run_record::make(loaded, reporter, name, &plan, &run, &work.ledger, Some(exit));
    let wrote = history::wrote(&run.results);
    let mut history = work.name.filter(|_| wrote).map(make);
    let stored = record(book, &mut work.ledger, doings, &mut history).await;
    reporter.ran(run);
    if let Err(fail) = stored {
        // The steps were carried out, even if the ledger cannot record them.
        console.fail(&fail);
        let text = language.choose(
            "the ledger does not know of this run; apply again once it can be written",
            "账本没有记下这次执行；等账本能写了，再执行一次 `apply`",
            "帳本沒有記下這次執行；等帳本能寫了，再執行一次 `apply`",
        );
        console.error(text, language);
        return (Exit::Partial, false);
    }
    match history {
        Some(RunRecord { run, .. }) => {
            console.note(&say!(
                language,
                "Recorded as run {run}.",
                "已记为执行 {run}。",
                "已記為執行 {run}。"
            ));
        }
        None if wrote => return (exit.graver(Exit::Partial), true),
        None => {}
    }
    (exit, true)
}
