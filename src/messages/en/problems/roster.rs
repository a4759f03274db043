//! Problems of the manifests.

use super::values::RANGE;
use super::words::{did_you_mean, element, id_objection, rotation, say};
use crate::messages::en::list;
use crate::model::id::{Kind, OperatorId};
use crate::model::objection::IdObjection;
use crate::model::outlook::Ahead;
use crate::model::problem::{NameKind, RosterProblem};
use crate::model::text::visible;

const FORMER_NAME: &str = "`was:` names the queue that gets a new name: correct it, or remove it";
const FEWER_SELECTED: &str = "list the members of some queues, or split the roster into several workspaces";

pub(super) fn problem(problem: &RosterProblem) -> (String, String) {
    use RosterProblem as P;
    match problem {
        P::DeclaredTwice { kind, name } => say(
            format!("{} `{name}` is declared twice", kind.word()),
            match kind {
                Kind::Agent => "an agent is declared once in a workspace: remove one",
                Kind::Queue => "remove one; two live queues of one name are told apart by `exten:` on both",
                Kind::Seat => "a seat is declared once in a workspace: remove one",
            },
        ),
        P::ProfileTwice { profile } => say(
            format!("profile `{profile}` is given twice"),
            "profiles are one set for the whole workspace: rename one",
        ),
        P::ProfileNests { what } => say(
            format!("{} cannot name a profile: profiles cannot nest", element(what)),
            "name the profile on each agent, and write what it adds here",
        ),
        P::UnknownName { what, name, near, known } => {
            let what = name_kind(*what);
            say(
                format!("unknown {what} `{name}`"),
                did_you_mean(near.as_ref(), || {
                    if known.is_empty() {
                        format!("no {what} is declared")
                    } else {
                        format!("there are: {}", list(known))
                    }
                }),
            )
        }
        P::LevelWithoutGroup => say(
            "`skillLevel` without `mainSkillGroup`",
            "it is the level in the skill group that the agent is bound to: name that group",
        ),
        P::TextsGrow { most } => say(
            format!("texts with `{{operatorId}}` grow to more than {most} bytes here"),
            "shorten these texts, or split the roster into several workspaces",
        ),
        P::Misspelt { found } => say(format!("`{found}` stands for nothing"), "did you mean `{operatorId}`?"),
        P::TooManyAgents { most } => say(
            format!("the manifests declare more than {most} agents"),
            "correct the pools, or split the roster into several workspaces",
        ),
        P::TooManySelectors { most, agents } => {
            say(format!("more than {most} queues select among {agents} agents"), FEWER_SELECTED)
        }
        P::TooManyMembers { most } => {
            say(format!("the queues select more than {most} members together"), FEWER_SELECTED)
        }
        P::PinnedTwice { queue, exten } => say(
            format!("queue `{queue}` is pinned to `{exten}`, as another one is"),
            "a queue is declared once: correct the `exten:` of one of them, or remove it",
        ),
        P::FormerNameDeclared { queue, was } => {
            say(format!("queue `{queue}` was `{was}`, and a queue of that name is declared"), FORMER_NAME)
        }
        P::FormerNameTwice { was } => say(format!("two queues were `{was}`"), FORMER_NAME),
        P::SipTwice { first, second, number } => say(
            format!("agents `{first}` and `{second}` would both have the SIP number `{number}`"),
            "a number belongs to one agent: correct one of the two; in a pool or a profile write `{operatorId}` where \
             the number differs",
        ),
        P::SelectsNone { queue } => say(
            format!("`memberSelector` of queue `{}` matches no declared agent", visible(queue)),
            "check what it selects by, or say `allowEmpty: true` beside it",
        ),
        P::SelectsByNothing => {
            say("a member selector says nothing to select by", "add `mainSkillGroup`, `role` or `type`")
        }
        P::MemberTwice { agent } => {
            say(format!("agent `{agent}` appears twice in the queue"), "remove one of the two")
        }
        P::MemberAbsent { agent } => say(
            format!("agent `{agent}` is to be deleted and cannot serve the queue"),
            "take it out of the queue",
        ),
        P::TwoPriorities { agent, queue, listed, own } => {
            say(two_priorities(agent, queue, *listed, *own), ONE_PRIORITY)
        }
        P::QueueOfTwo { queue } => say(
            format!("two queues have the name `{}`", visible(queue)),
            format!("write `{}@EXTEN`, with the `exten:` of the one that is meant", visible(queue)),
        ),
        P::NoMembers => say(
            "`assignMembers` is empty: no agent would serve the queue",
            "name its agents; leave the key out to not manage them; or say `allowEmpty: true` beside it",
        ),
        P::NoConnection { kind, provider } => {
            let what = kind.plural();
            say(
                format!("{what} are declared, but no connection holds {what}"),
                format!("add a connection of provider `{provider}` to rosterctl.yaml"),
            )
        }
        P::NoSuchField { kind, field, provider } => say(
            format!("`{field}` cannot be set: `{provider}` has no such field of {}", kind.plural()),
            "take it out of the manifests",
        ),
        P::TwoIds => say(
            "an agent has both `operatorId` and `operatorIds`",
            "keep `operatorId` for one agent, `operatorIds: FIRST..LAST` for a pool",
        ),
        P::NoId => say(
            "an agent has no `operatorId`",
            "add `operatorId: \"8001\"`, or `operatorIds: 8101..8180` for a pool",
        ),
        P::BadId { key, id, why } => say(
            match why {
                IdObjection::Empty => format!("`{key}` is empty"),
                why => format!("`{key}` cannot be `{id}`: {}", id_objection(why)),
            },
            "write the agent's number as the console shows it, in quotes: \"8001\"",
        ),
        P::NoRange { range } => say(format!("`operatorIds` cannot be `{range}`: it is no range"), RANGE),
        P::BackwardRange { range } => {
            say(format!("`operatorIds` runs backwards: {range}"), "write the smaller number first")
        }
        P::PoolTooLarge { agents, most } => say(
            format!("`operatorIds` holds {agents} agents, more than the {most} a pool may"),
            "correct the range, or split it",
        ),
        P::HiddenInAccount { account } => say(
            format!("`account` cannot be `{account}`: a character that cannot be seen stands in it"),
            "write the account as the console shows it",
        ),
        P::SharedPassword { first, second, secret, version, generate } => say(
            format!(
                "agents `{first}` and `{second}` share the password {secret}, which would be rotated for one of them only"
            ),
            format!(
                "agent `{second}` says {}: say the same for both, or give each a key of its own, such as \
                 \"agents/{{operatorId}}\"",
                rotation(*version, *generate)
            ),
        ),
        P::PeriodTwice { period } => say(
            format!("period `{period}` is given twice"),
            "periods are one set for the whole workspace: rename one",
        ),
        P::NoTime { period } => say(
            if *period {
                "a span of a period has neither `from` nor `until`"
            } else {
                "an entry of `during` has no time"
            },
            if *period {
                "add `from: 2026-11-01`, `until: 2026-11-11`, or both"
            } else {
                "add `from`, `until` or both; or `period: NAME`"
            },
        ),
        P::TwoTimes => say(
            "an entry of `during` has a `period`, and dates of its own",
            "keep `period`, or `from` and `until`",
        ),
        P::SetsNothing => {
            say("an entry of `during` sets nothing", "write what holds in that time, or remove the entry")
        }
        P::NotDuring { key } => say(
            format!("`{key}` cannot stand in `during`"),
            "only a value that a call can change, and change back, may hold for a time",
        ),
        P::DatesNotHere { what, key } => say(
            format!("{} has no `{key}`", element(what)),
            "dates stand on agents, on pools, on members of queues and in `during`",
        ),
        P::DatesOfTombstone => say(
            "an agent with `state: absent` has no dates",
            "for an agent who leaves on a day, write `until: DAY` without `state`; see `policy.leavers`",
        ),
        P::QueuesOfTombstone => {
            say("an agent with `state: absent` serves no queue", "take `queues` out of the entry")
        }
        P::NoTimeZone => say(
            "the manifests hold a date, and rosterctl.yaml names no time zone",
            "add `timeZone: Asia/Shanghai`, or your own, to rosterctl.yaml",
        ),
        P::TwoReadings { date, readings } => say(
            if readings.skipped {
                format!("`{date}` does not exist: the clocks of the time zone are put forward over it")
            } else {
                format!("`{date}` comes twice: the clocks of the time zone are put back over it")
            },
            format!("write {} or {}", readings.earlier, readings.later),
        ),
        P::BackwardSpan { from, until } => say(
            format!("`until: {until}` is not after `from: {from}`"),
            "write a later `until`; a day is included in it, a moment is not",
        ),
        P::SetTwice { key } => say(
            format!("two entries of `during` set `{key}` at the same time"),
            "change the dates of one of them, so that they do not meet",
        ),
        P::NoBase { field } => say(
            format!("`{field}` has no value to return to"),
            "say what holds before and after, on the agent, its profile or `defaults`",
        ),
        P::NoWayBack { field, value: None, .. } => say(
            format!("`{field}` cannot stand in `during`: no call changes it back"),
            "take it out of `during`",
        ),
        P::NoWayBack { field, value: Some(value), base } => say(
            format!(
                "`{field}: {value}` {}: no edit sets it",
                if *base { "is no value to return to" } else { "cannot hold for a time" }
            ),
            if *base {
                "write a base value that an edit can set again"
            } else {
                "write a value that an edit can set"
            },
        ),
        P::NoMemberBase { key } => say(
            format!("`{key}` has no list to return to"),
            "say with `assignMembers` or `memberSelector` of the queue who serves it before and after",
        ),
        P::NoMembersNow { queue } => say(
            format!("no member of queue `{}` is within its dates: no agent would serve it", visible(queue)),
            "add an agent for this time, or say `allowEmpty: true` beside it",
        ),
        P::Ahead { at, what } => {
            let (message, help) = ahead(what);
            say(format!("from {at} on, {message}"), help)
        }
        P::OutOfScope { id, key, value, scope, more } => say(
            format!(
                "{id} is outside `scope`: its `{key}` is `{}`, and `scope.{}.{key}` is {scope}{}",
                visible(value),
                id.kind.plural(),
                match more {
                    0 => String::new(),
                    more => format!("; {more} more of this entry are outside, too"),
                }
            ),
            "take it out of the manifests of this workspace, or widen `scope` in rosterctl.yaml",
        ),
        P::Ignored { id, reason } => say(
            format!("{id} stands under `ignore`: {reason}"),
            "take it out of the manifests, or its entry out of `ignore` in rosterctl.yaml",
        ),
        P::ReservedSecret { secret, user } => say(
            format!(
                "`{secret}` is a secret of the workspace itself (`{user}` in rosterctl.yaml), and no manifest may name it"
            ),
            "give the agent a key of its own, like agents/8001",
        ),
    }
}

const ONE_PRIORITY: &str = "write one priority on both sides, or name the pair on one side only";

fn two_priorities(agent: &OperatorId, queue: &str, listed: i64, own: i64) -> String {
    let queue = visible(queue);
    format!(
        "agent `{agent}` has priority {listed} in the list of queue `{queue}`, and {own} in the `queues` of the agent"
    )
}

/// Writes an error that lies ahead, and its remedy.
pub(in crate::messages::en) fn ahead(what: &Ahead) -> (String, &'static str) {
    match what {
        Ahead::TooFew { queue, left, minimum } => (
            format!(
                "queue `{}` keeps {left} of its members, and `minMembers` asks for {minimum}",
                visible(queue)
            ),
            "leave more members in the queue on that day, or lower its `minMembers`",
        ),
        Ahead::NoMembers { queue, selector } => (
            if *selector {
                format!("`memberSelector` of queue `{}` matches no declared agent", visible(queue))
            } else {
                format!("no agent serves queue `{}`", visible(queue))
            },
            "add an agent for that time, or say `allowEmpty: true` on the queue",
        ),
        Ahead::SipTwice { first, second, number } => (
            format!("agents `{first}` and `{second}` both have the SIP number `{number}`"),
            "correct one of the two, or the dates of one of them",
        ),
        Ahead::TwoPriorities { agent, queue, listed, own } => {
            (two_priorities(agent, queue, *listed, *own), ONE_PRIORITY)
        }
    }
}

fn name_kind(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Role => "role",
        NameKind::SkillGroup => "skill group",
        NameKind::Profile => "profile",
        NameKind::Period => "period",
    }
}
