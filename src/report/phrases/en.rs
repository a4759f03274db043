//! The words of reports in English.

use std::borrow::Cow;

use super::phrase::{Again, Column, Phrase, Refuser, Swatch};
use crate::model::outcome::Status;
use crate::model::plan::{Action, Operation, Summary, Verb};
use crate::model::rule::Severity;
use crate::report::chapter::{LineKind, Section, Tense};
use crate::report::content::{Command, Sound};
use crate::report::counts::Counts;

/// Writes a text.
pub(super) fn phrase(phrase: Phrase<'_>) -> Cow<'static, str> {
    use Phrase as P;
    match phrase {
        P::Title(command, name) => format!("rosterctl {}: {name}", command.word()).into(),
        P::Workspaces(command, count) => format!("rosterctl {}: {count} workspaces", command.word()).into(),
        P::Lead(command) => lead(command).into(),
        P::MadeBy(version) => {
            format!("Made by rosterctl {version}. This file needs no network and sends nothing.").into()
        }
        P::Failed => "Failed:".into(),
        P::Errors => "What is wrong".into(),
        P::Error => "error".into(),
        P::Help => "help".into(),
        P::NoteWord => "note".into(),
        P::ErrorCount(errors, files) => {
            let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
            let errors = count(errors, "error");
            if files > 0 { format!("{errors} in {}", count(files, "file")).into() } else { errors.into() }
        }
        P::WrongFiles(1) => "the workspace or a manifest has an error".into(),
        P::WrongFiles(count) => format!("the workspace and its manifests have {count} errors").into(),
        P::RefusedFiles => "the manifests break a rule of policy".into(),
        P::SkipLink => "Skip to what changes".into(),
        P::Search => "Search".into(),
        P::SearchHint => "name, number, queue…".into(),
        P::Show => "Show".into(),
        P::Everything => "everything".into(),
        P::Contents => "Workspaces".into(),
        P::Found => "{shown} of {all} lines shown".into(),
        P::AllLines => "{all} lines".into(),
        P::Card => "All about this person: ".into(),

        P::Sound(sound) => self::sound(sound).into(),

        P::CanBeApplied => "Can be applied.".into(),
        P::NeedsDecision(1) => "Can be applied; one thing to look at first.".into(),
        P::NeedsDecision(count) => format!("Can be applied; {count} things to look at first.").into(),
        P::CannotBeApplied(Refuser::Policy) => "Cannot be applied, refused by policy:".into(),
        P::CannotBeApplied(Refuser::Manifests) => {
            "Cannot be applied, the manifests do not fit what is live:".into()
        }
        P::CannotBeApplied(Refuser::System) => "Cannot be applied, a system did not tell all:".into(),
        P::AndMoreReasons(1) => "One more finding refuses it.".into(),
        P::AndMoreReasons(count) => format!("{count} more findings refuse it.").into(),
        P::LiftLimitByLabel(rule, count) => {
            format!("If this is meant, add the label `allow:{rule}={count}` to this pull request.").into()
        }
        P::NothingToDo => "Nothing to do: the live systems are as the manifests say.".into(),
        P::NothingForTargets => {
            "Nothing to do for these targets: they are live as the manifests say.".into()
        }
        P::NothingIsDue => "Nothing is due.".into(),
        P::NoSteps => "The saved plan has no steps.".into(),
        P::NoRemedy => "No step remedies these differences.".into(),
        P::Differs => "The live systems differ from the manifests.".into(),
        P::ReadAt(at) => format!("live state of {at}").into(),
        P::CommitOf(commit) => format!("commit {commit}").into(),
        P::AsOf(at, Some(until)) => format!("As of {at}, good until {until}.").into(),
        P::AsOf(at, None) => format!("As of {at}; no later date changes it.").into(),
        P::TakenAt(at) => format!("Taken at {at}.").into(),
        P::NarrowedTo(targets) => format!("Narrowed by --target to {targets}: nothing else was compared.").into(),
        P::DueSince(since) => format!(
            "Narrowed by --due to what dates brought about since {since}: edits of the manifests and changes in the \
             console stay as they are."
        )
        .into(),
        P::LimitLifted(rule, up_to) => format!("allowed for this run: {rule} up to {up_to}").into(),
        P::LiveFirst => {
            "What is live stands first, what the manifest says after it. Nothing has been changed.".into()
        }
        P::Interrupted => "Interrupted: what was in flight was finished, nothing else was started.".into(),
        P::LockLost(why) => {
            format!("The lock was lost ({why}): what was in flight was finished, nothing else was started.").into()
        }
        P::Effort(summary) => effort(summary).into(),
        P::PlanCounts(s, found) => format!(
            "Plan: {} to create, {} to update, {} to replace, {} to delete{}{}.",
            s.create,
            s.update,
            s.replace,
            s.delete,
            to_look_at(found),
            if s.calls > 0 { format!("; {}", effort(s)) } else { String::new() }
        )
        .into(),
        P::DriftCounts(s, found) => format!(
            "Drift: {} missing, {} different, {} to make again, {} unwanted{}{}.",
            s.create,
            s.update,
            s.replace,
            s.delete,
            to_look_at(found),
            if s.calls > 0 { format!("; an apply would take {}", effort(s)) } else { String::new() }
        )
        .into(),
        P::SnapshotCounts(s) => {
            format!("Snapshot: {} agents, {} queues.", s.live.agents, s.live.queues).into()
        }
        P::AtWorkNow(0) => "As of now no agent that the plan would disrupt is at work.".into(),
        P::AtWorkNow(1) => "As of now one agent would be left alone:".into(),
        P::AtWorkNow(count) => format!("As of now {count} agents would be left alone:").into(),
        P::Ahead => "What the next dates bring".into(),
        P::TurnJoins(who) => format!("{who} joins").into(),
        P::TurnLeaves(who) => format!("{who} leaves").into(),
        P::TurnMoves(who, group) => format!("{who} goes to {group}").into(),
        P::TurnQueue(queue) => format!("queue {queue} changes").into(),
        P::TurnChanges(who) => format!("{who} changes").into(),

        P::NotApplied(why) => format!("Not applied: {why}").into(),
        P::NothingApplied(left) => format!("Nothing was applied; {left}.").into(),
        P::AppliedBut(all, left) => format!("Applied in part: {all} of {all} steps done; {left}.").into(),
        P::AppliedDue(all) => format!("Applied: {all} of {all} steps done; nothing more is due.").into(),
        P::Applied(all) => format!("Applied: {all} of {all} steps done.").into(),
        P::AppliedWhole(all) => format!(
            "Applied: {all} of {all} steps done; all that can be read back is as the manifests say."
        )
        .into(),
        P::AppliedInPart(counts, unread, again) => in_part(counts, unread, again).into(),
        P::LeftOut(left) => format!("left out, as the findings say: {left}").into(),
        P::MoreIsDue(ids) => format!("Since the plan was saved more is due: {ids}; plan again.").into(),

        P::Kind(kind) => word(kind).into(),
        P::KindIn(kind, tense) => word_in(kind, tense).into(),
        P::Heading(section, tense) => heading(section, tense).into(),
        P::Counted(section, tense, count) => format!("{count} {}", noun(section, tense, count)).into(),
        P::Noun(section, tense) => noun(section, tense, 2).into(),
        P::Meaning(section, tense) => meaning(section, tense).into(),
        P::Agents(count) => format!("{count} agents").into(),
        P::Unset => "unset".into(),
        P::Unknown => "unknown".into(),
        P::Password => "password".into(),
        P::StoredAs(place) => format!("stored as {place}").into(),
        P::Members(1) => "1 member".into(),
        P::Members(count) => format!("{count} members").into(),
        P::Priority(priority) => format!("priority {priority}").into(),
        P::PriorityOf(ids) => format!("priority of {ids}").into(),
        P::Joining(tense, count) => many(count, tense.choose("joining", "joining", "joined")),
        P::Leaving(tense, count) => many(count, tense.choose("leaving", "leaving", "left")),
        P::NoMemberLeft => "no member is left".into(),
        P::StillToMake => "deleted, and to be made again".into(),
        P::DeletedInConsole => "deleted since the last clean run, not by this ledger".into(),
        P::ChangedInConsole => "changed since, not by this ledger".into(),
        P::ChangedByBoth => "changed since by the manifest, and live not by this ledger".into(),
        P::ChangedByManifest => "the manifest changed since the last apply".into(),
        P::DueByDate => "due by its date".into(),
        P::LastChanged(changed) => {
            let mut words = format!("last changed in the console on {}", changed.time());
            if let Some(by) = &changed.by {
                words.push_str(&format!(" by {by}"));
                words.extend(changed.name.iter().flat_map(|name| [" ", name]));
            }
            words.into()
        }
        P::Unmanaged(count, kind, names) => {
            format!("{count} live {}s stand in no manifest: {names}", kind.word()).into()
        }
        P::AndMore(count) => format!("and {count} more").into(),
        P::MoreRows(count) => format!("… and {count} more.").into(),
        P::Cut => "Cut: the artifact of this run has the whole report.".into(),
        P::WhyDeleted => "deleted".into(),
        P::WhyMoved(group) => format!("moves to {group}").into(),
        P::WhyDisabled => "disabled".into(),
        P::WhyNew => "new".into(),
        P::Unchanged(queues) => format!("Queues that do not change: {queues}").into(),
        P::Minimum(minimum) => format!("minimum {minimum}").into(),
        P::ConsoleAdded(members) => format!("added {members}").into(),
        P::ConsoleRemoved(members) => format!("took out {members}").into(),
        P::TakesOut(members) => format!("takes out {members}").into(),
        P::PutsBack(members) => format!("puts back {members}").into(),

        P::Column(column) => title(column).into(),

        P::Order(tense) => match tense {
            Tense::Differs => "What an apply would do, in this order".into(),
            Tense::Planned | Tense::Done | Tense::Live => "In this order".into(),
        },
        P::Stage(operation, targets) => stage(operation, targets).into(),
        P::Calls(1) => "1 call".into(),
        P::Calls(calls) => format!("{calls} calls").into(),
        P::Legend(tense) => {
            let now = "Upper bar: who serves the queue now. Lower bar: after the change.";
            tense.choose(now, now, "Upper bar: who served the queue before. Lower bar: who serves it now.").into()
        }
        P::Swatch(Swatch::Stays) => "stays".into(),
        P::Swatch(Swatch::Leaves) => "leaves".into(),
        P::Swatch(Swatch::Joins) => "joins".into(),
        P::Picture(tense, queue, before, after) => {
            let (was, is) = (tense.choose("now", "now", "before"), tense.choose("after", "after", "now"));
            format!("{queue}: {before} {was}, {after} {is}").into()
        }

        P::AgentsDeleted(count) => format!("{count} agents are deleted").into(),
        P::Annotations(count, severity) => {
            let word = match severity {
                Severity::Error => "errors",
                Severity::Warning => "warnings",
                Severity::Info => "notices",
            };
            format!("{count} {word}").into()
        }
        P::NotShown(left_out, shown) => format!(
            "Not shown here: {left_out}. GitHub shows {shown} annotations of a level; `--format json` has all."
        )
        .into(),
        P::SubjectDiffers(subject) => format!("{subject} differs").into(),
        P::Ended(subject, kind) => format!("{subject} {}", word(kind)).into(),
        P::ResultsLeftOut(count) => format!("{count} results are left out; `--format json` has all").into(),
    }
}

fn sound(sound: &Sound) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let (agents, queues) = (count(sound.agents, "agent"), count(sound.queues, "queue"));
    let mut text = format!("sound; {agents}, {queues}, {} declared", count(sound.seats, "seat"));
    if sound.absent > 0 {
        text.push_str(&format!(", {} declared absent", count(sound.absent, "agent")));
    }
    if let Some((at, until)) = &sound.span {
        text.push_str(&format!("; as of {at}, and until {until}"));
    }
    text
}

fn many(count: Option<usize>, word: &'static str) -> Cow<'static, str> {
    count.map_or_else(|| word.into(), |count| format!("{count} {word}").into())
}

fn to_look_at(found: usize) -> String {
    if found > 0 { format!(", {found} to look at") } else { String::new() }
}

fn lead(command: Command) -> &'static str {
    match command {
        Command::Snapshot => "What was live when the snapshot was taken.",
        Command::Plan => "What would change in the live systems. Nothing has been changed yet.",
        Command::Apply => "What was changed in the live systems.",
        Command::Drift => {
            "How the live systems differ from the manifests: what is live stands first, what the manifest says \
             after it. Nothing has been changed."
        }
        Command::Validate => "What is wrong with the workspace and its manifests. No system was asked.",
    }
}

fn effort(summary: &Summary) -> String {
    let calls = if summary.calls == 1 { "" } else { "s" };
    let length = match summary.estimated_seconds {
        0 => "a moment".to_owned(),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    };
    format!("{} call{calls}, about {length} under the rate limits", summary.calls)
}

fn in_part(counts: Counts, unread: usize, again: Again) -> String {
    let Counts { done, partial, failed, skipped, unknown } = counts;
    let mut but = match partial {
        0 => String::new(),
        _ => format!(", {partial} of them in part"),
    };
    if unread > 0 {
        but.push_str(&format!(", {unread} of them not read back"));
    }
    let again = match again {
        Again::Nothing => "Running apply again changes nothing: write the values as the vendor keeps them",
        Again::AllButForms => {
            "Running apply again does the rest, but for values that the vendor keeps in another form"
        }
        Again::Rest => "Running apply again does the rest",
        Again::RestLater => {
            "Running apply again does the rest, once those who were left alone are no longer at work"
        }
    };
    format!(
        "Applied in part, by steps: {done} done{but}, {failed} failed, {skipped} skipped, {unknown} of unknown outcome. \
         {again}."
    )
}

fn word(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Act(Action::Create) => "create",
        LineKind::Act(Action::Update) => "update",
        LineKind::Act(Action::Replace) => "replace",
        LineKind::Act(Action::Delete) => "delete",
        LineKind::Open(Status::Done) => "in part",
        LineKind::Open(status) => status.word(),
        LineKind::Moved => "moved",
        LineKind::Find(severity) => severity.word(),
    }
}

fn word_in(kind: LineKind, tense: Tense) -> &'static str {
    match (kind, tense) {
        (LineKind::Act(Action::Create), Tense::Done) => "created",
        (LineKind::Act(Action::Update), Tense::Done) => "updated",
        (LineKind::Act(Action::Replace), Tense::Done) => "replaced",
        (LineKind::Act(Action::Delete), Tense::Done) => "deleted",
        (LineKind::Act(_), Tense::Live) => "live",
        (kind, Tense::Planned | Tense::Differs | Tense::Done | Tense::Live) => word(kind),
    }
}

fn heading(section: Section, tense: Tense) -> &'static str {
    let (plan, drift, done) = match section {
        Section::Open => ("Not done", "Not done", "What was not done"),
        Section::Decide => ("To decide", "To decide", "To decide"),
        Section::Queues if tense == Tense::Live => ("Queues", "Queues", "Queues"),
        Section::Queues => ("Queues", "Queues", "Queues"),
        Section::TakenBack => (
            "What apply takes back from the console",
            "What was changed in the console",
            "What was taken back from the console",
        ),
        Section::Joins if tense == Tense::Live => ("Agents", "Agents", "Agents"),
        Section::Joins => ("Who joins", "Who is missing", "Who joined"),
        Section::Leaves => ("Who leaves (deleted)", "Who should not be there", "Who left (deleted)"),
        Section::Remade => (
            "Who is deleted and made again",
            "Who differs and has to be made again",
            "Who was deleted and made again",
        ),
        Section::Moves => ("Who moves", "Who is in another skill group", "Who moved"),
        Section::Changes => ("Who changes", "Who differs", "Who changed"),
        Section::Notes => ("Good to know", "Good to know", "Good to know"),
    };
    tense.choose(plan, drift, done)
}

fn noun(section: Section, tense: Tense, count: usize) -> &'static str {
    let one = count == 1;
    let (plan, drift, done) = match section {
        Section::Open => ("not done", "not done", "not done"),
        Section::Decide => ("to decide", "to decide", "to decide"),
        Section::Queues if tense == Tense::Live => ("queues", "queues", "queues"),
        Section::Queues if one => ("queue changes", "queue differs", "queue changed"),
        Section::Queues => ("queues change", "queues differ", "queues changed"),
        Section::TakenBack => {
            ("taken back from the console", "changed in the console", "taken back from the console")
        }
        Section::Joins if tense == Tense::Live => ("agents", "agents", "agents"),
        Section::Joins if one => ("agent joins", "agent is missing", "agent joined"),
        Section::Joins => ("agents join", "agents are missing", "agents joined"),
        Section::Leaves if one => {
            ("agent leaves (deleted)", "agent should not be there", "agent left (deleted)")
        }
        Section::Leaves => ("agents leave (deleted)", "agents should not be there", "agents left (deleted)"),
        Section::Remade if one => (
            "agent is deleted and made again",
            "agent has to be made again",
            "agent was deleted and made again",
        ),
        Section::Remade => (
            "agents are deleted and made again",
            "agents have to be made again",
            "agents were deleted and made again",
        ),
        Section::Moves if one => ("agent moves", "agent is in another skill group", "agent moved"),
        Section::Moves => ("agents move", "agents are in another skill group", "agents moved"),
        Section::Changes if one => ("agent changes", "agent differs", "agent changed"),
        Section::Changes => ("agents change", "agents differ", "agents changed"),
        Section::Notes => ("good to know", "good to know", "good to know"),
    };
    tense.choose(plan, drift, done)
}

fn meaning(section: Section, tense: Tense) -> &'static str {
    let (plan, drift, done) = match section {
        Section::Joins => (
            "Agents that are made.",
            "Agents that a manifest names and that are not live.",
            "Agents that were made.",
        ),
        Section::Leaves => (
            "Agents that are deleted: they can no longer sign in.",
            "Live agents that should not be there.",
            "Agents that were deleted: they can no longer sign in.",
        ),
        Section::Moves => (
            "Agents that get another main skill group.",
            "Agents that are in another main skill group than their manifest says.",
            "Agents that got another main skill group.",
        ),
        Section::Changes => (
            "Agents that stay where they are and differ in something else.",
            "Agents whose live state differs from their manifest.",
            "Agents that stayed where they were and got another setting.",
        ),
        Section::Remade => {
            let said = "Agents with a difference that only a creation can set: the account is deleted \
             and made again, and leaves its queues meanwhile.";
            (said, said, "Agents whose account was deleted and made again.")
        }
        Section::Queues => (
            "Queues whose members or settings differ, the greatest loss first.",
            "Queues whose members or settings differ, the greatest loss first.",
            "Queues that were made or got other members, the greatest loss first.",
        ),
        Section::TakenBack => (
            "Changes in the console that the manifests do not hold: apply undoes them. To keep one, write it into the manifests.",
            "Changes in the console that the manifests do not hold. To keep one, write it into the manifests.",
            "Changes in the console that the manifests do not hold, and that were undone.",
        ),
        Section::Open => {
            let said = "Changes that were not made, or the part of them that was not, and why.";
            (said, said, said)
        }
        Section::Decide => {
            let said =
                "Differences that rosterctl cannot remedy, or must not, and what you can do about them.";
            (said, said, said)
        }
        Section::Notes => {
            let said = "Facts that need no decision.";
            (said, said, said)
        }
    };
    tense.choose(plan, drift, done)
}

fn title(column: Column) -> &'static str {
    match column {
        Column::Agent => "agent",
        Column::Name => "name",
        Column::What => "what",
        Column::Where => "where",
        Column::From(Tense::Differs) => "is in",
        Column::To(Tense::Differs) => "belongs to",
        Column::From(_) => "from",
        Column::To(_) => "to",
        Column::Also => "also",
        Column::Queue => "queue",
        Column::Staff(Tense::Done) => "before → now",
        Column::Staff(Tense::Live) => "members",
        Column::Staff(_) => "now → after",
        Column::Minimum => "minimum",
        Column::Leaves(Tense::Done) => "left",
        Column::Leaves(_) => "leave",
        Column::Joins(Tense::Done) => "joined",
        Column::Joins(_) => "join",
        Column::Resource => "agent or queue",
        Column::Result => "result",
        Column::WhatAndWhy => "what, and why",
        Column::Severity => "weight",
        Column::Code => "code",
        Column::WhatToDo => "what, and what to do",
        Column::Remedy => "what to do",
        Column::InConsole => "the console says",
        Column::InManifest(Tense::Done) => "set back to",
        Column::InManifest(Tense::Differs) => "the manifest says",
        Column::InManifest(_) => "apply sets back to",
        Column::WhoAndWhen => "who and when",
    }
}

fn stage(operation: Operation, targets: usize) -> String {
    let verb = match operation.verb {
        Verb::Create => "make",
        Verb::Edit => "edit",
        Verb::Password => "set the password of",
        Verb::Delete => "delete",
        Verb::Members => "set the members of",
        Verb::Put => "store the password of",
    };
    let kind = operation.kind;
    format!("{verb} {targets} {}", if targets == 1 { kind.word() } else { kind.plural() })
}
