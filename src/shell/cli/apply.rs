//! `rosterctl apply`: plans or takes a saved plan, asks, carries out, reads back, proves convergence.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::Format;
use super::console::Console;
use super::exit::{Exit, Fail};
use super::input::{self, Loaded};
use super::plan::{Made, Narrowing, complain, make};
use crate::apply::guard::Stale;
use crate::apply::{Conduct, Finish, Status, StepResult, remember};
use crate::model::agent::PASSWORD;
use crate::model::call::Failure;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::finding::Effect;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::{FORMAT, Plan};
use crate::plan::digest;
use crate::report::{result, text, view};
use crate::shell::execute::{self, Passwords};
use crate::shell::fetch::Vendors;
use crate::shell::{clock, files, ledger};

/// Largest saved plan that is read, in bytes.
const LARGEST_PLAN: u64 = 1024 * 1024 * 1024;

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
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

struct Work {
    plan: Arc<Plan>,
    ledger: Ledger,
    vendors: Vendors,
    live: Option<Live>,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Fail> {
    if arguments.plan.is_some() && !arguments.narrowing.is_empty() {
        return Err(Fail::error(
            "--plan carries out the saved plan as it is; --target, --allow and --assert-unread belong to `plan`",
        ));
    }
    let loaded = input::load(&arguments.workspace)?;
    let _lock = lock(&loaded)?;
    let work = prepare(arguments, &loaded).await?;
    let plan = Arc::clone(&work.plan);
    if arguments.format == Format::Text {
        console.out(&text::plan(&view::of(&plan), console.look()));
    }
    if let Some(exit) = Exit::refusal(&plan) {
        complain(&plan, &loaded, console);
        return refuse(arguments, console, &plan, exit);
    }
    if plan.steps.is_empty() {
        return finish_empty(arguments, console, &loaded, work);
    }
    let asked = !arguments.auto_approve;
    if asked && !approved(console)? {
        return Ok(Exit::Error);
    }
    let passwords = passwords(&plan, &loaded)?;
    let (sender, stop) = watch::channel(false);
    let keep = sender.clone();
    let listener = tokio::spawn(listen(sender));
    let progress = |at: usize, wrong: Option<&Failure>| {
        if let Some(step) = plan.steps.get(at) {
            let how = match wrong {
                None => "done".to_owned(),
                // Not failed: reading back tells whether it was carried out.
                Some(Failure::Unknown(why) | Failure::Garbled(why)) => {
                    format!("no answer ({why}), looking again")
                }
                Some(failure) => format!("FAILED ({})", failure.message()),
            };
            console.note(&format!("  {} {how}", result::step(step)));
        }
    };
    let conduct = Conduct {
        skip_stale: arguments.skip_stale,
        saved: asked || arguments.plan.is_some(),
        repetitions: 5,
    };
    let finish = execute::run(&plan, &work.vendors, &passwords, conduct, stop, &progress).await;
    listener.abort();
    drop(keep);
    match finish {
        Finish::Blind(why) => Err(Fail::Unreachable(format!(
            "nothing was written: what the plan would change could not be read again: {why}"
        ))),
        Finish::Stale(stale) => Err(Fail::Stale(stale_words(&stale))),
        Finish::Ran { results, skipped, interrupted } => {
            conclude(arguments, console, &loaded, work, &results, &skipped, interrupted)
        }
    }
}

fn stale_words(stale: &[Stale]) -> String {
    let moved: Vec<String> = stale.iter().map(|s| format!("\n  {}: {}", s.id, s.message)).collect();
    format!(
        "the plan is stale, and nothing was written; since it was made, this moved:{}\n\
         plan again, or leave out what moved with --skip-stale",
        moved.join("")
    )
}

/// Says that policy or the input forbids the plan.
fn refuse(arguments: &Arguments, console: &Console, plan: &Plan, exit: Exit) -> Result<Exit, Fail> {
    let why = match exit {
        Exit::Refused => "refused by policy, nothing was changed",
        Exit::Unreachable => "a listing could not be proved complete, nothing was changed",
        _ => "the manifests do not fit what is live, nothing was changed",
    };
    for finding in
        plan.findings.iter().filter(|f| f.effect() != Effect::None && f.effect() != Effect::Differs)
    {
        // What has a line in a manifest was shown with it already.
        if finding.effect() != Effect::Invalid {
            console.error(&finding.message);
        }
    }
    console.error(why);
    if arguments.format == Format::Json {
        let mut report = result::of(plan, &[], &[], false);
        report.refused = Some(why.to_owned());
        print_report(console, &report)?;
    }
    Ok(exit)
}

fn print_report(console: &Console, report: &result::Report<'_>) -> Result<(), Fail> {
    let text = serde_json::to_string_pretty(report).map_err(|error| Fail::Error(error.into()))?;
    console.out(&format!("{text}\n"));
    Ok(())
}

/// Takes a saved plan, or makes one.
async fn prepare(arguments: &Arguments, loaded: &Loaded) -> Result<Work, Fail> {
    let Some(path) = &arguments.plan else {
        let Made { plan, live, ledger, vendors } = make(loaded, &arguments.narrowing).await?;
        return Ok(Work { plan: Arc::new(plan), ledger, vendors, live: Some(live) });
    };
    let plan = saved(path, loaded)?;
    let path = ledger::path(&loaded.workspace, &loaded.place.folder).map_err(Fail::error)?;
    let ledger = ledger::load(&path).map_err(Fail::error)?;
    Ok(Work { plan: Arc::new(plan), ledger, vendors: input::vendors(loaded)?, live: None })
}

/// Reads a saved plan, and refuses it when it is not what `plan` saved for these manifests.
fn saved(path: &Path, loaded: &Loaded) -> Result<Plan, Fail> {
    let unreadable =
        |error: std::io::Error| Fail::error(format!("the plan {} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(LARGEST_PLAN).read_to_end(&mut bytes).map_err(unreadable)?;
    let no_plan = |why: String| Fail::error(format!("{} is no saved plan: {why}", path.display()));
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| no_plan(error.to_string()))?;
    if json.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
        return Err(no_plan(format!("its `format` is not {FORMAT}")));
    }
    let stale = |why: &str| Fail::Stale(format!("the plan {} is stale: {why}; plan again", path.display()));
    let program = env!("CARGO_PKG_VERSION");
    match json.get("program").and_then(serde_json::Value::as_str) {
        Some(made) if made == program => {}
        made => {
            let made = made.unwrap_or("another version");
            return Err(stale(&format!("it was made by rosterctl {made}, and this is {program}")));
        }
    }
    let digest = json.pointer("/digests/plan").and_then(serde_json::Value::as_str);
    if digest != Some(&*digest::of_json(&json)) {
        return Err(stale("its content was changed after it was saved"));
    }
    let plan: Plan = serde_json::from_value(json).map_err(|error| no_plan(error.to_string()))?;
    if *plan.workspace != *loaded.workspace.name {
        return Err(stale(&format!("it was made for workspace `{}`", plan.workspace)));
    }
    if plan.digests.manifests != loaded.digest {
        return Err(stale("the workspace file or the manifests changed since it was made"));
    }
    Ok(plan)
}

/// Asks; with nobody to answer, nothing is written.
fn approved(console: &Console) -> Result<bool, Fail> {
    match console.ask("\nApply this plan? Only `yes` will do: ") {
        None => Err(Fail::error(
            "nobody is there to approve the plan (standard input is no terminal): nothing was changed; \
             pass --auto-approve once the plan has been reviewed",
        )),
        Some(answer) if answer == "yes" || answer == "y" => Ok(true),
        Some(_) => {
            console.note("Not approved: nothing was changed.");
            Ok(false)
        }
    }
}

/// Reads every password that a step sends, before the first write; each key once.
fn passwords(plan: &Plan, loaded: &Loaded) -> Result<Passwords, Fail> {
    let mut passwords: Passwords = BTreeMap::new();
    let mut wrong = Diagnostics::default();
    for step in plan.steps.iter().filter(|step| step.fields.iter().any(|f| f == PASSWORD.key)) {
        for field in step.targets.iter().filter_map(|id| plan.change(id)?.field(PASSWORD.key)) {
            let Some(secret) = &field.secret else { continue };
            if passwords.contains_key(secret) {
                continue;
            }
            let complain = |message: String| match &field.source {
                Some(source) => Diagnostic::at(source, message),
                None => Diagnostic::general(message),
            };
            match loaded.secrets.get(secret) {
                Ok(value) if (6..=32).contains(&value.chars()) => {
                    passwords.insert(secret.clone(), value);
                }
                Ok(_) => wrong.push(
                    complain(format!(
                        "the password {secret} is not of 6 to 32 characters, as the vendor asks"
                    ))
                    .help("store another one"),
                ),
                Err(error) => wrong.push(complain(error.to_string())),
            }
        }
    }
    if wrong.is_empty() {
        return Ok(passwords);
    }
    let reloaded = input::load(&loaded.place.file);
    let files = reloaded.map_or_else(|_| input::Input::default(), |again| again.input);
    Err(Fail::Input(wrong.into_sorted(), files))
}

/// Turns the first Ctrl-C or SIGTERM into a request to stop; the second ends the program at once.
async fn listen(stop: watch::Sender<bool>) {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    loop {
        let term = async {
            match &mut terminate {
                Some(signal) => {
                    signal.recv().await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = term => {}
        }
        if *stop.borrow() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
        let _ = stop.send(true);
    }
}

/// Nothing to carry out: what is live as declared is adopted.
fn finish_empty(
    arguments: &Arguments,
    console: &Console,
    loaded: &Loaded,
    mut work: Work,
) -> Result<Exit, Fail> {
    if let Some(live) = &work.live {
        let before = work.ledger.clone();
        remember::adopt(&mut work.ledger, &loaded.desired, live, &work.plan);
        if before != work.ledger {
            store(loaded, &mut work.ledger)?;
        }
    }
    if arguments.format == Format::Json {
        print_report(console, &result::of(&work.plan, &[], &[], false))?;
    }
    Ok(Exit::Success)
}

fn store(loaded: &Loaded, ledger: &mut Ledger) -> Result<(), Fail> {
    let path = ledger::path(&loaded.workspace, &loaded.place.folder).map_err(Fail::error)?;
    ledger::save(&path, ledger).map_err(Fail::error)
}

fn conclude(
    arguments: &Arguments,
    console: &Console,
    loaded: &Loaded,
    mut work: Work,
    results: &[StepResult],
    skipped: &[Stale],
    interrupted: bool,
) -> Result<Exit, Fail> {
    if let Some(live) = &work.live {
        remember::adopt(&mut work.ledger, &loaded.desired, live, &work.plan);
    }
    remember::changes(&mut work.ledger, &work.plan, results);
    let whole = results.iter().all(|r| r.status == Status::Done) && skipped.is_empty();
    if whole && work.plan.targets.is_empty() {
        work.ledger.last_clean_run = Some(clock::timestamp());
    }
    let stored = store(loaded, &mut work.ledger);
    match arguments.format {
        Format::Text => {
            console.out(&format!(
                "\n{}",
                result::text(&work.plan, results, skipped, interrupted, console.look())
            ));
        }
        Format::Json => print_report(console, &result::of(&work.plan, results, skipped, interrupted))?,
    }
    stored?;
    Ok(if interrupted {
        Exit::Interrupted
    } else if whole {
        Exit::Success
    } else {
        Exit::Partial
    })
}

/// Keeps a second apply of this workspace on this machine out; freed when the process ends.
fn lock(loaded: &Loaded) -> Result<fs::File, Fail> {
    let folder = files::own_folder(&loaded.place)
        .map_err(|error| Fail::error(format!("the folder .rosterctl cannot be made: {error}")))?;
    let path = folder.join("apply.lock");
    let open = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file =
        open.map_err(|error| Fail::error(format!("{} cannot be opened: {error}", path.display())))?;
    if file.try_lock().is_err() {
        let holder = fs::read_to_string(&path).unwrap_or_default();
        let holder =
            if holder.trim().is_empty() { "another process".to_owned() } else { holder.trim().to_owned() };
        return Err(Fail::Locked(format!(
            "another apply of this workspace is running ({holder}); wait until it has ended"
        )));
    }
    let _ = file.set_len(0);
    let _ = write!(file, "process {} since {}", std::process::id(), clock::timestamp());
    Ok(file)
}
