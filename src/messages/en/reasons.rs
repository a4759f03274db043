//! Sentences of reasons.

use super::{and_more, list, unset_or};
use crate::model::date::OutOfDate;
use crate::model::reason::{ChangeReason, FieldReason, Unchosen};

/// Writes the reason of a change.
pub fn change_reason(reason: &ChangeReason) -> String {
    use ChangeReason as R;
    let are = |count: usize| if count == 1 { "is" } else { "are" };
    match reason {
        R::Absent => "the manifest says `state: absent`".to_owned(),
        R::Left { out } => out_of_date(out),
        R::OutOfDate { members, reason } => {
            let all = members.iter().map(|away| {
                format!("{}{}: {}", list(&away.members), and_more(away.more), out_of_date(&away.out))
            });
            let rest = reason.as_ref().map(|reason| format!("; {}", change_reason(reason)));
            format!("{}{}", all.collect::<Vec<_>>().join("; "), rest.unwrap_or_default())
        }
        R::Pruned { kind } => {
            format!("no manifest names it, and policy.prune deletes such {}", kind.plural())
        }
        R::ForcesReplacement { fields, new_password } => format!(
            "{} forces replacement{}",
            list(fields),
            if *new_password {
                "; the vendor makes a new password, since the manifest names none"
            } else {
                ""
            }
        ),
        R::MembersDeleted { members } => format!("{} {} deleted", list(members), are(members.len())),
        R::MembersReturn { members } => format!(
            "{} {} back: a replacement that came to no end took them out",
            list(members),
            are(members.len())
        ),
        R::NotChosen { members } => {
            let causes = members
                .iter()
                .map(|one| format!("{}{}: {}", list(&one.members), and_more(one.more), unchosen(&one.why)));
            format!("the selector does not choose {}", causes.collect::<Vec<_>>().join("; "))
        }
        R::Waiting { agents, reason } => format!(
            "waiting: {}{}",
            list(agents.iter().map(|waiter| format!("{} is {}", waiter.agent, waiter.state))),
            reason.as_ref().map(|reason| format!("; {}", change_reason(reason))).unwrap_or_default()
        ),
        R::Saved { text } => text.clone(),
    }
}

/// Writes the date outside of which an agent is, with its place.
fn out_of_date(out: &OutOfDate) -> String {
    let words = if out.before { "not before" } else { "until" };
    format!("{words} {} ({})", out.date, out.source)
}

fn unchosen(why: &Unchosen) -> String {
    match why {
        Unchosen::Undeclared => "no manifest declares such an agent".to_owned(),
        Unchosen::Unset { difference } => {
            let live = difference.before.as_ref().map(|live| format!("; live it is {}", live.words()));
            format!("no manifest says the {}{}", difference.field.key, live.unwrap_or_default())
        }
        Unchosen::Excepted => "it is excepted".to_owned(),
        Unchosen::Absent => "the manifest deletes such an agent".to_owned(),
        Unchosen::Other { difference } => {
            format!("the manifest says {} {}", difference.field.key, unset_or(difference.after.as_ref()))
        }
    }
}

/// Writes the reason of a new value.
pub fn field_reason(reason: &FieldReason) -> String {
    use FieldReason as R;
    match reason {
        R::Unconfirmed => "the call that set it last was not confirmed".to_owned(),
        R::Asserted => "set again by --assert-unread".to_owned(),
        R::Version { before, now } => {
            let before = before.map_or_else(|| "none".to_owned(), |version| version.to_string());
            format!("version {now}, was {before}")
        }
        R::ChangedInStore => "changed in the store since".to_owned(),
        R::GoneFromStore => "gone from its store, a new one is made".to_owned(),
        R::Kept => "kept as it is".to_owned(),
        R::KeptAsApplied => "kept as it was applied last".to_owned(),
        R::Restored => "as it was before it was made again".to_owned(),
        R::Returned => "enabled again: a leave had disabled it".to_owned(),
        R::SipHeld { held } => format!("{} is held by {}", held.number, held.holder),
        R::Saved { text } => text.clone(),
    }
}
