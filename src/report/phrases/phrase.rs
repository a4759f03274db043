//! The words of reports, as data.

use crate::model::id::Kind;
use crate::model::last_change::LastChanged;
use crate::model::plan::{Operation, Summary};
use crate::model::rule::Severity;
use crate::report::chapter::{LineKind, Section, Tense};
use crate::report::content::{Command, Sound};
use crate::report::counts::Counts;

/// A text of a report, with its arguments.
#[derive(Clone, Copy, Debug)]
pub enum Phrase<'a> {
    // Documents.
    /// The heading of a report on a workspace.
    Title(Command, &'a str),
    /// The heading of a report on several workspaces.
    Workspaces(Command, usize),
    /// What a report shows, in a sentence.
    Lead(Command),
    /// The origin of a page.
    MadeBy(&'a str),
    /// The word before a failure.
    Failed,
    /// The heading of errors in files.
    Errors,
    /// The word before an error in a file.
    Error,
    /// The word before a remedy.
    Help,
    /// The word before a remark about another place.
    NoteWord,
    /// The number of errors, and of files with errors.
    ErrorCount(usize, usize),
    /// The failure of a workspace with wrong files.
    WrongFiles(usize),
    /// The failure of manifests that break a rule of policy.
    RefusedFiles,
    /// A link to the content.
    SkipLink,
    /// The label of the search.
    Search,
    /// The example in the search.
    SearchHint,
    /// The label of the choice of chapters.
    Show,
    /// The choice of all chapters.
    Everything,
    /// The list of workspaces.
    Contents,
    /// The count of lines that a search found, with `{shown}` and `{all}`.
    Found,
    /// The count of all lines, with `{all}`.
    AllLines,
    /// The heading of the card of a person.
    Card,

    /// The declarations of a sound workspace.
    Sound(&'a Sound),

    // Verdicts.
    /// The plan can be applied.
    CanBeApplied,
    /// The plan can be applied, and some findings need a decision.
    NeedsDecision(usize),
    /// The plan cannot be applied.
    CannotBeApplied(Refuser),
    /// More findings refuse the plan.
    AndMoreReasons(usize),
    /// The way to lift a limit in a pull request.
    LiftLimitByLabel(&'a str, usize),
    /// There is nothing to do.
    NothingToDo,
    /// There is nothing to do for the targets.
    NothingForTargets,
    /// Nothing is due.
    NothingIsDue,
    /// The saved plan has no steps.
    NoSteps,
    /// No step remedies the differences.
    NoRemedy,
    /// Live differs from the manifests.
    Differs,
    /// The instant of the read.
    ReadAt(&'a str),
    /// The commit of the manifests.
    CommitOf(&'a str),
    /// The instant of a plan with dates, and its end.
    AsOf(&'a str, Option<&'a str>),
    /// The instant of a snapshot.
    TakenAt(&'a str),
    /// The targets of a narrowed plan.
    NarrowedTo(&'a str),
    /// The last run, of a plan of what is due.
    DueSince(&'a str),
    /// A limit that was lifted: rule and number.
    LimitLifted(&'a str, u32),
    /// What a comment about a drift shows.
    LiveFirst,
    /// The run was interrupted.
    Interrupted,
    /// The run lost its lock, for a reason.
    LockLost(&'a str),
    /// Calls and duration.
    Effort(&'a Summary),
    /// The counts of a plan, and of its findings.
    PlanCounts(&'a Summary, usize),
    /// The counts of a drift, and of its findings.
    DriftCounts(&'a Summary, usize),
    /// The counts of a snapshot.
    SnapshotCounts(&'a Summary),
    /// What a presence query found: the number of agents who would be left alone.
    AtWorkNow(usize),
    /// What dates bring, as a heading.
    Ahead,
    /// An agent begins at a date.
    TurnJoins(&'a str),
    /// An agent leaves at a date.
    TurnLeaves(&'a str),
    /// An agent goes to a main skill group at a date.
    TurnMoves(&'a str, &'a str),
    /// A queue changes at a date.
    TurnQueue(&'a str),
    /// An agent changes at a date.
    TurnChanges(&'a str),

    // Results.
    /// A run wrote nothing, for a reason.
    NotApplied(&'a str),
    /// A run had no steps, and left something out.
    NothingApplied(&'a str),
    /// All steps are done, and something was left out.
    AppliedBut(usize, &'a str),
    /// All steps of a run of what is due are done.
    AppliedDue(usize),
    /// All steps are done.
    Applied(usize),
    /// All steps are done, and all is as the manifests say.
    AppliedWhole(usize),
    /// Some steps are not done: counts, those not read back, and what another apply does.
    AppliedInPart(Counts, usize, Again),
    /// What the findings left out.
    LeftOut(&'a str),
    /// Work beyond a saved plan.
    MoreIsDue(&'a str),

    // Lines.
    /// The word of a line's kind.
    Kind(LineKind),
    /// The word of a line's kind in a tense: `deleted`.
    KindIn(LineKind, Tense),
    /// The heading of a chapter.
    Heading(Section, Tense),
    /// The number of resources in a chapter: `3 agents join`.
    Counted(Section, Tense, usize),
    /// The same without the number.
    Noun(Section, Tense),
    /// The meaning of a chapter, for new readers.
    Meaning(Section, Tense),
    /// A number of agents.
    Agents(usize),
    /// A value that is not set.
    Unset,
    /// A value that is not known.
    Unknown,
    /// A password among the fields.
    Password,
    /// The place of a generated password.
    StoredAs(&'a str),
    /// A number of members.
    Members(usize),
    /// A priority, before its members.
    Priority(i64),
    /// The priority of some members, as a field.
    PriorityOf(&'a str),
    /// Members that join; the number is told if it is many.
    Joining(Tense, Option<usize>),
    /// Members that leave.
    Leaving(Tense, Option<usize>),
    /// A queue without a member.
    NoMemberLeft,
    /// A deleted agent that is still to be made.
    StillToMake,
    /// Live moved: the agent was deleted.
    DeletedInConsole,
    /// Live moved.
    ChangedInConsole,
    /// Both sides moved.
    ChangedByBoth,
    /// The manifest moved.
    ChangedByManifest,
    /// A date moved.
    DueByDate,
    /// The last change in the console.
    LastChanged(&'a LastChanged),
    /// Live resources that no manifest names: number, kind, list.
    Unmanaged(usize, Kind, &'a str),
    /// Omitted items.
    AndMore(usize),
    /// Omitted rows.
    MoreRows(usize),
    /// The rest of a comment that was cut.
    Cut,
    /// A reason to leave a queue: deleted.
    WhyDeleted,
    /// A reason to leave a queue: moved to another main skill group.
    WhyMoved(&'a str),
    /// A reason to leave a queue: disabled.
    WhyDisabled,
    /// A reason to join a queue: new.
    WhyNew,
    /// The queues that do not change.
    Unchanged(&'a str),
    /// The fewest members of a queue.
    Minimum(usize),
    /// Members that the console added.
    ConsoleAdded(&'a str),
    /// Members that the console took out.
    ConsoleRemoved(&'a str),
    /// Members that apply takes out again.
    TakesOut(&'a str),
    /// Members that apply puts back.
    PutsBack(&'a str),

    // Columns.
    /// The title of a column.
    Column(Column),

    // The order of work.
    /// The heading of the order.
    Order(Tense),
    /// A stage: what it does to how many.
    Stage(Operation, usize),
    /// The calls of a stage.
    Calls(usize),
    /// The legend of a queue's picture.
    Legend(Tense),
    /// The words of the legend.
    Swatch(Swatch),
    /// The picture of a queue in words: name, before, after.
    Picture(Tense, &'a str, usize, usize),

    // Annotations.
    /// Agents that are deleted, as a title.
    AgentsDeleted(usize),
    /// Annotations that are left out: number, severity.
    Annotations(usize, Severity),
    /// The list of left out annotations, and the number that is shown.
    NotShown(&'a str, usize),
    /// A resource that differs.
    SubjectDiffers(&'a str),
    /// A resource and its status.
    Ended(&'a str, LineKind),
    /// Results that are left out.
    ResultsLeftOut(usize),
}

/// The side that refuses a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refuser {
    /// The manifests do not fit live state.
    Manifests,
    /// A limit, a protection or a minimum of the policy.
    Policy,
    /// A system did not answer completely.
    System,
}

/// What another apply does about the steps that are not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nothing: the vendor keeps the values in another form.
    Nothing,
    /// The rest, but for such values.
    AllButForms,
    /// The rest.
    Rest,
    /// The rest, once the agents are no longer at work.
    RestLater,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// An agent's number.
    Agent,
    /// A name.
    Name,
    /// What changes.
    What,
    /// The place in a manifest.
    Where,
    /// The main skill group before.
    From(Tense),
    /// The main skill group after.
    To(Tense),
    /// Other changes.
    Also,
    /// A queue.
    Queue,
    /// Members before and after.
    Staff(Tense),
    /// The fewest members.
    Minimum,
    /// The members that leave.
    Leaves(Tense),
    /// The members that join.
    Joins(Tense),
    /// A resource.
    Resource,
    /// The result of a step.
    Result,
    /// What was not done, and why.
    WhatAndWhy,
    /// The severity of a finding.
    Severity,
    /// The code of a finding.
    Code,
    /// A finding and its remedy.
    WhatToDo,
    /// The remedy of an error.
    Remedy,
    /// A value in the console.
    InConsole,
    /// The value of the manifests.
    InManifest(Tense),
    /// The person and the time of a change.
    WhoAndWhen,
}

/// A part of a queue's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swatch {
    /// Members that stay.
    Stays,
    /// Members that leave.
    Leaves,
    /// Members that join.
    Joins,
}
