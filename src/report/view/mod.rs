//! A plan in words, ordered once for every format: one line for what is one thing.
//!
//! Agents that are made alike in a row (a pool) are one line; so are new agents that differ in their names alone,
//! agents that are deleted for one reason, and agents that change in the same way. A roster of 300 agents stays
//! readable. Every format draws this, so that none says more or less.

mod agents;
mod findings;
mod queues;
mod stages;

use std::collections::BTreeMap;

use super::{Command, Run};
use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::finding::{Effect, Finding, SEATS_UNKNOWN, Severity};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff, Plan, Summary};
use crate::model::source::Source;
use crate::model::value::Value;

pub use self::stages::{Order, Stage};
pub use queues::MemberCounts;

/// What a line is about; formats colour it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Something happens.
    Act(Action),
    /// A finding.
    Find(Severity),
}

impl LineKind {
    /// The mark before the line.
    pub fn mark(self) -> &'static str {
        match self {
            LineKind::Act(action) => action.mark(),
            LineKind::Find(Severity::Error | Severity::Warning) => "!",
            LineKind::Find(Severity::Info) => "i",
        }
    }

    /// The word for it: an action's or a severity's.
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Act(Action::Create) => "create",
            LineKind::Act(Action::Update) => "update",
            LineKind::Act(Action::Replace) => "replace",
            LineKind::Act(Action::Delete) => "delete",
            LineKind::Find(severity) => severity.word(),
        }
    }
}

/// The chapter that a line belongs to, in the order in which people read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Agents that are made.
    Joins,
    /// Agents that are deleted.
    Leaves,
    /// Agents that are deleted and made again.
    Remade,
    /// Agents that get another main skill group.
    Moves,
    /// Agents that change otherwise.
    Changes,
    /// Queues.
    Queues,
    /// What cannot be mended, or must not be done.
    Findings,
}

impl Section {
    /// Every chapter, in order.
    pub const ALL: [Section; 7] = [
        Section::Joins,
        Section::Leaves,
        Section::Remade,
        Section::Moves,
        Section::Changes,
        Section::Queues,
        Section::Findings,
    ];

    /// Every chapter as a report tells them: what may stop all the others comes first.
    pub fn told() -> impl Iterator<Item = Section> {
        let others = Section::ALL.into_iter().filter(|group| *group != Section::Findings);
        std::iter::once(Section::Findings).chain(others)
    }

    /// Its heading: what would happen, or, of a drift, what is so.
    pub fn title(self, command: Command) -> &'static str {
        let (plan, drift) = match self {
            Section::Joins => ("Who joins", "Who is missing"),
            Section::Leaves => ("Who leaves (deleted)", "Who should not be there"),
            Section::Remade => ("Who is deleted and made again", "Who differs and has to be made again"),
            Section::Moves => ("Who moves", "Who is in another skill group"),
            Section::Changes => ("Who changes", "Who differs"),
            Section::Queues => ("Queues", "Queues"),
            Section::Findings => ("To look at", "To look at"),
        };
        if command == Command::Drift { drift } else { plan }
    }

    /// What a number of them does or is: `agents join`, `queue changes`; of a drift `agents are missing`.
    pub fn noun(self, command: Command, count: usize) -> &'static str {
        let drift = command == Command::Drift;
        let (one, many) = match self {
            Section::Joins if drift => ("agent is missing", "agents are missing"),
            Section::Joins => ("agent joins", "agents join"),
            Section::Leaves if drift => ("agent should not be there", "agents should not be there"),
            Section::Leaves => ("agent leaves (deleted)", "agents leave (deleted)"),
            Section::Remade if drift => ("agent has to be made again", "agents have to be made again"),
            Section::Remade => ("agent is deleted and made again", "agents are deleted and made again"),
            Section::Moves if drift => {
                ("agent is in another skill group", "agents are in another skill group")
            }
            Section::Moves => ("agent moves", "agents move"),
            Section::Changes if drift => ("agent differs", "agents differ"),
            Section::Changes => ("agent changes", "agents change"),
            Section::Queues if drift => ("queue differs", "queues differ"),
            Section::Queues => ("queue changes", "queues change"),
            Section::Findings => ("to look at", "to look at"),
        };
        if count == 1 { one } else { many }
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub tone: LineKind,
    /// The chapter.
    pub group: Section,
    /// The resource or resources; a finding's code.
    pub subject: String,
    /// The resource that a finding is about.
    pub about: Option<String>,
    /// How many resources it stands for.
    pub count: usize,
    /// What is said of it, in pieces.
    pub pieces: Vec<Segment>,
    /// Who serves the queue, before and after, when that changes.
    pub staffing: Option<MemberCounts>,
    /// Everyone that the line is about and that its words draw together, for a search.
    pub everyone: Vec<String>,
    /// Where the manifest asks for it.
    pub source: Option<Source>,
}

impl Line {
    /// From which main skill group to which the agent moves.
    pub fn moves(&self) -> Option<(&str, &str)> {
        self.pieces.iter().find_map(|piece| match piece {
            Segment::Field { key, before, after } if key == MAIN_SKILL_GROUP.key => {
                Some((&**before, &**after))
            }
            Segment::Name(_)
            | Segment::Count(_)
            | Segment::Words(_)
            | Segment::Field { .. }
            | Segment::Remark(_) => None,
        })
    }

    /// What is said beside the move to another main skill group.
    pub fn beside_the_move(&self) -> impl Iterator<Item = &Segment> {
        let is_move =
            |piece: &&Segment| matches!(piece, Segment::Field { key, .. } if key == MAIN_SKILL_GROUP.key);
        self.pieces.iter().filter(move |piece| !is_move(piece))
    }

    /// What people call it: the name of an agent.
    pub fn name(&self) -> Option<&str> {
        self.pieces.iter().find_map(|piece| match piece {
            Segment::Name(name) => Some(name.as_str()),
            Segment::Field { key, before, .. } if key == NAME.key => Some(before.as_str()),
            Segment::Count(_) | Segment::Words(_) | Segment::Field { .. } | Segment::Remark(_) => None,
        })
    }

    /// What is said of it beside its name, in plain words.
    pub fn words(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            let (gap, words) = match piece {
                Segment::Name(_) => continue,
                Segment::Count(_) | Segment::Words(_) | Segment::Field { .. } => (" · ", piece.words()),
                Segment::Remark(_) => (" ", piece.words()),
            };
            if !text.is_empty() {
                text.push_str(gap);
            }
            text.push_str(&words);
        }
        text
    }
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// How many agents the line stands for.
    Count(usize),
    /// What people call the agent.
    Name(String),
    /// Words.
    Words(String),
    /// A field and what becomes of it.
    Field {
        /// Its name.
        key: String,
        /// What it held.
        before: String,
        /// What it will hold.
        after: String,
    },
    /// A remark.
    Remark(String),
}

impl Segment {
    /// The piece in plain words.
    pub fn words(&self) -> String {
        match self {
            Segment::Count(count) => format!("{count} agents"),
            Segment::Name(words) | Segment::Words(words) => words.clone(),
            Segment::Field { key, before, after } => format!("{key} {before} -> {after}"),
            Segment::Remark(words) => format!("({words})"),
        }
    }
}

/// A plan in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What was run: a plan says what would happen, a drift what is so.
    pub command: Command,
    /// Name of the workspace.
    pub workspace: String,
    /// What happens.
    pub changes: Vec<Line>,
    /// What cannot be mended, or must not be done.
    pub findings: Vec<Line>,
    /// What comes after what.
    pub order: Order,
    /// What the run was narrowed to: nothing else was compared.
    pub narrowed: Option<String>,
    /// Rules that were lifted.
    pub allowed: Vec<String>,
    /// Whether there is nothing to do.
    pub nothing: bool,
    /// Whether there is something to do beside this saved plan.
    pub due: bool,
    /// Why apply would do none of it, when it would not.
    pub refused: Option<String>,
    /// The line of counts.
    pub counts: String,
    /// The counts.
    pub summary: Summary,
}

impl View {
    /// The lines of a chapter.
    pub fn group(&self, group: Section) -> impl Iterator<Item = &Line> {
        self.changes.iter().chain(&self.findings).filter(move |line| line.group == group)
    }

    /// How many resources, or findings, a chapter is about.
    pub fn count(&self, group: Section) -> usize {
        self.group(group).map(|line| if group == Section::Findings { 1 } else { line.count }).sum()
    }

    /// What happens, in numbers: `2 agents join · 1 agent moves · 3 queues change`.
    pub fn headline(&self) -> String {
        let counts = Section::ALL.map(|group| (group, self.count(group)));
        let said = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(group, count)| format!("{count} {}", group.noun(self.command, *count)));
        said.collect::<Vec<_>>().join(" · ")
    }

    /// What can be said of a plan with nothing to do; `None` when there is something, or it is refused.
    pub fn verdict(&self) -> Option<&'static str> {
        let all = |severity| self.findings.iter().all(|line| line.tone == LineKind::Find(severity));
        let refused = self.findings.iter().any(|line| line.tone == LineKind::Find(Severity::Error));
        match (self.nothing, all(Severity::Info)) {
            (true, true) if self.due => Some("The saved plan has no steps."),
            (true, true) if self.narrowed.is_some() => {
                Some("Nothing to do for these targets: they are live as the manifests say.")
            }
            (true, true) => Some("Nothing to do: the live systems are as the manifests say."),
            (true, false) if !refused => Some("No step can mend what differs."),
            (true | false, _) => None,
        }
    }
}

/// Puts a plan into words.
pub fn build(plan: &Plan, command: Command) -> View {
    let mut changes = agents::lines(plan, command);
    let others = plan.changes.iter().filter(|c| c.id.kind != Kind::Agent);
    changes.extend(others.map(|change| queues::line(change, command)));
    View {
        command,
        workspace: plan.workspace.clone(),
        changes,
        findings: findings::lines(&plan.findings),
        order: stages::from_steps(&plan.steps),
        narrowed: narrowed(&plan.targets),
        allowed: plan
            .allowed
            .iter()
            .map(|a| format!("allowed for this run: {} up to {}", a.rule, a.up_to))
            .collect(),
        nothing: plan.changes.is_empty(),
        due: false,
        refused: refused(&plan.findings),
        counts: counts(plan, command),
        summary: plan.summary.clone(),
    }
}

/// Puts the plan of a run into words.
pub fn of_run(plan: &Plan, run: &Run, command: Command) -> View {
    View { due: !run.due.is_empty(), ..build(plan, command) }
}

fn counts(plan: &Plan, command: Command) -> String {
    let s = &plan.summary;
    let drift = command == Command::Drift;
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
    let open =
        plan.findings.iter().filter(|f| matches!(f.effect(), Effect::Differs | Effect::Partial)).count();
    if open > 0 {
        text.push_str(&format!(", {open} that cannot be mended"));
    }
    match s.calls {
        0 => text.push('.'),
        _ if drift => text.push_str(&format!("; an apply would take {}.", effort(s))),
        _ => text.push_str(&format!("; {}.", effort(s))),
    }
    text
}

/// That a plan is not about everything: `Narrowed to agent/8001: nothing else was compared.`
fn narrowed(targets: &[ResourceId]) -> Option<String> {
    let ids: Vec<String> = targets.iter().map(ToString::to_string).collect();
    (!ids.is_empty())
        .then(|| format!("Narrowed by --target to {}: nothing else was compared.", ids.join(", ")))
}

/// Why apply would do none of a plan: `apply refuses this plan because of R401, R303`.
fn refused(findings: &[Finding]) -> Option<String> {
    // An apply does not depend on the seats, which a drift has to read.
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

/// How many calls a plan needs, and about how long they take.
pub fn effort(summary: &Summary) -> String {
    format!(
        "{} call{}, about {} under the rate limits",
        summary.calls,
        if summary.calls == 1 { "" } else { "s" },
        length(summary.estimated_seconds)
    )
}

/// A length of time for people.
fn length(seconds: u64) -> String {
    match seconds {
        0 => "a moment".to_owned(),
        1..=119 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

/// Where the manifests ask for each change: an index, for plans with many steps.
pub fn places(plan: &Plan) -> BTreeMap<&ResourceId, &Source> {
    plan.changes.iter().filter_map(|change| Some((&change.id, change.source.as_ref()?))).collect()
}

/// One side of a field, as people read it.
fn words(field: &FieldDiff, value: Option<&Value>) -> String {
    // What no operation returns, and no run has set, may hold anything.
    let nothing = if field.field.is_read() { "unset" } else { "unknown" };
    value.map_or_else(|| nothing.to_owned(), Value::words)
}

fn remarks(change: &Change, command: Command, pieces: &mut Vec<Segment>) {
    if let Some(reason) = &change.reason {
        pieces.push(Segment::Remark(reason.clone()));
    }
    match (change.moved, change.action) {
        (ChangeOrigin::Live, Action::Create) => {
            pieces.push(Segment::Remark("it was deleted in the console".to_owned()));
        }
        (ChangeOrigin::Live, _) => pieces.push(Segment::Remark("it was changed in the console".to_owned())),
        (ChangeOrigin::Both, _) => {
            pieces.push(Segment::Remark("both the console and the manifest changed it".to_owned()));
        }
        (ChangeOrigin::Manifest, _) if command == Command::Drift => {
            pieces.push(Segment::Remark("the manifest changed since the last apply".to_owned()));
        }
        (ChangeOrigin::Manifest | ChangeOrigin::Unknown, _) => {}
    }
}

/// Numbers with runs of three and more drawn together: `8001, 8101..8180`.
pub fn ranges(ids: &[&OperatorId]) -> String {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < ids.len() {
        let mut end = at;
        while end + 1 < ids.len() && ids[end].successor().as_ref() == Some(ids[end + 1]) {
            end += 1;
        }
        if end - at >= 2 {
            parts.push(format!("{}..{}", ids[at], ids[end]));
        } else {
            parts.extend(ids[at..=end].iter().map(ToString::to_string));
        }
        at = end + 1;
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_three_and_more_are_drawn_together() {
        let ids = ["8001", "8002", "8101", "8102", "8103", "a"].map(OperatorId::from);
        assert_eq!(ranges(&ids.iter().collect::<Vec<_>>()), "8001, 8002, 8101..8103, a");
    }
}
