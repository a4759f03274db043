//! A plan in words, ordered once for all formats.
//!
//! Agents share a line if they form a pool of equal new agents with consecutive numbers, or if only their names
//! differ. They also share a line if they are deleted for one reason, or change in the same way. So a roster of 300
//! agents stays readable. Every format renders this view, so that all formats show the same facts.

mod agents;
mod findings;
mod line;
mod outcome;
mod queues;
mod stages;

use std::borrow::Cow;
use std::collections::BTreeMap;

use console::measure_text_width;

pub use self::line::{Line, LineKind, MemberCounts, Section, Segment, Tense, ranges};
pub use self::stages::{Order, Stage};
use super::{BoundPlan, Command, Run, result};
use crate::model::finding::Finding;
use crate::model::id::{Kind, ResourceId};
use crate::model::plan::{Action, Change, Plan, Summary};
use crate::model::rule::{Effect, SEATS_UNKNOWN, Severity};
use crate::model::source::Source;
use crate::model::support::Supports;

/// A plan, or a run with its results, in words.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The tense: planned, differing or done.
    pub tense: Tense,
    /// Name of the workspace.
    pub workspace: String,
    /// Planned or completed changes.
    pub changes: ChangeLines<'a>,
    /// Changes that were not done.
    pub open: Vec<Line>,
    /// Differences that no step remedies, or must not.
    pub findings: Vec<Line>,
    /// The order of the stages.
    pub order: Order,
    /// The instant of a plan with dates, and how long it is good.
    pub instant: Option<String>,
    /// The targets that the run was limited to; other resources were not compared.
    pub narrowed: Option<String>,
    /// True for a run of what is due.
    pub only_due: bool,
    /// Rules that were lifted.
    pub allowed: Vec<String>,
    /// True if there is nothing to do.
    pub nothing: bool,
    /// True if there are changes beyond this saved plan.
    pub due: bool,
    /// The end of a run.
    pub end: Option<End>,
    /// The reason why apply would refuse the plan, if it would.
    pub refused: Option<String>,
    /// The counts of the plan.
    pub summary: Summary,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The outcome of the whole run, with its counts.
    pub verdict: Option<String>,
    /// Further notes: agents disrupted although busy, and an interruption.
    pub notes: Vec<String>,
    /// True if the run completed all work.
    pub whole: bool,
    /// Counts of results.
    pub counts: result::Counts,
}

/// The lines of changes: agents, then queues. A line is made when it is drawn, so that it costs nothing before.
#[derive(Clone, Debug)]
pub struct ChangeLines<'a> {
    supports: Supports,
    changes: Cow<'a, [Change]>,
    tense: Tense,
    /// The changes of each line, by place, and its chapter.
    groups: Vec<(Section, Vec<usize>)>,
}

impl<'a> ChangeLines<'a> {
    /// Groups changes into lines.
    pub(in crate::report) fn new(supports: Supports, changes: Cow<'a, [Change]>, tense: Tense) -> Self {
        let agents = agents::groups(&changes).into_iter();
        let agents = agents.map(|group| (agents::chapter(&changes[group[0]]), group));
        let others = changes.iter().enumerate().filter(|(_, change)| change.id.kind != Kind::Agent);
        let groups = agents.chain(others.map(|(at, _)| (Section::Queues, vec![at]))).collect();
        Self { supports, changes, tense, groups }
    }

    /// Returns true if there is no line.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Makes the lines of agents that are deleted, for good or to be made again.
    pub fn deletions(&self) -> impl Iterator<Item = Line> {
        let deleted = self.groups.iter().filter(|(_, group)| self.deletes(group));
        deleted.map(|(_, group)| self.line(group))
    }

    /// Returns true if the line of a group tells of a deletion.
    fn deletes(&self, group: &[usize]) -> bool {
        matches!(self.changes[group[0]].action, Action::Delete | Action::Replace)
    }

    /// Makes each line.
    pub fn iter(&self) -> impl Iterator<Item = Line> {
        self.groups.iter().map(|(_, group)| self.line(group))
    }

    /// Returns the columns of the longest subject, up to a number.
    pub fn subject_columns(&self, most: usize) -> usize {
        let columns = self.groups.iter().map(|(_, group)| match group.as_slice() {
            [at] => measure_text_width(&self.changes[*at].id.to_string()),
            group => measure_text_width(&self.line(group).subject),
        });
        let mut longest = 0;
        for columns in columns {
            longest = longest.max(columns);
            if longest >= most {
                return most;
            }
        }
        longest
    }

    fn line(&self, group: &[usize]) -> Line {
        let changes: Vec<&Change> = group.iter().map(|at| &self.changes[*at]).collect();
        match changes[0].id.kind {
            Kind::Agent => agents::line(self.supports.agents, &changes, self.tense),
            kind => queues::line(self.supports.get(kind), changes[0], self.tense),
        }
    }
}

impl View<'_> {
    /// Returns all lines, but of creations and updates the first ones only, and the number of the others.
    pub fn lines_up_to(&self, most: usize) -> (impl Iterator<Item = Cow<'_, Line>>, usize) {
        let told = self.open.iter().chain(&self.findings).map(Cow::Borrowed);
        let is_deleted = |group: &[usize]| self.changes.deletes(group);
        let all = self.changes.groups.iter().filter(|(_, group)| !is_deleted(group)).count();
        let mut left = most;
        let kept = self.changes.groups.iter().filter(move |(_, group)| {
            is_deleted(group) || left.checked_sub(1).map(|less| left = less).is_some()
        });
        let kept = kept.map(|(_, group)| Cow::Owned(self.changes.line(group)));
        (told.chain(kept), all.saturating_sub(most))
    }

    /// Returns the lines of a chapter.
    pub fn group(&self, group: Section) -> impl Iterator<Item = Cow<'_, Line>> {
        let changes = self.changes.groups.iter().filter(move |(section, _)| *section == group);
        let told = self.open.iter().chain(&self.findings).filter(move |line| line.group == group);
        changes.map(|(_, group)| Cow::Owned(self.changes.line(group))).chain(told.map(Cow::Borrowed))
    }

    /// Returns the number of lines of a chapter.
    pub fn rows(&self, group: Section) -> usize {
        let changes = self.changes.groups.iter().filter(|(section, _)| *section == group);
        changes.count() + self.open.iter().chain(&self.findings).filter(|line| line.group == group).count()
    }

    /// Returns the number of resources or findings in a chapter.
    pub fn count(&self, group: Section) -> usize {
        let changes = self.changes.groups.iter().filter(|(section, _)| *section == group);
        let told = self.open.iter().chain(&self.findings).filter(|line| line.group == group);
        changes.map(|(_, group)| group.len()).sum::<usize>() + told.map(|line| line.count).sum::<usize>()
    }

    /// Counts the changes in words: `2 agents join · 1 agent moves · 3 queues change`.
    pub fn headline(&self) -> String {
        let counts = Section::ALL.map(|group| (group, self.count(group)));
        let said = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(group, count)| format!("{count} {}", group.noun(self.tense)));
        said.collect::<Vec<_>>().join(" · ")
    }

    /// Returns the plan's line of counts.
    pub fn counts(&self) -> String {
        let s = &self.summary;
        if self.tense == Tense::Live {
            return format!("Snapshot: {} agents, {} queues.", s.live.agents, s.live.queues);
        }
        let drift = self.tense == Tense::Differs;
        let mut text = if drift {
            format!(
                "Drift: {} missing, {} different, {} to make again, {} unwanted",
                s.create, s.update, s.replace, s.delete
            )
        } else {
            format!(
                "Plan: {} to create, {} to update, {} to replace, {} to delete",
                s.create, s.update, s.replace, s.delete
            )
        };
        let found = self.count(Section::Findings);
        if found > 0 {
            text.push_str(&format!(", {found} to look at"));
        }
        match s.calls {
            0 => text.push('.'),
            _ if drift => text.push_str(&format!("; an apply would take {}.", effort(s))),
            _ => text.push_str(&format!("; {}.", effort(s))),
        }
        text
    }

    /// Describes a plan with nothing to do. Returns `None` if there are changes, or if it is refused.
    pub fn verdict(&self) -> Option<&'static str> {
        if matches!(self.tense, Tense::Done | Tense::Live) {
            return None;
        }
        let all = |severity| self.findings.iter().all(|line| line.tone == LineKind::Find(severity));
        let refused = self.findings.iter().any(|line| line.tone == LineKind::Find(Severity::Error));
        match (self.nothing, all(Severity::Info)) {
            (true, true) if self.due => Some("The saved plan has no steps."),
            (true, true) if self.only_due => Some("Nothing is due."),
            (true, true) if self.narrowed.is_some() => {
                Some("Nothing to do for these targets: they are live as the manifests say.")
            }
            (true, true) => Some("Nothing to do: the live systems are as the manifests say."),
            (true, false) if !refused => Some("No step remedies these differences."),
            (true | false, _) => None,
        }
    }
}

/// Converts a plan to a view.
///
/// `seconds` is the minimum duration as of now, if known.
pub fn build(plan: &BoundPlan, command: Command, seconds: Option<u64>) -> View<'_> {
    let tense = match command {
        Command::Plan | Command::Apply | Command::Validate => Tense::Planned,
        Command::Drift => Tense::Differs,
        Command::Snapshot => Tense::Live,
    };
    let is_plan = tense != Tense::Live;
    View {
        tense,
        workspace: plan.workspace.clone(),
        changes: ChangeLines::new(plan.supports, Cow::Borrowed(&plan.changes), tense),
        open: Vec::new(),
        findings: findings::lines(&plan.findings),
        order: stages::from_steps(&plan.steps),
        instant: if is_plan { instant(plan) } else { plan.at.as_ref().map(|at| format!("Taken at {at}.")) },
        narrowed: narrowed(plan),
        only_due: plan.due_since.is_some(),
        allowed: plan
            .allowed
            .iter()
            .map(|a| format!("allowed for this run: {} up to {}", a.rule, a.up_to))
            .collect(),
        nothing: plan.changes.is_empty(),
        due: false,
        end: None,
        refused: if is_plan { refused(&plan.findings) } else { None },
        summary: Summary {
            estimated_seconds: seconds.unwrap_or(plan.summary.estimated_seconds),
            ..plan.summary.clone()
        },
    }
}

/// Converts a run to a view from its results; a run that wrote nothing shows its plan and the reason.
pub fn build_run<'a>(plan: &'a BoundPlan, run: &Run, seconds: Option<u64>) -> View<'a> {
    let mut notes: Vec<String> = run.lifted.iter().map(ToString::to_string).collect();
    let stopped = "what was in flight was finished, nothing else was started.";
    if run.interrupted {
        notes.push(format!("Interrupted: {stopped}"));
    }
    if let Some(why) = &run.lock_lost {
        notes.push(format!("The lock was lost ({why}): {stopped}"));
    }
    let end = End {
        verdict: result::verdict(plan, run),
        notes,
        whole: result::is_whole(run),
        counts: result::build(plan, run).summary,
    };
    let outcome = outcome::sort(plan, run);
    let open = outcome::lines(plan, run, &outcome.open);
    let view =
        View { due: !run.due.is_empty(), end: Some(end), open, ..build(plan, Command::Apply, seconds) };
    if run.results.is_empty() {
        return view;
    }
    View {
        tense: Tense::Done,
        changes: ChangeLines::new(plan.supports, Cow::Owned(outcome.done), Tense::Done),
        order: Order::default(),
        refused: None,
        summary: Summary::default(),
        ..view
    }
}

/// Describes the instant of a plan: `As of 2026-12-01T08:00:00+08:00, good until ….`
fn instant(plan: &Plan) -> Option<String> {
    let at = plan.at.as_ref()?;
    Some(match &plan.good_until {
        Some(until) => format!("As of {at}, good until {until}."),
        None => format!("As of {at}; no later date changes it."),
    })
}

/// Describes the limits of a plan: `Narrowed by --target to agent/8001: nothing else was compared.`
fn narrowed(plan: &Plan) -> Option<String> {
    let ids: Vec<String> = plan.targets.iter().map(ToString::to_string).collect();
    let targets = (!ids.is_empty())
        .then(|| format!("Narrowed by --target to {}: nothing else was compared.", ids.join(", ")));
    let due = plan.due_since.as_ref().map(|since| {
        format!(
            "Narrowed by --due to what dates brought about since {since}: edits of the manifests and changes in the \
             console stay as they are."
        )
    });
    match (due, targets) {
        (Some(due), Some(targets)) => Some(format!("{due} {targets}")),
        (due, targets) => due.or(targets),
    }
}

/// Describes why apply would refuse a plan: `Refused because of R401, R303: …`.
fn refused(findings: &[Finding]) -> Option<String> {
    // An apply does not depend on the seats; only a drift has to read them.
    let stops = |f: &&Finding| match f.effect() {
        _ if f.code == SEATS_UNKNOWN.code => false,
        Effect::Invalid | Effect::Refused | Effect::Incomplete => true,
        Effect::None | Effect::Differs | Effect::Partial => false,
    };
    let mut codes: Vec<&str> = findings.iter().filter(stops).map(|f| f.code.as_str()).collect();
    codes.dedup();
    let those = if codes.len() == 1 { "that is" } else { "these are" };
    (!codes.is_empty()).then(|| {
        format!("Refused because of {}: apply would do none of this until {those} settled.", codes.join(", "))
    })
}

/// Describes the number of calls of a plan and their approximate duration.
pub fn effort(summary: &Summary) -> String {
    format!(
        "{} call{}, about {} under the rate limits",
        summary.calls,
        if summary.calls == 1 { "" } else { "s" },
        length(summary.estimated_seconds)
    )
}

/// Formats a duration for people.
fn length(seconds: u64) -> String {
    match seconds {
        0 => "a moment".to_owned(),
        1..=119 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

/// Returns the manifest's place of each change: an index for plans with many steps.
pub fn places(plan: &Plan) -> BTreeMap<&ResourceId, &Source> {
    plan.changes.iter().filter_map(|change| Some((&change.id, change.source.as_ref()?))).collect()
}
