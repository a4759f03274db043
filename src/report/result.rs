//! Renders the result of a run as text and JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Run;
pub use super::counts::Counts;
use super::phrases::{Again, Phrase, comma};
use super::view::ranges;
use crate::messages::zh::{Region, words};
use crate::messages::{self, Message as _};
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::language::Language;
use crate::model::note::Note;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Change, Operation, Plan, Step, StepId, Verb};
use crate::model::rule::{AT_WORK, Effect};

/// The value of `format` of a result.
pub const FORMAT: &str = "rosterctl.result/v1";

/// The outcome of a run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report<'a> {
    /// `rosterctl.result/v1`.
    pub format: &'static str,
    /// Name of the workspace.
    pub workspace: &'a str,
    /// The instant of the plan; only with dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<&'a str>,
    /// Counts of results.
    pub summary: Counts,
    /// One result a step.
    pub results: Vec<Entry<'a>>,
    /// A resource that moved since the plan was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<Moved<'a>>,
    /// Busy agents that were left alone, and differences that no step remedies.
    pub findings: Vec<Cow<'a, Finding>>,
    /// Busy agents that an allowance did not spare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lifted: Vec<Held>,
    /// The operator stopped the run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The run lost its lock and stopped, for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_lost: Option<Cow<'a, str>>,
    /// Resources with further changes, beside the saved plan that was carried out.
    #[serde(skip_serializing_if = "<[ResourceId]>::is_empty")]
    pub due: &'a [ResourceId],
    /// The reason why nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The changes of the plan, as in the plan's document.
    #[serde(skip_serializing_if = "<[Change]>::is_empty")]
    pub changes: &'a [Change],
}

/// The result of a step. A step that was done for some of its targets has two: for these, and for the others.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Entry<'a> {
    /// The step's id.
    #[schemars(with = "String")]
    pub step: StepId,
    /// The operation.
    pub operation: Operation,
    /// Which resources it touched; of a queue's members, who was left in it.
    pub targets: Cow<'a, [ResourceId]>,
    /// `done`, `failed`, `skipped` or `unknown`.
    pub status: &'static str,
    /// The same.
    #[serde(skip)]
    pub end: Status,
    /// The reason, where the status does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A resource that moved since the plan was made.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Moved<'a> {
    /// Which resource.
    pub id: &'a ResourceId,
    /// The difference.
    pub message: String,
}

/// An agent at work, and what is to be said of it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Held {
    /// Which resource.
    pub id: ResourceId,
    /// In which state the agent is, and what allowed it.
    pub message: String,
}

/// Assembles the result of a run.
pub fn build<'a>(plan: &'a Plan, run: &'a Run) -> Report<'a> {
    let results: Vec<Entry<'_>> = ends(plan, run).collect();
    let count = |status: Status| results.iter().filter(|entry| entry.end == status).count();
    let summary = Counts {
        done: count(Status::Done),
        partial: results.len() - run.results.len().min(plan.steps.len()),
        failed: count(Status::Failed),
        skipped: count(Status::Skipped),
        unknown: count(Status::Unknown),
    };
    let held = run.held.iter().map(|held| {
        let (disruption, why, waited) = (held.disruption, held.why.clone(), held.waited);
        let finding = Finding::new(&AT_WORK, FindingKind::AtWork { disruption, why, waited });
        Cow::Owned(finding.about(&ResourceId::agent(&held.agent)))
    });
    let lifted = run.lifted.iter();
    Report {
        format: FORMAT,
        workspace: &plan.workspace,
        at: plan.at.as_deref(),
        summary,
        results,
        stale: run.stale.iter().map(|s| Moved { id: &s.id, message: s.what.to_string() }).collect(),
        findings: held.chain(plan.findings.iter().map(Cow::Borrowed)).collect(),
        lifted: lifted
            .map(|one| Held { id: ResourceId::agent(&one.agent), message: one.to_string() })
            .collect(),
        interrupted: run.interrupted,
        lock_lost: run.lock_lost.as_ref().map(|why| why.text(Language::En).into()),
        due: &run.due,
        refused: run.refused.as_ref().map(ToString::to_string),
        changes: &plan.changes,
    }
}

/// Returns the results of a step: two if it was done for some of its targets only.
fn entries<'a>(step: &'a Step, result: &'a StepResult) -> Vec<Entry<'a>> {
    let entry = |targets, status: Status, notes: &[Note]| Entry {
        step: step.id,
        operation: step.operation,
        targets,
        status: status.word(),
        end: status,
        message: (!notes.is_empty()).then(|| messages::notes(notes, Language::En)),
    };
    let spared: Vec<ResourceId> =
        result.spared.iter().map(|spared| ResourceId::agent(&spared.agent)).collect();
    // A member list that kept busy agents was written all the same.
    let (done, open) = if step.operation.verb == Verb::Members && result.only_deferred {
        (step.targets.clone(), spared)
    } else {
        step.targets.iter().cloned().partition(|id| result.took(id))
    };
    if result.status == Status::Done || !result.carried_out || done.is_empty() || open.is_empty() {
        return vec![entry(Cow::Borrowed(&*step.targets), result.status, &result.notes)];
    }
    let why: Vec<Note> = result.notes.iter().map(Note::for_left_out).collect();
    vec![entry(Cow::Owned(done), Status::Done, &[]), entry(Cow::Owned(open), result.status, &why)]
}

/// Returns the results of the steps of a run.
fn ends<'a>(plan: &'a Plan, run: &'a Run) -> impl Iterator<Item = Entry<'a>> {
    plan.steps.iter().zip(&run.results).flat_map(|(step, result)| entries(step, result))
}

/// Describes a step: `agent.create agent/8101..8180`.
pub fn step(step: &Step, language: Language) -> String {
    let ids: Vec<OperatorId> = step.targets.iter().map(|target| target.name.clone()).collect();
    step_for(step, &ids, language)
}

/// Describes a step, for some of its targets.
pub fn step_for(step: &Step, ids: &[OperatorId], language: Language) -> String {
    let ids: Vec<&OperatorId> = ids.iter().collect();
    let kind = step.targets.first().map_or("", |target| target.kind.word());
    let does = match Region::of(language) {
        None => step.operation.to_string(),
        Some(region) => words::operation(region, step.operation),
    };
    format!("{does} {kind}/{}", ranges(&ids))
}

/// Returns true if a run completed all work, and a read-back proved it.
pub(super) fn is_whole(run: &Run) -> bool {
    run.refused.is_none() && run.due.is_empty() && run.results.iter().all(StepResult::is_proved)
}

/// Describes the work beyond a saved plan, in a sentence.
fn due(run: &Run, language: Language) -> Option<String> {
    let mut kinds: BTreeMap<Kind, Vec<&OperatorId>> = BTreeMap::new();
    for id in &run.due {
        kinds.entry(id.kind).or_default().push(&id.name);
    }
    let said = kinds.iter().map(|(kind, ids)| format!("{}/{}", kind.word(), ranges(ids)));
    let said = said.collect::<Vec<_>>().join(comma(language));
    (!said.is_empty()).then(|| Phrase::MoreIsDue(&said).say(language).into_owned())
}

/// Describes the whole run; `None` if there was nothing to do.
pub fn verdict(plan: &Plan, run: &Run, language: Language) -> Option<String> {
    if let Some(why) = &run.refused {
        // A reason may list the resources that moved, a line each; here it is one sentence.
        let why = why.say(language).split_whitespace().collect::<Vec<_>>().join(" ");
        return Some(Phrase::NotApplied(&why).say(language).into_owned());
    }
    let told = [ended(plan, run, language), due(run, language)].into_iter().flatten();
    let told = told.collect::<Vec<_>>().join(language.choose(" ", "", ""));
    (!told.is_empty()).then_some(told)
}

/// Describes the results of the steps, in a sentence.
fn ended(plan: &Plan, run: &Run, language: Language) -> Option<String> {
    let counts = build(plan, run).summary;
    let open = counts.failed + counts.skipped + counts.unknown;
    let all = run.results.len();
    let unread = run.results.iter().filter(|r| r.status == Status::Done && !r.is_proved()).count();
    let left: Vec<String> = plan
        .findings
        .iter()
        .filter(|finding| finding.effect() == Effect::Partial)
        .filter_map(|finding| Some(finding.id.as_ref()?.to_string()))
        .collect();
    let left = (!left.is_empty()).then(|| Phrase::LeftOut(&left.join(comma(language))).say(language));
    let phrase = match (all, open + unread, &left) {
        (0, _, None) => return None,
        (0, _, Some(left)) => Phrase::NothingApplied(left),
        (_, 0, Some(left)) => Phrase::AppliedBut(all, left),
        (_, 0, None) if plan.due_since.is_some() => Phrase::AppliedDue(all),
        (_, 0, None) if !run.due.is_empty() => Phrase::Applied(all),
        (_, 0, None) => Phrase::AppliedWhole(all),
        (..) => Phrase::AppliedInPart(counts, unread, again(run)),
    };
    Some(phrase.say(language).into_owned())
}

/// Returns the effect of another apply on the steps that are not done.
fn again(run: &Run) -> Again {
    let kept = |result: &&StepResult| result.notes.iter().any(Note::is_form);
    let open = || run.results.iter().filter(|result| result.status != Status::Done);
    let (all, some) = (open().all(|result| kept(&result)), open().any(|result| kept(&result)));
    match (all && some, some, run.held.is_empty()) {
        (true, ..) => Again::Nothing,
        (_, true, _) => Again::AllButForms,
        (_, _, true) => Again::Rest,
        (_, _, false) => Again::RestLater,
    }
}
