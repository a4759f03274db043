//! Agents' presence, reported by several systems, and the verdict on disruptive steps.
//!
//! In: the systems' responses, and the policy. Out: a [`PresenceVerdict`] for an agent and a disruptive step.
//!
//! Absence and failure are distinct. An agent outside a complete listing is not at work there. A system leaves a
//! [`PresenceGap`] if it could not be read, or if its listing is not proved complete. So does a system that was asked
//! for one agent and returned nothing about it. A state that no document lists counts as a gap, too. The policy
//! (`onError`) decides what a gap means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::call::{Failure, Reason};
use super::id::OperatorId;
use super::message::{Word, messages, plain};
use super::unread::{FailedCall, ListingDoubt};
use crate::model::language::Localized;

/// A state of an agent, in rosterctl's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// See [`STATES`].
    OnCall,
    /// See [`STATES`].
    WrapUp,
    /// See [`STATES`].
    Busy,
    /// See [`STATES`].
    Idle,
    /// See [`STATES`].
    Resting,
    /// See [`STATES`].
    Studying,
    /// See [`STATES`].
    SignedOut,
    /// See [`STATES`].
    Online,
    /// See [`STATES`].
    Offline,
    /// See [`STATES`].
    Claiming,
    /// See [`STATES`].
    NotClaiming,
    /// See [`STATES`].
    Unknown,
}

/// Every state, its word and its meaning: the values of `policy.presence.protect`.
pub const STATES: &[(State, &str, &str)] = &[
    (State::OnCall, "on-call", "A call rings, is answered or is in progress."),
    (State::WrapUp, "wrap-up", "Finishing the work of the last call."),
    (State::Busy, "busy", "Signed in, and has asked for no calls."),
    (State::Idle, "idle", "Signed in, and waits for a call."),
    (State::Resting, "resting", "Signed in, on a break."),
    (State::Studying, "studying", "Signed in, in training."),
    (State::SignedOut, "signed-out", "Not signed in at the voice platform."),
    (State::Online, "online", "Signed in."),
    (State::Offline, "offline", "Not signed in."),
    (State::Claiming, "claiming", "Takes chats, on the desktop or in the app."),
    (State::NotClaiming, "not-claiming", "In a queue, and takes no chats."),
    (State::Unknown, "unknown", "A state that no vendor document lists."),
];

/// The words of [`STATES`].
pub const STATE_WORDS: &[&str] = &{
    let mut words = [""; STATES.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = STATES[at].1;
        at += 1;
    }
    words
};

impl State {
    /// Returns the state's word.
    pub fn word(self) -> &'static str {
        STATES.iter().find(|(state, ..)| *state == self).map_or("unknown", |(_, word, _)| word)
    }

    /// Returns the state as a phrase after `is`.
    pub fn phrase(self) -> &'static str {
        match self {
            State::OnCall => "on a call",
            State::WrapUp => "finishing a call",
            State::Busy => "busy",
            State::Idle => "idle",
            State::Resting => "on a break",
            State::Studying => "in training",
            State::SignedOut => "signed out",
            State::Online => "online",
            State::Offline => "offline",
            State::Claiming => "taking chats",
            State::NotClaiming => "taking no chats",
            State::Unknown => "in an unknown state",
        }
    }

    /// Returns the state of a word.
    pub fn from_word(word: &str) -> Option<State> {
        STATES.iter().find(|(_, w, _)| *w == word).map(|(state, ..)| *state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One system's report on one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceReport {
    /// The provider.
    pub system: &'static str,
    /// The state of the agent.
    pub state: State,
    /// Further detail: `desktop`, `app`, or the vendor's own words of an unlisted state.
    pub detail: Option<Arc<str>>,
}

impl PresenceReport {
    /// Returns the reason why an unlisted state is a gap; `None` of any other state.
    pub fn unlisted(&self) -> Option<GapReason> {
        let detail = || self.detail.as_ref().map(ToString::to_string);
        (self.state == State::Unknown).then(|| GapReason::Unlisted { detail: detail() })
    }
}

/// A system's missing or incomplete report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceGap {
    /// The provider.
    pub system: &'static str,
    /// The agent, or all agents without a report if `None`.
    pub agent: Option<OperatorId>,
    /// The reason.
    pub why: GapReason,
    /// True if the system responded, but not about this agent.
    pub answered: bool,
}

messages! {
    /// The reason why a system did not report an agent's state.
    read GapReason {
        /// It answered without the agent.
        NotMentioned,
        /// It answered with a state that no document lists.
        Unlisted { detail: Option<String> },
        /// It is asked agent by agent, and was asked for none.
        NotAsked,
        /// Rows of its listing name no agent.
        Nameless { rows: usize },
        /// Its listing is not proved complete.
        Incomplete { doubt: ListingDoubt },
        /// The call failed.
        Failed { why: FailedCall },
    }
}

impl From<&str> for GapReason {
    fn from(why: &str) -> Self {
        GapReason::Failed { why: why.into() }
    }
}

impl From<Localized> for GapReason {
    fn from(text: Localized) -> Self {
        GapReason::Failed { why: FailedCall::Saved { text } }
    }
}

impl From<&Failure> for GapReason {
    fn from(failure: &Failure) -> Self {
        GapReason::Failed { why: failure.into() }
    }
}

/// The reports of all presence systems.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    said: BTreeMap<OperatorId, Vec<PresenceReport>>,
    gaps: Vec<PresenceGap>,
    systems: BTreeSet<&'static str>,
    reasons: BTreeMap<&'static str, Reason>,
}

impl Presence {
    /// Records that a system was queried, whatever the outcome.
    pub fn asked(&mut self, system: &'static str) {
        self.systems.insert(system);
    }

    /// Records a system's report; duplicates count once.
    pub fn say(&mut self, agent: OperatorId, said: PresenceReport) {
        self.systems.insert(said.system);
        let all = self.said.entry(agent).or_default();
        if !all.contains(&said) {
            all.push(said);
        }
    }

    /// Records that presence is unknown for `agent`, or for every agent not listed if `None`.
    pub fn fail(&mut self, system: &'static str, agent: Option<OperatorId>, why: impl Into<GapReason>) {
        self.systems.insert(system);
        self.gaps.push(PresenceGap { system, agent, why: why.into(), answered: false });
    }

    /// Records that a system's response was not about the agent that it was asked for.
    ///
    /// The agent was not observed, which is not the same as not at work.
    pub fn unobserved(&mut self, system: &'static str, agent: OperatorId) {
        self.systems.insert(system);
        let why = GapReason::NotMentioned;
        self.gaps.push(PresenceGap { system, agent: Some(agent), why, answered: true });
    }

    /// Removes the reports and gaps of an agent, before it is read again.
    pub fn forget(&mut self, agent: &OperatorId) {
        self.said.remove(agent);
        self.gaps.retain(|gap| gap.agent.as_ref() != Some(agent));
    }

    /// Adds the reports and gaps of another reading.
    pub fn merge(&mut self, other: Presence) {
        for (agent, all) in other.said {
            for said in all {
                self.say(agent.clone(), said);
            }
        }
        self.gaps.extend(other.gaps);
        self.systems.extend(other.systems);
        for (system, reason) in other.reasons {
            self.because(system, reason);
        }
    }

    /// Records the reason why a system left a gap; the gravest reason stays.
    pub fn because(&mut self, system: &'static str, reason: Reason) {
        let known = self.reasons.entry(system).or_insert(reason);
        *known = reason.max(*known);
    }

    /// Returns the reason why a system left a gap.
    pub fn reason(&self, system: &str) -> Option<Reason> {
        self.reasons.get(system).copied()
    }

    /// Returns the reports on an agent, in the order of arrival.
    pub fn reports(&self, agent: &OperatorId) -> &[PresenceReport] {
        self.said.get(agent).map_or(&[], Vec::as_slice)
    }

    /// Returns the reports on an agent, and on numbers that differ only in leading zeros.
    ///
    /// Systems that store numbers have no leading zeros.
    pub fn about<'a>(&'a self, agent: &'a OperatorId) -> impl Iterator<Item = &'a PresenceReport> + use<'a> {
        let same = agent.number().into_iter().flat_map(move |number| {
            let from = self.said.range(OperatorId::from(number)..);
            from.take_while(move |(other, _)| other.number() == Some(number))
        });
        self.reports(agent)
            .iter()
            .chain(same.filter(move |(other, _)| *other != agent).flat_map(|(_, said)| said))
    }

    /// Returns one system's reports on an agent.
    pub fn by<'a>(
        &'a self,
        agent: &OperatorId,
        system: &'a str,
    ) -> impl Iterator<Item = &'a PresenceReport> + use<'a> {
        self.reports(agent).iter().filter(move |said| said.system == system)
    }

    /// Returns all agents with reports.
    pub fn agents(&self) -> impl Iterator<Item = (&OperatorId, &[PresenceReport])> {
        self.said.iter().map(|(agent, all)| (agent, all.as_slice()))
    }

    /// Returns the gaps.
    pub fn gaps(&self) -> &[PresenceGap] {
        &self.gaps
    }

    /// Returns the gap that leaves an agent's state unknown: a system failed, and did not report it.
    pub fn gap(&self, agent: &OperatorId) -> Option<&PresenceGap> {
        self.gaps.iter().find(|gap| match &gap.agent {
            Some(one) => one == agent,
            None => self.by(agent, gap.system).next().is_none(),
        })
    }

    /// Returns true if any system was queried. Without one, no agent is protected.
    pub fn is_known(&self) -> bool {
        !self.systems.is_empty()
    }
}

/// A disruption of a busy agent. The words are those of `policy.presence.block`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disruption {
    /// Deletes the agent, also as part of a replacement.
    Delete,
    /// Removes the right to sign in.
    Disable,
    /// Changes the main skill group.
    Regroup,
    /// Removes the agent from a queue.
    Unqueue,
}

plain!(State, Disruption);

/// The words of [`Disruption`], in the order of its variants.
pub const HARMS: &[&str] = &["delete", "disable", "regroup", "unqueue"];

impl Disruption {
    /// All disruptions.
    pub const ALL: [Disruption; 4] =
        [Disruption::Delete, Disruption::Disable, Disruption::Regroup, Disruption::Unqueue];

    /// Returns the word of the disruption.
    pub fn word(self) -> &'static str {
        HARMS.get(self as usize).copied().unwrap_or_default()
    }
}

/// The presence guard's settings in `policy.presence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresencePolicy {
    /// The states in which an agent is left alone.
    pub protect: BTreeSet<State>,
    /// The disruptions that are blocked in such a state.
    pub block: BTreeSet<Disruption>,
    /// The time to wait for the state to end.
    pub wait: Duration,
    /// True if a gap is no reason to refuse.
    pub allow_gaps: bool,
}

impl Default for PresencePolicy {
    fn default() -> Self {
        Self {
            protect: BTreeSet::from([State::OnCall]),
            block: BTreeSet::from(Disruption::ALL),
            wait: Duration::ZERO,
            allow_gaps: false,
        }
    }
}

impl PresencePolicy {
    /// Returns true if presence must be read before such a step.
    pub fn guards(&self, harm: Disruption) -> bool {
        !self.protect.is_empty() && self.block.contains(&harm)
    }

    /// Judges a step that would disrupt an agent.
    ///
    /// A blocking state takes precedence over a gap, because it is more specific. A state that no document lists may
    /// be any state, and counts as a gap. If no system was queried, no agent is protected.
    pub fn evaluate(&self, harm: Disruption, agent: &OperatorId, presence: &Presence) -> PresenceVerdict {
        if !self.guards(harm) {
            return PresenceVerdict::Clear;
        }
        if let Some(said) = presence.about(agent).find(|said| self.protect.contains(&said.state)) {
            return PresenceVerdict::AtWork(said.clone());
        }
        if self.allow_gaps {
            return PresenceVerdict::Clear;
        }
        let mut unlisted = presence.about(agent).filter_map(|said| {
            let why = said.unlisted()?;
            Some(PresenceGap { system: said.system, agent: Some(agent.clone()), why, answered: true })
        });
        unlisted
            .next()
            .or_else(|| presence.gap(agent).cloned())
            .map_or(PresenceVerdict::Clear, PresenceVerdict::Open)
    }
}

/// The verdict on a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresenceVerdict {
    /// No objection.
    Clear,
    /// The agent is in a protected state: wait, then refuse.
    AtWork(PresenceReport),
    /// A system left a gap, and the policy refuses on a gap.
    Open(PresenceGap),
}

messages! {
    /// The reason not to disrupt an agent.
    read Objection {
        /// A system reports that the agent is at work.
        AtWork { state: State, detail: Option<String>, system: Word },
        /// A system does not report the agent's state.
        Untold { system: Word, why: GapReason },
    }
}

impl Objection {
    /// Returns the state that a step waits for to end, as a phrase after `is`.
    pub fn phrase(&self) -> &'static str {
        match self {
            Objection::AtWork { state, .. } => state.phrase(),
            Objection::Untold { .. } => "perhaps at work",
        }
    }
}

impl PresenceVerdict {
    /// Returns the objection to a step; `None` if there is none.
    pub fn objection(&self) -> Option<Objection> {
        match self {
            PresenceVerdict::Clear => None,
            PresenceVerdict::AtWork(PresenceReport { system, state, detail }) => Some(Objection::AtWork {
                state: *state,
                detail: detail.as_ref().map(ToString::to_string),
                system: Word::Borrowed(system),
            }),
            PresenceVerdict::Open(PresenceGap { system, why, .. }) => {
                Some(Objection::Untold { system: Word::Borrowed(system), why: why.clone() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CMS: &str = "cms-agent";
    const ISDP: &str = "isdp-online-agent";

    fn said(system: &'static str, state: State) -> PresenceReport {
        PresenceReport { system, state, detail: None }
    }

    #[test]
    fn words_are_unique_and_name_their_state() {
        assert_eq!(STATE_WORDS.len(), STATES.len());
        for (at, (state, word, doc)) in STATES.iter().enumerate() {
            assert_eq!(State::from_word(word), Some(*state), "{word}");
            assert_eq!((state.word(), STATE_WORDS[at]), (*word, *word));
            assert!(doc.ends_with('.'), "{word}");
        }
        assert_eq!(Disruption::ALL.map(Disruption::word), *HARMS);
    }

    #[test]
    fn a_state_of_the_number_counts_whatever_zeros_stand_before_it() {
        let mut presence = Presence::default();
        presence.say("8002".into(), said(CMS, State::OnCall));
        presence.say("8003".into(), said(CMS, State::Idle));
        presence.say("08004".into(), said(CMS, State::OnCall));
        let clear = |agent: &str| {
            PresencePolicy::default().evaluate(Disruption::Delete, &agent.into(), &presence)
                == PresenceVerdict::Clear
        };
        assert!(!clear("8002") && !clear("08002") && !clear("0008002") && !clear("8004"));
        assert!(clear("08003") && clear("80020") && clear("a8002") && clear("008001"));
    }

    #[test]
    fn a_protected_state_blocks_and_another_does_not() {
        let guard = PresencePolicy::default();
        let mut presence = Presence::default();
        presence.say("8001".into(), said(ISDP, State::Online));
        presence.say("8001".into(), said(CMS, State::OnCall));
        presence.say("8002".into(), said(CMS, State::Idle));
        let verdict = guard.evaluate(Disruption::Delete, &"8001".into(), &presence);
        assert_eq!(verdict, PresenceVerdict::AtWork(said(CMS, State::OnCall)));
        let objection = Objection::AtWork { state: State::OnCall, detail: None, system: CMS.into() };
        assert_eq!(verdict.objection(), Some(objection));
        assert_eq!(guard.evaluate(Disruption::Delete, &"8002".into(), &presence), PresenceVerdict::Clear);
        assert_eq!(guard.evaluate(Disruption::Delete, &"8003".into(), &presence), PresenceVerdict::Clear);
        let lenient =
            PresencePolicy { block: BTreeSet::from([Disruption::Unqueue]), ..PresencePolicy::default() };
        assert_eq!(lenient.evaluate(Disruption::Delete, &"8001".into(), &presence), PresenceVerdict::Clear);
        assert_ne!(lenient.evaluate(Disruption::Unqueue, &"8001".into(), &presence), PresenceVerdict::Clear);
    }

    #[test]
    fn a_gap_refuses_unless_the_policy_allows_it() {
        let mut presence = Presence::default();
        presence.say("8001".into(), said(ISDP, State::Online));
        presence.fail(ISDP, None, "the total changed");
        presence.fail(CMS, Some("8002".into()), "HTTP 502");
        let judge =
            |guard: &PresencePolicy, id: &str| guard.evaluate(Disruption::Regroup, &id.into(), &presence);
        let strict = PresencePolicy::default();
        // The listing is incomplete, but it mentions 8001.
        assert_eq!(judge(&strict, "8001"), PresenceVerdict::Clear);
        assert!(matches!(judge(&strict, "8002"), PresenceVerdict::Open(gap) if gap.system == ISDP));
        assert!(matches!(judge(&strict, "8003"), PresenceVerdict::Open(gap) if gap.agent.is_none()));
        let lenient = PresencePolicy { allow_gaps: true, ..PresencePolicy::default() };
        assert_eq!(judge(&lenient, "8002"), PresenceVerdict::Clear);
        let nothing = PresencePolicy { protect: BTreeSet::new(), ..PresencePolicy::default() };
        assert_eq!(judge(&nothing, "8002"), PresenceVerdict::Clear);
        assert!(!nothing.guards(Disruption::Delete));
    }

    #[test]
    fn what_is_not_known_refuses_like_a_gap() {
        let mut presence = Presence::default();
        let detail = Some("status 9, citStatus 10".into());
        presence.say("8001".into(), PresenceReport { system: CMS, state: State::Unknown, detail });
        presence.unobserved(CMS, "8002".into());
        let strict = PresencePolicy::default();
        let why = |guard: &PresencePolicy, id: &str| {
            let objection = guard.evaluate(Disruption::Delete, &id.into(), &presence).objection();
            objection.map(|objection| match objection {
                Objection::Untold { why, .. } => why,
                Objection::AtWork { .. } => panic!("{objection:?}"),
            })
        };
        let unlisted = GapReason::Unlisted { detail: Some("status 9, citStatus 10".to_owned()) };
        assert_eq!(why(&strict, "8001"), Some(unlisted));
        assert_eq!(why(&strict, "8002"), Some(GapReason::NotMentioned));
        // A number that the system cannot know was not queried there.
        assert_eq!(why(&strict, "tom"), None);
        let lenient = PresencePolicy { allow_gaps: true, ..PresencePolicy::default() };
        assert_eq!((why(&lenient, "8001"), why(&lenient, "8002")), (None, None));
        let unknown = PresencePolicy { protect: BTreeSet::from([State::Unknown]), ..lenient };
        assert!(matches!(
            unknown.evaluate(Disruption::Delete, &"8001".into(), &presence),
            PresenceVerdict::AtWork(_)
        ));
    }

    #[test]
    fn with_no_system_nothing_is_guarded() {
        let presence = Presence::default();
        assert!(!presence.is_known());
        assert_eq!(
            PresencePolicy::default().evaluate(Disruption::Delete, &"8001".into(), &presence),
            PresenceVerdict::Clear
        );
    }

    #[test]
    fn what_is_read_again_replaces_what_was_known() {
        let mut presence = Presence::default();
        presence.say("8001".into(), said(CMS, State::OnCall));
        presence.fail(CMS, Some("8001".into()), "HTTP 502");
        presence.forget(&"8001".into());
        assert_eq!(
            PresencePolicy::default().evaluate(Disruption::Delete, &"8001".into(), &presence),
            PresenceVerdict::Clear
        );
        let mut again = Presence::default();
        again.say("8001".into(), said(CMS, State::OnCall));
        presence.merge(again);
        assert_ne!(
            PresencePolicy::default().evaluate(Disruption::Delete, &"8001".into(), &presence),
            PresenceVerdict::Clear
        );
    }
}
