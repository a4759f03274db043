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
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use console::measure_text_width;

pub(in crate::report) use self::line::Telling;
pub use self::line::{Line, MemberCounts, Person, Segment, ranges};
pub use self::stages::{Order, Stage};
pub use super::chapter::{LineKind, Section, Tense};
use super::phrases::{Phrase, Refuser, colon, semicolon};
use super::{BoundPlan, Command, Run, result};
use crate::messages::Message as _;
use crate::model::finding::Finding;
use crate::model::id::{Kind, ResourceId, safe};
use crate::model::language::Language;
use crate::model::plan::{Action, Change, Plan, Summary};
use crate::model::rule::{Effect, SEATS_UNKNOWN};
use crate::model::scene::{Ahead, Scene, Turn, moment};
use crate::model::source::Source;
use crate::model::support::Supports;

/// A plan, or a run with its results, in words.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The facts beside the plan.
    pub scene: &'a Scene,
    /// The tense: planned, differing or done.
    pub tense: Tense,
    /// Name of the workspace.
    pub workspace: String,
    /// The verdict; `None` of a snapshot.
    pub verdict: Option<Verdict>,
    /// The instant of the read and the commit, in words.
    pub facts: Vec<String>,
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
    /// Rules that were lifted.
    pub allowed: Vec<String>,
    /// The end of a run.
    pub end: Option<End>,
    /// The queues that do not change, in a line.
    pub unchanged: Option<String>,
    /// The agents at work that an apply would leave alone as of now: a heading, and each by name with a line.
    pub at_work: Option<(String, Vec<(String, String)>)>,
    /// The counts of the plan.
    pub summary: Summary,
}

/// The weight of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// There is nothing to do, or all is done.
    Good,
    /// The plan can be applied.
    Ready,
    /// Something needs a decision first.
    Decide,
    /// The plan is refused, or the run did not do all.
    Bad,
}

impl Weight {
    /// Returns the sign before the verdict in a comment.
    pub fn sign(self) -> &'static str {
        match self {
            Weight::Good | Weight::Ready => "✅",
            Weight::Decide => "⚠️",
            Weight::Bad => "⛔",
        }
    }
}

/// The answer to the first question of a reader: may this be applied, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its weight.
    pub weight: Weight,
    /// Its sentences.
    pub text: String,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Further notes: agents disrupted although busy, and an interruption.
    pub notes: Vec<String>,
    /// True if the run completed all work.
    pub whole: bool,
    /// Counts of results.
    pub counts: result::Counts,
}

/// The lines of changes, chapter by chapter. A line is made when it is drawn, so that it costs nothing before.
#[derive(Clone, Debug)]
pub struct ChangeLines<'a> {
    supports: Supports,
    changes: Cow<'a, [Change]>,
    how: Telling<'a>,
    /// The changes of each line, by place, and its chapter.
    groups: Vec<(Section, Vec<usize>)>,
    /// The changes of queues whose members the console changed.
    taken_back: Vec<usize>,
    /// The places of the changes that tell why an agent joins or leaves a queue.
    telling: OnceCell<Vec<usize>>,
}

impl<'a> ChangeLines<'a> {
    /// Groups changes into lines.
    pub(in crate::report) fn new(supports: Supports, changes: Cow<'a, [Change]>, how: Telling<'a>) -> Self {
        let agents = agents::groups(&changes).into_iter();
        let agents = agents.map(|group| (agents::chapter(&changes[group[0]]), group));
        let others = changes.iter().enumerate().filter(|(_, change)| change.id.kind != Kind::Agent);
        let mut groups: Vec<(Section, Vec<usize>)> =
            agents.chain(others.map(|(at, _)| (Section::Queues, vec![at]))).collect();
        groups.sort_by_cached_key(|(section, group)| match section {
            Section::Queues => (*section, Reverse(queues::loss(&changes[group[0]]))),
            _ => (*section, Reverse((0, 0))),
        });
        let queues = changes.iter().enumerate().filter(|(_, change)| queues::is_taken_back(change));
        let taken_back = queues.map(|(at, _)| at).collect();
        Self { supports, changes, how, groups, taken_back, telling: OnceCell::new() }
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

    /// Returns the effect of the plan on the agents that queues name.
    fn fates(&self) -> queues::Fates<'_> {
        let places = self.telling.get_or_init(|| queues::telling(&self.changes));
        queues::Fates { changes: &self.changes, places }
    }

    fn line(&self, group: &[usize]) -> Line {
        let changes: Vec<&Change> = group.iter().map(|at| &self.changes[*at]).collect();
        match changes[0].id.kind {
            Kind::Agent => agents::line(self.supports.agents, &changes, self.how),
            kind => queues::line(self.supports.get(kind), changes[0], &self.fates(), self.how),
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
        let lines = changes.map(|(_, group)| Cow::Owned(self.changes.line(group)));
        lines.chain(self.taken_back(group).map(Cow::Owned)).chain(told.map(Cow::Borrowed))
    }

    /// Returns the lines of queues in the chapter of what apply takes back; their changes have a line of their own.
    fn taken_back(&self, group: Section) -> impl Iterator<Item = Line> {
        let places = if group == Section::TakenBack { &*self.changes.taken_back } else { &[] };
        places.iter().filter_map(|at| queues::taken_back(&self.changes.changes[*at], self.changes.how))
    }

    /// Returns the number of lines of a chapter.
    pub fn rows(&self, group: Section) -> usize {
        let changes = self.changes.groups.iter().filter(|(section, _)| *section == group);
        let told = self.open.iter().chain(&self.findings).filter(|line| line.group == group);
        changes.count() + self.taken_back(group).count() + told.count()
    }

    /// Returns the number of resources or findings in a chapter.
    pub fn count(&self, group: Section) -> usize {
        let changes = self.changes.groups.iter().filter(|(section, _)| *section == group);
        let told = self.open.iter().chain(&self.findings).filter(|line| line.group == group);
        changes.map(|(_, group)| group.len()).sum::<usize>()
            + self.taken_back(group).count()
            + told.map(|line| line.count).sum::<usize>()
    }

    /// Returns the language of the reader.
    pub fn language(&self) -> Language {
        self.scene.language
    }

    /// Returns a text in the language of the reader.
    pub fn say(&self, phrase: Phrase<'_>) -> Cow<'static, str> {
        phrase.say(self.language())
    }

    /// Counts the changes in words: `2 agents join · 1 agent moves · 3 queues change`.
    pub fn headline(&self) -> String {
        let counts = Section::ALL.map(|group| (group, self.count(group))).into_iter();
        let said = counts.filter(|(_, count)| *count > 0);
        let said = said.map(|(group, count)| self.say(Phrase::Counted(group, self.tense, count)));
        said.collect::<Vec<_>>().join(" · ")
    }

    /// Returns the plan's line of counts.
    pub fn counts(&self) -> String {
        let found = self.count(Section::Decide) + self.count(Section::Notes);
        let counts = match self.tense {
            Tense::Live => Phrase::SnapshotCounts(&self.summary),
            Tense::Differs => Phrase::DriftCounts(&self.summary, found),
            Tense::Planned | Tense::Done => Phrase::PlanCounts(&self.summary, found),
        };
        self.say(counts).into_owned()
    }

    /// Returns the calls of the plan and their duration; `None` without a call.
    pub fn effort(&self) -> Option<Cow<'static, str>> {
        (self.summary.calls > 0).then(|| self.say(Phrase::Effort(&self.summary)))
    }

    /// Returns what the next dates bring: each moment, and what happens then in words.
    pub fn ahead(&self) -> Vec<(&Ahead, String)> {
        let ahead = if self.tense == Tense::Done { &[][..] } else { &self.scene.ahead };
        ahead.iter().map(|ahead| (ahead, self.turns(ahead))).collect()
    }

    /// Returns the agents of a moment by number and name.
    pub fn people(&self, ahead: &Ahead) -> Vec<String> {
        let agents = ahead.turns.iter().filter(|(id, _)| id.kind == Kind::Agent);
        agents.map(|(id, _)| self.person(id)).collect()
    }

    /// Returns a resource by number and, if it is an agent, by name.
    fn person(&self, id: &ResourceId) -> String {
        let number = safe(id.name.as_str());
        let name = self.scene.names.get(&id.name).filter(|_| id.kind == Kind::Agent);
        name.map_or(number.clone(), |name| format!("{number} {name}"))
    }

    fn turns(&self, ahead: &Ahead) -> String {
        let one = |(id, turn): &(ResourceId, Turn)| {
            let who = self.person(id);
            self.say(match turn {
                Turn::Joins => Phrase::TurnJoins(&who),
                Turn::Leaves => Phrase::TurnLeaves(&who),
                Turn::Moves(group) => Phrase::TurnMoves(&who, group),
                Turn::Changes if id.kind == Kind::Queue => Phrase::TurnQueue(&who),
                Turn::Changes => Phrase::TurnChanges(&who),
            })
        };
        let more = (ahead.more > 0).then(|| self.say(Phrase::AndMore(ahead.more)));
        let all: Vec<Cow<'_, str>> = ahead.turns.iter().map(one).chain(more).collect();
        all.join(semicolon(self.language()))
    }
}

/// Converts a saved plan to a view. `due` tells if there are changes beyond it.
pub fn build_saved<'a>(plan: &'a BoundPlan, command: Command, scene: &'a Scene, due: bool) -> View<'a> {
    let view = build(plan, command, scene);
    View { verdict: Some(verdict(plan, &view.findings, due, view.changes.how)), ..view }
}

/// Converts a plan to a view.
pub fn build<'a>(plan: &'a BoundPlan, command: Command, scene: &'a Scene) -> View<'a> {
    let tense = match command {
        Command::Plan | Command::Apply | Command::Validate => Tense::Planned,
        Command::Drift => Tense::Differs,
        Command::Snapshot => Tense::Live,
    };
    let (is_plan, how) = (tense != Tense::Live, Telling { scene, tense });
    let findings = findings::lines(&plan.findings, how);
    let facts = [
        scene.read_at.as_ref().map(|at| how.say(Phrase::ReadAt(&moment(at)))),
        scene.commit.as_ref().map(|commit| how.say(Phrase::CommitOf(&safe(commit.short())))),
    ];
    View {
        scene,
        tense,
        workspace: plan.workspace.clone(),
        verdict: is_plan.then(|| verdict(plan, &findings, false, how)),
        facts: facts.into_iter().flatten().collect(),
        changes: ChangeLines::new(plan.supports, Cow::Borrowed(&plan.changes), how),
        open: Vec::new(),
        findings,
        order: stages::from_steps(&plan.steps),
        instant: if is_plan {
            plan.at.as_ref().map(|at| how.say(Phrase::AsOf(at, plan.good_until.as_deref())))
        } else {
            plan.at.as_ref().map(|at| how.say(Phrase::TakenAt(at)))
        },
        narrowed: narrowed(plan, how),
        allowed: plan.allowed.iter().map(|a| how.say(Phrase::LimitLifted(&a.rule, a.up_to))).collect(),
        end: None,
        unchanged: unchanged(plan, how),
        at_work: at_work(plan, how),
        summary: Summary {
            estimated_seconds: scene.seconds.unwrap_or(plan.summary.estimated_seconds),
            ..plan.summary.clone()
        },
    }
}

/// Converts a run to a view from its results; a run that wrote nothing shows its plan and the reason.
pub fn build_run<'a>(plan: &'a BoundPlan, run: &Run, scene: &'a Scene) -> View<'a> {
    let language = scene.language;
    let mut notes: Vec<String> = run.lifted.iter().map(|lifted| lifted.say(language)).collect();
    if run.interrupted {
        notes.push(Phrase::Interrupted.say(language).into_owned());
    }
    if let Some(why) = &run.lock_lost {
        notes.push(Phrase::LockLost(why.text(language)).say(language).into_owned());
    }
    let end = End { notes, whole: result::is_whole(run), counts: result::build(plan, run).summary };
    let weight = if end.whole { Weight::Good } else { Weight::Bad };
    let said = result::verdict(plan, run, language).map(|text| Verdict { weight, text });
    let outcome = outcome::sort(plan, run, language);
    let open = outcome::lines(plan, run, &outcome.open, Telling { scene, tense: Tense::Planned });
    let view = View { end: Some(end), open, ..build(plan, Command::Apply, scene) };
    let planned = || verdict(plan, &view.findings, !run.due.is_empty(), view.changes.how);
    let view = View { verdict: Some(said.unwrap_or_else(planned)), ..view };
    if run.results.is_empty() {
        return view;
    }
    let how = Telling { scene, tense: Tense::Done };
    View {
        tense: Tense::Done,
        changes: ChangeLines::new(plan.supports, Cow::Owned(outcome.done), how),
        order: Order::default(),
        summary: Summary::default(),
        ..view
    }
}

/// Describes the limits of a plan: `Narrowed by --target to agent/8001: nothing else was compared.`
fn narrowed(plan: &Plan, how: Telling<'_>) -> Option<String> {
    let targets = (!plan.targets.is_empty()).then(|| how.say(Phrase::NarrowedTo(&how.list(&plan.targets))));
    let due = plan.due_since.as_ref().map(|since| how.say(Phrase::DueSince(since)));
    match (due, targets) {
        (Some(due), Some(targets)) => Some(format!("{due} {targets}")),
        (due, targets) => due.or(targets),
    }
}

/// Returns the verdict on a plan. `due` tells if there are changes beyond a saved plan.
fn verdict(plan: &BoundPlan, findings: &[Line], due: bool, how: Telling<'_>) -> Verdict {
    let told = |weight, phrase| Verdict { weight, text: how.say(phrase) };
    let refusing: Vec<(Refuser, &Finding)> =
        plan.findings.iter().filter_map(|finding| Some((refuser(finding)?, finding))).collect();
    if let Some((refuser, first)) = refusing.iter().min_by_key(|(refuser, _)| *refuser) {
        return Verdict { weight: Weight::Bad, text: refused(*refuser, first, refusing.len() - 1, how) };
    }
    let decide: usize =
        findings.iter().filter(|line| line.group == Section::Decide).map(|line| line.count).sum();
    match (plan.changes.is_empty(), decide) {
        (true, 0) if due => told(Weight::Good, Phrase::NoSteps),
        (true, 0) if plan.due_since.is_some() => told(Weight::Good, Phrase::NothingIsDue),
        (true, 0) if !plan.targets.is_empty() => told(Weight::Good, Phrase::NothingForTargets),
        (true, 0) => told(Weight::Good, Phrase::NothingToDo),
        (true, _) => told(Weight::Decide, Phrase::NoRemedy),
        (false, _) if how.tense == Tense::Differs => told(Weight::Decide, Phrase::Differs),
        (false, 0) => told(Weight::Ready, Phrase::CanBeApplied),
        (false, decide) => told(Weight::Decide, Phrase::NeedsDecision(decide)),
    }
}

/// Returns the side that refuses a plan because of a finding.
fn refuser(finding: &Finding) -> Option<Refuser> {
    match finding.effect() {
        // An apply does not depend on the seats; only a drift has to read them.
        _ if finding.code == SEATS_UNKNOWN.code => None,
        Effect::Invalid => Some(Refuser::Manifests),
        Effect::Refused => Some(Refuser::Policy),
        Effect::Incomplete => Some(Refuser::System),
        Effect::None | Effect::Differs | Effect::Partial => None,
    }
}

/// Describes which side refuses a plan, why, and the way out: in a pull request, only a label lifts a limit.
fn refused(refuser: Refuser, first: &Finding, others: usize, how: Telling<'_>) -> String {
    let (mut why, ends) = findings::sentence(first, how);
    if !ends {
        why.push_str(how.language().choose(".", "。", "。"));
    }
    let mut sentences = vec![how.say(Phrase::CannotBeApplied(refuser)), why];
    if others > 0 {
        sentences.push(how.say(Phrase::AndMoreReasons(others)));
    }
    sentences.join(how.language().choose(" ", "", ""))
}

/// The maximum number of queues in the line of those that do not change.
const MOST_UNCHANGED: usize = 40;

/// Returns the line of the queues that do not change; `None` if no queue changes.
fn unchanged(plan: &Plan, how: Telling<'_>) -> Option<String> {
    let changed = plan.changes.iter().map(|change| &change.id).filter(|id| id.kind == Kind::Queue);
    let changed: BTreeSet<&ResourceId> = changed.collect();
    let others: Vec<_> = how.scene.queues.iter().filter(|queue| !changed.contains(&queue.id)).collect();
    if others.is_empty() || changed.is_empty() {
        return None;
    }
    let one = |queue: &&crate::model::scene::Staffing| {
        let name = safe(queue.id.name.as_str());
        let Some(members) = queue.members else { return name };
        let short = members == 0 || queue.minimum.is_some_and(|minimum| members < minimum);
        format!("{name} {members}{}", if short { " ⚠" } else { "" })
    };
    let mut named: Vec<String> = others.iter().take(MOST_UNCHANGED).map(one).collect();
    if others.len() > MOST_UNCHANGED {
        named.push(how.say(Phrase::AndMore(others.len() - MOST_UNCHANGED)));
    }
    Some(how.say(Phrase::Unchanged(&named.join(" · "))))
}

/// Returns the agents at work that an apply would leave alone as of now; `None` if presence was not asked for.
fn at_work(plan: &Plan, how: Telling<'_>) -> Option<(String, Vec<(String, String)>)> {
    let busy = how.scene.at_work.as_ref()?;
    let one = |deferred: &crate::model::note::Deferred| {
        let own = || plan.change(&ResourceId::agent(&deferred.agent))?.title.as_ref();
        let named = || plan.changes.iter().find_map(|change| change.names.get(&deferred.agent));
        let name = how.scene.names.get(&deferred.agent).or_else(own).or_else(named);
        let line = deferred.say(how.language());
        let line = name.map_or(line.clone(), |name| format!("{name}{}{line}", colon(how.language())));
        (format!("{} {}", deferred.agent, name.map_or("", String::as_str)), line)
    };
    let agents: BTreeSet<_> = busy.iter().map(|deferred| &deferred.agent).collect();
    Some((how.say(Phrase::AtWorkNow(agents.len())), busy.iter().map(one).collect()))
}

/// Returns the manifest's place of each change: an index for plans with many steps.
pub fn places(plan: &Plan) -> BTreeMap<&ResourceId, &Source> {
    plan.changes.iter().filter_map(|change| Some((&change.id, change.source.as_ref()?))).collect()
}
