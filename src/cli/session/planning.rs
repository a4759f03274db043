//! Plan of a session: reads live state and the ledger, settles the journal, plans.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connections;
use super::fingerprints::{self, Fingerprints};
use super::load::Loaded;
use crate::apply::{journal_recovery, ledger_update};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::plan_args::PlanArgs;
use crate::config::workspace::Prune;
use crate::model::agent::PASSWORD;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::{KINDS, Kind, ResourceId};
use crate::model::journal::Entry;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::plan::Plan;
use crate::model::problem::Problem;
use crate::model::rule::Effect;
use crate::plan;
use crate::plan::{Observed, Options};
use crate::runtime::read::resources;
use crate::runtime::vendor::Vendors;
use crate::storage::ledger::Store;

/// A plan and its input.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) live: Live,
    pub(crate) ledger: Ledger,
    pub(crate) vendors: Vendors,
}

/// Live state, the ledger, and the vendors that hold the resources.
pub(crate) struct PlanningInput {
    pub(crate) live: Live,
    pub(crate) ledger: Ledger,
    pub(crate) vendors: Vendors,
}

/// Reads live state and plans.
pub(crate) async fn make(loaded: &Loaded, store: &Store, narrowing: &PlanArgs) -> Result<Planned, CliError> {
    let seats = async { Ok(connections::seats(loaded, true).await) };
    let (PlanningInput { live, ledger, vendors }, seats) = tokio::try_join!(read(loaded, store), seats)?;
    let live = Live { seats, ..live };
    let prints = fingerprints::read(loaded, &ledger).await?;
    let plan = build(loaded, &live, &ledger, prints, narrowing)?;
    Ok(Planned { plan, live, ledger, vendors })
}

/// Plans a saved plan again: from current live state, with the same targets and allowances.
///
/// The voice seats are not read, since no step depends on them.
pub(crate) async fn again(loaded: &Loaded, store: &Store, saved: &Plan) -> Result<Planned, CliError> {
    let PlanningInput { live, ledger, vendors } = read(loaded, store).await?;
    let prints = fingerprints::read(loaded, &ledger).await?;
    let plan = build(loaded, &live, &ledger, prints, &PlanArgs::from_saved(saved))?;
    Ok(Planned { plan, live, ledger, vendors })
}

/// Returns the least seconds of a plan, with the calls in the shared rate windows and the latency of the calls that
/// read live state.
pub(crate) fn seconds(loaded: &Loaded, plan: &Plan, vendors: &Vendors) -> u64 {
    let all = || KINDS.iter().filter_map(|names| Some((names.kind, vendors.get(names.kind)?)));
    let rates = all().flat_map(|(_, vendor)| vendor.rates());
    let observed = Observed {
        used: rates.map(|(operation, _, used)| (operation, used)).collect(),
        latency: all().filter_map(|(kind, vendor)| Some((kind, vendor.latency()?))).collect(),
    };
    plan::seconds(&loaded.workspace, &plan.steps, &observed)
}

/// Reads live state and the ledger, and settles the journal of an interrupted run.
pub(crate) async fn read(loaded: &Loaded, store: &Store) -> Result<PlanningInput, CliError> {
    let mut ledger = store.load().await?;
    let vendors = connections::vendors(loaded).await?;
    let mut live = resources::live(&vendors).await?;
    let unfinished = loaded.journal().unfinished()?;
    settle(loaded, &mut ledger, &unfinished, &live).await?;
    if let (Some(vendor), Some(queues)) = (vendors.get(Kind::Queue), &mut live.queues) {
        resources::add_unlisted(vendor, queues, &ledger).await;
    }
    loaded.workspace.scope.narrow(&mut live);
    Ok(PlanningInput { live, ledger, vendors })
}

/// Builds the plan from live state, ledger and fingerprints.
pub(crate) fn build(
    loaded: &Loaded,
    live: &Live,
    ledger: &Ledger,
    prints: Fingerprints,
    narrowing: &PlanArgs,
) -> Result<Plan, CliError> {
    let runs = ledger.runs();
    let dates = loaded.dates.as_deref();
    let options = Options {
        outlook: dates.map(|d| d.outlook(&loaded.workspace, &loaded.desired, &runs, &narrowing.targets)),
        targets: narrowing.targets.clone(),
        allow: narrowing.allow.clone(),
        assert_unread: narrowing.assert_unread,
        due: narrowing.due,
        watch: narrowing.watch,
        fingerprints: prints.now,
        gone: prints.gone,
        vacant: prints.vacant,
        elsewhere: elsewhere(loaded, live, ledger),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        manifests: loaded.digest.clone(),
    };
    plan::plan(&loaded.workspace, &loaded.desired, live, ledger, &options).map_err(CliError::other)
}

/// Returns the resources that policy may prune here and that another workspace declares, with its name.
fn elsewhere(loaded: &Loaded, live: &Live, ledger: &Ledger) -> BTreeMap<ResourceId, Arc<str>> {
    let Some(owner) = &loaded.elsewhere else { return BTreeMap::new() };
    let policy = loaded.workspace.policy.prune;
    let agents = live.agents.iter().flat_map(|agents| &agents.items);
    let undeclared = agents.filter(|(id, _)| !loaded.desired.agents.contains_key(id));
    let pruned = undeclared.filter(|(id, record)| plan::prunes(policy, ledger, id, record));
    let queues = live.queues.iter().flat_map(|queues| &queues.items).filter(|_| policy != Prune::None);
    let queues = queues.map(|(exten, queue)| ResourceId::queue(&queue.name, Some(exten.as_str())));
    let all = pruned.map(|(id, _)| ResourceId::agent(id)).chain(queues);
    all.filter_map(|id| Some((id.clone(), owner(&id)?))).collect()
}

/// Records the steps of an interrupted run in the ledger. Only `apply` saves it, under the lock.
async fn settle(
    loaded: &Loaded,
    ledger: &mut Ledger,
    unfinished: &[Entry],
    live: &Live,
) -> Result<(), CliError> {
    let supports = loaded.workspace.supports();
    let Some((plan, results)) = journal_recovery::recover(unfinished, &supports, Some(live)) else {
        return Ok(());
    };
    let mut wanted = BTreeMap::new();
    for change in &plan.changes {
        if let Some(secret) = change.field(&PASSWORD).and_then(|field| field.secret.as_deref()) {
            wanted.insert(change.id.name.clone(), secret.clone());
        }
    }
    let mut prints = BTreeMap::new();
    if let Some(key) = fingerprints::key(loaded).await? {
        let values = loaded.secrets.get_all(wanted.values().cloned().collect()).await;
        for (id, secret) in wanted {
            if let Some(Ok(value)) = values.get(&secret) {
                prints.insert(id.clone(), value.fingerprint(&key, id.as_str()));
            }
        }
    }
    if journal_recovery::is_older(unfinished, ledger.serial) {
        ledger_update::merge_older(ledger, &plan, supports.agents, &results, &prints, &loaded.desired);
    } else {
        ledger_update::changes(ledger, &plan, supports.agents, &results, &prints);
    }
    Ok(())
}

/// Writes the findings that make a plan invalid, with the lines of the manifests.
pub(crate) fn report_invalid(plan: &Plan, loaded: &Loaded, console: &Console) {
    let invalid = plan.findings.iter().filter(|f| f.effect() == Effect::Invalid);
    let diagnostics: Vec<Diagnostic> = invalid
        .map(|finding| Diagnostic {
            source: finding.source.clone(),
            ..Diagnostic::general(Problem::Finding(Box::new(finding.clone())))
        })
        .collect();
    if !diagnostics.is_empty() {
        let language = console.language(loaded.workspace.language);
        console.diagnostics(&diagnostics, &loaded.sources, language);
    }
}
