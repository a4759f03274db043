//! Sentences of notes.

use std::time::Duration;

use super::{list, unset_or};
use crate::model::call::Failure;
use crate::model::difference::Difference;
use crate::model::journal::JournalRemark;
use crate::model::note::{Allowed, Deferred, Disorder, Moved, Note, Refused};
use crate::model::presence::{Disruption, GapReason, Objection};
use crate::model::text::visible;
use crate::model::unread::{FailedCall, ListingDoubt, Unread};

/// Writes notes in one line.
pub fn notes<'a>(notes: impl IntoIterator<Item = &'a Note>) -> String {
    parts(notes.into_iter().map(note))
}

/// Writes a note.
pub fn note(note: &Note) -> String {
    use Note as N;
    let lead = |then: bool| if then { "then " } else { "" };
    match note {
        N::Failed { why } => failed_call(why),
        N::NotCarriedOut => "it was not carried out".to_owned(),
        N::NoData => "the plan does not hold what this step needs".to_owned(),
        N::CameToHalt => "the run came to a halt".to_owned(),
        N::Interrupted { then } => format!("{}the run was interrupted before it", lead(*then)),
        N::SignedOut { then } => format!("{}the system refused the sign-in", lead(*then)),
        N::QueuesUnread { why } => {
            format!("no agent was deleted, since the queues could not be read: {}", unread(why))
        }
        N::AgentsUnread { why } => {
            format!("no agent was deleted, since the agents could not be read again: {}", unread(why))
        }
        N::Since { why } => moved(why),
        N::TargetMoved { id, why } => format!("{id} moved since the plan was made: {}", moved(why)),
        N::LeftOut { id, why } => format!("{id} was left out: {}", moved(why)),
        N::AfterFailed { steps } => format!("it depends on {}, which did not take effect", list(steps)),
        N::AfterDeferred { steps, deferred } => {
            format!("it depends on {}, which left people at work alone: {}", list(steps), all(deferred))
        }
        N::LeftAlone { deferred } => all(deferred),
        N::InPart { deferred } => format!("done, but not for all: {}", all(deferred)),
        N::Dropped { members } => {
            let (are, them) =
                if members.len() == 1 { ("is no agent", "it") } else { ("are no agents", "them") };
            format!("{} {are}; the vendor dropped {them} from the queue", list(members))
        }
        N::NotReadBack => {
            "the vendor confirmed it; it was not read back, since the system refused the sign-in".to_owned()
        }
        N::Unconfirmed { fields } => {
            format!("the vendor did not confirm it, and no system returns {}: run apply again", list(fields))
        }
        N::NotListed { exten } => format!(
            "the vendor created it as `{exten}`, and no listing has shown it yet: it is not created again"
        ),
        N::NotTaken { what, unsure, note } => format!(
            "{}: {}{}",
            if *unsure { "it was not seen to have taken effect" } else { "it did not take effect" },
            notes(what),
            note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default()
        ),
        N::Missing { id } => format!("{id} is not there"),
        N::NotSeen { id, why } => format!("{id} could not be read back: {}", unread(why)),
        N::OutcomeUnread { why } => format!("and it could not be read back: {}", unread(why)),
        N::Unreturned { fields } => format!(
            "the answer to reading back {}",
            parts(fields.iter().map(|one| format!("{} does not tell {}", one.id, one.field)))
        ),
        N::Differs { id, difference, kept } => format!(
            "{}{} is {} instead of {}{}",
            id.as_ref().map(|id| format!("{id}: ")).unwrap_or_default(),
            difference.field.key,
            unset_or(difference.before.as_ref()),
            unset_or(difference.after.as_ref()),
            if *kept { " (the vendor keeps it in that form: write it so)" } else { "" }
        ),
        N::Open { agent, fields } => format!("agent/{agent}: {}", list(fields)),
        N::StillThere { ids } => format!("still there: {}", list(ids)),
        N::Several { id, extens } => format!("{id} is there more than once: {}", list(extens)),
        N::Skipped { id, members } => format!("{id}: the vendor skipped {} in silence", list(members)),
        N::Extra { id, members } => format!("{id} still has {}", list(members)),
        N::Priority { id, member, live, sent } => {
            format!("{id}: {member} has priority {live} instead of {sent}")
        }
        N::TargetGone { kind } => format!("the {} is gone", kind.word()),
        N::MadeInPart { made, of } => format!("{made} of {of} were made: run apply again"),
        N::Namesakes { count } => format!("now {count} queues have this name"),
        N::MayStillCome => {
            "the queue does not exist yet, but may still be created: run apply again in a minute".to_owned()
        }
        N::OtherCreates => "another run creates queues on this account: waiting for it".to_owned(),
        N::Waits { wait, deferred } => format!(
            "waiting up to {wait:?} for people at work: {}",
            parts(deferred.iter().map(|one| format!("agent {} is {}", one.agent, objection(&one.why))))
        ),
    }
}

/// Writes a change since the plan was made.
pub fn moved(what: &Moved) -> String {
    match what {
        Moved::Created => "it has been created since".to_owned(),
        Moved::Gone => "it is gone".to_owned(),
        Moved::Another => "another agent has its number now, created in the console".to_owned(),
        Moved::Field { difference: Difference { field, before, after, .. } } => format!(
            "{} was {} when the plan was made and is {} now",
            field.key,
            unset_or(before.as_ref()),
            unset_or(after.as_ref())
        ),
        Moved::InQueue { exten } => format!("it is in queue {exten}"),
        Moved::CouldNotLeave { queue } => format!("it could not leave {queue}"),
        Moved::NameTaken { exten } => format!("a queue of this name has been created since ({exten})"),
        Moved::Renamed { name } => format!("its name is {} now", visible(name)),
        Moved::Members { joined, left, reordered } => {
            let all = [("joined", joined), ("left", left), ("got another priority", reordered)];
            let all = all.into_iter().filter(|(_, members)| !members.is_empty());
            format!(
                "its members changed since the plan was made: {}",
                parts(all.map(|(word, members)| format!("{} {word}", list(members))))
            )
        }
        Moved::Saved { text } => text.clone(),
        Moved::NotPlanned { operation } => format!(
            "planned again, there is no such {operation} for it: live state, the ledger or a store is another one now"
        ),
    }
}

/// Writes the reason of a failed read.
pub fn unread(why: &Unread) -> String {
    match why {
        Unread::NoConnection { kind } => format!("no connection holds {}", kind.plural()),
        Unread::NotRead => "it was not looked at".to_owned(),
        Unread::Incomplete { doubt } => format!("the listing could not be proved complete ({doubt})"),
        Unread::NoMembers { exten } => no_members(exten),
        Unread::Failed { why } => failed_call(why),
    }
}

/// Writes a call that failed. The words of the failure say all that English readers need.
pub fn failed_call(why: &FailedCall) -> String {
    match why {
        FailedCall::NotSent { words }
        | FailedCall::Untrusted { words }
        | FailedCall::Throttled { words }
        | FailedCall::Unknown { words }
        | FailedCall::Late { words }
        | FailedCall::Refused { words }
        | FailedCall::SignIn { words }
        | FailedCall::Shut { words }
        | FailedCall::Garbled { words } => words.to_string(),
        FailedCall::Halted => Failure::Halted.message().to_owned(),
        FailedCall::Saved { text } => text.to_string(),
    }
}

/// Writes the reason why a listing is not proved complete.
pub fn doubt(doubt: &ListingDoubt) -> String {
    match doubt {
        ListingDoubt::NoTotal => "the vendor gave no total".to_owned(),
        ListingDoubt::TotalChanged { before, now } => {
            format!("the total changed from {before} to {now} while it was read")
        }
        ListingDoubt::ListedTwice { key } => format!("`{key}` was listed twice"),
        ListingDoubt::OtherTotal { rows, total } => {
            format!("{rows} were listed where the total says {total}")
        }
        ListingDoubt::NoMembers { exten } => no_members(exten),
        ListingDoubt::NotListed { queue, exten, why } => {
            let why = failed_call(why);
            format!("it lacks {queue} (`{exten}`), and a query for it failed: {why}")
        }
        ListingDoubt::OneUnread { why } => unread(why),
        ListingDoubt::NarrowerSnapshot => {
            "the snapshot was taken with a narrower `scope`, or more under `ignore`".to_owned()
        }
        ListingDoubt::Saved { text } => text.clone(),
    }
}

fn no_members(exten: &str) -> String {
    format!("the answer does not tell the members of queue {exten}, or not the priority of each")
}

/// Writes the reason why a run wrote nothing.
pub fn refused(why: &Refused) -> String {
    match why {
        Refused::Stale { made, moved } => {
            let made = made.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            let lines = moved.iter().map(|one| format!("  {}: {}\n", one.id, self::moved(&one.what)));
            format!(
                "the plan is stale, and nothing was written; since it was made{made}, this moved:\n\
                 {}plan again, or leave out what moved with --skip-stale",
                lines.collect::<Vec<_>>().concat()
            )
        }
        Refused::Unreadable { why } => {
            format!(
                "nothing was written: what the plan would change could not be read again: {}",
                unread(why)
            )
        }
        Refused::Policy => "refused by policy, nothing was changed".to_owned(),
        Refused::Incomplete => "a listing could not be proved complete, nothing was changed".to_owned(),
        Refused::Invalid => "the manifests do not fit what is live, nothing was changed".to_owned(),
        Refused::NotApproved => "the plan was not approved".to_owned(),
        Refused::Failed { why } => why.to_string(),
    }
}

/// Writes a remark on a journal.
pub fn journal_remark(remark: &JournalRemark) -> String {
    match remark {
        JournalRemark::Foreign { path, workspace } => format!(
            "{path} tells of a run of workspace `{workspace}` that did not come to its end: it is left alone, and the \
             next apply of that workspace takes it up"
        ),
        JournalRemark::Nameless { path } => format!(
            "{path} does not tell which workspace it is of, nor of any call: it is left alone; remove it once no apply \
             runs in this folder"
        ),
        JournalRemark::Damaged { path, why, aside } => format!(
            "{path}: the record of a run that did not come to its end cannot be read ({why}). Which of its calls were \
             carried out is judged by what is live; which roles and passwords it set, and which queues it asked for, is \
             not known from there on. The next apply keeps the file as {aside}"
        ),
    }
}

/// Writes the reason why the steps of a plan have no order.
pub fn disorder(why: &Disorder) -> String {
    match why {
        Disorder::NoTargets { step } => format!("its step `{step}` has no targets"),
        Disorder::NotBefore { step, missing } => {
            format!("its step `{step}` comes after `{missing}`, which does not stand before it")
        }
        Disorder::Twice { step } => format!("it has two steps `{step}`"),
    }
}

/// Writes that a step was skipped because its agent was busy.
pub fn deferred(deferred: &Deferred) -> String {
    let Deferred { agent, disruption, why, waited } = deferred;
    left_alone(agent.as_str(), *disruption, why, *waited)
}

/// Writes that an agent was left alone, with the reason.
pub(super) fn left_alone(
    agent: &str,
    disruption: Disruption,
    why: &Objection,
    waited: Option<Duration>,
) -> String {
    let left_out = match disruption {
        Disruption::Delete => "deleted",
        Disruption::Disable => "disabled",
        Disruption::Regroup => "moved to another skill group",
        Disruption::Unqueue => "taken out of the queue",
    };
    let way_out = match why {
        Objection::Untold { .. } => "; `onError: allow` under `policy.presence` goes on without it",
        Objection::AtWork { .. } => "",
    };
    let waited = waited.map(|wait| format!("; waited {wait:?}")).unwrap_or_default();
    format!("agent {agent} is not {left_out}: {}{way_out}{waited}", objection(why))
}

/// Writes that `--allow presence` let a step disrupt a busy agent.
pub fn allowed(allowed: &Allowed) -> String {
    let Allowed { agent, most, why } = allowed;
    format!("agent {agent} was not spared, as --allow presence={most} says: {}", objection(why))
}

/// Writes the reason not to disrupt an agent.
pub fn objection(why: &Objection) -> String {
    match why {
        Objection::AtWork { state, detail, system } => {
            let detail = detail.as_ref().map(|detail| format!(", {detail}")).unwrap_or_default();
            format!("{state}{detail} (says {system})")
        }
        Objection::Untold { system, why } => {
            format!("{system} does not tell whether the agent is at work ({})", gap(why))
        }
    }
}

/// Writes the reason why a system returned no presence of an agent.
pub fn gap(why: &GapReason) -> String {
    match why {
        GapReason::NotMentioned => "it answers, and says nothing of them".to_owned(),
        GapReason::Unlisted { detail: Some(detail) } => format!("no document says what `{detail}` means"),
        GapReason::Unlisted { detail: None } => "no document says what its answer means".to_owned(),
        GapReason::NotAsked => "it is asked agent by agent, and no agent was asked for".to_owned(),
        GapReason::Nameless { rows } => format!(
            "{} that an agent is at work, but not which one",
            if *rows == 1 { "a row says".to_owned() } else { format!("{rows} rows say") }
        ),
        GapReason::Incomplete { doubt } => format!("its listing could not be proved complete: {doubt}"),
        GapReason::Failed { why } => failed_call(why),
    }
}

/// Joins the sentences about busy agents.
fn all(deferred: &[Deferred]) -> String {
    parts(deferred.iter().map(self::deferred))
}

/// Joins sentences.
fn parts(sentences: impl Iterator<Item = String>) -> String {
    sentences.collect::<Vec<_>>().join("; ")
}
