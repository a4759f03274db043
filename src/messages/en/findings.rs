//! Sentences of findings.

use std::borrow::Cow;

use super::notes::left_alone;
use super::problems::ahead;
use super::{and_more, list, unset_or};
use crate::messages::subject::Subject;
use crate::model::difference::Difference;
use crate::model::finding::{FindingKind, ForeignSecret, Numbered};
use crate::model::id::Kind;
use crate::model::presence::Disruption;
use crate::model::text::visible;

/// Writes a finding.
pub fn finding(what: &FindingKind, about: &Subject<'_>) -> String {
    let fact = fact(what, about);
    let Some((word, count)) = what.limit() else { return fact };
    let is_of_all = matches!(what, FindingKind::AllDeleted { .. } | FindingKind::AllQueuesDeleted { .. });
    let lifted = if is_of_all { "rule" } else { "limit" };
    format!("{fact}; if this is meant, --allow {word}={count} lifts the {lifted} for one run")
}

/// Writes a finding without the allowance that lifts a limit.
pub fn fact(what: &FindingKind, about: &Subject<'_>) -> String {
    use FindingKind as K;
    let (id, own, number) = (subject(about), own(about), number(about));
    match what {
        K::Immutable { difference } if difference.kind == Kind::Agent => format!(
            "{id}: {}, which the vendor can only set when it makes the agent; `policy.immutable: replace` deletes the \
             agent and makes it again",
            differs(difference)
        ),
        K::Immutable { difference } => format!(
            "{id}: {}, which the vendor offers no way to edit; change it in the console, or in the manifest",
            differs(difference)
        ),
        K::Unread { fields, editable, agents } => {
            let (are, them) = if fields.len() == 1 { ("is", "it") } else { ("are", "them") };
            let remedy = if editable.is_empty() {
                format!("left alone, since no edit can set {them}")
            } else if editable.len() == fields.len() {
                format!("left alone; --assert-unread sets {them} again")
            } else {
                format!("left alone; --assert-unread sets {} again", list(editable))
            };
            format!(
                "{} of {} {are} unknown, since no system returns {them} and rosterctl has not set {them} yet: {remedy}",
                list(fields),
                live_agents(*agents)
            )
        }
        K::SeatDiffers { difference } => format!(
            "{id}: {}; rosterctl writes no seats: change it in the console, or in the manifest",
            differs(difference)
        ),
        K::SeatPasswordDiffers => format!(
            "{id}: its password is not the one in the store; rosterctl writes no seats: change it in the console, or in \
             the store"
        ),
        K::SeatPasswordUntold => format!(
            "{id}: the vendor tells no password of it, and the manifest names one; rosterctl writes no seats: change it \
             in the console, or in the store"
        ),
        K::SeatMissing => format!(
            "{id} is declared and not live; rosterctl makes no seats: make it in the console, or take it out of the \
             manifest"
        ),
        K::SeatPasswordUnknown { why } => {
            format!("{id}: its password cannot be compared with the store's: {why}")
        }
        K::SecretGone { place } => format!(
            "{id}: its password is no longer in its store ({place}), so it cannot be looked up; put it back, or \
             have a new one made by `generate: true`"
        ),
        K::Unprinted { agents, more } => format!(
            "the password of {}{} was set without a fingerprint, so that a change in its store is not seen: left alone; \
             --assert-unread sets it again",
            list(agents),
            and_more(*more)
        ),
        K::ForeignAgent { queues } => format!(
            "{id} belongs to another company than `companyId` of the connection, and is left out of this plan{}; take it \
             out of the manifests, or correct `companyId`",
            and_of(queues)
        ),
        K::OutsideAgent { queues } => format!(
            "{id} is live outside `scope`: its name or its main skill group is not of this workspace; it is left out of \
             this plan{}; change it in the console, or take it out of the manifests",
            and_of(queues)
        ),
        K::OutsideQueue { exten, live } => format!(
            "{id} is live outside `scope`, as `{}` ({exten}): it is left out of this plan; change `scope`, or take it out \
             of the manifests",
            visible(live)
        ),
        K::CreatedOutside { key } => format!(
            "{id} would be made outside `scope`, which asks for a `{key}`: it is left out of this plan; write `{key}:`, or \
             change `scope`"
        ),
        K::HeldOutside { queues, again } => format!(
            "{id} is not deleted{}: {} outside `scope` {} it; take it out there first",
            if *again { " and made again" } else { "" },
            list(queues),
            if queues.len() == 1 { "holds" } else { "hold" }
        ),
        K::KeptMembers { members, more } => format!(
            "{id} keeps members outside `scope`: {}{}",
            list(members.iter().map(|member| format!("`{member}`"))),
            and_more(*more)
        ),
        K::OutsideMember { member } => format!(
            "{id} names agent `{member}`, which is live outside `scope`: this workspace does not manage it"
        ),
        K::SipHeld { number, holder } => format!(
            "{id}: the SIP number {number} is held by agent/{holder}, and this plan does not free it; give that agent \
             another number, or `sip: none`, or choose another number here"
        ),
        K::Masked { fields, agents } => format!(
            "{} of {} cannot be compared, since the vendor does not tell all of the value: what the ledger does not know \
             is left alone",
            list(fields),
            live_agents(*agents)
        ),
        K::MaskedReplace { fields } => format!(
            "{id} is not deleted and made again: the vendor does not tell all of {}, which no manifest says and which \
             would be lost; write it into the manifest",
            list(fields)
        ),
        K::UnmanagedAgent { name, unspeakable } => {
            let kept = match unspeakable {
                Some(why) => format!("; no manifest could name it ({why}), so it is not deleted"),
                None => String::new(),
            };
            format!("{id}{} is live and stands in no manifest{kept}", in_brackets(name.as_ref()))
        }
        K::UnmanagedQueue { exten } => format!("{id} ({exten}) is live and stands in no manifest"),
        K::UnmanagedSeat { name } => {
            format!("{id}{} is live and stands in no manifest", in_brackets(name.as_ref()))
        }
        K::UnknownMembers { members } => {
            format!(
                "{id} has members that are neither live agents nor in its manifest: {}; this plan writes its list, and \
                 the vendor may drop them",
                list(members.iter().map(|member| format!("`{member}`")))
            )
        }
        K::Released { field, resources, more } => {
            let named = resources.iter().map(|holder| match &holder.value {
                Some(value) => format!("{} ({value})", holder.id),
                None => holder.id.to_string(),
            });
            format!(
                "`{field}` is no longer in the manifests of {}{}: the live value stays as it is; write `{field}:` again \
                 to set it",
                list(named),
                and_more(*more)
            )
        }
        K::Succeeded { name } => format!(
            "{id}{} is another agent than the one that rosterctl knew by this number: it was created in the console, is \
             not owned, and its role and password are unknown",
            in_brackets(name.as_ref())
        ),
        K::Ambiguous { name, extens } => format!(
            "{} live queues are named `{name}`: {}; say which one is meant with `exten:` in the manifest",
            extens.len(),
            list(extens.iter().map(|exten| format!("`{exten}`")))
        ),
        K::ClaimedTwice { exten, first } => format!(
            "the live queue `{exten}` is declared as {own} and as {first}; remove one, correct its `exten:`, or say \
             `distinct: true` on {own} if that is another queue"
        ),
        K::TwoQueues { named, known, name, was } => format!(
            "{id} may be two live queues: `{named}` has its name, and `{known}`, which was it before, is named {} now; \
             say which one is meant with `exten:` in the manifest{}",
            visible(name),
            if *was { ", or take `was:` out if the name has another queue by now" } else { "" }
        ),
        K::MissingExten { exten } => format!(
            "no live queue has the number `{exten}`, and the vendor numbers new queues itself; remove `exten:` to make a \
             queue of this name"
        ),
        K::UnknownMember { member, near } => format!(
            "{id} names agent `{member}`, which is neither declared nor live: the vendor would skip it in silence{}",
            near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
        ),
        K::UnknownQueue { near } => format!(
            "{id} is neither declared nor live, and `queues` of an agent names it{}",
            near.as_ref().map(|near| format!("; did you mean `{}`?", visible(near))).unwrap_or_default()
        ),
        K::NoRole { again } => format!(
            "{id} would be {} without a role, and the vendor would pick one at random; add `role:`, or \
             `allowAnyRole: true` if any will do",
            if *again { "made again" } else { "made" }
        ),
        K::DeletedInConsole { name, queues } => format!(
            "{id}{} was deleted in the console and cannot be made again, since no role is known: it is left out of this \
             plan{}; add `role:` to have it made again, or write `state: absent`",
            in_brackets(name.as_ref()),
            and_of(queues)
        ),
        K::LeavingMember { member } => format!(
            "{id} names agent `{member}`, which this plan deletes; declare the agent, or take it out of the queue"
        ),
        K::RenamedInConsole { exten, live } => format!(
            "{id} (`{exten}`) is named {now} in the console: it is the same queue; write `displayName: {now}` into the \
             manifest, or rename the queue in the console",
            now = visible(live)
        ),
        K::RenamedInManifest { exten, live, declared } => format!(
            "{id} (`{exten}`) is still named {} in the console: rename it to {} there, or take the new name back",
            visible(live),
            visible(declared)
        ),
        K::LeftQueues { left, more } => left_queues(&id, left, *more, "no call could delete a second queue"),
        K::LeftDeletable { left, more } => left_queues(&id, left, *more, "it may be the same queue"),
        K::Lookalike { name, other } => format!(
            "queue {} would be created beside queue {}, whose name looks the same: write the name of the live queue, or \
             say `distinct: true` if it is another one",
            quoted(name),
            quoted(other)
        ),
        K::Pending { exten, known } => format!(
            "{id} was created as `{exten}`, and no listing has shown it yet: it is not created again; apply later, or \
             let go of it with `rosterctl ledger forget {known}` if the vendor will never show it"
        ),
        K::ForeignSecret { place, why } => format!(
            "{id}: its new `version` would have a generated password written over {place}, and {}; name a key that the \
             store does not hold yet, or store a new password there by hand and leave `generate` out for this change",
            foreign_secret(why)
        ),
        K::InvisibleName { name } => {
            format!(
                "no queue is named `{name}`, and none is made of a name with a character that cannot be seen"
            )
        }
        K::Elsewhere { workspace } => format!(
            "{id} would be deleted, and workspace {workspace} declares it in the same tenant; let go of it with \
             `rosterctl ledger forget {own}`"
        ),
        K::AllDeleted { count, of } => all_deleted("agent", *count, *of),
        K::AllQueuesDeleted { count, of } => all_deleted("queue", *count, *of),
        K::TooManyDeletes { count, of, limit } => {
            too_many("agents would be deleted", "deletes", *count, *of, limit)
        }
        K::TooManyQueueDeletes { count, of, limit } => {
            too_many("queues would be deleted", "deletes", *count, *of, limit)
        }
        K::TooManyChanges { count, of, limit } => {
            too_many("agents and queues would be changed", "changes", *count, *of, limit)
        }
        K::TooManyLeave { count, of, limit } => format!(
            "{id} would lose {count} of its {of} members, more than `policy.limits.memberRemovals: {limit}` allows"
        ),
        K::Protected { again, remembered } => format!(
            "{id} is protected and would be deleted{}; {}",
            if *again { " and made again" } else { "" },
            match (remembered, again) {
                (true, _) =>
                    "its `protect: true` was taken out in the same change; first apply a change that takes only that out",
                (false, false) => "remove `protect: true` first, in a change of its own",
                (false, true) => "remove `protect: true` first",
            }
        ),
        K::TooFewMembers { left, minimum } => {
            format!("{id} would keep {left} members, fewer than its `minMembers: {minimum}`")
        }
        K::RecentCalls { seat, calls, connected, days } => format!(
            "{id} is to be deleted, and its {seat} had {} in the last {days} days, {connected} of them connected; make \
             sure that the number is no longer in use",
            if *calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
        ),
        K::Unasked { disruption, system, states } => format!(
            "{}agent {number} is to be {}, and {system} cannot be asked whether they are {}: their id is no work number, \
             so that it does not guard them",
            lead(about),
            done(*disruption),
            list(states.iter().map(|state| format!("`{state}`")))
        ),
        K::AtWork { disruption, why, waited } => left_alone(&number, *disruption, why, *waited),
        K::AgentsIncomplete { doubt } => format!(
            "the listing of agents could not be proved complete ({doubt}), so no agent is created or deleted; run again \
             while no agent is edited"
        ),
        K::QueuesIncomplete { doubt } => format!(
            "the listing of queues could not be proved complete ({doubt}), so no queue is created and no agent is \
             deleted; run again while no queue is edited"
        ),
        K::SeatsIncomplete { doubt } => format!(
            "the listing of voice seats could not be proved complete ({doubt}), so none is called missing; run again \
             while no seat is edited"
        ),
        K::SeatsUnread { why } => {
            format!("the voice seats could not be read, and are not compared: {why}")
        }
        K::NotYet { date } => {
            format!("{id} is live, and its `from: {date}` has not come: it is left alone until then")
        }
        K::Over { count } => format!(
            "{count} {} over, or {} begun for good, and could be folded into the base: `rosterctl fmt --settle`",
            if *count == 1 { "date is" } else { "dates are" },
            if *count == 1 { "has" } else { "have" },
        ),
        K::DueLeft { field, member } => format!(
            "{id}: a date asks for another `{field}`{}, and the live value is neither the one before nor the one after; \
             it is left alone",
            member.as_ref().map(|member| format!(" of {member}")).unwrap_or_default()
        ),
        K::Ahead { at, what } => {
            let (message, help) = ahead(what);
            format!("from {at} on, {message}: {help}")
        }
        K::Saved { message } => lead(about) + message,
    }
}

/// Returns the subject at the beginning of a sentence.
fn subject(about: &Subject<'_>) -> String {
    match about {
        Subject::Estate => String::new(),
        Subject::One(id) => id.to_string(),
        Subject::Agents { count, ids } => format!("{count} agents (agent/{ids})"),
    }
}

/// Returns the prefix of a sentence that does not begin with its subject.
fn lead(about: &Subject<'_>) -> String {
    match about {
        Subject::Agents { .. } => format!("{}: ", subject(about)),
        Subject::Estate | Subject::One(_) => String::new(),
    }
}

/// Returns the id of the subject within a sentence; of several agents each one's own.
fn own(about: &Subject<'_>) -> Cow<'static, str> {
    match about {
        Subject::Estate => "".into(),
        Subject::One(id) => id.to_string().into(),
        Subject::Agents { .. } => "agent/{operatorId}".into(),
    }
}

/// Returns the number of the subject within a sentence.
fn number(about: &Subject<'_>) -> Cow<'static, str> {
    match about {
        Subject::Estate => "".into(),
        Subject::One(id) => id.name.to_string().into(),
        Subject::Agents { .. } => "{operatorId}".into(),
    }
}

/// Returns the name of a resource after its id.
fn in_brackets(name: Option<&String>) -> String {
    name.map(|name| format!(" ({name})")).unwrap_or_default()
}

/// Returns a name in quotation marks; a name with escapes has them already.
fn quoted(name: &str) -> String {
    match visible(name) {
        Cow::Borrowed(plain) => format!("\"{plain}\""),
        Cow::Owned(escaped) => escaped,
    }
}

/// Writes `KEY is A and should be B`.
fn differs(difference: &Difference) -> String {
    format!(
        "{} is {} and should be {}",
        difference.field.key,
        unset_or(difference.before.as_ref()),
        unset_or(difference.after.as_ref())
    )
}

fn live_agents(count: usize) -> String {
    if count == 1 { "one live agent".to_owned() } else { format!("{count} live agents") }
}

/// Writes the other queues that an agent is left out of.
fn and_of<T: std::fmt::Display>(queues: &[T]) -> String {
    if queues.is_empty() { String::new() } else { format!(" and of {}", list(queues)) }
}

fn left_queues(id: &str, left: &[Numbered], more: usize, why: &str) -> String {
    format!(
        "{id} would be created, and {}{} left the manifests and is not known to be gone: {why}; say `was: OLD` if it is \
         that queue under a new name, or `distinct: true` if it is another one",
        list(left.iter().map(|queue| format!("{} (`{}`)", queue.id, queue.exten))),
        and_more(more)
    )
}

fn all_deleted(what: &str, count: usize, of: usize) -> String {
    format!("every live {what} ({count} of {of}) would be deleted, which no limit allows")
}

fn too_many(what: &str, word: &str, count: usize, of: usize, limit: &str) -> String {
    format!("{count} of {of} {what}, more than `policy.limits.{word}: {limit}` allows")
}

fn foreign_secret(why: &ForeignSecret) -> String {
    match why {
        ForeignSecret::SharedWith(agent) => format!("agent/{agent} uses that key, too"),
        ForeignSecret::CameFrom(place) => format!("the live password came from {place}"),
        ForeignSecret::OriginUnknown => {
            "the ledger does not say where the live password came from".to_owned()
        }
        ForeignSecret::NeverSet => "rosterctl has not set the live password".to_owned(),
    }
}

/// Returns the participle of a disruption.
fn done(disruption: Disruption) -> &'static str {
    match disruption {
        Disruption::Delete => "deleted",
        Disruption::Disable => "disabled",
        Disruption::Regroup => "moved to another skill group",
        Disruption::Unqueue => "taken out of a queue",
    }
}
