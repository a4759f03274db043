//! `rosterctl plan`: the difference and the ordered steps; changes nothing anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::console::Console;
use super::exit::{CliError, Exit};
use super::report_output::{Output, PendingJson};
use super::session::connections;
use super::session::load;
use super::session::load::Loaded;
use super::session::passwords;
use super::workspace_args::Workspaces;
use super::{allowance, snapshot, target};
use crate::apply::{journal_recovery, ledger_update};
use crate::model::agent::PASSWORD;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest;
use crate::model::finding::{Effect, LEAVING_MEMBER, MISSING_EXTEN, UNKNOWN_MEMBER};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::journal::Entry;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::{Allowance, Plan};
use crate::model::secret::{Secret, SecretRef};
use crate::model::value::Value;
use crate::plan;
use crate::plan::Options;
use crate::report::{Command, json};
use crate::runtime::read::resources;
use crate::runtime::read::resources::Vendors;
use crate::storage::files;
use crate::storage::ledger::Store;
use crate::storage::paths;
use crate::storage::secrets::SecretError;

/// Show the difference to the live systems and the steps that mend it; change nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    workspaces: Workspaces,
    /// Save the plan, for `apply --plan`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Plan against what `rosterctl snapshot` saved; needs no credential and opens no connection.
    #[arg(long, value_name = "FILE")]
    live: Option<PathBuf>,
    /// Exit with 2 when there are differences.
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    narrowing: PlanArgs,
    #[command(flatten)]
    output: Output,
}

/// What `plan` and `apply` can be asked alike.
#[derive(Debug, Default, clap::Args)]
pub(super) struct PlanArgs {
    /// Only this resource, and what it cannot do without; repeatable.
    #[arg(long = "target", value_name = "KIND/ID", value_parser = target)]
    targets: Vec<ResourceId>,
    /// Lift a rule for this run up to a number: deletes, changes, members or presence; repeatable.
    #[arg(long = "allow", value_name = "RULE=N", value_parser = allowance)]
    allow: Vec<Allowance>,
    /// Set fields again that no system returns and rosterctl has not set yet (role, password).
    #[arg(long)]
    assert_unread: bool,
    /// The systems that are only read have to be readable.
    #[arg(skip)]
    watch: bool,
}

impl PlanArgs {
    /// Everything, and not only what can be written: what `drift` is about.
    pub(super) fn everything() -> Self {
        Self { watch: true, ..Self::default() }
    }

    /// Whether anything is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.allow.is_empty() && !self.assert_unread
    }
}

/// A plan, and what it was made from.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) live: Live,
    pub(super) ledger: Ledger,
    pub(super) vendors: Vendors,
}

/// What is live, what the ledger says, and who can be asked for more.
pub(super) struct PlanningInput {
    pub(super) live: Live,
    pub(super) ledger: Ledger,
    pub(super) vendors: Vendors,
}

/// Reads live state and the ledger, and what a run that was cut off did.
pub(super) async fn read(loaded: &Loaded, store: &Store) -> Result<PlanningInput, CliError> {
    let mut ledger = store.load().await?;
    let vendors = load::vendors(loaded).await?;
    let live = resources::live(&vendors).await?;
    let unfinished = loaded.journal().unfinished().map_err(CliError::error)?;
    settle(loaded, &mut ledger, &unfinished, Some(&live)).await?;
    Ok(PlanningInput { live, ledger, vendors })
}

/// Reads live state and plans.
pub(super) async fn make(loaded: &Loaded, store: &Store, narrowing: &PlanArgs) -> Result<Planned, CliError> {
    let seats = async { Ok(connections::seats(loaded, true).await) };
    let (PlanningInput { live, ledger, vendors }, seats) = tokio::try_join!(read(loaded, store), seats)?;
    let live = Live { seats, ..live };
    let prints = fingerprints(loaded, &ledger).await?;
    let plan = plan_of(loaded, &live, &ledger, prints, narrowing)?;
    Ok(Planned { plan, live, ledger, vendors })
}

/// Plans again what a saved plan was made for: from what is live now, with the same targets and allowances. The voice
/// seats are not read, since no step depends on them.
pub(super) async fn again(loaded: &Loaded, store: &Store, saved: &Plan) -> Result<Planned, CliError> {
    let narrowing = PlanArgs {
        targets: saved.targets.clone(),
        allow: saved.allowed.clone(),
        assert_unread: plan::asserts_unread(saved),
        watch: false,
    };
    let PlanningInput { live, ledger, vendors } = read(loaded, store).await?;
    let prints = fingerprints(loaded, &ledger).await?;
    let plan = plan_of(loaded, &live, &ledger, prints, &narrowing)?;
    Ok(Planned { plan, live, ledger, vendors })
}

/// Plans.
pub(super) fn plan_of(
    loaded: &Loaded,
    live: &Live,
    ledger: &Ledger,
    prints: Fingerprints,
    narrowing: &PlanArgs,
) -> Result<Plan, CliError> {
    let options = Options {
        targets: narrowing.targets.clone(),
        allow: narrowing.allow.clone(),
        assert_unread: narrowing.assert_unread,
        watch: narrowing.watch,
        fingerprints: prints.now,
        gone: prints.gone,
        vacant: prints.vacant,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        manifests: loaded.digest.clone(),
    };
    plan::plan(&loaded.workspace, &loaded.desired, live, ledger, &options)
        .map_err(|error| CliError::Error(error.into()))
}

/// Writes into the ledger what a run did that did not come to its end. The ledger is saved by whoever
/// holds the lock; a plan only reckons with it.
async fn settle(
    loaded: &Loaded,
    ledger: &mut Ledger,
    unfinished: &[Entry],
    live: Option<&Live>,
) -> Result<(), CliError> {
    let Some((plan, results)) = journal_recovery::recover(unfinished, live) else { return Ok(()) };
    let mut wanted = BTreeMap::new();
    for change in &plan.changes {
        if let Some(secret) = change.field(&PASSWORD).and_then(|field| field.secret.as_ref()) {
            wanted.insert(change.id.name.clone(), secret.clone());
        }
    }
    let mut prints = BTreeMap::new();
    if let Some(key) = fingerprint_key(loaded).await? {
        let values = loaded.secrets.get_all(wanted.values().cloned().collect()).await;
        for (id, secret) in wanted {
            if let Some(Ok(value)) = values.get(&secret) {
                prints.insert(id.clone(), value.fingerprint(&key, id.as_str()));
            }
        }
    }
    if journal_recovery::is_older(unfinished, ledger.serial) {
        ledger_update::merge_older(ledger, &plan, &results, &prints, &loaded.desired);
    } else {
        ledger_update::changes(ledger, &plan, &results, &prints);
    }
    Ok(())
}

/// The key of the fingerprints of passwords, where one is declared.
pub(super) async fn fingerprint_key(loaded: &Loaded) -> Result<Option<Arc<Secret>>, CliError> {
    let Some(name) = loaded.workspace.ledger.secret("fingerprintKey") else { return Ok(None) };
    let key = loaded.secrets.get(name).await;
    let key = key.map_err(|error| CliError::secret("`ledger.fingerprintKey`", &error))?;
    match connections::objection("fingerprintKey", name, &key) {
        Some(why) => Err(CliError::error(format!("`ledger`: {why}"))),
        None => Ok(Some(key)),
    }
}

/// What the stores say of the passwords that the ledger knows.
#[derive(Default)]
pub(super) struct Fingerprints {
    /// The fingerprints of those that they hold now.
    now: BTreeMap<OperatorId, String>,
    /// The agents whose password they hold no more.
    gone: BTreeSet<OperatorId>,
    /// The agents whose new key they do not hold yet.
    vacant: BTreeSet<OperatorId>,
}

/// Reads the passwords of those agents alone whose ledger knows a fingerprint, since nothing else can be compared.
async fn fingerprints(loaded: &Loaded, ledger: &Ledger) -> Result<Fingerprints, CliError> {
    let mut prints = Fingerprints { vacant: vacant(loaded, ledger).await?, ..Fingerprints::default() };
    let Some(key) = fingerprint_key(loaded).await? else { return Ok(prints) };
    let set: Vec<_> = loaded
        .desired
        .agents
        .iter()
        .filter(|(_, agent)| !agent.absent)
        .filter_map(|(id, agent)| {
            let Some(Value::Password(secret)) = agent.record.get(&PASSWORD) else { return None };
            let known = ledger.get(&ResourceId::agent(id))?.password.as_ref()?;
            Some((id, secret, known.fingerprint.is_some()))
        })
        .collect();
    let wanted = set.iter().filter(|(.., printed)| *printed).map(|(_, secret, _)| SecretRef::clone(secret));
    let values = loaded.secrets.get_all(wanted.collect()).await;
    let missing: BTreeSet<_> = values
        .iter()
        .filter(|(_, value)| matches!(value, Err(SecretError::Missing { .. })))
        .map(|(secret, _)| secret.name())
        .collect();
    for (id, secret, _) in set {
        // Whoever shares a password that a new one is made for gets it, too.
        if missing.contains(&secret.name()) {
            prints.gone.insert(id.clone());
            continue;
        }
        match values.get(&**secret) {
            Some(Ok(value)) => {
                prints.now.insert(id.clone(), value.fingerprint(&key, id.as_str()));
            }
            Some(Err(error)) => return Err(CliError::secret(&format!("the password of agent/{id}"), error)),
            None => {}
        }
    }
    Ok(prints)
}

/// Asks the stores for keys that a rotation may not overwrite.
async fn vacant(loaded: &Loaded, ledger: &Ledger) -> Result<BTreeSet<OperatorId>, CliError> {
    let mut vacant = BTreeSet::new();
    for (id, secret) in plan::overwriting(&loaded.workspace, &loaded.desired, ledger) {
        match loaded.secrets.find(&secret).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                vacant.insert(id);
            }
            Err(error) => return Err(CliError::secret(&format!("the password of agent/{id}"), &error)),
        }
    }
    Ok(vacant)
}

/// Says with the manifest's lines why a plan is invalid against what is live.
pub(super) fn report_invalid(plan: &Plan, loaded: &Loaded, console: &Console) {
    let invalid = plan.findings.iter().filter(|f| f.effect() == Effect::Invalid);
    let diagnostics: Vec<Diagnostic> = invalid
        .map(|finding| {
            let said = match &finding.source {
                Some(source) => Diagnostic::at(source, finding.message.clone()),
                None => Diagnostic::general(finding.message.clone()),
            };
            // The others say in their own words what to do.
            let silent = [&UNKNOWN_MEMBER, &LEAVING_MEMBER, &MISSING_EXTEN];
            match silent.into_iter().find(|rule| rule.code == finding.code) {
                Some(rule) => said.help(rule.remedy),
                None => said,
            }
        })
        .collect();
    if !diagnostics.is_empty() {
        console.diagnostics(&diagnostics, &loaded.input);
    }
}

impl Arguments {
    /// The JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(self.workspaces.mine(), self.workspaces.several())
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let several = arguments.workspaces.several();
    if several && arguments.out.is_some() {
        return Err(CliError::error("--out saves the plan of one workspace; name one"));
    }
    if several && arguments.live.is_some() {
        return Err(CliError::error("--live reads the snapshot of one workspace; name one"));
    }
    let mine: Vec<&Path> = arguments.workspaces.mine().collect();
    let reporter = arguments.output.begin(Command::Plan, several, &mine, console)?;
    for (flag, path) in [("--out", &arguments.out), ("--live", &arguments.live)] {
        if let Some(path) = path {
            reporter.apart(flag, path)?;
        }
    }
    if let Some(out) = &arguments.out {
        reporter.spare("--out", out)?;
        paths::unlinked(out).map_err(|error| unsaved(out, &error))?;
    }
    for path in mine {
        match one(arguments, path, console).await {
            Ok(plan) => {
                let exit = Exit::of_plan(&plan, arguments.detailed_exitcode);
                reporter.planned(path, exit, plan, None);
            }
            Err(fail) => reporter.fail(path, fail),
        }
    }
    Ok(reporter.finish())
}

fn unsaved(out: &Path, error: &std::io::Error) -> CliError {
    CliError::error(format!("the plan cannot be saved to {}: {error}", out.display()))
}

async fn one(arguments: &Arguments, path: &Path, console: &Console) -> Result<Plan, CliError> {
    // A snapshot is read beside the manifests; what is wrong with these is told first.
    let (loaded, snapshot) = thread::scope(|scope| {
        let snapshot = arguments.live.as_deref().map(|file| scope.spawn(|| snapshot::open(file)));
        let loaded = load::load_beside(path, usize::from(snapshot.is_some()));
        let snapshot = snapshot.map(|read| read.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (loaded, snapshot)
    });
    let loaded = loaded?;
    // The program ends soon and gives all memory back at once; a value at a time takes a tenth of the run.
    let several = arguments.workspaces.several();
    let plan = if let (Some(file), Some(snapshot)) = (&arguments.live, snapshot) {
        snapshot::plan(&loaded, snapshot?, file, &arguments.narrowing, console).await?
    } else {
        if let Some(why) = loaded.journal().corruption() {
            console.note(&why);
        }
        passwords::warn_exposed(&loaded, console);
        let store = Store::open(&loaded.workspace, &loaded.place)?;
        let Planned { mut plan, live, .. } = make(&loaded, &store, &arguments.narrowing).await?;
        if let Some(key) = fingerprint_key(&loaded).await? {
            plan.digests.signature = Some(digest::signature(&plan.digests.plan, &key));
        }
        if !several {
            std::mem::forget(live);
        }
        plan
    };
    report_invalid(&plan, &loaded, console);
    if let Some(out) = &arguments.out {
        files::put(out, json::plan(&plan).as_bytes()).map_err(|error| unsaved(out, &error))?;
        console.note(&format!("saved the plan to {}", out.display()));
    }
    if !several {
        std::mem::forget(loaded.desired);
    }
    Ok(plan)
}
