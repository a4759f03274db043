//! A result that was saved as JSON: parsed back to a plan and a run, so that every format renders it.

use serde::Deserialize;

use super::Run;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::ResourceId;
use crate::model::language::Localized;
use crate::model::note::{Deferred, Moved, Note, Refused};
use crate::model::outcome::{Stale, Status, StepResult};
use crate::model::plan::{Change, Digests, FORMAT, Operation, Plan, Step, StepId, Summary, Verb};
use crate::model::rule::{AT_WORK, Severity};

/// A result from a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedResult {
    workspace: String,
    at: Option<String>,
    #[serde(default)]
    changes: Vec<Change>,
    results: Vec<SavedEntry>,
    #[serde(default)]
    stale: Vec<Said>,
    findings: Vec<Finding>,
    #[serde(default)]
    lifted: Vec<Said>,
    #[serde(default)]
    interrupted: bool,
    lock_lost: Option<Localized>,
    #[serde(default)]
    due: Vec<ResourceId>,
    refused: Option<String>,
}

/// The result of a step. A step that was done in part has two, the done part first.
#[derive(Debug, Deserialize)]
struct SavedEntry {
    step: StepId,
    operation: Operation,
    targets: Vec<ResourceId>,
    status: Status,
    message: Option<String>,
}

/// A resource, and a sentence about it.
#[derive(Debug, Deserialize)]
struct Said {
    id: ResourceId,
    message: String,
}

impl SavedResult {
    /// Returns the plan and its run, as far as the document tells them.
    pub fn into_run(self) -> (Plan, Run) {
        let (mut steps, mut results): (Vec<Step>, Vec<StepResult>) = (Vec::new(), Vec::new());
        for entry in self.results {
            let sent = fields(&self.changes, &entry);
            let (Some(step), Some(result)) = (steps.last_mut(), results.last_mut()) else {
                steps.push(entry.to_step(sent));
                results.push(entry.into_result());
                continue;
            };
            if step.id == entry.step {
                step.targets.extend(entry.targets.iter().cloned());
                result.left_out.clone_from(&entry.targets);
                result.status = entry.status;
                result.notes = entry.into_result().notes;
            } else {
                steps.push(entry.to_step(sent));
                results.push(entry.into_result());
            }
        }
        let (mut findings, mut held) = (Vec::new(), Vec::new());
        for finding in self.findings {
            match (finding.what, &finding.id) {
                (FindingKind::AtWork { disruption, why, waited }, Some(id)) => {
                    held.push(Deferred { agent: id.name.clone(), disruption, why, waited });
                }
                (what, _) => findings.push(Finding { what, ..finding }),
            }
        }
        let lifted = self.lifted.into_iter().map(|said| {
            let finding = Finding::new(&AT_WORK, FindingKind::Saved { message: said.message });
            Finding { severity: Severity::Info, ..finding.about(&said.id) }
        });
        findings.extend(lifted);
        let stale = self.stale.into_iter();
        let run = Run {
            results,
            stale: stale
                .map(|said| Stale { id: said.id, what: Moved::Saved { text: said.message } })
                .collect(),
            held,
            lifted: Vec::new(),
            interrupted: self.interrupted,
            lock_lost: self.lock_lost,
            due: self.due,
            refused: self.refused.map(|why| Refused::Failed { why: why.into() }),
        };
        let plan = Plan {
            format: FORMAT.to_owned(),
            program: String::new(),
            workspace: self.workspace,
            summary: Summary::default(),
            changes: self.changes,
            steps,
            findings,
            allowed: Vec::new(),
            assert_unread: false,
            targets: Vec::new(),
            at: self.at,
            due_since: None,
            good_until: None,
            digests: Digests::default(),
        };
        (plan, run)
    }
}

/// Returns the fields that a step may have sent: those of its first target's change.
fn fields(changes: &[Change], entry: &SavedEntry) -> Vec<&'static str> {
    let change = changes.iter().find(|change| Some(&change.id) == entry.targets.first());
    let keys = change.into_iter().flat_map(|change| &change.fields).map(|diff| diff.field.key);
    match entry.operation.verb {
        Verb::Create | Verb::Edit | Verb::Password => keys.collect(),
        Verb::Delete | Verb::Members | Verb::Put => Vec::new(),
    }
}

impl SavedEntry {
    fn to_step(&self, fields: Vec<&'static str>) -> Step {
        Step {
            id: self.step,
            operation: self.operation,
            targets: self.targets.clone(),
            after: Vec::new(),
            fields: fields.into(),
            renew: false,
            unbind: false,
            members: None,
            strangers: Vec::new(),
        }
    }

    fn into_result(self) -> StepResult {
        StepResult {
            status: self.status,
            notes: self.message.map(|why| Note::Failed { why: why.as_str().into() }).into_iter().collect(),
            answered_ms: None,
            made: None,
            pending: false,
            identities: Vec::new(),
            carried_out: self.status == Status::Done,
            left_out: Vec::new(),
            only_deferred: false,
            spared: Vec::new(),
            members: None,
            dropped: Vec::new(),
            acknowledged: Vec::new(),
            confirmed: false,
            reset: Vec::new(),
            doubted: Vec::new(),
        }
    }
}
