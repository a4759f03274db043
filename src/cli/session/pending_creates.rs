//! Queue creations of an earlier run that may still complete.
//!
//! `apply` waits for them, because not every vendor can delete a duplicate queue.

use std::collections::BTreeMap;
use std::time::Duration;

use super::load::Loaded;
use crate::apply::{Status, StepResult, journal_recovery};
use crate::cli::console::Console;
use crate::model::id::{Kind, ResourceId};
use crate::model::journal::Entry;
use crate::model::language::say;
use crate::model::ledger::Ledger;
use crate::model::plan::{Operation, Plan, Verb};
use crate::model::retry;
use crate::runtime::clock;

fn timeout(loaded: &Loaded) -> Duration {
    let connection = loaded.workspace.connection_of_kind(Kind::Queue);
    connection.map_or(Duration::ZERO, |connection| connection.settings.duration("timeout"))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Returns the time that the vendor may still take for a queue after a lost response.
pub(crate) fn orphan(loaded: &Loaded) -> Duration {
    timeout(loaded).min(retry::ORPHAN)
}

/// Waits until no queue of a plan may still be created by an earlier run. Returns false without a wait; after a wait,
/// earlier reads are stale.
pub(crate) async fn wait(loaded: &Loaded, ledger: &Ledger, plan: &Plan, console: &Console) -> bool {
    let timeout = millis(timeout(loaded));
    let mut both = ledger.clone();
    // The plan refused the journal of another workspace.
    keep(loaded, &mut both, &loaded.journal().unfinished().unwrap_or_default());
    // The queues of a damaged journal are unknown.
    let creates = plan.steps.iter().filter(|step| step.operation == Operation::queue(Verb::Create));
    let new = creates.flat_map(|step| &step.targets);
    if let Some(last_ms) = loaded.journal().damaged_ms() {
        for id in new.clone() {
            put_off(&mut both, id, last_ms.saturating_add(millis(orphan(loaded))));
        }
    }
    let awaited = both.awaited.iter().filter_map(|(id, until)| Some((ResourceId::parse(id)?, *until)));
    let awaited: BTreeMap<ResourceId, i64> = awaited.collect();
    let now = clock::now_ms();
    let until = new.filter_map(|id| Some((awaited.get(id)?, id)));
    let Some((until, id)) = until.max().filter(|(until, _)| **until > now) else { return false };
    // If the clock was set back, the wait is at most twice the connection's timeout.
    let pause = (until - now).min(timeout.saturating_mul(2));
    let is_sure = loaded.journal().damaged_ms().is_none();
    let (perhaps, zh) = if is_sure { ("", "") } else { (", perhaps,", "可能") };
    let seconds = pause / 1000 + 1;
    console.note(&say!(
        console.language(loaded.workspace.language),
        "A run before this one asked for {id}{perhaps} and did not see it: the vendor may still make it. Waiting {seconds}s.",
        "之前的执行{zh}请求过新增 {id}，还没有看到：厂商可能仍会新增。等待 {seconds} 秒。",
        "之前的執行{zh}請求過新增 {id}，還沒有看到：廠商可能仍會新增。等待 {seconds} 秒。"
    ));
    tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())).await;
    true
}

/// Records a journal's awaited queues in the ledger, before the journal is removed.
pub(crate) fn keep(loaded: &Loaded, ledger: &mut Ledger, entries: &[Entry]) {
    let (timeout, orphan) = (millis(timeout(loaded)), millis(orphan(loaded)));
    for (id, until) in journal_recovery::may_still_be_made(entries, orphan, timeout) {
        put_off(ledger, &id, until);
    }
    ledger.awaited.retain(|_, until| *until > clock::now_ms());
}

fn put_off(ledger: &mut Ledger, id: &ResourceId, until: i64) {
    let known = ledger.awaited.entry(id.key()).or_insert(until);
    *known = until.max(*known);
}

/// Records the queues of a run without a response, and forgets the expired ones.
pub(crate) fn note(loaded: &Loaded, ledger: &mut Ledger, plan: &Plan, results: &[StepResult], now_ms: i64) {
    ledger.awaited.retain(|_, until| *until > now_ms);
    let until = now_ms.saturating_add(millis(timeout(loaded)));
    for (step, result) in
        plan.steps.iter().zip(results).filter(|(s, _)| s.operation == Operation::queue(Verb::Create))
    {
        for id in &step.targets {
            match result.status {
                Status::Unknown => {
                    put_off(ledger, id, until);
                }
                Status::Done => {
                    ledger.awaited.remove(&id.key());
                }
                Status::Failed | Status::Skipped => {}
            }
        }
    }
}
