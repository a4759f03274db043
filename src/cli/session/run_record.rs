//! The record of a run for the history, also of a run that came to no end.

use super::load::Loaded;
use super::provenance;
use crate::apply::{history, journal_recovery};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::report_output::Reporter;
use crate::model::chain::FoundRecord;
use crate::model::history::{FORMAT, HistoryHead, RunId, RunRecord};
use crate::model::journal::Entry;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::report::{BoundPlan, Run};
use crate::runtime::clock;
use crate::storage::ledger::Store;

/// The record of an unfinished run.
pub(crate) enum Recovered {
    /// The run wrote nothing.
    Nothing,
    /// The run wrote its record, and ended before the ledger named it.
    Written { before: Option<HistoryHead>, newest: HistoryHead },
    /// The run ended before it wrote a record.
    New(Box<RunRecord>),
}

/// Finds or makes the record of an unfinished run.
pub(crate) async fn recovered(
    loaded: &Loaded,
    store: &Store,
    reporter: &Reporter<'_>,
    live: &Live,
    ledger: &Ledger,
    unfinished: &[Entry],
) -> Result<Recovered, CliError> {
    let Some(Entry::Run { run, .. }) = unfinished.first() else { return Ok(Recovered::Nothing) };
    let supports = loaded.workspace.supports();
    let recovered = journal_recovery::recover(unfinished, &supports, Some(live));
    let Some((plan, results)) = recovered.filter(|(_, results)| history::wrote(results)) else {
        return Ok(Recovered::Nothing);
    };
    if let Some(run) = run
        && let Some(FoundRecord { digest, record, .. }) = store.record(*run).await?
    {
        let newest = HistoryHead { run: *run, digest };
        let written = |record: RunRecord| Recovered::Written { before: record.before(), newest };
        return Ok(record.map_or(Recovered::Nothing, written));
    }
    let run_id = run.unwrap_or_else(|| RunId::new(clock::now_ms(), None));
    let times = unfinished.iter().filter_map(|entry| match entry {
        Entry::Begin { at_ms, .. } => Some(*at_ms),
        Entry::Run { .. } | Entry::End { .. } => None,
    });
    let ended = clock::utc(times.max().unwrap_or_else(clock::now_ms));
    let plan = BoundPlan::new(plan, supports);
    let run = Run { results, interrupted: true, ..Run::default() };
    let mut record = make(loaded, reporter, run_id, &plan, &run, ledger, None);
    if let Some(report) = &mut record.report {
        // The rate windows at that time are unknown.
        report.scene.seconds = None;
    }
    Ok(Recovered::New(Box::new(RunRecord { ended, recovered: true, ..record })))
}

/// Returns the record of a run.
pub(crate) fn make(
    loaded: &Loaded,
    reporter: &Reporter<'_>,
    run_id: RunId,
    plan: &BoundPlan,
    run: &Run,
    ledger: &Ledger,
    exit: Option<Exit>,
) -> RunRecord {
    let digest = &plan.digests.plan;
    RunRecord {
        format: FORMAT.to_owned(),
        run: run_id,
        workspace: plan.workspace.clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started: clock::utc(run_id.moment().as_millisecond()),
        ended: clock::timestamp(),
        who: provenance::who(),
        commit: provenance::commit(&loaded.place),
        plan_digest: if digest.is_empty() { plan.digest() } else { digest.clone() },
        recovered: false,
        exit: exit.map(|exit| exit as u8),
        previous_run: None,
        previous: None,
        steps: history::steps(plan, &run.results, ledger),
        report: Some(reporter.content(plan, run)),
    }
}
