//! The codes of findings. One row a code.

use serde::{Deserialize, Serialize};

/// The weight of a finding.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input must be corrected first.
    Error,
    /// Live differs from the manifest and no step can remedy it.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// Returns the word of the severity.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// The effect of a finding on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// No effect.
    None,
    /// It counts as a difference (exit 2 of `drift` and `plan --detailed-exitcode`).
    Differs,
    /// A part of the desired state is left out of the plan: the rest is applied, and apply ends with 5.
    Partial,
    /// The input does not fit live state: nothing is applied (exit 1).
    Invalid,
    /// Policy forbids the plan: nothing is applied (exit 4).
    Refused,
    /// A read failed: nothing is applied (exit 6).
    Incomplete,
}

/// A row of the table of codes.
#[derive(Debug)]
pub struct Rule {
    /// The stable code.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The effect on a run.
    pub effect: Effect,
    /// The meaning.
    pub doc: &'static str,
    /// The remedy.
    pub remedy: &'static str,
}

macro_rules! rules {
    ($($name:ident $code:literal $severity:ident $effect:ident $doc:literal $remedy:literal;)+) => {
        $(#[doc = $doc] pub static $name: Rule =
            Rule { code: $code, severity: Severity::$severity, effect: Effect::$effect, doc: $doc, remedy: $remedy };)+
        /// Every code, in order.
        pub static RULES: &[&Rule] = &[$(&$name),+];
    };
}

#[rustfmt::skip]
rules! {
    IMMUTABLE        "R101" Warning Differs    "A field that the vendor cannot edit differs."
        "Change the manifest to what is live, or change the field in the console; for agents, `policy.immutable: replace` deletes the agent and makes it again.";
    UNREAD           "R102" Info    None       "A field that the vendor never returns has no record: its live state is unknown."
        "Nothing has to be done; `--assert-unread` sets the field again, and from then on rosterctl knows it.";
    SEAT_DIFFERS     "R103" Warning Differs    "A voice seat differs from its manifest; seats are compared, never written."
        "Change the seat in the vendor's console, or the manifest.";
    SEAT_MISSING     "R104" Warning Differs    "A voice seat that a manifest declares is not live."
        "Make the seat in the vendor's console, or take it out of the manifest.";
    SEAT_SECRET      "R105" Warning Differs    "`drift` could not have the secret that a seat's manifest names, and so not compare its password."
        "Put the secret into its store, or take `password:` out of the seat's manifest.";
    SECRET_GONE      "R106" Warning Differs    "The password of an agent is no longer in its store, as the fingerprints tell."
        "Put it back into its store; or have a new one made by `generate: true`.";
    UNPRINTED        "R107" Info    None       "Passwords were set before there was a `ledger.fingerprintKey`: a change in their store is not seen."
        "Nothing has to be done; `--assert-unread` sets them again, and from then on a change in the store is seen.";
    FOREIGN_AGENT    "R108" Warning Partial    "A declared agent belongs to another company than the connection's `companyId`: it is left out of the plan."
        "Take the agent out of the manifests, or correct `companyId` of the connection.";
    SIP_HELD         "R109" Warning Differs    "A SIP number that a manifest gives to an agent is held by another live agent, and the plan does not free it."
        "Give the agent that holds it another number, or `sip: none`; or choose another number.";
    MASKED           "R110" Info    None       "The vendor shows a field only in part or not at all, so it cannot be compared with what is live."
        "Nothing has to be done; `--assert-unread` sets the field again, and from then on the ledger knows it. Ask the vendor for an account that sees the whole value.";
    MASKED_REPLACE   "R111" Warning Differs    "An agent is not made again, since the vendor shows a field that no manifest says only in part or not at all."
        "Write the field into the manifest, or change the agent in the console.";
    OUTSIDE          "R112" Warning Partial    "A declared agent or queue is live outside the workspace's `scope`, or would be; or a queue outside holds an agent that has to be deleted. It is left out of the plan."
        "Correct the live values in the console, widen `scope`, or take the resource out of the manifests.";
    UNMANAGED_AGENT  "R201" Info    None       "A live agent stands in no manifest."
        "It stays as it is. To manage it, add it to a manifest (`rosterctl import` writes one); to delete it, write it with `state: absent`.";
    UNMANAGED_QUEUE  "R202" Info    None       "A live queue stands in no manifest."
        "It stays as it is, and so do its members. To manage it, add it to a manifest; the vendor offers no way to delete or rename a queue: that is done in the console.";
    UNMANAGED_SEAT   "R203" Info    None       "A live voice seat stands in no manifest, while others do."
        "It stays as it is; add it to `seats:` to have it compared.";
    STRANGER_MEMBER  "R204" Info    None       "A queue whose list is written has a member who is no agent: the vendor may leave them out."
        "Nothing has to be done; take the number out of the queue in the console if it is a slip.";
    RELEASED         "R205" Info    None       "A field that rosterctl set before is no longer in the manifests: it keeps its live value."
        "Nothing has to be done: the next clean apply takes note of it. Write the field again to set it.";
    SUCCEEDED        "R206" Warning Differs    "The number of an agent that rosterctl knew belongs to another agent now: that one is not owned, and its role and password are unknown."
        "Look in the console who has the number. If that is right, apply: a clean apply takes note of it, and `--assert-unread` sets role and password.";
    KEPT_MEMBERS     "R207" Info    None       "A queue has members outside the workspace's `scope`, or under its `ignore`: they stay in its list."
        "Nothing has to be done: the workspace that manages them takes them out.";
    AMBIGUOUS_QUEUE  "R301" Error   Invalid    "Two live queues have one name."
        "Give the queue its `exten:` in the manifest, or rename one of the two in the console.";
    MISSING_EXTEN    "R302" Error   Invalid    "No live queue has the number that the manifest pins."
        "Correct the `exten:`, or leave it out and let the name find the queue.";
    UNKNOWN_MEMBER   "R303" Error   Invalid    "A queue names an agent that is neither declared nor live, or that is live outside the workspace's `scope`."
        "Declare the agent, correct its number, or take it out of the queue.";
    NO_ROLE          "R304" Error   Invalid    "An agent would be made without a role. As a warning: the agent was deleted in the console and cannot be made again, so the plan leaves it out."
        "Add `role:` to the agent or its profile, or `allowAnyRole: true` if any will do; or write it with `state: absent`.";
    LEAVING_MEMBER   "R305" Error   Invalid    "A queue names an agent that is to be deleted."
        "Take the agent out of the queue, or its `state: absent` away.";
    RENAMED_QUEUE    "R306" Warning Differs    "A declared queue is live under another name: it is the same queue by its number."
        "Write the new name into the manifest, or rename the queue back in the console.";
    LEFT_QUEUE       "R307" Error   Invalid    "A queue would be created while one that was declared before left the manifests and is still live: perhaps it was renamed, and no call could delete a second queue."
        "If it was renamed, say `was: OLD` on the new one and rename it in the console; if it is another queue, say `distinct: true` on it.";
    LOOKALIKE_QUEUE  "R308" Error   Invalid    "A queue would be created beside one whose name looks the same: it differs only in blanks, characters that cannot be seen, width, case or Unicode form."
        "Write the name as the live queue has it; or say `distinct: true` if it is really another queue.";
    PENDING_QUEUE    "R309" Warning Partial    "A queue was created, and no listing has shown it yet: it is not created again."
        "Apply again later. If the vendor will never show it, `rosterctl ledger forget queue/NAME` lets go of it, and the next apply creates it again.";
    FOREIGN_SECRET   "R310" Error   Invalid    "A rotation with `generate` would overwrite a key that the agent's live password is not known to come from alone."
        "Name a key that the store does not hold yet; or store a new password there by hand, and leave `generate` out for this change.";
    INVISIBLE_NAME   "R311" Error   Invalid    "A queue would be made whose name holds a character that cannot be seen."
        "Write the name without it: no call could rename or delete the queue. A live queue of such a name can be declared.";
    ELSEWHERE        "R312" Error   Invalid    "An agent would be deleted that another workspace of the same tenant declares."
        "Let go of the agent with `rosterctl ledger forget agent/ID`; or take it out of the other workspace.";
    UNKNOWN_QUEUE    "R313" Error   Invalid    "The `queues` of an agent name a queue that is neither declared nor live."
        "Declare the queue, correct its name, or take it out of the `queues` of the agent, its profile or `defaults`.";
    TOO_MANY_DELETES "R401" Error   Refused    "More agents would be deleted than `policy.limits.deletes` allows."
        "If so many are really meant to go, `--allow deletes=N` lifts the limit for one run; else look for a file that is missing.";
    TOO_MANY_CHANGES "R402" Error   Refused    "More would be changed than `policy.limits.changes` allows."
        "If so much is really meant to change, `--allow changes=N` lifts the limit for one run.";
    TOO_MANY_LEAVE   "R403" Error   Refused    "A queue would lose more members than `policy.limits.memberRemovals` allows."
        "If so many are really meant to leave the queue, `--allow members=N` lifts the limit for one run.";
    PROTECTED        "R404" Error   Refused    "An agent with `protect: true` would be deleted."
        "Take `protect: true` away first, in a change of its own, or keep the agent.";
    TOO_FEW_MEMBERS  "R405" Error   Refused    "A queue would keep fewer than its `minMembers`."
        "Leave more members in the queue, or lower its `minMembers` in the manifest.";
    RECENT_CALLS     "R501" Warning None       "An agent is to be deleted whose voice seat had calls in the last days."
        "Make sure that the agent has really stopped working.";
    UNASKED          "R502" Warning None       "The plan would hurt an agent, and a system that guards those at work cannot be asked about that agent."
        "Make sure that the agent is not at work; or protect a state that another system tells, in `policy.presence.protect`.";
    AT_WORK          "R406" Error   Refused    "An agent was busy, so the step was skipped (`policy.presence`). Reported by apply only."
        "Apply again when they are done, raise `policy.presence.wait`, or lift the guard for one run with `--allow presence=N`.";
    INCOMPLETE       "R601" Error   Incomplete "A listing could not be proved complete, so nothing may be called missing."
        "Run again while the system is not edited; if the finding stays, the vendor's paging is not to be trusted.";
    SEATS_UNKNOWN    "R602" Error   Incomplete "`drift` could not read the voice seats, or not prove their listing complete."
        "Run `rosterctl doctor` to see why; run again while no seat is edited.";
    SEATS_UNREAD     "R603" Info    None       "Voice seats, or their passwords, could not be compared; the plan does not depend on them."
        "Nothing has to be done for agents and queues; `rosterctl doctor` says why.";
    NOT_YET          "R701" Info    None       "A live agent is before its `from`: it is left alone until then."
        "Nothing has to be done; to manage the agent now, take `from:` away or write an earlier day.";
    OVER             "R702" Info    None       "Dates in the manifests are over, or have begun for good: the base could say the same."
        "Nothing has to be done; fold them into the base when you edit the files next.";
    AHEAD            "R703" Warning None       "A date in the manifests breaks a rule later: a queue falls below its minimum, or a value comes twice."
        "Correct the dates before that day; the plan of today does not depend on it.";
    DUE_LEFT         "R704" Warning None       "A date asks for another value, and the live one is neither the one before nor the one after: `apply --due` leaves it alone."
        "Look in the console who changed it; `rosterctl plan` shows the difference, and `rosterctl apply` sets what the manifests say.";
}

impl Rule {
    /// Returns true for a limit that `--allow` lifts for one run, and a label in a pull request.
    pub fn is_limit(&self) -> bool {
        [&TOO_MANY_DELETES, &TOO_MANY_CHANGES, &TOO_MANY_LEAVE].iter().any(|limit| limit.code == self.code)
    }
}

/// Finds a row by its code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_each_has_its_sentence() {
        let mut codes: Vec<_> = RULES.iter().map(|r| r.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RULES.len());
        assert!(RULES.iter().all(|r| r.doc.ends_with('.') && r.remedy.ends_with('.')));
    }
}
